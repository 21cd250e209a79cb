/* load.h: the state of one project_load(), shared by its two halves. private to project/
 *
 *   core        project_config, profile, packages, discover, macros, nodes, parse_phase,
 *               config_build, names, node_value
 *   properties  prop_*.c: what property files say: patches, sources, exposures, groups, generic
 *               tests, unit tests, YAML snapshots
 *
 * Order of work (load.c):
 *   1 config, profile, packages            2 discover + read + parse all files       (parallel)
 *   3 macros -> library frozen; docs       4 properties_index(): names -> Patch
 *   5 nodes of files, each with its Patch  (parallel; properties_apply() is called there)
 *   6 properties_load(): what the documents declare themselves (may use loader_parallel())
 *   7 hooks, checks for doubles, order
 *
 * Threads: what steps 1-4 made is only read in step 5 and 6. In a parallel step a piece of work
 * uses the arena of its worker (loader->workers[w].arena) and nothing else that is mutable.
 */
#ifndef PROJECT_LOAD_H
#define PROJECT_LOAD_H

#include "base/event.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/yaml.h"
#include "project/project.h"

/* ---- files ---- */

/* What a file is read for; in the order in which dbt parses them. */
typedef enum FileUse {
    USE_MACRO, USE_GENERIC_TEST, /* macros; tests/generic                            */
    USE_MODEL, USE_SNAPSHOT, USE_ANALYSIS, USE_TEST, USE_SEED, USE_FUNCTION,
    USE_DOC, USE_FIXTURE, USE_PROPERTIES,
    USE_DECLARATION,             /* ingest/ and publish/                             */
    USE_COUNT,
} FileUse;

typedef struct SourceFile {
    Package *package;
    FileUse use;
    Str path;                    /* below its resource path: "staging/a.sql"                     */
    Str original_file_path;      /* below its package: "models/staging/a.sql"                    */
    Str file;                    /* as messages show it                                          */
    Str disk;                    /* where to open it                                             */
    Str text;                    /* NULL at: not read (seeds)                                    */
    uint32_t first_line;         /* of `text` in the file: blank lines before it are left out     */
    Str checksum;                /* sha256 of the stripped text, hex                             */
    uint64_t size_bytes;
    Template *template;          /* SQL of models, tests, analyses; NULL: others                 */
    YamlDoc doc;                 /* USE_PROPERTIES                                               */
    uint32_t order;              /* place in loader->files                                       */
    bool takes_no_patch;         /* what is described is a twin of its node                      */
} SourceFile;

/* ---- what a property file says of one node ---- */

/* Made by properties_index(), read by the core when it builds the node. */
typedef struct Patch {
    SourceFile *doc;             /* the property file                                            */
    Value target;                /* the entry: a dict as YAML has it                             */
    Value config;                /* `config:` (and tags: meta: ... outside it, as dbt moves them),
                                    rendered; NONE: nothing                                      */
    Value unrendered_config;     /* the same before rendering; NONE                              */
    Str name;                    /* of the node: for versions the model's name without "_v2"     */
    Value version;               /* NONE: not versioned                                          */
    Value version_entry;         /* the entry of `versions:`                                     */
    Value latest_version;
    _Atomic(bool) is_used;       /* a node took it                                               */
    bool is_released;            /* its own node is switched off: it goes to another package's
                                    of that name                                                 */
} Patch;

/* ---- the loader ---- */

typedef struct Warning {
    uint32_t order;              /* warnings are said in this order, then as they came           */
    const char *name, *code;     /* dbt's event                                                  */
    Str message;
} Warning;

typedef struct Worker {
    Arena *arena;                /* lives as long as the project                                 */
    Arena scratch;               /* may be reset between two pieces of work                      */
    List(Warning) warnings;
    Dict *config_bases;          /* config_build.c: bases by kind, package and folder            */
    Dict *names_seen;            /* names.c: results of generate_*_name calls                    */
    Dict *column_shape;          /* prop_columns.c: a column without anything                    */
} Worker;

typedef struct Loader Loader;

struct Loader {
    Project *project;
    Arena *arena;                /* the project's; main thread only                              */
    const Invocation *invocation;
    const ProjectOptions *options;
    unsigned worker_count;
    Worker *workers;
    List(SourceFile *) files;    /* by package, use, path                                        */
    uint32_t use_start[USE_COUNT + 1]; /* files are grouped by use first: [start[u], start[u+1]) */
    Map docs;                    /* "package.name" -> Doc *                                      */
    void *properties;            /* state of the properties half                                 */
    bool has_default_names[3];   /* generate_database/schema/alias_name are the built-in ones
                                    everywhere: computed without calling a macro                 */
    Str default_database, default_schema;
    Value adapter;               /* the parse-phase adapter object                               */
    Value target;                /* what templates see as `target`                               */
    Value empty_list, empty_dict, default_docs, default_contract; /* frozen, shared              */
    Dict *parse_names;           /* parse_phase.c: ref, source, config, ... as functions         */
    bool can_parse_static;       /* nobody overrides ref, source, config                         */
    int64_t now_us;              /* created_at of everything                                     */
    bool has_corrected_analysis; /* flag require_corrected_analysis_fqns                         */
    bool has_rendered_raw;       /* flag state_modified_compare_more_unrendered_values is off    */
};

/* ---- helpers of load.c ---- */

/* Runs work(loader, worker, i, user, err) for all i side by side. Of several failures the one
 * with the lowest i is kept, whatever the thread count. */
typedef bool (*LoaderWork)(Loader *loader, Worker *worker, uint32_t i, void *user, Err *err);
MUST bool loader_parallel(Loader *loader, uint32_t count, uint32_t chunk, LoaderWork work,
                          void *user, Err *err);

/* Keeps a warning for the end of the load. `order`: e.g. SourceFile.order. Any thread. */
void loader_warn(Worker *worker, uint32_t order, const char *name, const char *code,
                 const char *format, ...) PRINTF_LIKE(5, 6);

/* discover.c: text without white space at both ends, as Python's strip(). */
Str python_strip(Str text);

/* discover.c: dbt's checksum of a file: sha256 of its words with one blank between them. */
Str checksum_of(Arena *arena, Arena *scratch, Str text);

/* The package by name, or NULL. */
Package *loader_package(const Loader *loader, Str name);

/* Files of one use: *count of them, from the given pointer. */
SourceFile **loader_files(const Loader *loader, FileUse use, uint32_t *count);

/* doc('name') / doc('package', 'name') as a node of `package` sees it, or NULL. */
Doc *loader_find_doc(const Loader *loader, Str package, Str doc_package, Str name);

/* ---- profile_adapter.c: outputs of profiles.yml by the type of their adapter ---- */

/* The adapter of a `type`, or NULL. */
const Adapter *adapter_find(Str type);
/* Checks an output and completes it: aliases, types, required keys, defaults. Fails ERR_RUNTIME. */
MUST bool adapter_finish(Loader *loader, const Adapter *adapter, Dict *credentials, Err *err);
/* Puts what templates see of it, no secrets, into `shown`. */
void adapter_show(Loader *loader, const Adapter *adapter, Dict *credentials, Dict *shown);

/* ---- rendering YAML ---- */

/* var.c: var() and env_var() of property files; owner of the context: the Loader. */
extern const Phase phase_yaml;
/* The same with rendering of vars that are templates: for any context whose owner is found by
 * `loader`. */
MUST bool loader_var(const Loader *loader, Context *context, Str name, Value *out, bool *is_found,
                     Err *err);

/* A context for values of property files (dbt's schema YAML context): var, env_var, target, ...
 * Lives in `arena`. */
Context *loader_yaml_context(const Loader *loader, Arena *arena, const Package *package);

/* Renders every text of a tree natively in that context. Trees without any tag come back as they
 * are, uncopied. source: of the file, for places. */
MUST bool loader_render_tree(const Loader *loader, Arena *arena, const Package *package, Value tree,
                             Str file, Str source, Value *out, Err *err);

/* Does any text in the tree hold a Jinja tag? */
bool value_has_tags(Value tree);

/* ---- nodes ---- */

/* A node with every field at dbt's default: kind, package, paths, language sql, empty lists.
 * unique_id, fqn are set by the caller or node_place(). created_at_us is now. Owner: the arena. */
Node *node_new(const Loader *loader, Arena *arena, NodeKind kind, const SourceFile *file, Str name);

/* fqn as dbt makes it: package, folders of `path` (below its resource path), name. */
Value node_fqn(Arena *arena, Str package, Str path, Str name);

/* "model.package.name". */
Str node_unique_id(Arena *arena, NodeKind kind, Str package, Str name);

/* ---- parse_phase.c: rendering a node's text in the parse phase ---- */

/* What rendering noted beside refs, sources and macros, which it adds to the node. */
typedef struct ParseNotes {
    Dict *calls;                 /* merged config() calls; NULL: none                            */
    Dict *unrendered_calls;      /* the same as source text; NULL: none                          */
    bool is_static;              /* read by parse_static()                                       */
} ParseNotes;

/* Renders `template` for the node: node->refs, sources, metrics, macros grow; config() calls are
 * merged into notes. extra: names this text sees besides (NULL: none). */
MUST bool parse_render(const Loader *loader, Worker *worker, Node *node, const Template *template,
                       Dict *extra, ParseNotes *notes, Err *err);

/* Makes the names that the parse phase offers. */
void parse_phase_init(Loader *loader);

/* parse_adapter.c: the adapter object of the parse phase: what would ask the engine gives none. */
Value parse_adapter_make(Arena *arena);

/* parse_static.c: reads a text whose only tags are ref(), source() and config() of literals, as
 * dbt's own static parser does, without compiling it. False: it needs the template. */
bool parse_static(const Loader *loader, Worker *worker, Node *node, Str source, ParseNotes *notes);

/* parse_python.c: reads a Python model's refs, sources and configs. */
MUST bool parse_python(Worker *worker, const SourceFile *file, Node *node, ParseNotes *notes,
                       Err *err);

/* unrendered.c: the arguments of the first config() call as source text; NULL: none. */
Dict *unrendered_config_call(Arena *arena, Str source);

/* Adds without doubles. */
void node_add_macro(Arena *arena, Node *node, MacroEntry *entry);

/* ---- config_build.c ---- */

typedef struct ConfigInput {
    Dict *calls, *unrendered_calls;        /* of config() in the file; NULL: none                */
    Value patch, unrendered_patch;         /* of the property file; NONE                         */
    bool is_static;                        /* calls come from parse_static()                     */
} ConfigInput;

/* Builds node->config from dbt_project.yml (by fqn), patch, calls, the root's overrides; sets
 * node->unrendered_config, config_call_dict, unrendered_config_call_dict, tags, meta, docs, group,
 * access, contract, is_enabled. node: kind, package, fqn are set; node->tags may hold tags already
 * (of columns: tests). The dicts of nodes without own config are shared and frozen: copy before
 * changing (config_own()).
 * Fails  ERR_PARSING / ERR_COMPILATION with dbt's message for values that do not fit */
MUST bool config_build(const Loader *loader, Worker *worker, Node *node, const ConfigInput *input,
                       Err *err);

/* The same without a node: for groups (kind NODE_KIND_COUNT) and whatever is no Node. */
MUST bool config_compute(const Loader *loader, Worker *worker, NodeKind kind, Str package,
                         Value fqn, const ConfigInput *input, Value *config, Value *unrendered,
                         Err *err);

/* node->config as a dict that may be changed. */
Dict *config_own(Arena *arena, Node *node);

/* dbt's two ways of merging `value` into dict[key]: for config() calls. */
MUST bool config_merge_call(Arena *arena, Dict *into, Str key, Value value, Err *err);

/* Renders config.pre-hook and post-hook for refs, sources, macros. Models, seeds, snapshots. */
MUST bool config_render_hooks(const Loader *loader, Worker *worker, Node *node, Err *err);

/* ---- names.c ---- */

/* After the library is frozen: looks which names can be made without calling a macro. */
void names_init(Loader *loader);

/* node->database, schema, alias, relation_name, from config and the generate_*_name macros. */
MUST bool node_finish_names(const Loader *loader, Worker *worker, Node *node, Err *err);

/* "db"."schema"."alias" by node->quotes_*. */
Str node_relation_name(Arena *arena, const Node *node);

/* ---- adding to the project: main thread, in the order of the manifest ---- */

/* To project->nodes or ->disabled by is_enabled. Doubles are found in step 7. */
void loader_add_node(Loader *loader, Node *node);

/* ---- the properties half (prop_*.c) ---- */

/* Step 4. Checks the documents (version, known top-level keys, lists) and builds the maps of
 * patches: models, seeds, snapshots, analyses, singular tests, functions. Main thread. */
MUST bool properties_index(Loader *loader, Err *err);

/* Step 5, any thread: the patch of a node by kind, package and the name of its file (a versioned
 * model's file is "name_v2" or defined_in). NULL: none. Marks it used. */
Patch *properties_find(const Loader *loader, NodeKind kind, const Package *package, Str file_name);

/* Step 5, any thread: description, columns, docs, constraints, patch_path, deprecation_date,
 * doc_blocks, version, latest_version, access, ... of the node; called after config_build(), before
 * node_finish_names(). Renames versioned nodes are done by the core: patch->name, ->version. */
MUST bool properties_apply(const Loader *loader, Worker *worker, Node *node, const Patch *patch,
                           Err *err);

/* Step 6: sources, exposures, groups, generic tests, unit tests, YAML snapshots, macro patches;
 * warnings about patches of nothing. */
MUST bool properties_load(Loader *loader, Err *err);

/* ---- the core's steps ---- */

MUST bool config_load(Loader *loader, Err *err);        /* project_config.c: root + packages     */
MUST bool profile_load(Loader *loader, Str name, Err *err); /* profile.c                         */
Value profile_unset_target(Loader *loader);                 /* `target` of a command without one */
MUST bool packages_load(Loader *loader, Err *err);      /* packages.c                            */
MUST bool discover_files(Loader *loader, Err *err);     /* discover.c: step 2                    */
MUST bool macros_load(Loader *loader, Err *err);        /* macros.c: step 3                      */
MUST bool docs_load(Loader *loader, Err *err);          /* docs.c                                */
MUST bool nodes_load(Loader *loader, Err *err);         /* nodes.c: step 5                       */
MUST bool checks_run(Loader *loader, Err *err);         /* checks.c: step 7                      */
MUST bool check_freshness(const Loader *loader, Err *err); /* check_freshness.c: too        */
MUST bool check_microbatch(Loader *loader, Err *err);   /* check_microbatch.c: called by it      */

/* project_config.c: a YAML file of the project's own folder; out->root is NONE where there is none.
 * Fails ERR_RUNTIME for what is no YAML, as dbt. */
MUST bool loader_read_yaml(Loader *loader, Str folder, const char *name, YamlDoc *out, Err *err);

/* project_config.c: one dbt_project.yml -> Package. */
MUST bool package_read(Loader *loader, Str folder, bool is_root, Package **out, Err *err);

#endif
