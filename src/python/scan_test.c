/* scan_test.c: models against what dbt's own walk over Python's syntax tree gives: the cases of
 * tests/cases/python/scan.json, recorded by tests/cases/python/record_scan.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "python/python.h"

static const char *const function_names[] = {"ref", "source", "config", "get", "meta_get"};

/* [["ref", ["a"], {"v": 2}], ...] */
static Value calls_value(Arena *arena, const PythonModel *model)
{
    Value list = value_list(arena);
    for (uint32_t i = 0; i < model->calls.len; i++) {
        const PythonCall *call = &model->calls.at[i];
        Value row = value_list(arena);
        array_add(row.list, value_text(str_of(function_names[call->function])));
        array_add(row.list, call->arguments);
        array_add(row.list, call->named);
        array_add(list.list, row);
    }
    return list;
}

static void check_case(Arena *arena, Value row)
{
    PythonModel model = {0};
    Err err = {0};
    Str source = value_str(value_get(row, "source"));
    bool ok = python_scan(arena, STR("m.py"), source, 1, &model, &err);
    AUTO(text) Text got = {0};
    if (ok)
        json_print(calls_value(arena, &model), (JsonStyle){.keeps_unicode = true}, &got);
    else
        text_print(&got, "line %d: %s", err.place.line, err.text);
    if (!ok && str_starts(str_of(err.text), STR("Error when"))) {
        text_clear(&got);
        text_add_c(&got, "literal");
    }
    Str wanted = value_str(value_get(row, "gives"));
    if (!str_eq(text_str(&got), wanted))
        fail_msg("%s\n" STR_FMT "\ngives  %s\nwanted " STR_FMT,
                 ok ? "model:" : "refused:", STR_ARG(source), got.at, STR_ARG(wanted));
    err_drop(&err);
}

static void test_as_dbt(void **state)
{
    (void)state;
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Err err = {0};
    Str text;
    Value cases;
    assert_true(file_read(&arena, STR("tests/cases/python/scan.json"), &text, &err));
    assert_true(json_parse(&arena, text, STR("scan.json"), &cases, &err));
    assert_true(cases.list->len > 50);
    for (uint32_t i = 0; i < cases.list->len; i++)
        check_case(&arena, cases.list->at[i]);
}

/* A file's text may begin below its first line; the error shows the line. */
static void test_places(void **state)
{
    (void)state;
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Err err = {0};
    PythonModel model = {0};
    Str source = STR("def model(dbt, session):\n    x = dbt.ref(name)\n    return x");
    assert_false(python_scan(&arena, STR("models/m.py"), source, 4, &model, &err));
    assert_int_equal(err.place.line, 5);
    assert_int_equal(err.place.column, 17);
    assert_non_null(strstr(err.excerpt, "dbt.ref(name)"));
    err_drop(&err);
}

/* Brackets in brackets cost no more than their length. */
static void test_deep(void **state)
{
    (void)state;
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    AUTO(text) Text source = {0};
    text_add_c(&source, "def model(dbt, session):\n    x = ");
    for (int i = 0; i < 140; i++)
        text_add_c(&source, i % 2 ? "f(" : "[g(1), ");
    text_add_c(&source, "dbt.ref('a')");
    for (int i = 139; i >= 0; i--)
        text_add_c(&source, i % 2 ? ")" : "]");
    text_add_c(&source, "\n    return x");
    PythonModel model = {0};
    Err err = {0};
    assert_true(python_scan(&arena, STR("m.py"), text_str(&source), 1, &model, &err));
    text_clear(&source);
    text_add_c(&source, "def model(dbt, session):\n    return ");
    text_add_repeat(&source, '(', 300);
    assert_false(python_scan(&arena, STR("m.py"), text_str(&source), 1, &model, &err));
    assert_int_equal(err.kind, ERR_PARSING);
    err_drop(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_dbt),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
