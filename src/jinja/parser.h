/* parser.h: private to jinja/: from tokens to the tree. Grammar and precedence are jinja2's.
 *
 *   parser.c            names, tokens, templates       parse_statement.c   tags
 *   parse_expression.c  expressions                    scope.c             which variable a name is
 */
#ifndef JINJA_PARSER_H
#define JINJA_PARSER_H

#include "jinja/ast.h"
#include "jinja/lexer.h"

enum { DEEPEST_NESTING = 200 };

/* A scope while compiling: the uses of names in it, in order of text. */
typedef struct CompileScope {
    struct CompileScope *parent, *children, *last_child, *sibling;
    Function *function;
    NameNode *first_use, *last_use;
    const Entries **entries;     /* where the outcome goes                    */
    ForNode *loop;               /* of the body of a loop                     */
    uint32_t id;
    bool begins_function;
    bool reads_loop;
} CompileScope;

/* A filter or test that the library lacks. */
typedef struct Unknown {
    Str name;
    uint32_t at;
    bool is_test;
} Unknown;

typedef struct Parser {
    Arena *arena;
    Lexer lexer;
    Token token, ahead;
    bool has_ahead;
    Template *template;
    Name **names;                /* open addressing                           */
    uint32_t name_count, name_cap;
    CompileScope *scope;
    Function *function;
    uint32_t scope_count;
    uint32_t depth, branch_depth, loop_depth;
    uint32_t soft_depth;         /* > 0: unknown filters fail at run time     */
    uint32_t condition_depth;    /* expressions being parsed                  */
    Unknown unknown;             /* the first in them, if any                 */
    Keyword open_block;          /* the innermost block, for messages         */
    uint32_t open_block_at;
    uint32_t marked_at, marked_start; /* where `marked_line` was counted      */
    int marked_line, marked_column;   /* column of marked_start, less one     */
    CallNode *last_call;
    bool mangles_macros;
    Err *err;
} Parser;

/* ---- parser.c ---- */

bool parser_fail(Parser *parser, uint32_t at, const char *format, ...) PRINTF_LIKE(3, 4);
/* Moves to the next token. */
MUST bool parser_next(Parser *parser);
/* The token behind the current one. */
MUST bool parser_look(Parser *parser, const Token **out);
/* "expected token 'x', got 'y'" unless the current token is of that kind; passes it. */
MUST bool parser_expect(Parser *parser, TokenKind kind);
bool parser_expected(Parser *parser, const char *what);
static inline bool parser_at(const Parser *parser, TokenKind kind)
{
    return parser->token.kind == kind;
}
static inline bool parser_at_keyword(const Parser *parser, Keyword keyword)
{
    return parser->token.kind == TOKEN_NAME && parser->token.keyword == keyword;
}
/* Passes the token if it is of that kind or that word; *out says whether. */
MUST bool parser_skip(Parser *parser, TokenKind kind, bool *out);
MUST bool parser_skip_keyword(Parser *parser, Keyword keyword, bool *out);

Name *parser_name(Parser *parser, Str text);
MUST bool parser_deeper(Parser *parser);
void parser_place(Parser *parser, uint32_t at, int *line, int *column);

#define NODE(parser, T, node_kind, offset) \
    ((T *)node_init(NEW((parser)->arena, T), (node_kind), (offset)))
static inline void *node_init(void *memory, NodeKind kind, uint32_t at)
{
    Node *node = memory;
    node->kind = (uint8_t)kind;
    node->at = at;
    return memory;
}

/* Appends to a list that hangs together by `next`. */
typedef struct NodeList {
    Node *first, *last;
    uint32_t count;
} NodeList;
static inline void nodes_add(NodeList *list, Node *node)
{
    if (list->last)
        list->last->next = node;
    else
        list->first = node;
    list->last = node;
    list->count++;
}

/* ---- scope.c ---- */

CompileScope *scope_begin(Parser *parser, const Entries **entries);
void scope_end(Parser *parser, CompileScope *scope);
/* Notes that the current scope reads, or sets, the name. */
void scope_use(Parser *parser, NameNode *node, uint16_t flags);
/* The same for all names of an assignment's target. */
void scope_use_target(Parser *parser, Node *target, uint16_t flags);
Function *function_begin(Parser *parser, CompileScope **scope, uint32_t at);
void function_end(Parser *parser, CompileScope *scope, Function *outer);
/* Gives every name its slot. */
MUST bool scope_resolve(Parser *parser, CompileScope *root);

/* ---- parse_expression.c ---- */

enum { TUPLE_PLAIN = 0, TUPLE_NO_CONDITION = 1, TUPLE_PARENTHESES = 2, TUPLE_TARGET = 4,
       TUPLE_UNTIL_IN = 8, TUPLE_UNTIL_RECURSIVE = 16 };
MUST bool parse_expression(Parser *parser, Node **out);
/* One expression, or several with commas between them. */
MUST bool parse_tuple(Parser *parser, unsigned flags, Node **out);
/* | filters and, in a row, calls. `is_inline`: the first has no bar. */
MUST bool parse_filters(Parser *parser, Node *input, bool is_inline, Node **out);
/* The left side of `=`: names, tuples of them, ns.x. Its names are not noted yet. */
MUST bool parse_target(Parser *parser, unsigned flags, Node **out);
MUST bool parse_target_name(Parser *parser, NameNode **out);
/* A second target with the same names. */
Node *target_copy(Parser *parser, const Node *target);

/* ---- parse_statement.c ---- */

#define ENDS(keyword) (UINT64_C(1) << KEYWORD_##keyword)
_Static_assert(KEYWORD_COUNT < 64, "sets of keywords are 64 bits");
/* Everything up to a tag whose first word is one of `ends` (0: to the end of the template). The
 * current token is that word afterwards. */
MUST bool parse_until(Parser *parser, uint64_t ends, const Node **out);
/* One block of dbt's: {% test x(..) %}..{% endtest %}, {% materialization .. %}, {% macro .. %}. */
MUST bool parse_dbt_block(Parser *parser, Macro *macro, Function **out);

#endif
