/* duckdb_result.c: the engine's vectors as Values.
 *
 * Common types are read straight from the vector. The others (nested ones, blobs, bits, intervals,
 * ...) come as the text that the engine itself makes of them: their vector is handed back to it on
 * the side connection and cast to VARCHAR there. The statement is never run twice.
 */
#include <stdio.h>

#include "base/clock.h"
#include "engine/duckdb_base.h"

#define ROWS_MOST ((uint64_t)1 << 31)

/* One column while its vectors are read. */
typedef struct Column {
    DuckType type;
    int id;       /* logical type                                             */
    int storage;  /* physical type of a decimal or an enum                    */
    int scale;    /* of a decimal                                             */
    Str *words;   /* of an enum                                               */
    bool is_cast; /* its cells come by way of the side connection             */
} Column;

static int64_t read_int(const void *data, uint64_t row, int storage)
{
    switch (storage) {
    case DUCK_TINYINT:
        return ((const int8_t *)data)[row];
    case DUCK_SMALLINT:
        return ((const int16_t *)data)[row];
    case DUCK_INTEGER:
        return ((const int32_t *)data)[row];
    case DUCK_UTINYINT:
        return ((const uint8_t *)data)[row];
    case DUCK_USMALLINT:
        return ((const uint16_t *)data)[row];
    case DUCK_UINTEGER:
        return ((const uint32_t *)data)[row];
    default:
        return ((const int64_t *)data)[row];
    }
}

static Value text_value(Arena *arena, const char *at, size_t len)
{
    return value_text(str_copy(arena, (Str){at, len}));
}

/* Decimal digits of a 128-bit number, with `scale` of them behind the point. */
static Value huge_value(Arena *arena, unsigned __int128 magnitude, bool is_negative, int scale)
{
    char digits[48];
    size_t at = sizeof digits;
    int done = 0;
    do {
        digits[--at] = (char)('0' + (int)(magnitude % 10));
        magnitude /= 10;
        if (++done == scale)
            digits[--at] = '.';
    } while (magnitude || done < scale);
    /* "0.50" and "0.5" of scale 1: a zero before the point */
    if (digits[at] == '.')
        digits[--at] = '0';
    if (is_negative)
        digits[--at] = '-';
    return text_value(arena, digits + at, sizeof digits - at);
}

static unsigned __int128 joined(DuckHuge huge)
{
    return ((unsigned __int128)huge.upper << 64) | huge.lower;
}

/* A signed one; as an int where 64 bits hold it and there is no scale. */
static Value signed_value(Arena *arena, DuckHuge huge, int scale, bool is_int)
{
    bool is_negative = huge.upper >> 63;
    if (is_int && huge.upper == (huge.lower >> 63 ? UINT64_MAX : 0))
        return value_int((int64_t)huge.lower);
    unsigned __int128 bits = joined(huge);
    return huge_value(arena, is_negative ? -bits : bits, is_negative, scale);
}

static Value unsigned_value(Arena *arena, DuckHuge huge)
{
    if (!huge.upper && huge.lower <= INT64_MAX)
        return value_int((int64_t)huge.lower);
    return huge_value(arena, joined(huge), false, 0);
}

static Value decimal_value(Arena *arena, const Column *column, const void *data, uint64_t row)
{
    if (column->storage == DUCK_HUGEINT)
        return signed_value(arena, ((const DuckHuge *)data)[row], column->scale, false);
    int64_t number = read_int(data, row, column->storage);
    DuckHuge huge = {(uint64_t)number, number < 0 ? UINT64_MAX : 0};
    return signed_value(arena, huge, column->scale, false);
}

/* "2020-01-31", "0044-03-15 (BC)". Returns the length. */
static int date_print(int64_t days, char *out, size_t size)
{
    int64_t year;
    unsigned month, day;
    civil_of_days(days, &year, &month, &day);
    return snprintf(out, size, "%04lld-%02u-%02u%s", (long long)(year > 0 ? year : 1 - year), month,
                    day, year > 0 ? "" : " (BC)");
}

/* "10:00:00[.5]": zeros at the end of the fraction are not written. */
static int time_print(int64_t us, char *out, size_t size)
{
    int64_t second = us / 1000000;
    int fraction = (int)(us % 1000000);
    int len = snprintf(out, size, "%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60),
                       (int)(second % 60));
    if (fraction) {
        len += snprintf(out + len, size - (size_t)len, ".%06d", fraction);
        while (out[len - 1] == '0')
            len--;
    }
    return len;
}

static Value date_value(Arena *arena, int32_t days)
{
    if (days == INT32_MAX)
        return value_lit("infinity");
    if (days == -INT32_MAX)
        return value_lit("-infinity");
    char out[40];
    return text_value(arena, out, (size_t)date_print(days, out, sizeof out));
}

static Value timestamp_value(Arena *arena, int64_t us, bool has_zone)
{
    if (us == INT64_MAX)
        return value_lit("infinity");
    if (us == -INT64_MAX)
        return value_lit("-infinity");
    const int64_t day_us = (int64_t)86400 * 1000000;
    int64_t days = us / day_us - (us % day_us < 0);
    char out[80];
    int len = date_print(days, out, sizeof out);
    out[len++] = ' ';
    len += time_print(us - days * day_us, out + len, sizeof out - (size_t)len);
    if (has_zone)
        len += snprintf(out + len, sizeof out - (size_t)len, "+00");
    return text_value(arena, out, (size_t)len);
}

static Value time_value(Arena *arena, int64_t us)
{
    char out[40];
    return text_value(arena, out, (size_t)time_print(us, out, sizeof out));
}

static Value uuid_value(Arena *arena, DuckHuge bits)
{
    char out[40];
    uint64_t upper = bits.upper ^ ((uint64_t)1 << 63);
    int len =
        snprintf(out, sizeof out, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(upper >> 32),
                 (unsigned)(upper >> 16 & 0xffff), (unsigned)(upper & 0xffff),
                 (unsigned)(bits.lower >> 48), (unsigned long long)(bits.lower & 0xffffffffffff));
    return text_value(arena, out, (size_t)len);
}

static Value string_value(Arena *arena, const DuckString *string)
{
    return text_value(arena, string->len <= 12 ? string->inside.bytes : string->outside.at,
                      string->len);
}

static Value cell_value(Arena *arena, const Column *column, const void *data, uint64_t row)
{
    switch (column->id) {
    case DUCK_BOOLEAN:
        return value_bool(((const uint8_t *)data)[row] != 0);
    case DUCK_TINYINT:
    case DUCK_SMALLINT:
    case DUCK_INTEGER:
    case DUCK_BIGINT:
    case DUCK_UTINYINT:
    case DUCK_USMALLINT:
    case DUCK_UINTEGER:
        return value_int(read_int(data, row, column->id));
    case DUCK_UBIGINT:
        return unsigned_value(arena, (DuckHuge){((const uint64_t *)data)[row], 0});
    case DUCK_HUGEINT:
        return signed_value(arena, ((const DuckHuge *)data)[row], 0, true);
    case DUCK_UHUGEINT:
        return unsigned_value(arena, ((const DuckHuge *)data)[row]);
    case DUCK_FLOAT:
        return value_float(((const float *)data)[row]);
    case DUCK_DOUBLE:
        return value_float(((const double *)data)[row]);
    case DUCK_DECIMAL:
        return decimal_value(arena, column, data, row);
    case DUCK_DATE:
        return date_value(arena, ((const int32_t *)data)[row]);
    case DUCK_TIME:
        return time_value(arena, ((const int64_t *)data)[row]);
    case DUCK_TIMESTAMP:
    case DUCK_TIMESTAMP_TZ:
        return timestamp_value(arena, ((const int64_t *)data)[row],
                               column->id == DUCK_TIMESTAMP_TZ);
    case DUCK_UUID:
        return uuid_value(arena, ((const DuckHuge *)data)[row]);
    case DUCK_ENUM:
        return value_text(column->words[read_int(data, row, column->storage)]);
    default:
        return string_value(arena, &((const DuckString *)data)[row]);
    }
}

/* ---- columns ---- */

/* Does cell_value() read it? */
static bool is_read_directly(int id)
{
    switch (id) {
    case DUCK_BOOLEAN:
    case DUCK_TINYINT:
    case DUCK_SMALLINT:
    case DUCK_INTEGER:
    case DUCK_BIGINT:
    case DUCK_UTINYINT:
    case DUCK_USMALLINT:
    case DUCK_UINTEGER:
    case DUCK_UBIGINT:
    case DUCK_HUGEINT:
    case DUCK_UHUGEINT:
    case DUCK_FLOAT:
    case DUCK_DOUBLE:
    case DUCK_DECIMAL:
    case DUCK_DATE:
    case DUCK_TIME:
    case DUCK_TIMESTAMP:
    case DUCK_TIMESTAMP_TZ:
    case DUCK_UUID:
    case DUCK_ENUM:
    case DUCK_VARCHAR:
        return true;
    default:
        return false;
    }
}

/* Learns a column; its type is the caller's to destroy. */
static void column_init(const DuckAbi *duck, Arena *arena, DuckResult *result, uint32_t i,
                        Column *column, ResultColumn *shown)
{
    AUTO(text) Text name = {0};
    column->type = duck->column_logical_type(result, i);
    column->id = duck->get_type_id(column->type);
    column->is_cast = !is_read_directly(column->id);
    if (column->id == DUCK_DECIMAL) {
        column->storage = duck->decimal_internal_type(column->type);
        column->scale = duck->decimal_scale(column->type);
    } else if (column->id == DUCK_ENUM) {
        column->storage = duck->enum_internal_type(column->type);
        uint32_t count = duck->enum_dictionary_size(column->type);
        column->words = NEW_N(arena, Str, count ? count : 1);
        for (uint32_t word = 0; word < count; word++) {
            char *text = duck->enum_dictionary_value(column->type, word);
            column->words[word] = str_copy(arena, str_of(text));
            duck->free(text);
        }
    }
    duckdb_type_print(duck, column->type, &name);
    shown->name = str_copy(arena, str_of(duck->column_name(result, i)));
    shown->type = text_copy(arena, &name);
    shown->kind = duckdb_type_kind(column->id);
}

/* ---- cells ---- */

static bool is_null(const uint64_t *validity, uint64_t row)
{
    return validity && !(validity[row / 64] >> (row % 64) & 1);
}

/* Writes a column of `rows` cells, `stride` Values apart. */
static void read_vector(const DuckAbi *duck, Arena *arena, const Column *column, DuckVector vector,
                        uint64_t rows, Value *out, uint32_t stride)
{
    const void *data = duck->vector_get_data(vector);
    const uint64_t *validity = duck->vector_get_validity(vector);
    for (uint64_t row = 0; row < rows; row++, out += stride)
        *out = is_null(validity, row) ? NONE : cell_value(arena, column, data, row);
}

/* Hands a vector to the side connection, which casts it into the table of texts. */
static bool send_to_side(DuckInstance *instance, DuckType type, DuckVector vector, uint64_t rows,
                         Err *err)
{
    const DuckAbi *duck = instance->duck;
    DuckAppender appender = NULL;
    bool ok = duck->appender_create_query(instance->side,
                                          "insert into weir_cast "
                                          "select col1::varchar from appended_data",
                                          1, &type, NULL, NULL, &appender) == DUCK_OK;
    if (ok) {
        DuckChunk chunk = duck->create_data_chunk(&type, 1);
        duck->vector_reference_vector(duck->data_chunk_get_vector(chunk, 0), vector);
        duck->data_chunk_set_size(chunk, rows);
        ok = duck->append_data_chunk(appender, chunk) == DUCK_OK &&
             duck->appender_close(appender) == DUCK_OK;
        duck->destroy_data_chunk(&chunk);
    }
    if (!ok) {
        DuckErrorData error = appender ? duck->appender_error_data(appender) : NULL;
        duckdb_fail(0, error ? duck->error_data_message(error) : NULL, false, err);
        duck->destroy_error_data(&error);
    }
    duck->appender_destroy(&appender);
    return ok;
}

/* Fetches the texts back, in order. */
static bool read_from_side(DuckInstance *instance, Arena *arena, uint64_t rows, Value *out,
                           uint32_t stride, Err *err)
{
    static const Column texts = {.id = DUCK_VARCHAR};
    const DuckAbi *duck = instance->duck;
    DuckResult result;
    if (duck->query(instance->side, "from weir_cast", &result) != DUCK_OK)
        return duckdb_fail_result(duck, &result, false, err);
    uint64_t done = 0;
    for (DuckChunk chunk; done < rows && (chunk = duck->fetch_chunk(result));) {
        uint64_t size = duck->data_chunk_get_size(chunk);
        read_vector(duck, arena, &texts, duck->data_chunk_get_vector(chunk, 0), size,
                    out + done * stride, stride);
        done += size;
        duck->destroy_data_chunk(&chunk);
    }
    duck->destroy_result(&result);
    return done == rows ||
           err_set(err, ERR_INTERNAL, NOWHERE, "the engine gave %llu of %llu texts back",
                   (unsigned long long)done, (unsigned long long)rows);
}

/* A column of any type as the engine's texts. The lock is held over the two statements: they are
 * small, and the connection is one. */
static bool cast_vector(DuckInstance *instance, Arena *arena, DuckType type, DuckVector vector,
                        uint64_t rows, Value *out, uint32_t stride, Err *err)
{
    lock_take(&instance->side_lock);
    bool ok = duckdb_run(instance->duck, instance->side,
                         "create or replace temp table weir_cast (cell varchar)", err) &&
              send_to_side(instance, type, vector, rows, err) &&
              read_from_side(instance, arena, rows, out, stride, err);
    lock_give(&instance->side_lock);
    return ok;
}

/* Adds the first `rows` rows of a chunk. */
static bool read_chunk(DuckInstance *instance, Arena *arena, const Column *columns, DuckChunk chunk,
                       uint64_t rows, uint64_t *room, Result *out, Err *err)
{
    uint32_t width = out->column_count;
    if (out->row_count + rows > *room) {
        uint64_t wanted = *room * 2 > out->row_count + rows ? *room * 2 : out->row_count + rows;
        out->cells = arena_grow(arena, out->cells, *room * width * sizeof(Value),
                                wanted * width * sizeof(Value), _Alignof(Value));
        *room = wanted;
    }
    for (uint32_t i = 0; i < width; i++) {
        DuckVector vector = instance->duck->data_chunk_get_vector(chunk, i);
        Value *cells = out->cells + out->row_count * width + i;
        if (columns[i].is_cast)
            TRY(cast_vector(instance, arena, columns[i].type, vector, rows, cells, width, err));
        else
            read_vector(instance->duck, arena, &columns[i], vector, rows, cells, width);
    }
    out->row_count += rows;
    return true;
}

/* Fetches until the limit is passed; one more row than that is asked for, to tell is_cut. */
static bool read_rows(DuckInstance *instance, Arena *arena, const Column *columns,
                      DuckResult *result, uint64_t limit, const atomic_bool *is_interrupted,
                      Result *out, Err *err)
{
    const DuckAbi *duck = instance->duck;
    uint64_t room = 0;
    bool ok = true;
    while (ok && !out->is_cut) {
        DuckChunk chunk = duck->fetch_chunk(*result);
        if (!chunk)
            break;
        uint64_t size = duck->data_chunk_get_size(chunk), left = limit - out->row_count;
        out->is_cut = size > left;
        if (out->row_count + size > ROWS_MOST)
            ok = err_set(err, ERR_TOO_BIG, NOWHERE, "the statement gives more than %llu rows",
                         (unsigned long long)ROWS_MOST);
        else if (size && left)
            ok = read_chunk(instance, arena, columns, chunk, size < left ? size : left, &room, out,
                            err);
        duck->destroy_data_chunk(&chunk);
    }
    const char *message = ok ? duck->result_error(result) : NULL;
    if (message && *message)
        return duckdb_fail(duck->result_error_type(result), message, atomic_load(is_interrupted),
                           err);
    return ok;
}

bool duckdb_result_read(DuckInstance *instance, Arena *arena, DuckResult *result, uint64_t limit,
                        const atomic_bool *is_interrupted, Result *out, Err *err)
{
    const DuckAbi *duck = instance->duck;
    *out = (Result){.changed = -1, .column_count = (uint32_t)duck->column_count(result)};
    if (duck->result_return_type(*result) == DUCK_RESULT_CHANGED_ROWS)
        out->changed = (int64_t)duck->rows_changed(result);
    out->columns = NEW_N(arena, ResultColumn, out->column_count + 1);
    Column *columns = NEW_N(arena, Column, out->column_count + 1);
    for (uint32_t i = 0; i < out->column_count; i++)
        column_init(duck, arena, result, i, &columns[i], &out->columns[i]);
    bool ok = read_rows(instance, arena, columns, result, limit, is_interrupted, out, err);
    for (uint32_t i = 0; i < out->column_count; i++)
        duck->destroy_logical_type(&columns[i].type);
    duck->destroy_result(result);
    return ok;
}

bool duckdb_result_drain(const DuckAbi *duck, DuckResult *result, const atomic_bool *is_interrupted,
                         Err *err)
{
    for (DuckChunk chunk; (chunk = duck->fetch_chunk(*result));)
        duck->destroy_data_chunk(&chunk);
    const char *message = duck->result_error(result);
    if (message && *message)
        return duckdb_fail_result(duck, result, atomic_load(is_interrupted), err);
    duck->destroy_result(result);
    return true;
}
