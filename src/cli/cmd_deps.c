/* cmd_deps.c: deps: the packages that packages.yml names, locked and installed. */
#include "cli/cli.h"
#include "deps/deps.h"

bool cmd_deps(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    TRY(cli_load_config(cli, false, err));
    const Package *root = cli->project->packages.at[0];
    DepsOptions options = {
        .invocation = &cli->invocation,
        .project_dir = cli->project_dir,
        .install_path = root->packages_path,
        .project_name = root->name,
        .upgrades = flag_is(cli->flags, "upgrade"),
        .only_locks = flag_is(cli->flags, "lock"),
        .checks_version = flag_is(cli->flags, "version_check"),
        .add = flag_text(cli->flags, "add_package"),
        .add_source = flag_text(cli->flags, "source"),
    };
    TRY(deps_run(&cli->arena, &options, err));
    return sinks_check(err);
}
