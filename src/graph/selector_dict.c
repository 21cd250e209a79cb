/* selector_dict.c: selectors.yml as the manifest shows it: words of --select taken apart. */
#include "graph/selector.h"

static void put_depth(Arena *arena, Dict *dict, const char *key, uint32_t depth)
{
    if (depth != ANY_DEPTH)
        dict_put(dict, str_of(key), value_text(str_print(arena, "%u", depth)));
}

static bool word_dict(Arena *arena, Str word, Value *out, Err *err)
{
    Spec *spec;
    TRY(spec_parse(arena, word, INDIRECT_EAGER, &spec, err));
    Dict *dict = dict_make(arena, 7);
    if (spec->with_childrens_parents)
        dict_put(dict, STR("childrens_parents"), value_bool(true));
    if (spec->with_parents)
        dict_put(dict, STR("parents"), value_bool(true));
    put_depth(arena, dict, "parents_depth", spec->parents_depth);
    dict_put(dict, STR("method"), value_text(spec_method_text(arena, spec)));
    if (value_str(spec->value).len)
        dict_put(dict, STR("value"), spec->value);
    if (spec->with_children)
        dict_put(dict, STR("children"), value_bool(true));
    put_depth(arena, dict, "children_depth", spec->children_depth);
    *out = value_of_dict(dict);
    return true;
}

static bool definition_dict(Arena *arena, Value definition, uint32_t depth, Value *out, Err *err);

static bool list_dicts(Arena *arena, Value list, uint32_t depth, Value *out, Err *err)
{
    Value items = value_list(arena);
    for (uint32_t i = 0; i < list.list->len; i++) {
        Value item = list.list->at[i];
        if (item.kind == VALUE_TEXT || item.kind == VALUE_DICT)
            TRY(definition_dict(arena, item, depth + 1, &item, err));
        array_add(items.list, item);
    }
    *out = items;
    return true;
}

/* {union: [..]}, {intersection: [..]}, {exclude: [..]}, {METHOD: value}, or a full criterion. */
static bool dict_dict(Arena *arena, Value definition, uint32_t depth, Value *out, Err *err)
{
    static const char *const groups[] = {"union", "intersection"};
    Dict *dict = dict_make(arena, 2);
    Value key, value;
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        value = value_get(definition, groups[i]);
        if (value.kind != VALUE_LIST)
            continue;
        TRY(list_dicts(arena, value, depth, &value, err));
        dict_put(dict, str_of(groups[i]), value);
        *out = value_of_dict(dict);
        return true;
    }
    uint32_t at = 0;
    if (!dict_next(definition.dict, &at, &key, &value))
        return true;
    if (value.kind == VALUE_LIST)
        TRY(list_dicts(arena, value, depth, &value, err));
    if (value_is(key, "exclude")) {
        dict_put(dict, STR("exclude"), value);
    } else if (definition.dict->len == 1) {
        dict_put(dict, STR("method"), key);
        dict_put(dict, STR("value"), value);
    } else {
        dict = definition.dict;
    }
    *out = value_of_dict(dict);
    return true;
}

static bool definition_dict(Arena *arena, Value definition, uint32_t depth, Value *out, Err *err)
{
    if (depth > 60)
        return err_set(err, ERR_TOO_DEEP, NOWHERE, "A selector nests more than 60 levels");
    if (definition.kind == VALUE_TEXT)
        return word_dict(arena, value_str(definition), out, err);
    *out = definition;
    return definition.kind != VALUE_DICT || dict_dict(arena, definition, depth, out, err);
}

Value selectors_value(const Project *project, Arena *arena)
{
    Value all = value_dict(arena), key, entry;
    uint32_t at = 0;
    while (project->selectors.kind == VALUE_DICT &&
           dict_next(project->selectors.dict, &at, &key, &entry)) {
        Value definition = value_get(entry, "definition");
        Dict *copy = dict_make(arena, 4);
        uint32_t inner = 0;
        Value name, value;
        Err err = {0};
        while (entry.kind == VALUE_DICT && dict_next(entry.dict, &inner, &name, &value))
            dict_put_keyed(copy, name, value);
        if (definition_dict(arena, definition, 0, &definition, &err))
            dict_put(copy, STR("definition"), definition);
        err_drop(&err); /* what cannot be read is shown as it stands; using it fails */
        dict_put_keyed(all.dict, key, value_of_dict(copy));
    }
    return all;
}
