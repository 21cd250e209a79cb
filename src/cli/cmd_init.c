/* cmd_init.c: init: a small project that builds, of our own making. */
#include "base/file.h"
#include "cli/cli.h"

static bool is_project_name(Str name)
{
    bool starts_well = name.len && ((name.at[0] >= 'a' && name.at[0] <= 'z') ||
                                    (name.at[0] >= 'A' && name.at[0] <= 'Z') || name.at[0] == '_');
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return starts_well;
}

/* Every file of the skeleton; NAME in it is the project's. */
static bool write_skeleton(Cli *cli, Str name, Str folder, bool has_profile, Err *err)
{
    static const struct {
        const char *path, *text;
    } files[] = {
#define FILE_OF(path, text) {path, text},
#include "cli/skeleton.def"
#undef FILE_OF
    };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (!has_profile && strcmp(files[i].path, "profiles.yml") == 0)
            continue;
        Str text = str_replace(&cli->arena, str_of(files[i].text), STR("@NAME@"), name);
        TRY(file_write(path_join(&cli->arena, folder, str_of(files[i].path)), text, false, err));
    }
    return true;
}

bool cmd_init(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    Str name = cli->parsed.argument;
    if (!name.len)
        return err_set(err, ERR_USAGE, NOWHERE, "init needs a name for the project: %s init NAME",
                       cli->program);
    if (!is_project_name(name))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "'" STR_FMT "' is no name for a project: letters, digits and underscores, a "
                       "letter first", STR_ARG(name));
    Str folder = path_join(&cli->arena, cli->start_folder, name);
    if (file_exists(folder))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "A project called " STR_FMT " already exists here.", STR_ARG(name));
    bool has_profile = !flag_is(cli->flags, "skip_profile_setup");
    TRY(write_skeleton(cli, name, folder, has_profile, err));
    event_print(LEVEL_INFO, "ProjectCreated", "A026",
                "Your new dbt project \"" STR_FMT "\" was created!\n\n"
                "  cd " STR_FMT "\n  %s build\n\n%s", STR_ARG(name), STR_ARG(name), cli->program,
                has_profile ? "Its data lives in one file beside the project: see profiles.yml."
                            : "It needs a profile of its name in ~/.dbt/profiles.yml first.");
    return true;
}
