/* csv_window.h: a CSV in pieces, record by record; private to format/.
 *
 *   csv_window_add(piece) ... csv_window_next() until it has none ... csv_window_add(piece) ...
 * csv_window_end()
 */
#ifndef FORMAT_CSV_WINDOW_H
#define FORMAT_CSV_WINDOW_H

#include "format/csv_scan.h"

#define CSV_SLICE_BYTES (256 * 1024) /* what is added at a time: stays in the cache */

typedef struct CsvWindow {
    Arena *arena;
    CsvOptions options; /* found out ones too, once begun                                */
    CsvDialect dialect;
    Str file;         /* for messages                                                  */
    Recoder *recoder; /* NULL: UTF-8                                                   */
    Text head;        /* the first bytes, while the encoding is open                   */
    Text text;
    size_t at;     /* of the next record in `text`                                  */
    size_t wanted; /* bytes that must be there before it is worth to look again     */
    bool knows_encoding, has_begun, is_end;
    bool is_suspect;          /* `text` holds NULs or invalid UTF-8                            */
    int64_t invalid_at;       /* offset (recoded) of the first invalid byte, or -1             */
    uint64_t passed;          /* bytes before text.at                                          */
    uint64_t line, next_line; /* of the record; of the next one                                */
    Str *names;               /* of the columns                                                */
    uint32_t count;
    CsvRecord record;
} CsvWindow;

/* Owner: the arena. */
void csv_window_init(CsvWindow *window, Arena *arena, const CsvOptions *options, Str file);
/* At most CSV_SLICE_BYTES at a time keeps it fast. Moves what is left: views of the last record
 * end. */
MUST bool csv_window_add(CsvWindow *window, Str piece, Err *err);
MUST bool csv_window_end(CsvWindow *window, Err *err);
/* The next record that is not blank, header left out, in window->record. *has_record false: add
 * more, or the end. */
MUST bool csv_window_next(CsvWindow *window, bool *has_record, Err *err);

#endif
