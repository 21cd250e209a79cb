/* parse_expression.c: expressions, loosest operator first, as jinja2's grammar has them.
 *
 *   condition   x if c else y          concat    ~
 *   or, and, not                       product   * / // %
 *   comparison  == in ...              power     **
 *   sum         + -                    unary, then filters, tests, .x [x] (x)
 */
#include "jinja/native.h"
#include "jinja/parser.h"

static bool parse_condition(Parser *parser, bool has_condition, Node **out);
static bool parse_unary(Parser *parser, bool has_filters, Node **out);

bool parse_expression(Parser *parser, Node **out)
{
    return parse_condition(parser, true, out);
}

/* ---- names and literals ---- */

static NameNode *name_node(Parser *parser, Str text, uint32_t at)
{
    NameNode *node = NODE(parser, NameNode, NODE_NAME, at);
    node->name = parser_name(parser, text);
    return node;
}

static Node *const_node(Parser *parser, Value value, uint32_t at)
{
    ConstNode *node = NODE(parser, ConstNode, NODE_CONST, at);
    node->value = value;
    return &node->base;
}

static bool is_constant_name(const Token *token, Value *out)
{
    if (token->kind != TOKEN_NAME)
        return false;
    switch (token->keyword) {
    case KEYWORD_TRUE:
    case KEYWORD_TRUE_PYTHON: *out = value_bool(true); return true;
    case KEYWORD_FALSE:
    case KEYWORD_FALSE_PYTHON: *out = value_bool(false); return true;
    case KEYWORD_NONE:
    case KEYWORD_NONE_PYTHON: *out = NONE; return true;
    default: return false;
    }
}

/* 'a' 'b' is one text. */
static bool parse_texts(Parser *parser, Node **out)
{
    uint32_t at = parser->token.at;
    Str text = parser->token.text;
    TRY(parser_next(parser));
    if (parser_at(parser, TOKEN_TEXT)) {
        AUTO(text) Text all = {0};
        text_add(&all, text);
        while (parser_at(parser, TOKEN_TEXT)) {
            text_add(&all, parser->token.text);
            TRY(parser_next(parser));
        }
        text = text_copy(parser->arena, &all);
    }
    *out = const_node(parser, value_text(text), at);
    return true;
}

/* Items with commas between them up to `closer`; a last comma is allowed. Pairs for dicts. */
static bool parse_items(Parser *parser, NodeKind kind, TokenKind closer, Node **out)
{
    ItemsNode *node = NODE(parser, ItemsNode, kind, parser->token.at);
    NodeList list = {0};
    TRY(parser_next(parser));
    while (!parser_at(parser, closer)) {
        Node *item;
        if (list.count)
            TRY(parser_expect(parser, TOKEN_COMMA));
        if (parser_at(parser, closer))
            break;
        TRY(parse_expression(parser, &item));
        nodes_add(&list, item);
        if (kind == NODE_DICT) {
            TRY(parser_expect(parser, TOKEN_COLON));
            TRY(parse_expression(parser, &item));
            nodes_add(&list, item);
        }
    }
    node->items = list.first;
    node->count = kind == NODE_DICT ? list.count / 2 : list.count;
    *out = &node->base;
    return parser_next(parser);
}

static bool parse_primary(Parser *parser, bool is_target, Node **out)
{
    const Token *token = &parser->token;
    uint32_t at = token->at;
    Value constant;
    switch (token->kind) {
    case TOKEN_NAME:
        if (is_constant_name(token, &constant)) {
            *out = const_node(parser, constant, at);
        } else {
            NameNode *name = name_node(parser, token->text, at);
            if (!is_target)
                scope_use(parser, name, 0);
            *out = &name->base;
        }
        return parser_next(parser);
    case TOKEN_TEXT: return parse_texts(parser, out);
    case TOKEN_INT:
    case TOKEN_FLOAT:
        *out = const_node(parser, token->value, at);
        return parser_next(parser);
    case TOKEN_LEFT_PAREN:
        TRY(parser_next(parser));
        TRY(parse_tuple(parser, TUPLE_PARENTHESES | (is_target ? TUPLE_TARGET : 0), out));
        return parser_expect(parser, TOKEN_RIGHT_PAREN);
    case TOKEN_LEFT_BRACKET: return parse_items(parser, NODE_LIST, TOKEN_RIGHT_BRACKET, out);
    case TOKEN_LEFT_BRACE: return parse_items(parser, NODE_DICT, TOKEN_RIGHT_BRACE, out);
    default:
        return parser_fail(parser, at, "unexpected %s", token_kind_name(token->kind));
    }
}

static bool is_tuple_end(const Parser *parser, unsigned flags)
{
    switch (parser->token.kind) {
    case TOKEN_PRINT_END:
    case TOKEN_BLOCK_END:
    case TOKEN_RIGHT_PAREN: return true;
    case TOKEN_NAME:
        return ((flags & TUPLE_UNTIL_IN) && parser->token.keyword == KEYWORD_IN) ||
               ((flags & TUPLE_UNTIL_RECURSIVE) && parser->token.keyword == KEYWORD_RECURSIVE);
    default: return false;
    }
}

/* One item of an assignment's target: a name, a tuple, or ns.x. */
static bool parse_target_item(Parser *parser, Node **out)
{
    TRY(parse_primary(parser, true, out));
    if ((*out)->kind != NODE_NAME || !parser_at(parser, TOKEN_DOT))
        return true;
    AttributeNode *member = NODE(parser, AttributeNode, NODE_MEMBER, (*out)->at);
    TRY(parser_next(parser));
    if (!parser_at(parser, TOKEN_NAME))
        return parser_expected(parser, "a name");
    member->object = *out;
    member->name = parser_name(parser, parser->token.text);
    *out = &member->base;
    return parser_next(parser);
}

bool parse_tuple(Parser *parser, unsigned flags, Node **out)
{
    NodeList list = {0};
    bool is_tuple = false;
    uint32_t at = parser->token.at;
    for (;;) {
        if (list.count)
            TRY(parser_expect(parser, TOKEN_COMMA));
        if (is_tuple_end(parser, flags))
            break;
        Node *item;
        if (flags & TUPLE_TARGET)
            TRY(parse_target_item(parser, &item));
        else
            TRY(parse_condition(parser, !(flags & TUPLE_NO_CONDITION), &item));
        nodes_add(&list, item);
        if (!parser_at(parser, TOKEN_COMMA))
            break;
        is_tuple = true;
    }
    if (!is_tuple && list.count) {
        *out = list.first;
        return true;
    }
    if (!is_tuple && !(flags & TUPLE_PARENTHESES))
        return parser_expected(parser, "an expression");
    ItemsNode *node = NODE(parser, ItemsNode, NODE_TUPLE, at);
    node->items = list.first;
    node->count = list.count;
    *out = &node->base;
    return true;
}

/* ---- targets ---- */

static bool check_target(Parser *parser, const Node *target)
{
    if (target->kind == NODE_NAME || target->kind == NODE_MEMBER)
        return true;
    if (target->kind != NODE_TUPLE)
        return parser_fail(parser, target->at, "can't assign to this: a name was expected");
    for (const Node *item = ((const ItemsNode *)target)->items; item; item = item->next)
        TRY(check_target(parser, item));
    return true;
}

bool parse_target(Parser *parser, unsigned flags, Node **out)
{
    TRY(parse_tuple(parser, flags | TUPLE_TARGET, out));
    return check_target(parser, *out);
}

bool parse_target_name(Parser *parser, NameNode **out)
{
    Value constant;
    if (!parser_at(parser, TOKEN_NAME))
        return parser_expected(parser, "a name");
    if (is_constant_name(&parser->token, &constant))
        return parser_fail(parser, parser->token.at, "can't assign to a constant");
    *out = name_node(parser, parser->token.text, parser->token.at);
    return parser_next(parser);
}

Node *target_copy(Parser *parser, const Node *target)
{
    if (target->kind == NODE_NAME)
        return &name_node(parser, ((const NameNode *)target)->name->text, target->at)->base;
    if (target->kind == NODE_MEMBER) {
        AttributeNode *member = NODE(parser, AttributeNode, NODE_MEMBER, target->at);
        *member = *(const AttributeNode *)target;
        member->base.next = NULL;
        member->object = target_copy(parser, member->object);
        return &member->base;
    }
    ItemsNode *tuple = NODE(parser, ItemsNode, NODE_TUPLE, target->at);
    NodeList list = {0};
    for (const Node *item = ((const ItemsNode *)target)->items; item; item = item->next)
        nodes_add(&list, target_copy(parser, item));
    tuple->items = list.first;
    tuple->count = list.count;
    return &tuple->base;
}

/* ---- what follows a value: .x [x] (x) | f  is t ---- */

typedef struct NamedList {
    NodeList nodes;
    List(Str) names;
} NamedList;

static bool parse_named_argument(Parser *parser, NamedList *named, Node **out)
{
    for (uint32_t i = 0; i < named->names.len; i++)
        if (str_eq(named->names.at[i], parser->token.text))
            return parser_fail(parser, parser->token.at, "keyword argument repeated: " STR_FMT,
                               STR_ARG(parser->token.text));
    list_add(parser->arena, &named->names, parser->token.text);
    TRY(parser_next(parser));
    TRY(parser_next(parser));
    return parse_expression(parser, out);
}

static bool parse_argument(Parser *parser, Arguments *out, NodeList *items, NamedList *named)
{
    Node *item;
    uint32_t at = parser->token.at;
    bool is_star = parser_at(parser, TOKEN_STAR), is_named = false;
    if (is_star || parser_at(parser, TOKEN_STAR_STAR)) {
        if (out->star_star || (is_star && out->star))
            return parser_fail(parser, at, "invalid syntax for function call expression");
        TRY(parser_next(parser));
        TRY(parse_expression(parser, &item));
        *(is_star ? &out->star : &out->star_star) = item;
        return true;
    }
    if (parser_at(parser, TOKEN_NAME)) {
        const Token *ahead;
        TRY(parser_look(parser, &ahead));
        is_named = ahead->kind == TOKEN_ASSIGN;
    }
    if (out->star_star || (!is_named && (out->star || named->names.len)))
        return parser_fail(parser, at, "invalid syntax for function call expression");
    if (is_named) {
        TRY(parse_named_argument(parser, named, &item));
        nodes_add(&named->nodes, item);
    } else {
        TRY(parse_expression(parser, &item));
        nodes_add(items, item);
    }
    return true;
}

/* (a, b, *c, d=e, **f) */
static bool parse_arguments(Parser *parser, Arguments *out)
{
    NodeList items = {0};
    NamedList named = {0};
    bool needs_comma = false;
    TRY(parser_expect(parser, TOKEN_LEFT_PAREN));
    while (!parser_at(parser, TOKEN_RIGHT_PAREN)) {
        if (needs_comma) {
            TRY(parser_expect(parser, TOKEN_COMMA));
            if (parser_at(parser, TOKEN_RIGHT_PAREN))
                break;
        }
        TRY(parse_argument(parser, out, &items, &named));
        needs_comma = true;
    }
    out->count = items.count;
    out->named_count = named.names.len;
    out->names = named.names.at;
    if (items.last)
        items.last->next = named.nodes.first;
    out->items = items.first ? items.first : named.nodes.first;
    return parser_next(parser);
}

static bool parse_call(Parser *parser, Node *callee, Node **out)
{
    CallNode *call = NODE(parser, CallNode, NODE_CALL, callee->at);
    call->callee = callee;
    parser_place(parser, callee->at, &call->line, &call->column);
    if (parser->last_call)
        parser->last_call->next_call = call;
    else
        parser->template->calls = call;
    parser->last_call = call;
    *out = &call->base;
    return parse_arguments(parser, &call->arguments);
}

/* ":b:c" behind "a" (NULL: left out) of x[a:b:c] */
static bool parse_slice(Parser *parser, Node *object, Node *start, Node **out)
{
    SliceNode *slice = NODE(parser, SliceNode, NODE_SLICE, parser->token.at);
    slice->object = object;
    slice->start = start;
    const Node **parts[] = {&slice->stop, &slice->step};
    for (size_t i = 0; i < COUNT_OF(parts) && parser_at(parser, TOKEN_COLON); i++) {
        TRY(parser_next(parser));
        if (parser_at(parser, TOKEN_COLON) || parser_at(parser, TOKEN_RIGHT_BRACKET))
            continue;
        Node *part;
        TRY(parse_expression(parser, &part));
        *parts[i] = part;
    }
    *out = &slice->base;
    return parser_expect(parser, TOKEN_RIGHT_BRACKET);
}

/* x[..] */
static bool parse_item(Parser *parser, Node *object, Node **out)
{
    ItemNode *node = NODE(parser, ItemNode, NODE_ITEM, parser->token.at);
    Node *key = NULL;
    TRY(parser_next(parser));
    if (!parser_at(parser, TOKEN_COLON))
        TRY(parse_expression(parser, &key));
    if (parser_at(parser, TOKEN_COLON))
        return parse_slice(parser, object, key, out);
    if (parser_at(parser, TOKEN_COMMA)) { /* x[a, b]: a tuple is the key */
        ItemsNode *tuple = NODE(parser, ItemsNode, NODE_TUPLE, key->at);
        NodeList list = {0};
        nodes_add(&list, key);
        while (parser_at(parser, TOKEN_COMMA)) {
            TRY(parser_next(parser));
            TRY(parse_expression(parser, &key));
            nodes_add(&list, key);
        }
        tuple->items = list.first;
        tuple->count = list.count;
        key = &tuple->base;
    }
    node->object = object;
    node->key = key;
    *out = &node->base;
    return parser_expect(parser, TOKEN_RIGHT_BRACKET);
}

/* x.name, x.0 */
static bool parse_dot(Parser *parser, Node *object, Node **out)
{
    TRY(parser_next(parser));
    const Token *token = &parser->token;
    if (token->kind == TOKEN_INT) {
        ItemNode *item = NODE(parser, ItemNode, NODE_ITEM, token->at);
        item->object = object;
        item->key = const_node(parser, token->value, token->at);
        *out = &item->base;
        return parser_next(parser);
    }
    if (token->kind != TOKEN_NAME)
        return parser_expected(parser, "a name or number");
    AttributeNode *attribute = NODE(parser, AttributeNode, NODE_ATTRIBUTE, token->at);
    attribute->object = object;
    attribute->name = parser_name(parser, token->text);
    *out = &attribute->base;
    return parser_next(parser);
}

static bool parse_postfix(Parser *parser, Node *node, Node **out)
{
    for (;;) {
        if (parser_at(parser, TOKEN_DOT)) {
            TRY(parse_dot(parser, node, &node));
        } else if (parser_at(parser, TOKEN_LEFT_BRACKET)) {
            TRY(parse_item(parser, node, &node));
        } else if (parser_at(parser, TOKEN_LEFT_PAREN)) {
            TRY(parse_call(parser, node, &node));
        } else {
            *out = node;
            return true;
        }
    }
}

/* The name of a filter or test, with dots. */
static bool parse_dotted_name(Parser *parser, Str *out)
{
    if (!parser_at(parser, TOKEN_NAME))
        return parser_expected(parser, "a name");
    *out = parser->token.text;
    TRY(parser_next(parser));
    while (parser_at(parser, TOKEN_DOT)) {
        TRY(parser_next(parser));
        if (!parser_at(parser, TOKEN_NAME))
            return parser_expected(parser, "a name");
        *out = str_print(parser->arena, STR_FMT "." STR_FMT, STR_ARG(*out),
                         STR_ARG(parser->token.text));
        TRY(parser_next(parser));
    }
    return true;
}

static bool unknown_fail(Parser *parser, Unknown unknown)
{
    Str nearest = unknown.is_test ? test_nearest(unknown.name) : filter_nearest(unknown.name);
    if (!nearest.len)
        return parser_fail(parser, unknown.at, "No %s named '" STR_FMT "'.",
                           unknown.is_test ? "test" : "filter", STR_ARG(unknown.name));
    return parser_fail(parser, unknown.at,
                       "No %s named '" STR_FMT "'. Did you mean '" STR_FMT "'?",
                       unknown.is_test ? "test" : "filter", STR_ARG(unknown.name),
                       STR_ARG(nearest));
}

/* An unknown filter or test is forgiven until it is reached inside an `if` or `x if c`. Whether
 * there is such an `if` is known at the end of the expression only. */
static bool note_unknown(Parser *parser, bool is_test, Str name, uint32_t at)
{
    Unknown unknown = {name, at, is_test};
    if (parser->soft_depth)
        return true;
    if (!parser->condition_depth)
        return unknown_fail(parser, unknown);
    if (!parser->unknown.name.len)
        parser->unknown = unknown;
    return true;
}

static bool is_one_of(Str name, const char *const *names)
{
    while (*names && !str_is(name, *names))
        names++;
    return *names != NULL;
}

/* Filters and tests that do not look at their input: in strict mode the others refuse an undefined
 * one. */
static const char *const blind_filters[] = {"default", "d", "pprint", NULL};
static const char *const looking_tests[] = {"eq", "equalto", "ne", "in", "iterable", "lower",
                                            "upper", "filter", "test", NULL};

static bool parse_filter(Parser *parser, Node *input, Node **out)
{
    FilterNode *filter = NODE(parser, FilterNode, NODE_FILTER, parser->token.at);
    TRY(parse_dotted_name(parser, &filter->name));
    filter->input = input;
    filter->looks_at_input = !is_one_of(filter->name, blind_filters);
    filter->apply = native_filter_find(filter->name);
    if (!filter->apply)
        filter->apply = filter_find(filter->name);
    if (!filter->apply)
        TRY(note_unknown(parser, false, filter->name, filter->base.at));
    if (parser_at(parser, TOKEN_LEFT_PAREN))
        TRY(parse_arguments(parser, &filter->arguments));
    *out = &filter->base;
    return true;
}

bool parse_filters(Parser *parser, Node *input, bool is_inline, Node **out)
{
    while (is_inline || parser_at(parser, TOKEN_PIPE)) {
        if (!is_inline)
            TRY(parser_next(parser));
        is_inline = false;
        TRY(parse_filter(parser, input, &input));
    }
    *out = input;
    return true;
}

/* May the token begin the argument of a test without parentheses? */
static bool begins_test_argument(const Token *token)
{
    switch (token->kind) {
    case TOKEN_NAME:
        return token->keyword != KEYWORD_ELSE && token->keyword != KEYWORD_OR &&
               token->keyword != KEYWORD_AND;
    case TOKEN_TEXT:
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_LEFT_BRACKET:
    case TOKEN_LEFT_BRACE: return true;
    default: return false;
    }
}

static bool parse_test(Parser *parser, Node *input, Node **out)
{
    TestNode *test = NODE(parser, TestNode, NODE_TEST, parser->token.at);
    TRY(parser_next(parser));
    TRY(parser_skip_keyword(parser, KEYWORD_NOT, &test->is_negated));
    test->base.at = parser->token.at;
    TRY(parse_dotted_name(parser, &test->name));
    test->input = input;
    test->looks_at_input = is_one_of(test->name, looking_tests);
    test->apply = test_find(test->name);
    if (!test->apply)
        TRY(note_unknown(parser, true, test->name, test->base.at));
    *out = &test->base;
    if (parser_at(parser, TOKEN_LEFT_PAREN))
        return parse_arguments(parser, &test->arguments);
    if (!begins_test_argument(&parser->token))
        return true;
    if (parser_at_keyword(parser, KEYWORD_IS))
        return parser_fail(parser, parser->token.at, "tests cannot be chained with `is`");
    Node *argument;
    TRY(parse_primary(parser, false, &argument));
    TRY(parse_postfix(parser, argument, &argument));
    test->arguments.items = argument;
    test->arguments.count = 1;
    return true;
}

/* Filters, tests, and calls of what they give. */
static bool parse_filters_and_tests(Parser *parser, Node *node, Node **out)
{
    for (;;) {
        if (parser_at(parser, TOKEN_PIPE)) {
            TRY(parse_filters(parser, node, false, &node));
        } else if (parser_at_keyword(parser, KEYWORD_IS)) {
            TRY(parse_test(parser, node, &node));
        } else if (parser_at(parser, TOKEN_LEFT_PAREN)) {
            TRY(parse_call(parser, node, &node));
        } else {
            *out = node;
            return true;
        }
    }
}

/* ---- operators, tightest first ---- */

static bool parse_sign(Parser *parser, NodeKind kind, Node **out)
{
    ItemsNode *node = NODE(parser, ItemsNode, kind, parser->token.at);
    Node *operand;
    TRY(parser_deeper(parser));
    TRY(parser_next(parser));
    TRY(parse_unary(parser, false, &operand));
    parser->depth--;
    node->items = operand;
    *out = &node->base;
    return true;
}

static bool parse_unary(Parser *parser, bool has_filters, Node **out)
{
    Node *node;
    if (parser_at(parser, TOKEN_MINUS))
        TRY(parse_sign(parser, NODE_NEGATE, &node));
    else if (parser_at(parser, TOKEN_PLUS))
        TRY(parse_sign(parser, NODE_PLUS, &node));
    else
        TRY(parse_primary(parser, false, &node));
    TRY(parse_postfix(parser, node, &node));
    return has_filters ? parse_filters_and_tests(parser, node, out) : (*out = node, true);
}

typedef bool (*ParseOperand)(Parser *parser, Node **out);
typedef bool (*OperatorOf)(const Token *token, uint8_t *op);

/* operand (operator operand)*, flat, from the left. */
static bool parse_chain(Parser *parser, NodeKind kind, ParseOperand parse, OperatorOf operator_of,
                        Node **out)
{
    uint8_t op;
    TRY(parse(parser, out));
    if (!operator_of(&parser->token, &op))
        return true;
    ItemsNode *node = NODE(parser, ItemsNode, kind, parser->token.at);
    NodeList list = {0};
    nodes_add(&list, *out);
    while (operator_of(&parser->token, &op)) {
        Node *operand;
        TRY(parser_next(parser));
        TRY(parse(parser, &operand));
        operand->op = op;
        nodes_add(&list, operand);
    }
    node->items = list.first;
    node->count = list.count;
    *out = &node->base;
    return true;
}

static bool operator_power(const Token *token, uint8_t *op)
{
    *op = OP_POWER;
    return token->kind == TOKEN_STAR_STAR;
}

static bool operator_product(const Token *token, uint8_t *op)
{
    *op = token->kind == TOKEN_STAR          ? OP_MULTIPLY
          : token->kind == TOKEN_SLASH       ? OP_DIVIDE
          : token->kind == TOKEN_FLOOR_SLASH ? OP_FLOOR_DIVIDE : OP_MODULO;
    return *op != OP_MODULO || token->kind == TOKEN_PERCENT;
}

static bool operator_concat(const Token *token, uint8_t *op)
{
    *op = 0;
    return token->kind == TOKEN_TILDE;
}

static bool operator_sum(const Token *token, uint8_t *op)
{
    *op = token->kind == TOKEN_PLUS ? OP_ADD : OP_SUBTRACT;
    return token->kind == TOKEN_PLUS || token->kind == TOKEN_MINUS;
}

static bool operator_and(const Token *token, uint8_t *op)
{
    *op = 0;
    return token->kind == TOKEN_NAME && token->keyword == KEYWORD_AND;
}

static bool operator_or(const Token *token, uint8_t *op)
{
    *op = 0;
    return token->kind == TOKEN_NAME && token->keyword == KEYWORD_OR;
}

static bool parse_operand(Parser *parser, Node **out)
{
    return parse_unary(parser, true, out);
}

static bool parse_power(Parser *parser, Node **out)
{
    return parse_chain(parser, NODE_ARITHMETIC, parse_operand, operator_power, out);
}

static bool parse_product(Parser *parser, Node **out)
{
    return parse_chain(parser, NODE_ARITHMETIC, parse_power, operator_product, out);
}

static bool parse_concat(Parser *parser, Node **out)
{
    return parse_chain(parser, NODE_CONCAT, parse_product, operator_concat, out);
}

static bool parse_sum(Parser *parser, Node **out)
{
    return parse_chain(parser, NODE_ARITHMETIC, parse_concat, operator_sum, out);
}

/* Is there a comparison at this point? Passes its operator. */
static bool next_comparison(Parser *parser, bool *found, uint8_t *op)
{
    *found = true;
    switch (parser->token.kind) {
    case TOKEN_EQ: *op = COMPARE_EQ; return parser_next(parser);
    case TOKEN_NE: *op = COMPARE_NE; return parser_next(parser);
    case TOKEN_LT: *op = COMPARE_LT; return parser_next(parser);
    case TOKEN_LE: *op = COMPARE_LE; return parser_next(parser);
    case TOKEN_GT: *op = COMPARE_GT; return parser_next(parser);
    case TOKEN_GE: *op = COMPARE_GE; return parser_next(parser);
    default: break;
    }
    *op = COMPARE_IN;
    if (parser_at_keyword(parser, KEYWORD_IN))
        return parser_next(parser);
    if (parser_at_keyword(parser, KEYWORD_NOT)) {
        const Token *ahead;
        TRY(parser_look(parser, &ahead));
        if (ahead->kind == TOKEN_NAME && ahead->keyword == KEYWORD_IN) {
            *op = COMPARE_NOT_IN;
            TRY(parser_next(parser));
            return parser_next(parser);
        }
    }
    *found = false;
    return true;
}

static bool parse_comparison(Parser *parser, Node **out)
{
    bool found;
    uint8_t op;
    uint32_t at;
    TRY(parse_sum(parser, out));
    at = parser->token.at;
    TRY(next_comparison(parser, &found, &op));
    if (!found)
        return true;
    ItemsNode *node = NODE(parser, ItemsNode, NODE_COMPARE, at);
    NodeList list = {0};
    nodes_add(&list, *out);
    while (found) {
        Node *operand;
        TRY(parse_sum(parser, &operand));
        operand->op = op;
        nodes_add(&list, operand);
        TRY(next_comparison(parser, &found, &op));
    }
    node->items = list.first;
    node->count = list.count;
    *out = &node->base;
    return true;
}

static bool parse_not(Parser *parser, Node **out)
{
    if (!parser_at_keyword(parser, KEYWORD_NOT))
        return parse_comparison(parser, out);
    ItemsNode *node = NODE(parser, ItemsNode, NODE_NOT, parser->token.at);
    Node *operand;
    TRY(parser_deeper(parser));
    TRY(parser_next(parser));
    TRY(parse_not(parser, &operand));
    parser->depth--;
    node->items = operand;
    *out = &node->base;
    return true;
}

static bool parse_and(Parser *parser, Node **out)
{
    return parse_chain(parser, NODE_AND, parse_not, operator_and, out);
}

static bool parse_or(Parser *parser, Node **out)
{
    return parse_chain(parser, NODE_OR, parse_and, operator_or, out);
}

/* The value of `x if c` without else: it says so when used. */
static void name_missing_branch(Parser *parser, ConditionNode *node)
{
    int line, column;
    parser_place(parser, node->base.at, &line, &column);
    node->undefined.name = inline_if_name;
    node->undefined.hint = str_print(
        parser->arena,
        "the inline if-expression on line %d evaluated to false and no else section was defined.",
        line);
}

static bool parse_condition(Parser *parser, bool has_condition, Node **out)
{
    TRY(parser_deeper(parser));
    Unknown before = parser->unknown;
    parser->unknown = (Unknown){0};
    parser->condition_depth++;
    TRY(parse_or(parser, out));
    bool is_inline_if = has_condition && parser_at_keyword(parser, KEYWORD_IF);
    while (has_condition && parser_at_keyword(parser, KEYWORD_IF)) {
        ConditionNode *node = NODE(parser, ConditionNode, NODE_CONDITION, (*out)->at);
        Node *part;
        TRY(parser_next(parser));
        TRY(parse_or(parser, &part));
        node->then = *out;
        node->test = part;
        bool has_else;
        TRY(parser_skip_keyword(parser, KEYWORD_ELSE, &has_else));
        if (has_else) {
            TRY(parse_condition(parser, true, &part));
            node->other = part;
        } else {
            name_missing_branch(parser, node);
        }
        *out = &node->base;
    }
    parser->depth--;
    parser->condition_depth--;
    if (is_inline_if || before.name.len)
        parser->unknown = before;
    if (!parser->condition_depth && parser->unknown.name.len)
        return unknown_fail(parser, parser->unknown);
    return true;
}
