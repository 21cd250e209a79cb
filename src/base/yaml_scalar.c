/* yaml_scalar.c: plain scalars by the rules of YAML 1.1 as PyYAML 6 has them.
 *
 * The rules are regular expressions there; here each is a walk of a cursor. Peculiar but wanted:
 * 017 is octal and 0o17 a text, 1_000 is a number, 1:30 is 90, 1e5 is a text (no dot, no sign),
 * yes/on are true. Integers beyond 64 bits keep their digits as text.
 */
#include "base/yaml_scalar.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/yaml.h"

/* ---- cursor ---- */

typedef struct Cursor {
    const char *at, *end;
} Cursor;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Passes one of `set`. */
static bool pass_one(Cursor *cursor, const char *set)
{
    if (cursor->at == cursor->end || !*cursor->at || !strchr(set, *cursor->at))
        return false;
    cursor->at++;
    return true;
}

/* Passes up to `most` of `set`; gives how many. */
static size_t pass_many(Cursor *cursor, const char *set, size_t most)
{
    size_t count = 0;
    while (count < most && pass_one(cursor, set))
        count++;
    return count;
}

static bool at_end(const Cursor *cursor)
{
    return cursor->at == cursor->end;
}

#define DIGITS "0123456789"
#define ANY SIZE_MAX

/* (:[0-5]?[0-9])+ */
static bool pass_sixties(Cursor *cursor)
{
    size_t count = 0;
    while (cursor->end - cursor->at >= 2 && *cursor->at == ':' && is_digit(cursor->at[1])) {
        bool has_two = cursor->end - cursor->at >= 3 && is_digit(cursor->at[2]);
        if (has_two && cursor->at[1] > '5')
            return false;
        cursor->at += has_two ? 3 : 2;
        count++;
    }
    return count > 0;
}

static bool is_int(Str s)
{
    Cursor cursor = {s.at, s.at + s.len};
    pass_one(&cursor, "+-");
    if (pass_one(&cursor, "0")) {
        if (at_end(&cursor))
            return true;
        if (pass_one(&cursor, "b"))
            return pass_many(&cursor, "01_", ANY) && at_end(&cursor);
        if (pass_one(&cursor, "x"))
            return pass_many(&cursor, DIGITS "abcdefABCDEF_", ANY) && at_end(&cursor);
        return pass_many(&cursor, "01234567_", ANY) && at_end(&cursor);
    }
    if (!pass_one(&cursor, "123456789"))
        return false;
    pass_many(&cursor, DIGITS "_", ANY);
    return at_end(&cursor) || (pass_sixties(&cursor) && at_end(&cursor));
}

/* ([eE][-+][0-9]+)? and the end */
static bool ends_in_exponent(Cursor *cursor)
{
    if (pass_one(cursor, "eE") && !(pass_one(cursor, "+-") && pass_many(cursor, DIGITS, ANY)))
        return false;
    return at_end(cursor);
}

static bool is_float(Str s)
{
    Cursor cursor = {s.at, s.at + s.len};
    bool has_sign = pass_one(&cursor, "+-");
    Str rest = {cursor.at, (size_t)(cursor.end - cursor.at)};
    if (pass_one(&cursor, ".")) {
        if (str_is(rest, ".inf") || str_is(rest, ".Inf") || str_is(rest, ".INF"))
            return true;
        if (has_sign)
            return false;
        if (str_is(rest, ".nan") || str_is(rest, ".NaN") || str_is(rest, ".NAN"))
            return true;
        if (!pass_one(&cursor, DIGITS))
            return false;
        pass_many(&cursor, DIGITS "_", ANY);
        return ends_in_exponent(&cursor);
    }
    if (!pass_one(&cursor, DIGITS))
        return false;
    pass_many(&cursor, DIGITS "_", ANY);
    bool has_sixties = pass_sixties(&cursor);
    if (!pass_one(&cursor, "."))
        return false;
    pass_many(&cursor, DIGITS "_", ANY);
    return has_sixties ? at_end(&cursor) : ends_in_exponent(&cursor);
}

static bool is_bool(Str s)
{
    static const char *const words[] = {"yes",   "Yes",   "YES",   "no",  "No",  "NO",
                                        "true",  "True",  "TRUE",  "on",  "On",  "ON",
                                        "false", "False", "FALSE", "off", "Off", "OFF"};
    for (size_t i = 0; s.len <= 5 && i < COUNT_OF(words); i++)
        if (str_is(s, words[i]))
            return true;
    return false;
}

static bool is_null(Str s)
{
    return !s.len || str_is(s, "~") || str_is(s, "null") || str_is(s, "Null") || str_is(s, "NULL");
}

/* ---- timestamps ---- */

typedef struct Stamp {
    Civil civil;
    bool has_time, has_zone;
    int zone_minutes;
} Stamp;

static unsigned number_between(const char *from, const char *to)
{
    unsigned number = 0;
    for (; from < to; from++)
        number = number * 10 + (unsigned)(*from - '0');
    return number;
}

/* Passes `least` to `most` digits. */
static bool pass_number(Cursor *cursor, size_t least, size_t most, unsigned *out)
{
    const char *from = cursor->at;
    size_t count = pass_many(cursor, DIGITS, most);
    *out = number_between(from, cursor->at);
    return count >= least;
}

/* [ \t]*(Z|[-+][0-9][0-9]?(:[0-9][0-9])?) */
static bool pass_zone(Cursor *cursor, Stamp *out)
{
    pass_many(cursor, " \t", ANY);
    out->has_zone = true;
    if (pass_one(cursor, "Z"))
        return true;
    bool is_west = !at_end(cursor) && *cursor->at == '-';
    unsigned hours, minutes = 0;
    if (!pass_one(cursor, "+-") || !pass_number(cursor, 1, 2, &hours) ||
        (pass_one(cursor, ":") && !pass_number(cursor, 2, 2, &minutes)))
        return false;
    out->zone_minutes = (int)(hours * 60 + minutes) * (is_west ? -1 : 1);
    return true;
}

/* Reads a date or a date with time; false if the form is another. The numbers are not checked. */
static bool stamp_parse(Str s, Stamp *out)
{
    if (s.len < 8 || s.at[4] != '-')
        return false;
    Cursor cursor = {s.at, s.at + s.len};
    Stamp stamp = {0};
    unsigned year;
    if (!pass_number(&cursor, 4, 4, &year) || !pass_one(&cursor, "-"))
        return false;
    stamp.civil.year = year;
    if (!pass_number(&cursor, 1, 2, &stamp.civil.month) || !pass_one(&cursor, "-") ||
        !pass_number(&cursor, 1, 2, &stamp.civil.day))
        return false;
    *out = stamp;
    if (at_end(&cursor))
        return s.len == 10; /* without a time, month and day have two digits */
    if (!pass_one(&cursor, "Tt") && !pass_many(&cursor, " \t", ANY))
        return false;
    stamp.has_time = true;
    if (!pass_number(&cursor, 1, 2, &stamp.civil.hour) || !pass_one(&cursor, ":") ||
        !pass_number(&cursor, 2, 2, &stamp.civil.minute) || !pass_one(&cursor, ":") ||
        !pass_number(&cursor, 2, 2, &stamp.civil.second))
        return false;
    if (pass_one(&cursor, ".")) {
        const char *from = cursor.at;
        pass_many(&cursor, DIGITS, ANY);
        for (int i = 0; i < 6; i++, from += from < cursor.at)
            stamp.civil.microsecond = stamp.civil.microsecond * 10 +
                                      (from < cursor.at ? (unsigned)(*from - '0') : 0);
    }
    if (!at_end(&cursor) && !pass_zone(&cursor, &stamp))
        return false;
    *out = stamp;
    return at_end(&cursor);
}

static bool stamp_is_valid(const Stamp *stamp)
{
    const Civil *civil = &stamp->civil;
    if (civil->year < 1 || civil->month < 1 || civil->month > 12 || civil->day < 1)
        return false;
    int64_t year;
    unsigned month, day;
    civil_of_days(days_of_civil(civil->year, civil->month, civil->day), &year, &month, &day);
    return month == civil->month && day == civil->day && civil->hour < 24 && civil->minute < 60 &&
           civil->second < 60 && abs(stamp->zone_minutes) < 24 * 60;
}

/* As Python's str() of a date or datetime. */
static Str stamp_print(Arena *arena, const Stamp *stamp)
{
    const Civil *civil = &stamp->civil;
    AUTO(text) Text out = {0};
    text_print(&out, "%04d-%02u-%02u", (int)civil->year, civil->month, civil->day);
    if (stamp->has_time)
        text_print(&out, " %02u:%02u:%02u", civil->hour, civil->minute, civil->second);
    if (civil->microsecond)
        text_print(&out, ".%06u", civil->microsecond);
    int minutes = abs(stamp->zone_minutes);
    if (stamp->has_zone)
        text_print(&out, "%c%02d:%02d", stamp->zone_minutes < 0 ? '-' : '+', minutes / 60,
                   minutes % 60);
    return text_copy(arena, &out);
}

/* ---- resolving ---- */

YamlTag yaml_resolve(Str plain)
{
    Stamp stamp;
    switch (plain.len ? plain.at[0] : '\0') {
    case 'y': case 'Y': case 't': case 'T': case 'f': case 'F': case 'o': case 'O':
        return is_bool(plain) ? YAML_BOOL : YAML_STR;
    case 'n': case 'N':
        return is_bool(plain) ? YAML_BOOL : is_null(plain) ? YAML_NULL : YAML_STR;
    case '\0': case '~':
        return is_null(plain) ? YAML_NULL : YAML_STR;
    case '<':
        return str_is(plain, "<<") ? YAML_MERGE : YAML_STR;
    case '=':
        return plain.len == 1 ? YAML_VALUE : YAML_STR;
    case '+': case '-': case '.':
        return is_float(plain) ? YAML_FLOAT : is_int(plain) ? YAML_INT : YAML_STR;
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        return is_float(plain)              ? YAML_FLOAT
               : is_int(plain)              ? YAML_INT
               : stamp_parse(plain, &stamp) ? YAML_TIMESTAMP
                                            : YAML_STR;
    default:
        return YAML_STR;
    }
}

/* ---- constructing ---- */

/* Digits of a number in `base`; *is_big when it passes 64 bits, then *real is near it. */
static bool digits_parse(Str digits, unsigned base, uint64_t *out, double *real, bool *is_big)
{
    uint64_t number = 0;
    double near = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];
        unsigned digit = is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a') + 10;
        if (digit >= base)
            return false;
        *is_big |= __builtin_mul_overflow(number, (uint64_t)base, &number);
        *is_big |= __builtin_add_overflow(number, (uint64_t)digit, &number);
        near = near * base + digit;
    }
    *out = number;
    *real = near;
    return digits.len > 0;
}

/* 1:30:00, in base 60. */
static bool sixties_parse(Str digits, uint64_t *out, double *real, bool *is_big)
{
    uint64_t sum = 0;
    double near = 0;
    Str part;
    while (str_next_part(&digits, ':', &part)) {
        uint64_t number;
        double part_near;
        if (!digits_parse(part, 10, &number, &part_near, is_big))
            return false;
        *is_big |= __builtin_mul_overflow(sum, (uint64_t)60, &sum);
        *is_big |= __builtin_add_overflow(sum, number, &sum);
        near = near * 60 + part_near;
    }
    *out = sum;
    *real = near;
    return true;
}

/* Without underscores, sign taken off. Owner: the arena. */
static Str number_body(Arena *arena, Str text, bool *is_negative)
{
    Str body = str_find_char(text, '_') >= 0 ? str_replace(arena, text, STR("_"), STR("")) : text;
    *is_negative = body.len && body.at[0] == '-';
    return body.len && strchr("+-", body.at[0]) && body.at[0] ? str_slice(body, 1, body.len) : body;
}

static bool construct_int(Arena *arena, Str text, Value *out, const char **problem)
{
    bool is_negative, is_big = false, is_decimal = false, is_read;
    Str body = number_body(arena, text, &is_negative);
    uint64_t number;
    double real;
    if (str_starts(body, STR("0b"))) {
        is_read = digits_parse(str_slice(body, 2, body.len), 2, &number, &real, &is_big);
    } else if (str_starts(body, STR("0x"))) {
        is_read = digits_parse(str_slice(body, 2, body.len), 16, &number, &real, &is_big);
    } else if (body.len && body.at[0] == '0') {
        is_read = digits_parse(body, 8, &number, &real, &is_big);
    } else if (str_find_char(body, ':') >= 0) {
        is_read = sixties_parse(body, &number, &real, &is_big);
    } else {
        is_read = digits_parse(body, 10, &number, &real, &is_big);
        is_decimal = true;
    }
    if (!is_read) {
        *problem = "this is no integer";
        return false;
    }
    is_big |= number > (uint64_t)INT64_MAX + is_negative;
    if (is_big && is_decimal)
        *out = value_text(str_print(arena, "%s" STR_FMT, is_negative ? "-" : "", STR_ARG(body)));
    else if (is_big)
        *out = value_float(is_negative ? -real : real);
    else
        *out = value_int(is_negative ? (int64_t)(0 - number) : (int64_t)number);
    return true;
}

/* A decimal that strtod() and Python read alike: digits, one dot, exponent. */
static bool decimal_parse(Arena *arena, Str text, double *out)
{
    Cursor cursor = {text.at, text.at + text.len};
    size_t count = pass_many(&cursor, DIGITS, ANY);
    if (pass_one(&cursor, "."))
        count += pass_many(&cursor, DIGITS, ANY);
    bool has_exponent = count && pass_one(&cursor, "eE");
    if (has_exponent) {
        pass_one(&cursor, "+-");
        if (!pass_many(&cursor, DIGITS, ANY))
            return false;
    }
    if (!count || !at_end(&cursor))
        return false;
    char digits[64];
    if (text.len < sizeof(digits)) {
        memcpy(digits, text.at, text.len);
        digits[text.len] = '\0';
        *out = strtod(digits, NULL);
    } else {
        *out = strtod(str_c(arena, text), NULL);
    }
    return true;
}

static bool construct_float(Arena *arena, Str text, Value *out, const char **problem)
{
    bool is_negative;
    Str body = number_body(arena, text, &is_negative);
    double real = 0;
    if (str_eq_fold(body, STR(".inf"))) {
        real = INFINITY;
    } else if (str_eq_fold(body, STR(".nan"))) {
        real = NAN;
    } else {
        Str rest = body, part;
        while (str_next_part(&rest, ':', &part)) {
            double number;
            if (!decimal_parse(arena, part, &number)) {
                *problem = "this is no number";
                return false;
            }
            real = real * 60 + number;
        }
    }
    *out = value_float(is_negative ? -real : real);
    return true;
}

static bool construct_bool(Str text, Value *out, const char **problem)
{
    static const char *const yes[] = {"yes", "true", "on"}, *const no[] = {"no", "false", "off"};
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        bool is_true = str_eq_fold(text, str_of(yes[i]));
        if (is_true || str_eq_fold(text, str_of(no[i]))) {
            *out = value_bool(is_true);
            return true;
        }
    }
    *problem = "expected yes, no, true, false, on or off";
    return false;
}

bool yaml_construct(Arena *arena, YamlTag tag, Str text, Value *out, const char **problem)
{
    Stamp stamp;
    switch (tag) {
    case YAML_STR: *out = value_text(text); return true;
    case YAML_NULL: *out = NONE; return true;
    case YAML_BOOL: return construct_bool(text, out, problem);
    case YAML_INT: return construct_int(arena, text, out, problem);
    case YAML_FLOAT: return construct_float(arena, text, out, problem);
    case YAML_TIMESTAMP:
        if (!stamp_parse(text, &stamp) || !stamp_is_valid(&stamp)) {
            *problem = "there is no such date or time; quote it if it is meant as text";
            return false;
        }
        *out = value_text(stamp_print(arena, &stamp));
        return true;
    case YAML_MERGE:
        *problem = "<< merges only as a key; quote it if it is meant as text";
        return false;
    case YAML_VALUE: *problem = "a bare = has no meaning as a value; quote it"; return false;
    case YAML_TAG_COUNT: break;
    }
    assert(!"a tag of the table");
    return false;
}

Value yaml_scalar(Arena *arena, Str plain)
{
    Value v;
    const char *problem;
    return yaml_construct(arena, yaml_resolve(plain), plain, &v, &problem) ? v : value_text(plain);
}
