/* Opening: the library, one instance a file, locks, the profile's keys, a kill in mid-statement.
 * Other processes are this program again: open_test MODE PATH. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/process.h"
#include "engine/engine_help_test.h"

#define ROWS 200000

static const Engine *duckdb(void)
{
    return engine_find(STR("duckdb"), NULL);
}

/* ---- the other process ---- */

/* hold: opens and waits until stdin ends. write: replaces a table again and again. version:
 * prints the library's version or why there is none. */
static int be_other(const char *mode, const char *path)
{
    Arena arena = {0};
    Err err = {0};
    Str version;
    Warehouse *warehouse;
    Session *session;
    if (strcmp(mode, "version") == 0) {
        bool ok = engine_library_version(duckdb(), &arena, &version, &err);
        puts(ok ? version.at : err.text);
        err_drop(&err);
        arena_drop(&arena);
        return 0;
    }
    Value config = value_dict(&arena);
    dict_put(config.dict, STR("path"), value_text(str_of(path)));
    if (!warehouse_open(duckdb(), &arena, config, &warehouse, &err) ||
        !session_open(warehouse, &arena, &session, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    char byte = 'r';
    if (write(STDOUT_FILENO, &byte, 1) != 1)
        return 1;
    if (strcmp(mode, "hold") == 0) {
        while (read(STDIN_FILENO, &byte, 1) > 0)
            continue;
        arena_drop(&arena);
        return 0;
    }
    for (unsigned round = 1;; round++) {
        Str sql = str_print(&arena,
                            "create or replace table t as select range as a, %u as round, "
                            "md5(range::text) as words from range(%d)",
                            round, ROWS);
        if (!session_query(session, &arena, sql, 0, NULL, &err))
            return 1;
    }
}

typedef struct Other {
    pid_t pid;
    int in, out;
} Other;

/* Starts it and waits until it has the database open. */
static Other other_start(Help *help, const char *mode, Str path)
{
    int in[2], out[2];
    Other other;
    posix_spawn_file_actions_t actions;
    char *argv[] = {(char[]){"open_test"}, (char *)(uintptr_t)mode,
                    (char *)(uintptr_t)str_c(&help->arena, path), NULL};
    assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&other.pid, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    char byte;
    assert_int_equal(read(out[0], &byte, 1), 1);
    other.in = in[1];
    other.out = out[0];
    return other;
}

static void other_end(Other *other, bool is_killed)
{
    if (is_killed)
        kill(other->pid, SIGKILL);
    close(other->in);
    close(other->out);
    waitpid(other->pid, NULL, 0);
}

/* What `version` says with another WEIR_DUCKDB_LIB. */
static Str version_with(Help *help, const char *library)
{
    Str program = path_program(&help->arena);
    const char *argv[] = {"/usr/bin/env",
                          str_print(&help->arena, "WEIR_DUCKDB_LIB=%s", library).at,
                          program.at,
                          "version",
                          "-",
                          NULL};
    ProcessResult result = {0};
    if (!process_run(argv, STR_NONE, STR_NONE, 60000, &result, &help->err))
        fail_msg("%s", help->err.text);
    Str out = text_copy(&help->arena, &result.out);
    process_result_drop(&result);
    return out;
}

/* ---- tests ---- */

static void test_find_engine(void **state)
{
    (void)state;
    Str nearest;
    assert_non_null(duckdb());
    assert_string_equal(engine_name(duckdb()).at, "duckdb");
    assert_string_equal(engine_adapter_version(duckdb()).at, "1.11.1");
    assert_null(engine_find(STR("duckbd"), &nearest));
    assert_string_equal(nearest.at, "duckdb");
    assert_null(engine_find(STR("snowflake"), &nearest));
    assert_null(nearest.at);
}

static void test_library(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    Str version;
    assert_true(engine_library_version(duckdb(), &help.arena, &version, &help.err));
    assert_true(str_starts(version, STR("v1.5.")));
    Str missing = version_with(&help, "/nowhere/libduckdb.so");
    assert_true(str_find(missing, STR("/nowhere/libduckdb.so")) >= 0);
    assert_true(str_find(missing, STR("WEIR_DUCKDB_LIB")) >= 0);
    assert_true(str_find(version_with(&help, ""), STR("/lib/weir/libduckdb.so")) >= 0 ||
                str_find(version_with(&help, ""), STR("v1.5.")) >= 0);
    Str text = path_join(&help.arena, help.folder, STR("text.so"));
    assert_true(file_write(text, STR("no library"), false, &help.err));
    assert_true(str_find(version_with(&help, text.at), STR("cannot be loaded")) >= 0);
    help_close(&help);
}

/* One file, by whatever name, is one database. */
static void test_one_instance(void **state)
{
    (void)state;
    static const char *const names[] = {"a.duckdb", "link.duckdb", "hard.duckdb", "sub/../a.duckdb",
                                        "folder/a.duckdb"};
    Help help;
    help_open(&help, "a.duckdb");
    assert_string_equal(warehouse_database(help.warehouse).at, "a");
    Str folder = help.folder, *made = NEW_N(&help.arena, Str, 4);
    made[0] = path_join(&help.arena, folder, STR("a.duckdb"));
    made[1] = path_join(&help.arena, folder, STR("link.duckdb"));
    made[2] = path_join(&help.arena, folder, STR("hard.duckdb"));
    made[3] = path_join(&help.arena, folder, STR("folder"));
    assert_int_equal(symlink(made[0].at, made[1].at) | link(made[0].at, made[2].at) |
                         symlink(folder.at, made[3].at),
                     0);
    help_run(&help, help.session, "create table t as select 0 as a");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Arena arena = {0};
        Warehouse *warehouse;
        Session *session;
        if (!warehouse_open(duckdb(), &arena, help_config(&help, names[i]), &warehouse, &help.err))
            fail_msg("%s: %s", names[i], help.err.text);
        assert_true(session_open(warehouse, &arena, &session, &help.err));
        help_run(&help, session, "update t set a = a + 1");
        arena_drop(&arena); /* the first one stays open */
    }
    assert_string_equal(help_rows(&help, help.session, "from t"), "5");
    help_close(&help);
}

/* Closed and opened again in the process: what was written is there; memory is never shared. */
static void test_reopen(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    for (int i = 0; i < 3; i++) {
        Arena arena = {0};
        Warehouse *file, *memory;
        Session *session;
        assert_true(
            warehouse_open(duckdb(), &arena, help_config(&help, "again.duckdb"), &file, &help.err));
        assert_true(session_open(file, &arena, &session, &help.err));
        help_run(&help, session, "create table if not exists t (a int); insert into t values (1)");
        char expected[4];
        snprintf(expected, sizeof expected, "%d", i + 1);
        assert_string_equal(help_rows(&help, session, "select count(*) from t"), expected);
        assert_true(warehouse_open(duckdb(), &arena, help_config(&help, NULL), &memory, &help.err));
        assert_string_equal(warehouse_database(memory).at, "memory");
        assert_true(session_open(memory, &arena, &session, &help.err));
        help_run(&help, session, "create table t (a int)");
        arena_drop(&arena);
    }
    help_close(&help);
}

static void test_locked(void **state)
{
    (void)state;
    Help help;
    Warehouse *warehouse;
    help_open(&help, NULL);
    Str path = path_join(&help.arena, help.folder, STR("held.duckdb"));
    Other other = other_start(&help, "hold", path);
    assert_false(warehouse_open(duckdb(), &help.arena, help_config(&help, "held.duckdb"),
                                &warehouse, &help.err));
    assert_int_equal(help.err.kind, ERR_DATABASE);
    char pid[32];
    snprintf(pid, sizeof pid, "PID %d", (int)other.pid);
    assert_non_null(strstr(help.err.text, pid));
    assert_non_null(strstr(help.err.text, "Close that process"));
    other_end(&other, false);
    err_drop(&help.err);
    assert_true(warehouse_open(duckdb(), &help.arena, help_config(&help, "held.duckdb"), &warehouse,
                               &help.err));
    help_close(&help);
}

/* Killed at some moment of a create-table-as: the table is one of the rounds, whole. */
static void test_kill(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    Str path = path_join(&help.arena, help.folder, STR("killed.duckdb"));
    for (int i = 0; i < 8; i++) {
        Other other = other_start(&help, "write", path);
        struct timespec pause = {.tv_nsec = (250 + i * 87) * 1000000L};
        nanosleep(&pause, NULL);
        other_end(&other, true);
        Arena arena = {0};
        Warehouse *warehouse;
        Session *session;
        if (!warehouse_open(duckdb(), &arena, help_config(&help, "killed.duckdb"), &warehouse,
                            &help.err))
            fail_msg("%s", help.err.text);
        assert_true(session_open(warehouse, &arena, &session, &help.err));
        help_run(&help, session,
                 "create table if not exists t as select range as a, 0 as round, "
                 "md5(range::text) as words from range(200000)");
        assert_string_equal(help_rows(&help, session,
                                      "select count(*), count(distinct round), sum(a), "
                                      "count(*) filter (words = md5(a::text)) from t"),
                            "200000|1|19999900000|200000");
        arena_drop(&arena);
    }
    help_close(&help);
}

/* Builds a config from YAML-like pairs: key, value; a value may be a dict or list made by us. */
static Value config_with(Help *help, const char *path, const char *key, Value value)
{
    Value config = help_config(help, path);
    dict_put(config.dict, str_of(key), value);
    return config;
}

/* A dict of texts: "k=v;k=v"; "true" is a bool. */
static Value dict_of(Help *help, const char *text)
{
    Value out = value_dict(&help->arena);
    Str rest = str_of(text), pair, key;
    while (str_next_part(&rest, ';', &pair)) {
        str_next_part(&pair, '=', &key);
        dict_put(out.dict, key, str_is(pair, "true") ? value_bool(true) : value_text(pair));
    }
    return out;
}

static Value list_of(Help *help, Value item)
{
    Value out = value_list(&help->arena);
    array_add(out.list, item);
    return out;
}

static void test_refused(void **state)
{
    (void)state;
    Help help;
    help_open(&help, "a.duckdb");
    Str text = path_join(&help.arena, help.folder, STR("text.duckdb"));
    assert_true(file_write(text, STR("this is no database, but it is a file of some length"), false,
                           &help.err));
    assert_int_equal(mkdir(path_join(&help.arena, help.folder, STR("folder")).at, 0755), 0);
    const struct {
        Value config;
        ErrKind kind;
        const char *expected;
    } cases[] = {
        {help_config(&help, "text.duckdb"), ERR_DATABASE, "not a valid DuckDB database file"},
        {help_config(&help, "folder"), ERR_DATABASE, "is a folder"},
        {help_config(&help, "no/such/x.duckdb"), ERR_RUNTIME, "does not exist"},
        {help_config(&help, "../../../../../../proc/x.duckdb"), ERR_DATABASE, "/proc/x.duckdb"},
        {help_config(&help, ".duckdb/."), ERR_RUNTIME, "Unable to determine target database name"},
        {config_with(&help, "x.duckdb", "database", value_lit("other")), ERR_RUNTIME,
         "must be set to 'x' to match the 'path'"},
        {config_with(&help, NULL, "plugins", list_of(&help, dict_of(&help, "module=excel"))),
         ERR_RUNTIME, "`plugins`"},
        {config_with(&help, NULL, "filesystems", list_of(&help, dict_of(&help, "fs=s3"))),
         ERR_RUNTIME, "`filesystems`"},
        {config_with(&help, NULL, "config_options", dict_of(&help, "no_such=1")), ERR_DATABASE,
         "no_such"},
        {config_with(&help, NULL, "attach",
                     list_of(&help, dict_of(&help, "path=/no/such/x.duckdb"))),
         ERR_DATABASE, "attaching /no/such/x.duckdb"},
        {config_with(&help, NULL, "attach", list_of(&help, dict_of(&help, "alias=x"))), ERR_RUNTIME,
         "no `path`"},
        {config_with(&help, NULL, "secrets", list_of(&help, dict_of(&help, "name=x"))), ERR_RUNTIME,
         "`type`"},
        {config_with(&help, NULL, "extensions", list_of(&help, value_lit("a; drop"))), ERR_RUNTIME,
         "expected a name"},
        {config_with(&help, NULL, "extensions",
                     list_of(&help, dict_of(&help, "name=nonesuch;repo=/no/such"))),
         ERR_DATABASE, "extension nonesuch"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Warehouse *warehouse = NULL;
        if (warehouse_open(duckdb(), &help.arena, cases[i].config, &warehouse, &help.err))
            fail_msg("case %zu should fail: %s", i, cases[i].expected);
        if (help.err.kind != cases[i].kind || !strstr(help.err.text, cases[i].expected))
            fail_msg("case %zu, expected %d %s: %d %s", i, (int)cases[i].kind, cases[i].expected,
                     (int)help.err.kind, help.err.text);
        assert_null(warehouse);
        err_drop(&help.err);
    }
    /* a setting that does not exist shows when a session opens */
    Warehouse *warehouse;
    Session *session;
    Value config = config_with(&help, NULL, "settings", dict_of(&help, "no_such=1"));
    assert_true(warehouse_open(duckdb(), &help.arena, config, &warehouse, &help.err));
    assert_false(session_open(warehouse, &help.arena, &session, &help.err));
    assert_non_null(strstr(help.err.text, "the profile's setting no_such"));
    help_close(&help);
}

static void test_profile(void **state)
{
    (void)state;
    Help help;
    help_open(&help, "main.duckdb");
    Str other = path_join(&help.arena, help.folder, STR("it's.duckdb"));
    Value config = help_config(&help, NULL), attach = dict_of(&help, "alias=o o;read_only=true");
    dict_put(config.dict, STR("path"),
             value_text(path_join(&help.arena, help.folder, STR("my.shop.duckdb"))));
    help_run(&help, help.session,
             str_print(&help.arena,
                       "attach '%s' as x; create table x.t as select 7 as a; "
                       "detach x",
                       str_replace(&help.arena, other, STR("'"), STR("''")).at)
                 .at);
    dict_put(attach.dict, STR("path"), value_text(other));
    dict_put(config.dict, STR("attach"), list_of(&help, attach));
    dict_put(config.dict, STR("settings"),
             dict_of(&help, "preserve_insertion_order=false;timezone=Asia/Tokyo;"
                            "temp_directory=/tmp/weir-elsewhere"));
    dict_put(config.dict, STR("config_options"), dict_of(&help, "memory_limit=1GB;threads=3"));
    dict_put(config.dict, STR("extensions"), list_of(&help, value_lit("json")));
    dict_put(config.dict, STR("database"), value_lit("o o"));
    dict_put(config.dict, STR("disable_transactions"), value_bool(true));
    Warehouse *warehouse;
    Session *session;
    if (!warehouse_open(duckdb(), &help.arena, config, &warehouse, &help.err))
        fail_msg("%s", help.err.text);
    assert_string_equal(warehouse_database(warehouse).at, "my");
    assert_true(session_open(warehouse, &help.arena, &session, &help.err));
    assert_string_equal(help_rows(&help, session,
                                  "select current_database(), a from \"o o\".main.t"),
                        "my|7");
    help_fails(&help, session, "create table \"o o\".main.u (a int)", ERR_DATABASE, "read-only");
    assert_string_equal(
        help_rows(&help, session,
                  "select current_setting('threads'), current_setting('timezone'), "
                  "current_setting('preserve_insertion_order'), "
                  "current_setting('memory_limit'), current_setting('temp_directory')"),
        "3|Asia/Tokyo|False|953.6 MiB|/tmp/weir-elsewhere");
    assert_string_equal(
        help_rows(&help, help.session, "select current_setting('temp_directory')"),
        str_print(&help.arena, STR_FMT "/main.duckdb.tmp", STR_ARG(help.folder)).at);
    help_close(&help);
}

/* The extensions that came with the library load without a network. */
static void test_extensions(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    Str beside =
        path_join(&help.arena, path_folder(str_of(getenv("WEIR_DUCKDB_LIB"))), STR("extensions"));
    if (file_info(beside).kind == FILE_FOLDER) {
        Warehouse *warehouse;
        Session *session;
        Value config = config_with(&help, NULL, "extensions", list_of(&help, value_lit("httpfs")));
        Value secret = dict_of(&help, "type=s3;name=my_s3;key_id=it's;secret=x;region=eu");
        dict_put(secret.dict, STR("scope"), list_of(&help, value_lit("s3://a")));
        dict_put(config.dict, STR("secrets"), list_of(&help, secret));
        if (!warehouse_open(duckdb(), &help.arena, config, &warehouse, &help.err))
            fail_msg("%s", help.err.text);
        assert_true(session_open(warehouse, &help.arena, &session, &help.err));
        assert_string_equal(help_rows(&help, session,
                                      "select name, type, scope from duckdb_secrets()"),
                            "my_s3|s3|['s3://a']");
    }
    help_close(&help);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return be_other(argv[1], argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_engine),  cmocka_unit_test(test_library),
        cmocka_unit_test(test_one_instance), cmocka_unit_test(test_reopen),
        cmocka_unit_test(test_locked),       cmocka_unit_test(test_kill),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_profile),
        cmocka_unit_test(test_extensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
