/* conn.c: statements of a node on its thread's connection, and the transaction they stand in. */
#include "base/clock.h"
#include "base/event.h"
#include "transform/run.h"

bool conn_session(NodeRun *run, Session **out, Err *err)
{
    Conn *conn = run->conn;
    if (!run->runner->options.introspects)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Introspective queries are disabled (--no-introspect), but a macro of this "
                       "node asks the database");
    if (!conn->session)
        TRY(runner_open(run->runner, err));
    if (!conn->session)
        TRY(session_open(run->runner->warehouse, &conn->arena, &conn->session, err));
    *out = conn->session;
    return true;
}

bool conn_begin(NodeRun *run, Err *err)
{
    if (run->conn->is_open)
        return true;
    Session *session;
    TRY(conn_session(run, &session, err));
    TRY(session_query(session, run->arena, STR("begin"), 0, NULL, err));
    run->conn->is_open = true;
    return true;
}

bool conn_commit(NodeRun *run, Err *err)
{
    if (!run->conn->is_open)
        return true;
    Session *session;
    TRY(conn_session(run, &session, err));
    run->conn->is_open = false;
    return session_query(session, run->arena, STR("commit"), 0, NULL, err);
}

void conn_rollback(NodeRun *run)
{
    Session *session;
    Err ignored = {0};
    if (run->conn->is_open && conn_session(run, &session, &ignored)) {
        run->conn->is_open = false;
        if (!session_query(session, run->arena, STR("rollback"), 0, NULL, &ignored))
            event_print(LEVEL_DEBUG, "RollbackFailed", "E038", "rollback: %s", ignored.text);
    }
    err_drop(&ignored);
}

/* A hook may end the transaction itself: "commit;" as first or last word. */
static void follow_transaction(Conn *conn, Str sql)
{
    size_t at = 0;
    SqlToken token = sql_next(sql, &at);
    while (token.kind == SQL_SPACE || token.kind == SQL_COMMENT)
        token = sql_next(sql, &at);
    if (token.kind != SQL_WORD)
        return;
    if (str_eq_fold(token.text, STR("commit")) || str_eq_fold(token.text, STR("rollback")))
        conn->is_open = false;
    else if (str_eq_fold(token.text, STR("begin")))
        conn->is_open = true;
}

static void log_statement(const NodeRun *run, Str sql, int64_t us)
{
    Str head = str_trim(sql);
    event_print(LEVEL_DEBUG, "SQLQuery", "E017", "On " STR_FMT ": " STR_FMT " (%.3fs)",
                STR_ARG(run->node->unique_id), STR_ARG(head), (double)us / 1e6);
}

static Value response_make(Arena *arena, const Result *result)
{
    Value response = value_dict(arena);
    dict_put(response.dict, STR("_message"), value_lit("OK"));
    (void)result;
    return response;
}

bool conn_execute(NodeRun *run, Str sql, bool begins, bool fetches, int64_t limit, Answer *answer,
                  Err *err)
{
    Session *session;
    TRY(conn_session(run, &session, err));
    if (begins)
        TRY(conn_begin(run, err));
    Result result = {0};
    int64_t started_us = clock_steady_us();
    bool ok = session_query(session, run->arena, sql, limit < 0 ? UINT64_MAX : (uint64_t)limit,
                            fetches ? &result : NULL, err);
    log_statement(run, sql, clock_steady_us() - started_us);
    TRY(ok);
    follow_transaction(run->conn, sql);
    answer->response = response_make(run->arena, &result);
    answer->table = fetches ? run_result_table(run->arena, &result)
                            : table_make(run->arena, NULL, NULL, 0, NULL, 0);
    return true;
}
