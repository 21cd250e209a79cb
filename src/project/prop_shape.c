/* prop_shape.c: the shapes of property entries, and dbt's words for wrong ones. */
#include "project/prop.h"

enum { SHOWN_BYTES_MAX = 300 };

static void show(Value v, Text *out)
{
    AUTO(text) Text whole = {0};
    value_repr(v, &whole);
    Str shown = text_str(&whole);
    text_add(out, str_slice(shown, 0, SHOWN_BYTES_MAX));
    if (shown.len > SHOWN_BYTES_MAX)
        text_add_c(out, "...");
}

bool entry_fail(const Entry *entry, Value where, Err *err, const char *format, ...)
{
    const SourceFile *file = entry->document->file;
    AUTO(text) Text reason = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&reason, format, args);
    va_end(args);
    AUTO(text) Text data = {0};
    show(entry->raw, &data);
    Place place = document_place(entry->document, where);
    if (!place.line)
        place = document_place(entry->document, entry->raw);
    const char *key = prop_key_name(entry->key);
    return err_set_in(err, ERR_PARSING, place, file->text,
                      "Invalid %s config given in " STR_FMT " @ %s: " STR_FMT " - " STR_FMT, key,
                      STR_ARG(file->original_file_path), key, STR_ARG(text_str(&data)),
                      STR_ARG(text_str(&reason)));
}

/* A value that is none has no place in the file's text worth pointing at. */
static bool fail_type(const Entry *entry, const char *field, Value v, const char *type, Err *err)
{
    AUTO(text) Text shown = {0};
    show(v, &shown);
    return entry_fail(entry, v, err, "at path ['%s']: " STR_FMT " is not of type '%s'", field,
                      STR_ARG(text_str(&shown)), type);
}

static bool check_items(const Entry *entry, const char *field, Value list, FieldType type, Err *err)
{
    if (list.kind != VALUE_LIST)
        return fail_type(entry, field, list, "array", err);
    for (uint32_t i = 0; i < list.list->len; i++) {
        Value item = list.list->at[i];
        if (type == FIELD_TEXTS && item.kind != VALUE_TEXT)
            return fail_type(entry, field, item, "string", err);
        if ((type == FIELD_DICTS || type == FIELD_NAMED) && item.kind != VALUE_DICT)
            return fail_type(entry, field, item, "object", err);
        if (type == FIELD_TESTS && item.kind != VALUE_DICT && item.kind != VALUE_TEXT) {
            AUTO(text) Text shown = {0};
            show(item, &shown);
            return entry_fail(entry, item, err,
                              "at path ['%s'][%u]: " STR_FMT
                              " is not valid: a test is a name or a dict of one name",
                              field, i, STR_ARG(text_str(&shown)));
        }
        if (type != FIELD_NAMED)
            continue;
        Value name = value_get(item, "name");
        if (value_is_undefined(name))
            return entry_fail(entry, item, err,
                              "at path ['%s'][%u]: 'name' is a required property", field, i);
        if (name.kind != VALUE_TEXT)
            return fail_type(entry, "name", name, "string", err);
    }
    return true;
}

static bool check_field(const Entry *entry, const char *field, Value v, FieldType type, Err *err)
{
    bool is_none = value_is_none(v);
    switch (type) {
    case FIELD_TEXT_OR_NONE:
        if (is_none)
            return true;
        __attribute__((fallthrough));
    case FIELD_TEXT:
        return v.kind == VALUE_TEXT || fail_type(entry, field, v, "string", err);
    case FIELD_BOOL_OR_NONE:
        return is_none || v.kind == VALUE_BOOL || fail_type(entry, field, v, "boolean", err);
    case FIELD_DICT:
        return v.kind == VALUE_DICT || fail_type(entry, field, v, "object", err);
    default:
        return check_items(entry, field, v, type, err);
    }
}

bool fields_check(const Entry *entry, Value dict, const FieldRule *rules, Err *err)
{
    for (; rules->name; rules++) {
        Value v = value_get(dict, rules->name);
        if (!value_is_undefined(v))
            TRY(check_field(entry, rules->name, v, rules->type, err));
        else if (rules->is_required)
            return entry_fail(entry, dict, err, "'%s' is a required property", rules->name);
    }
    return true;
}

bool tests_of(const Entry *entry, Value owner, Value *out, Err *err)
{
    Value tests = value_get(owner, "tests"), data_tests = value_get(owner, "data_tests");
    if (value_truth(tests) && !value_is_undefined(data_tests))
        return entry_fail(entry, tests, err,
                          "Invalid test config: cannot have both 'tests' and 'data_tests' defined");
    *out = value_truth(tests) ? tests : data_tests;
    return true;
}
