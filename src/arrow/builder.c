/* builder.c: columns that grow a value at a time, and the batches that they become.
 *
 * A buffer is memory of buffer.c. Each array of a batch has a body: one more allocation that holds
 * its buffer pointers and its children, so that a consumer may move any child out of it, as the C
 * data interface allows.
 */
#include "arrow/arrow_base.h"

#define ROOM_FIRST 1024
#define BYTES_FIRST 4096
#define SLACK 16                 /* column_add_int() writes 8 bytes at narrow columns' end too */

struct Builder {
    const Schema *schema;
    ColumnBuilder *columns;
    uint32_t count;
    uint64_t look_row;           /* builder_is_full() looks closer from this row on */
    uint64_t buffers_bytes;      /* taken by all columns                            */
};

const uint8_t arrow_widths[ARROW_TYPE_COUNT] = {
#define AS_WIDTH(id, sql, bytes) [ARROW_##id] = bytes,
    ARROW_TYPES(AS_WIDTH)
#undef AS_WIDTH
};

/* ---- buffers ---- */

/* A larger buffer with the first `used` bytes of the old one. */
static void *buffer_grow(Builder *builder, void *old, uint64_t used, uint64_t size)
{
    void *buffer = buffer_take(size);
    builder->buffers_bytes += size;
    if (old) {
        builder->buffers_bytes -= buffer_size(old);
        memcpy(buffer, old, used);
        buffer_give(old);
    }
    return buffer;
}

/* ---- columns ---- */

/* The range of column_add_int(). */
static void set_range(ColumnBuilder *column)
{
    static const uint64_t day_us = 86400000000;
    switch (column->type) {
    case ARROW_INT8:
    case ARROW_INT16:
    case ARROW_INT32:
    case ARROW_DATE:
        column->span = (1ULL << (8 * column->width)) - 1;
        column->least = -(int64_t)(1ULL << (8 * column->width - 1));
        break;
    case ARROW_UINT8:
    case ARROW_UINT16:
    case ARROW_UINT32:
        column->span = (1ULL << (8 * column->width)) - 1;
        break;
    case ARROW_INT64:
    case ARROW_TIMESTAMP:
    case ARROW_TIMESTAMP_TZ:
        column->least = INT64_MIN;
        column->span = UINT64_MAX;
        break;
    case ARROW_UINT64:
        column->span = INT64_MAX;
        break;
    case ARROW_TIME:
        column->span = day_us;
        break;
    default: /* an empty range but for one number that nobody adds */
        column->least = INT64_MIN;
    }
}

static void column_init(ColumnBuilder *column, Arena *arena, Builder *builder, const Field *field)
{
    column->type = field->type;
    column->width = arrow_widths[field->type];
    column->builder = builder;
    set_range(column);
    column->precision = field->precision;
    column->scale = field->scale;
    if (field->type == ARROW_DECIMAL) {
        assert(field->precision >= 1 && field->precision <= 38);
        column->decimal_end = 1;
        for (unsigned i = 0; i < field->precision; i++)
            column->decimal_end *= 10;
    }
    column->child_count = field->child_count;
    column->children = NEW_N(arena, ColumnBuilder, field->child_count);
    for (uint32_t i = 0; i < field->child_count; i++)
        column_init(&column->children[i], arena, builder, &field->children[i]);
}

static void column_drop(ColumnBuilder *column)
{
    buffer_give(column->values);
    buffer_give(column->offsets);
    buffer_give(column->validity);
    for (uint32_t i = 0; i < column->child_count; i++)
        column_drop(&column->children[i]);
}

static void builder_drop(void *what)
{
    Builder *builder = what;
    for (uint32_t i = 0; i < builder->count; i++)
        column_drop(&builder->columns[i]);
    builder->count = 0;
}

Builder *builder_make(Arena *arena, const Schema *schema)
{
    Builder *builder = NEW(arena, Builder);
    builder->count = schema->count;
    builder->columns = NEW_N(arena, ColumnBuilder, schema->count);
    for (uint32_t i = 0; i < schema->count; i++)
        column_init(&builder->columns[i], arena, builder, &schema->fields[i]);
    arena_on_drop(arena, builder_drop, builder);
    return builder;
}

ColumnBuilder *builder_column(Builder *builder, uint32_t column)
{
    assert(column < builder->count);
    return &builder->columns[column];
}

uint32_t builder_column_count(const Builder *builder)
{
    return builder->count;
}

ColumnBuilder *column_child(ColumnBuilder *column, uint32_t child)
{
    assert(child < column->child_count);
    return &column->children[child];
}

/* ---- growing ---- */

/* Bits that are set to all ones (validity) or all zeros (values of BOOL) beyond those in use. */
static uint8_t *grow_bits(ColumnBuilder *column, uint8_t *old, uint64_t room, int fill)
{
    uint64_t used = old ? (column->room + 7) / 8 : 0, size = (room + 7) / 8 + 8;
    uint8_t *bits = buffer_grow(column->builder, old, used, size);
    memset(bits + used, fill, size - used);
    return bits;
}

void column_make_room(ColumnBuilder *column, uint64_t count)
{
    uint64_t room = column->room * 2;
    if (!column->room)
        room = column->rows_hint ? column->rows_hint : ROOM_FIRST;
    if (room < column->count + count)
        room = column->count + count;
    room = (room + 7) / 8 * 8; /* whole bytes of bits: grow_bits() counts on it */
    Builder *builder = column->builder;
    if (column->validity)
        column->validity = grow_bits(column, column->validity, room, 0xff);
    if (column->type == ARROW_BOOL)
        column->values = (char *)grow_bits(column, (uint8_t *)column->values, room, 0);
    if (column->width)
        column->values = buffer_grow(builder, column->values, column->count * column->width,
                                     room * column->width + SLACK);
    if (arrow_is_bytes(column->type) || column->type == ARROW_LIST) {
        bool is_new = !column->offsets;
        column->offsets = buffer_grow(builder, column->offsets, (column->count + 1) * 4,
                                      (room + 1) * 4);
        if (is_new)
            column->offsets[0] = 0;
    }
    column->room = room;
    builder->look_row = 0; /* much may have come at once */
}

/* Room for `bytes` bytes of texts more. */
static void make_bytes_room(ColumnBuilder *column, uint64_t bytes)
{
    uint64_t room = column->bytes_room * 2;
    if (!column->bytes_room)
        room = column->bytes_hint ? column->bytes_hint : BYTES_FIRST;
    if (room < column->bytes + bytes)
        room = column->bytes + bytes;
    column->values = buffer_grow(column->builder, column->values, column->bytes, room);
    column->bytes_room = room;
    column->builder->look_row = 0;
}

void column_add_bytes_slow(ColumnBuilder *column, Str bytes)
{
    if (column->count == column->room)
        column_make_room(column, 1);
    if (column->type == ARROW_UUID) {
        assert(bytes.len == 16);
        memcpy(column->values + column->count++ * 16, bytes.at, 16);
        return;
    }
    assert(arrow_is_bytes(column->type));
    assert(bytes.len <= INT32_MAX - column->bytes);
    if (column->bytes_room - column->bytes < bytes.len || !column->values)
        make_bytes_room(column, bytes.len);
    if (bytes.len)
        memcpy(column->values + column->bytes, bytes.at, bytes.len);
    column->bytes += bytes.len;
    column->offsets[++column->count] = (int32_t)column->bytes;
}

/* ---- adding ---- */

void column_set_null(ColumnBuilder *column, uint64_t row)
{
    assert(row < column->count);
    if (!column->validity)
        column->validity = grow_bits(column, NULL, column->room, 0xff);
    if (bit_get(column->validity, row)) {
        column->validity[row / 8] &= (uint8_t)~(1u << (row % 8));
        column->null_count++;
    }
}

void column_add_null(ColumnBuilder *column)
{
    if (column->count == column->room)
        column_make_room(column, 1);
    uint64_t row = column->count++;
    if (column->width)
        memset(column->values + row * column->width, 0, column->width);
    if (column->offsets)
        column->offsets[row + 1] = column->offsets[row];
    if (column->type == ARROW_STRUCT)
        for (uint32_t i = 0; i < column->child_count; i++)
            column_add_null(&column->children[i]);
    if (column->type == ARROW_NULL)
        column->null_count++;
    else
        column_set_null(column, row);
}

/* Clears the bits [from, from + count). */
static void clear_bits(uint8_t *bits, uint64_t from, uint64_t count)
{
    for (; count && from % 8; from++, count--)
        bits[from / 8] &= (uint8_t)~(1u << (from % 8));
    memset(bits + from / 8, 0, count / 8);
    from += count / 8 * 8;
    for (count %= 8; count; from++, count--)
        bits[from / 8] &= (uint8_t)~(1u << (from % 8));
}

void column_add_nulls(ColumnBuilder *column, uint64_t count)
{
    if (!count)
        return;
    if (column->room - column->count < count)
        column_make_room(column, count);
    uint64_t row = column->count;
    column->count += count;
    column->null_count += count;
    if (column->width)
        memset(column->values + row * column->width, 0, count * column->width);
    for (uint64_t i = row; column->offsets && i < row + count; i++)
        column->offsets[i + 1] = column->offsets[row];
    if (column->type == ARROW_STRUCT)
        for (uint32_t i = 0; i < column->child_count; i++)
            column_add_nulls(&column->children[i], count);
    if (column->type == ARROW_NULL)
        return;
    if (!column->validity)
        column->validity = grow_bits(column, NULL, column->room, 0xff);
    clear_bits(column->validity, row, count);
}

void column_add_bool(ColumnBuilder *column, bool is_true)
{
    assert(column->type == ARROW_BOOL);
    if (column->count == column->room)
        column_make_room(column, 1);
    column->values[column->count / 8] |= (char)(is_true << (column->count % 8));
    column->count++;
}

void column_add_interval(ColumnBuilder *column, int32_t months, int32_t days, int64_t nanoseconds)
{
    assert(column->type == ARROW_INTERVAL);
    if (column->count == column->room)
        column_make_room(column, 1);
    char *at = column->values + column->count++ * 16;
    memcpy(at, &months, 4);
    memcpy(at + 4, &days, 4);
    memcpy(at + 8, &nanoseconds, 8);
}

void column_end_list(ColumnBuilder *column)
{
    assert(column->type == ARROW_LIST);
    if (column->count == column->room)
        column_make_room(column, 1);
    assert(column->children[0].count <= INT32_MAX);
    column->offsets[++column->count] = (int32_t)column->children[0].count;
}

void column_end_structs(ColumnBuilder *column, uint32_t count)
{
    assert(column->type == ARROW_STRUCT);
    if (column->room - column->count < count)
        column_make_room(column, count);
    column->count += count;
    for (uint32_t i = 0; i < column->child_count; i++)
        assert(column->children[i].count == column->count);
}

void column_end_struct(ColumnBuilder *column)
{
    column_end_structs(column, 1);
}

void *column_reserve(ColumnBuilder *column, uint32_t count)
{
    assert(column->width);
    if (column->room - column->count < count)
        column_make_room(column, count);
    return column->values + column->count * column->width;
}

void column_filled(ColumnBuilder *column, uint32_t count)
{
    assert(column->room - column->count >= count);
    column->count += count;
}

void column_reserve_texts(ColumnBuilder *column, uint32_t count, uint64_t bytes, char **values,
                          int32_t **ends, int32_t *begin)
{
    assert(arrow_is_bytes(column->type) && bytes <= INT32_MAX - TEXTS_SLACK - column->bytes);
    if (column->room - column->count < count || !column->offsets)
        column_make_room(column, count ? count : 1);
    if (column->bytes_room - column->bytes < bytes + TEXTS_SLACK)
        make_bytes_room(column, bytes + TEXTS_SLACK);
    *values = column->values + column->bytes;
    *ends = column->offsets + column->count + 1;
    *begin = (int32_t)column->bytes;
}

void column_filled_texts(ColumnBuilder *column, uint32_t count)
{
    assert(column->room - column->count >= count);
    column->count += count;
    column->bytes = (uint64_t)column->offsets[column->count];
    assert(column->bytes <= column->bytes_room);
}

void column_add_bits(ColumnBuilder *column, const uint64_t *bits, uint32_t count)
{
    assert(column->type == ARROW_BOOL);
    if (column->room - column->count < count)
        column_make_room(column, count);
    for (uint32_t i = 0; i < count; i++, column->count++) {
        uint64_t is_true = bits[i / 64] >> (i % 64) & 1;
        column->values[column->count / 8] |= (char)(is_true << (column->count % 8));
    }
}

void column_set_nulls(ColumnBuilder *column, uint64_t row, const uint64_t *bits, uint32_t count)
{
    assert(row + count <= column->count);
    for (uint32_t i = 0; i < count; i += 64) {
        uint64_t left = bits[i / 64];
        if (count - i < 64)
            left &= ((uint64_t)1 << (count - i)) - 1;
        if (left && !column->validity)
            column->validity = grow_bits(column, NULL, column->room, 0xff);
        for (; left; left &= left - 1) {
            uint64_t at = row + i + (uint64_t)__builtin_ctzll(left);
            column->null_count += bit_get(column->validity, at);
            column->validity[at / 8] &= (uint8_t)~(1u << (at % 8));
        }
    }
}

/* ---- looking and taking back ---- */

uint64_t builder_rows(const Builder *builder)
{
    return builder->count ? builder->columns[0].count : 0;
}

static uint64_t column_bytes(const ColumnBuilder *column)
{
    uint64_t bytes = column->count * column->width + column->bytes;
    bytes += column->offsets ? column->count * 4 : 0;
    bytes += (column->validity ? column->count / 8 : 0);
    bytes += (column->type == ARROW_BOOL ? column->count / 8 : 0);
    for (uint32_t i = 0; i < column->child_count; i++)
        bytes += column_bytes(&column->children[i]);
    return bytes;
}

uint64_t builder_bytes(const Builder *builder)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < builder->count; i++)
        bytes += column_bytes(&builder->columns[i]);
    return bytes;
}

/* The next closer look is half-way to where the batch would be full if rows go on as they were; a
 * column that has to grow asks for one at once. */
bool builder_is_full(Builder *builder)
{
    uint64_t rows = builder_rows(builder);
    if (rows < builder->look_row)
        return false;
    uint64_t bytes = builder_bytes(builder);
    if (rows >= BATCH_ROWS || bytes >= BATCH_BYTES)
        return true;
    uint64_t ahead = rows ? (BATCH_BYTES - bytes) / (bytes / rows + 1) / 2 : 0;
    if (ahead > (BATCH_ROWS - rows) / 2)
        ahead = (BATCH_ROWS - rows) / 2;
    builder->look_row = rows + ahead + 1;
    return false;
}

static void column_truncate(ColumnBuilder *column, uint64_t rows)
{
    assert(column->count >= rows);
    for (uint64_t row = rows; row < column->count; row++) {
        if (column->type == ARROW_BOOL)
            column->values[row / 8] &= (char)~(1u << (row % 8));
        if (column->type == ARROW_NULL) {
            column->null_count--;
        } else if (column->validity && !bit_get(column->validity, row)) {
            column->validity[row / 8] |= (uint8_t)(1u << (row % 8));
            column->null_count--;
        }
    }
    column->count = rows;
    uint64_t end = column->offsets ? (uint64_t)column->offsets[rows] : 0;
    if (arrow_is_bytes(column->type))
        column->bytes = end;
    for (uint32_t i = 0; i < column->child_count; i++)
        column_truncate(&column->children[i], column->type == ARROW_LIST ? end : rows);
}

void builder_truncate(Builder *builder, uint64_t rows)
{
    for (uint32_t i = 0; i < builder->count; i++)
        column_truncate(&builder->columns[i], rows);
}

/* ---- handing over ---- */

/* Of one array: its buffers, and the children that its `children` points to. */
typedef struct ArrayBody {
    const void *buffers[3];
    struct ArrowArray **children;
} ArrayBody;

static void array_release(struct ArrowArray *array)
{
    ArrayBody *body = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    for (int64_t i = 0; i < array->n_buffers; i++)
        buffer_give(body->buffers[i]);
    memory_give(body);
    array->release = NULL;
}

/* An array with room for its children: in one piece with the pointers to them. */
static ArrayBody *array_init(struct ArrowArray *array, uint64_t length, uint32_t child_count)
{
    size_t size = sizeof(ArrayBody) +
                  child_count * (sizeof(struct ArrowArray *) + sizeof(struct ArrowArray));
    ArrayBody *body = memset(memory_take(size), 0, size);
    body->children = (struct ArrowArray **)(body + 1);
    struct ArrowArray *children = (struct ArrowArray *)(body->children + child_count);
    for (uint32_t i = 0; i < child_count; i++)
        body->children[i] = &children[i];
    *array = (struct ArrowArray){
        .length = (int64_t)length,
        .n_children = child_count,
        .buffers = body->buffers,
        .children = child_count ? body->children : NULL,
        .release = array_release,
        .private_data = body,
    };
    return body;
}

/* What the next batch should take at once: a little more than this one used. */
static uint64_t hint_of(uint64_t used)
{
    return used + used / 16 + 64;
}

static void column_finish(ColumnBuilder *column, struct ArrowArray *array)
{
    if (!column->room && column->type != ARROW_NULL && column->type != ARROW_STRUCT)
        column_make_room(column, 1); /* no value at all: buffers nevertheless */
    ArrayBody *body = array_init(array, column->count, column->child_count);
    array->null_count = (int64_t)column->null_count;
    unsigned n = 0;
    if (column->type != ARROW_NULL)
        body->buffers[n++] = column->validity;
    if (column->offsets)
        body->buffers[n++] = column->offsets;
    if (arrow_is_bytes(column->type) && !column->values)
        column->values = buffer_take(1);
    if (column->values)
        body->buffers[n++] = column->values;
    array->n_buffers = n;
    for (uint32_t i = 0; i < column->child_count; i++)
        column_finish(&column->children[i], array->children[i]);
    column->rows_hint = hint_of(column->count);
    column->bytes_hint = hint_of(column->bytes);
    column->values = NULL;
    column->offsets = NULL;
    column->validity = NULL;
    column->count = column->room = column->bytes = column->bytes_room = column->null_count = 0;
}

void builder_finish(Builder *builder, Batch *out)
{
    uint64_t rows = builder_rows(builder);
    for (uint32_t i = 0; i < builder->count; i++)
        assert(builder->columns[i].count == rows);
    array_init(&out->array, rows, builder->count);
    out->array.n_buffers = 1; /* no row is NULL as a whole */
    for (uint32_t i = 0; i < builder->count; i++)
        column_finish(&builder->columns[i], out->array.children[i]);
    out->bytes = builder->buffers_bytes;
    builder->buffers_bytes = 0;
    builder->look_row = 0;
}
