/* unicode.c: cases and classes of code points, and the str methods that turn on them. */
#include "jinja/unicode.h"

#include "jinja/unicode_table.h"

/* ---- classes ---- */

static bool in_ranges(const CodeRange *ranges, size_t count, uint32_t c)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && c >= ranges[low].first;
}

#define IN(table, c) in_ranges(table, COUNT_OF(table), c)

static uint32_t shift_case(const CaseRun *runs, size_t count, uint32_t c)
{
    size_t low = 0, high = count;
    while (low < high) { /* the first run that begins behind c */
        size_t middle = (low + high) / 2;
        if (c >= runs[middle].first)
            low = middle + 1;
        else
            high = middle;
    }
    /* runs with step 2 interleave: the one before may be the one that holds c */
    for (size_t back = 1; back <= 2 && back <= low; back++) {
        const CaseRun *run = &runs[low - back];
        if (c <= run->last && (c - run->first) % run->step == 0)
            return (uint32_t)((int64_t)c + run->distance);
    }
    return c;
}

uint32_t code_lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return c > 0xffff ? c : shift_case(to_lower, COUNT_OF(to_lower), c);
}

uint32_t code_upper(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    return c > 0xffff ? c : shift_case(to_upper, COUNT_OF(to_upper), c);
}

bool code_is_letter(uint32_t c)
{
    if (c < 0x80)
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (c > 0xffff)
        return !(c >= 0x1f000 && c <= 0x1faff) && c < 0xe0000;
    return IN(letters, c);
}

bool code_is_decimal(uint32_t c)
{
    return c < 0x80 ? c >= '0' && c <= '9' : c <= 0xffff && IN(decimals, c);
}

bool code_is_digit(uint32_t c)
{
    return c < 0x80 ? c >= '0' && c <= '9' : c <= 0xffff && IN(digits, c);
}

bool code_is_numeric(uint32_t c)
{
    return c < 0x80 ? c >= '0' && c <= '9' : c <= 0xffff && IN(numerics, c);
}

bool code_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool code_is_title(uint32_t c)
{
    return c > 0x7f && c <= 0xffff && IN(titles, c);
}

bool code_is_lower(uint32_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z';
    if (c > 0xffff)
        return false;
    return (code_upper(c) != c && !code_is_title(c)) || IN(only_lower, c);
}

bool code_is_upper(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z';
    if (c > 0xffff)
        return false;
    return (code_lower(c) != c && !code_is_title(c)) || IN(only_upper, c);
}

bool code_is_printable(uint32_t c)
{
    if (c < 0x80)
        return c >= ' ' && c != 0x7f;
    return !(c <= 0xa0 || c == 0xad || c == 0x1680 || (c >= 0x2000 && c <= 0x200f) ||
             (c >= 0x2028 && c <= 0x202f) || (c >= 0x205f && c <= 0x206f) || c == 0x3000 ||
             (c >= 0xd800 && c <= 0xf8ff) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
             (c & 0xfffe) == 0xfffe || c >= 0xe0000);
}

bool code_is_word(uint32_t c)
{
    if (c < 0x80)
        return c == '_' || code_is_letter(c) || (c >= '0' && c <= '9');
    return code_is_letter(c) || code_is_numeric(c);
}

/* ---- whole texts ---- */

/* Upper cases of more than one character; title case keeps the first one upper only. */
static const char *long_upper(uint32_t c)
{
    switch (c) {
    case 0xdf: return "SS";
    case 0x149: return "\u02bcN";
    case 0x1f0: return "J\u030c";
    case 0x390: return "\u0399\u0308\u0301";
    case 0x3b0: return "\u03a5\u0308\u0301";
    case 0x587: return "\u0535\u0552";
    case 0xfb00: return "FF";
    case 0xfb01: return "FI";
    case 0xfb02: return "FL";
    case 0xfb03: return "FFI";
    case 0xfb04: return "FFL";
    case 0xfb05:
    case 0xfb06: return "ST";
    default: return NULL;
    }
}

static void add_upper(Text *out, uint32_t c)
{
    const char *expanded = c < 0x80 ? NULL : long_upper(c);
    if (expanded)
        text_add_c(out, expanded);
    else
        text_add_code_point(out, code_upper(c));
}

static void add_title(Text *out, uint32_t c)
{
    const char *expanded = c < 0x80 ? NULL : long_upper(c);
    if (expanded) {
        Str whole = str_of(expanded);
        for (size_t at = 0, nth = 0; at < whole.len; nth++) {
            uint32_t piece = utf8_next(whole, &at);
            text_add_code_point(out, nth && c != 0x149 ? code_lower(piece) : piece);
        }
    } else if (code_is_title(c) || (c >= 0x10d0 && c <= 0x10ff)) {
        text_add_code_point(out, c);
    } else if (c == 0x1c4 || c == 0x1c6 || c == 0x1c7 || c == 0x1c9 || c == 0x1ca || c == 0x1cc ||
               c == 0x1f1 || c == 0x1f3) {
        text_add_code_point(out, c < 0x1f0 ? c - (c - 0x1c4) % 3 + 1 : 0x1f2);
    } else {
        text_add_code_point(out, code_upper(c));
    }
}

/* Does a cased letter stand before `at` / behind it, case-ignorable signs passed over? */
static bool is_sigma_final(Str s, size_t start, size_t end)
{
    bool has_before = false;
    for (size_t at = 0; at < start;) {
        uint32_t c = utf8_next(s, &at);
        if (c != '\'' && c != '.' && c != 0x2019)
            has_before = code_is_lower(c) || code_is_upper(c) || code_is_title(c);
    }
    if (!has_before)
        return false;
    for (size_t at = end; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        if (c != '\'' && c != '.' && c != 0x2019)
            return !(code_is_lower(c) || code_is_upper(c) || code_is_title(c));
    }
    return true;
}

static void add_lower(Text *out, Str s, size_t start, size_t end, uint32_t c)
{
    if (c == 0x3a3)
        text_add_code_point(out, is_sigma_final(s, start, end) ? 0x3c2 : 0x3c3);
    else if (c == 0x130)
        text_add_c(out, "i\u0307");
    else
        text_add_code_point(out, code_lower(c));
}

Str text_lower(Arena *arena, Str s)
{
    if (str_is_ascii(s))
        return str_lower(arena, s);
    AUTO(text) Text out = {0};
    text_reserve(&out, s.len);
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        uint32_t c = utf8_next(s, &at);
        add_lower(&out, s, start, at, c);
    }
    return text_copy(arena, &out);
}

Str text_upper(Arena *arena, Str s)
{
    if (str_is_ascii(s))
        return str_upper(arena, s);
    AUTO(text) Text out = {0};
    text_reserve(&out, s.len);
    for (size_t at = 0; at < s.len;)
        add_upper(&out, utf8_next(s, &at));
    return text_copy(arena, &out);
}

Str text_title(Arena *arena, Str s)
{
    AUTO(text) Text out = {0};
    bool is_inside = false;
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        uint32_t c = utf8_next(s, &at);
        if (is_inside)
            add_lower(&out, s, start, at, c);
        else
            add_title(&out, c);
        is_inside = code_is_lower(c) || code_is_upper(c) || code_is_title(c);
    }
    return text_copy(arena, &out);
}

Str text_capitalize(Arena *arena, Str s)
{
    AUTO(text) Text out = {0};
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        uint32_t c = utf8_next(s, &at);
        if (start)
            add_lower(&out, s, start, at, c);
        else
            add_title(&out, c);
    }
    return text_copy(arena, &out);
}

Str text_swapcase(Arena *arena, Str s)
{
    AUTO(text) Text out = {0};
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        uint32_t c = utf8_next(s, &at);
        if (code_is_upper(c))
            add_lower(&out, s, start, at, c);
        else if (code_is_lower(c))
            add_upper(&out, c);
        else
            text_add_code_point(&out, c);
    }
    return text_copy(arena, &out);
}

Str text_casefold(Arena *arena, Str s)
{
    if (str_is_ascii(s))
        return str_lower(arena, s);
    AUTO(text) Text out = {0};
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        const char *expanded = long_upper(c);
        if (c == 0x3c2)
            text_add_code_point(&out, 0x3c3);
        else if (c == 0xb5)
            text_add_code_point(&out, 0x3bc);
        else if (c == 0x17f)
            text_add_code_point(&out, 's');
        else if (expanded)
            text_add(&out, text_lower(arena, str_of(expanded)));
        else if (c == 0x130)
            text_add_c(&out, "i\u0307");
        else
            text_add_code_point(&out, code_lower(c));
    }
    return text_copy(arena, &out);
}

size_t text_offset(Str s, int64_t index)
{
    if (str_is_ascii(s))
        return (uint64_t)index < s.len ? (size_t)index : s.len;
    size_t at = 0;
    while (index > 0 && at < s.len) {
        utf8_next(s, &at);
        index--;
    }
    return at;
}

Str text_strip(Str s)
{
    while (s.len) {
        size_t at = 0;
        if (!code_is_space(utf8_next(s, &at)))
            break;
        s = str_slice(s, at, s.len);
    }
    while (s.len) {
        size_t start = s.len - 1, at;
        while (start && (s.at[start] & 0xc0) == 0x80)
            start--;
        at = start;
        if (!code_is_space(utf8_next(s, &at)) || at != s.len)
            break;
        s.len = start;
    }
    return s;
}
