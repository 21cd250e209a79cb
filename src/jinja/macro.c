/* macro.c: calling macros: those of files (struct Macro), those defined in templates, call bodies.
 *
 * A call gets a frame of its own. Its text grows at the end of the caller's output; only when the
 * caller wants a value is it taken off again.
 */
#include "jinja/interp.h"

/* A macro of a template, or the body of a call block: a function and where it was made. */
typedef struct Closure {
    Object base;
    const Function *function;
    Frame *frame;
} Closure;

Value closure_make(Interp *interp, const Function *function)
{
    Closure *closure = NEW(interp->arena, Closure);
    *closure = (Closure){{&closure_type}, function, interp->frame};
    return value_of_object(&closure->base);
}

/* ---- arguments ---- */

/* The argument whose name is nearest; the first few count. */
static Str nearest_parameter(const Function *function, Str name)
{
    Str names[16];
    uint32_t count = 0;
    for (; count < function->parameter_count && count < COUNT_OF(names); count++)
        names[count] = function->parameters[count].name->text;
    return str_nearest(name, names, count);
}

static bool wrong_arguments(const Function *function, const Macro *macro, const Call *call,
                            const Str *unknown, Err *err)
{
    Str name = macro ? macro->name : function->name ? function->name->text : STR("caller");
    if (unknown && str_is(*unknown, "caller"))
        return err_set(err, ERR_TYPE, NOWHERE,
                       "macro '" STR_FMT "' was called with a call block, but it does not use "
                       "`caller`", STR_ARG(name));
    if (unknown) {
        Str near = nearest_parameter(function, *unknown);
        return err_set(err, ERR_TYPE, NOWHERE,
                       "macro '" STR_FMT "' takes no keyword argument '" STR_FMT "'%s" STR_FMT "%s",
                       STR_ARG(name), STR_ARG(*unknown), near.len ? "\nDid you mean '" : "",
                       STR_ARG(near), near.len ? "'?" : "");
    }
    return err_set(err, ERR_TYPE, NOWHERE,
                   "macro '" STR_FMT "' takes not more than %u argument(s), %u were given",
                   STR_ARG(name), function->parameter_count, call->arg_count);
}

/* The number of the parameter of that name behind the positional ones, or the count. */
static uint32_t parameter_find(const Function *function, const Call *call, Str name)
{
    uint32_t i = call->arg_count;
    while (i < function->parameter_count && !str_eq(function->parameters[i].name->text, name))
        i++;
    return i < function->parameter_count ? i : function->parameter_count;
}

/* Surplus positional arguments. */
static bool bind_varargs(Interp *interp, const Function *function, const Macro *macro,
                         const Call *call, Value *slots)
{
    uint32_t count = function->parameter_count;
    uint32_t more = call->arg_count > count ? call->arg_count - count : 0;
    if (more && !function->takes_varargs)
        return wrong_arguments(function, macro, call, NULL, interp->err);
    if (function->varargs_slot == NO_SLOT)
        return true;
    Array *rest = array_make(interp->arena, more);
    for (uint32_t i = 0; i < more; i++)
        array_add(rest, call->args[count + i]);
    slots[function->varargs_slot] = value_of_tuple(rest);
    return true;
}

/* Named arguments: to their parameters, to caller, else to kwargs. */
static bool bind_named(Interp *interp, const Function *function, const Macro *macro,
                       const Call *call, Value *slots)
{
    Dict *kwargs = NULL;
    if (function->kwargs_slot != NO_SLOT) {
        kwargs = dict_make(interp->arena, call->named_count);
        slots[function->kwargs_slot] = value_of_dict(kwargs);
    }
    bool takes_caller = function->takes_caller && !function->has_caller_parameter;
    if (takes_caller && function->caller_slot != NO_SLOT)
        slot_set(&slots[function->caller_slot],
                 undefined_hinted(interp->arena, "No caller defined"));
    for (uint32_t i = 0; i < call->named_count; i++) {
        const Str name = call->names[i];
        uint32_t parameter = parameter_find(function, call, name);
        if (parameter < function->parameter_count) {
            slot_set(&slots[function->parameters[parameter].target->slot], call->named[i]);
        } else if (takes_caller && str_is(name, "caller")) {
            if (function->caller_slot != NO_SLOT)
                slot_set(&slots[function->caller_slot], call->named[i]);
        } else if (!function->takes_kwargs) {
            return wrong_arguments(function, macro, call, &call->names[i], interp->err);
        } else if (kwargs) {
            dict_put(kwargs, name, call->named[i]);
        }
    }
    return true;
}

/* Parameters that were not given: their defaults, from the left, in the macro's own frame. */
static bool bind_defaults(Interp *interp, const Function *function, const Call *call)
{
    Value *slots = interp->frame->slots;
    for (uint32_t i = call->arg_count; i < function->parameter_count; i++) {
        const Parameter *parameter = &function->parameters[i];
        Value *slot = &slots[parameter->target->slot];
        if (slot->kind != VALUE_UNDEFINED || slot->len != SLOT_MISSING)
            continue;
        Value v = {.kind = VALUE_UNDEFINED, .undefined = &parameter->undefined};
        if (parameter->otherwise)
            TRY(eval(interp, parameter->otherwise, &v));
        slot_set(slot, v);
    }
    return true;
}

static bool bind(Interp *interp, const Function *function, const Macro *macro, const Call *call,
                 Value *slots)
{
    for (uint32_t i = 0; i < function->parameter_count; i++) {
        Value *slot = &slots[function->parameters[i].target->slot];
        if (i < call->arg_count)
            slot_set(slot, call->args[i]);
        else
            *slot = (Value){.kind = VALUE_UNDEFINED, .len = SLOT_MISSING};
    }
    TRY(bind_varargs(interp, function, macro, call, slots));
    return bind_named(interp, function, macro, call, slots);
}

/* ---- the call ---- */

static void add_trail(Interp *interp, const Function *function, const Macro *macro,
                      const Template *template)
{
    if (interp->err->kind == ERR_RETURN || interp->trail_count >= TRAIL_LINES)
        return;
    interp->trail_count++;
    Str name = macro ? macro->name : function->name ? function->name->text : STR("caller");
    err_trail(interp->err, "in macro " STR_FMT " (" STR_FMT ")", STR_ARG(name),
              STR_ARG(template->name));
}

/* What the body left: its text, or what it returned. */
static bool take_result(Interp *interp, const Function *function, Flow flow, size_t start,
                        bool *printed, Value *out)
{
    if (flow == FLOW_FAIL) {
        if (interp->err->kind != ERR_RETURN || !function->is_dbt)
            return false;
        err_drop(interp->err);
        text_truncate(interp->out, start);
        *out = interp->returned;
        return true;
    }
    if (printed) {
        *printed = true;
        return true;
    }
    *out = take_output(interp, start);
    return true;
}

/* Runs the function in a frame that lies ready. */
static bool run(Interp *interp, Frame *frame, const Function *function, const Macro *macro,
                Call *call, bool *printed, Value *out)
{
    Frame *outer = interp->frame;
    bool is_collecting = interp->is_collecting;
    size_t start = interp->out->len;
    if (!bind(interp, function, macro, call, frame->slots))
        return false;
    interp->frame = frame;
    interp->is_collecting = false;
    interp->call_depth++;
    Flow flow = FLOW_FAIL;
    enter_scope(interp, function->entries);
    if (bind_defaults(interp, function, call))
        flow = exec_body(interp, function->body);
    interp->call_depth--;
    interp->is_collecting = is_collecting;
    interp->frame = outer;
    if (take_result(interp, function, flow, start, printed, out))
        return true;
    add_trail(interp, function, macro, frame->template);
    return false;
}

/* The frame lies on the stack unless something made in it may outlive the call. */
static bool run_in_frame(Interp *interp, const Function *function, Frame *around,
                         const Template *template, const Macro *macro, Call *call, bool *printed,
                         Value *out)
{
    enum { FEW_SLOTS = 16 };
    Value few[FEW_SLOTS];
    Frame near = {few, around, template}, *frame = &near;
    if (interp->call_depth >= interp->call_limit)
        return err_set(interp->err, ERR_TOO_DEEP, NOWHERE,
                       "more than %u nested calls of macros: does one call itself for ever?",
                       interp->call_limit);
    if (function->has_inner) {
        frame = NEW(interp->arena, Frame);
        *frame = near;
    }
    if (function->has_inner || function->slot_count > FEW_SLOTS)
        frame->slots = NEW_N(interp->arena, Value, function->slot_count);
    else
        memset(few, 0, function->slot_count * sizeof(Value));
    return run(interp, frame, function, macro, call, printed, out);
}

static bool run_macro(Interp *interp, const Macro *macro, Call *call, bool *printed, Value *out)
{
    MacroCall running = {macro, interp->macros};
    Frame root = {NULL, NULL, macro->template};
    const RenderOptions *options = interp->options;
    interp->macros = &running;
    if (options->on_macro) {
        uint32_t depth = 1;
        for (const MacroCall *below = running.below; below; below = below->below)
            depth++;
        options->on_macro(options->user, macro, depth);
    }
    bool is_fine = run_in_frame(interp, macro->node->function, &root, macro->template, macro,
                                call, printed, out);
    interp->macros = running.below;
    return is_fine;
}

bool macro_call(Interp *interp, Object *callee, Call *call, bool *printed, Value *out)
{
    if (callee->type == &macro_type)
        return run_macro(interp, (const Macro *)callee, call, printed, out);
    const Closure *closure = (const Closure *)callee;
    return run_in_frame(interp, closure->function, closure->frame, closure->frame->template, NULL,
                        call, printed, out);
}

/* ---- as objects ---- */

static bool object_call(Object *self, Call *call, Value *out, Err *err)
{
    Interp *interp = call->interp;
    if (!interp)
        return err_set(err, ERR_INTERNAL, NOWHERE, "a macro was called outside of a render");
    Err *outer = interp->err;
    interp->err = err;
    bool is_fine = macro_call(interp, self, call, NULL, out);
    interp->err = outer;
    return is_fine;
}

static Value parameter_names(Arena *arena, const Function *function)
{
    Array *names = array_make(arena, function->parameter_count);
    for (uint32_t i = 0; i < function->parameter_count; i++)
        array_add(names, value_text(function->parameters[i].name->text));
    return value_of_tuple(names);
}

static bool function_get(const Function *function, Str macro_name, Arena *arena, Str name,
                         Value *out)
{
    *out = UNDEFINED;
    if (str_is(name, "name"))
        *out = macro_name.len ? value_text(macro_name) : NONE;
    else if (str_is(name, "arguments"))
        *out = parameter_names(arena, function);
    else if (str_is(name, "catch_kwargs"))
        *out = value_bool(function->takes_kwargs);
    else if (str_is(name, "catch_varargs"))
        *out = value_bool(function->takes_varargs);
    else if (str_is(name, "caller"))
        *out = value_bool(function->takes_caller || function->has_caller_parameter);
    return true;
}

static Str closure_name(Object *self)
{
    const Name *name = ((Closure *)self)->function->name;
    return name ? name->text : STR_NONE;
}

static bool closure_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    return function_get(((Closure *)self)->function, closure_name(self), arena, name, out);
}

static void print_macro(Str name, Text *out)
{
    if (name.len)
        text_print(out, "<Macro '" STR_FMT "'>", STR_ARG(name));
    else
        text_add_c(out, "<Macro anonymous>");
}

static void closure_print(Object *self, Text *out)
{
    print_macro(closure_name(self), out);
}

static bool macro_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    const Macro *macro = (const Macro *)self;
    return function_get(macro->node->function, macro->name, arena, name, out);
}

static void macro_print(Object *self, Text *out)
{
    print_macro(((Macro *)self)->name, out);
}

const ObjectType macro_type = {
    .name = "MacroGenerator", .get = macro_get, .call = object_call, .print = macro_print};
const ObjectType closure_type = {
    .name = "Macro", .get = closure_get, .call = object_call, .print = closure_print};

bool jinja_return(Call *call, Value value, Err *err)
{
    Interp *interp = call->interp;
    if (!interp || !interp->macros)
        return err_set(err, ERR_RETURN, call->place, "`return` was called outside of a macro");
    interp->returned = value;
    err_drop(err);
    err->kind = ERR_RETURN; /* no text: it is caught by the macro */
    return false;
}

const Macro *jinja_macro_at(const Interp *interp, uint32_t depth)
{
    const MacroCall *call = interp ? interp->macros : NULL;
    while (call && depth--)
        call = call->below;
    return call ? call->macro : NULL;
}
