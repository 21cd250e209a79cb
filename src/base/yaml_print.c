/* yaml_print.c: Values as YAML text, as PyYAML's safe_dump() prints them: through libyaml's
 * emitter, with PyYAML's choices of tags, anchors and key order on top. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <yaml.h>

#include "base/object.h"
#include "base/yaml.h"
#include "base/yaml_scalar.h"

#define DEPTH_MOST 1000   /* of printing: deeper prints null */
#define SET_TAG "tag:yaml.org,2002:set"
#define STR_TAG "tag:yaml.org,2002:str"

typedef struct Printer {
    yaml_emitter_t emitter;
    Arena arena;             /* anchors and scratch                                    */
    Dict *seen;              /* container's address -> 0 met once, n > 0 its anchor    */
    Dict *printed;           /* addresses of containers whose anchor has been printed  */
    int64_t anchor_count;
    bool sorts_keys;
} Printer;

static int add_output(void *context, unsigned char *at, size_t len)
{
    text_add_bytes(context, (const char *)at, len);
    return 1;
}

static void emit(Printer *printer, yaml_event_t *event, int is_made)
{
    assert(is_made);
    int is_taken = yaml_emitter_emit(&printer->emitter, event);
    assert(is_taken); /* our events are in order and the output cannot fail */
}

/* ---- anchors: PyYAML names what it meets a second time id001, id002, ... ---- */

static bool address_of(Value v, Value *out)
{
    if (value_is_list(v) || (value_is_tuple(v) && v.list->len)) /* () is shared by nature */
        *out = value_int((int64_t)(intptr_t)v.list);
    else if (value_is_dict(v) || v.kind == VALUE_SET)
        *out = value_int((int64_t)(intptr_t)v.dict);
    else
        return false;
    return true;
}

static Dict *dict_sorted(Printer *printer, Dict *dict);

/* Notes every container in the order in which it will be printed. */
static void find_shared(Printer *printer, Value v, int depth)
{
    Value address;
    if (depth > DEPTH_MOST || !address_of(v, &address))
        return;
    Value *known = dict_find_value(printer->seen, address);
    if (known) {
        if (known->number == 0)
            *known = value_int(++printer->anchor_count);
        return;
    }
    dict_put_keyed(printer->seen, address, value_int(0));
    if (value_is_list(v) || value_is_tuple(v)) {
        for (uint32_t i = 0; i < v.list->len; i++)
            find_shared(printer, v.list->at[i], depth + 1);
        return;
    }
    Value key, value;
    const Dict *dict = dict_sorted(printer, v.dict);
    for (uint32_t at = 0; dict_next(dict, &at, &key, &value);) {
        find_shared(printer, key, depth + 1);
        find_shared(printer, value, depth + 1);
    }
}

/* The anchor's name in `name`, empty for none. True if it was printed before: time for an alias. */
static bool take_anchor(Printer *printer, Value v, char name[24])
{
    Value address;
    name[0] = '\0';
    if (!address_of(v, &address))
        return false;
    const Value *known = dict_find_value(printer->seen, address);
    if (!known || known->number == 0)
        return false;
    snprintf(name, 24, "id%03lld", (long long)known->number);
    if (dict_find_value(printer->printed, address))
        return true;
    dict_put_keyed(printer->printed, address, NONE);
    return false;
}

/* ---- key order ---- */

static bool is_number(Value v)
{
    return value_is_bool(v) || value_is_int(v) || value_is_float(v);
}

static int entry_compare(const void *a, const void *b)
{
    const Value *left = &((const DictEntry *)a)->key, *right = &((const DictEntry *)b)->key;
    int order = 0;
    AUTO(err) Err err = {0};
    bool is_known = value_compare(*left, *right, "<", &order, &err);
    assert(is_known); /* only comparable keys are sorted */
    return order;
}

/* The dict with its keys in order; itself where they are not sorted or cannot be. */
static Dict *dict_sorted(Printer *printer, Dict *dict)
{
    if (!printer->sorts_keys || dict->len < 2)
        return dict;
    bool has_texts = true, has_numbers = true;
    Dict *copy = dict_make(&printer->arena, dict->len);
    DictEntry *entries = NEW_N(&printer->arena, DictEntry, dict->len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < dict->used; i++) {
        if (dict->at[i].is_gone)
            continue;
        has_texts = has_texts && value_is_text(dict->at[i].key);
        has_numbers = has_numbers && is_number(dict->at[i].key);
        entries[count++] = dict->at[i];
    }
    if (!has_texts && !has_numbers)
        return dict;
    qsort(entries, count, sizeof(entries[0]), entry_compare);
    for (uint32_t i = 0; i < count; i++)
        dict_put_keyed(copy, entries[i].key, entries[i].value);
    return copy;
}

/* ---- scalars ---- */

/* libyaml takes valid UTF-8 only. */
static Str clean_text(Printer *printer, Str s)
{
    if (utf8_find_invalid(s) < 0)
        return s;
    AUTO(text) Text out = {0};
    for (size_t at = 0; at < s.len;) {
        uint32_t c = utf8_next(s, &at);
        text_add_code_point(&out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
    return text_copy(&printer->arena, &out);
}

/* `is_text`: quoted when it would read back as something else. */
static void print_scalar(Printer *printer, Str s, bool is_text)
{
    s = clean_text(printer, s);
    yaml_event_t event;
    int is_plain = !is_text || yaml_resolve(s) == YAML_STR;
    emit(printer, &event,
         yaml_scalar_event_initialize(&event, NULL, (const yaml_char_t *)STR_TAG,
                                      (const yaml_char_t *)(s.at ? s.at : ""), (int)s.len, is_plain,
                                      1, YAML_ANY_SCALAR_STYLE));
}

static void print_float(Printer *printer, double real)
{
    if (isnan(real)) {
        print_scalar(printer, STR(".nan"), false);
    } else if (isinf(real)) {
        print_scalar(printer, real < 0 ? STR("-.inf") : STR(".inf"), false);
    } else {
        AUTO(text) Text out = {0};
        float_print(real, &out);
        Str text = text_str(&out); /* 1e+16 would be a text: 1.0e+16 */
        if (str_find_char(text, '.') < 0)
            text = str_replace(&printer->arena, text, STR("e"), STR(".0e"));
        print_scalar(printer, text, false);
    }
}

static void print_other(Printer *printer, Value v)
{
    AUTO(text) Text out = {0};
    value_print(v, &out);
    print_scalar(printer, text_str(&out), value_is_object(v));
}

/* ---- trees ---- */

static void print_node(Printer *printer, Value v, int depth);

static void print_list(Printer *printer, const Array *list, const yaml_char_t *anchor, int depth)
{
    yaml_event_t event;
    emit(printer, &event, yaml_sequence_start_event_initialize(&event, anchor, NULL, 1,
                                                               YAML_BLOCK_SEQUENCE_STYLE));
    for (uint32_t i = 0; i < list->len; i++)
        print_node(printer, list->at[i], depth + 1);
    emit(printer, &event, yaml_sequence_end_event_initialize(&event));
}

static void print_dict(Printer *printer, Value v, const yaml_char_t *anchor, int depth)
{
    yaml_event_t event;
    bool is_set = v.kind == VALUE_SET;
    emit(printer, &event,
         yaml_mapping_start_event_initialize(
             &event, anchor, is_set ? (const yaml_char_t *)SET_TAG : NULL, !is_set,
             YAML_BLOCK_MAPPING_STYLE));
    Value key, value;
    const Dict *dict = dict_sorted(printer, v.dict);
    for (uint32_t at = 0; dict_next(dict, &at, &key, &value);) {
        print_node(printer, key, depth + 1);
        print_node(printer, is_set ? NONE : value, depth + 1);
    }
    emit(printer, &event, yaml_mapping_end_event_initialize(&event));
}

static void print_node(Printer *printer, Value v, int depth)
{
    char name[24];
    if (depth > DEPTH_MOST)
        v = NONE;
    if (take_anchor(printer, v, name)) {
        yaml_event_t event;
        emit(printer, &event, yaml_alias_event_initialize(&event, (const yaml_char_t *)name));
        return;
    }
    const yaml_char_t *anchor = name[0] ? (const yaml_char_t *)name : NULL;
    switch ((ValueKind)v.kind) {
    case VALUE_UNDEFINED:
    case VALUE_NONE: print_scalar(printer, STR("null"), false); return;
    case VALUE_BOOL: print_scalar(printer, v.is_true ? STR("true") : STR("false"), false); return;
    case VALUE_FLOAT: print_float(printer, v.real); return;
    case VALUE_TEXT: print_scalar(printer, value_str(v), true); return;
    case VALUE_INT:
    case VALUE_OBJECT: print_other(printer, v); return;
    case VALUE_LIST:
    case VALUE_TUPLE: print_list(printer, v.list, anchor, depth); return;
    case VALUE_DICT:
    case VALUE_SET: print_dict(printer, v, anchor, depth); return;
    }
}

void yaml_print(Value v, bool sorts_keys, Text *out)
{
    Printer printer = {.sorts_keys = sorts_keys};
    printer.seen = dict_make(&printer.arena, 0);
    printer.printed = dict_make(&printer.arena, 0);
    find_shared(&printer, v, 0);
    int is_made = yaml_emitter_initialize(&printer.emitter);
    assert(is_made); /* it fails for want of memory only */
    yaml_emitter_set_output(&printer.emitter, add_output, out);
    yaml_emitter_set_encoding(&printer.emitter, YAML_UTF8_ENCODING);
    size_t before = out->len;
    yaml_event_t event;
    emit(&printer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(&printer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    print_node(&printer, v, 0);
    emit(&printer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(&printer, &event, yaml_stream_end_event_initialize(&event));
    yaml_emitter_delete(&printer.emitter);
    Str printed = str_slice(text_str(out), before, out->len);
    Value address;
    bool is_plain = printed.len && printed.at[0] != '\'' && printed.at[0] != '"';
    if (!address_of(v, &address) && is_plain && !str_ends(printed, STR("...\n")))
        text_add(out, STR("...\n")); /* PyYAML ends a bare scalar so */
    arena_drop(&printer.arena);
}
