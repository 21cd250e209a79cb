/* Folders that take each other's place, with and without the file system's help; and what watches
 * the bytes that pass. */
#include "store/store_test_help.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static Str at(FolderPlace *place, const char *name)
{
    return path_join(&place->arena, place->folder, str_of(name));
}

static void put(FolderPlace *place, const char *name, const char *content)
{
    AUTO(err) Err err = {0};
    MUST_WORK(file_write(at(place, name), str_of(content), false, &err));
}

/* Names and contents of all files, hidden ones too. */
static void expect_files(FolderPlace *place, const char *expected)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text found = {0};
    FileList files = {0};
    MUST_WORK(folder_walk(&place->arena, place->folder, &files, &err));
    for (uint32_t i = 0; i < files.len; i++) {
        Str content;
        MUST_WORK(file_read(&place->arena, path_join(&place->arena, place->folder,
                                                     files.at[i].path), &content, &err));
        text_print(&found, STR_FMT "=" STR_FMT " ", STR_ARG(files.at[i].path), STR_ARG(content));
    }
    assert_string_equal(text_str(&found).at, expected);
}

static void test_exchange(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    put(place, ".made/a.csv", "1");
    put(place, ".made/deep/b.csv", "2");
    MUST_WORK(store_exchange_folder(place->store, STR(".made"), STR("out/year=2026/day=1"), &err));
    expect_files(place, "out/year=2026/day=1/a.csv=1 out/year=2026/day=1/deep/b.csv=2 ");
    put(place, "made/a.csv", "3");
    MUST_WORK(store_exchange_folder(place->store, STR("made"), STR("out/year=2026/day=1"), &err));
    expect_files(place, "out/year=2026/day=1/a.csv=3 ");
    assert_false(file_exists(at(place, "made")));
    assert_int_equal(test_count(place->folder), 1);
}

/* The file system that cannot: by steps. */
static void test_steps(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    put(place, "out/day=1/a.csv", "old");
    put(place, "out/day=1/b.csv", "old");
    put(place, ".made/a.csv", "new");
    MUST_WORK(folders_exchange(at(place, ".made"), at(place, "out/day=1"), false, &err));
    expect_files(place, "out/day=1/a.csv=new ");
    assert_int_equal(test_count(place->folder), 1);
    assert_int_equal(test_count(at(place, "out")), 1);
}

static void test_refused(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    put(place, "file", "f");
    put(place, "out/a.csv", "1");
    MUST_FAIL(store_exchange_folder(place->store, STR(".made"), STR("out"), &err), ERR_IO,
              "No such file");
    MUST_FAIL(store_exchange_folder(place->store, STR("file"), STR("out"), &err), ERR_IO,
              "it is no folder");
    MUST_FAIL(store_exchange_folder(place->store, STR("out"), STR("file"), &err), ERR_IO,
              "it is no folder");
    MUST_FAIL(store_exchange_folder(place->store, STR("out"), STR("file/below"), &err), ERR_IO,
              "Not a directory");
    Str link = at(place, "link");
    assert_int_equal(symlink(place->folder.at, link.at), 0);
    MUST_FAIL(store_exchange_folder(place->store, STR("out"), STR("link"), &err), ERR_IO,
              "it is no folder");
    assert_int_equal(unlink(link.at), 0);
    expect_files(place, "file=f out/a.csv=1 ");
}

/* Who lists while folders are exchanged sees one or the other, never none and never both. */
typedef struct Looker {
    Store *store;
    _Atomic bool is_over;
    _Atomic unsigned looks, wrong;
} Looker;

static void look(void *context)
{
    Looker *self = context;
    while (!self->is_over) {
        AUTO(err) Err err = {0};
        AUTO(arena) Arena arena = {0};
        StoreEntry entry;
        bool exists;
        if (!store_stat(self->store, STR("out/a.csv"), &arena, &entry, &exists, &err) || !exists)
            self->wrong++;
        self->looks++;
    }
}

static void test_seen_whole(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    put(place, ".made/a.csv", "1");
    MUST_WORK(store_exchange_folder(place->store, STR(".made"), STR("out"), &err));
    Looker looker = {.store = place->store};
    Thread thread;
    thread_start(&thread, "looker", look, &looker);
    for (int i = 0; i < 300 || looker.looks < 100; i++) {
        put(place, ".made/a.csv", "2");
        MUST_WORK(store_exchange_folder(place->store, STR(".made"), STR("out"), &err));
    }
    looker.is_over = true;
    thread_join(&thread);
    assert_int_equal(looker.wrong, 0);
}

static void test_remote(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    Http *http;
    Store *store;
    MUST_WORK(http_open(&place->arena, &http, &err));
    MUST_WORK(store_open(&place->arena, STR("sftp://host/x"), NONE, http, &store, &err));
    MUST_FAIL(store_exchange_folder(store, STR("a"), STR("b"), &err), ERR_RUNTIME,
              "local places only");
    /* the arena closes it */
}

/* ---- watching ---- */

static void add_seen(void *context, Str piece, int64_t us)
{
    assert_true(us >= 0);
    text_add(context, piece);
}

static void test_watch(void **state)
{
    FolderPlace *place = *state;
    AUTO(err) Err err = {0};
    AUTO(text) Text seen = {0};
    AUTO(text) Text got = {0};
    Reader *reader;
    Str bytes = test_bytes(&place->arena, 100000, 1);
    MUST_WORK(reader_watch(test_reader(bytes, 777, 0), add_seen, &seen, &reader, &err));
    assert_string_equal(reader_name(reader).at, "test");
    MUST_WORK(test_read_all(reader, &got, &err));
    assert_true(str_eq(text_str(&seen), bytes) && str_eq(text_str(&got), bytes));
    text_clear(&seen);
    MUST_WORK(reader_watch(test_reader(bytes, 777, 5000), add_seen, &seen, &reader, &err));
    MUST_FAIL(test_read_all(reader, &got, &err), ERR_UNAVAILABLE, "cut");
    assert_true(str_starts(bytes, text_str(&seen)) && seen.len >= 5000 && seen.len < 5777);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exchange, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_steps, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_refused, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_seen_whole, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_remote, folder_set_up, folder_tear_down),
        cmocka_unit_test_setup_teardown(test_watch, folder_set_up, folder_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
