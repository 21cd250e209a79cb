/* cmd_retry.c: retry: what failed or was skipped in the run before is run again, by the command and
 * with the flags of that run.
 *
 *   run_results.json -> args -> flags (the command line may change vars and threads)
 *                    -> results: error, fail, skipped, partial success -> the nodes to run
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "jinja/jinja.h"

/* Commands that can be repeated: names as in `which`. */
static const struct {
    const char *which;
    CommandId command;
    CommandFn run;
} repeatable[] = {
    {"build", COMMAND_BUILD, cmd_run},
    {"run", COMMAND_RUN, cmd_run},
    {"test", COMMAND_TEST, cmd_run},
    {"seed", COMMAND_SEED, cmd_run},
    {"snapshot", COMMAND_SNAPSHOT, cmd_run},
    {"ingest", COMMAND_INGEST, cmd_run},
    {"publish", COMMAND_PUBLISH, cmd_run},
    {"compile", COMMAND_COMPILE, cmd_compile},
    {"clone", COMMAND_CLONE, cmd_clone},
    {"generate", COMMAND_DOCS_GENERATE, cmd_docs},
    {"run-operation", COMMAND_OPERATION, cmd_operation},
};

static bool is_one_of(Str word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(word, words[i]))
            return true;
    return false;
}

/* ---- the run before ---- */

static bool load_results(Cli *cli, Value *out, Err *err)
{
    Str folder = flag_text(cli->flags, "state"), text;
    TRY(cli_load_config(cli, false, err));
    if (!folder.len)
        folder = cli->project->target_path;
    Str path = path_join(&cli->arena, path_join(&cli->arena, cli->project_dir, folder),
                         STR("run_results.json"));
    if (!file_exists(path))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Could not find previous run in '" STR_FMT "' target directory",
                       STR_ARG(folder));
    return file_read(&cli->arena, path, &text, err) &&
           json_parse(&cli->arena, text, path, out, err);
}

static bool find_command(Value args, size_t *out, Err *err)
{
    Str which = value_get_text(args, "which", STR("an unknown command"));
    for (*out = 0; *out < COUNT_OF(repeatable); ++*out)
        if (str_is(which, repeatable[*out].which))
            return true;
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "retry cannot run '" STR_FMT "' again: it repeats build, run, test, seed, "
                   "snapshot, ingest, publish, compile, clone, docs generate and run-operation",
                   STR_ARG(which));
}

/* ---- what is to be run ---- */

/* [[start, end], ...] */
static void read_windows(Arena *arena, Value list, Windows *out)
{
    for (uint32_t i = 0; value_is_list(list) && i < list.list->len; i++) {
        Value pair = list.list->at[i];
        Window window;
        if (value_is_list(pair) && pair.list->len == 2 &&
            jinja_datetime_read(arena, pair.list->at[0], &window.start_us, NULL) &&
            jinja_datetime_read(arena, pair.list->at[1], &window.end_us, NULL))
            list_add(arena, out, window);
    }
}

/* A model of which no batch succeeded is built as if for the first time. */
static void take_batches(Arena *arena, Value result, RetryWork *retry)
{
    RetryBatches *batches = NEW(arena, RetryBatches);
    Value held = value_get(result, "batch_results");
    read_windows(arena, value_get(held, "successful"), &batches->good);
    read_windows(arena, value_get(held, "failed"), &batches->bad);
    if (batches->good.len && batches->bad.len)
        map_put(&retry->batches, value_get_text(result, "unique_id", STR("")), batches);
}

static void take_results(const Cli *cli, Value results, bool is_operation, Arena *arena,
                         RetryWork *retry)
{
    static const char *const again[] = {"error", "fail", "skipped", "runtime error",
                                        "partial success", "warn"};
    bool heeds_warnings = flag_is(cli->flags, "warn_error");
    for (uint32_t i = 0; value_is_list(results) && i < results.list->len; i++) {
        Value result = results.list->at[i];
        Str id = value_get_text(result, "unique_id", STR(""));
        Str status = value_get_text(result, "status", STR(""));
        if (!is_operation && str_starts(id, STR("operation.")))
            continue;
        take_batches(arena, result, retry);
        if (is_one_of(status, again, COUNT_OF(again) - !heeds_warnings))
            map_put(&retry->ids, id, retry);
    }
}

static RetryWork *make_retry(const Cli *cli, Value before, bool is_operation, Arena *arena)
{
    RetryWork *retry = NEW(arena, RetryWork);
    map_init(&retry->ids, arena);
    map_init(&retry->batches, arena);
    Value metadata = value_get(before, "metadata");
    if (!jinja_datetime_read(arena, value_get(metadata, "invocation_started_at"),
                             &retry->started_us, NULL) &&
        !jinja_datetime_read(arena, value_get(metadata, "generated_at"), &retry->started_us, NULL))
        retry->started_us = cli->invocation.started_at_us;
    take_results(cli, value_get(before, "results"), is_operation, arena, retry);
    return retry;
}

/* ---- with which flags ---- */

/* Flags of the run before, but for where things are; vars and threads may be given anew. */
static bool restore_flags(Cli *cli, Value args, CommandId command, Err *err)
{
    static const char *const own[] = {"log_path", "output_path", "profiles_dir", "project_dir",
                                      "defer_state", "target_path", "warn_error"};
    static const char *const anew[] = {"vars", "threads"};
    Parsed parsed = cli->parsed;
    parsed.command = command;
    parsed.given = dict_make(&cli->arena, 64);
    for (uint32_t i = 0; i < options_count; i++) {
        const Option *option = &options_table[i];
        Str key = str_lower(&cli->arena, str_of(option->key));
        bool is_own = is_one_of(key, own, COUNT_OF(own));
        Value *given = dict_find(cli->parsed.given, str_of(option->key));
        bool is_anew = given && is_one_of(key, anew, COUNT_OF(anew));
        Value value = is_anew ? *given : value_get_str(is_own ? cli->flags : args, key);
        bool is_taken = option->on & ((uint32_t)1 << command);
        if (is_taken && !value_is_undefined(value) && !value_is_none(value) &&
            !str_is(key, "show"))
            dict_put(parsed.given, str_of(option->key), value);
    }
    parsed.argument = value_get_text(args, "macro", STR_NONE);
    Str line = value_get_text(cli->flags, "invocation_command", STR(""));
    TRY(flags_make(&cli->arena, &parsed, cli->project->flags, &cli->flags, err));
    cli->parsed = parsed;
    cli_set_invocation(cli, line);
    return true;
}

bool cmd_retry(Cli *cli, int *exit_code, Err *err)
{
    Value before;
    size_t which;
    TRY(load_results(cli, &before, err));
    Value args = value_get(before, "args");
    TRY(find_command(args, &which, err));
    CommandId command = repeatable[which].command;
    cli->retry = make_retry(cli, before, command == COMMAND_OPERATION, &cli->arena);
    TRY(restore_flags(cli, args, command, err));
    cli->project = NULL;
    if (command == COMMAND_OPERATION && !cli->retry->ids.dict->len)
        return cli_load(cli, STR_NONE, NULL, err); /* it succeeded */
    return repeatable[which].run(cli, exit_code, err);
}
