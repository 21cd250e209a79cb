/* gzip.c: a stream of gzip members. Header and trailer (RFC 1952) are read here, so that ISA-L and
 * zlib, which do the deflate between them, take and refuse the same.
 *
 *   fixed 10 | extra: length 2, bytes | name\0 | comment\0 | crc 2 | deflate | crc 4, length 4
 *            '------------- each as the flags say -------------'
 */
#include "codec/unpacker.h"

enum { HAS_HEADER_CRC = 2, HAS_EXTRA = 4, HAS_NAME = 8, HAS_COMMENT = 16, RESERVED = 0xe0 };
enum { FIXED_BYTES = 10, TRAILER_BYTES = 8 };

/* The parts of a member in their order; GZIP_BETWEEN is before the first one, too. */
typedef enum GzipPart { GZIP_BETWEEN, GZIP_FIXED, GZIP_EXTRA_LENGTH, GZIP_EXTRA, GZIP_NAME,
                        GZIP_COMMENT, GZIP_HEADER_CRC, GZIP_BODY, GZIP_TRAILER } GzipPart;

typedef struct GzipUnpacker {
    Unpacker unpacker;
    Inflate inflate;
    GzipPart part;
    bool is_behind;              /* a whole member was there                                      */
    unsigned flags;
    unsigned char field[FIXED_BYTES]; /* of the part, as far as it has come                       */
    size_t field_len;
    size_t extra_left;
    uint32_t header_crc, crc, length; /* length: of the member's plain bytes, modulo 2^32         */
} GzipUnpacker;

static unsigned u16_of(const unsigned char *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

static uint32_t u32_of(const unsigned char *at)
{
    return u16_of(at) | (uint32_t)u16_of(at + 2) << 16;
}

/* Gathers a part of `want` bytes; true when it is whole. */
static bool gather(GzipUnpacker *self, Str *in, size_t want)
{
    size_t len = want - self->field_len;
    if (len > in->len)
        len = in->len;
    memcpy(self->field + self->field_len, in->len ? in->at : "", len);
    self->field_len += len;
    *in = str_slice(*in, len, in->len);
    return self->field_len == want;
}

static void begin_part(GzipUnpacker *self, GzipPart part)
{
    self->part = part;
    self->field_len = 0;
}

static void count_header(GzipUnpacker *self, Str bytes)
{
    if (self->part != GZIP_HEADER_CRC)
        self->header_crc = inflate_crc(&self->inflate, self->header_crc, bytes);
}

static void begin_body(GzipUnpacker *self)
{
    inflate_reset(&self->inflate);
    self->crc = self->length = 0;
    begin_part(self, GZIP_BODY);
}

/* The next part that the flags name. */
static void next_part(GzipUnpacker *self)
{
    static const unsigned flag_of[] = {[GZIP_EXTRA_LENGTH] = HAS_EXTRA, [GZIP_EXTRA] = HAS_EXTRA,
                                       [GZIP_NAME] = HAS_NAME, [GZIP_COMMENT] = HAS_COMMENT,
                                       [GZIP_HEADER_CRC] = HAS_HEADER_CRC};
    GzipPart part = self->part;
    do {
        part++;
    } while (part < GZIP_BODY && !(self->flags & flag_of[part]));
    if (part == GZIP_BODY)
        begin_body(self);
    else
        begin_part(self, part);
}

static bool check_fixed(GzipUnpacker *self, Err *err)
{
    const unsigned char *field = self->field;
    if (field[0] != 0x1f || field[1] != 0x8b)
        return unpacker_corrupt(&self->unpacker, "incorrect header check", err);
    if (field[2] != 8)
        return unpacker_corrupt(&self->unpacker, "unknown compression method", err);
    if (field[3] & RESERVED)
        return unpacker_corrupt(&self->unpacker, "unknown header flags set", err);
    self->flags = field[3];
    return true;
}

/* Parts of known length. */
static bool header_field(GzipUnpacker *self, Str *in, bool *is_whole, Err *err)
{
    size_t want = self->part == GZIP_FIXED ? FIXED_BYTES : 2;
    *is_whole = gather(self, in, want);
    if (!*is_whole)
        return true;
    count_header(self, (Str){(const char *)self->field, want});
    if (self->part == GZIP_FIXED)
        TRY(check_fixed(self, err));
    else if (self->part == GZIP_EXTRA_LENGTH)
        self->extra_left = u16_of(self->field);
    else if (u16_of(self->field) != (self->header_crc & 0xffff))
        return unpacker_corrupt(&self->unpacker, "header crc mismatch", err);
    return true;
}

/* One part of the header; *is_whole false: more input is needed. */
static bool header_step(GzipUnpacker *self, Str *in, bool *is_whole, Err *err)
{
    size_t len;
    switch (self->part) {
    case GZIP_EXTRA:
        len = self->extra_left < in->len ? self->extra_left : in->len;
        self->extra_left -= len;
        *is_whole = self->extra_left == 0;
        break;
    case GZIP_NAME:
    case GZIP_COMMENT:
        len = in->len ? strnlen(in->at, in->len) : 0;
        *is_whole = len < in->len;
        len += *is_whole; /* the zero at its end */
        break;
    default:
        TRY(header_field(self, in, is_whole, err));
        len = 0;
    }
    count_header(self, str_slice(*in, 0, len));
    *in = str_slice(*in, len, in->len);
    if (*is_whole)
        next_part(self);
    return true;
}

/* Adds to the `*len` plain bytes that the step has already. */
static bool body_step(GzipUnpacker *self, Str *in, size_t *len, bool *goes_on, Err *err)
{
    char *to = self->unpacker.plain.at + *len;
    size_t made = 0, before = in->len;
    InflateState state = inflate_run(&self->inflate, in, to, PLAIN_BYTES - *len, &made);
    if (state == INFLATE_CORRUPT)
        return unpacker_corrupt(&self->unpacker, self->inflate.reason, err);
    self->crc = inflate_crc(&self->inflate, self->crc, (Str){to, made});
    self->length += (uint32_t)made;
    *len += made;
    *goes_on = in->len > 0;
    if (state == INFLATE_END) {
        begin_part(self, GZIP_TRAILER);
        memcpy(self->field, self->inflate.left, self->inflate.left_len);
        self->field_len = self->inflate.left_len;
        *goes_on = true;
    } else if (in->len && in->len == before && !made) {
        return unpacker_corrupt(&self->unpacker, "no way on", err);
    }
    return true;
}

static bool trailer_step(GzipUnpacker *self, Str *in, bool *goes_on, Err *err)
{
    *goes_on = gather(self, in, TRAILER_BYTES);
    if (!*goes_on)
        return true;
    if (u32_of(self->field) != self->crc)
        return unpacker_corrupt(&self->unpacker, "incorrect data check", err);
    if (u32_of(self->field + 4) != self->length)
        return unpacker_corrupt(&self->unpacker, "incorrect length check", err);
    self->is_behind = true;
    begin_part(self, GZIP_BETWEEN);
    return true;
}

/* Another member, or zeros to the end. */
static bool between_step(GzipUnpacker *self, Str *in, bool *goes_on, Err *err)
{
    if (self->is_behind)
        skip_zeros(in);
    *goes_on = in->len > 0;
    if (!*goes_on)
        return true;
    if (self->is_behind && (unsigned char)in->at[0] != 0x1f)
        return unpacker_corrupt(&self->unpacker,
                                "something that is not gzip follows the compressed bytes", err);
    self->header_crc = 0;
    begin_part(self, GZIP_FIXED);
    return true;
}

static bool gzip_step(Unpacker *unpacker, Str *in, Str *plain, Err *err)
{
    GzipUnpacker *self = (GzipUnpacker *)unpacker;
    size_t len = 0;
    bool goes_on = true;
    while (goes_on && len < PLAIN_BYTES) {
        if (self->part == GZIP_BODY)
            TRY(body_step(self, in, &len, &goes_on, err));
        else if (self->part == GZIP_TRAILER)
            TRY(trailer_step(self, in, &goes_on, err));
        else if (self->part == GZIP_BETWEEN)
            TRY(between_step(self, in, &goes_on, err));
        else
            TRY(header_step(self, in, &goes_on, err));
    }
    *plain = (Str){unpacker->plain.at, len};
    return true;
}

static bool gzip_end(Unpacker *unpacker, Err *err)
{
    GzipUnpacker *self = (GzipUnpacker *)unpacker;
    return self->part == GZIP_BETWEEN || err_set(err, ERR_RUNTIME, NOWHERE, "truncated gzip");
}

static void gzip_reset(Unpacker *unpacker)
{
    GzipUnpacker *self = (GzipUnpacker *)unpacker;
    self->is_behind = false;
    begin_part(self, GZIP_BETWEEN);
}

static void gzip_drop(Unpacker *unpacker)
{
    inflate_drop(&((GzipUnpacker *)unpacker)->inflate);
}

static const UnpackerKind gzip_unpacker = {gzip_step, gzip_end, gzip_reset, gzip_drop};

bool gzip_unpacker_make(Arena *arena, bool is_zlib, Unpacker **out, Err *err)
{
    Unpacker *unpacker =
        unpacker_new(arena, sizeof(GzipUnpacker), &gzip_unpacker, CODEC_GZIP);
    if (!inflate_make(arena, is_zlib, &((GzipUnpacker *)unpacker)->inflate, err)) {
        unpacker_drop(unpacker);
        return false;
    }
    *out = unpacker;
    return true;
}
