/* postgres_type.c: which of our types a Postgres type becomes, and how its values come on the wire.
 *
 * What has no kin is cast to text on the server, so that its text is Postgres' own. Values that the
 * chosen type cannot hold are found by the decoder. */
#include "engine/postgres_base.h"
#include "sql/sql.h"

enum { OID_MONEY = 790, OID_NUMERIC = 1700, OID_FLOAT4 = 700, OID_FLOAT8 = 701 };
enum { DECIMAL_MOST = 38, FREE_SCALE = 9 };

/* What a value is selected as. */
typedef struct Mapping {
    PgWire wire;
    uint32_t oid;                /* of the value on the wire; 0: not one that is looked at */
    const char *cast, *function; /* on the server: "pg_catalog.text"; either may be NULL */
    Str schema;                  /* of the function */
    Field field;
    const char *refusal; /* why it cannot be carried, and then the type for the hint */
    const char *way_out;
} Mapping;

static const struct {
    uint32_t oid;
    PgWire wire;
    TypeId type;
    const char *cast;
} known[] = {
#define PG(oid, wire, type, cast) {oid, WIRE_##wire, ARROW_##type, cast},
#include "engine/postgres_types.def"
#undef PG
};

/* Our types as what they are asked for from the server, when a hint says so. */
static const struct {
    TypeId type;
    uint32_t oid;
    PgWire wire;
    const char *name;
} targets[] = {
    {ARROW_BOOL, 16, WIRE_BOOL, "bool"},
    {ARROW_INT8, 21, WIRE_INT2, "int2"},
    {ARROW_INT16, 21, WIRE_INT2, "int2"},
    {ARROW_INT32, 23, WIRE_INT4, "int4"},
    {ARROW_INT64, 20, WIRE_INT8, "int8"},
    {ARROW_UINT8, 21, WIRE_INT2, "int2"},
    {ARROW_UINT16, 23, WIRE_INT4, "int4"},
    {ARROW_UINT32, 20, WIRE_INT8, "int8"},
    {ARROW_UINT64, OID_NUMERIC, WIRE_NUMERIC, "numeric"},
    {ARROW_FLOAT, OID_FLOAT4, WIRE_FLOAT4, "float4"},
    {ARROW_DOUBLE, OID_FLOAT8, WIRE_FLOAT8, "float8"},
    {ARROW_DECIMAL, OID_NUMERIC, WIRE_NUMERIC, "numeric"},
    {ARROW_TEXT, 25, WIRE_BYTES, "text"},
    {ARROW_JSON, 114, WIRE_BYTES, "json"},
    {ARROW_BINARY, 17, WIRE_BYTES, "bytea"},
    {ARROW_UUID, 2950, WIRE_UUID, "uuid"},
    {ARROW_DATE, 1082, WIRE_DATE, "date"},
    {ARROW_TIME, 1083, WIRE_TIME, "time"},
    {ARROW_TIMESTAMP, 1114, WIRE_TIMESTAMP, "timestamp"},
    {ARROW_TIMESTAMP_TZ, 1184, WIRE_TIMESTAMP, "timestamptz"},
    {ARROW_INTERVAL, 1186, WIRE_INTERVAL, "interval"},
};

/* ---- the catalogue's types ---- */

bool postgres_load_types(PgLink *link, Arena *arena, const PgColumn *columns, uint32_t count,
                         PgTypes *out, Err *err)
{
    AUTO(text) Text list = {0};
    for (uint32_t i = 0; i < count; i++)
        text_print(&list, "%c%u", i ? ',' : '{', columns[i].oid);
    text_add_c(&list, count ? "}" : "{}");
    Result rows;
    TRY(postgres_ask(link, arena, "types", &(Str){list.at, list.len}, 1, &rows, err));
    *out = (PgTypes){NEW_N(arena, PgType, rows.row_count), (uint32_t)rows.row_count};
    for (uint32_t i = 0; i < out->count; i++) {
        Str kind = postgres_cell(&rows, i, 4);
        out->at[i] = (PgType){
            .oid = (uint32_t)postgres_cell_int(&rows, i, 0),
            .item = (uint32_t)postgres_cell_int(&rows, i, 1),
            .base = (uint32_t)postgres_cell_int(&rows, i, 2),
            .base_modifier = (int)postgres_cell_int(&rows, i, 3),
            .kind = kind.len ? kind.at[0] : 'b',
            .schema = postgres_cell(&rows, i, 5),
            .name = postgres_cell(&rows, i, 6),
            .has_binary_geometry = postgres_cell_int(&rows, i, 7) == 1,
        };
    }
    return true;
}

static const PgType *find_type(const PgTypes *types, uint32_t oid)
{
    for (uint32_t i = 0; i < types->count; i++)
        if (types->at[i].oid == oid)
            return &types->at[i];
    return NULL;
}

/* Follows domains down to what they are made of. */
static const PgType *base_of(const PgTypes *types, uint32_t oid, int *modifier)
{
    const PgType *type = find_type(types, oid);
    for (int depth = 0; type && type->kind == 'd' && depth < 64; depth++) {
        if (*modifier < 0)
            *modifier = type->base_modifier;
        type = find_type(types, type->base);
    }
    return type;
}

/* ---- mapping ---- */

static Mapping as_text(void)
{
    return (Mapping){.wire = WIRE_BYTES,
                     .oid = 25,
                     .cast = "pg_catalog.text",
                     .field = {.type = ARROW_TEXT}};
}

/* numeric(p,s): scale below zero and above p are allowed from Postgres 15 on. */
static Mapping map_numeric(int modifier)
{
    Mapping mapping = {.wire = WIRE_NUMERIC, .oid = OID_NUMERIC};
    int precision = DECIMAL_MOST, scale = FREE_SCALE;
    if (modifier >= 4) {
        precision = ((modifier - 4) >> 16) & 0xffff;
        scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
        if (scale < 0) {
            precision -= scale;
            scale = 0;
        }
        if (scale > precision)
            precision = scale;
        if (precision > DECIMAL_MOST)
            return as_text();
    }
    mapping.field =
        (Field){.type = ARROW_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
    return mapping;
}

/* Types of extensions, known by name: their oids differ from server to server. */
static bool map_extension(const PgType *type, Mapping *out)
{
    bool is_shape = str_is(type->name, "geometry") || str_is(type->name, "geography");
    if (is_shape && type->has_binary_geometry) {
        *out = (Mapping){.wire = WIRE_BYTES,
                         .oid = 17,
                         .function = "st_asbinary",
                         .schema = type->schema,
                         .field = {.type = ARROW_BINARY}};
        return true;
    }
    if (str_is(type->name, "hstore")) {
        *out = (Mapping){.wire = WIRE_BYTES,
                         .oid = 114,
                         .cast = "pg_catalog.json",
                         .field = {.type = ARROW_JSON}};
        return true;
    }
    return false;
}

static Mapping map_scalar(const PgType *type, int modifier)
{
    Mapping mapping;
    if (type->oid == OID_NUMERIC)
        return map_numeric(modifier);
    if (type->oid == OID_MONEY) {
        mapping = as_text();
        mapping.refusal = "its text depends on the server's language";
        mapping.way_out = "decimal(20,2)";
        return mapping;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].oid == type->oid) {
            mapping = (Mapping){.wire = known[i].wire,
                                .oid = known[i].oid,
                                .field = {.type = known[i].type}};
            if (*known[i].cast)
                mapping.cast = "pg_catalog.text";
            return mapping;
        }
    return type->kind != 'd' && map_extension(type, &mapping) ? mapping : as_text();
}

/* ---- the user's word ---- */

static bool is_whole_type(TypeId type)
{
    return type >= ARROW_INT8 && type <= ARROW_UINT64;
}

/* Changes what the catalogue says into what a hint says. The cast runs on the server; numbers with
 * a fraction come whole and are looked at here, since the server would round them silently. */
static bool apply_hint(const PgType *type, const Field *hint, Mapping *mapping)
{
    if (!mapping->refusal && field_same_type(&mapping->field, hint))
        return true;
    bool has_fraction = type && (type->oid == OID_NUMERIC || type->oid == OID_FLOAT4 ||
                                 type->oid == OID_FLOAT8 || type->oid == OID_MONEY);
    TypeId asked = is_whole_type(hint->type) && has_fraction ? ARROW_UINT64 : hint->type;
    for (size_t i = 0; i < COUNT_OF(targets); i++)
        if (targets[i].type == asked) {
            *mapping = (Mapping){.wire = targets[i].wire, .oid = targets[i].oid, .field = *hint};
            if (!type || type->oid != targets[i].oid)
                mapping->cast = targets[i].name;
            return true;
        }
    return false;
}

static void print_expression(Arena *arena, const Mapping *mapping, bool is_list, PgColumn *column)
{
    Text text = {0};
    Str name = sql_quote_name(arena, column->name);
    const char *cast = mapping->cast;
    if (mapping->function)
        text_print(&text, STR_FMT ".%s(" STR_FMT ")",
                   STR_ARG(sql_quote_name(arena, mapping->schema)), mapping->function,
                   STR_ARG(name));
    else if (cast)
        text_print(&text, STR_FMT "::%s%s%s", STR_ARG(name),
                   str_starts(str_of(cast), STR("pg_catalog.")) ? "" : "pg_catalog.", cast,
                   is_list ? "[]" : "");
    else
        text_add(&text, name);
    column->expression = text_give(arena, &text);
}

static bool refuse(Arena *arena, const PgColumn *column, const char *why, const char *way_out,
                   Err *err)
{
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "column " STR_FMT " is of the type " STR_FMT ", which cannot be carried: %s; "
                   "name its type: " STR_FMT,
                   STR_ARG(column->name), STR_ARG(column->source_type), why,
                   STR_ARG(database_hint_text(arena, column->name, way_out)));
}

/* The item of a list as a mapping of its own. */
static bool map_list(Arena *arena, const PgTypes *types, const PgType *type, int modifier,
                     const Field *hint, PgColumn *column, Err *err)
{
    const PgType *item = base_of(types, type->item, &modifier);
    Mapping mapping = item ? map_scalar(item, modifier) : as_text();
    if (mapping.function || (mapping.cast && mapping.field.type == ARROW_JSON))
        mapping = as_text();
    if (item && item->item)
        mapping = as_text();
    if (hint && !apply_hint(item, &hint->children[0], &mapping))
        return refuse(arena, column, "no list of that type is known", "varchar", err);
    if (!hint && mapping.refusal)
        return refuse(arena, column, mapping.refusal, "varchar[]", err);
    Field *child = NEW(arena, Field);
    *child = mapping.field;
    child->name = STR("item");
    column->wire = WIRE_ARRAY;
    column->item_wire = mapping.wire;
    column->item_oid =
        mapping.cast || !item || find_type(types, type->item)->kind == 'd' ? 0 : type->item;
    column->field = (Field){.type = ARROW_LIST, .children = child, .child_count = 1};
    print_expression(arena, &mapping, true, column);
    return true;
}

bool postgres_map_type(Arena *arena, const PgTypes *types, Value hints, PgColumn *column, Err *err)
{
    Field hint;
    bool is_hinted, is_list_hinted;
    int modifier = column->modifier;
    TRY(database_hint(arena, hints, column->name, &is_hinted, &hint, err));
    is_list_hinted = is_hinted && hint.type == ARROW_LIST;
    const PgType *type = base_of(types, column->oid, &modifier);
    if (type && type->item && (!is_hinted || is_list_hinted)) {
        TRY(map_list(arena, types, type, modifier, is_hinted ? &hint : NULL, column, err));
    } else {
        Mapping mapping = type ? map_scalar(type, modifier) : as_text();
        if (is_hinted && !apply_hint(type, &hint, &mapping))
            return refuse(arena, column, "the type asked for is none that a scalar can have",
                          "varchar", err);
        if (!is_hinted && mapping.refusal)
            return refuse(arena, column, mapping.refusal, mapping.way_out, err);
        print_expression(arena, &mapping, false, column);
        column->wire = mapping.wire;
        column->field = mapping.field;
    }
    column->field.name = column->name;
    column->field.is_required = column->is_required;
    return true;
}

/* ---- the other way ---- */

void postgres_print_type(const Field *field, Text *out)
{
    switch (field->type) {
    case ARROW_NULL:
        text_add_c(out, "text");
        return;
    case ARROW_UINT64:
        text_add_c(out, "numeric(20,0)");
        return;
    case ARROW_DECIMAL:
        text_print(out, "numeric(%d,%d)", field->precision, field->scale);
        return;
    case ARROW_JSON:
    case ARROW_STRUCT:
        text_add_c(out, "jsonb");
        return;
    case ARROW_LIST:
        if (field->children[0].type == ARROW_LIST || field->children[0].type == ARROW_STRUCT) {
            text_add_c(out, "jsonb");
            return;
        }
        postgres_print_type(&field->children[0], out);
        text_add_c(out, "[]");
        return;
    default:
        for (size_t i = 0; i < COUNT_OF(targets); i++)
            if (targets[i].type == field->type)
                text_add_c(out, targets[i].name);
    }
}
