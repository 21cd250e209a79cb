/* cmd_parse.c: parse: everything up to the manifest. Never opens an engine. */
#include "base/clock.h"
#include "cli/cli.h"

bool cmd_parse(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    TRY(cli_load(cli, STR_NONE, NULL, err));
    event_print(LEVEL_DEBUG, "ParseDone", "I058", "Parsed %u nodes in %.3f seconds",
                cli->project->nodes.len, (double)(clock_steady_us() - cli->started_us) / 1e6);
    return true;
}
