/* write.c: the one transaction: the table's change, its rows, cursor, files, the load's record. */
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "lake/lake_base.h"

#define ATTEMPTS 5
#define FILES_A_STATEMENT 500

static bool run(Load *load, const char *name, Value vars, uint64_t *changed, Err *err)
{
    return lake_run(load->lake, load->session, load->arena, name, vars, NULL, 0, NULL, changed,
                    err);
}

/* Runs a rendered script statement by statement (it may be empty). */
static bool run_script(Load *load, const char *name, Value vars, Err *err)
{
    Str sql, statement;
    size_t at = 0;
    TRY(lake_render(load->lake, load->arena, name, vars, &sql, err));
    while (sql_next_statement(sql, &at, &statement))
        TRY(session_query(load->session, load->arena, statement, 0, NULL, err));
    return true;
}

/* ---- the change of a table ---- */

/* DuckLake changes types only upwards, and then filters the column by statistics of the rows that
 * came later alone (1.5.5: "where id = 3" gives all rows): a change of type writes the table anew.
 */
static bool rewrites(const Load *load, const TableLoad *table)
{
    for (uint32_t i = 0; i < table->plan.len; i++)
        if (table->plan.at[i].is_altered && load->is_ducklake)
            return true;
    return false;
}

static bool alter(Load *load, const TableLoad *table, Value vars, Err *err)
{
    dict_put(vars.dict, STR("rewrites"), value_bool(rewrites(load, table)));
    return run_script(load, "alter", vars, err);
}

/* ---- rows ---- */

static bool has_columns(const TableLoad *table)
{
    for (uint32_t i = 0; i < table->plan.len; i++)
        if (table->plan.at[i].is_loaded)
            return true;
    return false;
}

static bool merge(Load *load, Value vars, LoadReport *report, Err *err)
{
    uint64_t flagged = 0, matched = 0, missing = 0, inserted = 0;
    if (value_is_dict(value_get(vars, "deleted")))
        TRY(run(load, "delete_flagged", vars, &flagged, err));
    TRY(run(load, "delete_matched", vars, &matched, err));
    if (load->spec->deletes_missing)
        TRY(run(load, "delete_missing", vars, &missing, err));
    TRY(run(load, "into", vars, &inserted, err));
    report->rows_deleted += flagged + missing;
    report->rows_updated += matched;
    report->rows_inserted += inserted - matched;
    return true;
}

static bool scd2(Load *load, Value vars, LoadReport *report, Err *err)
{
    uint64_t retired = 0, missing = 0, inserted = 0;
    TRY(run(load, "scd2_retire", vars, &retired, err));
    if (load->spec->deletes_missing)
        TRY(run(load, "scd2_missing", vars, &missing, err));
    TRY(run(load, "scd2_insert", vars, &inserted, err));
    report->rows_updated += retired;
    report->rows_deleted += missing;
    report->rows_inserted += inserted - retired;
    return true;
}

/* APPEND: the rows of files that come again, and the nested rows tied to them. */
static bool drop_files(Load *load, Value vars, Err *err)
{
    const LoadSpec *spec = load->spec;
    if (!spec->replaces_files || spec->disposition != WRITE_APPEND || !value_is_list(spec->files) ||
        spec->files.list->len == 0 || !columns_find(&load->table.have, STR("_weir_source_file")))
        return true;
    dict_put(vars.dict, STR("dropped_files"), spec->files);
    for (const TableLoad *child = load->table.next; child; child = child->next) {
        if (!child->exists)
            continue;
        put_text(vars, STR("child"), child->relation);
        TRY(run(load, "delete_files_children", vars, NULL, err));
    }
    return run(load, "delete_files", vars, NULL, err);
}

/* The staged rows of the target into it. */
static bool write_target(Load *load, LoadReport *report, Err *err)
{
    const TableLoad *table = &load->table;
    Value vars = table_vars(load, table, load->arena);
    uint64_t inserted = 0;
    if (!has_columns(table))
        return true;
    if (value_truth(value_get(vars, "is_new"))) {
        TRY(run(load, "into", vars, &inserted, err));
        report->rows_inserted += inserted;
        return true;
    }
    TRY(alter(load, table, vars, err));
    if (load->table.input.len == 0 && !load->spec->deletes_missing)
        return true;
    if (load->spec->disposition == WRITE_MERGE)
        return merge(load, vars, report, err);
    if (load->spec->disposition == WRITE_SCD2)
        return scd2(load, vars, report, err);
    TRY(drop_files(load, vars, err));
    TRY(run(load, "into", vars, &inserted, err));
    report->rows_inserted += inserted;
    return true;
}

/* A child table: the rows of parents that came anew go, those that came with them are added. */
static bool write_child(Load *load, const TableLoad *child, Err *err)
{
    Value vars = table_vars(load, child, load->arena);
    bool is_replaced = load->spec->disposition == WRITE_REPLACE || load->spec->is_full_refresh;
    put_text(vars, STR("root_stage"), load->table.stage);
    put_text(vars, STR("root"), load->table.relation);
    if (child->exists && is_replaced && !child->list)
        return run(load, "delete_all", vars, NULL, err);
    if (child->exists && !is_replaced && child->list) /* the engine wants changes before deletes */
        TRY(alter(load, child, vars, err));
    if (child->exists && !is_replaced && load->spec->disposition == WRITE_MERGE) {
        TRY(run(load, "delete_children", vars, NULL, err));
        if (load->spec->deletes_missing)
            TRY(run(load, "delete_orphans", vars, NULL, err));
    }
    if (!child->list || !has_columns(child))
        return true;
    return run(load, "into", vars, NULL, err);
}

/* Straight from the input into the table. */
static bool write_direct(Load *load, LoadReport *report, Err *err)
{
    NamedStream stream;
    uint32_t count;
    uint64_t inserted = 0;
    TRY(source_begin(load, &stream, &count, err));
    Value vars = table_vars(load, &load->table, load->arena);
    bool is_new = value_truth(value_get(vars, "is_new"));
    bool ok = is_new || (alter(load, &load->table, vars, err) && drop_files(load, vars, err));
    ok = ok && lake_run(load->lake, load->session, load->arena, "into", vars, &stream, count, NULL,
                        &inserted, err);
    source_end(load);
    if (!ok) {
        source_explain(load, err);
        return false;
    }
    if (load->is_select)
        load->report.rows_in = inserted;
    report->rows_inserted = inserted;
    return true;
}

/* ---- the record ---- */

static bool write_quarantine(Load *load, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Value vars = table_vars(load, &load->table, load->arena);
    NamedStream stream;
    uint32_t count;
    if (load->report.rows_quarantined == 0 && load->report.values_dropped == 0)
        return true;
    TRY(run(load, "quarantine_make", vars, NULL, err));
    TRY(source_quarantine(load, &arena, &stream, &count, err));
    if (count)
        TRY(lake_run(load->lake, load->session, load->arena, "quarantine_records", vars, &stream,
                     count, NULL, NULL, err));
    for (const TableLoad *table = &load->table; table; table = table->next)
        if (table->plan.has_discards && !str_is_empty(table->stage))
            TRY(run(load, "quarantine_rows", table_vars(load, table, load->arena), NULL, err));
    return true;
}

static Str as_json(Arena *arena, Value v)
{
    AUTO(text) Text out = {0};
    json_print(v, (JsonStyle){.is_compact = true, .keeps_unicode = true}, &out);
    return text_copy(arena, &out);
}

static bool write_files(Load *load, Value vars, Err *err)
{
    Value files = load->spec->files;
    for (uint32_t at = 0; value_is_list(files) && at < files.list->len; at += FILES_A_STATEMENT) {
        Value some = value_list(load->arena);
        for (uint32_t i = at; i < files.list->len && i < at + FILES_A_STATEMENT; i++)
            array_add(some.list, files.list->at[i]);
        dict_put(vars.dict, STR("loaded_files"), some);
        if (!load->is_ducklake) /* several writers there only add: the newest row counts */
            TRY(run(load, "forget_files", vars, NULL, err));
        TRY(run(load, "record_files", vars, NULL, err));
    }
    return true;
}

static bool forget(Load *load, Value vars, const char *table, Err *err)
{
    dict_put(vars.dict, STR("forgotten"), value_get(vars, table));
    return run(load, "forget", vars, NULL, err);
}

static bool write_record(Load *load, const LoadReport *report, Err *err)
{
    static const char *const words[] = {"append", "replace", "merge", "scd2"};
    const LoadSpec *spec = load->spec;
    Value vars = table_vars(load, &load->table, load->arena), counts = value_dict(load->arena);
    const struct {
        Str name;
        uint64_t count;
    } numbers[] = {
        {STR_INIT("rows_in"), report->rows_in},
        {STR_INIT("rows_inserted"), report->rows_inserted},
        {STR_INIT("rows_updated"), report->rows_updated},
        {STR_INIT("rows_deleted"), report->rows_deleted},
        {STR_INIT("rows_quarantined"), report->rows_quarantined},
        {STR_INIT("values_dropped"), report->values_dropped},
    };
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        dict_put(counts.dict, numbers[i].name, value_int((int64_t)numbers[i].count));
    put_text(counts, STR("changes"), as_json(load->arena, report->changes));
    if (value_is_dict(spec->details))
        put_text(counts, STR("details"), as_json(load->arena, spec->details));
    else
        dict_put(counts.dict, STR("details"), NONE);
    dict_put(vars.dict, STR("report"), counts);
    dict_put(vars.dict, STR("now_us"), value_int(clock_now_us()));
    put_text(vars, STR("disposition"), str_of(words[spec->disposition]));
    TRY(run(load, "record_load", vars, NULL, err));
    Value cursor = spec->cursor_of ? spec->cursor_of(spec->cursor_context, report->cursor_max)
                                   : spec->cursor;
    bool has_cursor = value_is_dict(cursor);
    if (spec->is_full_refresh || (has_cursor && !load->is_ducklake))
        TRY(forget(load, vars, "state", err));
    if (has_cursor) {
        put_text(vars, STR("cursor_text"), as_json(load->arena, cursor));
        TRY(run(load, "record_state", vars, NULL, err));
    }
    bool has_all_files = spec->disposition == WRITE_REPLACE && value_is_list(spec->files);
    if (spec->is_full_refresh || (has_all_files && !load->is_ducklake))
        TRY(forget(load, vars, "files_table", err));
    return write_files(load, vars, err);
}

/* The largest cursor value, before deletes go. */
static bool find_cursor_max(Load *load, LoadReport *report, Err *err)
{
    Value vars = table_vars(load, &load->table, load->arena);
    Result rows;
    Str relation = load->is_staged ? load->table.stage : load->table.relation;
    report->cursor_max = NONE;
    if (!value_is_dict(value_get(vars, "cursor")) || (load->is_staged && !relation.len))
        return true;
    put_text(vars, STR("relation"), relation);
    TRY(lake_run(load->lake, load->session, load->arena, "cursor_max", vars, NULL, 0, &rows, NULL,
                 err));
    report->cursor_max = rows.row_count ? rows.cells[0] : NONE;
    return true;
}

/* ---- the transaction ---- */

/* Keys are looked at in the new table itself. */
static bool write_new_directly(Load *load, LoadReport *report, Err *err)
{
    const LoadSpec *spec = load->spec;
    uint64_t flagged = 0;
    if (!has_columns(&load->table))
        return true;
    TRY(write_direct(load, report, err));
    TRY(find_cursor_max(load, report, err));
    if (spec->disposition == WRITE_APPEND || spec->disposition == WRITE_REPLACE)
        return true;
    uint64_t before = report->rows_inserted;
    TRY(stage_keys(load, load->table.relation, err));
    Value vars = table_vars(load, &load->table, load->arena);
    if (value_is_dict(value_get(vars, "deleted")))
        TRY(run(load, "delete_own_flagged", vars, &flagged, err));
    report->rows_inserted = before - load->doubles - flagged;
    return true;
}

static bool write_inside(Load *load, LoadReport *report, Err *err)
{
    if (load->is_staged) {
        TRY(find_cursor_max(load, report, err));
        TRY(write_target(load, report, err));
    } else {
        TRY(write_new_directly(load, report, err));
    }
    for (const TableLoad *child = load->table.next; child; child = child->next)
        TRY(write_child(load, child, err));
    /* a direct load has counted rows while it wrote */
    report->rows_in = load->report.rows_in;
    report->rows_quarantined = load->report.rows_quarantined;
    report->values_dropped = load->report.values_dropped;
    TRY(write_quarantine(load, err));
    return write_record(load, report, err);
}

static bool transact(Load *load, LoadReport *report, Err *err)
{
    TRY(session_query(load->session, load->arena, STR("begin transaction"), 0, NULL, err));
    if (write_inside(load, report, err) &&
        session_query(load->session, load->arena, STR("commit"), 0, NULL, err))
        return true;
    Err second = {0};
    if (!session_query(load->session, load->arena, STR("rollback"), 0, NULL, &second))
        err_drop(&second); /* a commit that failed has rolled back already */
    return false;
}

bool write_all(Load *load, Err *err)
{
    for (int attempt = 1;; attempt++) {
        LoadReport report = load->report;
        if (transact(load, &report, err)) {
            load->report = report;
            return true;
        }
        bool may_repeat = err->kind == ERR_CONFLICT && load->is_staged && attempt < ATTEMPTS;
        if (!may_repeat)
            return false;
        err_drop(err);
        long wait_ms = 20L << attempt;
        wait_ms += (long)(clock_steady_us() % 20);
        nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000}, NULL);
    }
}

/* ---- a full comparison of keys ---- */

static bool delete_missing(Load *load, Value vars, const NamedStream *keys, uint64_t *deleted,
                           Err *err)
{
    uint64_t rows;
    TRY(lake_run(load->lake, load->session, load->arena, "keys_stage", vars, keys, 1, NULL, &rows,
                 err));
    return run(load, "delete_missing", vars, deleted, err);
}

/* Nested rows whose root is gone. */
static bool delete_orphans(Load *load, Value vars, Err *err)
{
    const LoadSpec *spec = load->spec;
    Result children;
    if (!spec->splits_nested)
        return true;
    TRY(lake_run(load->lake, load->session, load->arena, "children", vars, NULL, 0, &children, NULL,
                 err));
    put_text(vars, STR("root"), value_str(value_get(vars, "target")));
    for (uint64_t i = 0; i < children.row_count; i++) {
        put_text(vars, STR("target"), lake_relation(load->arena, spec->database, spec->schema,
                                                    value_str(children.cells[i])));
        TRY(run(load, "delete_orphans", vars, NULL, err));
    }
    return true;
}

static bool missing_inside(Load *load, Value vars, Stream *keys, uint64_t *deleted, Err *err)
{
    NamedStream stream = {STR("weir_keys"), keys};
    TRY(session_query(load->session, load->arena, STR("begin transaction"), 0, NULL, err));
    bool ok = delete_missing(load, vars, &stream, deleted, err) &&
              delete_orphans(load, vars, err) && run(load, "drop", vars, NULL, err) &&
              session_query(load->session, load->arena, STR("commit"), 0, NULL, err);
    Err second = {0};
    if (!ok && !session_query(load->session, load->arena, STR("rollback"), 0, NULL, &second))
        err_drop(&second);
    return ok;
}

bool write_missing(Load *load, Stream *keys, uint64_t *deleted, Err *err)
{
    const LoadSpec *spec = load->spec;
    Value vars = value_dict(load->arena);
    Str stage = str_print(load->arena, "_weir_keys_" STR_FMT, STR_ARG(load->load_id));
    put_text(vars, STR("database"), spec->database);
    put_text(vars, STR("schema"), spec->schema);
    put_text(vars, STR("table"), spec->table);
    put_text(vars, STR("target"),
             lake_relation(load->arena, spec->database, spec->schema, spec->table));
    put_text(vars, STR("stage"), sql_quote_name(load->arena, stage));
    put_text(vars, STR("relation"), sql_quote_name(load->arena, stage));
    dict_put(vars.dict, STR("keys"), spec->primary_key);
    return missing_inside(load, vars, keys, deleted, err);
}
