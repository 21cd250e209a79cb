/* Dispositions: what is in the table after loads, and after the same load once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "lake/lake_help_test.h"

/* The same steps on a DuckDB file and on a DuckLake catalogue. */
static void on_both(void (*steps)(Help *help))
{
    Help help;
    help_open(&help);
    steps(&help);
    help_close(&help);
    if (!help_open_ducklake(&help))
        return;
    steps(&help);
    help_close(&help);
}

static void append_steps(Help *help)
{
    help_select(help, "select 1 as id, 'a' as n union all select 2, 'b'");
    assert_int_equal(help->report.rows_in, 2);
    assert_int_equal(help->report.rows_inserted, 2);
    help_select(help, "select 3 as id, 'c' as n;");
    help_expect(help, "from w.s.t order by id", "1|a\n2|b\n3|c");
    help_expect(help, "select rows_in, rows_inserted, disposition, table_name, run_id from "
                      "w.s._weir_loads order by rows_in", "1|1|append|t|run\n2|2|append|t|run");
}

static void test_append(void **state)
{
    (void)state;
    on_both(append_steps);
}

/* An interval that was loaded before: what is there is not added again, counted row by row. */
static void interval_steps(Help *help)
{
    help->spec.cursor_column = STR("at");
    help_select(help, "select 1 as id, 5 as \"at\" union all select 2, 7 union all select 2, 7");
    assert_true(value_is(help->report.cursor_max, "7"));
    help->spec.interval_from = STR("6");
    help_select(help, "select 2 as id, 7 as \"at\" from range(3) union all select 3, 8");
    assert_int_equal(help->report.rows_in, 4);
    assert_int_equal(help->report.rows_inserted, 2);
    assert_true(value_is(help->report.cursor_max, "8"));
    help_expect(help, "from w.s.t order by all", "1|5\n2|7\n2|7\n2|7\n3|8");
    /* with a column more */
    help_select(help, "select 2 as id, 7 as \"at\", null::integer as x union all select 3, 8, 1");
    help_expect(help, "from w.s.t order by all",
                "1|5|NULL\n2|7|NULL\n2|7|NULL\n2|7|NULL\n3|8|1\n3|8|NULL");
}

static void test_interval(void **state)
{
    (void)state;
    on_both(interval_steps);
}

static void replace_steps(Help *help)
{
    help->spec.disposition = WRITE_REPLACE;
    help_select(help, "select 1 as id, 'a' as n, 2.5 as x");
    help_select(help, "select 9 as id, 'z' as n");
    help_expect(help, "select id, n, x from w.s.t", "9|z|NULL"); /* columns stay */
    help_select(help, "select 9 as id, 'z' as n where false");
    help_expect(help, "select count(*) from w.s.t", "0");
    help->spec.is_full_refresh = true;
    help_select(help, "select 'k' as id");
    help_expect(help, "from w.s.t", "k");
}

static void test_replace(void **state)
{
    (void)state;
    on_both(replace_steps);
}

static void merge_steps(Help *help)
{
    help->spec.disposition = WRITE_MERGE;
    help->spec.primary_key = help_list(help, "id,line");
    help->spec.cursor_column = STR("at");
    static const char *const first =
        "select * from (values (1, 1, 'a', 5), (1, 2, 'b', 5), (2, 1, 'c', 6), (2, 1, 'd', 9), "
        "(2, 1, 'e', 9), (2, 1, 'f', null)) v(id, line, n, \"at\")";
    help_select(help, first); /* into nothing: doubled keys, the newest cursor, then the last row */
    help_expect(help, "from w.s.t order by all", "1|1|a|5\n1|2|b|5\n2|1|e|9");
    assert_int_equal(help->report.rows_in, 6);
    assert_int_equal(help->report.rows_inserted, 3);
    help_select(help, first); /* the same once more */
    help_expect(help, "from w.s.t order by all", "1|1|a|5\n1|2|b|5\n2|1|e|9");
    assert_int_equal(help->report.rows_inserted, 0);
    assert_int_equal(help->report.rows_updated, 3);
    help_select(help, "select 1 as id, 2 as line, 'B' as n, 10 as \"at\" union all "
                      "select 3, 3, 'g', 11");
    help_expect(help, "from w.s.t order by all", "1|1|a|5\n1|2|B|10\n2|1|e|9\n3|3|g|11");
    assert_int_equal(help->report.rows_inserted, 1);
    assert_int_equal(help->report.rows_updated, 1);
    assert_true(value_is(help->report.cursor_max, "11"));
    help_select_fails(help, "select 1 as id, null::integer as line, 'x' as n, 1 as \"at\"",
                      "the key column \"line\" is null in 1 rows");
    help_select_fails(help, "select 1 as id, 'x' as n, 1 as \"at\"",
                      "the key column \"line\" is not");
    help_select_fails(help, "select 1 as id, 1 as line, 'x' as n, 1 as att",
                      "the cursor column \"at\" is not among the columns that come. Did you mean "
                      "att?");
    help_expect(help, "select count(*) from w.s.t", "4");
}

static void test_merge(void **state)
{
    (void)state;
    on_both(merge_steps);
}

static void deletes_steps(Help *help)
{
    help->spec.disposition = WRITE_MERGE;
    help->spec.primary_key = help_list(help, "id");
    help->spec.deleted_column = STR("gone");
    help_select(help, "select * from (values (1, 'a', false), (2, 'b', true), (3, 'c', null)) "
                      "v(id, n, gone)");
    help_expect(help, "select id, n from w.s.t order by all", "1|a\n3|c");
    help_select(help, "select * from (values (1, 'a', true), (4, 'd', false)) v(id, n, gone)");
    help_expect(help, "select id, n from w.s.t order by all", "3|c\n4|d");
    assert_int_equal(help->report.rows_deleted, 1);
    assert_int_equal(help->report.rows_inserted, 1);
    help->spec.deletes_missing = true;
    help_select(help, "select * from (values (4, 'D', false), (5, 'e', false)) v(id, n, gone)");
    help_expect(help, "select id, n from w.s.t order by all", "4|D\n5|e");
    assert_int_equal(help->report.rows_deleted, 1);
    assert_int_equal(help->report.rows_updated, 1);
}

static void test_deletes(void **state)
{
    (void)state;
    on_both(deletes_steps);
}

static void scd2_steps(Help *help)
{
    help->spec.disposition = WRITE_SCD2;
    help->spec.primary_key = help_list(help, "id");
    help_select(help, "select 1 as id, 'a' as n union all select 2, null");
    help->spec.loaded_at_us += 1000000;
    help_select(help, "select 1 as id, 'a' as n union all select 2, null"); /* nothing changed */
    assert_int_equal(help->report.rows_inserted + help->report.rows_updated, 0);
    help_select(help, "select 1 as id, 'A' as n union all select 3, 'c'");
    assert_int_equal(help->report.rows_inserted, 1);
    assert_int_equal(help->report.rows_updated, 1);
    static const char *const all =
        "select id, n, second(_weir_valid_from), second(_weir_valid_to) from w.s.t order by all";
    help_expect(help, all, "1|A|21|NULL\n1|a|20|21\n2|NULL|20|NULL\n3|c|21|NULL");
    help->spec.loaded_at_us += 1000000;
    help->spec.deletes_missing = true;
    help_select(help, "select 1 as id, 'A' as n, 5 as x");
    help_expect(help, all,
                "1|A|21|22\n1|A|22|NULL\n1|a|20|21\n2|NULL|20|22\n3|c|21|22");
    assert_int_equal(help->report.rows_deleted, 2);
}

static void test_scd2(void **state)
{
    (void)state;
    on_both(scd2_steps);
}

static void meta_steps(Help *help)
{
    static const char *const rows = "select id, epoch_us(_weir_loaded_at), _weir_run_id, "
                                    "_weir_load_id, _weir_source_file, length(_weir_row_hash) "
                                    "from w.s.t order by id";
    help->spec.meta_columns = help_list(help, "_weir_loaded_at");
    help_select(help, "select 1 as id");
    help->spec.meta_columns = help_list(help, "_weir_loaded_at,_weir_run_id,_weir_load_id,"
                                              "_weir_source_file,_weir_row_hash");
    help->spec.load_id = STR("load");
    help_jsonl(help, "{\"id\":2}\n");
    help_expect(help, rows, "1|1700000000000000|NULL|NULL|NULL|NULL\n"
                            "2|1700000000000000|run|load|in1.jsonl|32");
    /* a column of that name in the data is another column */
    help_jsonl(help, "{\"id\":3,\"_weir_run_id\":\"x\"}\n");
    help_expect(help, "select _weir_run_id, _weir_run_id_2 from w.s.t where id = 3", "run|x");
}

static void test_meta(void **state)
{
    (void)state;
    on_both(meta_steps);
}

static void cursor_steps(Help *help)
{
    Value got;
    Err *err = &help->err;
    assert_true(lake_cursor(help->lake, help->session, &help->spec, &help->arena, &got, err));
    assert_true(value_is_none(got));
    help->spec.cursor = help_json(help, "{\"value\": \"it's\"}");
    help->spec.files = help_json(help, "[{\"name\": \"a'b\", \"size\": 5, \"etag\": \"e\", "
                                       "\"modified_at_us\": 7}, {\"name\": \"c\"}]");
    help_select(help, "select 1 as id");
    assert_true(lake_cursor(help->lake, help->session, &help->spec, &help->arena, &got, err));
    assert_true(value_is(value_get(got, "value"), "it's"));
    help->spec.cursor = help_json(help, "{\"value\": 8}");
    help->spec.files = help_json(help, "[{\"name\": \"a'b\", \"size\": 6}]");
    help_select(help, "select 2 as id");
    assert_true(lake_cursor(help->lake, help->session, &help->spec, &help->arena, &got, err));
    assert_int_equal(value_get(got, "value").number, 8);
    assert_true(lake_files(help->lake, help->session, &help->spec, &help->arena, &got, err));
    assert_int_equal(got.dict->len, 2);
    assert_int_equal(value_get(value_get(got, "a'b"), "size").number, 6);
    help->spec.cursor = help->spec.files = NONE; /* left alone */
    help_select(help, "select 3 as id");
    assert_true(lake_cursor(help->lake, help->session, &help->spec, &help->arena, &got, err));
    assert_int_equal(value_get(got, "value").number, 8);
    help->spec.is_full_refresh = true;
    help_select(help, "select 4 as id");
    assert_true(lake_cursor(help->lake, help->session, &help->spec, &help->arena, &got, err));
    assert_true(value_is_none(got));
    assert_true(lake_files(help->lake, help->session, &help->spec, &help->arena, &got, err));
    assert_int_equal(got.dict->len, 0);
    LoadSpec other = help->spec;
    other.schema = STR("no such schema");
    assert_true(lake_cursor(help->lake, help->session, &other, &help->arena, &got, err));
    assert_true(value_is_none(got));
}

static void test_cursor(void **state)
{
    (void)state;
    on_both(cursor_steps);
}

static void files_steps(Help *help)
{
    help->spec.meta_columns = help_list(help, "_weir_source_file");
    help->spec.replaces_files = true;
    help->spec.files = help_json(help, "[{\"name\": \"in1.jsonl\"}]");
    help_jsonl(help, "{\"id\":1}\n{\"id\":2}\n");
    help->spec.files = help_json(help, "[{\"name\": \"in2.jsonl\"}]");
    help_jsonl(help, "{\"id\":3}\n");
    help->file_count = 0; /* in1.jsonl comes again */
    help->spec.files = help_json(help, "[{\"name\": \"in1.jsonl\"}]");
    help_jsonl(help, "{\"id\":4}\n");
    help_expect(help, "from w.s.t order by id", "3|in2.jsonl\n4|in1.jsonl");
}

static void test_files(void **state)
{
    (void)state;
    on_both(files_steps);
}

static void nested_steps(Help *help)
{
    help->spec.splits_nested = true;
    help->spec.disposition = WRITE_MERGE;
    help->spec.primary_key = help_list(help, "id");
    help_jsonl(help, "{\"id\":1,\"items\":[{\"a\":1,\"tags\":[{\"t\":\"x\"},{\"t\":\"y\"}]},"
                     "{\"a\":2,\"tags\":[]}],\"list\":[1,2]}\n"
                     "{\"id\":2,\"items\":[{\"a\":3}]}\n{\"id\":3}\n");
    static const char *const items =
        "select p.id, _weir_list_index, a from w.s.t__items c join w.s.t p on p._weir_id = "
        "c._weir_parent_id order by all";
    static const char *const tags =
        "select p.id, c.a, g._weir_list_index, g.t from w.s.t__items__tags g join w.s.t__items c "
        "on c._weir_id = g._weir_parent_id join w.s.t p on p._weir_id = g._weir_root_id "
        "order by all";
    help_expect(help, "select id, list from w.s.t order by id", "1|[1, 2]\n2|NULL\n3|NULL");
    help_expect(help, items, "1|1|1\n1|2|2\n2|1|3");
    help_expect(help, tags, "1|1|1|x\n1|1|2|y");
    help_jsonl(help, "{\"id\":1,\"items\":[{\"a\":9,\"b\":\"new\"}]}\n");
    help_expect(help, items, "1|1|9\n2|1|3");
    help_expect(help, tags, "");
    help_expect(help, "select a, b from w.s.t__items order by a", "3|NULL\n9|new");
    help_jsonl(help, "{\"id\":2,\"items\":[]}\n"); /* none left */
    help_expect(help, items, "1|1|9");
    help->spec.deletes_missing = true;
    help_jsonl(help, "{\"id\":3,\"items\":[{\"a\":7}]}\n");
    help_expect(help, items, "3|1|7");
    help_expect(help, "select count(*) from w.s.t__items", "1");
}

static void test_nested(void **state)
{
    (void)state;
    on_both(nested_steps);
}

static void nested_replace_steps(Help *help)
{
    help->spec.splits_nested = true;
    help->spec.disposition = WRITE_REPLACE;
    help_jsonl(help, "{\"id\":1,\"items\":[{\"a\":1}]}\n");
    help_jsonl(help, "{\"id\":1}\n");
    help_expect(help, "select count(*) from w.s.t__items", "0");
    help->spec.disposition = WRITE_APPEND;
    help_jsonl(help, "{\"id\":2,\"items\":[{\"a\":2},null]}\n");
    help_expect(help, "select a, _weir_list_index from w.s.t__items order by all", "2|1\nNULL|2");
    help->spec.disposition = WRITE_SCD2;
    help->spec.primary_key = help_list(help, "id");
    help_jsonl_fails(help, "{\"id\":2}\n", "with scd2");
}

static void test_nested_replace(void **state)
{
    (void)state;
    on_both(nested_replace_steps);
}

/* ---- keys of the whole source ---- */

typedef struct Numbers {
    Arena *arena;
    Schema schema;
    int64_t at, end, step;
} Numbers;

static bool next_numbers(void *self, Batch *out, Err *err)
{
    Numbers *numbers = self;
    *out = (Batch){0};
    if (numbers->at >= numbers->end)
        return true;
    if (numbers->step == 0)
        return err_set(err, ERR_UNAVAILABLE, NOWHERE, "the source went away");
    Builder *builder = builder_make(numbers->arena, &numbers->schema);
    for (; numbers->at < numbers->end; numbers->at += numbers->step)
        column_add_int(builder_column(builder, 0), numbers->at);
    builder_finish(builder, out);
    return true;
}

static Stream numbers(Help *help, const char *name, int64_t begin, int64_t end, int64_t step)
{
    Numbers *self = NEW(&help->arena, Numbers);
    Field *field = NEW(&help->arena, Field);
    *field = (Field){.name = str_of(name), .type = ARROW_INT64};
    *self = (Numbers){&help->arena, {field, 1}, begin, end, step};
    return (Stream){self->schema, next_numbers, NULL, self};
}

static void missing_steps(Help *help)
{
    uint64_t deleted;
    help->spec.disposition = WRITE_MERGE;
    help->spec.primary_key = help_list(help, "id");
    help_select(help, "select range::integer as id from range(10)");
    Stream keys = numbers(help, "id", 0, 100, 2);
    if (!lake_delete_missing(help->lake, help->session, &help->spec, &keys, &help->arena, &deleted,
                             &help->err))
        fail_msg("%s", help->err.text);
    assert_int_equal(deleted, 5);
    help_expect(help, "select sum(id) from w.s.t", "20");
    keys = numbers(help, "id", 0, 1, 0);
    assert_false(lake_delete_missing(help->lake, help->session, &help->spec, &keys, &help->arena,
                                     &deleted, &help->err));
    assert_int_equal(help->err.kind, ERR_UNAVAILABLE);
    err_drop(&help->err);
    help_expect(help, "select sum(id) from w.s.t", "20");
}

static void test_missing(void **state)
{
    (void)state;
    on_both(missing_steps);
}

static void stream_steps(Help *help)
{
    Stream rows = numbers(help, "odd \"name\"", 0, 100000, 1);
    Input input = {.kind = INPUT_STREAM, .stream = &rows};
    if (!lake_load(help->lake, help->session, &help->spec, &input, &help->arena, &help->report,
                   &help->err))
        fail_msg("%s", help->err.text);
    assert_int_equal(help->report.rows_in, 100000);
    help_expect(help, "select sum(\"odd \"\"name\"\"\") from w.s.t", "4999950000");
    rows = numbers(help, "odd \"name\"", 0, 10, 0);
    assert_false(lake_load(help->lake, help->session, &help->spec, &input, &help->arena,
                           &help->report, &help->err));
    assert_int_equal(help->err.kind, ERR_UNAVAILABLE);
    assert_string_equal(help->err.text, "the source went away");
    err_drop(&help->err);
    help_expect(help, "select count(*) from w.s.t", "100000");
    help_expect(help, "select count(*) from w.s._weir_loads", "1");
}

static void test_stream(void **state)
{
    (void)state;
    on_both(stream_steps);
}

static void parquet_steps(Help *help)
{
    help->spec.meta_columns = help_list(help, "_weir_source_file");
    Str write = str_print(&help->arena, "copy (select 1 as id) to '%s'; "
                          "copy (select 'x' as n, 2 as id) to '%s'", help_path(help, "a.parquet"),
                          help_path(help, "b.parquet"));
    help_run(help, write.at);
    InputFile files[] = {{str_of(help_path(help, "a.parquet")), STR("A")},
                         {str_of(help_path(help, "b.parquet")), STR("B")}};
    Input input = {.kind = INPUT_PARQUET, .files = files, .file_count = 2};
    if (!lake_load(help->lake, help->session, &help->spec, &input, &help->arena, &help->report,
                   &help->err))
        fail_msg("%s", help->err.text);
    help_expect(help, "select id, n, _weir_source_file from w.s.t order by id", "1|NULL|A\n2|x|B");
    assert_int_equal(help->report.rows_in, 2);
}

static void test_parquet(void **state)
{
    (void)state;
    on_both(parquet_steps);
}

static void test_registry(void **state)
{
    (void)state;
    Help help;
    Value got;
    help_open(&help);
    help.spec.load_id = STR("l1");
    assert_true(statedb_landing(help.state, STR("r"), STR("l1"), STR("raw/1"), &help.err));
    help_select(&help, "select 1 as id");
    assert_int_equal(help.report.schema_version, 1);
    assert_true(str_is(help.report.load_id, "l1"));
    help_select(&help, "select 1 as id, 'x' as n");
    assert_int_equal(help.report.schema_version, 2);
    assert_true(statedb_stray(help.state, STR("r"), &help.arena, &got, &help.err));
    assert_int_equal(got.list->len, 0);
    assert_true(statedb_schema_get(help.state, STR("w.s.t"), 0, &help.arena, &got, &help.err));
    assert_int_equal(value_get(got, "columns").list->len, 2);
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),   cmocka_unit_test(test_interval),
        cmocka_unit_test(test_replace),  cmocka_unit_test(test_merge),
        cmocka_unit_test(test_deletes),  cmocka_unit_test(test_scd2),
        cmocka_unit_test(test_cursor),   cmocka_unit_test(test_missing),
        cmocka_unit_test(test_stream),   cmocka_unit_test(test_parquet),
        cmocka_unit_test(test_registry), cmocka_unit_test(test_meta),
        cmocka_unit_test(test_files),    cmocka_unit_test(test_nested),
        cmocka_unit_test(test_nested_replace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
