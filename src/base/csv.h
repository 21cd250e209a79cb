/* csv.h: a CSV reader as Python's csv module reads: the dialect of dbt's seeds (RFC 4180). */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/value.h"

typedef struct CsvReader {
    Str source, file;
    size_t at;
    char delimiter;
    uint32_t line;          /* of the record just read, 1-based */
    uint32_t next_line;     /* of the byte at `at`              */
    Text scratch;           /* fields with doubled quotes       */
} CsvReader;

/* Starts at the beginning of `source`; a UTF-8 byte order mark is passed. */
void csv_init(CsvReader *reader, Str source, Str file, char delimiter);
void csv_drop(CsvReader *reader);

/* Reads the next record into *fields (views into the source, or into the arena when quotes had to
 * be removed). Blank lines are passed. *out_more false = end. Line ends \r\n and \r are \n, within
 * quotes too, as Python's open() reads them.
 * Fails ERR_PARSING on an unclosed quote, with the place where it opened. */
MUST bool csv_next(CsvReader *reader, Arena *arena, Str **fields, uint32_t *count, bool *out_more,
                   Err *err);

#endif
