/* node_value.c: nodes, macros, docs and groups as dbt's manifest shows them, field by field in
 * dbt's order (manifest v12, checked against dbt-core 1.12.6). */
#include "project/load.h"

typedef enum Field {
    F_DATABASE, F_SCHEMA, F_NAME, F_KIND, F_PACKAGE, F_PATH, F_ORIGINAL, F_ID, F_FQN, F_ALIAS,
    F_CHECKSUM, F_CONFIG, F_TAGS, F_DESCRIPTION, F_COLUMNS, F_META, F_GROUP, F_DOCS, F_PATCH_PATH,
    F_BUILD_PATH, F_UNRENDERED, F_CREATED, F_RELATION, F_RAW_CODE, F_DOC_BLOCKS, F_LANGUAGE, F_REFS,
    F_SOURCES, F_METRICS, F_FUNCTIONS, F_DEPENDS_ON, F_DEPENDS_ON_MACROS, F_COMPILED_PATH,
    F_COMPILED, F_COMPILED_CODE, F_CTES_INJECTED, F_CTES, F_CONTRACT, F_ACCESS, F_CONSTRAINTS,
    F_VERSION, F_LATEST_VERSION, F_DEPRECATION, F_PRIMARY_KEY, F_COLUMN_NAME, F_FILE_KEY,
    F_ATTACHED, F_TEST_METADATA, F_INDEX, F_SOURCE_NAME, F_IDENTIFIER, F_EXTRA, F_END,
} Field;

typedef struct FieldRow {
    const char *name;
    Field field;
} FieldRow;

/* What all nodes of files have. */
static const FieldRow common[] = {
    {"database", F_DATABASE}, {"schema", F_SCHEMA}, {"name", F_NAME}, {"resource_type", F_KIND},
    {"package_name", F_PACKAGE}, {"path", F_PATH}, {"original_file_path", F_ORIGINAL},
    {"unique_id", F_ID}, {"fqn", F_FQN}, {"alias", F_ALIAS}, {"checksum", F_CHECKSUM},
    {"config", F_CONFIG}, {"tags", F_TAGS}, {"description", F_DESCRIPTION},
    {"columns", F_COLUMNS}, {"meta", F_META}, {"group", F_GROUP}, {"docs", F_DOCS},
    {"patch_path", F_PATCH_PATH}, {"build_path", F_BUILD_PATH},
    {"unrendered_config", F_UNRENDERED}, {"created_at", F_CREATED},
    {"relation_name", F_RELATION}, {"raw_code", F_RAW_CODE}, {"doc_blocks", F_DOC_BLOCKS},
    {NULL, F_END},
};
/* ... and those with SQL. */
static const FieldRow compiled[] = {
    {"language", F_LANGUAGE}, {"refs", F_REFS}, {"sources", F_SOURCES}, {"metrics", F_METRICS},
    {"functions", F_FUNCTIONS}, {"depends_on", F_DEPENDS_ON}, {"compiled_path", F_COMPILED_PATH},
    {"compiled", F_COMPILED}, {"compiled_code", F_COMPILED_CODE},
    {"extra_ctes_injected", F_CTES_INJECTED}, {"extra_ctes", F_CTES}, {"contract", F_CONTRACT},
    {NULL, F_END},
};
static const FieldRow model[] = {
    {"access", F_ACCESS}, {"constraints", F_CONSTRAINTS}, {"version", F_VERSION},
    {"latest_version", F_LATEST_VERSION}, {"deprecation_date", F_DEPRECATION},
    {"primary_key", F_PRIMARY_KEY}, {"time_spine", F_EXTRA}, {NULL, F_END},
};
static const FieldRow generic_test[] = {
    {"column_name", F_COLUMN_NAME}, {"file_key_name", F_FILE_KEY}, {"attached_node", F_ATTACHED},
    {"test_metadata", F_TEST_METADATA}, {NULL, F_END},
};
static const FieldRow operation[] = {{"index", F_INDEX}, {NULL, F_END}};
static const FieldRow seed[] = {
    {"root_path", F_EXTRA}, {"depends_on", F_DEPENDS_ON_MACROS}, {NULL, F_END}};
static const FieldRow function[] = {
    {"returns", F_EXTRA}, {"arguments", F_EXTRA}, {"overloads", F_EXTRA}, {NULL, F_END}};
static const FieldRow source[] = {
    {"database", F_DATABASE}, {"schema", F_SCHEMA}, {"name", F_NAME}, {"resource_type", F_KIND},
    {"package_name", F_PACKAGE}, {"path", F_PATH}, {"original_file_path", F_ORIGINAL},
    {"unique_id", F_ID}, {"fqn", F_FQN}, {"source_name", F_SOURCE_NAME},
    {"source_description", F_EXTRA}, {"loader", F_EXTRA}, {"identifier", F_IDENTIFIER},
    {"quoting", F_EXTRA}, {"loaded_at_field", F_EXTRA}, {"loaded_at_query", F_EXTRA},
    {"freshness", F_EXTRA}, {"external", F_EXTRA}, {"description", F_DESCRIPTION},
    {"columns", F_COLUMNS}, {"meta", F_META}, {"source_meta", F_EXTRA}, {"tags", F_TAGS},
    {"config", F_CONFIG}, {"patch_path", F_PATCH_PATH}, {"unrendered_config", F_UNRENDERED},
    {"relation_name", F_RELATION}, {"created_at", F_CREATED}, {"unrendered_database", F_EXTRA},
    {"unrendered_schema", F_EXTRA}, {"doc_blocks", F_DOC_BLOCKS}, {NULL, F_END},
};
static const FieldRow exposure[] = {
    {"name", F_NAME}, {"resource_type", F_KIND}, {"package_name", F_PACKAGE}, {"path", F_PATH},
    {"original_file_path", F_ORIGINAL}, {"unique_id", F_ID}, {"fqn", F_FQN}, {"type", F_EXTRA},
    {"owner", F_EXTRA}, {"description", F_DESCRIPTION}, {"label", F_EXTRA}, {"maturity", F_EXTRA},
    {"meta", F_META}, {"tags", F_TAGS}, {"config", F_CONFIG}, {"unrendered_config", F_UNRENDERED},
    {"url", F_EXTRA}, {"depends_on", F_DEPENDS_ON}, {"refs", F_REFS}, {"sources", F_SOURCES},
    {"metrics", F_METRICS}, {"created_at", F_CREATED}, {NULL, F_END},
};
static const FieldRow unit_test[] = {
    {"model", F_EXTRA}, {"given", F_EXTRA}, {"expect", F_EXTRA}, {"name", F_NAME},
    {"resource_type", F_KIND}, {"package_name", F_PACKAGE}, {"path", F_PATH},
    {"original_file_path", F_ORIGINAL}, {"unique_id", F_ID}, {"fqn", F_FQN},
    {"description", F_DESCRIPTION}, {"overrides", F_EXTRA}, {"depends_on", F_DEPENDS_ON},
    {"config", F_CONFIG}, {"checksum", F_EXTRA}, {"schema", F_SCHEMA}, {"created_at", F_CREATED},
    {"versions", F_EXTRA}, {"version", F_EXTRA}, {NULL, F_END},
};
static const FieldRow semantic_model[] = {
    {"name", F_NAME}, {"resource_type", F_KIND}, {"package_name", F_PACKAGE}, {"path", F_PATH},
    {"original_file_path", F_ORIGINAL}, {"unique_id", F_ID}, {"fqn", F_FQN}, {"model", F_EXTRA},
    {"node_relation", F_EXTRA}, {"description", F_EXTRA}, {"label", F_EXTRA},
    {"defaults", F_EXTRA}, {"entities", F_EXTRA}, {"measures", F_EXTRA}, {"dimensions", F_EXTRA},
    {"metadata", F_EXTRA}, {"depends_on", F_DEPENDS_ON}, {"refs", F_REFS},
    {"created_at", F_CREATED}, {"config", F_CONFIG}, {"unrendered_config", F_UNRENDERED},
    {"primary_entity", F_EXTRA}, {"group", F_GROUP}, {NULL, F_END},
};
static const FieldRow metric[] = {
    {"name", F_NAME}, {"resource_type", F_KIND}, {"package_name", F_PACKAGE}, {"path", F_PATH},
    {"original_file_path", F_ORIGINAL}, {"unique_id", F_ID}, {"fqn", F_FQN},
    {"description", F_DESCRIPTION}, {"label", F_EXTRA}, {"type", F_EXTRA},
    {"type_params", F_EXTRA}, {"filter", F_EXTRA}, {"metadata", F_EXTRA},
    {"time_granularity", F_EXTRA}, {"config", F_CONFIG}, {"unrendered_config", F_UNRENDERED},
    {"sources", F_SOURCES}, {"depends_on", F_DEPENDS_ON}, {"refs", F_REFS},
    {"metrics", F_METRICS}, {"created_at", F_CREATED}, {"group", F_GROUP}, {"meta", F_META},
    {"tags", F_TAGS}, {NULL, F_END},
};
static const FieldRow saved_query[] = {
    {"name", F_NAME}, {"resource_type", F_KIND}, {"package_name", F_PACKAGE}, {"path", F_PATH},
    {"original_file_path", F_ORIGINAL}, {"unique_id", F_ID}, {"fqn", F_FQN},
    {"query_params", F_EXTRA}, {"exports", F_EXTRA}, {"description", F_EXTRA},
    {"label", F_EXTRA}, {"metadata", F_EXTRA}, {"config", F_CONFIG},
    {"unrendered_config", F_UNRENDERED}, {"group", F_GROUP}, {"depends_on", F_DEPENDS_ON},
    {"created_at", F_CREATED}, {"refs", F_REFS}, {"tags", F_TAGS}, {NULL, F_END},
};

/* ---- values ---- */

static Value text_or_none(Str s)
{
    return s.len ? value_text(s) : NONE;
}

static Value refs_value(const Node *node, Arena *arena)
{
    Array *list = array_make(arena, node->refs.len);
    for (uint32_t i = 0; i < node->refs.len; i++) {
        Dict *ref = dict_make(arena, 3);
        dict_put(ref, STR("name"), value_text(node->refs.at[i].name));
        dict_put(ref, STR("package"), text_or_none(node->refs.at[i].package));
        dict_put(ref, STR("version"), node->refs.at[i].version);
        array_add(list, value_of_dict(ref));
    }
    return value_of_array(list);
}

static Value sources_value(const Node *node, Arena *arena)
{
    Array *list = array_make(arena, node->sources.len);
    for (uint32_t i = 0; i < node->sources.len; i++) {
        Array *pair = array_make(arena, 2);
        array_add(pair, value_text(node->sources.at[i].source));
        array_add(pair, value_text(node->sources.at[i].table));
        array_add(list, value_of_array(pair));
    }
    return value_of_array(list);
}

static Value depends_on_value(const Node *node, bool has_nodes, Arena *arena)
{
    Dict *dict = dict_make(arena, 2);
    Array *macros = array_make(arena, node->macros.len);
    for (uint32_t i = 0; i < node->macros.len; i++)
        array_add(macros, value_text(node->macros.at[i]->unique_id));
    dict_put(dict, STR("macros"), value_of_array(macros));
    if (has_nodes) {
        Array *nodes = array_make(arena, node->parents.len);
        for (uint32_t i = 0; i < node->parents.len; i++)
            array_add(nodes, value_text(node->parents.at[i]->unique_id));
        dict_put(dict, STR("nodes"), value_of_array(nodes));
    }
    return value_of_dict(dict);
}

static Value checksum_value(const Node *node, Arena *arena)
{
    Dict *dict = dict_make(arena, 2);
    dict_put(dict, STR("name"), value_text(node->checksum_name));
    dict_put(dict, STR("checksum"), value_text(node->checksum));
    return value_of_dict(dict);
}

static Value compiled_value(const Node *node, Field field)
{
    const Compiled *made = node->compiled;
    if (field == F_COMPILED_PATH)
        return made ? text_or_none(made->path) : NONE;
    if (field == F_BUILD_PATH)
        return made ? text_or_none(made->build_path) : NONE;
    if (!made)
        return UNDEFINED;
    return field == F_COMPILED        ? value_bool(true)
           : field == F_COMPILED_CODE ? value_text(made->code)
           : field == F_CTES_INJECTED ? value_bool(true)
                                      : made->extra_ctes;
}

/* UNDEFINED: the field is left out. */
static Value field_value(const Node *node, const FieldRow *row, Arena *arena)
{
    switch (row->field) {
    case F_DATABASE: return text_or_none(node->database);
    case F_SCHEMA: return text_or_none(node->schema);
    case F_NAME: return value_text(node->name);
    case F_KIND: return value_text(str_of(node_kind_name(node->kind)));
    case F_PACKAGE: return value_text(node->package);
    case F_PATH: return value_text(node->path);
    case F_ORIGINAL: return value_text(node->original_file_path);
    case F_ID: return value_text(node->unique_id);
    case F_FQN: return node->fqn;
    case F_ALIAS:
    case F_IDENTIFIER: return value_text(node->alias);
    case F_CHECKSUM: return checksum_value(node, arena);
    case F_CONFIG: return node->config;
    case F_TAGS: return node->tags;
    case F_DESCRIPTION: return value_text(node->description);
    case F_COLUMNS: return node->columns;
    case F_META: return node->meta;
    case F_GROUP: return text_or_none(node->group);
    case F_DOCS: return node->docs;
    case F_PATCH_PATH: return text_or_none(node->patch_path);
    case F_UNRENDERED: return node->unrendered_config;
    case F_CREATED: return value_float((double)node->created_at_us / 1e6);
    case F_RELATION: return text_or_none(node->relation_name);
    case F_RAW_CODE: return value_text(node->raw_code);
    case F_DOC_BLOCKS: return node->doc_blocks;
    case F_LANGUAGE: return value_text(node->language);
    case F_REFS: return refs_value(node, arena);
    case F_SOURCES: return sources_value(node, arena);
    case F_METRICS: return node->metrics;
    case F_FUNCTIONS: return node->functions;
    case F_DEPENDS_ON: return depends_on_value(node, true, arena);
    case F_DEPENDS_ON_MACROS: return depends_on_value(node, false, arena);
    case F_COMPILED_PATH:
    case F_BUILD_PATH:
    case F_COMPILED:
    case F_COMPILED_CODE:
    case F_CTES_INJECTED:
    case F_CTES: return compiled_value(node, row->field);
    case F_CONTRACT: return node->contract;
    case F_ACCESS: return value_text(node->access);
    case F_CONSTRAINTS: return node->constraints;
    case F_VERSION: return node->version;
    case F_LATEST_VERSION: return node->latest_version;
    case F_DEPRECATION: return node->deprecation_date;
    case F_PRIMARY_KEY: return node->primary_key;
    case F_COLUMN_NAME: return text_or_none(node->column_name);
    case F_FILE_KEY: return text_or_none(node->file_key_name);
    case F_ATTACHED: return node->attached ? value_text(node->attached->unique_id) : NONE;
    case F_TEST_METADATA: return node->test_metadata;
    case F_INDEX: return value_int(node->hook_index);
    case F_SOURCE_NAME: return text_or_none(node->source_name);
    case F_EXTRA: {
        Value found = value_get(node->extra, row->name);
        return value_is_undefined(found) ? NONE : found;
    }
    case F_END: break;
    }
    return UNDEFINED;
}

static void put_rows(const Node *node, const FieldRow *row, Dict *out)
{
    for (; row->name; row++) {
        Value value = field_value(node, row, out->arena);
        if (!value_is_undefined(value))
            dict_put(out, str_of(row->name), value);
    }
}

static void put_node(const Node *node, Dict *out)
{
    put_rows(node, common, out);
    if (node->kind == NODE_SEED) {
        put_rows(node, seed, out);
        return;
    }
    put_rows(node, compiled, out);
    if (node->kind == NODE_MODEL)
        put_rows(node, model, out);
    else if (node->kind == NODE_TEST && value_is_dict(node->test_metadata))
        put_rows(node, generic_test, out);
    else if (node->kind == NODE_OPERATION)
        put_rows(node, operation, out);
    else if (node->kind == NODE_FUNCTION)
        put_rows(node, function, out);
}

Value node_value(const Node *node, Arena *arena)
{
    Dict *out = dict_make(arena, 52);
    switch (node->kind) {
    case NODE_SOURCE: put_rows(node, source, out); break;
    case NODE_EXPOSURE: put_rows(node, exposure, out); break;
    case NODE_UNIT_TEST: put_rows(node, unit_test, out); break;
    case NODE_METRIC: put_rows(node, metric, out); break;
    case NODE_SAVED_QUERY: put_rows(node, saved_query, out); break;
    case NODE_SEMANTIC_MODEL: put_rows(node, semantic_model, out); break;
    default: put_node(node, out); break;
    }
    return value_of_dict(out);
}

/* ---- macros, docs, groups ---- */

static Value macro_config(const MacroEntry *entry, Arena *arena)
{
    if (value_is_dict(entry->config))
        return entry->config;
    Dict *config = dict_make(arena, 2);
    dict_put(config, STR("meta"), entry->meta);
    dict_put(config, STR("docs"), entry->docs);
    return value_of_dict(config);
}

Value macro_entry_value(const MacroEntry *entry, Arena *arena)
{
    Dict *out = dict_make(arena, 18), *depends_on = dict_make(arena, 1);
    dict_put(depends_on, STR("macros"), value_of_array(entry->depends_on));
    dict_put(out, STR("name"), value_text(entry->name));
    dict_put(out, STR("resource_type"), value_lit("macro"));
    dict_put(out, STR("package_name"), value_text(entry->package));
    dict_put(out, STR("path"), value_text(entry->path));
    dict_put(out, STR("original_file_path"), value_text(entry->original_file_path));
    dict_put(out, STR("unique_id"), value_text(entry->unique_id));
    dict_put(out, STR("macro_sql"), value_text(entry->macro->block));
    dict_put(out, STR("depends_on"), value_of_dict(depends_on));
    dict_put(out, STR("description"), value_text(entry->description));
    dict_put(out, STR("meta"), entry->meta);
    dict_put(out, STR("docs"), entry->docs);
    dict_put(out, STR("config"), macro_config(entry, arena));
    dict_put(out, STR("patch_path"), text_or_none(entry->patch_path));
    dict_put(out, STR("arguments"), entry->arguments);
    dict_put(out, STR("created_at"), value_float((double)entry->created_at_us / 1e6));
    dict_put(out, STR("supported_languages"), entry->macro->supported_languages);
    return value_of_dict(out);
}

Value doc_value(const Doc *doc, Arena *arena)
{
    Dict *out = dict_make(arena, 7);
    dict_put(out, STR("name"), value_text(doc->name));
    dict_put(out, STR("resource_type"), value_lit("doc"));
    dict_put(out, STR("package_name"), value_text(doc->package));
    dict_put(out, STR("path"), value_text(doc->path));
    dict_put(out, STR("original_file_path"), value_text(doc->original_file_path));
    dict_put(out, STR("unique_id"), value_text(doc->unique_id));
    dict_put(out, STR("block_contents"), value_text(doc->contents));
    return value_of_dict(out);
}

Value group_value(const Group *group, Arena *arena)
{
    Dict *out = dict_make(arena, 10);
    dict_put(out, STR("name"), value_text(group->name));
    dict_put(out, STR("resource_type"), value_lit("group"));
    dict_put(out, STR("package_name"), value_text(group->package));
    dict_put(out, STR("path"), value_text(group->path));
    dict_put(out, STR("original_file_path"), value_text(group->original_file_path));
    dict_put(out, STR("unique_id"), value_text(group->unique_id));
    dict_put(out, STR("owner"), group->owner);
    dict_put(out, STR("description"), text_or_none(group->description));
    dict_put(out, STR("config"), group->config);
    return value_of_dict(out);
}
