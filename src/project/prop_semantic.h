/* prop_semantic.h: semantic models, metrics and saved queries. private to project/
 *
 *   entry --shape_fill()--> dict with every field of the manifest, defaults filled in --> extra
 *
 * What refers to other nodes (measures, input metrics, models) is resolved by graph/.
 */
#ifndef PROJECT_PROP_SEMANTIC_H
#define PROJECT_PROP_SEMANTIC_H

#include "project/prop.h"

typedef enum ShapeType {
    SHAPE_TEXT,              /* a text; absent: none                                          */
    SHAPE_NAME,              /* a text that may not be none                                    */
    SHAPE_BOOL,              /* absent: false                                                 */
    SHAPE_INT, SHAPE_NUMBER, /* absent: none                                                  */
    SHAPE_DICT,              /* absent: {}                                                    */
    SHAPE_TEXTS,             /* absent: []                                                    */
    SHAPE_TAGS,              /* a text or a list of them                                      */
    SHAPE_EXPR,              /* text, bool or number, as text                                 */
    SHAPE_WORD,              /* one of `words`, any case is an error                          */
    SHAPE_OBJECT,            /* of `fields`; absent: none                                     */
    SHAPE_OBJECTS,           /* list of them; absent: []                                      */
    SHAPE_OBJECTS_OR_NONE,   /* the same; absent: none                                        */
    SHAPE_INPUT,             /* a name or an object of `fields`; absent: none                 */
    SHAPE_INPUTS,            /* list of those; absent: []                                     */
    SHAPE_FILTER,            /* text or texts -> {where_filters: [{where_sql_template}]}       */
    SHAPE_WINDOW,            /* "7 days" -> {count, granularity}                              */
    SHAPE_META,              /* config: -> {meta}                                             */
    SHAPE_FALSE,             /* a bool that the manifest always shows as false                */
    SHAPE_NONE,              /* no key of the file: always none                               */
} ShapeType;

typedef struct ShapeField ShapeField;
struct ShapeField {
    const char *name;        /* NULL ends the list                                            */
    ShapeType type;
    bool is_required;
    const ShapeField *fields;
    const char *const *words; /* ended by NULL                                                */
    const char *preset;      /* of a text or word that is absent                              */
};

/* Where in an entry a walk stands: for "at path ['measures'][0]['agg']". */
typedef struct ShapeWalk {
    const Entry *entry;
    Arena *arena;
    Text path;               /* dropped by the caller                                         */
} ShapeWalk;

/* Checks `given` (a dict) and puts all fields into `out`, in order. Keys that no field has are
 * refused, as dbt does.
 * Fails ERR_PARSING with dbt's words and the place of the value */
MUST bool shape_fill(ShapeWalk *walk, Value given, const ShapeField *fields, Dict *out, Err *err);

/* "28 days" -> {count: 28, granularity: "day"}. */
MUST bool window_parse(const Entry *entry, Arena *arena, Value given, Value *out, Err *err);

extern const char *const granularity_words[], *const aggregation_words[], *const entity_words[],
    *const dimension_words[];

/* A column's `dimension:` and `entity:` (a word or a dict) as the manifest has them. */
MUST bool column_semantics(const Entry *entry, Arena *arena, Value column, Value *dimension,
                           Value *entity, Err *err);
/* Checks a model's `time_spine:` against its columns. */
MUST bool time_spine_check(const Entry *entry, Value spine, const Array *columns, Err *err);

/* A node with name, config, refs: what all three kinds have in common. config: patch of the entry
 * (dict or NONE). */
MUST bool semantic_node_make(const Loader *loader, Worker *worker, const Entry *entry,
                             NodeKind kind, Str name, Value config, Node **out, Err *err);
/* dict[key] of a text that may hold docs blocks, rendered in place. */
MUST bool semantic_describe(const Loader *loader, Worker *worker, const Entry *entry, Dict *dict,
                            Err *err);

/* Nodes of the entries; they are added to item->nodes. */
MUST bool semantic_model_make(const Loader *loader, Worker *worker, Item *item, Err *err);
MUST bool metric_make(const Loader *loader, Worker *worker, Item *item, Err *err);
MUST bool saved_query_make(const Loader *loader, Worker *worker, Item *item, Err *err);

/* What `semantic_model:`, `derived_semantics:` and `metrics:` of a model make. model: the node. */
MUST bool model_semantics_make(const Loader *loader, Worker *worker, Item *item, const Node *model,
                               Err *err);

/* The metric of a measure with create_metric. meta: of its semantic model's config. */
MUST bool measure_metric_make(const Loader *loader, Worker *worker, Item *item, Value measure,
                              bool is_enabled, Value meta, Err *err);
/* A metric of a model's own list. semantic_model: its name; time: its agg_time_dimension. */
MUST bool model_metric_make(const Loader *loader, Worker *worker, Item *item, Value metric,
                            Str semantic_model, Value time, Err *err);

#endif
