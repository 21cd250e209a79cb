/* path.h: where in a document: "a.b", "$.a[*].b", "[0]", "['odd key']"; private to format/. */
#ifndef FORMAT_PATH_H
#define FORMAT_PATH_H

#include "base/err.h"

typedef enum StepKind { STEP_KEY, STEP_INDEX, STEP_ANY } StepKind;

typedef struct Step {
    StepKind kind;
    Str key;        /* STEP_KEY: a view of the path                                  */
    uint32_t index; /* STEP_INDEX                                                    */
} Step;

typedef struct Path {
    Str text;
    Step *steps;
    uint32_t count;
} Path;

/* Takes the next step off *rest (empty: none left, *has_step false). False: not readable. */
bool path_next(Str *rest, Step *step, bool *has_step);
/* The whole path; a [*] at its end is left out: an array's items are meant anyway.
 * Fails ERR_PARSING with the column. Owner: the arena; keys are views of `text`. */
MUST bool path_parse(Arena *arena, Str text, Path *out, Err *err);
/* Whether the step leads from an object to this key (unescaped), from an array to this item. */
bool step_meets_key(const Step *step, Str key);
bool step_meets_index(const Step *step, uint32_t index);

/* The raw value in a checked JSON text that steps[0..count) lead to; at NULL: absent. */
Str path_walk(Str value, const Step *steps, uint32_t count);

#endif
