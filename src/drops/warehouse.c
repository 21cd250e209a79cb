/* warehouse.c: what the warehouse shows of drops: a view a table, and the rows of summaries. */
#include "base/event.h"
#include "base/json.h"
#include "drops/merge.h"
#include "sql/sql.h"

/* The engine's catalogue refuses two changes at once: within this process they wait for each other
 * (held over statements, so below the engine's ranks); against others they are tried again. */
static Lock catalogue_lock = LOCK_INIT(80, "drops.catalogue");
enum { ATTEMPTS = 5 };

static bool change(Drop *drop, Arena *arena, const char *name, Value vars, Err *err)
{
    for (int attempt = 1;; attempt++) {
        Err second = {0};
        lock_take(&catalogue_lock);
        bool ok = statement_run(drop, arena, name, vars, NULL, 0, NULL, err);
        if (!ok && !session_query(drop->session, arena, STR("rollback"), 0, NULL, &second))
            err_drop(&second); /* there was no transaction */
        lock_give(&catalogue_lock);
        if (ok || err->kind != ERR_CONFLICT || attempt == ATTEMPTS)
            return ok;
        err_drop(err);
    }
}

static Str relation(const Drop *drop, Str name, Arena *arena)
{
    const Str parts[] = {drop->spec.database, drop->spec.schema, name};
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (!parts[i].len)
            continue;
        text_add_c(&out, out.len ? "." : "");
        text_add(&out, sql_quote_name(arena, parts[i]));
    }
    return text_copy(arena, &out);
}

/* ---- the view ---- */

/* {name, type} of the folders "name={hole}" of a layout. */
static Value hive_columns(Str layout, Arena *arena)
{
    static const struct {
        const char *hole, *type;
    } types[] = {{"{year}", "INTEGER"}, {"{month}", "INTEGER"}, {"{day}", "INTEGER"},
                 {"{date}", "DATE"}};
    Value columns = value_list(arena);
    Str part;
    while (layout.len && str_next_part(&layout, '/', &part)) {
        ptrdiff_t at = str_find_char(part, '=');
        if (at <= 0)
            continue;
        Value row = value_dict(arena);
        Str value = str_slice(part, (size_t)at + 1, part.len), type = STR("VARCHAR");
        for (size_t i = 0; i < COUNT_OF(types); i++)
            if (str_is(value, types[i].hole))
                type = str_of(types[i].type);
        put_text(row, "name", str_slice(part, 0, (size_t)at));
        put_text(row, "type", type);
        array_add(columns.list, row);
    }
    return columns;
}

/* Folders that are being built begin with "." and must not be met by a "*". */
static Str without_hidden(Str glob, Arena *arena)
{
    AUTO(text) Text out = {0};
    Str part;
    while (str_next_part(&glob, '/', &part)) {
        text_add_c(&out, out.len ? "/" : "");
        text_add_c(&out, str_starts(part, STR("*")) ? "[!.]" : "");
        text_add(&out, part);
    }
    return text_copy(arena, &out);
}

static bool find_files(const Drop *drop, Str table, Arena *arena, Str *out, Err *err)
{
    Str glob;
    Value names = dataset_names(drop, table, arena);
    if (drop->spec.is_shared)
        put(names, "partner", NONE);
    TRY(layout_glob(arena, drop->spec.layout, names, &glob, err));
    while (str_ends(glob, STR("/")))
        glob = str_slice(glob, 0, glob.len - 1);
    glob = str_print(arena, STR_FMT "/%s", STR_ARG(without_hidden(glob, arena)),
                     str_is(drop->spec.format, "csv") ? "*.csv" : "part-*.parquet");
    *out = store_path(drop->spec.target, arena, glob);
    return true;
}

static Value view_columns(const Schema *schema, Arena *arena)
{
    Value columns = value_list(arena);
    for (uint32_t i = 0; i < schema->count; i++) {
        AUTO(text) Text type = {0};
        Value row = value_dict(arena);
        field_print_type(&schema->fields[i], &type);
        put_text(row, "name", schema->fields[i].name);
        put_text(row, "type", text_copy(arena, &type));
        array_add(columns.list, row);
    }
    return columns;
}

static bool can_read(Drop *drop, Arena *arena, bool *can, Err *err)
{
    Result row;
    *can = true;
    if (store_is_local(drop->spec.target))
        return true;
    TRY(statement_run(drop, arena, "httpfs", value_dict(arena), NULL, 0, &row, err));
    *can = row.row_count == 1 && value_truth(row.cells[0]);
    return true;
}

/* A column of the files that a folder is named after: the engine would show the folder's value. */
static Str own_column(const Schema *schema, Value hive)
{
    for (uint32_t i = 0; i < hive.list->len; i++) {
        uint32_t at = schema_find(schema, value_str(value_get(hive.list->at[i], "name")));
        if (at != UINT32_MAX)
            return schema->fields[at].name;
    }
    return STR_NONE;
}

bool warehouse_view(Drop *drop, Str table, const Schema *schema, Arena *arena, Str *note, Err *err)
{
    Value vars = value_dict(arena);
    Str glob;
    bool can;
    *note = STR("");
    if (!drop->spec.schema.len)
        return true;
    TRY(find_files(drop, table, arena, &glob, err));
    TRY(can_read(drop, arena, &can, err));
    if (!can) {
        *note = str_print(arena, "no view: the engine cannot read " STR_FMT " without its "
                          "extension httpfs", STR_ARG(glob));
        return true;
    }
    put_text(vars, "home", relation(drop, STR_NONE, arena));
    put_text(vars, "relation", relation(drop, table, arena));
    put_text(vars, "glob", glob);
    put_text(vars, "format", drop->spec.format);
    put(vars, "columns", view_columns(schema, arena));
    Value hive = hive_columns(drop->spec.layout, arena);
    Str twin = own_column(schema, hive);
    if (twin.len) {
        *note = str_print(arena, "the files have a column " STR_FMT " of their own: the view shows "
                          "it, and none of the folders", STR_ARG(twin));
        hive = value_list(arena);
    }
    put(vars, "hive", hive);
    if (change(drop, arena, "schema", vars, err) && change(drop, arena, "view", vars, err))
        return true;
    if (err->kind == ERR_CANCELLED || store_is_local(drop->spec.target))
        return err_wrap(err, "the files are published, but not the view " STR_FMT,
                        STR_ARG(relation(drop, table, arena)));
    *note = str_print(arena, "no view of " STR_FMT ": %s", STR_ARG(glob), err->text);
    err_drop(err);
    return true;
}

/* ---- summaries ---- */

bool warehouse_summary(Drop *drop, Value rows, Arena *arena, Err *err)
{
    Value vars = value_dict(arena);
    if (!drop->spec.schema.len || !rows.list->len)
        return true;
    put_text(vars, "home", relation(drop, STR_NONE, arena));
    put_text(vars, "relation", relation(drop, STR("merge_summary"), arena));
    put_text(vars, "resource", drop->spec.name);
    put_text(vars, "partner", drop->spec.partner.len ? drop->spec.partner : drop->spec.name);
    put_text(vars, "process_date", drop->spec.date);
    put_text(vars, "run_id", drop->run_id);
    put(vars, "rows", rows);
    return change(drop, arena, "schema", vars, err) &&
           change(drop, arena, "summary_table", vars, err) &&
           change(drop, arena, "summary_rows", vars, err);
}
