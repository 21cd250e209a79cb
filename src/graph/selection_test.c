/* selection_test.c: what dbt selects, recorded: tests/cases/graph/selection.json.
 *
 * The cases run twice: on a graph made from the nodes as dbt's manifest has them, so that nothing
 * but this room is tested; and on the project as it is loaded from its files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "graph/graph_help_test.h"

static Str text_of(Value entry, const char *key)
{
    return value_get_text(entry, key, STR(""));
}

static Value or_list(Arena *arena, Value list)
{
    return list.kind == VALUE_LIST ? list : value_list(arena);
}

static Node *make_node(Project *project, Value entry)
{
    Arena *arena = project->arena;
    NodeKind kind;
    assert_true(node_kind_find(text_of(entry, "resource_type"), &kind));
    Node *node = node_by_hand(project, kind, str_c(arena, text_of(entry, "package_name")),
                              str_c(arena, text_of(entry, "name")));
    node->unique_id = text_of(entry, "unique_id");
    node->path = text_of(entry, "path");
    node->original_file_path = text_of(entry, "original_file_path");
    node->patch_path = text_of(entry, "patch_path");
    node->raw_code = text_of(entry, "raw_code");
    node->fqn = value_get(entry, "fqn");
    node->tags = or_list(arena, value_get(entry, "tags"));
    node->config = value_get(entry, "config");
    node->group = text_of(entry, "group");
    node->access = text_of(entry, "access");
    node->source_name = text_of(entry, "source_name");
    node->version = value_get(entry, "version");
    node->latest_version = value_get(entry, "latest_version");
    node->test_metadata = value_get(entry, "test_metadata");
    dict_put(node->extra.dict, STR("model"), value_get(entry, "model"));
    map_put(&project->by_id, node->unique_id, node);
    return node;
}

static void add_calls(Project *project, Node *node, Value entry)
{
    Value refs = value_get(entry, "refs"), sources = value_get(entry, "sources");
    for (uint32_t i = 0; refs.kind == VALUE_LIST && i < refs.list->len; i++) {
        Value call = refs.list->at[i], version = value_get(call, "version");
        RefCall ref = {text_of(call, "name"), text_of(call, "package"),
                       version.kind == VALUE_UNDEFINED ? NONE : version, NOWHERE};
        list_add(project->arena, &node->refs, ref);
    }
    for (uint32_t i = 0; sources.kind == VALUE_LIST && i < sources.list->len; i++) {
        const Array *call = sources.list->at[i].list;
        SourceCall source = {value_str(call->at[0]), value_str(call->at[1]), NOWHERE};
        list_add(project->arena, &node->sources, source);
    }
}

static Project *make_project(Arena *arena, Value recorded)
{
    Project *project = project_by_hand(arena);
    package_by_hand(project, "extra");
    Group *group = NEW(arena, Group);
    *group = (Group){.unique_id = STR("group.shop.finance"), .name = STR("finance"),
                     .package = STR("shop")};
    list_add(arena, &project->groups, group);
    project->selectors = value_get(recorded, "selectors");
    project->project_dir = path_absolute(arena, STR("tests/cases/graph/shop"));
    const Array *entries = value_get(recorded, "nodes").list;
    for (uint32_t i = 0; i < entries->len; i++)
        add_calls(project, make_node(project, entries->at[i]), entries->at[i]);
    return project;
}

/* ---- arguments of `dbt ls` ---- */

typedef struct Arguments {
    List(Str) select, exclude;
    List(NodeKind) kinds, excluded_kinds;
    Selection selection;
} Arguments;

static void add_kind(Arena *arena, Arguments *arguments, Str word, bool is_excluded)
{
    NodeKind kind;
    assert_true(node_kind_find(word, &kind));
    if (is_excluded)
        list_add(arena, &arguments->excluded_kinds, kind);
    else
        list_add(arena, &arguments->kinds, kind);
}

static void read_arguments(Arena *arena, const Array *words, Arguments *out)
{
    *out = (Arguments){0};
    Str option = STR("");
    for (uint32_t i = 0; i < words->len; i++) {
        Str word = value_str(words->at[i]);
        if (str_starts(word, STR("--"))) {
            option = word;
            if (str_is(word, "--models"))
                add_kind(arena, out, STR("model"), false);
        } else if (str_is(option, "--select") || str_is(option, "--models")) {
            list_add(arena, &out->select, word);
        } else if (str_is(option, "--exclude")) {
            list_add(arena, &out->exclude, word);
        } else if (str_is(option, "--selector")) {
            out->selection.selector = word;
        } else if (str_is(option, "--indirect-selection")) {
            static const char *const modes[] = {"eager", "cautious", "buildable", "empty"};
            for (int mode = 0; mode < 4; mode++)
                if (str_is(word, modes[mode]))
                    out->selection.indirect = (IndirectSelection)mode;
        } else {
            add_kind(arena, out, word, str_is(option, "--exclude-resource-type"));
        }
    }
    out->selection.keeps_empty = true;
    out->selection.select = out->select.at;
    out->selection.select_count = out->select.len;
    out->selection.exclude = out->exclude.at;
    out->selection.exclude_count = out->exclude.len;
    out->selection.kinds = out->kinds.at;
    out->selection.kind_count = out->kinds.len;
    out->selection.excluded_kinds = out->excluded_kinds.at;
    out->selection.excluded_kind_count = out->excluded_kinds.len;
}

/* ---- the table ---- */

static void print_ids(const Graph *graph, Bits bits, Text *out)
{
    Arena arena = {0};
    Dict *ids = dict_make(&arena, 8);
    uint32_t at = 0, i;
    while (bits_next(bits, &at, &i))
        dict_put(ids, graph->project->nodes.at[i]->unique_id, NONE);
    json_print(value_of_dict(ids), (JsonStyle){.sorts_keys = true, .indent = 1}, out);
    arena_drop(&arena);
}

static bool has_kind(const Graph *graph, NodeKind kind)
{
    for (uint32_t i = 0; i < graph->count; i++)
        if (graph->project->nodes.at[i]->kind == kind)
            return true;
    return false;
}

/* A project is loaded with all its unit tests or, by programs that do not know them, with none. */
static void print_wanted(const Graph *graph, Value ids, Text *out)
{
    Arena arena = {0};
    Dict *dict = dict_make(&arena, 8);
    bool has_unit_tests = has_kind(graph, NODE_UNIT_TEST);
    for (uint32_t i = 0; i < ids.list->len; i++)
        if (has_unit_tests || !str_starts(value_str(ids.list->at[i]), STR("unit_test.")))
            dict_put(dict, value_str(ids.list->at[i]), NONE);
    json_print(value_of_dict(dict), (JsonStyle){.sorts_keys = true, .indent = 1}, out);
    arena_drop(&arena);
}

/* What ls shows when not told otherwise. */
static uint32_t kinds_of_ls(void)
{
    return UINT32_MAX & ~(1u << NODE_ANALYSIS) & ~(1u << NODE_OPERATION) &
           ~(1u << NODE_SQL_OPERATION);
}

static bool case_passes(Graph *graph, Value entry, Text *why)
{
    Arena arena = {0};
    Arguments arguments;
    read_arguments(&arena, value_get(entry, "args").list, &arguments);
    Bits bits;
    Err err = {0};
    AUTO(text) Text got = {0};
    AUTO(text) Text wanted = {0};
    Value ids = value_get(entry, "ids");
    bool wants_error = ids.kind != VALUE_LIST;
    bool is_done = selector_apply(graph, &arguments.selection, kinds_of_ls(), &bits, &err);
    if (is_done)
        print_ids(graph, bits, &got);
    else
        text_add_c(&got, err.text);
    if (!wants_error)
        print_wanted(graph, ids, &wanted);
    bool passes = wants_error ? !is_done && err_exit_code(err.kind) == 2
                              : is_done && str_eq(text_str(&got), text_str(&wanted));
    if (!passes) {
        value_print(value_get(entry, "args"), why);
        text_print(why, "\n  got %s\n  wanted %s\n", got.at,
                   wants_error ? text_of(entry, "error").at : wanted.at);
    }
    err_drop(&err);
    arena_drop(&arena);
    return passes;
}

static Value read_recorded(Arena *arena)
{
    Err err = {0};
    Str source;
    Value recorded;
    assert_true(file_read(arena, STR("tests/cases/graph/selection.json"), &source, &err));
    assert_true(json_parse(arena, source, STR("selection.json"), &recorded, &err));
    return recorded;
}

static void run_cases(Graph *graph, Value recorded)
{
    Value cases = value_get(recorded, "cases");
    assert_true(cases.list->len >= 120);
    unsigned failed = 0;
    for (uint32_t i = 0; i < cases.list->len; i++) {
        AUTO(text) Text why = {0};
        if (!case_passes(graph, cases.list->at[i], &why)) {
            failed++;
            printf("%s", why.at);
        }
    }
    printf("%u of %u cases differ\n", failed, cases.list->len);
    assert_int_equal(failed, 0);
}

static Graph *resolve(Project *project)
{
    Err err = {0};
    Graph *graph = NULL;
    if (!graph_resolve(project, &graph, &err))
        fail_msg("%s", err.text);
    return graph;
}

static void test_nodes_by_hand(void **state)
{
    (void)state;
    Arena arena = {0};
    Value recorded = read_recorded(&arena);
    run_cases(resolve(make_project(&arena, recorded)), recorded);
    arena_drop(&arena);
}

static void test_loaded_project(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Value recorded = read_recorded(&arena);
    Invocation invocation = {.id = STR("test"), .which = STR("ls"), .args = value_dict(&arena),
                             .cli_vars = value_dict(&arena), .metadata_env = value_dict(&arena)};
    Str folder = STR("tests/cases/graph/shop");
    ProjectOptions options = {.project_dir = folder, .profiles_dir = folder, .needs_profile = true};
    Project *project;
    if (!project_load(&invocation, &options, &arena, &project, &err))
        fail_msg("%s", err.text);
    run_cases(resolve(project), recorded);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nodes_by_hand),
                                       cmocka_unit_test(test_loaded_project)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
