/* number.c: see number.h.
 *
 * Doubles: up to 15 digits and a small power of ten are one operation on doubles. Up to 19 digits
 * and a small power of ten are one long double operation (x87, 64 bits of mantissa), rounded once
 * more to 53. Rounding twice goes wrong only if the first result lies exactly half-way; that case,
 * and everything else, goes to strtod().
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/value.h"
#include "format/number.h"

typedef unsigned __int128 Wide;

static const uint64_t tens[20] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* ---- reading ---- */

/* Takes a run of digits into the mantissa. `behind`: they stand behind the point. */
static inline const char *scan_digits(const char *at, const char *end, bool behind, Number *out)
{
    for (; at < end && is_digit(*at); at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (out->digits < 19) {
            out->mantissa = out->mantissa * 10 + digit;
            out->digits += out->mantissa != 0;
            out->exponent -= behind;
        } else {
            out->digits++;
            out->is_long |= digit != 0;
            out->exponent += !behind;
        }
    }
    return at;
}

/* "e-12": moves the exponent; NULL: no digits. */
static const char *scan_exponent(const char *at, const char *end, Number *out)
{
    bool is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || !is_digit(*at))
        return NULL;
    int32_t exponent = 0;
    for (; at < end && is_digit(*at); at++)
        exponent = exponent < 100000 ? exponent * 10 + (*at - '0') : exponent;
    out->exponent += is_negative ? -exponent : exponent;
    out->is_real = true;
    return at;
}

/* The careful way: any number of digits, an exponent. `at` is behind the sign. */
static const char *scan_long(const char *at, const char *end, NumberStyle style, char mark,
                             Number *out)
{
    const char *digits = at;
    at = scan_digits(at, end, false, out);
    if (at - digits > 1 && *digits == '0')
        return NULL;
    bool has_whole = at > digits;
    if (!has_whole && style == NUMBER_JSON)
        return NULL;
    if (at < end && *at == mark) {
        const char *fraction = ++at;
        at = scan_digits(at, end, true, out);
        if (at == fraction && (style == NUMBER_JSON || !has_whole))
            return NULL;
        out->is_real = true;
    } else if (!has_whole) {
        return NULL;
    }
    if (at < end && (*at | 0x20) == 'e')
        at = scan_exponent(at + 1, end, out);
    return at;
}

/* How many decimal digits a number has; 0: none. */
static inline uint32_t decimal_length(uint64_t value)
{
    if (!value)
        return 0;
    uint32_t guess = (uint32_t)(64 - __builtin_clzll(value)) * 1233 >> 12;
    return guess + (value >= tens[guess]);
}

/* At most 18 digits, a digit on both sides of the point, no exponent: nearly all. NULL: not that.
 */
static inline const char *scan_short(const char *at, const char *end, char mark, Number *out)
{
    const char *digits = at, *fraction = NULL;
    uint64_t mantissa = 0;
    for (; at < end && is_digit(*at); at++)
        mantissa = mantissa * 10 + (unsigned)(*at - '0');
    size_t whole = (size_t)(at - digits), behind = 0;
    if (!whole || (whole > 1 && *digits == '0'))
        return NULL;
    if (at < end && *at == mark) {
        fraction = ++at;
        for (; at < end && is_digit(*at); at++)
            mantissa = mantissa * 10 + (unsigned)(*at - '0');
        behind = (size_t)(at - fraction);
        if (!behind)
            return NULL;
    }
    if (whole + behind > 18 || (at < end && (*at | 0x20) == 'e'))
        return NULL;
    out->mantissa = mantissa;
    out->exponent = -(int32_t)behind;
    out->digits = decimal_length(mantissa);
    out->is_real = fraction != NULL;
    return at;
}

const char *number_scan(const char *at, const char *end, NumberStyle style, char mark, Number *out)
{
    const char *begin = at;
    *out = (Number){0};
    if (at < end && *at == '-') {
        out->is_negative = true;
        at++;
    }
    const char *behind = scan_short(at, end, mark, out);
    if (!behind)
        behind = scan_long(at, end, style, mark, out);
    if (behind)
        out->raw = (Str){begin, (size_t)(behind - begin)};
    return behind;
}

bool number_parse(Str text, NumberStyle style, char mark, Number *out)
{
    const char *end = text.at + text.len;
    return text.len && number_scan(text.at, end, style, mark, out) == end;
}

/* ---- whole numbers ---- */

/* The absolute value, if it is whole and fits. */
static bool whole_value(const Number *number, uint64_t *out)
{
    uint64_t value = number->mantissa;
    int32_t exponent = number->exponent;
    if (number->is_long && (exponent != 1 || number->is_real || number->digits > 20))
        return false;
    if (number->is_long) { /* 20 digits: the last one stands in the text */
        unsigned last = (unsigned)(number->raw.at[number->raw.len - 1] - '0');
        return !__builtin_mul_overflow(value, 10u, &value) &&
               !__builtin_add_overflow(value, last, out);
    }
    for (; exponent < 0 && value; exponent++) {
        if (value % 10)
            return false;
        value /= 10;
    }
    for (; exponent > 0 && value; exponent--)
        if (__builtin_mul_overflow(value, 10u, &value))
            return false;
    *out = value;
    return true;
}

bool number_to_int64(const Number *number, int64_t *out)
{
    uint64_t value;
    if (number->exponent == 0 && number->digits < 19)
        value = number->mantissa;
    else if (!whole_value(number, &value))
        return false;
    if (value > (uint64_t)INT64_MAX + number->is_negative)
        return false;
    *out = number->is_negative ? (int64_t)-value : (int64_t)value;
    return true;
}

bool number_to_uint64(const Number *number, uint64_t *out)
{
    return whole_value(number, out) && !(number->is_negative && *out);
}

/* ---- decimals ---- */

bool number_extent(const Number *number, unsigned *whole, unsigned *scale)
{
    int32_t digits = (int32_t)number->digits;
    /* Of a long number the mantissa holds 19: the others stand behind it. */
    int32_t kept = digits > 19 ? 19 : digits;
    int32_t lowest = number->exponent - (digits - kept);
    if (digits > 38 + 19 || lowest < -1000 || number->exponent > 1000)
        return false;
    int32_t before = number->exponent + kept;
    int32_t behind = lowest < 0 ? -lowest : 0;
    if (!digits) { /* 0.00 keeps its scale */
        before = 0;
        behind = number->exponent < 0 ? -number->exponent : 0;
    }
    if (before > 38 || behind > 38)
        return false;
    *whole = before > 0 ? (unsigned)before : 0;
    *scale = (unsigned)behind;
    return *whole + *scale <= 38;
}

/* All digits of a long number as an integer; *exponent as they stand. */
static bool long_digits(const Number *number, Wide *out, int32_t *exponent)
{
    Wide value = 0;
    unsigned used = 0;
    for (size_t i = 0; i < number->raw.len && (number->raw.at[i] | 0x20) != 'e'; i++) {
        char c = number->raw.at[i];
        if (!is_digit(c))
            continue;
        used += used || c != '0';
        if (used > 38)
            return false;
        value = value * 10 + (unsigned)(c - '0');
    }
    *out = value;
    *exponent = number->exponent - (int32_t)(number->digits - 19);
    return true;
}

bool number_to_decimal(const Number *number, unsigned precision, unsigned scale, __int128 *out)
{
    Wide value = number->mantissa;
    int32_t exponent = number->exponent;
    if (number->digits > 19 && number->is_long && !long_digits(number, &value, &exponent))
        return false;
    int32_t shift = exponent + (int32_t)scale;
    if (!value)
        shift = 0;
    if (shift > 38 || shift < -57)
        return false;
    for (; shift < 0; shift++) {
        if (value % 10)
            return false;
        value /= 10;
    }
    Wide limit = 1;
    for (unsigned i = 0; i < precision; i++)
        limit *= 10;
    for (; shift > 0; shift--) {
        if (value >= limit / 10 + 1)
            return false;
        value *= 10;
    }
    if (value >= limit)
        return false;
    *out = number->is_negative ? -(__int128)value : (__int128)value;
    return true;
}

/* ---- doubles ---- */

/* By libc, which rounds correctly. The raw text may have a comma for its mark: it is written anew.
 */
static double slow_double(const Number *number)
{
    char small[64];
    AUTO(text) Text large = {0};
    char *text = small;
    if (number->raw.len >= sizeof(small)) {
        text_reserve(&large, number->raw.len + 1);
        text = large.at;
    }
    for (size_t i = 0; i < number->raw.len; i++)
        text[i] = number->raw.at[i] == ',' ? '.' : number->raw.at[i];
    text[number->raw.len] = '\0';
    return strtod(text, NULL);
}

#if LDBL_MANT_DIG == 64
/* mantissa * 10^exponent in one rounding to 64 bits; false where the second one is in doubt. */
static bool quick_double_wide(uint64_t mantissa, int32_t exponent, double *out)
{
    static const long double powers[] = {
        1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
        1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
        1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L,
    };
    if (exponent < -27 || exponent > 27)
        return false;
    long double value = (long double)mantissa;
    value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    *out = (double)value;
    return (bits & 0x7ff) != 0x400;
}
#else
static bool quick_double_wide(uint64_t mantissa, int32_t exponent, double *out)
{
    (void)mantissa, (void)exponent, (void)out;
    return false;
}
#endif

/* Mantissa and power are doubles themselves: one rounding. */
static inline bool quick_double(uint64_t mantissa, int32_t exponent, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (mantissa > (1ull << 53) || exponent < -22 || exponent > 22)
        return quick_double_wide(mantissa, exponent, out);
    *out =
        exponent < 0 ? (double)mantissa / powers[-exponent] : (double)mantissa * powers[exponent];
    return true;
}

bool number_to_double(const Number *number, double *out)
{
    double real = 0;
    if (number->is_long ||
        (number->mantissa && !quick_double(number->mantissa, number->exponent, &real))) {
        real = slow_double(number);
        if (isinf(real))
            return false;
        *out = real;
        return true;
    }
    *out = number->is_negative ? -real : real;
    return true;
}

/* The question of number_is_double() for 16 and 17 digits, in whole numbers: the double is m *
 * 2^-s, the text d * 10^-k; both are compared as multiples of 2^-s * 10^-k. 1: yes, 0: ask the slow
 * way. */
static bool is_shortest_quickly(uint64_t digits, int32_t exponent, double real)
{
    int power;
    double part = frexp(fabs(real), &power); /* 0.5 <= part < 1 */
    uint64_t m = (uint64_t)ldexp(part, 53);
    int s = 53 - power, k = -exponent;
    if (k < 0 || k > 19 || s < 0 || s > 66 || m == 1ull << 52 || digits >= tens[18])
        return false;
    Wide binary = (Wide)m * tens[k], step = (Wide)1 << s, half_ulp = tens[k] / 2 + 1;
    Wide text = digits * step;
    Wide apart = binary > text ? binary - text : text - binary;
    if (apart >= step / 2)
        return false; /* another text of as many digits is nearer */
    Wide below = (Wide)(digits / 10 * 10) * step, above = below + 10 * step;
    return binary - below > half_ulp && above - binary > half_ulp && binary > below &&
           above > binary;
}

/* Without its trailing zeros. */
static Number stripped(const Number *number)
{
    Number bare = *number;
    while (bare.mantissa && bare.mantissa % 10 == 0) {
        bare.mantissa /= 10;
        bare.exponent++;
    }
    bare.digits = 0;
    for (uint64_t rest = bare.mantissa; rest; rest /= 10)
        bare.digits++;
    return bare;
}

bool number_is_double(const Number *number, double real)
{
    if (number->is_long)
        return false;
    bool is_normal = !number->mantissa || fabs(real) > DBL_MIN;
    if (number->digits <= 15 && is_normal)
        return true;
    Number bare = stripped(number);
    if (bare.digits <= 15 && is_normal)
        return true;
    if (bare.digits > 17)
        return false;
    if (is_shortest_quickly(bare.mantissa, bare.exponent, real))
        return true;
    AUTO(text) Text shown = {0};
    float_print(fabs(real), &shown);
    Number again;
    if (!number_parse(text_str(&shown), NUMBER_JSON, '.', &again))
        return false;
    again = stripped(&again);
    return again.mantissa == bare.mantissa && again.exponent == bare.exponent;
}
