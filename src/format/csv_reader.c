/* csv_reader.c: CSV files into the columns of a Builder; see format.h and csv_reader.h. */
#include "format/csv_reader.h"
#include "format/kinds.h"
#include "format/scan.h"

#define VALUE_SHOWN 200

/* A field of the file. */
typedef struct Source {
    ColumnBuilder *column; /* NULL: passed over                                             */
    Field field;           /* the column's type                                             */
    int32_t target;
} Source;

struct CsvReader {
    Arena *arena;     /* of the reader itself                                          */
    Arena file_arena; /* of the file at hand                                           */
    CsvFile file;
    CsvWindow window;
    Conversion conversion;
    Str rest; /* of the piece that was read                                    */
    bool is_at_end;
    Builder *builder;
    Source *sources; /* one a field of the file                                       */
    uint32_t source_room;
    ColumnBuilder **absent; /* the builder's columns that no field goes to                   */
    uint32_t absent_count, absent_room;
    ColumnBuilder *line_column; /* or NULL                                                       */
    bool is_telling;            /* some target is CSV_TELL                                       */
    uint32_t most_rows;         /* of the next run: few behind a misfit                          */
    uint64_t rows;
    /* The record of the last CSV_MISFIT. */
    bool is_pending, takes_ragged;
    bool is_spoilt;         /* a quote or bytes that are no text                             */
    uint32_t misfit;        /* its field; UINT32_MAX: the whole record                       */
    List(uint32_t) as_null; /* its fields that are to be NULL                                */
    Text scratch;
};

static void csv_reader_drop(void *what)
{
    CsvReader *reader = what;
    text_drop(&reader->scratch);
    arena_drop(&reader->file_arena);
}

CsvReader *csv_reader_make(Arena *arena)
{
    CsvReader *reader = NEW(arena, CsvReader);
    reader->arena = arena;
    csv_window_init(&reader->window, arena);
    arena_on_drop(arena, csv_reader_drop, reader);
    return reader;
}

/* ---- bytes ---- */

/* The next piece of the file, or a part of it, into the window. */
static bool add_piece(CsvReader *reader, Err *err)
{
    if (!reader->rest.len && !reader->is_at_end) {
        TRY(reader->file.read(reader->file.source, &reader->rest, err));
        reader->is_at_end = !reader->rest.len;
    }
    if (reader->is_at_end)
        return csv_window_end(&reader->window, err);
    Str slice = str_slice(reader->rest, 0, CSV_SLICE_BYTES);
    reader->rest = str_slice(reader->rest, slice.len, reader->rest.len);
    return csv_window_add(&reader->window, slice, err);
}

/* More bytes, as many as make good runs. */
static bool refill(CsvReader *reader, Err *err)
{
    CsvWindow *window = &reader->window;
    do
        TRY(add_piece(reader, err));
    while (!window->is_end && window->text.len - window->at < csv_window_goal(window));
    return true;
}

MUST bool csv_reader_begin(CsvReader *reader, const CsvFile *file, Err *err)
{
    arena_reset(&reader->file_arena);
    reader->file = *file;
    csv_window_restart(&reader->window, &reader->file_arena, &file->csv, file->name,
                       file->record_limit_bytes);
    reader->rest = STR_NONE;
    reader->is_at_end = false;
    reader->builder = NULL;
    reader->most_rows = CSV_RUN_ROWS;
    reader->rows = 0;
    reader->is_pending = false;
    while (!reader->window.has_begun && !reader->window.is_end) {
        TRY(add_piece(reader, err));
        TRY(csv_window_begin(&reader->window, err));
    }
    const CsvOptions *options = &reader->window.options;
    reader->conversion = (Conversion){options->decimal_mark.len ? options->decimal_mark.at[0] : '.',
                                      options->date_format, options->timestamp_format};
    return true;
}

uint32_t csv_reader_header(const CsvReader *reader, const Str **names)
{
    *names = reader->window.names;
    return reader->window.count;
}

const CsvOptions *csv_reader_options(const CsvReader *reader)
{
    return &reader->window.options;
}

uint64_t csv_reader_rows(const CsvReader *reader)
{
    return reader->rows;
}

uint64_t csv_reader_held(const CsvReader *reader)
{
    return csv_window_held(&reader->window);
}

void csv_reader_relax(CsvReader *reader, bool is_over)
{
    csv_window_relax(&reader->window, is_over);
    if (reader->scratch.cap > CSV_SLICE_BYTES)
        text_drop(&reader->scratch);
}

/* ---- types ---- */

/* Looks at the rows that end in the sample: its first `bytes` bytes. */
static bool look_at_sample(CsvReader *reader, CsvWindow *window, size_t bytes, Kinds *kinds,
                           Err *err)
{
    for (;;) {
        bool has_record;
        CsvRun run;
        TRY(csv_window_take(window, CSV_RUN_ROWS, &run, &has_record, err));
        const CsvRecord *record = &window->record;
        if (has_record && (size_t)(record->end - window->text.at) <= bytes)
            csv_add_kinds(&window->options, &window->dialect, record, kinds, window->count,
                          &reader->scratch);
        uint32_t rows = run.rows;
        while (run.rows && (size_t)(csv_run_row(&run, run.rows - 1).at +
                                    csv_run_row(&run, run.rows - 1).len - window->text.at) > bytes)
            run.rows--;
        csv_look_at_run(&run, &window->options, kinds);
        csv_window_pass(window, &run, rows);
        if ((!has_record && !rows) || window->at >= bytes)
            return true;
    }
}

MUST bool csv_reader_sniff(CsvReader *reader, Arena *arena, Schema *out, Err *err)
{
    CsvWindow *window = &reader->window;
    assert(!reader->rows && !reader->is_pending);
    while (!window->is_end && window->text.len - window->at < CSV_SAMPLE_BYTES)
        TRY(add_piece(reader, err));
    Kinds *kinds = NEW_N(arena, Kinds, window->count);
    CsvWindow before = *window;
    bool is_done = look_at_sample(reader, window, window->at + CSV_SAMPLE_BYTES, kinds, err);
    before.record = window->record; /* its arrays may have moved */
    before.index = window->index;
    before.index.row_count = before.index_row = 0;
    *window = before;
    if (!is_done)
        return false;
    *out = (Schema){NEW_N(arena, Field, window->count), window->count};
    for (uint32_t i = 0; i < window->count; i++) {
        out->fields[i].name = str_copy(arena, window->names[i]);
        kinds_resolve(&kinds[i], &out->fields[i]);
    }
    return true;
}

/* Digits before the point that a number's type says were seen; false: unknown. */
static bool knows_digits(const Field *field)
{
    return (field->type == ARROW_INT64 || field->type == ARROW_DOUBLE) && field->precision;
}

static void widen(Arena *arena, const CsvOptions *options, const Field *have, Str value, Field *out)
{
    Kinds kinds = {0};
    Field seen = {.name = have->name};
    if (value.len)
        csv_add_kind(options, &kinds, value);
    kinds_resolve(&kinds, &seen);
    if (seen.type == ARROW_NULL || have->type == ARROW_NULL) {
        *out = seen.type == ARROW_NULL ? *have : seen;
        return;
    }
    if (have->type == ARROW_DECIMAL && seen.type == ARROW_DOUBLE && seen.precision)
        seen.type = ARROW_DECIMAL; /* it says the same; a decimal stays one */
    if (types_meet(arena, have, &seen, out) == TYPES_CLASH) {
        *out = (Field){.name = have->name, .type = ARROW_TEXT};
    } else if (knows_digits(have) && knows_digits(&seen) &&
               (out->type == ARROW_INT64 || out->type == ARROW_DOUBLE)) {
        unsigned whole = have->precision - have->scale, more = seen.precision - seen.scale;
        out->scale = have->scale > seen.scale ? have->scale : seen.scale;
        out->precision = (uint8_t)((whole > more ? whole : more) + out->scale);
    }
}

void csv_widen(Arena *arena, const Field *have, Str value, Field *out)
{
    widen(arena, &(CsvOptions){0}, have, value, out);
}

void csv_reader_widen(const CsvReader *reader, Arena *arena, const Field *have, Str value,
                      Field *out)
{
    widen(arena, &reader->window.options, have, value, out);
}

/* ---- columns ---- */

static void make_room(CsvReader *reader, uint32_t fields, uint32_t columns)
{
    if (reader->source_room < fields) {
        reader->source_room = fields;
        reader->sources = NEW_N(reader->arena, Source, fields);
    }
    if (reader->absent_room < columns) {
        reader->absent_room = columns;
        reader->absent = NEW_N(reader->arena, ColumnBuilder *, columns);
    }
}

void csv_reader_bind(CsvReader *reader, Builder *builder, const int32_t *target,
                     int32_t line_column)
{
    uint32_t fields = reader->window.count, columns = builder_column_count(builder);
    assert(builder_rows(builder) == 0);
    make_room(reader, fields, columns);
    for (uint32_t i = 0; i < columns; i++)
        reader->absent[i] = builder_column(builder, i);
    reader->is_telling = false;
    for (uint32_t i = 0; i < fields; i++) {
        Source *source = &reader->sources[i];
        *source = (Source){.target = target[i]};
        reader->is_telling |= target[i] == CSV_TELL;
        if (target[i] < 0)
            continue;
        assert((uint32_t)target[i] < columns && target[i] != line_column &&
               reader->absent[target[i]]);
        source->column = builder_column(builder, (uint32_t)target[i]);
        source->field = (Field){.type = source->column->type,
                                .precision = source->column->precision,
                                .scale = source->column->scale};
        reader->absent[target[i]] = NULL;
    }
    reader->line_column = NULL;
    if (line_column >= 0) {
        reader->line_column = builder_column(builder, (uint32_t)line_column);
        reader->absent[line_column] = NULL;
    }
    reader->absent_count = 0;
    for (uint32_t i = 0; i < columns; i++)
        if (reader->absent[i])
            reader->absent[reader->absent_count++] = reader->absent[i];
    reader->builder = builder;
}

/* ---- a record ---- */

/* Why a field's bytes cannot be text. Asked only where the window is suspect. */
static const char *find_bad_bytes(Str text)
{
    if (text.len && memchr(text.at, 0, text.len))
        return "a NUL byte";
    return scan_invalid_utf8(text) >= 0 ? "invalid UTF-8" : NULL;
}

static bool is_as_null(const CsvReader *reader, uint32_t field)
{
    for (uint32_t i = 0; reader->is_pending && i < reader->as_null.len; i++)
        if (reader->as_null.at[i] == field)
            return true;
    return false;
}

/* NULL: done; else why not. *text is the value then. */
static const char *add_field(CsvReader *reader, const Source *source, const CsvField *from,
                             bool is_suspect, Str *text)
{
    const CsvWindow *window = &reader->window;
    bool is_text = source->field.type == ARROW_TEXT || source->field.type == ARROW_BINARY;
    *text = (Str){from->at, from->len};
    if (from->has_escapes)
        *text = csv_field_text(&window->dialect, from, &reader->scratch);
    bool is_null = !from->is_quoted && str_eq(*text, window->options.null_text);
    if (is_null || (!text->len && !is_text)) {
        column_add_null(source->column);
        return NULL;
    }
    const char *reason = is_suspect ? find_bad_bytes(*text) : NULL;
    reader->is_spoilt = reason != NULL;
    return reason ? reason
                  : convert_text(&reader->conversion, &source->field, source->column, *text);
}

/* A record whose count of fields is not the header's. */
static const char *check_count(CsvReader *reader, BadValue *bad)
{
    const CsvWindow *window = &reader->window;
    const CsvRecord *record = &window->record;
    if (record->count == window->count || (reader->is_pending && reader->takes_ragged))
        return NULL;
    reader->misfit = UINT32_MAX;
    if (record->count < window->count) {
        bad->column = window->names[record->count];
        return "too few fields";
    }
    bad->value = (Str){record->fields[window->count].at, record->fields[window->count].len};
    return "too many fields";
}

/* Fields that are to be told of. */
static const char *tell(CsvReader *reader, BadValue *bad)
{
    const CsvWindow *window = &reader->window;
    for (uint32_t i = 0; i < window->count && i < window->record.count; i++) {
        if (reader->sources[i].target != CSV_TELL || is_as_null(reader, i))
            continue;
        bad->column = window->names[i];
        bad->value = (Str){window->record.fields[i].at, window->record.fields[i].len};
        reader->misfit = i;
        return "not in the schema";
    }
    return NULL;
}

/* The window's record into the columns. NULL: done; else why not, and *bad tells the value. */
static const char *add_record(CsvReader *reader, BadValue *bad)
{
    const CsvWindow *window = &reader->window;
    const CsvRecord *record = &window->record;
    bool is_suspect = csv_window_is_suspect(window, record->begin);
    reader->misfit = UINT32_MAX;
    reader->is_spoilt = record->fault != NULL;
    if (record->fault) {
        bad->value = (Str){record->begin, (size_t)(record->end - record->begin)};
        return record->fault;
    }
    const char *reason = check_count(reader, bad);
    if (!reason && reader->is_telling)
        reason = tell(reader, bad);
    uint32_t count = record->count < window->count ? record->count : window->count;
    for (uint32_t i = 0; i < count && !reason; i++) {
        const Source *source = &reader->sources[i];
        Str text;
        if (!source->column)
            continue;
        if (is_as_null(reader, i)) {
            column_add_null(source->column);
            continue;
        }
        reason = add_field(reader, source, &record->fields[i], is_suspect, &text);
        if (reason) {
            bad->column = window->names[i];
            bad->value = text;
            reader->misfit = i;
        }
    }
    if (reason)
        return reason;
    for (uint32_t i = count; i < window->count; i++)
        if (reader->sources[i].column)
            column_add_null(reader->sources[i].column);
    for (uint32_t i = 0; i < reader->absent_count; i++)
        column_add_null(reader->absent[i]);
    if (reader->line_column)
        column_add_int(reader->line_column, (int64_t)window->line);
    return NULL;
}

/* The window's record; *is_taken false: it misfits. */
static bool take_record(CsvReader *reader, BadValue *bad)
{
    const CsvWindow *window = &reader->window;
    const CsvRecord *record = &window->record;
    uint64_t rows = builder_rows(reader->builder);
    *bad = (BadValue){0};
    const char *reason = add_record(reader, bad);
    if (!reason) {
        reader->is_pending = false;
        reader->rows++;
        return true;
    }
    builder_truncate(reader->builder, rows);
    bad->file = window->file;
    bad->line = window->line;
    bad->record = (Str){record->begin, (size_t)(record->end - record->begin)};
    if (bad->value.len > VALUE_SHOWN)
        bad->value.len = VALUE_SHOWN;
    bad->reason = reason;
    if (!reader->is_pending) {
        reader->is_pending = true;
        reader->takes_ragged = false;
        reader->as_null.len = 0;
    }
    return false;
}

void csv_reader_skip(CsvReader *reader)
{
    assert(reader->is_pending);
    reader->is_pending = false;
    reader->rows++;
}

void csv_reader_null(CsvReader *reader)
{
    assert(reader->is_pending);
    if (reader->is_spoilt && reader->misfit == UINT32_MAX)
        csv_reader_skip(reader);
    else if (reader->misfit == UINT32_MAX)
        reader->takes_ragged = true;
    else
        list_add(reader->arena, &reader->as_null, reader->misfit);
}

/* ---- many rows at once ---- */

/* The lines that rows begin in. */
static void add_lines(const CsvReader *reader, const CsvRun *run, uint32_t rows)
{
    uint64_t line = reader->window.next_line;
    assert(reader->line_column->type == ARROW_INT64);
    int64_t *out = column_reserve(reader->line_column, rows);
    for (uint32_t row = 0; row < rows; row++) {
        out[row] = (int64_t)line;
        line += 1 + (run->has_quoted_newlines ? scan_count(csv_run_row(run, row), '\n') : 0);
    }
    column_filled(reader->line_column, rows);
}

/* Column by column; each one only as far as those before it went. What stands beyond the rows that
 * all columns took is taken back. */
static void take_run(CsvReader *reader, CsvRun *run)
{
    CsvWindow *window = &reader->window;
    uint64_t before = builder_rows(reader->builder);
    uint32_t asked = run->rows;
    for (uint32_t i = 0; i < window->count && run->rows; i++) {
        Source *source = &reader->sources[i];
        if (source->column)
            run->rows = csv_fill_column(run, i, &reader->conversion, &source->field, source->column,
                                        &reader->scratch);
    }
    for (uint32_t i = 0; i < reader->absent_count; i++)
        column_add_nulls(reader->absent[i], run->rows);
    if (reader->line_column && run->rows)
        add_lines(reader, run, run->rows);
    reader->most_rows = reader->most_rows < CSV_RUN_ROWS ? 2 * reader->most_rows : CSV_RUN_ROWS;
    if (run->rows < asked) {
        builder_truncate(reader->builder, before + run->rows);
        reader->most_rows = 1;
    }
    csv_window_pass(window, run, run->rows);
    reader->rows += run->rows;
}

/* Cuts a run to what the batch still takes. */
static uint32_t rows_left(const CsvReader *reader, const CsvLimits *limits)
{
    uint64_t rows = builder_rows(reader->builder), limit = limits ? limits->rows : BATCH_ROWS;
    uint64_t left = limit > rows ? limit - rows : 1;
    return left < reader->most_rows ? (uint32_t)left : reader->most_rows;
}

/* Cuts a run behind the row whose bytes reach the limit. */
static void cut_run(const CsvLimits *limits, uint64_t bytes, CsvRun *run)
{
    for (uint32_t row = 0; limits && row < run->rows; row++) {
        bytes += csv_run_row(run, row).len;
        if (bytes >= limits->bytes)
            run->rows = row + 1;
    }
}

static uint64_t run_bytes(const CsvRun *run)
{
    uint64_t bytes = 0;
    for (uint32_t row = 0; row < run->rows; row++)
        bytes += csv_run_row(run, row).len;
    return bytes;
}

/* ---- filling ---- */

static bool is_full(const CsvReader *reader, const CsvLimits *limits, uint64_t bytes)
{
    if (!limits)
        return builder_is_full(reader->builder);
    return builder_rows(reader->builder) >= limits->rows || bytes >= limits->bytes;
}

typedef enum Next { NEXT_NONE, NEXT_ROWS, NEXT_RECORD } Next;

/* Takes the rows that come next (NEXT_ROWS), as far as they fit; or finds the record that is to be
 * looked at. NEXT_NONE: there are no bytes for it. */
static bool take_next(CsvReader *reader, const CsvLimits *limits, uint64_t *bytes, Next *next,
                      Err *err)
{
    CsvWindow *window = &reader->window;
    CsvRun run = {0};
    bool has_record = false;
    *next = NEXT_ROWS;
    if (!reader->is_telling)
        TRY(csv_window_take(window, rows_left(reader, limits), &run, &has_record, err));
    if (run.rows) {
        cut_run(limits, *bytes, &run);
        uint32_t asked = run.rows;
        take_run(reader, &run);
        *bytes += limits ? run_bytes(&run) : 0;
        if (run.rows == asked)
            return true;
    }
    if (!has_record)
        TRY(csv_window_next(window, &has_record, err));
    *next = has_record ? NEXT_RECORD : NEXT_NONE;
    if (has_record)
        *bytes += (uint64_t)(window->record.end - window->record.begin);
    return true;
}

MUST bool csv_reader_fill_some(CsvReader *reader, const CsvLimits *limits, uint64_t *bytes,
                               CsvStop *stop, BadValue *bad, Err *err)
{
    while (!is_full(reader, limits, *bytes)) {
        Next next = NEXT_RECORD;
        if (!reader->is_pending)
            TRY(take_next(reader, limits, bytes, &next, err));
        if (next == NEXT_RECORD && !take_record(reader, bad)) {
            *stop = CSV_MISFIT;
            return true;
        }
        if (next == NEXT_NONE && reader->window.is_end) {
            *stop = CSV_END;
            return true;
        }
        if (next == NEXT_NONE)
            TRY(refill(reader, err));
    }
    *stop = CSV_FULL;
    return true;
}

MUST bool csv_reader_fill(CsvReader *reader, CsvStop *stop, BadValue *bad, Err *err)
{
    uint64_t bytes = 0;
    assert(reader->builder || !reader->window.has_begun);
    if (!reader->window.has_begun) {
        *stop = CSV_END;
        return true;
    }
    TRY(csv_reader_fill_some(reader, NULL, &bytes, stop, bad, err));
    if (*stop == CSV_MISFIT && reader->is_spoilt)
        reader->misfit = UINT32_MAX;
    if (*stop == CSV_MISFIT && reader->misfit == UINT32_MAX)
        bad->column = STR_NONE;
    return true;
}
