/* text.h: the one text builder.
 *
 * Always NUL-terminated; grows by doubling. A Text that collects foreign data is given a
 * `limit`: what would pass it is dropped and `is_cut` set, to be turned into ERR_TOO_BIG by the
 * owner. A zeroed Text is ready to use.
 * Owner: whoever declared it; AUTO(text) Text t = {0};
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>

#include "base/str.h"

typedef struct Text {
    char *at;
    size_t len, cap;
    size_t limit;  /* bytes; 0 = none            */
    bool is_cut;   /* something passed the limit */
} Text;

void text_drop(Text *text);
void text_clear(Text *text);                    /* keeps the memory */
void text_reserve(Text *text, size_t more);     /* room for `more` bytes */
void text_add_slow(Text *text, const char *at, size_t len);

static inline void text_add_bytes(Text *text, const char *at, size_t len)
{
    if (text->cap - text->len > len && !text->limit) {
        memcpy(text->at + text->len, at, len);
        text->len += len;
        text->at[text->len] = '\0';
    } else {
        text_add_slow(text, at, len);
    }
}

static inline void text_add(Text *text, Str s)
{
    if (s.len)
        text_add_bytes(text, s.at, s.len);
}

static inline void text_add_char(Text *text, char c)
{
    text_add_bytes(text, &c, 1);
}

void text_add_c(Text *text, const char *s);
void text_add_repeat(Text *text, char c, size_t count);
void text_add_int(Text *text, int64_t number);
void text_add_code_point(Text *text, uint32_t code_point);
void text_print(Text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_vprint(Text *text, const char *format, va_list args);

/* Cuts to `len` bytes. */
void text_truncate(Text *text, size_t len);

/* A view that holds until the next change. */
static inline Str text_str(const Text *text)
{
    return (Str){text->at ? text->at : "", text->len};
}

/* A copy that the arena owns. */
Str text_copy(Arena *arena, const Text *text);

/* The buffer itself, given to the arena; the Text is empty afterwards. No copy. */
Str text_give(Arena *arena, Text *text);

#endif
