/* meet.c: how a column's type and what data needs meet.
 *
 * Two scalars have one smallest type that holds the values of both exactly, or none. If that type
 * is the column's, the data is narrower; if it is another one, the column must widen.
 */
#include "format/format.h"

/* ---- integers: ranges ---- */

typedef struct IntType {
    TypeId type;
    int8_t bits; /* of the magnitude                                              */
    bool is_signed;
    uint8_t digits; /* of the longest value                                          */
} IntType;

/* Narrow ones first, signed before unsigned. */
static const IntType int_types[] = {
    {ARROW_INT8, 7, true, 3},     {ARROW_UINT8, 8, false, 3},    {ARROW_INT16, 15, true, 5},
    {ARROW_UINT16, 16, false, 5}, {ARROW_INT32, 31, true, 10},   {ARROW_UINT32, 32, false, 10},
    {ARROW_INT64, 63, true, 19},  {ARROW_UINT64, 64, false, 20},
};

static const IntType *find_int(TypeId type)
{
    for (size_t i = 0; i < COUNT_OF(int_types); i++)
        if (int_types[i].type == type)
            return &int_types[i];
    return NULL;
}

static bool int_holds(const IntType *outer, const IntType *inner)
{
    if (inner->is_signed && !outer->is_signed)
        return false;
    return outer->bits >= inner->bits;
}

static void set_scalar(Field *out, TypeId type)
{
    out->type = type;
    out->precision = out->scale = 0;
    out->children = NULL;
    out->child_count = 0;
}

static bool set_decimal(Field *out, unsigned whole, unsigned scale)
{
    if (whole + scale > 38)
        return false;
    set_scalar(out, ARROW_DECIMAL);
    out->precision = (uint8_t)(whole + scale ? whole + scale : 1);
    out->scale = (uint8_t)scale;
    return true;
}

static bool meet_ints(const Field *a, const Field *b, Field *out)
{
    const IntType *left = find_int(a->type), *right = find_int(b->type);
    for (size_t i = 0; i < COUNT_OF(int_types); i++) {
        if (!int_holds(&int_types[i], left) || !int_holds(&int_types[i], right))
            continue;
        set_scalar(out, int_types[i].type);
        return true;
    }
    return set_decimal(out, 20, 0);
}

/* ---- numbers with digits known ---- */

/* The digits before and behind the point that a type, or the data that was seen, needs; false:
 * unknown. */
static bool extent_of(const Field *field, unsigned *whole, unsigned *scale)
{
    const IntType *as_int = find_int(field->type);
    *scale = field->type == ARROW_DECIMAL || field->type == ARROW_DOUBLE ? field->scale : 0;
    if (as_int) {
        *whole = field->precision ? field->precision : as_int->digits;
        return true;
    }
    *whole = (unsigned)field->precision - *scale;
    return field->type == ARROW_DECIMAL || (field->type == ARROW_DOUBLE && field->precision);
}

/* Whether every value is one that a double (53 bits, 15 digits) or a float (24 bits, 6 digits)
 * says. */
static bool fits_float(const Field *field, bool is_double)
{
    const IntType *as_int = find_int(field->type);
    unsigned whole, scale, digits = is_double ? 15 : 6;
    if (as_int && as_int->bits <= (is_double ? 53 : 24))
        return true;
    bool knows = field->type == ARROW_DECIMAL ||
                 (field->precision && (as_int || field->type == ARROW_DOUBLE));
    return knows && extent_of(field, &whole, &scale) && whole + scale <= digits;
}

static bool meet_numbers(const Field *a, const Field *b, Field *out)
{
    bool is_float = a->type == ARROW_FLOAT || b->type == ARROW_FLOAT;
    bool is_double = a->type == ARROW_DOUBLE || b->type == ARROW_DOUBLE;
    const Field *other = a->type == ARROW_FLOAT || a->type == ARROW_DOUBLE ? b : a;
    bool both_float = other->type == ARROW_FLOAT || other->type == ARROW_DOUBLE;
    if (both_float || (is_double && fits_float(other, true))) {
        set_scalar(out, is_double ? ARROW_DOUBLE : ARROW_FLOAT);
        return true;
    }
    if (is_float && fits_float(other, true)) {
        set_scalar(out, fits_float(other, false) ? ARROW_FLOAT : ARROW_DOUBLE);
        return true;
    }
    unsigned whole_a, scale_a, whole_b, scale_b;
    if (!extent_of(a, &whole_a, &scale_a) || !extent_of(b, &whole_b, &scale_b))
        return false;
    return set_decimal(out, whole_a > whole_b ? whole_a : whole_b,
                       scale_a > scale_b ? scale_a : scale_b);
}

/* ---- scalars ---- */

static bool is_number(TypeId type)
{
    return find_int(type) || type == ARROW_FLOAT || type == ARROW_DOUBLE || type == ARROW_DECIMAL;
}

static bool is_nested(TypeId type)
{
    return type == ARROW_LIST || type == ARROW_STRUCT;
}

/* Whether a column of `outer` takes every value of `inner` as its text. */
static bool holds_as_text(const Field *outer, const Field *inner)
{
    if (outer->type == ARROW_JSON)
        return inner->type != ARROW_BINARY && inner->type != ARROW_INTERVAL;
    return outer->type == ARROW_TEXT && !is_nested(inner->type) && inner->type != ARROW_JSON &&
           inner->type != ARROW_BINARY;
}

/* The smallest type of both; false: there is none. */
static bool meet_scalars(const Field *have, const Field *seen, Field *out)
{
    if (seen->type == ARROW_NULL || holds_as_text(have, seen))
        return true; /* *out is a copy of `have` */
    if (is_number(have->type) && is_number(seen->type)) {
        bool are_ints = find_int(have->type) && find_int(seen->type);
        return are_ints ? meet_ints(have, seen, out) : meet_numbers(have, seen, out);
    }
    bool is_date = have->type == ARROW_DATE || seen->type == ARROW_DATE;
    bool is_stamp = have->type == ARROW_TIMESTAMP || seen->type == ARROW_TIMESTAMP;
    if (is_date && is_stamp) {
        set_scalar(out, ARROW_TIMESTAMP);
        return true;
    }
    if (seen->type == ARROW_JSON && is_nested(have->type)) {
        set_scalar(out, ARROW_JSON);
        return true;
    }
    return false;
}

/* An integer column that meets DECIMAL(p,0) data which it holds anyway stays what it is. */
static bool is_int_enough(const Field *have, const Field *seen)
{
    const IntType *as_int = find_int(have->type);
    return as_int && as_int->is_signed && seen->type == ARROW_DECIMAL && !seen->scale &&
           seen->precision < as_int->digits;
}

/* ---- nested types ---- */

static TypeMeet worse(TypeMeet a, TypeMeet b)
{
    return a > b ? a : b;
}

static uint32_t find_child(const Field *field, Str name)
{
    for (uint32_t i = 0; i < field->child_count; i++)
        if (str_eq(field->children[i].name, name))
            return i;
    return UINT32_MAX;
}

/* Fields of `have` in their order, new ones behind. */
static TypeMeet meet_structs(Arena *arena, const Field *have, const Field *seen, Field *out)
{
    TypeMeet meet = seen->child_count < have->child_count ? TYPES_NARROWER : TYPES_SAME;
    Field *children = NEW_N(arena, Field, (size_t)have->child_count + seen->child_count);
    uint32_t count = have->child_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = find_child(seen, have->children[i].name);
        if (other == UINT32_MAX) {
            children[i] = have->children[i];
            meet = worse(meet, TYPES_NARROWER);
            continue;
        }
        meet = worse(meet,
                     types_meet(arena, &have->children[i], &seen->children[other], &children[i]));
    }
    for (uint32_t i = 0; i < seen->child_count; i++) {
        if (find_child(have, seen->children[i].name) != UINT32_MAX)
            continue;
        children[count] = seen->children[i];
        children[count++].is_required = false;
        meet = worse(meet, TYPES_WIDEN);
    }
    out->children = children;
    out->child_count = count;
    return meet;
}

static TypeMeet meet_lists(Arena *arena, const Field *have, const Field *seen, Field *out)
{
    out->children = NEW(arena, Field);
    out->child_count = 1;
    return types_meet(arena, &have->children[0], &seen->children[0], &out->children[0]);
}

/* What is known of the digits of both: the larger; of one only: nothing. */
static void merge_digits(const Field *seen, Field *out)
{
    if (!out->precision || !seen->precision) {
        out->precision = out->scale = 0;
        return;
    }
    int whole = out->precision - out->scale, other = seen->precision - seen->scale;
    out->scale = out->scale > seen->scale ? out->scale : seen->scale;
    whole = (whole > other ? whole : other) + out->scale;
    out->precision = whole <= 38 ? (uint8_t)whole : 0;
}

TypeMeet types_meet(Arena *arena, const Field *have, const Field *seen, Field *out)
{
    *out = *have;
    if (have->type == ARROW_NULL && seen->type != ARROW_NULL) {
        *out = *seen;
        out->name = have->name;
        out->is_required = false;
        return TYPES_WIDEN;
    }
    if (have->type == ARROW_STRUCT && seen->type == ARROW_STRUCT)
        return meet_structs(arena, have, seen, out);
    if (have->type == ARROW_LIST && seen->type == ARROW_LIST)
        return meet_lists(arena, have, seen, out);
    if (have->type == seen->type && have->type != ARROW_DECIMAL) {
        merge_digits(seen, out);
        return TYPES_SAME;
    }
    if (is_int_enough(have, seen))
        return TYPES_NARROWER;
    if (!meet_scalars(have, seen, out)) {
        *out = *have;
        return TYPES_CLASH;
    }
    if (field_same_type(have, out)) {
        *out = *have;
        return field_same_type(have, seen) ? TYPES_SAME : TYPES_NARROWER;
    }
    return TYPES_WIDEN;
}
