/* index_changes.c: what must happen to the indexes of a materialized view so that they are those of
 * its config: relation.get_materialized_view_config_change_collection(). */
#include "context/context.h"
#include "context/objects.h"

typedef struct IndexFacts {
    Str name;                  /* in the database; none for one that is to be made */
    Value columns;             /* lower case, sorted                               */
    bool is_unique;
    Str method;
} IndexFacts;

typedef List(IndexFacts) IndexList;

/* Into the list in its place; an index on the same column twice is the same index. */
static void add_column(Arena *arena, Value columns, Str name)
{
    Array *list = columns.list;
    name = str_lower(arena, name);
    uint32_t at = 0;
    while (at < list->len && str_compare(value_str(list->at[at]), name) < 0)
        at++;
    if (at < list->len && str_eq(value_str(list->at[at]), name))
        return;
    array_add(list, NONE);
    for (uint32_t i = list->len - 1; i > at; i--)
        list->at[i] = list->at[i - 1];
    list->at[at] = value_text(name);
}

static bool same_index(const IndexFacts *a, const IndexFacts *b)
{
    return value_equal(a->columns, b->columns) && a->is_unique == b->is_unique &&
           str_eq(a->method, b->method);
}

static bool has_index(const IndexList *list, const IndexFacts *wanted)
{
    for (uint32_t i = 0; i < list->len; i++)
        if (same_index(&list->at[i], wanted))
            return true;
    return false;
}

static Value cell_of(Value table, uint64_t row, const char *name)
{
    for (uint32_t i = 0; i < table_column_count(table); i++)
        if (str_is(table_column_name(table, i), name))
            return table_cell(table, row, i);
    return NONE;
}

/* Rows name, method, unique, column_names ("a,b"), as get_show_indexes_sql() gives them. */
static void read_existing(Arena *arena, Value table, IndexList *out)
{
    for (uint64_t row = 0; value_is_a(table, &table_type) && row < table_row_count(table); row++) {
        IndexFacts facts = {.name = value_str(cell_of(table, row, "name")),
                            .columns = value_list(arena),
                            .is_unique = value_truth(cell_of(table, row, "unique")),
                            .method = value_str(cell_of(table, row, "method"))};
        Str rest = value_str(cell_of(table, row, "column_names")), part;
        while (rest.len && str_next_part(&rest, ',', &part))
            add_column(arena, facts.columns, part);
        if (!has_index(out, &facts))
            list_add(arena, out, facts);
    }
}

static void read_wanted(Arena *arena, Value indexes, IndexList *out)
{
    for (uint32_t i = 0; indexes.kind == VALUE_LIST && i < indexes.list->len; i++) {
        Value entry = indexes.list->at[i], columns = value_get(entry, "columns");
        IndexFacts facts = {.columns = value_list(arena),
                            .is_unique = value_truth(value_get(entry, "unique")),
                            .method = value_get_text(entry, "type", STR("btree"))};
        for (uint32_t c = 0; columns.kind == VALUE_LIST && c < columns.list->len; c++)
            add_column(arena, facts.columns, value_str(columns.list->at[c]));
        if (!has_index(out, &facts))
            list_add(arena, out, facts);
    }
}

/* {action, context: {name, column_names, unique, method, as_node_config}} */
static void add_change(Arena *arena, Value changes, const char *action, const IndexFacts *facts)
{
    Value change = value_dict(arena), index = value_dict(arena), node = value_dict(arena);
    dict_put(node.dict, STR("columns"), facts->columns);
    dict_put(node.dict, STR("unique"), value_bool(facts->is_unique));
    dict_put(node.dict, STR("type"), value_text(facts->method));
    dict_put(index.dict, STR("name"), facts->name.at ? value_text(facts->name) : NONE);
    dict_put(index.dict, STR("column_names"), facts->columns);
    dict_put(index.dict, STR("unique"), value_bool(facts->is_unique));
    dict_put(index.dict, STR("method"), value_text(facts->method));
    dict_put(index.dict, STR("as_node_config"), node);
    dict_put(change.dict, STR("action"), value_text(str_of(action)));
    dict_put(change.dict, STR("context"), index);
    dict_put(change.dict, STR("requires_full_refresh"), value_bool(false));
    array_add(changes.list, change);
}

bool relation_index_changes(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"relation_results", "relation_config"};
    Value slots[2];
    TRY(call_bind(call, "get_materialized_view_config_change_collection", names, 2, 2, slots, err));
    Arena *arena = call->arena;
    IndexList existing = {0}, wanted = {0};
    read_existing(arena, value_get(slots[0], "indexes"), &existing);
    read_wanted(arena, value_get(value_get(slots[1], "config"), "indexes"), &wanted);
    Value changes = value_list(arena);
    for (uint32_t i = 0; i < existing.len; i++) /* drops first: a name may come back */
        if (!has_index(&wanted, &existing.at[i]))
            add_change(arena, changes, "drop", &existing.at[i]);
    for (uint32_t i = 0; i < wanted.len; i++)
        if (!has_index(&existing, &wanted.at[i]))
            add_change(arena, changes, "create", &wanted.at[i]);
    *out = NONE;
    if (!changes.list->len)
        return true;
    *out = value_dict(arena);
    dict_put(out->dict, STR("indexes"), changes);
    dict_put(out->dict, STR("requires_full_refresh"), value_bool(false));
    dict_put(out->dict, STR("has_changes"), value_bool(true));
    return true;
}
