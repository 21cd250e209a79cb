/* fuzz_gzip.c: any bytes as gzip and as raw deflate, by ISA-L and by zlib: what both take comes out
 * the same, whatever pieces it comes in. The first byte is the length of the pieces.
 *
 * Where they may differ: one takes what the other refuses (ISA-L does not look at codes that are
 * never used), and how far they come before they refuse. A gzip member that both end is the same
 * by its checksum; that raw streams are the same is what is asked here. */
#include "codec/unpacker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 22, ROOM = 70000 };

/* Plain bytes up to the end or MOST_BYTES; false: refused. */
static bool unpack(Arena *arena, Str in, size_t piece, bool is_zlib, Text *out)
{
    AUTO(err) Err err = {0};
    Unpacker *unpacker;
    bool is_made = gzip_unpacker_make(arena, is_zlib, &unpacker, &err);
    assert(is_made);
    unpacker_reset(unpacker);
    bool is_fine = true;
    while (is_fine && in.len && out->len < MOST_BYTES) {
        Str some = str_slice(in, 0, piece), plain = STR("x");
        in = str_slice(in, some.len, in.len);
        while (is_fine && plain.len && out->len < MOST_BYTES) {
            is_fine = unpacker_step(unpacker, &some, &plain, &err);
            text_add(out, is_fine ? plain : STR(""));
        }
        assert(!is_fine || !some.len || out->len >= MOST_BYTES);
    }
    is_fine = is_fine && (out->len >= MOST_BYTES || unpacker_end(unpacker, &err));
    assert(is_fine || err.kind == ERR_RUNTIME);
    unpacker_drop(unpacker);
    return is_fine;
}

/* A raw stream; *behind: how many bytes follow its end. */
static InflateState inflate_all(Arena *arena, Str in, size_t piece, bool is_zlib, Text *out,
                                size_t *behind)
{
    AUTO(err) Err err = {0};
    Inflate *inflate = NEW(arena, Inflate);
    bool is_made = inflate_make(arena, is_zlib, inflate, &err);
    assert(is_made);
    inflate_reset(inflate);
    InflateState state = INFLATE_MORE;
    size_t made = 1;
    while (state == INFLATE_MORE && (in.len || made) && out->len < MOST_BYTES) {
        Str some = str_slice(in, 0, piece);
        size_t before = some.len;
        text_reserve(out, ROOM);
        state = inflate_run(inflate, &some, out->at + out->len, ROOM, &made);
        out->len += made;
        in = str_slice(in, before - some.len, in.len);
        assert(state != INFLATE_MORE || made || some.len < before || !before);
    }
    *behind = in.len + inflate->left_len;
    inflate_drop(inflate);
    return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t piece = data[0] ? data[0] : 4096;
    Str in = {(const char *)data + 1, size - 1};
    Arena arena = {0};
    AUTO(text) Text one = {0};
    AUTO(text) Text other = {0};
    if (unpack(&arena, in, piece, false, &one) && unpack(&arena, in, 7, true, &other))
        assert(str_eq(text_str(&one), text_str(&other)));
    text_clear(&one);
    text_clear(&other);
    size_t one_behind, other_behind;
    InflateState isal = inflate_all(&arena, in, piece, false, &one, &one_behind);
    InflateState zlib = inflate_all(&arena, in, piece, true, &other, &other_behind);
    if (isal == INFLATE_END && zlib == INFLATE_END) {
        assert(one_behind == other_behind && str_eq(text_str(&one), text_str(&other)));
    }
    assert(zlib != INFLATE_END || isal == INFLATE_END);
    arena_drop(&arena);
    return 0;
}
