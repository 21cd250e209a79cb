/* cmd_later.c: commands of dbt that are still to come: a clear message and exit 2. */
#include "cli/cli.h"

bool cmd_later(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    return err_set(err, ERR_RUNTIME, NOWHERE, "`%s %s` is not there yet", cli->program,
                   commands[cli->parsed.command].name);
}
