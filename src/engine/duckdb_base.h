/* duckdb_base.h: what the files of the DuckDB engine share. private to engine/
 *
 *   DuckWarehouse (one per warehouse_open) -> DuckInstance (one per real path and process)
 *   DuckSession -> connection                    '-> side connection: set-up, casts to text
 */
#ifndef ENGINE_DUCKDB_BASE_H
#define ENGINE_DUCKDB_BASE_H

#include <stdatomic.h>

#include "base/pool.h"
#include "engine/duckdb_abi.h"
#include "engine/engine_base.h"

/* Ranks of the locks of this room, in the order of taking. */
enum { DUCK_RANK_INSTANCES = 100, DUCK_RANK_SIDE = 105, DUCK_RANK_SCAN = 112 };

/* An open database. Owner: the table in duckdb_open.c; counted. */
typedef struct DuckInstance {
    struct DuckInstance *next;
    const DuckAbi *duck;
    Str key;                  /* real path; empty for a database in memory: never shared   */
    uint64_t device, inode;   /* of the file: two names of one file are one database       */
    uint32_t users;
    DuckDatabase database;
    DuckConnection side;      /* not a session's: for set-up and casts; under side_lock    */
    Lock side_lock;
    Arena arena;
} DuckInstance;

typedef struct DuckWarehouse {
    Warehouse base;
    DuckInstance *instance;
    Value settings;           /* dict of SETs that each session runs, or NONE              */
} DuckWarehouse;

typedef struct DuckSession {
    Session base;
    DuckInstance *instance;
    DuckConnection connection;
    Text sql;                 /* the running statement as a C string                       */
    atomic_bool is_interrupted;
    bool in_transaction;      /* between a BEGIN and its end, as far as statements went    */
    bool reads_streams;       /* the statement waits for others: not to be spun upon       */
} DuckSession;

/* ---- duckdb_error.c ---- */

/* Sets the error of a message of the engine; `type` 0 where the engine does not tell it.
 * is_interrupted: somebody has asked for the end of the statement. Returns false. */
bool duckdb_fail(int type, const char *message, bool is_interrupted, Err *err);
/* The same with the error of a result, which is destroyed. */
bool duckdb_fail_result(const DuckAbi *duck, DuckResult *result, bool is_interrupted, Err *err);
/* Runs a statement whose rows nobody wants. */
MUST bool duckdb_run(const DuckAbi *duck, DuckConnection connection, const char *sql, Err *err);

/* ---- duckdb_open.c: instances and warehouses; duckdb_session.c: statements ---- */

MUST bool duckdb_warehouse_open(Arena *arena, Value config, Warehouse **out, Err *err);
MUST bool duckdb_append(Session *base, Str database, Str schema, Str table, uint32_t column_count,
                        RowSource next, void *context, uint64_t *rows, Err *err);

/* session_query(), for duckdb_scan.c. */
MUST bool duckdb_query(Session *base, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                       Err *err);
/* Makes a C string of a statement in session->sql; a NUL would cut it off unseen. */
MUST bool duckdb_hold_sql(DuckSession *session, Str sql, Err *err);
/* Starts a prepared statement; a select streams. */
MUST bool duckdb_start(DuckSession *session, DuckPrepared prepared, DuckResult *result, Err *err);
/* Prepares the last statement of session->sql. Owner: destroy_prepare(), also after a failure. */
MUST bool duckdb_prepare(DuckSession *session, uint64_t *statements, DuckPrepared *out, Err *err);

/* ---- duckdb_scan.c: streams that statements read; duckdb_fill.c: arrays to vectors ---- */

/* Teaches a database the table function that reads streams. Before there are sessions. */
MUST bool duckdb_scan_register(DuckInstance *instance, Err *err);
MUST bool duckdb_query_over(Session *base, Arena *arena, Str sql, const NamedStream *streams,
                            uint32_t count, uint64_t row_limit, Result *out, Err *err);

/* The engine's type of a column. Owner: destroy_logical_type(). */
DuckType duckdb_fill_type(const DuckAbi *duck, const Field *field);
/* Writes `count` rows from `from` on into a fresh vector of that type. Texts are not copied: the
 * vector points into the array's buffers.
 * Fails ERR_DATABASE: a text that is no UTF-8, an interval finer than a microsecond: names the
 * column */
MUST bool duckdb_fill(const DuckAbi *duck, const Field *field, const struct ArrowArray *array,
                      uint64_t from, uint64_t count, DuckVector vector, Err *err);

/* ---- duckdb_stream.c: results as streams ---- */

MUST bool duckdb_stream(Session *base, Arena *arena, Str sql, Stream *out, Err *err);
MUST bool duckdb_schema(Session *base, Arena *arena, Str sql, Schema *out, Err *err);

/* ---- duckdb_config.c: the profile's keys ---- */

/* Refuses what weir cannot do (plugins, filesystems, remote) and a `database` that is not the
 * path's. Gives the path (":memory:" without one) and the database's name in SQL. */
MUST bool duckdb_config_check(Arena *arena, Value config, Str *path, Str *database, Err *err);
/* Options for opening: config_options, temp_directory, our folder of extensions. */
MUST bool duckdb_config_options(const DuckAbi *duck, Arena *arena, Value config, Str file,
                                DuckConfig *out, Err *err);
/* Extensions, secrets, attached databases: once an instance. */
MUST bool duckdb_config_setup(const DuckAbi *duck, Arena *arena, Value config,
                              DuckConnection connection, Err *err);
/* The SETs of `settings`: once a session. */
MUST bool duckdb_config_session(const DuckAbi *duck, Value settings, DuckConnection connection,
                                Err *err);
/* `settings` with motherduck_token, without what is set when opening. */
Value duckdb_config_settings(Arena *arena, Value config);

/* ---- duckdb_result.c: vectors to Values; duckdb_type.c: names of types ---- */

/* A type as DuckDB writes it: DECIMAL(18,2), STRUCT(a INTEGER, "b c" VARCHAR)[]. */
void duckdb_type_print(const DuckAbi *duck, DuckType type, Text *out);
/* How a type's cells come. */
ColumnKind duckdb_type_kind(int type_id);

/* Takes at most `limit` rows out of a result into `out`; the columns always. The rest is not
 * computed where the result streams. Destroys the result. */
MUST bool duckdb_result_read(DuckInstance *instance, Arena *arena, DuckResult *result,
                             uint64_t limit, const atomic_bool *is_interrupted, Result *out,
                             Err *err);
/* Runs a result to its end and drops what comes. Destroys the result. */
MUST bool duckdb_result_drain(const DuckAbi *duck, DuckResult *result,
                              const atomic_bool *is_interrupted, Err *err);

#endif
