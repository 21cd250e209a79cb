/* run.c: a run from its nodes to its results. */
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/file.h"
#include "base/process.h"
#include "transform/hooks.h"
#include "transform/microbatch.h"
#include "transform/needs.h"
#include "transform/prepare.h"
#include "transform/run.h"

enum { RESULTS_LOCK_RANK = 60, STOP_LOCK_RANK = 10, MOST_TRIES = 4 };

typedef struct NodeTask {
    Runner *runner;
    Node *node;
    _Atomic(Session *) session;    /* while it runs: what cancel interrupts */
    _Atomic(Session *) *sessions;  /* of its batches, one a worker; NULL: it has none */
    struct NodeTask *first;        /* of all tasks of the run; NULL: a hook */
    const Node *away;              /* whose source is down or not there yet: skipped, as is what
                                      is behind it; NULL: neither           */
} NodeTask;

/* ---- results ---- */

Str node_error_message(const Node *node, const Err *err, Arena *arena)
{
    AUTO(text) Text body = {0}, out = {0};
    err_print(err, &body);
    bool is_database = err->kind == ERR_DATABASE || err->kind == ERR_CONFLICT;
    ErrKind kind = !is_database                           ? err->kind
                   : dialect_now()->tells_database_errors ? ERR_DATABASE
                                                          : ERR_RUNTIME;
    text_print(&out, "%s in " STR_FMT, err_title(kind), STR_ARG(node_label(node, arena)));
    Str rest = text_str(&body), line;
    while (str_next_part(&rest, '\n', &line))
        text_print(&out, "\n  " STR_FMT, STR_ARG(line));
    const Compiled *compiled = __atomic_load_n(&node->compiled, __ATOMIC_ACQUIRE);
    if (kind == ERR_DATABASE && compiled && compiled->build_path.len)
        text_print(&out, "\n  compiled code at " STR_FMT, STR_ARG(compiled->build_path));
    secret_hide(&out);
    return text_copy(arena, &out);
}

static void copy_windows(Arena *arena, Windows *windows)
{
    Windows copy = {0};
    for (uint32_t i = 0; i < windows->len; i++)
        list_add(arena, &copy, windows->at[i]);
    *windows = copy;
}

/* Copies what a result holds out of the attempt's arena and adds it. */
static void record(Runner *runner, NodeResult result)
{
    bool is_hook = result.node->kind == NODE_OPERATION;
    result.thread = is_hook ? STR("main") : str_of(event_thread_name());
    lock_take(&runner->lock);
    Arena *arena = &runner->results_arena;
    result.message = result.message.at ? str_copy(arena, result.message) : STR_NONE;
    result.thread = str_copy(arena, result.thread);
    result.adapter_response = value_copy(arena, result.adapter_response);
    copy_windows(arena, &result.good);
    copy_windows(arena, &result.bad);
    if (result.freshness) {
        Freshness *copy = NEW(arena, Freshness);
        *copy = *result.freshness;
        result.freshness = copy;
    }
    list_add(arena, runner->results, result);
    lock_give(&runner->lock);
}

static uint32_t next_number(Runner *runner)
{
    return atomic_fetch_add(&runner->started, 1) + 1;
}

/* ---- one node ---- */

/* Ephemeral models are compiled, but nobody is told: they leave nothing behind. */
static bool is_silent(const Runner *runner, const Node *node)
{
    return node_is_ephemeral(node) && !runner->options.tells_of_ephemerals &&
           runner->options.mode != RUN_SHOW;
}

static bool only_compiles(const Runner *runner, const Node *node)
{
    return runner->options.mode == RUN_COMPILE || is_silent(runner, node);
}

static bool has_lines(const Runner *runner, const Node *node)
{
    if (runner->options.mode == RUN_SHOW)
        return node->kind == NODE_SEED;
    return runner->options.mode != RUN_COMPILE && runner->options.mode != RUN_CLONE &&
           node->kind != NODE_SQL_OPERATION &&
           !is_silent(runner, node);
}

/* A load or a publication. */
static bool attempt_other(NodeTask *task, Attempt *attempt, NodeResult *result, Err *err)
{
    const OtherWork *other = task->runner->options.other;
    result->execute_start_us = clock_now_us();
    bool ok = other->run(other->context, task->node, attempt, result, err);
    result->execute_end_us = clock_now_us();
    return ok;
}

/* A model in batches. */
static bool attempt_batches(NodeTask *task, Attempt *attempt, NodeResult *result, Err *err)
{
    result->compile_start_us = result->compile_end_us = clock_now_us();
    result->execute_start_us = clock_now_us();
    bool ok = microbatch_run(task->runner, task->node, attempt, task->sessions, result, err);
    result->execute_end_us = clock_now_us();
    return ok;
}

/* A clone or a look at a source: nothing is compiled. */
static bool attempt_bare(NodeRun *run, NodeTask *task, NodeResult *result, Err *err)
{
    Session *session;
    TRY(conn_session(run, &session, err));
    atomic_store(&task->session, session);
    result->compile_start_us = result->compile_end_us = clock_now_us();
    result->execute_start_us = clock_now_us();
    bool clones = run->runner->options.mode == RUN_CLONE;
    bool ok = clones ? clone_execute(run, result, err) : freshness_execute(run, result, err);
    result->execute_end_us = clock_now_us();
    conn_rollback(run);
    return ok;
}

/* Compiles and executes; on failure the transaction is given up. */
static bool attempt_node(NodeRun *run, NodeTask *task, NodeResult *result, Err *err)
{
    RunMode mode = run->runner->options.mode;
    if ((mode == RUN_CLONE || mode == RUN_FRESHNESS) && run->node->kind != NODE_OPERATION)
        return attempt_bare(run, task, result, err);
    result->compile_start_us = clock_now_us();
    bool ok = node_compile(run, err);
    result->compile_end_us = clock_now_us();
    result->is_compiled = ok && node_has_code(run->node);
    if (!ok || only_compiles(run->runner, run->node)) {
        conn_rollback(run);
        return ok;
    }
    Session *session;
    TRY(conn_session(run, &session, err));
    atomic_store(&task->session, session);
    result->execute_start_us = clock_now_us();
    ok = node_execute(run, result, err) || node_explain(run, err);
    result->execute_end_us = clock_now_us();
    conn_rollback(run);
    return ok;
}

/* on_error: continue: what is below a failed model is run all the same. */
static TaskEnd end_of_node(const Node *node, TaskEnd end)
{
    bool goes_on = node->kind == NODE_MODEL && value_is(node_config(node, "on_error"), "continue");
    return end == TASK_FAILURE && goes_on ? TASK_SOFT_FAILURE : end;
}

static TaskEnd end_of(NodeStatus status)
{
    switch (status) {
    case STATUS_ERROR:
    case STATUS_PARTIAL:
    case STATUS_FAIL: return TASK_FAILURE;
    case STATUS_WARN: return TASK_WARN;
    case STATUS_SKIPPED: return TASK_SKIPPED;
    default: return TASK_SUCCESS;
    }
}

static void set_failure(const NodeTask *task, NodeResult *result, const Err *err, Arena *arena)
{
    const Node *node = task->node;
    bool is_hook = node->kind == NODE_OPERATION && task->runner->options.mode != RUN_COMPILE;
    result->status = node->kind == NODE_SOURCE ? STATUS_RUNTIME_ERROR : STATUS_ERROR;
    result->failures = is_hook ? 1 : -1;
    result->adapter_response = NONE;
    result->message = node_error_message(result->culprit ? result->culprit : node, err, arena);
    if (!is_hook)
        return;
    AUTO(text) Text text = {0};
    text_print(&text, STR_FMT " failed, error:\n %s", STR_ARG(hook_label(node, arena)), err->text);
    secret_hide(&text);
    result->message = text_copy(arena, &text);
}

static TaskEnd run_node(void *work, Attempt *attempt)
{
    NodeTask *task = work;
    Runner *runner = task->runner;
    Conn *conn = &runner->conns[attempt->worker];
    NodeResult result = {.node = task->node,
                         .status = STATUS_SUCCESS,
                         .failures = -1,
                         .adapter_response = NONE,
                         .table = NONE};
    uint32_t number = is_silent(runner, task->node) ? 0 : next_number(runner);
    int64_t started_us = clock_steady_us();
    if (has_lines(runner, task->node) && !node_is_never_run(task->node))
        say_start(runner, task->node, number);
    Arena *arena = runner->options.mode == RUN_SHOW ? &conn->arena : attempt->arena;
    Err err = {0};
    bool ok = false;
    for (int try = 0; try < MOST_TRIES && !ok; try++) {
        if (try && err.kind != ERR_CONFLICT)
            break;
        err_drop(&err);
        if (kind_is_own(task->node->kind)) {
            ok = attempt_other(task, attempt, &result, &err);
            continue;
        }
        if (task->sessions) {
            ok = attempt_batches(task, attempt, &result, &err);
            continue;
        }
        NodeRun run = {0};
        node_run_init(&run, runner, task->node, conn, arena);
        run.cancel = attempt->cancel;
        run.writes_file = true;
        atomic_store(&task->session, conn->session);
        ok = attempt_node(&run, task, &result, &err);
        graph_extras_keep(&run);
        atomic_store(&task->session, NULL);
    }
    if (!ok)
        set_failure(task, &result, &err, arena);
    result.execution_us = clock_steady_us() - started_us;
    if (has_lines(runner, task->node))
        say_result(runner, &result, number);
    TaskEnd end = end_of_node(task->node, end_of(result.status));
    task->away = result.is_away ? task->node : NULL;
    if (!ok || !is_silent(runner, task->node))
        record(runner, result);
    err_drop(&err);
    return end;
}

static void skip_node(void *work, uint32_t cause, bool is_stopped)
{
    NodeTask *task = work;
    Runner *runner = task->runner;
    if (is_silent(runner, task->node))
        return;
    AUTO(arena) Arena away = {0};
    uint32_t number = next_number(runner);
    bool ends_early = runner->options.fails_fast && runner->flow && flow_is_stopped(runner->flow);
    is_stopped = is_stopped || ends_early;
    if (has_lines(runner, task->node) && (!is_stopped || interrupt_seen()))
        say_skip(runner, task->node, number, cause != UINT32_MAX);
    NodeResult result = {.node = task->node,
                         .status = STATUS_SKIPPED,
                         .failures = -1,
                         .adapter_response = NONE,
                         .table = NONE};
    if (!is_stopped && cause != UINT32_MAX && task->first && task->first[cause].away) {
        task->away = task->first[cause].away;
        result.is_away = true;
        result.message = str_print(&away, "Skipped: " STR_FMT " above was skipped",
                                   STR_ARG(task->away->name));
    }
    if (task->node->kind == NODE_OPERATION) {
        result.failures = 1;
        result.message = str_print(&away, STR_FMT " skipped",
                                   STR_ARG(hook_label(task->node, &away)));
    }
    if (is_stopped)
        result.message = interrupt_seen() ? STR("Skipping: the run was interrupted")
                                          : STR("Skipping due to fail_fast");
    record(runner, result);
}

static void cancel_node(void *work)
{
    NodeTask *task = work;
    const OtherWork *other = task->runner->options.other;
    if (kind_is_own(task->node->kind) && other) {
        other->cancel(other->context, task->node);
        return;
    }
    Session *session = atomic_load(&task->session);
    if (session)
        session_interrupt(session);
    for (unsigned i = 0; task->sessions && i < task->runner->conn_count; i++)
        if ((session = atomic_load(&task->sessions[i])))
            session_interrupt(session);
}

/* ---- hooks ---- */

static bool is_hook_of(const Node *node, const char *tag)
{
    if (node->kind != NODE_OPERATION || node->tags.kind != VALUE_LIST)
        return false;
    for (uint32_t i = 0; i < node->tags.list->len; i++)
        if (value_is(node->tags.list->at[i], tag))
            return true;
    return false;
}

/* Runs the on-run-start or on-run-end hooks, one after the other; stops at the first failure. */
static bool run_hooks(Runner *runner, const char *tag)
{
    const Project *project = runner->project;
    List(Node *) hooks = {0};
    for (uint32_t i = 0; i < project->nodes.len; i++)
        if (is_hook_of(project->nodes.at[i], tag))
            list_add(runner->arena, &hooks, project->nodes.at[i]);
    uint32_t nodes_total = runner->total;
    runner->total = hooks.len;
    atomic_store(&runner->started, 0);
    static const volatile bool never = false;
    bool ok = true;
    for (uint32_t i = 0; i < hooks.len; i++) {
        NodeTask task = {.runner = runner, .node = hooks.at[i]};
        if (!ok) {
            skip_node(&task, 0, false);
            continue;
        }
        Arena arena = {0};
        Attempt attempt = {.arena = &arena, .number = 1, .cancel = &never};
        ok = run_node(&task, &attempt) == TASK_SUCCESS;
        hooks.at[i]->hook_index = i + 1; /* dbt counts them so once they ran */
        arena_drop(&arena);
    }
    runner->total = nodes_total;
    atomic_store(&runner->started, 0);
    return ok;
}

/* ---- the run ---- */

static bool gets_task(const Runner *runner, const Node *node)
{
    if (runner->options.mode == RUN_CLONE && node_is_ephemeral(node))
        return false;
    switch (node->kind) {
    case NODE_OPERATION: return runner->options.mode == RUN_COMPILE;
    case NODE_SOURCE: return runner->options.mode == RUN_FRESHNESS;
    case NODE_METRIC:
    case NODE_SEMANTIC_MODEL: return false;
    case NODE_UNIT_TEST: /* in a build it runs with its model, or not at all */
        return runner->options.mode != RUN_BUILD ||
               bits_has(runner->selected, node->parents.at[0]->index);
    case NODE_INGEST:
    case NODE_PUBLISH: return runner->options.other != NULL;
    default: return true;
    }
}

static Lock stop_lock = LOCK_INIT(STOP_LOCK_RANK, "running flow");
static Flow *running_flow;

static void set_running(Flow *flow)
{
    lock_take(&stop_lock);
    running_flow = flow;
    lock_give(&stop_lock);
}

void transform_stop(void)
{
    lock_take(&stop_lock);
    if (running_flow)
        flow_stop(running_flow);
    lock_give(&stop_lock);
}

/* Keys tie tables together: DuckDB drops no table that another refers to, so building one rebuilds
 * those around it. Such models are built one at a time, as dbt-duckdb does. */
static Str slot_of(const Runner *runner, const Node *node)
{
    bool is_built = node->kind == NODE_MODEL && runner->options.mode != RUN_COMPILE &&
                    runner->options.mode != RUN_SHOW;
    return is_built && !dialect_now()->has_dependents && node_has_key(node) ? STR("foreign keys")
                                                                            : STR("");
}

static bool runs_batches(const Runner *runner, const Node *node)
{
    bool builds = runner->options.mode == RUN_MODELS || runner->options.mode == RUN_BUILD;
    return builds && node_is_microbatch(runner->project, node);
}

static void run_tasks(Runner *runner, Bits runs, uint32_t count)
{
    Graph *graph = runner->graph;
    uint32_t *task_of = NEW_N(runner->arena, uint32_t, graph->count + 1), task_count = 0;
    Task *tasks = NEW_N(runner->arena, Task, count + 1);
    NodeTask *work = NEW_N(runner->arena, NodeTask, count + 1);
    for (uint32_t i = 0; i < graph->count; i++) {
        uint32_t number = graph->order[i];
        if (bits_has(runs, number))
            task_of[number] = task_count++;
    }
    assert(task_count == count);
    bool tests_block = runner->options.mode == RUN_BUILD;
    bool is_apart = runner->options.mode == RUN_CLONE; /* clones do not wait for each other */
    NeedList *needs = is_apart ? NEW_N(runner->arena, NeedList, count + 1)
                               : needs_find(graph, runs, task_of, count, tests_block,
                                            runner->arena);
    bool has_batches = false;
    uint32_t at = 0, number;
    while (bits_next(runs, &at, &number)) {
        uint32_t task = task_of[number];
        Node *node = runner->project->nodes.at[number];
        work[task] = (NodeTask){.runner = runner, .node = node, .first = work};
        if (runs_batches(runner, node)) {
            work[task].sessions = NEW_N(runner->arena, _Atomic(Session *), runner->conn_count);
            has_batches = true;
        }
        tasks[task] = (Task){.id = node->unique_id,
                             .needs = needs[task].at,
                             .needs_count = needs[task].len,
                             .slot = slot_of(runner, node),
                             .run = run_node,
                             .skip = skip_node,
                             .cancel = cancel_node,
                             .work = &work[task]};
    }
    FlowOptions options = {.workers = runner->options.threads,
                           .stops_at_failure = runner->options.fails_fast,
                           .shares_work = has_batches};
    runner->flow = flow_make(runner->arena, tasks, count, options);
    TaskEnd *ends = NEW_N(runner->arena, TaskEnd, count + 1);
    set_running(runner->flow);
    if (interrupt_seen())
        flow_stop(runner->flow);
    flow_run(runner->flow, ends);
    set_running(NULL);
}

static void runner_drop(void *what)
{
    Runner *runner = what;
    for (unsigned i = 0; i < runner->conn_count; i++)
        arena_drop(&runner->conns[i].arena);
    arena_drop(&runner->results_arena);
    lock_drop(&runner->lock);
}

Runner *runner_make(Graph *graph, Bits selected, const RunOptions *options, Arena *arena,
                    NodeResults *results)
{
    Runner *runner = NEW(arena, Runner);
    runner->graph = graph;
    runner->project = graph->project;
    runner->options = *options;
    runner->arena = arena;
    runner->results = results;
    runner->selected = selected;
    runner->schemas = UNDEFINED;
    runner->database_schemas = UNDEFINED;
    runner->results_value = UNDEFINED;
    runner->cache = cache_make(arena);
    runner->conn_count = options->threads ? options->threads : 1;
    runner->conns = NEW_N(arena, Conn, runner->conn_count);
    runner->target_folder = path_join(arena, graph->project->project_dir,
                                      graph->project->target_path);
    lock_init(&runner->lock, RESULTS_LOCK_RANK, "results");
    arena_on_drop(arena, runner_drop, runner);
    return runner;
}

static bool runs_hooks(RunMode mode)
{
    return mode != RUN_COMPILE && mode != RUN_SHOW && mode != RUN_OPERATION &&
           mode != RUN_OTHER && mode != RUN_CLONE;
}

/* A hook of on-run-start failed: no node is run. */
static void skip_all(Runner *runner, Bits runs)
{
    const Graph *graph = runner->graph;
    for (uint32_t i = 0; i < graph->count; i++) {
        NodeTask task = {.runner = runner, .node = runner->project->nodes.at[graph->order[i]]};
        if (bits_has(runs, graph->order[i]))
            skip_node(&task, 0, false);
    }
}

bool transform_run(Graph *graph, Bits selected, const RunOptions *options, Arena *arena,
                   NodeResults *results, Err *err)
{
    Runner *runner = runner_make(graph, selected, options, arena, results);
    Bits runs = bits_make(arena, graph->count);
    uint32_t at = 0, number;
    while (bits_next(selected, &at, &number))
        if (gets_task(runner, graph->project->nodes.at[number]))
            bits_add(runs, number);
    for (at = 0; bits_next(selected, &at, &number);) {
        const Node *node = graph->project->nodes.at[number];
        bool is_counted = bits_has(runs, number) || node->kind == NODE_UNIT_TEST;
        runner->total += is_counted && !is_silent(runner, node);
    }
    if (runs_hooks(options->mode) || options->mode == RUN_CLONE)
        TRY(runner_prepare(runner, runs, err));
    bool has_hooks = runs_hooks(options->mode) && !options->leaves_hooks_out;
    bool started_well = !has_hooks || run_hooks(runner, "on-run-start");
    bool runs_nodes = started_well || options->runs_all_same;
    if (runs_nodes)
        run_tasks(runner, runs, bits_count(runs));
    else
        skip_all(runner, runs);
    if (has_hooks) {
        hook_names_make(runner, runs_nodes ? results->len : 0);
        run_hooks(runner, "on-run-end");
    }
    return true;
}

/* ---- single nodes ---- */

bool transform_compile(Graph *graph, Node *node, const RunOptions *options, Arena *arena, Err *err)
{
    NodeResults *results = NEW(arena, NodeResults);
    Runner *runner = runner_make(graph, bits_make(arena, graph->count), options, arena, results);
    NodeRun run = {0};
    node_run_init(&run, runner, node, &runner->conns[0], arena);
    bool ok = node_compile(&run, err);
    conn_rollback(&run);
    return ok;
}

bool transform_show(Graph *graph, Node *node, const RunOptions *options, Arena *arena,
                    NodeResult *result, Err *err)
{
    NodeResults *results = NEW(arena, NodeResults);
    Runner *runner = runner_make(graph, bits_make(arena, graph->count), options, arena, results);
    NodeRun run = {0};
    node_run_init(&run, runner, node, &runner->conns[0], arena);
    *result = (NodeResult){.node = node, .failures = -1, .adapter_response = NONE, .table = NONE};
    bool ok = node_compile(&run, err) &&
              (node_execute(&run, result, err) || node_explain(&run, err));
    conn_rollback(&run);
    return ok;
}

Node *operation_node(const Graph *graph, Str name, Arena *arena)
{
    Node *node = NEW(arena, Node);
    *node = (Node){.kind = NODE_OPERATION,
                   .name = name,
                   .package = graph->project->packages.at[0]->name,
                   .unique_id = str_print(arena, "operation." STR_FMT "." STR_FMT,
                                          STR_ARG(graph->project->packages.at[0]->name),
                                          STR_ARG(name)),
                   .file = name,
                   .original_file_path = name,
                   .config = value_dict(arena),
                   .tags = value_list(arena),
                   .language = STR("sql"),
                   .template_context = NONE};
    return node;
}

bool transform_operation(Graph *graph, Str macro, Value args, const RunOptions *options,
                         Arena *arena, Value *out, Err *err)
{
    NodeResults *results = NEW(arena, NodeResults);
    Runner *runner = runner_make(graph, bits_make(arena, graph->count), options, arena, results);
    Str package = STR_NONE, name = macro;
    ptrdiff_t dot = str_find_char(macro, '.');
    if (dot >= 0) {
        package = str_slice(macro, 0, (size_t)dot);
        name = str_slice(macro, (size_t)dot + 1, macro.len);
    }
    MacroEntry *entry = library_find(graph->project->library, package, name);
    if (!entry)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "dbt could not find a macro with the name \"" STR_FMT "\" in any package",
                       STR_ARG(macro));
    NodeRun run = {0};
    node_run_init(&run, runner, operation_node(graph, name, arena), &runner->conns[0], arena);
    uint32_t count = args.kind == VALUE_DICT ? args.dict->len : 0, at = 0;
    Str *names = NEW_N(arena, Str, count + 1);
    Value *named = NEW_N(arena, Value, count + 1), key, value;
    for (uint32_t i = 0; count && dict_next(args.dict, &at, &key, &value); i++) {
        names[i] = value_str(key);
        named[i] = value;
    }
    RenderOptions render = context_options(&run.context, false);
    bool ok = jinja_call_macro(entry->macro, arena, &render, NULL, 0, names, named, count, out,
                               err) &&
              conn_commit(&run, err);
    conn_rollback(&run);
    return ok;
}

bool transform_statement(Graph *graph, Node *node, const RunOptions *options, Arena *arena,
                         Value *response, Err *err)
{
    NodeResults *results = NEW(arena, NodeResults);
    Runner *runner = runner_make(graph, bits_make(arena, graph->count), options, arena, results);
    NodeRun run = {0};
    node_run_init(&run, runner, node, &runner->conns[0], arena);
    Answer answer = {.response = NONE};
    bool ok = node_compile(&run, err) && conn_begin(&run, err) &&
              conn_execute(&run, node->compiled->code, false, false, 0, &answer, err) &&
              conn_commit(&run, err);
    conn_rollback(&run);
    *response = answer.response;
    return ok;
}

bool transform_catalog(Graph *graph, Bits selected, bool is_empty, Str path, Arena *arena, Err *err)
{
    NodeResults *results = NEW(arena, NodeResults);
    RunOptions options = {.mode = RUN_OPERATION, .threads = 1, .introspects = true};
    Runner *runner = runner_make(graph, selected, &options, arena, results);
    NodeRun run = {0};
    node_run_init(&run, runner, operation_node(graph, STR("docs"), arena), &runner->conns[0],
                  arena);
    bool ok = catalog_write(&run, selected, is_empty, path, err);
    conn_rollback(&run);
    return ok;
}

bool transform_ping(const Project *project, Arena *arena, Err *err)
{
    Str nearest;
    const Engine *engine = engine_find(project->profile.type, &nearest);
    if (!engine)
        return err_set(err, ERR_RUNTIME, NOWHERE, "Could not find adapter type " STR_FMT "!",
                       STR_ARG(project->profile.type));
    Warehouse *warehouse;
    Session *session;
    TRY(warehouse_open(engine, arena, project->profile.credentials, &warehouse, err));
    TRY(session_open(warehouse, arena, &session, err));
    return session_query(session, arena, STR("select 1 as id"), 1, NULL, err);
}
