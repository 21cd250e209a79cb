/* exceptions.c: the object `exceptions`: failures and warnings that macros raise on purpose. */
#include "base/event.h"
#include "context/context.h"
#include "context/library.h"

static Str printed(Arena *arena, Value v)
{
    AUTO(text) Text text = {0};
    value_print(v, &text);
    return text_copy(arena, &text);
}

static bool raise(Call *call, ErrKind kind, const char *name, Err *err)
{
    static const char *const names[] = {"msg", "node"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, name, names, 2, 1, slots, err));
    return err_set(err, kind, NOWHERE, STR_FMT, STR_ARG(printed(call->arena, slots[0])));
}

#define RAISER(function, kind)                                                       \
    static bool call_##function(Object *self, Call *call, Value *out, Err *err)      \
    {                                                                                \
        (void)self, (void)out;                                                       \
        return raise(call, kind, #function, err);                                    \
    }
RAISER(raise_compiler_error, ERR_COMPILATION)
RAISER(raise_parsing_error, ERR_PARSING)
RAISER(raise_database_error, ERR_DATABASE)
RAISER(raise_dependency_error, ERR_DEPENDENCY)
RAISER(raise_not_implemented, ERR_COMPILATION)
RAISER(raise_fail_fast_error, ERR_FAIL_FAST)
RAISER(raise_cache_inconsistent, ERR_INTERNAL)

static bool call_warn(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"msg", "node"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "warn", names, 2, 1, slots, err));
    Str message = printed(call->arena, slots[0]);
    if (context_of(call)->invocation->fails_on_warning)
        return err_set(err, ERR_COMPILATION, NOWHERE, STR_FMT, STR_ARG(message));
    event_say((Event){
        .name = "JinjaLogWarning", .code = "I061", .level = LEVEL_WARN, .message = message});
    *out = value_text(STR(""));
    return true;
}

static bool call_missing_config(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)out;
    static const char *const names[] = {"model", "name"};
    Value slots[2];
    TRY(call_bind(call, "missing_config", names, 2, 2, slots, err));
    Str id = value_get_text(slots[0], "unique_id", context_of(call)->node_label);
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "Model '" STR_FMT "' does not define a required config parameter '" STR_FMT "'.",
                   STR_ARG(id), STR_ARG(printed(call->arena, slots[1])));
}

static bool call_missing_relation(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)out;
    static const char *const names[] = {"relation", "model"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "missing_relation", names, 2, 1, slots, err));
    return err_set(err, ERR_COMPILATION, NOWHERE, "Relation " STR_FMT " not found!",
                   STR_ARG(printed(call->arena, slots[0])));
}

static bool call_relation_wrong_type(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)out;
    static const char *const names[] = {"relation", "expected_type", "model"};
    Value slots[3] = {UNDEFINED, NONE, NONE};
    TRY(call_bind(call, "relation_wrong_type", names, 3, 2, slots, err));
    const Relation *relation = relation_of(slots[0]);
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "Trying to create " STR_FMT " " STR_FMT
                   ", but it currently exists as a " STR_FMT ". Either drop " STR_FMT
                   " manually, or run dbt with `--full-refresh` and dbt will drop it for you.",
                   STR_ARG(printed(call->arena, slots[1])), STR_ARG(printed(call->arena, slots[0])),
                   STR_ARG(relation ? relation->type : STR("relation")),
                   STR_ARG(printed(call->arena, slots[0])));
}

static bool call_column_type_missing(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)out;
    static const char *const names[] = {"column_names"};
    Value slots[1];
    TRY(call_bind(call, "column_type_missing", names, 1, 1, slots, err));
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "Contracted models require data_type to be defined for each column.  Please "
                   "ensure that the column name and data_type are defined within the YAML "
                   "configuration for the " STR_FMT " column(s).",
                   STR_ARG(printed(call->arena, slots[0])));
}

/* One row of the contract's table of differences. */
typedef struct Difference {
    Str column, defined, contracted, reason;
} Difference;

static Value find_column(Value columns, Str name)
{
    for (uint32_t i = 0; columns.kind == VALUE_LIST && i < columns.list->len; i++)
        if (str_eq(value_get_text(columns.list->at[i], "name", STR("")), name))
            return columns.list->at[i];
    return UNDEFINED;
}

static void print_differences(const Difference *rows, uint32_t count, Text *out)
{
    static const char *const titles[] = {"column_name", "definition_type", "contract_type",
                                         "mismatch_reason"};
    size_t widths[4] = {0};
    for (uint32_t i = 0; i < 4; i++)
        widths[i] = strlen(titles[i]);
    for (uint32_t r = 0; r < count; r++) {
        Str cells[4] = {rows[r].column, rows[r].defined, rows[r].contracted, rows[r].reason};
        for (uint32_t i = 0; i < 4; i++)
            if (cells[i].len > widths[i])
                widths[i] = cells[i].len;
    }
    text_add_c(out, "|");
    for (uint32_t i = 0; i < 4; i++)
        text_print(out, " %-*s |", (int)widths[i], titles[i]);
    text_add_c(out, "\n|");
    for (uint32_t i = 0; i < 4; i++) {
        text_add_char(out, ' ');
        text_add_repeat(out, '-', widths[i]);
        text_add_c(out, " |");
    }
    for (uint32_t r = 0; r < count; r++) {
        Str cells[4] = {rows[r].column, rows[r].defined, rows[r].contracted, rows[r].reason};
        text_add_c(out, "\n|");
        for (uint32_t i = 0; i < 4; i++)
            text_print(out, " %-*.*s |", (int)widths[i], STR_ARG(cells[i]));
    }
}

static bool call_raise_contract_error(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)out;
    static const char *const names[] = {"yaml_columns", "sql_columns"};
    Value slots[2];
    TRY(call_bind(call, "raise_contract_error", names, 2, 2, slots, err));
    Value yaml = slots[0], sql = slots[1];
    List(Difference) rows = {0};
    for (uint32_t i = 0; sql.kind == VALUE_LIST && i < sql.list->len; i++) {
        Str name = value_get_text(sql.list->at[i], "name", STR(""));
        Str type = value_get_text(sql.list->at[i], "data_type", STR(""));
        Value contracted = find_column(yaml, name);
        Str wanted = value_get_text(contracted, "data_type", STR(""));
        if (value_is_undefined(contracted))
            list_add(call->arena, &rows,
                     (Difference){name, type, STR(""), STR("missing in contract")});
        else if (!str_eq_fold(type, wanted))
            list_add(call->arena, &rows,
                     (Difference){name, type, wanted, STR("data type mismatch")});
    }
    for (uint32_t i = 0; yaml.kind == VALUE_LIST && i < yaml.list->len; i++) {
        Str name = value_get_text(yaml.list->at[i], "name", STR(""));
        if (value_is_undefined(find_column(sql, name)))
            list_add(call->arena, &rows,
                     (Difference){name, STR(""),
                                  value_get_text(yaml.list->at[i], "data_type", STR("")),
                                  STR("missing in definition")});
    }
    AUTO(text) Text table = {0};
    print_differences(rows.at, rows.len, &table);
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "This model has an enforced contract that failed.\nPlease ensure the name, "
                   "data_type, and number of columns in your contract match the columns in your "
                   "model's definition.\n\n" STR_FMT,
                   STR_ARG(text_str(&table)));
}

static bool call_warn_snapshot(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"snapshot_time_data_type", "updated_at_data_type"};
    Value slots[2];
    TRY(call_bind(call, "warn_snapshot_timestamp_data_types", names, 2, 2, slots, err));
    event_print(LEVEL_WARN, "SnapshotTimestampWarning", "Z063",
                "Data type of snapshot table timestamp columns (" STR_FMT ") doesn't match derived "
                "column 'updated_at' (" STR_FMT
                "). Please update snapshot config 'updated_at'.",
                STR_ARG(printed(call->arena, slots[0])), STR_ARG(printed(call->arena, slots[1])));
    *out = NONE;
    return true;
}

static const Method methods[] = {
    {"raise_compiler_error", call_raise_compiler_error},
    {"raise_parsing_error", call_raise_parsing_error},
    {"raise_database_error", call_raise_database_error},
    {"raise_dependency_error", call_raise_dependency_error},
    {"raise_not_implemented", call_raise_not_implemented},
    {"raise_fail_fast_error", call_raise_fail_fast_error},
    {"raise_cache_inconsistent", call_raise_cache_inconsistent},
    {"raise_contract_error", call_raise_contract_error},
    {"column_type_missing", call_column_type_missing},
    {"missing_config", call_missing_config},
    {"missing_relation", call_missing_relation},
    {"relation_wrong_type", call_relation_wrong_type},
    {"warn", call_warn},
    {"warn_snapshot_timestamp_data_types", call_warn_snapshot},
    {NULL, NULL},
};

static const ObjectType exceptions_type = {
    .name = "dict", .methods = methods, .is_mapping = true};
static Object object = {&exceptions_type};

Value exceptions_object(void)
{
    return value_of_object(&object);
}
