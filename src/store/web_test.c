/* Plain HTTP: nginx (ranges, etags; skipped when it is not installed) and a small server that knows
 * less. */
#include "store/store_test_help.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

typedef struct TestPlace {
    Arena arena;
    Str folder;
    Http *http;
    pid_t nginx, small;
    int nginx_port, small_port;
    Str big;
} TestPlace;

static TestPlace place;

static void start_nginx(void)
{
    AUTO(err) Err err = {0};
    Str program = test_program(&place.arena, NULL, NULL, "nginx");
    if (!program.len) {
        print_message("[  SKIPPED ] HTTP with ranges: no nginx\n");
        return;
    }
    place.nginx_port = test_port();
    Str config = str_print(
        &place.arena,
        "daemon off; master_process off; pid " STR_FMT "/pid; error_log " STR_FMT "/errors;\n"
        "events {}\nhttp { access_log off; client_body_temp_path " STR_FMT "/t1;\n"
        "proxy_temp_path " STR_FMT "/t2; fastcgi_temp_path " STR_FMT "/t3;\n"
        "uwsgi_temp_path " STR_FMT "/t4; scgi_temp_path " STR_FMT "/t5;\n"
        "server { listen 127.0.0.1:%d; root " STR_FMT "/files;\n"
        "location /secret/ { if ($http_x_key != \"open sesame\") { return 403; }\n"
        "alias " STR_FMT "/files/; } } }\n",
        STR_ARG(place.folder), STR_ARG(place.folder), STR_ARG(place.folder),
        STR_ARG(place.folder), STR_ARG(place.folder), STR_ARG(place.folder),
        STR_ARG(place.folder), place.nginx_port, STR_ARG(place.folder), STR_ARG(place.folder));
    Str path = path_join(&place.arena, place.folder, STR("nginx.conf"));
    MUST_WORK(file_write(path, config, false, &err));
    const char *argv[] = {program.at, "-c", path.at, "-p", place.folder.at, NULL};
    place.nginx = test_server(argv, place.nginx_port);
    if (!place.nginx)
        print_message("[  SKIPPED ] HTTP with ranges: nginx does not start\n");
}

static int set_up(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    place.folder = test_folder(&place.arena);
    place.big = test_bytes(&place.arena, 9 * 1000 * 1000 + 3, 4);
    const struct {
        const char *name;
        Str content;
    } files[] = {
        {"files/big.bin", place.big},
        {"files/empty.csv", STR("")},
        {"files/a b/\xec\xa3\xbc+1.csv", STR("a,b\n")},
        {"files/_index.json", STR("{\"version\": 1, \"files\": [{\"path\": "
                                  "\"a b/\xec\xa3\xbc+1.csv\", "
                                  "\"size\": 4, \"etag\": \"e\", \"modified\": "
                                  "\"2026-01-01T00:00:00Z\"}, {\"path\": \"big.bin\"}]}")},
        {"files/names.json", STR("[\"x.csv\", {\"name\": \"y.csv\", \"size\": 7}, \".hidden\"]")},
        {"files/bad.json", STR("{\"files\": [{\"size\": 1}]}")},
    };
    for (size_t i = 0; i < COUNT_OF(files); i++)
        MUST_WORK(file_write(path_join(&place.arena, place.folder, str_of(files[i].name)),
                             files[i].content, false, &err));
    start_nginx();
    Str python = test_program(&place.arena, NULL, NULL, "python3");
    place.small_port = test_port();
    const char *argv[] = {python.at, "tests/cases/store/http_server.py",
                          str_print(&place.arena, "%d", place.small_port).at,
                          path_join(&place.arena, place.folder, STR("files")).at, NULL};
    place.small = test_server(argv, place.small_port);
    assert_true(place.small > 0);
    MUST_WORK(http_open(&place.arena, &place.http, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_server_stop(place.nginx);
    test_server_stop(place.small);
    test_folder_remove(place.folder);
    arena_drop(&place.arena);
    return 0;
}

static Store *open_store(int port, const char *path, const char *key, Str value)
{
    AUTO(err) Err err = {0};
    Store *store;
    Dict *dict = dict_make(&place.arena, 1);
    if (key)
        dict_put(dict, str_of(key), (Value){.kind = VALUE_TEXT, .len = (uint32_t)value.len,
                                            .text = value.at});
    Str uri = str_print(&place.arena, "http://127.0.0.1:%d%s", port, path);
    MUST_WORK(store_open(&place.arena, uri, (Value){.kind = VALUE_DICT, .dict = dict},
                         place.http, &store, &err));
    return store;
}

static void expect_read(Store *store, const char *name, uint64_t offset, Str expected)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    Reader *reader;
    MUST_WORK(store_read(store, str_of(name), offset, &reader, &err));
    MUST_WORK(test_read_all(reader, &got, &err));
    assert_int_equal(got.len, expected.len);
    assert_true(str_eq(text_str(&got), expected));
}

static void expect_reads(Store *store)
{
    expect_read(store, "big.bin", 0, place.big);
    expect_read(store, "big.bin", 5000001, str_slice(place.big, 5000001, place.big.len));
    expect_read(store, "big.bin", place.big.len, STR(""));
    expect_read(store, "empty.csv", 0, STR(""));
    expect_read(store, "a b/\xec\xa3\xbc+1.csv", 2, STR("b\n"));
    AUTO(err) Err err = {0};
    Reader *reader;
    Str piece;
    MUST_WORK(store_read(store, STR("none.csv"), 0, &reader, &err));
    MUST_FAIL(reader_next(reader, &piece, &err), ERR_RUNTIME, "/none.csv: the server answered "
              "with status 404 (Not Found)");
    reader_close(reader);
}

static void test_ranges(void **state)
{
    (void)state;
    if (!place.nginx)
        skip();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Store *store = open_store(place.nginx_port, "/", NULL, STR_NONE);
    uint64_t before = http_stats(place.http).requests;
    expect_reads(store);
    assert_true(http_stats(place.http).requests - before > 8); /* by ranges */
    StoreEntry entry;
    bool exists;
    MUST_WORK(store_stat(store, STR("big.bin"), &arena, &entry, &exists, &err));
    assert_true(exists && entry.size_bytes == place.big.len && entry.etag.len &&
                entry.modified_at_us > 0);
    MUST_WORK(store_stat(store, STR("none"), &arena, &entry, &exists, &err));
    assert_false(exists);
    Store *closed = open_store(place.nginx_port, "/secret", NULL, STR_NONE);
    MUST_FAIL(store_stat(closed, STR("big.bin"), &arena, &entry, &exists, &err), ERR_RUNTIME,
              "403 (Forbidden)");
}

/* A file that is changed while it is read, by a server that checks If-Match. */
static void test_changed(void **state)
{
    (void)state;
    if (!place.nginx)
        skip();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    Store *store = open_store(place.nginx_port, "", NULL, STR_NONE);
    Str path = path_join(&arena, place.folder, STR("files/moving.bin"));
    MUST_WORK(file_write(path, str_print(&arena, "%020000000d", 1), false, &err));
    Reader *reader;
    Str piece;
    MUST_WORK(store_read(store, STR("moving.bin"), 0, &reader, &err));
    MUST_WORK(reader_next(reader, &piece, &err));
    MUST_WORK(file_write(path, str_print(&arena, "%019000000d", 2), false, &err));
    MUST_FAIL(test_read_all(reader, &got, &err), ERR_CONFLICT, "changed while it was read");
}

/* No ranges: the bytes go through a file; no HEAD: the first byte tells the size. */
static void test_small_server(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    expect_reads(open_store(place.small_port, "/noranges/?token=1", NULL, STR_NONE));
    Store *store = open_store(place.small_port, "/nohead", NULL, STR_NONE);
    StoreEntry entry;
    bool exists;
    MUST_WORK(store_stat(store, STR("big.bin"), &arena, &entry, &exists, &err));
    assert_true(exists && entry.size_bytes == place.big.len);
    Reader *reader; /* closed while it comes in */
    Str piece;
    store = open_store(place.small_port, "/noranges", NULL, STR_NONE);
    MUST_WORK(store_read(store, STR("big.bin"), 0, &reader, &err));
    MUST_WORK(reader_next(reader, &piece, &err));
    reader_close(reader);
}

/* Every other answer breaks off: each range is asked for again, none is taken twice. */
static void test_cut(void **state)
{
    (void)state;
    uint64_t before = http_stats(place.http).retries;
    expect_read(open_store(place.small_port, "/cut", NULL, STR_NONE), "big.bin", 3,
                str_slice(place.big, 3, place.big.len));
    assert_true(http_stats(place.http).retries - before >= 3);
}

/* S3 as it goes wrong: see /s3/ of the server. */
static void test_hard_s3(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Dict *dict = dict_make(&arena, 4);
    const Str keys[] = {STR("endpoint"), STR("access_key_id"), STR("secret_access_key")};
    const Str values[] = {str_print(&arena, "http://127.0.0.1:%d/s3", place.small_port), STR("k"),
                          STR("s")};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        dict_put(dict, keys[i], (Value){.kind = VALUE_TEXT, .len = (uint32_t)values[i].len,
                                        .text = values[i].at});
    Store *store;
    Str etag;
    WriteOptions absent = {.if_absent = true};
    MUST_WORK(store_open(&arena, STR("s3://bucket"), (Value){.kind = VALUE_DICT, .dict = dict},
                         place.http, &store, &err));
    /* the answer to the first PUT is lost; the second one finds what the first has written */
    MUST_WORK(store_put(store, STR("one"), STR("1"), &absent, &arena, &etag, &err));
    assert_string_equal(etag.at, "c4ca4238a0b923820dcc509a6f75849b");
    MUST_FAIL(store_put(store, STR("one"), STR("2"), &absent, &arena, &etag, &err), ERR_CONFLICT,
              "there already");
    /* "200 OK" that holds an error is none */
    MUST_WORK(store_put(store, STR("parts"), place.big, &absent, &arena, &etag, &err));
    assert_true(str_ends(etag, STR("-2")));
}

static void expect_list(Store *store, const char *glob, const char *expected)
{
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text names = {0};
    StoreEntries entries;
    MUST_WORK(store_list(store, str_of(glob), &arena, &entries, &err));
    for (uint32_t i = 0; i < entries.len; i++)
        text_print(&names, "%s" STR_FMT ":%llu", i ? " " : "", STR_ARG(entries.at[i].name),
                   (unsigned long long)entries.at[i].size_bytes);
    assert_string_equal(text_str(&names).at, expected);
}

static void test_index(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    StoreEntries entries;
    expect_list(open_store(place.small_port, "/noranges", NULL, STR_NONE), "**/*",
                "a b/\xec\xa3\xbc+1.csv:4 big.bin:0");
    expect_list(open_store(place.small_port, "/noranges", "index", STR("names.json")), "*.csv",
                "x.csv:0 y.csv:7");
    expect_list(open_store(place.small_port, "/noranges", "index", STR("none.json")), "big.bin",
                "big.bin:9000003"); /* a name is asked for: no index is needed */
    MUST_FAIL(store_list(open_store(place.small_port, "/noranges", "index", STR("none.json")),
                         STR("*"), &arena, &entries, &err),
              ERR_RUNTIME, "there is no index file \"none.json\"");
    MUST_FAIL(store_list(open_store(place.small_port, "/noranges", "index", STR("bad.json")),
                         STR("*"), &arena, &entries, &err),
              ERR_RUNTIME, "file 1 has neither");
}

static void test_put(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Store *store = open_store(place.small_port, "/put", NULL, STR_NONE);
    Str first, etag, got;
    bool exists;
    WriteOptions absent = {.if_absent = true};
    MUST_WORK(store_put(store, STR("new.txt"), STR("one"), &absent, &arena, &first, &err));
    MUST_FAIL(store_put(store, STR("new.txt"), STR("two"), &absent, &arena, &etag, &err),
              ERR_CONFLICT, "412");
    WriteOptions same = {.if_etag = first};
    MUST_WORK(store_put(store, STR("new.txt"), place.big, &same, &arena, &etag, &err));
    MUST_FAIL(store_put(store, STR("new.txt"), STR("3"), &same, &arena, &etag, &err), ERR_CONFLICT,
              "412");
    MUST_WORK(store_get(store, STR("new.txt"), 0, &arena, &got, &etag, &exists, &err));
    assert_true(exists && str_eq(got, place.big));
    MUST_WORK(store_remove(store, STR("new.txt"), &err));
    MUST_WORK(store_remove(store, STR("new.txt"), &err));
    MUST_WORK(store_get(store, STR("new.txt"), 0, &arena, &got, &etag, &exists, &err));
    assert_false(exists);
}

static void test_down(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Store *store;
    Value options = NONE;
    MUST_FAIL(store_open(&arena, STR("https://x"), value_int(1), place.http, &store, &err),
              ERR_RUNTIME, "must be a mapping");
    MUST_WORK(store_open(&arena, STR("https://user:pass@x.example/y?token=abc"), options,
                         place.http, &store, &err));
    assert_null(strstr(store_uri(store).at, "pass"));
    assert_null(strstr(store_uri(store).at, "abc"));
    MUST_FAIL(store_read(store, STR("../x"), 0, NULL, &err), ERR_RUNTIME, "leads out of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),       cmocka_unit_test(test_changed),
        cmocka_unit_test(test_small_server), cmocka_unit_test(test_index),
        cmocka_unit_test(test_put),          cmocka_unit_test(test_down),
        cmocka_unit_test(test_cut),          cmocka_unit_test(test_hard_s3),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
