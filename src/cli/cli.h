/* cli.h: private to cli/: one invocation of the program, and what its commands share.
 *
 *   main -> cli_main -> options, flags, sinks -> cmd_NAME()
 *                                                 cli_load -> cli_select -> run_nodes / transform_*
 *                                                 report_*  (what is printed), artifacts
 *
 * Source of forms and exit codes: dbt-core 1.12.6, by running it.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/options.h"
#include "cli/sinks.h"
#include "ingest/ingest.h"
#include "transform/transform.h"

/* `retry`: what of an earlier run is run again, in place of a selection. */
typedef struct RetryWork {
    Map ids;                       /* unique ids (value: any pointer)                          */
    Map batches;                   /* unique id -> RetryBatches                                */
    int64_t started_us;            /* of the run that is repeated, wall clock                  */
} RetryWork;

typedef struct Cli {
    Arena arena;                   /* as long as the process                                   */
    const char *program;           /* "weir", or "dbt" when called by that name                */
    Parsed parsed;
    Value flags;                   /* dict of every flag: invocation.args                      */
    Invocation invocation;
    int64_t started_us;            /* steady clock                                             */
    Str start_folder;              /* the working folder of the caller                         */
    Str project_dir;               /* absolute; the working folder from then on                */
    Str log_folder;
    Project *project;              /* after cli_load()                                         */
    Graph *graph;
    const RetryWork *retry;        /* NULL: none                                               */
    uint32_t inline_count;         /* 1 with --inline: counted as a sql operation              */
} Cli;

/* The program. Returns the exit code: 0, 1 (nodes failed), 2 (usage, exception). */
int cli_main(int argc, char **argv);

/* A command. *exit_code is 0 beforehand. A failure is printed as dbt prints exceptions and ends
 * the program with the kind's exit code. */
typedef bool (*CommandFn)(Cli *cli, int *exit_code, Err *err);

#define COMMAND(id, name, alias, argument, function, about) \
    MUST bool function(Cli *cli, int *exit_code, Err *err);
#include "cli/commands.def"
#undef COMMAND

/* Sets invocation (all but id and time) from the flags, when they were made or changed. */
void cli_set_invocation(Cli *cli, Str command_line);

/* ---- invocation.c: the steps of a command ---- */

/* Reads project and profile, parses everything, resolves the graph, writes the manifest (unless
 * --no-write-json). inline_sql: a query that becomes one more node (at == NULL: none), *inline_node
 * is set. Fails as project_load() and graph_resolve(); ERR_COMPILATION for --warn-error. */
MUST bool cli_load(Cli *cli, Str inline_sql, Node **inline_node, Err *err);

/* cli_load() of --inline SQL with what is said and set before its node is worked on. */
MUST bool cli_load_inline(Cli *cli, Str sql, RunMode mode, Node **node, RunOptions *options,
                          Err *err);

/* Only dbt_project.yml, and the profile if asked for. */
MUST bool cli_load_config(Cli *cli, bool needs_profile, Err *err);

/* "Found 5 models, ..." */
void cli_say_found(const Cli *cli);

/* The selected nodes of these kinds (bits 1 << NodeKind); --resource-type and its like heeded. */
MUST bool cli_select(Cli *cli, uint32_t kinds, Bits *out, Err *err);

/* "<project>/<target>/<name>", absolute. Owner: the process. */
Str cli_artifact(const Cli *cli, const char *name);
MUST bool cli_write_manifest(const Cli *cli, Err *err);
/* An empty list too: dbt's tools expect the file after every run. */
MUST bool cli_write_results(const Cli *cli, const NodeResults *results, Err *err);

/* Runs nodes with all that belongs to it: concurrency line, Ctrl-C, progress, manifest and results
 * written at the end, also after a failure.
 * results   in order of completion; what is in it lives as long as the process */
MUST bool cli_run_nodes(Cli *cli, RunMode mode, Bits selected, NodeResults *results, Err *err);
void cli_run_options(const Cli *cli, RunMode mode, State *state, RunOptions *out);
/* --state as a loaded manifest where --defer needs it; *out NULL otherwise. */
MUST bool cli_load_state(Cli *cli, State **out, Err *err);

/* Fails ERR_RUNTIME with the message of the first node that failed: what only compiles or shows
 * ends as an exception, exit 2, as in dbt. */
MUST bool cli_raise_first(const NodeResults *results, Err *err);

/* The failure of --inline SQL as dbt words it: a runtime error that holds the real one. False. */
bool cli_fail_inline(Err *err);

/* Nothing is selected: says so, writes empty results. */
MUST bool cli_nothing_to_do(Cli *cli, Err *err);

/* Prints asked-for output: a PrintEvent, no stamp, shown by --quiet as well. */
void cli_payload(Str text);
/* The same under another name and with data, for --log-format json. */
void cli_payload_event(const char *name, const char *code, Str text, Value data);

/* What compile and show print of one node. */
typedef struct NodePayload {
    const char *event, *code;
    const Node *node;
    Str name;
    bool is_inline;
    const char *key;             /* of `content` in the event's data                           */
    Str content, shown;          /* shown: what a person reads                                 */
} NodePayload;
void cli_node_payload(const Cli *cli, NodePayload payload);

/* ---- report.c: what is said at the end ---- */

/* "Finished running 3 seeds, ..." */
void report_finished(const NodeResults *results, int64_t took_us);
/* `source freshness`: what could not be asked, what is too old, "Done." */
void report_freshness(const NodeResults *results);
/* With --fail-fast: the failure that ended the run, at once. */
void report_fail_fast(const NodeResults *results);
/* "Completed ...", every error and warning with its place, "Done. PASS=...". */
void report_end(const Cli *cli, const NodeResults *results);
/* On a terminal: counts, slowest nodes, what failed and where. */
void report_summary(const Cli *cli, const NodeResults *results, int64_t took_us);
/* 1 if anything failed or was skipped. */
int report_exit_code(const NodeResults *results);
/* "3 seeds, 20 data tests": of counted kinds. */
void report_count(Text *out, int64_t count, const char *kind);

/* ---- table.c ---- */

/* Rows as agate's print_table() shows them: | id | name | ... at most 6 columns of 20. */
void table_add_text(Value table, Text *out);
/* Rows as a list of dicts, as agate's to_json() gives them. Owner: the arena. */
Value table_rows(Value table, Arena *arena);

#endif
