/* lint_base.h: private to lint/: tokens, tree, the file being linted.
 *
 *   tokens of a variant:   select  {{ x }}  ,   -- why   b    END
 *   gaps                 0        1        2  3        4   5
 *                        gap i = the white space before token i; indents are noted at gaps
 */
#ifndef LINT_BASE_H
#define LINT_BASE_H

#include "lint/lint.h"

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_WORD,           /* select, abc, {{ x }}_suffix                       */
    TOKEN_QUOTED,         /* "name", `name`, [name] is not one                 */
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_SYMBOL,         /* operators                                         */
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_SEMICOLON,
    TOKEN_OPEN,           /* ( [ {                                             */
    TOKEN_CLOSE,
    TOKEN_COMMENT,        /* to the end of the line                            */
    TOKEN_BLOCK_COMMENT,
    TOKEN_EXPR,           /* {{ }}                                             */
    TOKEN_TAG,            /* {% %}, or a whole block whose body is no SQL here */
    TOKEN_NOTE,           /* {# #}                                             */
    TOKEN_SKIP,           /* branches that this variant does not take          */
} TokenKind;

typedef enum Role {
    ROLE_NONE,
    ROLE_KEYWORD,
    ROLE_NAME,            /* an identifier                                     */
    ROLE_ALIAS,           /* an identifier that is introduced here             */
    ROLE_FUNCTION,
    ROLE_TYPE,
    ROLE_CONSTANT,        /* null, true, false                                 */
    ROLE_LITERAL,
    ROLE_STAR,            /* * of select *, count(*)                           */
    ROLE_OPERATOR,        /* arithmetic, ||, ->, AND, OR                       */
    ROLE_COMPARE,
    ROLE_ASSIGN,
    ROLE_SIGN,            /* a minus before its operand                        */
    ROLE_CAST,            /* ::                                                */
    ROLE_TOUCH,           /* : of paths and slices                             */
    ROLE_PART,            /* year in extract(year from x)                      */
    ROLE_EMPTY,           /* {{ config() }}: renders to nothing                */
    ROLE_OPAQUE,          /* not understood                                    */
} Role;

typedef enum TagKind { TAG_OTHER, TAG_OPEN, TAG_MID, TAG_CLOSE } TagKind;

typedef struct Token {
    TokenKind kind;
    Role role;
    Str text;
    uint32_t offset, end;
    uint32_t node;        /* innermost node, 0 = the file                      */
    TagKind tag;
    uint32_t block;       /* TAG_OPEN/MID/CLOSE: number of their block         */
    uint8_t key;          /* of a WORD: bits of KEY_*                          */
    bool is_templated;    /* holds {{ }} or a tag                              */
    bool is_operator;     /* may begin or end a line as operators do           */
    bool in_block;        /* within {% if %} or {% for %}                      */
} Token;

enum { KEY_RESERVED = 1, KEY_UNRESERVED = 2 };

typedef struct TokenBlock {
    uint32_t branches;    /* of {% if %}: 1 + its elif and else */
    bool is_loop;
} TokenBlock;

typedef struct Tokens {
    Token *at;
    uint32_t len, cap;
    List(TokenBlock) blocks;
} Tokens;

typedef enum NodeKind {
    NODE_FILE,
    NODE_STATEMENT,       /* one with a query                                  */
    NODE_OTHER,           /* one that is not looked into                       */
    NODE_WITH,
    NODE_CTE,
    NODE_SET,             /* selects joined by set operators                   */
    NODE_SET_OPERATOR,
    NODE_SELECT,
    NODE_VALUES,
    NODE_SELECT_CLAUSE,
    NODE_MODIFIER,        /* distinct                                          */
    NODE_TARGET,
    NODE_FROM,
    NODE_FROM_ITEM,       /* a table with its joins                            */
    NODE_TABLE,           /* what is joined, with its alias                    */
    NODE_JOIN,
    NODE_ON,
    NODE_USING,
    NODE_WHERE,
    NODE_GROUP,
    NODE_HAVING,
    NODE_QUALIFY,
    NODE_WINDOW,
    NODE_ORDER,
    NODE_LIMIT,
    NODE_EXPR,
    NODE_BRACKET,
    NODE_FUNCTION,
    NODE_OVER,
    NODE_PARTITION,
    NODE_CASE,
    NODE_WHEN,
    NODE_ELSE,
    NODE_COLUMN,          /* a, t.a, {{ x }}                                   */
    NODE_TABLE_NAME,
    NODE_ALIAS,
    NODE_TYPE,
    NODE_CAST,            /* x::int: from the operand's first token            */
    NODE_OPAQUE,
} NodeKind;

/* Nodes are numbered as they begin, so that a node's inner nodes follow it: [number, after). */
typedef struct Node {
    NodeKind kind;
    uint32_t parent;
    uint32_t first, end;  /* tokens [first, end); spaces and comments around are not in it */
    uint32_t after;       /* number behind the last inner node                             */
    uint32_t extra;       /* by kind: see parse.c                                          */
} Node;

typedef List(Node) Nodes;

/* The sum of indents at a gap, its lowest point on the way, and all sums on the way as bits
 * (bit 32 = 0). Those of template blocks are counted in `sum` and `trough` only. */
typedef struct Gap {
    int16_t sum, trough;
    uint64_t steps;
    int16_t code_sum;
    bool starts_implicit;
} Gap;

typedef struct Edit {
    uint32_t offset, end; /* what is replaced                                  */
    Str text;
    uint32_t rule;
} Edit;
typedef struct Edits {    /* sorted by offset, apart from one another           */
    Edit *at;
    uint32_t len, cap;
} Edits;

typedef enum Dialect {
#define DIALECT(id, name) DIALECT_##id,
#define DIALECT_ALIAS(name, id)
#include "lint/dialects.def"
#undef DIALECT
#undef DIALECT_ALIAS
    DIALECT_COUNT,
} Dialect;

/* sqlfluff's policies of letters. */
typedef enum CasePolicy {
    CASE_CONSISTENT, CASE_UPPER, CASE_LOWER, CASE_CAPITALISE, CASE_PASCAL, CASE_SNAKE, CASE_CAMEL,
} CasePolicy;

typedef enum LinePosition { POSITION_LEADING, POSITION_TRAILING, POSITION_ANY } LinePosition;

typedef enum NamePolicy { NAMES_ALL, NAMES_ALIASES, NAMES_COLUMN_ALIASES, NAMES_TABLE_ALIASES,
                          NAMES_NONE } NamePolicy;

typedef enum RuleId {
#define RULE(code, name, is_core, fixes, about) RULE_##code,
#include "lint/rules.def"
#undef RULE
    RULE_COUNT,
} RuleId;

enum { SOURCE_LIMIT_BYTES = 20000000, TOKEN_LIMIT = 4000000, DEPTH_LIMIT = 150 };

struct LintConfig {
    Dialect dialect;
    bool is_on[RULE_COUNT], is_warning[RULE_COUNT];
    Value settings;               /* "section:key" -> text, lower case: all that was read       */
    uint32_t max_line_length, tab_size;
    bool uses_tabs, disables_noqa;
    bool indented_joins, indented_ctes, indented_using_on, indented_on_contents, indented_then,
        indented_then_contents, indents_blocks;
    bool allows_implicit;
    LinePosition comma, operator, comparison;
    CasePolicy keywords, names, functions, constants, types;
    NamePolicy case_names;        /* CP02: unquoted_identifiers_policy                          */
    bool aliases_tables_implicitly, aliases_columns_implicitly;
    bool allows_scalar;
    const struct IgnoreRules *ignored;
};

/* One variant of a file, and all that rules need of it. */
typedef struct LintFile {
    Arena *arena;
    const LintConfig *config;
    Str source;
    Token *tokens;
    uint32_t count;               /* the last one is TOKEN_END                                  */
    Gap *gaps;                    /* one a token                                                */
    Nodes nodes;
    uint32_t unparsed, unparsed_line;
    const uint32_t *line_starts;  /* offsets                                                    */
    uint32_t line_count;
    bool has_crlf;                /* lines end with \r\n                                         */
    Violations *violations;
    Edits *edits;                 /* NULL: nobody asks for fixes                                */
    struct LetterState {          /* of "consistent": what words so far rule out, a rule        */
        uint32_t refuted, latest;
    } letters[5];
    Str consistent[4];            /* first style seen: CV01, CV10, CV11, RF03's                 */
} LintFile;

/* ---- token.c ---- */

/* All tokens of a source, every branch of every block, ending with TOKEN_END. */
void tokens_read(Arena *arena, Dialect dialect, Str source, Tokens *out);
/* How many variants there are: at least 1, at most 5. */
uint32_t tokens_variants(const Tokens *all);
/* The tokens of one variant. */
void tokens_choose(Arena *arena, const Tokens *all, uint32_t variant, Tokens *out);

/* ---- keywords.c ---- */

/* Bits KEY_* of a word in a dialect. Cost: a hash. */
uint8_t keyword_bits(Dialect dialect, Str word);

/* ---- parse.c ---- */

/* Roles, nodes and indents of file->tokens. Never fails. */
void file_parse(LintFile *file);

/* ---- file.c: what rules ask and say ---- */

uint32_t file_line(const LintFile *file, uint32_t offset);         /* 1-based */
bool file_gap_breaks(const LintFile *file, uint32_t gap);          /* holds a line end */
Str file_gap(const LintFile *file, uint32_t gap);
static inline const Node *file_node(const LintFile *file, uint32_t number)
{
    return &file->nodes.at[number];
}
/* The next / former token that is code (no comment, tag, note, empty expression). */
uint32_t file_next_code(const LintFile *file, uint32_t token);     /* from `token` on; END ends */
uint32_t file_prior_code(const LintFile *file, uint32_t token);    /* before it; UINT32_MAX: none */
bool token_is_code(const Token *token);
bool token_is(const Token *token, const char *lower);              /* a word, case folded */
bool file_has_kind_above(const LintFile *file, uint32_t node, NodeKind kind);
/* Nearest node of a kind above (not itself), or UINT32_MAX. */
uint32_t file_above(const LintFile *file, uint32_t node, NodeKind kind);

/* A violation at a byte. Returns false where the rule is off: no fix is wanted then. */
bool file_report(LintFile *file, RuleId rule, uint32_t offset, bool is_fixable, const char *format,
                 ...) PRINTF_LIKE(5, 6);
/* A change that mends the violation reported last. Changes that overlap earlier ones are left out.
 */
void file_edit(LintFile *file, RuleId rule, uint32_t offset, uint32_t end, Str text);
/* The gap's white space becomes `text`, where it is nothing but white space. */
void file_edit_gap(LintFile *file, RuleId rule, uint32_t gap, Str text);
/* "\n" as the file ends its lines, then `width` columns of indent. */
Str file_line_break(LintFile *file, uint32_t width);
/* Columns of the indent of the line that a token stands on. */
uint32_t file_line_indent(const LintFile *file, uint32_t token);

/* A setting of a rule as text, "" if it is not set. */
Str config_text(const LintConfig *config, const char *section, const char *key);
bool config_flag(const LintConfig *config, const char *section, const char *key, bool otherwise);
bool config_lists(const LintConfig *config, const char *section, const char *key, Str word);

/* ---- noqa.c ---- */

/* Removes what comments silence. */
void noqa_apply(const LintConfig *config, Arena *arena, Str source, const Tokens *all,
                Violations *violations);

/* ---- the rules ---- */

/* Each reports what it finds in one variant, some of them under more than one code. The order is
 * that of fixes: what moves line ends first, then indents, then single spaces, then words. */
#define CHECKS(X) \
    X(check_jinja) X(check_file_ends) X(check_commas) X(check_operators) X(check_set_operators) \
    X(check_select_targets) X(check_select_modifiers) X(check_cte_lines) X(check_keyword_lines) \
    X(check_long_lines) X(check_indents) X(check_blank_lines) X(check_spacing) X(check_functions) \
    X(check_letters) X(check_alias_style) X(check_alias_names) X(check_expressions_aliased) \
    X(check_ambiguous) X(check_columns_known) X(check_joins) X(check_conventions) \
    X(check_null_and_case) X(check_ctes) X(check_structure) X(check_references) X(check_names)
#define AS_FUNCTION(name) void name(LintFile *file);
CHECKS(AS_FUNCTION)
#undef AS_FUNCTION

#endif
