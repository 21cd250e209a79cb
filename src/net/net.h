/* net.h: the wire. HTTP(S), SFTP and FTP(S) by libcurl, the only room that knows it.
 *
 *   threads that want something --http_send()--> one driving thread (curl multi) --> servers
 *                               <--http_wait()--      rate limits, retries, tokens
 *
 * Secrets given here (tokens, passwords, keys) are made known to secret_add(): they reach no
 * message.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/value.h"

/* ---- the client ---- */

/* One a process is enough: connections, DNS and TLS sessions are reused; HTTP/2 where the server
 * has it. */
typedef struct Http Http;

/* Starts the driving thread at the first request. Owner: the arena stops it.
 * Fails ERR_RUNTIME: libcurl missing. */
MUST bool http_open(Arena *arena, Http **out, Err *err);

/* ---- limits ---- */

/* A token bucket and a count of requests in flight, shared by all that name it. */
typedef struct Limit Limit;

/* per_second  requests a second; 0: none. burst: how many may come at once after a pause (>= 1).
 * in_flight   at the same time; 0: none.
 * Guarantee: within any second no more than ceil(per_second) requests begin (retries, redirects and
 * requests for tokens count). After a 429 with Retry-After all that share the limit wait.
 * One Limit serves one Http. Owner: the arena, which must outlive the calls. */
Limit *limit_make(Arena *arena, double per_second, uint32_t burst, uint32_t in_flight);
/* "4/s", "100/min", "1000/h", "40" -> requests a second. Fails ERR_PARSING. */
MUST bool rate_parse(Str text, double *per_second, Err *err);

/* ---- who we are ---- */

typedef struct Auth Auth;

/* From the rendered `auth` of a connection:
 *   {type: api_key, name: X-Key, value: ..., in: header | query}
 *   {type: bearer, token}    {type: basic, username, password}
 *   {type: oauth2_client_credentials, token_url, client_id, client_secret, scope, audience,
 *    client_auth: body | basic, expires_in}
 *   {type: oauth2_refresh_token, token_url, client_id, client_secret, refresh_token, scope,
 *    client_auth, expires_in}
 *   {type: aws_sigv4, access_key, secret_key, session_token, region, service: s3}
 * A bearer token of OAuth is fetched once for all threads, renewed 30 s (or a tenth of its life)
 * before it expires, and once upon a 401. A refresh token that the server replaces is kept in
 * memory only. Requests for tokens pass through `limit` if given.
 * NONE: no authentication. Fails ERR_PARSING: unknown type or missing key, with the nearest. */
MUST bool auth_make(Arena *arena, Http *http, Value config, Limit *limit, Auth **out, Err *err);

/* ---- requests ---- */

typedef struct Header {
    Str name, value;
} Header;

typedef struct Retry {
    uint32_t most;               /* tries in all; 0: 6                                            */
    uint32_t first_wait_ms;      /* doubles each time, with jitter; 0: 500; at most 60 s          */
    bool also_404;               /* retried besides 408, 425, 429, 5xx, broken connections        */
} Retry;

typedef struct Request {
    Str method;                  /* empty: GET                                                    */
    Str url;                     /* complete, query included                                      */
    const Header *headers;       /* with an accept-encoding of its own, bodies come as they are   */
    uint32_t header_count;
    Str body;                    /* empty: none, unless:                                          */
    /* A body that streams: up to `room` bytes into `at`; 0 = end. On the driving thread. Not
     * retried once it has begun unless `rewind_body` is given. */
    size_t (*read_body)(void *context, char *at, size_t room, bool *failed);
    bool (*rewind_body)(void *context);
    int64_t body_bytes;          /* of read_body; -1: unknown (chunked)                           */
    /* Told of each piece of a 2xx answer as it comes, on the driving thread: must be quick; no lock
     * is held. Returning false ends the transfer. NULL: the answer's body is collected.
     * A retry after pieces were told begins with on_restart (NULL: not retried then). */
    bool (*on_data)(void *context, Str piece);
    void (*on_restart)(void *context);
    void *context;
    Auth *auth;                  /* or NULL                                                       */
    Limit *limit;                /* or NULL                                                       */
    Retry retry;
    uint32_t connect_timeout_ms; /* 0: 10 s                                                       */
    uint32_t idle_timeout_ms;    /* without a byte; 0: 60 s                                       */
    uint32_t total_timeout_ms;   /* of one try; 0: none                                           */
    uint64_t body_limit_bytes;   /* of a collected answer; 0: 256 MiB                             */
    bool keeps_errors;           /* a 4xx/5xx that is not retried any more is an answer    */
    Str ca_file;                 /* or empty                                                      */
    bool trusts_anyone;          /* tls verify off                                                */
} Request;

typedef struct Response {
    int status;
    Header *headers;             /* of the last answer; names in lower case                       */
    uint32_t header_count;
    Str body;                    /* collected; empty with on_data                                 */
    uint32_t tries;
    int64_t took_us;             /* from its first byte sent to its last byte received            */
    Str url;                     /* after redirects, secrets hidden                               */
} Response;

typedef struct HttpCall HttpCall;

/* Queues a request; returns at once. What `request` points to must live until http_wait(). Any
 * thread. */
HttpCall *http_send(Http *http, const Request *request);
/* Waits for its end and takes the call away.
 * Redirects are followed (10 at most); another host gets neither auth nor headers that name a
 * secret.
 * Fails  ERR_UNAVAILABLE: no connection, time-outs, 5xx or 429 after the last try;
 *        ERR_RUNTIME: 4xx ("401 Unauthorized from GET https://host/path?...: <first line of the
 *        body>"), bad URL, TLS; ERR_TOO_BIG; ERR_CANCELLED (also when on_data or read_body
 *        ended it). Query values of secrets are hidden
 * Owner  response: the arena */
MUST bool http_wait(HttpCall *call, Arena *arena, Response *out, Err *err);
/* Waits for its end and leaves the call: another thread may still http_cancel() it. */
void http_await(HttpCall *call);
/* Ends it early; http_wait() must still be called. Any thread. */
void http_cancel(HttpCall *call);
/* Holds a call with on_data: no piece is told until it is let go; the server has to wait, and no
 * time-out runs. At most one piece may still come right after. Any thread, on_data included. */
void http_hold(HttpCall *call, bool holds);
/* True when it has ended: http_wait() would return at once. */
bool http_is_done(const HttpCall *call);
/* Both in one. */
MUST bool http_do(Http *http, const Request *request, Arena *arena, Response *out, Err *err);
/* A header of the answer by its lower-case name, or STR_NONE. */
Str response_header(const Response *response, const char *name);
/* Cancels everything and refuses what comes later. Any thread. */
void http_stop(Http *http);

/* Counts since http_open(), for the summary and tests. */
typedef struct HttpStats {
    uint64_t requests, retries, bytes_in, bytes_out, tokens_fetched;
} HttpStats;
HttpStats http_stats(const Http *http);

/* ---- signing ---- */

typedef struct AwsKeys {
    Str access_key, secret_key, session_token, region, service;
} AwsKeys;
/* The headers to add (host, x-amz-date, x-amz-content-sha256 for s3, authorization, ...) of AWS
 * Signature Version 4. payload_hash: hex SHA-256 of the body, or "UNSIGNED-PAYLOAD". Owner: the
 * arena. */
void sigv4_sign(Arena *arena, const AwsKeys *keys, Str method, Str url, const Header *headers,
                uint32_t header_count, Str payload_hash, int64_t now_us, Header **out,
                uint32_t *out_count);

/* ---- SFTP and FTP(S) ---- */

typedef struct RemoteLogin {
    Str user, password, key_file, key_pass, known_hosts; /* the last empty: ~/.ssh/known_hosts */
    bool trusts_anyone;          /* host_key_check: false                                         */
    uint32_t connect_timeout_ms, idle_timeout_ms;
} RemoteLogin;

typedef struct RemoteEntry {
    Str name;
    uint64_t size_bytes;
    int64_t modified_at_us;      /* as exact as the server's listing tells                        */
    bool is_folder;
} RemoteEntry;
typedef struct RemoteEntries {
    RemoteEntry *at;
    uint32_t len, cap;
} RemoteEntries;

/* Blocking, on the caller's thread; any number at once. Connections are kept for later calls; what
 * breaks is tried three times, a read goes on where it broke; http_stop() ends them. Schemes: sftp,
 * ftp, ftps, and ftpes (ftp that turns to TLS). Paths are percent-encoded; FTP's are seen from the
 * login's folder.
 * Fails  ERR_UNAVAILABLE: no connection, silence, broken; ERR_IO: no such file (SFTP: or folder);
 *        ERR_RUNTIME: login refused, unknown or other host key (says how to add it), no right,
 *        no folder (FTP); ERR_CANCELLED: http_stop(), on_data or read_body ended it */

/* What a folder holds ("sftp://host:22/out/20260101/", "ftp://..."), without . and .. */
MUST bool remote_list(Http *http, Str url, const RemoteLogin *login, Arena *arena,
                      RemoteEntries *out, Err *err);
/* The bytes of a file from `offset`, piece by piece, on the caller's thread. */
MUST bool remote_read(Http *http, Str url, const RemoteLogin *login, uint64_t offset,
                      bool (*on_data)(void *context, Str piece), void *context, Err *err);
/* Writes a file under NAME.weir-tmp, then gives it its name; missing folders are made. SFTP's
 * rename does not replace: a file of that name is removed just before. Not tried again. */
MUST bool remote_write(Http *http, Str url, const RemoteLogin *login,
                       size_t (*read_body)(void *context, char *at, size_t room, bool *failed),
                       void *context, Err *err);
/* Absent is an error. */
MUST bool remote_remove(Http *http, Str url, const RemoteLogin *login, Err *err);

/* ---- URLs ---- */

/* Percent-encodes all but unreserved characters (and '/', if kept). Owner: the arena. */
Str url_encode(Arena *arena, Str text, bool keeps_slash);
/* Adds name=value (encoded) to the query. Owner: the arena. */
Str url_with(Arena *arena, Str url, Str name, Str value);
/* `reference` as seen from `base` (RFC 3986): next links that are relative. Owner: the arena. */
Str url_resolve(Arena *arena, Str base, Str reference);
/* The URL with user info and values of secret-looking parameters as *****. Owner: the arena. */
Str url_shown(Arena *arena, Str url);

#endif
