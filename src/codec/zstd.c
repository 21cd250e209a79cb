/* zstd.c: zstd frames: a stream of them made plain, and whole blocks there and back. */
#include "codec/unpacker.h"

#define PACKER_MAGIC 0x5041434bu
enum { PACKER_LEVEL = 1 };

/* ---- streams ---- */

typedef struct ZstdUnpacker {
    Unpacker unpacker;
    const ZstdLib *lib;
    ZSTD_DCtx *context;
    bool is_inside;              /* a frame has begun and not ended                               */
    bool is_behind;              /* a whole frame was there                                       */
} ZstdUnpacker;

/* One call of the library; *goes_on false: more input is needed. */
static bool frame_step(ZstdUnpacker *self, Str *in, size_t *len, bool *goes_on, Err *err)
{
    ZSTD_inBuffer from = {in->len ? in->at : "", in->len, 0};
    ZSTD_outBuffer to = {self->unpacker.plain.at, PLAIN_BYTES, *len};
    size_t result = self->lib->ZSTD_decompressStream(self->context, &to, &from);
    if (self->lib->ZSTD_isError(result))
        return unpacker_corrupt(&self->unpacker, self->lib->ZSTD_getErrorName(result), err);
    bool has_moved = from.pos > 0 || to.pos > *len;
    self->is_inside = result != 0;
    self->is_behind = self->is_behind || result == 0;
    *in = str_slice(*in, from.pos, in->len);
    *len = to.pos;
    *goes_on = has_moved && (in->len > 0 || (self->is_inside && to.pos == PLAIN_BYTES));
    return true;
}

static bool zstd_step(Unpacker *unpacker, Str *in, Str *plain, Err *err)
{
    ZstdUnpacker *self = (ZstdUnpacker *)unpacker;
    size_t len = 0;
    bool goes_on = true;
    while (goes_on && len < PLAIN_BYTES) {
        if (self->is_inside) {
            TRY(frame_step(self, in, &len, &goes_on, err));
            continue;
        }
        if (self->is_behind)
            skip_zeros(in);
        goes_on = in->len > 0;
        self->is_inside = goes_on;
    }
    *plain = (Str){unpacker->plain.at, len};
    return true;
}

static bool zstd_end(Unpacker *unpacker, Err *err)
{
    return !((ZstdUnpacker *)unpacker)->is_inside ||
           err_set(err, ERR_RUNTIME, NOWHERE, "truncated zstd");
}

static void zstd_reset(Unpacker *unpacker)
{
    ZstdUnpacker *self = (ZstdUnpacker *)unpacker;
    self->is_inside = self->is_behind = false;
    size_t code = self->lib->ZSTD_DCtx_reset(self->context, ZSTD_reset_session_only);
    assert(!self->lib->ZSTD_isError(code));
}

static void zstd_drop(Unpacker *unpacker)
{
    ZstdUnpacker *self = (ZstdUnpacker *)unpacker;
    self->lib->ZSTD_freeDCtx(self->context);
}

static const UnpackerKind zstd_unpacker = {zstd_step, zstd_end, zstd_reset, zstd_drop};

bool zstd_unpacker_make(Arena *arena, Unpacker **out, Err *err)
{
    const ZstdLib *lib;
    TRY(zstd_lib(&lib, err));
    Unpacker *unpacker =
        unpacker_new(arena, sizeof(ZstdUnpacker), &zstd_unpacker, CODEC_ZSTD);
    ZstdUnpacker *self = (ZstdUnpacker *)unpacker;
    self->lib = lib;
    self->context = lib->ZSTD_createDCtx();
    assert(self->context);
    *out = unpacker;
    return true;
}

/* ---- blocks ---- */

struct Packer {
    uint32_t magic;
    const ZstdLib *lib;
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;           /* NULL until it is needed                                       */
    int level;
};

static void packer_drop(void *packer)
{
    Packer *self = packer;
    CHECK(self, PACKER_MAGIC);
    self->lib->ZSTD_freeCCtx(self->pack);
    self->lib->ZSTD_freeDCtx(self->unpack);
}

bool packer_make(Arena *arena, int level, Packer **out, Err *err)
{
    const ZstdLib *lib;
    TRY(zstd_lib(&lib, err));
    Packer *packer = NEW(arena, Packer);
    packer->magic = PACKER_MAGIC;
    packer->lib = lib;
    packer->level = level ? level : PACKER_LEVEL;
    arena_on_drop(arena, packer_drop, packer);
    *out = packer;
    return true;
}

static void pack_context(Packer *packer)
{
    if (packer->pack)
        return;
    packer->pack = packer->lib->ZSTD_createCCtx();
    assert(packer->pack);
    packer->lib->ZSTD_CCtx_setParameter(packer->pack, ZSTD_c_compressionLevel, packer->level);
}

bool packer_pack(Packer *packer, Str plain, Text *out, Err *err)
{
    CHECK(packer, PACKER_MAGIC);
    assert(!out->limit);
    pack_context(packer);
    size_t room = packer->lib->ZSTD_compressBound(plain.len);
    text_reserve(out, room);
    size_t len = packer->lib->ZSTD_compress2(packer->pack, out->at + out->len, room,
                                             plain.len ? plain.at : "", plain.len);
    if (packer->lib->ZSTD_isError(len))
        return err_set(err, ERR_RUNTIME, NOWHERE, "zstd cannot compress: %s",
                       packer->lib->ZSTD_getErrorName(len));
    out->len += len;
    out->at[out->len] = '\0';
    return true;
}

bool packer_unpack(Packer *packer, Str frame, void *to, size_t size, Err *err)
{
    CHECK(packer, PACKER_MAGIC);
    if (!packer->unpack)
        packer->unpack = packer->lib->ZSTD_createDCtx();
    assert(packer->unpack);
    size_t len = packer->lib->ZSTD_decompressDCtx(packer->unpack, to, size,
                                                  frame.len ? frame.at : "", frame.len);
    if (packer->lib->ZSTD_isError(len))
        return err_set(err, ERR_RUNTIME, NOWHERE, "corrupt zstd: %s",
                       packer->lib->ZSTD_getErrorName(len));
    return len == size || err_set(err, ERR_RUNTIME, NOWHERE,
                                  "corrupt zstd: %zu bytes where %zu were expected", len, size);
}
