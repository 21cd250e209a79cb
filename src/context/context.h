/* context.h: the names that a dbt template sees, and the objects behind them.
 *
 *   name in a template -> the template's own -> macros as the node's package sees them (Library)
 *                      -> what the phase offers (Phase: config, ref, this, adapter, ...)
 *                      -> what every phase offers (var, env_var, tojson, exceptions, ...)
 *
 * Two rooms above make contexts: project/ for the parse phase (refs are noted, nothing is run) and
 * transform/ for the run phase (relations are real, statements run). What both share is here.
 * Source of the rules: dbt-core 1.12.6, by running it.
 */
#ifndef CONTEXT_CONTEXT_H
#define CONTEXT_CONTEXT_H

#include "jinja/jinja.h"

#define DBT_VERSION "1.12.6"   /* the version whose behaviour is followed */

/* ---- macros of all packages ---- */

/* A macro and what dbt's manifest says of it. Frozen after the project is loaded. */
typedef struct MacroEntry {
    Macro *macro;              /* macro->owner points back here                                */
    Str unique_id;             /* "macro.dbt_utils.star"                                       */
    Str name, package;         /* package of built-in ones: "dbt" or the adapter's              */
    Str path, original_file_path;
    bool is_builtin;
    Str description, patch_path;
    Value meta, docs, arguments, config;  /* as in the manifest; NONE until patched             */
    Array *depends_on;         /* unique ids of macros, texts                                  */
    int64_t created_at_us;
} MacroEntry;

typedef struct Library Library;

/* The parents of an adapter, nearest first: {"duckdb", "default"} for DuckDB. */
Library *library_make(Arena *arena, Str root_package, const Str *adapter_chain, uint32_t count);

/* Adds a macro. False (and *twin set) when the package already has one of that name, as dbt
 * refuses it. Built-in macros are added like others. */
bool library_add(Library *library, MacroEntry *entry, MacroEntry **twin);

/* dispatch: of dbt_project.yml: list of {macro_namespace, search_order}. */
void library_set_dispatch(Library *library, Value dispatch);

/* Builds the tables of names, one a package that has nodes. After it the library is frozen. */
void library_freeze(Library *library, const Str *packages, uint32_t count);

/* By unique id or (package, name); package empty: resolved as the root project sees it. */
MacroEntry *library_find_id(const Library *library, Str unique_id);
MacroEntry *library_find(const Library *library, Str package, Str name);

/* What a bare name means for a node of `package`: its own macros, the root project's, built-in
 * ones (the adapter's over dbt's). NULL: none. Cost: one hash look-up. */
MacroEntry *library_resolve(const Library *library, Str package, Str name, uint32_t hash);

/* adapter.dispatch(name, namespace): search order of packages x adapter prefixes; packages =
 * dispatch config's, else root then namespace (built-in packages for "dbt" and none).
 * NULL: none; then `tried` (if given) gets the names that were looked for, in dbt's words. */
MacroEntry *library_dispatch(const Library *library, Str node_package, Str name,
                             Str macro_namespace, Text *tried);

/* generate_schema_name and its like: the root project's, else the package's own (imported ones
 * only for their own nodes), else dbt's. */
MacroEntry *library_find_generate(const Library *library, Str name, Str node_package);

/* materialization_NAME_ADAPTER: adapter, its parents, default; root before built-in; imported
 * packages' do not replace built-in ones. */
MacroEntry *library_find_materialization(const Library *library, Str name);

/* Iterates over all macros in order of unique id. */
bool library_next(const Library *library, uint32_t *at, MacroEntry **entry);
uint32_t library_len(const Library *library);

/* ---- facts of the invocation, shared by all contexts ---- */

typedef struct Invocation {
    Str id;                    /* a UUID                                                       */
    int64_t started_at_us;
    Str which;                 /* command: "build"                                             */
    Value args;                /* dict of all flags, lower case, as in run_results' args       */
    Value cli_vars;            /* dict                                                         */
    Value metadata_env;        /* DBT_ENV_CUSTOM_ENV_*: dict                                   */
    bool is_full_refresh, fails_on_warning, is_quiet, stores_failures, is_empty;
    bool is_introspecting;     /* --no-introspect: false                                       */
} Invocation;

/* ---- contexts ---- */

typedef struct Context Context;

/* What a phase adds. */
typedef struct Phase {
    bool is_executing;         /* `execute`                                                    */
    bool has_extra_first;      /* `extra` before macros: a file's own names are not hidden by
                                  macros such as `date`                                        */
    /* Names of the phase (config, ref, source, this, model, adapter, sql, ...). *out UNDEFINED
     * when it has none of that name. */
    bool (*find)(Context *context, Str name, uint32_t hash, Value *out, Err *err);
    /* var(name): false in *is_found when nobody sets it. The value may be changed by the
     * template: give a copy in context->arena. */
    bool (*var)(Context *context, Str name, Value *out, bool *is_found, Err *err);
    /* Told of every env_var read (name, default or NULL), for the manifest; NULL: not wanted. */
    void (*on_env_var)(Context *context, Str name, Value value);
    /* Told of macro calls from outside macros (depth 1): for depends_on.macros. NULL: no. */
    void (*on_macro)(Context *context, MacroEntry *entry);
} Phase;

struct Context {
    Arena *arena;              /* of the render                                                */
    const Library *library;
    const Invocation *invocation;
    const Phase *phase;
    Str package;               /* of the node                                                  */
    Str project_name;          /* root project                                                 */
    Str node_label;            /* "model a (models/a.sql)", for messages                       */
    Value target;              /* dict: profile's output without secrets, + name, ...          */
    Value node;                /* the Jinja object `model`, or UNDEFINED                       */
    bool allows_secrets;       /* profiles, packages: env_var('DBT_ENV_SECRET_x') is allowed   */
    Dict *extra;               /* names set for this render (materializations: sql, hooks), NULL */
    void *owner;               /* the phase's own state                                        */
};

/* Options for jinja_render() and friends: scope, undefined mode and callbacks of a context. */
RenderOptions context_options(Context *context, bool is_native);

/* The context of a running native function. */
Context *context_of(const Call *call);

/* Renders a text in a context (native: with types). Texts without tags are given back at once.
 * file, source, offset  where the text stands, for messages */
MUST bool context_render(Context *context, Str text, Str file, Str *out, Err *err);
MUST bool context_render_value(Context *context, Str text, Str file, Value *out, Err *err);
/* The same through a tree: every text is rendered natively; keys are kept. */
MUST bool context_render_tree(Context *context, Value tree, Str file, Value *out, Err *err);

/* adapter.dispatch as a native method: for the adapters of both phases. */
bool context_dispatch(Object *self, Call *call, Value *out, Err *err);

/* A name that every phase offers (env_var, tojson, ...), past all macros; UNDEFINED: there is
 * none. */
MUST bool context_builtin(Context *context, Str name, Value *out, Err *err);

/* Calls a macro by entry with positional values. */
MUST bool context_call(Context *context, const MacroEntry *entry, const Value *args,
                       uint32_t arg_count, Value *out, Err *err);

/* Functions that only profiles.yml and dbt_project.yml see: env_var, var, target, as_* filters. */
extern const Phase phase_bare;

/* ---- adapters ---- */

/* What differs between dbt's adapters and is data; the rest is macros/TYPE/. */
typedef struct Dialect {
    Str type;                  /* of an output, "postgres"; also the folder of its macros      */
    Str package;               /* the macros' package, "dbt_postgres"                          */
    Str version;               /* of dbt's adapter whose behaviour is followed, "1.11.0"       */
    const char *relation_class, *column_class; /* as Python shows them                         */
    Str binding;               /* where a bound value stands in a statement                    */
    uint32_t identifier_limit; /* longest name of a relation, in characters; 0: none           */
    bool has_structs;          /* columns have fields; integers of more widths than SQL's      */
    bool limits_need_alias;    /* "(select ...) name": a subquery must have a name             */
    bool keeps_text_types;     /* data_type of a text without length is the type itself        */
    bool has_one_database;     /* relations of another database are an error                   */
    bool has_dependents;       /* dropping a relation drops the views on it                    */
    bool has_implicit_transactions; /* the first statement of a node opens one                 */
    bool tells_rows;           /* adapter_response has code and rows_affected                  */
    bool tells_database_errors; /* failed statements are Database Errors, not Runtime Errors    */
    bool lists_are_json;       /* arrays in results are text of JSON: a driver's lists         */
    bool copies_rows;          /* rows of seeds are streamed in (COPY)                         */
    bool ignores_case;         /* names that differ in their letters' case only are one        */
    bool has_text_lengths;     /* varchar(n) is a limit                                        */
    bool has_index_types;      /* indexes have a type (hash) and a name of their own each time */
    bool has_concurrent_batches; /* batches of a microbatch model may run side by side          */
} Dialect;

/* The adapter of a profile's `type`, or NULL. */
const Dialect *dialect_find(Str type);
/* Row by row, for messages; NULL behind the last. */
const Dialect *dialect_at(uint32_t number);
/* The adapter of this process's project. Set once, by the profile, before threads start. */
void dialect_use(const Dialect *dialect);
const Dialect *dialect_now(void);

/* ---- relations ---- */

typedef struct Relation {
    Object base;               /* type: relation_type                                          */
    Str database, schema, identifier;   /* empty at == NULL: none                              */
    Str type;                  /* "table", "view", "cte", "external", "materialized_view"; none */
    bool shows_database, shows_schema, shows_identifier;      /* include policy                */
    bool quotes_database, quotes_schema, quotes_identifier;   /* quote policy                  */
    Str external;              /* printed instead: read_csv('...') of an external source       */
    Str limit;                 /* "", or what --empty puts behind "select * from x"              */
    Str filter;                /* "", or the condition that cuts it to a window of event time    */
    Value metadata, renameable, replaceable, catalog;
} Relation;

extern ObjectType relation_type; /* its name is the dialect's */

/* All parts shown and quoted, as is dbt's default. Owner: the arena. */
Relation *relation_make(Arena *arena, Str database, Str schema, Str identifier, Str type);
/* "db"."schema"."name": limit and filter are not heeded, as of dbt's render() */
Str relation_render(Arena *arena, const Relation *relation);
Value relation_value(const Relation *relation);
/* The relation behind a value, or NULL. */
Relation *relation_of(Value v);
/* api.Relation, api.Column: objects with create() and so on. */
Value context_api(Arena *arena);

/* ---- columns ---- */

/* dbt's Column object: name, dtype and what follows from it (is_string, numeric_precision,
 * data_type, quoted, string_size(), can_expand_to(), literal(), ...). Owner: the arena. */
Value column_make(Arena *arena, Str name, Str type);
extern ObjectType column_type;
Str column_name(Value column);
Str column_dtype(Value column);
/* The length that a text column needs to hold another's texts; 0: it holds them as it is. */
int64_t column_wanted_size(Value column, Value other);

/* ---- tables: what run_query() gives (agate's interface) ---- */

/* columns  names; types: "Text", "Number", "Integer", "Date", "DateTime", "Boolean" (agate's)
 * cells    row-major, rows x columns; not copied
 * Owner    the arena */
Value table_make(Arena *arena, const Str *names, const Str *types, uint32_t columns,
                 const Value *cells, uint64_t rows);
extern const ObjectType table_type;
uint64_t table_row_count(Value table);
uint32_t table_column_count(Value table);
Str table_column_name(Value table, uint32_t column);
Value table_cell(Value table, uint64_t row, uint32_t column);

#endif
