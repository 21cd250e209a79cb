/* bigint.c: whole numbers beyond 64 bits: objects that Python's users take for int.
 *
 * Sign and magnitude; the magnitude is 32-bit limbs, the lowest first, no zeros on top. What fits
 * 64 bits is always given as a plain int.
 */
#include <math.h>

#include "jinja/python.h"

enum { MOST_LIMBS = 4096 };  /* 131,072 bits */

typedef struct Big {
    Object base;
    bool is_negative;
    uint32_t count;
    uint32_t *limbs;
} Big;

static Big *big_make(Arena *arena, uint32_t count)
{
    Big *big = NEW(arena, Big);
    big->base.type = &bigint_type;
    big->count = count;
    big->limbs = NEW_N(arena, uint32_t, count + 1);
    return big;
}

static void trim(Big *big)
{
    while (big->count && !big->limbs[big->count - 1])
        big->count--;
}

/* Any whole number as a Big. */
static Big *big_of(Arena *arena, Value v)
{
    if (v.kind == VALUE_OBJECT)
        return (Big *)v.object;
    Big *big = big_make(arena, 2);
    int64_t number = whole_of(v);
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    big->is_negative = number < 0;
    big->limbs[0] = (uint32_t)size;
    big->limbs[1] = (uint32_t)(size >> 32);
    trim(big);
    return big;
}

/* The value of a Big: a plain int where it fits. */
static Value big_value(Big *big)
{
    trim(big);
    if (big->count <= 2) {
        uint64_t size = (big->count > 1 ? (uint64_t)big->limbs[1] << 32 : 0) |
                        (big->count ? big->limbs[0] : 0);
        if (size <= INT64_MAX)
            return value_int(big->is_negative ? -(int64_t)size : (int64_t)size);
        if (big->is_negative && size == (uint64_t)INT64_MAX + 1)
            return value_int(INT64_MIN);
    }
    return value_of_object(&big->base);
}

/* ---- magnitudes ---- */

static int compare_sizes(const Big *a, const Big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (uint32_t i = a->count; i > 0; i--)
        if (a->limbs[i - 1] != b->limbs[i - 1])
            return a->limbs[i - 1] < b->limbs[i - 1] ? -1 : 1;
    return 0;
}

static Big *add_sizes(Arena *arena, const Big *a, const Big *b)
{
    uint32_t count = (a->count > b->count ? a->count : b->count) + 1;
    Big *sum = big_make(arena, count);
    uint64_t carry = 0;
    for (uint32_t i = 0; i < count; i++) {
        carry += (uint64_t)(i < a->count ? a->limbs[i] : 0) + (i < b->count ? b->limbs[i] : 0);
        sum->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    trim(sum);
    return sum;
}

/* a - b for a >= b */
static Big *subtract_sizes(Arena *arena, const Big *a, const Big *b)
{
    Big *rest = big_make(arena, a->count);
    int64_t borrow = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        int64_t limb = (int64_t)a->limbs[i] - (i < b->count ? b->limbs[i] : 0) - borrow;
        borrow = limb < 0;
        rest->limbs[i] = (uint32_t)(limb + (borrow << 32));
    }
    trim(rest);
    return rest;
}

static Big *multiply_sizes(Arena *arena, const Big *a, const Big *b)
{
    Big *product = big_make(arena, a->count + b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (uint32_t k = 0; k < b->count; k++) {
            carry += (uint64_t)a->limbs[i] * b->limbs[k] + product->limbs[i + k];
            product->limbs[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        product->limbs[i + b->count] = (uint32_t)carry;
    }
    trim(product);
    return product;
}

/* In place by a small number; gives the rest. */
static uint32_t divide_small(Big *big, uint32_t by)
{
    uint64_t rest = 0;
    for (uint32_t i = big->count; i > 0; i--) {
        rest = rest << 32 | big->limbs[i - 1];
        big->limbs[i - 1] = (uint32_t)(rest / by);
        rest %= by;
    }
    trim(big);
    return (uint32_t)rest;
}

static Big *copy_size(Arena *arena, const Big *big)
{
    Big *copy = big_make(arena, big->count);
    if (big->count)
        memcpy(copy->limbs, big->limbs, big->count * sizeof(*big->limbs));
    return copy;
}

/* Shifts left by less than 32 bits. */
static Big *shift_size(Arena *arena, const Big *big, unsigned bits)
{
    Big *shifted = big_make(arena, big->count + 1);
    uint64_t carry = 0;
    for (uint32_t i = 0; i < big->count; i++) {
        carry |= (uint64_t)big->limbs[i] << bits;
        shifted->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    shifted->limbs[big->count] = (uint32_t)carry;
    return shifted; /* not trimmed: division wants the limb on top */
}

/* Long division of magnitudes, limb by limb, with the divisor's top bit set first. */
static void divide_sizes(Arena *arena, const Big *a, const Big *b, Big **quotient, Big **rest)
{
    if (compare_sizes(a, b) < 0) {
        *quotient = big_make(arena, 0);
        *rest = copy_size(arena, a);
        return;
    }
    if (b->count == 1) {
        *quotient = copy_size(arena, a);
        *rest = big_make(arena, 1);
        (*rest)->limbs[0] = divide_small(*quotient, b->limbs[0]);
        trim(*rest);
        return;
    }
    unsigned bits = (unsigned)__builtin_clz(b->limbs[b->count - 1]);
    Big *u = shift_size(arena, a, bits), *v = shift_size(arena, b, bits);
    uint32_t n = b->count, m = a->count - n;
    *quotient = big_make(arena, m + 1);
    for (uint32_t j = m + 1; j-- > 0;) {
        uint64_t top = (uint64_t)u->limbs[j + n] << 32 | u->limbs[j + n - 1];
        uint64_t guess = top / v->limbs[n - 1], left = top % v->limbs[n - 1];
        while (guess >> 32 || guess * v->limbs[n - 2] > (left << 32 | u->limbs[j + n - 2])) {
            guess--;
            left += v->limbs[n - 1];
            if (left >> 32)
                break;
        }
        int64_t borrow = 0;
        uint64_t carry = 0;
        for (uint32_t i = 0; i < n; i++) {
            carry += guess * v->limbs[i];
            int64_t limb = (int64_t)u->limbs[i + j] - (int64_t)(uint32_t)carry - borrow;
            borrow = limb < 0;
            u->limbs[i + j] = (uint32_t)limb;
            carry >>= 32;
        }
        int64_t limb = (int64_t)u->limbs[j + n] - (int64_t)carry - borrow;
        u->limbs[j + n] = (uint32_t)limb;
        if (limb < 0) { /* one too many: give one back */
            guess--;
            carry = 0;
            for (uint32_t i = 0; i < n; i++) {
                carry += (uint64_t)u->limbs[i + j] + v->limbs[i];
                u->limbs[i + j] = (uint32_t)carry;
                carry >>= 32;
            }
            u->limbs[j + n] += (uint32_t)carry;
        }
        (*quotient)->limbs[j] = (uint32_t)guess;
    }
    trim(*quotient);
    *rest = big_make(arena, n); /* u shifted back */
    for (uint32_t i = 0; i < n; i++)
        (*rest)->limbs[i] = (uint32_t)(((uint64_t)u->limbs[i + 1] << 32 | u->limbs[i]) >> bits);
    trim(*rest);
}

/* ---- with signs ---- */

static Big *add_signed(Arena *arena, const Big *a, const Big *b, bool flips_b)
{
    bool b_negative = b->is_negative != flips_b;
    Big *sum;
    if (a->is_negative == b_negative) {
        sum = add_sizes(arena, a, b);
        sum->is_negative = a->is_negative;
    } else if (compare_sizes(a, b) >= 0) {
        sum = subtract_sizes(arena, a, b);
        sum->is_negative = a->is_negative;
    } else {
        sum = subtract_sizes(arena, b, a);
        sum->is_negative = b_negative;
    }
    return sum;
}

/* Floor division: the rest has the divisor's sign. */
static void divide_signed(Arena *arena, const Big *a, const Big *b, Big **quotient, Big **rest)
{
    divide_sizes(arena, a, b, quotient, rest);
    (*quotient)->is_negative = a->is_negative != b->is_negative;
    (*rest)->is_negative = a->is_negative;
    if ((*rest)->count && a->is_negative != b->is_negative) {
        Big *one = big_of(arena, value_int(1));
        *quotient = add_signed(arena, *quotient, one, true);
        *rest = add_signed(arena, *rest, b, false);
    }
}

static bool too_big(Err *err)
{
    return err_set(err, ERR_TOO_BIG, NOWHERE, "a whole number of more than %d bits is too big",
                   MOST_LIMBS * 32);
}

static bool power_big(Arena *arena, Big *base, Value exponent, Value *out, Err *err)
{
    if (exponent.kind == VALUE_OBJECT && base->count)
        return too_big(err);
    int64_t left = whole_of(exponent);
    if (left < 0) {
        *out = value_float(pow(bigint_real(value_of_object(&base->base)), (double)left));
        return true;
    }
    Big *result = big_of(arena, value_int(1)), *square = base;
    while (left) {
        if (left & 1) {
            bool is_negative = result->is_negative != square->is_negative;
            result = multiply_sizes(arena, result, square);
            result->is_negative = is_negative;
        }
        left >>= 1;
        if (result->count > MOST_LIMBS || (left && square->count > MOST_LIMBS))
            return too_big(err);
        if (left) {
            square = multiply_sizes(arena, square, square);
        }
    }
    *out = big_value(result);
    return true;
}

/* a / b as a float: the quotient with 64 bits and a sticky one, rounded once. */
static bool divide_to_float(Arena *arena, Big *a, Big *b, Value *out, Err *err)
{
    int64_t limbs = (int64_t)a->count - (int64_t)b->count;
    int shift = limbs < 3 ? (int)(3 - limbs) : 0; /* so that the quotient has 65 bits or more */
    Big *scaled = big_make(arena, a->count + (uint32_t)shift);
    memcpy(scaled->limbs + shift, a->limbs, a->count * sizeof(*a->limbs));
    Big *quotient, *rest;
    divide_sizes(arena, scaled, b, &quotient, &rest);
    if (rest->count && quotient->count)
        quotient->limbs[0] |= 1;
    quotient->is_negative = a->is_negative != b->is_negative;
    double real = ldexp(bigint_real(value_of_object(&quotient->base)), -32 * shift);
    if (isinf(real))
        return FAIL(err, "integer division result too large for a float");
    *out = value_float(real);
    return true;
}

bool bigint_operate(Arena *arena, Operator op, Value a, Value b, Value *out, Err *err)
{
    Big *x = big_of(arena, a), *y = big_of(arena, b), *quotient, *rest;
    if (op >= OP_DIVIDE && op <= OP_MODULO && !y->count)
        return FAIL(err, op == OP_DIVIDE ? "division by zero"
                                         : "integer division or modulo by zero");
    if (x->count + y->count > MOST_LIMBS * 2)
        return too_big(err);
    switch (op) {
    case OP_ADD: *out = big_value(add_signed(arena, x, y, false)); break;
    case OP_SUBTRACT: *out = big_value(add_signed(arena, x, y, true)); break;
    case OP_MULTIPLY:
        quotient = multiply_sizes(arena, x, y);
        quotient->is_negative = x->is_negative != y->is_negative;
        *out = big_value(quotient);
        break;
    case OP_DIVIDE: return divide_to_float(arena, x, y, out, err);
    case OP_FLOOR_DIVIDE:
    case OP_MODULO:
        divide_signed(arena, x, y, &quotient, &rest);
        *out = big_value(op == OP_MODULO ? rest : quotient);
        break;
    case OP_POWER: return power_big(arena, x, b, out, err);
    }
    if (out->kind == VALUE_OBJECT && ((Big *)out->object)->count > MOST_LIMBS)
        return too_big(err);
    return true;
}

/* ---- texts and floats ---- */

Value bigint_parse(Arena *arena, Str digits, unsigned base, bool is_negative)
{
    uint64_t small = 0;
    size_t at = 0;
    for (; at < digits.len; at++) {
        char c = digits.at[at];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
        if (__builtin_mul_overflow(small, base, &small) ||
            __builtin_add_overflow(small, digit, &small) || small > INT64_MAX)
            break;
    }
    if (at == digits.len)
        return value_int(is_negative ? -(int64_t)small : (int64_t)small);
    Big *big = big_make(arena, (uint32_t)(digits.len / 5 + 2)); /* 36^5 < 2^32 */
    big->count = 0;
    for (at = 0; at < digits.len; at++) {
        char c = digits.at[at];
        uint64_t carry = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
        for (uint32_t i = 0; i < big->count; i++) {
            carry += (uint64_t)big->limbs[i] * base;
            big->limbs[i] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry)
            big->limbs[big->count++] = (uint32_t)carry;
    }
    big->is_negative = is_negative;
    return big_value(big);
}

Str whole_digits(Arena *arena, Value v, unsigned base, bool *is_negative)
{
    Big *big = copy_size(arena, big_of(arena, v));
    *is_negative = v.kind == VALUE_OBJECT ? ((Big *)v.object)->is_negative : whole_of(v) < 0;
    unsigned piece = base == 10 ? 1000000000 : base == 8 ? 1u << 30 : 1u << 28;
    int piece_digits = base == 10 ? 9 : base == 8 ? 10 : base == 16 ? 7 : 28;
    size_t room = (size_t)big->count * 33 + 32, at = room;
    char *digits = arena_take(arena, room + 1, 1);
    while (big->count) {
        uint32_t rest = divide_small(big, piece);
        for (int i = 0; i < piece_digits && (big->count || rest); i++, rest /= base)
            digits[--at] = "0123456789abcdef"[rest % base];
    }
    if (at == room)
        digits[--at] = '0';
    return (Str){digits + at, room - at};
}

double bigint_real(Value v)
{
    if (v.kind != VALUE_OBJECT)
        return (double)whole_of(v);
    const Big *big = (Big *)v.object;
    if (!big->count)
        return 0;
    /* the 64 bits on top, the lowest of them set when anything stands below: rounds right once */
    uint32_t top = big->count - 1;
    unsigned shift = (unsigned)__builtin_clz(big->limbs[top]);
    uint64_t bits = 0;
    bool has_more = false;
    for (uint32_t i = 0; i < 3; i++) {
        uint64_t limb = top >= i ? big->limbs[top - i] : 0;
        if (i < 2)
            bits |= limb << (32 * (1 - i));
        else if (shift) {
            bits = bits << shift | limb >> (32 - shift);
            has_more = (uint32_t)(limb << shift) != 0;
        } else {
            has_more = limb != 0;
        }
    }
    for (uint32_t i = 0; i + 3 <= top && !has_more; i++)
        has_more = big->limbs[i] != 0;
    if (has_more)
        bits |= 1;
    double real = ldexp((double)bits, (int)(top * 32) - 32 - (int)shift);
    return big->is_negative ? -real : real;
}

Value bigint_of_real(Arena *arena, double real)
{
    int exponent;
    double part = frexp(fabs(real), &exponent);
    uint64_t bits = (uint64_t)ldexp(part, 53);
    exponent -= 53; /* > 0: only called beyond 2^63 */
    Big *big = big_make(arena, (uint32_t)exponent / 32 + 4);
    unsigned shift = (unsigned)exponent % 32;
    uint32_t at = (uint32_t)exponent / 32;
    big->limbs[at] = (uint32_t)(bits << shift);
    big->limbs[at + 1] = (uint32_t)(bits >> (32 - shift));
    big->limbs[at + 2] = shift ? (uint32_t)(bits >> 32 >> (32 - shift)) : 0;
    big->is_negative = real < 0;
    return big_value(big);
}

/* ---- the type ---- */

static void bigint_print(Object *self, Text *out)
{
    Arena scratch = {0};
    bool is_negative;
    Str digits = whole_digits(&scratch, value_of_object(self), 10, &is_negative);
    if (is_negative)
        text_add_char(out, '-');
    text_add(out, digits);
    arena_drop(&scratch);
}

static int compare_bigs(const Big *a, const Big *b)
{
    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    int order = compare_sizes(a, b);
    return a->is_negative ? -order : order;
}

static bool bigint_equal(Object *self, Value other)
{
    if (value_is_a(other, &bigint_type))
        return compare_bigs((Big *)self, (Big *)other.object) == 0;
    return other.kind == VALUE_FLOAT && other.real == bigint_real(value_of_object(self));
}

static uint32_t bigint_hash(Object *self)
{
    double real = bigint_real(value_of_object(self));
    uint32_t hash = 0;
    value_hash(value_float(real), &hash);
    return hash;
}

/* Order; arithmetic goes by operate(). */
static bool bigint_binary(Object *self, const char *op, Value other, bool is_reversed,
                          Arena *arena, Value *out, Err *err)
{
    bool knows_other = other.kind != VALUE_OBJECT || value_is_a(other, &bigint_type);
    if (!knows_other && other.object->type->binary)
        return other.object->type->binary(other.object, op, value_of_object(self), !is_reversed,
                                          arena, out, err);
    if (op[0] != '<' && op[0] != '>')
        return true;
    int order;
    if (is_any_whole(other)) {
        order = compare_bigs((Big *)self, big_of(arena, other));
    } else if (other.kind == VALUE_FLOAT) {
        double real = bigint_real(value_of_object(self));
        order = real < other.real ? -1 : real > other.real;
    } else {
        return true;
    }
    if (is_reversed)
        order = -order;
    bool holds = op[0] == '<' ? order < 0 : order > 0;
    *out = value_bool(holds || (op[1] == '=' && order == 0));
    return true;
}

const ObjectType bigint_type = {
    .name = "int", .print = bigint_print, .equal = bigint_equal, .hash = bigint_hash,
    .binary = bigint_binary,
};
