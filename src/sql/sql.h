/* sql.h: SQL as text: a tolerant lexer and what it is good for.
 *
 * It never fails: what it does not understand is a symbol. It knows comments (nested ones too),
 * quoted names, strings with '' and E'' and dollar quotes, numbers, words, symbols.
 */
#ifndef SQL_SQL_H
#define SQL_SQL_H

#include "base/str.h"

typedef enum SqlKind {
    SQL_END, SQL_SPACE, SQL_COMMENT, SQL_WORD, SQL_NAME /* quoted */, SQL_STRING, SQL_NUMBER,
    SQL_SYMBOL,
} SqlKind;

typedef struct SqlToken {
    SqlKind kind;
    Str text;           /* a view, quotes included */
} SqlToken;

/* The token at *at; *at moves behind it. SQL_END at the end. Cost: O(token). */
SqlToken sql_next(Str sql, size_t *at);

/* The next token that is neither space nor comment. */
SqlToken sql_next_code(Str sql, size_t *at);

/* The first token that says what a statement is: opening brackets and semicolons are passed. */
SqlToken sql_first(Str sql);

/* Statements of a script, cut at the semicolons outside of strings and comments: true while there
 * is one. *at starts at 0; the view is without the semicolon; blank ones are passed. */
bool sql_next_statement(Str sql, size_t *at, Str *statement);

/* True when there is nothing but space, comments and semicolons. */
bool sql_is_blank(Str sql);

/* Quotes a name for an engine: "a" with doubled quotes (duckdb, postgres). Owner: the arena. */
Str sql_quote_name(Arena *arena, Str name);
/* Quotes a text: 'it''s'. */
Str sql_quote_text(Arena *arena, Str text);

/* A common table expression to put before a statement. */
typedef struct Cte {
    Str name;       /* "__dbt__cte__a"                       */
    Str sql;        /* " __dbt__cte__a as (\n<body>\n)"      */
} Cte;

/* Puts CTEs in front, as dbt does for ephemeral models: behind an existing WITH (RECURSIVE kept),
 * else "with" + ctes + sql. What follows the first statement is dropped, as dbt drops it. Text
 * equal to dbt-core 1.12's to the byte wherever dbt's can run (README). Owner: the arena. */
Str sql_add_ctes(Arena *arena, Str sql, const Cte *ctes, uint32_t count);

/* The tokens without space and comments, words in lower case, hashed: the same for SQL that only
 * looks different. For fingerprints. */
uint64_t sql_fingerprint(Str sql);

#endif
