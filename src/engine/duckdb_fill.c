/* duckdb_fill.c: columns of a batch into the engine's vectors, every value exactly.
 *
 * Texts are not copied: a vector's text points into the batch, which stays until the reading
 * thread asks for the next rows; by then the engine has no use for the former ones (it writes over
 * them).
 */
#include <endian.h>

#include "engine/duckdb_base.h"

DuckType duckdb_fill_type(const DuckAbi *duck, const Field *field)
{
    static const int ids[ARROW_TYPE_COUNT] = {
        [ARROW_NULL] = DUCK_SQLNULL,           [ARROW_BOOL] = DUCK_BOOLEAN,
        [ARROW_INT8] = DUCK_TINYINT,           [ARROW_INT16] = DUCK_SMALLINT,
        [ARROW_INT32] = DUCK_INTEGER,          [ARROW_INT64] = DUCK_BIGINT,
        [ARROW_UINT8] = DUCK_UTINYINT,         [ARROW_UINT16] = DUCK_USMALLINT,
        [ARROW_UINT32] = DUCK_UINTEGER,        [ARROW_UINT64] = DUCK_UBIGINT,
        [ARROW_FLOAT] = DUCK_FLOAT,            [ARROW_DOUBLE] = DUCK_DOUBLE,
        [ARROW_TEXT] = DUCK_VARCHAR,           [ARROW_JSON] = DUCK_VARCHAR,
        [ARROW_BINARY] = DUCK_BLOB,            [ARROW_UUID] = DUCK_UUID,
        [ARROW_DATE] = DUCK_DATE,              [ARROW_TIME] = DUCK_TIME,
        [ARROW_TIMESTAMP] = DUCK_TIMESTAMP,    [ARROW_TIMESTAMP_TZ] = DUCK_TIMESTAMP_TZ,
        [ARROW_INTERVAL] = DUCK_INTERVAL,
    };
    if (field->type == ARROW_DECIMAL)
        return duck->create_decimal_type(field->precision, field->scale);
    if (field->type != ARROW_LIST && field->type != ARROW_STRUCT) {
        DuckType type = duck->create_logical_type(ids[field->type]);
        if (field->type == ARROW_JSON)
            duck->logical_type_set_alias(type, "JSON");
        return type;
    }
    Arena arena = {0};
    DuckType *types = NEW_N(&arena, DuckType, field->child_count);
    const char **names = NEW_N(&arena, const char *, field->child_count);
    for (uint32_t i = 0; i < field->child_count; i++) {
        types[i] = duckdb_fill_type(duck, &field->children[i]);
        names[i] = str_c(&arena, field->children[i].name);
    }
    DuckType type = field->type == ARROW_LIST
                        ? duck->create_list_type(types[0])
                        : duck->create_struct_type(types, names, field->child_count);
    for (uint32_t i = 0; i < field->child_count; i++)
        duck->destroy_logical_type(&types[i]);
    arena_drop(&arena);
    return type;
}

/* ---- values ---- */

typedef struct Fill {
    const DuckAbi *duck;
    const Field *field;
    const struct ArrowArray *array;
    uint64_t from, count;        /* rows, from the array's own offset on */
    DuckVector vector;
} Fill;

static bool fail(const Fill *fill, const char *what, Err *err)
{
    return err_set(err, ERR_DATABASE, NOWHERE, "column '" STR_FMT "': %s",
                   STR_ARG(fill->field->name), what);
}

/* The first row's place in a buffer of `width` bytes a value. */
static const char *values_at(const Fill *fill, size_t width)
{
    const char *values = fill->array->buffers[1];
    return values + (fill->from + (uint64_t)fill->array->offset) * width;
}

static void fill_bools(const Fill *fill, bool *out)
{
    const uint8_t *bits = fill->array->buffers[1];
    uint64_t at = fill->from + (uint64_t)fill->array->offset;
    for (uint64_t i = 0; i < fill->count; i++, at++)
        out[i] = bits[at / 8] >> (at % 8) & 1;
}

static void fill_uuids(const Fill *fill, DuckHuge *out)
{
    const char *at = values_at(fill, 16);
    for (uint64_t i = 0; i < fill->count; i++, at += 16) {
        uint64_t halves[2];
        memcpy(halves, at, sizeof halves);
        out[i] = (DuckHuge){be64toh(halves[1]), be64toh(halves[0]) ^ (1ULL << 63)};
    }
}

/* 128 bits into what DuckDB keeps a precision in. */
static bool fill_decimals(const Fill *fill, void *out, Err *err)
{
    const char *at = values_at(fill, 16);
    unsigned precision = fill->field->precision;
    if (precision > 18) {
        memcpy(out, at, fill->count * 16);
        return true;
    }
    for (uint64_t i = 0; i < fill->count; i++, at += 16) {
        int64_t halves[2];
        memcpy(halves, at, sizeof halves);
        int64_t number = halves[0], kept = number;
        if (precision <= 4)
            kept = ((int16_t *)out)[i] = (int16_t)number;
        else if (precision <= 9)
            kept = ((int32_t *)out)[i] = (int32_t)number;
        else
            ((int64_t *)out)[i] = number;
        if ((kept != number || halves[1] != (number < 0 ? -1 : 0)) &&
            !array_is_null(fill->array, fill->from + i))
            return fail(fill, "a decimal has more digits than its type", err);
    }
    return true;
}

static bool fill_intervals(const Fill *fill, DuckInterval *out, Err *err)
{
    const char *at = values_at(fill, 16);
    for (uint64_t i = 0; i < fill->count; i++, at += 16) {
        int64_t ns;
        memcpy(&out[i].months, at, 4);
        memcpy(&out[i].days, at + 4, 4);
        memcpy(&ns, at + 8, 8);
        out[i].us = ns / 1000;
        if (ns % 1000 && !array_is_null(fill->array, fill->from + i))
            return fail(fill, "an interval is finer than a microsecond", err);
    }
    return true;
}

/* All below 0x80: then every cut of it is valid UTF-8. */
static bool is_ascii(const char *bytes, uint64_t len)
{
    uint64_t all = 0, i = 0;
    for (; i + 32 <= len; i += 32) {
        uint64_t words[4];
        memcpy(words, bytes + i, sizeof words);
        all |= words[0] | words[1] | words[2] | words[3];
    }
    for (; i < len; i++)
        all |= (unsigned char)bytes[i];
    return !(all & 0x8080808080808080);
}

static bool fill_bytes(const Fill *fill, DuckString *out, Err *err)
{
    const int32_t *offsets = (const int32_t *)values_at(fill, 4);
    const char *bytes = fill->array->buffers[2];
    uint64_t all = (uint64_t)(offsets[fill->count] - offsets[0]);
    bool is_checked = fill->field->type == ARROW_BINARY || is_ascii(bytes + offsets[0], all);
    for (uint64_t i = 0; i < fill->count; i++) {
        uint32_t len = (uint32_t)(offsets[i + 1] - offsets[i]);
        const char *at = bytes + offsets[i];
        if (!is_checked && utf8_find_invalid((Str){at, len}) >= 0)
            return fail(fill, "a text is not valid UTF-8", err);
        if (len <= sizeof out->inside.bytes) {
            out[i] = (DuckString){.inside = {.len = len}};
            memcpy(out[i].inside.bytes, at, len);
        } else {
            out[i].outside.len = len;
            memcpy(out[i].outside.prefix, at, sizeof out->outside.prefix);
            out[i].outside.at = at;
        }
    }
    return true;
}

/* ---- NULLs ---- */

/* A NULL of a struct is one in all of its fields too. */
static void set_null(const DuckAbi *duck, const Field *field, DuckVector vector, uint64_t row)
{
    duck->vector_ensure_validity_writable(vector);
    duck->vector_get_validity(vector)[row / 64] &= ~(1ULL << (row % 64));
    if (field->type == ARROW_STRUCT)
        for (uint32_t i = 0; i < field->child_count; i++)
            set_null(duck, &field->children[i], duck->struct_vector_get_child(vector, i), row);
}

static void fill_validity(const Fill *fill)
{
    const uint8_t *bits = fill->array->n_buffers ? fill->array->buffers[0] : NULL;
    bool is_null_type = fill->field->type == ARROW_NULL;
    if (!is_null_type && (!bits || fill->array->null_count == 0))
        return;
    uint64_t at = fill->from + (uint64_t)fill->array->offset;
    if (fill->field->type != ARROW_STRUCT && !is_null_type && at % 8 == 0) {
        fill->duck->vector_ensure_validity_writable(fill->vector);
        memcpy(fill->duck->vector_get_validity(fill->vector), bits + at / 8, (fill->count + 7) / 8);
        return;
    }
    for (uint64_t i = 0; i < fill->count; i++, at++)
        if (is_null_type || !(bits[at / 8] >> (at % 8) & 1))
            set_null(fill->duck, fill->field, fill->vector, i);
}

/* ---- nesting ---- */

static bool fill_list(const Fill *fill, DuckListEntry *out, Err *err)
{
    const DuckAbi *duck = fill->duck;
    const int32_t *offsets = (const int32_t *)values_at(fill, 4);
    uint64_t first = (uint64_t)offsets[0], count = (uint64_t)offsets[fill->count] - first;
    for (uint64_t i = 0; i < fill->count; i++)
        out[i] = (DuckListEntry){(uint64_t)offsets[i] - first,
                                 (uint64_t)(offsets[i + 1] - offsets[i])};
    duck->list_vector_reserve(fill->vector, count);
    duck->list_vector_set_size(fill->vector, count);
    return duckdb_fill(duck, &fill->field->children[0], fill->array->children[0], first, count,
                       duck->list_vector_get_child(fill->vector), err);
}

static bool fill_struct(const Fill *fill, Err *err)
{
    uint64_t from = fill->from + (uint64_t)fill->array->offset;
    for (uint32_t i = 0; i < fill->field->child_count; i++)
        TRY(duckdb_fill(fill->duck, &fill->field->children[i], fill->array->children[i], from,
                        fill->count, fill->duck->struct_vector_get_child(fill->vector, i), err));
    return true;
}

static bool fill_values(const Fill *fill, Err *err)
{
    static const uint8_t widths[ARROW_TYPE_COUNT] = {
#define AS_WIDTH(id, sql, bytes) [ARROW_##id] = bytes,
        ARROW_TYPES(AS_WIDTH)
#undef AS_WIDTH
    };
    void *out = fill->duck->vector_get_data(fill->vector);
    switch (fill->field->type) {
    case ARROW_NULL:
        return true;
    case ARROW_BOOL:
        fill_bools(fill, out);
        return true;
    case ARROW_DECIMAL:
        return fill_decimals(fill, out, err);
    case ARROW_UUID:
        fill_uuids(fill, out);
        return true;
    case ARROW_INTERVAL:
        return fill_intervals(fill, out, err);
    case ARROW_TEXT:
    case ARROW_JSON:
    case ARROW_BINARY:
        return fill_bytes(fill, out, err);
    case ARROW_LIST:
        return fill_list(fill, out, err);
    case ARROW_STRUCT:
        return fill_struct(fill, err);
    default: {
        size_t width = widths[fill->field->type];
        memcpy(out, values_at(fill, width), fill->count * width);
        return true;
    }
    }
}

bool duckdb_fill(const DuckAbi *duck, const Field *field, const struct ArrowArray *array,
                 uint64_t from, uint64_t count, DuckVector vector, Err *err)
{
    Fill fill = {duck, field, array, from, count, vector};
    if (!count)
        return true;
    TRY(fill_values(&fill, err));
    fill_validity(&fill);
    return true;
}
