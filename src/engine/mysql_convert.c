/* mysql_convert.c: values as texts and texts as values: what hints ask for, cursors, messages.
 *
 * A value that shall become another type than its own is printed and read again: exact, and slow
 * enough to stay out of mysql_decode.c's way.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/mysql_base.h"

/* ---- values of the wire ---- */

static uint64_t little(const unsigned char *at, unsigned bytes)
{
    uint64_t number = 0;
    memcpy(&number, at, bytes);
    return number;
}

/* Bytes of a fixed-width value, 0: a length stands before it. */
static unsigned width_of(MysqlWire wire)
{
    static const unsigned char widths[] = {
        [MYSQL_WIRE_INT8] = 1,  [MYSQL_WIRE_UINT8] = 1,  [MYSQL_WIRE_INT16] = 2,
        [MYSQL_WIRE_UINT16] = 2, [MYSQL_WIRE_INT32] = 4, [MYSQL_WIRE_UINT32] = 4,
        [MYSQL_WIRE_INT64] = 8, [MYSQL_WIRE_UINT64] = 8, [MYSQL_WIRE_FLOAT] = 4,
        [MYSQL_WIRE_DOUBLE] = 8, [MYSQL_WIRE_TIME] = 0,
    };
    return widths[wire];
}

Str mysql_wire_bytes(MysqlWire wire, const unsigned char **at)
{
    const unsigned char *from = *at;
    uint64_t len = width_of(wire);
    if (!len) {
        len = *from++;
        if (len > 251) {                   /* 252, 253, 254: 2, 3, 8 bytes of length follow */
            unsigned bytes = len == 252 ? 2 : len == 253 ? 3 : 8;
            len = little(from, bytes);
            from += bytes;
        }
    }
    *at = from + len;
    return (Str){(const char *)from, len};
}

static void print_real(double real, bool is_float, Text *out)
{
    char digits[40];
    for (int precision = is_float ? 6 : 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, real);
        if (is_float ? strtof(digits, NULL) == (float)real : strtod(digits, NULL) == real)
            break;
    }
    text_add_c(out, digits);
}

static void print_fraction(uint64_t microseconds, Text *out)
{
    if (!microseconds)
        return;
    text_print(out, ".%06u", (unsigned)microseconds);
    while (out->at[out->len - 1] == '0')
        text_truncate(out, out->len - 1);
}

/* [year:2 month:1 day:1 [hour minute second [us:4]]]; what is left out is zero. */
static void print_date(Str bytes, bool has_time, Text *out)
{
    unsigned char all[11] = {0};
    memcpy(all, bytes.at, bytes.len < sizeof all ? bytes.len : sizeof all);
    text_print(out, "%04u-%02u-%02u", (unsigned)little(all, 2), all[2], all[3]);
    if (has_time) {
        text_print(out, " %02u:%02u:%02u", all[4], all[5], all[6]);
        print_fraction(little(all + 7, 4), out);
    }
}

/* [is_negative:1 days:4 hour minute second [us:4]] */
static void print_time(Str bytes, Text *out)
{
    unsigned char all[12] = {0};
    memcpy(all, bytes.at, bytes.len < sizeof all ? bytes.len : sizeof all);
    text_print(out, "%s%02u:%02u:%02u", all[0] ? "-" : "",
               (unsigned)little(all + 1, 4) * 24 + all[5], all[6], all[7]);
    print_fraction(little(all + 8, 4), out);
}

static uint64_t big_endian(Str bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.len; i++)
        number = number << 8 | (unsigned char)bytes.at[i];
    return number;
}

void mysql_wire_print(MysqlWire wire, const unsigned char *at, Text *out)
{
    Str bytes = mysql_wire_bytes(wire, &at);
    uint64_t number = width_of(wire) ? little((const unsigned char *)bytes.at, bytes.len) : 0;
    float narrow;
    double wide;
    switch (wire) {
    case MYSQL_WIRE_INT8: text_add_int(out, (int8_t)number); break;
    case MYSQL_WIRE_INT16: text_add_int(out, (int16_t)number); break;
    case MYSQL_WIRE_INT32: text_add_int(out, (int32_t)number); break;
    case MYSQL_WIRE_INT64: text_add_int(out, (int64_t)number); break;
    case MYSQL_WIRE_UINT8: case MYSQL_WIRE_UINT16: case MYSQL_WIRE_UINT32: case MYSQL_WIRE_UINT64:
        text_print(out, "%llu", (unsigned long long)number);
        break;
    case MYSQL_WIRE_BIT:
        text_print(out, "%llu", (unsigned long long)big_endian(bytes));
        break;
    case MYSQL_WIRE_FLOAT:
        memcpy(&narrow, bytes.at, sizeof narrow);
        print_real((double)narrow, true, out);
        break;
    case MYSQL_WIRE_DOUBLE:
        memcpy(&wide, bytes.at, sizeof wide);
        print_real(wide, false, out);
        break;
    case MYSQL_WIRE_DATE: print_date(bytes, false, out); break;
    case MYSQL_WIRE_DATETIME: print_date(bytes, true, out); break;
    case MYSQL_WIRE_TIME: print_time(bytes, out); break;
    case MYSQL_WIRE_DECIMAL:
    case MYSQL_WIRE_TEXT:
    case MYSQL_WIRE_BYTES:
        text_add(out, bytes);
        break;
    }
}

/* ---- numbers ---- */

bool mysql_parse_decimal(Str text, unsigned precision, unsigned scale, __int128 *out)
{
    size_t at = 0;
    bool is_negative = text.len && text.at[0] == '-', has_digits = false, is_behind_dot = false;
    __int128 sum = 0;
    int64_t shift = scale, exponent = 0;            /* powers of ten still to multiply by */
    at += text.len && (text.at[0] == '-' || text.at[0] == '+');
    for (; at < text.len; at++) {
        char c = text.at[at];
        if (c == '.' && !is_behind_dot) {
            is_behind_dot = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        has_digits = true;
        if (__builtin_mul_overflow(sum, (__int128)10, &sum) ||
            __builtin_add_overflow(sum, (__int128)(c - '0'), &sum))
            return false;
        shift -= is_behind_dot;
    }
    if (at < text.len && (text.at[at] == 'e' || text.at[at] == 'E')) {
        Str digits = str_slice(text, at + 1, text.len);
        if (!str_to_int(digits, &exponent) || exponent > 400 || exponent < -400)
            return false;
        at = text.len;
    }
    if (!has_digits || at < text.len)
        return false;
    __int128 end = 1;
    for (unsigned i = 0; i < precision; i++)
        end *= 10;
    for (shift += exponent; sum && shift > 0; shift--)
        if (__builtin_mul_overflow(sum, (__int128)10, &sum))
            return false;
    for (; sum && shift < 0; shift++) {
        if (sum % 10)
            return false;
        sum /= 10;
    }
    if (sum >= end)
        return false;
    *out = is_negative ? -sum : sum;
    return true;
}

static bool parse_integer(const Field *field, Str text, ColumnBuilder *to)
{
    enum { DIGITS_OF_64_BITS = 20 };
    __int128 number;
    if (!mysql_parse_decimal(text, DIGITS_OF_64_BITS, 0, &number))
        return false;
    if (field->type == ARROW_UINT64) {
        if (number < 0 || number > UINT64_MAX)
            return false;
        column_add_uint(to, (uint64_t)number);
        return true;
    }
    if (number < INT64_MIN || number > INT64_MAX ||
        (uint64_t)number - (uint64_t)to->least > to->span)
        return false;
    column_add_int(to, (int64_t)number);
    return true;
}

static bool parse_real(const Field *field, Str text, ColumnBuilder *to)
{
    char digits[512];
    char *end;
    if (!text.len || text.len >= sizeof digits)
        return false;
    memcpy(digits, text.at, text.len);
    digits[text.len] = '\0';
    double real = strtod(digits, &end);
    if (end != digits + text.len)
        return false;
    if (field->type == ARROW_FLOAT && isfinite(real) && !isfinite((float)real))
        return false;
    column_add_double(to, real);
    return true;
}

static bool parse_bool(Str text, ColumnBuilder *to)
{
    bool is_true = str_is(text, "1") || str_eq_fold(text, STR("true")) ||
                   str_eq_fold(text, STR("t"));
    bool is_false = str_is(text, "0") || str_eq_fold(text, STR("false")) ||
                    str_eq_fold(text, STR("f"));
    if (is_true || is_false)
        column_add_bool(to, is_true);
    return is_true || is_false;
}

/* ---- dates and times ---- */

/* `count` digits at *at, moved behind them. */
static bool digits_at(Str text, size_t *at, unsigned least, unsigned most, unsigned *out)
{
    unsigned number = 0, count = 0;
    for (; count < most && *at < text.len && text.at[*at] >= '0' && text.at[*at] <= '9'; count++)
        number = number * 10 + (unsigned)(text.at[(*at)++] - '0');
    *out = number;
    return count >= least;
}

static bool take(Str text, size_t *at, char c)
{
    bool is_there = *at < text.len && text.at[*at] == c;
    *at += is_there;
    return is_there;
}

static bool date_at(Str text, size_t *at, int64_t *days)
{
    unsigned year, month, day, month_back, day_back;
    int64_t year_back;
    if (!digits_at(text, at, 4, 4, &year) || !take(text, at, '-') ||
        !digits_at(text, at, 2, 2, &month) || !take(text, at, '-') ||
        !digits_at(text, at, 2, 2, &day) || month < 1 || month > 12 || day < 1)
        return false;
    *days = days_of_civil(year, month, day);
    civil_of_days(*days, &year_back, &month_back, &day_back);
    return day_back == day;
}

/* ".5" as microseconds; what is behind the sixth digit must be zero. */
static bool fraction_at(Str text, size_t *at, int64_t *us)
{
    int64_t worth = 100000;
    *us = 0;
    if (!take(text, at, '.'))
        return true;
    for (; *at < text.len && text.at[*at] >= '0' && text.at[*at] <= '9'; (*at)++, worth /= 10) {
        if (!worth && text.at[*at] != '0')
            return false;
        *us += worth * (text.at[*at] - '0');
    }
    return true;
}

/* "[-]hhh:mm[:ss[.fraction]]" */
static bool time_at(Str text, size_t *at, int64_t *us)
{
    unsigned hour, minute, second = 0;
    int64_t fraction;
    bool is_negative = take(text, at, '-');
    if (!digits_at(text, at, 1, 3, &hour) || !take(text, at, ':') ||
        !digits_at(text, at, 2, 2, &minute) ||
        (take(text, at, ':') && !digits_at(text, at, 2, 2, &second)) || minute > 59 ||
        second > 59 || !fraction_at(text, at, &fraction))
        return false;
    *us = ((hour * 60 + minute) * 60LL + second) * 1000000 + fraction;
    *us = is_negative ? -*us : *us;
    return true;
}

/* "Z", "+00", "+0900", "-03:30"; nothing: UTC. */
static bool offset_at(Str text, size_t *at, int64_t *us)
{
    unsigned hour, minute = 0;
    *us = 0;
    if (*at == text.len || take(text, at, 'Z'))
        return true;
    bool is_negative = text.at[*at] == '-';
    if (!take(text, at, '-') && !take(text, at, '+'))
        return false;
    if (!digits_at(text, at, 2, 2, &hour))
        return false;
    take(text, at, ':');
    if (*at < text.len && !digits_at(text, at, 2, 2, &minute))
        return false;
    *us = (hour * 60 + minute) * 60000000LL;
    *us = is_negative ? -*us : *us;
    return true;
}

bool mysql_parse_timestamp(Str text, int64_t *out)
{
    enum { HOURS_A_DAY = 24 };
    size_t at = 0;
    int64_t days, time_us = 0, offset_us = 0;
    if (!date_at(text, &at, &days))
        return false;
    if (at < text.len) {
        if (!take(text, &at, ' ') && !take(text, &at, 'T'))
            return false;
        if (!time_at(text, &at, &time_us) || time_us < 0 ||
            time_us >= HOURS_A_DAY * 3600 * 1000000LL)
            return false;
        take(text, &at, ' ');
        if (!offset_at(text, &at, &offset_us))
            return false;
    }
    *out = days * HOURS_A_DAY * 3600 * 1000000LL + time_us - offset_us;
    return at == text.len;
}

static bool parse_time(const Field *field, Str text, ColumnBuilder *to)
{
    const int64_t day_us = 86400 * 1000000LL;
    size_t at = 0;
    int64_t us;
    if (field->type == ARROW_DATE || field->type == ARROW_TIMESTAMP ||
        field->type == ARROW_TIMESTAMP_TZ) {
        bool is_date = field->type == ARROW_DATE;
        if (!mysql_parse_timestamp(text, &us) || (is_date && us % day_us))
            return false;
        column_add_int(to, is_date ? us / day_us : us);
        return true;
    }
    if (!time_at(text, &at, &us) || at < text.len)
        return false;
    if (field->type == ARROW_TIME && (us < 0 || us >= day_us))
        return false;
    if (field->type == ARROW_TIME)
        column_add_int(to, us);
    else
        column_add_interval(to, 0, 0, us * 1000);
    return true;
}

/* ---- uuids, all ---- */

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 hexadecimal digits, hyphens anywhere; or the 16 bytes themselves. */
static bool parse_uuid(Str text, ColumnBuilder *to)
{
    enum { BYTES = 16 };
    char bytes[BYTES] = {0};
    unsigned count = 0;
    if (text.len == BYTES) {
        column_add_bytes(to, text);
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_of(text.at[i]);
        if (text.at[i] == '-')
            continue;
        if (digit < 0 || count == BYTES * 2)
            return false;
        bytes[count / 2] = (char)(bytes[count / 2] << 4 | digit);
        count++;
    }
    if (count == BYTES * 2)
        column_add_bytes(to, (Str){bytes, BYTES});
    return count == BYTES * 2;
}

bool mysql_parse_into(const Field *field, Str text, ColumnBuilder *to)
{
    __int128 number;
    switch (field->type) {
    case ARROW_BOOL: return parse_bool(text, to);
    case ARROW_INT8: case ARROW_INT16: case ARROW_INT32: case ARROW_INT64:
    case ARROW_UINT8: case ARROW_UINT16: case ARROW_UINT32: case ARROW_UINT64:
        return parse_integer(field, text, to);
    case ARROW_FLOAT: case ARROW_DOUBLE: return parse_real(field, text, to);
    case ARROW_DECIMAL:
        if (!mysql_parse_decimal(text, field->precision, field->scale, &number))
            return false;
        column_add_decimal(to, number);
        return true;
    case ARROW_TEXT: case ARROW_JSON:
        if (utf8_find_invalid(text) >= 0)
            return false;
        column_add_bytes(to, text);
        return true;
    case ARROW_BINARY: column_add_bytes(to, text); return true;
    case ARROW_UUID: return parse_uuid(text, to);
    case ARROW_DATE: case ARROW_TIME: case ARROW_TIMESTAMP: case ARROW_TIMESTAMP_TZ:
    case ARROW_INTERVAL: return parse_time(field, text, to);
    default: return false;
    }
}
