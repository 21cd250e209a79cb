/* order.c: the graph as arrays of numbers, and an order in which parents come first. */
#include "graph/graph_base.h"

/* parents and children of all nodes, one array each (compressed sparse rows). */
static void fill_edges(Graph *graph)
{
    const Project *project = graph->project;
    Arena *arena = project->arena;
    uint32_t count = graph->count;
    graph->parent_start = NEW_N(arena, uint32_t, (size_t)count + 1);
    graph->child_start = NEW_N(arena, uint32_t, (size_t)count + 2);
    uint32_t edges = 0;
    for (uint32_t i = 0; i < count; i++) {
        graph->parent_start[i] = edges;
        const Node *node = project->nodes.at[i];
        edges += node->parents.len;
        for (uint32_t p = 0; p < node->parents.len; p++)
            graph->child_start[node->parents.at[p]->index + 2]++;
    }
    graph->parent_start[count] = edges;
    graph->parents = NEW_N(arena, uint32_t, (size_t)edges + 1);
    graph->children = NEW_N(arena, uint32_t, (size_t)edges + 1);
    for (uint32_t i = 0; i < count; i++)
        graph->child_start[i + 2] += graph->child_start[i + 1];
    /* child_start[i + 1] is now the start of i; filling moves it to the start of i + 1 */
    for (uint32_t i = 0; i < count; i++) {
        const Node *node = project->nodes.at[i];
        for (uint32_t p = 0; p < node->parents.len; p++) {
            uint32_t parent = node->parents.at[p]->index;
            graph->parents[graph->parent_start[i] + p] = parent;
            graph->children[graph->child_start[parent + 1]++] = i;
        }
    }
}

/* Depths by taking away nodes without parents. Returns how many could be taken. */
static uint32_t fill_depths(Graph *graph, uint32_t *waiting, uint32_t *queue)
{
    uint32_t head = 0, tail = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        waiting[i] = graph->parent_start[i + 1] - graph->parent_start[i];
        if (!waiting[i])
            queue[tail++] = i;
    }
    while (head < tail) {
        uint32_t node = queue[head++];
        for (uint32_t e = graph->child_start[node]; e < graph->child_start[node + 1]; e++) {
            uint32_t child = graph->children[e];
            if (graph->depth[child] < graph->depth[node] + 1)
                graph->depth[child] = graph->depth[node] + 1;
            if (!--waiting[child])
                queue[tail++] = child;
        }
    }
    return tail;
}

/* Sorts by depth, then by number: dbt's queue hands out level by level. */
static void fill_order(Graph *graph, uint32_t *start)
{
    uint32_t count = graph->count;
    for (uint32_t i = 0; i <= count; i++)
        start[i] = 0;
    for (uint32_t i = 0; i < count; i++)
        start[graph->depth[i] + 1]++;
    for (uint32_t i = 0; i < count; i++)
        start[i + 1] += start[i];
    for (uint32_t i = 0; i < count; i++)
        graph->order[start[graph->depth[i]]++] = i;
}

bool order_make(Graph *graph, Err *err)
{
    Arena *arena = graph->project->arena;
    graph->count = graph->project->nodes.len;
    for (uint32_t i = 0; i < graph->count; i++)
        graph->project->nodes.at[i]->index = i;
    fill_edges(graph);
    graph->depth = NEW_N(arena, uint32_t, (size_t)graph->count + 1);
    graph->order = NEW_N(arena, uint32_t, (size_t)graph->count + 1);
    Arena scratch = {0};
    uint32_t *waiting = NEW_N(&scratch, uint32_t, (size_t)graph->count + 1);
    uint32_t taken = fill_depths(graph, waiting, graph->order);
    if (taken == graph->count)
        fill_order(graph, waiting);
    arena_drop(&scratch);
    return taken == graph->count || cycle_show(graph, err);
}
