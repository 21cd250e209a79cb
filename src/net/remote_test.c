/* SFTP against OpenSSH's server, FTP against a small one: tests/cases/net/{sftp,ftp}_server.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/process.h"
#include "net/net.h"
#include "net/net_test_help.h"

static TestServer sftp, ftp;
static char folder[] = "/tmp/weir-net-XXXXXX";

typedef struct Bench {
    Arena arena;
    Http *http;
    Err err;
    RemoteLogin login;
    Str root;                    /* URL of the folder of files */
    Str local;                   /* the same on disk           */
} Bench;

static void bench_open(Bench *bench, bool is_ssh)
{
    *bench = (Bench){0};
    Arena *arena = &bench->arena;
    assert_true(http_open(arena, &bench->http, &bench->err));
    bench->local = str_print(arena, "%s/files", folder);
    if (is_ssh) {
        bench->login = (RemoteLogin){
            .user = environment_get("USER").at ? environment_get("USER") : STR("root"),
            .key_file = str_print(arena, "%s/id", folder),
            .known_hosts = str_print(arena, "%s/known_hosts", folder),
        };
        bench->root = str_print(arena, "sftp://127.0.0.1:%d%s/files/", sftp.port, folder);
    } else {
        bench->login = (RemoteLogin){.user = STR("etl"), .password = STR("ftp-password")};
        bench->root = str_print(arena, "ftp://127.0.0.1:%d/files/", ftp.port);
    }
}

static void bench_close(Bench *bench)
{
    err_drop(&bench->err);
    arena_drop(&bench->arena);
}

static Str url(Bench *bench, const char *name)
{
    return str_print(&bench->arena, STR_FMT "%s", STR_ARG(bench->root), name);
}

static Str path(Bench *bench, const char *name)
{
    return str_print(&bench->arena, STR_FMT "/%s", STR_ARG(bench->local), name);
}

static void must(Bench *bench, bool is_fine)
{
    if (!is_fine)
        fail_msg("%s", bench->err.text);
}

static void refused(Bench *bench, bool is_fine, ErrKind kind, const char *part)
{
    assert_false(is_fine);
    if (bench->err.kind != kind || !strstr(bench->err.text, part))
        fail_msg("kind %d, '%s' is not in '%s'", bench->err.kind, part, bench->err.text);
}

typedef struct Sink {
    Text text;
    size_t most;                 /* bytes after which the reader ends it; 0: never */
    Http *stops;                 /* at the first piece                             */
} Sink;

static bool sink_add(void *context, Str piece)
{
    Sink *sink = context;
    text_add(&sink->text, piece);
    if (sink->stops)
        http_stop(sink->stops);
    return !sink->most || sink->text.len < sink->most;
}

typedef struct Source {
    Str left;
    bool fails;
} Source;

static size_t source_read(void *context, char *to, size_t room, bool *failed)
{
    Source *source = context;
    size_t count = room < source->left.len ? room : source->left.len;
    memcpy(to, source->left.at, count);
    source->left = str_slice(source->left, count, source->left.len);
    *failed = source->fails && !source->left.len;
    return count;
}

static Str pattern(Arena *arena, size_t len)
{
    char *out = arena_take(arena, len + 1, 1);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)('a' + (i * 7 + i / 1000) % 26);
    return (Str){out, len};
}

static const RemoteEntry *entry_find(const RemoteEntries *entries, const char *name)
{
    for (uint32_t i = 0; i < entries->len; i++)
        if (str_is(entries->at[i].name, name))
            return &entries->at[i];
    return NULL;
}

/* Writes, lists, reads whole and from an offset, replaces, removes: the same over both
 * protocols. */
static void round_trip(bool is_ssh)
{
    Bench bench;
    bench_open(&bench, is_ssh);
    Err *err = &bench.err;
    Str content = pattern(&bench.arena, 3000000);
    Source source = {.left = content};
    Str to = url(&bench, "deep/er/a%20name.csv");
    must(&bench, remote_write(bench.http, to, &bench.login, source_read, &source, err));
    Str on_disk;
    must(&bench, file_read(&bench.arena, path(&bench, "deep/er/a name.csv"), &on_disk, err));
    assert_true(str_eq(on_disk, content));
    source = (Source){.left = STR("second")};
    must(&bench, remote_write(bench.http, to, &bench.login, source_read, &source, err));
    must(&bench, file_read(&bench.arena, path(&bench, "deep/er/a name.csv"), &on_disk, err));
    assert_true(str_is(on_disk, "second"));
    must(&bench, file_write(path(&bench, "deep/big"), content, false, err));

    RemoteEntries entries;
    must(&bench, remote_list(bench.http, url(&bench, "deep"), &bench.login, &bench.arena, &entries,
                             err));
    assert_int_equal(entries.len, 2);
    const RemoteEntry *big = entry_find(&entries, "big");
    assert_int_equal(big->size_bytes, 3000000);
    assert_in_range(big->modified_at_us, clock_now_us() - 120000000, clock_now_us() + 1000000);
    assert_true(entry_find(&entries, "er")->is_folder && !big->is_folder);
    must(&bench, remote_list(bench.http, url(&bench, "deep/er/"), &bench.login, &bench.arena,
                             &entries, err));
    assert_int_equal(entries.len, 1);
    assert_true(str_is(entries.at[0].name, "a name.csv"));

    Sink sink = {0};
    must(&bench, remote_read(bench.http, url(&bench, "deep/big"), &bench.login, 0, sink_add, &sink,
                             err));
    assert_true(str_eq(text_str(&sink.text), content));
    text_clear(&sink.text);
    must(&bench, remote_read(bench.http, url(&bench, "deep/big"), &bench.login, 2999990, sink_add,
                             &sink, err));
    assert_true(str_eq(text_str(&sink.text), str_slice(content, 2999990, 3000000)));
    text_clear(&sink.text);
    sink.most = 1000;
    refused(&bench, remote_read(bench.http, url(&bench, "deep/big"), &bench.login, 0, sink_add,
                                &sink, err), ERR_CANCELLED, "cancelled");
    text_drop(&sink.text);
    must(&bench, remote_remove(bench.http, to, &bench.login, err));
    assert_false(file_exists(path(&bench, "deep/er/a name.csv")));
    must(&bench, folder_remove(path(&bench, "deep"), err));
    bench_close(&bench);
}

static void failures(bool is_ssh)
{
    Bench bench;
    bench_open(&bench, is_ssh);
    Err *err = &bench.err;
    Sink sink = {0};
    refused(&bench, remote_read(bench.http, url(&bench, "none"), &bench.login, 0, sink_add, &sink,
                                err), ERR_IO, "no such file");
    refused(&bench, remote_remove(bench.http, url(&bench, "none"), &bench.login, err), ERR_RUNTIME,
            "none");
    RemoteEntries entries;
    assert_false(remote_list(bench.http, url(&bench, "nowhere/"), &bench.login, &bench.arena,
                             &entries, err));
    assert_int_equal(err->kind, is_ssh ? ERR_IO : ERR_RUNTIME);
    refused(&bench, remote_remove(bench.http, bench.root, &bench.login, err), ERR_RUNTIME,
            "names no file");
    Source source = {.left = pattern(&bench.arena, 100000), .fails = true};
    refused(&bench, remote_write(bench.http, url(&bench, "half"), &bench.login, source_read,
                                 &source, err), ERR_CANCELLED, "could not be read");
    assert_false(file_exists(path(&bench, "half")));
    assert_false(file_exists(path(&bench, "half.weir-tmp")));
    RemoteLogin wrong = bench.login;
    wrong.user = STR("nobody-at-all");
    wrong.password = STR("wrong-password");
    refused(&bench, remote_read(bench.http, url(&bench, "none"), &wrong, 0, sink_add, &sink, err),
            ERR_RUNTIME, "login refused");
    assert_null(strstr(err->text, "wrong-password"));
    refused(&bench, remote_list(bench.http, STR("http://x/"), &bench.login, &bench.arena, &entries,
                                err), ERR_RUNTIME, "begins with sftp://");
    Str nobody = str_print(&bench.arena, "%s://127.0.0.1:1/x/", is_ssh ? "sftp" : "ftp");
    int64_t before_us = clock_steady_us();
    refused(&bench, remote_list(bench.http, nobody, &bench.login, &bench.arena, &entries, err),
            ERR_UNAVAILABLE, "cannot reach");
    assert_true(clock_steady_us() - before_us > 1000000); /* it was tried again */
    sink.stops = bench.http;
    must(&bench, file_write(path(&bench, "large"), pattern(&bench.arena, 20000000), false, err));
    refused(&bench, remote_read(bench.http, url(&bench, "large"), &bench.login, 0, sink_add, &sink,
                                err), ERR_CANCELLED, "cancelled");
    assert_true(sink.text.len < 20000000);
    text_drop(&sink.text);
    must(&bench, file_remove(path(&bench, "large"), err));
    bench_close(&bench);
}

static bool lacks_sshd(void)
{
    if (!sftp.port)
        print_message("skipped: sshd or ssh-keygen is not installed\n");
    return !sftp.port;
}

static void test_sftp(void **state)
{
    (void)state;
    if (lacks_sshd())
        skip();
    round_trip(true);
    failures(true);
}

static void test_ftp(void **state)
{
    (void)state;
    round_trip(false);
    failures(false);
}

static void test_host_keys(void **state)
{
    (void)state;
    if (lacks_sshd())
        skip();
    Bench bench;
    bench_open(&bench, true);
    RemoteEntries entries;
    RemoteLogin login = bench.login;
    static const char *const files[] = {"no_hosts", "missing_file"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        login.known_hosts = str_print(&bench.arena, "%s/%s", folder, files[i]);
        refused(&bench, remote_list(bench.http, bench.root, &login, &bench.arena, &entries,
                                    &bench.err), ERR_RUNTIME, "ssh-keyscan -p ");
        assert_non_null(strstr(bench.err.text, "host_key_check: false"));
    }
    login.known_hosts = str_print(&bench.arena, "%s/other_hosts", folder);
    refused(&bench, remote_list(bench.http, bench.root, &login, &bench.arena, &entries, &bench.err),
            ERR_RUNTIME, "not the one it had");
    login.trusts_anyone = true;
    must(&bench, remote_list(bench.http, bench.root, &login, &bench.arena, &entries, &bench.err));
    login = bench.login;
    login.key_file = str_print(&bench.arena, "%s/id_protected", folder);
    login.key_pass = STR("phrase");
    must(&bench, remote_list(bench.http, bench.root, &login, &bench.arena, &entries, &bench.err));
    bench_close(&bench);
}

/* A connection that breaks in the middle goes on where it broke. */
static void test_ftp_cut(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench, false);
    Str content = pattern(&bench.arena, 400000);
    must(&bench, file_write(path(&bench, "cut-once"), content, false, &bench.err));
    Sink sink = {0};
    must(&bench, remote_read(bench.http, url(&bench, "cut-once"), &bench.login, 0, sink_add, &sink,
                             &bench.err));
    assert_true(str_eq(text_str(&sink.text), content));
    assert_int_equal(http_stats(bench.http).retries, 1);
    text_drop(&sink.text);
    bench_close(&bench);
}

/* Several threads, each with handles of its own. */
static void write_one(void *context, unsigned worker, uint32_t i)
{
    (void)worker;
    Bench *bench = context;
    Arena arena = {0};
    Err err = {0};
    Str content = pattern(&arena, 1000 + i);
    Source source = {.left = content};
    Str to = str_print(&arena, STR_FMT "many/%u", STR_ARG(bench->root), i);
    bool is_fine = remote_write(bench->http, to, &bench->login, source_read, &source, &err);
    assert(is_fine);
    Sink sink = {0};
    is_fine = remote_read(bench->http, to, &bench->login, 0, sink_add, &sink, &err);
    assert(is_fine && str_eq(text_str(&sink.text), content));
    text_drop(&sink.text);
    arena_drop(&arena);
}

static void test_threads(void **state)
{
    (void)state;
    if (lacks_sshd())
        skip();
    Bench bench;
    bench_open(&bench, true);
    parallel_for(4, 40, 1, write_one, &bench);
    RemoteEntries entries;
    must(&bench, remote_list(bench.http, url(&bench, "many"), &bench.login, &bench.arena, &entries,
                             &bench.err));
    assert_int_equal(entries.len, 40);
    bench_close(&bench);
}

static int start_servers(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    const char *const ssh_argv[] = {"python3", "tests/cases/net/sftp_server.py", folder, NULL};
    const char *const ftp_argv[] = {"python3", "tests/cases/net/ftp_server.py", folder, NULL};
    test_server_start(&sftp, ssh_argv);
    test_server_start(&ftp, ftp_argv);
    AUTO(err) Err err = {0};
    Arena arena = {0};
    bool is_fine = folder_make(str_print(&arena, "%s/files", folder), &err);
    arena_drop(&arena);
    return is_fine && ftp.port ? 0 : -1;
}

static int stop_servers(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    test_server_stop(&sftp);
    test_server_stop(&ftp);
    return folder_remove(str_of(folder), &err) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ftp),
        cmocka_unit_test(test_ftp_cut),
        cmocka_unit_test(test_sftp),
        cmocka_unit_test(test_host_keys),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
