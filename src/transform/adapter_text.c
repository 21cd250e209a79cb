/* adapter_text.c: methods of `adapter` that only make text: quoting, types, constraints. */
#include "base/event.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "transform/adapter.h"

static bool one_text(Call *call, const char *method, const char *parameter, Str *out, Err *err)
{
    const char *const names[] = {parameter};
    Value slot;
    TRY(call_bind(call, method, names, 1, 1, &slot, err));
    AUTO(text) Text text = {0};
    value_print(slot, &text);
    *out = text_copy(call->arena, &text);
    return true;
}

ADAPTER_METHOD(quote)
{
    (void)self;
    Str name;
    TRY(one_text(call, "quote", "identifier", &name, err));
    *out = value_text(str_print(call->arena, "\"" STR_FMT "\"", STR_ARG(name)));
    return true;
}

ADAPTER_METHOD(type)
{
    (void)self, (void)err;
    *out = value_text(node_run_of(call)->runner->project->profile.type);
    return true;
}

ADAPTER_METHOD(quote_as_configured)
{
    (void)self;
    static const char *const names[] = {"identifier", "quote_key"};
    Value slots[2];
    TRY(call_bind(call, "quote_as_configured", names, 2, 2, slots, err));
    const Package *root = node_run_of(call)->runner->project->packages.at[0];
    Value wanted = value_get_str(value_get(root->config, "quoting"), value_str(slots[1]));
    bool is_quoted = wanted.kind == VALUE_BOOL ? wanted.is_true : true;
    *out = is_quoted ? value_text(str_print(call->arena, "\"" STR_FMT "\"",
                                            STR_ARG(value_str(slots[0]))))
                     : slots[0];
    return true;
}

ADAPTER_METHOD(quote_seed_column)
{
    (void)self;
    static const char *const names[] = {"column", "quote_config"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "quote_seed_column", names, 2, 1, slots, err));
    if (slots[1].kind != VALUE_BOOL && !value_is_none(slots[1]))
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "The seed configuration value of \"quote_columns\" has an invalid type %s",
                       value_type_name(slots[1]));
    bool is_quoted = slots[1].kind == VALUE_BOOL ? slots[1].is_true : true;
    *out = is_quoted ? value_text(str_print(call->arena, "\"" STR_FMT "\"",
                                            STR_ARG(value_str(slots[0]))))
                     : slots[0];
    return true;
}

ADAPTER_METHOD(escape_sql_string)
{
    (void)self;
    Str text;
    TRY(one_text(call, "escape_sql_string", "value", &text, err));
    *out = value_text(str_replace(call->arena, text, STR("'"), STR("''")));
    return true;
}

/* ---- types ---- */

/* Has a number of the column a fraction? */
static bool has_decimals(Value table, uint32_t column)
{
    for (uint64_t row = 0; row < table_row_count(table); row++) {
        AUTO(text) Text text = {0};
        value_print(table_cell(table, row, column), &text);
        if (str_find_char(text_str(&text), '.') >= 0 || str_find_char(text_str(&text), 'E') >= 0)
            return true;
    }
    return false;
}

/* convert_type(table, i): the SQL type for an agate column. */
ADAPTER_METHOD(convert_type)
{
    (void)self;
    static const char *const names[] = {"agate_table", "col_idx"};
    static const char *const types[][2] = {{"Text", "text"},
                                           {"Integer", "integer"},
                                           {"Boolean", "boolean"},
                                           {"Date", "date"},
                                           {"DateTime", "timestamp without time zone"},
                                           {"TimeDelta", "time"}};
    Value slots[2];
    TRY(call_bind(call, "convert_type", names, 2, 2, slots, err));
    if (!value_is_a(slots[0], &table_type) || slots[1].kind != VALUE_INT)
        return err_set(err, ERR_TYPE, NOWHERE, "convert_type() takes a table and a number");
    Value column_types;
    TRY(slots[0].object->type->get(slots[0].object, call->arena, STR("column_types"),
                                   &column_types, err));
    uint32_t column = (uint32_t)slots[1].number;
    if (column >= column_types.list->len)
        return err_set(err, ERR_TYPE, NOWHERE, "the table has no column %u", column);
    Value type = column_types.list->at[column];
    if (value_is(type, "Number")) {
        *out = has_decimals(slots[0], column) ? value_lit("float8") : value_lit("integer");
        return true;
    }
    *out = value_lit("text");
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (value_is(type, types[i][0]))
            *out = value_text(str_of(types[i][1]));
    return true;
}

ADAPTER_METHOD(convert_datetimes_to_strs)
{
    (void)self;
    static const char *const names[] = {"table"};
    Value slots[1];
    TRY(call_bind(call, "convert_datetimes_to_strs", names, 1, 1, slots, err));
    *out = slots[0]; /* literals are printed from text anyway */
    return true;
}

/* ---- constraints ---- */

static Str constraint_text(Value constraint, const char *key)
{
    return value_get_text(constraint, key, STR(""));
}

/* One constraint of a column: " not null", " check (x > 0)"; empty: the engine has none such. */
static Str column_constraint(Value constraint, Arena *arena)
{
    Str type = constraint_text(constraint, "type"),
        expression = constraint_text(constraint, "expression");
    if (str_is(type, "check") && expression.len)
        return str_print(arena, "check (" STR_FMT ")", STR_ARG(expression));
    if (str_is(type, "not_null"))
        return str_print(arena, "not null %s" STR_FMT, "", STR_ARG(expression));
    if (str_is(type, "unique"))
        return str_print(arena, "unique " STR_FMT, STR_ARG(expression));
    if (str_is(type, "primary_key"))
        return str_print(arena, "primary key " STR_FMT, STR_ARG(expression));
    if (str_is(type, "foreign_key")) {
        Str to = constraint_text(constraint, "to");
        Value columns = value_get(constraint, "to_columns");
        AUTO(text) Text text = {0};
        if (to.len && columns.kind == VALUE_LIST) {
            text_print(&text, "references " STR_FMT " (", STR_ARG(to));
            for (uint32_t i = 0; i < columns.list->len; i++)
                text_print(&text, "%s" STR_FMT, i ? ", " : "",
                           STR_ARG(value_str(columns.list->at[i])));
            text_add_char(&text, ')');
        } else if (expression.len) {
            text_print(&text, "references " STR_FMT, STR_ARG(expression));
        }
        return text_copy(arena, &text);
    }
    return str_is(type, "custom") ? expression : STR("");
}

/* DuckDB takes no name of a database before the table that a foreign key refers to. */
static Str without_database(Str relation)
{
    ptrdiff_t dot = str_find_char(relation, '.');
    Str rest = dot < 0 ? STR("") : str_slice(relation, (size_t)dot + 1, relation.len);
    return dialect_now()->has_one_database || str_find_char(rest, '.') < 0 ? relation : rest;
}

/* `to: ref('a')` of a foreign key becomes the relation; others are left as they are. */
static bool resolve_target(Call *call, Value *constraint, Err *err)
{
    Str to = str_trim(constraint_text(*constraint, "to")), shown;
    if (!str_starts(to, STR("ref(")) && !str_starts(to, STR("source(")))
        return true;
    NodeRun *run = node_run_of(call);
    Str source = str_print(call->arena, "{{ " STR_FMT " }}", STR_ARG(to));
    TRY(context_render(&run->context, source, run->node->file, &shown, err));
    *constraint = value_copy_shallow_text(call->arena, *constraint);
    dict_put(constraint->dict, STR("to"), value_text(without_database(shown)));
    return true;
}

/* "name type constraint constraint" for each column. */
ADAPTER_METHOD(render_raw_columns_constraints)
{
    (void)self;
    static const char *const names[] = {"raw_columns"};
    Value slots[1], key, column;
    TRY(call_bind(call, "render_raw_columns_constraints", names, 1, 1, slots, err));
    *out = value_list(call->arena);
    uint32_t at = 0;
    while (slots[0].kind == VALUE_DICT && dict_next(slots[0].dict, &at, &key, &column)) {
        AUTO(text) Text text = {0};
        bool is_quoted = value_truth(value_get(column, "quote"));
        const char *quote = is_quoted ? "\"" : "";
        text_print(&text, "%s" STR_FMT "%s " STR_FMT, quote,
                   STR_ARG(value_get_text(column, "name", STR(""))), quote,
                   STR_ARG(value_get_text(column, "data_type", STR(""))));
        Value constraints = value_get(column, "constraints");
        for (uint32_t i = 0; constraints.kind == VALUE_LIST && i < constraints.list->len; i++) {
            Value constraint = constraints.list->at[i];
            TRY(resolve_target(call, &constraint, err));
            Str one = str_trim(column_constraint(constraint, call->arena));
            if (one.len)
                text_print(&text, " " STR_FMT, STR_ARG(one));
        }
        array_add(out->list, value_text(text_copy(call->arena, &text)));
    }
    return true;
}

static void add_names(Value columns, Text *out)
{
    for (uint32_t i = 0; columns.kind == VALUE_LIST && i < columns.list->len; i++)
        text_print(out, "%s" STR_FMT, i ? ", " : "", STR_ARG(value_str(columns.list->at[i])));
}

/* One constraint of a table. */
static Str model_constraint(Value constraint, Arena *arena)
{
    AUTO(text) Text text = {0};
    Str type = constraint_text(constraint, "type"), name = constraint_text(constraint, "name"),
        expression = constraint_text(constraint, "expression");
    if (name.len)
        text_print(&text, "constraint " STR_FMT " ", STR_ARG(name));
    if (str_is(type, "check") && expression.len) {
        text_print(&text, "check (" STR_FMT ")", STR_ARG(expression));
    } else if (str_is(type, "unique") || str_is(type, "primary_key")) {
        text_add_c(&text, str_is(type, "unique") ? "unique " : "primary key ");
        if (expression.len)
            text_print(&text, STR_FMT " ", STR_ARG(expression));
        text_add_char(&text, '(');
        add_names(value_get(constraint, "columns"), &text);
        text_add_char(&text, ')');
    } else if (str_is(type, "foreign_key")) {
        text_add_c(&text, "foreign key (");
        add_names(value_get(constraint, "columns"), &text);
        text_add_c(&text, ") references ");
        Str to = constraint_text(constraint, "to");
        if (to.len) {
            text_print(&text, STR_FMT " (", STR_ARG(to));
            add_names(value_get(constraint, "to_columns"), &text);
            text_add_char(&text, ')');
        } else {
            text_add(&text, expression);
        }
    } else if (str_is(type, "custom") && expression.len) {
        text_add(&text, expression);
    } else {
        return STR("");
    }
    return text_copy(arena, &text);
}

ADAPTER_METHOD(render_raw_model_constraints)
{
    (void)self;
    static const char *const names[] = {"raw_constraints"};
    Value slots[1];
    TRY(call_bind(call, "render_raw_model_constraints", names, 1, 1, slots, err));
    *out = value_list(call->arena);
    for (uint32_t i = 0; slots[0].kind == VALUE_LIST && i < slots[0].list->len; i++) {
        Value constraint = slots[0].list->at[i];
        TRY(resolve_target(call, &constraint, err));
        Str one = model_constraint(constraint, call->arena);
        if (one.len)
            array_add(out->list, value_text(one));
    }
    return true;
}

/* ---- indexes ---- */

typedef struct Index {
    Object base;
    Value columns, type;       /* type: "hash", or NONE */
    bool is_unique;
} Index;

static bool index_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Index *index = (Index *)self;
    *out = str_is(name, "columns")  ? index->columns
           : str_is(name, "unique") ? value_bool(index->is_unique)
           : str_is(name, "type")   ? index->type
                                    : UNDEFINED;
    return true;
}

/* dbt's name: the table, the columns and the time, hashed. With the time, since a table that takes
 * another's place gets its indexes while the other still has those of its name. */
static Str stamped_name(const Index *index, Value relation, Arena *arena)
{
    AUTO(text) Text text = {0};
    for (uint32_t i = 0; i < index->columns.list->len; i++)
        text_print(&text, STR_FMT "_", STR_ARG(value_str(index->columns.list->at[i])));
    value_print(relation, &text);
    text_print(&text, "_%s_", index->is_unique ? "True" : "False");
    value_print(index->type, &text);
    text_print(&text, "_" STR_FMT, STR_ARG(clock_print_iso(arena, clock_now_us())));
    return md5_hex(arena, text_str(&text));
}

/* A name for the index that differs between tables; in DuckDB the same in every run. */
static bool index_render(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"relation"};
    Value slots[1];
    TRY(call_bind(call, "render", names, 1, 1, slots, err));
    const Index *index = (Index *)self;
    if (dialect_now()->has_index_types) {
        *out = value_text(stamped_name(index, slots[0], call->arena));
        return true;
    }
    AUTO(text) Text text = {0};
    value_repr(index->columns, &text);
    value_print(slots[0], &text);
    text_add_c(&text, index->is_unique ? "u" : "");
    *out = value_text(
        str_print(call->arena, "__dbt_index_%08x", (unsigned)str_hash(text_str(&text))));
    return true;
}

static const Method index_methods[] = {{"render", index_render}, {NULL, NULL}};
static const ObjectType index_type = {
    .name = "IndexConfig", .methods = index_methods, .get = index_get};

/* What is wrong with an entry of `indexes:`, in dbt's words; empty: nothing. */
static Str index_problem(Value raw, Arena *arena)
{
    AUTO(text) Text shown = {0};
    Value columns = value_get(raw, "columns"), unique = value_get(raw, "unique"),
          type = value_get(raw, "type");
    if (raw.kind != VALUE_DICT) {
        value_print(raw, &shown);
        return str_print(arena, "Invalid index config:\n  Got: " STR_FMT
                         "\n  Expected a dictionary with at minimum a \"columns\" key",
                         STR_ARG(text_str(&shown)));
    }
    if (value_is_undefined(columns))
        text_add_c(&shown, "'columns' is a required property");
    else if (columns.kind != VALUE_LIST)
        text_add_c(&shown, "'columns' is not of type 'array'");
    else if (!value_is_undefined(unique) && !value_is_bool(unique))
        text_add_c(&shown, "'unique' is not of type 'boolean'");
    else if (!value_is_undefined(type) && !value_is_none(type) && type.kind != VALUE_TEXT)
        text_add_c(&shown, "'type' is not of type 'string'");
    for (uint32_t i = 0; !shown.len && i < columns.list->len; i++)
        if (columns.list->at[i].kind != VALUE_TEXT) {
            value_repr(columns.list->at[i], &shown);
            text_add_c(&shown, " is not of type 'string'");
        }
    return shown.len ? str_print(arena, "Could not parse index config: " STR_FMT,
                                 STR_ARG(text_str(&shown)))
                     : STR("");
}

ADAPTER_METHOD(parse_index)
{
    (void)self;
    static const char *const names[] = {"raw_index"};
    Value slots[1];
    TRY(call_bind(call, "parse_index", names, 1, 1, slots, err));
    Str problem = index_problem(slots[0], call->arena);
    if (problem.len)
        return err_set(err, ERR_COMPILATION, NOWHERE, STR_FMT, STR_ARG(problem));
    Value type = value_get(slots[0], "type");
    Index *index = NEW(call->arena, Index);
    *index = (Index){.base = {&index_type},
                     .columns = value_get(slots[0], "columns"),
                     .type = value_is_undefined(type) ? NONE : type,
                     .is_unique = value_truth(value_get(slots[0], "unique"))};
    *out = value_of_object(&index->base);
    return true;
}

/* ---- external files ---- */

ADAPTER_METHOD(external_root)
{
    (void)self, (void)err;
    const Profile *profile = &node_run_of(call)->runner->project->profile;
    *out = value_text(value_get_text(profile->credentials, "external_root", STR(".")));
    return true;
}

static void put_text(Value options, const char *key, Str text)
{
    dict_put(options.dict, str_of(key), value_text(text));
}

/* The format of a file by its name: ".csv.gz" is csv with gzip. */
static void guess_format(Value options, Str location, Arena *arena)
{
    Str extension = str_lower(arena, path_extension(location));
    Str compression = str_is(extension, ".gz")    ? STR("gzip")
                      : str_is(extension, ".zst") ? STR("zstd")
                                                  : STR("");
    if (compression.len) {
        location = str_slice(location, 0, location.len - extension.len);
        extension = str_lower(arena, path_extension(location));
    }
    if (extension.len > 1) {
        put_text(options, "format", str_slice(extension, 1, extension.len));
        if (compression.len && value_is_undefined(value_get(options, "compression")))
            put_text(options, "compression", compression);
    } else {
        bool has_delimiter = !value_is_undefined(value_get(options, "delimiter"));
        put_text(options, "format", has_delimiter ? STR("csv") : STR("parquet"));
    }
}

/* Texts that the COPY statement wants quoted. */
static bool is_quoted_option(Str key)
{
    static const char *const keys[] = {"delimiter", "quote", "escape", "null", "nullstr"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (str_eq_fold(key, str_of(keys[i])))
            return true;
    return false;
}

/* external_write_options(location, options): "format parquet, compression zstd". */
ADAPTER_METHOD(external_write_options)
{
    (void)self;
    static const char *const names[] = {"write_location", "rendered_options"};
    Value slots[2], key, value;
    TRY(call_bind(call, "external_write_options", names, 2, 2, slots, err));
    Value options = slots[1];
    if (options.kind != VALUE_DICT)
        return err_set(err, ERR_TYPE, NOWHERE, "external_write_options() takes a dict of options");
    if (value_is_undefined(value_get(options, "format")))
        guess_format(options, value_str(slots[0]), call->arena);
    if (value_is(value_get(options, "format"), "csv") &&
        value_is_undefined(value_get(options, "header")))
        dict_put(options.dict, STR("header"), value_int(1));
    Str parts = value_get_text(options, "partition_by", STR(""));
    if (str_find_char(parts, ',') >= 0 && !str_starts(parts, STR("(")))
        put_text(options, "partition_by", str_print(call->arena, "(" STR_FMT ")", STR_ARG(parts)));
    AUTO(text) Text text = {0};
    for (uint32_t at = 0; dict_next(options.dict, &at, &key, &value);) {
        AUTO(text) Text shown = {0};
        value_print(value, &shown);
        Str plain = text_str(&shown);
        if (is_quoted_option(value_str(key)) && !str_starts(plain, STR("'")))
            plain = sql_quote_text(call->arena, plain);
        text_print(&text, "%s" STR_FMT " " STR_FMT, text.len ? ", " : "",
                   STR_ARG(value_str(key)), STR_ARG(plain));
    }
    *out = value_text(text_copy(call->arena, &text));
    return true;
}

/* Where to read what was written: a glob when it was partitioned. */
ADAPTER_METHOD(external_read_location)
{
    (void)self;
    static const char *const names[] = {"write_location", "rendered_options"};
    Value slots[2];
    TRY(call_bind(call, "external_read_location", names, 2, 2, slots, err));
    *out = slots[0];
    Str parts = value_get_text(slots[1], "partition_by", STR(""));
    if (!parts.len && !value_truth(value_get(slots[1], "per_thread_output")))
        return true;
    AUTO(text) Text text = {0};
    text_print(&text, STR_FMT "/*", STR_ARG(value_str(slots[0])));
    Str part;
    while (parts.len && str_next_part(&parts, ',', &part))
        text_add_c(&text, "/*");
    text_print(&text, "." STR_FMT, STR_ARG(value_get_text(slots[1], "format", STR("parquet"))));
    *out = value_text(text_copy(call->arena, &text));
    return true;
}

/* ---- the rest ---- */

/* Rows (grantee, privilege) to {privilege: [grantees]}. */
ADAPTER_METHOD(standardize_grants_dict)
{
    (void)self;
    static const char *const names[] = {"grants_table"};
    Value slots[1];
    TRY(call_bind(call, "standardize_grants_dict", names, 1, 1, slots, err));
    *out = value_dict(call->arena);
    for (uint64_t row = 0; value_is_a(slots[0], &table_type) && row < table_row_count(slots[0]);
         row++) {
        Value grantee = table_cell(slots[0], row, 0), privilege = table_cell(slots[0], row, 1);
        Value *list = dict_find_value(out->dict, privilege);
        if (!list) {
            dict_put_keyed(out->dict, privilege, value_list(call->arena));
            list = dict_find_value(out->dict, privilege);
        }
        array_add(list->list, grantee);
    }
    return true;
}

static bool is_valid_strategy(Str strategy, bool *is_known)
{
    static const char *const valid[] = {"append", "delete+insert", "merge", "microbatch",
                                        "default"};
    static const char *const known[] = {"append", "delete+insert", "merge", "insert_overwrite",
                                        "microbatch"};
    *is_known = false;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        *is_known |= str_is(strategy, known[i]);
    for (size_t i = 0; i < COUNT_OF(valid); i++)
        if (str_is(strategy, valid[i]))
            return true;
    return false;
}

/* The macro get_incremental_STRATEGY_sql, as the context sees it. */
ADAPTER_METHOD(get_incremental_strategy_macro)
{
    (void)self;
    static const char *const names[] = {"model_context", "strategy"};
    Value slots[2];
    TRY(call_bind(call, "get_incremental_strategy_macro", names, 2, 2, slots, err));
    Str strategy = slots[1].kind == VALUE_TEXT ? value_str(slots[1]) : STR("default");
    bool is_known;
    if (!is_valid_strategy(strategy, &is_known) && is_known)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "The incremental strategy '" STR_FMT
                       "' is not valid for this adapter",
                       STR_ARG(strategy));
    Str name = str_print(call->arena, "get_incremental_" STR_FMT "_sql",
                         STR_ARG(str_replace(call->arena, strategy, STR("+"), STR("_"))));
    NodeRun *run = node_run_of(call);
    MacroEntry *entry = library_resolve(run->runner->project->library, run->node->package, name,
                                        str_hash(name));
    if (!entry)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "dbt could not find an incremental strategy macro with the name \"" STR_FMT
                       "\" in " STR_FMT,
                       STR_ARG(name), STR_ARG(run->context.project_name));
    *out = value_of_object(&entry->macro->base);
    return true;
}

static Value config_item(Value config, Arena *arena, const char *name, Err *err)
{
    Value found = value_get(config, name);
    if (config.kind == VALUE_OBJECT) {
        Value arg = value_text(str_of(name));
        Call inner = {.arena = arena, .args = &arg, .arg_count = 1};
        const Method *get = object_method(config.object->type, STR("get"));
        if (!get || !get->call(config.object, &inner, &found, err))
            found = NONE;
    }
    return value_is_undefined(found) ? NONE : found;
}

ADAPTER_METHOD(get_hard_deletes_behavior)
{
    (void)self;
    static const char *const names[] = {"config"};
    Value slots[1];
    TRY(call_bind(call, "get_hard_deletes_behavior", names, 1, 1, slots, err));
    Err ignored = {0};
    Value hard = config_item(slots[0], call->arena, "hard_deletes", &ignored);
    Value invalidate = config_item(slots[0], call->arena, "invalidate_hard_deletes", &ignored);
    err_drop(&ignored);
    if (!value_is_none(invalidate) && !value_is_none(hard))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "You cannot set both the invalidate_hard_deletes and hard_deletes config "
                       "properties on the same snapshot.");
    bool is_known = value_is(hard, "invalidate") || value_is(hard, "new_record") ||
                    value_is(hard, "ignore");
    if (value_truth(invalidate))
        *out = value_lit("invalidate");
    else if (value_is_none(hard))
        *out = value_lit("ignore");
    else if (is_known)
        *out = hard;
    else
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Invalid setting for property hard_deletes: it is one of ignore, "
                       "invalidate, new_record");
    return true;
}
