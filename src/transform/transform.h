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
} NodeStatus;
const char *status_name(NodeStatus status);   /* "success", "no-op", "partial success"          */

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
    Value table;                 /* rows of `show`, or NONE                                      */
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
} RunOptions;

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

/* docs generate: target/catalog.json for the nodes that exist in the database. */
MUST bool transform_catalog(Graph *graph, Bits selected, bool is_empty, Str path, Arena *arena,
                            Err *err);

/* debug: opens the warehouse and asks it "select 1". */
MUST bool transform_ping(const Project *project, Arena *arena, Err *err);

/* Writes target/run_results.json, atomically. */
MUST bool results_write(const Project *project, const NodeResults *results, int64_t elapsed_us,
                        Str path, Err *err);

#endif
