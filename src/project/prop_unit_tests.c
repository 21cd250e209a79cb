/* prop_unit_tests.c: unit tests: what a model is to give for given rows.
 *
 *   entry --> shapes checked --> rows of every format as a list of dicts (sql stays a text)
 *         --> the tested model, or one node for each of its versions
 *
 * Source of the rules: dbt-core 1.12.6, by running it. */
#include "base/csv.h"
#include "base/hash.h"
#include "project/prop.h"

static const FieldRule unit_rules[] = {
    {"name", FIELD_TEXT, true},         {"model", FIELD_TEXT, true},
    {"given", FIELD_DICTS, true},       {"expect", FIELD_DICT, true},
    {"description", FIELD_TEXT, false}, {"config", FIELD_DICT, false},
    {NULL, FIELD_TEXT, false},
};
static const FieldRule input_rules[] = {{"input", FIELD_TEXT, true},
                                        {"format", FIELD_TEXT, false},
                                        {"fixture", FIELD_TEXT_OR_NONE, false},
                                        {NULL, FIELD_TEXT, false}};
static const FieldRule override_rules[] = {{"macros", FIELD_DICT, false},
                                           {"vars", FIELD_DICT, false},
                                           {"env_vars", FIELD_DICT, false},
                                           {NULL, FIELD_TEXT, false}};

typedef struct Unit {
    const Loader *loader;
    Worker *worker;
    Arena *arena;
    const Entry *entry;
    Item *item;
    Value given, expect, overrides, versions;  /* as the manifest has them */
} Unit;

static bool fail(const Unit *unit, Value where, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* One of dbt's plain parsing errors, placed at `where` or at the entry. */
static bool fail(const Unit *unit, Value where, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    const Document *document = unit->entry->document;
    Place place = document_place(document, where);
    if (!place.line)
        place = document_place(document, unit->entry->raw);
    return err_set_in(err, ERR_PARSING, place, document->file->text, STR_FMT,
                      STR_ARG(text_str(&text)));
}

/* ---- shapes ---- */

static bool check_format(const Unit *unit, Value fixture, Err *err)
{
    static const char *const formats[] = {"csv", "dict", "sql"};
    Value format = value_get(fixture, "format");
    Str names[3];
    for (uint32_t i = 0; i < 3; i++) {
        names[i] = str_of(formats[i]);
        if (value_is_undefined(format) || value_is(format, formats[i]))
            return true;
    }
    Str near = str_nearest(value_str(format), names, 3);
    return entry_fail(unit->entry, format, err,
                      "'" STR_FMT "' is not one of ['csv', 'dict', 'sql']%s" STR_FMT "%s",
                      STR_ARG(value_str(format)), near.len ? ". Did you mean '" : "",
                      STR_ARG(near), near.len ? "'?" : "");
}

static bool check_optional_dict(const Unit *unit, const char *key, Err *err)
{
    Value v = value_get(unit->entry->tree, key);
    if (v.kind == VALUE_DICT || v.kind == VALUE_NONE || v.kind == VALUE_UNDEFINED)
        return true;
    return entry_fail(unit->entry, v, err, "at path ['%s']: a dict was expected, not a %s", key,
                      value_type_name(v));
}

static bool check_shape(const Unit *unit, Err *err)
{
    const Entry *entry = unit->entry;
    TRY(fields_check(entry, entry->tree, unit_rules, err));
    Value given = value_get(entry->tree, "given"), expect = value_get(entry->tree, "expect");
    for (uint32_t i = 0; i < given.list->len; i++) {
        TRY(fields_check(entry, given.list->at[i], input_rules, err));
        TRY(check_format(unit, given.list->at[i], err));
    }
    TRY(fields_check(entry, expect, input_rules + 1, err));
    TRY(check_format(unit, expect, err));
    TRY(check_optional_dict(unit, "overrides", err));
    TRY(check_optional_dict(unit, "versions", err));
    Value overrides = value_get(entry->tree, "overrides");
    if (overrides.kind == VALUE_DICT)
        TRY(fields_check(entry, overrides, override_rules, err));
    Value versions = value_get(entry->tree, "versions");
    if (value_truth(value_get(versions, "include")) && value_truth(value_get(versions, "exclude")))
        return entry_fail(entry, versions, err,
                          "Unit tests can not both include and exclude versions.");
    return true;
}

/* ---- rows ---- */

/* What Python's csv.DictReader gives; with empty_is_none, as dbt has the rows of fixtures. */
static bool rows_of_csv(const Unit *unit, Str text, Str file, bool empty_is_none, Value *out,
                        Err *err)
{
    AUTO(csv) CsvReader reader = {0};
    csv_init(&reader, text, file, ',');
    *out = value_list(unit->arena);
    Str *names = NULL, *fields;
    uint32_t name_count = 0, count;
    bool has_more;
    for (;;) {
        TRY(csv_next(&reader, unit->arena, &fields, &count, &has_more, err));
        if (!has_more)
            return true;
        if (!names) {
            name_count = count;
            names = NEW_N(unit->arena, Str, count + 1);
            for (uint32_t i = 0; i < count; i++)
                names[i] = fields[i];
            continue;
        }
        Dict *row = dict_make(unit->arena, name_count);
        for (uint32_t i = 0; i < name_count; i++) {
            bool is_none = i >= count || (empty_is_none && !fields[i].len);
            dict_put(row, names[i], is_none ? NONE : value_text(fields[i]));
        }
        array_add(out->list, value_of_dict(row));
    }
}

static SourceFile *find_fixture(const Unit *unit, Str name)
{
    uint32_t count;
    SourceFile **files = loader_files(unit->loader, USE_FIXTURE, &count);
    for (uint32_t i = 0; i < count; i++)
        if (files[i]->package == unit->entry->document->file->package &&
            str_eq(path_stem(files[i]->path), name))
            return files[i];
    return NULL;
}

static Str nearest_fixture(const Unit *unit, Str name)
{
    uint32_t count;
    SourceFile **files = loader_files(unit->loader, USE_FIXTURE, &count);
    List(Str) names = {0};
    for (uint32_t i = 0; i < count; i++)
        list_add(unit->arena, &names, path_stem(files[i]->path));
    return str_nearest(name, names.at, names.len);
}

static bool rows_of_fixture(const Unit *unit, Value fixture, bool is_csv, Value *out, Err *err)
{
    SourceFile *file = find_fixture(unit, value_str(fixture));
    if (!file) {
        Str near = nearest_fixture(unit, value_str(fixture));
        return fail(unit, fixture, err,
                    "File not found for fixture '" STR_FMT "' in unit tests in " STR_FMT
                    "%s" STR_FMT "%s",
                    STR_ARG(value_str(fixture)),
                    STR_ARG(unit->entry->document->file->original_file_path),
                    near.len ? "\nDid you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
    }
    bool is_sql_file = str_eq_fold(path_extension(file->path), STR(".sql"));
    if (is_sql_file == is_csv)
        return fail(unit, fixture, err,
                    "Unit test " STR_FMT " has a fixture '" STR_FMT
                    "' which does not match format %s: its file is " STR_FMT,
                    STR_ARG(unit->entry->name), STR_ARG(value_str(fixture)), is_csv ? "csv" : "sql",
                    STR_ARG(file->original_file_path));
    if (is_csv)
        return rows_of_csv(unit, file->text, file->file, true, out, err);
    *out = value_text(file->text);
    return true;
}

/* An input without rows: all rows of the seed that it names. */
static bool rows_of_seed(const Unit *unit, Value input, Value *out, Err *err)
{
    StaticCall call;
    const Package *own = unit->entry->document->file->package;
    if (!static_call_parse(unit->arena, value_str(input), &call) || !call.is_ref) {
        *out = NONE; /* no list: the caller says so */
        return true;
    }
    Str package = call.ref.package.len ? call.ref.package : own->name;
    const Node *seed = map_find(&properties_of(unit->loader)->referable,
                                str_print(unit->arena, STR_FMT "." STR_FMT, STR_ARG(package),
                                          STR_ARG(call.ref.name)));
    if (!seed || seed->kind != NODE_SEED) {
        AUTO(text) Text where = {0};
        if (str_eq(package, own->name)) {
            text_add_c(&where, "directories: ");
            value_repr(own->seed_paths, &where);
        } else {
            text_print(&where, "'" STR_FMT "' package", STR_ARG(package));
        }
        return fail(unit, input, err,
                    "Unable to find seed '" STR_FMT "." STR_FMT "' for unit tests in " STR_FMT,
                    STR_ARG(package), STR_ARG(call.ref.name), STR_ARG(text_str(&where)));
    }
    Str disk = path_join(unit->arena, loader_package(unit->loader, seed->package)->root,
                         seed->original_file_path), text;
    TRY(file_read(unit->arena, disk, &text, err));
    return rows_of_csv(unit, text, seed->file, false, out, err);
}

static bool has_none(Value row)
{
    Value key, value;
    for (uint32_t at = 0; row.kind == VALUE_DICT && dict_next(row.dict, &at, &key, &value);)
        if (value_is_none(value))
            return true;
    return false;
}

/* The first row without a null changes places with the first row, as dbt does: some databases take
 * a column's type from its first value. */
static Value promote_full_row(Arena *arena, Value rows)
{
    if (rows.kind != VALUE_LIST || !rows.list->len)
        return rows;
    uint32_t full = 0;
    while (full < rows.list->len && has_none(rows.list->at[full]))
        full++;
    if (!full || full == rows.list->len)
        return rows;
    Value made = value_list(arena);
    for (uint32_t i = 0; i < rows.list->len; i++)
        array_add(made.list, rows.list->at[i == 0 ? full : i == full ? 0 : i]);
    return made;
}

/* input or expect -> {input?, rows, format, fixture}. */
static bool normalize(const Unit *unit, Value fixture, bool is_input, Value *out, Err *err)
{
    const char *kind = is_input ? "input" : "expected";
    Str format = value_get_text(fixture, "format", STR("dict")), name = unit->entry->name;
    Value rows = prop_get(fixture, "rows"), file = prop_get(fixture, "fixture");
    Value input = value_get(fixture, "input");
    if (str_is(format, "dict")) {
        if (value_is_none(rows) && value_is_none(file) && is_input)
            TRY(rows_of_seed(unit, input, &rows, err));
        if (rows.kind != VALUE_LIST)
            return fail(unit, rows, err,
                        "Unit test " STR_FMT " has %s rows which do not match format " STR_FMT,
                        STR_ARG(name), kind, STR_ARG(format));
        for (uint32_t i = 0; i < rows.list->len; i++)
            if (rows.list->at[i].kind != VALUE_DICT)
                return entry_fail(unit->entry, rows.list->at[i], err,
                                  "%s rows: row %u is a %s; a dict of columns was expected", kind,
                                  i + 1, value_type_name(rows.list->at[i]));
    } else {
        bool is_csv = str_is(format, "csv");
        if (rows.kind != VALUE_TEXT && file.kind != VALUE_TEXT)
            return fail(unit, rows, err,
                        "Unit test " STR_FMT " has %s rows or fixtures which do not match format "
                        STR_FMT ".  Expected string.",
                        STR_ARG(name), kind, STR_ARG(format));
        if (file.kind == VALUE_TEXT && file.len)
            TRY(rows_of_fixture(unit, file, is_csv, &rows, err));
        else if (is_csv)
            TRY(rows_of_csv(unit, value_str(rows), unit->entry->document->file->file, true, &rows,
                            err));
    }
    if (!str_is(format, "sql"))
        rows = promote_full_row(unit->arena, rows);
    Dict *made = dict_make(unit->arena, 4);
    if (is_input)
        dict_put(made, STR("input"), input);
    dict_put(made, STR("rows"), rows);
    dict_put(made, STR("format"), value_text(format));
    dict_put(made, STR("fixture"), file);
    *out = value_of_dict(made);
    return true;
}

static void set_overrides(Unit *unit)
{
    static const char *const parts[] = {"macros", "vars", "env_vars"};
    Value given = value_get(unit->entry->tree, "overrides");
    unit->overrides = NONE;
    if (given.kind != VALUE_DICT)
        return;
    unit->overrides = value_dict(unit->arena);
    for (uint32_t i = 0; i < COUNT_OF(parts); i++) {
        Value part = value_get(given, parts[i]);
        dict_put(unit->overrides.dict, str_of(parts[i]),
                 part.kind == VALUE_DICT ? part : value_dict(unit->arena));
    }
}

static void set_versions(Unit *unit)
{
    Value given = value_get(unit->entry->tree, "versions");
    unit->versions = NONE;
    if (given.kind != VALUE_DICT)
        return;
    unit->versions = value_dict(unit->arena);
    dict_put(unit->versions.dict, STR("include"), prop_get(given, "include"));
    dict_put(unit->versions.dict, STR("exclude"), prop_get(given, "exclude"));
}

/* ---- the checksum: of what Python prints for dbt's objects ---- */

static void print_object(const char *class, Value dict, Text *out)
{
    Value key, value;
    bool is_first = true;
    text_print(out, "%s(", class);
    for (uint32_t at = 0; dict_next(dict.dict, &at, &key, &value); is_first = false) {
        Str name = value_str(key);
        text_print(out, "%s" STR_FMT "=", is_first ? "" : ", ", STR_ARG(name));
        if (!str_is(name, "format")) {
            value_repr(value, out);
            continue;
        }
        const char *member = value_is(value, "csv") ? "CSV" : value_is(value, "sql") ? "SQL"
                                                                                     : "Dict";
        text_print(out, "<UnitTestFormat.%s: '" STR_FMT "'>", member, STR_ARG(value_str(value)));
    }
    text_add_char(out, ')');
}

static void print_or_none(const char *class, Value dict, Text *out)
{
    if (value_is_none(dict))
        text_add_c(out, "None");
    else
        print_object(class, dict, out);
}

static Str checksum(const Unit *unit, Str model)
{
    AUTO(text) Text text = {0};
    text_print(&text, STR_FMT "-", STR_ARG(model));
    print_or_none("UnitTestNodeVersions", unit->versions, &text);
    text_add_c(&text, "-[");
    const Array *given = unit->given.list;
    for (uint32_t i = 0; i < given->len; i++) {
        text_add_c(&text, i ? ", " : "");
        print_object("UnitTestInputFixture", given->at[i], &text);
    }
    text_add_c(&text, "]-");
    print_object("UnitTestOutputFixture", unit->expect, &text);
    text_add_char(&text, '-');
    print_or_none("UnitTestOverrides", unit->overrides, &text);
    for (uint32_t i = 0; i < given->len; i++) {
        if (!value_truth(value_get(given->at[i], "fixture")))
            continue;
        Value rows = value_get(given->at[i], "rows");
        text_add_char(&text, '-');
        value_print(rows, &text);
    }
    return sha256_hex(unit->arena, text_str(&text));
}

/* ---- the tested model ---- */

static Node *find_tested(const Unit *unit, Str package, Str model)
{
    Str name = str_trim(model), version = STR_NONE;
    ptrdiff_t blank = str_find_char(name, ' ');
    if (blank > 0) {
        version = str_trim(str_slice(name, (size_t)blank, name.len));
        name = str_slice(name, 0, (size_t)blank);
    }
    Str key = str_print(unit->arena, STR_FMT "." STR_FMT "%s" STR_FMT, STR_ARG(package),
                        STR_ARG(name), version.len ? ".v" : "", STR_ARG(version));
    Node *found = map_find(&properties_of(unit->loader)->referable, key);
    return found && found->kind == NODE_MODEL ? found : NULL;
}

static Str nearest_model(const Unit *unit, Str package, Str model)
{
    const Project *project = unit->loader->project;
    List(Str) names = {0};
    for (uint32_t i = 0; i < project->nodes.len; i++)
        if (project->nodes.at[i]->kind == NODE_MODEL &&
            str_eq(project->nodes.at[i]->package, package))
            list_add(unit->arena, &names, project->nodes.at[i]->name);
    return str_nearest(model, names.at, names.len);
}

static bool is_incremental(const Node *model)
{
    for (uint32_t i = 0; i < model->macros.len; i++)
        if (str_is(model->macros.at[i]->unique_id, "macro.dbt.is_incremental"))
            return true;
    return false;
}

/* A model that asks is_incremental() must be told, and then needs rows of its own. */
static bool check_incremental(const Unit *unit, const Node *model, Err *err)
{
    if (!is_incremental(model))
        return true;
    Value answer = value_get(value_get(unit->overrides, "macros"), "is_incremental");
    if (answer.kind != VALUE_BOOL)
        return fail(unit, answer, err,
                    "Boolean override for 'is_incremental' must be provided for unit test '" STR_FMT
                    "' in model '" STR_FMT "'",
                    STR_ARG(unit->entry->name), STR_ARG(model->name));
    const Array *given = unit->given.list;
    for (uint32_t i = 0; i < given->len && answer.is_true; i++)
        if (value_is(value_get(given->at[i], "input"), "this"))
            return true;
    return !answer.is_true ||
           fail(unit, value_get(unit->entry->tree, "given"), err,
                "Unit test '" STR_FMT "' for incremental model '" STR_FMT
                "' must have a 'this' input",
                STR_ARG(unit->entry->name), STR_ARG(model->name));
}

static bool holds(Value list, Value v)
{
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
        if (value_equal(list.list->at[i], v))
            return true;
    return false;
}

static bool wants_version(const Unit *unit, Value version)
{
    if (value_is_none(unit->versions))
        return true;
    Value include = value_get(unit->versions, "include");
    Value exclude = value_get(unit->versions, "exclude");
    if (value_truth(exclude))
        return !holds(exclude, version);
    return value_truth(include) && holds(include, version);
}

/* ---- nodes ---- */

static Value extra_of(const Unit *unit, Str model, Value version)
{
    Dict *extra = dict_make(unit->arena, 7);
    dict_put(extra, STR("model"), value_text(model));
    dict_put(extra, STR("given"), unit->given);
    dict_put(extra, STR("expect"), unit->expect);
    dict_put(extra, STR("overrides"), unit->overrides);
    dict_put(extra, STR("checksum"), value_text(checksum(unit, model)));
    dict_put(extra, STR("versions"), unit->versions);
    dict_put(extra, STR("version"), version);
    value_freeze(value_of_dict(extra));
    return value_of_dict(extra);
}

static bool add_node(const Unit *unit, Str model, Node *tested, Err *err)
{
    const Entry *entry = unit->entry;
    Arena *arena = unit->arena;
    Value version = tested && tested->is_enabled ? tested->version : NONE;
    Node *node = declared_node(unit->loader, arena, NODE_UNIT_TEST, entry, entry->name);
    AUTO(text) Text id = {0};
    text_print(&id, "unit_test." STR_FMT "." STR_FMT "." STR_FMT, STR_ARG(node->package),
               STR_ARG(model), STR_ARG(entry->name));
    if (!value_is_none(version)) {
        text_add_c(&id, "_v");
        value_print(version, &id);
    }
    node->unique_id = text_copy(arena, &id);
    node->version = version;
    node->fqn = node_fqn(arena, node->package, node->path, model);
    array_add(node->fqn.list, value_text(entry->name));
    node->schema = STR_NONE;
    node->checksum = STR_NONE;
    ConfigInput input = {.patch = entry->config, .unrendered_patch = NONE};
    if (!config_build(unit->loader, unit->worker, node, &input, err))
        return document_relocate(entry->document, entry->raw, err);
    Value description = value_get(entry->tree, "description");
    if (description.kind == VALUE_TEXT)
        node->description = value_str(description);
    node->extra = extra_of(unit, model, version);
    node->attached = tested;
    if (tested && !tested->is_enabled && node->is_enabled) {
        dict_put(config_own(arena, node), STR("enabled"), value_bool(false));
        node->is_enabled = false;
    }
    list_add(arena, &unit->item->nodes, node);
    return true;
}

/* A node for each version of a versioned model that is wanted. */
static bool add_versions(const Unit *unit, Str model, const Node *tested, Err *err)
{
    const Project *project = unit->loader->project;
    uint32_t before = unit->item->nodes.len;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        Node *other = project->nodes.at[i];
        if (other->kind == NODE_MODEL && str_eq(other->name, tested->name) &&
            str_eq(other->package, tested->package) && wants_version(unit, other->version))
            TRY(add_node(unit, model, other, err));
    }
    if (unit->item->nodes.len > before)
        return true;
    return fail(unit, value_get(unit->entry->tree, "versions"), err,
                "Unit test '" STR_FMT "' referenced a version of '" STR_FMT
                "' which was not found.",
                STR_ARG(unit->entry->name), STR_ARG(tested->name));
}

static bool fail_model(const Unit *unit, Str package, Str model, Err *err)
{
    Str near = nearest_model(unit, package, model);
    return fail(unit, value_get(unit->entry->tree, "model"), err,
                "Unable to find model '" STR_FMT "." STR_FMT "' for unit test '" STR_FMT
                "' in " STR_FMT "%s" STR_FMT "%s",
                STR_ARG(package), STR_ARG(model), STR_ARG(unit->entry->name),
                STR_ARG(unit->entry->document->file->original_file_path),
                near.len ? "\nDid you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

/* The config alone says whether it is switched off; then its model need not even exist. */
static bool is_switched_off(const Unit *unit, Str model)
{
    Item only = {.entry = unit->item->entry};
    Unit copy = *unit;
    copy.item = &only;
    Err ignored = {0};
    bool ok = add_node(&copy, model, NULL, &ignored);
    err_drop(&ignored);
    return ok && !only.nodes.at[0]->is_enabled;
}

static bool add_nodes(const Unit *unit, Err *err)
{
    Str model = value_get_text(unit->entry->tree, "model", STR(""));
    Str package = unit->entry->document->file->package->name;
    if (is_switched_off(unit, model))
        return add_node(unit, model, NULL, err);
    Node *tested = find_tested(unit, package, model);
    if (!tested)
        return fail_model(unit, package, model, err);
    if (!tested->is_enabled) {
        TRY(add_node(unit, model, tested, err));
        unit->item->nodes.at[0]->attached = NULL;
        return true;
    }
    TRY(check_incremental(unit, tested, err));
    if (!value_is_none(tested->version))
        return add_versions(unit, model, tested, err);
    if (value_truth(value_get(unit->versions, "include")) ||
        value_truth(value_get(unit->versions, "exclude")))
        return fail(unit, value_get(unit->entry->tree, "versions"), err,
                    "Unit test '" STR_FMT "' should not have a versions include or exclude when "
                    "referencing non-versioned model '" STR_FMT "'",
                    STR_ARG(unit->entry->name), STR_ARG(tested->name));
    return add_node(unit, model, tested, err);
}

bool unit_test_make(const Loader *loader, Worker *worker, Item *item, Err *err)
{
    Unit unit = {.loader = loader,
                 .worker = worker,
                 .arena = worker->arena,
                 .entry = item->entry,
                 .item = item};
    TRY(check_shape(&unit, err));
    set_overrides(&unit);
    set_versions(&unit);
    const Array *given = value_get(unit.entry->tree, "given").list;
    unit.given = value_list(unit.arena);
    for (uint32_t i = 0; i < given->len; i++) {
        Value made;
        TRY(normalize(&unit, given->at[i], true, &made, err));
        array_add(unit.given.list, made);
    }
    TRY(normalize(&unit, value_get(unit.entry->tree, "expect"), false, &unit.expect, err));
    return add_nodes(&unit, err);
}
