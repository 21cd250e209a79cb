/* postgres_open.c: libpq, connections, cancelling. */
#include <errno.h>
#include <poll.h>

#include "base/assets.h"
#include "base/clock.h"
#include "base/dynamic.h"
#include "engine/postgres_base.h"
#include "sql/sql.h"

#define PROBE_MS 2000

/* ---- the library ---- */

static const DynamicCall calls[] = {
#define LIB(name) {#name, offsetof(Libpq, name)},
#include "engine/postgres.def"
#undef LIB
};

static struct {
    Lock lock;
    bool is_loaded;
    Libpq calls;
} library = {.lock = LOCK_INIT(PG_RANK_LIBRARY, "libpq")};

bool postgres_library(const Libpq **out, Err *err)
{
    static const Dynamic libpq = {"libpq.so.5", "libpq5", calls, COUNT_OF(calls)};
    lock_take(&library.lock);
    bool ok = library.is_loaded || dynamic_load(&libpq, &library.calls, err);
    library.is_loaded = ok;
    lock_give(&library.lock);
    *out = &library.calls;
    return ok;
}

/* ---- configuration ---- */

/* Our key, libpq's, and what stands there when none is given. */
static const char *const keys[][3] = {
    {"host", "host", NULL},
    {"port", "port", NULL},
    {"user", "user", NULL},
    {"password", "password", NULL},
    {"database", "dbname", NULL},
    {"sslmode", "sslmode", NULL},
    {"sslrootcert", "sslrootcert", NULL},
    {"sslcert", "sslcert", NULL},
    {"sslkey", "sslkey", NULL},
    {"sslpassword", "sslpassword", NULL},
    {"sslcrl", "sslcrl", NULL},
    {"channel_binding", "channel_binding", NULL},
    {"gssencmode", "gssencmode", "disable"},
    {"target_session_attrs", "target_session_attrs", NULL},
    {"service", "service", NULL},
    {"options", "options", NULL},
    {"application_name", "application_name", "weir"},
    {"keepalives", "keepalives", "1"},
    {"keepalives_idle", "keepalives_idle", "30"},
    {"keepalives_interval", "keepalives_interval", "10"},
    {"keepalives_count", "keepalives_count", "3"},
    {"tcp_user_timeout", "tcp_user_timeout", "60000"},
};

static void add_keyword(Postgres *postgres, unsigned *count, const char *key, const char *value)
{
    assert(*count + 1 < PG_KEYWORDS);
    postgres->keywords[*count] = key;
    postgres->values[(*count)++] = value;
}

/* The engine's sessions have their search_path from the start: "discard all" comes back to it.
 * Blanks and backslashes in a value of `options` have a backslash before them. */
static Str start_options(Arena *arena, Value config)
{
    Text options = {0};
    Str path = value_get_text(config, "search_path", STR_NONE);
    text_add(&options, value_get_text(config, "options", STR_NONE));
    text_add_c(&options, path.len ? " -c search_path=" : "");
    for (size_t i = 0; i < path.len; i++) {
        if (path.at[i] == ' ' || path.at[i] == '\\')
            text_add_char(&options, '\\');
        text_add_char(&options, path.at[i]);
    }
    return str_trim(text_give(arena, &options));
}

static void read_keywords(Postgres *postgres, Arena *arena, Value config)
{
    unsigned count = 0;
    Str socket = value_get_text(config, "socket", STR_NONE);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        Str given = value_get_text(config, keys[i][0], STR_NONE);
        if (socket.len && strcmp(keys[i][0], "host") == 0)
            given = socket;
        if (str_is(given, "0") && strcmp(keys[i][0], "keepalives_idle") == 0)
            given = STR_NONE; /* as dbt has it: the system's own */
        if (postgres->is_session && strcmp(keys[i][0], "options") == 0)
            given = start_options(arena, config);
        const char *value = given.len ? str_c(arena, given) : keys[i][2];
        if (value)
            add_keyword(postgres, &count, keys[i][1], value);
    }
    add_keyword(postgres, &count, "client_encoding", "UTF8");
}

/* A name as SQL reads it: what is not quoted is folded. */
static Str fold_name(Arena *arena, Str name)
{
    bool is_quoted = name.len > 2 && name.at[0] == '"' && name.at[name.len - 1] == '"';
    return is_quoted ? str_slice(name, 1, name.len - 1) : str_lower(arena, name);
}

/* The user's settings of a session: "set role ...; set search_path = ...". The engine's sessions
 * have the role alone here; dbt writes it into a statement, so it is folded. */
static Str session_sql(Arena *arena, Value config, bool is_session)
{
    static const char *const settings[] = {"role", "search_path", "statement_timeout"};
    Text sql = {0};
    for (size_t i = 0; i < (is_session ? 1 : COUNT_OF(settings)); i++) {
        Str given = value_get_text(config, settings[i], STR_NONE);
        if (is_session)
            given = fold_name(arena, given);
        if (given.len)
            text_print(&sql, "select pg_catalog.set_config('%s', " STR_FMT ", false);", settings[i],
                       STR_ARG(sql_quote_text(arena, given)));
    }
    return text_give(arena, &sql);
}

static Str describe_place(Arena *arena, Value config)
{
    Str host = value_get_text(config, "socket", value_get_text(config, "host", STR("localhost")));
    Str port = value_get_text(config, "port", STR("5432"));
    Str database = value_get_text(config, "database", value_get_text(config, "user", STR("")));
    return str_print(arena, "Postgres " STR_FMT " on " STR_FMT ":" STR_FMT, STR_ARG(database),
                     STR_ARG(host), STR_ARG(port));
}

/* ---- connecting ---- */

static void drop_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

/* Waits for the socket of a connection that is being made for a link, or (NULL) to be looked at.
 * False: time is over, or the link was cancelled. */
static bool wait_connecting(const Libpq *pq, const PgLink *link, PGconn *connection, bool for_write,
                            int64_t until_us)
{
    for (;;) {
        int64_t left_ms = (until_us - clock_steady_us()) / 1000;
        bool is_cancelled =
            link && atomic_load(&link->postgres->interrupts) != link->interrupts_seen;
        if (left_ms <= 0 || is_cancelled)
            return false;
        struct pollfd wanted = {.fd = pq->PQsocket(connection),
                                .events = for_write ? POLLOUT : POLLIN};
        int ready = poll(&wanted, 1, left_ms < PG_POLL_MS ? (int)left_ms : PG_POLL_MS);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true;
    }
}

/* Polls a connection that is being made until it is made, has failed, or time is over. */
static PostgresPollingStatusType finish_connecting(const Libpq *pq, const PgLink *link,
                                                   PGconn *connection, int64_t until_us)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status == PGRES_POLLING_WRITING || status == PGRES_POLLING_READING) {
        if (!wait_connecting(pq, link, connection, status == PGRES_POLLING_WRITING, until_us))
            return status;
        status = pq->PQconnectPoll(connection);
    }
    return status;
}

static bool fail_unfinished(const PgLink *link, Err *err)
{
    const Postgres *postgres = link->postgres;
    if (atomic_load(&postgres->interrupts) != link->interrupts_seen)
        return err_set(err, ERR_CANCELLED, NOWHERE, "connecting was cancelled");
    return err_set(err, ERR_UNAVAILABLE, NOWHERE, STR_FMT ": no answer within %lld s",
                   STR_ARG(postgres->where), (long long)(postgres->connect_timeout_ms / 1000));
}

/* The settings that make texts come in one form; a session of the engine keeps the user's own, but
 * for dates, whose form it has to know. */
static bool set_forms(PgLink *link, Err *err)
{
    Arena arena = {0};
    Str sql = STR("set datestyle = 'ISO'");
    const char *style = link->postgres->pq->PQparameterStatus(link->connection, "DateStyle");
    bool ok = true;
    if (!link->postgres->is_session)
        ok = asset_read(&arena, STR("src/engine/postgres/session.sql"), &sql, err) &&
             postgres_run(link, sql, err);
    else if (!style || strncmp(style, "ISO", 3) != 0)
        ok = postgres_run(link, sql, err);
    arena_drop(&arena);
    return ok;
}

/* Settings of the session; what the server says of itself. */
static bool set_up(PgLink *link, Err *err)
{
    Postgres *postgres = link->postgres;
    const Libpq *pq = postgres->pq;
    TRY(set_forms(link, err));
    TRY(!postgres->session_sql.len || postgres_run(link, postgres->session_sql, err));
    const char *encoding = pq->PQparameterStatus(link->connection, "server_encoding");
    postgres->is_utf8 = encoding && strcmp(encoding, "SQL_ASCII") != 0;
    postgres->version = pq->PQserverVersion(link->connection);
    return true;
}

/* Connects a link; on failure it has no connection. */
static bool link_open(PgLink *link, Err *err)
{
    Postgres *postgres = link->postgres;
    const Libpq *pq = postgres->pq;
    int64_t until_us = clock_steady_us() + postgres->connect_timeout_ms * 1000;
    PGconn *connection = pq->PQconnectStartParams(postgres->keywords, postgres->values, 0);
    if (!connection)
        return err_set(err, ERR_RUNTIME, NOWHERE, "libpq could not make a connection");
    pq->PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
    pq->PQsetNoticeProcessor(connection, drop_notice, NULL);
    bool ok = pq->PQstatus(connection) != CONNECTION_BAD;
    if (ok) {
        PostgresPollingStatusType status = finish_connecting(pq, link, connection, until_us);
        ok = status == PGRES_POLLING_OK;
        if (!ok && status != PGRES_POLLING_FAILED) {
            pq->PQfinish(connection);
            return fail_unfinished(link, err);
        }
    }
    if (!ok) {
        postgres_fail_connect(postgres, connection, err);
        pq->PQfinish(connection);
        return false;
    }
    pq->PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
    pq->PQsetnonblocking(connection, 1);
    link->connection = connection;
    if (set_up(link, err))
        return true;
    pq->PQfinish(connection);
    link->connection = NULL;
    return false;
}

/* ---- links ---- */

bool postgres_main(Database *database, PgLink **out, Err *err)
{
    Postgres *postgres = (Postgres *)database;
    const Libpq *pq = postgres->pq;
    PgLink *link = &postgres->main;
    link->interrupts_seen = atomic_load(&postgres->interrupts);
    /* Broken, or left in the middle of a statement that was cancelled. */
    if (link->connection && (pq->PQstatus(link->connection) == CONNECTION_BAD ||
                             pq->PQtransactionStatus(link->connection) == PQTRANS_ACTIVE)) {
        pq->PQfinish(link->connection);
        link->connection = NULL;
    }
    if (!link->connection)
        TRY(link_open(link, err));
    *out = link;
    return true;
}

bool postgres_take(Postgres *postgres, PgLink *out, Err *err)
{
    *out = (PgLink){.postgres = postgres, .interrupts_seen = atomic_load(&postgres->interrupts)};
    lock_take(&postgres->lock);
    if (postgres->rest_count)
        out->connection = postgres->rest[--postgres->rest_count];
    lock_give(&postgres->lock);
    /* One that broke while it was at rest is found out here: it has the end of the file to read. */
    if (out->connection && (!postgres->pq->PQconsumeInput(out->connection) ||
                            postgres->pq->PQstatus(out->connection) == CONNECTION_BAD)) {
        postgres->pq->PQfinish(out->connection);
        out->connection = NULL;
    }
    return out->connection || link_open(out, err);
}

void postgres_give(PgLink *link, bool is_reusable)
{
    Postgres *postgres = link->postgres;
    if (!link->connection)
        return;
    is_reusable =
        is_reusable && postgres->pq->PQtransactionStatus(link->connection) == PQTRANS_IDLE;
    lock_take(&postgres->lock);
    if (is_reusable && postgres->rest_count < PG_LINKS_KEPT) {
        postgres->rest[postgres->rest_count++] = link->connection;
        link->connection = NULL;
    }
    lock_give(&postgres->lock);
    if (link->connection)
        postgres->pq->PQfinish(link->connection);
    link->connection = NULL;
}

/* PQcancel() waits for the server without an end, so ask first whether anybody answers there. That
 * the link is interrupted again meanwhile does not matter. */
static bool is_answering(const PgLink *link)
{
    const Libpq *pq = link->postgres->pq;
    PGconn *connection =
        pq->PQconnectStartParams(link->postgres->keywords, link->postgres->values, 0);
    if (!connection)
        return false;
    PostgresPollingStatusType status = PGRES_POLLING_FAILED;
    if (pq->PQstatus(connection) != CONNECTION_BAD)
        status = finish_connecting(pq, NULL, connection, clock_steady_us() + PROBE_MS * 1000);
    bool is_there = status == PGRES_POLLING_OK || status == PGRES_POLLING_FAILED;
    pq->PQfinish(connection);
    return is_there;
}

void postgres_cancel(PgLink *link)
{
    const Libpq *pq = link->postgres->pq;
    char why[256];
    if (pq->PQtransactionStatus(link->connection) != PQTRANS_ACTIVE || !is_answering(link))
        return;
    PGcancel *cancel = pq->PQgetCancel(link->connection);
    if (cancel)
        pq->PQcancel(cancel, why, sizeof why);
    pq->PQfreeCancel(cancel);
}

static void interrupt(Database *database)
{
    atomic_fetch_add(&((Postgres *)database)->interrupts, 1);
}

void postgres_drop(Postgres *postgres)
{
    if (postgres->main.connection)
        postgres->pq->PQfinish(postgres->main.connection);
    for (unsigned i = 0; i < postgres->rest_count; i++)
        postgres->pq->PQfinish(postgres->rest[i]);
    lock_drop(&postgres->lock);
}

static void close_database(void *what)
{
    Postgres *postgres = what;
    CHECK(&postgres->base, DATABASE_MAGIC);
    postgres->base.magic = 0;
    postgres_drop(postgres);
}

bool postgres_configure(Arena *arena, Value config, bool is_session, Postgres *out, Err *err)
{
    int64_t timeout_s;
    TRY(postgres_library(&out->pq, err));
    TRY(database_config_int(config, "connect_timeout", 1, 3600, 10, &timeout_s, err));
    out->base = (Database){DATABASE_MAGIC, &database_postgres};
    out->is_session = is_session;
    out->connect_timeout_ms = timeout_s * 1000;
    out->session_sql = session_sql(arena, config, is_session);
    out->lock_timeout = str_copy(arena, value_get_text(config, "lock_timeout", STR("60s")));
    out->where = describe_place(arena, config);
    out->main.postgres = out;
    read_keywords(out, arena, config);
    lock_init(&out->lock, PG_RANK_LINKS, "postgres links");
    return true;
}

static bool open_database(Arena *arena, Value config, Database **out, Err *err)
{
    PgLink *link;
    Postgres *postgres = NEW(arena, Postgres);
    TRY(postgres_configure(arena, config, false, postgres, err));
    arena_on_drop(arena, close_database, postgres);
    TRY(postgres_main(&postgres->base, &link, err));
    *out = &postgres->base;
    return true;
}

const DatabaseKind database_postgres = {
    .name = "postgres",
    .aliases = (const char *const[]){"postgresql", "pg", NULL},
    .open = open_database,
    .interrupt = interrupt,
    .query = postgres_query,
    .tables = postgres_tables,
    .describe = postgres_describe,
    .cursor_max = postgres_cursor_max,
    .read = postgres_read,
    .write = postgres_write,
};
