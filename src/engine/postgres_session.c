/* postgres_session.c: statements of a session. */
#include "engine/postgres_session.h"
#include "sql/sql.h"

enum { CURSOR_ROWS_MOST = 1000000 };

/* ---- running ---- */

bool postgres_run_script(PgSession *session, PgLink *link, Arena *arena, Str sql,
                         uint64_t row_limit, Result *out, Err *err)
{
    TRY(postgres_send(link, sql, err));
    link->postgres->pq->PQsetSingleRowMode(link->connection);
    return postgres_collect(session, link, arena, row_limit, out, err);
}

static bool check_sql(Str sql, Err *err)
{
    if (sql.len && memchr(sql.at, '\0', sql.len))
        return err_set(err, ERR_DATABASE, NOWHERE, "the statement contains a NUL byte");
    return true;
}

/* ---- the first rows of a select ---- */

/* One statement that a cursor can be declared for? A `with` may change data. */
static bool is_select(Str sql)
{
    static const char *const words[] = {"select", "values", "table"};
    size_t at = 0;
    Str statement;
    SqlToken first = sql_first(sql);
    bool is_known = false;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        is_known = is_known || str_eq_fold(first.text, str_of(words[i]));
    return is_known && sql_next_statement(sql, &at, &statement) &&
           !sql_next_statement(sql, &at, &statement);
}

/* A cursor computes no more than is fetched. The statement is prepared first: errors then show its
 * own lines. */
static bool fetch_some(PgSession *session, PgLink *link, Arena *arena, Str sql, uint64_t row_limit,
                       Result *out, Err *err)
{
    Result done;
    size_t at = 0;
    Str statement;
    if (!sql_next_statement(sql, &at, &statement))
        return err_set(err, ERR_DATABASE, NOWHERE, "there is no statement");
    TRY(postgres_run_script(
        session, link, arena,
        str_print(arena, "declare weir_rows no scroll cursor for " STR_FMT, STR_ARG(statement)), 0,
        &done, err));
    TRY(postgres_run_script(session, link, arena,
                            str_print(arena, "fetch forward %llu from weir_rows",
                                      (unsigned long long)row_limit + 1),
                            row_limit, out, err));
    TRY(postgres_run_script(session, link, arena, STR("close weir_rows"), 0, &done, err));
    out->changed = (int64_t)out->row_count;
    out->tag = str_print(arena, "SELECT %llu", (unsigned long long)out->row_count);
    return true;
}

static bool query_some(PgSession *session, PgLink *link, Arena *arena, Str sql, uint64_t row_limit,
                       Result *out, Err *err)
{
    PgPlan plan = {0};
    Result done;
    Err second = {0};
    TRY(postgres_describe_statement(link, arena, sql, &plan, err));
    if (!plan.count) /* select into */
        return postgres_run_script(session, link, arena, sql, row_limit, out, err);
    bool is_ours = !postgres_in_transaction(session);
    TRY(!is_ours || postgres_run_script(session, link, arena, STR("begin"), 0, &done, err));
    bool ok = fetch_some(session, link, arena, sql, row_limit, out, err);
    if (ok && is_ours)
        return postgres_run_script(session, link, arena, STR("commit"), 0, &done, err);
    if (!ok && is_ours && err->kind != ERR_CANCELLED && link->connection &&
        !postgres_run_script(session, link, arena, STR("rollback"), 0, &done, &second))
        err_drop(&second);
    return ok;
}

/* ---- the engine's functions ---- */

bool postgres_session_query(Session *base, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                            Err *err)
{
    PgSession *session;
    PgLink *link;
    bool is_void;
    Result result = {.changed = -1};
    TRY(check_sql(sql, err));
    TRY(postgres_enter(base, sql, &session, &link, &is_void, err));
    bool is_cut = out && row_limit && row_limit <= CURSOR_ROWS_MOST && is_select(sql);
    bool ok = is_void || sql_is_blank(sql) ||
              (is_cut ? query_some(session, link, arena, sql, row_limit, &result, err)
                      : postgres_run_script(session, link, arena, sql, out ? row_limit : 0, &result,
                                            err));
    if (!postgres_leave(session, ok, err))
        return false;
    if (out)
        *out = result;
    return true;
}

bool postgres_session_execute(Session *base, Arena *arena, Str sql, Result *out, Err *err)
{
    Result result = {.changed = -1};
    TRY(postgres_session_query(base, arena, sql, 0, &result, err));
    *out = (Result){.changed = result.changed, .tag = result.tag};
    return true;
}

static bool describe(PgLink *link, Arena *arena, Str sql, Result *out, Err *err)
{
    PgPlan plan = {0};
    TRY(postgres_describe_statement(link, arena, sql, &plan, err));
    TRY(postgres_load_source_types(link, arena, plan.columns, plan.count, err));
    *out = (Result){.changed = -1, .column_count = plan.count};
    out->columns = NEW_N(arena, ResultColumn, plan.count + 1);
    for (uint32_t i = 0; i < plan.count; i++)
        out->columns[i] = postgres_result_column(arena, &plan.columns[i]);
    return true;
}

/* Within a transaction a failure would spoil it: there a savepoint stands around. */
static bool describe_safely(PgLink *link, Arena *arena, Str sql, bool is_inside, Result *out,
                            Err *err)
{
    TRY(!is_inside || postgres_run(link, STR("savepoint weir_describe"), err));
    bool ok = describe(link, arena, sql, out, err);
    Err second = {0};
    Str end = ok ? STR("release savepoint weir_describe")
                 : STR("rollback to savepoint weir_describe; release savepoint weir_describe");
    if (is_inside && link->connection && (ok || err->kind != ERR_CANCELLED) &&
        !postgres_run(link, end, ok ? err : &second))
        ok = false;
    err_drop(&second);
    return ok;
}

bool postgres_session_describe(Session *base, Arena *arena, Str sql, Result *out, Err *err)
{
    PgSession *session;
    PgLink *link;
    bool is_void;
    Str statement = STR_NONE;
    TRY(check_sql(sql, err));
    for (size_t at = 0; sql_next_statement(sql, &at, &statement);)
        ;
    if (!statement.len)
        return err_set(err, ERR_DATABASE, NOWHERE, "there is no statement to describe");
    TRY(postgres_enter(base, STR_NONE, &session, &link, &is_void, err));
    bool is_inside =
        link->postgres->pq->PQtransactionStatus(link->connection) == PQTRANS_INTRANS;
    bool ok = describe_safely(link, arena, statement, is_inside, out, err);
    return postgres_leave(session, ok, err);
}
