/* prop_columns.c: columns and constraints as the manifest has them. */
#include "project/prop_semantic.h"

enum {
    C_NAME, C_DESCRIPTION, C_META, C_DATA_TYPE, C_CONSTRAINTS, C_QUOTE, C_CONFIG, C_TAGS,
    C_GRANULARITY, C_DIMENSION, C_ENTITY, C_DOC_BLOCKS, C_COUNT,
};

static const char *const field_names[C_COUNT] = {
    "name", "description", "meta", "data_type", "constraints", "quote", "config", "tags",
    "granularity", "dimension", "entity", "doc_blocks"};

/* ---- constraints ---- */

static bool is_constraint_type(Value type)
{
    static const char *const types[] = {"check", "not_null", "unique", "primary_key", "foreign_key",
                                        "custom"};
    for (uint32_t i = 0; i < COUNT_OF(types); i++)
        if (value_is(type, types[i]))
            return true;
    return false;
}

bool constraints_valid(Value list, Value *bad)
{
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
        if (!is_constraint_type(value_get(list.list->at[i], "type"))) {
            *bad = list.list->at[i];
            return false;
        }
    return true;
}

Value constraint_make(Arena *arena, Value given, bool is_model)
{
    Dict *made = dict_make(arena, 8);
    Value enforced = value_get(given, "warn_unenforced");
    Value supported = value_get(given, "warn_unsupported");
    Value columns = value_get(given, "to_columns"), own = value_get(given, "columns");
    dict_put(made, STR("type"), prop_get(given, "type"));
    dict_put(made, STR("name"), prop_get(given, "name"));
    dict_put(made, STR("expression"), prop_get(given, "expression"));
    dict_put(made, STR("warn_unenforced"), value_is_bool(enforced) ? enforced : value_bool(true));
    dict_put(made, STR("warn_unsupported"),
             value_is_bool(supported) ? supported : value_bool(true));
    dict_put(made, STR("to"), prop_get(given, "to"));
    dict_put(made, STR("to_columns"), value_is_list(columns) ? columns : value_list(arena));
    if (is_model)
        dict_put(made, STR("columns"), value_is_list(own) ? own : value_list(arena));
    return value_of_dict(made);
}

static bool column_constraints(Arena *arena, const Entry *entry, Value column, Value *out, Err *err)
{
    Value list = value_get(column, "constraints"), bad;
    if (!constraints_valid(list, &bad))
        return err_set_in(err, ERR_PARSING, document_place(entry->document, bad),
                          entry->document->file->text,
                          "Invalid constraint type on column " STR_FMT "\nThe types: check, "
                          "not_null, unique, primary_key, foreign_key, custom",
                          STR_ARG(value_get_text(column, "name", STR(""))));
    if (list.kind != VALUE_LIST || !list.list->len)
        return true;
    Array *made = array_make(arena, list.list->len);
    for (uint32_t i = 0; i < list.list->len; i++)
        array_add(made, constraint_make(arena, list.list->at[i], false));
    *out = value_of_array(made);
    return true;
}

/* ---- one column ---- */

static void add_text_once(Array *into, Value text)
{
    for (uint32_t i = 0; i < into->len; i++)
        if (value_equal(into->at[i], text))
            return;
    array_add(into, text);
}

static void add_texts_once(Array *into, Value texts)
{
    if (texts.kind == VALUE_TEXT)
        add_text_once(into, texts);
    for (uint32_t i = 0; texts.kind == VALUE_LIST && i < texts.list->len; i++)
        add_text_once(into, texts.list->at[i]);
}

void column_tags(Value column, Array *into)
{
    add_texts_once(into, value_get(column, "tags"));
    add_texts_once(into, value_get(value_get(column, "config"), "tags"));
}

static void put_all(Dict *into, Value from)
{
    Value key, value;
    for (uint32_t at = 0; from.kind == VALUE_DICT && dict_next(from.dict, &at, &key, &value);)
        dict_put_keyed(into, key, value);
}

static void set_meta_and_tags(const Loader *loader, Arena *arena, Value column, Dict *made)
{
    Value meta = value_get(column, "meta"), more = value_get(value_get(column, "config"), "meta");
    bool has_meta = (value_is_dict(meta) && meta.dict->len) || value_is_dict(more);
    bool has_tags = !value_is_undefined(value_get(column, "tags")) ||
                    !value_is_undefined(value_get(value_get(column, "config"), "tags"));
    if (!has_meta && !has_tags)
        return;
    if (has_meta) {
        Value both = value_dict(arena);
        put_all(both.dict, meta);
        put_all(both.dict, more);
        made->at[C_META].value = both;
    }
    if (has_tags) {
        made->at[C_TAGS].value = value_list(arena);
        column_tags(column, made->at[C_TAGS].value.list);
    }
    Value config = value_dict(arena);
    dict_put(config.dict, STR("meta"), has_meta ? made->at[C_META].value : loader->empty_dict);
    dict_put(config.dict, STR("tags"), has_tags ? made->at[C_TAGS].value : loader->empty_list);
    made->at[C_CONFIG].value = config;
}

static bool is_field(Str key)
{
    static const char *const others[] = {"docs", "data_tests", "tests", "_extra"};
    for (uint32_t i = 0; i < C_COUNT - 1; i++)
        if (str_is(key, field_names[i]))
            return true;
    for (uint32_t i = 0; i < COUNT_OF(others); i++)
        if (str_is(key, others[i]))
            return true;
    return false;
}

/* Keys that dbt does not know are kept at the end. */
static void put_extra(Value column, Dict *made)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(column.dict, &at, &key, &value);)
        if (!is_field(value_str(key)))
            dict_put_keyed(made, key, value);
}

static bool has_extra(Value column)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(column.dict, &at, &key, &value);)
        if (!is_field(value_str(key)))
            return true;
    return false;
}

/* A frozen dict of empty fields; its index of keys is shared by all columns of the call. */
static Dict *shape_make(const Loader *loader, Arena *arena)
{
    Dict *shape = dict_make(arena, C_COUNT);
    for (uint32_t i = 0; i < C_COUNT; i++)
        dict_put(shape, str_of(field_names[i]), NONE);
    Value config = value_dict(arena);
    dict_put(config.dict, STR("meta"), loader->empty_dict);
    dict_put(config.dict, STR("tags"), loader->empty_list);
    value_freeze(config);
    shape->at[C_DESCRIPTION].value = value_text(STR(""));
    shape->at[C_META].value = loader->empty_dict;
    shape->at[C_CONSTRAINTS].value = loader->empty_list;
    shape->at[C_CONFIG].value = config;
    shape->at[C_TAGS].value = loader->empty_list;
    shape->at[C_DOC_BLOCKS].value = loader->empty_list;
    return shape;
}

static Dict *shape_copy(Arena *arena, const Dict *shape)
{
    Dict *made = NEW(arena, Dict);
    *made = *shape;
    made->arena = arena;
    made->cap = shape->used;
    made->at = NEW_N(arena, DictEntry, made->cap);
    memcpy(made->at, shape->at, shape->used * sizeof(*made->at));
    return made;
}

static bool property_column(const Loader *loader, Worker *worker, const Entry *entry, Str package,
                        const Dict *shape, Value column, Dict **out, Err *err)
{
    Arena *arena = worker->arena;
    Dict *made = shape_copy(arena, shape);
    bool is_wide = has_extra(column);
    Str description;
    TRY(description_render(loader, worker, package, value_get(column, "description"),
                           entry->document, &description, &made->at[C_DOC_BLOCKS].value, err));
    TRY(column_constraints(arena, entry, column, &made->at[C_CONSTRAINTS].value, err));
    made->at[C_NAME].value = prop_get(column, "name");
    made->at[C_DESCRIPTION].value = value_text(description);
    made->at[C_DATA_TYPE].value = prop_get(column, "data_type");
    made->at[C_QUOTE].value = prop_get(column, "quote");
    made->at[C_GRANULARITY].value = prop_get(column, "granularity");
    TRY(column_semantics(entry, arena, column, &made->at[C_DIMENSION].value,
                         &made->at[C_ENTITY].value, err));
    set_meta_and_tags(loader, arena, column, made);
    if (is_wide) { /* a dict of its own: the shared index must not grow */
        Dict *wide = dict_make(arena, C_COUNT + 4);
        put_all(wide, value_of_dict(made));
        put_extra(column, wide);
        made = wide;
    }
    *out = made;
    return true;
}

bool columns_make(const Loader *loader, Worker *worker, const Entry *entry, Str package,
                  const Array *columns, Value *out, Err *err)
{
    if (!columns || !columns->len) {
        *out = loader->empty_dict;
        return true;
    }
    if (!worker->column_shape)
        worker->column_shape = shape_make(loader, worker->arena);
    Dict *made = dict_make(worker->arena, columns->len);
    for (uint32_t i = 0; i < columns->len; i++) {
        Dict *column;
        TRY(property_column(loader, worker, entry, package, worker->column_shape, columns->at[i],
                        &column, err));
        dict_put(made, value_get_text(columns->at[i], "name", STR("")), value_of_dict(column));
    }
    *out = value_of_dict(made);
    value_freeze(*out);
    return true;
}

/* ---- versions ---- */

static bool holds(Value list, Value name)
{
    if (list.kind == VALUE_TEXT)
        return value_is(list, "all") || value_is(list, "*");
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
        if (value_equal(list.list->at[i], name))
            return true;
    return false;
}

bool columns_of_version(const Entry *entry, Arena *arena, Value tree, Value version_entry,
                        Array **out, Err *err)
{
    Value columns = value_get(version_entry, "columns"), base = value_get(tree, "columns");
    Value selection = NONE;
    Array *made = array_make(arena, 8), *own = array_make(arena, 8);
    for (uint32_t i = 0; columns.kind == VALUE_LIST && i < columns.list->len; i++) {
        Value column = columns.list->at[i];
        if (!value_is_undefined(value_get(column, "name"))) {
            array_add(own, column);
        } else if (value_is_none(selection)) {
            selection = column;
        } else {
            return err_set_in(err, ERR_PARSING, document_place(entry->document, column),
                              entry->document->file->text,
                              "version can have at most one include/exclude element");
        }
    }
    Value include = value_get(selection, "include"), exclude = value_get(selection, "exclude");
    for (uint32_t i = 0; base.kind == VALUE_LIST && i < base.list->len; i++) {
        Value name = value_get(base.list->at[i], "name");
        if ((value_is_undefined(include) || holds(include, name)) && !holds(exclude, name))
            array_add(made, base.list->at[i]);
    }
    for (uint32_t i = 0; i < own->len; i++)
        array_add(made, own->at[i]);
    *out = made;
    return true;
}
