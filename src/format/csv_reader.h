/* csv_reader.h: what records_stream() asks of a CsvReader besides; private to format/. */
#ifndef FORMAT_CSV_READER_H
#define FORMAT_CSV_READER_H

#include "format/convert.h"
#include "format/csv_window.h"

/* A target of csv_reader_bind(): every value of the field is a misfit, "not in the schema". */
#define CSV_TELL (-2)

/* Where a fill ends before the file does. */
typedef struct CsvLimits {
    uint64_t rows, bytes; /* of the builder; of records taken, line ends left out                */
} CsvLimits;

/* csv_reader_fill() with limits of its own. *bytes grows by the records taken or met. The column of
 * "too few fields" is the first that is missing; bytes that are no text are told of their column,
 * and csv_reader_null() takes the others. */
MUST bool csv_reader_fill_some(CsvReader *reader, const CsvLimits *limits, uint64_t *bytes,
                               CsvStop *stop, BadValue *bad, Err *err);

#endif
