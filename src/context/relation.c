/* relation.c: relations: what "db"."schema"."name" is in a template. */
#include "context/context.h"
#include "context/objects.h"

Relation *relation_make(Arena *arena, Str database, Str schema, Str identifier, Str type)
{
    Relation *relation = NEW(arena, Relation);
    *relation = (Relation){
        .base = {&relation_type},
        .database = database,
        .schema = schema,
        .identifier = identifier,
        .type = type,
        .shows_database = true,
        .shows_schema = true,
        .shows_identifier = true,
        .quotes_database = true,
        .quotes_schema = true,
        .quotes_identifier = true,
        .metadata = NONE,
        .renameable = NONE,
        .replaceable = NONE,
        .catalog = NONE,
    };
    return relation;
}

Value relation_value(const Relation *relation)
{
    return value_of_object((Object *)&relation->base);
}

Relation *relation_of(Value v)
{
    return value_is_a(v, &relation_type) ? (Relation *)v.object : NULL;
}

static void print_part(Str part, bool is_shown, bool is_quoted, Text *out)
{
    if (!is_shown || !part.at)
        return;
    if (out->len)
        text_add_char(out, '.');
    if (is_quoted)
        text_add_char(out, '"');
    text_add(out, part);
    if (is_quoted)
        text_add_char(out, '"');
}

static void print_name(const Relation *relation, Text *out)
{
    if (relation->external.len) {
        text_add(out, relation->external);
        return;
    }
    AUTO(text) Text name = {0};
    print_part(relation->database, relation->shows_database, relation->quotes_database, &name);
    print_part(relation->schema, relation->shows_schema, relation->quotes_schema, &name);
    print_part(relation->identifier, relation->shows_identifier, relation->quotes_identifier,
               &name);
    text_add(out, text_str(&name));
}

/* Subqueries have names where the database wants them. */
static void add_alias(const Relation *relation, const char *what, Text *out)
{
    if (dialect_now()->limits_need_alias)
        text_print(out, " _dbt_%s_subq_" STR_FMT, what, STR_ARG(relation->identifier));
}

static void print_limited(const Relation *relation, Text *out)
{
    if (!relation->limit.len) {
        print_name(relation, out);
        return;
    }
    text_add_c(out, "(select * from ");
    print_name(relation, out);
    text_print(out, " " STR_FMT ")", STR_ARG(relation->limit));
    add_alias(relation, "limit", out);
}

static void relation_print(Object *self, Text *out)
{
    const Relation *relation = (const Relation *)self;
    if (!relation->filter.len) {
        print_limited(relation, out);
        return;
    }
    text_add_c(out, "(select * from ");
    print_limited(relation, out);
    text_print(out, " where " STR_FMT ")", STR_ARG(relation->filter));
    add_alias(relation, "et_filter", out);
}

static void relation_repr(Object *self, Text *out)
{
    text_print(out, "<%s ", relation_type.name);
    print_name((const Relation *)self, out);
    text_add_char(out, '>');
}

Str relation_render(Arena *arena, const Relation *relation)
{
    AUTO(text) Text text = {0};
    print_name(relation, &text);
    return text_copy(arena, &text);
}

static Value part_value(Str part)
{
    return part.at ? value_text(part) : NONE;
}

/* ---- methods that give another relation ---- */

static Relation *copy_of(Call *call, Object *self)
{
    Relation *copy = NEW(call->arena, Relation);
    *copy = *(Relation *)self;
    return copy;
}

/* Sets three flags from database=, schema=, identifier=. */
static bool set_flags(Call *call, const char *method, bool *database, bool *schema,
                      bool *identifier, Err *err)
{
    static const char *const names[] = {"database", "schema", "identifier"};
    Value slots[3] = {NONE, NONE, NONE};
    TRY(call_bind(call, method, names, 3, 0, slots, err));
    bool *flags[3] = {database, schema, identifier};
    for (uint32_t i = 0; i < 3; i++)
        if (!value_is_none(slots[i]))
            *flags[i] = value_truth(slots[i]);
    return true;
}

static bool method_include(Object *self, Call *call, Value *out, Err *err)
{
    Relation *copy = copy_of(call, self);
    TRY(set_flags(call, "include", &copy->shows_database, &copy->shows_schema,
                  &copy->shows_identifier, err));
    *out = relation_value(copy);
    return true;
}

static bool method_quote(Object *self, Call *call, Value *out, Err *err)
{
    Relation *copy = copy_of(call, self);
    TRY(set_flags(call, "quote", &copy->quotes_database, &copy->quotes_schema,
                  &copy->quotes_identifier, err));
    *out = relation_value(copy);
    return true;
}

static Str part_of(Value v, Str otherwise)
{
    return value_is_undefined(v) ? otherwise : v.kind == VALUE_TEXT ? value_str(v) : STR_NONE;
}

static void take_path(Relation *relation, Value path)
{
    if (path.kind != VALUE_DICT)
        return;
    relation->database = part_of(value_get(path, "database"), relation->database);
    relation->schema = part_of(value_get(path, "schema"), relation->schema);
    relation->identifier = part_of(value_get(path, "identifier"), relation->identifier);
}

static void take_policy(Value policy, bool *database, bool *schema, bool *identifier)
{
    Value parts[3] = {value_get(policy, "database"), value_get(policy, "schema"),
                      value_get(policy, "identifier")};
    bool *flags[3] = {database, schema, identifier};
    for (uint32_t i = 0; i < 3; i++)
        if (parts[i].kind == VALUE_BOOL)
            *flags[i] = parts[i].is_true;
}

/* Fields by keyword, as create() and incorporate() take them; unknown ones are kept out. */
static bool take_fields(Relation *relation, const Call *call, Err *err)
{
    (void)err;
    for (uint32_t i = 0; i < call->named_count; i++) {
        Str name = call->names[i];
        Value value = call->named[i];
        if (str_is(name, "database"))
            relation->database = part_of(value, relation->database);
        else if (str_is(name, "schema"))
            relation->schema = part_of(value, relation->schema);
        else if (str_is(name, "identifier"))
            relation->identifier = part_of(value, relation->identifier);
        else if (str_is(name, "type"))
            relation->type = value_str(value);
        else if (str_is(name, "path"))
            take_path(relation, value);
        else if (str_is(name, "quote_policy"))
            take_policy(value, &relation->quotes_database, &relation->quotes_schema,
                        &relation->quotes_identifier);
        else if (str_is(name, "include_policy"))
            take_policy(value, &relation->shows_database, &relation->shows_schema,
                        &relation->shows_identifier);
        else if (str_is(name, "external"))
            relation->external = value_str(value);
        else if (str_is(name, "metadata"))
            relation->metadata = value;
        else if (str_is(name, "catalog"))
            relation->catalog = value;
    }
    return true;
}

static size_t count_characters(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return count;
}

/* A name that the database would cut. Relations without a type are no tables yet: tests' names. */
static bool check_length(const Relation *relation, Err *err)
{
    uint32_t limit = dialect_now()->identifier_limit;
    if (!limit || !relation->type.len || count_characters(relation->identifier) <= limit)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Relation name '" STR_FMT "' is longer than %u characters",
                   STR_ARG(relation->identifier), limit);
}

static bool method_incorporate(Object *self, Call *call, Value *out, Err *err)
{
    Relation *copy = copy_of(call, self);
    TRY(take_fields(copy, call, err));
    TRY(check_length(copy, err));
    *out = relation_value(copy);
    return true;
}

static bool method_replace_path(Object *self, Call *call, Value *out, Err *err)
{
    return method_incorporate(self, call, out, err);
}

static bool method_without_identifier(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    Relation *copy = copy_of(call, self);
    copy->shows_identifier = false;
    copy->identifier = STR_NONE;
    *out = relation_value(copy);
    return true;
}

/* "db".INFORMATION_SCHEMA.view: schema and view are not quoted. */
static bool method_information_schema(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"view_name"};
    Value slots[1] = {NONE};
    TRY(call_bind(call, "information_schema", names, 1, 0, slots, err));
    Relation *copy = copy_of(call, self);
    copy->schema = STR("INFORMATION_SCHEMA");
    copy->shows_schema = true;
    copy->quotes_schema = copy->quotes_identifier = false;
    copy->shows_database = copy->database.at != NULL;
    copy->identifier = slots[0].kind == VALUE_TEXT ? value_str(slots[0]) : STR_NONE;
    copy->shows_identifier = copy->identifier.at != NULL;
    copy->external = STR_NONE;
    *out = relation_value(copy);
    return true;
}

static bool method_render(Object *self, Call *call, Value *out, Err *err)
{
    (void)err;
    *out = value_text(relation_render(call->arena, (Relation *)self));
    return true;
}

static bool matches_part(Str part, Value wanted)
{
    return value_is_none(wanted) || (part.at && str_eq_fold(part, value_str(wanted)));
}

static bool method_matches(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"database", "schema", "identifier"};
    Value slots[3] = {NONE, NONE, NONE};
    TRY(call_bind(call, "matches", names, 3, 0, slots, err));
    const Relation *relation = (Relation *)self;
    *out = value_bool(matches_part(relation->database, slots[0]) &&
                      matches_part(relation->schema, slots[1]) &&
                      matches_part(relation->identifier, slots[2]));
    return true;
}

static bool method_quoted(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"identifier"};
    Value slots[1];
    TRY(call_bind(call, "quoted", names, 1, 1, slots, err));
    *out = value_text(str_print(call->arena, "\"" STR_FMT "\"", STR_ARG(value_str(slots[0]))));
    return true;
}

/* ---- attributes ---- */

static Value path_dict(const Relation *relation, Arena *arena)
{
    Value path = value_dict(arena);
    dict_put(path.dict, STR("database"), part_value(relation->database));
    dict_put(path.dict, STR("schema"), part_value(relation->schema));
    dict_put(path.dict, STR("identifier"), part_value(relation->identifier));
    return path;
}

static Value flags_dict(bool database, bool schema, bool identifier, Arena *arena)
{
    Value flags = value_dict(arena);
    dict_put(flags.dict, STR("database"), value_bool(database));
    dict_put(flags.dict, STR("schema"), value_bool(schema));
    dict_put(flags.dict, STR("identifier"), value_bool(identifier));
    return flags;
}

static bool is_type(const Relation *relation, const char *type)
{
    return str_is(relation->type, type);
}

/* What dbt's objects say of themselves; packages look for a type that ends in "Relation". */
static Value type_metadata(Arena *arena)
{
    Value metadata = value_dict(arena);
    dict_put(metadata.dict, STR("type"), value_text(str_of(relation_type.name)));
    return metadata;
}

static bool relation_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    const Relation *r = (Relation *)self;
    *out = UNDEFINED;
    if (str_is(name, "database"))
        *out = part_value(r->database);
    else if (str_is(name, "schema"))
        *out = part_value(r->schema);
    else if (str_is(name, "identifier") || str_is(name, "name") || str_is(name, "table"))
        *out = part_value(r->identifier);
    else if (str_is(name, "type"))
        *out = r->type.len ? value_text(r->type) : NONE;
    else if (str_is(name, "is_table"))
        *out = value_bool(is_type(r, "table"));
    else if (str_is(name, "is_view"))
        *out = value_bool(is_type(r, "view"));
    else if (str_is(name, "is_cte"))
        *out = value_bool(is_type(r, "cte"));
    else if (str_is(name, "is_materialized_view"))
        *out = value_bool(is_type(r, "materialized_view"));
    else if (str_is(name, "is_pointer"))
        *out = value_bool(is_type(r, "pointer_table"));
    else if (str_is(name, "is_function"))
        *out = value_bool(is_type(r, "function"));
    else if (str_is(name, "can_be_renamed"))
        *out = value_bool(is_type(r, "table") || is_type(r, "view"));
    else if (str_is(name, "can_be_replaced"))
        *out = value_bool(is_type(r, "table") || is_type(r, "view"));
    else if (str_is(name, "path"))
        *out = path_dict(r, arena);
    else if (str_is(name, "quote_policy"))
        *out = flags_dict(r->quotes_database, r->quotes_schema, r->quotes_identifier, arena);
    else if (str_is(name, "include_policy"))
        *out = flags_dict(r->shows_database, r->shows_schema, r->shows_identifier, arena);
    else if (str_is(name, "quote_character"))
        *out = value_lit("\"");
    else if (str_is(name, "external"))
        *out = r->external.len ? value_text(r->external) : NONE;
    else if (str_is(name, "metadata"))
        *out = value_is_none(r->metadata) ? type_metadata(arena) : r->metadata;
    else if (str_is(name, "catalog"))
        *out = r->catalog;
    else if (str_is(name, "Table"))
        *out = value_lit("table");
    else if (str_is(name, "View"))
        *out = value_lit("view");
    else if (str_is(name, "CTE"))
        *out = value_lit("cte");
    else if (str_is(name, "External"))
        *out = value_lit("external");
    else if (str_is(name, "MaterializedView"))
        *out = value_lit("materialized_view");
    else if (str_is(name, "Function"))
        *out = value_lit("function");
    else if (str_is(name, "PointerTable"))
        *out = value_lit("pointer_table");
    else if (str_is(name, "require_alias"))
        *out = value_bool(dialect_now()->limits_need_alias);
    else if (str_is(name, "renameable_relations") || str_is(name, "replaceable_relations")) {
        *out = value_list(arena);
        array_add(out->list, value_lit("table"));
        array_add(out->list, value_lit("view"));
    } else if (str_is(name, "renameable") || str_is(name, "replaceable"))
        *out = value_bool(is_type(r, "table") || is_type(r, "view"));
    return true;
}

static bool method_get(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"key", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "get", names, 2, 1, slots, err));
    TRY(relation_get(self, call->arena, value_str(slots[0]), out, err));
    if (value_is_undefined(*out))
        *out = slots[1];
    return true;
}

static bool relation_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    return relation_get(self, arena, value_str(key), out, err);
}

static bool same_part(Str a, Str b)
{
    return (!a.at && !b.at) || (a.at && b.at && str_eq_fold(a, b));
}

static bool relation_equal(Object *self, Value other)
{
    const Relation *a = (Relation *)self, *b = relation_of(other);
    return b && same_part(a->database, b->database) && same_part(a->schema, b->schema) &&
           same_part(a->identifier, b->identifier) && str_eq(a->type, b->type);
}

static uint32_t relation_hash(Object *self)
{
    const Relation *r = (Relation *)self;
    return str_hash(r->identifier) * 31 + str_hash(r->schema);
}

static bool method_max_name_length(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    uint32_t limit = dialect_now()->identifier_limit;
    *out = limit ? value_int(limit) : NONE;
    return true;
}

static const Method methods[] = {
    {"relation_max_name_length", method_max_name_length},
    {"get_materialized_view_config_change_collection", relation_index_changes},
    {"include", method_include},
    {"quote", method_quote},
    {"incorporate", method_incorporate},
    {"replace_path", method_replace_path},
    {"without_identifier", method_without_identifier},
    {"information_schema", method_information_schema},
    {"information_schema_only", method_information_schema},
    {"render", method_render},
    {"matches", method_matches},
    {"quoted", method_quoted},
    {"get", method_get},
    {NULL, NULL},
};

ObjectType relation_type = {
    .name = "DuckDBRelation",
    .methods = methods,
    .get = relation_get,
    .item = relation_item,
    .print = relation_print,
    .repr = relation_repr,
    .equal = relation_equal,
    .hash = relation_hash,
    .is_mapping = true, /* packages tell relations from text by it */
};

/* ---- api.Relation ---- */

static bool relation_create(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    if (call->arg_count)
        return err_set(err, ERR_TYPE, NOWHERE,
                       "api.Relation.create() takes keyword arguments only: database=, schema=, "
                       "identifier=, type=");
    Relation *relation = relation_make(call->arena, STR_NONE, STR_NONE, STR_NONE, STR(""));
    TRY(take_fields(relation, call, err));
    TRY(check_length(relation, err));
    *out = relation_value(relation);
    return true;
}

/* Arguments of the hash that names a row of a snapshot: keys, then the time. */
static bool relation_scd_args(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"primary_key", "updated_at"};
    Value slots[2];
    TRY(call_bind(call, "scd_args", names, 2, 2, slots, err));
    Array *args = array_make(call->arena, 4);
    if (slots[0].kind == VALUE_LIST)
        for (uint32_t i = 0; i < slots[0].list->len; i++)
            array_add(args, slots[0].list->at[i]);
    else
        array_add(args, slots[0]);
    array_add(args, slots[1]);
    *out = value_of_array(args);
    return true;
}

static bool class_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self;
    Relation none = {.base = {&relation_type}};
    bool is_constant = name.len && name.at[0] >= 'A' && name.at[0] <= 'Z';
    *out = UNDEFINED;
    return !is_constant || relation_get(&none.base, arena, name, out, err);
}

static const Method class_methods[] = {
    {"create", relation_create}, {"scd_args", relation_scd_args}, {NULL, NULL}};
static const ObjectType class_type = {
    .name = "RelationProxy", .methods = class_methods, .get = class_get, .call = relation_create};
Object relation_class = {&class_type};
