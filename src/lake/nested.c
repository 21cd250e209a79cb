/* nested.c: lists of objects as tables of their own, tied to the row they came with by its key.
 *
 *   orders [_weir_id, ...]          orders__items [_weir_id, _weir_parent_id, _weir_root_id,
 *     items: [{...}, {...}]  --->                  _weir_list_index (from 1), fields ...]
 */
#include "lake/lake_base.h"

static Str child_name(const Load *load, const TableLoad *table, Str key)
{
    return str_print(load->arena, STR_FMT "__" STR_FMT, STR_ARG(table->name), STR_ARG(key));
}

static bool child_exists(const Load *load, Str name)
{
    for (uint32_t i = 0; value_is_list(load->children) && i < load->children.list->len; i++)
        if (str_eq_fold(value_str(load->children.list->at[i]), name))
            return true;
    return false;
}

bool nested_is_list(const Load *load, const TableLoad *table, const LakeColumn *column)
{
    if (!load->spec->splits_nested || !column->is_known)
        return false;
    const Field *field = &column->field;
    if (field->type == ARROW_LIST && field->children[0].type == ARROW_STRUCT)
        return true;
    /* nothing but empty lists this time: the child table tells what it is */
    bool is_empty = field->type == ARROW_NULL ||
                    (field->type == ARROW_LIST && field->children[0].type == ARROW_NULL);
    return is_empty && child_exists(load, child_name(load, table, column->key));
}

/* The child tables that the target has. */
static bool find_existing(Load *load, Err *err)
{
    Result rows;
    Value vars = table_vars(load, &load->table, load->arena);
    load->children = value_list(load->arena);
    TRY(lake_run(load->lake, load->session, load->arena, "children", vars, NULL, 0, &rows, NULL,
                 err));
    for (uint64_t i = 0; i < rows.row_count; i++)
        array_add(load->children.list, rows.cells[i]);
    return true;
}

static TableLoad *add_child(Load *load, const TableLoad *parent, Str name)
{
    TableLoad *child = NEW(load->arena, TableLoad), *last = &load->table;
    while (last->next)
        last = last->next;
    last->next = child;
    child->name = name;
    child->parent = parent;
    child->relation = lake_relation(load->arena, load->database, load->spec->schema, name);
    child->quarantine = load->table.quarantine;
    return child;
}

static bool is_planned(const Load *load, Str name)
{
    for (const TableLoad *table = load->table.next; table; table = table->next)
        if (str_eq_fold(table->name, name))
            return true;
    return false;
}

/* A child for every list of objects; theirs come when their turn is there. */
static bool find_lists(Load *load, const TableLoad *table, Err *err)
{
    for (uint32_t i = 0; i < table->input.len; i++) {
        const LakeColumn *column = &table->input.at[i];
        if (!nested_is_list(load, table, column))
            continue;
        Str name = child_name(load, table, column->key);
        if (is_planned(load, name))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           STR_FMT ": two lists differ by case only and would share the table "
                           STR_FMT, STR_ARG(table->name), STR_ARG(name));
        TableLoad *child = add_child(load, table, name);
        if (column->field.type != ARROW_LIST || column->field.children[0].type != ARROW_STRUCT)
            continue;
        const Field *item = &column->field.children[0];
        child->list = column;
        child->list_name = str_print(load->arena, "_weir_nested_%u", i);
        for (uint32_t k = 0; k < item->child_count; k++) {
            LakeColumn field = column_of_field(load->arena, &item->children[k]);
            field.source = str_print(load->arena, "c%u", k);
            list_add(load->arena, &child->input, field);
        }
    }
    return true;
}

bool nested_find(Load *load, Err *err)
{
    if (!load->spec->splits_nested)
        return true;
    if (load->spec->disposition == WRITE_SCD2)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT ": nested lists cannot be split into tables with scd2: keep them as "
                       "columns, or merge", STR_ARG(load->table.name));
    TRY(find_existing(load, err));
    TRY(find_lists(load, &load->table, err));
    for (TableLoad *child = load->table.next; child; child = child->next) {
        TRY(columns_read(load->lake, load->session, load->arena, load->database,
                         load->spec->schema, child->name, &child->have, &child->exists, err));
        if (load->spec->is_full_refresh)
            child->have = (LakeColumns){0};
        child->exists = child->exists && !load->spec->is_full_refresh;
        TRY(find_lists(load, child, err));
    }
    for (uint32_t i = 0; i < load->children.list->len; i++) { /* tables whose lists do not come */
        Str name = value_str(load->children.list->at[i]);
        if (!is_planned(load, name))
            add_child(load, &load->table, name)->exists = true;
    }
    return true;
}

/* The rows of a child, as a relation with columns c0, c1 ... */
static bool child_source(Load *load, const TableLoad *child, Str *out, Err *err)
{
    Value vars = table_vars(load, child->parent, load->arena), items = value_list(load->arena);
    for (uint32_t i = 0; i < child->input.len; i++) {
        Value item = value_dict(load->arena);
        put_text(item, STR("key"), child->input.at[i].key);
        put_text(item, STR("source"), child->input.at[i].source);
        array_add(items.list, item);
    }
    dict_put(vars.dict, STR("items"), items);
    dict_put(vars.dict, STR("parent_is_child"), value_bool(child->parent->parent != NULL));
    put_text(vars, STR("list_name"), child->list_name);
    put_text(vars, STR("parent_stage"), child->parent->stage);
    return lake_render(load->lake, load->arena, "nested", vars, out, err);
}

bool nested_stage(Load *load, Err *err)
{
    Str source_sql = load->source_sql;
    bool ok = true;
    for (TableLoad *child = load->table.next; child && ok; child = child->next) {
        uint64_t rows;
        if (!child->list)
            continue;
        ok = child_source(load, child, &load->source_sql, err) &&
             stage_fill(load, child, NULL, 0, &rows, err);
    }
    load->source_sql = source_sql;
    return ok;
}
