/* Sets of numbers against a plain array of truths, at sizes around the word borders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"

static void check_equal(Bits bits, const bool *wanted)
{
    uint32_t at = 0, number, count = 0;
    for (uint32_t i = 0; i < bits.size; i++) {
        assert_int_equal(bits_has(bits, i), wanted[i]);
        if (!wanted[i])
            continue;
        count++;
        assert_true(bits_next(bits, &at, &number));
        assert_int_equal(number, i);
    }
    assert_false(bits_next(bits, &at, &number));
    assert_int_equal(bits_count(bits), count);
}

static void test_against_array(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 63, 64, 65, 128, 200};
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        Arena arena = {0};
        Bits a = bits_make(&arena, sizes[s]), b = bits_make(&arena, sizes[s]);
        bool in_a[200] = {0}, in_b[200] = {0}, both[200], either[200], only_a[200];
        uint32_t random = 7;
        for (uint32_t i = 0; i < sizes[s]; i++) {
            random = random * 1664525 + 1013904223;
            if ((in_a[i] = random >> 31))
                bits_add(a, i);
            if ((in_b[i] = random >> 30 & 1))
                bits_add(b, i);
            both[i] = in_a[i] && in_b[i];
            either[i] = in_a[i] || in_b[i];
            only_a[i] = in_a[i] && !in_b[i];
        }
        check_equal(a, in_a);
        Bits c = bits_copy(&arena, a);
        bits_intersect(c, b);
        check_equal(c, both);
        c = bits_copy(&arena, a);
        bits_unite(c, b);
        check_equal(c, either);
        c = bits_copy(&arena, a);
        bits_subtract(c, b);
        check_equal(c, only_a);
        check_equal(a, in_a);
        if (sizes[s]) {
            bits_add(a, sizes[s] - 1);
            assert_true(bits_has(a, sizes[s] - 1));
            bits_remove(a, sizes[s] - 1);
            assert_false(bits_has(a, sizes[s] - 1));
        }
        arena_drop(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_array)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
