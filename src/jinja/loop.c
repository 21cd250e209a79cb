/* loop.c: for, and the object `loop`.
 *
 * Items are pulled one at a time, so that a loop sees what its body appends and a filter sees what
 * its body changed. Only `loop.last` and its like look ahead.
 */
#include "jinja/interp.h"

typedef struct Loop {
    Object base;
    Interp *interp;
    const ForNode *node;
    Array *items;            /* the source: live, or ... */
    Object *object;          /* ... an object's iteration */
    uint64_t at;             /* next of the source        */
    bool is_counted;         /* items is private: nothing is added */
    int64_t index;           /* of the current item, from 0; -1 before the first */
    int64_t length;          /* -1: not known yet         */
    uint32_t depth;          /* from 0                    */
    Value before, current, after;
    bool has_after;
    bool has_completed;      /* a round came to its end: `else` is left out */
    Value last_changed;
    bool has_changed;
} Loop;

/* ---- items ---- */

/* Finds out how to go through v. */
static bool open_source(Interp *interp, Loop *loop, const Node *at, Value v)
{
    if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) {
        loop->items = v.list;
        return true;
    }
    if (v.kind == VALUE_OBJECT && v.object->type->next) {
        loop->object = v.object;
        return true;
    }
    if (v.kind == VALUE_UNDEFINED && interp->undefined == UNDEFINED_STRICT) {
        undefined_fail(v, interp->err);
        return interp_locate(interp, at);
    }
    TRY_AT(interp, at, jinja_iterate(interp->arena, v, &loop->items, interp->err));
    return true;
}

static bool next_of_source(Loop *loop, Value *out)
{
    if (loop->items) {
        if (loop->at >= loop->items->len)
            return false;
        *out = loop->items->at[loop->at++];
        return true;
    }
    return loop->object->type->next(loop->object, loop->interp->arena, loop->at++, out);
}

/* The next item that `if` keeps. *found false: no more. */
static bool next_kept(Loop *loop, bool *found, Value *out)
{
    Interp *interp = loop->interp;
    const ForNode *node = loop->node;
    for (;;) {
        *found = next_of_source(loop, out);
        if (!*found || !node->test || loop->is_counted)
            return true;
        bool is_kept;
        TRY(count_step(interp, &node->base));
        TRY(assign(interp, node->test_target, *out));
        enter_scope(interp, node->test_entries);
        TRY(eval_truth(interp, node->test, &is_kept));
        if (is_kept)
            return true;
    }
}

/* Looks ahead by one. */
static bool peek(Loop *loop)
{
    if (loop->has_after)
        return true;
    return next_kept(loop, &loop->has_after, &loop->after);
}

static bool advance(Loop *loop, bool *found)
{
    Value item;
    if (loop->has_after) {
        *found = true;
        item = loop->after;
        loop->has_after = false;
    } else {
        TRY(next_kept(loop, found, &item));
    }
    if (!*found)
        return true;
    loop->index++;
    loop->before = loop->current;
    loop->current = item;
    return true;
}

/* len(): takes all that is left of a source that cannot tell. */
static bool loop_length(Loop *loop, int64_t *out)
{
    if (loop->length < 0 && loop->items && !loop->node->test) {
        loop->length = loop->items->len;
    } else if (loop->length < 0 && loop->object && !loop->node->test &&
               loop->object->type->length) {
        loop->length = loop->object->type->length(loop->object);
    } else if (loop->length < 0) {
        Array *rest = array_make(loop->interp->arena, 8);
        bool found = true;
        while (found) {
            Value item;
            TRY(next_kept(loop, &found, &item));
            if (found)
                array_add(rest, item);
        }
        loop->items = rest;
        loop->at = 0;
        loop->is_counted = true;
        loop->length = loop->index + 1 + loop->has_after + rest->len;
    }
    *out = loop->length;
    return true;
}

/* ---- running ---- */

static Flow run_round(Interp *interp, Loop *loop)
{
    const ForNode *node = loop->node;
    if (!count_step(interp, &node->base) || !assign(interp, node->target, loop->current))
        return FLOW_FAIL;
    if (node->has_loop)
        interp->frame->slots[node->loop_slot] = value_of_object(&loop->base);
    enter_scope(interp, node->entries);
    Flow flow = exec_body(interp, node->body);
    if (flow == FLOW_NEXT)
        loop->has_completed = true;
    return flow == FLOW_CONTINUE ? FLOW_NEXT : flow;
}

static Flow run_loop(Interp *interp, Loop *loop)
{
    for (;;) {
        bool found;
        if (!advance(loop, &found))
            return FLOW_FAIL;
        if (!found)
            break;
        Flow flow = run_round(interp, loop);
        if (flow == FLOW_FAIL)
            return flow;
        if (flow == FLOW_BREAK)
            break;
    }
    if (loop->has_completed || !loop->node->other) /* break and continue complete no round */
        return FLOW_NEXT;
    enter_scope(interp, loop->node->other_entries);
    return exec_body(interp, loop->node->other);
}

static Loop loop_of(Interp *interp, const ForNode *node, uint32_t depth)
{
    return (Loop){.base = {&loop_type}, .interp = interp, .node = node, .index = -1, .length = -1,
                  .depth = depth};
}

static Flow run_over(Interp *interp, const ForNode *node, Value v, uint32_t depth)
{
    Loop near = loop_of(interp, node, depth), *loop = &near;
    if (!open_source(interp, loop, node->iterable, v))
        return FLOW_FAIL;
    if (node->has_loop) { /* the template may keep it */
        loop = NEW(interp->arena, Loop);
        *loop = near;
    }
    return run_loop(interp, loop);
}

Flow exec_for(Interp *interp, const ForNode *node)
{
    Value v;
    return eval(interp, node->iterable, &v) ? run_over(interp, node, v, 0) : FLOW_FAIL;
}

/* loop(items) of a recursive loop: the text of one level more. The variables of this level are
 * kept meanwhile. */
static bool loop_call(Object *self, Call *call, Value *out, Err *err)
{
    Loop *loop = (Loop *)self;
    Interp *interp = loop->interp;
    const ForNode *node = loop->node;
    if (!node->is_recursive)
        return err_set(err, ERR_TYPE, NOWHERE,
                       "the loop must have the 'recursive' marker to be called recursively");
    if (call->arg_count != 1 || call->named_count)
        return err_set(err, ERR_TYPE, NOWHERE, "loop() takes one argument: what to loop over");
    if (interp->call_depth >= interp->call_limit)
        return err_set(err, ERR_TOO_DEEP, NOWHERE, "more than %u nested rounds of loop()",
                       interp->call_limit);
    uint32_t count = node->end_slot - node->first_slot;
    Value *slots = &interp->frame->slots[node->first_slot];
    Value *kept = NEW_N(interp->arena, Value, count);
    memcpy(kept, slots, count * sizeof(Value));
    size_t start = interp->out->len;
    interp->call_depth++;
    Flow flow = run_over(interp, node, call->args[0], loop->depth + 1);
    interp->call_depth--;
    memcpy(slots, kept, count * sizeof(Value));
    if (flow == FLOW_FAIL)
        return false;
    *out = take_output(interp, start);
    return true;
}

/* ---- the object ---- */

static bool loop_changed(Object *self, Call *call, Value *out, Err *err)
{
    Loop *loop = (Loop *)self;
    (void)err;
    Array *values = array_make(call->arena, call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++)
        array_add(values, call->args[i]);
    Value now = value_of_tuple(values);
    bool is_new = !loop->has_changed || !value_equal(now, loop->last_changed);
    loop->last_changed = now;
    loop->has_changed = true;
    *out = value_bool(is_new);
    return true;
}

static bool loop_cycle(Object *self, Call *call, Value *out, Err *err)
{
    if (!call->arg_count)
        return err_set(err, ERR_TYPE, NOWHERE, "no items for cycling given");
    *out = call->args[((Loop *)self)->index % call->arg_count];
    return true;
}

static const Method loop_methods[] = {
    {"changed", loop_changed}, {"cycle", loop_cycle}, {NULL, NULL}};

/* Attributes that look at the other items. */
static bool loop_get_far(Loop *loop, Arena *arena, Str name, Value *out)
{
    int64_t length;
    if (str_is(name, "last") || str_is(name, "nextitem")) {
        TRY(peek(loop));
        if (str_is(name, "last"))
            *out = value_bool(!loop->has_after);
        else
            *out = loop->has_after ? loop->after
                                   : undefined_hinted(arena, "there is no next item");
        return true;
    }
    TRY(loop_length(loop, &length));
    if (str_is(name, "length"))
        *out = value_int(length);
    else if (str_is(name, "revindex"))
        *out = value_int(length - loop->index);
    else
        *out = value_int(length - loop->index - 1);
    return true;
}

static bool loop_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    Loop *loop = (Loop *)self;
    (void)err;
    *out = UNDEFINED;
    if (str_is(name, "index"))
        *out = value_int(loop->index + 1);
    else if (str_is(name, "index0"))
        *out = value_int(loop->index);
    else if (str_is(name, "first"))
        *out = value_bool(loop->index == 0);
    else if (str_is(name, "depth"))
        *out = value_int(loop->depth + 1);
    else if (str_is(name, "depth0"))
        *out = value_int(loop->depth);
    else if (str_is(name, "previtem"))
        *out = loop->index > 0 ? loop->before
                               : undefined_hinted(arena, "there is no previous item");
    else if (str_is(name, "last") || str_is(name, "nextitem") || str_is(name, "length") ||
             str_is(name, "revindex") || str_is(name, "revindex0"))
        return loop_get_far(loop, arena, name, out);
    return true;
}

static void loop_print(Object *self, Text *out)
{
    Loop *loop = (Loop *)self;
    int64_t length;
    if (!loop_length(loop, &length))
        length = loop->index + 1;
    text_print(out, "<LoopContext %lld/%lld>", (long long)loop->index + 1, (long long)length);
}

static bool loop_truth(Object *self)
{
    (void)self;
    return true;
}

static int64_t loop_count(Object *self)
{
    int64_t length;
    return loop_length((Loop *)self, &length) ? length : ((Loop *)self)->index + 1;
}

const ObjectType loop_type = {
    .name = "LoopContext",
    .methods = loop_methods,
    .get = loop_get,
    .call = loop_call,
    .print = loop_print,
    .truth = loop_truth,
    .length = loop_count,
};
