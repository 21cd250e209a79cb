/* engine_help_test.c: opening scratch databases for the tests of this room. */
#include "engine/engine_help_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"

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

Value help_config(Help *help, const char *path)
{
    Value config = value_dict(&help->arena);
    dict_put(config.dict, STR("type"), value_lit("duckdb"));
    if (path)
        dict_put(config.dict, STR("path"),
                 value_text(path_join(&help->arena, help->folder, str_of(path))));
    return config;
}

void help_open(Help *help, const char *path)
{
    *help = (Help){0};
    help_find_library();
    const char *top = getenv("TMPDIR");
    char folder[512];
    snprintf(folder, sizeof folder, "%s/weir-test-XXXXXX", top && *top ? top : "/tmp");
    assert_non_null(mkdtemp(folder));
    help->folder = str_copy(&help->arena, str_of(folder));
    Value config = help_config(help, path);
    if (!warehouse_open(engine_find(STR("duckdb"), NULL), &help->arena, config, &help->warehouse,
                        &help->err))
        fail_msg("%s", help->err.text);
    assert_true(session_open(help->warehouse, &help->arena, &help->session, &help->err));
}

void help_close(Help *help)
{
    AUTO(text) Text folder = {0};
    text_add(&folder, help->folder);
    arena_drop(&help->arena);
    err_drop(&help->err);
    assert_true(folder_remove(text_str(&folder), &help->err));
}

void help_run(Help *help, Session *session, const char *sql)
{
    if (!session_query(session, &help->arena, str_of(sql), 0, NULL, &help->err))
        fail_msg("%s: %s", sql, help->err.text);
}

const char *help_rows(Help *help, Session *session, const char *sql)
{
    Result result;
    Err err = {0};
    Text out = {0};
    if (!session_query(session, &help->arena, str_of(sql), 1000, &result, &err)) {
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
    text_add_c(&out, "");
    return text_give(&help->arena, &out).at;
}

void help_fails(Help *help, Session *session, const char *sql, ErrKind kind, const char *text)
{
    Err err = {0};
    if (session_query(session, &help->arena, str_of(sql), 10, NULL, &err))
        fail_msg("%s: should fail", sql);
    if (err.kind != kind || !strstr(err.text, text))
        fail_msg("%s: kind %d, expected %d, \"%s\" with \"%s\"", sql, (int)err.kind, (int)kind,
                 err.text, text);
    err_drop(&err);
}
