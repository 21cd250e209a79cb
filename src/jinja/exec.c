/* exec.c: statements. What they print goes to the end of interp->out. */
#include "jinja/interp.h"
#include "jinja/python.h"

Value take_output(Interp *interp, size_t start)
{
    Text *out = interp->out;
    if (out->len == start)
        return value_lit("");
    Str text = str_copy(interp->arena, (Str){out->at + start, out->len - start});
    text_truncate(out, start);
    return value_text(text);
}

bool check_limits(Interp *interp, const Node *node)
{
    const RenderOptions *options = interp->options;
    uint64_t limit = options->step_limit ? options->step_limit : UINT64_C(2000000000);
    if (options->cancel && *options->cancel) {
        err_set(interp->err, ERR_CANCELLED, NOWHERE, "cancelled while rendering");
        return interp_locate(interp, node);
    }
    if (interp->steps >= limit) {
        err_set(interp->err, ERR_TOO_BIG, NOWHERE,
                "the template does not come to an end: more than %llu steps",
                (unsigned long long)limit);
        return interp_locate(interp, node);
    }
    interp->next_check = interp->steps + STEPS_BETWEEN_CHECKS;
    if (interp->next_check > limit)
        interp->next_check = limit;
    return true;
}

void enter_scope(Interp *interp, const Entries *entries)
{
    if (!entries)
        return;
    Frame *frame = interp->frame;
    for (uint32_t i = 0; i < entries->len; i++) {
        const Entry *entry = &entries->at[i];
        Value *slot = &frame->slots[entry->slot];
        *slot = UNDEFINED;
        if (entry->kind == ENTRY_MISSING) {
            slot->len = SLOT_MISSING;
        } else if (entry->kind == ENTRY_ALIAS) {
            const Frame *from = frame;
            for (uint32_t depth = entry->from_depth; depth; depth--)
                from = from->parent;
            *slot = from->slots[entry->from_slot];
        }
    }
}

/* ---- assignment ---- */

static bool wrong_count(Interp *interp, uint32_t expected, uint32_t count)
{
    if (count > expected)
        return err_set(interp->err, ERR_TYPE, NOWHERE,
                       "too many values to unpack (expected %u)", expected);
    return err_set(interp->err, ERR_TYPE, NOWHERE,
                   "not enough values to unpack (expected %u, got %u)", expected, count);
}

/* a, b = v */
static bool assign_items(Interp *interp, const ItemsNode *target, Value v)
{
    Array *items = v.list;
    if (v.kind == VALUE_UNDEFINED && interp->undefined == UNDEFINED_STRICT) {
        undefined_fail(v, interp->err);
        return interp_locate(interp, &target->base);
    }
    if (v.kind != VALUE_LIST && v.kind != VALUE_TUPLE) {
        if (v.kind <= VALUE_FLOAT && v.kind != VALUE_UNDEFINED) {
            err_set(interp->err, ERR_TYPE, NOWHERE, "cannot unpack non-iterable %s object",
                    value_type_name(v));
            return interp_locate(interp, &target->base);
        }
        TRY_AT(interp, &target->base, jinja_iterate(interp->arena, v, &items, interp->err));
    }
    if (items->len != target->count) {
        wrong_count(interp, target->count, items->len);
        return interp_locate(interp, &target->base);
    }
    uint32_t i = 0;
    for (const Node *item = target->items; item && i < items->len; item = item->next)
        TRY(assign(interp, item, items->at[i++]));
    return true;
}

/* ns.x = v */
static bool assign_member(Interp *interp, const AttributeNode *target, Value v)
{
    Value object;
    TRY(eval(interp, target->object, &object));
    if (!value_is_object(object) || !object.object->type->set) {
        err_set(interp->err, ERR_TYPE, NOWHERE,
                "cannot assign attribute on non-namespace object (this is %s)",
                value_type_name(object));
        return interp_locate(interp, &target->base);
    }
    TRY_AT(interp, &target->base,
           object.object->type->set(object.object, target->name->text, v, interp->err));
    return true;
}

bool assign(Interp *interp, const Node *target, Value v)
{
    if (target->kind == NODE_NAME) {
        slot_set(&interp->frame->slots[((const NameNode *)target)->slot], v);
        return true;
    }
    if (target->kind == NODE_TUPLE)
        return assign_items(interp, (const ItemsNode *)target, v);
    return assign_member(interp, (const AttributeNode *)target, v);
}

/* ---- statements ---- */

/* What a value printed at the top of a native template is worth: see jinja_render_value(). */
static bool collect(Interp *interp, const Node *node, Value v)
{
    if (interp->part_count++ == 0) {
        interp->part = v;
        return true;
    }
    if (interp->part_count == 2)
        TRY(print_value(interp, node, interp->part));
    return print_value(interp, node, v);
}

static bool exec_print(Interp *interp, const PrintNode *node)
{
    if (!interp->is_collecting)
        return eval_print(interp, node->value);
    Value v;
    interp->is_collecting = false;
    bool is_fine = eval(interp, node->value, &v);
    interp->is_collecting = true;
    if (is_fine && native_is_constant(node->value)) /* comes out as text */
        v = value_to_text(interp->arena, v);
    return is_fine && collect(interp, node->value, v);
}

static bool exec_data(Interp *interp, const DataNode *node)
{
    if (interp->is_collecting)
        return !node->text.len || collect(interp, &node->base, value_text(node->text));
    text_add(interp->out, node->text);
    if (interp->out->len > interp->out_limit)
        return print_value(interp, &node->base, value_lit(""));
    return true;
}

static Flow exec_if(Interp *interp, const IfNode *node)
{
    for (;;) {
        bool is_true;
        if (!eval_truth(interp, node->test, &is_true))
            return FLOW_FAIL;
        if (is_true)
            return exec_body(interp, node->body);
        if (!node->other || node->other->kind != NODE_IF || node->other->next)
            return exec_body(interp, node->other);
        node = (const IfNode *)node->other; /* elif */
    }
}

static bool exec_set(Interp *interp, const SetNode *node)
{
    Value v;
    TRY(eval(interp, node->value, &v));
    return assign(interp, node->target, v);
}

/* The body's text, then the filters over it. */
static Flow exec_captured(Interp *interp, const Entries *entries, const Node *body,
                          const Node *filters, Value *out)
{
    size_t start = interp->out->len;
    bool is_collecting = interp->is_collecting;
    interp->is_collecting = false;
    enter_scope(interp, entries);
    Flow flow = exec_body(interp, body);
    interp->is_collecting = is_collecting;
    if (flow != FLOW_NEXT) {
        text_truncate(interp->out, start);
        return flow;
    }
    *out = take_output(interp, start);
    if (!filters)
        return FLOW_NEXT;
    Value outer = interp->captured;
    interp->captured = *out;
    bool is_fine = eval(interp, filters, out);
    interp->captured = outer;
    return is_fine ? FLOW_NEXT : FLOW_FAIL;
}

static Flow exec_set_block(Interp *interp, const SetNode *node)
{
    Value v;
    Flow flow = exec_captured(interp, node->entries, node->body, node->value, &v);
    if (flow == FLOW_NEXT && !assign(interp, node->target, v))
        return FLOW_FAIL;
    return flow;
}

static Flow exec_filter_block(Interp *interp, const BlockNode *node)
{
    Value v;
    Flow flow = exec_captured(interp, node->entries, node->body, node->value, &v);
    if (flow != FLOW_NEXT)
        return flow;
    if (interp->is_collecting)
        return collect(interp, &node->base, v) ? FLOW_NEXT : FLOW_FAIL;
    return print_value(interp, &node->base, v) ? FLOW_NEXT : FLOW_FAIL;
}

static Flow exec_with(Interp *interp, const BlockNode *node)
{
    Array *values = array_make(interp->arena, 4);
    for (const Node *value = node->values; value; value = value->next) {
        Value v;
        if (!eval(interp, value, &v))
            return FLOW_FAIL;
        array_add(values, v);
    }
    enter_scope(interp, node->entries);
    uint32_t i = 0;
    for (const Node *target = node->targets; target; target = target->next)
        if (!assign(interp, target, values->at[i++]))
            return FLOW_FAIL;
    return exec_body(interp, node->body);
}

static bool exec_macro(Interp *interp, const MacroNode *node)
{
    Value macro = closure_make(interp, node->function);
    slot_set(&interp->frame->slots[node->target->slot], macro);
    return true;
}

/* A call block puts out what the call gives, which must be text. */
static bool exec_call_block(Interp *interp, const CallBlockNode *node)
{
    Value caller = closure_make(interp, node->function), v;
    bool printed = false;
    bool is_collecting = interp->is_collecting;
    if (!eval_call(interp, node->call, &caller, is_collecting ? NULL : &printed, &v))
        return false;
    if (printed)
        return true;
    if (v.kind != VALUE_TEXT && v.kind != VALUE_UNDEFINED) {
        err_set(interp->err, ERR_TYPE, NOWHERE,
                "the call block's macro must give text, it returned a value of type '%s'",
                value_type_name(v));
        return interp_locate(interp, &node->base);
    }
    return is_collecting ? collect(interp, &node->base, v) : print_value(interp, &node->base, v);
}

static bool exec_do(Interp *interp, const PrintNode *node)
{
    Value ignored;
    return eval(interp, node->value, &ignored);
}

static inline Flow flow_of(bool is_fine)
{
    return is_fine ? FLOW_NEXT : FLOW_FAIL;
}

static Flow exec_statement(Interp *interp, const Node *node)
{
    switch ((NodeKind)node->kind) {
    case NODE_DATA: return flow_of(exec_data(interp, (const DataNode *)node));
    case NODE_PRINT: return flow_of(exec_print(interp, (const PrintNode *)node));
    case NODE_IF: return exec_if(interp, (const IfNode *)node);
    case NODE_FOR: return exec_for(interp, (const ForNode *)node);
    case NODE_SET: return flow_of(exec_set(interp, (const SetNode *)node));
    case NODE_SET_BLOCK: return exec_set_block(interp, (const SetNode *)node);
    case NODE_MACRO: return flow_of(exec_macro(interp, (const MacroNode *)node));
    case NODE_CALL_BLOCK: return flow_of(exec_call_block(interp, (const CallBlockNode *)node));
    case NODE_FILTER_BLOCK: return exec_filter_block(interp, (const BlockNode *)node);
    case NODE_DO: return flow_of(exec_do(interp, (const PrintNode *)node));
    case NODE_WITH: return exec_with(interp, (const BlockNode *)node);
    case NODE_BREAK: return FLOW_BREAK;
    case NODE_CONTINUE: return FLOW_CONTINUE;
    default: break;
    }
    assert(!"a statement");
    return FLOW_FAIL;
}

Flow exec_body(Interp *interp, const Node *body)
{
    if (!body)
        return FLOW_NEXT;
    if (interp->level >= LEVEL_LIMIT) {
        err_set(interp->err, ERR_TOO_DEEP, NOWHERE, "the template nests or recurs too deeply");
        interp_locate(interp, body);
        return FLOW_FAIL;
    }
    interp->level++;
    Flow flow = FLOW_NEXT;
    for (const Node *node = body; node && flow == FLOW_NEXT; node = node->next)
        flow = count_step(interp, node) ? exec_statement(interp, node) : FLOW_FAIL;
    interp->level--;
    return flow;
}
