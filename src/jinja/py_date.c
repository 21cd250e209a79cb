/* py_date.c: datetime.date, and the module `datetime`. */
#include "jinja/py_datetime.h"

Value date_make(Arena *arena, int64_t days)
{
    Date *date = NEW(arena, Date);
    *date = (Date){{&date_type}, days};
    return value_of_object(&date->base);
}

Value jinja_date(Arena *arena, int64_t days)
{
    return date_make(arena, days);
}

int64_t weekday_of(int64_t days)
{
    return ((days + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
}

void iso_week_of(int64_t days, int64_t *year, int *week, int *weekday)
{
    unsigned month, day;
    int64_t thursday = days - weekday_of(days) + 3; /* its year is the week's */
    civil_of_days(thursday, year, &month, &day);
    *week = (int)((thursday - days_of_civil(*year, 1, 1)) / 7) + 1;
    *weekday = (int)weekday_of(days) + 1;
}

bool days_checked(int64_t year, int64_t month, int64_t day, int64_t *out, Err *err)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999)
        return FAIL(err, "year %lld is out of range", (long long)year);
    if (month < 1 || month > 12)
        return FAIL(err, "month must be in 1..12");
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int length = lengths[month - 1] + (month == 2 && is_leap);
    if (day < 1 || day > length)
        return FAIL(err, "day is out of range for month");
    *out = days_of_civil(year, (unsigned)month, (unsigned)day);
    return true;
}

static bool date_checked(Arena *arena, int64_t days, Value *out, Err *err)
{
    if (days < days_of_civil(1, 1, 1) || days > days_of_civil(9999, 12, 31))
        return FAIL(err, "date value out of range");
    *out = date_make(arena, days);
    return true;
}

static bool date_from(Call *call, const Date *before, const char *name, Value *out, Err *err)
{
    static const char *const names[] = {"year", "month", "day"};
    Value slots[3] = {UNDEFINED, UNDEFINED, UNDEFINED};
    if (before) {
        int64_t year;
        unsigned month, day;
        civil_of_days(before->days, &year, &month, &day);
        slots[0] = value_int(year), slots[1] = value_int(month), slots[2] = value_int(day);
    }
    TRY(call_bind(call, name, names, 3, before ? 0 : 3, slots, err));
    int64_t parts[3], days;
    for (int i = 0; i < 3; i++)
        TRY(index_of(slots[i], &parts[i], err));
    TRY(days_checked(parts[0], parts[1], parts[2], &days, err));
    *out = date_make(call->arena, days);
    return true;
}

static bool date_new(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return date_from(call, NULL, "date", out, err);
}

static bool date_replace(Object *self, Call *call, Value *out, Err *err)
{
    return date_from(call, (Date *)self, "replace", out, err);
}

/* ---- methods ---- */

static bool date_isoformat(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "isoformat", 0, 0, err));
    *out = value_to_text(call->arena, value_of_object(self));
    return true;
}

static bool date_weekday(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "weekday", 0, 0, err));
    *out = value_int(weekday_of(((Date *)self)->days));
    return true;
}

static bool date_isoweekday(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "isoweekday", 0, 0, err));
    *out = value_int(weekday_of(((Date *)self)->days) + 1);
    return true;
}

static bool date_toordinal(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "toordinal", 0, 0, err));
    *out = value_int(((Date *)self)->days - days_of_civil(1, 1, 1) + 1);
    return true;
}

static bool date_isocalendar(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "isocalendar", 0, 0, err));
    int64_t year;
    int week, weekday;
    iso_week_of(((Date *)self)->days, &year, &week, &weekday);
    Array *parts = array_make(call->arena, 3);
    array_add(parts, value_int(year));
    array_add(parts, value_int(week));
    array_add(parts, value_int(weekday));
    *out = value_of_tuple(parts);
    return true;
}

static bool date_ctime(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "ctime", 0, 0, err));
    Moment moment = {((Date *)self)->days * DAY_US, NULL};
    *out = value_text(moment_format(call->arena, moment, STR("%a %b %e %H:%M:%S %Y")));
    return true;
}

static bool date_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    int64_t year;
    unsigned month, day;
    civil_of_days(((Date *)self)->days, &year, &month, &day);
    *out = str_is(name, "year")    ? value_int(year)
           : str_is(name, "month") ? value_int(month)
           : str_is(name, "day")   ? value_int(day)
                                   : UNDEFINED;
    return true;
}

static void date_print(Object *self, Text *out)
{
    int64_t year;
    unsigned month, day;
    civil_of_days(((Date *)self)->days, &year, &month, &day);
    text_print(out, "%04lld-%02u-%02u", (long long)year, month, day);
}

static void date_repr(Object *self, Text *out)
{
    int64_t year;
    unsigned month, day;
    civil_of_days(((Date *)self)->days, &year, &month, &day);
    text_print(out, "datetime.date(%lld, %u, %u)", (long long)year, month, day);
}

static bool date_equal(Object *self, Value other)
{
    return value_is_a(other, &date_type) && ((Date *)other.object)->days == ((Date *)self)->days;
}

static uint32_t date_hash(Object *self)
{
    uint32_t hash = 0;
    value_hash(value_int(((Date *)self)->days), &hash);
    return hash;
}

static bool date_binary(Object *self, const char *op, Value other, bool is_reversed, Arena *arena,
                        Value *out, Err *err)
{
    int64_t days = ((Date *)self)->days;
    bool is_sum = strcmp(op, "+") == 0, is_difference = strcmp(op, "-") == 0;
    if (value_is_a(other, &timedelta_type)) {
        int64_t us = ((Timedelta *)other.object)->us;
        int64_t by = us / DAY_US - (us % DAY_US < 0); /* its .days: whole days, downwards */
        if (is_sum || (is_difference && !is_reversed))
            return date_checked(arena, is_sum ? days + by : days - by, out, err);
        return true;
    }
    if (value_is_a(other, &datetime_type) && (op[0] == '<' || op[0] == '>'))
        return FAIL(err, "can't compare datetime.datetime to datetime.date");
    if (!value_is_a(other, &date_type))
        return true;
    int64_t second = ((Date *)other.object)->days;
    if (is_difference) {
        *out = timedelta_make(arena, (is_reversed ? second - days : days - second) * DAY_US);
    } else if (op[0] == '<' || op[0] == '>') {
        int order = days < second ? -1 : days > second;
        order = is_reversed ? -order : order;
        *out = value_bool((op[0] == '<' ? order < 0 : order > 0) || (op[1] == '=' && !order));
    }
    return true;
}

static const Method date_methods[] = {
    {"ctime", date_ctime},         {"isocalendar", date_isocalendar},
    {"isoformat", date_isoformat}, {"isoweekday", date_isoweekday},
    {"replace", date_replace},     {"strftime", temporal_strftime},
    {"toordinal", date_toordinal}, {"weekday", date_weekday},
    {0},
};

const ObjectType date_type = {
    .name = "datetime.date", .methods = date_methods, .get = date_get, .print = date_print,
    .repr = date_repr, .equal = date_equal, .hash = date_hash, .binary = date_binary,
};

/* ---- the class ---- */

static bool date_today(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "date.today", 0, 0, err));
    Civil now = civil_local(clock_now_us());
    *out = date_make(call->arena, days_of_civil(now.year, now.month, now.day));
    return true;
}

static bool date_fromisoformat(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "date.fromisoformat", 1, 1, err));
    Str text;
    int64_t days;
    TRY(text_argument(call->args[0], "fromisoformat: argument", &text, err));
    TRY(iso_parse_date(text, &days, err));
    *out = date_make(call->arena, days);
    return true;
}

static bool date_fromordinal(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "date.fromordinal", 1, 1, err));
    int64_t ordinal;
    TRY(index_of(call->args[0], &ordinal, err));
    if (ordinal < 1 || ordinal > 4000000)
        return FAIL(err, "ordinal must be >= 1");
    return date_checked(call->arena, ordinal - 1 + days_of_civil(1, 1, 1), out, err);
}

static bool date_fromtimestamp(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "date.fromtimestamp", 1, 1, err));
    double seconds;
    TRY(number_real(call->args[0], &seconds, err));
    if (!(seconds > -6e10 && seconds < 2.6e11))
        return FAIL(err, "timestamp out of range for platform time_t");
    int64_t us = (int64_t)(seconds * 1e6);
    Civil local = civil_local(us);
    return date_checked(call->arena, days_of_civil(local.year, local.month, local.day), out, err);
}

static bool date_fromisocalendar(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"year", "week", "day"};
    Value slots[3];
    int64_t parts[3];
    TRY(call_bind(call, "fromisocalendar", names, 3, 3, slots, err));
    for (int i = 0; i < 3; i++)
        TRY(index_of(slots[i], &parts[i], err));
    if (parts[0] < 1 || parts[0] > 9999)
        return FAIL(err, "Year is out of range: %lld", (long long)parts[0]);
    int64_t fourth = days_of_civil(parts[0], 1, 4), year;
    int64_t days = fourth - weekday_of(fourth) + (parts[1] - 1) * 7 + parts[2] - 1;
    int week, weekday;
    if (parts[2] < 1 || parts[2] > 7)
        return FAIL(err, "Invalid weekday: %lld (range is [1, 7])", (long long)parts[2]);
    iso_week_of(days, &year, &week, &weekday);
    if (parts[1] < 1 || parts[1] > 53 || year != parts[0])
        return FAIL(err, "Invalid week: %lld", (long long)parts[1]);
    return date_checked(call->arena, days, out, err);
}

static bool date_constant(Arena *arena, Str name, Value *out)
{
    if (str_is(name, "min"))
        *out = date_make(arena, days_of_civil(1, 1, 1));
    else if (str_is(name, "max"))
        *out = date_make(arena, days_of_civil(9999, 12, 31));
    else if (str_is(name, "resolution"))
        *out = timedelta_make(arena, DAY_US);
    else
        return false;
    return true;
}

static const Method date_class_methods[] = {
    {"fromisocalendar", date_fromisocalendar}, {"fromisoformat", date_fromisoformat},
    {"fromordinal", date_fromordinal},         {"fromtimestamp", date_fromtimestamp},
    {"today", date_today},                     {0},
};

Class date_class = {.base = {&class_type}, .shown = "<class 'datetime.date'>", .make = date_new,
                    .methods = date_class_methods, .constant = date_constant};

/* ---- the module ---- */

static bool datetime_module_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self, (void)arena, (void)err;
    static const struct {
        const char *name;
        Class *class;
    } classes[] = {{"date", &date_class},
                   {"datetime", &datetime_class},
                   {"time", &time_class},
                   {"timedelta", &timedelta_class},
                   {"timezone", &timezone_class}};
    *out = UNDEFINED;
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (str_is(name, classes[i].name))
            *out = value_of_object(&classes[i].class->base);
    return true;
}

static void datetime_module_print(Object *self, Text *out)
{
    (void)self;
    text_add_c(out, "<module 'datetime'>");
}

static const ObjectType datetime_module_type = {
    .name = "module", .get = datetime_module_get, .print = datetime_module_print};

Object datetime_module = {&datetime_module_type};

Value jinja_module(const char *name)
{
    Str module = str_of(name);
    Object *object = str_is(module, "re")         ? &re_module
                     : str_is(module, "datetime") ? &datetime_module
                     : str_is(module, "pytz")     ? &pytz_module
                                                  : &itertools_module;
    return value_of_object(object);
}
