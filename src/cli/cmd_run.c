/* cmd_run.c: run, test, seed, snapshot, build, ingest, publish: nodes of some kinds, executed. */
#include "base/clock.h"
#include "base/process.h"
#include "cli/cli.h"

#define KIND(id) ((uint32_t)1 << NODE_##id)

static const struct {
    RunMode mode;
    uint32_t kinds;
} modes[COMMAND_COUNT] = {
    [COMMAND_RUN] = {RUN_MODELS, KIND(MODEL)},
    [COMMAND_TEST] = {RUN_TEST, KIND(TEST) | KIND(UNIT_TEST)},
    [COMMAND_SEED] = {RUN_SEED, KIND(SEED)},
    [COMMAND_SNAPSHOT] = {RUN_SNAPSHOT, KIND(SNAPSHOT)},
    [COMMAND_BUILD] = {RUN_BUILD, KIND(MODEL) | KIND(SEED) | KIND(SNAPSHOT) | KIND(TEST) |
                                      KIND(UNIT_TEST) | KIND(EXPOSURE) | KIND(SAVED_QUERY) |
                                      KIND(FUNCTION) | KIND(INGEST) | KIND(PUBLISH)},
    [COMMAND_INGEST] = {RUN_OTHER, KIND(INGEST)},
    [COMMAND_PUBLISH] = {RUN_OTHER, KIND(PUBLISH)},
};

enum { SEED_ROWS = 10 };

/* --show: the first rows of each seed that was loaded. */
static bool show_seeds(Cli *cli, const NodeResults *results, Err *err)
{
    for (uint32_t i = 0; i < results->len; i++) {
        Node *node = (Node *)results->at[i].node;
        if (node->kind != NODE_SEED || results->at[i].status != STATUS_SUCCESS)
            continue;
        Arena arena = {0};
        RunOptions options;
        cli_run_options(cli, RUN_SHOW, NULL, &options);
        options.show_limit = SEED_ROWS;
        NodeResult shown;
        bool ok = transform_show(cli->graph, node, &options, &arena, &shown, err);
        if (ok) {
            AUTO(text) Text title = {0}, rows = {0};
            text_print(&title, "First rows of table: " STR_FMT "." STR_FMT, STR_ARG(node->schema),
                       STR_ARG(node->alias));
            say_blank();
            event_print(LEVEL_INFO, "SeedHeader", "Q004", STR_FMT, STR_ARG(text_str(&title)));
            table_add_text(shown.table, &rows);
            text_truncate(&rows, rows.len ? rows.len - 1 : 0);
            cli_payload(text_str(&rows));
        }
        arena_drop(&arena);
        TRY(ok);
    }
    return true;
}

/* --shard is wrong before anything is read. */
static bool check_shard(const Cli *cli, Err *err)
{
    uint32_t shard, shards;
    Str text = flag_text(cli->flags, "shard");
    if (!text.len)
        return true;
    if (cli->parsed.command != COMMAND_INGEST)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "--shard is of `weir ingest`: each worker would build every model. Start "
                       "`weir ingest --shard " STR_FMT "` and the others, and when they have ended "
                       "`weir build --exclude resource_type:ingest` once", STR_ARG(text));
    return shard_parse(text, &shard, &shards, err);
}

bool cmd_run(Cli *cli, int *exit_code, Err *err)
{
    CommandId command = cli->parsed.command;
    NodeResults results = {0};
    Bits selected;
    TRY(check_shard(cli, err));
    TRY(cli_load(cli, STR_NONE, NULL, err));
    cli_say_found(cli);
    TRY(cli_select(cli, modes[command].kinds, &selected, err));
    if (!bits_count(selected)) {
        TRY(cli_nothing_to_do(cli, err));
        if (command == COMMAND_SEED) /* as dbt: seeds alone have an end of their own */
            report_end(cli, &results);
        return true;
    }
    int64_t started_us = clock_steady_us();
    bool ok = cli_run_nodes(cli, modes[command].mode, selected, &results, err);
    int64_t took_us = clock_steady_us() - started_us;
    if (!ok && !results.len)
        return false;
    if (flag_is(cli->flags, "fail_fast"))
        report_fail_fast(&results);
    report_finished(&results, took_us);
    if (flag_is(cli->flags, "show") && !interrupt_seen())
        ok = show_seeds(cli, &results, ok ? err : &(Err){0}) && ok;
    if (!results.len) /* ephemeral models alone: nothing was to run */
        return ok;
    report_end(cli, &results);
    report_summary(cli, &results, took_us);
    *exit_code = report_exit_code(&results);
    return ok;
}
