/* resolve.c: refs and sources -> nodes.
 *
 * In dbt's order, which decides the error that is shown and the order of depends_on.nodes:
 * sources of all nodes, then refs, then unit tests, metrics, functions.
 */
#include <ctype.h>

#include "graph/semantic.h"

bool graph_warn(Project *project, const char *name, const char *code, Err *err, const char *format,
                ...)
{
    AUTO(text) Text message = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&message, format, args);
    va_end(args);
    project->warning_count++;
    if (project->invocation && project->invocation->fails_on_warning)
        return err_set(err, ERR_COMPILATION, NOWHERE, STR_FMT, STR_ARG(text_str(&message)));
    event_say((Event){.name = name, .code = code, .level = LEVEL_WARN,
                      .message = text_copy(project->arena, &message)});
    return true;
}

static void add_parent(Arena *arena, Node *node, Node *parent)
{
    for (uint32_t i = 0; i < node->parents.len; i++)
        if (node->parents.at[i] == parent)
            return;
    if (!node->parents.cap) {
        uint32_t room = node->refs.len + node->sources.len + 1;
        node->parents.at = NEW_N(arena, Node *, room);
        node->parents.cap = room;
    }
    list_add(arena, &node->parents, parent);
}

/* A test whose target is gone stays in the manifest, switched off. */
static void switch_off(Arena *arena, Node *node)
{
    node->is_enabled = false;
    if (node->config.kind != VALUE_DICT)
        return;
    Dict *config = dict_make(arena, node->config.dict->len);
    uint32_t at = 0;
    Value key, value;
    while (dict_next(node->config.dict, &at, &key, &value))
        dict_put_keyed(config, key, value);
    dict_put(config, STR("enabled"), value_bool(false));
    node->config = value_of_dict(config);
    value_freeze(node->config);
}

/* ---- messages ---- */

/* What a call asked for and did not get. */
typedef struct Missing {
    const char *kind;             /* "node", "source", "metric", "function"                     */
    Str name, package;
    Value version;
    Place place;
    bool is_disabled;
    const Map *names;             /* for "did you mean"                                         */
} Missing;

/* "model" -> "Model", "sql_operation" -> "Sql_Operation": Python's title(). */
static Str title_of(NodeKind kind, char out[32])
{
    const char *name = node_kind_name(kind);
    size_t len = 0;
    for (; name[len] && len < 31; len++)
        out[len] = (char)(len == 0 || !isalpha((unsigned char)name[len - 1])
                              ? toupper((unsigned char)name[len])
                              : name[len]);
    return (Str){out, len};
}

static Str nearest_name(Arena *arena, const Missing *missing)
{
    if (missing->is_disabled || !missing->names)
        return STR_NONE;
    uint32_t count = 0, at = 0, room = map_len(missing->names);
    Str *names = NEW_N(arena, Str, (size_t)room + 1), key;
    void *what;
    while (map_next(missing->names, &at, &key, &what)) {
        const Node *node = ((const NameChain *)what)->first->node;
        names[count++] = node->kind == NODE_SOURCE
                             ? str_print(arena, STR_FMT "." STR_FMT, STR_ARG(node->source_name),
                                         STR_ARG(node->name))
                             : key;
    }
    return str_nearest(missing->name, names, count);
}

static bool fail_missing(const Node *node, const Missing *missing, Err *err)
{
    char title[32];
    AUTO(text) Text text = {0};
    text_print(&text, STR_FMT " '" STR_FMT "' (" STR_FMT ") depends on a %s named '" STR_FMT "' ",
               STR_ARG(title_of(node->kind, title)), STR_ARG(node->unique_id),
               STR_ARG(node->original_file_path), missing->kind, STR_ARG(missing->name));
    if (missing->version.kind > VALUE_NONE) {
        text_add_c(&text, "with version '");
        value_print(missing->version, &text);
        text_add_c(&text, "' ");
    }
    if (missing->package.len)
        text_print(&text, "in package or project '" STR_FMT "' ", STR_ARG(missing->package));
    text_add_c(&text, missing->is_disabled ? "which is disabled" : "which was not found");
    Arena scratch = {0};
    Str nearest = nearest_name(&scratch, missing);
    if (nearest.len)
        text_print(&text, "\nDid you mean '" STR_FMT "'?", STR_ARG(nearest));
    else if (!missing->is_disabled)
        text_print(&text, "\nThere is no %s with a name near to it; `weir ls` shows what there is",
                   missing->kind);
    arena_drop(&scratch);
    bool is_declared = node->kind == NODE_METRIC || node->kind == NODE_SAVED_QUERY ||
                       node->kind == NODE_SEMANTIC_MODEL;
    Place place = missing->place.line ? missing->place
                  : is_declared       ? (Place){node->file, (int)node->line, 1}
                                      : (Place){node->original_file_path, 0, 0};
    return err_set_in(err, ERR_COMPILATION, place, is_declared ? node->raw_code : STR_NONE, STR_FMT,
                      STR_ARG(text_str(&text)));
}

/* Tests are switched off with a warning, anything else fails. */
static bool miss(Project *project, Node *node, const Missing *missing, Err *err)
{
    if (node->kind != NODE_TEST)
        return fail_missing(node, missing, err);
    switch_off(project->arena, node);
    if (missing->is_disabled && !str_is(str_of(missing->kind), "source")) {
        event_print(LEVEL_DEBUG, "InvalidDisabledTargetInTestNode", "I050",
                    "Test '" STR_FMT "' (" STR_FMT ") depends on a %s named '" STR_FMT
                    "' which is disabled",
                    STR_ARG(node->unique_id), STR_ARG(node->original_file_path), missing->kind,
                    STR_ARG(missing->name));
        return true;
    }
    if (missing->is_disabled)
        return graph_warn(project, "InvalidDisabledTargetInTestNode", "I050", err,
                          "Test '" STR_FMT "' (" STR_FMT ") depends on a %s named '" STR_FMT
                          "' which is disabled",
                          STR_ARG(node->unique_id), STR_ARG(node->original_file_path),
                          missing->kind, STR_ARG(missing->name));
    return graph_warn(project, "NodeNotFoundOrDisabled", "I060", err,
                      "Test '" STR_FMT "' (" STR_FMT ") depends on a %s named '" STR_FMT
                      "' in package '" STR_FMT "' which was not found",
                      STR_ARG(node->unique_id), STR_ARG(node->original_file_path), missing->kind,
                      STR_ARG(missing->name), STR_ARG(missing->package));
}

static bool fail_ambiguous(const Node *node, const RefCall *ref, const Found *found, Err *err)
{
    const Node *a = found->node, *b = found->twin->node;
    Place place = ref->place.line ? ref->place : (Place){node->original_file_path, 0, 0};
    return err_set(err, ERR_COMPILATION, place,
                   "When referencing '" STR_FMT "', dbt found nodes in multiple packages: '" STR_FMT
                   "', '" STR_FMT "'\nTo fix this, use two-argument 'ref', with the package name "
                   "first: '" STR_FMT "' or '" STR_FMT "'",
                   STR_ARG(ref->name), STR_ARG(a->unique_id), STR_ARG(b->unique_id),
                   STR_ARG(a->package), STR_ARG(b->package));
}

/* ---- one node ---- */

static bool resolve_sources(Graph *graph, Node *node, Err *err)
{
    Project *project = graph->project;
    if (!node->sources.len)
        return true;
    node->source_nodes.at = NEW_N(project->arena, Node *, node->sources.len);
    node->source_nodes.len = node->source_nodes.cap = node->sources.len;
    for (uint32_t i = 0; i < node->sources.len; i++) {
        const SourceCall *call = &node->sources.at[i];
        Found found = index_find_source(graph->index, node->package, call->source, call->table);
        node->source_nodes.at[i] = found.node;
        if (found.node) {
            add_parent(project->arena, node, found.node);
            continue;
        }
        Missing missing = {.kind = "source",
                           .name = str_print(project->arena, STR_FMT "." STR_FMT,
                                             STR_ARG(call->source), STR_ARG(call->table)),
                           .version = NONE,
                           .place = call->place,
                           .is_disabled = found.is_disabled,
                           .names = &graph->index->sources};
        TRY(miss(project, node, &missing, err));
    }
    return true;
}

static bool warn_of_root(Graph *graph, const Node *node, const Node *target, const RefCall *ref,
                         Err *err)
{
    Str root = graph->index->root_package;
    if (graph->index->searches_own_first || str_eq(node->package, root) ||
        !str_eq(target->package, root) || str_eq(ref->package, root))
        return true;
    return graph_warn(graph->project, "PackageNodeDependsOnRootProjectNode", "I077", err,
                      "The node '" STR_FMT "'in package '" STR_FMT
                      "' depends on the root project node '" STR_FMT
                      "'. A package that needs its user's nodes can end in a cycle; the flag "
                      "'require_ref_searches_node_package_before_root' makes it search its own "
                      "nodes first.",
                      STR_ARG(node->name), STR_ARG(node->package), STR_ARG(target->unique_id));
}

static bool resolve_refs(Graph *graph, Node *node, Err *err)
{
    Project *project = graph->project;
    if (!node->refs.len)
        return true;
    node->ref_nodes.at = NEW_N(project->arena, Node *, node->refs.len);
    node->ref_nodes.len = node->ref_nodes.cap = node->refs.len;
    for (uint32_t i = 0; i < node->refs.len; i++) {
        const RefCall *ref = &node->refs.at[i];
        Found found = index_find_ref(graph->index, node->package, ref);
        if (found.twin)
            return fail_ambiguous(node, ref, &found, err);
        node->ref_nodes.at[i] = found.node;
        if (!found.node) {
            Missing missing = {"node",     ref->name,         ref->package,        ref->version,
                               ref->place, found.is_disabled, &graph->index->refs};
            TRY(miss(project, node, &missing, err));
            continue;
        }
        TRY(access_check_ref(project, node, found.node, err));
        TRY(warn_of_root(graph, node, found.node, ref, err));
        add_parent(project->arena, node, found.node);
    }
    return true;
}

/* node->metrics, node->functions: lists of [name] or [package, name]. */
static bool resolve_named(Graph *graph, Node *node, NodeKind kind, Value calls, Err *err)
{
    for (uint32_t i = 0; calls.kind == VALUE_LIST && i < calls.list->len; i++) {
        Value call = calls.list->at[i];
        if ((call.kind != VALUE_LIST && call.kind != VALUE_TUPLE) || !call.list->len)
            continue;
        uint32_t count = call.list->len;
        Str name = value_str(call.list->at[count - 1]);
        Str package = count > 1 ? value_str(call.list->at[0]) : STR_NONE;
        Found found = index_find_named(graph->index, kind, node->package, package, name);
        if (found.node) {
            add_parent(graph->project->arena, node, found.node);
            continue;
        }
        Missing missing = {.kind = kind == NODE_METRIC ? "metric" : "function",
                           .name = name,
                           .package = package,
                           .version = NONE,
                           .is_disabled = found.is_disabled,
                           .names = kind == NODE_METRIC ? &graph->index->metrics
                                                        : &graph->index->functions};
        TRY(miss(graph->project, node, &missing, err));
    }
    return true;
}

static bool resolve_tested(Graph *graph, Node *node, Err *err)
{
    Str model = value_get_text(node->extra, "model", STR_NONE);
    Found found = node->attached ? (Found){.node = node->attached} /* of that version */
                                 : index_find_tested(graph->index, node->package, model);
    if (!found.node && !found.is_disabled)
        return err_set(err, ERR_PARSING, (Place){node->original_file_path, (int)node->line, 0},
                       "Unable to find model '" STR_FMT "." STR_FMT "' for unit test '" STR_FMT
                       "' in " STR_FMT,
                       STR_ARG(node->package), STR_ARG(model), STR_ARG(node->name),
                       STR_ARG(node->original_file_path));
    if (!found.node) {
        switch_off(graph->project->arena, node);
        return true;
    }
    add_parent(graph->project->arena, node, found.node);
    node->schema = found.node->schema;
    return true;
}

/* ---- the whole project ---- */

/* Unit tests of disabled models go to the disabled nodes. */
static void move_disabled_unit_tests(Project *project)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        Node *node = project->nodes.at[i];
        if (node->kind == NODE_UNIT_TEST && !node->is_enabled) {
            list_add(project->arena, &project->disabled, node);
            dict_remove(project->by_id.dict, value_text(node->unique_id));
        } else {
            project->nodes.at[kept++] = node;
        }
    }
    project->nodes.len = kept;
}

/* A source waits for the load that fills it, a load for its parent resource. The sources of a drop
 * wait for its verdict, too. */
static void resolve_declared(Project *project, Node *node)
{
    if (node->kind != NODE_INGEST)
        return;
    Arena *arena = project->arena;
    const Declared *declared = node->declared;
    if (declared->fills)
        add_parent(arena, declared->fills, node);
    if (declared->parent)
        add_parent(arena, node, declared->parent);
    if (declared->after)
        add_parent(arena, node, declared->after);
    for (uint32_t i = 0; i < declared->merges.len; i++) {
        Node *merge = declared->merges.at[i];
        if (declared->stage == STAGE_SUMMARY)
            add_parent(arena, node, merge);
        else if (declared->stage == STAGE_CHECK)
            add_parent(arena, merge->declared->fills, node);
    }
}

static bool resolve_all(Graph *graph, Err *err)
{
    Project *project = graph->project;
    uint32_t count = project->nodes.len;
    for (uint32_t i = 0; i < count; i++)
        TRY(resolve_sources(graph, project->nodes.at[i], err));
    for (uint32_t i = 0; i < count; i++)
        if (project->nodes.at[i]->kind != NODE_SEED)
            TRY(resolve_refs(graph, project->nodes.at[i], err));
    for (uint32_t i = 0; i < count; i++)
        resolve_declared(project, project->nodes.at[i]);
    for (uint32_t i = 0; i < count; i++)
        if (project->nodes.at[i]->kind == NODE_UNIT_TEST)
            TRY(resolve_tested(graph, project->nodes.at[i], err));
    TRY(semantic_resolve(graph, err));
    for (uint32_t i = 0; i < count; i++)
        TRY(resolve_named(graph, project->nodes.at[i], NODE_METRIC, project->nodes.at[i]->metrics,
                          err));
    for (uint32_t i = 0; i < count; i++)
        TRY(resolve_named(graph, project->nodes.at[i], NODE_FUNCTION,
                          project->nodes.at[i]->functions, err));
    return access_check_nodes(project, err);
}

bool graph_resolve(Project *project, Graph **out, Err *err)
{
    Graph *graph = NEW(project->arena, Graph);
    graph->project = project;
    graph->index = index_make(project);
    TRY(resolve_all(graph, err));
    move_disabled_unit_tests(project);
    TRY(order_make(graph, err));
    TRY(semantic_check(graph, err));
    graph->index->views = NEW_N(project->arena, NodeView, (size_t)graph->count + 1);
    graph->index->group_views = NEW_N(project->arena, Value, (size_t)project->groups.len + 1);
    *out = graph;
    return true;
}

bool graph_resolve_node(Graph *graph, Node *node, Err *err)
{
    TRY(resolve_sources(graph, node, err));
    TRY(resolve_refs(graph, node, err));
    TRY(resolve_named(graph, node, NODE_METRIC, node->metrics, err));
    return resolve_named(graph, node, NODE_FUNCTION, node->functions, err);
}
