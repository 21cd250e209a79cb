/* postgres_append.c: rows of texts into a table, by COPY: the server casts each text to the type of
 * its column. One statement: all rows or none. */
#include "engine/postgres_session.h"
#include "sql/sql.h"

enum { CHUNK_BYTES = 64 * 1024, CANCEL_ROWS = 1024 };

typedef struct Append {
    PgLink *link;
    Arena *arena;
    Str target;                  /* quoted, with its schema                                      */
    PgPlan plan;                 /* its columns                                                  */
    uint32_t column_count;
    uint64_t rows;
    Text chunk;
} Append;

static bool look_at_table(Append *append, Str table, Err *err)
{
    Str sql = str_print(append->arena, "select * from " STR_FMT, STR_ARG(append->target));
    TRY(postgres_describe_statement(append->link, append->arena, sql, &append->plan, err));
    if (append->plan.count != append->column_count)
        return err_set(err, ERR_DATABASE, NOWHERE,
                       "table " STR_FMT " has %u columns, the rows have %u", STR_ARG(table),
                       append->plan.count, append->column_count);
    return true;
}

/* ---- rows ---- */

static bool add_row(Append *append, const Str *fields, Err *err)
{
    for (uint32_t i = 0; i < append->column_count; i++) {
        Str field = fields[i];
        if (field.at && utf8_find_invalid(field) >= 0)
            return err_set(err, ERR_DATABASE, NOWHERE,
                           "row %llu, column %u (" STR_FMT "): not valid UTF-8",
                           (unsigned long long)append->rows + 1, i + 1,
                           STR_ARG(append->plan.columns[i].name));
        if (i)
            text_add_char(&append->chunk, '\t');
        if (field.at)
            postgres_encode_text(&append->chunk, field);
        else
            text_add_c(&append->chunk, "\\N");
    }
    text_add_char(&append->chunk, '\n');
    append->rows++;
    return true;
}

static bool send_chunk(Append *append, Err *err)
{
    TRY(postgres_copy_data(append->link, text_str(&append->chunk), err));
    text_clear(&append->chunk);
    return true;
}

static bool is_interrupted(const PgLink *link)
{
    return atomic_load(&link->postgres->interrupts) != link->interrupts_seen;
}

static bool send_rows(Append *append, RowSource next, void *context, Err *err)
{
    Str *fields = NEW_N(append->arena, Str, append->column_count + 1);
    while (next(context, fields, err)) {
        TRY(add_row(append, fields, err));
        if (append->rows % CANCEL_ROWS == 0 && is_interrupted(append->link))
            return err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
        if (append->chunk.len >= CHUNK_BYTES)
            TRY(send_chunk(append, err));
    }
    return err->kind == ERR_NONE && send_chunk(append, err);
}

/* ---- failures ---- */

/* "..., line 3, column amount: "x"" of the server's context, as row and column in front. A server
 * that speaks another language gives its message alone. */
static void add_place(const Append *append, Err *err)
{
    Str text = str_of(err->text);
    ptrdiff_t line = str_find(text, STR(", line "));
    ptrdiff_t context = str_find(text, STR("\nCONTEXT:  COPY "));
    if (context < 0 || line < context)
        return;
    size_t at = (size_t)line + 7, end = at;
    while (end < text.len && text.at[end] >= '0' && text.at[end] <= '9')
        end++;
    Str row = str_slice(text, at, end), rest = str_slice(text, end, text.len);
    Str message = str_copy(append->arena, str_slice(text, 0, (size_t)context));
    row = str_copy(append->arena, row);
    rest = str_copy(append->arena, rest);
    ErrKind kind = err->kind;
    for (uint32_t i = 0; i < append->plan.count; i++) {
        Str name = append->plan.columns[i].name;
        Str mark = str_print(append->arena, ", column " STR_FMT, STR_ARG(name));
        if (!str_starts(rest, mark) || (rest.len > mark.len && rest.at[mark.len] != ':'))
            continue;
        err_drop(err);
        err_set(err, kind, NOWHERE, "row " STR_FMT ", column %u (" STR_FMT "): " STR_FMT,
                STR_ARG(row), i + 1, STR_ARG(name), STR_ARG(message));
        return;
    }
    err_drop(err);
    err_set(err, kind, NOWHERE, "row " STR_FMT ": " STR_FMT, STR_ARG(row), STR_ARG(message));
}

static bool copy_rows(Append *append, RowSource next, void *context, Err *err)
{
    Str sql = str_print(append->arena, "copy " STR_FMT " from stdin", STR_ARG(append->target));
    TRY(postgres_begin_copy(append->link, sql, PGRES_COPY_IN, err));
    if (send_rows(append, next, context, err)) {
        if (postgres_copy_end(append->link, NULL, err))
            return true;
        if (err->kind == ERR_DATABASE)
            add_place(append, err);
        return false;
    }
    /* A link that was interrupted would refuse to wait for the end of the COPY. */
    Err ignored = {0};
    append->link->interrupts_seen = atomic_load(&append->link->postgres->interrupts);
    (void)!postgres_copy_end(append->link, "the rows ended in a failure", &ignored);
    err_drop(&ignored);
    return false;
}

bool postgres_session_append(Session *base, Str database, Str schema, Str table,
                             uint32_t column_count, RowSource next, void *context, uint64_t *rows,
                             Err *err)
{
    PgSession *session;
    PgLink *link;
    bool is_void;
    (void)database; /* a connection sees one */
    TRY(postgres_enter(base, STR_NONE, &session, &link, &is_void, err));
    Arena arena = {0};
    Append append = {
        .link = link,
        .arena = &arena,
        .target = postgres_table_name(&arena, schema, table),
        .column_count = column_count,
    };
    bool ok = look_at_table(&append, table, err) && copy_rows(&append, next, context, err);
    text_drop(&append.chunk);
    arena_drop(&arena);
    if (ok && rows)
        *rows = append.rows;
    return postgres_leave(session, ok, err);
}
