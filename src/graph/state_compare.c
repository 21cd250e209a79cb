/* state_compare.c: state:new, old, modified[.x], unmodified against an earlier manifest.
 *
 * Both sides are dicts as the manifest has them: what it holds is what is compared.
 */
#include "graph/selector.h"

struct Comparison {
    Arena *arena;
    const Graph *graph;
    State state;
    MacroChanges *macros;         /* made when first asked for                                  */
    Arena scratch;                /* dicts of the node at hand                                  */
};

static void drop_comparison(void *what)
{
    arena_drop(&((Comparison *)what)->scratch);
}

bool comparison_open(Arena *arena, const Graph *graph, Str folder, Comparison **out, Err *err)
{
    Comparison *comparison = NEW(arena, Comparison);
    comparison->arena = arena;
    comparison->graph = graph;
    TRY(state_load(arena, folder, &comparison->state, err));
    arena_on_drop(arena, drop_comparison, comparison);
    *out = comparison;
    return true;
}

/* The node in the earlier manifest, UNDEFINED if it is new. */
static Value old_of(const Comparison *comparison, Str id)
{
    static const char *const sections[] = {"nodes",           "sources",    "exposures",
                                           "metrics",         "semantic_models", "unit_tests",
                                           "saved_queries",   "functions"};
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        Value found = value_get_str(value_get(comparison->state.manifest, sections[i]), id);
        if (found.kind != VALUE_UNDEFINED)
            return found;
    }
    return UNDEFINED;
}

/* ---- parts ---- */

/* Absent and null are the same. */
static bool same_value(Value a, Value b)
{
    if (a.kind <= VALUE_NONE || b.kind <= VALUE_NONE)
        return a.kind <= VALUE_NONE && b.kind <= VALUE_NONE;
    return value_equal(a, b);
}

static bool same_key(Value a, Value b, const char *key)
{
    return same_value(value_get(a, key), value_get(b, key));
}

/* `keys` ends with NULL. */
static bool same_keys(Value a, Value b, const char *const *keys)
{
    for (; *keys; keys++)
        if (!same_key(a, b, *keys))
            return false;
    return true;
}

static bool is_in(Str key, const char *const *keys)
{
    for (; *keys; keys++)
        if (str_is(key, *keys))
            return true;
    return false;
}

/* Every key of a is in b with an equal value; only those in `only`, none of `without`. */
static bool covers(Value a, Value b, const char *const *only, const char *const *without)
{
    uint32_t at = 0;
    Value key, value;
    while (a.kind == VALUE_DICT && dict_next(a.dict, &at, &key, &value)) {
        Str name = value_str(key);
        if ((only && !is_in(name, only)) || (without && is_in(name, without)))
            continue;
        Value other = value_get_str(b, name);
        if (other.kind == VALUE_UNDEFINED || !value_equal(value, other))
            return false;
    }
    return true;
}

/* The configs as they were written. Where a relation lies, tags and groups do not count; of tests
 * only what changes their result does. */
static bool same_config(const Node *node, Value now, Value old)
{
    static const char *const of_tests[] = {"severity", "where",    "limit",          "fail_calc",
                                           "warn_if",  "error_if", "store_failures",
                                           "store_failures_as", "sql_header", NULL};
    static const char *const places[] = {"alias", "schema", "database", "tags", "group", NULL};
    static const char *const groups[] = {"group", NULL};
    if (node->kind == NODE_SEMANTIC_MODEL || node->kind == NODE_SAVED_QUERY)
        return same_key(now, old, "config");
    const char *const *only = node->kind == NODE_TEST ? of_tests : NULL;
    const char *const *without = kind_is_node(node->kind) || node->kind == NODE_FUNCTION ? places
                                 : node->kind == NODE_METRIC                             ? groups
                                                                                         : NULL;
    Value a = value_get(now, "unrendered_config"), b = value_get(old, "unrendered_config");
    return covers(a, b, only, without) && covers(b, a, only, without);
}

static bool same_body(const Node *node, Value now, Value old)
{
    return same_key(now, old, node->kind == NODE_SEED ? "checksum" : "raw_code");
}

static bool same_column_descriptions(Value now, Value old)
{
    Value a = value_get(now, "columns"), b = value_get(old, "columns"), key, column;
    if (a.kind != VALUE_DICT || b.kind != VALUE_DICT)
        return a.kind == b.kind;
    if (a.dict->len != b.dict->len)
        return false;
    uint32_t at = 0;
    while (dict_next(a.dict, &at, &key, &column)) {
        Value other = value_get_str(b, value_str(key));
        if (other.kind == VALUE_UNDEFINED || !same_key(column, other, "description"))
            return false;
    }
    return true;
}

/* Only what is persisted in the database counts. */
static bool same_descriptions(Value now, Value old)
{
    Value persist = value_get(value_get(now, "config"), "persist_docs");
    if (value_truth(value_get(persist, "relation")) && !same_key(now, old, "description"))
        return false;
    return !value_truth(value_get(persist, "columns")) || same_column_descriptions(now, old);
}

static bool same_relation(const Comparison *comparison, const Node *node, Value now, Value old)
{
    static const char *const config_keys[] = {"database", "schema", "alias", NULL};
    static const char *const rendered[] = {"database", "schema", "identifier", NULL};
    static const char *const unrendered[] = {"unrendered_database", "unrendered_schema",
                                             "identifier", NULL};
    if (node->kind != NODE_SOURCE)
        return same_keys(value_get(now, "unrendered_config"), value_get(old, "unrendered_config"),
                         config_keys);
    Value flag = value_get(comparison->graph->project->flags,
                           "state_modified_compare_more_unrendered_values");
    bool is_unrendered = !value_is_bool(flag) || flag.is_true;
    return same_keys(now, old, is_unrendered ? unrendered : rendered);
}

/* ---- whole nodes ---- */

static bool same_exposure(const Node *node, Value now, Value old)
{
    static const char *const keys[] = {"fqn", "type", "owner", "maturity", "url", "description",
                                       "label", NULL};
    Value a = value_get(value_get(now, "depends_on"), "nodes");
    Value b = value_get(value_get(old, "depends_on"), "nodes");
    if (a.kind != VALUE_LIST || b.kind != VALUE_LIST || a.list->len != b.list->len)
        return false;
    for (uint32_t i = 0; i < a.list->len; i++) {
        bool is_found = false;
        for (uint32_t j = 0; j < b.list->len && !is_found; j++)
            is_found = value_equal(a.list->at[i], b.list->at[j]);
        if (!is_found)
            return false;
    }
    return same_keys(now, old, keys) && same_config(node, now, old);
}

static bool same_exports(Value now, Value old)
{
    static const char *const keys[] = {"export_as", "schema", "alias", NULL};
    Value a = value_get(now, "exports"), b = value_get(old, "exports");
    uint32_t count = a.kind == VALUE_LIST ? a.list->len : 0;
    if (count != (b.kind == VALUE_LIST ? b.list->len : 0))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!same_key(a.list->at[i], b.list->at[i], "name") ||
            !same_keys(value_get(a.list->at[i], "unrendered_config"),
                       value_get(b.list->at[i], "unrendered_config"), keys))
            return false;
    return true;
}

static bool same_saved_query(const Node *node, Value now, Value old)
{
    static const char *const keys[] = {"description", "label", "group", "tags", NULL};
    static const char *const params[] = {"metrics", "group_by", "where", NULL};
    return same_keys(value_get(now, "query_params"), value_get(old, "query_params"), params) &&
           same_keys(now, old, keys) && same_config(node, now, old) && same_exports(now, old);
}

static bool same_parsed_node(const Comparison *comparison, const Node *node, Value now, Value old)
{
    static const char *const refs[] = {"latest_version", "access", "deprecation_date", NULL};
    static const char *const functions[] = {"arguments", "returns", "overloads", NULL};
    if (node->kind == NODE_TEST && node->test_metadata.kind == VALUE_DICT)
        return same_config(node, now, old) && same_key(now, old, "fqn");
    return same_body(node, now, old) && same_config(node, now, old) &&
           same_descriptions(now, old) && same_key(now, old, "fqn") &&
           same_relation(comparison, node, now, old) &&
           (node->kind != NODE_MODEL || same_keys(now, old, refs)) &&
           (node->kind != NODE_FUNCTION || same_keys(now, old, functions));
}

/* Is the node, without its macros and its contract, what it was? */
static bool same_contents(const Comparison *comparison, const Node *node, Value now, Value old)
{
    static const char *const sources[] = {"fqn", "quoting", "freshness", "loaded_at_field",
                                          "external", NULL};
    static const char *const metrics[] = {"type", "description", "label", NULL};
    static const char *const models[] = {"model",      "description", "defaults", "entities",
                                         "dimensions", "measures",    "config",   "primary_entity",
                                         "group",      NULL};
    bool is_new = old.kind == VALUE_UNDEFINED;
    switch (node->kind) {
    case NODE_SOURCE:
        return is_new || (same_relation(comparison, node, now, old) &&
                          same_keys(now, old, sources) && same_config(node, now, old));
    case NODE_EXPOSURE: return is_new || same_exposure(node, now, old);
    case NODE_METRIC:
        return is_new || (same_keys(now, old, metrics) && same_config(node, now, old));
    case NODE_SEMANTIC_MODEL: return is_new || same_keys(now, old, models);
    case NODE_SAVED_QUERY: return is_new || same_saved_query(node, now, old);
    case NODE_UNIT_TEST: return !is_new && same_key(now, old, "checksum");
    default: return !is_new && same_parsed_node(comparison, node, now, old);
    }
}

/* ---- the selectors ---- */

typedef enum Aspect {
    STATE_NEW, STATE_OLD, STATE_MODIFIED, STATE_UNMODIFIED, STATE_BODY, STATE_CONFIGS,
    STATE_DESCRIPTIONS, STATE_RELATION, STATE_MACROS, STATE_CONTRACT, STATE_COUNT
} Aspect;

static const char *const aspect_names[STATE_COUNT] = {
    [STATE_NEW] = "new",
    [STATE_OLD] = "old",
    [STATE_MODIFIED] = "modified",
    [STATE_UNMODIFIED] = "unmodified",
    [STATE_BODY] = "modified.body",
    [STATE_CONFIGS] = "modified.configs",
    [STATE_DESCRIPTIONS] = "modified.persisted_descriptions",
    [STATE_RELATION] = "modified.relation",
    [STATE_MACROS] = "modified.macros",
    [STATE_CONTRACT] = "modified.contract",
};

static bool find_aspect(Str name, Aspect *out, Err *err)
{
    AUTO(text) Text known = {0};
    for (size_t i = 0; i < STATE_COUNT; i++) {
        if (str_is(name, aspect_names[i])) {
            *out = (Aspect)i;
            return true;
        }
        text_print(&known, "%s'%s'", i ? ", " : "", aspect_names[i]);
    }
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Got an invalid selector \"" STR_FMT "\", expected one of \"[" STR_FMT "]\"",
                   STR_ARG(name), STR_ARG(text_str(&known)));
}

static bool touches_macros(Comparison *comparison, const Node *node)
{
    if (!comparison->macros)
        comparison->macros =
            macro_changes_make(comparison->arena, comparison->graph->project->library,
                               value_get(comparison->state.manifest, "macros"));
    return macro_changes_touch(comparison->macros, node);
}

static bool is_modified(Comparison *comparison, const Node *node, Value now, Value old, bool *out,
                        Err *err)
{
    bool same = true;
    if (node->kind == NODE_MODEL && old.kind != VALUE_UNDEFINED)
        TRY(contract_compare(comparison->graph, node, old, &same, err));
    *out = !same || !same_contents(comparison, node, now, old) ||
           (node->kind != NODE_SOURCE && touches_macros(comparison, node));
    return true;
}

/* Has the kind a part to compare? What has not is never modified in it. */
static bool has_part(NodeKind kind, Aspect aspect)
{
    bool is_parsed = kind_is_node(kind) || kind == NODE_FUNCTION;
    switch (aspect) {
    case STATE_CONFIGS: return kind != NODE_UNIT_TEST;
    case STATE_RELATION: return is_parsed || kind == NODE_SOURCE;
    default: return is_parsed;
    }
}

static bool differs_in_part(Comparison *comparison, const Node *node, Aspect aspect, Value now,
                            Value old, bool *out, Err *err)
{
    *out = has_part(node->kind, aspect);
    if (!*out || old.kind == VALUE_UNDEFINED)
        return true;
    bool same = true;
    switch (aspect) {
    case STATE_BODY: same = same_body(node, now, old); break;
    case STATE_CONFIGS: same = same_config(node, now, old); break;
    case STATE_DESCRIPTIONS: same = same_descriptions(now, old); break;
    case STATE_RELATION: same = same_relation(comparison, node, now, old); break;
    default:
        if (node->kind == NODE_MODEL)
            TRY(contract_compare(comparison->graph, node, old, &same, err));
    }
    *out = !same;
    return true;
}

static bool fits(Comparison *comparison, const Node *node, Aspect aspect, bool *out, Err *err)
{
    Value old = old_of(comparison, node->unique_id);
    if (kind_is_own(node->kind)) { /* the manifest says nothing of them */
        *out = false;
        return true;
    }
    if (aspect == STATE_NEW || aspect == STATE_OLD) {
        *out = (old.kind == VALUE_UNDEFINED) == (aspect == STATE_NEW);
        return true;
    }
    if (aspect == STATE_MACROS) {
        *out = node->kind != NODE_SOURCE && touches_macros(comparison, node);
        return true;
    }
    arena_reset(&comparison->scratch);
    Value now = node_value(node, &comparison->scratch);
    if (aspect != STATE_MODIFIED && aspect != STATE_UNMODIFIED)
        return differs_in_part(comparison, node, aspect, now, old, out, err);
    TRY(is_modified(comparison, node, now, old, out, err));
    if (aspect == STATE_UNMODIFIED)
        *out = !*out;
    return true;
}

static const Node *find_disabled(const Project *project, Str id)
{
    for (uint32_t i = 0; i < project->disabled.len; i++)
        if (str_eq(project->disabled.at[i]->unique_id, id))
            return project->disabled.at[i];
    return NULL;
}

/* Models with a contract that are gone: never selected, but said. */
static bool check_removed(Comparison *comparison, Err *err)
{
    const Project *project = comparison->graph->project;
    Value nodes = value_get(comparison->state.manifest, "nodes"), key, old;
    uint32_t at = 0;
    while (dict_next(nodes.dict, &at, &key, &old)) {
        Str id = value_str(key);
        if (map_find(&project->by_id, id))
            continue;
        const Node *disabled = find_disabled(project, id);
        arena_reset(&comparison->scratch);
        if (disabled)
            old = node_value(disabled, &comparison->scratch);
        TRY(contract_compare_removed(comparison->graph, id, old, disabled != NULL, err));
    }
    return true;
}

bool comparison_select(Comparison *comparison, Str selector, const Bits *among, Bits *out, Err *err)
{
    Aspect aspect;
    TRY(find_aspect(selector, &aspect, err));
    uint32_t at = 0, i;
    while (bits_next(*among, &at, &i)) {
        bool is_meant;
        TRY(fits(comparison, comparison->graph->project->nodes.at[i], aspect, &is_meant, err));
        if (is_meant)
            bits_add(*out, i);
    }
    if (aspect == STATE_MODIFIED || aspect == STATE_UNMODIFIED || aspect == STATE_CONTRACT)
        return check_removed(comparison, err);
    return true;
}
