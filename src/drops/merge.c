/* merge.c: one table of a day: from the groups' segments to published files and a view. */
#include "base/clock.h"
#include "base/process.h"
#include "drops/merge.h"

void merge_init(Merge *merge, Drop *drop, Str table, Arena *arena)
{
    *merge = (Merge){.drop = drop, .table = table, .arena = arena};
    merge->map = drop->spec.mapping ? mapping_table_named(drop->spec.mapping, table) : NULL;
    checks_init(&merge->checks, arena);
}

static void merge_end(Merge *merge)
{
    Err err = {0};
    if (merge->scratch.len && !folder_remove(merge->scratch, &err))
        err_drop(&err);
}

/* ---- checks ---- */

/* Columns of the files; the last three, which say where a row comes from, are not looked at. */
static ColumnNulls *column_nulls(const Merge *merge, const Dataset *dataset, uint32_t *count)
{
    ColumnNulls *out = NEW_N(merge->arena, ColumnNulls, merge->schema.count);
    *count = merge->schema.count - ORIGIN_COLUMNS;
    for (uint32_t i = 0; i < *count; i++) {
        Str name = merge->schema.fields[i].name;
        out[i] = (ColumnNulls){.name = name, .nulls = dataset->nulls[i], .is_absent = true};
        for (uint32_t s = 0; s < merge->segment_count && out[i].is_absent; s++)
            out[i].is_absent = schema_find(&merge->segments[s].segment.schema, name) == UINT32_MAX;
        for (uint32_t m = 0; merge->map && m < merge->map->column_count; m++)
            if (str_eq_fold(merge->map->columns[m].name, name))
                out[i].is_required = merge->map->columns[m].is_required;
    }
    return out;
}

/* The columns that today's files have. */
static void find_today(Merge *merge, const ColumnNulls *columns, uint32_t count)
{
    merge->today = (Schema){NEW_N(merge->arena, Field, count + 1), 0};
    for (uint32_t i = 0; i < count; i++)
        if (!columns[i].is_absent)
            merge->today.fields[merge->today.count++] = merge->schema.fields[i];
}

/* Rows of files against the manifest. */
static bool check_rows(Merge *merge, Err *err)
{
    const DropChecks *spec = &merge->drop->spec.checks;
    AUTO(arena) Arena arena = {0};
    ExpectedList list = {0};
    uint32_t found, differing = 0;
    AUTO(text) Text shown = {0};
    if (spec->row_counts == CHECK_OFF || !spec->expected.len)
        return true;
    TRY(expected_load(merge->drop, &arena, &list, &found, err));
    for (uint32_t i = 0; i < merge->files_seen.list->len; i++) {
        Value file = merge->files_seen.list->at[i];
        uint64_t rows = get_count(file, "rows");
        const Expected *want = expected_find(&list, &arena, value_str(value_get(file, "file")));
        if (!want || want->rows < 0 || rows == (uint64_t)want->rows)
            continue;
        if (differing++ < 5)
            text_print(&shown, "%s" STR_FMT " has %llu rows instead of %lld",
                       shown.len ? ", " : "", STR_ARG(want->name), (unsigned long long)rows,
                       (long long)want->rows);
    }
    Str message = str_print(merge->arena, "%u %s: " STR_FMT "%s", differing,
                            differing == 1 ? "file differs from the manifest"
                                           : "files differ from the manifest",
                            STR_ARG(text_str(&shown)), differing > 5 ? ", ..." : "");
    checks_add(&merge->checks, "row_counts", STR_NONE, differing ? spec->row_counts : CHECK_OFF,
               differing, 0, differing ? message : STR_NONE);
    return true;
}

static bool run_checks(Merge *merge, const Dataset *dataset, Value keys, Err *err)
{
    const DropChecks *spec = &merge->drop->spec.checks;
    uint32_t count, days = spec->change_days ? spec->change_days : 7, day_count = 0;
    ColumnNulls *columns = column_nulls(merge, dataset, &count);
    uint64_t *before = NEW_N(merge->arena, uint64_t, days);
    find_today(merge, columns, count);
    checks_nulls(&merge->checks, spec, columns, count, dataset->rows);
    checks_required(&merge->checks, spec, columns, count, dataset->rows);
    checks_header(&merge->checks, spec->header, &merge->former, &merge->today,
                  dataset->rows);
    checks_violations(&merge->checks, spec, merge->sums.rows_in, merge->sums.rows_bad,
                      merge->sums.values_bad);
    if (merge->map && value_is_list(merge->map->primary_key) && merge->map->primary_key.list->len)
        checks_duplicates(&merge->checks, spec->duplicate_keys, merge->map->duplicates,
                          merge->duplicates, keys);
    if (spec->change_warn >= 0 || spec->change_error >= 0) {
        TRY(summary_history(merge->drop, merge->table, days, merge->arena, before, &day_count,
                            err));
        checks_change(&merge->checks, spec, dataset->rows, before, day_count);
    }
    return check_rows(merge, err);
}

/* ---- the marker ---- */

static Value marker_columns(const Merge *merge, const Dataset *dataset)
{
    Value columns = schema_value(merge->arena, &merge->schema);
    for (uint32_t i = 0; i < columns.list->len; i++) {
        put_count(columns.list->at[i], "nulls", dataset->nulls[i]);
        put(columns.list->at[i], "null_ratio",
            value_float(dataset->rows ? (double)dataset->nulls[i] / (double)dataset->rows : 0));
    }
    return columns;
}

static Value marker_files(const Merge *merge, const Dataset *dataset)
{
    Value files = value_list(merge->arena);
    for (uint32_t i = 0; i < dataset->files.list->len; i++) {
        Value file = dataset->files.list->at[i], row = value_dict(merge->arena);
        put_text(row, "path", path_join(merge->arena, dataset->partition,
                                        value_str(value_get(file, "path"))));
        put(row, "size", value_get(file, "size"));
        put(row, "rows", value_get(file, "rows"));
        array_add(files.list, row);
    }
    return files;
}

static Value marker_timing(const Merge *merge, int64_t merge_us)
{
    Value timing = value_dict(merge->arena);
    put(timing, "list_us", value_int((int64_t)merge->sums.list_us));
    put(timing, "read_us", value_int((int64_t)merge->sums.read_us));
    put(timing, "unpack_us", value_int((int64_t)merge->sums.unpack_us));
    put(timing, "parse_us", value_int((int64_t)merge->sums.parse_us));
    put(timing, "write_us", value_int((int64_t)merge->sums.write_us));
    put(timing, "merge_us", value_int(merge_us));
    return timing;
}

static void put_sums(const Merge *merge, const Dataset *dataset, Value marker, int64_t cpu_us)
{
    const MergeSums *sums = &merge->sums;
    uint64_t peak = process_peak_bytes();
    put_count(marker, "csv_files", sums->csv_files);
    put_count(marker, "plain_bytes", sums->plain_bytes);
    put_count(marker, "rows_in", sums->rows_in);
    put_count(marker, "rows_out", dataset->rows);
    put_count(marker, "rows_bad", sums->rows_bad);
    put_count(marker, "values_bad", sums->values_bad);
    put_count(marker, "segment_rows", merge->row_count);
    put_count(marker, "duplicates", merge->duplicates);
    put_count(marker, "duplicates_dropped", merge->duplicates_dropped);
    put_count(marker, "replaced_rows", merge->replaced_rows);
    put(marker, "cpu_us", value_int((int64_t)sums->cpu_us + cpu_us));
    put(marker, "bytes_read", value_int((int64_t)sums->bytes_read));
    put(marker, "bytes_written", value_int((int64_t)sums->bytes_written +
                                           (int64_t)dataset->bytes));
    put_count(marker, "peak_bytes", sums->peak_bytes > peak ? sums->peak_bytes : peak);
}

static bool finish_marker(Merge *merge, const Dataset *dataset, int64_t began_us, int64_t cpu_us,
                          Value marker, Err *err)
{
    Value changes = value_list(merge->arena);
    uint32_t version = 0;
    const char *status = checks_status(&merge->checks);
    if (!merge->checks.errors && merge->today.count)
        TRY(registry_put(merge->drop, merge->table, &merge->today, merge->arena, &version,
                         &changes, err));
    int64_t now_us = clock_now_us();
    put(marker, "version", value_int(MARKER_VERSION));
    put_text(marker, "table", merge->table);
    put_text(marker, "inputs", merge->inputs);
    put_text(marker, "run_id", merge->drop->run_id);
    put(marker, "extract_started_at_us",
        value_int(merge->sums.started_at_us ? merge->sums.started_at_us : began_us));
    put(marker, "started_at_us", value_int(began_us));
    put(marker, "ended_at_us", value_int(now_us));
    put_text(marker, "status", str_of(status));
    put_text(marker, "message",
             checks_messages(&merge->checks, merge->checks.errors ? "error" : "warn",
                             merge->arena));
    put_count(marker, "schema_version", version);
    put(marker, "schema_changes", changes);
    put(marker, "files", merge->checks.errors ? value_list(merge->arena)
                                              : marker_files(merge, dataset));
    put_count(marker, "segments", merge->segment_count);
    put(marker, "columns", marker_columns(merge, dataset));
    put(marker, "checks", merge->checks.rows);
    put(marker, "timing", marker_timing(merge, now_us - began_us));
    put_sums(merge, dataset, marker, cpu_us);
    return true;
}

/* ---- the unit ---- */

static bool merge_rows(Merge *merge, Value marker, Err *err)
{
    int64_t began_us = clock_now_us(), cpu_us = clock_cpu_us();
    Dataset dataset = {0};
    Value keys;
    TRY(segments_unite(merge, err));
    TRY(dataset_begin(merge, &dataset, err));
    TRY(rewrite_find_replaced(merge, err));
    TRY(rewrite_find_duplicates(merge, &keys, err));
    bool ok = dataset_build(&dataset, err) && run_checks(merge, &dataset, keys, err) &&
              (merge->checks.errors || dataset_publish(&dataset, err));
    dataset_drop(&dataset);
    return ok && finish_marker(merge, &dataset, began_us, clock_cpu_us() - cpu_us, marker, err);
}

/* context: a Merge with its plan, markers and segments, of this very thread. */
static bool run_unit(void *context, const Unit *unit, unsigned worker, Arena *arena, Str attempt,
                     Value *marker, Err *err)
{
    Merge *merge = context;
    (void)unit, (void)worker, (void)arena, (void)attempt;
    *marker = value_dict(merge->arena);
    bool ok = merge_rows(merge, *marker, err);
    merge_end(merge);
    return ok;
}

/* ---- the stage ---- */

Str merge_marker(Arena *arena, Str table)
{
    return str_print(arena, "merge/" STR_FMT ".json", STR_ARG(table));
}

/* Does the marker stand for what would be done now? */
static bool is_done(const Merge *merge, Value marker, int64_t began_us, bool *out, Err *err)
{
    Str missing;
    *out = false;
    if (value_is_none(marker) || value_is(value_get(marker, "status"), "error") ||
        !str_eq(value_str(value_get(marker, "inputs")), merge->inputs))
        return true;
    if (merge->drop->spec.is_full_refresh &&
        value_get(marker, "ended_at_us").number < began_us)
        return true;
    TRY(dataset_is_there(merge->drop, marker, merge->arena, &missing, err));
    *out = !missing.len;
    return true;
}

static void make_report(Drop *drop, Value marker, bool was_done, Str note, DropReport *report)
{
    AUTO(text) Text text = {0};
    Arena *arena = drop->arena;
    Value files = value_get(marker, "files");
    Str warnings = value_str(value_get(marker, "message"));
    text_print(&text, "MERGE " STR_FMT " in " STR_FMT,
               STR_ARG(counted(arena, get_count(marker, "rows_out"), "row", "rows")),
               STR_ARG(counted(arena, files.list->len, "file", "files")));
    if (was_done)
        text_add_c(&text, ", nothing new");
    if (get_count(marker, "duplicates_dropped"))
        text_print(&text, ", " STR_FMT " dropped",
                   STR_ARG(counted(arena, get_count(marker, "duplicates_dropped"), "duplicate",
                                   "duplicates")));
    if (get_count(marker, "replaced_rows"))
        text_print(&text, ", " STR_FMT " replaced",
                   STR_ARG(counted(arena, get_count(marker, "replaced_rows"), "row", "rows")));
    report->has_warning = warnings.len > 0;
    if (warnings.len)
        text_print(&text, "; " STR_FMT, STR_ARG(warnings));
    if (note.len)
        text_print(&text, "; " STR_FMT, STR_ARG(note));
    report->message = text_copy(arena, &text);
    report->response = value_dict(arena);
    static const char *const keys[] = {"table", "status", "rows_in", "rows_out", "csv_files",
                                       "plain_bytes", "rows_bad", "values_bad", "duplicates",
                                       "duplicates_dropped", "replaced_rows", "schema_version",
                                       "schema_changes", "files", "checks", "bytes_read",
                                       "bytes_written"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        put(report->response, keys[i], value_copy(arena, value_get(marker, keys[i])));
}

static bool merge_once(Drop *drop, Str table, Arena *arena, Value *marker, bool *was_done,
                       Err *err)
{
    Merge merge;
    int64_t began_us = clock_now_us();
    Str name = merge_marker(arena, table);
    merge_init(&merge, drop, table, arena);
    TRY(merge_load(&merge, err));
    TRY(segments_list(&merge, err));
    TRY(marker_get(drop, name, arena, marker, err));
    TRY(is_done(&merge, *marker, began_us, was_done, err));
    if (*was_done)
        return true;
    if (!value_is_none(*marker)) /* of a failed try, or of fewer archives */
        TRY(store_remove(drop->spec.work,
                         str_print(arena, STR_FMT STR_FMT, STR_ARG(drop->folder), STR_ARG(name)),
                         err));
    Unit unit = {.name = str_print(arena, "merge/" STR_FMT, STR_ARG(table)), .marker = name};
    UnitWork work = {.run = run_unit, .context = &merge, .workers = 1};
    uint32_t done;
    TRY(units_run(drop, &unit, 1, &work, &done, err));
    return marker_get(drop, name, arena, marker, err);
}

bool stage_merge(Drop *drop, Str table, DropReport *report, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Value marker;
    bool was_done = false;
    Str note;
    Schema schema;
    *report = (DropReport){.response = NONE};
    TRY(merge_once(drop, table, &arena, &marker, &was_done, err));
    if (value_is_none(marker))
        return err_set(err, ERR_RUNTIME, NOWHERE, "the outcome of merging " STR_FMT " was removed "
                       "meanwhile: is another run at work on " STR_FMT "?", STR_ARG(table),
                       STR_ARG(drop->spec.date));
    if (value_is(value_get(marker, "status"), "error"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT " of " STR_FMT " is not published, the files before stay: " STR_FMT,
                       STR_ARG(table), STR_ARG(drop->spec.date),
                       STR_ARG(value_str(value_get(marker, "message"))));
    TRY(schema_read(&arena, value_get(marker, "columns"), &schema, err));
    TRY(warehouse_view(drop, table, &schema, &arena, &note, err));
    make_report(drop, marker, was_done, note, report);
    return true;
}
