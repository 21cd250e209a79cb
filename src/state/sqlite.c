/* sqlite.c: libsqlite3: opening, named statements, values in and out. */
#include <sqlite3.h>
#include <stdio.h>

#include "base/dynamic.h"
#include "base/file.h"
#include "base/json.h"
#include "state/state_base.h"

typedef struct Sqlite {
#define LIB(name) __typeof__(name) *name;
#include "state/sqlite.def"
#undef LIB
} Sqlite;

static const DynamicCall calls[] = {
#define LIB(name) {#name, offsetof(Sqlite, name)},
#include "state/sqlite.def"
#undef LIB
};

static const Dynamic library = {"libsqlite3.so.0", "libsqlite3-0", calls, COUNT_OF(calls)};
static Sqlite lib;
static bool is_loaded;
static Lock load_lock = LOCK_INIT(STATE_LOCK_RANK + 1, "sqlite");

typedef struct Statement {
    const char *sql;
    sqlite3_stmt *handle;        /* prepared when first used */
} Statement;

static bool load_library(Err *err)
{
    lock_take(&load_lock);
    if (!is_loaded)
        is_loaded = dynamic_load(&library, &lib, err);
    bool ok = is_loaded;
    lock_give(&load_lock);
    return ok;
}

/* ---- errors ---- */

/* Notes beside the file that it is damaged: the next open moves it aside. */
static void mark_damaged(StateDb *db)
{
    if (db->is_damaged)
        return;
    db->is_damaged = true;
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, STR_FMT ".damaged", STR_ARG(db->path)) < sizeof path) {
        FILE *mark = fopen(path, "we");
        if (mark)
            fclose(mark);
    }
}

static bool fail(StateDb *db, int code, Err *err)
{
    const char *text = db->handle ? lib.sqlite3_errmsg(db->handle) : lib.sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_CONFLICT, NOWHERE,
                       STR_FMT ": another process has been writing for 10 seconds (%s)",
                       STR_ARG(db->path), text);
    case SQLITE_FULL:
        return err_set(err, ERR_IO, NOWHERE, STR_FMT " cannot be written: the disk is full",
                       STR_ARG(db->path));
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return err_set(err, ERR_IO, NOWHERE, STR_FMT " cannot be read or written: %s",
                       STR_ARG(db->path), text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err_set(err, ERR_RUNTIME, NOWHERE,
                STR_FMT " is damaged (%s); the next run moves it aside and begins a new one",
                STR_ARG(db->path), text);
        mark_damaged(db);
        return false;
    default:
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT ": %s", STR_ARG(db->path), text);
    }
}

/* ---- statements ---- */

/* Cuts a file of "-- name: x" sections into statements. */
static void read_sections(StateDb *db, Str text)
{
    static const Str mark = STR_INIT("-- name: ");
    Str name = STR_NONE, rest = text, line;
    const char *begin = text.at;
    while (str_next_part(&rest, '\n', &line)) {
        if (!str_starts(line, mark))
            continue;
        if (name.at) {
            Statement *statement = NEW(&db->arena, Statement);
            statement->sql = str_c(&db->arena, (Str){begin, (size_t)(line.at - begin)});
            map_put(&db->statements, name, statement);
        }
        name = str_copy(&db->arena, str_trim(str_slice(line, mark.len, line.len)));
        begin = line.at + line.len;
    }
    if (name.at) {
        Statement *statement = NEW(&db->arena, Statement);
        statement->sql = str_c(&db->arena, (Str){begin, (size_t)(text.at + text.len - begin)});
        map_put(&db->statements, name, statement);
    }
}

static bool read_statements(StateDb *db, Err *err)
{
    AssetList files;
    TRY(assets_list(&db->arena, STR("src/state/sql"), &files, err));
    for (uint32_t i = 0; i < files.len; i++)
        if (!str_starts(files.at[i].name, STR("src/state/sql/migrations/")))
            read_sections(db, files.at[i].text);
    return true;
}

bool state_connect(StateDb *db, Str path, Err *err)
{
    TRY(load_library(err));
    db->path = str_copy(&db->arena, path);
    map_init(&db->statements, &db->arena);
    TRY(read_statements(db, err));
    sqlite3 *handle = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = lib.sqlite3_open_v2(db->path.at, &handle, flags, NULL);
    db->handle = handle;
    if (code != SQLITE_OK)
        return fail(db, code, err);
    lib.sqlite3_busy_timeout(handle, 10000);
    return true;
}

void state_disconnect(StateDb *db)
{
    uint32_t at = 0;
    Str name;
    void *statement;
    while (db->statements.dict && map_next(&db->statements, &at, &name, &statement))
        lib.sqlite3_finalize(((Statement *)statement)->handle);
    if (db->handle)
        lib.sqlite3_close_v2(db->handle);
    db->handle = NULL;
    db->statements = (Map){0};
    arena_drop(&db->arena);
}

/* Binds one value; texts are copied, so that nothing outlives the call. */
static int bind(sqlite3_stmt *handle, int at, Value value)
{
    AUTO(text) Text json = {0};
    Str text = value_str(value);
    switch (value.kind) {
    case VALUE_BOOL:
        return lib.sqlite3_bind_int64(handle, at, value.is_true);
    case VALUE_INT:
        return lib.sqlite3_bind_int64(handle, at, value.number);
    case VALUE_FLOAT:
        return lib.sqlite3_bind_double(handle, at, value.real);
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:
        json_print(value, (JsonStyle){.is_compact = true, .keeps_unicode = true}, &json);
        text = text_str(&json);
        break;
    case VALUE_TEXT:
        break;
    default:
        return lib.sqlite3_bind_null(handle, at);
    }
    return lib.sqlite3_bind_text64(handle, at, text.at, text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static bool read_cell(Arena *arena, sqlite3_stmt *handle, int column, bool is_json, Value *out,
                      Err *err)
{
    *out = NONE;
    switch (lib.sqlite3_column_type(handle, column)) {
    case SQLITE_INTEGER:
        *out = value_int(lib.sqlite3_column_int64(handle, column));
        return true;
    case SQLITE_FLOAT:
        *out = value_float(lib.sqlite3_column_double(handle, column));
        return true;
    case SQLITE_NULL:
        return true;
    default:
        break;
    }
    const char *at = (const char *)lib.sqlite3_column_text(handle, column);
    Str text = str_copy(arena, (Str){at, (size_t)lib.sqlite3_column_bytes(handle, column)});
    *out = value_text(text);
    return !is_json || json_parse(arena, text, STR("state.db"), out, err);
}

static bool read_row(Arena *arena, sqlite3_stmt *handle, Array *rows, Err *err)
{
    static const Str suffix = STR_INIT("_json");
    int count = lib.sqlite3_column_count(handle);
    Dict *row = dict_make(arena, (uint32_t)count);
    for (int i = 0; i < count; i++) {
        Str name = str_copy(arena, str_of(lib.sqlite3_column_name(handle, i)));
        bool is_json = str_ends(name, suffix);
        Value cell;
        TRY(read_cell(arena, handle, i, is_json, &cell, err));
        dict_put(row, is_json ? str_slice(name, 0, name.len - suffix.len) : name, cell);
    }
    array_add(rows, value_of_dict(row));
    return true;
}

/* Steps through a bound statement. */
static bool step_all(StateDb *db, sqlite3_stmt *handle, Arena *arena, Array *rows, Err *err)
{
    for (;;) {
        int code = lib.sqlite3_step(handle);
        if (code == SQLITE_DONE)
            return true;
        if (code != SQLITE_ROW)
            return fail(db, code, err);
        if (rows)
            TRY(read_row(arena, handle, rows, err));
    }
}

bool state_run(StateDb *db, const char *name, const Value *args, uint32_t count, Arena *arena,
               Value *rows, Err *err)
{
    Statement *statement = map_find(&db->statements, str_of(name));
    assert(statement);
    int code = SQLITE_OK;
    if (!statement->handle)
        code = lib.sqlite3_prepare_v2(db->handle, statement->sql, -1, &statement->handle, NULL);
    for (uint32_t i = 0; i < count && code == SQLITE_OK; i++)
        code = bind(statement->handle, (int)i + 1, args[i]);
    if (code != SQLITE_OK)
        return fail(db, code, err);
    Array *list = rows ? array_make(arena, 8) : NULL;
    bool ok = step_all(db, statement->handle, arena, list, err);
    lib.sqlite3_reset(statement->handle);
    lib.sqlite3_clear_bindings(statement->handle);
    if (ok && rows)
        *rows = value_of_array(list);
    return ok;
}

bool state_script(StateDb *db, const char *sql, Err *err)
{
    int code = lib.sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || fail(db, code, err);
}

bool state_once(StateDb *db, const char *name, const Value *args, uint32_t count, Arena *arena,
                Value *rows, Err *err)
{
    CHECK(db, STATE_MAGIC);
    lock_take(&db->lock);
    bool ok = state_run(db, name, args, count, arena, rows, err);
    lock_give(&db->lock);
    return ok;
}

bool state_begin(StateDb *db, Err *err)
{
    CHECK(db, STATE_MAGIC);
    lock_take(&db->lock);
    if (state_script(db, "begin immediate", err))
        return true;
    lock_give(&db->lock);
    return false;
}

bool state_end(StateDb *db, bool ok, Err *err)
{
    ok = ok && state_script(db, "commit", err);
    if (!ok && !lib.sqlite3_get_autocommit(db->handle)) {
        Err second = {0};
        if (!state_script(db, "rollback", &second))
            err_drop(&second);
    }
    lock_give(&db->lock);
    return ok;
}
