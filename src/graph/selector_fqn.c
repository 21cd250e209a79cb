/* selector_fqn.c: names: "stg_orders", "shop.staging", "shop.*.orders", "dim.v2". */
#include "base/glob.h"
#include "graph/selector.h"

/* "a.b" has two parts; so has the fqn item "a.b". */
static uint32_t part_count(Str text)
{
    uint32_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '.';
    return count;
}

static bool has_wildcard(Str part)
{
    for (size_t i = 0; i < part.len; i++)
        if (strchr("*?[]", part.at[i]) && part.at[i])
            return true;
    return false;
}

/* The last two items of a versioned model, "dim" and "v2", meant by "dim.v2" or "dim_v2". */
static bool version_matches(Str model, Str version, Str selector)
{
    if (str_eq(model, selector))
        return true;
    /* the last two parts of the selector, joined by _ */
    ptrdiff_t dot = str_find_last(selector, STR("."));
    Str tail = selector;
    if (dot > 0) {
        ptrdiff_t before = str_find_last(str_slice(selector, 0, (size_t)dot), STR("."));
        tail = str_slice(selector, before < 0 ? 0 : (size_t)before + 1, selector.len);
    }
    if (tail.len != model.len + 1 + version.len || !str_starts(tail, model) ||
        !str_ends(tail, version))
        return false;
    return tail.at[model.len] == '_' || (tail.at[model.len] == '.' && dot >= 0);
}

/* Part by part; from the first part with a wildcard on, the rest as one pattern. */
static bool parts_match(Str flat, Str selector, Str leaf)
{
    if (part_count(flat) < part_count(selector))
        return false;
    Str patterns = selector, names = flat, pattern, name;
    while (patterns.at) {
        Str pattern_rest = patterns, name_rest = names;
        str_next_part(&patterns, '.', &pattern);
        str_next_part(&names, '.', &name);
        if (has_wildcard(pattern)) {
            if (glob_match(pattern_rest, name_rest))
                return true;
            return str_find_char(selector, '.') < 0 && glob_match(selector, leaf);
        }
        if (!str_eq(pattern, name))
            return false;
    }
    return true;
}

/* flat: the items fqn[from..] joined by dots. */
static bool items_match(const Array *fqn, uint32_t from, Str flat, Str selector, bool is_versioned)
{
    uint32_t count = fqn->len - from;
    if (!count)
        return false;
    Str last = value_str(fqn->at[fqn->len - 1]), leaf = last;
    if (is_versioned && count >= 2) {
        leaf = value_str(fqn->at[fqn->len - 2]);
        if (version_matches(leaf, last, selector))
            return true;
    } else if (str_eq(last, selector)) {
        return true;
    }
    return parts_match(flat, selector, leaf);
}

bool fqn_matches(const Node *node, Str selector)
{
    if (node->fqn.kind != VALUE_LIST || !node->fqn.list->len)
        return false;
    if (str_is(selector, "*"))
        return true;
    const Array *fqn = node->fqn.list;
    char room[512];
    size_t len = 0, second = 0;
    AUTO(text) Text text = {0};
    for (uint32_t i = 0; i < fqn->len; i++) {
        Str item = value_str(fqn->at[i]);
        if (i == 1)
            second = len + text.len;
        if (!text.at && len + item.len + 1 <= sizeof room) {
            memcpy(room + len, item.at, item.len);
            len += item.len;
            room[len++] = '.';
            continue;
        }
        if (!text.at) {
            text_add_bytes(&text, room, len);
            len = 0;
        }
        text_add(&text, item);
        text_add_char(&text, '.');
    }
    Str flat = text.at ? text_str(&text) : (Str){room, len};
    flat.len--; /* the last dot */
    bool is_versioned = node->kind == NODE_MODEL && node->version.kind > VALUE_NONE;
    return items_match(fqn, 0, flat, selector, is_versioned) ||
           (fqn->len > 1 && items_match(fqn, 1, str_slice(flat, second, flat.len), selector,
                                        is_versioned));
}
