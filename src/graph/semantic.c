/* semantic.c: what metrics, semantic models and saved queries refer to. */
#include "graph/semantic.h"

enum { DEPTH_MAX = 100 };

typedef struct Resolving {
    Graph *graph;
    Map measures;                 /* name -> List of semantic models, as MeasureOwners           */
    Map disabled_measures;        /* name -> disabled semantic model                            */
    Map done;                     /* unique id of a metric whose inputs are known                */
    uint32_t depth;
} Resolving;

typedef struct MeasureOwner MeasureOwner;
struct MeasureOwner {
    Node *model;
    MeasureOwner *next;
};

const Node *semantic_next(const Graph *graph, NodeKind kind, uint32_t *at)
{
    const Project *project = graph->project;
    while (*at < project->nodes.len) {
        const Node *node = project->nodes.at[(*at)++];
        if (node->kind == kind && node->is_enabled)
            return node;
    }
    return NULL;
}

const Node *semantic_find(const Graph *graph, NodeKind kind, Str name)
{
    const Node *node;
    for (uint32_t at = 0; (node = semantic_next(graph, kind, &at));)
        if (str_eq(node->name, name))
            return node;
    return NULL;
}

static bool fail(const Node *node, Value where, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

static bool fail(const Node *node, Value where, Err *err, const char *format, ...)
{
    AUTO(text) Text message = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&message, format, args);
    va_end(args);
    Place place = value_place(where, node->file, node->raw_code);
    if (!place.line)
        place = (Place){node->file, (int)node->line, 1};
    err_set_in(err, ERR_PARSING, place, node->raw_code, STR_FMT, STR_ARG(text_str(&message)));
    return err_trail(err, "in %s " STR_FMT " (" STR_FMT ")", node_kind_name(node->kind),
                     STR_ARG(node->name), STR_ARG(node->original_file_path));
}

static void add_parent(Arena *arena, Node *node, Node *parent)
{
    for (uint32_t i = 0; i < node->parents.len; i++)
        if (node->parents.at[i] == parent)
            return;
    list_add(arena, &node->parents, parent);
}

/* ---- measures ---- */

static void index_measures(Resolving *resolving, Node *model, bool is_enabled)
{
    Value list = value_get(model->extra, "measures");
    Arena *arena = resolving->graph->project->arena;
    Map *map = is_enabled ? &resolving->measures : &resolving->disabled_measures;
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++) {
        Str name = value_get_text(list.list->at[i], "name", STR(""));
        MeasureOwner *owner = NEW(arena, MeasureOwner);
        *owner = (MeasureOwner){model, map_find(map, name)};
        map_put(map, name, owner);
    }
}

/* The own package's first, then the root's, then any. */
static Node *owner_of(const Resolving *resolving, const Map *map, Str package, Str measure)
{
    const Str order[2] = {resolving->graph->index->root_package, package};
    const MeasureOwner *first = map_find(map, measure), *owner;
    for (unsigned i = 0; i < 2; i++)
        for (owner = first; owner; owner = owner->next)
            if (str_eq(owner->model->package, order[i]))
                return owner->model;
    return first ? first->model : NULL;
}

static Str nearest(const Resolving *resolving, const Map *map, Str name)
{
    Arena *arena = resolving->graph->project->arena;
    uint32_t count = 0, at = 0;
    Str *names = NEW_N(arena, Str, map_len(map) + 1), key;
    void *what;
    while (map_next(map, &at, &key, &what))
        names[count++] = key;
    return str_nearest(name, names, count);
}

static void add_input(Value inputs, Value measure)
{
    for (uint32_t i = 0; i < inputs.list->len; i++)
        if (value_equal(inputs.list->at[i], measure))
            return;
    array_add(inputs.list, measure);
}

static bool add_measure(Resolving *resolving, Node *metric, Value measure, Err *err)
{
    Str name = value_get_text(measure, "name", STR(""));
    Value where = value_get(measure, "name");
    Node *owner = owner_of(resolving, &resolving->measures, metric->package, name);
    if (!owner) {
        Node *off = owner_of(resolving, &resolving->disabled_measures, metric->package, name);
        if (off)
            return fail(metric, where, err,
                        "The measure `" STR_FMT "` is referenced on disabled semantic model `"
                        STR_FMT "`.",
                        STR_ARG(name), STR_ARG(off->name));
        Str near = nearest(resolving, &resolving->measures, name);
        return fail(metric, where, err,
                    "A semantic model having a measure `" STR_FMT
                    "` does not exist but was referenced.%s" STR_FMT "%s",
                    STR_ARG(name), near.len ? " Did you mean `" : "", STR_ARG(near),
                    near.len ? "`?" : "");
    }
    add_parent(resolving->graph->project->arena, metric, owner);
    return true;
}

/* ---- metrics ---- */

static bool resolve_metric(Resolving *resolving, Node *metric, Err *err);

/* inherits: input_measures of the input are its own, too. */
static bool add_metric(Resolving *resolving, Node *metric, Value input, bool inherits, Err *err)
{
    Graph *graph = resolving->graph;
    Str name = value_get_text(input, "name", STR(""));
    Value where = value_get(input, "name");
    Found found = index_find_named(graph->index, NODE_METRIC, metric->package, STR_NONE, name);
    if (!found.node && found.is_disabled)
        return fail(metric, where, err,
                    "The metric `" STR_FMT "` is disabled and thus cannot be referenced.",
                    STR_ARG(name));
    if (!found.node) {
        Str near = nearest(resolving, &graph->index->metrics, name);
        return fail(metric, where, err,
                    "The metric `" STR_FMT
                    "` does not exist but was referenced.%s" STR_FMT "%s",
                    STR_ARG(name), near.len ? " Did you mean `" : "", STR_ARG(near),
                    near.len ? "`?" : "");
    }
    TRY(resolve_metric(resolving, found.node, err));
    Value params = value_get(metric->extra, "type_params");
    Value own = value_get(params, "input_measures");
    Value inputs = value_get(value_get(found.node->extra, "type_params"), "input_measures");
    for (uint32_t i = 0; inherits && i < inputs.list->len; i++)
        add_input(own, inputs.list->at[i]);
    add_parent(graph->project->arena, metric, found.node);
    return true;
}

static bool use_measure(Resolving *resolving, Node *metric, Value measure, Err *err)
{
    Value params = value_get(metric->extra, "type_params");
    add_input(value_get(params, "input_measures"), measure);
    return add_measure(resolving, metric, measure, err);
}

static bool resolve_simple(Resolving *resolving, Node *metric, Value params, Err *err)
{
    Value measure = value_get(params, "measure");
    Value aggregation = value_get(params, "metric_aggregation_params");
    if (value_is_dict(measure))
        return use_measure(resolving, metric, measure, err);
    Str model = value_get_text(aggregation, "semantic_model", STR(""));
    if (!model.len)
        return fail(metric, UNDEFINED, err,
                    "Simple metric " STR_FMT
                    " should have a measure or agg type defined, but it does not.",
                    STR_ARG(metric->name));
    for (uint32_t i = 0; i < resolving->graph->project->nodes.len; i++) {
        Node *node = resolving->graph->project->nodes.at[i];
        if (node->kind == NODE_SEMANTIC_MODEL && str_eq(node->name, model))
            add_parent(resolving->graph->project->arena, metric, node);
    }
    return true;
}

static bool resolve_cumulative(Resolving *resolving, Node *metric, Value params, Err *err)
{
    Value measure = value_get(params, "measure");
    Value input = value_get(value_get(params, "cumulative_type_params"), "metric");
    if (value_is_dict(measure))
        return use_measure(resolving, metric, measure, err);
    if (value_is_dict(input))
        return add_metric(resolving, metric, input, false, err);
    return fail(metric, UNDEFINED, err,
                "Cumulative metric " STR_FMT
                " should have a measure or input_metric defined, but it does not.",
                STR_ARG(metric->name));
}

static bool resolve_conversion(Resolving *resolving, Node *metric, Value params, Err *err)
{
    Value given = value_get(params, "conversion_type_params");
    Value base = value_get(given, "base_measure"), other = value_get(given, "conversion_measure");
    if (!value_is_dict(given))
        return fail(metric, UNDEFINED, err,
                    STR_FMT " is a conversion metric and must have conversion_type_params "
                    "defined.",
                    STR_ARG(metric->name));
    if (value_is_dict(base) && value_is_dict(other)) {
        Value inputs = value_get(params, "input_measures");
        add_input(inputs, base);
        add_input(inputs, other);
        TRY(add_measure(resolving, metric, base, err));
        return add_measure(resolving, metric, other, err);
    }
    TRY(add_metric(resolving, metric, value_get(given, "base_metric"), false, err));
    return add_metric(resolving, metric, value_get(given, "conversion_metric"), false, err);
}

static bool resolve_inputs(Resolving *resolving, Node *metric, Value params, bool is_ratio,
                           Err *err)
{
    Value list = value_get(params, "metrics");
    if (!is_ratio) {
        for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
            TRY(add_metric(resolving, metric, list.list->at[i], true, err));
        return true;
    }
    Value numerator = value_get(params, "numerator");
    Value denominator = value_get(params, "denominator");
    if (!value_is_dict(numerator) || !value_is_dict(denominator))
        return fail(metric, UNDEFINED, err,
                    "Invalid ratio metric. Both a numerator and denominator must be specified");
    TRY(add_metric(resolving, metric, numerator, true, err));
    return add_metric(resolving, metric, denominator, true, err);
}

static bool resolve_metric(Resolving *resolving, Node *metric, Err *err)
{
    if (map_find(&resolving->done, metric->unique_id))
        return true;
    if (resolving->depth >= DEPTH_MAX)
        return fail(metric, UNDEFINED, err, "Metric " STR_FMT " depends on itself",
                    STR_ARG(metric->name));
    Value params = value_get(metric->extra, "type_params"), type = value_get(metric->extra, "type");
    resolving->depth++;
    bool is_done = value_is(type, "simple") ? resolve_simple(resolving, metric, params, err)
                   : value_is(type, "cumulative")
                       ? resolve_cumulative(resolving, metric, params, err)
                   : value_is(type, "conversion")
                       ? resolve_conversion(resolving, metric, params, err)
                       : resolve_inputs(resolving, metric, params, value_is(type, "ratio"), err);
    resolving->depth--;
    map_put(&resolving->done, metric->unique_id, metric);
    return is_done;
}

/* ---- all ---- */

static void set_relation(Arena *arena, Node *model)
{
    const Node *of = model->ref_nodes.len ? model->ref_nodes.at[0] : NULL;
    if (!of)
        return;
    Dict *relation = dict_make(arena, 4);
    dict_put(relation, STR("alias"), value_text(of->alias));
    dict_put(relation, STR("schema_name"), value_text(of->schema));
    dict_put(relation, STR("database"), of->database.len ? value_text(of->database) : NONE);
    dict_put(relation, STR("relation_name"),
             of->relation_name.len ? value_text(of->relation_name) : NONE);
    dict_put(model->extra.dict, STR("node_relation"), value_of_dict(relation));
}

bool semantic_resolve(Graph *graph, Err *err)
{
    Project *project = graph->project;
    Resolving resolving = {.graph = graph};
    bool has_any = false;
    for (uint32_t i = 0; i < project->nodes.len && !has_any; i++)
        has_any = project->nodes.at[i]->kind == NODE_METRIC ||
                  project->nodes.at[i]->kind == NODE_SEMANTIC_MODEL;
    if (!has_any)
        return true;
    map_init(&resolving.measures, project->arena);
    map_init(&resolving.disabled_measures, project->arena);
    map_init(&resolving.done, project->arena);
    for (uint32_t i = 0; i < project->disabled.len; i++)
        if (project->disabled.at[i]->kind == NODE_SEMANTIC_MODEL)
            index_measures(&resolving, project->disabled.at[i], false);
    for (uint32_t i = 0; i < project->nodes.len; i++)
        if (project->nodes.at[i]->kind == NODE_SEMANTIC_MODEL) {
            index_measures(&resolving, project->nodes.at[i], true);
            set_relation(project->arena, project->nodes.at[i]);
        }
    for (uint32_t i = 0; i < project->nodes.len; i++)
        if (project->nodes.at[i]->kind == NODE_METRIC)
            TRY(resolve_metric(&resolving, project->nodes.at[i], err));
    return true;
}
