/* graph_help_test.c: projects by hand. */
#include "graph/graph_help_test.h"

static char said[4096];

static void take(void *context, const Event *event)
{
    (void)context;
    size_t len = strlen(said), more = strlen(event->name);
    if (len + more + 2 < sizeof said) {
        memcpy(said + len, event->name, more);
        said[len + more] = ' ';
        said[len + more + 1] = '\0';
    }
}

void events_watch(void)
{
    said[0] = '\0';
    event_clear_sinks();
    event_add_sink((EventSink){NULL, take});
}

unsigned events_count(const char *name)
{
    unsigned count = 0;
    for (const char *at = said; (at = strstr(at, name)); at += strlen(name))
        count++;
    return count;
}

Package *package_by_hand(Project *project, const char *name)
{
    Package *package = NEW(project->arena, Package);
    package->name = str_of(name);
    package->is_root = project->packages.len == 0;
    package->config = value_dict(project->arena);
    list_add(project->arena, &project->packages, package);
    return package;
}

Project *project_by_hand(Arena *arena)
{
    Project *project = NEW(arena, Project);
    project->arena = arena;
    Invocation *invocation = NEW(arena, Invocation);
    *invocation = (Invocation){.id = STR("11111111-2222-4333-8444-555555555555"),
                               .started_at_us = 1700000000000000,
                               .which = STR("parse"),
                               .args = value_dict(arena),
                               .cli_vars = value_dict(arena),
                               .metadata_env = value_dict(arena)};
    project->invocation = invocation;
    project->selectors = NONE;
    project->flags = value_dict(arena);
    project->profile.type = STR("duckdb");
    project->project_dir = STR("/nowhere");
    project->target_path = STR("target");
    map_init(&project->by_id, arena);
    project->library = library_make(arena, STR("shop"), (Str[]){STR("duckdb"), STR("default")}, 2);
    library_freeze(project->library, (Str[]){STR("shop")}, 1);
    package_by_hand(project, "shop");
    return project;
}

Node *node_by_hand(Project *project, NodeKind kind, const char *package, const char *name)
{
    Arena *arena = project->arena;
    Node *node = NEW(arena, Node);
    node->kind = kind;
    node->index = project->nodes.len;
    node->name = str_copy(arena, str_of(name));
    node->package = str_copy(arena, str_of(package));
    node->unique_id = str_print(arena, "%s.%s.%s", node_kind_name(kind), package, name);
    node->path = str_print(arena, "%s.sql", name);
    node->original_file_path = str_print(arena, "models/%s.sql", name);
    node->file = node->original_file_path;
    node->raw_code = STR("select 1");
    node->language = STR("sql");
    node->fqn = value_list(arena);
    array_add(node->fqn.list, value_text(node->package));
    array_add(node->fqn.list, value_text(node->name));
    Value *dicts[] = {&node->config, &node->unrendered_config, &node->config_call_dict,
                      &node->unrendered_config_call_dict, &node->meta, &node->docs, &node->columns,
                      &node->contract, &node->extra};
    for (size_t i = 0; i < COUNT_OF(dicts); i++)
        *dicts[i] = value_dict(arena);
    Value *lists[] = {&node->tags, &node->constraints, &node->metrics, &node->functions,
                      &node->doc_blocks, &node->primary_key};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        *lists[i] = value_list(arena);
    node->version = node->latest_version = node->deprecation_date = node->test_metadata = NONE;
    node->template_context = NONE;
    node->is_enabled = true;
    list_add(arena, &project->nodes, node);
    map_put(&project->by_id, node->unique_id, node);
    return node;
}

void ref_by_hand(Project *project, Node *node, const char *target)
{
    Str name = str_copy(project->arena, str_of(target)), package = STR_NONE;
    ptrdiff_t dot = str_find_char(name, '.');
    if (dot >= 0) {
        package = str_slice(name, 0, (size_t)dot);
        name = str_slice(name, (size_t)dot + 1, name.len);
    }
    RefCall ref = {name, package, NONE, {node->original_file_path, 3, 7}};
    list_add(project->arena, &node->refs, ref);
}

void source_by_hand(Project *project, Node *node, const char *source, const char *table)
{
    SourceCall call = {str_of(source), str_of(table), {node->original_file_path, 2, 1}};
    list_add(project->arena, &node->sources, call);
}
