/* ipc_write.c: schemas and batches as messages of Arrow's IPC stream format.
 *
 *   -1 (4 bytes) | length of the header | header, a FlatBuffer, padded to 8 | body: buffers, too
 *
 * FlatBuffers are written from their end: what a table points to must be there before it. A
 * position is the distance from the end.
 */
#include "arrow/ipc_base.h"

/* ---- FlatBuffers ---- */

typedef struct Flat {
    Arena *arena;
    char *bytes;                 /* used: the last `len` of `cap`                                */
    uint32_t len, cap;
    uint32_t table_begin;        /* of the table at work                                         */
    uint32_t fields[8];          /* its fields' positions; 0: default                            */
} Flat;

static void *flat_take(Flat *flat, uint32_t size)
{
    if (!flat->bytes || flat->cap - flat->len < size) {
        uint32_t cap = (flat->cap + size) * 2 + 256;
        char *bytes = arena_take(flat->arena, cap, 8);
        if (flat->len)
            memcpy(bytes + cap - flat->len, flat->bytes + flat->cap - flat->len, flat->len);
        flat->bytes = bytes;
        flat->cap = cap;
    }
    flat->len += size;
    return memset(flat->bytes + flat->cap - flat->len, 0, size);
}

/* Zeros until what is put next, `more` bytes long, ends on a multiple of `width`. */
static void flat_align(Flat *flat, uint32_t more, uint32_t width)
{
    flat_take(flat, -(flat->len + more) & (width - 1));
}

static uint32_t flat_put(Flat *flat, const void *value, uint32_t width)
{
    flat_align(flat, width, width);
    memcpy(flat_take(flat, width), value, width);
    return flat->len;
}

static uint32_t flat_put_int(Flat *flat, int64_t number, uint32_t width)
{
    return flat_put(flat, &number, width); /* low bytes first */
}

static uint32_t flat_put_offset(Flat *flat, uint32_t position)
{
    flat_align(flat, 4, 4);
    return flat_put_int(flat, flat->len + 4 - position, 4);
}

static uint32_t flat_text(Flat *flat, Str text)
{
    flat_align(flat, (uint32_t)text.len + 1, 4);
    char *at = flat_take(flat, (uint32_t)text.len + 1);
    if (text.len)
        memcpy(at, text.at, text.len);
    return flat_put_int(flat, (int64_t)text.len, 4);
}

static uint32_t flat_offsets(Flat *flat, const uint32_t *positions, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;)
        flat_put_offset(flat, positions[i]);
    flat_align(flat, 4, 4);
    return flat_put_int(flat, count, 4);
}

/* Structs of two int64. */
static uint32_t flat_pairs(Flat *flat, const int64_t (*pairs)[2], uint32_t count)
{
    flat_align(flat, count * 16, 8);
    if (count)
        memcpy(flat_take(flat, count * 16), pairs, count * 16);
    return flat_put_int(flat, count, 4);
}

static void table_begin(Flat *flat)
{
    memset(flat->fields, 0, sizeof flat->fields);
    flat->table_begin = flat->len;
}

static void table_int(Flat *flat, unsigned field, int64_t number, uint32_t width)
{
    flat->fields[field] = flat_put_int(flat, number, width);
}

static void table_offset(Flat *flat, unsigned field, uint32_t position)
{
    flat->fields[field] = flat_put_offset(flat, position);
}

static uint32_t table_end(Flat *flat, unsigned count)
{
    assert(count <= COUNT_OF(flat->fields));
    uint32_t table = flat_put_int(flat, 0, 4);
    for (unsigned i = count; i-- > 0;)
        flat_put_int(flat, flat->fields[i] ? table - flat->fields[i] : 0, 2);
    flat_put_int(flat, table - flat->table_begin, 2);
    uint32_t layout = flat_put_int(flat, (count + 2) * 2, 2);
    int32_t distance = (int32_t)(layout - table);
    memcpy(flat->bytes + flat->cap - table, &distance, sizeof distance);
    return table;
}

/* The whole, with its length a multiple of 8. */
static Str flat_end(Flat *flat, uint32_t root)
{
    flat_align(flat, 4, 8);
    flat_put_offset(flat, root);
    return (Str){flat->bytes + flat->cap - flat->len, flat->len};
}

static Str message_end(Flat *flat, int kind, uint32_t header, int64_t body_length)
{
    table_begin(flat);
    table_int(flat, MESSAGE_BODY_LENGTH, body_length, 8);
    table_offset(flat, MESSAGE_HEADER, header);
    table_int(flat, MESSAGE_VERSION, IPC_VERSION_5, 2);
    table_int(flat, MESSAGE_KIND, kind, 1);
    return flat_end(flat, table_end(flat, MESSAGE_FIELDS));
}

static bool put_header(const IpcSink *sink, Str header, Err *err)
{
    int32_t words[2] = {IPC_CONTINUATION, (int32_t)header.len};
    TRY(sink->put(sink->self, words, sizeof words, err));
    return sink->put(sink->self, header.at, header.len, err);
}

/* ---- schemas ---- */

/* The table of a type; *kind is its number. */
static uint32_t type_table(Flat *flat, const Field *field, int *kind)
{
    static const uint8_t kinds[ARROW_TYPE_COUNT] = {
        [ARROW_NULL] = IPC_NULL,     [ARROW_BOOL] = IPC_BOOL,       [ARROW_INT8] = IPC_INT,
        [ARROW_INT16] = IPC_INT,     [ARROW_INT32] = IPC_INT,       [ARROW_INT64] = IPC_INT,
        [ARROW_UINT8] = IPC_INT,     [ARROW_UINT16] = IPC_INT,      [ARROW_UINT32] = IPC_INT,
        [ARROW_UINT64] = IPC_INT,    [ARROW_FLOAT] = IPC_FLOAT,     [ARROW_DOUBLE] = IPC_FLOAT,
        [ARROW_DECIMAL] = IPC_DECIMAL, [ARROW_TEXT] = IPC_UTF8,     [ARROW_JSON] = IPC_UTF8,
        [ARROW_BINARY] = IPC_BINARY, [ARROW_UUID] = IPC_FIXED_BINARY, [ARROW_DATE] = IPC_DATE,
        [ARROW_TIME] = IPC_TIME,     [ARROW_TIMESTAMP] = IPC_TIMESTAMP,
        [ARROW_TIMESTAMP_TZ] = IPC_TIMESTAMP, [ARROW_INTERVAL] = IPC_INTERVAL,
        [ARROW_LIST] = IPC_LIST,     [ARROW_STRUCT] = IPC_STRUCT,
    };
    *kind = kinds[field->type];
    uint32_t zone = field->type == ARROW_TIMESTAMP_TZ ? flat_text(flat, STR("UTC")) : 0;
    table_begin(flat);
    switch (*kind) {
    case IPC_INT:
        table_int(flat, 0, arrow_widths[field->type] * 8, 4);
        table_int(flat, 1, field->type <= ARROW_INT64, 1);
        break;
    case IPC_FLOAT:
        table_int(flat, 0, field->type == ARROW_FLOAT ? IPC_SINGLE : IPC_DOUBLE, 2);
        break;
    case IPC_DECIMAL:
        table_int(flat, 0, field->precision, 4);
        table_int(flat, 1, field->scale, 4);
        table_int(flat, 2, 128, 4);
        break;
    case IPC_DATE: table_int(flat, 0, IPC_DAY, 2); break;
    case IPC_TIME:
        table_int(flat, 1, 64, 4);
        table_int(flat, 0, IPC_MICROSECOND, 2);
        break;
    case IPC_TIMESTAMP:
        if (zone)
            table_offset(flat, 1, zone);
        table_int(flat, 0, IPC_MICROSECOND, 2);
        break;
    case IPC_INTERVAL: table_int(flat, 0, IPC_MONTH_DAY_NANO, 2); break;
    case IPC_FIXED_BINARY: table_int(flat, 0, arrow_widths[field->type], 4); break;
    default: break;
    }
    return table_end(flat, 3);
}

static uint32_t pair_table(Flat *flat, Str key, Str value)
{
    uint32_t value_at = flat_text(flat, value), key_at = flat_text(flat, key);
    table_begin(flat);
    table_offset(flat, PAIR_VALUE, value_at);
    table_offset(flat, PAIR_KEY, key_at);
    return table_end(flat, PAIR_FIELDS);
}

static uint32_t field_table(Flat *flat, const Field *field)
{
    uint32_t *children = NEW_N(flat->arena, uint32_t, field->child_count + 1);
    for (uint32_t i = 0; i < field->child_count; i++)
        children[i] = field_table(flat, &field->children[i]);
    uint32_t metadata = 0;
    if (field->type == ARROW_UUID || field->type == ARROW_JSON) {
        Str name = field->type == ARROW_UUID ? STR(IPC_UUID_NAME) : STR(IPC_JSON_NAME);
        uint32_t pairs[2] = {pair_table(flat, STR(IPC_EXTENSION_KEY), name),
                             pair_table(flat, STR(IPC_EXTENSION_VALUE), STR(""))};
        metadata = flat_offsets(flat, pairs, 2);
    }
    uint32_t children_at = flat_offsets(flat, children, field->child_count);
    int kind;
    uint32_t type = type_table(flat, field, &kind), name = flat_text(flat, field->name);
    table_begin(flat);
    if (metadata)
        table_offset(flat, FIELD_METADATA, metadata);
    table_offset(flat, FIELD_CHILDREN, children_at);
    table_offset(flat, FIELD_TYPE, type);
    table_offset(flat, FIELD_NAME, name);
    table_int(flat, FIELD_TYPE_KIND, kind, 1);
    table_int(flat, FIELD_NULLABLE, !field->is_required, 1);
    return table_end(flat, FIELD_FIELDS);
}

bool ipc_write_schema(const Schema *schema, const IpcSink *sink, Err *err)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Flat flat = {.arena = &arena};
    uint32_t *fields = NEW_N(&arena, uint32_t, schema->count + 1);
    for (uint32_t i = 0; i < schema->count; i++)
        fields[i] = field_table(&flat, &schema->fields[i]);
    uint32_t columns = flat_offsets(&flat, fields, schema->count);
    table_begin(&flat);
    table_offset(&flat, SCHEMA_COLUMNS, columns);
    uint32_t table = table_end(&flat, SCHEMA_FIELDS);
    return put_header(sink, message_end(&flat, IPC_SCHEMA, table, 0), err);
}

/* ---- batches ---- */

typedef struct Piece {
    const void *at;
    uint64_t size;
} Piece;

typedef struct Body {
    Arena arena;                 /* of copies, where a slice is not aligned                      */
    List(Piece) pieces;
    struct {
        int64_t (*at)[2];
        uint32_t len, cap;
    } nodes, buffers;            /* {length, nulls}, {offset, length}                            */
    int64_t length;
} Body;

static void body_drop(Body *body)
{
    arena_drop(&body->arena);
}

static void add_pair(Arena *arena, int64_t (**at)[2], uint32_t *len, uint32_t *cap, int64_t first,
                     int64_t second)
{
    if (*len == *cap) {
        uint32_t room = *cap ? *cap * 2 : 32;
        *at = arena_grow(arena, *at, *cap * sizeof **at, room * sizeof **at, 8);
        *cap = room;
    }
    (*at)[*len][0] = first;
    (*at)[(*len)++][1] = second;
}

static void add_buffer(Body *body, const void *at, uint64_t size)
{
    add_pair(&body->arena, &body->buffers.at, &body->buffers.len, &body->buffers.cap, body->length,
             (int64_t)size);
    list_add(&body->arena, &body->pieces, (Piece){at, size});
    body->length += (int64_t)((size + IPC_ALIGNMENT - 1) & ~(uint64_t)(IPC_ALIGNMENT - 1));
}

/* Bits [from, from + count) of a buffer. */
static void add_bits(Body *body, const uint8_t *bits, uint64_t from, uint64_t count)
{
    uint64_t size = (count + 7) / 8;
    if (from % 8 == 0) {
        add_buffer(body, bits + from / 8, size);
        return;
    }
    uint8_t *copy = arena_take(&body->arena, size + 1, 8);
    for (uint64_t i = 0; i < count; i++)
        copy[i / 8] |= (uint8_t)(bit_get(bits, from + i) << (i % 8));
    add_buffer(body, copy, size);
}

static int64_t count_nulls(const uint8_t *bits, uint64_t from, uint64_t count)
{
    int64_t nulls = 0;
    for (uint64_t i = 0; i < count; i++)
        nulls += !bit_get(bits, from + i);
    return nulls;
}

/* The offsets of `count` values, beginning with 0. */
static void add_offsets(Body *body, const int32_t *offsets, uint64_t count)
{
    static const int32_t none = 0;
    if (!offsets || offsets[0] == 0) {
        add_buffer(body, offsets ? offsets : &none, (count + 1) * sizeof *offsets);
        return;
    }
    int32_t *copy = NEW_N(&body->arena, int32_t, count + 1);
    for (uint64_t i = 0; i <= count; i++)
        copy[i] = offsets[i] - offsets[0];
    add_buffer(body, copy, (count + 1) * sizeof *copy);
}

/* Values [from, from + count) of an array, counted from its offset. */
static void add_array(Body *body, const Field *field, const struct ArrowArray *array, uint64_t from,
                      uint64_t count)
{
    uint64_t begin = (uint64_t)array->offset + from;
    const uint8_t *validity = field->type == ARROW_NULL || !array->null_count
                                  ? NULL : array->buffers[0];
    int64_t nulls = field->type == ARROW_NULL ? (int64_t)count
                    : validity ? count_nulls(validity, begin, count) : 0;
    add_pair(&body->arena, &body->nodes.at, &body->nodes.len, &body->nodes.cap, (int64_t)count,
             nulls);
    if (field->type == ARROW_NULL)
        return;
    if (nulls)
        add_bits(body, validity, begin, count);
    else
        add_buffer(body, "", 0);
    bool has_offsets = arrow_is_bytes(field->type) || field->type == ARROW_LIST;
    const int32_t *offsets = has_offsets && array->buffers[1] && (count || array->length)
                                 ? (const int32_t *)array->buffers[1] + begin : NULL;
    uint64_t first = offsets ? (uint64_t)offsets[0] : 0;
    uint64_t last = offsets ? (uint64_t)offsets[count] : 0;
    if (has_offsets)
        add_offsets(body, offsets, offsets ? count : 0);
    if (arrow_is_bytes(field->type))
        add_buffer(body, last > first ? (const char *)array->buffers[2] + first : "", last - first);
    else if (field->type == ARROW_BOOL)
        add_bits(body, array->buffers[1], begin, count);
    else if (arrow_widths[field->type])
        add_buffer(body, (const char *)array->buffers[1] + begin * arrow_widths[field->type],
                   count * arrow_widths[field->type]);
    if (field->type == ARROW_LIST)
        add_array(body, &field->children[0], array->children[0], first, last - first);
    for (uint32_t i = 0; field->type == ARROW_STRUCT && i < field->child_count; i++)
        add_array(body, &field->children[i], array->children[i], begin, count);
}

bool ipc_write_batch(const Schema *schema, const Batch *batch, const IpcSink *sink, Err *err)
{
    __attribute__((cleanup(body_drop))) Body body = {0};
    uint64_t rows = batch_rows(batch), from = (uint64_t)batch->array.offset;
    for (uint32_t i = 0; i < schema->count; i++)
        add_array(&body, &schema->fields[i], batch->array.children[i], from, rows);
    Flat flat = {.arena = &body.arena};
    int64_t none[1][2] = {{0}};
    uint32_t buffers = flat_pairs(&flat, body.buffers.at ? body.buffers.at : none,
                                  body.buffers.len);
    uint32_t nodes = flat_pairs(&flat, body.nodes.at ? body.nodes.at : none, body.nodes.len);
    table_begin(&flat);
    table_int(&flat, RECORDS_LENGTH, (int64_t)rows, 8);
    table_offset(&flat, RECORDS_BUFFERS, buffers);
    table_offset(&flat, RECORDS_NODES, nodes);
    uint32_t table = table_end(&flat, RECORDS_FIELDS);
    TRY(put_header(sink, message_end(&flat, IPC_RECORDS, table, body.length), err));
    static const char zeros[IPC_ALIGNMENT];
    for (uint32_t i = 0; i < body.pieces.len; i++) {
        const Piece *piece = &body.pieces.at[i];
        if (piece->size)
            TRY(sink->put(sink->self, piece->at, piece->size, err));
        if (piece->size % IPC_ALIGNMENT)
            TRY(sink->put(sink->self, zeros, IPC_ALIGNMENT - piece->size % IPC_ALIGNMENT, err));
    }
    return true;
}

bool ipc_write_end(const IpcSink *sink, Err *err)
{
    static const int32_t words[2] = {IPC_CONTINUATION, 0};
    return sink->put(sink->self, words, sizeof words, err);
}
