/* undefined.c: values that are nothing, and what using them says. */
#include "jinja/interp.h"

Value undefined_make(Arena *arena, Str name, const char *owner)
{
    Undefined *undefined = NEW(arena, Undefined);
    undefined->name = name;
    undefined->owner = owner;
    return (Value){.kind = VALUE_UNDEFINED, .undefined = undefined};
}

Value undefined_hinted(Arena *arena, const char *hint)
{
    Undefined *undefined = NEW(arena, Undefined);
    undefined->hint = str_of(hint);
    return (Value){.kind = VALUE_UNDEFINED, .undefined = undefined};
}

const Str inline_if_name = STR_INIT("x if c");

bool undefined_is_forgiven(Value v)
{
    return v.undefined && v.undefined->name.at == inline_if_name.at;
}

bool undefined_fail(Value undefined, Err *err)
{
    const Undefined *why = undefined.undefined;
    if (!why)
        return err_set(err, ERR_UNDEFINED, NOWHERE, "the value is undefined");
    if (why->hint.len)
        return err_set(err, ERR_UNDEFINED, NOWHERE, STR_FMT, STR_ARG(why->hint));
    if (!why->owner)
        return err_set(err, ERR_UNDEFINED, NOWHERE, "'" STR_FMT "' is undefined",
                       STR_ARG(why->name));
    bool is_none = strcmp(why->owner, "NoneType") == 0;
    return err_set(err, ERR_UNDEFINED, NOWHERE, "'%s%s' has no attribute '" STR_FMT "'",
                   is_none ? "None" : why->owner, is_none ? "" : " object", STR_ARG(why->name));
}

bool undefined_attribute(Interp *interp, Value undefined, Value *out)
{
    if (interp && interp->undefined == UNDEFINED_PARSING) {
        *out = undefined;
        return true;
    }
    return undefined_fail(undefined, interp ? interp->err : NULL);
}

UndefinedMode interp_undefined_mode(const Interp *interp)
{
    return interp ? interp->undefined : UNDEFINED_LENIENT;
}
