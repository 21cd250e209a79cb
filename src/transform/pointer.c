/* pointer.c: the view beside the latest version of a model: `dim` for dim_v2, when
 * latest_version_pointer asks for one. Behaviour: dbt-core 1.12.6. */
#include "transform/run.h"

static bool is_wanted(const Node *node, const Project *project)
{
    if (node->kind != NODE_MODEL || node->version.kind <= VALUE_NONE ||
        !value_equal(node->version, node->latest_version))
        return false;
    Value enabled = value_get(node_config(node, "latest_version_pointer"), "enabled");
    if (!value_is_bool(enabled))
        enabled = value_get(project->flags, "latest_version_pointer_enabled_by_default");
    return value_is_bool(enabled) && enabled.is_true;
}

static bool find_alias(NodeRun *run, Str *out, Err *err)
{
    const Node *node = run->node;
    Value custom = value_get(node_config(node, "latest_version_pointer"), "alias"), found;
    MacroEntry *entry = library_find(run->runner->project->library, STR_NONE,
                                     STR("generate_latest_version_pointer_alias"));
    *out = value_truth(custom) ? str_trim(value_str(custom)) : node->name;
    if (!entry)
        return true;
    Value args[2] = {value_truth(custom) ? value_text(*out) : NONE, node_value(node, run->arena)};
    TRY(context_call(&run->context, entry, args, 2, &found, err));
    AUTO(text) Text shown = {0};
    value_print(found, &shown);
    *out = str_copy(run->arena, str_trim(text_str(&shown)));
    return true;
}

/* The model under another name, reading from itself, without hooks and comments. */
static Node *make_node(NodeRun *run, Str alias)
{
    Arena *arena = run->arena;
    const Node *of = run->node;
    Node *node = NEW(arena, Node);
    *node = *of;
    node->alias = alias;
    node->unique_id = str_print(arena, STR_FMT "__latest_version_pointer",
                                STR_ARG(of->unique_id));
    node->raw_code = str_print(arena, "select * from " STR_FMT, STR_ARG(of->relation_name));
    node->template = NULL;
    node->config = value_copy_shallow_text(arena, of->config);
    dict_put(node->config.dict, STR("pre-hook"), value_list(arena));
    dict_put(node->config.dict, STR("post-hook"), value_list(arena));
    dict_put(node->config.dict, STR("persist_docs"), value_dict(arena));
    Compiled *compiled = NEW(arena, Compiled);
    compiled->code = compiled->bare = node->raw_code;
    compiled->extra_ctes = value_list(arena);
    node->compiled = compiled;
    AUTO(text) Text shown = {0};
    value_print(value_of_object((Object *)node_relation(node, arena)), &shown);
    node->relation_name = text_copy(arena, &shown);
    return node;
}

bool pointer_make(NodeRun *run, Err *err)
{
    const Node *node = run->node;
    if (!is_wanted(node, run->runner->project))
        return true;
    Str alias;
    TRY(find_alias(run, &alias, err));
    if (str_eq(alias, node->alias))
        return err_set(err, ERR_RUNTIME, (Place){node->original_file_path, 0, 0},
                       "Cannot create latest version pointer: the latest version of '" STR_FMT
                       "' is already aliased to '" STR_FMT
                       "'. Set `latest_version_pointer: enabled: false` or remove the "
                       "conflicting alias.",
                       STR_ARG(node->name), STR_ARG(alias));
    NodeRun pointer = {0};
    node_run_init(&pointer, run->runner, make_node(run, alias), run->conn, run->arena);
    return run_materialization(&pointer, STR("view"), err);
}
