/* buffer_test.c: buffers that are used again: which ones, how many are kept, from many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arrow/arrow_base.h"
#include "base/pool.h"

#define UNIT ((uint64_t)1 << 19) /* 16 of them are kept */

static void test_alignment_and_count(void **state)
{
    (void)state;
    uint64_t before = batch_bytes_alive(), total = 0;
    static const uint64_t sizes[] = {1, 63, 64, 1000, 32768, 100001, 3 * UNIT, 20 * UNIT};
    for (int round = 0; round < 2; round++) {
        void *taken[COUNT_OF(sizes)];
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            taken[i] = buffer_take(sizes[i]);
            memset(taken[i], 0xab, sizes[i]);
            assert_int_equal((uintptr_t)taken[i] % 64, 0);
            assert_int_equal(buffer_size(taken[i]), sizes[i]);
            total += sizes[i];
        }
        assert_int_equal(batch_bytes_alive(), before + total);
        for (size_t i = 0; i < COUNT_OF(sizes); i++)
            buffer_give(taken[i]);
        assert_int_equal(batch_bytes_alive(), before);
        total = 0;
    }
    buffer_give(NULL);
}

/* The last one given comes first; one that is larger by more than a quarter is not wasted. */
static void test_used_again(void **state)
{
    (void)state;
    void *large = buffer_take(10 * UNIT), *small = buffer_take(5 * UNIT);
    buffer_give(large);
    buffer_give(small);
    void *next = buffer_take(5 * UNIT - 1000);
    assert_ptr_equal(next, small);
    assert_int_equal(buffer_size(next), 5 * UNIT - 1000);
    void *other = buffer_take(6 * UNIT);
    assert_ptr_not_equal(other, large);
    void *again = buffer_take(9 * UNIT);
    assert_ptr_equal(again, large);
    buffer_give(again);
    assert_ptr_equal(buffer_take(10 * UNIT), large); /* its whole room is known still */
    buffer_give(large);
    buffer_give(other);
    buffer_give(next);
}

/* Never more than 8 MiB are kept: the oldest go. */
static void test_bound(void **state)
{
    (void)state;
    void *first = buffer_take(4 * UNIT), *second = buffer_take(6 * UNIT);
    void *third = buffer_take(9 * UNIT);
    buffer_give(first);
    buffer_give(second);
    buffer_give(third); /* 4 + 6 + 9: the first had to go */
    assert_ptr_equal(buffer_take(6 * UNIT), second);
    assert_ptr_equal(buffer_take(9 * UNIT), third);
    buffer_give(second);
    buffer_give(third);
    void *many[100];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = buffer_take(40000);
    for (size_t i = 0; i < COUNT_OF(many); i++)
        buffer_give(many[i]);
    uint32_t same = 0;
    void *again[100];
    for (size_t i = 0; i < COUNT_OF(many); i++) {
        again[i] = buffer_take(40000);
        for (size_t old = 0; old < COUNT_OF(many); old++)
            same += again[i] == many[old];
    }
    assert_true(same >= 64);
    for (size_t i = 0; i < COUNT_OF(many); i++)
        buffer_give(again[i]);
}

/* Two threads never hold one buffer: each finds what it wrote. */
static void use_many(void *context, unsigned worker, uint32_t task)
{
    (void)worker;
    _Atomic uint32_t *wrong = context;
    unsigned char *held[8] = {0};
    uint64_t seed = task + 1;
    for (uint32_t i = 0; i < 400; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t size = 40000 + (seed >> 40) % 60000;
        unsigned char **at = &held[i % COUNT_OF(held)];
        if (*at) {
            uint64_t last = buffer_size(*at) - 1;
            *wrong += (*at)[0] != (unsigned char)task || (*at)[last] != (unsigned char)task;
            buffer_give(*at);
        }
        *at = buffer_take(size);
        (*at)[0] = (*at)[size - 1] = (unsigned char)task;
    }
    for (size_t i = 0; i < COUNT_OF(held); i++)
        buffer_give(held[i]);
}

static void test_threads(void **state)
{
    (void)state;
    _Atomic uint32_t wrong = 0;
    uint64_t before = batch_bytes_alive();
    parallel_for(4, 4, 1, use_many, &wrong);
    assert_int_equal(wrong, 0);
    assert_int_equal(batch_bytes_alive(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_count),
        cmocka_unit_test(test_used_again),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
