/* kinds.h: what scalars have been seen, and the narrowest type of all; private to format/. */
#ifndef FORMAT_KINDS_H
#define FORMAT_KINDS_H

#include "format/format.h"
#include "format/number.h"

enum {
    KIND_NULL = 1 << 0,
    KIND_BOOL = 1 << 1,
    KIND_INT = 1 << 2,  /* a number without a fraction                                   */
    KIND_REAL = 1 << 3, /* with one                                                      */
    KIND_NEGATIVE = 1 << 4,
    KIND_BEYOND_INT64 = 1 << 5,
    KIND_BEYOND_UINT64 = 1 << 6,
    KIND_NO_DOUBLE = 1 << 7,  /* a number that no double says exactly                          */
    KIND_NO_DECIMAL = 1 << 8, /* a number of more than 38 digits                               */
    KIND_DATE = 1 << 9,
    KIND_STAMP = 1 << 10,
    KIND_STAMP_TZ = 1 << 11,
    KIND_TEXT = 1 << 12,
    KIND_OBJECT = 1 << 13,
    KIND_ARRAY = 1 << 14,
    KIND_WIDE = 1 << 15, /* an object of too many keys                                    */
    KINDS_NUMBER = KIND_INT | KIND_REAL,
    KINDS_TIME = KIND_DATE | KIND_STAMP | KIND_STAMP_TZ,
    KINDS_TEXT = KINDS_TIME | KIND_TEXT,
};

typedef struct Kinds {
    uint32_t seen;
    uint8_t whole, scale; /* of numbers: most digits before and behind the point           */
} Kinds;

/* Notes a number. */
void kinds_add_number(Kinds *kinds, const Number *number);
/* Notes a text that may write any scalar (a CSV field); empty: NULL. mark: the decimal mark. */
void kinds_add_text(Kinds *kinds, Str text, char mark);
/* The bit of a text: KIND_DATE, ..., KIND_TEXT. */
uint32_t kind_of_text(Str text);
static inline void kinds_merge(Kinds *into, const Kinds *from)
{
    into->seen |= from->seen;
    into->whole = into->whole > from->whole ? into->whole : from->whole;
    into->scale = into->scale > from->scale ? into->scale : from->scale;
}
/* The type of scalars alone (no OBJECT, no ARRAY): sets type, precision and scale. Mixtures are
 * TEXT. */
void kinds_resolve(const Kinds *kinds, Field *out);

#endif
