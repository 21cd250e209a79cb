/* checks.c: what can only be checked when all nodes are there: doubles, configs nobody uses. */
#include "project/load.h"

static Place place_of(const Node *node)
{
    return (Place){node->file, (int)node->line, node->line ? 1 : 0};
}

static const char *plural_of(NodeKind kind)
{
    switch (kind) {
    case NODE_ANALYSIS: return "analyses";
    case NODE_TEST: return "data_tests";
    case NODE_SAVED_QUERY: return "saved_queries";
    case NODE_MODEL: return "models";
    case NODE_SEED: return "seeds";
    case NODE_SNAPSHOT: return "snapshots";
    case NODE_SOURCE: return "sources";
    case NODE_EXPOSURE: return "exposures";
    case NODE_METRIC: return "metrics";
    case NODE_UNIT_TEST: return "unit_tests";
    case NODE_FUNCTION: return "functions";
    case NODE_SEMANTIC_MODEL: return "semantic_models";
    default: return "resources";
    }
}

/* What a reader would write to reach the node. */
static Str reach_of(Arena *arena, const Node *node)
{
    if (node->kind == NODE_MODEL || node->kind == NODE_SEED || node->kind == NODE_SNAPSHOT)
        return str_print(arena, "looking for ref(\"" STR_FMT "\")", STR_ARG(node->name));
    if (node->kind == NODE_SOURCE)
        return str_print(arena, "looking for source(\"" STR_FMT "\", \"" STR_FMT "\")",
                         STR_ARG(node->source_name), STR_ARG(node->name));
    if (node->kind == NODE_TEST)
        return STR("running tests");
    return str_print(arena, "looking for " STR_FMT, STR_ARG(node->name));
}

static bool fail_double(Arena *arena, const Node *first, const Node *second, Err *err)
{
    Str name = first->name;
    if (first->kind == NODE_SOURCE)
        name = str_print(arena, STR_FMT "." STR_FMT, STR_ARG(first->source_name),
                         STR_ARG(first->name));
    return err_set(err, ERR_COMPILATION, place_of(second),
                   "dbt found two %s with the name \"" STR_FMT
                   "\".\n\nSince these resources have the same name, dbt will be unable to find "
                   "the correct resource\nwhen " STR_FMT
                   ".\n\nTo fix this, change the name of one of these resources:\n- " STR_FMT
                   " (" STR_FMT ")\n- " STR_FMT " (" STR_FMT ")",
                   plural_of(first->kind), STR_ARG(name), STR_ARG(reach_of(arena, first)),
                   STR_ARG(first->unique_id), STR_ARG(first->original_file_path),
                   STR_ARG(second->unique_id), STR_ARG(second->original_file_path));
}

static bool check_ids(Loader *loader, Err *err)
{
    Project *project = loader->project;
    map_init(&project->by_id, project->arena);
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        Node *node = project->nodes.at[i], *twin = map_find(&project->by_id, node->unique_id);
        if (twin)
            return fail_double(loader->arena, twin, node, err);
        map_put(&project->by_id, node->unique_id, node);
    }
    return true;
}

/* Drops of several partners may bring rows of one table. */
static bool may_share(const Node *a, const Node *b)
{
    return a->declared && b->declared && a->declared->stage == STAGE_MERGE &&
           b->declared->stage == STAGE_MERGE;
}

/* Two nodes of one relation; two of one name and different kinds. */
static bool check_relations(Loader *loader, Err *err)
{
    Project *project = loader->project;
    Arena scratch = {0};
    Map relations, names;
    map_init(&relations, &scratch);
    map_init(&names, &scratch);
    bool ok = true;
    for (uint32_t i = 0; ok && i < project->nodes.len; i++) {
        Node *node = project->nodes.at[i];
        bool is_relational = node->relation_name.len && node->kind != NODE_SOURCE;
        if (!is_relational)
            continue;
        const Node *twin = map_find(&relations, node->relation_name);
        if (twin && !may_share(twin, node))
            ok = err_set(err, ERR_COMPILATION, place_of(node),
                         "dbt found two resources with the database representation \"" STR_FMT
                         "\".\ndbt cannot create two resources with identical database "
                         "representations. To fix this,\nchange the configuration of one of these "
                         "resources:\n- " STR_FMT " (" STR_FMT ")\n- " STR_FMT " (" STR_FMT ")",
                         STR_ARG(node->relation_name), STR_ARG(twin->unique_id),
                         STR_ARG(twin->original_file_path), STR_ARG(node->unique_id),
                         STR_ARG(node->original_file_path));
        map_put(&relations, node->relation_name, node);
        if (node->kind == NODE_TEST || !value_is_none(node->version))
            continue;
        twin = map_find(&names, node->name);
        if (twin && ok && str_eq(twin->package, node->package))
            loader_warn(&loader->workers[0], UINT32_MAX - 1,
                        "DuplicateNameDistinctNodeTypesDeprecation", "D039",
                        "Found resources with the same name '" STR_FMT "' in package '" STR_FMT
                        "': '" STR_FMT "' and '" STR_FMT
                        "'. Please update one of the resources to have a unique name.",
                        STR_ARG(node->name), STR_ARG(node->package), STR_ARG(twin->unique_id),
                        STR_ARG(node->unique_id));
        map_put(&names, node->name, node);
    }
    arena_drop(&scratch);
    return ok;
}

/* ---- snapshots ---- */

static bool fail_snapshot(const Node *node, Err *err, const char *text)
{
    return err_set(err, ERR_PARSING, place_of(node), "%s", text);
}

static bool check_snapshot(const Node *node, Err *err)
{
    Value strategy = node_config(node, "strategy"), columns = node_config(node, "check_cols");
    if (!value_truth(strategy) || !value_truth(node_config(node, "unique_key")))
        return fail_snapshot(node, err,
                             "Snapshots must be configured with a 'strategy' and 'unique_key'.");
    if (value_is(strategy, "check")) {
        if (!value_truth(columns))
            return fail_snapshot(node, err,
                                 "A snapshot configured with the check strategy must specify a "
                                 "check_cols configuration.");
        if (value_is_text(columns) && !value_is(columns, "all"))
            return fail_snapshot(node, err,
                                 "Invalid value for 'check_cols'. Expected 'all' or a list of "
                                 "strings.");
    } else if (value_is(strategy, "timestamp")) {
        if (!value_truth(node_config(node, "updated_at")))
            return fail_snapshot(node, err,
                                 "A snapshot configured with the timestamp strategy must specify "
                                 "an updated_at configuration.");
        if (value_truth(columns))
            return fail_snapshot(node, err, "A 'timestamp' snapshot should not have 'check_cols'");
    }
    if (!str_is(node_materialized(node), "snapshot"))
        return fail_snapshot(node, err, "A snapshot must have a materialized value of 'snapshot'");
    return true;
}

/* ---- names, groups ---- */

static bool check_group(const Loader *loader, const Node *node, Err *err)
{
    const Project *project = loader->project;
    List(Str) names = {0};
    for (uint32_t i = 0; i < project->groups.len; i++) {
        if (str_eq(project->groups.at[i]->name, node->group))
            return true;
        list_add(loader->arena, &names, project->groups.at[i]->name);
    }
    AUTO(text) Text shown = {0};
    for (uint32_t i = 0; i < names.len; i++)
        text_print(&shown, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(names.at[i]));
    Str near = str_nearest(node->group, names.at, names.len);
    return err_set(err, ERR_PARSING, place_of(node),
                   "Invalid group '" STR_FMT "', expected one of [" STR_FMT "]%s" STR_FMT "%s",
                   STR_ARG(node->group), STR_ARG(text_str(&shown)),
                   near.len ? "\nDid you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

/* Names with blanks: an error since dbt 1.10, a warning for who says so in `flags`. */
static bool check_blanks(Loader *loader, Err *err)
{
    const Project *project = loader->project;
    AUTO(text) Text shown = {0};
    const Node *first = NULL;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        bool is_checked = node->kind != NODE_SOURCE && node->kind != NODE_EXPOSURE &&
                          node->kind != NODE_UNIT_TEST;
        if (!is_checked || str_find_char(node->name, ' ') < 0)
            continue;
        first = first ? first : node;
        text_print(&shown, "\n  * '" STR_FMT "' (" STR_FMT ")", STR_ARG(node->unique_id),
                   STR_ARG(node->original_file_path));
    }
    if (!first)
        return true;
    Value flag = value_get(project->flags, "require_resource_names_without_spaces");
    if (value_is_bool(flag) && !flag.is_true) {
        loader_warn(&loader->workers[0], UINT32_MAX, "ResourceNamesWithSpacesDeprecation", "D014",
                    "Resource names with spaces are deprecated:" STR_FMT,
                    STR_ARG(text_str(&shown)));
        return true;
    }
    return err_set(err, ERR_PARSING, place_of(first),
                   "Resource names cannot contain spaces:" STR_FMT
                   "\nPlease rename them, so that no name contains a space.",
                   STR_ARG(text_str(&shown)));
}

static bool check_nodes(Loader *loader, Err *err)
{
    const Project *project = loader->project;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        if (node->group.len && node->kind != NODE_TEST)
            TRY(check_group(loader, node, err));
        if (node->kind == NODE_SNAPSHOT)
            TRY(check_snapshot(node, err));
    }
    return true;
}

/* ---- configs of dbt_project.yml that reach no node ---- */

typedef struct Unused {
    Loader *loader;
    const char *tree;
    Str path[32];
    uint32_t depth, count;
    Text text;
} Unused;

static bool is_reached(const Unused *unused, const Node *node)
{
    const Array *fqn = node->fqn.list;
    if (unused->depth > fqn->len)
        return false;
    for (uint32_t i = 0; i < unused->depth; i++)
        if (!str_eq(value_str(fqn->at[i]), unused->path[i]))
            return false;
    return true;
}

static bool has_tree(const Node *node, const char *tree)
{
    static const struct {
        NodeKind kind;
        const char *tree;
    } trees[] = {
        {NODE_MODEL, "models"},       {NODE_ANALYSIS, "models"},     {NODE_OPERATION, "models"},
        {NODE_SEED, "seeds"},         {NODE_SNAPSHOT, "snapshots"},  {NODE_SOURCE, "sources"},
        {NODE_TEST, "data_tests"},    {NODE_EXPOSURE, "exposures"},  {NODE_METRIC, "metrics"},
        {NODE_UNIT_TEST, "unit_tests"}, {NODE_FUNCTION, "functions"}};
    for (uint32_t i = 0; i < COUNT_OF(trees); i++)
        if (trees[i].kind == node->kind && str_is(str_of(trees[i].tree), tree))
            return true;
    return false;
}

static void note_if_unused(Unused *unused)
{
    const Project *project = unused->loader->project;
    for (uint32_t i = 0; i < project->nodes.len; i++)
        if (has_tree(project->nodes.at[i], unused->tree) &&
            is_reached(unused, project->nodes.at[i]))
            return;
    for (uint32_t i = 0; i < project->disabled.len; i++)
        if (has_tree(project->disabled.at[i], unused->tree) &&
            is_reached(unused, project->disabled.at[i]))
            return;
    unused->count++;
    text_print(&unused->text, "\n- %s", unused->tree);
    for (uint32_t i = 0; i < unused->depth; i++)
        text_print(&unused->text, "." STR_FMT, STR_ARG(unused->path[i]));
}

static void walk_configs(Unused *unused, const Dict *level)
{
    bool has_config = false;
    Value key, value;
    for (uint32_t at = 0; dict_next(level, &at, &key, &value);) {
        Str name = value_str(key);
        bool is_folder = value.kind == VALUE_DICT && name.len && name.at[0] != '+';
        if (is_folder && unused->depth < COUNT_OF(unused->path)) {
            unused->path[unused->depth++] = name;
            walk_configs(unused, value.dict);
            unused->depth--;
        }
        has_config |= !is_folder;
    }
    if (has_config && unused->depth)
        note_if_unused(unused);
}

static void warn_unused(Loader *loader)
{
    static const char *const trees[] = {"models", "seeds", "snapshots", "sources", "data_tests",
                                        "exposures", "unit_tests", "functions"};
    Unused unused = {.loader = loader};
    for (uint32_t i = 0; i < COUNT_OF(trees); i++) {
        Value tree = value_get(loader->project->packages.at[0]->config, trees[i]);
        unused.tree = trees[i];
        if (tree.kind == VALUE_DICT)
            walk_configs(&unused, tree.dict);
    }
    if (unused.count)
        loader_warn(&loader->workers[0], UINT32_MAX, "UnusedResourceConfigPath", "I045",
                    "Configuration paths exist in your dbt_project.yml file which do not apply to "
                    "any resources.\nThere are %u unused configuration paths:" STR_FMT,
                    unused.count, STR_ARG(text_str(&unused.text)));
    text_drop(&unused.text);
}

bool checks_run(Loader *loader, Err *err)
{
    TRY(check_ids(loader, err));
    TRY(check_relations(loader, err));
    TRY(check_nodes(loader, err));
    TRY(check_microbatch(loader, err));
    TRY(check_freshness(loader, err));
    TRY(check_blanks(loader, err));
    warn_unused(loader);
    return true;
}
