/* postgres_engine.c: Postgres as an engine: warehouses, sessions, and the state of a session's link
 * around every call. */
#include <poll.h>

#include "base/clock.h"
#include "engine/postgres_session.h"
#include "sql/sql.h"

enum { SETTLE_MS = 3000, PAUSE_MS = 50, RETRIES_MOST = 1000, LOOKS_MOST = 100 };

/* ---- opening ---- */

static bool library_version(Arena *arena, Str *out, Err *err)
{
    const Libpq *pq;
    TRY(postgres_library(&pq, err));
    int version = pq->PQlibVersion();
    *out = str_print(arena, "%d.%d", version / 10000, version % 10000);
    return true;
}

static bool open_warehouse(Arena *arena, Value config, Warehouse **out, Err *err)
{
    const Libpq *pq;
    int64_t ignored;
    PgWarehouse *warehouse = NEW(arena, PgWarehouse);
    TRY(postgres_library(&pq, err));
    TRY(database_config_read(arena, config, &warehouse->config, err));
    TRY(database_config_int(warehouse->config, "retries", 0, RETRIES_MOST, 1, &warehouse->retries,
                            err));
    TRY(database_config_int(warehouse->config, "connect_timeout", 1, 3600, 10, &ignored, err));
    warehouse->base = (Warehouse){
        .magic = WAREHOUSE_MAGIC,
        .engine = &engine_postgres,
        .database = value_get_text(warehouse->config, "database", STR("postgres")),
    };
    *out = &warehouse->base;
    return true;
}

static PgSession *session_of(Session *base)
{
    CHECK(base, SESSION_MAGIC);
    assert(base->engine == &engine_postgres);
    return (PgSession *)base;
}

static void close_session(void *what)
{
    PgSession *session = what;
    CHECK(&session->base, SESSION_MAGIC);
    session->base.magic = 0;
    postgres_drop(&session->postgres);
}

static bool open_session(Warehouse *base, Arena *arena, Session **out, Err *err)
{
    PgWarehouse *warehouse = (PgWarehouse *)base;
    PgSession *session = NEW(arena, PgSession);
    session->base = (Session){SESSION_MAGIC, &engine_postgres};
    session->warehouse = warehouse;
    session->arena = arena;
    TRY(postgres_configure(arena, warehouse->config, true, &session->postgres, err));
    arena_on_drop(arena, close_session, session);
    *out = &session->base;
    return true;
}

static void interrupt(Session *base)
{
    atomic_fetch_add(&session_of(base)->postgres.interrupts, 1);
}

/* ---- the link ---- */

bool postgres_in_transaction(const PgSession *session)
{
    const Libpq *pq = session->postgres.pq;
    const PGconn *connection = session->postgres.main.connection;
    if (!connection)
        return false;
    PGTransactionStatusType status = pq->PQtransactionStatus(connection);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

static void end_link(PgSession *session)
{
    PgLink *link = &session->postgres.main;
    if (link->connection)
        session->postgres.pq->PQfinish(link->connection);
    link->connection = NULL;
}

/* Sleeps before another attempt, unless interrupted. */
static bool wait_for_attempt(const PgLink *link, int64_t wait_ms, Err *err)
{
    int64_t until_us = clock_steady_us() + wait_ms * 1000;
    while (clock_steady_us() < until_us) {
        if (atomic_load(&link->postgres->interrupts) != link->interrupts_seen)
            return err_set(err, ERR_CANCELLED, NOWHERE, "connecting was cancelled");
        poll(NULL, 0, PAUSE_MS);
    }
    return true;
}

/* Connects, and again where the server cannot be had: at once, after 1 s, 4 s, 9 s ... */
static bool connect(PgSession *session, PgLink **link, Err *err)
{
    for (int64_t attempt = 0;; attempt++) {
        if (postgres_main(&session->postgres.base, link, err))
            return true;
        if (err->kind != ERR_UNAVAILABLE || attempt >= session->warehouse->retries)
            return false;
        err_drop(err);
        TRY(wait_for_attempt(&session->postgres.main, attempt * attempt * 1000, err));
    }
}

/* The kind that the program shows: whatever goes wrong with a warehouse is a database error. */
static void mend_kind(Err *err)
{
    if (err->kind == ERR_UNAVAILABLE)
        err->kind = ERR_DATABASE;
}

/* A link at rest whose server has gone has its last words and the end of the file to read. */
static void look_at_rest(PgSession *session)
{
    const Libpq *pq = session->postgres.pq;
    PGconn *connection = session->postgres.main.connection;
    for (int reads = 0; connection && reads < LOOKS_MOST; reads++) {
        struct pollfd readable = {.fd = pq->PQsocket(connection), .events = POLLIN};
        if (readable.fd >= 0 && poll(&readable, 1, 0) == 0)
            return;
        if (!pq->PQconsumeInput(connection) || pq->PQstatus(connection) == CONNECTION_BAD) {
            end_link(session);
            return;
        }
        (void)pq->PQisBusy(connection); /* takes in what was read */
    }
}

bool postgres_enter(Session *base, Str sql, PgSession **out, PgLink **link, bool *is_void, Err *err)
{
    PgSession *session = session_of(base);
    *out = session;
    *is_void = false;
    assert(!session->is_streaming);
    look_at_rest(session);
    if (session->in_transaction && !session->postgres.main.connection) {
        SqlToken first = sql_first(sql);
        session->in_transaction = false;
        *is_void = str_eq_fold(first.text, STR("rollback"));
        if (*is_void)
            return true;
        session->in_transaction = true;
        return err_set(err, ERR_DATABASE, NOWHERE,
                       "the connection was lost within a transaction, which is rolled back");
    }
    if (!connect(session, link, err)) {
        mend_kind(err);
        return false;
    }
    return true;
}

/* After a cancel: takes what the server still says, so that the link can be used again. */
static bool settle(PgSession *session)
{
    const Libpq *pq = session->postgres.pq;
    PGconn *connection = session->postgres.main.connection;
    int64_t until_us = clock_steady_us() + SETTLE_MS * 1000;
    while (pq->PQtransactionStatus(connection) == PQTRANS_ACTIVE) {
        if (pq->PQisBusy(connection)) {
            struct pollfd wanted = {.fd = pq->PQsocket(connection), .events = POLLIN};
            if (clock_steady_us() > until_us || wanted.fd < 0)
                return false;
            poll(&wanted, 1, PAUSE_MS);
            if (!pq->PQconsumeInput(connection))
                return false;
            continue;
        }
        PGresult *result = pq->PQgetResult(connection);
        ExecStatusType status = pq->PQresultStatus(result);
        pq->PQclear(result);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
            return false;
    }
    return pq->PQstatus(connection) == CONNECTION_OK;
}

bool postgres_leave(PgSession *session, bool ok, Err *err)
{
    const Libpq *pq = session->postgres.pq;
    PGconn *connection = session->postgres.main.connection;
    bool is_usable = connection && pq->PQstatus(connection) == CONNECTION_OK;
    if (is_usable && pq->PQtransactionStatus(connection) == PQTRANS_ACTIVE)
        is_usable = settle(session);
    if (is_usable)
        session->in_transaction = postgres_in_transaction(session);
    else
        end_link(session); /* in_transaction stays: what was begun is lost */
    if (!ok)
        mend_kind(err);
    return ok;
}

const Engine engine_postgres = {
    .name = "postgres",
    .adapter_version = "1.11.0",
    .library_version = library_version,
    .open = open_warehouse,
    .session = open_session,
    .query = postgres_session_query,
    .execute = postgres_session_execute,
    .describe = postgres_session_describe,
    .append = postgres_session_append,
    .interrupt = interrupt,
    .query_over = postgres_session_query_over,
    .stream = postgres_session_stream,
    .schema = postgres_session_schema,
};
