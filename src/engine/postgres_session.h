/* postgres_session.h: Postgres as a warehouse: what postgres_engine.c and its neighbours share.
 * private to engine/
 *
 *   PgWarehouse (the profile) -> PgSession (one a thread) -> one link, made by its first statement
 *
 * A session keeps the server's own settings, as dbt-postgres does; it commits statement by
 * statement unless a `begin` was sent. When its link breaks within a transaction, what follows
 * fails until a `rollback` comes: else the rest would be committed alone.
 */
#ifndef ENGINE_POSTGRES_SESSION_H
#define ENGINE_POSTGRES_SESSION_H

#include "engine/postgres_base.h"

typedef struct PgWarehouse {
    Warehouse base;
    Value config;                   /* normal form of the profile's output                       */
    int64_t retries;                /* of a connection that could not be made                    */
} PgWarehouse;

/* Names of types that are not built in. */
typedef struct PgName {
    uint32_t oid;
    Str name;
} PgName;

typedef struct PgSession {
    Session base;
    PgWarehouse *warehouse;
    Arena *arena;                   /* that it lives in                                          */
    Postgres postgres;
    bool in_transaction;            /* as of its last statement                                  */
    bool is_streaming;              /* a stream of session_stream() has the link                 */
    List(PgName) names;
} PgSession;

/* ---- postgres_engine.c ---- */

/* The session's link, open, with its work begun; before every call of the engine's.
 * *is_void: the transaction is gone with its link, and `sql` ends it: there is nothing to do. */
MUST bool postgres_enter(Session *base, Str sql, PgSession **session, PgLink **link,
                         bool *is_void, Err *err);
/* After it: `ok` and `err` as the call had them. What was cancelled is waited for, what broke is
 * noted; the kind of error becomes the engine's. Returns ok. */
bool postgres_leave(PgSession *session, bool ok, Err *err);
bool postgres_in_transaction(const PgSession *session);

/* ---- postgres_session.c ---- */

bool postgres_session_query(Session *base, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                            Err *err);
bool postgres_session_execute(Session *base, Arena *arena, Str sql, Result *out, Err *err);
bool postgres_session_describe(Session *base, Arena *arena, Str sql, Result *out, Err *err);
/* Sends a script and collects its last result. */
MUST bool postgres_run_script(PgSession *session, PgLink *link, Arena *arena, Str sql,
                              uint64_t row_limit, Result *out, Err *err);

/* ---- postgres_result.c ---- */

/* Reads all results of what was sent; the last one's rows, at most row_limit, come as values. */
MUST bool postgres_collect(PgSession *session, PgLink *link, Arena *arena, uint64_t row_limit,
                           Result *out, Err *err);
/* Kind, type and code of a column whose source_type is known (or is left out: then built-in
 * types alone are named). */
ResultColumn postgres_result_column(Arena *arena, const PgColumn *column);

/* ---- postgres_append.c, postgres_stream.c ---- */

bool postgres_session_append(Session *base, Str database, Str schema, Str table,
                             uint32_t column_count, RowSource next, void *context, uint64_t *rows,
                             Err *err);
bool postgres_session_query_over(Session *base, Arena *arena, Str sql, const NamedStream *streams,
                                 uint32_t count, uint64_t row_limit, Result *out, Err *err);
bool postgres_session_stream(Session *base, Arena *arena, Str sql, Stream *out, Err *err);
bool postgres_session_schema(Session *base, Arena *arena, Str sql, Schema *out, Err *err);

#endif
