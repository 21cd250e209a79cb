/* times.c: see times.h. */
#include "base/clock.h"
#include "format/times.h"

#define DAY_US (INT64_C(86400) * 1000000)

/* `count` digits at text[at] as a number, or -1. */
static inline int digits_at(Str text, size_t at, unsigned count)
{
    if (text.len < at + count)
        return -1;
    int value = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = (unsigned char)(text.at[at + i] - '0');
        if (digit > 9)
            return -1;
        value = value * 10 + (int)digit;
    }
    return value;
}

/* Days since 1970-01-01; false if there is no such day. */
static bool civil_days(int year, int month, int day, int64_t *out)
{
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > lengths[month - 1] + (month == 2 && is_leap))
        return false;
    /* Years begin in March: the leap day is their last. */
    int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    *out = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return true;
}

/* ".123456" behind the seconds: moves *at. Digits beyond the sixth must be 0. */
static bool fraction_at(Str text, size_t *at, int64_t *micros)
{
    *micros = 0;
    if (*at == text.len || (text.at[*at] != '.' && text.at[*at] != ','))
        return true;
    size_t begin = ++*at;
    int64_t unit = 100000;
    for (; *at < text.len && (unsigned char)(text.at[*at] - '0') < 10; ++*at) {
        if (!unit && text.at[*at] != '0')
            return false;
        *micros += unit * (text.at[*at] - '0');
        unit /= 10;
    }
    return *at > begin && *at - begin <= 9;
}

/* "10:20", "10:20:30", "10:20:30.5" at *at. */
static bool clock_at(Str text, size_t *at, bool needs_seconds, int64_t *micros)
{
    int hour = digits_at(text, *at, 2), minute = digits_at(text, *at + 3, 2), second = 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text.at[*at + 2] != ':')
        return false;
    *at += 5;
    int64_t part = 0;
    if (*at < text.len && text.at[*at] == ':') {
        second = digits_at(text, *at + 1, 2);
        if (second < 0 || second > 59)
            return false;
        *at += 3;
        if (!fraction_at(text, at, &part))
            return false;
    } else if (needs_seconds) {
        return false;
    }
    *micros = ((hour * 60 + minute) * INT64_C(60) + second) * 1000000 + part;
    return true;
}

/* "Z", "+09", "+0900", "+09:00" up to the end. */
static bool zone_at(Str text, size_t at, int64_t *offset_us)
{
    char sign = text.at[at];
    if ((sign | 0x20) == 'z') {
        *offset_us = 0;
        return at + 1 == text.len;
    }
    int hours = digits_at(text, at + 1, 2), minutes = 0;
    if ((sign != '+' && sign != '-') || hours < 0 || hours > 15)
        return false;
    at += 3;
    if (at < text.len) {
        at += text.at[at] == ':';
        minutes = digits_at(text, at, 2);
        at += 2;
        if (minutes < 0 || minutes > 59)
            return false;
    }
    *offset_us = (hours * 60 + minutes) * INT64_C(60000000) * (sign == '-' ? -1 : 1);
    return at == text.len;
}

TimeKind time_parse_iso(Str text, int64_t *out)
{
    if (text.len < 8 || text.len > 40)
        return TIME_NONE;
    if (text.at[2] == ':') {
        size_t at = 0;
        return clock_at(text, &at, true, out) && at == text.len ? TIME_CLOCK : TIME_NONE;
    }
    int64_t days, micros, offset = 0;
    if (text.len < 10 || !time_parse_day(text.at, &days))
        return TIME_NONE;
    if (text.len == 10) {
        *out = days;
        return TIME_DATE;
    }
    size_t at = 11;
    if ((text.at[10] != 'T' && text.at[10] != ' ') || text.len < 16 ||
        !clock_at(text, &at, false, &micros))
        return TIME_NONE;
    bool has_zone = at < text.len;
    if (has_zone && text.at[at] == ' ' && at + 1 < text.len)
        at++;
    if (has_zone && !zone_at(text, at, &offset))
        return TIME_NONE;
    *out = days * DAY_US + micros - offset;
    return has_zone ? TIME_STAMP_TZ : TIME_STAMP;
}

/* ---- by a form ---- */

typedef struct Parts {
    int year, month, day, of_year, hour, minute, second;
    int64_t micros, offset_us;
    bool is_twelve, is_pm, has_zone;
} Parts;

/* Up to `most` digits. */
static bool take_number(Str text, size_t *at, unsigned most, int *out)
{
    int value = 0;
    unsigned count = 0;
    for (; count < most && *at < text.len && (unsigned char)(text.at[*at] - '0') < 10;
         ++*at, count++)
        value = value * 10 + (text.at[*at] - '0');
    *out = value;
    return count > 0;
}

/* "Jan" or "January". */
static bool take_month(Str text, size_t *at, int *out)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    for (int i = 0; i < 12; i++) {
        size_t length = strlen(names[i]);
        for (size_t cut = length; cut >= 3; cut = cut > 3 ? 3 : 0) {
            if (!str_eq_fold(str_slice(text, *at, *at + cut), (Str){names[i], cut}))
                continue;
            *at += cut;
            *out = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_fraction(Str text, size_t *at, int64_t *micros)
{
    int64_t unit = 100000;
    size_t begin = *at;
    for (*micros = 0; *at < text.len && (unsigned char)(text.at[*at] - '0') < 10;
         ++*at, unit /= 10) {
        if (!unit && text.at[*at] != '0')
            return false;
        *micros += unit * (text.at[*at] - '0');
    }
    return *at > begin;
}

static bool take_zone(Str text, size_t *at, Parts *parts)
{
    size_t end = *at;
    while (end < text.len && text.at[end] != ' ')
        end++;
    if (end == *at || !zone_at(str_slice(text, 0, end), *at, &parts->offset_us))
        return false;
    *at = end;
    return parts->has_zone = true;
}

/* One conversion of the form. */
static bool take_part(char which, Str text, size_t *at, Parts *parts)
{
    switch (which) {
    case 'Y':
        return take_number(text, at, 4, &parts->year);
    case 'y':
        if (!take_number(text, at, 2, &parts->year))
            return false;
        parts->year += parts->year < 69 ? 2000 : 1900;
        return true;
    case 'm':
        return take_number(text, at, 2, &parts->month);
    case 'b':
    case 'B':
        return take_month(text, at, &parts->month);
    case 'e':
        *at += *at < text.len && text.at[*at] == ' ';
        return take_number(text, at, 2, &parts->day);
    case 'd':
        return take_number(text, at, 2, &parts->day);
    case 'j':
        return take_number(text, at, 3, &parts->of_year);
    case 'H':
        return take_number(text, at, 2, &parts->hour) && parts->hour < 24;
    case 'I':
        parts->is_twelve = true;
        return take_number(text, at, 2, &parts->hour) && parts->hour >= 1 && parts->hour <= 12;
    case 'M':
        return take_number(text, at, 2, &parts->minute) && parts->minute < 60;
    case 'S':
        return take_number(text, at, 2, &parts->second) && parts->second < 60;
    case 'f':
        return take_fraction(text, at, &parts->micros);
    case 'p': {
        Str half = str_slice(text, *at, *at + 2);
        parts->is_pm = str_eq_fold(half, STR("pm"));
        *at += 2;
        return parts->is_pm || str_eq_fold(half, STR("am"));
    }
    case 'z':
        return take_zone(text, at, parts);
    case '%':
        return *at < text.len && text.at[(*at)++] == '%';
    default:
        return false;
    }
}

bool time_parse_form(Str text, Str form, int64_t *out, bool *has_zone)
{
    Parts parts = {.year = 1970, .month = 1, .day = 1};
    size_t at = 0;
    for (size_t i = 0; i < form.len; i++) {
        if (form.at[i] == '%' && i + 1 < form.len) {
            if (!take_part(form.at[++i], text, &at, &parts))
                return false;
        } else if (form.at[i] == ' ') {
            while (at < text.len && text.at[at] == ' ')
                at++;
        } else if (at == text.len || text.at[at++] != form.at[i]) {
            return false;
        }
    }
    int64_t days;
    if (at != text.len || !civil_days(parts.year, parts.month, parts.day, &days))
        return false;
    if (parts.of_year) {
        int64_t next;
        if (!civil_days(parts.year, 1, 1, &days) || !civil_days(parts.year + 1, 1, 1, &next) ||
            days + parts.of_year > next)
            return false;
        days += parts.of_year - 1;
    }
    if (parts.is_twelve)
        parts.hour = parts.hour % 12 + (parts.is_pm ? 12 : 0);
    *out = days * DAY_US +
           ((parts.hour * 60 + parts.minute) * INT64_C(60) + parts.second) * 1000000 +
           parts.micros - parts.offset_us;
    *has_zone = parts.has_zone;
    return true;
}
