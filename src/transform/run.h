/* run.h: private to transform/: a run, its connections, the relation cache, one node at work.
 *
 *   Runner --has--> Conn (one a worker thread)   --has--> Session (engine)
 *          --has--> Cache (relations by schema, shared, locked)
 *          --makes--> NodeRun (one node on one Conn: context, stored results, `model`, `this`)
 *
 * The adapter object of the run phase (adapter.c) works on NodeRun; operations and hooks are
 * NodeRuns too.
 */
#ifndef TRANSFORM_RUN_H
#define TRANSFORM_RUN_H

#include "base/pool.h"
#include "flow/flow.h"
#include "sql/sql.h"
#include "transform/transform.h"

/* ---- connections ---- */

typedef struct Conn {
    Arena arena;               /* as long as the run: compiled SQL, stored relations       */
    Session *session;          /* opened on first use                                      */
    bool is_open;              /* a transaction is open                                    */
    bool is_past_commit;       /* the node has committed: its statements stand alone now   */
    bool has_settings;         /* the node has changed settings of the session             */
} Conn;

/* What a statement gave, as macros see it. */
typedef struct Answer {
    Value response;            /* dict-like object: _message, code, rows_affected          */
    Value table;               /* agate table; an empty one when nothing was fetched       */
} Answer;

typedef struct Runner Runner;
typedef struct NodeRun NodeRun;

/* Runs SQL on the node's connection. begins: opens a transaction first if none is open.
 * Where an adapter has implicit transactions (Postgres by psycopg2) the first statement opens one
 * in any case; behind a commit, and in hooks and operations, `begins` opens none, as in dbt.
 * fetches: rows as an agate table (at most limit, -1: all). */
MUST bool conn_execute(NodeRun *run, Str sql, bool begins, bool fetches, int64_t limit,
                       Answer *answer, Err *err);
MUST bool conn_begin(NodeRun *run, Err *err);      /* nothing when one is open */
MUST bool conn_commit(NodeRun *run, Err *err);     /* nothing when none is open */
/* The node's end on its connection: an open transaction is not kept, settings that it made go.
 * Failures are of no consequence. */
void conn_rollback(NodeRun *run);
/* The session of the run's connection, opened if it is not yet. */
MUST bool conn_session(NodeRun *run, Session **out, Err *err);

/* query_comment.c: adds the comment that the project wants at every statement. */
MUST bool conn_comment(NodeRun *run, Str *sql, Err *err);

/* retries.c: is a statement that failed for the attempt-th time (from 1) to be sent again? Waits
 * 1, 2, 4 ... seconds first; ends soon when the node is cancelled. */
bool conn_tries_again(const NodeRun *run, uint32_t attempt, const Err *err);

/* ---- the relation cache ---- */

typedef struct Cache Cache;

Cache *cache_make(Arena *arena);
bool cache_has_schema(Cache *cache, Str database, Str schema);
/* Marks a schema as listed. */
void cache_add_schema(Cache *cache, Str database, Str schema);
void cache_add(Cache *cache, const Relation *relation);
void cache_remove(Cache *cache, const Relation *relation);
void cache_rename(Cache *cache, const Relation *from, const Relation *to);
void cache_remove_schema(Cache *cache, Str database, Str schema);
/* Notes that `above` (a view) stands on `below`: it goes with it when that is removed. */
void cache_link(Cache *cache, const Relation *below, const Relation *above);
/* A copy in `arena`, or NULL. Names are compared without case. */
Relation *cache_find(Cache *cache, Arena *arena, Str database, Str schema, Str identifier);
/* Which tables have keys: rows (place in lower case, kind) as the library's macro gives them. */
void cache_set_key_kinds(Cache *cache, Value rows);
void cache_forget_key_kinds(Cache *cache);
/* The kinds of a table's keys as a list. False: nobody has asked the database yet. */
bool cache_find_key_kinds(Cache *cache, Arena *arena, const Relation *relation, Value *out);
/* All relations of a schema as a list value. */
Value cache_list(Cache *cache, Arena *arena, Str database, Str schema);

/* ---- a run ---- */

struct Runner {
    Graph *graph;
    Project *project;
    RunOptions options;
    Arena *arena;              /* main thread only                                          */
    Warehouse *warehouse;      /* NULL: none is needed (compile without introspection)      */
    Cache *cache;
    Conn *conns;
    unsigned conn_count;
    Lock lock;                 /* guards results, arena of results, compiled of nodes       */
    Arena results_arena;
    NodeResults *results;
    Bits selected;
    uint32_t total;            /* of the "1 of N" lines                                     */
    _Atomic uint32_t started;
    Flow *flow;
    Value schemas;             /* on-run-end: list of schema names                          */
    Value database_schemas;    /* on-run-end: list of (database, schema)                    */
    Str target_folder;         /* absolute: <project>/target                                */
    Value results_value;       /* on-run-end: `results`                                     */
    Dict *graph_extras;        /* what templates added to `graph`; NULL: nothing            */
};

/* graph_extras.c: `graph` as a node sees and may change it; to be kept once the node has ended. */
Value graph_of(NodeRun *run);
void graph_extras_keep(NodeRun *run);

/* A runner whose results live as long as `arena`. */
Runner *runner_make(Graph *graph, Bits selected, const RunOptions *options, Arena *arena,
                    NodeResults *results);
/* A node that stands for a macro run by hand. */
Node *operation_node(const Graph *graph, Str name, Arena *arena);

/* Opens the warehouse when it is not open yet. Main thread (in the prepare step). */
MUST bool runner_open(Runner *runner, Err *err);

/* ---- one node at work ---- */

struct NodeRun {
    Runner *runner;
    Node *node;                /* for run-operation: a node of kind NODE_OPERATION          */
    Conn *conn;
    Arena *arena;              /* of the attempt                                            */
    Context context;
    Dict *stored;              /* store_result(): name -> result object                     */
    Value model;               /* `model`: the node as a dict, with compiled_code           */
    Value graph;               /* `graph`; UNDEFINED until it is asked for                  */
    Value graph_before;        /* what others had added to it by then: dict                 */
    Dict *graph_own;           /* the names that every graph has                            */
    Value config;              /* `config` object                                           */
    Value adapter;             /* `adapter` object                                          */
    Relation *relation;        /* `this`                                                    */
    List(Cte) ctes;            /* ephemeral parents met while compiling                     */
    List(Str) cte_ids;
    bool is_compiling;         /* refs to ephemeral models become CTEs                      */
    const Window *batch;       /* of a microbatch model; NULL: the whole                    */
    Str batch_name;            /* "2024-01-31": part of the names of its files; or empty    */
    bool adds_to_table;        /* a batch behind the first: is_incremental(), whatever flags
                                  say                                                       */
    struct UnitTest *unit;     /* unit_run.c: refs are given rows; NULL: no unit test      */
    Str comment;               /* query_comment.c: rendered; .at NULL: not yet               */
    bool is_commenting;        /* it is being rendered                                         */
    bool writes_file;          /* target/compiled/ gets this node's file                    */
    const volatile bool *cancel;
};

/* Sets up the context of a node on a connection. `run` must be zeroed. */
void node_run_init(NodeRun *run, Runner *runner, Node *node, Conn *conn, Arena *arena);

/* `model`, made when it is first asked for. */
Value run_model(NodeRun *run);

/* The NodeRun of a running native function. */
NodeRun *node_run_of(const Call *call);

/* phase.c: the run phase, and its `config` object */
extern const Phase phase_run;
/* The same for a batch that adds to its table: names of `extra` come before macros. */
extern const Phase phase_batch;
/* The same for the text that a unit test tests: its overrides come before macros. */
extern const Phase phase_unit;
Value run_config_object(NodeRun *run);
/* config.get(name): what the template has set, else what is configured; NONE when neither. */
Value run_config_get(const NodeRun *run, Str name);
/* The relation that a node is to others: {{ ref('x') }} of it. CTEs for ephemeral ones. */
MUST bool run_ref_relation(NodeRun *run, Node *target, Value *out, Err *err);

/* ---- the adapter (adapter.c and adapter_*.c) ---- */

Value run_adapter_object(NodeRun *run);

/* Macros of the library called by name with values, as the adapter does: drop_relation(rel) ... */
MUST bool run_macro(NodeRun *run, const char *name, const Value *args, uint32_t count, Value *out,
                    Err *err);

/* Fails where an adapter reaches one database only and this is another one. */
MUST bool run_check_database(const Runner *runner, Str database, Err *err);

/* Relations of a schema are listed and cached unless they are already. */
MUST bool run_cache_schema(NodeRun *run, Str database, Str schema, Err *err);

/* An agate table of a Result: names, agate types, cells. */
Value run_result_table(Arena *arena, const Result *result);

/* load_agate_table() of a seed: column names, agate types inferred as dbt does, cells (numbers as
 * numbers, dates as date objects, ...), at most so many rows. config: column_types, delimiter. */
MUST bool seed_table_load(Arena *arena, const Node *node, Str disk_path, uint64_t most_rows,
                          Value *out, Err *err);
/* Absolute path of the seed's file. Owner: the arena. */
Str seed_path(const Runner *runner, const Node *node, Arena *arena);

/* ---- compiling and executing ---- */

/* Renders raw_code, adds CTEs of ephemeral parents, writes target/compiled/...; sets
 * node->compiled. Nothing when that is done already. */
MUST bool node_compile(NodeRun *run, Err *err);
/* Gives a failure of the run the place in the user's own file that it came from, when a macro of
 * weir's own library or nothing at all is named so far. */
void node_locate(NodeRun *run, Err *err);
/* Gives the place as above; adds to "'x' is undefined" what dbt says there, and the nearest name.
 * Gives false. */
bool node_explain(NodeRun *run, Err *err);
/* "target/compiled/PACKAGE/models/a.sql" or "target/run/..."; generic tests and hooks lie
 * behind the path of the file that holds them. Owner: the run's arena. */
Str node_target_path(NodeRun *run, const char *part);
/* Is it of a kind that compiles? */
bool node_has_code(const Node *node);

/* Calls the materialization of that name; notes the relations that it gives as existing. */
MUST bool run_materialization(NodeRun *run, Str name, Err *err);
/* pointer.c: makes the view that stands for the latest version of the node, if it asks for one. */
MUST bool pointer_make(NodeRun *run, Err *err);
/* `response` or `table` of what statement('main') stored, or UNDEFINED. */
MUST bool run_main_result(NodeRun *run, const char *part, Value *out, Err *err);

/* Runs the node: its materialization, test, hook ... Fills status, message, response, failures. */
MUST bool node_execute(NodeRun *run, NodeResult *result, Err *err);
/* "shop.on-run-start.0": how dbt names a project hook. Owner: the arena. */
Str hook_label(const Node *node, Arena *arena);
/* Exposures and the like: they end as no-op, without a START line. */
bool node_is_never_run(const Node *node);

/* run.c: "Compilation Error in model a (models/a.sql)\n  what happened\n  where" */
Str node_error_message(const Node *node, const Err *err, Arena *arena);

/* clone.c: `clone` of one node; a node that the state does not have ends as no-op. */
MUST bool clone_execute(NodeRun *run, NodeResult *result, Err *err);

/* freshness.c: asks one source. */
MUST bool freshness_execute(NodeRun *run, NodeResult *result, Err *err);

/* catalog.c: writes catalog.json of the nodes in `selected`; is_empty: asks nothing. */
MUST bool catalog_write(NodeRun *run, Bits selected, bool is_empty, Str path, Err *err);

/* ---- telling (say.c) ---- */

void say_start(const Runner *runner, const Node *node, uint32_t number);
void say_result(const Runner *runner, const NodeResult *result, uint32_t number);
/* Batches: "Batch 1 of 3 START batch 2024-01-01 of main.a ... [RUN]". took_us: of results;
 * error: why it failed, or empty. */
void say_batch_start(const Node *node, Str name, uint32_t number, uint32_t total);
void say_batch_result(const Node *node, Str name, NodeStatus status, Str message, Str error,
                      uint32_t number, uint32_t total, int64_t took_us);
void say_skip(const Runner *runner, const Node *node, uint32_t number, bool is_error_cause);

#endif
