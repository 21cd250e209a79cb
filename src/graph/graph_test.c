/* graph_test.c: resolving, order, cycles, the manifest, the template variable, earlier manifests;
 * on projects made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/process.h"
#include "graph/graph_help_test.h"

static Arena arena;
static Project *project;
static Err err;

static int begin(void **state)
{
    (void)state;
    events_watch();
    project = project_by_hand(&arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    err_drop(&err);
    arena_drop(&arena);
    return 0;
}

static Node *model(const char *name)
{
    return node_by_hand(project, NODE_MODEL, "shop", name);
}

static Graph *resolve(void)
{
    Graph *graph = NULL;
    if (!graph_resolve(project, &graph, &err))
        fail_msg("%s", err.text);
    return graph;
}

static void assert_fails(ErrKind kind, const char *text)
{
    Graph *graph = NULL;
    assert_false(graph_resolve(project, &graph, &err));
    assert_null(graph);
    assert_int_equal(err.kind, kind);
    assert_string_equal(err.text, text);
}

/* ---- resolving ---- */

static void test_edges_and_order(void **state)
{
    (void)state;
    Node *c = model("c"), *b = model("b"), *a = model("a");
    Node *source = node_by_hand(project, NODE_SOURCE, "shop", "t");
    source->source_name = STR("s");
    ref_by_hand(project, c, "b");
    ref_by_hand(project, c, "a");
    ref_by_hand(project, c, "b");
    ref_by_hand(project, b, "a");
    ref_by_hand(project, b, "a");
    source_by_hand(project, b, "s", "t");
    Graph *graph = resolve();
    assert_int_equal(graph->count, 4);
    assert_int_equal(c->parents.len, 2);
    assert_ptr_equal(c->parents.at[0], b);
    assert_ptr_equal(c->ref_nodes.at[2], b);
    assert_ptr_equal(b->parents.at[0], source); /* sources come first */
    assert_ptr_equal(b->parents.at[1], a);
    const uint32_t order[] = {2, 3, 1, 0}, depth[] = {2, 1, 0, 0};
    assert_memory_equal(graph->order, order, sizeof order);
    assert_memory_equal(graph->depth, depth, sizeof depth);
    assert_int_equal(graph->child_start[3] - graph->child_start[2], 2);
    assert_int_equal(graph->children[graph->child_start[2]], 0);
    assert_int_equal(graph->children[graph->child_start[2] + 1], 1);
}

static void test_packages(void **state)
{
    (void)state;
    package_by_hand(project, "one");
    package_by_hand(project, "two");
    Node *own = node_by_hand(project, NODE_MODEL, "one", "x");
    Node *root = model("x");
    Node *a = node_by_hand(project, NODE_MODEL, "one", "a");
    ref_by_hand(project, a, "x");
    Node *b = model("b");
    ref_by_hand(project, b, "one.x");
    Node *far = node_by_hand(project, NODE_MODEL, "two", "far");
    ref_by_hand(project, b, "far");
    resolve();
    assert_ptr_equal(a->ref_nodes.at[0], root); /* dbt's default: the root project first */
    assert_int_equal(events_count("PackageNodeDependsOnRootProjectNode"), 1);
    assert_ptr_equal(b->ref_nodes.at[0], own);
    assert_ptr_equal(b->ref_nodes.at[1], far);
    dict_put(project->flags.dict, STR("require_ref_searches_node_package_before_root"),
             value_bool(true));
    a->parents.len = b->parents.len = 0;
    resolve();
    assert_ptr_equal(a->ref_nodes.at[0], own);
}

static void test_ambiguous(void **state)
{
    (void)state;
    node_by_hand(project, NODE_MODEL, "one", "x");
    node_by_hand(project, NODE_MODEL, "two", "x");
    ref_by_hand(project, model("a"), "x");
    assert_fails(ERR_COMPILATION,
                 "When referencing 'x', dbt found nodes in multiple packages: 'model.one.x', "
                 "'model.two.x'\nTo fix this, use two-argument 'ref', with the package name first: "
                 "'one' or 'two'");
}

static void test_versions(void **state)
{
    (void)state;
    Node *one = model("dim"), *two = model("dim");
    one->version = value_int(1);
    two->version = value_int(2);
    one->latest_version = two->latest_version = value_int(1);
    Node *a = model("a");
    ref_by_hand(project, a, "dim");
    ref_by_hand(project, a, "dim");
    ref_by_hand(project, a, "dim");
    a->refs.at[1].version = value_int(2);
    a->refs.at[2].version = value_lit("1");
    resolve();
    assert_ptr_equal(a->ref_nodes.at[0], one);
    assert_ptr_equal(a->ref_nodes.at[1], two);
    assert_ptr_equal(a->ref_nodes.at[2], one);
    a->refs.at[1].version = value_int(3);
    a->parents.len = 0;
    assert_fails(ERR_COMPILATION,
                 "Model 'model.shop.a' (models/a.sql) depends on a node named 'dim' with version "
                 "'3' which was not found\nDid you mean 'dim'?");
}

static void test_missing(void **state)
{
    (void)state;
    model("orders");
    ref_by_hand(project, model("a"), "ordrs");
    assert_fails(ERR_COMPILATION, "Model 'model.shop.a' (models/a.sql) depends on a node named "
                                  "'ordrs' which was not found\nDid you mean 'orders'?");
    assert_int_equal(err.place.line, 3);
    assert_int_equal(err.place.column, 7);
}

static void test_missing_source_comes_first(void **state)
{
    (void)state;
    ref_by_hand(project, model("a"), "nothing");
    source_by_hand(project, node_by_hand(project, NODE_EXPOSURE, "shop", "e"), "s", "t");
    assert_fails(ERR_COMPILATION, "Exposure 'exposure.shop.e' (models/e.sql) depends on a source "
                                  "named 's.t' which was not found\nThere is no source with a name "
                                  "near to it; `weir ls` shows what there is");
}

static Node *disable(Node *node)
{
    project->nodes.len--;
    assert_ptr_equal(project->nodes.at[project->nodes.len], node);
    dict_remove(project->by_id.dict, value_text(node->unique_id));
    node->is_enabled = false;
    list_add(&arena, &project->disabled, node);
    return node;
}

static void test_disabled(void **state)
{
    (void)state;
    disable(model("off"));
    ref_by_hand(project, model("a"), "other.off");
    assert_fails(ERR_COMPILATION, "Model 'model.shop.a' (models/a.sql) depends on a node named "
                                  "'off' in package or project 'other' which was not found\n"
                                  "There is no node with a name near to it; `weir ls` shows what "
                                  "there is");
    project->nodes.at[0]->refs.at[0].package = STR_NONE;
    assert_fails(ERR_COMPILATION, "Model 'model.shop.a' (models/a.sql) depends on a node named "
                                  "'off' which is disabled");
}

static void test_tests_are_switched_off(void **state)
{
    (void)state;
    disable(model("off"));
    Node *a = node_by_hand(project, NODE_TEST, "shop", "a");
    Node *b = node_by_hand(project, NODE_TEST, "shop", "b");
    ref_by_hand(project, a, "off");
    ref_by_hand(project, b, "nothing");
    dict_put(a->config.dict, STR("enabled"), value_bool(true));
    value_freeze(a->config);
    resolve();
    assert_false(a->is_enabled);
    assert_false(value_truth(value_get(a->config, "enabled")));
    assert_false(b->is_enabled);
    assert_int_equal(events_count("InvalidDisabledTargetInTestNode"), 1);
    assert_int_equal(events_count("NodeNotFoundOrDisabled"), 1);
    assert_int_equal(project->warning_count, 1);
}

static void test_warn_error(void **state)
{
    (void)state;
    ((Invocation *)project->invocation)->fails_on_warning = true;
    ref_by_hand(project, node_by_hand(project, NODE_TEST, "shop", "b"), "nothing");
    Graph *graph;
    assert_false(graph_resolve(project, &graph, &err));
}

static void test_private(void **state)
{
    (void)state;
    Node *a = model("a"), *b = model("b");
    Group *group = NEW(&arena, Group);
    *group = (Group){.unique_id = STR("group.shop.g"), .name = STR("g")};
    list_add(&arena, &project->groups, group);
    a->access = STR("private");
    a->group = b->group = STR("g");
    ref_by_hand(project, b, "a");
    resolve();
    b->group = STR_NONE;
    assert_fails(ERR_PARSING, "Node model.shop.b attempted to reference node model.shop.a, which "
                              "is not allowed because the referenced node is private to the 'g' "
                              "group.");
    b->group = STR("h");
    a->access = STR_NONE;
    assert_fails(ERR_PARSING, "Invalid group 'h', expected one of ['g']");
}

static void test_unit_tests(void **state)
{
    (void)state;
    Node *a = model("a");
    Node *good = node_by_hand(project, NODE_UNIT_TEST, "shop", "good");
    dict_put(good->extra.dict, STR("model"), value_lit("a"));
    Node *off = node_by_hand(project, NODE_UNIT_TEST, "shop", "off");
    dict_put(off->extra.dict, STR("model"), value_lit("gone"));
    disable(model("gone"));
    Graph *graph = resolve();
    assert_ptr_equal(good->parents.at[0], a);
    assert_int_equal(graph->count, 2);
    assert_int_equal(project->disabled.len, 2);
    assert_null(map_find(&project->by_id, off->unique_id));
    dict_put(good->extra.dict, STR("model"), value_lit("never"));
    assert_fails(ERR_PARSING,
                 "Unable to find model 'shop.never' for unit test 'good' in models/good.sql");
}

static void test_cycles(void **state)
{
    (void)state;
    Node *start = model("start"), *a = model("a"), *b = model("b");
    ref_by_hand(project, a, "start");
    ref_by_hand(project, a, "b");
    ref_by_hand(project, b, "a");
    (void)start;
    assert_fails(ERR_COMPILATION,
                 "Found a cycle: model.shop.a --> model.shop.b --> model.shop.a");
    assert_int_equal(err.place.line, 3);
}

static void test_cycle_of_one(void **state)
{
    (void)state;
    ref_by_hand(project, model("a"), "a");
    assert_fails(ERR_COMPILATION, "Found a cycle: model.shop.a --> model.shop.a");
}

static void test_long_chain(void **state)
{
    (void)state;
    char name[16], before[16];
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "m%d", i);
        Node *node = model(name);
        snprintf(before, sizeof before, "m%d", (i + 19999) % 20000);
        if (i)
            ref_by_hand(project, node, before);
    }
    Graph *graph = resolve();
    assert_int_equal(graph->depth[19999], 19999);
    Str words[] = {STR("m10000+")};
    Selection selection = {.select = words, .select_count = 1};
    Bits bits;
    assert_true(selector_apply(graph, &selection, UINT32_MAX, &bits, &err));
    assert_int_equal(bits_count(bits), 10000);
}

static void test_inline(void **state)
{
    (void)state;
    Node *a = model("a");
    Graph *graph = resolve();
    Node *node = node_by_hand(project, NODE_SQL_OPERATION, "shop", "inline");
    project->nodes.len--;
    ref_by_hand(project, node, "a");
    assert_true(graph_resolve_node(graph, node, &err));
    assert_ptr_equal(node->parents.at[0], a);
}

/* ---- selection ---- */

static void test_empty_nodes_are_not_run(void **state)
{
    (void)state;
    model("blank")->raw_code = STR(" \n");
    model("a");
    Graph *graph = resolve();
    Bits bits;
    Selection selection = {0};
    assert_true(selector_apply(graph, &selection, UINT32_MAX, &bits, &err));
    assert_int_equal(bits_count(bits), 1);
    selection.keeps_empty = true;
    assert_true(selector_apply(graph, &selection, UINT32_MAX, &bits, &err));
    assert_int_equal(bits_count(bits), 2);
    assert_true(selector_apply(graph, &selection, 1u << NODE_SEED, &bits, &err));
    assert_int_equal(bits_count(bits), 0);
}

static void test_warning_of_nothing(void **state)
{
    (void)state;
    model("a");
    Graph *graph = resolve();
    Bits bits;
    Str words[] = {STR("a,nothing"), STR("a")}, excluded[] = {STR("never")};
    Selection selection = {.select = words, .select_count = 2, .exclude = excluded,
                           .exclude_count = 1};
    assert_true(selector_apply(graph, &selection, UINT32_MAX, &bits, &err));
    assert_int_equal(bits_count(bits), 1);
    assert_int_equal(events_count("NoNodesForSelectionCriteria"), 2);
}

static void test_unknown_method(void **state)
{
    (void)state;
    Graph *graph = resolve();
    Bits bits;
    Str words[] = {STR("taag:x")};
    Selection selection = {.select = words, .select_count = 1};
    assert_false(selector_apply(graph, &selection, UINT32_MAX, &bits, &err));
    assert_string_equal(err.text, "'taag' is not a valid method name\nDid you mean 'tag:'?");
    assert_int_equal(err_exit_code(err.kind), 2);
}

/* ---- artifacts ---- */

static Str scratch_path(const char *name)
{
    Str folder = environment_get("TMPDIR");
    return str_print(&arena, STR_FMT "/weir_graph_test_%d/%s",
                     STR_ARG(folder.len ? folder : STR("/tmp")), (int)getpid(), name);
}

static Value read_json(Str path)
{
    Str text;
    Value tree;
    assert_true(file_read(&arena, path, &text, &err));
    assert_true(json_parse(&arena, text, path, &tree, &err));
    return tree;
}

static Graph *make_many(void)
{
    char name[32], before[32];
    for (int i = 0; i < 700; i++) {
        snprintf(name, sizeof name, "m%d", i);
        Node *node = model(name);
        node->description = STR("a \"description\" with \xc3\xa9 and \n a line");
        snprintf(before, sizeof before, "m%d", i / 2);
        if (i)
            ref_by_hand(project, node, before);
    }
    disable(model("off"));
    disable(model("off"));
    return resolve();
}

static void test_manifest(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "metadata", "nodes", "sources", "macros", "docs", "exposures", "metrics", "groups",
        "selectors", "disabled", "parent_map", "child_map", "group_map", "saved_queries",
        "semantic_models", "unit_tests", "functions"};
    Graph *graph = make_many();
    Str path = scratch_path("one/manifest.json"), again = scratch_path("two/manifest.json");
    assert_true(manifest_write(graph, path, 1, &err));
    assert_true(manifest_write(graph, again, 4, &err));
    Value tree = read_json(path), other = read_json(again), key, value;
    uint32_t at = 0;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        assert_true(dict_next(tree.dict, &at, &key, &value));
        assert_true(value_is(key, keys[i]));
        if (i)
            assert_true(value_equal(value, value_get(other, keys[i])));
    }
    assert_false(dict_next(tree.dict, &at, &key, &value));
    assert_int_equal(value_get(tree, "nodes").dict->len, 700);
    assert_int_equal(value_get(value_get(tree, "disabled"), "model.shop.off").list->len, 2);
    Value children = value_get(value_get(tree, "child_map"), "model.shop.m5");
    assert_int_equal(children.list->len, 2);
    assert_true(value_is(children.list->at[0], "model.shop.m10"));
    assert_true(value_is(value_get(value_get(tree, "parent_map"), "model.shop.m11").list->at[0],
                         "model.shop.m5"));
    assert_true(folder_remove(path_folder(path_folder(path)), &err));
}

static void test_manifest_cannot_be_written(void **state)
{
    (void)state;
    Graph *graph = make_many();
    assert_false(manifest_write(graph, STR("/proc/nothing/manifest.json"), 2, &err));
    assert_int_equal(err.kind, ERR_IO);
}

static void test_metadata(void **state)
{
    (void)state;
    Value manifest = artifact_metadata(project, "manifest/v12", &arena);
    assert_true(value_is(value_get(manifest, "dbt_schema_version"),
                         "https://schemas.getdbt.com/dbt/manifest/v12.json"));
    assert_true(value_is(value_get(manifest, "project_id"), "fb54f3c5992b96d001bb16e8e92d968d"));
    assert_true(value_is(value_get(manifest, "run_started_at"), "2023-11-14T22:13:20+00:00"));
    assert_true(value_is(value_get(manifest, "invocation_started_at"),
                         "2023-11-14T22:13:20.000000Z"));
    Value results = artifact_metadata(project, "run-results/v6", &arena);
    assert_int_equal(results.dict->len, 6);
}

/* ---- the template variable ---- */

static Value call(Value object, const char *method, Value arg)
{
    const Method *found = object_method(object.object->type, str_of(method));
    assert_non_null(found);
    Call call_ = {.arena = &arena, .args = &arg, .arg_count = arg.kind == VALUE_NONE ? 0 : 1};
    Value out;
    assert_true(found->call(object.object, &call_, &out, &err));
    return out;
}

static void test_template_variable(void **state)
{
    (void)state;
    Node *a = model("a");
    Node *source = node_by_hand(project, NODE_SOURCE, "shop", "t");
    source->source_name = STR("s");
    Graph *graph = resolve();
    Value top = graph_jinja(graph, &arena);
    assert_int_equal(top.dict->len, 9);
    Value nodes = value_get(top, "nodes");
    assert_int_equal(nodes.object->type->length(nodes.object), 1);
    Value first = call(nodes, "values", NONE).list->at[0];
    assert_true(value_is(value_get(first, "unique_id"), "model.shop.a"));
    assert_ptr_equal(call(nodes, "get", value_lit("model.shop.a")).dict, first.dict);
    assert_int_equal(call(nodes, "get", value_lit("source.shop.t")).kind, VALUE_NONE);
    a->compiled = NEW(&arena, Compiled);
    a->compiled->code = STR("select 2");
    Value again = call(nodes, "items", NONE).list->at[0].list->at[1];
    assert_true(value_is(value_get(again, "compiled_code"), "select 2"));
    Value key;
    Value sources = value_get(top, "sources");
    assert_true(sources.object->type->next(sources.object, &arena, 0, &key));
    assert_true(value_is(key, "source.shop.t"));
    assert_false(sources.object->type->next(sources.object, &arena, 1, &key));
    assert_true(nodes.object->type->contains(nodes.object, value_lit("model.shop.a")));
}

/* ---- earlier manifests ---- */

static void select_state(Graph *graph, const char *word, Str folder, const char *const *wanted)
{
    Str words[] = {str_of(word)};
    Selection selection = {.select = words, .select_count = 1, .indirect = INDIRECT_EMPTY,
                           .state_path = folder};
    Bits bits;
    if (!selector_apply(graph, &selection, UINT32_MAX, &bits, &err))
        fail_msg("%s", err.text);
    uint32_t count = 0;
    for (; wanted[count]; count++) {
        const Node *node = map_find(&project->by_id, str_of(wanted[count]));
        assert_non_null(node);
        if (!bits_has(bits, node->index))
            fail_msg("%s lacks %s", word, wanted[count]);
    }
    if (bits_count(bits) != count)
        fail_msg("%s gives %u, not %u", word, bits_count(bits), count);
}

#define WANT(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_state(void **state)
{
    (void)state;
    Node *body = model("body"), *config = model("config"), *place = model("place");
    model("same");
    Node *test = node_by_hand(project, NODE_TEST, "shop", "test");
    test->test_metadata = value_dict(&arena);
    Node *source = node_by_hand(project, NODE_SOURCE, "shop", "t");
    source->source_name = STR("s");
    source->schema = STR("main");
    Graph *graph = resolve();
    Str path = scratch_path("state/manifest.json"), folder = path_folder(path);
    assert_true(manifest_write(graph, path, 1, &err));
    select_state(graph, "state:modified", folder, (const char *const[]){NULL});
    body->raw_code = STR("select 2");
    test->raw_code = STR("select 3"); /* of generic tests only config and fqn count */
    dict_put(config->unrendered_config.dict, STR("materialized"), value_lit("table"));
    dict_put(place->unrendered_config.dict, STR("schema"), value_lit("other"));
    source->schema = STR("moved"); /* what the file says counts, not what it renders to */
    dict_put(source->extra.dict, STR("unrendered_schema"), value_lit("moved"));
    model("fresh");
    graph = resolve();
    select_state(graph, "state:new", folder, WANT("model.shop.fresh"));
    select_state(graph, "state:modified", folder,
                 WANT("model.shop.fresh", "model.shop.body", "model.shop.config",
                      "model.shop.place", "source.shop.t"));
    select_state(graph, "state:modified.body", folder,
                 WANT("model.shop.fresh", "model.shop.body", "test.shop.test"));
    select_state(graph, "state:modified.configs", folder,
                 WANT("model.shop.fresh", "model.shop.config"));
    select_state(graph, "state:modified.relation", folder,
                 WANT("model.shop.fresh", "model.shop.place", "source.shop.t"));
    select_state(graph, "state:unmodified", folder, WANT("model.shop.same", "test.shop.test"));
    assert_true(folder_remove(folder, &err));
}

static Node *contracted(const char *name)
{
    Node *node = model(name);
    dict_put(node->contract.dict, STR("enforced"), value_bool(true));
    dict_put(node->contract.dict, STR("checksum"), value_lit("1"));
    Value column = value_dict(&arena);
    dict_put(column.dict, STR("name"), value_lit("id"));
    dict_put(column.dict, STR("data_type"), value_lit("varchar(3)"));
    dict_put(node->columns.dict, STR("id"), column);
    return node;
}

static void retype(Node *node, Str type)
{
    node->contract = value_copy(&arena, node->contract);
    dict_put(node->contract.dict, STR("checksum"), value_lit("2"));
    Value *column = dict_find(node->columns.dict, STR("id"));
    dict_put(column->dict, STR("data_type"), value_text(type));
}

static void test_contracts(void **state)
{
    (void)state;
    Node *a = contracted("a"), *b = contracted("b");
    contracted("removed");
    Graph *graph = resolve();
    Str path = scratch_path("contract/manifest.json"), folder = path_folder(path);
    assert_true(manifest_write(graph, path, 1, &err));
    retype(a, STR("VARCHAR(9)")); /* a size: a change that breaks nobody */
    disable(project->nodes.at[2]);
    graph = resolve();
    select_state(graph, "state:modified.contract", folder, WANT("model.shop.a"));
    assert_int_equal(events_count("UnversionedBreakingChange"), 1); /* the removed one */
    retype(b, STR("integer"));
    select_state(graph, "state:modified", folder, WANT("model.shop.a", "model.shop.b"));
    assert_int_equal(events_count("UnversionedBreakingChange"), 3);
    b->version = value_int(1);
    Str words[] = {STR("state:modified.contract")};
    Selection selection = {.select = words, .select_count = 1, .state_path = folder};
    Bits bits;
    assert_false(selector_apply(graph, &selection, UINT32_MAX, &bits, &err));
    assert_int_equal(err.kind, ERR_CONTRACT);
    assert_non_null(strstr(err.text, "id (varchar(3) -> integer)"));
    assert_true(folder_remove(folder, &err));
}

static void test_bad_state(void **state)
{
    (void)state;
    State loaded;
    Str path = scratch_path("bad/manifest.json"), folder = path_folder(path);
    assert_false(state_load(&arena, folder, &loaded, &err));
    assert_int_equal(err_exit_code(err.kind), 2);
    assert_true(file_write(path, STR("{\"metadata\": "), false, &err));
    assert_false(state_load(&arena, folder, &loaded, &err));
    assert_int_equal(err.kind, ERR_RUNTIME);
    static const char *const wrong[] = {
        "[]", "{}", "{\"metadata\": {\"dbt_schema_version\": \"v12\"}, \"nodes\": {}}",
        "{\"metadata\": {\"dbt_schema_version\": "
        "\"https://schemas.getdbt.com/dbt/manifest/v3.json\"}, \"nodes\": {}}",
        "{\"metadata\": {\"dbt_schema_version\": "
        "\"https://schemas.getdbt.com/dbt/manifest/v12.json\"}, \"nodes\": []}"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_true(file_write(path, str_of(wrong[i]), false, &err));
        assert_false(state_load(&arena, folder, &loaded, &err));
        assert_int_equal(err.kind, ERR_RUNTIME);
    }
    assert_true(folder_remove(folder, &err));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_edges_and_order),
        TEST(test_packages),
        TEST(test_ambiguous),
        TEST(test_versions),
        TEST(test_missing),
        TEST(test_missing_source_comes_first),
        TEST(test_disabled),
        TEST(test_tests_are_switched_off),
        TEST(test_warn_error),
        TEST(test_private),
        TEST(test_unit_tests),
        TEST(test_cycles),
        TEST(test_cycle_of_one),
        TEST(test_long_chain),
        TEST(test_inline),
        TEST(test_empty_nodes_are_not_run),
        TEST(test_warning_of_nothing),
        TEST(test_unknown_method),
        TEST(test_manifest),
        TEST(test_manifest_cannot_be_written),
        TEST(test_metadata),
        TEST(test_template_variable),
        TEST(test_state),
        TEST(test_contracts),
        TEST(test_bad_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
