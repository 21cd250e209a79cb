/* bin.c: the writer's memory. */
#include "parquet/bin.h"

void bin_grow(Bin *bin, size_t more, uint64_t *held)
{
    size_t cap = bin->cap ? bin->cap * 2 : 256;
    if (cap < bin->len + more)
        cap = bin->len + more;
    *held += cap - bin->cap + (bin->cap ? 0 : BIN_SLACK);
    bin->at = memory_grow(bin->at, cap + BIN_SLACK);
    bin->cap = cap;
}

void bin_drop(Bin *bin, uint64_t *held)
{
    if (bin->cap)
        *held -= bin->cap + BIN_SLACK;
    memory_give(bin->at);
    *bin = (Bin){0};
}

uint64_t bits_set(const uint8_t *bits, uint64_t at, uint64_t count)
{
    uint64_t set = 0;
    for (; count > 64; at += 64, count -= 64)
        set += (uint64_t)__builtin_popcountll(bits_load(bits, at, 64));
    if (count)
        set += (uint64_t)__builtin_popcountll(bits_load(bits, at, (unsigned)count));
    return set;
}

static Block *block_take(Blocks *blocks, uint64_t *held)
{
    Block *block = blocks->free;
    if (block) {
        blocks->free = block->next;
    } else {
        block = memory_take(sizeof *block + blocks->size);
        *held += sizeof *block + blocks->size;
    }
    block->next = NULL;
    block->used = 0;
    return block;
}

void chain_add(Chain *chain, Str bytes, Blocks *blocks, uint64_t *held)
{
    chain->len += bytes.len;
    while (bytes.len) {
        if (!chain->last || chain->last->used == blocks->size) {
            Block *block = block_take(blocks, held);
            if (chain->last)
                chain->last->next = block;
            else
                chain->first = block;
            chain->last = block;
        }
        size_t part = blocks->size - chain->last->used;
        if (part > bytes.len)
            part = bytes.len;
        memcpy(chain->last->bytes + chain->last->used, bytes.at, part);
        chain->last->used += (uint32_t)part;
        bytes.at += part;
        bytes.len -= part;
    }
}

void chain_clear(Chain *chain, Blocks *blocks)
{
    if (chain->last) {
        chain->last->next = blocks->free;
        blocks->free = chain->first;
    }
    *chain = (Chain){0};
}

void blocks_drop(Blocks *blocks, uint64_t *held)
{
    while (blocks->free) {
        Block *next = blocks->free->next;
        memory_give(blocks->free);
        *held -= sizeof(Block) + blocks->size;
        blocks->free = next;
    }
}
