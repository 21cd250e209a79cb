/* verdict.c: what follows from the end of a try: an answer, another try, or an error in words. */
#include <stdio.h>

#include "base/clock.h"
#include "base/process.h"
#include "net/http.h"

#define TRIES_MOST 6
#define FIRST_WAIT_MS 500
#define WAIT_MOST_MS 60000
/* Who asks to come back later than this is taken for down. */
#define RETRY_AFTER_MOST_US ((int64_t)300 * 1000000)
#define REDIRECTS_MOST 10
/* Of a token that is known to have worked: it may run out while a call waits for its turn. */
#define RENEWALS_MOST 5
#define SHOWN_URL_BYTES 200
#define SHOWN_LINE_BYTES 200

/* ---- words ---- */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static void add_status(Text *text, int status)
{
    text_add_int(text, status);
    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (reasons[i].status == status)
            text_print(text, " %s", reasons[i].reason);
}

static void add_target(Text *text, const HttpCall *call)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Str url = url_shown(&arena, call->url);
    text_print(text, STR_FMT " " STR_FMT "%s", STR_ARG(call->method),
               STR_ARG(str_slice(url, 0, SHOWN_URL_BYTES)),
               url.len > SHOWN_URL_BYTES ? "..." : "");
}

/* The first line of a body that says something, as far as it is text; not an XML declaration. */
static void add_first_line(Text *text, Str body)
{
    Str line = STR_NONE;
    if (str_starts(body, STR("<?xml")))
        body = str_slice(body, (size_t)(str_find(body, STR(">")) + 1), body.len);
    while (body.at && !line.len && str_next_part(&body, '\n', &line))
        line = str_trim(line);
    Str shown = str_slice(line, 0, SHOWN_LINE_BYTES);
    ptrdiff_t invalid = utf8_find_invalid(shown);
    if (invalid >= 0)
        shown = str_slice(shown, 0, (size_t)invalid);
    if (!shown.len)
        return;
    text_add_c(text, ": ");
    for (size_t i = 0; i < shown.len; i++)
        text_add_char(text, (uint8_t)shown.at[i] < ' ' ? ' ' : shown.at[i]);
    if (shown.len < line.len)
        text_add_c(text, "...");
}

static void add_tries(Text *text, const HttpCall *call)
{
    if (call->tries > 1)
        text_print(text, " (%u tries)", call->tries);
}

static void fail_with(HttpCall *call, ErrKind kind, Text *text)
{
    secret_hide(text);
    err_set(&call->err, kind, NOWHERE, "%s", text->at);
}

void verdict_fail(HttpCall *call, ErrKind kind, const char *reason)
{
    AUTO(text) Text text = {0};
    text_add_c(&text, kind == ERR_UNAVAILABLE ? "cannot reach " : "");
    add_target(&text, call);
    text_print(&text, ": %s", reason);
    add_tries(&text, call);
    fail_with(call, kind, &text);
}

static const char *status_hint(const HttpCall *call)
{
    switch (call->status) {
    case 401:
        return call->request.auth ? " (check the connection's auth)"
                                  : " (the connection has no auth)";
    case 403: return " (check what the connection's auth may do)";
    default: return "";
    }
}

static bool can_get_better(const HttpCall *call)
{
    int status = call->status;
    return status == 408 || status == 425 || status == 429 ||
           (status >= 500 && status != 501 && status != 505) ||
           (status == 404 && call->request.retry.also_404);
}

static void fail_by_status(HttpCall *call)
{
    AUTO(text) Text text = {0};
    add_status(&text, call->status);
    text_add_c(&text, " from ");
    add_target(&text, call);
    add_first_line(&text, text_str(&call->body));
    add_tries(&text, call);
    text_add_c(&text, status_hint(call));
    bool is_down = can_get_better(call) && call->status != 404;
    fail_with(call, is_down ? ERR_UNAVAILABLE : ERR_RUNTIME, &text);
}

/* ---- answers ---- */

/* The value of a header in a block of "name: value" lines, or STR_NONE. */
static Str head_find(Str head, const char *name)
{
    Str line;
    while (head.at && str_next_part(&head, '\n', &line)) {
        ptrdiff_t colon = str_find_char(line, ':');
        if (colon > 0 && str_eq_fold(str_slice(line, 0, (size_t)colon), str_of(name)))
            return str_trim(str_slice(line, (size_t)colon + 1, line.len));
    }
    return STR_NONE;
}

static void answer(HttpCall *call)
{
    Arena *arena = &call->arena;
    List(Header) headers = {0};
    Str head = text_str(&call->head), line;
    while (head.at && str_next_part(&head, '\n', &line)) {
        ptrdiff_t colon = str_find_char(line, ':');
        if (colon <= 0)
            continue;
        list_add(arena, &headers,
                 (Header){str_lower(arena, str_slice(line, 0, (size_t)colon)),
                          str_trim(str_slice(line, (size_t)colon + 1, line.len))});
    }
    call->response.status = call->status;
    call->response.headers = headers.at;
    call->response.header_count = headers.len;
    call->response.tries = call->tries;
    call->response.url = url_shown(arena, call->url);
}

/* ---- trying again ---- */

static bool may_retry(const HttpCall *call)
{
    uint32_t most = call->request.retry.most ? call->request.retry.most : TRIES_MOST;
    bool can_tell = !call->has_told || call->request.on_restart;
    bool can_send = !call->has_read || call->request.rewind_body;
    return call->tries < most && can_tell && can_send && !call->read_failed;
}

/* Of the steady sequence that is the driving thread's alone: splitmix64. */
static uint64_t roll(Http *http)
{
    uint64_t z = http->dice += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* Full jitter: anywhere from nothing to the doubled wait. */
static int64_t backoff_us(HttpCall *call)
{
    uint32_t first_ms = call->request.retry.first_wait_ms ? call->request.retry.first_wait_ms
                                                          : FIRST_WAIT_MS;
    uint32_t doublings = call->tries > 1 ? call->tries - 1 : 0;
    uint64_t most_ms = doublings < 20 ? (uint64_t)first_ms << doublings : WAIT_MOST_MS;
    if (most_ms > WAIT_MOST_MS)
        most_ms = WAIT_MOST_MS;
    return (int64_t)(roll(call->http) % (most_ms * 1000 + 1));
}

/* Seconds or a date; -1: not told. */
static int64_t retry_after_us(HttpCall *call)
{
    Str told = head_find(text_str(&call->head), "retry-after");
    int64_t seconds;
    if (!told.len)
        return -1;
    if (str_to_int(told, &seconds))
        return seconds < 0 ? -1 : seconds > 1000000000 ? INT64_MAX : seconds * 1000000;
    time_t date = call->http->curl->curl_getdate(str_c(&call->arena, told), NULL);
    if (date == (time_t)-1)
        return -1;
    int64_t wait_us = (int64_t)date * 1000000 - clock_now_us();
    return wait_us > 0 ? wait_us : 0;
}

static void retry(HttpCall *call, int64_t wait_us, int64_t now_us)
{
    atomic_fetch_add(&call->http->retries, 1);
    call_sleep(call, now_us + wait_us);
}

static void retry_by_status(HttpCall *call, int64_t now_us)
{
    int64_t told_us = retry_after_us(call);
    if (!may_retry(call) || told_us > RETRY_AFTER_MOST_US) {
        if (call->request.keeps_errors)
            answer(call);
        else
            fail_by_status(call);
        call_finish(call);
        return;
    }
    if (told_us > 0 && call->status == 429) { /* meant for all that share the limit */
        int64_t until_us = now_us + told_us;
        Limit *limit = call->request.limit;
        if (limit != &call->http->no_limit && limit->paused_until_us < until_us)
            limit->paused_until_us = until_us;
    }
    retry(call, told_us > 0 ? told_us : backoff_us(call), now_us);
}

/* ---- redirects and tokens ---- */

static void fail_and_finish(HttpCall *call, ErrKind kind, const char *reason)
{
    verdict_fail(call, kind, reason);
    call_finish(call);
}

static void redirect(HttpCall *call, Str location)
{
    Str to = url_resolve(&call->arena, call->url, location);
    if (!str_starts(to, STR("http://")) && !str_starts(to, STR("https://"))) {
        fail_and_finish(call, ERR_RUNTIME, "it redirects to what is no http(s) URL");
        return;
    }
    if (++call->redirects > REDIRECTS_MOST) {
        fail_and_finish(call, ERR_RUNTIME, "it redirects without end");
        return;
    }
    bool becomes_get = call->status == 303 ? !str_is(call->method, "HEAD")
                                           : call->status < 303 && str_is(call->method, "POST");
    if (becomes_get) {
        call->method = STR("GET");
        call->has_body = false;
    }
    call->is_abroad = call->is_abroad || !url_same_origin(call->url, to);
    call->url = to;
    call->tries--; /* it was no failure */
    call_enqueue(call, true);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The token was refused: another one, once; or again if this one had worked before it ran out. */
static bool renew(HttpCall *call)
{
    Auth *auth = call->request.auth;
    if (!call->has_token || (call->has_read && !call->request.rewind_body))
        return false;
    bool is_old = call->generation != auth->generation;
    bool may_again = (is_old || auth->is_proven) && call->renewals < RENEWALS_MOST;
    if (call->renewals && !may_again)
        return false;
    call->renewals++;
    if (!is_old)
        auth->renew_at_us = 0;
    call->tries--;
    call_enqueue(call, true);
    return true;
}

/* ---- the verdict ---- */

static void reach_by_status(HttpCall *call, int64_t now_us)
{
    Str location = head_find(text_str(&call->head), "location");
    if (is_redirect(call->status) && location.len) {
        redirect(call, location);
        return;
    }
    if (call->status == 401 && renew(call))
        return;
    if (call->status < 400) {
        if (call->has_token && call->generation == call->request.auth->generation)
            call->request.auth->is_proven = true;
        answer(call);
        call_finish(call);
    } else if (can_get_better(call)) {
        retry_by_status(call, now_us);
    } else {
        if (call->request.keeps_errors)
            answer(call);
        else
            fail_by_status(call);
        call_finish(call);
    }
}

/* Can a failed transfer go better next time? */
static bool is_passing(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY: return true;
    default: return false;
    }
}

static const char *reason_of(const HttpCall *call, CURLcode code)
{
    return call->reason[0] ? call->reason : call->http->curl->curl_easy_strerror(code);
}

static void reach_by_code(HttpCall *call, CURLcode code, int64_t now_us)
{
    call->was_resent = call->was_resent || code == CURLE_SEND_FAIL_REWIND;
    if (call->was_resent && may_retry(call)) {
        retry(call, 0, now_us); /* a dead connection: no reason to wait */
    } else if (call->was_ended) {
        fail_and_finish(call, ERR_CANCELLED, "its reader ended it");
    } else if (call->read_failed) {
        fail_and_finish(call, ERR_CANCELLED, "its body could not be read");
    } else if (call->is_too_big) {
        fail_and_finish(call, ERR_TOO_BIG, "the answer is larger than its limit");
    } else if (call->was_resent) {
        fail_and_finish(call, ERR_UNAVAILABLE, "the connection broke");
    } else if (!is_passing(code)) {
        AUTO(text) Text text = {0};
        text_add_c(&text, reason_of(call, code));
        if (code == CURLE_PEER_FAILED_VERIFICATION)
            text_add_c(&text, " (the connection's ca_file may name the authority that signed it)");
        fail_and_finish(call, ERR_RUNTIME, text.at);
    } else if (may_retry(call)) {
        retry(call, backoff_us(call), now_us);
    } else {
        fail_and_finish(call, ERR_UNAVAILABLE, reason_of(call, code));
    }
}

void verdict_reach(HttpCall *call, CURLcode code, int64_t now_us)
{
    if (code == CURLE_OK)
        reach_by_status(call, now_us);
    else
        reach_by_code(call, code, now_us);
}
