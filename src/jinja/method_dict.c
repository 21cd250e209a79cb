/* method_dict.c: the methods of dict, and its live views. */
#include "jinja/python.h"

/* ---- views ---- */

/* dict_keys, dict_values or dict_items of a dict. Remembers where the last step of an iteration
 * ended, so that a run through it is one pass. */
typedef struct View {
    Object base;
    ViewKind kind;
    Dict *dict;
    uint64_t step;   /* the next `i` ... */
    uint32_t at;     /* ... and where in the dict it is */
} View;

static bool view_next(Object *self, Arena *arena, uint64_t i, Value *out)
{
    View *view = (View *)self;
    Value key, value;
    if (i != view->step) {
        view->at = 0;
        for (view->step = 0; view->step < i; view->step++)
            if (!dict_next(view->dict, &view->at, &key, &value))
                break;
        if (view->step != i)
            return false;
    }
    if (!dict_next(view->dict, &view->at, &key, &value))
        return false;
    view->step++;
    *out = view->kind == VIEW_KEYS     ? key
           : view->kind == VIEW_VALUES ? value
                                       : pair_make(arena, key, value);
    return true;
}

static int64_t view_length(Object *self)
{
    return ((View *)self)->dict->len;
}

static bool view_contains(Object *self, Value item)
{
    View *view = (View *)self;
    if (view->kind == VIEW_KEYS)
        return dict_find_value(view->dict, item) != NULL;
    if (view->kind == VIEW_ITEMS) {
        const Value *found = item.kind == VALUE_TUPLE && item.list->len == 2
                                 ? dict_find_value(view->dict, item.list->at[0])
                                 : NULL;
        return found && value_equal(*found, item.list->at[1]);
    }
    Value key, value;
    for (uint32_t at = 0; dict_next(view->dict, &at, &key, &value);)
        if (value_equal(value, item))
            return true;
    return false;
}

static void view_print(Object *self, Text *out)
{
    View *view = (View *)self;
    text_print(out, "%s([", self->type->name);
    Value key, value;
    bool is_first = true;
    for (uint32_t at = 0; dict_next(view->dict, &at, &key, &value); is_first = false) {
        if (!is_first)
            text_add_c(out, ", ");
        if (view->kind == VIEW_ITEMS)
            text_add_char(out, '(');
        if (view->kind != VIEW_VALUES)
            value_repr(key, out);
        if (view->kind == VIEW_ITEMS)
            text_add_c(out, ", ");
        if (view->kind != VIEW_KEYS)
            value_repr(value, out);
        if (view->kind == VIEW_ITEMS)
            text_add_char(out, ')');
    }
    text_add_c(out, "])");
}

/* keys and items are equal to sets and views of the same things */
static bool view_equal(Object *self, Value other)
{
    View *view = (View *)self;
    if (view->kind == VIEW_VALUES)
        return other.kind == VALUE_OBJECT && other.object == self;
    int64_t length;
    Err ignored = {0};
    bool is_set = other.kind == VALUE_SET ||
                  (other.kind == VALUE_OBJECT && other.object->type->next == view_next &&
                   ((View *)other.object)->kind != VIEW_VALUES);
    if (!is_set || !operate_length(other, &length, &ignored) || length != view->dict->len) {
        err_drop(&ignored);
        return false;
    }
    Arena scratch = {0};
    View run = {.base = view->base, .kind = view->kind, .dict = view->dict};
    Value item;
    bool is_equal = true;
    for (uint64_t i = 0; is_equal && view_next(&run.base, &scratch, i, &item); i++)
        is_equal = operate_contains(other, item, &is_equal, &ignored) && is_equal;
    arena_drop(&scratch);
    err_drop(&ignored);
    return is_equal;
}

/* keys - other, items - other: a set */
static bool view_binary(Object *self, const char *op, Value other, bool is_reversed, Arena *arena,
                        Value *out, Err *err)
{
    View *view = (View *)self;
    if (strcmp(op, "-") != 0 || is_reversed || view->kind == VIEW_VALUES)
        return true;
    Array *without;
    TRY(jinja_iterate(arena, other, &without, err));
    View run = {.base = view->base, .kind = view->kind, .dict = view->dict};
    Dict *rest = dict_make(arena, 0);
    Value item;
    for (uint64_t i = 0; view_next(&run.base, arena, i, &item); i++) {
        bool is_in;
        TRY(operate_contains(value_of_array(without), item, &is_in, err));
        if (is_in)
            continue;
        TRY(check_hashable(item, err));
        dict_put_keyed(rest, item, NONE);
    }
    *out = value_of_set(rest);
    return true;
}

#define VIEW_TYPE(type_name)                                                               \
    {                                                                                      \
        .name = type_name, .print = view_print, .length = view_length, .next = view_next,  \
        .contains = view_contains, .equal = view_equal, .binary = view_binary,             \
    }
static const ObjectType view_types[] = {
    [VIEW_KEYS] = VIEW_TYPE("dict_keys"),
    [VIEW_VALUES] = VIEW_TYPE("dict_values"),
    [VIEW_ITEMS] = VIEW_TYPE("dict_items"),
};

Value dict_view(Arena *arena, Value dict, ViewKind kind)
{
    View *view = NEW(arena, View);
    *view = (View){.base = {&view_types[kind]}, .kind = kind, .dict = dict.dict};
    return value_of_object(&view->base);
}

/* ---- methods ---- */

static bool dict_keys(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "dict.keys", 0, 0, err));
    *out = dict_view(call->arena, self, VIEW_KEYS);
    return true;
}

static bool dict_values(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "dict.values", 0, 0, err));
    *out = dict_view(call->arena, self, VIEW_VALUES);
    return true;
}

static bool dict_items(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "dict.items", 0, 0, err));
    *out = dict_view(call->arena, self, VIEW_ITEMS);
    return true;
}

static bool dict_get(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "get", 1, 2, err));
    TRY(check_hashable(call->args[0], err));
    const Value *found = dict_find_value(self.dict, call->args[0]);
    *out = found ? *found : call->arg_count > 1 ? call->args[1] : NONE;
    return true;
}

static bool dict_setdefault(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "setdefault", 1, 2, err));
    TRY(check_hashable(call->args[0], err));
    const Value *found = dict_find_value(self.dict, call->args[0]);
    if (found) {
        *out = *found;
        return true;
    }
    TRY(check_changeable(self, err));
    *out = call->arg_count > 1 ? call->args[1] : NONE;
    dict_put_keyed(self.dict, call->args[0], *out);
    return true;
}

static bool dict_pop(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "pop", 1, 2, err));
    TRY(check_hashable(call->args[0], err));
    TRY(check_changeable(self, err));
    const Value *found = dict_find_value(self.dict, call->args[0]);
    if (found) {
        *out = *found;
        dict_remove(self.dict, call->args[0]);
        return true;
    }
    if (call->arg_count > 1) {
        *out = call->args[1];
        return true;
    }
    AUTO(text) Text shown = {0};
    value_repr(call->args[0], &shown);
    return FAIL(err, "" STR_FMT, STR_ARG(text_str(&shown)));
}

static bool dict_popitem(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "dict.popitem", 0, 0, err));
    TRY(check_changeable(self, err));
    Value key, value;
    bool is_any = false;
    for (uint32_t at = 0; dict_next(self.dict, &at, &key, &value);)
        is_any = true; /* the last one stays in key and value */
    if (!is_any)
        return FAIL(err, "'popitem(): dictionary is empty'");
    *out = pair_make(call->arena, key, value);
    dict_remove(self.dict, key);
    return true;
}

static bool dict_clear(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "dict.clear", 0, 0, err));
    TRY(check_changeable(self, err));
    Dict *dict = self.dict;
    dict->used = dict->len = 0;
    if (dict->index)
        memset(dict->index, 0, dict->index_cap * sizeof(*dict->index));
    *out = NONE;
    return true;
}

static bool dict_copy(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "dict.copy", 0, 0, err));
    Dict *copy = dict_make(call->arena, self.dict->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(self.dict, &at, &key, &value);)
        dict_put_keyed(copy, key, value);
    *out = value_of_dict(copy);
    return true;
}

/* Two-item sequences, as dict() and update() take them. */
static bool put_pairs(Call *call, Dict *dict, Value from, Err *err)
{
    Array *pairs;
    TRY(items_of(call, from, &pairs, err));
    for (uint32_t i = 0; i < pairs->len; i++) {
        Array *pair;
        Value each = pairs->at[i];
        bool is_sequence = each.kind == VALUE_LIST || each.kind == VALUE_TUPLE ||
                           each.kind == VALUE_TEXT || each.kind == VALUE_OBJECT;
        if (!is_sequence)
            return FAIL(err, "cannot convert dictionary update sequence element #%u to a sequence",
                        i);
        TRY(items_of(call, each, &pair, err));
        if (pair->len != 2)
            return FAIL(err,
                        "dictionary update sequence element #%u has length %u; 2 is required", i,
                        pair->len);
        TRY(check_hashable(pair->at[0], err));
        dict_put_keyed(dict, pair->at[0], pair->at[1]);
    }
    return true;
}

bool dict_fill(Call *call, Dict *dict, Err *err)
{
    if (call->arg_count) {
        Value from = call->args[0], key, value;
        if (from.kind == VALUE_DICT) {
            for (uint32_t at = 0; dict_next(from.dict, &at, &key, &value);)
                dict_put_keyed(dict, key, value);
        } else {
            TRY(put_pairs(call, dict, from, err));
        }
    }
    for (uint32_t i = 0; i < call->named_count; i++)
        dict_put(dict, call->names[i], call->named[i]);
    return true;
}

static bool dict_update(Call *call, Value self, Value *out, Err *err)
{
    if (call->arg_count > 1)
        return FAIL(err, "update expected at most 1 argument, got %u", call->arg_count);
    TRY(check_changeable(self, err));
    TRY(dict_fill(call, self.dict, err));
    *out = NONE;
    return true;
}

static bool dict_fromkeys(Call *call, Value self, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "fromkeys", 1, 2, err));
    Array *keys;
    TRY(items_of(call, call->args[0], &keys, err));
    Dict *dict = dict_make(call->arena, keys->len);
    for (uint32_t i = 0; i < keys->len; i++) {
        TRY(check_hashable(keys->at[i], err));
        dict_put_keyed(dict, keys->at[i], call->arg_count > 1 ? call->args[1] : NONE);
    }
    *out = value_of_dict(dict);
    return true;
}

const ValueMethod dict_methods[] = {
    {"clear", dict_clear},     {"copy", dict_copy},       {"fromkeys", dict_fromkeys},
    {"get", dict_get},         {"items", dict_items},     {"keys", dict_keys},
    {"pop", dict_pop},         {"popitem", dict_popitem}, {"setdefault", dict_setdefault},
    {"update", dict_update},   {"values", dict_values},
};
const uint32_t dict_method_total = COUNT_OF(dict_methods);
