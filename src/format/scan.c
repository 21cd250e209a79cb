/* scan.c: see scan.h. The AVX2 forms are compiled for their processor alone and chosen at run time.
 */
#include "format/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAS_AVX2_FORMS 1
#else
#define HAS_AVX2_FORMS 0
#endif

/* ---- counting ---- */

static uint64_t count_plain(Str s, char c)
{
    uint64_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.at[i] == c;
    return count;
}

#if HAS_AVX2_FORMS
__attribute__((target("avx2"))) static uint64_t count_avx2(Str s, char c)
{
    const __m256i wanted = _mm256_set1_epi8(c), zero = _mm256_setzero_si256();
    __m256i total = zero;
    size_t at = 0;
    while (s.len - at >= 32) {
        __m256i sums = zero; /* a byte counts to 255 at most */
        for (int i = 0; i < 255 && s.len - at >= 32; i++, at += 32)
            sums = _mm256_sub_epi8(
                sums, _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(s.at + at)), wanted));
        total = _mm256_add_epi64(total, _mm256_sad_epu8(sums, zero));
    }
    uint64_t parts[4];
    _mm256_storeu_si256((__m256i *)parts, total);
    return parts[0] + parts[1] + parts[2] + parts[3] + count_plain(str_slice(s, at, s.len), c);
}
#endif

uint64_t scan_count(Str s, char c)
{
#if HAS_AVX2_FORMS
    if (__builtin_cpu_supports("avx2"))
        return count_avx2(s, c);
#endif
    return count_plain(s, c);
}

/* ---- UTF-8 ---- */

unsigned scan_sequence(const char *at, const char *end, bool *is_cut)
{
    unsigned char first = (unsigned char)*at;
    unsigned length = first < 0x80   ? 1
                      : first < 0xc2 ? 0
                      : first < 0xe0 ? 2
                      : first < 0xf0 ? 3
                      : first < 0xf5 ? 4
                                     : 0;
    *is_cut = false;
    for (unsigned i = 1; i < length; i++) {
        if (at + i == end) {
            *is_cut = true;
            return 0;
        }
        unsigned char next = (unsigned char)at[i];
        unsigned char low = 0x80, high = 0xbf;
        if (i == 1) {
            low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
            high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        }
        if (next < low || next > high)
            return 0;
    }
    return length;
}

/* Where plain ASCII ends. */
static size_t skip_ascii(Str s, size_t at)
{
#if defined(__SSE2__)
    while (s.len - at >= 64) {
        const __m128i *from = (const __m128i *)(s.at + at);
        __m128i bytes =
            _mm_or_si128(_mm_or_si128(_mm_loadu_si128(from), _mm_loadu_si128(from + 1)),
                         _mm_or_si128(_mm_loadu_si128(from + 2), _mm_loadu_si128(from + 3)));
        if (_mm_movemask_epi8(bytes))
            break;
        at += 64;
    }
#endif
    while (at < s.len && (signed char)s.at[at] >= 0)
        at++;
    return at;
}

/* The length of a sequence of two or three bytes at `at`, the usual ones; 0: look closer. Four
 * bytes are readable. */
static inline unsigned quick_sequence(const char *at)
{
    uint32_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    uint32_t three = (bytes & 0x0f) << 6 | (bytes >> 8 & 0x3f); /* the upper ten bits of sixteen */
    if ((bytes & 0x00c0c0f0) == 0x008080e0 && three >= 0x20 && three >> 5 != 0x1b)
        return 3;
    return (bytes & 0xc0e0) == 0x80c0 && (bytes & 0x1e) ? 2 : 0;
}

ptrdiff_t scan_invalid_utf8(Str s)
{
    const char *end = s.at + s.len;
    for (size_t at = 0; at < s.len;) {
        at = skip_ascii(s, at);
        while (at < s.len && (signed char)s.at[at] < 0) {
            bool is_cut;
            unsigned length = s.len - at >= 4 ? quick_sequence(s.at + at) : 0;
            if (!length)
                length = scan_sequence(s.at + at, end, &is_cut);
            if (!length)
                return (ptrdiff_t)at;
            at += length;
        }
    }
    return -1;
}
