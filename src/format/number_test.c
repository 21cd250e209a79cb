/* Numbers against libc, digit for digit; ISO times; UTF-8. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "format/format_help_test.h"
#include "format/number.h"
#include "format/scan.h"
#include "format/times.h"

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* What a double is for: its shortest text says it, every other text of as many digits does not. */
static void check_double(const char *text)
{
    Number number;
    double real, expected = strtod(text, NULL);
    assert_true(number_parse(str_of(text), NUMBER_JSON, '.', &number));
    bool fits = number_to_double(&number, &real);
    assert_int_equal(fits, !isinf(expected));
    if (!fits)
        return;
    assert_memory_equal(&real, &expected, sizeof(real));
    AUTO(text) Text shortest = {0};
    float_print(fabs(expected), &shortest);
    char left[400], right[400];
    snprintf(left, sizeof(left), "%.40Le", strtold(text + (text[0] == '-'), NULL));
    snprintf(right, sizeof(right), "%.40Le", strtold(shortest.at, NULL));
    /* Beyond the long double's 19 digits both say no anyway. */
    if (number.digits <= 18)
        assert_int_equal(number_is_double(&number, real), strcmp(left, right) == 0);
    else if (number.is_long)
        assert_false(number_is_double(&number, real));
}

static void test_doubles(void **state)
{
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0",
                                        "0.1",
                                        "1e22",
                                        "1e23",
                                        "123456789012345678",
                                        "9007199254740993",
                                        "9007199254740992",
                                        "0.30000000000000004",
                                        "0.1000000000000000055511151231257827",
                                        "1e400",
                                        "-1e400",
                                        "1e-400",
                                        "4.9e-324",
                                        "2.2250738585072014e-308",
                                        "1.7976931348623157e308",
                                        "1.7976931348623159e308",
                                        "5e-324",
                                        "0.000000000000000000000000000001",
                                        "123456789.123456789",
                                        "100000000000000000000000000",
                                        "1.00000000000000000000",
                                        "18014398509481985",
                                        "4503599627370497.5",
                                        "9.5367431640625e-07",
                                        "0.5e-30",
                                        "8.5",
                                        "2.50"};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        check_double(texts[i]);
    char text[64];
    for (int i = 0; i < 60000; i++) {
        uint64_t r = next_random();
        int digits = (int)(r % 18) + 1;
        uint64_t mantissa = next_random();
        for (int k = 19; k >= digits; k--)
            mantissa /= 10;
        if (i % 2) {
            snprintf(text, sizeof(text), "%s%llue%d", r & 64 ? "-" : "",
                     (unsigned long long)mantissa, (int)(r / 128 % 60) - 40);
        } else { /* as programs print doubles: 15 to 17 digits */
            double real = (double)(int64_t)mantissa / (double)(1 + r / 256 % 100000);
            snprintf(text, sizeof(text), "%.*g", 15 + (int)(r % 3), real);
            if (strstr(text, "e+"))
                continue;
        }
        check_double(text);
    }
}

static void test_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"1e3", true, 1000},
        {"1.50e1", true, 15},
        {"1.5", false, 0},
        {"1000e-3", true, 1},
        {"1e19", false, 0},
        {"12345678901234567890", false, 0},
        {"10.000", true, 10},
        {"0e999999", true, 0},
        {"1e999999", false, 0},
        {"0.0000000000000000000000000", true, 0},
        {"100000000000000000000e-20", true, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Number number;
        int64_t value = 0;
        assert_true(number_parse(str_of(cases[i].text), NUMBER_JSON, '.', &number));
        assert_int_equal(number_to_int64(&number, &value), cases[i].fits);
        assert_int_equal(value, cases[i].value);
    }
    Number number;
    uint64_t wide;
    assert_true(number_parse(STR("18446744073709551615"), NUMBER_JSON, '.', &number));
    assert_true(number_to_uint64(&number, &wide) && wide == UINT64_MAX);
    assert_true(number_parse(STR("18446744073709551616"), NUMBER_JSON, '.', &number));
    assert_false(number_to_uint64(&number, &wide));
}

static void test_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned precision, scale;
        bool fits;
        int64_t value;
    } cases[] = {
        {"1.5", 4, 2, true, 150},    {"-1.25", 4, 2, true, -125}, {"1.255", 4, 2, false, 0},
        {"99.99", 4, 2, true, 9999}, {"100", 4, 2, false, 0},     {"1e1", 4, 2, true, 1000},
        {"0.000", 4, 2, true, 0},    {"1.5000", 4, 2, true, 150}, {"1e-30", 38, 2, false, 0},
        {"0e-30", 38, 2, true, 0},   {"1", 38, 0, true, 1},       {"1e38", 38, 0, false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Number number;
        __int128 value = 0;
        assert_true(number_parse(str_of(cases[i].text), NUMBER_JSON, '.', &number));
        assert_int_equal(number_to_decimal(&number, cases[i].precision, cases[i].scale, &value),
                         cases[i].fits);
        assert_true(value == cases[i].value);
    }
    Number number;
    __int128 value, expected = 1;
    for (int i = 0; i < 38; i++)
        expected *= 10;
    assert_true(
        number_parse(STR("99999999999999999999999999999999999999"), NUMBER_JSON, '.', &number));
    assert_true(number_to_decimal(&number, 38, 0, &value) && value == expected - 1);
    assert_true(
        number_parse(STR("123456789012345678.90123456789012345678"), NUMBER_JSON, '.', &number));
    unsigned whole, scale;
    assert_true(number_extent(&number, &whole, &scale) && whole == 18 && scale == 20);
    assert_true(number_to_decimal(&number, 38, 20, &value));
    assert_true((uint64_t)(value % 1000000000000) == 789012345678);
    assert_true(
        number_parse(STR("100000000000000000000000000000000000000"), NUMBER_JSON, '.', &number));
    assert_false(number_extent(&number, &whole, &scale));
}

static void test_times(void **state)
{
    (void)state;
    for (int64_t day = -719162; day < 2932897; day += 97) { /* 0001-01-01 to 9999-12-31 */
        int64_t year, value;
        unsigned month, of_month;
        civil_of_days(day, &year, &month, &of_month);
        char text[32];
        snprintf(text, sizeof(text), "%04d-%02u-%02u", (int)year, month, of_month);
        assert_int_equal(time_parse_iso(str_of(text), &value), TIME_DATE);
        assert_int_equal(value, day);
    }
    static const char *const bad[] = {"2024-02-30",
                                      "2024-13-01",
                                      "2024-00-01",
                                      "2024-01-00",
                                      "0000-01-01",
                                      "2024-1-01",
                                      "2024-01-01T",
                                      "2024-01-01 1:00",
                                      "2024-01-01 24:00",
                                      "2024-01-01 10:60",
                                      "2024-01-01 10:00:60",
                                      "20240101",
                                      "2024-01-01 10:00:00.",
                                      "2024-01-01 10:00:00.1234567",
                                      "2024-01-01 10:00+",
                                      "2024-01-01 10:00+1",
                                      "2024-01-01 10:00+16:00",
                                      "2024-01-01 10:00+01:60",
                                      "2024-01-01 10:00Zx",
                                      "2024-01-01x10:00",
                                      "2024-01-01 10:00 ",
                                      "x024-01-01",
                                      "2024/01/01",
                                      "-024-01-01",
                                      "2024-01-01 10:00:00.0000000000"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t value;
        assert_int_equal(time_parse_iso(str_of(bad[i]), &value), TIME_NONE);
    }
    int64_t value, other;
    bool has_zone;
    assert_int_equal(time_parse_iso(STR("1969-12-31T23:59:59.999999"), &value), TIME_STAMP);
    assert_int_equal(value, -1);
    assert_int_equal(time_parse_iso(STR("1970-01-01T09:00:00+09:00"), &value), TIME_STAMP_TZ);
    assert_int_equal(value, 0);
    assert_true(time_parse_form(STR("31 Jan 2024 13:05:09.25 +0530"),
                                STR("%d %b %Y %H:%M:%S.%f %z"), &value, &has_zone));
    assert_int_equal(time_parse_iso(STR("2024-01-31 13:05:09.25+05:30"), &other), TIME_STAMP_TZ);
    assert_true(has_zone && value == other);
    assert_true(time_parse_form(STR("2024366"), STR("%Y%j"), &value, &has_zone) && !has_zone);
    assert_false(time_parse_form(STR("2023366"), STR("%Y%j"), &value, &has_zone));
    assert_false(time_parse_form(STR("31/01/2024x"), STR("%d/%m/%Y"), &value, &has_zone));
}

/* scan_* against one byte at a time. */
static void test_scans(void **state)
{
    (void)state;
    char bytes[200];
    for (int round = 0; round < 3000; round++) {
        size_t length = next_random() % sizeof(bytes);
        for (size_t i = 0; i < length; i++)
            bytes[i] = next_random() % 8 ? 'a' : (char)next_random();
        Str s = {bytes, length};
        uint64_t count = 0;
        for (size_t i = 0; i < length; i++)
            count += bytes[i] == 'a';
        assert_int_equal(scan_count(s, 'a'), count);
        assert_int_equal(scan_invalid_utf8(s), utf8_find_invalid(s));
        size_t plain = 0, quote = 0;
        while (plain < length && bytes[plain] != '"' && bytes[plain] != '\\' &&
               (signed char)bytes[plain] >= 0x20)
            plain++;
        while (quote < length && bytes[quote] != '"' && bytes[quote] != '\\')
            quote++;
        assert_ptr_equal(scan_plain(bytes, bytes + length), bytes + plain);
        assert_ptr_equal(scan_quote(bytes, bytes + length), bytes + quote);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles),  cmocka_unit_test(test_whole),
        cmocka_unit_test(test_decimals), cmocka_unit_test(test_times),
        cmocka_unit_test(test_scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
