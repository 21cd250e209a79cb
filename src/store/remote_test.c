/* A real sshd with its SFTP server, on loopback; skipped when it is not installed. */
#include "store/store_test_help.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"

typedef struct TestPlace {
    Arena arena;
    Str folder, files;
    Http *http;
    pid_t server;
    int port;
    Str user;
} TestPlace;

static TestPlace place;

static Str in_folder(const char *name)
{
    return path_join(&place.arena, place.folder, str_of(name));
}

static bool run(const char *const *argv)
{
    AUTO(err) Err err = {0};
    ProcessResult result = {0};
    bool is_run = process_run(argv, STR("."), STR(""), 30000, &result, &err) &&
                  result.exit_code == 0;
    process_result_drop(&result);
    return is_run;
}

static bool make_key(const char *name, const char *type)
{
    const char *argv[] = {"ssh-keygen", "-q", "-t", type, "-N", "", "-f", in_folder(name).at, NULL};
    return run(argv);
}

static bool start_server(Str program, Str keygen)
{
    AUTO(err) Err err = {0};
    if (!program.len || !keygen.len || !make_key("host", "ed25519") || !make_key("user", "ed25519"))
        return false;
    place.port = test_port();
    mkdir("/run/sshd", 0755);
    Str config = str_print(
        &place.arena,
        "ListenAddress 127.0.0.1\nPort %d\nHostKey " STR_FMT "/host\nPidFile none\nUsePAM no\n"
        "AuthorizedKeysFile " STR_FMT "/user.pub\nStrictModes no\nPermitRootLogin yes\n"
        "PasswordAuthentication no\nSubsystem sftp internal-sftp\n",
        place.port, STR_ARG(place.folder), STR_ARG(place.folder));
    MUST_WORK(file_write(in_folder("config"), config, false, &err));
    Str key;
    MUST_WORK(file_read(&place.arena, in_folder("host.pub"), &key, &err));
    MUST_WORK(file_write(in_folder("known"),
                         str_print(&place.arena, "[127.0.0.1]:%d " STR_FMT, place.port,
                                   STR_ARG(key)),
                         false, &err));
    const char *argv[] = {program.at, "-D", "-f", in_folder("config").at, NULL};
    place.server = test_server(argv, place.port);
    return place.server > 0;
}

static int set_up(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    place.folder = test_folder(&place.arena);
    place.files = in_folder("files");
    MUST_WORK(folder_make(place.files, &err));
    MUST_WORK(http_open(&place.arena, &place.http, &err));
    place.user = environment_get("USER").len ? environment_get("USER") : STR("root");
    if (geteuid() == 0)
        place.user = STR("root");
    if (!start_server(test_program(&place.arena, NULL, NULL, "sshd"),
                      test_program(&place.arena, NULL, NULL, "ssh-keygen")))
        print_message("[  SKIPPED ] SFTP: no sshd that starts\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_server_stop(place.server);
    test_folder_remove(place.folder);
    arena_drop(&place.arena);
    return 0;
}

#define NEED_SERVER()      \
    do {                   \
        if (!place.server) \
            skip();        \
    } while (0)

static Value text(Str value)
{
    return (Value){.kind = VALUE_TEXT, .len = (uint32_t)value.len, .text = value.at};
}

static Store *open_store(const char *known_hosts)
{
    AUTO(err) Err err = {0};
    Store *store;
    Dict *dict = dict_make(&place.arena, 4);
    dict_put(dict, STR("user"), text(place.user));
    dict_put(dict, STR("key_file"), text(in_folder("user")));
    dict_put(dict, STR("known_hosts"), text(in_folder(known_hosts)));
    Str uri = str_print(&place.arena, "sftp://127.0.0.1:%d" STR_FMT "/", place.port,
                        STR_ARG(place.files));
    MUST_WORK(store_open(&place.arena, uri, (Value){.kind = VALUE_DICT, .dict = dict}, place.http,
                         &store, &err));
    return store;
}

static void test_files(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Store *store = open_store("known");
    Str bytes = test_bytes(&arena, 9 * 1000 * 1000 + 1, 3);
    Str got, etag;
    bool exists;
    MUST_WORK(store_put(store, STR("big.bin"), bytes, NULL, &arena, &etag, &err));
    MUST_WORK(store_put(store, STR("a b+%.csv"), STR("x"), NULL, &arena, &etag, &err));
    MUST_WORK(store_put(store, STR("empty"), STR(""), NULL, &arena, &etag, &err));
    assert_int_equal(test_count(place.files), 3); /* no temporary names */
    const uint64_t offsets[] = {0, 1, 5000000, bytes.len};
    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        AUTO(text) Text read = {0};
        Reader *reader;
        MUST_WORK(store_read(store, STR("big.bin"), offsets[i], &reader, &err));
        MUST_WORK(test_read_all(reader, &read, &err));
        assert_true(str_eq(text_str(&read), str_slice(bytes, offsets[i], bytes.len)));
    }
    MUST_WORK(store_get(store, STR("a b+%.csv"), 10, &arena, &got, &etag, &exists, &err));
    assert_true(exists && str_eq(got, STR("x")));
    StoreEntry entry;
    MUST_WORK(store_stat(store, STR("big.bin"), &arena, &entry, &exists, &err));
    assert_true(exists && entry.size_bytes == bytes.len && entry.modified_at_us > 0);
    WriteOptions absent = {.if_absent = true};
    MUST_FAIL(store_put(store, STR("empty"), STR("2"), &absent, &arena, &etag, &err), ERR_CONFLICT,
              "there already");
    Writer *writer;
    MUST_WORK(store_write(store, STR("dropped"), NULL, &writer, &err));
    MUST_WORK(writer_add(writer, bytes, &err));
    writer_drop(writer);
    MUST_WORK(store_remove(store, STR("big.bin"), &err));
    MUST_WORK(store_remove(store, STR("big.bin"), &err));
    MUST_WORK(store_get(store, STR("big.bin"), 0, &arena, &got, &etag, &exists, &err));
    assert_false(exists);
    assert_int_equal(test_count(place.files), 2);
}

static void test_list(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text names = {0};
    StoreEntries entries;
    const char *files[] = {"out/20260101/a.csv", "out/20260101/b c.csv", "out/20260102/a.csv",
                           "out/20260102/x/deep.csv", "out/.hidden/a.csv", "out/20260102/_DONE"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        MUST_WORK(file_write(path_join(&arena, place.files, str_of(files[i])), STR("12345"), false,
                             &err));
    Store *store = open_store("known");
    MUST_WORK(store_list(store, STR("out/2026*/*.csv"), &arena, &entries, &err));
    for (uint32_t i = 0; i < entries.len; i++)
        text_print(&names, STR_FMT "|", STR_ARG(entries.at[i].name));
    assert_string_equal(names.at,
                        "out/20260101/a.csv|out/20260101/b c.csv|out/20260102/a.csv|");
    assert_int_equal(entries.at[0].size_bytes, 5);
    MUST_WORK(store_list(store, STR("out/**/*.csv"), &arena, &entries, &err));
    assert_int_equal(entries.len, 4);
    MUST_WORK(store_list(store, STR("nowhere/*.csv"), &arena, &entries, &err));
    assert_int_equal(entries.len, 0);
    MUST_WORK(store_list(store, STR("out/20260102/_DONE"), &arena, &entries, &err));
    assert_int_equal(entries.len, 1);
}

/* Small files, eight open ahead: each is whole and its own. */
static void test_many(void **state)
{
    (void)state;
    NEED_SERVER();
    enum { FILES = 60, AHEAD = 8 };
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Store *store = open_store("known");
    StoreEntries entries;
    Reader *readers[FILES];
    for (unsigned i = 0; i < FILES; i++)
        MUST_WORK(file_write(str_print(&arena, STR_FMT "/many/%03u.csv", STR_ARG(place.files), i),
                             test_bytes(&arena, i * 997, i), false, &err));
    MUST_WORK(store_list(store, STR("many/*.csv"), &arena, &entries, &err));
    assert_int_equal(entries.len, FILES);
    for (unsigned i = 0, opened = 0; i < FILES; i++) {
        for (; opened < FILES && opened < i + AHEAD; opened++)
            MUST_WORK(store_read(store, entries.at[opened].name, 0, &readers[opened], &err));
        AUTO(text) Text got = {0};
        MUST_WORK(test_read_all(readers[i], &got, &err));
        assert_true(str_eq(text_str(&got), test_bytes(&arena, i * 997, i)));
    }
    Str got;
    bool exists;
    MUST_WORK(store_get(store, STR("many/none.csv"), 0, &arena, &got, NULL, &exists, &err));
    assert_false(exists);
    MUST_WORK(store_get(store, STR("nowhere/none.csv"), 0, &arena, &got, NULL, &exists, &err));
    assert_false(exists);
    MUST_FAIL(store_get(store, STR("many/059.csv"), 1000, &arena, &got, NULL, &exists, &err),
              ERR_TOO_BIG, "more than 1000 bytes");
}

/* A reader that is left in the middle lets the transfer go at once; errors arrive at the reader. */
static void test_ends(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Store *store = open_store("known");
    Str big = path_join(&arena, place.files, STR("sparse"));
    MUST_WORK(file_write(big, STR("x"), false, &err));
    assert_int_equal(truncate(big.at, 200 * 1000 * 1000), 0);
    Reader *reader;
    Str piece;
    MUST_WORK(store_read(store, STR("sparse"), 0, &reader, &err));
    MUST_WORK(reader_next(reader, &piece, &err));
    int64_t before_us = clock_steady_us();
    reader_close(reader);
    assert_true(clock_steady_us() - before_us < 3000000);
    MUST_WORK(store_read(store, STR("none"), 0, &reader, &err));
    MUST_FAIL(reader_next(reader, &piece, &err), ERR_IO, "no such file");
    reader_close(reader);
    Store *stranger = open_store("user.pub"); /* holds no key of this host */
    StoreEntries entries;
    MUST_FAIL(store_list(stranger, STR("*"), &arena, &entries, &err), ERR_RUNTIME, "key");
    test_server_stop(place.server);
    place.server = 0;
    Store *gone = open_store("known");
    MUST_FAIL(store_list(gone, STR("*"), &arena, &entries, &err), ERR_UNAVAILABLE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
