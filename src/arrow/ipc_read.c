/* ipc_read.c: a stream of Arrow's IPC format, read message by message.
 *
 * What comes may be anything: every position in a header is checked against its length, every
 * buffer against the body, offsets against the bytes they point into. A batch is one allocation;
 * its arrays point into it and share it.
 */
#include <stdatomic.h>

#include "arrow/ipc_base.h"

enum { HEADER_MOST = 16 << 20 };

typedef struct Ipc {
    IpcSource source;
    uint64_t limit;
    Schema schema;
    bool is_over;
} Ipc;

static bool fail(Err *err, const char *what)
{
    return err_set(err, ERR_RUNTIME, NOWHERE, "Arrow stream: %s", what);
}

/* ---- FlatBuffers ---- */

/* A table in a header; at == 0: none, all fields have their defaults. */
typedef struct Table {
    Str bytes;
    uint32_t at, layout, layout_size;
} Table;

static bool read_number(Str bytes, uint64_t at, uint32_t width, int64_t *out, Err *err)
{
    if (at + width > bytes.len)
        return fail(err, "a header ends too early");
    uint64_t number = 0;
    memcpy(&number, bytes.at + at, width);
    unsigned shift = 64 - width * 8;
    *out = (int64_t)(number << shift) >> shift;
    return true;
}

static bool table_at(Str bytes, uint64_t at, Table *out, Err *err)
{
    int64_t distance, size;
    TRY(read_number(bytes, at, 4, &distance, err));
    int64_t layout = (int64_t)at - distance;
    if (layout < 0 || layout > (int64_t)bytes.len)
        return fail(err, "a header's table lies outside of it");
    TRY(read_number(bytes, (uint64_t)layout, 2, &size, err));
    *out = (Table){bytes, (uint32_t)at, (uint32_t)layout, (uint32_t)(size & 0xffff)};
    return true;
}

/* Where a field's value stands; 0: it has its default. */
static bool field_at(const Table *table, unsigned field, uint64_t *out, Err *err)
{
    uint32_t slot = 4 + field * 2;
    *out = 0;
    if (!table->at || slot + 2 > table->layout_size)
        return true;
    int64_t distance;
    TRY(read_number(table->bytes, table->layout + slot, 2, &distance, err));
    distance &= 0xffff;
    *out = distance ? table->at + (uint64_t)distance : 0;
    return true;
}

static bool get_int(const Table *table, unsigned field, uint32_t width, int64_t otherwise,
                    int64_t *out, Err *err)
{
    uint64_t at;
    TRY(field_at(table, field, &at, err));
    *out = otherwise;
    return !at || read_number(table->bytes, at, width, out, err);
}

/* Where what a field points to begins; 0: nothing. */
static bool follow(const Table *table, unsigned field, uint64_t *out, Err *err)
{
    uint64_t at;
    int64_t distance;
    *out = 0;
    TRY(field_at(table, field, &at, err));
    if (!at)
        return true;
    TRY(read_number(table->bytes, at, 4, &distance, err));
    *out = at + (uint32_t)distance;
    return *out < table->bytes.len || fail(err, "a header points behind its end");
}

static bool get_table(const Table *table, unsigned field, Table *out, Err *err)
{
    uint64_t at;
    *out = (Table){0};
    TRY(follow(table, field, &at, err));
    return !at || table_at(table->bytes, at, out, err);
}

/* `count` members of `width` bytes each, from *at on. */
static bool get_vector(const Table *table, unsigned field, uint32_t width, uint64_t *at,
                       uint32_t *count, Err *err)
{
    int64_t length;
    *count = 0;
    TRY(follow(table, field, at, err));
    if (!*at)
        return true;
    TRY(read_number(table->bytes, *at, 4, &length, err));
    *at += 4;
    *count = (uint32_t)length;
    return *at + (uint64_t)*count * width <= table->bytes.len ||
           fail(err, "a header's list is longer than the header");
}

static bool get_text(const Table *table, unsigned field, Str *out, Err *err)
{
    uint64_t at = 0;
    uint32_t count;
    TRY(get_vector(table, field, 1, &at, &count, err));
    *out = (Str){table->bytes.at + at, count};
    return true;
}

/* Table number i of a vector of tables that begins at `at`. */
static bool get_member(const Table *table, uint64_t at, uint32_t i, Table *out, Err *err)
{
    int64_t distance;
    uint64_t place = at + (uint64_t)i * 4;
    TRY(read_number(table->bytes, place, 4, &distance, err));
    return table_at(table->bytes, place + (uint32_t)distance, out, err);
}

/* ---- schemas ---- */

static bool refuse_type(const Field *field, int64_t kind, Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Arrow stream: column '" STR_FMT "' has a type that is not carried (number %lld "
                   "of Arrow's types, or an unusual unit or width)",
                   STR_ARG(field->name), (long long)kind);
}

static bool read_int_type(const Table *type, Field *out, Err *err)
{
    static const TypeId ids[4][2] = {{ARROW_UINT8, ARROW_INT8}, {ARROW_UINT16, ARROW_INT16},
                                     {ARROW_UINT32, ARROW_INT32}, {ARROW_UINT64, ARROW_INT64}};
    int64_t width, is_signed;
    TRY(get_int(type, 0, 4, 0, &width, err));
    TRY(get_int(type, 1, 1, 0, &is_signed, err));
    for (unsigned i = 0; i < 4; i++)
        if (width == 8 << i) {
            out->type = ids[i][is_signed != 0];
            return true;
        }
    return refuse_type(out, IPC_INT, err);
}

static bool read_decimal_type(const Table *type, Field *out, Err *err)
{
    int64_t precision, scale, width;
    TRY(get_int(type, 0, 4, 0, &precision, err));
    TRY(get_int(type, 1, 4, 0, &scale, err));
    TRY(get_int(type, 2, 4, 128, &width, err));
    if (width != 128 || precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return refuse_type(out, IPC_DECIMAL, err);
    out->type = ARROW_DECIMAL;
    out->precision = (uint8_t)precision;
    out->scale = (uint8_t)scale;
    return true;
}

/* Types whose table holds one number that must be `wanted`. */
static bool read_unit_type(const Table *type, int64_t kind, uint32_t width, int64_t otherwise,
                           int64_t wanted, TypeId id, Field *out, Err *err)
{
    int64_t unit;
    TRY(get_int(type, 0, width, otherwise, &unit, err));
    out->type = id;
    return unit == wanted || refuse_type(out, kind, err);
}

static bool read_type(const Table *type, int64_t kind, Str extension, Field *out, Err *err)
{
    Str zone;
    int64_t precision;
    switch (kind) {
    case IPC_NULL: out->type = ARROW_NULL; return true;
    case IPC_BOOL: out->type = ARROW_BOOL; return true;
    case IPC_INT: return read_int_type(type, out, err);
    case IPC_FLOAT:
        TRY(get_int(type, 0, 2, 0, &precision, err));
        out->type = precision == IPC_SINGLE ? ARROW_FLOAT : ARROW_DOUBLE;
        return precision == IPC_SINGLE || precision == IPC_DOUBLE || refuse_type(out, kind, err);
    case IPC_DECIMAL: return read_decimal_type(type, out, err);
    case IPC_BINARY: out->type = ARROW_BINARY; return true;
    case IPC_UTF8:
        out->type = str_is(extension, IPC_JSON_NAME) ? ARROW_JSON : ARROW_TEXT;
        return true;
    case IPC_DATE: return read_unit_type(type, kind, 2, IPC_MILLISECOND, IPC_DAY, ARROW_DATE, out,
                                         err);
    case IPC_TIME: return read_unit_type(type, kind, 2, 1, IPC_MICROSECOND, ARROW_TIME, out, err);
    case IPC_TIMESTAMP:
        TRY(get_text(type, 1, &zone, err));
        return read_unit_type(type, kind, 2, 0, IPC_MICROSECOND,
                              zone.len ? ARROW_TIMESTAMP_TZ : ARROW_TIMESTAMP, out, err);
    case IPC_INTERVAL:
        return read_unit_type(type, kind, 2, 0, IPC_MONTH_DAY_NANO, ARROW_INTERVAL, out, err);
    case IPC_FIXED_BINARY:
        if (!str_is(extension, IPC_UUID_NAME))
            return refuse_type(out, kind, err);
        return read_unit_type(type, kind, 4, 0, 16, ARROW_UUID, out, err);
    case IPC_LIST: out->type = ARROW_LIST; return true;
    case IPC_STRUCT: out->type = ARROW_STRUCT; return true;
    default: return refuse_type(out, kind, err);
    }
}

static bool read_extension(const Table *field, Str *out, Err *err)
{
    uint64_t at;
    uint32_t count;
    *out = STR_NONE;
    TRY(get_vector(field, FIELD_METADATA, 4, &at, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        Table pair;
        Str key, value;
        TRY(get_member(field, at, i, &pair, err));
        TRY(get_text(&pair, PAIR_KEY, &key, err));
        TRY(get_text(&pair, PAIR_VALUE, &value, err));
        if (str_is(key, IPC_EXTENSION_KEY))
            *out = value;
    }
    return true;
}

/* `left` bounds the fields of a schema: a header may point to one again and again. */
static bool read_field(const Table *table, Arena *arena, unsigned depth, uint32_t *left, Field *out,
                       Err *err)
{
    Table type, dictionary;
    Str name, extension;
    int64_t kind, is_nullable;
    uint64_t at;
    if (depth > ARROW_DEEPEST || !*left)
        return err_set(err, ERR_TOO_DEEP, NOWHERE, "Arrow stream: too many columns in columns");
    --*left;
    TRY(get_text(table, FIELD_NAME, &name, err));
    TRY(get_int(table, FIELD_NULLABLE, 1, 0, &is_nullable, err));
    TRY(get_int(table, FIELD_TYPE_KIND, 1, 0, &kind, err));
    TRY(get_table(table, FIELD_TYPE, &type, err));
    TRY(get_table(table, FIELD_DICTIONARY, &dictionary, err));
    TRY(read_extension(table, &extension, err));
    *out = (Field){.name = str_copy(arena, name), .is_required = !is_nullable};
    if (dictionary.at)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Arrow stream: column '" STR_FMT "' has a dictionary: not carried",
                       STR_ARG(name));
    TRY(read_type(&type, kind, extension, out, err));
    TRY(get_vector(table, FIELD_CHILDREN, 4, &at, &out->child_count, err));
    if (out->type == ARROW_LIST ? out->child_count != 1
                                : out->type != ARROW_STRUCT && out->child_count)
        return fail(err, "a column has children that its type does not have");
    out->children = NEW_N(arena, Field, out->child_count + 1);
    for (uint32_t i = 0; i < out->child_count; i++) {
        Table child;
        TRY(get_member(table, at, i, &child, err));
        TRY(read_field(&child, arena, depth + 1, left, &out->children[i], err));
    }
    return true;
}

static bool read_schema(const Table *table, Arena *arena, Schema *out, Err *err)
{
    int64_t endianness;
    uint64_t at;
    uint32_t left = 1 << 16;
    TRY(get_int(table, SCHEMA_ENDIANNESS, 2, 0, &endianness, err));
    if (endianness)
        return fail(err, "its numbers have their high bytes first");
    TRY(get_vector(table, SCHEMA_COLUMNS, 4, &at, &out->count, err));
    out->fields = NEW_N(arena, Field, out->count + 1);
    for (uint32_t i = 0; i < out->count; i++) {
        Table field;
        TRY(get_member(table, at, i, &field, err));
        TRY(read_field(&field, arena, 0, &left, &out->fields[i], err));
    }
    return true;
}

/* ---- messages ---- */

typedef struct Message {
    Str bytes;
    int64_t kind, body_length;
    Table header;
} Message;

/* The next header; kind 0 at the end of the stream. */
static bool read_message(Ipc *ipc, Arena *arena, Message *out, Err *err)
{
    int32_t words[2];
    int64_t version, root;
    TRY(ipc->source.get(ipc->source.self, words, sizeof words, err));
    if (words[0] != IPC_CONTINUATION)
        return fail(err, "what comes is no message");
    *out = (Message){0};
    if (!words[1])
        return true;
    if (words[1] < 8 || words[1] > HEADER_MOST)
        return fail(err, "a header has an impossible length");
    char *bytes = arena_take(arena, (size_t)words[1], 8);
    TRY(ipc->source.get(ipc->source.self, bytes, (uint64_t)words[1], err));
    out->bytes = (Str){bytes, (size_t)words[1]};
    Table message;
    TRY(read_number(out->bytes, 0, 4, &root, err));
    TRY(table_at(out->bytes, (uint32_t)root, &message, err));
    TRY(get_int(&message, MESSAGE_VERSION, 2, 0, &version, err));
    TRY(get_int(&message, MESSAGE_KIND, 1, 0, &out->kind, err));
    TRY(get_int(&message, MESSAGE_BODY_LENGTH, 8, 0, &out->body_length, err));
    TRY(get_table(&message, MESSAGE_HEADER, &out->header, err));
    if (version != IPC_VERSION_5 && version != IPC_VERSION_4)
        return fail(err, "its version is not known");
    if (out->kind != IPC_SCHEMA && out->kind != IPC_RECORDS)
        return fail(err, "it holds a dictionary: not carried");
    if (out->body_length < 0 || (uint64_t)out->body_length > ipc->limit)
        return fail(err, "a batch is larger than allowed");
    return out->header.at || fail(err, "a message is empty");
}

/* ---- batches ---- */

/* Bytes of a batch: given back with the last array that points into them. */
typedef struct Bytes {
    void *buffer;
    _Atomic uint32_t users;
} Bytes;

typedef struct ArrayBody {
    Bytes *bytes;
    const void *buffers[3];
    struct ArrowArray **children;
} ArrayBody;

static void bytes_leave(Bytes *bytes)
{
    if (atomic_fetch_sub(&bytes->users, 1) > 1)
        return;
    buffer_give(bytes->buffer);
    memory_give(bytes);
}

static void array_release(struct ArrowArray *array)
{
    ArrayBody *body = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    bytes_leave(body->bytes);
    memory_give(body);
    array->release = NULL;
}

/* An array without anything but room for its children. */
static ArrayBody *array_begin(struct ArrowArray *out, Bytes *bytes, uint32_t child_count)
{
    size_t size = sizeof(ArrayBody) +
                  child_count * (sizeof(struct ArrowArray *) + sizeof(struct ArrowArray));
    ArrayBody *body = memset(memory_take(size), 0, size);
    body->bytes = bytes;
    body->children = (struct ArrowArray **)(body + 1);
    struct ArrowArray *children = (struct ArrowArray *)(body->children + child_count);
    for (uint32_t i = 0; i < child_count; i++)
        body->children[i] = &children[i];
    atomic_fetch_add(&bytes->users, 1);
    *out = (struct ArrowArray){.n_children = child_count,
                               .buffers = body->buffers,
                               .children = child_count ? body->children : NULL,
                               .release = array_release,
                               .private_data = body};
    return body;
}

typedef struct Records {
    const Message *message;
    Bytes *bytes;
    uint64_t nodes_at, buffers_at;
    uint32_t node_count, buffer_count;
    uint32_t node, buffer;       /* the next ones                                                */
} Records;

static bool next_buffer(Records *records, uint64_t least, const void **out, uint64_t *size,
                        Err *err)
{
    if (records->buffer == records->buffer_count)
        return fail(err, "a batch has too few buffers");
    int64_t offset, length;
    uint64_t at = records->buffers_at + (uint64_t)records->buffer++ * 16;
    TRY(read_number(records->message->bytes, at, 8, &offset, err));
    TRY(read_number(records->message->bytes, at + 8, 8, &length, err));
    int64_t end = records->message->body_length;
    if (offset < 0 || length < 0 || offset > end || length > end - offset || offset % 8)
        return fail(err, "a buffer lies outside of its batch");
    if ((uint64_t)length < least)
        return fail(err, "a buffer is shorter than its column");
    *size = (uint64_t)length;
    *out = length ? (const char *)records->bytes->buffer + offset : NULL;
    return true;
}

/* Rising offsets up to `most`. */
static bool check_offsets(const int32_t *offsets, uint64_t count, uint64_t most, Err *err)
{
    bool is_right = offsets[0] >= 0;
    for (uint64_t i = 0; i < count; i++)
        is_right &= offsets[i] <= offsets[i + 1];
    return (is_right && (uint64_t)offsets[count] <= most) ||
           fail(err, "a column's offsets point outside of its values");
}

static bool read_array(Records *records, const Field *field, struct ArrowArray *out, Err *err);

static bool read_children(Records *records, const Field *field, struct ArrowArray *out, Err *err)
{
    for (uint32_t i = 0; i < field->child_count; i++)
        TRY(read_array(records, &field->children[i], out->children[i], err));
    for (uint32_t i = 0; field->type == ARROW_STRUCT && i < field->child_count; i++)
        if (out->children[i]->length != out->length)
            return fail(err, "a struct's columns differ in length");
    return true;
}

/* The buffers behind the validity. */
static bool read_values(Records *records, const Field *field, ArrayBody *body,
                        struct ArrowArray *out, Err *err)
{
    static const int32_t no_offsets[2];
    uint64_t count = (uint64_t)out->length, size = 0, bytes = 0;
    uint32_t width = arrow_widths[field->type];
    bool has_offsets = arrow_is_bytes(field->type) || field->type == ARROW_LIST;
    uint64_t least = has_offsets ? (count ? (count + 1) * 4 : 0)
                     : field->type == ARROW_BOOL ? (count + 7) / 8 : count * width;
    TRY(next_buffer(records, least, &body->buffers[1], &size, err));
    if (has_offsets && size < 4)
        body->buffers[1] = no_offsets;
    if (arrow_is_bytes(field->type)) {
        TRY(next_buffer(records, 0, &body->buffers[2], &bytes, err));
        TRY(check_offsets(body->buffers[1], count, bytes, err));
    }
    if (!body->buffers[1]) /* of no rows: never read, yet never NULL */
        body->buffers[1] = no_offsets;
    if (arrow_is_bytes(field->type) && !body->buffers[2])
        body->buffers[2] = no_offsets;
    return true;
}

static bool read_array(Records *records, const Field *field, struct ArrowArray *out, Err *err)
{
    if (records->node == records->node_count)
        return fail(err, "a batch has too few columns");
    int64_t length, nulls;
    uint64_t at = records->nodes_at + (uint64_t)records->node++ * 16, size;
    TRY(read_number(records->message->bytes, at, 8, &length, err));
    TRY(read_number(records->message->bytes, at + 8, 8, &nulls, err));
    if (length < 0 || nulls < 0 || nulls > length || length > INT32_MAX)
        return fail(err, "a column has an impossible length");
    ArrayBody *body = array_begin(out, records->bytes, field->child_count);
    out->length = length;
    out->null_count = nulls;
    out->n_buffers = ipc_buffer_count(field->type);
    if (field->type == ARROW_NULL)
        return true;
    TRY(next_buffer(records, nulls ? ((uint64_t)length + 7) / 8 : 0, &body->buffers[0], &size,
                    err));
    if (!nulls || size < ((uint64_t)length + 7) / 8)
        body->buffers[0] = NULL;
    if (field->type != ARROW_STRUCT)
        TRY(read_values(records, field, body, out, err));
    TRY(read_children(records, field, out, err));
    if (field->type == ARROW_LIST)
        return check_offsets(body->buffers[1], (uint64_t)length,
                             (uint64_t)out->children[0]->length, err);
    return true;
}

/* On failure `out` holds what was made so far. */
static bool read_batch(Ipc *ipc, const Message *message, Bytes *bytes, Batch *out, Err *err)
{
    Records records = {.message = message, .bytes = bytes};
    int64_t rows;
    Table compression;
    const Schema *schema = &ipc->schema;
    array_begin(&out->array, bytes, schema->count);
    out->array.n_buffers = 1;
    TRY(get_int(&message->header, RECORDS_LENGTH, 8, 0, &rows, err));
    TRY(get_table(&message->header, RECORDS_COMPRESSION, &compression, err));
    if (compression.at)
        return fail(err, "its batches are compressed");
    TRY(get_vector(&message->header, RECORDS_NODES, 16, &records.nodes_at, &records.node_count,
                   err));
    TRY(get_vector(&message->header, RECORDS_BUFFERS, 16, &records.buffers_at,
                   &records.buffer_count, err));
    for (uint32_t i = 0; i < schema->count; i++) {
        TRY(read_array(&records, &schema->fields[i], out->array.children[i], err));
        if (out->array.children[i]->length != rows)
            return fail(err, "a batch's columns differ in length");
    }
    out->array.length = schema->count ? rows : 0;
    out->bytes = (uint64_t)message->body_length;
    return true;
}

static bool take_batch(Ipc *ipc, const Message *message, Batch *out, Err *err)
{
    Bytes *bytes = memory_take(sizeof *bytes);
    *bytes = (Bytes){buffer_take((uint64_t)message->body_length + 8), 1};
    Batch batch = {0};
    bool ok = ipc->source.get(ipc->source.self, bytes->buffer, (uint64_t)message->body_length,
                              err) &&
              read_batch(ipc, message, bytes, &batch, err);
    bytes_leave(bytes);
    if (!ok)
        batch_drop(&batch);
    else
        *out = batch;
    return ok;
}

static bool ipc_next(void *self, Batch *out, Err *err)
{
    Ipc *ipc = self;
    *out = (Batch){0};
    while (!ipc->is_over && !out->array.length) {
        __attribute__((cleanup(arena_drop))) Arena arena = {0};
        Message message;
        batch_drop(out); /* an empty batch in the middle is no end */
        TRY(read_message(ipc, &arena, &message, err));
        if (message.kind == IPC_SCHEMA)
            return fail(err, "a second schema");
        ipc->is_over = !message.kind;
        if (!ipc->is_over)
            TRY(take_batch(ipc, &message, out, err));
    }
    return true;
}

bool ipc_open(const IpcSource *source, uint64_t limit_bytes, Arena *arena, Stream *out, Err *err)
{
    __attribute__((cleanup(arena_drop))) Arena scratch = {0};
    Ipc *ipc = NEW(arena, Ipc);
    *ipc = (Ipc){.source = *source, .limit = limit_bytes};
    Message message;
    TRY(read_message(ipc, &scratch, &message, err));
    if (message.kind != IPC_SCHEMA)
        return fail(err, "it does not begin with a schema");
    TRY(read_schema(&message.header, arena, &ipc->schema, err));
    *out = (Stream){ipc->schema, ipc_next, NULL, ipc};
    return true;
}
