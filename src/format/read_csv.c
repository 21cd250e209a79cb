/* read_csv.c: CSV records into the columns of a schema. */
#include "format/read.h"
#include "format/scan.h"

void csv_reader_init(Reader *reader)
{
    csv_window_init(&reader->csv, reader->arena, &reader->options.csv, reader->options.file);
}

/* Which column of the schema each column of the file fills: by name, letter for letter. */
static void map_columns(Reader *reader)
{
    const CsvWindow *csv = &reader->csv;
    const Schema *schema = &reader->options.schema;
    Map numbers;
    map_init(&numbers, reader->arena);
    for (uint32_t i = 0; i < csv->count; i++)
        map_put(&numbers, csv->names[i], &csv->names[i]);
    reader->map = NEW_N(reader->arena, int32_t, csv->count);
    reader->absent = NEW_N(reader->arena, uint32_t, schema->count);
    for (uint32_t i = 0; i < csv->count; i++)
        reader->map[i] = -1;
    for (uint32_t i = 0; i < schema->count; i++) {
        Str *name = map_find(&numbers, schema->fields[i].name);
        if ((int)i == reader->options.line_column)
            continue;
        if (name)
            reader->map[name - csv->names] = (int32_t)i;
        else
            reader->absent[reader->absent_count++] = i;
    }
}

/* Why a field's bytes cannot be text. Asked only where the window is suspect. */
static const char *find_bad_bytes(Str text)
{
    if (text.len && memchr(text.at, 0, text.len))
        return "a NUL byte";
    return scan_invalid_utf8(text) >= 0 ? "invalid UTF-8" : NULL;
}

/* The slow part of a field: what is bad or must be looked at. */
static Outcome add_special(Reader *reader, uint32_t column, Str text, const char *reason)
{
    Outcome outcome = reader_bad(reader, reader->options.schema.fields[column].name, text, reason);
    if (outcome == DONE)
        column_add_null(reader->columns[column]);
    return outcome;
}

/* A text of up to 16 bytes is copied as 16: behind a field of the window lie CSV_PADDING bytes. */
static inline void add_text(ColumnBuilder *column, Str text, bool is_scratch)
{
    bool has_room =
        column->offsets && column->count < column->room && column->bytes_room - column->bytes >= 16;
    if (text.len > 16 || is_scratch || !has_room) {
        column_add_bytes(column, text);
        return;
    }
    memcpy(column->values + column->bytes, text.at, 16);
    column->bytes += text.len;
    column->offsets[++column->count] = (int32_t)column->bytes;
}

static inline Outcome add_field(Reader *reader, uint32_t column, const CsvField *source)
{
    const CsvWindow *csv = &reader->csv;
    const Field *field = &reader->options.schema.fields[column];
    Str text = {source->at, source->len};
    if (source->has_escapes)
        text = csv_field_text(&csv->dialect, source, &reader->scratch);
    bool is_null = source->is_quoted
                       ? !text.len && field->type != ARROW_TEXT && field->type != ARROW_BINARY
                       : str_eq(text, csv->options.null_text);
    if (is_null) {
        column_add_null(reader->columns[column]);
        return DONE;
    }
    if (field->type == ARROW_TEXT && !csv->is_suspect) {
        add_text(reader->columns[column], text, source->has_escapes);
        return DONE;
    }
    const char *reason = csv->is_suspect ? find_bad_bytes(text) : NULL;
    if (!reason)
        reason = convert_text(&reader->conversion, field, reader->columns[column], text);
    return reason ? add_special(reader, column, text, reason) : DONE;
}

/* Fewer or more fields than the header: told once. */
static Outcome check_count(Reader *reader)
{
    const CsvWindow *csv = &reader->csv;
    const CsvRecord *record = &csv->record;
    if (record->count < csv->count)
        return reader_bad(reader, csv->names[record->count], STR_NONE, "too few fields");
    Str surplus = {record->fields[csv->count].at, record->fields[csv->count].len};
    return reader_bad(reader, STR_NONE, surplus, "too many fields");
}

/* Columns that the schema lacks. */
static Outcome tell_unknown(Reader *reader)
{
    const CsvWindow *csv = &reader->csv;
    for (uint32_t i = 0; i < csv->count && i < csv->record.count; i++) {
        const CsvField *field = &csv->record.fields[i];
        if (reader->map[i] >= 0)
            continue;
        Outcome outcome =
            reader_bad(reader, csv->names[i], (Str){field->at, field->len}, "not in the schema");
        if (outcome != DONE)
            return outcome;
    }
    return DONE;
}

static Outcome add_record(Reader *reader)
{
    const CsvWindow *csv = &reader->csv;
    const CsvRecord *record = &csv->record;
    Outcome outcome =
        record->fault ? reader_bad(reader, STR_NONE, reader->record, record->fault) : DONE;
    if (outcome == DONE && record->fault)
        outcome = DROPPED; /* its fields are not to be trusted */
    if (outcome == DONE && record->count != csv->count)
        outcome = check_count(reader);
    if (outcome == DONE && reader->options.tells_unknown)
        outcome = tell_unknown(reader);
    uint32_t count = record->count < csv->count ? record->count : csv->count;
    for (uint32_t i = 0; i < count && outcome == DONE; i++)
        if (reader->map[i] >= 0)
            outcome = add_field(reader, (uint32_t)reader->map[i], &record->fields[i]);
    if (outcome != DONE)
        return outcome;
    for (uint32_t i = count; i < csv->count; i++)
        if (reader->map[i] >= 0)
            column_add_null(reader->columns[reader->map[i]]);
    for (uint32_t i = 0; i < reader->absent_count; i++)
        column_add_null(reader->columns[reader->absent[i]]);
    if (reader->options.line_column >= 0)
        column_add_int(reader->columns[reader->options.line_column], (int64_t)reader->line);
    return DONE;
}

/* More bytes; false in *has_more: there are none. */
static bool refill(Reader *reader, bool *has_more, Err *err)
{
    Str piece;
    *has_more = !reader->csv.is_end;
    if (reader->csv.is_end)
        return true;
    TRY(reader_take(reader, CSV_SLICE_BYTES, &piece, err));
    return piece.len ? csv_window_add(&reader->csv, piece, err) : csv_window_end(&reader->csv, err);
}

MUST bool csv_reader_fill(Reader *reader, Err *err)
{
    CsvWindow *csv = &reader->csv;
    uint64_t rows = 0;
    bool has_record, has_more;
    while (!reader_is_full(reader)) {
        TRY(csv_window_next(csv, &has_record, err));
        if (!has_record) {
            TRY(refill(reader, &has_more, err));
            if (!has_more)
                return true;
            continue;
        }
        if (!reader->map)
            map_columns(reader);
        reader->line = csv->line;
        reader->record = (Str){csv->record.begin, (size_t)(csv->record.end - csv->record.begin)};
        reader->bytes += reader->record.len;
        Outcome outcome = add_record(reader);
        if (outcome == FAILED)
            return false;
        if (outcome == DROPPED)
            builder_truncate(reader->builder, rows);
        else
            rows++;
    }
    return true;
}
