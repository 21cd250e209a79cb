/* Checks as functions of counts; manifests in the forms that partners send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "drops/merge.h"

static DropChecks checks_off(void)
{
    return (DropChecks){.null_warn = -1, .null_error = -1, .null_columns = NONE,
                        .violations_warn = -1, .violations_error = -1, .change_warn = -1,
                        .change_error = -1};
}

/* "null_ratio b warn; header pass" */
static void expect(Checks *checks, const char *wanted)
{
    AUTO(text) Text text = {0};
    text_add_c(&text, "");
    for (uint32_t i = 0; i < checks->rows.list->len; i++) {
        Value row = checks->rows.list->at[i];
        Str column = value_str(value_get(row, "column"));
        text_print(&text, "%s" STR_FMT "%s" STR_FMT " " STR_FMT, i ? "; " : "",
                   STR_ARG(value_str(value_get(row, "check"))), column.len ? " " : "",
                   STR_ARG(column), STR_ARG(value_str(value_get(row, "status"))));
        if (!value_is(value_get(row, "status"), "pass"))
            assert_true(value_is_text(value_get(row, "message")));
    }
    if (strcmp(text.at, wanted) != 0)
        fail_msg("checks are\n%s\n--- expected\n%s", text.at, wanted);
    checks_init(checks, checks->arena);
}

static void test_nulls(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Checks checks;
    DropChecks spec = checks_off();
    ColumnNulls columns[] = {
        {.name = STR("a"), .nulls = 0},   {.name = STR("b"), .nulls = 51},
        {.name = STR("c"), .nulls = 96},  {.name = STR("Note"), .nulls = 99},
        {.name = STR("e"), .nulls = 100, .is_absent = true},
    };
    checks_init(&checks, &arena);
    checks_nulls(&checks, &spec, columns, COUNT_OF(columns), 100);
    expect(&checks, "");
    spec.null_warn = 0.5;
    spec.null_error = 0.95;
    checks_nulls(&checks, &spec, columns, COUNT_OF(columns), 100);
    assert_int_equal(checks.warnings, 1);
    assert_int_equal(checks.errors, 2);
    assert_string_equal(checks_status(&checks), "error");
    assert_string_equal(checks_messages(&checks, "warn", &arena).at,
                        "column b is NULL in 51.0 % of the rows (more than 50 %)");
    expect(&checks, "null_ratio b warn; null_ratio c error; null_ratio Note error");
    Value own = value_dict(&arena);
    put(own, "warn", value_float(0.98));
    spec.null_columns = value_dict(&arena);
    put(spec.null_columns, "NOTE", own);
    spec.null_error = 1;
    checks_nulls(&checks, &spec, columns, COUNT_OF(columns), 100);
    expect(&checks, "null_ratio b warn; null_ratio c warn; null_ratio Note warn");
    spec.null_columns = NONE;
    columns[0].nulls = 100;
    checks_nulls(&checks, &spec, columns, 1, 100);   /* error: 1 is met by all rows */
    expect(&checks, "null_ratio a error");
    checks_nulls(&checks, &spec, columns, COUNT_OF(columns), 0);
    expect(&checks, "");
    columns[0].nulls = 0;
    checks_nulls(&checks, &spec, columns, 1, 100);
    expect(&checks, "null_ratio pass");
}

static void test_required(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Checks checks;
    DropChecks spec = checks_off();
    ColumnNulls columns[] = {
        {.name = STR("a"), .nulls = 0, .is_required = true},
        {.name = STR("b"), .nulls = 2, .is_required = true},
        {.name = STR("c"), .nulls = 100, .is_required = true, .is_absent = true},
        {.name = STR("d"), .nulls = 100},
    };
    checks_init(&checks, &arena);
    checks_required(&checks, &spec, columns, COUNT_OF(columns), 100);
    expect(&checks, "required a pass; required b warn; required c error");
    spec.violations_error = 0.01;
    checks_required(&checks, &spec, columns, 2, 100);
    expect(&checks, "required a pass; required b error");
    spec.violations_error = 0.05;
    checks_required(&checks, &spec, columns, 2, 100);
    expect(&checks, "required a pass; required b pass");
}

static void test_header(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Checks checks;
    Field old_fields[] = {{.name = STR("id")}, {.name = STR("gone")}};
    Field new_fields[] = {{.name = STR("ID")}, {.name = STR("x")}, {.name = STR("_line")},
                          {.name = STR("y")}};
    Schema none = {0}, former = {old_fields, 2}, today = {new_fields, 4};
    checks_init(&checks, &arena);
    checks_header(&checks, HEADER_FREEZE, &none, &today, 5);
    expect(&checks, "");
    checks_header(&checks, HEADER_FREEZE, &former, &former, 5);
    expect(&checks, "header pass");
    checks_header(&checks, HEADER_EVOLVE, &former, &today, 5);
    expect(&checks, "header pass");
    checks_header(&checks, HEADER_WARN, &former, &today, 5);
    assert_string_equal(checks_messages(&checks, "warn", &arena).at,
                        "new columns: x, y; missing column: gone");
    expect(&checks, "header warn");
    checks_header(&checks, HEADER_FREEZE, &former, &today, 5);
    expect(&checks, "header error");
    checks_header(&checks, HEADER_FREEZE, &former, &none, 0);   /* a day without rows */
    expect(&checks, "");
}

static void test_counts(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Checks checks;
    DropChecks spec = checks_off();
    uint64_t before[] = {100, 1000, 90, 110};
    Value keys = value_list(&arena);
    checks_init(&checks, &arena);
    checks_violations(&checks, &spec, 90, 10, 0);
    expect(&checks, "");
    spec.violations_warn = 0;
    spec.violations_error = 0.1;
    checks_violations(&checks, &spec, 90, 0, 0);
    checks_violations(&checks, &spec, 90, 4, 4);
    checks_violations(&checks, &spec, 90, 10, 5);
    checks_violations(&checks, &spec, 0, 0, 0);
    expect(&checks, "violations pass; violations warn; violations error; violations pass");
    checks_duplicates(&checks, CHECK_OFF, DUPLICATES_LAST, 3, keys);
    checks_duplicates(&checks, CHECK_WARN, DUPLICATES_LAST, 3, keys);
    checks_duplicates(&checks, CHECK_ERROR, DUPLICATES_KEEP, 0, keys);
    array_add(keys.list, value_lit("id = 7 (a; b)"));
    checks_duplicates(&checks, CHECK_OFF, DUPLICATES_FAIL, 1, keys);
    assert_string_equal(checks_messages(&checks, "error", &arena).at,
                        "1 row has a key that a later row has, too: id = 7 (a; b) (duplicates: "
                        "fail; \"last\" keeps the last row of a key, \"keep\" all)");
    expect(&checks, "duplicate_keys warn; duplicate_keys pass; duplicate_keys error");
    spec.change_warn = 0.2;
    spec.change_error = 0.5;
    checks_change(&checks, &spec, 10, before, 2);
    expect(&checks, "");
    checks_change(&checks, &spec, 100, before, 4);   /* the median is 105 */
    checks_change(&checks, &spec, 80, before, 4);
    checks_change(&checks, &spec, 160, before, 4);
    checks_change(&checks, &spec, 0, before, 3);
    expect(&checks, "change pass; change warn; change error; change error");
}

/* "name rows size; ..." of a manifest. */
static void expect_list(const char *text, const char *wanted)
{
    AUTO(arena) Arena arena = {0};
    AUTO(text) Text shown = {0};
    Err err = {0};
    ExpectedList list = {0};
    text_add_c(&shown, "");
    if (!expected_parse(&arena, str_of(text), STR("manifest"), &list, &err))
        text_add_c(&shown, err.text);
    for (uint32_t i = 0; i < list.len && !err.text; i++)
        text_print(&shown, "%s" STR_FMT " %lld %lld", i ? "; " : "", STR_ARG(list.at[i].name),
                   (long long)list.at[i].rows, (long long)list.at[i].size);
    if (!strstr(shown.at, wanted) || (!err.text && strcmp(shown.at, wanted) != 0))
        fail_msg("%s\n--- gives\n%s\n--- expected\n%s", text, shown.at, wanted);
    err_drop(&err);
}

static void test_manifests(void **state)
{
    (void)state;
    expect_list("[\"a.tar.gz\", {\"name\": \"./b.tar.gz\", \"rows\": 5, \"size\": \"17\"}]",
                "a.tar.gz -1 -1; b.tar.gz 5 17");
    expect_list("{\"files\": [{\"file\": \"x.csv\", \"records\": 5}], "
                "\"archives\": [\"/out/a.tar.gz\"]}", "out/a.tar.gz -1 -1; x.csv 5 -1");
    expect_list("{\"a.csv\": 3, \"b.csv\": 0}", "a.csv 3 -1; b.csv 0 -1");
    expect_list("\xef\xbb\xbf" "Name;Rows;Bytes\r\na.csv;3;\r\nb.csv;;17\r\n",
                "a.csv 3 -1; b.csv -1 17");
    expect_list("# of today\na.tar.gz\n\n  b.tar.gz  \n", "a.tar.gz -1 -1; b.tar.gz -1 -1");
    expect_list("", "");
    expect_list("[]", "");
    expect_list("[{\"rows\": 3}]", "item 1 of its list has no name");
    expect_list("{\"a\": \"b\"}", "it must be a list of names");
    expect_list("[", "");
}

static void test_find(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Err err = {0};
    ExpectedList list = {0};
    assert_true(expected_parse(&arena, STR("20261120/a.tar.gz\nb.tar.gz\nx/c.csv\ny/c.csv\n"),
                               STR("m"), &list, &err));
    assert_ptr_equal(expected_find(&list, &arena, STR("out/20261120/a.tar.gz")), &list.at[0]);
    assert_ptr_equal(expected_find(&list, &arena, STR("a.tar.gz")), &list.at[0]);
    assert_null(expected_find(&list, &arena, STR("20261121/a.tar.gz")));
    assert_null(expected_find(&list, &arena, STR("bb.tar.gz")));
    assert_ptr_equal(expected_find(&list, &arena, STR("out/b.tar.gz")), &list.at[1]);
    assert_ptr_equal(expected_find(&list, &arena, STR("y/c.csv")), &list.at[3]);
    assert_null(expected_find(&list, &arena, STR("z/d.csv")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nulls),  cmocka_unit_test(test_required),
        cmocka_unit_test(test_header), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_manifests), cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
