/* declare.c: connections and the nodes of ingest/ and publish/ files.
 *
 *   ingest/shop.yml  resource shop_tables, tables [orders, payments], source shop
 *     -> ingest.shop.shop_tables.orders   --fills--> source.shop.shop.orders
 *        ingest.shop.shop_tables.payments --fills--> source.shop.shop.payments
 *
 * Resources of `type: drop` become several nodes: declare_drop.c.
 *
 * Only what names and edges need is rendered here; the rest when the node runs: no secret is
 * needed to parse.
 */
#include "project/declare.h"

#include <ctype.h>

#include "base/process.h"

enum { DEEPEST = 100 };

bool reading_fail(const Reading *reading, Value at, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    const YamlDoc *doc = &reading->file->doc;
    return err_set_in(err, ERR_PARSING, value_place(at, doc->file, doc->source), doc->source,
                      STR_FMT, STR_ARG(text_str(&text)));
}

bool reading_render(const Reading *reading, Value holder, const char *key, Value *out, Err *err)
{
    *out = value_get(holder, key);
    if (value_is_undefined(*out) || !value_has_tags(*out))
        return true;
    return loader_render_tree(reading->loader, reading->arena, reading->file->package, *out,
                              reading->file->doc.file, reading->file->doc.source, out, err);
}

bool reading_text(const Reading *reading, Value holder, const char *key, Str *out, Err *err)
{
    Value value;
    TRY(reading_render(reading, holder, key, &value, err));
    *out = STR_NONE;
    if (value_is_undefined(value) || value_is_none(value))
        return true;
    AUTO(text) Text text = {0};
    value_print(value, &text);
    *out = text_copy(reading->arena, &text);
    return true;
}

/* ---- connections ---- */

static bool add_connections(const Reading *reading, Err *err)
{
    Value all = value_get(reading->file->doc.root, "connections"), name, config;
    Project *project = reading->loader->project;
    for (uint32_t at = 0; all.kind == VALUE_DICT && dict_next(all.dict, &at, &name, &config);) {
        Connection *twin = map_find(&project->connections, value_str(name));
        if (twin)
            return reading_fail(reading, name, err,
                                "the connection '" STR_FMT "' stands in " STR_FMT " already",
                                STR_ARG(twin->name), STR_ARG(twin->file));
        Connection *made = NEW(reading->arena, Connection);
        *made = (Connection){.name = value_str(name), .config = config,
                             .file = reading->file->doc.file,
                             .source = reading->file->doc.source};
        map_put(&project->connections, made->name, made);
    }
    Value state = value_get(reading->file->doc.root, "state");
    if (state.kind == VALUE_DICT && project->state_config.kind == VALUE_DICT)
        return reading_fail(reading, state, err, "`state` stands in " STR_FMT " already",
                            STR_ARG(project->state_file));
    if (state.kind == VALUE_DICT) {
        project->state_config = state;
        project->state_file = reading->file->doc.file;
        project->state_source = reading->file->doc.source;
    }
    return true;
}

bool reading_connection(const Reading *reading, Value holder, const Connection **out, Err *err)
{
    Str name;
    *out = NULL;
    TRY(reading_text(reading, holder, "connection", &name, err));
    if (!name.len)
        return true;
    const Project *project = reading->loader->project;
    *out = map_find(&project->connections, name);
    if (*out)
        return true;
    uint32_t count = 0, at = 0, room = map_len(&project->connections);
    Str *names = NEW_N(reading->arena, Str, (size_t)room + 1);
    void *what;
    while (map_next(&project->connections, &at, &names[count], &what))
        count++;
    Str near = str_nearest(name, names, count);
    return reading_fail(reading, value_get(holder, "connection"), err,
                        "there is no connection '" STR_FMT "'%s" STR_FMT "%s", STR_ARG(name),
                        near.len ? ". Did you mean '"
                                 : " under `connections:` of ingest/ or publish/",
                        STR_ARG(near), near.len ? "'?" : "");
}

/* ---- nodes ---- */

static void add_texts(Array *into, Value v)
{
    if (v.kind == VALUE_TEXT)
        array_add(into, v);
    for (uint32_t i = 0; v.kind == VALUE_LIST && i < v.list->len; i++)
        if (v.list->at[i].kind == VALUE_TEXT)
            array_add(into, v.list->at[i]);
}

static uint32_t line_of(const Reading *reading, Value v)
{
    return (uint32_t)value_place(v, reading->file->doc.file, reading->file->doc.source).line;
}

bool reading_node(const Reading *reading, NodeKind kind, Value tree, Str name, Str table,
                  Node **out, Err *err)
{
    Arena *arena = reading->arena;
    Node *node = node_new(reading->loader, arena, kind, reading->file, table.len ? table : name);
    Str id = name;
    if (table.len)
        id = str_print(arena, STR_FMT "." STR_FMT, STR_ARG(name), STR_ARG(table));
    node->path = reading->file->original_file_path;
    node->unique_id = node_unique_id(arena, kind, node->package, id);
    node->line = line_of(reading, tree);
    node->language = STR("yaml");
    Array *fqn = array_make(arena, 3);
    array_add(fqn, value_text(node->package));
    array_add(fqn, value_text(name));
    if (table.len)
        array_add(fqn, value_text(table));
    node->fqn = value_of_array(fqn);
    Value tags, meta, enabled, group;
    TRY(reading_render(reading, tree, "tags", &tags, err));
    TRY(reading_render(reading, tree, "meta", &meta, err));
    TRY(reading_render(reading, tree, "enabled", &enabled, err));
    TRY(reading_render(reading, tree, "group", &group, err));
    TRY(reading_text(reading, tree, "description", &node->description, err));
    Array *list = array_make(arena, 2);
    add_texts(list, tags);
    node->tags = value_of_array(list);
    if (meta.kind == VALUE_DICT)
        node->meta = meta;
    node->group = value_str(group);
    node->is_enabled = value_is_undefined(enabled) || value_truth(enabled);
    Dict *config = dict_make(arena, 6);
    dict_put(config, STR("enabled"), value_bool(node->is_enabled));
    dict_put(config, STR("materialized"), value_text(str_of(node_kind_name(kind))));
    dict_put(config, STR("tags"), node->tags);
    dict_put(config, STR("meta"), node->meta);
    dict_put(config, STR("group"), node->group.len ? group : NONE);
    node->config = value_of_dict(config);
    *out = node;
    return true;
}

static Node *find_source(Node *const *nodes, uint32_t count, Str source, Str table)
{
    for (uint32_t i = 0; i < count; i++)
        if (nodes[i]->kind == NODE_SOURCE && str_eq(nodes[i]->source_name, source) &&
            str_eq(nodes[i]->name, table))
            return nodes[i];
    return NULL;
}

Node *reading_find_source(const Reading *reading, Str source, Str table)
{
    const Project *project = reading->loader->project;
    Node *found = find_source(project->nodes.at, project->nodes.len, source, table);
    return found ? found
                 : find_source(project->disabled.at, project->disabled.len, source, table);
}

Node *reading_source(const Reading *reading, Str source, Str table, Value at)
{
    static const char *const nothing[] = {"loaded_at_field", "loaded_at_query", "freshness",
                                          "external"};
    Loader *loader = reading->loader;
    Node *found = reading_find_source(reading, source, table);
    if (found)
        return found;
    Arena *arena = reading->arena;
    Node *node = node_new(loader, arena, NODE_SOURCE, reading->file, table);
    node->path = reading->file->original_file_path;
    node->source_name = source;
    node->database = loader->default_database;
    node->schema = source;
    node->line = line_of(reading, at);
    node->unique_id = str_print(arena, "source." STR_FMT "." STR_FMT "." STR_FMT,
                                STR_ARG(node->package), STR_ARG(source), STR_ARG(table));
    node->fqn = node_fqn(arena, node->package, STR(""), source);
    array_add(node->fqn.list, value_text(table));
    Dict *config = dict_make(arena, 2), *extra = dict_make(arena, 12);
    dict_put(config, STR("enabled"), value_bool(true));
    dict_put(config, STR("event_time"), NONE);
    node->config = value_of_dict(config);
    dict_put(extra, STR("source_description"), value_lit(""));
    dict_put(extra, STR("loader"), value_lit("weir"));
    Value quoting = value_dict(arena);
    for (int i = 0; i < 4; i++)
        dict_put(quoting.dict, i == 0 ? STR("database") : i == 1 ? STR("schema")
                               : i == 2 ? STR("identifier") : STR("column"), NONE);
    dict_put(extra, STR("quoting"), quoting);
    for (size_t i = 0; i < COUNT_OF(nothing); i++)
        dict_put(extra, str_of(nothing[i]), NONE);
    dict_put(extra, STR("source_meta"), value_dict(arena));
    dict_put(extra, STR("unrendered_database"), NONE);
    dict_put(extra, STR("unrendered_schema"), NONE);
    node->extra = value_of_dict(extra);
    node->relation_name = node_relation_name(arena, node);
    loader_add_node(loader, node);
    return node;
}

/* "games.games" -> both; "shop" alone needs a table. */
static bool read_source(const Reading *reading, Value tree, Str name, Str table, Str *source,
                        Str *source_table, Err *err)
{
    Str text;
    TRY(reading_text(reading, tree, "source", &text, err));
    ptrdiff_t dot = str_find_char(text, '.');
    *source = dot < 0 ? text : str_slice(text, 0, (size_t)dot);
    *source_table = dot >= 0   ? str_slice(text, (size_t)dot + 1, text.len)
                    : table.len ? table
                                : name;
    if (!text.len)
        return reading_fail(reading, tree, err,
                            "the resource '" STR_FMT "' lacks `source`: the source it fills, as "
                            "SOURCE.TABLE%s", STR_ARG(name),
                            table.len ? " or, with `tables`, SOURCE" : "");
    if (dot >= 0 && table.len)
        return reading_fail(reading, value_get(tree, "source"), err,
                            "with `tables`, `source` is the name of a source alone: its tables "
                            "have the names of those that are read");
    if (!source->len || !source_table->len)
        return reading_fail(reading, value_get(tree, "source"), err,
                            "`source` must read SOURCE.TABLE, not '" STR_FMT "'", STR_ARG(text));
    return true;
}

static bool add_resource(const Reading *reading, Value tree, Str name, Str table, Value entry,
                         Err *err)
{
    Node *node;
    Str source, source_table, parent;
    TRY(reading_node(reading, NODE_INGEST, tree, name, table, &node, err));
    Declared *declared = NEW(reading->arena, Declared);
    *declared = (Declared){.tree = tree, .table = table, .entry = entry,
                           .file = reading->file->doc.file, .source = reading->file->doc.source};
    TRY(reading_connection(reading, tree, &declared->connection, err));
    TRY(read_source(reading, tree, name, table, &source, &source_table, err));
    TRY(reading_text(reading, tree, "parent", &parent, err));
    declared->parent_name = parent;
    node->declared = declared;
    if (node->is_enabled) {
        declared->fills = reading_source(reading, source, source_table, tree);
        node->database = declared->fills->database;
        node->schema = declared->fills->schema;
        node->alias = declared->fills->alias;
        node->relation_name = declared->fills->relation_name;
        node->is_enabled = declared->fills->is_enabled; /* a load of nothing is none */
    }
    loader_add_node(reading->loader, node);
    return true;
}

/* The tables a database resource names: texts or dicts with a name, less the excluded ones. */
static bool add_tables(const Reading *reading, Value tree, Str name, Value tables, Err *err)
{
    Value include = tables.kind == VALUE_DICT ? value_get(tables, "include") : tables;
    Value exclude = tables.kind == VALUE_DICT ? value_get(tables, "exclude") : UNDEFINED;
    if (include.kind == VALUE_TEXT) {
        Array *one = array_make(reading->arena, 1);
        array_add(one, include);
        include = value_of_array(one);
    }
    if (include.kind != VALUE_LIST || !include.list->len)
        return reading_fail(reading, value_get(tree, "tables"), err,
                            "`tables` must name tables: [orders, customers], or {include: [...], "
                            "exclude: [...]}");
    for (uint32_t i = 0; i < include.list->len; i++) {
        Value item = include.list->at[i];
        Str table = item.kind == VALUE_DICT ? value_get_text(item, "name", STR_NONE)
                                            : value_str(item);
        if (!table.len)
            return reading_fail(reading, item.at ? item : value_get(tree, "tables"), err,
                                "a table must be a name or a mapping with `name`");
        bool is_excluded = false;
        for (uint32_t x = 0; exclude.kind == VALUE_LIST && x < exclude.list->len; x++)
            is_excluded = is_excluded || str_eq(value_str(exclude.list->at[x]), table);
        if (is_excluded)
            continue;
        if (item.kind == VALUE_DICT) {
            Dict *rest = dict_make(reading->arena, item.dict->len);
            Value key, value;
            for (uint32_t at = 0; dict_next(item.dict, &at, &key, &value);)
                dict_put_keyed(rest, key, value);
            TRY(declare_check_object("resource", item, reading->file->doc.file,
                                     reading->file->doc.source, err));
            item = value_of_dict(rest);
        } else {
            item = UNDEFINED;
        }
        TRY(add_resource(reading, tree, name, table, item, err));
    }
    return true;
}

bool reading_check_name(const Reading *reading, Value at, Str name, Err *err)
{
    for (size_t i = 0; i < name.len; i++)
        if (strchr(" \t\n\"'.:/\\*+@,", name.at[i]))
            return reading_fail(reading, at, err,
                                "a name may not hold '%c': it stands in selections", name.at[i]);
    return true;
}

static bool reading_name(const Reading *reading, Value tree, const char *what, Str *name, Err *err)
{
    TRY(reading_text(reading, tree, "name", name, err));
    if (!name->len)
        return reading_fail(reading, tree, err, "a %s needs a `name`", what);
    return reading_check_name(reading, value_get(tree, "name"), *name, err);
}

static bool read_resource(const Reading *reading, Value tree, Err *err)
{
    Str name;
    Value tables;
    TRY(reading_name(reading, tree, "resource", &name, err));
    if (value_is(value_get(tree, "type"), "drop"))
        return drop_add(reading, tree, name, err);
    if (value_has_tags(value_get(tree, "type")))
        return reading_fail(reading, value_get(tree, "type"), err,
                            "`type` says which keys the resource has: it must be a plain word");
    TRY(reading_render(reading, tree, "tables", &tables, err));
    if (value_is_undefined(tables))
        return add_resource(reading, tree, name, STR_NONE, UNDEFINED, err);
    return add_tables(reading, tree, name, tables, err);
}

static bool read_publication(const Reading *reading, Value tree, Err *err)
{
    Str name, model;
    Node *node;
    TRY(reading_name(reading, tree, "publication", &name, err));
    TRY(reading_text(reading, tree, "model", &model, err));
    if (!model.len)
        return reading_fail(reading, tree, err,
                            "the publication '" STR_FMT "' lacks `model`: a name, ref('name') or "
                            "source('name', 'table')", STR_ARG(name));
    if (value_get(tree, "to").kind != VALUE_DICT)
        return reading_fail(reading, tree, err,
                            "the publication '" STR_FMT "' lacks `to`: {table: ...}, "
                            "{location: ...} or {path: ...}", STR_ARG(name));
    TRY(reading_node(reading, NODE_PUBLISH, tree, name, STR_NONE, &node, err));
    Declared *declared = NEW(reading->arena, Declared);
    *declared = (Declared){.tree = tree, .entry = UNDEFINED, .file = reading->file->doc.file,
                           .source = reading->file->doc.source};
    TRY(reading_connection(reading, tree, &declared->connection, err));
    node->declared = declared;
    Value at = value_get(tree, "model");
    Place place = value_place(at, declared->file, declared->source);
    StaticCall call = {0};
    if (str_find_char(model, '(') < 0) {
        call.is_ref = true;
        call.ref = (RefCall){.name = model, .version = NONE};
    } else if (!static_call_parse(reading->arena, model, &call)) {
        return reading_fail(reading, at, err,
                            "`model` must be a name, ref('name') or source('name', 'table'), not '"
                            STR_FMT "'", STR_ARG(model));
    }
    call.ref.place = call.source.place = place;
    if (call.is_ref)
        list_add(reading->arena, &node->refs, call.ref);
    else
        list_add(reading->arena, &node->sources, call.source);
    loader_add_node(reading->loader, node);
    return true;
}

/* ---- all files ---- */

/* Only files that say one of our words are ours: a folder of that name may hold anything. */
static bool is_ours(const SourceFile *file)
{
    Value root = file->doc.root;
    return root.kind == VALUE_DICT && (dict_find(root.dict, STR("ingest")) ||
                                       dict_find(root.dict, STR("publish")) ||
                                       dict_find(root.dict, STR("connections")));
}

/* Files of connections alone may be another tool's: they count beside a resource or publication. */
static bool has_any(SourceFile *const *files, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!value_is_undefined(value_get(files[i]->doc.root, "ingest")) ||
            !value_is_undefined(value_get(files[i]->doc.root, "publish")))
            return true;
    return false;
}

static bool find_parents(Loader *loader, Err *err)
{
    Project *project = loader->project;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        Node *node = project->nodes.at[i];
        Declared *declared = node->declared;
        if (!declared || !declared->parent_name.len)
            continue;
        Str names[64];
        size_t count = 0;
        for (uint32_t n = 0; n < project->nodes.len; n++) {
            Node *other = project->nodes.at[n];
            if (other->kind != NODE_INGEST || other == node || other->declared->stage)
                continue;
            if (str_eq(other->name, declared->parent_name))
                declared->parent = other;
            if (count < COUNT_OF(names))
                names[count++] = other->name;
        }
        if (declared->parent)
            continue;
        Str near = str_nearest(declared->parent_name, names, count);
        return err_set_in(err, ERR_PARSING,
                          value_place(value_get(declared->tree, "parent"), declared->file,
                                      declared->source),
                          declared->source, "there is no resource '" STR_FMT "'%s" STR_FMT "%s",
                          STR_ARG(declared->parent_name), near.len ? ". Did you mean '" : "",
                          STR_ARG(near), near.len ? "'?" : "");
    }
    return true;
}

bool declarations_load(Loader *loader, Err *err)
{
    uint32_t count;
    SourceFile **files = loader_files(loader, USE_DECLARATION, &count);
    map_init(&loader->project->connections, loader->arena);
    loader->project->state_config = UNDEFINED;
    if (!has_any(files, count))
        return true;
    for (uint32_t i = 0; i < count; i++) {
        Reading reading = {loader, files[i], loader->arena};
        if (is_ours(files[i])) {
            TRY(declare_check(files[i], err));
            TRY(add_connections(&reading, err));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!is_ours(files[i]))
            continue;
        Reading reading = {loader, files[i], loader->arena};
        Value resources = value_get(files[i]->doc.root, "ingest");
        for (uint32_t r = 0; resources.kind == VALUE_LIST && r < resources.list->len; r++)
            TRY(read_resource(&reading, resources.list->at[r], err));
        Value publications = value_get(files[i]->doc.root, "publish");
        for (uint32_t p = 0; publications.kind == VALUE_LIST && p < publications.list->len; p++)
            TRY(read_publication(&reading, publications.list->at[p], err));
    }
    return find_parents(loader, err);
}

/* ---- rendering when a node runs ---- */

/* The place of a template's error in the file that holds the template: exact where the text stands
 * there as it is, else where it begins. Errors in macros keep their own. */
static void relocate(Value text, Str file, Str source, Err *err)
{
    if (err->place.line && !str_eq(err->place.file, file))
        return;
    Place place = value_place(text, file, source);
    Str view = value_str(text);
    if (err->place.line && view.at >= source.at && view.at + view.len <= source.at + source.len) {
        size_t at = 0;
        for (int line = 1; line < err->place.line && at < view.len; at++)
            line += view.at[at] == '\n';
        at += (size_t)(err->place.column > 0 ? err->place.column - 1 : 0);
        place = place_at(file, source, (size_t)(view.at - source.at) + (at < view.len ? at : 0));
    }
    Err old = {0};
    err_move(&old, err);
    err_set_in(err, old.kind, place, source, "%s", old.text);
    err->trail = old.trail;
    old.trail = NULL;
    err_drop(&old);
}

static bool render_tree(Context *context, Value tree, Str file, Str source, int depth, Value *out,
                        Err *err)
{
    Value item, key;
    *out = tree;
    if (depth > DEEPEST)
        return err_set(err, ERR_TOO_DEEP, (Place){file, 0, 0}, "values nest over %d levels deep",
                       DEEPEST);
    if (tree.kind == VALUE_TEXT && value_has_tags(tree)) {
        if (!context_render_value(context, value_str(tree), file, out, err)) {
            relocate(tree, file, source, err);
            return false;
        }
        out->at = tree.at;
    } else if (tree.kind == VALUE_LIST) { /* a copy in any case: the declaration itself is shared */
        *out = value_list(context->arena);
        out->at = tree.at;
        for (uint32_t i = 0; i < tree.list->len; i++) {
            TRY(render_tree(context, tree.list->at[i], file, source, depth + 1, &item, err));
            array_add(out->list, item);
        }
    } else if (tree.kind == VALUE_DICT) {
        *out = value_dict(context->arena);
        out->at = tree.at;
        for (uint32_t at = 0; dict_next(tree.dict, &at, &key, &item);) {
            TRY(render_tree(context, item, file, source, depth + 1, &item, err));
            dict_put_keyed(out->dict, key, item);
        }
    }
    return true;
}

bool declare_render(Context *context, Value tree, Str file, Str source, Value *out, Err *err)
{
    return render_tree(context, tree, file, source, 0, out, err);
}

static void note_secret(Context *context, Str name, Value value)
{
    (void)context;
    static const char *const words[] = {"SECRET", "TOKEN", "KEY", "CREDENTIAL", "PASS", "PWD"};
    enum { LEAST = 4 };          /* shorter ones would be found in every message */
    AUTO(text) Text upper = {0};
    for (size_t i = 0; i < name.len; i++)
        text_add_char(&upper, (char)toupper((unsigned char)name.at[i]));
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (value.kind == VALUE_TEXT && value.len >= LEAST &&
            str_find(text_str(&upper), str_of(words[i])) >= 0) {
            secret_add(value_str(value));
            break;
        }
}

static bool declared_var(Context *context, Str name, Value *out, bool *is_found, Err *err)
{
    const Project *project = context->owner;
    return loader_var(project->loader, context, name, out, is_found, err);
}

static const Phase phase_declared = {
    .is_executing = true, .has_extra_first = true, .var = declared_var, .on_env_var = note_secret};

Context *declare_context(const Project *project, Arena *arena, Str package, Dict *extra)
{
    Context *context = NEW(arena, Context);
    *context = (Context){.arena = arena,
                         .invocation = project->invocation,
                         .library = project->library,
                         .phase = &phase_declared,
                         .package = package,
                         .project_name = project->packages.at[0]->name,
                         .node_label = STR("a declaration"),
                         .target = project->loader->target,
                         .allows_secrets = true,
                         .extra = extra,
                         .owner = (void *)(uintptr_t)project};
    return context;
}
