/* parse_base.h: private to lint/, of parse.c and parse_expr.c: where the parser stands.
 *
 *   at     the next token of code         last   the gap behind the last one
 *   Indents are noted behind the token before them, dedents before the token behind them, so that
 *   comments and template tags between the two stand inside.
 */
#ifndef LINT_PARSE_BASE_H
#define LINT_PARSE_BASE_H

#include "lint/lint_base.h"

typedef struct Parser {
    LintFile *file;
    uint32_t at, last;
    uint32_t node;                /* innermost open one */
    unsigned depth;
} Parser;

static inline Token *parser_token(Parser *parser)
{
    return &parser->file->tokens[parser->at];
}

uint32_t parser_begin(Parser *parser, NodeKind kind);
void parser_end(Parser *parser, uint32_t node);
void parser_indent(Parser *parser);
void parser_dedent(Parser *parser);
void parser_take(Parser *parser, Role role);
Token *parser_peek(Parser *parser, unsigned ahead);       /* 0 = the next token */
bool parser_at(Parser *parser, const char *word);
bool parser_at_any(Parser *parser, const char *words);    /* separated by spaces */
bool parser_take_word(Parser *parser, const char *word);  /* a key word, if it stands here */
bool parser_ends(Parser *parser);                         /* at END, ; or a closing bracket */
/* Something that was not understood: taken as it is. */
void parser_take_opaque(Parser *parser);

/* ---- parse_expr.c ---- */

/* Words that end an expression: from, where, join, then, union, ... */
bool parse_at_clause(Parser *parser);
void parse_expr(Parser *parser);
/* "( ... )" with whatever is in it: a query, expressions. */
void parse_bracket(Parser *parser);
void parse_order(Parser *parser);
void parse_name(Parser *parser, NodeKind kind, Role role);

/* ---- parse.c ---- */

bool parse_at_query(Parser *parser);
void parse_query(Parser *parser);
/* [as] name [(columns)]; false if there is none. */
bool parse_alias(Parser *parser, bool takes_columns);

#endif
