/* unit_diff_test.c: tables compared and shown, against what daff 1.4.2 was recorded to print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "transform/unit_diff.h"

static DiffTable table_of(Arena *arena, Value rows)
{
    uint32_t height = rows.list->len, width = rows.list->at[0].list->len;
    DiffCell *cells = NEW_N(arena, DiffCell, (size_t)width * height + 1);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            Value v = rows.list->at[y].list->at[x];
            cells[y * width + x] = (DiffCell){value_is_none(v) ? STR("") : value_str(v),
                                              value_is_none(v)};
        }
    return (DiffTable){cells, width, height};
}

static bool check_case(Value line)
{
    AUTO(arena) Arena arena = {0};
    AUTO(text) Text out = {0};
    DiffTable expected = table_of(&arena, value_get(line, "expected"));
    DiffTable actual = table_of(&arena, value_get(line, "actual"));
    Value shown = value_get(line, "shown");
    bool is_different = unit_diff_print(&arena, &expected, &actual, true, &out);
    if (value_is_none(shown) ? !is_different : str_eq(text_str(&out), value_str(shown)))
        return true;
    AUTO(text) Text json = {0};
    json_print(line, (JsonStyle){0}, &json);
    printf(STR_FMT "\nexpected:\n" STR_FMT "\ngot:\n" STR_FMT "\n\n", STR_ARG(text_str(&json)),
           STR_ARG(value_is_none(shown) ? STR("(none)") : value_str(shown)),
           STR_ARG(text_str(&out)));
    return false;
}

static void test_recorded(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Err err = {0};
    Str file, line;
    uint32_t count = 0, wrong = 0;
    assert_true(file_read(&arena, STR("tests/cases/transform/unit_diff.jsonl"), &file, &err));
    while (str_next_part(&file, '\n', &line)) {
        Value value;
        if (!line.len)
            continue;
        assert_true(json_parse(&arena, line, STR("unit_diff.jsonl"), &value, &err));
        if (value_is_undefined(value_get(value, "expected")))
            continue;
        count++;
        wrong += !check_case(value);
    }
    assert_true(count > 150);
    assert_int_equal(wrong, 0);
}

static void test_plain(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(text) Text out = {0};
    DiffCell left[] = {{STR("id"), false}, {STR("c"), false}, {STR("1"), false}, {STR("a"), false}};
    DiffCell right[] = {{STR("id"), false}, {STR("c"), false}, {STR("1"), false}, {STR(""), true}};
    assert_true(unit_diff_print(&arena, &(DiffTable){left, 2, 2}, &(DiffTable){right, 2, 2}, false,
                                &out));
    assert_string_equal(out.at, "@@,id,c\r\n\xe2\x86\x92 ,1 ,a\xe2\x86\x92NULL\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recorded),
                                       cmocka_unit_test(test_plain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
