/* postgres_decode.c: COPY's binary form, row by row, straight into the columns of a Builder.
 *
 *   header  "PGCOPY\n\377\r\n\0" flags:4 extension:4
 *   row     count:2 { length:4 (-1 NULL) bytes }...        numbers are big-endian
 *   end     -1:2
 *
 * Source: PostgreSQL's manual, COPY, "Binary Format"; forms of the values: its types' send
 * functions. This is the hot path of reading: one switch a value, no memory of its own.
 */
#include "engine/postgres_base.h"

#define EPOCH_DAYS ((int64_t)10957) /* 2000-01-01 since 1970-01-01 */
#define EPOCH_US   (EPOCH_DAYS * 86400 * 1000000)

enum { HEADER_BYTES = 19, SIGNATURE_BYTES = 11, LIST_MOST = 1 << 27 };

/* How a column's values are read. */
typedef struct Reader {
    PgWire wire, item_wire;
    TypeId type;
    uint8_t scale;
    uint32_t item_oid;
    unsigned __int128 limit; /* 10 ^ precision of a DECIMAL */
    int64_t least, most;     /* of whole numbers narrower than they come */
    bool is_checked;
    ColumnBuilder *column;
    struct Reader *item;
} Reader;

struct PgDecoder {
    const PgPlan *plan;
    Builder *builder;
    Reader *readers;
    uint32_t count;
    uint64_t rows, bytes; /* in the builder, as they came */
    uint64_t batch_bytes;
    bool has_header, is_over;
};

/* ---- bytes ---- */

static inline uint16_t read_u16(const uint8_t *at)
{
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return __builtin_bswap16(number);
}

static inline uint32_t read_u32(const uint8_t *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return __builtin_bswap32(number);
}

static inline uint64_t read_u64(const uint8_t *at)
{
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return __builtin_bswap64(number);
}

/* ---- numeric ---- */

/* clang-format off */
static const uint64_t tens[] = {
    1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u,
    10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
    1000000000000000u, 10000000000000000u, 100000000000000000u, 1000000000000000000u,
};
/* clang-format on */

static unsigned __int128 power_of_ten(unsigned exponent)
{
    return exponent < COUNT_OF(tens) ? tens[exponent]
           : exponent <= 36          ? (unsigned __int128)tens[18] * tens[exponent - 18]
                                     : (unsigned __int128)tens[18] * tens[18] * tens[exponent - 36];
}

#define TOO_FINE  "has more digits behind the point than the type holds"
#define TOO_LARGE "has more digits than the type holds"

/* value * by + more, where that is below the limit. */
static bool scale_up(unsigned __int128 *value, unsigned __int128 by, uint32_t more,
                     unsigned __int128 limit)
{
    if (*value > (limit - 1) / by)
        return false;
    *value = *value * by + more;
    return *value < limit;
}

/* Up to four groups of four digits: all in 64 bits, one division at most, by a small number. */
static bool read_small_numeric(const uint8_t *digits, unsigned count, int shift, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i + 1 < count; i++)
        value = value * 10000 + read_u16(digits + 2 * i);
    uint32_t last = read_u16(digits + 2 * (count - 1));
    if (shift >= 0) {
        *out = (value * 10000 + last) * tens[shift];
        return true;
    }
    uint32_t by = (uint32_t)tens[-shift];
    *out = value * tens[4 + shift] + last / by;
    return last % by == 0;
}

/* Any number of groups. NULL, or why it does not fit. */
static const char *read_large_numeric(const uint8_t *digits, unsigned count, int shift,
                                      unsigned __int128 limit, unsigned __int128 *out)
{
    unsigned __int128 value = 0;
    while (count && read_u16(digits + 2 * (count - 1)) == 0) { /* zeros at the end say nothing */
        count--;
        shift += 4;
    }
    if (!count) {
        *out = 0;
        return NULL;
    }
    if (shift <= -4)
        return TOO_FINE;
    for (unsigned i = 0; i + 1 < count; i++)
        if (!scale_up(&value, 10000, read_u16(digits + 2 * i), limit))
            return TOO_LARGE;
    uint32_t last = read_u16(digits + 2 * (count - 1));
    uint32_t by = (uint32_t)tens[shift < 0 ? -shift : 0];
    if (last % by != 0)
        return TOO_FINE;
    if (!scale_up(&value, tens[shift < 0 ? 4 + shift : 4], last / by, limit))
        return TOO_LARGE;
    if (shift > 0 && (shift > 38 || !scale_up(&value, power_of_ten((unsigned)shift), 0, limit)))
        return TOO_LARGE;
    *out = value;
    return NULL;
}

/* The value of a numeric with `scale` digits behind the point. NULL, or why it does not fit. */
static const char *read_numeric(const uint8_t *at, uint32_t len, unsigned scale,
                                unsigned __int128 limit, __int128 *out)
{
    if (len < 8)
        return "is cut off";
    unsigned count = read_u16(at), sign = read_u16(at + 4);
    int weight = (int16_t)read_u16(at + 2);
    if (len != 8 + 2 * count)
        return "is cut off";
    if (sign == 0xC000)
        return "is NaN";
    if (sign == 0xD000 || sign == 0xF000)
        return "is infinite";
    int shift = 4 * (weight - (int)count + 1) + (int)scale;
    unsigned __int128 value = 0;
    uint64_t small;
    if (count == 0) {
        *out = 0;
        return NULL;
    }
    if (count <= 4 && shift >= -3 && shift <= 3 && (count < 4 || shift <= 2)) {
        if (!read_small_numeric(at + 8, count, shift, &small))
            return TOO_FINE;
        value = small;
        if (value >= limit)
            return TOO_LARGE;
    } else {
        const char *why = read_large_numeric(at + 8, count, shift, limit, &value);
        if (why)
            return why;
    }
    *out = sign == 0x4000 ? -(__int128)value : (__int128)value;
    return NULL;
}

/* ---- values ---- */

#define LEN_TEXT "came in another form than its type has (was the table altered meanwhile?)"

static const char *add_whole(const Reader *reader, int64_t number)
{
    if (number < reader->least || number > reader->most)
        return "is out of the range of the type";
    if (reader->type == ARROW_UINT64)
        column_add_uint(reader->column, (uint64_t)number);
    else
        column_add_int(reader->column, number);
    return NULL;
}

static const char *add_numeric(const Reader *reader, const uint8_t *at, uint32_t len)
{
    __int128 number;
    const char *why = read_numeric(at, len, reader->scale, reader->limit, &number);
    if (why)
        return why;
    if (reader->type == ARROW_DECIMAL)
        column_add_decimal(reader->column, number);
    else if (reader->type == ARROW_UINT64 && number >= 0 && number <= UINT64_MAX)
        column_add_uint(reader->column, (uint64_t)number);
    else if (reader->type != ARROW_UINT64 && number >= reader->least && number <= reader->most)
        column_add_int(reader->column, (int64_t)number);
    else
        return "is out of the range of the type";
    return NULL;
}

static const char *add_instant(const Reader *reader, int64_t us)
{
    if (us == INT64_MAX || us == INT64_MIN)
        return "is infinite";
    int64_t since_1970;
    if (__builtin_add_overflow(us, EPOCH_US, &since_1970))
        return "lies beyond the year 294246";
    column_add_int(reader->column, since_1970);
    return NULL;
}

static const char *add_date(const Reader *reader, int32_t days)
{
    if (days == INT32_MAX || days == INT32_MIN)
        return "is infinite";
    return add_whole(reader, days + EPOCH_DAYS);
}

static const char *add_interval(const Reader *reader, const uint8_t *at)
{
    int64_t us = (int64_t)read_u64(at), nanoseconds;
    int32_t days = (int32_t)read_u32(at + 8), months = (int32_t)read_u32(at + 12);
    if (__builtin_mul_overflow(us, (int64_t)1000, &nanoseconds))
        return "has more hours than nanoseconds in 64 bits hold";
    column_add_interval(reader->column, months, days, nanoseconds);
    return NULL;
}

static const char *add_bytes(const Reader *reader, const uint8_t *at, uint32_t len)
{
    Str bytes = {(const char *)at, len};
    if (reader->is_checked && reader->type != ARROW_BINARY && utf8_find_invalid(bytes) >= 0)
        return "is not valid UTF-8";
    column_add_bytes(reader->column, bytes);
    return NULL;
}

static const char *add_array(const Reader *reader, const uint8_t *at, uint32_t len);

/* One value that is not NULL. NULL, or why it cannot be carried. */
static inline const char *add_value(const Reader *reader, const uint8_t *at, uint32_t len)
{
    static const uint8_t lengths[] = {
        [WIRE_BOOL] = 1,    [WIRE_INT2] = 2,  [WIRE_INT4] = 4,      [WIRE_INT8] = 8,
        [WIRE_UINT4] = 4,   [WIRE_UINT8] = 8, [WIRE_FLOAT4] = 4,    [WIRE_FLOAT8] = 8,
        [WIRE_UUID] = 16,   [WIRE_DATE] = 4,  [WIRE_TIME] = 8,      [WIRE_TIMESTAMP] = 8,
        [WIRE_ARRAY] = 0,   [WIRE_BYTES] = 0, [WIRE_INTERVAL] = 16, [WIRE_JSONB] = 0,
        [WIRE_NUMERIC] = 0,
    };
    if (lengths[reader->wire] && lengths[reader->wire] != len)
        return LEN_TEXT;
    switch (reader->wire) {
    case WIRE_BOOL:
        column_add_bool(reader->column, *at != 0);
        return NULL;
    case WIRE_INT2:
        return add_whole(reader, (int16_t)read_u16(at));
    case WIRE_INT4:
        return add_whole(reader, (int32_t)read_u32(at));
    case WIRE_INT8:
        return add_whole(reader, (int64_t)read_u64(at));
    case WIRE_UINT4:
        column_add_uint(reader->column, read_u32(at));
        return NULL;
    case WIRE_UINT8:
        column_add_uint(reader->column, read_u64(at));
        return NULL;
    case WIRE_FLOAT4: {
        uint32_t bits = read_u32(at);
        float real;
        memcpy(&real, &bits, sizeof real);
        column_add_double(reader->column, (double)real);
        return NULL;
    }
    case WIRE_FLOAT8: {
        uint64_t bits = read_u64(at);
        double real;
        memcpy(&real, &bits, sizeof real);
        column_add_double(reader->column, real);
        return NULL;
    }
    case WIRE_NUMERIC:
        return add_numeric(reader, at, len);
    case WIRE_BYTES:
        return add_bytes(reader, at, len);
    case WIRE_JSONB:
        return len && *at == 1 ? add_bytes(reader, at + 1, len - 1) : LEN_TEXT;
    case WIRE_UUID:
        column_add_bytes(reader->column, (Str){(const char *)at, len});
        return NULL;
    case WIRE_DATE:
        return add_date(reader, (int32_t)read_u32(at));
    case WIRE_TIME:
        return add_whole(reader, (int64_t)read_u64(at));
    case WIRE_TIMESTAMP:
        return add_instant(reader, (int64_t)read_u64(at));
    case WIRE_INTERVAL:
        return add_interval(reader, at);
    case WIRE_ARRAY:
        return add_array(reader, at, len);
    }
    return LEN_TEXT;
}

/* dimensions:4 has_nulls:4 type:4 { count:4 lower_bound:4 }... { length:4 bytes }... */
static const char *add_array(const Reader *reader, const uint8_t *at, uint32_t len)
{
    const uint8_t *end = at + len;
    if (len < 12)
        return LEN_TEXT;
    uint32_t dimensions = read_u32(at), item_oid = read_u32(at + 8), count = 0;
    if (reader->item_oid && item_oid != reader->item_oid)
        return LEN_TEXT;
    if (dimensions > 1)
        return "has more than one dimension";
    at += 12;
    if (dimensions == 1) {
        if (end - at < 8)
            return LEN_TEXT;
        count = read_u32(at);
        if (read_u32(at + 4) != 1)
            return "does not begin at 1";
        at += 8;
    }
    if (count > LIST_MOST)
        return LEN_TEXT;
    for (uint32_t i = 0; i < count; i++) {
        if (end - at < 4)
            return LEN_TEXT;
        int32_t size = (int32_t)read_u32(at);
        at += 4;
        const char *why = NULL;
        if (size > end - at)
            return LEN_TEXT;
        if (size < 0)
            column_add_null(reader->item->column);
        else
            why = add_value(reader->item, at, (uint32_t)size);
        if (why)
            return why;
        at += size < 0 ? 0 : size;
    }
    column_end_list(reader->column);
    return at == end ? NULL : LEN_TEXT;
}

/* ---- rows ---- */

/* " of id 17" of a key's value, as far as its form is easily printed. */
static void print_key_value(const PgColumn *column, const uint8_t *at, int32_t len, Text *out)
{
    text_print(out, "%s" STR_FMT " ", out->len ? ", " : "", STR_ARG(column->name));
    if (column->wire == WIRE_INT2 && len == 2)
        text_add_int(out, (int16_t)read_u16(at));
    else if (column->wire == WIRE_INT4 && len == 4)
        text_add_int(out, (int32_t)read_u32(at));
    else if (column->wire == WIRE_INT8 && len == 8)
        text_add_int(out, (int64_t)read_u64(at));
    else if (column->wire == WIRE_BYTES && column->field.type == ARROW_TEXT && len >= 0)
        text_add(out, str_slice((Str){(const char *)at, (size_t)len}, 0, 80));
    else
        text_add_char(out, '?');
}

/* The key of the row at `at`, whose fields were found whole. */
static void print_key(const PgPlan *plan, const uint8_t *at, Text *out)
{
    at += 2;
    for (uint32_t i = 0; i < plan->count; i++) {
        int32_t len = (int32_t)read_u32(at);
        at += 4;
        if (plan->columns[i].key >= 0)
            print_key_value(&plan->columns[i], at, len, out);
        at += len > 0 ? len : 0;
    }
}

static bool is_whole_row(const uint8_t *at, size_t len, uint32_t count)
{
    const uint8_t *end = at + len;
    at += 2;
    for (uint32_t i = 0; i < count; i++) {
        if (end - at < 4)
            return false;
        int32_t size = (int32_t)read_u32(at);
        at += 4;
        if (size > end - at)
            return false;
        at += size > 0 ? size : 0;
    }
    return at == end;
}

static bool fail_value(const PgDecoder *decoder, uint32_t column, const uint8_t *row, size_t len,
                       const char *why, Err *err)
{
    const PgColumn *what = &decoder->plan->columns[column];
    Arena arena = {0};
    AUTO(text) Text key = {0}, type = {0};
    if (is_whole_row(row, len, decoder->count))
        print_key(decoder->plan, row, &key);
    field_print_type(&what->field, &type);
    err_set(err, ERR_DATABASE, NOWHERE,
            "column " STR_FMT ": a value of the type " STR_FMT
            " %s%s%s%s; it cannot be carried as %s."
            " As a text it can: " STR_FMT,
            STR_ARG(what->name), STR_ARG(what->source_type), why, key.len ? " (row with " : "",
            key.len ? key.at : "", key.len ? ")" : "", type.at,
            STR_ARG(database_hint_text(&arena, what->name, "varchar")));
    arena_drop(&arena);
    return false;
}

static bool fail_form(Err *err)
{
    return err_set(err, ERR_DATABASE, NOWHERE,
                   "the server's COPY data has another form than expected "
                   "(was the table altered meanwhile?)");
}

static bool decode_row(PgDecoder *decoder, const uint8_t *row, size_t len, Err *err)
{
    const uint8_t *at = row + 2, *end = row + len;
    uint32_t count = decoder->count;
    if (read_u16(row) != count)
        return fail_form(err);
    for (uint32_t i = 0; i < count; i++) {
        const Reader *reader = &decoder->readers[i];
        if (end - at < 4)
            return fail_form(err);
        int32_t size = (int32_t)read_u32(at);
        at += 4;
        if (size < 0) {
            column_add_null(reader->column);
            continue;
        }
        if (size > end - at)
            return fail_form(err);
        const char *why = add_value(reader, at, (uint32_t)size);
        if (why)
            return fail_value(decoder, i, row, len, why, err);
        at += size;
    }
    decoder->rows++;
    decoder->bytes += len;
    return at == end || fail_form(err);
}

bool postgres_decode(PgDecoder *decoder, const char *data, size_t len, Err *err)
{
    const uint8_t *at = (const uint8_t *)data;
    if (!decoder->has_header) {
        if (len < HEADER_BYTES || memcmp(at, "PGCOPY\n\377\r\n\0", SIGNATURE_BYTES) != 0)
            return fail_form(err);
        uint32_t extension = read_u32(at + HEADER_BYTES - 4);
        if (extension > len - HEADER_BYTES)
            return fail_form(err);
        at += HEADER_BYTES + extension;
        len -= HEADER_BYTES + extension;
        decoder->has_header = true;
        if (!len)
            return true;
    }
    if (decoder->is_over || len < 2)
        return fail_form(err);
    if (read_u16(at) == 0xffff) {
        decoder->is_over = true;
        return len == 2 || fail_form(err);
    }
    return decode_row(decoder, at, len, err);
}

/* ---- life ---- */

static void set_range(Reader *reader)
{
    static const struct {
        TypeId type;
        int64_t least, most;
    } ranges[] = {
        {ARROW_INT8, INT8_MIN, INT8_MAX},    {ARROW_INT16, INT16_MIN, INT16_MAX},
        {ARROW_INT32, INT32_MIN, INT32_MAX}, {ARROW_UINT8, 0, UINT8_MAX},
        {ARROW_UINT16, 0, UINT16_MAX},       {ARROW_UINT32, 0, UINT32_MAX},
        {ARROW_UINT64, 0, INT64_MAX},        {ARROW_DATE, INT32_MIN, INT32_MAX},
        {ARROW_TIME, 0, 86400ll * 1000000},
    };
    reader->least = INT64_MIN;
    reader->most = INT64_MAX;
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (ranges[i].type == reader->type) {
            reader->least = ranges[i].least;
            reader->most = ranges[i].most;
        }
}

static void reader_init(Arena *arena, Reader *reader, const PgColumn *column, const Field *field,
                        PgWire wire, ColumnBuilder *into, bool is_checked)
{
    *reader = (Reader){.wire = wire,
                       .type = field->type,
                       .scale = field->scale,
                       .column = into,
                       .is_checked = is_checked,
                       .item_oid = column->item_oid};
    reader->limit = power_of_ten(field->type == ARROW_DECIMAL ? field->precision : 38);
    set_range(reader);
    if (wire == WIRE_ARRAY) {
        reader->item = NEW(arena, Reader);
        reader_init(arena, reader->item, column, &field->children[0], column->item_wire,
                    column_child(into, 0), is_checked);
    }
}

PgDecoder *postgres_decoder_make(Arena *arena, const PgPlan *plan, uint64_t batch_bytes,
                                 bool is_checked)
{
    PgDecoder *decoder = NEW(arena, PgDecoder);
    decoder->batch_bytes = batch_bytes;
    decoder->plan = plan;
    decoder->count = plan->count;
    decoder->builder = builder_make(arena, &plan->schema);
    decoder->readers = NEW_N(arena, Reader, plan->count);
    for (uint32_t i = 0; i < plan->count; i++)
        reader_init(arena, &decoder->readers[i], &plan->columns[i], &plan->columns[i].field,
                    plan->columns[i].wire, builder_column(decoder->builder, i), is_checked);
    return decoder;
}

void postgres_decoder_begin(PgDecoder *decoder)
{
    decoder->has_header = decoder->is_over = false;
}

bool postgres_decoder_is_full(const PgDecoder *decoder)
{
    return decoder->rows >= DATABASE_BATCH_ROWS || decoder->bytes >= decoder->batch_bytes;
}

uint64_t postgres_decoder_rows(const PgDecoder *decoder)
{
    return decoder->rows;
}

void postgres_decoder_finish(PgDecoder *decoder, Batch *out)
{
    builder_finish(decoder->builder, out);
    decoder->rows = decoder->bytes = 0;
}
