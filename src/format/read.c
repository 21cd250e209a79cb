/* read.c: records into batches: making the stream, and bad values. */
#include "format/read.h"

#define ROWS_USUAL  (64 * 1024)
#define BYTES_USUAL (1u << 20)
#define VALUE_SHOWN 200

Outcome reader_bad(Reader *reader, Str column, Str value, const char *reason)
{
    BadValue bad = {reader->options.file,
                    reader->line,
                    column,
                    value.len > VALUE_SHOWN ? str_slice(value, 0, VALUE_SHOWN) : value,
                    reader->record,
                    reason};
    Verdict verdict = VERDICT_FAIL;
    if (reader->options.on_bad)
        verdict = reader->options.on_bad(reader->options.context, &bad);
    if (verdict == VERDICT_NULL)
        return DONE;
    if (verdict == VERDICT_DROP_ROW)
        return DROPPED;
    Place place = {bad.file, (int)bad.line, 0};
    if (column.len)
        err_set(reader->err, ERR_PARSING, place, "column '" STR_FMT "': %s: '" STR_FMT "'",
                STR_ARG(column), reason, STR_ARG(bad.value));
    else
        err_set(reader->err, ERR_PARSING, place, "%s: '" STR_FMT "'", reason, STR_ARG(bad.value));
    return FAILED;
}

MUST bool reader_take(Reader *reader, size_t most, Str *out, Err *err)
{
    if (!reader->rest.len && !reader->is_at_end) {
        TRY(reader->options.read(reader->options.source, &reader->rest, err));
        reader->is_at_end = !reader->rest.len;
    }
    *out = reader->rest.len > most ? str_slice(reader->rest, 0, most) : reader->rest;
    reader->rest =
        reader->rest.len > most ? str_slice(reader->rest, most, reader->rest.len) : STR_NONE;
    return true;
}

static bool reader_next(void *self, Batch *out, Err *err)
{
    Reader *reader = self;
    reader->err = err;
    reader->bytes = 0;
    if (reader->options.format == FORMAT_CSV)
        TRY(csv_stream_fill(reader, err));
    else
        TRY(json_reader_fill(reader, err));
    if (builder_rows(reader->builder))
        builder_finish(reader->builder, out);
    else
        *out = (Batch){0};
    return true;
}

static void reader_drop(void *what)
{
    text_drop(&((Reader *)what)->scratch);
}

/* Bytes that a row takes whatever its values are. */
static uint64_t fixed_width(const Field *fields, uint32_t count)
{
    static const uint8_t widths[] = {
#define WIDTH(id, sql, bytes) [ARROW_##id] = bytes ? bytes : 4,
        ARROW_TYPES(WIDTH)
#undef WIDTH
    };
    uint64_t width = 0;
    for (uint32_t i = 0; i < count; i++)
        width +=
            widths[fields[i].type] + (fields[i].type == ARROW_STRUCT
                                          ? fixed_width(fields[i].children, fields[i].child_count)
                                          : 0);
    return width;
}

MUST bool records_stream(Arena *arena, const RecordOptions *options, Stream *out, Err *err)
{
    if (options->format != FORMAT_JSONL && options->format != FORMAT_CSV)
        return err_set(err, ERR_INTERNAL, NOWHERE, "records are read from JSONL and CSV alone");
    assert(options->schema.count && options->line_column < (int)options->schema.count);
    Reader *reader = NEW(arena, Reader);
    *reader = (Reader){.arena = arena, .options = *options};
    reader->options.schema = schema_copy(arena, &options->schema);
    reader->options.file = str_copy(arena, options->file);
    const Schema *schema = &reader->options.schema;
    reader->conversion =
        (Conversion){options->csv.decimal_mark.len ? options->csv.decimal_mark.at[0] : '.',
                     str_copy(arena, options->csv.date_format),
                     str_copy(arena, options->csv.timestamp_format)};
    reader->bytes_limit = options->batch_bytes ? options->batch_bytes : BYTES_USUAL;
    reader->rows_limit = options->batch_rows ? options->batch_rows : ROWS_USUAL;
    uint64_t by_width =
        4 * reader->bytes_limit / (fixed_width(schema->fields, schema->count) + 1) + 1;
    if (reader->rows_limit > by_width)
        reader->rows_limit = by_width;
    reader->builder = builder_make(arena, schema);
    reader->columns = NEW_N(arena, ColumnBuilder *, schema->count);
    for (uint32_t i = 0; i < schema->count; i++)
        reader->columns[i] = builder_column(reader->builder, i);
    arena_on_drop(arena, reader_drop, reader);
    if (options->format == FORMAT_CSV)
        csv_stream_init(reader);
    else
        json_reader_init(reader);
    *out = (Stream){*schema, reader_next, NULL, reader};
    return true;
}
