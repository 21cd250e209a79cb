/* read.h: what the readers of records share; private to format/. */
#ifndef FORMAT_READ_H
#define FORMAT_READ_H

#include "format/convert.h"
#include "format/csv_reader.h"

typedef struct JsonReader JsonReader;

/* What became of a value or record. */
typedef enum Outcome {
    DONE,
    DROPPED, /* the record is to be left out                                  */
    FAILED,  /* err is set                                                    */
} Outcome;

typedef struct Reader {
    Arena *arena;
    RecordOptions options; /* its schema is a copy                                          */
    Conversion conversion;
    Builder *builder;
    ColumnBuilder **columns;
    uint64_t rows_limit, bytes_limit; /* of a batch                                             */
    uint64_t bytes; /* read for the batch so far                                     */
    uint64_t line;  /* of the record at hand                                         */
    Str record;     /* raw                                                           */
    Str rest;       /* of the source's piece                                         */
    bool is_at_end;
    Err *err; /* of the call at hand                                           */
    CsvReader *csv;
    bool has_begun; /* CSV: the header is read and the columns are bound                  */
    Text scratch;
    JsonReader *json;
} Reader;

/* Tells of a bad value; VERDICT_NULL is DONE. */
Outcome reader_bad(Reader *reader, Str column, Str value, const char *reason);
/* The next at most `most` bytes of the source; empty at its end. */
MUST bool reader_take(Reader *reader, size_t most, Str *out, Err *err);

/* Reads records until the batch is full or the source ends. */
void csv_stream_init(Reader *reader);
MUST bool csv_stream_fill(Reader *reader, Err *err);
void json_reader_init(Reader *reader);
MUST bool json_reader_fill(Reader *reader, Err *err);

static inline bool reader_is_full(Reader *reader)
{
    return builder_rows(reader->builder) >= reader->rows_limit ||
           reader->bytes >= reader->bytes_limit;
}

#endif
