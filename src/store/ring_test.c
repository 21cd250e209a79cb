/* Two threads and a small ring. */
#include "store/ring.h"

#include "base/clock.h"
#include "store/store_test_help.h"

typedef struct Filler {
    Ring ring;
    Str bytes;
    size_t step;
    bool fails, was_stopped;
} Filler;

static void fill(void *context)
{
    Filler *filler = context;
    for (size_t at = 0; at < filler->bytes.len && !filler->was_stopped; at += filler->step)
        filler->was_stopped =
            !ring_put(&filler->ring, str_slice(filler->bytes, at, at + filler->step));
    Err err = {0};
    if (filler->fails)
        err_set(&err, ERR_UNAVAILABLE, NOWHERE, "the line is dead");
    ring_end(&filler->ring, &err);
    err_drop(&err);
}

static void test_passes(void **state)
{
    (void)state;
    const size_t steps[] = {1, 7, 1000, 100000};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        for (int fails = 0; fails < 2; fails++) {
            AUTO(arena) Arena arena = {0};
            AUTO(text) Text got = {0};
            Filler filler = {.bytes = test_bytes(&arena, steps[i] == 1 ? 5000 : 300000, 1),
                             .step = steps[i], .fails = fails};
            Thread thread = {0};
            ring_init(&filler.ring, 1021);
            thread_start(&thread, "fill", fill, &filler);
            Str piece;
            bool is_fine;
            while ((is_fine = ring_take(&filler.ring, &piece)) && piece.len) {
                assert_true(piece.len <= 1021);
                text_add(&got, piece);
            }
            thread_join(&thread);
            assert_true(str_eq(text_str(&got), filler.bytes)); /* also before a failure */
            assert_int_equal(is_fine, !fails);
            if (fails)
                assert_string_equal(filler.ring.failure.text, "the line is dead");
            ring_drop(&filler.ring);
        }
}

/* A full ring holds its filler back; a stop sets it free at once. */
static void test_stop(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    Filler filler = {.bytes = test_bytes(&arena, 100000, 1), .step = 100};
    Thread thread = {0};
    ring_init(&filler.ring, 4096);
    thread_start(&thread, "fill", fill, &filler);
    assert_true(ring_pause(&filler.ring, 60));
    Str piece;
    assert_true(ring_take(&filler.ring, &piece) && piece.len);
    assert_int_equal(filler.ring.held, 4096);
    int64_t before_us = clock_steady_us();
    ring_stop(&filler.ring);
    thread_join(&thread);
    assert_true(filler.was_stopped);
    assert_true(clock_steady_us() - before_us < 2000000);
    assert_false(ring_take(&filler.ring, &piece));
    assert_false(ring_pause(&filler.ring, 10000));
    ring_drop(&filler.ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes),
        cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
