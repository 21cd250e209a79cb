/* hash.h: the digests that dbt's formats ask for. Not for secrets. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/str.h"

/* Lower-case hex digests. Owner: the arena. */
Str md5_hex(Arena *arena, Str data);      /* 32 characters */
Str sha1_hex(Arena *arena, Str data);     /* 40 */
Str sha256_hex(Arena *arena, Str data);   /* 64 */

/* The same without the processor's SHA instructions: what other machines run, for the tests. */
Str sha256_hex_plain(Arena *arena, Str data);

/* A 64-bit hash for fingerprints and tables (not stable across versions of weir). */
uint64_t hash64(Str data, uint64_t seed);

#endif
