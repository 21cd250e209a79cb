/* s3.c: S3 and what speaks like it: requests, errors, listing, reading. */
#include "store/s3.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/process.h"
#include "store/fetch.h"
#include "store/s3_xml.h"

/* ---- requests ---- */

void s3_add_header(S3Ask *ask, const char *name, Str value)
{
    assert(ask->header_count < S3_MOST_HEADERS);
    ask->headers[ask->header_count++] = (Header){str_of(name), value};
}

static Str url_of(const S3 *s3, const S3Ask *ask, Arena *arena)
{
    Str url = str_print(arena, STR_FMT "/" STR_FMT, STR_ARG(s3->root),
                        STR_ARG(url_encode(arena, ask->key, true)));
    if (!ask->key.len && s3->is_path_style)
        url.len--; /* the bucket itself */
    for (size_t i = 0; ask->query[i]; i++)
        url = url_with(arena, url, str_of(ask->query[i]), ask->values[i]);
    return url;
}

/* The ask as a request, signed unless there are no keys. The body is hashed where TLS does not
 * guard it. */
static bool request_make(S3 *s3, const S3Ask *ask, Arena *arena, Request *out, Err *err)
{
    AwsKeys keys;
    TRY(aws_keys(s3->chain, arena, &keys, err));
    Str url = url_of(s3, ask, arena), method = str_of(ask->method);
    Header *given = NEW_N(arena, Header, ask->header_count + 1), *added = NULL;
    uint32_t count = ask->header_count, added_count = 0;
    if (count)
        memcpy(given, ask->headers, count * sizeof(*given));
    if (keys.access_key.len) {
        Str hash = s3->is_https && ask->body.len ? STR("UNSIGNED-PAYLOAD")
                                                 : sha256_hex(arena, ask->body);
        sigv4_sign(arena, &keys, method, url, given, count, hash, clock_now_us(), &added,
                   &added_count);
    }
    Header *all = NEW_N(arena, Header, count + added_count + 1);
    if (count)
        memcpy(all, given, count * sizeof(*all));
    if (added_count)
        memcpy(all + count, added, added_count * sizeof(*all));
    *out = (Request){
        .method = method,
        .url = url,
        .headers = all,
        .header_count = count + added_count,
        .body = ask->body,
        .limit = s3->limit,
        .retry = {.most = ask->tries},
        .body_limit_bytes = ask->body_limit_bytes,
        .keeps_errors = true,
        .ca_file = s3->ca_file,
        .trusts_anyone = s3->trusts_anyone,
    };
    return true;
}

bool s3_begin(S3 *s3, const S3Ask *ask, S3Call *call, Err *err)
{
    assert(!call->call);
    arena_reset(&call->arena);
    TRY(request_make(s3, ask, &call->arena, &call->request, err));
    call->call = http_send(s3->store.http, &call->request);
    return true;
}

bool s3_end(S3Call *call, Arena *arena, Response *out, Err *err)
{
    assert(call->call);
    HttpCall *sent = call->call;
    call->call = NULL;
    bool is_answered = http_wait(sent, arena, out, err);
    arena_reset(&call->arena);
    return is_answered;
}

bool s3_do(S3 *s3, const S3Ask *ask, Arena *arena, Response *out, Err *err)
{
    S3Call call = {0};
    bool is_answered = s3_begin(s3, ask, &call, err) && s3_end(&call, arena, out, err);
    arena_drop(&call.arena);
    return is_answered;
}

bool s3_key(const S3 *s3, Str name, Arena *arena, Str *out, Err *err)
{
    Str key = str_copy(arena, name);
    if (s3->prefix.len)
        key = str_print(arena, STR_FMT "%s" STR_FMT, STR_ARG(s3->prefix), name.len ? "/" : "",
                        STR_ARG(name));
    Str rest = key, part;
    while (str_next_part(&rest, '/', &part))
        if (str_is(part, ".") || str_is(part, ".."))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "the name \"" STR_FMT "\" cannot be asked for: a URL loses the part \""
                           STR_FMT "\"", STR_ARG(key), STR_ARG(part));
    *out = key;
    return true;
}

/* ---- errors ---- */

Str s3_code(Arena *arena, const Response *response)
{
    Str rest = response->body, error;
    return s3_xml_next(&rest, "Error", &error) ? xml_text(arena, error, "Code") : STR("");
}

static ErrKind kind_of(int status)
{
    if (status == 409 || status == 412)
        return ERR_CONFLICT;
    return status == 429 || status >= 500 ? ERR_UNAVAILABLE : ERR_RUNTIME;
}

/* The region in which the bucket really lies, if the answer tells another one. */
static Str other_region(const S3 *s3, const Response *response, Arena *arena)
{
    Str region = response_header(response, "x-amz-bucket-region");
    if (!region.len)
        region = xml_text(arena, response->body, "Region");
    return str_eq(region, s3->region) ? STR_NONE : region;
}

bool s3_fail(Store *store, const Response *response, Str name, Err *err)
{
    const S3 *s3 = (const S3 *)store;
    AUTO(arena) Arena scratch = {0};
    Str code = s3_code(&scratch, response), shown = store_name(store, &scratch, name);
    Str message = xml_text(&scratch, response->body, "Message");
    ErrKind kind = kind_of(response->status);
    if (str_is(code, "SlowDown") || str_is(code, "InternalError") ||
        str_is(code, "ServiceUnavailable") || str_is(code, "RequestTimeout"))
        kind = ERR_UNAVAILABLE;
    if (code.len)
        err_set(err, kind, NOWHERE, STR_FMT ": " STR_FMT ": " STR_FMT, STR_ARG(shown),
                STR_ARG(code), STR_ARG(message));
    else
        err_set(err, kind, NOWHERE, STR_FMT ": the server answered with status %d%s",
                STR_ARG(shown), response->status,
                response->status == 403   ? " (Forbidden)"
                : response->status == 404 ? " (Not Found)"
                : response->status == 412 ? " (Precondition Failed)"
                                          : "");
    Str region = other_region(s3, response, &scratch);
    if (region.len && (response->status == 301 || response->status == 307 ||
                       response->status == 400 || response->status == 403))
        err_add(err, " (the bucket lies in region " STR_FMT ": set `region: " STR_FMT "`)",
                STR_ARG(region), STR_ARG(region));
    AwsKeys keys;
    AUTO(err) Err ignored = {0};
    if ((response->status == 401 || response->status == 403) &&
        aws_keys(s3->chain, &scratch, &keys, &ignored) && !keys.access_key.len)
        err_add(err, " (no AWS keys were found: the request was not signed)");
    return false;
}

/* ---- listing ---- */

/* Do the matches below a prefix lie in one folder? Then the server need not name what lies
 * deeper. */
static bool is_flat(const Patterns *patterns, Str prefix)
{
    for (uint32_t i = 0; i < patterns->len; i++) {
        Str text = patterns->at[i].text;
        if (str_starts(text, prefix) &&
            str_find_char(str_slice(text, prefix.len, text.len), '/') >= 0)
            return false;
        if (str_starts(text, prefix) && str_find(text, STR("**")) >= 0)
            return false;
    }
    return true;
}

/* Takes what matches of one page, named relative to the store. */
static void take_page(const S3 *s3, const Patterns *patterns, const S3Page *page, Arena *arena,
                      StoreEntries *out)
{
    size_t cut = s3->prefix.len ? s3->prefix.len + 1 : 0;
    for (uint32_t i = 0; i < page->entries.len; i++) {
        StoreEntry entry = page->entries.at[i];
        Str name = str_slice(entry.name, cut, entry.name.len);
        if (!name.len || str_ends(name, STR("/")) || !patterns_match(patterns, name))
            continue;
        entry.name = str_copy(arena, name);
        entry.etag = str_copy(arena, entry.etag);
        list_add(arena, out, entry);
    }
}

static bool list_prefix(S3 *s3, const Patterns *patterns, Str prefix, Arena *arena,
                        StoreEntries *out, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    AUTO(text) Text token = {0};
    Str delimiter = is_flat(patterns, prefix) ? STR("/") : STR("");
    S3Page page;
    do {
        arena_reset(&scratch);
        Str start = prefix;
        if (s3->prefix.len)
            start = str_print(&scratch, STR_FMT "/" STR_FMT, STR_ARG(s3->prefix), STR_ARG(prefix));
        S3Ask ask = {
            .method = "GET",
            .query = {"list-type", "encoding-type", "prefix"},
            .values = {STR("2"), STR("url"), start},
        };
        size_t count = 3;
        if (delimiter.len) {
            ask.query[count] = "delimiter";
            ask.values[count++] = delimiter;
        }
        if (token.len) {
            ask.query[count] = "continuation-token";
            ask.values[count++] = text_str(&token);
        }
        Response response;
        TRY(s3_do(s3, &ask, &scratch, &response, err));
        if (response.status != 200)
            return s3_fail(&s3->store, &response, STR(""), err);
        if (!s3_page_parse(&scratch, response.body, &page, err))
            return err_wrap(err, STR_FMT, STR_ARG(s3->store.uri));
        take_page(s3, patterns, &page, arena, out);
        text_clear(&token);
        text_add(&token, page.next);
    } while (page.is_truncated);
    return true;
}

static bool s3_list(Store *store, const Patterns *patterns, Arena *arena, StoreEntries *out,
                    Err *err)
{
    StrList prefixes = {0};
    patterns_prefixes(patterns, false, arena, &prefixes);
    for (uint32_t i = 0; i < prefixes.len; i++)
        TRY(list_prefix((S3 *)store, patterns, prefixes.at[i], arena, out, err));
    return true;
}

static bool s3_stat(Store *store, Str name, Arena *arena, StoreEntry *out, bool *exists, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    S3Ask ask = {.method = "HEAD"};
    Response response;
    TRY(s3_key((S3 *)store, name, &scratch, &ask.key, err));
    TRY(s3_do((S3 *)store, &ask, &scratch, &response, err));
    if (response.status == 404) {
        *exists = false;
        return true;
    }
    if (response.status != 200)
        return s3_fail(store, &response, name, err);
    int64_t size = 0;
    if (!str_to_int(response_header(&response, "content-length"), &size))
        return err_set(err, ERR_RUNTIME, NOWHERE, "the server does not tell the size of " STR_FMT,
                       STR_ARG(store_name(store, &scratch, name)));
    *out = (StoreEntry){
        .name = str_copy(arena, name),
        .size_bytes = (uint64_t)size,
        .modified_at_us = when_http(response_header(&response, "last-modified")),
        .etag = str_copy(arena, etag_bare(response_header(&response, "etag"))),
    };
    *exists = true;
    return true;
}

/* ---- reading ---- */

static bool fetch_request(Store *store, Str name, const Header *headers, uint32_t count,
                          Arena *arena, Request *out, Err *err)
{
    S3Ask ask = {.method = "GET"};
    TRY(s3_key((S3 *)store, name, arena, &ask.key, err));
    for (uint32_t i = 0; i < count; i++)
        ask.headers[ask.header_count++] = headers[i];
    return request_make((S3 *)store, &ask, arena, out, err);
}

static bool s3_read(Store *store, Str name, uint64_t offset, Reader **out, Err *err)
{
    static const FetchKind kind = {fetch_request, s3_fail};
    return fetch_open(store, &kind, name, offset, out, err);
}

static bool s3_get(Store *store, Str name, uint64_t limit_bytes, Arena *arena, Str *out, Str *etag,
                   bool *exists, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    S3Ask ask = {.method = "GET", .body_limit_bytes = limit_bytes};
    Response response;
    TRY(s3_key((S3 *)store, name, &scratch, &ask.key, err));
    s3_add_header(&ask, "accept-encoding", STR("identity"));
    TRY(s3_do((S3 *)store, &ask, &scratch, &response, err));
    if (response.status == 404 && !str_is(s3_code(&scratch, &response), "NoSuchBucket")) {
        *exists = false;
        return true;
    }
    if (response.status != 200)
        return s3_fail(store, &response, name, err);
    *out = str_copy(arena, response.body);
    if (etag)
        *etag = str_copy(arena, etag_bare(response_header(&response, "etag")));
    *exists = true;
    return true;
}

static bool s3_remove(Store *store, Str name, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    S3Ask ask = {.method = "DELETE"};
    Response response;
    TRY(s3_key((S3 *)store, name, &scratch, &ask.key, err));
    TRY(s3_do((S3 *)store, &ask, &scratch, &response, err));
    bool is_gone = response.status / 100 == 2 ||
                   (response.status == 404 &&
                    !str_is(s3_code(&scratch, &response), "NoSuchBucket"));
    return is_gone || s3_fail(store, &response, name, err);
}

/* ---- opening ---- */

static const Str option_keys[] = {
    STR_INIT("endpoint"),      STR_INIT("region"),     STR_INIT("access_key_id"),
    STR_INIT("session_token"), STR_INIT("profile"),    STR_INIT("secret_access_key"),
    STR_INIT("path_style"),    STR_INIT("url_style"),  STR_INIT("use_ssl"),
    STR_INIT("ca_file"),       STR_INIT("verify"),     STR_INIT("bucket"),
};

/* "s3://bucket/prefix/" -> "bucket" and "prefix". */
static bool split_uri(Str uri, Str *bucket, Str *prefix, Err *err)
{
    Str rest = str_slice(uri, 5, uri.len);
    if (!str_next_part(&rest, '/', bucket) || !bucket->len)
        return err_set(err, ERR_RUNTIME, NOWHERE, "\"" STR_FMT "\" names no bucket",
                       STR_ARG(uri));
    while (rest.len && rest.at[rest.len - 1] == '/')
        rest.len--;
    while (rest.len && rest.at[0] == '/')
        rest = str_slice(rest, 1, rest.len);
    *prefix = rest.len ? rest : STR("");
    return true;
}

/* The scheme and host of requests, and whether the bucket stands in the path. */
static void settle_root(Arena *arena, S3 *s3, Value options, Str endpoint)
{
    Str style = value_get_text(options, "url_style", STR_NONE);
    bool has_dots = str_find_char(s3->bucket, '.') >= 0; /* no certificate would fit */
    bool is_usual = style.len ? str_is(style, "path") : endpoint.len || has_dots;
    s3->is_path_style = option_is_true(options, "path_style", is_usual);
    Str host = endpoint;
    s3->is_https = option_is_true(options, "use_ssl", true);
    ptrdiff_t scheme = str_find(endpoint, STR("://"));
    if (scheme >= 0) {
        s3->is_https = str_eq_fold(str_slice(endpoint, 0, (size_t)scheme), STR("https"));
        host = str_slice(endpoint, (size_t)scheme + 3, endpoint.len);
    }
    while (host.len && host.at[host.len - 1] == '/')
        host.len--;
    if (!host.len)
        host = str_print(arena, "s3." STR_FMT ".amazonaws.com%s", STR_ARG(s3->region),
                         str_starts(s3->region, STR("cn-")) ? ".cn" : "");
    const char *protocol = s3->is_https ? "https" : "http";
    if (s3->is_path_style)
        s3->root = str_print(arena, "%s://" STR_FMT "/" STR_FMT, protocol, STR_ARG(host),
                             STR_ARG(s3->bucket));
    else
        s3->root = str_print(arena, "%s://" STR_FMT "." STR_FMT, protocol, STR_ARG(s3->bucket),
                             STR_ARG(host));
}

static const StoreKind s3_kind = {
    .list = s3_list,
    .stat = s3_stat,
    .read = s3_read,
    .get = s3_get,
    .write = s3_write,
    .remove = s3_remove,
};

bool s3_open(Arena *arena, Str uri, Value options, Http *http, Store **out, Err *err)
{
    TRY(options_check(options, option_keys, COUNT_OF(option_keys), "an S3 connection", err));
    Str bucket, prefix, endpoint;
    TRY(split_uri(uri, &bucket, &prefix, err));
    S3 *s3 = NEW(arena, S3);
    TRY(aws_chain_make(arena, options, http, &s3->chain, &s3->region, &endpoint, err));
    s3->bucket = str_copy(arena, bucket);
    s3->prefix = str_copy(arena, prefix);
    s3->ca_file = str_copy(arena, value_get_text(options, "ca_file", STR_NONE));
    s3->trusts_anyone = !option_is_true(options, "verify", true);
    TRY(limit_option(arena, options, &s3->limit, err));
    settle_root(arena, s3, options, endpoint);
    s3->store = (Store){
        .magic = STORE_MAGIC,
        .kind = &s3_kind,
        .uri = str_print(arena, "s3://" STR_FMT "%s" STR_FMT, STR_ARG(bucket),
                         prefix.len ? "/" : "", STR_ARG(prefix)),
        .http = http,
    };
    *out = &s3->store;
    return true;
}
