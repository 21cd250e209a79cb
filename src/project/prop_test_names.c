/* prop_test_names.c: names and ids of generic tests, byte for byte as dbt makes them.
 * Checked by tests/cases/project/test_names.json, recorded from dbt-core 1.12.6. */
#include <stdlib.h>

#include "base/hash.h"
#include "project/prop.h"

enum { SHORT_NAME_LENGTH = 64, KEPT_LENGTH = 30, HASH_LENGTH = 10 };

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Every run of other characters becomes one "_". */
static void add_clean(Text *out, Str s)
{
    for (size_t i = 0; i < s.len;) {
        if (is_word(s.at[i])) {
            text_add_char(out, s.at[i++]);
            continue;
        }
        text_add_char(out, '_');
        while (i < s.len && !is_word(s.at[i]))
            i++;
    }
}

static void add_part(Text *out, Value part, uint32_t *count)
{
    if ((*count)++)
        text_add_c(out, "__");
    if (part.kind == VALUE_TEXT) {
        add_clean(out, value_str(part));
        return;
    }
    AUTO(text) Text shown = {0};
    value_print(part, &shown);
    add_clean(out, text_str(&shown));
}

static void add_argument(Text *out, Value argument, uint32_t *count)
{
    Value key, value;
    if (argument.kind == VALUE_DICT) {
        for (uint32_t at = 0; dict_next(argument.dict, &at, &key, &value);)
            add_part(out, value, count);
    } else if (argument.kind == VALUE_LIST || argument.kind == VALUE_TUPLE) {
        for (uint32_t i = 0; i < argument.list->len; i++)
            add_part(out, argument.list->at[i], count);
    } else {
        add_part(out, argument, count);
    }
}

typedef struct Pair {
    Value key, value;
} Pair;

static int compare_pairs(const void *a, const void *b)
{
    return str_compare(value_str(((const Pair *)a)->key), value_str(((const Pair *)b)->key));
}

/* The entries of a dict by key. */
static Pair *sorted(Arena *arena, const Dict *dict)
{
    Pair *pairs = NEW_N(arena, Pair, dict->len + 1);
    uint32_t count = 0;
    for (uint32_t at = 0; dict_next(dict, &at, &pairs[count].key, &pairs[count].value);)
        count++;
    qsort(pairs, count, sizeof(*pairs), compare_pairs);
    return pairs;
}

/* The first `count` code points. */
static Str first_points(Str s, size_t count)
{
    size_t at = 0;
    while (at < s.len && count--)
        utf8_next(s, &at);
    return str_slice(s, 0, at);
}

void test_names_make(Arena *arena, Str type, Str target, Value args, Str *short_name,
                     Str *full_name)
{
    AUTO(text) Text full = {0};
    text_add(&full, type);
    text_add_char(&full, '_');
    text_add(&full, target);
    size_t identifier_len = full.len;
    text_add_char(&full, '_');
    const Dict *dict = args.dict;
    Pair *pairs = sorted(arena, dict);
    uint32_t count = 0;
    for (uint32_t i = 0; i < dict->len; i++)
        if (!value_is(pairs[i].key, "model"))
            add_argument(&full, pairs[i].value, &count);
    *full_name = *short_name = text_copy(arena, &full);
    if (utf8_length(*full_name) < SHORT_NAME_LENGTH)
        return;
    Str kept = first_points(str_slice(*full_name, 0, identifier_len), KEPT_LENGTH);
    Str label = md5_hex(arena, *full_name);
    *short_name = str_print(arena, STR_FMT "_" STR_FMT, STR_ARG(kept), STR_ARG(label));
}

/* repr() of a value in which every leaf is a text and dicts are sorted. */
static void add_hashable(Arena *arena, Value v, Text *out)
{
    if (v.kind == VALUE_DICT) {
        Pair *pairs = sorted(arena, v.dict);
        text_add_char(out, '{');
        for (uint32_t i = 0; i < v.dict->len; i++) {
            text_add_c(out, i ? ", " : "");
            value_repr(pairs[i].key, out);
            text_add_c(out, ": ");
            add_hashable(arena, pairs[i].value, out);
        }
        text_add_char(out, '}');
    } else if (v.kind == VALUE_LIST) {
        text_add_char(out, '[');
        for (uint32_t i = 0; i < v.list->len; i++) {
            text_add_c(out, i ? ", " : "");
            add_hashable(arena, v.list->at[i], out);
        }
        text_add_char(out, ']');
    } else if (v.kind == VALUE_TEXT) {
        value_repr(v, out);
    } else {
        AUTO(text) Text shown = {0};
        value_print(v, &shown);
        value_repr(value_text(text_str(&shown)), out);
    }
}

Str test_hash(Arena *arena, Str name, Value test_namespace, Str type, Value kwargs)
{
    AUTO(text) Text all = {0};
    text_add(&all, name);
    text_add_c(&all, "{'kwargs': ");
    add_hashable(arena, kwargs, &all);
    text_add_c(&all, ", 'name': ");
    value_repr(value_text(type), &all);
    text_add_c(&all, ", 'namespace': ");
    add_hashable(arena, test_namespace, &all);
    text_add_char(&all, '}');
    Str hex = md5_hex(arena, text_str(&all));
    return str_slice(hex, hex.len - HASH_LENGTH, hex.len);
}
