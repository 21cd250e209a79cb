/* py_zone.c: datetime.timezone, and what all tzinfo objects share. The zones of pytz themselves
 * stand in py_pytz.c. */
#include "jinja/py_datetime.h"

Value tz_value(Tz *tz)
{
    return tz ? value_of_object(&tz->base) : NONE;
}

bool tz_argument(Value v, Tz **out, Err *err)
{
    *out = NULL;
    if (v.kind == VALUE_NONE)
        return true;
    if (v.kind == VALUE_UNDEFINED)
        return undefined_fail(v, err);
    if (!value_is_a(v, &timezone_type) && !value_is_a(v, &pytz_type))
        return FAIL(err, "tzinfo argument must be None or of a tzinfo subclass, not type '%s'",
                    value_type_name(v));
    *out = (Tz *)v.object;
    return true;
}

void offset_format(Text *out, int64_t offset_us, bool has_colon)
{
    int64_t size = offset_us < 0 ? -offset_us : offset_us, seconds = size / SECOND_US;
    text_print(out, "%c%02lld%s%02lld", offset_us < 0 ? '-' : '+', (long long)(seconds / 3600),
               has_colon ? ":" : "", (long long)(seconds / 60 % 60));
    if (seconds % 60 || size % SECOND_US)
        text_print(out, "%s%02lld", has_colon ? ":" : "", (long long)(seconds % 60));
    if (size % SECOND_US)
        text_print(out, ".%06lld", (long long)(size % SECOND_US));
}

Tz *tz_fixed(Arena *arena, int64_t offset_us)
{
    Tz *tz = NEW(arena, Tz);
    AUTO(text) Text name = {0};
    text_add_c(&name, "UTC");
    if (offset_us)
        offset_format(&name, offset_us, true);
    *tz = (Tz){.base = {&timezone_type}, .offset_us = offset_us,
               .name = text_copy(arena, &name)};
    return tz;
}

int64_t local_offset_us(int64_t utc_us)
{
    return us_of_civil(civil_local(utc_us)) - utc_us;
}

int64_t local_to_utc(int64_t local_us)
{
    int64_t utc_us = local_us - local_offset_us(local_us);
    return local_us - local_offset_us(utc_us);
}

/* ---- methods: of an offset they do not look at their argument ---- */

static bool tz_utcoffset(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "utcoffset", 1, 1, err));
    *out = timedelta_make(call->arena, ((Tz *)self)->offset_us);
    return true;
}

static bool tz_dst(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "dst", 1, 1, err));
    const Tz *tz = (Tz *)self;
    *out = tz->is_pytz ? timedelta_make(call->arena, tz->dst_us) : NONE;
    return true;
}

static bool tz_tzname(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "tzname", 1, 1, err));
    *out = value_text(((Tz *)self)->name);
    return true;
}

static void timezone_print(Object *self, Text *out)
{
    text_add(out, ((Tz *)self)->name);
}

static void timezone_repr(Object *self, Text *out)
{
    const Tz *tz = (Tz *)self;
    text_add_c(out, "datetime.timezone");
    if (!tz->offset_us && str_is(tz->name, "UTC")) {
        text_add_c(out, ".utc");
        return;
    }
    Arena scratch = {0};
    text_add_char(out, '(');
    value_repr(timedelta_make(&scratch, tz->offset_us), out);
    text_add_char(out, ')');
    arena_drop(&scratch);
}

static bool timezone_equal(Object *self, Value other)
{
    return value_is_a(other, &timezone_type) &&
           ((Tz *)other.object)->offset_us == ((Tz *)self)->offset_us;
}

static uint32_t timezone_hash(Object *self)
{
    uint32_t hash = 0;
    value_hash(value_int(((Tz *)self)->offset_us), &hash);
    return hash;
}

static const Method timezone_methods[] = {
    {"dst", tz_dst}, {"tzname", tz_tzname}, {"utcoffset", tz_utcoffset}, {0}};

const ObjectType timezone_type = {
    .name = "datetime.timezone", .methods = timezone_methods, .print = timezone_print,
    .repr = timezone_repr, .equal = timezone_equal, .hash = timezone_hash,
};

static bool timezone_new(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"offset", "name"};
    Value slots[] = {UNDEFINED, NONE};
    TRY(call_bind(call, "timezone", names, 2, 1, slots, err));
    if (!value_is_a(slots[0], &timedelta_type))
        return FAIL(err, "timezone() argument 1 must be datetime.timedelta, not %s",
                    value_type_name(slots[0]));
    int64_t offset = ((Timedelta *)slots[0].object)->us;
    if (offset <= -DAY_US || offset >= DAY_US)
        return FAIL(err, "offset must be a timedelta strictly between -timedelta(hours=24) and "
                         "timedelta(hours=24).");
    Tz *tz = tz_fixed(call->arena, offset);
    if (slots[1].kind == VALUE_TEXT)
        tz->name = value_str(slots[1]);
    *out = tz_value(tz);
    return true;
}

static bool timezone_constant(Arena *arena, Str name, Value *out)
{
    if (!str_is(name, "utc"))
        return false;
    *out = tz_value(tz_fixed(arena, 0));
    return true;
}

Class timezone_class = {.base = {&class_type}, .shown = "<class 'datetime.timezone'>",
                        .make = timezone_new, .constant = timezone_constant};
