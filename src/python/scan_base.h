/* scan_base.h: a Python source as tokens, lines and primaries. private to python/ */
#ifndef PYTHON_SCAN_BASE_H
#define PYTHON_SCAN_BASE_H

#include "python/python.h"

/* Brackets nest at most this deep: Python's own limit is 200. */
enum { PYTHON_DEEPEST = 150 };

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_LINE,        /* a logical line begins: `indent` is its column                          */
    TOKEN_NAME,        /* keywords too                                                           */
    TOKEN_NUMBER,
    TOKEN_STRING,      /* with prefix and quotes                                                 */
    TOKEN_OPERATOR,
} TokenKind;

/* What `op` is for operators of several characters that must be told apart. */
enum { OP_WALRUS = 'W', OP_POWER = 'P', OP_ELLIPSIS = 'E', OP_OTHER = '?' };

typedef struct Token {
    TokenKind kind;
    char op;
    uint32_t indent;
    Str text;          /* a view into the source                                                 */
} Token;

typedef struct Tokens {
    Token *at;
    uint32_t len, cap;
} Tokens;

/* A source that is being read. */
typedef struct Source {
    Arena *arena;
    Str file, text;
    int first_line;    /* of `text` in the file                                                  */
} Source;

/* Place and excerpt of a byte of the source. Gives false. */
bool python_fail(const Source *source, const char *at, Err *err, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* token.c: all tokens; the last one is TOKEN_END. Fails ERR_PARSING where Python's tokenizer would:
 * strings and brackets that do not end, lines that are indented wrongly, characters of no use. */
MUST bool python_tokens(const Source *source, Tokens *out, Err *err);
static inline bool token_is(const Token *token, char op)
{
    return token->kind == TOKEN_OPERATOR && token->op == op;
}
static inline bool token_is_name(const Token *token, const char *name)
{
    return token->kind == TOKEN_NAME && str_is(token->text, name);
}
/* The prefix of a string token ("rb"), its quotes (1 or 3), what stands between them. */
typedef struct StringParts {
    bool is_raw, is_bytes, is_format;
    Str body;
} StringParts;
StringParts python_string_parts(Str token);

/* ---- expressions, as far as one must know them to find calls ---- */

typedef enum ExprKind {
    EXPR_NAME, EXPR_NUMBER, EXPR_STRING, EXPR_FORMAT, EXPR_ATTRIBUTE, EXPR_CALL, EXPR_SUBSCRIPT,
    EXPR_LIST, EXPR_TUPLE, EXPR_SET, EXPR_DICT,
    EXPR_OTHER,        /* operators, comprehensions, lambdas: its items hold the primaries       */
} ExprKind;

typedef struct Expr Expr;

/* Something between two commas. */
typedef struct Item {
    Str name;          /* f(name=...); empty: by position                                        */
    bool is_starred, is_double_starred;
    const Token *from, *to;      /* its tokens, the name not among them                          */
    Expr *exact;       /* the one primary that it is, or NULL                                    */
    Expr *key;         /* dicts: the key, if it is one primary; `exact` is the value then        */
    const Token *key_from, *key_to;
    List(Expr *) primaries;      /* all that stand in it, in order                               */
} Item;

struct Expr {
    ExprKind kind;
    const Token *token;          /* the first                                                    */
    const Token *from, *to;      /* all of it, with the brackets that enclose it                 */
    Str name;                    /* NAME, ATTRIBUTE                                              */
    uint32_t token_count;        /* STRING: of pieces side by side                               */
    Expr *base;                  /* ATTRIBUTE, CALL, SUBSCRIPT                                   */
    List(Item) items;            /* CALL: arguments; FORMAT: what stands in braces; else members */
};

/* expression.c: the primaries of [from, to), in order. */
typedef List(Expr *) ExprList;
MUST bool python_primaries(const Source *source, const Token *from, const Token *to, unsigned depth,
                         ExprList *out, Err *err);

/* literal.c: the value of an item, as Python's ast.literal_eval(). Fails ERR_PARSING. */
MUST bool python_literal(const Source *source, const Item *item, Value *out, Err *err);

#endif
