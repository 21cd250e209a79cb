/* transform.h: executes dbt nodes: compiles them, runs their materializations and tests.
 *
 *   Graph + set of nodes -> tasks (flow) -> [prepare: schemas, relation cache] -> per node:
 *   render -> materialization macro -> statements (engine) -> NodeResult -> run_results.json
 */
#ifndef TRANSFORM_TRANSFORM_H
#define TRANSFORM_TRANSFORM_H

#include "engine/engine.h"
#include "flow/flow.h"
#include "graph/graph.h"

typedef enum NodeStatus {
    STATUS_SUCCESS, STATUS_ERROR, STATUS_SKIPPED, STATUS_PASS, STATUS_FAIL, STATUS_WARN,
    STATUS_NO_OP, STATUS_PARTIAL,
    STATUS_RUNTIME_ERROR,        /* of freshness: the question failed                            */
} NodeStatus;
const char *status_name(NodeStatus status);   /* "success", "no-op", "partial success"          */

/* A window of event time, [start, end): microseconds since 1970-01-01 UTC. */
typedef struct Window {
    int64_t start_us, end_us;
} Window;
typedef List(Window) Windows;

/* What the command line says of event time: both ends, the start, or nothing. */
typedef struct EventWindow {
    Window window;
    bool has_start, has_end;
} EventWindow;

/* How old a source is: max_loaded_at and snapshotted_at as instants, the age between them. */
typedef struct Freshness {
    int64_t loaded_at_us, looked_at_us;
    double age_s;
} Freshness;

/* One row of run_results.json. Owner: the run's arena. */
typedef struct NodeResult {
    const Node *node;
    NodeStatus status;
    Str message;                 /* "CREATE VIEW"-like, "Got 2 results, ...", the error; or empty */
    Value adapter_response;      /* dict                                                         */
    int64_t failures;            /* -1: null                                                     */
    int64_t compile_start_us, compile_end_us, execute_start_us, execute_end_us;
    int64_t execution_us;
    Str thread;
    bool is_compiled;
    bool is_away;                /* skipped since a source is down: no failure of the run        */
    const Node *culprit;         /* whose error it is; NULL: the node's                          */
    Value table;                 /* rows of `show`, or NONE                                      */
    bool has_batches;            /* a microbatch model: its batches by end, in order of time     */
    Windows good, bad;
    Freshness *freshness;        /* of a source that was looked at; else NULL                    */
} NodeResult;

/* Work on nodes that another room does within a run: loads and publications. */
typedef struct OtherWork {
    void *context;
    /* Runs on a worker thread; fills status, message and adapter_response of the result (texts in
     * the attempt's arena). Looks at attempt->cancel. */
    MUST bool (*run)(void *context, const Node *node, Attempt *attempt, NodeResult *result,
                     Err *err);
    /* Ends it soon, from another thread. */
    void (*cancel)(void *context, const Node *node);
} OtherWork;

typedef struct Run Run;

typedef enum RunMode {
    RUN_COMPILE, RUN_MODELS, RUN_TEST, RUN_SEED, RUN_SNAPSHOT, RUN_BUILD, RUN_SHOW, RUN_OPERATION,
    RUN_OTHER,                   /* loads or publications alone: no hooks                       */
    RUN_CLONE, RUN_FRESHNESS,
} RunMode;

typedef struct RunOptions {
    RunMode mode;
    unsigned threads;
    bool is_full_refresh, fails_fast, stores_failures, is_empty, writes_json, introspects;
    bool tells_of_ephemerals; /* results for ephemeral models too: `compile` that selects         */
    bool warns_are_errors;
    int64_t show_limit;          /* rows; -1: all                                               */
    State *state;                /* --defer                                                     */
    bool defers, favors_state;
    const OtherWork *other;      /* for nodes of kind_is_own(); NULL: they get no task           */
    bool leaves_ctes_out;        /* --no-inject-ephemeral-ctes                                  */
    EventWindow asked;           /* --event-time-start, --event-time-end                        */
    EventWindow sample;          /* --sample: both ends or none                                 */
    int64_t now_us;              /* where batches end unless asked for; of a retry: the time of
                                    the run that is repeated                                    */
    const Map *batches;          /* retry: unique id -> RetryBatches; NULL: none                */
    bool leaves_hooks_out;       /* freshness without the project's hooks                       */
    bool runs_all_same;          /* nodes run although a hook of on-run-start failed            */
} RunOptions;

/* What an earlier run did of a microbatch model: only the rest is done. */
typedef struct RetryBatches {
    Windows good, bad;
} RetryBatches;

/* Executes the nodes of `selected` in order of the graph, with on-run-start/-end hooks where dbt
 * runs them. Every node ends in exactly one NodeResult; progress is told as events
 * (LogStartLine, LogModelResult, ...).
 * Fails  only for what stops everything: no engine, a failing on-run-start; results so far are
 *        in *results all the same
 * Owner  results: the arena, in order of completion */
typedef List(NodeResult) NodeResults;
MUST bool transform_run(Graph *graph, Bits selected, const RunOptions *options, Arena *arena,
                        NodeResults *results, Err *err);

/* Interrupts the run that is going on (Ctrl-C). Any thread. */
void transform_stop(void);

/* Compiles one node only (for `compile --inline`, `show`): its SQL is in node->compiled. */
MUST bool transform_compile(Graph *graph, Node *node, const RunOptions *options, Arena *arena,
                            Err *err);

/* show: compiles one node and runs its SQL with a limit; the rows are in result->table. */
MUST bool transform_show(Graph *graph, Node *node, const RunOptions *options, Arena *arena,
                         NodeResult *result, Err *err);

/* run-operation: calls a macro with a dict of arguments. */
MUST bool transform_operation(Graph *graph, Str macro, Value args, const RunOptions *options,
                              Arena *arena, Value *out, Err *err);

/* run-operation --sql: compiles and runs an inline statement, and commits. *response gets the
 * adapter's answer, {_message: ...}; in `arena`. */
MUST bool transform_statement(Graph *graph, Node *node, const RunOptions *options, Arena *arena,
                              Value *response, Err *err);

/* docs generate: target/catalog.json for the nodes that exist in the database. */
MUST bool transform_catalog(Graph *graph, Bits selected, bool is_empty, Str path, Arena *arena,
                            Err *err);

/* debug: opens the warehouse and asks it "select 1". */
MUST bool transform_ping(const Project *project, Arena *arena, Err *err);

/* Writes target/sources.json (v3), atomically: the sources that could be asked. */
MUST bool freshness_write(const Project *project, const NodeResults *results, int64_t elapsed_us,
                          Str path, Err *err);

/* ---- for rooms that look at a project rather than run it ---- */

/* One connection on which nodes are compiled again and again, and macros called. One thread. */
typedef struct Compiler Compiler;

/* Opens the warehouse. selected: with --defer, references to other nodes mean the state's objects.
 * Owner: the arena. */
MUST bool compiler_open(Graph *graph, Bits selected, const RunOptions *options, Arena *arena,
                        Compiler **out, Err *err);
/* Its connection, for statements of the caller's own. */
Session *compiler_session(Compiler *compiler);
/* Compiles a node anew; what it was compiled to before is forgotten. Owner of *code: the arena or
 * the compiler. Nodes without code: empty. */
MUST bool compiler_compile(Compiler *compiler, Node *node, Arena *arena, Str *code, Err *err);
/* Calls a macro as the node would see it (`model`, `this`, `config` are its own). */
MUST bool compiler_macro(Compiler *compiler, Node *node, const char *name, const Value *args,
                         uint32_t count, Arena *arena, Value *out, Err *err);
/* Makes a seed's table, with the types that loading would give it, without rows. */
MUST bool compiler_make_seed(Compiler *compiler, Node *node, Arena *arena, Err *err);
/* Tells that the node's relation exists by now. type: "table", "view" */
void compiler_know(Compiler *compiler, const Node *node, const char *type);

/* Writes target/run_results.json, atomically. */
MUST bool results_write(const Project *project, const NodeResults *results, int64_t elapsed_us,
                        Str path, Err *err);

#endif
