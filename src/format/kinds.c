/* kinds.c: see kinds.h. */
#include "format/kinds.h"
#include "format/times.h"

#define DOUBLE_WHOLE_LIMIT (UINT64_C(1) << 53) /* up to here every integer is a double */

static void add_whole_number(Kinds *kinds, const Number *number)
{
    uint32_t seen = KIND_INT;
    if (number->digits > 15) {
        int64_t narrow;
        uint64_t wide;
        if (number->exponent || number->mantissa > DOUBLE_WHOLE_LIMIT)
            seen |= KIND_NO_DOUBLE;
        if (!number_to_int64(number, &narrow))
            seen |= KIND_BEYOND_INT64;
        if ((seen & KIND_BEYOND_INT64) && !number_to_uint64(number, &wide))
            seen |= KIND_BEYOND_UINT64;
        if (number->digits > 38)
            seen |= KIND_NO_DECIMAL;
    }
    if (number->is_negative && number->digits)
        seen |= KIND_NEGATIVE;
    kinds->seen |= seen;
    uint8_t whole = number->digits < 39 ? (uint8_t)number->digits : 39;
    kinds->whole = kinds->whole > whole ? kinds->whole : whole;
}

static void add_real_number(Kinds *kinds, const Number *number)
{
    unsigned whole = 0, scale = 0;
    double real;
    kinds->seen |= KIND_REAL;
    if (number->digits && number->is_negative)
        kinds->seen |= KIND_NEGATIVE;
    bool is_plain = number->digits <= 15 && number->exponent > -290 && number->exponent < 290;
    if (!is_plain && !(kinds->seen & KIND_NO_DOUBLE))
        if (!number_to_double(number, &real) || !number_is_double(number, real))
            kinds->seen |= KIND_NO_DOUBLE;
    if (!number_extent(number, &whole, &scale))
        kinds->seen |= KIND_NO_DECIMAL;
    kinds->whole = kinds->whole > whole ? kinds->whole : (uint8_t)whole;
    kinds->scale = kinds->scale > scale ? kinds->scale : (uint8_t)scale;
}

void kinds_add_number(Kinds *kinds, const Number *number)
{
    if (number->is_real)
        add_real_number(kinds, number);
    else
        add_whole_number(kinds, number);
}

uint32_t kind_of_text(Str text)
{
    int64_t value;
    if (text.len < 10 || (unsigned char)(text.at[0] - '0') > 9 || text.at[4] != '-')
        return KIND_TEXT;
    switch (time_parse_iso(text, &value)) {
    case TIME_DATE:
        return KIND_DATE;
    case TIME_STAMP:
        return KIND_STAMP;
    case TIME_STAMP_TZ:
        return KIND_STAMP_TZ;
    default:
        return KIND_TEXT;
    }
}

void kinds_add_text(Kinds *kinds, Str text, char mark)
{
    Number number;
    if (!text.len) {
        kinds->seen |= KIND_NULL;
        return;
    }
    if (kinds->seen & KIND_TEXT)
        return;
    char first = text.at[0], low = first | 0x20;
    bool may_be_number = (unsigned char)(first - '0') < 10 || first == '-' || first == mark;
    if (may_be_number && number_parse(text, NUMBER_CSV, mark, &number))
        kinds_add_number(kinds, &number);
    else if ((low == 't' || low == 'f') &&
             (str_eq_fold(text, STR("true")) || str_eq_fold(text, STR("false"))))
        kinds->seen |= KIND_BOOL;
    else
        kinds->seen |= kind_of_text(text);
}

/* The digits that all numbers need, or 0: no DECIMAL holds them. */
static unsigned decimal_precision(const Kinds *kinds)
{
    unsigned precision = kinds->whole + (unsigned)kinds->scale;
    if ((kinds->seen & KIND_NO_DECIMAL) || precision > 38)
        return 0;
    return precision ? precision : 1;
}

static void resolve_number(const Kinds *kinds, Field *out)
{
    uint32_t seen = kinds->seen;
    unsigned precision = decimal_precision(kinds);
    out->precision = (uint8_t)precision;
    out->scale = precision ? kinds->scale : 0;
    if (seen & KIND_REAL) {
        out->type = !(seen & KIND_NO_DOUBLE) ? ARROW_DOUBLE
                    : precision              ? ARROW_DECIMAL
                                             : ARROW_TEXT;
        return;
    }
    if (!(seen & KIND_BEYOND_INT64)) {
        out->type = ARROW_INT64;
    } else if (!(seen & (KIND_BEYOND_UINT64 | KIND_NEGATIVE))) {
        out->type = ARROW_UINT64;
    } else if (precision) {
        out->type = ARROW_DECIMAL;
        out->precision = 38;
    } else {
        out->type = ARROW_TEXT;
    }
}

void kinds_resolve(const Kinds *kinds, Field *out)
{
    uint32_t seen = kinds->seen & ~(uint32_t)KIND_NULL;
    bool has_number = seen & KINDS_NUMBER, has_bool = seen & KIND_BOOL,
         has_text = seen & KINDS_TEXT;
    out->precision = out->scale = 0;
    out->type = ARROW_TEXT;
    if (!seen)
        out->type = ARROW_NULL;
    else if (has_number + has_bool + has_text > 1 || (seen & KIND_TEXT))
        return;
    else if (has_bool)
        out->type = ARROW_BOOL;
    else if (has_number)
        resolve_number(kinds, out);
    else if (!(seen & KIND_STAMP_TZ))
        out->type = seen & KIND_STAMP ? ARROW_TIMESTAMP : ARROW_DATE;
    else if (seen == KIND_STAMP_TZ)
        out->type = ARROW_TIMESTAMP_TZ;
    if (out->type == ARROW_TEXT)
        out->precision = out->scale = 0;
}
