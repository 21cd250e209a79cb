/* cmd_operation.c: run-operation: one macro, called by name with arguments. */
#include "base/clock.h"
#include "base/process.h"
#include "cli/cli.h"

enum { LINE_WIDTH = 80 };

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
static void say_failure(Str message)
{
    AUTO(text) Text line = {0};
    text_print(&line, "[ERROR]: Encountered an error while running operation: " STR_FMT,
               STR_ARG(message));
    event_say((Event){.name = "RunningOperationCaughtError",
                      .code = "Q001",
                      .level = LEVEL_ERROR,
                      .message = text_str(&line),
                      .data = NONE});
}

static bool write_result(Cli *cli, Str unique_id, Str name, const NodeResult *timing, Err *err)
{
    NodeResults results = {0};
    Node *node = NEW(&cli->arena, Node);
    *node = (Node){.kind = NODE_OPERATION,
                   .unique_id = unique_id,
                   .name = name,
                   .package = cli->project->packages.at[0]->name,
                   .raw_code = STR(""),
                   .config = value_dict(&cli->arena)};
    NodeResult result = *timing;
    result.node = node;
    list_add(&cli->arena, &results, result);
    return cli_write_results(cli, &results, err);
}

/* "Compilation Error in macro operate (macros/all.sql)\n  what happened" */
static Str failure_message(Cli *cli, const MacroEntry *entry, const Err *err)
{
    AUTO(text) Text body = {0}, out = {0};
    err_print(err, &body);
    ErrKind kind = err->kind == ERR_DATABASE || err->kind == ERR_CONFLICT ? ERR_RUNTIME : err->kind;
    text_print(&out, "%s", err_title(kind));
    if (entry)
        text_print(&out, " in macro " STR_FMT " (" STR_FMT ")", STR_ARG(entry->name),
                   STR_ARG(entry->original_file_path));
    Str rest = text_str(&body), line;
    while (str_next_part(&rest, '\n', &line))
        text_print(&out, "\n  " STR_FMT, STR_ARG(line));
    secret_hide(&out);
    return text_copy(&cli->arena, &out);
}

static void end_timing(NodeResult *result)
{
    result->execute_end_us = clock_now_us();
    result->execution_us = result->execute_end_us - result->execute_start_us;
}

/* "1 of 1 OK executed inline_query ... [OK in 0.01s]" */
static void say_line(Level level, const char *what, const char *status, int64_t took_us)
{
    AUTO(text) Text line = {0};
    text_print(&line, "1 of 1 %s inline_query ", what);
    if (line.len < LINE_WIDTH)
        text_add_repeat(&line, '.', LINE_WIDTH - line.len);
    if (took_us >= 0)
        text_print(&line, " [%s in %.2fs]", status, (double)took_us / 1e6);
    else
        text_print(&line, " [%s]", status);
    event_print(level, "Note", "Z050", STR_FMT, STR_ARG(text_str(&line)));
}

/* --sql: a statement in place of a macro. */
static bool run_statement(Cli *cli, Str sql, int *exit_code, Err *err)
{
    Node *node;
    RunOptions options;
    Err failure = {0};
    Value response = NONE;
    NodeResult result = {.status = STATUS_SUCCESS, .failures = 0, .adapter_response = NONE,
                         .table = NONE, .thread = STR("MainThread")};
    TRY(cli_load(cli, sql, &node, err));
    cli_run_options(cli, RUN_OPERATION, NULL, &options);
    say_line(LEVEL_INFO, "START executing", "RUN", -1);
    result.compile_start_us = result.compile_end_us = result.execute_start_us = clock_now_us();
    bool ok = transform_statement(cli->graph, node, &options, &cli->arena, &response, &failure);
    end_timing(&result);
    if (ok) {
        result.adapter_response = response;
        Str said = value_get_text(response, "_message", STR("OK"));
        say_line(LEVEL_INFO, "OK executed", str_c(&cli->arena, said), result.execution_us);
    } else {
        result.message = failure_message(cli, NULL, &failure);
        say_failure(result.message);
        say_line(LEVEL_ERROR, "ERROR executing", "ERROR", result.execution_us);
        result.status = STATUS_ERROR;
        result.failures = 1;
        *exit_code = 1;
    }
    err_drop(&failure);
    return write_result(cli, str_print(&cli->arena, "sql_operation." STR_FMT ".inline_query",
                                       STR_ARG(cli->project->packages.at[0]->name)),
                        STR("inline_query"), &result, err);
}

/* A macro or a statement, not both. */
static bool check_usage(const Cli *cli, Str macro, Str sql, Err *err)
{
    Value args = value_get(cli->flags, "args");
    if (!sql.len && !macro.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Either a macro name or --sql must be passed to run-operation");
    if (sql.len && macro.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Cannot specify both a macro name and --sql for run-operation");
    if (sql.len && value_is_dict(args) && args.dict->len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "--args cannot be used with --sql; pass arguments directly in the SQL");
    return true;
}

bool cmd_operation(Cli *cli, int *exit_code, Err *err)
{
    Str name = cli->parsed.argument, sql = flag_text(cli->flags, "sql");
    TRY(check_usage(cli, name, sql, err));
    if (sql.len)
        return run_statement(cli, sql, exit_code, err);
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
        result.message = failure_message(cli, entry, &failure);
        say_failure(result.message);
        result.status = STATUS_ERROR;
        result.failures = 1;
        *exit_code = 1;
    }
    err_drop(&failure);
    end_timing(&result);
    return write_result(cli, entry->unique_id, entry->name, &result, err);
}
