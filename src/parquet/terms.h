/* terms.h: dictionaries of a column chunk: values to numbers 0, 1, ... in order of first sight.
 * private to parquet/
 *
 *   slots (open addressing, at most half full)   entries            bytes
 *   | hash 32 | number + 1 32 |  --------------> | prefix, at, len | --> the values, one by one
 *
 * Whether a dictionary pays is found out while it is filled: what matters is how many of the values
 * that come are new. A column of keys is known after 2,048 of them; one with some ten thousand
 * different texts looks the same at first, but gets better.
 */
#ifndef PARQUET_TERMS_H
#define PARQUET_TERMS_H

#include "parquet/bin.h"

typedef struct Terms {
    Bin slots;                   /* uint64_t each; words: uint32_t                               */
    Bin entries;                 /* bytes: Term each; words: the values themselves          */
    Bin bytes;
    uint32_t count;
    uint32_t mask;               /* slots - 1; 0: none yet                                       */
    uint32_t width;              /* words: 4 or 8; else 0                                        */
    uint64_t seen;               /* values that came, new or not                                 */
    uint32_t looked_count;       /* `count` when it was last looked whether this pays            */
} Terms;

typedef struct Term {
    uint64_t prefix;             /* first 8 bytes, 0 behind the end                              */
    uint32_t at, len;
} Term;

typedef struct TermsLimits {
    uint32_t entries;
    uint64_t bytes;
} TermsLimits;

/* Numbers of `count` texts, which lie in `bytes` one behind the other (8 bytes behind them may be
 * read). False: the dictionary does not pay or is full; it is then as before, but finds nothing
 * more: terms_drop() it, or only write it. */
bool terms_add_texts(Terms *dict, const char *bytes, const uint32_t *lengths, uint64_t count,
                    TermsLimits limits, uint32_t *numbers, uint64_t *held);
/* The same for texts of one length. */
bool terms_add_fixed(Terms *dict, const char *bytes, uint32_t length, uint64_t count,
                    TermsLimits limits, uint32_t *numbers, uint64_t *held);
/* The same for integers and floating numbers (by their bits) of dict->width bytes. */
bool terms_add_words(Terms *dict, const char *values, uint64_t count, TermsLimits limits,
                    uint32_t *numbers, uint64_t *held);
/* One text, without a limit; 8 bytes behind it may be read. */
uint32_t terms_add_one(Terms *dict, Str text, uint64_t *held);

static inline const Term *terms_at(const Terms *dict, uint32_t number)
{
    return (const Term *)(const void *)dict->entries.at + number;
}

/* What it takes in memory, more or less what it is in the file. */
static inline uint64_t terms_bytes(const Terms *dict)
{
    return dict->slots.cap + dict->entries.cap + dict->bytes.cap;
}

void terms_drop(Terms *dict, uint64_t *held);

#endif
