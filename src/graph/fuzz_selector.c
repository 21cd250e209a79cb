/* fuzz_selector.c: any bytes as --select words and, from the first NUL on, as a definition of
 * selectors.yml, on a small graph. */
#include "base/yaml.h"
#include "graph/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Node *add(Project *project, NodeKind kind, const char *name, Node *parent)
{
    Arena *arena = project->arena;
    Node *node = NEW(arena, Node);
    node->kind = kind;
    node->name = str_of(name);
    node->package = STR("p");
    node->unique_id = str_print(arena, "%s.p.%s", node_kind_name(kind), name);
    node->original_file_path = str_print(arena, "models/part/%s.sql", name);
    node->raw_code = STR("select 1");
    node->fqn = value_list(arena);
    array_add(node->fqn.list, value_lit("p"));
    array_add(node->fqn.list, value_lit("part"));
    array_add(node->fqn.list, value_text(node->name));
    node->tags = value_list(arena);
    array_add(node->tags.list, value_lit("daily"));
    node->config = value_dict(arena);
    dict_put(node->config.dict, STR("tags"), node->tags);
    node->is_enabled = true;
    list_add(arena, &project->nodes, node);
    map_put(&project->by_id, node->unique_id, node);
    if (parent) {
        RefCall ref = {parent->name, STR_NONE, NONE, NOWHERE};
        list_add(arena, &node->refs, ref);
    }
    return node;
}

static Graph *make_graph(Arena *arena, Value selectors)
{
    Project *project = NEW(arena, Project);
    project->arena = arena;
    project->flags = project->selectors = NONE;
    map_init(&project->by_id, arena);
    Package *package = NEW(arena, Package);
    package->name = STR("p");
    package->is_root = true;
    list_add(arena, &project->packages, package);
    project->project_dir = STR("/nowhere");
    project->selectors = selectors;
    Node *a = add(project, NODE_MODEL, "a", NULL);
    Node *b = add(project, NODE_MODEL, "b", a);
    add(project, NODE_TEST, "t", b);
    add(project, NODE_EXPOSURE, "e", b);
    Graph *graph = NULL;
    Err err = {0};
    bool is_done = graph_resolve(project, &graph, &err);
    assert(is_done);
    err_drop(&err);
    return graph;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena = {0};
    Err err = {0};
    Str all = {(const char *)data, size};
    ptrdiff_t nul = str_find_char(all, '\0');
    Str word = nul < 0 ? all : str_slice(all, 0, (size_t)nul);
    Value selectors = NONE;
    YamlDoc doc = {0};
    if (nul >= 0 &&
        yaml_parse(&arena, str_slice(all, (size_t)nul + 1, size), STR("s"), &doc, &err)) {
        selectors = value_dict(&arena);
        dict_put(selectors.dict, STR("x"), doc.root);
    }
    err_drop(&err);
    Graph *graph = make_graph(&arena, selectors);
    Selection selection = {.select = &word, .select_count = 1, .exclude = &word,
                           .exclude_count = size % 2};
    Bits bits;
    if (selector_apply(graph, &selection, UINT32_MAX, &bits, &err))
        assert(bits.size == graph->count);
    err_drop(&err);
    selection = (Selection){.selector = STR("x")};
    if (!selector_apply(graph, &selection, UINT32_MAX, &bits, &err))
        assert(err.kind != ERR_NONE);
    err_drop(&err);
    arena_drop(&arena);
    return 0;
}
