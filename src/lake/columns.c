/* columns.c: columns of tables and queries, with their types where Arrow has them too. */
#include "lake/lake_base.h"

LakeColumn column_of_type(Arena *arena, Str name, Str type)
{
    LakeColumn column = {.name = name, .type = type, .key = name};
    Err err = {0};
    column.is_known = field_parse_type(arena, type, &column.field, &err);
    if (!column.is_known)
        err_drop(&err);
    column.field.name = name;
    return column;
}

LakeColumn column_of_field(Arena *arena, const Field *field)
{
    AUTO(text) Text type = {0};
    field_print_type(field, &type);
    return (LakeColumn){.name = field->name,
                        .key = field->name,
                        .type = text_copy(arena, &type),
                        .field = *field,
                        .is_known = true};
}

static bool has_doubles(const Field *field)
{
    for (uint32_t i = 0; i < field->child_count; i++) {
        for (uint32_t k = 0; field->type == ARROW_STRUCT && k < i; k++)
            if (str_eq_fold(field->children[i].name, field->children[k].name))
                return true;
        if (has_doubles(&field->children[i]))
            return true;
    }
    return false;
}

void column_without_doubles(Arena *arena, LakeColumn *column)
{
    if (!column->is_known || !has_doubles(&column->field))
        return;
    Field field = {.name = column->field.name, .type = ARROW_JSON};
    LakeColumn json = column_of_field(arena, &field);
    column->type = json.type;
    column->field = json.field;
}

LakeColumn *columns_find(const LakeColumns *columns, Str name)
{
    for (uint32_t i = 0; i < columns->len; i++)
        if (str_eq(columns->at[i].name, name))
            return &columns->at[i];
    for (uint32_t i = 0; i < columns->len; i++)
        if (str_eq_fold(columns->at[i].name, name))
            return &columns->at[i];
    return NULL;
}

Str columns_hint(Arena *arena, const LakeColumns *columns, Str name)
{
    Str *names = NEW_N(arena, Str, columns->len);
    for (uint32_t i = 0; i < columns->len; i++)
        names[i] = columns->at[i].name;
    Str nearest = str_nearest(name, names, columns->len);
    return nearest.at ? str_print(arena, ". Did you mean " STR_FMT "?", STR_ARG(nearest)) : STR("");
}

bool columns_describe(Session *session, Arena *arena, Str sql, LakeColumns *out, Err *err)
{
    Result columns;
    LakeColumns found = {0};
    TRY(session_describe(session, arena, sql, &columns, err));
    for (uint32_t i = 0; i < columns.column_count; i++)
        list_add(arena, &found,
                 column_of_type(arena, columns.columns[i].name, columns.columns[i].type));
    *out = found;
    return true;
}

bool columns_read(Lake *lake, Session *session, Arena *arena, Str database, Str schema, Str table,
                  LakeColumns *out, bool *exists, Err *err)
{
    Value vars = value_dict(arena);
    Result kind;
    put_text(vars, STR("database"), database);
    put_text(vars, STR("schema"), schema);
    put_text(vars, STR("table"), table);
    put_text(vars, STR("target"), lake_relation(arena, database, schema, table));
    TRY(lake_run(lake, session, arena, "kind", vars, NULL, 0, &kind, NULL, err));
    *exists = kind.row_count > 0;
    *out = (LakeColumns){0};
    if (!*exists)
        return true;
    if (value_is(kind.cells[0], "view"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "%s is a view: rows cannot be loaded into it. Drop it, or load into another "
                       "table",
                       value_str(value_get(vars, "target")).at);
    Str sql;
    TRY(lake_render(lake, arena, "all", vars, &sql, err));
    return columns_describe(session, arena, sql, out, err);
}
