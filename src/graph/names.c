/* names.c: which node a name means: own package, root project, any other. */
#include "graph/graph_base.h"

static bool is_refable(NodeKind kind)
{
    return kind == NODE_MODEL || kind == NODE_SEED || kind == NODE_SNAPSHOT;
}

static void chain_add(GraphIndex *index, Map *map, Str name, Node *node)
{
    NameChain *chain = map_find(map, name);
    if (!chain) {
        chain = NEW(index->arena, NameChain);
        map_put(map, name, chain);
    }
    NameEntry *entry = NEW(index->arena, NameEntry);
    entry->node = node;
    entry->is_latest = true;
    if (node->kind == NODE_MODEL && node->version.kind > VALUE_NONE) {
        AUTO(text) Text text = {0};
        value_print(node->version, &text);
        entry->version = text_copy(index->arena, &text);
        entry->is_latest = value_equal(node->version, node->latest_version);
    }
    if (chain->last)
        chain->last->next = entry;
    else
        chain->first = entry;
    chain->last = entry;
}

static bool flag_is_set(const Project *project, const char *name)
{
    return value_truth(value_get(project->flags, name));
}

static void drop_views(void *what)
{
    GraphIndex *index = what;
    arena_drop(&index->views_arena);
    lock_drop(&index->lock);
}

GraphIndex *index_make(Project *project)
{
    Arena *arena = project->arena;
    GraphIndex *index = NEW(arena, GraphIndex);
    index->arena = arena;
    Map *maps[] = {&index->refs, &index->sources, &index->metrics, &index->functions,
                   &index->disabled};
    for (size_t i = 0; i < COUNT_OF(maps); i++)
        map_init(maps[i], arena);
    index->searches_own_first =
        flag_is_set(project, "require_ref_searches_node_package_before_root");
    index->root_package = project->packages.len ? project->packages.at[0]->name : STR_NONE;
    lock_init(&index->lock, 500, "graph views");
    arena_on_drop(arena, drop_views, index);
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        Node *node = project->nodes.at[i];
        Map *map = is_refable(node->kind)         ? &index->refs
                   : node->kind == NODE_SOURCE    ? &index->sources
                   : node->kind == NODE_METRIC    ? &index->metrics
                   : node->kind == NODE_FUNCTION  ? &index->functions
                                                  : NULL;
        if (map)
            chain_add(index, map, node->name, node);
    }
    for (uint32_t i = 0; i < project->disabled.len; i++)
        chain_add(index, &index->disabled, project->disabled.at[i]->name,
                  project->disabled.at[i]);
    return index;
}

/* ---- looking up ---- */

/* What is looked for in a chain. */
typedef struct Wanted {
    Str source;                   /* sources: its source_name                                   */
    Str version;                  /* as text; empty: the latest                                 */
    NodeKind kind;                /* exact kind, or NODE_MODEL for all that ref() can mean      */
    bool is_disabled;             /* a disabled node without version in the call has none itself */
} Wanted;

static bool entry_fits(const NameEntry *entry, const Wanted *wanted)
{
    const Node *node = entry->node;
    if (wanted->kind == NODE_MODEL ? !is_refable(node->kind) : node->kind != wanted->kind)
        return false;
    if (wanted->kind == NODE_SOURCE && !str_eq(node->source_name, wanted->source))
        return false;
    if (wanted->version.len)
        return str_eq(entry->version, wanted->version);
    return wanted->is_disabled ? entry->version.len == 0 : entry->is_latest;
}

/* The last fitting entry of a package (a later one replaces an earlier), or of any package; *twin
 * is one of another package. */
static const NameEntry *chain_find(const Map *map, Str name, const Str *package,
                                   const Wanted *wanted, const NameEntry **twin)
{
    const NameChain *chain = map_find(map, name);
    const NameEntry *found = NULL;
    for (const NameEntry *e = chain ? chain->first : NULL; e; e = e->next) {
        if ((package && !str_eq(e->node->package, *package)) || !entry_fits(e, wanted))
            continue;
        if (!found || str_eq(found->node->package, e->node->package))
            found = e;
        else if (twin && !*twin)
            *twin = e;
    }
    return found;
}

/* Looks through the packages in dbt's order. */
static Found find(const GraphIndex *index, const Map *map, Str name, Str package, Str asked_package,
                  Wanted wanted)
{
    const Str *order[3] = {NULL, NULL, NULL};
    unsigned count = 0;
    if (asked_package.len) {
        order[count++] = &asked_package;
    } else {
        order[count++] = index->searches_own_first ? &package : &index->root_package;
        if (!str_eq(package, index->root_package))
            order[count++] = index->searches_own_first ? &index->root_package : &package;
        order[count++] = NULL;
    }
    Wanted off = wanted;
    off.is_disabled = true;
    Found found = {0};
    for (unsigned i = 0; i < count; i++) {
        const NameEntry *twin = NULL;
        const NameEntry *entry = chain_find(map, name, order[i], &wanted, &twin);
        if (entry)
            return (Found){entry->node, false, twin};
        if (!found.is_disabled)
            found.is_disabled = chain_find(&index->disabled, name, order[i], &off, NULL) != NULL;
    }
    return found;
}

Found index_find_ref(const GraphIndex *index, Str package, const RefCall *ref)
{
    if (!value_truth(ref->version))
        return find(index, &index->refs, ref->name, package, ref->package,
                    (Wanted){.kind = NODE_MODEL});
    AUTO(text) Text version = {0};
    value_print(ref->version, &version);
    return find(index, &index->refs, ref->name, package, ref->package,
                (Wanted){.kind = NODE_MODEL, .version = text_str(&version)});
}

Found index_find_source(const GraphIndex *index, Str package, Str source, Str table)
{
    Found found = find(index, &index->sources, table, package, STR_NONE,
                       (Wanted){.kind = NODE_SOURCE, .source = source});
    found.twin = NULL;            /* the first package's wins, as in dbt                        */
    return found;
}

Found index_find_named(const GraphIndex *index, NodeKind kind, Str package, Str name_package,
                       Str name)
{
    const Map *map = kind == NODE_METRIC ? &index->metrics : &index->functions;
    Found found = find(index, map, name, package, name_package, (Wanted){.kind = kind});
    found.twin = NULL;
    return found;
}

Found index_find_tested(const GraphIndex *index, Str package, Str name)
{
    RefCall ref = {.name = str_trim(name), .package = package, .version = NONE};
    ptrdiff_t blank = str_find_char(ref.name, ' ');
    if (blank > 0) {
        ref.version = value_text(str_trim(str_slice(ref.name, (size_t)blank, ref.name.len)));
        ref.name = str_slice(ref.name, 0, (size_t)blank);
    }
    return index_find_ref(index, package, &ref);
}

/* ---- the doors ---- */

Node *graph_find_ref(const Graph *graph, Str package, const RefCall *ref, bool *is_disabled)
{
    Found found = index_find_ref(graph->index, package, ref);
    if (is_disabled)
        *is_disabled = found.is_disabled;
    return found.node;
}

Node *graph_find_source(const Graph *graph, Str package, Str source, Str table, bool *is_disabled)
{
    Found found = index_find_source(graph->index, package, source, table);
    if (is_disabled)
        *is_disabled = found.is_disabled;
    return found.node;
}
