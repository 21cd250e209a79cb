/* tables.c: tables and queries of a database.
 *
 *   describe (catalogue) -> [from, to) of the cursor -> stream of batches
 *     -> bronze Parquet first, where `raw` is given, then the table; else straight into the table
 *   deletes: full_keys -> the source's keys once more; target rows without one go
 */
#include "ingest/ingest_base.h"
#include "sql/sql.h"

enum { BUDGET_BYTES = 8 << 20 }; /* of batches between wire and table: more is no faster */

typedef struct TableLoad {
    Load *load;
    Database *database;
    DatabaseRead read;
    DatabaseShape shape;
    Stream rows;                 /* of the read                                                   */
    uint32_t cursor_at;          /* number of the cursor's column                                 */
} TableLoad;

static bool read_settings(TableLoad *job, Err *err)
{
    Load *load = job->load;
    DatabaseRead *read = &job->read;
    const Window *window = &load->window;
    Value streams;
    TRY(load_setting_text(load, "schema", STR_NONE, &read->schema, err));
    TRY(load_setting_text(load, "table", load->declared->table, &read->table, err));
    TRY(load_setting_text(load, "query", STR_NONE, &read->query, err));
    TRY(load_setting_text(load, "split_by", STR_NONE, &read->split_column, err));
    TRY(load_setting(load, "streams", &streams, err));
    if (!read->query.len && !read->table.len)
        read->table = load->node->alias;
    read->hints = load->spec.columns;
    read->budget_bytes = BUDGET_BYTES;
    read->streams = streams.kind == VALUE_INT && streams.number > 0 ? (unsigned)streams.number : 2;
    if (window->is_on) {
        read->cursor_column = window->field;
        read->from = window->from;
        read->to = window->to;
        read->takes_nulls = window->takes_nulls || window->fails_on_nulls;
    }
    return true;
}

/* Without a key of its own a load takes the table's; with a cursor and no word on how rows are
 * written, it then merges: appending would keep every former state of a row. */
static void take_key(TableLoad *job)
{
    Load *load = job->load;
    if (load->spec.primary_key.list->len || job->shape.primary_key.kind != VALUE_LIST)
        return;
    load->spec.primary_key = job->shape.primary_key;
    bool has_word = !value_is_undefined(load_setting_raw(load, "write_disposition"));
    if (!has_word && load->window.is_on && load->spec.primary_key.list->len)
        load->spec.disposition = WRITE_MERGE;
}

/* The cursor must be a column, a key its columns. */
static bool check_columns(TableLoad *job, Err *err)
{
    Load *load = job->load;
    const Schema *schema = &job->shape.schema;
    Str *names = NEW_N(load->arena, Str, (size_t)schema->count + 1);
    for (uint32_t i = 0; i < schema->count; i++)
        names[i] = schema->fields[i].name;
    Str field = load->window.field;
    if (load->window.is_on && schema_find(schema, field) == UINT32_MAX) {
        Str near = str_nearest(field, names, schema->count);
        return load_fail(load, "cursor", err,
                         "the cursor column '" STR_FMT "' is no column of " STR_FMT "%s" STR_FMT
                         "%s",
                         STR_ARG(field), STR_ARG(job->read.query.len ? STR("the query")
                                                                     : job->read.table),
                         near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
    }
    job->cursor_at = schema_find(schema, field);
    take_key(job);
    bool needs_key = load->spec.disposition == WRITE_MERGE || load->spec.disposition == WRITE_SCD2;
    if (needs_key && !load->spec.primary_key.list->len)
        return load_fail(load, "write_disposition", err,
                         "write_disposition: %s needs a `primary_key`: " STR_FMT " has none",
                         load->spec.disposition == WRITE_MERGE ? "merge" : "scd2",
                         STR_ARG(job->read.query.len ? STR("the query") : job->read.table));
    for (uint32_t i = 0; i < load->spec.primary_key.list->len; i++) {
        Str key = value_str(load->spec.primary_key.list->at[i]);
        if (schema_find(schema, key) != UINT32_MAX)
            continue;
        Str near = str_nearest(key, names, schema->count);
        return load_fail(load, "primary_key", err,
                         "the key column '" STR_FMT "' does not exist%s" STR_FMT "%s", STR_ARG(key),
                         near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
    }
    return true;
}

/* ---- rows on their way ---- */

/* nulls: fail. A row without a cursor would never be seen again once it is behind it. */
static bool next_checked(void *self, Batch *out, Err *err)
{
    TableLoad *job = self;
    TRY(job->rows.next(job->rows.self, out, err));
    bool has_rows = out->array.length > 0;
    const struct ArrowArray *cursor = has_rows ? out->array.children[job->cursor_at] : NULL;
    for (uint64_t row = 0; cursor && cursor->null_count && row < batch_rows(out); row++) {
        if (!array_is_null(cursor, row))
            continue;
        batch_drop(out);
        return load_fail(job->load, "cursor", err,
                         "a row's cursor '" STR_FMT "' is null: `nulls: include` loads such rows "
                         "each time, `nulls: exclude` never", STR_ARG(job->load->window.field));
    }
    return true;
}

static void close_checked(void *self)
{
    TableLoad *job = self;
    stream_close(&job->rows);
}

static bool open_rows(TableLoad *job, Stream *out, Err *err)
{
    TRY(database_read(job->database, job->load->arena, &job->read, &job->rows, err));
    *out = job->rows;
    if (job->load->window.is_on && job->load->window.fails_on_nulls)
        *out = (Stream){job->rows.schema, next_checked, close_checked, job};
    return true;
}

/* Straight from the wire into the table. */
static bool load_stream(TableLoad *job, Err *err)
{
    for (bool again = true; again;) {
        Stream stream;
        TRY(open_rows(job, &stream, err));
        Input input = {.kind = INPUT_STREAM, .stream = &stream};
        bool ok = load_input(job->load, &input, NONE, err);
        stream_close(&stream);
        if (ok)
            return true;
        again = memory_was_short(job->load, err);
    }
    return false;
}

/* Parquet's intervals end at milliseconds: they travel as texts, and become intervals again in the
 * table. */
static Str select_rows(Load *load, const Schema *schema)
{
    AUTO(text) Text list = {0};
    Dict *hints = dict_make(load->arena, schema->count + 1);
    Value key, value;
    for (uint32_t at = 0; load->spec.columns.kind == VALUE_DICT &&
                          dict_next(load->spec.columns.dict, &at, &key, &value);)
        dict_put(hints, value_str(key), value);
    for (uint32_t i = 0; i < schema->count; i++) {
        AUTO(text) Text type = {0};
        field_print_type(&schema->fields[i], &type);
        if (str_find(text_str(&type), STR("INTERVAL")) < 0)
            continue;
        Str name = schema->fields[i].name, quoted = sql_quote_name(load->arena, name);
        text_print(&list, "%s" STR_FMT "::varchar as " STR_FMT, list.len ? ", " : "",
                   STR_ARG(quoted), STR_ARG(quoted));
        if (!dict_find(hints, name))
            dict_put(hints, name, value_text(text_copy(load->arena, &type)));
    }
    if (!list.len)
        return STR("from weir_rows");
    load->spec.columns = value_of_dict(hints);
    return str_print(load->arena, "select * replace (" STR_FMT ") from weir_rows",
                     STR_ARG(text_str(&list)));
}

/* A Parquet file of bronze into the table. */
static bool load_file(TableLoad *job, Store *store, Str name, Err *err)
{
    Load *load = job->load;
    Str path;
    TRY(landing_local(load, store, name, &path, err));
    InputFile file = {path, store_path(store, load->arena, name)};
    Input input = {.kind = INPUT_PARQUET, .files = &file, .file_count = 1};
    bool ok = load_input(load, &input, NONE, err);
    Err quiet = {0};
    if (!landing_local_done(load, store, path, &quiet))
        err_drop(&quiet);
    return ok;
}

/* By way of a Parquet file in bronze; `load: false` ends there. */
static bool load_by_file(TableLoad *job, Err *err)
{
    Load *load = job->load;
    Store *store;
    Str name;
    Stream stream;
    TRY(landing_place(load, "parquet", &store, &name, err));
    TRY(memory_need(load, MEMORY_ROWS, job->shape.schema.count, err));
    TRY(open_rows(job, &stream, err));
    NamedStream named = {STR("weir_rows"), &stream};
    Export export = {.store = store, .select = select_rows(load, &stream.schema),
                     .format = STR("parquet"), .single_file = name, .cursor = NONE,
                     .run_id = load->ingest->run_id, .partition_by = NONE,
                     .streams = &named, .stream_count = 1};
    uint64_t rows;
    bool ok = lake_export(load->ingest->lake, load->session, &export, load->arena, &rows, NULL,
                          err);
    stream_close(&stream);
    TRY(ok);
    if (!load->lands_only)
        return load_file(job, store, name, err);
    load->total.rows_in += rows;
    return true;
}

/* The source's keys alone: rows of the target that lack there go. */
static bool delete_missing(TableLoad *job, Err *err)
{
    Load *load = job->load;
    DatabaseRead keys = job->read;
    const Array *list = load->spec.primary_key.list;
    Str *columns = NEW_N(load->arena, Str, (size_t)list->len + 1);
    for (uint32_t i = 0; i < list->len; i++)
        columns[i] = value_str(list->at[i]);
    keys.columns = columns;
    keys.column_count = list->len;
    keys.cursor_column = keys.from = keys.to = STR_NONE;
    Stream stream;
    uint64_t deleted;
    TRY(database_read(job->database, load->arena, &keys, &stream, err));
    bool ok = lake_delete_missing(load->ingest->lake, load->session, &load->spec, &stream,
                                  load->arena, &deleted, err);
    stream_close(&stream);
    if (ok)
        load->total.rows_deleted += deleted;
    return ok;
}

/* The cursor is left out: that it lacks is said at its own place. */
static bool describe(TableLoad *job, Err *err)
{
    Load *load = job->load;
    DatabaseRead read = job->read;
    read.cursor_column = read.from = read.to = STR_NONE;
    if (database_describe(job->database, load->arena, &read, &job->shape, err))
        return true;
    const char *const keys[] = {"query", "table", "tables"};
    Value at = load->declared->tree;
    for (size_t i = COUNT_OF(keys); i-- > 0;)
        if (!value_is_undefined(load_setting_raw(load, keys[i])))
            at = load_setting_raw(load, keys[i]);
    const Declared *declared = load->declared;
    if (!err->place.line)
        err_locate(err, value_place(at, declared->file, declared->source), declared->source);
    return false;
}

static bool run_job(TableLoad *job, Err *err)
{
    Load *load = job->load;
    TRY(read_settings(job, err));
    TRY(describe(job, err));
    TRY(check_columns(job, err));
    bool has_window = load->window.is_on && (load->window.from.at || load->window.to.at);
    bool has_history = load->spec.disposition == WRITE_SCD2;
    bool wants_keys = load->spec.deletes_missing &&
                      (has_history || load->spec.disposition == WRITE_MERGE);
    if (wants_keys && has_window && has_history)
        return load_fail(load, "deletes", err,
                         "deletes: full_keys of a table with history (scd2) needs whole loads: "
                         "without `cursor`, --from and --to");
    load->spec.deletes_missing = wants_keys && !has_window;
    load->spec.cursor_of = window_cursor_of;
    load->spec.cursor_context = load;
    Value raw = load_setting_raw(load, "raw");
    bool has_raw = load->lands_only ||
                   (!value_is_undefined(raw) && !value_is_bool(raw) && !value_is(raw, "none"));
    TRY(has_raw ? load_by_file(job, err) : load_stream(job, err));
    return !wants_keys || !has_window || delete_missing(job, err);
}

bool load_tables(Load *load, Err *err)
{
    TableLoad job = {.load = load};
    TRY(database_open(load->line->type, load->arena, load->line->config, &job.database, err));
    atomic_store(&load->database, job.database);
    bool ok = run_job(&job, err);
    atomic_store(&load->database, NULL);
    return ok;
}
