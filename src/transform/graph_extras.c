/* graph_extras.c: what packages keep in `graph` from one node to the next.
 *
 *   {% do graph.setdefault("cache", {}).update({"a": 1}) %}      in one node, read in later ones
 *
 * In dbt `graph` is one dict of the process that every template may change. Here a node gets a copy
 * of what was added to it so far; when the node has ended, what it changed against that copy goes
 * into the store: dicts are joined by key, lists get what was appended, the rest is replaced.
 */
#include "transform/run.h"

enum { DEPTH_MOST = 100 };

/* A copy that outlives the node. Objects: relations and datetimes; others become none. */
static Value copy_of(Arena *arena, Value v, int depth)
{
    if (depth > DEPTH_MOST)
        return NONE;
    if (v.kind == VALUE_DICT) {
        Dict *dict = dict_make(arena, v.dict->len);
        Value key, value;
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);)
            dict_put_keyed(dict, value_copy(arena, key), copy_of(arena, value, depth + 1));
        return value_of_dict(dict);
    }
    if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) {
        Array *list = array_make(arena, v.list->len);
        for (uint32_t i = 0; i < v.list->len; i++)
            array_add(list, copy_of(arena, v.list->at[i], depth + 1));
        return v.kind == VALUE_LIST ? value_of_array(list) : value_of_tuple(list);
    }
    if (v.kind != VALUE_OBJECT)
        return value_is_undefined(v) ? NONE : value_copy(arena, v);
    const Relation *relation = relation_of(v);
    if (!relation)
        return NONE;
    Relation *made = NEW(arena, Relation);
    *made = *relation;
    Str *const texts[] = {&made->database, &made->schema, &made->identifier, &made->type,
                          &made->external, &made->limit};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i]->at)
            *texts[i] = str_copy(arena, *texts[i]);
    made->metadata = value_copy(arena, made->metadata);
    made->renameable = value_copy(arena, made->renameable);
    made->replaceable = value_copy(arena, made->replaceable);
    made->catalog = value_copy(arena, made->catalog);
    return relation_value(made);
}

static void join_dicts(Arena *arena, Dict *store, const Dict *before, const Dict *after, int depth);

/* What stands under a key, after a node changed `before` to `after`. */
static void join_value(Arena *arena, Dict *store, Value key, const Value *before, Value after,
                       int depth)
{
    Value *kept = dict_find_value(store, key);
    bool both_dicts = kept && kept->kind == VALUE_DICT && after.kind == VALUE_DICT;
    bool grown = kept && before && kept->kind == VALUE_LIST && before->kind == VALUE_LIST &&
                 after.kind == VALUE_LIST && after.list->len >= before->list->len;
    if (both_dicts && depth < DEPTH_MOST) {
        join_dicts(arena, kept->dict, before && before->kind == VALUE_DICT ? before->dict : NULL,
                   after.dict, depth + 1);
    } else if (grown) {
        for (uint32_t i = before->list->len; i < after.list->len; i++)
            array_add(kept->list, copy_of(arena, after.list->at[i], depth));
    } else if (!before || !value_equal(*before, after)) {
        dict_put_keyed(store, value_copy(arena, key), copy_of(arena, after, depth));
    }
}

static void join_dicts(Arena *arena, Dict *store, const Dict *before, const Dict *after, int depth)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(after, &at, &key, &value);)
        join_value(arena, store, key, before ? dict_find_value(before, key) : NULL, value, depth);
    for (uint32_t at = 0; before && dict_next(before, &at, &key, &value);)
        if (!dict_find_value(after, key))
            dict_remove(store, key);
}

/* Is it one of the mappings that every graph has? */
static bool is_own(const NodeRun *run, Value key)
{
    return dict_find_value(run->graph_own, key) != NULL;
}

Value graph_of(NodeRun *run)
{
    Runner *runner = run->runner;
    if (!value_is_undefined(run->graph))
        return run->graph;
    run->graph = graph_jinja(runner->graph, run->arena);
    run->graph_own = graph_jinja(runner->graph, run->arena).dict;
    run->graph_before = value_dict(run->arena);
    lock_take(&runner->lock);
    Value key, value;
    const Dict *extras = runner->graph_extras;
    for (uint32_t at = 0; extras && dict_next(extras, &at, &key, &value);) {
        Value name = value_copy(run->arena, key);
        dict_put_keyed(run->graph.dict, name, copy_of(run->arena, value, 0));
        dict_put_keyed(run->graph_before.dict, name, copy_of(run->arena, value, 0));
    }
    lock_give(&runner->lock);
    return run->graph;
}

void graph_extras_keep(NodeRun *run)
{
    Runner *runner = run->runner;
    if (value_is_undefined(run->graph) ||
        (run->graph.dict->len == run->graph_own->len && !run->graph_before.dict->len))
        return;
    Dict *extras = dict_make(run->arena, 4);
    Value key, value;
    for (uint32_t at = 0; dict_next(run->graph.dict, &at, &key, &value);)
        if (!is_own(run, key))
            dict_put_keyed(extras, key, value);
    lock_take(&runner->lock);
    if (!runner->graph_extras)
        runner->graph_extras = dict_make(&runner->results_arena, 4);
    join_dicts(&runner->results_arena, runner->graph_extras, run->graph_before.dict, extras, 0);
    lock_give(&runner->lock);
}
