/* parse_adapter.c: `adapter` while the project is loaded. What would ask the engine gives none, an
 * empty list or an empty table; what only works on text works. */
#include "project/load.h"

static bool give_none(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = NONE;
    return true;
}

static bool give_list(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = value_list(call->arena);
    return true;
}

static bool give_dict(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = value_dict(call->arena);
    return true;
}

static bool give_false(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_bool(false);
    return true;
}

static bool give_empty(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_lit("");
    return true;
}

/* ("", empty table) */
static bool give_result(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    Array *pair = array_make(call->arena, 2);
    array_add(pair, value_lit(""));
    array_add(pair, table_make(call->arena, NULL, NULL, 0, NULL, 0));
    *out = value_of_tuple(pair);
    return true;
}

/* (None, None) */
static bool give_nones(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    Array *pair = array_make(call->arena, 2);
    array_add(pair, NONE);
    array_add(pair, NONE);
    *out = value_of_tuple(pair);
    return true;
}

static bool give_first(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = call->arg_count ? call->args[0] : NONE;
    return true;
}

static bool call_type(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_text(dialect_now()->type);
    return true;
}

static Value quoted(Arena *arena, Value name)
{
    AUTO(text) Text text = {0};
    text_add_char(&text, '"');
    value_print(name, &text);
    text_add_char(&text, '"');
    return value_text(text_copy(arena, &text));
}

static bool call_quote(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"identifier"};
    Value slots[1];
    TRY(call_bind(call, "quote", names, 1, 1, slots, err));
    *out = quoted(call->arena, slots[0]);
    return true;
}

static bool call_quote_as_configured(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"identifier", "quote_key"};
    Value slots[2];
    TRY(call_bind(call, "quote_as_configured", names, 2, 2, slots, err));
    *out = quoted(call->arena, slots[0]);
    return true;
}

static bool call_quote_seed_column(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"column", "quote_config"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "quote_seed_column", names, 2, 1, slots, err));
    bool quotes = value_is_none(slots[1]) || value_truth(slots[1]);
    *out = quotes ? quoted(call->arena, slots[0]) : slots[0];
    return true;
}

static bool call_escape(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"value"};
    Value slots[1];
    TRY(call_bind(call, "escape_sql_string", names, 1, 1, slots, err));
    AUTO(text) Text text = {0};
    value_print(slots[0], &text);
    *out = value_text(str_replace(call->arena, text_str(&text), STR("'"), STR("''")));
    return true;
}

static bool call_binding(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_text(dialect_now()->binding);
    return true;
}

static bool call_external_root(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = value_text(value_get_text(context_of(call)->target, "external_root", STR(".")));
    return true;
}

static bool call_strategies(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    static const char *const names[] = {"append", "delete+insert", "microbatch", "merge"};
    *out = value_list(call->arena);
    for (uint32_t i = 0; i < COUNT_OF(names); i++)
        array_add(out->list, value_text(str_of(names[i])));
    return true;
}

static const Method methods[] = {
    {"dispatch", context_dispatch},
    {"type", call_type},
    {"quote", call_quote},
    {"quote_as_configured", call_quote_as_configured},
    {"quote_seed_column", call_quote_seed_column},
    {"escape_sql_string", call_escape},
    {"get_binding_char", call_binding},
    {"external_root", call_external_root},
    {"valid_incremental_strategies", call_strategies},
    {"verify_database", give_empty},
    {"convert_type", give_none},
    {"copy_rows", give_none},
    {"execute", give_result},
    {"get_partitions_metadata", give_result},
    {"add_query", give_nones},
    {"get_relation", give_none},
    {"drop_relation", give_none},
    {"truncate_relation", give_none},
    {"rename_relation", give_none},
    {"create_schema", give_none},
    {"drop_schema", give_none},
    {"valid_snapshot_target", give_none},
    {"assert_valid_snapshot_target_given_strategy", give_none},
    {"expand_target_column_types", give_none},
    {"get_incremental_strategy_macro", give_none},
    {"get_hard_deletes_behavior", give_none},
    {"get_catalog_integration", give_none},
    {"build_catalog_relation", give_none},
    {"validate_sql", give_none},
    {"commit", give_none},
    {"ensure_transaction", give_none},
    {"store_relation", give_none},
    {"parse_index", give_none},
    {"warn_once", give_empty},
    {"post_model_hook", give_none},
    {"get_columns_in_relation", give_list},
    {"get_columns_in_table", give_list},
    {"get_missing_columns", give_list},
    {"get_column_schema_from_query", give_list},
    {"list_relations", give_list},
    {"list_relations_without_caching", give_list},
    {"list_schemas", give_list},
    {"render_raw_columns_constraints", give_list},
    {"render_raw_model_constraints", give_list},
    {"existing_key_constraint_types", give_list},
    {"standardize_grants_dict", give_dict},
    {"check_schema_exists", give_false},
    {"already_exists", give_false},
    {"is_motherduck", give_false},
    {"is_ducklake", give_false},
    {"use_ducklake_table_workarounds", give_false},
    {"disable_transactions", give_false},
    {"location_exists", give_false},
    {"catalog_supports_foreign_keys", give_false},
    {"cache_added", give_empty},
    {"cache_dropped", give_empty},
    {"cache_renamed", give_empty},
    {"convert_datetimes_to_strs", give_first},
    {"get_seed_file_path", give_empty},
    {"external_write_options", give_empty},
    {"external_read_location", give_empty},
    {"batch_id_for_model", give_empty},
    {"get_temp_relation_path", give_none},
    {NULL, NULL},
};

/* adapter.Relation, adapter.Column: the same classes as api's. */
static bool adapter_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self;
    *out = UNDEFINED;
    if (!str_is(name, "Relation") && !str_is(name, "Column"))
        return true;
    Value api = context_api(arena);
    if (api.kind == VALUE_DICT)
        *out = value_get_str(api, name);
    else if (api.kind == VALUE_OBJECT && api.object->type->get)
        return api.object->type->get(api.object, arena, name, out, err);
    return true;
}

static const ObjectType adapter_type = {
    .name = "ParseDatabaseWrapper", .methods = methods, .get = adapter_get};

Value parse_adapter_make(Arena *arena)
{
    Object *adapter = NEW(arena, Object);
    adapter->type = &adapter_type;
    return value_of_object(adapter);
}
