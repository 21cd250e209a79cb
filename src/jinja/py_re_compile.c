/* py_re_compile.c: the tree of a pattern as a program for the matcher. */
#include "jinja/py_re.h"

enum { LONGEST_PROGRAM = 100000, WIDTH_UNKNOWN = -1 };

typedef struct Compiler {
    Arena *arena;
    Regex *regex;
    Err *err;
} Compiler;

static uint32_t here(const Compiler *compiler)
{
    return compiler->regex->code.len;
}

static bool emit(Compiler *compiler, ReCode code, uint32_t *at)
{
    if (here(compiler) >= LONGEST_PROGRAM)
        return err_set(compiler->err, ERR_TOO_BIG, NOWHERE, "the regular expression is too large");
    if (at)
        *at = here(compiler);
    list_add(compiler->arena, &compiler->regex->code, code);
    return true;
}

static bool compile_node(Compiler *compiler, const ReNode *node);

/* Code points that the node always takes; WIDTH_UNKNOWN if it varies. */
static int64_t width_of(const ReNode *node)
{
    int64_t width = 0, each;
    switch (node->kind) {
    case RE_CHAR:
    case RE_ANY:
    case RE_SET: return 1;
    case RE_SEQUENCE:
        for (const ReNode *child = node->first; child; child = child->next) {
            each = width_of(child);
            if (each == WIDTH_UNKNOWN)
                return WIDTH_UNKNOWN;
            width += each;
        }
        return width;
    case RE_CHOICE:
    case RE_CONDITION:
        width = width_of(node->first);
        for (const ReNode *child = node->first->next; child; child = child->next)
            if (width_of(child) != width)
                return WIDTH_UNKNOWN;
        return width;
    case RE_GROUP:
    case RE_ATOMIC: return width_of(node->first);
    case RE_REPEAT:
        each = width_of(node->first);
        return each == WIDTH_UNKNOWN || node->least != node->most ? WIDTH_UNKNOWN
                                                                  : each * node->least;
    case RE_BACKREF: return WIDTH_UNKNOWN;
    default: return 0;
    }
}

static bool may_be_empty(const ReNode *node)
{
    switch (node->kind) {
    case RE_CHAR:
    case RE_ANY:
    case RE_SET: return false;
    case RE_SEQUENCE:
        for (const ReNode *child = node->first; child; child = child->next)
            if (!may_be_empty(child))
                return false;
        return true;
    case RE_CHOICE:
    case RE_CONDITION:
        for (const ReNode *child = node->first; child; child = child->next)
            if (may_be_empty(child))
                return true;
        return false;
    case RE_GROUP:
    case RE_ATOMIC: return may_be_empty(node->first);
    case RE_REPEAT: return node->least == 0 || may_be_empty(node->first);
    default: return true;
    }
}

static bool is_single(const ReNode *node)
{
    while (node->kind == RE_SEQUENCE && node->first && !node->first->next)
        node = node->first;
    return node->kind == RE_CHAR || node->kind == RE_ANY || node->kind == RE_SET;
}

static bool compile_choice(Compiler *compiler, const ReNode *node)
{
    uint32_t jump = UINT32_MAX; /* chain of jumps to the end, by x */
    for (const ReNode *child = node->first; child; child = child->next) {
        uint32_t split = 0;
        if (child->next) {
            TRY(emit(compiler, (ReCode){.op = OPC_SPLIT}, &split));
            compiler->regex->code.at[split].x = here(compiler);
        }
        TRY(compile_node(compiler, child));
        if (child->next) {
            TRY(emit(compiler, (ReCode){.op = OPC_JUMP, .x = jump}, &jump));
            compiler->regex->code.at[split].y = here(compiler);
        }
    }
    while (jump != UINT32_MAX) {
        uint32_t before = compiler->regex->code.at[jump].x;
        compiler->regex->code.at[jump].x = here(compiler);
        jump = before;
    }
    return true;
}

/* A body between two codes of which the first knows the end: LOOK, ATOMIC. */
static bool compile_inner(Compiler *compiler, ReCode begin, const ReNode *body)
{
    uint32_t at = 0;
    TRY(emit(compiler, begin, &at));
    TRY(compile_node(compiler, body));
    TRY(emit(compiler, (ReCode){.op = OPC_MATCH}, NULL));
    compiler->regex->code.at[at].x = here(compiler);
    return true;
}

static bool compile_look(Compiler *compiler, const ReNode *node)
{
    ReCode begin = {.op = OPC_LOOK, .is_negated = node->is_negated};
    if (node->is_behind) {
        int64_t width = width_of(node->first);
        if (width == WIDTH_UNKNOWN)
            return FAIL(compiler->err, "look-behind requires fixed-width pattern");
        begin.least = (uint32_t)width + 1;
    }
    return compile_inner(compiler, begin, node->first);
}

/* Repeats of one character are one code, and one entry on the matcher's stack. */
static bool compile_run(Compiler *compiler, const ReNode *repeat)
{
    const ReNode *item = repeat->first;
    while (item->kind == RE_SEQUENCE)
        item = item->first;
    return emit(compiler,
                (ReCode){.op = OPC_RUN, .mode = (uint8_t)repeat->mode,
                         .kind = (uint8_t)item->kind, .flags = item->flags, .code = item->code,
                         .set = item->set, .least = repeat->least, .most = repeat->most},
                NULL);
}

/* first* : a loop. No round begins where the one before it began: an empty one is the last. */
static bool compile_star(Compiler *compiler, const ReNode *repeat)
{
    bool is_lazy = repeat->mode == REPEAT_LAZY, guards = may_be_empty(repeat->first);
    uint32_t split = 0, guard = UINT32_MAX, mark = guards ? compiler->regex->slot_count++ : 0;
    if (guards) {
        TRY(emit(compiler, (ReCode){.op = OPC_MARK, .x = mark, .is_negated = true}, NULL));
        TRY(emit(compiler, (ReCode){.op = OPC_STUCK, .x = mark}, &guard));
    }
    TRY(emit(compiler, (ReCode){.op = OPC_SPLIT}, &split));
    if (guards)
        TRY(emit(compiler, (ReCode){.op = OPC_MARK, .x = mark}, NULL));
    TRY(compile_node(compiler, repeat->first));
    TRY(emit(compiler, (ReCode){.op = OPC_JUMP, .x = guards ? guard : split}, NULL));
    if (guards)
        compiler->regex->code.at[guard].y = here(compiler);
    ReCode *at = &compiler->regex->code.at[split];
    at->x = is_lazy ? here(compiler) : split + 1;
    at->y = is_lazy ? split + 1 : here(compiler);
    return true;
}

static bool compile_optionals(Compiler *compiler, const ReNode *repeat, uint32_t count)
{
    bool is_lazy = repeat->mode == REPEAT_LAZY;
    uint32_t chain = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        TRY(emit(compiler, (ReCode){.op = OPC_SPLIT, .least = chain}, &chain));
        TRY(compile_node(compiler, repeat->first));
    }
    while (chain != UINT32_MAX) {
        ReCode *at = &compiler->regex->code.at[chain];
        uint32_t before = at->least;
        at->x = is_lazy ? here(compiler) : chain + 1;
        at->y = is_lazy ? chain + 1 : here(compiler);
        chain = before;
    }
    return true;
}

static bool compile_repeat(Compiler *compiler, const ReNode *node)
{
    if (is_single(node->first))
        return compile_run(compiler, node);
    if (node->mode == REPEAT_POSSESSIVE) {
        ReNode greedy = *node;
        greedy.mode = REPEAT_GREEDY;
        greedy.next = NULL;
        return compile_inner(compiler, (ReCode){.op = OPC_ATOMIC}, &greedy);
    }
    for (uint32_t i = 0; i < node->least; i++)
        TRY(compile_node(compiler, node->first));
    return node->most == UINT32_MAX
               ? compile_star(compiler, node)
               : compile_optionals(compiler, node, node->most - node->least);
}

static bool compile_condition(Compiler *compiler, const ReNode *node)
{
    uint32_t at = 0, jump = 0;
    TRY(emit(compiler, (ReCode){.op = OPC_CONDITION, .code = node->group}, &at));
    ReNode first = *node->first;
    first.next = NULL;
    TRY(compile_node(compiler, &first));
    TRY(emit(compiler, (ReCode){.op = OPC_JUMP}, &jump));
    compiler->regex->code.at[at].x = here(compiler);
    TRY(compile_node(compiler, node->first->next));
    compiler->regex->code.at[jump].x = here(compiler);
    return true;
}

static bool compile_node(Compiler *compiler, const ReNode *node)
{
    ReCode code = {.flags = node->flags, .code = node->code, .set = node->set};
    switch (node->kind) {
    case RE_EMPTY: return true;
    case RE_CHAR: code.op = OPC_CHAR; return emit(compiler, code, NULL);
    case RE_ANY: code.op = OPC_ANY; return emit(compiler, code, NULL);
    case RE_SET: code.op = OPC_SET; return emit(compiler, code, NULL);
    case RE_SEQUENCE:
        for (const ReNode *child = node->first; child; child = child->next)
            TRY(compile_node(compiler, child));
        return true;
    case RE_CHOICE: return compile_choice(compiler, node);
    case RE_GROUP:
        TRY(emit(compiler, (ReCode){.op = OPC_SAVE, .x = node->group * 2}, NULL));
        TRY(compile_node(compiler, node->first));
        return emit(compiler, (ReCode){.op = OPC_SAVE, .x = node->group * 2 + 1}, NULL);
    case RE_REPEAT: return compile_repeat(compiler, node);
    case RE_BACKREF:
        code.op = OPC_BACKREF;
        code.code = node->group;
        return emit(compiler, code, NULL);
    case RE_LOOK: return compile_look(compiler, node);
    case RE_ATOMIC:
        return compile_inner(compiler, (ReCode){.op = OPC_ATOMIC}, node->first);
    case RE_CONDITION: return compile_condition(compiler, node);
    default:
        code.op = OPC_ASSERT;
        code.kind = (uint8_t)node->kind;
        return emit(compiler, code, NULL);
    }
}

bool regex_compile(Arena *arena, Str pattern, uint32_t flags, Regex **out, Err *err)
{
    Regex *regex = NEW(arena, Regex);
    regex->pattern = pattern;
    regex->flags = flags;
    regex->names = dict_make(arena, 0);
    ReNode *tree;
    TRY(regex_parse(arena, regex, &tree, err));
    regex->slot_count = 2 * (regex->group_count + 1);
    Compiler compiler = {arena, regex, err};
    TRY(compile_node(&compiler, tree));
    TRY(emit(&compiler, (ReCode){.op = OPC_MATCH}, NULL));
    for (uint32_t i = 0; i < regex->code.len; i++)
        if (regex->code.at[i].op == OPC_CONDITION &&
            regex->code.at[i].code > regex->group_count)
            return FAIL(err, "invalid group reference %u", regex->code.at[i].code);
    *out = regex;
    return true;
}
