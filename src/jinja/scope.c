/* scope.c: which variable a name is, decided once, as jinja2 decides it.
 *
 * While parsing, each scope collects the uses of names in it. When the tree is complete the scopes
 * are gone through from the outside in: what a scope sets gets a slot of its own there (preset with
 * the outer variable of that name when the scope is entered), what it only reads is the variable of
 * the nearest scope around it, and what nobody sets is free: a slot in the outermost function that
 * is filled from the context when it is first read.
 */
#include "jinja/parser.h"

typedef struct Binding {
    Name *name;
    struct Binding *outer;   /* what the name meant before               */
    struct Binding *next;    /* of the same scope                        */
    Function *function;
    uint32_t slot;
    uint32_t scope_id;
    bool is_free;
} Binding;

CompileScope *scope_begin(Parser *parser, const Entries **entries)
{
    CompileScope *scope = NEW(parser->arena, CompileScope);
    scope->parent = parser->scope;
    scope->function = parser->function;
    scope->entries = entries;
    scope->id = ++parser->scope_count;
    if (scope->parent) {
        CompileScope *parent = scope->parent;
        if (parent->last_child)
            parent->last_child->sibling = scope;
        else
            parent->children = scope;
        parent->last_child = scope;
    }
    parser->scope = scope;
    return scope;
}

void scope_end(Parser *parser, CompileScope *scope)
{
    assert(parser->scope == scope);
    parser->scope = scope->parent;
}

void scope_use(Parser *parser, NameNode *node, uint16_t flags)
{
    CompileScope *scope = parser->scope;
    node->base.flags |= flags;
    if (parser->branch_depth)
        node->base.flags |= NAME_IN_BRANCH;
    if (scope->last_use)
        scope->last_use->next_use = node;
    else
        scope->first_use = node;
    scope->last_use = node;
    if (!flags && str_is(node->name->text, "loop")) {
        while (scope && !scope->loop)
            scope = scope->parent;
        if (scope)
            scope->reads_loop = true;
    }
}

void scope_use_target(Parser *parser, Node *target, uint16_t flags)
{
    if (target->kind == NODE_NAME) {
        scope_use(parser, (NameNode *)target, flags);
    } else if (target->kind == NODE_MEMBER) { /* ns.x reads ns */
        scope_use(parser, (NameNode *)((AttributeNode *)target)->object, 0);
    } else {
        const Node *item = ((ItemsNode *)target)->items;
        for (; item; item = item->next)
            scope_use_target(parser, (Node *)item, flags);
    }
}

Function *function_begin(Parser *parser, CompileScope **scope, uint32_t at)
{
    Function *outer = parser->function, *function = NEW(parser->arena, Function);
    function->at = at;
    function->level = outer ? outer->level + 1 : 0;
    function->caller_slot = function->kwargs_slot = function->varargs_slot = NO_SLOT;
    if (outer)
        outer->has_inner = true;
    parser->function = function;
    *scope = scope_begin(parser, &function->entries);
    (*scope)->begins_function = true;
    return function;
}

void function_end(Parser *parser, CompileScope *scope, Function *outer)
{
    scope_end(parser, scope);
    parser->function = outer;
}

/* ---- resolving ---- */

typedef struct Resolver {
    Parser *parser;
    Function *free_function; /* where free names live: the root, or a dbt macro */
} Resolver;

static Binding *bind(Resolver *resolver, Name *name, CompileScope *scope, Binding **list)
{
    Binding *binding = NEW(resolver->parser->arena, Binding);
    *binding = (Binding){name, name->binding, *list, scope->function,
                         scope->function->slot_count++, scope->id, false};
    name->binding = binding;
    *list = binding;
    return binding;
}

/* Does the name have a variable of its own in this very scope? */
static bool is_bound_in(const CompileScope *scope, const Name *name)
{
    return name->binding && name->binding->scope_id == scope->id;
}

/* A name that the scope sets: a slot, and how it starts. */
static void declare(Resolver *resolver, CompileScope *scope, NameNode *use, Binding **list,
                    Entries *entries)
{
    Name *name = use->name;
    Binding *outer = name->binding;
    Binding *own = bind(resolver, name, scope, list);
    if (use->base.flags & NAME_PARAMETER)
        return;
    Entry entry = {ENTRY_MISSING, own->slot, 0, 0, name};
    if (outer && !outer->is_free) {
        entry.kind = ENTRY_ALIAS;
        entry.from_depth = scope->function->level - outer->function->level;
        entry.from_slot = outer->slot;
    } else if (name->loaded_in == scope->id || (use->base.flags & NAME_IN_BRANCH)) {
        entry.kind = ENTRY_UNRESOLVED;
    }
    list_add(resolver->parser->arena, entries, entry);
}

static bool declare_all(Resolver *resolver, CompileScope *scope, Binding **list, Entries *entries)
{
    Parser *parser = resolver->parser;
    for (NameNode *use = scope->first_use; use; use = use->next_use) {
        Name *name = use->name;
        if (!(use->base.flags & (NAME_STORED | NAME_PARAMETER))) {
            if (!is_bound_in(scope, name))
                name->loaded_in = scope->id;
        } else if (!is_bound_in(scope, name)) {
            if (scope->loop && scope->reads_loop && str_is(name->text, "loop"))
                return parser_fail(parser, use->base.at, "`loop` cannot be set inside a loop");
            declare(resolver, scope, use, list, entries);
        }
    }
    return true;
}

/* caller, kwargs and varargs are parameters of the macro that reads them. */
static Binding *special_binding(Resolver *resolver, CompileScope *scope, Name *name)
{
    Function *function = scope->function;
    if (!function->level)
        return NULL;
    uint32_t *slot = NULL;
    if (str_is(name->text, "caller")) {
        slot = &function->caller_slot;
        for (CompileScope *s = scope; s; s = s->parent) /* those around it take it as well */
            s->function->takes_caller = true;
    } else if (str_is(name->text, "kwargs")) {
        slot = &function->kwargs_slot;
        for (CompileScope *s = scope; s; s = s->parent)
            s->function->takes_kwargs = true;
    } else if (str_is(name->text, "varargs")) {
        slot = &function->varargs_slot;
        for (CompileScope *s = scope; s; s = s->parent)
            s->function->takes_varargs = true;
    } else {
        return NULL;
    }
    if (*slot == NO_SLOT)
        *slot = function->slot_count++;
    Binding *binding = NEW(resolver->parser->arena, Binding);
    binding->function = function;
    binding->slot = *slot;
    return binding;
}

static Binding *free_binding(Resolver *resolver, Name *name)
{
    Binding *binding = NEW(resolver->parser->arena, Binding);
    *binding = (Binding){.name = name, .function = resolver->free_function, .is_free = true,
                         .slot = resolver->free_function->slot_count++};
    return name->binding = binding;
}

/* A parameter `caller` that is read must have a default. */
static bool check_caller(Parser *parser, const NameNode *use, const Function *function)
{
    for (uint32_t i = 0; i < function->parameter_count; i++) {
        const Parameter *parameter = &function->parameters[i];
        if (parameter->name == use->name && parameter->target != use && !parameter->otherwise &&
            str_is(use->name->text, "caller"))
            return parser_fail(parser, parameter->target->base.at,
                               "the parameter `caller` must be left out or have a default");
    }
    return true;
}

static bool resolve_uses(Resolver *resolver, CompileScope *scope)
{
    for (NameNode *use = scope->first_use; use; use = use->next_use) {
        Binding *binding = use->name->binding;
        if (!binding || binding->is_free) {
            Binding *special = special_binding(resolver, scope, use->name);
            binding = special ? special : binding ? binding : free_binding(resolver, use->name);
        }
        use->depth = scope->function->level - binding->function->level;
        use->slot = binding->slot;
        if (binding->function->has_caller_parameter)
            TRY(check_caller(resolver->parser, use, binding->function));
    }
    return true;
}

/* The variable `loop` of a loop's body. */
static void declare_loop(Resolver *resolver, CompileScope *scope, Binding **list)
{
    if (!scope->reads_loop)
        return;
    Binding *binding = bind(resolver, parser_name(resolver->parser, STR("loop")), scope, list);
    scope->loop->has_loop = true;
    scope->loop->loop_slot = binding->slot;
}

static bool resolve(Resolver *resolver, CompileScope *scope)
{
    Entries *entries = NEW(resolver->parser->arena, Entries);
    Binding *list = NULL;
    if (scope->begins_function)
        scope->function->entries = entries;
    uint32_t first_slot = scope->function->slot_count;
    TRY(declare_all(resolver, scope, &list, entries));
    declare_loop(resolver, scope, &list);
    TRY(resolve_uses(resolver, scope));
    for (CompileScope *child = scope->children; child; child = child->sibling)
        TRY(resolve(resolver, child));
    if (scope->loop) {
        scope->loop->first_slot = first_slot;
        scope->loop->end_slot = scope->function->slot_count;
    }
    for (; list; list = list->next)
        list->name->binding = list->outer;
    if (scope->entries && entries->len)
        *scope->entries = entries;
    return true;
}

bool scope_resolve(Parser *parser, CompileScope *root)
{
    Resolver resolver = {parser, root->function};
    if (root->children && root->children->function->is_dbt)
        resolver.free_function = root->children->function;
    return resolve(&resolver, root);
}
