/* value.h: the one value of YAML, JSON, Jinja, vars, meta and state rows, with Python's rules.
 *
 * A Value is 16 bytes and travels in two registers. Texts are views; lists, dicts, sets and
 * objects have identity and live in arenas. Dicts keep insertion order.
 *
 *   +------+--------+-------------+----------------------------------+
 *   | kind | at     | len         | is_true number real text list .. |
 *   | 8    | 24     | 32          | 64                               |
 *   +------+--------+-------------+----------------------------------+
 *
 * `at` is 1 + the byte offset of the value in the file it was read from (0 = made at run time,
 * or beyond 16 MiB): with the file's text it gives line and column (value_place()).
 *
 * Threads: a list or dict belongs to the thread of its arena until it is frozen; frozen ones are
 * never changed and may be read by all. Who wants to change a frozen one copies it first.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/err.h"

typedef enum ValueKind {
    VALUE_UNDEFINED, /* jinja's Undefined: union holds `undefined`, may be NULL      */
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_TEXT,      /* UTF-8, `len` bytes, not necessarily NUL-terminated           */
    VALUE_LIST,
    VALUE_TUPLE,     /* an Array that must not be changed                            */
    VALUE_DICT,
    VALUE_SET,       /* a Dict whose values are none                                 */
    VALUE_OBJECT,
} ValueKind;

typedef struct Array Array;
typedef struct Dict Dict;
typedef struct Object Object;
typedef struct ObjectType ObjectType;
typedef struct Undefined Undefined;

typedef struct Value {
    uint32_t kind : 8, at : 24;
    uint32_t len;
    union {
        bool is_true;
        int64_t number;
        double real;
        const char *text;
        Array *list;    /* LIST and TUPLE */
        Dict *dict;     /* DICT and SET   */
        Object *object;
        const Undefined *undefined;
    };
} Value;
_Static_assert(sizeof(Value) == 16, "a Value travels in two registers");

/* Why something is undefined, for the message. Owner: an arena. */
struct Undefined {
    Str name;           /* of the variable, attribute or item                              */
    const char *owner;  /* Python type name of the object that lacks it; NULL = a variable */
    Str hint;           /* a whole message instead, or empty                               */
};

struct Array {
    Arena *arena;       /* where it grows */
    Value *at;
    uint32_t len, cap;
    bool is_frozen;
};

typedef struct DictEntry {
    Value key, value;
    uint32_t hash;
    bool is_gone;       /* removed: skipped by dict_next() */
} DictEntry;

struct Dict {
    Arena *arena;
    DictEntry *at;      /* in order of insertion, gone ones included                  */
    uint32_t used, cap; /* entries in use (gone ones included), room                  */
    uint32_t len;       /* live entries: Python's len()                               */
    uint32_t *index;    /* open addressing, entry number + 1, 0 = empty; NULL if <= 8 */
    uint32_t index_cap; /* a power of two                                             */
    bool is_frozen;
};

/* ---- making ---- */

#define NONE ((Value){.kind = VALUE_NONE})
#define UNDEFINED ((Value){.kind = VALUE_UNDEFINED})

static inline Value value_bool(bool is_true)
{
    return (Value){.kind = VALUE_BOOL, .number = is_true};
}
static inline Value value_int(int64_t number)
{
    return (Value){.kind = VALUE_INT, .number = number};
}
static inline Value value_float(double real)
{
    return (Value){.kind = VALUE_FLOAT, .real = real};
}
/* A view of `s`, which must live as long as the value. At most 4 GiB. */
static inline Value value_text(Str s)
{
    return (Value){.kind = VALUE_TEXT, .len = (uint32_t)s.len, .text = s.at ? s.at : ""};
}
static inline Value value_of_array(Array *list)
{
    return (Value){.kind = VALUE_LIST, .list = list};
}
static inline Value value_of_tuple(Array *list)
{
    return (Value){.kind = VALUE_TUPLE, .list = list};
}
static inline Value value_of_dict(Dict *dict)
{
    return (Value){.kind = VALUE_DICT, .dict = dict};
}
static inline Value value_of_set(Dict *dict)
{
    return (Value){.kind = VALUE_SET, .dict = dict};
}
static inline Value value_of_object(Object *object)
{
    return (Value){.kind = VALUE_OBJECT, .object = object};
}
#define value_lit(literal) value_text(STR(literal))

/* Empty containers. Owner: the arena. */
Value value_list(Arena *arena);
Value value_dict(Arena *arena);

/* ---- asking ---- */

static inline bool value_is_undefined(Value v) { return v.kind == VALUE_UNDEFINED; }
static inline bool value_is_none(Value v) { return v.kind == VALUE_NONE; }
static inline bool value_is_bool(Value v) { return v.kind == VALUE_BOOL; }
static inline bool value_is_int(Value v) { return v.kind == VALUE_INT; }
static inline bool value_is_float(Value v) { return v.kind == VALUE_FLOAT; }
static inline bool value_is_text(Value v) { return v.kind == VALUE_TEXT; }
static inline bool value_is_list(Value v) { return v.kind == VALUE_LIST; }
static inline bool value_is_tuple(Value v) { return v.kind == VALUE_TUPLE; }
static inline bool value_is_dict(Value v) { return v.kind == VALUE_DICT; }
static inline bool value_is_object(Value v) { return v.kind == VALUE_OBJECT; }

/* The text of a VALUE_TEXT; of any other kind the empty Str. */
static inline Str value_str(Value v)
{
    return v.kind == VALUE_TEXT ? (Str){v.text, v.len} : STR_NONE;
}

/* The same, as C likes names: text equal to a C string. */
static inline bool value_is(Value v, const char *text)
{
    return v.kind == VALUE_TEXT && str_is((Str){v.text, v.len}, text);
}

/* Python's bool(): undefined, none, false, 0, 0.0 and empty things are false. */
bool value_truth(Value v);

/* Python's type name: "str", "int", "dict", "NoneType", "Undefined", an object's own. */
const char *value_type_name(Value v);

/* Python's ==. 1 == 1.0 == True; lists and tuples differ. Depth beyond 200 is unequal. */
bool value_equal(Value a, Value b);

/* A hash that agrees with value_equal(). False when unhashable (list, dict, set). */
bool value_hash(Value v, uint32_t *out);

/* Python's order of two numbers, two texts, two lists or tuples: *out <0, 0, >0.
 * Fails with ERR_TYPE for others ("'<' not supported between instances of 'str' and 'int'"). */
MUST bool value_compare(Value a, Value b, const char *operator, int *out, Err *err);

/* The place of a value that was read from `source`. */
Place value_place(Value v, Str file, Str source);

/* ---- printing: as Python does ---- */

/* str(v): texts bare, none "None", 1.0 "1.0", lists and dicts with repr() of their items. */
void value_print(Value v, Text *out);
/* repr(v): texts quoted and escaped. Cycles print as [...] and {...}. */
void value_repr(Value v, Text *out);
/* repr of a float: shortest that reads back the same; 1e+16, 1e-05, 1.0, inf, nan. */
void float_print(double real, Text *out);

/* ---- copying ---- */

/* A deep copy into `arena`, texts included; objects keep their identity. */
Value value_copy(Arena *arena, Value v);
/* The same, but texts stay views. */
Value value_copy_shallow_text(Arena *arena, Value v);
/* Marks the whole tree frozen. */
void value_freeze(Value v);

/* ---- lists ---- */

Array *array_make(Arena *arena, uint32_t room);
/* The array must not be frozen. Cost: O(1) amortised. */
void array_add(Array *array, Value item);

/* ---- dicts ---- */

Dict *dict_make(Arena *arena, uint32_t room);
/* The value under a text key, or NULL. The pointer holds until the next change. */
Value *dict_find(const Dict *dict, Str key);
Value *dict_find_hashed(const Dict *dict, Str key, uint32_t hash);
/* Under any hashable key; NULL also when unhashable. */
Value *dict_find_value(const Dict *dict, Value key);
/* Sets; a key that exists keeps its position. The key's bytes are not copied. */
void dict_put(Dict *dict, Str key, Value value);
void dict_put_keyed(Dict *dict, Value key, Value value); /* keeps the key's `at`; hashable only */
bool dict_remove(Dict *dict, Value key);
/* Iterates in order: *at starts at 0; the entry at `*at - 1` is the one given. */
bool dict_next(const Dict *dict, uint32_t *at, Value *key, Value *value);

/* v[key] of a dict value; UNDEFINED if v is no dict or lacks the key. */
Value value_get(Value v, const char *key);
Value value_get_str(Value v, Str key);
/* The text under a key, or `otherwise`. */
Str value_get_text(Value v, const char *key, Str otherwise);

/* ---- maps from names to pointers ---- */

/* A Dict whose values are addresses. The keys are views. A zeroed Map needs map_init(). */
typedef struct Map {
    Dict *dict;
} Map;
void map_init(Map *map, Arena *arena);
void map_put(Map *map, Str key, void *what);
void *map_find(const Map *map, Str key);
bool map_next(const Map *map, uint32_t *at, Str *key, void **what);
uint32_t map_len(const Map *map);

#endif
