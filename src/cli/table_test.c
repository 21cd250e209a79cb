/* table_test.c: rows as `show` prints them. Recorded from agate 1.9.1 by `dbt show`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "cli/cli.h"

static Value table_of(Arena *arena, const Str *names, uint32_t columns, const Value *cells,
                      uint64_t rows)
{
    Str types[8];
    for (uint32_t i = 0; i < columns; i++)
        types[i] = STR("Text");
    return table_make(arena, names, types, columns, cells, rows);
}

static void test_text(void **state)
{
    (void)state;
    Arena arena = {0};
    Str names[] = {STR("id"), STR("name"), STR("amount"), STR("is_new"), STR("nothing")};
    Value cells[] = {value_int(1234567), value_lit("Ann"), value_float(1.5), value_bool(true), NONE,
                     value_int(-2), value_lit("a text of more than twenty letters"),
                     value_float(20.25), NONE, NONE};
    AUTO(text) Text out = {0};
    table_add_text(table_of(&arena, names, 5, cells, 2), &out);
    assert_string_equal(out.at,
                        "|        id | name                 | amount | is_new | nothing |\n"
                        "| --------- | -------------------- | ------ | ------ | ------- |\n"
                        "| 1,234,567 | Ann                  |   1.50 |   True |         |\n"
                        "|        -2 | a text of more th... |  20.25 |        |         |\n");
    arena_drop(&arena);
}

static void test_many_columns(void **state)
{
    (void)state;
    Arena arena = {0};
    Str names[] = {STR("a"), STR("b"), STR("c"), STR("d"), STR("e"), STR("f"), STR("g")};
    Value cells[7];
    for (int i = 0; i < 7; i++)
        cells[i] = value_int(i);
    AUTO(text) Text out = {0};
    table_add_text(table_of(&arena, names, 7, cells, 1), &out);
    assert_string_equal(out.at, "| a | b | c | d | e | f | ... |\n"
                                "| - | - | - | - | - | - | --- |\n"
                                "| 0 | 1 | 2 | 3 | 4 | 5 | ... |\n");
    arena_drop(&arena);
}

static void test_rows(void **state)
{
    (void)state;
    Arena arena = {0};
    Str names[] = {STR("i"), STR("f"), STR("t"), STR("n"), STR("d")};
    Value cells[] = {value_int(1), value_float(2.0), value_lit("x"), NONE,
                     jinja_decimal(&arena, STR("2.50"))};
    AUTO(text) Text out = {0};
    json_print(table_rows(table_of(&arena, names, 5, cells, 1), &arena), (JsonStyle){0}, &out);
    assert_string_equal(out.at, "[{\"i\": 1, \"f\": 2.0, \"t\": \"x\", \"n\": null, \"d\": 2.5}]");
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_many_columns),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
