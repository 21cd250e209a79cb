/* filter_select.c: filters that look into the items: map, select, sort, unique, groupby, min. */
#include "jinja/filter.h"

Value fold_case(Arena *arena, Value v)
{
    return v.kind == VALUE_TEXT ? value_text(text_lower(arena, value_str(v))) : v;
}

/* One part of an attribute path: digits are an index. */
static Value path_part(Str part)
{
    int64_t number;
    bool is_digits = part.len > 0;
    for (size_t i = 0; i < part.len; i++)
        is_digits = is_digits && part.at[i] >= '0' && part.at[i] <= '9';
    return is_digits && str_to_int(part, &number) ? value_int(number) : value_text(part);
}

bool attribute_of(Call *call, Value item, Value path, Value otherwise, Value *out, Err *err)
{
    *out = item;
    if (path.kind == VALUE_NONE)
        return true;
    Str rest = value_str(path), part;
    if (path.kind != VALUE_TEXT) {
        TRY(jinja_item(call->interp, call->arena, item, path, out, err));
        if (out->kind == VALUE_UNDEFINED && otherwise.kind != VALUE_NONE)
            *out = otherwise;
        return true;
    }
    while (str_next_part(&rest, '.', &part)) {
        if (out->kind == VALUE_UNDEFINED &&
            (!call->interp || interp_undefined_mode(call->interp) != UNDEFINED_PARSING))
            return undefined_fail(*out, err);
        TRY(jinja_item(call->interp, call->arena, *out, path_part(part), out, err));
        if (out->kind == VALUE_UNDEFINED && otherwise.kind != VALUE_NONE)
            *out = otherwise;
    }
    return true;
}

/* The call without its first `count` positional arguments. */
static Call call_rest(const Call *call, uint32_t count)
{
    Call rest = *call;
    rest.args += count;
    rest.arg_count -= count;
    return rest;
}

/* ---- map ---- */

static bool map_attribute(Call *call, const Array *items, Value path, Array *mapped, Err *err)
{
    const Value *given = call_named(call, "default");
    for (uint32_t i = 0; i < call->named_count; i++)
        if (!str_is(call->names[i], "default") && !str_is(call->names[i], "attribute"))
            return FAIL(err, "Unexpected keyword argument '" STR_FMT "'",
                        STR_ARG(call->names[i]));
    for (uint32_t i = 0; i < items->len; i++) {
        Value item;
        TRY(attribute_of(call, items->at[i], path, given ? *given : NONE, &item, err));
        array_add(mapped, item);
    }
    return true;
}

bool filter_map(Call *call, Value input, Value *out, Err *err)
{
    Array *items;
    TRY(check_defined(call, input, err));
    if (!value_truth(input)) { /* as jinja2: not even looked at */
        *out = iterator_make(call->arena, "generator", array_make(call->arena, 0));
        return true;
    }
    TRY(items_of(call, input, &items, err));
    Array *mapped = array_make(call->arena, items->len);
    const Value *path = call_named(call, "attribute");
    if (!call->arg_count && path) {
        TRY(map_attribute(call, items, *path, mapped, err));
    } else if (!call->arg_count) {
        return FAIL(err, "map requires a filter argument");
    } else {
        Str name = input_text(call, call->args[0]);
        FilterFn filter = filter_find(name);
        if (!filter)
            return FAIL(err, "No filter named '" STR_FMT "'.", STR_ARG(name));
        Call rest = call_rest(call, 1);
        for (uint32_t i = 0; i < items->len; i++) {
            Value item;
            TRY(filter(&rest, items->at[i], &item, err));
            array_add(mapped, item);
        }
    }
    *out = iterator_make(call->arena, "generator", mapped);
    return true;
}

/* ---- select, reject ---- */

/* Keeps the items of which the test (or truth) is `keeps`. With an attribute, that is tested. */
static bool sieve(Call *call, Value input, bool by_attribute, bool keeps, Value *out, Err *err)
{
    TRY(check_defined(call, input, err));
    if (!value_truth(input)) {
        *out = iterator_make(call->arena, "generator", array_make(call->arena, 0));
        return true;
    }
    if (by_attribute && !call->arg_count)
        return FAIL(err, "Missing parameter for attribute name");
    Value path = by_attribute ? call->args[0] : NONE;
    Call rest = call_rest(call, by_attribute);
    TestFn test = NULL;
    if (rest.arg_count) {
        Str name = input_text(call, rest.args[0]);
        test = test_find(name);
        if (!test)
            return FAIL(err, "No test named '" STR_FMT "'.", STR_ARG(name));
        rest = call_rest(&rest, 1);
    }
    Array *items;
    TRY(items_of(call, input, &items, err));
    Array *kept = array_make(call->arena, 0);
    for (uint32_t i = 0; i < items->len; i++) {
        Value item;
        TRY(attribute_of(call, items->at[i], path, NONE, &item, err));
        bool holds = false;
        if (test)
            TRY(test(&rest, item, &holds, err));
        else
            TRY(check_defined(call, item, err));
        if (!test)
            holds = value_truth(item);
        if (holds == keeps)
            array_add(kept, items->at[i]);
    }
    *out = iterator_make(call->arena, "generator", kept);
    return true;
}

bool filter_select(Call *call, Value input, Value *out, Err *err)
{
    return sieve(call, input, false, true, out, err);
}

bool filter_reject(Call *call, Value input, Value *out, Err *err)
{
    return sieve(call, input, false, false, out, err);
}

bool filter_selectattr(Call *call, Value input, Value *out, Err *err)
{
    return sieve(call, input, true, true, out, err);
}

bool filter_rejectattr(Call *call, Value input, Value *out, Err *err)
{
    return sieve(call, input, true, false, out, err);
}

bool filter_attr(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "attr", 1, 1, err));
    Str name = input_text(call, call->args[0]);
    bool is_plain = input.kind != VALUE_OBJECT && input.kind != VALUE_UNDEFINED;
    if (is_plain && !value_method_find(input, name)) { /* attributes only, no items */
        *out = undefined_make(call->arena, name, value_type_name(input));
        return true;
    }
    return jinja_attribute(call->interp, call->arena, input, name, out, err);
}

/* ---- order ---- */

/* The key of an item by "a" or "a,b": a text, or a list of them. */
static bool sort_key(Call *call, Value item, Value path, bool is_sensitive, Value *out, Err *err)
{
    if (path.kind != VALUE_TEXT || str_find_char(value_str(path), ',') < 0) {
        TRY(attribute_of(call, item, path, NONE, out, err));
        if (!is_sensitive)
            *out = fold_case(call->arena, *out);
        return true;
    }
    Array *keys = array_make(call->arena, 2);
    Str rest = value_str(path), part;
    while (str_next_part(&rest, ',', &part)) {
        Value key;
        TRY(attribute_of(call, item, value_text(part), NONE, &key, err));
        array_add(keys, is_sensitive ? key : fold_case(call->arena, key));
    }
    *out = value_of_array(keys);
    return true;
}

static bool keys_of(Call *call, const Array *items, Value path, bool is_sensitive, Array **out,
                    Err *err)
{
    Array *keys = array_make(call->arena, items->len);
    for (uint32_t i = 0; i < items->len; i++) {
        Value key;
        TRY(sort_key(call, items->at[i], path, is_sensitive, &key, err));
        array_add(keys, key);
    }
    *out = keys;
    return true;
}

bool filter_sort(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"reverse", "case_sensitive", "attribute"};
    Value slots[] = {value_bool(false), value_bool(false), NONE};
    TRY(call_bind(call, "sort", names, 3, 0, slots, err));
    Array *items, *keys;
    TRY(items_of(call, input, &items, err));
    TRY(jinja_iterate(call->arena, value_of_array(items), &items, err));
    TRY(keys_of(call, items, slots[2], value_truth(slots[1]), &keys, err));
    TRY(array_sort(call->arena, items, keys, value_truth(slots[0]), err));
    *out = value_of_array(items);
    return true;
}

bool filter_dictsort(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"case_sensitive", "by", "reverse"};
    Value slots[] = {value_bool(false), value_lit("key"), value_bool(false)};
    TRY(call_bind(call, "dictsort", names, 3, 0, slots, err));
    bool by_value = value_is(slots[1], "value");
    if (!by_value && !value_is(slots[1], "key"))
        return FAIL(err, "You can only sort by either \"key\" or \"value\"");
    if (input.kind == VALUE_UNDEFINED)
        return undefined_fail(input, err);
    if (input.kind != VALUE_DICT)
        return FAIL(err, "'%s' object has no attribute 'items'", value_type_name(input));
    Array *items = array_make(call->arena, input.dict->len);
    Array *keys = array_make(call->arena, input.dict->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(input.dict, &at, &key, &value);) {
        array_add(items, pair_make(call->arena, key, value));
        Value by = by_value ? value : key;
        array_add(keys, value_truth(slots[0]) ? by : fold_case(call->arena, by));
    }
    TRY(array_sort(call->arena, items, keys, value_truth(slots[2]), err));
    *out = value_of_array(items);
    return true;
}

static bool extreme(Call *call, Value input, const char *name, int wanted, Value *out, Err *err)
{
    static const char *const names[] = {"case_sensitive", "attribute"};
    Value slots[] = {value_bool(false), NONE};
    TRY(call_bind(call, name, names, 2, 0, slots, err));
    Array *items, *keys;
    TRY(items_of(call, input, &items, err));
    if (!items->len) {
        *out = undefined_hint(call->arena, STR("No aggregated item, sequence was empty."));
        return true;
    }
    bool is_sensitive = value_truth(slots[0]);
    keys = array_make(call->arena, items->len);
    for (uint32_t i = 0; i < items->len; i++) {
        Value key;
        TRY(attribute_of(call, items->at[i], slots[1], NONE, &key, err));
        array_add(keys, is_sensitive ? key : fold_case(call->arena, key));
    }
    uint32_t best = 0;
    for (uint32_t i = 1; i < items->len; i++) {
        int order;
        if (keys->at[i].kind == VALUE_UNDEFINED || keys->at[best].kind == VALUE_UNDEFINED)
            return undefined_fail(keys->at[i].kind == VALUE_UNDEFINED ? keys->at[i]
                                                                      : keys->at[best], err);
        TRY(value_compare(keys->at[i], keys->at[best], wanted < 0 ? "<" : ">", &order, err));
        if (order != 2 && order * wanted > 0)
            best = i;
    }
    *out = items->at[best];
    return true;
}

bool filter_min(Call *call, Value input, Value *out, Err *err)
{
    return extreme(call, input, "min", -1, out, err);
}

bool filter_max(Call *call, Value input, Value *out, Err *err)
{
    return extreme(call, input, "max", 1, out, err);
}

bool filter_unique(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"case_sensitive", "attribute"};
    Value slots[] = {value_bool(false), NONE};
    TRY(call_bind(call, "unique", names, 2, 0, slots, err));
    Array *items;
    TRY(items_of(call, input, &items, err));
    Array *kept = array_make(call->arena, 0);
    Dict *seen = dict_make(call->arena, 0);
    for (uint32_t i = 0; i < items->len; i++) {
        Value key;
        TRY(attribute_of(call, items->at[i], slots[1], NONE, &key, err));
        if (!value_truth(slots[0]))
            key = fold_case(call->arena, key);
        TRY(check_hashable(key, err));
        if (dict_find_value(seen, key))
            continue;
        dict_put_keyed(seen, key, NONE);
        array_add(kept, items->at[i]);
    }
    *out = iterator_make(call->arena, "generator", kept);
    return true;
}

/* ---- groupby ---- */

/* A tuple (grouper, list) whose items have names. */
typedef struct Group {
    Object base;
    Array *pair;
} Group;

static bool group_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Array *pair = ((Group *)self)->pair;
    *out = str_is(name, "grouper") ? pair->at[0] : str_is(name, "list") ? pair->at[1] : UNDEFINED;
    return true;
}

static bool group_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Array *pair = ((Group *)self)->pair;
    int64_t at = is_whole(key) ? whole_of(key) : 2;
    at = at < 0 ? at + 2 : at;
    *out = at == 0 || at == 1 ? pair->at[at] : UNDEFINED;
    return true;
}

static bool group_next(Object *self, Arena *arena, uint64_t i, Value *out)
{
    (void)arena;
    if (i > 1)
        return false;
    *out = ((Group *)self)->pair->at[i];
    return true;
}

static int64_t group_length(Object *self)
{
    (void)self;
    return 2;
}

static void group_print(Object *self, Text *out)
{
    value_repr(value_of_tuple(((Group *)self)->pair), out);
}

static const ObjectType group_type;

static bool group_equal(Object *self, Value other)
{
    Value pair = value_of_tuple(((Group *)self)->pair);
    if (value_is_a(other, &group_type))
        other = value_of_tuple(((Group *)other.object)->pair);
    return value_equal(pair, other);
}

static const ObjectType group_type = {
    .name = "_GroupTuple", .get = group_get, .item = group_item, .next = group_next,
    .length = group_length, .print = group_print, .equal = group_equal, .is_sequence = true,
};

bool filter_groupby(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"attribute", "default", "case_sensitive"};
    Value slots[] = {UNDEFINED, NONE, value_bool(false)};
    TRY(call_bind(call, "groupby", names, 3, 1, slots, err));
    Array *items;
    TRY(items_of(call, input, &items, err));
    bool is_sensitive = value_truth(slots[2]);
    Array *keys = array_make(call->arena, items->len);
    Array *order = array_make(call->arena, items->len);
    for (uint32_t i = 0; i < items->len; i++) {
        Value key;
        TRY(attribute_of(call, items->at[i], slots[0], slots[1], &key, err));
        array_add(keys, is_sensitive ? key : fold_case(call->arena, key));
        array_add(order, value_int(i));
    }
    TRY(array_sort(call->arena, order, keys, false, err));
    Array *groups = array_make(call->arena, 0);
    Array *members = NULL;
    for (uint32_t i = 0; i < order->len; i++) {
        uint32_t at = (uint32_t)order->at[i].number;
        uint32_t before = i ? (uint32_t)order->at[i - 1].number : 0;
        if (!i || !value_equal(keys->at[at], keys->at[before])) {
            Value grouper;
            TRY(attribute_of(call, items->at[at], slots[0], slots[1], &grouper, err));
            members = array_make(call->arena, 0);
            Group *group = NEW(call->arena, Group);
            group->base.type = &group_type;
            group->pair = pair_make(call->arena, grouper, value_of_array(members)).list;
            array_add(groups, value_of_object(&group->base));
        }
        array_add(members, items->at[at]);
    }
    *out = value_of_array(groups);
    return true;
}
