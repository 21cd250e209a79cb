/* method_set.c: the methods of set. */
#include "jinja/python.h"

static bool add_all(Call *call, Dict *set, Value from, Err *err)
{
    Array *items;
    TRY(items_of(call, from, &items, err));
    for (uint32_t i = 0; i < items->len; i++) {
        TRY(check_hashable(items->at[i], err));
        dict_put_keyed(set, items->at[i], NONE);
    }
    return true;
}

/* A set of anything iterable. */
static bool set_from(Call *call, Value from, Dict **out, Err *err)
{
    if (from.kind == VALUE_SET) {
        *out = from.dict;
        return true;
    }
    *out = dict_make(call->arena, 0);
    return add_all(call, *out, from, err);
}

static Dict *copy_of(Arena *arena, const Dict *set)
{
    Dict *copy = dict_make(arena, set->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(set, &at, &key, &value);)
        dict_put_keyed(copy, key, NONE);
    return copy;
}

/* Takes from `set` the items that are (or are not) in `other`. */
static void sieve(Arena *arena, Dict *set, const Dict *other, bool drops_shared)
{
    Dict *seen = copy_of(arena, set);
    Value key, value;
    for (uint32_t at = 0; dict_next(seen, &at, &key, &value);)
        if ((dict_find_value(other, key) != NULL) == drops_shared)
            dict_remove(set, key);
}

static void toggle(Arena *arena, Dict *set, const Dict *other)
{
    Dict *seen = copy_of(arena, other);
    Value key, value;
    for (uint32_t at = 0; dict_next(seen, &at, &key, &value);)
        if (!dict_remove(set, key))
            dict_put_keyed(set, key, NONE);
}

typedef enum SetChange { SET_UNION, SET_INTERSECTION, SET_DIFFERENCE, SET_TOGGLE } SetChange;

static bool change(Call *call, Dict *set, SetChange what, Err *err)
{
    for (uint32_t i = 0; i < call->arg_count; i++) {
        Dict *other;
        TRY(set_from(call, call->args[i], &other, err));
        switch (what) {
        case SET_UNION: TRY(add_all(call, set, value_of_set(other), err)); break;
        case SET_INTERSECTION: sieve(call->arena, set, other, false); break;
        case SET_DIFFERENCE: sieve(call->arena, set, other, true); break;
        case SET_TOGGLE: toggle(call->arena, set, other); break;
        }
    }
    return true;
}

#define CHANGE_METHODS(name, name_update, what, most)                                    \
    static bool set_##name(Call *call, Value self, Value *out, Err *err)                 \
    {                                                                                    \
        TRY(check_counts(call, "set." #name, most == 1, most, err));                     \
        Dict *set = copy_of(call->arena, self.dict);                                     \
        TRY(change(call, set, what, err));                                               \
        *out = value_of_set(set);                                                        \
        return true;                                                                     \
    }                                                                                    \
    static bool set_##name_update(Call *call, Value self, Value *out, Err *err)          \
    {                                                                                    \
        TRY(check_counts(call, "set." #name_update, most == 1, most, err));              \
        TRY(check_changeable(self, err));                                                \
        TRY(change(call, self.dict, what, err));                                         \
        *out = NONE;                                                                     \
        return true;                                                                     \
    }

CHANGE_METHODS(union, update, SET_UNION, UINT32_MAX)
CHANGE_METHODS(intersection, intersection_update, SET_INTERSECTION, UINT32_MAX)
CHANGE_METHODS(difference, difference_update, SET_DIFFERENCE, UINT32_MAX)
CHANGE_METHODS(symmetric_difference, symmetric_difference_update, SET_TOGGLE, 1)

static bool is_within(const Dict *small, const Dict *large)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(small, &at, &key, &value);)
        if (!dict_find_value(large, key))
            return false;
    return true;
}

static bool set_issubset(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.issubset", 1, 1, err));
    Dict *other;
    TRY(set_from(call, call->args[0], &other, err));
    *out = value_bool(is_within(self.dict, other));
    return true;
}

static bool set_issuperset(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.issuperset", 1, 1, err));
    Dict *other;
    TRY(set_from(call, call->args[0], &other, err));
    *out = value_bool(is_within(other, self.dict));
    return true;
}

static bool set_isdisjoint(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.isdisjoint", 1, 1, err));
    Dict *other;
    TRY(set_from(call, call->args[0], &other, err));
    Value key, value;
    *out = value_bool(true);
    for (uint32_t at = 0; dict_next(other, &at, &key, &value);)
        if (dict_find_value(self.dict, key))
            *out = value_bool(false);
    return true;
}

static bool set_add(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.add", 1, 1, err));
    TRY(check_changeable(self, err));
    TRY(check_hashable(call->args[0], err));
    if (!dict_find_value(self.dict, call->args[0]))
        dict_put_keyed(self.dict, call->args[0], NONE);
    *out = NONE;
    return true;
}

static bool set_discard(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.discard", 1, 1, err));
    TRY(check_changeable(self, err));
    TRY(check_hashable(call->args[0], err));
    dict_remove(self.dict, call->args[0]);
    *out = NONE;
    return true;
}

static bool set_remove(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.remove", 1, 1, err));
    TRY(check_changeable(self, err));
    TRY(check_hashable(call->args[0], err));
    *out = NONE;
    if (dict_remove(self.dict, call->args[0]))
        return true;
    AUTO(text) Text shown = {0};
    value_repr(call->args[0], &shown);
    return FAIL(err, "" STR_FMT, STR_ARG(text_str(&shown)));
}

static bool set_pop(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.pop", 0, 0, err));
    TRY(check_changeable(self, err));
    Value key, value;
    uint32_t at = 0;
    if (!dict_next(self.dict, &at, &key, &value))
        return FAIL(err, "'pop from an empty set'");
    dict_remove(self.dict, key);
    *out = key;
    return true;
}

static bool set_clear(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.clear", 0, 0, err));
    TRY(check_changeable(self, err));
    sieve(call->arena, self.dict, self.dict, true);
    *out = NONE;
    return true;
}

static bool set_copy(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "set.copy", 0, 0, err));
    *out = value_of_set(copy_of(call->arena, self.dict));
    return true;
}

const ValueMethod set_methods[] = {
    {"add", set_add},
    {"clear", set_clear},
    {"copy", set_copy},
    {"difference", set_difference},
    {"difference_update", set_difference_update},
    {"discard", set_discard},
    {"intersection", set_intersection},
    {"intersection_update", set_intersection_update},
    {"isdisjoint", set_isdisjoint},
    {"issubset", set_issubset},
    {"issuperset", set_issuperset},
    {"pop", set_pop},
    {"remove", set_remove},
    {"symmetric_difference", set_symmetric_difference},
    {"symmetric_difference_update", set_symmetric_difference_update},
    {"union", set_union},
    {"update", set_update},
};
const uint32_t set_method_total = COUNT_OF(set_methods);
