/* convert.c: see convert.h. What is not exactly the column's is refused, never rounded or cut. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/convert.h"
#include "format/json_scan.h"
#include "format/number.h"
#include "format/times.h"

#define DAY_US (INT64_C(86400) * 1000000)

const char *convert_reason(TypeId type)
{
    static const char *const reasons[] = {
#define NO_TYPE(id, sql, bytes) [ARROW_##id] = "no " sql,
        ARROW_TYPES(NO_TYPE)
#undef NO_TYPE
    };
    switch (type) {
    case ARROW_NULL:
        return "the column holds nothing but NULL";
    case ARROW_DECIMAL:
        return "no DECIMAL of the column's digits";
    case ARROW_LIST:
        return "no list";
    case ARROW_STRUCT:
        return "no object";
    default:
        return reasons[type];
    }
}

/* ---- numbers ---- */

static inline bool add_int(ColumnBuilder *column, int64_t value)
{
    if ((uint64_t)value - (uint64_t)column->least > column->span)
        return false;
    column_add_int(column, value);
    return true;
}

/* A float says a number if its shortest text (9 digits at most) has the same digits. */
static bool add_float(ColumnBuilder *column, const Number *number, double real)
{
    if (number->digits > 6) {
        char shown[32];
        double again = 0;
        for (int digits = 6; digits <= 9; digits++) {
            snprintf(shown, sizeof(shown), "%.*g", digits, (double)(float)real);
            again = strtod(shown, NULL);
            if ((float)again == (float)real)
                break;
        }
        if (again != real)
            return false;
    }
    if (isinf((float)real) || (real != 0 && (float)real == 0))
        return false;
    column_add_double(column, real);
    return true;
}

/* `number` into any numeric column. */
static bool add_number(const Field *field, ColumnBuilder *column, const Number *number)
{
    int64_t whole;
    uint64_t wide;
    double real;
    __int128 unscaled;
    switch (field->type) {
    case ARROW_UINT64:
        if (!number_to_uint64(number, &wide))
            return false;
        column_add_uint(column, wide);
        return true;
    case ARROW_INT8:
    case ARROW_INT16:
    case ARROW_INT32:
    case ARROW_INT64:
    case ARROW_UINT8:
    case ARROW_UINT16:
    case ARROW_UINT32:
        return number_to_int64(number, &whole) && add_int(column, whole);
    case ARROW_DOUBLE:
        if (!number_to_double(number, &real) || !number_is_double(number, real))
            return false;
        column_add_double(column, real);
        return true;
    case ARROW_FLOAT:
        return number_to_double(number, &real) && add_float(column, number, real);
    case ARROW_DECIMAL:
        if (!number_to_decimal(number, field->precision, field->scale, &unscaled))
            return false;
        column_add_decimal(column, unscaled);
        return true;
    default:
        return false;
    }
}

static bool is_numeric(TypeId type)
{
    return type >= ARROW_INT8 && type <= ARROW_DECIMAL;
}

/* Up to 18 digits without a fraction. */
static inline bool quick_int(Str text, int64_t *out)
{
    const char *at = text.at, *end = text.at + text.len;
    bool is_negative = *at == '-';
    at += is_negative;
    size_t count = (size_t)(end - at);
    if (count - 1 > 17 || (count > 1 && *at == '0'))
        return false;
    int64_t value = 0;
    for (; at < end; at++) {
        unsigned digit = (unsigned char)(*at - '0');
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *out = is_negative ? -value : value;
    return true;
}

static const char *add_special_double(ColumnBuilder *column, const Field *field, Str text)
{
    static const struct {
        Str text;
        double real;
    } specials[] = {
        {STR_INIT("nan"), (double)NAN},
        {STR_INIT("inf"), (double)INFINITY},
        {STR_INIT("infinity"), (double)INFINITY},
        {STR_INIT("-inf"), -(double)INFINITY},
        {STR_INIT("-infinity"), -(double)INFINITY},
    };
    for (size_t i = 0; i < COUNT_OF(specials); i++) {
        if (!str_eq_fold(specials[i].text, text))
            continue;
        column_add_double(column, specials[i].real);
        return NULL;
    }
    return convert_reason(field->type);
}

static const char *number_text(const Conversion *conversion, const Field *field,
                               ColumnBuilder *column, Str text)
{
    Number number;
    if (!number_parse(text, NUMBER_CSV, conversion->decimal_mark, &number)) {
        bool is_float = field->type == ARROW_DOUBLE || field->type == ARROW_FLOAT;
        return is_float ? add_special_double(column, field, text) : convert_reason(field->type);
    }
    return add_number(field, column, &number) ? NULL : convert_reason(field->type);
}

const char *convert_number(const Field *field, ColumnBuilder *column, Str raw)
{
    Number number;
    int64_t whole;
    if (field->type == ARROW_INT64 && quick_int(raw, &whole)) {
        column_add_int(column, whole);
        return NULL;
    }
    if (field->type == ARROW_TEXT || field->type == ARROW_JSON) {
        column_add_bytes(column, raw);
        return NULL;
    }
    if (is_numeric(field->type) && number_parse(raw, NUMBER_JSON, '.', &number) &&
        add_number(field, column, &number))
        return NULL;
    return convert_reason(field->type);
}

/* ---- booleans ---- */

const char *convert_bool(const Field *field, ColumnBuilder *column, bool is_true)
{
    if (field->type == ARROW_BOOL)
        column_add_bool(column, is_true);
    else if (field->type == ARROW_TEXT || field->type == ARROW_JSON)
        column_add_bytes(column, is_true ? STR("true") : STR("false"));
    else
        return convert_reason(field->type);
    return NULL;
}

int convert_bool_word(Str text)
{
    static const struct {
        Str text;
        int is_true;
    } words[] = {
        {STR_INIT("true"), 1}, {STR_INIT("false"), 0}, {STR_INIT("t"), 1},   {STR_INIT("f"), 0},
        {STR_INIT("1"), 1},    {STR_INIT("0"), 0},     {STR_INIT("yes"), 1}, {STR_INIT("no"), 0},
        {STR_INIT("y"), 1},    {STR_INIT("n"), 0},
    };
    if (str_eq(text, STR("true")) || str_eq(text, STR("false")))
        return text.len == 4;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_fold(words[i].text, text))
            return words[i].is_true;
    return -1;
}

static const char *bool_text(ColumnBuilder *column, Str text)
{
    int is_true = convert_bool_word(text);
    if (is_true < 0)
        return convert_reason(ARROW_BOOL);
    column_add_bool(column, is_true);
    return NULL;
}

/* ---- times ---- */

static bool stamp_by_form(const Conversion *conversion, TypeId type, Str text, int64_t *value)
{
    bool has_zone;
    if (!time_parse_form(text, conversion->timestamp_format, value, &has_zone))
        return false;
    return has_zone == (type == ARROW_TIMESTAMP_TZ);
}

static bool parse_time(const Conversion *conversion, TypeId type, Str text, int64_t *value)
{
    bool has_zone;
    if (type == ARROW_DATE && conversion->date_format.len) {
        bool is_date = time_parse_form(text, conversion->date_format, value, &has_zone);
        *value = is_date ? *value / DAY_US - (*value % DAY_US < 0) : 0;
        return is_date;
    }
    bool is_stamp = type == ARROW_TIMESTAMP || type == ARROW_TIMESTAMP_TZ;
    if (is_stamp && conversion->timestamp_format.len)
        return stamp_by_form(conversion, type, text, value);
    TimeKind kind = time_parse_iso(text, value);
    if (type == ARROW_TIMESTAMP && kind == TIME_DATE) {
        *value *= DAY_US;
        return true;
    }
    return (type == ARROW_DATE && kind == TIME_DATE) ||
           (type == ARROW_TIME && kind == TIME_CLOCK) ||
           (type == ARROW_TIMESTAMP && kind == TIME_STAMP) ||
           (type == ARROW_TIMESTAMP_TZ && kind == TIME_STAMP_TZ);
}

/* ---- the others ---- */

/* "6ba7b810-9dad-11d1-80b4-00c04fd430c8", with or without its dashes. */
static const char *uuid_text(ColumnBuilder *column, Str text)
{
    unsigned char bytes[16] = {0};
    unsigned count = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i], low = c | 0x20;
        bool is_digit = c >= '0' && c <= '9', is_letter = low >= 'a' && low <= 'f';
        if (c == '-' && text.len == 36 && (i == 8 || i == 13 || i == 18 || i == 23))
            continue;
        if ((!is_digit && !is_letter) || count == 32)
            return convert_reason(ARROW_UUID);
        unsigned nibble = is_digit ? c - 48u : low - 87u;
        bytes[count / 2] = (unsigned char)(bytes[count / 2] << 4 | nibble);
        count++;
    }
    if (count != 32)
        return convert_reason(ARROW_UUID);
    column_add_bytes(column, (Str){(const char *)bytes, 16});
    return NULL;
}

static const char *json_field(ColumnBuilder *column, Str text)
{
    JsonCheck check = {.at = text.at, .end = text.at + text.len, .is_whole = true};
    check.at = json_skip_spaces(check.at, check.end);
    if (json_check_value(&check) != JSON_COMPLETE ||
        json_skip_spaces(check.at, check.end) != check.end)
        return convert_reason(ARROW_JSON);
    column_add_bytes(column, text);
    return NULL;
}

const char *convert_text(const Conversion *conversion, const Field *field, ColumnBuilder *column,
                         Str text)
{
    int64_t value;
    switch (field->type) {
    case ARROW_TEXT:
    case ARROW_BINARY:
        column_add_bytes(column, text);
        return NULL;
    case ARROW_INT64:
        if (text.len && quick_int(text, &value)) {
            column_add_int(column, value);
            return NULL;
        }
        return number_text(conversion, field, column, text);
    case ARROW_INT8:
    case ARROW_INT16:
    case ARROW_INT32:
    case ARROW_UINT8:
    case ARROW_UINT16:
    case ARROW_UINT32:
    case ARROW_UINT64:
    case ARROW_FLOAT:
    case ARROW_DOUBLE:
    case ARROW_DECIMAL:
        return number_text(conversion, field, column, text);
    case ARROW_DATE:
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
    case ARROW_TIMESTAMP_TZ:
        return parse_time(conversion, field->type, text, &value) && add_int(column, value)
                   ? NULL
                   : convert_reason(field->type);
    case ARROW_BOOL:
        return bool_text(column, text);
    case ARROW_UUID:
        return uuid_text(column, text);
    case ARROW_JSON:
        return json_field(column, text);
    default:
        return convert_reason(field->type);
    }
}
