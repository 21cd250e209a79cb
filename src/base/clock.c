/* clock.c: the system's clocks, and the calendar.
 *
 * Dates are counted in years that begin in March, so that the leap day is the year's last:
 * then a month's first day is (153 * m + 2) / 5 for m = 0 (March) to 11 (February).
 */
#include "base/clock.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#define US_PER_SECOND 1000000
#define SECONDS_PER_DAY 86400
#define DAYS_PER_ERA 146097   /* 400 years */
#define DAYS_TO_1970 719468   /* from 0000-03-01 */

static int64_t clock_read_us(clockid_t clock)
{
    struct timespec at;
    int failed = clock_gettime(clock, &at);
    assert(!failed);
    return (int64_t)at.tv_sec * US_PER_SECOND + at.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    return clock_read_us(CLOCK_REALTIME);
}

int64_t clock_steady_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

int64_t clock_cpu_us(void)
{
    return clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t clock_thread_cpu_us(void)
{
    return clock_read_us(CLOCK_THREAD_CPUTIME_ID);
}

/* Division that rounds down, also below zero. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t days_of_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t march_year = month > 2 ? year : year - 1;
    unsigned march_month = (month + 9) % 12;
    int64_t era = floor_div(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - DAYS_TO_1970;
}

void civil_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t since = days + DAYS_TO_1970;
    int64_t era = floor_div(since, DAYS_PER_ERA);
    int64_t day_of_era = since - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    unsigned march_month = (unsigned)((5 * day_of_year + 2) / 153);
    *day = (unsigned)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = era * 400 + year_of_era + (*month <= 2);
}

Civil civil_of_us(int64_t at_us)
{
    int64_t seconds = floor_div(at_us, US_PER_SECOND);
    int64_t days = floor_div(seconds, SECONDS_PER_DAY);
    unsigned second_of_day = (unsigned)(seconds - days * SECONDS_PER_DAY);
    Civil civil = {
        .hour = second_of_day / 3600,
        .minute = second_of_day / 60 % 60,
        .second = second_of_day % 60,
        .microsecond = (unsigned)(at_us - seconds * US_PER_SECOND),
    };
    civil_of_days(days, &civil.year, &civil.month, &civil.day);
    return civil;
}

Civil civil_local(int64_t at_us)
{
    time_t seconds = (time_t)floor_div(at_us, US_PER_SECOND);
    struct tm local;
    if (!localtime_r(&seconds, &local))
        return civil_of_us(at_us);
    return (Civil){
        .year = (int64_t)local.tm_year + 1900,
        .month = (unsigned)local.tm_mon + 1,
        .day = (unsigned)local.tm_mday,
        .hour = (unsigned)local.tm_hour,
        .minute = (unsigned)local.tm_min,
        .second = (unsigned)local.tm_sec,
        .microsecond = (unsigned)(at_us - (int64_t)seconds * US_PER_SECOND),
    };
}

int64_t us_of_civil(Civil civil)
{
    int64_t seconds = days_of_civil(civil.year, civil.month, civil.day) * SECONDS_PER_DAY +
                      civil.hour * 3600 + civil.minute * 60 + civil.second;
    return seconds * US_PER_SECOND + civil.microsecond;
}

Str clock_print_iso(Arena *arena, int64_t at_us)
{
    Civil at = civil_of_us(at_us);
    return str_print(arena, "%04lld-%02u-%02uT%02u:%02u:%02u.%06uZ", (long long)at.year, at.month,
                     at.day, at.hour, at.minute, at.second, at.microsecond);
}

void clock_print_stamp(int64_t at_us, char out[9])
{
    Civil at = civil_local(at_us);
    const unsigned parts[3] = {at.hour, at.minute, at.second};
    for (int i = 0; i < 3; i++) {
        out[i * 3] = (char)('0' + parts[i] / 10);
        out[i * 3 + 1] = (char)('0' + parts[i] % 10);
        out[i * 3 + 2] = ':';
    }
    out[8] = '\0';
}

Str uuid_make(Arena *arena)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t bytes[16];
    ssize_t got = getrandom(bytes, sizeof(bytes), 0);
    assert(got == (ssize_t)sizeof(bytes)); /* up to 256 bytes are never cut short */
    bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0f));
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f));
    char *out = arena_take(arena, 37, 1), *at = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[bytes[i] >> 4];
        *at++ = hex[bytes[i] & 15];
    }
    return (Str){out, 36};
}
