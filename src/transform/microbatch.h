/* microbatch.h: private to transform/: incremental models that are built in windows of event time.
 *
 *   2024-01-01        02        03        04          begin .. end, cut at hours, days, ...
 *   | batch 1  | batch 2  | batch 3  |
 *   alone        side by side   alone, last           each a transaction of its own
 *
 * Instants are microseconds since 1970-01-01 UTC. A window is [start, end).
 * Source of the rules: dbt-core 1.12.6, by running it.
 */
#ifndef TRANSFORM_MICROBATCH_H
#define TRANSFORM_MICROBATCH_H

#include "transform/run.h"

typedef enum BatchSize { BATCH_HOUR, BATCH_DAY, BATCH_MONTH, BATCH_YEAR } BatchSize;

/* False: it is none of "hour", "day", "month", "year". */
bool batch_size_find(Str name, BatchSize *out);

/* The begin of the hour, day, month or year that an instant lies in. */
int64_t batch_floor(int64_t at_us, BatchSize size);
/* Its end; the instant itself where it lies on a border. */
int64_t batch_ceiling(int64_t at_us, BatchSize size);
/* The floor, moved by so many hours, days, months or years. */
int64_t batch_move(int64_t at_us, BatchSize size, int64_t count);

/* "2024-01-31T23", "2024-01-31", "2024-01", "2024": how a batch is called. Owner: the arena. */
Str batch_name(Arena *arena, int64_t start_us, BatchSize size);
/* "2024-01-31 23:00:00+00:00", as Python prints a datetime. Owner: the arena. */
Str batch_time(Arena *arena, int64_t at_us);

/* What decides on the windows of a run. */
typedef struct BatchPlan {
    BatchSize size;
    int64_t begin_us, lookback;
    bool is_incremental;
    EventWindow asked;                 /* --event-time-start, -end; --sample                    */
    int64_t now_us;                    /* the end when none is asked for                        */
} BatchPlan;

/* The windows in order of time, at least one. Owner: the arena. */
void batch_plan(const BatchPlan *plan, Arena *arena, Windows *out);

/* batch_results of a result: {successful, failed}; NONE of other nodes. has_times: datetimes in
 * place of texts. Owner: the arena. */
Value batches_value(const NodeResult *result, bool has_times, Arena *arena);
/* timing of a result: list of {name, started_at, completed_at}. Owner: the arena. */
Value timings_value(const NodeResult *result, Arena *arena);

/* results.c: what run_results.json and the hooks' `results` say alike: status to failures, in dbt's
 * order. */
void result_facts(const NodeResult *result, Value timing, Dict *row, Arena *arena);

/* Runs all batches of a node on a worker; fills status, message, failures and windows of the
 * result. A batch that fails fails alone, but for the first one: then the others are skipped.
 * sessions  one a worker: what is interrupted; NULL while nothing runs
 * Fails     where no window can be made */
MUST bool microbatch_run(Runner *runner, Node *node, Attempt *attempt,
                         _Atomic(Session *) *sessions, NodeResult *result, Err *err);

#endif
