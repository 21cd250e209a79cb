/* config_table.c: the table of config keys, and what each may hold. */
#include "project/config_table.h"

#include "base/json.h"

/* ---- the table ---- */

typedef enum RowGroup {
    IN_ALL, IN_NODE, IN_TEST, IN_MODEL, IN_SEED, IN_SNAPSHOT, IN_FUNCTION
} RowGroup;

typedef struct Row {
    RowGroup group;
    const char *key;
    ConfigMerge merge;
    ConfigType type;
    ConfigDefault preset;
    const char *text;
} Row;

static const Row rows[] = {
    {IN_ALL, "enabled", MERGE_CLOBBER, TYPE_BOOL, DEFAULT_TRUE, NULL},
    {IN_ALL, "alias", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "schema", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "database", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "tags", MERGE_APPEND, TYPE_TEXTS, DEFAULT_LIST, NULL},
    {IN_ALL, "meta", MERGE_UPDATE, TYPE_DICT, DEFAULT_DICT, NULL},
    {IN_ALL, "group", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "static_analysis", MERGE_CLOBBER, TYPE_ON_OFF, DEFAULT_NONE, NULL},
    {IN_NODE, "materialized", MERGE_CLOBBER, TYPE_TEXT, DEFAULT_TEXT, "view"},
    {IN_NODE, "incremental_strategy", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_NODE, "batch_size", MERGE_CLOBBER, TYPE_ANY, DEFAULT_NONE, NULL},
    {IN_NODE, "lookback", MERGE_CLOBBER, TYPE_ANY, DEFAULT_ONE, NULL},
    {IN_NODE, "begin", MERGE_CLOBBER, TYPE_ANY, DEFAULT_NONE, NULL},
    {IN_NODE, "persist_docs", MERGE_CLOBBER, TYPE_DICT, DEFAULT_DICT, NULL},
    {IN_NODE, "post-hook", MERGE_APPEND, TYPE_HOOKS, DEFAULT_LIST, NULL},
    {IN_NODE, "pre-hook", MERGE_APPEND, TYPE_HOOKS, DEFAULT_LIST, NULL},
    {IN_NODE, "quoting", MERGE_UPDATE, TYPE_DICT, DEFAULT_DICT, NULL},
    {IN_NODE, "column_types", MERGE_UPDATE, TYPE_DICT, DEFAULT_DICT, NULL},
    {IN_NODE, "full_refresh", MERGE_CLOBBER, TYPE_BOOL_OR_NONE, DEFAULT_NONE, NULL},
    {IN_NODE, "unique_key", MERGE_CLOBBER, TYPE_ANY, DEFAULT_NONE, NULL},
    {IN_NODE, "on_schema_change", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_TEXT, "ignore"},
    {IN_NODE, "on_configuration_change", MERGE_CLOBBER, TYPE_ON_CHANGE, DEFAULT_TEXT, "apply"},
    {IN_NODE, "grants", MERGE_GRANTS, TYPE_DICT, DEFAULT_DICT, NULL},
    {IN_NODE, "packages", MERGE_APPEND, TYPE_TEXTS, DEFAULT_LIST, NULL},
    {IN_NODE, "docs", MERGE_UPDATE, TYPE_DOCS, DEFAULT_DOCS, NULL},
    {IN_NODE, "contract", MERGE_UPDATE, TYPE_CONTRACT, DEFAULT_CONTRACT, NULL},
    {IN_NODE, "event_time", MERGE_CLOBBER, TYPE_ANY, DEFAULT_NONE, NULL},
    {IN_NODE, "concurrent_batches", MERGE_CLOBBER, TYPE_ANY, DEFAULT_NONE, NULL},
    {IN_TEST, "materialized", MERGE_CLOBBER, TYPE_TEXT, DEFAULT_TEXT, "test"},
    {IN_TEST, "severity", MERGE_CLOBBER, TYPE_SEVERITY, DEFAULT_TEXT, "ERROR"},
    {IN_TEST, "store_failures", MERGE_CLOBBER, TYPE_BOOL_OR_NONE, DEFAULT_NONE, NULL},
    {IN_TEST, "store_failures_as", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_TEST, "sql_header", MERGE_CLOBBER, TYPE_ANY, DEFAULT_NONE, NULL},
    {IN_TEST, "where", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_TEST, "limit", MERGE_CLOBBER, TYPE_INT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_TEST, "fail_calc", MERGE_CLOBBER, TYPE_TEXT, DEFAULT_TEXT, "count(*)"},
    {IN_TEST, "warn_if", MERGE_CLOBBER, TYPE_TEXT, DEFAULT_TEXT, "!= 0"},
    {IN_TEST, "error_if", MERGE_CLOBBER, TYPE_TEXT, DEFAULT_TEXT, "!= 0"},
    {IN_MODEL, "access", MERGE_CLOBBER, TYPE_ACCESS, DEFAULT_TEXT, "protected"},
    {IN_MODEL, "freshness", MERGE_CLOBBER, TYPE_FRESHNESS, DEFAULT_NONE, NULL},
    {IN_MODEL, "on_error", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_MODEL, "latest_version_pointer", MERGE_UPDATE, TYPE_POINTER, DEFAULT_POINTER, NULL},
    {IN_SEED, "delimiter", MERGE_CLOBBER, TYPE_TEXT, DEFAULT_TEXT, ","},
    {IN_SEED, "quote_columns", MERGE_CLOBBER, TYPE_BOOL_OR_NONE, DEFAULT_NONE, NULL},
    {IN_SNAPSHOT, "strategy", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_SNAPSHOT, "target_schema", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_SNAPSHOT, "target_database", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_SNAPSHOT, "updated_at", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_SNAPSHOT, "check_cols", MERGE_CLOBBER, TYPE_ANY, DEFAULT_NONE, NULL},
    {IN_SNAPSHOT, "snapshot_meta_column_names", MERGE_CLOBBER, TYPE_META_NAMES, DEFAULT_META_NAMES,
     NULL},
    {IN_SNAPSHOT, "dbt_valid_to_current", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_FUNCTION, "type", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_TEXT, "scalar"},
    {IN_FUNCTION, "volatility", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_FUNCTION, "runtime_version", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_FUNCTION, "entry_point", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_FUNCTION, "snowflake", MERGE_CLOBBER, TYPE_DICT, DEFAULT_SNOWFLAKE, NULL},
};

/* Kinds whose keys are not those of nodes. */
static const Row source_rows[] = {
    {IN_ALL, "enabled", MERGE_CLOBBER, TYPE_BOOL, DEFAULT_TRUE, NULL},
    {IN_ALL, "event_time", MERGE_CLOBBER, TYPE_ANY, DEFAULT_NONE, NULL},
    {IN_ALL, "freshness", MERGE_CLOBBER, TYPE_SOURCE_FRESHNESS, DEFAULT_FRESHNESS, NULL},
    {IN_ALL, "loaded_at_field", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "loaded_at_query", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "meta", MERGE_UPDATE, TYPE_DICT, DEFAULT_DICT, NULL},
    {IN_ALL, "tags", MERGE_CLOBBER, TYPE_TEXTS, DEFAULT_LIST, NULL},
    {IN_ALL, "static_analysis", MERGE_CLOBBER, TYPE_ON_OFF, DEFAULT_NONE, NULL},
};
static const Row exposure_rows[] = {
    {IN_ALL, "enabled", MERGE_CLOBBER, TYPE_BOOL, DEFAULT_TRUE, NULL},
    {IN_ALL, "tags", MERGE_CLOBBER, TYPE_TEXTS, DEFAULT_LIST, NULL},
    {IN_ALL, "meta", MERGE_CLOBBER, TYPE_DICT, DEFAULT_DICT, NULL},
};
static const Row metric_rows[] = {
    {IN_ALL, "enabled", MERGE_CLOBBER, TYPE_BOOL, DEFAULT_TRUE, NULL},
    {IN_ALL, "group", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "meta", MERGE_UPDATE, TYPE_DICT, DEFAULT_DICT, NULL},
};
static const Row saved_query_rows[] = {
    {IN_ALL, "enabled", MERGE_CLOBBER, TYPE_BOOL, DEFAULT_TRUE, NULL},
    {IN_ALL, "group", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "meta", MERGE_UPDATE, TYPE_DICT, DEFAULT_DICT, NULL},
    {IN_ALL, "export_as", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "schema", MERGE_CLOBBER, TYPE_TEXT_OR_NONE, DEFAULT_NONE, NULL},
    {IN_ALL, "cache", MERGE_CLOBBER, TYPE_DICT, DEFAULT_CACHE, NULL},
};
static const Row unit_test_rows[] = {
    {IN_ALL, "tags", MERGE_APPEND, TYPE_TEXTS, DEFAULT_LIST, NULL},
    {IN_ALL, "meta", MERGE_UPDATE, TYPE_DICT, DEFAULT_DICT, NULL},
    {IN_ALL, "enabled", MERGE_CLOBBER, TYPE_BOOL, DEFAULT_TRUE, NULL},
    {IN_ALL, "static_analysis", MERGE_CLOBBER, TYPE_ON_OFF, DEFAULT_NONE, NULL},
};
static const Row group_rows[] = {
    {IN_ALL, "meta", MERGE_UPDATE, TYPE_DICT, DEFAULT_DICT, NULL},
};

/* ---- classes ---- */

static void add_row(ConfigClass *class, const Row *row)
{
    assert(class->count < COUNT_OF(class->fields));
    class->fields[class->count++] =
        (ConfigField){str_of(row->key), row->merge, row->type, row->preset, str_of(row->text)};
}

static void add_group(ConfigClass *class, RowGroup group)
{
    for (uint32_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].group == group)
            add_row(class, &rows[i]);
}

static void add_rows(ConfigClass *class, const Row *of, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        add_row(class, &of[i]);
}

static void preset(ConfigClass *class, const char *key, const char *text)
{
    for (uint32_t i = 0; i < class->count; i++)
        if (str_is(class->fields[i].key, key)) {
            class->fields[i].preset = DEFAULT_TEXT;
            class->fields[i].text = str_of(text);
        }
}

static void build_node(ConfigClass *class, const char *tree, RowGroup own, const char *materialized)
{
    class->tree = tree;
    add_group(class, IN_ALL);
    add_group(class, IN_NODE);
    if (own != IN_NODE)
        add_group(class, own);
    preset(class, "materialized", materialized);
}

static void build_rows(ConfigClass *class, const char *tree, const Row *of, uint32_t count)
{
    class->tree = tree;
    add_rows(class, of, count);
}

static ConfigClass classes[NODE_KIND_COUNT + 1];
static pthread_once_t classes_once = PTHREAD_ONCE_INIT;

static void build_classes(void)
{
    build_node(&classes[NODE_MODEL], "models", IN_MODEL, "view");
    build_node(&classes[NODE_ANALYSIS], "models", IN_NODE, "view");
    build_node(&classes[NODE_OPERATION], "models", IN_NODE, "view");
    build_node(&classes[NODE_SQL_OPERATION], "models", IN_NODE, "view");
    build_node(&classes[NODE_SEED], "seeds", IN_SEED, "seed");
    build_node(&classes[NODE_SNAPSHOT], "snapshots", IN_SNAPSHOT, "snapshot");
    build_node(&classes[NODE_FUNCTION], "functions", IN_FUNCTION, "function");
    classes[NODE_TEST].tree = "data_tests";
    add_group(&classes[NODE_TEST], IN_ALL);
    add_group(&classes[NODE_TEST], IN_TEST);
    preset(&classes[NODE_TEST], "schema", "dbt_test__audit");
    build_rows(&classes[NODE_SOURCE], "sources", source_rows, COUNT_OF(source_rows));
    build_rows(&classes[NODE_EXPOSURE], "exposures", exposure_rows, COUNT_OF(exposure_rows));
    build_rows(&classes[NODE_METRIC], "metrics", metric_rows, COUNT_OF(metric_rows));
    build_rows(&classes[NODE_SEMANTIC_MODEL], "semantic-models", metric_rows,
               COUNT_OF(metric_rows));
    build_rows(&classes[NODE_SAVED_QUERY], "saved-queries", saved_query_rows,
               COUNT_OF(saved_query_rows));
    build_rows(&classes[NODE_UNIT_TEST], "unit_tests", unit_test_rows, COUNT_OF(unit_test_rows));
    build_rows(&classes[NODE_KIND_COUNT], "models", group_rows, COUNT_OF(group_rows));
}

const ConfigClass *config_class(NodeKind kind)
{
    pthread_once(&classes_once, build_classes);
    return &classes[kind];
}

const ConfigField *config_field(const ConfigClass *class, Str key)
{
    for (uint32_t i = 0; i < class->count; i++)
        if (str_eq(class->fields[i].key, key))
            return &class->fields[i];
    return NULL;
}

/* ---- values ---- */

static Value dict_of_nones(Arena *arena, const char *const *keys, uint32_t count)
{
    Value made = value_dict(arena);
    for (uint32_t i = 0; i < count; i++)
        dict_put(made.dict, str_of(keys[i]), NONE);
    return made;
}

static const char *const meta_names[] = {"dbt_valid_to", "dbt_valid_from", "dbt_scd_id",
                                         "dbt_updated_at", "dbt_is_deleted"};
static const char *const pointer_names[] = {"enabled", "alias"};
static const char *const period_names[] = {"count", "period"};

static Value source_freshness(Arena *arena)
{
    Value made = value_dict(arena);
    dict_put(made.dict, STR("warn_after"), dict_of_nones(arena, period_names, 2));
    dict_put(made.dict, STR("error_after"), dict_of_nones(arena, period_names, 2));
    dict_put(made.dict, STR("filter"), NONE);
    return made;
}

Value config_default(Arena *arena, const ConfigField *field)
{
    Value made = NONE;
    switch (field->preset) {
    case DEFAULT_NONE: break;
    case DEFAULT_TRUE: return value_bool(true);
    case DEFAULT_ONE: return value_int(1);
    case DEFAULT_LIST: return value_list(arena);
    case DEFAULT_DICT: return value_dict(arena);
    case DEFAULT_TEXT: return value_text(field->text);
    case DEFAULT_DOCS:
        made = value_dict(arena);
        dict_put(made.dict, STR("show"), value_bool(true));
        dict_put(made.dict, STR("node_color"), NONE);
        break;
    case DEFAULT_CONTRACT:
        made = value_dict(arena);
        dict_put(made.dict, STR("enforced"), value_bool(false));
        dict_put(made.dict, STR("alias_types"), value_bool(true));
        break;
    case DEFAULT_POINTER: return dict_of_nones(arena, pointer_names, COUNT_OF(pointer_names));
    case DEFAULT_META_NAMES: return dict_of_nones(arena, meta_names, COUNT_OF(meta_names));
    case DEFAULT_FRESHNESS: return source_freshness(arena);
    case DEFAULT_CACHE:
        made = value_dict(arena);
        dict_put(made.dict, STR("enabled"), value_bool(false));
        break;
    case DEFAULT_SNOWFLAKE:
        made = value_dict(arena);
        dict_put(made.dict, STR("quote_args"), value_bool(true));
        break;
    }
    return made;
}

static bool refuse(Err *err, const ConfigField *field, Value value, const char *wanted)
{
    AUTO(text) Text shown = {0};
    value_repr(value, &shown);
    return err_set(err, ERR_PARSING, NOWHERE, "at path ['" STR_FMT "']: " STR_FMT
                   " is not of type '%s'",
                   STR_ARG(field->key), STR_ARG(text_str(&shown)), wanted);
}

/* A hook: {sql, transaction, index}; given as such, as a text, or as a text of JSON. */
static bool make_hook(Arena *arena, const ConfigField *field, Value item, Value *out, Err *err)
{
    Value given = item;
    Str text = str_trim(value_str(item));
    if (text.len && text.at[0] == '{' && text.at[text.len - 1] == '}') {
        Err ignored = {0};
        Value parsed;
        if (json_parse(arena, text, STR("hook"), &parsed, &ignored) &&
            value_is_dict(parsed))
            given = parsed;
        err_drop(&ignored);
    }
    Value sql = given.kind == VALUE_DICT ? value_get(given, "sql") : given;
    if (sql.kind != VALUE_TEXT)
        return refuse(err, field, item, "string");
    Value transaction = value_get(given, "transaction"), index = value_get(given, "index");
    *out = value_dict(arena);
    dict_put(out->dict, STR("sql"), sql);
    dict_put(out->dict, STR("transaction"),
             value_is_bool(transaction) ? transaction : value_bool(true));
    dict_put(out->dict, STR("index"), value_is_int(index) ? index : NONE);
    return true;
}

static bool make_list(Arena *arena, const ConfigField *field, Value value, Value *out, Err *err)
{
    *out = value_list(arena);
    if (value.kind == VALUE_NONE)
        return true;
    bool is_many = value.kind == VALUE_LIST || value.kind == VALUE_TUPLE;
    for (uint32_t i = 0; i < (is_many ? value.list->len : 1); i++) {
        Value item = is_many ? value.list->at[i] : value;
        if (field->type == TYPE_HOOKS)
            TRY(make_hook(arena, field, item, &item, err));
        array_add(out->list, item);
    }
    return true;
}

/* {build_after: {count, period, updates_on}} of a model. */
static Value model_freshness(Arena *arena, Value value)
{
    Value after = value_get(value, "build_after");
    if (after.kind != VALUE_DICT)
        return value;
    static const char *const keys[] = {"count", "period", "updates_on"};
    Value made = value_dict(arena), inner = value_dict(arena);
    for (uint32_t i = 0; i < COUNT_OF(keys); i++) {
        Value given = value_get(after, keys[i]);
        if (value_is_undefined(given))
            given = i == 2 ? value_lit("any") : NONE;
        dict_put(inner.dict, str_of(keys[i]), given);
    }
    dict_put(made.dict, STR("build_after"), inner);
    return made;
}

/* Given keys in their order over a dict of all keys. */
static Value filled(Arena *arena, const ConfigField *field, Value value)
{
    Value made = config_default(arena, field);
    Value key, item;
    for (uint32_t at = 0; dict_next(value.dict, &at, &key, &item);)
        dict_put_keyed(made.dict, key, item);
    return made;
}

static bool one_of(const ConfigField *field, Value value, const char *const *names, uint32_t count,
                   const char *type, Err *err)
{
    for (uint32_t i = 0; i < count; i++)
        if (value_is(value, names[i]))
            return true;
    AUTO(text) Text shown = {0};
    value_repr(value, &shown);
    AUTO(text) Text known = {0};
    Str list[8];
    for (size_t i = 0; i < count; i++)
        text_print(&known, "%s'%s'", i ? ", " : "", names[i]);
    for (size_t i = 0; i < count && i < COUNT_OF(list); i++)
        list[i] = str_of(names[i]);
    Str near = str_nearest(value_str(value), list, count < COUNT_OF(list) ? count : COUNT_OF(list));
    return err_set(err, ERR_PARSING, NOWHERE,
                   "Field \"" STR_FMT "\" of type %s has invalid value " STR_FMT
                   "\nexpected one of %s%s" STR_FMT "%s",
                   STR_ARG(field->key), type, STR_ARG(text_str(&shown)), known.at,
                   near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

static bool check_text(const ConfigField *field, Value value, Err *err)
{
    static const char *const access[] = {"private", "protected", "public"};
    static const char *const changes[] = {"apply", "continue", "fail"};
    if (field->type == TYPE_ACCESS)
        return one_of(field, value, access, 3, "AccessType in ModelConfig", err);
    if (field->type == TYPE_ON_CHANGE)
        return one_of(field, value, changes, 3, "OnConfigurationChangeOption", err);
    if (field->type == TYPE_SEVERITY && !str_eq_fold(value_str(value), STR("warn")) &&
        !str_eq_fold(value_str(value), STR("error"))) {
        AUTO(text) Text shown = {0};
        value_print(value, &shown);
        return err_set(err, ERR_PARSING, NOWHERE,
                       "at path []: Severity must be either 'warn' or 'error'. Got '" STR_FMT "'",
                       STR_ARG(text_str(&shown)));
    }
    return true;
}

bool config_normalize(Arena *arena, const ConfigField *field, Value value, Value *out, Err *err)
{
    *out = value;
    bool is_none = value_is_none(value);
    switch (field->type) {
    case TYPE_ANY: return true;
    case TYPE_BOOL: return value_is_bool(value) || refuse(err, field, value, "boolean");
    case TYPE_BOOL_OR_NONE:
        return is_none || value_is_bool(value) || refuse(err, field, value, "boolean");
    case TYPE_INT_OR_NONE:
        return is_none || value_is_int(value) || refuse(err, field, value, "integer");
    case TYPE_TEXT: return true;
    case TYPE_TEXT_OR_NONE:
        if (value_is_int(value) || value_is_float(value)) { /* `schema: 2020` */
            AUTO(text) Text text = {0};
            value_print(value, &text);
            *out = value_text(text_copy(arena, &text));
        }
        return true;
    case TYPE_DICT:
        if (is_none)
            *out = value_dict(arena);
        return is_none || value_is_dict(value) || refuse(err, field, value, "object");
    case TYPE_TEXTS:
    case TYPE_HOOKS: return make_list(arena, field, value, out, err);
    case TYPE_ON_OFF:
        if (value_is_bool(value))
            *out = value.is_true ? value_lit("on") : value_lit("off");
        return true;
    case TYPE_ACCESS:
    case TYPE_ON_CHANGE:
    case TYPE_SEVERITY: return check_text(field, value, err);
    case TYPE_FRESHNESS: *out = model_freshness(arena, value); return true;
    case TYPE_SOURCE_FRESHNESS:
        if (value_is_dict(value))
            *out = filled(arena, field, value);
        return true;
    case TYPE_POINTER:
        if (value_is_bool(value)) {
            *out = value_dict(arena);
            dict_put(out->dict, STR("enabled"), value);
            return true;
        }
        return value_is_dict(value) || refuse(err, field, value, "object");
    case TYPE_DOCS:
    case TYPE_CONTRACT: return value_is_dict(value) || refuse(err, field, value, "object");
    case TYPE_META_NAMES:
        if (!value_is_dict(value))
            return refuse(err, field, value, "object");
        *out = filled(arena, field, value);
        return true;
    }
    return true;
}
