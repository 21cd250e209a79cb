/* type.c: types of columns: their names in SQL, both ways; schemas. */
#include "arrow/arrow_base.h"

static const char *const names[ARROW_TYPE_COUNT] = {
#define AS_NAME(id, sql, bytes) [ARROW_##id] = sql,
    ARROW_TYPES(AS_NAME)
#undef AS_NAME
};

/* ---- printing ---- */

/* A field's name: bare if it is a plain lower-case word that is not reserved; a doubtful one is
 * quoted, which is never wrong. */
static void print_name(Str name, Text *out)
{
    bool is_plain = name.len && !(name.at[0] >= '0' && name.at[0] <= '9');
    for (size_t i = 0; i < name.len && is_plain; i++)
        is_plain = (name.at[i] >= 'a' && name.at[i] <= 'z') || name.at[i] == '_' ||
                   (name.at[i] >= '0' && name.at[i] <= '9');
    static const char reserved[] =
        " all analyse analyze and any array as asc asymmetric at authorization binary both "
        "case cast check collate collation column concurrently constraint create cross default "
        "deferrable desc describe distinct do else end except false fetch for foreign freeze from "
        "full generated glob grant group having ilike in initially inner intersect into is isnull "
        "join lambda lateral leading left like limit list map natural not notnull null offset on "
        "only or order outer overlaps pivot pivot_longer pivot_wider placing position positional "
        "primary qualify references returning right row select semi set setof show similar some "
        "struct summarize symmetric table tablesample then to trailing true try_cast union unique "
        "unpivot using variadic verbose when where window with ";
    if (is_plain) {
        AUTO(text) Text word = {0};
        text_print(&word, " " STR_FMT " ", STR_ARG(name));
        is_plain = str_find(str_of(reserved), text_str(&word)) < 0;
    }
    if (is_plain) {
        text_add(out, name);
        return;
    }
    text_add_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '"')
            text_add_char(out, '"');
        text_add_char(out, name.at[i]);
    }
    text_add_char(out, '"');
}

void field_print_type(const Field *field, Text *out)
{
    switch (field->type) {
    case ARROW_NULL:
        text_add(out, STR("\"NULL\""));
        break;
    case ARROW_DECIMAL:
        text_print(out, "DECIMAL(%u,%u)", field->precision, field->scale);
        break;
    case ARROW_LIST:
        field_print_type(&field->children[0], out);
        text_add(out, STR("[]"));
        break;
    case ARROW_STRUCT:
        text_add(out, STR("STRUCT("));
        for (uint32_t i = 0; i < field->child_count; i++) {
            text_add_c(out, i ? ", " : "");
            print_name(field->children[i].name, out);
            text_add_char(out, ' ');
            field_print_type(&field->children[i], out);
        }
        text_add_char(out, ')');
        break;
    default:
        text_add_c(out, names[field->type]);
    }
}

/* ---- parsing ---- */

/* Other names; words are parted by one blank. */
static const struct {
    const char *name;
    TypeId type;
} aliases[] = {
    {"BOOL", ARROW_BOOL},
    {"LOGICAL", ARROW_BOOL},
    {"INT1", ARROW_INT8},
    {"INT2", ARROW_INT16},
    {"SHORT", ARROW_INT16},
    {"INT", ARROW_INT32},
    {"INT4", ARROW_INT32},
    {"SIGNED", ARROW_INT32},
    {"INT8", ARROW_INT64},
    {"LONG", ARROW_INT64},
    {"REAL", ARROW_FLOAT},
    {"FLOAT4", ARROW_FLOAT},
    {"FLOAT8", ARROW_DOUBLE},
    {"DOUBLE PRECISION", ARROW_DOUBLE},
    {"DECIMAL", ARROW_DECIMAL},
    {"DEC", ARROW_DECIMAL},
    {"NUMERIC", ARROW_DECIMAL},
    {"STRING", ARROW_TEXT},
    {"TEXT", ARROW_TEXT},
    {"CHAR", ARROW_TEXT},
    {"CHARACTER", ARROW_TEXT},
    {"BPCHAR", ARROW_TEXT},
    {"NVARCHAR", ARROW_TEXT},
    {"CHARACTER VARYING", ARROW_TEXT},
    {"BYTEA", ARROW_BINARY},
    {"BINARY", ARROW_BINARY},
    {"VARBINARY", ARROW_BINARY},
    {"GUID", ARROW_UUID},
    {"TIME WITHOUT TIME ZONE", ARROW_TIME},
    {"DATETIME", ARROW_TIMESTAMP},
    {"TIMESTAMP_US", ARROW_TIMESTAMP},
    {"TIMESTAMP WITHOUT TIME ZONE", ARROW_TIMESTAMP},
    {"TIMESTAMPTZ", ARROW_TIMESTAMP_TZ},
    {"STRUCT", ARROW_STRUCT},
    {"ROW", ARROW_STRUCT},
    {"NULL", ARROW_NULL},
    {"\"NULL\"", ARROW_NULL},
};

typedef struct Parser {
    Arena *arena;
    Str source;
    size_t at;
    Err *err;
} Parser;

static void skip_blanks(Parser *parser)
{
    while (parser->at < parser->source.len && strchr(" \t\r\n", parser->source.at[parser->at]) &&
           parser->source.at[parser->at])
        parser->at++;
}

static bool take(Parser *parser, char c)
{
    skip_blanks(parser);
    if (parser->at >= parser->source.len || parser->source.at[parser->at] != c)
        return false;
    parser->at++;
    return true;
}

static bool fail(const Parser *parser, const char *expected)
{
    return err_set_in(parser->err, ERR_PARSING, place_at(STR_NONE, parser->source, parser->at),
                      parser->source, "in the type '" STR_FMT "': expected %s",
                      STR_ARG(str_slice(parser->source, 0, 200)), expected);
}

/* A word, or a name in double quotes; `is_quoted` may be NULL: then quotes are no name. */
static Str take_word(Parser *parser, bool *is_quoted)
{
    skip_blanks(parser);
    Str source = parser->source;
    size_t from = parser->at;
    if (is_quoted && take(parser, '"')) {
        AUTO(text) Text name = {0};
        while (parser->at < source.len) {
            char c = source.at[parser->at++];
            if (c == '"' && (parser->at >= source.len || source.at[parser->at] != '"')) {
                *is_quoted = true;
                return text_copy(parser->arena, &name);
            }
            parser->at += c == '"';
            text_add_char(&name, c);
        }
        parser->at = from;
        return STR_NONE;
    }
    while (parser->at < source.len) {
        unsigned char c = (unsigned char)source.at[parser->at];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (!is_letter && !(c >= '0' && c <= '9' && parser->at > from))
            break;
        parser->at++;
    }
    return str_slice(source, from, parser->at);
}

static bool find_type(Str name, TypeId *out)
{
    for (unsigned i = 0; i < ARROW_TYPE_COUNT; i++)
        if (*names[i] && str_eq_fold(name, str_of(names[i]))) {
            *out = (TypeId)i;
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (str_eq_fold(name, str_of(aliases[i].name))) {
            *out = aliases[i].type;
            return true;
        }
    return false;
}

/* No such type: names the nearest one. */
static bool fail_unknown(const Parser *parser, Str name)
{
    static const struct {
        const char *name, *instead;
    } others[] = {
        {"HUGEINT", "DECIMAL(38,0)"},      {"UHUGEINT", "DECIMAL(38,0)"},
        {"INTERVAL DAY", "INTERVAL"},      {"MAP", "JSON"},
        {"ENUM", "VARCHAR"},               {"TIME WITH TIME ZONE", "TIME or VARCHAR"},
        {"TIMETZ", "TIME or VARCHAR"},     {"TIMESTAMP_S", "TIMESTAMP"},
        {"TIMESTAMP_MS", "TIMESTAMP"},     {"TIMESTAMP_NS", "TIMESTAMP or VARCHAR"},
        {"UNION", "JSON"},                 {"BIT", "VARCHAR"},
        {"SERIAL", "INTEGER"},             {"MONEY", "DECIMAL(19,2)"},
    };
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (str_eq_fold(name, str_of(others[i].name)))
            return err_set_in(parser->err, ERR_PARSING,
                              place_at(STR_NONE, parser->source, parser->at), parser->source,
                              "columns of type '" STR_FMT "' are not carried; use %s",
                              STR_ARG(name), others[i].instead);
    Str candidates[ARROW_TYPE_COUNT + COUNT_OF(aliases)];
    size_t count = 0;
    for (unsigned i = 0; i < ARROW_TYPE_COUNT; i++)
        if (*names[i])
            candidates[count++] = str_of(names[i]);
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        candidates[count++] = str_of(aliases[i].name);
    Str nearest = str_nearest(str_upper(parser->arena, name), candidates, count);
    err_set_in(parser->err, ERR_PARSING, place_at(STR_NONE, parser->source, parser->at),
               parser->source, "there is no type '" STR_FMT "'", STR_ARG(name));
    if (nearest.at)
        err_add(parser->err, ". Did you mean " STR_FMT "?", STR_ARG(nearest));
    return false;
}

/* The words of a type's name: as many as make a longer known one. */
static bool take_name(Parser *parser, TypeId *out)
{
    bool is_quoted = false, is_known = false;
    Str word = take_word(parser, &is_quoted);
    if (!word.len)
        return fail(parser, "a type");
    Str name = is_quoted ? str_print(parser->arena, "\"" STR_FMT "\"", STR_ARG(word)) : word;
    is_known = find_type(name, out);
    size_t end = parser->at;
    for (Str longer = name; !is_quoted && longer.len < 64;) {
        Str more = take_word(parser, NULL);
        if (!more.len)
            break;
        longer = str_print(parser->arena, STR_FMT " " STR_FMT, STR_ARG(longer), STR_ARG(more));
        if (find_type(longer, out)) {
            is_known = true;
            end = parser->at;
        } else if (!is_known) {
            name = longer;
        }
    }
    parser->at = end;
    return is_known || fail_unknown(parser, name);
}

static bool take_number(Parser *parser, int64_t most, int64_t *out)
{
    skip_blanks(parser);
    size_t from = parser->at;
    while (parser->at < parser->source.len && parser->source.at[parser->at] >= '0' &&
           parser->source.at[parser->at] <= '9')
        parser->at++;
    Str digits = str_slice(parser->source, from, parser->at);
    if (digits.len && str_to_int(digits, out) && *out <= most)
        return true;
    parser->at = from;
    return fail(parser, "a smaller number");
}

/* (18,2) of a decimal: DuckDB's own defaults without it. */
static bool take_decimal(Parser *parser, Field *out)
{
    int64_t precision = 18, scale = 3;
    if (take(parser, '(')) {
        scale = 0;
        TRY(take_number(parser, 38, &precision));
        if (precision < 1)
            return fail(parser, "a precision from 1 to 38");
        if (take(parser, ','))
            TRY(take_number(parser, precision, &scale));
        if (!take(parser, ')'))
            return fail(parser, "')'");
    }
    out->precision = (uint8_t)precision;
    out->scale = (uint8_t)scale;
    return true;
}

static bool take_type(Parser *parser, unsigned depth, Field *out);

static bool take_members(Parser *parser, unsigned depth, Field *out)
{
    List(Field) fields = {0};
    if (!take(parser, '('))
        return fail(parser, "'(' and the fields");
    do {
        Field field = {0};
        bool is_quoted = false;
        field.name = take_word(parser, &is_quoted);
        if (!field.name.len && !is_quoted)
            return fail(parser, "a field's name");
        field.name = str_copy(parser->arena, field.name);
        TRY(take_type(parser, depth + 1, &field));
        list_add(parser->arena, &fields, field);
    } while (take(parser, ','));
    if (!take(parser, ')'))
        return fail(parser, "',' or ')'");
    out->children = fields.at;
    out->child_count = fields.len;
    return true;
}

/* Sets type, precision, scale and children; name and is_required stay. */
static bool take_type(Parser *parser, unsigned depth, Field *out)
{
    if (depth > ARROW_DEEPEST)
        return err_set(parser->err, ERR_TOO_DEEP, NOWHERE, "the type nests too deep");
    Field field = {0};
    int64_t ignored;
    TRY(take_name(parser, &field.type));
    if (field.type == ARROW_DECIMAL)
        TRY(take_decimal(parser, &field));
    else if (field.type == ARROW_STRUCT)
        TRY(take_members(parser, depth, &field));
    else if (field.type == ARROW_TEXT && take(parser, '(')) {
        TRY(take_number(parser, INT64_MAX, &ignored)); /* VARCHAR(20): DuckDB has no such limit */
        if (!take(parser, ')'))
            return fail(parser, "')'");
    }
    for (; take(parser, '['); depth++) {
        if (!take(parser, ']'))
            return fail(parser, "']': lists of a fixed length are not carried");
        if (depth > ARROW_DEEPEST)
            return err_set(parser->err, ERR_TOO_DEEP, NOWHERE, "the type nests too deep");
        Field *item = NEW(parser->arena, Field);
        *item = field;
        item->name = STR("item");
        field = (Field){.type = ARROW_LIST, .children = item, .child_count = 1};
    }
    field.name = out->name;
    field.is_required = out->is_required;
    *out = field;
    return true;
}

bool field_parse_type(Arena *arena, Str sql, Field *out, Err *err)
{
    Parser parser = {.arena = arena, .source = sql, .err = err};
    Field field = {.name = out->name, .is_required = out->is_required};
    TRY(take_type(&parser, 0, &field));
    skip_blanks(&parser);
    if (parser.at < sql.len)
        return fail(&parser, "the end");
    *out = field;
    return true;
}

/* ---- schemas ---- */

bool field_same_type(const Field *a, const Field *b)
{
    if (a->type != b->type || a->child_count != b->child_count)
        return false;
    if (a->type == ARROW_DECIMAL && (a->precision != b->precision || a->scale != b->scale))
        return false;
    for (uint32_t i = 0; i < a->child_count; i++) {
        if (a->type == ARROW_STRUCT && !str_eq(a->children[i].name, b->children[i].name))
            return false;
        if (!field_same_type(&a->children[i], &b->children[i]))
            return false;
    }
    return true;
}

uint32_t schema_find(const Schema *schema, Str name)
{
    for (uint32_t i = 0; i < schema->count; i++)
        if (str_eq_fold(schema->fields[i].name, name))
            return i;
    return UINT32_MAX;
}

static Field *fields_copy(Arena *arena, const Field *fields, uint32_t count)
{
    Field *copy = NEW_N(arena, Field, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        copy[i] = fields[i];
        copy[i].name = str_copy(arena, fields[i].name);
        copy[i].children = fields_copy(arena, fields[i].children, fields[i].child_count);
    }
    return copy;
}

Schema schema_copy(Arena *arena, const Schema *schema)
{
    return (Schema){fields_copy(arena, schema->fields, schema->count), schema->count};
}
