/* cache.c: which relations exist, by schema, so that a build does not ask the database 1,000 times.
 * One lock; everything is copied in and out. */
#include "transform/run.h"

enum { CACHE_LOCK_RANK = 40 };

struct Cache {
    Arena arena;       /* of the entries: grows with what is added */
    Lock lock;
    Map schemas;       /* "database.schema" in lower case -> Dict of relations by lower-case name */
    Dict *key_kinds;   /* "database.schema.table" -> list of kinds of key; NULL: not asked  */
    Dict *links;       /* "schema.name" in lower case -> list of the relations on it        */
};

static void cache_drop(void *what)
{
    Cache *cache = what;
    arena_drop(&cache->arena);
    lock_drop(&cache->lock);
}

Cache *cache_make(Arena *arena)
{
    Cache *cache = NEW(arena, Cache);
    lock_init(&cache->lock, CACHE_LOCK_RANK, "relation cache");
    map_init(&cache->schemas, &cache->arena);
    arena_on_drop(arena, cache_drop, cache);
    return cache;
}

/* The key of a schema; `out` is scratch of the caller. */
static Str schema_key(Str database, Str schema, Text *out)
{
    text_add(out, database);
    text_add_char(out, '.');
    text_add(out, schema);
    for (size_t i = 0; i < out->len; i++)
        if (out->at[i] >= 'A' && out->at[i] <= 'Z')
            out->at[i] = (char)(out->at[i] + 32);
    return text_str(out);
}

/* Under the lock. */
static Dict *find_schema(const Cache *cache, Str database, Str schema)
{
    AUTO(text) Text key = {0};
    return map_find(&cache->schemas, schema_key(database, schema, &key));
}

static Dict *make_schema(Cache *cache, Str database, Str schema)
{
    Dict *found = find_schema(cache, database, schema);
    if (found)
        return found;
    AUTO(text) Text key = {0};
    found = dict_make(&cache->arena, 0);
    map_put(&cache->schemas, str_copy(&cache->arena, schema_key(database, schema, &key)), found);
    return found;
}

bool cache_has_schema(Cache *cache, Str database, Str schema)
{
    lock_take(&cache->lock);
    bool has = find_schema(cache, database, schema) != NULL;
    lock_give(&cache->lock);
    return has;
}

void cache_add_schema(Cache *cache, Str database, Str schema)
{
    lock_take(&cache->lock);
    make_schema(cache, database, schema);
    lock_give(&cache->lock);
}

static Relation *relation_copy(Arena *arena, const Relation *relation)
{
    return relation_make(arena, str_copy(arena, relation->database),
                         str_copy(arena, relation->schema), str_copy(arena, relation->identifier),
                         str_copy(arena, relation->type));
}

/* Under the lock. */
static void add_relation(Cache *cache, const Relation *relation)
{
    Dict *schema = make_schema(cache, relation->database, relation->schema);
    Relation *copy = relation_copy(&cache->arena, relation);
    dict_put(schema, str_lower(&cache->arena, relation->identifier), relation_value(copy));
}

/* Under the lock. "": not known. */
static Str known_type(const Cache *cache, const Relation *relation)
{
    Dict *schema = find_schema(cache, relation->database, relation->schema);
    Arena scratch = {0};
    Value *found = schema ? dict_find(schema, str_lower(&scratch, relation->identifier)) : NULL;
    arena_drop(&scratch);
    return found ? relation_of(*found)->type : STR("");
}

/* What stands on the relation, taken out of the links: NONE or a list. */
static Value take_links(Cache *cache, const Relation *relation)
{
    if (!cache->links)
        return NONE;
    AUTO(text) Text key = {0};
    Value name = value_text(schema_key(relation->schema, relation->identifier, &key));
    Value *found = dict_find(cache->links, value_str(name)), list = found ? *found : NONE;
    if (found)
        dict_remove(cache->links, name);
    return list;
}

/* With all that stands on it. Ends: links are taken out before they are followed. */
static void remove_relation(Cache *cache, const Relation *relation)
{
    Dict *schema = find_schema(cache, relation->database, relation->schema);
    if (schema)
        dict_remove(schema, value_text(str_lower(&cache->arena, relation->identifier)));
    Value above = take_links(cache, relation);
    for (uint32_t i = 0; above.kind == VALUE_LIST && i < above.list->len; i++)
        remove_relation(cache, relation_of(above.list->at[i]));
}

/* Under the lock. */
static void link_relations(Cache *cache, const Relation *below, const Relation *above)
{
    if (!cache->links)
        cache->links = dict_make(&cache->arena, 0);
    AUTO(text) Text key = {0};
    Str place = schema_key(below->schema, below->identifier, &key);
    Value *list = dict_find(cache->links, place);
    if (!list) {
        place = str_copy(&cache->arena, place);
        dict_put(cache->links, place, value_list(&cache->arena));
        list = dict_find(cache->links, place);
    }
    array_add(list->list, relation_value(relation_copy(&cache->arena, above)));
}

void cache_link(Cache *cache, const Relation *below, const Relation *above)
{
    lock_take(&cache->lock);
    link_relations(cache, below, above);
    lock_give(&cache->lock);
}

/* A relation has a new name: it stands where it stood, and what stands on it does so still. */
static void rename_links(Cache *cache, const Relation *from, const Relation *to)
{
    Value above = take_links(cache, from), key, list;
    for (uint32_t i = 0; above.kind == VALUE_LIST && i < above.list->len; i++)
        link_relations(cache, to, relation_of(above.list->at[i]));
    for (uint32_t at = 0; cache->links && dict_next(cache->links, &at, &key, &list);)
        for (uint32_t i = 0; i < list.list->len; i++) {
            const Relation *one = relation_of(list.list->at[i]);
            if (str_eq_fold(one->schema, from->schema) &&
                str_eq_fold(one->identifier, from->identifier))
                list.list->at[i] = relation_value(relation_copy(&cache->arena, to));
        }
}

void cache_add(Cache *cache, const Relation *relation)
{
    lock_take(&cache->lock);
    add_relation(cache, relation);
    lock_give(&cache->lock);
}

void cache_remove(Cache *cache, const Relation *relation)
{
    lock_take(&cache->lock);
    remove_relation(cache, relation);
    lock_give(&cache->lock);
}

void cache_rename(Cache *cache, const Relation *from, const Relation *to)
{
    lock_take(&cache->lock);
    rename_links(cache, from, to);
    Relation renamed = *to;
    if (!renamed.type.len)
        renamed.type = from->type.len ? from->type : known_type(cache, from);
    remove_relation(cache, from);
    add_relation(cache, &renamed);
    lock_give(&cache->lock);
}

void cache_remove_schema(Cache *cache, Str database, Str schema)
{
    lock_take(&cache->lock);
    AUTO(text) Text key = {0};
    dict_remove(cache->schemas.dict, value_text(schema_key(database, schema, &key)));
    lock_give(&cache->lock);
}

Relation *cache_find(Cache *cache, Arena *arena, Str database, Str schema, Str identifier)
{
    lock_take(&cache->lock);
    Dict *relations = find_schema(cache, database, schema);
    Value *found = relations ? dict_find(relations, str_lower(arena, identifier)) : NULL;
    Relation *copy = found ? relation_copy(arena, relation_of(*found)) : NULL;
    lock_give(&cache->lock);
    return copy;
}

Value cache_list(Cache *cache, Arena *arena, Str database, Str schema)
{
    lock_take(&cache->lock);
    Value list = value_list(arena), key, value;
    Dict *relations = find_schema(cache, database, schema);
    for (uint32_t at = 0; relations && dict_next(relations, &at, &key, &value);)
        array_add(list.list, relation_value(relation_copy(arena, relation_of(value))));
    lock_give(&cache->lock);
    return list;
}

void cache_set_key_kinds(Cache *cache, Value rows)
{
    lock_take(&cache->lock);
    Dict *kinds = dict_make(&cache->arena, 0);
    for (uint64_t row = 0; row < table_row_count(rows); row++) {
        Str place = str_copy(&cache->arena, value_str(table_cell(rows, row, 0)));
        if (!dict_find(kinds, place))
            dict_put(kinds, place, value_list(&cache->arena));
        Str kind = str_copy(&cache->arena, value_str(table_cell(rows, row, 1)));
        array_add(dict_find(kinds, place)->list, value_text(kind));
    }
    cache->key_kinds = kinds;
    lock_give(&cache->lock);
}

void cache_forget_key_kinds(Cache *cache)
{
    lock_take(&cache->lock);
    cache->key_kinds = NULL;
    lock_give(&cache->lock);
}

bool cache_find_key_kinds(Cache *cache, Arena *arena, const Relation *relation, Value *out)
{
    Str place = str_lower(arena, str_print(arena, STR_FMT "." STR_FMT "." STR_FMT,
                                           STR_ARG(relation->database), STR_ARG(relation->schema),
                                           STR_ARG(relation->identifier)));
    lock_take(&cache->lock);
    bool is_known = cache->key_kinds != NULL;
    Value *found = is_known ? dict_find(cache->key_kinds, place) : NULL;
    *out = found ? value_copy(arena, *found) : value_list(arena);
    lock_give(&cache->lock);
    return is_known;
}
