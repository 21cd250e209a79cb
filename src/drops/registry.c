/* registry.c: columns and types of tables over the days.
 *
 *   registry/TABLE.json: {"versions": [{"version": 1, "date", "run_id", "columns": [{name, type}],
 *   "changes": [texts]}, ...], "missing": {column: date that noted it}}
 */
#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "drops/drops_base.h"

enum { MOST_TRIES = 100 };

/* ---- columns as values ---- */

/* Numbers carry how many digits were seen (types_meet() asks): [all, behind the point]. */
static void read_digits(Value digits, Field *field)
{
    bool has = value_is_list(digits) && digits.list->len == 2 && field->type != ARROW_DECIMAL;
    if (!has || !value_is_int(digits.list->at[0]) || !value_is_int(digits.list->at[1]))
        return;
    field->precision = (uint8_t)digits.list->at[0].number;
    field->scale = (uint8_t)digits.list->at[1].number;
}

static void put_digits(Arena *arena, Dict *column, const Field *field)
{
    bool has = field->type == ARROW_INT64 || field->type == ARROW_DOUBLE;
    if (!has || !field->precision)
        return;
    Array *digits = array_make(arena, 2);
    array_add(digits, value_int(field->precision));
    array_add(digits, value_int(field->scale));
    dict_put(column, STR("digits"), value_of_array(digits));
}

bool schema_read(Arena *arena, Value columns, Schema *out, Err *err)
{
    if (!value_is_list(columns))
        return err_set(err, ERR_RUNTIME, NOWHERE, "columns must be a list, this is a %s",
                       value_type_name(columns));
    Schema schema = {.fields = NEW_N(arena, Field, columns.list->len + 1),
                     .count = columns.list->len};
    for (uint32_t i = 0; i < schema.count; i++) {
        Value column = columns.list->at[i];
        Str name = value_get_text(column, "name", STR_NONE);
        Value type = value_get(column, "type");
        if (!name.len || !value_is_text(type))
            return err_set(err, ERR_RUNTIME, NOWHERE, "column %u has no name or type", i + 1);
        if (!field_parse_type(arena, value_str(type), &schema.fields[i], err))
            return err_wrap(err, "column " STR_FMT, STR_ARG(name));
        read_digits(value_get(column, "digits"), &schema.fields[i]);
        schema.fields[i].name = str_copy(arena, name);
    }
    *out = schema;
    return true;
}

static Str type_text(Arena *arena, const Field *field)
{
    AUTO(text) Text text = {0};
    field_print_type(field, &text);
    return text_copy(arena, &text);
}

Value schema_value(Arena *arena, const Schema *schema)
{
    Value columns = value_list(arena);
    for (uint32_t i = 0; i < schema->count; i++) {
        Value column = value_dict(arena);
        dict_put(column.dict, STR("name"), value_text(str_copy(arena, schema->fields[i].name)));
        dict_put(column.dict, STR("type"), value_text(type_text(arena, &schema->fields[i])));
        put_digits(arena, column.dict, &schema->fields[i]);
        array_add(columns.list, column);
    }
    return columns;
}

/* ---- the file ---- */

static Str registry_name(Arena *arena, Str table)
{
    return str_print(arena, "registry/" STR_FMT ".json", STR_ARG(table));
}

static bool read_registry(const Drop *drop, Str table, Arena *arena, Value *out, Str *etag,
                          Err *err)
{
    Str content, name = registry_name(arena, table);
    bool exists;
    *out = NONE;
    TRY(store_get(drop->spec.work, name, 0, arena, &content, etag, &exists, err));
    if (!exists)
        return true;
    Err why = {0};
    Str path = store_path(drop->spec.work, arena, name);
    bool is_json = json_parse(arena, content, path, out, &why);
    Value versions = value_get(*out, "versions");
    if (is_json && value_is_list(versions) && versions.list->len)
        return true;
    err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is damaged (%s): put a copy back, or remove it: "
            "types of the table are then found out anew", STR_ARG(path),
            is_json ? "it has no versions" : why.text);
    err_drop(&why);
    return false;
}

bool registry_get(const Drop *drop, Str table, Arena *arena, Value *out, Err *err)
{
    Value found;
    TRY(read_registry(drop, table, arena, &found, NULL, err));
    *out = found;
    return true;
}

/* ---- what today's columns change ---- */

typedef struct Change {
    const Drop *drop;
    Arena *arena;
    Value registry;              /* as it is to be written                                        */
    Value newest;                /* its last version; NONE: the first one is to come              */
    Schema columns;              /* of the new version                                            */
    Value changes, noted;        /* texts: of a new version; beside one                           */
    bool has_note;               /* `missing` is other than it was                                */
} Change;

static bool is_number(const Field *field)
{
    return (field->type >= ARROW_INT8 && field->type <= ARROW_DOUBLE) ||
           field->type == ARROW_DECIMAL;
}

/* Does a column of type `wide` take what one of type `narrow` has? Texts take all, DOUBLE all
 * numbers, as the reading of CSV widens. */
static bool takes(Arena *arena, const Field *wide, const Field *narrow)
{
    Field met;
    TypeMeet meet = types_meet(arena, wide, narrow, &met);
    return meet == TYPES_SAME || meet == TYPES_NARROWER || wide->type == ARROW_TEXT ||
           (wide->type == ARROW_DOUBLE && is_number(narrow));
}

static void add_change(Value list, Str text)
{
    array_add(list.list, value_text(text));
}

/* A column that the table has already meets what was seen today. */
static void meet_column(Change *change, Field *have, const Field *seen)
{
    Arena *arena = change->arena;
    if (takes(arena, have, seen))
        return;
    Field wide = *seen;
    if (!takes(arena, seen, have) && types_meet(arena, have, seen, &wide) != TYPES_WIDEN)
        wide = (Field){.type = ARROW_TEXT};
    wide.name = have->name;
    add_change(change->changes,
               str_print(arena, "column " STR_FMT " widened from " STR_FMT " to " STR_FMT,
                         STR_ARG(have->name), STR_ARG(type_text(arena, have)),
                         STR_ARG(type_text(arena, &wide))));
    *have = wide;
}

/* Notes a column that is missing today, once; one that is there is missing no more. */
static void note_presence(Change *change, Str name, bool is_there)
{
    Value missing = value_get(change->registry, "missing");
    Value *noted = dict_find(missing.dict, name);
    if (is_there && noted) {
        dict_remove(missing.dict, value_text(name));
        change->has_note = true;
    } else if (!is_there && !noted) {
        dict_put(missing.dict, name, value_text(change->drop->spec.date));
        change->has_note = true;
    }
    noted = dict_find(missing.dict, name);
    if (noted && str_eq(value_str(*noted), change->drop->spec.date))
        add_change(change->noted, str_print(change->arena, "column " STR_FMT " is missing",
                                            STR_ARG(name)));
}

static bool compare(Change *change, const Schema *seen, Err *err)
{
    Arena *arena = change->arena;
    if (value_is_none(change->newest)) {
        change->columns = schema_copy(arena, seen);
        return true;
    }
    Schema have;
    TRY(schema_read(arena, value_get(change->newest, "columns"), &have, err));
    change->columns.fields = NEW_N(arena, Field, have.count + seen->count + 1);
    for (uint32_t i = 0; i < have.count; i++) {
        Field *column = &change->columns.fields[change->columns.count++];
        *column = have.fields[i];
        uint32_t at = schema_find(seen, column->name);
        if (at != UINT32_MAX)
            meet_column(change, column, &seen->fields[at]);
        note_presence(change, column->name, at != UINT32_MAX);
    }
    for (uint32_t i = 0; i < seen->count; i++) {
        if (schema_find(&have, seen->fields[i].name) != UINT32_MAX)
            continue;
        const Field *column = &seen->fields[i];
        change->columns.fields[change->columns.count++] = *column;
        add_change(change->changes,
                   str_print(arena, "column " STR_FMT " added (" STR_FMT ")", STR_ARG(column->name),
                             STR_ARG(type_text(arena, column))));
    }
    return true;
}

static void add_version(Change *change, uint32_t number)
{
    Value version = value_dict(change->arena);
    dict_put(version.dict, STR("version"), value_int(number));
    dict_put(version.dict, STR("date"), value_text(change->drop->spec.date));
    dict_put(version.dict, STR("run_id"), value_text(change->drop->run_id));
    dict_put(version.dict, STR("columns"), schema_value(change->arena, &change->columns));
    dict_put(version.dict, STR("changes"), change->changes);
    array_add(value_get(change->registry, "versions").list, version);
    change->newest = version;
}

/* The registry with what today's columns change in it. *is_changed: to be written. */
static bool apply(Change *change, const Schema *seen, bool *is_changed, Err *err)
{
    Arena *arena = change->arena;
    change->changes = value_list(arena);
    change->noted = value_list(arena);
    bool is_first = value_is_none(change->registry);
    if (is_first) {
        change->registry = value_dict(arena);
        dict_put(change->registry.dict, STR("versions"), value_list(arena));
    }
    if (!value_is_dict(value_get(change->registry, "missing")))
        dict_put(change->registry.dict, STR("missing"), value_dict(arena));
    Array *versions = value_get(change->registry, "versions").list;
    change->newest = is_first ? NONE : versions->at[versions->len - 1];
    TRY(compare(change, seen, err));
    *is_changed = is_first || change->changes.list->len || change->has_note;
    if (is_first || change->changes.list->len)
        add_version(change, versions->len + 1);
    return true;
}

/* Texts of all versions of this date, and notes. */
static Value changes_today(const Change *change, Arena *arena)
{
    Value all = value_list(arena);
    Array *versions = value_get(change->registry, "versions").list;
    for (uint32_t i = 0; i < versions->len; i++) {
        Value texts = value_get(versions->at[i], "changes");
        if (!value_is_list(texts) ||
            !str_eq(value_get_text(versions->at[i], "date", STR_NONE), change->drop->spec.date))
            continue;
        for (uint32_t j = 0; j < texts.list->len; j++)
            array_add(all.list, texts.list->at[j]);
    }
    for (uint32_t j = 0; j < change->noted.list->len; j++)
        array_add(all.list, change->noted.list->at[j]);
    return value_copy(arena, all);
}

/* For `weir schema`. The registry in the work folder is what decides: a state file that cannot be
 * written is a warning. */
static void tell_state(const Drop *drop, Str table, Value columns)
{
    if (!drop->state)
        return;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    const DropSpec *spec = &drop->spec;
    Str name = str_print(&arena, STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(spec->database),
                         spec->database.len ? "." : "", STR_ARG(spec->schema),
                         spec->schema.len ? "." : "", STR_ARG(table));
    uint32_t version;
    if (!statedb_schema_put(drop->state, name, columns, drop->run_id, clock_now_us(), &version,
                            &err))
        event_print(LEVEL_WARN, "DropState", "W113", STR_FMT ": its columns are not noted: %s",
                    STR_ARG(name), err.text);
}

bool registry_put(const Drop *drop, Str table, const Schema *seen, Arena *arena, uint32_t *version,
                  Value *changes, Err *err)
{
    for (int i = 0; i < MOST_TRIES; i++) {
        AUTO(arena) Arena scratch = {0};
        Change change = {.drop = drop, .arena = &scratch};
        WriteOptions options = {.is_durable = true, .content_type = STR("application/json")};
        bool is_changed;
        TRY(read_registry(drop, table, &scratch, &change.registry, &options.if_etag, err));
        options.if_absent = value_is_none(change.registry);
        TRY(apply(&change, seen, &is_changed, err));
        AUTO(text) Text text = {0};
        json_print(change.registry, (JsonStyle){.indent = 1, .keeps_unicode = true}, &text);
        if (is_changed && !store_put(drop->spec.work, registry_name(&scratch, table),
                                     text_str(&text), &options, &scratch, NULL, err)) {
            if (err->kind != ERR_CONFLICT)
                return false;
            err_drop(err);
            continue;
        }
        tell_state(drop, table, value_get(change.newest, "columns"));
        *version = (uint32_t)value_get(change.newest, "version").number;
        *changes = changes_today(&change, arena);
        return true;
    }
    return err_set(err, ERR_CONFLICT, NOWHERE,
                   "the registry of " STR_FMT " is written by others all the time",
                   STR_ARG(table));
}
