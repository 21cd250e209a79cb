/* postgres_stream.c: a session's rows as batches, and statements over batches.
 *
 *   query -> COPY (binary) -> decoder -> batch, when the reader asks for one
 *   streams -> temporary tables (COPY, text) -> the statement
 */
#include "engine/postgres_session.h"
#include "sql/sql.h"

enum { CHUNK_BYTES = 64 * 1024, OID_MONEY = 790, OID_MONEY_LIST = 791, OID_NUMERIC = 1700 };

#define STREAM_MAGIC 0x70677374u

typedef struct PgStream {
    uint32_t magic;
    PgSession *session;
    PgLink *link;
    PgPlan plan;
    PgDecoder *decoder;
    bool is_over;                /* of the COPY, or it failed                                    */
} PgStream;

/* ---- the query as a plan ---- */

/* Columns whose type has no Arrow kin, or none that holds every value, come as texts. */
static bool text_hints(PgLink *link, Arena *arena, Str query, Value *out, Err *err)
{
    PgPlan plan = {0};
    TRY(postgres_describe_statement(link, arena, query, &plan, err));
    *out = value_dict(arena);
    for (uint32_t i = 0; i < plan.count; i++) {
        const PgColumn *column = &plan.columns[i];
        bool is_free = column->oid == OID_NUMERIC && column->modifier < 0;
        if (is_free || column->oid == OID_MONEY)
            dict_put(out->dict, column->name, value_lit("varchar"));
        else if (column->oid == OID_MONEY_LIST)
            dict_put(out->dict, column->name, value_lit("varchar[]"));
    }
    return true;
}

static bool plan_query(PgLink *link, Arena *arena, Str sql, PgPlan *out, Err *err)
{
    size_t at = 0;
    Str statement, more;
    if (!sql_next_statement(sql, &at, &statement) || sql_next_statement(sql, &at, &more))
        return err_set(err, ERR_DATABASE, NOWHERE, "rows can be streamed of one select alone");
    DatabaseRead read = {.query = statement};
    TRY(text_hints(link, arena, statement, &read.hints, err));
    return postgres_plan(link, arena, &read, out, err);
}

bool postgres_session_schema(Session *base, Arena *arena, Str sql, Schema *out, Err *err)
{
    PgSession *session;
    PgLink *link;
    bool is_void;
    PgPlan plan;
    TRY(postgres_enter(base, STR_NONE, &session, &link, &is_void, err));
    bool ok = plan_query(link, arena, sql, &plan, err);
    if (!postgres_leave(session, ok, err))
        return false;
    *out = plan.schema;
    return true;
}

/* ---- the stream ---- */

/* Decodes until a batch is full or the COPY is over. */
static bool fill(PgStream *stream, Err *err)
{
    const Libpq *pq = stream->link->postgres->pq;
    PGconn *connection = stream->link->connection;
    for (char *row = NULL; !postgres_decoder_is_full(stream->decoder);) {
        int len = pq->PQgetCopyData(connection, &row, 1);
        if (len > 0) {
            bool ok = postgres_decode(stream->decoder, row, (size_t)len, err);
            pq->PQfreemem(row);
            TRY(ok);
        } else if (len == 0) {
            TRY(postgres_wait(stream->link, false, err));
            if (!pq->PQconsumeInput(connection))
                return postgres_fail_link(stream->link, err);
        } else {
            stream->is_over = true;
            return postgres_end(stream->link, err);
        }
    }
    return true;
}

static bool stream_next_batch(void *self, Batch *out, Err *err)
{
    PgStream *stream = self;
    CHECK(stream, STREAM_MAGIC);
    if (!stream->is_over && !fill(stream, err)) {
        stream->is_over = true;
        if (err->kind == ERR_UNAVAILABLE)
            err->kind = ERR_DATABASE;
        return false;
    }
    postgres_decoder_finish(stream->decoder, out);
    return true;
}

/* What the server still has to say is cut off: the session's other statements come next. */
static void stream_end(void *self)
{
    PgStream *stream = self;
    CHECK(stream, STREAM_MAGIC);
    const Libpq *pq = stream->link->postgres->pq;
    Err ignored = {0};
    stream->magic = 0;
    stream->session->is_streaming = false;
    if (stream->link->connection &&
        pq->PQtransactionStatus(stream->link->connection) == PQTRANS_ACTIVE) {
        stream->link->interrupts_seen = atomic_load(&stream->link->postgres->interrupts);
        postgres_cancel(stream->link);
        char *row = NULL;
        for (int len = 0; (len = pq->PQgetCopyData(stream->link->connection, &row, 1)) >= 0;) {
            pq->PQfreemem(row);
            row = NULL;
            if (len == 0 && (!postgres_wait(stream->link, false, &ignored) ||
                             !pq->PQconsumeInput(stream->link->connection)))
                break;
        }
    }
    postgres_leave(stream->session, true, &ignored);
    err_drop(&ignored);
}

static bool begin_stream(PgStream *stream, Arena *arena, Str sql, Err *err)
{
    Text copy = {0};
    TRY(plan_query(stream->link, arena, sql, &stream->plan, err));
    text_add_c(&copy, "copy (select ");
    for (uint32_t i = 0; i < stream->plan.count; i++)
        text_print(&copy, "%s" STR_FMT, i ? ", " : "", STR_ARG(stream->plan.columns[i].expression));
    text_print(&copy, " from " STR_FMT ") to stdout (format binary)", STR_ARG(stream->plan.from));
    Str statement = text_give(arena, &copy);
    stream->decoder = postgres_decoder_make(arena, &stream->plan, DATABASE_BATCH_BYTES,
                                            !stream->link->postgres->is_utf8);
    postgres_decoder_begin(stream->decoder);
    return postgres_begin_copy(stream->link, statement, PGRES_COPY_OUT, err);
}

bool postgres_session_stream(Session *base, Arena *arena, Str sql, Stream *out, Err *err)
{
    PgStream *stream = NEW(arena, PgStream);
    bool is_void;
    TRY(postgres_enter(base, STR_NONE, &stream->session, &stream->link, &is_void, err));
    if (!begin_stream(stream, arena, sql, err))
        return postgres_leave(stream->session, false, err);
    stream->magic = STREAM_MAGIC;
    stream->session->is_streaming = true;
    *out = (Stream){stream->plan.schema, stream_next_batch, stream_end, stream};
    return true;
}

/* ---- statements over streams ---- */

/* A table of the session's own, in the stream's name. */
static bool create_table(PgLink *link, Arena *arena, const NamedStream *named, Err *err)
{
    const Schema *schema = &named->stream->schema;
    Result rows;
    Text sql = {0};
    Str name = sql_quote_name(arena, named->name);
    TRY(postgres_rows(link, arena, STR("select pg_catalog.to_regclass($1) is not null"), &name, 1,
                      &rows, err));
    if (str_is(postgres_cell(&rows, 0, 0), "t"))
        return err_set(err, ERR_DATABASE, NOWHERE, "a table or view " STR_FMT " exists already",
                       STR_ARG(named->name));
    text_print(&sql, "create temporary table " STR_FMT " (", STR_ARG(name));
    for (uint32_t i = 0; i < schema->count; i++) {
        text_print(&sql, "%s" STR_FMT " ", i ? ", " : "",
                   STR_ARG(sql_quote_name(arena, schema->fields[i].name)));
        postgres_print_type(&schema->fields[i], &sql);
    }
    text_add_c(&sql, ")");
    return postgres_run(link, text_give(arena, &sql), err);
}

static bool send_batches(PgLink *link, Stream *from, Err *err)
{
    AUTO(text) Text chunk = {0}, scratch = {0};
    for (uint64_t rows = 1; rows;) {
        Batch batch;
        TRY(from->next(from->self, &batch, err));
        rows = batch_rows(&batch);
        bool ok = atomic_load(&link->postgres->interrupts) == link->interrupts_seen ||
                  err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
        for (uint64_t row = 0; ok && row < rows; row++) {
            postgres_encode_row(&from->schema, &batch, row, &scratch, &chunk);
            if (chunk.len < CHUNK_BYTES && row + 1 < rows)
                continue;
            ok = postgres_copy_data(link, text_str(&chunk), err);
            text_clear(&chunk);
        }
        batch_drop(&batch);
        TRY(ok);
    }
    return true;
}

static bool fill_table(PgLink *link, Arena *arena, const NamedStream *named, Err *err)
{
    Str name = sql_quote_name(arena, named->name);
    TRY(create_table(link, arena, named, err));
    TRY(postgres_begin_copy(link, str_print(arena, "copy " STR_FMT " from stdin", STR_ARG(name)),
                            PGRES_COPY_IN, err));
    if (send_batches(link, named->stream, err))
        return postgres_copy_end(link, NULL, err);
    Err ignored = {0};
    link->interrupts_seen = atomic_load(&link->postgres->interrupts);
    (void)!postgres_copy_end(link, "the stream of rows failed", &ignored);
    err_drop(&ignored);
    return false;
}

/* The tables go, unless the caller's transaction is spoilt: then its rollback takes them. */
static void drop_tables(PgSession *session, PgLink *link, Arena *arena, const NamedStream *streams,
                        uint32_t count)
{
    const Libpq *pq = session->postgres.pq;
    for (uint32_t i = 0; i < count && link->connection; i++) {
        Err ignored = {0};
        PGTransactionStatusType status = pq->PQtransactionStatus(link->connection);
        link->interrupts_seen = atomic_load(&link->postgres->interrupts);
        Str sql = str_print(arena, "drop table if exists pg_temp." STR_FMT,
                            STR_ARG(sql_quote_name(arena, streams[i].name)));
        if ((status == PQTRANS_IDLE || status == PQTRANS_INTRANS) &&
            !postgres_run(link, sql, &ignored))
            err_drop(&ignored);
    }
}

bool postgres_session_query_over(Session *base, Arena *arena, Str sql, const NamedStream *streams,
                                 uint32_t count, uint64_t row_limit, Result *out, Err *err)
{
    PgSession *session;
    PgLink *link;
    bool is_void;
    uint32_t made = 0;
    Result result = {.changed = -1};
    TRY(postgres_enter(base, STR_NONE, &session, &link, &is_void, err));
    bool ok = true;
    while (ok && made < count)
        ok = fill_table(link, arena, &streams[made++], err);
    ok = ok && postgres_run_script(session, link, arena, sql, out ? row_limit : 0, &result, err);
    (void)postgres_leave(session, ok, err);
    drop_tables(session, link, arena, streams, made);
    if (ok && out)
        *out = result;
    return ok;
}
