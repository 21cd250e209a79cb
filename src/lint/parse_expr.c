/* parse_expr.c: expressions, flat: operands and operators in a row, with nodes for what has an
 * inside. No precedence: no rule needs it. */
#include "lint/parse_base.h"

static bool is_symbol(const Token *token, const char *text)
{
    return token->kind == TOKEN_SYMBOL && str_is(token->text, text);
}

static bool is_bracket(const Token *token, char open)
{
    return token->kind == TOKEN_OPEN && token->text.at[0] == open;
}

bool parse_at_clause(Parser *parser)
{
    static const char plain[] =
        "from where having qualify limit union except intersect on using join inner cross natural "
        "when then else end as returning straight_join minus";
    if (parser_token(parser)->kind != TOKEN_WORD)
        return false;
    const Token *next = parser_peek(parser, 1);
    if (parser_at_any(parser, plain))
        return !is_bracket(next, '(') || !parser_at_any(parser, "minus");
    if (parser_at_any(parser, "group order partition cluster distribute sort"))
        return token_is(next, "by");
    if (parser_at_any(parser, "left right full"))
        return token_is(next, "join") || token_is(next, "outer") || token_is(next, "semi") ||
               token_is(next, "anti");
    if (parser_at_any(parser, "asof positional semi anti global any"))
        return token_is(next, "join") || token_is(next, "left") || token_is(next, "inner");
    if (parser_at(parser, "window"))
        return next->kind == TOKEN_WORD && !(next->key & KEY_RESERVED) &&
               token_is(parser_peek(parser, 2), "as");
    if (parser_at(parser, "lateral"))
        return token_is(next, "view");
    if (parser_at(parser, "fetch"))
        return token_is(next, "first") || token_is(next, "next");
    return parser_at(parser, "offset") && next->kind != TOKEN_COMMA && next->kind != TOKEN_DOT &&
           next->kind != TOKEN_END && next->kind != TOKEN_CLOSE;
}

/* ---- names and functions ---- */

static bool is_name_token(const Token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED || token->kind == TOKEN_EXPR;
}

/* How many tokens a.b.c takes; behind them stands a bracket? */
static unsigned chain_length(Parser *parser, bool *is_call)
{
    unsigned count = 1;
    while (parser_peek(parser, count)->kind == TOKEN_DOT &&
           (is_name_token(parser_peek(parser, count + 1)) ||
            is_symbol(parser_peek(parser, count + 1), "*")) && count < 20)
        count += 2;
    const Token *last = parser_peek(parser, count - 1);
    *is_call = is_bracket(parser_peek(parser, count), '(') &&
               (last->kind == TOKEN_WORD || last->kind == TOKEN_QUOTED);
    return count;
}

void parse_name(Parser *parser, NodeKind kind, Role role)
{
    bool is_call;
    uint32_t node = parser_begin(parser, kind);
    unsigned count = chain_length(parser, &is_call);
    for (unsigned i = 0; i < count; i++)
        parser_take(parser, is_symbol(parser_token(parser), "*") ? ROLE_STAR
                            : parser_token(parser)->kind == TOKEN_DOT ? ROLE_NONE : role);
    parser_end(parser, node);
}

/* Words of a type: double precision, decimal(10, 2)[], timestamp with time zone. */
static void parse_type(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_TYPE);
    if (is_name_token(parser_token(parser)))
        parser_take(parser, ROLE_TYPE);
    while (parser_token(parser)->kind == TOKEN_DOT)
        parser_take(parser, ROLE_NONE), parser_take(parser, ROLE_TYPE);
    while (parser_at_any(parser, "precision varying unsigned signed"))
        parser_take(parser, ROLE_TYPE);
    if (is_symbol(parser_token(parser), "<"))
        for (unsigned depth = 0, count = 0; count < 200 && !parser_ends(parser); count++) {
            const Token *token = parser_token(parser);
            depth += is_symbol(token, "<") ? 1 : 0;
            unsigned closing = is_symbol(token, ">") ? 1 : is_symbol(token, ">>") ? 2 : 0;
            parser_take(parser, token->kind == TOKEN_WORD ? ROLE_TYPE : ROLE_TOUCH);
            depth -= closing < depth ? closing : depth;
            if (!depth)
                break;
        }
    while (parser_token(parser)->kind == TOKEN_OPEN && !is_bracket(parser_token(parser), '{'))
        parse_bracket(parser);
    if (parser_at_any(parser, "with without") && token_is(parser_peek(parser, 1), "time"))
        while (parser_at_any(parser, "with without time zone local"))
            parser_take(parser, ROLE_KEYWORD);
    parser_end(parser, node);
}

static void parse_over(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_OVER);
    parser_indent(parser);
    parser_take(parser, ROLE_KEYWORD);
    if (is_bracket(parser_token(parser), '('))
        parse_bracket(parser);
    else if (is_name_token(parser_token(parser)))
        parser_take(parser, ROLE_NAME);
    parser_dedent(parser);
    parser_end(parser, node);
}

/* What may follow a call: within group (...), filter (...), ignore nulls, over (...). */
static void parse_call_tail(Parser *parser)
{
    for (;;) {
        const Token *next = parser_peek(parser, 1);
        if (parser_at(parser, "over") && (is_bracket(next, '(') || is_name_token(next))) {
            parse_over(parser);
        } else if (parser_at_any(parser, "ignore respect") && token_is(next, "nulls")) {
            parser_take(parser, ROLE_KEYWORD);
            parser_take(parser, ROLE_KEYWORD);
        } else if (parser_at(parser, "within") && token_is(next, "group")) {
            parser_take(parser, ROLE_KEYWORD);
            parser_take(parser, ROLE_KEYWORD);
            if (is_bracket(parser_token(parser), '('))
                parse_bracket(parser);
        } else if (parser_at(parser, "filter") && is_bracket(next, '(')) {
            parser_take(parser, ROLE_KEYWORD);
            parse_bracket(parser);
        } else {
            return;
        }
    }
}

static void parse_function(Parser *parser, unsigned chain)
{
    uint32_t node = parser_begin(parser, NODE_FUNCTION);
    for (unsigned i = 0; i < chain; i++)
        parser_take(parser, parser_token(parser)->kind == TOKEN_DOT ? ROLE_NONE : ROLE_FUNCTION);
    parser->file->nodes.at[node].extra = parser->last - 1;   /* the name's last token */
    parse_bracket(parser);
    parse_call_tail(parser);
    parser_end(parser, node);
}

/* ---- case ---- */

static void parse_when(Parser *parser)
{
    const LintConfig *config = parser->file->config;
    uint32_t node = parser_begin(parser, NODE_WHEN);
    parser_take(parser, ROLE_KEYWORD);
    parser_indent(parser);
    parse_expr(parser);
    parser_dedent(parser);
    if (config->indented_then)
        parser_indent(parser);
    if (parser_take_word(parser, "then")) {
        if (config->indented_then_contents)
            parser_indent(parser);
        parse_expr(parser);
        if (config->indented_then_contents)
            parser_dedent(parser);
    }
    if (config->indented_then)
        parser_dedent(parser);
    parser_end(parser, node);
}

static void parse_case(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_CASE);
    parser_take(parser, ROLE_KEYWORD);
    if (!parser_at(parser, "when"))
        parse_expr(parser);
    parser_indent(parser);
    while (!parser_ends(parser) && !parser_at(parser, "end")) {
        uint32_t before = parser->at;
        if (parser_at(parser, "when")) {
            parse_when(parser);
        } else if (parser_at(parser, "else")) {
            uint32_t branch = parser_begin(parser, NODE_ELSE);
            parser_take(parser, ROLE_KEYWORD);
            parser_indent(parser);
            parse_expr(parser);
            parser_dedent(parser);
            parser_end(parser, branch);
        } else if (parser_token(parser)->kind == TOKEN_EXPR) {
            parser_take(parser, ROLE_OPAQUE);
        } else {
            break;
        }
        if (parser->at == before)
            break;
    }
    parser_dedent(parser);
    parser_take_word(parser, "end");
    parser_end(parser, node);
}

/* ---- brackets ---- */

static bool is_frame_word(Parser *parser)
{
    return parser_at_any(parser, "rows range groups unbounded preceding following current row "
                                 "between and exclude ties no others");
}

void parse_order(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_ORDER);
    parser_take(parser, ROLE_KEYWORD);
    parser_take(parser, ROLE_KEYWORD);
    parser_indent(parser);
    for (;;) {
        parse_expr(parser);
        while (parser_at_any(parser, "asc desc nulls first last"))
            parser_take(parser, ROLE_KEYWORD);
        if (parser_token(parser)->kind == TOKEN_EXPR)
            parser_take(parser, ROLE_OPAQUE);
        if (parser_token(parser)->kind != TOKEN_COMMA)
            break;
        parser_take(parser, ROLE_NONE);
    }
    parser_dedent(parser);
    parser_end(parser, node);
}

/* partition by a, b */
static void parse_partition(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_PARTITION);
    parser_take(parser, ROLE_KEYWORD);
    parser_take(parser, ROLE_KEYWORD);
    parser_indent(parser);
    for (;;) {
        parse_expr(parser);
        if (parser_token(parser)->kind != TOKEN_COMMA)
            break;
        parser_take(parser, ROLE_NONE);
    }
    parser_dedent(parser);
    parser_end(parser, node);
}

/* One step within brackets: an expression and what stands around it. */
static void parse_inside(Parser *parser, bool is_cast)
{
    const Token *next = parser_peek(parser, 1);
    if (parser_token(parser)->kind == TOKEN_COMMA)
        parser_take(parser, ROLE_NONE);
    else if (parser_token(parser)->kind == TOKEN_SEMICOLON)
        parser_take_opaque(parser);
    else if (parser_at(parser, "order") && token_is(next, "by"))
        parse_order(parser);
    else if (parser_at(parser, "partition") && token_is(next, "by"))
        parse_partition(parser);
    else if (parser_at(parser, "where"))
        parser_take(parser, ROLE_KEYWORD);
    else if (parser_at_any(parser, "distinct all") && next->kind != TOKEN_CLOSE &&
             next->kind != TOKEN_COMMA && next->kind != TOKEN_DOT)
        parser_take(parser, ROLE_KEYWORD);
    else if (parser_at_any(parser, "rows range groups") && (token_is(next, "between") ||
             token_is(next, "unbounded") || token_is(next, "current") ||
             next->kind == TOKEN_NUMBER || token_is(next, "interval")))
        while (is_frame_word(parser) || parser_token(parser)->kind == TOKEN_NUMBER ||
               parser_token(parser)->kind == TOKEN_EXPR)
            parser_take(parser, is_frame_word(parser) ? ROLE_KEYWORD : ROLE_LITERAL);
    else if (parser_at(parser, "as") && is_cast)
        parser_take(parser, ROLE_KEYWORD), parse_type(parser);
    else if (parser_at(parser, "as"))
        parse_alias(parser, false);
    else if (parser_at_any(parser, "from for using separator limit both leading trailing"))
        parser_take(parser, ROLE_KEYWORD);
    else
        parse_expr(parser);
}

/* extract(year from x), dateadd(day, 1, x): the part is no name. */
static void take_part(Parser *parser, const Token *name)
{
    static const char *const calls[] = {"dateadd", "datediff", "date_add", "date_diff",
                                        "timestampadd", "timestampdiff", "timeadd", "timediff"};
    const Token *next = parser_peek(parser, 1);
    bool takes_part = false;
    for (size_t i = 0; name && i < COUNT_OF(calls); i++)
        takes_part = takes_part || token_is(name, calls[i]);
    if (parser_token(parser)->kind == TOKEN_WORD && !parser_token(parser)->is_templated &&
        (token_is(next, "from") || (takes_part && next->kind == TOKEN_COMMA)))
        parser_take(parser, ROLE_PART);
}

void parse_bracket(Parser *parser)
{
    const Node *around = file_node(parser->file, parser->node);
    const Token *name = around->kind == NODE_FUNCTION ? &parser->file->tokens[around->extra] : NULL;
    bool is_cast = name && (token_is(name, "cast") || token_is(name, "try_cast") ||
                            token_is(name, "safe_cast"));
    uint32_t node = parser_begin(parser, NODE_BRACKET);
    parser_take(parser, ROLE_NONE);
    parser_indent(parser);
    if (++parser->depth < DEPTH_LIMIT) {
        take_part(parser, name);
        if (parse_at_query(parser) && !(name && parser_at(parser, "from")))
            parse_query(parser);
    }
    while (!parser_ends(parser) || parser_token(parser)->kind == TOKEN_SEMICOLON) {
        uint32_t before = parser->at;
        if (parser->depth < DEPTH_LIMIT)
            parse_inside(parser, is_cast);
        if (parser->at == before)
            parser_take_opaque(parser);
    }
    parser->depth--;
    parser_dedent(parser);
    if (parser_token(parser)->kind == TOKEN_CLOSE)
        parser_take(parser, ROLE_NONE);
    parser_end(parser, node);
}

/* ---- operands ---- */

static bool is_bare_function(const Parser *parser, const Token *token)
{
    static const char *const words[] = {"current_date", "current_time", "current_timestamp",
                                        "current_user", "localtime", "localtimestamp"};
    (void)parser;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (token_is(token, words[i]))
            return true;
    return false;
}

/* * exclude (a), replace (b as c) */
static void parse_star_tail(Parser *parser)
{
    while (parser_at_any(parser, "exclude except replace rename ilike") &&
           (is_bracket(parser_peek(parser, 1), '(') || parser_at(parser, "exclude"))) {
        parser_take(parser, ROLE_KEYWORD);
        if (is_bracket(parser_token(parser), '('))
            parse_bracket(parser);
        else if (is_name_token(parser_token(parser)))
            parser_take(parser, ROLE_NAME);
    }
}

/* interval '1' day, date '2020-01-01'; false if it is a name. */
static bool parse_typed(Parser *parser)
{
    const Token *next = parser_peek(parser, 1);
    if (parser_at_any(parser, "date timestamp time datetime timestamptz json") &&
        next->kind == TOKEN_STRING) {
        parser_take(parser, ROLE_KEYWORD);
        parser_take(parser, ROLE_LITERAL);
        return true;
    }
    if (!parser_at(parser, "interval") || (next->kind != TOKEN_STRING &&
        next->kind != TOKEN_NUMBER && !is_bracket(next, '(') && next->kind != TOKEN_EXPR &&
        !(next->kind == TOKEN_WORD && parser_peek(parser, 2)->kind == TOKEN_WORD)))
        return false;
    parser_take(parser, ROLE_KEYWORD);
    if (is_bracket(parser_token(parser), '('))
        parse_bracket(parser);
    else
        parser_take(parser, next->kind == TOKEN_WORD ? ROLE_NAME : ROLE_LITERAL);
    if (parser_at_any(parser, "day days hour hours minute minutes second seconds week weeks month "
                              "months year years quarter quarters millisecond microsecond "
                              "milliseconds microseconds"))
        parser_take(parser, ROLE_PART);
    return true;
}

/* One operand; false if none stands here. */
static bool parse_operand(Parser *parser)
{
    Token *token = parser_token(parser);
    bool is_call;
    if (token->kind == TOKEN_STRING || token->kind == TOKEN_NUMBER) {
        parser_take(parser, ROLE_LITERAL);
        return true;
    }
    if (token->kind == TOKEN_OPEN) {
        parse_bracket(parser);
        return true;
    }
    if (is_symbol(token, "*")) {
        parser_take(parser, ROLE_STAR);
        parse_star_tail(parser);
        return true;
    }
    if (!is_name_token(token) || parse_at_clause(parser))
        return false;
    if (parser_at(parser, "case") && parser_peek(parser, 1)->kind != TOKEN_DOT) {
        if (++parser->depth < DEPTH_LIMIT)
            parse_case(parser);
        else
            parser_take_opaque(parser);
        parser->depth--;
        return true;
    }
    if (parser_at_any(parser, "null true false unknown") &&
        parser_peek(parser, 1)->kind != TOKEN_DOT) {
        parser_take(parser, parser_at(parser, "unknown") ? ROLE_NAME : ROLE_CONSTANT);
        return true;
    }
    if (parser_at(parser, "array") && (is_bracket(parser_peek(parser, 1), '[') ||
                                       is_symbol(parser_peek(parser, 1), "<"))) {
        parse_type(parser);
        return true;
    }
    if (parse_typed(parser))
        return true;
    unsigned chain = chain_length(parser, &is_call);
    if (is_call)
        parse_function(parser, chain);
    else if (chain == 1 && is_bare_function(parser, token))
        parser_take(parser, ROLE_FUNCTION);
    else
        parse_name(parser, NODE_COLUMN, ROLE_NAME);
    if (parser->last && is_symbol(&parser->file->tokens[parser->last - 1], "*"))
        parse_star_tail(parser);
    return true;
}

/* ---- operators ---- */

/* A word between operands, with all that belongs to it. Sets *wants what follows; false: none. */
static bool parse_word_operator(Parser *parser, bool *wants, unsigned *betweens)
{
    const Token *next = parser_peek(parser, 1);
    if (parser_at_any(parser, "and or xor") && !(*betweens && parser_at(parser, "and"))) {
        parser_token(parser)->is_operator = true;
        parser_take(parser, ROLE_OPERATOR);
    } else if (parser_at(parser, "and")) {
        (*betweens)--;
        parser_take(parser, ROLE_KEYWORD);
    } else if (parser_at_any(parser, "is isnull notnull")) {
        bool is_done = !parser_at(parser, "is");
        parser_take(parser, ROLE_KEYWORD);
        while (!is_done && parser_at_any(parser, "not distinct from"))
            parser_take(parser, ROLE_KEYWORD);
        *wants = !is_done;
        return true;
    } else if (parser_at_any(parser, "not between in like ilike rlike regexp similar to escape "
                                     "glob overlaps div mod collate")) {
        if (parser_at(parser, "not"))
            parser_take(parser, ROLE_KEYWORD);
        *betweens += parser_at(parser, "between") ? 1 : 0;
        if (parser_at_any(parser, "between in like ilike rlike regexp similar escape glob overlaps "
                                  "div mod collate to"))
            parser_take(parser, ROLE_KEYWORD);
        parser_take_word(parser, "to");
    } else if (parser_at(parser, "at") && token_is(next, "time")) {
        for (int i = 0; i < 3 && parser_at_any(parser, "at time zone"); i++)
            parser_take(parser, ROLE_KEYWORD);
    } else {
        return false;
    }
    *wants = true;
    return true;
}

static Role role_of_symbol(Str text)
{
    static const char *const compares[] = {"=", "==", "!=", "<>", "<", ">", "<=", ">=", "<=>",
                                           "~", "~*", "!~", "!~*", "~~", "!~~", "~~*", "!~~*"};
    for (size_t i = 0; i < COUNT_OF(compares); i++)
        if (str_is(text, compares[i]))
            return ROLE_COMPARE;
    if (str_is(text, ":=") || str_is(text, "=>"))
        return ROLE_ASSIGN;
    return str_is(text, "::") ? ROLE_CAST : str_is(text, ":") ? ROLE_TOUCH : ROLE_OPERATOR;
}

/* A symbol between operands. False if it can be none (a question mark, a backslash). */
static bool parse_symbol(Parser *parser, bool *wants)
{
    Token *token = parser_token(parser);
    Role role = role_of_symbol(token->text);
    if (token->kind != TOKEN_SYMBOL)
        return false;
    token->is_operator = role == ROLE_OPERATOR || role == ROLE_COMPARE || role == ROLE_ASSIGN;
    parser_take(parser, role);
    *wants = role != ROLE_CAST;
    if (role == ROLE_CAST)
        parse_type(parser);
    if (role == ROLE_TOUCH && is_name_token(parser_token(parser)) &&
        !parse_at_clause(parser)) {
        parse_name(parser, NODE_OPAQUE, ROLE_NAME);
        *wants = false;
    }
    return true;
}

/* Before an operand: a sign, not, distinct, exists, any. */
static bool parse_prefix(Parser *parser)
{
    const Token *token = parser_token(parser), *next = parser_peek(parser, 1);
    if (is_symbol(token, "-") || is_symbol(token, "+") || is_symbol(token, "~") ||
        is_symbol(token, "@") || is_symbol(token, ":")) {
        parser_take(parser, ROLE_SIGN);
        return true;
    }
    if (parser_at(parser, "not") ||
        (parser_at_any(parser, "exists prior") && next->kind != TOKEN_DOT) ||
        (parser_at_any(parser, "any all some") && is_bracket(next, '('))) {
        parser_take(parser, ROLE_KEYWORD);
        return true;
    }
    return false;
}

void parse_expr(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_EXPR);
    bool wants = true;
    unsigned betweens = 0;
    while (!parser_ends(parser) && parser_token(parser)->kind != TOKEN_COMMA) {
        if (wants) {
            if (parse_prefix(parser))
                continue;
            if (!parse_operand(parser))
                break;
            wants = false;
        } else if (is_bracket(parser_token(parser), '[')) {
            parse_bracket(parser);
        } else if (parser_token(parser)->kind == TOKEN_DOT) {
            parser_take(parser, ROLE_NONE);
            wants = true;
        } else if (!parse_word_operator(parser, &wants, &betweens) &&
                   !parse_symbol(parser, &wants)) {
            break;
        }
    }
    parser_end(parser, node);
}
