/* Exports: what readers see before, during and after; what is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <utime.h>

#include <cmocka.h>

#include "base/json.h"
#include "lake/lake_help_test.h"

typedef struct Out {
    Help help;
    Export export;
    uint64_t rows;
    Value index;
} Out;

static void out_open(Out *out)
{
    *out = (Out){0};
    help_open(&out->help);
    Str root = str_of(help_path(&out->help, "out"));
    out->export = (Export){.format = STR("parquet"), .run_id = STR("run"), .cursor = NONE,
                           .partition_by = NONE};
    assert_true(store_open(&out->help.arena, root, NONE, NULL, &out->export.store,
                           &out->help.err));
}

static bool try_export(Out *out, const char *select)
{
    out->export.select = str_of(select);
    return lake_export(out->help.lake, out->help.session, &out->export, &out->help.arena,
                       &out->rows, &out->index, &out->help.err);
}

static void run_export(Out *out, const char *select)
{
    if (!try_export(out, select))
        fail_msg("%s", out->help.err.text);
}

/* Rows of the files that the index names. */
static void expect_rows(Out *out, const char *reader, const char *select, const char *rows)
{
    Value index;
    AUTO(text) Text sql = {0};
    assert_true(lake_index(out->export.store, &out->help.arena, &index, NULL, &out->help.err));
    Value files = value_get(index, "files");
    text_print(&sql, "select %s from %s([", select, reader);
    for (uint32_t i = 0; i < files.list->len; i++)
        text_print(&sql, "%s'" STR_FMT "/out/" STR_FMT "'", i ? ", " : "",
                   STR_ARG(out->help.folder),
                   STR_ARG(value_str(value_get(files.list->at[i], "path"))));
    text_add_c(&sql, "]) order by all");
    help_expect(&out->help, sql.at, rows);
}

static uint32_t count_files(Out *out)
{
    FileList files;
    assert_true(folder_walk(&out->help.arena, str_of(help_path(&out->help, "out")), &files,
                            &out->help.err));
    return files.len;
}

static void test_replace(void **state)
{
    (void)state;
    Out out;
    Value index;
    out_open(&out);
    assert_true(lake_index(out.export.store, &out.help.arena, &index, NULL, &out.help.err));
    assert_true(value_is_none(index));
    run_export(&out, "select 1 as id, 'a' as n;");
    assert_int_equal(out.rows, 1);
    expect_rows(&out, "read_parquet", "*", "1|a");
    out.export.cursor = help_json(&out.help, "{\"value\": 5}");
    run_export(&out, "select range as id from range(3)");
    expect_rows(&out, "read_parquet", "*", "0\n1\n2");
    assert_int_equal(count_files(&out), 2); /* the former file is gone */
    assert_true(lake_index(out.export.store, &out.help.arena, &index, NULL, &out.help.err));
    assert_int_equal(value_get(index, "rows").number, 3);
    assert_int_equal(value_get(value_get(index, "cursor"), "value").number, 5);
    assert_true(value_is(value_get(index, "run_id"), "run"));
    assert_true(value_is(value_get(value_get(index, "schema").list->at[0], "type"), "BIGINT"));
    help_close(&out.help);
}

static void test_keeps_days(void **state)
{
    (void)state;
    Out out;
    out_open(&out);
    out.export.keep_days = 3;
    run_export(&out, "select 1 as id");
    run_export(&out, "select 2 as id");
    run_export(&out, "select 3 as id");
    assert_int_equal(count_files(&out), 4);
    assert_int_equal(value_get(out.index, "former").list->len, 2);
    out.export.keep_days = 0;
    run_export(&out, "select 4 as id");
    expect_rows(&out, "read_parquet", "*", "4");
    assert_int_equal(count_files(&out), 2);
    help_close(&out.help);
}

static void test_append_and_partitions(void **state)
{
    (void)state;
    Out out;
    out_open(&out);
    out.export.is_append = true;
    out.export.partition_by = help_list(&out.help, "p");
    run_export(&out, "select range as id, case when range < 2 then 'a/ b' end as p from range(4)");
    run_export(&out, "select 9 as id, 'c' as p");
    expect_rows(&out, "read_parquet", "id", "0\n1\n2\n3\n9");
    Value files = value_get(out.index, "files"), schema = value_get(out.index, "schema");
    assert_int_equal(files.list->len, 3);
    assert_int_equal(value_get(out.index, "rows").number, 5);
    assert_int_equal(schema.list->len, 2);
    unsigned nulls = 0, slashes = 0;
    for (uint32_t i = 0; i < 3; i++) {
        Value p = value_get(value_get(files.list->at[i], "partition"), "p");
        nulls += value_is_none(p);
        slashes += value_is(p, "a/ b");
        assert_int_equal(value_get(files.list->at[i], "rows").number, i == 2 ? 1 : 2);
    }
    assert_int_equal(nulls, 1);
    assert_int_equal(slashes, 1);
    run_export(&out, "select 1 as id, 'x' as p where false");
    assert_int_equal(value_get(out.index, "files").list->len, 3);
    help_close(&out.help);
}

static void test_formats(void **state)
{
    (void)state;
    Out out;
    Str text;
    out_open(&out);
    out.export.format = STR("csv");
    run_export(&out, "select 1 as id, 'a,b' as n union all select 2, null");
    assert_int_equal(out.rows, 2);
    expect_rows(&out, "read_csv", "*", "1|a,b\n2|NULL");
    out.export.format = STR("json");
    run_export(&out, "select 1 as id, {'x': 2} as o");
    expect_rows(&out, "read_json", "id, o.x", "1|2");
    assert_int_equal(count_files(&out), 2);
    out.export.single_file = STR("sub/x.json");
    run_export(&out, "select 1 as id union all select 2");
    assert_true(value_is_none(out.index));
    Str path = str_of(help_path(&out.help, "out/sub/x.json"));
    assert_true(file_read(&out.help.arena, path, &text, &out.help.err));
    assert_true(str_starts(text, STR("[")));
    out.export.format = STR("parquet");
    out.export.single_file = STR("y.parquet");
    run_export(&out, "select 5 as id");
    run_export(&out, "select 6 as id"); /* replaces it */
    AUTO(text) Text sql = {0};
    text_print(&sql, "from read_parquet('%s')", help_path(&out.help, "out/y.parquet"));
    help_expect(&out.help, sql.at, "6");
    out.export.format = STR("parket");
    assert_false(try_export(&out, "select 1"));
    assert_non_null(strstr(out.help.err.text, "Did you mean parquet?"));
    help_close(&out.help);
}

static void test_excel(void **state)
{
    (void)state;
    Out out;
    out_open(&out);
    if (!session_query(out.help.session, &out.help.arena, STR("load excel"), 0, NULL,
                       &out.help.err)) {
        print_message("no excel: %s\n", out.help.err.text);
        help_close(&out.help);
        return;
    }
    out.export.format = STR("xlsx");
    run_export(&out, "select 1 as id, 'a' as n");
    assert_int_equal(count_files(&out), 2);
    out.export.single_file = STR("b.xlsx");
    run_export(&out, "select 2 as id, 'b' as n union all select 3, 'c'");
    InputFile file = {str_of(help_path(&out.help, "out/b.xlsx")), STR("b.xlsx")};
    Input input = {.kind = INPUT_EXCEL, .files = &file, .file_count = 1};
    Help *help = &out.help;
    help->spec.meta_columns = help_list(help, "_weir_source_file");
    if (!lake_load(help->lake, help->session, &help->spec, &input, &help->arena, &help->report,
                   &help->err))
        fail_msg("%s", help->err.text);
    help_expect(help, "select id::integer, n, _weir_source_file from w.s.t order by id",
                "2|b|b.xlsx\n3|c|b.xlsx");
    help_close(&out.help);
}

/* A place in the way of one file: nothing of the export is seen, nothing is left. */
static void test_failing_store(void **state)
{
    (void)state;
    Out out;
    out_open(&out);
    out.export.partition_by = help_list(&out.help, "p");
    run_export(&out, "select 1 as id, 'a' as p");
    assert_true(file_write(str_of(help_path(&out.help, "out/p=c")), STR("x"), false,
                           &out.help.err));
    assert_false(try_export(&out, "select 2 as id, unnest(['b', 'c', 'd']) as p"));
    assert_int_equal(out.help.err.kind, ERR_IO);
    err_drop(&out.help.err);
    expect_rows(&out, "read_parquet", "id", "1");
    assert_int_equal(count_files(&out), 3); /* index, file, and what is in the way */
    assert_false(try_export(&out, "select error('late') as id, 'b' as p"));
    assert_int_equal(out.help.err.kind, ERR_DATABASE);
    assert_int_equal(count_files(&out), 3);
    help_close(&out.help);
}

/* The index changes between an export's beginning and its end. */
static bool meddle(void *self, Batch *batch, Err *err)
{
    Out *out = self;
    (void)err;
    *batch = (Batch){0};
    Str text = STR("{\"version\": 1, \"files\": [], \"by\": \"another\"}");
    return file_write(str_of(help_path(&out->help, "out/_index.json")), text, false,
                      &out->help.err);
}

static void test_conflict(void **state)
{
    (void)state;
    Out out;
    Value index;
    out_open(&out);
    run_export(&out, "select 1 as id");
    Field field = {.name = STR("id"), .type = ARROW_INT64};
    Stream stream = {{&field, 1}, meddle, NULL, &out};
    NamedStream named = {STR("rows_in"), &stream};
    out.export.streams = &named;
    out.export.stream_count = 1;
    assert_false(try_export(&out, "from rows_in"));
    assert_int_equal(out.help.err.kind, ERR_CONFLICT);
    assert_non_null(strstr(out.help.err.text, "another export"));
    err_drop(&out.help.err);
    assert_true(lake_index(out.export.store, &out.help.arena, &index, NULL, &out.help.err));
    assert_true(value_is(value_get(index, "by"), "another"));
    out.export.is_append = true; /* appends join what the other one wrote */
    run_export(&out, "from rows_in");
    assert_int_equal(value_get(out.index, "files").list->len, 1);
    help_close(&out.help);
}

/* What exports that were killed left: a temporary folder, files that no index names. */
static void test_left_behind(void **state)
{
    (void)state;
    Out out;
    out_open(&out);
    run_export(&out, "select 1 as id");
    static const char *const names[] = {"out/.weir-tmp-999999999-abc/out/data_0.parquet",
                                        "out/p=1/part-0123abcd-0000.parquet",
                                        "out/part-0123abce-0000.parquet",
                                        "out/part-mine-0000.parquet"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *path = help_path(&out.help, names[i]);
        assert_true(file_write(str_of(path), STR("x"), false, &out.help.err));
        struct utimbuf old = {1000000000, 1000000000};
        assert_int_equal(i == 2 ? 0 : utime(path, &old), 0); /* the third is young */
    }
    run_export(&out, "select 2 as id");
    assert_false(file_exists(str_of(help_path(&out.help, "out/.weir-tmp-999999999-abc"))));
    assert_false(file_exists(str_of(help_path(&out.help, names[1]))));
    assert_true(file_exists(str_of(help_path(&out.help, names[2]))));
    assert_true(file_exists(str_of(help_path(&out.help, names[3]))));
    help_close(&out.help);
}

static void test_bad_index(void **state)
{
    (void)state;
    Out out;
    Value index;
    out_open(&out);
    Str path = str_of(help_path(&out.help, "out/_index.json"));
    assert_true(file_write(path, STR("{\"version\": 9, \"files\": []}"), false, &out.help.err));
    assert_false(lake_index(out.export.store, &out.help.arena, &index, NULL, &out.help.err));
    assert_non_null(strstr(out.help.err.text, "newer weir"));
    assert_true(file_write(path, STR("[1]"), false, &out.help.err));
    assert_false(try_export(&out, "select 1 as id"));
    assert_non_null(strstr(out.help.err.text, "no index of weir"));
    help_close(&out.help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace),       cmocka_unit_test(test_keeps_days),
        cmocka_unit_test(test_append_and_partitions),
        cmocka_unit_test(test_formats),       cmocka_unit_test(test_excel),
        cmocka_unit_test(test_failing_store), cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_left_behind),   cmocka_unit_test(test_bad_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
