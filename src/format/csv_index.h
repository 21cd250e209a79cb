/* csv_index.h: where all fields of many records lie, found in one pass; private to format/.
 *
 *   text    id,name\n7,"a,b"\n
 *   marks     ^    ^  ^      ^     every delimiter and line end outside quotes
 *   rows           1         3     which marks are line ends: row 1 has the marks 2 to 3
 *
 * Blocks of 64 bytes become bit masks (AVX-512, AVX2 or plain C, whatever the processor has).
 * Quotes count only where they open or close a field properly; the first one that does not ends the
 * index, and csv_scan_record() walks on from there.
 */
#ifndef FORMAT_CSV_INDEX_H
#define FORMAT_CSV_INDEX_H

#include "format/csv_scan.h"

typedef struct CsvIndex {
    Arena *arena;    /* where the arrays grow                                         */
    uint32_t *marks; /* offsets from where it begins                                  */
    uint32_t *rows;  /* numbers of marks                                              */
    uint32_t mark_count, mark_room, row_count, row_room;
    uint32_t bytes;        /* up to here the rows are whole: behind the last one's line end */
    uint32_t broken_until; /* 0; else quotes between `bytes` and here must be walked        */
    bool has_quotes, has_doubled, has_quoted_newlines, has_cr;
} CsvIndex;

/* Indexes the whole records between `at` (where one begins) and `end`, behind which CSV_PADDING
 * bytes are readable. A \r that is the last byte must be left out unless it ends the file.
 * dialect  its escape is its quote
 * Cost     5 GB a CPU second and more with AVX2, 1 without */
void csv_index_build(CsvIndex *index, const CsvDialect *dialect, const char *at, const char *end);

/* For tests: which form makes the masks, or none: no row is indexed, each one is walked. False:
 * this processor lacks it. */
typedef enum CsvForm {
    CSV_FORM_BEST,
    CSV_FORM_NONE,
    CSV_FORM_PLAIN,
    CSV_FORM_AVX2,
    CSV_FORM_AVX512
} CsvForm;
bool csv_index_force(CsvForm form);

#endif
