/* py_datetime.c: datetime.datetime. */
#include <math.h>

#include "jinja/py_datetime.h"

Value datetime_make(Arena *arena, int64_t local_us, Tz *tz)
{
    DateTime *when = NEW(arena, DateTime);
    *when = (DateTime){.base = {&datetime_type}, .local_us = local_us, .tz = tz};
    return value_of_object(&when->base);
}

Value jinja_datetime(Arena *arena, int64_t at_us, bool is_aware)
{
    return datetime_make(arena, at_us, is_aware ? tz_utc() : NULL);
}

bool datetime_make_checked(Arena *arena, int64_t local_us, Tz *tz, Value *out, Err *err)
{
    if (local_us < days_of_civil(1, 1, 1) * DAY_US ||
        local_us >= days_of_civil(10000, 1, 1) * DAY_US)
        return FAIL(err, "date value out of range");
    *out = datetime_make(arena, local_us, tz);
    return true;
}

bool value_is_temporal(Value v)
{
    return value_is_a(v, &datetime_type) || value_is_a(v, &date_type) ||
           value_is_a(v, &time_type);
}

bool temporal_format(Arena *arena, Value v, Str format, Value *out, Err *err)
{
    (void)err;
    Moment moment = {0};
    if (value_is_a(v, &datetime_type))
        moment = (Moment){((DateTime *)v.object)->local_us, ((DateTime *)v.object)->tz};
    else if (value_is_a(v, &date_type))
        moment = (Moment){((Date *)v.object)->days * DAY_US, NULL};
    else
        moment = (Moment){days_of_civil(1900, 1, 1) * DAY_US + ((Time *)v.object)->us,
                          ((Time *)v.object)->tz};
    *out = value_text(moment_format(arena, moment, format));
    return true;
}

bool temporal_strftime(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "strftime", 1, 1, err));
    Str format;
    TRY(text_argument(call->args[0], "strftime() argument 1", &format, err));
    return temporal_format(call->arena, value_of_object(self), format, out, err);
}

static int64_t days_of(const DateTime *when)
{
    return when->local_us / DAY_US - (when->local_us % DAY_US < 0);
}

static int64_t clock_of(const DateTime *when)
{
    return when->local_us - days_of(when) * DAY_US;
}

static int64_t utc_of(const DateTime *when)
{
    return when->local_us - (when->tz ? when->tz->offset_us : 0);
}

/* ---- making ---- */

static bool datetime_from(Call *call, const DateTime *before, const char *name, Value *out,
                          Err *err)
{
    static const char *const names[] = {"year",   "month",       "day",    "hour", "minute",
                                        "second", "microsecond", "tzinfo", "fold"};
    Value slots[] = {UNDEFINED, UNDEFINED, UNDEFINED, value_int(0), value_int(0),
                     value_int(0), value_int(0), NONE, value_int(0)};
    if (before) {
        Civil civil = civil_of_us(before->local_us);
        slots[0] = value_int(civil.year), slots[1] = value_int(civil.month);
        slots[2] = value_int(civil.day), slots[3] = value_int(civil.hour);
        slots[4] = value_int(civil.minute), slots[5] = value_int(civil.second);
        slots[6] = value_int(civil.microsecond), slots[7] = tz_value(before->tz);
    }
    TRY(call_bind(call, name, names, 9, before ? 0 : 3, slots, err));
    int64_t parts[7], days = 0, us = 0;
    for (int i = 0; i < 7; i++)
        TRY(index_of(slots[i], &parts[i], err));
    Tz *tz;
    TRY(tz_argument(slots[7], &tz, err));
    TRY(days_checked(parts[0], parts[1], parts[2], &days, err));
    TRY(clock_checked(parts + 3, &us, err));
    *out = datetime_make(call->arena, days * DAY_US + us, tz);
    ((DateTime *)out->object)->fold = value_truth(slots[8]);
    return true;
}

static bool datetime_new(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return datetime_from(call, NULL, "datetime", out, err);
}

static bool datetime_replace(Object *self, Call *call, Value *out, Err *err)
{
    return datetime_from(call, (DateTime *)self, "replace", out, err);
}

/* An instant on the clock of a zone; NULL: local time without zone. */
static bool datetime_at(Arena *arena, int64_t utc_us, Tz *tz, Value *out, Err *err)
{
    if (!tz)
        return datetime_make_checked(arena, utc_us + local_offset_us(utc_us), NULL, out, err);
    tz = tz_at(arena, tz, utc_us);
    return datetime_make_checked(arena, utc_us + tz->offset_us, tz, out, err);
}

/* ---- parts ---- */

static bool datetime_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    const DateTime *when = (DateTime *)self;
    Civil civil = civil_of_us(when->local_us);
    *out = str_is(name, "year")          ? value_int(civil.year)
           : str_is(name, "month")       ? value_int(civil.month)
           : str_is(name, "day")         ? value_int(civil.day)
           : str_is(name, "hour")        ? value_int(civil.hour)
           : str_is(name, "minute")      ? value_int(civil.minute)
           : str_is(name, "second")      ? value_int(civil.second)
           : str_is(name, "microsecond") ? value_int(civil.microsecond)
           : str_is(name, "tzinfo")      ? tz_value(when->tz)
           : str_is(name, "fold")        ? value_int(when->fold)
                                         : UNDEFINED;
    return true;
}

static bool datetime_date(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "datetime.date", 0, 0, err));
    *out = date_make(call->arena, days_of((DateTime *)self));
    return true;
}

static bool datetime_time(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "datetime.time", 0, 0, err));
    *out = time_make(call->arena, clock_of((DateTime *)self), NULL);
    return true;
}

static bool datetime_timetz(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "datetime.timetz", 0, 0, err));
    *out = time_make(call->arena, clock_of((DateTime *)self), ((DateTime *)self)->tz);
    return true;
}

/* Methods that a datetime shares with its date. */
static bool by_date(Object *self, Call *call, const char *name, Value *out, Err *err)
{
    Value date = date_make(call->arena, days_of((DateTime *)self));
    return object_method(&date_type, str_of(name))->call(date.object, call, out, err);
}

#define DATE_METHOD(name)                                                                \
    static bool datetime_##name(Object *self, Call *call, Value *out, Err *err)          \
    {                                                                                    \
        return by_date(self, call, #name, out, err);                                     \
    }
DATE_METHOD(weekday)
DATE_METHOD(isoweekday)
DATE_METHOD(toordinal)
DATE_METHOD(isocalendar)

/* ---- zones ---- */

static bool datetime_astimezone(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"tz"};
    Value slot = NONE;
    TRY(call_bind(call, "astimezone", names, 1, 0, &slot, err));
    const DateTime *when = (DateTime *)self;
    Tz *tz;
    TRY(tz_argument(slot, &tz, err));
    int64_t utc_us = when->tz ? utc_of(when) : local_to_utc(when->local_us);
    if (!tz)
        tz = tz_fixed(call->arena, local_offset_us(utc_us));
    return datetime_at(call->arena, utc_us, tz, out, err);
}

static bool datetime_utcoffset(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "datetime.utcoffset", 0, 0, err));
    const Tz *tz = ((DateTime *)self)->tz;
    *out = tz ? timedelta_make(call->arena, tz->offset_us) : NONE;
    return true;
}

static bool datetime_dst(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "datetime.dst", 0, 0, err));
    const Tz *tz = ((DateTime *)self)->tz;
    *out = tz && tz->is_pytz ? timedelta_make(call->arena, tz->dst_us) : NONE;
    return true;
}

static bool datetime_tzname(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "datetime.tzname", 0, 0, err));
    const Tz *tz = ((DateTime *)self)->tz;
    *out = tz ? value_text(tz->name) : NONE;
    return true;
}

static bool datetime_timestamp(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "datetime.timestamp", 0, 0, err));
    const DateTime *when = (DateTime *)self;
    int64_t utc_us = when->tz ? utc_of(when) : local_to_utc(when->local_us);
    *out = value_float((double)utc_us / 1e6);
    return true;
}

/* ---- printing ---- */

static bool add_iso(const DateTime *when, Str separator, Str timespec, Text *out, Err *err)
{
    int64_t year;
    unsigned month, day;
    civil_of_days(days_of(when), &year, &month, &day);
    text_print(out, "%04lld-%02u-%02u", (long long)year, month, day);
    text_add(out, separator);
    TRY(clock_format(out, clock_of(when), timespec, err));
    if (when->tz)
        offset_format(out, when->tz->offset_us, true);
    return true;
}

bool jinja_datetime_read(Arena *arena, Value v, int64_t *clock_us, Str *iso)
{
    Err ignored = {0};
    AUTO(text) Text text = {0};
    bool ok = v.kind != VALUE_TEXT || iso_parse_datetime(arena, value_str(v), &v, &ignored);
    ok = ok && value_is_a(v, &datetime_type) &&
         add_iso((DateTime *)v.object, STR("T"), STR("auto"), &text, &ignored);
    err_drop(&ignored);
    if (!ok)
        return false;
    *clock_us = ((DateTime *)v.object)->local_us;
    if (iso)
        *iso = text_copy(arena, &text);
    return true;
}

bool jinja_datetime_instant(Value v, int64_t *at_us)
{
    if (!value_is_a(v, &datetime_type))
        return false;
    const DateTime *when = (DateTime *)v.object;
    *at_us = when->local_us - (when->tz ? when->tz->offset_us : 0);
    return true;
}

static bool datetime_isoformat(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"sep", "timespec"};
    Value slots[] = {value_lit("T"), value_lit("auto")};
    TRY(call_bind(call, "isoformat", names, 2, 0, slots, err));
    if (slots[0].kind != VALUE_TEXT || utf8_length(value_str(slots[0])) != 1)
        return FAIL(err, "isoformat() argument 1 must be a unicode character, not %s",
                    value_type_name(slots[0]));
    AUTO(text) Text text = {0};
    TRY(add_iso((DateTime *)self, value_str(slots[0]), value_str(slots[1]), &text, err));
    *out = text_value(call->arena, &text);
    return true;
}

static void datetime_print(Object *self, Text *out)
{
    Err ignored = {0};
    if (!add_iso((DateTime *)self, STR(" "), STR("auto"), out, &ignored))
        err_drop(&ignored);
}

static void datetime_repr(Object *self, Text *out)
{
    const DateTime *when = (DateTime *)self;
    Civil civil = civil_of_us(when->local_us);
    text_print(out, "datetime.datetime(%lld, %u, %u, %u, %u", (long long)civil.year, civil.month,
               civil.day, civil.hour, civil.minute);
    if (civil.second || civil.microsecond)
        text_print(out, ", %u", civil.second);
    if (civil.microsecond)
        text_print(out, ", %u", civil.microsecond);
    if (when->fold)
        text_add_c(out, ", fold=1");
    if (when->tz) {
        text_add_c(out, ", tzinfo=");
        value_repr(tz_value(when->tz), out);
    }
    text_add_char(out, ')');
}

static bool datetime_ctime(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "datetime.ctime", 0, 0, err));
    return temporal_format(call->arena, value_of_object(self), STR("%a %b %e %H:%M:%S %Y"), out,
                           err);
}

/* ---- order and arithmetic ---- */

static bool datetime_equal(Object *self, Value other)
{
    if (!value_is_a(other, &datetime_type))
        return false;
    const DateTime *a = (DateTime *)self, *b = (DateTime *)other.object;
    return !a->tz == !b->tz && utc_of(a) == utc_of(b);
}

static uint32_t datetime_hash(Object *self)
{
    uint32_t hash = 0;
    value_hash(value_int(utc_of((DateTime *)self)), &hash);
    return hash;
}

static bool datetime_binary(Object *self, const char *op, Value other, bool is_reversed,
                            Arena *arena, Value *out, Err *err)
{
    const DateTime *when = (DateTime *)self;
    bool is_sum = strcmp(op, "+") == 0, is_difference = strcmp(op, "-") == 0;
    bool is_order = op[0] == '<' || op[0] == '>';
    if (value_is_a(other, &timedelta_type) && (is_sum || (is_difference && !is_reversed))) {
        int64_t by = ((Timedelta *)other.object)->us, sum;
        if (is_sum ? __builtin_add_overflow(when->local_us, by, &sum)
                   : __builtin_sub_overflow(when->local_us, by, &sum))
            return FAIL(err, "date value out of range");
        return datetime_make_checked(arena, sum, when->tz, out, err);
    }
    if (value_is_a(other, &date_type) && is_order)
        return FAIL(err, "can't compare datetime.datetime to datetime.date");
    if (!value_is_a(other, &datetime_type) || !(is_difference || is_order))
        return true;
    const DateTime *second = (DateTime *)other.object;
    if (!when->tz != !second->tz)
        return FAIL(err, is_order ? "can't compare offset-naive and offset-aware datetimes"
                                  : "can't subtract offset-naive and offset-aware datetimes");
    /* within one zone object Python takes the clocks as they stand */
    bool is_same_zone = when->tz == second->tz;
    int64_t a = is_same_zone ? when->local_us : utc_of(when);
    int64_t b = is_same_zone ? second->local_us : utc_of(second);
    if (is_difference) {
        *out = timedelta_make(arena, is_reversed ? b - a : a - b);
        return true;
    }
    int order = a < b ? -1 : a > b;
    order = is_reversed ? -order : order;
    *out = value_bool((op[0] == '<' ? order < 0 : order > 0) || (op[1] == '=' && !order));
    return true;
}

static const Method datetime_methods[] = {
    {"astimezone", datetime_astimezone},
    {"ctime", datetime_ctime},
    {"date", datetime_date},
    {"dst", datetime_dst},
    {"isocalendar", datetime_isocalendar},
    {"isoformat", datetime_isoformat},
    {"isoweekday", datetime_isoweekday},
    {"replace", datetime_replace},
    {"strftime", temporal_strftime},
    {"time", datetime_time},
    {"timestamp", datetime_timestamp},
    {"timetz", datetime_timetz},
    {"toordinal", datetime_toordinal},
    {"tzname", datetime_tzname},
    {"utcoffset", datetime_utcoffset},
    {"weekday", datetime_weekday},
    {0},
};

const ObjectType datetime_type = {
    .name = "datetime.datetime", .methods = datetime_methods, .get = datetime_get,
    .print = datetime_print, .repr = datetime_repr, .equal = datetime_equal,
    .hash = datetime_hash, .binary = datetime_binary,
};

/* ---- the class ---- */

static bool datetime_now(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"tz"};
    Value slot = NONE;
    Tz *tz;
    TRY(call_bind(call, "now", names, 1, 0, &slot, err));
    TRY(tz_argument(slot, &tz, err));
    return datetime_at(call->arena, clock_now_us(), tz, out, err);
}

static bool datetime_today(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "datetime.today", 0, 0, err));
    return datetime_at(call->arena, clock_now_us(), NULL, out, err);
}

static bool datetime_utcnow(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "datetime.utcnow", 0, 0, err));
    *out = datetime_make(call->arena, clock_now_us(), NULL);
    return true;
}

static bool timestamp_us(Value v, int64_t *out, Err *err)
{
    double seconds;
    TRY(number_real(v, &seconds, err));
    if (!(seconds > -6.3e10 && seconds < 2.6e11))
        return FAIL(err, "year is out of range");
    double whole = floor(seconds);
    *out = (int64_t)whole * SECOND_US + (int64_t)rint((seconds - whole) * 1e6);
    return true;
}

static bool datetime_fromtimestamp(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"timestamp", "tz"};
    Value slots[] = {UNDEFINED, NONE};
    int64_t us = 0;
    Tz *tz;
    TRY(call_bind(call, "fromtimestamp", names, 2, 1, slots, err));
    TRY(timestamp_us(slots[0], &us, err));
    TRY(tz_argument(slots[1], &tz, err));
    return datetime_at(call->arena, us, tz, out, err);
}

static bool datetime_utcfromtimestamp(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "datetime.utcfromtimestamp", 1, 1, err));
    int64_t us = 0;
    TRY(timestamp_us(call->args[0], &us, err));
    return datetime_make_checked(call->arena, us, NULL, out, err);
}

static bool datetime_combine(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"date", "time", "tzinfo"};
    Value slots[] = {UNDEFINED, UNDEFINED, UNDEFINED};
    TRY(call_bind(call, "combine", names, 3, 2, slots, err));
    int64_t days;
    if (value_is_a(slots[0], &date_type))
        days = ((Date *)slots[0].object)->days;
    else if (value_is_a(slots[0], &datetime_type))
        days = days_of((DateTime *)slots[0].object);
    else
        return FAIL(err, "combine() argument 1 must be datetime.date, not %s",
                    value_type_name(slots[0]));
    if (!value_is_a(slots[1], &time_type))
        return FAIL(err, "combine() argument 2 must be datetime.time, not %s",
                    value_type_name(slots[1]));
    const Time *time = (Time *)slots[1].object;
    Tz *tz = time->tz;
    if (slots[2].kind != VALUE_UNDEFINED)
        TRY(tz_argument(slots[2], &tz, err));
    *out = datetime_make(call->arena, days * DAY_US + time->us, tz);
    return true;
}

static bool datetime_strptime(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "strptime", 2, 2, err));
    Str text, format;
    TRY(text_argument(call->args[0], "strptime() argument 1", &text, err));
    TRY(text_argument(call->args[1], "strptime() argument 2", &format, err));
    return moment_parse(call->arena, text, format, out, err);
}

static bool datetime_fromisoformat(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "datetime.fromisoformat", 1, 1, err));
    Str text;
    TRY(text_argument(call->args[0], "fromisoformat: argument", &text, err));
    return iso_parse_datetime(call->arena, text, out, err);
}

static bool datetime_fromdate(Object *self, Call *call, Value *out, Err *err, const char *name)
{
    (void)self;
    Value date;
    Class *class = &date_class;
    for (const Method *method = class->methods; method->name; method++)
        if (strcmp(method->name, name) == 0) {
            TRY(method->call(&class->base, call, &date, err));
            *out = datetime_make(call->arena, ((Date *)date.object)->days * DAY_US, NULL);
            return true;
        }
    return false;
}

static bool datetime_fromordinal(Object *self, Call *call, Value *out, Err *err)
{
    return datetime_fromdate(self, call, out, err, "fromordinal");
}

static bool datetime_fromisocalendar(Object *self, Call *call, Value *out, Err *err)
{
    return datetime_fromdate(self, call, out, err, "fromisocalendar");
}

static bool datetime_constant(Arena *arena, Str name, Value *out)
{
    if (str_is(name, "min"))
        *out = datetime_make(arena, days_of_civil(1, 1, 1) * DAY_US, NULL);
    else if (str_is(name, "max"))
        *out = datetime_make(arena, days_of_civil(10000, 1, 1) * DAY_US - 1, NULL);
    else if (str_is(name, "resolution"))
        *out = timedelta_make(arena, 1);
    else
        return false;
    return true;
}

static const Method datetime_class_methods[] = {
    {"combine", datetime_combine},
    {"fromisocalendar", datetime_fromisocalendar},
    {"fromisoformat", datetime_fromisoformat},
    {"fromordinal", datetime_fromordinal},
    {"fromtimestamp", datetime_fromtimestamp},
    {"now", datetime_now},
    {"strptime", datetime_strptime},
    {"today", datetime_today},
    {"utcfromtimestamp", datetime_utcfromtimestamp},
    {"utcnow", datetime_utcnow},
    {0},
};

Class datetime_class = {.base = {&class_type}, .shown = "<class 'datetime.datetime'>",
                        .make = datetime_new, .methods = datetime_class_methods,
                        .constant = datetime_constant};
