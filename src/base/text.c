/* text.c: the growing buffer behind all output. */
#include "base/text.h"

#include <stdio.h>

void text_drop(Text *text)
{
    memory_give(text->at);
    *text = (Text){0};
}

void text_clear(Text *text)
{
    text->len = 0;
    text->is_cut = false;
    if (text->at)
        text->at[0] = '\0';
}

void text_reserve(Text *text, size_t more)
{
    size_t needed = text->len + more + 1;
    if (needed <= text->cap)
        return;
    size_t cap = text->cap ? text->cap : 64;
    while (cap < needed)
        cap *= 2;
    text->at = memory_grow(text->at, cap);
    text->cap = cap;
    text->at[text->len] = '\0';
}

void text_add_slow(Text *text, const char *at, size_t len)
{
    if (text->limit && text->len + len > text->limit) {
        text->is_cut = true;
        len = text->limit > text->len ? text->limit - text->len : 0;
    }
    text_reserve(text, len);
    if (len)
        memcpy(text->at + text->len, at, len);
    text->len += len;
    text->at[text->len] = '\0';
}

void text_add_c(Text *text, const char *s)
{
    text_add_bytes(text, s, strlen(s));
}

void text_add_repeat(Text *text, char c, size_t count)
{
    if (text->limit && count > text->limit) {
        text->is_cut = true;
        count = text->limit;
    }
    text_reserve(text, count);
    char piece[64];
    memset(piece, c, sizeof(piece));
    for (; count > sizeof(piece); count -= sizeof(piece))
        text_add_bytes(text, piece, sizeof(piece));
    text_add_bytes(text, piece, count);
}

void text_add_int(Text *text, int64_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        digits[--at] = '-';
    text_add_bytes(text, digits + at, sizeof(digits) - at);
}

void text_add_code_point(Text *text, uint32_t code_point)
{
    char bytes[4];
    text_add_bytes(text, bytes, utf8_put(bytes, code_point));
}

void text_print(Text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_vprint(text, format, args);
    va_end(args);
}

void text_vprint(Text *text, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    char small[256];
    int len = vsnprintf(small, sizeof(small), format, args);
    assert(len >= 0);
    if ((size_t)len < sizeof(small)) {
        text_add_bytes(text, small, (size_t)len);
    } else {
        char *large = memory_take((size_t)len + 1);
        vsnprintf(large, (size_t)len + 1, format, again);
        text_add_bytes(text, large, (size_t)len);
        memory_give(large);
    }
    va_end(again);
}

void text_truncate(Text *text, size_t len)
{
    assert(len <= text->len);
    if (len == text->len)
        return;
    text->len = len;
    text->at[len] = '\0';
}

Str text_copy(Arena *arena, const Text *text)
{
    return str_copy(arena, text_str(text));
}

Str text_give(Arena *arena, Text *text)
{
    if (!text->at)
        return STR("");
    Str given = text_str(text);
    arena_on_drop(arena, memory_give, text->at);
    *text = (Text){0};
    return given;
}
