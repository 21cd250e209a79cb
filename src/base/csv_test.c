/* CSV against what Python's csv module answered (tests/cases/base/csv.json); lines and messages.
 * Runs in the project's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/json.h"

/* All records as a list of lists. */
static bool read_all(Arena *arena, Str source, char delimiter, Value *out, Err *err)
{
    AUTO(csv) CsvReader reader;
    csv_init(&reader, source, STR("x.csv"), delimiter);
    *out = value_list(arena);
    for (;;) {
        Str *fields;
        uint32_t count;
        bool has_more;
        TRY(csv_next(&reader, arena, &fields, &count, &has_more, err));
        if (!has_more)
            return true;
        Value row = value_list(arena);
        for (uint32_t i = 0; i < count; i++)
            array_add(row.list, value_text(fields[i]));
        array_add(out->list, row);
    }
}

static void test_as_python(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str source;
    Value file, rows;
    assert_true(file_read(&arena, STR("tests/cases/base/csv.json"), &source, &err));
    assert_true(json_parse(&arena, source, STR("csv.json"), &file, &err));
    Value cases = value_get(file, "cases");
    assert_true(value_is_list(cases) && cases.list->len > 1000);
    int count = 0;
    for (uint32_t i = 0; i < cases.list->len; i++) {
        Value one = cases.list->at[i];
        bool must_fail = value_truth(value_get(one, "fails"));
        char delimiter = value_get(one, "delimiter").text[0];
        bool is_read = read_all(&arena, value_str(value_get(one, "csv")), delimiter, &rows, &err);
        if (is_read == !must_fail && (!is_read || value_equal(rows, value_get(one, "rows"))))
            continue;
        AUTO(text) Text shown = {0};
        json_print(one, (JsonStyle){0}, &shown);
        if (is_read)
            json_print(rows, (JsonStyle){0}, &shown);
        print_message("%s\n", shown.at);
        count++;
    }
    assert_int_equal(count, 0);
    arena_drop(&arena);
}

static void test_lines(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    CsvReader reader;
    csv_init(&reader, STR("a\r\n\r\n\"x\ny\",2\n\nlast"), STR("x.csv"), ',');
    const uint32_t lines[] = {1, 3, 6};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        Str *fields;
        uint32_t count;
        bool has_more;
        assert_true(csv_next(&reader, &arena, &fields, &count, &has_more, &err));
        assert_true(has_more);
        assert_int_equal(reader.line, lines[i]);
    }
    csv_drop(&reader);
    arena_drop(&arena);
}

static void test_open_quote(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Value rows;
    assert_false(read_all(&arena, STR("a,b\n1,\"x\n2,3\n"), ',', &rows, &err));
    assert_int_equal(err.kind, ERR_PARSING);
    assert_int_equal(err.place.line, 2);
    assert_int_equal(err.place.column, 3);
    err_drop(&err);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_python),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_open_quote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
