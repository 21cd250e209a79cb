/* scan.h: looking for bytes, 16 to 64 at a time; private to format/.
 *
 * SSE2 is part of every x86-64; what pays with AVX2 is chosen at run time (scan.c). Other
 * processors take the plain loops. Nothing reads beyond `end`.
 */
#ifndef FORMAT_SCAN_H
#define FORMAT_SCAN_H

#include "base/str.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* The first byte that ends a run of plain text in a JSON string: quote, backslash, control
 * character or a byte of a longer UTF-8 sequence; `end` if there is none. */
static inline const char *scan_plain(const char *at, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  low = _mm_set1_epi8(0x1f);
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash));
        ends = _mm_or_si128(ends, _mm_cmpeq_epi8(_mm_min_epu8(bytes, low), bytes));
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(ends, bytes));
        if (mask)
            return at + __builtin_ctz(mask);
        at += 16;
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (signed char)*at >= 0x20)
        at++;
    return at;
}

/* The first quote or backslash. */
static inline const char *scan_quote(const char *at, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        unsigned mask = (unsigned)_mm_movemask_epi8(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash)));
        if (mask)
            return at + __builtin_ctz(mask);
        at += 16;
    }
#endif
    while (at < end && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* Behind the quote that closes a string whose first byte is at `at`; NULL if none does. */
static inline const char *scan_string_end(const char *at, const char *end)
{
    for (;;) {
        at = scan_quote(at, end);
        if (at == end)
            return NULL;
        if (*at == '"')
            return at + 1;
        if (end - at < 2)
            return NULL;
        at += 2;
    }
}

/* The same, and whether there is a backslash in it (set only, never cleared). */
static inline const char *scan_string(const char *at, const char *end, bool *has_escapes)
{
    at = scan_quote(at, end);
    if (at < end && *at == '"')
        return at + 1;
    *has_escapes = true;
    return scan_string_end(at, end);
}

/* Bit i set: byte i of the 64 is one of three. */
static inline uint64_t scan_any_of_three(const char *at, char a, char b, char c)
{
    uint64_t mask = 0;
#if defined(__SSE2__)
    const __m128i is_a = _mm_set1_epi8(a), is_b = _mm_set1_epi8(b), is_c = _mm_set1_epi8(c);
    for (int i = 0; i < 4; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(at + 16 * i));
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, is_a), _mm_cmpeq_epi8(bytes, is_b));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, is_c));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(found) << (16 * i);
    }
#else
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(at[i] == a || at[i] == b || at[i] == c) << i;
#endif
    return mask;
}

/* How many bytes of `s` are `c`. Cost: about the speed of memory. */
uint64_t scan_count(Str s, char c);

/* Length of the valid UTF-8 sequence at `at`, 0 if it is none; *is_cut: `end` comes before its end.
 */
unsigned scan_sequence(const char *at, const char *end, bool *is_cut);

/* Offset of the first byte that is no valid UTF-8, or -1. A sequence that is cut by the end counts
 * as invalid. Cost: ASCII at the speed of memory, else about 1 GB/s. */
ptrdiff_t scan_invalid_utf8(Str s);

#endif
