/* bin.h: buffers that are counted, and chains of blocks. private to parquet/
 *
 * A writer holds three kinds of memory: values that wait (Bin: grows by doubling, kept for the next
 * page), dictionaries (Bin: given back with the row group), and finished pages (Chain: blocks of
 * one size, which go from column to column and from row group to row group).
 */
#ifndef PARQUET_BIN_H
#define PARQUET_BIN_H

#include "base/text.h"

enum { BIN_SLACK = 72 };         /* may be read and written beyond the end: bits, words          */

typedef struct Bin {
    char *at;
    size_t len, cap;
} Bin;

/* Room for `more` bytes behind len, and the slack. `held` counts the bytes of all. */
void bin_grow(Bin *bin, size_t more, uint64_t *held);
void bin_drop(Bin *bin, uint64_t *held);

static inline void bin_reserve(Bin *bin, size_t more, uint64_t *held)
{
    if (bin->cap < bin->len + more)
        bin_grow(bin, more, held);
}

static inline void bin_add(Bin *bin, const void *bytes, size_t len, uint64_t *held)
{
    bin_reserve(bin, len, held);
    if (len)
        memcpy(bin->at + bin->len, bytes, len);
    bin->len += len;
}

/* ---- bits ---- */

/* Writes the low `count` (1..64) bits of word behind bit `at`; the others of word are 0. What
 * stands in memory there does not matter. */
static inline void bits_push(char *bits, uint64_t at, uint64_t word, unsigned count)
{
    char *place = bits + at / 8;
    unsigned shift = at % 8;
    uint64_t low = (uint64_t)(uint8_t)*place & ((1u << shift) - 1);
    low |= word << shift;
    memcpy(place, &low, 8);
    if (shift + count > 64)
        place[8] = (char)(word >> (64 - shift));
}

/* `count` (1..64) bits from bit `at`; no byte behind them is read. */
static inline uint64_t bits_load(const uint8_t *bits, uint64_t at, unsigned count)
{
    const uint8_t *place = bits + at / 8;
    unsigned shift = at % 8, bytes = (shift + count + 7) / 8;
    uint64_t low = 0;
    memcpy(&low, place, bytes < 8 ? bytes : 8);
    low >>= shift;
    if (bytes > 8)
        low |= (uint64_t)place[8] << (64 - shift);
    return count == 64 ? low : low & (((uint64_t)1 << count) - 1);
}

/* How many of the bits [at, at + count) are set. */
uint64_t bits_set(const uint8_t *bits, uint64_t at, uint64_t count);

/* ---- chains ---- */

typedef struct Block Block;
struct Block {
    Block *next;
    uint32_t used;
    char bytes[];
};

typedef struct Blocks {          /* those that wait for their next use                            */
    Block *free;
    uint32_t size;               /* bytes of a block's contents                                  */
} Blocks;

typedef struct Chain {
    Block *first, *last;
    uint64_t len;
} Chain;

void chain_add(Chain *chain, Str bytes, Blocks *blocks, uint64_t *held);
/* Its blocks go back to `blocks`. */
void chain_clear(Chain *chain, Blocks *blocks);
void blocks_drop(Blocks *blocks, uint64_t *held);

#endif
