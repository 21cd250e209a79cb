/* cmd_operation.c: run-operation: one macro, called by name with arguments. */
#include "base/clock.h"
#include "cli/cli.h"

static MacroEntry *find_macro(const Project *project, Str name)
{
    ptrdiff_t dot = str_find_char(name, '.');
    if (dot < 0)
        return library_find(project->library, STR_NONE, name);
    return library_find(project->library, str_slice(name, 0, (size_t)dot),
                        str_slice(name, (size_t)dot + 1, name.len));
}

static bool no_such_macro(Cli *cli, Str name, Err *err)
{
    const Library *library = cli->project->library;
    uint32_t at = 0, count = 0;
    MacroEntry *entry;
    Str *names = NEW_N(&cli->arena, Str, library_len(library) + 1);
    while (library_next(library, &at, &entry))
        names[count++] = entry->name;
    Str nearest = str_nearest(name, names, count);
    return err_set(err, ERR_COMPILATION, NOWHERE,
                   "dbt could not find a macro with the name \"" STR_FMT "\" in any package%s"
                   STR_FMT "%s", STR_ARG(name), nearest.len ? "\nDid you mean '" : "",
                   STR_ARG(nearest), nearest.len ? "'?" : "");
}

/* The failure of a macro is a failed run: exit 1. */
static void say_failure(const Err *err)
{
    AUTO(text) Text body = {0}, line = {0};
    err_print(err, &body);
    text_print(&line, "[ERROR]: Encountered an error while running operation: %s",
               err_title(err->kind));
    Str rest = text_str(&body), part;
    while (str_next_part(&rest, '\n', &part))
        text_print(&line, "\n  " STR_FMT, STR_ARG(part));
    event_say((Event){.name = "RunningOperationCaughtError",
                      .code = "Q001",
                      .level = LEVEL_ERROR,
                      .message = text_str(&line),
                      .data = NONE});
}

static bool write_result(Cli *cli, const MacroEntry *entry, const NodeResult *timing, Err *err)
{
    NodeResults results = {0};
    Node *node = NEW(&cli->arena, Node);
    *node = (Node){.kind = NODE_OPERATION,
                   .unique_id = entry->unique_id,
                   .name = entry->name,
                   .package = entry->package,
                   .original_file_path = entry->original_file_path,
                   .file = entry->path,
                   .config = value_dict(&cli->arena)};
    NodeResult result = *timing;
    result.node = node;
    list_add(&cli->arena, &results, result);
    return cli_write_results(cli, &results, err);
}

bool cmd_operation(Cli *cli, int *exit_code, Err *err)
{
    Str name = cli->parsed.argument;
    if (!name.len)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "run-operation needs the name of a macro: %s run-operation MACRO",
                       cli->program);
    RunOptions options;
    Value args = value_get(cli->flags, "args"), out;
    TRY(cli_load(cli, STR_NONE, NULL, err));
    cli_say_found(cli);
    MacroEntry *entry = find_macro(cli->project, name);
    if (!entry)
        return no_such_macro(cli, name, err);
    cli_run_options(cli, RUN_OPERATION, NULL, &options);
    Err failure = {0};
    NodeResult result = {.status = STATUS_SUCCESS, .failures = 0, .adapter_response = NONE,
                         .table = NONE, .thread = STR("MainThread")};
    result.compile_start_us = result.compile_end_us = result.execute_start_us = clock_now_us();
    if (!value_is_dict(args))
        args = value_dict(&cli->arena);
    if (!transform_operation(cli->graph, name, args, &options, &cli->arena, &out, &failure)) {
        say_failure(&failure);
        result.status = STATUS_ERROR;
        result.failures = 1;
        result.message = str_copy(&cli->arena, str_of(failure.text));
        *exit_code = 1;
    }
    err_drop(&failure);
    result.execute_end_us = clock_now_us();
    result.execution_us = result.execute_end_us - result.execute_start_us;
    return write_result(cli, entry, &result, err);
}
