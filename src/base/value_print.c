/* value_print.c: str() and repr() as Python prints them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/object.h"
#include "base/value.h"

enum { DEEPEST_PRINT = 100 };

/* What is being printed further out: a container in itself prints as [...]. */
typedef struct Outer {
    const struct Outer *outer;
    const void *container;
    int depth;
} Outer;

/* The shortest digits that read back as the same double, as "d.ddde±xx". */
static void shortest_digits(double real, char out[32])
{
    for (int precision = 0; precision <= 17; precision++) {
        if (precision == 1)
            precision = 14; /* short ones are found below by cutting zeros */
        snprintf(out, 32, "%.*e", precision, real);
        if (strtod(out, NULL) == real)
            return;
    }
}

/* Times in seconds, the floats a manifest is full of: millionths of a number below 2^32 are more
 * than a unit in the last place apart, so that their decimals are the shortest. */
static bool print_micros(double real, Text *out)
{
    if (!(real >= 1 && real < 4294967296.0))
        return false;
    int64_t micros = (int64_t)(real * 1e6 + 0.5);
    if ((double)micros / 1e6 != real)
        return false;
    char digits[6];
    int64_t rest = micros % 1000000;
    int count = 6;
    for (int i = 5; i >= 0; i--, rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    text_add_int(out, micros / 1000000);
    text_add_char(out, '.');
    text_add_bytes(out, digits, (size_t)count);
    return true;
}

void float_print(double real, Text *out)
{
    if (print_micros(real, out))
        return;
    if (isnan(real)) {
        text_add_c(out, "nan");
        return;
    }
    if (isinf(real)) {
        text_add_c(out, real < 0 ? "-inf" : "inf");
        return;
    }
    char form[32], digits[24];
    shortest_digits(real, form);
    int exponent = atoi(strchr(form, 'e') + 1), count = 0;
    for (const char *c = form; *c != 'e'; c++)
        if (*c >= '0' && *c <= '9')
            digits[count++] = *c;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (form[0] == '-')
        text_add_char(out, '-');
    if (exponent < -4 || exponent >= 16) {
        text_add_char(out, digits[0]);
        if (count > 1) {
            text_add_char(out, '.');
            text_add_bytes(out, digits + 1, (size_t)count - 1);
        }
        text_print(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    if (exponent < 0) {
        text_add_c(out, "0.");
        text_add_repeat(out, '0', (size_t)(-exponent - 1));
        text_add_bytes(out, digits, (size_t)count);
        return;
    }
    for (int i = 0; i <= exponent; i++)
        text_add_char(out, i < count ? digits[i] : '0');
    text_add_char(out, '.');
    if (count > exponent + 1)
        text_add_bytes(out, digits + exponent + 1, (size_t)(count - exponent - 1));
    else
        text_add_char(out, '0');
}

/* Ranges of code points that Python's repr() escapes though they are valid (the common ones of
 * str.isprintable()): controls, separators, surrogates, private use, unassigned planes. */
static bool is_printable(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad)
        return false;
    if (c < 0x300)
        return true;
    return !(c == 0x1680 || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
             (c >= 0x205f && c <= 0x206f) || c == 0x3000 || (c >= 0xd800 && c <= 0xf8ff) ||
             c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
             c >= 0xe0000);
}

static void repr_text(Str s, Text *out)
{
    bool has_single = str_find_char(s, '\'') >= 0, has_double = str_find_char(s, '"') >= 0;
    char quote = has_single && !has_double ? '"' : '\'';
    text_add_char(out, quote);
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        uint32_t c = utf8_next(s, &at);
        if (c == (uint32_t)quote || c == '\\') {
            text_add_char(out, '\\');
            text_add_char(out, (char)c);
        } else if (c == '\n') {
            text_add_c(out, "\\n");
        } else if (c == '\r') {
            text_add_c(out, "\\r");
        } else if (c == '\t') {
            text_add_c(out, "\\t");
        } else if (is_printable(c)) {
            text_add_bytes(out, s.at + start, at - start);
        } else if (c < 0x100) {
            text_print(out, "\\x%02x", c);
        } else if (c < 0x10000) {
            text_print(out, "\\u%04x", c);
        } else {
            text_print(out, "\\U%08x", c);
        }
    }
    text_add_char(out, quote);
}

static void repr_inside(Value v, const Outer *outer, Text *out);

static bool is_inside(const void *container, const Outer *outer)
{
    if (outer && outer->depth > DEEPEST_PRINT)
        return true;
    for (; outer; outer = outer->outer)
        if (outer->container == container)
            return true;
    return false;
}

static void repr_array(Value v, const Outer *outer, Text *out)
{
    bool is_tuple = v.kind == VALUE_TUPLE;
    text_add_char(out, is_tuple ? '(' : '[');
    if (is_inside(v.list, outer)) {
        text_add_c(out, "...");
    } else {
        Outer here = {outer, v.list, outer ? outer->depth + 1 : 1};
        for (uint32_t i = 0; i < v.list->len; i++) {
            if (i)
                text_add_c(out, ", ");
            repr_inside(v.list->at[i], &here, out);
        }
        if (is_tuple && v.list->len == 1)
            text_add_char(out, ',');
    }
    text_add_char(out, is_tuple ? ')' : ']');
}

static void repr_dict(Value v, const Outer *outer, Text *out)
{
    if (v.kind == VALUE_SET && v.dict->len == 0) {
        text_add_c(out, "set()");
        return;
    }
    text_add_char(out, '{');
    if (is_inside(v.dict, outer)) {
        text_add_c(out, "...");
    } else {
        Outer here = {outer, v.dict, outer ? outer->depth + 1 : 1};
        Value key, value;
        bool is_first = true;
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value); is_first = false) {
            if (!is_first)
                text_add_c(out, ", ");
            repr_inside(key, &here, out);
            if (v.kind == VALUE_SET)
                continue;
            text_add_c(out, ": ");
            repr_inside(value, &here, out);
        }
    }
    text_add_char(out, '}');
}

static void repr_inside(Value v, const Outer *outer, Text *out)
{
    switch ((ValueKind)v.kind) {
    case VALUE_UNDEFINED: text_add_c(out, "Undefined"); return;
    case VALUE_NONE: text_add_c(out, "None"); return;
    case VALUE_BOOL: text_add_c(out, v.is_true ? "True" : "False"); return;
    case VALUE_INT: text_add_int(out, v.number); return;
    case VALUE_FLOAT: float_print(v.real, out); return;
    case VALUE_TEXT: repr_text(value_str(v), out); return;
    case VALUE_LIST:
    case VALUE_TUPLE: repr_array(v, outer, out); return;
    case VALUE_DICT:
    case VALUE_SET: repr_dict(v, outer, out); return;
    case VALUE_OBJECT:
        if (v.object->type->repr)
            v.object->type->repr(v.object, out);
        else if (v.object->type->print)
            v.object->type->print(v.object, out);
        else
            text_print(out, "<%s object>", v.object->type->name);
        return;
    }
}

void value_repr(Value v, Text *out)
{
    repr_inside(v, NULL, out);
}

void value_print(Value v, Text *out)
{
    if (v.kind == VALUE_TEXT)
        text_add(out, value_str(v));
    else if (v.kind == VALUE_OBJECT && v.object->type->print)
        v.object->type->print(v.object, out);
    else if (v.kind != VALUE_UNDEFINED)
        repr_inside(v, NULL, out);
}
