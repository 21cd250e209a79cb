/* method_number.c: the methods of int and float, and how texts become numbers. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "jinja/python.h"

/* ---- from text ---- */

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10
           : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

/* Takes "0x", "0o", "0b" off the front where the base allows it. Base 0 becomes the prefix's. */
static bool take_prefix(Str *s, unsigned *base)
{
    unsigned named = 0;
    if (s->len > 1 && s->at[0] == '0') {
        char letter = s->at[1] | 0x20;
        named = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    }
    if (named && (*base == 0 || *base == named)) {
        *base = named;
        *s = str_slice(*s, 2, s->len);
        if (s->len && s->at[0] == '_')
            *s = str_slice(*s, 1, s->len);
        return true;
    }
    if (*base == 0) {
        *base = 10; /* zeros in front of other digits are no number in base 0 */
        bool is_zero = true;
        for (size_t i = 0; i < s->len; i++)
            is_zero = is_zero && (s->at[i] == '0' || s->at[i] == '_');
        return is_zero || s->at[0] != '0';
    }
    return true;
}

bool text_to_int(Arena *arena, Str s, unsigned base, Value *out)
{
    s = text_strip(s);
    bool is_negative = s.len && s.at[0] == '-';
    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        s = str_slice(s, 1, s.len);
    if (!s.len || !take_prefix(&s, &base) || !s.len)
        return false;
    char *digits = arena_take(arena, s.len + 1, 1);
    size_t count = 0;
    bool may_break = false;
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        if (c == '_') {
            if (!may_break)
                return false;
            may_break = false;
            continue;
        }
        if (c > 0x7f && code_is_decimal(c)) { /* runs of ten begin at their zero */
            uint32_t zero = c;
            while (code_is_decimal(zero - 1) && c - zero < 9)
                zero--;
            c = '0' + (c - zero) % 10;
        }
        if (c > 0x7f || digit_of((char)c) >= (int)base)
            return false;
        digits[count++] = (char)c;
        may_break = true;
    }
    if (!may_break)
        return false;
    *out = bigint_parse(arena, (Str){digits, count}, base, is_negative);
    return true;
}

bool text_to_float(Str s, double *out)
{
    s = text_strip(s);
    char digits[512];
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool is_digit = c >= '0' && c <= '9';
        if (c == '_') {
            bool is_between = i && i + 1 < s.len && digit_of(s.at[i - 1]) < 10 &&
                              digit_of(s.at[i + 1]) < 10;
            if (!is_between)
                return false;
            continue;
        }
        if (!is_digit && !strchr("+-.eE", c) && !strchr("infatyINFATY", c))
            return false;
        if (count + 1 < sizeof(digits))
            digits[count++] = c;
    }
    if (!count)
        return false;
    digits[count] = '\0';
    char *end;
    *out = strtod(digits, &end);
    return end == digits + count;
}

bool number_real(Value v, double *out, Err *err)
{
    if (is_real_number(v))
        *out = real_of(v);
    else if (value_is_a(v, &bigint_type))
        *out = bigint_real(v);
    else if (value_is_a(v, &decimal_type))
        *out = decimal_real(v);
    else if (v.kind == VALUE_UNDEFINED)
        return undefined_fail(v, err);
    else
        return FAIL(err, "must be real number, not %s", value_type_name(v));
    if (isinf(*out) && value_is_a(v, &bigint_type))
        return FAIL(err, "int too large to convert to float");
    return true;
}

bool float_to_int(Arena *arena, double real, Value *out, Err *err)
{
    if (isnan(real))
        return FAIL(err, "cannot convert float NaN to integer");
    if (isinf(real))
        return FAIL(err, "cannot convert float infinity to integer");
    double whole = trunc(real);
    if (whole >= -9223372036854775808.0 && whole < 9223372036854775808.0)
        *out = value_int((int64_t)whole);
    else
        *out = bigint_of_real(arena, whole);
    return true;
}

/* ---- int ---- */

static bool int_bit_length(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "int.bit_length", 0, 0, err));
    bool is_negative;
    Str digits = whole_digits(call->arena, self, 2, &is_negative);
    *out = value_int(str_is(digits, "0") ? 0 : (int64_t)digits.len);
    return true;
}

static bool int_bit_count(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "int.bit_count", 0, 0, err));
    bool is_negative;
    int64_t count = 0;
    Str digits = whole_digits(call->arena, self, 2, &is_negative);
    for (size_t i = 0; i < digits.len; i++)
        count += digits.at[i] == '1';
    *out = value_int(count);
    return true;
}

static bool int_same(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "int.conjugate", 0, 0, err));
    return operate_plus(call->arena, self, out, err);
}

static bool int_as_ratio(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "int.as_integer_ratio", 0, 0, err));
    *out = pair_make(call->arena, self, value_int(1));
    return true;
}

const ValueMethod int_methods[] = {
    {"as_integer_ratio", int_as_ratio}, {"bit_count", int_bit_count},
    {"bit_length", int_bit_length},     {"conjugate", int_same},
};
const uint32_t int_method_total = COUNT_OF(int_methods);

/* ---- float ---- */

static bool float_is_integer(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "float.is_integer", 0, 0, err));
    *out = value_bool(isfinite(self.real) && self.real == floor(self.real));
    return true;
}

static bool float_same(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "float.conjugate", 0, 0, err));
    *out = self;
    return true;
}

static bool float_hex(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "float.hex", 0, 0, err));
    double real = self.real;
    if (!isfinite(real)) {
        *out = value_to_text(call->arena, self);
        return true;
    }
    int exponent;
    double part = frexp(fabs(real), &exponent); /* in [0.5, 1) */
    if (real == 0) {
        *out = signbit(real) ? value_lit("-0x0.0p+0") : value_lit("0x0.0p+0");
        return true;
    }
    uint64_t bits = (uint64_t)ldexp(part, 53);
    *out = value_text(str_print(call->arena, "%s0x1.%013llxp%+d", real < 0 ? "-" : "",
                                (unsigned long long)(bits & 0xfffffffffffffu), exponent - 1));
    return true;
}

static bool float_as_ratio(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "float.as_integer_ratio", 0, 0, err));
    Value above, below;
    int exponent;
    double part = frexp(self.real, &exponent);
    for (int i = 0; i < 300 && part != floor(part); i++, exponent--)
        part *= 2;
    TRY(float_to_int(call->arena, part, &above, err));
    TRY(operate(call->arena, OP_POWER, value_int(2), value_int(abs(exponent)), &below, err));
    if (exponent > 0) {
        TRY(operate(call->arena, OP_MULTIPLY, above, below, &above, err));
        below = value_int(1);
    }
    *out = pair_make(call->arena, above, below);
    return true;
}

const ValueMethod float_methods[] = {
    {"as_integer_ratio", float_as_ratio},
    {"conjugate", float_same},
    {"hex", float_hex},
    {"is_integer", float_is_integer},
};
const uint32_t float_method_total = COUNT_OF(float_methods);
