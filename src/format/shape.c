/* shape.c: the types that JSON records need, found in one pass over each.
 *
 *   Node --fields--> key -> Node      what has been seen at one place of the records
 *        --item----> Node             of arrays
 *
 * Records of one source have their keys in the same order: each object begins by comparing with the
 * field after the last one found.
 */
#include "format/format.h"
#include "format/json_scan.h"
#include "format/kinds.h"

#define KEY_LIMIT    200   /* more keys in a nested object look like data                   */
#define COLUMN_LIMIT 16384 /* of the record itself                                          */
#define DEPTH_USUAL  10

typedef struct Node Node;

typedef struct NodeField {
    Str key;
    uint32_t hash;
    Node *node;
} NodeField;

struct Node {
    Kinds kinds;
    Node *item;
    List(NodeField) fields;
    uint32_t *index; /* open addressing, number + 1; NULL while there are few         */
    uint32_t index_cap;
};

struct Shape {
    Arena *arena;
    ShapeOptions options;
    Node root; /* of the record, an object; others count as {"value": record}   */
    uint64_t records;
    Text key; /* scratch                                                       */
};

static void shape_drop(void *what)
{
    text_drop(&((Shape *)what)->key);
}

Shape *shape_make(Arena *arena, const ShapeOptions *options)
{
    Shape *shape = NEW(arena, Shape);
    shape->arena = arena;
    shape->options = *options;
    if (!shape->options.depth)
        shape->options.depth = DEPTH_USUAL;
    arena_on_drop(arena, shape_drop, shape);
    return shape;
}

/* ---- fields ---- */

static void index_field(Node *node, uint32_t number)
{
    uint32_t slot = node->fields.at[number].hash & (node->index_cap - 1);
    while (node->index[slot])
        slot = (slot + 1) & (node->index_cap - 1);
    node->index[slot] = number + 1;
}

static uint32_t find_field(const Node *node, Str key, uint32_t hash)
{
    if (!node->index) {
        for (uint32_t i = 0; i < node->fields.len; i++)
            if (node->fields.at[i].hash == hash && str_eq(node->fields.at[i].key, key))
                return i;
        return UINT32_MAX;
    }
    for (uint32_t slot = hash;; slot++) {
        uint32_t number = node->index[slot & (node->index_cap - 1)];
        if (!number)
            return UINT32_MAX;
        const NodeField *field = &node->fields.at[number - 1];
        if (field->hash == hash && str_eq(field->key, key))
            return number - 1;
    }
}

static uint32_t add_field(Arena *arena, Node *node, Str key, uint32_t hash)
{
    NodeField field = {str_copy(arena, key), hash, NEW(arena, Node)};
    list_add(arena, &node->fields, field);
    if (node->fields.len >= 8 && node->fields.len * 2 >= node->index_cap) {
        node->index_cap = node->index_cap ? node->index_cap * 2 : 32;
        node->index = NEW_N(arena, uint32_t, node->index_cap);
        for (uint32_t i = 0; i < node->fields.len; i++)
            index_field(node, i);
    } else if (node->index) {
        index_field(node, node->fields.len - 1);
    }
    return node->fields.len - 1;
}

/* The number of the key's field; UINT32_MAX: the object has too many keys. *guess: which one is
 * expected. */
static inline uint32_t field_of_key(Arena *arena, Node *node, Str key, uint32_t *guess,
                                    uint32_t limit)
{
    uint32_t number = *guess;
    if (number >= node->fields.len || !str_eq(node->fields.at[number].key, key)) {
        uint32_t hash = str_hash(key);
        number = find_field(node, key, hash);
        if (number == UINT32_MAX) {
            if (node->fields.len >= limit)
                return UINT32_MAX;
            number = add_field(arena, node, key, hash);
        }
    }
    *guess = number + 1;
    return number;
}

/* ---- walking: each takes the place and gives the place behind, NULL: no JSON ---- */

static const char *walk_value(Shape *shape, Node *node, const char *at, const char *end,
                              uint32_t depth);

static const char *walk_object(Shape *shape, Node *node, const char *at, const char *end,
                               uint32_t depth)
{
    uint32_t guess = 0, limit = depth ? KEY_LIMIT : COLUMN_LIMIT;
    node->kinds.seen |= KIND_OBJECT;
    at = json_skip_spaces(at + 1, end);
    if (at < end && *at == '}')
        return at + 1;
    for (;;) {
        if (at == end || *at != '"')
            return NULL;
        const char *key = at + 1;
        bool has_escapes = false;
        at = scan_string(key, end, &has_escapes);
        if (!at)
            return NULL;
        Str name = json_text((Str){key, (size_t)(at - 1 - key)}, has_escapes, &shape->key);
        uint32_t number = field_of_key(shape->arena, node, name, &guess, limit);
        at = json_skip_spaces(at, end);
        if (at == end || *at != ':')
            return NULL;
        at = json_skip_spaces(at + 1, end);
        if (number == UINT32_MAX) {
            node->kinds.seen |= KIND_WIDE;
            at = json_skip_value(at, end);
        } else {
            at = walk_value(shape, node->fields.at[number].node, at, end, depth + 1);
        }
        if (!at)
            return NULL;
        at = json_skip_spaces(at, end);
        if (at == end || (*at != ',' && *at != '}'))
            return NULL;
        if (*at++ == '}')
            return at;
        at = json_skip_spaces(at, end);
    }
}

static const char *walk_array(Shape *shape, Node *node, const char *at, const char *end,
                              uint32_t depth)
{
    node->kinds.seen |= KIND_ARRAY;
    if (!node->item)
        node->item = NEW(shape->arena, Node);
    at = json_skip_spaces(at + 1, end);
    if (at < end && *at == ']')
        return at + 1;
    for (;;) {
        at = walk_value(shape, node->item, at, end, depth + 1);
        if (!at)
            return NULL;
        at = json_skip_spaces(at, end);
        if (at == end || (*at != ',' && *at != ']'))
            return NULL;
        if (*at++ == ']')
            return at;
        at = json_skip_spaces(at, end);
    }
}

static const char *walk_text(const Shape *shape, Node *node, const char *at, const char *end)
{
    const char *behind = scan_string_end(at + 1, end);
    if (!behind)
        return NULL;
    uint32_t kind = KIND_TEXT;
    if (shape->options.finds_times && !(node->kinds.seen & KIND_TEXT))
        kind = kind_of_text((Str){at + 1, (size_t)(behind - at) - 2});
    node->kinds.seen |= kind;
    return behind;
}

static const char *walk_word(Node *node, const char *at, const char *end, Str word, uint32_t kind)
{
    if ((size_t)(end - at) < word.len || memcmp(at, word.at, word.len) != 0)
        return NULL;
    node->kinds.seen |= kind;
    return at + word.len;
}

static const char *walk_number(Node *node, const char *at, const char *end)
{
    Number number;
    at = number_scan(at, end, NUMBER_JSON, '.', &number);
    if (at)
        kinds_add_number(&node->kinds, &number);
    return at;
}

/* Containers deeper than the limit are JSON: not looked into. */
static const char *walk_deep(Node *node, const char *at, const char *end)
{
    node->kinds.seen |= *at == '{' ? KIND_OBJECT | KIND_WIDE : KIND_ARRAY | KIND_WIDE;
    return json_skip_value(at, end);
}

static const char *walk_value(Shape *shape, Node *node, const char *at, const char *end,
                              uint32_t depth)
{
    if (at == end)
        return NULL;
    switch (*at) {
    case '"':
        return walk_text(shape, node, at, end);
    case 't':
        return walk_word(node, at, end, STR("true"), KIND_BOOL);
    case 'f':
        return walk_word(node, at, end, STR("false"), KIND_BOOL);
    case 'n':
        return walk_word(node, at, end, STR("null"), KIND_NULL);
    case '{':
        return depth > shape->options.depth ? walk_deep(node, at, end)
                                            : walk_object(shape, node, at, end, depth);
    case '[':
        return depth > shape->options.depth ? walk_deep(node, at, end)
                                            : walk_array(shape, node, at, end, depth);
    default:
        return walk_number(node, at, end);
    }
}

MUST bool shape_add(Shape *shape, Str json_record, Err *err)
{
    const char *end = json_record.at + json_record.len, *at = json_skip_spaces(json_record.at, end);
    bool is_null = end - at >= 4 && memcmp(at, "null", 4) == 0;
    if (at < end && *at == '{') {
        at = walk_object(shape, &shape->root, at, end, 0);
    } else {
        uint32_t guess = 0, number = is_null ? 0
                                             : field_of_key(shape->arena, &shape->root,
                                                            STR("value"), &guess, COLUMN_LIMIT + 1);
        at = is_null ? at + 4 : walk_value(shape, shape->root.fields.at[number].node, at, end, 1);
    }
    if (!at || json_skip_spaces(at, end) != end)
        return err_set(err, ERR_PARSING, NOWHERE, "a record is no JSON: %.80s",
                       json_record.len ? str_c(shape->arena, str_slice(json_record, 0, 80)) : "");
    if (shape->root.kinds.seen & KIND_WIDE)
        return err_set(err, ERR_TOO_BIG, NOWHERE, "records of more than %d columns", COLUMN_LIMIT);
    shape->records++;
    return true;
}

/* ---- merging ---- */

static void merge_node(Arena *arena, Node *into, const Node *from, uint32_t depth)
{
    kinds_merge(&into->kinds, &from->kinds);
    if (from->item) {
        if (!into->item)
            into->item = NEW(arena, Node);
        merge_node(arena, into->item, from->item, depth + 1);
    }
    uint32_t guess = 0, limit = depth ? KEY_LIMIT : COLUMN_LIMIT;
    for (uint32_t i = 0; i < from->fields.len; i++) {
        uint32_t number = field_of_key(arena, into, from->fields.at[i].key, &guess, limit);
        if (number == UINT32_MAX)
            into->kinds.seen |= KIND_WIDE;
        else
            merge_node(arena, into->fields.at[number].node, from->fields.at[i].node, depth + 1);
    }
}

void shape_merge(Shape *into, const Shape *from)
{
    merge_node(into->arena, &into->root, &from->root, 0);
    into->records += from->records;
}

/* ---- the types ---- */

static void resolve_node(Arena *arena, const Node *node, Field *out)
{
    uint32_t seen = node->kinds.seen & ~(uint32_t)KIND_NULL;
    uint32_t containers = seen & (KIND_OBJECT | KIND_ARRAY),
             scalars = seen & (KIND_BOOL | KINDS_NUMBER | KINDS_TEXT);
    if (!containers) {
        kinds_resolve(&node->kinds, out);
        return;
    }
    bool is_empty = containers == KIND_OBJECT && !node->fields.len;
    if (scalars || (seen & KIND_WIDE) || containers == (KIND_OBJECT | KIND_ARRAY) || is_empty) {
        out->type = ARROW_JSON;
        return;
    }
    out->child_count = containers == KIND_ARRAY ? 1 : node->fields.len;
    out->children = NEW_N(arena, Field, out->child_count);
    if (containers == KIND_ARRAY) {
        out->type = ARROW_LIST;
        out->children[0].name = STR("item");
        resolve_node(arena, node->item, &out->children[0]);
        return;
    }
    out->type = ARROW_STRUCT;
    for (uint32_t i = 0; i < node->fields.len; i++) {
        out->children[i].name = str_copy(arena, node->fields.at[i].key);
        resolve_node(arena, node->fields.at[i].node, &out->children[i]);
    }
}

Schema shape_schema(const Shape *shape, Arena *arena)
{
    const Node *root = &shape->root;
    Schema schema = {NEW_N(arena, Field, root->fields.len), root->fields.len};
    for (uint32_t i = 0; i < root->fields.len; i++) {
        schema.fields[i].name = str_copy(arena, root->fields.at[i].key);
        resolve_node(arena, root->fields.at[i].node, &schema.fields[i]);
    }
    return schema;
}

uint64_t shape_records(const Shape *shape)
{
    return shape->records;
}
