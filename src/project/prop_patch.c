/* prop_patch.c: what a property file says of a node that has a file of its own. */
#include <stdlib.h>

#include "base/hash.h"
#include "project/prop_semantic.h"

static PropKey key_of(NodeKind kind)
{
    switch (kind) {
    case NODE_SEED: return KEY_SEEDS;
    case NODE_SNAPSHOT: return KEY_SNAPSHOTS;
    case NODE_ANALYSIS: return KEY_ANALYSES;
    case NODE_TEST: return KEY_DATA_TESTS;
    case NODE_FUNCTION: return KEY_FUNCTIONS;
    default: return KEY_MODELS;
    }
}

/* ---- constraints ---- */

static bool has_type(Value constraints, const char *type)
{
    for (uint32_t i = 0; constraints.kind == VALUE_LIST && i < constraints.list->len; i++)
        if (value_is(value_get(constraints.list->at[i], "type"), type))
            return true;
    return false;
}

static bool fail_keys(const Entry *entry, const Node *node, Err *err, const char *text)
{
    return err_set_in(err, ERR_PARSING, document_place(entry->document, entry->raw),
                      entry->document->file->text,
                      "Primary key constraint error: (" STR_FMT ")\n%s",
                      STR_ARG(node->original_file_path), text);
}

static bool check_keys(const Entry *entry, const Node *node, Err *err)
{
    Value key, column;
    uint32_t count = 0;
    for (uint32_t at = 0; dict_next(node->columns.dict, &at, &key, &column);)
        count += has_type(value_get(column, "constraints"), "primary_key");
    if (count > 1)
        return fail_keys(entry, node, err,
                         "Several columns have primary key constraints. Primary keys for multiple "
                         "columns must be defined as a model level constraint.");
    if (count && has_type(node->constraints, "primary_key"))
        return fail_keys(entry, node, err,
                         "Primary key constraints defined at the model level and the columns "
                         "level. Primary keys can be defined at the model level or the column "
                         "level, not both.");
    return true;
}

/* Foreign keys refer to other models: refs and sources of the node. */
static bool note_references(Arena *arena, const Entry *entry, Node *node, Value constraints,
                            Err *err)
{
    for (uint32_t i = 0; constraints.kind == VALUE_LIST && i < constraints.list->len; i++) {
        Value constraint = constraints.list->at[i], to = value_get(constraint, "to");
        if (!value_is(value_get(constraint, "type"), "foreign_key") || !value_truth(to))
            continue;
        StaticCall call;
        if (!static_call_parse(arena, value_str(to), &call))
            return err_set_in(err, ERR_PARSING, document_place(entry->document, to),
                              entry->document->file->text,
                              "Invalid 'ref' or 'source' syntax on foreign key constraint 'to' on "
                              "model " STR_FMT ": " STR_FMT ".",
                              STR_ARG(node->name), STR_ARG(value_str(to)));
        call.ref.place = call.source.place = document_place(entry->document, to);
        if (call.is_ref)
            list_add(arena, &node->refs, call.ref);
        else
            list_add(arena, &node->sources, call.source);
    }
    return true;
}

static bool is_enforced(const Node *node)
{
    Value enforced = value_get(value_get(node->config, "contract"), "enforced");
    return value_is_bool(enforced) && enforced.is_true;
}

static bool apply_constraints(Worker *worker, const Entry *entry, Node *node, const Patch *patch,
                              Err *err)
{
    Arena *arena = worker->arena;
    Value given = value_get(patch->version_entry, "constraints"), bad, key, column;
    if (!value_truth(given))
        given = value_get(patch->target, "constraints");
    bool has_columns = node->columns.dict->len != 0, is_sql = str_is(node->language, "sql");
    if (is_enforced(node) && (!has_columns || !is_sql))
        return err_set_in(err, ERR_PARSING, document_place(entry->document, entry->raw),
                          entry->document->file->text,
                          "Contract enforcement failed for: (" STR_FMT ")%s%s" STR_FMT "%s",
                          STR_ARG(node->original_file_path),
                          has_columns ? "" : "\nConstraints must be defined in a `yml` schema "
                                             "configuration file like `schema.yml`.",
                          is_sql ? "" : "\nLanguage Error: Expected 'sql' but found '",
                          STR_ARG(is_sql ? STR_NONE : node->language), is_sql ? "" : "'");
    if (!constraints_valid(given, &bad))
        return err_set_in(err, ERR_PARSING, document_place(entry->document, bad),
                          entry->document->file->text,
                          "Invalid constraint type on model " STR_FMT
                          ": Type must be one of ['check', 'not_null', 'unique', 'primary_key', "
                          "'foreign_key', 'custom']",
                          STR_ARG(node->name));
    if (given.kind == VALUE_LIST && given.list->len) {
        node->constraints = value_list(arena);
        for (uint32_t i = 0; i < given.list->len; i++)
            array_add(node->constraints.list, constraint_make(arena, given.list->at[i], true));
    }
    TRY(check_keys(entry, node, err));
    for (uint32_t at = 0; dict_next(node->columns.dict, &at, &key, &column);)
        TRY(note_references(arena, entry, node, value_get(column, "constraints"), err));
    return note_references(arena, entry, node, node->constraints, err);
}

/* ---- the contract's checksum: sha256 of what Python prints of the columns ---- */

static void print_field(Value constraint, const char *field, Text *out)
{
    text_print(out, ", %s=", field);
    value_repr(value_get(constraint, field), out);
}

static void print_constraints(Value list, bool is_model, Text *out)
{
    static const char *const fields[] = {"name", "expression", "warn_unenforced",
                                         "warn_unsupported", "to", "to_columns"};
    text_add_char(out, '[');
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++) {
        Value constraint = list.list->at[i];
        Str type = value_get_text(constraint, "type", STR(""));
        text_print(out, "%s%sLevelConstraint(type=<ConstraintType." STR_FMT ": '" STR_FMT "'>",
                   i ? ", " : "", is_model ? "Model" : "Column", STR_ARG(type), STR_ARG(type));
        for (uint32_t f = 0; f < COUNT_OF(fields); f++)
            print_field(constraint, fields[f], out);
        if (is_model)
            print_field(constraint, "columns", out);
        text_add_char(out, ')');
    }
    text_add_char(out, ']');
}

static int compare_columns(const void *a, const void *b)
{
    return str_compare(value_get_text(*(const Value *)a, "name", STR("")),
                       value_get_text(*(const Value *)b, "name", STR("")));
}

static void set_contract_checksum(Arena *arena, Node *node)
{
    uint32_t count = 0;
    Value *columns = NEW_N(arena, Value, node->columns.dict->len + 1), key;
    for (uint32_t at = 0; dict_next(node->columns.dict, &at, &key, &columns[count]);)
        count++;
    if (count)
        qsort(columns, count, sizeof(*columns), compare_columns);
    AUTO(text) Text all = {0};
    for (uint32_t i = 0; i < count; i++) {
        text_add_char(&all, '|');
        text_add(&all, value_get_text(columns[i], "name", STR("")));
        value_print(value_get(columns[i], "data_type"), &all);
        print_constraints(value_get(columns[i], "constraints"), false, &all);
    }
    Str materialized = node_materialized(node);
    if (str_is(materialized, "table") || str_is(materialized, "incremental")) {
        text_add(&all, materialized);
        print_constraints(node->constraints, true, &all);
    }
    Dict *contract = dict_make(arena, 3);
    dict_put(contract, STR("enforced"), value_bool(true));
    Value alias_types = value_get(node->contract, "alias_types");
    dict_put(contract, STR("alias_types"), alias_types);
    dict_put(contract, STR("checksum"), value_text(sha256_hex(arena, text_str(&all))));
    node->contract = value_of_dict(contract);
}

/* ---- models ---- */

/* "2030-01-31" -> "2030-01-31T00:00:00+00:00" */
static Value deprecation_date(Arena *arena, Value given)
{
    Str text = value_str(given);
    if (!text.len)
        return NONE;
    bool has_time = text.len > 10;
    Str time = has_time ? str_slice(text, 11, text.len) : STR("00:00:00");
    bool has_zone = str_find_char(time, '+') >= 0 || str_find_char(time, '-') >= 0;
    return value_text(str_print(arena, STR_FMT "T" STR_FMT "%s", STR_ARG(str_slice(text, 0, 10)),
                                STR_ARG(time), has_zone ? "" : "+00:00"));
}

static Value time_spine(Arena *arena, Value given)
{
    if (given.kind != VALUE_DICT)
        return NONE;
    Value made = value_dict(arena), list = value_list(arena);
    Value custom = value_get(given, "custom_granularities");
    for (uint32_t i = 0; custom.kind == VALUE_LIST && i < custom.list->len; i++) {
        Value one = value_dict(arena);
        dict_put(one.dict, STR("name"), prop_get(custom.list->at[i], "name"));
        dict_put(one.dict, STR("column_name"), prop_get(custom.list->at[i], "column_name"));
        array_add(list.list, one);
    }
    dict_put(made.dict, STR("standard_granularity_column"),
             prop_get(given, "standard_granularity_column"));
    dict_put(made.dict, STR("custom_granularities"), list);
    return made;
}

static bool apply_model(Worker *worker, const Entry *entry, Node *node, const Patch *patch,
                        Err *err)
{
    Arena *arena = worker->arena;
    const Value *holder = value_is_none(patch->version) ? &patch->target : &patch->version_entry;
    node->deprecation_date = deprecation_date(arena, value_get(*holder, "deprecation_date"));
    Value spine = value_get(patch->target, "time_spine");
    if (value_is_dict(spine)) {
        Value columns = value_get(patch->target, "columns");
        Array *list = columns.kind == VALUE_LIST ? columns.list : NULL;
        if (!value_is_none(patch->version))
            TRY(columns_of_version(entry, arena, patch->target, patch->version_entry, &list, err));
        TRY(time_spine_check(entry, spine, list, err));
        node->extra = value_dict(arena);
        dict_put(node->extra.dict, STR("time_spine"), time_spine(arena, spine));
    }
    TRY(apply_constraints(worker, entry, node, patch, err));
    if (is_enforced(node))
        set_contract_checksum(arena, node);
    return true;
}

/* ---- functions ---- */

static Value returns_of(Arena *arena, Value given)
{
    if (given.kind != VALUE_DICT)
        return NONE;
    Value made = value_dict(arena);
    dict_put(made.dict, STR("data_type"), prop_get(given, "data_type"));
    dict_put(made.dict, STR("description"), prop_get(given, "description"));
    return made;
}

static Value arguments_of(Arena *arena, Value given)
{
    static const char *const keys[] = {"name", "data_type", "description", "default_value"};
    Value list = value_list(arena);
    for (uint32_t i = 0; given.kind == VALUE_LIST && i < given.list->len; i++) {
        Value made = value_dict(arena);
        for (uint32_t k = 0; k < COUNT_OF(keys); k++)
            dict_put(made.dict, str_of(keys[k]), prop_get(given.list->at[i], keys[k]));
        array_add(list.list, made);
    }
    return list;
}

static bool apply_function(Worker *worker, const Entry *entry, Node *node, Err *err)
{
    Arena *arena = worker->arena;
    Value returns = value_get(entry->tree, "returns"), given = value_get(entry->tree, "overloads");
    if (returns.kind != VALUE_DICT)
        return entry_fail(entry, entry->raw, err, "at path []: 'returns' is a required property");
    if (value_get(returns, "data_type").kind != VALUE_TEXT)
        return entry_fail(entry, returns, err,
                          "at path ['returns']: 'data_type' is a required property");
    Value overloads = value_list(arena);
    for (uint32_t i = 0; given.kind == VALUE_LIST && i < given.list->len; i++) {
        Value one = given.list->at[i], made = value_dict(arena);
        dict_put(made.dict, STR("defined_in"), prop_get(one, "defined_in"));
        dict_put(made.dict, STR("arguments"), arguments_of(arena, value_get(one, "arguments")));
        dict_put(made.dict, STR("returns"), returns_of(arena, value_get(one, "returns")));
        dict_put(made.dict, STR("description"), prop_get(one, "description"));
        array_add(overloads.list, made);
    }
    node->extra = value_dict(arena);
    dict_put(node->extra.dict, STR("returns"), returns_of(arena, returns));
    dict_put(node->extra.dict, STR("arguments"),
             arguments_of(arena, value_get(entry->tree, "arguments")));
    dict_put(node->extra.dict, STR("overloads"), overloads);
    return true;
}

/* ---- all kinds ---- */

static void warn_field(const Loader *loader, Worker *worker, const Node *node, const Patch *patch,
                       const char *field)
{
    (void)loader;
    if (value_truth(value_get(patch->target, field)))
        loader_warn(worker, patch->doc->order, "ValidationWarning", "I009",
                    "Field %s is not valid for %s (" STR_FMT ")", field,
                    node_kind_name(node->kind), STR_ARG(node->name));
}

static bool apply_columns(const Loader *loader, Worker *worker, const Entry *entry, Node *node,
                          const Patch *patch, Err *err)
{
    Value columns = value_get(patch->target, "columns");
    Array *list = columns.kind == VALUE_LIST ? columns.list : NULL;
    if (!value_is_none(patch->version))
        TRY(columns_of_version(entry, worker->arena, patch->target, patch->version_entry, &list,
                               err));
    return columns_make(loader, worker, entry, node->package, list, &node->columns, err);
}

bool properties_apply(const Loader *loader, Worker *worker, Node *node, const Patch *patch,
                      Err *err)
{
    const SourceFile *file = patch->doc;
    const Properties *properties = properties_of(loader);
    Entry entry = {.document =
                       &properties->documents[file->order - loader->use_start[USE_PROPERTIES]],
                   .key = key_of(node->kind), .name = patch->name, .raw = patch->target,
                   .tree = patch->target, .config = patch->config};
    assert(entry.document->file == file);
    Value description = value_get(patch->version_entry, "description");
    if (!value_truth(description))
        description = value_get(patch->target, "description");
    node->patch_path = str_print(worker->arena, STR_FMT "://" STR_FMT,
                                 STR_ARG(file->package->name),
                                 STR_ARG(file->original_file_path));
    TRY(description_render(loader, worker, node->package, description, entry.document,
                           &node->description, &node->doc_blocks, err));
    if (node->kind == NODE_TEST)
        return true;
    TRY(apply_columns(loader, worker, &entry, node, patch, err));
    if (node->kind == NODE_MODEL)
        return apply_model(worker, &entry, node, patch, err);
    if (node->kind == NODE_FUNCTION)
        return apply_function(worker, &entry, node, err);
    warn_field(loader, worker, node, patch, "latest_version");
    warn_field(loader, worker, node, patch, "version");
    warn_field(loader, worker, node, patch, "constraints");
    return true;
}
