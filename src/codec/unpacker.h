/* unpacker.h: what the kinds of unpackers share. private to codec/ */
#ifndef CODEC_UNPACKER_H
#define CODEC_UNPACKER_H

#include "codec/codec.h"
#include "codec/inflate.h"

#define UNPACKER_MAGIC 0x554e504bu
#define PLAIN_BYTES (((size_t)512 << 10) - 64) /* what a step gives at most */

typedef struct UnpackerKind {
    MUST bool (*step)(Unpacker *unpacker, Str *in, Str *plain, Err *err);
    MUST bool (*end)(Unpacker *unpacker, Err *err);
    void (*reset)(Unpacker *unpacker);
    void (*drop)(Unpacker *unpacker);
} UnpackerKind;

struct Unpacker {
    uint32_t magic;
    const UnpackerKind *kind;    /* NULL: dropped                                                 */
    Codec codec;
    Text plain;                  /* PLAIN_BYTES of room                                           */
};

/* The constructors; is_zlib: not by ISA-L, though it may be there. */
MUST bool gzip_unpacker_make(Arena *arena, bool is_zlib, Unpacker **out, Err *err);
MUST bool zstd_unpacker_make(Arena *arena, Unpacker **out, Err *err);
/* An unpacker of `size` bytes, which begin with the common part. */
Unpacker *unpacker_new(Arena *arena, size_t size, const UnpackerKind *kind, Codec codec);

/* "corrupt gzip: REASON". Returns false. */
bool unpacker_corrupt(const Unpacker *unpacker, const char *reason, Err *err);
/* Passes over zeros behind a member. */
void skip_zeros(Str *in);

#endif
