/* drop_days.c: which processing dates a run is about.
 *
 *   --from [--to)  |  process_date  |  yesterday, on the clock of `timezone`
 *   before it: days of the week before that were begun (begun.json) and never finished (no
 *   summary.json), unless the days were given by hand or `catch_up: false`
 */
#include "base/clock.h"
#include "ingest/ingest_base.h"
#include "jinja/jinja.h"

enum { CATCH_UP_DAYS = 7, MOST_DAYS = 3700 };
#define DAY_US (INT64_C(86400) * 1000000)

typedef List(DropDay) DayList;

/* ---- dates ---- */

/* "2026-11-20" as days since 1970; false: no such day. */
static bool day_read(Str text, int64_t *number)
{
    int64_t parts[3], year;
    unsigned month, day;
    if (text.len != 10 || text.at[4] != '-' || text.at[7] != '-' ||
        !str_to_int(str_slice(text, 0, 4), &parts[0]) ||
        !str_to_int(str_slice(text, 5, 7), &parts[1]) ||
        !str_to_int(str_slice(text, 8, 10), &parts[2]) || parts[0] < 1 || parts[1] < 1 ||
        parts[1] > 12 || parts[2] < 1 || parts[2] > 31)
        return false;
    *number = days_of_civil(parts[0], (unsigned)parts[1], (unsigned)parts[2]);
    civil_of_days(*number, &year, &month, &day);
    return day == (unsigned)parts[2];
}

static Str day_print(Arena *arena, int64_t number)
{
    int64_t year;
    unsigned month, day;
    civil_of_days(number, &year, &month, &day);
    return str_print(arena, "%04lld-%02u-%02u", (long long)year, month, day);
}

static void add_day(Load *load, DayList *days, int64_t number, bool is_late)
{
    list_add(load->arena, days, (DropDay){.date = day_print(load->arena, number),
                                          .number = number, .is_late = is_late});
}

/* ---- clocks ---- */

static bool fail_zone(Load *load, Str zone, Err *why, Err *err)
{
    bool is_unknown = str_starts(str_of(why->text), STR("UnknownTimeZone"));
    if (is_unknown)
        load_fail(load, "timezone", err, "there is no time zone '" STR_FMT "': `timezone` is a "
                  "name such as Asia/Seoul or Europe/Berlin", STR_ARG(zone));
    else
        load_fail(load, "timezone", err, "`timezone`: %s", why->text);
    err_drop(why);
    return false;
}

bool drop_clock(Load *load, Str zone, int64_t local_us, int64_t *at_us, Err *err)
{
    Err why = {0};
    if (zone.len)
        return jinja_zone_utc(zone, local_us, at_us, &why) || fail_zone(load, zone, &why, err);
    int64_t first = local_us - (us_of_civil(civil_local(local_us)) - local_us);
    *at_us = local_us - (us_of_civil(civil_local(first)) - first);
    return true;
}

/* The day that it was when the run began. */
static bool today(Load *load, Str zone, int64_t *number, Err *err)
{
    Err why = {0};
    int64_t now_us = load->ingest->started_at_us;
    int64_t local_us = us_of_civil(civil_local(now_us));
    if (zone.len && !jinja_zone_local(zone, now_us, &local_us, &why))
        return fail_zone(load, zone, &why, err);
    *number = local_us / DAY_US - (local_us % DAY_US < 0);
    return true;
}

/* ---- which ---- */

static bool read_option(const char *name, Str text, int64_t *number, Err *err)
{
    return day_read(text, number) ||
           err_set(err, ERR_USAGE, NOWHERE, "%s '" STR_FMT "': drops are asked for by the day, "
                   "such as 2026-11-20", name, STR_ARG(text));
}

/* --from alone is that day; with --to the days up to it. */
static bool days_by_hand(Load *load, DayList *days, Err *err)
{
    const IngestOptions *options = &load->ingest->options;
    int64_t from, to;
    if (!options->from.len)
        return err_set(err, ERR_USAGE, NOWHERE, "--to ends what --from begins: of a drop, --from "
                       "is the first day and --to the day behind the last");
    TRY(read_option("--from", options->from, &from, err));
    to = from + 1;
    if (options->to.len)
        TRY(read_option("--to", options->to, &to, err));
    if (to <= from)
        return err_set(err, ERR_USAGE, NOWHERE, "--to " STR_FMT " is not behind --from " STR_FMT
                       ": it is the day behind the last one", STR_ARG(options->to),
                       STR_ARG(options->from));
    if (to - from > MOST_DAYS)
        return err_set(err, ERR_USAGE, NOWHERE, "--from and --to mean %lld days: at most %d at "
                       "once", (long long)(to - from), MOST_DAYS);
    for (; from < to; from++)
        add_day(load, days, from, false);
    return true;
}

static bool day_wanted(Load *load, Str zone, int64_t *number, Err *err)
{
    Str text;
    TRY(load_setting_text(load, "process_date", STR("yesterday"), &text, err));
    if (str_is(text, "yesterday") || str_is(text, "today")) {
        TRY(today(load, zone, number, err));
        *number -= str_is(text, "yesterday");
        return true;
    }
    return day_read(text, number) ||
           load_fail(load, "process_date", err, "`process_date` must be a day such as 2026-11-20, "
                     "yesterday or today, not '" STR_FMT "'", STR_ARG(text));
}

static bool is_unfinished(Load *load, Store *work, Str date, bool *out, Err *err)
{
    StoreEntry entry;
    bool is_begun, is_done;
    Str begun = str_print(load->arena, STR_FMT "/begun.json", STR_ARG(date));
    Str done = str_print(load->arena, STR_FMT "/summary.json", STR_ARG(date));
    *out = false;
    TRY(store_stat(work, begun, load->arena, &entry, &is_begun, err));
    if (!is_begun)
        return true;
    TRY(store_stat(work, done, load->arena, &entry, &is_done, err));
    *out = !is_done;
    return true;
}

static bool add_late_days(Load *load, int64_t before, DayList *days, Err *err)
{
    Value catches_up;
    Store *work;
    TRY(load_setting(load, "catch_up", &catches_up, err));
    if (value_is_bool(catches_up) && !catches_up.is_true)
        return true;
    TRY(drop_work(load, &work, err));
    for (int64_t number = before - CATCH_UP_DAYS; number < before; number++) {
        bool is_late;
        TRY(is_unfinished(load, work, day_print(load->arena, number), &is_late, err));
        if (is_late)
            add_day(load, days, number, true);
    }
    return true;
}

static bool find_days(Load *load, DayList *days, Str *zone, Err *err)
{
    const IngestOptions *options = &load->ingest->options;
    int64_t number;
    TRY(load_setting_text(load, "timezone", STR_NONE, zone, err));
    TRY(today(load, *zone, &number, err)); /* a zone that is not there is told whatever the day */
    if (options->from.len || options->to.len)
        return days_by_hand(load, days, err);
    TRY(day_wanted(load, *zone, &number, err));
    TRY(add_late_days(load, number, days, err));
    add_day(load, days, number, false);
    return true;
}

/* Kept for the run; merges side by side may both have looked: the first one counts. */
static DropDays *keep_days(Load *load, Str key, const DayList *days, Str zone)
{
    Ingest *ingest = load->ingest;
    lock_take(&ingest->lock);
    DropDays *kept = map_find(&ingest->drops, key);
    if (!kept) {
        kept = NEW(ingest->arena, DropDays);
        kept->at = NEW_N(ingest->arena, DropDay, days->len);
        kept->len = days->len;
        kept->zone = str_copy(ingest->arena, zone);
        for (uint32_t i = 0; i < days->len; i++) {
            kept->at[i] = days->at[i];
            kept->at[i].date = str_copy(ingest->arena, days->at[i].date);
        }
        map_put(&ingest->drops, str_copy(ingest->arena, key), kept);
    }
    lock_give(&ingest->lock);
    return kept;
}

bool drop_days(Load *load, DropDays **out, Err *err)
{
    Ingest *ingest = load->ingest;
    Str key = str_print(load->arena, STR_FMT "." STR_FMT, STR_ARG(load->node->package),
                        STR_ARG(load->declared->drop));
    lock_take(&ingest->lock);
    *out = map_find(&ingest->drops, key);
    lock_give(&ingest->lock);
    if (*out)
        return true;
    DayList days = {0};
    Str zone;
    drop_names(load, NULL);
    TRY(find_days(load, &days, &zone, err));
    *out = keep_days(load, key, &days, zone);
    return true;
}
