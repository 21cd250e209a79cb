/* method_split.c: str methods that cut a text into parts or join parts to one. */
#include "jinja/method_text.h"

/* ---- join ---- */

bool text_join(Arena *arena, Str separator, const Array *items, Value *out, Err *err)
{
    size_t len = items->len ? separator.len * (items->len - 1) : 0;
    for (uint32_t i = 0; i < items->len; i++) {
        if (items->at[i].kind != VALUE_TEXT)
            return FAIL(err, "sequence item %u: expected str instance, %s found", i,
                        value_type_name(items->at[i]));
        len += items->at[i].len;
    }
    if (len > LARGEST_TEXT_BYTES)
        return err_set(err, ERR_TOO_BIG, NOWHERE, "a text of %zu bytes is too long", len);
    char *text = arena_take(arena, len + 1, 1), *at = text;
    for (uint32_t i = 0; i < items->len; i++) {
        if (i && separator.len) {
            memcpy(at, separator.at, separator.len);
            at += separator.len;
        }
        memcpy(at, items->at[i].text, items->at[i].len);
        at += items->at[i].len;
    }
    *out = value_text((Str){text, len});
    return true;
}

bool text_method_join(Call *call, Value self, Value *out, Err *err)
{
    TRY(check_counts(call, "str.join", 1, 1, err));
    Array *items;
    if (!items_of(call, call->args[0], &items, err))
        return err->kind == ERR_TYPE ? FAIL(err, "can only join an iterable") : false;
    return text_join(call->arena, value_str(self), items, out, err);
}

/* ---- split ---- */

Array *text_split_space(Arena *arena, Str s, int64_t most)
{
    Array *parts = array_make(arena, 0);
    int64_t cuts = most < 0 ? INT64_MAX : most;
    Str rest = text_strip_set(s, NULL, true, false);
    while (rest.len) {
        if (cuts-- == 0) {
            array_add(parts, value_text(rest));
            break;
        }
        size_t at = 0, end = 0;
        while (at < rest.len && !code_is_space(utf8_next(rest, &at)))
            end = at;
        array_add(parts, value_text(str_slice(rest, 0, end)));
        rest = text_strip_set(str_slice(rest, end, rest.len), NULL, true, false);
    }
    return parts;
}

static void reverse(Array *array)
{
    for (uint32_t i = 0, k = array->len; i + 1 < k; i++) {
        Value kept = array->at[i];
        array->at[i] = array->at[--k];
        array->at[k] = kept;
    }
}

/* rsplit() by white space: from the right. */
static Array *split_space_right(Arena *arena, Str s, int64_t most)
{
    Array *parts = array_make(arena, 0);
    Str rest = text_strip_set(s, NULL, false, true);
    for (int64_t cuts = most; rest.len; cuts--) {
        if (cuts == 0) {
            array_add(parts, value_text(rest));
            break;
        }
        size_t word = 0;
        for (size_t at = 0; at < rest.len;)
            if (code_is_space(utf8_next(rest, &at)))
                word = at;
        array_add(parts, value_text(str_slice(rest, word, rest.len)));
        rest = text_strip_set(str_slice(rest, 0, word), NULL, false, true);
    }
    reverse(parts);
    return parts;
}

static Array *split_at(Arena *arena, Str s, Str separator, int64_t most)
{
    Array *parts = array_make(arena, 4);
    Str rest = s;
    for (int64_t cuts = most; cuts != 0; cuts--) {
        ptrdiff_t found = str_find(rest, separator);
        if (found < 0)
            break;
        array_add(parts, value_text(str_slice(rest, 0, (size_t)found)));
        rest = str_slice(rest, (size_t)found + separator.len, rest.len);
    }
    array_add(parts, value_text(rest));
    return parts;
}

static Array *split_at_right(Arena *arena, Str s, Str separator, int64_t most)
{
    Array *parts = array_make(arena, 4);
    Str rest = s;
    for (int64_t cuts = most; cuts != 0; cuts--) {
        ptrdiff_t found = str_find_last(rest, separator);
        if (found < 0)
            break;
        array_add(parts, value_text(str_slice(rest, (size_t)found + separator.len, rest.len)));
        rest = str_slice(rest, 0, (size_t)found);
    }
    array_add(parts, value_text(rest));
    reverse(parts);
    return parts;
}

static bool split(Call *call, Value self, const char *name, bool is_right, Value *out, Err *err)
{
    static const char *const names[] = {"sep", "maxsplit"};
    Value slots[] = {NONE, value_int(-1)};
    TRY(call_bind(call, name, names, 2, 0, slots, err));
    int64_t most;
    TRY(index_of(slots[1], &most, err));
    if (most < 0)
        most = -1;
    Arena *arena = call->arena;
    Str s = value_str(self), separator;
    if (slots[0].kind == VALUE_NONE) {
        *out = value_of_array(is_right && most >= 0 ? split_space_right(arena, s, most)
                                                    : text_split_space(arena, s, most));
        return true;
    }
    if (slots[0].kind != VALUE_TEXT && slots[0].kind != VALUE_UNDEFINED)
        return FAIL(err, "must be str or None, not %s", value_type_name(slots[0]));
    TRY(text_argument(slots[0], name, &separator, err));
    if (!separator.len)
        return FAIL(err, "empty separator");
    *out = value_of_array(is_right ? split_at_right(arena, s, separator, most)
                                   : split_at(arena, s, separator, most));
    return true;
}

bool text_method_split(Call *call, Value self, Value *out, Err *err)
{
    return split(call, self, "split", false, out, err);
}

bool text_method_rsplit(Call *call, Value self, Value *out, Err *err)
{
    return split(call, self, "rsplit", true, out, err);
}

/* ---- partition ---- */

static bool partition(Call *call, Value self, bool is_right, Value *out, Err *err)
{
    TRY(check_counts(call, is_right ? "str.rpartition" : "str.partition", 1, 1, err));
    Str separator, s = value_str(self);
    TRY(text_argument(call->args[0], "partition() argument", &separator, err));
    if (!separator.len)
        return FAIL(err, "empty separator");
    ptrdiff_t found = is_right ? str_find_last(s, separator) : str_find(s, separator);
    Value parts[] = {self, value_lit(""), value_lit("")};
    if (found >= 0) {
        parts[0] = value_text(str_slice(s, 0, (size_t)found));
        parts[1] = value_text(separator);
        parts[2] = value_text(str_slice(s, (size_t)found + separator.len, s.len));
    } else if (is_right) {
        parts[0] = parts[2];
        parts[2] = self;
    }
    Array *tuple = array_make(call->arena, 3);
    for (int i = 0; i < 3; i++)
        array_add(tuple, parts[i]);
    *out = value_of_tuple(tuple);
    return true;
}

bool text_method_partition(Call *call, Value self, Value *out, Err *err)
{
    return partition(call, self, false, out, err);
}

bool text_method_rpartition(Call *call, Value self, Value *out, Err *err)
{
    return partition(call, self, true, out, err);
}

/* ---- lines ---- */

static bool is_line_end(uint32_t c)
{
    return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

Array *text_split_lines(Arena *arena, Str s, bool keeps_ends)
{
    Array *lines = array_make(arena, 0);
    size_t line = 0;
    for (size_t at = 0; at < s.len;) {
        size_t end = at;
        uint32_t c = utf8_next(s, &at);
        if (!is_line_end(c))
            continue;
        if (c == '\r' && at < s.len && s.at[at] == '\n')
            at++;
        array_add(lines, value_text(str_slice(s, line, keeps_ends ? at : end)));
        line = at;
    }
    if (line < s.len)
        array_add(lines, value_text(str_slice(s, line, s.len)));
    return lines;
}

bool text_method_splitlines(Call *call, Value self, Value *out, Err *err)
{
    static const char *const names[] = {"keepends"};
    Value slot = value_bool(false);
    TRY(call_bind(call, "splitlines", names, 1, 0, &slot, err));
    *out = value_of_array(text_split_lines(call->arena, value_str(self), value_truth(slot)));
    return true;
}
