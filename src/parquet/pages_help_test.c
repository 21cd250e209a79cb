/* Reads pages back, slowly: a bit at a time, after the text of the format. */
#include "parquet/pages_help_test.h"

#include "base/file.h"

typedef struct Bytes {
    const uint8_t *at, *end;
} Bytes;

static uint8_t next_byte(Bytes *bytes)
{
    assert_true(bytes->at < bytes->end);
    return *bytes->at++;
}

static uint64_t next_varint(Bytes *bytes)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = next_byte(bytes);
        number |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return number;
    }
}

static int64_t next_zigzag(Bytes *bytes)
{
    uint64_t number = next_varint(bytes);
    return number & 1 ? -(int64_t)(number / 2) - 1 : (int64_t)(number / 2);
}

static uint64_t bits_at(const uint8_t *at, uint64_t bit, unsigned width)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < width; i++, bit++)
        number |= (uint64_t)(at[bit / 8] >> (bit % 8) & 1) << i;
    return number;
}

/* `count` numbers of the RLE / bit-packing hybrid. */
static uint32_t *read_hybrid(Arena *arena, Bytes *bytes, unsigned width, uint64_t count)
{
    uint32_t *out = NEW_N(arena, uint32_t, count + 1);
    for (uint64_t done = 0; done < count;) {
        uint64_t head = next_varint(bytes);
        assert_true(head > 1);
        if (head & 1) {
            uint64_t groups = head >> 1;
            assert_true(groups * width <= (uint64_t)(bytes->end - bytes->at));
            for (uint64_t i = 0; i < groups * 8 && done < count; i++)
                out[done++] = (uint32_t)bits_at(bytes->at, i * width, width);
            bytes->at += groups * width;
        } else {
            uint32_t value = 0;
            for (unsigned i = 0; i < (width + 7) / 8; i++)
                value |= (uint32_t)next_byte(bytes) << (8 * i);
            assert_true(done + (head >> 1) <= count);
            for (uint64_t i = 0; i < head >> 1; i++)
                out[done++] = value;
        }
    }
    return out;
}

/* DELTA_BINARY_PACKED. */
static uint64_t *read_delta(Arena *arena, Bytes *bytes, uint64_t count)
{
    uint64_t *out = NEW_N(arena, uint64_t, count + 1);
    uint64_t block = next_varint(bytes), parts = next_varint(bytes);
    assert_true(block % 128 == 0 && parts && block / parts % 32 == 0);
    assert_int_equal(next_varint(bytes), count);
    out[0] = (uint64_t)next_zigzag(bytes);
    for (uint64_t done = 1; done < count;) {
        uint64_t least = (uint64_t)next_zigzag(bytes);
        const uint8_t *widths = bytes->at;
        bytes->at += parts;
        for (uint64_t part = 0; part < parts; part++) {
            if (done >= count) {
                assert_int_equal(widths[part], 0);
                continue;
            }
            assert_true(widths[part] <= 64);
            for (uint64_t i = 0; i < block / parts && done < count; i++, done++)
                out[done] = out[done - 1] + least +
                            bits_at(bytes->at, i * widths[part], widths[part]);
            bytes->at += block / parts * widths[part] / 8;
            assert_true(bytes->at <= bytes->end);
        }
    }
    return out;
}

static Str take(Arena *arena, Bytes *bytes, uint64_t len)
{
    assert_true(len <= (uint64_t)(bytes->end - bytes->at));
    Str copy = str_copy(arena, (Str){(const char *)bytes->at, len});
    bytes->at += len;
    return copy;
}

static uint32_t width_of(const ParquetFile *file, uint32_t column)
{
    Layout layout;
    assert_true(layout_of(&file->schema.fields[column], &layout));
    return layout.width;
}

static Str *read_plain(Arena *arena, Bytes *bytes, const ParquetFile *file, uint32_t column,
                       uint64_t count)
{
    Str *out = NEW_N(arena, Str, count + 1);
    TypeId type = file->schema.fields[column].type;
    uint32_t width = width_of(file, column);
    const uint8_t *bits = bytes->at;
    for (uint64_t i = 0; i < count; i++) {
        if (type == ARROW_BOOL) {
            out[i] = str_copy(arena, bits_at(bits, i, 1) ? STR("\1") : (Str){"\0", 1});
        } else if (width) {
            out[i] = take(arena, bytes, width);
        } else {
            uint32_t len;
            memcpy(&len, take(arena, bytes, 4).at, 4);
            out[i] = take(arena, bytes, len);
        }
    }
    if (type == ARROW_BOOL)
        bytes->at += (count + 7) / 8;
    return out;
}

static Str *read_values(Arena *arena, Bytes *bytes, const ParquetFile *file, uint32_t column,
                        int64_t encoding, uint64_t count, const Str *terms, uint64_t term_count)
{
    if (encoding == ENCODING_PLAIN)
        return read_plain(arena, bytes, file, column, count);
    Str *out = NEW_N(arena, Str, count + 1);
    if (encoding == ENCODING_DICTIONARY) {
        unsigned width = next_byte(bytes);
        assert_true(terms && width <= 32);
        uint32_t *numbers = read_hybrid(arena, bytes, width, count);
        for (uint64_t i = 0; i < count; i++) {
            assert_true(numbers[i] < term_count);
            out[i] = terms[numbers[i]];
        }
        return out;
    }
    uint64_t *numbers = read_delta(arena, bytes, count);
    assert_true(encoding == ENCODING_DELTA || encoding == ENCODING_DELTA_LENGTH);
    for (uint64_t i = 0; i < count; i++)
        out[i] = encoding == ENCODING_DELTA
                     ? str_copy(arena, (Str){(const char *)&numbers[i], width_of(file, column)})
                     : take(arena, bytes, (uint32_t)numbers[i]);
    return out;
}

/* ---- pages ---- */

typedef struct Head {
    int64_t kind, plain, packed, values, nulls, rows, encoding, level_bytes, level_encoding;
    bool is_packed;
} Head;

static void read_head_fields(ThriftReader *reader, Head *out)
{
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        if (wire == WIRE_TRUE || wire == WIRE_FALSE) {
            out->is_packed = wire == WIRE_TRUE;
            continue;
        }
        int64_t number = thrift_read_int(reader, wire);
        if (id == 1)
            out->values = number;
        else if (out->kind == PAGE_DATA_V2)
            *(id == 2 ? &out->nulls : id == 3 ? &out->rows : id == 4 ? &out->encoding
              : id == 5 ? &out->level_bytes : &(int64_t){0}) = number;
        else
            *(id == 2 ? &out->encoding : &out->level_encoding) = number;
    }
    thrift_leave(reader, before);
}

static Head read_head(Bytes *bytes)
{
    Head head = {.kind = -1};
    ThriftReader reader = {.at = bytes->at, .end = bytes->end};
    int id, wire;
    while (thrift_next(&reader, &id, &wire)) {
        if (wire == WIRE_STRUCT) {
            assert_int_equal(id, head.kind == PAGE_DATA ? 5 : head.kind == PAGE_DATA_V2 ? 8 : 7);
            read_head_fields(&reader, &head);
        } else {
            int64_t number = thrift_read_int(&reader, wire);
            *(id == 1 ? &head.kind : id == 2 ? &head.plain : &head.packed) = number;
        }
    }
    assert_false(reader.is_bad);
    bytes->at = reader.at;
    return head;
}

/* The `packed` bytes that are next, unpacked to `plain`. */
static Bytes unpack(Arena *arena, Bytes *bytes, uint64_t packed, uint64_t plain, bool is_packed)
{
    Err err = {0};
    Packer *packer;
    assert_true(packed <= (uint64_t)(bytes->end - bytes->at));
    Str stored = {(const char *)bytes->at, packed};
    bytes->at += packed;
    char *to = arena_take(arena, plain + 1, 1);
    if (is_packed) {
        assert_true(packer_make(arena, 0, &packer, &err));
        if (!packer_unpack(packer, stored, to, plain, &err))
            fail_msg("%s", err.text);
    } else {
        assert_int_equal(packed, plain);
        memcpy(to, stored.at, plain);
    }
    return (Bytes){(const uint8_t *)to, (const uint8_t *)to + plain};
}

static void add_cells(Arena *arena, Cells *out, const uint32_t *levels, uint64_t count,
                      const Str *values)
{
    if (out->count + count > out->room) {
        uint64_t room = (out->count + count) * 2;
        out->at = arena_grow(arena, out->at, out->room * sizeof(Str), room * sizeof(Str),
                             _Alignof(Str));
        out->room = room;
    }
    for (uint64_t i = 0, value = 0; i < count; i++)
        out->at[out->count++] = levels[i] ? values[value++] : STR_NONE;
}

static void read_data_page(Arena *arena, Bytes *bytes, const Head *head, bool is_zstd,
                           const ParquetFile *file, uint32_t column, const Str *terms,
                           uint64_t term_count, Cells *out)
{
    Bytes levels, values;
    if (head->kind == PAGE_DATA) {
        assert_int_equal(head->level_encoding, ENCODING_RLE);
        levels = unpack(arena, bytes, (uint64_t)head->packed, (uint64_t)head->plain, is_zstd);
        uint32_t len;
        memcpy(&len, levels.at, 4);
        levels.at += 4;
        values = (Bytes){levels.at + len, levels.end};
        levels.end = levels.at + len;
    } else {
        uint64_t len = (uint64_t)head->level_bytes;
        assert_int_equal(head->rows, head->values);
        levels = unpack(arena, bytes, len, len, false);
        values = unpack(arena, bytes, (uint64_t)head->packed - len, (uint64_t)head->plain - len,
                        is_zstd && head->is_packed);
        out->packed_pages += head->is_packed;
    }
    uint32_t *set = read_hybrid(arena, &levels, 1, (uint64_t)head->values);
    assert_ptr_equal(levels.at, levels.end);
    uint64_t value_count = 0;
    for (int64_t i = 0; i < head->values; i++)
        value_count += set[i];
    if (head->kind == PAGE_DATA_V2)
        assert_int_equal(head->nulls, (uint64_t)head->values - value_count);
    Str *found = read_values(arena, &values, file, column, head->encoding, value_count, terms,
                             term_count);
    assert_ptr_equal(values.at, values.end);
    add_cells(arena, out, set, (uint64_t)head->values, found);
    out->encodings |= 1u << head->encoding;
    out->page_kinds |= 1u << head->kind;
    out->pages++;
}

static int64_t order_of(TypeId type, Str a, Str b)
{
    union {
        int64_t number;
        uint64_t natural;
        double real;
        float narrow;
    } x = {0}, y = {0};
    bool is_wide = a.len == 8;
    if (type == ARROW_TEXT || type == ARROW_JSON || type == ARROW_BINARY)
        return str_compare(a, b);
    assert_int_equal(a.len, b.len);
    memcpy(&x, a.at, a.len);
    memcpy(&y, b.at, b.len);
    if (type == ARROW_DOUBLE)
        return (x.real > y.real) - (x.real < y.real);
    if (type == ARROW_FLOAT)
        return (x.narrow > y.narrow) - (x.narrow < y.narrow);
    if (type >= ARROW_UINT8 && type <= ARROW_UINT64)
        return (x.natural > y.natural) - (x.natural < y.natural);
    if (!is_wide && type != ARROW_BOOL) {
        x.number = (int32_t)x.natural;
        y.number = (int32_t)y.natural;
    }
    return (x.number > y.number) - (x.number < y.number);
}

/* The bounds hold for every value, and are values where they are said to be exact. */
static void check_bounds(const FileChunk *chunk, TypeId type, const Str *cells, uint64_t count)
{
    bool has_least = !chunk->is_least_exact, has_greatest = !chunk->is_greatest_exact;
    uint64_t nulls = 0;
    for (uint64_t i = 0; i < count; i++) {
        nulls += !cells[i].at;
        if (!cells[i].at || !chunk->least.at)
            continue;
        int64_t low = order_of(type, chunk->least, cells[i]);
        int64_t high = order_of(type, chunk->greatest, cells[i]);
        assert_true(low <= 0 && high >= 0);
        has_least |= low == 0;
        has_greatest |= high == 0;
    }
    assert_int_equal(chunk->null_count, nulls);
    if (chunk->least.at) {
        assert_true(has_least && has_greatest);
        if (type == ARROW_TEXT || type == ARROW_JSON)
            assert_true(utf8_find_invalid(chunk->least) < 0 &&
                        utf8_find_invalid(chunk->greatest) < 0);
    }
}

void read_chunk_cells(Arena *arena, Str content, const ParquetFile *file, uint32_t group,
                      uint32_t column, Cells *out)
{
    const FileChunk *chunk = &file->groups[group].chunks[column];
    const uint8_t *start = (const uint8_t *)content.at + chunk->begins_at;
    Bytes bytes = {start, start + chunk->packed_bytes};
    Str *terms = NULL;
    uint64_t term_count = 0, from = out->count, plain_bytes = 0;
    uint32_t encodings_before = out->encodings;
    out->encodings = 0;
    while (bytes.at < bytes.end) {
        const uint8_t *at = bytes.at;
        Head head = read_head(&bytes);
        plain_bytes += (uint64_t)(bytes.at - at) + (uint64_t)head.plain;
        if (head.kind == PAGE_DICTIONARY) {
            assert_ptr_equal(at, start);
            assert_int_equal(chunk->dict_at, chunk->begins_at);
            Bytes plain = unpack(arena, &bytes, (uint64_t)head.packed, (uint64_t)head.plain,
                                 chunk->codec == COMPRESSION_ZSTD);
            term_count = (uint64_t)head.values;
            terms = read_plain(arena, &plain, file, column, term_count);
            assert_ptr_equal(plain.at, plain.end);
            assert_int_equal((uint64_t)(bytes.at - start), chunk->data_at - chunk->begins_at);
            continue;
        }
        read_data_page(arena, &bytes, &head, chunk->codec == COMPRESSION_ZSTD, file, column, terms,
                       term_count, out);
    }
    assert_ptr_equal(bytes.at, bytes.end);
    assert_int_equal(out->count - from, chunk->values);
    assert_int_equal(plain_bytes, chunk->plain_bytes);
    assert_int_equal(out->encodings & ~chunk->encodings, 0);
    out->encodings |= encodings_before;
    check_bounds(chunk, file->schema.fields[column].type, out->at + from, out->count - from);
}

void read_cells(Arena *arena, Str path, const ParquetFile **opened, Cells **out)
{
    Err err = {0};
    ParquetFile *file;
    Str content;
    if (!parquet_open(arena, path, &file, &err) || !file_read(arena, path, &content, &err))
        fail_msg("%s", err.text);
    *out = NEW_N(arena, Cells, file->schema.count);
    for (uint32_t group = 0; group < file->group_count; group++)
        for (uint32_t i = 0; i < file->schema.count; i++)
            read_chunk_cells(arena, content, file, group, i, &(*out)[i]);
    *opened = file;
}

/* ---- what should be there ---- */

Str cell_of(Arena *arena, const Field *field, const struct ArrowArray *array, uint64_t row)
{
    static const uint8_t widths[ARROW_TYPE_COUNT] = {
#define WIDTH(id, sql, bytes) bytes,
        ARROW_TYPES(WIDTH)
#undef WIDTH
    };
    if (field->type == ARROW_NULL || array_is_null(array, row))
        return STR_NONE;
    uint64_t at = row + (uint64_t)array->offset;
    if (!widths[field->type] && field->type != ARROW_BOOL)
        return str_copy(arena, array_bytes(array, row));
    char cell[16] = {0};
    if (field->type == ARROW_BOOL) {
        cell[0] = ((const char *)array->buffers[1])[at / 8] >> (at % 8) & 1;
        return str_copy(arena, (Str){cell, 1});
    }
    uint32_t width = widths[field->type];
    memcpy(cell, (const char *)array->buffers[1] + at * width, width);
    if (field->type == ARROW_INT8 && cell[0] < 0)
        memset(cell + 1, 0xff, 3);
    if (field->type == ARROW_INT16 && cell[1] < 0)
        memset(cell + 2, 0xff, 2);
    if (field->type == ARROW_DECIMAL)
        width = field->precision <= 9 ? 4 : field->precision <= 18 ? 8 : 16;
    if (field->type == ARROW_DECIMAL && width == 16)
        for (int i = 0; i < 8; i++) {
            char byte = cell[i];
            cell[i] = cell[15 - i];
            cell[15 - i] = byte;
        }
    return str_copy(arena, (Str){cell, width < 4 ? 4 : width});
}
