/* set_date.c: the day that a run is about, and what former days no longer need.
 *
 * begun.json is the day's first file: a day that has it and no summary.json was begun and never
 * finished. cleaned.json says that the parts of a finished day are gone.
 */
#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "drops/drops_base.h"

enum {
    KEEP_DAYS = 7,
    PROBE_BYTES = 4096,
    REMOTE_DAYS = 31,            /* in remote places only so many days before are asked for: a
                                    listing of all days would be one of all parts                 */
};
#define STRAY_AGE_US (INT64_C(3600) * 1000000)

/* ---- dates ---- */

/* "2026-11-20" as days since 1970. */
static bool date_read(Str text, int64_t *days)
{
    int64_t year, month, day;
    if (text.len != 10 || text.at[4] != '-' || text.at[7] != '-')
        return false;
    for (size_t i = 0; i < 10; i++)
        if (i != 4 && i != 7 && (text.at[i] < '0' || text.at[i] > '9'))
            return false;
    if (!str_to_int(str_slice(text, 0, 4), &year) || !str_to_int(str_slice(text, 5, 7), &month) ||
        !str_to_int(str_slice(text, 8, 10), &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    int64_t back_year;
    unsigned back_month, back_day;
    *days = days_of_civil(year, (unsigned)month, (unsigned)day);
    civil_of_days(*days, &back_year, &back_month, &back_day);
    return back_month == (unsigned)month && back_day == (unsigned)day;
}

static Str date_print(Arena *arena, int64_t days)
{
    int64_t year;
    unsigned month, day;
    civil_of_days(days, &year, &month, &day);
    return str_print(arena, "%04lld-%02u-%02u", (long long)year, month, day);
}

/* ---- removing ---- */

bool drop_remove_folder(const Drop *drop, Str folder, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Store *work = drop->spec.work;
    if (store_is_local(work))
        return folder_remove(store_path(work, &arena, folder), err);
    StoreEntries files = {0};
    TRY(store_list(work, str_print(&arena, STR_FMT "/**", STR_ARG(folder)), &arena, &files, err));
    for (uint32_t i = 0; i < files.len; i++)
        TRY(store_remove(work, files.at[i].name, err));
    return true;
}

/* Half-written files that a kill left in the day's folder; those at work are younger. */
static bool remove_stray(const Drop *drop, uint32_t *removed, Err *err)
{
    AUTO(arena) Arena arena = {0};
    if (!store_is_local(drop->spec.work))
        return true;
    Str root = store_path(drop->spec.work, &arena, drop->folder);
    FileList files = {0};
    int64_t now_us = clock_now_us();
    TRY(folder_walk(&arena, root, &files, err));
    for (uint32_t i = 0; i < files.len; i++) {
        if (!str_ends(files.at[i].path, STR(".weir-tmp")) ||
            now_us - files.at[i].modified_at_us < STRAY_AGE_US)
            continue;
        TRY(file_remove(path_join(&arena, root, files.at[i].path), err));
        ++*removed;
    }
    return true;
}

/* ---- former days ---- */

/* Which files tell of days before `limit`. */
static Str days_glob(const Drop *drop, Arena *arena, int64_t limit)
{
    if (store_is_local(drop->spec.work))
        return STR("[0-9]*-[0-9]*-[0-9]*/{summary,cleaned}.json");
    AUTO(text) Text glob = {0};
    for (int64_t day = limit - REMOTE_DAYS; day < limit; day++)
        text_print(&glob, "%c" STR_FMT, glob.len ? ',' : '{', STR_ARG(date_print(arena, day)));
    text_add_c(&glob, "}/{summary,cleaned}.json");
    return text_copy(arena, &glob);
}

static bool clean_day(const Drop *drop, Arena *arena, Str date, Err *err)
{
    static const char *const folders[] = {"parts", "shapes", "claims"};
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        TRY(drop_remove_folder(drop, str_print(arena, STR_FMT "/%s", STR_ARG(date), folders[i]),
                               err));
    Value note = value_dict(arena);
    dict_put(note.dict, STR("version"), value_int(1));
    dict_put(note.dict, STR("at_us"), value_int(clock_now_us()));
    AUTO(text) Text text = {0};
    json_print(note, (JsonStyle){0}, &text);
    return store_put(drop->spec.work, str_print(arena, STR_FMT "/cleaned.json", STR_ARG(date)),
                     text_str(&text), NULL, arena, NULL, err);
}

/* Parts of days that are finished and older than keep_days; a day that was finished again behind
 * its cleaning is cleaned again. */
static bool clean_days(const Drop *drop, int64_t today, uint32_t *cleaned, Err *err)
{
    AUTO(arena) Arena arena = {0};
    int64_t limit = today - (drop->spec.keep_days ? drop->spec.keep_days : KEEP_DAYS);
    StoreEntries files = {0};
    TRY(store_list(drop->spec.work, days_glob(drop, &arena, limit), &arena, &files, err));
    Dict *at = dict_make(&arena, files.len + 1);
    for (uint32_t i = 0; i < files.len; i++)
        if (str_ends(files.at[i].name, STR("/cleaned.json")))
            dict_put(at, str_slice(files.at[i].name, 0, 10),
                     value_int(files.at[i].modified_at_us));
    for (uint32_t i = 0; i < files.len; i++) {
        int64_t day;
        Str date = str_slice(files.at[i].name, 0, 10);
        const Value *cleaned_at = dict_find(at, date);
        if (!str_ends(files.at[i].name, STR("/summary.json")) || !date_read(date, &day) ||
            day >= limit || (cleaned_at && cleaned_at->number >= files.at[i].modified_at_us))
            continue;
        TRY(clean_day(drop, &arena, date, err));
        ++*cleaned;
    }
    return true;
}

/* ---- the stage ---- */

/* A bucket that is not there is told before hours of work end in it. What is only down may be up
 * again by then. */
static bool check_place(Store *store, const char *setting, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Str content;
    bool exists;
    if (!store || store_is_local(store) ||
        store_get(store, STR("_weir.probe"), PROBE_BYTES, &arena, &content, NULL, &exists, err))
        return true;
    if (err->kind != ERR_UNAVAILABLE)
        return err_wrap(err, "`%s`", setting);
    err_drop(err);
    return true;
}

static bool check_places(const DropSpec *spec, Err *err)
{
    TRY(check_place(spec->target, "to", err));
    TRY(check_place(spec->raw, "raw", err));
    TRY(check_place(spec->quarantine, "quarantine", err));
    return check_place(spec->logs, "logs", err);
}

static bool begin_day(const Drop *drop, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Value begun = value_dict(&arena);
    dict_put(begun.dict, STR("version"), value_int(1));
    dict_put(begun.dict, STR("date"), value_text(drop->spec.date));
    dict_put(begun.dict, STR("run_id"), value_text(drop->run_id));
    dict_put(begun.dict, STR("at_us"), value_int(clock_now_us()));
    AUTO(text) Text text = {0};
    json_print(begun, (JsonStyle){.keeps_unicode = true}, &text);
    WriteOptions options = {.if_absent = true};
    Str name = str_print(&arena, STR_FMT "begun.json", STR_ARG(drop->folder));
    if (store_put(drop->spec.work, name, text_str(&text), &options, &arena, NULL, err))
        return true;
    if (err->kind != ERR_CONFLICT)
        return false;
    err_drop(err);
    return true;
}

/* What is only tidying up must not stop a day. */
static void tidy(const Drop *drop, int64_t today, uint32_t *days, uint32_t *strays)
{
    AUTO(err) Err err = {0};
    if (!clean_days(drop, today, days, &err) || !remove_stray(drop, strays, &err))
        event_print(LEVEL_WARN, "DropTidy", "W115", STR_FMT ": old parts stay: %s",
                    STR_ARG(drop->spec.name), err.text);
}

bool stage_set_date(Drop *drop, DropReport *report, Err *err)
{
    int64_t today;
    uint32_t days = 0, strays = 0;
    if (!date_read(drop->spec.date, &today))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the processing date of " STR_FMT " must be a day such as 2026-11-20, this "
                       "is \"" STR_FMT "\"", STR_ARG(drop->spec.name), STR_ARG(drop->spec.date));
    TRY(check_places(&drop->spec, err));
    TRY(begin_day(drop, err));
    tidy(drop, today, &days, &strays);
    Value response = value_dict(drop->arena);
    dict_put(response.dict, STR("date"), value_text(drop->spec.date));
    dict_put(response.dict, STR("days_cleaned"), value_int(days));
    dict_put(response.dict, STR("strays_removed"), value_int(strays));
    report->message = drop->spec.date;
    report->response = response;
    return true;
}
