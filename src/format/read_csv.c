/* read_csv.c: CSV records into the columns of a schema: records_stream() as a client of CsvReader.
 */
#include "format/read.h"

void csv_stream_init(Reader *reader)
{
    reader->csv = csv_reader_make(reader->arena);
}

static bool read_piece(void *what, Str *piece, Err *err)
{
    return reader_take(what, SIZE_MAX, piece, err);
}

/* Which column of the schema each column of the file fills: by name, letter for letter. */
static void bind_columns(Reader *reader)
{
    const Schema *schema = &reader->options.schema;
    const Str *names;
    uint32_t count = csv_reader_header(reader->csv, &names);
    int32_t *target = NEW_N(reader->arena, int32_t, count);
    Map numbers;
    map_init(&numbers, reader->arena);
    for (uint32_t i = 0; i < count; i++) {
        map_put(&numbers, names[i], &target[i]);
        target[i] = reader->options.tells_unknown ? CSV_TELL : -1;
    }
    for (uint32_t i = 0; i < schema->count; i++) {
        int32_t *found = map_find(&numbers, schema->fields[i].name);
        if (found && (int)i != reader->options.line_column)
            *found = (int32_t)i;
    }
    csv_reader_bind(reader->csv, reader->builder, target, reader->options.line_column);
}

/* *has_columns false: the file is empty. */
static bool begin(Reader *reader, bool *has_columns, Err *err)
{
    const Str *names;
    CsvFile file = {.name = reader->options.file,
                    .csv = reader->options.csv,
                    .read = read_piece,
                    .source = reader};
    if (!reader->has_begun)
        TRY(csv_reader_begin(reader->csv, &file, err));
    *has_columns = csv_reader_header(reader->csv, &names) > 0;
    if (!reader->has_begun && *has_columns)
        bind_columns(reader);
    return reader->has_begun = true;
}

MUST bool csv_stream_fill(Reader *reader, Err *err)
{
    const CsvLimits limits = {reader->rows_limit, reader->bytes_limit};
    CsvStop stop;
    BadValue bad;
    bool has_columns;
    TRY(begin(reader, &has_columns, err));
    while (has_columns) {
        TRY(csv_reader_fill_some(reader->csv, &limits, &reader->bytes, &stop, &bad, err));
        if (stop != CSV_MISFIT)
            return true;
        reader->line = bad.line;
        reader->record = bad.record;
        Outcome outcome = reader_bad(reader, bad.column, bad.value, bad.reason);
        if (outcome == FAILED)
            return false;
        if (outcome == DONE)
            csv_reader_null(reader->csv);
        else
            csv_reader_skip(reader->csv);
    }
    return true;
}
