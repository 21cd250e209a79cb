/* library.h: private to jinja/: what the evaluator asks of the library, and the reverse.
 *
 * Filters, tests, methods and globals are one C function each, found by name in sorted tables at
 * compile time of the template where the name is known.
 */
#ifndef JINJA_LIBRARY_H
#define JINJA_LIBRARY_H

#include "jinja/jinja.h"

/* input | name(args): call->args are the arguments behind the input. */
typedef bool (*FilterFn)(Call *call, Value input, Value *out, Err *err);
/* input is name(args) */
typedef bool (*TestFn)(Call *call, Value input, bool *out, Err *err);
/* self.name(args) of str, list, dict, tuple, set, int, float */
typedef bool (*ValueMethodFn)(Call *call, Value self, Value *out, Err *err);

/* NULL when there is none of that name. Cost: a binary search. */
FilterFn filter_find(Str name);
TestFn test_find(Str name);
ValueMethodFn value_method_find(Value self, Str name);
/* The nearest filter or test name for "did you mean", or STR_NONE. */
Str filter_nearest(Str name);
Str test_nearest(Str name);
/* range, dict, namespace, cycler, joiner, ...: UNDEFINED when unknown. */
Value global_find(Str name);

/* Operators with Python's semantics and messages. op as in the source. */
typedef enum Operator {
    OP_ADD, OP_SUBTRACT, OP_MULTIPLY, OP_DIVIDE, OP_FLOOR_DIVIDE, OP_MODULO, OP_POWER,
} Operator;
MUST bool operate(Arena *arena, Operator op, Value a, Value b, Value *out, Err *err);
MUST bool operate_negate(Arena *arena, Value a, Value *out, Err *err);
MUST bool operate_plus(Arena *arena, Value a, Value *out, Err *err);
/* item in container */
MUST bool operate_contains(Value container, Value item, bool *out, Err *err);
/* v[start:stop:step]; NONE = left out */
MUST bool operate_slice(Arena *arena, Value v, Value start, Value stop, Value step, Value *out,
                        Err *err);
/* len(v): fails for what has none */
MUST bool operate_length(Value v, int64_t *out, Err *err);
/* str(v) as a Text value; a text is given back as it is. */
Value value_to_text(Arena *arena, Value v);

/* "..." % args and "...".format(args) */
MUST bool format_percent(Arena *arena, Str format, Value args, Value *out, Err *err);
MUST bool format_braces(Call *call, Str format, Value *out, Err *err);
/* format(v, spec) of Python's mini-language */
MUST bool format_spec(Arena *arena, Value v, Str spec, Value *out, Err *err);

/* ---- from the evaluator, for filters such as map, select, groupby ---- */

/* Raises jinja's error for using an undefined value ("'x' is undefined"). Returns false. */
bool undefined_fail(Value undefined, Err *err);
UndefinedMode interp_undefined_mode(const Interp *interp);
/* An Undefined value that remembers what was missing. */
Value undefined_make(Arena *arena, Str name, const char *owner);

#endif
