/* publish.c: the way out: a model to a Postgres table, to files with an index, to one file, to an
 * HTTP endpoint.
 *
 * Readers see the former state or the new one: a swap or one transaction in Postgres, an index or a
 * rename for files. An HTTP endpoint gets batches, each with an Idempotency-Key that is the same
 * when it is sent again.
 */
#include "base/hash.h"
#include "base/json.h"
#include "context/context.h"
#include "ingest/ingest_base.h"
#include "sql/sql.h"

enum { HTTP_BATCH = 500 };

bool publish_prepare(Load *load, Err *err)
{
    const Node *node = load->node;
    (void)err;
    load->names = dict_make(load->arena, 8);
    dict_put(load->names, STR("run_id"), value_text(load->ingest->run_id));
    dict_put(load->names, STR("publication"), value_text(node->name));
    load->context = declare_context(load->ingest->project, load->arena, node->package, load->names);
    load->spec = (LoadSpec){.primary_key = value_list(load->arena)};
    return true;
}

/* "select * from <the model>", or the query with {{ this }} being the model. */
static bool make_select(Load *load, Str *out, Err *err)
{
    const Node *node = load->node;
    const Node *model = node->ref_nodes.len ? node->ref_nodes.at[0] : node->source_nodes.at[0];
    Str relation = model->relation_name;
    if (!relation.len)
        return load_fail(load, "model", err,
                         "'" STR_FMT "' is ephemeral: it has no table to publish",
                         STR_ARG(model->name));
    dict_put(load->names, STR("this"), value_text(relation));
    Str query;
    TRY(load_setting_text(load, "query", STR_NONE, &query, err));
    *out = query.len ? query : str_print(load->arena, "from " STR_FMT, STR_ARG(relation));
    return true;
}

static Value names_of(Load *load, Value v)
{
    Array *list = array_make(load->arena, 2);
    if (v.kind == VALUE_TEXT)
        array_add(list, v);
    for (uint32_t i = 0; v.kind == VALUE_LIST && i < v.list->len; i++)
        array_add(list, v.list->at[i]);
    return value_of_array(list);
}

/* ---- a Postgres table ---- */

static bool to_table(Load *load, Value to, Str select, Err *err)
{
    Value key, indexes;
    Str disposition;
    Stream stream;
    Database *database;
    TRY(load_setting(load, "primary_key", &key, err));
    TRY(load_setting(load, "indexes", &indexes, err));
    TRY(load_setting_text(load, "write_disposition", STR("replace"), &disposition, err));
    DatabaseWrite write = {.schema = value_get_text(to, "schema", STR("public")),
                           .table = value_get_text(to, "table", STR_NONE),
                           .primary_key = names_of(load, key),
                           .indexes = indexes.kind == VALUE_LIST ? indexes
                                                                 : value_list(load->arena),
                           .upserts = str_is(disposition, "merge"),
                           .types = value_get(to, "types")};
    if (write.upserts && !write.primary_key.list->len)
        return load_fail(load, "write_disposition", err, "write_disposition: merge needs a "
                                                         "`primary_key`");
    if (str_is(disposition, "append"))
        return load_fail(load, "write_disposition", err,
                         "a table is published by replace or merge: appending twice would double "
                         "it");
    if (write.types.kind != VALUE_DICT)
        write.types = value_dict(load->arena);
    TRY(database_open(load->line->type, load->arena, load->line->config, &database, err));
    atomic_store(&load->database, database);
    bool ok = session_stream(load->session, load->arena, select, &stream, err);
    if (ok) {
        ok = database_write(database, load->arena, &write, &stream, &load->total.rows_in, err);
        stream_close(&stream);
    }
    atomic_store(&load->database, NULL);
    load->total.rows_inserted = load->total.rows_in;
    return ok;
}

/* ---- files ---- */

static bool to_files(Load *load, Value to, Str select, Err *err)
{
    Str location = value_get_text(to, "location", STR_NONE), disposition;
    Http *http = NULL;
    Export export = {.select = select, .run_id = load->ingest->run_id, .cursor = NONE};
    TRY(load_setting_text(load, "write_disposition", STR("replace"), &disposition, err));
    if (str_is(disposition, "merge"))
        return load_fail(load, "write_disposition", err,
                         "files are published by replace or append, not by merge");
    export.is_append = str_is(disposition, "append");
    if (str_find(location, STR("://")) >= 0)
        TRY(ingest_http(load->ingest, &http, err));
    else
        location = path_join(load->arena, load->ingest->project->project_dir, location);
    TRY(store_open(load->arena, location, load->line ? load->line->config : NONE, http,
                   &export.store, err));
    int64_t keep_us = 0;
    Value keep = value_get(to, "keep"), rows = value_get(to, "row_group_rows");
    if (!value_is_undefined(keep) && !duration_read(keep, &keep_us))
        return load_fail(load, "to", err, "`keep` must be a duration such as 7d");
    export.keep_days = (uint32_t)(keep_us / 86400000000);
    bytes_read(value_get(to, "file_size"), &export.file_bytes);
    export.row_group_rows = rows.kind == VALUE_INT ? (uint64_t)rows.number : 0;
    export.single_file = value_get_text(to, "file", STR_NONE);
    Str extension = path_extension(export.single_file);
    Str by_name = str_is(extension, ".csv")    ? STR("csv")
                  : str_is(extension, ".json") ? STR("json")
                  : str_is(extension, ".xlsx") ? STR("xlsx")
                                               : STR("parquet");
    export.format = value_get_text(to, "format", by_name);
    export.partition_by = names_of(load, value_get(to, "partition_by"));
    if (str_is(export.format, "xlsx")) /* COPY does not find the extension by itself */
        TRY(session_query(load->session, load->arena, STR("load excel"), 0, NULL, err));
    TRY(lake_export(load->ingest->lake, load->session, &export, load->arena, &load->total.rows_in,
                    NULL, err));
    load->total.rows_inserted = load->total.rows_in;
    return true;
}

/* ---- an HTTP endpoint ---- */

typedef struct Post {
    Load *load;
    Http *http;
    Str url, method, wrap;
    Text rows;
    uint64_t count, number;
} Post;

static bool send_batch(Post *post, Err *err)
{
    Load *load = post->load;
    if (!post->count)
        return true;
    AUTO(text) Text body = {0};
    if (post->wrap.len) {
        text_add_char(&body, '{');
        json_print_text(post->wrap, true, &body);
        text_add_c(&body, ": ");
    }
    text_print(&body, "[" STR_FMT "]%s", STR_ARG(text_str(&post->rows)), post->wrap.len ? "}" : "");
    Str key = str_slice(sha256_hex(load->arena, text_str(&body)), 0, 32);
    key = str_print(load->arena, STR_FMT "-%llu-" STR_FMT, STR_ARG(load->node->name),
                    (unsigned long long)post->number++, STR_ARG(key));
    Header headers[] = {{STR("Content-Type"), STR("application/json")},
                        {STR("Idempotency-Key"), key}};
    Request request = {.method = post->method, .url = post->url, .headers = headers,
                       .header_count = COUNT_OF(headers), .body = text_str(&body),
                       .auth = load->line->auth, .limit = load->line->limit};
    Response response;
    HttpCall *call = http_send(post->http, &request);
    bool ok = load_wait(load, call, load->arena, &response, err);
    load->requests += ok ? response.tries : 1;
    load->total.rows_in += ok ? post->count : 0;
    post->count = 0;
    text_clear(&post->rows);
    return ok;
}

static void add_row(Post *post, const Schema *schema, const Batch *batch, uint64_t row)
{
    text_add_c(&post->rows, post->count++ ? ", {" : "{");
    for (uint32_t c = 0; c < schema->count; c++) {
        if (c)
            text_add_c(&post->rows, ", ");
        json_print_text(schema->fields[c].name, true, &post->rows);
        text_add_c(&post->rows, ": ");
        array_print_json(&schema->fields[c], batch->array.children[c], row, &post->rows);
    }
    text_add_char(&post->rows, '}');
}

static bool post_rows(Post *post, Stream *stream, uint64_t most, Err *err)
{
    for (;;) {
        Batch batch;
        TRY(stream->next(stream->self, &batch, err));
        uint64_t rows = batch_rows(&batch);
        bool ok = true;
        for (uint64_t row = 0; ok && row < rows; row++) {
            add_row(post, &stream->schema, &batch, row);
            if (post->count >= most)
                ok = !load_is_cancelled(post->load)
                         ? send_batch(post, err)
                         : err_set(err, ERR_CANCELLED, NOWHERE, "the run was interrupted");
        }
        batch_drop(&batch);
        if (!ok || !rows)
            return ok && send_batch(post, err);
    }
}

static bool to_endpoint(Load *load, Value to, Str select, Err *err)
{
    Value size = value_get(to, "batch_size");
    Str base = value_get_text(load->line->config, "base_url", STR_NONE);
    Post post = {.load = load, .method = value_get_text(to, "method", STR("POST")),
                 .wrap = value_get_text(to, "wrap", STR_NONE),
                 .url = url_join(load->arena, base, value_get_text(to, "path", STR_NONE))};
    Stream stream;
    TRY(ingest_http(load->ingest, &post.http, err));
    TRY(session_stream(load->session, load->arena, select, &stream, err));
    bool ok = post_rows(&post, &stream, size.kind == VALUE_INT ? (uint64_t)size.number : HTTP_BATCH,
                        err);
    stream_close(&stream);
    text_drop(&post.rows);
    load->total.rows_inserted = load->total.rows_in;
    return ok;
}

bool publish_run(Load *load, Err *err)
{
    Value to;
    Str select;
    TRY(load_setting(load, "to", &to, err));
    TRY(make_select(load, &select, err));
    bool has_table = value_get_text(to, "table", STR_NONE).len > 0;
    bool has_place = value_get_text(to, "location", STR_NONE).len > 0;
    if (has_place)
        return to_files(load, to, select, err);
    if (!load->line)
        return load_fail(load, "to", err, "`to` needs a `location`, or the publication a "
                                          "`connection`: postgres with `table`, http with `path`");
    if (has_table && str_is(load->line->type, "postgres"))
        return to_table(load, to, select, err);
    if (!has_table && str_is(load->line->type, "http"))
        return to_endpoint(load, to, select, err);
    return load_fail(load, "to", err, "`to` of a connection of type " STR_FMT " is not {%s: ...}",
                     STR_ARG(load->line->type), has_table ? "table" : "path");
}
