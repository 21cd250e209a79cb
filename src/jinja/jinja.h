/* jinja.h: the template language of dbt: jinja2 3.1 less inheritance, includes, autoescape, async.
 *
 *   source -lexer-> tokens -parser-> AST (Template, frozen) -evaluator + Scope-> text or value
 *
 * A Template is compiled once and may be rendered by many threads at a time. One render is an
 * Interp; everything it makes lives in the arena it was given.
 * Behaviour: jinja2 3.1.6 and dbt-core 1.12.6, by differential test (tests/cases/jinja).
 */
#ifndef JINJA_JINJA_H
#define JINJA_JINJA_H

#include "base/object.h"

typedef struct Template Template;
typedef struct Interp Interp;

/* ---- compiling ---- */

typedef struct JinjaSyntax {
    bool trim_blocks, lstrip_blocks, keep_trailing_newline;
    bool is_dbt;  /* a macro defined in the template is named dbt_macro__NAME, as in dbt's models */
} JinjaSyntax;

/* Compiles a template.
 * source   must live as long as the template: literals are views
 * name     file name for messages (in the arena, or longer)
 * Fails    ERR_COMPILATION with line, column, excerpt, what was expected; ERR_TOO_DEEP at 200
 *          nested constructs
 * Cost     O(bytes), some 10 us for a typical model
 * Owner    the arena
 */
MUST bool jinja_compile(Arena *arena, Str source, Str name, const JinjaSyntax *syntax,
                        Template **out, Err *err);

/* ---- rendering ---- */

/* Where free names come from. `find` leaves *out UNDEFINED when the name is unknown; it is asked
 * after the template's own names and before jinja's globals (range, dict, namespace, ...). */
typedef struct Scope {
    bool (*find)(void *context, Str name, uint32_t hash, Value *out, Err *err);
    void *context;
} Scope;

typedef enum UndefinedMode {
    UNDEFINED_LENIENT,  /* jinja2's default: prints '', errors on attributes and arithmetic  */
    UNDEFINED_STRICT,   /* jinja2's StrictUndefined                                          */
    UNDEFINED_PARSING,  /* dbt's parse phase: .x [x] () give Undefined again                 */
} UndefinedMode;

typedef struct Macro Macro;

typedef struct RenderOptions {
    Scope scope;
    UndefinedMode undefined;
    size_t output_limit_bytes;   /* 0: 1 GiB                                                   */
    uint32_t depth_limit;        /* nested calls; 0: 200                                       */
    uint64_t step_limit;         /* evaluated nodes; 0: 2,000 million                          */
    bool is_native;              /* for jinja_render_value(): as_number, as_bool, as_native act */
    const volatile bool *cancel; /* looked at now and then; NULL: never                        */
    /* Told of every call of a Macro made from text outside macros (depth 1) and inside (> 1). */
    void (*on_macro)(void *user, const Macro *macro, uint32_t depth);
    void *user;                  /* for callbacks and native functions: jinja_user()           */
} RenderOptions;

/* Renders to text. Appends to `out`; what was written before a failure stays there.
 * Fails  ERR_COMPILATION, ERR_TYPE, ERR_UNDEFINED with line and column of the expression at fault,
 *        its excerpt and the macro trail; ERR_TOO_DEEP, ERR_TOO_BIG, ERR_CANCELLED; whatever a
 *        native function set */
MUST bool jinja_render(const Template *template, Arena *arena, const RenderOptions *options,
                       Text *out, Err *err);

/* Compiles and renders in one go, as `weir render` does: names come from the dict `vars`.
 * name   of the template's file, for messages */
MUST bool jinja_render_file(Str template_source, Str name, Value vars, const JinjaSyntax *syntax,
                            UndefinedMode undefined, Text *out, Err *err);

/* dbt's native rendering, for values of YAML files: a template that is one expression gives its
 * value with its type; constants and several parts are joined to text. */
MUST bool jinja_render_value(const Template *template, Arena *arena, const RenderOptions *options,
                             Value *out, Err *err);

/* In a native function: the options' `user`, and the arena of the render. */
void *jinja_user(const Interp *interp);
Arena *jinja_arena(const Interp *interp);

/* In a native function: ends the nearest macro with this value (dbt's `return`). Gives false; the
 * caller returns false as well. Outside a macro it becomes an error. */
bool jinja_return(Call *call, Value value, Err *err);

/* ---- dbt's blocks and macros ---- */

/* A top-level block of a file, as dbt's scanner cuts them. */
typedef struct Block {
    Str kind;         /* "macro", "test", "data_test", "materialization", "snapshot", "docs"    */
    Str name;         /* "is_incremental"; for a materialization its first word                 */
    Str full;         /* from {% to %}, both tags with all                                      */
    Str body;         /* between the tags                                                       */
    size_t offset;    /* of `full` in the file                                                  */
} Block;
typedef List(Block) BlockList;

/* Cuts a file into its top-level blocks of the kinds asked for (NULL-ended list); everything
 * else is passed over (comments, raw blocks and strings are respected).
 * Fails  ERR_COMPILATION: a block that is not closed, one inside another, an end without begin */
MUST bool jinja_blocks(Arena *arena, Str source, Str file, const char *const *kinds,
                       BlockList *out, Err *err);

typedef struct MacroParameter {
    Str name;
    Str annotation;     /* "str" of `a: str`, or empty */
    bool has_default;
} MacroParameter;

/* A macro of a file: compiled, immutable, shared by all threads. */
struct Macro {
    Object base;              /* callable from templates                                        */
    Str name;                 /* as dbt names it: "test_unique", "materialization_table_default",
                                 "snapshot" blocks are no macros                                 */
    Str kind;                 /* of its block                                                   */
    Str file, source;         /* path and whole text of the file, for messages                  */
    size_t offset;            /* of its block in `source`                                       */
    Str block;                /* the block's text                                               */
    MacroParameter *parameters;
    uint32_t parameter_count;
    Str materialization, adapter;  /* materialization blocks: "table", "default"                */
    Value supported_languages;     /* list of texts, or NONE                                    */
    void *owner;              /* for the room above: its record of this macro                   */
    const Template *template; /* private to jinja/                                              */
    const struct MacroNode *node;
};

/* Compiles one block of kind macro, test, data_test or materialization.
 * file, source  as in Macro; block.full must be part of source, so that lines are the file's */
MUST bool jinja_compile_macro(Arena *arena, const Block *block, Str file, Str source, Macro **out,
                              Err *err);

/* Calls a macro from C, in a render of its own. Its value is what it returned, else its text. */
MUST bool jinja_call_macro(const Macro *macro, Arena *arena, const RenderOptions *options,
                           const Value *args, uint32_t arg_count, const Str *names,
                           const Value *named, uint32_t named_count, Value *out, Err *err);

/* The macro call that is running, innermost first: depth 0. NULL behind the last. */
const Macro *jinja_macro_at(const Interp *interp, uint32_t depth);

/* ---- looking into templates without rendering ---- */

/* One call found in a template: `name(args)` or `package.name(args)`. */
typedef struct TemplateCall {
    Str package, name;      /* package empty for plain calls; "adapter" for adapter.dispatch   */
    const Value *args;      /* literal arguments; UNDEFINED where not a literal                */
    uint32_t arg_count;
    const Str *names;
    const Value *named;
    uint32_t named_count;
    size_t offset;
} TemplateCall;

/* Visits every call of `name` or `package.name` in a template or macro body (the other one is
 * NULL), in order of text. *args and **kwargs appear as an undefined argument, the latter under the
 * name "**". */
void jinja_visit_calls(const Template *template, const Macro *macro, Arena *arena,
                       void (*visit)(void *context, const TemplateCall *call), void *context);

/* Does the text hold any of {{ {% {# ? Cost: a scan. */
bool jinja_has_tags(Str source);

/* ---- Python's library, for contexts ---- */

/* modules.re, .datetime, .pytz, .itertools as objects. Shared, immutable. */
Value jinja_module(const char *name);

/* datetime.datetime objects from an instant, in UTC with or without tzinfo. */
Value jinja_datetime(Arena *arena, int64_t at_us, bool is_aware);
/* What datetime.fromisoformat() makes of a text, and any datetime object: microseconds of its own
 * clock since 1970-01-01 00:00 on it, and its isoformat(). False: it is neither. iso may be NULL.
 * Owner: *iso the arena. */
bool jinja_datetime_read(Arena *arena, Value v, int64_t *clock_us, Str *iso);
/* The instant that a datetime object means; one without a zone is UTC. False: no datetime. */
bool jinja_datetime_instant(Value v, int64_t *at_us);
/* datetime.date from days since 1970-01-01; datetime.time from microseconds of the day. */
Value jinja_date(Arena *arena, int64_t days);
Value jinja_time(Arena *arena, int64_t us_of_day);
/* Clocks of a time zone by its IANA name ("Asia/Seoul"), whatever TZ says: what they show at an
 * instant, and at which instant they show it (of an hour that comes twice either one; of one that
 * is left out the instant as far behind the change). Times on a clock are microseconds since
 * 1970-01-01 00:00 on it.
 * Fails  ERR_TYPE: no such zone; no tzdata on this machine. Cost: a file is read */
MUST bool jinja_zone_local(Str name, int64_t utc_us, int64_t *local_us, Err *err);
MUST bool jinja_zone_utc(Str name, int64_t local_us, int64_t *utc_us, Err *err);
/* decimal.Decimal from its text ("12.50"). Prints as given; arithmetic and order by value. */
Value jinja_decimal(Arena *arena, Str digits);

/* Items of anything iterable, as Python's list(). Owner: the arena. */
MUST bool jinja_iterate(Arena *arena, Value v, Array **out, Err *err);
/* x.name and x[key] as templates read them. Absent gives UNDEFINED. */
MUST bool jinja_attribute(Interp *interp, Arena *arena, Value v, Str name, Value *out, Err *err);
MUST bool jinja_item(Interp *interp, Arena *arena, Value v, Value key, Value *out, Err *err);

#endif
