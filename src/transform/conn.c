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

/* Tests read: the transaction that dbt lets them open would never be committed. */
static bool stands_alone(const NodeRun *run)
{
    NodeKind kind = run->node->kind;
    return run->conn->is_past_commit || kind == NODE_OPERATION || kind == NODE_TEST;
}

/* The transaction that a statement belongs to. */
static bool enter_transaction(NodeRun *run, bool begins, Err *err)
{
    if (dialect_now()->has_implicit_transactions)
        begins = !stands_alone(run);
    return !begins || conn_begin(run, err);
}

bool conn_commit(NodeRun *run, Err *err)
{
    if (!run->conn->is_open)
        return true;
    Session *session;
    TRY(conn_session(run, &session, err));
    run->conn->is_open = false;
    run->conn->is_past_commit = true;
    return session_query(session, run->arena, STR("commit"), 0, NULL, err);
}

/* dbt opens a connection for each node; here it is used again, so it gets its first settings. */
static bool reset_session(NodeRun *run, Session *session, Err *err)
{
    TRY(session_query(session, run->arena, STR("discard all"), 0, NULL, err));
    Str role = value_get_text(run->runner->project->profile.credentials, "role", STR(""));
    return !role.len ||
           session_query(session, run->arena,
                         str_print(run->arena, "set role " STR_FMT, STR_ARG(role)), 0, NULL, err);
}

static void note_failure(const char *what, Err *err)
{
    event_print(LEVEL_DEBUG, "RollbackFailed", "E038", "%s: %s", what, err->text);
    err_drop(err);
    *err = (Err){0};
}

void conn_rollback(NodeRun *run)
{
    Conn *conn = run->conn;
    Session *session;
    Err ignored = {0};
    bool has_work = conn->is_open || conn->has_settings;
    if (has_work && conn_session(run, &session, &ignored)) {
        if (conn->is_open &&
            !session_query(session, run->arena, STR("rollback"), 0, NULL, &ignored))
            note_failure("rollback", &ignored);
        if (conn->has_settings && !reset_session(run, session, &ignored))
            note_failure("reset", &ignored);
    }
    conn->is_open = conn->is_past_commit = conn->has_settings = false;
    err_drop(&ignored);
}

/* A hook may end the transaction itself: "commit;" as first word. Settings are for the node. */
static void follow_statement(Conn *conn, Str sql)
{
    size_t at = 0;
    SqlToken token = sql_next(sql, &at);
    while (token.kind == SQL_SPACE || token.kind == SQL_COMMENT)
        token = sql_next(sql, &at);
    if (token.kind != SQL_WORD)
        return;
    if (str_eq_fold(token.text, STR("commit")) || str_eq_fold(token.text, STR("rollback"))) {
        conn->is_open = false;
        conn->is_past_commit = true;
    } else if (str_eq_fold(token.text, STR("begin"))) {
        conn->is_open = true;
    } else if (str_eq_fold(token.text, STR("set")) || str_eq_fold(token.text, STR("reset"))) {
        conn->has_settings = dialect_now()->has_implicit_transactions;
    }
}

static void log_statement(const NodeRun *run, Str sql, int64_t us)
{
    Str head = str_trim(sql);
    event_print(LEVEL_DEBUG, "SQLQuery", "E017", "On " STR_FMT ": " STR_FMT " (%.3fs)",
                STR_ARG(run->node->unique_id), STR_ARG(head), (double)us / 1e6);
}

/* "INSERT 0 5" without its numbers: what kind of statement it was. */
static Str code_of_tag(Arena *arena, Str tag)
{
    AUTO(text) Text code = {0};
    Str word;
    while (tag.len && str_next_part(&tag, ' ', &word)) {
        int64_t number;
        if (word.len && !str_to_int(word, &number))
            text_print(&code, "%s" STR_FMT, code.len ? " " : "", STR_ARG(word));
    }
    return text_copy(arena, &code);
}

static Value response_make(Arena *arena, const Result *result)
{
    Value response = value_dict(arena);
    if (!dialect_now()->tells_rows) {
        dict_put(response.dict, STR("_message"), value_lit("OK"));
        return response;
    }
    dict_put(response.dict, STR("_message"), value_text(result->tag));
    dict_put(response.dict, STR("code"), value_text(code_of_tag(arena, result->tag)));
    dict_put(response.dict, STR("rows_affected"), value_int(result->changed));
    return response;
}

/* Sends the statement; rows are wanted, or what it did. */
static bool send(NodeRun *run, Session *session, Str sql, bool fetches, uint64_t limit,
                 Result *result, Err *err)
{
    if (fetches)
        return session_query(session, run->arena, sql, limit, result, err);
    if (dialect_now()->tells_rows)
        return session_execute(session, run->arena, sql, result, err);
    return session_query(session, run->arena, sql, limit, NULL, err);
}

bool conn_execute(NodeRun *run, Str sql, bool begins, bool fetches, int64_t limit, Answer *answer,
                  Err *err)
{
    Session *session;
    TRY(conn_comment(run, &sql, err));
    TRY(conn_session(run, &session, err));
    TRY(enter_transaction(run, begins, err));
    Result result = {0};
    int64_t started_us = clock_steady_us();
    uint64_t most = limit < 0 ? UINT64_MAX : (uint64_t)limit;
    bool ok = send(run, session, sql, fetches, most, &result, err);
    for (uint32_t attempt = 1; !ok && conn_tries_again(run, attempt, err); attempt++) {
        err_drop(err);
        ok = send(run, session, sql, fetches, most, &result, err);
    }
    log_statement(run, sql, clock_steady_us() - started_us);
    TRY(ok);
    follow_statement(run->conn, sql);
    answer->response = response_make(run->arena, &result);
    answer->table = fetches ? run_result_table(run->arena, &result)
                            : table_make(run->arena, NULL, NULL, 0, NULL, 0);
    return true;
}
