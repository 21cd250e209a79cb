/* transfer.c: one try of a request: libcurl's options and what it calls back. */
#include "base/clock.h"
#include "base/hash.h"
#include "config.h"
#include "net/http.h"

#define BUFFER_BYTES (256 * 1024L)
#define BODY_LIMIT_BYTES ((uint64_t)256 << 20)
#define ERROR_BODY_BYTES ((size_t)64 << 10)
#define RESERVE_MOST_BYTES ((curl_off_t)16 << 20)
#define HEAD_LIMIT_BYTES ((size_t)1 << 20)
#define CONNECT_MS 10000
#define IDLE_MS 60000

/* ---- what libcurl calls back, on the driving thread ---- */

/* The connection stands and the request goes out: only now does it count. libcurl sends again by
 * itself when a connection that it used again turns out to be dead: that would be a request that no
 * limit knows, so it is ended and tried again by us. */
static int on_begin(void *context, char *address, char *local, int port, int local_port)
{
    (void)address, (void)local, (void)port, (void)local_port;
    HttpCall *call = context;
    CHECK(call, CALL_MAGIC);
    if (call->has_begun) {
        call->was_resent = true;
        return CURL_PREREQFUNC_ABORT;
    }
    call->has_begun = true;
    call->active_at_us = clock_steady_us();
    limit_has_begun(call->request.limit, call->active_at_us);
    atomic_fetch_add(&call->http->requests, 1);
    return CURL_PREREQFUNC_OK;
}

static size_t on_head(char *at, size_t size, size_t count, void *context)
{
    HttpCall *call = context;
    CHECK(call, CALL_MAGIC);
    Str line = {at, size * count};
    call->moved_bytes += line.len;
    if (str_starts(line, STR("HTTP/"))) {
        text_clear(&call->head); /* after a 100 or an answer of a proxy */
        ptrdiff_t blank = str_find_char(line, ' ');
        int64_t status = 0;
        if (blank > 0 && str_to_int(str_slice(line, (size_t)blank + 1, (size_t)blank + 4), &status))
            call->status = (int)status;
    }
    text_add(&call->head, line);
    return line.len;
}

static bool is_success(const HttpCall *call)
{
    return call->status >= 200 && call->status < 300;
}

/* The first piece of a collected body: its room, as far as the server tells. */
static void body_begin(HttpCall *call)
{
    curl_off_t told = -1;
    call->http->curl->curl_easy_getinfo(call->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &told);
    if (told > 0)
        text_reserve(&call->body, (size_t)(told < RESERVE_MOST_BYTES ? told : RESERVE_MOST_BYTES));
}

static size_t on_body(char *at, size_t size, size_t count, void *context)
{
    HttpCall *call = context;
    CHECK(call, CALL_MAGIC);
    Str piece = {at, size * count};
    call->moved_bytes += piece.len;
    const Request *request = &call->request;
    if (is_success(call) && request->on_data) {
        if (atomic_load(&call->is_held)) {
            call->moved_bytes -= piece.len; /* it comes again */
            call->is_paused = true;
            return CURL_WRITEFUNC_PAUSE;
        }
        call->has_told = true;
        call->was_ended = !request->on_data(request->context, piece);
        return call->was_ended ? 0 : piece.len;
    }
    if (!call->body.len)
        body_begin(call);
    if (is_success(call) || request->keeps_errors) {
        uint64_t most = request->body_limit_bytes ? request->body_limit_bytes : BODY_LIMIT_BYTES;
        call->is_too_big = piece.len > most - call->body.len;
        if (call->is_too_big)
            return 0;
        text_add(&call->body, piece);
    } else if (call->body.len < ERROR_BODY_BYTES) {
        text_add(&call->body, str_slice(piece, 0, ERROR_BODY_BYTES - call->body.len));
    }
    return piece.len;
}

static size_t on_read(char *at, size_t size, size_t count, void *context)
{
    HttpCall *call = context;
    CHECK(call, CALL_MAGIC);
    call->has_read = true;
    size_t got = call->request.read_body(call->request.context, at, size * count,
                                         &call->read_failed);
    assert(call->read_failed || got <= size * count);
    return call->read_failed ? CURL_READFUNC_ABORT : got;
}

/* ---- headers ---- */

/* A line as libcurl takes it: "Name: value", "Name;" for an empty one, "Name:" to leave one out. */
static void add_raw(HttpCall *call, const char *line)
{
    struct curl_slist *lines = call->http->curl->curl_slist_append(call->lines, line);
    assert(lines);
    call->lines = lines;
}

static void add_line(HttpCall *call, Str name, Str value)
{
    AUTO(text) Text line = {0};
    text_print(&line, STR_FMT "%s" STR_FMT, STR_ARG(name), value.len ? ": " : ";", STR_ARG(value));
    add_raw(call, line.at);
}

static bool has_break(Str text)
{
    return str_find_char(text, '\n') >= 0 || str_find_char(text, '\r') >= 0 ||
           str_find_char(text, '\0') >= 0;
}

/* The sender's own headers. To a host that we were redirected to go no secrets. */
static bool add_given(HttpCall *call, bool *has_type, bool *has_encoding)
{
    for (uint32_t i = 0; i < call->request.header_count; i++) {
        const Header *header = &call->request.headers[i];
        if (!header->name.len || has_break(header->name) || has_break(header->value)) {
            AUTO(text) Text reason = {0};
            text_print(&reason, "the header '" STR_FMT "' is empty or holds a line break",
                       STR_ARG(header->name));
            verdict_fail(call, ERR_RUNTIME, reason.at);
            return false;
        }
        if (call->is_abroad && url_name_is_secret(header->name))
            continue;
        *has_type = *has_type || str_eq_fold(header->name, STR("content-type"));
        *has_encoding = *has_encoding || str_eq_fold(header->name, STR("accept-encoding"));
        add_line(call, header->name, header->value);
    }
    return true;
}

static void add_signature(HttpCall *call)
{
    Header *headers;
    uint32_t count;
    const Request *request = &call->request;
    Str hash = call->has_body ? call->payload_hash : STR_NONE;
    if (!hash.len)
        hash = request->read_body && call->has_body ? STR("UNSIGNED-PAYLOAD")
                                                    : sha256_hex(&call->arena, STR_NONE);
    for (uint32_t i = 0; i < request->header_count; i++)
        if (str_eq_fold(request->headers[i].name, STR("x-amz-content-sha256")))
            hash = request->headers[i].value;
    sigv4_sign(&call->arena, &request->auth->keys, call->method, call->url, request->headers,
               request->header_count, hash, clock_now_us(), &headers, &count);
    for (uint32_t i = 0; i < count; i++)
        if (!str_is(headers[i].name, "host")) /* libcurl sends the same */
            add_line(call, headers[i].name, headers[i].value);
}

/* Adds what says who we are; the URL with it. */
static Str add_auth(HttpCall *call)
{
    Auth *auth = call->request.auth;
    call->has_token = false;
    if (!auth || call->is_abroad)
        return call->url;
    switch (auth->kind) {
    case AUTH_HEADER:
        add_line(call, auth->name, auth->value);
        break;
    case AUTH_QUERY:
        return url_with(&call->arena, call->url, auth->name, auth->value);
    case AUTH_OAUTH:
        add_line(call, STR("Authorization"),
                 str_print(&call->arena, "Bearer " STR_FMT, STR_ARG(text_str(&auth->token))));
        call->has_token = true;
        call->generation = auth->generation;
        break;
    case AUTH_SIGV4:
        add_signature(call);
        break;
    }
    return call->url;
}

/* ---- options ---- */

#define SET(option, value) (void)curl->curl_easy_setopt(easy, option, value)

static void set_method(HttpCall *call)
{
    const CurlCalls *curl = call->http->curl;
    CURL *easy = call->easy;
    const Request *request = &call->request;
    bool is_get = str_is(call->method, "GET"), is_head = str_is(call->method, "HEAD");
    bool has_text = call->has_body && !request->read_body && request->body.len;
    if (call->has_body && request->read_body) {
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_READFUNCTION, on_read);
        SET(CURLOPT_READDATA, call);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_bytes);
        SET(CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
    } else if (has_text || str_is(call->method, "POST") || str_is(call->method, "PUT") ||
               str_is(call->method, "PATCH")) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(has_text ? request->body.len : 0));
        SET(CURLOPT_POSTFIELDS, has_text ? request->body.at : "");
    }
    if (is_head)
        SET(CURLOPT_NOBODY, 1L);
    else if (!is_get || call->has_body)
        SET(CURLOPT_CUSTOMREQUEST, str_c(&call->arena, call->method));
}

static void set_wire(HttpCall *call, Str url)
{
    const CurlCalls *curl = call->http->curl;
    CURL *easy = call->easy;
    const Request *request = &call->request;
    SET(CURLOPT_URL, str_c(&call->arena, url));
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    if (str_starts(url, STR("https:"))) {
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        SET(CURLOPT_PIPEWAIT, 1L);
    } else {
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    }
    uint32_t connect_ms = request->connect_timeout_ms ? request->connect_timeout_ms : CONNECT_MS;
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)request->total_timeout_ms);
    if (request->ca_file.len)
        SET(CURLOPT_CAINFO, str_c(&call->arena, request->ca_file));
    if (request->trusts_anyone) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void set_callbacks(HttpCall *call)
{
    const CurlCalls *curl = call->http->curl;
    CURL *easy = call->easy;
    SET(CURLOPT_PRIVATE, call);
    SET(CURLOPT_ERRORBUFFER, call->reason);
    SET(CURLOPT_PREREQFUNCTION, on_begin);
    SET(CURLOPT_PREREQDATA, call);
    SET(CURLOPT_HEADERFUNCTION, on_head);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, call);
}

static void reset_try(HttpCall *call, int64_t now_us)
{
    text_clear(&call->head);
    text_clear(&call->body);
    call->head.limit = HEAD_LIMIT_BYTES;
    call->reason[0] = '\0';
    call->status = 0;
    call->has_begun = call->was_resent = call->is_too_big = call->was_ended = false;
    call->read_failed = call->is_paused = false;
    call->moved_bytes = call->seen_bytes = 0;
    call->active_at_us = now_us;
    call->looks_at_us = now_us + transfer_idle_us(call) / 4;
}

/* What was sent and told before must be taken back. */
static bool rewind_try(HttpCall *call)
{
    if (call->has_read && call->has_body) {
        if (!call->request.rewind_body || !call->request.rewind_body(call->request.context)) {
            verdict_fail(call, ERR_RUNTIME, "the body cannot be sent a second time");
            return false;
        }
    }
    call->has_read = false;
    if (call->has_told)
        call->request.on_restart(call->request.context);
    call->has_told = false;
    return true;
}

bool transfer_begin(HttpCall *call, int64_t now_us)
{
    assert(!call->easy && !call->lines);
    Http *http = call->http;
    const CurlCalls *curl = http->curl;
    reset_try(call, now_us);
    TRY(rewind_try(call));
    if (!str_starts(call->url, STR("http://")) && !str_starts(call->url, STR("https://"))) {
        verdict_fail(call, ERR_RUNTIME, "expected a URL that begins with http:// or https://");
        return false;
    }
    bool has_type = false, has_encoding = false;
    TRY(add_given(call, &has_type, &has_encoding));
    if (!has_type)
        add_raw(call, "Content-Type:"); /* none, instead of that of a web form */
    add_raw(call, "Expect:");
    CURL *easy = http->idle_count ? http->idle[--http->idle_count] : curl->curl_easy_init();
    assert(easy);
    call->easy = easy;
    Str url = add_auth(call);
    if (!has_encoding)
        SET(CURLOPT_ACCEPT_ENCODING, "");
    set_wire(call, url);
    set_method(call);
    set_callbacks(call);
    SET(CURLOPT_USERAGENT, "weir/" WEIR_VERSION);
    SET(CURLOPT_HTTPHEADER, call->lines);
    call->tries++;
    CURLMcode code = curl->curl_multi_add_handle(http->multi, easy);
    assert(code == CURLM_OK);
    return true;
}

void transfer_end(HttpCall *call)
{
    Http *http = call->http;
    if (call->easy) {
        http->curl->curl_easy_reset(call->easy);
        if (http->idle_count < COUNT_OF(http->idle))
            http->idle[http->idle_count++] = call->easy;
        else
            http->curl->curl_easy_cleanup(call->easy);
    }
    http->curl->curl_slist_free_all(call->lines);
    call->easy = NULL;
    call->lines = NULL;
}

int64_t transfer_idle_us(const HttpCall *call)
{
    uint32_t idle_ms = call->request.idle_timeout_ms ? call->request.idle_timeout_ms : IDLE_MS;
    return (int64_t)idle_ms * 1000;
}

bool transfer_is_idle(HttpCall *call, int64_t now_us)
{
    curl_off_t sent = 0, received = 0;
    call->http->curl->curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    call->http->curl->curl_easy_getinfo(call->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    uint64_t moved = call->moved_bytes + (uint64_t)sent + (uint64_t)received;
    if (moved != call->seen_bytes || call->is_paused || !call->has_begun) {
        call->seen_bytes = moved;
        call->active_at_us = now_us; /* connecting has a time-out of its own */
    }
    call->looks_at_us = now_us + transfer_idle_us(call) / 4;
    return now_us - call->active_at_us >= transfer_idle_us(call);
}
