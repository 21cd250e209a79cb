/* project.h: a dbt project as it lies on disk, read into nodes.
 *
 * project_load() reads dbt_project.yml, profiles.yml, packages, macros, models, seeds, tests,
 * snapshots, analyses, docs and properties; renders every model in the parse phase; and gives a
 * Project whose names are not yet resolved to nodes (graph/ does that). It never opens an engine.
 *
 *   files --parallel--> YAML trees, templates --> macros --> nodes + configs --> patches, tests
 */
#ifndef PROJECT_PROJECT_H
#define PROJECT_PROJECT_H

#include "context/context.h"

typedef enum NodeKind {
    NODE_MODEL, NODE_ANALYSIS, NODE_TEST, NODE_SNAPSHOT, NODE_OPERATION, NODE_SEED,
    NODE_SQL_OPERATION, NODE_SOURCE, NODE_EXPOSURE, NODE_METRIC, NODE_SAVED_QUERY,
    NODE_SEMANTIC_MODEL, NODE_UNIT_TEST, NODE_FUNCTION,
    NODE_INGEST, NODE_PUBLISH,   /* weir's own: no part of dbt's manifest */
    NODE_KIND_COUNT,
} NodeKind;

/* "model", "test", "sql_operation", ...: dbt's resource_type. */
const char *node_kind_name(NodeKind kind);
/* True and *out set if it is one. Plural forms are no kinds. */
bool node_kind_find(Str name, NodeKind *out);

typedef struct RefCall {
    Str name, package;     /* package empty: not given              */
    Value version;         /* NONE, int, float or text              */
    Place place;           /* of the call, for messages             */
} RefCall;

typedef struct SourceCall {
    Str source, table;
    Place place;
} SourceCall;

typedef struct Node Node;

/* What compiling a node gives; set once, by the thread that compiled it. */
typedef struct Compiled {
    Str code, path;              /* SQL; "target/compiled/..."                                  */
    Str bare;                    /* the SQL before CTEs of ephemeral parents were put in front   */
    Value extra_ctes;            /* list of {id, sql}                                           */
    Str build_path;
} Compiled;

/* A place that rows come from or go to: an entry of `connections:`. Not rendered: see Declared. */
typedef struct Connection {
    Str name;
    Value config;                /* dict as in the file                                         */
    Str file, source;            /* of the declaration, for value_place()                       */
} Connection;

/* The step of a resource of `type: drop` that a node stands for. */
typedef enum DeclaredStage {
    STAGE_NONE,                  /* no drop                                                     */
    STAGE_SET_DATE, STAGE_WAIT, STAGE_EXTRACT,
    STAGE_MERGE,                 /* of one table                                                */
    STAGE_SUMMARY, STAGE_CHECK,
} DeclaredStage;

/* What an ingest or publish node was declared to do. Values hold Jinja still: they are rendered
 * when the node runs, so that reading a project needs no secret. */
typedef struct Declared {
    Value tree;                  /* the resource or publication as in the file                  */
    const Connection *connection; /* NULL: none                                                 */
    Str table;                   /* one of `tables`; empty: there is no `tables`. Drops: of a
                                    merge                                                       */
    Value entry;                 /* what its entry in `tables` says besides; UNDEFINED: nothing */
    Node *fills;                 /* ingest: the source; drops: of a merge; of the summary, if
                                    its table is declared                                       */
    Str parent_name;
    Node *parent;                /* ingest: the resource whose rows it asks about; or NULL      */
    Str file, source;            /* of the declaration                                          */
    DeclaredStage stage;
    Str drop;                    /* drops: the resource's name                                  */
    bool is_shared;              /* drops, of a merge: other drops fill the same table          */
    Node *after;                 /* drops: the stage before; NULL: none, or the merges          */
    /* drops, on each of the nodes: all merges, in the order of the tables */
    List(Node *) merges;
} Declared;

/* A model, seed, test, source, exposure, ... Frozen once the graph is resolved, but for
 * `compiled`. Texts and values live in the project's arenas. */
struct Node {
    NodeKind kind;
    uint32_t index;              /* in project->nodes                                           */
    Str unique_id, name, package;
    Str path;                    /* below its resource path: "staging/a.sql"                    */
    Str original_file_path;      /* below its package: "models/staging/a.sql"                   */
    Str file;                    /* as shown in messages: with the package's folder             */
    Str raw_code, language;      /* semantic layer: raw_code is its whole file, for places       */
    Value fqn;                   /* list of texts                                               */
    Str database, schema, alias; /* alias: identifier of sources                                */
    Str relation_name;           /* rendered; empty: none (tests, ephemeral models)             */
    bool quotes_database, quotes_schema, quotes_identifier; /* the project's and own quoting    */
    Str checksum_name, checksum;
    Value config;                /* dict: every key of dbt's, resolved, in dbt's order          */
    Value unrendered_config, config_call_dict, unrendered_config_call_dict;
    Value tags, meta, docs, columns, constraints, contract;
    Str description, patch_path, group, access;
    Value version, latest_version, deprecation_date, doc_blocks, primary_key;
    List(RefCall) refs;
    List(SourceCall) sources;
    Value metrics, functions;    /* lists of lists                                              */
    List(MacroEntry *) macros;   /* depends_on.macros, in order of first call                   */
    List(Node *) parents;        /* depends_on.nodes, in order; filled by graph_resolve()       */
    List(Node *) ref_nodes, source_nodes; /* node of refs[i] / sources[i]; NULL if unresolved    */
    /* tests */
    Value test_metadata;         /* {name, kwargs, namespace}; NONE: singular or no test        */
    Str column_name, file_key_name;
    Node *attached;              /* node that a generic test is about                           */
    MacroEntry *test_macro;
    /* hooks: operations; index of on-run-start-N */
    int64_t hook_index;
    /* sources, exposures, metrics, unit tests ...: the rest of their manifest entry, in order   */
    Value extra;
    Declared *declared;          /* ingest and publish nodes; else NULL                          */
    Str source_name;             /* sources                                                     */
    bool is_enabled;
    /* config says none where a folder says something: shown is the folder's, named is without */
    bool unsets_database, unsets_schema, unsets_alias;
    int64_t created_at_us;
    Template *template;          /* of raw_code; NULL: not needed so far: node_template()       */
    Value template_context;      /* generic tests: names their body sees (column_name, ...)     */
    Compiled *compiled;
    uint32_t line;               /* of its declaration, for messages                            */
};

/* A package: the root project or an installed one. */
typedef struct Package {
    Str name, root;              /* root: absolute folder                                       */
    Str version;
    bool is_root;
    Value config;                /* dbt_project.yml, rendered                                   */
    Value unrendered;            /* the same as it stands in the file                           */
    Str config_text, config_file;
    Value vars;                  /* its own vars: dict                                          */
    Value model_paths, seed_paths, test_paths, snapshot_paths, analysis_paths, macro_paths,
        docs_paths, asset_paths, function_paths;
    Value source_paths;          /* all of them but docs and assets, without doubles            */
    Str packages_path, target_path;
} Package;

typedef struct Adapter Adapter;  /* a row of profile_adapter.c                                  */

typedef struct Profile {
    Str name, target;            /* "jaffle_shop", "dev"                                        */
    Str type;                    /* "duckdb"                                                    */
    const Adapter *adapter;
    Value credentials;           /* the output's dict, rendered, with secrets                   */
    Value shown;                 /* what templates see as `target`: no secrets                  */
    Str database, schema;
    int64_t threads;
    Str file;
} Profile;

/* Gives an error of the connection the place of the key in profiles.yml that it names, else of the
 * output. No line of the file is shown: it may hold a password. Cost: reads the file. */
void profile_locate(const Profile *profile, Err *err);

typedef struct Doc {
    Str unique_id, name, package, path, original_file_path, contents;
} Doc;

typedef struct Group {
    Str unique_id, name, package, path, original_file_path, description;
    Value owner, config;
} Group;

typedef struct Project {
    Arena *arena;
    const Invocation *invocation;
    List(Package *) packages;    /* root first, then by name                                    */
    Profile profile;
    Library *library;
    List(Node *) nodes;          /* enabled ones, in dbt's order of parsing                     */
    List(Node *) disabled;
    List(Doc *) docs;
    List(Group *) groups;
    Map by_id;                   /* unique_id -> Node *, enabled                                */
    Map connections;             /* name -> Connection                                          */
    Value state_config;          /* `state:` of an ingest file, or UNDEFINED; file it stands in */
    Str state_file, state_source;
    Value selectors;             /* selectors.yml as a dict name -> definition, or NONE         */
    Str project_dir, target_path; /* absolute folder; target folder as given                    */
    Value flags;                 /* flags: of dbt_project.yml                                   */
    uint32_t warning_count;
    struct Loader *loader;       /* private to project/: for nodes made later                    */
} Project;

/* ---- what declarations may say (declare.def) ---- */

/* Checks an object ("auth", "paginator", "resource", ...) that was rendered meanwhile.
 * Fails ERR_PARSING with the place, the line, and the nearest key or word. */
MUST bool declare_check_object(const char *object, Value tree, Str file, Str source, Err *err);
/* "mysql" for mariadb, "http" for https ...: the type whose keys a connection has, or NULL. */
const char *connection_type(Str type);
/* "1h30m", "15m", "10s", "500ms", "7d", a number (seconds) -> microseconds. */
bool duration_read(Value v, int64_t *us);
/* "256MB", "64KiB", "1GB", a number -> bytes. */
bool bytes_read(Value v, uint64_t *bytes);
/* A context for values of declarations: var, env_var, target and dbt's other names; `extra` (a
 * dict) adds names: cursor, page, run_date ... Secrets that env_var gives are made known.
 * Owner: the arena. */
Context *declare_context(const Project *project, Arena *arena, Str package, Dict *extra);
/* Renders all texts of a tree; lists and dicts are made anew. Fails with the place in the file, not
 * in the template. Owner: the context's arena. */
MUST bool declare_render(Context *context, Value tree, Str file, Str source, Value *out, Err *err);

/* How the command line asks for it. */
typedef struct ProjectOptions {
    Str project_dir, profiles_dir, profile, target, target_path, packages_path;
    int64_t threads;             /* 0: the profile's                                            */
    bool needs_profile;          /* false for deps, clean                                       */
    unsigned workers;            /* 0: one a core                                               */
} ProjectOptions;

/* Reads everything.
 * Fails  with dbt's kind and message, better located: ERR_RUNTIME (project, profile), ERR_PARSING
 *        (YAML), ERR_COMPILATION (Jinja, duplicates)
 * Cost   about 40 us a model on a core, everything in the arena
 */
MUST bool project_load(const Invocation *invocation, const ProjectOptions *options, Arena *arena,
                       Project **out, Err *err);

/* Only dbt_project.yml (and profiles.yml when asked): for deps, clean, debug. */
MUST bool project_load_config(const Invocation *invocation, const ProjectOptions *options,
                              Arena *arena, Project **out, Err *err);

/* var() for nodes of a package: command line, then root's vars for the package, root's own, the
 * package's own. NULL: not set. */
const Value *project_var(const Project *project, Str package, Str name);

/* The node as dbt's manifest shows it, every field in dbt's order. New dicts in `arena`; deep
 * values are shared and frozen. The same for sources, exposures and the rest. */
Value node_value(const Node *node, Arena *arena);
Value macro_entry_value(const MacroEntry *entry, Arena *arena);
Value doc_value(const Doc *doc, Arena *arena);
Value group_value(const Group *group, Arena *arena);

/* The compiled template of raw_code; the node's own if it has one (a model of literal refs and
 * configs is read without), else one made in `arena`. Lines are those of the file. */
MUST bool node_template(const Node *node, Arena *arena, Template **out, Err *err);

/* config[key], UNDEFINED if absent. */
Value node_config(const Node *node, const char *key);
/* config.materialized: "view", "table", ...; "test" and "seed" for those. */
Str node_materialized(const Node *node);
bool node_is_ephemeral(const Node *node);
/* Ingest and publish: dbt does not know them. */
bool kind_is_own(NodeKind kind);
/* "model a (models/a.sql)": how messages name it. */
Str node_label(const Node *node, Arena *arena);
/* Is it built in batches of event time? Not where the project has its own macro for the strategy
 * and flags say that it is to run once. */
bool node_is_microbatch(const Project *project, const Node *node);
/* Microbatch models that read nothing with an event_time: a warning each. After the graph is
 * resolved. Fails ERR_PARSING: an event_time that is no text. */
MUST bool project_check_inputs(const Project *project, Err *err);
/* A relation object of the node: {{ this }} of it. */
Relation *node_relation(const Node *node, Arena *arena);

/* A node made on the way: --inline SQL (kind NODE_SQL_OPERATION), hooks. Parsed like a model.
 * Its refs are resolved by graph_resolve_node(). */
MUST bool project_add_inline(Project *project, Str name, Str sql, Node **out, Err *err);

/* ---- packages_file.c: which packages a project asks for ---- */

/* packages.yml, or dependencies.yml where that has `packages`. */
typedef struct PackagesFile {
    const char *name;            /* "packages.yml"; the one that messages name                    */
    Str file, source;            /* for value_place(); empty: there is none                       */
    Value packages;              /* list of dicts, rendered; empty list: none                     */
    Value unrendered;            /* the same entries as they stand there                          */
    bool has_projects;           /* dependencies.yml names projects of others                     */
} PackagesFile;

/* Reads, renders (env_var with secrets, var of the command line) and checks the entries.
 * folder   of the project or package; label: put before names of files in messages
 * Owner    the arena
 * Fails    ERR_RUNTIME with dbt's words: both files have `packages`, an entry that is none of
 *          local, git, tarball, package, private, a key that it does not take */
MUST bool packages_file_read(Arena *arena, const Invocation *invocation, Str folder, Str label,
                             PackagesFile *out, Err *err);
/* The same for a tree that was read from elsewhere (package-lock.yml, an answer of the registry):
 * `packages` is the list; nothing is rendered when invocation is NULL. */
MUST bool packages_check(Arena *arena, const Invocation *invocation, Value packages,
                         PackagesFile *file, Err *err);

#endif
