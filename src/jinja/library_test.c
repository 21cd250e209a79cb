/* library_test.c: what templates alone do not reach: tables, frozen things, NULL interpreters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "jinja/filter.h"

static void test_tables_are_sorted(void **state)
{
    (void)state;
    static const char *const filters[] = {
#define FILTER(name, function) #name,
#include "jinja/filters.def"
#undef FILTER
    };
    static const char *const tests[] = {
#define TEST(name, function) name,
#include "jinja/tests.def"
#undef TEST
    };
    for (size_t i = 0; i < COUNT_OF(filters); i++)
        assert_non_null(filter_find(str_of(filters[i])));
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        assert_non_null(test_find(str_of(tests[i])));
    assert_null(filter_find(STR("uppe")));
    assert_null(filter_find(STR("upperx")));
    assert_null(filter_find(STR("")));
    assert_null(test_find(STR("Defined")));
    assert_true(str_is(filter_nearest(STR("uper")), "upper"));
    assert_true(str_is(test_nearest(STR("defned")), "defined"));
}

static void check_methods(Value self, const ValueMethod *table, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_ptr_equal(value_method_find(self, str_of(table[i].name)), table[i].call);
    assert_null(value_method_find(self, STR("nope")));
}

static void test_methods_are_found(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    check_methods(value_lit("x"), text_methods, text_method_total);
    check_methods(value_list(&arena), list_methods, list_method_total);
    check_methods(value_of_tuple(array_make(&arena, 0)), tuple_methods, tuple_method_total);
    check_methods(value_dict(&arena), dict_methods, dict_method_total);
    check_methods(value_of_set(dict_make(&arena, 0)), set_methods, set_method_total);
    check_methods(value_int(1), int_methods, int_method_total);
    check_methods(value_float(1), float_methods, float_method_total);
    assert_null(value_method_find(NONE, STR("x")));
}

/* Calls a method with up to three arguments; gives the printed result or the message. */
static Str call_method(Arena *arena, Value self, const char *name, uint32_t count,
                       const Value *args)
{
    AUTO(err) Err err = {0};
    Call call = {.arena = arena, .args = args, .arg_count = count};
    Value out;
    if (!value_method_find(self, str_of(name))(&call, self, &out, &err))
        return str_copy(arena, str_of(err.text));
    return value_str(value_to_text(arena, out));
}

static void test_frozen(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Value list = value_list(&arena), dict = value_dict(&arena);
    Value set = value_of_set(dict_make(&arena, 0));
    array_add(list.list, value_int(1));
    dict_put(dict.dict, STR("a"), list);
    value_freeze(dict);
    value_freeze(set);
    const Value one[] = {value_int(1)};
    assert_true(str_find(call_method(&arena, list, "append", 1, one), STR("cannot be")) > 0);
    assert_true(str_find(call_method(&arena, list, "pop", 0, NULL), STR("cannot be")) > 0);
    assert_true(str_find(call_method(&arena, dict, "clear", 0, NULL), STR("cannot be")) > 0);
    assert_true(str_find(call_method(&arena, set, "add", 1, one), STR("cannot be")) > 0);
    assert_true(str_is(call_method(&arena, list, "copy", 0, NULL), "[1]"));
    assert_true(str_is(call_method(&arena, dict, "copy", 0, NULL), "{'a': [1]}"));
}

static void test_sets(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Value a = value_of_set(dict_make(&arena, 0)), list = value_list(&arena);
    for (int i = 0; i < 4; i++) {
        dict_put_keyed(a.dict, value_int(i), NONE);
        array_add(list.list, value_int(i + 2));
    }
    assert_true(str_is(call_method(&arena, a, "union", 1, &list), "{0, 1, 2, 3, 4, 5}"));
    assert_true(str_is(call_method(&arena, a, "intersection", 1, &list), "{2, 3}"));
    assert_true(str_is(call_method(&arena, a, "difference", 1, &list), "{0, 1}"));
    assert_true(str_is(call_method(&arena, a, "symmetric_difference", 1, &list), "{0, 1, 4, 5}"));
    assert_true(str_is(call_method(&arena, a, "issubset", 1, &list), "False"));
    assert_true(str_is(call_method(&arena, a, "isdisjoint", 1, &list), "False"));
    const Value nine[] = {value_int(9)};
    assert_true(str_is(call_method(&arena, a, "remove", 1, nine), "9"));
    assert_true(str_is(call_method(&arena, a, "discard", 1, nine), "None"));
    assert_true(str_is(call_method(&arena, a, "add", 1, nine), "None"));
    assert_true(str_is(call_method(&arena, a, "update", 1, &list), "None"));
    assert_true(str_is(call_method(&arena, a, "intersection_update", 1, &list), "None"));
    assert_int_equal(a.dict->len, 4);
    const Value lists[] = {list};
    assert_true(str_is(call_method(&arena, a, "add", 1, lists), "unhashable type: 'list'"));
    Value rest;
    AUTO(err) Err err = {0};
    assert_true(operate(&arena, OP_SUBTRACT, a, a, &rest, &err));
    assert_true(str_is(value_str(value_to_text(&arena, rest)), "set()"));
}

/* A big number keeps its place among others: as key, in order, in both directions of a sum. */
static void test_bigints(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Value big = bigint_parse(&arena, STR("123456789012345678901234567890"), 10, false), out;
    assert_true(value_is_a(big, &bigint_type));
    assert_true(operate(&arena, OP_MULTIPLY, big, big, &out, &err));
    assert_true(str_is(value_str(value_to_text(&arena, out)),
                       "15241578753238836750495351562536198787501905199875019052100"));
    assert_true(operate(&arena, OP_FLOOR_DIVIDE, out, big, &out, &err));
    assert_true(value_equal(out, big));
    assert_true(operate(&arena, OP_SUBTRACT, out, big, &out, &err));
    assert_true(out.kind == VALUE_INT && out.number == 0);
    int order;
    assert_true(value_compare(value_int(5), big, "<", &order, &err) && order < 0);
    assert_true(value_compare(big, value_float(1e300), "<", &order, &err) && order < 0);
    Dict *dict = dict_make(&arena, 0);
    dict_put_keyed(dict, big, value_int(1));
    assert_non_null(dict_find_value(
        dict, bigint_parse(&arena, STR("123456789012345678901234567890"), 10, false)));
    assert_true(value_int(INT64_MIN).number ==
                bigint_parse(&arena, STR("9223372036854775808"), 10, true).number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_are_sorted), cmocka_unit_test(test_methods_are_found),
        cmocka_unit_test(test_frozen),            cmocka_unit_test(test_sets),
        cmocka_unit_test(test_bigints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
