/* native.c: rendering to values, as dbt renders YAML.
 *
 * What the template puts out is collected: a single expression keeps its type, several parts become
 * one text. as_bool and as_number read the text they are given as Python's literal.
 */
#include "jinja/native.h"

#include <stdlib.h>

#include "jinja/interp.h"
#include "jinja/python.h"

/* A marked text says what is to be made of it at the very end; until then it is a text like any
 * other. The mark stands in Value.at, which no file of usual size reaches. */
typedef enum Marker {
    MARKER_TEXT = 0xfffff0, MARKER_NATIVE, MARKER_BOOL, MARKER_NUMBER,
} Marker;

static bool is_marked(Value v)
{
    return v.kind == VALUE_TEXT && v.at >= MARKER_TEXT && v.at <= MARKER_NUMBER;
}

static bool mark(Call *call, Value input, Marker marker, Value *out)
{
    const Interp *interp = call->interp;
    *out = input;
    if (!interp || !interp->is_native)
        return true;
    *out = value_to_text(call->arena, input);
    out->at = marker & 0xffffff;
    return true;
}

static bool filter_as_text(Call *call, Value input, Value *out, Err *err)
{
    (void)err;
    return mark(call, input, MARKER_TEXT, out);
}

static bool filter_as_native(Call *call, Value input, Value *out, Err *err)
{
    (void)err;
    return mark(call, input, MARKER_NATIVE, out);
}

static bool filter_as_bool(Call *call, Value input, Value *out, Err *err)
{
    (void)err;
    return mark(call, input, MARKER_BOOL, out);
}

static bool filter_as_number(Call *call, Value input, Value *out, Err *err)
{
    (void)err;
    return mark(call, input, MARKER_NUMBER, out);
}

FilterFn native_filter_find(Str name)
{
    if (name.len < 7 || memcmp(name.at, "as_", 3) != 0)
        return NULL;
    return str_is(name, "as_text")     ? filter_as_text
           : str_is(name, "as_native") ? filter_as_native
           : str_is(name, "as_bool")   ? filter_as_bool
           : str_is(name, "as_number") ? filter_as_number : NULL;
}

/* ---- literals ---- */

static bool is_constant(const Node *node, int depth);

static bool are_constant(const Node *items, int depth)
{
    for (; items; items = items->next)
        if (!is_constant(items, depth))
            return false;
    return true;
}

static bool is_constant_filter(const FilterNode *node, int depth)
{
    return !native_filter_find(node->name) && !node->arguments.star &&
           !node->arguments.star_star &&
           are_constant(node->arguments.items, depth) && is_constant(node->input, depth);
}

static bool is_constant_condition(const ConditionNode *node, int depth)
{
    return is_constant(node->test, depth) && is_constant(node->then, depth) &&
           (!node->other || is_constant(node->other, depth));
}

/* Is the node a value that stands in the template? Such ones come out as text. */
static bool is_constant(const Node *node, int depth)
{
    enum { DEEPEST = 500 };
    if (depth++ > DEEPEST)
        return false;
    switch ((NodeKind)node->kind) {
    case NODE_CONST: return true;
    case NODE_LIST:
    case NODE_TUPLE:
    case NODE_DICT:
    case NODE_NOT:
    case NODE_AND:
    case NODE_OR:
    case NODE_NEGATE:
    case NODE_PLUS:
    case NODE_ARITHMETIC:
    case NODE_CONCAT:
    case NODE_COMPARE: return are_constant(((const ItemsNode *)node)->items, depth);
    case NODE_CONDITION: return is_constant_condition((const ConditionNode *)node, depth);
    case NODE_FILTER: return is_constant_filter((const FilterNode *)node, depth);
    case NODE_ITEM:
        return is_constant(((const ItemNode *)node)->object, depth) &&
               is_constant(((const ItemNode *)node)->key, depth);
    case NODE_ATTRIBUTE: return is_constant(((const AttributeNode *)node)->object, depth);
    default: return false;
    }
}

bool native_is_constant(const Node *node)
{
    return is_constant(node, 0);
}

/* The text as Python's literal: what a template of that one expression gives, if it has only
 * constants. */
static bool literal_read(Arena *arena, Str text, Value *out)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text ignored = {0};
    Interp interp;
    Template *template;
    Str trimmed = str_trim(text);
    if (jinja_has_tags(trimmed) || str_find(trimmed, STR("}}")) >= 0 || !trimmed.len)
        return false;
    Str source = str_print(arena, "{{ " STR_FMT " }}", STR_ARG(trimmed));
    if (!jinja_compile(arena, source, STR("literal"), NULL, &template, &err))
        return false;
    const Node *print = template->root->body;
    if (!print || print->kind != NODE_PRINT || print->next)
        return false;
    const Node *value = ((const PrintNode *)print)->value;
    if (!native_is_constant(value) || value->kind == NODE_FILTER || value->kind == NODE_CONCAT ||
        value->kind == NODE_CONDITION)
        return false;
    interp_begin(&interp, arena, NULL, &ignored, &err);
    Frame frame = {NULL, NULL, template};
    interp.frame = &frame;
    bool is_fine = eval(&interp, value, out);
    interp_end(&interp);
    /* Python spells them True, False and None */
    return is_fine && !((out->kind == VALUE_BOOL || out->kind == VALUE_NONE) &&
                        trimmed.at[0] >= 'a');
}

static bool wrong_literal(Str text, const char *type, Err *err)
{
    return err_set(err, ERR_TYPE, NOWHERE, "Could not convert value '" STR_FMT "' into type '%s'",
                   STR_ARG(text), type);
}

static bool marker_value(Arena *arena, Value marked, Value *out, Err *err)
{
    Value v;
    Str text = value_str(marked);
    Marker marker = (Marker)marked.at;
    *out = value_text(text);
    if (marker == MARKER_TEXT)
        return true;
    if (literal_read(arena, text, &v))
        *out = v;
    if (marker == MARKER_BOOL && !value_is_bool(*out))
        return wrong_literal(text, "bool", err);
    if (marker == MARKER_NUMBER &&
        (value_is_bool(*out) || (!value_is_float(*out) && !is_any_whole(*out))))
        return wrong_literal(text, "number", err);
    return true;
}

bool jinja_render_value(const Template *template, Arena *arena, const RenderOptions *options,
                        Value *out, Err *err)
{
    AUTO(text) Text text = {0};
    Interp interp;
    interp_begin(&interp, arena, options, &text, err);
    interp.is_native = interp.is_collecting = true;
    bool is_fine = interp_run_root(&interp, template);
    if (is_fine && interp.part_count == 1) {
        *out = interp.part;
        if (is_marked(interp.part)) {
            Frame frame = {NULL, NULL, template};
            interp.frame = &frame;
            is_fine = marker_value(arena, interp.part, out, err) ||
                      interp_locate(&interp, template->root->body);
        }
    } else if (is_fine) {
        *out = value_text(text_copy(arena, &text));
    }
    interp_end(&interp);
    if (!is_fine && err->kind == ERR_RETURN && !err->text)
        err_set(err, ERR_RETURN, NOWHERE, "`return` was called outside of a macro");
    return is_fine;
}
