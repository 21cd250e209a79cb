/* flow_test.c: order, skips, slots, stopping; random graphs on many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"
#include "flow/flow.h"

enum { MOST = 2000 };

typedef struct Work {
    _Atomic uint32_t *clock;          /* shared: counts ends                        */
    const struct Work *all;
    const Task *task;
    uint32_t started, ended;          /* 1 + reading of the clock, 0: never         */
    uint32_t tries, fails_first;      /* fails that many times                      */
    TaskEnd end;
    bool is_skipped, was_stopped;
    uint32_t cause;
    _Atomic uint32_t *inside, *most;  /* how many are in the slot, and the record   */
    Flow **to_stop;
    bool needs_were_done;
} Work;

static TaskEnd run_task(void *context, Attempt *attempt)
{
    Work *work = context;
    work->tries++;
    work->started = atomic_fetch_add(work->clock, 1) + 1;
    work->needs_were_done = true;
    for (uint32_t i = 0; i < work->task->needs_count; i++)
        if (!work->all[work->task->needs[i]].ended)
            work->needs_were_done = false;
    if (work->inside) {
        uint32_t now = atomic_fetch_add(work->inside, 1) + 1, most = atomic_load(work->most);
        while (now > most && !atomic_compare_exchange_weak(work->most, &most, now)) {
        }
        atomic_fetch_sub(work->inside, 1);
    }
    if (work->to_stop)
        flow_stop(*work->to_stop);
    work->ended = atomic_fetch_add(work->clock, 1) + 1;
    return attempt->number <= work->fails_first ? TASK_FAILURE : work->end;
}

static void note_skip(void *context, uint32_t cause, bool is_stopped)
{
    Work *work = context;
    work->is_skipped = true;
    work->cause = cause;
    work->was_stopped = is_stopped;
    work->ended = atomic_fetch_add(work->clock, 1) + 1;
}

typedef struct Fixture {
    Arena arena;
    _Atomic uint32_t clock;
    Task tasks[MOST];
    Work work[MOST];
    TaskEnd ends[MOST];
    uint32_t count;
    Flow *flow;
} Fixture;

static Fixture f;

static int setup(void **state)
{
    (void)state;
    memset(&f, 0, sizeof(f));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_drop(&f.arena);
    return 0;
}

static uint32_t add(TaskEnd end, uint32_t count, const uint32_t *needs)
{
    uint32_t i = f.count++;
    uint32_t *copy = NEW_N(&f.arena, uint32_t, count + 1);
    if (count)
        memcpy(copy, needs, count * sizeof(*needs));
    f.work[i] = (Work){.clock = &f.clock, .all = f.work, .task = &f.tasks[i], .end = end};
    f.tasks[i] = (Task){.id = str_print(&f.arena, "t%u", i),
                        .needs = copy,
                        .needs_count = count,
                        .run = run_task,
                        .skip = note_skip,
                        .work = &f.work[i]};
    return i;
}

static void go(unsigned workers, bool stops_at_failure)
{
    f.flow = flow_make(&f.arena, f.tasks, f.count,
                       (FlowOptions){.workers = workers, .stops_at_failure = stops_at_failure});
    flow_run(f.flow, f.ends);
}

static void a_failure_skips_descendants_alone(void **state)
{
    (void)state;
    uint32_t a = add(TASK_SUCCESS, 0, NULL), b = add(TASK_FAILURE, 1, &a);
    uint32_t c = add(TASK_SUCCESS, 1, &b), d = add(TASK_SUCCESS, 1, &c);
    uint32_t e = add(TASK_SUCCESS, 1, &a);
    go(2, false);
    assert_int_equal(f.ends[a], TASK_SUCCESS);
    assert_int_equal(f.ends[b], TASK_FAILURE);
    assert_int_equal(f.ends[c], TASK_SKIPPED);
    assert_int_equal(f.ends[d], TASK_SKIPPED);
    assert_int_equal(f.ends[e], TASK_SUCCESS);
    assert_int_equal(f.work[c].cause, b);
    assert_int_equal(f.work[d].cause, c);
    assert_false(f.work[d].was_stopped);
}

static void warnings_and_soft_failures_do_not_block(void **state)
{
    (void)state;
    uint32_t a = add(TASK_WARN, 0, NULL), b = add(TASK_SOFT_FAILURE, 1, &a);
    uint32_t c = add(TASK_SUCCESS, 1, &b);
    go(1, false);
    assert_int_equal(f.ends[c], TASK_SUCCESS);
}

static void the_longest_path_starts_first(void **state)
{
    (void)state;
    uint32_t lone = add(TASK_SUCCESS, 0, NULL), head = add(TASK_SUCCESS, 0, NULL);
    uint32_t below = add(TASK_SUCCESS, 1, &head);
    uint32_t slow = add(TASK_SUCCESS, 0, NULL);
    f.tasks[slow].cost_us = 1000000;
    go(1, false);
    assert_true(f.work[slow].started < f.work[head].started);
    assert_true(f.work[head].started < f.work[lone].started);
    assert_true(f.work[below].started > f.work[head].ended);
}

static void fail_fast_skips_what_has_not_begun(void **state)
{
    (void)state;
    uint32_t bad = add(TASK_FAILURE, 0, NULL);
    f.tasks[bad].cost_us = 5000000;
    for (int i = 0; i < 20; i++)
        add(TASK_SUCCESS, 0, NULL);
    go(1, true);
    for (uint32_t i = 1; i < f.count; i++) {
        assert_int_equal(f.ends[i], TASK_SKIPPED);
        assert_true(f.work[i].was_stopped);
    }
}

static void stopping_from_inside_ends_the_run(void **state)
{
    (void)state;
    uint32_t first = add(TASK_SUCCESS, 0, NULL);
    f.tasks[first].cost_us = 5000000;
    f.work[first].to_stop = &f.flow;
    for (int i = 0; i < 50; i++)
        add(TASK_SUCCESS, 1, &first);
    go(4, false);
    assert_true(flow_is_stopped(f.flow));
    for (uint32_t i = 1; i < f.count; i++)
        assert_int_equal(f.ends[i], TASK_SKIPPED);
}

static void a_slot_holds_one_at_a_time(void **state)
{
    (void)state;
    static _Atomic uint32_t inside, most;
    atomic_store(&inside, 0);
    atomic_store(&most, 0);
    for (int i = 0; i < 200; i++) {
        uint32_t t = add(TASK_SUCCESS, 0, NULL);
        f.tasks[t].slot = STR("writer");
        f.work[t].inside = &inside;
        f.work[t].most = &most;
    }
    go(8, false);
    assert_int_equal(atomic_load(&most), 1);
    for (uint32_t i = 0; i < f.count; i++)
        assert_int_equal(f.ends[i], TASK_SUCCESS);
}

static void retries_run_again(void **state)
{
    (void)state;
    uint32_t a = add(TASK_SUCCESS, 0, NULL), b = add(TASK_SUCCESS, 0, NULL);
    f.tasks[a].retries = 3;
    f.work[a].fails_first = 2;
    f.tasks[b].retries = 1;
    f.work[b].fails_first = 5;
    go(2, false);
    assert_int_equal(f.ends[a], TASK_SUCCESS);
    assert_int_equal(f.work[a].tries, 3);
    assert_int_equal(f.ends[b], TASK_FAILURE);
    assert_int_equal(f.work[b].tries, 2);
}

static void nothing_to_run_is_fine(void **state)
{
    (void)state;
    go(4, false);
}

static void random_graphs_keep_order(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (uint32_t i = 0; i < MOST; i++) {
        uint32_t needs[4], count = 0;
        for (int n = 0; i && n < 4; n++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            if (seed & 3)
                needs[count++] = (uint32_t)(seed >> 8) % i;
        }
        add(i % 97 == 96 ? TASK_FAILURE : TASK_SUCCESS, count, needs);
    }
    go(8, false);
    for (uint32_t i = 0; i < f.count; i++) {
        bool must_skip = false;
        for (uint32_t n = 0; n < f.tasks[i].needs_count; n++) {
            TaskEnd end = f.ends[f.tasks[i].needs[n]];
            must_skip |= end == TASK_FAILURE || end == TASK_SKIPPED;
        }
        assert_int_equal(f.work[i].is_skipped, must_skip);
        if (!must_skip) {
            assert_int_equal(f.work[i].tries, 1);
            assert_true(f.work[i].needs_were_done);
        }
    }
}

/* ---- sharing ---- */

enum { SHARERS = 3, PARTS = 200, HANDS = 4 };

typedef struct Sharer {
    Flow **flow;
    _Atomic uint32_t done[PARTS], inside, most;
    _Atomic bool is_in_range;
} Sharer;

static void run_share(void *context, uint32_t i, Attempt *attempt)
{
    Sharer *sharer = context;
    uint32_t now = atomic_fetch_add(&sharer->inside, 1) + 1, most = atomic_load(&sharer->most);
    while (now > most && !atomic_compare_exchange_weak(&sharer->most, &most, now)) {
    }
    atomic_fetch_add(&sharer->done[i], 1);
    if (attempt->worker >= HANDS || !attempt->arena)
        atomic_store(&sharer->is_in_range, false);
    if (i == PARTS / 2)
        flow_stop(*sharer->flow); /* what was begun is brought to its end */
    atomic_fetch_sub(&sharer->inside, 1);
}

static TaskEnd share_parts(void *context, Attempt *attempt)
{
    Sharer *sharer = context;
    flow_share(*sharer->flow, attempt->worker, PARTS, run_share, sharer);
    for (uint32_t i = 0; i < PARTS; i++)
        if (atomic_load(&sharer->done[i]) != 1)
            return TASK_FAILURE;
    return TASK_SUCCESS;
}

static void shared_parts_run_once_each(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= HANDS; workers += HANDS - 1) {
        Arena arena = {0};
        Flow *flow;
        static Sharer sharers[SHARERS];
        Task tasks[SHARERS];
        TaskEnd ends[SHARERS];
        for (uint32_t i = 0; i < SHARERS; i++) {
            memset(&sharers[i], 0, sizeof(sharers[i]));
            sharers[i].flow = &flow;
            sharers[i].is_in_range = true;
            tasks[i] = (Task){.id = STR("sharer"), .run = share_parts, .work = &sharers[i]};
        }
        flow = flow_make(&arena, tasks, SHARERS,
                         (FlowOptions){.workers = workers, .shares_work = true});
        flow_run(flow, ends);
        uint32_t ran = 0;
        for (uint32_t i = 0; i < SHARERS; i++) {
            assert_true(ends[i] == TASK_SUCCESS || ends[i] == TASK_SKIPPED);
            assert_true(sharers[i].most <= workers);
            assert_true(sharers[i].is_in_range);
            ran += ends[i] == TASK_SUCCESS;
        }
        assert_true(ran >= 1);
        arena_drop(&arena);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_failure_skips_descendants_alone),
        CASE(warnings_and_soft_failures_do_not_block),
        CASE(the_longest_path_starts_first),
        CASE(fail_fast_skips_what_has_not_begun),
        CASE(stopping_from_inside_ends_the_run),
        CASE(a_slot_holds_one_at_a_time),
        CASE(retries_run_again),
        CASE(nothing_to_run_is_fine),
        CASE(random_graphs_keep_order),
        CASE(shared_parts_run_once_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
