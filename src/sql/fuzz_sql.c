/* fuzz_sql.c: any bytes: the tokens cover the text, and putting CTEs in front ends. */
#include "sql/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Str sql = {(const char *)data, size};
    size_t at = 0, covered = 0;
    SqlToken token;
    while ((token = sql_next(sql, &at)).kind != SQL_END) {
        assert(token.text.len > 0);
        covered += token.text.len;
    }
    assert(covered == size);
    Str statement;
    for (at = 0; sql_next_statement(sql, &at, &statement);)
        assert(!sql_is_blank(statement));
    Cte cte = {STR("a"), STR(" a as (\nselect 1\n)")};
    Str out = sql_add_ctes(&arena, sql, &cte, 1);
    assert(out.len > cte.sql.len);
    assert(sql_fingerprint(sql) == sql_fingerprint(sql));
    sql_quote_name(&arena, sql);
    arena_drop(&arena);
    return 0;
}
