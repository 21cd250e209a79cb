/* object.c: calling things and sorting their arguments. */
#include "base/object.h"

const Method *object_method(const ObjectType *type, Str name)
{
    for (const Method *method = type->methods; method && method->name; method++)
        if (str_is(name, method->name))
            return method;
    return NULL;
}

typedef struct Function {
    Object base;
    const char *name;
    NativeFn call;
    Object *self;
} Function;

static bool function_call(Object *self, Call *call, Value *out, Err *err)
{
    Function *function = (Function *)self;
    return function->call(function->self, call, out, err);
}

static void function_print(Object *self, Text *out)
{
    text_print(out, "<function %s>", ((Function *)self)->name);
}

static const ObjectType function_type = {
    .name = "function", .call = function_call, .print = function_print};

Value value_function(Arena *arena, const char *name, NativeFn call, Object *self)
{
    Function *function = NEW(arena, Function);
    *function = (Function){{&function_type}, name, call, self};
    return value_of_object(&function->base);
}

bool value_call(Value callee, Call *call, Value *out, Err *err)
{
    if (callee.kind == VALUE_OBJECT && callee.object->type->call)
        return callee.object->type->call(callee.object, call, out, err);
    if (callee.kind == VALUE_UNDEFINED && callee.undefined && callee.undefined->name.len)
        return err_set(err, ERR_UNDEFINED, NOWHERE, "'" STR_FMT "' is undefined",
                       STR_ARG(callee.undefined->name));
    return err_set(err, ERR_TYPE, NOWHERE, "'%s' object is not callable",
                   value_type_name(callee));
}

static uint32_t find_name(Str name, const char *const *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_is(name, names[i]))
            return i;
    return count;
}

bool call_bind(const Call *call, const char *function, const char *const *names, uint32_t count,
               uint32_t required, Value *slots, Err *err)
{
    assert(count <= 64);
    uint64_t given = 0;
    if (call->arg_count > count)
        return err_set(err, ERR_TYPE, NOWHERE,
                       "%s() takes at most %u positional argument%s but %u were given", function,
                       count, count == 1 ? "" : "s", call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        slots[i] = call->args[i];
        given |= (uint64_t)1 << i;
    }
    for (uint32_t i = 0; i < call->named_count; i++) {
        uint32_t slot = find_name(call->names[i], names, count);
        if (slot == count)
            return err_set(err, ERR_TYPE, NOWHERE,
                           "%s() got an unexpected keyword argument '" STR_FMT "'", function,
                           STR_ARG(call->names[i]));
        if (given >> slot & 1)
            return err_set(err, ERR_TYPE, NOWHERE, "%s() got multiple values for argument '%s'",
                           function, names[slot]);
        slots[slot] = call->named[i];
        given |= (uint64_t)1 << slot;
    }
    for (uint32_t i = 0; i < required; i++)
        if (!(given >> i & 1))
            return err_set(err, ERR_TYPE, NOWHERE,
                           "%s() missing 1 required positional argument: '%s'", function,
                           names[i]);
    return true;
}

const Value *call_named(const Call *call, const char *name)
{
    for (uint32_t i = 0; i < call->named_count; i++)
        if (str_is(call->names[i], name))
            return &call->named[i];
    return NULL;
}
