/* semantic.h: the semantic layer: metrics, semantic models, saved queries. private to graph/
 *
 *   metric --measure--> semantic model --model--> model
 *      `--input metric--> metric                     saved query --> metric
 */
#ifndef GRAPH_SEMANTIC_H
#define GRAPH_SEMANTIC_H

#include "graph/graph_base.h"

/* for each Value `one` of a list; another kind has none. No break. */
#define EACH(values, one)                                                                          \
    for (uint32_t i_##one = 0; (values).kind == VALUE_LIST && i_##one < (values).list->len;        \
         i_##one++)                                                                                \
        for (Value one = (values).list->at[i_##one], *once_##one = &one; once_##one;               \
             once_##one = NULL)

/* ---- semantic.c ---- */

/* Parents and input_measures of all metrics; node_relation of semantic models. After refs are
 * resolved. Fails ERR_PARSING: measures and metrics that do not exist or are disabled. */
MUST bool semantic_resolve(Graph *graph, Err *err);

/* The enabled node of that kind and name, whatever its package; or NULL. */
const Node *semantic_find(const Graph *graph, NodeKind kind, Str name);

/* ---- semantic_check.c ---- */

/* dbt's validation of the whole layer, when there are both metrics and semantic models.
 * Fails ERR_PARSING with all that is wrong, at the place of the first. */
MUST bool semantic_check(Graph *graph, Err *err);

typedef struct SemanticCheck {
    Graph *graph;
    Arena *arena;                 /* scratch                                                    */
    Text errors;                  /* one a line                                                 */
    uint32_t error_count;
    Place place;                  /* of the first                                               */
    Str source;                   /* text of its file                                           */
} SemanticCheck;

/* Notes an error of `node`; where: the value it is about, or UNDEFINED. */
void semantic_fail(SemanticCheck *check, const Node *node, Value where, const char *format, ...)
    PRINTF_LIKE(4, 5);
void semantic_warn(const char *format, ...) PRINTF_LIKE(1, 2);

/* All nodes of a kind in turn: *at starts at 0. NULL: no more. */
const Node *semantic_next(const Graph *graph, NodeKind kind, uint32_t *at);

/* Is it a name of a standard granularity? Position in order of size, or -1. */
int granularity_rank(Str name);
/* Is it one of the time spines' custom granularities? */
bool granularity_is_custom(const Graph *graph, Str name);

/* ---- semantic_models.c, semantic_metrics.c, semantic_filter.c: the rules ---- */

void check_semantic_models(SemanticCheck *check);
void check_time_spines(SemanticCheck *check);
void check_metrics(SemanticCheck *check);
/* Lower case, digits, underscores; no reserved words. */
void check_semantic_name(SemanticCheck *check, const Node *node, Value name);
void check_filters(SemanticCheck *check);
void check_saved_queries(SemanticCheck *check);

/* ---- semantic_manifest.c ---- */

/* What semantic_manifest.json holds, as a tree. */
Value semantic_manifest_value(const Graph *graph, Arena *arena);

#endif
