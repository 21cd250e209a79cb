/* convert.h: one text or JSON scalar into a column of its type; private to format/. */
#ifndef FORMAT_CONVERT_H
#define FORMAT_CONVERT_H

#include "format/format.h"

typedef struct Conversion {
    char decimal_mark; /* '.' or ','                                                    */
    Str date_format, timestamp_format; /* strptime forms; empty: ISO                            */
} Conversion;

/* Adds the value of a text (a CSV field, the inside of a JSON string) to the column. NULL: done;
 * else the reason why it does not fit exactly ("no BIGINT"), and nothing was added. LIST and STRUCT
 * never fit. */
const char *convert_text(const Conversion *conversion, const Field *field, ColumnBuilder *column,
                         Str text);

/* The same for a JSON number, as written. */
const char *convert_number(const Field *field, ColumnBuilder *column, Str raw);
const char *convert_bool(const Field *field, ColumnBuilder *column, bool is_true);
/* What a text says as a boolean: 1, 0; -1: it is none. */
int convert_bool_word(Str text);
/* "no BIGINT" */
const char *convert_reason(TypeId type);

#endif
