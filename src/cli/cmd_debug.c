/* cmd_debug.c: debug: what is configured, whether it is valid, whether the database answers. */
#include <sys/utsname.h>

#include "base/file.h"
#include "base/process.h"
#include "cli/cli.h"
#include "config.h"

/* One line of the report; "[OK ...]" and "[ERROR ...]" are coloured by the console. */
static void say_line(Level level, const char *format, ...) PRINTF_LIKE(2, 3);
static void say_line(Level level, const char *format, ...)
{
    AUTO(text) Text line = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&line, format, args);
    va_end(args);
    event_say((Event){.name = "DebugCmdOut",
                      .code = "Z047",
                      .level = level,
                      .message = text_str(&line),
                      .data = NONE});
}

static Str profiles_folder(Cli *cli)
{
    Str given = flag_text(cli->flags, "profiles_dir");
    if (given.len)
        return given;
    if (file_exists(path_join(&cli->arena, cli->project_dir, STR("profiles.yml"))))
        return cli->project_dir;
    return path_expand_home(&cli->arena, STR("~/.dbt"));
}

static void say_program(Cli *cli, Str profiles)
{
    struct utsname system;
    uname(&system);
    say_line(LEVEL_INFO, "dbt version: %s", DBT_VERSION);
    say_line(LEVEL_INFO, "weir version: %s", WEIR_VERSION);
    say_line(LEVEL_INFO, "program: " STR_FMT, STR_ARG(path_program(&cli->arena)));
    say_line(LEVEL_INFO, "os info: %s-%s-%s", system.sysname, system.release, system.machine);
    say_line(LEVEL_INFO, "Using profiles dir at " STR_FMT, STR_ARG(profiles));
    say_line(LEVEL_INFO, "Using profiles.yml file at " STR_FMT "/profiles.yml", STR_ARG(profiles));
    say_line(LEVEL_INFO, "Using dbt_project.yml file at " STR_FMT "/dbt_project.yml",
             STR_ARG(cli->project_dir));
}

/* The keys of the profile's output that can hold no secret, as templates see them. */
static void say_connection(const Profile *profile)
{
    static const char *const other[] = {"name",   "target_name", "profile_name",
                                        "dbname", "type",        "threads"};
    say_line(LEVEL_INFO, "Connection:");
    uint32_t at = 0;
    Value key, value;
    while (value_is_dict(profile->shown) && dict_next(profile->shown.dict, &at, &key, &value)) {
        bool is_other = false;
        for (uint32_t i = 0; i < COUNT_OF(other); i++)
            is_other |= value_is(key, other[i]);
        if (is_other)
            continue;
        AUTO(text) Text text = {0};
        value_print(value, &text);
        say_line(LEVEL_INFO, "  " STR_FMT ": " STR_FMT, STR_ARG(value_str(key)),
                 STR_ARG(text_str(&text)));
    }
}

static void keep_problem(Err *err, Text *problems, int *failed)
{
    AUTO(text) Text body = {0};
    err_print(err, &body);
    text_print(problems, "%s" STR_FMT, problems->len ? "\n\n" : "", STR_ARG(text_str(&body)));
    err_drop(err);
    (*failed)++;
}

static void check_configuration(Cli *cli, Str profiles, Text *problems, int *failed)
{
    Err project_error = {0}, profile_error = {0};
    bool has_project = cli_load_config(cli, false, &project_error);
    bool has_profile = has_project && cli_load_config(cli, true, &profile_error);
    bool has_file = file_exists(path_join(&cli->arena, profiles, STR("profiles.yml")));
    const char *state = !has_file ? "not found" : has_project ? "invalid" : "not checked";
    bool is_told = !flag_is(cli->flags, "connection");
    say_line(LEVEL_INFO, is_told ? "Configuration:"
                                 : "Skipping steps before connection verification");
    if (is_told && has_profile)
        say_line(LEVEL_INFO, "  profiles.yml file [OK found and valid]");
    else if (is_told)
        say_line(LEVEL_ERROR, "  profiles.yml file [ERROR %s]", state);
    if (is_told && has_project)
        say_line(LEVEL_INFO, "  dbt_project.yml file [OK found and valid]");
    else if (is_told)
        say_line(LEVEL_ERROR, "  dbt_project.yml file [ERROR invalid]");
    if (!has_project)
        keep_problem(&project_error, problems, failed);
    else if (!has_profile)
        keep_problem(&profile_error, problems, failed);
}

static void check_connection(Cli *cli, Text *problems, int *failed)
{
    Err err = {0};
    const Profile *profile = &cli->project->profile;
    Str nearest, version = STR_NONE;
    const Engine *engine = engine_find(profile->type, &nearest);
    say_line(LEVEL_INFO, "adapter type: " STR_FMT, STR_ARG(profile->type));
    if (engine)
        say_line(LEVEL_INFO, "adapter version: " STR_FMT, STR_ARG(engine_adapter_version(engine)));
    say_connection(profile);
    if (engine && engine_library_version(engine, &cli->arena, &version, &err))
        say_line(LEVEL_INFO, "  engine: " STR_FMT " " STR_FMT, STR_ARG(profile->type),
                 STR_ARG(version));
    err_drop(&err);
    if (transform_ping(cli->project, &cli->arena, &err)) {
        say_line(LEVEL_INFO, "  Connection test: [OK connection ok]");
        return;
    }
    say_line(LEVEL_ERROR, "  Connection test: [ERROR]");
    keep_problem(&err, problems, failed);
}

bool cmd_debug(Cli *cli, int *exit_code, Err *err)
{
    (void)err;
    AUTO(text) Text problems = {0};
    int failed = 0;
    Str profiles = profiles_folder(cli);
    if (flag_is(cli->flags, "config_dir")) {
        cli_payload(profiles);
        return true;
    }
    say_program(cli, profiles);
    check_configuration(cli, profiles, &problems, &failed);
    if (failed)
        say_line(LEVEL_INFO, "Connection test skipped since no profile was found");
    else
        check_connection(cli, &problems, &failed);
    *exit_code = failed > 0;
    if (!failed)
        event_print(LEVEL_INFO, "DebugCmdResult", "Z048", "All checks passed!");
    else
        event_print(LEVEL_ERROR, "DebugCmdResult", "Z048", "%d check%s failed:", failed,
                    failed == 1 ? "" : "s");
    if (problems.len)
        event_print(LEVEL_ERROR, "DebugCmdProblems", "Z047", STR_FMT, STR_ARG(text_str(&problems)));
    return true;
}
