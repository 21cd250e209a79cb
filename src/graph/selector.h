/* selector.h: a selection as a tree, and what finds its nodes. private to graph/
 *
 *   --select a,b c  --exclude d     difference
 *                                   |-- union
 *                                   |   |-- intersection: a, b
 *                                   |   `-- intersection: c
 *                                   `-- union
 *                                       `-- intersection: d
 */
#ifndef GRAPH_SELECTOR_H
#define GRAPH_SELECTOR_H

#include "graph/graph_base.h"

typedef enum MethodName {
    METHOD_FQN, METHOD_TAG, METHOD_GROUP, METHOD_ACCESS, METHOD_SOURCE, METHOD_PATH, METHOD_FILE,
    METHOD_PACKAGE, METHOD_CONFIG, METHOD_TEST_NAME, METHOD_TEST_TYPE, METHOD_RESOURCE_TYPE,
    METHOD_STATE, METHOD_EXPOSURE, METHOD_METRIC, METHOD_RESULT, METHOD_SOURCE_STATUS,
    METHOD_VERSION, METHOD_SEMANTIC_MODEL, METHOD_SAVED_QUERY, METHOD_UNIT_TEST, METHOD_SELECTOR,
    METHOD_COUNT
} MethodName;

typedef enum SpecKind { SPEC_CRITERION, SPEC_UNION, SPEC_INTERSECTION, SPEC_DIFFERENCE } SpecKind;

/* No limit to +: the whole way. */
#define ANY_DEPTH UINT32_MAX

typedef struct Spec Spec;
struct Spec {
    SpecKind kind;
    Str raw;                      /* for messages                                               */
    IndirectSelection indirect;
    /* groups */
    List(Spec *) parts;
    bool warns_if_empty;          /* a word of --select or --exclude                            */
    /* criteria */
    MethodName method;
    Str arguments;                /* "meta.owner" of config.meta.owner                          */
    Value value;                  /* text from the command line; anything from YAML             */
    bool with_childrens_parents, with_parents, with_children;
    uint32_t parents_depth, children_depth;
};

/* ---- selector_parse.c ---- */

/* One criterion: @, n+, method:value, +n. Views of `raw`. */
MUST bool spec_parse(Arena *arena, Str raw, IndirectSelection indirect, Spec **out, Err *err);
/* Words of --select or --exclude: split at blanks (union) and commas (intersection). */
MUST bool spec_parse_words(Arena *arena, const Str *words, uint32_t count, bool warns_if_empty,
                           IndirectSelection indirect, Spec **out, Err *err);
/* Sets method and arguments from "config.meta.owner". */
MUST bool spec_set_method(Spec *spec, Str method, Err *err);
/* "config.meta.owner": method and arguments. */
Str spec_method_text(Arena *arena, const Spec *spec);
Spec *spec_group(Arena *arena, SpecKind kind, Str raw);
bool indirect_find(Str name, IndirectSelection *out);

/* ---- yaml_selectors.c ---- */

/* The tree of a definition in selectors.yml. */
MUST bool spec_from_yaml(Arena *arena, Value definition, IndirectSelection indirect, Spec **out,
                         Err *err);
/* The definition called `name`. */
MUST bool selectors_find(const Project *project, Str name, Value *out, Err *err);
/* The name with `default: true`, or empty; two of them are an error. */
MUST bool selectors_default(const Project *project, Str *out, Err *err);

/* ---- selector_dict.c ---- */

/* selectors.yml as the manifest shows it. */
Value selectors_value(const Project *project, Arena *arena);

/* ---- state_compare.c ---- */

typedef struct Comparison Comparison;

/* path: of the folder, absolute. Fails when there is no manifest. */
MUST bool comparison_open(Arena *arena, const Graph *graph, Str folder, Comparison **out, Err *err);
/* One of dbt's state selectors: "new", "modified", "modified.body", ... */
MUST bool comparison_select(Comparison *comparison, Str selector, const Bits *among, Bits *out,
                            Err *err);

/* ---- state_macros.c ---- */

/* Numbers the macros that differ from those of an earlier manifest. */
typedef struct MacroChanges MacroChanges;
MacroChanges *macro_changes_make(Arena *arena, const Library *library, Value old_macros);
/* Does the node use a changed macro, directly or by way of other macros? */
bool macro_changes_touch(MacroChanges *changes, const Node *node);

/* ---- state_contract.c ---- */

/* *same: the contract of a model is what it was. A breaking change is warned of, or for versioned
 * models an error (ERR_CONTRACT). */
MUST bool contract_compare(const Graph *graph, const Node *node, Value old, bool *same, Err *err);
/* The same for a model that is gone or disabled. */
MUST bool contract_compare_removed(const Graph *graph, Str id, Value old, bool is_disabled,
                                   Err *err);

/* ---- selector.c: one evaluation ---- */

typedef struct Selecting {
    Arena *arena;                 /* scratch                                                    */
    const Graph *graph;
    const Selection *selection;
    Bits members;                 /* enabled nodes: all that can be selected                    */
    Bits results;                 /* what a get_selected() keeps: kinds asked for, not empty    */
    Comparison *comparison;       /* opened when first asked for                                */
    Value run_results;            /* run_results.json of the state; UNDEFINED: not read yet     */
    uint32_t depth;               /* of selector: methods                                       */
} Selecting;

/* Nodes of a tree: those that are selected, and those that are to be looked at again. */
MUST bool selecting_run(Selecting *selecting, const Spec *spec, Bits *direct, Bits *indirect,
                        Err *err);

/* ---- selector_method.c, selector_path.c, selector_files.c ---- */

/* Sets the bits of all members that the method means. */
MUST bool method_search(Selecting *selecting, const Spec *spec, Bits *out, Err *err);

/* selector_fqn.c */
bool fqn_matches(const Node *node, Str selector);
/* selector_path.c */
void path_search(const Selecting *selecting, Str pattern, Bits *out);
/* selector_config.c */
bool config_matches(const Node *node, Str arguments, Value wanted);
/* selector_result.c */
MUST bool result_search(Selecting *selecting, Str status, Bits *out, Err *err);
MUST bool source_status_search(Selecting *selecting, Str status, Bits *out, Err *err);

/* ---- indirect.c ---- */

/* Adds the tests of `selected` to *direct (which holds selected) or, if other parents of theirs
 * are missing, to *indirect. */
void indirect_expand(const Selecting *selecting, Bits selected, IndirectSelection mode,
                     Bits *direct, Bits *indirect);
/* Tests that had to wait and whose parents are now all there. */
void indirect_join(const Selecting *selecting, Bits *direct, Bits waiting, IndirectSelection mode);
/* All nodes at most `depth` edges up (or down) from `from`, which are only in it if reached. */
Bits relatives(const Selecting *selecting, Bits from, bool is_up, uint32_t depth);

#endif
