/* csv_window.h: a CSV in pieces, record by record; private to format/.
 *
 *   csv_window_add(piece) ... csv_window_next() until it has none ... csv_window_add(piece) ...
 * csv_window_end()
 *
 * Whoever can use many rows at once calls csv_window_take() instead: it gives regular rows as a run
 * and everything else (ragged, badly quoted, with bytes that are no text) as a record.
 */
#ifndef FORMAT_CSV_WINDOW_H
#define FORMAT_CSV_WINDOW_H

#include "format/csv_run.h"

#define CSV_SLICE_BYTES  (256 * 1024) /* what is added at a time: stays in the cache           */
#define CSV_SAMPLE_BYTES (256 * 1024) /* of a file: dialect and types are found out from them  */
#define CSV_RECORD_LIMIT (64u << 20)

typedef struct CsvWindow {
    Arena *file_arena;  /* of what belongs to one file: names, the recoder                       */
    CsvOptions options; /* found out ones too, once begun                                */
    CsvDialect dialect;
    Str file; /* for messages                                                  */
    uint64_t record_limit;
    Recoder *recoder; /* NULL: UTF-8                                                   */
    Text head;        /* the first bytes, while the encoding is open                   */
    Text text;
    size_t at;      /* of the next record in `text`                                  */
    size_t wanted;  /* bytes that must be there before it is worth to look again     */
    size_t checked; /* bytes of `text` that were looked at for NULs and bad UTF-8    */
    bool knows_encoding, has_begun, is_end;
    uint64_t bad_until;       /* the last NUL or invalid byte that was met lies before it      */
    int64_t invalid_at;       /* offset (recoded) of the first invalid byte, or -1             */
    uint64_t passed;          /* bytes before text.at                                          */
    uint64_t line, next_line; /* of the record; of the next one                                */
    Str *names;               /* of the columns                                                */
    uint32_t count;
    CsvRecord record;
    CsvIndex index; /* of text from index_at on, while it has rows left               */
    size_t index_at;
    uint32_t index_row, index_mark; /* the next row of it, and its first mark */
    uint64_t walk_until; /* records that begin before are found one by one                 */
    uint64_t row_bytes;  /* of a row, about                                                */
    uint32_t *begins;    /* room for a run's                                               */
} CsvWindow;

/* One window serves file after file: its buffers stay. Owner: the arena. */
void csv_window_init(CsvWindow *window, Arena *arena);
/* Begins a file. record_limit in bytes, 0: 64 MiB. */
void csv_window_restart(CsvWindow *window, Arena *file_arena, const CsvOptions *options, Str file,
                        uint64_t record_limit);
/* At most CSV_SLICE_BYTES at a time keeps it fast. Moves what is left: views of the last record
 * end. */
MUST bool csv_window_add(CsvWindow *window, Str piece, Err *err);
MUST bool csv_window_end(CsvWindow *window, Err *err);
/* The next record that is not blank, header left out, in window->record. *has_record false: add
 * more, or the end. Finds out dialect and header first, as soon as there are bytes enough.
 * Fails ERR_PARSING: a header with a broken quote, a NUL or invalid UTF-8; ERR_TOO_BIG */
MUST bool csv_window_next(CsvWindow *window, bool *has_record, Err *err);
/* The first half of csv_window_next() alone: window->has_begun tells. */
MUST bool csv_window_begin(CsvWindow *window, Err *err);

/* Regular rows, at most `most` (and CSV_RUN_ROWS) of them: run->rows > 0; they are not passed yet.
 * Else *has_record: the next record in window->record, passed. Else as csv_window_next(). */
MUST bool csv_window_take(CsvWindow *window, uint32_t most, CsvRun *run, bool *has_record,
                          Err *err);
/* Passes the first `rows` rows of the run. */
void csv_window_pass(CsvWindow *window, const CsvRun *run, uint32_t rows);
/* Bytes that have come and wait for the end of their record. */
static inline uint64_t csv_window_held(const CsvWindow *window)
{
    return window->text.len - window->at;
}
/* Gives back what a giant record has taken. Moves what is left; is_over: which is nothing. */
void csv_window_relax(CsvWindow *window, bool is_over);
/* Bytes that should be there for good runs. */
size_t csv_window_goal(const CsvWindow *window);

/* Whether the bytes from `at` on may hold NULs or invalid UTF-8. */
static inline bool csv_window_is_suspect(const CsvWindow *window, const char *at)
{
    return window->bad_until > window->passed + (uint64_t)(at - window->text.at);
}

#endif
