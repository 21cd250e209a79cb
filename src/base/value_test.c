/* value_test.c: Python's truth, equality, order, hash, repr; containers against a simple model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/value.h"

static Arena arena;

static int drop(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static void expect_repr(Value v, const char *wanted)
{
    AUTO(text) Text out = {0};
    value_repr(v, &out);
    assert_string_equal(out.at ? out.at : "", wanted);
}

static void floats_print_as_pythons(void **state)
{
    (void)state;
    static const struct {
        double real;
        const char *text;
    } cases[] = {
        {0.0, "0.0"}, {-0.0, "-0.0"}, {1.0, "1.0"}, {0.1, "0.1"}, {1e15, "1000000000000000.0"},
        {1e16, "1e+16"}, {123456789012345680.0, "1.2345678901234568e+17"}, {0.0001, "0.0001"},
        {0.00001, "1e-05"}, {1.5e-7, "1.5e-07"}, {2.675, "2.675"}, {1.0 / 3, "0.3333333333333333"},
        {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"}, {100.0, "100.0"},
        {9007199254740993.0, "9007199254740992.0"}, {0.30000000000000004, "0.30000000000000004"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_repr(value_float(cases[i].real), cases[i].text);
    expect_repr(value_float(1.0 / 0.0), "inf");
}

static void texts_print_as_pythons(void **state)
{
    (void)state;
    expect_repr(value_lit("it's"), "\"it's\"");
    expect_repr(value_lit("both ' and \""), "'both \\' and \"'");
    expect_repr(value_lit("a\n\t\\\x01\x7f"), "'a\\n\\t\\\\\\x01\\x7f'");
    expect_repr(value_lit("\xc3\xa9\xc2\xa0\xe2\x80\xa8"), "'\xc3\xa9\\xa0\\u2028'");
}

static void containers_print_as_pythons(void **state)
{
    (void)state;
    Value list = value_list(&arena), dict = value_dict(&arena);
    array_add(list.list, value_int(1));
    array_add(list.list, NONE);
    expect_repr(value_of_tuple(list.list), "(1, None)");
    list.list->len = 1;
    expect_repr(value_of_tuple(list.list), "(1,)");
    dict_put(dict.dict, STR("a"), value_bool(true));
    dict_put_keyed(dict.dict, value_int(2), list);
    expect_repr(dict, "{'a': True, 2: [1]}");
    array_add(list.list, list);
    expect_repr(list, "[1, [...]]");
    expect_repr(value_of_set(dict_make(&arena, 0)), "set()");
}

static void numbers_are_equal_across_kinds(void **state)
{
    (void)state;
    assert_true(value_equal(value_int(1), value_float(1.0)));
    assert_true(value_equal(value_int(1), value_bool(true)));
    assert_false(value_equal(value_int(INT64_MAX), value_float(9223372036854775808.0)));
    assert_false(value_equal(value_lit("1"), value_int(1)));
    assert_true(value_equal(UNDEFINED, UNDEFINED));
    assert_false(value_equal(UNDEFINED, NONE));
    double nan = 0.0 / 0.0;
    assert_false(value_equal(value_float(nan), value_float(nan)));
    uint32_t a, b;
    assert_true(value_hash(value_int(7), &a) && value_hash(value_float(7.0), &b));
    assert_int_equal(a, b);
    assert_false(value_hash(value_list(&arena), &a));
}

static void order_is_pythons_or_an_error(void **state)
{
    (void)state;
    int order = 9;
    Err err = {0};
    assert_true(value_compare(value_int(1), value_float(1.5), "<", &order, &err));
    assert_true(order < 0);
    assert_true(value_compare(value_lit("a"), value_lit("B"), "<", &order, &err));
    assert_true(order > 0);
    assert_false(value_compare(value_lit("a"), value_int(1), "<", &order, &err));
    assert_string_equal(err.text, "'<' not supported between instances of 'str' and 'int'");
    err_drop(&err);
}

static void truth_is_pythons(void **state)
{
    (void)state;
    assert_false(value_truth(NONE) || value_truth(UNDEFINED) || value_truth(value_int(0)) ||
                 value_truth(value_float(0)) || value_truth(value_lit("")) ||
                 value_truth(value_list(&arena)) || value_truth(value_dict(&arena)));
    assert_true(value_truth(value_lit("0")) && value_truth(value_float(0.1)));
}

/* Random puts and removes, against an array of what should be there. */
static void a_dict_does_what_a_dict_does(void **state)
{
    (void)state;
    enum { KEYS = 200, STEPS = 20000 };
    int64_t wanted[KEYS];
    bool there[KEYS] = {0};
    Dict *dict = dict_make(&arena, 0);
    uint64_t seed = 12345;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int key = (int)(seed >> 33) % KEYS;
        Str name = str_print(&arena, "key%d", key);
        if (seed >> 62) {
            dict_put(dict, name, value_int(step));
            wanted[key] = step;
            there[key] = true;
        } else {
            assert_int_equal(dict_remove(dict, value_text(name)), there[key]);
            there[key] = false;
        }
    }
    uint32_t count = 0, seen = 0, at = 0;
    for (int key = 0; key < KEYS; key++) {
        Value *found = dict_find(dict, str_print(&arena, "key%d", key));
        assert_int_equal(found != NULL, there[key]);
        if (found)
            assert_int_equal(found->number, wanted[key]);
        count += there[key];
    }
    Value key, value;
    while (dict_next(dict, &at, &key, &value))
        seen++;
    assert_int_equal(seen, count);
    assert_int_equal(dict->len, count);
}

static void dicts_keep_the_order_of_insertion(void **state)
{
    (void)state;
    Dict *dict = dict_make(&arena, 0);
    for (int i = 0; i < 50; i++)
        dict_put(dict, str_print(&arena, "%d", i * 7 % 50), value_int(i));
    dict_put(dict, STR("0"), value_int(99)); /* keeps its place */
    Value key, value;
    uint32_t at = 0;
    for (int i = 0; dict_next(dict, &at, &key, &value); i++)
        assert_string_equal(str_c(&arena, value_str(key)),
                            str_c(&arena, str_print(&arena, "%d", i * 7 % 50)));
}

static void copies_are_deep(void **state)
{
    (void)state;
    Value list = value_list(&arena), dict = value_dict(&arena);
    dict_put(dict.dict, STR("l"), list);
    value_freeze(dict);
    assert_true(list.list->is_frozen);
    Value copy = value_copy(&arena, dict);
    array_add(value_get(copy, "l").list, value_int(1));
    assert_int_equal(list.list->len, 0);
}

static void maps_hold_addresses(void **state)
{
    (void)state;
    Map map;
    int a = 1, b = 2;
    map_init(&map, &arena);
    map_put(&map, STR("a"), &a);
    map_put(&map, STR("b"), &b);
    map_put(&map, STR("a"), &b);
    assert_ptr_equal(map_find(&map, STR("a")), &b);
    assert_null(map_find(&map, STR("c")));
    assert_int_equal(map_len(&map), 2);
}

#define CASE(name) cmocka_unit_test_teardown(name, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(floats_print_as_pythons),
        CASE(texts_print_as_pythons),
        CASE(containers_print_as_pythons),
        CASE(numbers_are_equal_across_kinds),
        CASE(order_is_pythons_or_an_error),
        CASE(truth_is_pythons),
        CASE(a_dict_does_what_a_dict_does),
        CASE(dicts_keep_the_order_of_insertion),
        CASE(copies_are_deep),
        CASE(maps_hold_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
