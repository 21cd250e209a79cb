/* terms.c: open addressing, filled a page at a time. */
#include "parquet/terms.h"

#define INLINE static inline __attribute__((always_inline))

#define ODD_1 0x9fb21c651e98df25ULL
#define ODD_2 0xd6e8feb86659fd93ULL

enum { FIRST_SLOTS = 64, LOOK_EVERY = 2048 };

INLINE uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 Wide;
    Wide product = (Wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

INLINE uint64_t load_64(const char *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

/* The first eight bytes, 0 behind the end. */
INLINE uint64_t prefix_of(const char *at, uint32_t len)
{
    uint64_t word = load_64(at);
    return len >= 8 ? word : word & (((uint64_t)1 << (8 * len)) - 1);
}

INLINE uint32_t hash_of(const char *at, uint32_t len, uint64_t prefix)
{
    uint64_t state = fold(prefix ^ ODD_1, len ^ ODD_2);
    if (len > 8) {
        const char *last = at + len - 8;
        for (at += 8; at < last; at += 8)
            state = fold(state ^ load_64(at), ODD_1);
        state = fold(state ^ load_64(last), ODD_2);
    }
    return (uint32_t)(state >> 32);
}

/* Asked at every LOOK_EVERY values of the chunk: whether the dictionary should go on. The more it
 * has seen, the fewer of the last ones may be new. */
static bool still_pays(Terms *dict, uint64_t seen)
{
    uint64_t allowed = seen <= 2048 ? 97 : seen <= 8192 ? 90 : seen <= 16384 ? 80 : 65;
    uint64_t fresh = dict->count - dict->looked_count;
    dict->looked_count = dict->count;
    return fresh * 100 <= allowed * LOOK_EVERY;
}

/* ---- texts ---- */

static void texts_rehash(Terms *dict, uint64_t *held)
{
    uint32_t size = dict->mask ? (dict->mask + 1) * 2 : FIRST_SLOTS;
    Bin old = dict->slots;
    dict->slots = (Bin){0};
    bin_reserve(&dict->slots, (size_t)size * sizeof(uint64_t), held);
    memset(dict->slots.at, 0, (size_t)size * sizeof(uint64_t));
    uint64_t *slots = (uint64_t *)(void *)dict->slots.at;
    const uint64_t *from = (const uint64_t *)(const void *)old.at;
    for (uint32_t i = 0; dict->mask && i <= dict->mask; i++) {
        if (!from[i])
            continue;
        uint32_t at = (uint32_t)(from[i] >> 32) & (size - 1);
        while (slots[at])
            at = (at + 1) & (size - 1);
        slots[at] = from[i];
    }
    dict->mask = size - 1;
    bin_drop(&old, held);
}

static uint32_t text_append(Terms *dict, const char *at, uint32_t len, uint64_t prefix,
                            uint64_t *held)
{
    Term entry = {prefix, (uint32_t)dict->bytes.len, len};
    bin_add(&dict->entries, &entry, sizeof entry, held);
    bin_add(&dict->bytes, at, len, held);
    return dict->count++;
}

/* The number of a text; UINT32_MAX: it is new and there is no room for it. */
INLINE uint32_t text_number(Terms *dict, const char *at, uint32_t len, const TermsLimits *limits,
                            uint64_t *held)
{
    uint64_t prefix = prefix_of(at, len);
    uint32_t hash = hash_of(at, len, prefix), place = hash & dict->mask;
    const uint64_t *slots = (const uint64_t *)(const void *)dict->slots.at;
    for (uint64_t slot; (slot = slots[place]) != 0; place = (place + 1) & dict->mask) {
        if ((uint32_t)(slot >> 32) != hash)
            continue;
        const Term *entry = terms_at(dict, (uint32_t)slot - 1);
        if (entry->prefix == prefix && entry->len == len &&
            (len <= 8 || memcmp(dict->bytes.at + entry->at + 8, at + 8, len - 8) == 0))
            return (uint32_t)slot - 1;
    }
    if (dict->count >= limits->entries || dict->bytes.len + len > limits->bytes)
        return UINT32_MAX;
    uint32_t number = text_append(dict, at, len, prefix, held);
    ((uint64_t *)(void *)dict->slots.at)[place] = (uint64_t)hash << 32 | (number + 1);
    if (dict->count * 2 > dict->mask)
        texts_rehash(dict, held);
    return number;
}

/* Back to `count` texts; the slots are of no use afterwards. */
static bool texts_give_up(Terms *dict, uint32_t count, size_t bytes, uint64_t *held)
{
    dict->count = count;
    dict->entries.len = count * sizeof(Term);
    dict->bytes.len = bytes;
    bin_drop(&dict->slots, held);
    dict->mask = 0;
    return false;
}

INLINE bool add_texts(Terms *dict, const char *at, const uint32_t *lengths, uint32_t length,
                      uint64_t count, TermsLimits limits, uint32_t *numbers, uint64_t *held)
{
    const uint32_t count_before = dict->count;
    const size_t bytes_before = dict->bytes.len;
    if (!dict->mask)
        texts_rehash(dict, held);
    const char *last = at;
    uint32_t last_len = UINT32_MAX, last_number = 0;
    const uint64_t seen = dict->seen;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t len = lengths ? lengths[i] : length;
        if (len != last_len || prefix_of(at, len) != prefix_of(last, len) ||
            (len > 8 && memcmp(at + 8, last + 8, len - 8) != 0)) {
            last_number = text_number(dict, at, len, &limits, held);
            if (last_number == UINT32_MAX)
                return texts_give_up(dict, count_before, bytes_before, held);
            last_len = len;
        }
        numbers[i] = last_number;
        last = at;
        at += len;
        if ((seen + i + 1) % LOOK_EVERY == 0 && !still_pays(dict, seen + i + 1))
            return texts_give_up(dict, count_before, bytes_before, held);
    }
    dict->seen = seen + count;
    return true;
}

bool terms_add_texts(Terms *dict, const char *bytes, const uint32_t *lengths, uint64_t count,
                    TermsLimits limits, uint32_t *numbers, uint64_t *held)
{
    return add_texts(dict, bytes, lengths, 0, count, limits, numbers, held);
}

bool terms_add_fixed(Terms *dict, const char *bytes, uint32_t length, uint64_t count,
                    TermsLimits limits, uint32_t *numbers, uint64_t *held)
{
    return add_texts(dict, bytes, NULL, length, count, limits, numbers, held);
}

uint32_t terms_add_one(Terms *dict, Str text, uint64_t *held)
{
    if (!dict->mask)
        texts_rehash(dict, held);
    TermsLimits none = {UINT32_MAX, UINT64_MAX};
    return text_number(dict, text.at, (uint32_t)text.len, &none, held);
}

/* ---- words ---- */

INLINE uint32_t word_hash(uint64_t word)
{
    return (uint32_t)(fold(word ^ ODD_1, ODD_2));
}

INLINE uint64_t load_word(const char *at, uint32_t width)
{
    if (width == 8)
        return load_64(at);
    uint32_t half;
    memcpy(&half, at, 4);
    return half;
}

static void words_rehash(Terms *dict, uint64_t *held)
{
    uint32_t size = dict->mask ? (dict->mask + 1) * 2 : FIRST_SLOTS;
    bin_drop(&dict->slots, held);
    bin_reserve(&dict->slots, (size_t)size * sizeof(uint32_t), held);
    memset(dict->slots.at, 0, (size_t)size * sizeof(uint32_t));
    uint32_t *slots = (uint32_t *)(void *)dict->slots.at;
    dict->mask = size - 1;
    for (uint32_t i = 0; i < dict->count; i++) {
        uint64_t word = load_word(dict->entries.at + (size_t)i * dict->width, dict->width);
        uint32_t at = word_hash(word) & dict->mask;
        while (slots[at])
            at = (at + 1) & dict->mask;
        slots[at] = i + 1;
    }
}

INLINE uint32_t word_number(Terms *dict, uint64_t word, uint32_t width, const TermsLimits *limits,
                            uint64_t *held)
{
    uint32_t *slots = (uint32_t *)(void *)dict->slots.at;
    uint32_t place = word_hash(word) & dict->mask;
    for (uint32_t slot; (slot = slots[place]) != 0; place = (place + 1) & dict->mask)
        if (load_word(dict->entries.at + (size_t)(slot - 1) * width, width) == word)
            return slot - 1;
    if (dict->count >= limits->entries || dict->entries.len + width > limits->bytes)
        return UINT32_MAX;
    slots[place] = dict->count + 1;
    bin_add(&dict->entries, &word, width, held);
    if (++dict->count * 2 > dict->mask)
        words_rehash(dict, held);
    return dict->count - 1;
}

INLINE bool add_words(Terms *dict, const char *values, uint32_t width, uint64_t count,
                      TermsLimits limits, uint32_t *numbers, uint64_t *held)
{
    const uint32_t count_before = dict->count;
    if (!dict->mask)
        words_rehash(dict, held);
    uint64_t last = 0;
    uint32_t last_number = UINT32_MAX;
    bool is_good = true;
    for (uint64_t i = 0; i < count && is_good; i++) {
        uint64_t word = load_word(values + i * width, width);
        if (word != last || last_number == UINT32_MAX) {
            last_number = word_number(dict, word, width, &limits, held);
            last = word;
        }
        numbers[i] = last_number;
        is_good = last_number != UINT32_MAX;
        if ((dict->seen + i + 1) % LOOK_EVERY == 0)
            is_good = is_good && still_pays(dict, dict->seen + i + 1);
    }
    dict->seen += count;
    if (!is_good) {
        dict->count = count_before;
        dict->entries.len = (size_t)count_before * width;
        bin_drop(&dict->slots, held);
        dict->mask = 0;
    }
    return is_good;
}

bool terms_add_words(Terms *dict, const char *values, uint64_t count, TermsLimits limits,
                    uint32_t *numbers, uint64_t *held)
{
    if (dict->width == 8)
        return add_words(dict, values, 8, count, limits, numbers, held);
    assert(dict->width == 4);
    return add_words(dict, values, 4, count, limits, numbers, held);
}

void terms_drop(Terms *dict, uint64_t *held)
{
    bin_drop(&dict->slots, held);
    bin_drop(&dict->entries, held);
    bin_drop(&dict->bytes, held);
    dict->count = dict->looked_count = dict->mask = 0;
    dict->seen = 0;
}
