/* selector_method.c: what each method means. Those with rules of their own have files of their own:
 * selector_fqn.c, selector_path.c, selector_config.c, selector_result.c, state_compare.c.
 */
#include <stdlib.h>

#include "base/glob.h"
#include "graph/selector.h"

/* Which kinds a method looks at. */
enum {
    KINDS_PARSED = (1u << NODE_SOURCE) - 1, /* what "nodes" holds: all kinds before sources     */
};
_Static_assert(NODE_SOURCE == NODE_SQL_OPERATION + 1, "kinds of nodes come first");

/* "a.b.c" in at most three parts; the count of all. */
static uint32_t split_parts(Str value, Str parts[3])
{
    uint32_t count = 0;
    Str part, rest = value.at ? value : STR("");
    while (str_next_part(&rest, '.', &part)) {
        if (count < 3)
            parts[count] = part;
        count++;
    }
    return count;
}

/* ---- one node at a time ---- */

static bool any_tag(const Node *node, Str pattern)
{
    for (uint32_t i = 0; node->tags.kind == VALUE_LIST && i < node->tags.list->len; i++)
        if (glob_match(pattern, value_str(node->tags.list->at[i])))
            return true;
    return false;
}

static Str group_of(const Node *node)
{
    Value group = value_get(node->config, "group");
    return group.kind == VALUE_TEXT ? value_str(group) : node->group;
}

static bool file_matches(const Node *node, Str pattern)
{
    return glob_match(pattern, path_name(node->original_file_path)) ||
           glob_match(pattern, path_stem(node->original_file_path));
}

static bool test_name_matches(const Node *node, Str pattern)
{
    if (node->kind == NODE_UNIT_TEST)
        return glob_match(pattern, node->name);
    return node->kind == NODE_TEST && node->test_metadata.kind == VALUE_DICT &&
           glob_match(pattern, value_get_text(node->test_metadata, "name", STR_NONE));
}

/* A number, or 0 with *is_number false. */
static double version_number(Value version, bool *is_number)
{
    if (version.kind == VALUE_INT)
        return (double)version.number;
    if (version.kind == VALUE_FLOAT)
        return version.real;
    int64_t number = 0;
    *is_number = *is_number && str_to_int(value_str(version), &number);
    return (double)number;
}

/* As numbers if both are, else as texts. */
static int compare_versions(Value a, Value b)
{
    bool are_numbers = true;
    double x = version_number(a, &are_numbers), y = version_number(b, &are_numbers);
    if (are_numbers)
        return (x > y) - (x < y);
    AUTO(text) Text left = {0};
    AUTO(text) Text right = {0};
    value_print(a, &left);
    value_print(b, &right);
    return str_compare(text_str(&left), text_str(&right));
}

static bool version_matches(const Node *node, Str which)
{
    bool has_version = node->version.kind > VALUE_NONE;
    if (node->kind != NODE_MODEL)
        return false;
    if (str_is(which, "none"))
        return !has_version;
    if (str_is(which, "latest"))
        return has_version && value_equal(node->version, node->latest_version);
    if (!value_truth(node->version) || !value_truth(node->latest_version))
        return false;
    int order = compare_versions(node->version, node->latest_version);
    return str_is(which, "old") ? order < 0 : order > 0;
}

/* ---- values that must be right ---- */

static bool check_test_type(Str value, Err *err)
{
    static const char *const types[] = {"generic", "schema", "data", "singular", "unit"};
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_is(value, types[i]))
            return true;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Invalid test type selector " STR_FMT
                   ": expected \"generic\", \"singular\", \"unit\", or \"data\"",
                   STR_ARG(value));
}

static bool test_type_matches(const Node *node, Str type)
{
    if (node->kind != NODE_TEST)
        return node->kind == NODE_UNIT_TEST && str_is(type, "unit");
    bool is_generic = node->test_metadata.kind == VALUE_DICT;
    if (str_is(type, "data"))
        return true;
    if (is_generic)
        return str_is(type, "generic") || str_is(type, "schema");
    return str_is(type, "singular");
}

static bool check_version(Str value, Err *err)
{
    if (str_is(value, "latest") || str_is(value, "prerelease") || str_is(value, "old") ||
        str_is(value, "none"))
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Invalid version type selector " STR_FMT
                   ": expected one of: \"latest\", \"prerelease\", \"old\", or \"none\"",
                   STR_ARG(value));
}

static bool check_resource_type(Str value, Err *err)
{
    static const char *const others[] = {"macro", "doc", "group", "fixture", "rpc"};
    NodeKind kind;
    if (node_kind_find(value, &kind))
        return true;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (str_is(value, others[i]))
            return true;
    Str names[NODE_KIND_COUNT];
    for (int i = 0; i < NODE_KIND_COUNT; i++)
        names[i] = str_of(node_kind_name((NodeKind)i));
    Str nearest = str_nearest(value, names, NODE_KIND_COUNT);
    if (nearest.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Invalid resource_type selector \"" STR_FMT "\"\nDid you mean '" STR_FMT
                       "'?",
                       STR_ARG(value), STR_ARG(nearest));
    return err_set(err, ERR_RUNTIME, NOWHERE, "Invalid resource_type selector \"" STR_FMT "\"",
                   STR_ARG(value));
}

/* ---- [package.]name of a kind ---- */

static bool named_search(const Selecting *selecting, NodeKind kind, const char *what, Str value,
                         Bits *out, Err *err)
{
    Str parts[3], package = STR("*");
    uint32_t count = split_parts(value, parts);
    if (count > 2)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Invalid %s selector value \"" STR_FMT
                       "\". It must be of the form name or package.name",
                       what, STR_ARG(value));
    if (count == 2)
        package = parts[0];
    uint32_t at = 0, i;
    while (bits_next(selecting->members, &at, &i)) {
        const Node *node = selecting->graph->project->nodes.at[i];
        if (node->kind == kind && glob_match(package, node->package) &&
            glob_match(parts[count - 1], node->name))
            bits_add(*out, i);
    }
    return true;
}

static bool source_search(const Selecting *selecting, Str value, Bits *out, Err *err)
{
    Str parts[3], package = STR("*"), source, table = STR("*");
    uint32_t count = split_parts(value, parts);
    if (count > 3)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Invalid source selector value \"" STR_FMT
                       "\". Sources must be of the form source, source.table or "
                       "package.source.table",
                       STR_ARG(value));
    if (count == 3)
        package = parts[0];
    source = parts[count == 3 ? 1 : 0];
    if (count > 1)
        table = parts[count - 1];
    uint32_t at = 0, i;
    while (bits_next(selecting->members, &at, &i)) {
        const Node *node = selecting->graph->project->nodes.at[i];
        if (node->kind == NODE_SOURCE && glob_match(package, node->package) &&
            glob_match(source, node->source_name) && glob_match(table, node->name))
            bits_add(*out, i);
    }
    return true;
}

/* ---- the selector: method ---- */

static bool run_definition(Selecting *selecting, Value definition, Bits *out, Err *err)
{
    Spec *spec;
    Bits direct, indirect;
    TRY(spec_from_yaml(selecting->arena, definition, selecting->selection->indirect, &spec, err));
    TRY(selecting_run(selecting, spec, &direct, &indirect, err));
    bits_intersect(direct, selecting->results);
    bits_unite(*out, direct);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

static bool selector_search(Selecting *selecting, Str pattern, Bits *out, Err *err)
{
    const Project *project = selecting->graph->project;
    if (project->selectors.kind != VALUE_DICT)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Cannot use selector: method if selectors.yml is not provided");
    List(Str) names = {0};
    uint32_t at = 0;
    Value key, value;
    while (dict_next(project->selectors.dict, &at, &key, &value))
        if (glob_match(pattern, value_str(key)))
            list_add(selecting->arena, &names, value_str(key));
    if (!names.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Selector '" STR_FMT "' did not match any selector in selectors.yml",
                       STR_ARG(pattern));
    qsort(names.at, names.len, sizeof *names.at, compare_names);
    for (uint32_t i = 0; i < names.len; i++) {
        TRY(selectors_find(project, names.at[i], &value, err));
        TRY(run_definition(selecting, value, out, err));
    }
    return true;
}

static bool state_search(Selecting *selecting, Str value, Bits *out, Err *err)
{
    const Selection *selection = selecting->selection;
    if (!selection->state_path.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Got a state selector method, but no comparison manifest\n"
                       "Name the folder of an earlier manifest.json with --state");
    if (!selecting->comparison)
        TRY(comparison_open(selecting->arena, selecting->graph,
                            path_join(selecting->arena, selecting->graph->project->project_dir,
                                      selection->state_path),
                            &selecting->comparison, err));
    return comparison_select(selecting->comparison, value, &selecting->members, out, err);
}

/* ---- all of them ---- */

/* Methods that look at one node alone. */
static bool node_matches(const Project *project, const Node *node, const Spec *spec, Str value)
{
    switch (spec->method) {
    case METHOD_FQN: return node->kind != NODE_SOURCE && fqn_matches(node, value);
    case METHOD_TAG: return any_tag(node, value);
    case METHOD_GROUP: {
        Str group = group_of(node);
        return (KINDS_PARSED >> node->kind & 1 || node->kind == NODE_METRIC) && group.len &&
               glob_match(value, group);
    }
    case METHOD_ACCESS: return node->kind == NODE_MODEL && str_eq(node->access, value);
    case METHOD_FILE: return file_matches(node, value);
    case METHOD_PACKAGE:
        if (str_is(value, "this") && project->packages.len)
            value = project->packages.at[0]->name;
        return glob_match(value, node->package);
    case METHOD_CONFIG:
        return (KINDS_PARSED >> node->kind & 1 || node->kind == NODE_SOURCE) &&
               config_matches(node, spec->arguments, spec->value);
    case METHOD_TEST_NAME: return test_name_matches(node, value);
    case METHOD_TEST_TYPE: return test_type_matches(node, value);
    case METHOD_RESOURCE_TYPE: return str_is(value, node_kind_name(node->kind));
    case METHOD_VERSION: return version_matches(node, value);
    default: return false;
    }
}

static bool check_value(const Spec *spec, Str value, Err *err)
{
    switch (spec->method) {
    case METHOD_TEST_TYPE: return check_test_type(value, err);
    case METHOD_VERSION: return check_version(value, err);
    case METHOD_RESOURCE_TYPE: return check_resource_type(value, err);
    default: return true;
    }
}

/* Text of a value from YAML: a version or a number is meant as it is written. */
static Str value_word(Arena *arena, Value value)
{
    if (value.kind == VALUE_TEXT)
        return value.len ? value_str(value) : STR("");
    AUTO(text) Text text = {0};
    value_print(value, &text);
    return text_copy(arena, &text);
}

bool method_search(Selecting *selecting, const Spec *spec, Bits *out, Err *err)
{
    Str value = value_word(selecting->arena, spec->value);
    switch (spec->method) {
    case METHOD_SOURCE: return source_search(selecting, value, out, err);
    case METHOD_EXPOSURE:
        return named_search(selecting, NODE_EXPOSURE, "exposure", value, out, err);
    case METHOD_METRIC: return named_search(selecting, NODE_METRIC, "metric", value, out, err);
    case METHOD_SEMANTIC_MODEL:
        return named_search(selecting, NODE_SEMANTIC_MODEL, "semantic model", value, out, err);
    case METHOD_SAVED_QUERY:
        return named_search(selecting, NODE_SAVED_QUERY, "saved query", value, out, err);
    case METHOD_UNIT_TEST:
        return named_search(selecting, NODE_UNIT_TEST, "unit test", value, out, err);
    case METHOD_PATH: path_search(selecting, value, out); return true;
    case METHOD_SELECTOR: return selector_search(selecting, value, out, err);
    case METHOD_STATE: return state_search(selecting, value, out, err);
    case METHOD_RESULT: return result_search(selecting, value, out, err);
    case METHOD_SOURCE_STATUS: return source_status_search(selecting, value, out, err);
    default: break;
    }
    TRY(check_value(spec, value, err));
    uint32_t at = 0, i;
    while (bits_next(selecting->members, &at, &i))
        if (node_matches(selecting->graph->project, selecting->graph->project->nodes.at[i], spec,
                         value))
            bits_add(*out, i);
    return true;
}
