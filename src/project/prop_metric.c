/* prop_metric.c: metrics: with `type_params:`, in the newer flat form, and those of measures. */
#include <ctype.h>

#include "project/prop_semantic.h"

enum { NAME_LENGTH_MAX = 250 };

/* ---- shapes ---- */

static const char *const type_words[] = {"simple", "ratio", "cumulative", "derived", "conversion",
                                         NULL};
static const char *const period_words[] = {"first", "last", "average", NULL};
static const char *const calculation_words[] = {"conversions", "conversion_rate", NULL};

static const ShapeField measure_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "filter", .type = SHAPE_FILTER},
    {.name = "alias", .type = SHAPE_TEXT},
    {.name = "join_to_timespine", .type = SHAPE_BOOL},
    {.name = "fill_nulls_with", .type = SHAPE_INT},
    {0}};
static const ShapeField input_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "filter", .type = SHAPE_FILTER},
    {.name = "alias", .type = SHAPE_TEXT},
    {.name = "offset_window", .type = SHAPE_WINDOW},
    {.name = "offset_to_grain", .type = SHAPE_TEXT},
    {0}};
static const ShapeField property_fields[] = {
    {.name = "base_property", .type = SHAPE_NAME, .is_required = true},
    {.name = "conversion_property", .type = SHAPE_NAME, .is_required = true},
    {0}};
static const ShapeField conversion_fields[] = {
    {.name = "entity", .type = SHAPE_NAME, .is_required = true},
    {.name = "base_measure", .type = SHAPE_INPUT, .fields = measure_fields, .is_required = true},
    {.name = "conversion_measure", .type = SHAPE_INPUT, .fields = measure_fields,
     .is_required = true},
    {.name = "base_metric", .type = SHAPE_NONE},
    {.name = "conversion_metric", .type = SHAPE_NONE},
    {.name = "calculation", .type = SHAPE_WORD, .words = calculation_words,
     .preset = "conversion_rate"},
    {.name = "window", .type = SHAPE_WINDOW},
    {.name = "constant_properties", .type = SHAPE_OBJECTS_OR_NONE, .fields = property_fields},
    {0}};
static const ShapeField cumulative_fields[] = {
    {.name = "window", .type = SHAPE_WINDOW},
    {.name = "grain_to_date", .type = SHAPE_TEXT},
    {.name = "period_agg", .type = SHAPE_WORD, .words = period_words, .preset = "first"},
    {.name = "metric", .type = SHAPE_NONE},
    {0}};
static const ShapeField param_fields[] = {
    {.name = "measure", .type = SHAPE_INPUT, .fields = measure_fields},
    {.name = "numerator", .type = SHAPE_INPUT, .fields = input_fields},
    {.name = "denominator", .type = SHAPE_INPUT, .fields = input_fields},
    {.name = "expr", .type = SHAPE_EXPR},
    {.name = "window", .type = SHAPE_WINDOW},
    {.name = "grain_to_date", .type = SHAPE_WORD, .words = granularity_words},
    {.name = "metrics", .type = SHAPE_INPUTS, .fields = input_fields},
    {.name = "conversion_type_params", .type = SHAPE_OBJECT, .fields = conversion_fields},
    {.name = "cumulative_type_params", .type = SHAPE_OBJECT, .fields = cumulative_fields},
    {0}};
static const ShapeField metric_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT, .preset = ""},
    {.name = "label", .type = SHAPE_NAME, .is_required = true},
    {.name = "type", .type = SHAPE_WORD, .words = type_words, .preset = "simple"},
    {.name = "type_params", .type = SHAPE_OBJECT, .fields = param_fields, .is_required = true},
    {.name = "filter", .type = SHAPE_FILTER},
    {.name = "time_granularity", .type = SHAPE_TEXT},
    {.name = "config", .type = SHAPE_DICT},
    {.name = "meta", .type = SHAPE_DICT},
    {.name = "tags", .type = SHAPE_TEXTS},
    {0}};

/* The flat form. */
static const ShapeField additive_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "window_agg", .type = SHAPE_WORD, .words = aggregation_words, .is_required = true},
    {.name = "group_by", .type = SHAPE_TEXTS},
    {0}};
static const ShapeField flat_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT, .preset = ""},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "type", .type = SHAPE_WORD, .words = type_words, .preset = "simple"},
    {.name = "filter", .type = SHAPE_FILTER},
    {.name = "time_granularity", .type = SHAPE_TEXT},
    {.name = "config", .type = SHAPE_DICT},
    {.name = "hidden", .type = SHAPE_BOOL},
    {.name = "agg", .type = SHAPE_WORD, .words = aggregation_words},
    {.name = "percentile", .type = SHAPE_NUMBER},
    {.name = "percentile_type", .type = SHAPE_TEXT},
    {.name = "join_to_timespine", .type = SHAPE_BOOL},
    {.name = "fill_nulls_with", .type = SHAPE_INT},
    {.name = "expr", .type = SHAPE_EXPR},
    {.name = "non_additive_dimension", .type = SHAPE_OBJECT, .fields = additive_fields},
    {.name = "agg_time_dimension", .type = SHAPE_TEXT},
    {.name = "window", .type = SHAPE_WINDOW},
    {.name = "grain_to_date", .type = SHAPE_TEXT},
    {.name = "period_agg", .type = SHAPE_WORD, .words = period_words, .preset = "first"},
    {.name = "input_metric", .type = SHAPE_INPUT, .fields = input_fields},
    {.name = "numerator", .type = SHAPE_INPUT, .fields = input_fields},
    {.name = "denominator", .type = SHAPE_INPUT, .fields = input_fields},
    {.name = "input_metrics", .type = SHAPE_INPUTS, .fields = input_fields},
    {.name = "entity", .type = SHAPE_TEXT},
    {.name = "calculation", .type = SHAPE_WORD, .words = calculation_words},
    {.name = "base_metric", .type = SHAPE_INPUT, .fields = input_fields},
    {.name = "conversion_metric", .type = SHAPE_INPUT, .fields = input_fields},
    {.name = "constant_properties", .type = SHAPE_OBJECTS_OR_NONE, .fields = property_fields},
    {0}};

/* ---- names ---- */

static bool check_name(const Entry *entry, Value given, Err *err)
{
    Str name = value_str(given);
    AUTO(text) Text what = {0};
    bool has_others = !name.len;
    for (size_t i = 0; i < name.len; i++)
        has_others |= name.at[i] != '_' && !isalnum((unsigned char)name.at[i]) &&
                      (unsigned char)name.at[i] < 0x80;
    if (str_find_char(name, ' ') >= 0)
        text_add_c(&what, ", cannot contain spaces");
    if (name.len > NAME_LENGTH_MAX)
        text_add_c(&what, ", cannot contain more than 250 characters");
    if (!name.len || !isalpha((unsigned char)name.at[0]))
        text_add_c(&what, ", must begin with a letter");
    if (has_others)
        text_add_c(&what, ", must contain only letters, numbers and underscores");
    if (!what.len)
        return true;
    return entry_fail(entry, given, err, "The metric name '" STR_FMT "' is invalid.  It " STR_FMT,
                      STR_ARG(name), STR_ARG(str_slice(text_str(&what), 2, what.len)));
}

static bool fill(const Entry *entry, Arena *arena, Value given, const ShapeField *fields, Dict *out,
                 Err *err)
{
    ShapeWalk walk = {.entry = entry, .arena = arena};
    bool is_done = shape_fill(&walk, given, fields, out, err);
    text_drop(&walk.path);
    return is_done && check_name(entry, value_get(value_of_dict(out), "name"), err);
}

/* ---- the node ---- */

typedef struct Parts {
    Value all;                   /* filled fields of the entry                                  */
    Value params;                /* type_params as the manifest has them                        */
    Value config;                /* of the entry, or NONE                                       */
    bool is_flat;
} Parts;

static bool add_metric(const Loader *loader, Worker *worker, Item *item, const Parts *parts,
                       Err *err)
{
    const Entry *entry = item->entry;
    Arena *arena = worker->arena;
    Value all = parts->all, label = value_get(all, "label"), name = value_get(all, "name");
    Node *node;
    TRY(semantic_node_make(loader, worker, entry, NODE_METRIC, value_str(name), parts->config,
                           &node, err));
    TRY(semantic_describe(loader, worker, entry, all.dict, err));
    Value meta = value_get(node->config, "meta"), own = value_get(all, "meta");
    node->description = value_get_text(all, "description", STR(""));
    node->meta = parts->is_flat ? loader->empty_dict
                 : value_truth(meta) ? meta
                 : value_is_dict(own) ? own : loader->empty_dict;
    node->tags = value_is_list(value_get(all, "tags")) ? value_get(all, "tags")
                                                       : loader->empty_list;
    Dict *extra = dict_make(arena, 8);
    dict_put(extra, STR("label"), value_truth(label) ? label : name);
    dict_put(extra, STR("type"), value_get(all, "type"));
    dict_put(extra, STR("type_params"), parts->params);
    dict_put(extra, STR("filter"), value_get(all, "filter"));
    dict_put(extra, STR("metadata"), NONE);
    dict_put(extra, STR("time_granularity"), prop_get(all, "time_granularity"));
    node->extra = value_of_dict(extra);
    if (name.at)
        node->line = document_line(entry->document, name);
    list_add(arena, &item->nodes, node);
    return true;
}

/* All keys of type_params, in order, at their defaults. */
static Dict *params_make(Arena *arena)
{
    static const char *const none[] = {"measure", "input_measures", "numerator", "denominator",
                                       "expr", "window", "grain_to_date", "metrics",
                                       "conversion_type_params", "cumulative_type_params",
                                       "metric_aggregation_params", "fill_nulls_with"};
    Dict *made = dict_make(arena, 16);
    for (uint32_t i = 0; i < COUNT_OF(none); i++)
        dict_put(made, str_of(none[i]), NONE);
    dict_put(made, STR("input_measures"), value_list(arena));
    dict_put(made, STR("metrics"), value_list(arena));
    dict_put(made, STR("join_to_timespine"), value_bool(false));
    dict_put(made, STR("is_private"), NONE);
    return made;
}

/* ---- type_params ---- */

static void copy(Dict *into, Value from, const char *key)
{
    dict_put(into, str_of(key), prop_get(from, key));
}

/* window and grain_to_date may stand beside cumulative_type_params, too. */
static void set_cumulative(Arena *arena, Value given, Dict *made)
{
    Value found = value_get(given, "cumulative_type_params");
    Dict *params = dict_make(arena, 4);
    bool has_one = value_is_dict(found);
    Value window = has_one ? prop_get(found, "window") : NONE;
    Value grain = has_one ? prop_get(found, "grain_to_date") : NONE;
    dict_put(params, STR("window"), value_is_none(window) ? prop_get(given, "window") : window);
    dict_put(params, STR("grain_to_date"),
             value_is_none(grain) ? prop_get(given, "grain_to_date") : grain);
    dict_put(params, STR("period_agg"), has_one ? value_get(found, "period_agg")
                                                : value_lit("first"));
    dict_put(params, STR("metric"), NONE);
    dict_put(made, STR("cumulative_type_params"), value_of_dict(params));
}

static Value params_of(Arena *arena, Value all)
{
    static const char *const copied[] = {"measure", "numerator", "denominator", "expr", "window",
                                         "grain_to_date", "metrics", "conversion_type_params"};
    Value given = value_get(all, "type_params");
    Dict *made = params_make(arena);
    for (uint32_t i = 0; i < COUNT_OF(copied); i++)
        copy(made, given, copied[i]);
    if (value_is(value_get(all, "type"), "cumulative"))
        set_cumulative(arena, given, made);
    return value_of_dict(made);
}

/* ---- the flat form ---- */

static bool require(const Entry *entry, Value all, const char *key, const char *type, Err *err)
{
    if (!value_is_none(prop_get(all, key)))
        return true;
    return entry_fail(entry, value_get(all, "name"), err, "%s is required for %s metrics.", key,
                      type);
}

static Value aggregation_of(Arena *arena, Value all, Str semantic_model, Value time)
{
    Value made = value_dict(arena), params = value_dict(arena), additive = NONE;
    Value given = value_get(all, "non_additive_dimension"), type = value_get(all,
                                                                             "percentile_type");
    Str kind = str_lower(arena, value_str(type));
    dict_put(params.dict, STR("percentile"), prop_get(all, "percentile"));
    dict_put(params.dict, STR("use_discrete_percentile"), value_bool(str_is(kind, "discrete")));
    dict_put(params.dict, STR("use_approximate_percentile"),
             value_bool(str_is(kind, "continuous")));
    if (value_is_dict(given)) {
        additive = value_dict(arena);
        dict_put(additive.dict, STR("name"), value_get(given, "name"));
        dict_put(additive.dict, STR("window_choice"), value_get(given, "window_agg"));
        dict_put(additive.dict, STR("window_groupings"), value_get(given, "group_by"));
    }
    Value own = value_get(all, "agg_time_dimension");
    dict_put(made.dict, STR("semantic_model"), value_text(semantic_model));
    dict_put(made.dict, STR("agg"), value_get(all, "agg"));
    dict_put(made.dict, STR("agg_params"), params);
    dict_put(made.dict, STR("agg_time_dimension"), value_truth(own) ? own : time);
    dict_put(made.dict, STR("non_additive_dimension"), additive);
    return made;
}

static bool set_conversion(const Entry *entry, Arena *arena, Value all, Dict *made, Err *err)
{
    static const char *const needed[] = {"base_metric", "conversion_metric", "entity"};
    static const char *const keys[] = {"base_metric", "conversion_metric", "calculation", "window",
                                       "constant_properties"};
    for (uint32_t i = 0; i < COUNT_OF(needed); i++)
        TRY(require(entry, all, needed[i], "conversion", err));
    Dict *params = dict_make(arena, 8);
    dict_put(params, STR("entity"), value_get(all, "entity"));
    dict_put(params, STR("base_measure"), NONE);
    dict_put(params, STR("conversion_measure"), NONE);
    for (uint32_t i = 0; i < COUNT_OF(keys); i++)
        copy(params, all, keys[i]);
    if (value_is_none(prop_get(all, "calculation")))
        return entry_fail(entry, value_get(all, "name"), err,
                          "None is not a valid calculation of a conversion metric: expected "
                          "'conversions' or 'conversion_rate'");
    dict_put(made, STR("conversion_type_params"), value_of_dict(params));
    return true;
}

static bool flat_params(const Entry *entry, Arena *arena, Value all, Str semantic_model, Value time,
                        Value *out, Err *err)
{
    Dict *made = params_make(arena);
    Value type = value_get(all, "type");
    copy(made, all, "numerator");
    copy(made, all, "denominator");
    copy(made, all, "expr");
    dict_put(made, STR("metrics"), value_get(all, "input_metrics"));
    if (value_is(type, "conversion"))
        TRY(set_conversion(entry, arena, all, made, err));
    if (value_is(type, "cumulative")) {
        TRY(require(entry, all, "input_metric", "cumulative", err));
        Dict *params = dict_make(arena, 4);
        copy(params, all, "window");
        copy(params, all, "grain_to_date");
        copy(params, all, "period_agg");
        dict_put(params, STR("metric"), value_get(all, "input_metric"));
        dict_put(made, STR("cumulative_type_params"), value_of_dict(params));
    }
    if (!value_is_none(prop_get(all, "agg"))) {
        if (!semantic_model.len)
            return entry_fail(entry, value_get(all, "name"), err,
                              "simple metrics in v2 YAML must be attached to semantic_model");
        dict_put(made, STR("metric_aggregation_params"),
                 aggregation_of(arena, all, semantic_model, time));
    }
    dict_put(made, STR("join_to_timespine"), value_get(all, "join_to_timespine"));
    dict_put(made, STR("is_private"), value_get(all, "hidden"));
    *out = value_of_dict(made);
    return true;
}

/* ---- doors ---- */

bool model_metric_make(const Loader *loader, Worker *worker, Item *item, Value metric,
                       Str semantic_model, Value time, Err *err)
{
    const Entry *entry = item->entry;
    Arena *arena = worker->arena;
    Parts parts = {.all = value_dict(arena), .config = value_get(metric, "config"),
                   .is_flat = true};
    if (metric.kind != VALUE_DICT)
        return entry_fail(entry, metric, err, "at path ['metrics']: is not of type 'object'");
    TRY(fill(entry, arena, metric, flat_fields, parts.all.dict, err));
    bool is_simple = value_is(value_get(parts.all, "type"), "simple");
    TRY(flat_params(entry, arena, parts.all, is_simple ? semantic_model : STR_NONE,
                    is_simple ? time : NONE, &parts.params, err));
    return add_metric(loader, worker, item, &parts, err);
}

bool metric_make(const Loader *loader, Worker *worker, Item *item, Err *err)
{
    const Entry *entry = item->entry;
    Arena *arena = worker->arena;
    Parts parts = {.all = value_dict(arena), .config = value_get(entry->tree, "config")};
    if (value_is_undefined(value_get(entry->tree, "type_params"))) {
        Value type = value_get(entry->tree, "type");
        if (value_is_undefined(type))
            return entry_fail(entry, entry->raw, err, "at path []: 'type' is a required property");
        if (value_is(type, "simple") && value_is_none(prop_get(entry->tree, "agg")))
            return entry_fail(entry, entry->raw, err, "Simple metrics must have an agg param.");
        return model_metric_make(loader, worker, item, entry->tree, STR_NONE, NONE, err);
    }
    TRY(fill(entry, arena, entry->tree, metric_fields, parts.all.dict, err));
    parts.params = params_of(arena, parts.all);
    return add_metric(loader, worker, item, &parts, err);
}

bool measure_metric_make(const Loader *loader, Worker *worker, Item *item, Value measure,
                         bool is_enabled, Value meta, Err *err)
{
    Arena *arena = worker->arena;
    Value name = value_get(measure, "name"), expr = prop_get(measure, "expr");
    Value label = value_get(measure, "label"), description = value_get(measure, "description");
    Value given = value_dict(arena), params = value_dict(arena), config = value_dict(arena);
    if (!value_truth(description))
        description = value_text(str_print(arena, "Metric created from measure " STR_FMT,
                                           STR_ARG(value_str(name))));
    dict_put(config.dict, STR("enabled"), value_bool(is_enabled));
    dict_put(config.dict, STR("meta"), value_is_dict(meta) ? meta : value_dict(arena));
    dict_put(params.dict, STR("measure"), name);
    dict_put(params.dict, STR("expr"), value_truth(expr) ? expr : name);
    dict_put(given.dict, STR("name"), name);
    dict_put(given.dict, STR("label"), value_truth(label) ? label : name);
    dict_put(given.dict, STR("type"), value_lit("simple"));
    dict_put(given.dict, STR("type_params"), params);
    dict_put(given.dict, STR("description"), description);
    Parts parts = {.all = value_dict(arena), .config = config};
    TRY(fill(item->entry, arena, given, metric_fields, parts.all.dict, err));
    parts.params = params_of(arena, parts.all);
    return add_metric(loader, worker, item, &parts, err);
}
