/* py_decimal.c: decimal.Decimal: what queries give for DECIMAL columns.
 *
 * value = coefficient * 10^exponent, so that 12.50 stays 12.50. Arithmetic is exact, then rounded
 * half to even to 28 digits, as Python's default context does.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "jinja/python.h"

enum { PRECISION = 28, MOST_EXPONENT = 100000 };

typedef struct Decimal {
    Object base;
    bool is_negative;      /* also of zero */
    const char *special;   /* "NaN", "Infinity" or NULL */
    Value coefficient;     /* a whole number >= 0 */
    int64_t exponent;
} Decimal;

static Decimal *decimal_of(Value v)
{
    return (Decimal *)v.object;
}

static Decimal *decimal_new(Arena *arena, bool is_negative, Value coefficient, int64_t exponent)
{
    Decimal *decimal = NEW(arena, Decimal);
    *decimal = (Decimal){.base = {&decimal_type}, .is_negative = is_negative,
                         .coefficient = coefficient, .exponent = exponent};
    return decimal;
}

/* Operations on coefficients cannot fail within MOST_EXPONENT. */
static Value whole(Arena *arena, Operator op, Value a, Value b)
{
    Err err = {0};
    Value out = value_int(0);
    if (!operate(arena, op, a, b, &out, &err))
        err_drop(&err);
    return out;
}

static Value ten_to(Arena *arena, int64_t exponent)
{
    return whole(arena, OP_POWER, value_int(10), value_int(exponent));
}

static Str digits_of(Arena *arena, Value coefficient)
{
    bool is_negative;
    return whole_digits(arena, coefficient, 10, &is_negative);
}

static int compare_wholes(Value a, Value b)
{
    Err err = {0};
    int order = 0;
    if (!value_compare(a, b, "<", &order, &err))
        err_drop(&err);
    return order;
}

/* ---- rounding ---- */

typedef enum Rounding { HALF_EVEN, HALF_UP, HALF_DOWN, DOWN, UP, CEILING, FLOOR } Rounding;

/* Gives up `count` digits of the coefficient. */
static Decimal *drop_digits(Arena *arena, const Decimal *d, int64_t count, Rounding rounding)
{
    if (count <= 0)
        return decimal_new(arena, d->is_negative, d->coefficient, d->exponent);
    int64_t size = (int64_t)digits_of(arena, d->coefficient).len;
    Value unit = ten_to(arena, count > size + 1 ? size + 1 : count);
    Value kept = whole(arena, OP_FLOOR_DIVIDE, d->coefficient, unit);
    Value rest = whole(arena, OP_MODULO, d->coefficient, unit);
    int half = compare_wholes(whole(arena, OP_MULTIPLY, rest, value_int(2)), unit);
    bool is_odd = value_equal(whole(arena, OP_MODULO, kept, value_int(2)), value_int(1));
    bool is_exact = value_equal(rest, value_int(0)), goes_up = false;
    switch (rounding) {
    case HALF_EVEN: goes_up = half > 0 || (half == 0 && is_odd); break;
    case HALF_UP: goes_up = half >= 0; break;
    case HALF_DOWN: goes_up = half > 0; break;
    case DOWN: break;
    case UP: goes_up = true; break;
    case CEILING: goes_up = !d->is_negative; break;
    case FLOOR: goes_up = d->is_negative; break;
    }
    if (goes_up && !is_exact)
        kept = whole(arena, OP_ADD, kept, value_int(1));
    return decimal_new(arena, d->is_negative, kept, d->exponent + count);
}

/* To the context's precision. */
static Value decimal_finish(Arena *arena, const Decimal *d)
{
    int64_t surplus = (int64_t)digits_of(arena, d->coefficient).len - PRECISION;
    Decimal *fit = drop_digits(arena, d, surplus, HALF_EVEN);
    if (digits_of(arena, fit->coefficient).len > PRECISION)
        fit = drop_digits(arena, fit, 1, HALF_EVEN);
    return value_of_object(&fit->base);
}

static Decimal *to_exponent(Arena *arena, const Decimal *d, int64_t exponent, Rounding rounding)
{
    if (exponent > d->exponent)
        return drop_digits(arena, d, exponent - d->exponent, rounding);
    Value coefficient = whole(arena, OP_MULTIPLY, d->coefficient,
                              ten_to(arena, d->exponent - exponent));
    return decimal_new(arena, d->is_negative, coefficient, exponent);
}

Value decimal_round(Arena *arena, Value v, int64_t places)
{
    const Decimal *d = decimal_of(v);
    if (d->special || places > MOST_EXPONENT || places < -MOST_EXPONENT)
        return v;
    return value_of_object(&to_exponent(arena, d, -places, HALF_EVEN)->base);
}

Value decimal_to_int(Arena *arena, Value v)
{
    const Decimal *d = to_exponent(arena, decimal_of(v), 0, DOWN);
    return d->is_negative ? whole(arena, OP_SUBTRACT, value_int(0), d->coefficient)
                          : d->coefficient;
}

DecimalView decimal_view(Arena *arena, Value v)
{
    const Decimal *d = decimal_of(v);
    return (DecimalView){d->is_negative, d->special, digits_of(arena, d->coefficient),
                         d->exponent};
}

/* ---- from and to text ---- */

bool decimal_parse(Arena *arena, Str s, Value *out)
{
    s = text_strip(s);
    bool is_negative = s.len && s.at[0] == '-';
    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        s = str_slice(s, 1, s.len);
    Decimal *d = decimal_new(arena, is_negative, value_int(0), 0);
    *out = value_of_object(&d->base);
    if (str_eq_fold(s, STR("nan")) || str_eq_fold(s, STR("inf")) ||
        str_eq_fold(s, STR("infinity"))) {
        d->special = (s.at[0] | 0x20) == 'n' ? "NaN" : "Infinity";
        return true;
    }
    char *digits = arena_take(arena, s.len + 1, 1);
    size_t count = 0, at = 0;
    int64_t exponent = 0, written = 0;
    for (bool has_point = false; at < s.len; at++) {
        char c = s.at[at];
        if (c == '.' && !has_point) {
            has_point = true;
        } else if (c >= '0' && c <= '9') {
            digits[count++] = c;
            exponent -= has_point;
        } else if (c != '_') {
            break;
        }
    }
    if (!count)
        return false;
    if (at < s.len) {
        if ((s.at[at] | 0x20) != 'e' || !str_to_int(str_slice(s, at + 1, s.len), &written))
            return false;
        exponent += written;
    }
    if (exponent > MOST_EXPONENT || exponent < -MOST_EXPONENT)
        return false;
    d->coefficient = bigint_parse(arena, (Str){digits, count}, 10, false);
    d->exponent = exponent;
    return true;
}

Value jinja_decimal(Arena *arena, Str digits)
{
    Value v;
    if (!decimal_parse(arena, digits, &v))
        decimal_of(v)->special = "NaN";
    return v;
}

static void decimal_print(Object *self, Text *out)
{
    Arena scratch = {0};
    DecimalView view = decimal_view(&scratch, value_of_object(self));
    if (view.is_negative)
        text_add_char(out, '-');
    int64_t size = (int64_t)view.digits.len, left = view.exponent + size;
    if (view.special) {
        text_add_c(out, view.special);
    } else if (view.exponent <= 0 && left > -6) {
        if (left <= 0) {
            text_add_c(out, "0");
            text_add_c(out, view.exponent ? "." : "");
            text_add_repeat(out, '0', (size_t)-left);
            text_add(out, view.digits);
        } else {
            text_add(out, str_slice(view.digits, 0, (size_t)left));
            if (left < size)
                text_add_char(out, '.');
            text_add(out, str_slice(view.digits, (size_t)left, view.digits.len));
        }
    } else {
        text_add_bytes(out, view.digits.at, 1);
        if (size > 1)
            text_add_char(out, '.');
        text_add(out, str_slice(view.digits, 1, view.digits.len));
        text_print(out, "E%+lld", (long long)(left - 1));
    }
    arena_drop(&scratch);
}

static void decimal_repr(Object *self, Text *out)
{
    text_add_c(out, "Decimal('");
    decimal_print(self, out);
    text_add_c(out, "')");
}

double decimal_real(Value v)
{
    AUTO(text) Text text = {0};
    decimal_print(v.object, &text);
    return strtod(text.at, NULL);
}

/* The exact value of a float: at most 767 digits. */
static Decimal *decimal_exact(Arena *arena, double real)
{
    char digits[1200];
    snprintf(digits, sizeof(digits), "%.*e", 770, real);
    Value v;
    if (!decimal_parse(arena, str_of(digits), &v))
        decimal_of(v)->special = "NaN";
    return decimal_of(v);
}

/* ---- order ---- */

/* The other operand as a Decimal, NULL when it is no number for Decimals. */
static Decimal *decimal_from(Arena *arena, Value v, bool takes_floats)
{
    if (value_is_a(v, &decimal_type))
        return decimal_of(v);
    if (is_any_whole(v)) {
        bool is_negative;
        Str digits = whole_digits(arena, v, 10, &is_negative);
        return decimal_new(arena, is_negative, bigint_parse(arena, digits, 10, false), 0);
    }
    return takes_floats && v.kind == VALUE_FLOAT ? decimal_exact(arena, v.real) : NULL;
}

/* <0, 0, >0, or 2 where one is NaN. */
static int decimal_compare(Arena *arena, const Decimal *a, const Decimal *b)
{
    bool a_nan = a->special && a->special[0] == 'N', b_nan = b->special && b->special[0] == 'N';
    if (a_nan || b_nan)
        return 2;
    if (a->special || b->special) {
        int x = a->special ? (a->is_negative ? -1 : 1) : 0;
        int y = b->special ? (b->is_negative ? -1 : 1) : 0;
        return x < y ? -1 : x > y;
    }
    int64_t least = a->exponent < b->exponent ? a->exponent : b->exponent;
    Decimal *x = to_exponent(arena, a, least, DOWN), *y = to_exponent(arena, b, least, DOWN);
    bool x_zero = !value_truth(x->coefficient), y_zero = !value_truth(y->coefficient);
    bool x_negative = x->is_negative && !x_zero, y_negative = y->is_negative && !y_zero;
    if (x_negative != y_negative)
        return x_negative ? -1 : 1;
    int order = compare_wholes(x->coefficient, y->coefficient);
    return x_negative ? -order : order;
}

static bool decimal_equal(Object *self, Value other)
{
    Arena scratch = {0};
    Decimal *b = decimal_from(&scratch, other, true);
    bool is_equal = b && decimal_compare(&scratch, (Decimal *)self, b) == 0;
    arena_drop(&scratch);
    return is_equal;
}

static uint32_t decimal_hash(Object *self)
{
    uint32_t hash = 0;
    value_hash(value_float(decimal_real(value_of_object(self))), &hash);
    return hash;
}

/* ---- arithmetic ---- */

static Value add(Arena *arena, const Decimal *a, const Decimal *b, bool flips_b)
{
    int64_t least = a->exponent < b->exponent ? a->exponent : b->exponent;
    Decimal *x = to_exponent(arena, a, least, DOWN), *y = to_exponent(arena, b, least, DOWN);
    bool y_negative = y->is_negative != flips_b;
    Value sum;
    bool is_negative = x->is_negative;
    if (x->is_negative == y_negative) {
        sum = whole(arena, OP_ADD, x->coefficient, y->coefficient);
    } else {
        int order = compare_wholes(x->coefficient, y->coefficient);
        is_negative = order == 0 ? false : order > 0 ? x->is_negative : y_negative;
        sum = order >= 0 ? whole(arena, OP_SUBTRACT, x->coefficient, y->coefficient)
                         : whole(arena, OP_SUBTRACT, y->coefficient, x->coefficient);
    }
    return decimal_finish(arena, decimal_new(arena, is_negative, sum, least));
}

static Value divide(Arena *arena, const Decimal *a, const Decimal *b)
{
    bool is_negative = a->is_negative != b->is_negative;
    int64_t a_size = (int64_t)digits_of(arena, a->coefficient).len;
    int64_t b_size = (int64_t)digits_of(arena, b->coefficient).len;
    int64_t shift = b_size - a_size + PRECISION + 1;
    if (shift < 0)
        shift = 0;
    Value scaled = whole(arena, OP_MULTIPLY, a->coefficient, ten_to(arena, shift));
    Value quotient = whole(arena, OP_FLOOR_DIVIDE, scaled, b->coefficient);
    Value rest = whole(arena, OP_MODULO, scaled, b->coefficient);
    int64_t exponent = a->exponent - b->exponent - shift, ideal = a->exponent - b->exponent;
    if (value_truth(rest)) { /* a last digit that is neither 0 nor 5 keeps the rounding right */
        if (value_equal(whole(arena, OP_MODULO, quotient, value_int(5)), value_int(0)))
            quotient = whole(arena, OP_ADD, quotient, value_int(1));
    } else {
        while (exponent < ideal && value_truth(quotient) &&
               !value_truth(whole(arena, OP_MODULO, quotient, value_int(10)))) {
            quotient = whole(arena, OP_FLOOR_DIVIDE, quotient, value_int(10));
            exponent++;
        }
        if (!value_truth(quotient))
            exponent = ideal;
    }
    return decimal_finish(arena, decimal_new(arena, is_negative, quotient, exponent));
}

/* // and %: towards zero, unlike those of int. */
static bool divide_whole(Arena *arena, const Decimal *a, const Decimal *b, bool wants_rest,
                         Value *out, Err *err)
{
    int64_t least = a->exponent < b->exponent ? a->exponent : b->exponent;
    Value x = to_exponent(arena, a, least, DOWN)->coefficient;
    Value y = to_exponent(arena, b, least, DOWN)->coefficient;
    Value quotient = whole(arena, OP_FLOOR_DIVIDE, x, y), rest = whole(arena, OP_MODULO, x, y);
    if (digits_of(arena, quotient).len > PRECISION)
        return FAIL(err, "[<class 'decimal.DivisionImpossible'>]");
    Decimal *answer = wants_rest
                          ? decimal_new(arena, a->is_negative, rest, least)
                          : decimal_new(arena, a->is_negative != b->is_negative, quotient, 0);
    *out = decimal_finish(arena, answer);
    return true;
}

static bool power(Arena *arena, const Decimal *a, const Decimal *b, Value *out, Err *err)
{
    Decimal *exponent = to_exponent(arena, b, 0, DOWN);
    if (decimal_compare(arena, exponent, b) != 0 || !is_whole(exponent->coefficient) ||
        whole_of(exponent->coefficient) > 100000)
        return FAIL(err, "Decimal to a broken or huge power is left out of weir");
    int64_t count = whole_of(exponent->coefficient);
    Decimal *result = decimal_new(arena, false, value_int(1), 0);
    for (int64_t i = 0; i < count; i++) {
        Value product = whole(arena, OP_MULTIPLY, result->coefficient, a->coefficient);
        result = decimal_of(decimal_finish(
            arena, decimal_new(arena, result->is_negative != a->is_negative, product,
                               result->exponent + a->exponent)));
    }
    *out = value_of_object(&result->base);
    if (exponent->is_negative && count)
        *out = divide(arena, decimal_new(arena, false, value_int(1), 0), result);
    return true;
}

static bool decimal_arithmetic(Arena *arena, char op, bool is_floor, const Decimal *a,
                               const Decimal *b, Value *out, Err *err)
{
    if (a->special || b->special) {
        double x = decimal_real(value_of_object((Object *)a));
        double y = decimal_real(value_of_object((Object *)b)), z = op == '+' ? x + y
                   : op == '-' ? x - y : op == '*' ? x * y : x / y;
        *out = value_of_object(&decimal_exact(arena, z)->base);
        return true;
    }
    bool is_zero = !value_truth(b->coefficient);
    if (is_zero && (op == '/' || op == '%'))
        return FAIL(err, "%s", value_truth(a->coefficient)
                                   ? "[<class 'decimal.DivisionByZero'>]"
                                   : "[<class 'decimal.DivisionUndefined'>]");
    switch (op) {
    case '+': *out = add(arena, a, b, false); break;
    case '-': *out = add(arena, a, b, true); break;
    case '*':
        *out = decimal_finish(
            arena, decimal_new(arena, a->is_negative != b->is_negative,
                               whole(arena, OP_MULTIPLY, a->coefficient, b->coefficient),
                               a->exponent + b->exponent));
        break;
    case '/':
        if (is_floor)
            return divide_whole(arena, a, b, false, out, err);
        *out = divide(arena, a, b);
        break;
    default: return divide_whole(arena, a, b, true, out, err);
    }
    return true;
}

static bool decimal_binary(Object *self, const char *op, Value other, bool is_reversed,
                           Arena *arena, Value *out, Err *err)
{
    Decimal *d = (Decimal *)self;
    if (strcmp(op, "neg") == 0 || strcmp(op, "pos") == 0 || strcmp(op, "abs") == 0) {
        bool is_zero = !value_truth(d->coefficient);
        Decimal *turned = NEW(arena, Decimal);
        *turned = *d;
        turned->is_negative = op[0] == 'n' ? !d->is_negative && !is_zero
                              : op[0] == 'a' ? false : d->is_negative;
        *out = value_of_object(&turned->base);
        return true;
    }
    bool is_order = op[0] == '<' || op[0] == '>';
    Decimal *b = decimal_from(arena, other, is_order);
    if (!b)
        return true;
    Decimal *x = is_reversed ? b : d, *y = is_reversed ? d : b;
    if (is_order) {
        int order = decimal_compare(arena, x, y);
        bool holds = op[0] == '<' ? order < 0 : order == 1;
        *out = value_bool(holds || (op[1] == '=' && order == 0));
        return true;
    }
    if (strcmp(op, "**") == 0)
        return power(arena, x, y, out, err);
    return decimal_arithmetic(arena, op[0], op[1] == '/', x, y, out, err);
}

static bool decimal_truth(Object *self)
{
    Decimal *d = (Decimal *)self;
    return d->special || value_truth(d->coefficient);
}

/* ---- methods ---- */

static bool rounding_of(Value v, Rounding *out, Err *err)
{
    static const char *const names[] = {"ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_HALF_DOWN",
                                        "ROUND_DOWN", "ROUND_UP", "ROUND_CEILING", "ROUND_FLOOR"};
    *out = HALF_EVEN;
    if (v.kind == VALUE_NONE)
        return true;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (value_is(v, names[i])) {
            *out = (Rounding)i;
            return true;
        }
    return FAIL(err, "valid values for rounding are: [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, "
                     "ROUND_DOWN, ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN]");
}

static bool decimal_quantize(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"exp", "rounding"};
    Value slots[] = {UNDEFINED, NONE};
    TRY(call_bind(call, "quantize", names, 2, 1, slots, err));
    Rounding rounding;
    TRY(rounding_of(slots[1], &rounding, err));
    Decimal *like = decimal_from(call->arena, slots[0], false);
    if (!like)
        return FAIL(err, "conversion from %s to Decimal is not supported",
                    value_type_name(slots[0]));
    Decimal *result = to_exponent(call->arena, (Decimal *)self, like->exponent, rounding);
    if (digits_of(call->arena, result->coefficient).len > PRECISION)
        return FAIL(err, "[<class 'decimal.InvalidOperation'>]");
    *out = value_of_object(&result->base);
    return true;
}

static bool decimal_normalize(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "normalize", 0, 0, err));
    Decimal *d = decimal_of(decimal_finish(call->arena, (Decimal *)self));
    if (!value_truth(d->coefficient))
        d->exponent = 0;
    while (value_truth(d->coefficient) &&
           !value_truth(whole(call->arena, OP_MODULO, d->coefficient, value_int(10)))) {
        d->coefficient = whole(call->arena, OP_FLOOR_DIVIDE, d->coefficient, value_int(10));
        d->exponent++;
    }
    *out = value_of_object(&d->base);
    return true;
}

static bool decimal_to_integral(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"rounding"};
    Value slot = NONE;
    TRY(call_bind(call, "to_integral_value", names, 1, 0, &slot, err));
    Rounding rounding;
    TRY(rounding_of(slot, &rounding, err));
    Decimal *d = (Decimal *)self;
    *out = value_of_object(d->exponent >= 0 ? self
                                            : &to_exponent(call->arena, d, 0, rounding)->base);
    return true;
}

#define DECIMAL_CLAIM(name, claim)                                                       \
    static bool decimal_##name(Object *self, Call *call, Value *out, Err *err)           \
    {                                                                                    \
        TRY(check_counts(call, #name, 0, 0, err));                                       \
        const Decimal *d = (Decimal *)self;                                              \
        *out = value_bool(claim);                                                        \
        return true;                                                                     \
    }
DECIMAL_CLAIM(is_nan, d->special && d->special[0] == 'N')
DECIMAL_CLAIM(is_infinite, d->special && d->special[0] == 'I')
DECIMAL_CLAIM(is_finite, !d->special)
DECIMAL_CLAIM(is_signed, d->is_negative)
DECIMAL_CLAIM(is_zero, !d->special && !value_truth(d->coefficient))

static const Method decimal_methods[] = {
    {"is_finite", decimal_is_finite},
    {"is_infinite", decimal_is_infinite},
    {"is_nan", decimal_is_nan},
    {"is_signed", decimal_is_signed},
    {"is_zero", decimal_is_zero},
    {"normalize", decimal_normalize},
    {"quantize", decimal_quantize},
    {"to_integral", decimal_to_integral},
    {"to_integral_value", decimal_to_integral},
    {0},
};

const ObjectType decimal_type = {
    .name = "decimal.Decimal", .methods = decimal_methods, .print = decimal_print,
    .repr = decimal_repr, .truth = decimal_truth, .equal = decimal_equal, .hash = decimal_hash,
    .binary = decimal_binary,
};
