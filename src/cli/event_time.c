/* event_time.c: windows of event time as the command line says them. */
#include "cli/event_time.h"

#include "base/clock.h"
#include "base/yaml.h"
#include "jinja/jinja.h"

#define HOUR_US (INT64_C(3600) * 1000000)

bool event_time_read(Arena *arena, Str text, Value *out)
{
    int64_t at_us;
    Str iso;
    if (!jinja_datetime_read(arena, value_text(text), &at_us, &iso))
        return false;
    *out = value_text(iso);
    return true;
}

/* "2024-01-31T23:59:59.123456+00:00" */
static Value instant_value(Arena *arena, int64_t at_us)
{
    Str iso = STR_NONE;
    bool ok = jinja_datetime_read(arena, jinja_datetime(arena, at_us, true), &at_us, &iso);
    assert(ok);
    return value_text(iso);
}

static bool usage(Err *err, const char *format, Str word)
{
    AUTO(text) Text text = {0};
    text_print(&text, format, STR_ARG(word));
    return err_set(err, ERR_USAGE, NOWHERE, "Runtime Error\n  " STR_FMT, STR_ARG(text_str(&text)));
}

/* So many months before, on the same day or the month's last. */
static int64_t months_before(int64_t at_us, int64_t count)
{
    Civil civil = civil_of_us(at_us);
    int64_t months = civil.year * 12 + (civil.month - 1) - count;
    civil.year = months >= 0 ? months / 12 : (months - 11) / 12;
    civil.month = (unsigned)(months - civil.year * 12) + 1;
    int64_t next_year = civil.year + (civil.month == 12);
    unsigned next_month = civil.month == 12 ? 1 : civil.month + 1;
    int64_t days = days_of_civil(next_year, next_month, 1) -
                   days_of_civil(civil.year, civil.month, 1);
    if (civil.day > (unsigned)days)
        civil.day = (unsigned)days;
    return us_of_civil(civil);
}

/* "3 days": up to now. */
static bool read_relative(Str text, int64_t now_us, int64_t *start_us, Err *err)
{
    ptrdiff_t blank = str_find_char(text, ' ');
    Str number = str_slice(text, 0, blank < 0 ? 0 : (size_t)blank);
    Str grain = blank < 0 ? STR_NONE : str_slice(text, (size_t)blank + 1, text.len);
    int64_t count;
    if (blank < 0 || str_find_char(grain, ' ') >= 0)
        return usage(err, "Cannot load SAMPLE_WINDOW from '" STR_FMT
                          "'. Must be of form 'DAYS_INT GRAIN_SIZE'.", text);
    if (!str_to_int(number, &count))
        return usage(err, "Unable to convert '" STR_FMT "' to an integer.", number);
    if (count > 10000000 || count < -10000000)
        return usage(err, "A sample of " STR_FMT " reaches beyond all calendars", text);
    Str bare = grain;
    while (bare.len && (bare.at[bare.len - 1] == 's' || bare.at[bare.len - 1] == 'S'))
        bare.len--;
    if (str_eq_fold(bare, STR("hour")))
        *start_us = now_us - count * HOUR_US;
    else if (str_eq_fold(bare, STR("day")))
        *start_us = now_us - count * 24 * HOUR_US;
    else if (str_eq_fold(bare, STR("month")))
        *start_us = months_before(now_us, count);
    else if (str_eq_fold(bare, STR("year")))
        *start_us = months_before(now_us, count * 12);
    else
        return usage(err, "Invalid grain size '" STR_FMT "'. Must be one of ['hour', 'day', "
                          "'month', 'year', 'hours', 'days', 'months', 'years'].", grain);
    return true;
}

/* One end of {start: ..., end: ...}: its own clock counts as UTC. */
static bool read_end(Arena *arena, Value window, const char *key, Value *out, Err *err)
{
    Value given = value_get(window, key);
    int64_t at_us;
    if (value_is_undefined(given))
        return err_set(err, ERR_USAGE, NOWHERE,
                       "Field \"%s\" of type datetime is missing in SampleWindow instance", key);
    AUTO(text) Text shown = {0};
    value_repr(given, &shown);
    if (!jinja_datetime_read(arena, given, &at_us, NULL))
        return err_set(err, ERR_USAGE, NOWHERE,
                       "Field \"%s\" of type datetime in SampleWindow has invalid value " STR_FMT,
                       key, STR_ARG(text_str(&shown)));
    *out = instant_value(arena, at_us);
    return true;
}

bool event_time_sample(Arena *arena, Str text, int64_t now_us, Value *out, Err *err)
{
    Value window = value_dict(arena), start, end = instant_value(arena, now_us);
    if (str_starts(str_trim(text), STR("{"))) {
        YamlDoc doc = {0};
        TRY(yaml_parse(arena, str_copy(arena, text), STR("--sample"), &doc, err));
        TRY(read_end(arena, doc.root, "start", &start, err));
        TRY(read_end(arena, doc.root, "end", &end, err));
    } else {
        int64_t start_us;
        TRY(read_relative(text, now_us, &start_us, err));
        start = instant_value(arena, start_us);
    }
    dict_put(window.dict, STR("start"), start);
    dict_put(window.dict, STR("end"), end);
    *out = window;
    return true;
}

/* A flag's time; false if it is not set. */
static bool time_of(Value flag, int64_t *at_us)
{
    Arena scratch = {0};
    bool ok = value_is_text(flag) && jinja_datetime_read(&scratch, flag, at_us, NULL);
    arena_drop(&scratch);
    return ok;
}

bool event_time_check(Value flags, Err *err)
{
    int64_t start_us, end_us;
    bool has_start = time_of(value_get(flags, "event_time_start"), &start_us);
    bool has_end = time_of(value_get(flags, "event_time_end"), &end_us);
    if (has_start != has_end) {
        const char *given = has_start ? "--event-time-start" : "--event-time-end";
        const char *other = has_start ? "--event-time-end" : "--event-time-start";
        return err_set(err, ERR_USAGE, NOWHERE,
                       "The flag `%s` was specified, but `%s` was not. When specifying `%s`, `%s` "
                       "must also be present.", given, other, given, other);
    }
    if (has_start && start_us >= end_us)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "Value for `--event-time-start` must be less than `--event-time-end`");
    return true;
}

void event_time_windows(Value flags, EventWindow *asked, EventWindow *sample)
{
    Value window = value_get(flags, "sample");
    *asked = *sample = (EventWindow){0};
    asked->has_start = time_of(value_get(flags, "event_time_start"), &asked->window.start_us);
    asked->has_end = time_of(value_get(flags, "event_time_end"), &asked->window.end_us);
    sample->has_start = time_of(value_get(window, "start"), &sample->window.start_us);
    sample->has_end = time_of(value_get(window, "end"), &sample->window.end_us);
}
