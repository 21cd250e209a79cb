/* file.c: reading a footer: anybody's bytes, so everything is checked before it is believed. */
#include "parquet/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAIL = 8, LEAST_FILE = 12 };

/* ---- a column's type ---- */

/* A SchemaElement. */
typedef struct Element {
    Str name;
    int64_t physical, width, repeats, children, converted, scale, precision;   /* -1: not there */
    int logical;                 /* field of the union LogicalType; 0: none                     */
    int64_t bits;                /* INTEGER                                                     */
    bool is_signed, is_utc;
    int unit;                    /* TIME, TIMESTAMP: 1 ms, 2 us, 3 ns                           */
} Element;

enum {
    LOGICAL_STRING = 1,
    LOGICAL_ENUM = 4,
    LOGICAL_DECIMAL = 5,
    LOGICAL_DATE = 6,
    LOGICAL_TIME = 7,
    LOGICAL_TIMESTAMP = 8,
    LOGICAL_INTEGER = 10,
    LOGICAL_UNKNOWN = 11,
    LOGICAL_JSON = 12,
    LOGICAL_UUID = 14,
};
enum { UNIT_MICROS = 2 };

/* The first field of a union: its number; its value is passed over. */
static int read_union(ThriftReader *reader)
{
    int before = thrift_enter(reader), id, wire, first = 0;
    while (thrift_next(reader, &id, &wire)) {
        first = first ? first : id;
        thrift_skip(reader, wire);
    }
    thrift_leave(reader, before);
    return first;
}

/* The fields of any logical type: 1 and 2 mean what its kind says. */
static void read_logical_fields(ThriftReader *reader, Element *out)
{
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        if (id == 1 && (wire == WIRE_TRUE || wire == WIRE_FALSE))
            out->is_utc = wire == WIRE_TRUE;
        else if (id == 1 && wire == WIRE_BYTE)
            out->bits = thrift_read_int(reader, wire);
        else if (id == 1 && out->logical == LOGICAL_DECIMAL)
            out->scale = thrift_read_int(reader, wire);
        else if (id == 2 && (wire == WIRE_TRUE || wire == WIRE_FALSE))
            out->is_signed = wire == WIRE_TRUE;
        else if (id == 2 && wire == WIRE_STRUCT)
            out->unit = read_union(reader);
        else if (id == 2 && out->logical == LOGICAL_DECIMAL)
            out->precision = thrift_read_int(reader, wire);
        else
            thrift_skip(reader, wire);
    }
    thrift_leave(reader, before);
}

static void read_logical(ThriftReader *reader, Element *out)
{
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        if (wire == WIRE_STRUCT && !out->logical) {
            out->logical = id;
            read_logical_fields(reader, out);
        } else {
            thrift_skip(reader, wire);
        }
    }
    thrift_leave(reader, before);
}

static void read_element(ThriftReader *reader, Element *out)
{
    *out = (Element){.physical = -1, .width = -1, .repeats = -1, .children = -1, .converted = -1,
                     .scale = -1, .precision = -1, .bits = -1};
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        switch (id) {
        case 1: out->physical = thrift_read_int(reader, wire); break;
        case 2: out->width = thrift_read_int(reader, wire); break;
        case 3: out->repeats = thrift_read_int(reader, wire); break;
        case 4: out->name = thrift_read_bytes(reader, wire); break;
        case 5: out->children = thrift_read_int(reader, wire); break;
        case 6: out->converted = thrift_read_int(reader, wire); break;
        case 7: out->scale = thrift_read_int(reader, wire); break;
        case 8: out->precision = thrift_read_int(reader, wire); break;
        case 10:
            if (wire == WIRE_STRUCT)
                read_logical(reader, out);
            else
                thrift_skip(reader, wire);
            break;
        default: thrift_skip(reader, wire);
        }
    }
    thrift_leave(reader, before);
}

/* ConvertedType, where LogicalType says nothing. */
static void use_converted(Element *element)
{
    static const uint8_t logical[22] = {
        [0] = LOGICAL_STRING, [4] = LOGICAL_ENUM, [5] = LOGICAL_DECIMAL, [6] = LOGICAL_DATE,
        [7] = LOGICAL_TIME, [8] = LOGICAL_TIME, [9] = LOGICAL_TIMESTAMP, [10] = LOGICAL_TIMESTAMP,
        [11] = LOGICAL_INTEGER, [12] = LOGICAL_INTEGER, [13] = LOGICAL_INTEGER,
        [14] = LOGICAL_INTEGER, [15] = LOGICAL_INTEGER, [16] = LOGICAL_INTEGER,
        [17] = LOGICAL_INTEGER, [18] = LOGICAL_INTEGER, [19] = LOGICAL_JSON, [21] = 9};
    int64_t converted = element->converted;
    if (element->logical || converted < 0 || converted >= (int64_t)COUNT_OF(logical))
        return;
    element->logical = logical[converted];
    element->unit = converted == 8 || converted == 10 ? UNIT_MICROS : 1;
    element->is_utc = true;
    element->is_signed = converted >= 15;
    element->bits = 8 << ((converted - 11) & 3);
}

static TypeId integer_type(int64_t bits, bool is_signed)
{
    switch (bits) {
    case 8: return is_signed ? ARROW_INT8 : ARROW_UINT8;
    case 16: return is_signed ? ARROW_INT16 : ARROW_UINT16;
    case 32: return is_signed ? ARROW_INT32 : ARROW_UINT32;
    case 64: return is_signed ? ARROW_INT64 : ARROW_UINT64;
    default: return ARROW_TYPE_COUNT;
    }
}

static TypeId plain_type(const Element *element)
{
    switch (element->physical) {
    case PHYSICAL_BOOLEAN: return ARROW_BOOL;
    case PHYSICAL_INT32: return ARROW_INT32;
    case PHYSICAL_INT64: return ARROW_INT64;
    case PHYSICAL_FLOAT: return ARROW_FLOAT;
    case PHYSICAL_DOUBLE: return ARROW_DOUBLE;
    case PHYSICAL_BYTES: return ARROW_BINARY;
    default: return ARROW_TYPE_COUNT;
    }
}

/* ARROW_TYPE_COUNT: one that is not carried. */
static TypeId type_of(const Element *element)
{
    switch (element->logical) {
    case 0: return plain_type(element);
    case LOGICAL_STRING:
    case LOGICAL_ENUM: return ARROW_TEXT;
    case LOGICAL_JSON: return ARROW_JSON;
    case LOGICAL_UUID: return ARROW_UUID;
    case LOGICAL_DATE: return ARROW_DATE;
    case LOGICAL_DECIMAL: return ARROW_DECIMAL;
    case LOGICAL_UNKNOWN: return ARROW_NULL;
    case LOGICAL_INTEGER: return integer_type(element->bits, element->is_signed);
    case LOGICAL_TIME:
        return element->unit == UNIT_MICROS ? ARROW_TIME : ARROW_TYPE_COUNT;
    case LOGICAL_TIMESTAMP:
        if (element->unit != UNIT_MICROS)
            return ARROW_TYPE_COUNT;
        return element->is_utc ? ARROW_TIMESTAMP_TZ : ARROW_TIMESTAMP;
    default: return ARROW_TYPE_COUNT;
    }
}

static bool refuse(Str path, Str column, const char *why, Err *err)
{
    return err_set(err, ERR_RUNTIME, (Place){path, 0, 0}, "column " STR_FMT ": %s",
                   STR_ARG(column), why);
}

static bool field_of(Arena *arena, Str path, Element *element, Field *out, Err *err)
{
    if (element->children > 0)
        return refuse(path, element->name, "a nested type is not carried", err);
    if (element->repeats != 0 && element->repeats != 1)
        return refuse(path, element->name, "a list is not carried", err);
    if (element->physical < 0 || element->physical >= PHYSICAL_COUNT)
        return refuse(path, element->name, "its physical type is unknown", err);
    use_converted(element);
    *out = (Field){.name = str_copy(arena, element->name), .type = type_of(element),
                   .is_required = element->repeats == 0};
    if (out->type == ARROW_DECIMAL) {
        if (element->precision < 1 || element->precision > 38 || element->scale < 0 ||
            element->scale > element->precision)
            return refuse(path, element->name, "its precision and scale are out of range", err);
        out->precision = (uint8_t)element->precision;
        out->scale = (uint8_t)element->scale;
    }
    Layout layout;
    if (out->type == ARROW_NULL)
        return true;
    if (out->type == ARROW_TYPE_COUNT || !layout_of(out, &layout) ||
        (int64_t)layout.physical != element->physical ||
        (layout.physical == PHYSICAL_FIXED && element->width != layout.width)) {
        AUTO(text) Text why = {0};
        text_print(&why, "its type is stored as %s in a way that is not carried",
                   physical_name((Physical)element->physical));
        return refuse(path, element->name, why.at, err);
    }
    return true;
}

static bool damaged(Str path, const char *what, Err *err)
{
    return err_set(err, ERR_RUNTIME, (Place){path, 0, 0}, "damaged Parquet file: %s", what);
}

static bool read_schema(Arena *arena, ThriftReader *reader, int wire, ParquetFile *out, Err *err)
{
    int item;
    uint64_t count = thrift_read_list(reader, wire, &item);
    Element element;
    if (reader->is_bad || count < 2 || item != WIRE_STRUCT || out->schema.fields)
        return damaged(out->path, "its schema cannot be read", err);
    read_element(reader, &element);
    bool is_flat = element.children == (int64_t)count - 1;
    out->schema.fields = NEW_N(arena, Field, count - 1);
    for (uint64_t i = 0; i + 1 < count; i++) {
        read_element(reader, &element);
        if (reader->is_bad)
            return damaged(out->path, "its schema cannot be read", err);
        TRY(field_of(arena, out->path, &element, &out->schema.fields[i], err));
    }
    if (!is_flat)
        return damaged(out->path, "the count of its columns is wrong", err);
    out->schema.count = (uint32_t)(count - 1);
    return true;
}

/* ---- row groups ---- */

static uint64_t read_size(ThriftReader *reader, int wire)
{
    int64_t number = thrift_read_int(reader, wire);
    reader->is_bad |= number < 0;
    return (uint64_t)number;
}

static void read_statistics(ThriftReader *reader, FileChunk *out)
{
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        switch (id) {
        case 3: out->null_count = thrift_read_int(reader, wire); break;
        case 5: out->greatest = thrift_read_bytes(reader, wire); break;
        case 6: out->least = thrift_read_bytes(reader, wire); break;
        case 7: out->is_greatest_exact = thrift_read_bool(reader, wire); break;
        case 8: out->is_least_exact = thrift_read_bool(reader, wire); break;
        default: thrift_skip(reader, wire);
        }
    }
    thrift_leave(reader, before);
}

static uint32_t read_encodings(ThriftReader *reader, int wire)
{
    int item;
    uint32_t encodings = 0;
    uint64_t count = thrift_read_list(reader, wire, &item);
    for (uint64_t i = 0; i < count && !reader->is_bad; i++) {
        int64_t encoding = thrift_read_int(reader, item);
        if (encoding < 0 || encoding >= ENCODING_COUNT)
            reader->is_bad = true;
        else
            encodings |= 1u << encoding;
    }
    return encodings;
}

static void read_chunk_meta(ThriftReader *reader, FileChunk *out)
{
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        switch (id) {
        case 1: out->physical = (Physical)(thrift_read_int(reader, wire) & 0xff); break;
        case 2: out->encodings = read_encodings(reader, wire); break;
        case 4: out->codec = (int32_t)(thrift_read_int(reader, wire) & 0xff); break;
        case 5: out->values = read_size(reader, wire); break;
        case 6: out->plain_bytes = read_size(reader, wire); break;
        case 7: out->packed_bytes = read_size(reader, wire); break;
        case 9: out->data_at = read_size(reader, wire); break;
        case 11: out->dict_at = read_size(reader, wire); break;
        case 12:
            if (wire == WIRE_STRUCT)
                read_statistics(reader, out);
            else
                thrift_skip(reader, wire);
            break;
        default: thrift_skip(reader, wire);
        }
    }
    thrift_leave(reader, before);
}

/* A ColumnChunk. False: it lies in another file. */
static bool read_chunk(ThriftReader *reader, FileChunk *out)
{
    bool is_here = true;
    *out = (FileChunk){.null_count = -1, .is_least_exact = true, .is_greatest_exact = true};
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        is_here &= id != 1;
        if (id == 3 && wire == WIRE_STRUCT)
            read_chunk_meta(reader, out);
        else
            thrift_skip(reader, wire);
    }
    thrift_leave(reader, before);
    out->begins_at = out->dict_at && out->dict_at < out->data_at ? out->dict_at : out->data_at;
    return is_here;
}

static bool check_chunk(const ParquetFile *file, const FileGroup *group, uint32_t column,
                        uint64_t data_end, Err *err)
{
    const FileChunk *chunk = &group->chunks[column];
    const Field *field = &file->schema.fields[column];
    Layout layout;
    bool is_known = layout_of(field, &layout);
    assert(is_known);
    if (field->type != ARROW_NULL && chunk->physical != layout.physical)
        return damaged(file->path, "a column is stored as another type than its schema says", err);
    if (chunk->values != group->rows)
        return damaged(file->path, "a column has more or fewer values than rows", err);
    if (chunk->null_count < -1 || chunk->null_count > (int64_t)group->rows)
        return damaged(file->path, "a column has more NULLs than rows", err);
    if (chunk->begins_at < 4 || chunk->data_at > data_end || chunk->begins_at > data_end ||
        chunk->packed_bytes > data_end - chunk->begins_at)
        return damaged(file->path, "a column lies outside of it", err);
    return true;
}

static bool read_chunks(Arena *arena, ThriftReader *reader, int wire, const ParquetFile *file,
                        FileGroup *out, Err *err)
{
    int item;
    uint64_t count = thrift_read_list(reader, wire, &item);
    if (count != file->schema.count || item != WIRE_STRUCT || out->chunks)
        return damaged(file->path, "a row group has not the columns of the schema", err);
    out->chunks = NEW_N(arena, FileChunk, count);
    for (uint64_t i = 0; i < count && !reader->is_bad; i++) {
        if (!read_chunk(reader, &out->chunks[i]))
            return damaged(file->path, "a column lies in another file", err);
        if (out->chunks[i].packed_bytes > INT64_MAX - out->bytes)
            return damaged(file->path, "a size makes no sense", err);
        out->bytes += out->chunks[i].packed_bytes;
    }
    return true;
}

static bool read_group(Arena *arena, ThriftReader *reader, const ParquetFile *file,
                       uint64_t data_end, FileGroup *out, Err *err)
{
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        if (id == 1)
            TRY(read_chunks(arena, reader, wire, file, out, err));
        else if (id == 3)
            out->rows = read_size(reader, wire);
        else
            thrift_skip(reader, wire);
    }
    thrift_leave(reader, before);
    if (reader->is_bad || !out->chunks)
        return damaged(file->path, "a row group cannot be read", err);
    for (uint32_t i = 0; i < file->schema.count; i++)
        TRY(check_chunk(file, out, i, data_end, err));
    return true;
}

static bool read_groups(Arena *arena, ThriftReader *reader, int wire, uint64_t data_end,
                        ParquetFile *out, Err *err)
{
    int item;
    uint64_t count = thrift_read_list(reader, wire, &item);
    if (reader->is_bad || (count && item != WIRE_STRUCT) || out->groups || count > UINT32_MAX)
        return damaged(out->path, "its row groups cannot be read", err);
    if (!out->schema.count)
        return damaged(out->path, "it has row groups before its schema", err);
    out->groups = NEW_N(arena, FileGroup, count + 1);
    out->group_count = (uint32_t)count;
    for (uint64_t i = 0; i < count; i++)
        TRY(read_group(arena, reader, out, data_end, &out->groups[i], err));
    return true;
}

/* ---- what else it says ---- */

static void use_null_columns(ParquetFile *file, Str list)
{
    Str part;
    int64_t column;
    while (str_next_part(&list, ',', &part))
        if (str_to_int(part, &column) && column >= 0 && column < file->schema.count &&
            file->schema.fields[column].type == ARROW_TEXT)
            file->schema.fields[column].type = ARROW_NULL;
}

/* A KeyValue. */
static void read_pair(ThriftReader *reader, Str *key, Str *value)
{
    *key = *value = STR("");
    int before = thrift_enter(reader), id, wire;
    while (thrift_next(reader, &id, &wire)) {
        if (id == 1)
            *key = thrift_read_bytes(reader, wire);
        else if (id == 2)
            *value = thrift_read_bytes(reader, wire);
        else
            thrift_skip(reader, wire);
    }
    thrift_leave(reader, before);
}

static void read_pairs(ThriftReader *reader, int wire, Str *null_columns)
{
    int item;
    Str key, value;
    uint64_t count = thrift_read_list(reader, wire, &item);
    for (uint64_t i = 0; i < count && !reader->is_bad; i++) {
        if (item != WIRE_STRUCT) {
            thrift_skip_item(reader, item);
            continue;
        }
        read_pair(reader, &key, &value);
        if (str_eq(key, STR(NULL_COLUMNS_KEY)))
            *null_columns = value;
    }
}

bool footer_parse(Arena *arena, Str path, Str footer, uint64_t data_end, ParquetFile *out, Err *err)
{
    ThriftReader reader = {.at = (const uint8_t *)footer.at,
                           .end = (const uint8_t *)footer.at + footer.len};
    out->path = path;
    Str null_columns = STR("");
    int id, wire;
    while (thrift_next(&reader, &id, &wire)) {
        if (id == 2)
            TRY(read_schema(arena, &reader, wire, out, err));
        else if (id == 3)
            out->rows = read_size(&reader, wire);
        else if (id == 4)
            TRY(read_groups(arena, &reader, wire, data_end, out, err));
        else if (id == 5)
            read_pairs(&reader, wire, &null_columns);
        else
            thrift_skip(&reader, wire);
    }
    if (reader.is_bad || !out->schema.count || !out->groups)
        return damaged(path, "its footer cannot be read", err);
    uint64_t rows = 0;
    for (uint32_t i = 0; i < out->group_count; i++)
        rows += out->groups[i].rows;
    if (rows != out->rows)
        return damaged(path, "its row groups do not add up to its rows", err);
    use_null_columns(out, null_columns);
    return true;
}

/* ---- files ---- */

static void file_close(void *opened)
{
    ParquetFile *file = opened;
    close(file->fd);
}

static bool read_at(const ParquetFile *file, char *to, uint64_t len, uint64_t at, Err *err)
{
    while (len > 0) {
        ssize_t got = pread(file->fd, to, len, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, ERR_IO, (Place){file->path, 0, 0}, "cannot be read: %s",
                           strerror(errno));
        if (got == 0)
            return damaged(file->path, "it has become shorter", err);
        to += got;
        len -= (uint64_t)got;
        at += (uint64_t)got;
    }
    return true;
}

static bool read_footer(Arena *arena, ParquetFile *file, uint64_t size, Err *err)
{
    char tail[TAIL], head[4];
    if (size < LEAST_FILE)
        return err_set(err, ERR_RUNTIME, (Place){file->path, 0, 0}, "is no Parquet file");
    TRY(read_at(file, head, sizeof head, 0, err));
    TRY(read_at(file, tail, TAIL, size - TAIL, err));
    if (memcmp(head, PARQUET_MAGIC, 4) != 0 || memcmp(tail + 4, PARQUET_MAGIC, 4) != 0)
        return err_set(err, ERR_RUNTIME, (Place){file->path, 0, 0},
                       "is no Parquet file, or not a whole one");
    uint32_t len;
    memcpy(&len, tail, sizeof len);
    if (len > size - LEAST_FILE)
        return damaged(file->path, "its footer is longer than the file", err);
    char *footer = arena_take(arena, (size_t)len + 1, 1);
    TRY(read_at(file, footer, len, size - TAIL - len, err));
    return footer_parse(arena, file->path, (Str){footer, len}, size - TAIL - len, file, err);
}

bool parquet_open(Arena *arena, Str path, ParquetFile **out, Err *err)
{
    ParquetFile *file = NEW(arena, ParquetFile);
    file->magic = FILE_MAGIC;
    file->path = str_copy(arena, path);
    file->fd = open(str_c(arena, path), O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (file->fd < 0 || fstat(file->fd, &info) != 0) {
        int reason = errno;
        if (file->fd >= 0)
            close(file->fd);
        return err_set(err, ERR_IO, (Place){path, 0, 0}, "cannot be opened: %s", strerror(reason));
    }
    arena_on_drop(arena, file_close, file);
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_IO, (Place){path, 0, 0}, "is no regular file");
    TRY(read_footer(arena, file, (uint64_t)info.st_size, err));
    *out = file;
    return true;
}

const Schema *parquet_schema(const ParquetFile *file)
{
    CHECK(file, FILE_MAGIC);
    return &file->schema;
}

uint64_t parquet_file_rows(const ParquetFile *file)
{
    return file->rows;
}

uint32_t parquet_groups(const ParquetFile *file)
{
    return file->group_count;
}

uint64_t parquet_group_rows(const ParquetFile *file, uint32_t group)
{
    assert(group < file->group_count);
    return file->groups[group].rows;
}

uint64_t parquet_group_bytes(const ParquetFile *file, uint32_t group)
{
    assert(group < file->group_count);
    return file->groups[group].bytes;
}
