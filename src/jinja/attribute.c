/* attribute.c: x.name and x[key]: attributes, items, methods.
 *
 * A method is looked up by its type and name once a render; `x.name(...)` calls it without making
 * an object of it.
 */
#include "jinja/interp.h"
#include "jinja/python.h"

/* One address for each kind: the `type` of values that are no objects. */
static const char kind_rows[VALUE_OBJECT];

static const MethodEntry *look_up(MethodEntry *entry, const void *type, Value v, Str name)
{
    entry->type = type;
    entry->method = NULL;
    entry->value_method = NULL;
    if (v.kind == VALUE_OBJECT)
        entry->method = object_method(v.object->type, name);
    else
        entry->value_method = value_method_find(v, name);
    return entry;
}

static bool is_found(const MethodEntry *entry)
{
    return entry->method || entry->value_method;
}

bool method_find(Interp *interp, Value v, const Name *name, const MethodEntry **out)
{
    const void *type = v.kind == VALUE_OBJECT ? (const void *)v.object->type
                                              : (const void *)&kind_rows[v.kind];
    size_t mixed = (uintptr_t)type / 8 ^ (uintptr_t)name / 16 ^ (uintptr_t)type;
    MethodEntry *entry = &interp->methods[mixed & (METHOD_CACHE_SIZE - 1)];
    if (entry->type != type || entry->name != name) {
        entry->name = name;
        look_up(entry, type, v, name->text);
    }
    *out = entry;
    return is_found(entry);
}

/* ---- methods as values: {% set f = x.append %} ---- */

typedef struct BoundMethod {
    Object base;
    Value self;
    const Method *method;
    ValueMethodFn value_method;
    Str name;
} BoundMethod;

static bool bound_call(Object *self, Call *call, Value *out, Err *err)
{
    BoundMethod *bound = (BoundMethod *)self;
    if (bound->method)
        return bound->method->call(bound->self.object, call, out, err);
    return bound->value_method(call, bound->self, out, err);
}

static void bound_print(Object *self, Text *out)
{
    BoundMethod *bound = (BoundMethod *)self;
    text_print(out, "<built-in method " STR_FMT " of %s object>", STR_ARG(bound->name),
               value_type_name(bound->self));
}

static const ObjectType bound_type = {
    .name = "builtin_function_or_method", .call = bound_call, .print = bound_print};

static Value bind_method(Arena *arena, Value self, const MethodEntry *entry, Str name)
{
    BoundMethod *bound = NEW(arena, BoundMethod);
    *bound = (BoundMethod){{&bound_type}, self, entry->method, entry->value_method, name};
    return value_of_object(&bound->base);
}

/* ---- attributes ---- */

static const char *owner_name(Value v)
{
    return value_type_name(v);
}

/* What remains when there is no method of that name. */
static bool plain_attribute(Interp *interp, Arena *arena, Value v, Str name, uint32_t hash,
                            Value *out, Err *err)
{
    (void)interp;
    *out = UNDEFINED;
    if (v.kind == VALUE_DICT) {
        const Value *found = dict_find_hashed(v.dict, name, hash);
        if (found)
            *out = *found;
    } else if (v.kind == VALUE_OBJECT) {
        const ObjectType *type = v.object->type;
        if (type->get)
            TRY(type->get(v.object, arena, name, out, err));
        if (value_is_undefined(*out) && !out->undefined && type->item)
            TRY(type->item(v.object, arena, value_text(name), out, err));
    }
    if (value_is_undefined(*out) && !out->undefined)
        *out = undefined_make(arena, name, owner_name(v));
    return true;
}

bool attribute_get(Interp *interp, Value v, const Name *name, Value *out)
{
    const MethodEntry *entry;
    if (v.kind == VALUE_UNDEFINED)
        return undefined_attribute(interp, v, out);
    if (!method_find(interp, v, name, &entry))
        return plain_attribute(interp, interp->arena, v, name->text, name->hash, out,
                               interp->err);
    *out = bind_method(interp->arena, v, entry, name->text);
    return true;
}

bool jinja_attribute(Interp *interp, Arena *arena, Value v, Str name, Value *out, Err *err)
{
    MethodEntry entry;
    if (v.kind == VALUE_UNDEFINED) {
        if (interp && interp->undefined == UNDEFINED_PARSING)
            return *out = v, true;
        return undefined_fail(v, err);
    }
    look_up(&entry, NULL, v, name);
    if (!is_found(&entry))
        return plain_attribute(interp, arena, v, name, str_hash(name), out, err);
    *out = bind_method(arena, v, &entry, name);
    return true;
}

/* ---- items ---- */

static Value no_element(Arena *arena, Value v, Value key)
{
    AUTO(text) Text text = {0};
    text_print(&text, "%s object has no element ", owner_name(v));
    value_repr(key, &text);
    Undefined *undefined = NEW(arena, Undefined);
    undefined->hint = text_copy(arena, &text);
    return (Value){.kind = VALUE_UNDEFINED, .undefined = undefined};
}

/* The character at an index of a text; false when there is none. */
static bool character_at(Str s, int64_t index, Value *out)
{
    bool is_ascii = str_is_ascii(s);
    int64_t length = is_ascii ? (int64_t)s.len : (int64_t)utf8_length(s);
    if (index < 0)
        index += length;
    if (index < 0 || index >= length)
        return false;
    size_t from = is_ascii ? (size_t)index : text_offset(s, index), to = from;
    utf8_next(s, &to);
    *out = value_text(str_slice(s, from, to));
    return true;
}

/* v[key] as Python has it; false: LookupError or TypeError. */
static bool plain_item(Value v, Value key, Value *out)
{
    if (v.kind == VALUE_DICT) {
        const Value *found = dict_find_value(v.dict, key);
        if (found)
            *out = *found;
        return found != NULL;
    }
    if (!is_whole(key))
        return false;
    int64_t index = whole_of(key);
    if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) {
        if (index < 0)
            index += v.list->len;
        if (index < 0 || index >= v.list->len)
            return false;
        *out = v.list->at[index];
        return true;
    }
    return v.kind == VALUE_TEXT && character_at(value_str(v), index, out);
}

bool jinja_item(Interp *interp, Arena *arena, Value v, Value key, Value *out, Err *err)
{
    if (v.kind == VALUE_UNDEFINED) {
        if (interp && interp->undefined == UNDEFINED_PARSING)
            return *out = v, true;
        return undefined_fail(v, err);
    }
    if (plain_item(v, key, out))
        return true;
    if (v.kind == VALUE_OBJECT && v.object->type->item) {
        *out = UNDEFINED;
        TRY(v.object->type->item(v.object, arena, key, out, err));
        if (!value_is_undefined(*out) || out->undefined)
            return true;
    }
    if (key.kind != VALUE_TEXT) {
        *out = no_element(arena, v, key);
        return true;
    }
    Str name = value_str(key);
    MethodEntry entry;
    look_up(&entry, NULL, v, name);
    if (is_found(&entry)) {
        *out = bind_method(arena, v, &entry, name);
        return true;
    }
    *out = UNDEFINED;
    if (v.kind == VALUE_OBJECT && v.object->type->get)
        TRY(v.object->type->get(v.object, arena, name, out, err));
    if (value_is_undefined(*out) && !out->undefined)
        *out = undefined_make(arena, name, owner_name(v));
    return true;
}
