/* json_print.c: the JSON writer: byte for byte what Python's json.dumps() gives.
 *
 * Most bytes are texts that need no escape: those are copied 16 at a time while they are looked
 * at, straight into the buffer.
 */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/object.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define DEPTH_MOST 1000   /* of printing: deeper is a cycle, printed as null */
#define BLOCK_BYTES 16

/* ---- texts ---- */

static bool is_plain(unsigned char c, bool keeps_unicode)
{
    return c >= 0x20 && c != '"' && c != '\\' && (keeps_unicode || c < 0x7f);
}

/* Copies bytes that need no escape from `at`; gives how many. `out` has room for all of them and
 * one block more. */
static size_t copy_plain(char *out, const char *at, size_t len, bool keeps_unicode)
{
    size_t done = 0;
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f), delete = _mm_set1_epi8(0x7f);
    for (; len - done >= BLOCK_BYTES; done += BLOCK_BYTES) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + done));
        __m128i special = _mm_cmpeq_epi8(bytes, quote);
        special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, backslash));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
        if (!keeps_unicode) {
            __m128i beyond = _mm_cmpeq_epi8(_mm_max_epu8(bytes, delete), bytes);
            special = _mm_or_si128(special, beyond);
        }
        _mm_storeu_si128((__m128i *)(void *)(out + done), bytes);
        unsigned stops = (unsigned)_mm_movemask_epi8(special);
        if (stops)
            return done + (unsigned)__builtin_ctz(stops);
    }
#endif
    for (; done < len && is_plain((unsigned char)at[done], keeps_unicode); done++)
        out[done] = at[done];
    return done;
}

static void print_unit(uint32_t unit, Text *out)
{
    static const char hex[] = "0123456789abcdef";
    const char escape[6] = {'\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15],
                            hex[unit >> 4 & 15], hex[unit & 15]};
    text_add_bytes(out, escape, sizeof(escape));
}

/* The character at s.at[*at], which needs an escape. */
static void print_escape(Str s, size_t *at, Text *out)
{
    static const char letters[] = "\"\\bfnrt", meanings[] = "\"\\\b\f\n\r\t";
    const char *known = s.at[*at] ? strchr(meanings, s.at[*at]) : NULL;
    if (known) {
        const char escape[2] = {'\\', letters[known - meanings]};
        text_add_bytes(out, escape, 2);
        ++*at;
        return;
    }
    uint32_t c = utf8_next(s, at);
    if (c >= 0x10000) {
        print_unit(0xd800 + ((c - 0x10000) >> 10), out);
        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    print_unit(c, out);
}

/* A Text with a limit is for foreign data and rare: byte runs through its own checks. */
static void print_text_limited(Str s, bool keeps_unicode, Text *out)
{
    for (size_t at = 0; at < s.len && !out->is_cut;) {
        size_t from = at;
        while (at < s.len && is_plain((unsigned char)s.at[at], keeps_unicode))
            at++;
        text_add(out, str_slice(s, from, at));
        if (at < s.len)
            print_escape(s, &at, out);
    }
}

void json_print_text(Str s, bool keeps_unicode, Text *out)
{
    text_add_char(out, '"');
    if (out->limit) {
        print_text_limited(s, keeps_unicode, out);
    } else {
        for (size_t at = 0; at < s.len;) {
            text_reserve(out, s.len - at + BLOCK_BYTES);
            size_t plain = copy_plain(out->at + out->len, s.at + at, s.len - at, keeps_unicode);
            out->len += plain;
            out->at[out->len] = '\0';
            at += plain;
            while (at < s.len && !is_plain((unsigned char)s.at[at], keeps_unicode))
                print_escape(s, &at, out);
        }
    }
    text_add_char(out, '"');
}

/* ---- trees ---- */

typedef struct Printer {
    Text *out;
    JsonStyle style;
    Str between, behind_key;   /* what stands between items; between key and value */
} Printer;

static void print_value(Printer *printer, Value v, int depth);

static void print_float(double real, Text *out)
{
    if (isnan(real))
        text_add(out, STR("NaN"));
    else if (isinf(real))
        text_add_c(out, real < 0 ? "-Infinity" : "Infinity");
    else
        float_print(real, out);
}

/* A new line at `depth`, where the style has lines. */
static void print_break(Printer *printer, int depth)
{
    if (!printer->style.indent)
        return;
    text_add_char(printer->out, '\n');
    text_add_repeat(printer->out, ' ', (size_t)(depth * printer->style.indent));
}

/* Python's json turns keys into texts: True to "true", None to "null", 1.5 to "1.5". */
static void print_key(Printer *printer, Value key)
{
    if (key.kind == VALUE_TEXT) {
        json_print_text(value_str(key), printer->style.keeps_unicode, printer->out);
        return;
    }
    AUTO(text) Text text = {0};
    switch (key.kind) {
    case VALUE_BOOL: text_add_c(&text, key.is_true ? "true" : "false"); break;
    case VALUE_NONE: text_add(&text, STR("null")); break;
    case VALUE_FLOAT: print_float(key.real, &text); break;
    default: value_print(key, &text); break;
    }
    json_print_text(text_str(&text), printer->style.keeps_unicode, printer->out);
}

static void print_item(Printer *printer, uint32_t i, int depth)
{
    if (i)
        text_add(printer->out, printer->between);
    print_break(printer, depth);
}

static void print_array(Printer *printer, const Array *array, int depth)
{
    if (!array->len) {
        text_add(printer->out, STR("[]"));
        return;
    }
    text_add_char(printer->out, '[');
    for (uint32_t i = 0; i < array->len; i++) {
        print_item(printer, i, depth + 1);
        print_value(printer, array->at[i], depth + 1);
    }
    print_break(printer, depth);
    text_add_char(printer->out, ']');
}

static void print_set(Printer *printer, const Dict *set, int depth)
{
    Value item, nothing;
    text_add_char(printer->out, '[');
    for (uint32_t at = 0, i = 0; dict_next(set, &at, &item, &nothing); i++) {
        print_item(printer, i, depth + 1);
        print_value(printer, item, depth + 1);
    }
    if (set->len)
        print_break(printer, depth);
    text_add_char(printer->out, ']');
}

/* Texts by code point, numbers by size, other kinds by kind; equal ones cannot be. */
static int entry_compare(const void *a, const void *b)
{
    const Value *left = &((const DictEntry *)a)->key, *right = &((const DictEntry *)b)->key;
    if (left->kind == VALUE_TEXT && right->kind == VALUE_TEXT)
        return str_compare(value_str(*left), value_str(*right));
    int order;
    AUTO(err) Err err = {0};
    if (value_compare(*left, *right, "<", &order, &err))
        return order;
    return (int)left->kind - (int)right->kind;
}

static void print_entry(Printer *printer, Value key, Value value, uint32_t i, int depth)
{
    print_item(printer, i, depth);
    print_key(printer, key);
    text_add(printer->out, printer->behind_key);
    print_value(printer, value, depth);
}

static void print_sorted(Printer *printer, const Dict *dict, int depth)
{
    DictEntry *entries = memory_take(dict->len * sizeof(DictEntry));
    uint32_t count = 0;
    for (uint32_t i = 0; i < dict->used; i++)
        if (!dict->at[i].is_gone)
            entries[count++] = dict->at[i];
    qsort(entries, count, sizeof(DictEntry), entry_compare);
    for (uint32_t i = 0; i < count; i++)
        print_entry(printer, entries[i].key, entries[i].value, i, depth);
    memory_give(entries);
}

static void print_dict(Printer *printer, const Dict *dict, int depth)
{
    if (!dict->len) {
        text_add(printer->out, STR("{}"));
        return;
    }
    text_add_char(printer->out, '{');
    if (printer->style.sorts_keys) {
        print_sorted(printer, dict, depth + 1);
    } else {
        Value key, value;
        for (uint32_t at = 0, i = 0; dict_next(dict, &at, &key, &value); i++)
            print_entry(printer, key, value, i, depth + 1);
    }
    print_break(printer, depth);
    text_add_char(printer->out, '}');
}

static void print_object(Printer *printer, Value v)
{
    AUTO(text) Text text = {0};
    value_print(v, &text);
    json_print_text(text_str(&text), printer->style.keeps_unicode, printer->out);
}

static void print_value(Printer *printer, Value v, int depth)
{
    Text *out = printer->out;
    if (depth > DEPTH_MOST)
        v = NONE;
    switch ((ValueKind)v.kind) {
    case VALUE_UNDEFINED:
    case VALUE_NONE: text_add(out, STR("null")); return;
    case VALUE_BOOL: text_add(out, v.is_true ? STR("true") : STR("false")); return;
    case VALUE_INT: text_add_int(out, v.number); return;
    case VALUE_FLOAT: print_float(v.real, out); return;
    case VALUE_TEXT: json_print_text(value_str(v), printer->style.keeps_unicode, out); return;
    case VALUE_LIST:
    case VALUE_TUPLE: print_array(printer, v.list, depth); return;
    case VALUE_DICT: print_dict(printer, v.dict, depth); return;
    case VALUE_SET: print_set(printer, v.dict, depth); return;
    case VALUE_OBJECT: print_object(printer, v); return;
    }
}

void json_print(Value v, JsonStyle style, Text *out)
{
    Printer printer = {
        .out = out,
        .style = style,
        .between = style.is_compact || style.indent ? STR(",") : STR(", "),
        .behind_key = style.is_compact ? STR(":") : STR(": "),
    };
    print_value(&printer, v, 0);
}
