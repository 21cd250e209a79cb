/* py_itertools.c: the module itertools, as far as dbt shows it and a little more.
 *
 * What ends is worked out at once and given as an iterator; count(), cycle() and repeat() go on as
 * long as they are asked. */
#include "jinja/python.h"

enum { MOST_RESULTS = 1000000 };

static bool give(Call *call, const char *name, Array *items, Value *out)
{
    *out = iterator_make(call->arena, name, items);
    return true;
}

static bool no_names(const Call *call, const char *name, Err *err)
{
    return check_counts(call, name, 0, UINT32_MAX, err);
}

static bool too_many(Err *err, const char *name)
{
    return err_set(err, ERR_TOO_BIG, NOWHERE, "itertools.%s() gives more than %d items", name,
                   MOST_RESULTS);
}

/* The iterables among the arguments, as arrays. */
static bool all_items(Call *call, uint32_t from, Array ***out, Err *err)
{
    *out = NEW_N(call->arena, Array *, call->arg_count + 1);
    for (uint32_t i = from; i < call->arg_count; i++)
        TRY(items_of(call, call->args[i], &(*out)[i - from], err));
    return true;
}

static bool it_chain(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(no_names(call, "chain", err));
    Array *chained = array_make(call->arena, 0), **lists;
    TRY(all_items(call, 0, &lists, err));
    for (uint32_t i = 0; i < call->arg_count; i++)
        for (uint32_t k = 0; k < lists[i]->len; k++)
            array_add(chained, lists[i]->at[k]);
    return give(call, "itertools.chain", chained, out);
}

static bool it_chain_from(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "from_iterable", 1, 1, err));
    Array *outer;
    TRY(items_of(call, call->args[0], &outer, err));
    Call inner = *call;
    inner.args = outer->at;
    inner.arg_count = outer->len;
    return it_chain(self, &inner, out, err);
}

static bool it_product(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    const Value *repeat_given = call_named(call, "repeat");
    int64_t repeat = 1;
    if (call->named_count > (repeat_given != NULL))
        return FAIL(err, "product() got an unexpected keyword argument");
    if (repeat_given)
        TRY(index_of(*repeat_given, &repeat, err));
    if (repeat < 0 || repeat > 64)
        return FAIL(err, "repeat argument must lie between 0 and 64");
    Array **lists, *results = array_make(call->arena, 0);
    TRY(all_items(call, 0, &lists, err));
    uint32_t width = call->arg_count * (uint32_t)repeat;
    uint32_t *at = NEW_N(call->arena, uint32_t, width + 1);
    for (uint32_t i = 0; i < width; i++)
        if (!lists[i % call->arg_count]->len)
            return give(call, "itertools.product", results, out);
    for (bool is_over = false; !is_over;) {
        Array *tuple = array_make(call->arena, width);
        for (uint32_t i = 0; i < width; i++)
            array_add(tuple, lists[i % call->arg_count]->at[at[i]]);
        array_add(results, value_of_tuple(tuple));
        if (results->len > MOST_RESULTS)
            return too_many(err, "product");
        is_over = true;
        for (uint32_t i = width; i > 0 && is_over; i--) {
            if (++at[i - 1] < lists[(i - 1) % call->arg_count]->len)
                is_over = false;
            else
                at[i - 1] = 0;
        }
    }
    return give(call, "itertools.product", results, out);
}

/* ---- choices of r items ---- */

typedef enum Choice { PERMUTATIONS, COMBINATIONS, WITH_REPLACEMENT } Choice;

typedef struct Chooser {
    Call *call;
    const Array *pool;
    Choice choice;
    uint32_t width, *picked;
    bool *is_used;
    Array *results;
} Chooser;

static bool choose(Chooser *chooser, uint32_t depth, uint32_t from)
{
    if (depth == chooser->width) {
        Array *tuple = array_make(chooser->call->arena, chooser->width);
        for (uint32_t i = 0; i < chooser->width; i++)
            array_add(tuple, chooser->pool->at[chooser->picked[i]]);
        array_add(chooser->results, value_of_tuple(tuple));
        return chooser->results->len <= MOST_RESULTS;
    }
    for (uint32_t i = chooser->choice == PERMUTATIONS ? 0 : from; i < chooser->pool->len; i++) {
        if (chooser->choice == PERMUTATIONS && chooser->is_used[i])
            continue;
        chooser->picked[depth] = i;
        chooser->is_used[i] = true;
        TRY(choose(chooser, depth + 1, chooser->choice == COMBINATIONS ? i + 1 : i));
        chooser->is_used[i] = false;
    }
    return true;
}

static bool choices(Call *call, const char *name, Choice choice, Value *out, Err *err)
{
    static const char *const names[] = {"iterable", "r"};
    Value slots[] = {UNDEFINED, NONE};
    TRY(call_bind(call, name, names, 2, choice == PERMUTATIONS ? 1 : 2, slots, err));
    Array *pool;
    TRY(items_of(call, slots[0], &pool, err));
    int64_t width = pool->len;
    if (slots[1].kind != VALUE_NONE)
        TRY(index_of(slots[1], &width, err));
    if (width < 0)
        return FAIL(err, "r must be non-negative");
    Chooser chooser = {.call = call, .pool = pool, .choice = choice,
                       .results = array_make(call->arena, 0)};
    bool is_possible = choice == WITH_REPLACEMENT ? pool->len > 0 || width == 0
                                                  : width <= pool->len;
    if (width > 150 && is_possible)
        return too_many(err, name);
    chooser.width = (uint32_t)width;
    chooser.picked = NEW_N(call->arena, uint32_t, is_possible ? (size_t)width + 1 : 1);
    chooser.is_used = NEW_N(call->arena, bool, pool->len + 1);
    if (is_possible && !choose(&chooser, 0, 0))
        return too_many(err, name);
    return give(call, name, chooser.results, out);
}

static bool it_permutations(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return choices(call, "permutations", PERMUTATIONS, out, err);
}

static bool it_combinations(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return choices(call, "combinations", COMBINATIONS, out, err);
}

static bool it_combinations_with_replacement(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return choices(call, "combinations_with_replacement", WITH_REPLACEMENT, out, err);
}

/* ---- side by side ---- */

static bool it_zip_longest(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    const Value *fill = call_named(call, "fillvalue");
    if (call->named_count > (fill != NULL))
        return FAIL(err, "zip_longest() got an unexpected keyword argument");
    Array **lists, *rows = array_make(call->arena, 0);
    TRY(all_items(call, 0, &lists, err));
    uint32_t longest = 0;
    for (uint32_t i = 0; i < call->arg_count; i++)
        longest = lists[i]->len > longest ? lists[i]->len : longest;
    for (uint32_t row = 0; row < longest; row++) {
        Array *tuple = array_make(call->arena, call->arg_count);
        for (uint32_t i = 0; i < call->arg_count; i++)
            array_add(tuple, row < lists[i]->len ? lists[i]->at[row] : fill ? *fill : NONE);
        array_add(rows, value_of_tuple(tuple));
    }
    return give(call, "itertools.zip_longest", rows, out);
}

static bool it_compress(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"data", "selectors"};
    Value slots[2];
    Array *data, *selectors, *kept = array_make(call->arena, 0);
    TRY(call_bind(call, "compress", names, 2, 2, slots, err));
    TRY(items_of(call, slots[0], &data, err));
    TRY(items_of(call, slots[1], &selectors, err));
    for (uint32_t i = 0; i < data->len && i < selectors->len; i++)
        if (value_truth(selectors->at[i]))
            array_add(kept, data->at[i]);
    return give(call, "itertools.compress", kept, out);
}

static bool it_pairwise(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "pairwise", 1, 1, err));
    Array *items, *pairs = array_make(call->arena, 0);
    TRY(items_of(call, call->args[0], &items, err));
    for (uint32_t i = 1; i < items->len; i++)
        array_add(pairs, pair_make(call->arena, items->at[i - 1], items->at[i]));
    return give(call, "itertools.pairwise", pairs, out);
}

static bool it_tee(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"iterable", "n"};
    Value slots[] = {UNDEFINED, value_int(2)};
    TRY(call_bind(call, "tee", names, 2, 1, slots, err));
    int64_t count;
    Array *items, *copies = array_make(call->arena, 0);
    TRY(index_of(slots[1], &count, err));
    if (count < 0 || count > 1000)
        return FAIL(err, "n must be >= 0");
    TRY(items_of(call, slots[0], &items, err));
    for (int64_t i = 0; i < count; i++)
        array_add(copies, iterator_make(call->arena, "itertools._tee", items));
    *out = value_of_tuple(copies);
    return true;
}

/* ---- ranges of a sequence, endless ones ---- */

static bool it_islice(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "islice", 2, 4, err));
    int64_t bounds[3] = {0, INT64_MAX, 1};
    for (uint32_t i = 1; i < call->arg_count; i++) {
        uint32_t which = call->arg_count == 2 ? 1 : i - 1;
        if (call->args[i].kind == VALUE_NONE)
            continue;
        TRY(index_of(call->args[i], &bounds[which], err));
        if (bounds[which] < 0 || (which == 2 && !bounds[which]))
            return FAIL(err, which == 2 ? "Step for islice() must be a positive integer or None."
                             : call->arg_count == 2
                                 ? "Stop argument for islice() must be None or an integer: "
                                   "0 <= x <= sys.maxsize."
                                 : "Indices for islice() must be None or an integer: "
                                   "0 <= x <= sys.maxsize.");
    }
    Array *slice = array_make(call->arena, 0);
    Value from = call->args[0], item;
    if (from.kind != VALUE_OBJECT || !from.object->type->next) {
        Array *items;
        TRY(items_of(call, from, &items, err));
        from = iterator_make(call->arena, "iterator", items);
    }
    int64_t wanted = bounds[0];
    for (int64_t i = 0; i < bounds[1]; i++) { /* no further than asked: it may be endless */
        if (i > LARGEST_LIST)
            return too_many(err, "islice");
        if (!from.object->type->next(from.object, call->arena, (uint64_t)i, &item))
            break;
        if (i != wanted)
            continue;
        array_add(slice, item);
        wanted = bounds[2] > INT64_MAX - wanted ? INT64_MAX : wanted + bounds[2];
    }
    return give(call, "itertools.islice", slice, out);
}

/* count(), cycle(), repeat(): the n-th item is start + n * step, or one of a round. */
typedef struct Endless {
    Object base;
    Value start, step;   /* of count()               */
    Array *round;        /* of the others, else NULL */
    uint64_t taken;
} Endless;

static bool endless_next(Object *self, Arena *arena, uint64_t i, Value *out)
{
    (void)i;
    Endless *endless = (Endless *)self;
    if (endless->round) {
        if (!endless->round->len)
            return false;
        *out = endless->round->at[endless->taken++ % endless->round->len];
        return true;
    }
    Err ignored = {0};
    *out = endless->start;
    if (operate(arena, OP_ADD, endless->start, endless->step, &endless->start, &ignored))
        return true;
    err_drop(&ignored);
    return false;
}

static bool endless_truth(Object *self)
{
    (void)self;
    return true;
}

static void endless_print(Object *self, Text *out)
{
    const Endless *endless = (Endless *)self;
    if (endless->round) {
        text_print(out, "<itertools.cycle object at %p>", (void *)self);
        return;
    }
    text_add_c(out, "count(");
    value_repr(endless->start, out);
    if (!value_equal(endless->step, value_int(1))) {
        text_add_c(out, ", ");
        value_repr(endless->step, out);
    }
    text_add_char(out, ')');
}

static const ObjectType endless_type = {.name = "itertools.count", .next = endless_next,
                                        .truth = endless_truth, .print = endless_print};

static bool it_count(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"start", "step"};
    Value slots[] = {value_int(0), value_int(1)};
    TRY(call_bind(call, "count", names, 2, 0, slots, err));
    for (int i = 0; i < 2; i++)
        if (!is_any_whole(slots[i]) && slots[i].kind != VALUE_FLOAT)
            return FAIL(err, "a number is required");
    Endless *endless = NEW(call->arena, Endless);
    *endless = (Endless){.base = {&endless_type}, .start = slots[0], .step = slots[1]};
    *out = value_of_object(&endless->base);
    return true;
}

static bool it_cycle(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "cycle", 1, 1, err));
    Endless *endless = NEW(call->arena, Endless);
    endless->base.type = &endless_type;
    TRY(jinja_iterate(call->arena, call->args[0], &endless->round, err));
    *out = value_of_object(&endless->base);
    return true;
}

static bool it_repeat(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"object", "times"};
    Value slots[] = {UNDEFINED, NONE};
    TRY(call_bind(call, "repeat", names, 2, 1, slots, err));
    Array *items = array_make(call->arena, 1);
    if (slots[1].kind == VALUE_NONE) {
        Endless *endless = NEW(call->arena, Endless);
        *endless = (Endless){.base = {&endless_type}, .round = items};
        array_add(items, slots[0]);
        *out = value_of_object(&endless->base);
        return true;
    }
    int64_t times;
    TRY(index_of(slots[1], &times, err));
    if (times > MOST_RESULTS)
        return too_many(err, "repeat");
    for (int64_t i = 0; i < times; i++)
        array_add(items, slots[0]);
    return give(call, "itertools.repeat", items, out);
}

/* ---- with functions ---- */

static bool it_accumulate(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"iterable", "func", "initial"};
    Value slots[] = {UNDEFINED, NONE, NONE};
    TRY(call_bind(call, "accumulate", names, 3, 1, slots, err));
    Array *items, *sums = array_make(call->arena, 0);
    TRY(items_of(call, slots[0], &items, err));
    Value sum = slots[2];
    bool has_sum = sum.kind != VALUE_NONE;
    if (has_sum)
        array_add(sums, sum);
    for (uint32_t i = 0; i < items->len; i++) {
        if (!has_sum)
            sum = items->at[i];
        else if (slots[1].kind == VALUE_NONE)
            TRY(operate(call->arena, OP_ADD, sum, items->at[i], &sum, err));
        else
            TRY(call_with(call, slots[1], (Value[]){sum, items->at[i]}, 2, &sum, err));
        has_sum = true;
        array_add(sums, sum);
    }
    return give(call, "itertools.accumulate", sums, out);
}

static bool it_starmap(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "starmap", 2, 2, err));
    Array *items, *mapped = array_make(call->arena, 0);
    TRY(items_of(call, call->args[1], &items, err));
    for (uint32_t i = 0; i < items->len; i++) {
        Array *args;
        Value result;
        TRY(items_of(call, items->at[i], &args, err));
        TRY(call_with(call, call->args[0], args->at, args->len, &result, err));
        array_add(mapped, result);
    }
    return give(call, "itertools.starmap", mapped, out);
}

/* takewhile, dropwhile, filterfalse: by a function, or by truth where it is none. */
static bool by_function(Call *call, const char *name, Value *out, Err *err)
{
    TRY(check_counts(call, name, 2, 2, err));
    bool takes = name[0] == 't', drops = name[0] == 'd', is_open = true;
    Array *items, *kept = array_make(call->arena, 0);
    TRY(items_of(call, call->args[1], &items, err));
    for (uint32_t i = 0; i < items->len; i++) {
        Value answer = items->at[i];
        if (call->args[0].kind != VALUE_NONE && (is_open || !drops))
            TRY(call_with(call, call->args[0], &items->at[i], 1, &answer, err));
        bool holds = value_truth(answer);
        if (takes && !holds)
            break;
        is_open = is_open && holds;
        if (takes || (drops ? !is_open : !holds))
            array_add(kept, items->at[i]);
    }
    return give(call, name, kept, out);
}

static bool it_takewhile(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return by_function(call, "takewhile", out, err);
}

static bool it_dropwhile(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return by_function(call, "dropwhile", out, err);
}

static bool it_filterfalse(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return by_function(call, "filterfalse", out, err);
}

static bool it_groupby(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"iterable", "key"};
    Value slots[] = {UNDEFINED, NONE}, before = NONE;
    TRY(call_bind(call, "groupby", names, 2, 1, slots, err));
    Array *items, *groups = array_make(call->arena, 0), *members = NULL;
    TRY(items_of(call, slots[0], &items, err));
    for (uint32_t i = 0; i < items->len; i++) {
        Value key = items->at[i];
        if (slots[1].kind != VALUE_NONE)
            TRY(call_with(call, slots[1], &items->at[i], 1, &key, err));
        if (!members || !value_equal(key, before)) {
            members = array_make(call->arena, 0);
            array_add(groups, pair_make(call->arena, key, value_of_array(members)));
            before = key;
        }
        array_add(members, items->at[i]);
    }
    for (uint32_t i = 0; i < groups->len; i++) {
        Array *pair = groups->at[i].list;
        pair->at[1] = iterator_make(call->arena, "itertools._grouper", pair->at[1].list);
    }
    return give(call, "itertools.groupby", groups, out);
}

/* ---- the module ---- */

static bool chain_call(Object *self, Call *call, Value *out, Err *err)
{
    return it_chain(self, call, out, err);
}

static const Method chain_methods[] = {{"from_iterable", it_chain_from}, {0}};
static const ObjectType chain_type = {
    .name = "type", .methods = chain_methods, .call = chain_call};
static Object chain = {&chain_type};

static bool itertools_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self, (void)arena, (void)err;
    *out = str_is(name, "chain") ? value_of_object(&chain) : UNDEFINED;
    return true;
}

static void itertools_print(Object *self, Text *out)
{
    (void)self;
    text_add_c(out, "<module 'itertools' (built-in)>");
}

static const Method itertools_methods[] = {
    {"accumulate", it_accumulate},
    {"combinations", it_combinations},
    {"combinations_with_replacement", it_combinations_with_replacement},
    {"compress", it_compress},
    {"count", it_count},
    {"cycle", it_cycle},
    {"dropwhile", it_dropwhile},
    {"filterfalse", it_filterfalse},
    {"groupby", it_groupby},
    {"islice", it_islice},
    {"pairwise", it_pairwise},
    {"permutations", it_permutations},
    {"product", it_product},
    {"repeat", it_repeat},
    {"starmap", it_starmap},
    {"takewhile", it_takewhile},
    {"tee", it_tee},
    {"zip_longest", it_zip_longest},
    {0},
};

static const ObjectType itertools_type = {.name = "module", .methods = itertools_methods,
                                          .get = itertools_get, .print = itertools_print};

Object itertools_module = {&itertools_type};
