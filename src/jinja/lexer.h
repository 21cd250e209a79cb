/* lexer.h: private to jinja/: from bytes to tokens, one at a time.
 *
 * Between tags the source is DATA, cut by the white space rules; inside tags it is names, numbers,
 * texts and operators. Delimiters inside brackets or texts do not end a tag.
 */
#ifndef JINJA_LEXER_H
#define JINJA_LEXER_H

#include "jinja/jinja.h"

typedef enum TokenKind {
    TOKEN_END, TOKEN_DATA, TOKEN_PRINT_BEGIN, TOKEN_PRINT_END, TOKEN_BLOCK_BEGIN, TOKEN_BLOCK_END,
    TOKEN_NAME, TOKEN_TEXT, TOKEN_INT, TOKEN_FLOAT,
    TOKEN_PLUS, TOKEN_MINUS, TOKEN_STAR, TOKEN_SLASH, TOKEN_FLOOR_SLASH, TOKEN_PERCENT,
    TOKEN_STAR_STAR, TOKEN_TILDE, TOKEN_EQ, TOKEN_NE, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE,
    TOKEN_ASSIGN, TOKEN_DOT, TOKEN_COLON, TOKEN_PIPE, TOKEN_COMMA, TOKEN_SEMICOLON,
    TOKEN_LEFT_PAREN, TOKEN_RIGHT_PAREN, TOKEN_LEFT_BRACKET, TOKEN_RIGHT_BRACKET,
    TOKEN_LEFT_BRACE, TOKEN_RIGHT_BRACE,
} TokenKind;

/* Words with a meaning of their own. Jinja has no reserved names: the parser decides by place.
 * In order of length: keyword_of() counts on it. */
#define KEYWORDS(X)                                                                              \
    X(DO, "do") X(IF, "if") X(IN, "in") X(IS, "is") X(OR, "or") X(AND, "and") X(FOR, "for")      \
    X(NOT, "not") X(SET, "set") X(NONE_PYTHON, "None") X(TRUE_PYTHON, "True") X(CALL, "call")    \
    X(DOCS, "docs") X(ELIF, "elif") X(ELSE, "else") X(FROM, "from") X(NONE, "none")              \
    X(TEST, "test") X(TRUE, "true") X(WITH, "with") X(FALSE_PYTHON, "False") X(BLOCK, "block")   \
    X(BREAK, "break") X(ENDIF, "endif") X(FALSE, "false") X(MACRO, "macro") X(PRINT, "print")    \
    X(TRANS, "trans") X(ENDFOR, "endfor") X(ENDSET, "endset") X(FILTER, "filter")                \
    X(IMPORT, "import") X(ENDCALL, "endcall") X(ENDDOCS, "enddocs") X(ENDTEST, "endtest")        \
    X(ENDWITH, "endwith") X(EXTENDS, "extends") X(INCLUDE, "include") X(CONTINUE, "continue")    \
    X(ENDMACRO, "endmacro") X(SNAPSHOT, "snapshot") X(DATA_TEST, "data_test")                    \
    X(ENDFILTER, "endfilter") X(RECURSIVE, "recursive") X(AUTOESCAPE, "autoescape")              \
    X(ENDSNAPSHOT, "endsnapshot") X(ENDDATA_TEST, "enddata_test")                                \
    X(MATERIALIZATION, "materialization") X(ENDMATERIALIZATION, "endmaterialization")

typedef enum Keyword {
    KEYWORD_NO,
#define AS_ENUM(id, text) KEYWORD_##id,
    KEYWORDS(AS_ENUM)
#undef AS_ENUM
    KEYWORD_COUNT
} Keyword;

typedef struct Token {
    uint8_t kind;
    uint8_t keyword;   /* of a NAME                                        */
    uint32_t at, end;  /* bytes [at, end) of the source                    */
    Str text;          /* NAME: itself. TEXT: its contents. DATA: the data */
    Value value;       /* INT, FLOAT                                       */
} Token;

enum { DEEPEST_BRACKETS = 200 };

typedef struct Lexer {
    Arena *arena;
    Str source;        /* newlines are \n already */
    JinjaSyntax syntax;
    uint32_t at;
    uint8_t inside;    /* 0 data, TOKEN_PRINT_BEGIN or TOKEN_BLOCK_BEGIN */
    bool is_line_start;/* the last piece ended with a newline */
    bool strips_next;  /* the last tag ended with '-' */
    uint8_t pending;   /* a begin token that follows the data just given */
    uint32_t pending_at, pending_end;
    uint32_t depth;
    char closers[DEEPEST_BRACKETS];
    /* of a failure */
    uint32_t fail_at;
} Lexer;

/* The next token; TOKEN_END for ever behind the last. On failure lexer->fail_at says where. */
MUST bool lexer_next(Lexer *lexer, Token *out, Err *err);

/* "end of print statement", "','", "name" ... */
const char *token_kind_name(TokenKind kind);
const char *keyword_text(Keyword keyword);

/* Length in bytes of the white space (Python's str.isspace) at s.at[at], 0 = none. */
size_t space_length(Str s, size_t at);

/* In a text literal: Python's escapes. */
MUST bool unescape(Arena *arena, Str raw, Str *out, Err *err);

#endif
