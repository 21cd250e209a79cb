/* pack.c: streams to packed bytes: gzip by zlib (whose output depends on no machine), zstd. */
#include "codec/codec.h"
#include "codec/libraries.h"

#define PACK_STREAM_MAGIC 0x5041434du
#define PACKED_BYTES ((size_t)256 << 10)
enum { GZIP_LEVEL = 6, ZSTD_LEVEL = 3, GZIP_MEMORY = 8, MOST_AT_ONCE = 1 << 30 };

struct PackStream {
    uint32_t magic;
    const ZLib *zlib;            /* one of the two is set; none: dropped                          */
    const ZstdLib *zstd;
    z_stream deflate;
    ZSTD_CCtx *context;
    Text packed;                 /* PACKED_BYTES of room                                          */
    bool is_at_end;
};

static void drop_any(void *stream)
{
    pack_stream_drop(stream);
}

static bool gzip_begin(PackStream *stream, int level, Err *err)
{
    const ZLib *lib;
    TRY(zlib_lib(&lib, err));
    int code = lib->deflateInit2_(&stream->deflate, level ? level : GZIP_LEVEL, Z_DEFLATED,
                                  MAX_WBITS + 16, GZIP_MEMORY, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                                  (int)sizeof(z_stream));
    if (code != Z_OK)
        return err_set(err, ERR_RUNTIME, NOWHERE, "zlib cannot be used (code %d)", code);
    stream->zlib = lib;
    return true;
}

static bool zstd_begin(PackStream *stream, int level, Err *err)
{
    TRY(zstd_lib(&stream->zstd, err));
    const ZstdLib *lib = stream->zstd;
    stream->context = lib->ZSTD_createCCtx();
    assert(stream->context);
    lib->ZSTD_CCtx_setParameter(stream->context, ZSTD_c_compressionLevel,
                                level ? level : ZSTD_LEVEL);
    lib->ZSTD_CCtx_setParameter(stream->context, ZSTD_c_checksumFlag, 1);
    return true;
}

bool pack_stream_make(Arena *arena, Codec codec, int level, PackStream **out, Err *err)
{
    assert(codec == CODEC_GZIP || codec == CODEC_ZSTD);
    PackStream *stream = NEW(arena, PackStream);
    stream->magic = PACK_STREAM_MAGIC;
    TRY(codec == CODEC_GZIP ? gzip_begin(stream, level, err) : zstd_begin(stream, level, err));
    text_reserve(&stream->packed, PACKED_BYTES);
    arena_on_drop(arena, drop_any, stream);
    *out = stream;
    return true;
}

static bool gzip_push(PackStream *stream, Str *in, size_t *len, bool is_last, Err *err)
{
    z_stream *deflate = &stream->deflate;
    uInt some = (uInt)(in->len < MOST_AT_ONCE ? in->len : MOST_AT_ONCE);
    deflate->next_in = (Bytef *)(uintptr_t)in->at;
    deflate->avail_in = some;
    deflate->next_out = (Bytef *)stream->packed.at;
    deflate->avail_out = (uInt)PACKED_BYTES;
    int code = stream->zlib->deflate(deflate, is_last ? Z_FINISH : Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return err_set(err, ERR_RUNTIME, NOWHERE, "zlib cannot compress (code %d)", code);
    *in = str_slice(*in, some - deflate->avail_in, in->len);
    *len = PACKED_BYTES - deflate->avail_out;
    stream->is_at_end = code == Z_STREAM_END;
    return true;
}

static bool zstd_push(PackStream *stream, Str *in, size_t *len, bool is_last, Err *err)
{
    ZSTD_inBuffer from = {in->len ? in->at : "", in->len, 0};
    ZSTD_outBuffer to = {stream->packed.at, PACKED_BYTES, 0};
    size_t left = stream->zstd->ZSTD_compressStream2(stream->context, &to, &from,
                                                     is_last ? ZSTD_e_end : ZSTD_e_continue);
    if (stream->zstd->ZSTD_isError(left))
        return err_set(err, ERR_RUNTIME, NOWHERE, "zstd cannot compress: %s",
                       stream->zstd->ZSTD_getErrorName(left));
    *in = str_slice(*in, from.pos, in->len);
    *len = to.pos;
    stream->is_at_end = is_last && left == 0;
    return true;
}

static bool push(PackStream *stream, Str *in, size_t *len, bool is_last, Err *err)
{
    return stream->zlib ? gzip_push(stream, in, len, is_last, err)
                        : zstd_push(stream, in, len, is_last, err);
}

bool pack_stream_step(PackStream *stream, Str *in, Str *packed, Err *err)
{
    CHECK(stream, PACK_STREAM_MAGIC);
    assert(!stream->is_at_end);
    size_t len = 0;
    while (in->len && !len)
        TRY(push(stream, in, &len, false, err));
    *packed = (Str){stream->packed.at, len};
    return true;
}

bool pack_stream_end(PackStream *stream, Str *packed, Err *err)
{
    CHECK(stream, PACK_STREAM_MAGIC);
    size_t len = 0;
    Str nothing = STR("");
    while (!stream->is_at_end && !len)
        TRY(push(stream, &nothing, &len, true, err));
    *packed = (Str){stream->packed.at, len};
    return true;
}

void pack_stream_drop(PackStream *stream)
{
    if (!stream)
        return;
    CHECK(stream, PACK_STREAM_MAGIC);
    if (stream->zlib)
        stream->zlib->deflateEnd(&stream->deflate);
    if (stream->zstd)
        stream->zstd->ZSTD_freeCCtx(stream->context);
    stream->zlib = NULL;
    stream->zstd = NULL;
    text_drop(&stream->packed);
}
