/* microbatch.c: a model in batches: one node, many windows, each compiled and run by itself.
 *
 *   batch 1 (makes the table, runs pre-hooks) -> failed? the others are skipped
 *   batches 2 .. n-1 on all workers without a task, if they may
 *   batch n (runs post-hooks)
 */
#include "transform/microbatch.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/event.h"

enum { MOST_TRIES = 4 };

typedef struct BatchEnd {
    NodeStatus status;
    bool is_over;
} BatchEnd;

typedef struct Micro {
    Runner *runner;
    Node *node;
    Attempt *attempt;              /* of the node                                             */
    _Atomic(Session *) *sessions;
    BatchSize size;
    Windows windows;
    BatchEnd *ends;
    bool is_incremental;           /* the first batch adds to what is there                   */
    bool is_skipping;              /* the first batch failed                                  */
} Micro;

/* ---- what is there, and what follows ---- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Does the text use the name `this` within a tag? Then a batch may read what others write. */
static bool has_this(Str code)
{
    bool is_inside = false;
    for (size_t at = 0; at + 1 < code.len; at++) {
        char a = code.at[at], b = code.at[at + 1];
        if (a == '{' && (b == '{' || b == '%'))
            is_inside = true;
        else if ((a == '}' || a == '%') && b == '}')
            is_inside = false;
        bool is_word = is_inside && str_starts(str_slice(code, at, code.len), STR("this"));
        char before = at ? code.at[at - 1] : ' ';
        char behind = at + 4 < code.len ? code.at[at + 4] : ' ';
        if (is_word && !is_name_char(before) && !is_name_char(behind) && before != '.')
            return true;
    }
    return false;
}

static bool find_existing(const Micro *micro, Arena *arena, Relation **out, Err *err)
{
    Runner *runner = micro->runner;
    const Node *node = micro->node;
    NodeRun run = {0};
    node_run_init(&run, runner, micro->node, &runner->conns[micro->attempt->worker], arena);
    TRY(run_cache_schema(&run, node->database, node->schema, err));
    *out = cache_find(runner->cache, arena, node->database, node->schema, node->alias);
    return true;
}

static bool adds_to(const Micro *micro, const Relation *existing)
{
    Value refreshes = node_config(micro->node, "full_refresh");
    if (!existing || !str_is(existing->type, "table"))
        return false;
    return value_is_bool(refreshes) ? !refreshes.is_true
                                    : !micro->runner->options.is_full_refresh;
}

static bool fail_config(const Node *node, const char *what, Err *err)
{
    return err_set(err, ERR_RUNTIME, (Place){node->original_file_path, 0, 0},
                   "Microbatch model '" STR_FMT "' %s", STR_ARG(node->name), what);
}

static bool make_windows(Micro *micro, Err *err)
{
    const Node *node = micro->node;
    const RunOptions *options = &micro->runner->options;
    Arena *arena = micro->attempt->arena;
    const RetryBatches *before =
        options->batches ? map_find(options->batches, node->unique_id) : NULL;
    if (!batch_size_find(value_str(node_config(node, "batch_size")), &micro->size))
        return fail_config(node, "does not have a 'batch_size' config (one of ['hour', 'day', "
                                 "'month', 'year']) specificed.", err);
    if (before) {
        micro->windows = before->bad;
        return true;
    }
    Value lookback = node_config(node, "lookback");
    BatchPlan plan = {.size = micro->size,
                      .lookback = value_is_int(lookback) ? lookback.number : 1,
                      .is_incremental = micro->is_incremental,
                      .asked = options->sample.has_end ? options->sample : options->asked,
                      .now_us = options->now_us};
    if (!plan.asked.has_start && !plan.is_incremental &&
        !jinja_datetime_read(arena, node_config(node, "begin"), &plan.begin_us, NULL))
        return fail_config(node, "requires a 'begin' configuration.", err);
    batch_plan(&plan, arena, &micro->windows);
    return true;
}

static bool may_share(const Micro *micro, bool relation_exists)
{
    Value concurrent = node_config(micro->node, "concurrent_batches");
    if (!dialect_now()->has_concurrent_batches || !relation_exists)
        return false;
    return value_is_bool(concurrent) ? concurrent.is_true : !has_this(micro->node->raw_code);
}

/* ---- one batch ---- */

/* The node as this batch has it: hooks before the first and after the last only. */
static Node *node_of_batch(const Micro *micro, uint32_t number, Arena *arena)
{
    Node *copy = NEW(arena, Node);
    *copy = *micro->node;
    copy->compiled = NULL;
    copy->config = value_copy_shallow_text(arena, copy->config);
    if (number)
        dict_put(copy->config.dict, STR("pre-hook"), value_list(arena));
    if (number + 1 != micro->windows.len)
        dict_put(copy->config.dict, STR("post-hook"), value_list(arena));
    return copy;
}

static bool try_batch(Micro *micro, uint32_t number, Node *node, Attempt *attempt, Str name,
                      NodeResult *result, Err *err)
{
    Conn *conn = &micro->runner->conns[attempt->worker];
    NodeRun run = {0};
    node_run_init(&run, micro->runner, node, conn, attempt->arena);
    run.cancel = micro->attempt->cancel;
    run.writes_file = true;
    run.batch = &micro->windows.at[number];
    run.batch_name = name;
    Session *session;
    TRY(conn_session(&run, &session, err));
    atomic_store(&micro->sessions[attempt->worker], session);
    bool ok = node_compile(&run, err);
    run.adds_to_table = number || micro->is_incremental;
    ok = ok && (node_execute(&run, result, err) || node_explain(&run, err));
    conn_rollback(&run);
    atomic_store(&micro->sessions[attempt->worker], NULL);
    return ok;
}

static void end_batch(Micro *micro, uint32_t number, NodeStatus status, Str name, Str message,
                      Str error, int64_t took_us)
{
    micro->ends[number] = (BatchEnd){status, true};
    say_batch_result(micro->node, name, status, message, error, number + 1, micro->windows.len,
                     took_us);
}

static void run_batch(Micro *micro, uint32_t number, Attempt *attempt)
{
    Str name = batch_name(attempt->arena, micro->windows.at[number].start_us, micro->size);
    if (micro->is_skipping) {
        end_batch(micro, number, STATUS_SKIPPED, name, STR("skipped"), STR_NONE, 0);
        return;
    }
    if (*micro->attempt->cancel) /* ends as failed: it is to be done again */
        return;
    say_batch_start(micro->node, name, number + 1, micro->windows.len);
    int64_t started_us = clock_steady_us();
    Node *node = node_of_batch(micro, number, attempt->arena);
    NodeResult result = {.node = node, .adapter_response = NONE, .table = NONE};
    Err err = {0};
    bool ok = false;
    for (int try = 0; try < MOST_TRIES && !ok; try++) {
        if (try && err.kind != ERR_CONFLICT)
            break;
        err_drop(&err);
        ok = try_batch(micro, number, node, attempt, name, &result, &err);
    }
    Str error = ok ? STR_NONE : node_error_message(micro->node, &err, attempt->arena);
    end_batch(micro, number, ok ? STATUS_SUCCESS : STATUS_ERROR, name, result.message, error,
              clock_steady_us() - started_us);
    err_drop(&err);
}

/* ---- all of them ---- */

static void run_here(Micro *micro, uint32_t number)
{
    Arena arena = {0};
    Attempt attempt = *micro->attempt;
    attempt.arena = &arena;
    run_batch(micro, number, &attempt);
    arena_drop(&arena);
}

static void run_shared(void *context, uint32_t i, Attempt *attempt)
{
    run_batch(context, i + 1, attempt);
}

static void run_batches(Micro *micro, bool relation_exists)
{
    uint32_t count = micro->windows.len;
    run_here(micro, 0);
    bool is_good = micro->ends[0].status == STATUS_SUCCESS && micro->ends[0].is_over;
    micro->is_skipping = !is_good && micro->ends[0].is_over;
    if (count > 2 && !micro->is_skipping && may_share(micro, relation_exists || is_good))
        flow_share(micro->runner->flow, micro->attempt->worker, count - 2, run_shared, micro);
    else
        for (uint32_t i = 1; i + 1 < count; i++)
            run_here(micro, i);
    if (count > 1)
        run_here(micro, count - 1);
}

/* The node's result from its batches; those of the run that is repeated count as done. */
static void sum_up(const Micro *micro, NodeResult *result)
{
    Arena *arena = micro->attempt->arena;
    const Map *retries = micro->runner->options.batches;
    const RetryBatches *before = retries ? map_find(retries, micro->node->unique_id) : NULL;
    result->has_batches = true;
    for (uint32_t i = 0; i < micro->windows.len; i++) {
        bool is_good = micro->ends[i].is_over && micro->ends[i].status == STATUS_SUCCESS;
        if (is_good)
            list_add(arena, &result->good, micro->windows.at[i]);
        else
            list_add(arena, &result->bad, micro->windows.at[i]);
    }
    uint32_t good = result->good.len, all = good + result->bad.len;
    result->failures = 0;
    result->adapter_response = value_dict(arena);
    result->status = good == all ? STATUS_SUCCESS : good ? STATUS_PARTIAL : STATUS_ERROR;
    result->message = good == all ? STR("SUCCESS")
                      : good      ? str_print(arena, "PARTIAL SUCCESS (%u/%u)", good, all)
                                  : STR("ERROR");
    for (uint32_t i = 0; before && i < before->good.len; i++)
        list_add(arena, &result->good, before->good.at[i]);
}

bool microbatch_run(Runner *runner, Node *node, Attempt *attempt, _Atomic(Session *) *sessions,
                    NodeResult *result, Err *err)
{
    Micro micro = {.runner = runner, .node = node, .attempt = attempt, .sessions = sessions};
    Relation *existing;
    TRY(find_existing(&micro, attempt->arena, &existing, err));
    micro.is_incremental = adds_to(&micro, existing);
    TRY(make_windows(&micro, err));
    micro.ends = NEW_N(attempt->arena, BatchEnd, micro.windows.len);
    run_batches(&micro, existing != NULL);
    sum_up(&micro, result);
    return true;
}
