/* yaml_selectors.c: selectors.yml as trees.
 *
 *   definition   "a word of --select"
 *              | {METHOD: value}
 *              | {method: .., value: .., children: .., exclude: [definition ..]}
 *              | {union: [definition .. {exclude: [..]}]}
 *              | {intersection: [definition .. {exclude: [..]}]}
 */
#include "graph/selector.h"

typedef struct Reader {
    Arena *arena;
    IndirectSelection indirect;
    uint32_t depth;
} Reader;

static bool read_definition(Reader *reader, Value definition, Spec **out, Err *err);

static bool fail(Err *err, const char *what)
{
    return err_set(err, ERR_RUNTIME, (Place){STR("selectors.yml"), 0, 0},
                   "Could not read selector file data: %s", what);
}

static Str print_raw(Arena *arena, Value definition)
{
    AUTO(text) Text text = {0};
    value_print(definition, &text);
    return text_copy(arena, &text);
}

/* The definitions under `key`, a list of texts and dicts. */
static bool check_list(Reader *reader, Value list, const char *key, Err *err)
{
    if (list.kind != VALUE_LIST)
        return fail(err, str_c(reader->arena,
                               str_print(reader->arena,
                                         "Invalid value for key \"%s\". Expected a list.", key)));
    for (uint32_t i = 0; i < list.list->len; i++) {
        Value item = list.list->at[i];
        if (item.kind != VALUE_TEXT && item.kind != VALUE_DICT)
            return fail(err, str_c(reader->arena,
                                   str_print(reader->arena,
                                             "Invalid value type %s in key \"%s\", expected dict "
                                             "or str.",
                                             value_type_name(item), key)));
    }
    return true;
}

/* exclude: [...] as one tree; NULL when it is empty. */
static bool read_exclude(Reader *reader, Value list, Spec **out, Err *err)
{
    TRY(check_list(reader, list, "exclude", err));
    *out = NULL;
    Spec *all = spec_group(reader->arena, SPEC_UNION, print_raw(reader->arena, list));
    for (uint32_t i = 0; i < list.list->len; i++) {
        Spec *part;
        TRY(read_definition(reader, list.list->at[i], &part, err));
        list_add(reader->arena, &all->parts, part);
    }
    if (all->parts.len)
        *out = all->parts.len == 1 ? all->parts.at[0] : all;
    return true;
}

static Spec *subtract(Reader *reader, Spec *base, Spec *excluded, Str raw)
{
    if (!excluded)
        return base;
    Spec *difference = spec_group(reader->arena, SPEC_DIFFERENCE, raw);
    list_add(reader->arena, &difference->parts, base);
    list_add(reader->arena, &difference->parts, excluded);
    return difference;
}

static bool read_group(Reader *reader, SpecKind kind, const char *key, Value definition, Spec **out,
                       Err *err)
{
    Value list = value_get(definition, key);
    TRY(check_list(reader, list, key, err));
    Str raw = print_raw(reader->arena, definition);
    Spec *group = spec_group(reader->arena, kind, raw), *excluded = NULL;
    bool has_exclude = false;
    for (uint32_t i = 0; i < list.list->len; i++) {
        Value item = list.list->at[i], exclude = value_get(item, "exclude");
        /* {method, value, exclude} is a criterion with an exclude of its own only outside of
         * groups: dbt takes any dict with the key as the exclude of the group */
        if (exclude.kind != VALUE_UNDEFINED) {
            if (has_exclude)
                return fail(err, "You cannot provide multiple exclude arguments to the same "
                                 "selector set operator");
            has_exclude = true;
            TRY(read_exclude(reader, exclude, &excluded, err));
            continue;
        }
        Spec *part;
        TRY(read_definition(reader, item, &part, err));
        list_add(reader->arena, &group->parts, part);
    }
    *out = subtract(reader, group, excluded, raw);
    return true;
}

/* parents_depth and children_depth: numbers or texts of digits; none or 0 means the whole way. */
static uint32_t depth_of(Value definition, const char *key)
{
    Value depth = value_get(definition, key);
    int64_t number = 0;
    if (depth.kind == VALUE_INT)
        number = depth.number;
    else if (!str_to_int(value_str(depth), &number))
        return ANY_DEPTH;
    return number <= 0 || number >= ANY_DEPTH ? ANY_DEPTH : (uint32_t)number;
}

static bool fill_criterion(Reader *reader, Value definition, Str method, Value value, Spec *spec,
                           Err *err)
{
    TRY(spec_set_method(spec, method, err));
    spec->value = value;
    spec->indirect = reader->indirect;
    spec->with_childrens_parents = value_truth(value_get(definition, "childrens_parents"));
    spec->with_parents = value_truth(value_get(definition, "parents"));
    spec->with_children = value_truth(value_get(definition, "children"));
    spec->parents_depth = depth_of(definition, "parents_depth");
    spec->children_depth = depth_of(definition, "children_depth");
    Value mode = value_get(definition, "indirect_selection");
    if (mode.kind == VALUE_TEXT && !indirect_find(value_str(mode), &spec->indirect))
        return fail(err, "indirect_selection is one of eager, cautious, buildable, empty");
    if (spec->with_children && spec->with_childrens_parents)
        return fail(err, "childrens_parents and children are incompatible");
    return true;
}

static bool read_dict(Reader *reader, Value definition, Spec **out, Err *err)
{
    Value method = value_get(definition, "method"), value = value_get(definition, "value");
    Str raw = print_raw(reader->arena, definition);
    Spec *spec = spec_group(reader->arena, SPEC_CRITERION, raw), *excluded = NULL;
    if (definition.dict->len == 1) {
        uint32_t at = 0;
        dict_next(definition.dict, &at, &method, &value);
        definition = value_dict(reader->arena);
    }
    if (method.kind != VALUE_TEXT || value.kind == VALUE_UNDEFINED)
        return fail(err, str_c(reader->arena,
                               str_print(reader->arena,
                                         "Expected either 1 key or else \"method\" and \"value\" "
                                         "keys, but got " STR_FMT, STR_ARG(raw))));
    TRY(fill_criterion(reader, definition, value_str(method), value, spec, err));
    Value exclude = value_get(definition, "exclude");
    if (exclude.kind != VALUE_UNDEFINED)
        TRY(read_exclude(reader, exclude, &excluded, err));
    *out = subtract(reader, spec, excluded, raw);
    return true;
}

static bool read_any(Reader *reader, Value definition, Spec **out, Err *err)
{
    if (definition.kind == VALUE_TEXT)
        return spec_parse(reader->arena, value_str(definition), reader->indirect, out, err);
    if (definition.kind != VALUE_DICT)
        return fail(err, "Expected to find union, intersection, str or dict");
    if (value_get(definition, "union").kind != VALUE_UNDEFINED)
        return read_group(reader, SPEC_UNION, "union", definition, out, err);
    if (value_get(definition, "intersection").kind != VALUE_UNDEFINED)
        return read_group(reader, SPEC_INTERSECTION, "intersection", definition, out, err);
    return read_dict(reader, definition, out, err);
}

static bool read_definition(Reader *reader, Value definition, Spec **out, Err *err)
{
    if (reader->depth >= 60)
        return err_set(err, ERR_TOO_DEEP, (Place){STR("selectors.yml"), 0, 0},
                       "A selector nests more than 60 levels");
    reader->depth++;
    bool is_done = read_any(reader, definition, out, err);
    reader->depth--;
    return is_done;
}

bool spec_from_yaml(Arena *arena, Value definition, IndirectSelection indirect, Spec **out,
                    Err *err)
{
    bool is_group = value_get(definition, "union").kind != VALUE_UNDEFINED ||
                    value_get(definition, "intersection").kind != VALUE_UNDEFINED;
    if (is_group && definition.dict->len > 1)
        return fail(err, "Only a single 'union' or 'intersection' key is allowed in a root level "
                         "selector definition");
    return read_definition(&(Reader){.arena = arena, .indirect = indirect}, definition, out, err);
}

/* ---- the file ---- */

bool selectors_find(const Project *project, Str name, Value *out, Err *err)
{
    Value entry = value_get_str(project->selectors, name);
    if (entry.kind != VALUE_UNDEFINED) {
        Value definition = value_get(entry, "definition");
        *out = definition.kind == VALUE_UNDEFINED ? entry : definition;
        return true;
    }
    AUTO(text) Text text = {0};
    Str names[32];
    uint32_t count = 0;
    text_print(&text, "Could not find selector named " STR_FMT ", expected one of [",
               STR_ARG(name));
    uint32_t at = 0;
    Value key, value;
    bool is_first = true;
    while (project->selectors.kind == VALUE_DICT &&
           dict_next(project->selectors.dict, &at, &key, &value)) {
        text_print(&text, "%s'" STR_FMT "'", is_first ? "" : ", ", STR_ARG(value_str(key)));
        is_first = false;
        if (count < COUNT_OF(names))
            names[count++] = value_str(key);
    }
    text_add_char(&text, ']');
    Str near = str_nearest(name, names, count);
    if (near.len)
        text_print(&text, "\nDid you mean '" STR_FMT "'?", STR_ARG(near));
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT, STR_ARG(text_str(&text)));
}

bool selectors_default(const Project *project, Str *out, Err *err)
{
    *out = STR_NONE;
    uint32_t at = 0;
    Value key, value;
    while (project->selectors.kind == VALUE_DICT &&
           dict_next(project->selectors.dict, &at, &key, &value)) {
        if (!value_truth(value_get(value, "default")))
            continue;
        if (out->len)
            return err_set(err, ERR_RUNTIME, (Place){STR("selectors.yml"), 0, 0},
                           "Error when parsing the selector file. Found multiple selectors with "
                           "`default: true`:" STR_FMT " and " STR_FMT,
                           STR_ARG(*out), STR_ARG(value_str(key)));
        *out = value_str(key);
    }
    return true;
}
