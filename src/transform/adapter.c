/* adapter.c: `adapter` in the run phase: the table of its methods, statements and transactions. */
#include "transform/adapter.h"

#include "base/event.h"
#include "base/file.h"

/* ---- statements ---- */

static Value pair(Arena *arena, Value a, Value b)
{
    Array *tuple = array_make(arena, 2);
    array_add(tuple, a);
    array_add(tuple, b);
    return value_of_tuple(tuple);
}

static Str sql_of(Call *call, Value v)
{
    AUTO(text) Text text = {0};
    value_print(v, &text);
    return text_copy(call->arena, &text);
}

static ADAPTER_METHOD(execute)
{
    (void)self;
    static const char *const names[] = {"sql", "auto_begin", "fetch", "limit"};
    Value slots[4] = {UNDEFINED, value_bool(false), value_bool(false), NONE};
    TRY(call_bind(call, "execute", names, 4, 1, slots, err));
    Answer answer;
    TRY(conn_execute(node_run_of(call), sql_of(call, slots[0]), value_truth(slots[1]),
                     value_truth(slots[2]), slots[3].kind == VALUE_INT ? slots[3].number : -1,
                     &answer, err));
    *out = pair(call->arena, answer.response, answer.table);
    return true;
}

/* A literal for a bound value. */
static void print_literal(Value v, Text *out)
{
    AUTO(text) Text text = {0};
    value_print(v, &text);
    if (value_is_none(v))
        text_add_c(out, "null");
    else if (v.kind == VALUE_INT || v.kind == VALUE_FLOAT || v.kind == VALUE_BOOL)
        text_add(out, text_str(&text));
    else {
        Arena scratch = {0};
        text_add(out, sql_quote_text(&scratch, text_str(&text)));
        arena_drop(&scratch);
    }
}

/* As Python's drivers do where `%s` stands for a value: everywhere, and `%%` is a percent sign. */
static Str bind_percents(Arena *arena, Str sql, const Array *values)
{
    AUTO(text) Text bound = {0};
    uint32_t next = 0;
    for (size_t at = 0; at < sql.len; at++) {
        char after = at + 1 < sql.len ? sql.at[at + 1] : '\0';
        if (sql.at[at] == '%' && after == 's' && next < values->len) {
            print_literal(values->at[next++], &bound);
            at++;
        } else {
            text_add_char(&bound, sql.at[at]);
            at += sql.at[at] == '%' && after == '%';
        }
    }
    return text_copy(arena, &bound);
}

/* Puts bound values where the text has the adapter's mark. */
static bool bind_values(Call *call, Str sql, Value bindings, Str *out, Err *err)
{
    Array *values;
    TRY(jinja_iterate(call->arena, bindings, &values, err));
    if (str_is(dialect_now()->binding, "%s")) {
        *out = bind_percents(call->arena, sql, values);
        return true;
    }
    AUTO(text) Text bound = {0};
    uint32_t next = 0;
    for (size_t at = 0; at < sql.len;) {
        SqlToken token = sql_next(sql, &at);
        if (token.kind == SQL_SYMBOL && str_is(token.text, "?") && next < values->len)
            print_literal(values->at[next++], &bound);
        else
            text_add(&bound, token.text);
    }
    *out = text_copy(call->arena, &bound);
    return true;
}

static ADAPTER_METHOD(add_query)
{
    (void)self;
    static const char *const names[] = {"sql", "auto_begin", "bindings", "abridge_sql_log"};
    Value slots[4] = {UNDEFINED, value_bool(true), NONE, value_bool(false)};
    TRY(call_bind(call, "add_query", names, 4, 1, slots, err));
    Str sql = sql_of(call, slots[0]);
    if (!value_is_none(slots[2]))
        TRY(bind_values(call, sql, slots[2], &sql, err));
    Answer answer;
    TRY(conn_execute(node_run_of(call), sql, value_truth(slots[1]), false, 0, &answer, err));
    *out = pair(call->arena, NONE, NONE);
    return true;
}

static ADAPTER_METHOD(commit)
{
    (void)self;
    *out = NONE;
    return conn_commit(node_run_of(call), err);
}

static ADAPTER_METHOD(ensure_transaction)
{
    (void)self;
    *out = NONE;
    return conn_begin(node_run_of(call), err);
}

static ADAPTER_METHOD(validate_sql)
{
    (void)self;
    static const char *const names[] = {"sql"};
    Value slots[1];
    TRY(call_bind(call, "validate_sql", names, 1, 1, slots, err));
    Answer answer;
    Str sql = str_print(call->arena, "explain " STR_FMT, STR_ARG(sql_of(call, slots[0])));
    TRY(conn_execute(node_run_of(call), sql, false, false, 0, &answer, err));
    *out = answer.response;
    return true;
}

/* ---- files of external models and seeds ---- */

static ADAPTER_METHOD(location_exists)
{
    (void)self;
    static const char *const names[] = {"location"};
    Value slots[1];
    TRY(call_bind(call, "location_exists", names, 1, 1, slots, err));
    Str sql = str_print(call->arena, "select 1 from " STR_FMT " where 1 = 0",
                        STR_ARG(sql_quote_text(call->arena, value_str(slots[0]))));
    Answer answer;
    Err absent = {0};
    *out = value_bool(conn_execute(node_run_of(call), sql, false, false, 0, &answer, &absent));
    err_drop(&absent);
    return true;
}

Str seed_path(const Runner *runner, const Node *node, Arena *arena)
{
    for (uint32_t i = 0; i < runner->project->packages.len; i++) {
        const Package *package = runner->project->packages.at[i];
        if (str_eq(package->name, node->package))
            return path_join(arena, package->root, node->original_file_path);
    }
    return node->original_file_path;
}

static ADAPTER_METHOD(get_seed_file_path)
{
    (void)self, (void)err;
    NodeRun *run = node_run_of(call);
    *out = value_text(seed_path(run->runner, run->node, call->arena));
    return true;
}

typedef struct RowCopy {
    Arena scratch;             /* texts of the row that is being copied */
    Value table;
    uint64_t row;
} RowCopy;

static bool next_row(void *context, Str *fields, Err *err)
{
    (void)err;
    RowCopy *copy = context;
    arena_reset(&copy->scratch);
    if (copy->row >= table_row_count(copy->table))
        return false;
    for (uint32_t i = 0; i < table_column_count(copy->table); i++) {
        Value cell = table_cell(copy->table, copy->row, i);
        fields[i] = STR_NONE;
        if (value_is_none(cell))
            continue;
        AUTO(text) Text text = {0};
        value_print(cell, &text);
        fields[i] = text_copy(&copy->scratch, &text);
    }
    copy->row++;
    return true;
}

/* Does the table have the seed's columns, in its order? Inserts go by name, a copy by place. */
static bool has_columns(Session *session, Arena *arena, const Relation *into, Value table,
                        bool *out, Err *err)
{
    Result described;
    Str sql = str_print(arena, "select * from " STR_FMT, STR_ARG(relation_render(arena, into)));
    TRY(session_describe(session, arena, sql, &described, err));
    *out = described.column_count == table_column_count(table);
    for (uint32_t i = 0; *out && i < described.column_count; i++)
        *out = str_eq_fold(described.columns[i].name, table_column_name(table, i));
    return true;
}

/* copy_rows(relation, table): the rows of a seed in one stream, where the engine has such a thing
 * and it means the same as inserts would. Gives what was done as a text, or none. */
static ADAPTER_METHOD(copy_rows)
{
    (void)self;
    static const char *const names[] = {"relation", "table"};
    Value slots[2];
    TRY(call_bind(call, "copy_rows", names, 2, 2, slots, err));
    const Relation *into = relation_of(slots[0]);
    *out = NONE;
    if (!dialect_now()->copies_rows || !into || !value_is_a(slots[1], &table_type))
        return true;
    NodeRun *run = node_run_of(call);
    Session *session;
    TRY(conn_begin(run, err));
    TRY(conn_session(run, &session, err));
    bool is_same;
    TRY(has_columns(session, call->arena, into, slots[1], &is_same, err));
    if (!is_same)
        return true;
    RowCopy copy = {.table = slots[1]};
    bool ok = session_append(session, into->database, into->schema, into->identifier,
                             table_column_count(slots[1]), next_row, &copy, NULL, err);
    arena_drop(&copy.scratch);
    *out = value_text(str_print(call->arena, "copy " STR_FMT " from stdin",
                                STR_ARG(relation_render(call->arena, into))));
    return ok;
}

static ADAPTER_METHOD(store_relation)
{
    (void)self, (void)out;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Plugins of dbt-duckdb that store relations are not supported (%s)",
                   call->arg_count ? str_c(call->arena, value_str(call->args[0])) : "?");
}

/* ---- small facts ---- */

static ADAPTER_METHOD(warn_once)
{
    (void)self;
    static const char *const names[] = {"msg"};
    static Lock lock = LOCK_INIT(45, "warn once");
    static Arena seen_arena;
    static Dict *seen;
    Value slots[1];
    TRY(call_bind(call, "warn_once", names, 1, 1, slots, err));
    Str message = sql_of(call, slots[0]);
    lock_take(&lock);
    if (!seen)
        seen = dict_make(&seen_arena, 0);
    bool is_new = dict_find(seen, message) == NULL;
    if (is_new)
        dict_put(seen, str_copy(&seen_arena, message), NONE);
    lock_give(&lock);
    if (is_new)
        event_print(LEVEL_WARN, "AdapterEventWarning", "E003", STR_FMT, STR_ARG(message));
    *out = NONE;
    return true;
}

#define ANSWERS(name, answer)     \
    static ADAPTER_METHOD(name)   \
    {                             \
        (void)self, (void)call, (void)err; \
        *out = answer;            \
        return true;              \
    }
ANSWERS(is_motherduck, value_bool(false))
ANSWERS(is_ducklake, value_bool(false))
ANSWERS(use_ducklake_table_workarounds, value_bool(false))
ANSWERS(disable_transactions, value_bool(false))
ANSWERS(get_binding_char, value_text(dialect_now()->binding))
ANSWERS(catalog_supports_foreign_keys, value_bool(true))
ANSWERS(batch_id_for_model, value_text(STR("")))
ANSWERS(build_catalog_relation, NONE)

bool run_check_database(const Runner *runner, Str database, Err *err)
{
    const Profile *profile = &runner->project->profile;
    while (str_starts(database, STR("\"")))
        database = str_slice(database, 1, database.len);
    while (str_ends(database, STR("\"")))
        database = str_slice(database, 0, database.len - 1);
    if (!dialect_now()->has_one_database || str_eq_fold(database, profile->database))
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Cross-db references not allowed in " STR_FMT " (" STR_FMT " vs " STR_FMT ")",
                   STR_ARG(profile->type), STR_ARG(database), STR_ARG(profile->database));
}

static ADAPTER_METHOD(verify_database)
{
    (void)self;
    static const char *const names[] = {"database"};
    Value slots[1];
    TRY(call_bind(call, "verify_database", names, 1, 1, slots, err));
    *out = value_text(STR(""));
    return run_check_database(node_run_of(call)->runner, sql_of(call, slots[0]), err);
}

/* adapter.behavior.FLAG: every behaviour flag is off, with `no_warn`. */
static bool behavior_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = value_bool(false);
    if (!str_is(name, "no_warn")) {
        *out = value_dict(arena);
    }
    return true;
}
static const ObjectType behavior_type = {.name = "Behavior", .get = behavior_get};
static Object behavior_object = {&behavior_type};

/* ---- the table ---- */

static const Method methods[] = {
    {"dispatch", context_dispatch},
    {"execute", adapter_execute},
    {"add_query", adapter_add_query},
    {"commit", adapter_commit},
    {"commit_if_has_connection", adapter_commit},
    {"ensure_transaction", adapter_ensure_transaction},
    {"validate_sql", adapter_validate_sql},
    {"get_relation", adapter_get_relation},
    {"get_columns_in_relation", adapter_get_columns_in_relation},
    {"quote", adapter_quote},
    {"type", adapter_type},
    {"drop_relation", adapter_drop_relation},
    {"rename_relation", adapter_rename_relation},
    {"truncate_relation", adapter_truncate_relation},
    {"create_schema", adapter_create_schema},
    {"drop_schema", adapter_drop_schema},
    {"list_relations", adapter_list_relations},
    {"list_relations_without_caching", adapter_list_relations_without_caching},
    {"check_schema_exists", adapter_check_schema_exists},
    {"already_exists", adapter_already_exists},
    {"cache_added", adapter_cache_added},
    {"cache_dropped", adapter_cache_dropped},
    {"cache_renamed", adapter_cache_renamed},
    {"get_missing_columns", adapter_get_missing_columns},
    {"expand_target_column_types", adapter_expand_target_column_types},
    {"get_column_schema_from_query", adapter_get_column_schema_from_query},
    {"valid_snapshot_target", adapter_valid_snapshot_target},
    {"assert_valid_snapshot_target_given_strategy", adapter_valid_snapshot_target},
    {"existing_key_constraint_types", adapter_existing_key_constraint_types},
    {"quote_as_configured", adapter_quote_as_configured},
    {"quote_seed_column", adapter_quote_seed_column},
    {"convert_type", adapter_convert_type},
    {"render_raw_columns_constraints", adapter_render_raw_columns_constraints},
    {"render_raw_model_constraints", adapter_render_raw_model_constraints},
    {"parse_index", adapter_parse_index},
    {"external_root", adapter_external_root},
    {"external_write_options", adapter_external_write_options},
    {"external_read_location", adapter_external_read_location},
    {"escape_sql_string", adapter_escape_sql_string},
    {"standardize_grants_dict", adapter_standardize_grants_dict},
    {"get_incremental_strategy_macro", adapter_get_incremental_strategy_macro},
    {"get_hard_deletes_behavior", adapter_get_hard_deletes_behavior},
    {"convert_datetimes_to_strs", adapter_convert_datetimes_to_strs},
    {"location_exists", adapter_location_exists},
    {"get_seed_file_path", adapter_get_seed_file_path},
    {"copy_rows", adapter_copy_rows},
    {"store_relation", adapter_store_relation},
    {"warn_once", adapter_warn_once},
    {"is_motherduck", adapter_is_motherduck},
    {"is_ducklake", adapter_is_ducklake},
    {"use_ducklake_table_workarounds", adapter_use_ducklake_table_workarounds},
    {"disable_transactions", adapter_disable_transactions},
    {"get_binding_char", adapter_get_binding_char},
    {"catalog_supports_foreign_keys", adapter_catalog_supports_foreign_keys},
    {"verify_database", adapter_verify_database},
    {"batch_id_for_model", adapter_batch_id_for_model},
    {"build_catalog_relation", adapter_build_catalog_relation},
    {"get_columns_in_table", adapter_get_columns_in_table},
    {NULL, NULL},
};

static bool adapter_attribute(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self, (void)arena, (void)err;
    *out = UNDEFINED;
    if (str_is(name, "behavior"))
        *out = value_of_object(&behavior_object);
    else if (str_is(name, "Relation"))
        *out = value_get(context_api(arena), "Relation");
    else if (str_is(name, "Column"))
        *out = value_get(context_api(arena), "Column");
    return true;
}

static const ObjectType run_adapter_type = {
    .name = "RuntimeDatabaseWrapper", .methods = methods, .get = adapter_attribute};
static Object adapter_object = {&run_adapter_type};

Value run_adapter_object(NodeRun *run)
{
    (void)run;
    return value_of_object(&adapter_object);
}
