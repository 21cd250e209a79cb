/* eval.c: the value of an expression: one case a node, recursion over the tree. */
#include "jinja/interp.h"

bool interp_locate(Interp *interp, const Node *node)
{
    Err *err = interp->err;
    const Template *template = interp->frame->template;
    if (err->kind != ERR_RETURN && err->place.file.len == 0 && err->place.line == 0)
        err_locate(err, template_place(template, node->at), template_excerpt_source(template));
    return false;
}

/* ---- names ---- */

/* A name that the template does not set: the context's, else jinja's own. */
static bool resolve_free(Interp *interp, const Name *name, Value *out)
{
    const Scope *scope = &interp->options->scope;
    *out = UNDEFINED;
    if (scope->find)
        TRY(scope->find(scope->context, name->text, name->hash, out, interp->err));
    if (!value_is_undefined(*out) || out->undefined)
        return true;
    *out = str_is(name->text, "namespace") ? namespace_function() : global_find(name->text);
    return true;
}

static bool eval_name_slow(Interp *interp, const NameNode *node, Value *slot, Value *out)
{
    if (slot->len == SLOT_UNRESOLVED) {
        Value found;
        TRY_AT(interp, &node->base, resolve_free(interp, node->name, &found));
        slot_set(slot, found);
    }
    *out = *slot;
    if (value_is_undefined(*out)) {
        out->len = 0;
        if (!out->undefined)
            out->undefined = &node->name->undefined;
    }
    return true;
}

static inline bool eval_name(Interp *interp, const NameNode *node, Value *out)
{
    const Frame *frame = interp->frame;
    for (uint32_t depth = node->depth; depth; depth--)
        frame = frame->parent;
    Value *slot = &frame->slots[node->slot];
    if (slot->kind != VALUE_UNDEFINED) {
        *out = *slot;
        return true;
    }
    return eval_name_slow(interp, node, slot, out);
}

/* ---- truth ---- */

/* In strict mode an undefined value cannot even be looked at. */
static inline bool check_defined(Interp *interp, const Node *node, Value v)
{
    if (v.kind != VALUE_UNDEFINED || interp->undefined != UNDEFINED_STRICT ||
        undefined_is_forgiven(v))
        return true;
    undefined_fail(v, interp->err);
    return interp_locate(interp, node);
}

bool eval_truth(Interp *interp, const Node *node, bool *out)
{
    Value v;
    TRY(eval(interp, node, &v));
    TRY(check_defined(interp, node, v));
    *out = value_truth(v);
    return true;
}

/* ---- containers ---- */

static bool eval_items(Interp *interp, const ItemsNode *node, Array *array)
{
    for (const Node *item = node->items; item; item = item->next) {
        Value v;
        TRY(eval(interp, item, &v));
        array_add(array, v);
    }
    return true;
}

static bool eval_list(Interp *interp, const ItemsNode *node, Value *out)
{
    Array *array = array_make(interp->arena, node->count);
    TRY(eval_items(interp, node, array));
    *out = node->base.kind == NODE_LIST ? value_of_array(array) : value_of_tuple(array);
    return true;
}

static bool eval_dict(Interp *interp, const ItemsNode *node, Value *out)
{
    Dict *dict = dict_make(interp->arena, node->count);
    for (const Node *item = node->items; item; item = item->next->next) {
        Value key, value;
        uint32_t hash;
        TRY(eval(interp, item, &key));
        TRY(eval(interp, item->next, &value));
        if (!value_hash(key, &hash)) {
            err_set(interp->err, ERR_TYPE, NOWHERE, "unhashable type: '%s'",
                    value_type_name(key));
            return interp_locate(interp, item);
        }
        dict_put_keyed(dict, key, value);
    }
    *out = value_of_dict(dict);
    return true;
}

/* ---- operators ---- */

static bool eval_arithmetic(Interp *interp, const ItemsNode *node, Value *out)
{
    Value left;
    TRY(eval(interp, node->items, &left));
    for (const Node *item = node->items->next; item; item = item->next) {
        Value right;
        TRY(eval(interp, item, &right));
        TRY_AT(interp, &node->base,
               operate(interp->arena, (Operator)item->op, left, right, &left, interp->err));
    }
    *out = left;
    return true;
}

static bool eval_concat(Interp *interp, const ItemsNode *node, Value *out)
{
    size_t start = interp->out->len;
    for (const Node *item = node->items; item; item = item->next)
        TRY(eval_print(interp, item));
    *out = take_output(interp, start);
    return true;
}

static bool compare(Interp *interp, CompareOp op, Value a, Value b, bool *out)
{
    static const char *const texts[] = {"==", "!=", "<", "<=", ">", ">="};
    int order;
    Err *err = interp->err;
    if (op == COMPARE_IN || op == COMPARE_NOT_IN) {
        TRY(operate_contains(b, a, out, err));
        *out = *out == (op == COMPARE_IN);
        return true;
    }
    if (op == COMPARE_EQ || op == COMPARE_NE) {
        *out = value_equal(a, b) == (op == COMPARE_EQ);
        return true;
    }
    if (value_is_undefined(a) || value_is_undefined(b))
        return undefined_fail(value_is_undefined(a) ? a : b, err);
    TRY(value_compare(a, b, texts[op], &order, err));
    bool is_nan = order == 2; /* has no order at all */
    switch (op) {
    case COMPARE_LT: *out = order < 0; break;
    case COMPARE_LE: *out = order <= 0; break;
    case COMPARE_GT: *out = order > 0 && !is_nan; break;
    default: *out = order >= 0 && !is_nan; break;
    }
    return true;
}

/* a < b <= c: each operand once, the first false one ends it. */
static bool eval_compare(Interp *interp, const ItemsNode *node, Value *out)
{
    Value left, right;
    bool is_true = true;
    TRY(eval(interp, node->items, &left));
    for (const Node *item = node->items->next; item && is_true; item = item->next) {
        TRY(eval(interp, item, &right));
        bool is_looked_at = item->op < COMPARE_IN || right.kind > VALUE_TUPLE ||
                            right.kind < VALUE_LIST || right.list->len;
        if (is_looked_at) /* x in [] does not look at x */
            TRY(check_defined(interp, &node->base, left));
        TRY(check_defined(interp, &node->base, right));
        TRY_AT(interp, &node->base,
               compare(interp, (CompareOp)item->op, left, right, &is_true));
        left = right;
    }
    *out = value_bool(is_true);
    return true;
}

/* and, or: give an operand */
static bool eval_and_or(Interp *interp, const ItemsNode *node, Value *out)
{
    for (const Node *item = node->items; item; item = item->next) {
        TRY(eval(interp, item, out));
        if (!item->next)
            break;
        TRY(check_defined(interp, item, *out));
        if (value_truth(*out) == (node->base.kind == NODE_OR))
            break;
    }
    return true;
}

static bool eval_sign(Interp *interp, const ItemsNode *node, Value *out)
{
    Value v;
    TRY(eval(interp, node->items, &v));
    TRY_AT(interp, &node->base,
           node->base.kind == NODE_NEGATE ? operate_negate(interp->arena, v, out, interp->err)
                                          : operate_plus(interp->arena, v, out, interp->err));
    return true;
}

static bool eval_condition(Interp *interp, const ConditionNode *node, Value *out)
{
    bool is_true;
    TRY(eval_truth(interp, node->test, &is_true));
    if (is_true)
        return eval(interp, node->then, out);
    if (node->other)
        return eval(interp, node->other, out);
    *out = (Value){.kind = VALUE_UNDEFINED, .undefined = &node->undefined};
    return true;
}

static bool eval_slice(Interp *interp, const SliceNode *node, Value *out)
{
    Value object, parts[3] = {NONE, NONE, NONE};
    const Node *nodes[] = {node->start, node->stop, node->step};
    TRY(eval(interp, node->object, &object));
    for (int i = 0; i < 3; i++)
        if (nodes[i])
            TRY(eval(interp, nodes[i], &parts[i]));
    if (value_is_undefined(object)) {
        TRY_AT(interp, &node->base, undefined_attribute(interp, object, out));
        return true;
    }
    TRY_AT(interp, &node->base, operate_slice(interp->arena, object, parts[0], parts[1], parts[2],
                                              out, interp->err));
    return true;
}

static bool eval_item(Interp *interp, const ItemNode *node, Value *out)
{
    Value object, key;
    TRY(eval(interp, node->object, &object));
    TRY(eval(interp, node->key, &key));
    TRY_AT(interp, &node->base,
           jinja_item(interp, interp->arena, object, key, out, interp->err));
    return true;
}

/* ---- calls ---- */

/* Room for more than a few arguments. */
static void room_grow(Interp *interp, Value **values, Str **names, uint32_t count, uint32_t more)
{
    Value *wider = NEW_N(interp->arena, Value, count + more);
    Str *wider_names = NEW_N(interp->arena, Str, count + more);
    memcpy(wider, *values, count * sizeof(Value));
    memcpy(wider_names, *names, count * sizeof(Str));
    *values = wider;
    *names = wider_names;
}

static bool add_star(Interp *interp, const Node *node, Array **out)
{
    Value v;
    TRY(eval(interp, node, &v));
    if (value_is_undefined(v) && interp->undefined == UNDEFINED_STRICT) {
        undefined_fail(v, interp->err);
        return interp_locate(interp, node);
    }
    TRY_AT(interp, node, jinja_iterate(interp->arena, v, out, interp->err));
    return true;
}

static bool add_star_star(Interp *interp, const Node *node, Dict **out)
{
    Value v;
    TRY(eval(interp, node, &v));
    if (!value_is_dict(v)) {
        err_set(interp->err, ERR_TYPE, NOWHERE, "argument after ** must be a mapping, not %s",
                value_type_name(v));
        return interp_locate(interp, node);
    }
    *out = v.dict;
    return true;
}

/* Named arguments from **kwargs behind the others. Text keys only, none twice. */
static bool spread_dict(Interp *interp, const Node *node, const Dict *dict, uint32_t first,
                        uint32_t count, Value *values, Str *names)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(dict, &at, &key, &value); count++) {
        if (!value_is_text(key)) {
            err_set(interp->err, ERR_TYPE, NOWHERE, "keywords must be strings");
            return interp_locate(interp, node);
        }
        for (uint32_t i = first; i < count; i++)
            if (str_eq(names[i], value_str(key))) {
                err_set(interp->err, ERR_TYPE, NOWHERE,
                        "got multiple values for keyword argument '" STR_FMT "'",
                        STR_ARG(names[i]));
                return interp_locate(interp, node);
            }
        values[count] = value;
        names[count] = value_str(key);
    }
    return true;
}

/* names[i] belongs to values[i]; the first `positional` have none. */
static bool eval_spread(Interp *interp, const Arguments *arguments, Value *values, Str *names,
                        uint32_t count, Call *call)
{
    Array *star = NULL;
    Dict *star_star = NULL;
    uint32_t positional = arguments->count;
    if (arguments->star)
        TRY(add_star(interp, arguments->star, &star));
    if (arguments->star_star)
        TRY(add_star_star(interp, arguments->star_star, &star_star));
    room_grow(interp, &values, &names, count,
              (star ? star->len : 0) + (star_star ? star_star->len : 0));
    if (star && star->len) {
        memmove(values + positional + star->len, values + positional,
                (count - positional) * sizeof(Value));
        memmove(names + positional + star->len, names + positional,
                (count - positional) * sizeof(Str));
        memcpy(values + positional, star->at, star->len * sizeof(Value));
        positional += star->len;
        count += star->len;
    }
    if (star_star) {
        TRY(spread_dict(interp, arguments->star_star, star_star, positional, count, values,
                        names));
        count += star_star->len;
    }
    call->args = values;
    call->arg_count = positional;
    call->named = values + positional;
    call->names = names + positional;
    call->named_count = count - positional;
    return true;
}

bool eval_arguments(Interp *interp, const Arguments *arguments, const Value *caller,
                    ArgumentRoom *room, Call *call)
{
    uint32_t count = arguments->count + arguments->named_count, i = 0;
    Value *values = room->values;
    Str *names = room->names;
    bool is_plain = !arguments->star && !arguments->star_star && !caller;
    if (count + 1 > FEW_ARGUMENTS)
        room_grow(interp, &values, &names, 0, count + 1);
    for (const Node *item = arguments->items; item; item = item->next)
        TRY(eval(interp, item, &values[i++]));
    call->args = values;
    call->arg_count = arguments->count;
    call->named = values + arguments->count;
    call->named_count = arguments->named_count;
    call->names = arguments->names;
    if (is_plain)
        return true;
    if (arguments->named_count)
        memcpy(names + arguments->count, arguments->names, arguments->named_count * sizeof(Str));
    if (caller) {
        values[count] = *caller;
        names[count++] = STR("caller");
        call->named_count++;
        call->names = names + arguments->count;
    }
    return arguments->star || arguments->star_star
        ? eval_spread(interp, arguments, values, names, count, call) : true;
}

static bool call_value(Interp *interp, Value callee, Call *call, bool *printed, Value *out)
{
    if (is_macro(callee))
        return macro_call(interp, callee.object, call, printed, out);
    if (value_is_undefined(callee))
        return undefined_attribute(interp, callee, out);
    return value_call(callee, call, out, interp->err);
}

static bool call_method(const MethodEntry *entry, Value self, Call *call, Value *out, Err *err)
{
    if (entry->method)
        return entry->method->call(self.object, call, out, err);
    return entry->value_method(call, self, out, err);
}

bool eval_call(Interp *interp, const CallNode *node, const Value *caller, bool *printed,
               Value *out)
{
    Call call = {.arena = interp->arena, .interp = interp,
                 .place = {interp->frame->template->name, node->line, node->column}};
    ArgumentRoom room;
    Value callee, self;
    MethodEntry method = {0};
    if (node->callee->kind == NODE_ATTRIBUTE) { /* x.name(...) */
        const AttributeNode *attribute = (const AttributeNode *)node->callee;
        const MethodEntry *found;
        TRY(eval(interp, attribute->object, &self));
        if (self.kind != VALUE_UNDEFINED && method_find(interp, self, attribute->name, &found))
            method = *found;
        else
            TRY_AT(interp, node->callee, attribute_get(interp, self, attribute->name, &callee));
    } else {
        TRY(eval(interp, node->callee, &callee));
    }
    TRY(eval_arguments(interp, &node->arguments, caller, &room, &call));
    if (method.name)
        TRY_AT(interp, &node->base, call_method(&method, self, &call, out, interp->err));
    else
        TRY_AT(interp, &node->base, call_value(interp, callee, &call, printed, out));
    return true;
}

static bool eval_filter(Interp *interp, const FilterNode *node, Value *out)
{
    Call call = {.arena = interp->arena, .interp = interp};
    ArgumentRoom room;
    Value input;
    TRY(eval(interp, node->input, &input));
    TRY(eval_arguments(interp, &node->arguments, NULL, &room, &call));
    if (!node->apply) {
        err_set(interp->err, ERR_COMPILATION, NOWHERE, "No filter named '" STR_FMT "' found.",
                STR_ARG(node->name));
        Str near = filter_nearest(node->name);
        if (near.len)
            err_add(interp->err, "\nDid you mean '" STR_FMT "'?", STR_ARG(near));
        return interp_locate(interp, &node->base);
    }
    if (node->looks_at_input)
        TRY(check_defined(interp, &node->base, input));
    TRY_AT(interp, &node->base, node->apply(&call, input, out, interp->err));
    return true;
}

static bool eval_test(Interp *interp, const TestNode *node, Value *out)
{
    Call call = {.arena = interp->arena, .interp = interp};
    ArgumentRoom room;
    Value input;
    bool is_true;
    TRY(eval(interp, node->input, &input));
    TRY(eval_arguments(interp, &node->arguments, NULL, &room, &call));
    if (!node->apply) {
        err_set(interp->err, ERR_COMPILATION, NOWHERE, "No test named '" STR_FMT "' found.",
                STR_ARG(node->name));
        Str near = test_nearest(node->name);
        if (near.len)
            err_add(interp->err, "\nDid you mean '" STR_FMT "'?", STR_ARG(near));
        return interp_locate(interp, &node->base);
    }
    if (node->looks_at_input)
        TRY(check_defined(interp, &node->base, input));
    TRY_AT(interp, &node->base, node->apply(&call, input, &is_true, interp->err));
    *out = value_bool(is_true != node->is_negated);
    return true;
}

/* ---- all ---- */

static bool eval_not(Interp *interp, const ItemsNode *node, Value *out)
{
    bool is_true;
    TRY(eval_truth(interp, node->items, &is_true));
    *out = value_bool(!is_true);
    return true;
}

static bool eval_attribute(Interp *interp, const AttributeNode *node, Value *out)
{
    Value object;
    TRY(eval(interp, node->object, &object));
    TRY_AT(interp, &node->base, attribute_get(interp, object, node->name, out));
    return true;
}

static bool eval_inner(Interp *interp, const Node *node, Value *out)
{
    switch ((NodeKind)node->kind) {
    case NODE_LIST:
    case NODE_TUPLE: return eval_list(interp, (const ItemsNode *)node, out);
    case NODE_DICT: return eval_dict(interp, (const ItemsNode *)node, out);
    case NODE_NOT: return eval_not(interp, (const ItemsNode *)node, out);
    case NODE_AND:
    case NODE_OR: return eval_and_or(interp, (const ItemsNode *)node, out);
    case NODE_NEGATE:
    case NODE_PLUS: return eval_sign(interp, (const ItemsNode *)node, out);
    case NODE_ARITHMETIC: return eval_arithmetic(interp, (const ItemsNode *)node, out);
    case NODE_CONCAT: return eval_concat(interp, (const ItemsNode *)node, out);
    case NODE_COMPARE: return eval_compare(interp, (const ItemsNode *)node, out);
    case NODE_CONDITION: return eval_condition(interp, (const ConditionNode *)node, out);
    case NODE_ATTRIBUTE: return eval_attribute(interp, (const AttributeNode *)node, out);
    case NODE_ITEM: return eval_item(interp, (const ItemNode *)node, out);
    case NODE_SLICE: return eval_slice(interp, (const SliceNode *)node, out);
    case NODE_CALL: return eval_call(interp, (const CallNode *)node, NULL, NULL, out);
    case NODE_FILTER: return eval_filter(interp, (const FilterNode *)node, out);
    case NODE_TEST: return eval_test(interp, (const TestNode *)node, out);
    case NODE_CAPTURED: *out = interp->captured; return true;
    default: break;
    }
    assert(!"an expression");
    return false;
}

static bool too_deep(Interp *interp, const Node *node)
{
    err_set(interp->err, ERR_TOO_DEEP, NOWHERE, "the template nests or recurs too deeply");
    return interp_locate(interp, node);
}

bool eval(Interp *interp, const Node *node, Value *out)
{
    if (node->kind == NODE_CONST) {
        *out = ((const ConstNode *)node)->value;
        return true;
    }
    if (node->kind == NODE_NAME)
        return eval_name(interp, (const NameNode *)node, out);
    if (interp->level >= LEVEL_LIMIT)
        return too_deep(interp, node);
    interp->level++;
    bool is_fine = eval_inner(interp, node, out);
    interp->level--;
    return is_fine;
}

bool print_value(Interp *interp, const Node *node, Value v)
{
    if (v.kind == VALUE_TEXT) {
        text_add(interp->out, value_str(v));
    } else if (v.kind == VALUE_UNDEFINED) {
        TRY(check_defined(interp, node, v));
    } else {
        value_print(v, interp->out);
    }
    if (interp->out->len > interp->out_limit || interp->out->is_cut) {
        err_set(interp->err, ERR_TOO_BIG, NOWHERE, "the output grows beyond the limit of %zu bytes",
                interp->out_limit);
        return interp_locate(interp, node);
    }
    return true;
}

bool eval_print(Interp *interp, const Node *node)
{
    Value v;
    bool printed = false;
    if (node->kind == NODE_CONCAT) {
        for (const Node *item = ((const ItemsNode *)node)->items; item; item = item->next)
            TRY(eval_print(interp, item));
        return true;
    }
    if (node->kind == NODE_CALL) {
        if (interp->level >= LEVEL_LIMIT)
            return too_deep(interp, node);
        interp->level++;
        bool is_fine = eval_call(interp, (const CallNode *)node, NULL, &printed, &v);
        interp->level--;
        if (!is_fine || printed)
            return is_fine;
    } else {
        TRY(eval(interp, node, &v));
    }
    return print_value(interp, node, v);
}
