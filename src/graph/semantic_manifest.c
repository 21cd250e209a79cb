/* semantic_manifest.c: target/semantic_manifest.json: the semantic layer alone, as MetricFlow reads
 * it (fields checked against dbt-core 1.12.6). */
#include "base/json.h"
#include "graph/semantic.h"

/* ---- picking fields ---- */

static void pick(Dict *out, Value from, const char *const *keys)
{
    for (; *keys; keys++) {
        Value v = value_get(from, *keys);
        dict_put(out, str_of(*keys), value_is_undefined(v) ? NONE : v);
    }
}

static Value picked(Arena *arena, Value from, const char *const *keys)
{
    if (!value_is_dict(from))
        return NONE;
    Value made = value_dict(arena);
    pick(made.dict, from, keys);
    return made;
}

static Value picked_list(Arena *arena, Value list, const char *const *keys)
{
    Value made = value_list(arena);
    EACH(list, one)
        array_add(made.list, picked(arena, one, keys));
    return made;
}

static void put_text(Dict *out, const char *key, Str text)
{
    dict_put(out, str_of(key), value_text(text));
}

/* {"meta": ...} of a node's config. */
static Value config_of(Arena *arena, const Node *node)
{
    static const char *const keys[] = {"meta", NULL};
    return picked(arena, node->config, keys);
}

/* ---- semantic models ---- */

static Value model_value(Arena *arena, const Node *model)
{
    static const char *const entity[] = {"name", "description", "type", "role", "expr", "metadata",
                                         "label", "config", NULL};
    static const char *const measure[] = {"name", "agg", "description", "create_metric", "expr",
                                          "agg_params", "metadata", "non_additive_dimension",
                                          "agg_time_dimension", "label", "config", NULL};
    static const char *const dimension[] = {"name", "description", "type", "datatype",
                                            "is_partition", "type_params", "expr", "metadata",
                                            "label", "config", NULL};
    static const char *const head[] = {"defaults", "description", "node_relation",
                                       "primary_entity", NULL};
    Value made = value_dict(arena), extra = model->extra;
    put_text(made.dict, "name", model->name);
    pick(made.dict, extra, head);
    dict_put(made.dict, STR("entities"), picked_list(arena, value_get(extra, "entities"), entity));
    dict_put(made.dict, STR("measures"), picked_list(arena, value_get(extra, "measures"), measure));
    dict_put(made.dict, STR("dimensions"),
             picked_list(arena, value_get(extra, "dimensions"), dimension));
    dict_put(made.dict, STR("label"), value_get(extra, "label"));
    dict_put(made.dict, STR("metadata"), NONE);
    dict_put(made.dict, STR("config"), config_of(arena, model));
    return made;
}

/* ---- metrics ---- */

/* Granularities are lower case here, whatever the file says. */
static Value with_lower(Arena *arena, Value dict, const char *key)
{
    Value given = value_get(dict, key);
    if (given.kind != VALUE_TEXT)
        return dict;
    Value made = value_copy_shallow_text(arena, dict);
    put_text(made.dict, key, str_lower(arena, value_str(given)));
    return made;
}

static Value params_value(Arena *arena, Value params)
{
    static const char *const keys[] = {
        "measure", "numerator", "denominator", "expr", "window", "grain_to_date", "metrics",
        "conversion_type_params", "cumulative_type_params", "input_measures",
        "metric_aggregation_params", "join_to_timespine", "fill_nulls_with", "is_private", NULL};
    static const char *const conversion[] = {
        "base_measure", "base_metric", "conversion_measure", "conversion_metric", "entity",
        "calculation", "window", "constant_properties", NULL};
    Value made = picked(arena, params, keys), metrics = value_list(arena);
    EACH(value_get(params, "metrics"), one)
        array_add(metrics.list, with_lower(arena, one, "offset_to_grain"));
    dict_put(made.dict, STR("metrics"), metrics);
    dict_put(made.dict, STR("conversion_type_params"),
             picked(arena, value_get(params, "conversion_type_params"), conversion));
    dict_put(made.dict, STR("cumulative_type_params"),
             with_lower(arena, value_get(params, "cumulative_type_params"), "grain_to_date"));
    return made;
}

static Value metric_value(Arena *arena, const Node *metric)
{
    Value made = value_dict(arena), extra = metric->extra;
    put_text(made.dict, "name", metric->name);
    put_text(made.dict, "description", metric->description);
    dict_put(made.dict, STR("type"), value_get(extra, "type"));
    dict_put(made.dict, STR("datatype"), NONE);
    dict_put(made.dict, STR("type_params"), params_value(arena, value_get(extra, "type_params")));
    dict_put(made.dict, STR("filter"), value_get(extra, "filter"));
    dict_put(made.dict, STR("metadata"), NONE);
    dict_put(made.dict, STR("label"), value_get(extra, "label"));
    dict_put(made.dict, STR("config"), config_of(arena, metric));
    dict_put(made.dict, STR("time_granularity"), value_get(extra, "time_granularity"));
    return made;
}

/* ---- saved queries ---- */

static Value query_value(Arena *arena, const Node *query)
{
    static const char *const params[] = {"metrics", "group_by", "order_by", "limit", "where", NULL};
    static const char *const config[] = {"export_as", "schema_name", "alias", NULL};
    Value made = value_dict(arena), extra = query->extra, exports = value_list(arena);
    EACH(value_get(extra, "exports"), one) {
        Value shown = value_dict(arena);
        dict_put(shown.dict, STR("name"), value_get(one, "name"));
        dict_put(shown.dict, STR("config"), picked(arena, value_get(one, "config"), config));
        array_add(exports.list, shown);
    }
    put_text(made.dict, "name", query->name);
    dict_put(made.dict, STR("query_params"),
             picked(arena, value_get(extra, "query_params"), params));
    dict_put(made.dict, STR("description"), value_get(extra, "description"));
    dict_put(made.dict, STR("metadata"), NONE);
    dict_put(made.dict, STR("label"), value_get(extra, "label"));
    dict_put(made.dict, STR("exports"), exports);
    dict_put(made.dict, STR("tags"), query->tags);
    return made;
}

/* ---- time spines ---- */

static Value spine_relation(Arena *arena, const Node *model)
{
    Value made = value_dict(arena);
    put_text(made.dict, "alias", model->alias);
    put_text(made.dict, "schema_name", model->schema);
    dict_put(made.dict, STR("database"),
             model->database.len ? value_text(model->database) : NONE);
    put_text(made.dict, "relation_name", model->relation_name);
    return made;
}

static void add_spine(Arena *arena, const Node *model, Array *into)
{
    static const char *const keys[] = {"name", "column_name", NULL};
    Value spine = value_get(model->extra, "time_spine");
    if (!value_is_dict(spine))
        return;
    Str name = value_get_text(spine, "standard_granularity_column", STR(""));
    Value made = value_dict(arena), column = value_dict(arena);
    put_text(column.dict, "name", name);
    dict_put(column.dict, STR("time_granularity"),
             value_get(value_get_str(model->columns, name), "granularity"));
    dict_put(made.dict, STR("node_relation"), spine_relation(arena, model));
    dict_put(made.dict, STR("primary_column"), column);
    dict_put(made.dict, STR("custom_granularities"),
             picked_list(arena, value_get(spine, "custom_granularities"), keys));
    array_add(into, made);
}

/* A model of this name counts as a time spine of days without any YAML. */
static void add_legacy_spine(const Graph *graph, Arena *arena, Array *into)
{
    const Node *model = semantic_find(graph, NODE_MODEL, STR("metricflow_time_spine"));
    uint32_t at = 0;
    if (!model || value_is_dict(value_get(model->extra, "time_spine")) ||
        !semantic_next(graph, NODE_SEMANTIC_MODEL, &at))
        return;
    Value made = value_dict(arena);
    put_text(made.dict, "location", model->relation_name);
    put_text(made.dict, "column_name", STR("date_day"));
    put_text(made.dict, "grain", STR("day"));
    array_add(into, made);
}

static Value configuration_value(const Graph *graph, Arena *arena)
{
    Value made = value_dict(arena), version = value_dict(arena), legacy = value_list(arena);
    Value spines = value_list(arena);
    const Node *node;
    put_text(version.dict, "major_version", STR("0"));
    put_text(version.dict, "minor_version", STR("213"));
    put_text(version.dict, "patch_version", STR("0"));
    for (uint32_t at = 0; (node = semantic_next(graph, NODE_MODEL, &at));)
        add_spine(arena, node, spines.list);
    add_legacy_spine(graph, arena, legacy.list);
    dict_put(made.dict, STR("time_spine_table_configurations"), legacy);
    dict_put(made.dict, STR("metadata"), NONE);
    dict_put(made.dict, STR("dsi_package_version"), version);
    dict_put(made.dict, STR("time_spines"), spines);
    return made;
}

/* ---- the file ---- */

static Value nodes_value(const Graph *graph, Arena *arena, NodeKind kind,
                         Value (*one)(Arena *, const Node *))
{
    Value made = value_list(arena);
    const Node *node;
    for (uint32_t at = 0; (node = semantic_next(graph, kind, &at));)
        array_add(made.list, one(arena, node));
    return made;
}

Value semantic_manifest_value(const Graph *graph, Arena *arena)
{
    Value made = value_dict(arena);
    dict_put(made.dict, STR("semantic_models"),
             nodes_value(graph, arena, NODE_SEMANTIC_MODEL, model_value));
    dict_put(made.dict, STR("metrics"), nodes_value(graph, arena, NODE_METRIC, metric_value));
    dict_put(made.dict, STR("project_configuration"), configuration_value(graph, arena));
    dict_put(made.dict, STR("saved_queries"),
             nodes_value(graph, arena, NODE_SAVED_QUERY, query_value));
    return made;
}

bool semantic_manifest_write(const Graph *graph, Str path, Err *err)
{
    Arena arena = {0};
    AUTO(text) Text text = {0};
    FileWriter writer;
    json_print(semantic_manifest_value(graph, &arena), (JsonStyle){0}, &text);
    bool is_done = file_writer_open(&writer, path, err);
    if (is_done) {
        is_done = file_writer_add(&writer, text_str(&text), err) &&
                  file_writer_commit(&writer, false, err);
        file_writer_drop(&writer);
    }
    arena_drop(&arena);
    return is_done;
}
