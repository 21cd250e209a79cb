/* csv_scan.h: where the fields of a CSV record lie; private to format/. */
#ifndef FORMAT_CSV_SCAN_H
#define FORMAT_CSV_SCAN_H

#include "format/format.h"

#define CSV_PADDING 64 /* readable bytes that must lie behind the end of what is scanned */

typedef struct CsvField {
    const char *at; /* without its quotes                                            */
    uint32_t len;
    bool is_quoted, has_escapes; /* has_escapes: doubled quotes or escapes to be taken out        */
} CsvField;

typedef struct CsvRecord {
    CsvField *fields;
    uint32_t count, room;
    Arena *arena;            /* where `fields` grows                                          */
    const char *begin, *end; /* without its line end                                          */
    const char *next;        /* of the next record                                            */
    uint32_t newlines;       /* within quotes                                                 */
    const char *fault;       /* a reason, or NULL                                             */
} CsvRecord;

typedef struct CsvDialect {
    char delimiter, quote, escape; /* escape == quote: doubled quotes                           */
} CsvDialect;

/* The fault of a quote that is still open at the end. */
extern const char csv_unclosed[];

/* Scans the record at `at`. False: its end does not lie before `end` (never if is_last). Line ends
 * are \n, \r\n and \r. A quote opens a field only as its first byte. Cost: 1 to 3 GB/s. */
bool csv_scan_record(const CsvDialect *dialect, const char *at, const char *end, bool is_last,
                     CsvRecord *record);

/* A line with nothing in it. */
static inline bool csv_is_blank(const CsvRecord *record)
{
    return record->begin == record->end;
}

/* The field's text: a view, or made in `scratch`. */
Str csv_field_text(const CsvDialect *dialect, const CsvField *field, Text *scratch);

/* What the first bytes tell; sets what is 0 (or -1: has_header) in *csv. `sample` ends with a whole
 * record if is_all, and CSV_PADDING bytes lie behind it. */
void csv_find_dialect(Arena *arena, Str sample, bool is_all, CsvOptions *csv);
/* The encoding that a byte order mark tells, or empty. */
Str csv_marked_encoding(Str sample);
/* Unique names of columns: a header's own ("a", "a_1"; "column_3" where it is empty), or column_1,
 * ... */
Str *csv_names(Arena *arena, const CsvDialect *dialect, const CsvRecord *record, bool is_header);

#endif
