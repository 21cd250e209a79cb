/* run.c: a run's shared things, and one node from its settings to its report. */
#include <ctype.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/file.h"
#include "base/process.h"
#include "context/context.h"
#include "ingest/ingest_base.h"
#include "sql/sql.h"

#define STATE_LEASE "state"

enum {
    INGEST_LOCK_RANK = 30,
    LEASE_SECONDS = 6 * 3600,
    MOST_SHARDS = 10000,
    LEAST_SECRET = 4,
        /* shorter ones would be found in every message                   */
};

/* ---- shared by a run ---- */

static void ingest_drop(void *what)
{
    Ingest *ingest = what;
    signal_drop(&ingest->drop_ended);
    lock_drop(&ingest->lock);
}

/* More than one worker, and not the first of them. */
static bool is_further_shard(const Ingest *ingest)
{
    return ingest->options.shards > 1 && ingest->options.shard > 1;
}

bool shard_parse(Str text, uint32_t *shard, uint32_t *shards, Err *err)
{
    ptrdiff_t slash = str_find_char(text, '/');
    int64_t number, of;
    if (slash < 0 || !str_to_int(str_slice(text, 0, (size_t)slash), &number) ||
        !str_to_int(str_slice(text, (size_t)slash + 1, text.len), &of) || of < 1 ||
        of > MOST_SHARDS)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "--shard '" STR_FMT "': expected a number of how many, such as 2/16",
                       STR_ARG(text));
    if (number == 0)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "--shard '" STR_FMT "': shards are counted from 1. To an index that begins "
                       "at 0 (JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX) add one: --shard "
                       "$((INDEX + 1))/%lld", STR_ARG(text), (long long)of);
    if (number < 1 || number > of)
        return err_set(err, ERR_USAGE, NOWHERE,
                       "--shard '" STR_FMT "': of %lld shards there are 1/%lld to %lld/%lld",
                       STR_ARG(text), (long long)of, (long long)of, (long long)of, (long long)of);
    *shard = (uint32_t)number;
    *shards = (uint32_t)of;
    return true;
}

/* The engine in memory, for all shards but the first: what it does there is computing. The tables
 * and views of the target are made by shard 1, which alone holds the file. */
static Value memory_credentials(Arena *arena, Value credentials)
{
    static const char *const places[] = {"path", "database", "schema", "attach"};
    Dict *out = dict_make(arena, credentials.dict->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(credentials.dict, &at, &key, &value);) {
        bool is_place = false;
        for (size_t i = 0; i < COUNT_OF(places); i++)
            is_place = is_place || value_is(key, places[i]);
        if (!is_place)
            dict_put_keyed(out, key, value);
    }
    dict_put(out, STR("path"), value_lit(":memory:"));
    return value_of_dict(out);
}

static bool open_warehouse(Ingest *ingest, Err *err)
{
    const Profile *profile = &ingest->project->profile;
    Str nearest;
    const Engine *engine = engine_find(profile->type, &nearest);
    if (!engine || !str_is(engine_name(engine), "duckdb"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "loads and publications need a target of type duckdb, not " STR_FMT
                       ": attach the other database to it, or publish to it",
                       STR_ARG(profile->type));
    Value credentials = profile->credentials;
    if (is_further_shard(ingest))
        credentials = memory_credentials(ingest->arena, credentials);
    return warehouse_open(engine, ingest->arena, credentials, &ingest->warehouse, err);
}

/* Two runs in one folder with a state that is fetched: the second would take the file from under
 * the first. */
static bool refuse_second(Str path, Err *err)
{
    Arena arena = {0};
    StateDb *db;
    bool taken = true;
    Str holder = STR_NONE;
    bool ok = !file_exists(path) || (statedb_open(&arena, path, &db, err) &&
                                     statedb_lease_take(db, STR(STATE_LEASE), LEASE_SECONDS, &taken,
                                                        &arena, &holder, err));
    if (ok && !taken)
        ok = err_set(err, ERR_CONFLICT, NOWHERE, "another run works with this state: " STR_FMT,
                     STR_ARG(holder));
    arena_drop(&arena);
    return ok;
}

/* The state of another machine in the place of ours: its log of changes must not be played into
 * the other's. */
static bool replace_state(Ingest *ingest, Str path, Str content, Err *err)
{
    static const char *const beside[] = {"-wal", "-shm"};
    TRY(refuse_second(path, err));
    for (size_t i = 0; i < COUNT_OF(beside); i++)
        TRY(file_remove(str_print(ingest->arena, STR_FMT "%s", STR_ARG(path), beside[i]), err));
    return file_write(path, content, true, err);
}

/* `state: {location: s3://bucket/prefix/state.db, connection: x}`: fetched before the run. */
static bool pull_state(Ingest *ingest, Str path, Err *err)
{
    Project *project = ingest->project;
    if (project->state_config.kind != VALUE_DICT || is_further_shard(ingest))
        return true;
    Place at = value_place(project->state_config, project->state_file, project->state_source);
    Context *context = declare_context(project, ingest->arena, project->packages.at[0]->name, NULL);
    Value config, options = NONE;
    Http *http;
    TRY(declare_render(context, project->state_config, project->state_file, project->state_source,
                       &config, err));
    Str location = value_get_text(config, "location", STR_NONE);
    Str named = value_get_text(config, "connection", STR_NONE);
    if (!location.len)
        return err_set_in(err, ERR_PARSING, at, project->state_source,
                       "`state` lacks its `location`: a URI such as s3://bucket/weir/state.db");
    Connection *connection = map_find(&project->connections, named);
    if (named.len && !connection)
        return err_set_in(err, ERR_PARSING, at, project->state_source,
                       "`state` names the connection '" STR_FMT "', which does not exist",
                       STR_ARG(named));
    Line *line = NULL;
    if (connection)
        TRY(ingest_line(ingest, connection, &line, err));
    TRY(ingest_http(ingest, &http, err));
    if (line)
        options = line->config;
    TRY(store_open(ingest->arena, path_folder(location), options, http, &ingest->state_store, err));
    ingest->state_name = path_name(location);
    Str content;
    bool exists;
    if (!store_get(ingest->state_store, ingest->state_name, 0, ingest->arena, &content,
                   &ingest->state_etag, &exists, err)) {
        err_locate(err, at, project->state_source);
        return err_wrap(err, "fetching the state");
    }
    if (!exists)
        ingest->state_etag = STR_NONE;
    return !exists || replace_state(ingest, path, content, err);
}

/* For as long as the run lasts. */
static bool hold_state(Ingest *ingest, Err *err)
{
    bool taken;
    Str holder;
    if (!ingest->state_store)
        return true;
    TRY(statedb_lease_take(ingest->state, STR(STATE_LEASE), LEASE_SECONDS, &taken, ingest->arena,
                           &holder, err));
    return taken || err_set(err, ERR_CONFLICT, NOWHERE,
                            "another run works with this state: " STR_FMT, STR_ARG(holder));
}

static bool push_state(Ingest *ingest, Err *err)
{
    if (!ingest->state_store)
        return true;
    Str copy = path_join(ingest->arena, ingest->folder, STR("state.push"));
    TRY(file_remove(copy, err));
    TRY(statedb_lease_give(ingest->state, STR(STATE_LEASE), err));
    TRY(statedb_copy(ingest->state, copy, err));
    WriteOptions options = {.if_absent = !ingest->state_etag.len, .if_etag = ingest->state_etag};
    bool ok = store_put_file(ingest->state_store, ingest->state_name, copy, &options, err);
    Err quiet = {0};
    if (!file_remove(copy, &quiet))
        err_drop(&quiet);
    if (ok || err->kind != ERR_CONFLICT)
        return ok;
    return err_set(err, ERR_CONFLICT, NOWHERE,
                   "another run has written the state at " STR_FMT "/" STR_FMT
                   " meanwhile: this run's history is not kept there. Its rows and cursors are "
                   "safe in "
                   "the target; let only one run at a time use one state",
                   STR_ARG(store_uri(ingest->state_store)), STR_ARG(ingest->state_name));
}

static void ingest_init(Ingest *ingest, Project *project, Arena *arena)
{
    ingest->project = project;
    ingest->arena = arena;
    lock_init(&ingest->lock, INGEST_LOCK_RANK, "ingest");
    arena_on_drop(arena, ingest_drop, ingest);
    map_init(&ingest->lines, arena);
    map_init(&ingest->limits, arena);
    map_init(&ingest->loads, arena);
    map_init(&ingest->done, arena);
    map_init(&ingest->drops, arena);
    signal_init(&ingest->drop_ended);
    ingest->run_id = project->invocation->id;
    ingest->started_at_us = clock_now_us();
    ingest->folder = path_join(arena, project->project_dir, STR(".weir"));
}

bool ingest_open(Graph *graph, const IngestOptions *options, Arena *arena, Ingest **out, Err *err)
{
    Ingest *ingest = NEW(arena, Ingest);
    Project *project = graph->project;
    ingest_init(ingest, project, arena);
    ingest->graph = graph;
    ingest->options = *options;
    TRY(folder_make(ingest->folder, err));
    Str path = path_join(arena, ingest->folder, STR("state.db"));
    /* shard 1 may put another file in its place */
    if (is_further_shard(ingest) && project->state_config.kind == VALUE_DICT)
        path = path_join(arena, ingest->folder,
                         str_print(arena, "state.shard-%u.db", options->shard));
    TRY(pull_state(ingest, path, err));
    TRY(statedb_open(arena, path, &ingest->state, err));
    TRY(hold_state(ingest, err));
    TRY(statedb_run_begin(ingest->state, ingest->run_id, project->invocation->which,
                          ingest->started_at_us, err));
    TRY(open_warehouse(ingest, err));
    memory_begin(ingest);
    ingest->lake = lake_open(arena, ingest->state);
    *out = ingest;
    return true;
}

bool ingest_close(Ingest *ingest, bool has_failed, Err *err)
{
    bool ok = statedb_run_end(ingest->state, ingest->run_id,
                              has_failed ? STR("error") : STR("success"), clock_now_us(), err) &&
              push_state(ingest, err);
    if (ingest->http)
        http_stop(ingest->http);
    return ok;
}

bool ingest_state(const Project *project, Arena *arena, StateDb **out, Err *err)
{
    Str path = path_join(arena, project->project_dir, STR(".weir/state.db"));
    *out = NULL;
    if (!file_exists(path) && project->state_config.kind == VALUE_DICT) {
        Ingest *ingest = NEW(arena, Ingest);
        ingest_init(ingest, (Project *)(uintptr_t)project, arena);
        path = path_join(arena, ingest->folder, STR("state.read.db"));
        TRY(folder_make(ingest->folder, err));
        TRY(file_remove(path, err));
        TRY(pull_state(ingest, path, err));
    }
    return !file_exists(path) || statedb_open(arena, path, out, err);
}

bool ingest_http(Ingest *ingest, Http **out, Err *err)
{
    lock_take(&ingest->lock);
    bool ok = ingest->http || http_open(ingest->arena, &ingest->http, err);
    lock_give(&ingest->lock);
    *out = ingest->http;
    return ok;
}

/* ---- connections ---- */

/* "X-Api-Key", "client_secret", "Authorization"; not "client_id", "token_url", "ssl_key" (a
 * path). */
static bool names_secret(Str name)
{
    static const char *const words[] = {"password", "secret", "token", "passphrase", "api_key",
                                        "apikey", "access_key", "value", "authorization",
                                        "cookie", "signature", "x_key", "auth_key"};
    static const char *const others[] = {"_url", "_id", "_param", "_path"};
    Text text = {0};
    for (size_t i = 0; i < name.len; i++)
        text_add_char(&text, name.at[i] == '-' ? '_' : (char)tolower((unsigned char)name.at[i]));
    Str plain = text_str(&text);
    bool is_one = str_is(plain, "key") || str_is(plain, "auth");
    for (size_t i = 0; i < COUNT_OF(words); i++)
        is_one = is_one || str_find(plain, str_of(words[i])) >= 0;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        is_one = is_one && !str_ends(plain, str_of(others[i]));
    text_drop(&text);
    return is_one;
}

/* The password of "scheme://user:password@host", as written. */
static void note_login(Str url)
{
    ptrdiff_t from = str_find(url, STR("://"));
    if (from < 0)
        return;
    Str rest = str_slice(url, (size_t)from + 3, url.len);
    for (size_t i = 0; i < rest.len; i++)
        if (strchr("/?#", rest.at[i])) {
            rest = str_slice(rest, 0, i);
            break;
        }
    ptrdiff_t colon = str_find_char(rest, ':'), at = -1;
    for (size_t i = 0; i < rest.len; i++)
        at = rest.at[i] == '@' ? (ptrdiff_t)i : at;
    if (colon >= 0 && at > colon + LEAST_SECRET)
        secret_add(str_slice(rest, (size_t)colon + 1, (size_t)at));
}

/* Everything under a key that names a secret is made known before it can be printed. */
static void note_secrets(Value tree, bool is_secret)
{
    if (tree.kind == VALUE_TEXT && is_secret && tree.len >= LEAST_SECRET)
        secret_add(value_str(tree));
    if (tree.kind == VALUE_TEXT)
        note_login(value_str(tree));
    for (uint32_t i = 0; tree.kind == VALUE_LIST && i < tree.list->len; i++)
        note_secrets(tree.list->at[i], is_secret);
    Value key, value;
    for (uint32_t at = 0; tree.kind == VALUE_DICT && dict_next(tree.dict, &at, &key, &value);)
        note_secrets(value, names_secret(value_str(key)));
}

/* "host:port" of a URL. */
static Str host_of(Str url)
{
    ptrdiff_t from = str_find(url, STR("://"));
    Str rest = from < 0 ? url : str_slice(url, (size_t)from + 3, url.len);
    ptrdiff_t slash = str_find_char(rest, '/');
    return slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
}

static bool make_limit(Ingest *ingest, Line *line, Err *err)
{
    Value rate = value_get(line->config, "rate_limit");
    Value in_flight = value_get(line->config, "concurrency");
    double per_second = 0;
    bool has_rate = !value_is_undefined(rate) && !value_is_none(rate);
    AUTO(text) Text shown = {0};
    if (has_rate)
        value_print(rate, &shown);
    if (has_rate && !rate_parse(text_str(&shown), &per_second, err)) {
        const Connection *connection = line->connection;
        Value raw = value_get(connection->config, "rate_limit");
        err_locate(err, value_place(raw, connection->file, connection->source), connection->source);
        return false;
    }
    uint32_t many = in_flight.kind == VALUE_INT && in_flight.number > 0
                        ? (uint32_t)in_flight.number : 8;
    /* one bucket a host, whatever the connection: the server counts them together */
    Str key = str_print(ingest->arena, STR_FMT " %g",
                        STR_ARG(host_of(value_get_text(line->config, "base_url", STR("")))),
                        per_second);
    line->limit = map_find(&ingest->limits, key);
    if (!line->limit) {
        line->limit = limit_make(ingest->arena, per_second, 1, many);
        map_put(&ingest->limits, key, line->limit);
    }
    return true;
}

static bool make_line(Ingest *ingest, const Connection *connection, Line **out, Err *err)
{
    Line *line = NEW(ingest->arena, Line);
    Project *project = ingest->project;
    Context *context = declare_context(project, ingest->arena, project->packages.at[0]->name, NULL);
    line->connection = connection;
    Value place = connection->config;
    if (!declare_render(context, place, connection->file, connection->source, &line->config, err))
        return err_wrap(err, "connection " STR_FMT, STR_ARG(connection->name));
    TRY(secrets_fetch(ingest->arena, connection, line->config, err));
    secrets_warn(connection, connection->config);
    note_secrets(line->config, false);
    TRY(declare_check_object("connection", line->config, connection->file, connection->source,
                             err));
    line->type = str_of(connection_type(value_get_text(line->config, "type", STR_NONE)));
    *out = line;
    if (!str_is(line->type, "http"))
        return true;
    TRY(make_limit(ingest, line, err));
    Value auth = value_get(line->config, "auth");
    bool has_none = value_is_undefined(auth) || value_is_none(auth);
    if (has_none || auth_make(ingest->arena, ingest->http, auth, line->limit, &line->auth, err))
        return true;
    return err_locate(err, value_place(value_get(place, "auth"), connection->file,
                                       connection->source), connection->source);
}

bool ingest_line(Ingest *ingest, const Connection *connection, Line **out, Err *err)
{
    Http *http;
    TRY(ingest_http(ingest, &http, err));
    lock_take(&ingest->lock);
    *out = map_find(&ingest->lines, connection->name);
    bool ok = *out != NULL;
    if (!ok && make_line(ingest, connection, out, err)) {
        map_put(&ingest->lines, connection->name, *out);
        ok = true;
    }
    lock_give(&ingest->lock);
    return ok;
}

/* ---- one node ---- */

typedef enum LoadKind { LOAD_API, LOAD_TABLES, LOAD_FILES, LOAD_PUBLISH } LoadKind;

static bool has_setting(const Load *load, const char *key)
{
    return !value_is_undefined(load_setting_raw(load, key));
}

static bool kind_of(Load *load, LoadKind *out, Err *err)
{
    bool is_database = load->line && (str_is(load->line->type, "postgres") ||
                                      str_is(load->line->type, "mysql"));
    bool is_http = load->line && str_is(load->line->type, "http");
    *out = load->node->kind == NODE_PUBLISH       ? LOAD_PUBLISH
           : has_setting(load, "endpoint")        ? LOAD_API
           : is_database                          ? LOAD_TABLES
           : has_setting(load, "path")            ? LOAD_FILES
                                                  : LOAD_API;
    if (*out == LOAD_API && !is_http)
        return load_fail(load, NULL, err,
                         "the resource '" STR_FMT "' needs an `endpoint` and a connection of "
                                                  "type http, "
                         "`tables`, `table` or `query` and a connection of type postgres or "
                         "mysql, or a "
                         "`path` of files", STR_ARG(load->node->name));
    if (*out != LOAD_TABLES && load->declared->table.len)
        return load_fail(load, "tables", err,
                         "`tables` needs a connection of type postgres or mysql");
    return true;
}

static bool run_kind(Load *load, LoadKind kind, Err *err)
{
    switch (kind) {
    case LOAD_API: return load_api(load, err);
    case LOAD_TABLES: return load_tables(load, err);
    case LOAD_FILES:
        return load->lands_only
                   ? load_fail(load, "load", err,
                               "`load: false` is of APIs and databases: files are where they are "
                               "already")
                   : load_files(load, err);
    default: return publish_run(load, err);
    }
}

static bool work(Load *load, Err *err)
{
    LoadKind kind;
    if (load->declared->connection)
        TRY(ingest_line(load->ingest, load->declared->connection, &load->line, err));
    TRY(session_open(load->ingest->warehouse, load->arena, &load->session, err));
    if (load->declared->stage)
        return load_drop(load, err);
    if (load->node->kind == NODE_INGEST)
        TRY(load_prepare(load, err));
    else
        TRY(publish_prepare(load, err));
    TRY(kind_of(load, &kind, err));
    return run_kind(load, kind, err);
}

static void put_count(Dict *dict, const char *key, uint64_t count)
{
    dict_put(dict, str_of(key), value_int((int64_t)count));
}

static void tell(Load *load)
{
    static const char *const verbs[] = {"APPEND", "REPLACE", "MERGE", "SCD2"};
    Arena *arena = load->arena;
    const LoadReport *total = &load->total;
    IngestReport *report = load->report;
    Str verb = load->node->kind == NODE_PUBLISH ? STR("PUBLISH")
                                                : str_of(verbs[load->spec.disposition]);
    Value response = report->response = value_dict(arena);
    uint64_t changed = total->rows_inserted + total->rows_updated + total->rows_deleted;
    report->message = str_print(arena, STR_FMT " %llu rows", STR_ARG(verb),
                                (unsigned long long)total->rows_in);
    if (total->rows_quarantined || total->values_dropped) {
        report->has_warning = true;
        report->message = str_print(arena, STR_FMT ", %llu rows and %llu values discarded",
                                    STR_ARG(report->message),
                                    (unsigned long long)total->rows_quarantined,
                                    (unsigned long long)total->values_dropped);
    }
    dict_put(response.dict, STR("_message"), value_text(report->message));
    dict_put(response.dict, STR("code"), value_text(verb));
    put_count(response.dict, "rows_affected", changed);
    put_count(response.dict, "rows_in", total->rows_in);
    put_count(response.dict, "rows_inserted", total->rows_inserted);
    put_count(response.dict, "rows_updated", total->rows_updated);
    put_count(response.dict, "rows_deleted", total->rows_deleted);
    put_count(response.dict, "rows_quarantined", total->rows_quarantined);
    if (load->requests)
        put_count(response.dict, "requests", load->requests);
    if (load->bytes)
        put_count(response.dict, "bytes", load->bytes);
    if (total->changes.kind == VALUE_LIST && total->changes.list->len)
        dict_put(response.dict, STR("schema_changes"), total->changes);
}

/* A source that is down, and the declaration says to go on without it. */
static bool is_excused(Load *load, const Err *err)
{
    Err quiet = {0};
    Str word = STR_NONE;
    if (err->kind != ERR_UNAVAILABLE ||
        !load_setting_text(load, "on_unavailable", STR_NONE, &word, &quiet)) {
        err_drop(&quiet);
        return false;
    }
    return str_is(word, "skip") || str_is(word, "skip_and_fill");
}

static void note_skip(Load *load, Err *err)
{
    AUTO(text) Text text = {0};
    err_print(err, &text);
    secret_hide(&text);
    load->report->is_skipped = true;
    load->report->message = text_copy(load->arena, &text);
    load->report->response = value_dict(load->arena);
    const Window *window = &load->window;
    Str now = clock_print_iso(load->arena, load->ingest->started_at_us);
    Err quiet = {0};
    if (!statedb_gap_add(load->ingest->state, load->node->unique_id,
                         window->from.at ? window->from : STR(""),
                         window->to.at ? window->to : now, load->report->message,
                         load->ingest->started_at_us, &quiet))
        err_drop(&quiet);
    err_drop(err);
}

/* One line of history. */
static void note_history(Load *load, bool ok, const Err *err, int64_t began_us)
{
    Value row = value_dict(load->arena);
    AUTO(text) Text text = {0};
    if (!ok)
        err_print(err, &text);
    secret_hide(&text);
    dict_put(row.dict, STR("resource"), value_text(load->node->unique_id));
    dict_put(row.dict, STR("kind"), value_text(str_of(node_kind_name(load->node->kind))));
    dict_put(row.dict, STR("status"), !ok                       ? value_lit("error")
                                      : load->report->is_skipped ? value_lit("skipped")
                                                                 : value_lit("success"));
    dict_put(row.dict, STR("message"), value_text(ok ? load->report->message : text_str(&text)));
    dict_put(row.dict, STR("started_at_us"), value_int(began_us));
    dict_put(row.dict, STR("ended_at_us"), value_int(clock_now_us()));
    dict_put(row.dict, STR("rows"), value_int((int64_t)load->total.rows_in));
    Err quiet = {0};
    if (!statedb_record(load->ingest->state, load->ingest->run_id, row, &quiet))
        err_drop(&quiet);
}

/* Shards of one machine work at one node together. */
static Str lease_name(const Load *load)
{
    const IngestOptions *options = &load->ingest->options;
    return !options->shards ? load->node->unique_id
                            : str_print(load->arena, STR_FMT " shard %u/%u",
                                        STR_ARG(load->node->unique_id), options->shard,
                                        options->shards);
}

static bool take_lease(Load *load, Err *err)
{
    bool taken;
    Str holder;
    TRY(statedb_lease_take(load->ingest->state, lease_name(load), LEASE_SECONDS, &taken,
                           load->arena, &holder, err));
    return taken || err_set(err, ERR_RUNTIME, NOWHERE, "another run works on " STR_FMT ": " STR_FMT,
                            STR_ARG(load->node->unique_id), STR_ARG(holder));
}

static void enter(Load *load)
{
    Ingest *ingest = load->ingest;
    lock_take(&ingest->lock);
    map_put(&ingest->loads, load->node->unique_id, load);
    lock_give(&ingest->lock);
}

/* Children of the resource then ask about the rows of this run alone. */
static void note_done(Load *load)
{
    lock_take(&load->ingest->lock);
    map_put(&load->ingest->done, load->node->unique_id, (void *)(uintptr_t)load->node);
    lock_give(&load->ingest->lock);
}

static void leave(Load *load)
{
    Ingest *ingest = load->ingest;
    lock_take(&ingest->lock);
    map_put(&ingest->loads, load->node->unique_id, NULL);
    lock_give(&ingest->lock);
    Err quiet = {0};
    if (!statedb_lease_give(ingest->state, lease_name(load), &quiet))
        err_drop(&quiet);
}

bool ingest_run(Ingest *ingest, const Node *node, Attempt *attempt, IngestReport *report, Err *err)
{
    Load *load = NEW(attempt->arena, Load);
    int64_t began_us = clock_now_us();
    *report = (IngestReport){.response = NONE};
    *load = (Load){.ingest = ingest, .node = node, .declared = node->declared,
                   .arena = attempt->arena, .attempt = attempt, .report = report};
    if (is_further_shard(ingest) && !node->declared->stage) {
        report->is_skipped = true;
        report->message = STR("left to shard 1: only drops are worked at by several");
        report->response = value_dict(load->arena);
        return true;
    }
    TRY(take_lease(load, err));
    enter(load);
    bool ok = work(load, err);
    leave(load);
    if (ok && !report->is_skipped) {
        if (!node->declared->stage)
            tell(load);
        note_done(load);
        Err quiet = {0};
        if (!statedb_gaps_clear(ingest->state, node->unique_id, &quiet))
            err_drop(&quiet);
    } else if (!ok && is_excused(load, err)) {
        note_skip(load, err);
        ok = true;
    }
    note_history(load, ok, err, began_us);
    return ok;
}

void ingest_cancel(Ingest *ingest, const Node *node)
{
    lock_take(&ingest->lock);
    Load *load = map_find(&ingest->loads, node->unique_id);
    if (load) {
        atomic_store(&load->is_cancelled, true);
        Database *database = atomic_load(&load->database);
        if (database)
            database_interrupt(database);
        if (load->call)
            http_cancel(load->call);
        if (load->session)
            session_interrupt(load->session);
    }
    lock_give(&ingest->lock);
}

bool load_wait(Load *load, HttpCall *call, Arena *arena, Response *out, Err *err)
{
    Lock *lock = &load->ingest->lock;
    lock_take(lock);
    load->call = call;
    lock_give(lock);
    if (load_is_cancelled(load))
        http_cancel(call);
    http_await(call);
    lock_take(lock);
    load->call = NULL;
    lock_give(lock);
    return http_wait(call, arena, out, err);
}

/* ---- loading what was extracted ---- */

static void add_up(Load *load, const LoadReport *report)
{
    LoadReport *total = &load->total;
    total->rows_in += report->rows_in;
    total->rows_inserted += report->rows_inserted;
    total->rows_updated += report->rows_updated;
    total->rows_deleted += report->rows_deleted;
    total->rows_quarantined += report->rows_quarantined;
    total->values_dropped += report->values_dropped;
    if (total->changes.kind != VALUE_LIST)
        total->changes = value_list(load->arena);
    for (uint32_t i = 0; report->changes.kind == VALUE_LIST && i < report->changes.list->len; i++) {
        Str change = value_str(report->changes.list->at[i]);
        array_add(total->changes.list, report->changes.list->at[i]);
        event_print(LEVEL_INFO, "SchemaChange", "W101", "  " STR_FMT "." STR_FMT ": " STR_FMT,
                    STR_ARG(load->node->schema), STR_ARG(load->node->alias), STR_ARG(change));
    }
}

static bool target_is_there(Load *load)
{
    const LoadSpec *spec = &load->spec;
    AUTO(text) Text sql = {0};
    AUTO(err) Err quiet = {0};
    text_add(&sql, STR("from "));
    if (spec->database.len)
        text_print(&sql, STR_FMT ".", STR_ARG(sql_quote_name(load->arena, spec->database)));
    text_print(&sql, STR_FMT "." STR_FMT " limit 0",
               STR_ARG(sql_quote_name(load->arena, spec->schema)),
               STR_ARG(sql_quote_name(load->arena, spec->table)));
    return session_query(load->session, load->arena, text_str(&sql), 0, NULL, &quiet);
}

static bool memory_for(Load *load, const Input *input, Err *err)
{
    bool is_new = load->spec.is_full_refresh || load->spec.disposition == WRITE_REPLACE ||
                  !target_is_there(load);
    uint32_t columns = input->kind == INPUT_STREAM ? input->stream->schema.count
                       : input->shape              ? shape_schema(input->shape, load->arena).count
                                                   : 0;
    MemoryNeed need = !is_new                       ? MEMORY_OPEN
                      : input->kind == INPUT_STREAM ? MEMORY_ROWS
                                                    : MEMORY_FILES;
    return memory_need(load, need, columns, err);
}

bool load_input(Load *load, Input *input, Value cursor, Err *err)
{
    LoadReport report = {0};
    load->spec.cursor = cursor;
    TRY(memory_for(load, input, err));
    while (!lake_load(load->ingest->lake, load->session, &load->spec, input, load->arena, &report,
                      err)) {
        bool may_repeat = input->kind != INPUT_STREAM; /* which is read once                      */
        if (!may_repeat || !memory_was_short(load, err))
            return false;
        report = (LoadReport){0};
    }
    add_up(load, &report);
    load->spec.is_full_refresh = false; /* the next batch adds to it */
    return true;
}

bool load_landed(Load *load, Landing *landing, InputKind kind, Value cursor, Err *err)
{
    const InputFile *files;
    uint32_t count = landing_files(landing, &files);
    if (!count && !load->spec.is_full_refresh && load->spec.disposition != WRITE_REPLACE)
        return true;
    if (load->lands_only) {
        load->total.rows_in += landing_records(landing);
        return true;
    }
    Input input = {.kind = kind, .files = files, .file_count = count,
                   .shape = kind == INPUT_JSONL ? landing_shape(landing) : NULL};
    load->spec.load_id = landing_load_id(landing);
    TRY(load_csv_options(load, &input.csv, err));
    return load_input(load, &input, cursor, err);
}
