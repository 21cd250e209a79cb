/* adapter_relations.c: relations and columns: from the cache, or through the library's macros. */
#include "transform/adapter.h"

#include "base/event.h"

ADAPTER_METHOD(get_relation)
{
    (void)self;
    static const char *const names[] = {"database", "schema", "identifier", "needs_information"};
    Value slots[4] = {NONE, NONE, NONE, NONE};
    TRY(call_bind(call, "get_relation", names, 4, 3, slots, err));
    NodeRun *run = node_run_of(call);
    Str database = value_str(slots[0]), schema = value_str(slots[1]);
    if (!database.len)
        database = run->runner->project->profile.database;
    TRY(run_cache_schema(run, database, schema, err));
    Relation *found =
        cache_find(run->runner->cache, call->arena, database, schema, value_str(slots[2]));
    *out = found ? relation_value(found) : NONE;
    return true;
}

ADAPTER_METHOD(list_relations)
{
    (void)self;
    static const char *const names[] = {"database", "schema"};
    Value slots[2];
    TRY(call_bind(call, "list_relations", names, 2, 2, slots, err));
    NodeRun *run = node_run_of(call);
    TRY(run_cache_schema(run, value_str(slots[0]), value_str(slots[1]), err));
    *out = cache_list(run->runner->cache, call->arena, value_str(slots[0]), value_str(slots[1]));
    return true;
}

ADAPTER_METHOD(list_relations_without_caching)
{
    (void)self;
    static const char *const names[] = {"schema_relation"};
    Value slots[1];
    TRY(call_bind(call, "list_relations_without_caching", names, 1, 1, slots, err));
    NodeRun *run = node_run_of(call);
    const Relation *place = relation_of(slots[0]);
    if (!place)
        return err_set(err, ERR_TYPE, NOWHERE,
                       "list_relations_without_caching() takes a relation, got a %s",
                       value_type_name(slots[0]));
    cache_remove_schema(run->runner->cache, place->database, place->schema);
    TRY(run_cache_schema(run, place->database, place->schema, err));
    *out = cache_list(run->runner->cache, call->arena, place->database, place->schema);
    return true;
}

/* The relation argument of a method that takes one. */
static bool one_relation(Call *call, const char *method, Value *value, Relation **out, Err *err)
{
    static const char *const names[] = {"relation"};
    TRY(call_bind(call, method, names, 1, 1, value, err));
    *out = relation_of(*value);
    if (!*out)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "%s() takes a relation, but got %s", method,
                       value_is_none(*value) ? "None: the relation does not exist"
                                             : value_type_name(*value));
    return true;
}

ADAPTER_METHOD(drop_relation)
{
    (void)self;
    Value arg;
    Relation *relation;
    TRY(one_relation(call, "drop_relation", &arg, &relation, err));
    if (!relation->type.len)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "Tried to drop relation " STR_FMT ", but its type is null.",
                       STR_ARG(relation_render(call->arena, relation)));
    NodeRun *run = node_run_of(call);
    cache_remove(run->runner->cache, relation);
    TRY(run_macro(run, "drop_relation", &arg, 1, out, err));
    *out = NONE;
    return true;
}

ADAPTER_METHOD(rename_relation)
{
    (void)self;
    static const char *const names[] = {"from_relation", "to_relation"};
    Value slots[2];
    TRY(call_bind(call, "rename_relation", names, 2, 2, slots, err));
    const Relation *from = relation_of(slots[0]), *to = relation_of(slots[1]);
    if (!from || !to)
        return err_set(err, ERR_COMPILATION, NOWHERE, "rename_relation() takes two relations");
    NodeRun *run = node_run_of(call);
    cache_rename(run->runner->cache, from, to);
    TRY(run_macro(run, "rename_relation", slots, 2, out, err));
    *out = NONE;
    return true;
}

ADAPTER_METHOD(truncate_relation)
{
    (void)self;
    Value arg;
    Relation *relation;
    TRY(one_relation(call, "truncate_relation", &arg, &relation, err));
    TRY(run_macro(node_run_of(call), "truncate_relation", &arg, 1, out, err));
    *out = NONE;
    return true;
}

ADAPTER_METHOD(create_schema)
{
    (void)self;
    Value arg;
    Relation *relation;
    TRY(one_relation(call, "create_schema", &arg, &relation, err));
    TRY(run_macro(node_run_of(call), "create_schema", &arg, 1, out, err));
    *out = NONE;
    return conn_commit(node_run_of(call), err);
}

ADAPTER_METHOD(drop_schema)
{
    (void)self;
    Value arg;
    Relation *relation;
    TRY(one_relation(call, "drop_schema", &arg, &relation, err));
    NodeRun *run = node_run_of(call);
    TRY(run_macro(run, "drop_schema", &arg, 1, out, err));
    TRY(conn_commit(run, err));
    cache_remove_schema(run->runner->cache, relation->database, relation->schema);
    *out = NONE;
    return true;
}

ADAPTER_METHOD(check_schema_exists)
{
    (void)self;
    static const char *const names[] = {"database", "schema"};
    Value slots[2];
    TRY(call_bind(call, "check_schema_exists", names, 2, 2, slots, err));
    Value listed;
    TRY(run_macro(node_run_of(call), "list_schemas", slots, 1, &listed, err));
    *out = value_bool(false);
    for (uint64_t row = 0; value_is_a(listed, &table_type) && row < table_row_count(listed); row++)
        if (str_eq_fold(value_str(table_cell(listed, row, 0)), value_str(slots[1])))
            *out = value_bool(true);
    return true;
}

ADAPTER_METHOD(already_exists)
{
    (void)self;
    static const char *const names[] = {"schema", "name"};
    Value slots[2];
    TRY(call_bind(call, "already_exists", names, 2, 2, slots, err));
    NodeRun *run = node_run_of(call);
    Str database = run->runner->project->profile.database;
    TRY(run_cache_schema(run, database, value_str(slots[0]), err));
    *out = value_bool(cache_find(run->runner->cache, call->arena, database, value_str(slots[0]),
                                 value_str(slots[1])) != NULL);
    return true;
}

ADAPTER_METHOD(cache_added)
{
    (void)self;
    Value arg;
    Relation *relation;
    TRY(one_relation(call, "cache_added", &arg, &relation, err));
    cache_add(node_run_of(call)->runner->cache, relation);
    *out = value_text(STR(""));
    return true;
}

ADAPTER_METHOD(cache_dropped)
{
    (void)self;
    Value arg;
    Relation *relation;
    TRY(one_relation(call, "cache_dropped", &arg, &relation, err));
    cache_remove(node_run_of(call)->runner->cache, relation);
    *out = value_text(STR(""));
    return true;
}

ADAPTER_METHOD(cache_renamed)
{
    (void)self;
    static const char *const names[] = {"from_relation", "to_relation"};
    Value slots[2];
    TRY(call_bind(call, "cache_renamed", names, 2, 2, slots, err));
    if (relation_of(slots[0]) && relation_of(slots[1]))
        cache_rename(node_run_of(call)->runner->cache, relation_of(slots[0]),
                     relation_of(slots[1]));
    *out = value_text(STR(""));
    return true;
}

/* ---- columns ---- */

ADAPTER_METHOD(get_columns_in_relation)
{
    (void)self;
    Value arg;
    Relation *relation;
    TRY(one_relation(call, "get_columns_in_relation", &arg, &relation, err));
    if (run_macro(node_run_of(call), "get_columns_in_relation", &arg, 1, out, err))
        return true;
    Str why = err->text ? str_of(err->text) : STR("");
    bool is_missing = err->kind == ERR_DATABASE && str_find(why, STR("Table with name")) >= 0 &&
                      str_find(why, STR("does not exist")) >= 0;
    if (!is_missing)
        return false;
    err_drop(err); /* as where the catalogue is asked: no relation has no columns */
    *out = value_list(call->arena);
    return true;
}

ADAPTER_METHOD(get_columns_in_table)
{
    (void)self;
    static const char *const names[] = {"schema", "identifier"};
    Value slots[2];
    TRY(call_bind(call, "get_columns_in_table", names, 2, 2, slots, err));
    NodeRun *run = node_run_of(call);
    Value place = relation_value(relation_make(run->arena, run->runner->project->profile.database,
                                               value_str(slots[0]), value_str(slots[1]), STR("")));
    return run_macro(run, "get_columns_in_relation", &place, 1, out, err);
}

static bool has_column(Value columns, Str name)
{
    for (uint32_t i = 0; columns.kind == VALUE_LIST && i < columns.list->len; i++)
        if (str_eq_fold(column_name(columns.list->at[i]), name))
            return true;
    return false;
}

/* Columns of the first relation that the second lacks. */
ADAPTER_METHOD(get_missing_columns)
{
    (void)self;
    static const char *const names[] = {"from_relation", "to_relation"};
    Value slots[2], from, to;
    TRY(call_bind(call, "get_missing_columns", names, 2, 2, slots, err));
    NodeRun *run = node_run_of(call);
    TRY(run_macro(run, "get_columns_in_relation", &slots[0], 1, &from, err));
    TRY(run_macro(run, "get_columns_in_relation", &slots[1], 1, &to, err));
    *out = value_list(call->arena);
    for (uint32_t i = 0; from.kind == VALUE_LIST && i < from.list->len; i++)
        if (!has_column(to, column_name(from.list->at[i])))
            array_add(out->list, from.list->at[i]);
    return true;
}

/* Widens a text column of the target so that the other's texts fit. */
static bool expand_column(NodeRun *run, Value to_relation, Value target, Value source, Err *err)
{
    int64_t size = column_wanted_size(target, source);
    if (!size)
        return true;
    Str type = str_print(run->arena, "character varying(%lld)", (long long)size);
    event_print(LEVEL_DEBUG, "ColTypeChange", "E025",
                "Changing col type of " STR_FMT " to " STR_FMT, STR_ARG(column_name(target)),
                STR_ARG(type));
    Value args[3] = {to_relation, value_text(column_name(target)), value_text(type)}, ignored;
    return run_macro(run, "alter_column_type", args, 3, &ignored, err);
}

ADAPTER_METHOD(expand_target_column_types)
{
    (void)self;
    static const char *const names[] = {"from_relation", "to_relation"};
    Value slots[2], from, to;
    TRY(call_bind(call, "expand_target_column_types", names, 2, 2, slots, err));
    *out = NONE;
    if (!dialect_now()->has_text_lengths)
        return true;
    NodeRun *run = node_run_of(call);
    TRY(run_macro(run, "get_columns_in_relation", &slots[0], 1, &from, err));
    TRY(run_macro(run, "get_columns_in_relation", &slots[1], 1, &to, err));
    for (uint32_t i = 0; from.kind == VALUE_LIST && i < from.list->len; i++)
        for (uint32_t j = 0; to.kind == VALUE_LIST && j < to.list->len; j++)
            if (str_eq(column_name(from.list->at[i]), column_name(to.list->at[j])))
                TRY(expand_column(run, slots[1], to.list->at[j], from.list->at[i], err));
    return true;
}

ADAPTER_METHOD(get_column_schema_from_query)
{
    (void)self;
    static const char *const names[] = {"sql"};
    Value slots[1];
    TRY(call_bind(call, "get_column_schema_from_query", names, 1, 1, slots, err));
    AUTO(text) Text sql = {0};
    value_print(slots[0], &sql);
    Session *session;
    TRY(conn_session(node_run_of(call), &session, err));
    Result described;
    TRY(session_describe(session, call->arena, text_copy(call->arena, &sql), &described, err));
    *out = value_list(call->arena);
    for (uint32_t i = 0; i < described.column_count; i++) {
        const ResultColumn *column = &described.columns[i];
        Str type = !column->code.len                ? column->type
                   : str_is(column->code, "STRING") ? STR("TEXT") /* as Column.create() says it */
                                                    : column->code;
        array_add(out->list, column_make(call->arena, column->name, type));
    }
    return true;
}

static Str meta_column(Value renamed, const char *name)
{
    return value_get_text(renamed, name, str_of(name));
}

/* A snapshot's table must have the columns that dbt writes. */
ADAPTER_METHOD(valid_snapshot_target)
{
    (void)self;
    static const char *const names[] = {"relation", "column_names", "strategy"};
    static const char *const wanted[] = {"dbt_scd_id", "dbt_valid_from", "dbt_valid_to",
                                         "dbt_is_deleted"};
    Value slots[3] = {UNDEFINED, NONE, NONE}, columns;
    TRY(call_bind(call, "valid_snapshot_target", names, 3, 1, slots, err));
    TRY(run_macro(node_run_of(call), "get_columns_in_relation", slots, 1, &columns, err));
    bool marks_deletes = value_is(value_get(slots[2], "hard_deletes"), "new_record");
    AUTO(text) Text missing = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < COUNT_OF(wanted) - (marks_deletes ? 0 : 1); i++) {
        Str name = meta_column(slots[1], wanted[i]);
        if (has_column(columns, name))
            continue;
        text_print(&missing, "%s\"" STR_FMT "\"", count++ ? ", " : "", STR_ARG(name));
    }
    *out = NONE;
    if (!count)
        return true;
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "Snapshot target is missing configured columns (missing " STR_FMT
                   "). See https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields for "
                   "more information.",
                   STR_ARG(text_str(&missing)));
}

/* Asked for every table that is replaced, so the database is asked once for all. */
ADAPTER_METHOD(existing_key_constraint_types)
{
    (void)self;
    Value arg, rows;
    Relation *relation;
    TRY(one_relation(call, "existing_key_constraint_types", &arg, &relation, err));
    NodeRun *run = node_run_of(call);
    Cache *cache = run->runner->cache;
    if (cache_find_key_kinds(cache, call->arena, relation, out))
        return true;
    TRY(run_macro(run, "weir__key_constraint_kinds", NULL, 0, &rows, err));
    if (value_is_a(rows, &table_type))
        cache_set_key_kinds(cache, rows);
    cache_find_key_kinds(cache, call->arena, relation, out);
    return true;
}
