/* declared_test.c: loads and publications in the graph, in selections and in the manifest: the
 * project tests/cases/graph/declared, read as a whole.
 *
 *   ingest games --> source raw.games --\
 *        \-> ingest moves -> raw.moves --+-> model played -> model report -> publish out
 *   ingest tables.orders -> source db.orders -> model orders
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "graph/graph.h"

#define FOLDER "tests/cases/graph/declared"

static Arena arena;
static Invocation invocation;
static Project *project;
static Graph *graph;

static Project *load(Str folder, Err *err)
{
    Project *loaded = NULL;
    folder = path_absolute(&arena, folder);
    invocation = (Invocation){.id = STR("test"), .which = STR("parse"),
                              .args = value_dict(&arena), .cli_vars = value_dict(&arena),
                              .metadata_env = value_dict(&arena)};
    ProjectOptions options = {.project_dir = folder, .profiles_dir = folder, .needs_profile = true,
                              .workers = 2};
    if (!project_load(&invocation, &options, &arena, &loaded, err))
        fail_msg("%s", err->text);
    return loaded;
}

static int begin(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    project = load(STR(FOLDER), &err);
    if (!graph_resolve(project, &graph, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

/* The ids of a node's parents, sorted as they stand, with blanks between them. */
static void check_parents(const char *id, const char *wanted)
{
    const Node *node = map_find(&project->by_id, str_of(id));
    if (!node)
        fail_msg("no node %s", id);
    AUTO(text) Text shown = {0};
    for (uint32_t i = 0; i < node->parents.len; i++)
        text_print(&shown, "%s" STR_FMT, i ? " " : "", STR_ARG(node->parents.at[i]->unique_id));
    if (!str_is(text_str(&shown), wanted))
        fail_msg("%s waits for: %s", id, shown.at);
}

static void test_edges(void **state)
{
    (void)state;
    check_parents("ingest.shop.games", "");
    check_parents("source.shop.raw.games", "ingest.shop.games");
    check_parents("ingest.shop.moves", "ingest.shop.games");
    check_parents("source.shop.raw.moves", "ingest.shop.moves");
    check_parents("source.shop.db.orders", "ingest.shop.tables.orders");
    check_parents("source.shop.db.items", "ingest.shop.tables.items");
    check_parents("publish.shop.out", "model.shop.report");
    assert_null(map_find(&project->by_id, STR("ingest.shop.resting")));
    assert_null(map_find(&project->by_id, STR("publish.shop.resting_out")));
    const Node *moves = map_find(&project->by_id, STR("ingest.shop.moves"));
    assert_ptr_equal(moves->declared->fills,
                     map_find(&project->by_id, STR("source.shop.raw.moves")));
    assert_ptr_equal(moves->declared->parent, map_find(&project->by_id, STR("ingest.shop.games")));
    assert_true(str_is(moves->declared->connection->name, "api"));
    const Node *out = map_find(&project->by_id, STR("publish.shop.out"));
    assert_int_equal(graph->depth[out->index], 5);
}

/* Blanks in `words` part the words of --select; names of nodes come sorted by number. */
static void check_selection(const char *words, NodeKind kind, const char *wanted)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text shown = {0};
    Str select[4], rest = str_of(words);
    Selection selection = {.select = select, .keeps_empty = true, .kinds = &kind,
                           .kind_count = kind != NODE_KIND_COUNT};
    while (str_next_part(&rest, ' ', &select[selection.select_count]))
        selection.select_count++;
    Bits bits;
    if (!selector_apply(graph, &selection, UINT32_MAX, &bits, &err))
        fail_msg("%s: %s", words, err.text);
    uint32_t at = 0, number;
    while (bits_next(bits, &at, &number))
        text_print(&shown, "%s" STR_FMT, shown.len ? " " : "",
                   STR_ARG(project->nodes.at[number]->unique_id));
    if (!str_is(text_str(&shown), wanted))
        fail_msg("%s means: %s", words, shown.at ? shown.at : "nothing");
}

static void test_selection(void **state)
{
    (void)state;
    check_selection("resource_type:ingest", NODE_KIND_COUNT,
                    "ingest.shop.games ingest.shop.moves ingest.shop.tables.orders "
                    "ingest.shop.tables.items");
    check_selection("resource_type:publish", NODE_KIND_COUNT, "publish.shop.out");
    check_selection("tag:nightly", NODE_KIND_COUNT, "ingest.shop.games publish.shop.out");
    check_selection("+played", NODE_INGEST, "ingest.shop.games ingest.shop.moves");
    check_selection("1+played", NODE_INGEST, "");
    check_selection("+out", NODE_INGEST, "ingest.shop.games ingest.shop.moves");
    check_selection("report+", NODE_PUBLISH, "publish.shop.out");
    check_selection("games+", NODE_MODEL, "model.shop.played model.shop.report");
    check_selection("tables", NODE_KIND_COUNT,
                    "ingest.shop.tables.orders ingest.shop.tables.items");
    check_selection("shop.tables.items", NODE_KIND_COUNT, "ingest.shop.tables.items");
    check_selection("source:raw.moves", NODE_KIND_COUNT, "source.shop.raw.moves");
    check_selection("+source:raw.moves", NODE_INGEST, "ingest.shop.games ingest.shop.moves");
    check_selection("path:ingest", NODE_INGEST,
                    "ingest.shop.games ingest.shop.moves ingest.shop.tables.orders "
                    "ingest.shop.tables.items");
}

/* dbt's readers find the sources, and nothing else that is new to them. */
static void test_manifest(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    char folder[] = "/tmp/weir-declared-XXXXXX";
    assert_non_null(mkdtemp(folder));
    Str path = path_join(&arena, str_of(folder), STR("manifest.json")), text;
    assert_true(manifest_write(graph, path, 2, &err));
    assert_true(file_read(&arena, path, &text, &err));
    static const char *const unwanted[] = {"ingest.shop", "publish.shop", "\"ingest\"",
                                           "\"publish\"", "resting", "localhost"};
    for (size_t i = 0; i < COUNT_OF(unwanted); i++)
        if (str_find(text, str_of(unwanted[i])) >= 0)
            fail_msg("the manifest says %s", unwanted[i]);
    Value manifest;
    assert_true(json_parse(&arena, text, path, &manifest, &err));
    Value sources = value_get(manifest, "sources"), parents = value_get(manifest, "parent_map");
    assert_int_equal(sources.dict->len, 4);
    Value games = value_get(sources, "source.shop.raw.games");
    assert_true(str_is(value_get_text(games, "relation_name", STR_NONE),
                       "\"shop\".\"raw\".\"games\""));
    assert_int_equal(value_get(parents, "source.shop.raw.games").list->len, 0);
    assert_int_equal(value_get(parents, "model.shop.played").list->len, 2);
    assert_int_equal(value_get(manifest, "disabled").dict->len, 0);
    assert_int_equal(value_get(manifest, "nodes").dict->len, 3);
    assert_true(folder_remove(str_of(folder), &err));
}

/* A project of this one file is read, but cannot be resolved: the message holds both words. */
static void check_unresolved(const char *yaml, const char *one, const char *two)
{
    AUTO(err) Err err = {0};
    char folder[] = "/tmp/weir-declared-XXXXXX";
    assert_non_null(mkdtemp(folder));
    static const char *const copied[] = {"dbt_project.yml", "profiles.yml"};
    for (size_t i = 0; i < COUNT_OF(copied); i++) {
        Str text, name = str_of(copied[i]);
        assert_true(file_read(&arena, path_join(&arena, STR(FOLDER), name), &text, &err));
        assert_true(file_write(path_join(&arena, str_of(folder), name), text, false, &err));
    }
    assert_true(file_write(path_join(&arena, str_of(folder), STR("ingest/a.yml")), str_of(yaml),
                           false, &err));
    Graph *unresolved = NULL;
    assert_false(graph_resolve(load(str_of(folder), &err), &unresolved, &err));
    assert_int_equal(err.kind, ERR_COMPILATION);
    if (!strstr(err.text, one) || !strstr(err.text, two))
        fail_msg("no %s and %s in: %s", one, two, err.text);
    err_drop(&err);
    assert_true(folder_remove(str_of(folder), &err));
}

static void test_unresolved(void **state)
{
    (void)state;
    check_unresolved("ingest:\n"
                     "  - {name: one, source: s.one, parent: two}\n"
                     "  - {name: two, source: s.two, parent: one}\n",
                     "ingest.shop.one", "ingest.shop.two");
    check_unresolved("publish: [{name: out, model: nothing, to: {table: t}}]\n", "out", "nothing");
    check_unresolved("publish: [{name: out, model: \"source('s', 't')\", to: {table: t}}]\n",
                     "out", "s.t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_unresolved),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
