/* stage.c: the temporary table in which rows are made ready, and what templates know of a table. */
#include "lake/lake_base.h"

/* ---- variables ---- */

static void add_extra(Value extras, const TableLoad *table, const char *name, const char *type)
{
    Value extra = value_dict(extras.list->arena);
    bool is_there = columns_find(&table->have, str_of(name)) != NULL;
    put_text(extra, STR("name"), str_of(name));
    put_text(extra, STR("type"), str_of(type));
    dict_put(extra.dict, STR("added"), value_bool(!is_there));
    array_add(extras.list, extra);
}

/* Columns that weir adds: meta columns, keys of nested tables, the time a version is valid. */
static Value extras_of(const Load *load, const TableLoad *table, Arena *arena)
{
    Value extras = value_list(arena), meta = plan_meta(load, arena);
    if (load->spec->splits_nested)
        add_extra(extras, table, "_weir_id", "VARCHAR");
    if (table->parent) {
        add_extra(extras, table, "_weir_parent_id", "VARCHAR");
        add_extra(extras, table, "_weir_root_id", "VARCHAR");
        add_extra(extras, table, "_weir_list_index", "BIGINT");
    }
    for (uint32_t i = 0; i < meta.list->len; i++) {
        const char *name = str_c(arena, value_str(meta.list->at[i]));
        bool comes = false;
        for (uint32_t k = 0; k < table->plan.len; k++)
            comes |= table->plan.at[k].is_loaded &&
                     str_eq_fold(table->plan.at[k].name, str_of(name));
        bool is_file = str_is(str_of(name), "_weir_source_file");
        if (!comes && !(is_file && table->parent))
            add_extra(extras, table, name,
                      str_is(str_of(name), "_weir_loaded_at") ? "TIMESTAMP" : "VARCHAR");
    }
    if (load->spec->disposition == WRITE_SCD2) {
        add_extra(extras, table, "_weir_valid_from", "TIMESTAMP");
        add_extra(extras, table, "_weir_valid_to", "TIMESTAMP");
    }
    return extras;
}

/* All columns that are written, in order. */
static Value names_of(const TableLoad *table, Value extras, Arena *arena)
{
    Value names = value_list(arena);
    for (uint32_t i = 0; i < table->plan.len; i++)
        if (table->plan.at[i].is_loaded)
            array_add(names.list, value_text(table->plan.at[i].name));
    for (uint32_t i = 0; i < extras.list->len; i++)
        array_add(names.list, value_get(extras.list->at[i], "name"));
    return names;
}

/* {name, type} of a column that is loaded, or NONE. */
static Value loaded_column(const TableLoad *table, Str name, Arena *arena)
{
    for (uint32_t i = 0; i < table->plan.len && !str_is_empty(name); i++) {
        const PlanColumn *column = &table->plan.at[i];
        if (!column->is_loaded || !str_eq_fold(column->name, name))
            continue;
        Value found = value_dict(arena);
        put_text(found, STR("name"), column->name);
        put_text(found, STR("type"), column->type);
        return found;
    }
    return NONE;
}

static Value nested_of(const TableLoad *table, Arena *arena)
{
    Value nested = value_list(arena);
    for (const TableLoad *child = table->next; child; child = child->next) {
        if (child->parent != table || !child->list)
            continue;
        Value list = value_dict(arena);
        put_text(list, STR("name"), child->list_name);
        put_text(list, STR("source"), child->list->source);
        array_add(nested.list, list);
    }
    return nested;
}

static Value files_of(const Load *load, Arena *arena)
{
    Value files = value_list(arena);
    for (uint32_t i = 0; load->has_position && i < load->input->file_count; i++)
        array_add(files.list, value_text(load->input->files[i].shown));
    return files;
}

static void put_spec(const Load *load, Value vars)
{
    const LoadSpec *spec = load->spec;
    Arena *arena = vars.dict->arena;
    Str db = load->database;
    put_text(vars, STR("database"), db);
    put_text(vars, STR("schema"), spec->schema);
    put_text(vars, STR("loads"), lake_relation(arena, db, spec->schema, STR("_weir_loads")));
    put_text(vars, STR("state"), lake_relation(arena, db, spec->schema, STR("_weir_state")));
    put_text(vars, STR("files_table"),
             lake_relation(arena, db, spec->schema, STR("_weir_files")));
    put_text(vars, STR("resource"), spec->resource);
    put_text(vars, STR("run_id"), spec->run_id);
    put_text(vars, STR("load_id"), load->load_id);
    put_text(vars, STR("interval_from"), spec->interval_from);
    dict_put(vars.dict, STR("loaded_at_us"), value_int(spec->loaded_at_us));
    dict_put(vars.dict, STR("is_ducklake"), value_bool(load->is_ducklake));
}

Value table_vars(const Load *load, const TableLoad *table, Arena *arena)
{
    const LoadSpec *spec = load->spec;
    Value vars = value_dict(arena), extras = extras_of(load, table, arena);
    bool is_main = !table->parent;
    bool has_keys = is_main && value_is_list(spec->primary_key);
    put_spec(load, vars);
    put_text(vars, STR("table"), table->name);
    put_text(vars, STR("target"), table->relation);
    put_text(vars, STR("quarantine"), table->quarantine);
    put_text(vars, STR("stage"), table->stage);
    put_text(vars, STR("bad_stage"), table->bad_stage);
    put_text(vars, STR("source"), load->source_sql);
    dict_put(vars.dict, STR("columns"), plan_value(load, table, arena));
    dict_put(vars.dict, STR("extras"), extras);
    dict_put(vars.dict, STR("names"), names_of(table, extras, arena));
    dict_put(vars.dict, STR("nested"), nested_of(table, arena));
    dict_put(vars.dict, STR("keys"), has_keys ? spec->primary_key : value_list(arena));
    dict_put(vars.dict, STR("cursor"), is_main ? loaded_column(table, spec->cursor_column, arena)
                                               : NONE);
    dict_put(vars.dict, STR("deleted"),
             is_main && spec->disposition == WRITE_MERGE
                 ? loaded_column(table, spec->deleted_column, arena)
                 : NONE);
    dict_put(vars.dict, STR("files"), files_of(load, arena));
    dict_put(vars.dict, STR("has_position"), value_bool(is_main && load->has_position));
    dict_put(vars.dict, STR("is_child"), value_bool(!is_main));
    dict_put(vars.dict, STR("discards"), value_bool(table->plan.has_discards));
    dict_put(vars.dict, STR("is_new"),
             value_bool(!table->exists || spec->disposition == WRITE_REPLACE));
    return vars;
}

/* ---- keys ---- */

static bool run(Load *load, const char *name, Value vars, Result *rows, uint64_t *changed, Err *err)
{
    return lake_run(load->lake, load->session, load->arena, name, vars, NULL, 0, rows, changed,
                    err);
}

bool stage_keys(Load *load, Str relation, Err *err)
{
    Value vars = table_vars(load, &load->table, load->arena);
    Value keys = value_get(vars, "keys");
    Result rows;
    if (keys.list->len == 0 || load->table.input.len == 0)
        return true;
    put_text(vars, STR("relation"), relation);
    TRY(run(load, "null_keys", vars, &rows, NULL, err));
    for (uint32_t i = 0; i < rows.column_count; i++)
        if (rows.cells[i].number > 0)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           STR_FMT ": the key column \"" STR_FMT "\" is null in %lld rows",
                           STR_ARG(load->table.name), STR_ARG(value_str(keys.list->at[i])),
                           (long long)rows.cells[i].number);
    TRY(run(load, "double_keys", vars, &rows, NULL, err));
    return rows.row_count == 0 || run(load, "dedupe", vars, NULL, &load->doubles, err);
}

/* ---- rows that typed input loses by the contract ---- */

/* What was discarded is kept in a second temporary table until the transaction writes it. */
static bool set_aside(Load *load, TableLoad *table, Err *err)
{
    Value vars = table_vars(load, table, load->arena);
    Result counts;
    TRY(run(load, "discard_keep", vars, NULL, NULL, err));
    TRY(run(load, "discard_count", vars, &counts, NULL, err));
    load->report.rows_quarantined += (uint64_t)counts.cells[0].number;
    load->report.values_dropped += (uint64_t)counts.cells[1].number;
    return run(load, "discard_drop", vars, NULL, NULL, err);
}

/* ---- making ---- */

static Str stage_name(Load *load, const char *what, uint32_t number)
{
    Str name = str_print(load->arena, "_weir_%s_" STR_FMT "_%u", what, STR_ARG(load->load_id),
                         number);
    return sql_quote_name(load->arena, name);
}

bool stage_fill(Load *load, TableLoad *table, const NamedStream *streams, uint32_t count,
                uint64_t *rows, Err *err)
{
    uint32_t number = 0;
    for (const TableLoad *t = &load->table; t != table; t = t->next)
        number++;
    table->stage = stage_name(load, "stage", number);
    table->bad_stage = stage_name(load, "bad", number);
    Value vars = table_vars(load, table, load->arena);
    TRY(lake_run(load->lake, load->session, load->arena, "stage", vars, streams, count, NULL, rows,
                 err));
    return !table->plan.has_discards || set_aside(load, table, err);
}

/* APPEND of an interval that was loaded before, or in part. */
static bool drop_known(Load *load, Err *err)
{
    const LoadSpec *spec = load->spec;
    Value vars = table_vars(load, &load->table, load->arena);
    if (spec->disposition != WRITE_APPEND || !spec->interval_from.at || !load->table.exists ||
        !value_is_dict(value_get(vars, "cursor")))
        return true;
    return run(load, "known_rows", vars, NULL, NULL, err);
}

bool stage_make(Load *load, Err *err)
{
    NamedStream stream;
    uint32_t count;
    uint64_t rows = 0;
    TRY(source_begin(load, &stream, &count, err));
    bool ok = stage_fill(load, &load->table, &stream, count, &rows, err);
    source_end(load);
    if (!ok) {
        source_explain(load, err);
        return false;
    }
    if (load->is_select)
        load->report.rows_in = rows;
    if (load->spec->disposition == WRITE_MERGE || load->spec->disposition == WRITE_SCD2)
        TRY(stage_keys(load, load->table.stage, err));
    TRY(drop_known(load, err));
    return nested_stage(load, err);
}

static void drop_one(Load *load, Str relation)
{
    Err err = {0};
    Value vars = value_dict(load->arena);
    put_text(vars, STR("relation"), relation);
    if (!run(load, "drop", vars, NULL, NULL, &err))
        err_drop(&err);
}

void stage_drop(Load *load)
{
    for (TableLoad *table = &load->table; table; table = table->next) {
        if (str_is_empty(table->stage))
            continue;
        drop_one(load, table->stage);
        if (table->plan.has_discards)
            drop_one(load, table->bad_stage);
    }
}
