/* prop_document.c: one property file read into entries and patches. */
#include "project/config_table.h"
#include "project/prop.h"
#include "project/prop_render.h"

enum { NEAR_LENGTH_MIN = 6, NEAR_DISTANCE_MAX = 2 };

static const char *const key_names[KEY_COUNT] = {
    "models", "seeds", "snapshots", "sources", "macros", "data_tests", "analyses", "exposures",
    "functions", "metrics", "groups", "semantic_models", "unit_tests", "saved_queries"};

const char *prop_key_name(PropKey key)
{
    assert(key < KEY_COUNT);
    return key_names[key];
}

/* ---- places ---- */

static void find_lines(Arena *arena, Document *document)
{
    Str text = document->file->text;
    uint32_t count = 1;
    const char *at = text.at, *end = text.at + text.len;
    for (const char *next; text.len && (next = memchr(at, '\n', (size_t)(end - at))); at = next + 1)
        count++;
    document->line_starts = NEW_N(arena, uint32_t, count);
    document->line_count = count;
    at = text.at;
    for (uint32_t i = 1; i < count; i++) {
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        document->line_starts[i] = (uint32_t)(at - text.at);
    }
}

uint32_t document_line(const Document *document, Value v)
{
    if (!v.at || !document->line_count || v.at > document->file->text.len + 1)
        return 0;
    uint32_t offset = v.at - 1, low = 0, high = document->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (document->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

Place document_place(const Document *document, Value v)
{
    const SourceFile *file = document->file;
    uint32_t line = document_line(document, v);
    if (!line)
        return (Place){file->file, 0, 0};
    Str before = str_slice(file->text, document->line_starts[line - 1], v.at - 1);
    return (Place){file->file, (int)line, (int)utf8_length(before) + 1};
}

bool document_relocate(const Document *document, Value where, Err *err)
{
    Str file = err->place.file;
    if (file.len && !str_eq(file, document->file->file))
        return false;
    Err old = {0};
    err_move(&old, err);
    err_set_in(err, old.kind, document_place(document, where), document->file->text, "%s",
               old.text);
    err->trail = old.trail;
    old.trail = NULL;
    err_drop(&old);
    return false;
}

/* ---- shapes ---- */

static const FieldRule column_rules[] = {
    {"name", FIELD_TEXT, true},
    {"description", FIELD_TEXT, false},
    {"meta", FIELD_DICT, false},
    {"data_type", FIELD_TEXT_OR_NONE, false},
    {"constraints", FIELD_DICTS, false},
    {"config", FIELD_DICT, false},
    {"tags", FIELD_TEXTS, false},
    {"quote", FIELD_BOOL_OR_NONE, false},
    {"data_tests", FIELD_TESTS, false},
    {"tests", FIELD_TESTS, false},
    {NULL, FIELD_TEXT, false},
};

static const FieldRule node_rules[] = {
    {"name", FIELD_TEXT, true},
    {"description", FIELD_TEXT, false},
    {"meta", FIELD_DICT, false},
    {"docs", FIELD_DICT, false},
    {"config", FIELD_DICT, false},
    {"columns", FIELD_DICTS, false},
    {"data_tests", FIELD_TESTS, false},
    {"tests", FIELD_TESTS, false},
    {"constraints", FIELD_DICTS, false},
    {"quote_columns", FIELD_BOOL_OR_NONE, false},
    {"access", FIELD_TEXT_OR_NONE, false},
    {"versions", FIELD_DICTS, false},
    {NULL, FIELD_TEXT, false},
};

static const FieldRule table_rules[] = {
    {"name", FIELD_TEXT, true},
    {"description", FIELD_TEXT, false},
    {"meta", FIELD_DICT, false},
    {"config", FIELD_DICT, false},
    {"columns", FIELD_DICTS, false},
    {"data_tests", FIELD_TESTS, false},
    {"tests", FIELD_TESTS, false},
    {"tags", FIELD_TEXTS, false},
    {"identifier", FIELD_TEXT_OR_NONE, false},
    {"loaded_at_field", FIELD_TEXT_OR_NONE, false},
    {"loaded_at_query", FIELD_TEXT_OR_NONE, false},
    {"quoting", FIELD_DICT, false},
    {NULL, FIELD_TEXT, false},
};

static const FieldRule source_rules[] = {
    {"name", FIELD_TEXT, true},
    {"description", FIELD_TEXT, false},
    {"meta", FIELD_DICT, false},
    {"config", FIELD_DICT, false},
    {"tags", FIELD_TEXTS, false},
    {"database", FIELD_TEXT_OR_NONE, false},
    {"schema", FIELD_TEXT_OR_NONE, false},
    {"loader", FIELD_TEXT, false},
    {"quoting", FIELD_DICT, false},
    {"loaded_at_field", FIELD_TEXT_OR_NONE, false},
    {"loaded_at_query", FIELD_TEXT_OR_NONE, false},
    {NULL, FIELD_TEXT, false},
};

static const FieldRule macro_rules[] = {
    {"name", FIELD_TEXT, true},
    {"description", FIELD_TEXT, false},
    {"meta", FIELD_DICT, false},
    {"docs", FIELD_DICT, false},
    {"config", FIELD_DICT, false},
    {"arguments", FIELD_NAMED, false},
    {NULL, FIELD_TEXT, false},
};

static const FieldRule exposure_rules[] = {
    {"name", FIELD_TEXT, true},
    {"type", FIELD_TEXT, true},
    {"owner", FIELD_DICT, true},
    {"description", FIELD_TEXT, false},
    {"label", FIELD_TEXT_OR_NONE, false},
    {"maturity", FIELD_TEXT_OR_NONE, false},
    {"meta", FIELD_DICT, false},
    {"tags", FIELD_TEXTS, false},
    {"url", FIELD_TEXT_OR_NONE, false},
    {"depends_on", FIELD_TEXTS, false},
    {"config", FIELD_DICT, false},
    {NULL, FIELD_TEXT, false},
};

static const FieldRule group_rules[] = {
    {"name", FIELD_TEXT, true},
    {"owner", FIELD_DICT, true},
    {"description", FIELD_TEXT_OR_NONE, false},
    {"config", FIELD_DICT, false},
    {NULL, FIELD_TEXT, false},
};

static const FieldRule other_rules[] = {
    {"name", FIELD_TEXT, true}, {"config", FIELD_DICT, false}, {NULL, FIELD_TEXT, false}};

static const FieldRule *rules_of(PropKey key)
{
    switch (key) {
    case KEY_SOURCES: return source_rules;
    case KEY_MACROS: return macro_rules;
    case KEY_EXPOSURES: return exposure_rules;
    case KEY_GROUPS: return group_rules;
    case KEY_METRICS:
    case KEY_SEMANTIC_MODELS:
    case KEY_UNIT_TESTS:
    case KEY_SAVED_QUERIES: return other_rules;
    default: return node_rules;
    }
}

/* In a version's columns stands besides columns: {include: ..., exclude: ...}. */
static bool is_selection(Value column)
{
    return value_is_undefined(value_get(column, "name")) &&
           (!value_is_undefined(value_get(column, "include")) ||
            !value_is_undefined(value_get(column, "exclude")));
}

static bool check_columns(const Entry *entry, Value owner, Err *err)
{
    Value columns = value_get(owner, "columns"), tests;
    if (columns.kind != VALUE_LIST)
        return true;
    for (uint32_t i = 0; i < columns.list->len; i++) {
        if (is_selection(columns.list->at[i]))
            continue;
        TRY(fields_check(entry, columns.list->at[i], column_rules, err));
        TRY(tests_of(entry, columns.list->at[i], &tests, err));
    }
    return true;
}

static bool check_source(const Entry *entry, Err *err)
{
    Value tables = value_get(entry->tree, "tables"), tests;
    if (value_is_undefined(tables) || value_is_none(tables))
        return true;
    if (tables.kind != VALUE_LIST)
        return entry_fail(entry, tables, err, "at path ['tables']: is not of type 'array'");
    for (uint32_t i = 0; i < tables.list->len; i++) {
        Value table = tables.list->at[i];
        if (table.kind != VALUE_DICT)
            return entry_fail(entry, table, err,
                              "at path ['tables'][%u]: is not of type 'object'", i);
        TRY(fields_check(entry, table, table_rules, err));
        TRY(tests_of(entry, table, &tests, err));
        TRY(check_columns(entry, table, err));
        if (value_is(value_get(table, "loaded_at_field"), ""))
            return entry_fail(entry, table, err, "loaded_at_field cannot be an empty string.");
    }
    return true;
}

static bool check_entry(const Entry *entry, Err *err)
{
    Value tests, versions = value_get(entry->tree, "versions");
    TRY(fields_check(entry, entry->tree, rules_of(entry->key), err));
    if (entry->key == KEY_SOURCES)
        return check_source(entry, err);
    TRY(check_columns(entry, entry->tree, err));
    TRY(tests_of(entry, entry->tree, &tests, err));
    for (uint32_t i = 0; versions.kind == VALUE_LIST && i < versions.list->len; i++) {
        TRY(tests_of(entry, versions.list->at[i], &tests, err));
        TRY(check_columns(entry, versions.list->at[i], err));
    }
    return true;
}

/* ---- config ---- */

/* config: with the attributes that stand beside it. */
static bool move_config(Arena *arena, Entry *entry, Err *err)
{
    static const char *const moved[] = {"meta", "docs", "group", "contract", "access"};
    Value config = value_get(entry->tree, "config");
    Dict *made = NULL;
    for (uint32_t i = 0; i < COUNT_OF(moved); i++) {
        Value v = value_get(entry->tree, moved[i]);
        if (value_is_undefined(v))
            continue;
        if (!value_is_undefined(value_get(config, moved[i])))
            return err_set_in(err, ERR_PARSING, document_place(entry->document, v),
                              entry->document->file->text,
                              "In " STR_FMT ": found %s dictionary in 'config' dictionary and as "
                              "top-level key. Remove the top-level key and define it under "
                              "'config' dictionary only.",
                              STR_ARG(entry->document->file->original_file_path), moved[i]);
        if (!made) {
            made = dict_make(arena, 4);
            Value key, value;
            for (uint32_t at = 0;
                 value_is_dict(config) && dict_next(config.dict, &at, &key, &value);)
                dict_put_keyed(made, key, value);
        }
        dict_put(made, str_of(moved[i]), v);
    }
    entry->config = made ? value_of_dict(made) : value_is_dict(config) ? config : NONE;
    if (value_is_dict(entry->config) && !entry->config.dict->len)
        entry->config = NONE;
    return true;
}

/* Python's deep merge of two dicts; either may be NONE. */
static Value merge_deep(Arena *arena, Value first, Value second)
{
    if (second.kind != VALUE_DICT || !second.dict->len)
        return first;
    if (first.kind != VALUE_DICT || !first.dict->len)
        return second;
    Dict *made = dict_make(arena, first.dict->len + second.dict->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(first.dict, &at, &key, &value);)
        dict_put_keyed(made, key, value);
    for (uint32_t at = 0; dict_next(second.dict, &at, &key, &value);) {
        Value *found = dict_find_value(made, key);
        bool both = found && found->kind == VALUE_DICT && value.kind == VALUE_DICT;
        dict_put_keyed(made, key, both ? merge_deep(arena, *found, value) : value);
    }
    return value_of_dict(made);
}

/* ---- patches ---- */

static NodeKind kind_of(PropKey key)
{
    switch (key) {
    case KEY_SEEDS: return NODE_SEED;
    case KEY_SNAPSHOTS: return NODE_SNAPSHOT;
    case KEY_ANALYSES: return NODE_ANALYSIS;
    case KEY_DATA_TESTS: return NODE_TEST;
    case KEY_FUNCTIONS: return NODE_FUNCTION;
    default: return NODE_MODEL;
    }
}

static bool is_patch(PropKey key)
{
    return key == KEY_MODELS || key == KEY_SEEDS || key == KEY_SNAPSHOTS || key == KEY_ANALYSES ||
           key == KEY_DATA_TESTS || key == KEY_FUNCTIONS;
}

static Patch *patch_make(Arena *arena, const Entry *entry)
{
    Patch *patch = NEW(arena, Patch);
    patch->doc = entry->document->file;
    patch->target = entry->tree;
    patch->config = entry->config;
    Value raw = value_get(entry->raw, "config");
    patch->unrendered_config = value_is_dict(raw) && raw.dict->len ? raw : NONE;
    patch->name = entry->name;
    patch->version = patch->version_entry = patch->latest_version = NONE;
    return patch;
}

static Str version_text(Arena *arena, Value version)
{
    AUTO(text) Text shown = {0};
    value_print(version, &shown);
    return text_copy(arena, &shown);
}

/* Is a before b, as dbt orders versions: as numbers, else as texts? */
static bool is_earlier(Arena *scratch, Value a, Value b)
{
    bool numbers = a.kind != VALUE_TEXT && b.kind != VALUE_TEXT;
    int64_t x, y;
    if (numbers) {
        double left = a.kind == VALUE_FLOAT ? a.real : (double)a.number;
        double right = b.kind == VALUE_FLOAT ? b.real : (double)b.number;
        return left < right;
    }
    Str left = version_text(scratch, a), right = version_text(scratch, b);
    if (str_to_int(left, &x) && str_to_int(right, &y))
        return x < y;
    return str_compare(left, right) < 0;
}

static bool check_versions(const Entry *entry, Arena *arena, const Array *versions, Value *latest,
                           Err *err)
{
    Value given = prop_get(entry->tree, "latest_version");
    const Document *document = entry->document;
    bool is_found = value_is_none(given) || !value_truth(given);
    Value newest = NONE;
    for (uint32_t i = 0; i < versions->len; i++) {
        Value v = value_get(versions->at[i], "v");
        if (v.kind != VALUE_INT && v.kind != VALUE_FLOAT && v.kind != VALUE_TEXT)
            return entry_fail(entry, versions->at[i], err,
                              "at path ['versions'][%u]: 'v' is a required property", i);
        for (uint32_t j = 0; j < i; j++)
            if (str_eq(version_text(arena, v),
                       version_text(arena, value_get(versions->at[j], "v"))))
                return err_set_in(err, ERR_PARSING, document_place(document, v),
                                  document->file->text,
                                  "Found duplicate version: '" STR_FMT
                                  "' in versions list of model '" STR_FMT "'",
                                  STR_ARG(version_text(arena, v)), STR_ARG(entry->name));
        is_found |= value_equal(v, given);
        if (value_is_none(newest) || is_earlier(arena, newest, v))
            newest = v;
    }
    *latest = value_is_none(given) ? newest : given;
    if (is_found)
        return true;
    AUTO(text) Text shown = {0};
    for (uint32_t i = 0; i < versions->len; i++) {
        text_add_c(&shown, i ? ", " : "");
        value_repr(value_get(versions->at[i], "v"), &shown);
    }
    return err_set_in(err, ERR_PARSING, document_place(document, given), document->file->text,
                      "latest_version: " STR_FMT " is not one of model '" STR_FMT
                      "' versions: [" STR_FMT "]",
                      STR_ARG(version_text(arena, given)), STR_ARG(entry->name),
                      STR_ARG(text_str(&shown)));
}

static bool add_versions(Worker *worker, Document *document, const Entry *entry,
                         const Array *versions, Err *err)
{
    Arena *arena = worker->arena;
    Value latest;
    TRY(check_versions(entry, arena, versions, &latest, err));
    for (uint32_t i = 0; i < versions->len; i++) {
        Value version = versions->at[i], v = value_get(version, "v");
        Patch *patch = patch_make(arena, entry);
        patch->version = v;
        patch->version_entry = version;
        patch->latest_version = latest;
        patch->config = merge_deep(arena, patch->config, value_get(version, "config"));
        patch->unrendered_config =
            merge_deep(arena, patch->unrendered_config, value_get(version, "config"));
        Str defined_in = value_get_text(version, "defined_in", STR(""));
        if (!defined_in.len)
            defined_in = str_print(arena, STR_FMT "_v" STR_FMT, STR_ARG(entry->name),
                                   STR_ARG(version_text(arena, v)));
        list_add(arena, &document->patches,
                 (PatchRow){.kind = NODE_MODEL, .file_name = defined_in, .patch = patch});
        if (value_equal(v, latest))
            list_add(arena, &document->patches,
                     (PatchRow){.kind = NODE_MODEL, .file_name = entry->name, .patch = patch,
                                .is_fallback = true});
    }
    return true;
}

static bool add_patches(Worker *worker, Document *document, const Entry *entry, Err *err)
{
    Value versions = value_get(entry->tree, "versions");
    if (entry->key == KEY_MODELS && versions.kind == VALUE_LIST && versions.list->len)
        return add_versions(worker, document, entry, versions.list, err);
    list_add(worker->arena, &document->patches,
             (PatchRow){.kind = kind_of(entry->key), .file_name = entry->name,
                        .patch = patch_make(worker->arena, entry)});
    return true;
}

/* ---- slips of the pen ---- */

static bool is_near(Str name, Str known)
{
    return name.len >= NEAR_LENGTH_MIN && known.len >= NEAR_LENGTH_MIN &&
           str_distance(name, known, NEAR_DISTANCE_MAX) <= NEAR_DISTANCE_MAX;
}

static void warn_near(Worker *worker, const Entry *entry, const char *event, const char *code,
                      const char *what, Value key, Str known)
{
    const SourceFile *file = entry->document->file;
    Place place = document_place(entry->document, key);
    loader_warn(worker, file->order, event, code,
                "Unknown %s '" STR_FMT "' of '" STR_FMT "' in " STR_FMT
                ":%d:%d. Did you mean '" STR_FMT "'?",
                what, STR_ARG(value_str(key)), STR_ARG(entry->name), STR_ARG(file->file),
                place.line, place.column, STR_ARG(known));
}

/* Keys of config: that are no config of dbt's, but nearly one. Own keys are allowed. */
static void warn_config(Worker *worker, const Entry *entry, NodeKind kind)
{
    const ConfigClass *class = config_class(kind);
    Value key, value;
    for (uint32_t at = 0;
         value_is_dict(entry->config) && dict_next(entry->config.dict, &at, &key, &value);) {
        Str name = value_str(key);
        if (config_field(class, name) || str_is(name, "pre_hook") || str_is(name, "post_hook"))
            continue;
        for (uint32_t i = 0; i < class->count; i++)
            if (is_near(name, class->fields[i].key)) {
                warn_near(worker, entry, "CustomKeyInConfigDeprecation", "D026", "config key", key,
                          class->fields[i].key);
                break;
            }
    }
}

/* The same for keys of the entry itself. */
static void warn_fields(Worker *worker, const Entry *entry)
{
    static const char *const others[] = {"latest_version", "deprecation_date", "time_spine",
                                         "relation", "overloads", "arguments", "returns"};
    const FieldRule *rules = rules_of(entry->key);
    Value key, value;
    for (uint32_t at = 0; dict_next(entry->tree.dict, &at, &key, &value);) {
        Str name = value_str(key), near = STR_NONE;
        bool is_known = false;
        for (uint32_t i = 0; i < COUNT_OF(others); i++)
            is_known |= str_is(name, others[i]);
        for (const FieldRule *rule = rules; rule->name && !is_known; rule++)
            is_known = str_is(name, rule->name);
        for (const FieldRule *rule = rules; rule->name && !is_known; rule++)
            if (is_near(name, str_of(rule->name)))
                near = str_of(rule->name);
        if (!is_known && near.len)
            warn_near(worker, entry, "CustomKeyInObjectDeprecation", "D027", "key", key, near);
    }
}

/* ---- entries ---- */

static bool read_entry(Loader *loader, Worker *worker, Document *document, PropKey key, Value list,
                       Value raw, Err *err)
{
    const SourceFile *file = document->file;
    Entry entry = {.document = document, .key = key, .raw = raw, .tree = raw, .config = NONE};
    if (raw.kind != VALUE_DICT)
        return entry_fail(&(Entry){.document = document, .key = key, .raw = list}, raw, err,
                          "expected a dict with string keys");
    Value name = value_get(raw, "name");
    if (value_is_undefined(name) && value_is_undefined(value_get(raw, "model")))
        return err_set_in(err, ERR_PARSING, document_place(document, raw), file->text,
                          "Entry did not contain a name: in the list '%s' of " STR_FMT,
                          key_names[key], STR_ARG(file->original_file_path));
    TRY(entry_render(loader, worker, document, key, raw, &entry.tree, err));
    entry.name = value_get_text(entry.tree, "name", STR(""));
    TRY(check_entry(&entry, err));
    if (key != KEY_MACROS && key != KEY_SOURCES && key != KEY_EXPOSURES && key != KEY_GROUPS &&
        key != KEY_METRICS && key != KEY_SEMANTIC_MODELS && key != KEY_SAVED_QUERIES)
        TRY(move_config(worker->arena, &entry, err));
    value_freeze(entry.tree);
    value_freeze(entry.config);
    if (is_patch(key)) {
        warn_config(worker, &entry, kind_of(key));
        warn_fields(worker, &entry);
    }
    list_add(worker->arena, &document->entries, entry);
    return !is_patch(key) || add_patches(worker, document, &entry, err);
}

static bool read_list(Loader *loader, Worker *worker, Document *document, PropKey key, Err *err)
{
    const SourceFile *file = document->file;
    Value list = value_get(file->doc.root, key_names[key]);
    if (value_is_undefined(list))
        return true;
    if (list.kind != VALUE_LIST)
        return err_set_in(err, ERR_PARSING, document_place(document, list), file->text,
                          "The schema file at " STR_FMT " is invalid because the value of '%s' is "
                          "not a list",
                          STR_ARG(file->original_file_path), key_names[key]);
    for (uint32_t i = 0; i < list.list->len; i++)
        TRY(read_entry(loader, worker, document, key, list, list.list->at[i], err));
    return true;
}

/* Top-level keys that look like a slip of the pen; others are ignored, as dbt does. */
static void warn_keys(Worker *worker, const Document *document)
{
    const SourceFile *file = document->file;
    Str known[KEY_COUNT + 1];
    for (uint32_t k = 0; k < KEY_COUNT; k++)
        known[k] = str_of(key_names[k]);
    known[KEY_COUNT] = STR("version");
    Value key, value;
    for (uint32_t at = 0; dict_next(file->doc.root.dict, &at, &key, &value);) {
        Str name = value_str(key), near = STR_NONE;
        bool is_known = !name.len;
        for (uint32_t k = 0; k <= KEY_COUNT && !is_known; k++)
            is_known = str_eq(known[k], name);
        if (!is_known)
            near = str_nearest(name, known, COUNT_OF(known));
        if (near.len)
            loader_warn(worker, file->order, "CustomTopLevelKeyDeprecation", "D025",
                        "Unknown top-level key '" STR_FMT "' in " STR_FMT
                        ":%d is ignored. Did you mean '" STR_FMT "'?",
                        STR_ARG(name), STR_ARG(file->file), document_place(document, key).line,
                        STR_ARG(near));
    }
}

bool document_read(Loader *loader, Worker *worker, Document *document, Err *err)
{
    const SourceFile *file = document->file;
    find_lines(worker->arena, document);
    for (uint32_t i = 0; i < file->doc.doubles.len; i++)
        loader_warn(worker, file->order, "DuplicateYAMLKeysDeprecation", "D024",
                    "Duplicate key '" STR_FMT "' in " STR_FMT ":%d: the last value is taken",
                    STR_ARG(file->doc.doubles.at[i].key), STR_ARG(file->file),
                    file->doc.doubles.at[i].place.line);
    Value root = file->doc.root;
    value_freeze(root); /* threads share it from here on */
    if (value_is_none(root) || value_is_undefined(root))
        return true;
    if (root.kind != VALUE_DICT)
        return err_set_in(err, ERR_PARSING, document_place(document, root), file->text,
                          "Error reading " STR_FMT ": " STR_FMT
                          " - Contents of the file are not valid. Dictionary expected.",
                          STR_ARG(file->package->name), STR_ARG(file->original_file_path));
    for (PropKey key = 0; key < KEY_COUNT; key++)
        TRY(read_list(loader, worker, document, key, err));
    warn_keys(worker, document);
    return true;
}
