/* prop_sources.c: sources: one node a table, with what its source says for all of them. */
#include "project/prop.h"

/* ---- overrides of an installed package's source ---- */

static Str override_key(Arena *arena, Str package, Str source)
{
    return str_print(arena, STR_FMT "." STR_FMT, STR_ARG(package), STR_ARG(source));
}

bool source_overrides_index(Loader *loader, Err *err)
{
    Properties *properties = properties_of(loader);
    map_init(&properties->overrides, loader->arena);
    for (uint32_t d = 0; d < properties->document_count; d++) {
        Document *document = &properties->documents[d];
        for (uint32_t i = 0; i < document->entries.len; i++) {
            Entry *entry = &document->entries.at[i];
            Str package = value_get_text(entry->tree, "overrides", STR(""));
            if (entry->key != KEY_SOURCES || !package.len)
                continue;
            Str key = override_key(loader->arena, package, entry->name);
            Entry *twin = map_find(&properties->overrides, key);
            if (twin)
                return err_set_in(err, ERR_COMPILATION, document_place(document, entry->raw),
                                  document->file->text,
                                  "dbt found two schema.yml entries for the same source named "
                                  STR_FMT " in package " STR_FMT
                                  ". Sources may only be overridden a single time. To fix this, "
                                  "remove one of the entries in:\n - " STR_FMT "\n - " STR_FMT,
                                  STR_ARG(entry->name), STR_ARG(package),
                                  STR_ARG(document->file->original_file_path),
                                  STR_ARG(twin->document->file->original_file_path));
            map_put(&properties->overrides, key, entry);
        }
    }
    return true;
}

static bool is_kept(Str key)
{
    return str_is(key, "name") || str_is(key, "overrides") || str_is(key, "tables") ||
           str_is(key, "path") || str_is(key, "freshness");
}

/* The dict with what the patch says over it. */
static Value patched(Arena *arena, Value base, Value patch)
{
    Value made = value_dict(arena), key, value;
    for (uint32_t at = 0; dict_next(base.dict, &at, &key, &value);)
        dict_put_keyed(made.dict, key, value);
    for (uint32_t at = 0; dict_next(patch.dict, &at, &key, &value);)
        if (!is_kept(value_str(key)) && !value_is_none(value))
            dict_put_keyed(made.dict, key, value);
    Value freshness = value_get(patch, "freshness");
    if (value_is_undefined(freshness))
        dict_remove(made.dict, value_lit("freshness"));
    else
        dict_put(made.dict, STR("freshness"), freshness);
    return made;
}

static Value table_named(Value source, Str name)
{
    Value tables = value_get(source, "tables");
    for (uint32_t i = 0; tables.kind == VALUE_LIST && i < tables.list->len; i++)
        if (str_eq(value_get_text(tables.list->at[i], "name", STR("")), name))
            return tables.list->at[i];
    return UNDEFINED;
}

/* ---- freshness ---- */

typedef struct Span {
    bool is_none;
    Value count, period;
} Span;

typedef struct Fresh {
    bool is_none;
    Span warn, error;
    Value filter;
} Fresh;

static Span span_read(Value v)
{
    if (value_is_none(v))
        return (Span){.is_none = true, .count = NONE, .period = NONE};
    return (Span){.count = prop_get(v, "count"), .period = prop_get(v, "period")};
}

static bool span_is_set(const Span *span)
{
    return !span->is_none && !value_is_none(span->count) && !value_is_none(span->period);
}

static Fresh fresh_read(Value v)
{
    Fresh fresh = {.is_none = value_is_none(v), .filter = prop_get(v, "filter")};
    fresh.warn = span_read(value_get(v, "warn_after"));
    fresh.error = span_read(value_get(v, "error_after"));
    return fresh;
}

static bool fresh_is_set(const Fresh *fresh)
{
    return !fresh->is_none && (span_is_set(&fresh->warn) || span_is_set(&fresh->error));
}

static Span span_merge(const Span *base, const Span *update)
{
    if (update->is_none)
        return *update;
    if (!span_is_set(update))
        return base->is_none ? *update : *base;
    return *update;
}

/* dbt's pairwise merge of what source, its config, table and its config say. */
static Fresh fresh_merge(const Fresh *base, const Fresh *update)
{
    Fresh merged = *base;
    if (base->is_none || update->is_none) {
        merged = *update;
        merged.is_none = update->is_none || !fresh_is_set(update);
        return merged;
    }
    merged.warn = span_merge(&base->warn, &update->warn);
    merged.error = span_merge(&base->error, &update->error);
    if (!value_is_none(update->filter))
        merged.filter = update->filter;
    return merged;
}

static Value span_value(Arena *arena, const Span *span)
{
    if (span->is_none)
        return NONE;
    Value made = value_dict(arena);
    dict_put(made.dict, STR("count"), span->count);
    dict_put(made.dict, STR("period"), span->period);
    return made;
}

static Value fresh_value(Arena *arena, const Fresh *fresh)
{
    Value made = value_dict(arena);
    dict_put(made.dict, STR("warn_after"), span_value(arena, &fresh->warn));
    dict_put(made.dict, STR("error_after"), span_value(arena, &fresh->error));
    dict_put(made.dict, STR("filter"), fresh->filter);
    return made;
}

/* ---- config ---- */

typedef struct SourceRead {
    const Loader *loader;
    Worker *worker;
    const Entry *entry;
    Value source, table;      /* with overrides                      */
    Value source_config, table_config;
} SourceRead;

static void put_all(Dict *into, Value from)
{
    Value key, value;
    for (uint32_t at = 0; from.kind == VALUE_DICT && dict_next(from.dict, &at, &key, &value);)
        dict_put_keyed(into, key, value);
}

static void add_tags(const SourceRead *read, Array *into, Value tags)
{
    const SourceFile *file = read->entry->document->file;
    bool is_list = tags.kind == VALUE_LIST;
    uint32_t count = is_list ? tags.list->len : !value_is_undefined(tags);
    for (uint32_t i = 0; i < count; i++) {
        Value tag = is_list ? tags.list->at[i] : tags;
        if (tag.kind == VALUE_TEXT)
            array_add(into, tag);
        else
            loader_warn(read->worker, file->order, "ValidationWarning", "I009",
                        "Field `config.tags` is not valid for source (" STR_FMT ")",
                        STR_ARG(read->entry->name));
    }
}

static Value first_of(Value holder, Value config, const char *key)
{
    Value own = value_get(holder, key);
    return value_truth(own) ? own : prop_get(config, key);
}

static bool is_present(Value holder, const char *key)
{
    return !value_is_undefined(value_get(holder, key));
}

static bool is_given(Value holder, const char *key)
{
    return value_truth(value_get(holder, key));
}

static bool loaded_at(const SourceRead *read, Value *field, Value *query, Err *err)
{
    const Value table = read->table, config = read->table_config;
    bool has_field = is_present(table, "loaded_at_field") || is_given(config, "loaded_at_field");
    bool has_query = is_given(table, "loaded_at_query") || is_given(config, "loaded_at_query");
    if (has_field && has_query)
        return entry_fail(read->entry, table, err,
                          "Cannot specify both loaded_at_field and loaded_at_query at table "
                          "level.");
    if (value_truth(first_of(read->source, read->source_config, "loaded_at_field")) &&
        value_truth(first_of(read->source, read->source_config, "loaded_at_query")))
        return entry_fail(read->entry, read->source, err,
                          "Cannot specify both loaded_at_field and loaded_at_query at source "
                          "level.");
    *field = has_field ? first_of(table, config, "loaded_at_field")
                       : first_of(read->source, read->source_config, "loaded_at_field");
    *query = has_query ? first_of(table, config, "loaded_at_query")
             : has_field ? NONE
                         : first_of(read->source, read->source_config, "loaded_at_query");
    if (!value_truth(*field))
        *field = NONE;
    if (!value_truth(*query))
        *query = NONE;
    return true;
}

static void put_freshness(const SourceRead *read, Dict *config)
{
    Value steps[4] = {value_get(read->source, "freshness"),
                      value_get(read->source_config, "freshness"),
                      value_get(read->table, "freshness"),
                      value_get(read->table_config, "freshness")};
    Fresh merged = fresh_read(steps[0]);
    for (int i = 1; i < 4; i++) {
        Fresh update = fresh_read(steps[i]);
        merged = fresh_merge(&merged, &update);
    }
    if (merged.is_none)
        dict_put(config, STR("freshness"), NONE);
    else if (fresh_is_set(&merged))
        dict_put(config, STR("freshness"), fresh_value(read->worker->arena, &merged));
    else
        dict_remove(config, value_lit("freshness"));
}

/* What source and table say together, as one patch of the config. */
static bool config_patch(const SourceRead *read, Value *out, Err *err)
{
    Arena *arena = read->worker->arena;
    Dict *config = dict_make(arena, 8);
    put_all(config, read->source_config);
    put_all(config, read->table_config);
    put_freshness(read, config);
    Value field, query, meta = value_dict(arena);
    TRY(loaded_at(read, &field, &query, err));
    dict_put(config, STR("loaded_at_field"), field);
    dict_put(config, STR("loaded_at_query"), query);
    put_all(meta.dict, value_get(read->source, "meta"));
    put_all(meta.dict, value_get(read->source_config, "meta"));
    put_all(meta.dict, value_get(read->table, "meta"));
    put_all(meta.dict, value_get(read->table_config, "meta"));
    dict_put(config, STR("meta"), meta);
    Array *tags = array_make(arena, 4);
    add_tags(read, tags, value_get(read->source, "tags"));
    add_tags(read, tags, value_get(read->source_config, "tags"));
    add_tags(read, tags, value_get(read->table, "tags"));
    add_tags(read, tags, value_get(read->table_config, "tags"));
    dict_put(config, STR("tags"), texts_sorted(arena, tags));
    *out = value_of_dict(config);
    return true;
}

/* ---- the manifest's other fields ---- */

static Value quoting_of(const SourceRead *read)
{
    static const char *const parts[] = {"database", "schema", "identifier", "column"};
    Value made = value_dict(read->worker->arena);
    Value source = value_get(read->source, "quoting"), table = value_get(read->table, "quoting");
    for (uint32_t i = 0; i < COUNT_OF(parts); i++) {
        Value own = prop_get(table, parts[i]);
        dict_put(made.dict, str_of(parts[i]),
                 value_is_none(own) ? prop_get(source, parts[i]) : own);
    }
    return made;
}

static Value external_of(const SourceRead *read)
{
    static const char *const fields[] = {"location", "file_format", "row_format",
                                         "tbl_properties", "partitions"};
    Value given = value_get(read->table, "external");
    if (given.kind != VALUE_DICT)
        return NONE;
    Value made = value_dict(read->worker->arena);
    for (uint32_t i = 0; i < COUNT_OF(fields); i++)
        dict_put(made.dict, str_of(fields[i]), prop_get(given, fields[i]));
    put_all(made.dict, given);
    return made;
}

static bool set_extra(const SourceRead *read, Node *node, Err *err)
{
    Dict *extra = dict_make(read->worker->arena, 12);
    const Entry *entry = read->entry;
    Str description;
    Value blocks, meta = value_dict(read->worker->arena);
    TRY(description_render(read->loader, read->worker, node->package,
                           value_get(read->source, "description"), entry->document, &description,
                           &blocks, err));
    put_all(meta.dict, value_get(read->source, "meta"));
    put_all(meta.dict, value_get(read->source_config, "meta"));
    dict_put(extra, STR("source_description"), value_text(description));
    dict_put(extra, STR("loader"), value_text(value_get_text(read->source, "loader", STR(""))));
    dict_put(extra, STR("quoting"), quoting_of(read));
    dict_put(extra, STR("loaded_at_field"), prop_get(node->config, "loaded_at_field"));
    dict_put(extra, STR("loaded_at_query"), prop_get(node->config, "loaded_at_query"));
    dict_put(extra, STR("freshness"), prop_get(node->config, "freshness"));
    dict_put(extra, STR("external"), external_of(read));
    dict_put(extra, STR("source_meta"), meta);
    dict_put(extra, STR("unrendered_database"), prop_get(entry->raw, "database"));
    dict_put(extra, STR("unrendered_schema"), prop_get(entry->raw, "schema"));
    node->extra = value_of_dict(extra);
    return true;
}

/* ---- files as sources: what dbt-duckdb calls external_location ---- */

static Value location_field(const SourceRead *read, const Node *node, Str name)
{
    if (str_is(name, "name"))
        return value_text(node->name);
    if (str_is(name, "identifier"))
        return value_text(node->alias);
    if (str_is(name, "schema"))
        return value_text(node->schema);
    if (str_is(name, "database"))
        return value_text(node->database);
    (void)read;
    return value_get_str(node->meta, name);
}

/* "{name}" as str.format_map() fills it, "%(name)s", "${name}" or "$name". */
static bool fill_location(const SourceRead *read, const Node *node, Str text, Str formatter,
                          Str *out, Err *err)
{
    AUTO(text) Text made = {0};
    bool is_old = str_is(formatter, "oldstyle"), is_template = str_is(formatter, "template");
    for (size_t i = 0; i < text.len;) {
        Str rest = str_slice(text, i, text.len);
        Str open = is_old ? STR("%(") : is_template ? STR("${") : STR("{");
        Str close = is_old ? STR(")s") : STR("}");
        bool is_double = str_starts(rest, STR("{{")) || str_starts(rest, STR("}}"));
        if (!is_old && !is_template && is_double) {
            text_add_char(&made, rest.at[0]);
            i += 2;
            continue;
        }
        ptrdiff_t end = str_starts(rest, open) ? str_find(rest, close) : -1;
        if (end < 0) {
            text_add_char(&made, text.at[i++]);
            continue;
        }
        Str name = str_slice(rest, open.len, (size_t)end);
        Value value = location_field(read, node, name);
        if (value_is_undefined(value))
            return entry_fail(read->entry, read->table, err,
                              "external_location names '" STR_FMT
                              "', which the source does not have",
                              STR_ARG(name));
        value_print(value, &made);
        i += (size_t)end + close.len;
    }
    *out = text_copy(read->worker->arena, &made);
    return true;
}

static Value setting_of(const Node *node, const char *key)
{
    Value own = value_get(node->meta, key);
    if (!value_is_undefined(own))
        return own;
    return value_get(node->config, key);
}

static void take_quoting(Node *node, Value quoting)
{
    static const char *const parts[] = {"database", "schema", "identifier"};
    bool *const quotes[] = {&node->quotes_database, &node->quotes_schema,
                            &node->quotes_identifier};
    for (uint32_t i = 0; i < COUNT_OF(parts); i++) {
        Value own = value_get(quoting, parts[i]);
        if (value_is_bool(own))
            *quotes[i] = own.is_true;
    }
}

static bool set_relation(const SourceRead *read, Node *node, Err *err)
{
    Arena *arena = read->worker->arena;
    Value location = value_get(node->config, "external_location");
    if (value_is_undefined(location))
        location = setting_of(node, "external_location");
    if (location.kind == VALUE_TEXT && value_is_undefined(setting_of(node, "plugin"))) {
        Value formatter = setting_of(node, "formatter");
        Str filled;
        TRY(fill_location(read, node, value_str(location), value_str(formatter), &filled, err));
        bool is_sql = str_find_char(filled, '(') >= 0 || str_starts(filled, STR("'"));
        node->relation_name = is_sql ? filled
                                     : str_print(arena, "'" STR_FMT "'", STR_ARG(filled));
        dict_put(node->extra.dict, STR("external_relation"), value_text(node->relation_name));
        return true;
    }
    const Package *root = read->loader->project->packages.at[0];
    take_quoting(node, value_get(root->config, "quoting"));
    take_quoting(node, value_get(node->extra, "quoting"));
    node->relation_name = node_relation_name(arena, node);
    /* source() in SQL goes by the source's own quoting alone: dbt's project-wide one ends here */
    node->quotes_database = node->quotes_schema = node->quotes_identifier = true;
    take_quoting(node, value_get(node->extra, "quoting"));
    return true;
}

/* ---- the node and its tests ---- */

static bool make_node(const SourceRead *read, Item *item, Err *err)
{
    const Loader *loader = read->loader;
    Arena *arena = read->worker->arena;
    const Document *document = read->entry->document;
    const SourceFile *file = document->file;
    Str name = value_get_text(read->table, "name", STR("")), source = read->entry->name;
    Node *node = node_new(loader, arena, NODE_SOURCE, file, name);
    node->path = file->original_file_path;
    node->source_name = source;
    node->alias = value_get_text(read->table, "identifier", name);
    node->database = value_get_text(read->source, "database", loader->default_database);
    node->schema = value_get_text(read->source, "schema", source);
    node->line = document_line(document, read->table);
    node->unique_id = str_print(arena, "source." STR_FMT "." STR_FMT "." STR_FMT,
                                STR_ARG(node->package), STR_ARG(source), STR_ARG(name));
    node->fqn = node_fqn(arena, node->package, file->path, source);
    array_add(node->fqn.list, value_text(name));
    ConfigInput input = {.unrendered_patch = NONE};
    TRY(config_patch(read, &input.patch, err));
    if (!config_build(loader, read->worker, node, &input, err))
        return document_relocate(document, read->table, err);
    TRY(set_extra(read, node, err));
    TRY(description_render(loader, read->worker, node->package,
                           value_get(read->table, "description"), document, &node->description,
                           &node->doc_blocks, err));
    Value columns = value_get(read->table, "columns");
    TRY(columns_make(loader, read->worker, read->entry, node->package,
                     columns.kind == VALUE_LIST ? columns.list : NULL, &node->columns, err));
    TRY(set_relation(read, node, err));
    list_add(arena, &item->nodes, node);
    return true;
}

static bool make_tests(const SourceRead *read, Item *item, Err *err)
{
    Arena *arena = read->worker->arena;
    Str source = read->entry->name, table = value_get_text(read->table, "name", STR(""));
    Value columns = value_get(read->table, "columns");
    Value quote = value_get(value_get(read->table, "quoting"), "column");
    if (!value_is_bool(quote))
        quote = value_get(value_get(read->source, "quoting"), "column");
    Array *tags = array_make(arena, 4);
    add_tags(read, tags, value_get(read->source, "tags"));
    add_tags(read, tags, value_get(read->table, "tags"));
    TestTarget target = {
        .entry = read->entry,
        .yaml_key = "sources",
        .name = str_print(arena, STR_FMT "_" STR_FMT, STR_ARG(source), STR_ARG(table)),
        .file_key = str_print(arena, "sources." STR_FMT, STR_ARG(source)),
        .version = NONE,
        .source = source,
        .table = table,
        .quotes_columns = value_is_bool(quote) && quote.is_true,
        .tags = tags,
    };
    return tests_make(read->loader, read->worker, &target, read->table,
                      columns.kind == VALUE_LIST ? columns.list : NULL, item, err);
}

bool source_make(const Loader *loader, Worker *worker, Item *item, Err *err)
{
    const Entry *entry = item->entry;
    const Properties *properties = properties_of(loader);
    SourceRead read = {.loader = loader, .worker = worker, .entry = entry, .source = entry->tree,
                       .table = value_get(entry->tree, "tables").list->at[item->table]};
    Str package = entry->document->file->package->name;
    const Entry *patch = NULL;
    if (map_len(&properties->overrides))
        patch = map_find(&properties->overrides, override_key(worker->arena, package, entry->name));
    if (patch) {
        Value table = table_named(patch->tree, value_get_text(read.table, "name", STR("")));
        read.source = patched(worker->arena, read.source, patch->tree);
        if (!value_is_undefined(table))
            read.table = patched(worker->arena, read.table, table);
    }
    read.source_config = value_get(read.source, "config");
    read.table_config = value_get(read.table, "config");
    return make_node(&read, item, err) && make_tests(&read, item, err);
}
