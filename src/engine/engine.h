/* engine.h: SQL engines behind one interface. The only room with database client libraries.
 *
 *   Warehouse (one per database and process) -> Session (one per thread) -> Result
 *
 * The library of an engine is loaded when the first Warehouse is opened, never before.
 * Threads: a Warehouse is shared; a Session belongs to one thread, but session_interrupt() may be
 * called from any.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "arrow/arrow.h"

typedef struct Warehouse Warehouse;
typedef struct Session Session;
typedef struct Engine Engine;

/* The engine of a profile's `type` ("duckdb", "postgres"), or NULL: then `nearest` names a similar
 * one. */
const Engine *engine_find(Str type, Str *nearest);

/* "duckdb": also the name of macros/duckdb/ and the adapter type of the artifacts. */
Str engine_name(const Engine *engine);
/* Version of dbt's adapter whose behaviour is followed ("1.11.1"), for the console line. */
Str engine_adapter_version(const Engine *engine);
/* Version of the library in use ("v1.5.5"). Loads it. */
MUST bool engine_library_version(const Engine *engine, Arena *arena, Str *out, Err *err);

/* Opens (or joins: one instance per real path and process) the database of a profile's output.
 *
 * config  the output's dict, rendered: path, database, schema, extensions, settings, attach,
 *         secrets, threads, ... as dbt-duckdb documents them
 *         postgres: host, user, password (pass), port, dbname (database), connect_timeout,
 *         retries, role, search_path, keepalives_idle, ssl*, application_name, as dbt-postgres
 *         documents them
 * Fails   ERR_RUNTIME: library missing, path unwritable; ERR_DATABASE: locked by another process
 *         (says which, where the system tells), no database file; unknown keys are ignored as
 *         dbt-duckdb does. postgres: nothing is asked of the server here
 * Owner   the arena closes it (arena_on_drop); the file is checkpointed and closed then
 */
MUST bool warehouse_open(const Engine *engine, Arena *arena, Value config, Warehouse **out,
                         Err *err);

/* Name of the database that the profile's path has in SQL ("shop" for shop.duckdb, "memory");
 * postgres: the profile's dbname. */
Str warehouse_database(const Warehouse *warehouse);

/* One connection (postgres: made by the first statement, tried again `retries` times where the
 * server does not answer, made anew where it broke outside of a transaction). Owner: the arena. */
MUST bool session_open(Warehouse *warehouse, Arena *arena, Session **out, Err *err);

/* Column of a result: its name, the engine's name of its type ("DECIMAL(18,2)",
 * "STRUCT(a INTEGER, \"b c\" VARCHAR)[]"), and how its cells come:
 *
 *   BOOL          VALUE_BOOL
 *   INT           VALUE_INT; VALUE_TEXT of digits where 64 bits do not hold it (HUGEINT, UBIGINT)
 *   FLOAT         VALUE_FLOAT, FLOAT widened to double
 *   DECIMAL       VALUE_TEXT of all digits of the scale: "12.30", "-0.05", "0.50"
 *   TEXT          VALUE_TEXT: VARCHAR, JSON, ENUM
 *   DATE          VALUE_TEXT "2020-01-31"; "0044-03-15 (BC)", "10000-01-01", "infinity"
 *   TIME          VALUE_TEXT "10:00:00[.5]"
 *   TIMESTAMP     VALUE_TEXT "2020-01-31 10:00:00[.123456]"; no zeros at the end of the fraction;
 *                 up to 9 digits for TIMESTAMP_NS
 *   TIMESTAMP_TZ  the same and "+00": always UTC, whatever the session's zone
 *   OTHER         VALUE_TEXT as the engine's cast to VARCHAR gives it: UUID, INTERVAL, BLOB, BIT,
 *                 TIME WITH TIME ZONE, lists, structs, maps, unions, VARIANT, GEOMETRY
 *
 * NULL is VALUE_NONE in all of them. Postgres: OTHER is the server's own text (uuid, money, bytea,
 * arrays "{1,2}", interval, ranges, enums, inet ...); a numeric "NaN" is a DECIMAL. */
typedef enum ColumnKind {
    COLUMN_BOOL, COLUMN_INT, COLUMN_FLOAT, COLUMN_DECIMAL, COLUMN_TEXT, COLUMN_DATE, COLUMN_TIME,
    COLUMN_TIMESTAMP, COLUMN_TIMESTAMP_TZ, COLUMN_OTHER,
} ColumnKind;

typedef struct ResultColumn {
    Str name, type;
    ColumnKind kind;
    Str code;                 /* what the peer's driver calls the type: "INTEGER", "STRING",    */
                              /*   "unknown type_code 2950" (psycopg2); empty: the same as type */
} ResultColumn;

typedef struct Result {
    ResultColumn *columns;
    uint32_t column_count;
    Value *cells;             /* row-major: cells[row * column_count + column]; NONE = NULL     */
    uint64_t row_count;       /* rows in `cells`                                                */
    bool is_cut;              /* there were more than the limit                                 */
    int64_t changed;          /* rows inserted, updated, deleted; -1 where not told (DuckDB     */
                              /*   tells it of create-table-as in a column "Count" instead;     */
                              /*   Postgres counts a select's rows too)                         */
    Str tag;                  /* Postgres' word on the last statement: "INSERT 0 5"; else empty */
} Result;

/* Runs one or more statements; the last one's rows come as values, at most `row_limit` of them.
 *
 * sql       blank, or comments alone: succeeds without columns
 * out       NULL: no rows wanted: the statement is run to its end and what comes is dropped; else
 *           what lies behind the limit of a select is not computed
 * Fails     ERR_DATABASE with the engine's message; ERR_CONFLICT for a write conflict;
 *           ERR_CANCELLED after session_interrupt(). The statements before the failing one were run
 * Cost      streams: memory is bounded by the rows asked for
 * Owner     the arena
 */
MUST bool session_query(Session *session, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                        Err *err);

/* session_query() whose rows are dropped: every statement is run to its end. *out has `changed` and
 * `tag` of the last one and no columns. */
MUST bool session_execute(Session *session, Arena *arena, Str sql, Result *out, Err *err);

/* Columns (name, type) of a query (of a script: of its last one), without running it. A
 * transaction that is open stays usable when it fails.
 * Fails ERR_DATABASE. Owner: the arena. */
MUST bool session_describe(Session *session, Arena *arena, Str sql, Result *out, Err *err);

/* Appends rows of texts to a table that exists; the engine casts each text to the column's type.
 *
 * next     gives the next row's fields (at == NULL: NULL), false at the end or on failure
 * database, schema   empty: the session's own; columns go by their place, all of them
 * rows     how many were appended; may be NULL
 * Fails    ERR_DATABASE "row 3, column 2 (amount): ..." for a text that cannot be cast or is no
 *          UTF-8, next()'s own error: then nothing is appended (when inside a transaction of the
 *          caller, which session_query() has begun: roll back)
 * Cost     memory is bounded: the engine writes in batches
 */
MUST bool session_append(Session *session, Str database, Str schema, Str table,
                         uint32_t column_count,
                         bool (*next)(void *context, Str *fields, Err *err), void *context,
                         uint64_t *rows, Err *err);

/* Ends the running statement of that session with ERR_CANCELLED; does nothing to a session at
 * rest. Any thread. A statement that is just about to begin can be missed: a canceller repeats it
 * (every 100 ms, say) until the session's thread has come back. */
void session_interrupt(Session *session);

/* Every statement that sessions run, for the log and for benchmarks; NULL ends it. */
void engine_trace(void (*trace)(void *context, Str sql, int64_t us), void *context);

/* ---- streams of columns ---- */

/* A stream that statements see as a table of that name. */
typedef struct NamedStream {
    Str name;
    Stream *stream;              /* read once, to its end or to a failure; the caller closes it */
} NamedStream;

/* session_query() with streams that its statements may select from: "create table x as select *
 * from NAME", "copy (select * from NAME) to ...". They go when the call returns.
 * Fails    as session_query(); a failure of a stream's next() comes as that failure itself;
 *          ERR_DATABASE: a table or view has the name already, or the stream is read twice (a
 *          materialized CTE of it may be), a text is no UTF-8
 * Threads  next() is called from several threads, one at a time. session_interrupt() does not end
 *          a next() that waits: who interrupts stops the source too (a pipe: close it)
 * Cost     no copy of the batches' buffers; several threads read the batches, in an order of their
 *          own unless the session preserves insertion order */
MUST bool session_query_over(Session *session, Arena *arena, Str sql, const NamedStream *streams,
                             uint32_t count, uint64_t row_limit, Result *out, Err *err);

/* The rows of a query as batches. Nothing else may run on the session until the stream is closed.
 * Types without an Arrow kin (MAP, UNION, ENUM, BIT, HUGEINT, TIME WITH TIME ZONE ..., numeric
 * without a precision, money) come as TEXT. Memory: a few batches, whatever the result's size.
 * Fails ERR_DATABASE. */
MUST bool session_stream(Session *session, Arena *arena, Str sql, Stream *out, Err *err);

/* The columns of a query as an Arrow schema, without running it: what session_stream() would
 * give. */
MUST bool session_schema(Session *session, Arena *arena, Str sql, Schema *out, Err *err);

/* ---- databases as sources and as publishing targets ---- */

/* A Postgres or MySQL/MariaDB server that rows are read from or published to: a description and a
 * few connections. It may be used by one thread at a time, but a read's stream consumed from any.
 */
typedef struct Database Database;

/* type    "postgres" (also "postgresql"), "mysql" (also "mariadb")
 * config  rendered dict: host, port, user, password, database (dbname), sslmode, sslrootcert,
 *         connect_timeout, keepalives_idle, search_path, charset, socket ..., or `url`
 * Fails   ERR_UNAVAILABLE: refused, unreachable, timed out, starting up, too many connections;
 *         ERR_DATABASE: wrong password or database; ERR_RUNTIME: library missing, bad config.
 *         No message holds a password
 * Owner   the arena closes it */
MUST bool database_open(Str type, Arena *arena, Value config, Database **out, Err *err);

/* Stops what runs on it, from any thread; the call that waits fails with ERR_CANCELLED. */
void database_interrupt(Database *database);

/* Runs statements of the user or of tests (setup, counts); rows as in session_query(), all cells
 * as texts. */
MUST bool database_query(Database *database, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                         Err *err);

typedef struct DatabaseTable {
    Str schema, name;
    bool is_view;
    int64_t rows_estimated;      /* -1: unknown                                                  */
} DatabaseTable;
typedef struct DatabaseTables {
    DatabaseTable *at;
    uint32_t len, cap;
} DatabaseTables;

/* Tables and views of a schema (empty: the connection's default one), in order of name. */
MUST bool database_tables(Database *database, Arena *arena, Str schema, DatabaseTables *out,
                          Err *err);

/* What is to be read. */
typedef struct DatabaseRead {
    Str schema, table;           /* or:                                                          */
    Str query;                   /* a select                                                     */
    const Str *columns;          /* count 0: all                                                 */
    uint32_t column_count;
    Value hints;                 /* dict column -> {type: "DECIMAL(20,4)"}: the user's word      */
    Str cursor_column;           /* or empty                                                     */
    Str from, to;                /* from <= cursor, cursor < to, as text; at NULL: no bound      */
    bool takes_nulls;            /* rows whose cursor is NULL come too                           */
    Str split_column;            /* of ranges side by side; empty: found out                     */
    unsigned streams;            /* connections that read side by side; 0 or 1: one              */
    uint64_t budget_bytes;       /* of batches in flight; 0: 32 MiB                              */
} DatabaseRead;

typedef struct DatabaseShape {
    Schema schema;               /* with hints applied                                           */
    Value primary_key;           /* list of names; empty: none                                   */
    Value source_types;          /* list of the database's own type names, a text a column       */
} DatabaseShape;

/* Columns, keys and types of what a read would give, from the catalogue (or the query's own word).
 * Fails  ERR_DATABASE: no such table or column (names the nearest); ERR_RUNTIME: a type that cannot
 *        be carried exactly (names column, type, and the hint that would help) */
MUST bool database_describe(Database *database, Arena *arena, const DatabaseRead *read,
                            DatabaseShape *out, Err *err);

/* The largest cursor value among the rows of the read, as text; at NULL: no rows. */
MUST bool database_cursor_max(Database *database, Arena *arena, const DatabaseRead *read, Str *out,
                              Err *err);

/* Streams the rows: server-side, memory bounded by budget_bytes. All ranges see one snapshot of the
 * database (Postgres: exported snapshot, repeatable read; InnoDB: consistent snapshots begun
 * under a short read lock where allowed, else one connection).
 * Fails  ERR_DATABASE for a value that cannot be carried exactly (names column, row's key where
 *        known, and the kind of value): none is changed silently; ERR_UNAVAILABLE: connection
 * lost */
MUST bool database_read(Database *database, Arena *arena, const DatabaseRead *read, Stream *out,
                        Err *err);

/* Publishing (Postgres). */
typedef struct DatabaseWrite {
    Str schema, table;
    Value primary_key;           /* list of names, may be empty                                  */
    Value indexes;               /* list of {columns: [...], unique: bool, type: "btree"}        */
    bool upserts;                /* false: replace by a swap                                     */
    Value types;                 /* dict column -> type in the target's words, may be empty      */
} DatabaseWrite;

/* Copies a stream into schema.table in one transaction: COPY into a staging table, primary key and
 * indexes, then a swap (grants and comments of the former table are kept; where views hang on it
 * its rows are replaced within it instead) or an upsert by primary key. Readers see the old rows
 * or the new ones. Nothing is left behind on failure. */
MUST bool database_write(Database *database, Arena *arena, const DatabaseWrite *write, Stream *take,
                         uint64_t *rows, Err *err);

#endif
