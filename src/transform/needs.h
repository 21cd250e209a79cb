/* needs.h: private to transform/: the edges of a run. */
#ifndef TRANSFORM_NEEDS_H
#define TRANSFORM_NEEDS_H

#include "graph/graph.h"

typedef struct NeedList {
    uint32_t *at;
    uint32_t len, cap;
} NeedList;

/* What each task waits for, as task numbers; doubles may stand in it.
 *
 * runs         nodes that get a task
 * task_of      node number -> task number
 * tests_block  as in `build`: nodes wait for the tests of what is above them
 * Cost         O(nodes + edges) for each node at worst; nearly linear where most nodes run
 * Owner        the arena
 */
NeedList *needs_find(const Graph *graph, Bits runs, const uint32_t *task_of, uint32_t task_count,
                     bool tests_block, Arena *arena);

/* Does its contract declare a primary, unique or foreign key? */
bool node_has_key(const Node *node);

#endif
