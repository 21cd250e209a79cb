/* web.c: files behind plain HTTP(S): a web server, a CDN. They list nothing: an index file does. */
#include "store/inner.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "store/fetch.h"
#include "store/s3_xml.h"

typedef struct Web {
    Store store;
    Str base;                    /* URL without query and '/' at the end                          */
    Str query;                   /* "?..." of the given URL, kept on every request, or empty      */
    Str index;
    Auth *auth;
    Limit *limit;
    Header *headers;             /* of the options                                                */
    uint32_t header_count;
    bool trusts_anyone;
    Str ca_file;
} Web;

/* ---- requests ---- */

static bool web_request(Store *store, Str name, const Header *headers, uint32_t count,
                        Arena *arena, Request *out, Err *err)
{
    const Web *web = (const Web *)store;
    Str rest = name, part;
    while (str_next_part(&rest, '/', &part))
        if (str_is(part, ".") || str_is(part, ".."))
            return err_set(err, ERR_RUNTIME, NOWHERE, "the name \"" STR_FMT
                           "\" leads out of " STR_FMT, STR_ARG(name), STR_ARG(store->uri));
    Header *all = NEW_N(arena, Header, count + web->header_count + 1);
    for (uint32_t i = 0; i < web->header_count; i++)
        all[i] = web->headers[i];
    for (uint32_t i = 0; i < count; i++)
        all[web->header_count + i] = headers[i];
    *out = (Request){
        .url = str_print(arena, STR_FMT "%s" STR_FMT STR_FMT, STR_ARG(web->base),
                         name.len ? "/" : "", STR_ARG(url_encode(arena, name, true)),
                         STR_ARG(web->query)),
        .headers = all,
        .header_count = web->header_count + count,
        .auth = web->auth,
        .limit = web->limit,
        .keeps_errors = true,
        .ca_file = web->ca_file,
        .trusts_anyone = web->trusts_anyone,
    };
    return true;
}

static bool web_fail(Store *store, const Response *response, Str name, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    int status = response->status;
    ErrKind kind = status == 409 || status == 412   ? ERR_CONFLICT
                   : status == 429 || status >= 500 ? ERR_UNAVAILABLE
                                                    : ERR_RUNTIME;
    return err_set(err, kind, NOWHERE, STR_FMT ": the server answered with status %d%s",
                   STR_ARG(store_name(store, &scratch, name)), status,
                   status == 401   ? " (Unauthorized)"
                   : status == 403 ? " (Forbidden)"
                   : status == 404 ? " (Not Found)"
                   : status == 412 ? " (Precondition Failed)"
                                   : "");
}

/* An etag as it stands, weak ones too; without the quotes. */
static Str etag_of(Arena *arena, const Response *response)
{
    return str_copy(arena, etag_bare(response_header(response, "etag")));
}

/* ---- asking ---- */

/* The size: of the whole, also when a range was asked for. */
static uint64_t size_of(const Response *response)
{
    int64_t size = 0;
    Str range = response_header(response, "content-range");
    ptrdiff_t slash = str_find_char(range, '/');
    if (response->status == 206 && slash >= 0 &&
        str_to_int(str_slice(range, (size_t)slash + 1, range.len), &size) && size >= 0)
        return (uint64_t)size;
    if (!str_to_int(response_header(response, "content-length"), &size) || size < 0)
        size = (int64_t)response->body.len;
    return (uint64_t)size;
}

static bool web_stat(Store *store, Str name, Arena *arena, StoreEntry *out, bool *exists,
                     Err *err)
{
    AUTO(arena) Arena scratch = {0};
    const Header plain = {STR("accept-encoding"), STR("identity")};
    const Header first[] = {{STR("range"), STR("bytes=0-0")}, plain};
    Request request;
    Response response;
    TRY(web_request(store, name, &plain, 1, &scratch, &request, err));
    request.method = STR("HEAD");
    TRY(http_do(store->http, &request, &scratch, &response, err));
    if (response.status == 405 || response.status == 501) { /* knows no HEAD */
        TRY(web_request(store, name, first, COUNT_OF(first), &scratch, &request, err));
        TRY(http_do(store->http, &request, &scratch, &response, err));
    }
    if (response.status == 404 || response.status == 410) {
        *exists = false;
        return true;
    }
    if (response.status / 100 != 2 && response.status != 416)
        return web_fail(store, &response, name, err);
    *out = (StoreEntry){
        .name = str_copy(arena, name),
        .size_bytes = response.status == 416 ? 0 : size_of(&response),
        .modified_at_us = when_http(response_header(&response, "last-modified")),
        .etag = etag_of(arena, &response),
    };
    *exists = true;
    return true;
}

static bool web_get(Store *store, Str name, uint64_t limit_bytes, Arena *arena, Str *out,
                    Str *etag, bool *exists, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Request request;
    Response response;
    TRY(web_request(store, name, NULL, 0, &scratch, &request, err));
    request.body_limit_bytes = limit_bytes;
    TRY(http_do(store->http, &request, &scratch, &response, err));
    if (response.status == 404 || response.status == 410) {
        *exists = false;
        return true;
    }
    if (response.status / 100 != 2)
        return web_fail(store, &response, name, err);
    *out = str_copy(arena, response.body);
    if (etag)
        *etag = etag_of(arena, &response);
    *exists = true;
    return true;
}

/* ---- the index ---- */

/* One entry: a name alone, or {name | path, size?, etag?, modified?}. */
static bool index_entry(Value item, StoreEntry *out)
{
    Str name = value_str(item);
    *out = (StoreEntry){0};
    if (value_is_dict(item)) {
        name = value_get_text(item, "name", value_get_text(item, "path", STR_NONE));
        Value size = value_get(item, "size"), modified = value_get(item, "modified");
        if (value_is_int(size) && size.number > 0)
            out->size_bytes = (uint64_t)size.number;
        if (value_is_int(modified)) /* seconds, as in a Unix clock */
            out->modified_at_us = modified.number * 1000000;
        else
            out->modified_at_us = when_iso(value_str(modified));
        out->etag = value_get_text(item, "etag", STR(""));
    }
    out->name = name;
    return name.len > 0;
}

static bool web_list(Store *store, const Patterns *patterns, Arena *arena, StoreEntries *out,
                     Err *err)
{
    const Web *web = (const Web *)store;
    AUTO(arena) Arena scratch = {0};
    Str text;
    bool exists;
    Value index;
    TRY(web_get(store, web->index, (uint64_t)256 << 20, &scratch, &text, NULL, &exists, err));
    if (!exists)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT " lists no files, and there is no index file \"" STR_FMT
                       "\" (option `index` names another)", STR_ARG(store->uri),
                       STR_ARG(web->index));
    TRY(json_parse(&scratch, text, web->index, &index, err));
    if (value_is_dict(index))
        index = value_get(index, "files");
    if (!value_is_list(index))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT "/" STR_FMT " must be a list of files or hold one as `files`",
                       STR_ARG(store->uri), STR_ARG(web->index));
    for (uint32_t i = 0; i < index.list->len; i++) {
        StoreEntry entry;
        if (!index_entry(index.list->at[i], &entry))
            return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT "/" STR_FMT
                           ": file %u has neither `name` nor `path`", STR_ARG(store->uri),
                           STR_ARG(web->index), i + 1);
        if (!patterns_match(patterns, entry.name))
            continue;
        entry.name = str_copy(arena, entry.name);
        entry.etag = str_copy(arena, entry.etag);
        list_add(arena, out, entry);
    }
    return true;
}

/* ---- reading and writing ---- */

static bool web_read(Store *store, Str name, uint64_t offset, Reader **out, Err *err)
{
    static const FetchKind kind = {web_request, web_fail};
    return fetch_open(store, &kind, name, offset, out, err);
}

/* What is to be PUT waits in a file without a name: so its length is known, and it can be sent
 * again. */
typedef struct WebWriter {
    Writer writer;
    Store *store;
    Str key;
    int fd;
    uint64_t size, sent;
} WebWriter;

static bool web_add(Writer *writer, Str piece, Err *err)
{
    WebWriter *self = (WebWriter *)writer;
    if (!write_fully(self->fd, piece))
        return io_fail(err, "cannot keep", writer->name);
    self->size += piece.len;
    return true;
}

static size_t body_read(void *context, char *at, size_t room, bool *failed)
{
    WebWriter *self = context;
    ssize_t len = pread(self->fd, at, room, (off_t)self->sent);
    *failed = len < 0;
    self->sent += len > 0 ? (uint64_t)len : 0;
    return len > 0 ? (size_t)len : 0;
}

static bool body_rewind(void *context)
{
    ((WebWriter *)context)->sent = 0;
    return true;
}

static bool web_commit(Writer *writer, Arena *arena, Str *etag, Err *err)
{
    WebWriter *self = (WebWriter *)writer;
    AUTO(arena) Arena scratch = {0};
    const WriteOptions *options = &writer->options;
    Header headers[3];
    uint32_t count = 0;
    headers[count++] = (Header){STR("content-type"), options->content_type.len
                                                         ? options->content_type
                                                         : STR("application/octet-stream")};
    if (options->if_absent)
        headers[count++] = (Header){STR("if-none-match"), STR("*")};
    if (options->if_etag.len)
        headers[count++] = (Header){STR("if-match"), str_print(&scratch, "\"" STR_FMT "\"",
                                                               STR_ARG(options->if_etag))};
    Request request;
    Response response;
    TRY(web_request(self->store, self->key, headers, count, &scratch, &request, err));
    request.method = STR("PUT");
    request.read_body = body_read;
    request.rewind_body = body_rewind;
    request.context = self;
    request.body_bytes = (int64_t)self->size;
    TRY(http_do(self->store->http, &request, &scratch, &response, err));
    if (response.status / 100 != 2)
        return web_fail(self->store, &response, self->key, err);
    *etag = etag_of(arena, &response);
    return true;
}

static void web_drop(Writer *writer)
{
    WebWriter *self = (WebWriter *)writer;
    if (self->fd >= 0)
        close(self->fd);
}

static const WriterKind web_writer = {web_add, web_commit, web_drop};

static bool web_write(Store *store, Str name, const WriteOptions *options, Writer **out, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Writer *writer = writer_make(sizeof(WebWriter), &web_writer,
                                 store_name(store, &scratch, name), options);
    WebWriter *self = (WebWriter *)writer;
    self->store = store;
    self->key = str_copy(&writer->arena, name);
    self->fd = spool_open(err);
    if (self->fd < 0) {
        writer_drop(writer);
        return false;
    }
    *out = writer;
    return true;
}

static bool web_remove(Store *store, Str name, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Request request;
    Response response;
    TRY(web_request(store, name, NULL, 0, &scratch, &request, err));
    request.method = STR("DELETE");
    TRY(http_do(store->http, &request, &scratch, &response, err));
    return response.status / 100 == 2 || response.status == 404 || response.status == 410 ||
           web_fail(store, &response, name, err);
}

/* ---- opening ---- */

static const StoreKind web_kind = {
    .list = web_list,
    .stat = web_stat,
    .read = web_read,
    .get = web_get,
    .write = web_write,
    .remove = web_remove,
};

/* Headers of the options, values printed. */
static bool take_headers(Arena *arena, Web *web, Value headers, Err *err)
{
    if (value_is_undefined(headers) || value_is_none(headers))
        return true;
    if (!value_is_dict(headers))
        return err_set(err, ERR_RUNTIME, NOWHERE, "`headers` must be a mapping");
    web->headers = NEW_N(arena, Header, headers.dict->len + 1);
    Value key, value;
    uint32_t at = 0;
    while (dict_next(headers.dict, &at, &key, &value)) {
        AUTO(text) Text text = {0};
        value_print(value, &text);
        web->headers[web->header_count++] =
            (Header){str_copy(arena, value_str(key)), text_copy(arena, &text)};
    }
    return true;
}

bool web_open(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err)
{
    static const Str known[] = {STR_INIT("auth"),    STR_INIT("headers"), STR_INIT("index"),
                                STR_INIT("ca_file"), STR_INIT("verify")};
    TRY(options_check(options, known, COUNT_OF(known), "an HTTP connection", err));
    Web *web = NEW(arena, Web);
    ptrdiff_t mark = str_find_char(uri, '?');
    Str base = mark < 0 ? uri : str_slice(uri, 0, (size_t)mark);
    while (str_ends(base, STR("/")))
        base.len--;
    web->base = str_copy(arena, base);
    web->query = mark < 0 ? STR("") : str_copy(arena, str_slice(uri, (size_t)mark, uri.len));
    web->index = str_copy(arena, value_get_text(options, "index", STR("_index.json")));
    web->ca_file = str_copy(arena, value_get_text(options, "ca_file", STR_NONE));
    web->trusts_anyone = !option_is_true(options, "verify", true);
    TRY(take_headers(arena, web, value_get(options, "headers"), err));
    TRY(limit_option(arena, options, &web->limit, err));
    TRY(auth_make(arena, http, value_get(options, "auth"), web->limit, &web->auth, err));
    web->store = (Store){
        .magic = STORE_MAGIC,
        .kind = &web_kind,
        .uri = url_shown(arena, web->base),
        .http = http,
    };
    *out = &web->store;
    return true;
}
