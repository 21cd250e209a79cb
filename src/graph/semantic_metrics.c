/* semantic_metrics.c: rules of metrics. */
#include "graph/semantic.h"

static Value param(const Node *metric, const char *key)
{
    return value_get(value_get(metric->extra, "type_params"), key);
}

static Str text_of(Value dict, const char *key)
{
    return value_get_text(dict, key, STR_NONE);
}

static bool is_type(const Node *metric, const char *type)
{
    return value_is(value_get(metric->extra, "type"), type);
}

/* ---- windows ---- */

static void check_window(SemanticCheck *check, const Node *metric, Value window, bool may_be_custom)
{
    Str grain = text_of(window, "granularity");
    if (!value_is_dict(window) || granularity_rank(grain) >= 0)
        return;
    bool is_custom = granularity_is_custom(check->graph, grain) ||
                     (grain.len && grain.at[grain.len - 1] == 's' &&
                      granularity_is_custom(check->graph, str_slice(grain, 0, grain.len - 1)));
    if (is_custom && may_be_custom)
        return;
    AUTO(text) Text shown = {0};
    value_print(value_get(window, "count"), &shown);
    semantic_fail(check, metric, window,
                  "Invalid time granularity '" STR_FMT "' in window: '" STR_FMT " " STR_FMT "'%s",
                  STR_ARG(grain), STR_ARG(text_str(&shown)), STR_ARG(grain),
                  is_custom ? " Custom granularities are not supported for this field yet." : "");
}

static void check_grain(SemanticCheck *check, const Node *metric, Value grain, const char *field)
{
    if (grain.kind == VALUE_TEXT && granularity_rank(str_lower(check->arena, value_str(grain))) < 0)
        semantic_fail(check, metric, grain,
                      "Invalid time granularity found in `%s`: '" STR_FMT "'.", field,
                      STR_ARG(value_str(grain)));
}

static void check_cumulative(SemanticCheck *check, const Node *metric)
{
    Value params = param(metric, "cumulative_type_params");
    Value window = value_get(params, "window"), grain = value_get(params, "grain_to_date");
    Value outer = param(metric, "window");
    if (value_is_dict(outer) && value_is_dict(window) && !value_equal(outer, window))
        semantic_fail(check, metric, outer,
                      "Got differing values for `window` on cumulative metric '" STR_FMT
                      "'. Please remove the value from `type_params.window`.",
                      STR_ARG(metric->name));
    check_grain(check, metric, grain, "grain_to_date");
    if (value_is_dict(window) && grain.kind == VALUE_TEXT)
        semantic_fail(check, metric, window,
                      "Both window and grain_to_date set for cumulative metric. Please set one or "
                      "the other.");
    check_window(check, metric, window, false);
}

/* dbt's flag require_nested_cumulative_type_params, on by default. */
static void check_nested(SemanticCheck *check, const Node *metric)
{
    Value flag = value_get(check->graph->project->flags, "require_nested_cumulative_type_params");
    Value window = param(metric, "window"), grain = param(metric, "grain_to_date");
    if (!value_truth(window) && !value_truth(grain))
        return;
    if (value_is_bool(flag) && !flag.is_true)
        event_print(LEVEL_WARN, "MFCumulativeTypeParamsDeprecation", "D021",
                    "Cumulative fields `type_params.window` and `type_params.grain_to_date` of '"
                    STR_FMT "' belong under `type_params.cumulative_type_params`.",
                    STR_ARG(metric->name));
    else
        semantic_fail(check, metric, value_truth(window) ? window : grain,
                      "Cumulative fields `type_params.window` and `type_params.grain_to_date` "
                      "should be nested under `type_params.cumulative_type_params`. Invalid "
                      "metrics: " STR_FMT,
                      STR_ARG(metric->name));
}

/* ---- derived ---- */

static void check_alias(SemanticCheck *check, const Node *metric, Value inputs, Value input)
{
    Value alias = value_get(input, "alias");
    if (alias.kind != VALUE_TEXT || !alias.len)
        return;
    check_semantic_name(check, metric, alias);
    EACH(inputs, other)
        if (str_eq(text_of(other, "name"), value_str(alias)))
            semantic_fail(check, metric, alias,
                          "Alias '" STR_FMT "' for input metric: '" STR_FMT
                          "' is already being used. Please choose another alias.",
                          STR_ARG(value_str(alias)), STR_ARG(text_of(input, "name")));
}

static void check_offsets(SemanticCheck *check, const Node *metric, Value input)
{
    Value window = value_get(input, "offset_window"), grain = value_get(input, "offset_to_grain");
    check_window(check, metric, window, true);
    check_grain(check, metric, grain, "offset_to_grain");
    if (value_is_dict(window) && grain.kind == VALUE_TEXT)
        semantic_fail(check, metric, input,
                      "Both offset_window and offset_to_grain set for derived metric '" STR_FMT
                      "' on input metric '" STR_FMT "'. Please set one or the other.",
                      STR_ARG(metric->name), STR_ARG(text_of(input, "name")));
}

static void check_derived(SemanticCheck *check, const Node *metric)
{
    Value inputs = param(metric, "metrics"), expr = param(metric, "expr");
    if (inputs.kind != VALUE_LIST || !inputs.list->len)
        semantic_fail(check, metric, UNDEFINED,
                      "No input metrics found for derived metric '" STR_FMT
                      "'. Please add metrics to type_params.metrics.",
                      STR_ARG(metric->name));
    if (!value_truth(expr))
        semantic_warn("No `expr` set for derived metric " STR_FMT
                      ". Please add an `expr` that references all input metrics.",
                      STR_ARG(metric->name));
    EACH(inputs, input) {
        Str alias = text_of(input, "alias"), name = alias.len ? alias : text_of(input, "name");
        check_alias(check, metric, inputs, input);
        if (value_truth(expr) && str_find(value_str(expr), name) < 0)
            semantic_warn("Input metric '" STR_FMT "' is not used in `expr`: '" STR_FMT
                          "' for derived metric '" STR_FMT
                          "'. Please update the `expr` or remove the input metric.",
                          STR_ARG(name), STR_ARG(value_str(expr)), STR_ARG(metric->name));
    }
}

/* ---- conversion ---- */

typedef struct Side {
    const char *measure, *metric;
    const Node *model;            /* semantic model of the input                                */
    Value element;                /* its measure, or the metric's aggregation                   */
    Str name, agg, expr;
    const char *kind;             /* "measure" or "metric"                                      */
} Side;

static const Node *measure_model(const Graph *graph, Str name, Value *measure)
{
    const Node *model;
    for (uint32_t at = 0; (model = semantic_next(graph, NODE_SEMANTIC_MODEL, &at));)
        EACH(value_get(model->extra, "measures"), one)
            if (str_eq(text_of(one, "name"), name)) {
                *measure = one;
                return model;
            }
    return NULL;
}

/* What a side means; false: an error was noted, or it is not known. */
static bool find_side(SemanticCheck *check, const Node *metric, Value params, Side *side)
{
    Value measure = value_get(params, side->measure), input = value_get(params, side->metric);
    side->kind = value_is_dict(measure) ? "measure" : "metric";
    side->name = text_of(value_is_dict(measure) ? measure : input, "name");
    if (value_is_dict(measure)) {
        side->model = measure_model(check->graph, side->name, &side->element);
        side->expr = text_of(side->element, "expr");
        side->agg = text_of(side->element, "agg");
        return side->model != NULL;
    }
    const Node *other = semantic_find(check->graph, NODE_METRIC, side->name);
    if (!other)
        return false;
    if (!is_type(other, "simple")) {
        semantic_fail(check, metric, input,
                      "Metric '" STR_FMT "' is not a Simple metric, so it cannot be used as an "
                      "input for Conversion metric '" STR_FMT "'.",
                      STR_ARG(side->name), STR_ARG(metric->name));
        return false;
    }
    side->element = param(other, "metric_aggregation_params");
    side->expr = text_of(value_get(other->extra, "type_params"), "expr");
    side->agg = text_of(side->element, "agg");
    side->model = semantic_find(check->graph, NODE_SEMANTIC_MODEL,
                                text_of(side->element, "semantic_model"));
    if (!side->model)
        semantic_fail(check, metric, input,
                      "Input metric '" STR_FMT "' for conversion metric '" STR_FMT
                      "' is linked to a semantic model that does not exist in your manifest.",
                      STR_ARG(side->name), STR_ARG(metric->name));
    return side->model != NULL;
}

static bool has_element(const Node *model, const char *list, Str name)
{
    EACH(value_get(model->extra, list), one)
        if (str_eq(text_of(one, "name"), name))
            return true;
    return false;
}

static void check_side(SemanticCheck *check, const Node *metric, Value params, const Side *side,
                       bool is_base)
{
    Value entity = value_get(params, "entity");
    bool is_counted = str_is(side->agg, "count") || str_is(side->agg, "count_distinct") ||
                      (str_is(side->agg, "sum") && str_is(side->expr, "1"));
    if (!has_element(side->model, "entities", value_str(entity)))
        semantic_fail(check, metric, entity,
                      "Entity: " STR_FMT " not found in %s semantic model: " STR_FMT ".",
                      STR_ARG(value_str(entity)), is_base ? "base" : "conversion",
                      STR_ARG(side->model->name));
    if (!is_counted)
        semantic_fail(check, metric, params,
                      "For conversion metrics, the input %s must be COUNT/SUM(1)/COUNT_DISTINCT. "
                      "'" STR_FMT "' is agg type: " STR_FMT,
                      side->kind, STR_ARG(side->name), STR_ARG(side->agg));
    EACH(value_get(params, "constant_properties"), one) {
        Value name = value_get(one, is_base ? "base_property" : "conversion_property");
        if (!has_element(side->model, "entities", value_str(name)) &&
            !has_element(side->model, "dimensions", value_str(name)))
            semantic_fail(check, metric, name,
                          "The provided constant property: " STR_FMT
                          ", cannot be found in semantic model " STR_FMT,
                          STR_ARG(value_str(name)), STR_ARG(side->model->name));
    }
}

static void check_conversion(SemanticCheck *check, const Node *metric)
{
    Value params = param(metric, "conversion_type_params");
    Side base = {.measure = "base_measure", .metric = "base_metric"};
    Side other = {.measure = "conversion_measure", .metric = "conversion_metric"};
    bool has_base = find_side(check, metric, params, &base);
    if (!find_side(check, metric, params, &other) || !has_base)
        return;
    check_side(check, metric, params, &base, true);
    check_side(check, metric, params, &other, false);
    check_window(check, metric, value_get(params, "window"), false);
}

/* ---- measures of all metrics ---- */

/* The same measure with two filters needs names for both. */
static void check_constrained(SemanticCheck *check, const Node *metric)
{
    Value inputs = param(metric, "input_measures");
    EACH(inputs, one) {
        bool has_twin = false;
        EACH(inputs, twin)
            has_twin |= !value_equal(one, twin) &&
                        str_eq(text_of(one, "name"), text_of(twin, "name"));
        if (has_twin && value_is_dict(value_get(one, "filter")) && !text_of(one, "alias").len)
            semantic_fail(check, metric, one,
                          "PydanticMetric " STR_FMT " depends on multiple different constrained "
                          "versions of measure " STR_FMT ". In such cases, aliases must be "
                          "provided.",
                          STR_ARG(metric->name), STR_ARG(text_of(one, "name")));
    }
}

static void check_measure_aliases(SemanticCheck *check, const Node *metric, Map *aliases)
{
    Value measure = UNDEFINED;
    EACH(param(metric, "input_measures"), one) {
        Value alias = value_get(one, "alias");
        if (alias.kind != VALUE_TEXT)
            continue;
        check_semantic_name(check, metric, alias);
        if (measure_model(check->graph, value_str(alias), &measure))
            semantic_fail(check, metric, alias,
                          "Alias `" STR_FMT "` for measure `" STR_FMT "` conflicts with measure "
                          "names defined elsewhere in the model!",
                          STR_ARG(value_str(alias)), STR_ARG(text_of(one, "name")));
        const Node *before = map_find(aliases, value_str(alias));
        if (before)
            semantic_fail(check, metric, alias,
                          "Measure alias " STR_FMT " conflicts with a measure alias used elsewhere "
                          "in the model! Metric with that alias: " STR_FMT,
                          STR_ARG(value_str(alias)), STR_ARG(before->name));
        else
            map_put(aliases, value_str(alias), (void *)(uintptr_t)metric);
    }
}

static void check_label(SemanticCheck *check, const Node *metric, Map *labels)
{
    Value label = value_get(metric->extra, "label");
    const Node *before = map_find(labels, value_str(label));
    if (before)
        semantic_fail(check, metric, label,
                      "Can't use label `" STR_FMT "` for  metric `" STR_FMT
                      "` as it's already used for metric `" STR_FMT "`",
                      STR_ARG(value_str(label)), STR_ARG(metric->name), STR_ARG(before->name));
    else
        map_put(labels, value_str(label), (void *)(uintptr_t)metric);
}

void check_metrics(SemanticCheck *check)
{
    Map labels, aliases;
    map_init(&labels, check->arena);
    map_init(&aliases, check->arena);
    const Node *metric;
    for (uint32_t at = 0; (metric = semantic_next(check->graph, NODE_METRIC, &at));) {
        check_semantic_name(check, metric, value_text(metric->name));
        EACH(param(metric, "metrics"), input)
            check_offsets(check, metric, input);
        if (is_type(metric, "derived"))
            check_derived(check, metric);
        else if (is_type(metric, "cumulative"))
            check_cumulative(check, metric);
        else if (is_type(metric, "conversion"))
            check_conversion(check, metric);
        check_constrained(check, metric);
        check_measure_aliases(check, metric, &aliases);
        check_label(check, metric, &labels);
        check_nested(check, metric);
    }
}
