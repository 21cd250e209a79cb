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
    Value orders = value_get(value_get(marker_of(&day), "tables"), "orders");
    Value segments = value_get(orders, "segments");
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
                        STR("{\"version\": 1, \"tables\": {\"orders\": ["
                            "{\"name\": \"id\", \"type\": \"BIGINT\"}, "
                            "{\"name\": \"amount\", \"type\": \"BIGINT\"}]}}"),
                        NULL, &day.arena, NULL, &err));
    run(&day, DROP_WAIT);
    run(&day, DROP_EXTRACT);
    Value orders = value_get(value_get(marker_of(&day), "tables"), "orders");
    Value segments = value_get(orders, "segments");
    uint64_t rows = 0;
    for (uint32_t i = 0; i < segments.list->len; i++)
        rows += (uint64_t)value_get(segments.list->at[i], "rows").number;
    assert_int_equal(rows, 1012);
    assert_true(segments.list->len >= 3);
    Value last = value_get(segments.list->at[segments.list->len - 1], "columns");
    assert_true(value_is(value_get(last.list->at[1], "type"), "VARCHAR"));
}

/* ---- plain files as archives ---- */

static void plain_begin(Day *day, const Str *tables, uint32_t count)
{
    Err err = {0};
    static unsigned number;
    day->folder = str_print(&day->arena, "/tmp/weir-extract-plain-%d-%u", (int)getpid(), number++);
    Str inbox = path_join(&day->arena, day->folder, STR("in"));
    day->spec = (DropSpec){.name = STR("acme"), .date = STR("2024-01-03"), .glob = STR("*.csv"),
                           .inbox_uri = inbox, .members = STR("{table}_{date:%Y%m%d}_{batch}.csv"),
                           .tables = tables, .table_count = count, .csv = {.has_header = 1},
                           .workers = 1};
    MUST_WORK(store_open(&day->arena, inbox, NONE, NULL, &day->spec.inbox, &err));
    MUST_WORK(store_open(&day->arena, path_join(&day->arena, day->folder, STR("work")), NONE, NULL,
                         &day->spec.work, &err));
}

static void put_file(Day *day, const char *table, unsigned batch, Str text)
{
    Err err = {0};
    Str name = str_print(&day->arena, "%s_20240103_%u.csv", table, batch);
    MUST_WORK(store_put(day->spec.inbox, name, text, NULL, &day->arena, NULL, &err));
}

/* All numbers of a day make a column's type, whichever file comes first: a double where it says
 * every one of them, else a decimal. */
static void test_numbers_of_files(void **state)
{
    static const Str tables[] = {{"t", 1}};
    AUTO(day) Day day = {0};
    Err err = {0};
    Value types;
    (void)state;
    plain_begin(&day, tables, 1);
    put_file(&day, "t", 1, STR("a,b,c,d,e\n1,1.5,1.25,1,\n"));
    put_file(&day, "t", 2, STR("a,b,c,d,e\n2.25,7,1234567890123456,2,\n"));
    put_file(&day, "t", 3, STR("a,b,c,d,e\n33.5,8,2,,\n"));
    run(&day, DROP_WAIT);
    run(&day, DROP_EXTRACT);
    MUST_WORK(marker_get(open_drop(&day), STR("types.json"), &day.arena, &types, &err));
    Value columns = value_get(value_get(types, "tables"), "t");
    static const char *const want[] = {"DOUBLE", "DOUBLE", "DECIMAL(18,2)", "BIGINT",
                                 "VARCHAR"};
    assert_int_equal(columns.list->len, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++)
        if (!value_is(value_get(columns.list->at[i], "type"), want[i]))
            fail_msg("column %zu: " STR_FMT, i,
                     STR_ARG(value_get_text(columns.list->at[i], "type", STR(""))));
}

/* What is noted of an archive is kept when the next one comes. */
static void test_notes_of_archives(void **state)
{
    static const Str tables[] = {{"t", 1}};
    AUTO(day) Day day = {0};
    (void)state;
    plain_begin(&day, tables, 1);
    for (unsigned i = 0; i < 20; i++)
        put_file(&day, "t", i, STR("a,b,some_longer_name\n1,2,3\n1,2\n4,5,6\n"));
    put_file(&day, "t", 20, STR("a,b\n1,2\n"));
    run(&day, DROP_WAIT);
    run(&day, DROP_EXTRACT);
    Value table = value_get(value_get(marker_of(&day), "tables"), "t");
    assert_int_equal(value_get(table, "rows_in").number, 41);
    assert_int_equal(value_get(table, "rows_bad").number, 20);
    assert_int_equal(value_get(value_get(table, "header"), "some_longer_name").number, 20);
    assert_int_equal(value_get(value_get(table, "missing"), "some_longer_name").number, 1);
    Value bad = value_get(table, "bad");
    assert_int_equal(bad.list->len, 1);
    assert_int_equal(value_get(bad.list->at[0], "count").number, 20);
    assert_true(value_is(value_get(bad.list->at[0], "reason"), "too few fields"));
    assert_true(str_starts(value_get_text(bad.list->at[0], "first", STR("")),
                           STR("t_20240103_0.csv/t_20240103_0.csv:3")));
}

/* Tables without end in little memory: segments end when they must; no row is lost. */
static void test_many_tables(void **state)
{
    enum { TABLES = 120, ROUNDS = 2, ROWS = 9000 };
    static Str tables[TABLES];
    AUTO(day) Day day = {0};
    AUTO(text) Text csv = {0};
    (void)state;
    for (unsigned i = 0; i < TABLES; i++)
        tables[i] = str_print(&day.arena, "t%u", i);
    plain_begin(&day, tables, TABLES);
    day.spec.memory_bytes = 50 << 20;
    text_add(&csv, STR("id,code,note\n"));
    for (unsigned row = 0; row < ROWS; row++)
        text_print(&csv, "%u,%x,%08x%08x\n", row, row * 2654435761u, row * 40503u, ~row * 77777u);
    for (unsigned i = 0; i < TABLES * ROUNDS; i++)
        put_file(&day, tables[i % TABLES].at, i / TABLES, text_str(&csv));
    run(&day, DROP_WAIT);
    run(&day, DROP_EXTRACT);
    Err err = {0};
    Value marker, name, table;
    uint64_t segments = 0, rows = 0, parts = 0;
    for (unsigned i = 0;; i++) {
        Str path = str_print(&day.arena, "groups/%05u.json", i);
        MUST_WORK(marker_get(open_drop(&day), path, &day.arena, &marker, &err));
        if (value_is_none(marker))
            break;
        Value all = value_get(marker, "tables");
        for (uint32_t at = 0; dict_next(all.dict, &at, &name, &table); parts++) {
            Value list = value_get(table, "segments");
            segments += list.list->len;
            for (uint32_t k = 0; k < list.list->len; k++)
                rows += (uint64_t)value_get(list.list->at[k], "rows").number;
        }
    }
    assert_int_equal(rows, TABLES * ROUNDS * ROWS);
    assert_true(segments > parts);
}

/* A record above its share of the memory spoils its archive; one below goes through. */
static void test_giant_records(void **state)
{
    static const Str tables[] = {{"t", 1}};
    AUTO(day) Day day = {0};
    AUTO(text) Text csv = {0};
    (void)state;
    plain_begin(&day, tables, 1);
    day.spec.memory_bytes = 64 << 20;
    for (unsigned i = 0; i < 3; i++) {
        text_clear(&csv);
        text_add(&csv, STR("a,b\n1,"));
        text_add_repeat(&csv, 'g', i == 1 ? 9 << 20 : 6 << 20);
        text_add(&csv, STR("\n2,x\n"));
        put_file(&day, "t", i, text_str(&csv));
    }
    run(&day, DROP_WAIT);
    DropReport report = run(&day, DROP_EXTRACT);
    expect_bad(marker_of(&day), "t_20240103_1.csv", "");
    assert_int_equal(value_get(report.response, "bad_archives").number, 1);
    assert_int_equal(value_get(report.response, "rows_in").number, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_day), cmocka_unit_test(test_columns),
                                       cmocka_unit_test(test_widening),
                                       cmocka_unit_test(test_numbers_of_files),
                                       cmocka_unit_test(test_notes_of_archives),
                                       cmocka_unit_test(test_many_tables),
                                       cmocka_unit_test(test_giant_records)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
