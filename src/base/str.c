/* str.c: searching, comparing and copying views; UTF-8. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

int str_compare(Str a, Str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.at, b.at, shared) : 0;
    if (order) /* -1 or 1: value_compare() keeps 2 for numbers without order */
        return order < 0 ? -1 : 1;
    return a.len < b.len ? -1 : a.len > b.len;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

bool str_eq_fold(Str a, Str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

bool str_starts(Str s, Str prefix)
{
    return s.len >= prefix.len && (!prefix.len || memcmp(s.at, prefix.at, prefix.len) == 0);
}

bool str_ends(Str s, Str suffix)
{
    return s.len >= suffix.len &&
           (!suffix.len || memcmp(s.at + s.len - suffix.len, suffix.at, suffix.len) == 0);
}

Str str_slice(Str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (Str){s.at + from, to - from};
}

ptrdiff_t str_find(Str s, Str needle)
{
    if (!needle.len)
        return 0;
    const char *found = s.len ? memmem(s.at, s.len, needle.at, needle.len) : NULL;
    return found ? found - s.at : -1;
}

ptrdiff_t str_find_last(Str s, Str needle)
{
    for (size_t i = s.len; i + 1 > needle.len; i--)
        if (str_eq(str_slice(s, i - needle.len, i), needle))
            return (ptrdiff_t)(i - needle.len);
    return -1;
}

ptrdiff_t str_find_char(Str s, char c)
{
    const char *found = s.len ? memchr(s.at, c, s.len) : NULL;
    return found ? found - s.at : -1;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s)
{
    while (s.len && is_space(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool str_next_part(Str *rest, char separator, Str *part)
{
    if (!rest->at)
        return false;
    ptrdiff_t found = str_find_char(*rest, separator);
    if (found < 0) {
        *part = *rest;
        *rest = STR_NONE;
        return true;
    }
    *part = (Str){rest->at, (size_t)found};
    *rest = (Str){rest->at + found + 1, rest->len - (size_t)found - 1};
    return true;
}

Str str_replace(Arena *arena, Str s, Str from, Str to)
{
    size_t count = 0;
    Str rest = s;
    ptrdiff_t found;
    while (from.len && (found = str_find(rest, from)) >= 0) {
        count++;
        rest = str_slice(rest, (size_t)found + from.len, rest.len);
    }
    if (!count)
        return s;
    size_t len = s.len + count * to.len - count * from.len;
    char *at = arena_take(arena, len + 1, 1), *out = at;
    rest = s;
    while ((found = str_find(rest, from)) >= 0) {
        memcpy(out, rest.at, (size_t)found);
        out += found;
        if (to.len)
            memcpy(out, to.at, to.len);
        out += to.len;
        rest = str_slice(rest, (size_t)found + from.len, rest.len);
    }
    if (rest.len)
        memcpy(out, rest.at, rest.len);
    return (Str){at, len};
}

Str str_copy(Arena *arena, Str s)
{
    char *at = arena_take(arena, s.len + 1, 1);
    if (s.len)
        memcpy(at, s.at, s.len);
    return (Str){at, s.len};
}

const char *str_c(Arena *arena, Str s)
{
    return str_copy(arena, s).at;
}

Str str_print(Arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    char small[256];
    int len = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    assert(len >= 0);
    char *at = arena_take(arena, (size_t)len + 1, 1);
    if ((size_t)len < sizeof(small))
        memcpy(at, small, (size_t)len + 1);
    else
        vsnprintf(at, (size_t)len + 1, format, again);
    va_end(again);
    return (Str){at, (size_t)len};
}

Str str_lower(Arena *arena, Str s)
{
    Str copy = str_copy(arena, s);
    for (size_t i = 0; i < s.len; i++)
        ((char *)copy.at)[i] = lower(s.at[i]);
    return copy;
}

Str str_upper(Arena *arena, Str s)
{
    Str copy = str_copy(arena, s);
    for (size_t i = 0; i < s.len; i++)
        ((char *)copy.at)[i] = upper(s.at[i]);
    return copy;
}

/* Eight bytes a step, multiplied and folded; good enough for names, and the same in every run. */
uint32_t str_hash(Str s)
{
    uint64_t hash = 0x9e3779b97f4a7c15u ^ s.len, word;
    const char *at = s.at;
    size_t len = s.len;
    for (; len >= 8; at += 8, len -= 8) {
        memcpy(&word, at, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    if (len) {
        word = 0;
        memcpy(&word, at, len);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    hash *= 0xc4ceb9fe1a85ec53u;
    uint32_t folded = (uint32_t)(hash ^ hash >> 32);
    return folded ? folded : 1;
}

bool str_to_int(Str s, int64_t *out)
{
    bool is_negative = s.len && s.at[0] == '-';
    if (s.len && (s.at[0] == '-' || s.at[0] == '+'))
        s = str_slice(s, 1, s.len);
    if (!s.len)
        return false;
    int64_t number = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        int digit = s.at[i] - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number))
            return false;
    }
    if (!is_negative && number == INT64_MIN)
        return false;
    *out = is_negative ? number : -number;
    return true;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned str_distance(Str a, Str b, unsigned most)
{
    enum { LONGEST = 64 };
    if (a.len > LONGEST || b.len > LONGEST)
        return most + 1;
    unsigned rows[3][LONGEST + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (unsigned j = 0; j <= b.len; j++)
        above[j] = before[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            unsigned change = above[j - 1] + (lower(a.at[i - 1]) != lower(b.at[j - 1]));
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return least(above[b.len], most + 1);
}

Str str_nearest(Str name, const Str *candidates, size_t count)
{
    unsigned best = name.len < 4 ? 1 : name.len < 8 ? 2 : 3;
    Str nearest = STR_NONE;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = str_distance(name, candidates[i], best);
        if (distance <= best && (!nearest.at || distance < best)) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

/* Length of the valid UTF-8 sequence at s.at[at], 0 if there is none. */
static size_t sequence_length(Str s, size_t at)
{
    const unsigned char *p = (const unsigned char *)s.at + at;
    size_t left = s.len - at;
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : 0;
    if (!len || left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

bool str_is_ascii(Str s)
{
    size_t at = 0;
    for (uint64_t word; s.len - at >= 8; at += 8) {
        memcpy(&word, s.at + at, 8);
        if (word & 0x8080808080808080u)
            return false;
    }
    for (; at < s.len; at++)
        if (s.at[at] & 0x80)
            return false;
    return true;
}

size_t utf8_length(Str s)
{
    size_t count = 0, at = 0;
    while (at < s.len) {
        utf8_next(s, &at);
        count++;
    }
    return count;
}

uint32_t utf8_next(Str s, size_t *at)
{
    assert(*at < s.len);
    const unsigned char *p = (const unsigned char *)s.at + *at;
    size_t len = sequence_length(s, *at);
    if (!len) {
        (*at)++;
        return 0xdc00u + p[0];
    }
    *at += len;
    if (len == 1)
        return p[0];
    uint32_t code_point = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++)
        code_point = code_point << 6 | (p[i] & 0x3f);
    return code_point;
}

size_t utf8_put(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c >= 0xdc80 && c <= 0xdcff) { /* a byte that was no UTF-8 goes back as it came */
        out[0] = (char)(c - 0xdc00);
        return 1;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

ptrdiff_t utf8_find_invalid(Str s)
{
    for (size_t at = 0; at < s.len;) {
        uint64_t word;
        if (s.len - at >= 8 && (memcpy(&word, s.at + at, 8), !(word & 0x8080808080808080u))) {
            at += 8;
            continue;
        }
        size_t len = sequence_length(s, at);
        if (!len)
            return (ptrdiff_t)at;
        at += len;
    }
    return -1;
}
