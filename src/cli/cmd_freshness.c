/* cmd_freshness.c: source freshness: how old is the data of sources, and is that too old? */
#include "base/clock.h"
#include "cli/cli.h"

/* {count: 12, period: hour}; an empty one limits nothing. */
static bool is_limit(Value limit)
{
    return value_truth(value_get(limit, "count")) && value_truth(value_get(limit, "period"));
}

/* Only sources that say how fresh they are to be. */
static Bits with_limits(Cli *cli, Bits selected)
{
    Bits out = bits_make(&cli->arena, cli->graph->count);
    uint32_t at = 0, number;
    while (bits_next(selected, &at, &number)) {
        Value freshness = value_get(cli->project->nodes.at[number]->extra, "freshness");
        if (is_limit(value_get(freshness, "warn_after")) ||
            is_limit(value_get(freshness, "error_after")))
            bits_add(out, number);
    }
    return out;
}

static void warn_of_output(const Cli *cli)
{
    Str path = flag_text(cli->flags, "output");
    if (path.len)
        event_print(LEVEL_WARN, "CustomOutputPathInSourceFreshnessDeprecation", "D029",
                    "Custom output path usage `--output " STR_FMT "` usage detected in `dbt source "
                    "freshness` command.", STR_ARG(path));
}

bool cmd_freshness(Cli *cli, int *exit_code, Err *err)
{
    NodeResults results = {0};
    Bits selected;
    TRY(cli_load(cli, STR_NONE, NULL, err));
    warn_of_output(cli);
    cli_say_found(cli);
    TRY(cli_select(cli, (uint32_t)1 << NODE_SOURCE, &selected, err));
    selected = with_limits(cli, selected);
    if (!bits_count(selected)) {
        TRY(cli_nothing_to_do(cli, err));
        report_freshness(&results);
        return true;
    }
    int64_t started_us = clock_steady_us();
    bool ok = cli_run_nodes(cli, RUN_FRESHNESS, selected, &results, err);
    if (!ok && !results.len)
        return false;
    if (flag_is(cli->flags, "fail_fast"))
        report_fail_fast(&results);
    report_finished(&results, clock_steady_us() - started_us);
    report_freshness(&results);
    *exit_code = report_exit_code(&results);
    return ok;
}
