/* pattern.h: globs over names with '/'. private to store/
 *
 * A glob is cut into parts at '/'; {a,b} is written out before. A set of bits says which parts may
 * come next, so that a walk down folders knows at each folder whether anything below can match:
 *
 *   raw / ** / *.csv      begin {0}  --raw--> {1,2}  --2026--> {1,2}  --x.csv--> {1,2,3}: 3 = all
 *   matched
 *
 * A part that begins with '.' is matched by parts that begin with '.' only, as in a shell.
 */
#ifndef STORE_PATTERN_H
#define STORE_PATTERN_H

#include "base/err.h"

enum { PATTERN_MOST_PARTS = 62, PATTERN_MOST_WAYS = 64 };

typedef struct Pattern {
    Str text;
    Str parts[PATTERN_MOST_PARTS];
    uint32_t count;
    size_t fixed;                /* bytes of text before the first wildcard                       */
    bool is_literal;             /* no wildcard in it                                             */
} Pattern;

/* The alternatives of one glob. */
typedef struct Patterns {
    Pattern *at;
    uint32_t len, cap;
} Patterns;

typedef List(Str) StrList;

/* Where each alternative stands. */
typedef struct PatternState {
    uint64_t at[PATTERN_MOST_WAYS];
} PatternState;

/* Owner: the arena. Fails ERR_RUNTIME: more than 62 parts or 64 alternatives. */
MUST bool patterns_make(Arena *arena, Str glob, Patterns *out, Err *err);

void patterns_begin(const Patterns *patterns, PatternState *state);
/* The state behind one more part. False: nothing below it can match. */
bool patterns_step(const Patterns *patterns, const PatternState *from, Str part, PatternState *to);
/* Is what was passed so far a whole match? */
bool patterns_accept(const Patterns *patterns, const PatternState *state);

/* A whole name at once. Names that end in the suffix of temporary files never match. */
bool patterns_match(const Patterns *patterns, Str name);

/* The beginnings that all matches share, none of which is the beginning of another: "raw/ga", "x/".
 * `by_folder`: cut behind the last '/', without it ("raw"; "" = the root). */
void patterns_prefixes(const Patterns *patterns, bool by_folder, Arena *arena, StrList *out);

#endif
