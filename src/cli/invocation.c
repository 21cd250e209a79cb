/* invocation.c: load, select, run, write: the steps that commands are made of. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "cli/cli.h"
#include "cli/event_time.h"

/* ---- loading ---- */

static ProjectOptions project_options(const Cli *cli, bool needs_profile)
{
    Value threads = value_get(cli->flags, "threads");
    return (ProjectOptions){
        .project_dir = cli->project_dir,
        .profiles_dir = flag_text(cli->flags, "profiles_dir"),
        .profile = flag_text(cli->flags, "profile"),
        .target = flag_text(cli->flags, "target"),
        .target_path = flag_text(cli->flags, "target_path"),
        .packages_path = flag_text(cli->flags, "packages_install_path"),
        .threads = value_is_int(threads) ? threads.number : 0,
        .needs_profile = needs_profile,
    };
}

static bool say_adapter(const Cli *cli, Err *err)
{
    Str nearest = STR_NONE, type = cli->project->profile.type;
    const Engine *engine = engine_find(type, &nearest);
    if (!engine)
        return err_set(err, ERR_RUNTIME,
                       (Place){.file = cli->project->profile.file},
                       "Could not find adapter type " STR_FMT "!%s" STR_FMT "%s", STR_ARG(type),
                       nearest.len ? "\nDid you mean '" : "", STR_ARG(nearest),
                       nearest.len ? "'?" : "");
    Arena arena = {0};
    Str version = engine_adapter_version(engine), name = engine_name(engine);
    Value data = value_dict(&arena);
    dict_put(data.dict, STR("adapter_name"), value_text(name));
    dict_put(data.dict, STR("adapter_version"),
             value_text(str_print(&arena, "=" STR_FMT, STR_ARG(version))));
    event_say((Event){.name = "AdapterRegistered",
                      .code = "E034",
                      .level = LEVEL_INFO,
                      .message = str_print(&arena, "Registered adapter: " STR_FMT "=" STR_FMT,
                                           STR_ARG(name), STR_ARG(version)),
                      .data = data});
    arena_drop(&arena);
    return true;
}

bool cli_load_config(Cli *cli, bool needs_profile, Err *err)
{
    ProjectOptions options = project_options(cli, needs_profile);
    return project_load_config(&cli->invocation, &options, &cli->arena, &cli->project, err);
}

bool cli_load(Cli *cli, Str inline_sql, Node **inline_node, Err *err)
{
    ProjectOptions options = project_options(cli, true);
    TRY(project_load(&cli->invocation, &options, &cli->arena, &cli->project, err));
    TRY(say_adapter(cli, err));
    TRY(graph_resolve(cli->project, &cli->graph, err));
    TRY(project_check_inputs(cli->project, err));
    if (inline_sql.at) {
        if (!project_add_inline(cli->project, STR("inline_query"), inline_sql, inline_node, err) ||
            !graph_resolve_node(cli->graph, *inline_node, err))
            return err_wrap(err, "Error parsing inline query");
        cli->inline_count = 1;
    }
    TRY(sinks_check(err));
    return cli_write_manifest(cli, err);
}

/* ---- "Found ..." ---- */

void report_count(Text *out, int64_t count, const char *kind)
{
    Str name = str_of(kind);
    if (str_is(name, "ingest") || str_is(name, "publish"))
        name = str_is(name, "ingest") ? STR("load") : STR("publication");
    AUTO(text) Text many = {0};
    if (str_is(name, "test"))
        text_add_c(&many, "data_tests");
    else if (str_is(name, "analysis"))
        text_add_c(&many, "analyses");
    else if (str_ends(name, STR("y")))
        text_print(&many, STR_FMT "ies", STR_ARG(str_slice(name, 0, name.len - 1)));
    else
        text_print(&many, STR_FMT "s", STR_ARG(name));
    Str shown = count == 1 ? name : text_str(&many);
    text_print(out, "%s%lld ", out->len ? ", " : "", (long long)count);
    for (size_t i = 0; i < shown.len; i++)
        text_add_char(out, shown.at[i] == '_' ? ' ' : shown.at[i]);
}

/* Kinds that dbt keeps among `nodes` come in the order in which the first of each was parsed. */
static bool is_counted_first(NodeKind kind)
{
    return kind == NODE_MODEL || kind == NODE_ANALYSIS || kind == NODE_TEST ||
           kind == NODE_SNAPSHOT || kind == NODE_OPERATION || kind == NODE_SEED ||
           kind == NODE_SQL_OPERATION;
}

void cli_say_found(const Cli *cli)
{
    const Project *project = cli->project;
    int64_t counts[NODE_KIND_COUNT] = {0};
    NodeKind order[NODE_KIND_COUNT];
    uint32_t seen = 0;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        NodeKind kind = project->nodes.at[i]->kind;
        if (!project->nodes.at[i]->is_enabled) /* what refers to disabled nodes */
            continue;
        if (!counts[kind]++ && is_counted_first(kind))
            order[seen++] = kind;
    }
    AUTO(text) Text line = {0};
    if (cli->inline_count && !counts[NODE_SQL_OPERATION]) {
        counts[NODE_SQL_OPERATION] = cli->inline_count;
        order[seen++] = NODE_SQL_OPERATION;
    }
    for (uint32_t i = 0; i < seen; i++)
        report_count(&line, counts[order[i]], node_kind_name(order[i]));
    static const NodeKind rest[] = {NODE_SOURCE, NODE_EXPOSURE, NODE_METRIC, NODE_INGEST,
                                    NODE_PUBLISH};
    for (size_t i = 0; i < COUNT_OF(rest); i++)
        if (counts[rest[i]])
            report_count(&line, counts[rest[i]], node_kind_name(rest[i]));
    report_count(&line, library_len(project->library), "macro");
    if (project->groups.len)
        report_count(&line, project->groups.len, "group");
    static const NodeKind last[] = {NODE_SEMANTIC_MODEL, NODE_SAVED_QUERY, NODE_UNIT_TEST};
    for (size_t i = 0; i < COUNT_OF(last); i++)
        if (counts[last[i]])
            report_count(&line, counts[last[i]], node_kind_name(last[i]));
    Arena arena = {0};
    Value data = value_dict(&arena);
    dict_put(data.dict, STR("stat_line"), value_text(text_str(&line)));
    event_say((Event){.name = "FoundStats",
                      .code = "W006",
                      .level = LEVEL_INFO,
                      .message = str_print(&arena, "Found " STR_FMT, STR_ARG(text_str(&line))),
                      .data = data});
    arena_drop(&arena);
}

/* ---- selecting ---- */

/* A list flag as an array of texts. */
static const Str *words_of(Cli *cli, const char *key, uint32_t *count)
{
    Value list = value_get(cli->flags, key);
    *count = value_is_list(list) ? list.list->len : 0;
    Str *out = NEW_N(&cli->arena, Str, *count + 1);
    for (uint32_t i = 0; i < *count; i++)
        out[i] = value_str(list.list->at[i]);
    return out;
}

/* Kinds of --resource-type: "all" is everything the command can do, "default" what it does. */
static const NodeKind *kinds_of(Cli *cli, const char *key, bool *is_all, uint32_t *count)
{
    uint32_t word_count;
    const Str *words = words_of(cli, key, &word_count);
    NodeKind *out = NEW_N(&cli->arena, NodeKind, word_count + 1);
    *count = 0;
    *is_all = false;
    for (uint32_t i = 0; i < word_count; i++) {
        if (str_is(words[i], "all") || str_is(words[i], "default"))
            *is_all = true;
        else if (node_kind_find(words[i], &out[*count]))
            (*count)++;
    }
    return out;
}

static IndirectSelection indirect_of(Str name)
{
    return str_is(name, "cautious")    ? INDIRECT_CAUTIOUS
           : str_is(name, "buildable") ? INDIRECT_BUILDABLE
           : str_is(name, "empty")     ? INDIRECT_EMPTY
                                       : INDIRECT_EAGER;
}

/* retry: the nodes that are to be run again, as far as they exist still. */
static void select_again(Cli *cli, Bits *out)
{
    Value key, value;
    *out = bits_make(&cli->arena, cli->graph->count);
    for (uint32_t at = 0; dict_next(cli->retry->ids.dict, &at, &key, &value);) {
        const Node *node = map_find(&cli->project->by_id, value_str(key));
        if (node)
            bits_add(*out, node->index);
    }
}

bool cli_select(Cli *cli, uint32_t kinds, Bits *out, Err *err)
{
    if (cli->retry) {
        select_again(cli, out);
        return sinks_check(err);
    }
    Selection selection = {0};
    bool is_all, excludes_all;
    selection.select = words_of(cli, "select", &selection.select_count);
    selection.exclude = words_of(cli, "exclude", &selection.exclude_count);
    selection.selector = flag_text(cli->flags, "selector");
    selection.kinds = kinds_of(cli, "resource_types", &is_all, &selection.kind_count);
    selection.excluded_kinds =
        kinds_of(cli, "exclude_resource_types", &excludes_all, &selection.excluded_kind_count);
    selection.indirect = indirect_of(flag_text(cli->flags, "indirect_selection"));
    selection.state_path = flag_text(cli->flags, "state");
    if (is_all)
        selection.kind_count = 0;
    if (excludes_all)
        kinds = 0;
    for (uint32_t i = 0; !is_all && i < selection.kind_count; i++)
        if (selection.kinds[i] == NODE_ANALYSIS && cli->parsed.command == COMMAND_LS)
            kinds |= (uint32_t)1 << NODE_ANALYSIS;
    TRY(selector_apply(cli->graph, &selection, kinds, out, err));
    return sinks_check(err);
}

bool cli_raise_first(const NodeResults *results, Err *err)
{
    for (uint32_t i = 0; i < results->len; i++)
        if (results->at[i].status == STATUS_ERROR)
            return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT, STR_ARG(results->at[i].message));
    return true;
}

bool cli_load_inline(Cli *cli, Str sql, RunMode mode, Node **node, RunOptions *options, Err *err)
{
    State *state;
    TRY(cli_load(cli, sql, node, err));
    cli_say_found(cli);
    TRY(cli_load_state(cli, &state, err));
    cli_run_options(cli, mode, state, options);
    say_blank();
    sinks_hold_concurrency(options->threads, cli->project->profile.target, 1);
    sinks_give_concurrency();
    return true;
}

bool cli_fail_inline(Err *err)
{
    bool is_database = err->kind == ERR_DATABASE || err->kind == ERR_CONFLICT;
    if (err->kind == ERR_CANCELLED)
        return false;
    AUTO(text) Text body = {0}, text = {0};
    err_print(err, &body);
    text_print(&text, "%s in sql operation inline_query",
               err_title(!is_database                           ? err->kind
                         : dialect_now()->tells_database_errors ? ERR_DATABASE
                                                                : ERR_RUNTIME));
    Str rest = text_str(&body), line;
    while (str_next_part(&rest, '\n', &line))
        text_print(&text, "\n  " STR_FMT, STR_ARG(line));
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT, STR_ARG(text_str(&text)));
}

bool cli_nothing_to_do(Cli *cli, Err *err)
{
    NodeResults none = {0};
    event_print(LEVEL_WARN, "NoNodesSelected", "Q036",
                "Nothing to do. Try checking your model configs and model specification args");
    TRY(cli_write_results(cli, &none, err));
    return sinks_check(err);
}

/* ---- artifacts ---- */

Str cli_artifact(const Cli *cli, const char *name)
{
    Arena *arena = cli->project->arena;
    Str folder = path_join(arena, cli->project->project_dir, cli->project->target_path);
    return path_join(arena, folder, str_of(name));
}

bool cli_write_manifest(const Cli *cli, Err *err)
{
    if (!flag_is(cli->flags, "write_json"))
        return true;
    TRY(semantic_manifest_write(cli->graph, cli_artifact(cli, "semantic_manifest.json"), err));
    return manifest_write(cli->graph, cli_artifact(cli, "manifest.json"), cpu_count(), err);
}

/* sources.json, or where -o says. */
static bool write_freshness(const Cli *cli, const NodeResults *results, Err *err)
{
    Str given = flag_text(cli->flags, "output"), path = cli_artifact(cli, "sources.json");
    if (given.len)
        path = path_join(cli->project->arena, cli->start_folder, given);
    return freshness_write(cli->project, results, clock_steady_us() - cli->started_us, path, err);
}

bool cli_write_results(const Cli *cli, const NodeResults *results, Err *err)
{
    if (!flag_is(cli->flags, "write_json"))
        return true;
    if (cli->parsed.command == COMMAND_FRESHNESS)
        return write_freshness(cli, results, err);
    return results_write(cli->project, results, clock_steady_us() - cli->started_us,
                         cli_artifact(cli, "run_results.json"), err);
}

void cli_payload(Str text)
{
    Arena arena = {0};
    Value data = value_dict(&arena);
    dict_put(data.dict, STR("msg"), value_text(text));
    cli_payload_event("PrintEvent", "Z050", text, data);
    arena_drop(&arena);
}

void cli_payload_event(const char *name, const char *code, Str text, Value data)
{
    event_say((Event){.name = name,
                      .code = code,
                      .level = LEVEL_INFO,
                      .message = text,
                      .data = data,
                      .is_payload = true});
}

void cli_node_payload(const Cli *cli, NodePayload payload)
{
    Arena arena = {0};
    Value data = value_dict(&arena);
    dict_put(data.dict, STR("node_name"), value_text(payload.name));
    dict_put(data.dict, STR("unique_id"), value_text(payload.node->unique_id));
    dict_put(data.dict, STR("is_inline"), value_bool(payload.is_inline));
    dict_put(data.dict, STR("output_format"), value_get(cli->flags, "output"));
    dict_put(data.dict, str_of(payload.key), value_text(payload.content));
    cli_payload_event(payload.event, payload.code, payload.shown, data);
    arena_drop(&arena);
}

/* ---- running ---- */

bool cli_load_state(Cli *cli, State **out, Err *err)
{
    *out = NULL;
    if (!flag_is(cli->flags, "defer") && cli->parsed.command != COMMAND_CLONE)
        return true;
    Str folder = flag_text(cli->flags, "defer_state");
    if (!folder.len)
        folder = flag_text(cli->flags, "state");
    if (!folder.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "--state or --defer-state are required for deferral, but neither was "
                       "provided");
    *out = NEW(&cli->arena, State);
    return state_load(&cli->arena, folder, *out, err);
}

void cli_run_options(const Cli *cli, RunMode mode, State *state, RunOptions *out)
{
    Value limit = value_get(cli->flags, "limit");
    int64_t threads = cli->project->profile.threads;
    *out = (RunOptions){
        .mode = mode,
        .threads = threads > 0 ? (unsigned)threads : 1,
        .is_full_refresh = cli->invocation.is_full_refresh,
        .fails_fast = flag_is(cli->flags, "fail_fast"),
        .stores_failures = cli->invocation.stores_failures,
        .is_empty = cli->invocation.is_empty,
        .writes_json = flag_is(cli->flags, "write_json"),
        .tells_of_ephemerals = cli->parsed.command == COMMAND_COMPILE &&
                               (value_truth(value_get(cli->flags, "select")) ||
                                flag_text(cli->flags, "inline").len),
        .introspects = cli->invocation.is_introspecting,
        .warns_are_errors = sinks_promote("LogTestResult"),
        .show_limit = value_is_int(limit) ? limit.number : -1,
        .state = state,
        .defers = state != NULL,
        .favors_state = flag_is(cli->flags, "favor_state"),
        .leaves_ctes_out = value_is_bool(value_get(cli->flags, "inject_ephemeral_ctes")) &&
                           !flag_is(cli->flags, "inject_ephemeral_ctes"),
        .now_us = cli->retry ? cli->retry->started_us : cli->invocation.started_at_us,
        .batches = cli->retry ? &cli->retry->batches : NULL,
        .leaves_hooks_out = mode == RUN_FRESHNESS &&
                            !flag_is(cli->flags, "source_freshness_run_project_hooks"),
        .runs_all_same = !flag_is(cli->flags, "skip_nodes_if_on_run_start_fails"),
    };
    event_time_windows(cli->flags, &out->asked, &out->sample);
}

/* Called under the console's lock: says nothing yet. */
static void collect_running(void *context, Str unique_id, Str label)
{
    Value ids = value_of_array(context);
    Value pair = value_list(ids.list->arena);
    array_add(pair.list, value_text(str_copy(ids.list->arena, unique_id)));
    array_add(pair.list, value_text(str_copy(ids.list->arena, label)));
    array_add(ids.list, pair);
}

/* Ctrl-C: tells what is cancelled, then cancels it. */
static void on_interrupt(void *context)
{
    (void)context;
    Arena arena = {0};
    Array *ids = array_make(&arena, 8);
    console_each_running(collect_running, ids);
    console_end_progress();
    event_set_thread_name("MainThread");
    for (uint32_t i = 0; i < ids->len; i++) {
        AUTO(text) Text line = {0};
        text_print(&line, "CANCEL query " STR_FMT " ", STR_ARG(value_str(ids->at[i].list->at[0])));
        if (line.len < 80)
            text_add_repeat(&line, '.', 80 - line.len);
        event_print(LEVEL_ERROR, "LogCancelLine", "Q025", STR_FMT " [CANCEL]",
                    STR_ARG(text_str(&line)));
    }
    arena_drop(&arena);
    transform_stop();
}

/* How long the selected nodes took the last time: unique id -> microseconds. */
static Value earlier_durations(Cli *cli, Bits selected)
{
    Err err = {0};
    Str text, path = cli_artifact(cli, "run_results.json");
    Value tree, out = value_dict(&cli->arena);
    bool ok = file_exists(path) && file_read(&cli->arena, path, &text, &err) &&
              json_parse(&cli->arena, text, path, &tree, &err);
    err_drop(&err);
    Value results = ok ? value_get(tree, "results") : NONE;
    for (uint32_t i = 0; value_is_list(results) && i < results.list->len; i++) {
        Value id = value_get(results.list->at[i], "unique_id");
        Value seconds = value_get(results.list->at[i], "execution_time");
        const Node *node = map_find(&cli->project->by_id, value_str(id));
        if (node && bits_has(selected, node->index) && value_is_float(seconds))
            dict_put(out.dict, value_str(id), value_int((int64_t)(seconds.real * 1e6)));
    }
    return out;
}

typedef struct Ticker {
    _Atomic bool is_done;
    Lock lock;
    Signal signal;
    Thread thread;
} Ticker;

enum { TICKER_RANK = 910, TICK_MS = 100 };

static void tick(void *context)
{
    Ticker *ticker = context;
    lock_take(&ticker->lock);
    while (!ticker->is_done) {
        signal_wait(&ticker->signal, &ticker->lock, TICK_MS);
        console_tick();
    }
    lock_give(&ticker->lock);
}

static void ticker_begin(Ticker *ticker)
{
    lock_init(&ticker->lock, TICKER_RANK, "progress");
    signal_init(&ticker->signal);
    thread_start(&ticker->thread, "Progress", tick, ticker);
}

static void ticker_end(Ticker *ticker)
{
    lock_take(&ticker->lock);
    ticker->is_done = true;
    signal_tell_all(&ticker->signal);
    lock_give(&ticker->lock);
    thread_join(&ticker->thread);
    signal_drop(&ticker->signal);
    lock_drop(&ticker->lock);
}

/* ---- loads and publications within a run ---- */

typedef struct Loads {
    Ingest *ingest;              /* NULL: the run has none                                        */
    OtherWork work;
} Loads;

static bool run_load(void *context, const Node *node, Attempt *attempt, NodeResult *result,
                     Err *err)
{
    Loads *loads = context;
    IngestReport report;
    TRY(ingest_run(loads->ingest, node, attempt, &report, err));
    result->status = report.is_skipped    ? STATUS_SKIPPED
                     : report.has_warning ? STATUS_WARN
                                          : STATUS_SUCCESS;
    result->is_away = report.is_skipped;
    result->message = report.message;
    result->adapter_response = report.response;
    return true;
}

static void cancel_load(void *context, const Node *node)
{
    ingest_cancel(((Loads *)context)->ingest, node);
}

static bool loads_open(Cli *cli, Bits selected, Loads *loads, RunOptions *options, Err *err)
{
    uint32_t at = 0, number;
    bool has_any = false;
    while (bits_next(selected, &at, &number))
        has_any = has_any || kind_is_own(cli->project->nodes.at[number]->kind);
    if (!has_any)
        return true;
    IngestOptions asked = {.from = value_get_text(cli->flags, "from", STR_NONE),
                           .to = value_get_text(cli->flags, "to", STR_NONE),
                           .is_full_refresh = options->is_full_refresh,
                           .threads = options->threads};
    Str shard = flag_text(cli->flags, "shard");
    if (shard.len)
        TRY(shard_parse(shard, &asked.shard, &asked.shards, err));
    TRY(ingest_open(cli->graph, &asked, &cli->arena, &loads->ingest, err));
    loads->work = (OtherWork){.context = loads, .run = run_load, .cancel = cancel_load};
    options->other = &loads->work;
    return true;
}

static bool loads_close(Loads *loads, const NodeResults *results, bool ok, Err *err)
{
    bool has_failed = !ok;
    for (uint32_t i = 0; i < results->len; i++)
        has_failed = has_failed || results->at[i].status == STATUS_ERROR;
    Err late = {0};
    if (!loads->ingest || ingest_close(loads->ingest, has_failed, &late))
        return ok;
    if (ok)
        err_move(err, &late);
    err_drop(&late);
    return false;
}

static bool has_failed(const NodeResults *results)
{
    for (uint32_t i = 0; i < results->len; i++)
        if (results->at[i].status == STATUS_ERROR)
            return true;
    return false;
}

bool cli_run_nodes(Cli *cli, RunMode mode, Bits selected, NodeResults *results, Err *err)
{
    State *state;
    RunOptions options;
    Ticker ticker = {0};
    cli_run_options(cli, mode, NULL, &options);
    say_blank();
    uint32_t count = bits_count(selected);
    sinks_hold_concurrency(options.threads, cli->project->profile.target, count);
    if (!cli_load_state(cli, &state, err)) {
        sinks_give_concurrency();
        return false;
    }
    cli_run_options(cli, mode, state, &options);
    bool has_progress = console_is_terminal() && mode != RUN_COMPILE && mode != RUN_SHOW;
    if (has_progress) {
        progress_begin(count, options.threads, earlier_durations(cli, selected));
        ticker_begin(&ticker);
    }
    interrupt_watch(on_interrupt, NULL);
    Loads loads = {0};
    bool ok = loads_open(cli, selected, &loads, &options, err) &&
              transform_run(cli->graph, selected, &options, &cli->arena, results, err);
    ok = loads_close(&loads, results, ok, err);
    if (has_progress)
        ticker_end(&ticker);
    console_end_progress();
    sinks_give_concurrency();
    Err late = {0};
    bool has_run = ok || results->len; /* else the results of the run before stay */
    if (mode == RUN_COMPILE && has_failed(results)) /* as dbt: an exception, no run */
        has_run = false;
    if (has_run && (!cli_write_manifest(cli, &late) || !cli_write_results(cli, results, &late))) {
        if (ok)
            err_move(err, &late);
        ok = false;
    }
    err_drop(&late);
    return ok;
}
