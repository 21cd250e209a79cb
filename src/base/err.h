/* err.h: what went wrong in the world outside the program.
 *
 * A function that can fail returns bool, true on success, and takes Err *err last. On failure it
 * has set err exactly once and left its outputs untouched. Mistakes of ours are assert()s.
 *
 *   Err err = {0};
 *   if (!project_load(..., &err)) { err_print(&err, &text); err_drop(&err); }
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/str.h"
#include "base/text.h"

typedef enum ErrKind {
    ERR_NONE,
#define ERR(id, title, exit_code, can_retry, hint) ERR_##id,
#include "base/err.def"
#undef ERR
    ERR_KIND_COUNT
} ErrKind;

/* Where: 1-based; line 0 = the whole file, file empty = nowhere. */
typedef struct Place {
    Str file;
    int line, column;
} Place;

#define NOWHERE ((Place){{NULL, 0}, 0, 0})

/* Owner: whoever declared it; err_drop() gives its memory back. A zeroed Err is ready to use. */
typedef struct Err {
    ErrKind kind;
    Place place;    /* file is a copy owned by the Err                                     */
    char *text;     /* what happened, one or more lines                                    */
    char *excerpt;  /* the source line and a caret below it, or NULL                       */
    char *trail;    /* "> in macro x (file, line n)" lines, innermost first, or NULL       */
} Err;

void err_drop(Err *err);

/* Sets the error (a former one is dropped) and returns false. */
bool err_set(Err *err, ErrKind kind, Place place, const char *format, ...) PRINTF_LIKE(4, 5);

/* The same, and keeps the line of `source` at the place, with a caret, for the message. */
bool err_set_in(Err *err, ErrKind kind, Place place, Str source, const char *format, ...)
    PRINTF_LIKE(5, 6);

/* Adds the excerpt later (the raiser knew the place but not the source). */
void err_show_source(Err *err, Str source);

/* Gives the error a place if it has none yet. Returns false. */
bool err_locate(Err *err, Place place, Str source);

/* The place is in a text of its own that stands in `source` (a scalar of YAML that was rendered):
 * it becomes the place in `source`, where the excerpt's line is found there. Returns false. */
bool err_within(Err *err, Str source);

/* Adds context in front: "loading profiles.yml: <text>". Returns false. */
bool err_wrap(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds text behind what is there: "<text>. Did you mean ...". Returns false. */
bool err_add(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds a line to the trail ("in macro x (macros/x.sql, line 3)"). Returns false. */
bool err_trail(Err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Moves `from` into `to` (which is dropped first); `from` is empty afterwards. */
void err_move(Err *to, Err *from);

/* text, place, excerpt and trail in lines, without the title; every line ends with \n but the
 * last. Example:
 *   'stg_order' is undefined
 *     --> models/a.sql:3:14
 *      |
 *    3 | select * from {{ stg_order }}
 *      |                  ^
 */
void err_print(const Err *err, Text *out);

/* From the table err.def. */
const char *err_title(ErrKind kind);
int err_exit_code(ErrKind kind);
bool err_can_retry(ErrKind kind);
const char *err_hint(ErrKind kind);

/* The place of a byte offset in a source text. Columns count code points. Cost: O(offset). */
Place place_at(Str file, Str source, size_t offset);

#endif
