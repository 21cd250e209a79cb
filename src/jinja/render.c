/* render.c: the beginning and the end of a render. */
#include "jinja/interp.h"

enum { OUTPUT_LIMIT_BYTES = 1 << 30 };

/* The render at work in this thread: one that runs inside another goes on counting its depth. */
static _Thread_local Interp *running;

static const RenderOptions no_options = {0};

void interp_begin(Interp *interp, Arena *arena, const RenderOptions *options, Text *out, Err *err)
{
    if (!options)
        options = &no_options;
    memset(interp, 0, sizeof(*interp));
    interp->arena = arena;
    interp->options = options;
    interp->out = out;
    interp->err = err;
    interp->undefined = options->undefined;
    interp->call_limit = options->depth_limit ? options->depth_limit : CALL_DEPTH_LIMIT;
    interp->out_limit = out->len + (options->output_limit_bytes ? options->output_limit_bytes
                                                                : (size_t)OUTPUT_LIMIT_BYTES);
    interp->is_native = options->is_native;
    interp->returned = NONE;
    interp->below = running;
    if (running) {
        interp->level = running->level;
        interp->call_depth = running->call_depth;
    }
    running = interp;
}

void interp_end(Interp *interp)
{
    assert(running == interp);
    running = interp->below;
}

bool interp_run_root(Interp *interp, const Template *template)
{
    enum { FEW_SLOTS = 32 };
    Value few[FEW_SLOTS];
    const Function *root = template->root;
    Frame near = {few, NULL, template}, *frame = &near;
    if (root->has_inner) { /* macros may be kept beyond the render's end by the arena's owner */
        frame = NEW(interp->arena, Frame);
        *frame = near;
    }
    if (root->has_inner || root->slot_count > FEW_SLOTS)
        frame->slots = NEW_N(interp->arena, Value, root->slot_count);
    else
        memset(few, 0, root->slot_count * sizeof(Value));
    interp->frame = frame;
    enter_scope(interp, root->entries);
    TRY(count_step(interp, root->body));
    return exec_body(interp, root->body) != FLOW_FAIL;
}

/* A `return` that no macro caught. */
static bool finish(Interp *interp, bool is_fine, Err *err)
{
    interp_end(interp);
    if (!is_fine && err->kind == ERR_RETURN && !err->text)
        err_set(err, ERR_RETURN, NOWHERE, "`return` was called outside of a macro");
    return is_fine;
}

bool jinja_render(const Template *template, Arena *arena, const RenderOptions *options, Text *out,
                  Err *err)
{
    Interp interp;
    interp_begin(&interp, arena, options, out, err);
    return finish(&interp, interp_run_root(&interp, template), err);
}

bool jinja_call_macro(const Macro *macro, Arena *arena, const RenderOptions *options,
                      const Value *args, uint32_t arg_count, const Str *names, const Value *named,
                      uint32_t named_count, Value *out, Err *err)
{
    AUTO(text) Text text = {0};
    Interp interp;
    Frame none = {NULL, NULL, macro->template};
    Call call = {.arena = arena, .interp = &interp, .args = args, .arg_count = arg_count,
                 .names = names, .named = named, .named_count = named_count,
                 .place = {macro->file, 0, 0}};
    interp_begin(&interp, arena, options, &text, err);
    interp.frame = &none;
    return finish(&interp, macro_call(&interp, (Object *)&macro->base, &call, NULL, out), err);
}

void *jinja_user(const Interp *interp)
{
    return interp->options->user;
}

Arena *jinja_arena(const Interp *interp)
{
    return interp->arena;
}
