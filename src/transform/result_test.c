/* result_test.c: results of queries as agate tables: names, numbers, lists. Expected values:
 * dbt-core 1.12.6 with dbt-postgres 1.11.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "transform/run.h"

static Value one_cell(Arena *arena, const char *type, ColumnKind kind, Value cell)
{
    Value *cells = NEW_N(arena, Value, 1);
    cells[0] = cell;
    ResultColumn column = {.name = STR("a"), .type = str_of(type), .kind = kind};
    Result result = {.columns = &column, .column_count = 1, .cells = cells, .row_count = 1};
    return table_cell(run_result_table(arena, &result), 0, 0);
}

static void expect_array(const char *type, const char *given, const char *wanted)
{
    Arena arena = {0};
    Value cell = one_cell(&arena, type, COLUMN_OTHER, value_text(str_of(given)));
    assert_string_equal(str_c(&arena, value_str(cell)), wanted);
    arena_drop(&arena);
}

static void lists_are_json(void **state)
{
    (void)state;
    dialect_use(dialect_find(STR("postgres")));
    expect_array("integer[]", "{1,NULL,3}", "[1, null, 3]");
    expect_array("integer[]", "{}", "[]");
    expect_array("integer[]", "{{1,2},{3,4}}", "[[1, 2], [3, 4]]");
    expect_array("boolean[]", "{t,f}", "[true, false]");
    expect_array("text[]", "{plain,\"a b\",\"NULL\",NULL,\"\"}",
                 "[\"plain\", \"a b\", \"NULL\", null, \"\"]");
    expect_array("text[]", "{\"a,{b}\",\"say \\\"x\\\"\",\"back\\\\slash\"}",
                 "[\"a,{b}\", \"say \\\"x\\\"\", \"back\\\\slash\"]");
    expect_array("character varying[]", "{\"\u00e4\"}", "[\"\\u00e4\"]");
    expect_array("integer[]", "no array", "no array");
    expect_array("uuid", "{1}", "{1}");
    dialect_use(dialect_find(STR("duckdb")));
    expect_array("INTEGER[]", "[1, 2]", "[1, 2]");
}

static void floats_are_decimals(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(text) Text shown = {0};
    value_repr(one_cell(&arena, "double precision", COLUMN_FLOAT, value_float(1.5)), &shown);
    value_repr(one_cell(&arena, "double precision", COLUMN_FLOAT, value_float(1e300 * 1e300)),
               &shown);
    assert_string_equal(text_str(&shown).at, "Decimal('1.5')inf");
    arena_drop(&arena);
}

static void a_name_that_comes_again_is_numbered(void **state)
{
    (void)state;
    Arena arena = {0};
    ResultColumn columns[4] = {{.name = STR("a")}, {.name = STR("b")}, {.name = STR("a")},
                               {.name = STR("a")}};
    Result result = {.columns = columns, .column_count = 4};
    Value table = run_result_table(&arena, &result);
    static const char *const wanted[] = {"a", "b", "a_2", "a_3"};
    for (uint32_t i = 0; i < 4; i++)
        assert_string_equal(str_c(&arena, table_column_name(table, i)), wanted[i]);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_json),
        cmocka_unit_test(floats_are_decimals),
        cmocka_unit_test(a_name_that_comes_again_is_numbered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
