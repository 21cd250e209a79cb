/* window_test.c: cursor values: comparing, going back by a lag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ingest/ingest_base.h"

static void test_less(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t lag_us;
        const char *wanted;
    } rows[] = {
        {"17", 0, "17"},
        {"17", 5000000, "12"},                                   /* a plain number */
        {"1700000000", 3600000000, "1699996400"},                /* seconds */
        {"1700000000000", 1500000, "1699999998500"},             /* milliseconds */
        {"2026-01-01", 3600000000, "2025-12-31"},                /* a date goes back whole days */
        {"2026-01-01", 86400000000, "2025-12-31"},
        {"2026-01-01T00:30:00Z", 3600000000, "2025-12-31T23:30:00Z"},
        {"2026-01-01 00:30:00", 3600000000, "2025-12-31 23:30:00"},
        {"2026-01-01 00:30:00.5", 1000000, "2026-01-01 00:29:59.500000"},
        {"2026-01-01T09:00:00+09:00", 3600000000, "2025-12-31T23:00:00+00:00"},
        {"2024-03-01 00:00:00", 86400000000, "2024-02-29 00:00:00"},
        {"1700000000.75", 1000000, "1699999999"},                /* a fraction is rounded down */
        {"abc", 3600000000, "abc"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Str got = cursor_less(&arena, FORM_AUTO, str_of(rows[i].value), rows[i].lag_us);
        assert_string_equal(str_c(&arena, got), rows[i].wanted);
    }
    arena_drop(&arena);
}

static void test_compare(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int wanted;
    } rows[] = {
        {"9", "10", -1},
        {"-1", "0", -1},
        {"2026-01-01", "2026-01-01 00:00:00", 0},
        {"2026-01-01T00:00:00Z", "2026-01-01T09:00:00+09:00", 0},
        {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", -1},
        {"2026-01-02", "2026-01-01 23:59:59", 1},
        {"999.5", "1000.25", -1},
        {"1000", "1000.25", -1},
        {"b", "a", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int got = cursor_compare(str_of(rows[i].a), str_of(rows[i].b));
        assert_int_equal((got > 0) - (got < 0), rows[i].wanted);
        got = cursor_compare(str_of(rows[i].b), str_of(rows[i].a));
        assert_int_equal((got > 0) - (got < 0), -rows[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_less), cmocka_unit_test(test_compare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
