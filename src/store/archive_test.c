/* Members of tar and zip, made by Python's own tarfile and zipfile
 * (tests/cases/store/make_archives.py). */
#include "store/store_test_help.h"

#include "base/file.h"
#include "base/process.h"

static int set_up(void **state)
{
    AUTO(err) Err err = {0};
    folder_set_up(state);
    const FolderPlace *place = *state;
    const char *argv[] = {"python3", "tests/cases/store/make_archives.py", place->folder.at, NULL};
    ProcessResult result = {0};
    MUST_WORK(process_run(argv, STR("."), STR(""), 60000, &result, &err));
    if (result.exit_code != 0)
        fail_msg("%s", result.errors.at);
    process_result_drop(&result);
    return 0;
}

/* Each member in a line: name, what it is, size, the length of what was read. */
static bool describe(Reader *below, Text *out, Err *err)
{
    Archive *archive;
    TRY(archive_open(below, &archive, err));
    bool is_fine, has = true;
    do {
        Member member;
        is_fine = archive_next(archive, &member, &has, err);
        if (!is_fine || !has)
            continue;
        text_print(out, STR_FMT "%s%s %lld", STR_ARG(member.name), member.is_file ? "" : " other",
                   member.is_unsafe ? " unsafe" : "", (long long)member.size_bytes);
        Reader *reader;
        AUTO(text) Text content = {0};
        if (member.is_file) {
            is_fine = archive_read(archive, &reader, err) && test_read_all(reader, &content, err);
            text_print(out, " %zu", content.len);
        }
        text_add_char(out, '\n');
    } while (is_fine && has);
    archive_close(archive);
    return is_fine;
}

static void expect(FolderPlace *place, const char *file, const char *expected)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    Reader *reader;
    MUST_WORK(store_read(place->store, str_of(file), 0, &reader, &err));
    MUST_WORK(describe(reader, &got, &err));
    assert_string_equal(text_str(&got).at, expected);
}

static void test_tar(void **state)
{
    FolderPlace *place = *state;
    expect(place, "unsafe.tar",
           "good.csv 8 8\n"
           "../up.csv unsafe 1 1\n"
           "/abs.csv unsafe 1 1\n"
           "a/../../b.csv unsafe 1 1\n"
           "dos\\..\\..\\c.csv unsafe 1 1\n"
           "C:evil.csv unsafe 1 1\n"
           "a..b/ok..csv 1 1\n"
           "folder/ other 0\n"
           "soft other 0\n"
           "hard other 0\n"
           "pipe other 0\n"
           "null other 0\n"
           "inner.tar.gz 35 35\n");
    AUTO(text) Text deep = {0};
    text_add_c(&deep, "주문_2026.csv 3 3\n");
    for (int i = 0; i < 60; i++)
        text_add_c(&deep, "long/");
    text_add_c(&deep, "x.csv 4 4\nempty.csv 0 0\n");
    expect(place, "names.tar", deep.at);
    expect(place, "latin.tar", "caf\xe9.csv 1 1\n");
    expect(place, "empty.tar", "");
    text_clear(&deep);
    for (int i = 0; i < 60; i++)
        text_add_c(&deep, "long/");
    text_add_c(&deep, "x.csv 4 4\nlink other 0\nempty.csv 0 0\nlast.csv 4 4\n");
    expect(place, "gnu.tar", deep.at);
}

/* Holes are zeros; what follows is found. */
static void test_sparse(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    const char *files[] = {"sparse-gnu.tar", "sparse-posix.tar"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        expect(place, files[i], "sparse.csv 1048580 1048580\nsmall.tar 10240 10240\n");
        AUTO(text) Text got = {0};
        Reader *reader;
        Archive *archive;
        Member member;
        bool has;
        MUST_WORK(store_read(place->store, str_of(files[i]), 0, &reader, &err));
        MUST_WORK(archive_open(reader, &archive, &err));
        MUST_WORK(archive_next(archive, &member, &has, &err));
        MUST_WORK(archive_read(archive, &reader, &err));
        MUST_WORK(test_read_all(reader, &got, &err));
        assert_memory_equal(got.at + 99999, "\0middle\0", 8);
        assert_memory_equal(got.at + 1048575, "\0end\n", 5);
        archive_close(archive);
    }
}

static void test_zip(void **state)
{
    FolderPlace *place = *state;
    expect(place, "unsafe.zip",
           "good.csv 8000 8000\n../up.csv unsafe 1 1\n/abs.csv unsafe 1 1\nfolder/ other 0\n"
           "주문.csv 3 3\n");
    expect(place, "stream.zip", "one.csv -1 10000\ntwo.csv -1 2\n");
}

/* Contents, times, names for messages; a member that is not read is passed over. */
static void test_members(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    Reader *reader;
    Archive *archive;
    Member member;
    bool has;
    Str piece;
    MUST_WORK(store_read(place->store, STR("unsafe.tar"), 0, &reader, &err));
    MUST_WORK(archive_open(reader, &archive, &err));
    MUST_WORK(archive_next(archive, &member, &has, &err));
    assert_true(member.modified_at_us == INT64_C(1700000000) * 1000000);
    MUST_WORK(archive_read(archive, &reader, &err));
    assert_true(str_ends(reader_name(reader), STR("/unsafe.tar: good.csv")));
    MUST_WORK(reader_next(reader, &piece, &err));
    assert_true(str_eq(piece, STR("a,b\n1,2\n")));
    reader_close(reader);
    for (int i = 0; i < 8; i++)
        MUST_WORK(archive_next(archive, &member, &has, &err));
    assert_string_equal(member.name.at, "soft");
    MUST_FAIL(archive_read(archive, &reader, &err), ERR_RUNTIME, "is no file");
    archive_close(archive);
}

/* tar.gz cut anywhere, a zip with a damaged member, something else altogether. */
static void test_broken(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    Str zip, plain, tar;
    bool exists;
    MUST_WORK(store_get(place->store, STR("unsafe.zip"), 0, &place->arena, &zip, NULL, &exists,
                        &err));
    MUST_WORK(store_get(place->store, STR("plain.txt"), 0, &place->arena, &plain, NULL, &exists,
                        &err));
    MUST_WORK(store_get(place->store, STR("unsafe.tar"), 0, &place->arena, &tar, NULL, &exists,
                        &err));
    for (size_t cut = 1; cut < 600; cut += 97)
        MUST_FAIL(describe(test_reader(str_slice(tar, 0, cut), 64, 0), &got, &err), ERR_RUNTIME,
                  "cannot be unpacked");
    char *bytes = (char *)(uintptr_t)zip.at;
    bytes[60] ^= 1;
    MUST_FAIL(describe(test_reader(zip, 4096, 0), &got, &err), ERR_RUNTIME, "cannot be unpacked");
    MUST_FAIL(describe(test_reader(plain, 4096, 0), &got, &err), ERR_RUNTIME,
              "cannot be unpacked");
    MUST_FAIL(describe(test_reader(STR(""), 4096, 0), &got, &err), ERR_RUNTIME,
              "cannot be unpacked");
    MUST_FAIL(describe(test_reader(tar, 512, 2048), &got, &err), ERR_UNAVAILABLE, "cut");
}

static Str content_of(FolderPlace *place, const char *file)
{
    AUTO(err) Err err = {0};
    Str content;
    bool exists;
    MUST_WORK(store_get(place->store, str_of(file), 0, &place->arena, &content, NULL, &exists,
                        &err));
    assert_true(exists);
    return content;
}

/* No beginning of an archive is taken for the whole, wherever it is cut. */
static void test_cut(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    const struct {
        const char *file;
        size_t step, to;
    } cuts[] = {{"small.tar.gz", 1, SIZE_MAX},
                {"small.tar", 512, 3 * 1536 + 1},
                {"small.tar", 7, 3 * 1536},
                {"stream.zip", 1, 140}};
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        Str whole = content_of(place, cuts[i].file);
        for (size_t cut = cuts[i].step; cut < whole.len && cut < cuts[i].to; cut += cuts[i].step)
            MUST_FAIL(describe(test_reader(str_slice(whole, 0, cut), 4096, 0), &got, &err),
                      ERR_RUNTIME, "cannot be unpacked");
    }
    MUST_FAIL(describe(test_reader(str_slice(content_of(place, "small.tar"), 0, 1536), 512, 0),
                       &got, &err), ERR_RUNTIME, "empty blocks at its end are missing");
}

/* Any byte of a tar.gz: an error, or it made no difference (the time in gzip's header). */
static void test_damaged(void **state)
{
    FolderPlace *place = *state;
    AUTO(text) Text expected = {0};
    AUTO(err) Err err = {0};
    Str whole = content_of(place, "small.tar.gz");
    char *bytes = (char *)(uintptr_t)whole.at;
    MUST_WORK(describe(test_reader(whole, 4096, 0), &expected, &err));
    unsigned taken = 0;
    for (size_t at = 0; at < whole.len; at++) {
        AUTO(text) Text got = {0};
        bytes[at] ^= 0x42;
        if (describe(test_reader(whole, 4096, 0), &got, &err)) {
            taken++;
            if (!str_eq(text_str(&got), text_str(&expected)))
                fail_msg("byte %zu: %s", at, got.at);
        }
        assert_true(err.kind == ERR_NONE || err.kind == ERR_RUNTIME);
        err_drop(&err);
        bytes[at] ^= 0x42;
    }
    assert_true(taken < 64); /* time, level, system, and the name of the tar */
}

/* What lies behind a tar's end is read to its own end, and told when it does not end well. */
static void test_behind(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    AUTO(text) Text bytes = {0};
    text_add(&bytes, content_of(place, "small.tar.gz"));
    text_add(&bytes, content_of(place, "small.tar.gz"));
    MUST_WORK(describe(test_reader(text_str(&bytes), 4096, 0), &got, &err));
    bytes.at[bytes.len - 6] ^= 1;
    MUST_FAIL(describe(test_reader(text_str(&bytes), 4096, 0), &got, &err), ERR_RUNTIME,
              "incorrect data check");
    text_truncate(&bytes, bytes.len - 4);
    MUST_FAIL(describe(test_reader(text_str(&bytes), 4096, 0), &got, &err), ERR_RUNTIME,
              "truncated gzip");
    text_clear(&bytes);
    text_add(&bytes, content_of(place, "small.tar.gz"));
    text_add_repeat(&bytes, '\0', 3000);
    MUST_WORK(describe(test_reader(text_str(&bytes), 100, 0), &got, &err));
    text_add_c(&bytes, "and a word");
    MUST_FAIL(describe(test_reader(text_str(&bytes), 100, 0), &got, &err), ERR_RUNTIME,
              "something that is not gzip follows");
}

/* Streams that others packed. */
static void test_others(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    const char *files[] = {"plain.gz", "plain.bz2", "plain.xz", "plain.txt"};
    AUTO(text) Text first = {0};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        AUTO(text) Text got = {0};
        Reader *reader, *unpacked;
        MUST_WORK(store_read(place->store, str_of(files[i]), 0, &reader, &err));
        MUST_WORK(reader_unpack(reader, &unpacked, &err));
        MUST_WORK(test_read_all(unpacked, &got, &err));
        if (i == 0)
            text_add(&first, text_str(&got));
        assert_true(got.len > 200000 && str_eq(text_str(&got), text_str(&first)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tar),    cmocka_unit_test(test_zip),
        cmocka_unit_test(test_members), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_sparse),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_behind),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, set_up, folder_tear_down);
}
