/* summary.c: what a day was: a JSON file for programs, the same as CSV, and rows in the warehouse.
 *
 * All resources of a date share one file: `tables` is one flat list, with the resource in each row,
 * so that a reader needs one file and no joins; `resources` holds what is not of one table. It is
 * changed by conditional writes: resources that end at once do not lose each other's rows.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "drops/merge.h"

enum { SUMMARY_VERSION = 1, ATTEMPTS = 10, NAMES_MOST = 100 };
#define SUMMARY_LIMIT_BYTES ((uint64_t)256 << 20)

/* ---- the file of a day ---- */

Str summary_folder(Arena *arena, Str date)
{
    return str_print(arena, STR_FMT "/", STR_ARG(str_replace(arena, date, STR("-"), STR("/"))));
}

static Str summary_name(Arena *arena, Str date, const char *extension)
{
    return str_print(arena, STR_FMT "merge_summary_" STR_FMT ".%s",
                     STR_ARG(summary_folder(arena, date)), STR_ARG(date), extension);
}

bool summary_get(const Drop *drop, Str date, Arena *arena, Value *out, Str *etag, Err *err)
{
    Str text, name = summary_name(arena, date, "json");
    bool exists;
    *out = NONE;
    TRY(store_get(drop->spec.logs, name, SUMMARY_LIMIT_BYTES, arena, &text, etag, &exists, err));
    return !exists || json_parse(arena, text, name, out, err);
}

/* ---- days before ---- */

static Str date_before(Arena *arena, Str date, uint32_t days)
{
    int64_t year = 0, month = 0, day = 0;
    unsigned new_month, new_day;
    if (!str_to_int(str_slice(date, 0, 4), &year) || !str_to_int(str_slice(date, 5, 7), &month) ||
        !str_to_int(str_slice(date, 8, 10), &day))
        return STR("");
    civil_of_days(days_of_civil(year, (unsigned)month, (unsigned)day) - days, &year, &new_month,
                  &new_day);
    return str_print(arena, "%04lld-%02u-%02u", (long long)year, new_month, new_day);
}

static bool is_row_of(Value row, Str resource, Str table)
{
    return str_eq(value_str(value_get(row, "resource")), resource) &&
           str_eq(value_str(value_get(row, "table")), table);
}

bool summary_history(const Drop *drop, Str table, uint32_t days, Arena *arena, uint64_t *rows,
                     uint32_t *count, Err *err)
{
    *count = 0;
    for (uint32_t i = 1; i <= days; i++) {
        Value day;
        Str date = date_before(arena, drop->spec.date, i);
        if (!date.len)
            return true;
        TRY(summary_get(drop, date, arena, &day, NULL, err));
        Value tables = value_get(day, "tables");
        for (uint32_t k = 0; value_is_list(tables) && k < tables.list->len; k++) {
            Value row = tables.list->at[k];
            if (is_row_of(row, drop->spec.name, table) &&
                !value_is(value_get(row, "status"), "error") &&
                value_is_int(value_get(row, "rows_out")))
                rows[(*count)++] = get_count(row, "rows_out");
        }
    }
    return true;
}

/* ---- the row of a table ---- */

static int64_t us_of(Value timing, const char *key)
{
    Value us = value_get(timing, key);
    return value_is_int(us) ? us.number : 0;
}

static Value seconds_of(int64_t us)
{
    return value_float((double)us / 1e6);
}

static Value timings_of(Value marker, Arena *arena)
{
    Value timing = value_get(marker, "timing"), out = value_dict(arena);
    put(out, "list", seconds_of(us_of(timing, "list_us")));
    put(out, "read", seconds_of(us_of(timing, "read_us")));
    put(out, "decompress", seconds_of(us_of(timing, "unpack_us")));
    put(out, "parse", seconds_of(us_of(timing, "parse_us")));
    put(out, "write", seconds_of(us_of(timing, "write_us") + us_of(timing, "merge_us")));
    return out;
}

static void add_flag(Value flags, const char *what, double value, double limit)
{
    Arena *arena = flags.list->arena;
    if (value > limit)
        array_add(flags.list, value_text(str_print(arena, "%s %.10g > %.10g", what, value,
                                                   limit)));
}

static Value flags_of(const DropFlags *spec, Value row, Value columns, Arena *arena)
{
    Value flags = value_list(arena);
    double ratio_limit = spec->null_ratio > 0 ? spec->null_ratio : 0.5;
    add_flag(flags, "files", (double)get_count(row, "csv_files"),
             spec->files ? (double)spec->files : 1000);
    add_flag(flags, "size_mb", value_get(row, "input_size_mb").real,
             (spec->bytes ? (double)spec->bytes : 1e9) / 1e6);
    for (uint32_t i = 0; value_is_list(columns) && i < columns.list->len; i++) {
        Value ratio = value_get(columns.list->at[i], "null_ratio");
        Str name = value_str(value_get(columns.list->at[i], "name"));
        double real = value_is_float(ratio) ? ratio.real : 0;
        if (!schema_is_origin(name))
            add_flag(flags, str_print(arena, "null_ratio " STR_FMT, STR_ARG(name)).at, real,
                     ratio_limit);
    }
    add_flag(flags, "columns", (double)get_count(row, "columns"),
             spec->columns ? spec->columns : 200);
    add_flag(flags, "duration_sec", value_get(row, "duration_sec").real,
             (spec->duration_us ? (double)spec->duration_us : 300e6) / 1e6);
    return flags;
}

static Value ratios_of(Value columns, Arena *arena, uint64_t *count)
{
    Value ratios = value_dict(arena);
    *count = 0;
    for (uint32_t i = 0; value_is_list(columns) && i < columns.list->len; i++) {
        Str name = value_str(value_get(columns.list->at[i], "name"));
        if (schema_is_origin(name))
            continue;
        dict_put(ratios.dict, name, value_get(columns.list->at[i], "null_ratio"));
        ++*count;
    }
    return ratios;
}

static double megabytes(uint64_t bytes)
{
    return (double)bytes / 1e6;
}

static Value table_row(const Drop *drop, Str table, Value marker, Arena *arena)
{
    static const char *const counts[] = {"csv_files", "rows_in", "rows_out", "rows_bad",
                                         "values_bad", "duplicates_dropped", "replaced_rows",
                                         "schema_version"};
    Value row = value_dict(arena), columns = value_get(marker, "columns");
    uint64_t column_count;
    int64_t began_us = (int64_t)get_count(marker, "extract_started_at_us");
    int64_t ended_us = (int64_t)get_count(marker, "ended_at_us");
    put_text(row, "resource", drop->spec.name);
    put_text(row, "table", table);
    put(row, "status", value_get(marker, "status"));
    put(row, "message", value_get(marker, "message"));
    put(row, "start_time", value_text(clock_print_iso(arena, began_us)));
    put(row, "end_time", value_text(clock_print_iso(arena, ended_us)));
    put(row, "duration_sec", value_float((double)(ended_us - began_us) / 1e6));
    put(row, "input_size_mb", value_float(megabytes(get_count(marker, "plain_bytes"))));
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        put_count(row, counts[i], get_count(marker, counts[i]));
    put(row, "null_ratio", ratios_of(columns, arena, &column_count));
    put_count(row, "columns", column_count);
    put(row, "schema_changes", value_get(marker, "schema_changes"));
    put(row, "timings", timings_of(marker, arena));
    put(row, "peak_memory_mb", value_float(megabytes(get_count(marker, "peak_bytes"))));
    put(row, "cpu_sec", value_float((double)get_count(marker, "cpu_us") / 1e6));
    put_count(row, "bytes_read", get_count(marker, "bytes_read"));
    put_count(row, "bytes_written", get_count(marker, "bytes_written"));
    put(row, "flags", flags_of(&drop->spec.flags, row, columns, arena));
    put(row, "files", value_get(marker, "files"));
    put(row, "checks", value_get(marker, "checks"));
    return row;
}

/* A table that was not merged: an error that has no numbers. */
static Value missing_row(const Drop *drop, Str table, Arena *arena)
{
    static const char *const numbers[] = {"start_time", "end_time", "duration_sec",
                                          "input_size_mb", "csv_files", "rows_in", "rows_out",
                                          "columns", "schema_version", "peak_memory_mb", "cpu_sec",
                                          "bytes_read", "bytes_written"};
    Value row = value_dict(arena);
    put_text(row, "resource", drop->spec.name);
    put_text(row, "table", table);
    put_text(row, "status", STR("error"));
    put_text(row, "message", str_print(arena, "not merged: run merge_" STR_FMT, STR_ARG(table)));
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        put(row, numbers[i], NONE);
    put(row, "timings", timings_of(NONE, arena));
    put(row, "null_ratio", value_dict(arena));
    put(row, "schema_changes", value_list(arena));
    put(row, "flags", value_list(arena));
    return row;
}

/* ---- the resource ---- */

typedef struct Day {
    Drop *drop;
    Arena *arena;
    Value rows;                  /* of the tables                                                 */
    Value resource;
    uint32_t failed, warned, archives, bad, twins;
    uint64_t rows_in, rows_out;
} Day;

static void add_archives(Day *day, const Merge *merge)
{
    Value bad = value_list(day->arena), surplus = value_list(day->arena);
    uint64_t surplus_count = 0;
    for (uint32_t i = 0; i < merge->plan.group_count; i++) {
        const PlanGroup *group = &merge->plan.groups[i];
        Value told = value_get(merge->groups[i], "archives");
        Value names = value_get(merge->groups[i], "surplus");
        surplus_count += get_count(merge->groups[i], "surplus_count");
        for (uint32_t k = 0; value_is_list(names) && k < names.list->len; k++)
            if (surplus.list->len < NAMES_MOST)
                array_add(surplus.list, names.list->at[k]);
        for (uint32_t k = 0; value_is_list(told) && k < told.list->len; k++) {
            Value archive = told.list->at[k], row = value_dict(day->arena);
            if (k < group->count && merge->plan.archives[group->first + k].is_replaced)
                continue;
            day->archives++;
            if (!value_is(value_get(archive, "status"), "bad"))
                continue;
            put(row, "archive", value_get(archive, "name"));
            put(row, "reason", value_get(archive, "reason"));
            array_add(bad.list, row);
        }
    }
    day->bad = bad.list->len;
    day->twins = merge->twins.list->len;
    put_count(day->resource, "archives", day->archives);
    put_count(day->resource, "bad_archives", day->bad);
    put(day->resource, "bad", bad);
    put(day->resource, "duplicates", merge->twins);
    put_count(day->resource, "surplus_files", surplus_count);
    put(day->resource, "surplus", surplus);
}

static const char *day_verdict(const Day *day)
{
    return day->failed ? "error" : day->warned || day->bad || day->twins ? "warn" : "success";
}

static bool gather(Day *day, Err *err)
{
    Drop *drop = day->drop;
    Merge merge;
    day->rows = value_list(day->arena);
    day->resource = value_dict(day->arena);
    merge_init(&merge, drop, STR(""), day->arena);
    TRY(merge_load(&merge, err));
    for (uint32_t i = 0; i < drop->spec.table_count; i++) {
        Str table = drop->spec.tables[i];
        Value marker;
        TRY(marker_get(drop, merge_marker(day->arena, table), day->arena, &marker, err));
        Value row = value_is_none(marker) ? missing_row(drop, table, day->arena)
                                          : table_row(drop, table, marker, day->arena);
        day->failed += value_is(value_get(row, "status"), "error");
        day->warned += value_is(value_get(row, "status"), "warn");
        day->rows_in += get_count(row, "rows_in");
        day->rows_out += get_count(row, "rows_out");
        array_add(day->rows.list, row);
    }
    put_text(day->resource, "partner", drop->spec.partner.len ? drop->spec.partner
                                                              : drop->spec.name);
    put_text(day->resource, "run_id", drop->run_id);
    put(day->resource, "written_at", value_text(clock_print_iso(day->arena, clock_now_us())));
    add_archives(day, &merge);
    put_count(day->resource, "tables", drop->spec.table_count);
    put_count(day->resource, "tables_failed", day->failed);
    put_count(day->resource, "rows_in", day->rows_in);
    put_count(day->resource, "rows_out", day->rows_out);
    put_text(day->resource, "verdict", str_of(day_verdict(day)));
    return true;
}

/* ---- the file with all resources ---- */

static int verdict_rank(Str verdict)
{
    return str_is(verdict, "error") ? 2 : str_is(verdict, "warn") ? 1 : 0;
}

/* The day with this resource's part in the place of the one it had. */
static Value unite(const Day *day, Value before)
{
    static const char *const verdicts[] = {"success", "warn", "error"};
    Arena *arena = day->arena;
    Value out = value_dict(arena), tables = value_list(arena), resources = value_dict(arena);
    Value old_tables = value_get(before, "tables"), old = value_get(before, "resources");
    Value key, value;
    Str name = day->drop->spec.name;
    bool is_added = false;
    int worst = verdict_rank(str_of(day_verdict(day)));
    for (uint32_t i = 0; i <= (value_is_list(old_tables) ? old_tables.list->len : 0); i++) {
        bool is_end = !value_is_list(old_tables) || i == old_tables.list->len;
        Value row = is_end ? NONE : old_tables.list->at[i];
        Str resource = value_str(value_get(row, "resource"));
        if (!is_added && (is_end || str_compare(resource, name) >= 0)) {
            for (uint32_t k = 0; k < day->rows.list->len; k++)
                array_add(tables.list, day->rows.list->at[k]);
            is_added = true;
        }
        if (!is_end && !str_eq(resource, name))
            array_add(tables.list, row);
    }
    for (uint32_t at = 0; value_is_dict(old) && dict_next(old.dict, &at, &key, &value);) {
        int rank = verdict_rank(value_str(value_get(value, "verdict")));
        if (str_eq(value_str(key), name))
            continue;
        dict_put(resources.dict, value_str(key), value);
        worst = rank > worst ? rank : worst;
    }
    dict_put(resources.dict, name, day->resource);
    put(out, "version", value_int(SUMMARY_VERSION));
    put_text(out, "date", day->drop->spec.date);
    put_text(out, "verdict", str_of(verdicts[worst]));
    put(out, "resources", resources);
    put(out, "tables", tables);
    return out;
}

static bool put_day(const Day *day, Value *whole, Str *etag, Err *err)
{
    const Drop *drop = day->drop;
    for (int attempt = 1;; attempt++) {
        AUTO(text) Text text = {0};
        Value before;
        Str had = STR("");
        TRY(summary_get(drop, drop->spec.date, day->arena, &before, &had, err));
        *whole = unite(day, before);
        json_print(*whole, (JsonStyle){.indent = 1, .keeps_unicode = true}, &text);
        WriteOptions options = {.if_absent = value_is_none(before),
                                .if_etag = value_is_none(before) ? STR("") : had,
                                .content_type = STR("application/json")};
        if (store_put(drop->spec.logs, summary_name(day->arena, drop->spec.date, "json"),
                      text_str(&text), &options, day->arena, etag, err))
            return true;
        if (err->kind != ERR_CONFLICT || attempt == ATTEMPTS)
            return err_wrap(err, "the summary of " STR_FMT, STR_ARG(drop->spec.date));
        err_drop(err);
    }
}

/* ---- CSV ---- */

static void csv_cell(Text *out, Value v)
{
    AUTO(text) Text text = {0};
    if (value_is_text(v))
        text_add(&text, value_str(v));
    else if (value_is_dict(v) || value_is_list(v))
        json_print(v, (JsonStyle){.keeps_unicode = true}, &text);
    else if (!value_is_none(v) && !value_is_undefined(v))
        value_print(v, &text);
    Str cell = text_str(&text);
    if (str_find_char(cell, ',') < 0 && str_find_char(cell, '"') < 0 &&
        str_find_char(cell, '\n') < 0) {
        text_add(out, cell);
        return;
    }
    text_add_char(out, '"');
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.at[i] == '"')
            text_add_char(out, '"');
        text_add_char(out, cell.at[i]);
    }
    text_add_char(out, '"');
}

static Str flags_text(Value flags, Arena *arena)
{
    AUTO(text) Text out = {0};
    for (uint32_t i = 0; value_is_list(flags) && i < flags.list->len; i++) {
        text_add_c(&out, i ? "; " : "");
        text_add(&out, value_str(flags.list->at[i]));
    }
    return text_copy(arena, &out);
}

static void print_csv(Value whole, Arena *arena, Text *out)
{
    static const char *const columns[] = {"resource", "table", "status", "start_time", "end_time",
                                          "duration_sec", "input_size_mb", "csv_files", "rows_in",
                                          "rows_out", "rows_bad", "values_bad",
                                          "duplicates_dropped", "columns", "schema_version",
                                          "peak_memory_mb", "cpu_sec", "bytes_read",
                                          "bytes_written", "null_ratio", "schema_changes"};
    static const char *const timings[] = {"list", "read", "decompress", "parse", "write"};
    Value tables = value_get(whole, "tables");
    text_add_c(out, "date");
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        text_print(out, ",%s", columns[i]);
    for (size_t i = 0; i < COUNT_OF(timings); i++)
        text_print(out, ",%s_sec", timings[i]);
    text_add_c(out, ",flags\n");
    for (uint32_t r = 0; r < tables.list->len; r++) {
        Value row = tables.list->at[r];
        text_add(out, value_str(value_get(whole, "date")));
        for (size_t i = 0; i < COUNT_OF(columns); i++) {
            text_add_char(out, ',');
            csv_cell(out, value_get(row, columns[i]));
        }
        for (size_t i = 0; i < COUNT_OF(timings); i++) {
            text_add_char(out, ',');
            csv_cell(out, value_get(value_get(row, "timings"), timings[i]));
        }
        text_add_char(out, ',');
        csv_cell(out, value_text(flags_text(value_get(row, "flags"), arena)));
        text_add_char(out, '\n');
    }
}

/* The CSV and _SUCCESS follow the JSON file: where another resource wrote that meanwhile, they are
 * made again from what it wrote. */
static bool put_followers(const Day *day, Value whole, Str etag, Err *err)
{
    const Drop *drop = day->drop;
    Store *logs = drop->spec.logs;
    Str success = str_print(day->arena, STR_FMT "_SUCCESS",
                            STR_ARG(summary_folder(day->arena, drop->spec.date)));
    for (int attempt = 1;; attempt++) {
        AUTO(text) Text text = {0};
        Str now = STR("");
        print_csv(whole, day->arena, &text);
        TRY(store_put(logs, summary_name(day->arena, drop->spec.date, "csv"), text_str(&text),
                      &(WriteOptions){.content_type = STR("text/csv")}, day->arena, NULL, err));
        if (value_is(value_get(whole, "verdict"), "error"))
            TRY(store_remove(logs, success, err));
        else
            TRY(store_put(logs, success, STR(""), &(WriteOptions){0}, day->arena, NULL, err));
        TRY(summary_get(drop, drop->spec.date, day->arena, &whole, &now, err));
        if (str_eq(now, etag) || value_is_none(whole) || attempt == ATTEMPTS)
            return true;
        etag = now;
    }
}

/* ---- the stage ---- */

/* Texts of what the table in the warehouse holds as texts. */
static void add_texts(Value rows, Arena *arena)
{
    for (uint32_t i = 0; i < rows.list->len; i++) {
        Value row = rows.list->at[i];
        AUTO(text) Text changes = {0};
        AUTO(text) Text ratios = {0};
        json_print(value_get(row, "schema_changes"), (JsonStyle){.keeps_unicode = true}, &changes);
        json_print(value_get(row, "null_ratio"), (JsonStyle){.keeps_unicode = true}, &ratios);
        put_text(row, "schema_changes_text", text_copy(arena, &changes));
        put_text(row, "null_ratio_text", text_copy(arena, &ratios));
        put_text(row, "flags_text", flags_text(value_get(row, "flags"), arena));
    }
}

/* summary.json in the work folder says that the day is finished: a failed one is not. */
static bool mark_day(const Day *day, Err *err)
{
    const Drop *drop = day->drop;
    AUTO(text) Text text = {0};
    Str name = str_print(day->arena, STR_FMT "summary.json", STR_ARG(drop->folder));
    Value row = value_dict(day->arena);
    if (day->failed)
        return store_remove(drop->spec.work, name, err);
    put(row, "version", value_int(SUMMARY_VERSION));
    put_text(row, "date", drop->spec.date);
    put_text(row, "verdict", str_of(day_verdict(day)));
    put(row, "ended_at_us", value_int(clock_now_us()));
    json_print(row, (JsonStyle){.indent = 1, .keeps_unicode = true}, &text);
    return store_put(drop->spec.work, name, text_str(&text), &(WriteOptions){0}, day->arena, NULL,
                     err);
}

static void make_report(const Day *day, DropReport *report)
{
    Arena *arena = day->drop->arena;
    AUTO(text) Text text = {0};
    text_print(&text, "SUMMARY %s: " STR_FMT " in " STR_FMT, day_verdict(day),
               STR_ARG(counted(arena, day->rows_out, "row", "rows")),
               STR_ARG(counted(arena, day->drop->spec.table_count, "table", "tables")));
    if (day->failed)
        text_print(&text, ", %u failed", day->failed);
    if (day->bad)
        text_print(&text, ", " STR_FMT, STR_ARG(counted(arena, day->bad, "bad archive",
                                                        "bad archives")));
    report->has_warning = day->failed || day->warned || day->bad || day->twins;
    report->message = text_copy(arena, &text);
    report->response = value_copy(arena, day->resource);
}

bool stage_summary(Drop *drop, DropReport *report, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Day day = {.drop = drop, .arena = &arena};
    Value whole;
    Str etag = STR("");
    *report = (DropReport){.response = NONE};
    TRY(gather(&day, err));
    TRY(put_day(&day, &whole, &etag, err));
    TRY(put_followers(&day, whole, etag, err));
    add_texts(day.rows, &arena);
    TRY(warehouse_summary(drop, day.rows, &arena, err));
    TRY(mark_day(&day, err));
    make_report(&day, report);
    return true;
}
