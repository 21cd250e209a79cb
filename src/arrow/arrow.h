/* arrow.h: table data in columns: types, batches, streams. Apache Arrow's C data interface at the
 * border.
 *
 *   source --> Builder --> Batch --> Stream --> engine (DuckDB scans it), Postgres' COPY, Parquet
 *                                      ^
 *              several threads --> Pipe
 *
 * A Batch is some thousand rows of a Schema, column by column, laid out as Arrow lays them out, so
 * that an engine reads them without a copy. Source of the layouts: "The Arrow C data interface" and
 * "The Arrow C stream interface" (Apache Arrow 1.0 format).
 */
#ifndef ARROW_ARROW_H
#define ARROW_ARROW_H

#include "base/value.h"

/* ---- the ABI ---- */

struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

/* ---- types ---- */

/* id, the SQL type (DuckDB's name; "" = put together), bytes a value in its buffer (0: special). */
#define ARROW_TYPES(X)                                                                            \
    X(NULL, "", 0)                 /* nothing but NULLs so far                                  */ \
    X(BOOL, "BOOLEAN", 0)          /* one bit                                                   */ \
    X(INT8, "TINYINT", 1)          X(INT16, "SMALLINT", 2)                                         \
    X(INT32, "INTEGER", 4)         X(INT64, "BIGINT", 8)                                           \
    X(UINT8, "UTINYINT", 1)        X(UINT16, "USMALLINT", 2)                                       \
    X(UINT32, "UINTEGER", 4)       X(UINT64, "UBIGINT", 8)                                         \
    X(FLOAT, "FLOAT", 4)           X(DOUBLE, "DOUBLE", 8)                                          \
    X(DECIMAL, "", 16)             /* 128 bits, precision 1..38, scale 0..precision             */ \
    X(TEXT, "VARCHAR", 0)          /* UTF-8, 32-bit offsets                                     */ \
    X(JSON, "JSON", 0)             /* TEXT, extension arrow.json                                */ \
    X(BINARY, "BLOB", 0)                                                                           \
    X(UUID, "UUID", 16)            /* 16 bytes, extension arrow.uuid                            */ \
    X(DATE, "DATE", 4)             /* days since 1970-01-01                                     */ \
    X(TIME, "TIME", 8)             /* us since midnight                                         */ \
    X(TIMESTAMP, "TIMESTAMP", 8)   /* us since 1970-01-01 00:00, no zone                        */ \
    X(TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE", 8)  /* us, UTC                                  */ \
    X(INTERVAL, "INTERVAL", 16)    /* months, days (int32), nanoseconds (int64)                 */ \
    X(LIST, "", 0)                 X(STRUCT, "", 0)

typedef enum TypeId {
#define ARROW_ENUM(id, sql, bytes) ARROW_##id,
    ARROW_TYPES(ARROW_ENUM)
#undef ARROW_ENUM
        ARROW_TYPE_COUNT
} TypeId;

/* A column: its name and type. Children: the item of a LIST (one), the fields of a STRUCT. */
typedef struct Field {
    Str name;
    TypeId type;
    uint8_t precision, scale;    /* DECIMAL                                                      */
    bool is_required;            /* NOT NULL at its source                                       */
    struct Field *children;
    uint32_t child_count;
} Field;

typedef struct Schema {
    Field *fields;
    uint32_t count;
} Schema;

/* "DECIMAL(18,2)", "STRUCT(a INTEGER, \"b c\" VARCHAR)[]": the type in DuckDB's SQL. */
void field_print_type(const Field *field, Text *out);
/* Reads what field_print_type() writes, in any case, with the usual aliases (INT, STRING, TEXT,
 * INT8, TIMESTAMPTZ, NUMERIC(p,s), ...). Fails ERR_PARSING, naming the nearest type. Owner: the
 * arena. */
MUST bool field_parse_type(Arena *arena, Str sql, Field *out, Err *err);
bool field_same_type(const Field *a, const Field *b);
/* The number of a column by name, without case; UINT32_MAX: none. */
uint32_t schema_find(const Schema *schema, Str name);
Schema schema_copy(Arena *arena, const Schema *schema);

/* ---- batches ---- */

/* Rows of a schema. Owner: whoever holds it; batch_drop() or hand over. May be passed between
 * threads. */
typedef struct Batch {
    struct ArrowArray array;     /* a struct array: one child a column                           */
    uint64_t bytes;              /* of all buffers                                               */
} Batch;

void batch_drop(Batch *batch);
static inline uint64_t batch_rows(const Batch *batch)
{
    return (uint64_t)batch->array.length;
}

/* Bytes of all buffers of builders and their batches that are alive in this process: for tests and
 * for limits. */
uint64_t batch_bytes_alive(void);

/* Builds batches of one schema, a value at a time, column by column or row by row. One thread.
 *
 * Every column must have got the same count of values when builder_finish() is called (asserted).
 *
 *   for each row:  column_add_int(id, 7);  column_add_bytes(name, STR("x"));
 *                  if (builder_is_full(b)) { builder_finish(b, &batch); pipe_put(pipe, &batch); }
 *   at the end:    if (builder_rows(b)) ... the rest
 */
typedef struct Builder Builder;
typedef struct ColumnBuilder ColumnBuilder;

/* A column on its way. Its fields are for the functions below. */
struct ColumnBuilder {
    char *values;                /* fixed width; TEXT, JSON, BINARY: bytes; BOOL: bits            */
    int32_t *offsets;            /* TEXT, JSON, BINARY, LIST: count + 1 of them; else NULL        */
    uint8_t *validity;           /* bit set: not NULL, beyond `count` too; NULL: no NULL yet      */
    uint64_t count, room;        /* values; how many fit                                          */
    uint64_t bytes, bytes_room;  /* TEXT, JSON, BINARY: of `values`                               */
    int64_t least;               /* integer kinds: range of what column_add_int() takes           */
    uint64_t span;
    __int128 decimal_end;        /* DECIMAL: 10 to the precision                                  */
    uint32_t width;              /* bytes a value; 0: special                                     */
    TypeId type;
    uint8_t precision, scale;    /* DECIMAL                                                       */
    uint32_t child_count;
    ColumnBuilder *children;
    Builder *builder;
    uint64_t null_count;
    uint64_t rows_hint, bytes_hint;   /* of the batch before                                      */
};

Builder *builder_make(Arena *arena, const Schema *schema);   /* the arena drops it */
ColumnBuilder *builder_column(Builder *builder, uint32_t column);
uint32_t builder_column_count(const Builder *builder);
/* Child columns: the item of a LIST, the fields of a STRUCT. */
ColumnBuilder *column_child(ColumnBuilder *column, uint32_t child);

/* The slow ways: only the functions below call them. */
void column_make_room(ColumnBuilder *column, uint64_t count);
void column_add_bytes_slow(ColumnBuilder *column, Str bytes);

void column_add_null(ColumnBuilder *column);
/* `count` NULLs at once: for a column that a source lacks. Cost: its bytes set to 0. */
void column_add_nulls(ColumnBuilder *column, uint64_t count);
void column_add_bool(ColumnBuilder *column, bool is_true);

/* Any of the INT, UINT, DATE, TIME, TIMESTAMP types; the value must be in its range (asserted).
 * Eight bytes are written whatever the width: the next value overwrites what was too much. */
static inline void column_add_int(ColumnBuilder *column, int64_t number)
{
    assert((uint64_t)number - (uint64_t)column->least <= column->span);
    if (column->count == column->room)
        column_make_room(column, 1);
    memcpy(column->values + column->count++ * column->width, &number, sizeof number);
}

/* The same for what may be above INT64_MAX (UINT64 only). */
static inline void column_add_uint(ColumnBuilder *column, uint64_t number)
{
    if (column->type != ARROW_UINT64) {
        assert(number <= INT64_MAX);
        column_add_int(column, (int64_t)number);
        return;
    }
    if (column->count == column->room)
        column_make_room(column, 1);
    memcpy(column->values + column->count++ * sizeof number, &number, sizeof number);
}

/* FLOAT (rounded to it), DOUBLE. */
static inline void column_add_double(ColumnBuilder *column, double real)
{
    assert(column->type == ARROW_DOUBLE || column->type == ARROW_FLOAT);
    if (column->count == column->room)
        column_make_room(column, 1);
    char *at = column->values + column->count++ * column->width;
    float narrow = (float)real;
    if (column->type == ARROW_DOUBLE)
        memcpy(at, &real, sizeof real);
    else
        memcpy(at, &narrow, sizeof narrow);
}

/* The value times 10 to the scale; no more digits than the precision (asserted). */
static inline void column_add_decimal(ColumnBuilder *column, __int128 unscaled)
{
    assert(unscaled < column->decimal_end && unscaled > -column->decimal_end);
    if (column->count == column->room)
        column_make_room(column, 1);
    memcpy(column->values + column->count++ * sizeof unscaled, &unscaled, sizeof unscaled);
}

/* TEXT, JSON (valid UTF-8: the caller's word), BINARY; UUID (16 bytes). A batch holds less than
 * 2 GiB of texts a column (asserted): see builder_is_full(). */
static inline void column_add_bytes(ColumnBuilder *column, Str bytes)
{
    if (column->count == column->room || column->bytes_room - column->bytes < bytes.len ||
        !column->offsets) {
        column_add_bytes_slow(column, bytes);
        return;
    }
    if (bytes.len)
        memcpy(column->values + column->bytes, bytes.at, bytes.len);
    column->bytes += bytes.len;
    column->offsets[++column->count] = (int32_t)column->bytes;
}

void column_add_interval(ColumnBuilder *column, int32_t months, int32_t days, int64_t nanoseconds);
/* LIST: its items were added to the child since the last call; STRUCT: one value was added to every
 * child. */
void column_end_list(ColumnBuilder *column);
void column_end_struct(ColumnBuilder *column);
void column_end_structs(ColumnBuilder *column, uint32_t count);   /* several at once */
/* Room in the value buffer for `count` more fixed-width values, to be filled directly: a pointer
 * to the first; column_filled() says that they were (validity: all set). The fast way for wide
 * batches. */
void *column_reserve(ColumnBuilder *column, uint32_t count);
void column_filled(ColumnBuilder *column, uint32_t count);
/* The same for TEXT, JSON and BINARY: room for `count` values of `bytes` bytes together. The bytes
 * go to *values (TEXTS_SLACK more may be written there); (*ends)[i] is *begin and the bytes of the
 * values up to i. */
enum { TEXTS_SLACK = 64 };
void column_reserve_texts(ColumnBuilder *column, uint32_t count, uint64_t bytes, char **values,
                          int32_t **ends, int32_t *begin);
/* `count` values more, whose ends are written. */
void column_filled_texts(ColumnBuilder *column, uint32_t count);
/* BOOL: the lowest bit of bits[0] is the first of `count` values. */
void column_add_bits(ColumnBuilder *column, const uint64_t *bits, uint32_t count);
/* Makes values that were added NULLs: bit i is that of row + i. */
void column_set_nulls(ColumnBuilder *column, uint64_t row, const uint64_t *bits, uint32_t count);
/* Makes a value that was added a NULL. */
void column_set_null(ColumnBuilder *column, uint64_t row);

uint64_t builder_rows(const Builder *builder);   /* of the first column */
uint64_t builder_bytes(const Builder *builder);  /* of the values so far; cost: O(columns) */
/* Whether it is time for builder_finish(): the batch has BATCH_ROWS rows or BATCH_BYTES bytes. Ask
 * after every row: mostly one comparison. */
bool builder_is_full(Builder *builder);
enum { BATCH_ROWS = 1 << 16, BATCH_BYTES = 2 << 20 };
/* Takes back the values beyond `rows` in every column: a row that turned out bad half-way. */
void builder_truncate(Builder *builder, uint64_t rows);
/* The batch, and the builder begins anew (its buffers are handed over, not copied; those of the
 * next batch are taken as large as these were filled). Buffers are aligned to 64 bytes. */
void builder_finish(Builder *builder, Batch *out);

/* Reading a batch: one value of a column. The column is batch.array.children[i]. */
bool array_is_null(const struct ArrowArray *array, uint64_t row);
Str array_bytes(const struct ArrowArray *array, uint64_t row);          /* TEXT JSON BINARY       */
/* A value as text for CSV and COPY, such as both Postgres and DuckDB read: "t", "f"; all digits of
 * a decimal; "2020-01-31 10:00:00.5[+00]", "0044-03-15 (BC)", "infinity"; "1 year -3 days
 * 00:00:01.5"; BINARY as Postgres writes it, "\x00ff"; LIST and STRUCT as JSON. Of a NULL
 * nothing. */
void array_print(const Field *field, const struct ArrowArray *array, uint64_t row, Text *out);
/* As a JSON value: numbers bare (decimals too), but NaN and infinite ones in quotes; moments as
 * "2020-01-31T10:00:00.5Z" (no Z without a zone); JSON as it is; null. */
void array_print_json(const Field *field, const struct ArrowArray *array, uint64_t row, Text *out);

/* ---- streams ---- */

/* Batches, one after the other. One consumer; who got it closes it, also after a failure. */
typedef struct Stream {
    Schema schema;               /* lives as long as the stream                                   */
    /* The next batch; array.length == 0 at the end. */
    MUST bool (*next)(void *self, Batch *out, Err *err);
    void (*close)(void *self);   /* also stops producers; NULL: nothing to close                 */
    void *self;
} Stream;

void stream_close(Stream *stream);

/* Hands a stream over to a C consumer, whose release() closes it. A failure of next() is told to it
 * as an error and kept in *failure; that and the stream must outlive the export. */
void stream_export(Stream *stream, Arena *arena, Err *failure, struct ArrowArrayStream *out);
/* The other way: a stream of foreign batches; their types must be of the table above.
 * Fails ERR_RUNTIME for others, naming the column and its format. */
MUST bool stream_import(struct ArrowArrayStream *from, Arena *arena, Stream *out, Err *err);

/* ---- Arrow's IPC stream format, for other processes ---- */

typedef struct IpcSink {
    MUST bool (*put)(void *self, const void *bytes, uint64_t size, Err *err);
    void *self;
} IpcSink;

typedef struct IpcSource {
    MUST bool (*get)(void *self, void *bytes, uint64_t size, Err *err);   /* exactly so many */
    void *self;
} IpcSource;

/* A stream is its schema, batches, the end. Buffers are put as they lie, without a copy, but where
 * a slice begins within a byte. Fail as put() does. */
MUST bool ipc_write_schema(const Schema *schema, const IpcSink *sink, Err *err);
MUST bool ipc_write_batch(const Schema *schema, const Batch *batch, const IpcSink *sink, Err *err);
MUST bool ipc_write_end(const IpcSink *sink, Err *err);

/* Reads the schema; the stream's next() reads on. One batch is in memory at a time.
 *
 * limit_bytes  of the buffers of one batch
 * Fails        as get() does; ERR_RUNTIME for what is no such stream, is compressed, has numbers
 *              with high bytes first, or a type that is not of the table above (names the column)
 * Owner        the arena; batches are the caller's */
MUST bool ipc_open(const IpcSource *source, uint64_t limit_bytes, Arena *arena, Stream *out,
                   Err *err);

/* A queue between producer threads and one consumer, of at most `budget_bytes`: producers wait. */
typedef struct Pipe Pipe;

Pipe *pipe_make(Arena *arena, const Schema *schema, unsigned producers, uint64_t budget_bytes);
/* Gives a batch. False: the consumer has closed or another producer failed: stop, nothing to
 * say. */
bool pipe_put(Pipe *pipe, Batch *batch);
/* A producer is done. `err` not NULL: it failed; the consumer's next() fails with it (moved). */
void pipe_end(Pipe *pipe, Err *err);
/* The consumer's side. The threads must have ended before the arena is dropped. Its close() may
 * come from any thread: a next() that waits then fails with ERR_CANCELLED. */
Stream pipe_stream(Pipe *pipe);

#endif
