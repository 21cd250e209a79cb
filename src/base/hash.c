/* hash.c: MD5, SHA-1 and SHA-256 after their standards (RFC 1321, FIPS 180-4), and a fast 64-bit
 * hash of our own. SHA-256 uses the processor's SHA instructions where it has them.
 */
#include "base/hash.h"

#include "base/text.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

/* The part that the three digests share: blocks of 64 bytes, then the padding with the length. */
typedef void (*BlocksFn)(uint32_t *state, const uint8_t *at, size_t block_count);

static void put_32(uint8_t *out, uint32_t word, bool is_big)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(word >> (is_big ? 24 - 8 * i : 8 * i));
}

static uint32_t get_32(const uint8_t *at, bool is_big)
{
    uint32_t word;
    memcpy(&word, at, 4);
    bool is_host_big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
    return is_big == is_host_big ? word : __builtin_bswap32(word);
}

/* Runs `blocks` over data, padding and length. */
static void digest_state(Str data, uint32_t *state, bool is_big, BlocksFn blocks)
{
    const uint8_t *at = (const uint8_t *)(data.at ? data.at : "");
    size_t whole = data.len / 64;
    blocks(state, at, whole);
    uint8_t tail[128] = {0};
    size_t rest = data.len - whole * 64;
    memcpy(tail, at + whole * 64, rest);
    tail[rest] = 0x80;
    size_t tail_blocks = rest < 56 ? 1 : 2;
    uint64_t bit_count = (uint64_t)data.len * 8;
    uint8_t *length = tail + tail_blocks * 64 - 8;
    put_32(length + (is_big ? 0 : 4), (uint32_t)(bit_count >> 32), is_big);
    put_32(length + (is_big ? 4 : 0), (uint32_t)bit_count, is_big);
    blocks(state, tail, tail_blocks);
}

Str hex_print(Arena *arena, const uint8_t *bytes, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    char *out = arena_take(arena, len * 2 + 1, 1);
    for (size_t i = 0; i < len; i++) {
        out[i * 2] = hex[bytes[i] >> 4];
        out[i * 2 + 1] = hex[bytes[i] & 15];
    }
    return (Str){out, len * 2};
}

/* The digest of data as hex: `word_count` words of state. */
static Str digest(Arena *arena, Str data, uint32_t *state, int word_count, bool is_big,
                  BlocksFn blocks)
{
    digest_state(data, state, is_big, blocks);
    uint8_t bytes[32];
    assert(word_count <= 8);
    for (int i = 0; i < word_count; i++)
        put_32(bytes + 4 * i, state[i], is_big);
    return hex_print(arena, bytes, (size_t)word_count * 4);
}

static inline uint32_t left(uint32_t word, int by)
{
    return word << by | word >> (32 - by);
}

static inline uint32_t right(uint32_t word, int by)
{
    return word >> by | word << (32 - by);
}

/* ---- MD5 ---- */

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void md5_blocks(uint32_t *state, const uint8_t *at, size_t block_count)
{
    static const int turns[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    for (; block_count; block_count--, at += 64) {
        uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
        for (int i = 0; i < 16; i++)
            words[i] = get_32(at + 4 * i, false);
        for (int i = 0; i < 64; i++) {
            uint32_t mixed;
            int from;
            switch (i / 16) {
            case 0: mixed = (b & c) | (~b & d); from = i; break;
            case 1: mixed = (d & b) | (~d & c); from = (5 * i + 1) & 15; break;
            case 2: mixed = b ^ c ^ d; from = (3 * i + 5) & 15; break;
            default: mixed = c ^ (b | ~d); from = (7 * i) & 15; break;
            }
            uint32_t sum = a + mixed + md5_sines[i] + words[from];
            a = d;
            d = c;
            c = b;
            b += left(sum, turns[i / 16][i & 3]);
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
    }
}

Str md5_hex(Arena *arena, Str data)
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    return digest(arena, data, state, 4, false, md5_blocks);
}

/* ---- SHA-1 ---- */

static void sha1_blocks(uint32_t *state, const uint8_t *at, size_t block_count)
{
    for (; block_count; block_count--, at += 64) {
        uint32_t words[80];
        for (int i = 0; i < 16; i++)
            words[i] = get_32(at + 4 * i, true);
        for (int i = 16; i < 80; i++)
            words[i] = left(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        for (int i = 0; i < 80; i++) {
            uint32_t mixed, constant;
            switch (i / 20) {
            case 0: mixed = (b & c) | (~b & d); constant = 0x5a827999; break;
            case 1: mixed = b ^ c ^ d; constant = 0x6ed9eba1; break;
            case 2: mixed = (b & c) | (b & d) | (c & d); constant = 0x8f1bbcdc; break;
            default: mixed = b ^ c ^ d; constant = 0xca62c1d6; break;
            }
            uint32_t sum = left(a, 5) + mixed + e + constant + words[i];
            e = d;
            d = c;
            c = left(b, 30);
            b = a;
            a = sum;
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
    }
}

Str sha1_hex(Arena *arena, Str data)
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    return digest(arena, data, state, 5, true, sha1_blocks);
}

/* ---- SHA-256 ---- */

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t sha256_roots[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void sha256_blocks_plain(uint32_t *state, const uint8_t *at, size_t block_count)
{
    for (; block_count; block_count--, at += 64) {
        uint32_t words[64], s[8];
        for (int i = 0; i < 16; i++)
            words[i] = get_32(at + 4 * i, true);
        for (int i = 16; i < 64; i++) {
            uint32_t x = words[i - 15], y = words[i - 2];
            words[i] = words[i - 16] + (right(x, 7) ^ right(x, 18) ^ x >> 3) + words[i - 7] +
                       (right(y, 17) ^ right(y, 19) ^ y >> 10);
        }
        memcpy(s, state, sizeof(s));
        /* Instead of moving eight words each round, the names turn: s[(k - i) & 7] is word k. */
#pragma GCC unroll 8
        for (unsigned i = 0; i < 64; i++) {
            uint32_t a = s[-i & 7], b = s[(1 - i) & 7], c = s[(2 - i) & 7];
            uint32_t e = s[(4 - i) & 7], f = s[(5 - i) & 7], g = s[(6 - i) & 7];
            uint32_t one = s[(7 - i) & 7] + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) +
                           ((e & f) ^ (~e & g)) + sha256_roots[i] + words[i];
            s[(3 - i) & 7] += one;
            s[(7 - i) & 7] = one + (right(a, 2) ^ right(a, 13) ^ right(a, 22)) +
                             ((a & b) ^ (a & c) ^ (b & c));
        }
        for (int i = 0; i < 8; i++)
            state[i] += s[i];
    }
}

#if defined(__x86_64__)

/* The instructions want the state as two registers (A B E F) and (C D G H), highest lane first. */
__attribute__((target("sha,sse4.1,ssse3")))
static void sha256_blocks_fast(uint32_t *state, const uint8_t *at, size_t block_count)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
    __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
    for (; block_count; block_count--, at += 64) {
        __m128i words[16], abef_before = abef, cdgh_before = cdgh;
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            if (i < 4) {
                __m128i raw = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
                words[i] = _mm_shuffle_epi8(raw, swap);
            } else {
                __m128i part = _mm_sha256msg1_epu32(words[i - 4], words[i - 3]);
                part = _mm_add_epi32(part, _mm_alignr_epi8(words[i - 1], words[i - 2], 4));
                words[i] = _mm_sha256msg2_epu32(part, words[i - 1]);
            }
            __m128i roots = _mm_load_si128((const __m128i *)(const void *)(sha256_roots + 4 * i));
            __m128i sum = _mm_add_epi32(words[i], roots);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    uint32_t first[4], second[4];
    _mm_storeu_si128((__m128i *)(void *)first, abef);
    _mm_storeu_si128((__m128i *)(void *)second, cdgh);
    const uint32_t after[8] = {first[3], first[2], second[3], second[2],
                               first[1], first[0], second[1], second[0]};
    memcpy(state, after, sizeof(after));
}

static bool has_sha_instructions(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3))
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

#endif

static BlocksFn sha256_choose(void)
{
#if defined(__x86_64__)
    if (has_sha_instructions())
        return sha256_blocks_fast;
#endif
    return sha256_blocks_plain;
}

static const uint32_t sha256_start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static Str sha256_with(Arena *arena, Str data, BlocksFn blocks)
{
    uint32_t state[8];
    memcpy(state, sha256_start, sizeof(state));
    return digest(arena, data, state, 8, true, blocks);
}

/* Every thread asks the processor itself, once: cheaper than sharing the answer. */
static BlocksFn sha256_here(void)
{
    static _Thread_local BlocksFn chosen;
    if (!chosen)
        chosen = sha256_choose();
    return chosen;
}

Str sha256_hex(Arena *arena, Str data)
{
    return sha256_with(arena, data, sha256_here());
}

void sha256_bytes(Str data, uint8_t out[32])
{
    uint32_t state[8];
    memcpy(state, sha256_start, sizeof(state));
    digest_state(data, state, true, sha256_here());
    for (int i = 0; i < 8; i++)
        put_32(out + 4 * i, state[i], true);
}

/* RFC 2104: H(outer key, H(inner key, message)). */
void hmac_sha256(Str key, Str message, uint8_t out[32])
{
    uint8_t block[64] = {0}, inner[32];
    if (key.len > sizeof(block))
        sha256_bytes(key, block);
    else if (key.len)
        memcpy(block, key.at, key.len);
    char pad[64];
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] = (char)(block[i] ^ 0x36);
    AUTO(text) Text text = {0};
    text_add_bytes(&text, pad, sizeof(pad));
    text_add(&text, message);
    sha256_bytes(text_str(&text), inner);
    char outer[96];
    for (size_t i = 0; i < sizeof(pad); i++)
        outer[i] = (char)(block[i] ^ 0x5c);
    memcpy(outer + 64, inner, sizeof(inner));
    sha256_bytes((Str){outer, sizeof(outer)}, out);
}

Str sha256_hex_plain(Arena *arena, Str data)
{
    return sha256_with(arena, data, sha256_blocks_plain);
}

/* ---- 64-bit hash ---- */

#define ODD_1 0x9e3779b97f4a7c15ULL
#define ODD_2 0xc2b2ae3d27d4eb4fULL
#define ODD_3 0x165667b19e3779f9ULL

/* The two halves of the 128-bit product, laid over each other. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 Wide;
    Wide product = (Wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t load_64(const char *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

uint64_t hash64(Str data, uint64_t seed)
{
    uint64_t state = fold(seed ^ ODD_1, ODD_2 + data.len);
    const char *at = data.at;
    size_t left_bytes = data.len;
    for (; left_bytes >= 16; left_bytes -= 16, at += 16)
        state = fold(load_64(at) ^ ODD_2 ^ state, load_64(at + 8) ^ ODD_3 ^ (state >> 7));
    uint64_t tail[2] = {0, 0};
    if (left_bytes)
        memcpy(tail, at, left_bytes);
    state = fold(tail[0] ^ ODD_3 ^ state, tail[1] ^ ODD_1 ^ (state << 9));
    return fold(state ^ ODD_2, ODD_1);
}
