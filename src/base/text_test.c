/* text_test.c: growing, limits, handing over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"

static void adding(void **state)
{
    (void)state;
    AUTO(text) Text text = {0};
    text_add_c(&text, "a");
    text_add(&text, STR("bc"));
    text_add_char(&text, '-');
    text_add_int(&text, INT64_MIN);
    text_add_code_point(&text, 0x20ac);
    text_add_repeat(&text, '.', 3);
    text_print(&text, "%03d", 7);
    assert_string_equal(text.at, "abc--9223372036854775808\xe2\x82\xac...007");
    text_truncate(&text, 3);
    assert_string_equal(text.at, "abc");
    text_clear(&text);
    assert_int_equal(text.len, 0);
    assert_string_equal(text.at, "");
}

static void growing_keeps_all(void **state)
{
    (void)state;
    AUTO(text) Text text = {0};
    for (int i = 0; i < 100000; i++)
        text_add_char(&text, (char)('a' + i % 26));
    assert_int_equal(text.len, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(text.at[i], 'a' + i % 26);
}

static void a_limit_cuts_and_says_so(void **state)
{
    (void)state;
    AUTO(text) Text text = {.limit = 5};
    text_add_c(&text, "abc");
    assert_false(text.is_cut);
    text_add_c(&text, "defgh");
    assert_true(text.is_cut);
    assert_string_equal(text.at, "abcde");
    text_add_repeat(&text, 'x', 1u << 30);
    assert_int_equal(text.len, 5);
}

static void handing_over(void **state)
{
    (void)state;
    Arena arena = {0};
    Text text = {0};
    text_add_c(&text, "hello");
    Str copy = text_copy(&arena, &text);
    Str given = text_give(&arena, &text);
    assert_null(text.at);
    assert_true(str_eq(copy, given));
    assert_int_equal(text_give(&arena, &text).len, 0);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding),
        cmocka_unit_test(growing_keeps_all),
        cmocka_unit_test(a_limit_cuts_and_says_so),
        cmocka_unit_test(handing_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
