/* postgres_query.c: statements: sending, waiting, results as texts. */
#include <errno.h>
#include <poll.h>

#include "base/assets.h"
#include "engine/postgres_base.h"

enum { PARAMETERS_MOST = 8 };

/* ---- waiting ---- */

static bool is_ended(const PgLink *link)
{
    return atomic_load(&link->postgres->interrupts) != link->interrupts_seen ||
           (link->is_stopped && atomic_load(link->is_stopped));
}

bool postgres_wait(PgLink *link, bool for_write, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    for (;;) {
        if (is_ended(link)) {
            if (!link->is_stopped || !atomic_load(link->is_stopped))
                postgres_cancel(link);
            return err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
        }
        struct pollfd wanted = {.fd = pq->PQsocket(link->connection),
                                .events = for_write ? POLLIN | POLLOUT : POLLIN};
        if (wanted.fd < 0)
            return postgres_fail_link(link, err);
        int ready = poll(&wanted, 1, PG_POLL_MS);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return err_set(err, ERR_RUNTIME, NOWHERE, "poll: %s", strerror(errno));
    }
}

/* The server may talk while we write: what it says is taken, or both would wait for ever. */
bool postgres_flush(PgLink *link, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    for (;;) {
        int pending = pq->PQflush(link->connection);
        if (pending == 0)
            return true;
        if (pending < 0)
            return postgres_fail_link(link, err);
        TRY(postgres_wait(link, true, err));
        if (!pq->PQconsumeInput(link->connection))
            return postgres_fail_link(link, err);
    }
}

bool postgres_next_result(PgLink *link, PGresult **out, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    while (pq->PQisBusy(link->connection)) {
        TRY(postgres_wait(link, false, err));
        if (!pq->PQconsumeInput(link->connection))
            return postgres_fail_link(link, err);
    }
    *out = pq->PQgetResult(link->connection);
    return true;
}

/* ---- a statement's results ---- */

static bool is_failure(ExecStatusType status)
{
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* A link that waits for or sends data in the middle of a script cannot be used any more: close it.
 */
bool postgres_fail_copy(PgLink *link, Err *err)
{
    link->postgres->pq->PQfinish(link->connection);
    link->connection = NULL;
    return err_set(err, ERR_DATABASE, NOWHERE, "COPY from or to the client cannot be run here");
}

bool postgres_end(PgLink *link, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    bool ok = true;
    for (PGresult *result;;) {
        Err ignored = {0};
        if (!postgres_next_result(link, &result, ok ? err : &ignored)) {
            err_drop(&ignored);
            return false;
        }
        if (!result)
            return ok;
        ExecStatusType status = pq->PQresultStatus(result);
        if (ok && is_failure(status))
            ok = postgres_fail_result(link, result, err);
        pq->PQclear(result);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
            return ok ? postgres_fail_copy(link, err) : false;
    }
}

static bool send(PgLink *link, Str sql, const Str *parameters, uint32_t count, bool is_script,
                 Err *err)
{
    const Libpq *pq = link->postgres->pq;
    Arena arena = {0};
    const char *values[PARAMETERS_MOST];
    assert(count <= PARAMETERS_MOST);
    for (uint32_t i = 0; i < count; i++)
        values[i] = parameters[i].at ? str_c(&arena, parameters[i]) : NULL;
    const char *text = str_c(&arena, sql);
    int is_sent = is_script ? pq->PQsendQuery(link->connection, text)
                            : pq->PQsendQueryParams(link->connection, text, (int)count, NULL,
                                                    values, NULL, NULL, 0);
    arena_drop(&arena);
    return is_sent ? postgres_flush(link, err) : postgres_fail_link(link, err);
}

bool postgres_send(PgLink *link, Str sql, Err *err)
{
    return send(link, sql, NULL, 0, true, err);
}

bool postgres_run(PgLink *link, Str sql, Err *err)
{
    int64_t began_us = engine_tell_from();
    bool ok = send(link, sql, NULL, 0, true, err) && postgres_end(link, err);
    engine_told(sql, began_us);
    return ok;
}

bool postgres_begin_copy(PgLink *link, Str sql, ExecStatusType expected, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    PGresult *result;
    int64_t began_us = engine_tell_from();
    TRY(send(link, sql, NULL, 0, true, err));
    TRY(postgres_next_result(link, &result, err));
    engine_told(sql, began_us);
    if (result && pq->PQresultStatus(result) == expected) {
        pq->PQclear(result);
        return true;
    }
    bool is_told = result && is_failure(pq->PQresultStatus(result)) &&
                   !postgres_fail_result(link, result, err);
    pq->PQclear(result);
    Err ignored = {0};
    (void)!postgres_end(link, &ignored);
    err_drop(&ignored);
    return is_told ? false : err_set(err, ERR_DATABASE, NOWHERE, "the server did not begin COPY");
}

bool postgres_copy_data(PgLink *link, Str bytes, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    for (int sent = 0; sent == 0 && bytes.len;) {
        sent = pq->PQputCopyData(link->connection, bytes.at, (int)bytes.len);
        if (sent < 0)
            return postgres_fail_link(link, err);
        TRY(postgres_flush(link, err));
    }
    return true;
}

bool postgres_copy_end(PgLink *link, const char *failure, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    int ended;
    while ((ended = pq->PQputCopyEnd(link->connection, failure)) == 0)
        TRY(postgres_flush(link, err));
    if (ended < 0)
        return postgres_fail_link(link, err);
    TRY(postgres_flush(link, err));
    return postgres_end(link, err);
}

/* ---- rows as texts ---- */

/* What a statement's rows go into; `cells` grows in the arena. */
typedef struct Collector {
    Arena *arena;
    Result result;
    uint64_t cap, row_limit;
} Collector;

static void begin_rows(Collector *into, const Libpq *pq, const PGresult *from)
{
    Result *result = &into->result;
    *result = (Result){.column_count = (uint32_t)pq->PQnfields(from), .changed = -1};
    into->cap = 0;
    result->columns = NEW_N(into->arena, ResultColumn, result->column_count);
    for (uint32_t i = 0; i < result->column_count; i++)
        result->columns[i] = (ResultColumn){
            .name = str_copy(into->arena, str_of(pq->PQfname(from, (int)i))),
            .type = STR("text"),
            .kind = COLUMN_TEXT,
        };
}

static Value cell_value(Collector *into, const Libpq *pq, const PGresult *from, int row, int column)
{
    if (pq->PQgetisnull(from, row, column))
        return NONE;
    Str text = {pq->PQgetvalue(from, row, column), (size_t)pq->PQgetlength(from, row, column)};
    return value_text(str_copy(into->arena, text));
}

static void add_rows(Collector *into, const Libpq *pq, const PGresult *from)
{
    Result *result = &into->result;
    uint32_t width = result->column_count;
    for (int row = 0; row < pq->PQntuples(from); row++) {
        if (result->row_count == into->row_limit) {
            result->is_cut = true;
            return;
        }
        if (result->row_count == into->cap) {
            uint64_t cap = into->cap ? into->cap * 2 : 8;
            result->cells =
                arena_grow(into->arena, result->cells, into->cap * width * sizeof(Value),
                           cap * width * sizeof(Value), _Alignof(Value));
            into->cap = cap;
        }
        Value *cells = &result->cells[result->row_count++ * width];
        for (uint32_t i = 0; i < width; i++)
            cells[i] = cell_value(into, pq, from, row, (int)i);
    }
}

/* Takes one result in; the first of a statement's rows begins it. */
static void collect(Collector *into, const Libpq *pq, PGresult *from, bool *is_in_rows)
{
    ExecStatusType status = pq->PQresultStatus(from);
    if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK) {
        if (!*is_in_rows)
            begin_rows(into, pq, from);
        add_rows(into, pq, from);
        *is_in_rows = status == PGRES_SINGLE_TUPLE;
    } else if (status == PGRES_COMMAND_OK) {
        into->result = (Result){.changed = -1};
        int64_t changed;
        if (str_to_int(str_of(pq->PQcmdTuples(from)), &changed))
            into->result.changed = changed;
    }
}

/* Reads all results; the last statement's rows stay. */
static bool collect_all(PgLink *link, Collector *into, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    bool is_in_rows = false;
    for (PGresult *result;;) {
        TRY(postgres_next_result(link, &result, err));
        if (!result)
            return true;
        ExecStatusType status = pq->PQresultStatus(result);
        bool is_copy =
            status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
        if (is_failure(status))
            postgres_fail_result(link, result, err);
        else
            collect(into, pq, result, &is_in_rows);
        pq->PQclear(result);
        if (is_copy)
            return postgres_fail_copy(link, err);
        if (is_failure(status)) {
            Err ignored = {0};
            (void)!postgres_end(link, &ignored);
            err_drop(&ignored);
            return false;
        }
    }
}

bool postgres_rows(PgLink *link, Arena *arena, Str sql, const Str *parameters, uint32_t count,
                   Result *out, Err *err)
{
    Collector into = {.arena = arena, .row_limit = UINT64_MAX};
    int64_t began_us = engine_tell_from();
    TRY(send(link, sql, parameters, count, false, err));
    TRY(collect_all(link, &into, err));
    engine_told(sql, began_us);
    *out = into.result;
    return true;
}

bool postgres_ask(PgLink *link, Arena *arena, const char *name, const Str *parameters,
                  uint32_t count, Result *out, Err *err)
{
    Str sql;
    TRY(asset_read(arena, str_print(arena, "src/engine/postgres/%s.sql", name), &sql, err));
    return postgres_rows(link, arena, sql, parameters, count, out, err);
}

Str postgres_cell(const Result *result, uint64_t row, uint32_t column)
{
    assert(row < result->row_count && column < result->column_count);
    return value_str(result->cells[row * result->column_count + column]);
}

int64_t postgres_cell_int(const Result *result, uint64_t row, uint32_t column)
{
    int64_t number = -1;
    Str text = postgres_cell(result, row, column);
    return str_to_int(text, &number) ? number : -1;
}

bool postgres_query(Database *database, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                    Err *err)
{
    PgLink *link;
    TRY(postgres_main(database, &link, err));
    int64_t began_us = engine_tell_from();
    Collector into = {.arena = arena, .row_limit = out ? row_limit : 0};
    TRY(send(link, sql, NULL, 0, true, err));
    link->postgres->pq->PQsetSingleRowMode(link->connection);
    TRY(collect_all(link, &into, err));
    engine_told(sql, began_us);
    if (out)
        *out = into.result;
    return true;
}
