/* duckdb_session.c: connections and statements.
 *
 * A single statement that gives no rows worth streaming goes by duckdb_query(), the shortest way.
 * The others are cut by the engine, prepared and run one by one; those that select stream, so that
 * memory is bounded by the rows asked for.
 */
#include <time.h>

#include "engine/duckdb_base.h"
#include "sql/sql.h"

#define SQL_KEEP_BYTES ((size_t)1 << 20)

static DuckSession *duck_session(Session *base)
{
    CHECK(base, SESSION_MAGIC);
    return (DuckSession *)base;
}

/* ---- opening ---- */

static void session_close(void *what)
{
    DuckSession *session = what;
    CHECK(&session->base, SESSION_MAGIC);
    session->base.magic = 0;
    session->instance->duck->disconnect(&session->connection);
    text_drop(&session->sql);
}

static bool open_session(Warehouse *base, Arena *arena, Session **out, Err *err)
{
    DuckWarehouse *warehouse = (DuckWarehouse *)base;
    const DuckAbi *duck = warehouse->instance->duck;
    DuckSession *session = NEW(arena, DuckSession);
    session->base = (Session){SESSION_MAGIC, &engine_duckdb};
    session->instance = warehouse->instance;
    if (duck->connect(warehouse->instance->database, &session->connection) != DUCK_OK)
        return err_set(err, ERR_DATABASE, NOWHERE, "DuckDB gave no connection");
    arena_on_drop(arena, session_close, session);
    TRY(duckdb_config_session(duck, warehouse->settings, session->connection, err));
    *out = &session->base;
    return true;
}

static void interrupt(Session *base)
{
    DuckSession *session = duck_session(base);
    atomic_store(&session->is_interrupted, true);
    session->instance->duck->interrupt(session->connection);
}

/* ---- transactions ---- */

typedef enum { TX_NONE, TX_BEGIN, TX_END } TxWord;

/* What a statement does to the transaction, by its first word. */
static TxWord tx_word(Str word)
{
    static const char *const ends[] = {"commit", "rollback", "end", "abort"};
    if (str_eq_fold(word, STR("begin")) || str_eq_fold(word, STR("start")))
        return TX_BEGIN;
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_eq_fold(word, str_of(ends[i])))
            return TX_END;
    return TX_NONE;
}

/* Notes the first `count` transaction statements of a script: those that were run. */
static void track_script(DuckSession *session, Str sql, unsigned count)
{
    size_t at = 0;
    for (Str statement; count && sql_next_statement(sql, &at, &statement);) {
        TxWord word = tx_word(sql_first(statement).text);
        if (word != TX_NONE)
            session->in_transaction = word == TX_BEGIN;
        count -= word != TX_NONE;
    }
}

/* ---- one statement ---- */

/* Is it one statement whose rows, if any, are few? */
static bool is_direct(Str sql)
{
    static const char *const words[] = {
        "create",  "insert",   "update",  "delete",   "drop",       "alter", "begin",
        "commit",  "rollback", "start",   "attach",   "detach",     "use",   "set",
        "reset",   "copy",     "comment", "truncate", "checkpoint", "merge", "load",
        "install", "analyze",  "vacuum",  "abort",    "end",
    };
    SqlToken first = sql_first(sql);
    bool is_known = false;
    for (size_t i = 0; i < COUNT_OF(words) && !is_known; i++)
        is_known = str_eq_fold(first.text, str_of(words[i]));
    if (!is_known || !memchr(sql.at, ';', sql.len))
        return is_known;
    size_t at = 0;
    Str statement;
    return sql_next_statement(sql, &at, &statement) && !sql_next_statement(sql, &at, &statement);
}

static bool run_direct(DuckSession *session, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                       Err *err)
{
    const DuckAbi *duck = session->instance->duck;
    DuckResult result;
    bool failed = duck->query(session->connection, session->sql.at, &result) != DUCK_OK;
    TxWord word = tx_word(sql_first(sql).text);
    if (word == TX_END || (word == TX_BEGIN && !failed)) /* a commit that fails has rolled back */
        session->in_transaction = word == TX_BEGIN;
    if (failed)
        return duckdb_fail_result(duck, &result, atomic_load(&session->is_interrupted), err);
    if (out)
        return duckdb_result_read(session->instance, arena, &result, row_limit,
                                  &session->is_interrupted, out, err);
    duck->destroy_result(&result);
    return true;
}

/* ---- scripts ---- */

/* Runs a statement to its end as the library does, but for one thing: while all of the work is with
 * other threads, the library's own loop turns without a pause. For a load that is as much CPU time
 * again as the load takes. */
static bool run_patiently(DuckSession *session, DuckPrepared prepared, DuckResult *result, Err *err)
{
    const DuckAbi *duck = session->instance->duck;
    const struct timespec pause = {.tv_nsec = 500000};
    DuckPending pending = NULL;
    int state = DUCK_PENDING_ERROR;
    if (duck->pending_prepared(prepared, &pending) == DUCK_OK)
        state = duck->pending_execute_task(pending);
    while (state == DUCK_PENDING_NOT_READY || state == DUCK_PENDING_NO_TASKS) {
        if (state == DUCK_PENDING_NO_TASKS)
            nanosleep(&pause, NULL);
        state = duck->pending_execute_task(pending);
    }
    bool ok = false;
    if (state == DUCK_PENDING_ERROR)
        duckdb_fail(0, duck->pending_error(pending), atomic_load(&session->is_interrupted), err);
    else if (duck->execute_pending(pending, result) != DUCK_OK)
        duckdb_fail_result(duck, result, atomic_load(&session->is_interrupted), err);
    else
        ok = true;
    duck->destroy_pending(&pending);
    return ok;
}

bool duckdb_start(DuckSession *session, DuckPrepared prepared, DuckResult *result, Err *err)
{
    const DuckAbi *duck = session->instance->duck;
    if (duck->prepared_statement_type(prepared) != DUCK_STATEMENT_SELECT) {
        if (session->reads_streams)
            return run_patiently(session, prepared, result, err);
        if (duck->execute_prepared(prepared, result) == DUCK_OK)
            return true;
        return duckdb_fail_result(duck, result, atomic_load(&session->is_interrupted), err);
    }
    DuckPending pending = NULL;
    bool ok = false;
    if (duck->pending_prepared_streaming(prepared, &pending) != DUCK_OK)
        duckdb_fail(0, duck->pending_error(pending), atomic_load(&session->is_interrupted), err);
    else if (duck->execute_pending(pending, result) != DUCK_OK)
        duckdb_fail_result(duck, result, atomic_load(&session->is_interrupted), err);
    else
        ok = true;
    duck->destroy_pending(&pending);
    return ok;
}

/* One statement of a script. `out` NULL: its rows are run through and dropped. */
static bool run_one(DuckSession *session, Arena *arena, DuckStatements statements, uint64_t i,
                    uint64_t row_limit, bool *is_transaction, Result *out, Err *err)
{
    const DuckAbi *duck = session->instance->duck;
    DuckPrepared prepared = NULL;
    DuckResult result;
    bool ok;
    if (duck->prepare_extracted_statement(session->connection, statements, i, &prepared) != DUCK_OK)
        ok = duckdb_fail(0, duck->prepare_error(prepared), atomic_load(&session->is_interrupted),
                         err);
    else
        ok = duckdb_start(session, prepared, &result, err);
    *is_transaction = ok && duck->prepared_statement_type(prepared) == DUCK_STATEMENT_TRANSACTION;
    if (ok && out)
        ok = duckdb_result_read(session->instance, arena, &result, row_limit,
                                &session->is_interrupted, out, err);
    else if (ok)
        ok = duckdb_result_drain(duck, &result, &session->is_interrupted, err);
    duck->destroy_prepare(&prepared);
    return ok;
}

static bool run_script(DuckSession *session, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                       Err *err)
{
    const DuckAbi *duck = session->instance->duck;
    DuckStatements statements = NULL;
    uint64_t count = duck->extract_statements(session->connection, session->sql.at, &statements);
    const char *error = count ? NULL : duck->extract_statements_error(statements);
    bool ok = true;
    unsigned transactions = 0;
    if (error && *error)
        ok = duckdb_fail(0, error, false, err);
    for (uint64_t i = 0; ok && i < count; i++) {
        bool is_transaction;
        ok = run_one(session, arena, statements, i, row_limit, &is_transaction,
                     i + 1 == count ? out : NULL, err);
        transactions += is_transaction;
    }
    duck->destroy_extracted(&statements);
    track_script(session, sql, transactions);
    return ok;
}

bool duckdb_hold_sql(DuckSession *session, Str sql, Err *err)
{
    if (sql.len && memchr(sql.at, '\0', sql.len))
        return err_set(err, ERR_DATABASE, NOWHERE, "the statement contains a NUL byte");
    if (session->sql.cap > SQL_KEEP_BYTES)
        text_drop(&session->sql);
    text_clear(&session->sql);
    text_add(&session->sql, sql);
    return true;
}

bool duckdb_query(Session *base, Arena *arena, Str sql, uint64_t row_limit, Result *out, Err *err)
{
    DuckSession *session = duck_session(base);
    atomic_store(&session->is_interrupted, false);
    TRY(duckdb_hold_sql(session, sql, err));
    Result result = {.changed = -1};
    Result *wanted = out ? &result : NULL;
    if (is_direct(sql) && !session->reads_streams)
        TRY(run_direct(session, arena, sql, row_limit, wanted, err));
    else if (!sql_is_blank(sql))
        TRY(run_script(session, arena, sql, row_limit, wanted, err));
    if (out)
        *out = result;
    return true;
}

/* ---- describing ---- */

/* Columns of a prepared statement. */
static void describe_columns(const DuckAbi *duck, DuckPrepared prepared, Arena *arena, Result *out)
{
    uint32_t count = (uint32_t)duck->prepared_statement_column_count(prepared);
    *out = (Result){.changed = -1, .column_count = count};
    out->columns = NEW_N(arena, ResultColumn, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        AUTO(text) Text type = {0};
        DuckType logical = duck->prepared_statement_column_logical_type(prepared, i);
        char *name = duck->prepared_statement_column_name(prepared, i);
        duckdb_type_print(duck, logical, &type);
        out->columns[i] = (ResultColumn){
            .name = str_copy(arena, str_of(name)),
            .type = text_copy(arena, &type),
            .kind = duckdb_type_kind(duck->get_type_id(logical)),
        };
        duck->free(name);
        duck->destroy_logical_type(&logical);
    }
}

bool duckdb_prepare(DuckSession *session, uint64_t *statements, DuckPrepared *out, Err *err)
{
    const DuckAbi *duck = session->instance->duck;
    DuckStatements parts = NULL;
    uint64_t count = duck->extract_statements(session->connection, session->sql.at, &parts);
    bool ok = false;
    if (!count) {
        const char *error = duck->extract_statements_error(parts);
        duckdb_fail(0, error ? error : "there is no statement to describe", false, err);
    } else if (duck->prepare_extracted_statement(session->connection, parts, count - 1, out) !=
               DUCK_OK) {
        duckdb_fail(0, duck->prepare_error(*out), atomic_load(&session->is_interrupted), err);
    } else {
        ok = true;
    }
    duck->destroy_extracted(&parts);
    *statements = count;
    return ok;
}

static bool describe(Session *base, Arena *arena, Str sql, Result *out, Err *err)
{
    DuckSession *session = duck_session(base);
    const DuckAbi *duck = session->instance->duck;
    DuckPrepared prepared = NULL;
    uint64_t statements;
    atomic_store(&session->is_interrupted, false);
    TRY(duckdb_hold_sql(session, sql, err));
    bool ok = duckdb_prepare(session, &statements, &prepared, err);
    if (ok)
        describe_columns(duck, prepared, arena, out);
    duck->destroy_prepare(&prepared);
    return ok;
}

static bool library_version(Arena *arena, Str *out, Err *err)
{
    const DuckAbi *duck;
    TRY(duckdb_load(&duck, err));
    *out = str_copy(arena, str_of(duck->library_version()));
    return true;
}

const Engine engine_duckdb = {
    .name = "duckdb",
    .adapter_version = "1.11.1",
    .library_version = library_version,
    .open = duckdb_warehouse_open,
    .session = open_session,
    .query = duckdb_query,
    .describe = describe,
    .append = duckdb_append,
    .interrupt = interrupt,
    .query_over = duckdb_query_over,
    .stream = duckdb_stream,
    .schema = duckdb_schema,
};
