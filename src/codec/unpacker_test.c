/* Streams back to plain bytes: by ISA-L and by zlib alike, in pieces of any length; what is cut
 * short or damaged is an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/unpacker.h"

#define MUST_WORK(call)                                                        \
    do {                                                                       \
        if (!(call))                                                           \
            fail_msg("%s: %s", #call, err.text ? err.text : "no message");     \
    } while (0)

static Str noise(Arena *arena, size_t len, uint32_t seed, unsigned letters)
{
    char *at = arena_take(arena, len + 1, 1);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        at[i] = (char)(letters == 256 ? seed >> 24 : 'a' + (seed >> 24) % letters);
    }
    return (Str){at, len};
}

static Str pack(Arena *arena, Codec codec, int level, Str plain)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text out = {0};
    PackStream *stream;
    Str piece;
    MUST_WORK(pack_stream_make(arena, codec, level, &stream, &err));
    do {
        MUST_WORK(pack_stream_step(stream, &plain, &piece, &err));
        text_add(&out, piece);
    } while (piece.len);
    do {
        MUST_WORK(pack_stream_end(stream, &piece, &err));
        text_add(&out, piece);
    } while (piece.len);
    pack_stream_drop(stream);
    return text_copy(arena, &out);
}

static bool unpack_by(Unpacker *unpacker, Str in, size_t piece_len, Text *out, Err *err)
{
    unpacker_reset(unpacker);
    while (in.len) {
        Str some = str_slice(in, 0, piece_len), plain;
        in = str_slice(in, some.len, in.len);
        do {
            TRY(unpacker_step(unpacker, &some, &plain, err));
            text_add(out, plain);
        } while (plain.len);
        assert_int_equal(some.len, 0);
    }
    return unpacker_end(unpacker, err);
}

/* The kinds of unpackers under test. */
typedef struct Kinds {
    Arena arena;
    Unpacker *isal, *zlib, *zstd;
} Kinds;

static int set_up(void **state)
{
    AUTO(err) Err err = {0};
    Arena arena = {0};
    Kinds *kinds = NEW(&arena, Kinds);
    MUST_WORK(gzip_unpacker_make(&arena, false, &kinds->isal, &err));
    MUST_WORK(gzip_unpacker_make(&arena, true, &kinds->zlib, &err));
    MUST_WORK(unpacker_make(&arena, CODEC_ZSTD, &kinds->zstd, &err));
    kinds->arena = arena;
    *state = kinds;
    return 0;
}

static int tear_down(void **state)
{
    Kinds *kinds = *state;
    unpacker_drop(kinds->isal);
    unpacker_drop(kinds->zlib);
    Arena arena = kinds->arena;
    arena_drop(&arena);
    return 0;
}

static void expect_by(Unpacker *unpacker, Str packed, size_t piece_len, Str plain)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    MUST_WORK(unpack_by(unpacker, packed, piece_len, &got, &err));
    assert_int_equal(got.len, plain.len);
    assert_true(str_eq(text_str(&got), plain));
}

static void refuse_by(Unpacker *unpacker, Str packed, const char *reason)
{
    for (size_t piece_len = 1; piece_len < 5000; piece_len += 4095) {
        AUTO(err) Err err = {0};
        AUTO(text) Text got = {0};
        if (unpack_by(unpacker, packed, piece_len, &got, &err))
            fail_msg("taken, where \"%s\" was expected", reason);
        assert_int_equal(err.kind, ERR_RUNTIME);
        if (!strstr(err.text, reason))
            fail_msg("\"%s\" where \"%s\" was expected", err.text, reason);
    }
}

/* By both libraries. */
static void expect_gzip(Kinds *kinds, Str packed, size_t piece_len, Str plain)
{
    expect_by(kinds->isal, packed, piece_len, plain);
    expect_by(kinds->zlib, packed, piece_len, plain);
}

static void refuse_gzip(Kinds *kinds, Str packed, const char *reason)
{
    refuse_by(kinds->isal, packed, reason);
    refuse_by(kinds->zlib, packed, reason);
}

static void test_libraries(void **state)
{
    (void)state;
    if (!isal_lib())
        print_message("libisal.so.2 is not here: zlib alone is tested\n");
    assert_int_equal(codec_of_bytes(STR("\x1f\x8b\x08\x00")), CODEC_GZIP);
    assert_int_equal(codec_of_bytes(STR("\x28\xb5\x2f\xfd")), CODEC_ZSTD);
    assert_int_equal(codec_of_bytes(STR("\x5f\x2a\x4d\x18")), CODEC_ZSTD);
    assert_int_equal(codec_of_bytes(STR("\x28\xb5\x2f")), CODEC_NONE);
    assert_int_equal(codec_of_bytes(STR("PK\x03\x04")), CODEC_NONE);
    assert_int_equal(codec_of_bytes(STR("")), CODEC_NONE);
}

/* Around the length of what a step gives; well packed, badly packed and stored. */
static void test_round_trip(void **state)
{
    Kinds *kinds = *state;
    const size_t sizes[] = {0, 1, 3, 1000, 70000, PLAIN_BYTES - 1, PLAIN_BYTES, PLAIN_BYTES + 1,
                            3 * PLAIN_BYTES + 17};
    const unsigned letters[] = {1, 3, 40, 256};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t j = 0; j < COUNT_OF(letters); j++) {
            Arena arena = {0};
            Str plain = noise(&arena, sizes[i], (uint32_t)i, letters[j]);
            Str packed = pack(&arena, CODEC_GZIP, (int)(j % 3 * 3), plain);
            Str framed = pack(&arena, CODEC_ZSTD, 0, plain);
            for (size_t piece_len = 1; piece_len < 2000000; piece_len = piece_len * 61 + 8) {
                if (piece_len == 1 && sizes[i] > 70000)
                    continue;
                expect_gzip(kinds, packed, piece_len, plain);
                expect_by(kinds->zstd, framed, piece_len, plain);
            }
            assert_true(str_eq(packed, pack(&arena, CODEC_GZIP, (int)(j % 3 * 3), plain)));
            arena_drop(&arena);
        }
}

/* A member with the given header behind its first three bytes. */
static Str with_header(Kinds *kinds, Str header, Str plain)
{
    Str packed = pack(&kinds->arena, CODEC_GZIP, 0, plain);
    AUTO(text) Text out = {0};
    text_add(&out, STR("\x1f\x8b\x08"));
    text_add(&out, header);
    text_add(&out, str_slice(packed, 10, packed.len));
    return text_copy(&kinds->arena, &out);
}

static void test_header(void **state)
{
    Kinds *kinds = *state;
    Str plain = STR("a,b\n1,2\n");
    const Str headers[] = {
        STR("\x01\0\0\0\0\0\x03"), STR("\x08\0\0\0\0\0\x03name.csv\0"),
        STR("\x10\0\0\0\0\0\x03" "a comment\0"), STR("\x04\0\0\0\0\0\x03\x03\0xyz"),
        STR("\x04\0\0\0\0\0\x03\0\0"), STR("\x1c\0\0\0\0\0\x03\x01\0\0\0\0"),
    };
    Inflate inflate;
    AUTO(err) Err err = {0};
    MUST_WORK(inflate_make(&kinds->arena, true, &inflate, &err));
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        Str packed = with_header(kinds, headers[i], plain);
        expect_gzip(kinds, packed, 1, plain);
        expect_gzip(kinds, packed, 4096, plain);
        AUTO(text) Text checked = {0};
        text_add(&checked, headers[i]);
        checked.at[0] |= 2;
        AUTO(text) Text whole = {0};
        text_add(&whole, STR("\x1f\x8b\x08"));
        text_add(&whole, text_str(&checked));
        uint32_t crc = inflate_crc(&inflate, 0, text_str(&whole));
        text_add_char(&checked, (char)(crc & 0xff));
        text_add_char(&checked, (char)(crc >> 8 & 0xff));
        packed = with_header(kinds, text_str(&checked), plain);
        expect_gzip(kinds, packed, 1, plain);
        expect_gzip(kinds, packed, 4096, plain);
        checked.at[checked.len - 1] ^= 1;
        refuse_gzip(kinds, with_header(kinds, text_str(&checked), plain), "header crc mismatch");
    }
    inflate_drop(&inflate);
    refuse_gzip(kinds, with_header(kinds, STR("\x20\0\0\0\0\0\x03"), plain), "unknown header");
    refuse_gzip(kinds, STR("\x1f\x8b\x07\0\0\0\0\0\0\x03zzz"), "unknown compression method");
    refuse_gzip(kinds, STR("\x1f\x8c\x08\0\0\0\0\0\0\x03zzz"), "incorrect header check");
    refuse_gzip(kinds, STR("a,b,c,d,e\n"), "incorrect header check");
    /* a block of a type that there is none of */
    refuse_gzip(kinds, STR("\x1f\x8b\x08\0\0\0\0\0\0\x03\x07zzz"), "corrupt gzip: ");
}

static void test_members(void **state)
{
    Kinds *kinds = *state;
    AUTO(text) Text packed = {0};
    AUTO(text) Text plain = {0};
    for (uint32_t i = 0; i < 300; i++) { /* many small ones, as bgzip makes them; some empty */
        Str some = noise(&kinds->arena, i * 37 % 5000, i, 5);
        text_add(&plain, some);
        text_add(&packed, pack(&kinds->arena, CODEC_GZIP, 0, some));
    }
    expect_gzip(kinds, text_str(&packed), 1, text_str(&plain));
    expect_gzip(kinds, text_str(&packed), 1 << 20, text_str(&plain));
    Unpacker *unpacker = kinds->isal; /* and they fill a step */
    AUTO(err) Err err = {0};
    Str in = text_str(&packed), first;
    unpacker_reset(unpacker);
    MUST_WORK(unpacker_step(unpacker, &in, &first, &err));
    assert_int_equal(first.len, PLAIN_BYTES);
    text_add_repeat(&packed, '\0', 700); /* as on a tape */
    expect_gzip(kinds, text_str(&packed), 100, text_str(&plain));
    text_add(&packed, str_slice(text_str(&packed), 0, 15)); /* a member, cut short */
    refuse_gzip(kinds, text_str(&packed), "truncated gzip");
    text_truncate(&packed, packed.len - 15);
    text_add_c(&packed, "garbage");
    refuse_gzip(kinds, text_str(&packed), "something that is not gzip follows");
}

/* Each shorter beginning of a member is an error, and never takes more than there is. */
static void test_cut(void **state)
{
    Kinds *kinds = *state;
    Str plain = noise(&kinds->arena, 3000, 1, 9);
    Str header = STR("\x1c\0\0\0\0\0\x03\x02\0xyname\0comment\0");
    const Str packed[] = {pack(&kinds->arena, CODEC_GZIP, 0, plain),
                          with_header(kinds, header, plain)};
    for (size_t i = 0; i < COUNT_OF(packed); i++)
        for (size_t cut = 1; cut < packed[i].len; cut++)
            refuse_gzip(kinds, str_slice(packed[i], 0, cut), "truncated gzip");
    Str framed = pack(&kinds->arena, CODEC_ZSTD, 0, plain);
    for (size_t cut = 1; cut < framed.len; cut++)
        refuse_by(kinds->zstd, str_slice(framed, 0, cut), "truncated zstd");
}

/* Any bit: an error, or the same bytes (the time, say). */
static void test_damaged(void **state)
{
    Kinds *kinds = *state;
    Str plain = noise(&kinds->arena, 2000, 1, 9);
    Unpacker *by[] = {kinds->isal, kinds->zlib, kinds->zstd};
    for (size_t i = 0; i < COUNT_OF(by); i++) {
        Codec codec = by[i] == kinds->zstd ? CODEC_ZSTD : CODEC_GZIP;
        Str packed = pack(&kinds->arena, codec, 0, plain);
        char *bytes = (char *)(uintptr_t)packed.at;
        unsigned taken = 0;
        for (size_t bit = 0; bit < packed.len * 8; bit++) {
            AUTO(err) Err err = {0};
            AUTO(text) Text got = {0};
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            if (unpack_by(by[i], packed, 512, &got, &err)) {
                taken++;
                if (!str_eq(text_str(&got), plain))
                    fail_msg("bit %zu: other bytes, no error", bit);
            }
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        }
        assert_true(taken <= 8 * 8); /* flags, time, level and system of the header */
        expect_by(by[i], packed, 512, plain);
    }
    Str packed = pack(&kinds->arena, CODEC_GZIP, 0, plain);
    char *bytes = (char *)(uintptr_t)packed.at;
    bytes[packed.len - 8] ^= 1;
    refuse_gzip(kinds, packed, "incorrect data check");
    bytes[packed.len - 8] ^= 1;
    bytes[packed.len - 1] ^= 1;
    refuse_gzip(kinds, packed, "incorrect length check");
}

static void test_zstd_frames(void **state)
{
    Kinds *kinds = *state;
    AUTO(text) Text packed = {0};
    text_add(&packed, pack(&kinds->arena, CODEC_ZSTD, 0, STR("one\n")));
    text_add(&packed, STR("\x50\x2a\x4d\x18\x05\0\0\0skip!"));
    text_add(&packed, pack(&kinds->arena, CODEC_ZSTD, 9, STR("")));
    text_add(&packed, pack(&kinds->arena, CODEC_ZSTD, 19, STR("two\n")));
    expect_by(kinds->zstd, text_str(&packed), 1, STR("one\ntwo\n"));
    expect_by(kinds->zstd, text_str(&packed), 4096, STR("one\ntwo\n"));
    text_add_repeat(&packed, '\0', 100);
    expect_by(kinds->zstd, text_str(&packed), 33, STR("one\ntwo\n"));
    text_add_c(&packed, "garbage");
    refuse_by(kinds->zstd, text_str(&packed), "corrupt zstd: ");
    refuse_by(kinds->zstd, STR("a,b,c\n"), "corrupt zstd: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libraries), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_header),    cmocka_unit_test(test_members),
        cmocka_unit_test(test_cut),       cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_zstd_frames),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
