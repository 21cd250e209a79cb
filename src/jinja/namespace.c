/* namespace.c: namespace(): the one thing whose attributes a template can set. */
#include "jinja/interp.h"

typedef struct Namespace {
    Object base;
    Arena *arena;
    Dict *fields;
} Namespace;

static bool namespace_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    Value *found = dict_find(((Namespace *)self)->fields, name);
    *out = found ? *found : UNDEFINED;
    return true;
}

static bool namespace_set(Object *self, Str name, Value value, Err *err)
{
    (void)err;
    dict_put(((Namespace *)self)->fields, name, value);
    return true;
}

static void namespace_print(Object *self, Text *out)
{
    text_add_c(out, "<Namespace ");
    value_repr(value_of_dict(((Namespace *)self)->fields), out);
    text_add_char(out, '>');
}

const ObjectType namespace_type = {
    .name = "Namespace",
    .get = namespace_get,
    .set = namespace_set,
    .print = namespace_print,
};

/* namespace(mapping_or_pairs, a=1, ...), as dict() */
static bool namespace_make(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    Namespace *space = NEW(call->arena, Namespace);
    space->base.type = &namespace_type;
    space->fields = dict_make(call->arena, call->named_count);
    if (call->arg_count) {
        Value dict, function = global_find(STR("dict"));
        Call inner = *call;
        inner.named_count = 0;
        TRY(value_call(function, &inner, &dict, err));
        Value key, value;
        for (uint32_t at = 0; dict_next(dict.dict, &at, &key, &value);)
            dict_put_keyed(space->fields, key, value);
    }
    for (uint32_t i = 0; i < call->named_count; i++)
        dict_put(space->fields, call->names[i], call->named[i]);
    *out = value_of_object(&space->base);
    return true;
}

static bool factory_call(Object *self, Call *call, Value *out, Err *err)
{
    return namespace_make(self, call, out, err);
}

static void factory_print(Object *self, Text *out)
{
    (void)self;
    text_add_c(out, "<class 'jinja2.utils.Namespace'>");
}

static const ObjectType factory_type = {
    .name = "type", .call = factory_call, .print = factory_print};
static Object factory = {&factory_type};

Value namespace_function(void)
{
    return value_of_object(&factory);
}
