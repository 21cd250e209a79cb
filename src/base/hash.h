/* hash.h: the digests that dbt's formats and signed requests ask for. Not for passwords. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/str.h"

/* Lower-case hex digests. Owner: the arena. */
Str md5_hex(Arena *arena, Str data);      /* 32 characters */
Str sha1_hex(Arena *arena, Str data);     /* 40 */
Str sha256_hex(Arena *arena, Str data);   /* 64 */

/* The raw digest. */
void sha256_bytes(Str data, uint8_t out[32]);
/* HMAC-SHA256 (RFC 2104): a digest that only who has the key can make. */
void hmac_sha256(Str key, Str message, uint8_t out[32]);
/* Bytes as lower-case hex. Owner: the arena. */
Str hex_print(Arena *arena, const uint8_t *bytes, size_t len);

/* sha256_hex() without the processor's SHA instructions: what other machines run, for the tests. */
Str sha256_hex_plain(Arena *arena, Str data);

/* A 64-bit hash for fingerprints and tables (not stable across versions of weir). */
uint64_t hash64(Str data, uint64_t seed);

#endif
