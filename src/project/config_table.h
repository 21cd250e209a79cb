/* config_table.h: every config key of dbt: which resources have it, its default, what it may hold,
 * how a second value joins a first. private to project/ */
#ifndef PROJECT_CONFIG_TABLE_H
#define PROJECT_CONFIG_TABLE_H

#include "project/load.h"

typedef enum ConfigMerge { MERGE_CLOBBER, MERGE_APPEND, MERGE_UPDATE, MERGE_GRANTS } ConfigMerge;

typedef enum ConfigType {
    TYPE_ANY, TYPE_BOOL, TYPE_BOOL_OR_NONE, TYPE_TEXT, TYPE_TEXT_OR_NONE, TYPE_INT_OR_NONE,
    TYPE_DICT, TYPE_TEXTS, TYPE_HOOKS, TYPE_DOCS, TYPE_CONTRACT, TYPE_ACCESS, TYPE_ON_OFF,
    TYPE_ON_CHANGE, TYPE_SEVERITY, TYPE_POINTER, TYPE_META_NAMES, TYPE_FRESHNESS,
    TYPE_SOURCE_FRESHNESS,
} ConfigType;

/* How a default is written: by what Python's literal would be. */
typedef enum ConfigDefault {
    DEFAULT_NONE, DEFAULT_TRUE, DEFAULT_ONE, DEFAULT_LIST, DEFAULT_DICT, DEFAULT_TEXT,
    DEFAULT_DOCS, DEFAULT_CONTRACT, DEFAULT_POINTER, DEFAULT_META_NAMES, DEFAULT_FRESHNESS,
    DEFAULT_CACHE, DEFAULT_SNOWFLAKE,
} ConfigDefault;

typedef struct ConfigField {
    Str key;
    ConfigMerge merge;
    ConfigType type;
    ConfigDefault preset;
    Str text;               /* of DEFAULT_TEXT */
} ConfigField;

/* Fields of one kind of resource, in dbt's order. */
typedef struct ConfigClass {
    const char *tree;       /* its key in dbt_project.yml: "models" */
    ConfigField fields[48];
    uint32_t count;
} ConfigClass;

/* The class of a kind; NODE_KIND_COUNT stands for groups. Made once, then read only. */
const ConfigClass *config_class(NodeKind kind);

/* The field of that key, or NULL. */
const ConfigField *config_field(const ConfigClass *class, Str key);

/* A value as the field holds it: texts as lists, hooks as dicts, defaults filled in.
 * Fails with dbt's words ("at path ['enabled']: 'x' is not of type 'boolean'"). */
MUST bool config_normalize(Arena *arena, const ConfigField *field, Value value, Value *out,
                           Err *err);

/* The default of a field. Owner: the arena. */
Value config_default(Arena *arena, const ConfigField *field);

#endif
