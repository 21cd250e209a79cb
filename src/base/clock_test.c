/* The calendar against known days and against the C library; forms; identifiers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

static void test_known_days(void **state)
{
    (void)state;
    assert_int_equal(days_of_civil(1970, 1, 1), 0);
    assert_int_equal(days_of_civil(2000, 2, 29), 11016);
    assert_int_equal(days_of_civil(1969, 12, 31), -1);
    assert_int_equal(days_of_civil(1, 1, 1), -719162);
    assert_int_equal(days_of_civil(9999, 12, 31), 2932896);
}

/* Every 97th day of 1600 years agrees with timegm() and comes back. */
static void test_against_libc(void **state)
{
    (void)state;
    for (int64_t days = -292194; days < 292194; days += 97) {
        int64_t year;
        unsigned month, day;
        civil_of_days(days, &year, &month, &day);
        struct tm tm = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day};
        assert_int_equal(timegm(&tm), days * 86400);
        assert_int_equal(days_of_civil(year, month, day), days);
    }
}

static void test_instants(void **state)
{
    (void)state;
    Arena arena = {0};
    Civil civil = {2026, 1, 31, 23, 59, 59, 123456};
    int64_t at_us = us_of_civil(civil);
    assert_string_equal(clock_print_iso(&arena, at_us).at, "2026-01-31T23:59:59.123456Z");
    assert_string_equal(clock_print_iso(&arena, -1).at, "1969-12-31T23:59:59.999999Z");
    Civil again = civil_of_us(at_us);
    assert_memory_equal(&again, &civil, sizeof(civil));
    arena_drop(&arena);
}

static void test_local(void **state)
{
    (void)state;
    setenv("TZ", "UTC-5:30", 1); /* POSIX sign: east of UTC */
    tzset();
    char stamp[9];
    int64_t at_us = us_of_civil((Civil){2026, 3, 1, 20, 15, 9, 7});
    clock_print_stamp(at_us, stamp);
    assert_string_equal(stamp, "01:45:09");
    Civil local = civil_local(at_us);
    assert_int_equal(local.day, 2);
    assert_int_equal(local.microsecond, 7);
    unsetenv("TZ");
    tzset();
}

static void test_clocks_run(void **state)
{
    (void)state;
    int64_t steady = clock_steady_us(), cpu = clock_cpu_us();
    assert_true(clock_now_us() > us_of_civil((Civil){.year = 2020, .month = 1, .day = 1}));
    assert_true(clock_steady_us() >= steady);
    assert_true(clock_cpu_us() >= cpu);
}

static void test_uuid(void **state)
{
    (void)state;
    Arena arena = {0};
    Str one = uuid_make(&arena), two = uuid_make(&arena);
    assert_int_equal(one.len, 36);
    assert_false(str_eq(one, two));
    for (size_t i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_true(is_dash ? one.at[i] == '-' : strchr("0123456789abcdef", one.at[i]) != NULL);
    }
    assert_int_equal(one.at[14], '4');
    assert_true(strchr("89ab", one.at[19]) != NULL);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_days), cmocka_unit_test(test_against_libc),
        cmocka_unit_test(test_instants),   cmocka_unit_test(test_local),
        cmocka_unit_test(test_clocks_run), cmocka_unit_test(test_uuid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
