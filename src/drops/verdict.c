/* verdict.c: the last look at a day: what was expected, what came, what was published. */
#include "drops/merge.h"

/* A list of names that is cut behind the first five. */
typedef struct Some {
    Text text;
    uint32_t count;
} Some;

typedef struct DayVerdict {
    Drop *drop;
    Arena *arena;
    Merge day;                   /* plan and markers                                              */
    Checks checks;
    Dict *archives;              /* name -> {size, rows, status}                                  */
    Array *members;              /* {archive, file, rows} of all tables                           */
    uint64_t rows_in, rows_out;
    uint32_t tables;
    Some warned;                 /* tables                                                        */
} DayVerdict;

static void some_drop(Some *some)
{
    text_drop(&some->text);
}

static void some_add(Some *some, Str what)
{
    if (some->count++ < 5)
        text_print(&some->text, "%s" STR_FMT, some->count > 1 ? ", " : "", STR_ARG(what));
}

static void tell(DayVerdict *verdict, const char *check, CheckLevel level, const Some *some,
                 const char *one, const char *many)
{
    if (level == CHECK_OFF && some->count)
        return;
    checks_add(&verdict->checks, check, STR_NONE, some->count ? level : CHECK_OFF, some->count, 0,
               !some->count ? STR_NONE
                            : str_print(verdict->arena, STR_FMT ": " STR_FMT "%s",
                                        STR_ARG(counted(verdict->arena, some->count, one, many)),
                                        STR_ARG(text_str(&some->text)),
                                        some->count > 5 ? ", ..." : ""));
}

/* ---- what came ---- */

static bool is_twin(const Merge *day, Value name)
{
    for (uint32_t i = 0; i < day->twins.list->len; i++)
        if (value_equal(value_get(day->twins.list->at[i], "archive"), name))
            return true;
    return false;
}

static void tell_twins(DayVerdict *verdict)
{
    AUTO(some) Some twins = {0};
    const Array *list = verdict->day.twins.list;
    for (uint32_t i = 0; i < list->len; i++)
        some_add(&twins, str_print(verdict->arena, STR_FMT " (as " STR_FMT ")",
                                   STR_ARG(value_get_text(list->at[i], "archive", STR(""))),
                                   STR_ARG(value_get_text(list->at[i], "same_as", STR("")))));
    tell(verdict, "duplicate_archives", CHECK_WARN, &twins,
         "archive was sent twice: the first one counts",
         "archives were sent twice: the first of each counts");
}

static void gather(DayVerdict *verdict)
{
    AUTO(some) Some bad = {0};
    const Merge *day = &verdict->day;
    verdict->archives = dict_make(verdict->arena, day->plan.archive_count);
    verdict->members = array_make(verdict->arena, 16);
    for (uint32_t i = 0; i < day->plan.group_count; i++) {
        const PlanGroup *group = &day->plan.groups[i];
        Value told = value_get(day->groups[i], "archives"), key, table;
        Value tables = value_get(day->groups[i], "tables");
        for (uint32_t k = 0; value_is_list(told) && k < told.list->len; k++) {
            Value archive = told.list->at[k];
            bool is_replaced = k < group->count &&
                               day->plan.archives[group->first + k].is_replaced;
            if (is_replaced && !is_twin(day, value_get(archive, "name")))
                continue;
            dict_put(verdict->archives, value_str(value_get(archive, "name")), archive);
            if (value_is(value_get(archive, "status"), "bad"))
                some_add(&bad, str_print(verdict->arena, STR_FMT " (" STR_FMT ")",
                                         STR_ARG(value_str(value_get(archive, "name"))),
                                         STR_ARG(value_str(value_get(archive, "reason")))));
        }
        for (uint32_t at = 0; value_is_dict(tables) && dict_next(tables.dict, &at, &key, &table);) {
            Value files = value_get(table, "files_seen");
            for (uint32_t k = 0; value_is_list(files) && k < files.list->len; k++)
                array_add(verdict->members, files.list->at[k]);
        }
    }
    tell(verdict, "bad_archives", CHECK_WARN, &bad, "archive is bad", "archives are bad");
    tell_twins(verdict);
}

/* ---- what was expected ---- */

typedef struct Comparison {
    bool *is_met;                /* one an entry                                                  */
    Some surplus_archives, surplus_members, changed, rows;
    bool names_archives, names_members;
} Comparison;

static void comparison_drop(Comparison *comparison)
{
    some_drop(&comparison->surplus_archives);
    some_drop(&comparison->surplus_members);
    some_drop(&comparison->changed);
    some_drop(&comparison->rows);
}

static void compare_archive(DayVerdict *verdict, const Expected *want, Str name, Value archive,
                            Comparison *out)
{
    Arena *arena = verdict->arena;
    bool is_bad = value_is(value_get(archive, "status"), "bad");
    if (want->size >= 0 && get_count(archive, "size") != (uint64_t)want->size)
        some_add(&out->changed, str_print(arena, STR_FMT " has %llu bytes instead of %lld",
                                          STR_ARG(name),
                                          (unsigned long long)get_count(archive, "size"),
                                          (long long)want->size));
    if (want->rows >= 0 && !is_bad && get_count(archive, "rows") != (uint64_t)want->rows)
        some_add(&out->rows, str_print(arena, STR_FMT " has %llu rows instead of %lld",
                                       STR_ARG(name),
                                       (unsigned long long)get_count(archive, "rows"),
                                       (long long)want->rows));
}

static void compare_all(DayVerdict *verdict, ExpectedList *list, Comparison *out)
{
    Arena *arena = verdict->arena;
    Value key, archive;
    out->is_met = NEW_N(arena, bool, list->len + 1);
    for (uint32_t at = 0; dict_next(verdict->archives, &at, &key, &archive);) {
        const Expected *want = expected_find(list, arena, value_str(key));
        if (!want) {
            some_add(&out->surplus_archives, value_str(key));
            continue;
        }
        out->is_met[want - list->at] = out->names_archives = true;
        compare_archive(verdict, want, value_str(key), archive, out);
    }
    for (uint32_t i = 0; i < verdict->members->len; i++) {
        Value member = verdict->members->at[i];
        Str file = value_str(value_get(member, "file"));
        const Expected *want = expected_find(list, arena, file);
        uint64_t rows = get_count(member, "rows");
        if (!want) {
            some_add(&out->surplus_members, file);
            continue;
        }
        out->is_met[want - list->at] = out->names_members = true;
        if (want->rows >= 0 && rows != (uint64_t)want->rows)
            some_add(&out->rows, str_print(arena, STR_FMT " has %llu rows instead of %lld",
                                           STR_ARG(file), (unsigned long long)rows,
                                           (long long)want->rows));
    }
}

/* A list that names archives says nothing about the files in them, and the other way round. */
static bool check_expected(DayVerdict *verdict, Err *err)
{
    const DropChecks *spec = &verdict->drop->spec.checks;
    AUTO(comparison) Comparison comparison = {0};
    AUTO(some) Some missing = {0};
    ExpectedList list;
    uint32_t found;
    if (!spec->expected.len)
        return true;
    TRY(expected_load(verdict->drop, verdict->arena, &list, &found, err));
    if (!found) {
        if (spec->missing != CHECK_OFF)
            checks_add(&verdict->checks, "expected", STR_NONE, spec->missing, -1, -1,
                       str_print(verdict->arena, "there is no " STR_FMT " in the inbox "
                                 "(checks.files.expected)", STR_ARG(spec->expected)));
        return true;
    }
    compare_all(verdict, &list, &comparison);
    for (uint32_t i = 0; i < list.len; i++)
        if (!comparison.is_met[i])
            some_add(&missing, list.at[i].name);
    tell(verdict, "missing_files", spec->missing, &missing, "expected file is missing",
         "expected files are missing");
    tell(verdict, "changed_files", spec->missing, &comparison.changed,
         "file is not the expected one", "files are not the expected ones");
    if (comparison.names_archives || !comparison.names_members)
        tell(verdict, "surplus_archives", spec->surplus, &comparison.surplus_archives,
             "archive is not expected", "archives are not expected");
    if (comparison.names_members)
        tell(verdict, "surplus_files", spec->surplus, &comparison.surplus_members,
             "file is not expected", "files are not expected");
    tell(verdict, "row_counts", spec->row_counts, &comparison.rows,
         "file has other rows than expected", "files have other rows than expected");
    return true;
}

/* ---- what was published ---- */

static void add_error(DayVerdict *verdict, const char *check, Str table, Str message)
{
    checks_add(&verdict->checks, check, table, message.len ? CHECK_ERROR : CHECK_OFF, -1, -1,
               message);
}

/* Rows that came in have gone somewhere. */
static void reconcile(DayVerdict *verdict, Str table, Value marker, const Merge *merge)
{
    uint64_t out = get_count(marker, "rows_out"), dropped = get_count(marker, "duplicates_dropped");
    uint64_t replaced = get_count(marker, "replaced_rows"), in = merge->sums.rows_in;
    Str message = STR_NONE;
    verdict->rows_in += in;
    verdict->rows_out += out;
    if (in != out + dropped + replaced)
        message = str_print(verdict->arena, STR_FMT ": %llu rows were extracted, but %llu "
                            "published + %llu duplicates + %llu replaced are %llu: run "
                            "merge_" STR_FMT " with --full-refresh", STR_ARG(table),
                            (unsigned long long)in,
                            (unsigned long long)out, (unsigned long long)dropped,
                            (unsigned long long)replaced,
                            (unsigned long long)(out + dropped + replaced), STR_ARG(table));
    add_error(verdict, "reconciliation", table, message);
}

static bool check_table(DayVerdict *verdict, Str table, Err *err)
{
    Merge merge;
    Value marker;
    Str missing;
    merge_init(&merge, verdict->drop, table, verdict->arena);
    merge.plan = verdict->day.plan;
    merge.groups = verdict->day.groups;
    TRY(segments_list(&merge, err));
    TRY(marker_get(verdict->drop, merge_marker(verdict->arena, table), verdict->arena, &marker,
                   err));
    Str message = STR_NONE;
    if (value_is_none(marker))
        message = str_print(verdict->arena, STR_FMT " is not published: run merge_" STR_FMT,
                            STR_ARG(table), STR_ARG(table));
    else if (value_is(value_get(marker, "status"), "error"))
        message = str_print(verdict->arena, STR_FMT " is not published: " STR_FMT, STR_ARG(table),
                            STR_ARG(value_str(value_get(marker, "message"))));
    else if (!str_eq(value_str(value_get(marker, "inputs")), merge.inputs))
        message = str_print(verdict->arena, STR_FMT " was published before the last archives came, "
                            "or with other settings: run merge_" STR_FMT, STR_ARG(table),
                            STR_ARG(table));
    add_error(verdict, "published", table, message);
    if (message.len)
        return true;
    TRY(dataset_is_there(verdict->drop, marker, verdict->arena, &missing, err));
    add_error(verdict, "files", table,
              missing.len ? str_print(verdict->arena, "a published file of " STR_FMT " is wrong: "
                                      STR_FMT, STR_ARG(table), STR_ARG(missing))
                          : STR_NONE);
    verdict->tables++;
    if (value_is(value_get(marker, "status"), "warn"))
        some_add(&verdict->warned, table);
    reconcile(verdict, table, marker, &merge);
    return true;
}

/* ---- the stage ---- */

static void make_report(const DayVerdict *verdict, DropReport *report)
{
    Arena *arena = verdict->drop->arena;
    AUTO(text) Text text = {0};
    Str warnings = checks_messages(&verdict->checks, "warn", arena);
    text_print(&text, "CHECK " STR_FMT ", " STR_FMT " in " STR_FMT,
               STR_ARG(counted(arena, verdict->archives->len, "archive", "archives")),
               STR_ARG(counted(arena, verdict->rows_out, "row", "rows")),
               STR_ARG(counted(arena, verdict->tables, "table", "tables")));
    if (warnings.len)
        text_print(&text, "; " STR_FMT, STR_ARG(warnings));
    report->has_warning = verdict->checks.warnings > 0;
    report->message = text_copy(arena, &text);
    report->response = value_dict(arena);
    put_text(report->response, "verdict", str_of(checks_status(&verdict->checks)));
    put_count(report->response, "archives", verdict->archives->len);
    put_count(report->response, "tables", verdict->tables);
    put_count(report->response, "rows_in", verdict->rows_in);
    put_count(report->response, "rows_out", verdict->rows_out);
    put(report->response, "checks", value_copy(arena, verdict->checks.rows));
}

static bool judge(DayVerdict *verdict, Err *err)
{
    const DropSpec *spec = &verdict->drop->spec;
    TRY(merge_load(&verdict->day, err));
    gather(verdict);
    TRY(check_expected(verdict, err));
    for (uint32_t i = 0; i < spec->table_count; i++)
        TRY(check_table(verdict, spec->tables[i], err));
    tell(verdict, "merge", CHECK_WARN, &verdict->warned, "table has warnings of its own",
         "tables have warnings of their own");
    return true;
}

bool stage_check(Drop *drop, DropReport *report, Err *err)
{
    AUTO(arena) Arena arena = {0};
    DayVerdict verdict = {.drop = drop, .arena = &arena};
    *report = (DropReport){.response = NONE};
    checks_init(&verdict.checks, &arena);
    merge_init(&verdict.day, drop, STR(""), &arena);
    bool ok = judge(&verdict, err);
    if (ok)
        make_report(&verdict, report);
    some_drop(&verdict.warned);
    TRY(ok);
    if (!verdict.checks.errors)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " of " STR_FMT " did not pass: " STR_FMT,
                   STR_ARG(drop->spec.name), STR_ARG(drop->spec.date),
                   STR_ARG(checks_messages(&verdict.checks, "error", &arena)));
}
