/* refs.c: ref() and source() in the run phase: names become relations. */
#include "transform/refs.h"
#include "transform/run.h"
#include "transform/sample.h"
#include "transform/unit_test.h"

/* *out: the relation of a node in the state that --defer names; NULL: its own counts. */
static bool deferred_relation(NodeRun *run, const Node *target, Relation **out, Err *err)
{
    const RunOptions *options = &run->runner->options;
    *out = NULL;
    if (!options->defers || !options->state || bits_has(run->runner->selected, target->index))
        return true;
    Value earlier = value_get_str(value_get(options->state->manifest, "nodes"), target->unique_id);
    if (earlier.kind != VALUE_DICT || value_get_text(earlier, "relation_name", STR("")).len == 0)
        return true;
    if (run->runner->cache && run->runner->warehouse && !options->favors_state)
        TRY(run_cache_schema(run, target->database, target->schema, err));
    bool exists_here = run->runner->cache &&
                       cache_find(run->runner->cache, run->arena, target->database, target->schema,
                                  target->alias);
    if (exists_here && !options->favors_state)
        return true;
    *out = relation_make(run->arena, value_get_text(earlier, "database", STR_NONE),
                         value_get_text(earlier, "schema", STR_NONE),
                         value_get_text(earlier, "alias", STR_NONE), STR(""));
    return true;
}

/* The common table expression that stands for an ephemeral model. */
static Relation *cte_relation(NodeRun *run, const Node *target)
{
    Str name = str_print(run->arena, "__dbt__cte__" STR_FMT, STR_ARG(target->alias));
    Relation *relation = relation_make(run->arena, STR_NONE, STR_NONE, name, STR("cte"));
    relation->quotes_identifier = false;
    return relation;
}

/* Compiles an ephemeral parent and puts it, behind its own parents, into the list of CTEs. */
static bool add_cte(NodeRun *run, Node *target, Err *err)
{
    for (uint32_t i = 0; i < run->cte_ids.len; i++)
        if (str_eq(run->cte_ids.at[i], target->unique_id))
            return true;
    NodeRun inner = {0};
    node_run_init(&inner, run->runner, target, run->conn, run->arena);
    inner.cancel = run->cancel;
    inner.writes_file = run->writes_file;
    const Compiled *compiled = __atomic_load_n(&target->compiled, __ATOMIC_ACQUIRE);
    if (!compiled) {
        TRY(node_compile(&inner, err));
        compiled = __atomic_load_n(&target->compiled, __ATOMIC_ACQUIRE);
    }
    Value ctes = compiled->extra_ctes;
    for (uint32_t i = 0; ctes.kind == VALUE_LIST && i < ctes.list->len; i++) {
        Str id = value_get_text(ctes.list->at[i], "id", STR(""));
        Node *parent = map_find(&run->runner->project->by_id, id);
        if (parent)
            TRY(add_cte(run, parent, err));
    }
    Str name = str_print(run->arena, "__dbt__cte__" STR_FMT, STR_ARG(target->alias));
    Str body = compiled->bare;
    list_add(run->arena, &run->cte_ids, target->unique_id);
    list_add(run->arena, &run->ctes,
             (Cte){name, str_print(run->arena, " " STR_FMT " as (\n" STR_FMT "\n)", STR_ARG(name),
                                   STR_ARG(body))});
    return true;
}

static void put_all(Dict *into, Value from)
{
    Value key, value;
    uint32_t at = 0;
    while (from.kind == VALUE_DICT && dict_next(from.dict, &at, &key, &value))
        dict_put_keyed(into, key, value);
}

/* A source with `external_location` is read from there: read_csv('...'), 'file.parquet'. */
static bool take_external_location(NodeRun *run, const Node *target, Relation *relation, Err *err)
{
    Value meta = target->meta, config = target->config;
    bool is_external = !value_is_undefined(value_get(meta, "external_location")) ||
                       !value_is_undefined(value_get(config, "external_location"));
    if (target->kind != NODE_SOURCE || !is_external)
        return true;
    Value facts = value_dict(run->arena), place;
    dict_put(facts.dict, STR("name"), value_text(target->name));
    dict_put(facts.dict, STR("identifier"), value_text(target->alias));
    dict_put(facts.dict, STR("schema"), value_text(target->schema));
    dict_put(facts.dict, STR("database"), value_text(target->database));
    dict_put(facts.dict, STR("tags"), target->tags);
    put_all(facts.dict, meta);
    put_all(facts.dict, config);
    TRY(run_macro(run, "weir__external_location", &facts, 1, &place, err));
    relation->external = value_str(place);
    return true;
}

bool run_ref_relation(NodeRun *run, Node *target, Value *out, Err *err)
{
    Relation *relation = NULL;
    if (node_is_ephemeral(target)) {
        if (run->is_compiling && !run->runner->options.leaves_ctes_out)
            TRY(add_cte(run, target, err));
        relation = cte_relation(run, target);
    } else {
        TRY(deferred_relation(run, target, &relation, err));
        if (!relation)
            relation = node_relation(target, run->arena);
        TRY(take_external_location(run, target, relation, err));
    }
    if (run->runner->options.is_empty)
        relation->limit = STR("where false limit 0");
    relation->filter = sample_filter(run, target);
    *out = relation_value(relation);
    return true;
}

static bool is_parent(const Node *node, const Node *target)
{
    for (uint32_t i = 0; i < node->parents.len; i++)
        if (node->parents.at[i] == target)
            return true;
    return false;
}

/* ref(name), ref(package, name), with version= or v=. */
static bool bind_ref(Call *call, RefCall *ref, Err *err)
{
    *ref = (RefCall){.version = NONE};
    const Value *version = call_named(call, "version");
    if (!version)
        version = call_named(call, "v");
    if (version)
        ref->version = *version;
    if (call->arg_count < 1 || call->arg_count > 2)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "ref() takes at most two arguments (%u given)", call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++)
        if (call->args[i].kind != VALUE_TEXT)
            return err_set(err, ERR_COMPILATION, NOWHERE,
                           "ref() takes names as text, but argument %u is a %s", i + 1,
                           value_type_name(call->args[i]));
    ref->name = value_str(call->args[call->arg_count - 1]);
    if (call->arg_count == 2)
        ref->package = value_str(call->args[0]);
    return true;
}

static bool same_ref(const RefCall *a, const RefCall *b)
{
    return str_eq(a->name, b->name) && str_eq(a->package, b->package) &&
           value_equal(a->version, b->version);
}

static bool fail_not_inferred(const NodeRun *run, const RefCall *ref, Err *err)
{
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "dbt was unable to infer all dependencies for the model \"" STR_FMT
                   "\".\nThis typically happens when ref() is placed within a conditional block."
                   "\n\nTo fix this, add the following hint to the top of the model \"" STR_FMT
                   "\":\n\n-- depends_on: {{ ref('" STR_FMT "') }}",
                   STR_ARG(run->node->name), STR_ARG(run->node->name), STR_ARG(ref->name));
}

static bool call_ref(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    NodeRun *run = node_run_of(call);
    RefCall ref;
    TRY(bind_ref(call, &ref, err));
    if (run->unit)
        return unit_test_ref(run, &ref, out, err);
    const Node *node = run->node;
    for (uint32_t i = 0; i < node->refs.len && i < node->ref_nodes.len; i++)
        if (node->ref_nodes.at[i] && same_ref(&node->refs.at[i], &ref))
            return run_ref_relation(run, node->ref_nodes.at[i], out, err);
    bool is_disabled = false;
    Node *target = graph_find_ref(run->runner->graph, node->package, &ref, &is_disabled);
    if (!target)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       STR_FMT " '" STR_FMT "' (" STR_FMT ") depends on a node named '" STR_FMT
                       "' which %s",
                       STR_ARG(str_of(node->kind == NODE_TEST ? "Test" : "Model")),
                       STR_ARG(node->unique_id), STR_ARG(node->original_file_path),
                       STR_ARG(ref.name), is_disabled ? "is disabled" : "was not found");
    if (node->kind != NODE_OPERATION && node->kind != NODE_SQL_OPERATION &&
        !is_parent(node, target))
        return fail_not_inferred(run, &ref, err);
    return run_ref_relation(run, target, out, err);
}

static bool call_source(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"source_name", "table_name"};
    Value slots[2];
    TRY(call_bind(call, "source", names, 2, 2, slots, err));
    NodeRun *run = node_run_of(call);
    Str source = value_str(slots[0]), table = value_str(slots[1]);
    if (run->unit)
        return unit_test_source(run, source, table, out, err);
    bool is_disabled = false;
    Node *target =
        graph_find_source(run->runner->graph, run->node->package, source, table, &is_disabled);
    if (!target)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "Model '" STR_FMT "' (" STR_FMT ") depends on a source named '" STR_FMT
                       "." STR_FMT "' which %s",
                       STR_ARG(run->node->unique_id), STR_ARG(run->node->original_file_path),
                       STR_ARG(source), STR_ARG(table),
                       is_disabled ? "is disabled" : "was not found");
    return run_ref_relation(run, target, out, err);
}

/* ---- the callable objects `ref` and `source` ---- */

static void ref_print(Object *self, Text *out)
{
    (void)self;
    text_add_c(out, "<ref>");
}
static const ObjectType ref_type = {.name = "RuntimeRefResolver", .call = call_ref,
                                    .print = ref_print, .get = run_resolver_get};
static const ObjectType source_type = {.name = "RuntimeSourceResolver", .call = call_source,
                                       .print = ref_print, .get = run_resolver_get};

Value run_resolver(const NodeRun *run, bool is_source)
{
    Resolver *resolver = NEW(run->arena, Resolver);
    *resolver = (Resolver){{is_source ? &source_type : &ref_type}, run};
    return value_of_object(&resolver->base);
}
