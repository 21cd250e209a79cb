/* drops_test.c: partner drops in the graph and in selections: the project tests/cases/graph/drops,
 * read as a whole. Two partners fill one table.
 *
 *   a: pre_set_date -> wait -> extract -> merge_orders, merge_items -> summary -> check
 *   b: pre_set_date -> wait -> extract -> merge_orders              -> summary -> check
 *   source drops.orders <- merges and checks of both -> model orders -> model report
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "graph/graph.h"

#define FOLDER "tests/cases/graph/drops"
#define A "ingest.shop.partner_a."
#define B "ingest.shop.partner_b."

static Arena arena;
static Invocation invocation;
static Project *project;
static Graph *graph;

static int begin(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    Str folder = path_absolute(&arena, STR(FOLDER));
    invocation = (Invocation){.id = STR("test"), .which = STR("parse"),
                              .args = value_dict(&arena), .cli_vars = value_dict(&arena),
                              .metadata_env = value_dict(&arena)};
    ProjectOptions options = {.project_dir = folder, .profiles_dir = folder, .needs_profile = true,
                              .workers = 2};
    if (!project_load(&invocation, &options, &arena, &project, &err) ||
        !graph_resolve(project, &graph, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static const Node *node_of(const char *id)
{
    const Node *node = map_find(&project->by_id, str_of(id));
    if (!node)
        fail_msg("no node %s", id);
    return node;
}

/* The ids of a node's parents, in order. */
static void check_parents(const char *id, const char *wanted)
{
    const Node *node = node_of(id);
    AUTO(text) Text shown = {0};
    for (uint32_t i = 0; i < node->parents.len; i++)
        text_print(&shown, "%s" STR_FMT, i ? " " : "", STR_ARG(node->parents.at[i]->unique_id));
    if (!str_is(text_str(&shown), wanted))
        fail_msg("%s waits for: %s", id, shown.at ? shown.at : "nothing");
}

static void test_edges(void **state)
{
    (void)state;
    check_parents(A "pre_set_date", "");
    check_parents(A "wait_for_all_sources", A "pre_set_date");
    check_parents(A "batch_extract", A "wait_for_all_sources");
    check_parents(A "merge_orders", A "batch_extract");
    check_parents(A "merge_items", A "batch_extract");
    check_parents(A "merge_summary", A "merge_orders " A "merge_items");
    check_parents(A "post_merge_check", A "merge_summary");
    check_parents(B "merge_summary", B "merge_orders");
    check_parents("source.shop.drops.items", A "merge_items " A "post_merge_check");
    check_parents("source.shop.drops.orders", A "merge_orders " A "post_merge_check "
                  B "merge_orders " B "post_merge_check");
    check_parents("model.shop.orders", "source.shop.drops.orders");
}

static void test_declared(void **state)
{
    (void)state;
    const Declared *merge = node_of(A "merge_items")->declared;
    assert_int_equal(merge->stage, STAGE_MERGE);
    assert_true(str_is(merge->table, "items") && str_is(merge->drop, "partner_a"));
    assert_ptr_equal(merge->fills, node_of("source.shop.drops.items"));
    assert_true(str_is(merge->connection->name, "inbox"));
    const Declared *first = node_of(A "pre_set_date")->declared;
    assert_int_equal(first->stage, STAGE_SET_DATE);
    assert_null(first->fills);
    assert_int_equal(first->merges.len, 2);
    assert_ptr_equal(first->merges.at[1], node_of(A "merge_items"));
}

static void check_selection(const char *words, NodeKind kind, const char *wanted)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text shown = {0};
    Str select[1] = {str_of(words)};
    Selection selection = {.select = select, .select_count = 1, .keeps_empty = true,
                           .kinds = &kind, .kind_count = kind != NODE_KIND_COUNT};
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

#define ALL_A \
    A "pre_set_date " A "wait_for_all_sources " A "batch_extract " A "merge_orders " \
    A "merge_items " A "merge_summary " A "post_merge_check"
#define ALL_B \
    B "pre_set_date " B "wait_for_all_sources " B "batch_extract " B "merge_orders " \
    B "merge_summary " B "post_merge_check"

static void test_selection(void **state)
{
    (void)state;
    check_selection("partner_a", NODE_KIND_COUNT, ALL_A);
    check_selection("tag:nightly", NODE_KIND_COUNT, ALL_A);
    check_selection("partner_a.merge_orders", NODE_KIND_COUNT, A "merge_orders");
    check_selection("shop.partner_b.batch_extract", NODE_KIND_COUNT, B "batch_extract");
    check_selection("merge_orders", NODE_KIND_COUNT, A "merge_orders " B "merge_orders");
    check_selection("*.merge_*", NODE_KIND_COUNT,
                    A "merge_orders " A "merge_items " A "merge_summary " B "merge_orders "
                    B "merge_summary");
    check_selection("+partner_a.merge_orders", NODE_KIND_COUNT,
                    A "pre_set_date " A "wait_for_all_sources " A "batch_extract "
                    A "merge_orders");
    check_selection("partner_a.batch_extract+", NODE_MODEL,
                    "model.shop.orders model.shop.report");
    check_selection("1+source:drops.items", NODE_INGEST, A "merge_items " A "post_merge_check");
    check_selection("+source:drops.items", NODE_INGEST, ALL_A);
    check_selection("+orders", NODE_INGEST, ALL_A " " ALL_B);
    check_selection("resource_type:ingest", NODE_KIND_COUNT, ALL_A " " ALL_B);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_declared),
        cmocka_unit_test(test_selection),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
