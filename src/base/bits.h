/* bits.h: a set of small numbers, such as the nodes of a graph. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include "base/arena.h"

typedef struct Bits {
    uint64_t *words;
    uint32_t size;   /* numbers 0..size-1 */
} Bits;

Bits bits_make(Arena *arena, uint32_t size);
Bits bits_copy(Arena *arena, Bits bits);
static inline bool bits_has(Bits bits, uint32_t i)
{
    return bits.words[i >> 6] >> (i & 63) & 1;
}
static inline void bits_add(Bits bits, uint32_t i)
{
    bits.words[i >> 6] |= (uint64_t)1 << (i & 63);
}
static inline void bits_remove(Bits bits, uint32_t i)
{
    bits.words[i >> 6] &= ~((uint64_t)1 << (i & 63));
}
uint32_t bits_count(Bits bits);
void bits_unite(Bits into, Bits other);
void bits_intersect(Bits into, Bits other);
void bits_subtract(Bits into, Bits other);
/* Iterates upward: *at starts at 0. */
bool bits_next(Bits bits, uint32_t *at, uint32_t *number);

#endif
