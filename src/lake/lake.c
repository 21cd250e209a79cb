/* lake.c: what is asked of a target before and after loads: its own tables, cursors, files. */
#include "base/json.h"
#include "lake/lake_base.h"

static void lake_close(void *what)
{
    Lake *lake = what;
    CHECK(lake, LAKE_MAGIC);
    lake->magic = 0;
    lock_drop(&lake->writer_lock);
    lock_drop(&lake->template_lock);
    arena_drop(&lake->prepared_arena);
    arena_drop(&lake->template_arena);
}

Lake *lake_open(Arena *arena, StateDb *state)
{
    Lake *lake = NEW(arena, Lake);
    lake->magic = LAKE_MAGIC;
    lake->state = state;
    lock_init(&lake->writer_lock, LAKE_LOCK_RANK, "lake.writer");
    lock_init(&lake->template_lock, LAKE_TEMPLATE_RANK, "lake.templates");
    map_init(&lake->prepared, &lake->prepared_arena);
    map_init(&lake->templates, &lake->template_arena);
    arena_on_drop(arena, lake_close, lake);
    return lake;
}

bool catalogue_find(Lake *lake, Session *session, Arena *arena, Str database, Catalogue *out,
                    Err *err)
{
    Value vars = value_dict(arena);
    Result rows;
    put_text(vars, STR("database"), database);
    TRY(lake_run(lake, session, arena, "catalog", vars, NULL, 0, &rows, NULL, err));
    if (rows.row_count == 0)
        return err_set(err, ERR_RUNTIME, NOWHERE, "there is no database \"" STR_FMT "\" attached",
                       STR_ARG(database));
    *out = (Catalogue){value_str(rows.cells[0]), rows.cells[1].is_true, rows.cells[2].is_true};
    return true;
}

void catalogue_take(Lake *lake)
{
    lock_take(&lake->writer_lock);
}

void catalogue_give(Lake *lake)
{
    lock_give(&lake->writer_lock);
}

/* Variables that name weir's own tables of a schema. */
static Value own_tables(Arena *arena, Str database, Str schema)
{
    Value vars = value_dict(arena);
    put_text(vars, STR("database"), database);
    put_text(vars, STR("schema"), schema);
    put_text(vars, STR("home"), lake_relation(arena, database, schema, STR_NONE));
    put_text(vars, STR("loads"), lake_relation(arena, database, schema, STR("_weir_loads")));
    put_text(vars, STR("state"), lake_relation(arena, database, schema, STR("_weir_state")));
    put_text(vars, STR("files"), lake_relation(arena, database, schema, STR("_weir_files")));
    return vars;
}

/* The statements of prepare.sql, one by one: what is there already is left alone. */
static bool prepare(Lake *lake, Session *session, Arena *arena, Value vars, Err *err)
{
    Str sql, statement;
    size_t at = 0;
    TRY(lake_render(lake, arena, "prepare", vars, &sql, err));
    while (sql_next_statement(sql, &at, &statement))
        TRY(session_query(session, arena, statement, 0, NULL, err));
    return true;
}

bool lake_prepare(Lake *lake, Session *session, Str database, Str schema, Err *err)
{
    CHECK(lake, LAKE_MAGIC);
    AUTO(arena) Arena arena = {0};
    Str home = lake_relation(&arena, database, schema, STR_NONE);
    bool ok = true;
    catalogue_take(lake);
    if (!map_find(&lake->prepared, home)) {
        ok = prepare(lake, session, &arena, own_tables(&arena, database, schema), err);
        if (ok)
            map_put(&lake->prepared, str_copy(&lake->prepared_arena, home), lake);
    }
    catalogue_give(lake);
    return ok;
}

/* Rows of one of weir's own tables about a resource; none when the table is not there yet. */
static bool read_rows(Lake *lake, Session *session, const LoadSpec *spec, const char *query,
                     Str table, Str load_id, Arena *arena, Result *out, Err *err)
{
    Value vars = own_tables(arena, spec->database, spec->schema);
    put_text(vars, STR("resource"), spec->resource);
    put_text(vars, STR("load_id"), load_id);
    if (lake_run(lake, session, arena, query, vars, NULL, 0, out, NULL, err))
        return true;
    Err second = {0};
    LakeColumns columns;
    bool exists = true;
    if (err->kind != ERR_DATABASE)
        return false;
    if (!columns_read(lake, session, arena, spec->database, spec->schema, table, &columns, &exists,
                      &second))
        err_drop(&second);
    if (exists)
        return false;
    err_drop(err);
    *out = (Result){0};
    return true;
}

static bool read_own(Lake *lake, Session *session, const LoadSpec *spec, const char *query,
                     Str table, Str load_id, Arena *arena, Result *out, Err *err)
{
    Catalogue catalogue;
    TRY(catalogue_find(lake, session, arena, spec->database, &catalogue, err));
    if (catalogue.is_fragile)
        catalogue_take(lake);
    bool ok = read_rows(lake, session, spec, query, table, load_id, arena, out, err);
    if (catalogue.is_fragile)
        catalogue_give(lake);
    return ok;
}

bool lake_cursor(Lake *lake, Session *session, const LoadSpec *spec, Arena *arena, Value *out,
                 Err *err)
{
    Result rows;
    TRY(read_own(lake, session, spec, "cursor", STR("_weir_state"), STR_NONE, arena, &rows, err));
    *out = NONE;
    if (rows.row_count == 0 || !value_is_text(rows.cells[0]))
        return true;
    return json_parse(arena, value_str(rows.cells[0]), STR("_weir_state"), out, err);
}

bool lake_has_load(Lake *lake, Session *session, const LoadSpec *spec, Str load_id, Arena *arena,
                   bool *out, Err *err)
{
    Result rows;
    TRY(read_own(lake, session, spec, "has_load", STR("_weir_loads"), load_id, arena, &rows, err));
    *out = rows.row_count > 0;
    return true;
}

bool lake_files(Lake *lake, Session *session, const LoadSpec *spec, Arena *arena, Value *out,
                Err *err)
{
    static const char *const keys[] = {"size", "etag", "modified_at_us"};
    Result rows;
    TRY(read_own(lake, session, spec, "files", STR("_weir_files"), STR_NONE, arena, &rows, err));
    Dict *files = dict_make(arena, (uint32_t)rows.row_count);
    for (uint64_t row = 0; row < rows.row_count; row++) {
        const Value *cells = rows.cells + row * rows.column_count;
        Value file = value_dict(arena);
        for (uint32_t i = 0; i < COUNT_OF(keys); i++)
            dict_put(file.dict, str_of(keys[i]), cells[i + 1]);
        dict_put(files, value_str(cells[0]), file);
    }
    *out = value_of_dict(files);
    return true;
}
