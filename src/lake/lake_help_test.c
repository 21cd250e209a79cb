/* lake_help_test.c: loads into scratch databases for the tests of this room. */
#include "lake/lake_help_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"

void help_find_library(void)
{
    if (getenv("WEIR_DUCKDB_LIB"))
        return;
    const char *places[] = {getenv("WEIR_TEST_DUCKDB_LIB"), "build/lib/libduckdb.so",
                            ".deps/duckdb-1.5.5/libduckdb.so"};
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (places[i] && file_exists(str_of(places[i]))) {
            setenv("WEIR_DUCKDB_LIB", places[i], 1);
            return;
        }
}

void help_folder(Help *help)
{
    *help = (Help){0};
    const char *top = getenv("TMPDIR");
    char folder[512];
    snprintf(folder, sizeof folder, "%s/weir-lake-XXXXXX", top && *top ? top : "/tmp");
    assert_non_null(mkdtemp(folder));
    help->folder = str_copy(&help->arena, str_of(folder));
}

const char *help_path(Help *help, const char *name)
{
    return str_c(&help->arena, path_join(&help->arena, help->folder, str_of(name)));
}

static void trace(void *context, Str sql, int64_t us)
{
    (void)context, (void)us;
    fprintf(stderr, "--- " STR_FMT "\n", STR_ARG(sql));
}

static void open_warehouse(Help *help, const char *file)
{
    help_find_library();
    Value config = value_dict(&help->arena);
    dict_put(config.dict, STR("type"), value_lit("duckdb"));
    dict_put(config.dict, STR("path"), value_text(str_of(help_path(help, file))));
    if (!warehouse_open(engine_find(STR("duckdb"), NULL), &help->arena, config, &help->warehouse,
                        &help->err) ||
        !session_open(help->warehouse, &help->arena, &help->session, &help->err) ||
        !statedb_open(&help->arena, str_of(help_path(help, ".weir/state.db")), &help->state,
                      &help->err))
        fail_msg("%s", help->err.text);
    if (getenv("WEIR_TEST_TRACE"))
        engine_trace(trace, NULL);
    help->lake = lake_open(&help->arena, help->state);
    help->spec = (LoadSpec){.resource = STR("r"), .database = STR("w"), .schema = STR("s"),
                            .table = STR("t"), .primary_key = NONE, .columns = NONE,
                            .meta_columns = value_list(&help->arena), .run_id = STR("run"),
                            .loaded_at_us = 1700000000000000, .cursor = NONE, .files = NONE,
                            .details = NONE};
}

static void prepare(Help *help)
{
    if (!lake_prepare(help->lake, help->session, STR("w"), STR("s"), &help->err))
        fail_msg("%s", help->err.text);
}

void help_start(Help *help, Str folder)
{
    *help = (Help){0};
    help->folder = str_copy(&help->arena, folder);
    open_warehouse(help, "w.duckdb");
    prepare(help);
}

void help_open(Help *help)
{
    help_folder(help);
    open_warehouse(help, "w.duckdb");
    prepare(help);
}

bool help_open_ducklake(Help *help)
{
    help_folder(help);
    open_warehouse(help, "main.duckdb");
    Err err = {0};
    bool ok = session_query(help->session, &help->arena, STR("load ducklake"), 0, NULL, &err);
    if (!ok) {
        print_message("no ducklake here: %s\n", err.text);
        err_drop(&err);
        help_close(help);
        return false;
    }
    Str attach = str_print(&help->arena, "attach 'ducklake:%s' as w (data_path '%s')",
                           help_path(help, "w.ducklake"), help_path(help, "data"));
    help_run(help, attach.at);
    prepare(help);
    return true;
}

void help_close(Help *help)
{
    AUTO(text) Text folder = {0};
    engine_trace(NULL, NULL);
    text_add(&folder, help->folder);
    arena_drop(&help->arena);
    err_drop(&help->err);
    assert_true(folder_remove(text_str(&folder), &help->err));
}

void help_run(Help *help, const char *sql)
{
    if (!session_query(help->session, &help->arena, str_of(sql), 0, NULL, &help->err))
        fail_msg("%s: %s", sql, help->err.text);
}

const char *help_rows(Help *help, const char *sql)
{
    Result result;
    Err err = {0};
    Text out = {0};
    text_add_c(&out, "");
    if (!session_query(help->session, &help->arena, str_of(sql), 1000, &result, &err)) {
        text_add_c(&out, err.text);
        err_drop(&err);
        return text_give(&help->arena, &out).at;
    }
    for (uint64_t row = 0; row < result.row_count; row++) {
        if (row)
            text_add_char(&out, '\n');
        for (uint32_t i = 0; i < result.column_count; i++) {
            Value cell = result.cells[row * result.column_count + i];
            text_add_c(&out, i ? "|" : "");
            if (value_is_none(cell))
                text_add_c(&out, "NULL");
            else
                value_print(cell, &out);
        }
    }
    return text_give(&help->arena, &out).at;
}

void help_expect(Help *help, const char *sql, const char *rows)
{
    const char *got = help_rows(help, sql);
    if (strcmp(got, rows) != 0)
        fail_msg("%s\n--- gives\n%s\n--- expected\n%s", sql, got, rows);
}

bool help_try(Help *help, InputKind kind, const char *text)
{
    Input input = {.kind = kind, .csv = {.has_header = -1}};
    InputFile file = {0};
    if (kind == INPUT_SELECT) {
        input.select = str_of(text);
    } else {
        const char *end = kind == INPUT_CSV ? "csv" : "jsonl";
        file.shown = str_print(&help->arena, "in%u.%s", ++help->file_count, end);
        file.path = str_of(help_path(help, file.shown.at));
        if (!file_write(file.path, str_of(text), false, &help->err))
            fail_msg("%s", help->err.text);
        input.files = &file;
        input.file_count = 1;
    }
    help->report = (LoadReport){0};
    return lake_load(help->lake, help->session, &help->spec, &input, &help->arena, &help->report,
                     &help->err);
}

static void must(Help *help, InputKind kind, const char *text)
{
    if (!help_try(help, kind, text)) {
        Text shown = {0};
        err_print(&help->err, &shown);
        fail_msg("%s\n--- fails: %s", text, shown.at);
    }
}

static void must_fail(Help *help, InputKind kind, const char *text, const char *part)
{
    AUTO(text) Text shown = {0};
    if (help_try(help, kind, text))
        fail_msg("%s: should fail", text);
    err_print(&help->err, &shown);
    if (!strstr(shown.at, part))
        fail_msg("%s\n--- fails with\n%s\n--- expected\n%s", text, shown.at, part);
    err_drop(&help->err);
}

void help_select(Help *help, const char *select)
{
    must(help, INPUT_SELECT, select);
}

void help_jsonl(Help *help, const char *lines)
{
    must(help, INPUT_JSONL, lines);
}

void help_csv(Help *help, const char *lines)
{
    must(help, INPUT_CSV, lines);
}

void help_select_fails(Help *help, const char *select, const char *text)
{
    must_fail(help, INPUT_SELECT, select, text);
}

void help_jsonl_fails(Help *help, const char *lines, const char *text)
{
    must_fail(help, INPUT_JSONL, lines, text);
}

Value help_list(Help *help, const char *words)
{
    Value list = value_list(&help->arena);
    Str rest = str_of(words), word;
    while (rest.len && str_next_part(&rest, ',', &word))
        array_add(list.list, value_text(word));
    return list;
}

Value help_json(Help *help, const char *text)
{
    Value v;
    if (!json_parse(&help->arena, str_of(text), STR("test"), &v, &help->err))
        fail_msg("%s", help->err.text);
    return v;
}

const char *help_changes(Help *help)
{
    Text out = {0};
    text_add_c(&out, "");
    for (uint32_t i = 0; i < help->report.changes.list->len; i++) {
        text_add_c(&out, i ? "\n" : "");
        text_add(&out, value_str(help->report.changes.list->at[i]));
    }
    return text_give(&help->arena, &out).at;
}
