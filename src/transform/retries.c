/* retries.c: `retries` of a dbt-duckdb profile: statements that are sent again.
 *
 *   retries: {query_attempts: 3, retryable_exceptions: [IOException, HTTPException]}
 */
#include <time.h>

#include "base/clock.h"
#include "transform/run.h"

enum { STEP_MS = 50, LONGEST_S = 64 };

/* "IO Error: No files found" is what Python calls IOException. */
static bool is_of(Str text, Str exception)
{
    ptrdiff_t found = str_find(text, STR(" Error:"));
    Str kind = str_slice(text, 0, found < 0 ? 0 : (size_t)found);
    Arena scratch = {0};
    Str name = str_print(&scratch, STR_FMT "Exception",
                         STR_ARG(str_replace(&scratch, kind, STR(" "), STR(""))));
    bool is_same = kind.len && str_eq_fold(name, exception);
    arena_drop(&scratch);
    return is_same;
}

static bool is_retryable(Value retries, const Err *err)
{
    Value names = value_get(retries, "retryable_exceptions");
    Str text = str_of(err->text);
    if (!value_is_list(names))
        return is_of(text, STR("IOException"));
    for (uint32_t i = 0; i < names.list->len; i++)
        if (value_is_text(names.list->at[i]) && is_of(text, value_str(names.list->at[i])))
            return true;
    return false;
}

bool conn_tries_again(const NodeRun *run, uint32_t attempt, const Err *err)
{
    Value retries = value_get(run->runner->project->profile.credentials, "retries");
    Value most = value_get(retries, "query_attempts");
    if (!value_is_int(most) || attempt >= most.number || err->kind == ERR_CANCELLED ||
        !is_retryable(retries, err))
        return false;
    int64_t seconds = attempt <= 6 ? (int64_t)1 << (attempt - 1) : LONGEST_S;
    int64_t until_us = clock_steady_us() + seconds * 1000000;
    while (clock_steady_us() < until_us) {
        if (run->cancel && *run->cancel)
            return false;
        struct timespec pause = {.tv_nsec = STEP_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
    return true;
}
