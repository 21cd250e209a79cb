/* filter.h: private to jinja/: the functions of filters.def and tests.def, and what they share. */
#ifndef JINJA_FILTER_H
#define JINJA_FILTER_H

#include "jinja/python.h"

#define FILTER(name, function) \
    bool filter_##function(Call *call, Value input, Value *out, Err *err);
#include "jinja/filters.def"
#undef FILTER

#define TEST(name, function) bool test_##function(Call *call, Value input, bool *out, Err *err);
#include "jinja/tests.def"
#undef TEST

/* In strict mode fails for an undefined value, which could not be printed either. */
MUST bool check_defined(Call *call, Value v, Err *err);
/* str(input), as most text filters begin. */
Str input_text(Call *call, Value input);

/* An Undefined with a message of its own. */
Value undefined_hint(Arena *arena, Str hint);

/* x.a.b.0 of an item, as `attribute=` of filters reads it. `path` none: the item itself; a number:
 * one item. A missing part becomes `otherwise` unless that is none. */
MUST bool attribute_of(Call *call, Value item, Value path, Value otherwise, Value *out, Err *err);

/* The lower case of a text, anything else as it is: keys of sort, unique, min, groupby. */
Value fold_case(Arena *arena, Value v);

#endif
