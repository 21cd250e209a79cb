/* Merges of parts made by hand: what is published, row by row as the engine reads it; what is not
 * published and why; summary and verdict. A local folder and a real S3 server (versitygw:
 * $WEIR_TEST_VERSITYGW, .deps/bin/versitygw or one on PATH; else skipped). */
#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/process.h"
#include "drops/merge.h"

typedef struct Help {
    Arena arena;
    Err err;
    Str folder;
    Drop drop;
    Warehouse *warehouse;
    DropReport report;
    volatile bool is_cancelled;
    StoreEntries inbox;          /* archives of the day, a group each                             */
} Help;

#define MUST_WORK(call)                                \
    do {                                               \
        if (!(call))                                   \
            fail_msg("%s: %s", #call, help->err.text); \
    } while (0)

/* ---- a day in a scratch folder ---- */

static void find_library(void)
{
    const char *places[] = {getenv("WEIR_TEST_DUCKDB_LIB"), "build/lib/libduckdb.so",
                            ".deps/duckdb-1.5.5/libduckdb.so"};
    for (size_t i = 0; i < COUNT_OF(places) && !getenv("WEIR_DUCKDB_LIB"); i++)
        if (places[i] && file_exists(str_of(places[i])))
            setenv("WEIR_DUCKDB_LIB", places[i], 1);
}

static Str help_path(Help *help, const char *name)
{
    return path_join(&help->arena, help->folder, str_of(name));
}

static Store *open_store(Help *help, const char *name)
{
    Store *store;
    MUST_WORK(store_open(&help->arena, help_path(help, name), NONE, NULL, &store, &help->err));
    return store;
}

static void make_spec(Help *help)
{
    DropSpec *spec = &help->drop.spec;
    Str *tables = NEW_N(&help->arena, Str, 1);
    tables[0] = STR("orders");
    *spec = (DropSpec){
        .name = STR("partner_a"), .partner = STR("partner_a"), .date = STR("2026-11-20"),
        .inbox = open_store(help, "inbox"), .glob = STR("*.tar.gz"), .tables = tables,
        .table_count = 1, .target = open_store(help, "lake"),
        .layout = STR("{table}/year={year}/month={month}/day={day}"), .format = STR("parquet"),
        .schema = STR("silver"), .work = open_store(help, "work"),
        .logs = open_store(help, "logs"),
        .checks = {.null_warn = -1, .null_error = -1, .null_columns = NONE,
                   .violations_warn = -1, .violations_error = -1, .change_warn = -1,
                   .change_error = -1},
    };
    help->drop.arena = &help->arena;
    help->drop.cancel = &help->is_cancelled;
    help->drop.run_id = STR("run-1");
    help->drop.folder = STR("2026-11-20/");
    help->drop.memory_bytes = 64 << 20;
    help->drop.workers = 1;
}

static void help_open(Help *help)
{
    char folder[] = "/tmp/weir-merge-XXXXXX";
    *help = (Help){0};
    find_library();
    assert_non_null(mkdtemp(folder));
    help->folder = str_copy(&help->arena, str_of(folder));
    make_spec(help);
    Value config = value_dict(&help->arena);
    put_text(config, "type", STR("duckdb"));
    put_text(config, "path", help_path(help, "w.duckdb"));
    MUST_WORK(warehouse_open(engine_find(STR("duckdb"), NULL), &help->arena, config,
                             &help->warehouse, &help->err));
    MUST_WORK(session_open(help->warehouse, &help->arena, &help->drop.session, &help->err));
}

static void help_close(Help *help)
{
    AUTO(text) Text folder = {0};
    text_add(&folder, help->folder);
    arena_drop(&help->arena);
    assert_true(folder_remove(text_str(&folder), &help->err));
}

/* ---- parts ---- */

static const char *const day_marker = "{\"version\": 1, \"group\": \"%s\", \"attempt\": \"abc\", "
                                      "\"started_at_us\": 1700000000000000, \"timing\": "
                                      "{\"read_us\": 1000000, \"parse_us\": 500000}, "
                                      "\"cpu_us\": 1400000, \"bytes_read\": 100}";

/* A group with one archive. */
typedef struct Group {
    Help *help;
    Str id, archive;
    Value marker, table;
    uint32_t segment_count;
    uint64_t rows;
} Group;

static bool add_bytes(void *sink, Str bytes, Err *err)
{
    (void)err;
    text_add(sink, bytes);
    return true;
}

/* Plans the archive (again, where its size is another) and begins its group. */
static Group group_begin(Help *help, const char *archive, uint64_t size)
{
    Plan plan;
    StoreEntry entry = {.name = str_of(archive), .size_bytes = (64 << 20) + size};
    bool is_there = false;
    for (uint32_t i = 0; i < help->inbox.len; i++)
        if (str_eq(help->inbox.at[i].name, entry.name)) {
            help->inbox.at[i] = entry;
            is_there = true;
        }
    if (!is_there)
        list_add(&help->arena, &help->inbox, entry);
    MUST_WORK(plan_extend(&help->drop, &help->inbox, &help->arena, &plan, &help->err));
    Group group = {.help = help, .archive = str_of(archive),
                   .id = plan.groups[plan.group_count - 1].id};
    Str text = str_print(&help->arena, day_marker, str_c(&help->arena, group.id));
    MUST_WORK(json_parse(&help->arena, text, STR("marker"), &group.marker, &help->err));
    group.table = value_dict(&help->arena);
    put(group.table, "segments", value_list(&help->arena));
    put_count(group.table, "files", 1);
    put_count(group.table, "plain_bytes", 1000);
    return group;
}

/* "order_id BIGINT, amount DOUBLE" */
static Schema parse_columns(Help *help, const char *columns)
{
    Schema schema = {NEW_N(&help->arena, Field, 16), 0};
    Str rest = str_of(columns), part;
    while (rest.len && str_next_part(&rest, ',', &part)) {
        part = str_trim(part);
        size_t at = (size_t)str_find_char(part, ' ');
        Field *field = &schema.fields[schema.count++];
        MUST_WORK(field_parse_type(&help->arena, str_slice(part, at + 1, part.len), field,
                                   &help->err));
        field->name = str_slice(part, 0, at);
    }
    return schema;
}

static double real_of(Str cell)
{
    char digits[64] = {0};
    memcpy(digits, cell.at, cell.len < 63 ? cell.len : 63);
    return strtod(digits, NULL);
}

static void add_cell(ColumnBuilder *column, Str cell)
{
    int64_t number = 0;
    if (str_is(cell, "-"))
        column_add_null(column);
    else if (column->type == ARROW_TEXT)
        column_add_bytes(column, cell);
    else if (column->type == ARROW_DOUBLE)
        column_add_double(column, real_of(cell));
    else if (column->type == ARROW_BOOL)
        column_add_bool(column, str_is(cell, "true"));
    else {
        assert_true(str_to_int(cell, &number));
        column_add_int(column, number);
    }
}

static void put_work(Help *help, Str name, Str content)
{
    MUST_WORK(store_put(help->drop.spec.work, name, content, &(WriteOptions){0}, &help->arena, NULL,
                        &help->err));
}

/* A segment: rows "1|2.5;2|-", the key's hashes of the first `key_count` cells. */
static void group_segment(Group *group, const char *columns, const char *rows, uint32_t key_count)
{
    Help *help = group->help;
    AUTO(text) Text bytes = {0};
    AUTO(text) Text keys = {0};
    Schema schema = parse_columns(help, columns);
    uint32_t data = schema.count, line = 1;
    schema.fields[schema.count++] = (Field){.name = STR(COLUMN_LINE), .type = ARROW_INT64};
    Builder *builder = builder_make(&help->arena, &schema);
    Str rest = str_of(rows), row;
    while (rest.len && str_next_part(&rest, ';', &row)) {
        Str cells = row, cell, key = row;
        for (uint32_t i = 0; i < data; i++) {
            assert_true(str_next_part(&cells, '|', &cell));
            add_cell(builder_column(builder, i), cell);
            if (i + 1 == key_count)
                key = str_slice(row, 0, (size_t)(cell.at + cell.len - row.at));
        }
        /* of a text another one than of the number: nobody may rely on it */
        uint64_t hash = hash64(key, schema.fields[0].type);
        if (str_find_char(key, '-') >= 0 || str_is(key, "1|1"))
            hash = 0;
        text_add_bytes(&keys, (const char *)&hash, sizeof hash);
        column_add_int(builder_column(builder, data), ++line);
    }
    schema.fields[schema.count++] = (Field){.name = STR(COLUMN_ARCHIVE), .type = ARROW_TEXT};
    schema.fields[schema.count++] = (Field){.name = STR(COLUMN_FILE), .type = ARROW_TEXT};
    ParquetOptions options = {.schema = schema, .constant_count = 2, .write = add_bytes,
                              .sink = &bytes, .group_rows = line < 100 ? 2 : 700};
    ParquetWriter *writer;
    ParquetSummary summary;
    Batch batch;
    Str origin[] = {group->archive, STR("orders.csv")};
    builder_finish(builder, &batch);
    MUST_WORK(parquet_writer_make(&help->arena, &options, &writer, &help->err));
    MUST_WORK(parquet_write(writer, &batch, origin, &help->err));
    batch_drop(&batch);
    MUST_WORK(parquet_finish(writer, &summary, &help->err));
    Str file = str_print(&help->arena, "orders-abc-%u", group->segment_count++);
    Str base = str_print(&help->arena, "2026-11-20/parts/" STR_FMT "/" STR_FMT,
                         STR_ARG(group->id), STR_ARG(file));
    put_work(help, str_print(&help->arena, STR_FMT ".parquet", STR_ARG(base)), text_str(&bytes));
    Value segment = value_dict(&help->arena), told = schema_value(&help->arena, &schema);
    for (uint32_t i = 0; i < schema.count; i++)
        put_count(told.list->at[i], "nulls", summary.columns[i].null_count);
    put_text(segment, "file", str_print(&help->arena, STR_FMT ".parquet", STR_ARG(file)));
    put_count(segment, "rows", summary.rows);
    put_count(segment, "bytes", summary.bytes);
    put(segment, "columns", told);
    put(segment, "keys", NONE);
    if (key_count) {
        put_work(help, str_print(&help->arena, STR_FMT ".keys", STR_ARG(base)), text_str(&keys));
        put_text(segment, "keys", str_print(&help->arena, STR_FMT ".keys", STR_ARG(file)));
    }
    array_add(value_get(group->table, "segments").list, segment);
    group->rows += summary.rows;
}

/* The group's marker. reason: why the archive is bad, or NULL. */
static void group_end(Group *group, const char *reason)
{
    Help *help = group->help;
    AUTO(text) Text text = {0};
    Value archive = value_dict(&help->arena), archives = value_list(&help->arena);
    Value tables = value_dict(&help->arena);
    put_text(archive, "name", group->archive);
    put_text(archive, "status", reason ? STR("bad") : STR("ok"));
    put(archive, "reason", reason ? value_text(str_of(reason)) : NONE);
    put_count(archive, "rows", group->rows);
    put_count(archive, "size", 64 << 20);
    array_add(archives.list, archive);
    put_count(group->table, "rows_in", group->rows);
    put(group->marker, "archives", archives);
    if (!reason)
        put(tables, "orders", group->table);
    put(group->marker, "tables", tables);
    json_print(group->marker, (JsonStyle){0}, &text);
    put_work(help, str_print(&help->arena, "2026-11-20/groups/" STR_FMT ".json",
                             STR_ARG(group->id)), text_str(&text));
}

/* A group of one segment. */
static void add_group(Help *help, const char *archive, const char *columns, const char *rows,
                      uint32_t key_count)
{
    Group group = group_begin(help, archive, 0);
    group_segment(&group, columns, rows, key_count);
    group_end(&group, NULL);
}

static void use_mapping(Help *help, const char *yaml)
{
    Mapping *mapping;
    Str path = help_path(help, "partner.yml");
    MUST_WORK(file_write(path, str_of(yaml), false, &help->err));
    MUST_WORK(mapping_load(&help->arena, path, &mapping, &help->err));
    help->drop.spec.mapping = mapping;
}

/* ---- looking ---- */

static const char *rows_of(Help *help, const char *sql)
{
    Result result;
    Text out = {0};
    text_add_c(&out, "");
    MUST_WORK(session_query(help->drop.session, &help->arena, str_of(sql), 10000, &result,
                            &help->err));
    for (uint64_t i = 0; i < result.row_count * result.column_count; i++) {
        text_add_c(&out, i == 0 ? "" : i % result.column_count ? "|" : "\n");
        if (value_is_none(result.cells[i]))
            text_add_c(&out, "-");
        else
            value_print(result.cells[i], &out);
    }
    return text_give(&help->arena, &out).at;
}

static void expect(Help *help, const char *sql, const char *wanted)
{
    const char *got = rows_of(help, sql);
    if (strcmp(got, wanted) != 0)
        fail_msg("%s\n--- gives\n%s\n--- expected\n%s", sql, got, wanted);
}

/* The published files, in order. */
static void expect_files(Help *help, const char *select, const char *wanted)
{
    Str sql = str_print(&help->arena, "select %s from read_parquet('" STR_FMT "/lake/orders/year="
                        "2026/month=11/day=20/part-*.parquet', hive_partitioning = false)", select,
                        STR_ARG(help->folder));
    expect(help, sql.at, wanted);
}

static void merge(Help *help, const char *message)
{
    help->report = (DropReport){0};
    MUST_WORK(stage_merge(&help->drop, STR("orders"), &help->report, &help->err));
    if (message && !strstr(help->report.message.at, message))
        fail_msg("message is\n%s\n--- expected\n%s", help->report.message.at, message);
}

static void merge_fails(Help *help, const char *message)
{
    if (stage_merge(&help->drop, STR("orders"), &help->report, &help->err))
        fail_msg("should fail: %s", message);
    if (!strstr(help->err.text, message))
        fail_msg("fails with\n%s\n--- expected\n%s", help->err.text, message);
    err_drop(&help->err);
}

static Value read_json(Help *help, const char *name)
{
    Str text;
    Value value;
    MUST_WORK(file_read(&help->arena, help_path(help, name), &text, &help->err));
    MUST_WORK(json_parse(&help->arena, text, str_of(name), &value, &help->err));
    return value;
}

static uint32_t count_files(Help *help, const char *name)
{
    FileList files = {0};
    MUST_WORK(folder_walk(&help->arena, help_path(help, name), &files, &help->err));
    return files.len;
}

/* ---- joining ---- */

static void test_join(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    add_group(help, "a.tar.gz", "id BIGINT, name VARCHAR", "1|x;2|-", 0);
    add_group(help, "b.tar.gz", "id BIGINT, score DOUBLE", "3|1.5;4|-", 0);
    merge(help, "MERGE 4 rows in 1 file");
    assert_false(help->report.has_warning);
    expect_files(help, "*", "1|x|-|2|a.tar.gz|orders.csv\n2|-|-|3|a.tar.gz|orders.csv\n"
                            "3|-|1.5|2|b.tar.gz|orders.csv\n4|-|-|3|b.tar.gz|orders.csv");
    expect(help, "select id, score, year, typeof(month), day from silver.orders where id = 1",
           "1|-|2026|INTEGER|20");
    Value index = read_json(help, "lake/orders/year=2026/month=11/day=20/_index.json");
    assert_int_equal(value_get(index, "rows").number, 4);
    assert_int_equal(value_get(index, "files").list->len, 1);
    assert_int_equal(value_get(index, "archives").list->len, 2);
    assert_true(file_exists(help_path(help, "lake/orders/year=2026/month=11/day=20/_SUCCESS")));
    assert_int_equal(count_files(help, "lake"), 3);    /* nothing is left aside */
    Value marker = read_json(help, "work/2026-11-20/merge/orders.json");
    assert_true(value_is(value_get(marker, "status"), "success"));
    assert_int_equal(get_count(marker, "rows_in"), 4);
    assert_int_equal(get_count(marker, "csv_files"), 2);
    assert_int_equal(get_count(marker, "schema_version"), 1);
    Value name = value_get(marker, "columns").list->at[1];
    assert_int_equal(get_count(name, "nulls"), 3);
    merge(help, "nothing new");
    Str file = help_path(help, "lake/orders/year=2026/month=11/day=20/part-00000.parquet");
    MUST_WORK(file_remove(file, &help->err));
    merge(help, "MERGE 4 rows in 1 file");
    assert_true(file_exists(file));
    help->drop.spec.is_full_refresh = true;
    merge(help, NULL);
    assert_null(strstr(help->report.message.at, "nothing new"));
    help_close(help);
}

static void test_unfinished(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    merge_fails(help, "batch_extract has to run first");
    add_group(help, "a.tar.gz", "id BIGINT", "1", 0);
    group_begin(help, "b.tar.gz", 0);
    merge_fails(help, "batch_extract has not finished for 2026-11-20: 1 of 2 groups are done");
    help_close(help);
}

static void test_no_rows(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    Group group = group_begin(help, "a.tar.gz", 0);
    group_end(&group, "truncated");
    merge(help, "MERGE 0 rows in 1 file");
    expect(help, "select count(*) from silver.orders", "0");
    help_close(help);
}

/* ---- types ---- */

static void test_types(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    Group group = group_begin(help, "a.tar.gz", 0);
    group_segment(&group, "n BIGINT, big BIGINT, t DOUBLE, b BOOLEAN, Name VARCHAR",
                  "1|9007199254740993|17|true|x;-|2|1.25|-|y", 0);
    group_segment(&group, "n DOUBLE, big DOUBLE, t VARCHAR, b VARCHAR, name VARCHAR",
                  "1.5|0.5|n/a|yes|z", 0);
    group_end(&group, NULL);
    merge(help, NULL);
    expect_files(help, "n, typeof(n), big, t, b, Name",
                 "1.0|DOUBLE|9007199254740993|17|true|x\n-|DOUBLE|2|1.25|-|y\n"
                 "1.5|DOUBLE|0.5|n/a|yes|z");
    expect(help, "select column_name from (describe silver.orders)",
           "n\nbig\nt\nb\nName\n_line\n_archive\n_file\nday\nmonth\nyear");
    help_close(help);
}

static void test_registry(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    uint32_t version;
    Value changes;
    help_open(help);
    Schema known = parse_columns(help, "z VARCHAR, id BIGINT");
    MUST_WORK(registry_put(&help->drop, STR("orders"), &known, &help->arena, &version, &changes,
                           &help->err));
    add_group(help, "a.tar.gz", "id BIGINT, z BIGINT, new BIGINT", "1|7|5", 0);
    help->drop.spec.checks.header = HEADER_WARN;
    merge(help, "new column: new");
    assert_true(help->report.has_warning);
    expect_files(help, "*", "7|1|5|2|a.tar.gz|orders.csv");    /* z is a text, and first */
    help_close(help);
}

static void test_file_size(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    help->drop.spec.file_bytes = 1;
    add_group(help, "a.tar.gz", "id BIGINT", "1;2", 0);
    add_group(help, "b.tar.gz", "id BIGINT", "3", 0);
    add_group(help, "c.tar.gz", "id VARCHAR", "x;y", 0);
    merge(help, "MERGE 5 rows in 3 files");
    expect_files(help, "string_agg(id, ',' order by filename, _line)", "1,2,3,x,y");
    assert_int_equal(count_files(help, "lake"), 5);
    help_close(help);
}

static void test_csv(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    Str text;
    help_open(help);
    help->drop.spec.adds_csv = true;
    add_group(help, "a.tar.gz", "id BIGINT, s VARCHAR", "1|x,y;2|-", 0);
    merge(help, "in 1 file");
    const char *name = "lake/orders/year=2026/month=11/day=20/orders.csv";
    MUST_WORK(file_read(&help->arena, help_path(help, name), &text, &help->err));
    assert_string_equal(text.at, "id,s,_line,_archive,_file\n1,\"x,y\",2,a.tar.gz,orders.csv\n"
                                 "2,,3,a.tar.gz,orders.csv\n");
    assert_int_equal(count_files(help, "lake"), 4);
    help->drop.spec.adds_csv = false;
    help->drop.spec.format = STR("csv");
    merge(help, "MERGE 2 rows in 1 file");
    assert_int_equal(count_files(help, "lake"), 3);
    expect(help, "select id, typeof(id), s, day from silver.orders order by 1",
           "1|BIGINT|x,y|20\n2|BIGINT|-|20");
    help_close(help);
}

/* ---- rows that go ---- */

#define KEYED(rule)                                                                       \
    "version: 1\npartner: partner_a\ntables:\n  orders:\n    primary_key: [id, part]\n"   \
    "    duplicates: " rule "\n    columns:\n      id: {type: varchar}\n"                 \
    "      part: {type: bigint, required: true}\n"

static void add_doubles(Help *help)
{
    Group group = group_begin(help, "a.tar.gz", 0);
    group_segment(&group, "id BIGINT, part BIGINT, v VARCHAR", "1|1|a;1|2|b;2|1|c;1|1|d", 2);
    group_segment(&group, "id VARCHAR, part BIGINT, v VARCHAR", "x|1|e;1|2|f;-|1|g;-|1|h", 2);
    group_end(&group, NULL);
    add_group(help, "b.tar.gz", "id VARCHAR, part BIGINT, v VARCHAR", "1|1|i;3|1|j", 2);
    add_group(help, "c.tar.gz", "v VARCHAR", "k", 0);   /* no key at all */
}

static void test_last(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    use_mapping(help, KEYED("last"));
    add_doubles(help);
    merge(help, "MERGE 8 rows in 1 file, 3 duplicates dropped");
    expect_files(help, "id, part, v, _archive, _line",
                 "2|1|c|a.tar.gz|4\nx|1|e|a.tar.gz|2\n1|2|f|a.tar.gz|3\n-|1|g|a.tar.gz|4\n"
                 "-|1|h|a.tar.gz|5\n1|1|i|b.tar.gz|2\n3|1|j|b.tar.gz|3\n-|-|k|c.tar.gz|2");
    expect(help, "select count(*) from duckdb_tables() where temporary", "0");
    help_close(help);
}

/* Row groups (of two rows) without a row that goes are copied between those that are written anew,
 * in their order. */
static void test_stretches(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    use_mapping(help, KEYED("last"));
    add_group(help, "a.tar.gz", "id VARCHAR, part BIGINT",
              "a|1;x|1;b|1;c|1;y|1;d|1;z|1;e|1;f|1;g|1;w|1", 2);
    add_group(help, "b.tar.gz", "id VARCHAR, part BIGINT", "h|1;i|1;x|1;y|1;z|1;w|1;j|1", 2);
    Str groups = str_print(&help->arena, "select count(distinct row_group_id) from "
                           "parquet_metadata('" STR_FMT "/work/2026-11-20/parts/00000/*.parquet')",
                           STR_ARG(help->folder));
    expect(help, groups.at, "6");
    merge(help, "MERGE 14 rows in 1 file, 4 duplicates dropped");
    Str rows = str_print(&help->arena, "select string_agg(id, '' order by file_row_number), "
                         "string_agg(_line, ',' order by file_row_number) from read_parquet('"
                         STR_FMT "/lake/**/part-00000.parquet', file_row_number = true)",
                         STR_ARG(help->folder));
    expect(help, rows.at, "abcdefghixyzwj|2,4,5,7,9,10,11,2,3,4,5,6,7,8");
    help_close(help);
}

static void test_keep_and_fail(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    use_mapping(help, KEYED("keep"));
    help->drop.spec.checks.duplicate_keys = CHECK_WARN;
    add_doubles(help);
    merge(help, "MERGE 11 rows in 1 file; ");
    assert_non_null(strstr(help->report.message.at, "3 rows have a key that a later row has, too: "
                           "id = 1, part = 1 (a.tar.gz: orders.csv line 2; b.tar.gz: orders.csv "
                           "line 2)"));
    use_mapping(help, KEYED("fail"));
    merge_fails(help, "id = 1, part = 2 (a.tar.gz: orders.csv line 3; a.tar.gz: orders.csv line "
                      "3) (duplicates: fail;");
    expect_files(help, "count(*)", "11");                /* the files before stay */
    Value marker = read_json(help, "work/2026-11-20/merge/orders.json");
    assert_true(value_is(value_get(marker, "status"), "error"));
    assert_int_equal(value_get(marker, "files").list->len, 0);
    merge_fails(help, "is not published, the files before stay");
    use_mapping(help, KEYED("last"));
    merge(help, "3 duplicates dropped");
    help_close(help);
}

/* Some thousand rows, a third of them double, in parts of one group and several row numbers apart:
 * against the engine's own account. */
static void test_many_duplicates(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    use_mapping(help, KEYED("last"));
    uint64_t seed = 88172645463325252ull;
    expect(help, "create table main.wanted (id varchar, part bigint, v varchar)", "");
    for (int g = 0; g < 4; g++) {
        AUTO(text) Text rows = {0};
        AUTO(text) Text values = {0};
        for (int i = 0; i < 2000; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            text_print(&rows, "%s%llu|%llu|%d.%d", i ? ";" : "", (unsigned long long)(seed % 1500),
                       (unsigned long long)(seed >> 20) % 3, g, i);
            text_print(&values, "%s('%llu', %llu, '%d.%d')", i ? "," : "",
                       (unsigned long long)(seed % 1500), (unsigned long long)(seed >> 20) % 3, g,
                       i);
        }
        Str archive = str_print(&help->arena, "%d.tar.gz", g);
        add_group(help, archive.at, "id BIGINT, part BIGINT, v VARCHAR", rows.at, 2);
        Str sql = str_print(&help->arena, "insert into main.wanted values %s", values.at);
        rows_of(help, sql.at);
    }
    merge(help, "duplicates dropped");
    Str check = str_print(
        &help->arena,
        "with last as (select id, part, arg_max(v, rowid) as v from main.wanted group by all) "
        "select (select count(*) from last), (select count(*) from silver.orders), "
        "(select count(*) from (select id, part, v from silver.orders except from last)), "
        "(select bool_and(n = 1) from (select count(*) as n from silver.orders group by id, "
        "part))");
    const char *got = rows_of(help, check.at);
    unsigned long long wanted, published, other;
    assert_int_equal(sscanf(got, "%llu|%llu|%llu", &wanted, &published, &other), 3);
    assert_int_equal(wanted, published);
    assert_int_equal(other, 0);
    assert_non_null(strstr(got, "True"));
    /* the order of the files is that of the plan */
    Str order = str_print(
        &help->arena,
        "select bool_and(place > before) from (select place, lag(place, 1, -1) over (order by row) "
        "as before from (select file_row_number as row, split_part(v, '.', 1)::int * 10000 + "
        "split_part(v, '.', 2)::int as place from read_parquet('" STR_FMT "/lake/orders/year=2026/"
        "month=11/day=20/part-00000.parquet', file_row_number = true)))", STR_ARG(help->folder));
    expect(help, order.at, "True");
    help_close(help);
}

static void test_replaced(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    use_mapping(help, KEYED("last"));
    Group group = group_begin(help, "a.tar.gz", 0);
    group_segment(&group, "id VARCHAR, part BIGINT", "1|1;2|1", 2);
    group_end(&group, NULL);
    add_group(help, "b.tar.gz", "id VARCHAR, part BIGINT", "3|1", 2);
    merge(help, "MERGE 3 rows");
    group = group_begin(help, "a.tar.gz", 5);            /* it comes again */
    group_segment(&group, "id VARCHAR, part BIGINT", "1|1;4|1", 2);
    group_end(&group, NULL);
    merge(help, "MERGE 3 rows in 1 file, 2 rows replaced");
    expect_files(help, "id, _archive", "3|b.tar.gz\n1|a.tar.gz\n4|a.tar.gz");
    MUST_WORK(stage_check(&help->drop, &help->report, &help->err));
    help_close(help);
}

/* ---- what is not published ---- */

static void test_checks(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    add_group(help, "a.tar.gz", "id BIGINT, note VARCHAR", "1|x;2|y", 0);
    merge(help, NULL);
    help->drop.spec.checks.null_error = 0.5;
    add_group(help, "b.tar.gz", "id BIGINT, note VARCHAR", "3|-;4|-;5|-", 0);
    merge_fails(help, "orders of 2026-11-20 is not published, the files before stay: column note "
                      "is NULL in 60.0 % of the rows (more than 50 %)");
    expect_files(help, "id", "1\n2");
    assert_int_equal(count_files(help, "lake"), 3);
    help->drop.spec.checks.null_error = 0.9;
    help->drop.spec.checks.header = HEADER_FREEZE;
    merge(help, "MERGE 5 rows");
    add_group(help, "c.tar.gz", "id BIGINT, extra VARCHAR", "6|x", 0);
    merge_fails(help, "new column: extra (checks.header is freeze");
    help_close(help);
}

static void test_lost_archives(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    add_group(help, "a.tar.gz", "id BIGINT", "1", 0);
    add_group(help, "b.tar.gz", "id BIGINT", "2", 0);
    merge(help, NULL);
    help->drop.spec.work = open_store(help, "work2");    /* the work folder is gone, and a, too */
    help->inbox.len = 0;
    add_group(help, "b.tar.gz", "id BIGINT", "2", 0);
    merge_fails(help, "orders of 2026-11-20 has rows of 1 archive that the work folder knows "
                      "nothing of (a.tar.gz)");
    expect_files(help, "id", "1\n2");
    help->drop.spec.is_full_refresh = true;
    merge(help, "MERGE 1 row in 1 file");
    help_close(help);
}

static void test_row_counts(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    help->drop.spec.checks.expected = STR("manifest.json");
    help->drop.spec.checks.row_counts = CHECK_ERROR;
    MUST_WORK(file_write(help_path(help, "inbox/manifest.json"),
                         STR("[{\"name\": \"orders.csv\", \"rows\": 3}]"), false, &help->err));
    Group group = group_begin(help, "a.tar.gz", 0);
    Value seen = value_list(&help->arena), file = value_dict(&help->arena);
    group_segment(&group, "id BIGINT", "1;2", 0);
    put_text(file, "file", STR("orders.csv"));
    put_count(file, "rows", 2);
    array_add(seen.list, file);
    put(group.table, "files_seen", seen);
    group_end(&group, NULL);
    merge_fails(help, "1 file differs from the manifest: orders.csv has 2 rows instead of 3");
    MUST_WORK(file_write(help_path(help, "inbox/manifest.json"), STR("{\"orders.csv\": 2}"), false,
                         &help->err));
    merge(help, NULL);
    help_close(help);
}

/* ---- summary and verdict ---- */

static void check_fails(Help *help, const char *message)
{
    if (stage_check(&help->drop, &help->report, &help->err))
        fail_msg("should fail: %s", message);
    if (!strstr(help->err.text, message))
        fail_msg("fails with\n%s\n--- expected\n%s", help->err.text, message);
    err_drop(&help->err);
}

static void test_summary(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    add_group(help, "a.tar.gz", "id BIGINT, note VARCHAR", "1|-;2|-", 0);
    Group group = group_begin(help, "b.tar.gz", 0);
    group_end(&group, "truncated");
    merge(help, NULL);
    help->drop.spec.flags.files = 5;
    MUST_WORK(stage_summary(&help->drop, &help->report, &help->err));
    assert_string_equal(help->report.message.at,
                        "SUMMARY warn: 2 rows in 1 table, 1 bad archive");
    Value day = read_json(help, "logs/2026/11/20/merge_summary_2026-11-20.json");
    Value row = value_get(day, "tables").list->at[0];
    assert_true(value_is(value_get(row, "table"), "orders"));
    assert_int_equal(get_count(row, "rows_out"), 2);
    assert_int_equal(get_count(row, "columns"), 2);
    assert_true(value_get(value_get(row, "timings"), "read").real == 1.0);
    assert_true(value_get(value_get(row, "null_ratio"), "note").real == 1.0);
    Value flags = value_get(row, "flags");               /* it began in 2023, too */
    assert_true(value_is(flags.list->at[0], "null_ratio note 1 > 0.5"));
    assert_int_equal(flags.list->len, 2);
    Value bad = value_get(value_get(value_get(day, "resources"), "partner_a"), "bad");
    assert_true(value_is(value_get(bad.list->at[0], "reason"), "truncated"));
    assert_true(file_exists(help_path(help, "logs/2026/11/20/_SUCCESS")));
    assert_true(file_exists(help_path(help, "work/2026-11-20/summary.json")));
    expect(help, "select resource, process_date, table_name, status, rows_out, read_sec, "
                 "null_ratio from silver.merge_summary",
           "partner_a|2026-11-20|orders|success|2|1.0|{\"id\": 0.0, \"note\": 1.0}");
    Str csv = str_print(&help->arena, "select date, resource, \"table\", rows_out, flags[:10] from "
                        "read_csv('" STR_FMT "/logs/2026/11/20/*.csv')", STR_ARG(help->folder));
    expect(help, csv.at, "2026-11-20|partner_a|orders|2|null_ratio");
    MUST_WORK(stage_summary(&help->drop, &help->report, &help->err));
    help->drop.spec.name = STR("a_partner");             /* another resource on that day */
    MUST_WORK(stage_summary(&help->drop, &help->report, &help->err));
    day = read_json(help, "logs/2026/11/20/merge_summary_2026-11-20.json");
    assert_int_equal(value_get(day, "tables").list->len, 2);
    assert_true(value_is(value_get(value_get(day, "tables").list->at[0], "resource"),
                         "a_partner"));
    expect(help, "select count(*), count(distinct resource) from silver.merge_summary", "2|2");
    help_close(help);
}

static void test_failed_summary(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    add_group(help, "a.tar.gz", "id BIGINT", "1", 0);
    MUST_WORK(stage_summary(&help->drop, &help->report, &help->err));
    assert_string_equal(help->report.message.at, "SUMMARY error: 0 rows in 1 table, 1 failed");
    assert_false(file_exists(help_path(help, "logs/2026/11/20/_SUCCESS")));
    assert_false(file_exists(help_path(help, "work/2026-11-20/summary.json")));
    expect(help, "select status, rows_out from silver.merge_summary", "error|-");
    check_fails(help, "orders is not published: run merge_orders");
    help_close(help);
}

static void test_change(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    for (int day = 17; day < 20; day++) {
        Str name = str_print(&help->arena, "logs/2026/11/%d/merge_summary_2026-11-%d.json", day,
                             day);
        Str text = str_print(&help->arena, "{\"tables\": [{\"resource\": \"partner_a\", \"table\": "
                             "\"orders\", \"status\": \"success\", \"rows_out\": %d}]}", day);
        MUST_WORK(file_write(help_path(help, name.at), text, false, &help->err));
    }
    help->drop.spec.checks.change_error = 0.5;
    add_group(help, "a.tar.gz", "id BIGINT", "1;2;3", 0);
    merge_fails(help, "3 rows against a median of 18 on the 3 days before (-83.3 %, more than "
                      "50 %)");
    help_close(help);
}

static void test_verdict(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    DropChecks *checks = &help->drop.spec.checks;
    add_group(help, "a.tar.gz", "id BIGINT", "1;2", 0);
    merge(help, NULL);
    MUST_WORK(stage_check(&help->drop, &help->report, &help->err));
    assert_string_equal(help->report.message.at, "CHECK 1 archive, 2 rows in 1 table");
    checks->expected = STR("manifest.txt");
    checks->missing = CHECK_ERROR;
    checks->surplus = CHECK_WARN;
    checks->row_counts = CHECK_ERROR;
    check_fails(help, "there is no manifest.txt in the inbox");
    Str manifest = help_path(help, "inbox/manifest.txt");
    MUST_WORK(file_write(manifest, STR("a.tar.gz\nb.tar.gz\n"), false, &help->err));
    check_fails(help, "1 expected file is missing: b.tar.gz");
    MUST_WORK(file_write(manifest, STR("name,rows\na.tar.gz,3\n"), false, &help->err));
    check_fails(help, "a.tar.gz has 2 rows instead of 3");
    MUST_WORK(file_write(manifest, STR("name,size\na.tar.gz,1\n"), false, &help->err));
    check_fails(help, "a.tar.gz has 67108864 bytes instead of 1");
    MUST_WORK(file_write(manifest, STR("a.tar.gz\n"), false, &help->err));
    MUST_WORK(stage_check(&help->drop, &help->report, &help->err));
    add_group(help, "b.tar.gz", "id BIGINT", "3", 0);
    check_fails(help, "orders was published before the last archives came");
    merge(help, NULL);
    MUST_WORK(stage_check(&help->drop, &help->report, &help->err));
    assert_true(help->report.has_warning);
    assert_non_null(strstr(help->report.message.at, "1 archive is not expected: b.tar.gz"));
    MUST_WORK(file_write(help_path(help,
                                   "lake/orders/year=2026/month=11/day=20/part-00000.parquet"),
                         STR("cut"), false, &help->err));
    check_fails(help, "a published file of orders is wrong: ");
    help_close(help);
}

/* ---- an object store ---- */

static Str find_server(Help *help)
{
    Str given = environment_get("WEIR_TEST_VERSITYGW"), folder;
    if (given.len || file_exists(STR(".deps/bin/versitygw")))
        return given.len ? given : path_absolute(&help->arena, STR(".deps/bin/versitygw"));
    Str rest = environment_get("PATH");
    while (rest.at && str_next_part(&rest, ':', &folder)) {
        Str found = path_join(&help->arena, folder, STR("versitygw"));
        if (access(str_c(&help->arena, found), X_OK) == 0)
            return found;
    }
    return STR("");
}

static pid_t start_server(Help *help, Str program, int port)
{
    const char *argv[] = {str_c(&help->arena, program), "--port",
                          str_print(&help->arena, "127.0.0.1:%d", port).at, "--access", "tester",
                          "--secret", "test-secret-key", "--quiet", "posix",
                          help_path(help, "data").at, NULL};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        prctl(PR_SET_PDEATHSIG, SIGTERM);   /* also when a test fails */
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

/* Work, target and logs below s3://bucket; waits for the server. */
static void use_bucket(Help *help, int port)
{
    Value options = value_dict(&help->arena);
    Http *http;
    Store **const stores[] = {&help->drop.spec.work, &help->drop.spec.target,
                              &help->drop.spec.logs};
    static const char *const names[] = {"s3://bucket/work", "s3://bucket/lake",
                                        "s3://bucket/logs"};
    put_text(options, "endpoint", str_print(&help->arena, "http://127.0.0.1:%d", port));
    put_text(options, "access_key_id", STR("tester"));
    put_text(options, "secret_access_key", STR("test-secret-key"));
    put_text(options, "region", STR("us-east-1"));
    MUST_WORK(http_open(&help->arena, &http, &help->err));
    for (size_t i = 0; i < COUNT_OF(stores); i++)
        MUST_WORK(store_open(&help->arena, str_of(names[i]), options, http, stores[i],
                             &help->err));
    for (int i = 0; i < 100; i++) {
        StoreEntry entry;
        bool exists;
        if (store_stat(help->drop.spec.work, STR("x"), &help->arena, &entry, &exists, &help->err))
            return;
        err_drop(&help->err);
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
    fail_msg("the S3 server does not answer");
}

static void expect_bucket(Help *help, const char *select, const char *wanted)
{
    Str sql = str_print(&help->arena, "select %s from read_parquet('" STR_FMT "/data/bucket/lake/"
                        "orders/year=2026/month=11/day=20/part-*.parquet', hive_partitioning = "
                        "false)", select, STR_ARG(help->folder));
    expect(help, sql.at, wanted);
}

static void merge_in_bucket(Help *help)
{
    use_mapping(help, KEYED("last"));
    help->drop.spec.adds_csv = true;
    Group group = group_begin(help, "a.tar.gz", 0);
    group_segment(&group, "id BIGINT, part BIGINT, v BIGINT", "1|1|5;2|1|6", 2);
    group_segment(&group, "id VARCHAR, part BIGINT, v VARCHAR", "x|1|e;2|1|f", 2);
    group_end(&group, NULL);
    merge(help, "MERGE 3 rows in 1 file, 1 duplicate dropped; no view: the engine cannot read s3://"
                "bucket/lake/orders/");
    expect_bucket(help, "id, v", "1|5\nx|e\n2|f");
    assert_int_equal(count_files(help, "data/bucket/lake"), 4);
    Value index = read_json(help,
                            "data/bucket/lake/orders/year=2026/month=11/day=20/_index.json");
    Str first = value_str(value_get(value_get(index, "files").list->at[0], "path"));
    add_group(help, "b.tar.gz", "id VARCHAR, part BIGINT", "y|1", 2);
    merge(help, "MERGE 4 rows in 1 file");
    expect_bucket(help, "id", "1\nx\n2\ny");                 /* the former file is gone */
    assert_int_equal(count_files(help, "data/bucket/lake"), 4);
    index = read_json(help, "data/bucket/lake/orders/year=2026/month=11/day=20/_index.json");
    assert_false(str_eq(first, value_str(value_get(value_get(index, "files").list->at[0],
                                                   "path"))));
    merge(help, "nothing new");
    help->drop.spec.is_full_refresh = true;                   /* the same names once more */
    merge(help, "MERGE 4 rows");
    expect_bucket(help, "count(*)", "4");
    MUST_WORK(stage_summary(&help->drop, &help->report, &help->err));
    help->drop.spec.name = STR("b");
    MUST_WORK(stage_summary(&help->drop, &help->report, &help->err));
    Value day = read_json(help, "data/bucket/logs/2026/11/20/merge_summary_2026-11-20.json");
    assert_int_equal(value_get(day, "tables").list->len, 2);
    MUST_WORK(stage_check(&help->drop, &help->report, &help->err));
}

static void test_object_store(void **state)
{
    (void)state;
    Help opened, *help = &opened;
    help_open(help);
    Str program = find_server(help);
    int port = 20000 + (int)getpid() % 20000;
    if (!program.len) {
        print_message("no versitygw (WEIR_TEST_VERSITYGW names one)\n");
        help_close(help);
        skip();
    }
    MUST_WORK(folder_make(help_path(help, "data/bucket"), &help->err));
    pid_t server = start_server(help, program, port);
    use_bucket(help, port);
    merge_in_bucket(help);
    kill(server, SIGTERM);
    assert_int_equal(waitpid(server, NULL, 0), server);
    help_close(help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),            cmocka_unit_test(test_unfinished),
        cmocka_unit_test(test_no_rows),         cmocka_unit_test(test_types),
        cmocka_unit_test(test_registry),        cmocka_unit_test(test_file_size),
        cmocka_unit_test(test_csv),             cmocka_unit_test(test_last),
        cmocka_unit_test(test_keep_and_fail),   cmocka_unit_test(test_many_duplicates),
        cmocka_unit_test(test_replaced),        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_lost_archives),   cmocka_unit_test(test_row_counts),
        cmocka_unit_test(test_summary),         cmocka_unit_test(test_failed_summary),
        cmocka_unit_test(test_change),          cmocka_unit_test(test_verdict),
        cmocka_unit_test(test_object_store),    cmocka_unit_test(test_stretches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
