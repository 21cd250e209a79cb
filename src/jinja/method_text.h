/* method_text.h: private to jinja/: str methods that stand in method_split.c, and what filters
 * share with str's methods. */
#ifndef JINJA_METHOD_TEXT_H
#define JINJA_METHOD_TEXT_H

#include "jinja/python.h"

/* Methods: see ValueMethodFn. */
bool text_method_join(Call *call, Value self, Value *out, Err *err);
bool text_method_partition(Call *call, Value self, Value *out, Err *err);
bool text_method_rpartition(Call *call, Value self, Value *out, Err *err);
bool text_method_split(Call *call, Value self, Value *out, Err *err);
bool text_method_rsplit(Call *call, Value self, Value *out, Err *err);
bool text_method_splitlines(Call *call, Value self, Value *out, Err *err);

/* Takes characters of the set (NULL: white space) from the ends. A view. */
Str text_strip_set(Str s, const Str *set, bool from_left, bool from_right);
/* `left` and `right` times the fill character around s. */
Value text_pad(Arena *arena, Str s, int64_t left, int64_t right, uint32_t fill);
/* str.islower(), str.isupper() */
bool text_is_lower(Str s);
bool text_is_upper(Str s);

#endif
