/* random.h: the generator's dice. private to examples/shop
 *
 * Every customer, product, order has its own stream, found from (seed, kind, index) alone. So
 * nothing has to be kept in memory: whoever needs product 17 throws its dice again and gets the
 * same product. The step is splitmix64 (Steele, Lea, Flood 2014); good enough for a demo, not for
 * secrets.
 */
#ifndef SHOP_RANDOM_H
#define SHOP_RANDOM_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Random { uint64_t state; } Random;

typedef enum {                                  /* one stream family per kind of thing         */
    KIND_CUSTOMER, KIND_PERSON, KIND_SELLER, KIND_PRODUCT, KIND_ORDER, KIND_REVIEW, KIND_EVENT,
    KIND_ZIP, KIND_OWNER, KIND_GHOST            /* ghost: ids that belong to nothing           */
} Kind;

/* The next 64 random bits. */
static inline uint64_t random_next(Random *random)
{
    uint64_t bits = random->state += 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

/* A number in [0, bound), evenly; bound > 0. */
static inline uint32_t random_below(Random *random, uint32_t bound)
{
    assert(bound > 0);
    return (uint32_t)(((random_next(random) >> 32) * bound) >> 32);
}

/* A number in [low, high]. */
static inline int32_t random_between(Random *random, int32_t low, int32_t high)
{
    assert(low <= high);
    return low + (int32_t)random_below(random, (uint32_t)(high - low) + 1u);
}

/* True in `parts` of 10,000 cases. */
static inline bool random_happens(Random *random, uint32_t parts)
{
    return random_below(random, 10000) < parts;
}

/* The stream of thing number `index` of a kind. */
static inline Random random_for(uint64_t seed, Kind kind, uint64_t index)
{
    Random random = {seed * 0xd1342543de82ef95u + (uint64_t)kind};
    random.state = random_next(&random) ^ (index * 0xaf251af3b0f025b5u);
    random.state = random_next(&random);
    return random;
}

#endif
