/* prop_semantic_shape.c: dicts of the semantic layer, checked and filled by tables of fields. */
#include "project/prop_semantic.h"

const char *const granularity_words[] = {"nanosecond", "microsecond", "millisecond", "second",
                                         "minute", "hour", "day", "week", "month", "quarter",
                                         "year", NULL};
const char *const aggregation_words[] = {"sum", "min", "max", "count_distinct", "sum_boolean",
                                         "average", "percentile", "median", "count", NULL};
const char *const entity_words[] = {"foreign", "natural", "primary", "unique", NULL};
const char *const dimension_words[] = {"categorical", "time", NULL};

/* ---- messages ---- */

static bool fail(const ShapeWalk *walk, Value where, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

static bool fail(const ShapeWalk *walk, Value where, Err *err, const char *format, ...)
{
    AUTO(text) Text reason = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&reason, format, args);
    va_end(args);
    return entry_fail(walk->entry, where, err, "at path [" STR_FMT "]: " STR_FMT,
                      STR_ARG(text_str(&walk->path)), STR_ARG(text_str(&reason)));
}

static bool fail_type(const ShapeWalk *walk, Value v, const char *type, Err *err)
{
    AUTO(text) Text shown = {0};
    value_repr(v, &shown);
    return fail(walk, v, err, STR_FMT " is not of type '%s'",
                STR_ARG(str_slice(text_str(&shown), 0, 200)), type);
}

static bool fail_word(const ShapeWalk *walk, Value v, const char *const *words, Err *err)
{
    AUTO(text) Text list = {0}, shown = {0};
    Str names[16];
    uint32_t count = 0;
    for (; words[count] && count < COUNT_OF(names); count++) {
        names[count] = str_of(words[count]);
        text_print(&list, "%s'%s'", count ? ", " : "", words[count]);
    }
    value_repr(v, &shown);
    Str near = str_nearest(value_str(v), names, count);
    return fail(walk, v, err, STR_FMT " is not one of [" STR_FMT "]%s" STR_FMT "%s",
                STR_ARG(str_slice(text_str(&shown), 0, 200)), STR_ARG(text_str(&list)),
                near.len ? ". Did you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
}

static bool fail_key(const ShapeWalk *walk, Value key, const ShapeField *fields, Err *err)
{
    Str names[40];
    uint32_t count = 0;
    for (; fields->name && count < COUNT_OF(names); fields++)
        if (fields->type != SHAPE_NONE)
            names[count++] = str_of(fields->name);
    Str near = str_nearest(value_str(key), names, count);
    return fail(walk, key, err,
                "Additional properties are not allowed ('" STR_FMT "' was unexpected)%s" STR_FMT
                "%s",
                STR_ARG(value_str(key)), near.len ? ". Did you mean '" : "", STR_ARG(near),
                near.len ? "'?" : "");
}

/* ---- values ---- */

bool window_parse(const Entry *entry, Arena *arena, Value given, Value *out, Err *err)
{
    *out = NONE;
    if (value_is_undefined(given) || value_is_none(given))
        return true;
    Str text = str_lower(arena, value_str(given));
    ptrdiff_t blank = str_find_char(text, ' ');
    Str count = blank > 0 ? str_slice(text, 0, (size_t)blank) : text;
    Str grain = blank > 0 ? str_slice(text, (size_t)blank + 1, text.len) : STR_NONE;
    if (!grain.len || str_find_char(grain, ' ') >= 0)
        return entry_fail(entry, given, err,
                          "Invalid window (" STR_FMT ") in cumulative/conversion metric. Should be "
                          "of the form `<count> <granularity>`, e.g., `28 days`",
                          STR_ARG(value_str(given)));
    int64_t number = 0;
    bool is_number = count.len > 0 && count.len <= 9;
    for (size_t i = 0; i < count.len && is_number; i++) {
        is_number = count.at[i] >= '0' && count.at[i] <= '9';
        number = number * 10 + (count.at[i] - '0');
    }
    if (!is_number)
        return entry_fail(entry, given, err,
                          "Invalid count (" STR_FMT ") in cumulative/conversion metric window "
                          "string: (" STR_FMT ")",
                          STR_ARG(count), STR_ARG(value_str(given)));
    for (uint32_t i = 0; granularity_words[i] && grain.at[grain.len - 1] == 's'; i++)
        if (str_is(str_slice(grain, 0, grain.len - 1), granularity_words[i])) {
            grain = str_slice(grain, 0, grain.len - 1);
            break;
        }
    *out = value_dict(arena);
    dict_put(out->dict, STR("count"), value_int(number));
    dict_put(out->dict, STR("granularity"), value_text(grain));
    out->at = given.at;
    return true;
}

static Value filter_make(Arena *arena, Value given)
{
    Value list = value_list(arena), made = value_dict(arena);
    uint32_t count = given.kind == VALUE_LIST ? given.list->len : 1;
    for (uint32_t i = 0; i < count; i++) {
        Value one = value_dict(arena);
        dict_put(one.dict, STR("where_sql_template"),
                 given.kind == VALUE_LIST ? given.list->at[i] : given);
        array_add(list.list, one);
    }
    dict_put(made.dict, STR("where_filters"), list);
    return made;
}

static bool check_texts(const ShapeWalk *walk, Value given, bool may_be_text, Err *err)
{
    if (may_be_text && given.kind == VALUE_TEXT)
        return true;
    if (given.kind != VALUE_LIST)
        return fail_type(walk, given, "array", err);
    for (uint32_t i = 0; i < given.list->len; i++)
        if (given.list->at[i].kind != VALUE_TEXT)
            return fail_type(walk, given.list->at[i], "string", err);
    return true;
}

static bool fill_object(ShapeWalk *walk, Value given, const ShapeField *fields, Value *out,
                        Err *err)
{
    Dict *made = dict_make(walk->arena, 12);
    if (given.kind != VALUE_DICT)
        return fail_type(walk, given, "object", err);
    TRY(shape_fill(walk, given, fields, made, err));
    *out = value_of_dict(made);
    out->at = given.at;
    return true;
}

/* A bare name stands for an object with nothing else. */
static bool fill_input(ShapeWalk *walk, Value given, const ShapeField *fields, Value *out, Err *err)
{
    if (given.kind != VALUE_TEXT)
        return fill_object(walk, given, fields, out, err);
    Value alone = value_dict(walk->arena);
    dict_put(alone.dict, STR("name"), given);
    alone.at = given.at;
    return fill_object(walk, alone, fields, out, err);
}

static bool fill_list(ShapeWalk *walk, Value given, const ShapeField *field, bool are_inputs,
                      Value *out, Err *err)
{
    if (given.kind != VALUE_LIST)
        return fail_type(walk, given, "array", err);
    *out = value_list(walk->arena);
    for (uint32_t i = 0; i < given.list->len; i++) {
        size_t before = walk->path.len;
        Value item;
        text_print(&walk->path, "][%u", i);
        TRY(are_inputs ? fill_input(walk, given.list->at[i], field->fields, &item, err)
                       : fill_object(walk, given.list->at[i], field->fields, &item, err));
        text_truncate(&walk->path, before);
        array_add(out->list, item);
    }
    out->at = given.at;
    return true;
}

static bool fill_word(const ShapeWalk *walk, Value given, const char *const *words, Err *err)
{
    if (given.kind != VALUE_TEXT)
        return fail_type(walk, given, "string", err);
    for (uint32_t i = 0; words[i]; i++)
        if (value_is(given, words[i]))
            return true;
    return fail_word(walk, given, words, err);
}

static Value as_text(Arena *arena, Value given)
{
    if (given.kind == VALUE_TEXT)
        return given;
    AUTO(text) Text shown = {0};
    value_print(given, &shown);
    Value made = value_text(text_copy(arena, &shown));
    made.at = given.at;
    return made;
}

/* ---- absent values ---- */

static Value absent(Arena *arena, const ShapeField *field)
{
    switch (field->type) {
    case SHAPE_BOOL:
    case SHAPE_FALSE: return value_bool(false);
    case SHAPE_DICT: return value_dict(arena);
    case SHAPE_TEXTS:
    case SHAPE_TAGS:
    case SHAPE_OBJECTS:
    case SHAPE_INPUTS: return value_list(arena);
    case SHAPE_META: {
        Value made = value_dict(arena);
        dict_put(made.dict, STR("meta"), value_dict(arena));
        return made;
    }
    default: return field->preset ? value_text(str_of(field->preset)) : NONE;
    }
}

/* Fields for which the file may say null. */
static bool may_be_none(const ShapeField *field)
{
    switch (field->type) {
    case SHAPE_TEXT: return !field->preset;
    case SHAPE_INT:
    case SHAPE_NUMBER:
    case SHAPE_EXPR:
    case SHAPE_OBJECT:
    case SHAPE_OBJECTS_OR_NONE:
    case SHAPE_INPUT:
    case SHAPE_INPUTS:
    case SHAPE_FILTER:
    case SHAPE_WINDOW: return true;
    case SHAPE_WORD: return !field->preset && !field->is_required;
    default: return false;
    }
}

static bool fill_given(ShapeWalk *walk, Value given, const ShapeField *field, Value *out, Err *err)
{
    bool is_number = given.kind == VALUE_INT || given.kind == VALUE_FLOAT;
    *out = given;
    switch (field->type) {
    case SHAPE_TEXT:
    case SHAPE_NAME: return given.kind == VALUE_TEXT || fail_type(walk, given, "string", err);
    case SHAPE_BOOL: return given.kind == VALUE_BOOL || fail_type(walk, given, "boolean", err);
    case SHAPE_FALSE:
        *out = value_bool(false);
        return given.kind == VALUE_BOOL || fail_type(walk, given, "boolean", err);
    case SHAPE_INT: return given.kind == VALUE_INT || fail_type(walk, given, "integer", err);
    case SHAPE_NUMBER: return is_number || fail_type(walk, given, "number", err);
    case SHAPE_DICT: return given.kind == VALUE_DICT || fail_type(walk, given, "object", err);
    case SHAPE_TEXTS: return check_texts(walk, given, false, err);
    case SHAPE_TAGS: return check_texts(walk, given, true, err);
    case SHAPE_EXPR:
        *out = as_text(walk->arena, given);
        return is_number || given.kind == VALUE_BOOL || given.kind == VALUE_TEXT ||
               fail_type(walk, given, "string", err);
    case SHAPE_WORD: return fill_word(walk, given, field->words, err);
    case SHAPE_OBJECT: return fill_object(walk, given, field->fields, out, err);
    case SHAPE_OBJECTS:
    case SHAPE_OBJECTS_OR_NONE: return fill_list(walk, given, field, false, out, err);
    case SHAPE_INPUT: return fill_input(walk, given, field->fields, out, err);
    case SHAPE_INPUTS: return fill_list(walk, given, field, true, out, err);
    case SHAPE_FILTER:
        TRY(check_texts(walk, given, true, err));
        *out = filter_make(walk->arena, given);
        out->at = given.at;
        return true;
    case SHAPE_WINDOW:
        if (given.kind != VALUE_TEXT)
            return fail_type(walk, given, "string", err);
        return window_parse(walk->entry, walk->arena, given, out, err);
    case SHAPE_META: {
        if (given.kind != VALUE_DICT)
            return fail_type(walk, given, "object", err);
        Value meta = value_get(given, "meta");
        *out = value_dict(walk->arena);
        dict_put(out->dict, STR("meta"), value_is_dict(meta) ? meta : value_dict(walk->arena));
        return true;
    }
    case SHAPE_NONE: break;
    }
    return true;
}

/* ---- the walk ---- */

static bool is_key(const ShapeField *fields, Str key)
{
    for (; fields->name; fields++)
        if (fields->type != SHAPE_NONE && str_is(key, fields->name))
            return true;
    return false;
}

bool shape_fill(ShapeWalk *walk, Value given, const ShapeField *fields, Dict *out, Err *err)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(given.dict, &at, &key, &value);)
        if (!is_key(fields, value_str(key)))
            return fail_key(walk, key, fields, err);
    for (; fields->name; fields++) {
        Value v = fields->type == SHAPE_NONE ? UNDEFINED : value_get(given, fields->name);
        if (value_is_undefined(v) && fields->is_required)
            return fail(walk, given, err, "'%s' is a required property", fields->name);
        if (value_is_undefined(v) || (value_is_none(v) && may_be_none(fields))) {
            dict_put(out, str_of(fields->name), absent(walk->arena, fields));
            continue;
        }
        size_t before = walk->path.len;
        text_print(&walk->path, "%s'%s'", before ? "][" : "", fields->name);
        TRY(fill_given(walk, v, fields, &v, err));
        text_truncate(&walk->path, before);
        dict_put(out, str_of(fields->name), v);
    }
    return true;
}
