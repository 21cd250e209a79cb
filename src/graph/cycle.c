/* cycle.c: the way round, for the message. */
#include "graph/graph_base.h"

enum { UNSEEN, ON_PATH, DONE };

typedef struct Search {
    const Graph *graph;
    uint8_t *state;
    uint32_t *path, *edge;        /* nodes on the way down; the next child of each              */
    uint32_t depth;
} Search;

/* Goes down from `start`. True: path[*from .. depth) is a cycle. */
static bool search(Search *search, uint32_t start, uint32_t *from)
{
    const Graph *graph = search->graph;
    search->depth = 1;
    search->path[0] = start;
    search->edge[0] = graph->child_start[start];
    search->state[start] = ON_PATH;
    while (search->depth) {
        uint32_t top = search->depth - 1, node = search->path[top];
        if (search->edge[top] == graph->child_start[node + 1]) {
            search->state[node] = DONE;
            search->depth--;
            continue;
        }
        uint32_t child = graph->children[search->edge[top]++];
        if (search->state[child] == ON_PATH) {
            for (*from = top; search->path[*from] != child; (*from)--)
                ;
            return true;
        }
        if (search->state[child] == UNSEEN) {
            search->state[child] = ON_PATH;
            search->path[search->depth] = child;
            search->edge[search->depth++] = graph->child_start[child];
        }
    }
    return false;
}

/* The place where `node` says that it depends on `parent`. */
static Place place_of_edge(const Node *node, const Node *parent)
{
    for (uint32_t i = 0; i < node->refs.len && i < node->ref_nodes.len; i++)
        if (node->ref_nodes.at[i] == parent)
            return node->refs.at[i].place;
    return (Place){node->original_file_path, 0, 0};
}

static bool fail(const Search *search, uint32_t from, Err *err)
{
    const Project *project = search->graph->project;
    AUTO(text) Text text = {0};
    text_add_c(&text, "Found a cycle: ");
    for (uint32_t i = from; i < search->depth; i++) {
        text_add(&text, project->nodes.at[search->path[i]]->unique_id);
        text_add_c(&text, " --> ");
    }
    const Node *first = project->nodes.at[search->path[from]];
    text_add(&text, first->unique_id);
    const Node *last = project->nodes.at[search->path[search->depth - 1]];
    return err_set(err, ERR_COMPILATION, place_of_edge(first, last), STR_FMT,
                   STR_ARG(text_str(&text)));
}

bool cycle_show(const Graph *graph, Err *err)
{
    Arena arena = {0};
    Search state = {.graph = graph,
                    .state = NEW_N(&arena, uint8_t, graph->count),
                    .path = NEW_N(&arena, uint32_t, graph->count),
                    .edge = NEW_N(&arena, uint32_t, graph->count)};
    uint32_t from = 0;
    bool is_found = false;
    for (uint32_t i = 0; i < graph->count && !is_found; i++)
        is_found = state.state[i] == UNSEEN && search(&state, i, &from);
    assert(is_found);
    fail(&state, from, err);
    arena_drop(&arena);
    return false;
}
