/* prop_semantic.c: semantic models: entries of `semantic_models:`, and models that are one. */
#include "project/prop_semantic.h"

/* ---- shapes: fields in the manifest's order ---- */

static const ShapeField validity_fields[] = {
    {.name = "is_start", .type = SHAPE_BOOL}, {.name = "is_end", .type = SHAPE_BOOL}, {0}};
static const ShapeField type_param_fields[] = {
    {.name = "time_granularity", .type = SHAPE_WORD, .words = granularity_words,
     .is_required = true},
    {.name = "validity_params", .type = SHAPE_OBJECT, .fields = validity_fields},
    {0}};
static const ShapeField dimension_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "type", .type = SHAPE_WORD, .words = dimension_words, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "is_partition", .type = SHAPE_BOOL},
    {.name = "type_params", .type = SHAPE_OBJECT, .fields = type_param_fields},
    {.name = "expr", .type = SHAPE_TEXT},
    {.name = "metadata", .type = SHAPE_NONE},
    {.name = "config", .type = SHAPE_META},
    {.name = "datatype", .type = SHAPE_NONE},
    {0}};
static const ShapeField entity_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "type", .type = SHAPE_WORD, .words = entity_words, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "role", .type = SHAPE_TEXT},
    {.name = "expr", .type = SHAPE_TEXT},
    {.name = "config", .type = SHAPE_META},
    {0}};
static const ShapeField aggregation_fields[] = {
    {.name = "percentile", .type = SHAPE_NUMBER},
    {.name = "use_discrete_percentile", .type = SHAPE_BOOL},
    {.name = "use_approximate_percentile", .type = SHAPE_BOOL},
    {0}};
static const ShapeField additive_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "window_choice", .type = SHAPE_WORD, .words = aggregation_words,
     .is_required = true},
    {.name = "window_groupings", .type = SHAPE_TEXTS},
    {0}};
static const ShapeField measure_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "agg", .type = SHAPE_WORD, .words = aggregation_words, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "create_metric", .type = SHAPE_FALSE},
    {.name = "expr", .type = SHAPE_EXPR},
    {.name = "agg_params", .type = SHAPE_OBJECT, .fields = aggregation_fields},
    {.name = "non_additive_dimension", .type = SHAPE_OBJECT, .fields = additive_fields},
    {.name = "agg_time_dimension", .type = SHAPE_TEXT},
    {.name = "config", .type = SHAPE_META},
    {0}};
static const ShapeField default_fields[] = {{.name = "agg_time_dimension", .type = SHAPE_TEXT},
                                            {0}};
static const ShapeField model_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "model", .type = SHAPE_NAME, .is_required = true},
    {.name = "node_relation", .type = SHAPE_NONE},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "defaults", .type = SHAPE_OBJECT, .fields = default_fields},
    {.name = "entities", .type = SHAPE_OBJECTS, .fields = entity_fields},
    {.name = "measures", .type = SHAPE_OBJECTS, .fields = measure_fields},
    {.name = "dimensions", .type = SHAPE_OBJECTS, .fields = dimension_fields},
    {.name = "metadata", .type = SHAPE_NONE},
    {.name = "config", .type = SHAPE_DICT},
    {.name = "primary_entity", .type = SHAPE_TEXT},
    {0}};
/* Of models that are semantic models themselves. */
static const ShapeField derived_dimension_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "type", .type = SHAPE_WORD, .words = dimension_words, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "is_partition", .type = SHAPE_BOOL},
    {.name = "expr", .type = SHAPE_NAME, .is_required = true},
    {.name = "granularity", .type = SHAPE_WORD, .words = granularity_words},
    {.name = "validity_params", .type = SHAPE_OBJECT, .fields = validity_fields},
    {.name = "config", .type = SHAPE_META},
    {0}};
static const ShapeField derived_entity_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "type", .type = SHAPE_WORD, .words = entity_words, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "role", .type = SHAPE_NONE},
    {.name = "expr", .type = SHAPE_NAME, .is_required = true},
    {.name = "config", .type = SHAPE_META},
    {0}};
static const ShapeField derived_fields[] = {
    {.name = "entities", .type = SHAPE_OBJECTS, .fields = derived_entity_fields},
    {.name = "dimensions", .type = SHAPE_OBJECTS, .fields = derived_dimension_fields},
    {0}};
static const ShapeField resource_fields[] = {{.name = "meta", .type = SHAPE_DICT}, {0}};
static const ShapeField enabling_fields[] = {
    {.name = "name", .type = SHAPE_TEXT},
    {.name = "enabled", .type = SHAPE_BOOL},
    {.name = "group", .type = SHAPE_TEXT},
    {.name = "config", .type = SHAPE_OBJECT, .fields = resource_fields},
    {0}};
static const ShapeField column_dimension_fields[] = {
    {.name = "name", .type = SHAPE_TEXT},
    {.name = "type", .type = SHAPE_WORD, .words = dimension_words, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "is_partition", .type = SHAPE_BOOL},
    {.name = "config", .type = SHAPE_DICT},
    {.name = "validity_params", .type = SHAPE_OBJECT, .fields = validity_fields},
    {0}};
static const ShapeField column_entity_fields[] = {
    {.name = "name", .type = SHAPE_TEXT},
    {.name = "type", .type = SHAPE_WORD, .words = entity_words, .is_required = true},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "config", .type = SHAPE_DICT},
    {0}};

static bool fill(const Entry *entry, Arena *arena, Value given, const ShapeField *fields,
                 const char *path, Dict *out, Err *err)
{
    ShapeWalk walk = {.entry = entry, .arena = arena};
    if (path)
        text_print(&walk.path, "'%s'", path);
    bool is_done = given.kind == VALUE_DICT
                       ? shape_fill(&walk, given, fields, out, err)
                       : entry_fail(entry, given, err, "at path ['%s']: is not of type 'object'",
                                    path ? path : "");
    text_drop(&walk.path);
    return is_done;
}

/* ---- columns ---- */

static bool check_word(const Entry *entry, Value v, const char *const *words, const char *what,
                       Err *err)
{
    const ShapeField fields[] = {{.name = what, .type = SHAPE_WORD, .words = words}, {0}};
    Arena scratch = {0};
    Value given = value_dict(&scratch);
    dict_put(given.dict, str_of(what), v);
    bool is_done = fill(entry, &scratch, given, fields, NULL, dict_make(&scratch, 1), err);
    arena_drop(&scratch);
    return is_done;
}

static Value or_else(Value dict, const char *key, Value otherwise)
{
    Value v = value_get(dict, key);
    return value_truth(v) ? v : otherwise;
}

/* What a dict in a column leaves out comes from the column. */
static void take_from_column(Value made, Value column)
{
    Value description = value_get(column, "description");
    dict_put(made.dict, STR("name"), or_else(made, "name", prop_get(column, "name")));
    dict_put(made.dict, STR("description"),
             or_else(made, "description",
                     value_is_undefined(description) ? value_lit("") : description));
}

static bool check_time(const Entry *entry, Value column, Value dimension, Err *err)
{
    bool is_dict = value_is_dict(dimension);
    Value type = is_dict ? value_get(dimension, "type") : dimension;
    Value name = is_dict ? value_get(dimension, "name") : value_get(column, "name");
    if (value_truth(value_get(column, "granularity")))
        return true;
    Str own = value_get_text(column, "name", STR("")), shown = value_str(name);
    if (value_is(type, "time"))
        return entry_fail(entry, column, err,
                          "Dimension " STR_FMT " is a time dimension attached to column " STR_FMT
                          ", so that column must specify a granularity.",
                          STR_ARG(shown), STR_ARG(own));
    if (is_dict && value_truth(value_get(dimension, "validity_params")))
        return entry_fail(entry, column, err,
                          "Dimension " STR_FMT " has validity_params attached to column " STR_FMT
                          ", so that column must specify a granularity.",
                          STR_ARG(shown.len ? shown : own), STR_ARG(own));
    return true;
}

bool column_semantics(const Entry *entry, Arena *arena, Value column, Value *dimension,
                      Value *entity, Err *err)
{
    Value given = prop_get(column, "dimension"), grain = prop_get(column, "granularity");
    Value linked = prop_get(column, "entity");
    *dimension = *entity = NONE;
    if (value_truth(grain))
        TRY(check_word(entry, grain, granularity_words, "granularity", err));
    if (value_is_dict(given)) {
        *dimension = value_dict(arena);
        TRY(fill(entry, arena, given, column_dimension_fields, "dimension", dimension->dict, err));
        take_from_column(*dimension, column);
    } else if (!value_is_none(given)) {
        TRY(check_word(entry, given, dimension_words, "dimension", err));
        *dimension = given;
    }
    if (value_is_dict(linked)) {
        *entity = value_dict(arena);
        TRY(fill(entry, arena, linked, column_entity_fields, "entity", entity->dict, err));
        take_from_column(*entity, column);
    } else if (!value_is_none(linked)) {
        TRY(check_word(entry, linked, entity_words, "entity", err));
        *entity = linked;
    }
    return value_is_none(given) || check_time(entry, column, given, err);
}

/* ---- time spines ---- */

static Value column_named(const Array *columns, Str name)
{
    for (uint32_t i = 0; columns && i < columns->len; i++)
        if (str_eq(value_get_text(columns->at[i], "name", STR("")), name))
            return columns->at[i];
    return UNDEFINED;
}

static bool fail_spine(const Entry *entry, Value where, const Array *columns, const char *text,
                       Str name, Err *err)
{
    AUTO(text) Text list = {0};
    Str names[64];
    uint32_t count = 0;
    for (uint32_t i = 0; columns && i < columns->len && i < COUNT_OF(names); i++) {
        names[count++] = value_get_text(columns->at[i], "name", STR(""));
        text_print(&list, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(names[i]));
    }
    Str near = str_nearest(name, names, count);
    return err_set_in(err, ERR_PARSING, document_place(entry->document, where),
                      entry->document->file->text,
                      "%s Got '" STR_FMT "' for model '" STR_FMT "'. Columns: [" STR_FMT
                      "]%s" STR_FMT "%s",
                      text, STR_ARG(name), STR_ARG(entry->name), STR_ARG(text_str(&list)),
                      near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

bool time_spine_check(const Entry *entry, Value spine, const Array *columns, Err *err)
{
    Value standard = value_get(spine, "standard_granularity_column");
    Value custom = value_get(spine, "custom_granularities");
    if (standard.kind != VALUE_TEXT)
        return entry_fail(entry, spine, err, "at path ['time_spine']: "
                          "'standard_granularity_column' is a required property");
    Value column = column_named(columns, value_str(standard));
    if (value_is_undefined(column))
        return fail_spine(entry, standard, columns,
                          "Time spine standard granularity column must be defined on the model.",
                          value_str(standard), err);
    if (!value_truth(value_get(column, "granularity")))
        return fail_spine(entry, column, NULL,
                          "Time spine standard granularity column must have a granularity defined: "
                          "add one to the column.",
                          value_str(standard), err);
    for (uint32_t i = 0; custom.kind == VALUE_LIST && i < custom.list->len; i++) {
        Value one = custom.list->at[i];
        Value name = or_else(one, "column_name", value_get(one, "name"));
        if (value_is_undefined(column_named(columns, value_str(name))))
            return fail_spine(entry, name, columns,
                              "Time spine custom granularity columns do not exist in the model.",
                              value_str(name), err);
    }
    return true;
}

/* ---- nodes ---- */

bool semantic_describe(const Loader *loader, Worker *worker, const Entry *entry, Dict *dict,
                       Err *err)
{
    Value *found = dict_find(dict, STR("description")), blocks;
    if (!found || found->kind != VALUE_TEXT || !found->len)
        return true;
    Str text;
    TRY(description_render(loader, worker, entry->document->file->package->name, *found,
                           entry->document, &text, &blocks, err));
    dict_put(dict, STR("description"), value_text(text));
    return true;
}

bool semantic_node_make(const Loader *loader, Worker *worker, const Entry *entry, NodeKind kind,
                        Str name, Value config, Node **out, Err *err)
{
    Node *node = declared_node(loader, worker->arena, kind, entry, name);
    ConfigInput input = {.patch = value_is_dict(config) && config.dict->len ? config : NONE,
                         .unrendered_patch = NONE};
    node->raw_code = entry->document->file->text;
    if (!config_build(loader, worker, node, &input, err))
        return document_relocate(entry->document, entry->raw, err);
    *out = node;
    return true;
}

static bool describe_all(const Loader *loader, Worker *worker, const Entry *entry, Value list,
                         Err *err)
{
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
        TRY(semantic_describe(loader, worker, entry, list.list->at[i].dict, err));
    return true;
}

/* meta of the semantic model goes to all its elements; their own wins. */
static void spread_meta(Arena *arena, Value list, Value meta)
{
    Value key, value;
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++) {
        Value own = value_get(value_get(list.list->at[i], "config"), "meta");
        Value both = value_dict(arena), config = value_dict(arena);
        for (uint32_t at = 0; value_is_dict(meta) && dict_next(meta.dict, &at, &key, &value);)
            dict_put_keyed(both.dict, key, value);
        for (uint32_t at = 0; value_is_dict(own) && dict_next(own.dict, &at, &key, &value);)
            dict_put_keyed(both.dict, key, value);
        dict_put(config.dict, STR("meta"), both);
        dict_put(list.list->at[i].dict, STR("config"), config);
    }
}

/* extra: all fields but those of the node itself. */
static bool finish_model(const Loader *loader, Worker *worker, const Entry *entry, Node *node,
                         Dict *extra, Err *err)
{
    static const char *const lists[] = {"dimensions", "measures", "entities"};
    Value whole = value_of_dict(extra);
    TRY(semantic_describe(loader, worker, entry, extra, err));
    for (uint32_t i = 0; i < COUNT_OF(lists); i++) {
        TRY(describe_all(loader, worker, entry, value_get(whole, lists[i]), err));
        spread_meta(worker->arena, value_get(whole, lists[i]), value_get(node->config, "meta"));
    }
    node->meta = loader->empty_dict;
    node->extra = whole;
    return dependency_note(loader, worker, entry, node, value_get(whole, "model"), err);
}

bool semantic_model_make(const Loader *loader, Worker *worker, Item *item, Err *err)
{
    const Entry *entry = item->entry;
    Dict *extra = dict_make(worker->arena, 16);
    Node *node;
    TRY(fill(entry, worker->arena, entry->tree, model_fields, NULL, extra, err));
    TRY(semantic_node_make(loader, worker, entry, NODE_SEMANTIC_MODEL, entry->name,
                           value_get(entry->tree, "config"), &node, err));
    TRY(finish_model(loader, worker, entry, node, extra, err));
    list_add(worker->arena, &item->nodes, node);
    Value measures = value_get(entry->tree, "measures");
    for (uint32_t i = 0; measures.kind == VALUE_LIST && i < measures.list->len; i++)
        if (value_truth(value_get(measures.list->at[i], "create_metric")))
            TRY(measure_metric_make(loader, worker, item, measures.list->at[i], node->is_enabled,
                                    value_get(node->config, "meta"), err));
    return true;
}

/* ---- models that are semantic models ---- */

static Value meta_config(Arena *arena, Value first, Value second)
{
    Value both = value_dict(arena), config = value_dict(arena), key, value;
    for (uint32_t at = 0; value_is_dict(first) && dict_next(first.dict, &at, &key, &value);)
        dict_put_keyed(both.dict, key, value);
    for (uint32_t at = 0; value_is_dict(second) && dict_next(second.dict, &at, &key, &value);)
        dict_put_keyed(both.dict, key, value);
    dict_put(config.dict, STR("meta"), both);
    return config;
}

static Value type_params(Arena *arena, Value grain, Value validity)
{
    if (!value_truth(grain))
        return NONE;
    Value made = value_dict(arena);
    dict_put(made.dict, STR("time_granularity"), grain);
    dict_put(made.dict, STR("validity_params"), value_is_dict(validity) ? validity : NONE);
    return made;
}

static Value dimension_make(Arena *arena, Value from, Value params, Value expr, Value config)
{
    Value made = value_dict(arena);
    dict_put(made.dict, STR("name"), value_get(from, "name"));
    dict_put(made.dict, STR("type"), value_get(from, "type"));
    dict_put(made.dict, STR("description"), prop_get(from, "description"));
    dict_put(made.dict, STR("label"), prop_get(from, "label"));
    dict_put(made.dict, STR("is_partition"), value_bool(value_truth(value_get(from,
                                                                              "is_partition"))));
    dict_put(made.dict, STR("type_params"), params);
    dict_put(made.dict, STR("expr"), expr);
    dict_put(made.dict, STR("metadata"), NONE);
    dict_put(made.dict, STR("config"), config);
    dict_put(made.dict, STR("datatype"), NONE);
    return made;
}

/* The column's name, when the element is called otherwise. */
static Value expr_of(Value column, Value made)
{
    Value name = value_get(column, "name");
    return value_equal(name, value_get(made, "name")) ? NONE : name;
}

static void add_column_dimension(Arena *arena, Value column, Array *into)
{
    Value given = value_get(column, "dimension"), meta = value_get(value_get(column, "config"),
                                                                   "meta");
    if (value_is_dict(given)) {
        Value params = type_params(arena, value_get(column, "granularity"),
                                   value_get(given, "validity_params"));
        array_add(into, dimension_make(arena, given, params, expr_of(column, given),
                                       meta_config(arena, meta,
                                                   value_get(value_get(given, "config"), "meta"))));
    } else if (given.kind == VALUE_TEXT) {
        Value bare = value_dict(arena);
        dict_put(bare.dict, STR("name"), value_get(column, "name"));
        dict_put(bare.dict, STR("type"), given);
        dict_put(bare.dict, STR("description"), value_get(column, "description"));
        array_add(into, dimension_make(arena, bare, NONE, NONE, meta_config(arena, meta, NONE)));
    }
}

static void add_column_entity(Arena *arena, Value column, Array *into)
{
    Value given = value_get(column, "entity"), own;
    Value meta = value_get(value_get(column, "config"), "meta");
    if (value_is_none(given) || value_is_undefined(given))
        return;
    bool is_dict = value_is_dict(given);
    Value from = is_dict ? given : column, made = value_dict(arena);
    own = is_dict ? value_get(value_get(given, "config"), "meta") : UNDEFINED;
    dict_put(made.dict, STR("name"), value_get(from, "name"));
    dict_put(made.dict, STR("type"), is_dict ? value_get(given, "type") : given);
    dict_put(made.dict, STR("description"), prop_get(from, "description"));
    dict_put(made.dict, STR("label"), is_dict ? prop_get(given, "label") : NONE);
    dict_put(made.dict, STR("role"), NONE);
    dict_put(made.dict, STR("expr"), is_dict ? expr_of(column, given) : NONE);
    dict_put(made.dict, STR("config"), meta_config(arena, value_is_dict(own) ? own : meta, NONE));
    array_add(into, made);
}

static bool add_derived(const Entry *entry, Arena *arena, Value given, Array *dimensions,
                        Array *entities, Err *err)
{
    if (!value_is_dict(given))
        return true;
    Value all = value_dict(arena);
    TRY(fill(entry, arena, given, derived_fields, "derived_semantics", all.dict, err));
    Value list = value_get(all, "dimensions");
    for (uint32_t i = 0; i < list.list->len; i++) {
        Value one = list.list->at[i], grain = value_get(one, "granularity");
        if (value_truth(value_get(one, "validity_params")) && !value_truth(grain))
            return entry_fail(entry, one, err,
                              "Derived dimension " STR_FMT " has validity_params, so it must "
                              "specify a granularity.",
                              STR_ARG(value_get_text(one, "name", STR(""))));
        Value params = type_params(arena, grain, value_get(one, "validity_params"));
        array_add(dimensions, dimension_make(arena, one, params, value_get(one, "expr"),
                                             value_get(one, "config")));
    }
    list = value_get(all, "entities");
    for (uint32_t i = 0; i < list.list->len; i++)
        array_add(entities, list.list->at[i]);
    return true;
}

/* *name, *config of the semantic model; *is_one: the model is one. */
static bool read_enabling(const Entry *entry, Arena *arena, Str *name, Value *config, bool *is_one,
                          Err *err)
{
    Value given = value_get(entry->tree, "semantic_model"), all = value_dict(arena);
    *is_one = value_is_bool(given) && given.is_true;
    if (value_is_undefined(given) || value_is_none(given) || value_is_bool(given))
        return true;
    TRY(fill(entry, arena, given, enabling_fields, "semantic_model", all.dict, err));
    Value enabled = value_get(given, "enabled"), sub = value_get(all, "config");
    *is_one = !value_is_bool(enabled) || enabled.is_true;
    *name = value_get_text(all, "name", *name);
    if (!value_is_dict(sub))
        return true;
    *config = value_dict(arena);
    dict_put(config->dict, STR("meta"), value_get(sub, "meta"));
    dict_put(config->dict, STR("enabled"), value_bool(true));
    if (value_truth(value_get(all, "group")))
        dict_put(config->dict, STR("group"), value_get(all, "group"));
    return true;
}

static bool make_own(const Loader *loader, Worker *worker, const Entry *entry, const Node *model,
                     Str name, Value config, Node **out, Err *err)
{
    Arena *arena = worker->arena;
    Value dimensions = value_list(arena), entities = value_list(arena), key, column;
    for (uint32_t at = 0; dict_next(model->columns.dict, &at, &key, &column);) {
        add_column_dimension(arena, column, dimensions.list);
        add_column_entity(arena, column, entities.list);
    }
    TRY(add_derived(entry, arena, value_get(entry->tree, "derived_semantics"), dimensions.list,
                    entities.list, err));
    Value defaults = value_dict(arena);
    dict_put(defaults.dict, STR("agg_time_dimension"), prop_get(entry->tree,
                                                                "agg_time_dimension"));
    Dict *extra = dict_make(arena, 16);
    dict_put(extra, STR("model"), value_text(str_print(arena, "ref('" STR_FMT "')",
                                                       STR_ARG(entry->name))));
    dict_put(extra, STR("node_relation"), NONE);
    dict_put(extra, STR("description"), value_text(model->description));
    dict_put(extra, STR("label"), NONE);
    dict_put(extra, STR("defaults"), defaults);
    dict_put(extra, STR("entities"), entities);
    dict_put(extra, STR("measures"), value_list(arena));
    dict_put(extra, STR("dimensions"), dimensions);
    dict_put(extra, STR("metadata"), NONE);
    dict_put(extra, STR("primary_entity"), prop_get(entry->tree, "primary_entity"));
    TRY(semantic_node_make(loader, worker, entry, NODE_SEMANTIC_MODEL, name, config, out, err));
    return finish_model(loader, worker, entry, *out, extra, err);
}

bool model_semantics_make(const Loader *loader, Worker *worker, Item *item, const Node *model,
                          Err *err)
{
    const Entry *entry = item->entry;
    Str name = entry->name;
    Value config = NONE, metrics = value_get(entry->tree, "metrics");
    bool is_one;
    TRY(read_enabling(entry, worker->arena, &name, &config, &is_one, err));
    if (!is_one || !model)
        return true;
    Node *node;
    TRY(make_own(loader, worker, entry, model, name, config, &node, err));
    list_add(worker->arena, &item->nodes, node);
    for (uint32_t i = 0; metrics.kind == VALUE_LIST && i < metrics.list->len; i++)
        TRY(model_metric_make(loader, worker, item, metrics.list->at[i], name,
                              prop_get(entry->tree, "agg_time_dimension"), err));
    return true;
}
