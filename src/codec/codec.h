/* codec.h: bytes made smaller and back: gzip, zlib, zstd. The only room with ISA-L, zlib and
 * libzstd; each is opened when first needed.
 *
 *   compressed pieces --Unpacker----> plain pieces          (streams: store/)
 *   plain pieces      --PackStream--> compressed pieces     (streams: store/)
 *   a whole block     --Packer------> one zstd frame        (pages: parquet/)
 *
 * gzip is read by ISA-L (igzip) where it is there, else by zlib; length and CRC of every member are
 * checked here. Objects belong to one thread. Errors say what is wrong ("truncated gzip"); whose
 * bytes they were, the caller adds.
 */
#ifndef CODEC_CODEC_H
#define CODEC_CODEC_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

typedef enum Codec { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD } Codec;
/* By the first bytes (4 are enough). */
Codec codec_of_bytes(Str head);

/* ---- streams back to plain bytes ---- */

typedef struct Unpacker Unpacker;

/* Owner: the arena, or unpacker_drop() before it. Cost: 2 us. Memory: 0.6 MiB, touched as used;
 * zstd also the window that its frame asks for (8 MiB up to level 19, at most 128 MiB). */
MUST bool unpacker_make(Arena *arena, Codec codec, Unpacker **out, Err *err);
/* Begins the next stream with the same buffers. */
void unpacker_reset(Unpacker *unpacker);
/* Takes from *in (which moves on) and gives a view of plain bytes, which holds until the next call;
 * empty: more input is needed (*in is used up then). Members one after the other are one stream;
 * zeros behind the last one are passed over. Plain bytes may remain when *in is used up: call on
 * until none come.
 * Fails ERR_RUNTIME: corrupt, wrong checksum */
MUST bool unpacker_step(Unpacker *unpacker, Str *in, Str *plain, Err *err);
/* The input has ended, and unpacker_step() gave all. Fails ERR_RUNTIME: in the middle of a
 * member. */
MUST bool unpacker_end(Unpacker *unpacker, Err *err);
void unpacker_drop(Unpacker *unpacker);

/* ---- streams to packed bytes ---- */

typedef struct PackStream PackStream;

/* One member or frame, with a checksum; the same bytes every time.
 * level  zlib's or zstd's; 0: 6 and 3
 * Owner  the arena, or pack_stream_drop() before it */
MUST bool pack_stream_make(Arena *arena, Codec codec, int level, PackStream **out, Err *err);
/* Takes from *in (which moves on) and gives a view of packed bytes, which holds until the next
 * call; empty: all of *in is taken. */
MUST bool pack_stream_step(PackStream *stream, Str *in, Str *packed, Err *err);
/* The input has ended: the rest, by pieces; empty: that was all. */
MUST bool pack_stream_end(PackStream *stream, Str *packed, Err *err);
void pack_stream_drop(PackStream *stream);

/* ---- blocks ---- */

typedef struct Packer Packer;

/* level  zstd's; 0: 1. Owner: the arena. */
MUST bool packer_make(Arena *arena, int level, Packer **out, Err *err);
/* Adds one zstd frame with the content's size to *out. */
MUST bool packer_pack(Packer *packer, Str plain, Text *out, Err *err);
/* The way back: `size` bytes at `to`. Fails ERR_RUNTIME: corrupt, another size. */
MUST bool packer_unpack(Packer *packer, Str frame, void *to, size_t size, Err *err);

#endif
