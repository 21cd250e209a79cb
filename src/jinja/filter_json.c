/* filter_json.c: tojson and pprint. */
#include "base/json.h"
#include "jinja/filter.h"

enum { DEEPEST_JSON = 200 };

/* The keys will be sorted: numbers and texts in one dict have no order. */
static bool check_order(const Dict *dict, Err *err)
{
    Value key, value, before = NONE;
    int order;
    for (uint32_t at = 0, i = 0; dict_next(dict, &at, &key, &value); i++, before = key)
        if (i)
            TRY(value_compare(key, before, "<", &order, err));
    return true;
}

/* Fails for what json.dumps() refuses. */
static bool check_json(Value v, int depth, Err *err)
{
    if (depth > DEEPEST_JSON)
        return err_set(err, ERR_TOO_DEEP, NOWHERE, "maximum recursion depth exceeded");
    Value key, value;
    switch ((ValueKind)v.kind) {
    case VALUE_LIST:
    case VALUE_TUPLE:
        for (uint32_t i = 0; i < v.list->len; i++)
            TRY(check_json(v.list->at[i], depth + 1, err));
        return true;
    case VALUE_DICT:
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);) {
            if (key.kind > VALUE_TEXT || key.kind == VALUE_UNDEFINED)
                return FAIL(err, "keys must be str, int, float, bool or None, not %s",
                            value_type_name(key));
            TRY(check_json(value, depth + 1, err));
        }
        return check_order(v.dict, err);
    case VALUE_OBJECT:
        if (value_is_a(v, &bigint_type))
            return true;
        break;
    case VALUE_SET:
    case VALUE_UNDEFINED: break;
    default: return true;
    }
    const char *name = value_type_name(v), *last = strrchr(name, '.');
    return FAIL(err, "Object of type %s is not JSON serializable", last ? last + 1 : name);
}

bool filter_tojson(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"indent"};
    Value indent = NONE;
    int64_t spaces = 0;
    TRY(call_bind(call, "tojson", names, 1, 0, &indent, err));
    if (indent.kind != VALUE_NONE)
        TRY(index_of(indent, &spaces, err));
    TRY(check_json(input, 0, err));
    AUTO(text) Text json = {0};
    json_print(input, (JsonStyle){.indent = spaces > 0 ? (int)spaces : 0, .sorts_keys = true},
               &json);
    AUTO(text) Text safe = {0};
    for (size_t i = 0; i < json.len; i++) {
        char c = json.at[i];
        if (c == '<' || c == '>' || c == '&' || c == '\'')
            text_print(&safe, "\\u%04x", c);
        else
            text_add_char(&safe, c);
    }
    *out = text_value(call->arena, &safe);
    return true;
}

/* ---- pprint: repr() over several lines where one of 80 columns is too short ---- */

enum { PRETTY_COLUMNS = 80 };

typedef struct Pretty {
    Arena *arena;
    Text *out;
} Pretty;

/* Keys in order, as far as they have one. */
static Array *sorted_keys(Arena *arena, const Dict *dict)
{
    Array *keys = array_make(arena, dict->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(dict, &at, &key, &value);)
        array_add(keys, key);
    Err ignored = {0};
    if (!array_sort(arena, keys, NULL, false, &ignored))
        err_drop(&ignored);
    return keys;
}

/* repr() with the keys of all dicts sorted. */
static Value sorted_copy(Arena *arena, Value v, int depth)
{
    if (depth > DEEPEST_JSON)
        return v;
    if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) {
        Array *copy = array_make(arena, v.list->len);
        for (uint32_t i = 0; i < v.list->len; i++)
            array_add(copy, sorted_copy(arena, v.list->at[i], depth + 1));
        v.list = copy;
    } else if (v.kind == VALUE_DICT) {
        Array *keys = sorted_keys(arena, v.dict);
        Dict *copy = dict_make(arena, v.dict->len);
        for (uint32_t i = 0; i < keys->len; i++)
            dict_put_keyed(copy, keys->at[i],
                           sorted_copy(arena, *dict_find_value(v.dict, keys->at[i]), depth + 1));
        v.dict = copy;
    }
    return v;
}

static void pretty(Pretty *to, Value v, size_t indent, size_t behind, int depth);

static void pretty_items(Pretty *to, Value v, size_t indent, size_t behind, int depth)
{
    bool is_dict = v.kind == VALUE_DICT, is_tuple = v.kind == VALUE_TUPLE;
    text_add_char(to->out, is_dict ? '{' : is_tuple ? '(' : '[');
    uint32_t count = is_dict ? v.dict->len : v.list->len, at = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i) {
            text_add_c(to->out, ",\n");
            text_add_repeat(to->out, ' ', indent + 1);
        }
        Value key, item;
        size_t inside = indent + 1;
        if (is_dict && dict_next(v.dict, &at, &key, &item)) {
            AUTO(text) Text shown = {0};
            value_repr(key, &shown);
            text_add(to->out, text_str(&shown));
            text_add_c(to->out, ": ");
            inside += utf8_length(text_str(&shown)) + 2;
        } else {
            item = v.list->at[i];
        }
        pretty(to, item, inside, i + 1 == count ? behind + 1 : 1, depth + 1);
    }
    if (is_tuple && count == 1)
        text_add_char(to->out, ',');
    text_add_char(to->out, is_dict ? '}' : is_tuple ? ')' : ']');
}

static void pretty(Pretty *to, Value v, size_t indent, size_t behind, int depth)
{
    AUTO(text) Text shown = {0};
    value_repr(v, &shown);
    bool is_container = (v.kind == VALUE_DICT && v.dict->len) ||
                        ((v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) && v.list->len);
    size_t width = utf8_length(text_str(&shown));
    if (!is_container || depth > DEEPEST_JSON || indent + width + behind <= PRETTY_COLUMNS)
        text_add(to->out, text_str(&shown));
    else
        pretty_items(to, v, indent, behind, depth);
}

bool filter_pprint(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "pprint", 0, 0, err));
    AUTO(text) Text text = {.limit = LARGEST_TEXT_BYTES};
    Pretty to = {call->arena, &text};
    pretty(&to, sorted_copy(call->arena, input, 0), 0, 0, 0);
    *out = text_value(call->arena, &text);
    return true;
}
