/* unpacker.c: streams back to plain bytes, whatever packed them. */
#include "codec/unpacker.h"

Codec codec_of_bytes(Str head)
{
    if (head.len >= 3 && memcmp(head.at, "\x1f\x8b\x08", 3) == 0)
        return CODEC_GZIP;
    if (head.len < 4)
        return CODEC_NONE;
    bool is_skippable = (head.at[0] & 0xf0) == 0x50 && memcmp(head.at + 1, "\x2a\x4d\x18", 3) == 0;
    return is_skippable || memcmp(head.at, "\x28\xb5\x2f\xfd", 4) == 0 ? CODEC_ZSTD : CODEC_NONE;
}

static void drop_any(void *unpacker)
{
    unpacker_drop(unpacker);
}

Unpacker *unpacker_new(Arena *arena, size_t size, const UnpackerKind *kind, Codec codec)
{
    Unpacker *unpacker = arena_take(arena, size, _Alignof(max_align_t));
    unpacker->magic = UNPACKER_MAGIC;
    unpacker->kind = kind;
    unpacker->codec = codec;
    text_reserve(&unpacker->plain, PLAIN_BYTES);
    return unpacker;
}

bool unpacker_make(Arena *arena, Codec codec, Unpacker **out, Err *err)
{
    assert(codec == CODEC_GZIP || codec == CODEC_ZSTD);
    Unpacker *made;
    TRY(codec == CODEC_GZIP ? gzip_unpacker_make(arena, false, &made, err)
                            : zstd_unpacker_make(arena, &made, err));
    arena_on_drop(arena, drop_any, made);
    *out = made;
    return true;
}

void unpacker_reset(Unpacker *unpacker)
{
    CHECK(unpacker, UNPACKER_MAGIC);
    assert(unpacker->kind);
    unpacker->kind->reset(unpacker);
}

bool unpacker_step(Unpacker *unpacker, Str *in, Str *plain, Err *err)
{
    CHECK(unpacker, UNPACKER_MAGIC);
    assert(unpacker->kind);
    return unpacker->kind->step(unpacker, in, plain, err);
}

bool unpacker_end(Unpacker *unpacker, Err *err)
{
    CHECK(unpacker, UNPACKER_MAGIC);
    assert(unpacker->kind);
    return unpacker->kind->end(unpacker, err);
}

void unpacker_drop(Unpacker *unpacker)
{
    if (!unpacker)
        return;
    CHECK(unpacker, UNPACKER_MAGIC);
    if (unpacker->kind)
        unpacker->kind->drop(unpacker);
    unpacker->kind = NULL;
    text_drop(&unpacker->plain);
}

bool unpacker_corrupt(const Unpacker *unpacker, const char *reason, Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE, "corrupt %s: %s",
                   unpacker->codec == CODEC_GZIP ? "gzip" : "zstd", reason);
}

void skip_zeros(Str *in)
{
    size_t at = 0;
    while (at < in->len && in->at[at] == '\0')
        at++;
    *in = str_slice(*in, at, in->len);
}
