/* graph_help_test.h: a project made by hand for the tests. private to graph/ */
#ifndef GRAPH_GRAPH_HELP_TEST_H
#define GRAPH_GRAPH_HELP_TEST_H

#include "graph/graph_base.h"

/* An empty project of root package "shop" in the arena; its invocation is empty too. */
Project *project_by_hand(Arena *arena);
/* Adds a package. */
Package *package_by_hand(Project *project, const char *name);
/* Adds an enabled node "kind.shop.name" with every value set; fqn [shop, name]. */
Node *node_by_hand(Project *project, NodeKind kind, const char *package, const char *name);
/* Adds ref(target) to the node; a name with a dot is package and name. */
void ref_by_hand(Project *project, Node *node, const char *target);
void source_by_hand(Project *project, Node *node, const char *source, const char *table);

/* Counts the events said since, by name. */
void events_watch(void);
unsigned events_count(const char *name);

#endif
