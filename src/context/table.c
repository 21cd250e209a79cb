/* table.c: tables as agate gives them to templates.
 *
 *   Table -> .columns -> Column (a sequence of cells)      cells[row * columns + column]
 *         -> .rows    -> Row    (a sequence and a mapping of cells)
 *
 * Rows, columns and their collections are one kind of object, a View: a sequence with names.
 */
#include <stdio.h>

#include "base/json.h"
#include "context/context.h"

typedef struct Table {
    Object base;
    const Str *names, *types;
    uint32_t columns;
    uint64_t rows;
    const Value *cells;
} Table;

typedef enum ViewKind { VIEW_ROWS, VIEW_COLUMNS, VIEW_ROW, VIEW_COLUMN } ViewKind;

typedef struct View {
    Object base;
    const Table *table;
    ViewKind kind;
    uint64_t number;   /* of the row or column */
} View;

static const ObjectType rows_type, columns_type, row_type, cells_type;

static Value view_make(Arena *arena, const Table *table, ViewKind kind, uint64_t number)
{
    static const ObjectType *const types[] = {&rows_type, &columns_type, &row_type, &cells_type};
    View *view = NEW(arena, View);
    *view = (View){{types[kind]}, table, kind, number};
    return value_of_object(&view->base);
}

static uint64_t view_len(const View *view)
{
    bool counts_rows = view->kind == VIEW_ROWS || view->kind == VIEW_COLUMN;
    return counts_rows ? view->table->rows : view->table->columns;
}

static Value view_at(const View *view, Arena *arena, uint64_t i)
{
    const Table *table = view->table;
    switch (view->kind) {
    case VIEW_ROWS: return view_make(arena, table, VIEW_ROW, i);
    case VIEW_COLUMNS: return view_make(arena, table, VIEW_COLUMN, i);
    case VIEW_ROW: return table->cells[view->number * table->columns + i];
    case VIEW_COLUMN: return table->cells[i * table->columns + view->number];
    }
    return UNDEFINED;
}

/* Position of a column's name; -1 where there is none. */
static int64_t find_name(const Table *table, Str name)
{
    for (uint32_t i = 0; i < table->columns; i++)
        if (str_eq(table->names[i], name))
            return i;
    return -1;
}

static bool has_names(const View *view)
{
    return view->kind == VIEW_COLUMNS || view->kind == VIEW_ROW;
}

static bool view_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    (void)err;
    const View *view = (View *)self;
    int64_t at = -1, len = (int64_t)view_len(view);
    if (key.kind == VALUE_INT)
        at = key.number < 0 ? key.number + len : key.number;
    else if (key.kind == VALUE_TEXT && has_names(view))
        at = find_name(view->table, value_str(key));
    *out = at >= 0 && at < len ? view_at(view, arena, (uint64_t)at) : UNDEFINED;
    return true;
}

static Value names_tuple(const Table *table, Arena *arena, const Str *texts)
{
    Array *names = array_make(arena, table->columns);
    for (uint32_t i = 0; i < table->columns; i++)
        array_add(names, value_text(texts[i]));
    return value_of_tuple(names);
}

static bool view_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    const View *view = (View *)self;
    if (view->kind == VIEW_COLUMN && str_is(name, "name")) {
        *out = value_text(view->table->names[view->number]);
        return true;
    }
    if (view->kind == VIEW_COLUMN && str_is(name, "data_type")) {
        *out = value_text(view->table->types[view->number]);
        return true;
    }
    if (view->kind == VIEW_COLUMN && str_is(name, "index")) {
        *out = value_int((int64_t)view->number);
        return true;
    }
    return view_item(self, arena, value_text(name), out, err);
}

static int64_t view_length(Object *self)
{
    return (int64_t)view_len((View *)self);
}

static bool view_next(Object *self, Arena *arena, uint64_t i, Value *out)
{
    const View *view = (View *)self;
    if (i >= view_len(view))
        return false;
    *out = view_at(view, arena, i);
    return true;
}

static Array *view_array(const View *view, Arena *arena)
{
    uint64_t len = view_len(view);
    Array *array = array_make(arena, (uint32_t)len);
    for (uint64_t i = 0; i < len; i++)
        array_add(array, view_at(view, arena, i));
    return array;
}

static bool view_values(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    *out = value_of_tuple(view_array((View *)self, call->arena));
    return true;
}

static bool view_values_distinct(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    Array *all = view_array((View *)self, call->arena);
    Dict *seen = dict_make(call->arena, 0);
    Array *distinct = array_make(call->arena, 0);
    uint32_t hash;
    for (uint32_t i = 0; i < all->len; i++)
        if (value_hash(all->at[i], &hash) && !dict_find_value(seen, all->at[i])) {
            dict_put_keyed(seen, all->at[i], NONE);
            array_add(distinct, all->at[i]);
        }
    *out = value_of_tuple(distinct);
    return true;
}

static bool view_values_without_nulls(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    Array *all = view_array((View *)self, call->arena), *kept = array_make(call->arena, 0);
    for (uint32_t i = 0; i < all->len; i++)
        if (!value_is_none(all->at[i]))
            array_add(kept, all->at[i]);
    *out = value_of_tuple(kept);
    return true;
}

static bool view_keys(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    const View *view = (View *)self;
    *out = has_names(view) ? names_tuple(view->table, call->arena, view->table->names) : NONE;
    return true;
}

static Dict *view_dict_of(const View *view, Arena *arena)
{
    Dict *dict = dict_make(arena, view->table->columns);
    for (uint32_t i = 0; i < view->table->columns; i++)
        dict_put(dict, view->table->names[i], view_at(view, arena, i));
    return dict;
}

static bool view_dict(Object *self, Call *call, Value *out, Err *err)
{
    if (!has_names((View *)self))
        return err_set(err, ERR_TYPE, NOWHERE, "this sequence has no names");
    *out = value_of_dict(view_dict_of((View *)self, call->arena));
    return true;
}

static bool view_items(Object *self, Call *call, Value *out, Err *err)
{
    if (!has_names((View *)self))
        return err_set(err, ERR_TYPE, NOWHERE, "this sequence has no names");
    const View *view = (View *)self;
    Array *items = array_make(call->arena, view->table->columns);
    for (uint32_t i = 0; i < view->table->columns; i++) {
        Array *pair = array_make(call->arena, 2);
        array_add(pair, value_text(view->table->names[i]));
        array_add(pair, view_at(view, call->arena, i));
        array_add(items, value_of_tuple(pair));
    }
    *out = value_of_array(items);
    return true;
}

static bool view_method_get(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"key", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "get", names, 2, 1, slots, err));
    TRY(view_item(self, call->arena, slots[0], out, err));
    if (value_is_undefined(*out))
        *out = slots[1];
    return true;
}

static void view_print(Object *self, Text *out)
{
    static const char *const kinds[] = {"MappedSequence", "MappedSequence", "Row", "Column"};
    const View *view = (View *)self;
    Arena scratch = {0};
    text_print(out, "<agate.%s: ", kinds[view->kind]);
    value_repr(value_of_tuple(view_array(view, &scratch)), out);
    text_add_char(out, '>');
    arena_drop(&scratch);
}

static bool view_equal(Object *self, Value other)
{
    Arena scratch = {0};
    Array *mine = view_array((View *)self, &scratch), *theirs = NULL;
    if (other.kind == VALUE_LIST || other.kind == VALUE_TUPLE)
        theirs = other.list;
    else if (other.kind == VALUE_OBJECT && other.object->type == self->type)
        theirs = view_array((View *)other.object, &scratch);
    bool is_equal = theirs && value_equal(value_of_array(mine), value_of_array(theirs));
    arena_drop(&scratch);
    return is_equal;
}

static const Method view_methods[] = {
    {"values", view_values},
    {"values_distinct", view_values_distinct},
    {"values_without_nulls", view_values_without_nulls},
    {"keys", view_keys},
    {"items", view_items},
    {"dict", view_dict},
    {"get", view_method_get},
    {NULL, NULL},
};

#define VIEW_TYPE(type_name)                                                                  \
    {                                                                                         \
        .name = type_name, .methods = view_methods, .get = view_get, .item = view_item,       \
        .print = view_print, .length = view_length, .next = view_next, .equal = view_equal,   \
        .is_sequence = true                                                                   \
    }
static const ObjectType rows_type = VIEW_TYPE("MappedSequence");
static const ObjectType columns_type = VIEW_TYPE("MappedSequence");
static const ObjectType row_type = VIEW_TYPE("Row");
static const ObjectType cells_type = VIEW_TYPE("Column");

/* ---- the table ---- */

Value table_make(Arena *arena, const Str *names, const Str *types, uint32_t columns,
                 const Value *cells, uint64_t rows)
{
    Table *table = NEW(arena, Table);
    *table = (Table){{&table_type}, names, types, columns, rows, cells};
    return value_of_object(&table->base);
}

static Table *table_of(Value v)
{
    assert(value_is_a(v, &table_type));
    return (Table *)v.object;
}

uint64_t table_row_count(Value table)
{
    return table_of(table)->rows;
}

uint32_t table_column_count(Value table)
{
    return table_of(table)->columns;
}

Str table_column_name(Value table, uint32_t column)
{
    assert(column < table_of(table)->columns);
    return table_of(table)->names[column];
}

Value table_cell(Value table, uint64_t row, uint32_t column)
{
    const Table *t = table_of(table);
    assert(row < t->rows && column < t->columns);
    return t->cells[row * t->columns + column];
}

static bool table_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    const Table *table = (Table *)self;
    *out = UNDEFINED;
    if (str_is(name, "columns"))
        *out = view_make(arena, table, VIEW_COLUMNS, 0);
    else if (str_is(name, "rows"))
        *out = view_make(arena, table, VIEW_ROWS, 0);
    else if (str_is(name, "column_names"))
        *out = names_tuple(table, arena, table->names);
    else if (str_is(name, "column_types"))
        *out = names_tuple(table, arena, table->types);
    return true;
}

static int64_t table_length(Object *self)
{
    return (int64_t)((Table *)self)->rows;
}

static bool table_next(Object *self, Arena *arena, uint64_t i, Value *out)
{
    const Table *table = (Table *)self;
    if (i >= table->rows)
        return false;
    *out = view_make(arena, table, VIEW_ROW, i);
    return true;
}

/* A new table of some columns, in the order of `picked`. */
static Value pick_columns(Arena *arena, const Table *table, const uint32_t *picked, uint32_t count)
{
    Str *names = NEW_N(arena, Str, count + 1), *types = NEW_N(arena, Str, count + 1);
    Value *cells = NEW_N(arena, Value, (size_t)(table->rows * count) + 1);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = table->names[picked[i]];
        types[i] = table->types[picked[i]];
        for (uint64_t row = 0; row < table->rows; row++)
            cells[row * count + i] = table->cells[row * table->columns + picked[i]];
    }
    return table_make(arena, names, types, count, cells, table->rows);
}

static bool is_named(Value names, Str name)
{
    if (names.kind == VALUE_TEXT)
        return str_eq(value_str(names), name);
    for (uint32_t i = 0; names.kind == VALUE_LIST && i < names.list->len; i++)
        if (str_eq(value_str(names.list->at[i]), name))
            return true;
    return false;
}

static bool pick(Object *self, Call *call, bool is_wanted, const char *method, Value *out, Err *err)
{
    static const char *const names[] = {"key"};
    Value slots[1];
    TRY(call_bind(call, method, names, 1, 1, slots, err));
    const Table *table = (Table *)self;
    uint32_t *picked = NEW_N(call->arena, uint32_t, table->columns + 1), count = 0;
    for (uint32_t i = 0; i < table->columns; i++)
        if (is_named(slots[0], table->names[i]) == is_wanted)
            picked[count++] = i;
    *out = pick_columns(call->arena, table, picked, count);
    return true;
}

static bool table_select(Object *self, Call *call, Value *out, Err *err)
{
    return pick(self, call, true, "select", out, err);
}

static bool table_exclude(Object *self, Call *call, Value *out, Err *err)
{
    return pick(self, call, false, "exclude", out, err);
}

static bool table_limit(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"start_or_stop", "stop", "step"};
    Value slots[3] = {NONE, NONE, NONE};
    TRY(call_bind(call, "limit", names, 3, 0, slots, err));
    const Table *table = (Table *)self;
    uint64_t from = 0, to = table->rows;
    if (slots[1].kind == VALUE_INT && slots[0].kind == VALUE_INT) {
        from = (uint64_t)slots[0].number;
        to = (uint64_t)slots[1].number;
    } else if (slots[0].kind == VALUE_INT) {
        to = (uint64_t)slots[0].number;
    }
    if (to > table->rows)
        to = table->rows;
    if (from > to)
        from = to;
    *out = table_make(call->arena, table->names, table->types, table->columns,
                      table->cells + from * table->columns, to - from);
    return true;
}

/* rename(column_names={...} or [...]) */
static bool table_rename(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"column_names", "row_names", "slug_columns", "slug_rows"};
    Value slots[4] = {NONE, NONE, NONE, NONE};
    TRY(call_bind(call, "rename", names, 4, 0, slots, err));
    const Table *table = (Table *)self;
    Str *renamed = NEW_N(call->arena, Str, table->columns + 1);
    for (uint32_t i = 0; i < table->columns; i++) {
        renamed[i] = table->names[i];
        if (slots[0].kind == VALUE_DICT)
            renamed[i] = value_get_text(slots[0], str_c(call->arena, renamed[i]), renamed[i]);
        else if (slots[0].kind == VALUE_LIST && i < slots[0].list->len)
            renamed[i] = value_str(slots[0].list->at[i]);
    }
    *out = table_make(call->arena, renamed, table->types, table->columns, table->cells,
                      table->rows);
    return true;
}

static void print_cell(Value cell, Text *out)
{
    size_t before = out->len;
    if (value_is_none(cell))
        return;
    value_print(cell, out);
    for (size_t at = before; at < out->len; at++)
        if (out->at[at] == '\n')
            out->at[at] = ' ';
}

/* print_table(max_rows=20, max_columns=6): a table of | and -, to the console. */
static bool table_print_table(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    const Table *table = (Table *)self;
    Str text = STR("");
    AUTO(text) Text printed = {0};
    size_t *widths = NEW_N(call->arena, size_t, table->columns + 1);
    for (uint32_t i = 0; i < table->columns; i++) {
        widths[i] = utf8_length(table->names[i]);
        for (uint64_t row = 0; row < table->rows; row++) {
            text_clear(&printed);
            print_cell(table->cells[row * table->columns + i], &printed);
            size_t width = utf8_length(text_str(&printed));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    AUTO(text) Text all = {0};
    for (int64_t row = -2; row < (int64_t)table->rows; row++) {
        text_add_char(&all, '|');
        for (uint32_t i = 0; i < table->columns; i++) {
            text_clear(&printed);
            if (row == -2)
                text_add(&printed, table->names[i]);
            else if (row == -1)
                text_add_repeat(&printed, '-', widths[i]);
            else
                print_cell(table->cells[(uint64_t)row * table->columns + i], &printed);
            bool is_number = row >= 0 && str_is(table->types[i], "Number");
            size_t pad = widths[i] - utf8_length(text_str(&printed));
            text_add_char(&all, ' ');
            text_add_repeat(&all, ' ', is_number ? pad : 0);
            text_add(&all, text_str(&printed));
            text_add_repeat(&all, ' ', is_number ? 0 : pad);
            text_add_c(&all, " |");
        }
        text_add_char(&all, '\n');
    }
    text = text_copy(call->arena, &all);
    fwrite(text.at, 1, text.len, stdout);
    fflush(stdout);
    *out = NONE;
    return true;
}

static bool table_to_json(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    const Table *table = (Table *)self;
    Array *rows = array_make(call->arena, (uint32_t)table->rows);
    for (uint64_t row = 0; row < table->rows; row++) {
        View view = {{&row_type}, table, VIEW_ROW, row};
        array_add(rows, value_of_dict(view_dict_of(&view, call->arena)));
    }
    AUTO(text) Text text = {0};
    json_print(value_of_array(rows), (JsonStyle){0}, &text);
    *out = value_text(text_copy(call->arena, &text));
    return true;
}

static void table_print(Object *self, Text *out)
{
    const Table *table = (Table *)self;
    text_add_c(out, "| column | data_type |\n| ------ | --------- |\n");
    for (uint32_t i = 0; i < table->columns; i++)
        text_print(out, "| " STR_FMT " | " STR_FMT " |\n", STR_ARG(table->names[i]),
                   STR_ARG(table->types[i]));
}

static const Method table_methods[] = {
    {"select", table_select},       {"exclude", table_exclude},
    {"limit", table_limit},         {"rename", table_rename},
    {"print_table", table_print_table}, {"to_json", table_to_json},
    {NULL, NULL},
};

const ObjectType table_type = {
    .name = "Table",
    .methods = table_methods,
    .get = table_get,
    .print = table_print,
    .length = table_length,
    .next = table_next,
};
