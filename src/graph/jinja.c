/* jinja.c: the variable `graph` of templates.
 *
 * A dict of mappings (nodes, sources, ...), made once for each node that runs. The dict of a node
 * is made when it is first asked for, under a lock, and shared by all; it is made again when the
 * node has been compiled since. Templates get copies, one a mapping: packages change what they
 * find.
 */
#include "graph/graph_base.h"

typedef struct Mapping {
    Object base;
    const Graph *graph;
    NodeKind kind;                /* NODE_MODEL: all that "nodes" holds; NODE_KIND_COUNT: groups */
    uint64_t step;                /* iteration: the next `i` ...                                */
    uint32_t at;                  /* ... and where in the nodes it is                           */
    Arena *arena;                 /* of the copies                                              */
    NodeView *copies;             /* NULL until one is asked for                                */
} Mapping;

static const ObjectType mapping_type;

static Mapping *mapping_of(Object *self)
{
    assert(self->type == &mapping_type);
    return (Mapping *)self;
}

/* ---- views ---- */

static Value node_view(const Graph *graph, uint32_t number)
{
    GraphIndex *index = graph->index;
    const Node *node = graph->project->nodes.at[number];
    lock_take(&index->lock);
    NodeView *view = &index->views[number];
    if (!view->is_made || view->compiled != node->compiled) {
        view->compiled = node->compiled;
        view->value = node_value(node, &index->views_arena);
        value_freeze(view->value);
        view->is_made = true;
    }
    Value value = view->value;
    lock_give(&index->lock);
    return value;
}

static Value group_view(const Graph *graph, uint32_t number)
{
    GraphIndex *index = graph->index;
    lock_take(&index->lock);
    Value *view = &index->group_views[number];
    if (view->kind == VALUE_UNDEFINED) {
        *view = group_value(graph->project->groups.at[number], &index->views_arena);
        value_freeze(*view);
    }
    Value value = *view;
    lock_give(&index->lock);
    return value;
}

static bool is_member(const Mapping *mapping, const Node *node)
{
    return mapping->kind == NODE_MODEL ? kind_is_node(node->kind) : node->kind == mapping->kind;
}

/* The next member at or after *at, as a key and a number for view_of(). */
static bool next_member(const Mapping *mapping, uint32_t *at, Value *key, uint32_t *number)
{
    const Project *project = mapping->graph->project;
    if (mapping->kind == NODE_KIND_COUNT) {
        if (*at >= project->groups.len)
            return false;
        *key = value_text(project->groups.at[*at]->unique_id);
        *number = (*at)++;
        return true;
    }
    for (; *at < project->nodes.len; (*at)++) {
        const Node *node = project->nodes.at[*at];
        if (!is_member(mapping, node))
            continue;
        *key = value_text(node->unique_id);
        *number = (*at)++;
        return true;
    }
    return false;
}

static Value view_of(Mapping *mapping, uint32_t number)
{
    const Project *project = mapping->graph->project;
    bool is_group = mapping->kind == NODE_KIND_COUNT;
    if (!mapping->copies)
        mapping->copies = NEW_N(mapping->arena, NodeView,
                                is_group ? project->groups.len : project->nodes.len);
    NodeView *copy = &mapping->copies[number];
    const Compiled *compiled = is_group ? NULL : project->nodes.at[number]->compiled;
    if (!copy->is_made || copy->compiled != compiled) {
        Value shared = is_group ? group_view(mapping->graph, number)
                                : node_view(mapping->graph, number);
        *copy = (NodeView){value_copy_shallow_text(mapping->arena, shared), compiled, true};
    }
    return copy->value;
}

/* The number of a key. */
static bool find_member(const Mapping *mapping, Value key, uint32_t *number)
{
    const Project *project = mapping->graph->project;
    if (key.kind != VALUE_TEXT)
        return false;
    if (mapping->kind != NODE_KIND_COUNT) {
        const Node *node = map_find(&project->by_id, value_str(key));
        if (!node || !is_member(mapping, node))
            return false;
        *number = node->index;
        return true;
    }
    for (*number = 0; *number < project->groups.len; (*number)++)
        if (str_eq(project->groups.at[*number]->unique_id, value_str(key)))
            return true;
    return false;
}

/* ---- Python's mapping ---- */

static bool mapping_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    (void)arena;
    (void)err;
    uint32_t number;
    Mapping *mapping = mapping_of(self);
    *out = find_member(mapping, key, &number) ? view_of(mapping, number) : UNDEFINED;
    return true;
}

static bool mapping_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    return mapping_item(self, arena, value_text(name), out, err);
}

static bool mapping_next(Object *self, Arena *arena, uint64_t i, Value *out)
{
    (void)arena;
    Mapping *mapping = mapping_of(self);
    uint32_t number;
    if (i != mapping->step) {
        mapping->at = 0;
        for (mapping->step = 0; mapping->step < i; mapping->step++)
            if (!next_member(mapping, &mapping->at, out, &number))
                return false;
    }
    if (!next_member(mapping, &mapping->at, out, &number))
        return false;
    mapping->step++;
    return true;
}

static int64_t mapping_length(Object *self)
{
    const Mapping *mapping = mapping_of(self);
    uint32_t at = 0, number;
    int64_t count = 0;
    Value key;
    while (next_member(mapping, &at, &key, &number))
        count++;
    return count;
}

static bool mapping_contains(Object *self, Value item)
{
    uint32_t number;
    return find_member(mapping_of(self), item, &number);
}

static void mapping_print(Object *self, Text *out)
{
    text_print(out, "<graph of %lld>", (long long)mapping_length(self));
}

typedef enum Part { PART_KEYS, PART_VALUES, PART_ITEMS } Part;

static bool list_parts(Object *self, Call *call, Part part, const char *name, Value *out, Err *err)
{
    TRY(call_bind(call, name, NULL, 0, 0, NULL, err));
    Mapping *mapping = mapping_of(self);
    Value list = value_list(call->arena), key;
    uint32_t at = 0, number;
    while (next_member(mapping, &at, &key, &number)) {
        if (part == PART_KEYS) {
            array_add(list.list, key);
        } else if (part == PART_VALUES) {
            array_add(list.list, view_of(mapping, number));
        } else {
            Array *pair = array_make(call->arena, 2);
            array_add(pair, key);
            array_add(pair, view_of(mapping, number));
            array_add(list.list, value_of_tuple(pair));
        }
    }
    *out = list;
    return true;
}

static bool mapping_keys(Object *self, Call *call, Value *out, Err *err)
{
    return list_parts(self, call, PART_KEYS, "keys", out, err);
}

static bool mapping_values(Object *self, Call *call, Value *out, Err *err)
{
    return list_parts(self, call, PART_VALUES, "values", out, err);
}

static bool mapping_items(Object *self, Call *call, Value *out, Err *err)
{
    return list_parts(self, call, PART_ITEMS, "items", out, err);
}

static bool mapping_find(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"key", "default"};
    Value slots[] = {UNDEFINED, NONE};
    TRY(call_bind(call, "get", names, 2, 1, slots, err));
    uint32_t number;
    Mapping *mapping = mapping_of(self);
    *out = find_member(mapping, slots[0], &number) ? view_of(mapping, number) : slots[1];
    return true;
}

static const Method mapping_methods[] = {
    {"keys", mapping_keys},   {"values", mapping_values}, {"items", mapping_items},
    {"get", mapping_find},    {NULL, NULL},
};

static const ObjectType mapping_type = {
    .name = "FlatGraphMapping",
    .methods = mapping_methods,
    .get = mapping_get,
    .item = mapping_item,
    .print = mapping_print,
    .length = mapping_length,
    .next = mapping_next,
    .contains = mapping_contains,
    .is_mapping = true,
};

Value graph_jinja(const Graph *graph, Arena *arena)
{
    static const struct {
        const char *name;
        NodeKind kind;
    } parts[] = {
        {"exposures", NODE_EXPOSURE},
        {"functions", NODE_FUNCTION},
        {"groups", NODE_KIND_COUNT},
        {"metrics", NODE_METRIC},
        {"nodes", NODE_MODEL},
        {"sources", NODE_SOURCE},
        {"semantic_models", NODE_SEMANTIC_MODEL},
        {"saved_queries", NODE_SAVED_QUERY},
        {"unit_tests", NODE_UNIT_TEST},
    };
    Dict *dict = dict_make(arena, COUNT_OF(parts));
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        Mapping *mapping = NEW(arena, Mapping);
        mapping->base.type = &mapping_type;
        mapping->graph = graph;
        mapping->arena = arena;
        mapping->kind = parts[i].kind;
        dict_put(dict, str_of(parts[i].name), value_of_object(&mapping->base));
    }
    return value_of_dict(dict);
}
