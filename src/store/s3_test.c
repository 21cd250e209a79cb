/* A real S3 server (versitygw): $WEIR_TEST_VERSITYGW, .deps/bin/versitygw or one on PATH; else
 * skipped. */
#include "store/s3.h"
#include "store/s3_xml.h"

#include "store/store_test_help.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

typedef struct TestPlace {
    Arena arena;
    Str folder;                  /* the server's; buckets are folders in it                       */
    Str endpoint;
    pid_t server;
    Http *http;
    Store *store;                /* s3://test-bucket/pre fix                                      */
} TestPlace;

static TestPlace place;

static Value options(const char *secret)
{
    Dict *dict = dict_make(&place.arena, 8);
    dict_put(dict, STR("type"), (Value){.kind = VALUE_TEXT, .len = 2, .text = "s3"});
    const Str keys[] = {STR("endpoint"), STR("access_key_id"), STR("secret_access_key"),
                        STR("region")};
    const Str values[] = {place.endpoint, STR("tester"), str_of(secret), STR("us-east-1")};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        dict_put(dict, keys[i], (Value){.kind = VALUE_TEXT, .len = (uint32_t)values[i].len,
                                        .text = values[i].at});
    return (Value){.kind = VALUE_DICT, .dict = dict};
}

static Store *open_store(const char *uri, const char *secret)
{
    AUTO(err) Err err = {0};
    Store *store;
    MUST_WORK(store_open(&place.arena, str_of(uri), options(secret), place.http, &store, &err));
    return store;
}

static int set_up(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    Str program = test_program(&place.arena, "WEIR_TEST_VERSITYGW", ".deps/bin/versitygw",
                               "versitygw");
    if (!program.len) {
        print_message("[  SKIPPED ] S3: no versitygw (WEIR_TEST_VERSITYGW names one)\n");
        return 0;
    }
    place.folder = test_folder(&place.arena);
    MUST_WORK(folder_make(path_join(&place.arena, place.folder, STR("data/test-bucket")), &err));
    int port = test_port();
    Str address = str_print(&place.arena, "127.0.0.1:%d", port);
    place.endpoint = str_print(&place.arena, "http://127.0.0.1:%d", port);
    const char *argv[] = {program.at, "--port", address.at, "--access", "tester", "--secret",
                          "test-secret-key", "--quiet", "posix",
                          path_join(&place.arena, place.folder, STR("data")).at, NULL};
    place.server = test_server(argv, port);
    if (!place.server)
        print_message("[  SKIPPED ] S3: %s does not start\n", program.at);
    MUST_WORK(http_open(&place.arena, &place.http, &err));
    if (place.server)
        place.store = open_store("s3://test-bucket/pre fix/", "test-secret-key");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_server_stop(place.server);
    if (place.folder.len)
        test_folder_remove(place.folder);
    arena_drop(&place.arena);
    return 0;
}

#define NEED_SERVER()      \
    do {                   \
        if (!place.server) \
            skip();        \
    } while (0)

static void test_keys(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    const char *names[] = {"a b+c.csv", "deep/er/x.csv", "k=v/dt=2026-01-01/p&q.csv",
                           "per%20cent%.csv", "tilde~(1)'!*$,;@.csv",
                           "\xec\xa3\xbc\xeb\xac\xb8.csv"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Str etag, got, again;
        bool exists;
        StoreEntry entry;
        Str content = str_print(&arena, "content of %s", names[i]), name = str_of(names[i]);
        MUST_WORK(store_put(place.store, name, content, NULL, &arena, &etag, &err));
        assert_true(str_eq(etag, md5_hex(&arena, content)));
        MUST_WORK(store_get(place.store, name, 1000, &arena, &got, &again, &exists, &err));
        assert_true(exists && str_eq(got, content) && str_eq(etag, again));
        MUST_WORK(store_stat(place.store, name, &arena, &entry, &exists, &err));
        assert_true(exists && entry.size_bytes == content.len && str_eq(entry.etag, etag));
        assert_true(entry.modified_at_us > INT64_C(1700000000000000));
    }
    StoreEntries entries;
    MUST_WORK(store_list(place.store, STR("**/*.csv"), &arena, &entries, &err));
    assert_int_equal(entries.len, COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(entries.at[i].name.at, names[i]); /* written in the order of names */
    MUST_WORK(store_list(place.store, STR("*.csv"), &arena, &entries, &err));
    assert_int_equal(entries.len, 4);
    MUST_WORK(store_list(place.store, STR("k=v/**"), &arena, &entries, &err));
    assert_int_equal(entries.len, 1);
    MUST_WORK(store_list(place.store, STR("none/*"), &arena, &entries, &err));
    assert_int_equal(entries.len, 0);
    Str got, etag;
    bool exists = true;
    MUST_WORK(store_remove(place.store, STR("a b+c.csv"), &err));
    MUST_WORK(store_remove(place.store, STR("a b+c.csv"), &err));
    MUST_WORK(store_get(place.store, STR("a b+c.csv"), 0, &arena, &got, &etag, &exists, &err));
    assert_false(exists);
    StoreEntry entry;
    exists = true;
    MUST_WORK(store_stat(place.store, STR("a b+c.csv"), &arena, &entry, &exists, &err));
    assert_false(exists);
    MUST_FAIL(store_put(place.store, STR("x/../y"), STR("1"), NULL, &arena, &etag, &err),
              ERR_RUNTIME, "..");
    assert_string_equal(store_uri(place.store).at, "s3://test-bucket/pre fix");
    assert_string_equal(store_path(place.store, &arena, STR("x")).at, "s3://test-bucket/pre fix/x");
}

/* More than a page: laid down as files, behind the server's back. */
static void test_many(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    for (int i = 0; i < 2345; i++)
        MUST_WORK(file_write(str_print(&arena, STR_FMT "/data/test-bucket/many/%04d.csv",
                                       STR_ARG(place.folder), i),
                             STR("x"), false, &err));
    StoreEntries entries;
    Store *root = open_store("s3://test-bucket", "test-secret-key");
    MUST_WORK(store_list(root, STR("many/*.csv"), &arena, &entries, &err));
    assert_int_equal(entries.len, 2345);
    for (int i = 0; i < 2345; i++)
        assert_string_equal(entries.at[i].name.at, str_print(&arena, "many/%04d.csv", i).at);
    MUST_WORK(store_list(root, STR("many/12[0-3]*.csv"), &arena, &entries, &err));
    assert_int_equal(entries.len, 40);
}

/* Uploads in parts that the server still holds. */
static unsigned uploads(void)
{
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    S3Ask ask = {.method = "GET", .query = {"uploads"}};
    Response response;
    MUST_WORK(s3_do((S3 *)place.store, &ask, &arena, &response, &err));
    assert_int_equal(response.status, 200);
    unsigned count = 0;
    Str rest = response.body, inner;
    while (s3_xml_next(&rest, "Upload", &inner))
        count++;
    return count;
}

static bool write_pieces(Str name, Str bytes, const WriteOptions *how, Writer **out, Err *err)
{
    TRY(store_write(place.store, name, how, out, err));
    for (size_t at = 0; at < bytes.len; at += 300007)
        if (!writer_add(*out, str_slice(bytes, at, at + 300007), err)) {
            writer_drop(*out);
            return false;
        }
    return true;
}

static void test_parts(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Str bytes = test_bytes(&arena, 20 * 1000 * 1000 + 17, 5);
    Writer *writer;
    Str etag;
    bool exists;
    StoreEntry entry;
    MUST_WORK(write_pieces(STR("big.bin"), bytes, NULL, &writer, &err));
    assert_int_equal(uploads(), 1);
    MUST_WORK(store_stat(place.store, STR("big.bin"), &arena, &entry, &exists, &err));
    assert_false(exists);
    MUST_WORK(writer_commit(writer, &arena, &etag, &err));
    assert_int_equal(uploads(), 0);
    assert_true(str_ends(etag, STR("-3")));
    MUST_WORK(store_stat(place.store, STR("big.bin"), &arena, &entry, &exists, &err));
    assert_true(exists && entry.size_bytes == bytes.len && str_eq(entry.etag, etag));
    const uint64_t offsets[] = {0, 1, 2097152, 7000000, bytes.len - 1, bytes.len};
    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        Reader *reader;
        AUTO(text) Text got = {0};
        MUST_WORK(store_read(place.store, STR("big.bin"), offsets[i], &reader, &err));
        MUST_WORK(test_read_all(reader, &got, &err));
        assert_true(str_eq(text_str(&got), str_slice(bytes, offsets[i], bytes.len)));
    }
    MUST_FAIL(store_get(place.store, STR("big.bin"), 1000, &arena, &etag, NULL, &exists, &err),
              ERR_TOO_BIG, "");
    Reader *reader; /* closed in the middle, with ranges in flight */
    Str piece;
    MUST_WORK(store_read(place.store, STR("big.bin"), 0, &reader, &err));
    MUST_WORK(reader_next(reader, &piece, &err));
    reader_close(reader);
    MUST_WORK(store_read(place.store, STR("big.bin"), 0, &reader, &err));
    reader_close(reader);
}

static void test_abort(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Str bytes = test_bytes(&arena, 18 * 1000 * 1000, 6);
    Writer *writer;
    bool exists;
    StoreEntry entry;
    MUST_WORK(write_pieces(STR("dropped.bin"), bytes, NULL, &writer, &err));
    assert_int_equal(uploads(), 1);
    writer_drop(writer);
    assert_int_equal(uploads(), 0);
    MUST_WORK(store_stat(place.store, STR("dropped.bin"), &arena, &entry, &exists, &err));
    assert_false(exists);
    /* a condition that is not met aborts as well */
    Str etag;
    WriteOptions absent = {.if_absent = true};
    MUST_WORK(store_put(place.store, STR("there"), STR("1"), &absent, &arena, &etag, &err));
    MUST_WORK(write_pieces(STR("there"), bytes, &absent, &writer, &err));
    MUST_FAIL(writer_commit(writer, &arena, &etag, &err), ERR_CONFLICT, "there already");
    assert_int_equal(uploads(), 0);
}

static void test_conditions(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Str first, second, content;
    bool exists;
    WriteOptions absent = {.if_absent = true};
    MUST_WORK(store_put(place.store, STR("state"), STR("1"), &absent, &arena, &first, &err));
    MUST_FAIL(store_put(place.store, STR("state"), STR("2"), &absent, &arena, &second, &err),
              ERR_CONFLICT, "there already");
    WriteOptions same = {.if_etag = first};
    MUST_WORK(store_put(place.store, STR("state"), STR("3"), &same, &arena, &second, &err));
    MUST_FAIL(store_put(place.store, STR("state"), STR("4"), &same, &arena, &second, &err),
              ERR_CONFLICT, "another writer");
    MUST_FAIL(store_put(place.store, STR("gone"), STR("4"), &same, &arena, &second, &err),
              ERR_CONFLICT, "another writer");
    MUST_WORK(store_get(place.store, STR("state"), 0, &arena, &content, NULL, &exists, &err));
    assert_string_equal(content.at, "3");
}

/* The object is replaced while it is read: told, not mixed. */
static void test_changed(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0};
    Str bytes = test_bytes(&arena, 20 * 1000 * 1000, 8);
    Writer *writer;
    Reader *reader;
    Str piece;
    MUST_WORK(write_pieces(STR("moving"), bytes, NULL, &writer, &err));
    MUST_WORK(writer_commit(writer, &arena, NULL, &err));
    MUST_WORK(store_read(place.store, STR("moving"), 0, &reader, &err));
    MUST_WORK(reader_next(reader, &piece, &err));
    ((char *)(uintptr_t)bytes.at)[12 * 1000 * 1000] ^= 1;
    MUST_WORK(write_pieces(STR("moving"), bytes, NULL, &writer, &err));
    MUST_WORK(writer_commit(writer, &arena, NULL, &err));
    MUST_FAIL(test_read_all(reader, &got, &err), ERR_CONFLICT, "changed while it was read");
}

static void test_errors(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    StoreEntries entries;
    Str etag, piece, content;
    bool exists;
    Reader *reader;
    Store *none = open_store("s3://no-such-bucket/x", "test-secret-key");
    MUST_FAIL(store_list(none, STR("*"), &arena, &entries, &err), ERR_RUNTIME,
              "s3://no-such-bucket/x: NoSuchBucket: ");
    MUST_FAIL(store_put(none, STR("a"), STR("1"), NULL, &arena, &etag, &err), ERR_RUNTIME,
              "NoSuchBucket");
    MUST_FAIL(store_get(none, STR("a"), 0, &arena, &content, NULL, &exists, &err), ERR_RUNTIME,
              "NoSuchBucket");
    Store *wrong = open_store("s3://test-bucket", "not-the-secret");
    MUST_FAIL(store_list(wrong, STR("*"), &arena, &entries, &err), ERR_RUNTIME,
              "SignatureDoesNotMatch");
    MUST_FAIL(store_put(wrong, STR("a"), STR("1"), NULL, &arena, &etag, &err), ERR_RUNTIME,
              "SignatureDoesNotMatch");
    assert_null(err.text);
    MUST_WORK(store_read(place.store, STR("absent"), 0, &reader, &err));
    MUST_FAIL(reader_next(reader, &piece, &err), ERR_RUNTIME, "absent: NoSuchKey");
    reader_close(reader);
    Store *store;
    MUST_FAIL(store_open(&arena, STR("s3://"), NONE, place.http, &store, &err), ERR_RUNTIME,
              "names no bucket");
    Value misspelt = options("x");
    dict_put(misspelt.dict, STR("endpiont"), value_int(1));
    MUST_FAIL(store_open(&arena, STR("s3://b"), misspelt, place.http, &store, &err), ERR_RUNTIME,
              "Did you mean \"endpoint\"");
}

/* What a 301 or 400 about another region says is told with the way out. */
static void test_region(void **state)
{
    (void)state;
    NEED_SERVER();
    AUTO(err) Err err = {0};
    Header header = {STR("x-amz-bucket-region"), STR("eu-west-1")};
    Response redirect = {
        .status = 301,
        .headers = &header,
        .header_count = 1,
        .body = STR("<Error><Code>PermanentRedirect</Code><Message>Elsewhere.</Message></Error>"),
    };
    MUST_FAIL(s3_fail(place.store, &redirect, STR("k"), &err), ERR_RUNTIME,
              "PermanentRedirect: Elsewhere. (the bucket lies in region eu-west-1: set `region: "
              "eu-west-1`)");
    Response malformed = {
        .status = 400,
        .body = STR("<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message>"
                    "<Region>ap-northeast-2</Region></Error>"),
    };
    MUST_FAIL(s3_fail(place.store, &malformed, STR("k"), &err), ERR_RUNTIME, "ap-northeast-2");
    Response slow = {.status = 503, .body = STR("<Error><Code>SlowDown</Code></Error>")};
    MUST_FAIL(s3_fail(place.store, &slow, STR("k"), &err), ERR_UNAVAILABLE, "SlowDown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),       cmocka_unit_test(test_many),
        cmocka_unit_test(test_parts),      cmocka_unit_test(test_abort),
        cmocka_unit_test(test_conditions), cmocka_unit_test(test_changed),
        cmocka_unit_test(test_errors),     cmocka_unit_test(test_region),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
