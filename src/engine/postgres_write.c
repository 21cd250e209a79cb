/* postgres_write.c: publishing: a stream into a table, in one transaction.
 *
 *   begin -> lock -> staging table <- COPY <- stream
 *        nothing there, or nothing hangs on it:  keys, indexes, analyze; old one out, staging in
 * its place views, references, policies on it:      its rows are replaced by those of the staging
 * table upsert:                                 insert ... on conflict do update commit
 *
 * What fails on the way is rolled back: DDL too is part of the transaction.
 */
#include "engine/postgres_base.h"
#include "sql/sql.h"

enum { CHUNK_BYTES = 64 * 1024, NAME_MOST = 63 };

/* How the rows get there. */
typedef enum Way { WAY_NEW, WAY_SWAP, WAY_ROWS, WAY_UPSERT } Way;

typedef struct Writer {
    Arena *arena;
    PgLink *link;
    const DatabaseWrite *write;
    Stream *take;
    Way way;
    Str schema, old_oid; /* of the target */
    bool is_referenced;  /* by foreign keys */
    Str target, staging; /* quoted, with schema */
    Str staging_name;
    Str columns; /* "a", "b" */
    uint64_t rows;
} Writer;

static bool run(Writer *writer, Text *sql, Err *err)
{
    Str statement = text_give(writer->arena, sql);
    return postgres_run(writer->link, statement, err);
}

/* ---- names ---- */

/* `"a", "b"` of a list of names, or of one name; each with text before and after. */
static Str name_list(Arena *arena, Value names, const char *before, const char *separator)
{
    Text text = {0};
    uint32_t count = value_is_list(names) ? names.list->len : value_is_text(names) ? 1 : 0;
    for (uint32_t i = 0; i < count; i++) {
        Str name =
            sql_quote_name(arena, value_str(value_is_list(names) ? names.list->at[i] : names));
        text_print(&text, "%s%s" STR_FMT, i ? separator : "", before, STR_ARG(name));
    }
    return text_give(arena, &text);
}

static bool has_key(const Writer *writer)
{
    Value key = writer->write->primary_key;
    return value_is_list(key) && key.list->len > 0;
}

static bool is_key(const Writer *writer, Str name)
{
    Value key = writer->write->primary_key;
    for (uint32_t i = 0; value_is_list(key) && i < key.list->len; i++)
        if (str_eq(value_str(key.list->at[i]), name))
            return true;
    return false;
}

static bool check_names(const Writer *writer, Value names, const char *what, Err *err)
{
    const Schema *schema = &writer->take->schema;
    uint32_t count = value_is_list(names) ? names.list->len : value_is_text(names) ? 1 : 0;
    for (uint32_t i = 0; i < count; i++) {
        Str name = value_str(value_is_list(names) ? names.list->at[i] : names);
        bool is_there = false;
        Str *all = NEW_N(writer->arena, Str, schema->count + 1);
        for (uint32_t j = 0; j < schema->count; j++) {
            all[j] = schema->fields[j].name;
            is_there = is_there || str_eq(all[j], name);
        }
        if (!is_there)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "%s " STR_FMT " is no column of what is published" STR_FMT, what,
                           STR_ARG(name),
                           STR_ARG(database_nearest(writer->arena, name, all, schema->count)));
    }
    return true;
}

/* NAME_MOST bytes at most: a longer one is cut and gets a hash at its end. */
static Str fitting_name(Arena *arena, Str name)
{
    if (name.len <= NAME_MOST)
        return name;
    size_t cut = NAME_MOST - 9;
    while (cut && ((unsigned char)name.at[cut] & 0xC0) == 0x80)
        cut--;
    return str_print(arena, STR_FMT "_%08x", STR_ARG(str_slice(name, 0, cut)), str_hash(name));
}

/* ---- looking ---- */

/* Only one publishes to a table at a time; the second waits, lock_timeout at most. */
static bool take_turn(Writer *writer, Err *err)
{
    Arena *arena = writer->arena;
    Str what = str_print(arena, "weir " STR_FMT "." STR_FMT, STR_ARG(writer->write->schema),
                         STR_ARG(writer->write->table));
    Str timeout = sql_quote_text(arena, writer->link->postgres->lock_timeout);
    TRY(postgres_run(writer->link,
                     str_print(arena, "set local lock_timeout = " STR_FMT, STR_ARG(timeout)), err));
    return postgres_run(writer->link,
                        str_print(arena, "select pg_advisory_xact_lock(%u)", str_hash(what)), err);
}

static bool look_at_target(Writer *writer, Err *err)
{
    Arena *arena = writer->arena;
    const DatabaseWrite *write = writer->write;
    Result rows;
    Str names[] = {{write->schema.at ? write->schema.at : "", write->schema.len}, write->table};
    TRY(postgres_ask(writer->link, arena, "target", names, 2, &rows, err));
    writer->schema = postgres_cell(&rows, 0, 0);
    writer->old_oid = postgres_cell(&rows, 0, 2);
    Str kind = postgres_cell(&rows, 0, 3);
    writer->is_referenced = postgres_cell_int(&rows, 0, 4) == 1;
    bool has_dependents = postgres_cell_int(&rows, 0, 5) == 1;
    writer->target = postgres_table_name(arena, writer->schema, write->table);
    if (writer->old_oid.len && !str_is(kind, "r") && !str_is(kind, "p"))
        return err_set(err, ERR_DATABASE, NOWHERE,
                       STR_FMT " exists and is no table: nothing can be published there",
                       STR_ARG(writer->target));
    if (!writer->schema.len)
        return err_set(err, ERR_DATABASE, NOWHERE,
                       "no schema to publish to: the search path is empty");
    if (postgres_cell_int(&rows, 0, 1) != 1)
        TRY(postgres_run(writer->link,
                         str_print(arena, "create schema if not exists " STR_FMT,
                                   STR_ARG(sql_quote_name(arena, writer->schema))),
                         err));
    writer->way = !writer->old_oid.len                      ? WAY_NEW
                  : write->upserts                          ? WAY_UPSERT
                  : has_dependents || writer->is_referenced ? WAY_ROWS
                                                            : WAY_SWAP;
    return true;
}

static bool prepare(Writer *writer, Err *err)
{
    Arena *arena = writer->arena;
    const Schema *schema = &writer->take->schema;
    Value indexes = writer->write->indexes, names = value_list(arena);
    for (uint32_t i = 0; i < schema->count; i++)
        array_add(names.list, value_text(schema->fields[i].name));
    if (!schema->count)
        return err_set(err, ERR_RUNTIME, NOWHERE, "there are no columns to publish");
    if (writer->write->upserts && !has_key(writer))
        return err_set(err, ERR_RUNTIME, NOWHERE, "upserting needs a primary_key");
    TRY(check_names(writer, writer->write->primary_key, "primary_key:", err));
    for (uint32_t i = 0; value_is_list(indexes) && i < indexes.list->len; i++)
        TRY(check_names(writer, value_get(indexes.list->at[i], "columns"), "indexes:", err));
    writer->columns = name_list(arena, names, "", ", ");
    TRY(take_turn(writer, err));
    TRY(look_at_target(writer, err));
    Str whole = str_print(arena, STR_FMT "." STR_FMT, STR_ARG(writer->schema),
                          STR_ARG(writer->write->table));
    writer->staging_name = str_print(arena, "weir_stage_%08x", str_hash(whole));
    bool is_temporary = writer->way == WAY_ROWS || writer->way == WAY_UPSERT;
    writer->staging = postgres_table_name(arena, is_temporary ? STR("pg_temp") : writer->schema,
                                          writer->staging_name);
    return true;
}

/* ---- the staging table ---- */

static void print_column(const Writer *writer, const Field *field, Text *out)
{
    Str given = value_is_dict(writer->write->types)
                    ? value_str(value_get_str(writer->write->types, field->name))
                    : STR_NONE;
    text_print(out, STR_FMT " ", STR_ARG(sql_quote_name(writer->arena, field->name)));
    if (given.len)
        text_add(out, given);
    else
        postgres_print_type(field, out);
}

static bool create_staging(Writer *writer, Err *err)
{
    const Schema *schema = &writer->take->schema;
    Text sql = {0};
    if (writer->way == WAY_ROWS || writer->way == WAY_UPSERT) {
        text_print(&sql,
                   "create temporary table " STR_FMT " on commit drop as select " STR_FMT
                   " from " STR_FMT " with no data",
                   STR_ARG(sql_quote_name(writer->arena, writer->staging_name)),
                   STR_ARG(writer->columns), STR_ARG(writer->target));
        return run(writer, &sql, err);
    }
    text_print(&sql, "create table " STR_FMT " (", STR_ARG(writer->staging));
    for (uint32_t i = 0; i < schema->count; i++) {
        text_add_c(&sql, i ? ", " : "");
        print_column(writer, &schema->fields[i], &sql);
    }
    text_add_c(&sql, ")");
    return run(writer, &sql, err);
}

/* Columns that the table lacks are added to it. */
static bool add_columns(Writer *writer, Err *err)
{
    const Schema *schema = &writer->take->schema;
    Result rows;
    TRY(postgres_ask(writer->link, writer->arena, "columns", &writer->old_oid, 1, &rows, err));
    for (uint32_t i = 0; i < schema->count; i++) {
        bool is_there = false;
        for (uint64_t row = 0; row < rows.row_count; row++)
            is_there = is_there || str_eq(postgres_cell(&rows, row, 0), schema->fields[i].name);
        if (is_there)
            continue;
        Text sql = {0};
        text_print(&sql, "alter table " STR_FMT " add column ", STR_ARG(writer->target));
        print_column(writer, &schema->fields[i], &sql);
        TRY(run(writer, &sql, err));
    }
    return true;
}

/* ---- COPY ---- */

static bool send_chunk(Writer *writer, Text *chunk, Err *err)
{
    TRY(postgres_copy_data(writer->link, text_str(chunk), err));
    text_clear(chunk);
    return true;
}

static bool send_batches(Writer *writer, Err *err)
{
    AUTO(text) Text chunk = {0}, scratch = {0};
    for (bool is_over = false; !is_over;) {
        Batch batch;
        TRY(writer->take->next(writer->take->self, &batch, err));
        uint64_t rows = batch_rows(&batch);
        bool ok =
            atomic_load(&writer->link->postgres->interrupts) == writer->link->interrupts_seen ||
            err_set(err, ERR_CANCELLED, NOWHERE, "publishing was cancelled");
        for (uint64_t row = 0; ok && row < rows; row++) {
            postgres_encode_row(&writer->take->schema, &batch, row, &scratch, &chunk);
            if (chunk.len >= CHUNK_BYTES)
                ok = send_chunk(writer, &chunk, err);
        }
        batch_drop(&batch);
        TRY(ok);
        writer->rows += rows;
        is_over = rows == 0;
    }
    return send_chunk(writer, &chunk, err);
}

static bool copy_in(Writer *writer, Err *err)
{
    bool is_fresh = writer->way == WAY_NEW || writer->way == WAY_SWAP;
    Str sql = str_print(writer->arena, "copy " STR_FMT " (" STR_FMT ") from stdin%s",
                        STR_ARG(writer->staging), STR_ARG(writer->columns),
                        is_fresh ? " with (freeze)" : "");
    TRY(postgres_begin_copy(writer->link, sql, PGRES_COPY_IN, err));
    if (send_batches(writer, err))
        return postgres_copy_end(writer->link, NULL, err);
    Err ignored = {0};
    if (err->kind != ERR_CANCELLED)
        (void)!postgres_copy_end(writer->link, "the stream of rows failed", &ignored);
    err_drop(&ignored);
    return false;
}

/* ---- keys and indexes ---- */

/* "btree" and the like. */
static bool check_method(Str method, Err *err)
{
    for (size_t i = 0; i < method.len; i++)
        if (!(method.at[i] >= 'a' && method.at[i] <= 'z') && method.at[i] != '_')
            return err_set(err, ERR_RUNTIME, NOWHERE, "indexes: " STR_FMT " is no type of index",
                           STR_ARG(method));
    return true;
}

/* Makes index number `number` on `table`; the name it should have in the end goes to *name. */
static bool create_index(Writer *writer, Value index, Str table, Str name, bool if_absent, Err *err)
{
    Str method = value_get_text(index, "type", STR("btree"));
    Value columns = value_get(index, "columns");
    Text sql = {0};
    TRY(check_method(method, err));
    text_print(&sql, "create %sindex %s" STR_FMT " on " STR_FMT " using " STR_FMT " (" STR_FMT ")",
               value_truth(value_get(index, "unique")) ? "unique " : "",
               if_absent ? "if not exists " : "", STR_ARG(sql_quote_name(writer->arena, name)),
               STR_ARG(table), STR_ARG(method),
               STR_ARG(name_list(writer->arena, columns, "", ", ")));
    return run(writer, &sql, err);
}

/* "orders_customer_id_placed_idx" */
static Str index_name(Writer *writer, Value index)
{
    Text text = {0};
    Value columns = value_get(index, "columns");
    text_add(&text, writer->write->table);
    uint32_t count = value_is_list(columns) ? columns.list->len : 0;
    for (uint32_t i = 0; i < count; i++)
        text_print(&text, "_" STR_FMT, STR_ARG(value_str(columns.list->at[i])));
    if (!count)
        text_print(&text, "_" STR_FMT, STR_ARG(value_str(columns)));
    text_print(&text, "%s_idx", value_truth(value_get(index, "unique")) ? "_unique" : "");
    return fitting_name(writer->arena, text_give(writer->arena, &text));
}

static Str key_name(Writer *writer)
{
    return fitting_name(writer->arena,
                        str_print(writer->arena, STR_FMT "_pkey", STR_ARG(writer->write->table)));
}

static uint32_t index_count(const Writer *writer)
{
    Value indexes = writer->write->indexes;
    return value_is_list(indexes) ? indexes.list->len : 0;
}

/* On the staging table, under names of its own: the old table still has the final ones. */
static bool add_indexes(Writer *writer, Err *err)
{
    Arena *arena = writer->arena;
    if (has_key(writer)) {
        Text sql = {0};
        Str name = str_print(arena, STR_FMT "_key", STR_ARG(writer->staging_name));
        text_print(&sql,
                   "alter table " STR_FMT " add constraint " STR_FMT " primary key (" STR_FMT ")",
                   STR_ARG(writer->staging), STR_ARG(sql_quote_name(arena, name)),
                   STR_ARG(name_list(arena, writer->write->primary_key, "", ", ")));
        if (!run(writer, &sql, err))
            return err_wrap(err, "the primary key");
    }
    for (uint32_t i = 0; i < index_count(writer); i++) {
        Str name = str_print(arena, STR_FMT "_%u", STR_ARG(writer->staging_name), i);
        TRY(create_index(writer, writer->write->indexes.list->at[i], writer->staging, name, false,
                         err));
    }
    return true;
}

/* Gives an index of the staging table its final name, where that is free. */
static bool rename_index(Writer *writer, Str from, Str to, Err *err)
{
    Arena *arena = writer->arena;
    Result rows;
    Str wanted = postgres_table_name(arena, writer->schema, to);
    TRY(postgres_rows(writer->link, arena, STR("select 1 where pg_catalog.to_regclass($1) is null"),
                      &wanted, 1, &rows, err));
    if (!rows.row_count)
        return true;
    Text sql = {0};
    text_print(&sql, "alter index " STR_FMT " rename to " STR_FMT,
               STR_ARG(postgres_table_name(arena, writer->schema, from)),
               STR_ARG(sql_quote_name(arena, to)));
    return run(writer, &sql, err);
}

/* ---- into place ---- */

/* Owner, settings, rights and comments of the old table. */
static bool carry_over(Writer *writer, Err *err)
{
    Result oid, rows;
    TRY(postgres_rows(writer->link, writer->arena, STR("select pg_catalog.to_regclass($1)::oid"),
                      &writer->staging, 1, &oid, err));
    Str pair[] = {writer->old_oid, postgres_cell(&oid, 0, 0)};
    TRY(postgres_ask(writer->link, writer->arena, "carry", pair, 2, &rows, err));
    for (uint64_t i = 0; i < rows.row_count; i++)
        TRY(postgres_run(writer->link, postgres_cell(&rows, i, 0), err));
    return true;
}

static bool put_in_place(Writer *writer, Err *err)
{
    Arena *arena = writer->arena;
    TRY(add_indexes(writer, err));
    TRY(postgres_run(writer->link, str_print(arena, "analyze " STR_FMT, STR_ARG(writer->staging)),
                     err));
    if (writer->way == WAY_SWAP) {
        TRY(postgres_run(writer->link,
                         str_print(arena, "lock table " STR_FMT " in access exclusive mode",
                                   STR_ARG(writer->target)),
                         err));
        TRY(carry_over(writer, err));
        TRY(postgres_run(writer->link,
                         str_print(arena, "drop table " STR_FMT, STR_ARG(writer->target)), err));
    }
    TRY(postgres_run(writer->link,
                     str_print(arena, "alter table " STR_FMT " rename to " STR_FMT,
                               STR_ARG(writer->staging),
                               STR_ARG(sql_quote_name(arena, writer->write->table))),
                     err));
    if (has_key(writer))
        TRY(rename_index(writer, str_print(arena, STR_FMT "_key", STR_ARG(writer->staging_name)),
                         key_name(writer), err));
    for (uint32_t i = 0; i < index_count(writer); i++)
        TRY(rename_index(writer, str_print(arena, STR_FMT "_%u", STR_ARG(writer->staging_name), i),
                         index_name(writer, writer->write->indexes.list->at[i]), err));
    return true;
}

/* Indexes that the table lacks, under their final names. */
static bool ensure_indexes(Writer *writer, Err *err)
{
    for (uint32_t i = 0; i < index_count(writer); i++) {
        Value index = writer->write->indexes.list->at[i];
        TRY(create_index(writer, index, writer->target, index_name(writer, index), true, err));
    }
    return true;
}

/* ---- rows into a table that stays ---- */

/* "on conflict" needs a unique index over the key. */
static bool ensure_key(Writer *writer, Err *err)
{
    Result rows;
    Text list = {0}, sql = {0};
    Value key = writer->write->primary_key;
    text_add_char(&list, '{');
    for (uint32_t i = 0; i < key.list->len; i++)
        text_print(&list, "%s" STR_FMT, i ? "," : "",
                   STR_ARG(sql_quote_name(writer->arena, value_str(key.list->at[i]))));
    text_add_char(&list, '}');
    Str parameters[] = {writer->old_oid, text_give(writer->arena, &list)};
    TRY(postgres_ask(writer->link, writer->arena, "unique_on", parameters, 2, &rows, err));
    if (rows.row_count)
        return true;
    Str name = fitting_name(writer->arena, str_print(writer->arena, STR_FMT "_weir_key",
                                                     STR_ARG(writer->write->table)));
    text_print(&sql, "create unique index " STR_FMT " on " STR_FMT " (" STR_FMT ")",
               STR_ARG(sql_quote_name(writer->arena, name)), STR_ARG(writer->target),
               STR_ARG(name_list(writer->arena, key, "", ", ")));
    return run(writer, &sql, err) || err_wrap(err, "a unique index over the primary_key");
}

static bool upsert(Writer *writer, Err *err)
{
    const Schema *schema = &writer->take->schema;
    Text sql = {0};
    bool has_more = false;
    text_print(&sql,
               "insert into " STR_FMT " (" STR_FMT ") select " STR_FMT " from " STR_FMT
               " on conflict (" STR_FMT ") do ",
               STR_ARG(writer->target), STR_ARG(writer->columns), STR_ARG(writer->columns),
               STR_ARG(writer->staging),
               STR_ARG(name_list(writer->arena, writer->write->primary_key, "", ", ")));
    for (uint32_t i = 0; i < schema->count; i++) {
        if (is_key(writer, schema->fields[i].name))
            continue;
        Str name = sql_quote_name(writer->arena, schema->fields[i].name);
        text_print(&sql, "%s" STR_FMT " = excluded." STR_FMT, has_more ? ", " : "update set ",
                   STR_ARG(name), STR_ARG(name));
        has_more = true;
    }
    text_add_c(&sql, has_more ? "" : "nothing");
    if (run(writer, &sql, err))
        return true;
    if (postgres_is_state(err, "21000"))
        return err_wrap(err, "two of the rows to publish have the same primary_key");
    return false;
}

/* Rows whose key is not among the new ones go. */
static bool delete_gone(Writer *writer, Err *err)
{
    Text sql = {0};
    Value key = writer->write->primary_key;
    text_print(&sql,
               "delete from " STR_FMT " as t where not exists (select 1 from " STR_FMT
               " as s where ",
               STR_ARG(writer->target), STR_ARG(writer->staging));
    for (uint32_t i = 0; i < key.list->len; i++) {
        Str name = sql_quote_name(writer->arena, value_str(key.list->at[i]));
        text_print(&sql, "%ss." STR_FMT " = t." STR_FMT, i ? " and " : "", STR_ARG(name),
                   STR_ARG(name));
    }
    text_add_c(&sql, ")");
    return run(writer, &sql, err);
}

/* Deleting rows that others refer to would fail or take those along: then only what changed is. */
static bool replace_rows(Writer *writer, Err *err)
{
    Arena *arena = writer->arena;
    Text sql = {0};
    if (writer->is_referenced) {
        if (!has_key(writer))
            return err_set(err, ERR_DATABASE, NOWHERE,
                           "foreign keys refer to " STR_FMT ": it can be replaced only by its "
                           "primary_key, and none is given",
                           STR_ARG(writer->target));
        TRY(ensure_key(writer, err));
        TRY(delete_gone(writer, err));
        TRY(upsert(writer, err));
    } else {
        TRY(postgres_run(writer->link,
                         str_print(arena, "delete from " STR_FMT, STR_ARG(writer->target)), err));
        text_print(&sql, "insert into " STR_FMT " (" STR_FMT ") select " STR_FMT " from " STR_FMT,
                   STR_ARG(writer->target), STR_ARG(writer->columns), STR_ARG(writer->columns),
                   STR_ARG(writer->staging));
        TRY(run(writer, &sql, err));
    }
    TRY(ensure_indexes(writer, err));
    return postgres_run(writer->link, str_print(arena, "analyze " STR_FMT, STR_ARG(writer->target)),
                        err);
}

/* ---- the transaction ---- */

static bool publish(Writer *writer, Err *err)
{
    TRY(postgres_run(writer->link, STR("begin"), err));
    TRY(prepare(writer, err));
    if (writer->way == WAY_ROWS || writer->way == WAY_UPSERT) {
        TRY(postgres_run(writer->link,
                         str_print(writer->arena,
                                   "lock table " STR_FMT " in share row exclusive mode",
                                   STR_ARG(writer->target)),
                         err));
        TRY(add_columns(writer, err));
    }
    TRY(create_staging(writer, err));
    TRY(copy_in(writer, err));
    if (writer->way == WAY_UPSERT) {
        TRY(ensure_key(writer, err));
        TRY(upsert(writer, err));
        TRY(ensure_indexes(writer, err));
    } else if (writer->way == WAY_ROWS) {
        TRY(replace_rows(writer, err));
    } else {
        TRY(put_in_place(writer, err));
    }
    return postgres_run(writer->link, STR("commit"), err);
}

bool postgres_write(Database *database, Arena *arena, const DatabaseWrite *write, Stream *take,
                    uint64_t *rows, Err *err)
{
    PgLink *link;
    TRY(postgres_main(database, &link, err));
    Writer writer = {.arena = arena, .link = link, .write = write, .take = take};
    if (publish(&writer, err)) {
        *rows = writer.rows;
        return true;
    }
    Err ignored = {0};
    const Libpq *pq = link->postgres->pq;
    bool is_clean = link->connection && err->kind != ERR_CANCELLED &&
                    postgres_run(link, STR("rollback"), &ignored);
    if (!is_clean && link->connection) {
        pq->PQfinish(link->connection);
        link->connection = NULL;
    }
    err_drop(&ignored);
    return err_wrap(err, "publishing " STR_FMT,
                    STR_ARG(writer.target.len ? writer.target : write->table));
}
