/* csv_run.h: a run of regular rows, column by column; private to format/.
 *
 * Every row of a run has as many fields as the file has columns, and its quotes are proper. A
 * column of it is worked through in one loop: the type is asked once, not once a value.
 */
#ifndef FORMAT_CSV_RUN_H
#define FORMAT_CSV_RUN_H

#include "format/convert.h"
#include "format/csv_index.h"
#include "format/kinds.h"

#define CSV_RUN_ROWS 1024 /* at most */

typedef struct CsvRun {
    const char *base;      /* what the offsets count from                                   */
    const uint32_t *marks; /* of the first row on: `columns` of them a row                  */
    uint32_t *begins;      /* where each row begins                                         */
    uint32_t columns, rows;
    const CsvDialect *dialect;
    Str null_text;
    bool has_quotes, has_doubled, has_quoted_newlines;
} CsvRun;

/* A field of a run: `len` bytes without their quotes. */
typedef struct CsvCell {
    const char *at;
    size_t len;
    bool is_quoted;
} CsvCell;

/* A column of a run: where its fields lie. */
typedef struct CsvSpan {
    const char *from_base, *to_base;
    const uint32_t *from, *to;
    uint32_t from_step, to_step; /* from one row to the next                                      */
    char quote;                  /* \0: no field is quoted                                        */
    bool has_doubled;
} CsvSpan;

static inline CsvSpan csv_span(const CsvRun *run, uint32_t column)
{
    CsvSpan span = {.from_base = run->base,
                    .to_base = run->base,
                    .from = run->begins,
                    .to = run->marks + column,
                    .from_step = 1,
                    .to_step = run->columns,
                    .quote = run->has_quotes ? run->dialect->quote : '\0',
                    .has_doubled = run->has_doubled};
    if (column) { /* behind the mark of the field before */
        span.from_base++;
        span.from = run->marks + column - 1;
        span.from_step = run->columns;
    }
    return span;
}

static inline CsvCell csv_cell(const CsvSpan *span, uint32_t row)
{
    const char *at = span->from_base + span->from[(size_t)row * span->from_step];
    const char *end = span->to_base + span->to[(size_t)row * span->to_step];
    CsvCell cell = {at, (size_t)(end - at), false};
    if (span->quote && cell.len && *at == span->quote)
        cell = (CsvCell){at + 1, cell.len - 2, true};
    return cell;
}

/* The row's bytes without its line end. */
static inline Str csv_run_row(const CsvRun *run, uint32_t row)
{
    uint32_t end = run->marks[(size_t)(row + 1) * run->columns - 1];
    return (Str){run->base + run->begins[row], end - run->begins[row]};
}

/* Whether the value is NULL in a column that is a text's or another one's. */
static inline bool csv_cell_is_null(const CsvCell *cell, Str null_text, bool is_text)
{
    if (!cell->len)
        return !is_text || (!cell->is_quoted && !null_text.len);
    return null_text.len && !cell->is_quoted && str_eq((Str){cell->at, cell->len}, null_text);
}

/* Fills a column of a builder with a column of the run. Returns how many rows went well: the value
 * of the next one does not fit. */
uint32_t csv_fill_column(const CsvRun *run, uint32_t column, const Conversion *conversion,
                         const Field *field, ColumnBuilder *into, Text *scratch);
/* Notes the kinds of the run's columns. Cost: a text column nothing, others 1 to 3 GB a second. */
void csv_look_at_run(const CsvRun *run, const CsvOptions *options, Kinds *kinds);
/* The same for one record, unless it is broken or has not `count` fields; for one text that is not
 * NULL. */
void csv_add_kinds(const CsvOptions *options, const CsvDialect *dialect, const CsvRecord *record,
                   Kinds *kinds, uint32_t count, Text *scratch);
void csv_add_kind(const CsvOptions *options, Kinds *kinds, Str text);

#endif
