/* str_test.c: views, copies, UTF-8, numbers, nearest names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/str.h"

static Arena arena;

static int drop(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

#define SAME(str, text) assert_string_equal(str_c(&arena, (str)), (text))

static void comparing(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a"), STR("a")));
    assert_false(str_eq(STR("a"), STR("ab")));
    assert_true(str_eq(STR_NONE, STR("")));
    assert_true(str_compare(STR("a"), STR("ab")) < 0);
    assert_true(str_compare(STR("b"), STR("ab")) > 0);
    assert_true(str_compare(STR("\xc3\xa9"), STR("z")) > 0);
    assert_true(str_eq_fold(STR("SeLect"), STR("sELECT")));
    assert_false(str_eq_fold(STR("[a"), STR("{a")));
    assert_true(str_starts(STR("model.a"), STR("model.")));
    assert_false(str_starts(STR("mo"), STR("model.")));
    assert_true(str_ends(STR("a.sql"), STR(".sql")));
}

static void cutting_and_searching(void **state)
{
    (void)state;
    SAME(str_slice(STR("hello"), 1, 3), "el");
    SAME(str_slice(STR("hello"), 4, 99), "o");
    SAME(str_slice(STR("hello"), 9, 2), "");
    assert_int_equal(str_find(STR("aXbXc"), STR("X")), 1);
    assert_int_equal(str_find_last(STR("aXbXc"), STR("X")), 3);
    assert_int_equal(str_find(STR("abc"), STR("")), 0);
    assert_int_equal(str_find_last(STR("abc"), STR("")), 3);
    assert_int_equal(str_find(STR("abc"), STR("abcd")), -1);
    assert_int_equal(str_find_last(STR("abc"), STR("abcd")), -1);
    assert_int_equal(str_find_char(STR("abc"), 'c'), 2);
    SAME(str_trim(STR("\t a b \n")), "a b");
    SAME(str_trim(STR("   ")), "");
}

static void parts(void **state)
{
    (void)state;
    Str rest = STR("a,,b"), part;
    assert_true(str_next_part(&rest, ',', &part));
    SAME(part, "a");
    assert_true(str_next_part(&rest, ',', &part));
    SAME(part, "");
    assert_true(str_next_part(&rest, ',', &part));
    SAME(part, "b");
    assert_false(str_next_part(&rest, ',', &part));
    rest = STR("");
    assert_true(str_next_part(&rest, ',', &part));
    assert_false(str_next_part(&rest, ',', &part));
}

static void copies(void **state)
{
    (void)state;
    SAME(str_replace(&arena, STR("a.b.c"), STR("."), STR("::")), "a::b::c");
    SAME(str_replace(&arena, STR("aaa"), STR("aa"), STR("")), "a");
    SAME(str_replace(&arena, STR("abc"), STR(""), STR("x")), "abc");
    SAME(str_print(&arena, "%s-%d", "x", 5), "x-5");
    Str numbers = str_print(&arena, "%0500d", 7);
    assert_int_equal(numbers.len, 500);
    SAME(str_lower(&arena, STR("AbC\xc3\x89")), "abc\xc3\x89");
    SAME(str_upper(&arena, STR("AbC")), "ABC");
}

static void whole_numbers(void **state)
{
    (void)state;
    int64_t n = 0;
    assert_true(str_to_int(STR("-9223372036854775808"), &n));
    assert_true(n == INT64_MIN);
    assert_true(str_to_int(STR("+9223372036854775807"), &n));
    assert_true(n == INT64_MAX);
    assert_false(str_to_int(STR("9223372036854775808"), &n));
    assert_false(str_to_int(STR("12a"), &n));
    assert_false(str_to_int(STR("-"), &n));
    assert_false(str_to_int(STR(""), &n));
    assert_true(n == INT64_MAX);
}

static void hashes_differ_by_length_and_place(void **state)
{
    (void)state;
    uint32_t seen[300];
    char zeros[300] = {0};
    for (size_t i = 0; i < 300; i++) {
        seen[i] = str_hash((Str){zeros, i});
        assert_int_not_equal(seen[i], 0);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(seen[i], seen[j]);
    }
    assert_int_equal(str_hash(STR("ref")), str_hash(str_of("ref")));
}

static void nearest_names(void **state)
{
    (void)state;
    static const Str names[] = {STR_INIT("stg_orders"), STR_INIT("stg_customers"), STR_INIT("x")};
    SAME(str_nearest(STR("stg_order"), names, 3), "stg_orders");
    SAME(str_nearest(STR("sgt_orders"), names, 3), "stg_orders");
    assert_null(str_nearest(STR("payments"), names, 3).at);
    assert_int_equal(str_distance(STR("ab"), STR("ba"), 5), 1);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 5), 3);
    assert_int_equal(str_distance(STR("kitten"), STR("sitting"), 1), 2);
}

static void utf8(void **state)
{
    (void)state;
    Str text = STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    static const uint32_t wanted[] = {'a', 0xe9, 0x20ac, 0x1f600};
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        size_t start = at;
        char back[4];
        assert_int_equal(utf8_next(text, &at), wanted[i]);
        assert_int_equal(utf8_put(back, wanted[i]), at - start);
        assert_memory_equal(back, text.at + start, at - start);
    }
    assert_int_equal(utf8_length(text), 4);
    assert_int_equal(utf8_find_invalid(text), -1);
    assert_int_equal(utf8_find_invalid(STR("abcdefghij\xff")), 10);
    assert_int_equal(utf8_find_invalid(STR("\xc0\x80")), 0);        /* overlong   */
    assert_int_equal(utf8_find_invalid(STR("x\xed\xa0\x80")), 1);   /* surrogate  */
    assert_int_equal(utf8_find_invalid(STR("\xf4\x90\x80\x80")), 0); /* too large */
    at = 0;
    char back[4];
    uint32_t escaped = utf8_next(STR("\xff"), &at);
    assert_int_equal(escaped, 0xdcff);
    assert_int_equal(utf8_put(back, escaped), 1);
    assert_int_equal((unsigned char)back[0], 0xff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(comparing, drop),
        cmocka_unit_test_teardown(cutting_and_searching, drop),
        cmocka_unit_test_teardown(parts, drop),
        cmocka_unit_test_teardown(copies, drop),
        cmocka_unit_test_teardown(whole_numbers, drop),
        cmocka_unit_test_teardown(hashes_differ_by_length_and_place, drop),
        cmocka_unit_test_teardown(nearest_names, drop),
        cmocka_unit_test_teardown(utf8, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
