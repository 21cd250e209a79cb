/* digits.h: short numbers, eight digits at a time; private to format/.
 *
 * Eight bytes are read wherever a number begins or ends: CSV_PADDING bytes behind it are readable.
 * What is refused here is for number.h to look at: long, signed with +, with an exponent, or bad.
 */
#ifndef FORMAT_DIGITS_H
#define FORMAT_DIGITS_H

#include "base/str.h"

#define DIGIT_ONES UINT64_C(0x0101010101010101)
#define DIGIT_TOPS UINT64_C(0x8080808080808080)

static inline uint64_t digits_load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* True if a byte of the word is above 9. */
static inline bool digits_beyond(uint64_t word)
{
    return ((word + DIGIT_ONES * (0x7f - 9)) | word) & DIGIT_TOPS;
}

/* Eight values 0 to 9, the first one in the lowest byte. */
static inline uint64_t digits_join(uint64_t word)
{
    word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ff;
    word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffff;
    return (word * 10000 + (word >> 32)) & 0xffffffff;
}

/* `len` digits, 1 to 8. */
static inline bool digits_8(const char *at, size_t len, uint64_t *out)
{
    uint64_t word = (digits_load(at) ^ DIGIT_ONES * '0') << (64 - 8 * len);
    *out = digits_join(word);
    return !digits_beyond(word);
}

/* `len` digits, 1 to 16. */
static inline bool digits_16(const char *at, size_t len, uint64_t *out)
{
    uint64_t high, low;
    if (len <= 8)
        return digits_8(at, len, out);
    bool is_high = digits_8(at, len - 8, &high), is_low = digits_8(at + len - 8, 8, &low);
    *out = high * 100000000 + low;
    return is_high && is_low;
}

/* Whether `len` bytes, 1 to 16, are digits. */
static inline bool digits_are(const char *at, size_t len)
{
    uint64_t word = digits_load(at) ^ DIGIT_ONES * '0';
    if (len <= 8)
        return !digits_beyond(word << (64 - 8 * len));
    return !digits_beyond(word) && !digits_beyond(digits_load(at + len - 8) ^ DIGIT_ONES * '0');
}

/* -?(0|[1-9]\d*), 1 to 16 digits. */
static inline bool digits_int(const char *at, size_t len, int64_t *out)
{
    uint64_t value;
    bool is_negative = len && *at == '-';
    at += is_negative;
    len -= is_negative;
    if (len - 1 > 15 || (len > 1 && *at == '0') || !digits_16(at, len, &value))
        return false;
    *out = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

/* Where the first `mark` of a text of at most 17 bytes is; `len`: nowhere. */
static inline size_t digits_mark(const char *at, size_t len, char mark)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t other = digits_load(at + i) ^ DIGIT_ONES * (unsigned char)mark;
        uint64_t found = (other - DIGIT_ONES) & ~other & DIGIT_TOPS;
        if (found) {
            size_t where = i + (size_t)__builtin_ctzll(found) / 8;
            return where < len ? where : len;
        }
    }
    return len;
}

/* A number with or without a point: where its parts lie. */
typedef struct Digits {
    uint64_t mantissa;     /* the digits of both parts                                      */
    uint32_t whole, scale; /* how many stand before and behind the point                    */
    bool is_negative;
} Digits;

/* -?(0|[1-9]\d*)(\.\d+)?, 1 to 15 digits. */
static inline bool digits_number(const char *at, size_t len, char mark, Digits *out)
{
    bool is_negative = len && *at == '-';
    uint64_t whole, part = 0;
    at += is_negative;
    len -= is_negative;
    if (len - 1 > 15)
        return false;
    size_t point = digits_mark(at, len, mark), scale = point < len ? len - point - 1 : 0;
    if (!point || (point > 1 && *at == '0') || (point < len && !scale) || point + scale > 15)
        return false;
    if (!digits_16(at, point, &whole) || (scale && !digits_16(at + point + 1, scale, &part)))
        return false;
    static const uint64_t tens[16] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000};
    *out = (Digits){whole * tens[scale] + part, (uint32_t)point, (uint32_t)scale, is_negative};
    return true;
}

#endif
