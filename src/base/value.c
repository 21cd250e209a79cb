/* value.c: what values are, how they compare, and the containers that hold them.
 *
 * A Dict keeps its entries in an array in order of insertion. Up to 8 entries are searched one by
 * one; larger ones have an index of entry numbers, open addressing with linear steps.
 * A removed entry stays in place, marked, until the array is rebuilt on growth.
 */
#include "base/value.h"

#include <math.h>
#include <stdio.h>

#include "base/object.h"

enum { SMALL_DICT = 8, DEEPEST = 200 };

Value value_list(Arena *arena)
{
    return value_of_array(array_make(arena, 0));
}

Value value_dict(Arena *arena)
{
    return value_of_dict(dict_make(arena, 0));
}

/* ---- asking ---- */

bool value_truth(Value v)
{
    switch ((ValueKind)v.kind) {
    case VALUE_UNDEFINED:
    case VALUE_NONE: return false;
    case VALUE_BOOL: return v.is_true;
    case VALUE_INT: return v.number != 0;
    case VALUE_FLOAT: return v.real != 0;
    case VALUE_TEXT: return v.len != 0;
    case VALUE_LIST:
    case VALUE_TUPLE: return v.list->len != 0;
    case VALUE_DICT:
    case VALUE_SET: return v.dict->len != 0;
    case VALUE_OBJECT:
        if (v.object->type->truth)
            return v.object->type->truth(v.object);
        return !v.object->type->length || v.object->type->length(v.object) != 0;
    }
    return false;
}

const char *value_type_name(Value v)
{
    static const char *const names[] = {
        [VALUE_UNDEFINED] = "Undefined", [VALUE_NONE] = "NoneType", [VALUE_BOOL] = "bool",
        [VALUE_INT] = "int",             [VALUE_FLOAT] = "float",   [VALUE_TEXT] = "str",
        [VALUE_LIST] = "list",           [VALUE_TUPLE] = "tuple",   [VALUE_DICT] = "dict",
        [VALUE_SET] = "set",
    };
    return v.kind == VALUE_OBJECT ? v.object->type->name : names[v.kind];
}

static bool is_number(Value v)
{
    return v.kind == VALUE_INT || v.kind == VALUE_FLOAT || v.kind == VALUE_BOOL;
}

static int64_t whole_of(Value v)
{
    return v.kind == VALUE_BOOL ? v.is_true : v.number;
}

/* Order of an int and a float, exact beyond 2^53. NaN gives 2. */
static int compare_int_float(int64_t number, double real)
{
    if (isnan(real))
        return 2;
    if (real >= 9223372036854775808.0)
        return -1;
    if (real < -9223372036854775808.0)
        return 1;
    int64_t whole = (int64_t)real;
    if (number != whole)
        return number < whole ? -1 : 1;
    double part = real - (double)whole;
    return part > 0 ? -1 : part < 0;
}

static int compare_numbers(Value a, Value b)
{
    if (a.kind == VALUE_FLOAT && b.kind == VALUE_FLOAT)
        return isnan(a.real) || isnan(b.real) ? 2 : a.real < b.real ? -1 : a.real > b.real;
    if (a.kind == VALUE_FLOAT) {
        int order = compare_int_float(whole_of(b), a.real);
        return order == 2 ? 2 : -order;
    }
    if (b.kind == VALUE_FLOAT)
        return compare_int_float(whole_of(a), b.real);
    int64_t x = whole_of(a), y = whole_of(b);
    return x < y ? -1 : x > y;
}

static bool equal_at_depth(Value a, Value b, int depth);

static bool equal_dicts(const Dict *a, const Dict *b, int depth)
{
    if (a == b)
        return true;
    if (a->len != b->len)
        return false;
    Value key, value;
    for (uint32_t at = 0; dict_next(a, &at, &key, &value);) {
        const Value *other = dict_find_value(b, key);
        if (!other || !equal_at_depth(value, *other, depth))
            return false;
    }
    return true;
}

static bool equal_arrays(const Array *a, const Array *b, int depth)
{
    if (a == b)
        return true;
    if (a->len != b->len)
        return false;
    for (uint32_t i = 0; i < a->len; i++)
        if (!equal_at_depth(a->at[i], b->at[i], depth))
            return false;
    return true;
}

static bool equal_at_depth(Value a, Value b, int depth)
{
    if (depth > DEEPEST)
        return false;
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b) == 0;
    if (a.kind == VALUE_OBJECT && a.object->type->equal)
        return a.object->type->equal(a.object, b);
    if (b.kind == VALUE_OBJECT && b.object->type->equal)
        return b.object->type->equal(b.object, a);
    if (a.kind != b.kind)
        return false;
    switch ((ValueKind)a.kind) {
    case VALUE_TEXT: return str_eq(value_str(a), value_str(b));
    case VALUE_LIST:
    case VALUE_TUPLE: return equal_arrays(a.list, b.list, depth + 1);
    case VALUE_DICT:
    case VALUE_SET: return equal_dicts(a.dict, b.dict, depth + 1);
    case VALUE_OBJECT: return a.object == b.object;
    default: return true; /* none with none, undefined with undefined */
    }
}

bool value_equal(Value a, Value b)
{
    return equal_at_depth(a, b, 0);
}

static uint32_t hash_word(uint64_t word)
{
    word *= 0xff51afd7ed558ccdu;
    word ^= word >> 33;
    word *= 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(word >> 32) | 1;
}

static bool hash_at_depth(Value v, int depth, uint32_t *out)
{
    switch ((ValueKind)v.kind) {
    case VALUE_TEXT: *out = str_hash(value_str(v)); return true;
    case VALUE_BOOL:
    case VALUE_INT: *out = hash_word((uint64_t)whole_of(v)); return true;
    case VALUE_FLOAT:
        if (v.real >= -9e15 && v.real <= 9e15 && v.real == floor(v.real))
            *out = hash_word((uint64_t)(int64_t)v.real);
        else
            memcpy(out, &v.real, sizeof(*out));
        return true;
    case VALUE_NONE: *out = 0x5f3759df; return true;
    case VALUE_UNDEFINED: *out = 0x5f3759dd; return true;
    case VALUE_OBJECT:
        if (v.object->type->hash)
            *out = v.object->type->hash(v.object);
        else
            *out = hash_word((uint64_t)(uintptr_t)v.object);
        return true;
    case VALUE_TUPLE: {
        uint64_t sum = v.list->len;
        for (uint32_t i = 0; i < v.list->len; i++) {
            uint32_t item;
            if (depth > DEEPEST || !hash_at_depth(v.list->at[i], depth + 1, &item))
                return false;
            sum = sum * 1000003u ^ item;
        }
        *out = hash_word(sum);
        return true;
    }
    case VALUE_LIST:
    case VALUE_DICT:
    case VALUE_SET: return false;
    }
    return false;
}

bool value_hash(Value v, uint32_t *out)
{
    return hash_at_depth(v, 0, out);
}

static bool compare_arrays(Value a, Value b, const char *operator, int *out, Err *err)
{
    uint32_t shared = a.list->len < b.list->len ? a.list->len : b.list->len;
    for (uint32_t i = 0; i < shared; i++)
        if (!value_equal(a.list->at[i], b.list->at[i]))
            return value_compare(a.list->at[i], b.list->at[i], operator, out, err);
    *out = a.list->len < b.list->len ? -1 : a.list->len > b.list->len;
    return true;
}

/* Objects that know an order answer "<" and "==". */
static bool compare_objects(Value a, Value b, int *out, bool *is_known, Err *err)
{
    *is_known = false;
    bool is_reversed = !(a.kind == VALUE_OBJECT && a.object->type->binary);
    Object *self = is_reversed ? b.object : a.object;
    Value other = is_reversed ? a : b, answer = UNDEFINED;
    Arena scratch = {0};
    bool ok = self->type->binary(self, "<", other, is_reversed, &scratch, &answer, err);
    if (ok && answer.kind == VALUE_BOOL) {
        *is_known = true;
        *out = answer.is_true ? -1 : value_equal(a, b) ? 0 : 1;
    }
    arena_drop(&scratch);
    return ok;
}

bool value_compare(Value a, Value b, const char *operator, int *out, Err *err)
{
    if (is_number(a) && is_number(b)) {
        *out = compare_numbers(a, b);
        return true;
    }
    if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT) {
        *out = str_compare(value_str(a), value_str(b));
        return true;
    }
    if (a.kind == b.kind && (a.kind == VALUE_LIST || a.kind == VALUE_TUPLE))
        return compare_arrays(a, b, operator, out, err);
    if ((a.kind == VALUE_OBJECT && a.object->type->binary) ||
        (b.kind == VALUE_OBJECT && b.object->type->binary)) {
        bool is_known;
        TRY(compare_objects(a, b, out, &is_known, err));
        if (is_known)
            return true;
    }
    return err_set(err, ERR_TYPE, NOWHERE,
                   "'%s' not supported between instances of '%s' and '%s'", operator,
                   value_type_name(a), value_type_name(b));
}

Place value_place(Value v, Str file, Str source)
{
    if (!v.at)
        return (Place){file, 0, 0};
    return place_at(file, source, v.at - 1u);
}

/* ---- copying ---- */

static Value copy_at_depth(Arena *arena, Value v, bool copies_text, int depth)
{
    assert(depth <= DEEPEST * 4);
    switch ((ValueKind)v.kind) {
    case VALUE_TEXT:
        if (copies_text) {
            Value copy = value_text(str_copy(arena, value_str(v)));
            copy.at = v.at;
            return copy;
        }
        return v;
    case VALUE_LIST:
    case VALUE_TUPLE: {
        Array *array = array_make(arena, v.list->len);
        for (uint32_t i = 0; i < v.list->len; i++)
            array_add(array, copy_at_depth(arena, v.list->at[i], copies_text, depth + 1));
        v.list = array;
        return v;
    }
    case VALUE_DICT:
    case VALUE_SET: {
        Dict *dict = dict_make(arena, v.dict->len);
        Value key, value;
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);)
            dict_put_keyed(dict, copy_at_depth(arena, key, copies_text, depth + 1),
                           copy_at_depth(arena, value, copies_text, depth + 1));
        v.dict = dict;
        return v;
    }
    default: return v;
    }
}

Value value_copy(Arena *arena, Value v)
{
    return copy_at_depth(arena, v, true, 0);
}

Value value_copy_shallow_text(Arena *arena, Value v)
{
    return copy_at_depth(arena, v, false, 0);
}

void value_freeze(Value v)
{
    if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) {
        if (v.list->is_frozen)
            return;
        v.list->is_frozen = true;
        for (uint32_t i = 0; i < v.list->len; i++)
            value_freeze(v.list->at[i]);
    } else if (v.kind == VALUE_DICT || v.kind == VALUE_SET) {
        if (v.dict->is_frozen)
            return;
        v.dict->is_frozen = true;
        Value key, value;
        for (uint32_t at = 0; dict_next(v.dict, &at, &key, &value);)
            value_freeze(value);
    }
}

/* ---- lists ---- */

Array *array_make(Arena *arena, uint32_t room)
{
    Array *array = NEW(arena, Array);
    array->arena = arena;
    array->cap = room;
    if (room)
        array->at = NEW_N(arena, Value, room);
    return array;
}

void array_add(Array *array, Value item)
{
    assert(!array->is_frozen);
    if (array->len == array->cap) {
        uint32_t cap = array->cap ? array->cap * 2 : 4;
        array->at = arena_grow(array->arena, array->at, array->cap * sizeof(Value),
                               cap * sizeof(Value), _Alignof(Value));
        array->cap = cap;
    }
    array->at[array->len++] = item;
}

/* ---- dicts ---- */

Dict *dict_make(Arena *arena, uint32_t room)
{
    Dict *dict = NEW(arena, Dict);
    dict->arena = arena;
    if (room) {
        dict->at = NEW_N(arena, DictEntry, room);
        dict->cap = room;
    }
    return dict;
}

static void index_add(Dict *dict, uint32_t entry)
{
    uint32_t mask = dict->index_cap - 1, slot = dict->at[entry].hash & mask;
    while (dict->index[slot])
        slot = (slot + 1) & mask;
    dict->index[slot] = entry + 1;
}

/* Makes the index anew for `cap` entries. */
static void index_build(Dict *dict)
{
    uint32_t cap = 32;
    while (cap < dict->cap * 2)
        cap *= 2;
    dict->index = NEW_N(dict->arena, uint32_t, cap);
    dict->index_cap = cap;
    for (uint32_t i = 0; i < dict->used; i++)
        if (!dict->at[i].is_gone)
            index_add(dict, i);
}

/* Drops the gone entries, or doubles the room; then builds the index where one is due. */
static void dict_grow(Dict *dict)
{
    if (dict->len < dict->used / 2) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < dict->used; i++)
            if (!dict->at[i].is_gone)
                dict->at[kept++] = dict->at[i];
        dict->used = kept;
    } else {
        uint32_t cap = dict->cap ? dict->cap * 2 : 4;
        dict->at = arena_grow(dict->arena, dict->at, dict->cap * sizeof(DictEntry),
                              cap * sizeof(DictEntry), _Alignof(DictEntry));
        dict->cap = cap;
    }
    dict->index = NULL;
    if (dict->cap > SMALL_DICT)
        index_build(dict);
}

Value *dict_find_hashed(const Dict *dict, Str key, uint32_t hash)
{
    if (!dict->index) {
        for (uint32_t i = 0; i < dict->used; i++) {
            DictEntry *entry = &dict->at[i];
            if (entry->hash == hash && !entry->is_gone && str_eq(value_str(entry->key), key) &&
                entry->key.kind == VALUE_TEXT)
                return &entry->value;
        }
        return NULL;
    }
    uint32_t mask = dict->index_cap - 1;
    for (uint32_t slot = hash & mask; dict->index[slot]; slot = (slot + 1) & mask) {
        DictEntry *entry = &dict->at[dict->index[slot] - 1];
        if (entry->hash == hash && !entry->is_gone && entry->key.kind == VALUE_TEXT &&
            str_eq(value_str(entry->key), key))
            return &entry->value;
    }
    return NULL;
}

Value *dict_find(const Dict *dict, Str key)
{
    return dict->len ? dict_find_hashed(dict, key, str_hash(key)) : NULL;
}

static DictEntry *find_entry(const Dict *dict, Value key, uint32_t hash)
{
    if (!dict->index) {
        for (uint32_t i = 0; i < dict->used; i++) {
            DictEntry *entry = &dict->at[i];
            if (entry->hash == hash && !entry->is_gone && value_equal(entry->key, key))
                return entry;
        }
        return NULL;
    }
    uint32_t mask = dict->index_cap - 1;
    for (uint32_t slot = hash & mask; dict->index[slot]; slot = (slot + 1) & mask) {
        DictEntry *entry = &dict->at[dict->index[slot] - 1];
        if (entry->hash == hash && !entry->is_gone && value_equal(entry->key, key))
            return entry;
    }
    return NULL;
}

Value *dict_find_value(const Dict *dict, Value key)
{
    uint32_t hash;
    if (!value_hash(key, &hash))
        return NULL;
    DictEntry *entry = find_entry(dict, key, hash);
    return entry ? &entry->value : NULL;
}

static void add_entry(Dict *dict, Value key, Value value, uint32_t hash)
{
    if (dict->used == dict->cap)
        dict_grow(dict);
    dict->at[dict->used] = (DictEntry){key, value, hash, false};
    dict->used++;
    dict->len++;
    if (dict->index)
        index_add(dict, dict->used - 1);
    else if (dict->cap > SMALL_DICT)
        index_build(dict);
}

void dict_put(Dict *dict, Str key, Value value)
{
    assert(!dict->is_frozen);
    uint32_t hash = str_hash(key);
    Value *found = dict_find_hashed(dict, key, hash);
    if (found)
        *found = value;
    else
        add_entry(dict, value_text(key), value, hash);
}

void dict_put_keyed(Dict *dict, Value key, Value value)
{
    assert(!dict->is_frozen);
    uint32_t hash;
    bool is_hashable = value_hash(key, &hash);
    assert(is_hashable);
    DictEntry *found = find_entry(dict, key, hash);
    if (found)
        found->value = value;
    else
        add_entry(dict, key, value, hash);
}

bool dict_remove(Dict *dict, Value key)
{
    assert(!dict->is_frozen);
    uint32_t hash;
    DictEntry *found = value_hash(key, &hash) ? find_entry(dict, key, hash) : NULL;
    if (!found)
        return false;
    found->is_gone = true;
    dict->len--;
    if (dict->len == 0) { /* nothing left: start over, so that queues do not grow */
        dict->used = 0;
        if (dict->index)
            memset(dict->index, 0, dict->index_cap * sizeof(*dict->index));
    }
    return true;
}

bool dict_next(const Dict *dict, uint32_t *at, Value *key, Value *value)
{
    while (*at < dict->used) {
        const DictEntry *entry = &dict->at[(*at)++];
        if (entry->is_gone)
            continue;
        *key = entry->key;
        *value = entry->value;
        return true;
    }
    return false;
}

Value value_get_str(Value v, Str key)
{
    Value *found = v.kind == VALUE_DICT ? dict_find(v.dict, key) : NULL;
    return found ? *found : UNDEFINED;
}

Value value_get(Value v, const char *key)
{
    return value_get_str(v, str_of(key));
}

Str value_get_text(Value v, const char *key, Str otherwise)
{
    Value found = value_get(v, key);
    return found.kind == VALUE_TEXT ? value_str(found) : otherwise;
}

/* ---- maps ---- */

void map_init(Map *map, Arena *arena)
{
    map->dict = dict_make(arena, 0);
}

void map_put(Map *map, Str key, void *what)
{
    dict_put(map->dict, key, (Value){.kind = VALUE_NONE, .number = (int64_t)(intptr_t)what});
}

void *map_find(const Map *map, Str key)
{
    const Value *found = map->dict ? dict_find(map->dict, key) : NULL;
    return found ? (void *)(intptr_t)found->number : NULL;
}

bool map_next(const Map *map, uint32_t *at, Str *key, void **what)
{
    Value name, value;
    if (!map->dict || !dict_next(map->dict, at, &name, &value))
        return false;
    *key = value_str(name);
    *what = (void *)(intptr_t)value.number;
    return true;
}

uint32_t map_len(const Map *map)
{
    return map->dict ? map->dict->len : 0;
}
