/* parse_statement.c: tags.
 *
 * Every tag with a body ends at a tag whose first word the caller names; parse_until() stops there.
 */
#include "jinja/parser.h"

/* What is cleared while a new scope is parsed, and comes back behind it. */
typedef struct Surroundings {
    uint32_t branch_depth, soft_depth, loop_depth;
} Surroundings;

static Surroundings surroundings_begin(Parser *parser, bool keeps_loop)
{
    Surroundings saved = {parser->branch_depth, parser->soft_depth, parser->loop_depth};
    parser->branch_depth = parser->soft_depth = 0;
    if (!keeps_loop)
        parser->loop_depth = 0;
    return saved;
}

static void surroundings_end(Parser *parser, Surroundings saved)
{
    parser->branch_depth = saved.branch_depth;
    parser->soft_depth = saved.soft_depth;
    parser->loop_depth = saved.loop_depth;
}

/* "'elif', 'else' or 'endif'" */
static void print_ends(uint64_t ends, Text *out)
{
    bool is_first = true;
    for (int i = 1; i < KEYWORD_COUNT; i++) {
        if (!(ends >> i & 1))
            continue;
        ends &= ~(UINT64_C(1) << i);
        text_print(out, "%s'%s'", is_first ? "" : ends ? ", " : " or ", keyword_text(i));
        is_first = false;
    }
}

/* "unknown tag 'sett'", and the tag that is nearest. */
static void print_unknown(Str tag, Text *out)
{
    static const char *const tags[] = {"set", "if", "for", "do", "macro", "call", "filter", "raw",
                                       "elif", "else", "endif", "endfor", "endset", "endcall",
                                       "endmacro", "endfilter", "with", "endwith"};
    Str names[COUNT_OF(tags)];
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        names[i] = str_of(tags[i]);
    Str near = str_eq(tag, STR("elseif")) ? STR("elif") : str_nearest(tag, names, COUNT_OF(tags));
    text_print(out, "unknown tag '" STR_FMT "'", STR_ARG(tag));
    if (near.len && !str_eq(near, tag))
        text_print(out, ". Did you mean '" STR_FMT "'?", STR_ARG(near));
}

/* The end of the template, or a tag that does not belong here. */
static bool wrong_tag(Parser *parser, uint64_t ends)
{
    AUTO(text) Text text = {0};
    if (parser_at(parser, TOKEN_END))
        text_add_c(&text, "unexpected end of template");
    else
        print_unknown(parser->token.text, &text);
    if (ends) {
        int line, column;
        parser_place(parser, parser->open_block_at, &line, &column);
        text_add_c(&text, "; expected ");
        print_ends(ends, &text);
        text_print(&text, " to close the '%s' of line %d", keyword_text(parser->open_block), line);
    }
    return parser_fail(parser, parser->token.at, "%s", text.at);
}

/* The rest of a tag that opens a body, and the body. `opener`, `at`: for messages. */
static bool parse_body(Parser *parser, Keyword opener, uint32_t at, uint64_t ends,
                       const Node **out)
{
    Keyword saved = parser->open_block;
    uint32_t saved_at = parser->open_block_at;
    bool has_colon;
    TRY(parser_skip(parser, TOKEN_COLON, &has_colon));
    if (!parser_at(parser, TOKEN_BLOCK_END))
        return parser_expected(parser, token_kind_name(TOKEN_BLOCK_END));
    TRY(parser_next(parser));
    parser->open_block = opener;
    parser->open_block_at = at;
    TRY(parse_until(parser, ends, out));
    parser->open_block = saved;
    parser->open_block_at = saved_at;
    return true;
}

/* The same, passing the one word that ends it. */
static bool parse_whole_body(Parser *parser, Keyword opener, uint32_t at, uint64_t ends,
                             const Node **out)
{
    TRY(parse_body(parser, opener, at, ends, out));
    return parser_next(parser);
}

/* ---- if ---- */

static bool parse_if(Parser *parser, Node **out)
{
    uint32_t at = parser->token.at;
    IfNode *first = NODE(parser, IfNode, NODE_IF, at), *node = first;
    *out = &first->base;
    parser->soft_depth++;
    for (;;) {
        Node *test;
        TRY(parser_next(parser));
        TRY(parse_tuple(parser, TUPLE_NO_CONDITION, &test));
        node->test = test;
        parser->branch_depth++;
        TRY(parse_body(parser, KEYWORD_IF, at, ENDS(ELIF) | ENDS(ELSE) | ENDS(ENDIF),
                       &node->body));
        parser->branch_depth--;
        if (!parser_at_keyword(parser, KEYWORD_ELIF))
            break;
        IfNode *next = NODE(parser, IfNode, NODE_IF, parser->token.at);
        node->other = &next->base;
        node = next;
    }
    if (parser_at_keyword(parser, KEYWORD_ELSE)) {
        TRY(parser_next(parser));
        parser->branch_depth++;
        TRY(parse_body(parser, KEYWORD_IF, at, ENDS(ENDIF), &node->other));
        parser->branch_depth--;
    }
    parser->soft_depth--;
    return parser_next(parser);
}

/* ---- for ---- */

/* `if` of a loop: the target has variables of its own there. */
static bool parse_loop_test(Parser *parser, ForNode *node)
{
    CompileScope *scope = scope_begin(parser, &node->test_entries);
    Surroundings saved = surroundings_begin(parser, true);
    Node *target = target_copy(parser, node->target), *test;
    scope_use_target(parser, target, NAME_PARAMETER);
    TRY(parser_next(parser));
    TRY(parse_expression(parser, &test));
    node->test_target = target;
    node->test = test;
    surroundings_end(parser, saved);
    scope_end(parser, scope);
    return true;
}

/* The body and, in a scope of its own, `else`. */
static bool parse_loop_bodies(Parser *parser, ForNode *node)
{
    uint32_t at = node->base.at;
    CompileScope *scope = scope_begin(parser, &node->entries);
    scope->loop = node;
    Surroundings saved = surroundings_begin(parser, true);
    scope_use_target(parser, (Node *)node->target, NAME_PARAMETER);
    parser->loop_depth++;
    TRY(parse_body(parser, KEYWORD_FOR, at, ENDS(ENDFOR) | ENDS(ELSE), &node->body));
    surroundings_end(parser, saved);
    scope_end(parser, scope);
    if (!parser_at_keyword(parser, KEYWORD_ELSE))
        return parser_next(parser);
    TRY(parser_next(parser));
    scope = scope_begin(parser, &node->other_entries);
    saved = surroundings_begin(parser, true);
    TRY(parse_whole_body(parser, KEYWORD_FOR, at, ENDS(ENDFOR), &node->other));
    surroundings_end(parser, saved);
    scope_end(parser, scope);
    return true;
}

static bool parse_for(Parser *parser, Node **out)
{
    ForNode *node = NODE(parser, ForNode, NODE_FOR, parser->token.at);
    Node *target, *iterable;
    TRY(parser_next(parser));
    TRY(parse_target(parser, TUPLE_UNTIL_IN, &target));
    node->target = target;
    if (!parser_at_keyword(parser, KEYWORD_IN))
        return parser_expected(parser, "'in'");
    TRY(parser_next(parser));
    TRY(parse_tuple(parser, TUPLE_NO_CONDITION | TUPLE_UNTIL_RECURSIVE, &iterable));
    node->iterable = iterable;
    *out = &node->base;
    if (parser_at_keyword(parser, KEYWORD_IF))
        TRY(parse_loop_test(parser, node));
    TRY(parser_skip_keyword(parser, KEYWORD_RECURSIVE, &node->is_recursive));
    return parse_loop_bodies(parser, node);
}

/* ---- set, with, do, print ---- */

static Node *captured_node(Parser *parser)
{
    return NODE(parser, Node, NODE_CAPTURED, parser->token.at);
}

static bool parse_set(Parser *parser, Node **out)
{
    uint32_t at = parser->token.at;
    SetNode *node = NODE(parser, SetNode, NODE_SET, at);
    Node *target, *value = NULL;
    TRY(parser_next(parser));
    TRY(parse_target(parser, 0, &target));
    node->target = target;
    *out = &node->base;
    if (parser_at(parser, TOKEN_ASSIGN)) {
        TRY(parser_next(parser));
        TRY(parse_tuple(parser, 0, &value));
        scope_use_target(parser, target, NAME_STORED);
        node->value = value;
        return true;
    }
    node->base.kind = NODE_SET_BLOCK;
    CompileScope *scope = scope_begin(parser, &node->entries);
    Surroundings saved = surroundings_begin(parser, true);
    if (parser_at(parser, TOKEN_PIPE)) {
        TRY(parse_filters(parser, captured_node(parser), false, &value));
        node->value = value;
    }
    TRY(parse_whole_body(parser, KEYWORD_SET, at, ENDS(ENDSET), &node->body));
    surroundings_end(parser, saved);
    scope_end(parser, scope);
    scope_use_target(parser, target, NAME_STORED);
    return true;
}

static bool parse_with(Parser *parser, Node **out)
{
    uint32_t at = parser->token.at;
    BlockNode *node = NODE(parser, BlockNode, NODE_WITH, at);
    NodeList targets = {0}, values = {0};
    TRY(parser_next(parser));
    while (!parser_at(parser, TOKEN_BLOCK_END)) {
        Node *target, *value;
        if (targets.count)
            TRY(parser_expect(parser, TOKEN_COMMA));
        TRY(parse_target(parser, 0, &target));
        TRY(parser_expect(parser, TOKEN_ASSIGN));
        TRY(parse_expression(parser, &value));
        nodes_add(&targets, target);
        nodes_add(&values, value);
    }
    node->targets = targets.first;
    node->values = values.first;
    CompileScope *scope = scope_begin(parser, &node->entries);
    Surroundings saved = surroundings_begin(parser, true);
    for (Node *target = targets.first; target; target = (Node *)target->next)
        scope_use_target(parser, target, NAME_PARAMETER);
    TRY(parse_whole_body(parser, KEYWORD_WITH, at, ENDS(ENDWITH), &node->body));
    surroundings_end(parser, saved);
    scope_end(parser, scope);
    *out = &node->base;
    return true;
}

static bool parse_do(Parser *parser, Node **out)
{
    PrintNode *node = NODE(parser, PrintNode, NODE_DO, parser->token.at);
    Node *value;
    TRY(parser_next(parser));
    TRY(parse_tuple(parser, 0, &value));
    node->value = value;
    *out = &node->base;
    return true;
}

/* {% print a, b %} */
static bool parse_print(Parser *parser, NodeList *list)
{
    bool is_first = true;
    TRY(parser_next(parser));
    while (!parser_at(parser, TOKEN_BLOCK_END)) {
        PrintNode *node = NODE(parser, PrintNode, NODE_PRINT, parser->token.at);
        Node *value;
        if (!is_first)
            TRY(parser_expect(parser, TOKEN_COMMA));
        TRY(parse_expression(parser, &value));
        node->value = value;
        nodes_add(list, &node->base);
        is_first = false;
    }
    return true;
}

static bool parse_filter_block(Parser *parser, Node **out)
{
    uint32_t at = parser->token.at;
    BlockNode *node = NODE(parser, BlockNode, NODE_FILTER_BLOCK, at);
    Node *value;
    TRY(parser_next(parser));
    CompileScope *scope = scope_begin(parser, &node->entries);
    Surroundings saved = surroundings_begin(parser, true);
    TRY(parse_filters(parser, captured_node(parser), true, &value));
    node->value = value;
    TRY(parse_whole_body(parser, KEYWORD_FILTER, at, ENDS(ENDFILTER), &node->body));
    surroundings_end(parser, saved);
    scope_end(parser, scope);
    *out = &node->base;
    return true;
}

/* ---- macro, call ---- */

/* "list[dict[str, int]]" behind the colon of a parameter. */
static bool parse_annotation(Parser *parser)
{
    TRY(parser_deeper(parser));
    if (!parser_at(parser, TOKEN_NAME))
        return parser_expected(parser, "the name of a type");
    TRY(parser_next(parser));
    if (parser_at(parser, TOKEN_LEFT_BRACKET)) {
        bool is_first = true;
        TRY(parser_next(parser));
        while (!parser_at(parser, TOKEN_RIGHT_BRACKET)) {
            if (!is_first)
                TRY(parser_expect(parser, TOKEN_COMMA));
            TRY(parse_annotation(parser));
            is_first = false;
        }
        TRY(parser_next(parser));
    }
    parser->depth--;
    return true;
}

typedef List(Parameter) ParameterList;

static bool parse_parameter(Parser *parser, ParameterList *list)
{
    NameNode *target;
    Node *otherwise = NULL;
    Parameter parameter = {0};
    TRY(parse_target_name(parser, &target));
    for (uint32_t i = 0; i < list->len; i++)
        if (list->at[i].name == target->name)
            return parser_fail(parser, target->base.at, "duplicate argument '" STR_FMT "'",
                               STR_ARG(target->name->text));
    if (parser_at(parser, TOKEN_COLON)) {
        TRY(parser_next(parser));
        uint32_t from = parser->token.at;
        Str source = parser->template->source;
        TRY(parse_annotation(parser));
        parameter.annotation = str_trim(str_slice(source, from, parser->token.at));
    }
    scope_use(parser, target, NAME_PARAMETER);
    if (parser_at(parser, TOKEN_ASSIGN)) {
        TRY(parser_next(parser));
        TRY(parse_expression(parser, &otherwise));
    } else if (list->len && list->at[list->len - 1].otherwise) {
        return parser_fail(parser, target->base.at,
                           "non-default argument follows default argument");
    }
    parameter.name = target->name;
    parameter.target = target;
    parameter.otherwise = otherwise;
    parameter.undefined.name = target->name->text;
    parameter.undefined.hint = str_print(parser->arena, "parameter '" STR_FMT
                                         "' was not provided", STR_ARG(target->name->text));
    list_add(parser->arena, list, parameter);
    return true;
}

/* "(a, b=1)" of a macro or call block. */
static bool parse_signature(Parser *parser, Function *function)
{
    ParameterList list = {0};
    TRY(parser_expect(parser, TOKEN_LEFT_PAREN));
    while (!parser_at(parser, TOKEN_RIGHT_PAREN)) {
        if (list.len)
            TRY(parser_expect(parser, TOKEN_COMMA));
        TRY(parse_parameter(parser, &list));
        const Parameter *last = &list.at[list.len - 1];
        if (str_is(last->name->text, "caller"))
            function->has_caller_parameter = true;
    }
    function->parameters = list.at;
    function->parameter_count = list.len;
    return parser_next(parser);
}

static bool parse_macro(Parser *parser, Node **out)
{
    uint32_t at = parser->token.at;
    MacroNode *node = NODE(parser, MacroNode, NODE_MACRO, at);
    NameNode *target;
    TRY(parser_next(parser));
    TRY(parse_target_name(parser, &target));
    if (parser->mangles_macros)
        target->name = parser_name(parser, str_print(parser->arena, "dbt_macro__" STR_FMT,
                                                     STR_ARG(target->name->text)));
    scope_use(parser, target, NAME_STORED);
    node->target = target;
    Function *outer = parser->function;
    CompileScope *scope;
    Function *function = function_begin(parser, &scope, at);
    Surroundings saved = surroundings_begin(parser, false);
    function->name = target->name;
    TRY(parse_signature(parser, function));
    TRY(parse_whole_body(parser, KEYWORD_MACRO, at, ENDS(ENDMACRO), &function->body));
    surroundings_end(parser, saved);
    function_end(parser, scope, outer);
    node->function = function;
    *out = &node->base;
    return true;
}

static bool parse_call_block(Parser *parser, Node **out)
{
    uint32_t at = parser->token.at;
    CallBlockNode *node = NODE(parser, CallBlockNode, NODE_CALL_BLOCK, at);
    CompileScope *outer_scope = parser->scope, *scope;
    Function *outer = parser->function;
    Node *call;
    TRY(parser_next(parser));
    Function *function = function_begin(parser, &scope, at);
    if (parser_at(parser, TOKEN_LEFT_PAREN)) {
        Surroundings saved = surroundings_begin(parser, false);
        TRY(parse_signature(parser, function));
        surroundings_end(parser, saved);
    }
    parser->scope = outer_scope; /* the call itself stands outside */
    parser->function = outer;
    uint32_t call_at = parser->token.at;
    TRY(parse_expression(parser, &call));
    if (call->kind != NODE_CALL)
        return parser_fail(parser, call_at, "expected a call");
    parser->scope = scope;
    parser->function = function;
    Surroundings saved = surroundings_begin(parser, false);
    TRY(parse_whole_body(parser, KEYWORD_CALL, at, ENDS(ENDCALL), &function->body));
    surroundings_end(parser, saved);
    function_end(parser, scope, outer);
    node->call = (const CallNode *)call;
    node->function = function;
    *out = &node->base;
    return true;
}

/* ---- all ---- */

static bool parse_jump(Parser *parser, NodeKind kind, Node **out)
{
    if (!parser->loop_depth)
        return parser_fail(parser, parser->token.at, "'" STR_FMT "' outside of a loop",
                           STR_ARG(parser->token.text));
    *out = NODE(parser, Node, kind, parser->token.at);
    return parser_next(parser);
}

static bool refuse(Parser *parser)
{
    return parser_fail(parser, parser->token.at,
                       "the tag '" STR_FMT "' is not supported: weir renders dbt's templates, "
                       "which have no inheritance, includes, imports, autoescape or translation",
                       STR_ARG(parser->token.text));
}

static bool parse_statement(Parser *parser, uint64_t ends, NodeList *list)
{
    Node *node = NULL;
    if (!parser_at(parser, TOKEN_NAME))
        return parser_expected(parser, "the name of a tag");
    switch ((Keyword)parser->token.keyword) {
    case KEYWORD_SET: TRY(parse_set(parser, &node)); break;
    case KEYWORD_IF: TRY(parse_if(parser, &node)); break;
    case KEYWORD_FOR: TRY(parse_for(parser, &node)); break;
    case KEYWORD_DO: TRY(parse_do(parser, &node)); break;
    case KEYWORD_MACRO: TRY(parse_macro(parser, &node)); break;
    case KEYWORD_CALL: TRY(parse_call_block(parser, &node)); break;
    case KEYWORD_FILTER: TRY(parse_filter_block(parser, &node)); break;
    case KEYWORD_WITH: TRY(parse_with(parser, &node)); break;
    case KEYWORD_PRINT: return parse_print(parser, list);
    case KEYWORD_BREAK: TRY(parse_jump(parser, NODE_BREAK, &node)); break;
    case KEYWORD_CONTINUE: TRY(parse_jump(parser, NODE_CONTINUE, &node)); break;
    case KEYWORD_EXTENDS:
    case KEYWORD_BLOCK:
    case KEYWORD_INCLUDE:
    case KEYWORD_IMPORT:
    case KEYWORD_FROM:
    case KEYWORD_AUTOESCAPE:
    case KEYWORD_TRANS: return refuse(parser);
    default: return wrong_tag(parser, ends);
    }
    nodes_add(list, node);
    return true;
}

static bool parse_print_tag(Parser *parser, NodeList *list)
{
    PrintNode *node = NODE(parser, PrintNode, NODE_PRINT, parser->token.at);
    Node *value;
    TRY(parser_next(parser));
    TRY(parse_tuple(parser, 0, &value));
    node->value = value;
    nodes_add(list, &node->base);
    return parser_expect(parser, TOKEN_PRINT_END);
}

bool parse_until(Parser *parser, uint64_t ends, const Node **out)
{
    NodeList list = {0};
    TRY(parser_deeper(parser));
    for (;;) {
        const Token *token = &parser->token;
        if (token->kind == TOKEN_DATA) {
            DataNode *node = NODE(parser, DataNode, NODE_DATA, token->at);
            node->text = token->text;
            nodes_add(&list, &node->base);
            TRY(parser_next(parser));
        } else if (token->kind == TOKEN_PRINT_BEGIN) {
            TRY(parse_print_tag(parser, &list));
        } else if (token->kind == TOKEN_BLOCK_BEGIN) {
            TRY(parser_next(parser));
            if (parser_at(parser, TOKEN_NAME) && parser->token.keyword &&
                (ends >> parser->token.keyword & 1))
                break;
            TRY(parse_statement(parser, ends, &list));
            TRY(parser_expect(parser, TOKEN_BLOCK_END));
        } else if (ends) {
            return wrong_tag(parser, ends);
        } else {
            break;
        }
    }
    parser->depth--;
    *out = list.first;
    return true;
}

/* ---- dbt's blocks ---- */

/* , default   , adapter='duckdb'   , supported_languages=[..] */
static bool parse_materialization_options(Parser *parser, Macro *macro, const Node **languages)
{
    while (parser_at(parser, TOKEN_COMMA)) {
        NameNode *option;
        Node *value;
        TRY(parser_next(parser));
        TRY(parse_target_name(parser, &option));
        Str name = option->name->text;
        if (str_is(name, "default"))
            continue;
        bool is_adapter = str_is(name, "adapter");
        if (!is_adapter && !str_is(name, "supported_languages"))
            return parser_fail(parser, option->base.at,
                               "a materialization takes `default`, `adapter` and "
                               "`supported_languages`, not '" STR_FMT "'", STR_ARG(name));
        TRY(parser_expect(parser, TOKEN_ASSIGN));
        TRY(parse_expression(parser, &value));
        if (!is_adapter)
            *languages = value;
        else if (value->kind == NODE_CONST && value_is_text(((ConstNode *)value)->value))
            macro->adapter = value_str(((ConstNode *)value)->value);
        else
            return parser_fail(parser, value->at, "the adapter must be a text");
    }
    return true;
}

/* A list of texts as written: what can be known without rendering. */
static Value texts_of(Parser *parser, const Node *node)
{
    Value list = value_list(parser->arena);
    if (!node || (node->kind != NODE_LIST && node->kind != NODE_TUPLE)) {
        array_add(list.list, value_lit("sql"));
        return list;
    }
    for (const Node *item = ((const ItemsNode *)node)->items; item; item = item->next)
        if (item->kind == NODE_CONST)
            array_add(list.list, ((const ConstNode *)item)->value);
    return list;
}

static bool parse_materialization(Parser *parser, Macro *macro, const NameNode *name,
                                  Function *function)
{
    const Node *languages = NULL;
    macro->materialization = name->name->text;
    macro->adapter = STR("default");
    TRY(parse_materialization_options(parser, macro, &languages));
    macro->supported_languages = texts_of(parser, languages);
    Parameter *parameter = NEW(parser->arena, Parameter);
    NameNode *target = NODE(parser, NameNode, NODE_NAME, name->base.at);
    ConstNode *otherwise = NODE(parser, ConstNode, NODE_CONST, name->base.at);
    target->name = parser_name(parser, STR("supported_languages"));
    scope_use(parser, target, NAME_PARAMETER);
    otherwise->value = macro->supported_languages;
    value_freeze(otherwise->value);
    *parameter = (Parameter){.name = target->name, .target = target,
                             .otherwise = &otherwise->base};
    function->parameters = parameter;
    function->parameter_count = 1;
    macro->name = str_print(parser->arena, "materialization_" STR_FMT "_" STR_FMT,
                            STR_ARG(macro->materialization), STR_ARG(macro->adapter));
    return true;
}

static void copy_parameters(Parser *parser, Macro *macro, const Function *function)
{
    macro->parameter_count = function->parameter_count;
    macro->parameters = NEW_N(parser->arena, MacroParameter, function->parameter_count);
    for (uint32_t i = 0; i < function->parameter_count; i++) {
        const Parameter *parameter = &function->parameters[i];
        macro->parameters[i] = (MacroParameter){parameter->name->text, parameter->annotation,
                                                parameter->otherwise != NULL};
    }
}

static uint64_t ends_of(Keyword kind)
{
    switch (kind) {
    case KEYWORD_TEST:
    case KEYWORD_DATA_TEST: return ENDS(ENDTEST) | ENDS(ENDDATA_TEST);
    case KEYWORD_MATERIALIZATION: return ENDS(ENDMATERIALIZATION);
    default: return ENDS(ENDMACRO);
    }
}

bool parse_dbt_block(Parser *parser, Macro *macro, Function **out)
{
    Function *outer = parser->function;
    CompileScope *scope;
    NameNode *name;
    TRY(parser_expect(parser, TOKEN_BLOCK_BEGIN));
    uint32_t at = parser->token.at;
    Keyword kind = parser->token.keyword;
    uint64_t kinds = ENDS(TEST) | ENDS(DATA_TEST) | ENDS(MATERIALIZATION) | ENDS(MACRO);
    if (!(kinds >> kind & 1))
        return parser_expected(parser, "a macro, test or materialization");
    TRY(parser_next(parser));
    TRY(parse_target_name(parser, &name));
    Function *function = function_begin(parser, &scope, at);
    if (kind == KEYWORD_MATERIALIZATION) {
        TRY(parse_materialization(parser, macro, name, function));
    } else {
        TRY(parse_signature(parser, function));
        macro->name = kind == KEYWORD_MACRO ? name->name->text
            : str_print(parser->arena, "test_" STR_FMT, STR_ARG(name->name->text));
    }
    function->name = parser_name(parser, macro->name);
    copy_parameters(parser, macro, function);
    TRY(parse_whole_body(parser, kind, at, ends_of(kind), &function->body));
    function_end(parser, scope, outer);
    *out = function;
    return parser_expect(parser, TOKEN_BLOCK_END);
}
