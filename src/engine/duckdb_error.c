/* duckdb_error.c: the engine's errors as ours. */
#include "engine/duckdb_base.h"

/* The engine has one type for every trouble with transactions; only "conflict" is worth a retry,
 * and only its message tells. */
static bool is_conflict(int type, const char *message)
{
    if (type != DUCK_ERROR_TRANSACTION && type != 0)
        return false;
    if (strncmp(message, "TransactionContext Error", 24) != 0)
        return false;
    return strstr(message, "onflict") != NULL;
}

bool duckdb_fail(int type, const char *message, bool is_interrupted, Err *err)
{
    if (!message || !*message)
        message = "the engine failed and gave no reason";
    if (type == DUCK_ERROR_INTERRUPT || (is_interrupted && strstr(message, "nterrupt")))
        return err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
    ErrKind kind = is_conflict(type, message) ? ERR_CONFLICT : ERR_DATABASE;
    return err_set(err, kind, NOWHERE, "%s", message);
}

bool duckdb_fail_result(const DuckAbi *duck, DuckResult *result, bool is_interrupted, Err *err)
{
    duckdb_fail(duck->result_error_type(result), duck->result_error(result), is_interrupted, err);
    duck->destroy_result(result);
    return false;
}

bool duckdb_run(const DuckAbi *duck, DuckConnection connection, const char *sql, Err *err)
{
    DuckResult result;
    int64_t began_us = engine_tell_from();
    bool failed = duck->query(connection, sql, &result) != DUCK_OK;
    engine_told(str_of(sql), began_us);
    if (failed)
        return duckdb_fail_result(duck, &result, false, err);
    duck->destroy_result(&result);
    return true;
}
