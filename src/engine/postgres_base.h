/* postgres_base.h: what the postgres_*.c files share, the only ones that know libpq.
 * private to engine/
 *
 *   Postgres (database_open) -> main link: statements, catalogue, publishing
 *                            '-> links at rest, taken by reads: one link and one thread a range
 *
 * No call blocks in libpq: every wait is a poll() of at most PG_POLL_MS that then looks whether
 * somebody wants it to end.
 */
#ifndef ENGINE_POSTGRES_BASE_H
#define ENGINE_POSTGRES_BASE_H

#include <libpq-fe.h>
#include <stdatomic.h>

#include "base/pool.h"
#include "engine/database_base.h"

enum { PG_RANK_LINKS = 104, PG_RANK_LIBRARY = 110 };
enum { PG_POLL_MS = 100, PG_LINKS_KEPT = 8, PG_KEYWORDS = 32 };

/* The library's calls. */
typedef struct Libpq {
#define LIB(name) __typeof__(name) *name;
#include "engine/postgres.def"
#undef LIB
} Libpq;

/* One connection. Owner: the Postgres; one thread at a time. */
typedef struct PgLink {
    struct Postgres *postgres;
    PGconn *connection;
    unsigned interrupts_seen;       /* of the database, when its present work began              */
    const atomic_bool *is_stopped;  /* its consumer has gone; may be NULL                        */
} PgLink;

typedef struct Postgres {
    Database base;
    const Libpq *pq;
    const char *keywords[PG_KEYWORDS], *values[PG_KEYWORDS]; /* of a connection, NULL at the end */
    int64_t connect_timeout_ms;
    Str session_sql;                /* `set`s of the user's keys, run after connecting           */
    Str lock_timeout;               /* "60s": how long publishing waits for a lock               */
    Str where;                      /* "shop on db.example.com:5432", for messages               */
    bool is_session;                /* of the engine: the user's own settings, plain messages    */
    int version;                    /* 150008                                                    */
    bool is_utf8;                   /* the server vouches for the texts it sends                 */
    atomic_uint interrupts;
    PgLink main;
    Lock lock;                      /* of `rest`                                                 */
    PGconn *rest[PG_LINKS_KEPT];    /* open, idle, outside of transactions                       */
    unsigned rest_count;
} Postgres;

/* ---- postgres_open.c ---- */

/* The library, loaded when first asked for. */
MUST bool postgres_library(const Libpq **out, Err *err);
/* Fills in what connections need; `config` is the normal form of database_config_read(). The
 * Postgres must not move afterwards. postgres_drop() closes all links. */
MUST bool postgres_configure(Arena *arena, Value config, bool is_session, Postgres *out, Err *err);
void postgres_drop(Postgres *postgres);
/* The main link, open (again, where it broke), with its work begun. */
MUST bool postgres_main(Database *database, PgLink **out, Err *err);
/* Another link: one at rest or a new one. Give it back: for reuse only when it is outside of a
 * transaction and no statement runs. */
MUST bool postgres_take(Postgres *postgres, PgLink *out, Err *err);
void postgres_give(PgLink *link, bool is_reusable);
/* Tells the server to stop what runs there; returns within some seconds. */
void postgres_cancel(PgLink *link);

/* ---- postgres_query.c ---- */

/* Waits until the socket can be read (or written), 100 ms at a time. Fails ERR_CANCELLED. */
MUST bool postgres_wait(PgLink *link, bool for_write, Err *err);
/* Sends what is pending; waits for room. */
MUST bool postgres_flush(PgLink *link, Err *err);
/* The next result of the running statement, NULL at its end. Owner: the caller (PQclear). */
MUST bool postgres_next_result(PgLink *link, PGresult **out, Err *err);
/* Sends a script by the simple protocol; results are to be read. */
MUST bool postgres_send(PgLink *link, Str sql, Err *err);
/* Sends bytes of a COPY. */
MUST bool postgres_copy_data(PgLink *link, Str bytes, Err *err);
/* Ends a COPY from us, as failed where `failure` is given, and reads the results. */
MUST bool postgres_copy_end(PgLink *link, const char *failure, Err *err);
/* A COPY that a script of the user's has begun: ends the link. Returns false. */
bool postgres_fail_copy(PgLink *link, Err *err);
/* Runs statements by the simple protocol; rows are dropped. */
MUST bool postgres_run(PgLink *link, Str sql, Err *err);
/* Runs one statement with text parameters ($1 ...); rows as texts, NULL as NONE. */
MUST bool postgres_rows(PgLink *link, Arena *arena, Str sql, const Str *parameters,
                        uint32_t count, Result *out, Err *err);
/* The same for an embedded statement: src/engine/postgres/NAME.sql. */
MUST bool postgres_ask(PgLink *link, Arena *arena, const char *name, const Str *parameters,
                       uint32_t count, Result *out, Err *err);
/* Begins a COPY: the next results are data. */
MUST bool postgres_begin_copy(PgLink *link, Str sql, ExecStatusType expected, Err *err);
/* Reads results until the end; the first failure is the error. */
MUST bool postgres_end(PgLink *link, Err *err);
/* A text cell of a result; NULL: STR_NONE. */
Str postgres_cell(const Result *result, uint64_t row, uint32_t column);
int64_t postgres_cell_int(const Result *result, uint64_t row, uint32_t column);

bool postgres_query(Database *database, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                    Err *err);

/* ---- postgres_error.c ---- */

/* Sets the error of a failed connection attempt. Returns false. */
bool postgres_fail_connect(const Postgres *postgres, PGconn *connection, Err *err);
/* Sets the error of a failed result; its SQLSTATE decides the kind. Returns false. */
bool postgres_fail_result(const PgLink *link, const PGresult *result, Err *err);
/* Sets the error of a call that failed: the connection broke. Returns false. */
bool postgres_fail_link(const PgLink *link, Err *err);
/* True if a failure's SQLSTATE is that: err's text ends with "(SQLSTATE 42P01)". */
bool postgres_is_state(const Err *err, const char *state);

/* ---- postgres_type.c ---- */

/* How a value comes on the wire in binary. */
typedef enum PgWire {
    WIRE_BOOL, WIRE_INT2, WIRE_INT4, WIRE_INT8, WIRE_UINT4, WIRE_UINT8, WIRE_FLOAT4, WIRE_FLOAT8,
    WIRE_NUMERIC, WIRE_BYTES, WIRE_JSONB, WIRE_UUID, WIRE_DATE, WIRE_TIME, WIRE_TIMESTAMP,
    WIRE_INTERVAL, WIRE_ARRAY,
} PgWire;

/* A row of pg_type. */
typedef struct PgType {
    uint32_t oid, item, base;       /* item: of an array; base: of a domain; else 0              */
    int base_modifier;
    char kind;                      /* typtype: b e d c r m p                                    */
    bool has_binary_geometry;       /* st_asbinary() stands beside it                            */
    Str schema, name;
} PgType;
typedef struct PgTypes {
    PgType *at;
    uint32_t count;
} PgTypes;

/* A column of a read. */
typedef struct PgColumn {
    Str name, source_type;          /* "numeric(12,2)"                                           */
    uint32_t oid;
    int modifier;
    bool is_required;
    int key;                        /* place in the primary key from 0; -1                       */
    Str expression;                 /* what is selected: "a", "a"::pg_catalog.text               */
    PgWire wire, item_wire;
    uint32_t item_oid;              /* of an array on the wire                                   */
    Field field;
} PgColumn;

MUST bool postgres_load_types(PgLink *link, Arena *arena, const PgColumn *columns, uint32_t count,
                              PgTypes *out, Err *err);
/* Fills expression, wire and field of a column.
 * Fails ERR_RUNTIME for a type that cannot be carried. */
MUST bool postgres_map_type(Arena *arena, const PgTypes *types, Value hints, PgColumn *column,
                            Err *err);
/* The type in Postgres' words for a column of that field that weir creates. */
void postgres_print_type(const Field *field, Text *out);

/* ---- postgres_catalog.c ---- */

/* What a read comes down to. */
typedef struct PgPlan {
    PgColumn *columns;
    uint32_t count;
    Str from;                       /* "schema"."table" or (query) as weir_query                 */
    Schema schema;
    Str *key;                       /* names of the primary key's columns                        */
    uint32_t key_count;
    bool is_table;                  /* has pages: its rows have a ctid                           */
    int64_t pages, rows_estimated;
} PgPlan;

/* Name, oid and modifier of the columns of a statement; it is prepared, not run. */
MUST bool postgres_describe_statement(PgLink *link, Arena *arena, Str sql, PgPlan *plan, Err *err);
/* Fills in source_type: "numeric(12,2)". */
MUST bool postgres_load_source_types(PgLink *link, Arena *arena, PgColumn *columns,
                                     uint32_t count, Err *err);
MUST bool postgres_plan(PgLink *link, Arena *arena, const DatabaseRead *read, PgPlan *out,
                        Err *err);
/* "where ..." of the cursor's bounds, or empty; `more` is a further condition or empty. */
Str postgres_where(Arena *arena, const DatabaseRead *read, Str more);
/* "schema"."table", or "table". */
Str postgres_table_name(Arena *arena, Str schema, Str table);

bool postgres_tables(Database *database, Arena *arena, Str schema, DatabaseTables *out, Err *err);
bool postgres_describe(Database *database, Arena *arena, const DatabaseRead *read,
                       DatabaseShape *out, Err *err);
bool postgres_cursor_max(Database *database, Arena *arena, const DatabaseRead *read, Str *out,
                         Err *err);

/* ---- postgres_decode.c ---- */

/* A decoder of COPY's binary form into a Builder. One thread. */
typedef struct PgDecoder PgDecoder;

/* is_checked: texts are looked at, since the server does not vouch for them. */
PgDecoder *postgres_decoder_make(Arena *arena, const PgPlan *plan, uint64_t batch_bytes,
                                 bool is_checked);
/* Begins a COPY: the next message starts with the header. */
void postgres_decoder_begin(PgDecoder *decoder);
/* One message of COPY: header, row, or end mark. Fails ERR_DATABASE: a value that cannot be
 * carried, naming column, row and the way out. */
MUST bool postgres_decode(PgDecoder *decoder, const char *at, size_t len, Err *err);
/* True when the batch should be handed on. */
bool postgres_decoder_is_full(const PgDecoder *decoder);
uint64_t postgres_decoder_rows(const PgDecoder *decoder);
void postgres_decoder_finish(PgDecoder *decoder, Batch *out);

/* ---- postgres_encode.c ---- */

/* Adds a text as a field of COPY's text form. */
void postgres_encode_text(Text *out, Str text);
/* Adds a row as a line of COPY's text form; `scratch` is working space. */
void postgres_encode_row(const Schema *schema, const Batch *batch, uint64_t row, Text *scratch,
                         Text *out);

/* ---- postgres_read.c, postgres_write.c ---- */

bool postgres_read(Database *database, Arena *arena, const DatabaseRead *read, Stream *out,
                   Err *err);
bool postgres_write(Database *database, Arena *arena, const DatabaseWrite *write, Stream *take,
                    uint64_t *rows, Err *err);

#endif
