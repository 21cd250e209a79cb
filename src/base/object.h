/* object.h: things with behaviour that Jinja code can hold: relations, loops, macros, modules.
 *
 * An object is a struct that begins with `Object base`. Its type is a table of what it can do;
 * NULL means Python's default for a plain object.
 */
#ifndef BASE_OBJECT_H
#define BASE_OBJECT_H

#include "base/value.h"

struct Object {
    const ObjectType *type;
};

/* A call from a template (or from C). Views: hold for the call only. */
typedef struct Call {
    Arena *arena;            /* for what the callee makes: lives as long as the render          */
    void *interp;            /* the evaluator at work (struct Interp of jinja/), NULL from C    */
    const Value *args;
    uint32_t arg_count;
    const Str *names;        /* keyword names, values behind the positional ones:               */
    const Value *named;      /*   names[i] = named[i]                                           */
    uint32_t named_count;
    Place place;             /* of the call; file is the template's name                        */
} Call;

/* self: NULL for a plain function. Fails by setting err; ERR_RETURN is `return(x)` on its way. */
typedef bool (*NativeFn)(Object *self, Call *call, Value *out, Err *err);

/* A method or function that can be called. */
typedef struct Method {
    const char *name;
    NativeFn call;
} Method;

struct ObjectType {
    const char *name;        /* Python's type name, for messages: "BaseRelation"                 */
    const Method *methods;   /* ends with a NULL name; looked up before `get`                    */

    /* An attribute. True with *out UNDEFINED if there is none. */
    bool (*get)(Object *self, Arena *arena, Str name, Value *out, Err *err);
    /* self[key]; NULL: Python's "not subscriptable" falls back to get. */
    bool (*item)(Object *self, Arena *arena, Value key, Value *out, Err *err);
    /* self.name = value, as `set ns.name = ...`; NULL: refused. */
    bool (*set)(Object *self, Str name, Value value, Err *err);
    bool (*call)(Object *self, Call *call, Value *out, Err *err);
    void (*print)(Object *self, Text *out);              /* str()                                */
    void (*repr)(Object *self, Text *out);               /* NULL: as print                       */
    bool (*truth)(Object *self);                         /* NULL: true unless length() is 0      */
    int64_t (*length)(Object *self);                     /* NULL: has no len()                   */
    /* Iteration i = 0, 1, ...: true while there is one. NULL: not iterable. */
    bool (*next)(Object *self, Arena *arena, uint64_t i, Value *out);
    bool (*contains)(Object *self, Value item);          /* NULL: by iteration                   */
    bool (*equal)(Object *self, Value other);            /* NULL: identity                       */
    uint32_t (*hash)(Object *self);                      /* NULL: by address                     */
    /* Arithmetic and order: op is "+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=";
     * self is the left operand unless is_reversed. *out UNDEFINED = not supported. */
    bool (*binary)(Object *self, const char *op, Value other, bool is_reversed, Arena *arena,
                   Value *out, Err *err);
    bool is_mapping, is_sequence;                        /* jinja's tests `mapping`, `sequence`  */
};

/* The type's method of that name, or NULL. Cost: a scan of the table. */
const Method *object_method(const ObjectType *type, Str name);

/* A function object over a C function; `self` is handed to it (NULL: none). */
Value value_function(Arena *arena, const char *name, NativeFn call, Object *self);

/* Is it of that type? */
static inline bool value_is_a(Value v, const ObjectType *type)
{
    return v.kind == VALUE_OBJECT && v.object->type == type;
}

/* Calls anything callable from C. `like` gives arena, interp and place. */
MUST bool value_call(Value callee, Call *call, Value *out, Err *err);

/* Sorts a call's arguments into slots by parameter names, with Python's messages for wrong ones.
 *
 * function  its name, for the messages
 * names     `count` parameter names; the first `required` have no default
 * slots     `count` values, preset by the caller with the defaults
 * Fails     ERR_TYPE: missing, surplus, unknown or doubled arguments
 */
MUST bool call_bind(const Call *call, const char *function, const char *const *names,
                    uint32_t count, uint32_t required, Value *slots, Err *err);

/* The keyword argument of that name, or NULL. */
const Value *call_named(const Call *call, const char *name);

#endif
