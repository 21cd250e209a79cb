/* pack.c: bit packing, run lengths and deltas.
 *
 * Packing is unrolled for every width: shifts by constants, half a nanosecond a value, on any
 * processor. What goes over the values of a block (differences, their range) is compiled twice, for
 * AVX2 too; the processor decides when first asked.
 */
#include "parquet/pack.h"

#define INLINE static inline __attribute__((always_inline))

enum { BLOCK = 128, PART = 32, PARTS = BLOCK / PART };

/* ---- bit packing ---- */

INLINE void pack_32_of(const uint32_t *values, uint8_t *out, unsigned width)
{
    uint64_t word = 0;
    unsigned used = 0;
#pragma GCC unroll 32
    for (unsigned i = 0; i < 32; i++) {
        word |= (uint64_t)values[i] << used;
        used += width;
        if (used >= 64) {
            memcpy(out, &word, 8);
            out += 8;
            used -= 64;
            word = used ? (uint64_t)values[i] >> (width - used) : 0;
        }
    }
    if (used)
        memcpy(out, &word, 4);
}

INLINE void pack_64_of(const uint64_t *values, uint8_t *out, unsigned width)
{
    uint64_t word = 0;
    unsigned used = 0;
#pragma GCC unroll 32
    for (unsigned i = 0; i < 32; i++) {
        word |= values[i] << used;
        used += width;
        if (used >= 64) {
            memcpy(out, &word, 8);
            out += 8;
            used -= 64;
            word = used ? values[i] >> (width - used) : 0;
        }
    }
    if (used)
        memcpy(out, &word, 4);
}

#define WIDTHS_8(X, n) X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7)
#define WIDTHS_10(X, n) WIDTHS_8(X, n) X(n##8) X(n##9)
#define WIDTHS_32(X)                                                                              \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) WIDTHS_10(X, 1) WIDTHS_10(X, 2) X(30) X(31) X(32)
#define WIDTHS_64(X)                                                                              \
    WIDTHS_32(X) X(33) X(34) X(35) X(36) X(37) X(38) X(39) WIDTHS_10(X, 4) WIDTHS_10(X, 5)        \
    X(60) X(61) X(62) X(63) X(64)

void pack_32(const uint32_t *values, unsigned width, uint8_t *out)
{
    switch (width) {
#define CASE(n) case n: pack_32_of(values, out, n); break;
        WIDTHS_32(CASE)
#undef CASE
    default: assert(width == 0);
    }
}

void pack_64(const uint64_t *values, unsigned width, uint8_t *out)
{
    switch (width) {
#define CASE(n) case n: pack_64_of(values, out, n); break;
        WIDTHS_64(CASE)
#undef CASE
    default: assert(width == 0);
    }
}

/* ---- the hybrid ---- */

static uint8_t *put_varint(uint8_t *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *out++ = (uint8_t)(number | 0x80);
    *out++ = (uint8_t)number;
    return out;
}

void hybrid_add_run(Text *out, uint32_t value, uint64_t count, unsigned width)
{
    uint8_t bytes[16], *end = put_varint(bytes, count << 1);
    memcpy(end, &value, 4);
    text_add_bytes(out, (const char *)bytes, (size_t)(end - bytes) + (width + 7) / 8);
}

/* Groups of eight as they are; only the last one of all may be short, and is filled up with 0. */
static void add_packed(Text *out, const uint32_t *values, uint64_t count, unsigned width)
{
    if (count == 0)
        return;
    uint64_t groups = (count + 7) / 8;
    text_reserve(out, groups * width + 10 + (size_t)4 * width + 8);
    uint8_t *at = put_varint((uint8_t *)out->at + out->len, groups << 1 | 1);
    for (; count >= PART; count -= PART, values += PART, at += (size_t)4 * width)
        pack_32(values, width, at);
    if (count) {
        uint32_t rest[PART] = {0};
        memcpy(rest, values, count * sizeof rest[0]);
        pack_32(rest, width, at);
        at += (count + 7) / 8 * width;
    }
    out->len = (size_t)(at - (uint8_t *)out->at);
    out->at[out->len] = '\0';
}

INLINE bool are_eight_same(const uint32_t *values)
{
    uint32_t differ = 0;
    for (unsigned i = 1; i < 8; i++)
        differ |= values[i] ^ values[0];
    return differ == 0;
}

void hybrid_add(Text *out, const uint32_t *values, uint64_t count, unsigned width)
{
    /* A run must save more than its head and a second head of what follows cost. */
    const uint64_t least = width >= 8 ? 8 : width >= 4 ? 16 : width >= 2 ? 32 : 64;
    uint64_t from = 0, i = 0;
    while (i + 8 <= count) {
        if (!are_eight_same(values + i)) {
            i += 8;
            continue;
        }
        uint64_t end = i + 8;
        while (end + 8 <= count && values[end] == values[i] && are_eight_same(values + end))
            end += 8;
        while (end < count && values[end] == values[i])
            end++;
        if (end - i >= least) {
            add_packed(out, values + from, i - from, width);
            hybrid_add_run(out, values[i], end - i, width);
            from = i = end;
        } else {
            i += (end - i) / 8 * 8;
        }
    }
    add_packed(out, values + from, count - from, width);
}

static void add_bit_groups(Text *out, const uint8_t *bytes, uint64_t count)
{
    if (count == 0)
        return;
    uint8_t head[10], *end = put_varint(head, count << 1 | 1);
    text_add_bytes(out, (const char *)head, (size_t)(end - head));
    text_add_bytes(out, (const char *)bytes, count);
}

void hybrid_add_bits(Text *out, const uint8_t *bits, uint64_t count)
{
    enum { LEAST = 6 };          /* bytes of a run that pays                                     */
    const uint64_t whole = count / 8;
    uint64_t from = 0, i = 0;
    while (i < whole) {
        uint8_t byte = bits[i];
        if (byte != 0 && byte != 0xff) {
            i++;
            continue;
        }
        uint64_t end = i + 1;
        while (end < whole && bits[end] == byte)
            end++;
        if (end - i >= LEAST) {
            add_bit_groups(out, bits + from, i - from);
            hybrid_add_run(out, byte & 1, (end - i) * 8, 1);
            from = end;
        }
        i = end;
    }
    add_bit_groups(out, bits + from, (count + 7) / 8 - from);
}

/* ---- deltas ---- */

static uint64_t zigzag(int64_t number)
{
    return (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
}

/* What the loops over values need of a processor. */
typedef struct Loops {
    /* Differences of `count` <= 128 values to the ones before (values[-1] is there), less the least
     * of them, which is given back; bits[p]: all of a part's differences or-ed. */
    int64_t (*deltas_64)(const uint64_t *values, uint64_t count, uint64_t *out, uint64_t *bits);
    int64_t (*deltas_32)(const uint32_t *values, uint64_t count, uint32_t *out, uint64_t *bits);
    Range (*range_64)(const int64_t *values, uint64_t count);
    Range (*range_32)(const int32_t *values, uint64_t count);
} Loops;

INLINE int64_t deltas_64_of(const uint64_t *values, uint64_t count, uint64_t *out, uint64_t *bits)
{
    int64_t least = INT64_MAX;
    for (uint64_t i = 0; i < count; i++) {
        int64_t delta = (int64_t)(values[i] - values[i - 1]);
        out[i] = (uint64_t)delta;
        least = delta < least ? delta : least;
    }
    for (uint64_t i = count; i < BLOCK; i++)
        out[i] = (uint64_t)least;
    for (unsigned part = 0; part < PARTS; part++) {
        uint64_t all = 0;
        for (unsigned i = 0; i < PART; i++)
            all |= out[part * PART + i] -= (uint64_t)least;
        bits[part] = all;
    }
    return least;
}

INLINE int64_t deltas_32_of(const uint32_t *values, uint64_t count, uint32_t *out, uint64_t *bits)
{
    int32_t least = INT32_MAX;
    for (uint64_t i = 0; i < count; i++) {
        int32_t delta = (int32_t)(values[i] - values[i - 1]);
        out[i] = (uint32_t)delta;
        least = delta < least ? delta : least;
    }
    for (uint64_t i = count; i < BLOCK; i++)
        out[i] = (uint32_t)least;
    for (unsigned part = 0; part < PARTS; part++) {
        uint32_t all = 0;
        for (unsigned i = 0; i < PART; i++)
            all |= out[part * PART + i] -= (uint32_t)least;
        bits[part] = all;
    }
    return least;
}

INLINE Range range_64_of(const int64_t *values, uint64_t count)
{
    int64_t least = values[0], greatest = values[0];
    for (uint64_t i = 1; i < count; i++) {
        least = values[i] < least ? values[i] : least;
        greatest = values[i] > greatest ? values[i] : greatest;
    }
    return (Range){least, greatest};
}

INLINE Range range_32_of(const int32_t *values, uint64_t count)
{
    int32_t least = values[0], greatest = values[0];
    for (uint64_t i = 1; i < count; i++) {
        least = values[i] < least ? values[i] : least;
        greatest = values[i] > greatest ? values[i] : greatest;
    }
    return (Range){least, greatest};
}

#define LOOPS(name, target)                                                                       \
    target static int64_t deltas_64_##name(const uint64_t *values, uint64_t count, uint64_t *out, \
                                           uint64_t *bits)                                        \
    {                                                                                             \
        return deltas_64_of(values, count, out, bits);                                            \
    }                                                                                             \
    target static int64_t deltas_32_##name(const uint32_t *values, uint64_t count, uint32_t *out, \
                                           uint64_t *bits)                                        \
    {                                                                                             \
        return deltas_32_of(values, count, out, bits);                                            \
    }                                                                                             \
    target static Range range_64_##name(const int64_t *values, uint64_t count)                    \
    {                                                                                             \
        return range_64_of(values, count);                                                        \
    }                                                                                             \
    target static Range range_32_##name(const int32_t *values, uint64_t count)                    \
    {                                                                                             \
        return range_32_of(values, count);                                                        \
    }                                                                                             \
    static const Loops loops_##name = {deltas_64_##name, deltas_32_##name, range_64_##name,       \
                                       range_32_##name};

LOOPS(plain, )
#if defined(__x86_64__)
LOOPS(avx2, __attribute__((target("avx2"))))
#endif

static _Thread_local const Loops *loops;

void pack_use_plain(bool is_plain)
{
    loops = &loops_plain;
#if defined(__x86_64__)
    if (!is_plain && __builtin_cpu_supports("avx2"))
        loops = &loops_avx2;
#else
    (void)is_plain;
#endif
}

/* Every thread asks the processor itself, once. */
static const Loops *loops_here(void)
{
    if (!loops)
        pack_use_plain(false);
    return loops;
}

Range range_of_32(const int32_t *values, uint64_t count)
{
    return loops_here()->range_32(values, count);
}

Range range_of_64(const int64_t *values, uint64_t count)
{
    return loops_here()->range_64(values, count);
}

/* Block size, parts a block, count, first value. */
static uint8_t *put_delta_head(uint8_t *at, uint64_t count, int64_t first)
{
    at = put_varint(at, BLOCK);
    at = put_varint(at, PARTS);
    at = put_varint(at, count);
    return put_varint(at, zigzag(first));
}

/* A block's least difference and the widths of its parts; parts without values have none. */
static uint8_t *put_block_head(uint8_t *at, int64_t least, const uint64_t *bits, uint64_t count,
                               unsigned *widths)
{
    at = put_varint(at, zigzag(least));
    for (unsigned part = 0; part < PARTS; part++) {
        widths[part] = part * PART < count ? bits_needed(bits[part]) : 0;
        *at++ = (uint8_t)widths[part];
    }
    return at;
}

/* The most that `count` values of `width` bytes take. */
static size_t delta_most(uint64_t count, size_t width)
{
    return 64 + (count + BLOCK) * width + (count / BLOCK + 1) * 16;
}

void delta_add_64(Text *out, const uint64_t *values, uint64_t count)
{
    const Loops *use = loops_here();
    text_reserve(out, delta_most(count, 8));
    uint8_t *at = (uint8_t *)out->at + out->len;
    at = put_delta_head(at, count, count ? (int64_t)values[0] : 0);
    for (uint64_t from = 1; from < count; from += BLOCK) {
        uint64_t deltas[BLOCK], bits[PARTS], here = count - from < BLOCK ? count - from : BLOCK;
        unsigned widths[PARTS];
        int64_t least = use->deltas_64(values + from, here, deltas, bits);
        at = put_block_head(at, least, bits, here, widths);
        for (unsigned part = 0; part < PARTS; at += (size_t)4 * widths[part++])
            pack_64(deltas + part * PART, widths[part], at);
    }
    out->len = (size_t)(at - (uint8_t *)out->at);
    out->at[out->len] = '\0';
}

void delta_add_32(Text *out, const uint32_t *values, uint64_t count)
{
    const Loops *use = loops_here();
    text_reserve(out, delta_most(count, 4));
    uint8_t *at = (uint8_t *)out->at + out->len;
    at = put_delta_head(at, count, count ? (int32_t)values[0] : 0);
    for (uint64_t from = 1; from < count; from += BLOCK) {
        uint32_t deltas[BLOCK];
        uint64_t bits[PARTS], here = count - from < BLOCK ? count - from : BLOCK;
        unsigned widths[PARTS];
        int64_t least = use->deltas_32(values + from, here, deltas, bits);
        at = put_block_head(at, least, bits, here, widths);
        for (unsigned part = 0; part < PARTS; at += (size_t)4 * widths[part++])
            pack_32(deltas + part * PART, widths[part], at);
    }
    out->len = (size_t)(at - (uint8_t *)out->at);
    out->at[out->len] = '\0';
}
