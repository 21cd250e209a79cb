/* visit.c: which calls a template makes, without rendering it. */
#include <stdlib.h>

#include "jinja/ast.h"
#include "jinja/interp.h"

/* The value of a literal; UNDEFINED for everything else. */
static Value literal_of(Arena *arena, const Node *node)
{
    const ItemsNode *items = (const ItemsNode *)node;
    Value v = UNDEFINED;
    switch ((NodeKind)node->kind) {
    case NODE_CONST: return ((const ConstNode *)node)->value;
    case NODE_NEGATE:
        v = literal_of(arena, items->items);
        return value_is_int(v)     ? value_int(-v.number)
               : value_is_float(v) ? value_float(-v.real) : UNDEFINED;
    case NODE_LIST:
    case NODE_TUPLE: {
        Array *array = array_make(arena, items->count);
        for (const Node *item = items->items; item; item = item->next) {
            v = literal_of(arena, item);
            if (value_is_undefined(v))
                return UNDEFINED;
            array_add(array, v);
        }
        return node->kind == NODE_LIST ? value_of_array(array) : value_of_tuple(array);
    }
    case NODE_DICT: {
        Dict *dict = dict_make(arena, items->count);
        for (const Node *item = items->items; item; item = item->next->next) {
            Value key = literal_of(arena, item), value = literal_of(arena, item->next);
            uint32_t hash;
            if (value_is_undefined(key) || value_is_undefined(value) || !value_hash(key, &hash))
                return UNDEFINED;
            dict_put_keyed(dict, key, value);
        }
        return value_of_dict(dict);
    }
    default: return UNDEFINED;
    }
}

/* What is called: name or package.name. False: something else. */
static bool callee_of(const CallNode *node, TemplateCall *call)
{
    const Node *callee = node->callee;
    call->package = STR_NONE;
    if (callee->kind == NODE_ATTRIBUTE) {
        const AttributeNode *attribute = (const AttributeNode *)callee;
        if (attribute->object->kind != NODE_NAME)
            return false;
        call->package = ((const NameNode *)attribute->object)->name->text;
        call->name = attribute->name->text;
        return true;
    }
    if (callee->kind != NODE_NAME)
        return false;
    call->name = ((const NameNode *)callee)->name->text;
    return true;
}

static void arguments_of(Arena *arena, const Arguments *arguments, TemplateCall *call)
{
    uint32_t count = arguments->count, named_count = arguments->named_count, i = 0;
    Value *args = NEW_N(arena, Value, count + 1), *named = NEW_N(arena, Value, named_count + 1);
    Str *names = NEW_N(arena, Str, named_count + 1);
    for (const Node *item = arguments->items; item; item = item->next, i++) {
        if (i < count) {
            args[i] = literal_of(arena, item);
        } else {
            names[i - count] = arguments->names[i - count];
            named[i - count] = literal_of(arena, item);
        }
    }
    if (arguments->star)
        args[count++] = UNDEFINED;
    if (arguments->star_star)
        names[named_count++] = STR("**");
    call->args = args;
    call->arg_count = count;
    call->named = named;
    call->names = names;
    call->named_count = named_count;
}

static int by_offset(const void *a, const void *b)
{
    uint32_t x = (*(const CallNode *const *)a)->base.at, y = (*(const CallNode *const *)b)->base.at;
    return x < y ? -1 : x > y;
}

void jinja_visit_calls(const Template *template, const Macro *macro, Arena *arena,
                       void (*visit)(void *context, const TemplateCall *call), void *context)
{
    List(const CallNode *) calls = {0};
    if (!template)
        template = macro->template;
    for (const CallNode *node = template->calls; node; node = node->next_call)
        list_add(arena, &calls, node);
    if (calls.len)
        qsort(calls.at, calls.len, sizeof(*calls.at), by_offset);
    for (uint32_t i = 0; i < calls.len; i++) {
        TemplateCall call = {.offset = calls.at[i]->base.at};
        if (!callee_of(calls.at[i], &call))
            continue;
        if (template->offset != SIZE_MAX)
            call.offset += template->offset;
        arguments_of(arena, &calls.at[i]->arguments, &call);
        visit(context, &call);
    }
}
