/* cmd_check.c: check: what is wrong with the models' SQL, told before anything runs. */
#include "base/json.h"
#include "base/process.h"
#include "cli/cli.h"
#include "workbench/workbench.h"

#define KIND(id) ((uint32_t)1 << NODE_##id)

enum { KINDS = KIND(MODEL) | KIND(TEST) | KIND(SEED) | KIND(SNAPSHOT) | KIND(ANALYSIS) };

static const char *const levels[] = {"error", "warning", "note"};

/* file:line:column: error: message, then the line and a caret. */
static void add_text(const Finding *finding, Text *out)
{
    text_add(out, finding->place.file);
    if (finding->place.line)
        text_print(out, ":%d:%d", finding->place.line, finding->place.column);
    text_print(out, ": %s: ", levels[finding->level]);
    Str rest = finding->message, line;
    for (bool is_first = true; str_next_part(&rest, '\n', &line); is_first = false)
        text_print(out, "%s" STR_FMT, is_first ? "" : "\n    ", STR_ARG(line));
    if (finding->line.len) {
        int before = finding->place.column > 0 ? finding->place.column - 1 : 0;
        text_print(out, "\n%6d | " STR_FMT "\n       | ", finding->place.line,
                   STR_ARG(finding->line));
        text_add_repeat(out, ' ', (size_t)before);
        text_add_char(out, '^');
    }
}

static Value finding_value(const Finding *finding, Arena *arena)
{
    Value v = value_dict(arena);
    dict_put(v.dict, STR("level"), value_text(str_of(levels[finding->level])));
    dict_put(v.dict, STR("unique_id"), value_text(finding->node->unique_id));
    dict_put(v.dict, STR("file"), value_text(finding->place.file));
    bool has_line = finding->place.line > 0;
    dict_put(v.dict, STR("line"), has_line ? value_int(finding->place.line) : NONE);
    dict_put(v.dict, STR("column"), has_line ? value_int(finding->place.column) : NONE);
    dict_put(v.dict, STR("message"), value_text(finding->message));
    return v;
}

static void print_json(const CheckReport *report, Arena *arena)
{
    AUTO(text) Text out = {0};
    Value list = value_list(arena);
    for (uint32_t i = 0; i < report->findings.len; i++)
        array_add(list.list, finding_value(&report->findings.at[i], arena));
    json_print(list, (JsonStyle){.indent = 2}, &out);
    cli_payload(text_str(&out));
}

/* Two notes of one cause: "the columns of source 'raw.orders' are not known". */
static bool is_like(const CheckReport *report, uint32_t a, uint32_t b)
{
    const Finding *x = &report->findings.at[a], *y = &report->findings.at[b];
    return x->level == FINDING_UNKNOWN && y->level == FINDING_UNKNOWN &&
           str_eq(x->message, y->message);
}

static bool is_said(const CheckReport *report, uint32_t number)
{
    for (uint32_t i = 0; i < number; i++)
        if (is_like(report, i, number))
            return true;
    return false;
}

static void add_likes(const CheckReport *report, uint32_t number, Text *out)
{
    uint32_t count = 0;
    for (uint32_t i = number + 1; i < report->findings.len; i++)
        count += is_like(report, i, number);
    if (count)
        text_print(out, " (and %u more nodes)", count);
}

static void print_text(const CheckReport *report)
{
    static const NodeKind kinds[] = {NODE_SOURCE, NODE_SEED, NODE_MODEL, NODE_SNAPSHOT,
                                     NODE_ANALYSIS, NODE_TEST};
    for (uint32_t i = 0; i < report->findings.len; i++) {
        if (is_said(report, i))
            continue;
        AUTO(text) Text out = {0};
        add_text(&report->findings.at[i], &out);
        add_likes(report, i, &out);
        cli_payload(text_str(&out));
    }
    AUTO(text) Text counts = {0}, said = {0};
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (report->counts[kinds[i]])
            report_count(&counts, report->counts[kinds[i]], node_kind_name(kinds[i]));
    report_count(&said, report->levels[FINDING_ERROR], "error");
    report_count(&said, report->levels[FINDING_WARNING], "warning");
    event_print(LEVEL_INFO, "CheckSummary", "W101", "Checked " STR_FMT ": " STR_FMT
                ", %u not checked", STR_ARG(text_str(&counts)), STR_ARG(text_str(&said)),
                report->levels[FINDING_UNKNOWN]);
}

bool cmd_check(Cli *cli, int *exit_code, Err *err)
{
    Bits selected;
    State *state;
    RunOptions options;
    CheckReport report;
    TRY(cli_load(cli, STR_NONE, NULL, err));
    cli_say_found(cli);
    TRY(cli_select(cli, KINDS, &selected, err));
    TRY(cli_load_state(cli, &state, err));
    cli_run_options(cli, RUN_COMPILE, state, &options);
    interrupt_watch(NULL, NULL); /* what stands for the tables is dropped before it ends */
    TRY(check_run(cli->graph, selected, &options, &cli->arena, &report, err));
    if (interrupt_seen()) {
        event_print(LEVEL_ERROR, "CheckInterrupted", "W107", "The check was interrupted");
        *exit_code = INTERRUPTED_EXIT;
        return true;
    }
    if (str_is(flag_text(cli->flags, "output"), "json"))
        print_json(&report, &cli->arena);
    else
        print_text(&report);
    *exit_code = report.levels[FINDING_ERROR] ? 1 : 0;
    return true;
}
