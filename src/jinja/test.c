/* test.c: every test behind `is`. */
#include <math.h>

#include "jinja/filter.h"
#include "jinja/method_text.h"

/* ---- kinds of values ---- */

#define KIND_TEST(name, claim)                                              \
    bool test_##name(Call *call, Value input, bool *out, Err *err)          \
    {                                                                       \
        TRY(check_counts(call, #name, 0, 0, err));                          \
        (void)input;                                                        \
        *out = (claim);                                                     \
        return true;                                                        \
    }

KIND_TEST(boolean, input.kind == VALUE_BOOL)
KIND_TEST(defined, input.kind != VALUE_UNDEFINED)
KIND_TEST(undefined, input.kind == VALUE_UNDEFINED)
KIND_TEST(none, input.kind == VALUE_NONE)
KIND_TEST(true, input.kind == VALUE_BOOL && input.is_true)
KIND_TEST(false, input.kind == VALUE_BOOL && !input.is_true)
KIND_TEST(float, input.kind == VALUE_FLOAT)
KIND_TEST(string, input.kind == VALUE_TEXT)
KIND_TEST(integer, input.kind == VALUE_INT || value_is_a(input, &bigint_type))
KIND_TEST(number, is_any_whole(input) || input.kind == VALUE_FLOAT ||
                      value_is_a(input, &decimal_type))
KIND_TEST(mapping, input.kind == VALUE_DICT ||
                       (input.kind == VALUE_OBJECT && input.object->type->is_mapping))
/* There is no markup type: nothing is marked as escaped. */
KIND_TEST(escaped, false)

/* An Undefined can be called as far as Python can see. */
KIND_TEST(callable, input.kind == VALUE_UNDEFINED ||
                        (input.kind == VALUE_OBJECT && input.object->type->call))

static bool is_iterable(Value v)
{
    switch ((ValueKind)v.kind) {
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT: return false;
    case VALUE_OBJECT: return v.object->type->next != NULL;
    default: return true;
    }
}

bool test_iterable(Call *call, Value input, bool *out, Err *err)
{
    TRY(check_counts(call, "iterable", 0, 0, err));
    TRY(check_defined(call, input, err));
    *out = is_iterable(input);
    return true;
}

/* Has a length and items by key: a set and a view are none. */
static bool is_sequence(Value v)
{
    switch ((ValueKind)v.kind) {
    case VALUE_TEXT:
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:
    case VALUE_UNDEFINED: return true;
    case VALUE_OBJECT:
        return v.object->type->is_sequence || v.object->type->is_mapping ||
               (v.object->type->length && v.object->type->item);
    default: return false;
    }
}

static bool is_strict(const Call *call)
{
    return call->interp && interp_undefined_mode(call->interp) == UNDEFINED_STRICT;
}

KIND_TEST(sequence, is_sequence(input) && !(input.kind == VALUE_UNDEFINED && is_strict(call)))

bool test_lower(Call *call, Value input, bool *out, Err *err)
{
    TRY(check_counts(call, "lower", 0, 0, err));
    TRY(check_defined(call, input, err));
    *out = text_is_lower(input_text(call, input));
    return true;
}

bool test_upper(Call *call, Value input, bool *out, Err *err)
{
    TRY(check_counts(call, "upper", 0, 0, err));
    TRY(check_defined(call, input, err));
    *out = text_is_upper(input_text(call, input));
    return true;
}

KIND_TEST(filter, input.kind == VALUE_TEXT && filter_find(value_str(input)) != NULL)
KIND_TEST(test, input.kind == VALUE_TEXT && test_find(value_str(input)) != NULL)

/* ---- numbers ---- */

static bool rest_is(Call *call, Value input, Value divisor, int64_t wanted, bool *out, Err *err)
{
    Value rest;
    TRY(operate(call->arena, OP_MODULO, input, divisor, &rest, err));
    *out = value_equal(rest, value_int(wanted));
    return true;
}

bool test_even(Call *call, Value input, bool *out, Err *err)
{
    TRY(check_counts(call, "even", 0, 0, err));
    return rest_is(call, input, value_int(2), 0, out, err);
}

bool test_odd(Call *call, Value input, bool *out, Err *err)
{
    TRY(check_counts(call, "odd", 0, 0, err));
    return rest_is(call, input, value_int(2), 1, out, err);
}

bool test_divisibleby(Call *call, Value input, bool *out, Err *err)
{
    static const char *const names[] = {"num"};
    Value divisor;
    TRY(call_bind(call, "divisibleby", names, 1, 1, &divisor, err));
    return rest_is(call, input, divisor, 0, out, err);
}

/* ---- comparisons ---- */

static bool one_argument(Call *call, const char *name, Value *out, Err *err)
{
    static const char *const names[] = {"other"};
    return call_bind(call, name, names, 1, 1, out, err);
}

bool test_eq(Call *call, Value input, bool *out, Err *err)
{
    Value other;
    TRY(one_argument(call, "eq", &other, err));
    *out = value_equal(input, other);
    return true;
}

bool test_ne(Call *call, Value input, bool *out, Err *err)
{
    Value other;
    TRY(one_argument(call, "ne", &other, err));
    *out = !value_equal(input, other);
    return true;
}

/* The order of two values by an operator; 2 for NaN, for which nothing holds. */
static bool compare(Call *call, Value input, const char *operator, int *order, Err *err)
{
    Value other;
    TRY(one_argument(call, operator, &other, err));
    if (input.kind == VALUE_UNDEFINED || other.kind == VALUE_UNDEFINED)
        return undefined_fail(input.kind == VALUE_UNDEFINED ? input : other, err);
    return value_compare(input, other, operator, order, err);
}

#define ORDER_TEST(name, operator, claim)                                   \
    bool test_##name(Call *call, Value input, bool *out, Err *err)          \
    {                                                                       \
        int order;                                                          \
        TRY(compare(call, input, operator, &order, err));                   \
        *out = order != 2 && (claim);                                       \
        return true;                                                        \
    }

ORDER_TEST(lt, "<", order < 0)
ORDER_TEST(le, "<=", order <= 0)
ORDER_TEST(gt, ">", order > 0)
ORDER_TEST(ge, ">=", order >= 0)

bool test_in(Call *call, Value input, bool *out, Err *err)
{
    Value container;
    TRY(one_argument(call, "in", &container, err));
    return operate_contains(container, input, out, err);
}

/* Python's `is`: small things by value, as CPython shares them. */
bool test_sameas(Call *call, Value input, bool *out, Err *err)
{
    Value other;
    TRY(one_argument(call, "sameas", &other, err));
    *out = false;
    if (input.kind != other.kind)
        return true;
    switch ((ValueKind)input.kind) {
    case VALUE_LIST:
    case VALUE_TUPLE: *out = input.list == other.list; break;
    case VALUE_DICT:
    case VALUE_SET: *out = input.dict == other.dict; break;
    case VALUE_OBJECT: *out = input.object == other.object; break;
    case VALUE_UNDEFINED: break; /* every look at a name makes a new one */
    default: *out = value_equal(input, other); break;
    }
    return true;
}
