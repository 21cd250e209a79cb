/* writer.c: batches come in, row groups go out. */
#include "parquet/writer.h"

#include "config.h"

/* Of all columns together: values that wait, dictionaries, blocks of pages. */
#define WAITING_BYTES ((uint64_t)16 << 20)
#define DICTIONARY_BYTES ((uint64_t)32 << 20)
#define BLOCK_BYTES ((uint64_t)4 << 20)
#define PAGE_LEAST ((uint64_t)8 << 10)
#define PAGE_MOST ((uint64_t)256 << 10)

enum {
    DICT_ENTRIES = 1 << 16,
    DICT_LEAST = 16 << 10,
    DICT_MOST = 1 << 20,
    CONSTANTS_MOST = 8 << 20,    /* bytes of a constant column's dictionary: then the group ends */
    GROUP_ROWS = 1 << 20,
    GROUP_BYTES = 32 << 20,
    PACKER_BYTES = 1 << 20,      /* about what a compressor of level 1 holds                     */
};

static uint64_t clamp(uint64_t number, uint64_t least, uint64_t most)
{
    return number < least ? least : number > most ? most : number;
}

/* ---- layouts ---- */

bool layout_of(const Field *field, Layout *out)
{
    switch (field->type) {
    case ARROW_BOOL: *out = (Layout){PHYSICAL_BOOLEAN, 0}; return true;
    case ARROW_INT8:
    case ARROW_INT16:
    case ARROW_INT32:
    case ARROW_UINT8:
    case ARROW_UINT16:
    case ARROW_UINT32:
    case ARROW_DATE: *out = (Layout){PHYSICAL_INT32, 4}; return true;
    case ARROW_INT64:
    case ARROW_UINT64:
    case ARROW_TIME:
    case ARROW_TIMESTAMP:
    case ARROW_TIMESTAMP_TZ: *out = (Layout){PHYSICAL_INT64, 8}; return true;
    case ARROW_FLOAT: *out = (Layout){PHYSICAL_FLOAT, 4}; return true;
    case ARROW_DOUBLE: *out = (Layout){PHYSICAL_DOUBLE, 8}; return true;
    case ARROW_DECIMAL:
        *out = field->precision <= 9    ? (Layout){PHYSICAL_INT32, 4}
               : field->precision <= 18 ? (Layout){PHYSICAL_INT64, 8}
                                        : (Layout){PHYSICAL_FIXED, 16};
        return true;
    case ARROW_NULL:
    case ARROW_TEXT:
    case ARROW_JSON:
    case ARROW_BINARY: *out = (Layout){PHYSICAL_BYTES, 0}; return true;
    case ARROW_UUID: *out = (Layout){PHYSICAL_FIXED, 16}; return true;
    default: return false;
    }
}

const char *physical_name(Physical physical)
{
    static const char *const names[PHYSICAL_COUNT] = {
        "BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY",
        "FIXED_LEN_BYTE_ARRAY"};
    assert(physical < PHYSICAL_COUNT);
    return names[physical];
}

static Wait wait_of(const ParquetWriter *writer, uint32_t column, const Layout *layout)
{
    if (column >= writer->batch_columns)
        return WAIT_RUNS;
    if (writer->schema.fields[column].type == ARROW_NULL)
        return WAIT_NOTHING;
    switch (layout->physical) {
    case PHYSICAL_BOOLEAN: return WAIT_BITS;
    case PHYSICAL_BYTES: return WAIT_TEXTS;
    case PHYSICAL_FIXED: return WAIT_FIXED;
    default: return WAIT_WORDS;
    }
}

/* ---- a writer ---- */

static bool columns_make(ParquetWriter *writer, Err *err)
{
    writer->columns = NEW_N(writer->arena, Column, writer->schema.count);
    for (uint32_t i = 0; i < writer->schema.count; i++) {
        Column *column = &writer->columns[i];
        column->field = &writer->schema.fields[i];
        if (!layout_of(column->field, &column->layout)) {
            AUTO(text) Text type = {0};
            field_print_type(column->field, &type);
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "column " STR_FMT ": %s has no place in a flat Parquet file",
                           STR_ARG(column->field->name), type.at);
        }
        assert(i < writer->batch_columns || column->field->type == ARROW_TEXT);
        column->wait = wait_of(writer, i, &column->layout);
        column->dict.width = column->wait == WAIT_WORDS ? column->layout.width : 0;
    }
    return true;
}

/* Gives all buffers back. */
static void writer_empty(ParquetWriter *writer)
{
    for (uint32_t i = 0; i < writer->schema.count; i++) {
        Column *column = &writer->columns[i];
        chain_clear(&column->pages, &writer->blocks);
        terms_drop(&column->dict, &writer->held);
        bin_drop(&column->levels, &writer->held);
        bin_drop(&column->values, &writer->held);
        bin_drop(&column->lengths, &writer->held);
    }
    bin_drop(&writer->numbers, &writer->held);
    blocks_drop(&writer->blocks, &writer->held);
    assert(writer->held == 0);
    Text *const texts[] = {&writer->plain, &writer->packed, &writer->other, &writer->head,
                           &writer->groups};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        text_drop(texts[i]);
    writer->is_done = true;
}

static void writer_drop_any(void *writer)
{
    writer_empty(writer);
}

bool parquet_writer_make(Arena *arena, const ParquetOptions *options, ParquetWriter **out, Err *err)
{
    ParquetWriter *writer = NEW(arena, ParquetWriter);
    uint64_t count = options->schema.count;
    assert(count > 0 && options->constant_count <= count && options->write);
    writer->magic = WRITER_MAGIC;
    writer->arena = arena;
    writer->options = *options;
    writer->schema = schema_copy(arena, &options->schema);
    writer->batch_columns = options->schema.count - options->constant_count;
    if (!options->group_rows || options->group_rows > INT32_MAX)
        writer->options.group_rows = options->group_rows ? INT32_MAX : GROUP_ROWS;
    if (!options->group_bytes)
        writer->options.group_bytes = GROUP_BYTES;
    writer->options.created_by =
        options->created_by ? str_c(arena, str_of(options->created_by)) : "weir " WEIR_VERSION;
    writer->packer = options->packer;
    writer->page_bytes = clamp(options->page_bytes ? options->page_bytes : WAITING_BYTES / count,
                               64, options->page_bytes ? PAGE_MOST * 256 : PAGE_MOST);
    if (!options->page_bytes && writer->page_bytes < PAGE_LEAST)
        writer->page_bytes = PAGE_LEAST;
    writer->dict_limits = (TermsLimits){
        DICT_ENTRIES, clamp(DICTIONARY_BYTES / count, DICT_LEAST, DICT_MOST)};
    writer->blocks.size = (uint32_t)clamp(BLOCK_BYTES / count, 1 << 10, 1 << 16);
    TRY(columns_make(writer, err));
    arena_on_drop(arena, writer_drop_any, writer);
    *out = writer;
    return true;
}

/* ---- row groups ---- */

bool writer_begin_group(ParquetWriter *writer, Err *err)
{
    return writer->offset > 0 || sink_write(writer, STR(PARQUET_MAGIC), err);
}

bool parquet_end_group(ParquetWriter *writer, Err *err)
{
    CHECK(writer, WRITER_MAGIC);
    if (writer->open_rows == 0)
        return true;
    TRY(writer_begin_group(writer, err));
    uint64_t plain_bytes = 0, begun_at = writer->offset;
    Thrift out;
    group_meta_begin(writer, &out);
    for (uint32_t i = 0; i < writer->schema.count; i++) {
        TRY(page_flush(writer, &writer->columns[i], err));
        TRY(chunk_write(writer, &writer->columns[i], &out, &plain_bytes, err));
    }
    TRY(group_meta_end(writer, &out, writer->open_rows, plain_bytes, begun_at, err));
    writer->open_rows = 0;
    writer->ready_bytes = 0;
    return true;
}

static bool add_rows(ParquetWriter *writer, const Batch *batch, const Str *constants, uint64_t from,
                     uint64_t count, Err *err)
{
    for (uint32_t i = 0; i < writer->batch_columns; i++)
        TRY(column_add(writer, &writer->columns[i], batch->array.children[i],
                       from + (uint64_t)batch->array.offset, count, err));
    for (uint32_t i = writer->batch_columns; i < writer->schema.count; i++) {
        Column *column = &writer->columns[i];
        TRY(column_add_constant(writer, column, constants[i - writer->batch_columns], count, err));
    }
    writer->open_rows += count;
    writer->rows += count;
    return true;
}

static bool is_group_full(const ParquetWriter *writer)
{
    if (writer->open_rows >= writer->options.group_rows ||
        writer->ready_bytes >= writer->options.group_bytes)
        return true;
    for (uint32_t i = writer->batch_columns; i < writer->schema.count; i++)
        if (terms_bytes(&writer->columns[i].dict) > CONSTANTS_MOST)
            return true;
    return false;
}

bool parquet_write(ParquetWriter *writer, const Batch *batch, const Str *constants, Err *err)
{
    CHECK(writer, WRITER_MAGIC);
    assert(!writer->is_done && batch->array.n_children == writer->batch_columns);
    uint64_t rows = batch_rows(batch);
    for (uint64_t from = 0; from < rows;) {
        uint64_t room = writer->options.group_rows - writer->open_rows;
        uint64_t count = rows - from < room ? rows - from : room;
        TRY(add_rows(writer, batch, constants, from, count, err));
        from += count;
        if (is_group_full(writer))
            TRY(parquet_end_group(writer, err));
    }
    return true;
}

void parquet_relax(ParquetWriter *writer)
{
    CHECK(writer, WRITER_MAGIC);
    for (uint32_t i = 0; writer->open_rows == 0 && i < writer->schema.count; i++) {
        Column *column = &writer->columns[i];
        bin_drop(&column->levels, &writer->held);
        bin_drop(&column->values, &writer->held);
        bin_drop(&column->lengths, &writer->held);
    }
    bin_drop(&writer->numbers, &writer->held);
    blocks_drop(&writer->blocks, &writer->held);
    text_drop(&writer->plain);
    text_drop(&writer->packed);
    text_drop(&writer->other);
}

uint64_t parquet_rows(const ParquetWriter *writer)
{
    return writer->rows;
}

uint64_t parquet_memory(const ParquetWriter *writer)
{
    return writer->held + writer->plain.cap + writer->packed.cap + writer->other.cap +
           writer->head.cap + writer->groups.cap + writer->schema.count * sizeof(Column) +
           (writer->packer && !writer->options.packer ? PACKER_BYTES : 0);
}

static bool write_end(ParquetWriter *writer, Err *err)
{
    TRY(parquet_end_group(writer, err));
    TRY(writer_begin_group(writer, err));
    return footer_write(writer, err);
}

bool parquet_finish(ParquetWriter *writer, ParquetSummary *out, Err *err)
{
    CHECK(writer, WRITER_MAGIC);
    assert(!writer->is_done);
    bool is_written = write_end(writer, err);
    writer_empty(writer);
    if (!is_written || !out)
        return is_written;
    *out = (ParquetSummary){.rows = writer->rows,
                            .bytes = writer->offset,
                            .groups = writer->group_count,
                            .columns = NEW_N(writer->arena, ParquetColumnStats,
                                             writer->schema.count)};
    for (uint32_t i = 0; i < writer->schema.count; i++)
        out->columns[i] = writer->columns[i].file;
    return true;
}

void parquet_drop(ParquetWriter *writer)
{
    CHECK(writer, WRITER_MAGIC);
    writer_empty(writer);
}
