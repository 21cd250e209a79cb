/* http.h: what the files of the client share. private to net/
 *
 *   http_send --inbox--> [parked: token] -> [queue of its Limit] -> running -> done --> http_wait
 *                               ^                  ^                  |
 *                               |                  +--- sleeping <----+  tries again
 *                               +-------------------------------------+  401: a new token
 *
 * A call is the sender's until it lies in the inbox, the driving thread's until `is_done`, and then
 * the waiter's. Limits and tokens are touched by the driving thread only: they need no lock.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/pool.h"
#include "net/curl.h"
#include "net/net.h"
#include "net/url.h"

#define HTTP_RANK 210
#define CALL_MAGIC 0x68634331u

/* ---- queues of calls ---- */

/* A call stands in two queues at most: that of all calls, and that of its state. */
enum { LINK_ALL, LINK_PLACE, LINK_COUNT };

typedef struct Queue {
    HttpCall *first, *last;
    uint32_t len;
    int link;
} Queue;

void queue_add(Queue *queue, HttpCall *call);
void queue_add_front(Queue *queue, HttpCall *call);
void queue_remove(Queue *queue, HttpCall *call);

/* ---- limits ---- */

/* begun[] is a ring of the instants at which the latest requests began: the guarantee. The bucket
 * spreads them within the second. */
struct Limit {
    double per_second, burst, tokens;
    uint32_t in_flight_most, in_flight;
    int64_t filled_at_us;        /* when tokens was reckoned; 0: never                            */
    int64_t paused_until_us;     /* the server said Retry-After                                   */
    bool waits_for_rate;         /* the queue waits for the bucket: being late then loses nothing */
    uint32_t window_most;        /* requests a window; 0: no rate                                 */
    int64_t *begun_us;
    uint32_t begun_next, begun_count;
    uint32_t pending;            /* given away, not begun yet: still connecting                   */
    Queue queue;                 /* calls that wait for their turn                                */
    Limit *next_active;          /* those of Http whose queue is not empty                        */
    bool is_active;
};

/* May a request begin? If not, *again_at_us is when to ask again (INT64_MAX: when one has
 * ended). */
bool limit_may_begin(Limit *limit, int64_t now_us, int64_t *again_at_us);
void limit_take(Limit *limit);
void limit_has_begun(Limit *limit, int64_t now_us);
void limit_give(Limit *limit, bool has_begun);

/* ---- who we are ---- */

typedef enum AuthKind {
    AUTH_HEADER,                 /* a header of fixed value: API key, bearer, basic               */
    AUTH_QUERY,                  /* a parameter of fixed value                                    */
    AUTH_OAUTH,
    AUTH_SIGV4,
} AuthKind;

struct Auth {
    AuthKind kind;
    Str name, value;
    AwsKeys keys;
    /* OAuth */
    Http *http;
    Limit *limit;
    Str token_url, grant, client_id, client_secret, scope, audience;
    bool is_basic;               /* the client names itself in a header                           */
    int64_t life_us;             /* of a token whose answer does not say; 0: unknown              */
    /* of the driving thread */
    Text token, refresh_token;   /* both known to secret_add()                                    */
    int64_t renew_at_us;         /* INT64_MAX: never                                              */
    uint32_t generation;         /* number of the token                                           */
    bool is_proven;              /* a request has succeeded with it                               */
    HttpCall *fetch;             /* under way                                                     */
    Queue parked;                /* calls that wait for it                                        */
};

/* Must a token be fetched before a request may go out? */
bool auth_lacks_token(const Auth *auth, int64_t now_us);
/* The request for a token; its arena is the call's own. */
void auth_token_request(const Auth *auth, Arena *arena, Request *out);
/* Takes over the token of an answer. */
MUST bool auth_take_token(Auth *auth, Str body, int64_t now_us, Err *err);

/* ---- calls ---- */

typedef enum CallState {
    CALL_INBOX,
    CALL_PARKED,
    CALL_QUEUED,
    CALL_RUNNING,
    CALL_SLEEPING,
} CallState;

typedef struct CallLink {
    HttpCall *before, *after;
} CallLink;

struct HttpCall {
    uint32_t magic;
    Arena arena;                 /* holds the call itself                                         */
    Http *http;
    Request request;             /* what it points to is the sender's                             */
    Str payload_hash;            /* hex SHA-256, for signatures                                   */
    Signal ended;
    _Atomic bool is_done, is_cancelled, is_held;

    CallState state;
    CallLink links[LINK_COUNT];
    HttpCall *next_in_inbox;
    Auth *fetches_for;           /* a request for a token: nobody waits for it                    */

    Str method, url;             /* change with redirects                                         */
    bool has_body, is_abroad;    /* redirected to another host: our name stays at home            */
    uint32_t redirects, tries, renewals;
    uint32_t generation;         /* of the token it carried                                       */
    bool has_token;
    int64_t wakes_at_us;

    /* this try */
    CURL *easy;
    struct curl_slist *lines;
    char reason[CURL_ERROR_SIZE];
    Text head, body;
    int status;
    bool has_begun;              /* the request went out                                          */
    bool was_resent;             /* libcurl wanted to send it again by itself                     */
    bool has_told, was_ended;    /* on_data was called; it returned false                         */
    bool has_read, read_failed;  /* the same of read_body                                         */
    bool is_too_big, is_paused;
    int64_t active_at_us;        /* when bytes last moved                                         */
    int64_t looks_at_us;         /* when to look for that again                                   */
    uint64_t moved_bytes, seen_bytes;

    Response response;           /* in the call's arena                                           */
    Err err;
};

struct Http {
    const CurlCalls *curl;
    Lock lock;                   /* inbox, flags, thread, remotes; `ended` of the calls           */
    Thread thread;
    CURLM *multi;
    HttpCall *inbox;             /* newest first                                                  */
    bool has_notice;             /* some call is cancelled or no longer held                      */
    _Atomic bool is_stopping;
    _Atomic uint64_t requests, retries, bytes_in, bytes_out, tokens_fetched;
    /* of the driving thread */
    Queue all, running, sleeping;
    Limit no_limit;              /* of requests without one                                       */
    Limit *active;
    CURL *idle[64];              /* handles to use again                                          */
    uint32_t idle_count;
    uint64_t dice;               /* state of the jitter                                           */
    /* SFTP and FTP: handles that keep their connection */
    struct {
        CURL *easy;
        uint64_t who;
    } remotes[16];
    uint32_t remote_count;
};

/* Ends a call: its err or response stands. */
void call_finish(HttpCall *call);
/* Puts a call (again) where it has to wait for its turn. */
void call_enqueue(HttpCall *call, bool at_front);
void call_sleep(HttpCall *call, int64_t until_us);

/* Begins a try: handle, options, headers. False: it failed for good (err is set). */
bool transfer_begin(HttpCall *call, int64_t now_us);
/* Gives handle and headers back. */
void transfer_end(HttpCall *call);
/* Has it been silent for too long? */
bool transfer_is_idle(HttpCall *call, int64_t now_us);
/* How long it may be silent. */
int64_t transfer_idle_us(const HttpCall *call);

/* What follows from the end of a try: done, redirected, renewed, retried or failed. */
void verdict_reach(HttpCall *call, CURLcode code, int64_t now_us);
/* Fails the call: "cannot reach GET https://...: reason". */
void verdict_fail(HttpCall *call, ErrKind kind, const char *reason);

#endif
