/* column.c: columns: a name, a type, and what follows from the type. */
#include "context/context.h"
#include "context/objects.h"

typedef struct Column {
    Object base;
    Str name, type;
    Value char_size, precision, scale;
    Value fields;   /* of a struct: list of columns */
} Column;

static bool is_one_of(Str type, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_fold(type, str_of(names[i])))
            return true;
    return false;
}

static bool is_string(const Column *column)
{
    static const char *const names[] = {"text", "character varying", "character", "varchar"};
    return is_one_of(column->type, names, COUNT_OF(names));
}

static bool is_float(const Column *column)
{
    static const char *const names[] = {"real", "float", "float4", "float8", "double",
                                        "double precision"};
    return is_one_of(column->type, names, COUNT_OF(names));
}

static bool is_integer(const Column *column)
{
    static const char *const names[] = {"smallint", "integer",   "bigint", "smallserial", "serial",
                                        "bigserial", "int2",     "int4",   "int8"};
    static const char *const serials[] = {"serial2", "serial4", "serial8"};
    static const char *const widths[] = {"tinyint", "hugeint", "utinyint", "usmallint", "uinteger",
                                         "ubigint", "int1",    "short",    "int",       "signed",
                                         "long",    "uhugeint"};
    return is_one_of(column->type, names, COUNT_OF(names)) ||
           (dialect_now()->has_structs ? is_one_of(column->type, widths, COUNT_OF(widths))
                                       : is_one_of(column->type, serials, COUNT_OF(serials)));
}

static bool is_numeric(const Column *column)
{
    static const char *const names[] = {"numeric", "decimal"};
    return is_one_of(column->type, names, COUNT_OF(names));
}

static bool is_struct(const Column *column)
{
    Str head = str_slice(column->type, 0, 6);
    return str_eq_fold(head, STR("struct"));
}

Value column_make(Arena *arena, Str name, Str type)
{
    Column *column = NEW(arena, Column);
    *column = (Column){{&column_type}, name, type, NONE, NONE, NONE, value_list(arena)};
    return value_of_object(&column->base);
}

Str column_name(Value column)
{
    return value_is_a(column, &column_type) ? ((Column *)column.object)->name : STR_NONE;
}

Str column_dtype(Value column)
{
    return value_is_a(column, &column_type) ? ((Column *)column.object)->type : STR_NONE;
}

/* Length of a string column: its own, or 256 where unlimited. */
static int64_t string_size(const Column *column)
{
    bool is_limited = column->char_size.kind == VALUE_INT && !str_is(column->type, "text");
    return is_limited ? column->char_size.number : 256;
}

/* A text without a length: "text", not "character varying(256)". */
static bool is_unlimited(const Column *column)
{
    return str_eq_fold(column->type, STR("text")) ||
           (str_eq_fold(column->type, STR("character varying")) &&
            value_is_none(column->char_size));
}

static Str data_type(const Column *column, Arena *arena)
{
    if (dialect_now()->keeps_text_types && is_unlimited(column))
        return column->type;
    if (is_string(column))
        return str_print(arena, "character varying(%lld)", (long long)string_size(column));
    if (is_numeric(column) && column->precision.kind == VALUE_INT &&
        column->scale.kind == VALUE_INT)
        return str_print(arena, STR_FMT "(%lld,%lld)", STR_ARG(column->type),
                         (long long)column->precision.number, (long long)column->scale.number);
    return column->type;
}

static bool column_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    const Column *c = (Column *)self;
    *out = UNDEFINED;
    if (str_is(name, "name") || str_is(name, "column"))
        *out = value_text(c->name);
    else if (str_is(name, "dtype"))
        *out = value_text(c->type);
    else if (str_is(name, "data_type"))
        *out = value_text(data_type(c, arena));
    else if (str_is(name, "expanded_data_type"))
        *out = value_text(data_type(c, arena));
    else if (str_is(name, "quoted"))
        *out = value_text(str_print(arena, "\"" STR_FMT "\"", STR_ARG(c->name)));
    else if (str_is(name, "char_size"))
        *out = c->char_size;
    else if (str_is(name, "numeric_precision"))
        *out = c->precision;
    else if (str_is(name, "numeric_scale"))
        *out = c->scale;
    else if (str_is(name, "fields") && dialect_now()->has_structs)
        *out = c->fields;
    return true;
}

static void column_print(Object *self, Text *out)
{
    const Column *c = (Column *)self;
    text_print(out, "%s(column=", column_type.name);
    value_repr(value_text(c->name), out);
    text_add_c(out, ", dtype=");
    value_repr(value_text(c->type), out);
    text_add_c(out, ", char_size=");
    value_repr(c->char_size, out);
    text_add_c(out, ", numeric_precision=");
    value_repr(c->precision, out);
    text_add_c(out, ", numeric_scale=");
    value_repr(c->scale, out);
    if (dialect_now()->has_structs) {
        text_add_c(out, ", fields=");
        value_repr(c->fields, out);
    }
    text_add_char(out, ')');
}

static bool column_equal(Object *self, Value other)
{
    if (!value_is_a(other, &column_type))
        return false;
    const Column *a = (Column *)self, *b = (Column *)other.object;
    return str_eq(a->name, b->name) && str_eq(a->type, b->type) &&
           value_equal(a->char_size, b->char_size) && value_equal(a->precision, b->precision) &&
           value_equal(a->scale, b->scale);
}

#define QUESTION(question)                                                                     \
    static bool method_##question(Object *self, Call *call, Value *out, Err *err)              \
    {                                                                                          \
        (void)call, (void)err;                                                                 \
        *out = value_bool(question((Column *)self));                                           \
        return true;                                                                           \
    }
static bool is_number(const Column *column)
{
    return is_integer(column) || is_numeric(column) || is_float(column);
}
QUESTION(is_string)
QUESTION(is_float)
QUESTION(is_integer)
QUESTION(is_numeric)
QUESTION(is_struct)
QUESTION(is_number)

static bool method_string_size(Object *self, Call *call, Value *out, Err *err)
{
    (void)call;
    const Column *column = (Column *)self;
    if (!is_string(column))
        return err_set(err, ERR_RUNTIME, NOWHERE, "Called string_size() on non-string field!");
    *out = value_int(string_size(column));
    return true;
}

int64_t column_wanted_size(Value column, Value other)
{
    if (!value_is_a(column, &column_type) || !value_is_a(other, &column_type))
        return 0;
    const Column *a = (Column *)column.object, *b = (Column *)other.object;
    bool grows = is_string(a) && is_string(b) && string_size(b) > string_size(a);
    return grows ? string_size(b) : 0;
}

static bool method_can_expand_to(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"other_column"};
    Value slots[1];
    TRY(call_bind(call, "can_expand_to", names, 1, 1, slots, err));
    *out = value_bool(column_wanted_size(value_of_object(self), slots[0]) > 0);
    return true;
}

static bool method_literal(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"value"};
    Value slots[1];
    TRY(call_bind(call, "literal", names, 1, 1, slots, err));
    AUTO(text) Text text = {0};
    value_print(slots[0], &text);
    *out = value_text(str_print(call->arena, STR_FMT "::" STR_FMT, STR_ARG(text_str(&text)),
                                STR_ARG(data_type((Column *)self, call->arena))));
    return true;
}

static bool method_string_type(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"size"};
    Value slots[1];
    TRY(call_bind(call, "string_type", names, 1, 1, slots, err));
    AUTO(text) Text text = {0};
    value_print(slots[0], &text);
    *out = value_text(
        str_print(call->arena, "character varying(" STR_FMT ")", STR_ARG(text_str(&text))));
    return true;
}

static bool method_numeric_type(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"dtype", "precision", "scale"};
    Value slots[3];
    TRY(call_bind(call, "numeric_type", names, 3, 3, slots, err));
    Str type = value_str(slots[0]);
    if (slots[1].kind != VALUE_INT || slots[2].kind != VALUE_INT)
        *out = value_text(type);
    else
        *out = value_text(str_print(call->arena, STR_FMT "(%lld,%lld)", STR_ARG(type),
                                    (long long)slots[1].number, (long long)slots[2].number));
    return true;
}

static bool method_translate_type(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"dtype"};
    Value slots[1];
    TRY(call_bind(call, "translate_type", names, 1, 1, slots, err));
    bool is_string = str_eq_fold(value_str(slots[0]), STR("string")); /* the only one renamed */
    *out = is_string ? value_lit("TEXT") : slots[0];
    return true;
}

static bool method_flatten(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    *out = value_list(call->arena);
    array_add(out->list, value_of_object(self));
    return true;
}

static const Method methods[] = {
    {"is_string", method_is_string},
    {"is_float", method_is_float},
    {"is_integer", method_is_integer},
    {"is_numeric", method_is_numeric},
    {"is_number", method_is_number},
    {"is_struct", method_is_struct},
    {"string_size", method_string_size},
    {"can_expand_to", method_can_expand_to},
    {"literal", method_literal},
    {"string_type", method_string_type},
    {"numeric_type", method_numeric_type},
    {"translate_type", method_translate_type},
    {"flatten", method_flatten},
    {NULL, NULL},
};

ObjectType column_type = {
    .name = "DuckDBColumn",
    .methods = methods,
    .get = column_get,
    .print = column_print,
    .equal = column_equal,
};

/* ---- api.Column ---- */

/* Column(column, dtype, char_size, numeric_precision, numeric_scale) */
static bool column_new(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"column", "dtype", "char_size", "numeric_precision",
                                        "numeric_scale"};
    Value slots[5] = {UNDEFINED, UNDEFINED, NONE, NONE, NONE};
    TRY(call_bind(call, "Column", names, 5, 2, slots, err));
    *out = column_make(call->arena, value_str(slots[0]), value_str(slots[1]));
    Column *column = (Column *)out->object;
    column->char_size = slots[2];
    column->precision = slots[3];
    column->scale = slots[4];
    return true;
}

/* create(name, label): the label is translated ("string" -> TEXT) */
static bool column_create(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"name", "label_or_dtype"};
    Value slots[2];
    TRY(call_bind(call, "create", names, 2, 2, slots, err));
    Call inner = *call;
    inner.args = &slots[1];
    inner.arg_count = 1;
    inner.named_count = 0;
    Value type;
    TRY(method_translate_type(self, &inner, &type, err));
    *out = column_make(call->arena, value_str(slots[0]), value_str(type));
    return true;
}

/* from_description(name, "varchar(10)"): size or precision taken out of the type */
static bool column_from_description(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name", "raw_data_type"};
    Value slots[2];
    TRY(call_bind(call, "from_description", names, 2, 2, slots, err));
    Str raw = value_str(slots[1]);
    ptrdiff_t open = str_find_char(raw, '(');
    *out = column_make(call->arena, value_str(slots[0]),
                       open < 0 ? raw : str_trim(str_slice(raw, 0, (size_t)open)));
    ptrdiff_t close = str_find_char(raw, ')');
    if (open < 0 || close < open)
        return true;
    Column *column = (Column *)out->object;
    Str rest = str_slice(raw, (size_t)open + 1, (size_t)close), part;
    int64_t sizes[2] = {0};
    uint32_t count = 0;
    while (count < 2 && str_next_part(&rest, ',', &part))
        if (!str_to_int(str_trim(part), &sizes[count++]))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "Could not interpret data_type \"" STR_FMT "\": could not convert \""
                           STR_FMT "\" to an integer",
                           STR_ARG(raw), STR_ARG(part));
    if (count == 1)
        column->char_size = value_int(sizes[0]);
    if (count == 2) {
        column->precision = value_int(sizes[0]);
        column->scale = value_int(sizes[1]);
    }
    return true;
}

static const Method class_methods[] = {
    {"create", column_create},
    {"from_description", column_from_description},
    {"translate_type", method_translate_type},
    {"string_type", method_string_type},
    {"numeric_type", method_numeric_type},
    {NULL, NULL},
};
static const ObjectType class_type = {
    .name = "ColumnProxy", .methods = class_methods, .call = column_new};
Object column_class = {&class_type};

Value context_api(Arena *arena)
{
    Value api = value_dict(arena);
    dict_put(api.dict, STR("Relation"), value_of_object(&relation_class));
    dict_put(api.dict, STR("Column"), value_of_object(&column_class));
    return api;
}
