/* workbench.h: tools around a project: what is wrong before anything runs, what differs, what is
 * missing.
 *
 *   check     every model's SQL bound against its parents' columns, on empty tables
 *   generate  YAML and staging models from the catalogue
 *   diff      two tables or queries beside each other
 *   convert   plain SQL as a model: names of tables become ref() and source()
 *
 * Each opens the profile's warehouse itself and works on one connection.
 */
#ifndef WORKBENCH_WORKBENCH_H
#define WORKBENCH_WORKBENCH_H

#include "transform/transform.h"

/* ---- check ---- */

typedef enum FindingLevel {
    FINDING_ERROR,               /* it would fail when it runs                                   */
    FINDING_WARNING,             /* it would run, but something is not what it says               */
    FINDING_UNKNOWN,             /* it could not be told                                          */
} FindingLevel;

typedef struct Finding {
    const Node *node;
    FindingLevel level;
    Place place;               /* in the user's file where the text could be found there, else in
                                  the compiled SQL (target/compiled/...); line 0: the file     */
    Str message;               /* one or more lines                                            */
    Str line;                  /* the line at the place, or empty                              */
} Finding;

typedef struct CheckReport {
    List(Finding) findings;    /* in an order in which parents come first                      */
    uint32_t counts[NODE_KIND_COUNT];   /* nodes that were bound, by kind                      */
    uint32_t levels[3];        /* findings by FindingLevel                                       */
} CheckReport;

/* Compiles the selected nodes and what they stand on, in the order of the graph, and binds each
 * against empty tables that have its parents' columns: in a database in memory (DuckDB), in schemas
 * named `<schema>__weir_check` (others), which are dropped at the end. No table of the project is
 * read, but by templates that ask sources for data themselves.
 *
 * sources    their columns come from the database; from `columns` with `data_type` where they are
 *            not there
 * unknown    what reads a table whose columns nobody knows, or makes its SQL from its parents' rows
 * options    as for compiling: --defer and its state, variables, --full-refresh
 * Fails      what stops everything: no connection, no right to make the schemas
 * Changes    names of the graph's nodes: nothing else may be done with the graph afterwards
 * Cost       one compile and one bind a node: about a millisecond
 * Owner      the arena */
MUST bool check_run(Graph *graph, Bits selected, const RunOptions *options, Arena *arena,
                    CheckReport *out, Err *err);

/* ---- diff ---- */

typedef struct DiffSide {
    Str label;                 /* as the user says it                                          */
    Str sql;                   /* what stands behind FROM: a relation, or a query in brackets  */
    const Node *node;          /* NULL: a query                                                */
} DiffSide;

/* A side from a word of the command line: a model, seed, snapshot or source.table by name, else a
 * query (Jinja may stand in it), which is compiled.
 * Fails   ERR_RUNTIME: nothing of that name (the nearest one is named); errors of compiling */
MUST bool diff_side(Compiler *compiler, Graph *graph, Str word, Arena *arena, DiffSide *out,
                    Err *err);

typedef struct DiffColumn {
    Str name, type_a, type_b;  /* empty: not there                                             */
    int64_t differing;         /* pairs of rows; -1: not compared                               */
    Value samples;             /* table: keys, value in A, value in B; or NONE                  */
} DiffColumn;

typedef struct DiffReport {
    List(DiffColumn) columns;  /* of A in their order, then those that only B has               */
    int64_t rows_a, rows_b;
    Value keys;                /* list of names; empty: whole rows were compared                */
    int64_t only_a, only_b;    /* keys, or whole rows                                           */
    int64_t doubles_a, doubles_b; /* rows behind keys that are not unique, or null               */
    Value samples_a, samples_b;   /* tables of keys or rows                                      */
    bool differs;
} DiffReport;

/* keys     of --key; none: unique_key or primary key of A's or B's node; none there: whole rows
 * samples  how many rows are shown of each kind
 * Cost     a handful of queries in the warehouse: joins by key; nothing is fetched but counts and
 *          samples */
MUST bool diff_run(Compiler *compiler, Graph *graph, const DiffSide *a, const DiffSide *b,
                   Value keys, int64_t samples, Arena *arena, DiffReport *out, Err *err);

/* ---- generate ---- */

/* A file made, or brought up to date: `before` is its text now (empty: there is none), comments and
 * layout of which stay. */
typedef struct Generated {
    Str text;
    List(Str) notes;           /* what was added, and what is there no more (it is not removed)  */
} Generated;

/* YAML of sources: one a schema, its tables, their columns with types, from the catalogue.
 * Fails  ERR_RUNTIME: nothing in that schema; `before` is no YAML or in braces where it must grow
 * Owner  the arena */
MUST bool generate_sources(Compiler *compiler, Graph *graph, const Str *schemas, uint32_t count,
                           Str before, Str file, Arena *arena, Generated *out, Err *err);

/* YAML of models: their columns with types, from their tables. */
MUST bool generate_schema(Compiler *compiler, Graph *graph, const Str *models, uint32_t count,
                          Str before, Str file, Arena *arena, Generated *out, Err *err);

/* Name of the staging model of a source's table: "raw.Odd Table" -> "stg_raw__odd_table". */
Str staging_name(Arena *arena, Str source);

/* A staging model of a source's table ("raw.orders"): its columns by name, in snake_case. Columns
 * that came later are put behind the last one of `before`. */
MUST bool generate_model(Compiler *compiler, Graph *graph, Str source, Str before, Str file,
                         Arena *arena, Generated *out, Err *err);

/* ---- convert ---- */

typedef struct Converted {
    Str sql;                   /* the model                                                    */
    List(Str) replaced;        /* "raw.orders -> source('raw', 'orders')", each once            */
    List(Str) left;            /* names of tables that nothing of the project is, each once     */
} Converted;

/* Turns SQL as it stands in an editor into a model: tables behind FROM, JOIN, USING ... that are
 * models, seeds, snapshots or sources of the project become ref() and source(); `create table x as`
 * becomes config(materialized='table'); the semicolon at the end goes. Text that has Jinja already
 * is kept as it is, comments and layout too.
 *
 * name     of the file, without its ending: a model does not refer to itself
 * Names    match by their last parts: `t`, `s.t`, `d.s.t`, quoted or not, without case. What could
 *          be two nodes is left
 * Fails    ERR_COMPILATION: more than one statement
 * Owner    the arena */
MUST bool convert_sql(const Graph *graph, Str name, Str file, Str sql, Arena *arena, Converted *out,
                      Err *err);

#endif
