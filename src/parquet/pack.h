/* pack.h: integers in few bits. private to parquet/
 * Source: "Data encodings" of the Apache Parquet format: RLE / bit-packing hybrid,
 * DELTA_BINARY_PACKED. Arrays that are read may be read up to 72 bytes behind their end.
 */
#ifndef PARQUET_PACK_H
#define PARQUET_PACK_H

#include "base/text.h"

/* 32 values of `width` bits (0..32, 0..64) as 4 * width bytes, low bits first. 8 bytes behind them
 * may be written. */
void pack_32(const uint32_t *values, unsigned width, uint8_t *out);
void pack_64(const uint64_t *values, unsigned width, uint8_t *out);

/* Bits that `number` needs; 0 for 0. */
static inline unsigned bits_needed(uint64_t number)
{
    return number ? 64 - (unsigned)__builtin_clzll(number) : 0;
}

/* Adds the hybrid of `count` numbers, each below 2 to the width (1..32). */
void hybrid_add(Text *out, const uint32_t *values, uint64_t count, unsigned width);
/* Adds a run of one number. */
void hybrid_add_run(Text *out, uint32_t value, uint64_t count, unsigned width);
/* The same for bits, width 1; bits behind `count` in the last byte are 0. */
void hybrid_add_bits(Text *out, const uint8_t *bits, uint64_t count);

/* Adds DELTA_BINARY_PACKED of integers of 4 or 8 bytes: blocks of 128 in four parts. */
void delta_add_32(Text *out, const uint32_t *values, uint64_t count);
void delta_add_64(Text *out, const uint64_t *values, uint64_t count);

/* Least and greatest of `count` > 0 integers. */
typedef struct Range {
    int64_t least, greatest;
} Range;
Range range_of_32(const int32_t *values, uint64_t count);
Range range_of_64(const int64_t *values, uint64_t count);

/* For tests: this thread goes the ways without AVX2 (true), or those of the processor. */
void pack_use_plain(bool is_plain);

#endif
