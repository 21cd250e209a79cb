/* Local files: seen whole or not at all; listed by globs; nothing left behind. */
#include "store/store_test_help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static void put(FolderPlace *place, const char *name, const char *content)
{
    AUTO(err) Err err = {0};
    MUST_WORK(store_put(place->store, str_of(name), str_of(content), NULL, &place->arena, NULL,
                        &err));
}

static Str get(FolderPlace *place, const char *name)
{
    AUTO(err) Err err = {0};
    Str content = STR("");
    bool exists;
    MUST_WORK(store_get(place->store, str_of(name), 1 << 20, &place->arena, &content, NULL,
                        &exists, &err));
    return exists ? content : STR("(absent)");
}

static void expect_list(FolderPlace *place, const char *glob, const char *expected)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text names = {0};
    StoreEntries entries;
    MUST_WORK(store_list(place->store, str_of(glob), &place->arena, &entries, &err));
    for (uint32_t i = 0; i < entries.len; i++)
        text_print(&names, "%s" STR_FMT, i ? " " : "", STR_ARG(entries.at[i].name));
    assert_string_equal(text_str(&names).at, expected);
}

static void test_atomic(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    put(place, "a/b.txt", "old");
    Writer *writer;
    MUST_WORK(store_write(place->store, STR("a/b.txt"), NULL, &writer, &err));
    MUST_WORK(writer_add(writer, STR("new "), &err));
    MUST_WORK(writer_add(writer, test_bytes(&place->arena, 600000, 1), &err));
    assert_string_equal(get(place, "a/b.txt").at, "old");
    expect_list(place, "**/*", "a/b.txt");
    Str etag;
    MUST_WORK(writer_commit(writer, &place->arena, &etag, &err));
    assert_int_equal(get(place, "a/b.txt").len, 600004);
    StoreEntry entry;
    bool exists;
    MUST_WORK(store_stat(place->store, STR("a/b.txt"), &place->arena, &entry, &exists, &err));
    assert_true(exists && str_eq(entry.etag, etag) && entry.size_bytes == 600004);
    MUST_WORK(store_write(place->store, STR("a/b.txt"), NULL, &writer, &err));
    MUST_WORK(writer_add(writer, STR("never"), &err));
    writer_drop(writer);
    assert_int_equal(get(place, "a/b.txt").len, 600004);
    assert_int_equal(test_count(str_print(&place->arena, STR_FMT "/a", STR_ARG(place->folder))), 1);
    MUST_WORK(store_remove(place->store, STR("a/b.txt"), &err));
    MUST_WORK(store_remove(place->store, STR("a/b.txt"), &err));
    assert_string_equal(get(place, "a/b.txt").at, "(absent)");
}

/* A child is killed in the middle of a write. */
static void test_kill(void **state)
{
    FolderPlace *place = *state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        Err err = {0};
        Writer *writer;
        bool is_begun = store_write(place->store, STR("x.txt"), NULL, &writer, &err) &&
                        writer_add(writer, test_bytes(&place->arena, 1 << 20, 1), &err);
        if (is_begun && write(pipes[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    char byte;
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(test_count(place->folder), 0);
}

static void test_conditions(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    Str first, second;
    WriteOptions absent = {.if_absent = true, .is_durable = true};
    MUST_WORK(store_put(place->store, STR("s"), STR("1"), &absent, &place->arena, &first, &err));
    MUST_FAIL(store_put(place->store, STR("s"), STR("2"), &absent, &place->arena, NULL, &err),
              ERR_CONFLICT, "there already");
    assert_string_equal(get(place, "s").at, "1");
    WriteOptions same = {.if_etag = first};
    MUST_WORK(store_put(place->store, STR("s"), STR("3"), &same, &place->arena, &second, &err));
    assert_false(str_eq(first, second)); /* as long, written in the same instant */
    MUST_FAIL(store_put(place->store, STR("s"), STR("4"), &same, &place->arena, NULL, &err),
              ERR_CONFLICT, "another writer");
    assert_string_equal(get(place, "s").at, "3");
    MUST_FAIL(store_put(place->store, STR("gone"), STR("4"), &same, &place->arena, NULL, &err),
              ERR_CONFLICT, "not there");
    assert_int_equal(test_count(place->folder), 1);
}

/* Threads that add one to a number, each by a conditional write: none is lost. */
typedef struct Counter {
    FolderPlace *place;
    _Atomic int conflicts;
} Counter;

static void count_up(void *context, unsigned worker, uint32_t i)
{
    (void)worker, (void)i;
    Counter *counter = context;
    for (bool is_done = false; !is_done;) {
        AUTO(arena) Arena arena = {0};
        AUTO(err) Err err = {0};
        Str content, etag;
        bool exists;
        MUST_WORK(store_get(counter->place->store, STR("n"), 100, &arena, &content, &etag,
                            &exists, &err));
        int64_t number = 0;
        assert_true(exists && str_to_int(content, &number));
        WriteOptions same = {.if_etag = etag};
        Str next = str_print(&arena, "%06lld", (long long)number + 1);
        is_done = store_put(counter->place->store, STR("n"), next, &same, &arena, NULL, &err);
        if (!is_done) {
            assert_int_equal(err.kind, ERR_CONFLICT);
            counter->conflicts++;
        }
    }
}

static void test_race(void **state)
{
    FolderPlace *place = *state;
    put(place, "n", "000000");
    Counter counter = {.place = place};
    parallel_for(4, 400, 1, count_up, &counter);
    assert_string_equal(get(place, "n").at, "000400");
    assert_int_equal(test_count(place->folder), 1);
}

static void test_list(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    const char *names[] = {"a.csv", "b.json", "x/1.csv", "x/y/2.csv", "x/.h/3.csv", ".git/4.csv",
                           "x/.5.csv", "x/6.csv.weir-tmp", "z z/ü+%.csv"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        put(place, names[i], "12");
    Str loop = str_print(&place->arena, STR_FMT "/x/loop", STR_ARG(place->folder));
    assert_int_equal(symlink("..", loop.at), 0);
    expect_list(place, "**/*.csv", "a.csv x/1.csv x/y/2.csv z z/ü+%.csv");
    expect_list(place, "*", "a.csv b.json");
    expect_list(place, "x/*", "x/1.csv");
    expect_list(place, "{a.csv,x/**,b.json,a.csv}", "a.csv b.json x/1.csv x/y/2.csv");
    expect_list(place, ".git/*", ".git/4.csv");
    expect_list(place, "nowhere/*.csv", "");
    expect_list(place, "a.csv", "a.csv");
    expect_list(place, "x", "");
    StoreEntries entries;
    MUST_WORK(store_list(place->store, STR("*.csv"), &place->arena, &entries, &err));
    assert_int_equal(entries.at[0].size_bytes, 2);
    assert_true(entries.at[0].modified_at_us > 0 && entries.at[0].etag.len > 0);
}

static void test_read(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    Str bytes = test_bytes(&place->arena, 1000000, 7), limited, etag;
    bool exists;
    MUST_WORK(store_put(place->store, STR("big"), bytes, NULL, &place->arena, NULL, &err));
    Reader *reader;
    AUTO(text) Text got = {0};
    MUST_WORK(store_read(place->store, STR("big"), 400001, &reader, &err));
    assert_true(str_ends(reader_name(reader), STR("/big")));
    MUST_WORK(test_read_all(reader, &got, &err));
    assert_true(str_eq(text_str(&got), str_slice(bytes, 400001, bytes.len)));
    MUST_FAIL(store_read(place->store, STR("none"), 0, &reader, &err), ERR_IO, "No such file");
    MUST_FAIL(store_read(place->store, STR("."), 0, &reader, &err), ERR_IO, "directory");
    MUST_FAIL(store_get(place->store, STR("big"), 999999, &place->arena, &limited, &etag, &exists,
                        &err),
              ERR_TOO_BIG, "999999");
    MUST_WORK(store_put_file(place->store, STR("copy/big"),
                             str_print(&place->arena, STR_FMT "/big", STR_ARG(place->folder)), NULL,
                             &err));
    assert_true(str_eq(get(place, "copy/big"), bytes));
}

/* The disk is full: a clear error, and nothing stays. */
static void test_full(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    Str small = str_print(&place->arena, STR_FMT "/small", STR_ARG(place->folder));
    assert_int_equal(mkdir(small.at, 0700), 0);
    if (mount("weir-test", small.at, "tmpfs", 0, "size=1m") != 0) {
        print_message("[  SKIPPED ] a full disk: no right to mount a tmpfs (%s)\n",
                      strerror(errno));
        skip();
    }
    Writer *writer;
    bool is_full = false;
    bool is_open = store_write(place->store, STR("small/x"), NULL, &writer, &err);
    Str piece = test_bytes(&place->arena, 300000, 1);
    for (int i = 0; i < 8 && is_open && !is_full; i++)
        is_full = !writer_add(writer, piece, &err);
    bool is_named = is_full && err.kind == ERR_IO && strstr(err.text, "No space left");
    err_drop(&err);
    bool is_refused = is_open && !writer_commit(writer, &place->arena, NULL, &err);
    unsigned left = test_count(small);
    umount(small.at);
    assert_true(is_open && is_full && is_named && is_refused);
    assert_int_equal(left, 0);
}

/* The same by a limit on the size of files, in a child: for those who may not mount. */
static void test_limit(void **state)
{
    FolderPlace *place = *state;
    pid_t pid = fork();
    if (pid == 0) {
        Err err = {0};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){500000, 500000});
        bool is_put = store_put(place->store, STR("x"), test_bytes(&place->arena, 900000, 1), NULL,
                                &place->arena, NULL, &err);
        _exit(!is_put && err.kind == ERR_IO && strstr(err.text, "too large") ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(test_count(place->folder), 0);
}

static void test_open(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    Store *store;
    Str uri = str_print(&place->arena, "file://" STR_FMT "/", STR_ARG(place->folder));
    put(place, "a", "1");
    MUST_WORK(store_open(&place->arena, uri, NONE, NULL, &store, &err));
    assert_true(store_is_local(store));
    assert_true(str_eq(store_uri(store), place->folder));
    assert_true(file_exists(store_path(store, &place->arena, STR("a"))));
    MUST_FAIL(store_open(&place->arena, STR("gs://x/y"), NONE, NULL, &store, &err), ERR_RUNTIME,
              "no store is called gs://");
    Dict *options = dict_make(&place->arena, 1);
    dict_put(options, STR("rooot"), value_int(1));
    MUST_FAIL(store_open(&place->arena, uri, (Value){.kind = VALUE_DICT, .dict = options}, NULL,
                         &store, &err),
              ERR_RUNTIME, "Did you mean \"root\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_atomic, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_kill, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_conditions, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_race, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_list, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_read, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_full, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_limit, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_open, folder_set_up, folder_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
