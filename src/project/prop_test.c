/* prop_test.c: names and ids of generic tests against what dbt made of them
 * (tests/cases/project/test_names.json); ref() and source() of literals. Whole property files are
 * tested by load_test.c. Runs in the project's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "project/prop.h"

static int differs_in(Value one, const char *field, Str got)
{
    Str wanted = value_get_text(one, field, STR_NONE);
    if (str_eq(wanted, got))
        return 0;
    print_message("%s\n wanted " STR_FMT "\n got    " STR_FMT "\n", field, STR_ARG(wanted),
                  STR_ARG(got));
    return 1;
}

static int differs(Arena *arena, Value one)
{
    Str type = value_get_text(one, "type", STR_NONE), short_name, full_name;
    Value test_namespace = value_get(one, "namespace"), kwargs = value_get(one, "kwargs");
    Str whole = type;
    if (value_get(one, "is_source").is_true)
        whole = str_print(arena, "source_" STR_FMT, STR_ARG(whole));
    if (value_is_text(test_namespace))
        whole = str_print(arena, STR_FMT "_" STR_FMT, STR_ARG(value_str(test_namespace)),
                          STR_ARG(whole));
    test_names_make(arena, whole, value_get_text(one, "target", STR_NONE), kwargs, &short_name,
                    &full_name);
    return differs_in(one, "name", full_name) + differs_in(one, "short", short_name) +
           differs_in(one, "hash", test_hash(arena, full_name, test_namespace, type, kwargs));
}

static void test_names_as_dbt(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str source;
    Value file;
    assert_true(file_read(&arena, STR("tests/cases/project/test_names.json"), &source, &err));
    assert_true(json_parse(&arena, source, STR("test_names.json"), &file, &err));
    Value cases = value_get(file, "cases");
    assert_true(cases.list->len >= 60);
    int wrong = 0;
    for (uint32_t i = 0; i < cases.list->len; i++)
        wrong += differs(&arena, cases.list->at[i]);
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

static void check_ref(const char *text, const char *package, const char *name, const char *version)
{
    Arena arena = {0};
    StaticCall call;
    assert_true(static_call_parse(&arena, str_of(text), &call));
    assert_true(call.is_ref);
    assert_true(str_is(call.ref.name, name));
    assert_true(str_is(call.ref.package, package));
    AUTO(text) Text shown = {0};
    value_repr(call.ref.version, &shown);
    assert_string_equal(shown.at, version);
    arena_drop(&arena);
}

static void test_refs(void **state)
{
    (void)state;
    check_ref("ref('a')", "", "a", "None");
    check_ref(" ref ( \"a\" , ) ", "", "a", "None");
    check_ref("ref('p', 'a')", "p", "a", "None");
    check_ref("ref('a', v=2)", "", "a", "2");
    check_ref("ref('p', 'a', version='2b')", "p", "a", "'2b'");
    check_ref("ref('a', version=12,)", "", "a", "12");
}

static void test_sources(void **state)
{
    (void)state;
    Arena arena = {0};
    StaticCall call;
    assert_true(static_call_parse(&arena, STR("source('raw', \"orders\")"), &call));
    assert_false(call.is_ref);
    assert_true(str_is(call.source.source, "raw"));
    assert_true(str_is(call.source.table, "orders"));
    arena_drop(&arena);
}

static void test_other_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "a", "ref", "ref(", "ref()", "ref(a)", "ref('a'", "ref('a') b", "ref('a'), ref('b')",
        "ref('a', w=1)", "ref('a', v=)", "ref('a', v=1.5)", "ref('a\\'b')", "source('a')",
        "source('a', 'b', 'c')", "source('a', 'b', v=1)", "var('a')", "REF('a')", "ref('a' 'b')",
        "ref('a', 'b', 'c')", "xref('a')", "ref('a'))", "{{ ref('a') }}", "ref(\"a')"};
    Arena arena = {0};
    for (uint32_t i = 0; i < COUNT_OF(texts); i++) {
        StaticCall call;
        if (static_call_parse(&arena, str_of(texts[i]), &call))
            fail_msg("read as a call: %s", texts[i]);
    }
    arena_drop(&arena);
}

static void test_sorted_texts(void **state)
{
    (void)state;
    Arena arena = {0};
    Array *texts = array_make(&arena, 4);
    array_add(texts, value_lit("b"));
    array_add(texts, value_lit("a"));
    array_add(texts, value_lit("b"));
    array_add(texts, value_lit("B"));
    AUTO(text) Text shown = {0};
    value_repr(texts_sorted(&arena, texts), &shown);
    assert_string_equal(shown.at, "['B', 'a', 'b']");
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_as_dbt), cmocka_unit_test(test_refs),
        cmocka_unit_test(test_sources),      cmocka_unit_test(test_other_texts),
        cmocka_unit_test(test_sorted_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
