/* method_list.c: the methods of list and tuple. */
#include "jinja/python.h"

/* The place of an equal item between the optional arguments 1 and 2, or an error. */
static bool find_item(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "index", 1, 3, err));
    int64_t length = self.list->len, start = 0, stop = length;
    if (call->arg_count > 1)
        TRY(index_of(call->args[1], &start, err));
    if (call->arg_count > 2)
        TRY(index_of(call->args[2], &stop, err));
    start = start < 0 ? (start + length < 0 ? 0 : start + length) : start;
    stop = stop < 0 ? stop + length : stop > length ? length : stop;
    for (int64_t i = start; i < stop; i++)
        if (value_equal(self.list->at[i], call->args[0])) {
            *out = value_int(i);
            return true;
        }
    if (self.kind == VALUE_TUPLE)
        return FAIL(err, "tuple.index(x): x not in tuple");
    AUTO(text) Text shown = {0};
    value_repr(call->args[0], &shown);
    return FAIL(err, "" STR_FMT " is not in list", STR_ARG(text_str(&shown)));
}

static bool count_item(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "count", 1, 1, err));
    int64_t count = 0;
    for (uint32_t i = 0; i < self.list->len; i++)
        count += value_equal(self.list->at[i], call->args[0]);
    *out = value_int(count);
    return true;
}

static bool list_append(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "list.append", 1, 1, err));
    TRY(check_changeable(self, err));
    array_add(self.list, call->args[0]);
    *out = NONE;
    return true;
}

static bool list_extend(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "list.extend", 1, 1, err));
    TRY(check_changeable(self, err));
    Array *items;
    TRY(items_of(call, call->args[0], &items, err));
    uint32_t count = items->len; /* it may be the same list */
    for (uint32_t i = 0; i < count; i++)
        array_add(self.list, items->at[i]);
    *out = NONE;
    return true;
}

static bool list_insert(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "insert", 2, 2, err));
    TRY(check_changeable(self, err));
    int64_t at, length = self.list->len;
    TRY(index_of(call->args[0], &at, err));
    at = at < 0 ? (at + length < 0 ? 0 : at + length) : at > length ? length : at;
    array_add(self.list, NONE);
    memmove(self.list->at + at + 1, self.list->at + at, (size_t)(length - at) * sizeof(Value));
    self.list->at[at] = call->args[1];
    *out = NONE;
    return true;
}

static void remove_at(Array *list, int64_t at)
{
    list->len--;
    memmove(list->at + at, list->at + at + 1, (size_t)(list->len - at) * sizeof(Value));
}

static bool list_pop(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "pop", 0, 1, err));
    TRY(check_changeable(self, err));
    int64_t at = -1, length = self.list->len;
    if (call->arg_count)
        TRY(index_of(call->args[0], &at, err));
    if (!length)
        return FAIL(err, "pop from empty list");
    if (at < 0)
        at += length;
    if (at < 0 || at >= length)
        return FAIL(err, "pop index out of range");
    *out = self.list->at[at];
    remove_at(self.list, at);
    return true;
}

static bool list_remove(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "list.remove", 1, 1, err));
    TRY(check_changeable(self, err));
    for (uint32_t i = 0; i < self.list->len; i++)
        if (value_equal(self.list->at[i], call->args[0])) {
            remove_at(self.list, i);
            *out = NONE;
            return true;
        }
    return FAIL(err, "list.remove(x): x not in list");
}

static bool list_clear(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "list.clear", 0, 0, err));
    TRY(check_changeable(self, err));
    self.list->len = 0;
    *out = NONE;
    return true;
}

static bool list_copy(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "list.copy", 0, 0, err));
    Array *copy;
    TRY(jinja_iterate(call->arena, self, &copy, err));
    *out = value_of_array(copy);
    return true;
}

static bool list_reverse(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "list.reverse", 0, 0, err));
    TRY(check_changeable(self, err));
    Array *list = self.list;
    for (uint32_t i = 0, k = list->len; i + 1 < k; i++) {
        Value kept = list->at[i];
        list->at[i] = list->at[--k];
        list->at[k] = kept;
    }
    *out = NONE;
    return true;
}

static bool list_sort(Call *call, Value self, Value *out, Err *err)
{
    const Value *key = call_named(call, "key"), *reverse = call_named(call, "reverse");
    if (call->arg_count)
        return FAIL(err, "sort() takes no positional arguments");
    if (call->named_count != (uint32_t)(key != NULL) + (reverse != NULL))
        return FAIL(err, "sort() got an unexpected keyword argument");
    TRY(check_changeable(self, err));
    Array *keys = NULL;
    if (key && key->kind != VALUE_NONE) {
        keys = array_make(call->arena, self.list->len);
        for (uint32_t i = 0; i < self.list->len; i++) {
            Value of;
            TRY(call_with(call, *key, &self.list->at[i], 1, &of, err));
            array_add(keys, of);
        }
    }
    TRY(array_sort(call->arena, self.list, keys, reverse && value_truth(*reverse), err));
    *out = NONE;
    return true;
}

const ValueMethod list_methods[] = {
    {"append", list_append}, {"clear", list_clear},   {"copy", list_copy},
    {"count", count_item},   {"extend", list_extend}, {"index", find_item},
    {"insert", list_insert}, {"pop", list_pop},       {"remove", list_remove},
    {"reverse", list_reverse}, {"sort", list_sort},
};
const uint32_t list_method_total = COUNT_OF(list_methods);

const ValueMethod tuple_methods[] = {{"count", count_item}, {"index", find_item}};
const uint32_t tuple_method_total = COUNT_OF(tuple_methods);
