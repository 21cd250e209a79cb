/* bits.c: a set of small numbers as words of 64 bits. */
#include "base/bits.h"

#include <string.h>

static uint32_t word_count(uint32_t size)
{
    return size / 64 + (size % 64 != 0);
}

Bits bits_make(Arena *arena, uint32_t size)
{
    uint32_t words = word_count(size);
    return (Bits){NEW_N(arena, uint64_t, words ? words : 1), size};
}

Bits bits_copy(Arena *arena, Bits bits)
{
    Bits copy = bits_make(arena, bits.size);
    memcpy(copy.words, bits.words, word_count(bits.size) * sizeof(uint64_t));
    return copy;
}

uint32_t bits_count(Bits bits)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < word_count(bits.size); i++)
        count += (uint32_t)__builtin_popcountll(bits.words[i]);
    return count;
}

void bits_unite(Bits into, Bits other)
{
    assert(into.size == other.size);
    for (uint32_t i = 0; i < word_count(into.size); i++)
        into.words[i] |= other.words[i];
}

void bits_intersect(Bits into, Bits other)
{
    assert(into.size == other.size);
    for (uint32_t i = 0; i < word_count(into.size); i++)
        into.words[i] &= other.words[i];
}

void bits_subtract(Bits into, Bits other)
{
    assert(into.size == other.size);
    for (uint32_t i = 0; i < word_count(into.size); i++)
        into.words[i] &= ~other.words[i];
}

bool bits_next(Bits bits, uint32_t *at, uint32_t *number)
{
    if (*at >= bits.size)
        return false;
    uint32_t i = *at / 64;
    uint64_t word = bits.words[i] >> (*at % 64) << (*at % 64);
    while (!word) {
        if (++i >= word_count(bits.size))
            return false;
        word = bits.words[i];
    }
    *number = i * 64 + (uint32_t)__builtin_ctzll(word);
    *at = *number + 1;
    return true;
}
