/* manifest.c: target/manifest.json, printed by all cores, written in order.
 *
 *   items:  {"metadata": ..., "nodes": {  n0  n1  n2 ...  }, "sources": {  s0 ...
 *           |------- chunk 0 --------|----- chunk 1 -----|---- chunk 2 ---- ...
 *   workers print chunks into texts of their own; whoever has printed the next one in line writes
 *   it, and all that are ready behind it. Nobody may be more than `window` chunks ahead.
 */
#include <stdlib.h>

#include "base/json.h"
#include "graph/selector.h"

typedef enum ItemKind {
    ITEM_OPEN,                    /* ', "name": {'                                              */
    ITEM_CLOSE,                   /* '}'                                                        */
    ITEM_VALUE,                   /* ', "name": ' and a value                                   */
    ITEM_NODE, ITEM_MACRO, ITEM_DOC, ITEM_GROUP,
    ITEM_DISABLED,                /* all disabled nodes of one id                               */
    ITEM_PARENTS, ITEM_CHILDREN, ITEM_MEMBERS,
} ItemKind;

typedef struct Item {
    ItemKind kind;
    bool is_first;                /* of its section: no comma before it                         */
    uint32_t number;              /* of a node; into `disabled`                                 */
    Str key;
    const void *what;
} Item;

enum { chunk_items = 128, window = 64 };

typedef struct Worker {
    Arena arena;
} Worker;

typedef struct Writer {
    const Graph *graph;
    Arena arena;
    List(Item) items;
    uint32_t *disabled;           /* places in project->disabled, by id, then as parsed         */
    Worker *workers;
    FileWriter file;
    Lock lock;                    /* guards what follows                                        */
    Signal moved;
    Text *texts;                  /* of chunks printed, not yet written                         */
    bool *is_printed;
    uint32_t next, chunks;
    bool is_writing;              /* a thread is: `file`, `is_failed` and `err` are its alone     */
    bool is_failed;
    Err *err;
} Writer;

static const JsonStyle plain_style = {0};

/* ---- items ---- */

static void add_item(Writer *writer, Item item)
{
    uint32_t len = writer->items.len;
    item.is_first = len == 0 || writer->items.at[len - 1].kind == ITEM_OPEN;
    list_add(&writer->arena, &writer->items, item);
}

static void open_section(Writer *writer, const char *name)
{
    add_item(writer, (Item){.kind = ITEM_OPEN, .key = str_of(name)});
}

static void close_section(Writer *writer)
{
    add_item(writer, (Item){.kind = ITEM_CLOSE});
}

static void add_value(Writer *writer, const char *name, Value value)
{
    Value *kept = NEW(&writer->arena, Value);
    *kept = value;
    add_item(writer, (Item){.kind = ITEM_VALUE, .key = str_of(name), .what = kept});
}

static bool in_section(NodeKind kind, NodeKind section)
{
    return section == NODE_MODEL ? kind_is_node(kind) : kind == section;
}

/* Items for all nodes of a section: NODE_MODEL stands for all that "nodes" holds. */
static void add_nodes(Writer *writer, NodeKind section, ItemKind kind)
{
    const Project *project = writer->graph->project;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        if (in_section(node->kind, section))
            add_item(writer, (Item){.kind = kind, .number = i, .key = node->unique_id,
                                    .what = node});
    }
}

static void add_node_section(Writer *writer, const char *name, NodeKind section)
{
    open_section(writer, name);
    add_nodes(writer, section, ITEM_NODE);
    close_section(writer);
}

static int compare_disabled(const void *a, const void *b, void *context)
{
    const Project *project = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order =
        str_compare(project->disabled.at[x]->unique_id, project->disabled.at[y]->unique_id);
    return order ? order : (x > y) - (x < y);
}

static const Node *disabled_at(const Writer *writer, uint32_t i)
{
    return writer->graph->project->disabled.at[writer->disabled[i]];
}

static void add_disabled(Writer *writer)
{
    Project *project = writer->graph->project;
    uint32_t count = 0;
    writer->disabled = NEW_N(&writer->arena, uint32_t, (size_t)project->disabled.len + 1);
    for (uint32_t i = 0; i < project->disabled.len; i++)
        if (!kind_is_own(project->disabled.at[i]->kind))
            writer->disabled[count++] = i;
    qsort_r(writer->disabled, count, sizeof(uint32_t), compare_disabled, project);
    open_section(writer, "disabled");
    for (uint32_t i = 0; i < count; i++) {
        Str id = disabled_at(writer, i)->unique_id;
        if (i == 0 || !str_eq(id, disabled_at(writer, i - 1)->unique_id))
            add_item(writer, (Item){.kind = ITEM_DISABLED, .number = i, .key = id});
    }
    close_section(writer);
}

/* parent_map and child_map: in dbt's order of kinds. */
static void add_map(Writer *writer, const char *name, ItemKind kind)
{
    static const NodeKind sections[] = {NODE_MODEL,          NODE_SOURCE, NODE_EXPOSURE,
                                        NODE_FUNCTION,       NODE_METRIC, NODE_SEMANTIC_MODEL,
                                        NODE_SAVED_QUERY,    NODE_UNIT_TEST};
    open_section(writer, name);
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        add_nodes(writer, sections[i], kind);
    close_section(writer);
}

static void add_others(Writer *writer)
{
    const Project *project = writer->graph->project;
    open_section(writer, "macros");
    uint32_t at = 0;
    MacroEntry *macro;
    while (library_next(project->library, &at, &macro))
        add_item(writer, (Item){.kind = ITEM_MACRO, .key = macro->unique_id, .what = macro});
    close_section(writer);
    open_section(writer, "docs");
    for (uint32_t i = 0; i < project->docs.len; i++)
        add_item(writer, (Item){.kind = ITEM_DOC, .key = project->docs.at[i]->unique_id,
                                .what = project->docs.at[i]});
    close_section(writer);
}

static void add_groups(Writer *writer, const char *name, ItemKind kind)
{
    const Project *project = writer->graph->project;
    open_section(writer, name);
    for (uint32_t i = 0; i < project->groups.len; i++) {
        const Group *group = project->groups.at[i];
        add_item(writer, (Item){.kind = kind, .what = group,
                                .key = kind == ITEM_GROUP ? group->unique_id : group->name});
    }
    close_section(writer);
}

/* Everything, in dbt's order of keys. */
static void list_items(Writer *writer)
{
    const Project *project = writer->graph->project;
    add_value(writer, "metadata", artifact_metadata(project, "manifest/v12", &writer->arena));
    add_node_section(writer, "nodes", NODE_MODEL);
    add_node_section(writer, "sources", NODE_SOURCE);
    add_others(writer);
    add_node_section(writer, "exposures", NODE_EXPOSURE);
    add_node_section(writer, "metrics", NODE_METRIC);
    add_groups(writer, "groups", ITEM_GROUP);
    add_value(writer, "selectors", selectors_value(project, &writer->arena));
    add_disabled(writer);
    add_map(writer, "parent_map", ITEM_PARENTS);
    add_map(writer, "child_map", ITEM_CHILDREN);
    add_groups(writer, "group_map", ITEM_MEMBERS);
    add_node_section(writer, "saved_queries", NODE_SAVED_QUERY);
    add_node_section(writer, "semantic_models", NODE_SEMANTIC_MODEL);
    add_node_section(writer, "unit_tests", NODE_UNIT_TEST);
    add_node_section(writer, "functions", NODE_FUNCTION);
}

/* ---- printing ---- */

static int compare_ids(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

static void print_ids(Str *ids, uint32_t count, Text *out)
{
    text_add_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            text_add_bytes(out, ", ", 2);
        json_print_text(ids[i], false, out);
    }
    text_add_char(out, ']');
}

static void print_neighbours(const Graph *graph, const Item *item, Arena *arena, Text *out)
{
    bool is_parents = item->kind == ITEM_PARENTS;
    const uint32_t *start = is_parents ? graph->parent_start : graph->child_start;
    const uint32_t *numbers = is_parents ? graph->parents : graph->children;
    uint32_t from = start[item->number], count = start[item->number + 1] - from;
    Str *ids = NEW_N(arena, Str, (size_t)count + 1);
    uint32_t known = 0;                     /* dbt's readers know no loads and publications */
    for (uint32_t i = 0; i < count; i++) {
        const Node *node = graph->project->nodes.at[numbers[from + i]];
        if (!kind_is_own(node->kind))
            ids[known++] = node->unique_id;
    }
    qsort(ids, known, sizeof *ids, compare_ids);
    print_ids(ids, known, out);
}

static bool can_be_grouped(NodeKind kind)
{
    return kind_is_node(kind) || kind == NODE_METRIC || kind == NODE_SEMANTIC_MODEL ||
           kind == NODE_SAVED_QUERY;
}

static void print_members(const Project *project, const Group *group, Arena *arena, Text *out)
{
    List(Str) ids = {0};
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        if (can_be_grouped(node->kind) && str_eq(node->group, group->name))
            list_add(arena, &ids, node->unique_id);
    }
    print_ids(ids.at, ids.len, out);
}

static void print_disabled(const Writer *writer, const Item *item, Arena *arena, Text *out)
{
    uint32_t end = writer->graph->project->disabled.len;
    text_add_char(out, '[');
    for (uint32_t i = item->number; i < end; i++) {
        const Node *node = disabled_at(writer, i);
        if (!str_eq(node->unique_id, item->key))
            break;
        if (i > item->number)
            text_add_bytes(out, ", ", 2);
        json_print(node_value(node, arena), plain_style, out);
    }
    text_add_char(out, ']');
}

static void print_item(const Writer *writer, const Item *item, Arena *arena, Text *out)
{
    if (item->kind == ITEM_CLOSE) {
        text_add_char(out, '}');
        return;
    }
    if (!item->is_first)
        text_add_bytes(out, ", ", 2);
    json_print_text(item->key, false, out);
    text_add_bytes(out, ": ", 2);
    switch (item->kind) {
    case ITEM_OPEN: text_add_char(out, '{'); break;
    case ITEM_CLOSE: break;
    case ITEM_VALUE: json_print(*(const Value *)item->what, plain_style, out); break;
    case ITEM_NODE: json_print(node_value(item->what, arena), plain_style, out); break;
    case ITEM_MACRO: json_print(macro_entry_value(item->what, arena), plain_style, out); break;
    case ITEM_DOC: json_print(doc_value(item->what, arena), plain_style, out); break;
    case ITEM_GROUP: json_print(group_value(item->what, arena), plain_style, out); break;
    case ITEM_DISABLED: print_disabled(writer, item, arena, out); break;
    case ITEM_PARENTS:
    case ITEM_CHILDREN: print_neighbours(writer->graph, item, arena, out); break;
    case ITEM_MEMBERS: print_members(writer->graph->project, item->what, arena, out); break;
    }
}

/* ---- writing ---- */

/* Writes all chunks that are ready and next in line, unless another thread is at it. The lock is
 * held, but for the writing itself: meanwhile the others print on. */
static void write_ready(Writer *writer)
{
    if (writer->is_writing)
        return;
    writer->is_writing = true;
    while (writer->next < writer->chunks && writer->is_printed[writer->next]) {
        Text *text = &writer->texts[writer->next];
        lock_give(&writer->lock);
        if (!writer->is_failed &&
            !file_writer_add(&writer->file, text_str(text), writer->err))
            writer->is_failed = true;
        text_drop(text);
        lock_take(&writer->lock);
        writer->next++;
        signal_tell_all(&writer->moved);
    }
    writer->is_writing = false;
}

static void print_chunk(void *context, unsigned worker, uint32_t chunk)
{
    Writer *writer = context;
    Arena *arena = &writer->workers[worker].arena;
    Text text = {0};
    text_reserve(&text, 1 << 16);
    uint32_t end = (chunk + 1) * chunk_items;
    for (uint32_t i = chunk * chunk_items; i < end && i < writer->items.len; i++) {
        print_item(writer, &writer->items.at[i], arena, &text);
        arena_reset(arena);
    }
    lock_take(&writer->lock);
    writer->texts[chunk] = text;
    writer->is_printed[chunk] = true;
    write_ready(writer);
    while (chunk >= writer->next + window)
        signal_wait(&writer->moved, &writer->lock, -1);
    lock_give(&writer->lock);
}

static void run_workers(Writer *writer, unsigned workers)
{
    writer->chunks = (writer->items.len + chunk_items - 1) / chunk_items;
    writer->texts = NEW_N(&writer->arena, Text, writer->chunks);
    writer->is_printed = NEW_N(&writer->arena, bool, writer->chunks);
    writer->workers = NEW_N(&writer->arena, Worker, workers);
    lock_init(&writer->lock, 600, "manifest");
    signal_init(&writer->moved);
    parallel_for(workers, writer->chunks, 1, print_chunk, writer);
    assert(writer->next == writer->chunks);
    for (unsigned i = 0; i < workers; i++)
        arena_drop(&writer->workers[i].arena);
    signal_drop(&writer->moved);
    lock_drop(&writer->lock);
}

bool manifest_write(const Graph *graph, Str path, unsigned workers, Err *err)
{
    Writer writer = {.graph = graph, .err = err};
    TRY(file_writer_open(&writer.file, path, err));
    bool is_done = file_writer_add(&writer.file, STR("{"), err);
    if (is_done) {
        list_items(&writer);
        run_workers(&writer, workers ? workers : cpu_count());
        is_done = !writer.is_failed && file_writer_add(&writer.file, STR("}"), err);
    }
    if (is_done)
        is_done = file_writer_commit(&writer.file, false, err);
    file_writer_drop(&writer.file);
    arena_drop(&writer.arena);
    return is_done;
}
