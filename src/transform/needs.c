/* needs.c: what each node of a run waits for.
 *
 *   a (selected) -> b (not selected, or ephemeral) -> c (selected)      c waits for a
 *   a <- test on a, c below a, in `build`:                              c waits for the test too
 *
 * A node waits for the nearest selected ancestors; in a build also for every test whose tested
 * nodes are all above it, as dbt's build does, and a model for its own unit tests.
 */
#include "transform/needs.h"

typedef struct Builder {
    const Graph *graph;
    Bits runs;                 /* nodes that get a task                                     */
    const uint32_t *task_of;   /* node number -> task number                                */
    Arena *arena;
    uint32_t *stamp;           /* per node: last mark                                       */
    uint32_t mark;
    List(uint32_t) stack;
} Builder;

static void push(Builder *builder, uint32_t node)
{
    if (builder->stamp[node] == builder->mark)
        return;
    builder->stamp[node] = builder->mark;
    list_add(builder->arena, &builder->stack, node);
}

static bool has_key(Value constraints)
{
    for (uint32_t i = 0; value_is_list(constraints) && i < constraints.list->len; i++) {
        Value type = value_get(constraints.list->at[i], "type");
        if (value_is(type, "primary_key") || value_is(type, "unique") ||
            value_is(type, "foreign_key"))
            return true;
    }
    return false;
}

bool node_has_key(const Node *node)
{
    Value name, column;
    if (!value_truth(value_get(node->contract, "enforced")))
        return false;
    if (has_key(node->constraints))
        return true;
    for (uint32_t at = 0; value_is_dict(node->columns) &&
                          dict_next(node->columns.dict, &at, &name, &column);)
        if (has_key(value_get(column, "constraints")))
            return true;
    return false;
}

/* Adds the nearest ancestors that run. */
static void add_ancestors(Builder *builder, uint32_t node, NeedList *needs)
{
    const Graph *graph = builder->graph;
    builder->mark++;
    builder->stack.len = 0;
    push(builder, node);
    while (builder->stack.len) {
        uint32_t at = builder->stack.at[--builder->stack.len];
        if (at != node && bits_has(builder->runs, at)) {
            list_add(builder->arena, needs, builder->task_of[at]);
            continue;
        }
        for (uint32_t i = graph->parent_start[at]; i < graph->parent_start[at + 1]; i++)
            push(builder, graph->parents[i]);
    }
}

static bool is_test(const Graph *graph, uint32_t node)
{
    NodeKind kind = graph->project->nodes.at[node]->kind;
    return kind == NODE_TEST || kind == NODE_UNIT_TEST;
}

/* Marks descendants of `node`: counts[d] goes from `level` to level + 1. */
static void count_descendants(Builder *builder, uint32_t node, uint32_t level, uint32_t *counts)
{
    const Graph *graph = builder->graph;
    builder->mark++;
    builder->stack.len = 0;
    push(builder, node);
    while (builder->stack.len) {
        uint32_t at = builder->stack.at[--builder->stack.len];
        if (at != node && counts[at] == level)
            counts[at] = level + 1;
        for (uint32_t i = graph->child_start[at]; i < graph->child_start[at + 1]; i++)
            if (!is_test(graph, graph->children[i]))
                push(builder, graph->children[i]);
    }
}

/* True when a parent of `node` is below all tested nodes already: the edge follows from it. */
static bool has_common_parent(const Graph *graph, uint32_t node, const uint32_t *counts,
                              uint32_t wanted)
{
    for (uint32_t i = graph->parent_start[node]; i < graph->parent_start[node + 1]; i++)
        if (counts[graph->parents[i]] == wanted && !is_test(graph, graph->parents[i]))
            return true;
    return false;
}

/* The first nodes below all that `test` is about wait for it. */
static void add_test(Builder *builder, uint32_t test, uint32_t *counts, NeedList *needs)
{
    const Graph *graph = builder->graph;
    uint32_t from = graph->parent_start[test], count = graph->parent_start[test + 1] - from;
    if (!count)
        return;
    memset(counts, 0, graph->count * sizeof(*counts));
    for (uint32_t i = 0; i < count; i++)
        count_descendants(builder, graph->parents[from + i], i, counts);
    for (uint32_t node = 0; node < graph->count; node++)
        if (counts[node] == count && bits_has(builder->runs, node) &&
            !has_common_parent(graph, node, counts, count))
            list_add(builder->arena, &needs[builder->task_of[node]], builder->task_of[test]);
}

/* A test of one node: its children wait, also those behind nodes that do not run. */
static void add_single_test(Builder *builder, uint32_t test, NeedList *needs)
{
    const Graph *graph = builder->graph;
    uint32_t tested = graph->parents[graph->parent_start[test]];
    builder->mark++;
    builder->stack.len = 0;
    push(builder, tested);
    while (builder->stack.len) {
        uint32_t at = builder->stack.at[--builder->stack.len];
        if (at != tested && bits_has(builder->runs, at)) {
            list_add(builder->arena, &needs[builder->task_of[at]], builder->task_of[test]);
            continue;
        }
        for (uint32_t i = graph->child_start[at]; i < graph->child_start[at + 1]; i++)
            if (!is_test(graph, graph->children[i]))
                push(builder, graph->children[i]);
    }
}

/* Unit tests come between what a model waits for and the model, one after the other: the first that
 * fails stops the others and the model. */
static void add_unit_test(Builder *builder, uint32_t test, NeedList *needs)
{
    const Graph *graph = builder->graph;
    uint32_t tested = graph->parents[graph->parent_start[test]];
    NeedList *own = &needs[builder->task_of[test]];
    own->len = 0;
    if (!bits_has(builder->runs, tested)) {
        add_ancestors(builder, tested, own);
        return;
    }
    NeedList *models = &needs[builder->task_of[tested]];
    for (uint32_t i = 0; i < models->len; i++)
        list_add(builder->arena, own, models->at[i]);
    list_add(builder->arena, models, builder->task_of[test]);
}

NeedList *needs_find(const Graph *graph, Bits runs, const uint32_t *task_of, uint32_t task_count,
                     bool tests_block, Arena *arena)
{
    NeedList *needs = NEW_N(arena, NeedList, task_count + 1);
    Builder builder = {.graph = graph,
                       .runs = runs,
                       .task_of = task_of,
                       .arena = arena,
                       .stamp = NEW_N(arena, uint32_t, graph->count + 1)};
    uint32_t at = 0, node;
    while (bits_next(runs, &at, &node))
        add_ancestors(&builder, node, &needs[task_of[node]]);
    if (!tests_block)
        return needs;
    uint32_t *counts = NEW_N(arena, uint32_t, graph->count + 1);
    for (at = 0; bits_next(runs, &at, &node);) {
        if (graph->project->nodes.at[node]->kind != NODE_TEST)
            continue;
        if (graph->parent_start[node + 1] - graph->parent_start[node] == 1)
            add_single_test(&builder, node, needs);
        else
            add_test(&builder, node, counts, needs);
    }
    for (at = 0; bits_next(runs, &at, &node);)
        if (graph->project->nodes.at[node]->kind == NODE_UNIT_TEST)
            add_unit_test(&builder, node, needs);
    return needs;
}
