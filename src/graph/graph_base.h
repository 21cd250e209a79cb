/* graph_base.h: what the files of this room share. private to graph/
 *
 * Names -> nodes is one Map a kind of reference. Under each name stands a chain of entries, one a
 * package and version, in the order of parsing:
 *
 *   refs: "dim" -> [shop, v1] -> [shop, v2, latest] -> [other_package]
 */
#ifndef GRAPH_GRAPH_BASE_H
#define GRAPH_GRAPH_BASE_H

#include "base/event.h"
#include "base/file.h"
#include "base/pool.h"
#include "graph/graph.h"

/* ---- names.c ---- */

typedef struct NameEntry NameEntry;
struct NameEntry {
    Node *node;
    Str version;                  /* as text; empty: the node has none                          */
    bool is_latest;               /* without a version, or with the latest                      */
    NameEntry *next;
};

typedef struct NameChain {
    NameEntry *first, *last;
} NameChain;

/* A dict of a node as templates see it; made again when the node was compiled since. */
typedef struct NodeView {
    Value value;
    const Compiled *compiled;
    bool is_made;
} NodeView;

typedef struct GraphIndex {
    Arena *arena;                 /* the project's                                              */
    Map refs, sources, metrics, functions, disabled; /* name -> NameChain *; sources by table   */
    bool searches_own_first;      /* flag require_ref_searches_node_package_before_root         */
    Str root_package;
    Lock lock;                    /* guards what follows: jinja.c                               */
    Arena views_arena;
    NodeView *views;              /* graph->count of them                                       */
    Value *group_views;           /* project->groups.len of them                                */
} GraphIndex;

GraphIndex *index_make(Project *project);

/* What a look-up met. */
typedef struct Found {
    Node *node;                   /* NULL: none                                                 */
    bool is_disabled;             /* only a disabled one                                        */
    const NameEntry *twin;        /* the name means this one as well: ambiguous                 */
} Found;

Found index_find_ref(const GraphIndex *index, Str package, const RefCall *ref);
Found index_find_source(const GraphIndex *index, Str package, Str source, Str table);
/* Metrics and functions: by name, or package and name. */
Found index_find_named(const GraphIndex *index, NodeKind kind, Str package, Str name_package,
                       Str name);
/* "dim", or "dim 2" (name and version), of a unit test's `model:`. */
Found index_find_tested(const GraphIndex *index, Str package, Str name);

/* ---- order.c ---- */

/* Numbers the nodes; fills parents, children, order, depth. Fails on a cycle. */
MUST bool order_make(Graph *graph, Err *err);

/* ---- cycle.c ---- */

/* Shows the first way round. There must be one. Always false. */
bool cycle_show(const Graph *graph, Err *err);

/* ---- access.c ---- */

/* May `node` refer to `target`? Groups, private and protected models. */
MUST bool access_check_ref(const Project *project, const Node *node, const Node *target, Err *err);
/* Groups that do not exist, public models that are ephemeral. */
MUST bool access_check_nodes(const Project *project, Err *err);

/* ---- warnings ---- */

/* Says a warning of parsing and counts it; an error under --warn-error. */
MUST bool graph_warn(Project *project, const char *name, const char *code, Err *err,
                     const char *format, ...) PRINTF_LIKE(5, 6);

/* Is the kind one that the manifest keeps under "nodes"? */
static inline bool kind_is_node(NodeKind kind)
{
    return kind <= NODE_SQL_OPERATION;
}

#endif
