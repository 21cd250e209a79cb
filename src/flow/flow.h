/* flow.h: runs a graph of tasks on threads.
 *
 * The runner knows nothing of dbt: a task has needs, a function and an end. Tasks start the moment
 * their needs are done, longest remaining path first; a failed task's descendants are skipped.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "base/err.h"

typedef enum TaskEnd {
    TASK_SUCCESS,
    TASK_WARN,        /* done, with a remark: descendants run     */
    TASK_FAILURE,     /* descendants are skipped                  */
    TASK_SKIPPED,     /* a need failed, or the run was stopped    */
    TASK_SOFT_FAILURE, /* failed, but descendants run all the same (a test that does not block) */
} TaskEnd;

typedef struct Attempt {
    Arena *arena;               /* of this attempt; dropped after `run` and `ended`            */
    unsigned worker;            /* 0 .. workers-1: index of per-thread things                  */
    uint32_t number;            /* 1-based count of tries                                      */
    const volatile bool *cancel;
    int64_t queued_at_us, started_at_us, ended_at_us;
} Attempt;

typedef struct Task {
    Str id;                     /* stable: key of history                                      */
    const uint32_t *needs;      /* numbers of other tasks                                      */
    uint32_t needs_count;
    Str slot;                   /* what it occupies besides a thread ("duckdb:writer"), or ""  */
    uint32_t retries;           /* more tries when Err can be retried                          */
    int64_t cost_us;            /* expected duration from history, 0: unknown                  */
    /* Runs on a worker thread. Must not fail silently: every end is told to `ended`. */
    TaskEnd (*run)(void *work, Attempt *attempt);
    /* Called instead when the task is skipped; `cause` is the number of the failed need, or
     * UINT32_MAX when the run was stopped. */
    void (*skip)(void *work, uint32_t cause, bool is_stopped);
    /* Interrupts a running `run`, from another thread. May be NULL. */
    void (*cancel)(void *work);
    void *work;
} Task;

typedef struct FlowOptions {
    unsigned workers;           /* threads                                                     */
    bool stops_at_failure;      /* --fail-fast                                                 */
    bool shares_work;           /* tasks call flow_share(): all workers start, few tasks or not */
    uint32_t (*slot_size)(void *context, Str slot);  /* how many may occupy it; NULL: 1        */
    void *context;
} FlowOptions;

typedef struct Flow Flow;

/* A run over `count` tasks. The tasks must live until flow_run() returns. Owner: the arena.
 * Asserts that needs are acyclic and in range. */
Flow *flow_make(Arena *arena, const Task *tasks, uint32_t count, FlowOptions options);

/* Runs all to their end; returns when every task has exactly one TaskEnd in `ends`. */
void flow_run(Flow *flow, TaskEnd *ends);

/* Splits a running task: run(context, i, attempt) for each i in [0, count), in rising order, on the
 * calling worker and on workers that have no ready task. Returns when all have run, also in a run
 * that was stopped: look at attempt->cancel. Called from within a task's `run` only.
 * worker  the caller's attempt->worker
 * run     gets an attempt with an arena of its own and the worker that it runs on */
void flow_share(Flow *flow, unsigned worker, uint32_t count,
                void (*run)(void *context, uint32_t i, Attempt *attempt), void *context);

/* Stops: running tasks are cancelled, the others skipped. From any thread; at most once counts. */
void flow_stop(Flow *flow);
bool flow_is_stopped(const Flow *flow);

#endif
