/* flow.c: the runner: a ready queue, workers, and ends that free or skip what depends on them.
 *
 *   waiting --all needs done--> ready (heap by remaining path) --worker--> running --> ended
 *                                   \--need failed / stopped--> skipped
 *
 * One lock guards all counters; it is never held while a task runs or is told anything.
 */
#include "flow/flow.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/pool.h"

enum { FLOW_LOCK_RANK = 20, DEFAULT_COST_US = 1000, CANCEL_MS = 50 };

typedef enum TaskState { WAITING, READY, RUNNING, ENDED } TaskState;

typedef struct Row {
    const Task *task;
    TaskState state;
    TaskEnd end;
    uint32_t open_needs;         /* needs that have not ended                             */
    uint32_t cause;              /* a failed need, or UINT32_MAX                          */
    uint64_t path_us;            /* its own cost and the longest path below               */
    uint32_t child_start, child_end;
    uint32_t slot;               /* number of its slot, UINT32_MAX: none                  */
    int64_t queued_at_us;
    bool is_doomed;              /* a need failed: to be skipped                          */
} Row;

typedef struct Slot {
    Str name;
    uint32_t size, used;
} Slot;

/* A task's parts, on the stack of the worker that shares them. */
typedef struct Share {
    uint32_t next, count, open;  /* next to be given out; how many have not ended         */
    void (*run)(void *context, uint32_t i, Attempt *attempt);
    void *context;
    struct Share *outer;
} Share;

struct Flow {
    Arena *arena;
    FlowOptions options;
    Row *rows;
    uint32_t count, ended;
    uint32_t *children;
    List(uint32_t) ready;        /* a heap: longest path first, then lowest number        */
    List(Slot) slots;
    Share *shares;               /* those of all tasks that share just now                */
    Lock lock;
    Signal changed;
    _Atomic bool is_stopped;
    volatile bool cancel;        /* what attempts look at                                 */
    TaskEnd *ends;
};

/* ---- building ---- */

static uint32_t slot_number(Flow *flow, Str name)
{
    if (!name.len)
        return UINT32_MAX;
    for (uint32_t i = 0; i < flow->slots.len; i++)
        if (str_eq(flow->slots.at[i].name, name))
            return i;
    uint32_t size = flow->options.slot_size
                        ? flow->options.slot_size(flow->options.context, name) : 1;
    assert(size > 0);
    list_add(flow->arena, &flow->slots, (Slot){name, size, 0});
    return flow->slots.len - 1;
}

static void link_children(Flow *flow)
{
    uint32_t edges = 0;
    for (uint32_t i = 0; i < flow->count; i++)
        edges += flow->rows[i].task->needs_count;
    flow->children = NEW_N(flow->arena, uint32_t, edges + 1);
    uint32_t *counts = NEW_N(flow->arena, uint32_t, flow->count + 1);
    for (uint32_t i = 0; i < flow->count; i++)
        for (uint32_t n = 0; n < flow->rows[i].task->needs_count; n++) {
            assert(flow->rows[i].task->needs[n] < flow->count);
            counts[flow->rows[i].task->needs[n]]++;
        }
    for (uint32_t i = 0, at = 0; i < flow->count; i++) {
        flow->rows[i].child_start = flow->rows[i].child_end = at;
        at += counts[i];
    }
    for (uint32_t i = 0; i < flow->count; i++)
        for (uint32_t n = 0; n < flow->rows[i].task->needs_count; n++) {
            Row *need = &flow->rows[flow->rows[i].task->needs[n]];
            flow->children[need->child_end++] = i;
        }
}

/* Longest paths, from the leaves up; asserts that there is no cycle. */
static void measure_paths(Flow *flow)
{
    uint32_t *open = NEW_N(flow->arena, uint32_t, flow->count + 1);
    uint32_t *queue = NEW_N(flow->arena, uint32_t, flow->count + 1);
    uint32_t len = 0;
    for (uint32_t i = 0; i < flow->count; i++) {
        const Row *row = &flow->rows[i];
        open[i] = row->child_end - row->child_start;
        if (!open[i])
            queue[len++] = i;
    }
    for (uint32_t at = 0; at < len; at++) {
        Row *row = &flow->rows[queue[at]];
        row->path_us += (uint64_t)(row->task->cost_us > 0 ? row->task->cost_us : DEFAULT_COST_US);
        for (uint32_t n = 0; n < row->task->needs_count; n++) {
            uint32_t need = row->task->needs[n];
            if (flow->rows[need].path_us < row->path_us)
                flow->rows[need].path_us = row->path_us;
            if (--open[need] == 0)
                queue[len++] = need;
        }
    }
    assert(len == flow->count);
}

Flow *flow_make(Arena *arena, const Task *tasks, uint32_t count, FlowOptions options)
{
    Flow *flow = NEW(arena, Flow);
    flow->arena = arena;
    flow->options = options;
    flow->count = count;
    flow->rows = NEW_N(arena, Row, count + 1);
    for (uint32_t i = 0; i < count; i++)
        flow->rows[i] = (Row){.task = &tasks[i],
                              .open_needs = tasks[i].needs_count,
                              .cause = UINT32_MAX,
                              .slot = slot_number(flow, tasks[i].slot)};
    link_children(flow);
    measure_paths(flow);
    flow->ready.at = NEW_N(arena, uint32_t, count + 1); /* room for all: it never grows in a run */
    flow->ready.cap = count + 1;
    lock_init(&flow->lock, FLOW_LOCK_RANK, "flow");
    signal_init(&flow->changed);
    return flow;
}

/* ---- the ready heap ---- */

static bool comes_first(const Flow *flow, uint32_t a, uint32_t b)
{
    const Row *x = &flow->rows[a], *y = &flow->rows[b];
    return x->path_us != y->path_us ? x->path_us > y->path_us : a < b;
}

static void swap_ready(Flow *flow, uint32_t a, uint32_t b)
{
    uint32_t number = flow->ready.at[a];
    flow->ready.at[a] = flow->ready.at[b];
    flow->ready.at[b] = number;
}

static void heap_up(Flow *flow, uint32_t at)
{
    while (at && comes_first(flow, flow->ready.at[at], flow->ready.at[(at - 1) / 2])) {
        swap_ready(flow, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void heap_down(Flow *flow, uint32_t at)
{
    for (;;) {
        uint32_t best = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < flow->ready.len &&
                comes_first(flow, flow->ready.at[child], flow->ready.at[best]))
                best = child;
        if (best == at)
            return;
        swap_ready(flow, at, best);
        at = best;
    }
}

static void ready_add(Flow *flow, uint32_t number)
{
    flow->rows[number].state = READY;
    flow->rows[number].queued_at_us = clock_now_us();
    list_add(flow->arena, &flow->ready, number);
    heap_up(flow, flow->ready.len - 1);
}

static bool has_room(const Flow *flow, const Row *row)
{
    return row->slot == UINT32_MAX || row->is_doomed ||
           flow->slots.at[row->slot].used < flow->slots.at[row->slot].size;
}

/* Takes the best ready task whose slot has room. False when there is none. */
static bool ready_take(Flow *flow, uint32_t *number)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < flow->ready.len; i++) {
        if (!has_room(flow, &flow->rows[flow->ready.at[i]]))
            continue;
        if (found == UINT32_MAX || comes_first(flow, flow->ready.at[i], flow->ready.at[found]))
            found = i;
        if (i == 0)
            break; /* the heap's top is the best of all */
    }
    if (found == UINT32_MAX)
        return false;
    *number = flow->ready.at[found];
    swap_ready(flow, found, flow->ready.len - 1);
    flow->ready.len--;
    if (found < flow->ready.len) {
        heap_down(flow, found);
        heap_up(flow, found);
    }
    return true;
}

/* ---- running ---- */

static bool is_blocking(TaskEnd end)
{
    return end == TASK_FAILURE || end == TASK_SKIPPED;
}

/* Under the lock: notes the end and readies the children. */
static void note_end(Flow *flow, uint32_t number, TaskEnd end)
{
    Row *row = &flow->rows[number];
    row->state = ENDED;
    row->end = end;
    flow->ends[number] = end;
    flow->ended++;
    for (uint32_t i = row->child_start; i < row->child_end; i++) {
        Row *child = &flow->rows[flow->children[i]];
        if (is_blocking(end) && !child->is_doomed) {
            child->is_doomed = true;
            child->cause = number;
        }
        if (--child->open_needs == 0)
            ready_add(flow, flow->children[i]);
    }
    signal_tell_all(&flow->changed);
}

static TaskEnd run_task(Flow *flow, Row *row, unsigned worker)
{
    const Task *task = row->task;
    TaskEnd end = TASK_FAILURE;
    for (uint32_t try = 0; try <= task->retries; try++) {
        Arena arena = {0};
        Attempt attempt = {.arena = &arena,
                           .worker = worker,
                           .number = try + 1,
                           .cancel = &flow->cancel,
                           .queued_at_us = row->queued_at_us,
                           .started_at_us = clock_now_us()};
        end = task->run(task->work, &attempt);
        arena_drop(&arena);
        if (end != TASK_FAILURE || atomic_load(&flow->is_stopped))
            break;
    }
    return end;
}

/* One task from the queue to its end; the lock is held on entry and on return. */
static void take_through(Flow *flow, uint32_t number, unsigned worker)
{
    Row *row = &flow->rows[number];
    bool is_stopped = atomic_load(&flow->is_stopped);
    if (row->is_doomed || is_stopped) {
        row->state = RUNNING;
        lock_give(&flow->lock);
        if (row->task->skip)
            row->task->skip(row->task->work, row->cause, is_stopped && !row->is_doomed);
        lock_take(&flow->lock);
        note_end(flow, number, TASK_SKIPPED);
        return;
    }
    if (row->slot != UINT32_MAX)
        flow->slots.at[row->slot].used++;
    row->state = RUNNING;
    lock_give(&flow->lock);
    TaskEnd end = run_task(flow, row, worker);
    lock_take(&flow->lock);
    if (row->slot != UINT32_MAX)
        flow->slots.at[row->slot].used--;
    note_end(flow, number, end);
    bool has_failed = end == TASK_FAILURE || end == TASK_SOFT_FAILURE;
    if (has_failed && flow->options.stops_at_failure) {
        lock_give(&flow->lock);
        flow_stop(flow);
        lock_take(&flow->lock);
    }
}

/* ---- sharing ---- */

/* Under the lock, which is given while it runs. False: nothing is left to be given out. */
static bool run_part(Flow *flow, Share *share, unsigned worker)
{
    if (share->next == share->count)
        return false;
    uint32_t part = share->next++;
    lock_give(&flow->lock);
    Arena arena = {0};
    int64_t now_us = clock_now_us();
    Attempt attempt = {.arena = &arena,
                       .worker = worker,
                       .number = 1,
                       .cancel = &flow->cancel,
                       .queued_at_us = now_us,
                       .started_at_us = now_us};
    share->run(share->context, part, &attempt);
    arena_drop(&arena);
    lock_take(&flow->lock);
    if (--share->open == 0)
        signal_tell_all(&flow->changed);
    return true;
}

/* A part of whatever is shared, for a worker without a task. */
static bool help(Flow *flow, unsigned worker)
{
    for (Share *share = flow->shares; share; share = share->outer)
        if (run_part(flow, share, worker))
            return true;
    return false;
}

void flow_share(Flow *flow, unsigned worker, uint32_t count,
                void (*run)(void *context, uint32_t i, Attempt *attempt), void *context)
{
    Share share = {.count = count, .open = count, .run = run, .context = context};
    lock_take(&flow->lock);
    share.outer = flow->shares;
    flow->shares = &share;
    signal_tell_all(&flow->changed);
    while (run_part(flow, &share, worker)) {
    }
    while (share.open)
        signal_wait(&flow->changed, &flow->lock, -1);
    Share **at = &flow->shares;
    while (*at != &share)
        at = &(*at)->outer;
    *at = share.outer;
    lock_give(&flow->lock);
}

typedef struct Worker {
    Flow *flow;
    unsigned number;
    Thread thread;
} Worker;

static void work(void *context)
{
    Worker *worker = context;
    Flow *flow = worker->flow;
    lock_take(&flow->lock);
    while (flow->ended < flow->count) {
        uint32_t number;
        if (ready_take(flow, &number))
            take_through(flow, number, worker->number);
        else if (!help(flow, worker->number))
            signal_wait(&flow->changed, &flow->lock, -1);
    }
    lock_give(&flow->lock);
}

static void run_worker_thread(void *context)
{
    Worker *worker = context;
    char name[32];
    int len = snprintf(name, sizeof(name), "Thread-%u", worker->number + 1);
    assert(len > 0 && (size_t)len < sizeof(name));
    event_set_thread_name(name);
    work(context);
}

static void cancel_running(Flow *flow)
{
    for (uint32_t i = 0; i < flow->count; i++) {
        lock_take(&flow->lock);
        const Task *running = flow->rows[i].state == RUNNING ? flow->rows[i].task : NULL;
        lock_give(&flow->lock);
        if (running && running->cancel)
            running->cancel(running->work);
    }
}

/* Waits until all have ended. In a stopped run tasks are cancelled again and again: one that was
 * just about to begin its statement does not notice the first time. */
static void watch(Flow *flow)
{
    lock_take(&flow->lock);
    while (flow->ended < flow->count) {
        signal_wait(&flow->changed, &flow->lock, atomic_load(&flow->is_stopped) ? CANCEL_MS : -1);
        if (!atomic_load(&flow->is_stopped))
            continue;
        lock_give(&flow->lock);
        cancel_running(flow);
        lock_take(&flow->lock);
    }
    lock_give(&flow->lock);
}

void flow_run(Flow *flow, TaskEnd *ends)
{
    flow->ends = ends;
    for (uint32_t i = 0; i < flow->count; i++)
        if (flow->rows[i].open_needs == 0)
            ready_add(flow, i);
    unsigned count = flow->options.workers ? flow->options.workers : 1;
    if (count > flow->count && !flow->options.shares_work)
        count = flow->count ? flow->count : 1;
    Worker *workers = NEW_N(flow->arena, Worker, count);
    for (unsigned i = 0; i < count; i++) {
        workers[i] = (Worker){.flow = flow, .number = i};
        thread_start(&workers[i].thread, "weir-worker", run_worker_thread, &workers[i]);
    }
    watch(flow);
    for (unsigned i = 0; i < count; i++)
        thread_join(&workers[i].thread);
    assert(flow->ended == flow->count);
    signal_drop(&flow->changed);
    lock_drop(&flow->lock);
}

void flow_stop(Flow *flow)
{
    if (atomic_exchange(&flow->is_stopped, true))
        return;
    __atomic_store_n(&flow->cancel, true, __ATOMIC_RELAXED);
    lock_take(&flow->lock);
    signal_tell_all(&flow->changed);
    lock_give(&flow->lock);
}

bool flow_is_stopped(const Flow *flow)
{
    return atomic_load(&flow->is_stopped);
}
