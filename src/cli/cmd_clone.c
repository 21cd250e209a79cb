/* cmd_clone.c: clone: relations of --state stand in for those of this target. */
#include "cli/cli.h"

#define KIND(id) ((uint32_t)1 << NODE_##id)

bool cmd_clone(Cli *cli, int *exit_code, Err *err)
{
    NodeResults results = {0};
    Bits selected;
    TRY(cli_load(cli, STR_NONE, NULL, err));
    cli_say_found(cli);
    TRY(cli_select(cli, KIND(MODEL) | KIND(SEED) | KIND(SNAPSHOT), &selected, err));
    if (!bits_count(selected)) {
        TRY(cli_nothing_to_do(cli, err));
        report_end(cli, &results);
        return true;
    }
    bool ok = cli_run_nodes(cli, RUN_CLONE, selected, &results, err);
    if (!ok && !results.len)
        return false;
    if (flag_is(cli->flags, "fail_fast"))
        report_fail_fast(&results);
    report_end(cli, &results);
    *exit_code = report_exit_code(&results);
    return ok;
}
