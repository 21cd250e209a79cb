/* join.c: row groups of one file become those of another: bytes are moved, not decoded. */
#include <errno.h>
#include <unistd.h>

#include "parquet/file.h"
#include "parquet/writer.h"

enum { COPY_BYTES = 1 << 20 };

static bool copy_bytes(ParquetWriter *writer, const ParquetFile *file, uint64_t at, uint64_t len,
                       Err *err)
{
    text_clear(&writer->plain);
    text_reserve(&writer->plain, len < COPY_BYTES ? len : COPY_BYTES);
    while (len > 0) {
        ssize_t got = pread(file->fd, writer->plain.at, len < COPY_BYTES ? len : COPY_BYTES,
                            (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, ERR_IO, (Place){file->path, 0, 0}, "cannot be read: %s",
                           strerror(errno));
        if (got == 0)
            return err_set(err, ERR_IO, (Place){file->path, 0, 0}, "has become shorter");
        TRY(sink_write(writer, (Str){writer->plain.at, (size_t)got}, err));
        at += (uint64_t)got;
        len -= (uint64_t)got;
    }
    return true;
}

static bool copy_chunk(ParquetWriter *writer, const ParquetFile *file, const FileChunk *chunk,
                       Column *column, Thrift *out, Err *err)
{
    /* Offsets move by this much, modulo 2^64. */
    const uint64_t moved = writer->offset - chunk->begins_at;
    ChunkMeta meta = {
        .field = column->field,
        .physical = chunk->physical,
        .encodings = chunk->encodings,
        .codec = chunk->codec,
        .values = chunk->values,
        .plain_bytes = chunk->plain_bytes,
        .packed_bytes = chunk->packed_bytes,
        .data_at = chunk->data_at + moved,
        .dict_at = chunk->dict_at ? chunk->dict_at + moved : 0,
    };
    TRY(copy_bytes(writer, file, chunk->begins_at, chunk->packed_bytes, err));
    chunk_meta_begin(out, &meta, chunk->null_count);
    if (chunk->least.at && chunk->greatest.at) {
        thrift_bytes(out, 5, chunk->greatest);
        thrift_bytes(out, 6, chunk->least);
        thrift_bool(out, 7, chunk->is_greatest_exact);
        thrift_bool(out, 8, chunk->is_least_exact);
    }
    chunk_meta_end(out);
    column->file.bytes += chunk->packed_bytes;
    column->file.null_count += chunk->null_count > 0 ? (uint64_t)chunk->null_count : 0;
    return true;
}

/* The column of `schema` with that name; those from `hint` on are looked at first: columns mostly
 * are in the same order. UINT32_MAX: none. */
static uint32_t find_near(const Schema *schema, Str name, uint32_t hint)
{
    for (uint32_t i = 0; i < schema->count; i++) {
        uint32_t at = (hint + i) % schema->count;
        if (str_eq(schema->fields[at].name, name))
            return at;
    }
    return schema_find(schema, name);
}

static bool check_types(const Field *from, const Field *to, const ParquetFile *file, Err *err)
{
    if (from->type == ARROW_NULL)
        return true;
    if (!field_same_type(from, to)) {
        AUTO(text) Text here = {0};
        AUTO(text) Text there = {0};
        field_print_type(from, &here);
        field_print_type(to, &there);
        return err_set(err, ERR_RUNTIME, (Place){file->path, 0, 0},
                       "column " STR_FMT " is %s here, and %s in the file that is written",
                       STR_ARG(from->name), here.at, there.at);
    }
    if (from->is_required)
        return err_set(err, ERR_RUNTIME, (Place){file->path, 0, 0},
                       "column " STR_FMT " is required here: its pages do not say which values are "
                       "NULL, those of the file that is written do",
                       STR_ARG(from->name));
    return true;
}

/* sources[i]: the file's column for the writer's column i; UINT32_MAX: none. */
static bool match_columns(const ParquetWriter *writer, const ParquetFile *file, uint32_t *sources,
                          Err *err)
{
    for (uint32_t i = 0; i < writer->schema.count; i++)
        sources[i] = UINT32_MAX;
    uint32_t at = UINT32_MAX;
    for (uint32_t i = 0; i < file->schema.count; i++) {
        const Field *from = &file->schema.fields[i];
        at = find_near(&writer->schema, from->name, at + 1);
        if (at == UINT32_MAX || sources[at] != UINT32_MAX)
            return err_set(err, ERR_RUNTIME, (Place){file->path, 0, 0},
                           "column " STR_FMT " has no place in the file that is written",
                           STR_ARG(from->name));
        TRY(check_types(from, &writer->schema.fields[at], file, err));
        sources[at] = from->type == ARROW_NULL ? UINT32_MAX - 1 : i;
    }
    return true;
}

static bool copy_group(ParquetWriter *writer, const ParquetFile *file, const FileGroup *group,
                       const uint32_t *sources, Err *err)
{
    TRY(writer_begin_group(writer, err));
    uint64_t plain_bytes = 0, begun_at = writer->offset;
    Thrift out;
    group_meta_begin(writer, &out);
    writer->open_rows = group->rows;
    for (uint32_t i = 0; i < writer->schema.count; i++) {
        Column *column = &writer->columns[i];
        if (sources[i] < file->schema.count) {
            const FileChunk *chunk = &group->chunks[sources[i]];
            plain_bytes += chunk->plain_bytes;
            TRY(copy_chunk(writer, file, chunk, column, &out, err));
            continue;
        }
        column->page_rows = column->page_nulls = group->rows;
        TRY(page_flush(writer, column, err));
        TRY(chunk_write(writer, column, &out, &plain_bytes, err));
    }
    TRY(group_meta_end(writer, &out, group->rows, plain_bytes, begun_at, err));
    writer->rows += group->rows;
    writer->open_rows = 0;
    writer->ready_bytes = 0;
    return true;
}

bool parquet_copy_group(ParquetWriter *writer, ParquetFile *file, uint32_t group, Err *err)
{
    CHECK(writer, WRITER_MAGIC);
    CHECK(file, FILE_MAGIC);
    assert(!writer->is_done && group < file->group_count);
    const FileGroup *from = &file->groups[group];
    AUTO(text) Text sources = {0};
    text_reserve(&sources, writer->schema.count * sizeof(uint32_t));
    TRY(match_columns(writer, file, (uint32_t *)(void *)sources.at, err));
    TRY(parquet_end_group(writer, err));
    if (from->rows == 0)
        return true;
    if (from->rows > INT32_MAX)
        return err_set(err, ERR_RUNTIME, (Place){file->path, 0, 0},
                       "a row group of %llu rows is too large", (unsigned long long)from->rows);
    return copy_group(writer, file, from, (const uint32_t *)(const void *)sources.at, err);
}
