/* mysql_query.c: statements with small answers, by the text protocol. */
#include "base/assets.h"
#include "base/clock.h"
#include "engine/mysql_base.h"

/* ---- quoting ---- */

Str mysql_quote_name(Arena *arena, Str name)
{
    AUTO(text) Text out = {0};
    text_add_char(&out, '`');
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '`')
            text_add_char(&out, '`');
        text_add_char(&out, name.at[i]);
    }
    text_add_char(&out, '`');
    return text_copy(arena, &out);
}

/* Whether backslashes escape, and what double quotes are, depends on the server's mode: digits do
 * not. */
Str mysql_quote_text(Arena *arena, Str text)
{
    AUTO(text) Text out = {0};
    text_add_c(&out, "_utf8mb4 X'");
    for (size_t i = 0; i < text.len; i++)
        text_print(&out, "%02X", (unsigned char)text.at[i]);
    text_add_char(&out, '\'');
    return text_copy(arena, &out);
}

/* ---- running ---- */

/* One result of a statement, as texts; behind `row_limit` rows are read and dropped. */
static bool take_rows(MysqlLink *link, Arena *arena, MYSQL_RES *rows, uint64_t row_limit,
                      Result *out, Err *err)
{
    const Libmariadb *lib = link->mysql->lib;
    uint32_t count = lib->mysql_num_fields(rows);
    const MYSQL_FIELD *fields = lib->mysql_fetch_fields(rows);
    List(Value) cells = {0};
    *out = (Result){.columns = NEW_N(arena, ResultColumn, count), .column_count = count,
                    .changed = -1};
    for (uint32_t i = 0; i < count; i++) {
        MysqlColumn column = {0};
        Err unknown = {0};
        if (!mysql_map_type(lib, arena, &fields[i], &column, &unknown))
            column.source_type = STR("geometry");
        err_drop(&unknown);
        out->columns[i] = (ResultColumn){
            .name = str_copy(arena, str_of(fields[i].name)),
            .type = column.source_type,
            .kind = COLUMN_TEXT,
        };
    }
    for (MYSQL_ROW row; (row = lib->mysql_fetch_row(rows));) {
        if (out->row_count == row_limit) {
            out->is_cut = true;
            continue;
        }
        const unsigned long *lengths = lib->mysql_fetch_lengths(rows);
        for (uint32_t i = 0; i < count; i++) {
            Value cell = row[i] ? value_text(str_copy(arena, (Str){row[i], lengths[i]})) : NONE;
            list_add(arena, &cells, cell);
        }
        out->row_count++;
    }
    out->cells = cells.at;
    return !lib->mysql_errno(link->handle) || mysql_fail(link, NULL, err);
}

static bool run(MysqlLink *link, Arena *arena, Str sql, uint64_t row_limit, Result *out, Err *err)
{
    const Libmariadb *lib = link->mysql->lib;
    if (lib->mysql_real_query(link->handle, sql.at, sql.len) != 0)
        return mysql_fail(link, NULL, err);
    for (;;) {
        MYSQL_RES *rows = lib->mysql_use_result(link->handle);
        bool ok = true;
        if (rows) {
            Result dropped;
            ok = take_rows(link, arena, rows, out ? row_limit : 0, out ? out : &dropped, err);
            lib->mysql_free_result(rows);
        } else if (lib->mysql_errno(link->handle)) {
            ok = mysql_fail(link, NULL, err);
        } else if (out) {
            *out = (Result){.changed = (int64_t)lib->mysql_affected_rows(link->handle)};
        }
        TRY(ok);
        int next = lib->mysql_next_result(link->handle);
        if (next > 0)
            return mysql_fail(link, NULL, err);
        if (next < 0)
            return true;
    }
}

bool mysql_run(MysqlLink *link, Arena *arena, Str sql, uint64_t row_limit, Result *out, Err *err)
{
    int64_t began_us = engine_tell_from();
    Result result = {.changed = -1};
    TRY(mysql_begin(link, err));
    bool ok = run(link, arena, sql, row_limit, out ? &result : NULL, err);
    mysql_end(link);
    engine_told(sql, began_us);
    if (ok && out)
        *out = result;
    return ok;
}

bool mysql_ask(MysqlLink *link, Arena *arena, const char *name, Str schema, Str table, Result *out,
               Err *err)
{
    Str sql;
    TRY(asset_read(arena, str_print(arena, "src/engine/mysql/%s.sql", name), &sql, err));
    sql = str_replace(arena, sql, STR("{schema}"), mysql_quote_text(arena, schema));
    sql = str_replace(arena, sql, STR("{table}"), mysql_quote_text(arena, table));
    return mysql_run(link, arena, sql, UINT64_MAX, out, err);
}

Str mysql_cell(const Result *result, uint64_t row, uint32_t column)
{
    assert(row < result->row_count && column < result->column_count);
    return value_str(result->cells[row * result->column_count + column]);
}

/* ---- tables ---- */

bool mysql_tables_of(MysqlLink *link, Arena *arena, Str schema, DatabaseTables *out, Err *err)
{
    Result rows;
    Str database = str_of(link->mysql->database);
    if (!schema.len && !database.len)
        return err_set(err, ERR_DATABASE, NOWHERE,
                       STR_FMT ": name a schema, or a `database` in the connection",
                       STR_ARG(link->mysql->where));
    TRY(mysql_ask(link, arena, "tables", schema.len ? schema : database, STR(""), &rows, err));
    *out = (DatabaseTables){0};
    for (uint64_t i = 0; i < rows.row_count; i++) {
        DatabaseTable table = {mysql_cell(&rows, i, 0), mysql_cell(&rows, i, 1),
                               str_is(mysql_cell(&rows, i, 2), "1"), -1};
        if (!str_to_int(mysql_cell(&rows, i, 3), &table.rows_estimated))
            table.rows_estimated = -1;
        list_add(arena, out, table);
    }
    return true;
}
