/* pattern.h: names with holes: "{table}_{date:%Y%m%d}_{batch_id}.csv". private to drops/
 *
 * A hole takes one or more characters but '/'; {date:FORMAT} those of its format (%Y %m %d %H %M
 * %S %j %y); the first hole takes as much as it can. {date} alone is {date:%Y-%m-%d}; {year}
 * {month} {day} are %Y %m %d. A pattern without '/' is compared with the last part of a path.
 */
#ifndef DROPS_PATTERN_H
#define DROPS_PATTERN_H

#include "base/value.h"

typedef struct Pattern Pattern;

enum {
    PATTERN_MOST_PARTS = 32,     /* holes and the texts between them                              */
    PATTERN_MOST_BYTES = 4095,   /* of a name: longer ones never match                            */
};

/* Fails ERR_PARSING: a brace that does not close, an unknown format letter, no {table}, twice the
 * same hole, two holes with nothing between them. Owner: the arena. */
MUST bool pattern_make(Arena *arena, Str text, Pattern **out, Err *err);

typedef struct PatternMatch {
    Str table;                   /* views of the name                                             */
    Str date;                    /* "2024-01-03", or empty: no such hole. Owner: the arena        */
    Value others;                /* dict of the other holes                                       */
} PatternMatch;
/* Cost: O(parts * bytes of the name), whatever pattern and name are. A leading "./" is passed. */
bool pattern_match(const Pattern *pattern, Str name, Arena *arena, PatternMatch *out);

/* Is the whole text a time in that format of digits ("%d.%m.%Y")? */
bool pattern_is_time(Str format, Str text);

/* "{table}/year={year}/{partner}": texts in the place of holes; {year} {month} {day} {date} of
 * `date` (also {date:%Y%m%d}), the rest of `names` (dict of texts and numbers). Fails ERR_PARSING,
 * naming the nearest hole; a text that is ".", ".." or holds a '/' is no part of a path. */
MUST bool layout_print(Arena *arena, Str layout, Str date, Value names, Str *out, Err *err);
/* The glob of all that a layout can be for one table: "orders/year=*" + "/month=*" ... A name that
 * is NONE can be anything, too. */
MUST bool layout_glob(Arena *arena, Str layout, Value names, Str *out, Err *err);

/* ---- shared by pattern.c and layout.c ---- */

/* A piece of a text with holes: a hole's name and format, or the text up to the next hole. */
typedef struct HolePart {
    bool is_hole;
    Str text, format;            /* format at NULL: none was written                              */
    size_t at;                   /* of the piece in the source                                    */
} HolePart;
/* False in *has: the end. Fails ERR_PARSING: braces, names. */
MUST bool hole_next(Str source, size_t *at, HolePart *out, bool *has, Err *err);
/* What {date} {year} {month} {day} mean without a format; at NULL for other names. */
Str hole_format(Str name);
bool hole_fail(Str source, size_t at, Err *err, const char *format, ...) PRINTF_LIKE(4, 5);

#endif
