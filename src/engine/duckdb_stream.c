/* duckdb_stream.c: the rows of a query as a stream of batches.
 *
 * Types that Arrow's table here has no kin for are cast by the engine: the query is described
 * first, and where a column needs it, wrapped: select c0 as "a", cast(c1 as VARCHAR) as "b" from
 * (...) as t(c0, c1).
 */
#include <endian.h>

#include "engine/duckdb_base.h"
#include "sql/sql.h"

typedef struct DuckStream {
    DuckSession *session;
    Arena arena;                 /* the builder's; the schema's is the caller's  */
    Schema schema;
    Builder *builder;
    DuckPrepared prepared;
    DuckResult result;
    bool is_over, is_closed;
} DuckStream;

/* ---- types ---- */

/* Types without a kin: as text, or (of fixed length, of another unit) as what holds them. */
static bool kin_of(int id, TypeId *out)
{
    static const uint8_t kin[] = {
        [DUCK_SQLNULL] = ARROW_NULL,           [DUCK_BOOLEAN] = ARROW_BOOL,
        [DUCK_TINYINT] = ARROW_INT8,           [DUCK_SMALLINT] = ARROW_INT16,
        [DUCK_INTEGER] = ARROW_INT32,          [DUCK_BIGINT] = ARROW_INT64,
        [DUCK_UTINYINT] = ARROW_UINT8,         [DUCK_USMALLINT] = ARROW_UINT16,
        [DUCK_UINTEGER] = ARROW_UINT32,        [DUCK_UBIGINT] = ARROW_UINT64,
        [DUCK_FLOAT] = ARROW_FLOAT,            [DUCK_DOUBLE] = ARROW_DOUBLE,
        [DUCK_VARCHAR] = ARROW_TEXT,           [DUCK_BLOB] = ARROW_BINARY,
        [DUCK_UUID] = ARROW_UUID,              [DUCK_DATE] = ARROW_DATE,
        [DUCK_TIME] = ARROW_TIME,              [DUCK_TIMESTAMP] = ARROW_TIMESTAMP,
        [DUCK_TIMESTAMP_TZ] = ARROW_TIMESTAMP_TZ, [DUCK_INTERVAL] = ARROW_INTERVAL,
        [DUCK_DECIMAL] = ARROW_DECIMAL,        [DUCK_LIST] = ARROW_LIST,
        [DUCK_STRUCT] = ARROW_STRUCT,
    };
    bool is_known = id >= 0 && id < (int)COUNT_OF(kin) && (kin[id] || id == DUCK_SQLNULL);
    *out = is_known ? (TypeId)kin[id] : ARROW_TEXT;
    if (id == DUCK_TIMESTAMP_S || id == DUCK_TIMESTAMP_MS)
        *out = ARROW_TIMESTAMP;
    if (id == DUCK_ARRAY)
        *out = ARROW_LIST;
    return is_known;
}

/* The field of a type, which it destroys; *is_exact becomes false if a cast is needed. */
static Field field_of(const DuckAbi *duck, Arena *arena, DuckType type, Str name, bool *is_exact)
{
    int id = duck->get_type_id(type);
    Field field = {.name = name};
    *is_exact &= kin_of(id, &field.type);
    if (field.type == ARROW_TEXT && id == DUCK_VARCHAR) {
        char *alias = duck->logical_type_get_alias(type);
        if (alias && str_is(str_of(alias), "JSON"))
            field.type = ARROW_JSON;
        duck->free(alias);
    } else if (field.type == ARROW_DECIMAL) {
        field.precision = duck->decimal_width(type);
        field.scale = duck->decimal_scale(type);
    } else if (field.type == ARROW_LIST) {
        field.child_count = 1;
        field.children = NEW(arena, Field);
        DuckType item = id == DUCK_LIST ? duck->list_type_child_type(type)
                                        : duck->array_type_child_type(type);
        field.children[0] = field_of(duck, arena, item, STR("item"), is_exact);
    } else if (field.type == ARROW_STRUCT) {
        field.child_count = (uint32_t)duck->struct_type_child_count(type);
        field.children = NEW_N(arena, Field, field.child_count);
        bool has_names = true;
        for (uint32_t i = 0; i < field.child_count; i++) {
            char *member = duck->struct_type_child_name(type, i);
            has_names &= *member != '\0';
            field.children[i] = field_of(duck, arena, duck->struct_type_child_type(type, i),
                                         str_copy(arena, str_of(member)), is_exact);
            duck->free(member);
        }
        if (!has_names) { /* row(1, 2) */
            field = (Field){.name = name, .type = ARROW_TEXT};
            *is_exact = false;
        }
    }
    duck->destroy_logical_type(&type);
    return field;
}

/* The columns of a prepared statement; `exact[i]`: without a cast. */
static Schema schema_of(const DuckAbi *duck, Arena *arena, DuckPrepared prepared, bool **exact)
{
    uint32_t count = (uint32_t)duck->prepared_statement_column_count(prepared);
    Schema schema = {NEW_N(arena, Field, count + 1), count};
    *exact = NEW_N(arena, bool, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        char *name = duck->prepared_statement_column_name(prepared, i);
        (*exact)[i] = true;
        schema.fields[i] =
            field_of(duck, arena, duck->prepared_statement_column_logical_type(prepared, i),
                     str_copy(arena, str_of(name)), &(*exact)[i]);
        duck->free(name);
    }
    return schema;
}

/* The query with the casts that its columns need. */
static Str wrap(Arena *arena, Str sql, const Schema *schema, const bool *exact)
{
    AUTO(text) Text out = {0};
    AUTO(text) Text names = {0};
    for (uint32_t i = 0; i < schema->count; i++) {
        text_print(&names, "%sc%u", i ? ", " : "", i);
        text_add_c(&out, i ? ", " : "select ");
        text_print(&out, exact[i] ? "c%u" : "cast(c%u", i);
        if (!exact[i]) {
            text_add_c(&out, " as ");
            field_print_type(&schema->fields[i], &out);
            text_add_char(&out, ')');
        }
        text_add_c(&out, " as ");
        text_add(&out, sql_quote_name(arena, schema->fields[i].name));
    }
    size_t at = 0;
    Str statement = sql;
    (void)sql_next_statement(sql, &at, &statement);
    text_print(&out, "\nfrom (\n" STR_FMT "\n) as t(%s)", STR_ARG(statement), names.at);
    return text_copy(arena, &out);
}

/* ---- vectors to columns ---- */

typedef struct Read {
    const DuckAbi *duck;
    const Field *field;
    ColumnBuilder *column;
    DuckVector vector;
} Read;

static bool is_valid(const uint64_t *validity, uint64_t row)
{
    return !validity || (validity[row / 64] >> (row % 64) & 1);
}

static void read_decimals(const Read *read, const void *data, uint64_t from, uint64_t count)
{
    unsigned precision = read->field->precision;
    for (uint64_t i = from; i < from + count; i++) {
        __int128 number;
        if (precision <= 4)
            number = ((const int16_t *)data)[i];
        else if (precision <= 9)
            number = ((const int32_t *)data)[i];
        else if (precision <= 18)
            number = ((const int64_t *)data)[i];
        else
            memcpy(&number, (const char *)data + i * 16, 16);
        memcpy(column_reserve(read->column, 1), &number, 16); /* of a NULL: anything */
        column_filled(read->column, 1);
    }
}

static void read_uuids(const Read *read, const DuckHuge *data, uint64_t from, uint64_t count)
{
    for (uint64_t i = from; i < from + count; i++) {
        uint64_t halves[2] = {htobe64(data[i].upper ^ (1ULL << 63)), htobe64(data[i].lower)};
        column_add_bytes(read->column, (Str){(const char *)halves, 16});
    }
}

static void read_texts(const Read *read, const DuckString *data, const uint64_t *validity,
                       uint64_t from, uint64_t count)
{
    for (uint64_t i = from; i < from + count; i++) {
        const DuckString *text = &data[i];
        if (!is_valid(validity, i))
            column_add_bytes(read->column, STR(""));
        else
            column_add_bytes(read->column,
                             (Str){text->len <= sizeof text->inside.bytes ? text->inside.bytes
                                                                          : text->outside.at,
                                   text->len});
    }
}

static bool read_intervals(const Read *read, const DuckInterval *data, const uint64_t *validity,
                           uint64_t from, uint64_t count, Err *err)
{
    for (uint64_t i = from; i < from + count; i++) {
        DuckInterval interval = is_valid(validity, i) ? data[i] : (DuckInterval){0};
        int64_t ns;
        if (__builtin_mul_overflow(interval.us, 1000, &ns))
            return err_set(err, ERR_DATABASE, NOWHERE,
                           "column '" STR_FMT "': an interval of %lld microseconds is too long",
                           STR_ARG(read->field->name), (long long)interval.us);
        column_add_interval(read->column, interval.months, interval.days, ns);
    }
    return true;
}

static bool read_rows(const Read *read, uint64_t from, uint64_t count, Err *err);

/* Items of consecutive lists mostly lie together; then the child is read in one piece. */
static bool read_lists(const Read *read, const DuckListEntry *data, const uint64_t *validity,
                       uint64_t from, uint64_t count, Err *err)
{
    Read child = {read->duck, &read->field->children[0], column_child(read->column, 0),
                  read->duck->list_vector_get_child(read->vector)};
    for (uint64_t i = from; i < from + count; i++) {
        if (is_valid(validity, i))
            TRY(read_rows(&child, data[i].offset, data[i].length, err));
        column_end_list(read->column);
    }
    return true;
}

static bool read_structs(const Read *read, uint64_t from, uint64_t count, Err *err)
{
    for (uint32_t i = 0; i < read->field->child_count; i++) {
        Read child = {read->duck, &read->field->children[i], column_child(read->column, i),
                      read->duck->struct_vector_get_child(read->vector, i)};
        TRY(read_rows(&child, from, count, err));
    }
    column_end_structs(read->column, (uint32_t)count);
    return true;
}

static bool read_values(const Read *read, const void *data, const uint64_t *validity, uint64_t from,
                        uint64_t count, Err *err)
{
    switch (read->field->type) {
    case ARROW_BOOL:
        for (uint64_t i = from; i < from + count; i++)
            column_add_bool(read->column, ((const uint8_t *)data)[i] & 1);
        return true;
    case ARROW_DECIMAL:
        read_decimals(read, data, from, count);
        return true;
    case ARROW_UUID:
        read_uuids(read, data, from, count);
        return true;
    case ARROW_TEXT:
    case ARROW_JSON:
    case ARROW_BINARY:
        read_texts(read, data, validity, from, count);
        return true;
    case ARROW_INTERVAL:
        return read_intervals(read, data, validity, from, count, err);
    case ARROW_LIST:
        return read_lists(read, data, validity, from, count, err);
    case ARROW_STRUCT:
        return read_structs(read, from, count, err);
    default: { /* the same bytes on both sides */
        size_t width = read->column->width;
        memcpy(column_reserve(read->column, (uint32_t)count), (const char *)data + from * width,
               count * width);
        column_filled(read->column, (uint32_t)count);
        return true;
    }
    }
}

static bool read_rows(const Read *read, uint64_t from, uint64_t count, Err *err)
{
    uint64_t first = read->column->count;
    if (!count)
        return true;
    if (read->field->type == ARROW_NULL) {
        for (uint64_t i = 0; i < count; i++)
            column_add_null(read->column);
        return true;
    }
    const uint64_t *validity = read->duck->vector_get_validity(read->vector);
    TRY(read_values(read, read->duck->vector_get_data(read->vector), validity, from, count, err));
    for (uint64_t i = 0; validity && i < count; i++)
        if (!is_valid(validity, from + i))
            column_set_null(read->column, first + i);
    return true;
}

/* ---- the stream ---- */

static bool fetch_failed(DuckStream *stream, Err *err)
{
    const DuckAbi *duck = stream->session->instance->duck;
    bool is_interrupted = atomic_load(&stream->session->is_interrupted);
    const char *error = duck->result_error(&stream->result);
    if (error && *error)
        return duckdb_fail(duck->result_error_type(&stream->result), error, is_interrupted, err);
    return !is_interrupted || err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
}

static bool read_chunk(DuckStream *stream, DuckChunk chunk, Err *err)
{
    const DuckAbi *duck = stream->session->instance->duck;
    uint64_t count = duck->data_chunk_get_size(chunk);
    for (uint32_t i = 0; i < stream->schema.count; i++) {
        Read read = {duck, &stream->schema.fields[i], builder_column(stream->builder, i),
                     duck->data_chunk_get_vector(chunk, i)};
        TRY(read_rows(&read, 0, count, err));
    }
    return true;
}

static bool stream_next(void *self, Batch *out, Err *err)
{
    DuckStream *stream = self;
    const DuckAbi *duck = stream->session->instance->duck;
    while (!stream->is_over && !builder_is_full(stream->builder)) {
        if (atomic_load(&stream->session->is_interrupted))
            return err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
        DuckChunk chunk = duck->fetch_chunk(stream->result);
        stream->is_over = !chunk || duck->data_chunk_get_size(chunk) == 0;
        bool ok = chunk ? read_chunk(stream, chunk, err) : fetch_failed(stream, err);
        duck->destroy_data_chunk(&chunk);
        TRY(ok);
    }
    builder_finish(stream->builder, out);
    return true;
}

static void stream_end(void *self)
{
    DuckStream *stream = self;
    if (stream->is_closed) /* the session may be gone by now */
        return;
    const DuckAbi *duck = stream->session->instance->duck;
    stream->is_closed = true;
    duck->destroy_result(&stream->result);
    duck->destroy_prepare(&stream->prepared);
    arena_drop(&stream->arena);
}

/* Prepares a single query and tells its columns; wrapped where they need a cast. */
static bool prepare(DuckSession *session, Arena *arena, Str sql, DuckPrepared *prepared,
                    Schema *out, Err *err)
{
    const DuckAbi *duck = session->instance->duck;
    uint64_t statements;
    bool *exact, is_exact = true;
    TRY(duckdb_hold_sql(session, sql, err));
    TRY(duckdb_prepare(session, &statements, prepared, err));
    if (statements != 1)
        return err_set(err, ERR_DATABASE, NOWHERE, "one query is wanted, these are %llu statements",
                       (unsigned long long)statements);
    *out = schema_of(duck, arena, *prepared, &exact);
    for (uint32_t i = 0; i < out->count; i++)
        is_exact &= exact[i];
    if (is_exact)
        return true;
    duck->destroy_prepare(prepared);
    TRY(duckdb_hold_sql(session, wrap(arena, sql, out, exact), err));
    return duckdb_prepare(session, &statements, prepared, err);
}

bool duckdb_stream(Session *base, Arena *arena, Str sql, Stream *out, Err *err)
{
    DuckSession *session = (DuckSession *)base;
    DuckStream *stream = NEW(arena, DuckStream);
    stream->session = session;
    atomic_store(&session->is_interrupted, false);
    bool ok = prepare(session, arena, sql, &stream->prepared, &stream->schema, err) &&
              duckdb_start(session, stream->prepared, &stream->result, err);
    if (!ok) {
        session->instance->duck->destroy_prepare(&stream->prepared);
        return false;
    }
    stream->builder = builder_make(&stream->arena, &stream->schema);
    arena_on_drop(arena, stream_end, stream);
    *out = (Stream){stream->schema, stream_next, stream_end, stream};
    return true;
}

bool duckdb_schema(Session *base, Arena *arena, Str sql, Schema *out, Err *err)
{
    DuckSession *session = (DuckSession *)base;
    DuckPrepared prepared = NULL;
    atomic_store(&session->is_interrupted, false);
    bool ok = prepare(session, arena, sql, &prepared, out, err);
    session->instance->duck->destroy_prepare(&prepared);
    return ok;
}
