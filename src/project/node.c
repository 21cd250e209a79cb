/* node.c: making nodes and asking them. */
#include "project/load.h"

static const char *const kind_names[NODE_KIND_COUNT] = {
    [NODE_MODEL] = "model",
    [NODE_ANALYSIS] = "analysis",
    [NODE_TEST] = "test",
    [NODE_SNAPSHOT] = "snapshot",
    [NODE_OPERATION] = "operation",
    [NODE_SEED] = "seed",
    [NODE_SQL_OPERATION] = "sql_operation",
    [NODE_SOURCE] = "source",
    [NODE_EXPOSURE] = "exposure",
    [NODE_METRIC] = "metric",
    [NODE_SAVED_QUERY] = "saved_query",
    [NODE_SEMANTIC_MODEL] = "semantic_model",
    [NODE_UNIT_TEST] = "unit_test",
    [NODE_FUNCTION] = "function",
    [NODE_INGEST] = "ingest",
    [NODE_PUBLISH] = "publish",
};

const char *node_kind_name(NodeKind kind)
{
    assert(kind < NODE_KIND_COUNT);
    return kind_names[kind];
}

bool node_kind_find(Str name, NodeKind *out)
{
    for (int i = 0; i < NODE_KIND_COUNT; i++)
        if (str_is(name, kind_names[i])) {
            *out = (NodeKind)i;
            return true;
        }
    return false;
}

/* ---- making ---- */

Node *node_new(const Loader *loader, Arena *arena, NodeKind kind, const SourceFile *file, Str name)
{
    Node *node = NEW(arena, Node);
    node->kind = kind;
    node->name = name;
    node->alias = name;
    node->package = file->package->name;
    node->path = file->path;
    node->original_file_path = file->original_file_path;
    node->file = file->file;
    node->language = STR("sql");
    node->database = loader->project->profile.database;
    node->schema = loader->project->profile.schema;
    node->raw_code = STR("");
    node->checksum_name = STR("sha256");
    node->checksum = file->checksum;
    node->fqn = loader->empty_list;
    node->config = loader->empty_dict;
    node->unrendered_config = loader->empty_dict;
    node->config_call_dict = loader->empty_dict;
    node->unrendered_config_call_dict = loader->empty_dict;
    node->tags = loader->empty_list;
    node->meta = loader->empty_dict;
    node->docs = loader->default_docs;
    node->columns = loader->empty_dict;
    node->constraints = loader->empty_list;
    node->contract = loader->default_contract;
    node->metrics = loader->empty_list;
    node->functions = loader->empty_list;
    node->doc_blocks = loader->empty_list;
    node->primary_key = loader->empty_list;
    node->version = node->latest_version = node->deprecation_date = NONE;
    node->description = STR("");
    node->access = STR("protected");
    node->test_metadata = NONE;
    node->template_context = NONE;
    node->extra = NONE;
    node->hook_index = -1;
    node->is_enabled = true;
    node->quotes_database = node->quotes_schema = node->quotes_identifier = true;
    node->created_at_us = loader->now_us;
    return node;
}

Value node_fqn(Arena *arena, Str package, Str path, Str name)
{
    Array *fqn = array_make(arena, 4);
    array_add(fqn, value_text(package));
    Str folder = path_folder(path), part;
    while (folder.len && str_next_part(&folder, '/', &part))
        if (part.len)
            array_add(fqn, value_text(part));
    array_add(fqn, value_text(name));
    return value_of_array(fqn);
}

Str node_unique_id(Arena *arena, NodeKind kind, Str package, Str name)
{
    Str type = str_of(kind_names[kind]);
    size_t len = type.len + package.len + name.len + 2;
    char *made = NEW_N(arena, char, len + 1), *at = made;
    Str parts[3] = {type, package, name};
    for (int i = 0; i < 3; i++) {
        if (i)
            *at++ = '.';
        if (parts[i].len)
            memcpy(at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
    return (Str){made, len};
}

/* ---- asking ---- */

Value node_config(const Node *node, const char *key)
{
    return value_get(node->config, key);
}

Str node_materialized(const Node *node)
{
    return value_get_text(node->config, "materialized",
                          node->kind == NODE_SEED   ? STR("seed")
                          : node->kind == NODE_TEST ? STR("test")
                                                    : STR("view"));
}

bool kind_is_own(NodeKind kind)
{
    return kind == NODE_INGEST || kind == NODE_PUBLISH;
}

bool node_is_ephemeral(const Node *node)
{
    return node->kind == NODE_MODEL && str_is(node_materialized(node), "ephemeral");
}

Str node_label(const Node *node, Arena *arena)
{
    return str_print(arena, "%s " STR_FMT " (" STR_FMT ")", kind_names[node->kind],
                     STR_ARG(node->name), STR_ARG(node->original_file_path));
}

Relation *node_relation(const Node *node, Arena *arena)
{
    Str type = node_is_ephemeral(node) ? STR("cte") : STR_NONE;
    Relation *relation = relation_make(arena, node->database, node->schema, node->alias, type);
    relation->quotes_database = node->quotes_database;
    relation->quotes_schema = node->quotes_schema;
    relation->quotes_identifier = node->quotes_identifier;
    return relation;
}

bool node_template(const Node *node, Arena *arena, Template **out, Err *err)
{
    if (node->template) {
        *out = node->template;
        return true;
    }
    JinjaSyntax syntax = {.is_dbt = true};
    return jinja_compile(arena, node->raw_code, node->file, &syntax, out, err);
}
