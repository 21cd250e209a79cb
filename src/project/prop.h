/* prop.h: property files (schema YAML): what they declare and what they say of other nodes.
 * private to project/
 *
 *   files --document_read()--> Document: entries, rendered and checked      (parallel, step 4)
 *           --> Patch maps --> properties_find(), properties_apply()        (step 5)
 *           --> Item list --parallel--> tests, sources, exposures --> nodes (step 6)
 */
#ifndef PROJECT_PROP_H
#define PROJECT_PROP_H

#include "project/load.h"

/* ---- documents ---- */

/* The lists that a property file may hold, in the order in which dbt reads them. */
typedef enum PropKey {
    KEY_MODELS, KEY_SEEDS, KEY_SNAPSHOTS, KEY_SOURCES, KEY_MACROS, KEY_DATA_TESTS, KEY_ANALYSES,
    KEY_EXPOSURES, KEY_FUNCTIONS, KEY_METRICS, KEY_GROUPS, KEY_SEMANTIC_MODELS, KEY_UNIT_TESTS,
    KEY_SAVED_QUERIES, KEY_COUNT,
} PropKey;

/* "models", "seeds", ... */
const char *prop_key_name(PropKey key);

typedef struct Document Document;

/* One element of such a list. */
typedef struct Entry {
    Document *document;
    PropKey key;
    Str name;
    Value raw;               /* the dict as the file has it                                   */
    Value tree;              /* rendered but for descriptions, tests and hooks                */
    Value config;            /* config: with meta, docs, ... moved in; NONE: nothing          */
} Entry;

typedef struct PatchRow {
    NodeKind kind;
    Str file_name;
    Patch *patch;
    bool is_fallback;        /* the latest version in a file without "_v2"                    */
} PatchRow;

struct Document {
    SourceFile *file;
    List(Entry) entries;
    List(PatchRow) patches;
    uint32_t *line_starts;   /* byte offsets                                                  */
    uint32_t line_count;
};

/* Reads one file: checks shapes, renders, makes entries and patches. */
MUST bool document_read(Loader *loader, Worker *worker, Document *document, Err *err);

/* Line and column of a value; line 0 if it was made by rendering. Cost: a binary search. */
Place document_place(const Document *document, Value v);
uint32_t document_line(const Document *document, Value v);

/* Moves an error of rendering that names this file, or no file, to a value of it. Returns false. */
bool document_relocate(const Document *document, Value where, Err *err);

/* dbt's "Invalid models config given in FILE @ models: {...} - REASON", placed at `where`. */
bool entry_fail(const Entry *entry, Value where, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* ---- shapes ---- */

typedef enum FieldType {
    FIELD_TEXT, FIELD_TEXT_OR_NONE, FIELD_BOOL_OR_NONE, FIELD_DICT, FIELD_DICTS, FIELD_TEXTS,
    FIELD_TESTS, FIELD_NAMED, /* a list of dicts with a text `name` */
} FieldType;

typedef struct FieldRule {
    const char *name;
    FieldType type;
    bool is_required;
} FieldRule;

/* Checks the fields of a dict by rules (ended by a NULL name); others may stand there. */
MUST bool fields_check(const Entry *entry, Value dict, const FieldRule *rules, Err *err);

/* The list of tests under `data_tests` or `tests`; UNDEFINED: none. */
MUST bool tests_of(const Entry *entry, Value owner, Value *out, Err *err);

/* ---- the half's state: loader->properties ---- */

/* What one step of properties_load() makes. */
typedef struct Item {
    Entry *entry;
    uint32_t table;          /* of sources: one item a table                                  */
    List(Node *) nodes;      /* sources, exposures, unit tests                                */
    List(Node *) tests;
    Str moved_property, missing_arguments; /* deprecations of its first test that earns one   */
} Item;

typedef struct Properties {
    Document *documents;
    uint32_t document_count;
    Map patches[NODE_KIND_COUNT];   /* "package.file_name" -> Patch                           */
    Map anywhere[NODE_KIND_COUNT];  /* file_name -> PatchRow of the first package that has it */
    Map referable;                  /* "package.name" or "package.name.v2" -> Node            */
    Map quiet;                      /* unique id of a test macro -> itself: says nothing when
                                       it is rendered in the parse phase                      */
    Map overrides;                  /* "package.source" -> Entry                              */
    MacroEntry *where_subquery;     /* the built-in one; NULL: somebody overrides it          */
    bool has_arguments_flag;        /* require_generic_test_arguments_property                */
    _Atomic(bool) has_override_used;
} Properties;

static inline Properties *properties_of(const Loader *loader)
{
    return loader->properties;
}

/* ---- what entries make ---- */

/* prop_docs.c: renders a description as package's docs see it; *blocks: ids of docs blocks, the
 * frozen empty list if none. place: of the text, for messages. */
MUST bool description_render(const Loader *loader, Worker *worker, Str package, Value text,
                             const Document *document, Str *out, Value *blocks, Err *err);

/* prop_columns.c: columns as the manifest has them: name -> dict. columns: list of dicts. */
MUST bool columns_make(const Loader *loader, Worker *worker, const Entry *entry, Str package,
                       const Array *columns, Value *out, Err *err);
/* The columns of a model's version: by include, exclude and its own. */
MUST bool columns_of_version(const Entry *entry, Arena *arena, Value tree, Value version_entry,
                             Array **out, Err *err);
/* tags of a column: its own and its config's, each once. */
void column_tags(Value column, Array *into);
/* A constraint as the manifest has it. */
Value constraint_make(Arena *arena, Value given, bool is_model);
/* Are all types known? Else the first that is not, in *bad. */
bool constraints_valid(Value list, Value *bad);

/* prop_calls.c: "ref('a', v=2)", "source('a', 'b')" of literals; false: something else. */
typedef struct StaticCall {
    bool is_ref;
    RefCall ref;
    SourceCall source;
} StaticCall;
bool static_call_parse(Arena *arena, Str text, StaticCall *out);

/* prop_tests.c: all generic tests of a model, seed, snapshot (version_entry: of one version, else
 * NONE) or source table. */
typedef struct TestTarget {
    const Entry *entry;
    const char *yaml_key;
    Str name;                /* in names of tests: "customers", "src_customers"               */
    Str file_key;            /* "models.customers", "sources.src"                             */
    Value version;           /* NONE: not versioned                                           */
    Node *attached;          /* NULL: unknown, or a source                                    */
    Str source, table;       /* sources                                                       */
    bool quotes_columns;
    const Array *tags;       /* of the source and its table                                   */
} TestTarget;
MUST bool tests_make(const Loader *loader, Worker *worker, const TestTarget *target, Value owner,
                     const Array *columns, Item *item, Err *err);

/* prop_test_names.c: dbt's names of a test from its type ("unique", "source_unique"), the name of
 * what it is about and its arguments (`model` is passed over). */
void test_names_make(Arena *arena, Str type, Str target, Value args, Str *short_name,
                     Str *full_name);
/* The ten digits at the end of a test's id. */
Str test_hash(Arena *arena, Str name, Value test_namespace, Str type, Value kwargs);

/* prop_sources.c */
MUST bool source_make(const Loader *loader, Worker *worker, Item *item, Err *err);
MUST bool source_overrides_index(Loader *loader, Err *err);
/* prop_unit_tests.c: a node for each version of the model that a unit test is about. */
MUST bool unit_test_make(const Loader *loader, Worker *worker, Item *item, Err *err);
/* prop_exposures.c, prop_groups.c, prop_macros.c, prop_snapshots.c */
MUST bool exposure_make(const Loader *loader, Worker *worker, Item *item, Err *err);
/* "ref('a')", "source('a', 'b')", "metric('c')": noted as what the node depends on. */
MUST bool dependency_note(const Loader *loader, Worker *worker, const Entry *entry, Node *node,
                          Value text, Err *err);
MUST bool group_make(Loader *loader, const Entry *entry, Err *err);
MUST bool macro_patch_apply(Loader *loader, const Entry *entry, Err *err);
MUST bool snapshot_make(Loader *loader, const Entry *entry, Err *err);

/* A node declared by a property file: paths, line, id and fqn of the file. */
Node *declared_node(const Loader *loader, Arena *arena, NodeKind kind, const Entry *entry,
                    Str name);

/* Sorted list of distinct texts. */
Value texts_sorted(Arena *arena, Array *texts);

/* text_or_none: a text that is not empty, else NONE. */
static inline Value prop_get(Value dict, const char *key)
{
    Value v = value_get(dict, key);
    return value_is_undefined(v) ? NONE : v;
}

#endif
