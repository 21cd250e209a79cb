/* chunk.c: a column chunk leaves the writer: dictionary page, data pages, and its place in the
 * footer.
 */
#include "parquet/writer.h"

/* The dictionary page's contents, PLAIN: words as they are; texts behind their length. */
static void add_dictionary(const Column *column, Text *out)
{
    const Terms *dict = &column->dict;
    if (dict->width || column->wait == WAIT_FIXED) {
        const Bin *values = dict->width ? &dict->entries : &dict->bytes;
        text_add_bytes(out, values->at, values->len);
        return;
    }
    text_reserve(out, dict->bytes.len + (size_t)dict->count * 4);
    for (uint32_t i = 0; i < dict->count; i++) {
        const Term *entry = terms_at(dict, i);
        text_add_bytes(out, (const char *)&entry->len, 4);
        if (entry->len)
            text_add_bytes(out, dict->bytes.at + entry->at, entry->len);
    }
}

static void print_head(ParquetWriter *writer, const Column *column, size_t plain, size_t packed)
{
    text_clear(&writer->head);
    Thrift head = {.out = &writer->head};
    thrift_struct(&head, 0);
    thrift_i32(&head, 1, PAGE_DICTIONARY);
    thrift_i32(&head, 2, (int32_t)plain);
    thrift_i32(&head, 3, (int32_t)packed);
    thrift_struct(&head, 7);
    thrift_i32(&head, 1, (int32_t)column->dict.count);
    thrift_i32(&head, 2, ENCODING_PLAIN);
    thrift_end(&head);
    thrift_end(&head);
}

/* Other than data pages, a dictionary page cannot say whether it is compressed: it is, if the chunk
 * is. */
static bool write_dictionary(ParquetWriter *writer, Column *column, ChunkMeta *meta, Err *err)
{
    Text *plain = &writer->plain;
    text_clear(plain);
    add_dictionary(column, plain);
    if (plain->len > INT32_MAX)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "column " STR_FMT ": its texts are too long for a Parquet file",
                       STR_ARG(column->field->name));
    bool is_smaller;
    TRY(page_pack(writer, text_str(plain), &is_smaller, err));
    column->has_packed |= is_smaller;
    Str stored = column->has_packed ? text_str(&writer->packed) : text_str(plain);
    print_head(writer, column, plain->len, stored.len);
    meta->dict_at = writer->offset;
    meta->plain_bytes += writer->head.len + plain->len;
    meta->packed_bytes += writer->head.len + stored.len;
    meta->encodings |= 1u << ENCODING_PLAIN;
    TRY(sink_write(writer, text_str(&writer->head), err));
    return sink_write(writer, stored, err);
}

static void chunk_clear(ParquetWriter *writer, Column *column)
{
    chain_clear(&column->pages, &writer->blocks);
    terms_drop(&column->dict, &writer->held);
    column->mode = MODE_OPEN;
    column->has_dict_pages = column->has_packed = false;
    column->plain_bytes = column->chunk_nulls = 0;
    column->encodings = 0;
    column->bounds = (Bounds){0};
}

bool chunk_write(ParquetWriter *writer, Column *column, Thrift *out, uint64_t *plain_bytes,
                 Err *err)
{
    ChunkMeta meta = {
        .field = column->field,
        .physical = column->layout.physical,
        .encodings = column->encodings,
        .values = writer->open_rows,
        .plain_bytes = column->plain_bytes,
        .packed_bytes = column->pages.len,
    };
    if (column->has_dict_pages)
        TRY(write_dictionary(writer, column, &meta, err));
    meta.codec = column->has_packed ? COMPRESSION_ZSTD : COMPRESSION_NONE;
    meta.data_at = writer->offset;
    for (const Block *block = column->pages.first; block; block = block->next)
        TRY(sink_write(writer, (Str){block->bytes, block->used}, err));
    chunk_meta_begin(out, &meta, (int64_t)column->chunk_nulls);
    bounds_add_dictionary(column);
    bounds_print(column, out);
    chunk_meta_end(out);
    *plain_bytes += meta.plain_bytes;
    column->file.bytes += meta.packed_bytes;
    column->file.null_count += column->chunk_nulls;
    chunk_clear(writer, column);
    return true;
}
