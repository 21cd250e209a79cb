/* format_help_test.h: what the tests of this room share; private to format/. */
#ifndef FORMAT_HELP_TEST_H
#define FORMAT_HELP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/format.h"

/* The cases of tests/cases/format/NAME.json: a list of dicts. */
Array *load_cases(Arena *arena, const char *name);
/* The bytes under `key`: a text, or hexadecimal digits under key_hex. */
Str case_bytes(Arena *arena, Value one, const char *key);
/* "a BIGINT, b STRUCT(c VARCHAR)" */
Schema parse_schema(Arena *arena, Str text);
void print_schema(const Schema *schema, Text *out);

/* A source that gives its data in pieces of `step` bytes, each in memory of its own. */
typedef struct Pieces {
    Str data;
    size_t at, step;
    char *copy; /* what was given last: freed at the next call                   */
} Pieces;
bool pieces_read(void *pieces, Str *piece, Err *err);
void pieces_drop(Pieces *pieces);

/* Prints what was expected and found when they differ; false then. */
bool same_text(Value one, Str found, Str expected);

#endif
