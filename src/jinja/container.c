/* container.c: what all containers share: in, len(), slices, iteration, order. */
#include "jinja/python.h"

bool index_of(Value v, int64_t *out, Err *err)
{
    if (v.kind == VALUE_UNDEFINED)
        return undefined_fail(v, err);
    if (value_is_a(v, &bigint_type))
        return FAIL(err, "cannot fit 'int' into an index-sized integer");
    if (!is_whole(v))
        return FAIL(err, "'%s' object cannot be interpreted as an integer", value_type_name(v));
    *out = whole_of(v);
    return true;
}

/* ---- in ---- */

static bool array_contains(const Array *array, Value item)
{
    for (uint32_t i = 0; i < array->len; i++)
        if (value_equal(array->at[i], item))
            return true;
    return false;
}

static bool object_contains(Object *object, Value item, bool *out, Err *err)
{
    const ObjectType *type = object->type;
    if (type->contains) {
        *out = type->contains(object, item);
        return true;
    }
    if (!type->next)
        return FAIL(err, "argument of type '%s' is not iterable", type->name);
    Arena scratch = {0};
    Value each;
    *out = false;
    for (uint64_t i = 0; !*out && i < LARGEST_LIST && type->next(object, &scratch, i, &each); i++)
        *out = value_equal(each, item);
    arena_drop(&scratch);
    return true;
}

bool operate_contains(Value container, Value item, bool *out, Err *err)
{
    switch ((ValueKind)container.kind) {
    case VALUE_TEXT:
        if (item.kind != VALUE_TEXT)
            return FAIL(err, "'in <string>' requires string as left operand, not %s",
                        value_type_name(item));
        *out = str_find(value_str(container), value_str(item)) >= 0;
        return true;
    case VALUE_LIST:
    case VALUE_TUPLE: *out = array_contains(container.list, item); return true;
    case VALUE_DICT:
    case VALUE_SET:
        TRY(check_hashable(item, err));
        *out = dict_find_value(container.dict, item) != NULL;
        return true;
    case VALUE_UNDEFINED: *out = false; return true;
    case VALUE_OBJECT: return object_contains(container.object, item, out, err);
    default:
        return FAIL(err, "argument of type '%s' is not iterable", value_type_name(container));
    }
}

/* ---- len ---- */

bool operate_length(Value v, int64_t *out, Err *err)
{
    switch ((ValueKind)v.kind) {
    case VALUE_TEXT:
        *out = (int64_t)(str_is_ascii(value_str(v)) ? v.len : utf8_length(value_str(v)));
        return true;
    case VALUE_LIST:
    case VALUE_TUPLE: *out = v.list->len; return true;
    case VALUE_DICT:
    case VALUE_SET: *out = v.dict->len; return true;
    case VALUE_UNDEFINED: *out = 0; return true;
    case VALUE_OBJECT:
        if (v.object->type->length) {
            *out = v.object->type->length(v.object);
            return true;
        }
        break;
    default: break;
    }
    return FAIL(err, "object of type '%s' has no len()", value_type_name(v));
}

/* ---- slices ---- */

static bool slice_bound(Value v, int64_t *out, Err *err)
{
    if (value_is_a(v, &bigint_type)) {
        *out = bigint_real(v) < 0 ? INT64_MIN : INT64_MAX;
        return true;
    }
    if (!is_whole(v))
        return FAIL(err,
                    "slice indices must be integers or None or have an __index__ method");
    *out = whole_of(v);
    return true;
}

static int64_t clamp(int64_t at, int64_t length, int64_t lowest, int64_t highest)
{
    if (at < 0)
        at = at < -length ? lowest : at + length;
    return at < lowest ? lowest : at > highest ? highest : at;
}

bool slice_range(int64_t length, Value start, Value stop, Value step, SliceRange *out, Err *err)
{
    int64_t by = 1, from, to;
    if (step.kind != VALUE_NONE) {
        TRY(slice_bound(step, &by, err));
        if (by == 0)
            return FAIL(err, "slice step cannot be zero");
        if (by == INT64_MIN)
            by = -INT64_MAX;
    }
    int64_t lowest = by < 0 ? -1 : 0, highest = by < 0 ? length - 1 : length;
    from = by < 0 ? highest : lowest;
    to = by < 0 ? lowest : highest;
    if (start.kind != VALUE_NONE) {
        TRY(slice_bound(start, &from, err));
        from = clamp(from, length, lowest, highest);
    }
    if (stop.kind != VALUE_NONE) {
        TRY(slice_bound(stop, &to, err));
        to = clamp(to, length, lowest, highest);
    }
    int64_t count = 0;
    if (by > 0 && to > from)
        count = (to - from - 1) / by + 1;
    else if (by < 0 && to < from)
        count = (from - to - 1) / -by + 1;
    *out = (SliceRange){from, by, count};
    return true;
}

static Value slice_text(Arena *arena, Str s, SliceRange slice)
{
    if (!slice.count)
        return value_lit("");
    if (slice.step == 1) {
        size_t from = text_offset(s, slice.start);
        Str rest = str_slice(s, from, s.len);
        return value_text(str_slice(rest, 0, text_offset(rest, slice.count)));
    }
    AUTO(text) Text out = {0};
    bool is_ascii = str_is_ascii(s);
    for (int64_t i = 0, at = slice.start; i < slice.count; i++, at += slice.step) {
        size_t from = is_ascii ? (size_t)at : text_offset(s, at), to = from;
        utf8_next(s, &to);
        text_add(&out, str_slice(s, from, to));
    }
    return text_value(arena, &out);
}

static Value slice_array(Arena *arena, Value v, SliceRange slice)
{
    Array *part = array_make(arena, (uint32_t)slice.count);
    for (int64_t i = 0, at = slice.start; i < slice.count; i++, at += slice.step)
        array_add(part, v.list->at[at]);
    return v.kind == VALUE_TUPLE ? value_of_tuple(part) : value_of_array(part);
}

static bool slice_object(Arena *arena, Value v, SliceRange slice, Value *out, Err *err)
{
    if (value_is_a(v, &range_type))
        return range_slice(arena, v, slice, out, err);
    Array *part = array_make(arena, (uint32_t)slice.count);
    Value item;
    for (int64_t i = 0, at = slice.start; i < slice.count; i++, at += slice.step)
        if (v.object->type->next(v.object, arena, (uint64_t)at, &item))
            array_add(part, item);
    *out = value_of_tuple(part);
    return true;
}

bool operate_slice(Arena *arena, Value v, Value start, Value stop, Value step, Value *out,
                   Err *err)
{
    if (v.kind == VALUE_UNDEFINED)
        return undefined_fail(v, err);
    bool is_sliceable = v.kind == VALUE_TEXT || v.kind == VALUE_LIST || v.kind == VALUE_TUPLE ||
                        (v.kind == VALUE_OBJECT && v.object->type->is_sequence &&
                         v.object->type->length && v.object->type->next);
    if (v.kind == VALUE_DICT)
        return FAIL(err, "unhashable type: 'slice'");
    if (!is_sliceable)
        return FAIL(err, "'%s' object is not subscriptable", value_type_name(v));
    int64_t length;
    TRY(operate_length(v, &length, err));
    SliceRange slice;
    TRY(slice_range(length, start, stop, step, &slice, err));
    if (v.kind == VALUE_OBJECT)
        return slice_object(arena, v, slice, out, err);
    *out = v.kind == VALUE_TEXT ? slice_text(arena, value_str(v), slice)
                                : slice_array(arena, v, slice);
    return true;
}

/* ---- iteration ---- */

static Array *text_items(Arena *arena, Str s)
{
    Array *items = array_make(arena, (uint32_t)s.len);
    for (size_t at = 0; at < s.len;) {
        size_t start = at;
        utf8_next(s, &at);
        array_add(items, value_text(str_slice(s, start, at)));
    }
    return items;
}

static bool object_items(Arena *arena, Object *object, Array **out, Err *err)
{
    if (!object->type->next)
        return FAIL(err, "'%s' object is not iterable", object->type->name);
    *out = iterator_take(object);
    if (*out)
        return true;
    Array *items = array_make(arena, 0);
    Value item;
    for (uint64_t i = 0; object->type->next(object, arena, i, &item); i++) {
        if (i >= LARGEST_LIST)
            return err_set(err, ERR_TOO_BIG, NOWHERE, "more than %d items of a %s", LARGEST_LIST,
                           object->type->name);
        array_add(items, item);
    }
    *out = items;
    return true;
}

/* The items; those of lists and tuples without a copy. */
static bool see_items(Arena *arena, Value v, Array **out, Err *err)
{
    switch ((ValueKind)v.kind) {
    case VALUE_LIST:
    case VALUE_TUPLE: *out = v.list; return true;
    case VALUE_UNDEFINED: *out = array_make(arena, 0); return true;
    case VALUE_TEXT: *out = text_items(arena, value_str(v)); return true;
    case VALUE_OBJECT: return object_items(arena, v.object, out, err);
    case VALUE_DICT:
    case VALUE_SET: {
        Array *keys = array_make(arena, v.dict->len);
        Value key, value;
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);)
            array_add(keys, key);
        *out = keys;
        return true;
    }
    default: return FAIL(err, "'%s' object is not iterable", value_type_name(v));
    }
}

bool items_of(Call *call, Value v, Array **out, Err *err)
{
    if (v.kind == VALUE_UNDEFINED && call->interp &&
        interp_undefined_mode(call->interp) == UNDEFINED_STRICT)
        return undefined_fail(v, err);
    return see_items(call->arena, v, out, err);
}

bool jinja_iterate(Arena *arena, Value v, Array **out, Err *err)
{
    Array *seen;
    TRY(see_items(arena, v, &seen, err));
    if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) {
        Array *copy = array_make(arena, seen->len);
        for (uint32_t i = 0; i < seen->len; i++)
            array_add(copy, seen->at[i]);
        seen = copy;
    }
    *out = seen;
    return true;
}

/* ---- order ---- */

typedef struct SortItem {
    Value key, item;
} SortItem;

/* Merges the sorted halves [0, half) and [half, count) by way of `spare`. */
static bool merge(SortItem *items, SortItem *spare, uint32_t half, uint32_t count, bool is_reverse,
                  Err *err)
{
    uint32_t left = 0, right = half, at = 0;
    while (left < half && right < count) {
        int order;
        TRY(value_compare(items[right].key, items[left].key, "<", &order, err));
        bool takes_right = is_reverse ? order != 2 && order > 0 : order < 0;
        spare[at++] = takes_right ? items[right++] : items[left++];
    }
    while (left < half)
        spare[at++] = items[left++];
    while (right < count)
        spare[at++] = items[right++];
    memcpy(items, spare, count * sizeof(*items));
    return true;
}

static bool merge_sort(SortItem *items, SortItem *spare, uint32_t count, bool is_reverse, Err *err)
{
    if (count < 2)
        return true;
    uint32_t half = count / 2;
    TRY(merge_sort(items, spare, half, is_reverse, err));
    TRY(merge_sort(items + half, spare, count - half, is_reverse, err));
    return merge(items, spare, half, count, is_reverse, err);
}

bool array_sort(Arena *arena, Array *array, const Array *keys, bool is_reverse, Err *err)
{
    uint32_t count = array->len;
    SortItem *items = NEW_N(arena, SortItem, (size_t)count * 2 + 1);
    for (uint32_t i = 0; i < count; i++)
        items[i] = (SortItem){keys ? keys->at[i] : array->at[i], array->at[i]};
    for (uint32_t i = 0; i < count; i++)
        if (items[i].key.kind == VALUE_UNDEFINED && count > 1)
            return undefined_fail(items[i].key, err);
    TRY(merge_sort(items, items + count, count, is_reverse, err));
    for (uint32_t i = 0; i < count; i++)
        array->at[i] = items[i].item;
    return true;
}

/* ---- checks and makers ---- */

bool check_changeable(Value v, Err *err)
{
    bool is_frozen = v.kind == VALUE_LIST ? v.list->is_frozen : v.dict->is_frozen;
    if (is_frozen)
        return FAIL(err, "this %s belongs to the project and cannot be changed; copy it first",
                    value_type_name(v));
    return true;
}

bool check_hashable(Value v, Err *err)
{
    uint32_t hash;
    if (value_hash(v, &hash))
        return true;
    if (v.kind == VALUE_TUPLE)
        for (uint32_t i = 0; i < v.list->len; i++)
            TRY(check_hashable(v.list->at[i], err));
    return FAIL(err, "unhashable type: '%s'", value_type_name(v));
}

Value pair_make(Arena *arena, Value a, Value b)
{
    Array *pair = array_make(arena, 2);
    array_add(pair, a);
    array_add(pair, b);
    return value_of_tuple(pair);
}

Value value_to_text(Arena *arena, Value v)
{
    if (v.kind == VALUE_TEXT)
        return v;
    if (v.kind == VALUE_INT) {
        char digits[24];
        size_t at = sizeof(digits);
        uint64_t rest = v.number < 0 ? 0 - (uint64_t)v.number : (uint64_t)v.number;
        do {
            digits[--at] = (char)('0' + rest % 10);
            rest /= 10;
        } while (rest);
        if (v.number < 0)
            digits[--at] = '-';
        return value_text(str_copy(arena, (Str){digits + at, sizeof(digits) - at}));
    }
    AUTO(text) Text out = {0};
    value_print(v, &out);
    return text_value(arena, &out);
}

Value text_value(Arena *arena, const Text *text)
{
    return value_text(text_copy(arena, text));
}

/* ---- calls ---- */

bool call_with(Call *call, Value function, const Value *args, uint32_t count, Value *out, Err *err)
{
    Call inner = {.arena = call->arena, .interp = call->interp, .args = args, .arg_count = count,
                  .place = call->place};
    return value_call(function, &inner, out, err);
}

bool check_counts(const Call *call, const char *function, uint32_t least, uint32_t most, Err *err)
{
    if (call->named_count)
        return FAIL(err, "%s() takes no keyword arguments", function);
    if (call->arg_count >= least && call->arg_count <= most)
        return true;
    if (least == most && most == 0)
        return FAIL(err, "%s() takes no arguments (%u given)", function, call->arg_count);
    if (least == most)
        return FAIL(err, "%s() takes exactly %u argument%s (%u given)", function, most,
                    most == 1 ? "" : "s", call->arg_count);
    bool is_few = call->arg_count < least;
    uint32_t limit = is_few ? least : most;
    return FAIL(err, "%s() takes at %s %u argument%s (%u given)", function,
                is_few ? "least" : "most", limit, limit == 1 ? "" : "s", call->arg_count);
}

const Value *call_argument(const Call *call, uint32_t position, const char *name)
{
    return position < call->arg_count ? &call->args[position] : call_named(call, name);
}
