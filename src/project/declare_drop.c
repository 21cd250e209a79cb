/* declare_drop.c: the nodes of a resource of `type: drop`, one a stage and one a table.
 *
 *   pre_set_date -> wait_for_all_sources -> batch_extract -> merge_ORDERS -.
 *                                                        \-> merge_ITEMS -+-> merge_summary
 *   source.p.partner_a.orders <- merge_orders, post_merge_check <- merge_summary
 *
 * Which tables there are is said by `tables:`, by the mapping, or by both; what else the mapping
 * says is read when a node runs (drops/mapping.h).
 */
#include "project/declare.h"

/* The texts of `tables`, then of the mapping; each once. */
typedef struct Tables {
    List(Str) names;
    Value at;                    /* for messages                                                  */
} Tables;

static bool add_table(const Reading *reading, Tables *tables, Str name, Value at, Err *err)
{
    for (uint32_t i = 0; i < tables->names.len; i++) {
        Str other = tables->names.at[i];
        if (str_eq(other, name))
            return true;
        if (str_eq_fold(other, name))
            return reading_fail(reading, at, err, "the tables '" STR_FMT "' and '" STR_FMT "' "
                                "differ in case only: to the warehouse they are one. A mapping "
                                "gives one of them another name, or unites them by `from: [" STR_FMT
                                ", " STR_FMT "]`", STR_ARG(other), STR_ARG(name), STR_ARG(other),
                                STR_ARG(name));
    }
    if (!name.len)
        return reading_fail(reading, at, err, "a table needs a name");
    if (str_eq_fold(name, STR("merge_summary")))
        return reading_fail(reading, at, err, "merge_summary is the table of the summaries: a "
                            "mapping gives the partner's table another name (`from: "
                            "merge_summary`)");
    TRY(reading_check_name(reading, at, name, err));
    list_add(reading->arena, &tables->names, name);
    return true;
}

static bool add_named(const Reading *reading, Value tree, Tables *tables, Err *err)
{
    Value names, raw = value_get(tree, "tables");
    TRY(reading_render(reading, tree, "tables", &names, err));
    if (names.kind == VALUE_TEXT)
        return add_table(reading, tables, value_str(names), raw, err);
    bool is_none = value_is_undefined(names) || value_is_none(names);
    if (names.kind != VALUE_LIST && !is_none)
        return reading_fail(reading, raw, err, "`tables` must name tables: [orders, customers]");
    for (uint32_t i = 0; names.kind == VALUE_LIST && i < names.list->len; i++) {
        Value item = names.list->at[i];
        if (item.kind != VALUE_TEXT)
            return reading_fail(reading, item.at ? item : raw, err,
                                "a table of `tables` must be a name, not %s",
                                value_type_name(item));
        TRY(add_table(reading, tables, value_str(item), item.at ? item : raw, err));
    }
    return true;
}

/* The keys of `tables:` in partners/NAME.yml, which is the place of what is wrong with them. */
static bool add_mapped(const Reading *reading, Value tree, Tables *tables, Err *err)
{
    Str name, text;
    TRY(reading_text(reading, tree, "mapping", &name, err));
    if (!name.len)
        return true;
    Str path = path_join(reading->arena, reading->file->package->root, name);
    if (file_info(path).kind != FILE_REGULAR)
        return reading_fail(reading, value_get(tree, "mapping"), err,
                            "there is no file " STR_FMT ": `mapping` is a path below the project. "
                            "`weir generate partner FILE...` proposes one from sample files",
                            STR_ARG(name));
    SourceFile file = {.package = reading->file->package};
    TRY(file_read(reading->arena, path, &text, err));
    TRY(yaml_parse(reading->arena, text, name, &file.doc, err));
    Reading mapping = {reading->loader, &file, reading->arena};
    Value all = value_get(file.doc.root, "tables"), key, value;
    if (file.doc.root.kind != VALUE_DICT || all.kind != VALUE_DICT)
        return reading_fail(&mapping, value_is_undefined(all) ? file.doc.root : all, err,
                            "a mapping has `tables:`, a mapping of each table's name to its "
                            "columns");
    for (uint32_t at = 0; dict_next(all.dict, &at, &key, &value);)
        TRY(add_table(&mapping, tables, value_str(key), key, err));
    return true;
}

static bool read_tables(const Reading *reading, Value tree, Str name, Tables *tables, Err *err)
{
    TRY(add_named(reading, tree, tables, err));
    TRY(add_mapped(reading, tree, tables, err));
    if (tables->names.len)
        return true;
    return reading_fail(reading, tree, err,
                        "the drop '" STR_FMT "' names no tables: say `tables: [orders, items]`, "
                        "or `mapping: partners/" STR_FMT ".yml` (`weir generate partner FILE...` "
                        "proposes one from sample files)", STR_ARG(name), STR_ARG(name));
}

static bool read_source_name(const Reading *reading, Value tree, Str name, Str *source, Err *err)
{
    TRY(reading_text(reading, tree, "source", source, err));
    if (!source->len)
        *source = name;
    if (str_find_char(*source, '.') < 0)
        return true;
    return reading_fail(reading, value_get(tree, "source"), err,
                        "the `source` of a drop is the name of a source alone: its tables have "
                        "the names of those that come");
}

/* What every drop says. */
static bool check_needed(const Reading *reading, Value tree, Str name, Err *err)
{
    static const struct {
        const char *key, *example;
    } needed[] = {
        {"path", "the archives, as a glob: \"/out/{{ process_date }}/*.tar.gz\""},
        {"members", "the names of the files in them: \"{table}_{date:%Y%m%d}_{batch_id}.csv\""},
        {"to", "{layout: \"lake/partner/{table}/year={year}/month={month}/day={day}\"}"},
    };
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        Value given = value_get(tree, needed[i].key);
        if (value_is_undefined(given) || value_is_none(given))
            return reading_fail(reading, tree, err, "the drop '" STR_FMT "' lacks `%s`: %s",
                                STR_ARG(name), needed[i].key, needed[i].example);
    }
    Value to = value_get(tree, "to");
    if (to.kind == VALUE_DICT && value_is_undefined(value_get(to, "layout")))
        return reading_fail(reading, to, err, "`to` lacks `layout`: where the tables lie, such as "
                            "\"lake/partner/{table}/year={year}/month={month}/day={day}\"");
    return true;
}

/* Connections beside the inbox: named here, so that a wrong name is told at once. */
static bool check_places(const Reading *reading, Value tree, Err *err)
{
    static const char *const keys[] = {"to", "raw", "work", "quarantine", "logs"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const Connection *connection;
        Value place = value_get(tree, keys[i]);
        if (place.kind == VALUE_DICT)
            TRY(reading_connection(reading, place, &connection, err));
    }
    return true;
}

typedef struct Making {
    const Reading *reading;
    Value tree;
    Str name;
    const Connection *connection;
    List(Node *) nodes;
} Making;

static bool make_stage(Making *making, DeclaredStage stage, Str label, Str table, Node **out,
                       Err *err)
{
    const Reading *reading = making->reading;
    TRY(reading_node(reading, NODE_INGEST, making->tree, making->name, label, out, err));
    Declared *declared = NEW(reading->arena, Declared);
    *declared = (Declared){.tree = making->tree, .connection = making->connection,
                           .table = table, .entry = UNDEFINED, .stage = stage,
                           .drop = making->name, .file = reading->file->doc.file,
                           .source = reading->file->doc.source};
    (*out)->declared = declared;
    /* other drops have the same stages: messages and listings name the drop, too */
    (*out)->name = str_print(reading->arena, STR_FMT "." STR_FMT, STR_ARG(making->name),
                             STR_ARG(label));
    list_add(reading->arena, &making->nodes, *out);
    return true;
}

/* The text of `to`, as it stands in the file. */
static Str layout_text(Value tree)
{
    Value to = value_get(tree, "to");
    return to.kind == VALUE_DICT ? value_get_text(to, "layout", STR_NONE) : value_str(to);
}

/* Several drops may fill one table: the view over its files then shows all partners, so their
 * layouts must be one, with {partner} in it. */
static bool check_shared(const Making *making, Node *node, Err *err)
{
    const Reading *reading = making->reading;
    const Project *project = reading->loader->project;
    Str layout = layout_text(making->tree);
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        Node *other = project->nodes.at[i];
        const Declared *declared = other->kind == NODE_INGEST ? other->declared : NULL;
        if (!declared || declared->stage != STAGE_MERGE ||
            declared->fills != node->declared->fills)
            continue;
        other->declared->is_shared = node->declared->is_shared = true;
        bool is_same = str_eq(layout_text(other->declared->tree), layout);
        if (is_same && str_find(layout, STR("{partner}")) >= 0)
            continue;
        return reading_fail(reading, value_get(making->tree, "to"), err, "the drops '" STR_FMT
                            "' and '" STR_FMT "' fill one table, " STR_FMT "." STR_FMT ": its "
                            "view shows the files of all partners, so both need the same layout, "
                            "with {partner} in it; or give each a `source` of its own",
                            STR_ARG(other->declared->drop), STR_ARG(making->name),
                            STR_ARG(node->schema), STR_ARG(node->declared->table));
    }
    return true;
}

/* The merge of a table fills its source; a source that is switched off has none. */
static bool make_merges(Making *making, const Tables *tables, Str source, Node *after, Err *err)
{
    const Reading *reading = making->reading;
    for (uint32_t i = 0; i < tables->names.len; i++) {
        Node *node;
        Str table = tables->names.at[i];
        Str label = str_print(reading->arena, "merge_" STR_FMT, STR_ARG(table));
        TRY(make_stage(making, STAGE_MERGE, label, table, &node, err));
        node->declared->after = after;
        if (!node->is_enabled)
            continue;
        Node *fills = reading_source(reading, source, table, making->tree);
        node->declared->fills = fills;
        node->database = fills->database;
        node->schema = fills->schema;
        node->alias = fills->alias;
        node->relation_name = fills->relation_name;
        node->is_enabled = fills->is_enabled;
        if (node->is_enabled)
            TRY(check_shared(making, node, err));
    }
    return true;
}

/* Every node knows all merges; without any, there is nothing to do. */
static void finish(Making *making)
{
    Arena *arena = making->reading->arena;
    List(Node *) merges = {0};
    for (uint32_t i = 0; i < making->nodes.len; i++) {
        Node *node = making->nodes.at[i];
        if (node->declared->stage == STAGE_MERGE && node->is_enabled)
            list_add(arena, &merges, node);
    }
    for (uint32_t i = 0; i < making->nodes.len; i++) {
        Node *node = making->nodes.at[i];
        Declared *declared = node->declared;
        for (uint32_t m = 0; m < merges.len; m++)
            list_add(arena, &declared->merges, merges.at[m]);
        node->is_enabled = node->is_enabled && merges.len > 0;
        loader_add_node(making->reading->loader, node);
    }
}

bool drop_add(const Reading *reading, Value tree, Str name, Err *err)
{
    static const struct {
        DeclaredStage stage;
        const char *label;
    } first[] = {{STAGE_SET_DATE, "pre_set_date"},
                 {STAGE_WAIT, "wait_for_all_sources"},
                 {STAGE_EXTRACT, "batch_extract"}},
      last[] = {{STAGE_SUMMARY, "merge_summary"}, {STAGE_CHECK, "post_merge_check"}};
    Tables tables = {0};
    Str source;
    Making making = {.reading = reading, .tree = tree, .name = name};
    TRY(check_needed(reading, tree, name, err));
    TRY(check_places(reading, tree, err));
    TRY(reading_connection(reading, tree, &making.connection, err));
    TRY(read_source_name(reading, tree, name, &source, err));
    TRY(read_tables(reading, tree, name, &tables, err));
    Node *before = NULL, *node;
    for (size_t i = 0; i < COUNT_OF(first); i++, before = node) {
        TRY(make_stage(&making, first[i].stage, str_of(first[i].label), STR_NONE, &node, err));
        node->declared->after = before;
    }
    TRY(make_merges(&making, &tables, source, before, err));
    before = NULL; /* the summary waits for the merges */
    for (size_t i = 0; i < COUNT_OF(last); i++, before = node) {
        TRY(make_stage(&making, last[i].stage, str_of(last[i].label), STR_NONE, &node, err));
        node->declared->after = before;
        if (last[i].stage == STAGE_SUMMARY) /* models on summaries wait for them */
            node->declared->fills = reading_find_source(reading, source, STR("merge_summary"));
    }
    finish(&making);
    return true;
}
