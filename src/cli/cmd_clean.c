/* cmd_clean.c: clean: deletes the folders of clean-targets, inside the project only. */
#include "base/file.h"
#include "cli/cli.h"

/* Is it the project itself, above it, or one of the folders where its sources are? */
static bool holds_sources(const Package *root, Str project_dir, Str path, Arena *arena)
{
    if (str_eq(path, project_dir) ||
        str_starts(project_dir, str_print(arena, STR_FMT "/", STR_ARG(path))))
        return true;
    Value folders = root->source_paths;
    for (uint32_t i = 0; value_is_list(folders) && i < folders.list->len; i++) {
        Str folder = value_str(folders.list->at[i]);
        Str source = path_clean(arena, path_join(arena, project_dir, folder));
        if (str_eq(source, path) ||
            str_starts(source, str_print(arena, STR_FMT "/", STR_ARG(path))))
            return true;
    }
    return false;
}

static bool clean_folder(Cli *cli, Str target, Err *err)
{
    Arena *arena = &cli->arena;
    const Package *root = cli->project->packages.at[0];
    Str path = path_clean(arena, path_join(arena, cli->project_dir, target));
    if (holds_sources(root, cli->project_dir, path, arena))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "clean will not delete " STR_FMT ": it is the project or holds its sources",
                       STR_ARG(path));
    event_print(LEVEL_INFO, "CheckCleanPath", "Z012", "Checking " STR_FMT "/*", STR_ARG(path));
    bool is_inside = str_starts(path, str_print(arena, STR_FMT "/", STR_ARG(cli->project_dir)));
    if (!is_inside && flag_is(cli->flags, "clean_project_files_only"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT " is outside the project and is not deleted; "
                       "--no-clean-project-files-only allows it", STR_ARG(path));
    TRY(folder_remove(path, err));
    event_print(LEVEL_INFO, "ConfirmCleanPath", "Z013", "Cleaned " STR_FMT "/*", STR_ARG(path));
    return true;
}

bool cmd_clean(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    TRY(cli_load_config(cli, false, err));
    const Package *root = cli->project->packages.at[0];
    Value targets = value_get(root->config, "clean-targets");
    if (!value_is_list(targets))
        TRY(clean_folder(cli, cli->project->target_path, err));
    for (uint32_t i = 0; value_is_list(targets) && i < targets.list->len; i++) {
        Str target = value_str(targets.list->at[i]);
        if (target.len)
            TRY(clean_folder(cli, target, err));
    }
    event_print(LEVEL_INFO, "FinishedCleanPaths", "Z015", "Finished cleaning all paths.");
    return true;
}
