/* report.c: the end of a run: counts, every failure with its place, exit code, a summary. */
#include <stdio.h>

#include "base/clock.h"
#include "base/process.h"
#include "cli/cli.h"

/* ---- "Finished running ..." ---- */

/* The word that dbt counts a node under: "table model", "project hook", "test". */
static Str counted_as(const Node *node, Arena *arena)
{
    if (node->kind == NODE_MODEL)
        return str_print(arena, STR_FMT " model", STR_ARG(node_materialized(node)));
    if (node->kind == NODE_OPERATION)
        return STR("project hook");
    return str_of(node_kind_name(node->kind));
}

void report_finished(const NodeResults *results, int64_t took_us)
{
    Arena arena = {0};
    Dict *counts = dict_make(&arena, 8);
    List(Str) words = {0};
    for (uint32_t i = 0; i < results->len; i++) {
        Str word = counted_as(results->at[i].node, &arena);
        Value *known = dict_find(counts, word);
        dict_put(counts, word, value_int(known ? known->number + 1 : 1));
        if (!known)
            list_add(&arena, &words, word);
    }
    for (uint32_t i = 1; i < words.len; i++) /* sorted by the word, a handful */
        for (uint32_t j = i; j && str_compare(words.at[j - 1], words.at[j]) > 0; j--) {
            Str swap = words.at[j];
            words.at[j] = words.at[j - 1];
            words.at[j - 1] = swap;
        }
    AUTO(text) Text line = {0};
    for (uint32_t i = 0; i < words.len; i++)
        report_count(&line, dict_find(counts, words.at[i])->number, str_c(&arena, words.at[i]));
    double seconds = (double)took_us / 1e6;
    int64_t whole = took_us / 1000000;
    Value data = value_dict(&arena);
    dict_put(data.dict, STR("stat_line"), value_text(text_str(&line)));
    dict_put(data.dict, STR("execution_time"), value_float(seconds));
    say_blank();
    event_say((Event){
        .name = "FinishedRunningStats",
        .code = "E040",
        .level = LEVEL_INFO,
        .message = str_print(&arena,
                             "Finished running " STR_FMT " in %lld hours %lld minutes and %.2f "
                             "seconds (%.2fs).",
                             STR_ARG(text_str(&line)), (long long)(whole / 3600),
                             (long long)(whole / 60 % 60), seconds - (double)(whole / 60 * 60),
                             seconds),
        .data = data});
    arena_drop(&arena);
}

/* ---- failures ---- */

typedef struct Tally {
    uint32_t errors, warnings, partial;                 /* of "Completed with"  */
    uint32_t pass, warn, error, skip, no_op;            /* of "Done."           */
} Tally;

static bool is_error(const NodeResult *result)
{
    bool is_bad = result->status == STATUS_ERROR || result->status == STATUS_FAIL ||
                  result->status == STATUS_RUNTIME_ERROR;
    bool is_stopped = result->status == STATUS_SKIPPED && result->message.len &&
                      !result->is_away && result->node->kind != NODE_EXPOSURE;
    return is_bad || is_stopped;
}

static Tally count(const NodeResults *results)
{
    Tally tally = {0};
    for (uint32_t i = 0; i < results->len; i++) {
        const NodeResult *result = &results->at[i];
        tally.errors += is_error(result);
        switch (result->status) {
        case STATUS_SUCCESS:
        case STATUS_PASS: tally.pass++; break;
        case STATUS_WARN: tally.warn++, tally.warnings++; break;
        case STATUS_SKIPPED:
            tally.skip++;
            tally.warnings += result->is_away && kind_is_own(result->node->kind);
            break;
        case STATUS_NO_OP: tally.no_op++; break;
        case STATUS_PARTIAL: tally.partial++, tally.error++; break;
        case STATUS_ERROR:
        case STATUS_RUNTIME_ERROR:
        case STATUS_FAIL: tally.error++; break;
        }
    }
    return tally;
}

static void say_text(Level level, const char *name, const char *code, const Text *text)
{
    event_say((Event){
        .name = name, .code = code, .level = level, .message = text_str(text), .data = NONE});
}

static void say_completed(const Tally *tally)
{
    AUTO(text) Text line = {0};
    if (interrupt_seen()) {
        text_add_c(&line, "Exited because of keyboard interrupt");
    } else if (tally->partial && !tally->errors) {
        text_print(&line, "Completed with %u partial success%s and %u warning%s", tally->partial,
                   tally->partial == 1 ? "" : "es", tally->warnings,
                   tally->warnings == 1 ? "" : "s");
    } else if (tally->errors) {
        AUTO(text) Text errors = {0};
        report_count(&errors, tally->errors, "error");
        text_print(&line,
                   "Completed with " STR_FMT ", %u partial success%s, and %u warning%s:",
                   STR_ARG(text_str(&errors)), tally->partial, tally->partial == 1 ? "" : "es",
                   tally->warnings, tally->warnings == 1 ? "" : "s");
    } else if (tally->warnings) {
        text_print(&line, "Completed with %u warning%s:", tally->warnings,
                   tally->warnings == 1 ? "" : "s");
    } else {
        text_add_c(&line, "Completed successfully");
    }
    say_blank();
    say_text(LEVEL_INFO, "EndOfRunSummary", "Z030", &line);
}

/* "compiled code at target/compiled/..." and where the failing rows are kept. */
static void say_places(const NodeResult *result)
{
    const Node *node = result->node;
    AUTO(text) Text line = {0};
    if (node->compiled && node->compiled->path.len) {
        text_print(&line, "  compiled code at " STR_FMT, STR_ARG(node->compiled->path));
        say_blank();
        say_text(LEVEL_INFO, "SQLCompiledPath", "Z026", &line);
    }
    bool keeps_rows = node->kind == NODE_TEST && node->relation_name.len &&
                      result->status != STATUS_ERROR;
    if (!keeps_rows)
        return;
    AUTO(text) Text query = {0};
    text_print(&query, "select * from " STR_FMT, STR_ARG(node->relation_name));
    text_clear(&line);
    text_add_c(&line, "  See test failures:\n  ");
    text_add_repeat(&line, '-', query.len);
    text_print(&line, "\n  " STR_FMT "\n  ", STR_ARG(text_str(&query)));
    text_add_repeat(&line, '-', query.len);
    say_blank();
    say_text(LEVEL_INFO, "CheckNodeTestFailure", "Z027", &line);
}

static void say_problem(const NodeResult *result, bool is_warning)
{
    const Node *node = result->node;
    Level level = result->status == STATUS_SKIPPED && !is_warning ? LEVEL_DEBUG
                  : is_warning                     ? LEVEL_WARN
                                                   : LEVEL_ERROR;
    AUTO(text) Text line = {0};
    text_print(&line, "[%s]: in %s " STR_FMT " (" STR_FMT ")", is_warning ? "WARNING" : "ERROR",
               node_kind_name(node->kind), STR_ARG(node->name), STR_ARG(node->original_file_path));
    if (level != LEVEL_DEBUG)
        say_blank();
    say_text(level, is_warning ? "RunResultWarning" : "RunResultFailure",
             is_warning ? "Z021" : "Z022", &line);
    text_clear(&line);
    if (is_warning)
        text_print(&line, "[WARNING]: " STR_FMT, STR_ARG(result->message));
    else if (result->message.len)
        text_print(&line, "  " STR_FMT, STR_ARG(result->message));
    else
        text_print(&line, "  Status: %s", status_name(result->status));
    say_text(level, is_warning ? "RunResultWarningMessage" : "RunResultError",
             is_warning ? "Z049" : "Z024", &line);
    if (level != LEVEL_DEBUG)
        say_places(result);
}

static void say_done(const Tally *tally, uint32_t total)
{
    Arena arena = {0};
    Value data = value_dict(&arena), stats = value_dict(&arena);
    const struct {
        Str name;
        uint32_t number;
    } rows[] = {{STR("error"), tally->error}, {STR("noop"), tally->no_op},
                {STR("pass"), tally->pass},   {STR("reused"), 0},
                {STR("skip"), tally->skip},   {STR("total"), total},
                {STR("warn"), tally->warn}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        dict_put(stats.dict, rows[i].name, value_int(rows[i].number));
    dict_put(data.dict, STR("stats"), stats);
    say_blank();
    event_say((Event){.name = "StatsLine",
                      .code = "Z023",
                      .level = LEVEL_INFO,
                      .message = str_print(&arena,
                                           "Done. PASS=%u WARN=%u ERROR=%u SKIP=%u NO-OP=%u "
                                           "REUSED=0 TOTAL=%u",
                                           tally->pass, tally->warn, tally->error, tally->skip,
                                           tally->no_op, total),
                      .data = data});
    arena_drop(&arena);
}

void report_fail_fast(const NodeResults *results)
{
    for (uint32_t i = 0; i < results->len; i++) {
        NodeStatus status = results->at[i].status;
        if (status == STATUS_PARTIAL) {
            AUTO(text) Text line = {0};
            text_print(&line, "  " STR_FMT, STR_ARG(results->at[i].message));
            say_blank();
            say_text(LEVEL_ERROR, "RunResultError", "Z024", &line);
            return;
        }
        if (status == STATUS_ERROR || status == STATUS_FAIL) {
            say_problem(&results->at[i], false);
            return;
        }
    }
}

void report_freshness(const NodeResults *results)
{
    for (uint32_t i = 0; i < results->len; i++) {
        const NodeResult *result = &results->at[i];
        if (result->status == STATUS_ERROR) {
            say_problem(result, false);
        } else if (result->status == STATUS_RUNTIME_ERROR) {
            AUTO(text) Text line = {0};
            text_print(&line, "  " STR_FMT, STR_ARG(result->message));
            say_blank();
            say_text(LEVEL_ERROR, "RunResultError", "Z024", &line);
        }
    }
    event_print(LEVEL_INFO, "FreshnessCheckComplete", "Q003", "Done.");
}

void report_end(const Cli *cli, const NodeResults *results)
{
    (void)cli;
    Tally tally = count(results);
    say_completed(&tally);
    for (uint32_t i = 0; i < results->len; i++)
        if (is_error(&results->at[i]))
            say_problem(&results->at[i], false);
    for (uint32_t i = 0; i < results->len; i++)
        if (results->at[i].status == STATUS_WARN ||
            (results->at[i].is_away && kind_is_own(results->at[i].node->kind)))
            say_problem(&results->at[i], true);
    say_done(&tally, results->len);
}

int report_exit_code(const NodeResults *results)
{
    if (interrupt_seen())
        return 2;
    for (uint32_t i = 0; i < results->len; i++) {
        NodeStatus status = results->at[i].status;
        bool is_skipped = status == STATUS_SKIPPED && !results->at[i].is_away;
        if (status == STATUS_ERROR || status == STATUS_FAIL || is_skipped ||
            status == STATUS_PARTIAL || status == STATUS_RUNTIME_ERROR)
            return 1;
    }
    return 0;
}

/* ---- the summary on a terminal ---- */

enum { SLOWEST_MOST = 5, FAILURES_MOST = 20 };

static void add_slowest(const NodeResults *results, Text *out)
{
    const NodeResult *slowest[SLOWEST_MOST] = {NULL};
    for (uint32_t i = 0; i < results->len; i++) {
        const NodeResult *result = &results->at[i];
        for (int k = 0; k < SLOWEST_MOST; k++)
            if (!slowest[k] || result->execution_us > slowest[k]->execution_us) {
                const NodeResult *moved = slowest[k];
                slowest[k] = result;
                result = moved;
                if (!result)
                    break;
            }
    }
    text_add_c(out, "\n  slowest\n");
    for (int k = 0; k < SLOWEST_MOST && slowest[k]; k++)
        text_print(out, "    %8.2fs  %s " STR_FMT "\n", (double)slowest[k]->execution_us / 1e6,
                   node_kind_name(slowest[k]->node->kind), STR_ARG(slowest[k]->node->name));
}

/* One line a failure: what, where, and the first line of why. */
static void add_failures(const NodeResults *results, Text *out)
{
    uint32_t shown = 0, all = 0;
    for (uint32_t i = 0; i < results->len; i++) {
        const NodeResult *result = &results->at[i];
        if (result->status != STATUS_ERROR && result->status != STATUS_FAIL)
            continue;
        if (!all++)
            text_add_c(out, "\n  failed\n");
        if (shown == FAILURES_MOST)
            continue;
        shown++;
        Str rest = result->message, first = STR_NONE, why = STR_NONE;
        str_next_part(&rest, '\n', &first);
        if (result->status == STATUS_FAIL || !rest.at || !str_next_part(&rest, '\n', &why))
            why = first;
        text_print(out, "    %s " STR_FMT "  " STR_FMT ":%u\n        " STR_FMT "\n",
                   node_kind_name(result->node->kind), STR_ARG(result->node->name),
                   STR_ARG(result->node->file), result->node->line ? result->node->line : 1,
                   STR_ARG(str_trim(why)));
    }
    if (all > shown)
        text_print(out, "    and %u more\n", all - shown);
}

void report_summary(const Cli *cli, const NodeResults *results, int64_t took_us)
{
    if (!console_is_terminal() || results->len < 2)
        return;
    Tally tally = count(results);
    AUTO(text) Text out = {0};
    text_print(&out, "\n  %u nodes in %.1f s: %u good", results->len, (double)took_us / 1e6,
               tally.pass + tally.no_op);
    if (tally.warn)
        text_print(&out, ", %u warned", tally.warn);
    if (tally.error)
        text_print(&out, ", %u failed", tally.error);
    if (tally.skip)
        text_print(&out, ", %u skipped", tally.skip);
    text_add_char(&out, '\n');
    add_slowest(results, &out);
    add_failures(results, &out);
    if (tally.error)
        text_print(&out, "\n  mend them, then: %s retry\n", cli->program);
    secret_hide(&out);
    console_write(text_str(&out));
    console_flush();
}
