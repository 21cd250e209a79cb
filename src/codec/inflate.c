/* inflate.c: raw deflate by ISA-L or by zlib. */
#include "codec/inflate.h"

enum { MOST_AT_ONCE = 1 << 30 }; /* both libraries count in 32 bits */

bool inflate_make(Arena *arena, bool is_zlib, Inflate *out, Err *err)
{
    Inflate made = {.isal = is_zlib ? NULL : isal_lib()};
    if (made.isal) {
        made.isal_state = NEW(arena, struct inflate_state);
        made.isal->isal_inflate_init(made.isal_state);
        *out = made;
        return true;
    }
    TRY(zlib_lib(&made.zlib, err));
    *out = made; /* zlib's state points back to the stream: it is made where it stays */
    int code = made.zlib->inflateInit2_(&out->stream, -MAX_WBITS, ZLIB_VERSION,
                                        (int)sizeof(z_stream));
    return code == Z_OK ||
           err_set(err, ERR_RUNTIME, NOWHERE, "zlib cannot be used (code %d)", code);
}

void inflate_drop(Inflate *inflate)
{
    if (inflate->zlib)
        inflate->zlib->inflateEnd(&inflate->stream);
    inflate->zlib = NULL;
}

void inflate_reset(Inflate *inflate)
{
    inflate->left_len = 0;
    if (inflate->isal) {
        inflate->isal->isal_inflate_reset(inflate->isal_state);
    } else {
        int code = inflate->zlib->inflateReset(&inflate->stream);
        assert(code == Z_OK);
    }
}

/* ISA-L keeps whole bytes that it has read beyond the end among its bits. */
static void isal_keep_left(Inflate *inflate)
{
    const struct inflate_state *state = inflate->isal_state;
    assert(state->read_in_length >= 0 && state->read_in_length <= 64);
    unsigned bits = (unsigned)state->read_in_length;
    uint64_t rest = bits ? state->read_in >> bits % 8 : 0;
    inflate->left_len = bits / 8;
    for (size_t i = 0; i < inflate->left_len; i++, rest >>= 8)
        inflate->left[i] = (char)(rest & 0xff);
}

static InflateState isal_run(Inflate *inflate, Str *in, char *out, size_t room, size_t *made)
{
    struct inflate_state *state = inflate->isal_state;
    uint32_t len = (uint32_t)(in->len < MOST_AT_ONCE ? in->len : MOST_AT_ONCE);
    state->next_in = (uint8_t *)(uintptr_t)in->at;
    state->avail_in = len;
    state->next_out = (uint8_t *)out;
    state->avail_out = (uint32_t)room;
    int code = inflate->isal->isal_inflate(state);
    *in = str_slice(*in, len - state->avail_in, in->len);
    *made = room - state->avail_out;
    if (code < 0) {
        inflate->reason = code == ISAL_INVALID_BLOCK      ? "invalid block"
                          : code == ISAL_INVALID_LOOKBACK ? "invalid distance too far back"
                                                          : "invalid code";
        return INFLATE_CORRUPT;
    }
    if (state->block_state != ISAL_BLOCK_FINISH)
        return INFLATE_MORE;
    isal_keep_left(inflate);
    return INFLATE_END;
}

static InflateState zlib_run(Inflate *inflate, Str *in, char *out, size_t room, size_t *made)
{
    z_stream *stream = &inflate->stream;
    uInt len = (uInt)(in->len < MOST_AT_ONCE ? in->len : MOST_AT_ONCE);
    stream->next_in = (Bytef *)(uintptr_t)in->at;
    stream->avail_in = len;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)room;
    int code = inflate->zlib->inflate(stream, Z_NO_FLUSH);
    *in = str_slice(*in, len - stream->avail_in, in->len);
    *made = room - stream->avail_out;
    if (code == Z_STREAM_END)
        return INFLATE_END;
    if (code == Z_OK || code == Z_BUF_ERROR)
        return INFLATE_MORE;
    inflate->reason = stream->msg ? stream->msg : "corrupt";
    return INFLATE_CORRUPT;
}

InflateState inflate_run(Inflate *inflate, Str *in, char *out, size_t room, size_t *made)
{
    assert(room <= MOST_AT_ONCE);
    return inflate->isal ? isal_run(inflate, in, out, room, made)
                         : zlib_run(inflate, in, out, room, made);
}

uint32_t inflate_crc(const Inflate *inflate, uint32_t crc, Str bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    if (!bytes.len)
        return crc;
    if (inflate->isal)
        return inflate->isal->crc32_gzip_refl(crc, at, bytes.len);
    for (; bytes.len > MOST_AT_ONCE; bytes = str_slice(bytes, MOST_AT_ONCE, bytes.len)) {
        crc = (uint32_t)inflate->zlib->crc32(crc, at, MOST_AT_ONCE);
        at += MOST_AT_ONCE;
    }
    return (uint32_t)inflate->zlib->crc32(crc, at, (uInt)bytes.len);
}
