/* selector_parse.c: the little language of --select.
 *
 *   words        word { " " word }                      union
 *   word         criterion { "," criterion }            intersection
 *   criterion    ["@"] [[n] "+"] [method ":"] value ["+" [n]]
 */
#include <ctype.h>

#include "graph/selector.h"

static const char *const method_names[METHOD_COUNT] = {
    [METHOD_FQN] = "fqn", [METHOD_TAG] = "tag", [METHOD_GROUP] = "group",
    [METHOD_ACCESS] = "access", [METHOD_SOURCE] = "source", [METHOD_PATH] = "path",
    [METHOD_FILE] = "file", [METHOD_PACKAGE] = "package", [METHOD_CONFIG] = "config",
    [METHOD_TEST_NAME] = "test_name", [METHOD_TEST_TYPE] = "test_type",
    [METHOD_RESOURCE_TYPE] = "resource_type", [METHOD_STATE] = "state",
    [METHOD_EXPOSURE] = "exposure", [METHOD_METRIC] = "metric", [METHOD_RESULT] = "result",
    [METHOD_SOURCE_STATUS] = "source_status", [METHOD_VERSION] = "version",
    [METHOD_SEMANTIC_MODEL] = "semantic_model", [METHOD_SAVED_QUERY] = "saved_query",
    [METHOD_UNIT_TEST] = "unit_test", [METHOD_SELECTOR] = "selector",
};

bool indirect_find(Str name, IndirectSelection *out)
{
    static const char *const names[] = {
        [INDIRECT_EAGER] = "eager", [INDIRECT_CAUTIOUS] = "cautious",
        [INDIRECT_BUILDABLE] = "buildable", [INDIRECT_EMPTY] = "empty"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i])) {
            *out = (IndirectSelection)i;
            return true;
        }
    return false;
}

Spec *spec_group(Arena *arena, SpecKind kind, Str raw)
{
    Spec *spec = NEW(arena, Spec);
    spec->kind = kind;
    spec->raw = raw;
    return spec;
}

static bool fail_method(Str name, Err *err)
{
    Str names[METHOD_COUNT];
    for (size_t i = 0; i < METHOD_COUNT; i++)
        names[i] = str_of(method_names[i]);
    Str nearest = str_nearest(name, names, METHOD_COUNT);
    AUTO(text) Text text = {0};
    text_print(&text, "'" STR_FMT "' is not a valid method name", STR_ARG(name));
    if (nearest.len) {
        text_print(&text, "\nDid you mean '" STR_FMT ":'?", STR_ARG(nearest));
    } else {
        text_add_c(&text, "\nMethods are: ");
        for (size_t i = 0; i < METHOD_COUNT; i++)
            text_print(&text, "%s%s", i ? ", " : "", method_names[i]);
    }
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT, STR_ARG(text_str(&text)));
}

bool spec_set_method(Spec *spec, Str method, Err *err)
{
    ptrdiff_t dot = str_find_char(method, '.');
    Str name = dot < 0 ? method : str_slice(method, 0, (size_t)dot);
    spec->arguments = dot < 0 ? STR_NONE : str_slice(method, (size_t)dot + 1, method.len);
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (str_is(name, method_names[i])) {
            spec->method = (MethodName)i;
            return true;
        }
    return fail_method(name, err);
}

Str spec_method_text(Arena *arena, const Spec *spec)
{
    return str_print(arena, "%s%s" STR_FMT, method_names[spec->method],
                     spec->arguments.len ? "." : "", STR_ARG(spec->arguments));
}

/* The method of a value without one: path, file or fqn. */
static MethodName default_method(Str value)
{
    static const char *const endings[] = {".sql", ".py", ".csv"};
    if (str_find_char(value, '/') >= 0)
        return METHOD_PATH;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t len = strlen(endings[i]);
        if (value.len >= len &&
            str_eq_fold(str_slice(value, value.len - len, value.len), str_of(endings[i])))
            return METHOD_FILE;
    }
    return METHOD_FQN;
}

/* ---- one criterion ---- */

/* Passes digits. Too many of them mean the whole way. */
static uint32_t take_number(Str raw, size_t *at)
{
    uint64_t number = 0;
    size_t from = *at;
    for (; *at < raw.len && isdigit((unsigned char)raw.at[*at]); (*at)++)
        if (number < ANY_DEPTH)
            number = number * 10 + (uint64_t)(raw.at[*at] - '0');
    return *at == from || number >= ANY_DEPTH ? ANY_DEPTH : (uint32_t)number;
}

static void take_front(Str raw, size_t *at, Spec *spec)
{
    if (*at < raw.len && raw.at[*at] == '@') {
        spec->with_childrens_parents = true;
        (*at)++;
    }
    size_t end = *at;
    uint32_t depth = take_number(raw, &end);
    if (end < raw.len && raw.at[end] == '+') {
        spec->with_parents = true;
        spec->parents_depth = depth;
        *at = end + 1;
    }
}

/* The last + with nothing but digits behind it. */
static void take_back(Str raw, size_t from, size_t *end, Spec *spec)
{
    size_t plus = *end;
    while (plus > from && isdigit((unsigned char)raw.at[plus - 1]))
        plus--;
    if (plus == from || raw.at[plus - 1] != '+')
        return;
    size_t digits = plus;
    spec->with_children = true;
    spec->children_depth = take_number(raw, &digits);
    *end = plus - 1;
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || (unsigned char)c >= 0x80;
}

/* "method:" in front, or empty. */
static Str take_method(Str raw, size_t *at)
{
    size_t end = *at;
    while (end < raw.len && is_word_char(raw.at[end]))
        end++;
    if (end == *at || end == raw.len || raw.at[end] != ':')
        return STR_NONE;
    Str method = str_slice(raw, *at, end);
    *at = end + 1;
    return method;
}

bool spec_parse(Arena *arena, Str raw, IndirectSelection indirect, Spec **out, Err *err)
{
    if (str_find_char(raw, '\n') >= 0)
        return err_set(err, ERR_RUNTIME, NOWHERE, "Invalid selector spec \"" STR_FMT "\"",
                       STR_ARG(raw));
    Spec *spec = spec_group(arena, SPEC_CRITERION, raw);
    spec->indirect = indirect;
    spec->parents_depth = spec->children_depth = ANY_DEPTH;
    size_t at = 0, end = raw.len;
    take_front(raw, &at, spec);
    Str method = take_method(raw, &at);
    take_back(raw, at, &end, spec);
    Str value = str_slice(raw, at, end);
    spec->value = value_text(value);
    if (method.at)
        TRY(spec_set_method(spec, method, err));
    else
        spec->method = default_method(value);
    if (spec->with_children && spec->with_childrens_parents)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Invalid node spec " STR_FMT
                       " - \"@\" prefix and \"+\" suffix are incompatible",
                       STR_ARG(raw));
    *out = spec;
    return true;
}

/* ---- words ---- */

static bool parse_word(Arena *arena, Str word, bool warns_if_empty, IndirectSelection indirect,
                       Spec **out, Err *err)
{
    Spec *group = spec_group(arena, SPEC_INTERSECTION, word);
    group->warns_if_empty = warns_if_empty;
    group->indirect = indirect;
    Str rest = word.at ? word : STR(""), part;
    while (str_next_part(&rest, ',', &part)) {
        Spec *criterion;
        TRY(spec_parse(arena, part, indirect, &criterion, err));
        list_add(arena, &group->parts, criterion);
    }
    *out = group;
    return true;
}

bool spec_parse_words(Arena *arena, const Str *words, uint32_t count, bool warns_if_empty,
                      IndirectSelection indirect, Spec **out, Err *err)
{
    Spec *all = spec_group(arena, SPEC_UNION, STR_NONE);
    all->indirect = indirect;
    for (uint32_t i = 0; i < count; i++) {
        Str rest = words[i].at ? words[i] : STR(""), word;
        while (str_next_part(&rest, ' ', &word)) {
            Spec *part;
            TRY(parse_word(arena, word, warns_if_empty, indirect, &part, err));
            list_add(arena, &all->parts, part);
        }
    }
    *out = all;
    return true;
}
