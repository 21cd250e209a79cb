/* ctes.c: common table expressions put in front of a statement.
 *
 * dbt-core 1.12 finds the WITH with the Python package sqlparse, as the first one outside of
 * brackets, wherever it stands. That breaks statements such as `select x::timestamp with time
 * zone`. Here a WITH counts if a common table expression follows; where dbt's result is a statement
 * that runs, the bytes are the same (tests/cases/sql/ctes.txt, recorded).
 */
#include "base/text.h"
#include "sql/sql.h"

/* Only the first statement is kept, as dbt keeps it: up to its semicolon, with the spaces and the
 * line comment that follow on the line. */
static Str first_statement(Str sql)
{
    size_t at = 0, depth = 0;
    for (;;) {
        SqlToken token = sql_next(sql, &at);
        if (token.kind == SQL_END)
            return sql;
        if (token.kind != SQL_SYMBOL)
            continue;
        depth += str_is(token.text, "(");
        depth -= str_is(token.text, ")") && depth > 0;
        if (str_is(token.text, ";") && depth == 0)
            break;
    }
    while (at < sql.len) {
        size_t next = at;
        SqlToken token = sql_next(sql, &next);
        if (token.kind == SQL_COMMENT && token.text.at[0] == '-') {
            at = next + (next < sql.len); /* its line's end belongs to it */
        } else if (token.kind == SQL_SPACE) {
            ptrdiff_t line_end = str_find_char(token.text, '\n');
            if (line_end >= 0) {
                size_t keep = (size_t)line_end;
                keep -= keep > 0 && token.text.at[keep - 1] == '\r';
                return str_slice(sql, 0, at + keep);
            }
            at = next;
        } else {
            break;
        }
    }
    return str_slice(sql, 0, at);
}

static bool is_keyword(SqlToken token, const char *word)
{
    return token.kind == SQL_WORD && str_eq_fold(token.text, str_of(word));
}

/* Does `name AS (` or `name (` begin at `at`? */
static bool is_cte_head(Str sql, size_t at)
{
    SqlToken name = sql_next_code(sql, &at);
    if (name.kind != SQL_WORD && name.kind != SQL_NAME)
        return false;
    SqlToken next = sql_next_code(sql, &at);
    return is_keyword(next, "as") || str_is(next.text, "(") || is_keyword(next, "using");
}

/* Offset behind the WITH [RECURSIVE] that opens the statement's own CTEs, or 0 if it has none. */
static size_t with_end(Str sql)
{
    size_t at = 0, depth = 0;
    SqlToken token, before = {0};
    for (; (token = sql_next_code(sql, &at)).kind != SQL_END; before = token) {
        if (token.kind == SQL_SYMBOL && token.text.len == 1) {
            char c = token.text.at[0];
            depth += c == '(' || c == '[' || c == '{';
            depth -= (c == ')' || c == ']' || c == '}') && depth > 0;
        }
        if (depth > 0 || !is_keyword(token, "with") || str_is(before.text, "."))
            continue;
        size_t next = at;
        if (is_keyword(sql_next_code(sql, &next), "recursive") && is_cte_head(sql, next))
            return next;
        if (is_cte_head(sql, at))
            return at;
    }
    return 0;
}

Str sql_add_ctes(Arena *arena, Str sql, const Cte *ctes, uint32_t count)
{
    if (!count)
        return sql;
    sql = first_statement(sql);
    size_t at = with_end(sql);
    bool has_with = at > 0;
    size_t next = at;
    SqlToken space = sql_next(sql, &next);
    if (space.kind == SQL_SPACE)
        at = next;
    AUTO(text) Text out = {0};
    text_add(&out, str_slice(sql, 0, at));
    if (!has_with)
        text_add_c(&out, "with");
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            text_add_c(&out, ", ");
        text_add(&out, ctes[i].sql);
    }
    text_add_c(&out, has_with ? ", " : " ");
    text_add(&out, str_slice(sql, at, sql.len));
    return text_copy(arena, &out);
}
