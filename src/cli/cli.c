/* cli.c: from argv to a command, and what every command has: flags, sinks, errors, exit codes. */
#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/yaml.h"
#include "cli/event_time.h"
#include "config.h"

static const CommandFn functions[COMMAND_COUNT] = {
#define COMMAND(id, name, alias, argument, function, about) [COMMAND_##id] = function,
#include "cli/commands.def"
#undef COMMAND
};

/* ---- before anything is known ---- */

/* A closed stdin, stdout or stderr would give its number to the database file. */
static void fill_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0) {
            int opened = open("/dev/null", fd ? O_WRONLY : O_RDONLY);
            assert(opened == fd || opened < 0);
        }
}

static void write_all(int fd, Str text)
{
    size_t at = 0;
    ssize_t wrote;
    while (at < text.len && (wrote = write(fd, text.at + at, text.len - at)) > 0)
        at += (size_t)wrote;
}

static const char *program_name(int argc, char **argv)
{
    Str name = argc > 0 ? path_name(str_of(argv[0])) : STR_NONE;
    return str_is(name, "dbt") ? "dbt" : "weir";
}

/* ---- the project's folder and flags ---- */

/* dbt looks for dbt_project.yml here and above. */
static Str find_project_dir(Cli *cli)
{
    Arena *arena = &cli->arena;
    const Value *given = dict_find(cli->parsed.given, STR("project_dir"));
    Str from = given ? value_str(*given) : environment_get("DBT_ENGINE_PROJECT_DIR");
    if (!from.len)
        from = environment_get("DBT_PROJECT_DIR");
    if (from.len)
        return path_absolute(arena, path_expand_home(arena, from));
    Str folder = cli->start_folder;
    while (folder.len > 1) {
        if (file_exists(path_join(arena, folder, STR("dbt_project.yml"))))
            return folder;
        folder = path_folder(folder);
    }
    return cli->start_folder;
}

/* flags: of dbt_project.yml; a file that cannot be read is told of when it is loaded. */
static Value read_project_flags(Cli *cli)
{
    Err err = {0};
    Str text, path = path_join(&cli->arena, cli->project_dir, STR("dbt_project.yml"));
    YamlDoc doc = {0};
    bool ok = file_info(path).kind == FILE_REGULAR && file_read(&cli->arena, path, &text, &err) &&
              yaml_parse(&cli->arena, text, path, &doc, &err);
    err_drop(&err);
    Value flags = ok ? value_get(doc.root, "flags") : UNDEFINED;
    return value_is_dict(flags) ? flags : UNDEFINED;
}

/* Paths on the command line mean the caller's folder, not the project's. */
static Str caller_path(Cli *cli, Str path)
{
    path = path_expand_home(&cli->arena, path);
    return path_clean(&cli->arena, path_join(&cli->arena, cli->start_folder, path));
}

/* ---- the invocation ---- */

/* DBT_ENV_CUSTOM_ENV_x -> {x: value}: metadata.env of artifacts. */
static Value custom_environment(Arena *arena)
{
    Value out = value_dict(arena);
    Str prefix = STR("DBT_ENV_CUSTOM_ENV_"), engine = STR("DBT_ENGINE_ENV_CUSTOM_ENV_");
    for (char **row = environment_all(); *row; row++) {
        Str name = str_of(*row);
        Str used = str_starts(name, prefix) ? prefix : str_starts(name, engine) ? engine : STR_NONE;
        ptrdiff_t equals = str_find_char(name, '=');
        if (used.len && equals > (ptrdiff_t)used.len)
            dict_put(out.dict, str_slice(name, used.len, (size_t)equals),
                     value_text(str_slice(name, (size_t)equals + 1, name.len)));
    }
    return out;
}

static Str printed_command(Cli *cli, int argc, char **argv)
{
    AUTO(text) Text text = {0};
    text_add_c(&text, cli->program);
    for (int i = 1; i < argc; i++)
        text_print(&text, " %s", argv[i]);
    secret_hide(&text);
    return text_copy(&cli->arena, &text);
}

void cli_set_invocation(Cli *cli, Str command_line)
{
    Arena *arena = &cli->arena;
    Dict *args = cli->flags.dict;
    const Command *command = &commands[cli->parsed.command];
    Str which = path_name(str_replace(arena, str_of(command->name), STR(" "), STR("/")));
    if (str_is(which, "ls"))
        which = STR("list");
    dict_put(args, STR("which"), value_text(which));
    dict_put(args, STR("invocation_command"), value_text(command_line));
    if (cli->parsed.command == COMMAND_OPERATION)
        dict_put(args, STR("macro"), value_text(cli->parsed.argument));
    dict_put(args, STR("project_dir"), value_text(cli->project_dir));
    dict_put(args, STR("log_path"), value_text(cli->log_folder));
    Value vars = value_get(cli->flags, "vars");
    if (!value_is_dict(vars)) {
        vars = value_dict(arena);
        dict_put(args, STR("vars"), vars);
    }
    /* with exceptions from "all" the sinks decide, event by event */
    Value promoted = value_get(cli->flags, "warn_error_options");
    bool has_exceptions = value_truth(value_get(promoted, "warn")) ||
                          value_truth(value_get(promoted, "exclude")) ||
                          value_truth(value_get(promoted, "silence"));
    bool fails_on_warning = flag_is(cli->flags, "warn_error") ||
                            (names_event(value_get(promoted, "error"), "") && !has_exceptions);
    bool is_first = !cli->invocation.id.len;
    cli->invocation = (Invocation){
        .id = is_first ? uuid_make(arena) : cli->invocation.id,
        .started_at_us = is_first ? clock_now_us() : cli->invocation.started_at_us,
        .which = which,
        .args = cli->flags,
        .cli_vars = vars,
        .metadata_env = custom_environment(arena),
        .is_full_refresh = flag_is(cli->flags, "full_refresh"),
        .fails_on_warning = fails_on_warning,
        .is_quiet = flag_is(cli->flags, "quiet"),
        .stores_failures = flag_is(cli->flags, "store_failures"),
        .is_empty = flag_is(cli->flags, "empty"),
        .is_introspecting = !value_is_bool(value_get(cli->flags, "introspect")) ||
                            flag_is(cli->flags, "introspect"),
    };
}

/* ---- sinks ---- */

static int level_of(Str name)
{
    for (int level = LEVEL_DEBUG; level <= LEVEL_NOTHING; level++)
        if (str_is(name, level_name(level)))
            return level;
    return LEVEL_INFO;
}

static LineForm form_of(Str name, bool is_debugging)
{
    if (str_is(name, "json"))
        return FORM_JSON;
    return str_is(name, "debug") || (str_is(name, "default") && is_debugging) ? FORM_DEBUG
                                                                             : FORM_TEXT;
}

/* NO_COLOR, as no-color.org has it, unless an option or DBT_USE_COLORS says otherwise. */
static bool wants_colours(const Cli *cli)
{
    bool is_set = dict_find(cli->parsed.given, STR("use_colors")) ||
                  environment_get("DBT_USE_COLORS").len ||
                  environment_get("DBT_ENGINE_USE_COLORS").len;
    return flag_is(cli->flags, "use_colors") && (is_set || !environment_get("NO_COLOR").len);
}

static bool writes_log(CommandId command)
{
    return !command_is_alone(command) && !command_is_text(command) && command != COMMAND_INIT;
}

static bool open_sinks(Cli *cli, Err *err)
{
    Value flags = cli->flags, promoted = value_get(flags, "warn_error_options");
    bool is_debugging = flag_is(flags, "debug");
    Value errors = value_get(promoted, "error"), include = value_get(promoted, "include");
    Value warns = value_get(promoted, "warn"), exclude = value_get(promoted, "exclude");
    SinkOptions options = {
        .form = form_of(flag_text(flags, "log_format"), is_debugging),
        .form_file = form_of(flag_text(flags, "log_format_file"), true),
        .level = is_debugging ? LEVEL_DEBUG : level_of(flag_text(flags, "log_level")),
        .level_file = level_of(flag_text(flags, "log_level_file")),
        .is_quiet = flag_is(flags, "quiet"),
        .uses_colors = wants_colours(cli),
        .uses_colors_file = flag_is(flags, "use_colors_file"),
        .hides_prints = !flag_is(flags, "print"),
        .shows_all_deprecations = flag_is(flags, "show_all_deprecations"),
        .warns_are_errors = flag_is(flags, "warn_error"),
        .errors = value_is_undefined(errors) ? include : errors,
        .warns = value_is_undefined(warns) ? exclude : warns,
        .silenced = value_get(promoted, "silence"),
        .invocation_id = cli->invocation.id,
        .log_folder = writes_log(cli->parsed.command) ? cli->log_folder : STR_NONE,
        .log_most_bytes = value_get(flags, "log_file_max_bytes").number,
    };
    return sinks_open(&options, err);
}

static void say_version(const Cli *cli)
{
    Arena arena = {0};
    Value data = value_dict(&arena);
    dict_put(data.dict, STR("log_version"), value_int(3));
    dict_put(data.dict, STR("version"), value_lit("=" DBT_VERSION));
    event_say((Event){.name = "MainReportVersion",
                      .code = "A001",
                      .level = LEVEL_INFO,
                      .message = STR("Running with dbt=" DBT_VERSION " (weir " WEIR_VERSION ")"),
                      .data = data});
    event_print(LEVEL_DEBUG, "MainReportArgs", "A002", "running %s with arguments " STR_FMT,
                cli->program, STR_ARG(value_get_text(cli->flags, "invocation_command", STR(""))));
    arena_drop(&arena);
}

/* ---- errors ---- */

/* Of a last line "> in model a (models/a.sql)" of an error's text " in model a (models/a.sql)", for
 * the title, as dbt has it; the line goes, though its bytes still lie there. */
static Str take_node(Text *body)
{
    Str all = text_str(body);
    ptrdiff_t end = str_find_last(all, STR("\n"));
    Str last = end < 0 ? STR_NONE : str_slice(all, (size_t)end + 1, all.len);
    ptrdiff_t at = str_find(last, STR("> in "));
    if (at < 0 || !str_ends(last, STR(")")) || str_find(last, STR("> in macro ")) >= 0)
        return STR_NONE;
    text_truncate(body, (size_t)end);
    return str_slice(last, (size_t)at + 1, last.len);
}

/* "[ERROR]: Encountered an error:\nCompilation Error\n  what happened" */
static void say_error(const Err *err)
{
    AUTO(text) Text body = {0}, message = {0};
    err_print(err, &body);
    Str where = take_node(&body);
    text_print(&message, "[ERROR]: Encountered an error:\n%s" STR_FMT, err_title(err->kind),
               STR_ARG(where));
    Str rest = text_str(&body), line;
    while (str_next_part(&rest, '\n', &line))
        text_print(&message, "\n  " STR_FMT, STR_ARG(line));
    if (err_hint(err->kind)[0])
        text_print(&message, "\n  (%s)", err_hint(err->kind));
    event_say((Event){.name = "MainEncounteredError",
                      .code = "Z002",
                      .level = LEVEL_ERROR,
                      .message = text_str(&message),
                      .data = NONE});
}

static int usage_error(Cli *cli, const Err *err)
{
    AUTO(text) Text text = {0};
    help_print_error(cli->program, cli->parsed.command, err, &text);
    secret_hide(&text);
    write_all(STDERR_FILENO, text_str(&text));
    return err_exit_code(ERR_USAGE);
}

/* What prints its text and nothing else: its errors go to stderr; of `render` exit 1. */
static int plain_error(const Cli *cli, const Err *err)
{
    AUTO(text) Text text = {0};
    text_print(&text, "%s\n", err_title(err->kind));
    err_print(err, &text);
    text_add_char(&text, '\n');
    secret_hide(&text);
    write_all(STDERR_FILENO, text_str(&text));
    return cli->parsed.command == COMMAND_RENDER ? 1 : err_exit_code(err->kind);
}

/* ---- running ---- */

static int run_command(Cli *cli)
{
    Err err = {0};
    int exit_code = 0;
    bool is_plain = command_is_alone(cli->parsed.command) ||
                    command_is_text(cli->parsed.command) || flag_is(cli->flags, "config_dir");
    bool ok = open_sinks(cli, &err);
    if (ok && !is_plain)
        say_version(cli);
    if (ok && chdir(str_c(&cli->arena, cli->project_dir)) != 0)
        ok = err_set(&err, ERR_RUNTIME, NOWHERE, "cannot enter the folder " STR_FMT,
                     STR_ARG(cli->project_dir));
    if (ok)
        ok = functions[cli->parsed.command](cli, &exit_code, &err) && sinks_check(&err);
    if (!ok && err.kind == ERR_USAGE && !cli->project) {
        exit_code = usage_error(cli, &err);
    } else if (!ok && command_is_alone(cli->parsed.command)) {
        exit_code = plain_error(cli, &err);
    } else if (!ok) {
        console_end_progress();
        say_error(&err);
        exit_code = err_exit_code(err.kind);
    }
    err_drop(&err);
    sinks_close();
    return exit_code;
}

static int prepare_and_run(Cli *cli, int argc, char **argv)
{
    Err err = {0};
    Arena *arena = &cli->arena;
    cli->start_folder = path_working(arena);
    if (!environment_load(path_join(arena, cli->start_folder, STR(".env")), &err))
        return usage_error(cli, &err);
    secrets_from_environment();
    CommandId command = cli->parsed.command;
    bool has_project = !command_is_alone(command) && command != COMMAND_INIT;
    cli->project_dir = has_project ? find_project_dir(cli) : cli->start_folder;
    Value project_flags = has_project ? read_project_flags(cli) : UNDEFINED;
    if (!flags_make(arena, &cli->parsed, project_flags, &cli->flags, &err) ||
        !event_time_check(cli->flags, &err)) {
        int code = usage_error(cli, &err);
        err_drop(&err);
        return code;
    }
    Str logs = flag_text(cli->flags, "log_path");
    cli->log_folder = logs.len ? caller_path(cli, logs)
                               : path_join(arena, cli->project_dir, STR("logs"));
    Str profiles = flag_text(cli->flags, "profiles_dir");
    if (profiles.len)
        dict_put(cli->flags.dict, STR("profiles_dir"), value_text(caller_path(cli, profiles)));
    cli_set_invocation(cli, printed_command(cli, argc, argv));
    return run_command(cli);
}

int cli_main(int argc, char **argv)
{
    fill_streams();
    signal(SIGPIPE, SIG_IGN); /* a reader that leaves must not stop a build half way */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error, told as a full disk is */
    Cli cli = {.program = program_name(argc, argv), .started_us = clock_steady_us()};
    Err err = {0};
    int code = 0;
    event_set_thread_name("MainThread");
    if (!options_parse(&cli.arena, argc, argv, &cli.parsed, &err)) {
        code = usage_error(&cli, &err);
    } else if (cli.parsed.wants_help || cli.parsed.wants_version) {
        AUTO(text) Text text = {0};
        if (cli.parsed.wants_version)
            help_print_version(cli.program, &text);
        else
            help_print(cli.program, cli.parsed.command, &text);
        write_all(STDOUT_FILENO, text_str(&text));
    } else {
        code = prepare_and_run(&cli, argc, argv);
    }
    err_drop(&err);
    arena_drop(&cli.arena);
    return code;
}
