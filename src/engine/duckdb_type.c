/* duckdb_type.c: the engine's types: their names in SQL, and how their cells come. */
#include "engine/duckdb_base.h"
#include "sql/sql.h"

static const char *const names[] = {
#define AS_NAME(id, number, name) [number] = name,
    DUCK_TYPES(AS_NAME)
#undef AS_NAME
};

/* What nests deeper is printed as "?": no engine makes it by itself. */
#define DEEPEST 200

static void print(const DuckAbi *duck, DuckType type, unsigned depth, Text *out);

/* The same, of a type that is ours to destroy. */
static void print_part(const DuckAbi *duck, DuckType part, unsigned depth, Text *out)
{
    print(duck, part, depth + 1, out);
    duck->destroy_logical_type(&part);
}

/* A member's name: bare if it is a plain lower-case word, and no reserved one of those that
 * DuckDB quotes; a doubtful one is quoted, which is never wrong. */
static void print_name(char *name, Text *out)
{
    static const char *const plain = "abcdefghijklmnopqrstuvwxyz0123456789_";
    static const char *const reserved =
        " all analyse analyze and any array as asc asymmetric both case cast check collate column "
        "constraint create default deferrable desc describe distinct do else end except false "
        "fetch for foreign from group having in initially intersect into lambda lateral leading "
        "limit not null offset on only or order pivot pivot_longer pivot_wider placing primary "
        "qualify references returning select show some summarize symmetric table then to trailing "
        "true union unique unpivot using variadic when where window with ";
    Arena arena = {0};
    bool is_plain = *name && !(*name >= '0' && *name <= '9') &&
                    strspn(name, plain) == strlen(name) &&
                    !strstr(reserved, str_print(&arena, " %s ", name).at);
    text_add(out, is_plain ? str_of(name) : sql_quote_name(&arena, str_of(name)));
    arena_drop(&arena);
}

/* The dictionary of an enum: ENUM('a', 'b'). */
static void print_enum(const DuckAbi *duck, DuckType type, Text *out)
{
    Arena arena = {0};
    uint32_t count = duck->enum_dictionary_size(type);
    text_add_c(out, "ENUM(");
    for (uint32_t i = 0; i < count; i++) {
        char *text = duck->enum_dictionary_value(type, i);
        text_add_c(out, i ? ", " : "");
        text_add(out, sql_quote_text(&arena, str_of(text)));
        duck->free(text);
    }
    text_add_char(out, ')');
    arena_drop(&arena);
}

/* STRUCT(a INTEGER, ...), UNION(a INTEGER, ...); members of a row() have no names. */
static void print_members(const DuckAbi *duck, DuckType type, bool is_union, unsigned depth,
                          Text *out)
{
    text_add_c(out, is_union ? "UNION(" : "STRUCT(");
    uint64_t count =
        is_union ? duck->union_type_member_count(type) : duck->struct_type_child_count(type);
    for (uint64_t i = 0; i < count; i++) {
        char *name = is_union ? duck->union_type_member_name(type, i)
                              : duck->struct_type_child_name(type, i);
        text_add_c(out, i ? ", " : "");
        if (*name) {
            print_name(name, out);
            text_add_char(out, ' ');
        }
        duck->free(name);
        print_part(duck,
                   is_union ? duck->union_type_member_type(type, i)
                            : duck->struct_type_child_type(type, i),
                   depth, out);
    }
    text_add_char(out, ')');
}

static void print(const DuckAbi *duck, DuckType type, unsigned depth, Text *out)
{
    int id = duck->get_type_id(type);
    char *alias = duck->logical_type_get_alias(type);
    if (alias && *alias)
        text_add_c(out, alias);
    else if (depth > DEEPEST || id < 0 || id >= (int)COUNT_OF(names) || !names[id])
        text_add_char(out, '?');
    else if (*names[id])
        text_add_c(out, names[id]);
    else if (id == DUCK_DECIMAL)
        text_print(out, "DECIMAL(%d,%d)", duck->decimal_width(type), duck->decimal_scale(type));
    else if (id == DUCK_ENUM)
        print_enum(duck, type, out);
    else if (id == DUCK_LIST || id == DUCK_ARRAY) {
        bool is_list = id == DUCK_LIST;
        print_part(duck,
                   is_list ? duck->list_type_child_type(type) : duck->array_type_child_type(type),
                   depth, out);
        if (is_list)
            text_add_c(out, "[]");
        else
            text_print(out, "[%llu]", (unsigned long long)duck->array_type_array_size(type));
    } else if (id == DUCK_MAP) {
        text_add_c(out, "MAP(");
        print_part(duck, duck->map_type_key_type(type), depth, out);
        text_add_c(out, ", ");
        print_part(duck, duck->map_type_value_type(type), depth, out);
        text_add_char(out, ')');
    } else {
        print_members(duck, type, id == DUCK_UNION, depth, out);
    }
    if (alias)
        duck->free(alias);
}

void duckdb_type_print(const DuckAbi *duck, DuckType type, Text *out)
{
    print(duck, type, 0, out);
}

ColumnKind duckdb_type_kind(int type_id)
{
    switch (type_id) {
    case DUCK_BOOLEAN:
        return COLUMN_BOOL;
    case DUCK_TINYINT:
    case DUCK_SMALLINT:
    case DUCK_INTEGER:
    case DUCK_BIGINT:
    case DUCK_HUGEINT:
    case DUCK_UTINYINT:
    case DUCK_USMALLINT:
    case DUCK_UINTEGER:
    case DUCK_UBIGINT:
    case DUCK_UHUGEINT:
    case DUCK_BIGNUM:
        return COLUMN_INT;
    case DUCK_FLOAT:
    case DUCK_DOUBLE:
        return COLUMN_FLOAT;
    case DUCK_DECIMAL:
        return COLUMN_DECIMAL;
    case DUCK_VARCHAR:
    case DUCK_ENUM:
        return COLUMN_TEXT;
    case DUCK_DATE:
        return COLUMN_DATE;
    case DUCK_TIME:
    case DUCK_TIME_NS:
        return COLUMN_TIME;
    case DUCK_TIMESTAMP:
    case DUCK_TIMESTAMP_S:
    case DUCK_TIMESTAMP_MS:
    case DUCK_TIMESTAMP_NS:
        return COLUMN_TIMESTAMP;
    case DUCK_TIMESTAMP_TZ:
        return COLUMN_TIMESTAMP_TZ;
    default:
        return COLUMN_OTHER;
    }
}
