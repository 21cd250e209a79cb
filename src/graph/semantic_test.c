/* semantic_test.c: the semantic layer of the project tests/peers/projects/semantic: edges, inputs,
 * the artifact, and what the rules say of it after one thing was broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "graph/semantic.h"

#define FOLDER "tests/peers/projects/semantic"

static Arena arena;
static Invocation invocation;
static Graph *graph;

static int begin(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    Project *project;
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

static Node *node_of(const char *id)
{
    Node *node = map_find(&graph->project->by_id, str_of(id));
    if (!node)
        fail_msg("no node %s", id);
    return node;
}

static void check_parents(const char *id, const char *wanted)
{
    const Node *node = node_of(id);
    AUTO(text) Text shown = {0};
    for (uint32_t i = 0; i < node->parents.len; i++)
        text_print(&shown, "%s" STR_FMT, i ? " " : "", STR_ARG(node->parents.at[i]->unique_id));
    if (!str_is(text_str(&shown), wanted))
        fail_msg("%s waits for: %s", id, shown.at);
}

static Value params_of(const char *id)
{
    return value_get(node_of(id)->extra, "type_params");
}

static void test_edges(void **state)
{
    (void)state;
    check_parents("metric.semantic.total_revenue", "semantic_model.semantic.orders");
    check_parents("metric.semantic.average_order",
                  "metric.semantic.revenue metric.semantic.order_count");
    check_parents("metric.semantic.plan_running", "metric.semantic.plan_revenue");
    check_parents("metric.semantic.visit_to_order",
                  "semantic_model.semantic.visits semantic_model.semantic.orders");
    check_parents("saved_query.semantic.quiet", "metric.semantic.visits_total");
    check_parents("semantic_model.semantic.customers", "model.semantic.customers");
}

static void test_inputs(void **state)
{
    (void)state;
    Value ratio = value_get(params_of("metric.semantic.average_order"), "input_measures");
    assert_int_equal(ratio.list->len, 2);
    assert_true(value_is(value_get(ratio.list->at[1], "name"), "order_count"));
    Value flat = value_get(params_of("metric.semantic.plan_average"), "input_measures");
    assert_int_equal(flat.list->len, 0);
    Value relation = value_get(node_of("semantic_model.semantic.customers")->extra,
                               "node_relation");
    assert_true(value_is(value_get(relation, "alias"), "dim_customers"));
}

static void test_artifact(void **state)
{
    (void)state;
    Arena scratch = {0};
    Value whole = semantic_manifest_value(graph, &scratch);
    assert_int_equal(value_get(whole, "semantic_models").list->len, 4);
    assert_int_equal(value_get(whole, "metrics").list->len, 19);
    assert_int_equal(value_get(whole, "saved_queries").list->len, 2);
    Value spines = value_get(value_get(whole, "project_configuration"), "time_spines");
    assert_int_equal(spines.list->len, 1);
    assert_true(value_is(value_get(value_get(spines.list->at[0], "primary_column"),
                                   "time_granularity"), "day"));
    arena_drop(&scratch);
}

/* Puts another value under a key, looks what the rules say, and puts the old one back. */
static void check_broken(Value owner, const char *key, Value broken, const char *wanted)
{
    AUTO(err) Err err = {0};
    Value before = value_get(owner, key);
    dict_put(owner.dict, str_of(key), broken);
    bool is_good = semantic_check(graph, &err);
    dict_put(owner.dict, str_of(key), before);
    if (is_good)
        fail_msg("%s: nothing is wrong", wanted);
    assert_int_equal(err.kind, ERR_PARSING);
    if (str_find(str_of(err.text), str_of(wanted)) < 0)
        fail_msg("%s: %s", wanted, err.text);
    assert_true(err.place.line > 0);
}

static Value first(Value owner, const char *key)
{
    return value_get(owner, key).list->at[0];
}

static void test_rules(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    assert_true(semantic_check(graph, &err));
    Value orders = node_of("semantic_model.semantic.orders")->extra;
    Value measure = first(orders, "measures"), entity = first(orders, "entities");
    check_broken(measure, "agg", value_lit("percentile"), "requires agg_params.percentile");
    check_broken(measure, "name", value_lit("Revenue"), "Invalid name `Revenue`");
    check_broken(measure, "name", value_lit("rev__enue"), "Invalid name `rev__enue`");
    check_broken(measure, "agg_time_dimension", value_lit("channel"),
                 "which is not a valid time dimension");
    check_broken(entity, "type", value_lit("foreign"), "does not define a primary entity");
    check_broken(entity, "type", value_lit("natural"), "The use of `natural` entities");
    check_broken(first(orders, "dimensions"), "name", value_lit("from"), "SQL reserved keyword");
    check_broken(value_get(params_of("metric.semantic.running_revenue"), "cumulative_type_params"),
                 "grain_to_date", value_lit("month"), "Both window and grain_to_date");
    check_broken(value_get(params_of("metric.semantic.visit_to_order"), "conversion_type_params"),
                 "entity", value_lit("person"), "Entity: person not found in base");
    check_broken(node_of("metric.semantic.month_to_date")->extra, "label", value_lit("Running"),
                 "Can't use label `Running`");
    check_broken(value_get(node_of("saved_query.semantic.daily_numbers")->extra, "query_params"),
                 "limit", value_int(-1), "Invalid limit value: -1");
    assert_true(semantic_check(graph, &err));
}

static void test_granularities(void **state)
{
    (void)state;
    assert_int_equal(granularity_rank(STR("nanosecond")), 0);
    assert_true(granularity_rank(STR("day")) < granularity_rank(STR("year")));
    assert_int_equal(granularity_rank(STR("dag")), -1);
    assert_true(granularity_is_custom(graph, STR("fiscal_year")));
    assert_false(granularity_is_custom(graph, STR("day")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges), cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_artifact), cmocka_unit_test(test_rules),
        cmocka_unit_test(test_granularities)};
    return cmocka_run_group_tests(tests, begin, end);
}
