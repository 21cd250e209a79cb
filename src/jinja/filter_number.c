/* filter_number.c: filters that make or round numbers. */
#include <math.h>
#include <stdlib.h>

#include "jinja/filter.h"

/* Python's int(): false where it raises TypeError or ValueError. */
static bool to_int(Call *call, Value v, unsigned base, Value *out)
{
    Err ignored = {0};
    bool ok = true;
    double real;
    if (is_any_whole(v))
        *out = is_whole(v) ? value_int(whole_of(v)) : v;
    else if (v.kind == VALUE_FLOAT)
        ok = float_to_int(call->arena, v.real, out, &ignored);
    else if (value_is_a(v, &decimal_type))
        *out = decimal_to_int(call->arena, v);
    else if (v.kind == VALUE_TEXT && text_to_int(call->arena, value_str(v), base, out))
        ok = true;
    else
        ok = v.kind == VALUE_TEXT && text_to_float(value_str(v), &real) &&
             float_to_int(call->arena, real, out, &ignored);
    err_drop(&ignored);
    return ok;
}

bool filter_int(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"default", "base"};
    Value slots[] = {value_int(0), value_int(10)};
    TRY(call_bind(call, "int", names, 2, 0, slots, err));
    int64_t base;
    TRY(index_of(slots[1], &base, err));
    if (input.kind == VALUE_UNDEFINED)
        return undefined_fail(input, err);
    if (input.kind == VALUE_FLOAT && isinf(input.real))
        return FAIL(err, "cannot convert float infinity to integer");
    bool is_base = base == 0 || (base >= 2 && base <= 36);
    if (!to_int(call, input, is_base ? (unsigned)base : 10, out))
        *out = slots[0];
    return true;
}

bool filter_float(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"default"};
    Value otherwise = value_float(0.0);
    TRY(call_bind(call, "float", names, 1, 0, &otherwise, err));
    if (input.kind == VALUE_UNDEFINED)
        return undefined_fail(input, err);
    double real;
    Err ignored = {0};
    bool ok = input.kind == VALUE_TEXT ? text_to_float(value_str(input), &real)
                                       : number_real(input, &real, &ignored);
    err_drop(&ignored);
    *out = ok ? value_float(real) : otherwise;
    return true;
}

bool filter_abs(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "abs", 0, 0, err));
    if (input.kind == VALUE_UNDEFINED)
        return undefined_fail(input, err);
    if (input.kind == VALUE_FLOAT) {
        *out = value_float(fabs(input.real));
        return true;
    }
    bool is_negative = is_whole(input) && whole_of(input) < 0;
    if (value_is_a(input, &bigint_type))
        is_negative = bigint_real(input) < 0;
    if (is_any_whole(input))
        return is_negative ? operate_negate(call->arena, input, out, err)
                           : operate_plus(call->arena, input, out, err);
    Value answer = UNDEFINED;
    if (input.kind == VALUE_OBJECT && input.object->type->binary)
        TRY(input.object->type->binary(input.object, "abs", NONE, false, call->arena, &answer,
                                       err));
    if (answer.kind == VALUE_UNDEFINED)
        return FAIL(err, "bad operand type for abs(): '%s'", value_type_name(input));
    *out = answer;
    return true;
}

/* round(real, places): half to even on the binary value. */
static double round_real(Call *call, double real, int64_t places)
{
    if (!isfinite(real) || places > 400)
        return real;
    if (places < 0) {
        if (places < -308)
            return copysign(0.0, real);
        double unit = pow(10, (double)-places);
        return rint(real / unit) * unit;
    }
    Str text = str_print(call->arena, "%.*f", (int)places, real);
    return strtod(text.at, NULL);
}

/* round(whole, places) for places < 0: half to even. */
static bool round_whole(Call *call, Value v, int64_t places, Value *out, Err *err)
{
    Value unit, half, rest, quotient, zero = value_int(0);
    if (places < -5000)
        places = -5000;
    TRY(operate(call->arena, OP_POWER, value_int(10), value_int(-places), &unit, err));
    TRY(operate(call->arena, OP_FLOOR_DIVIDE, v, unit, &quotient, err));
    TRY(operate(call->arena, OP_MODULO, v, unit, &rest, err));
    TRY(operate(call->arena, OP_FLOOR_DIVIDE, unit, value_int(2), &half, err));
    int order;
    TRY(value_compare(rest, half, "<", &order, err));
    Value odd;
    TRY(operate(call->arena, OP_MODULO, quotient, value_int(2), &odd, err));
    if (order > 0 || (order == 0 && !value_equal(odd, zero)))
        TRY(operate(call->arena, OP_ADD, quotient, value_int(1), &quotient, err));
    return operate(call->arena, OP_MULTIPLY, quotient, unit, out, err);
}

static bool round_common(Call *call, Value v, int64_t places, Value *out, Err *err)
{
    if (v.kind == VALUE_UNDEFINED)
        return undefined_fail(v, err);
    if (is_any_whole(v)) {
        if (places < 0)
            return round_whole(call, v, places, out, err);
        return operate_plus(call->arena, v, out, err);
    }
    if (v.kind == VALUE_FLOAT) {
        *out = value_float(round_real(call, v.real, places));
        return true;
    }
    if (value_is_a(v, &decimal_type)) {
        *out = decimal_round(call->arena, v, places);
        return true;
    }
    return FAIL(err, "type %s doesn't define __round__ method", value_type_name(v));
}

bool filter_round(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"precision", "method"};
    Value slots[] = {value_int(0), value_lit("common")};
    TRY(call_bind(call, "round", names, 2, 0, slots, err));
    bool is_ceil = value_is(slots[1], "ceil"), is_floor = value_is(slots[1], "floor");
    if (!is_ceil && !is_floor && !value_is(slots[1], "common"))
        return FAIL(err, "method must be common, ceil or floor");
    int64_t places;
    TRY(index_of(slots[0], &places, err));
    if (!is_ceil && !is_floor)
        return round_common(call, input, places, out, err);
    Value unit, scaled;
    double real;
    TRY(operate(call->arena, OP_POWER, value_int(10), slots[0], &unit, err));
    TRY(operate(call->arena, OP_MULTIPLY, input, unit, &scaled, err));
    TRY(number_real(scaled, &real, err));
    TRY(float_to_int(call->arena, is_ceil ? ceil(real) : floor(real), &scaled, err));
    return operate(call->arena, OP_DIVIDE, scaled, unit, out, err);
}
