/* CTEs in front of statements: dbt's recorded answers, and where ours are better on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "sql/sql.h"

static const Cte CTES[] = {
    {STR_INIT("__dbt__cte__a"), STR_INIT(" __dbt__cte__a as (\nselect 1\n)")},
    {STR_INIT("__dbt__cte__b"), STR_INIT(" __dbt__cte__b as (\nselect 2\n)")},
};

static Str unescape(Arena *arena, Str line)
{
    Text out = {0};
    for (size_t i = 0; i < line.len; i++) {
        char c = line.at[i];
        if (c == '\\') {
            c = line.at[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
        }
        text_add_char(&out, c);
    }
    return text_give(arena, &out);
}

static void test_recorded(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str file, line, sql = {0};
    unsigned count = 0, wrong = 0;
    assert_true(file_read(&arena, STR("tests/cases/sql/ctes.txt"), &file, &err));
    while (str_next_part(&file, '\n', &line)) {
        if (str_starts(line, STR("sql: ")))
            sql = unescape(&arena, str_slice(line, 5, line.len));
        if (!str_starts(line, STR("out: ")))
            continue;
        count++;
        Str expected = unescape(&arena, str_slice(line, 5, line.len));
        Str out = sql_add_ctes(&arena, sql, CTES, 2);
        if (!str_eq(out, expected)) {
            wrong++;
            printf("of:       " STR_FMT "\nexpected: " STR_FMT "\ngot:      " STR_FMT "\n\n",
                   STR_ARG(sql), STR_ARG(expected), STR_ARG(out));
        }
    }
    assert_true(count > 60);
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

/* Statements that dbt's way breaks. */
static void test_own(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *expected;
    } cases[] = {
        {"select x::timestamp with time zone from t",
         "with A select x::timestamp with time zone from t"},
        {"from unnest([1]) with ordinality", "with A from unnest([1]) with ordinality"},
        {"with -- x\nrecursive a as (select 1) select 1",
         "with -- x\nrecursive A, a as (select 1) select 1"},
        {"with/**/recursive/**/ a as (select 1) select 1",
         "with/**/recursive A, /**/ a as (select 1) select 1"},
        {"select 1 as a, 'with", "with A select 1 as a, 'with"},
        {"", "with A "},
    };
    Arena arena = {0};
    const Cte cte = {STR_INIT("A"), STR_INIT("A")}, spaced = {STR_INIT("A"), STR_INIT(" A")};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool is_with = str_starts(str_of(cases[i].sql), STR("with -"));
        Str out = sql_add_ctes(&arena, str_of(cases[i].sql), is_with ? &cte : &spaced, 1);
        assert_string_equal(str_c(&arena, out), cases[i].expected);
    }
    Str same = sql_add_ctes(&arena, STR("select 1; select 2"), NULL, 0);
    assert_string_equal(same.at, "select 1; select 2");
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
