/* read_json.c: JSON lines into the columns of a schema.
 *
 * A Level is the fields of one object (the record, a STRUCT), a Slot one of them. Records of one
 * source have their keys in the same order: the next key is looked for behind the last one first.
 * An object with the same key twice is rare: its record is taken back and read again, the last
 * value of each key first found, then added.
 */
#include "format/json_scan.h"
#include "format/read.h"

#define SLICE_BYTES (256 * 1024)
#define LINE_LIMIT  (64u << 20)

typedef struct Level Level;

typedef struct Slot {
    const Field *field;
    ColumnBuilder *column;
    Level *level;   /* STRUCT: its fields; LIST: its item as the only slot           */
    Str path;       /* "a.b": for bad values                                         */
    uint64_t stamp; /* of the object that last had it                                */
    Str last;       /* its last value, when keys are doubled                         */
} Slot;

struct Level {
    Slot *slots;
    uint32_t count;
    uint64_t stamp;
    Str path; /* in front of the slots' names; empty: the record */
    Map by_name;
};

struct JsonReader {
    Level root;
    Text window, key, text;
    size_t at, scanned; /* of the next line; where no newline was found up to            */
    uint64_t next_line;
    bool is_end, is_doubled; /* is_doubled: the record at hand has doubled keys               */
    bool takes_last;         /* reading it so                                                 */
};

static void json_reader_drop(void *what)
{
    JsonReader *json = what;
    text_drop(&json->window);
    text_drop(&json->key);
    text_drop(&json->text);
}

/* ---- levels ---- */

static void level_init(Reader *reader, Level *level, const Field *fields, uint32_t count, Str path,
                       ColumnBuilder *parent);

static void slot_init(Reader *reader, Slot *slot, const Field *field, ColumnBuilder *column,
                      Str path)
{
    *slot = (Slot){.field = field, .column = column, .path = path};
    if (field->type != ARROW_STRUCT && field->type != ARROW_LIST)
        return;
    slot->level = NEW(reader->arena, Level);
    level_init(reader, slot->level, field->children, field->child_count, path, column);
}

static void level_init(Reader *reader, Level *level, const Field *fields, uint32_t count, Str path,
                       ColumnBuilder *parent)
{
    level->slots = NEW_N(reader->arena, Slot, count);
    level->path = path;
    map_init(&level->by_name, reader->arena);
    for (uint32_t i = 0; i < count; i++) {
        Str name = fields[i].name;
        if (!parent && (int)i == reader->options.line_column)
            continue;
        if (path.len)
            name = str_print(reader->arena, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(name));
        ColumnBuilder *column = parent ? column_child(parent, i) : reader->columns[i];
        Slot *slot = &level->slots[level->count++];
        slot_init(reader, slot, &fields[i], column, name);
        map_put(&level->by_name, fields[i].name, slot);
    }
}

void json_reader_init(Reader *reader)
{
    reader->json = NEW(reader->arena, JsonReader);
    reader->json->next_line = 1;
    level_init(reader, &reader->json->root, reader->options.schema.fields,
               reader->options.schema.count, STR_NONE, NULL);
    arena_on_drop(reader->arena, json_reader_drop, reader->json);
}

/* ---- values: checked text, so that nothing is cut ---- */

static Outcome add_object(Reader *reader, Level *level, const char **at, const char *end);

static Outcome add_bad(Reader *reader, Slot *slot, Str raw, const char *reason)
{
    Outcome outcome = reader_bad(reader, slot->path, raw, reason);
    if (outcome == DONE)
        column_add_null(slot->column);
    return outcome;
}

static Outcome add_value(Reader *reader, Slot *slot, const char **at, const char *end);

static Outcome add_list(Reader *reader, Slot *slot, const char **at, const char *end)
{
    ++*at;
    for (;;) {
        while (**at == ',' || json_is_space(**at))
            ++*at;
        if (**at == ']')
            break;
        Outcome outcome = add_value(reader, &slot->level->slots[0], at, end);
        if (outcome != DONE)
            return outcome;
    }
    ++*at;
    column_end_list(slot->column);
    return DONE;
}

static Outcome add_struct(Reader *reader, Slot *slot, const char **at, const char *end)
{
    Outcome outcome = add_object(reader, slot->level, at, end);
    if (outcome == DONE)
        column_end_struct(slot->column);
    return outcome;
}

/* A container into a column of another kind: as raw text where that is JSON. */
static Outcome add_container(Reader *reader, Slot *slot, const char **at, const char *end)
{
    if (**at == '{' && slot->field->type == ARROW_STRUCT)
        return add_struct(reader, slot, at, end);
    if (**at == '[' && slot->field->type == ARROW_LIST)
        return add_list(reader, slot, at, end);
    const char *behind = json_skip_value(*at, end);
    Str raw = {*at, (size_t)(behind - *at)};
    *at = behind;
    if (slot->field->type == ARROW_JSON) {
        column_add_bytes(slot->column, raw);
        return DONE;
    }
    return add_bad(reader, slot, raw, convert_reason(slot->field->type));
}

static Outcome add_string(Reader *reader, Slot *slot, const char **at, const char *end)
{
    bool has_escapes = false;
    const char *behind = scan_string(*at + 1, end, &has_escapes);
    Str raw = {*at, (size_t)(behind - *at)};
    *at = behind;
    if (slot->field->type == ARROW_JSON) {
        column_add_bytes(slot->column, raw);
        return DONE;
    }
    Str text = json_text(str_slice(raw, 1, raw.len - 1), has_escapes, &reader->json->text);
    const char *reason = convert_text(&reader->conversion, slot->field, slot->column, text);
    return reason ? add_bad(reader, slot, raw, reason) : DONE;
}

static Outcome add_value(Reader *reader, Slot *slot, const char **at, const char *end)
{
    const char *begin = *at, *reason;
    switch (*begin) {
    case '"':
        return add_string(reader, slot, at, end);
    case '{':
    case '[':
        return add_container(reader, slot, at, end);
    case 'n':
        *at += 4;
        column_add_null(slot->column);
        return DONE;
    case 't':
    case 'f':
        *at += *begin == 't' ? 4 : 5;
        reason = convert_bool(slot->field, slot->column, *begin == 't');
        break;
    default:
        while (*at < end && **at != ',' && **at != '}' && **at != ']' && !json_is_space(**at))
            ++*at;
        reason = convert_number(slot->field, slot->column, (Str){begin, (size_t)(*at - begin)});
    }
    return reason ? add_bad(reader, slot, (Str){begin, (size_t)(*at - begin)}, reason) : DONE;
}

/* ---- objects ---- */

/* The slot of a key, NULL: the schema lacks it. */
static inline Slot *slot_of_key(const Level *level, Str key, uint32_t *guess)
{
    Slot *slot = &level->slots[*guess];
    if (*guess >= level->count || !str_eq(slot->field->name, key))
        slot = map_find(&level->by_name, key);
    if (slot)
        *guess = (uint32_t)(slot - level->slots) + 1;
    return slot;
}

static Outcome add_unknown(Reader *reader, const Level *level, Str key, const char **at,
                           const char *end)
{
    const char *behind = json_skip_value(*at, end);
    Str raw = {*at, (size_t)(behind - *at)};
    *at = behind;
    if (!reader->options.tells_unknown)
        return DONE;
    Text *name = &reader->scratch;
    text_clear(name);
    if (level->path.len)
        text_print(name, STR_FMT ".", STR_ARG(level->path));
    text_add(name, key);
    return reader_bad(reader, text_str(name), raw, "not in the schema");
}

/* One key's value; with doubled keys it is only noted. */
static Outcome take_field(Reader *reader, Slot *slot, uint64_t stamp, const char **at,
                          const char *end)
{
    if (reader->json->takes_last) {
        const char *behind = json_skip_value(*at, end);
        slot->last = (Str){*at, (size_t)(behind - *at)};
        slot->stamp = stamp;
        *at = behind;
        return DONE;
    }
    if (slot->stamp == stamp) {
        reader->json->is_doubled = true;
        return DROPPED;
    }
    slot->stamp = stamp;
    return add_value(reader, slot, at, end);
}

/* The fields that the object lacked; with doubled keys the others too. */
static Outcome end_object(Reader *reader, Level *level, uint64_t stamp)
{
    for (uint32_t i = 0; i < level->count; i++) {
        Slot *slot = &level->slots[i];
        if (slot->stamp != stamp) {
            column_add_null(slot->column);
        } else if (reader->json->takes_last) {
            const char *at = slot->last.at;
            Outcome outcome = add_value(reader, slot, &at, at + slot->last.len);
            if (outcome != DONE)
                return outcome;
        }
    }
    return DONE;
}

static Outcome add_object(Reader *reader, Level *level, const char **at, const char *end)
{
    uint64_t stamp = ++level->stamp;
    uint32_t guess = 0, found = 0;
    ++*at;
    for (;;) {
        while (**at == ',' || json_is_space(**at))
            ++*at;
        if (**at == '}')
            break;
        const char *key = *at + 1;
        bool has_escapes = false;
        *at = scan_string(key, end, &has_escapes);
        Str inside = {key, (size_t)(*at - 1 - key)};
        Str name = json_text(inside, has_escapes, &reader->json->key);
        while (**at == ':' || json_is_space(**at))
            ++*at;
        Slot *slot = slot_of_key(level, name, &guess);
        Outcome outcome = slot ? take_field(reader, slot, stamp, at, end)
                               : add_unknown(reader, level, name, at, end);
        if (outcome != DONE)
            return outcome;
        found += slot != NULL;
    }
    ++*at;
    return found == level->count && !reader->json->takes_last ? DONE
                                                              : end_object(reader, level, stamp);
}

/* ---- lines ---- */

/* A record that is no object is the value of the column "value". */
static Outcome add_bare(Reader *reader, const char *at, const char *end)
{
    Level *root = &reader->json->root;
    Slot *slot = map_find(&root->by_name, STR("value"));
    uint64_t stamp = ++root->stamp;
    Outcome outcome = DONE;
    if (*at == 'n')
        slot = NULL;
    else if (!slot)
        outcome = reader_bad(reader, STR_NONE, (Str){at, (size_t)(end - at)}, "no object");
    if (slot) {
        slot->stamp = stamp;
        outcome = add_value(reader, slot, &at, end);
    }
    reader->json->takes_last = false;
    return outcome == DONE ? end_object(reader, root, stamp) : outcome;
}

static Outcome add_record(Reader *reader, const char *at, const char *end)
{
    if (*at != '{')
        return add_bare(reader, at, end);
    return add_object(reader, &reader->json->root, &at, end);
}

static Outcome add_line(Reader *reader, Str line, uint64_t rows)
{
    JsonReader *json = reader->json;
    const char *end = line.at + line.len;
    JsonCheck check = {.at = json_skip_spaces(line.at, end), .end = end, .is_whole = true};
    if (check.at == end)
        return DROPPED;
    const char *begin = check.at;
    reader->record = line;
    bool is_json =
        json_check_value(&check) == JSON_COMPLETE && json_skip_spaces(check.at, end) == end;
    if (!is_json) {
        Outcome outcome = reader_bad(reader, STR_NONE, line, "no JSON");
        return outcome == DONE ? DROPPED : outcome;
    }
    json->is_doubled = json->takes_last = false;
    Outcome outcome = add_record(reader, begin, check.at);
    if (json->is_doubled && outcome == DROPPED) {
        builder_truncate(reader->builder, rows);
        json->takes_last = true;
        outcome = add_record(reader, begin, check.at);
    }
    if (outcome == DONE && reader->options.line_column >= 0)
        column_add_int(reader->columns[reader->options.line_column], (int64_t)reader->line);
    return outcome;
}

/* The next line in the window; false: its end is not there. */
static bool next_line(JsonReader *json, Str *line)
{
    size_t left = json->window.len - json->at;
    if (!left)
        return false;
    const char *begin = json->window.at + json->at;
    const char *newline = memchr(begin + json->scanned, '\n', left - json->scanned);
    if (!newline && !json->is_end) {
        json->scanned = left;
        return false;
    }
    size_t length = newline ? (size_t)(newline - begin) : left;
    *line = (Str){begin, length};
    json->at += length + (newline != NULL);
    json->scanned = 0;
    return true;
}

static bool refill(Reader *reader, Err *err)
{
    JsonReader *json = reader->json;
    Text *window = &json->window;
    if (json->at) {
        memmove(window->at, window->at + json->at, window->len - json->at);
        window->len -= json->at;
        json->at = 0;
    }
    if (window->len > LINE_LIMIT)
        return err_set(err, ERR_TOO_BIG, (Place){reader->options.file, (int)json->next_line, 0},
                       "a record of more than %u bytes begins here", LINE_LIMIT);
    Str piece;
    TRY(reader_take(reader, SLICE_BYTES, &piece, err));
    json->is_end = !piece.len;
    text_add(window, piece);
    return true;
}

MUST bool json_reader_fill(Reader *reader, Err *err)
{
    JsonReader *json = reader->json;
    uint64_t rows = 0;
    while (!reader_is_full(reader)) {
        Str line;
        if (!next_line(json, &line)) {
            if (json->is_end)
                return true;
            TRY(refill(reader, err));
            continue;
        }
        if (json->next_line == 1 && str_starts(line, STR("\xef\xbb\xbf")))
            line = str_slice(line, 3, line.len);
        reader->line = json->next_line++;
        reader->bytes += line.len;
        Outcome outcome = add_line(reader, line, rows);
        if (outcome == FAILED)
            return false;
        if (outcome == DROPPED)
            builder_truncate(reader->builder, rows);
        else
            rows++;
    }
    return true;
}
