/* mysql_base.h: what the mysql_*.c files share. private to engine/
 *
 * They are the only ones that know libmariadb.
 *
 *   Mysql (database_open) -> main link: statements, catalogue
 *                         '-> a link and a thread a range, for each read
 *
 * libmariadb's calls block. Who wants one to end shuts the link's socket (any thread, under the
 * lock of the list of links); the thread that was blocked then closes the link and tells the
 * server, over a new connection, to stop what still runs there (KILL).
 *
 * Reads use the binary protocol: numbers and dates come as they are stored, floats exactly (the
 * text protocol rounds FLOAT to six digits), and both sides spend less than on digits. libmariadb
 * hands each value over in its receive buffer (STMT_ATTR_CB_RESULT), where mysql_decode.c takes it
 * from.
 */
#ifndef ENGINE_MYSQL_BASE_H
#define ENGINE_MYSQL_BASE_H

#include <stdatomic.h>

#include "base/pool.h"
#include "engine/database_base.h"

/* The library's header has a function of that name. */
#pragma push_macro("list_add")
#undef list_add
#include <mysql.h>
#pragma pop_macro("list_add")

enum { MYSQL_RANK_LINKS = 105, MYSQL_RANK_LIBRARY = 110 };
enum { MYSQL_STREAMS_MOST = 16 };

/* The library's calls. */
typedef struct Libmariadb {
#define LIB(name) __typeof__(name) *name;
#include "engine/mysql.def"
#undef LIB
} Libmariadb;

/* One connection. Owner: who declared it, until mysql_link_close(); one thread at a time. */
typedef struct MysqlLink {
    struct Mysql *mysql;
    MYSQL *handle;               /* NULL: not connected                                          */
    unsigned long id;            /* the server's number of it                                    */
    unsigned interrupts_seen;    /* of the database, when its present work began                 */
    bool is_busy, is_cut;        /* under mysql->lock: a statement runs; its socket was shut      */
    int socket;
    struct MysqlLink *next;      /* under mysql->lock: open links                                */
} MysqlLink;

typedef struct Mysql {
    Database base;
    const Libmariadb *lib;
    const char *host, *socket, *user, *password, *database;  /* NULL: the library's default      */
    unsigned port, connect_timeout_s;
    bool is_compressed;
    enum { SSL_MODE_PREFERRED, SSL_MODE_DISABLED, SSL_MODE_REQUIRED, SSL_MODE_VERIFIED } ssl_mode;
    const char *ssl_key, *ssl_cert, *ssl_ca, *ssl_capath, *ssl_cipher, *plugin_dir;
    bool nulls_zero_dates;       /* zero_dates: null                                             */
    Str where;                   /* "shop on db.example.com:3306", for messages                  */
    Str session_sql;
    atomic_uint interrupts;
    MysqlLink main;
    Lock lock;
    MysqlLink *links;
} Mysql;

/* ---- mysql_link.c ---- */

/* Loads the library, once a process. */
MUST bool mysql_library(const Libmariadb **out, Err *err);
/* Connects and prepares the session. Fails ERR_UNAVAILABLE, ERR_DATABASE, ERR_CANCELLED. */
MUST bool mysql_link_open(Mysql *mysql, MysqlLink *link, unsigned interrupts_seen, Err *err);
/* Closes; where a statement is still under way its server side is ended. */
void mysql_link_close(MysqlLink *link);
/* Shuts the sockets of links that run a statement: `only` that one, or all (NULL). Any thread. */
void mysql_link_cut(Mysql *mysql, MysqlLink *only);
/* Around every call that waits for the server; begin fails ERR_CANCELLED after an interrupt. */
MUST bool mysql_begin(MysqlLink *link, Err *err);
void mysql_end(MysqlLink *link);
/* Sets the error of the link's last call, or of the statement's. Returns false. */
bool mysql_fail(MysqlLink *link, MYSQL_STMT *statement, Err *err);
/* The main link, open (again, where it broke), with its work begun. */
MUST bool mysql_main(Database *database, MysqlLink **out, Err *err);

/* ---- mysql_query.c ---- */

/* Runs one or more statements; the last one's rows as texts. out NULL: rows are dropped. */
MUST bool mysql_run(MysqlLink *link, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                    Err *err);
/* The same for an embedded statement, src/engine/mysql/NAME.sql, with {schema} and {table} put in.
 */
MUST bool mysql_ask(MysqlLink *link, Arena *arena, const char *name, Str schema, Str table,
                    Result *out, Err *err);
/* A text cell; NULL: STR_NONE. */
Str mysql_cell(const Result *result, uint64_t row, uint32_t column);
/* `name` in backticks. Owner: the arena. */
Str mysql_quote_name(Arena *arena, Str name);
/* A text literal that means the same under every sql_mode: _utf8mb4 X'616263'. Owner: the arena. */
Str mysql_quote_text(Arena *arena, Str text);
/* Lists tables for database_tables() and for "nearest". */
MUST bool mysql_tables_of(MysqlLink *link, Arena *arena, Str schema, DatabaseTables *out, Err *err);

/* ---- mysql_type.c ---- */

/* How a value comes on the wire in binary. */
typedef enum MysqlWire {
    MYSQL_WIRE_INT8, MYSQL_WIRE_UINT8, MYSQL_WIRE_INT16, MYSQL_WIRE_UINT16, MYSQL_WIRE_INT32,
    MYSQL_WIRE_UINT32, MYSQL_WIRE_INT64, MYSQL_WIRE_UINT64, MYSQL_WIRE_FLOAT, MYSQL_WIRE_DOUBLE,
    MYSQL_WIRE_DECIMAL,          /* digits                                                       */
    MYSQL_WIRE_TEXT, MYSQL_WIRE_BYTES,
    MYSQL_WIRE_BIT,              /* one to eight bytes, highest first                            */
    MYSQL_WIRE_DATE, MYSQL_WIRE_DATETIME, MYSQL_WIRE_TIME,
} MysqlWire;

/* A column of a read. */
typedef struct MysqlColumn {
    Str name, source_type;       /* "decimal(12,2) unsigned"                                     */
    Str expression;              /* what is selected: `a`, st_asbinary(`a`)                      */
    MysqlWire wire;
    Field natural, field;        /* its own type; what comes out (hints applied)                 */
    bool nulls_zero_dates;
} MysqlColumn;

/* Fills wire, natural, and source_type where that is empty, from a statement's metadata.
 * Fails ERR_RUNTIME: a type that cannot be carried. */
MUST bool mysql_map_type(const Libmariadb *lib, Arena *arena, const MYSQL_FIELD *field,
                         MysqlColumn *column, Err *err);
/* Applies the user's hints. Fails ERR_RUNTIME: no type, or one that the column cannot become. */
MUST bool mysql_apply_hints(const Mysql *mysql, Arena *arena, Value hints, MysqlColumn *column,
                            Err *err);

/* ---- mysql_plan.c ---- */

/* What a read comes down to. */
typedef struct MysqlPlan {
    MysqlColumn *columns;
    uint32_t count;
    Schema schema;
    Value primary_key;
    Str relation;                /* `shop`.`orders`; empty: a query                              */
    Str from;                    /* "`shop`.`orders`", "(select ...) as weir_rows"               */
    Str query;                   /* a query that can be run as it is; else empty                 */
    Str list;                    /* what is selected                                             */
    Str condition;               /* of the cursor; empty: none                                   */
    MysqlColumn cursor;          /* name empty: none                                             */
    Str split;                   /* quoted column to split by; empty: not possible               */
    bool split_takes_nulls;
    uint32_t key;                /* column that names a row in messages; UINT32_MAX: none        */
    int64_t rows_estimated;
} MysqlPlan;

MUST bool mysql_plan(MysqlLink *link, Arena *arena, const DatabaseRead *read, MysqlPlan *out,
                     Err *err);
/* The statement: `list` of what the plan reads from, where its condition and `extra` hold. */
Str mysql_select(Arena *arena, const MysqlPlan *plan, Str list, Str extra);
/* A cursor bound as a literal of the column's type. Fails ERR_RUNTIME: it is no such value. */
MUST bool mysql_literal(Arena *arena, const MysqlColumn *column, Str text, Str *out, Err *err);

/* ---- mysql_convert.c ---- */

/* Bytes of a value on the wire: its length and what stands before its contents. */
Str mysql_wire_bytes(MysqlWire wire, const unsigned char **at);
/* A value as the server itself would print it; floats as the shortest text that reads back the
 * same. */
void mysql_wire_print(MysqlWire wire, const unsigned char *at, Text *out);
/* Adds the value that a text means. False: it is none of that type. */
bool mysql_parse_into(const Field *field, Str text, ColumnBuilder *to);
/* Digits, perhaps with sign, dot, exponent, times 10 to `scale`. False: no number, digits lost, or
 * more than `precision` digits. */
bool mysql_parse_decimal(Str text, unsigned precision, unsigned scale, __int128 *out);
/* "2020-01-31", "2020-01-31 10:00:00.5", "2020-01-31T10:00:00+09:00": us since 1970, UTC where an
 * offset stands behind. */
bool mysql_parse_timestamp(Str text, int64_t *out);

/* ---- mysql_decode.c ---- */

typedef enum MysqlFault {
    MYSQL_FAULT_NONE, MYSQL_FAULT_ZERO_DATE, MYSQL_FAULT_UTF8, MYSQL_FAULT_TYPE,
} MysqlFault;

typedef struct MysqlCell {
    int how;                     /* of mysql_decode.c                                            */
    uint8_t precision, scale;
    uint32_t last_date;          /* year, month, day as on the wire; 0: none yet                 */
    int64_t last_day;
    ColumnBuilder *to;
    const MysqlColumn *column;
} MysqlCell;

/* Takes rows apart into a builder. */
typedef struct MysqlDecoder {
    MysqlCell *cells;
    const MysqlColumn *columns;
    uint32_t count, key;
    const unsigned char *key_at;     /* of the present row; NULL: none                           */
    MysqlFault fault;                /* the row's first                                          */
    uint32_t bad;                    /* its column and value                                     */
    const unsigned char *bad_at;
    Text scratch;
} MysqlDecoder;

void mysql_decoder_make(Arena *arena, const MysqlPlan *plan, Builder *builder, MysqlDecoder *out);
/* The callback of the library. row NULL: a NULL; else *row is moved behind the value. */
void mysql_decode(void *decoder, unsigned column, unsigned char **row);
/* The error of a fault; to be called while the row is still in the buffer. Returns false. */
bool mysql_decode_fail(MysqlDecoder *decoder, Arena *arena, uint64_t row, Err *err);

/* ---- mysql_read.c ---- */

bool mysql_read(Database *database, Arena *arena, const DatabaseRead *read, Stream *out, Err *err);

#endif
