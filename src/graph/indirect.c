/* indirect.c: relatives in the graph, and the tests that come along with what they test.
 *
 *   eager      any parent selected
 *   cautious   all parents selected; a test that lacks one waits for the rest of the selection
 *   buildable  all parents selected or above something selected (sources always)
 *   empty      none come along
 */
#include "graph/selector.h"

static void next_layer(const Selecting *selecting, Bits from, bool is_up, Bits seen, Bits *layer)
{
    const Graph *graph = selecting->graph;
    const uint32_t *start = is_up ? graph->parent_start : graph->child_start;
    const uint32_t *numbers = is_up ? graph->parents : graph->children;
    uint32_t at = 0, node;
    while (bits_next(from, &at, &node))
        for (uint32_t e = start[node]; e < start[node + 1]; e++)
            if (bits_has(selecting->members, numbers[e]) && !bits_has(seen, numbers[e]))
                bits_add(*layer, numbers[e]);
}

Bits relatives(const Selecting *selecting, Bits from, bool is_up, uint32_t depth)
{
    Arena *arena = selecting->arena;
    uint32_t size = selecting->graph->count;
    Bits found = bits_make(arena, size), layer = bits_copy(arena, from);
    for (uint32_t i = 0; i < depth && bits_count(layer); i++) {
        Bits next = bits_make(arena, size);
        next_layer(selecting, layer, is_up, found, &next);
        bits_unite(found, next);
        layer = next;
    }
    return found;
}

static bool parents_within(const Graph *graph, uint32_t node, Bits set)
{
    for (uint32_t e = graph->parent_start[node]; e < graph->parent_start[node + 1]; e++)
        if (!bits_has(set, graph->parents[e]))
            return false;
    return true;
}

/* What counts as there for buildable. */
static Bits with_ancestors(const Selecting *selecting, Bits selected)
{
    Bits all = bits_copy(selecting->arena, selected);
    bits_unite(all, relatives(selecting, selected, true, ANY_DEPTH));
    return all;
}

static void add_sources(const Selecting *selecting, Bits *set)
{
    for (uint32_t i = 0; i < selecting->graph->count; i++)
        if (selecting->graph->project->nodes.at[i]->kind == NODE_SOURCE)
            bits_add(*set, i);
}

void indirect_expand(const Selecting *selecting, Bits selected, IndirectSelection mode,
                     Bits *direct, Bits *indirect)
{
    const Graph *graph = selecting->graph;
    Bits near = selected;
    if (mode == INDIRECT_BUILDABLE) {
        near = with_ancestors(selecting, selected);
        add_sources(selecting, &near);
    }
    uint32_t at = 0, node;
    while (bits_next(selected, &at, &node)) {
        for (uint32_t e = graph->child_start[node]; e < graph->child_start[node + 1]; e++) {
            uint32_t child = graph->children[e];
            NodeKind kind = graph->project->nodes.at[child]->kind;
            if ((kind != NODE_TEST && kind != NODE_UNIT_TEST) ||
                !bits_has(selecting->members, child))
                continue;
            if (mode == INDIRECT_EAGER || parents_within(graph, child, near))
                bits_add(*direct, child);
            else
                bits_add(*indirect, child);
        }
    }
}

void indirect_join(const Selecting *selecting, Bits *direct, Bits waiting, IndirectSelection mode)
{
    if (mode != INDIRECT_CAUTIOUS && mode != INDIRECT_BUILDABLE)
        return;
    const Graph *graph = selecting->graph;
    Bits there = mode == INDIRECT_CAUTIOUS ? bits_copy(selecting->arena, *direct)
                                           : with_ancestors(selecting, *direct);
    uint32_t at = 0, node;
    while (bits_next(waiting, &at, &node))
        if (graph->project->nodes.at[node]->kind != NODE_UNIT_TEST &&
            parents_within(graph, node, there))
            bits_add(*direct, node);
}
