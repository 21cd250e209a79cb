/* plan.c: the columns that come meet the columns of the table, under the contract. */
#include "lake/lake_base.h"

static const char *const meta_names[] = {"_weir_loaded_at", "_weir_run_id", "_weir_load_id",
                                         "_weir_source_file", "_weir_row_hash"};
static const char *const nested_names[] = {"_weir_id", "_weir_parent_id", "_weir_root_id",
                                           "_weir_list_index"};
static const char *const scd2_names[] = {"_weir_valid_from", "_weir_valid_to"};

static bool name_is_among(Str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_fold(name, str_of(names[i])))
            return true;
    return false;
}

bool plan_is_reserved(const Load *load, Str name)
{
    const LoadSpec *spec = load->spec;
    if (load->input->kind != INPUT_SELECT &&
        name_is_among(name, meta_names, COUNT_OF(meta_names)))
        return true;
    if (spec->splits_nested && name_is_among(name, nested_names, COUNT_OF(nested_names)))
        return true;
    return spec->disposition == WRITE_SCD2 &&
           name_is_among(name, scd2_names, COUNT_OF(scd2_names));
}

Value plan_meta(const Load *load, Arena *arena)
{
    if (value_is_list(load->spec->meta_columns))
        return load->spec->meta_columns;
    Value names = value_list(arena);
    array_add(names.list, value_lit("_weir_loaded_at"));
    array_add(names.list, value_lit("_weir_run_id"));
    return names;
}

/* ---- one column ---- */

static void note(Load *load, Str text)
{
    array_add(load->report.changes.list, value_text(text));
}

/* The type that a hint gives a column; at NULL: no hint. */
static Str hinted_type(const Load *load, const TableLoad *table, Str name)
{
    if (table->parent || !value_is_dict(load->spec->columns))
        return STR_NONE;
    uint32_t at = 0;
    Value key, hint;
    while (dict_next(load->spec->columns.dict, &at, &key, &hint)) {
        if (!str_eq_fold(value_str(key), name))
            continue;
        if (value_is_text(hint))
            return value_str(hint);
        return value_get_text(hint, "type", value_get_text(hint, "data_type", STR_NONE));
    }
    return STR_NONE;
}

static void set_type(PlanColumn *column, const LakeColumn *like)
{
    column->type = like->type;
    column->field = like->field;
    column->is_known = like->is_known;
}

/* Objects and lists, and JSON, which holds anything. */
static bool is_tree(const LakeColumn *column)
{
    return column->is_known && (column->field.type == ARROW_STRUCT ||
                                column->field.type == ARROW_LIST ||
                                column->field.type == ARROW_JSON);
}

/* How two types meet; *out holds both when it is wider or a clash that evolves. */
static TypeMeet meet(Load *load, const LakeColumn *have, const LakeColumn *seen, LakeColumn *out)
{
    if (str_eq_fold(have->type, seen->type))
        return TYPES_SAME;
    if (!have->is_known || !seen->is_known)
        return TYPES_CLASH;
    Field field = {0};
    TypeMeet how = types_meet(load->arena, &have->field, &seen->field, &field);
    if (how == TYPES_CLASH)
        field = (Field){.type = is_tree(have) || is_tree(seen) ? ARROW_JSON : ARROW_TEXT};
    if (how == TYPES_CLASH || how == TYPES_WIDEN) {
        field.name = have->name;
        *out = column_of_field(load->arena, &field);
        column_without_doubles(load->arena, out);
        if (str_eq_fold(out->type, have->type)) /* the table's type holds it, in other words */
            return TYPES_NARROWER;
    }
    return how;
}

/* How values of one type become another. */
static Conversion conversion(const LakeColumn *from, const PlanColumn *to)
{
    if (str_eq_fold(from->type, to->type))
        return CONVERT_NONE;
    if (to->is_known && to->field.type == ARROW_JSON)
        return CONVERT_JSON;
    return CONVERT_CAST;
}

/* Are its values converted, exactly, by the reader of records? (Children come from a stage.) */
static bool reads_records(const Load *load, const TableLoad *table)
{
    return load->is_records && !table->parent;
}

/* The table lacks it. */
static bool plan_new(Load *load, TableLoad *table, PlanColumn *column, Str hint, Err *err)
{
    const LakeColumn *input = column->input;
    ContractMode mode = load->spec->contract.columns;
    bool is_null = input && input->is_known && input->field.type == ARROW_NULL;
    bool is_records = reads_records(load, table);
    if (hint.at) {
        LakeColumn hinted = column_of_type(load->arena, column->name, hint);
        set_type(column, &hinted);
        column->on_bad = load->spec->contract.data_type;
    } else if (is_null) {
        column->is_read = is_records;
        column->field = (Field){.name = input->key, .type = ARROW_JSON};
        column->is_known = true;
        return true;
    } else if (table->exists && mode != CONTRACT_EVOLVE) {
        if (mode == CONTRACT_FREEZE && !is_records)
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           STR_FMT ": the source has a new column \"" STR_FMT "\" (" STR_FMT
                           "); %s",
                           STR_ARG(table->name), STR_ARG(column->name), STR_ARG(input->type),
                           contract_way_out(true));
        column->is_unknown = true;
        column->on_bad = mode;
        table->plan.tells_unknown |= is_records;
        table->plan.has_discards |= !is_records;
        return true;
    } else {
        set_type(column, input);
    }
    column->is_read = input != NULL;
    column->is_loaded = true;
    column->conversion = !input ? CONVERT_NULL
                         : is_null || is_records ? CONVERT_NONE
                                                 : conversion(input, column);
    if (hint.at && column->conversion == CONVERT_CAST)
        column->conversion = CONVERT_CHECKED;
    if (table->exists)
        note(load, str_print(load->arena, "column " STR_FMT " added (" STR_FMT ")",
                             STR_ARG(column->name), STR_ARG(column->type)));
    return true;
}

/* The table's type does not hold what comes. */
static bool plan_clash(Load *load, TableLoad *table, PlanColumn *column, TypeMeet how,
                       const LakeColumn *both, Str hint, Err *err)
{
    const LakeColumn *have = column->have, *input = column->input;
    ContractMode mode = load->spec->contract.data_type;
    bool can_widen = have->is_known && input->is_known && !hint.at;
    bool is_records = reads_records(load, table);
    if (mode == CONTRACT_EVOLVE && can_widen) {
        set_type(column, both);
        column->is_altered = table->exists;
        column->conversion = is_records ? CONVERT_NONE : conversion(input, column);
        const char *verb = how == TYPES_WIDEN ? "widened" : "changed";
        note(load, str_print(load->arena, STR_FMT " %s from " STR_FMT " to " STR_FMT
                             "%s" STR_FMT "%s",
                             STR_ARG(column->name), verb, STR_ARG(have->type),
                             STR_ARG(column->type), how == TYPES_WIDEN ? "" : ": the source gives ",
                             STR_ARG(how == TYPES_WIDEN ? STR("") : input->type),
                             how == TYPES_WIDEN ? "" : ", which it does not hold"));
        return true;
    }
    column->on_bad = mode;
    if (mode == CONTRACT_FREEZE && !is_records)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT ": column \"" STR_FMT "\" is " STR_FMT ", the source gives " STR_FMT
                       "; %s",
                       STR_ARG(table->name), STR_ARG(column->name), STR_ARG(have->type),
                       STR_ARG(input->type), contract_way_out(false));
    bool discards = mode == CONTRACT_DISCARD_ROW || mode == CONTRACT_DISCARD_VALUE;
    column->conversion = is_records ? CONVERT_NONE : discards ? CONVERT_TRY : CONVERT_CHECKED;
    table->plan.has_discards |= discards && !is_records;
    return true;
}

/* The table has it, and it comes. */
static bool plan_both(Load *load, TableLoad *table, PlanColumn *column, Str hint, Err *err)
{
    LakeColumn both, have = *column->have;
    const LakeColumn *input = column->input;
    bool is_records = reads_records(load, table);
    set_type(column, &have);
    if (hint.at) { /* the user's word on the table's type: widen to it now */
        LakeColumn hinted = column_of_type(load->arena, column->name, hint);
        if (meet(load, &have, &hinted, &both) == TYPES_WIDEN) {
            set_type(column, &both);
            column->is_altered = table->exists;
            note(load, str_print(load->arena, STR_FMT " widened from " STR_FMT " to " STR_FMT,
                                 STR_ARG(column->name), STR_ARG(have.type),
                                 STR_ARG(column->type)));
            have = both;
        }
    }
    column->is_read = column->is_loaded = true;
    column->on_bad = load->spec->contract.data_type;
    if (input->is_known && input->field.type == ARROW_NULL) {
        column->conversion = is_records ? CONVERT_NONE : CONVERT_NULL;
        return true;
    }
    TypeMeet how = meet(load, &have, input, &both);
    if (how == TYPES_SAME || how == TYPES_NARROWER) {
        column->conversion = is_records ? CONVERT_NONE : conversion(input, column);
        return true;
    }
    return plan_clash(load, table, column, how, &both, hint, err);
}

/* ---- names ---- */

static bool is_taken(const TableLoad *table, Str name)
{
    for (uint32_t i = 0; i < table->plan.len; i++)
        if (str_eq_fold(table->plan.at[i].name, name))
            return true;
    return false;
}

/* The name in the table of a column that comes: its own, unless empty, reserved or doubled. */
static Str free_name(Load *load, const TableLoad *table, Str key, uint32_t number)
{
    Str base = str_is_empty(key) ? str_print(load->arena, "column_%u", number + 1) : key;
    Str name = base;
    for (unsigned i = 2; plan_is_reserved(load, name) || is_taken(table, name); i++)
        name = str_print(load->arena, STR_FMT "_%u", STR_ARG(base), i);
    return name;
}

/* The table's column of that very name, or of one that differs by case and nobody has taken. */
static const LakeColumn *find_have(Load *load, const TableLoad *table, Str name, bool is_exact)
{
    if (plan_is_reserved(load, name))
        return NULL;
    for (uint32_t i = 0; i < table->have.len; i++) {
        const LakeColumn *have = &table->have.at[i];
        if (is_exact ? str_eq(have->name, name) : str_eq_fold(have->name, name))
            return have;
    }
    return NULL;
}

/* Pairs the columns that come with those of the table: equal names first, so that "id" and "ID" do
 * not change places. */
static void pair(Load *load, TableLoad *table, const LakeColumn **pairs)
{
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < table->input.len; i++) {
            if (pairs[i])
                continue;
            const LakeColumn *have = find_have(load, table, table->input.at[i].key, pass == 0);
            bool is_used = false;
            for (uint32_t k = 0; have && k < table->input.len; k++)
                is_used |= pairs[k] == have;
            if (have && !is_used)
                pairs[i] = have;
        }
}

/* ---- the plan ---- */

static bool add_incoming(Load *load, TableLoad *table, Err *err)
{
    const LakeColumn **pairs = NEW_N(load->arena, const LakeColumn *, table->input.len);
    pair(load, table, pairs);
    for (uint32_t pass = 0; pass < 2; pass++) /* names that the table has are given out first */
        for (uint32_t i = 0; i < table->input.len; i++) {
            LakeColumn *input = &table->input.at[i];
            if ((pairs[i] == NULL) != (pass == 1) || nested_is_list(load, table, input))
                continue;
            PlanColumn column = {.input = input, .have = pairs[i]};
            column.name = pairs[i] ? pairs[i]->name : free_name(load, table, input->key, i);
            if (!column.have) /* a name that was given in place of its own by an earlier load */
                column.have = find_have(load, table, column.name, false);
            input->name = column.name;
            Str hint = hinted_type(load, table, column.name);
            if (column.have)
                TRY(plan_both(load, table, &column, hint, err));
            else
                TRY(plan_new(load, table, &column, hint, err));
            list_add(load->arena, &table->plan, column);
        }
    return true;
}

/* Columns that the table has and that do not come; hinted ones that nobody has. */
static bool add_others(Load *load, TableLoad *table, Err *err)
{
    for (uint32_t i = 0; i < table->have.len; i++) {
        const LakeColumn *have = &table->have.at[i];
        if (is_taken(table, have->name) || name_is_among(have->name, meta_names, 5) ||
            plan_is_reserved(load, have->name))
            continue;
        PlanColumn column = {.name = have->name, .have = have, .conversion = CONVERT_NULL};
        set_type(&column, have);
        column.is_loaded = true;
        list_add(load->arena, &table->plan, column);
    }
    if (table->parent || !value_is_dict(load->spec->columns))
        return true;
    uint32_t at = 0;
    Value key, hint;
    while (dict_next(load->spec->columns.dict, &at, &key, &hint)) {
        PlanColumn column = {.name = value_str(key)};
        Str type = hinted_type(load, table, column.name);
        if (!type.at || is_taken(table, column.name))
            continue;
        TRY(plan_new(load, table, &column, type, err));
        list_add(load->arena, &table->plan, column);
    }
    return true;
}

/* The columns that the load's words name must come; their names become those of the table. */
static bool check_named(const Load *load, const TableLoad *table, Str name, const char *what,
                        Err *err)
{
    for (uint32_t i = 0; i < table->plan.len; i++) {
        const PlanColumn *column = &table->plan.at[i];
        if (!str_eq_fold(column->name, name) || !column->input)
            continue;
        if (!column->is_loaded && str_is(str_of(what), "key"))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           STR_FMT ": the key column \"" STR_FMT "\" holds no values",
                           STR_ARG(table->name), STR_ARG(name));
        return true;
    }
    Str hint = columns_hint(load->arena, &table->input, name);
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   STR_FMT ": the %s column \"" STR_FMT "\" is not among the columns that come"
                   STR_FMT, STR_ARG(table->name), what, STR_ARG(name), STR_ARG(hint));
}

static bool check_words(const Load *load, const TableLoad *table, Err *err)
{
    const LoadSpec *spec = load->spec;
    bool needs_key = spec->disposition == WRITE_MERGE || spec->disposition == WRITE_SCD2;
    bool has_key = value_is_list(spec->primary_key) && spec->primary_key.list->len > 0;
    if (needs_key && !has_key)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT ": %s needs a primary_key",
                       STR_ARG(table->name),
                       spec->disposition == WRITE_MERGE ? "merge" : "scd2");
    if (table->input.len == 0) /* nothing comes: nothing to look for */
        return true;
    for (uint32_t i = 0; needs_key && i < spec->primary_key.list->len; i++)
        TRY(check_named(load, table, value_str(spec->primary_key.list->at[i]), "key", err));
    if (!str_is_empty(spec->cursor_column))
        TRY(check_named(load, table, spec->cursor_column, "cursor", err));
    if (!str_is_empty(spec->deleted_column) && spec->disposition == WRITE_MERGE)
        TRY(check_named(load, table, spec->deleted_column, "deleted", err));
    return true;
}

bool plan_make(Load *load, TableLoad *table, Err *err)
{
    TRY(add_incoming(load, table, err));
    TRY(add_others(load, table, err));
    return table->parent || check_words(load, table, err);
}

/* ---- for the templates ---- */

Value plan_value(const Load *load, const TableLoad *table, Arena *arena)
{
    static const char *const how[] = {"none", "cast", "json", "checked", "try", "null"};
    Array *list = array_make(arena, table->plan.len);
    (void)load;
    for (uint32_t i = 0; i < table->plan.len; i++) {
        const PlanColumn *column = &table->plan.at[i];
        Dict *row = dict_make(arena, 12);
        bool is_null = !column->input || column->conversion == CONVERT_NULL;
        dict_put(row, STR("name"), value_text(column->name));
        dict_put(row, STR("type"), value_text(column->type));
        dict_put(row, STR("how"), value_text(str_of(is_null ? "null" : how[column->conversion])));
        dict_put(row, STR("source"), column->input ? value_text(column->input->source) : NONE);
        dict_put(row, STR("from"), column->input ? value_text(column->input->type) : NONE);
        dict_put(row, STR("had"), column->have ? value_text(column->have->type) : NONE);
        dict_put(row, STR("comes"), value_bool(column->input != NULL));
        dict_put(row, STR("loaded"), value_bool(column->is_loaded));
        dict_put(row, STR("added"), value_bool(column->is_loaded && !column->have));
        dict_put(row, STR("altered"), value_bool(column->is_altered));
        dict_put(row, STR("refused"), value_bool(column->is_unknown));
        dict_put(row, STR("drops_row"), value_bool(column->on_bad == CONTRACT_DISCARD_ROW));
        array_add(list, value_of_dict(row));
    }
    return value_of_array(list);
}
