/* Plans, the registry of columns, waiting for files, the processing date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/process.h"
#include "drops/drops_base.h"

#define MUST_WORK(call)                                  \
    do {                                                 \
        if (!(call))                                     \
            fail_msg("%s: %s", #call, err.text);         \
    } while (0)
#define MUST_FAIL(call, expected_kind, words)                                         \
    do {                                                                              \
        if (call)                                                                     \
            fail_msg("%s: went well", #call);                                         \
        if (err.kind != (expected_kind) || !strstr(err.text, words))                  \
            fail_msg("%s: kind %d: %s", #call, (int)err.kind, err.text);              \
        err_drop(&err);                                                               \
    } while (0)

/* ---- a day in a scratch folder: inbox/ and work/ ---- */

typedef struct Day {
    Arena arena;
    Str folder;
    Drop drop;
    bool cancel;
} Day;

static void day_init(Day *day, Str folder)
{
    Err err = {0};
    Arena *arena = &day->arena;
    day->folder = folder;
    day->drop = (Drop){.arena = arena, .cancel = &day->cancel, .run_id = STR("run-1"),
                       .folder = STR("2026-11-20/")};
    DropSpec *spec = &day->drop.spec;
    spec->name = STR("partner_a");
    spec->date = STR("2026-11-20");
    spec->glob = STR("out/*.tar.gz");
    MUST_WORK(store_open(arena, path_join(arena, folder, STR("work")), NONE, NULL, &spec->work,
                         &err));
    MUST_WORK(store_open(arena, path_join(arena, folder, STR("inbox")), NONE, NULL, &spec->inbox,
                         &err));
}

static int set_up(void **state)
{
    Arena arena = {0};
    Day *day = NEW(&arena, Day);
    Str parent = environment_get("TMPDIR");
    Str folder = str_print(&arena, STR_FMT "/weir-plan-XXXXXX",
                           STR_ARG(parent.len ? parent : STR("/tmp")));
    assert_non_null(mkdtemp((char *)(uintptr_t)folder.at));
    day->arena = arena;
    day_init(day, folder);
    *state = day;
    return 0;
}

static int tear_down(void **state)
{
    Day *day = *state;
    Err err = {0};
    MUST_WORK(folder_remove(day->folder, &err));
    Arena arena = day->arena;
    arena_drop(&arena);
    return 0;
}

static void put(Day *day, const char *path, const char *content)
{
    Err err = {0};
    MUST_WORK(file_write(path_join(&day->arena, day->folder, str_of(path)), str_of(content), false,
                         &err));
}

static bool is_there(Day *day, const char *path)
{
    return file_exists(path_join(&day->arena, day->folder, str_of(path)));
}

/* Sets a file's time to so many seconds ago. */
static void age(Day *day, const char *path, int64_t seconds)
{
    Str full = path_join(&day->arena, day->folder, str_of(path));
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
                                {.tv_sec = (time_t)(clock_now_us() / 1000000 - seconds)}};
    assert_int_equal(utimensat(AT_FDCWD, full.at, times, 0), 0);
}

/* Exit code of a child process that runs `work`. */
static pid_t child_start(void (*work)(void *context), void *context)
{
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        work(context);
        _exit(0);
    }
    return pid;
}

static void child_end(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- plans ---- */

static StoreEntry entry(Arena *arena, uint32_t number, uint64_t size_bytes, const char *etag)
{
    return (StoreEntry){.name = str_print(arena, "out/%06u.tar.gz", number),
                        .size_bytes = size_bytes, .etag = str_of(etag), .modified_at_us = 1000};
}

static void test_groups(void **state)
{
    Day *day = *state;
    Arena *arena = &day->arena;
    Err err = {0};
    const uint64_t mib = 1 << 20;
    StoreEntries entries = {0};
    for (uint32_t i = 0; i < 600; i++)
        list_add(arena, &entries, entry(arena, 599 - i, 100, "a"));      /* 512 + 88 */
    list_add(arena, &entries, entry(arena, 1000, 40 * mib, "a"));        /* alone    */
    list_add(arena, &entries, entry(arena, 1001, 20 * mib, "a"));        /* 20 + 12  */
    list_add(arena, &entries, entry(arena, 1002, 12 * mib, "a"));
    list_add(arena, &entries, entry(arena, 1003, 1, "a"));               /* the rest */
    Plan plan;
    bool exists = true;
    MUST_WORK(plan_load(&day->drop, arena, &plan, &exists, &err));
    assert_false(exists);
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    const uint32_t counts[] = {512, 88, 1, 2, 1};
    assert_int_equal(plan.group_count, COUNT_OF(counts));
    assert_int_equal(plan.archive_count, 604);
    assert_int_equal(plan.added_count, 604);
    uint32_t first = 0;
    for (uint32_t i = 0; i < plan.group_count; i++) {
        assert_int_equal(plan.groups[i].count, counts[i]);
        assert_int_equal(plan.groups[i].first, first);
        assert_true(str_eq(plan.groups[i].id, str_print(arena, "%05u", i)));
        first += counts[i];
    }
    assert_true(plan.groups[2].bytes == 40 * mib && plan.groups[3].bytes == 32 * mib);
    assert_true(str_is(plan.archives[0].name, "out/000000.tar.gz"));
    for (uint32_t i = 1; i < plan.archive_count; i++)
        assert_true(str_compare(plan.archives[i - 1].name, plan.archives[i].name) < 0);
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    assert_int_equal(plan.added_count, 0);
    assert_int_equal(plan.group_count, COUNT_OF(counts));
    assert_false(is_there(day, "work/2026-11-20/plan-0002.json"));
}

static void test_again(void **state)
{
    Day *day = *state;
    Arena *arena = &day->arena;
    Err err = {0};
    StoreEntries entries = {0};
    for (uint32_t i = 0; i < 5; i++)
        list_add(arena, &entries, entry(arena, i, 10, i == 3 ? "" : "a"));
    Plan plan;
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    entries.at[1].etag = STR("b");               /* sent again, the same size */
    entries.at[1].modified_at_us = 2000;
    entries.at[2].modified_at_us = 2000;         /* touched: the etag decides */
    entries.at[3].modified_at_us = 2000;         /* no etag: the time decides */
    entries.at[4].size_bytes = 11;
    list_add(arena, &entries, entry(arena, 9, 10, "a"));
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    assert_int_equal(plan.added_count, 4);
    assert_int_equal(plan.group_count, 2);
    assert_true(str_is(plan.groups[1].id, "00001"));
    assert_int_equal(plan.groups[1].first, 5);
    bool exists;
    Plan again;
    MUST_WORK(plan_load(&day->drop, arena, &again, &exists, &err));
    assert_true(exists);
    assert_int_equal(again.archive_count, 9);
    const bool replaced[] = {false, true, false, true, true, false, false, false, false};
    for (uint32_t i = 0; i < again.archive_count; i++)
        assert_int_equal(again.archives[i].is_replaced, replaced[i]);
    assert_true(str_is(again.archives[5].name, "out/000001.tar.gz") &&
                str_is(again.archives[5].etag, "b") && again.archives[5].modified_at_us == 2000);
    entries.at[1].etag = STR("c");
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    assert_true(plan.archives[1].is_replaced && plan.archives[5].is_replaced);
    assert_false(plan.archives[9].is_replaced);
    put(day, "work/2026-11-20/plan-0002.json", "{\"version\": 1}");
    MUST_FAIL(plan_load(&day->drop, arena, &again, &exists, &err), ERR_RUNTIME,
              "plan-0002.json is damaged");
}

/* Names that JSON has to escape come back as they were. */
static void test_odd_names(void **state)
{
    Day *day = *state;
    Arena *arena = &day->arena;
    Err err = {0};
    StoreEntries entries = {0};
    const char *names[] = {"out/a \"b\".tar.gz", "out/a\\b\n.tar.gz", "out/\xc3\xa4.tar.gz"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        list_add(arena, &entries, (StoreEntry){.name = str_of(names[i]), .size_bytes = 1});
    Plan plan;
    for (int round = 0; round < 2; round++) {
        MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
        assert_int_equal(plan.added_count, round ? 0 : 3);
        for (size_t i = 0; i < COUNT_OF(names); i++)
            assert_true(str_is(plan.archives[i].name, names[i]));
    }
}

static void test_many(void **state)
{
    Day *day = *state;
    Arena *arena = &day->arena;
    Err err = {0};
    StoreEntries entries = {0};
    enum { MANY = 50000 };
    for (uint32_t i = 0; i < MANY; i++)
        list_add(arena, &entries, entry(arena, i, 300000, "0123456789abcdef0123456789abcdef"));
    for (int round = 0; round < 2; round++) {
        Plan plan;
        int64_t begun_us = clock_steady_us();
        MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
        int64_t took_us = clock_steady_us() - begun_us;
        print_message("50,000 archives, %u new: %lld ms\n", plan.added_count,
                      (long long)took_us / 1000);
        assert_int_equal(plan.archive_count, MANY);
        assert_true(took_us < 10000000);
    }
}

typedef struct PlanRace {
    Str folder;
    uint32_t first, step;
} PlanRace;

/* Adds one archive after the other to the plan. */
static void extend_often(void *context)
{
    const PlanRace *race = context;
    Day day = {0};
    Err err = {0};
    day_init(&day, race->folder);
    StoreEntries entries = {0};
    for (uint32_t i = race->first; i < 60; i += race->step) {
        Plan plan;
        list_add(&day.arena, &entries, entry(&day.arena, i, 10, "a"));
        if (!plan_extend(&day.drop, &entries, &day.arena, &plan, &err)) {
            fprintf(stderr, "%s\n", err.text);
            _exit(1);
        }
    }
}

static void test_plan_race(void **state)
{
    Day *day = *state;
    Err err = {0};
    PlanRace races[3];
    pid_t pids[3];
    for (uint32_t i = 0; i < 3; i++) {
        races[i] = (PlanRace){day->folder, i, 3};
        pids[i] = child_start(extend_often, &races[i]);
    }
    for (uint32_t i = 0; i < 3; i++)
        child_end(pids[i]);
    Plan plan;
    bool exists;
    MUST_WORK(plan_load(&day->drop, &day->arena, &plan, &exists, &err));
    assert_int_equal(plan.archive_count, 60);
    assert_int_equal(plan.group_count, 60);
    for (uint32_t i = 0; i < 60; i++) {
        assert_false(plan.archives[i].is_replaced);
        assert_true(str_eq(plan.groups[i].id, str_print(&day->arena, "%05u", i)));
    }
}

static void test_full_refresh(void **state)
{
    Day *day = *state;
    Arena *arena = &day->arena;
    Err err = {0};
    static const char *const known[] = {
        "work/2026-11-20/groups/00000.json",  "work/2026-11-20/shapes/00000.json",
        "work/2026-11-20/merge/orders.json",  "work/2026-11-20/parts/00000/orders-x-0.parquet",
        "work/2026-11-20/types.json",         "work/2026-11-20/summary.json",
        "work/2026-11-20/plan-0002.json",
    };
    StoreEntries entries = {0};
    list_add(arena, &entries, entry(arena, 0, 10, "a"));
    Plan plan;
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    put(day, "work/2026-11-20/begun.json", "{}");
    put(day, "work/registry/orders.json", "{}");
    for (size_t i = 0; i < COUNT_OF(known); i++)
        put(day, known[i], "{\"version\":1,\"groups\":[]}");
    day->drop.spec.is_full_refresh = true;
    day->drop.run_id = STR("run-2");
    day->drop.spec.shards = 2;
    MUST_FAIL(plan_extend(&day->drop, &entries, arena, &plan, &err), ERR_RUNTIME,
              "without --shard");
    day->drop.spec.shards = 0;
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    assert_int_equal(plan.added_count, 1);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        assert_false(is_there(day, known[i]));
    assert_true(is_there(day, "work/2026-11-20/begun.json"));
    assert_true(is_there(day, "work/registry/orders.json"));
    put(day, known[0], "{}");
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));   /* the same run */
    assert_int_equal(plan.added_count, 0);
    assert_true(is_there(day, known[0]));
    day->drop.run_id = STR("run-3");
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    assert_int_equal(plan.added_count, 1);
    assert_false(is_there(day, known[0]));
}

/* ---- the registry ---- */

static Value parse(Arena *arena, const char *text)
{
    Err err = {0};
    Value value;
    MUST_WORK(json_parse(arena, str_of(text), STR("test"), &value, &err));
    return value;
}

static Schema columns(Arena *arena, const char *text)
{
    Err err = {0};
    Schema schema;
    MUST_WORK(schema_read(arena, parse(arena, text), &schema, &err));
    return schema;
}

static void test_schema_values(void **state)
{
    Day *day = *state;
    Arena *arena = &day->arena;
    Err err = {0};
    const char *text = "[{\"name\": \"id\", \"type\": \"BIGINT\"}, {\"name\": \"a b\", \"type\": "
                       "\"DECIMAL(18,2)\"}, {\"name\": \"at\", \"type\": \"TIMESTAMP WITH TIME "
                       "ZONE\"}, {\"name\": \"x\", \"type\": \"VARCHAR\"}]";
    Schema schema = columns(arena, text);
    assert_int_equal(schema.count, 4);
    assert_int_equal(schema.fields[1].type, ARROW_DECIMAL);
    assert_true(value_equal(schema_value(arena, &schema), parse(arena, text)));
    MUST_FAIL(schema_read(arena, parse(arena, "[{\"name\": \"x\", \"type\": \"BIGNT\"}]"), &schema,
                          &err), ERR_PARSING, "column x");
    MUST_FAIL(schema_read(arena, parse(arena, "[{\"name\": \"x\"}]"), &schema, &err), ERR_RUNTIME,
              "column 1 has no name or type");
}

static void expect_put(Day *day, const char *date, const char *seen, uint32_t expected_version,
                       const char *expected_changes)
{
    Err err = {0};
    Schema schema = columns(&day->arena, seen);
    uint32_t version;
    Value changes;
    day->drop.spec.date = str_of(date);
    MUST_WORK(registry_put(&day->drop, STR("orders"), &schema, &day->arena, &version, &changes,
                           &err));
    AUTO(text) Text text = {0};
    json_print(changes, (JsonStyle){0}, &text);
    assert_string_equal(text.at, expected_changes);
    assert_int_equal(version, expected_version);
}

#define ID "{\"name\": \"id\", \"type\": \"BIGINT\"}"
#define AMOUNT(type) "{\"name\": \"amount\", \"type\": \"" type "\"}"
#define RATING "{\"name\": \"rating\", \"type\": \"DOUBLE\"}"

static void test_registry(void **state)
{
    Day *day = *state;
    Err err = {0};
    Value found;
    day->drop.spec.schema = STR("partner_a");
    MUST_WORK(statedb_open(&day->arena, path_join(&day->arena, day->folder, STR("state.db")),
                           &day->drop.state, &err));
    MUST_WORK(registry_get(&day->drop, STR("orders"), &day->arena, &found, &err));
    assert_true(value_is_none(found));
    expect_put(day, "2026-11-20", "[" ID "," AMOUNT("BIGINT") "]", 1, "[]");
    expect_put(day, "2026-11-20", "[" ID "," AMOUNT("BIGINT") "]", 1, "[]");
    const char *second = "[" ID "," AMOUNT("DOUBLE") "," RATING "]";
    const char *texts = "[\"column amount widened from BIGINT to DOUBLE\", "
                        "\"column rating added (DOUBLE)\"]";
    expect_put(day, "2026-11-21", second, 2, texts);
    expect_put(day, "2026-11-21", second, 2, texts);         /* a merge that was begun again */
    expect_put(day, "2026-11-22", second, 2, "[]");
    /* narrower, and one is missing: the table stays as it is; noted on that day only */
    const char *third = "[" ID "," AMOUNT("BIGINT") "]";
    expect_put(day, "2026-11-23", third, 2, "[\"column rating is missing\"]");
    expect_put(day, "2026-11-23", third, 2, "[\"column rating is missing\"]");
    expect_put(day, "2026-11-24", third, 2, "[]");
    expect_put(day, "2026-11-25", second, 2, "[]");
    expect_put(day, "2026-11-26", third, 2, "[\"column rating is missing\"]");
    /* kinds that have no common type but text */
    expect_put(day, "2026-11-27", "[" ID "," AMOUNT("DATE") "," RATING "]", 3,
               "[\"column amount widened from DOUBLE to VARCHAR\"]");
    expect_put(day, "2026-11-28", "[" ID "," AMOUNT("DATE") "," RATING "]", 3, "[]");
    MUST_WORK(registry_get(&day->drop, STR("orders"), &day->arena, &found, &err));
    Value versions = value_get(found, "versions");
    assert_int_equal(versions.list->len, 3);
    Value newest = versions.list->at[2];
    assert_true(value_is(value_get(newest, "date"), "2026-11-27"));
    assert_true(value_equal(value_get(newest, "columns"),
                            parse(&day->arena, "[" ID "," AMOUNT("VARCHAR") "," RATING "]")));
    MUST_WORK(statedb_schema_get(day->drop.state, STR("partner_a.orders"), 0, &day->arena, &found,
                                 &err));
    assert_int_equal(value_get(found, "columns").list->len, 3);
    assert_int_equal(value_get(found, "version").number, 3);
}

/* Adds twenty columns, one a version. */
static void put_often(void *context)
{
    const PlanRace *race = context;
    Day day = {0};
    Err err = {0};
    day_init(&day, race->folder);
    for (uint32_t i = 0; i < 20; i++) {
        Field field = {.name = str_print(&day.arena, "c%u_%u", race->first, i),
                       .type = ARROW_INT64};
        uint32_t version;
        Value changes;
        if (!registry_put(&day.drop, STR("orders"), &(Schema){&field, 1}, &day.arena, &version,
                          &changes, &err)) {
            fprintf(stderr, "%s\n", err.text);
            _exit(1);
        }
    }
}

static void test_registry_race(void **state)
{
    Day *day = *state;
    Err err = {0};
    PlanRace races[2];
    pid_t pids[2];
    for (uint32_t i = 0; i < 2; i++) {
        races[i] = (PlanRace){day->folder, i, 0};
        pids[i] = child_start(put_often, &races[i]);
    }
    child_end(pids[0]);
    child_end(pids[1]);
    Value found;
    MUST_WORK(registry_get(&day->drop, STR("orders"), &day->arena, &found, &err));
    Value versions = value_get(found, "versions");
    assert_int_equal(versions.list->len, 40);
    for (uint32_t i = 0; i < 40; i++) {
        Value version = versions.list->at[i];
        assert_int_equal(value_get(version, "version").number, i + 1);
        assert_int_equal(value_get(version, "columns").list->len, i + 1);
    }
}

/* ---- waiting ---- */

static void test_numbers(void **state)
{
    Arena *arena = &((Day *)*state)->arena;
    assert_string_equal(drop_print_count(arena, 0).at, "0");
    assert_string_equal(drop_print_count(arena, 999).at, "999");
    assert_string_equal(drop_print_count(arena, 1204).at, "1,204");
    assert_string_equal(drop_print_count(arena, UINT64_MAX).at, "18,446,744,073,709,551,615");
    assert_string_equal(drop_print_bytes(arena, 17).at, "17 B");
    assert_string_equal(drop_print_bytes(arena, 999).at, "999 B");
    assert_string_equal(drop_print_bytes(arena, 3140000000).at, "3.1 GB");
    assert_string_equal(drop_print_bytes(arena, 999960).at, "1.0 MB");
    assert_string_equal(drop_print_bytes(arena, 120400000).at, "120 MB");
    assert_string_equal(drop_print_span(arena, 7800000000).at, "2 h 10 min");
    assert_string_equal(drop_print_span(arena, 900000000).at, "15 min");
    assert_string_equal(drop_print_span(arena, 65000000).at, "1 min 5 s");
    assert_string_equal(drop_print_span(arena, 45000000).at, "45 s");
    assert_string_equal(drop_print_span(arena, 300000).at, "300 ms");
    assert_string_equal(drop_print_span(arena, INT64_C(90000) * 1000000).at, "1 d 1 h");
}

static DropReport expect_ready(Day *day, const char *message)
{
    Err err = {0};
    DropReport report = {0};
    MUST_WORK(stage_wait(&day->drop, &report, &err));
    if (message)
        assert_string_equal(str_c(&day->arena, report.message), message);
    return report;
}

#define MUST_LACK(words)                                                              \
    do {                                                                              \
        DropReport report_ = {0};                                                     \
        MUST_FAIL(stage_wait(&day->drop, &report_, &err), ERR_RUNTIME, words);        \
    } while (0)

static void test_whatever_is_there(void **state)
{
    Day *day = *state;
    expect_ready(day, "no archives at out/*.tar.gz");
    put(day, "inbox/out/a.tar.gz", "12345");
    expect_ready(day, "1 archive, 5 B in 1 group; 1 new");
    put(day, "inbox/out/b.tar.gz", "123456");
    put(day, "inbox/out/notes.txt", "x");
    expect_ready(day, "2 archives, 11 B in 2 groups; 1 new");
    put(day, "inbox/out/b.tar.gz", "1234567");
    DropReport report = expect_ready(day, "2 archives, 12 B in 3 groups; 1 new");
    assert_int_equal(value_get(report.response, "new").number, 1);
    expect_ready(day, "2 archives, 12 B in 3 groups; 0 new");
    assert_false(report.has_warning || report.is_skipped);
}

static void test_marker_and_count(void **state)
{
    Day *day = *state;
    Err err = {0};
    DropReady *ready = &day->drop.spec.ready;
    ready->marker = STR("_DONE*");
    ready->count = 2;
    put(day, "inbox/out/a.tar.gz", "1");
    MUST_LACK("partner_a of 2026-11-20 is not all there: 1 archive, no _DONE* yet, at "
              "least 2 are needed");
    assert_false(is_there(day, "work/2026-11-20/plan-0001.json"));
    put(day, "inbox/out/_DONE.tar.gz", "");      /* no archive, though it looks like one */
    MUST_LACK("1 archive, at least 2 are needed");
    put(day, "inbox/out/b.tar.gz", "1");
    expect_ready(day, "2 archives, 2 B in 1 group; 2 new");
    ready->marker = STR("/flags/ok");
    MUST_LACK("no /flags/ok yet");
    put(day, "inbox/flags/ok", "");
    expect_ready(day, "3 archives, 2 B in 2 groups; 1 new");
}

static void test_manifest(void **state)
{
    Day *day = *state;
    Err err = {0};
    static const char *const good[] = {
        "[\"a.tar.gz\", \"out/b.tar.gz\"]",
        "[{\"name\": \"a.tar.gz\", \"size\": 3}, {\"file\": \"/out/b.tar.gz\", \"size\": \"4\"}]",
        "{\"date\": \"x\", \"files\": [\"a.tar.gz\", {\"name\": \"./b.tar.gz\"}]}",
        "File;Size\na.tar.gz;3\n\nb.tar.gz;4\n",
        "\xef\xbb\xbfname,rows,bytes\r\n\"a.tar.gz\",7,3\r\nb.tar.gz,7,4\r\n",
        "# made at noon\na.tar.gz\n\n  b.tar.gz  \n",
    };
    static const struct {
        const char *content, *words;
    } bad[] = {
        {"[\"a.tar.gz\", \"c.tar.gz\", \"d.tar.gz\"]",
         "2 of the 3 archives of manifest.json missing (first: c.tar.gz)"},
        {"[{\"name\": \"a.tar.gz\", \"size\": 4}]",
         "1 of 1 archive of manifest.json of another size (first: a.tar.gz)"},
        {"name,size\na.tar.gz,4\nc.tar.gz,1\n", "missing or of another size"},
        {"[\"a.tar.gz\", ", "manifest.json cannot be read: "},
        {"{\"x\": 1}", "it must be a list of names"},
        {"[17]", "item 1 of its list has no name"},
        {" \n", "manifest.json is empty"},
        {"nothing.tar.gz\n", "1 of 1 archive of manifest.json missing"},
    };
    day->drop.spec.ready.manifest = STR("manifest.json");
    put(day, "inbox/out/a.tar.gz", "123");
    put(day, "inbox/out/b.tar.gz", "1234");
    MUST_LACK("2 archives, no manifest.json yet");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        put(day, "inbox/out/manifest.json", bad[i].content);
        MUST_LACK(bad[i].words);
    }
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        put(day, "inbox/out/manifest.json", good[i]);
        expect_ready(day, i ? "2 archives, 7 B in 1 group; 0 new"
                            : "2 archives, 7 B in 1 group; 2 new");
    }
}

static void test_quiet_by_times(void **state)
{
    Day *day = *state;
    Err err = {0};
    DropReady *ready = &day->drop.spec.ready;
    ready->quiet_us = INT64_C(900) * 1000000;
    MUST_LACK("0 archives, not quiet for 15 min");
    put(day, "inbox/out/a.tar.gz", "123");
    MUST_LACK("1 archive, not quiet for 15 min");
    age(day, "inbox/out/a.tar.gz", 1000);
    expect_ready(day, "1 archive, 3 B in 1 group; 1 new");
    put(day, "inbox/out/b.tar.gz", "123");
    ready->marker = STR("_DONE");                /* a marker, or quiet for so long */
    MUST_LACK("2 archives, no _DONE yet, not quiet for 15 min");
    age(day, "inbox/out/b.tar.gz", 901);
    expect_ready(day, "2 archives, 6 B in 2 groups; 1 new");
    put(day, "inbox/out/b.tar.gz", "1234");
    put(day, "inbox/out/_DONE", "");
    expect_ready(day, "2 archives, 7 B in 3 groups; 1 new");
}

static void test_deadline(void **state)
{
    Day *day = *state;
    Err err = {0};
    DropReady *ready = &day->drop.spec.ready;
    ready->marker = STR("_DONE");
    ready->poll_us = 50000;
    put(day, "inbox/out/a.tar.gz", "1");
    ready->deadline_us = clock_now_us() + 300000;
    int64_t begun_us = clock_steady_us();
    MUST_LACK("UTC passed");
    int64_t took_us = clock_steady_us() - begun_us;
    assert_true(took_us > 200000 && took_us < 5000000);
    ready->on_deadline = DEADLINE_SKIP;
    DropReport report = expect_ready(day, NULL);
    assert_true(report.is_skipped);
    assert_true(str_starts(report.message, STR("1 archive, no _DONE yet; deadline ")));
    assert_false(is_there(day, "work/2026-11-20/plan-0001.json"));
    ready->on_deadline = DEADLINE_GO_ON;
    report = expect_ready(day, "1 archive, 1 B in 1 group; 1 new; went on with 1 archive, "
                               "no _DONE yet");
    assert_true(report.has_warning && !report.is_skipped);
}

/* Files that come while it waits: the last one and the marker after a while. */
static void deliver(void *context)
{
    Day *day = context;
    for (int i = 0; i < 4; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
        put(day, str_print(&day->arena, "inbox/out/%d.tar.gz", i).at, "123");
    }
    put(day, "inbox/out/_DONE", "");
}

static void test_comes_while_waiting(void **state)
{
    Day *day = *state;
    DropReady *ready = &day->drop.spec.ready;
    ready->marker = STR("_DONE");
    ready->poll_us = 30000;
    ready->deadline_us = clock_now_us() + 60000000;
    pid_t pid = child_start(deliver, day);
    DropReport report = expect_ready(day, "4 archives, 12 B in 1 group; 4 new");
    child_end(pid);
    assert_true(value_get(report.response, "waited_us").number > 400000);
    assert_false(report.has_warning);
}

/* Without times of files (here: of tomorrow) only what is seen counts. */
static void test_quiet_by_clock(void **state)
{
    Day *day = *state;
    DropReady *ready = &day->drop.spec.ready;
    ready->quiet_us = 700000;
    ready->poll_us = 50000;
    ready->deadline_us = clock_now_us() + 60000000;
    pid_t pid = child_start(deliver, day);
    put(day, "inbox/out/x.tar.gz", "1");
    age(day, "inbox/out/x.tar.gz", -86400);
    DropReport report = expect_ready(day, "5 archives, 13 B in 1 group; 5 new");
    child_end(pid);
    assert_true(value_get(report.response, "waited_us").number > 1200000);
}

static void cancel_soon(void *context)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    __atomic_store_n((bool *)context, true, __ATOMIC_RELAXED);
}

static void test_cancel(void **state)
{
    Day *day = *state;
    Err err = {0};
    DropReport report = {0};
    DropReady *ready = &day->drop.spec.ready;
    ready->marker = STR("_DONE");
    ready->deadline_us = clock_now_us() + 60000000;
    Thread thread = {0};
    thread_start(&thread, "cancel", cancel_soon, &day->cancel);
    int64_t begun_us = clock_steady_us();
    bool is_ready = stage_wait(&day->drop, &report, &err);
    thread_join(&thread);
    MUST_FAIL(is_ready, ERR_CANCELLED, "cancelled");
    assert_true(clock_steady_us() - begun_us < 3000000);
}

/* An inbox that cannot be listed is an error; one that is down is waited for. */
static void test_inbox_is_down(void **state)
{
    Day *day = *state;
    Err err = {0};
    DropReport report = {0};
    Http *http;
    MUST_WORK(http_open(&day->arena, &http, &err));
    MUST_WORK(store_open(&day->arena, STR("ftp://127.0.0.1:9/"), NONE, http,
                         &day->drop.spec.inbox, &err));
    DropReady *ready = &day->drop.spec.ready;
    ready->poll_us = 50000;
    ready->deadline_us = clock_now_us() + 200000;
    ready->on_deadline = DEADLINE_GO_ON;
    MUST_FAIL(stage_wait(&day->drop, &report, &err), ERR_UNAVAILABLE, "UTC passed");
    assert_true(clock_now_us() >= ready->deadline_us);
}

/* ---- the processing date ---- */

static void test_dates(void **state)
{
    Day *day = *state;
    Err err = {0};
    static const char *const bad[] = {"", "2026-11-31", "2026-02-29", "20261120", "2026-1-1",
                                      "2026-00-10", "0000-01-01", "2026-11-20T00", "2026/11/20"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        DropReport report = {0};
        day->drop.spec.date = str_of(bad[i]);
        MUST_FAIL(stage_set_date(&day->drop, &report, &err), ERR_RUNTIME,
                  "must be a day such as 2026-11-20");
    }
    DropReport report = {0};
    day->drop.spec.date = STR("2026-11-20");
    for (int round = 0; round < 2; round++) {
        MUST_WORK(stage_set_date(&day->drop, &report, &err));
        assert_true(str_is(report.message, "2026-11-20"));
        assert_true(is_there(day, "work/2026-11-20/begun.json"));
    }
}

static void make_day(Day *day, const char *date, bool is_finished)
{
    static const char *const files[] = {"parts/00000/orders-x-0.parquet", "shapes/00000.json",
                                        "claims/groups-00000.json", "groups/00000.json",
                                        "merge/orders.json", "plan-0001.json", "types.json"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        put(day, str_print(&day->arena, "work/%s/%s", date, files[i]).at, "{}");
    if (is_finished)
        put(day, str_print(&day->arena, "work/%s/summary.json", date).at, "{}");
}

static bool has_parts(Day *day, const char *date)
{
    static const char *const kept[] = {"groups/00000.json", "merge/orders.json",
                                       "plan-0001.json", "types.json"};
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        assert_true(is_there(day, str_print(&day->arena, "work/%s/%s", date, kept[i]).at));
    bool has = is_there(day, str_print(&day->arena, "work/%s/parts", date).at);
    assert_int_equal(has, is_there(day, str_print(&day->arena, "work/%s/claims", date).at));
    assert_int_equal(has, is_there(day, str_print(&day->arena, "work/%s/shapes", date).at));
    return has;
}

static void test_old_parts(void **state)
{
    Day *day = *state;
    Err err = {0};
    make_day(day, "2026-11-01", true);
    make_day(day, "2026-11-02", false);          /* never finished */
    make_day(day, "2026-11-16", true);
    make_day(day, "2026-11-17", true);           /* three days ago */
    make_day(day, "2026-11-20", true);
    make_day(day, "2026-11-25", true);
    put(day, "work/registry/orders.json", "{}");
    put(day, "work/2026-11-20/parts/00000/.x.parquet.7-1.weir-tmp", "");
    put(day, "work/2026-11-20/parts/00000/.y.parquet.7-2.weir-tmp", "");
    age(day, "work/2026-11-20/parts/00000/.x.parquet.7-1.weir-tmp", 7200);
    day->drop.spec.keep_days = 3;
    DropReport report = {0};
    MUST_WORK(stage_set_date(&day->drop, &report, &err));
    assert_int_equal(value_get(report.response, "days_cleaned").number, 2);
    assert_int_equal(value_get(report.response, "strays_removed").number, 1);
    assert_false(has_parts(day, "2026-11-01"));
    assert_false(has_parts(day, "2026-11-16"));
    assert_true(has_parts(day, "2026-11-02"));
    assert_true(has_parts(day, "2026-11-17"));
    assert_true(has_parts(day, "2026-11-20"));
    assert_true(has_parts(day, "2026-11-25"));
    assert_true(is_there(day, "work/2026-11-20/parts/00000/.y.parquet.7-2.weir-tmp"));
    MUST_WORK(stage_set_date(&day->drop, &report, &err));
    assert_int_equal(value_get(report.response, "days_cleaned").number, 0);
    age(day, "work/2026-11-01/cleaned.json", 60);
    make_day(day, "2026-11-01", true);           /* worked on again: cleaned again */
    MUST_WORK(stage_set_date(&day->drop, &report, &err));
    assert_int_equal(value_get(report.response, "days_cleaned").number, 1);
    assert_false(has_parts(day, "2026-11-01"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_groups), TEST(test_again), TEST(test_odd_names), TEST(test_many),
        TEST(test_plan_race), TEST(test_full_refresh), TEST(test_schema_values),
        TEST(test_registry), TEST(test_registry_race), TEST(test_numbers),
        TEST(test_whatever_is_there), TEST(test_marker_and_count), TEST(test_manifest),
        TEST(test_quiet_by_times), TEST(test_deadline), TEST(test_comes_while_waiting),
        TEST(test_quiet_by_clock), TEST(test_dates), TEST(test_old_parts), TEST(test_cancel),
        TEST(test_inbox_is_down),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
