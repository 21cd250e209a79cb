/* yaml.c: libyaml's events into Values, as PyYAML's composer and safe constructor do.
 *
 * One pass: containers are gathered on a stack and made in their final size; texts that stand in
 * the source as they are become views. Only this file and yaml_print.c know libyaml.
 */
#include "base/yaml.h"

#include <yaml.h>

#include "base/yaml_scalar.h"

#define DEPTH_MOST 200
#define NODES_MOST ((uint64_t)10000000)     /* with aliases expanded */
#define PLACE_MOST ((size_t)0xffffff - 1)   /* Value.at has 24 bits  */
#define TAG_PREFIX "tag:yaml.org,2002:"

/* What a node gives: its value, and what a key needs to know about it. */
typedef struct Node {
    Value value;
    YamlTag tag;          /* of a scalar: YAML_MERGE and YAML_VALUE have no value */
    size_t offset;        /* in the source                                        */
    uint64_t size;        /* nodes in it, aliases expanded                        */
} Node;

typedef struct Anchor {
    Node node;
    bool is_open;         /* its node is still being read */
} Anchor;

typedef struct Reader {
    yaml_parser_t parser;
    Arena *arena;
    YamlDoc *doc;
    Err *err;
    Node *stack;          /* children of the containers that are open */
    size_t stack_len, stack_cap;
    Map anchors;          /* name -> Anchor; dict NULL before the first */
    bool is_ascii;        /* then characters are bytes */
    size_t seen_index, seen_offset; /* character and byte where offset_of() last was */
} Reader;

/* libyaml counts in characters, we in bytes. Cost: the way from the last asked position. */
static size_t offset_of(Reader *reader, size_t index)
{
    Str source = reader->doc->source;
    if (reader->is_ascii)
        return index < source.len ? index : source.len;
    size_t at = reader->seen_offset;
    while (reader->seen_index < index && at < source.len) {
        do {
            at++;
        } while (at < source.len && (source.at[at] & 0xc0) == 0x80);
        reader->seen_index++;
    }
    while (reader->seen_index > index && at > 0) {
        do {
            at--;
        } while (at > 0 && (source.at[at] & 0xc0) == 0x80);
        reader->seen_index--;
    }
    reader->seen_offset = at;
    return at;
}

/* ---- errors ---- */

/* What libyaml's most frequent complaints mean. */
static const struct {
    const char *problem, *meaning;
} meanings[] = {
    {"mapping values are not allowed in this context",
     "a ':' makes this a key where none can stand; quote text that holds ': ', "
     "and check the indentation"},
    {"did not find expected key",
     "this line is indented otherwise than the keys it belongs to, "
     "or a quote before it is not closed"},
    {"did not find expected '-' indicator",
     "this line is indented as an item of the list above, but begins with no '-'"},
    {"could not find expected ':'", "a key must be followed by ':' on the same line"},
    {"block sequence entries are not allowed in this context",
     "a list cannot begin behind text on the same line"},
    {"found character that cannot start any token",
     "text cannot begin with this character (tab, @, ` or %) unless it is quoted"},
    {"found a tab character that violates indentation", "indent with spaces"},
    {"found a tab character where an indentation space is expected", "indent with spaces"},
    {"did not find expected ',' or ']'", "a [list] is not closed"},
    {"did not find expected ',' or '}'",
     "a {mapping} is not closed; quote a text that begins with {{"},
    {"found unexpected end of stream", "a quote that was opened is not closed"},
    {"found unknown escape character",
     "double quotes know few backslashes; single quotes take them as they are"},
    {"did not find expected <document start>",
     "this line is indented less or more than those before"},
    {"did not find expected alphabetic or numeric character",
     "* and & begin an alias or anchor; quote the text"},
    {"found undefined tag handle", "! begins a tag; quote the text"},
    {"control characters are not allowed", "the file holds a byte that is no text"},
};

static const char *meaning_of(const char *problem)
{
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (strcmp(meanings[i].problem, problem) == 0)
            return meanings[i].meaning;
    return NULL;
}

static Place place_of(const Reader *reader, yaml_mark_t mark)
{
    return (Place){reader->doc->file, (int)mark.line + 1, (int)mark.column + 1};
}

/* Turns libyaml's complaint into ours. */
static bool fail_parser(Reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "cannot be read";
    const char *meaning = meaning_of(problem);
    Str source = reader->doc->source;
    bool is_byte = parser->error == YAML_READER_ERROR;
    size_t byte = parser->problem_offset < source.len ? parser->problem_offset : source.len;
    Place place = is_byte ? place_at(reader->doc->file, source, byte)
                          : place_of(reader, parser->problem_mark);
    AUTO(text) Text text = {0};
    text_add_c(&text, problem);
    if (meaning)
        text_print(&text, ": %s", meaning);
    if (!is_byte && parser->context && parser->context_mark.line != parser->problem_mark.line)
        text_print(&text, "\n(%s that began in line %zu)", parser->context,
                   parser->context_mark.line + 1);
    return err_set_in(reader->err, ERR_PARSING, place, source, "%s", text.at);
}

static bool fail_at(Reader *reader, size_t offset, const char *format, ...) PRINTF_LIKE(3, 4);

static bool fail_at(Reader *reader, size_t offset, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    Str source = reader->doc->source;
    Place place = place_at(reader->doc->file, source, offset);
    return err_set_in(reader->err, ERR_PARSING, place, source, "%s", text.at);
}

static bool next_event(Reader *reader, yaml_event_t *event)
{
    return yaml_parser_parse(&reader->parser, event) || fail_parser(reader);
}

/* ---- anchors ---- */

/* Notes an anchor; NULL in *out if the node has none. */
static bool anchor_add(Reader *reader, const yaml_char_t *name, size_t offset, Anchor **out)
{
    *out = NULL;
    if (!name)
        return true;
    if (!reader->anchors.dict)
        map_init(&reader->anchors, reader->arena);
    Str key = str_of((const char *)name);
    if (map_find(&reader->anchors, key))
        return fail_at(reader, offset, "the anchor &" STR_FMT " is set a second time",
                       STR_ARG(key));
    *out = NEW(reader->arena, Anchor);
    (*out)->is_open = true;
    map_put(&reader->anchors, str_copy(reader->arena, key), *out);
    return true;
}

static void anchor_close(Anchor *anchor, const Node *node)
{
    if (anchor)
        *anchor = (Anchor){*node, false};
}

static bool read_alias(Reader *reader, const yaml_event_t *event, size_t offset, Node *out)
{
    Str name = str_of((const char *)event->data.alias.anchor);
    const Anchor *anchor = reader->anchors.dict ? map_find(&reader->anchors, name) : NULL;
    if (!anchor)
        return fail_at(reader, offset, "there is no anchor &" STR_FMT " before this alias",
                       STR_ARG(name));
    if (anchor->is_open)
        return fail_at(reader, offset, "the alias *" STR_FMT " stands inside of what it repeats",
                       STR_ARG(name));
    *out = anchor->node;
    out->offset = offset;
    return true;
}

/* ---- scalars ---- */

/* The tag of a name such as "tag:yaml.org,2002:int"; YAML_TAG_COUNT for others. */
static YamlTag tag_of(const char *name)
{
    static const struct {
        const char *name;
        YamlTag tag;
    } tags[] = {
        {"str", YAML_STR},     {"null", YAML_NULL},   {"bool", YAML_BOOL},
        {"int", YAML_INT},     {"float", YAML_FLOAT}, {"timestamp", YAML_TIMESTAMP},
        {"merge", YAML_MERGE}, {"value", YAML_VALUE},
    };
    Str full = str_of(name);
    if (str_starts(full, STR(TAG_PREFIX)))
        for (size_t i = 0; i < COUNT_OF(tags); i++)
            if (str_is(str_slice(full, sizeof(TAG_PREFIX) - 1, full.len), tags[i].name))
                return tags[i].tag;
    return YAML_TAG_COUNT;
}

static bool has_tag(const yaml_char_t *tag)
{
    return tag && strcmp((const char *)tag, "!") != 0;
}

static bool fail_tag(Reader *reader, size_t offset, const yaml_char_t *tag, const char *what)
{
    return fail_at(reader, offset, "the tag %s is not known for %s", (const char *)tag, what);
}

/* The scalar's text: a view where it stands in the source as it is, else a copy. */
static Str scalar_text(const Reader *reader, const yaml_event_t *event, size_t offset)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    Str source = reader->doc->source;
    offset += event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
              event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    bool has_room = offset <= source.len && len <= source.len - offset;
    if (has_room && memcmp(source.at + offset, value, len) == 0)
        return (Str){source.at + offset, len};
    return str_copy(reader->arena, (Str){value, len});
}

static bool read_scalar(Reader *reader, const yaml_event_t *event, size_t offset, Node *out)
{
    Str text = scalar_text(reader, event, offset);
    YamlTag tag = YAML_STR;
    if (has_tag(event->data.scalar.tag)) {
        tag = tag_of((const char *)event->data.scalar.tag);
        if (tag == YAML_TAG_COUNT)
            return fail_tag(reader, offset, event->data.scalar.tag, "a scalar");
    } else if (event->data.scalar.plain_implicit) {
        tag = yaml_resolve(text);
    }
    out->tag = tag;
    if (tag == YAML_MERGE || tag == YAML_VALUE) {
        out->value = value_text(text); /* for a key; refused elsewhere by check_value() */
        return true;
    }
    const char *problem;
    if (!yaml_construct(reader->arena, tag, text, &out->value, &problem))
        return fail_at(reader, offset, "%s", problem);
    return true;
}

/* << and = are keys only. */
static bool check_value(Reader *reader, const Node *node)
{
    const char *problem;
    Value unused;
    if (node->tag != YAML_MERGE && node->tag != YAML_VALUE)
        return true;
    if (yaml_construct(reader->arena, node->tag, value_str(node->value), &unused, &problem))
        return true;
    return fail_at(reader, node->offset, "%s", problem);
}

/* ---- containers ---- */

static void push(Reader *reader, Node node)
{
    if (reader->stack_len == reader->stack_cap) {
        reader->stack_cap = reader->stack_cap ? reader->stack_cap * 2 : 64;
        reader->stack = memory_grow(reader->stack, reader->stack_cap * sizeof(Node));
    }
    reader->stack[reader->stack_len++] = node;
}

static bool read_node(Reader *reader, const yaml_event_t *event, int depth, Node *out);

/* Reads nodes up to the container's end onto the stack. */
static bool read_children(Reader *reader, yaml_event_type_t end, int depth, uint64_t *size)
{
    for (;;) {
        yaml_event_t event;
        TRY(next_event(reader, &event));
        if (event.type == end) {
            yaml_event_delete(&event);
            return true;
        }
        Node child;
        bool is_read = read_node(reader, &event, depth + 1, &child);
        yaml_event_delete(&event);
        TRY(is_read);
        *size += child.size;
        if (*size > NODES_MOST)
            return err_set(reader->err, ERR_TOO_BIG,
                           place_at(reader->doc->file, reader->doc->source, child.offset),
                           "the aliases of this file expand to more than %llu values",
                           (unsigned long long)NODES_MOST);
        push(reader, child);
    }
}

/* !!omap and !!pairs: a list of mappings with one key each becomes a list of tuples. */
static bool list_to_pairs(Reader *reader, Array *list, size_t offset)
{
    for (uint32_t i = 0; i < list->len; i++) {
        Value item = list->at[i];
        if (!value_is_dict(item) || item.dict->len != 1)
            return fail_at(reader, offset, "expected a list of mappings with one key each");
        Array *pair = array_make(reader->arena, 2);
        array_add(pair, item.dict->at[0].key);
        array_add(pair, item.dict->at[0].value);
        list->at[i] = value_of_tuple(pair);
    }
    return true;
}

static bool read_list(Reader *reader, const yaml_event_t *event, int depth, Node *out)
{
    size_t base = reader->stack_len;
    TRY(read_children(reader, YAML_SEQUENCE_END_EVENT, depth, &out->size));
    size_t count = reader->stack_len - base;
    Array *list = array_make(reader->arena, (uint32_t)count);
    for (size_t i = base; i < reader->stack_len; i++) {
        TRY(check_value(reader, &reader->stack[i]));
        array_add(list, reader->stack[i].value);
    }
    reader->stack_len = base;
    out->value = value_of_array(list);
    const char *tag = (const char *)event->data.sequence_start.tag;
    if (!has_tag(event->data.sequence_start.tag) || strcmp(tag, TAG_PREFIX "seq") == 0)
        return true;
    if (strcmp(tag, TAG_PREFIX "omap") == 0 || strcmp(tag, TAG_PREFIX "pairs") == 0)
        return list_to_pairs(reader, list, out->offset);
    return fail_tag(reader, out->offset, event->data.sequence_start.tag, "a list");
}

/* A mapping being made. dbt's loader reports keys that stand twice, those that << brings included,
 * unless the mapping begins with <<: then overriding is what it is for. */
typedef struct Making {
    Dict *dict;
    bool reports_doubles;
} Making;

static void put_pair(Reader *reader, const Making *making, Value key, Value value)
{
    uint32_t before = making->dict->len;
    dict_put_keyed(making->dict, key, value);
    if (making->dict->len > before || !making->reports_doubles)
        return;
    AUTO(text) Text name = {0};
    value_print(key, &name);
    YamlDouble twice = {text_copy(reader->arena, &name),
                        value_place(key, reader->doc->file, reader->doc->source)};
    list_add(reader->arena, &reader->doc->doubles, twice);
}

/* Puts the entries of `from`, which << names. */
static bool merge_one(Reader *reader, const Making *making, Value from, size_t offset)
{
    if (!value_is_dict(from) && from.kind != VALUE_SET)
        return fail_at(reader, offset, "<< needs a mapping or a list of mappings, this is %s",
                       value_type_name(from));
    Value key, value;
    for (uint32_t at = 0; dict_next(from.dict, &at, &key, &value);)
        put_pair(reader, making, key, value);
    return true;
}

/* In a list of mappings the first wins, so they are put from the last on. */
static bool merge(Reader *reader, const Making *making, const Node *what)
{
    if (!value_is_list(what->value))
        return merge_one(reader, making, what->value, what->offset);
    for (uint32_t i = what->value.list->len; i-- > 0;)
        TRY(merge_one(reader, making, what->value.list->at[i], what->offset));
    return true;
}

/* Makes the dict of the pairs on the stack from `base` on: what << brings comes first. */
static bool dict_from_stack(Reader *reader, size_t base, Dict **out)
{
    size_t pairs = (reader->stack_len - base) / 2;
    bool is_override = pairs && value_is(reader->stack[base].value, "<<");
    Making making = {dict_make(reader->arena, (uint32_t)pairs), !is_override};
    for (size_t i = base; i < reader->stack_len; i += 2)
        if (reader->stack[i].tag == YAML_MERGE)
            TRY(merge(reader, &making, &reader->stack[i + 1]));
    for (size_t i = base; i < reader->stack_len; i += 2) {
        const Node *key = &reader->stack[i], *value = key + 1;
        uint32_t hash;
        if (key->tag == YAML_MERGE)
            continue;
        if (!value_hash(key->value, &hash))
            return fail_at(reader, key->offset, "a %s cannot be a key%s",
                           value_type_name(key->value),
                           key->value.kind == VALUE_DICT ? ": a value that begins with {{ needs "
                                                           "quotes around it" : "");
        TRY(check_value(reader, value));
        put_pair(reader, &making, key->value, value->value);
    }
    *out = making.dict;
    return true;
}

static bool read_dict(Reader *reader, const yaml_event_t *event, int depth, Node *out)
{
    size_t base = reader->stack_len;
    TRY(read_children(reader, YAML_MAPPING_END_EVENT, depth, &out->size));
    Dict *dict;
    TRY(dict_from_stack(reader, base, &dict));
    reader->stack_len = base;
    out->value = value_of_dict(dict);
    const char *tag = (const char *)event->data.mapping_start.tag;
    if (!has_tag(event->data.mapping_start.tag) || strcmp(tag, TAG_PREFIX "map") == 0)
        return true;
    if (strcmp(tag, TAG_PREFIX "set") != 0)
        return fail_tag(reader, out->offset, event->data.mapping_start.tag, "a mapping");
    for (uint32_t i = 0; i < dict->used; i++)
        dict->at[i].value = NONE;
    out->value = value_of_set(dict);
    return true;
}

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT: return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT: return event->data.mapping_start.anchor;
    default: return NULL;
    }
}

/* Any node, of which `event` is the first. */
static bool read_node(Reader *reader, const yaml_event_t *event, int depth, Node *out)
{
    size_t offset = offset_of(reader, event->start_mark.index);
    *out = (Node){.tag = YAML_STR, .offset = offset, .size = 1};
    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(reader, event, offset, out);
    if (depth > DEPTH_MOST)
        return err_set(reader->err, ERR_TOO_DEEP, place_of(reader, event->start_mark),
                       "lists and mappings nest deeper than %d levels", DEPTH_MOST);
    Anchor *anchor;
    TRY(anchor_add(reader, anchor_of(event), offset, &anchor));
    if (event->type == YAML_SCALAR_EVENT)
        TRY(read_scalar(reader, event, offset, out));
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        TRY(read_list(reader, event, depth, out));
    else
        TRY(read_dict(reader, event, depth, out));
    out->value.at = offset < PLACE_MOST ? (uint32_t)offset + 1 : 0;
    anchor_close(anchor, out);
    return true;
}

/* ---- the document ---- */

/* Reads the one document; `event` is the one behind the stream's start. */
static bool read_document(Reader *reader, yaml_event_t *event)
{
    Node root;
    yaml_event_delete(event);
    TRY(next_event(reader, event));
    bool is_read = read_node(reader, event, 0, &root) && check_value(reader, &root);
    yaml_event_delete(event);
    TRY(is_read);
    reader->doc->root = root.value;
    TRY(next_event(reader, event)); /* the document's end */
    yaml_event_delete(event);
    return next_event(reader, event);
}

static bool read_stream(Reader *reader)
{
    yaml_event_t event;
    TRY(next_event(reader, &event)); /* the stream's start */
    yaml_event_delete(&event);
    TRY(next_event(reader, &event));
    if (event.type == YAML_DOCUMENT_START_EVENT)
        TRY(read_document(reader, &event));
    size_t offset = offset_of(reader, event.start_mark.index);
    bool is_end = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    return is_end || fail_at(reader, offset, "expected one document, a second one begins here");
}

bool yaml_parse(Arena *arena, Str source, Str file, YamlDoc *out, Err *err)
{
    if (!source.at)
        source.at = "";
    YamlDoc doc = {.root = NONE, .file = file, .source = source};
    Reader reader = {.arena = arena, .doc = &doc, .err = err, .is_ascii = str_is_ascii(source)};
    int is_made = yaml_parser_initialize(&reader.parser);
    assert(is_made); /* it fails for want of memory only */
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)source.at, source.len);
    bool is_read = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    memory_give(reader.stack);
    if (is_read)
        *out = doc;
    return is_read;
}
