/* ast.h: private to jinja/: a compiled template.
 *
 * One arena holds it all; nothing in it changes after jinja_compile(). Statements of one body and
 * items of one list hang together by `next`.
 *
 *   Template
 *     root: Function ---- body: DATA -> PRINT -> FOR ...
 *                                                 |-- target, iterable, body, other
 *                     \-- slots: one number for each variable that lives in the function
 *
 * A Function is the root, a macro or the body of a call block. Scopes inside a function (loops,
 * with, set blocks) have slots of their own in the frame; what a scope has to reset when it is
 * entered stands in its `entries`.
 * A variable is reached by (depth, slot): so many frames out, that slot.
 */
#ifndef JINJA_AST_H
#define JINJA_AST_H

#include "jinja/library.h"

typedef struct Node Node;
typedef struct Function Function;
typedef struct Entries Entries;

/* A name of the template, once each. */
typedef struct Name {
    Str text;
    uint32_t hash;
    uint32_t loaded_in;        /* while compiling: the last scope that read it before setting it */
    Undefined undefined;       /* what it is when it is nothing                                  */
    struct Binding *binding;   /* while compiling: the innermost variable of that name           */
} Name;

typedef enum NodeKind {
    /* expressions */
    NODE_CONST, NODE_NAME, NODE_LIST, NODE_TUPLE, NODE_DICT, NODE_NOT, NODE_AND, NODE_OR,
    NODE_NEGATE, NODE_PLUS, NODE_ARITHMETIC, NODE_CONCAT, NODE_COMPARE, NODE_CONDITION,
    NODE_ATTRIBUTE, NODE_ITEM, NODE_SLICE, NODE_CALL, NODE_FILTER, NODE_TEST,
    NODE_MEMBER,               /* only as a target: `ns.x`                                       */
    NODE_CAPTURED,             /* the text that a filter or set block made: input of its filters */
    /* statements */
    NODE_DATA, NODE_PRINT, NODE_IF, NODE_FOR, NODE_SET, NODE_SET_BLOCK, NODE_MACRO,
    NODE_CALL_BLOCK, NODE_FILTER_BLOCK, NODE_DO, NODE_BREAK, NODE_CONTINUE, NODE_WITH,
} NodeKind;

struct Node {
    uint8_t kind;
    uint8_t op;                /* Operator or CompareOp: how this item joins the one before      */
    uint16_t flags;
    uint32_t at;               /* byte offset in Template.source                                 */
    const Node *next;
};

enum {                         /* flags of NODE_NAME */
    NAME_STORED = 1, NAME_PARAMETER = 2, NAME_IN_BRANCH = 4,
};

typedef enum CompareOp {
    COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE, COMPARE_IN,
    COMPARE_NOT_IN,
} CompareOp;

typedef struct ConstNode {
    Node base;
    Value value;
} ConstNode;

typedef struct NameNode {
    Node base;
    uint32_t depth, slot;
    Name *name;
    struct NameNode *next_use; /* while compiling: of the same scope */
} NameNode;

/* LIST, TUPLE: items. DICT: key, value, key, value ... AND, OR, CONCAT, ARITHMETIC, COMPARE: first
 * operand and those behind it, each with its `op`. NOT, NEGATE, PLUS: one item. */
typedef struct ItemsNode {
    Node base;
    const Node *items;
    uint32_t count;
} ItemsNode;

typedef struct ConditionNode {
    Node base;
    const Node *test, *then, *other; /* other may be NULL */
    Undefined undefined;             /* the value without `else` */
} ConditionNode;

/* x.name */
typedef struct AttributeNode {
    Node base;
    const Node *object;
    const Name *name;
} AttributeNode;

/* x[key] */
typedef struct ItemNode {
    Node base;
    const Node *object, *key;
} ItemNode;

/* x[start:stop:step]: any may be NULL */
typedef struct SliceNode {
    Node base;
    const Node *object, *start, *stop, *step;
} SliceNode;

typedef struct Arguments {
    const Node *items;         /* positional, then named */
    uint32_t count, named_count;
    const Str *names;
    const Node *star, *star_star;
} Arguments;

typedef struct CallNode {
    Node base;
    const Node *callee;
    Arguments arguments;
    int line, column;          /* in the file */
    struct CallNode *next_call;/* all calls of the template */
} CallNode;

typedef struct FilterNode {
    Node base;
    const Node *input;
    Str name;
    FilterFn apply;            /* NULL: unknown, an error when reached */
    Arguments arguments;
    bool looks_at_input;       /* in strict mode: not at an undefined one */
} FilterNode;

typedef struct TestNode {
    Node base;
    const Node *input;
    Str name;
    TestFn apply;
    Arguments arguments;
    bool is_negated, looks_at_input;
} TestNode;

/* ---- statements ---- */

typedef struct DataNode {
    Node base;
    Str text;
} DataNode;

/* PRINT, DO */
typedef struct PrintNode {
    Node base;
    const Node *value;
} PrintNode;

typedef struct IfNode {
    Node base;
    const Node *test, *body, *other; /* other: what follows elif or else, a body of its own */
} IfNode;

typedef struct ForNode {
    Node base;
    const Node *target, *iterable;
    const Node *test_target, *test;  /* `if`: the target has slots of its own there */
    const Entries *test_entries, *entries, *other_entries;
    const Node *body, *other;
    uint32_t loop_slot;
    uint32_t first_slot, end_slot;   /* of the body's variables: kept while loop() recurs */
    bool has_loop;                   /* the body reads `loop` */
    bool is_recursive;
} ForNode;

typedef struct SetNode {
    Node base;
    const Node *target, *value;      /* SET; for SET_BLOCK the filters or NULL */
    const Node *body;                /* SET_BLOCK */
    const Entries *entries;
} SetNode;

typedef struct MacroNode {
    Node base;
    const NameNode *target;
    const Function *function;
} MacroNode;

typedef struct CallBlockNode {
    Node base;
    const CallNode *call;
    const Function *function;
} CallBlockNode;

/* FILTER_BLOCK (value: filters over CAPTURED) and WITH (targets, values) */
typedef struct BlockNode {
    Node base;
    const Node *value;
    const Node *targets, *values;
    const Node *body;
    const Entries *entries;
} BlockNode;

typedef struct Parameter {
    const Name *name;
    const NameNode *target;
    const Node *otherwise;     /* the default or NULL                    */
    Undefined undefined;       /* "parameter 'x' was not provided"       */
    Str annotation;
} Parameter;

enum { NO_SLOT = UINT32_MAX };

struct Function {
    const Name *name;          /* NULL: root, call body                  */
    uint32_t at;
    uint32_t slot_count;
    uint32_t level;            /* 0 = root                               */
    bool has_inner;            /* its frame may outlive the call         */
    bool is_dbt;               /* `return` ends here                     */
    bool takes_caller, takes_kwargs, takes_varargs;
    uint32_t caller_slot, kwargs_slot, varargs_slot; /* or NO_SLOT       */
    Parameter *parameters;
    uint32_t parameter_count;
    bool has_caller_parameter;
    const Entries *entries;
    const Node *body;
};

/* What happens to a slot when its scope is entered. */
typedef enum EntryKind { ENTRY_MISSING, ENTRY_UNRESOLVED, ENTRY_ALIAS } EntryKind;
typedef struct Entry {
    EntryKind kind;
    uint32_t slot;
    uint32_t from_depth, from_slot; /* ALIAS */
    const Name *name;
} Entry;
struct Entries {
    Entry *at;
    uint32_t len, cap;
};

struct Template {
    Str name, source;          /* source as lexed: newlines are \n                          */
    Str file_source;           /* of which `source` is a part, for places                   */
    size_t offset;             /* where it begins there; SIZE_MAX: newlines were changed    */
    int first_line;            /* then: the line of the file at which it begins             */
    Function *root;
    CallNode *calls;           /* by next_call, in order of parsing                         */
};

/* The name of the value of `x if c` without else. */
extern const Str inline_if_name;

/* The place of a node, for messages. Cost: O(bytes before it). */
Place template_place(const Template *template, uint32_t at);
/* The source from which the place's excerpt is taken. */
Str template_excerpt_source(const Template *template);

#endif
