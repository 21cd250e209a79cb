/* Packing and unpacking: there and back; cut short and damaged bytes are told, never passed on as
 * the end. */
#include "store/store_test_help.h"

static const char *const codecs[] = {"gz", "zst", "bz2", "xz"};

/* `plain` as packed by weir, in pieces. */
static Str pack(FolderPlace *place, const char *codec, Str plain)
{
    AUTO(err) Err err = {0};
    Writer *writer, *packed;
    MUST_WORK(store_write(place->store, STR("packed"), NULL, &writer, &err));
    MUST_WORK(writer_pack(writer, str_of(codec), &packed, &err));
    for (size_t at = 0; at < plain.len; at += 100000)
        MUST_WORK(writer_add(packed, str_slice(plain, at, at + 100000), &err));
    Str etag = STR(""), bytes;
    bool exists;
    MUST_WORK(writer_commit(packed, &place->arena, &etag, &err));
    assert_true(etag.len > 0);
    MUST_WORK(store_get(place->store, STR("packed"), 0, &place->arena, &bytes, NULL, &exists,
                        &err));
    return bytes;
}

static bool unpack(Str bytes, size_t piece_len, Text *out, Err *err)
{
    Reader *reader;
    TRY(reader_unpack(test_reader(bytes, piece_len, 0), &reader, err));
    return test_read_all(reader, out, err);
}

static void expect_unpacks(Str bytes, size_t piece_len, Str plain)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    MUST_WORK(unpack(bytes, piece_len, &got, &err));
    assert_int_equal(got.len, plain.len);
    assert_true(str_eq(text_str(&got), plain));
}

static void test_round_trip(void **state)
{
    FolderPlace *place = *state;
    const size_t sizes[] = {0, 1, 70000, 600000};
    for (size_t c = 0; c < COUNT_OF(codecs); c++)
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            Str plain = test_bytes(&place->arena, sizes[i], (uint32_t)i);
            Str packed = pack(place, codecs[c], plain);
            if (sizes[i] > 1)
                assert_true(packed.len < plain.len && packed.len > 0);
            expect_unpacks(packed, 65536, plain);
            expect_unpacks(packed, 7777, plain);
            if (sizes[i] <= 70000)
                expect_unpacks(packed, 1, plain);
            assert_true(str_eq(packed, pack(place, codecs[c], plain))); /* the same every time */
        }
}

/* What is not packed passes as it is, whatever its first bytes and however it comes. */
static void test_plain(void **state)
{
    FolderPlace *place = *state;
    const Str plains[] = {STR(""),          STR("a"),     STR("BZh9 is how this line begins\n"),
                          STR("\x1f\x8b"), STR("a,b\n1,2\n"), STR("PK\x03\x04 no filter"),
                          test_bytes(&place->arena, 300000, 3)};
    for (size_t i = 0; i < COUNT_OF(plains); i++) {
        expect_unpacks(plains[i], 65536, plains[i]);
        expect_unpacks(plains[i], 3, plains[i]);
    }
    AUTO(err) Err err = {0};
    Reader *reader;
    Str piece;
    MUST_WORK(reader_unpack(test_reader(STR("a,b\n"), 1, 0), &reader, &err));
    MUST_WORK(reader_next(reader, &piece, &err));
    assert_int_equal(reader_raw_bytes(reader), 4);
    assert_string_equal(reader_name(reader).at, "test");
    reader_close(reader);
}

static void test_cut_short(void **state)
{
    FolderPlace *place = *state;
    Str plain = test_bytes(&place->arena, 200000, 9);
    for (size_t c = 0; c < COUNT_OF(codecs); c++) {
        Str packed = pack(place, codecs[c], plain);
        size_t cuts[] = {12, 20, packed.len / 2, packed.len - 9, packed.len - 1};
        for (size_t i = 0; i < COUNT_OF(cuts); i++) {
            AUTO(err) Err err = {0};
            AUTO(text) Text got = {0};
            if (unpack(str_slice(packed, 0, cuts[i]), 4096, &got, &err))
                fail_msg("%s cut at %zu of %zu: %zu bytes, no error", codecs[c], cuts[i],
                         packed.len, got.len);
            assert_int_equal(err.kind, ERR_RUNTIME);
            assert_non_null(strstr(err.text, "test cannot be unpacked: "));
        }
    }
}

static void test_damaged(void **state)
{
    FolderPlace *place = *state;
    Str plain = test_bytes(&place->arena, 200000, 11);
    for (size_t c = 0; c < COUNT_OF(codecs); c++) {
        Str packed = str_copy(&place->arena, pack(place, codecs[c], plain));
        char *bytes = (char *)(uintptr_t)packed.at;
        for (size_t at = 40; at < packed.len; at += packed.len / 7) {
            AUTO(err) Err err = {0};
            AUTO(text) Text got = {0};
            bytes[at] ^= 0x10;
            if (unpack(packed, 4096, &got, &err) && !str_eq(text_str(&got), plain))
                fail_msg("%s damaged at %zu: other bytes, no error", codecs[c], at);
            bytes[at] ^= 0x10;
        }
        expect_unpacks(packed, 4096, plain);
    }
}

static void test_gzip_members(void **state)
{
    FolderPlace *place = *state;
    Str one = pack(place, "gz", STR("one\n")), two = pack(place, "gz", STR("two\n"));
    Str both = str_print(&place->arena, "%s", "");
    AUTO(text) Text joined = {0};
    text_add(&joined, one);
    text_add(&joined, two);
    both = text_copy(&place->arena, &joined);
    expect_unpacks(both, 65536, STR("one\ntwo\n"));
    expect_unpacks(both, 1, STR("one\ntwo\n"));
    text_add_repeat(&joined, '\0', 700); /* as on a tape */
    expect_unpacks(text_str(&joined), 100, STR("one\ntwo\n"));
    text_add_c(&joined, "garbage");
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    MUST_FAIL(unpack(text_str(&joined), 100, &got, &err), ERR_RUNTIME, "not gzip follows");
    /* a wrong checksum alone */
    Str wrong = str_copy(&place->arena, one);
    ((char *)(uintptr_t)wrong.at)[wrong.len - 6] ^= 1;
    MUST_FAIL(unpack(wrong, 100, &got, &err), ERR_RUNTIME, "incorrect data check");
    ((char *)(uintptr_t)wrong.at)[wrong.len - 6] ^= 1;
    ((char *)(uintptr_t)wrong.at)[wrong.len - 2] ^= 1;
    MUST_FAIL(unpack(wrong, 100, &got, &err), ERR_RUNTIME, "incorrect length check");
}

/* Made by the program lz4: weir reads it and does not write it. */
static void test_lz4(void **state)
{
    (void)state;
    static const unsigned char packed[] = {
        0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x0f, 0x00, 0x00, 0x00, 0x63,
        0x73, 0x65, 0x76, 0x65, 0x6e, 0x0a, 0x06, 0x00, 0x50, 0x65, 0x76, 0x65,
        0x6e, 0x0a, 0x00, 0x00, 0x00, 0x00, 0xed, 0x5d, 0x49, 0x2b,
    };
    Str bytes = {(const char *)packed, sizeof(packed)};
    expect_unpacks(bytes, 65536, STR("seven\nseven\nseven\n"));
    expect_unpacks(bytes, 1, STR("seven\nseven\nseven\n"));
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    MUST_FAIL(unpack(str_slice(bytes, 0, 20), 64, &got, &err), ERR_RUNTIME, "cannot be unpacked");
}

/* What goes wrong below is told as it was said there. */
static void test_below(void **state)
{
    FolderPlace *place = *state;
    for (size_t c = 0; c < COUNT_OF(codecs); c++) {
        Str packed = pack(place, codecs[c], test_bytes(&place->arena, 400000, 5));
        AUTO(err) Err err = {0};
        AUTO(text) Text got = {0};
        Reader *reader;
        bool is_read = reader_unpack(test_reader(packed, 4096, 20000), &reader, &err) &&
                       test_read_all(reader, &got, &err);
        assert_false(is_read);
        assert_int_equal(err.kind, ERR_UNAVAILABLE);
        assert_string_equal(err.text, "the wire was cut");
    }
    AUTO(err) Err err = {0};
    Writer *writer, *packed;
    MUST_WORK(store_write(place->store, STR("x"), NULL, &writer, &err));
    MUST_FAIL(writer_pack(writer, STR("rar"), &packed, &err), ERR_RUNTIME, "\"rar\"");
    MUST_WORK(store_write(place->store, STR("x"), NULL, &writer, &err));
    MUST_WORK(writer_pack(writer, STR("gz"), &packed, &err));
    MUST_WORK(writer_add(packed, STR("dropped"), &err));
    writer_drop(packed);
    assert_int_equal(test_count(place->folder), 1); /* "packed" alone */
}

/* Read ahead: the same bytes, the same failure behind them; it can be left at any time. */
static void test_ahead(void **state)
{
    (void)state;
    Arena arena = {0};
    Reader *reader;
    Str plain = test_bytes(&arena, 300000, 5), piece;
    for (size_t budget = 1000; budget < 2000000; budget *= 40) {
        AUTO(err) Err err = {0};
        AUTO(text) Text got = {0}, part = {0};
        MUST_WORK(reader_ahead(test_reader(plain, 7777, 0), budget, &reader, &err));
        MUST_WORK(test_read_all(reader, &got, &err));
        assert_true(str_eq(text_str(&got), plain));
        MUST_WORK(reader_ahead(test_reader(plain, 7777, 100000), budget, &reader, &err));
        assert_false(test_read_all(reader, &part, &err));
        assert_int_equal(err.kind, ERR_UNAVAILABLE);
        assert_string_equal(err.text, "the wire was cut");
        assert_true(part.len >= 90000 && str_starts(plain, text_str(&part)));
        err_drop(&err);
        MUST_WORK(reader_ahead(test_reader(plain, 7777, 0), budget, &reader, &err));
        MUST_WORK(reader_next(reader, &piece, &err));
        assert_true(piece.len && str_starts(plain, piece));
        reader_close(reader);
    }
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_plain, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_cut_short, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_gzip_members, folder_set_up, folder_tear_down),
        cmocka_unit_test(test_lz4),
        cmocka_unit_test(test_ahead),
        cmocka_unit_test_setup_teardown(test_below, folder_set_up, folder_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
