/* state.h: weir's memory between runs: one SQLite file, .weir/state.db. The only room with SQLite.
 *
 * History, schema registry, what was landed but not yet loaded, gaps, leases. What decides about
 * rows (cursors, files seen) lies in the target beside them (lake/); what is here can be lost
 * without losing or doubling rows. Queries are .sql files (src/state/sql/); migrations are
 * numbered and run under an exclusive lock, after a copy of the file has been made.
 *
 * All calls fail with ERR_IO (disk full, no right), ERR_CONFLICT (another process wrote for longer
 * than ten seconds) or ERR_RUNTIME (the file is damaged: it is moved aside at the next open).
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include "base/value.h"

typedef struct StateDb StateDb;

/* Opens or makes the file and its folder.
 *
 * WAL, busy time-out 10 s, one connection behind a lock (rank 300): any thread may call, and any
 * number of processes. A file that is no database, or was found damaged, is moved aside
 * ("state.db.damaged-20260131-235959") with a warning; before a migration the file is copied to
 * "state.db.v1" (the number it had).
 * Fails  ERR_RUNTIME: library missing, made by a newer weir, another program's database;
 *        ERR_IO: cannot be written
 * Owner  the arena closes it
 */
MUST bool statedb_open(Arena *arena, Str path, StateDb **out, Err *err);

/* A consistent copy in one file, for the object store; a file at `path` is replaced by rename. */
MUST bool statedb_copy(StateDb *db, Str path, Err *err);

/* ---- runs and loads ---- */

MUST bool statedb_run_begin(StateDb *db, Str run_id, Str command, int64_t now_us, Err *err);
MUST bool statedb_run_end(StateDb *db, Str run_id, Str status, int64_t now_us, Err *err);

/* One attempt of a node. row: a dict with resource, kind, status, message, started_at_us,
 * ended_at_us, rows, cursor (any value); all other keys are kept as they are. */
MUST bool statedb_record(StateDb *db, Str run_id, Value row, Err *err);

/* The last rows, newest first: list of dicts as they were recorded, and run_id.
 * resource  empty: all */
MUST bool statedb_history(StateDb *db, Str resource, uint32_t most, Arena *arena, Value *out,
                          Err *err);

/* ---- what was landed (bronze) ---- */

/* A raw file is about to appear at `uri` for a load that is not committed yet. */
MUST bool statedb_landing(StateDb *db, Str resource, Str load_id, Str uri, Err *err);
/* The load is committed: its files stay. */
MUST bool statedb_landed(StateDb *db, Str resource, Str load_id, Err *err);
/* Files of loads that never were committed: list of {load_id, uri}, oldest first. Those of a load
 * that is at work right now are among them: ask while holding the resource's lease. */
MUST bool statedb_stray(StateDb *db, Str resource, Arena *arena, Value *out, Err *err);
/* Forgets a stray load. */
MUST bool statedb_unlanded(StateDb *db, Str resource, Str load_id, Err *err);

/* ---- gaps: intervals that a source which was down still owes ---- */

/* from, to  bounds as the resource's cursor prints them; empty: open. Noted twice is noted once. */
MUST bool statedb_gap_add(StateDb *db, Str resource, Str from, Str to, Str reason, int64_t now_us,
                          Err *err);
/* List of {from, to, reason, noted_at_us}, oldest first. */
MUST bool statedb_gaps(StateDb *db, Str resource, Arena *arena, Value *out, Err *err);
MUST bool statedb_gaps_clear(StateDb *db, Str resource, Err *err);

/* ---- schema registry ---- */

/* columns: list of {name, type}. A version is added when they differ from the newest one; the
 * first_seen and last_seen of columns move. *version: the number now, from 1. */
MUST bool statedb_schema_put(StateDb *db, Str table, Value columns, Str run_id, int64_t now_us,
                             uint32_t *version, Err *err);
/* Tables in order of name: list of {table, version, columns (how many), first_seen_us,
 * last_seen_us, run_id (of the newest version)}. */
MUST bool statedb_schema_list(StateDb *db, Arena *arena, Value *out, Err *err);
/* {table, version, seen_at_us, run_id, columns: [{name, type, first_seen_us, last_seen_us,
 * run_id}]}: a column's run_id is of the run that brought it or last changed its type.
 * version 0: the newest. NONE: unknown. */
MUST bool statedb_schema_get(StateDb *db, Str table, uint32_t version, Arena *arena, Value *out,
                             Err *err);

/* ---- leases ---- */

/* One holder (process) at a time; renewed by its holder; taken over when it is over or its process
 * on this host is gone. *holder   if refused: "host:pid since 2026-01-31T23:59:59Z"; may be NULL */
MUST bool statedb_lease_take(StateDb *db, Str name, int64_t seconds, bool *taken, Arena *arena,
                             Str *holder, Err *err);
/* Gives back a lease of this process; of another's nothing happens. */
MUST bool statedb_lease_give(StateDb *db, Str name, Err *err);

#endif
