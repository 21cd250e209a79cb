/* print.c: values of a column as texts, plain or as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow_base.h"
#include "base/clock.h"
#include "base/json.h"

#define US_PER_SECOND 1000000LL
#define US_PER_DAY (86400 * US_PER_SECOND)

/* The fixed-width value of a row. */
static const char *value_at(const Field *field, const struct ArrowArray *array, uint64_t row)
{
    const char *values = array->buffers[1];
    return values + (row + (uint64_t)array->offset) * arrow_widths[field->type];
}

/* An integer of the types that are no unsigned 64 bits. */
static int64_t int_at(const Field *field, const char *at)
{
    int64_t number = 0;
    unsigned bits = 8u * arrow_widths[field->type];
    memcpy(&number, at, bits / 8);
    bool is_unsigned = field->type >= ARROW_UINT8 && field->type <= ARROW_UINT32;
    if (bits < 64 && !is_unsigned) {
        uint64_t sign = 1ULL << (bits - 1);
        number = (int64_t)(((uint64_t)number ^ sign) - sign);
    }
    return number;
}

static void print_uint(uint64_t number, Text *out)
{
    text_print(out, "%llu", (unsigned long long)number);
}

/* All digits of the scale: "-0.05". */
static void print_decimal(const char *at, unsigned scale, Text *out)
{
    char digits[48];
    size_t begin = sizeof digits;
    __int128 number;
    memcpy(&number, at, sizeof number);
    bool is_negative = number < 0;
    unsigned __int128 rest = is_negative ? -(unsigned __int128)number : (unsigned __int128)number;
    for (unsigned i = 0; rest || i <= scale; i++) {
        if (i == scale && scale)
            digits[--begin] = '.';
        digits[--begin] = (char)('0' + (unsigned)(rest % 10));
        rest /= 10;
    }
    if (is_negative)
        digits[--begin] = '-';
    text_add_bytes(out, digits + begin, sizeof digits - begin);
}

/* The shortest digits that give the same float or double. */
static void print_real(const Field *field, const char *at, Text *out)
{
    double real;
    if (field->type == ARROW_DOUBLE) {
        memcpy(&real, at, sizeof real);
    } else {
        float narrow;
        memcpy(&narrow, at, sizeof narrow);
        real = (double)narrow;
    }
    if (isnan(real)) {
        text_add(out, STR("NaN"));
    } else if (isinf(real)) {
        text_add_c(out, real < 0 ? "-Infinity" : "Infinity");
    } else if (field->type == ARROW_DOUBLE) {
        float_print(real, out);
    } else {
        char digits[32];
        for (int precision = 6; precision <= 9; precision++) {
            snprintf(digits, sizeof digits, "%.*g", precision, real);
            if (strtof(digits, NULL) == (float)real)
                break;
        }
        text_add_c(out, digits);
    }
}

/* ".5", ".123456": a fraction without zeros at its end; nothing for 0. */
static void print_fraction(uint64_t fraction, unsigned digits, Text *out)
{
    if (!fraction)
        return;
    while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    text_print(out, ".%0*llu", (int)digits, (unsigned long long)fraction);
}

static void print_date(int64_t days, Text *out)
{
    int64_t year;
    unsigned month, day;
    civil_of_days(days, &year, &month, &day);
    bool is_before = year <= 0; /* there is no year 0: 1 BC stands before 1 */
    text_print(out, "%04lld-%02u-%02u", (long long)(is_before ? 1 - year : year), month, day);
}

static void print_time(int64_t us, Text *out)
{
    int64_t seconds = us / US_PER_SECOND;
    text_print(out, "%02lld:%02lld:%02lld", (long long)(seconds / 3600),
               (long long)(seconds / 60 % 60), (long long)(seconds % 60));
    print_fraction((uint64_t)(us % US_PER_SECOND), 6, out);
}

/* Days and the time of day; the ends of the range are infinite, as in DuckDB and Postgres. */
static void print_moment(const Field *field, int64_t number, bool is_json, Text *out)
{
    bool is_date = field->type == ARROW_DATE;
    int64_t most = is_date ? INT32_MAX : INT64_MAX;
    if (number == most || number == -most) {
        text_add_c(out, number < 0 ? "-infinity" : "infinity");
        return;
    }
    int64_t days = number, us = 0;
    if (!is_date) {
        days = number / US_PER_DAY - (number % US_PER_DAY < 0);
        us = number - days * US_PER_DAY;
    }
    print_date(days, out);
    if (!is_date) {
        text_add_char(out, is_json ? 'T' : ' ');
        print_time(us, out);
    }
    if (field->type == ARROW_TIMESTAMP_TZ)
        text_add_c(out, is_json ? "Z" : "+00");
    if (days < -719162) /* 0001-01-01 */
        text_add(out, STR(" (BC)"));
}

/* "1 year 2 months -3 days -04:05:06.5"; "00:00:00" for none. */
static void print_interval(const char *at, Text *out)
{
    int32_t months, days;
    int64_t ns;
    memcpy(&months, at, 4);
    memcpy(&days, at + 4, 4);
    memcpy(&ns, at + 8, 8);
    const struct {
        int32_t number;
        const char *unit;
    } parts[] = {{months / 12, "year"}, {months % 12, "month"}, {days, "day"}};
    size_t from = out->len;
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (parts[i].number)
            text_print(out, "%s%d %s%s", out->len > from ? " " : "", parts[i].number, parts[i].unit,
                       parts[i].number == 1 || parts[i].number == -1 ? "" : "s");
    if (!ns && out->len > from)
        return;
    uint64_t rest = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, seconds = rest / 1000000000;
    text_print(out, "%s%s%02llu:%02llu:%02llu", out->len > from ? " " : "", ns < 0 ? "-" : "",
               (unsigned long long)(seconds / 3600), (unsigned long long)(seconds / 60 % 60),
               (unsigned long long)(seconds % 60));
    print_fraction(rest % 1000000000, 9, out);
}

static void print_hex(const unsigned char *at, size_t len, Text *out)
{
    static const char digits[] = "0123456789abcdef";
    text_reserve(out, len * 2);
    for (size_t i = 0; i < len; i++) {
        const char pair[2] = {digits[at[i] >> 4], digits[at[i] & 15]};
        text_add_bytes(out, pair, 2);
    }
}

static void print_uuid(const char *at, Text *out)
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (i)
            text_add_char(out, '-');
        print_hex((const unsigned char *)at, groups[i], out);
        at += groups[i];
    }
}

/* What neither a text nor nested is: the same letters in JSON, but for the T of a moment. */
static void print_plain(const Field *field, const struct ArrowArray *array, uint64_t row,
                        bool is_json, Text *out)
{
    const char *at = arrow_widths[field->type] ? value_at(field, array, row) : NULL;
    uint64_t number;
    switch (field->type) {
    case ARROW_UINT64:
        memcpy(&number, at, sizeof number);
        print_uint(number, out);
        break;
    case ARROW_FLOAT:
    case ARROW_DOUBLE:
        print_real(field, at, out);
        break;
    case ARROW_DECIMAL:
        print_decimal(at, field->scale, out);
        break;
    case ARROW_UUID:
        print_uuid(at, out);
        break;
    case ARROW_DATE:
    case ARROW_TIMESTAMP:
    case ARROW_TIMESTAMP_TZ:
        print_moment(field, int_at(field, at), is_json, out);
        break;
    case ARROW_TIME:
        print_time(int_at(field, at), out);
        break;
    case ARROW_INTERVAL:
        print_interval(at, out);
        break;
    case ARROW_BINARY: {
        Str bytes = array_bytes(array, row);
        text_add(out, STR("\\x"));
        print_hex((const unsigned char *)bytes.at, bytes.len, out);
        break;
    }
    default:
        text_add_int(out, int_at(field, at));
    }
}

static bool bool_at(const struct ArrowArray *array, uint64_t row)
{
    return bit_get(array->buffers[1], row + (uint64_t)array->offset);
}

static void print_json_list(const Field *field, const struct ArrowArray *array, uint64_t row,
                            Text *out)
{
    const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset + row;
    text_add_char(out, '[');
    for (int32_t i = offsets[0]; i < offsets[1]; i++) {
        text_add_c(out, i > offsets[0] ? "," : "");
        array_print_json(&field->children[0], array->children[0], (uint64_t)i, out);
    }
    text_add_char(out, ']');
}

static void print_json_struct(const Field *field, const struct ArrowArray *array, uint64_t row,
                              Text *out)
{
    text_add_char(out, '{');
    for (uint32_t i = 0; i < field->child_count; i++) {
        text_add_c(out, i ? "," : "");
        json_print_text(field->children[i].name, true, out);
        text_add_char(out, ':');
        array_print_json(&field->children[i], array->children[i], row + (uint64_t)array->offset,
                         out);
    }
    text_add_char(out, '}');
}

/* A real that JSON has no number for, a moment, a UUID ...: in quotes. */
static bool is_json_number(const Field *field, const struct ArrowArray *array, uint64_t row)
{
    if (field->type != ARROW_FLOAT && field->type != ARROW_DOUBLE)
        return field->type >= ARROW_INT8 && field->type <= ARROW_DECIMAL;
    const char *at = value_at(field, array, row);
    double real = 0;
    float narrow = 0;
    memcpy(&real, at, field->type == ARROW_DOUBLE ? sizeof real : 0);
    memcpy(&narrow, at, field->type == ARROW_FLOAT ? sizeof narrow : 0);
    return isfinite(real) && isfinite(narrow);
}

void array_print_json(const Field *field, const struct ArrowArray *array, uint64_t row, Text *out)
{
    if (field->type == ARROW_NULL || array_is_null(array, row)) {
        text_add(out, STR("null"));
    } else if (field->type == ARROW_BOOL) {
        text_add_c(out, bool_at(array, row) ? "true" : "false");
    } else if (field->type == ARROW_TEXT) {
        json_print_text(array_bytes(array, row), true, out);
    } else if (field->type == ARROW_JSON) {
        text_add(out, array_bytes(array, row));
    } else if (field->type == ARROW_LIST) {
        print_json_list(field, array, row, out);
    } else if (field->type == ARROW_STRUCT) {
        print_json_struct(field, array, row, out);
    } else if (is_json_number(field, array, row)) {
        print_plain(field, array, row, true, out);
    } else if (field->type == ARROW_BINARY) {
        AUTO(text) Text hex = {0};
        print_plain(field, array, row, true, &hex);
        json_print_text(text_str(&hex), true, out);
    } else {
        text_add_char(out, '"');
        print_plain(field, array, row, true, out);
        text_add_char(out, '"');
    }
}

void array_print(const Field *field, const struct ArrowArray *array, uint64_t row, Text *out)
{
    if (field->type == ARROW_NULL || array_is_null(array, row))
        return;
    if (field->type == ARROW_BOOL)
        text_add_char(out, bool_at(array, row) ? 't' : 'f');
    else if (field->type == ARROW_TEXT || field->type == ARROW_JSON)
        text_add(out, array_bytes(array, row));
    else if (field->type == ARROW_LIST || field->type == ARROW_STRUCT)
        array_print_json(field, array, row, out);
    else
        print_plain(field, array, row, false, out);
}
