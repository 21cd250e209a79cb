/* The state file: every call, many writers, leases, and files that are not what they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "state/state_base.h"

typedef struct Help {
    Arena arena;
    Err err;
    Str folder, path;
    StateDb *db;
} Help;

static void help_folder(Help *help)
{
    *help = (Help){0};
    const char *top = getenv("TMPDIR");
    char folder[512];
    snprintf(folder, sizeof folder, "%s/weir-state-XXXXXX", top && *top ? top : "/tmp");
    assert_non_null(mkdtemp(folder));
    help->folder = str_copy(&help->arena, str_of(folder));
    help->path = path_join(&help->arena, help->folder, STR(".weir/state.db"));
}

static void help_reopen(Help *help)
{
    if (!statedb_open(&help->arena, help->path, &help->db, &help->err))
        fail_msg("%s", help->err.text);
}

static void help_open(Help *help)
{
    help_folder(help);
    help_reopen(help);
}

static void help_close(Help *help)
{
    AUTO(text) Text folder = {0};
    text_add(&folder, help->folder);
    arena_drop(&help->arena);
    err_drop(&help->err);
    assert_true(folder_remove(text_str(&folder), &help->err));
}

/* A value as one line of JSON. */
static const char *json(Help *help, Value v)
{
    Text out = {0};
    json_print(v, (JsonStyle){.is_compact = true, .keeps_unicode = true}, &out);
    return text_give(&help->arena, &out).at;
}

static Value parse(Help *help, const char *text)
{
    Value v;
    assert_true(json_parse(&help->arena, str_of(text), STR("test"), &v, &help->err));
    return v;
}

static void expect(Help *help, bool ok, Value got, const char *wanted)
{
    if (!ok)
        fail_msg("%s", help->err.text);
    assert_string_equal(json(help, got), wanted);
}

static void expect_error(Help *help, bool ok, ErrKind kind, const char *part)
{
    assert_false(ok);
    if (help->err.kind != kind || !strstr(help->err.text, part))
        fail_msg("kind %d, \"%s\": expected %d with \"%s\"", (int)help->err.kind, help->err.text,
                 (int)kind, part);
    err_drop(&help->err);
}

static void test_runs(void **state)
{
    (void)state;
    Help help;
    Value got;
    help_open(&help);
    Err *err = &help.err;
    assert_true(statedb_run_begin(help.db, STR("r1"), STR("build"), 1000, err));
    assert_true(statedb_record(help.db, STR("r1"),
                               parse(&help, "{\"resource\":\"a\",\"rows\":5,\"cursor\":"
                                            "{\"value\":\"2026-01-01\"},\"message\":\"it's\"}"),
                               err));
    assert_true(statedb_record(help.db, STR("r1"), parse(&help, "{\"resource\":\"b\"}"), err));
    assert_true(statedb_record(help.db, STR("r2"),
                               parse(&help, "{\"resource\":\"a\",\"rows\":null,\"x\":1.5}"), err));
    assert_true(statedb_run_end(help.db, STR("r1"), STR("success"), 2000, err));
    bool ok = statedb_history(help.db, STR("a"), 10, &help.arena, &got, err);
    expect(&help, ok, got,
           "[{\"resource\":\"a\",\"rows\":null,\"x\":1.5,\"run_id\":\"r2\"},"
           "{\"resource\":\"a\",\"rows\":5,\"cursor\":{\"value\":\"2026-01-01\"},"
           "\"message\":\"it's\",\"run_id\":\"r1\"}]");
    ok = statedb_history(help.db, STR(""), 2, &help.arena, &got, err);
    expect(&help, ok, got,
           "[{\"resource\":\"a\",\"rows\":null,\"x\":1.5,\"run_id\":\"r2\"},"
           "{\"resource\":\"b\",\"run_id\":\"r1\"}]");
    ok = statedb_history(help.db, STR("c"), 2, &help.arena, &got, err);
    expect(&help, ok, got, "[]");
    help_close(&help);
}

static void test_landing_and_gaps(void **state)
{
    (void)state;
    Help help;
    Value got;
    help_open(&help);
    Err *err = &help.err;
    assert_true(statedb_landing(help.db, STR("a"), STR("l1"), STR("raw/1"), err));
    assert_true(statedb_landing(help.db, STR("a"), STR("l1"), STR("raw/2"), err));
    assert_true(statedb_landing(help.db, STR("a"), STR("l1"), STR("raw/2"), err));
    assert_true(statedb_landing(help.db, STR("a"), STR("l2"), STR("raw/3"), err));
    assert_true(statedb_landing(help.db, STR("b"), STR("l3"), STR("raw/4"), err));
    assert_true(statedb_landed(help.db, STR("a"), STR("l1"), err));
    bool ok = statedb_stray(help.db, STR("a"), &help.arena, &got, err);
    expect(&help, ok, got, "[{\"load_id\":\"l2\",\"uri\":\"raw/3\"}]");
    assert_true(statedb_unlanded(help.db, STR("a"), STR("l2"), err));
    ok = statedb_stray(help.db, STR("a"), &help.arena, &got, err);
    expect(&help, ok, got, "[]");
    ok = statedb_stray(help.db, STR("b"), &help.arena, &got, err);
    expect(&help, ok, got, "[{\"load_id\":\"l3\",\"uri\":\"raw/4\"}]");

    assert_true(statedb_gap_add(help.db, STR("a"), STR("1"), STR("2"), STR("down"), 7, err));
    assert_true(statedb_gap_add(help.db, STR("a"), STR("1"), STR("2"), STR("refused"), 8, err));
    assert_true(statedb_gap_add(help.db, STR("a"), STR("2"), STR(""), STR("down"), 9, err));
    ok = statedb_gaps(help.db, STR("a"), &help.arena, &got, err);
    expect(&help, ok, got,
           "[{\"from\":\"1\",\"to\":\"2\",\"reason\":\"refused\",\"noted_at_us\":7},"
           "{\"from\":\"2\",\"to\":\"\",\"reason\":\"down\",\"noted_at_us\":9}]");
    assert_true(statedb_gaps_clear(help.db, STR("a"), err));
    ok = statedb_gaps(help.db, STR("a"), &help.arena, &got, err);
    expect(&help, ok, got, "[]");
    help_close(&help);
}

static uint32_t put(Help *help, const char *columns, const char *run, int64_t now_us)
{
    uint32_t version;
    if (!statedb_schema_put(help->db, STR("db.s.t"), parse(help, columns), str_of(run), now_us,
                            &version, &help->err))
        fail_msg("%s", help->err.text);
    return version;
}

static void test_schema(void **state)
{
    (void)state;
    Help help;
    Value got;
    help_open(&help);
    static const char *const first = "[{\"name\":\"id\",\"type\":\"INTEGER\",\"more\":1}]";
    static const char *const second = "[{\"name\":\"id\",\"type\":\"BIGINT\"},"
                                      "{\"name\":\"n\",\"type\":\"VARCHAR\"}]";
    assert_int_equal(put(&help, first, "r1", 100), 1);
    assert_int_equal(put(&help, first, "r2", 200), 1);
    assert_int_equal(put(&help, second, "r3", 300), 2);
    assert_int_equal(put(&help, second, "r4", 400), 2);
    bool ok = statedb_schema_list(help.db, &help.arena, &got, &help.err);
    expect(&help, ok, got,
           "[{\"table\":\"db.s.t\",\"version\":2,\"columns\":2,\"first_seen_us\":100,"
           "\"last_seen_us\":400,\"run_id\":\"r3\"}]");
    ok = statedb_schema_get(help.db, STR("db.s.t"), 0, &help.arena, &got, &help.err);
    expect(&help, ok, got,
           "{\"table\":\"db.s.t\",\"version\":2,\"seen_at_us\":300,\"run_id\":\"r3\",\"columns\":["
           "{\"name\":\"id\",\"type\":\"BIGINT\",\"first_seen_us\":100,\"last_seen_us\":400,"
           "\"run_id\":\"r3\"},{\"name\":\"n\",\"type\":\"VARCHAR\",\"first_seen_us\":300,"
           "\"last_seen_us\":400,\"run_id\":\"r3\"}]}");
    ok = statedb_schema_get(help.db, STR("db.s.t"), 1, &help.arena, &got, &help.err);
    assert_true(ok);
    assert_true(value_is(value_get(value_get(got, "columns").list->at[0], "type"), "INTEGER"));
    ok = statedb_schema_get(help.db, STR("db.s.t"), 3, &help.arena, &got, &help.err);
    expect(&help, ok, got, "null");
    help_close(&help);
}

/* ---- many writers ---- */

enum { WRITES = 50 };

typedef struct Writer {
    StateDb *db;
    Str name;
    Thread thread;
} Writer;

static void write_many(void *context)
{
    Writer *writer = context;
    Arena arena = {0};
    Err err = {0};
    for (int i = 0; i < WRITES; i++) {
        Value row = value_dict(&arena), columns = value_list(&arena), column = value_dict(&arena);
        dict_put(row.dict, STR("resource"), value_text(writer->name));
        dict_put(row.dict, STR("i"), value_int(i));
        dict_put(column.dict, STR("name"), value_text(writer->name));
        dict_put(column.dict, STR("type"), value_int(i));
        array_add(columns.list, column);
        uint32_t version = 0;
        if (!statedb_record(writer->db, STR("r"), row, &err) ||
            !statedb_schema_put(writer->db, writer->name, columns, STR("r"), i, &version, &err) ||
            version != (uint32_t)i + 1) {
            fprintf(stderr, "version %u of %d: %s\n", version, i, err.text ? err.text : "");
            abort();
        }
    }
    arena_drop(&arena);
}

/* Two processes, four threads in each: all rows are there, in order for each writer. */
static void test_many_writers(void **state)
{
    (void)state;
    Help help;
    Value got;
    help_folder(&help);
    pid_t children[2];
    for (int p = 0; p < 2; p++) {
        children[p] = fork();
        if (children[p] == 0) {
            Arena arena = {0};
            Err err = {0};
            StateDb *db;
            Writer writers[4];
            if (!statedb_open(&arena, help.path, &db, &err)) {
                fprintf(stderr, "%s\n", err.text);
                _exit(1);
            }
            for (int i = 0; i < 4; i++) {
                writers[i] = (Writer){db, str_print(&arena, "w%d", p * 4 + i), {0}};
                thread_start(&writers[i].thread, "writer", write_many, &writers[i]);
            }
            for (int i = 0; i < 4; i++)
                thread_join(&writers[i].thread);
            arena_drop(&arena);
            _exit(0);
        }
    }
    for (int p = 0; p < 2; p++) {
        int status = 0;
        assert_int_equal(waitpid(children[p], &status, 0), children[p]);
        assert_int_equal(status, 0);
    }
    help_reopen(&help);
    for (int w = 0; w < 8; w++) {
        Str name = str_print(&help.arena, "w%d", w);
        assert_true(statedb_history(help.db, name, 1000, &help.arena, &got, &help.err));
        assert_int_equal(got.list->len, WRITES);
        for (int i = 0; i < WRITES; i++)
            assert_int_equal(value_get(got.list->at[i], "i").number, WRITES - 1 - i);
        assert_true(statedb_schema_get(help.db, name, 0, &help.arena, &got, &help.err));
        assert_int_equal(value_get(got, "version").number, WRITES);
    }
    help_close(&help);
}

/* ---- leases ---- */

static bool take(Help *help, const char *name, int64_t seconds, Str *holder)
{
    bool taken;
    if (!statedb_lease_take(help->db, str_of(name), seconds, &taken, &help->arena, holder,
                            &help->err))
        fail_msg("%s", help->err.text);
    return taken;
}

/* Another process holds "x" (for an hour) and "y" (for a second) until it is told to go. */
static pid_t other_holder(Help *help, int tell[2])
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(tell), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        close(tell[1]);
        Help own = {.path = help->path};
        help_reopen(&own);
        bool ok = take(&own, "x", 3600, NULL) && take(&own, "y", 1, NULL);
        ok = ok && write(ready[1], &byte, 1) == 1;
        while (ok && read(tell[0], &byte, 1) == 1)
            continue;
        _exit(ok ? 0 : 1); /* the lease is not given back */
    }
    close(tell[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void test_leases(void **state)
{
    (void)state;
    Help help;
    Str holder;
    int tell[2], status;
    help_open(&help);
    assert_true(take(&help, "z", 60, NULL));
    assert_true(take(&help, "z", 60, NULL)); /* renewed */
    pid_t child = other_holder(&help, tell);
    assert_false(take(&help, "x", 60, &holder));
    Str expected = str_print(&help.arena, ":%d since 20", (int)child);
    assert_true(str_find(holder, expected) > 0);
    assert_true(statedb_lease_give(help.db, STR("x"), &help.err)); /* not ours: stays */
    assert_false(take(&help, "x", 60, &holder));
    usleep(1100000);
    assert_true(take(&help, "y", 60, NULL)); /* it is over */
    close(tell[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(take(&help, "x", 60, NULL)); /* its process is gone */
    assert_true(statedb_lease_give(help.db, STR("x"), &help.err));
    help_close(&help);
}

/* ---- files that are not what they should be ---- */

static uint32_t files_like(Help *help, const char *part)
{
    FileList files;
    uint32_t count = 0;
    assert_true(folder_walk(&help->arena, help->folder, &files, &help->err));
    for (uint32_t i = 0; i < files.len; i++)
        count += str_find(files.at[i].path, str_of(part)) >= 0;
    return count;
}

static void test_no_database(void **state)
{
    (void)state;
    Help help;
    Value got;
    help_folder(&help);
    assert_true(file_write(help.path, STR("this is no database at all, far from it\n"), false,
                           &help.err));
    help_reopen(&help);
    assert_true(statedb_record(help.db, STR("r"), parse(&help, "{\"resource\":\"a\"}"), &help.err));
    assert_int_equal(files_like(&help, "state.db.damaged-"), 1);
    bool ok = statedb_history(help.db, STR(""), 9, &help.arena, &got, &help.err);
    expect(&help, ok, got, "[{\"resource\":\"a\",\"run_id\":\"r\"}]");
    help_close(&help);
}

/* Pages were overwritten: the call that meets it says so, the next open begins anew. */
static void test_damaged_later(void **state)
{
    (void)state;
    Help help;
    Str content;
    Value got;
    help_open(&help);
    for (int i = 0; i < 200; i++)
        assert_true(statedb_record(help.db, STR("r"), parse(&help, "{\"resource\":\"a\"}"),
                                   &help.err));
    Str copy = path_join(&help.arena, help.folder, STR("copy.db"));
    assert_true(statedb_copy(help.db, copy, &help.err));
    assert_true(file_read(&help.arena, copy, &content, &help.err));
    memset((char *)content.at + 4096, 0xee, content.len - 4096);
    help.path = path_join(&help.arena, help.folder, STR("broken.db"));
    assert_true(file_write(help.path, content, false, &help.err));
    help_reopen(&help);
    bool ok = statedb_history(help.db, STR(""), 9, &help.arena, &got, &help.err);
    expect_error(&help, ok, ERR_RUNTIME, "is damaged");
    assert_int_equal(files_like(&help, "broken.db.damaged"), 1);
    help_reopen(&help);
    ok = statedb_history(help.db, STR(""), 9, &help.arena, &got, &help.err);
    expect(&help, ok, got, "[]");
    assert_true(files_like(&help, "broken.db.damaged-") >= 1);
    help_close(&help);
}

static void test_copy(void **state)
{
    (void)state;
    Help help;
    Value got;
    help_open(&help);
    assert_true(statedb_record(help.db, STR("r"), parse(&help, "{\"resource\":\"a\"}"), &help.err));
    Str copy = path_join(&help.arena, help.folder, STR("it's a copy.db"));
    assert_true(statedb_copy(help.db, copy, &help.err));
    assert_true(statedb_copy(help.db, copy, &help.err)); /* replaces */
    help.path = copy;
    help_reopen(&help);
    bool ok = statedb_history(help.db, STR(""), 9, &help.arena, &got, &help.err);
    expect(&help, ok, got, "[{\"resource\":\"a\",\"run_id\":\"r\"}]");
    assert_int_equal(files_like(&help, "weir-tmp"), 0);
    expect_error(&help, statedb_copy(help.db, STR("/nowhere/at/all.db"), &help.err), ERR_IO,
                 "cannot be read or written");
    help_close(&help);
}

static void test_versions(void **state)
{
    (void)state;
    Help help;
    StateDb *db;
    AssetList files;
    help_open(&help);
    assert_true(assets_list(&help.arena, STR("src/state/sql/migrations"), &files, &help.err));
    uint32_t last = files.len;
    list_add(&help.arena, &files,
             ((AssetFile){STR("900_next.sql"), STR("create table more (a); alter table gap "
                                                   "add column b;")}));
    list_add(&help.arena, &files,
             ((AssetFile){STR("901_bad.sql"), STR("create table again (a); select nonsense;")}));

    /* the bad one is undone as a whole; the good one stays, and a copy of the old version */
    expect_error(&help, state_migrate(help.db, files.at, files.len, &help.err), ERR_RUNTIME,
                 "migration 901_bad.sql");
    expect_error(&help, state_script(help.db, "select * from again", &help.err), ERR_RUNTIME,
                 "no such table");
    assert_true(state_script(help.db, "select b from gap, more", &help.err));
    assert_true(state_migrate(help.db, files.at, last + 1, &help.err));
    Str copy = str_print(&help.arena, "state.db.v%u", last);
    assert_int_equal(files_like(&help, copy.at), 1);

    /* this program knows fewer migrations than the file has */
    expect_error(&help, statedb_open(&help.arena, help.path, &db, &help.err), ERR_RUNTIME,
                 "made by a newer weir (state version 900");
    assert_int_equal(files_like(&help, "damaged"), 0);
    help_close(&help);
}

static void test_other_programs_file(void **state)
{
    (void)state;
    Help help;
    StateDb *db;
    help_open(&help);
    assert_true(state_script(help.db, "pragma user_version = 0; pragma application_id = 5",
                             &help.err));
    expect_error(&help, statedb_open(&help.arena, help.path, &db, &help.err), ERR_RUNTIME,
                 "another program");
    help_close(&help);
}

static void test_full_disk(void **state)
{
    (void)state;
    Help help;
    Value got;
    help_open(&help);
    assert_true(state_script(help.db, "pragma max_page_count = 1", &help.err));
    Str big = {arena_take(&help.arena, 200000, 1), 200000};
    memset((char *)big.at, 'x', big.len);
    bool ok = statedb_gap_add(help.db, STR("a"), STR("1"), STR("2"), big, 7, &help.err);
    expect_error(&help, ok, ERR_IO, "the disk is full");
    uint32_t version;
    Value columns = value_list(&help.arena), column = value_dict(&help.arena);
    dict_put(column.dict, STR("name"), value_text(big));
    dict_put(column.dict, STR("type"), value_lit("VARCHAR"));
    array_add(columns.list, column);
    ok = statedb_schema_put(help.db, STR("t"), columns, STR("r"), 1, &version, &help.err);
    expect_error(&help, ok, ERR_IO, "the disk is full");
    assert_true(state_script(help.db, "pragma max_page_count = 100000", &help.err));
    ok = statedb_gaps(help.db, STR("a"), &help.arena, &got, &help.err);
    expect(&help, ok, got, "[]");
    assert_true(statedb_gap_add(help.db, STR("a"), STR("1"), STR("2"), big, 7, &help.err));
    help_close(&help);
}

static void test_unwritable(void **state)
{
    (void)state;
    Help help;
    StateDb *db;
    help_folder(&help);
    assert_true(file_write(path_join(&help.arena, help.folder, STR("file")), STR("x"), false,
                           &help.err));
    Str path = path_join(&help.arena, help.folder, STR("file/state.db"));
    assert_false(statedb_open(&help.arena, path, &db, &help.err));
    assert_int_equal(help.err.kind, ERR_IO);
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),          cmocka_unit_test(test_landing_and_gaps),
        cmocka_unit_test(test_schema),        cmocka_unit_test(test_many_writers),
        cmocka_unit_test(test_leases),        cmocka_unit_test(test_no_database),
        cmocka_unit_test(test_damaged_later), cmocka_unit_test(test_copy),
        cmocka_unit_test(test_versions),      cmocka_unit_test(test_other_programs_file),
        cmocka_unit_test(test_full_disk),     cmocka_unit_test(test_unwritable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
