/* py_time.c: timedelta, time and datetime.timezone. */
#include <math.h>

#include "jinja/py_datetime.h"

/* ---- classes ---- */

static bool class_call(Object *self, Call *call, Value *out, Err *err)
{
    return ((Class *)self)->make(NULL, call, out, err);
}

static bool class_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    Class *class = (Class *)self;
    *out = UNDEFINED;
    if (class->constant && class->constant(arena, name, out))
        return true;
    for (const Method *method = class->methods; method && method->name; method++)
        if (str_is(name, method->name))
            *out = value_function(arena, method->name, method->call, self);
    return true;
}

static void class_print(Object *self, Text *out)
{
    text_add_c(out, ((Class *)self)->shown);
}

const ObjectType class_type = {
    .name = "type", .call = class_call, .get = class_get, .print = class_print};

/* ---- timedelta ---- */

Value timedelta_make(Arena *arena, int64_t us)
{
    Timedelta *delta = NEW(arena, Timedelta);
    *delta = (Timedelta){{&timedelta_type}, us};
    return value_of_object(&delta->base);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0));
}

static bool out_of_range(Err *err)
{
    return FAIL(err, "days out of range; must have magnitude <= 106000000");
}

/* A real number of microseconds, half to even. */
static bool timedelta_of_real(Arena *arena, double us, Value *out, Err *err)
{
    if (!(fabs(us) < 9.2e18))
        return out_of_range(err);
    *out = timedelta_make(arena, (int64_t)rint(us));
    return true;
}

static bool timedelta_new(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"days", "seconds", "microseconds", "milliseconds",
                                        "minutes", "hours", "weeks"};
    static const int64_t units[] = {DAY_US, SECOND_US, 1, 1000, 60 * SECOND_US, 3600 * SECOND_US,
                                    7 * DAY_US};
    Value slots[7];
    for (size_t i = 0; i < COUNT_OF(slots); i++)
        slots[i] = value_int(0);
    TRY(call_bind(call, "timedelta", names, 7, 0, slots, err));
    int64_t us = 0;
    double part = 0;
    for (size_t i = 0; i < COUNT_OF(slots); i++) {
        int64_t piece;
        if (is_whole(slots[i])) {
            if (__builtin_mul_overflow(whole_of(slots[i]), units[i], &piece) ||
                __builtin_add_overflow(us, piece, &us))
                return out_of_range(err);
        } else if (slots[i].kind == VALUE_FLOAT) {
            double whole = trunc(slots[i].real);
            if (!(fabs(whole) * (double)units[i] < 9.2e18) ||
                __builtin_add_overflow(us, (int64_t)whole * units[i], &us))
                return out_of_range(err);
            part += (slots[i].real - whole) * (double)units[i];
        } else if (slots[i].kind == VALUE_UNDEFINED) {
            return undefined_fail(slots[i], err);
        } else {
            return FAIL(err, "unsupported type for timedelta %s component: %s", names[i],
                        value_type_name(slots[i]));
        }
    }
    *out = timedelta_make(call->arena, us + (int64_t)rint(part));
    return true;
}

static void timedelta_print(Object *self, Text *out)
{
    int64_t us = ((Timedelta *)self)->us, days = floor_div(us, DAY_US), rest = us - days * DAY_US;
    if (days)
        text_print(out, "%lld day%s, ", (long long)days, days == 1 || days == -1 ? "" : "s");
    int64_t seconds = rest / SECOND_US;
    text_print(out, "%lld:%02lld:%02lld", (long long)(seconds / 3600),
               (long long)(seconds / 60 % 60), (long long)(seconds % 60));
    if (rest % SECOND_US)
        text_print(out, ".%06lld", (long long)(rest % SECOND_US));
}

static void timedelta_repr(Object *self, Text *out)
{
    int64_t us = ((Timedelta *)self)->us, days = floor_div(us, DAY_US), rest = us - days * DAY_US;
    int64_t parts[] = {days, rest / SECOND_US, rest % SECOND_US};
    static const char *const names[] = {"days", "seconds", "microseconds"};
    text_add_c(out, "datetime.timedelta(");
    bool has_any = false;
    for (int i = 0; i < 3; i++)
        if (parts[i]) {
            text_print(out, "%s%s=%lld", has_any ? ", " : "", names[i], (long long)parts[i]);
            has_any = true;
        }
    text_add_c(out, has_any ? ")" : "0)");
}

static bool timedelta_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    int64_t us = ((Timedelta *)self)->us, days = floor_div(us, DAY_US), rest = us - days * DAY_US;
    *out = str_is(name, "days")           ? value_int(days)
           : str_is(name, "seconds")      ? value_int(rest / SECOND_US)
           : str_is(name, "microseconds") ? value_int(rest % SECOND_US)
                                          : UNDEFINED;
    return true;
}

static bool timedelta_total(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "timedelta.total_seconds", 0, 0, err));
    *out = value_float((double)((Timedelta *)self)->us / (double)SECOND_US);
    return true;
}

static bool timedelta_equal(Object *self, Value other)
{
    return value_is_a(other, &timedelta_type) &&
           ((Timedelta *)other.object)->us == ((Timedelta *)self)->us;
}

static uint32_t timedelta_hash(Object *self)
{
    uint32_t hash = 0;
    value_hash(value_int(((Timedelta *)self)->us), &hash);
    return hash;
}

static bool timedelta_truth(Object *self)
{
    return ((Timedelta *)self)->us != 0;
}

/* delta op delta */
static bool two_deltas(Arena *arena, const char *op, int64_t a, int64_t b, Value *out, Err *err)
{
    int64_t sum;
    bool is_divide = op[0] == '/' || op[0] == '%';
    if (is_divide && b == 0)
        return FAIL(err, "integer division or modulo by zero");
    if (op[0] == '+' || op[0] == '-') {
        if (op[0] == '+' ? __builtin_add_overflow(a, b, &sum) : __builtin_sub_overflow(a, b, &sum))
            return out_of_range(err);
        *out = timedelta_make(arena, sum);
    } else if (strcmp(op, "//") == 0) {
        *out = value_int(floor_div(a, b));
    } else if (op[0] == '/') {
        *out = value_float((double)a / (double)b);
    } else if (op[0] == '%') {
        *out = timedelta_make(arena, a - floor_div(a, b) * b);
    } else if (op[0] == '<') {
        *out = value_bool(op[1] ? a <= b : a < b);
    } else if (op[0] == '>') {
        *out = value_bool(op[1] ? a >= b : a > b);
    }
    return true;
}

/* delta op number */
static bool delta_number(Arena *arena, const char *op, int64_t us, Value number, Value *out,
                         Err *err)
{
    bool is_floor = strcmp(op, "//") == 0;
    if (op[0] == '*' && !op[1]) {
        int64_t product;
        if (!is_whole(number))
            return timedelta_of_real(arena, (double)us * real_of(number), out, err);
        if (__builtin_mul_overflow(us, whole_of(number), &product))
            return out_of_range(err);
        *out = timedelta_make(arena, product);
        return true;
    }
    if (op[0] != '/' || (is_floor && !is_whole(number)))
        return true;
    if (real_of(number) == 0)
        return FAIL(err, "integer division or modulo by zero");
    if (is_floor) {
        *out = timedelta_make(arena, floor_div(us, whole_of(number)));
        return true;
    }
    return timedelta_of_real(arena, (double)us / real_of(number), out, err);
}

static bool timedelta_binary(Object *self, const char *op, Value other, bool is_reversed,
                             Arena *arena, Value *out, Err *err)
{
    int64_t us = ((Timedelta *)self)->us;
    if (strcmp(op, "neg") == 0 || strcmp(op, "abs") == 0 || strcmp(op, "pos") == 0) {
        bool turns = op[0] == 'n' || (op[0] == 'a' && us < 0);
        *out = timedelta_make(arena, turns ? -us : us);
        return true;
    }
    if (value_is_a(other, &timedelta_type)) {
        int64_t second = ((Timedelta *)other.object)->us;
        return two_deltas(arena, op, is_reversed ? second : us, is_reversed ? us : second, out,
                          err);
    }
    if (is_real_number(other) && (!is_reversed || op[0] == '*'))
        return delta_number(arena, op, us, other, out, err);
    return true;
}

static const Method timedelta_methods[] = {{"total_seconds", timedelta_total}, {0}};

const ObjectType timedelta_type = {
    .name = "datetime.timedelta", .methods = timedelta_methods, .get = timedelta_get,
    .print = timedelta_print, .repr = timedelta_repr, .truth = timedelta_truth,
    .equal = timedelta_equal, .hash = timedelta_hash, .binary = timedelta_binary,
};

static bool timedelta_constant(Arena *arena, Str name, Value *out)
{
    if (!str_is(name, "resolution"))
        return false;
    *out = timedelta_make(arena, 1);
    return true;
}

Class timedelta_class = {.base = {&class_type}, .shown = "<class 'datetime.timedelta'>",
                         .make = timedelta_new, .constant = timedelta_constant};

/* ---- time ---- */

Value time_make(Arena *arena, int64_t us, Tz *tz)
{
    Time *time = NEW(arena, Time);
    *time = (Time){.base = {&time_type}, .us = us, .tz = tz};
    return value_of_object(&time->base);
}

Value jinja_time(Arena *arena, int64_t us_of_day)
{
    return time_make(arena, us_of_day, NULL);
}

bool clock_checked(const int64_t parts[4], int64_t *out, Err *err)
{
    static const char *const names[] = {"hour", "minute", "second", "microsecond"};
    static const int64_t limits[] = {23, 59, 59, 999999};
    for (int i = 0; i < 4; i++)
        if (parts[i] < 0 || parts[i] > limits[i])
            return FAIL(err, "%s must be in 0..%lld", names[i], (long long)limits[i]);
    *out = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * SECOND_US + parts[3];
    return true;
}

static bool time_from(Call *call, const Time *before, const char *name, Value *out, Err *err)
{
    static const char *const names[] = {"hour", "minute", "second", "microsecond", "tzinfo",
                                        "fold"};
    int64_t us = before ? before->us : 0;
    Value slots[] = {value_int(us / (3600 * SECOND_US)), value_int(us / (60 * SECOND_US) % 60),
                     value_int(us / SECOND_US % 60), value_int(us % SECOND_US),
                     before ? tz_value(before->tz) : NONE, value_int(0)};
    TRY(call_bind(call, name, names, 6, 0, slots, err));
    int64_t parts[4];
    for (int i = 0; i < 4; i++)
        TRY(index_of(slots[i], &parts[i], err));
    Tz *tz;
    TRY(tz_argument(slots[4], &tz, err));
    TRY(clock_checked(parts, &us, err));
    *out = time_make(call->arena, us, tz);
    return true;
}

static bool time_new(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return time_from(call, NULL, "time", out, err);
}

static bool time_replace(Object *self, Call *call, Value *out, Err *err)
{
    return time_from(call, (Time *)self, "replace", out, err);
}

static bool time_isoformat(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"timespec"};
    Value timespec = value_lit("auto");
    TRY(call_bind(call, "isoformat", names, 1, 0, &timespec, err));
    AUTO(text) Text text = {0};
    const Time *time = (Time *)self;
    TRY(clock_format(&text, time->us, value_str(timespec), err));
    if (time->tz)
        offset_format(&text, time->tz->offset_us, true);
    *out = text_value(call->arena, &text);
    return true;
}

static bool time_utcoffset(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "utcoffset", 0, 0, err));
    const Time *time = (Time *)self;
    *out = time->tz ? timedelta_make(call->arena, time->tz->offset_us) : NONE;
    return true;
}

static bool time_fromisoformat(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "time.fromisoformat", 1, 1, err));
    Str text;
    TRY(text_argument(call->args[0], "fromisoformat: argument", &text, err));
    int64_t us;
    Tz *tz;
    TRY(iso_parse_time(call->arena, text, &us, &tz, err));
    *out = time_make(call->arena, us, tz);
    return true;
}

static bool time_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const Time *time = (Time *)self;
    *out = str_is(name, "hour")          ? value_int(time->us / (3600 * SECOND_US))
           : str_is(name, "minute")      ? value_int(time->us / (60 * SECOND_US) % 60)
           : str_is(name, "second")      ? value_int(time->us / SECOND_US % 60)
           : str_is(name, "microsecond") ? value_int(time->us % SECOND_US)
           : str_is(name, "tzinfo")      ? tz_value(time->tz)
           : str_is(name, "fold")        ? value_int(time->fold)
                                         : UNDEFINED;
    return true;
}

static void time_print(Object *self, Text *out)
{
    const Time *time = (Time *)self;
    Err ignored = {0};
    if (!clock_format(out, time->us, STR("auto"), &ignored))
        err_drop(&ignored);
    if (time->tz)
        offset_format(out, time->tz->offset_us, true);
}

static void time_repr(Object *self, Text *out)
{
    const Time *time = (Time *)self;
    int64_t seconds = time->us / SECOND_US, us = time->us % SECOND_US;
    text_print(out, "datetime.time(%lld, %lld", (long long)(seconds / 3600),
               (long long)(seconds / 60 % 60));
    if (seconds % 60 || us)
        text_print(out, ", %lld", (long long)(seconds % 60));
    if (us)
        text_print(out, ", %lld", (long long)us);
    if (time->tz) {
        text_add_c(out, ", tzinfo=");
        value_repr(tz_value(time->tz), out);
    }
    text_add_char(out, ')');
}

static bool time_equal(Object *self, Value other)
{
    if (!value_is_a(other, &time_type))
        return false;
    const Time *a = (Time *)self, *b = (Time *)other.object;
    if (!a->tz != !b->tz)
        return false;
    return a->us - (a->tz ? a->tz->offset_us : 0) == b->us - (b->tz ? b->tz->offset_us : 0);
}

static uint32_t time_hash(Object *self)
{
    const Time *time = (Time *)self;
    uint32_t hash = 0;
    value_hash(value_int(time->us - (time->tz ? time->tz->offset_us : 0)), &hash);
    return hash;
}

static bool time_binary(Object *self, const char *op, Value other, bool is_reversed, Arena *arena,
                        Value *out, Err *err)
{
    (void)arena;
    if (!value_is_a(other, &time_type) || (op[0] != '<' && op[0] != '>'))
        return true;
    const Time *a = (Time *)self, *b = (Time *)other.object;
    if (!a->tz != !b->tz)
        return FAIL(err, "can't compare offset-naive and offset-aware times");
    int64_t x = a->us - (a->tz ? a->tz->offset_us : 0);
    int64_t y = b->us - (b->tz ? b->tz->offset_us : 0);
    int order = x < y ? -1 : x > y;
    order = is_reversed ? -order : order;
    *out = value_bool((op[0] == '<' ? order < 0 : order > 0) || (op[1] == '=' && order == 0));
    return true;
}

static const Method time_methods[] = {
    {"isoformat", time_isoformat}, {"replace", time_replace},
    {"strftime", temporal_strftime}, {"utcoffset", time_utcoffset}, {0},
};
static const Method time_class_methods[] = {{"fromisoformat", time_fromisoformat}, {0}};

const ObjectType time_type = {
    .name = "datetime.time", .methods = time_methods, .get = time_get, .print = time_print,
    .repr = time_repr, .equal = time_equal, .hash = time_hash, .binary = time_binary,
};

static bool time_constant(Arena *arena, Str name, Value *out)
{
    if (!str_is(name, "min") && !str_is(name, "max"))
        return false;
    *out = time_make(arena, str_is(name, "min") ? 0 : DAY_US - 1, NULL);
    return true;
}

Class time_class = {.base = {&class_type}, .shown = "<class 'datetime.time'>", .make = time_new,
                    .methods = time_class_methods, .constant = time_constant};
