/* json.h: JSON in and out, the fast way: one pass, views into the source, arena memory. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/value.h"

/* Parses one JSON document. Texts without escapes are views into `source`, which must live as
 * long as the tree. Numbers with '.' or 'e' and integers beyond 64 bits become floats. Doubled
 * keys: the last wins (Python). NaN, Infinity accepted, as Python does. A byte order mark is
 * passed. Every Value's `at` is its byte offset.
 * file     name for messages
 * Fails    ERR_PARSING with line, column and excerpt; ERR_TOO_DEEP beyond 200 levels
 * Cost     O(bytes), about 400 MB/s
 */
MUST bool json_parse(Arena *arena, Str source, Str file, Value *out, Err *err);

/* How json_print() writes. */
typedef struct JsonStyle {
    int indent;          /* spaces a level; 0 = one line, as Python's default (", " and ": ")    */
    bool is_compact;     /* no space after , and :                                               */
    bool sorts_keys;
    bool keeps_unicode;  /* false: \uXXXX for non-ASCII, as Python's ensure_ascii                */
} JsonStyle;

/* Prints a tree of none, bool, int, float, text, list, tuple, dict, set (as a list); objects by
 * str(); undefined as null, and what nests deeper than 1000 levels (a cycle) too. Dict keys that
 * are no texts are printed as Python's json does. Cost: about 700 MB/s; text_reserve() the size if
 * it is known, growing costs half of that. */
void json_print(Value v, JsonStyle style, Text *out);

/* Adds a JSON string literal with quotes. Cost: a scan; fast for plain ASCII. */
void json_print_text(Str s, bool keeps_unicode, Text *out);

#endif
