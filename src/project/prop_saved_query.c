/* prop_saved_query.c: saved queries and their exports. */
#include "project/prop_semantic.h"

static const char *const export_words[] = {"table", "view", NULL};

static const ShapeField query_fields[] = {
    {.name = "metrics", .type = SHAPE_TEXTS},
    {.name = "group_by", .type = SHAPE_TEXTS},
    {.name = "where", .type = SHAPE_FILTER},
    {.name = "order_by", .type = SHAPE_TEXTS},
    {.name = "limit", .type = SHAPE_INT},
    {0}};
static const ShapeField export_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "config", .type = SHAPE_DICT},
    {0}};
static const ShapeField saved_query_fields[] = {
    {.name = "name", .type = SHAPE_NAME, .is_required = true},
    {.name = "query_params", .type = SHAPE_OBJECT, .fields = query_fields, .is_required = true},
    {.name = "exports", .type = SHAPE_OBJECTS, .fields = export_fields},
    {.name = "description", .type = SHAPE_TEXT},
    {.name = "label", .type = SHAPE_TEXT},
    {.name = "metadata", .type = SHAPE_NONE},
    {.name = "config", .type = SHAPE_DICT},
    {.name = "tags", .type = SHAPE_TAGS},
    {0}};

/* ---- exports ---- */

static Value text_or(Value v, Str otherwise)
{
    return value_truth(v) ? v : value_text(otherwise);
}

/* Of the export's config, else of the saved query's. */
static Value either(Value own, Value outer, const char *key)
{
    Value v = value_get(own, key);
    return value_is_undefined(v) ? prop_get(outer, key) : v;
}

static bool check_export(const Entry *entry, Value given, Value export_as, Err *err)
{
    for (uint32_t i = 0; export_words[i]; i++)
        if (value_is(export_as, export_words[i]))
            return true;
    AUTO(text) Text shown = {0};
    value_repr(export_as, &shown);
    return entry_fail(entry, given, err,
                      "at path ['exports']: 'export_as' of export '" STR_FMT
                      "' is not one of ['table', 'view'] but " STR_FMT,
                      STR_ARG(value_get_text(given, "name", STR(""))), STR_ARG(text_str(&shown)));
}

/* Names as a model of the export's name would have them. */
static bool export_names(const Loader *loader, Worker *worker, const Entry *entry, Value name,
                         Value config, Err *err)
{
    Node *node = declared_node(loader, worker->arena, NODE_MODEL, entry, value_str(name));
    node->config = value_dict(worker->arena);
    dict_put(node->config.dict, STR("alias"), value_get(config, "alias"));
    dict_put(node->config.dict, STR("database"), value_get(config, "database"));
    dict_put(node->config.dict, STR("schema"), NONE);
    dict_put(node->config.dict, STR("materialized"), value_lit("table"));
    dict_put(node->config.dict, STR("quoting"), value_dict(worker->arena));
    if (!node_finish_names(loader, worker, node, err))
        return document_relocate(entry->document, entry->raw, err);
    Value schema = value_get(config, "schema_name"), alias = value_get(config, "alias");
    dict_put(config.dict, STR("schema_name"), text_or(schema, node->schema));
    dict_put(config.dict, STR("database"), text_or(value_text(node->database), STR("")));
    dict_put(config.dict, STR("alias"), text_or(alias, node->alias));
    return true;
}

static bool finish_export(const Loader *loader, Worker *worker, const Entry *entry, Value outer,
                          Value given, Value *out, Err *err)
{
    Arena *arena = worker->arena;
    Value own = value_get(given, "config"), config = value_dict(arena);
    Value schema = either(own, outer, "schema_name"), export_as = either(own, outer, "export_as");
    TRY(check_export(entry, given, export_as, err));
    if (value_is_none(schema))
        schema = either(own, outer, "schema");
    dict_put(config.dict, STR("export_as"), export_as);
    dict_put(config.dict, STR("schema_name"), schema);
    dict_put(config.dict, STR("alias"), either(own, outer, "alias"));
    dict_put(config.dict, STR("database"), either(own, outer, "database"));
    TRY(export_names(loader, worker, entry, value_get(given, "name"), config, err));
    *out = value_dict(arena);
    dict_put(out->dict, STR("name"), value_get(given, "name"));
    dict_put(out->dict, STR("config"), config);
    dict_put(out->dict, STR("unrendered_config"), own);
    return true;
}

/* ---- the node ---- */

static void add_texts(Array *into, Value given)
{
    if (given.kind == VALUE_TEXT)
        array_add(into, given);
    for (uint32_t i = 0; given.kind == VALUE_LIST && i < given.list->len; i++)
        array_add(into, given.list->at[i]);
}

/* metric() calls of the query: what it depends on. */
static void note_metrics(Arena *arena, Node *node, Value names)
{
    node->metrics = value_list(arena);
    for (uint32_t i = 0; i < names.list->len; i++) {
        Value call = value_list(arena);
        array_add(call.list, names.list->at[i]);
        array_add(node->metrics.list, call);
    }
}

bool saved_query_make(const Loader *loader, Worker *worker, Item *item, Err *err)
{
    const Entry *entry = item->entry;
    Arena *arena = worker->arena;
    ShapeWalk walk = {.entry = entry, .arena = arena};
    Value all = value_dict(arena);
    Node *node;
    bool is_done = shape_fill(&walk, entry->tree, saved_query_fields, all.dict, err);
    text_drop(&walk.path);
    if (!is_done)
        return false;
    TRY(semantic_node_make(loader, worker, entry, NODE_SAVED_QUERY, entry->name,
                           value_get(entry->tree, "config"), &node, err));
    TRY(semantic_describe(loader, worker, entry, all.dict, err));
    Array *tags = array_make(arena, 4);
    add_texts(tags, value_get(all, "tags"));
    add_texts(tags, value_get(node->config, "tags"));
    node->tags = texts_sorted(arena, tags);
    node->meta = loader->empty_dict;
    Value exports = value_get(all, "exports"), made = value_list(arena);
    for (uint32_t i = 0; i < exports.list->len; i++) {
        Value one;
        TRY(finish_export(loader, worker, entry, node->config, exports.list->at[i], &one, err));
        array_add(made.list, one);
    }
    dict_put(all.dict, STR("exports"), made);
    note_metrics(arena, node, value_get(value_get(all, "query_params"), "metrics"));
    node->extra = all;
    list_add(arena, &item->nodes, node);
    return true;
}
