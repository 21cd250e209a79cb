/* str.h: a view of bytes: owns nothing, passed by value, may hold NULs, usually UTF-8. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <string.h>

#include "base/arena.h"

typedef struct Str {
    const char *at;
    size_t len;
} Str;

#define STR(literal) ((Str){("" literal ""), sizeof(literal) - 1})
#define STR_INIT(literal) {("" literal ""), sizeof(literal) - 1}
#define STR_NONE ((Str){NULL, 0})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, ((s).at ? (s).at : "")

/* The bytes of a C string; NULL gives the empty Str. */
static inline Str str_of(const char *text)
{
    return (Str){text, text ? strlen(text) : 0};
}

static inline bool str_eq(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Compares with a C string. */
static inline bool str_is(Str a, const char *b)
{
    return str_eq(a, str_of(b));
}

static inline bool str_is_empty(Str s)
{
    return s.len == 0;
}

/* Order of bytes, which for UTF-8 is the order of code points: <0, 0, >0. */
int str_compare(Str a, Str b);

/* Equal when ASCII letters are folded. */
bool str_eq_fold(Str a, Str b);

bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);

/* Bytes [from, to), both cut to the length. */
Str str_slice(Str s, size_t from, size_t to);

/* Offset of the first / last `needle`, or -1. An empty needle is found at 0 / len. */
ptrdiff_t str_find(Str s, Str needle);
ptrdiff_t str_find_last(Str s, Str needle);
ptrdiff_t str_find_char(Str s, char c);

/* Without leading and trailing ASCII white space. */
Str str_trim(Str s);

/* Splits at the next `separator`: gives the part before it and moves *rest behind it.
 * False when *rest is used up (rest->at NULL); "a,,b" gives three parts, "" gives one. */
bool str_next_part(Str *rest, char separator, Str *part);

/* Replaces every `from` by `to`. Owner: the arena. */
Str str_replace(Arena *arena, Str s, Str from, Str to);

/* A NUL-terminated copy. Owner: the arena. */
Str str_copy(Arena *arena, Str s);

/* A C string of `s`, for the border to C libraries. Owner: the arena. */
const char *str_c(Arena *arena, Str s);

/* printf into the arena, NUL-terminated. */
Str str_print(Arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* ASCII lower / upper case copies. */
Str str_lower(Arena *arena, Str s);
Str str_upper(Arena *arena, Str s);

/* A 32-bit hash, the same in every run. Never 0. */
uint32_t str_hash(Str s);

/* Reads a whole decimal integer with optional sign. False if anything else stands there or it
 * does not fit. */
bool str_to_int(Str s, int64_t *out);

/* Edit distance (insert, delete, change, swap of neighbours), at most `most` + 1. */
unsigned str_distance(Str a, Str b, unsigned most);

/* The candidate nearest to `name` for "did you mean", or STR_NONE when none is near enough. */
Str str_nearest(Str name, const Str *candidates, size_t count);

/* Only bytes below 0x80? Cost: a scan, eight bytes a step. */
bool str_is_ascii(Str s);

/* UTF-8. Length in code points (bytes that are no UTF-8 count one each). */
size_t utf8_length(Str s);
/* Takes the code point at s.at[*at] and moves *at behind it; invalid bytes give U+DC80+low bits
 * (the "surrogateescape" of Python) and one byte is passed. *at must be < s.len. */
uint32_t utf8_next(Str s, size_t *at);
/* Writes 1 to 4 bytes; returns how many. */
size_t utf8_put(char out[4], uint32_t code_point);
/* Offset of the first byte that is not valid UTF-8, or -1. */
ptrdiff_t utf8_find_invalid(Str s);

#endif
