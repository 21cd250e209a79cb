/* checks.c: the checks before publication, each a function of counts. */
#include <math.h>
#include <stdlib.h>

#include "drops/merge.h"

void checks_init(Checks *checks, Arena *arena)
{
    *checks = (Checks){.arena = arena, .rows = value_list(arena)};
}

static Value number_or_none(double number)
{
    return number < 0 ? NONE : value_float(number);
}

void checks_add(Checks *checks, const char *check, Str column, CheckLevel status, double value,
                double threshold, Str message)
{
    static const char *const names[] = {"pass", "warn", "error"};
    Value row = value_dict(checks->arena);
    put_text(row, "check", str_of(check));
    put(row, "column", column.len ? value_text(column) : NONE);
    put_text(row, "status", str_of(names[status]));
    put(row, "value", number_or_none(value));
    put(row, "threshold", number_or_none(threshold));
    put(row, "message", message.len ? value_text(message) : NONE);
    array_add(checks->rows.list, row);
    checks->warnings += status == CHECK_WARN;
    checks->errors += status == CHECK_ERROR;
}

const char *checks_status(const Checks *checks)
{
    return checks->errors ? "error" : checks->warnings ? "warn" : "success";
}

Str checks_messages(const Checks *checks, const char *status, Arena *arena)
{
    AUTO(text) Text out = {0};
    for (uint32_t i = 0; i < checks->rows.list->len; i++) {
        Value row = checks->rows.list->at[i];
        if (!value_is(value_get(row, "status"), status))
            continue;
        text_add_c(&out, out.len ? "; " : "");
        text_add(&out, value_str(value_get(row, "message")));
    }
    return text_copy(arena, &out);
}

bool check_exceeds(double value, double threshold)
{
    return threshold >= 0 && (value > threshold || (threshold >= 1 && value >= 1 &&
                                                    value >= threshold));
}

/* Which of two thresholds a value is beyond; the threshold is told. */
static CheckLevel level_of(double value, double warn, double error, double *threshold)
{
    CheckLevel level = check_exceeds(value, error)  ? CHECK_ERROR
                       : check_exceeds(value, warn) ? CHECK_WARN
                                                    : CHECK_OFF;
    *threshold = level == CHECK_ERROR ? error : level == CHECK_WARN ? warn
                                            : warn >= 0             ? warn
                                                                    : error;
    return level;
}

static bool is_asked(double warn, double error)
{
    return warn >= 0 || error >= 0;
}

/* ---- NULLs ---- */

static double real_of(Value v, double otherwise)
{
    return value_is_float(v) ? v.real : value_is_int(v) ? (double)v.number : otherwise;
}

/* The thresholds of a column: its own, if it has an entry (names without case). */
static void thresholds_of(const DropChecks *spec, Str column, double *warn, double *error)
{
    Value key, own;
    *warn = spec->null_warn;
    *error = spec->null_error;
    if (!value_is_dict(spec->null_columns))
        return;
    for (uint32_t at = 0; dict_next(spec->null_columns.dict, &at, &key, &own);)
        if (str_eq_fold(value_str(key), column)) {
            *warn = real_of(value_get(own, "warn"), -1);
            *error = real_of(value_get(own, "error"), -1);
        }
}

void checks_nulls(Checks *checks, const DropChecks *spec, const ColumnNulls *columns,
                  uint32_t count, uint64_t rows)
{
    uint32_t asked = 0, met = 0;
    for (uint32_t i = 0; rows && i < count; i++) {
        double warn, error, threshold, ratio = (double)columns[i].nulls / (double)rows;
        thresholds_of(spec, columns[i].name, &warn, &error);
        if (columns[i].is_absent || !is_asked(warn, error))
            continue;
        CheckLevel level = level_of(ratio, warn, error, &threshold);
        asked++;
        met += level != CHECK_OFF;
        if (level != CHECK_OFF)
            checks_add(checks, "null_ratio", columns[i].name, level, ratio, threshold,
                       str_print(checks->arena, "column " STR_FMT " is NULL in %.1f %% of the rows "
                                 "(more than %g %%)", STR_ARG(columns[i].name), ratio * 100,
                                 threshold * 100));
    }
    if (asked && !met)
        checks_add(checks, "null_ratio", STR_NONE, CHECK_OFF, -1, -1, STR_NONE);
}

void checks_required(Checks *checks, const DropChecks *spec, const ColumnNulls *columns,
                     uint32_t count, uint64_t rows)
{
    for (uint32_t i = 0; rows && i < count; i++) {
        double threshold, ratio = (double)columns[i].nulls / (double)rows;
        double warn = is_asked(spec->violations_warn, spec->violations_error)
                          ? spec->violations_warn : 0;
        if (!columns[i].is_required)
            continue;
        CheckLevel level = columns[i].is_absent
                               ? CHECK_ERROR
                               : level_of(ratio, warn, spec->violations_error, &threshold);
        if (columns[i].is_absent)
            checks_add(checks, "required", columns[i].name, level, 1, -1,
                       str_print(checks->arena, "column " STR_FMT " is required by the mapping and "
                                 "no file of the day has it", STR_ARG(columns[i].name)));
        else if (columns[i].nulls)
            checks_add(checks, "required", columns[i].name, level, ratio, threshold,
                       str_print(checks->arena, "column " STR_FMT " is required by the mapping and "
                                 "NULL in " STR_FMT, STR_ARG(columns[i].name),
                                 STR_ARG(counted(checks->arena, columns[i].nulls, "row",
                                                 "rows"))));
        else
            checks_add(checks, "required", columns[i].name, CHECK_OFF, 0, -1, STR_NONE);
    }
}

/* ---- header ---- */

/* Names of `left` that `right` lacks, joined. */
static uint32_t names_beyond(const Schema *left, const Schema *right, Text *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < left->count; i++) {
        if (schema_is_origin(left->fields[i].name) ||
            schema_find(right, left->fields[i].name) != UINT32_MAX)
            continue;
        text_add_c(out, count++ ? ", " : "");
        text_add(out, left->fields[i].name);
    }
    return count;
}

void checks_header(Checks *checks, HeaderRule rule, const Schema *former, const Schema *today,
                   uint64_t rows)
{
    AUTO(text) Text added = {0};
    AUTO(text) Text missing = {0};
    AUTO(text) Text message = {0};
    if (!former->count || !rows)
        return;
    uint32_t added_count = names_beyond(today, former, &added);
    uint32_t missing_count = names_beyond(former, today, &missing);
    if (added_count)
        text_print(&message, "new %s: " STR_FMT, added_count == 1 ? "column" : "columns",
                   STR_ARG(text_str(&added)));
    if (missing_count)
        text_print(&message, "%smissing %s: " STR_FMT, added_count ? "; " : "",
                   missing_count == 1 ? "column" : "columns", STR_ARG(text_str(&missing)));
    bool differs = added_count || missing_count;
    if (differs && rule == HEADER_FREEZE)
        text_add_c(&message, " (checks.header is freeze; warn or evolve takes them)");
    CheckLevel level = !differs || rule == HEADER_EVOLVE ? CHECK_OFF
                       : rule == HEADER_WARN             ? CHECK_WARN
                                                         : CHECK_ERROR;
    checks_add(checks, "header", STR_NONE, level, added_count + missing_count, -1,
               text_copy(checks->arena, &message));
}

/* ---- violations, keys, change ---- */

void checks_violations(Checks *checks, const DropChecks *spec, uint64_t rows_in, uint64_t rows_bad,
                       uint64_t values_bad)
{
    uint64_t all = rows_in + rows_bad;
    double threshold, share = all ? (double)(rows_bad + values_bad) / (double)all : 0;
    if (!is_asked(spec->violations_warn, spec->violations_error))
        return;
    CheckLevel level = level_of(share, spec->violations_warn, spec->violations_error, &threshold);
    Str rows = rows_bad ? counted(checks->arena, rows_bad, "row", "rows") : STR("");
    Str values = values_bad ? counted(checks->arena, values_bad, "value", "values") : STR("");
    Str message = str_print(checks->arena, STR_FMT "%s" STR_FMT " did not fit (%.2f %% of "
                            STR_FMT ")", STR_ARG(rows), rows.len && values.len ? " and " : "",
                            STR_ARG(values), share * 100,
                            STR_ARG(counted(checks->arena, all, "row", "rows")));
    checks_add(checks, "violations", STR_NONE, level, share, threshold,
               level == CHECK_OFF ? STR_NONE : message);
}

void checks_duplicates(Checks *checks, CheckLevel level, DuplicateRule rule, uint64_t duplicates,
                       Value keys)
{
    AUTO(text) Text text = {0};
    bool fails = rule == DUPLICATES_FAIL;
    if (level == CHECK_OFF && !fails)
        return;
    text_add(&text, counted(checks->arena, duplicates, "row has", "rows have"));
    text_add_c(&text, " a key that a later row has, too");
    for (uint32_t i = 0; value_is_list(keys) && i < keys.list->len; i++) {
        text_add_c(&text, i ? ", " : ": ");
        text_add(&text, value_str(keys.list->at[i]));
    }
    if (fails)
        text_add_c(&text, " (duplicates: fail; \"last\" keeps the last row of a key, "
                          "\"keep\" all)");
    CheckLevel status = !duplicates ? CHECK_OFF : fails ? CHECK_ERROR : level;
    checks_add(checks, "duplicate_keys", STR_NONE, status, (double)duplicates, 0,
               duplicates ? text_copy(checks->arena, &text) : STR_NONE);
}

static int compare_counts(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

void checks_change(Checks *checks, const DropChecks *spec, uint64_t rows, const uint64_t *before,
                   uint32_t count)
{
    if (!is_asked(spec->change_warn, spec->change_error) || count < 3)
        return;
    uint64_t *sorted = NEW_N(checks->arena, uint64_t, count);
    memcpy(sorted, before, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_counts);
    double median = count % 2 ? (double)sorted[count / 2]
                              : ((double)sorted[count / 2 - 1] + (double)sorted[count / 2]) / 2;
    if (median <= 0)
        return;
    double threshold, change = fabs((double)rows / median - 1);
    CheckLevel level = level_of(change, spec->change_warn, spec->change_error, &threshold);
    Str message = str_print(checks->arena, STR_FMT " against a median of " STR_FMT " on the %u "
                            "days before (%+.1f %%, more than %g %%)",
                            STR_ARG(counted(checks->arena, rows, "row", "rows")),
                            STR_ARG(drop_print_count(checks->arena, (uint64_t)median)), count,
                            ((double)rows / median - 1) * 100, threshold * 100);
    checks_add(checks, "change", STR_NONE, level, change, threshold,
               level == CHECK_OFF ? STR_NONE : message);
}
