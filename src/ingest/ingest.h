/* ingest.h: the ways in and out: loads of APIs, databases and files into the lake, and publishing.
 *
 *   node of ingest/ files --settings--> cursor window --extract--> bronze --lake_load--> table
 *   node of publish/ files --settings--> select --> Postgres | Parquet with an index | files | HTTP
 *
 * A node is run by a thread of the graph's runner; what is shared by the nodes of a run (HTTP
 * client, limits, tokens, state, lease) is an Ingest.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "flow/flow.h"
#include "graph/graph.h"
#include "state/state.h"

typedef struct Ingest Ingest;

typedef struct IngestOptions {
    Str from, to;                /* --from, --to: the interval [from, to) on demand; empty: none  */
    bool is_full_refresh;
    unsigned threads;
    /* --shard: this is worker `shard` (from 1) of so many; 0: the only one. Drops are worked at
     * together; all else is done by shard 1 */
    uint32_t shard, shards;
} IngestOptions;

/* "2/16". Fails ERR_USAGE with what is expected. */
MUST bool shard_parse(Str text, uint32_t *shard, uint32_t *shards, Err *err);

/* Opens state (pulled from the object store where `state:` says so), the warehouse and the lake.
 * Nothing is opened for a run without such nodes: call it only then.
 * Fails  ERR_RUNTIME: another run holds the state (says who), bad `state:`; ERR_DATABASE
 * Owner  the arena; ingest_close() comes before it is dropped */
MUST bool ingest_open(Graph *graph, const IngestOptions *options, Arena *arena, Ingest **out,
                      Err *err);

/* How a node ended, when it did not fail. Texts: the attempt's arena. */
typedef struct IngestReport {
    bool is_skipped;             /* the source is down and the declaration says skip              */
    bool has_warning;            /* rows were put to quarantine, values dropped                   */
    Str message;                 /* "MERGE 500 rows", or why it was skipped                       */
    /* dict: rows_affected, rows_in, inserted, updated, ..., requests, bytes */
    Value response;
} IngestReport;

/* Runs one node, NODE_INGEST or NODE_PUBLISH. Any thread, many at a time.
 * Fails  with what went wrong, placed in the declaration where that is at fault; nothing is loaded
 *        then, the target is as before. What was landed raw stays and is loaded by the next run */
MUST bool ingest_run(Ingest *ingest, const Node *node, Attempt *attempt, IngestReport *report,
                     Err *err);

/* Ends the work on a node soon. Any thread. */
void ingest_cancel(Ingest *ingest, const Node *node);

/* Writes the end of the run to the state and, where it is kept remotely, pushes it by a conditional
 * write.
 * Fails  ERR_CONFLICT: another run has pushed meanwhile (the rows are safe in the target: its own
 *        tables hold the cursors) */
MUST bool ingest_close(Ingest *ingest, bool has_failed, Err *err);

/* The state database of a project, for `weir schema`: opened, or NULL where there is none yet. */
MUST bool ingest_state(const Project *project, Arena *arena, StateDb **out, Err *err);

#endif
