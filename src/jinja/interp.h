/* interp.h: private to jinja/: one render at work.
 *
 *   Interp -> Frame (call that runs) -> Frame (function around it) -> ... -> Frame of the root
 *               slots: the variables
 *
 *   render.c    a render's beginning and end        attribute.c  x.a, x['a'], methods
 *   eval.c      expressions                         loop.c       for, the loop object
 *   exec.c      statements                          macro.c      calls of macros and call blocks
 *   undefined.c Undefined                           namespace.c  namespace()
 */
#ifndef JINJA_INTERP_H
#define JINJA_INTERP_H

#include "jinja/ast.h"

typedef struct Frame {
    Value *slots;
    struct Frame *parent;      /* of the function around this one */
    const Template *template;
} Frame;

/* A slot is a Value; an undefined one says more in `len`. */
enum { SLOT_UNRESOLVED = 0, SLOT_UNDEFINED = 1, SLOT_MISSING = 2 };

/* Methods of the types seen so far, by (type, name). A power of two. */
enum { METHOD_CACHE_SIZE = 64 };
typedef struct MethodEntry {
    const void *type;          /* ObjectType, or the address of a kind's row */
    const Name *name;
    const Method *method;      /* of an object; NULL: has none               */
    ValueMethodFn value_method;
} MethodEntry;

typedef struct MacroCall {
    const Macro *macro;
    struct MacroCall *below;
} MacroCall;

enum {
    CALL_DEPTH_LIMIT = 200,    /* default of RenderOptions.depth_limit                           */
    LEVEL_LIMIT = 2000,        /* nested nodes of all calls: 2 KiB of C stack each under ASan    */
    STEPS_BETWEEN_CHECKS = 1024,
    TRAIL_LINES = 10,
};

struct Interp {
    Arena *arena;
    const RenderOptions *options;
    Text *out;
    Err *err;
    Frame *frame;
    size_t out_limit;          /* out->len may not pass it */
    uint32_t level, call_depth, call_limit;
    uint32_t trail_count;
    uint64_t steps, next_check;
    MacroCall *macros;
    Value returned;            /* of ERR_RETURN on its way */
    Value captured;            /* input of the filters of a block */
    UndefinedMode undefined;
    struct Interp *below;      /* the render that this one runs inside of, in this thread */
    /* native rendering: what the template itself put out so far */
    bool is_native, is_collecting;
    uint32_t part_count;
    Value part;
    MethodEntry methods[METHOD_CACHE_SIZE];
};

typedef enum Flow { FLOW_FAIL, FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE } Flow;

extern const ObjectType macro_type;    /* struct Macro                        */
extern const ObjectType closure_type;  /* macros in templates, call bodies    */
extern const ObjectType loop_type;
extern const ObjectType namespace_type;

/* Gives the error the node's place, unless it has one. Returns false. */
bool interp_locate(Interp *interp, const Node *node);
#define TRY_AT(interp, node, call)                   \
    do {                                             \
        if (!(call))                                 \
            return interp_locate((interp), (node));  \
    } while (0)

/* ---- eval.c ---- */
MUST bool eval(Interp *interp, const Node *node, Value *out);
/* Evaluates and appends what it prints. */
MUST bool eval_print(Interp *interp, const Node *node);
MUST bool eval_truth(Interp *interp, const Node *node, bool *out);
MUST bool print_value(Interp *interp, const Node *node, Value v);

/* A call's arguments. Up to 8 lie in the struct. */
enum { FEW_ARGUMENTS = 8 };
typedef struct ArgumentRoom {
    Value values[FEW_ARGUMENTS];
    Str names[FEW_ARGUMENTS];
} ArgumentRoom;
/* `caller`: one more named argument, or NULL. */
MUST bool eval_arguments(Interp *interp, const Arguments *arguments, const Value *caller,
                         ArgumentRoom *room, Call *call);
/* Calls what a node gives. With `printed`, a macro may leave its text in interp->out and say so. */
MUST bool eval_call(Interp *interp, const CallNode *node, const Value *caller, bool *printed,
                    Value *out);

/* ---- exec.c ---- */
Flow exec_body(Interp *interp, const Node *body);
void enter_scope(Interp *interp, const Entries *entries);
MUST bool assign(Interp *interp, const Node *target, Value v);
static inline void slot_set(Value *slot, Value v)
{
    if (v.kind == VALUE_UNDEFINED)
        v.len = SLOT_UNDEFINED;
    *slot = v;
}
/* Every statement and round: step limit, cancel flag. */
MUST bool check_limits(Interp *interp, const Node *node);
static inline bool count_step(Interp *interp, const Node *node)
{
    return ++interp->steps < interp->next_check ? true : check_limits(interp, node);
}
/* Takes what was put out since `start` off again, as a text in the arena. */
Value take_output(Interp *interp, size_t start);

/* ---- loop.c ---- */
Flow exec_for(Interp *interp, const ForNode *node);

/* ---- macro.c ---- */
Value closure_make(Interp *interp, const Function *function);
static inline bool is_macro(Value v)
{
    return value_is_a(v, &macro_type) || value_is_a(v, &closure_type);
}
MUST bool macro_call(Interp *interp, Object *callee, Call *call, bool *printed, Value *out);

/* ---- attribute.c ---- */
MUST bool attribute_get(Interp *interp, Value v, const Name *name, Value *out);
/* The method of that name, looked up once. False: none. */
bool method_find(Interp *interp, Value v, const Name *name, const MethodEntry **out);

/* ---- render.c ---- */
void interp_begin(Interp *interp, Arena *arena, const RenderOptions *options, Text *out, Err *err);
void interp_end(Interp *interp);
MUST bool interp_run_root(Interp *interp, const Template *template);

/* ---- native.c ---- */
/* Does the expression consist of literals only? */
bool native_is_constant(const Node *node);

/* ---- undefined.c, namespace.c ---- */
/* The value of `x.name` where x is undefined: an error but in the parse phase. */
MUST bool undefined_attribute(Interp *interp, Value undefined, Value *out);
/* Is it what `x if c` gives without else? That is a plain Undefined in strict mode, too. Such ones
 * have this very name. */
bool undefined_is_forgiven(Value v);
Value undefined_hinted(Arena *arena, const char *hint);
Value namespace_function(void);

#endif
