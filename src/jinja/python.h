/* python.h: private to jinja/: what the files of the library share.
 *
 * The library is Python's built-in types as far as templates can reach them. Each noun has a file
 * of its own; this header is the seam between them.
 */
#ifndef JINJA_PYTHON_H
#define JINJA_PYTHON_H

#include "jinja/library.h"
#include "jinja/unicode.h"

/* Python's TypeError, ValueError, ... : all of them compilation errors to dbt. Gives false. */
#define FAIL(err, ...) err_set((err), ERR_TYPE, NOWHERE, __VA_ARGS__)

/* What one operation may make at most: a text, or a list's items. */
enum { LARGEST_TEXT_BYTES = 1 << 30, LARGEST_LIST = 1 << 24 };

/* ---- numbers ---- */

/* int or bool: Python's bool is an int */
static inline bool is_whole(Value v)
{
    return v.kind == VALUE_INT || v.kind == VALUE_BOOL;
}
static inline int64_t whole_of(Value v)
{
    return v.kind == VALUE_BOOL ? (int64_t)v.is_true : v.number;
}
static inline bool is_real_number(Value v)
{
    return is_whole(v) || v.kind == VALUE_FLOAT;
}
static inline double real_of(Value v)
{
    return v.kind == VALUE_FLOAT ? v.real : (double)whole_of(v);
}

/* operator.index(): an int, else "'x' object cannot be interpreted as an integer". */
MUST bool index_of(Value v, int64_t *out, Err *err);
/* A float of an int, float, Decimal or big int; else fails: "must be real number, not str". */
MUST bool number_real(Value v, double *out, Err *err);
/* int(text, base) and float(text): false when the text is none. Base 0: by its prefix. */
bool text_to_int(Arena *arena, Str s, unsigned base, Value *out);
bool text_to_float(Str s, double *out);
/* int(v) of a float: big ones become big integers. Fails for inf and nan. */
MUST bool float_to_int(Arena *arena, double real, Value *out, Err *err);

/* ---- big integers: objects of type "int" beyond 64 bits ---- */

extern const ObjectType bigint_type;
/* From decimal digits (no sign); an int where it fits. */
Value bigint_parse(Arena *arena, Str digits, unsigned base, bool is_negative);
/* Any operation on whole numbers of which one is big or the result would be. */
MUST bool bigint_operate(Arena *arena, Operator op, Value a, Value b, Value *out, Err *err);
double bigint_real(Value v);
/* From a whole double. */
Value bigint_of_real(Arena *arena, double real);
/* Digits in base 2, 8, 10 or 16, without sign. Of an int as well. */
Str whole_digits(Arena *arena, Value v, unsigned base, bool *is_negative);
static inline bool is_any_whole(Value v)
{
    return is_whole(v) || value_is_a(v, &bigint_type);
}

/* ---- sequences ---- */

/* The items of an iterable to look at: lists and tuples are given without a copy. In strict mode an
 * undefined one fails. */
MUST bool items_of(Call *call, Value v, Array **out, Err *err);
/* Start, stop and count of a slice over `length` items, as slice.indices(). */
typedef struct SliceRange {
    int64_t start, step, count;
} SliceRange;
MUST bool slice_range(int64_t length, Value start, Value stop, Value step, SliceRange *out,
                      Err *err);
/* Sorts in place, stable. key_of may be NULL. Fails where two keys have no order. */
MUST bool array_sort(Arena *arena, Array *array, const Array *keys, bool is_reverse, Err *err);
/* Fails for a frozen list, dict or set ("... cannot be changed"). */
MUST bool check_changeable(Value v, Err *err);
/* Fails with "unhashable type: 'list'". */
MUST bool check_hashable(Value v, Err *err);
/* tuple(a, b) */
Value pair_make(Arena *arena, Value a, Value b);
/* range(...) objects */
extern const ObjectType range_type;
MUST bool range_slice(Arena *arena, Value v, SliceRange slice, Value *out, Err *err);
MUST bool range_make(Arena *arena, int64_t start, int64_t stop, int64_t step, Value *out, Err *err);
/* dict_items, dict_keys, dict_values of a dict, live. */
typedef enum ViewKind { VIEW_KEYS, VIEW_VALUES, VIEW_ITEMS } ViewKind;
Value dict_view(Arena *arena, Value dict, ViewKind kind);
/* dict(pairs or dict, names=values) into a dict that may hold something already. */
MUST bool dict_fill(Call *call, Dict *dict, Err *err);
/* A list that Python would give as an iterator ("generator", "map", ...): taken once. */
Value iterator_make(Arena *arena, const char *type_name, Array *items);
/* All items of such an object at once, which are then taken; NULL for others. */
Array *iterator_take(Object *object);

/* ---- calls ---- */

/* Calls a function of one or two values from within the library. */
MUST bool call_with(Call *call, Value function, const Value *args, uint32_t count, Value *out,
                    Err *err);
/* Fails unless there are between `least` and `most` positional arguments and no named ones. */
MUST bool check_counts(const Call *call, const char *function, uint32_t least, uint32_t most,
                       Err *err);
/* The argument at a position or of that name, or NULL. */
const Value *call_argument(const Call *call, uint32_t position, const char *name);

/* A table of methods of one built-in type, sorted by name. */
typedef struct ValueMethod {
    const char *name;
    ValueMethodFn call;
} ValueMethod;
extern const ValueMethod text_methods[], list_methods[], tuple_methods[], dict_methods[],
    set_methods[], int_methods[], float_methods[];
extern const uint32_t text_method_total, list_method_total, tuple_method_total, dict_method_total,
    set_method_total, int_method_total, float_method_total;

/* ---- text ---- */

/* A Text value owned by the arena. */
Value text_value(Arena *arena, const Text *text);
/* The text argument of a method, else "...must be str, not int". */
MUST bool text_argument(Value v, const char *what, Str *out, Err *err);
/* sep.join(items) as str.join: items must be texts. */
MUST bool text_join(Arena *arena, Str separator, const Array *items, Value *out, Err *err);
/* s.replace(from, to, count); count < 0: all. */
Value text_replace(Arena *arena, Str s, Str from, Str to, int64_t count);
/* s.split() by white space, at most `most` cuts (< 0: all). */
Array *text_split_space(Arena *arena, Str s, int64_t most);
Array *text_split_lines(Arena *arena, Str s, bool keeps_ends);
/* < > & ' " as HTML's entities. */
Str text_escape(Arena *arena, Str s);

/* ---- format of objects ---- */

extern const ObjectType decimal_type;
/* Decimal's digits for the format mini-language. */
typedef struct DecimalView {
    bool is_negative;
    const char *special;   /* "NaN", "Infinity" or NULL           */
    Str digits;            /* the coefficient, no leading zeros   */
    int64_t exponent;      /* value = digits * 10^exponent        */
} DecimalView;
DecimalView decimal_view(Arena *arena, Value v);
double decimal_real(Value v);
/* A Decimal of int or text; false when the text is no number. */
bool decimal_parse(Arena *arena, Str s, Value *out);
/* Decimal rounded half to even to `places` behind the point. */
Value decimal_round(Arena *arena, Value v, int64_t places);
Value decimal_to_int(Arena *arena, Value v);

/* Is it a date, time or datetime? Then format() is strftime(). */
bool value_is_temporal(Value v);
MUST bool temporal_format(Arena *arena, Value v, Str format, Value *out, Err *err);

/* ---- modules ---- */

extern Object re_module, datetime_module, pytz_module, itertools_module;

#endif
