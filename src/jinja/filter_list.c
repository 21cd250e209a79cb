/* filter_list.c: filters that take or change whole sequences. */
#include "base/clock.h"
#include "jinja/filter.h"

Value undefined_hint(Arena *arena, Str hint)
{
    Undefined *undefined = NEW(arena, Undefined);
    undefined->hint = hint;
    return (Value){.kind = VALUE_UNDEFINED, .undefined = undefined};
}

bool filter_default(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"default_value", "boolean"};
    Value slots[] = {value_lit(""), value_bool(false)};
    TRY(call_bind(call, "default", names, 2, 0, slots, err));
    bool is_missing = input.kind == VALUE_UNDEFINED ||
                      (value_truth(slots[1]) && !value_truth(input));
    *out = is_missing ? slots[0] : input;
    return true;
}

bool filter_length(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "length", 0, 0, err));
    int64_t length;
    if (input.kind == VALUE_UNDEFINED && call->interp &&
        interp_undefined_mode(call->interp) == UNDEFINED_STRICT)
        return undefined_fail(input, err);
    TRY(operate_length(input, &length, err));
    *out = value_int(length);
    return true;
}

bool filter_list(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "list", 0, 0, err));
    Array *items;
    TRY(items_of(call, input, &items, err));
    if (items->len && (input.kind == VALUE_LIST || input.kind == VALUE_TUPLE))
        TRY(jinja_iterate(call->arena, input, &items, err));
    else if (input.kind == VALUE_LIST || input.kind == VALUE_TUPLE)
        items = array_make(call->arena, 0);
    *out = value_of_array(items);
    return true;
}

bool filter_is_list(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "is_list", 0, 0, err));
    *out = value_bool(input.kind == VALUE_LIST);
    return true;
}

bool filter_items(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "items", 0, 0, err));
    Array *items = array_make(call->arena, 0);
    Value key, value;
    if (input.kind == VALUE_DICT) {
        for (uint32_t at = 0; dict_next(input.dict, &at, &key, &value);)
            array_add(items, pair_make(call->arena, key, value));
    } else if (input.kind == VALUE_OBJECT && input.object->type->is_mapping) {
        TRY(items_of(call, input, &items, err));
        Array *pairs = array_make(call->arena, items->len);
        for (uint32_t i = 0; i < items->len; i++) {
            TRY(jinja_item(call->interp, call->arena, input, items->at[i], &value, err));
            array_add(pairs, pair_make(call->arena, items->at[i], value));
        }
        items = pairs;
    } else if (input.kind != VALUE_UNDEFINED) {
        return FAIL(err, "Can only get item pairs from a mapping.");
    }
    *out = iterator_make(call->arena, "generator", items);
    return true;
}

bool filter_join(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"d", "attribute"};
    Value slots[] = {value_lit(""), NONE};
    TRY(call_bind(call, "join", names, 2, 0, slots, err));
    Array *items;
    TRY(items_of(call, input, &items, err));
    Str separator = input_text(call, slots[0]);
    Array *texts = items;
    bool is_plain = slots[1].kind == VALUE_NONE;
    for (uint32_t i = 0; is_plain && i < items->len; i++)
        is_plain = items->at[i].kind == VALUE_TEXT;
    if (!is_plain) {
        texts = array_make(call->arena, items->len);
        for (uint32_t i = 0; i < items->len; i++) {
            Value item = items->at[i];
            if (slots[1].kind != VALUE_NONE)
                TRY(attribute_of(call, item, slots[1], NONE, &item, err));
            TRY(check_defined(call, item, err));
            array_add(texts, value_to_text(call->arena, item));
        }
    }
    return text_join(call->arena, separator, texts, out, err);
}

bool filter_first(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "first", 0, 0, err));
    Array *items;
    if (input.kind == VALUE_TEXT && input.len) { /* without taking the rest apart */
        size_t end = 0;
        utf8_next(value_str(input), &end);
        *out = value_text(str_slice(value_str(input), 0, end));
        return true;
    }
    TRY(items_of(call, input, &items, err));
    *out = items->len ? items->at[0]
                      : undefined_hint(call->arena, STR("No first item, sequence was empty."));
    return true;
}

/* reversed() takes sequences only. */
static bool reversible_items(Call *call, Value input, Array **out, Err *err)
{
    if (input.kind == VALUE_SET ||
        (input.kind == VALUE_OBJECT && !input.object->type->length && input.object->type->next))
        return FAIL(err, "'%s' object is not reversible", value_type_name(input));
    return items_of(call, input, out, err);
}

bool filter_last(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "last", 0, 0, err));
    Array *items;
    TRY(reversible_items(call, input, &items, err));
    *out = items->len ? items->at[items->len - 1]
                      : undefined_hint(call->arena, STR("No last item, sequence was empty."));
    return true;
}

bool filter_random(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "random", 0, 0, err));
    static _Thread_local uint64_t state;
    Array *items;
    TRY(items_of(call, input, &items, err));
    state = (state + (uint64_t)clock_steady_us()) * 6364136223846793005u + 1442695040888963407u;
    *out = items->len ? items->at[(state >> 33) % items->len]
                      : undefined_hint(call->arena, STR("No random item, sequence was empty."));
    return true;
}

bool filter_reverse(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "reverse", 0, 0, err));
    if (input.kind == VALUE_TEXT)
        return operate_slice(call->arena, input, NONE, NONE, value_int(-1), out, err);
    Array *items;
    if (!items_of(call, input, &items, err))
        return err->kind == ERR_TYPE ? FAIL(err, "argument must be iterable") : false;
    Array *turned = array_make(call->arena, items->len);
    for (uint32_t i = items->len; i > 0; i--)
        array_add(turned, items->at[i - 1]);
    bool is_lazy = input.kind == VALUE_LIST || input.kind == VALUE_TUPLE ||
                   input.kind == VALUE_DICT;
    *out = is_lazy ? iterator_make(call->arena,
                                   input.kind == VALUE_LIST   ? "list_reverseiterator"
                                   : input.kind == VALUE_DICT ? "dict_reversekeyiterator"
                                                              : "reversed",
                                   turned)
                   : value_of_array(turned);
    return true;
}

bool filter_sum(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"attribute", "start"};
    Value slots[] = {NONE, value_int(0)};
    TRY(call_bind(call, "sum", names, 2, 0, slots, err));
    Array *items;
    TRY(items_of(call, input, &items, err));
    Value sum = slots[1];
    if (sum.kind == VALUE_TEXT)
        return FAIL(err, "sum() can't sum strings [use ''.join(seq) instead]");
    for (uint32_t i = 0; i < items->len; i++) {
        Value item;
        TRY(attribute_of(call, items->at[i], slots[0], NONE, &item, err));
        TRY(operate(call->arena, OP_ADD, sum, item, &sum, err));
    }
    *out = sum;
    return true;
}

/* ---- cutting into lists ---- */

static bool cut_arguments(Call *call, const char *function, const char *count_name, Value input,
                          Array **items, int64_t *count, Value *fill, Err *err)
{
    const char *const names[] = {count_name, "fill_with"};
    Value slots[] = {UNDEFINED, NONE};
    TRY(call_bind(call, function, names, 2, 1, slots, err));
    TRY(index_of(slots[0], count, err));
    *fill = slots[1];
    return items_of(call, input, items, err);
}

bool filter_batch(Call *call, Value input, Value *out, Err *err)
{
    Array *items;
    int64_t count;
    Value fill;
    TRY(cut_arguments(call, "batch", "linecount", input, &items, &count, &fill, err));
    Array *lists = array_make(call->arena, 0), *list = NULL;
    for (uint32_t i = 0; i < items->len; i++) {
        if (!list || list->len == count || (count <= 0 && list->len == 0)) {
            list = array_make(call->arena, 0);
            array_add(lists, value_of_array(list));
        }
        array_add(list, items->at[i]);
    }
    if (list && fill.kind != VALUE_NONE && count < LARGEST_LIST)
        while (list->len < count)
            array_add(list, fill);
    *out = iterator_make(call->arena, "generator", lists);
    return true;
}

bool filter_slice(Call *call, Value input, Value *out, Err *err)
{
    Array *items;
    int64_t count;
    Value fill;
    TRY(cut_arguments(call, "slice", "slices", input, &items, &count, &fill, err));
    if (count == 0)
        return FAIL(err, "integer division or modulo by zero");
    if (count > LARGEST_LIST)
        return err_set(err, ERR_TOO_BIG, NOWHERE, "%lld slices are too many", (long long)count);
    Array *lists = array_make(call->arena, 0);
    int64_t each = count > 0 ? items->len / count : 0, more = count > 0 ? items->len % count : 0;
    for (int64_t number = 0, at = 0; number < count; number++) {
        Array *list = array_make(call->arena, 0);
        int64_t end = at + each + (number < more);
        while (at < end)
            array_add(list, items->at[at++]);
        if (fill.kind != VALUE_NONE && number >= more)
            array_add(list, fill);
        array_add(lists, value_of_array(list));
    }
    *out = iterator_make(call->arena, "generator", lists);
    return true;
}
