/* catalog.c: catalog.json (v1): what the database says of the project's relations. */
#include "base/file.h"
#include "base/json.h"
#include "transform/prepare.h"
#include "transform/run.h"

static Value stats_value(Arena *arena)
{
    Value stats = value_dict(arena), has = value_dict(arena);
    dict_put(has.dict, STR("id"), value_lit("has_stats"));
    dict_put(has.dict, STR("label"), value_lit("Has Stats?"));
    dict_put(has.dict, STR("value"), value_bool(false));
    dict_put(has.dict, STR("include"), value_bool(false));
    dict_put(has.dict, STR("description"),
             value_lit("Indicates whether there are statistics for this table"));
    dict_put(stats.dict, STR("has_stats"), has);
    return stats;
}

/* Cell of a row by the name of its column. */
static Value cell_of(Value table, uint64_t row, const char *name)
{
    for (uint32_t i = 0; i < table_column_count(table); i++)
        if (str_is(table_column_name(table, i), name))
            return table_cell(table, row, i);
    return NONE;
}

/* "schema.name" in lower case. */
static Str relation_key(Arena *arena, Str schema, Str name)
{
    return str_lower(arena, str_print(arena, STR_FMT "." STR_FMT, STR_ARG(schema), STR_ARG(name)));
}

static Value table_value(Arena *arena, Value rows, uint64_t row)
{
    Value entry = value_dict(arena), metadata = value_dict(arena);
    dict_put(metadata.dict, STR("type"), cell_of(rows, row, "table_type"));
    dict_put(metadata.dict, STR("schema"), cell_of(rows, row, "table_schema"));
    dict_put(metadata.dict, STR("name"), cell_of(rows, row, "table_name"));
    dict_put(metadata.dict, STR("database"), cell_of(rows, row, "table_database"));
    dict_put(metadata.dict, STR("comment"), cell_of(rows, row, "table_comment"));
    dict_put(metadata.dict, STR("owner"), cell_of(rows, row, "table_owner"));
    dict_put(entry.dict, STR("metadata"), metadata);
    dict_put(entry.dict, STR("columns"), value_dict(arena));
    dict_put(entry.dict, STR("stats"), stats_value(arena));
    return entry;
}

static Value column_value(Arena *arena, Value rows, uint64_t row)
{
    Value column = value_dict(arena), index = cell_of(rows, row, "column_index");
    AUTO(text) Text number = {0};
    int64_t position = 0;
    value_print(index, &number);
    if (str_to_int(text_str(&number), &position))
        index = value_int(position);
    dict_put(column.dict, STR("type"), cell_of(rows, row, "column_type"));
    dict_put(column.dict, STR("index"), index);
    dict_put(column.dict, STR("name"), cell_of(rows, row, "column_name"));
    dict_put(column.dict, STR("comment"), cell_of(rows, row, "column_comment"));
    return column;
}

/* Puts the rows of get_catalog (one a column) together by relation. */
static void collect(Arena *arena, Value rows, Dict *tables)
{
    for (uint64_t row = 0; row < table_row_count(rows); row++) {
        Str key = relation_key(arena, value_str(cell_of(rows, row, "table_schema")),
                               value_str(cell_of(rows, row, "table_name")));
        Value *entry = dict_find(tables, key);
        if (!entry) {
            dict_put(tables, key, table_value(arena, rows, row));
            entry = dict_find(tables, key);
        }
        Value column = column_value(arena, rows, row);
        dict_put(value_get(*entry, "columns").dict, value_str(value_get(column, "name")), column);
    }
}

/* Schemas of nodes and sources, each once, as information schema and set of names. */
static bool query_catalog(NodeRun *run, Dict *tables, Err *err)
{
    const Project *project = run->runner->project;
    Dict *databases = dict_make(run->arena, 0);
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        if (!node->schema.len || node_is_ephemeral(node))
            continue;
        Value *schemas = dict_find(databases, node->database);
        if (!schemas) {
            dict_put(databases, node->database, value_of_set(dict_make(run->arena, 0)));
            schemas = dict_find(databases, node->database);
        }
        dict_put(schemas->dict, node->schema, NONE);
    }
    Value database, schemas;
    for (uint32_t at = 0; dict_next(databases, &at, &database, &schemas);) {
        Relation *place = relation_make(run->arena, value_str(database), STR("INFORMATION_SCHEMA"),
                                        STR_NONE, STR(""));
        place->quotes_schema = false;
        Array *names = array_make(run->arena, schemas.dict->len);
        Value name, ignored;
        for (uint32_t j = 0; dict_next(schemas.dict, &j, &name, &ignored);)
            array_add(names, name);
        Value args[2] = {relation_value(place), value_of_array(names)}, rows;
        TRY(run_macro(run, "get_catalog", args, 2, &rows, err));
        if (value_is_a(rows, &table_type))
            collect(run->arena, rows, tables);
    }
    return true;
}

static void print_part(const Project *project, Bits selected, Dict *tables, bool sources,
                       Arena *arena, Text *out)
{
    bool is_first = true;
    text_add_char(out, '{');
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        bool has_table = node->kind == NODE_MODEL || node->kind == NODE_SEED ||
                         node->kind == NODE_SNAPSHOT || node->kind == NODE_TEST;
        if (sources ? node->kind != NODE_SOURCE : !has_table)
            continue;
        Value *entry = dict_find(tables, relation_key(arena, node->schema, node->alias));
        if (!entry || !bits_has(selected, i))
            continue;
        Value own = value_copy(arena, *entry);
        dict_put(own.dict, STR("unique_id"), value_text(node->unique_id));
        text_add_c(out, is_first ? "" : ", ");
        json_print_text(node->unique_id, false, out);
        text_add_c(out, ": ");
        json_print(own, (JsonStyle){0}, out);
        is_first = false;
    }
    text_add_char(out, '}');
}

bool catalog_write(NodeRun *run, Bits selected, bool is_empty, Str path, Err *err)
{
    Dict *tables = dict_make(run->arena, 0);
    if (!is_empty)
        TRY(query_catalog(run, tables, err));
    const Project *project = run->runner->project;
    AUTO(text) Text text = {0};
    text_add_c(&text, "{\"metadata\": ");
    json_print(artifact_metadata(project, "catalog/v1", run->arena), (JsonStyle){0}, &text);
    text_add_c(&text, ", \"nodes\": ");
    print_part(project, selected, tables, false, run->arena, &text);
    text_add_c(&text, ", \"sources\": ");
    print_part(project, selected, tables, true, run->arena, &text);
    text_add_c(&text, ", \"errors\": null}");
    return file_write(path, text_str(&text), false, err);
}
