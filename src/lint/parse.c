/* parse.c: statements, selects and their clauses: roles of tokens, nodes, indents at gaps.
 *
 * Tolerant: what is not understood is taken token by token and counted. Where indents stand is
 * sqlfluff's "indent locations" for ANSI SQL.
 *
 * What Node.extra says: ALIAS the name's token; FUNCTION the name's last token; SET the number of
 * its set operators; BRACKET 1 when it holds a query; TABLE 1 when lateral; STATEMENT unused.
 */
#include "lint/parse_base.h"

/* ---- the parser itself ---- */

static void add_indent(LintFile *file, uint32_t gap, int by)
{
    Gap *at = &file->gaps[gap];
    at->sum = (int16_t)(at->sum + by);
    at->code_sum = (int16_t)(at->code_sum + by);
    if (at->sum < at->trough)
        at->trough = at->sum;
    if (at->code_sum > -30 && at->code_sum < 30)
        at->steps |= (uint64_t)1 << (at->code_sum + 32);
}

uint32_t parser_begin(Parser *parser, NodeKind kind)
{
    LintFile *file = parser->file;
    Node node = {.kind = kind, .parent = parser->node, .first = parser->at, .end = parser->at};
    list_add(file->arena, &file->nodes, node);
    return parser->node = file->nodes.len - 1;
}

void parser_end(Parser *parser, uint32_t node)
{
    Node *at = &parser->file->nodes.at[node];
    at->end = parser->last > at->first ? parser->last : at->first;
    at->after = parser->file->nodes.len;
    parser->node = at->parent;
}

static bool is_placeholder(const Token *token)
{
    return token->kind == TOKEN_TAG || token->kind == TOKEN_NOTE || token->kind == TOKEN_SKIP ||
           token->kind == TOKEN_EXPR;
}

/* Before what is not code, but behind a block that ends there. */
void parser_indent(Parser *parser)
{
    const Token *tokens = parser->file->tokens;
    uint32_t at = parser->at;
    while (at > parser->last && !is_placeholder(&tokens[at - 1]))
        at--;
    bool is_behind = at > parser->last && tokens[at - 1].tag == TAG_CLOSE;
    add_indent(parser->file, is_behind ? at : parser->last, 1);
}

/* Behind what is not code, but before a block that begins there. */
void parser_dedent(Parser *parser)
{
    const Token *tokens = parser->file->tokens;
    uint32_t at = parser->last;
    while (at < parser->at && !is_placeholder(&tokens[at]))
        at++;
    bool is_before = at < parser->at && tokens[at].tag == TAG_OPEN;
    add_indent(parser->file, is_before ? at : parser->at, -1);
}

void parser_take(Parser *parser, Role role)
{
    Token *token = parser_token(parser);
    if (token->kind == TOKEN_END)
        return;
    token->role = role;
    token->node = parser->node;
    parser->last = parser->at + 1;
    parser->at = file_next_code(parser->file, parser->at + 1);
}

Token *parser_peek(Parser *parser, unsigned ahead)
{
    uint32_t at = parser->at;
    while (ahead--)
        at = parser->file->tokens[at].kind == TOKEN_END ? at
                                                        : file_next_code(parser->file, at + 1);
    return &parser->file->tokens[at];
}

bool parser_at(Parser *parser, const char *word)
{
    return token_is(parser_token(parser), word);
}

bool parser_at_any(Parser *parser, const char *words)
{
    const Token *token = parser_token(parser);
    if (token->kind != TOKEN_WORD || token->is_templated)
        return false;
    Str rest = str_of(words), word;
    while (str_next_part(&rest, ' ', &word))
        if (str_eq_fold(token->text, word))
            return true;
    return false;
}

bool parser_take_word(Parser *parser, const char *word)
{
    bool is_there = parser_at(parser, word);
    if (is_there)
        parser_take(parser, ROLE_KEYWORD);
    return is_there;
}

bool parser_ends(Parser *parser)
{
    TokenKind kind = parser_token(parser)->kind;
    return kind == TOKEN_END || kind == TOKEN_SEMICOLON || kind == TOKEN_CLOSE;
}

void parser_take_opaque(Parser *parser)
{
    LintFile *file = parser->file;
    Token *token = parser_token(parser);
    if (!token->is_templated && !file->unparsed++)
        file->unparsed_line = file_line(file, token->offset);
    if (token->kind == TOKEN_OPEN && parser->depth < DEPTH_LIMIT)
        parse_bracket(parser);
    else
        parser_take(parser, token->key & KEY_RESERVED ? ROLE_KEYWORD : ROLE_OPAQUE);
}

/* ---- aliases ---- */

/* A word that may be an alias without AS. */
static bool can_be_alias(Parser *parser)
{
    const Token *token = parser_token(parser);
    if (token->kind == TOKEN_QUOTED)
        return true;
    return token->kind == TOKEN_WORD && !(token->key & KEY_RESERVED) && !parse_at_clause(parser) &&
           parser_peek(parser, 1)->kind != TOKEN_DOT;
}

bool parse_alias(Parser *parser, bool takes_columns)
{
    bool has_as = parser_at(parser, "as");
    const Token *next = parser_peek(parser, 1);
    if (!has_as && !can_be_alias(parser))
        return false;
    if (has_as && next->kind != TOKEN_WORD && next->kind != TOKEN_QUOTED &&
        next->kind != TOKEN_EXPR && next->kind != TOKEN_STRING && next->kind != TOKEN_OPEN)
        return false;
    parser_indent(parser);
    uint32_t node = parser_begin(parser, NODE_ALIAS);
    if (has_as)
        parser_take(parser, ROLE_KEYWORD);
    parser->file->nodes.at[node].extra = parser->at;
    if (parser_token(parser)->kind != TOKEN_OPEN)
        parser_take(parser, ROLE_ALIAS);
    if (takes_columns && parser_token(parser)->kind == TOKEN_OPEN)
        parse_bracket(parser);
    parser_end(parser, node);
    parser_dedent(parser);
    return true;
}

/* ---- select ---- */

static void parse_modifier(Parser *parser)
{
    if (!parser_at_any(parser, "distinct all top") ||
        parser_peek(parser, 1)->kind == TOKEN_COMMA || parser_peek(parser, 1)->kind == TOKEN_DOT)
        return;
    bool is_top = parser_at(parser, "top");
    if (is_top && parser_peek(parser, 1)->kind != TOKEN_NUMBER)
        return;
    uint32_t node = parser_begin(parser, NODE_MODIFIER);
    parser_take(parser, ROLE_KEYWORD);
    if (is_top)
        parser_take(parser, ROLE_LITERAL);
    if (parser_at(parser, "on") && parser_peek(parser, 1)->kind == TOKEN_OPEN) {
        parser_take(parser, ROLE_KEYWORD);
        parse_bracket(parser);
    }
    parser_end(parser, node);
}

static void parse_target(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_TARGET);
    parse_expr(parser);
    if (!parse_alias(parser, false))
        while (parser_token(parser)->kind == TOKEN_EXPR)
            parser_take(parser, ROLE_OPAQUE);
    parser_end(parser, node);
}

static void parse_select_clause(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_SELECT_CLAUSE);
    parser_take(parser, ROLE_KEYWORD);
    parse_modifier(parser);
    parser_indent(parser);
    while (!parser_ends(parser) && !parse_at_clause(parser)) {
        if (parser_token(parser)->kind == TOKEN_COMMA) {
            parser_take(parser, ROLE_NONE);
            continue;
        }
        uint32_t before = parser->at;
        parse_target(parser);
        bool is_template = parser->at != before && parser->last &&
                           parser->file->tokens[parser->last - 1].kind == TOKEN_EXPR;
        if (parser->at == before || (parser_token(parser)->kind != TOKEN_COMMA && !is_template &&
                                     !parser_ends(parser) && !parse_at_clause(parser)))
            parser_take_opaque(parser);
    }
    parser_dedent(parser);
    parser_end(parser, node);
}

/* ---- from ---- */

static bool at_join(Parser *parser)
{
    return parse_at_clause(parser) &&
           parser_at_any(parser, "join inner cross natural left right full asof positional semi "
                                 "anti global any straight_join");
}

/* What stands in a table's place: a name, a call, a query or tables in brackets. */
static void parse_table_source(Parser *parser)
{
    const Token *token = parser_token(parser);
    if (token->kind == TOKEN_OPEN) {
        parse_bracket(parser);
        return;
    }
    if (parser_at(parser, "values") && parser_peek(parser, 1)->kind == TOKEN_OPEN) {
        parse_query(parser);
        return;
    }
    if (token->kind == TOKEN_STRING) {
        parser_take(parser, ROLE_LITERAL);
        return;
    }
    unsigned chain = 1;
    while (parser_peek(parser, chain)->kind == TOKEN_DOT && chain < 20)
        chain += 2;
    const Token *behind = parser_peek(parser, chain);
    if (behind->kind == TOKEN_OPEN && behind->text.at[0] == '(' && token->kind == TOKEN_WORD &&
        !token->is_templated && !parser_at_any(parser, "lateral")) {
        parse_expr(parser);
        return;
    }
    parse_name(parser, NODE_TABLE_NAME, ROLE_NAME);
}

/* tablesample (10 percent), pivot (...), for system_time as of x, with offset as i */
static void parse_table_tail(Parser *parser)
{
    while (!parser_ends(parser) && parser_token(parser)->kind != TOKEN_COMMA && !at_join(parser) &&
           !parse_at_clause(parser) && !parse_at_query(parser)) {
        if (parser_at_any(parser,
                          "tablesample pivot unpivot sample match_recognize with changes at "
                          "before")) {
            parser_take(parser, ROLE_KEYWORD);
        } else if (parser_token(parser)->kind == TOKEN_OPEN) {
            parse_bracket(parser);
        } else if (parser_token(parser)->kind == TOKEN_EXPR) {
            parser_take(parser, ROLE_OPAQUE);
        } else if (!parse_alias(parser, true)) {
            return;
        }
    }
}

/* Ends the indent that its caller began. */
static void parse_table(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_TABLE);
    if (parser_at(parser, "lateral") || parser_at(parser, "only")) {
        parser->file->nodes.at[node].extra = 1;
        parser_take(parser, ROLE_KEYWORD);
    }
    if (!parser_ends(parser) && !parse_at_clause(parser))
        parse_table_source(parser);
    parse_alias(parser, true);
    parser_dedent(parser);
    parse_table_tail(parser);
    parser_end(parser, node);
}

static void parse_on(Parser *parser)
{
    const LintConfig *config = parser->file->config;
    bool is_on = parser_at(parser, "on");
    uint32_t node = parser_begin(parser, is_on ? NODE_ON : NODE_USING);
    parser_take(parser, ROLE_KEYWORD);
    if (!is_on || config->indented_on_contents)
        parser_indent(parser);
    if (is_on)
        parse_expr(parser);
    else if (parser_token(parser)->kind == TOKEN_OPEN)
        parse_bracket(parser);
    if (!is_on || config->indented_on_contents)
        parser_dedent(parser);
    parser_end(parser, node);
}

static void parse_join(Parser *parser)
{
    const LintConfig *config = parser->file->config;
    uint32_t node = parser_begin(parser, NODE_JOIN);
    while (parser_at_any(parser, "natural positional asof global any all inner left right full "
                                 "cross semi anti outer straight_join"))
        parser_take(parser, ROLE_KEYWORD);
    parser_take_word(parser, "join");
    parser_indent(parser);
    parse_table(parser);
    if (parser_at_any(parser, "on using")) {
        if (config->indented_using_on)
            parser_indent(parser);
        parse_on(parser);
        if (config->indented_using_on)
            parser_dedent(parser);
    }
    parser_end(parser, node);
}

static void parse_from_item(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_FROM_ITEM);
    parser_indent(parser);
    parse_table(parser);
    if (parser->file->config->indented_joins)
        parser_indent(parser);
    while (at_join(parser) || (parser_token(parser)->kind == TOKEN_EXPR)) {
        if (at_join(parser))
            parse_join(parser);
        else
            parser_take(parser, ROLE_OPAQUE);
    }
    if (parser->file->config->indented_joins)
        parser_dedent(parser);
    parser_end(parser, node);
}

static void parse_from(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_FROM);
    parser_take(parser, ROLE_KEYWORD);
    for (;;) {
        parse_from_item(parser);
        if (parser_token(parser)->kind != TOKEN_COMMA)
            break;
        parser_take(parser, ROLE_NONE);
    }
    parser_end(parser, node);
}

/* ---- the other clauses ---- */

/* A key word or two, then expressions. */
static void parse_simple(Parser *parser, NodeKind kind, unsigned words)
{
    uint32_t node = parser_begin(parser, kind);
    while (words--)
        parser_take(parser, ROLE_KEYWORD);
    parser_indent(parser);
    for (;;) {
        uint32_t before = parser->at;
        if (kind == NODE_GROUP && parser_at(parser, "all"))
            parser_take(parser, ROLE_KEYWORD);
        else if (kind == NODE_GROUP && parser_at(parser, "grouping"))
            parser_take(parser, ROLE_KEYWORD), parser_take_word(parser, "sets");
        parse_expr(parser);
        while (kind == NODE_LIMIT && parser_at_any(parser, "offset row rows only first next "
                                                           "percent with ties limit all"))
            parser_take(parser, ROLE_KEYWORD);
        if (parser_token(parser)->kind == TOKEN_COMMA)
            parser_take(parser, ROLE_NONE);
        else if (kind != NODE_LIMIT || parser->at == before || parser_ends(parser) ||
                 parse_at_clause(parser))
            break;
    }
    parser_dedent(parser);
    parser_end(parser, node);
}

/* window w as (...), ... */
static void parse_window(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_WINDOW);
    parser_take(parser, ROLE_KEYWORD);
    parser_indent(parser);
    while (parser_token(parser)->kind == TOKEN_WORD && !parse_at_clause(parser)) {
        parser_take(parser, ROLE_NAME);
        parser_take_word(parser, "as");
        if (parser_token(parser)->kind == TOKEN_OPEN)
            parse_bracket(parser);
        if (parser_token(parser)->kind != TOKEN_COMMA)
            break;
        parser_take(parser, ROLE_NONE);
    }
    parser_dedent(parser);
    parser_end(parser, node);
}

/* One clause behind the targets; false if none begins here. */
static bool parse_clause(Parser *parser)
{
    if (parser_at(parser, "from"))
        parse_from(parser);
    else if (parser_at(parser, "where"))
        parse_simple(parser, NODE_WHERE, 1);
    else if (parser_at(parser, "having"))
        parse_simple(parser, NODE_HAVING, 1);
    else if (parser_at(parser, "qualify"))
        parse_simple(parser, NODE_QUALIFY, 1);
    else if (parser_at(parser, "limit") || parser_at_any(parser, "offset fetch"))
        parse_simple(parser, NODE_LIMIT, 1);
    else if (parser_at(parser, "group") && parse_at_clause(parser))
        parse_simple(parser, NODE_GROUP, 2);
    else if (parser_at_any(parser, "order cluster distribute sort") && parse_at_clause(parser))
        parse_order(parser);
    else if (parser_at(parser, "window") && parse_at_clause(parser))
        parse_window(parser);
    else if (at_join(parser))
        parse_from_item(parser);
    else
        return false;
    return true;
}

static bool at_set_operator(Parser *parser)
{
    return parser_at_any(parser, "union except intersect minus");
}

/* Clauses in any order; opaque pieces between them. */
static void parse_clauses(Parser *parser)
{
    while (!parser_ends(parser) && !at_set_operator(parser)) {
        if (parse_clause(parser))
            continue;
        if (parser_token(parser)->kind == TOKEN_EXPR) {
            parser_take(parser, ROLE_OPAQUE);
        } else if (parser_token(parser)->kind == TOKEN_COMMA || parse_at_query(parser)) {
            return;
        } else {
            uint32_t node = parser_begin(parser, NODE_OPAQUE);
            while (!parser_ends(parser) && !parse_at_clause(parser) && !at_set_operator(parser))
                parser_take_opaque(parser);
            if (parse_at_clause(parser) && !parser_at_any(parser, "from where having qualify limit "
                "group order window offset fetch join inner left right full cross natural"))
                parser_take_opaque(parser);
            parser_end(parser, node);
        }
    }
}

static void parse_select(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_SELECT);
    if (parser_at(parser, "from"))
        parse_from(parser);
    if (parser_at(parser, "select"))
        parse_select_clause(parser);
    parse_clauses(parser);
    parser_end(parser, node);
}

static void parse_values(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_VALUES);
    parser_take(parser, ROLE_KEYWORD);
    while (parser_token(parser)->kind == TOKEN_OPEN || parser_token(parser)->kind == TOKEN_EXPR) {
        if (parser_token(parser)->kind == TOKEN_OPEN)
            parse_bracket(parser);
        else
            parser_take(parser, ROLE_OPAQUE);
        if (parser_token(parser)->kind != TOKEN_COMMA)
            break;
        parser_take(parser, ROLE_NONE);
    }
    parse_clauses(parser);
    parser_end(parser, node);
}

/* ---- queries ---- */

/* Does "(" open a query, through any number of brackets? */
static bool opens_query(Parser *parser)
{
    unsigned ahead = 0;
    while (parser_peek(parser, ahead)->kind == TOKEN_OPEN && ahead < 20)
        ahead++;
    const Token *token = parser_peek(parser, ahead);
    return token_is(token, "select") || token_is(token, "with");
}

bool parse_at_query(Parser *parser)
{
    const Token *next = parser_peek(parser, 1);
    if (parser_at(parser, "select"))
        return true;
    if (parser_at(parser, "with"))
        return (next->kind == TOKEN_WORD || next->kind == TOKEN_QUOTED ||
                next->kind == TOKEN_EXPR) && !token_is(next, "time") && !token_is(next, "offset") &&
               !token_is(next, "ties");
    if (parser_at(parser, "values"))
        return next->kind == TOKEN_OPEN;
    return parser_at(parser, "from") && parser->file->config->dialect == DIALECT_DUCKDB;
}

static void parse_core(Parser *parser)
{
    if (parser_at_any(parser, "select from")) {
        parse_select(parser);
    } else if (parser_at(parser, "values")) {
        parse_values(parser);
    } else if (parser_at(parser, "with")) {
        parse_query(parser);
    } else if (parser_token(parser)->kind == TOKEN_OPEN) {
        parse_bracket(parser);
    } else if (parser_token(parser)->kind == TOKEN_EXPR) {
        parser_take(parser, ROLE_OPAQUE);
        parse_clauses(parser);
    }
}

static void parse_set(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_SET);
    parse_core(parser);
    while (at_set_operator(parser)) {
        parser->file->nodes.at[node].extra++;
        uint32_t operator = parser_begin(parser, NODE_SET_OPERATOR);
        parser_take(parser, ROLE_KEYWORD);
        while (parser_at_any(parser, "all distinct by name corresponding"))
            parser_take(parser, ROLE_KEYWORD);
        parser_end(parser, operator);
        parse_core(parser);
    }
    if (!parser_ends(parser) && parser_token(parser)->kind != TOKEN_COMMA &&
        !parse_at_query(parser))
        parse_clauses(parser);
    parser_end(parser, node);
}

static void parse_cte(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_CTE);
    if (!parser_ends(parser))
        parser_take(parser, ROLE_ALIAS);
    parser->file->nodes.at[node].extra = parser->last - 1;
    if (parser_token(parser)->kind == TOKEN_OPEN && !opens_query(parser))
        parse_bracket(parser);
    parser_take_word(parser, "as");
    while (parser_at_any(parser, "not materialized"))
        parser_take(parser, ROLE_KEYWORD);
    if (parser_token(parser)->kind == TOKEN_OPEN)
        parse_bracket(parser);
    else if (parser_token(parser)->kind == TOKEN_EXPR)
        parser_take(parser, ROLE_OPAQUE);
    parser_end(parser, node);
}

/* with a as (...), b as (...) query */
static void parse_with(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_WITH);
    parser_take(parser, ROLE_KEYWORD);
    if (parser_at(parser, "recursive") && !token_is(parser_peek(parser, 1), "as"))
        parser_take(parser, ROLE_KEYWORD);
    if (parser->file->config->indented_ctes)
        parser_indent(parser);
    while (!parser_ends(parser) && !parser_at_any(parser, "select from values")) {
        if (parser_token(parser)->kind == TOKEN_COMMA) {
            parser_take(parser, ROLE_NONE);
            continue;
        }
        uint32_t before = parser->at;
        parse_cte(parser);
        if (parser->at == before || (parser_token(parser)->kind != TOKEN_COMMA &&
                                     parser_token(parser)->kind != TOKEN_EXPR))
            break;
    }
    if (parser->file->config->indented_ctes)
        parser_dedent(parser);
    parse_set(parser);
    parser_end(parser, node);
}

void parse_query(Parser *parser)
{
    if (++parser->depth >= DEPTH_LIMIT)
        parser_take(parser, ROLE_OPAQUE);
    else if (parser_at(parser, "with"))
        parse_with(parser);
    else
        parse_set(parser);
    parser->depth--;
}

/* ---- statements ---- */

/* create table x as select ...: what is before the query is taken as it is. */
static void parse_other(Parser *parser)
{
    uint32_t node = parser_begin(parser, NODE_OTHER);
    bool is_insert = parser_at(parser, "insert");
    while (parser_token(parser)->kind != TOKEN_END &&
           parser_token(parser)->kind != TOKEN_SEMICOLON) {
        uint32_t before = parser->at;
        bool is_word = parser_token(parser)->kind == TOKEN_WORD;
        if (is_word && (parser_at(parser, "select") ||
                        (parse_at_query(parser) && is_insert && !parser_at(parser, "from"))))
            parse_query(parser);
        else if (parser_token(parser)->kind == TOKEN_OPEN)
            parse_bracket(parser);
        else
            parser_take(parser, is_word && parser_token(parser)->key ? ROLE_KEYWORD
                                                                     : ROLE_OPAQUE);
        if (parser->at == before)
            parser_take_opaque(parser);
    }
    parser_end(parser, node);
}

/* {{ x }} before anything else: nothing where a query follows, else the statement. */
static void pass_leading(Parser *parser)
{
    while (parser_token(parser)->kind == TOKEN_EXPR) {
        const Token *next = parser_peek(parser, 1);
        bool is_empty = token_is(next, "select") || token_is(next, "with") ||
                        next->kind == TOKEN_OPEN || next->kind == TOKEN_EXPR;
        uint32_t before = parser->last;
        Token *token = parser_token(parser);
        parser_take(parser, ROLE_OPAQUE);
        if (!is_empty)
            return;
        token->role = ROLE_EMPTY;
        parser->last = before;
    }
}

static void parse_statement(Parser *parser)
{
    pass_leading(parser);
    bool is_query = parse_at_query(parser) || opens_query(parser);
    if (!is_query && parser_token(parser)->kind == TOKEN_WORD) {
        parse_other(parser);
        return;
    }
    uint32_t node = parser_begin(parser, NODE_STATEMENT);
    if (is_query)
        parse_query(parser);
    else
        parse_set(parser);
    while (parser_token(parser)->kind != TOKEN_END &&
           parser_token(parser)->kind != TOKEN_SEMICOLON) {
        if (parse_at_query(parser))
            parse_query(parser);
        else
            parser_take_opaque(parser);
    }
    parser_end(parser, node);
}

/* ---- blocks of templates ---- */

/* {{ config(...) }} and its like render to nothing. */
static bool renders_nothing(Str text)
{
    static const char *const calls[] = {"config", "log", "print", "return", "exceptions", "\"\"",
                                        "''"};
    Str inner = str_trim(str_slice(text, 2, text.len));
    if (inner.len && inner.at[0] == '-')
        inner = str_trim(str_slice(inner, 1, inner.len));
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        Str call = str_of(calls[i]);
        if (str_starts(inner, call) && inner.len > call.len &&
            (inner.at[call.len] == '(' || inner.at[call.len] == '.' || call.at[0] < 'A'))
            return true;
    }
    return false;
}

static void add_block_indents(LintFile *file, bool is_opening)
{
    if (!file->config->indents_blocks)
        return;
    for (uint32_t i = 0; i + 1 < file->count; i++) {
        const Token *token = &file->tokens[i];
        if (token->kind != TOKEN_TAG)
            continue;
        if (is_opening && (token->tag == TAG_OPEN || token->tag == TAG_MID))
            file->gaps[i + 1].sum++;
        if (!is_opening && (token->tag == TAG_MID || token->tag == TAG_CLOSE)) {
            Gap *gap = &file->gaps[i];
            gap->sum--;
            if (gap->sum < gap->trough)
                gap->trough = gap->sum;
        }
    }
}

void file_parse(LintFile *file)
{
    for (uint32_t i = 0; i < file->count; i++)
        if (file->tokens[i].kind == TOKEN_EXPR && renders_nothing(file->tokens[i].text))
            file->tokens[i].role = ROLE_EMPTY;
    file->gaps = NEW_N(file->arena, Gap, file->count + 1);
    add_block_indents(file, true);
    Parser parser = {.file = file};
    list_add(file->arena, &file->nodes, (Node){.kind = NODE_FILE, .end = file->count});
    parser.at = file_next_code(file, 0);
    while (parser_token(&parser)->kind != TOKEN_END) {
        if (parser_token(&parser)->kind == TOKEN_SEMICOLON)
            parser_take(&parser, ROLE_NONE);
        else if (parser_token(&parser)->kind == TOKEN_CLOSE)
            parser_take_opaque(&parser);
        else
            parse_statement(&parser);
    }
    file->nodes.at[0].after = file->nodes.len;
    add_block_indents(file, false);
}
