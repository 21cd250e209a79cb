/* prop_load.c: step 6: everything that property files declare themselves, in the order of files. */
#include "project/prop_semantic.h"

typedef struct Items {
    Item *at;
    uint32_t count;
} Items;

/* ---- the nodes that tests may be about ---- */

static Str reference_key(Arena *arena, Str package, Str name, Value version)
{
    if (value_is_none(version))
        return str_print(arena, STR_FMT "." STR_FMT, STR_ARG(package), STR_ARG(name));
    AUTO(text) Text shown = {0};
    value_print(version, &shown);
    return str_print(arena, STR_FMT "." STR_FMT ".v" STR_FMT, STR_ARG(package), STR_ARG(name),
                     STR_ARG(text_str(&shown)));
}

static void add_referable(Loader *loader, Node *node)
{
    Properties *properties = properties_of(loader);
    if (node->kind != NODE_MODEL && node->kind != NODE_SEED && node->kind != NODE_SNAPSHOT)
        return;
    Str key = reference_key(loader->arena, node->package, node->name, node->version);
    if (!map_find(&properties->referable, key))
        map_put(&properties->referable, key, node);
    if (value_is_none(node->version) || !value_equal(node->version, node->latest_version))
        return;
    key = reference_key(loader->arena, node->package, node->name, NONE);
    if (!map_find(&properties->referable, key))
        map_put(&properties->referable, key, node);
}

static void index_nodes(Loader *loader)
{
    const Project *project = loader->project;
    map_init(&properties_of(loader)->referable, loader->arena);
    for (uint32_t i = 0; i < project->nodes.len; i++)
        add_referable(loader, project->nodes.at[i]);
    for (uint32_t i = 0; i < project->disabled.len; i++)
        add_referable(loader, project->disabled.at[i]);
}

/* ---- tests of models, seeds, snapshots ---- */

static bool make_version_tests(const Loader *loader, Worker *worker, Item *item,
                               TestTarget *target, Value version_entry, Err *err)
{
    const Entry *entry = item->entry;
    const Properties *properties = properties_of(loader);
    Arena *arena = worker->arena;
    Value version = value_get(version_entry, "v"), tests, owner = entry->tree;
    Array *columns;
    AUTO(text) Text shown = {0};
    value_print(version, &shown);
    target->version = version;
    target->name = str_print(arena, STR_FMT "_v" STR_FMT, STR_ARG(entry->name),
                             STR_ARG(text_str(&shown)));
    target->attached = map_find(&properties->referable,
                                reference_key(arena, entry->document->file->package->name,
                                              entry->name, version));
    TRY(columns_of_version(entry, arena, entry->tree, version_entry, &columns, err));
    TRY(tests_of(entry, version_entry, &tests, err));
    if (tests.kind == VALUE_LIST)
        owner = version_entry;
    return tests_make(loader, worker, target, owner, columns, item, err);
}

static bool make_tests(const Loader *loader, Worker *worker, Item *item, Err *err)
{
    const Entry *entry = item->entry;
    const Properties *properties = properties_of(loader);
    Value versions = value_get(entry->tree, "versions");
    Value columns = value_get(entry->tree, "columns");
    Value quotes = value_get(entry->tree, "quote_columns");
    const char *key = prop_key_name(entry->key);
    TestTarget target = {
        .entry = entry,
        .yaml_key = key,
        .name = entry->name,
        .version = NONE,
        .quotes_columns = value_is_bool(quotes) && quotes.is_true,
    };
    target.file_key = str_print(worker->arena, "%s." STR_FMT, key, STR_ARG(entry->name));
    if (entry->key == KEY_MODELS && versions.kind == VALUE_LIST && versions.list->len) {
        for (uint32_t i = 0; i < versions.list->len; i++)
            TRY(make_version_tests(loader, worker, item, &target, versions.list->at[i], err));
        return true;
    }
    target.attached = map_find(&properties->referable,
                               reference_key(&worker->scratch,
                                             entry->document->file->package->name, entry->name,
                                             NONE));
    TRY(tests_make(loader, worker, &target, entry->tree,
                   columns.kind == VALUE_LIST ? columns.list : NULL, item, err));
    return entry->key != KEY_MODELS ||
           model_semantics_make(loader, worker, item, target.attached, err);
}

static bool make_item(Loader *loader, Worker *worker, uint32_t i, void *user, Err *err)
{
    Item *item = &((Items *)user)->at[i];
    switch (item->entry->key) {
    case KEY_SOURCES: return source_make(loader, worker, item, err);
    case KEY_EXPOSURES: return exposure_make(loader, worker, item, err);
    case KEY_UNIT_TESTS: return unit_test_make(loader, worker, item, err);
    case KEY_METRICS: return metric_make(loader, worker, item, err);
    case KEY_SEMANTIC_MODELS: return semantic_model_make(loader, worker, item, err);
    case KEY_SAVED_QUERIES: return saved_query_make(loader, worker, item, err);
    default: return make_tests(loader, worker, item, err);
    }
}

/* ---- items ---- */

static uint32_t table_count(const Entry *entry)
{
    Value tables = value_get(entry->tree, "tables");
    bool is_override = value_truth(value_get(entry->tree, "overrides"));
    return tables.kind == VALUE_LIST && !is_override ? tables.list->len : 0;
}

static uint32_t item_count(const Entry *entry)
{
    switch (entry->key) {
    case KEY_MODELS:
    case KEY_SEEDS:
    case KEY_SNAPSHOTS:
    case KEY_UNIT_TESTS:
    case KEY_EXPOSURES:
    case KEY_METRICS:
    case KEY_SEMANTIC_MODELS:
    case KEY_SAVED_QUERIES: return 1;
    case KEY_SOURCES: return table_count(entry);
    default: return 0;
    }
}

static Items make_items(Loader *loader)
{
    Properties *properties = properties_of(loader);
    Items items = {NULL, 0};
    for (uint32_t d = 0; d < properties->document_count; d++)
        for (uint32_t i = 0; i < properties->documents[d].entries.len; i++)
            items.count += item_count(&properties->documents[d].entries.at[i]);
    items.at = NEW_N(loader->arena, Item, items.count + 1);
    uint32_t at = 0;
    for (uint32_t d = 0; d < properties->document_count; d++) {
        Document *document = &properties->documents[d];
        for (uint32_t i = 0; i < document->entries.len; i++) {
            uint32_t count = item_count(&document->entries.at[i]);
            for (uint32_t t = 0; t < count; t++)
                items.at[at++] = (Item){.entry = &document->entries.at[i], .table = t};
        }
    }
    return items;
}

static void warn_deprecated(Loader *loader, const Items *items)
{
    bool has_moved = false, has_missing = false;
    for (uint32_t i = 0; i < items->count; i++) {
        const Item *item = &items->at[i];
        uint32_t order = item->entry->document->file->order;
        if (item->moved_property.len && !has_moved)
            loader_warn(&loader->workers[0], order, "PropertyMovedToConfigDeprecation", "D030",
                        STR_FMT, STR_ARG(item->moved_property));
        if (item->missing_arguments.len && !has_missing)
            loader_warn(&loader->workers[0], order,
                        "MissingArgumentsPropertyInGenericTestDeprecation", "D039", STR_FMT,
                        STR_ARG(item->missing_arguments));
        has_moved |= item->moved_property.len > 0;
        has_missing |= item->missing_arguments.len > 0;
    }
}

static void add_nodes(Loader *loader, const Items *items)
{
    for (int is_source = 0; is_source < 2; is_source++)
        for (uint32_t i = 0; i < items->count; i++) {
            const Item *item = &items->at[i];
            if ((item->entry->key == KEY_SOURCES) != (is_source == 1))
                continue;
            for (uint32_t n = 0; n < item->tests.len; n++)
                loader_add_node(loader, item->tests.at[n]);
            for (uint32_t n = 0; n < item->nodes.len; n++)
                loader_add_node(loader, item->nodes.at[n]);
        }
}

/* ---- patches of nothing ---- */

static Str nearest_node(Loader *loader, const Patch *patch)
{
    const Project *project = loader->project;
    List(Str) names = {0};
    for (uint32_t i = 0; i < project->nodes.len; i++)
        if (project->nodes.at[i]->kind == NODE_MODEL || project->nodes.at[i]->kind == NODE_SEED ||
            project->nodes.at[i]->kind == NODE_SNAPSHOT)
            list_add(loader->arena, &names, project->nodes.at[i]->name);
    return str_nearest(patch->name, names.at, names.len);
}

static void warn_unused_patch(Loader *loader, const PatchRow *row)
{
    const Patch *patch = row->patch;
    const Properties *properties = properties_of(loader);
    static const char *const plural[NODE_KIND_COUNT] = {
        [NODE_MODEL] = "models",       [NODE_SEED] = "seeds",     [NODE_SNAPSHOT] = "snapshots",
        [NODE_ANALYSIS] = "analyses",  [NODE_TEST] = "data_tests", [NODE_FUNCTION] = "functions"};
    const char *key = plural[row->kind];
    Str file = patch->doc->original_file_path;
    const Node *other = map_find(&properties->referable,
                                 reference_key(loader->arena, patch->doc->package->name,
                                               row->file_name, NONE));
    bool is_wrong = other && other->kind != row->kind && row->kind != NODE_ANALYSIS &&
                    row->kind != NODE_TEST && row->kind != NODE_FUNCTION;
    if (is_wrong) {
        loader_warn(&loader->workers[0], patch->doc->order, "WrongResourceSchemaFile", "I057",
                    "'" STR_FMT "' is a %s node, but it is specified in the %s section of " STR_FMT
                    ". To fix this error, place the `" STR_FMT "` specification under the %s key "
                    "instead.",
                    STR_ARG(patch->name), node_kind_name(other->kind), key, STR_ARG(file),
                    STR_ARG(patch->name), plural[other->kind]);
        return;
    }
    Str near = nearest_node(loader, patch);
    Place place = value_place(patch->target, patch->doc->file, patch->doc->text);
    loader_warn(&loader->workers[0], patch->doc->order, "NoNodeForYamlKey", "I058",
                "Did not find matching node for patch with name '" STR_FMT "' in the '%s' section "
                "of file '" STR_FMT "' (line %d)%s" STR_FMT "%s",
                STR_ARG(row->file_name), key, STR_ARG(file), place.line,
                near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

static void warn_unused(Loader *loader)
{
    Properties *properties = properties_of(loader);
    for (uint32_t d = 0; d < properties->document_count; d++) {
        const Document *document = &properties->documents[d];
        for (uint32_t p = 0; p < document->patches.len; p++) {
            const PatchRow *row = &document->patches.at[p];
            if (!row->is_fallback && !atomic_load(&row->patch->is_used))
                warn_unused_patch(loader, row);
        }
    }
}

/* ---- what is made one by one ---- */

static bool load_singles(Loader *loader, Err *err)
{
    Properties *properties = properties_of(loader);
    for (uint32_t d = 0; d < properties->document_count; d++)
        for (uint32_t i = 0; i < properties->documents[d].entries.len; i++) {
            const Entry *entry = &properties->documents[d].entries.at[i];
            if (entry->key == KEY_GROUPS)
                TRY(group_make(loader, entry, err));
            else if (entry->key == KEY_MACROS)
                TRY(macro_patch_apply(loader, entry, err));
            else if (entry->key == KEY_SNAPSHOTS &&
                     !value_is_undefined(value_get(entry->tree, "relation")))
                TRY(snapshot_make(loader, entry, err));
        }
    return true;
}

/* ---- primary keys ---- */

typedef struct KeyColumns {
    Array *unique, *disabled_unique, *not_null;
} KeyColumns;

static void add_once(Array *into, Value text)
{
    for (uint32_t i = 0; i < into->len; i++)
        if (value_equal(into->at[i], text))
            return;
    array_add(into, text);
}

static KeyColumns *key_columns(Loader *loader, Map *by_id, const Node *node)
{
    KeyColumns *found = map_find(by_id, node->unique_id);
    if (found)
        return found;
    found = NEW(loader->arena, KeyColumns);
    found->unique = array_make(loader->arena, 2);
    found->disabled_unique = array_make(loader->arena, 0);
    found->not_null = array_make(loader->arena, 2);
    map_put(by_id, node->unique_id, found);
    return found;
}

static void note_key_test(Loader *loader, Map *by_id, const Node *test)
{
    if (test->kind != NODE_TEST || !test->attached || test->attached->kind != NODE_MODEL ||
        !value_is_dict(test->test_metadata))
        return;
    Value type = value_get(test->test_metadata, "name");
    Value kwargs = value_get(test->test_metadata, "kwargs");
    bool is_unique = value_is(type, "unique") || value_is(type, "unique_combination_of_columns");
    if (!is_unique && !value_is(type, "not_null"))
        return;
    KeyColumns *keys = key_columns(loader, by_id, test->attached);
    Array *into = !is_unique ? keys->not_null
                  : test->is_enabled ? keys->unique
                                     : keys->disabled_unique;
    Value column = value_get(kwargs, "column_name");
    Value several = value_get(kwargs, "combination_of_columns");
    if (column.kind == VALUE_TEXT)
        add_once(into, column);
    else if (several.kind == VALUE_LIST)
        for (uint32_t i = 0; i < several.list->len; i++)
            if (several.list->at[i].kind == VALUE_TEXT)
                add_once(into, several.list->at[i]);
}

static bool holds(const Array *list, Value v)
{
    for (uint32_t i = 0; i < list->len; i++)
        if (value_equal(list->at[i], v))
            return true;
    return false;
}

static Value inferred_key(Loader *loader, const KeyColumns *keys)
{
    Array *both = array_make(loader->arena, 2);
    for (uint32_t i = 0; i < keys->not_null->len; i++)
        if (holds(keys->unique, keys->not_null->at[i]) ||
            holds(keys->disabled_unique, keys->not_null->at[i]))
            array_add(both, keys->not_null->at[i]);
    return texts_sorted(loader->arena, both->len           ? both
                                       : keys->unique->len ? keys->unique
                                                           : keys->disabled_unique);
}

static bool constrained_key(Loader *loader, const Node *node, Value *out)
{
    Value key, column;
    for (uint32_t i = 0; i < node->constraints.list->len; i++)
        if (value_is(value_get(node->constraints.list->at[i], "type"), "primary_key")) {
            Value columns = value_get(node->constraints.list->at[i], "columns");
            Array *copy = array_make(loader->arena, 2);
            for (uint32_t c = 0; columns.kind == VALUE_LIST && c < columns.list->len; c++)
                array_add(copy, columns.list->at[c]);
            *out = texts_sorted(loader->arena, copy);
            return true;
        }
    for (uint32_t at = 0; dict_next(node->columns.dict, &at, &key, &column);) {
        Value constraints = value_get(column, "constraints");
        for (uint32_t i = 0; constraints.kind == VALUE_LIST && i < constraints.list->len; i++)
            if (value_is(value_get(constraints.list->at[i], "type"), "primary_key")) {
                *out = value_list(loader->arena);
                array_add(out->list, key);
                return true;
            }
    }
    return false;
}

/* From constraints, else from unique and not_null tests. */
static void set_primary_keys(Loader *loader)
{
    const Project *project = loader->project;
    Map by_id;
    map_init(&by_id, loader->arena);
    for (uint32_t i = 0; i < project->nodes.len; i++)
        note_key_test(loader, &by_id, project->nodes.at[i]);
    for (uint32_t i = 0; i < project->disabled.len; i++)
        note_key_test(loader, &by_id, project->disabled.at[i]);
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        Node *node = project->nodes.at[i];
        if (node->kind != NODE_MODEL || constrained_key(loader, node, &node->primary_key))
            continue;
        const KeyColumns *keys = map_find(&by_id, node->unique_id);
        if (keys)
            node->primary_key = inferred_key(loader, keys);
    }
}

bool properties_load(Loader *loader, Err *err)
{
    TRY(source_overrides_index(loader, err));
    TRY(load_singles(loader, err));
    index_nodes(loader);
    warn_unused(loader);
    Items items = make_items(loader);
    TRY(loader_parallel(loader, items.count, 16, make_item, &items, err));
    warn_deprecated(loader, &items);
    add_nodes(loader, &items);
    set_primary_keys(loader);
    return true;
}
