/* global.c: range, dict, cycler, joiner, and iterators that run once. */
#include "jinja/interp.h"
#include "jinja/python.h"

enum { LONGEST_RANGE = 100000 };  /* jinja's sandbox: MAX_RANGE */

/* ---- range ---- */

typedef struct Range {
    Object base;
    int64_t start, stop, step, count;
} Range;

static bool range_next(Object *self, Arena *arena, uint64_t i, Value *out)
{
    (void)arena;
    const Range *range = (Range *)self;
    if (i >= (uint64_t)range->count)
        return false;
    *out = value_int(range->start + (int64_t)i * range->step);
    return true;
}

static int64_t range_length(Object *self)
{
    return ((Range *)self)->count;
}

static bool range_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Range *range = (Range *)self;
    *out = UNDEFINED;
    if (!is_whole(key))
        return true;
    int64_t at = whole_of(key) < 0 ? whole_of(key) + range->count : whole_of(key);
    if (at >= 0 && at < range->count)
        *out = value_int(range->start + at * range->step);
    return true;
}

static bool range_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Range *range = (Range *)self;
    *out = str_is(name, "start")  ? value_int(range->start)
           : str_is(name, "stop") ? value_int(range->stop)
           : str_is(name, "step") ? value_int(range->step)
                                  : UNDEFINED;
    return true;
}

static bool range_contains(Object *self, Value item)
{
    const Range *range = (Range *)self;
    if (item.kind == VALUE_FLOAT && item.real == (double)(int64_t)item.real)
        item = value_int((int64_t)item.real);
    if (!is_whole(item) || !range->count)
        return false;
    int64_t distance = whole_of(item) - range->start;
    return distance % range->step == 0 && distance / range->step >= 0 &&
           distance / range->step < range->count;
}

static bool range_equal(Object *self, Value other)
{
    if (!value_is_a(other, &range_type))
        return false;
    const Range *a = (Range *)self, *b = (Range *)other.object;
    return a->count == b->count && (a->count == 0 || a->start == b->start) &&
           (a->count < 2 || a->step == b->step);
}

static void range_print(Object *self, Text *out)
{
    const Range *range = (Range *)self;
    text_print(out, "range(%lld, %lld", (long long)range->start, (long long)range->stop);
    if (range->step != 1)
        text_print(out, ", %lld", (long long)range->step);
    text_add_char(out, ')');
}

static bool range_index(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "index", 1, 1, err));
    const Range *range = (Range *)self;
    if (!range_contains(self, call->args[0]) || !is_whole(call->args[0]))
        return FAIL(err, "sequence.index(x): x not in sequence");
    *out = value_int((whole_of(call->args[0]) - range->start) / range->step);
    return true;
}

static bool range_count(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "count", 1, 1, err));
    *out = value_int(range_contains(self, call->args[0]));
    return true;
}

static const Method range_methods[] = {{"count", range_count}, {"index", range_index}, {0}};

const ObjectType range_type = {
    .name = "range", .methods = range_methods, .next = range_next, .length = range_length,
    .item = range_item, .get = range_get, .contains = range_contains, .equal = range_equal,
    .print = range_print, .is_sequence = true,
};

static Value range_object(Arena *arena, int64_t start, int64_t stop, int64_t step, int64_t count)
{
    Range *range = NEW(arena, Range);
    *range = (Range){{&range_type}, start, stop, step, count};
    return value_of_object(&range->base);
}

bool range_make(Arena *arena, int64_t start, int64_t stop, int64_t step, Value *out, Err *err)
{
    if (step == 0)
        return FAIL(err, "range() arg 3 must not be zero");
    uint64_t count = 0, size = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    if (step > 0 && stop > start)
        count = ((uint64_t)stop - (uint64_t)start - 1) / size + 1;
    else if (step < 0 && stop < start)
        count = ((uint64_t)start - (uint64_t)stop - 1) / size + 1;
    if (count > LONGEST_RANGE)
        return FAIL(err, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                    LONGEST_RANGE);
    *out = range_object(arena, start, stop, step, (int64_t)count);
    return true;
}

bool range_slice(Arena *arena, Value v, SliceRange slice, Value *out, Err *err)
{
    const Range *range = (Range *)v.object;
    int64_t start = range->start + slice.start * range->step, step, stop;
    if (__builtin_mul_overflow(range->step, slice.step, &step) ||
        __builtin_mul_overflow(step, slice.count, &stop) ||
        __builtin_add_overflow(start, stop, &stop))
        return FAIL(err, "the slice of a range leaves 64 bits");
    *out = range_object(arena, start, stop, step, slice.count);
    return true;
}

static bool global_range(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    if (call->named_count)
        return FAIL(err, "range() takes no keyword arguments");
    if (call->arg_count < 1 || call->arg_count > 3)
        return FAIL(err, "range expected at %s argument%s, got %u",
                    call->arg_count ? "most 3" : "least 1", call->arg_count ? "s" : "",
                    call->arg_count);
    int64_t bounds[3] = {0, 0, 1};
    for (uint32_t i = 0; i < call->arg_count; i++)
        TRY(index_of(call->args[i], &bounds[i], err));
    if (call->arg_count == 1)
        return range_make(call->arena, 0, bounds[0], 1, out, err);
    return range_make(call->arena, bounds[0], bounds[1], bounds[2], out, err);
}

/* ---- iterators ---- */

/* What Python gives as a generator: true, without length, empty after one run. */
typedef struct Iterator {
    Object base;
    ObjectType type;
    Array *items;
    uint32_t taken;
} Iterator;

static bool iterator_next(Object *self, Arena *arena, uint64_t i, Value *out)
{
    (void)arena, (void)i;
    Iterator *iterator = (Iterator *)self;
    if (iterator->taken >= iterator->items->len)
        return false;
    *out = iterator->items->at[iterator->taken++];
    return true;
}

static void iterator_print(Object *self, Text *out)
{
    text_print(out, "<%s object at %p>", self->type->name, (void *)self);
}

static bool iterator_truth(Object *self)
{
    (void)self;
    return true;
}

Value iterator_make(Arena *arena, const char *type_name, Array *items)
{
    Iterator *iterator = NEW(arena, Iterator);
    iterator->type = (ObjectType){.name = type_name, .next = iterator_next,
                                  .print = iterator_print, .truth = iterator_truth};
    iterator->base.type = &iterator->type;
    iterator->items = items;
    return value_of_object(&iterator->base);
}

Array *iterator_take(Object *object)
{
    if (object->type->next != iterator_next)
        return NULL;
    Iterator *iterator = (Iterator *)object;
    if (iterator->taken)
        return NULL;
    iterator->taken = iterator->items->len;
    return iterator->items;
}

/* ---- cycler, joiner ---- */

typedef struct Cycler {
    Object base;
    Array *items;
    uint32_t at;
} Cycler;

static bool cycler_next(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "next", 0, 0, err));
    Cycler *cycler = (Cycler *)self;
    *out = cycler->items->at[cycler->at];
    cycler->at = (cycler->at + 1) % cycler->items->len;
    return true;
}

static bool cycler_reset(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "reset", 0, 0, err));
    ((Cycler *)self)->at = 0;
    *out = NONE;
    return true;
}

static bool cycler_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    Cycler *cycler = (Cycler *)self;
    *out = str_is(name, "current") ? cycler->items->at[cycler->at]
           : str_is(name, "pos")   ? value_int(cycler->at)
           : str_is(name, "items") ? value_of_tuple(cycler->items)
                                   : UNDEFINED;
    return true;
}

static const Method cycler_methods[] = {{"next", cycler_next}, {"reset", cycler_reset}, {0}};
static const ObjectType cycler_type = {
    .name = "Cycler", .methods = cycler_methods, .get = cycler_get};

static bool global_cycler(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    if (call->named_count)
        return FAIL(err, "Cycler.__init__() got an unexpected keyword argument '" STR_FMT "'",
                    STR_ARG(call->names[0]));
    if (!call->arg_count)
        return FAIL(err, "at least one item has to be provided");
    Cycler *cycler = NEW(call->arena, Cycler);
    cycler->base.type = &cycler_type;
    cycler->items = array_make(call->arena, call->arg_count);
    for (uint32_t i = 0; i < call->arg_count; i++)
        array_add(cycler->items, call->args[i]);
    *out = value_of_object(&cycler->base);
    return true;
}

typedef struct Joiner {
    Object base;
    Value separator;
    bool is_used;
} Joiner;

static bool joiner_call(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "joiner", 0, 0, err));
    Joiner *joiner = (Joiner *)self;
    *out = joiner->is_used ? joiner->separator : value_lit("");
    joiner->is_used = true;
    return true;
}

static bool joiner_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Joiner *joiner = (Joiner *)self;
    *out = str_is(name, "sep")    ? joiner->separator
           : str_is(name, "used") ? value_bool(joiner->is_used)
                                  : UNDEFINED;
    return true;
}

static const ObjectType joiner_type = {.name = "Joiner", .call = joiner_call, .get = joiner_get};

static bool global_joiner(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"sep"};
    Joiner *joiner = NEW(call->arena, Joiner);
    joiner->base.type = &joiner_type;
    joiner->separator = value_lit(", ");
    TRY(call_bind(call, "joiner", names, 1, 0, &joiner->separator, err));
    *out = value_of_object(&joiner->base);
    return true;
}

/* ---- dict, lipsum ---- */

static bool global_dict(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    if (call->arg_count > 1)
        return FAIL(err, "dict expected at most 1 argument, got %u", call->arg_count);
    Dict *dict = dict_make(call->arena, call->named_count);
    TRY(dict_fill(call, dict, err));
    *out = value_of_dict(dict);
    return true;
}

static bool global_lipsum(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)out;
    return FAIL(err, "lipsum() is left out of weir: no dbt project uses it");
}

/* ---- the table ---- */

/* A function or class of the library. Printed as Python prints classes. */
typedef struct Global {
    Object base;
    const char *name;
    NativeFn call;
    const char *shown;
} Global;

static bool global_call(Object *self, Call *call, Value *out, Err *err)
{
    return ((Global *)self)->call(NULL, call, out, err);
}

static void global_print(Object *self, Text *out)
{
    text_add_c(out, ((Global *)self)->shown);
}

/* dict.fromkeys() is a method of the class */
static bool global_get(Object *self, Arena *arena, Str name, Value *out, Err *err);

static const ObjectType global_type = {
    .name = "type", .call = global_call, .print = global_print, .get = global_get};

static bool dict_fromkeys(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    Value empty = value_dict(call->arena);
    return value_method_find(empty, STR("fromkeys"))(call, empty, out, err);
}

static bool global_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    bool is_it = str_is(name, "fromkeys") && strcmp(((Global *)self)->name, "dict") == 0;
    *out = is_it ? value_function(arena, "fromkeys", dict_fromkeys, NULL) : UNDEFINED;
    return true;
}

static Global globals[] = {
    {{&global_type}, "cycler", global_cycler, "<class 'jinja2.utils.Cycler'>"},
    {{&global_type}, "dict", global_dict, "<class 'dict'>"},
    {{&global_type}, "joiner", global_joiner, "<class 'jinja2.utils.Joiner'>"},
    {{&global_type}, "lipsum", global_lipsum, "<function generate_lorem_ipsum>"},
    {{&global_type}, "range", global_range, "<class 'range'>"},
};

Value global_find(Str name)
{
    if (str_is(name, "namespace"))
        return namespace_function();
    for (size_t i = 0; i < COUNT_OF(globals); i++)
        if (str_is(name, globals[i].name))
            return value_of_object(&globals[i].base);
    return UNDEFINED;
}
