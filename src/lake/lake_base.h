/* lake_base.h: a load in its parts: input, plan, staging, transaction. private to lake/
 *
 *   Load (one lake_load) -> TableLoad (the target; with splits_nested its child tables behind it)
 *     TableLoad: `have` (columns of the table now), `input` (columns that come) -> `plan`
 */
#ifndef LAKE_LAKE_BASE_H
#define LAKE_LAKE_BASE_H

#include "base/file.h"
#include "base/pool.h"
#include "jinja/jinja.h"
#include "lake/lake.h"
#include "sql/sql.h"

#define LAKE_MAGIC 0x574c414bu
#define LAKE_LOCK_RANK 80          /* below the engine's: held over statements */
#define LAKE_TEMPLATE_RANK 310     /* held while a template is compiled */

struct Lake {
    uint32_t magic;
    StateDb *state;
    Lock writer_lock;              /* catalogue_take() */
    Map prepared;                  /* "database.schema" */
    Arena prepared_arena;
    Lock template_lock;
    Map templates;                 /* name -> Template */
    Arena template_arena;
};

typedef struct Catalogue {
    Str database;                  /* its real name */
    bool is_ducklake;
    bool is_fragile;               /* a DuckLake is attached to the session: see below */
} Catalogue;
/* What a database is; empty: the session's own. Fails ERR_RUNTIME: there is none. */
MUST bool catalogue_find(Lake *lake, Session *session, Arena *arena, Str database, Catalogue *out,
                         Err *err);
/* One at a time: who makes weir's own tables, and where `is_fragile` whole loads and every look at
 * the catalogue. Up to 1.5.5 a DuckLake transaction that has made or changed a table uses memory
 * that is freed when another session of the process looks at the catalogue (duckdb/ducklake issue
 * 1248). */
void catalogue_take(Lake *lake);
void catalogue_give(Lake *lake);

/* ---- render.c: SQL from templates ---- */

/* Renders sql/NAME.sql with the macros of sql/macros.sql before it. Names come from `vars`, and
 * ident(x), literal(x) quote. Owner of *out: the arena. */
MUST bool lake_render(Lake *lake, Arena *arena, const char *name, Value vars, Str *out, Err *err);
/* Renders and runs. result may be NULL, then rows are dropped; changed (may be NULL): rows
 * inserted, updated, deleted or made by create-table-as. */
MUST bool lake_run(Lake *lake, Session *session, Arena *arena, const char *name, Value vars,
                   const NamedStream *streams, uint32_t stream_count, Result *result,
                   uint64_t *changed, Err *err);
/* "database"."schema"."name"; empty parts are left out. */
Str lake_relation(Arena *arena, Str database, Str schema, Str name);
/* Puts "key": text into a dict. */
static inline void put_text(Value dict, Str key, Str text)
{
    dict_put(dict.dict, key, value_text(text));
}

/* ---- columns.c: columns and their types ---- */

typedef struct LakeColumn {
    Str name;                      /* in the table */
    Str type;                      /* as the engine names it */
    Field field;                   /* the same, if is_known */
    bool is_known;                 /* false: a type that Arrow has no kin of (HUGEINT, MAP ...) */
    Str key;                       /* input: the record's key, the stream's name */
    Str source;                    /* input: the column of the input relation: "c3" */
} LakeColumn;
typedef struct LakeColumns {
    LakeColumn *at;
    uint32_t len, cap;
} LakeColumns;

LakeColumn column_of_type(Arena *arena, Str name, Str type);
LakeColumn column_of_field(Arena *arena, const Field *field);
/* Objects with fields that differ by case only are no STRUCT of the engine: the column is JSON. */
void column_without_doubles(Arena *arena, LakeColumn *column);
LakeColumn *columns_find(const LakeColumns *columns, Str name); /* without case; exact first */
/* "did you mean" for a column that is missing; empty if nothing is near. */
Str columns_hint(Arena *arena, const LakeColumns *columns, Str name);
/* Columns of a table. *exists false: no such table. Fails ERR_RUNTIME: it is a view. */
MUST bool columns_read(Lake *lake, Session *session, Arena *arena, Str database, Str schema,
                       Str table, LakeColumns *out, bool *exists, Err *err);
/* Columns of a query. */
MUST bool columns_describe(Session *session, Arena *arena, Str sql, LakeColumns *out, Err *err);

/* ---- plan.c: what the contract makes of them ---- */

/* How a value of the input becomes one of the column: see value() in sql/macros.sql. */
typedef enum Conversion {
    CONVERT_NONE, CONVERT_CAST, CONVERT_JSON, CONVERT_CHECKED, CONVERT_TRY, CONVERT_NULL,
} Conversion;

typedef struct PlanColumn {
    Str name, type;                /* in the table, after the load */
    Field field;
    bool is_known;
    const LakeColumn *input;       /* NULL: does not come */
    const LakeColumn *have;        /* NULL: the table lacks it */
    Conversion conversion;
    bool is_altered;               /* its type in the table changes */
    bool is_read;                  /* records: in the schema that is read */
    bool is_loaded;                /* goes to the table */
    ContractMode on_bad;           /* for a value that does not fit; EVOLVE: fails */
    bool is_unknown;               /* a new column that the contract does not admit */
} PlanColumn;

typedef struct Plan {
    PlanColumn *at;
    uint32_t len, cap;
    bool tells_unknown;            /* records: unknown keys matter */
    bool has_discards;             /* typed input: rows have to be looked at one by one */
} Plan;

typedef struct TableLoad {
    Str name, relation;            /* target */
    Str quarantine;                /* relation of its quarantine table */
    bool exists;                   /* and is not made anew */
    LakeColumns have, input;
    Plan plan;
    Str stage, bad_stage;          /* temporary tables: its rows, what was discarded; or empty */
    const struct TableLoad *parent;
    const LakeColumn *list;        /* of the parent's input: its rows; NULL: none come */
    Str list_name;                 /* of that list in the parent's staging table */
    struct TableLoad *next;        /* parents before children */
} TableLoad;

typedef struct Load {
    Lake *lake;
    Session *session;
    const LoadSpec *spec;
    Input *input;
    Arena *arena;
    Str database;                  /* the target's, never empty */
    bool is_ducklake, is_fragile;
    Str load_id;
    LoadReport report;
    TableLoad table;               /* the target; children behind it, parents first */
    struct Source *source;         /* input.c */
    Str source_sql;                /* what stands behind FROM */
    bool is_records;               /* JSONL, CSV: read by room format, with file and line */
    bool is_select;                /* the engine reads it by itself: */
    Str select;
    bool has_position;             /* the input relation has a column "p" */
    bool is_staged;
    uint64_t doubles;              /* rows that lost against a newer one of their key */
    Value children;                /* names of child tables that exist: list of texts */
} Load;

/* Makes table->plan from have, input, hints and contract; adds to report.changes.
 * Fails ERR_RUNTIME: frozen (typed input only: records tell their place when they are read),
 * missing key, cursor or deleted columns. */
MUST bool plan_make(Load *load, TableLoad *table, Err *err);
/* The plan as a list of dicts for the templates: name, type, source, how, from, loaded, altered. */
Value plan_value(const Load *load, const TableLoad *table, Arena *arena);
/* Names that weir itself uses in a table of this load. */
bool plan_is_reserved(const Load *load, Str name);
/* The meta columns asked for: list of names. */
Value plan_meta(const Load *load, Arena *arena);
/* "the way out" of a frozen contract. */
const char *contract_way_out(bool is_column);

/* ---- input.c: what comes ---- */

/* Finds out the columns of the input (one pass over JSONL and CSV without a shape) and opens
 * nothing yet. */
MUST bool source_columns(Load *load, Err *err);
/* After the plan: the stream that the input relation reads (count 0 for a select). */
MUST bool source_begin(Load *load, NamedStream *stream, uint32_t *count, Err *err);
/* Closes what source_begin() opened; rows_in, rows_quarantined and values_dropped are told. A
 * failure by a bad value is put into words. */
void source_end(Load *load);
void source_explain(Load *load, Err *err);
/* Rows that were discarded, as a stream of the quarantine's columns; count 0: none. */
MUST bool source_quarantine(Load *load, Arena *arena, NamedStream *stream, uint32_t *count,
                            Err *err);
/* Closes files and removes the spool. */
void source_drop(Load *load);

/* ---- stage.c, write.c, nested.c ---- */

/* The variables that templates of one table see. */
Value table_vars(const Load *load, const TableLoad *table, Arena *arena);
/* Fills table->stage and makes it fit to be written: keys checked, doubles gone. */
MUST bool stage_make(Load *load, Err *err);
/* The rows of one table: from the input, or (children) from the parent's staging table. */
MUST bool stage_fill(Load *load, TableLoad *table, const NamedStream *streams, uint32_t count,
                     uint64_t *rows, Err *err);
/* Checks the keys of `relation`: no nulls; of doubled ones the newest stays. */
MUST bool stage_keys(Load *load, Str relation, Err *err);
void stage_drop(Load *load);
/* The transaction; staged loads are tried again when another writer was in the way. */
MUST bool write_all(Load *load, Err *err);
/* Deletes the target's rows whose keys do not come. */
MUST bool write_missing(Load *load, Stream *keys, uint64_t *deleted, Err *err);
/* Adds the child tables behind load->table: their columns, plans, stages. */
MUST bool nested_find(Load *load, Err *err);
MUST bool nested_stage(Load *load, Err *err);
/* Is this column of `table` split off into a table of its own? */
bool nested_is_list(const Load *load, const TableLoad *table, const LakeColumn *column);

#endif
