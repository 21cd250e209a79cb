/* operate.c: + - * / // % ** on any two values, with Python's results and messages.
 *
 * Whole numbers that leave 64 bits go on as big integers (bigint.c). Objects answer for themselves
 * by their type's `binary`, the left one first.
 */
#include <errno.h>
#include <math.h>

#include "jinja/python.h"

static const char *const signs[] = {
    [OP_ADD] = "+", [OP_SUBTRACT] = "-",      [OP_MULTIPLY] = "*", [OP_DIVIDE] = "/",
    [OP_MODULO] = "%", [OP_FLOOR_DIVIDE] = "//", [OP_POWER] = "**",
};

static bool unsupported(Operator op, Value a, Value b, Err *err)
{
    return FAIL(err, "unsupported operand type(s) for %s: '%s' and '%s'",
                op == OP_POWER ? "** or pow()" : signs[op], value_type_name(a),
                value_type_name(b));
}

/* ---- whole numbers ---- */

/* Is the quotient rounded right by dividing doubles? */
static bool is_exact_double(int64_t number)
{
    return number >= -((int64_t)1 << 53) && number <= (int64_t)1 << 53;
}

static bool power_whole(Arena *arena, Value a, Value b, Value *out, Err *err)
{
    int64_t base = whole_of(a), exponent = whole_of(b), result = 1;
    if (exponent < 0) {
        if (base == 0)
            return FAIL(err, "0.0 cannot be raised to a negative power");
        *out = value_float(pow((double)base, (double)exponent));
        return true;
    }
    for (int64_t left = exponent, square = base; left;) {
        if ((left & 1) && __builtin_mul_overflow(result, square, &result))
            return bigint_operate(arena, OP_POWER, a, b, out, err);
        left >>= 1;
        if (left && __builtin_mul_overflow(square, square, &square))
            return bigint_operate(arena, OP_POWER, a, b, out, err);
    }
    *out = value_int(result);
    return true;
}

static bool divide_whole(Arena *arena, Operator op, Value a, Value b, Value *out, Err *err)
{
    int64_t x = whole_of(a), y = whole_of(b);
    if (y == 0)
        return FAIL(err, "%s", op == OP_DIVIDE         ? "division by zero"
                               : op == OP_FLOOR_DIVIDE ? "integer division or modulo by zero"
                                                       : "integer modulo by zero");
    if (op == OP_DIVIDE) {
        *out = value_float(is_exact_double(x) && is_exact_double(y)
                               ? (double)x / (double)y
                               : (double)((long double)x / (long double)y));
        return true;
    }
    if (y == -1) {
        if (op == OP_FLOOR_DIVIDE && x == INT64_MIN)
            return bigint_operate(arena, op, a, b, out, err);
        *out = value_int(op == OP_MODULO ? 0 : -x);
        return true;
    }
    int64_t quotient = x / y, rest = x % y;
    if (rest && (rest < 0) != (y < 0)) {
        quotient--;
        rest += y;
    }
    *out = value_int(op == OP_MODULO ? rest : quotient);
    return true;
}

static bool operate_whole(Arena *arena, Operator op, Value a, Value b, Value *out, Err *err)
{
    int64_t x = whole_of(a), y = whole_of(b), result;
    bool is_big;
    switch (op) {
    case OP_ADD: is_big = __builtin_add_overflow(x, y, &result); break;
    case OP_SUBTRACT: is_big = __builtin_sub_overflow(x, y, &result); break;
    case OP_MULTIPLY: is_big = __builtin_mul_overflow(x, y, &result); break;
    case OP_POWER: return power_whole(arena, a, b, out, err);
    default: return divide_whole(arena, op, a, b, out, err);
    }
    if (is_big)
        return bigint_operate(arena, op, a, b, out, err);
    *out = value_int(result);
    return true;
}

/* ---- floats ---- */

/* Python's floor division of floats: the rest has the divisor's sign. */
static void floor_divide(double x, double y, double *quotient, double *rest)
{
    double mod = fmod(x, y), div = (x - mod) / y;
    if (mod != 0) {
        if ((y < 0) != (mod < 0)) {
            mod += y;
            div -= 1.0;
        }
    } else {
        mod = copysign(0.0, y);
    }
    if (div != 0) {
        *quotient = floor(div);
        if (div - *quotient > 0.5)
            *quotient += 1.0;
    } else {
        *quotient = copysign(0.0, x / y);
    }
    *rest = mod;
}

static bool power_real(double x, double y, Value *out, Err *err)
{
    if (x == 0 && y < 0)
        return FAIL(err, "0.0 cannot be raised to a negative power");
    if (x < 0 && isfinite(x) && isfinite(y) && y != floor(y))
        return FAIL(err, "a negative number to a broken power is a complex number, which weir "
                         "does not know");
    double result = pow(x, y);
    if (isinf(result) && isfinite(x) && isfinite(y))
        return FAIL(err, "(34, 'Numerical result out of range')");
    *out = value_float(result);
    return true;
}

static bool operate_real(Operator op, double x, double y, Value *out, Err *err)
{
    double quotient, rest;
    switch (op) {
    case OP_ADD: *out = value_float(x + y); return true;
    case OP_SUBTRACT: *out = value_float(x - y); return true;
    case OP_MULTIPLY: *out = value_float(x * y); return true;
    case OP_POWER: return power_real(x, y, out, err);
    case OP_DIVIDE:
        if (y == 0)
            return FAIL(err, "float division by zero");
        *out = value_float(x / y);
        return true;
    default:
        if (y == 0)
            return FAIL(err, "%s",
                        op == OP_MODULO ? "float modulo" : "float floor division by zero");
        floor_divide(x, y, &quotient, &rest);
        *out = value_float(op == OP_MODULO ? rest : quotient);
        return true;
    }
}

/* ---- sequences ---- */

static bool is_sequence_kind(Value v)
{
    return v.kind == VALUE_TEXT || v.kind == VALUE_LIST || v.kind == VALUE_TUPLE;
}

static bool concatenate(Arena *arena, Value a, Value b, Value *out, Err *err)
{
    if (a.kind != b.kind)
        return FAIL(err, "can only concatenate %s (not \"%s\") to %s", value_type_name(a),
                    value_type_name(b), value_type_name(a));
    if (a.kind == VALUE_TEXT) {
        size_t len = (size_t)a.len + b.len;
        if (len > LARGEST_TEXT_BYTES)
            return err_set(err, ERR_TOO_BIG, NOWHERE, "a text of %zu bytes is too long", len);
        char *at = arena_take(arena, len + 1, 1);
        memcpy(at, a.text, a.len);
        memcpy(at + a.len, b.text, b.len);
        *out = value_text((Str){at, len});
        return true;
    }
    Array *sum = array_make(arena, a.list->len + b.list->len);
    for (uint32_t i = 0; i < a.list->len; i++)
        array_add(sum, a.list->at[i]);
    for (uint32_t i = 0; i < b.list->len; i++)
        array_add(sum, b.list->at[i]);
    *out = a.kind == VALUE_LIST ? value_of_array(sum) : value_of_tuple(sum);
    return true;
}

static bool repeat(Arena *arena, Value sequence, Value times, Value *out, Err *err)
{
    if (!is_whole(times))
        return FAIL(err, "can't multiply sequence by non-int of type '%s'",
                    value_type_name(times));
    uint64_t count = whole_of(times) > 0 ? (uint64_t)whole_of(times) : 0;
    uint64_t len = sequence.kind == VALUE_TEXT ? sequence.len : sequence.list->len, total;
    uint64_t most = sequence.kind == VALUE_TEXT ? LARGEST_TEXT_BYTES : LARGEST_LIST;
    if (__builtin_mul_overflow(count, len, &total) || total > most)
        return err_set(err, ERR_TOO_BIG, NOWHERE, "a %s repeated %lld times is too long",
                       value_type_name(sequence), (long long)whole_of(times));
    if (sequence.kind == VALUE_TEXT) {
        char *at = arena_take(arena, total + 1, 1);
        for (uint64_t i = 0; len && i < count; i++)
            memcpy(at + i * len, sequence.text, len);
        *out = value_text((Str){at, total});
        return true;
    }
    Array *product = array_make(arena, (uint32_t)total);
    for (uint64_t i = 0; len && i < count; i++)
        for (uint32_t k = 0; k < len; k++)
            array_add(product, sequence.list->at[k]);
    *out = sequence.kind == VALUE_LIST ? value_of_array(product) : value_of_tuple(product);
    return true;
}

/* a - b of two sets */
static Value set_difference(Arena *arena, const Dict *a, const Dict *b)
{
    Dict *rest = dict_make(arena, a->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(a, &at, &key, &value);)
        if (!dict_find_value(b, key))
            dict_put_keyed(rest, key, NONE);
    return value_of_set(rest);
}

/* ---- any two values ---- */

static bool operate_objects(Arena *arena, Operator op, Value a, Value b, Value *out, Err *err)
{
    *out = UNDEFINED;
    if (a.kind == VALUE_OBJECT && a.object->type->binary)
        TRY(a.object->type->binary(a.object, signs[op], b, false, arena, out, err));
    if (out->kind == VALUE_UNDEFINED && b.kind == VALUE_OBJECT && b.object->type->binary)
        TRY(b.object->type->binary(b.object, signs[op], a, true, arena, out, err));
    return true;
}

static bool operate_big(Arena *arena, Operator op, Value a, Value b, Value *out, Err *err)
{
    if (is_any_whole(a) && is_any_whole(b))
        return bigint_operate(arena, op, a, b, out, err);
    double x, y;
    TRY(number_real(a, &x, err));
    TRY(number_real(b, &y, err));
    return operate_real(op, x, y, out, err);
}

static bool is_builtin_number(Value v)
{
    return is_real_number(v) || value_is_a(v, &bigint_type);
}

bool operate(Arena *arena, Operator op, Value a, Value b, Value *out, Err *err)
{
    if (is_whole(a) && is_whole(b))
        return operate_whole(arena, op, a, b, out, err);
    if (is_real_number(a) && is_real_number(b))
        return operate_real(op, real_of(a), real_of(b), out, err);
    if (is_builtin_number(a) && is_builtin_number(b))
        return operate_big(arena, op, a, b, out, err);
    if (op == OP_MODULO && a.kind == VALUE_TEXT)
        return format_percent(arena, value_str(a), b, out, err);
    if (a.kind == VALUE_UNDEFINED || b.kind == VALUE_UNDEFINED)
        return undefined_fail(a.kind == VALUE_UNDEFINED ? a : b, err);
    Value answer = UNDEFINED;
    TRY(operate_objects(arena, op, a, b, &answer, err));
    if (answer.kind != VALUE_UNDEFINED) {
        *out = answer;
        return true;
    }
    if (op == OP_ADD && is_sequence_kind(a))
        return concatenate(arena, a, b, out, err);
    if (op == OP_MULTIPLY && is_sequence_kind(a))
        return repeat(arena, a, b, out, err);
    if (op == OP_MULTIPLY && is_sequence_kind(b))
        return repeat(arena, b, a, out, err);
    if (op == OP_SUBTRACT && a.kind == VALUE_SET && b.kind == VALUE_SET) {
        *out = set_difference(arena, a.dict, b.dict);
        return true;
    }
    return unsupported(op, a, b, err);
}

/* Objects that know "neg" and "pos" answer by them. */
static bool operate_unary(Arena *arena, const char *name, char sign, Value a, Value *out, Err *err)
{
    if (a.kind == VALUE_UNDEFINED)
        return undefined_fail(a, err);
    Value answer = UNDEFINED;
    if (a.kind == VALUE_OBJECT && a.object->type->binary)
        TRY(a.object->type->binary(a.object, name, NONE, false, arena, &answer, err));
    if (answer.kind == VALUE_UNDEFINED)
        return FAIL(err, "bad operand type for unary %c: '%s'", sign, value_type_name(a));
    *out = answer;
    return true;
}

bool operate_negate(Arena *arena, Value a, Value *out, Err *err)
{
    if (is_any_whole(a))
        return operate(arena, OP_SUBTRACT, value_int(0), a, out, err);
    if (a.kind == VALUE_FLOAT) {
        *out = value_float(-a.real);
        return true;
    }
    return operate_unary(arena, "neg", '-', a, out, err);
}

bool operate_plus(Arena *arena, Value a, Value *out, Err *err)
{
    if (is_whole(a) || a.kind == VALUE_FLOAT || value_is_a(a, &bigint_type)) {
        *out = is_whole(a) ? value_int(whole_of(a)) : a;
        return true;
    }
    return operate_unary(arena, "pos", '+', a, out, err);
}
