/* times.h: dates and times as texts write them; private to format/. */
#ifndef FORMAT_TIMES_H
#define FORMAT_TIMES_H

#include "format/digits.h"

typedef enum TimeKind { TIME_NONE, TIME_DATE, TIME_CLOCK, TIME_STAMP, TIME_STAMP_TZ } TimeKind;

/* What an ISO 8601 text is, strictly: "2020-01-31"; "10:20:30.5"; "2020-01-31T10:20:30.123456"
 * (also with a space, seconds may be left out); the same with "Z", "+09", "+0900", "+09:00".
 * Calendar days only; no more than microseconds (further digits must be 0). out  days, or
 * microseconds since midnight or 1970 (UTC with a zone) */
TimeKind time_parse_iso(Str text, int64_t *out);

/* Days since 1970-01-01 of the ten bytes of "2020-01-31"; false: no such day. */
static inline bool time_parse_day(const char *at, int64_t *out)
{
    static const int16_t before[] = {0,   0,   31,  59,  90,  120, 151, 181,
                                     212, 243, 273, 304, 334, 0,   0,   0};
    static const uint8_t lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0};
    /* "YYYY-MM-" and "DD": a digit may be up to 9, a dash is 0 when taken from itself */
    uint64_t word = digits_load(at) ^ UINT64_C(0x2d30302d30303030);
    uint16_t last;
    memcpy(&last, at + 8, sizeof last);
    last ^= 0x3030;
    uint64_t beyond = (word + UINT64_C(0x7f76767f76767676)) | word;
    uint32_t beyond_last = (last + 0x7676u) | last;
    if ((beyond & DIGIT_TOPS) | (beyond_last & 0x8080))
        return false;
    word = word * 10 + (word >> 8);
    uint32_t century = word & 0xff, of_century = word >> 16 & 0xff, month = word >> 40 & 0xff;
    uint32_t day = (last & 0xffu) * 10 + (last >> 8), year = century * 100 + of_century;
    bool is_leap = of_century ? !(of_century & 3) : !(century & 3);
    if (!year || month > 12 || day - 1 >= lengths[month] + (uint32_t)(month == 2 && is_leap))
        return false;
    uint32_t former = year - 1;
    *out = (int64_t)(former * 365 + former / 4 - former / 100 + former / 400 +
                     (uint32_t)before[month] + (month > 2 && is_leap) + day) -
           719163;
    return true;
}

/* Seconds since midnight of the eight bytes of "10:20:30"; false: no such time. */
static inline bool time_parse_clock(const char *at, int64_t *out)
{
    uint64_t word = digits_load(at) ^ UINT64_C(0x30303a30303a3030);
    uint64_t beyond = (word + UINT64_C(0x76767f76767f7676)) | word;
    if (beyond & DIGIT_TOPS)
        return false;
    word = word * 10 + (word >> 8);
    uint32_t hour = word & 0xff, minute = word >> 24 & 0xff, second = word >> 48 & 0xff;
    *out = (hour * 60 + minute) * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

/* Microseconds of "2020-01-31 10:20:30" (or T), with "Z" behind it where `has_zone`; other forms
 * are for time_parse_iso(). */
static inline bool time_parse_stamp(const char *at, size_t len, bool has_zone, int64_t *out)
{
    int64_t days, seconds;
    if (len != 19u + has_zone || (has_zone && at[19] != 'Z') || (at[10] != ' ' && at[10] != 'T') ||
        !time_parse_day(at, &days) || !time_parse_clock(at + 11, &seconds))
        return false;
    *out = (days * 86400 + seconds) * 1000000;
    return true;
}

/* By a strptime form: %Y %y %m %d %e %H %I %M %S %f %p %b %B %j %z %%; other characters stand for
 * themselves, a space for any white space. *has_zone: the text named its offset; *out is
 * microseconds UTC. */
bool time_parse_form(Str text, Str form, int64_t *out, bool *has_zone);

#endif
