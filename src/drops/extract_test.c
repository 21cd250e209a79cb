/* extract_test.c: a day of archives, good and bad, becomes parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"
#include "drops/drops_base.h"

typedef struct Day {
    Arena arena;
    Str folder;
    DropSpec spec;
    volatile bool is_cancelled;
} Day;

#define MUST_WORK(call)                              \
    do {                                             \
        if (!(call)) {                               \
            print_error("%s\n", err.text);           \
            fail();                                  \
        }                                            \
    } while (0)

static void day_drop(Day *day)
{
    Err err = {0};
    if (day->folder.len)
        MUST_WORK(folder_remove(day->folder, &err));
    arena_drop(&day->arena);
}

static void day_begin(Day *day)
{
    static const Str tables[] = {{"orders", 6}, {"customers", 9}};
    Err err = {0};
    ProcessResult result;
    static unsigned number;
    day->folder = str_print(&day->arena, "/tmp/weir-extract-%d-%u", (int)getpid(), number++);
    Str inbox = path_join(&day->arena, day->folder, STR("in"));
    const char *argv[] = {"python3", "tests/cases/drops/make_archives.py", inbox.at, NULL};
    MUST_WORK(process_run(argv, STR("."), STR(""), 60000, &result, &err));
    assert_int_equal(result.exit_code, 0);
    process_result_drop(&result);
    day->spec = (DropSpec){.name = STR("acme"), .date = STR("2024-01-03"), .glob = STR("*.tar.gz"),
                           .inbox_uri = inbox, .members = STR("{table}_{date:%Y%m%d}_{batch}.csv"),
                           .tables = tables, .table_count = 2, .csv = {.has_header = 1},
                           .workers = 2};
    MUST_WORK(store_open(&day->arena, inbox, NONE, NULL, &day->spec.inbox, &err));
    MUST_WORK(store_open(&day->arena, path_join(&day->arena, day->folder, STR("work")), NONE, NULL,
                         &day->spec.work, &err));
    MUST_WORK(store_open(&day->arena, path_join(&day->arena, day->folder, STR("bad")), NONE, NULL,
                         &day->spec.quarantine, &err));
    day->spec.quarantine_layout = STR("{date}");
}

static Drop *open_drop(Day *day)
{
    Err err = {0};
    Drop *drop;
    MUST_WORK(drop_open(&day->arena, &day->spec, NULL, NULL, &day->is_cancelled, STR("run"), &drop,
                        &err));
    return drop;
}

static DropReport run(Day *day, DropStage stage)
{
    Err err = {0};
    DropReport report;
    MUST_WORK(drop_run(open_drop(day), stage, STR(""), &report, &err));
    return report;
}

static Value marker_of(Day *day)
{
    Err err = {0};
    Value marker;
    MUST_WORK(marker_get(open_drop(day), STR("groups/00000.json"), &day->arena, &marker, &err));
    assert_true(value_is_dict(marker));
    return marker;
}

static Value archive_of(Value marker, const char *name)
{
    Value rows = value_get(marker, "archives");
    for (uint32_t i = 0; i < rows.list->len; i++)
        if (value_is(value_get(rows.list->at[i], "name"), name))
            return rows.list->at[i];
    fail_msg("no archive %s", name);
    return NONE;
}

static void expect_bad(Value marker, const char *name, const char *reason)
{
    Value row = archive_of(marker, name);
    Str text = value_get_text(row, "reason", STR(""));
    if (!value_is(value_get(row, "status"), "bad") || str_find(text, str_of(reason)) < 0)
        fail_msg("%s: " STR_FMT, name, STR_ARG(text));
}

static void test_day(void **state)
{
    AUTO(day) Day day = {0};
    (void)state;
    day_begin(&day);
    run(&day, DROP_WAIT);
    DropReport report = run(&day, DROP_EXTRACT);
    Value marker = marker_of(&day);
    expect_bad(marker, "c.tar.gz", "");
    expect_bad(marker, "d.tar.gz", "outside");
    expect_bad(marker, "e.tar.gz", "link");
    expect_bad(marker, "g.tar.gz", "");
    assert_int_equal(value_get(report.response, "archives").number, 9);
    assert_int_equal(value_get(report.response, "bad_archives").number, 4);
    Value orders = value_get(value_get(marker, "tables"), "orders");
    assert_int_equal(value_get(orders, "rows_in").number, 1000 + 10 + 2);
    assert_int_equal(value_get(orders, "rows_bad").number, 1);
    assert_int_equal(value_get(orders, "files").number, 4);
    assert_int_equal(value_get(marker, "surplus_count").number, 3);
    assert_true(report.has_warning);
    Err err = {0};
    Str copy = path_join(&day.arena, day.folder, STR("bad/2024-01-03/d.tar.gz"));
    assert_true(file_exists(copy));
    assert_true(file_exists(str_print(&day.arena, STR_FMT ".reason.txt", STR_ARG(copy))));
    DropReport again = run(&day, DROP_EXTRACT);
    assert_int_equal(value_get(again.response, "groups_done_now").number, 0);
    err_drop(&err);
}

/* Segments hold what the files hold, in the columns that all of them need. */
static void test_columns(void **state)
{
    AUTO(day) Day day = {0};
    (void)state;
    day_begin(&day);
    run(&day, DROP_WAIT);
    run(&day, DROP_EXTRACT);
    Value segments = value_get(value_get(value_get(marker_of(&day), "tables"), "orders"), "segments");
    assert_int_equal(segments.list->len, 1);
    Value columns = value_get(segments.list->at[0], "columns");
    static const char *const want[][2] = {{"id", "BIGINT"}, {"amount", "VARCHAR"},
                                          {"note", "VARCHAR"}, {"rating", "DOUBLE"},
                                          {"_line", "BIGINT"}, {"_archive", "VARCHAR"},
                                          {"_file", "VARCHAR"}};
    static const int64_t nulls[] = {0, 10, 0, 1002, 0, 0, 0};
    assert_int_equal(columns.list->len, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        Value column = columns.list->at[i];
        assert_true(value_is(value_get(column, "name"), want[i][0]));
        assert_true(value_is(value_get(column, "type"), want[i][1]));
        assert_int_equal(value_get(column, "nulls").number, nulls[i]);
    }
    Err err = {0};
    ParquetFile *file;
    Str name = value_get_text(segments.list->at[0], "file", STR_NONE);
    Str path = str_print(&day.arena, STR_FMT "/work/2024-01-03/parts/00000/" STR_FMT,
                         STR_ARG(day.folder), STR_ARG(name));
    MUST_WORK(parquet_open(&day.arena, path, &file, &err));
    assert_int_equal(parquet_file_rows(file), 1012);
}

/* Without a look at all files before, what does not fit widens: a segment ends. */
static void test_widening(void **state)
{
    AUTO(day) Day day = {0};
    (void)state;
    day_begin(&day);
    day.spec.infer = INFER_SAMPLE;
    Err err = {0};
    MUST_WORK(store_put(day.spec.work, STR("2024-01-03/types.json"),
                        STR("{\"version\": 1, \"tables\": {\"orders\": [{\"name\": \"id\", "
                            "\"type\": \"BIGINT\"}, {\"name\": \"amount\", \"type\": \"BIGINT\"}]}}"),
                        NULL, &day.arena, NULL, &err));
    run(&day, DROP_WAIT);
    run(&day, DROP_EXTRACT);
    Value segments = value_get(value_get(value_get(marker_of(&day), "tables"), "orders"), "segments");
    uint64_t rows = 0;
    for (uint32_t i = 0; i < segments.list->len; i++)
        rows += (uint64_t)value_get(segments.list->at[i], "rows").number;
    assert_int_equal(rows, 1012);
    assert_true(segments.list->len >= 3);
    Value last = value_get(segments.list->at[segments.list->len - 1], "columns");
    assert_true(value_is(value_get(last.list->at[1], "type"), "VARCHAR"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_day), cmocka_unit_test(test_columns),
                                       cmocka_unit_test(test_widening)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
