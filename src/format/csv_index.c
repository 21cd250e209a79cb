/* csv_index.c: see csv_index.h. Masks are made 64 blocks ahead; then marks are taken from them. */
#include <stdatomic.h>

#include "format/csv_index.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAS_X86_FORMS 1
#else
#define HAS_X86_FORMS 0
#endif

#define BLOCK        64
#define BLOCKS_AHEAD 64

/* Bit i: byte i of a block. */
typedef struct Masks {
    uint64_t delimiter, quote, newline, cr;
} Masks;

/* ---- masks ---- */

/* The bytes of a word that are those of `pattern`, as 8 bits. */
static inline uint64_t word_mask(uint64_t word, uint64_t pattern)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7f;
    uint64_t other = word ^ pattern;
    uint64_t same = ~(((other & low) + low) | other | low);
    return ((same >> 7) * 0x0102040810204080) >> 56;
}

static void make_plain(const CsvDialect *dialect, const char *at, size_t blocks, Masks *out)
{
    const uint64_t ones = 0x0101010101010101;
    for (size_t block = 0; block < blocks; block++, at += BLOCK) {
        Masks masks = {0};
        for (unsigned i = 0; i < BLOCK; i += 8) {
            uint64_t word;
            memcpy(&word, at + i, sizeof word);
            masks.delimiter |= word_mask(word, ones * (unsigned char)dialect->delimiter) << i;
            masks.quote |= word_mask(word, ones * (unsigned char)dialect->quote) << i;
            masks.newline |= word_mask(word, ones * '\n') << i;
            masks.cr |= word_mask(word, ones * '\r') << i;
        }
        out[block] = masks;
    }
}

#if HAS_X86_FORMS
__attribute__((target("avx2"))) static inline uint64_t mask_avx2(__m256i low, __m256i high,
                                                                 __m256i wanted)
{
    uint32_t first = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    uint32_t second = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return first | (uint64_t)second << 32;
}

__attribute__((target("avx2"))) static void make_avx2(const CsvDialect *dialect, const char *at,
                                                      size_t blocks, Masks *out)
{
    const __m256i delimiter = _mm256_set1_epi8(dialect->delimiter),
                  quote = _mm256_set1_epi8(dialect->quote), newline = _mm256_set1_epi8('\n'),
                  cr = _mm256_set1_epi8('\r');
    for (size_t block = 0; block < blocks; block++, at += BLOCK) {
        __m256i low = _mm256_loadu_si256((const __m256i *)at),
                high = _mm256_loadu_si256((const __m256i *)(at + 32));
        out[block] = (Masks){mask_avx2(low, high, delimiter), mask_avx2(low, high, quote),
                             mask_avx2(low, high, newline), mask_avx2(low, high, cr)};
    }
}

__attribute__((target("avx512f,avx512bw"))) static void
make_avx512(const CsvDialect *dialect, const char *at, size_t blocks, Masks *out)
{
    const __m512i delimiter = _mm512_set1_epi8(dialect->delimiter),
                  quote = _mm512_set1_epi8(dialect->quote), newline = _mm512_set1_epi8('\n'),
                  cr = _mm512_set1_epi8('\r');
    for (size_t block = 0; block < blocks; block++, at += BLOCK) {
        __m512i bytes = _mm512_loadu_si512(at);
        out[block] =
            (Masks){_mm512_cmpeq_epi8_mask(bytes, delimiter), _mm512_cmpeq_epi8_mask(bytes, quote),
                    _mm512_cmpeq_epi8_mask(bytes, newline), _mm512_cmpeq_epi8_mask(bytes, cr)};
    }
}
#endif

static _Atomic CsvForm chosen = CSV_FORM_BEST;

static bool has_form(CsvForm form)
{
#if HAS_X86_FORMS
    if (form == CSV_FORM_AVX2)
        return __builtin_cpu_supports("avx2");
    if (form == CSV_FORM_AVX512)
        return __builtin_cpu_supports("avx512bw");
#endif
    return form <= CSV_FORM_PLAIN;
}

bool csv_index_force(CsvForm form)
{
    if (has_form(form))
        atomic_store(&chosen, form);
    return has_form(form);
}

typedef void (*MakeMasks)(const CsvDialect *dialect, const char *at, size_t blocks, Masks *out);

/* NULL: none. */
static MakeMasks find_form(void)
{
    CsvForm form = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (form == CSV_FORM_NONE)
        return NULL;
    if (form == CSV_FORM_BEST)
        form = has_form(CSV_FORM_AVX512) ? CSV_FORM_AVX512
               : has_form(CSV_FORM_AVX2) ? CSV_FORM_AVX2
                                         : CSV_FORM_PLAIN;
#if HAS_X86_FORMS
    if (form == CSV_FORM_AVX512)
        return make_avx512;
    if (form == CSV_FORM_AVX2)
        return make_avx2;
#endif
    return make_plain;
}

/* ---- marks ---- */

/* What a block must know of the one before. */
typedef struct Carry {
    uint64_t inside;   /* all ones: a quoted field is open                              */
    uint64_t is_begin; /* 1: its last byte ended a field (or none came before)          */
    uint64_t is_close; /* 1: ... was a closing quote                                    */
    uint64_t is_cr;    /* 1: ... was a \r outside quotes                                */
} Carry;

/* Bit i: an odd count of bits up to i, i included. */
static inline uint64_t prefix_xor(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* Takes what lies within quotes out of the masks. False: a quote that opens or closes nothing. */
static inline __attribute__((always_inline)) bool look_at_quotes(CsvIndex *index, Masks *masks,
                                                                 Carry *carry)
{
    uint64_t inside = prefix_xor(masks->quote) ^ carry->inside;
    uint64_t opening = masks->quote & inside, closing = masks->quote & ~inside;
    uint64_t ends = (masks->delimiter | masks->newline | masks->cr) & ~inside;
    uint64_t behind_end = ends << 1 | carry->is_begin,
             behind_close = closing << 1 | carry->is_close;
    index->has_quotes = true;
    index->has_doubled |= (opening & behind_close) != 0;
    index->has_quoted_newlines |= (masks->newline & inside) != 0;
    masks->delimiter &= ~inside;
    masks->newline &= ~inside;
    masks->cr &= ~inside;
    carry->inside = (uint64_t)((int64_t)inside >> 63);
    carry->is_close = closing >> 63;
    return !(opening & ~(behind_end | behind_close)) && !(behind_close & ~(ends | opening));
}

/* The \n of a \r\n is no mark. */
static void join_line_ends(CsvIndex *index, Masks *masks, Carry *carry)
{
    masks->newline &= ~(masks->cr << 1 | carry->is_cr);
    carry->is_cr = masks->cr >> 63;
    index->has_cr |= masks->cr != 0;
}

static inline __attribute__((always_inline)) void take_marks(CsvIndex *index, uint64_t ends,
                                                             uint64_t line_ends, uint32_t offset)
{
    for (; line_ends; line_ends &= line_ends - 1)
        index->rows[index->row_count++] =
            index->mark_count +
            (uint32_t)__builtin_popcountll(ends & ((line_ends & -line_ends) - 1));
    unsigned count = (unsigned)__builtin_popcountll(ends);
    uint32_t *out = index->marks + index->mark_count;
    index->mark_count += count;
    for (unsigned i = 0; i < count; i += 4) /* up to three too many: the room is there */
        for (unsigned k = 0; k < 4; k++, ends &= ends - 1)
            out[i + k] = offset + (unsigned)__builtin_ctzll(ends | 1ull << 63);
}

/* One block. False: the index ends before it. */
static inline __attribute__((always_inline)) bool take_block(CsvIndex *index, Masks masks,
                                                             Carry *carry, uint32_t offset)
{
    if ((masks.quote | carry->inside | carry->is_close) && !look_at_quotes(index, &masks, carry))
        return false;
    uint64_t ends = masks.delimiter | masks.newline | masks.cr;
    carry->is_begin = ends >> 63;
    if (masks.cr | carry->is_cr) {
        join_line_ends(index, &masks, carry);
        ends = masks.delimiter | masks.newline | masks.cr;
    }
    take_marks(index, ends, masks.newline | masks.cr, offset);
    return true;
}

/* Blocks one after the other; the first is `offset` bytes from the begin. */
static inline __attribute__((always_inline)) void
take_each(CsvIndex *index, const Masks *masks, size_t blocks, Carry *carry, uint32_t offset)
{
    for (size_t i = 0; i < blocks; i++, offset += BLOCK)
        if (!take_block(index, masks[i], carry, offset)) {
            index->broken_until = offset + BLOCK;
            return;
        }
}

static void take_blocks(CsvIndex *index, const Masks *masks, size_t blocks, Carry *carry,
                        uint32_t offset)
{
    take_each(index, masks, blocks, carry, offset);
}

#if HAS_X86_FORMS
/* The same where counting and finding bits are single instructions. */
__attribute__((target("popcnt,bmi"))) static void
take_blocks_bmi(CsvIndex *index, const Masks *masks, size_t blocks, Carry *carry, uint32_t offset)
{
    take_each(index, masks, blocks, carry, offset);
}
#endif

static void *grow(Arena *arena, void *old, uint32_t *room, uint32_t wanted)
{
    uint32_t next = *room * 2 > wanted ? *room * 2 : wanted;
    void *array = arena_grow(arena, old, *room * sizeof(uint32_t), next * sizeof(uint32_t), BLOCK);
    *room = next;
    return array;
}

/* Room for the marks of `blocks` blocks more. */
static void make_room(CsvIndex *index, size_t blocks)
{
    const uint32_t most = (uint32_t)blocks * BLOCK + 4;
    if (index->mark_room - index->mark_count < most)
        index->marks =
            grow(index->arena, index->marks, &index->mark_room, index->mark_count + most);
    if (index->row_room - index->row_count < most)
        index->rows = grow(index->arena, index->rows, &index->row_room, index->row_count + most);
}

static inline Masks cut_masks(Masks masks, size_t bytes)
{
    uint64_t kept = ((uint64_t)1 << bytes) - 1;
    return (Masks){masks.delimiter & kept, masks.quote & kept, masks.newline & kept,
                   masks.cr & kept};
}

void csv_index_build(CsvIndex *index, const CsvDialect *dialect, const char *at, const char *end)
{
    const MakeMasks make = find_form();
    void (*take)(CsvIndex *, const Masks *, size_t, Carry *, uint32_t) = take_blocks;
    Masks ahead[BLOCKS_AHEAD];
    Carry carry = {.is_begin = 1};
    size_t size = (size_t)(end - at);
    assert(dialect->escape == dialect->quote && size < UINT32_MAX);
#if HAS_X86_FORMS
    if (make != make_plain && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt"))
        take = take_blocks_bmi;
#endif
    *index = (CsvIndex){.arena = index->arena,
                        .marks = index->marks,
                        .mark_room = index->mark_room,
                        .rows = index->rows,
                        .row_room = index->row_room};
    for (size_t begin = 0; make && begin < size && !index->broken_until;
         begin += BLOCK * BLOCKS_AHEAD) {
        size_t left = size - begin, blocks = (left + BLOCK - 1) / BLOCK;
        if (blocks > BLOCKS_AHEAD)
            blocks = BLOCKS_AHEAD;
        make_room(index, blocks);
        make(dialect, at + begin, blocks, ahead);
        if (blocks * BLOCK > left)
            ahead[blocks - 1] = cut_masks(ahead[blocks - 1], left % BLOCK);
        take(index, ahead, blocks, &carry, (uint32_t)begin);
    }
    if (!index->row_count)
        return;
    uint32_t last = index->marks[index->rows[index->row_count - 1]];
    index->mark_count = index->rows[index->row_count - 1] + 1;
    index->bytes = last + 1 + (at[last] == '\r' && last + 1 < size && at[last + 1] == '\n');
}
