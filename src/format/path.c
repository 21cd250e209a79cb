/* path.c: see path.h; and the two look-ups in a record of format.h. */
#include "base/json.h"
#include "format/format.h"
#include "format/json_scan.h"
#include "format/path.h"

/* ---- reading paths ---- */

/* "[0]", "[*]", "['key']" at the beginning of *rest. */
static bool next_bracket(Str *rest, Step *step)
{
    Str s = *rest;
    if (s.len < 3)
        return false;
    char quote = s.at[1];
    if (quote == '\'' || quote == '"') {
        const char *close = memchr(s.at + 2, quote, s.len - 2);
        if (!close || close + 1 == s.at + s.len || close[1] != ']')
            return false;
        *step = (Step){STEP_KEY, {s.at + 2, (size_t)(close - s.at) - 2}, 0};
        *rest = str_slice(s, (size_t)(close - s.at) + 2, s.len);
        return true;
    }
    ptrdiff_t close = str_find_char(s, ']');
    if (close < 0)
        return false;
    Str inside = str_slice(s, 1, (size_t)close);
    int64_t index = 0;
    *rest = str_slice(s, (size_t)close + 1, s.len);
    if (str_eq(inside, STR("*"))) {
        *step = (Step){.kind = STEP_ANY};
        return true;
    }
    bool is_index = str_to_int(inside, &index) && index >= 0 && index < UINT32_MAX;
    *step = (Step){STEP_INDEX, STR_NONE, (uint32_t)index};
    return is_index;
}

bool path_next(Str *rest, Step *step, bool *has_step)
{
    *has_step = rest->len > 0;
    if (!rest->len)
        return true;
    if (rest->at[0] == '[')
        return next_bracket(rest, step);
    if (rest->at[0] == '.')
        *rest = str_slice(*rest, 1, rest->len);
    size_t end = 0;
    while (end < rest->len && rest->at[end] != '.' && rest->at[end] != '[')
        end++;
    if (!end)
        return false;
    Str key = str_slice(*rest, 0, end);
    *step = str_eq(key, STR("*")) ? (Step){.kind = STEP_ANY} : (Step){STEP_KEY, key, 0};
    *rest = str_slice(*rest, end, rest->len);
    return true;
}

/* "$" and "$." in front mean the document. */
static Str without_root(Str text)
{
    text = str_trim(text);
    bool has_root =
        text.len && text.at[0] == '$' && (text.len == 1 || text.at[1] == '.' || text.at[1] == '[');
    return has_root ? str_slice(text, 1, text.len) : text;
}

MUST bool path_parse(Arena *arena, Str text, Path *out, Err *err)
{
    Str rest = without_root(text);
    List(Step) steps = {0};
    for (;;) {
        Step step = {0};
        bool has_step;
        size_t column = text.len - rest.len + 1;
        if (!path_next(&rest, &step, &has_step))
            return err_set(err, ERR_PARSING, NOWHERE,
                           "the path '" STR_FMT
                           "' cannot be read at column %zu: write a.b, a[0], a[*].b or ['odd key']",
                           STR_ARG(text), column);
        if (!has_step)
            break;
        list_add(arena, &steps, step);
    }
    while (steps.len && steps.at[steps.len - 1].kind == STEP_ANY)
        steps.len--;
    *out = (Path){text, steps.at, steps.len};
    return true;
}

bool step_meets_key(const Step *step, Str key)
{
    return step->kind == STEP_ANY || (step->kind == STEP_KEY && str_eq(step->key, key));
}

bool step_meets_index(const Step *step, uint32_t index)
{
    return step->kind == STEP_ANY || (step->kind == STEP_INDEX && step->index == index);
}

/* ---- walking in a record ---- */

/* The value under the last key of an object that the step meets. */
static Str find_in_object(Str object, const Step *step)
{
    const char *at = object.at + 1, *end = object.at + object.len;
    Str found = STR_NONE;
    AUTO(text) Text scratch = {0};
    for (;;) {
        at = json_skip_spaces(at, end);
        if (at == end || *at != '"')
            return found;
        const char *key = at + 1;
        at = scan_string_end(key, end);
        if (!at)
            return found;
        Str name = json_unescape((Str){key, (size_t)(at - 1 - key)}, &scratch);
        at = json_skip_spaces(at, end);
        if (at == end || *at != ':')
            return found;
        const char *value = json_skip_spaces(at + 1, end);
        at = json_skip_value(value, end);
        if (!at)
            return found;
        if (step_meets_key(step, name))
            found = (Str){value, (size_t)(at - value)};
        at = json_skip_spaces(at, end);
        if (at < end && *at == ',')
            at++;
    }
}

static Str find_in_array(Str array, const Step *step)
{
    const char *at = array.at + 1, *end = array.at + array.len;
    for (uint32_t index = 0;; index++) {
        at = json_skip_spaces(at, end);
        if (at == end || *at == ']')
            return STR_NONE;
        const char *value = at;
        at = json_skip_value(value, end);
        if (!at || at == value)
            return STR_NONE;
        if (step_meets_index(step, index))
            return (Str){value, (size_t)(at - value)};
        at = json_skip_spaces(at, end);
        if (at < end && *at == ',')
            at++;
    }
}

/* One step down; at NULL: there is nothing. */
static Str walk_step(Str value, const Step *step)
{
    if (value.len < 2)
        return STR_NONE;
    return value.at[0] == '{'   ? find_in_object(value, step)
           : value.at[0] == '[' ? find_in_array(value, step)
                                : STR_NONE;
}

Str path_walk(Str value, const Step *steps, uint32_t count)
{
    for (uint32_t i = 0; i < count && value.at; i++)
        value = walk_step(value, &steps[i]);
    return value;
}

Str record_find(Str record, Str path)
{
    Str rest = without_root(path), value = str_trim(record);
    while (value.at) {
        Step step;
        bool has_step;
        if (!path_next(&rest, &step, &has_step))
            return STR_NONE;
        if (!has_step)
            break;
        value = walk_step(value, &step);
    }
    return value;
}

MUST bool record_value(Arena *arena, Str record, Str path, Value *out, Err *err)
{
    Str found = record_find(record, path);
    if (!found.at) {
        *out = UNDEFINED;
        return true;
    }
    return json_parse(arena, str_copy(arena, found), path, out, err);
}
