/* duckdb_append.c: rows of texts into a table, by the engine's appender.
 *
 * The appender casts each text as it comes, so that a bad one is known with its row and column. It
 * writes in batches; outside of a transaction of the caller's we open our own: all rows or none.
 */
#include "engine/duckdb_base.h"

#define CANCEL_ROWS 1024

/* Where we are, for the messages. */
typedef struct Append {
    DuckSession *session;
    DuckAppender appender;
    const char *database, *schema, *table;
    uint32_t column_count;
    uint64_t row;
} Append;

/* The name of a column, or its number. */
static Str column_name(const Append *append, Arena *arena, uint32_t column)
{
    const DuckAbi *duck = append->session->instance->duck;
    DuckTable table = NULL;
    Str name = str_print(arena, "%u", column + 1);
    if (duck->table_description_create_ext(append->session->connection, append->database,
                                           append->schema, append->table, &table) == DUCK_OK) {
        char *text = duck->table_description_get_column_name(table, column);
        if (text)
            name = str_print(arena, "%u (%s)", column + 1, text);
        duck->free(text);
    }
    duck->table_description_destroy(&table);
    return name;
}

/* The appender's own reason; adds where it was unless column is UINT32_MAX. */
static bool fail(const Append *append, uint32_t column, Err *err)
{
    const DuckAbi *duck = append->session->instance->duck;
    DuckErrorData error = duck->appender_error_data(append->appender);
    duckdb_fail(error ? duck->error_data_error_type(error) : 0,
                error ? duck->error_data_message(error) : NULL,
                atomic_load(&append->session->is_interrupted), err);
    duck->destroy_error_data(&error);
    if (column != UINT32_MAX) {
        Arena arena = {0};
        err_wrap(err, "row %llu, column " STR_FMT, (unsigned long long)append->row + 1,
                 STR_ARG(column_name(append, &arena, column)));
        arena_drop(&arena);
    }
    return false;
}

static bool append_row(Append *append, const Str *fields, Err *err)
{
    const DuckAbi *duck = append->session->instance->duck;
    for (uint32_t i = 0; i < append->column_count; i++) {
        Str field = fields[i];
        if (field.at && utf8_find_invalid(field) >= 0) {
            Arena arena = {0};
            err_set(err, ERR_DATABASE, NOWHERE, "row %llu, column " STR_FMT ": not valid UTF-8",
                    (unsigned long long)append->row + 1, STR_ARG(column_name(append, &arena, i)));
            arena_drop(&arena);
            return false;
        }
        int failed = field.at ? duck->append_varchar_length(append->appender, field.at, field.len)
                              : duck->append_null(append->appender);
        if (failed)
            return fail(append, i, err);
    }
    return duck->appender_end_row(append->appender) == DUCK_OK || fail(append, UINT32_MAX, err);
}

/* All rows, then what is still held back. */
static bool append_rows(Append *append, RowSource next, void *context, Err *err)
{
    Arena arena = {0};
    Str *fields = NEW_N(&arena, Str, append->column_count + 1);
    bool ok = true;
    while (ok && next(context, fields, err)) {
        ok = append_row(append, fields, err);
        append->row += ok;
        if (ok && append->row % CANCEL_ROWS == 0 && atomic_load(&append->session->is_interrupted))
            ok = err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
    }
    arena_drop(&arena);
    ok = ok && err->kind == ERR_NONE;
    if (ok && append->session->instance->duck->appender_close(append->appender) != DUCK_OK)
        ok = fail(append, UINT32_MAX, err);
    return ok;
}

/* Opens the appender, appends, and leaves nothing half done in it. */
static bool run(Append *append, RowSource next, void *context, Err *err)
{
    const DuckAbi *duck = append->session->instance->duck;
    bool ok = false;
    if (duck->appender_create_ext(append->session->connection, append->database, append->schema,
                                  append->table, &append->appender) != DUCK_OK) {
        fail(append, UINT32_MAX, err);
    } else {
        uint64_t columns = duck->appender_column_count(append->appender);
        if (columns != append->column_count)
            err_set(err, ERR_DATABASE, NOWHERE, "table %s has %llu columns, the rows have %u",
                    append->table, (unsigned long long)columns, append->column_count);
        else
            ok = append_rows(append, next, context, err);
        if (!ok) /* destroying would write what it still holds */
            duck->appender_clear(append->appender);
    }
    duck->appender_destroy(&append->appender);
    return ok;
}

bool duckdb_append(Session *base, Str database, Str schema, Str table, uint32_t column_count,
                   RowSource next, void *context, uint64_t *rows, Err *err)
{
    DuckSession *session = (DuckSession *)base;
    const DuckAbi *duck = session->instance->duck;
    Arena arena = {0};
    Append append = {
        .session = session,
        .database = database.len ? str_c(&arena, database) : NULL,
        .schema = schema.len ? str_c(&arena, schema) : NULL,
        .table = str_c(&arena, table),
        .column_count = column_count,
    };
    atomic_store(&session->is_interrupted, false);
    bool is_ours = !session->in_transaction;
    bool ok = !is_ours || duckdb_run(duck, session->connection, "begin", err);
    ok = ok && run(&append, next, context, err);
    if (ok && is_ours)
        ok = duckdb_run(duck, session->connection, "commit", err);
    else if (is_ours) {
        Err second = {0}; /* nothing to roll back if the begin failed */
        if (!duckdb_run(duck, session->connection, "rollback", &second))
            err_drop(&second);
    }
    arena_drop(&arena);
    if (ok && rows)
        *rows = append.row;
    return ok;
}
