/* graph.h: what depends on what, what a command line means, and the manifest.
 *
 * graph_resolve() turns the names in refs and sources into nodes and edges; selector_apply() turns
 * text such as "tag:nightly,staging.+" into a set of nodes; manifest_write() prints dbt's
 * manifest.json straight from the nodes.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include "base/bits.h"
#include "project/project.h"

typedef struct Graph {
    Project *project;
    uint32_t count;                    /* nodes; number i is project->nodes.at[i]              */
    uint32_t *parent_start, *parents;  /* parents of i: parents[parent_start[i] .. [i+1])      */
    uint32_t *child_start, *children;
    uint32_t *order;                   /* a topological order; ties by dbt's order             */
    uint32_t *depth;                   /* longest path from a root                             */
    struct GraphIndex *index;          /* private to graph/: names, views for templates         */
} Graph;

/* Resolves refs, sources, exposures' depends_on; checks access, disabled and missing targets,
 * cycles; sets node->parents. Owner: project->arena.
 * Fails  ERR_COMPILATION with dbt's message ("depends on a node named 'x' which was not found"),
 *        the place of the ref() and the nearest name; a cycle is shown as the path round */
MUST bool graph_resolve(Project *project, Graph **out, Err *err);

/* Resolves one node made later (--inline). It is not part of the graph's numbers. */
MUST bool graph_resolve_node(Graph *graph, Node *node, Err *err);

/* Resolves ref(name) for a node of a package: own package first, then root, then any; versions
 * by latest. NULL: not found; *disabled tells whether a disabled node of that name exists. */
Node *graph_find_ref(const Graph *graph, Str package, const RefCall *ref, bool *is_disabled);
Node *graph_find_source(const Graph *graph, Str package, Str source, Str table, bool *is_disabled);

/* ---- selection ---- */

typedef enum IndirectSelection {
    INDIRECT_EAGER, INDIRECT_CAUTIOUS, INDIRECT_BUILDABLE, INDIRECT_EMPTY
} IndirectSelection;

typedef struct Selection {
    const Str *select, *exclude;   /* words of --select / --exclude; count 0: not given        */
    uint32_t select_count, exclude_count;
    Str selector;                  /* --selector NAME                                          */
    const NodeKind *kinds, *excluded_kinds; /* --resource-type / --exclude-resource-type       */
    uint32_t kind_count, excluded_kind_count;
    IndirectSelection indirect;
    Str state_path;                /* --state, or empty                                        */
    bool keeps_empty;              /* ls: nodes without any code are listed too                */
} Selection;

/* The nodes that a selection means among those of the `allowed` kinds (a set of 1 << NodeKind).
 * With neither words nor a selector, the default one of selectors.yml holds, if there is one.
 * Says dbt's warnings (no nodes match a criterion).
 * out    sized graph->count; owner: the project's arena
 * Fails  ERR_RUNTIME: unknown method (with the nearest), bad syntax, no state; ERR_CONTRACT: a
 *        state: method meets a breaking change of a versioned model */
MUST bool selector_apply(Graph *graph, const Selection *selection, uint32_t allowed, Bits *out,
                         Err *err);

/* ---- the manifest ---- */

/* Writes target/manifest.json (v12), atomically; prints in parallel on `workers` threads.
 * Cost: about 1.5 us a node and core. */
MUST bool manifest_write(const Graph *graph, Str path, unsigned workers, Err *err);

/* Writes target/semantic_manifest.json: metrics, semantic models, saved queries and time spines as
 * MetricFlow reads them. In a project without any it is nearly empty. */
MUST bool semantic_manifest_write(const Graph *graph, Str path, Err *err);

/* Metadata block of an artifact: schema is "manifest/v12", "run-results/v6", ... */
Value artifact_metadata(const Project *project, const char *schema, Arena *arena);

/* An earlier manifest, for state: and --defer. */
typedef struct State {
    Str path;
    Value manifest;                /* the whole tree                                           */
} State;
/* folder  that holds manifest.json; relative ones are meant from the working folder
 * Fails   ERR_RUNTIME: missing, no JSON, a schema version that cannot be read */
MUST bool state_load(Arena *arena, Str folder, State *out, Err *err);

/* graph.nodes, graph.sources ... for templates: a dict of mappings whose entries are copied into
 * `arena` when first asked for: templates may change them. From any thread. */
Value graph_jinja(const Graph *graph, Arena *arena);

#endif
