/* py_re.h: private to jinja/: regular expressions with Python's syntax.
 *
 *   pattern --py_re_parse.c--> tree --py_re_compile.c--> program --py_re_match.c--> spans
 *
 * Matching backtracks; the steps are counted, so that a bad pattern ends in an error.
 */
#ifndef JINJA_PY_RE_H
#define JINJA_PY_RE_H

#include "jinja/python.h"

enum {                          /* flags, with Python's values */
    RE_IGNORECASE = 2, RE_LOCALE = 4, RE_MULTILINE = 8, RE_DOTALL = 16, RE_UNICODE = 32,
    RE_VERBOSE = 64, RE_ASCII = 256,
};

/* ---- sets: [a-z\d] ---- */

typedef struct CodeSpan {
    uint32_t first, last;
} CodeSpan;
typedef struct CodeSet {
    List(CodeSpan) spans;
    char classes[8];            /* "dDwWsS", as they occur */
    bool is_negated;
} CodeSet;

/* ---- the tree ---- */

typedef enum ReKind {
    RE_EMPTY, RE_CHAR, RE_ANY, RE_SET, RE_SEQUENCE, RE_CHOICE, RE_GROUP, RE_REPEAT, RE_BACKREF,
    RE_LOOK, RE_ATOMIC, RE_CONDITION,
    RE_START, RE_END, RE_TEXT_START, RE_TEXT_END, RE_WORD_EDGE, RE_NO_WORD_EDGE,
} ReKind;

typedef enum RepeatMode { REPEAT_GREEDY, REPEAT_LAZY, REPEAT_POSSESSIVE } RepeatMode;

typedef struct ReNode {
    ReKind kind;
    uint32_t flags;             /* in force here                                              */
    uint32_t code;              /* CHAR                                                       */
    CodeSet *set;
    struct ReNode *first, *next;/* children of SEQUENCE, CHOICE; the one of others            */
    uint32_t group;             /* GROUP (0: none), BACKREF, CONDITION                        */
    uint32_t least, most;       /* REPEAT; most UINT32_MAX: no end                            */
    RepeatMode mode;
    bool is_negated, is_behind; /* LOOK                                                       */
} ReNode;

/* ---- the program ---- */

typedef enum ReOp {
    OPC_CHAR, OPC_ANY, OPC_SET, OPC_SPLIT, OPC_JUMP, OPC_SAVE, OPC_BACKREF, OPC_LOOK, OPC_ATOMIC,
    OPC_CONDITION, OPC_RUN, OPC_MARK, OPC_STUCK, OPC_ASSERT, OPC_MATCH,
} ReOp;

typedef struct ReCode {
    uint8_t op, mode, kind;     /* kind: ReKind of RUN's item and of ASSERT                   */
    bool is_negated;
    uint32_t flags, code;
    uint32_t x, y;              /* SPLIT: first choice, second; LOOK, ATOMIC: the end;
                                   MARK, STUCK: slot, and where to go when stuck there        */
    uint32_t least, most;       /* RUN; LOOK: width of look-behind + 1, 0: ahead              */
    const CodeSet *set;
} ReCode;

typedef struct Regex {
    Str pattern;
    uint32_t flags;
    List(ReCode) code;
    uint32_t group_count;       /* without group 0                                            */
    uint32_t slot_count;        /* 2 * groups, then marks of loops                            */
    Dict *names;                /* group name -> number                                       */
} Regex;

/* Compiles. Fails with Python's messages. Owner: the arena. */
MUST bool regex_compile(Arena *arena, Str pattern, uint32_t flags, Regex **out, Err *err);
/* The tree, for regex_compile(). */
MUST bool regex_parse(Arena *arena, Regex *regex, ReNode **out, Err *err);

typedef enum RegexMode { REGEX_MATCH, REGEX_FULL, REGEX_SEARCH } RegexMode;

/* Where it matches, as byte offsets: spans[2 * group] and [2 * group + 1]; -1 = not set.
 * from, to   bytes of the text to look at; ^ and \b still see the start of the text
 * must_move  the match may not be empty at `from`
 * Fails      ERR_TOO_BIG after 50 million steps */
MUST bool regex_run(Arena *arena, const Regex *regex, Str text, size_t from, size_t to,
                    RegexMode mode, bool must_move, int64_t *spans, bool *found, Err *err);

bool set_has(const CodeSet *set, uint32_t c, uint32_t flags);

#endif
