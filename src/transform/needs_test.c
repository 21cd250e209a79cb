/* needs_test.c: what nodes wait for, over graphs made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "transform/needs.h"

enum { MOST = 12 };

typedef struct Fixture {
    Arena arena;
    Project project;
    Graph graph;
    Node nodes[MOST];
    uint32_t task_of[MOST];
    Bits runs;
    bool is_unit[MOST];
    uint32_t edges[MOST * MOST][2], edge_count;   /* child, parent */
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

static void edge(uint32_t child, uint32_t parent)
{
    f.edges[f.edge_count][0] = child;
    f.edges[f.edge_count++][1] = parent;
}

/* Lists of neighbours, by column `from` of the edges. */
static void lists(int from, uint32_t **start, uint32_t **items)
{
    *start = NEW_N(&f.arena, uint32_t, MOST + 1);
    *items = NEW_N(&f.arena, uint32_t, f.edge_count + 1);
    uint32_t at = 0;
    for (uint32_t node = 0; node < MOST; node++) {
        (*start)[node] = at;
        for (uint32_t i = 0; i < f.edge_count; i++)
            if (f.edges[i][from] == node)
                (*items)[at++] = f.edges[i][1 - from];
    }
    (*start)[MOST] = at;
}

/* All nodes run but those below; tests are the nodes from `first_test` on. */
static NeedList *find(uint32_t first_test, bool tests_block, uint32_t idle)
{
    for (uint32_t i = 0; i < MOST; i++) {
        f.nodes[i].kind = f.is_unit[i] ? NODE_UNIT_TEST : i >= first_test ? NODE_TEST : NODE_MODEL;
        f.nodes[i].index = i;
        list_add(&f.arena, &f.project.nodes, &f.nodes[i]);
    }
    f.graph.project = &f.project;
    f.graph.count = MOST;
    lists(0, &f.graph.parent_start, &f.graph.parents);
    lists(1, &f.graph.child_start, &f.graph.children);
    f.runs = bits_make(&f.arena, MOST);
    uint32_t count = 0;
    for (uint32_t i = 0; i < MOST; i++)
        if (i != idle) {
            bits_add(f.runs, i);
            f.task_of[i] = count++;
        }
    return needs_find(&f.graph, f.runs, f.task_of, count, tests_block, &f.arena);
}

static bool waits(const NeedList *needs, uint32_t node, uint32_t other)
{
    const NeedList *list = &needs[f.task_of[node]];
    for (uint32_t i = 0; i < list->len; i++)
        if (list->at[i] == f.task_of[other])
            return true;
    return false;
}

static void children_wait_for_parents(void **state)
{
    (void)state;
    edge(1, 0);
    edge(2, 1);
    NeedList *needs = find(MOST, false, UINT32_MAX);
    assert_true(waits(needs, 1, 0));
    assert_true(waits(needs, 2, 1));
    assert_false(waits(needs, 2, 0));
}

static void nodes_that_do_not_run_are_passed_through(void **state)
{
    (void)state;
    edge(1, 0);
    edge(2, 1);
    edge(3, 1);
    NeedList *needs = find(MOST, false, 1);
    assert_true(waits(needs, 2, 0));
    assert_true(waits(needs, 3, 0));
}

static void a_build_waits_for_tests(void **state)
{
    (void)state;
    edge(1, 0);
    edge(2, 1);
    edge(10, 0); /* test of 0 */
    NeedList *needs = find(10, true, UINT32_MAX);
    assert_true(waits(needs, 10, 0));
    assert_true(waits(needs, 1, 10));
    assert_false(waits(needs, 2, 10));
}

static void without_build_tests_hold_nobody(void **state)
{
    (void)state;
    edge(1, 0);
    edge(10, 0);
    NeedList *needs = find(10, false, UINT32_MAX);
    assert_false(waits(needs, 1, 10));
}

static void a_test_of_two_holds_only_what_is_below_both(void **state)
{
    (void)state;
    edge(2, 0);
    edge(3, 1);
    edge(4, 2); /* 4 is below 0 and 1, its parents are not */
    edge(4, 3);
    edge(5, 4);
    edge(10, 0);
    edge(10, 1);
    NeedList *needs = find(10, true, UINT32_MAX);
    assert_false(waits(needs, 2, 10));
    assert_false(waits(needs, 3, 10));
    assert_true(waits(needs, 4, 10));
    assert_false(waits(needs, 5, 10));
}

static void a_test_between_parent_and_child_holds_nobody(void **state)
{
    (void)state;
    edge(1, 0);
    edge(10, 0);
    edge(10, 1); /* relationships from 1 to 0: nothing is below both */
    NeedList *needs = find(10, true, UINT32_MAX);
    assert_false(waits(needs, 1, 10));
}

static void tests_hold_children_behind_idle_nodes(void **state)
{
    (void)state;
    edge(1, 0);
    edge(2, 1);
    edge(10, 0);
    NeedList *needs = find(10, true, 1);
    assert_true(waits(needs, 2, 10));
}

/* parent 0 <- model 1 <- child 2; data tests 10 on 0 and 11 on 1; unit tests 8 and 9 of 1 */
static void unit_tests_come_right_before_their_model(void **state)
{
    (void)state;
    edge(1, 0);
    edge(2, 1);
    edge(10, 0);
    edge(11, 1);
    edge(8, 1);
    edge(9, 1);
    f.is_unit[8] = f.is_unit[9] = true;
    NeedList *needs = find(10, true, UINT32_MAX);
    assert_true(waits(needs, 8, 0));
    assert_true(waits(needs, 8, 10));  /* what holds the model holds its unit tests */
    assert_false(waits(needs, 8, 1));
    assert_false(waits(needs, 8, 11));
    assert_true(waits(needs, 9, 8));   /* one after the other */
    assert_true(waits(needs, 1, 8));
    assert_true(waits(needs, 1, 9));
    assert_true(waits(needs, 2, 11));
}

static void alone_unit_tests_wait_for_nothing_of_their_model(void **state)
{
    (void)state;
    edge(1, 0);
    edge(8, 1);
    f.is_unit[8] = true;
    NeedList *needs = find(10, false, 1);
    assert_true(waits(needs, 8, 0));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(children_wait_for_parents),
        CASE(nodes_that_do_not_run_are_passed_through),
        CASE(a_build_waits_for_tests),
        CASE(without_build_tests_hold_nobody),
        CASE(a_test_of_two_holds_only_what_is_below_both),
        CASE(a_test_between_parent_and_child_holds_nobody),
        CASE(tests_hold_children_behind_idle_nodes),
        CASE(unit_tests_come_right_before_their_model),
        CASE(alone_unit_tests_wait_for_nothing_of_their_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
