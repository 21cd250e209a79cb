/* footer.c: what stands at a file's end: schema, row groups, the length of it all. */
#include "parquet/writer.h"

/* Numbers of ConvertedType, the elder way to say a type; readers of today look at LogicalType. */
enum {
    CONVERTED_UTF8 = 0,
    CONVERTED_DECIMAL = 5,
    CONVERTED_DATE = 6,
    CONVERTED_TIMESTAMP_MICROS = 10,
    CONVERTED_UINT_8 = 11,
    CONVERTED_INT_8 = 15,
    CONVERTED_JSON = 19,
};

/* Field numbers in the union LogicalType. */
enum {
    LOGICAL_STRING = 1,
    LOGICAL_DECIMAL = 5,
    LOGICAL_DATE = 6,
    LOGICAL_TIME = 7,
    LOGICAL_TIMESTAMP = 8,
    LOGICAL_INTEGER = 10,
    LOGICAL_JSON = 12,
    LOGICAL_UUID = 14,
};

static void add_empty(Thrift *out, int id)
{
    thrift_struct(out, id);
    thrift_end(out);
}

/* Microseconds, and whether they are UTC. */
static void add_moment(Thrift *out, int id, bool is_utc)
{
    thrift_struct(out, id);
    thrift_bool(out, 1, is_utc);
    thrift_struct(out, 2);
    add_empty(out, 2);
    thrift_end(out);
    thrift_end(out);
}

static void add_integer(Thrift *out, int8_t bits, bool is_signed)
{
    thrift_struct(out, LOGICAL_INTEGER);
    thrift_byte(out, 1, bits);
    thrift_bool(out, 2, is_signed);
    thrift_end(out);
}

static void add_decimal(Thrift *out, const Field *field)
{
    thrift_struct(out, LOGICAL_DECIMAL);
    thrift_i32(out, 1, field->scale);
    thrift_i32(out, 2, field->precision);
    thrift_end(out);
}

/* -1: the type has none. */
static int converted_type(TypeId type)
{
    switch (type) {
    case ARROW_NULL:
    case ARROW_TEXT: return CONVERTED_UTF8;
    case ARROW_DECIMAL: return CONVERTED_DECIMAL;
    case ARROW_DATE: return CONVERTED_DATE;
    case ARROW_TIMESTAMP_TZ: return CONVERTED_TIMESTAMP_MICROS;
    case ARROW_UINT8: return CONVERTED_UINT_8;
    case ARROW_UINT16: return CONVERTED_UINT_8 + 1;
    case ARROW_UINT32: return CONVERTED_UINT_8 + 2;
    case ARROW_UINT64: return CONVERTED_UINT_8 + 3;
    case ARROW_INT8: return CONVERTED_INT_8;
    case ARROW_INT16: return CONVERTED_INT_8 + 1;
    case ARROW_JSON: return CONVERTED_JSON;
    default: return -1;
    }
}

static void add_logical_type(Thrift *out, const Field *field)
{
    switch (field->type) {
    case ARROW_NULL:
    case ARROW_TEXT: add_empty(out, LOGICAL_STRING); break;
    case ARROW_DECIMAL: add_decimal(out, field); break;
    case ARROW_DATE: add_empty(out, LOGICAL_DATE); break;
    case ARROW_TIME: add_moment(out, LOGICAL_TIME, false); break;
    case ARROW_TIMESTAMP: add_moment(out, LOGICAL_TIMESTAMP, false); break;
    case ARROW_TIMESTAMP_TZ: add_moment(out, LOGICAL_TIMESTAMP, true); break;
    case ARROW_INT8: add_integer(out, 8, true); break;
    case ARROW_INT16: add_integer(out, 16, true); break;
    case ARROW_UINT8: add_integer(out, 8, false); break;
    case ARROW_UINT16: add_integer(out, 16, false); break;
    case ARROW_UINT32: add_integer(out, 32, false); break;
    case ARROW_UINT64: add_integer(out, 64, false); break;
    case ARROW_JSON: add_empty(out, LOGICAL_JSON); break;
    case ARROW_UUID: add_empty(out, LOGICAL_UUID); break;
    default: assert(!"a type without a logical type");
    }
}

static bool has_logical_type(TypeId type)
{
    return type != ARROW_BOOL && type != ARROW_INT32 && type != ARROW_INT64 &&
           type != ARROW_FLOAT && type != ARROW_DOUBLE && type != ARROW_BINARY;
}

static void add_column(Thrift *out, const Field *field, const Layout *layout)
{
    thrift_struct(out, 0);
    thrift_i32(out, 1, (int32_t)layout->physical);
    if (layout->physical == PHYSICAL_FIXED)
        thrift_i32(out, 2, (int32_t)layout->width);
    thrift_i32(out, 3, REPEATS_OPTIONAL);
    thrift_bytes(out, 4, field->name);
    if (converted_type(field->type) >= 0)
        thrift_i32(out, 6, converted_type(field->type));
    if (field->type == ARROW_DECIMAL) {
        thrift_i32(out, 7, field->scale);
        thrift_i32(out, 8, field->precision);
    }
    if (has_logical_type(field->type)) {
        thrift_struct(out, 10);
        add_logical_type(out, field);
        thrift_end(out);
    }
    thrift_end(out);
}

static void add_schema(Thrift *out, const ParquetWriter *writer)
{
    thrift_list(out, 2, WIRE_STRUCT, (uint64_t)writer->schema.count + 1);
    thrift_struct(out, 0);
    thrift_i32(out, 3, REPEATS_REQUIRED);
    thrift_bytes(out, 4, STR("schema"));
    thrift_i32(out, 5, (int32_t)writer->schema.count);
    thrift_end(out);
    for (uint32_t i = 0; i < writer->schema.count; i++)
        add_column(out, writer->columns[i].field, &writer->columns[i].layout);
}

/* ---- row groups ---- */

void chunk_meta_begin(Thrift *out, const ChunkMeta *chunk, int64_t null_count)
{
    thrift_struct(out, 0);
    thrift_i64(out, 2, 0);
    thrift_struct(out, 3);
    thrift_i32(out, 1, (int32_t)chunk->physical);
    thrift_list(out, 2, WIRE_I32, (uint64_t)__builtin_popcount(chunk->encodings));
    for (int32_t i = 0; i < ENCODING_COUNT; i++)
        if (chunk->encodings >> i & 1)
            thrift_item_i32(out, i);
    thrift_list(out, 3, WIRE_BINARY, 1);
    thrift_item_bytes(out, chunk->field->name);
    thrift_i32(out, 4, chunk->codec);
    thrift_i64(out, 5, (int64_t)chunk->values);
    thrift_i64(out, 6, (int64_t)chunk->plain_bytes);
    thrift_i64(out, 7, (int64_t)chunk->packed_bytes);
    thrift_i64(out, 9, (int64_t)chunk->data_at);
    if (chunk->dict_at)
        thrift_i64(out, 11, (int64_t)chunk->dict_at);
    thrift_struct(out, 12);
    if (null_count >= 0)
        thrift_i64(out, 3, null_count);
}

void chunk_meta_end(Thrift *out)
{
    thrift_end(out);             /* Statistics                                                   */
    thrift_end(out);             /* ColumnMetaData                                               */
    thrift_end(out);             /* ColumnChunk                                                  */
}

void group_meta_begin(ParquetWriter *writer, Thrift *out)
{
    *out = (Thrift){.out = &writer->groups};
    thrift_struct(out, 0);
    thrift_list(out, 1, WIRE_STRUCT, writer->schema.count);
}

bool group_meta_end(ParquetWriter *writer, Thrift *out, uint64_t rows, uint64_t plain_bytes,
                    uint64_t begun_at, Err *err)
{
    thrift_i64(out, 2, (int64_t)plain_bytes);
    thrift_i64(out, 3, (int64_t)rows);
    thrift_i64(out, 5, (int64_t)begun_at);
    thrift_i64(out, 6, (int64_t)(writer->offset - begun_at));
    thrift_end(out);
    writer->group_count++;
    if (writer->groups.len > MOST_FOOTER)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "a Parquet file of %u row groups of %u columns has too long a footer",
                       writer->group_count, writer->schema.count);
    return true;
}

/* ---- the file ---- */

/* Which columns are texts only because a file has no type for NULL alone: "2,5,". */
static void add_null_columns(Thrift *out, const Schema *schema)
{
    AUTO(text) Text list = {0};
    for (uint32_t i = 0; i < schema->count; i++)
        if (schema->fields[i].type == ARROW_NULL)
            text_print(&list, "%u,", i);
    if (list.len == 0)
        return;
    thrift_list(out, 5, WIRE_STRUCT, 1);
    thrift_struct(out, 0);
    thrift_bytes(out, 1, STR(NULL_COLUMNS_KEY));
    thrift_bytes(out, 2, text_str(&list));
    thrift_end(out);
}

bool sink_write(ParquetWriter *writer, Str bytes, Err *err)
{
    TRY(writer->options.write(writer->options.sink, bytes, err));
    writer->offset += bytes.len;
    return true;
}

bool footer_write(ParquetWriter *writer, Err *err)
{
    Text *head = &writer->head;
    text_clear(head);
    Thrift out = {.out = head};
    thrift_struct(&out, 0);
    thrift_i32(&out, 1, 2);
    add_schema(&out, writer);
    thrift_i64(&out, 3, (int64_t)writer->rows);
    thrift_list(&out, 4, WIRE_STRUCT, writer->group_count);
    uint64_t from = writer->offset;
    TRY(sink_write(writer, text_str(head), err));
    TRY(sink_write(writer, text_str(&writer->groups), err));
    text_clear(head);
    add_null_columns(&out, &writer->schema);
    thrift_bytes(&out, 6, str_of(writer->options.created_by));
    thrift_list(&out, 7, WIRE_STRUCT, writer->schema.count);
    for (uint32_t i = 0; i < writer->schema.count; i++) {
        thrift_struct(&out, 0);
        add_empty(&out, 1);      /* bounds are in the order of the type                          */
        thrift_end(&out);
    }
    thrift_end(&out);
    uint32_t len = (uint32_t)(writer->offset + head->len - from);
    text_add_bytes(head, (const char *)&len, sizeof len);
    text_add_c(head, PARQUET_MAGIC);
    return sink_write(writer, text_str(head), err);
}
