/* http.c: the client and its driving thread. */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/hash.h"
#include "net/http.h"

/* Requests without a limit of their own, at the same time. */
#define UNLIMITED_MOST 256
#define CONNECTIONS_KEPT 320L
#define POLL_MOST_US 1000000

/* ---- queues ---- */

void queue_add(Queue *queue, HttpCall *call)
{
    CallLink *link = &call->links[queue->link];
    *link = (CallLink){.before = queue->last};
    if (queue->last)
        queue->last->links[queue->link].after = call;
    else
        queue->first = call;
    queue->last = call;
    queue->len++;
}

void queue_add_front(Queue *queue, HttpCall *call)
{
    CallLink *link = &call->links[queue->link];
    *link = (CallLink){.after = queue->first};
    if (queue->first)
        queue->first->links[queue->link].before = call;
    else
        queue->last = call;
    queue->first = call;
    queue->len++;
}

void queue_remove(Queue *queue, HttpCall *call)
{
    assert(queue->len);
    CallLink *link = &call->links[queue->link];
    if (link->before)
        link->before->links[queue->link].after = link->after;
    else
        queue->first = link->after;
    if (link->after)
        link->after->links[queue->link].before = link->before;
    else
        queue->last = link->before;
    *link = (CallLink){0};
    queue->len--;
}

/* ---- calls and their places, on the driving thread ---- */

static void limit_deactivate(Http *http, Limit *limit)
{
    Limit **at = &http->active;
    while (*at != limit)
        at = &(*at)->next_active;
    *at = limit->next_active;
    limit->next_active = NULL;
    limit->is_active = false;
    limit->waits_for_rate = false;
}

/* Takes the call out of the queue that it waits in. */
static void call_leave(HttpCall *call)
{
    Http *http = call->http;
    Limit *limit = call->request.limit;
    switch (call->state) {
    case CALL_INBOX: break;
    case CALL_PARKED: queue_remove(&call->request.auth->parked, call); break;
    case CALL_RUNNING: queue_remove(&http->running, call); break;
    case CALL_SLEEPING: queue_remove(&http->sleeping, call); break;
    case CALL_QUEUED:
        queue_remove(&limit->queue, call);
        if (!limit->queue.len)
            limit_deactivate(http, limit);
        break;
    }
    call->state = CALL_INBOX;
}

void call_enqueue(HttpCall *call, bool at_front)
{
    Limit *limit = call->request.limit;
    call_leave(call);
    call->state = CALL_QUEUED;
    if (at_front)
        queue_add_front(&limit->queue, call);
    else
        queue_add(&limit->queue, call);
    if (!limit->is_active) {
        limit->is_active = true;
        limit->next_active = call->http->active;
        call->http->active = limit;
    }
}

void call_sleep(HttpCall *call, int64_t until_us)
{
    call_leave(call);
    call->wakes_at_us = until_us;
    call->state = CALL_SLEEPING;
    queue_add(&call->http->sleeping, call);
}

static HttpCall *call_make(Http *http, const Request *request)
{
    Arena arena = {0};
    HttpCall *call = NEW(&arena, HttpCall);
    call->arena = arena;
    call->magic = CALL_MAGIC;
    call->http = http;
    call->request = *request;
    if (!call->request.limit)
        call->request.limit = &http->no_limit;
    call->method = request->method.len ? request->method : STR("GET");
    call->url = request->url;
    call->has_body = request->body.len || request->read_body;
    signal_init(&call->ended);
    return call;
}

static void call_drop(HttpCall *call)
{
    CHECK(call, CALL_MAGIC);
    signal_drop(&call->ended);
    err_drop(&call->err);
    text_drop(&call->head);
    text_drop(&call->body);
    call->magic = 0;
    Arena arena = call->arena; /* which holds the call */
    arena_drop(&arena);
}

/* Sends for a token and waits for it. */
static void call_park(HttpCall *call)
{
    Auth *auth = call->request.auth;
    Http *http = call->http;
    assert(auth->http == http);
    call_leave(call);
    call->state = CALL_PARKED;
    queue_add(&auth->parked, call);
    if (auth->fetch)
        return;
    HttpCall *fetch = call_make(http, &(Request){0});
    Request request;
    auth_token_request(auth, &fetch->arena, &request);
    request.ca_file = call->request.ca_file;
    request.trusts_anyone = call->request.trusts_anyone;
    if (!request.limit)
        request.limit = &http->no_limit;
    fetch->request = request;
    fetch->method = request.method;
    fetch->url = request.url;
    fetch->has_body = true;
    fetch->fetches_for = auth;
    auth->fetch = fetch;
    queue_add(&http->all, fetch);
    call_enqueue(fetch, true);
}

/* The request for a token has ended: who waited for it goes on, in the old order, or fails. */
static void fetch_finish(HttpCall *fetch)
{
    Auth *auth = fetch->fetches_for;
    Err failure = {0};
    err_move(&failure, &fetch->err);
    bool is_fine = failure.kind == ERR_NONE &&
                   auth_take_token(auth, text_str(&fetch->body), clock_steady_us(), &failure);
    auth->fetch = NULL;
    if (is_fine)
        atomic_fetch_add(&fetch->http->tokens_fetched, 1);
    call_drop(fetch);
    for (uint32_t left = auth->parked.len; left; left--) { /* auth may be gone with the last */
        HttpCall *call = auth->parked.last;
        if (is_fine) {
            call_enqueue(call, true);
        } else {
            err_set(&call->err, failure.kind, NOWHERE, "no token: %s", failure.text);
            call_finish(call);
        }
    }
    err_drop(&failure);
}

void call_finish(HttpCall *call)
{
    Http *http = call->http;
    call_leave(call);
    queue_remove(&http->all, call);
    transfer_end(call);
    if (call->fetches_for) {
        fetch_finish(call);
        return;
    }
    lock_take(&http->lock);
    atomic_store(&call->is_done, true);
    signal_tell_all(&call->ended);
    lock_give(&http->lock);
}

/* ---- driving ---- */

/* Ends a try that libcurl has in hand; limit and statistics first, while the handle still knows. */
static void drive_detach(HttpCall *call)
{
    Http *http = call->http;
    curl_off_t before_us = 0, all_us = 0, received = 0, sent = 0;
    http->curl->curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &before_us);
    http->curl->curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &all_us);
    http->curl->curl_easy_getinfo(call->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    http->curl->curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    call->response.took_us = all_us - before_us;
    atomic_fetch_add(&http->bytes_in, (uint64_t)received);
    atomic_fetch_add(&http->bytes_out, (uint64_t)sent);
    http->curl->curl_multi_remove_handle(http->multi, call->easy);
    transfer_end(call);
    limit_give(call->request.limit, call->has_begun);
}

/* Cancels one call wherever it is. */
static void drive_cancel(HttpCall *call)
{
    if (call->state == CALL_PARKED && call->request.auth->parked.len == 1) {
        drive_cancel(call->request.auth->fetch); /* nobody else waits for it: both end */
        return;
    }
    if (call->state == CALL_RUNNING)
        drive_detach(call);
    verdict_fail(call, ERR_CANCELLED, "cancelled");
    call_finish(call);
}

/* Takes what others left: new calls, cancelled ones, held ones let go. False: stop. */
static bool drive_listen(Http *http)
{
    lock_take(&http->lock);
    HttpCall *newest = http->inbox;
    http->inbox = NULL;
    bool has_notice = http->has_notice;
    http->has_notice = false;
    bool is_stopping = atomic_load(&http->is_stopping);
    lock_give(&http->lock);
    HttpCall *oldest = NULL;
    while (newest) {
        HttpCall *next = newest->next_in_inbox;
        newest->next_in_inbox = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        HttpCall *call = oldest;
        oldest = call->next_in_inbox;
        queue_add(&http->all, call);
        call_enqueue(call, false);
    }
    bool looks_again = has_notice || is_stopping;
    while (looks_again) { /* from the start after each, as one may take others with it */
        HttpCall *call = http->all.first;
        while (call && !is_stopping && !atomic_load(&call->is_cancelled))
            call = call->links[LINK_ALL].after;
        looks_again = call != NULL;
        if (call)
            drive_cancel(call);
    }
    for (HttpCall *call = has_notice ? http->running.first : NULL; call;) {
        HttpCall *next = call->links[LINK_PLACE].after;
        if (call->is_paused && !atomic_load(&call->is_held)) {
            call->is_paused = false;
            http->curl->curl_easy_pause(call->easy, CURLPAUSE_CONT);
        }
        call = next;
    }
    return !is_stopping;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Lets calls of one limit go as far as it allows. */
static void drive_limit(Limit *limit, int64_t now_us, int64_t *next_us)
{
    int64_t again_at_us = INT64_MAX;
    while (limit->queue.first && limit_may_begin(limit, now_us, &again_at_us)) {
        HttpCall *call = limit->queue.first;
        if (!call->is_abroad && auth_lacks_token(call->request.auth, now_us)) {
            call_park(call);
            continue;
        }
        call_leave(call);
        if (!transfer_begin(call, now_us)) {
            call_finish(call);
            *next_us = 0;
            return; /* the limit may be gone with its last call */
        }
        call->state = CALL_RUNNING;
        queue_add(&call->http->running, call);
        limit_take(limit);
    }
    *next_us = earlier(*next_us, again_at_us);
}

/* Wakes who slept long enough and starts what may start. */
static int64_t drive_start(Http *http, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    for (HttpCall *call = http->sleeping.first; call;) {
        HttpCall *next = call->links[LINK_PLACE].after;
        if (call->wakes_at_us <= now_us)
            call_enqueue(call, false);
        else
            next_us = earlier(next_us, call->wakes_at_us);
        call = next;
    }
    uint32_t left = 0;
    for (Limit *limit = http->active; limit; limit = limit->next_active)
        left++;
    for (Limit *limit = http->active, *next; limit && left; limit = next, left--) {
        next = limit->next_active;
        drive_limit(limit, now_us, &next_us);
    }
    return next_us;
}

/* Ends transfers that have gone silent. */
static int64_t drive_look(Http *http, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    for (HttpCall *call = http->running.first; call;) {
        HttpCall *next = call->links[LINK_PLACE].after;
        if (call->looks_at_us <= now_us && transfer_is_idle(call, now_us)) {
            drive_detach(call);
            snprintf(call->reason, sizeof(call->reason), "nothing came for %lld ms",
                     (long long)(transfer_idle_us(call) / 1000));
            verdict_reach(call, CURLE_OPERATION_TIMEDOUT, now_us);
            next_us = 0;
        } else {
            next_us = earlier(next_us, call->looks_at_us);
        }
        call = next;
    }
    return next_us;
}

/* Takes what libcurl has ended. */
static bool drive_results(Http *http)
{
    bool has_some = false;
    int left;
    for (CURLMsg *message; (message = http->curl->curl_multi_info_read(http->multi, &left));) {
        if (message->msg != CURLMSG_DONE)
            continue;
        HttpCall *call = NULL;
        CURLcode code = message->data.result;
        http->curl->curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        CHECK(call, CALL_MAGIC);
        drive_detach(call);
        verdict_reach(call, code, clock_steady_us());
        has_some = true;
    }
    return has_some;
}

/* TLS writes to sockets that may be closed: the signal stays with this thread, unseen. */
static void block_pipe_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void drive(void *context)
{
    Http *http = context;
    block_pipe_signal();
    while (drive_listen(http)) {
        int64_t now_us = clock_steady_us();
        int64_t next_us = drive_start(http, now_us);
        int running;
        CURLMcode code = http->curl->curl_multi_perform(http->multi, &running);
        assert(code == CURLM_OK);
        if (drive_results(http))
            continue;
        now_us = clock_steady_us();
        next_us = earlier(next_us, drive_look(http, now_us));
        int64_t wait_us = next_us - now_us;
        if (wait_us <= 0)
            continue;
        wait_us = earlier(wait_us, POLL_MOST_US);
        http->curl->curl_multi_poll(http->multi, NULL, 0, (int)((wait_us + 999) / 1000), NULL);
    }
}

/* ---- the client ---- */

static void http_close(void *what)
{
    Http *http = what;
    http_stop(http);
    thread_join(&http->thread);
    for (uint32_t i = 0; i < http->idle_count; i++)
        http->curl->curl_easy_cleanup(http->idle[i]);
    for (uint32_t i = 0; i < http->remote_count; i++)
        http->curl->curl_easy_cleanup(http->remotes[i].easy);
    http->curl->curl_multi_cleanup(http->multi);
    lock_drop(&http->lock);
}

bool http_open(Arena *arena, Http **out, Err *err)
{
    const CurlCalls *curl;
    TRY(curl_load(&curl, err));
    Http *http = NEW(arena, Http);
    http->curl = curl;
    http->multi = curl->curl_multi_init();
    if (!http->multi)
        return err_set(err, ERR_RUNTIME, NOWHERE, "libcurl does not start");
    curl->curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    lock_init(&http->lock, HTTP_RANK, "http");
    http->all.link = LINK_ALL;
    http->running.link = http->sleeping.link = http->no_limit.queue.link = LINK_PLACE;
    http->no_limit.in_flight_most = UNLIMITED_MOST;
    http->dice = hash64((Str){(const char *)&http, sizeof(http)}, (uint64_t)clock_now_us());
    arena_on_drop(arena, http_close, http);
    *out = http;
    return true;
}

/* The body's digest is reckoned here, on the sender's thread. */
static void hash_payload(HttpCall *call)
{
    const Request *request = &call->request;
    if (request->auth && request->auth->kind == AUTH_SIGV4 && !request->read_body)
        call->payload_hash = sha256_hex(&call->arena, request->body);
}

HttpCall *http_send(Http *http, const Request *request)
{
    HttpCall *call = call_make(http, request);
    hash_payload(call);
    lock_take(&http->lock);
    bool is_refused = atomic_load(&http->is_stopping);
    bool was_empty = !http->inbox;
    if (is_refused) {
        err_set(&call->err, ERR_CANCELLED, NOWHERE, "cancelled");
        atomic_store(&call->is_done, true);
    } else {
        call->next_in_inbox = http->inbox;
        http->inbox = call;
        if (!http->thread.is_started)
            thread_start(&http->thread, "Http", drive, http);
    }
    lock_give(&http->lock);
    if (!is_refused && was_empty)
        http->curl->curl_multi_wakeup(http->multi);
    return call;
}

void http_await(HttpCall *call)
{
    CHECK(call, CALL_MAGIC);
    Http *http = call->http;
    lock_take(&http->lock);
    while (!atomic_load(&call->is_done))
        signal_wait(&call->ended, &http->lock, -1);
    lock_give(&http->lock);
}

bool http_wait(HttpCall *call, Arena *arena, Response *out, Err *err)
{
    http_await(call);
    bool is_fine = call->err.kind == ERR_NONE;
    if (is_fine) {
        Response response = call->response;
        response.headers = NEW_N(arena, Header, response.header_count);
        for (uint32_t i = 0; i < response.header_count; i++) {
            const Header *header = &call->response.headers[i];
            response.headers[i] = (Header){str_copy(arena, header->name),
                                           str_copy(arena, header->value)};
        }
        response.url = str_copy(arena, response.url);
        response.body = call->body.len ? text_give(arena, &call->body) : STR("");
        *out = response;
    } else {
        err_move(err, &call->err);
    }
    call_drop(call);
    return is_fine;
}

/* Tells the driving thread to look at flags of calls. */
static void notice(Http *http)
{
    lock_take(&http->lock);
    http->has_notice = true;
    lock_give(&http->lock);
    http->curl->curl_multi_wakeup(http->multi);
}

void http_cancel(HttpCall *call)
{
    CHECK(call, CALL_MAGIC);
    if (!atomic_exchange(&call->is_cancelled, true))
        notice(call->http);
}

void http_hold(HttpCall *call, bool holds)
{
    CHECK(call, CALL_MAGIC);
    if (atomic_exchange(&call->is_held, holds) && !holds)
        notice(call->http);
}

bool http_is_done(const HttpCall *call)
{
    CHECK(call, CALL_MAGIC);
    return atomic_load(&call->is_done);
}

bool http_do(Http *http, const Request *request, Arena *arena, Response *out, Err *err)
{
    return http_wait(http_send(http, request), arena, out, err);
}

Str response_header(const Response *response, const char *name)
{
    for (uint32_t i = 0; i < response->header_count; i++)
        if (str_is(response->headers[i].name, name))
            return response->headers[i].value;
    return STR_NONE;
}

void http_stop(Http *http)
{
    lock_take(&http->lock);
    atomic_store(&http->is_stopping, true);
    lock_give(&http->lock);
    http->curl->curl_multi_wakeup(http->multi);
}

HttpStats http_stats(const Http *http)
{
    return (HttpStats){
        .requests = atomic_load(&http->requests),
        .retries = atomic_load(&http->retries),
        .bytes_in = atomic_load(&http->bytes_in),
        .bytes_out = atomic_load(&http->bytes_out),
        .tokens_fetched = atomic_load(&http->tokens_fetched),
    };
}
