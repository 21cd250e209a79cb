/* The client against a server that misbehaves: tests/cases/net/server.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/pool.h"
#include "base/process.h"
#include "net/net.h"
#include "net/net_test_help.h"

static TestServer server;

/* What most tests need. */
typedef struct Bench {
    Arena arena;
    Http *http;
    Err err;
} Bench;

static Bench *bench_open(void)
{
    static Bench bench;
    bench = (Bench){0};
    assert_true(http_open(&bench.arena, &bench.http, &bench.err));
    return &bench;
}

static void bench_close(Bench *bench)
{
    err_drop(&bench->err);
    arena_drop(&bench->arena);
}

static Str at(Bench *bench, const char *path)
{
    return str_print(&bench->arena, "http://127.0.0.1:%d%s", server.port, path);
}

static Response get(Bench *bench, Request request)
{
    Response response;
    if (!http_do(bench->http, &request, &bench->arena, &response, &bench->err))
        fail_msg("%s", bench->err.text);
    return response;
}

static void refused(Bench *bench, Request request, ErrKind kind, const char *part)
{
    Response response;
    assert_false(http_do(bench->http, &request, &bench->arena, &response, &bench->err));
    if (bench->err.kind != kind || !strstr(bench->err.text, part))
        fail_msg("kind %d, '%s' is not in '%s'", bench->err.kind, part, bench->err.text);
}

static Value parsed(Bench *bench, Str json)
{
    Value value;
    assert_true(json_parse(&bench->arena, json, STR("answer"), &value, &bench->err));
    return value;
}

static int64_t counted(Bench *bench, const char *key)
{
    Str url = url_with(&bench->arena, at(bench, "/count"), STR("key"), str_of(key));
    return parsed(bench, get(bench, (Request){.url = url}).body).number;
}

static Auth *auth_of(Bench *bench, Limit *limit, const char *json)
{
    Value config = parsed(bench, str_copy(&bench->arena, str_of(json)));
    Auth *auth;
    if (!auth_make(&bench->arena, bench->http, config, limit, &auth, &bench->err))
        fail_msg("%s", bench->err.text);
    return auth;
}

/* ---- requests and answers ---- */

static void test_echo(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    const Header headers[] = {{STR("X-One"), STR("1")}, {STR("X-Empty"), STR("")}};
    Response response = get(bench, (Request){.url = at(bench, "/echo?a=b"),
                                             .headers = headers,
                                             .header_count = 2});
    assert_int_equal(response.status, 200);
    assert_int_equal(response.tries, 1);
    assert_true(response.took_us > 0);
    assert_true(str_is(response_header(&response, "x-answer"), "yes"));
    assert_null(response_header(&response, "x-other").at);
    Value echo = parsed(bench, response.body);
    assert_true(value_is(value_get(echo, "method"), "GET"));
    assert_true(value_is(value_get(echo, "path"), "/echo?a=b"));
    Value seen = value_get(echo, "headers");
    assert_true(value_is(value_get(seen, "x-one"), "1"));
    assert_true(value_is(value_get(seen, "x-empty"), ""));
    assert_true(value_is_undefined(value_get(seen, "expect")));
    assert_true(str_starts(value_str(value_get(seen, "user-agent")), STR("weir/")));
    assert_true(str_find(value_str(value_get(seen, "accept-encoding")), STR("gzip")) >= 0);
    const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "GET"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        response = get(bench, (Request){.method = str_of(methods[i]),
                                        .url = at(bench, "/echo"),
                                        .body = STR("some; body")});
        echo = parsed(bench, response.body);
        assert_true(value_is(value_get(echo, "method"), methods[i]));
        assert_true(value_is(value_get(echo, "body"), "some; body"));
        assert_true(value_is_undefined(value_get(value_get(echo, "headers"), "content-type")));
    }
    response = get(bench, (Request){.method = STR("POST"), .url = at(bench, "/echo")});
    assert_true(value_is(value_get(value_get(parsed(bench, response.body), "headers"),
                                   "content-length"), "0"));
    response = get(bench, (Request){.method = STR("HEAD"), .url = at(bench, "/echo")});
    assert_int_equal(response.body.len, 0);
    assert_int_equal(response.status, 200);
    HttpStats stats = http_stats(bench->http);
    assert_int_equal(stats.requests, 8);
    assert_int_equal(stats.retries, 0);
    bench_close(bench);
}

static void test_gzip(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Response response = get(bench, (Request){.url = at(bench, "/gzip")});
    assert_int_equal(response.body.len, 10000);
    assert_true(str_starts(response.body, STR("compressedcompressed")));
    const Header plain = {STR("Accept-Encoding"), STR("gzip")};
    response = get(bench, (Request){.url = at(bench, "/gzip"), .headers = &plain,
                                    .header_count = 1});
    assert_true(response.body.len < 1000 && (uint8_t)response.body.at[0] == 0x1f);
    bench_close(bench);
}

static void test_bad_requests(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    refused(bench, (Request){.url = STR("no url")}, ERR_RUNTIME, "http://");
    refused(bench, (Request){.url = STR("file:///etc/passwd")}, ERR_RUNTIME, "http://");
    refused(bench, (Request){.url = STR("http://")}, ERR_RUNTIME, "GET http://");
    const Header header = {STR("X-A"), STR("a\r\nX-B: b")};
    refused(bench, (Request){.url = at(bench, "/echo"), .headers = &header, .header_count = 1},
            ERR_RUNTIME, "line break");
    Retry twice = {.most = 2, .first_wait_ms = 10};
    refused(bench, (Request){.url = STR("http://127.0.0.1:1/x"), .retry = twice}, ERR_UNAVAILABLE,
            "cannot reach GET http://127.0.0.1:1/x: ");
    assert_non_null(strstr(bench->err.text, "(2 tries)"));
    bench_close(bench);
}

static void test_limits_of_bodies(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    refused(bench, (Request){.url = at(bench, "/gzip"), .body_limit_bytes = 9999}, ERR_TOO_BIG,
            "larger than its limit");
    Response response = get(bench, (Request){.url = at(bench, "/gzip"), .body_limit_bytes = 10000});
    assert_int_equal(response.body.len, 10000);
    bench_close(bench);
}

/* ---- statuses ---- */

static void test_retry(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Retry retry = {.first_wait_ms = 20};
    Response response = get(bench, (Request){.url = at(bench, "/status/503?times=2&key=r1"),
                                             .retry = retry});
    assert_int_equal(response.tries, 3);
    assert_true(str_is(response.body, "fine"));
    assert_int_equal(http_stats(bench->http).retries, 2);
    response = get(bench, (Request){.url = at(bench, "/drop?times=2&key=r2"), .retry = retry});
    assert_true(str_is(response.body, "fine"));
    assert_int_equal(counted(bench, "r2"), 3);
    response = get(bench, (Request){.url = at(bench, "/cut?times=1&key=r3"), .retry = retry});
    assert_int_equal(response.body.len, 100000);
    assert_int_equal(response.tries, 2);
    retry.most = 3;
    refused(bench, (Request){.url = at(bench, "/status/500?key=r4"), .retry = retry},
            ERR_UNAVAILABLE, "500 Internal Server Error from GET ");
    assert_non_null(strstr(bench->err.text, ": it is so (3 tries)"));
    assert_null(strstr(bench->err.text, "second"));
    refused(bench, (Request){.url = at(bench, "/status/400?text=%3C%3Fxml+v%3F%3E%0A%3CError%3E")},
            ERR_RUNTIME, ": <Error>");
    assert_int_equal(counted(bench, "r4"), 3);
    refused(bench, (Request){.url = at(bench, "/status/404?key=r5"), .retry = retry}, ERR_RUNTIME,
            "404 Not Found from GET ");
    assert_int_equal(counted(bench, "r5"), 1);
    retry.also_404 = true;
    response = get(bench, (Request){.url = at(bench, "/status/404?times=1&key=r6"),
                                    .retry = retry});
    assert_int_equal(response.tries, 2);
    response = get(bench, (Request){.url = at(bench, "/status/422?key=r7"), .keeps_errors = true});
    assert_int_equal(response.status, 422);
    assert_true(str_is(response.body, "it is so\nsecond line"));
    refused(bench, (Request){.url = at(bench, "/status/401")}, ERR_RUNTIME, "has no auth");
    response = get(bench, (Request){.url = at(bench, "/status/304")});
    assert_int_equal(response.status, 304);
    bench_close(bench);
}

static void test_retry_after(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Retry retry = {.first_wait_ms = 1};
    int64_t before_us = clock_steady_us();
    get(bench, (Request){.url = at(bench, "/status/429?times=1&retry_after=1&key=a1"),
                         .retry = retry});
    assert_true(clock_steady_us() - before_us >= 1000000);
    before_us = clock_steady_us();
    get(bench, (Request){.url = at(bench, "/status/503?times=1&retry_after=2&form=date&key=a2"),
                         .retry = retry});
    assert_in_range(clock_steady_us() - before_us, 900000, 4000000);
    refused(bench, (Request){.url = at(bench, "/status/503?retry_after=86400"), .retry = retry},
            ERR_UNAVAILABLE, "503 Service Unavailable");
    /* a 429 is meant for all that share the limit */
    Limit *limit = limit_make(&bench->arena, 0, 1, 0);
    before_us = clock_steady_us();
    HttpCall *first = http_send(bench->http, &(Request){
        .url = at(bench, "/status/429?times=1&retry_after=1&key=a3"), .limit = limit});
    while (counted(bench, "a3") == 0)
        usleep(1000);
    usleep(100000);
    get(bench, (Request){.url = at(bench, "/echo"), .limit = limit});
    assert_true(clock_steady_us() - before_us >= 1000000);
    Response response;
    assert_true(http_wait(first, &bench->arena, &response, &bench->err));
    bench_close(bench);
}

/* ---- bodies in pieces ---- */

typedef struct Pieces {
    Text text;
    uint32_t restarts;
    uint64_t most;               /* bytes after which the reader ends it; 0: never */
    HttpCall *_Atomic held;      /* held at the first piece */
} Pieces;

static bool pieces_add(void *context, Str piece)
{
    Pieces *pieces = context;
    text_add(&pieces->text, piece);
    return !pieces->most || pieces->text.len < pieces->most;
}

static void pieces_restart(void *context)
{
    Pieces *pieces = context;
    pieces->restarts++;
    text_clear(&pieces->text);
}

static void test_pieces(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Pieces pieces = {0};
    Request request = {.url = at(bench, "/cut?times=2&key=p1"),
                       .on_data = pieces_add,
                       .on_restart = pieces_restart,
                       .context = &pieces,
                       .retry = {.first_wait_ms = 10}};
    Response response = get(bench, request);
    assert_int_equal(pieces.text.len, 100000);
    assert_int_equal(pieces.restarts, 2);
    assert_int_equal(response.body.len, 0);
    assert_int_equal(response.tries, 3);
    request.on_restart = NULL;
    request.url = at(bench, "/cut?times=1&key=p2");
    refused(bench, request, ERR_UNAVAILABLE, "cannot reach");
    text_clear(&pieces.text);
    request.url = at(bench, "/status/503?times=1&key=p3"); /* no piece was told of a 503 */
    get(bench, request);
    assert_string_equal(pieces.text.at, "fine");
    pieces.most = 10;
    request.url = at(bench, "/numbers?count=100000");
    refused(bench, request, ERR_CANCELLED, "its reader ended it");
    text_drop(&pieces.text);
    bench_close(bench);
}

static void test_hold(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Pieces pieces = {0};
    Request request = {.url = at(bench, "/numbers?count=300000"),
                       .on_data = pieces_add,
                       .idle_timeout_ms = 200,
                       .context = &pieces};
    HttpCall *call = http_send(bench->http, &request);
    http_hold(call, true);
    usleep(700000); /* longer than the time-out */
    assert_false(http_is_done(call));
    assert_true(pieces.text.len < 1888890);
    http_hold(call, false);
    Response response;
    assert_true(http_wait(call, &bench->arena, &response, &bench->err));
    assert_int_equal(pieces.text.len, 1988890);
    assert_true(str_ends(text_str(&pieces.text), STR("299998\n299999\n")));
    text_drop(&pieces.text);
    bench_close(bench);
}

typedef struct Upload {
    size_t left, size;
    uint32_t rewinds;
    size_t fails_at;
} Upload;

static size_t upload_read(void *context, char *to, size_t room, bool *failed)
{
    Upload *upload = context;
    size_t count = room < upload->left ? room : upload->left;
    memset(to, 'u', count);
    upload->left -= count;
    *failed = upload->fails_at && upload->size - upload->left >= upload->fails_at;
    return count;
}

static bool upload_rewind(void *context)
{
    Upload *upload = context;
    upload->left = upload->size;
    upload->rewinds++;
    return true;
}

static void test_upload(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    for (int is_known = 0; is_known < 2; is_known++) {
        Upload upload = {.left = 300000, .size = 300000};
        Request request = {.method = is_known ? STR("PUT") : STR("POST"),
                           .url = at(bench, "/echo"),
                           .read_body = upload_read,
                           .body_bytes = is_known ? 300000 : -1,
                           .context = &upload};
        Response response = get(bench, request);
        Value echo = parsed(bench, response.body);
        assert_int_equal(value_str(value_get(echo, "body")).len, 300000);
        upload = (Upload){.left = 300000, .size = 300000};
        request.url = at(bench, is_known ? "/status/503?times=1&key=u1" : "/drop?times=1&key=u2");
        request.retry.first_wait_ms = 10;
        refused(bench, request, ERR_UNAVAILABLE, is_known ? "503" : "cannot reach");
        upload.left = upload.size;
        request.url = at(bench, is_known ? "/status/503?times=1&key=u3" : "/drop?times=1&key=u4");
        request.rewind_body = upload_rewind;
        get(bench, request);
        assert_int_equal(upload.rewinds, 1);
        upload = (Upload){.left = 300000, .size = 300000, .fails_at = 100000};
        request.url = at(bench, "/echo");
        refused(bench, request, ERR_CANCELLED, "body could not be read");
    }
    bench_close(bench);
}

/* ---- redirects ---- */

static void test_redirects(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Auth *auth = auth_of(bench, NULL, "{\"type\": \"bearer\", \"token\": \"home-token\"}");
    const Header headers[] = {{STR("X-Api-Key"), STR("home-key")}, {STR("X-Plain"), STR("p")}};
    Request request = {.method = STR("POST"), .url = at(bench, "/redirect?to=/echo%3Fx=1"),
                       .headers = headers, .header_count = 2, .body = STR("b"), .auth = auth};
    Value echo = parsed(bench, get(bench, request).body);
    assert_true(value_is(value_get(echo, "method"), "GET"));
    assert_true(value_is(value_get(echo, "body"), ""));
    assert_true(value_is(value_get(echo, "path"), "/echo?x=1"));
    Value seen = value_get(echo, "headers");
    assert_true(value_is(value_get(seen, "authorization"), "Bearer home-token"));
    assert_true(value_is(value_get(seen, "x-api-key"), "home-key"));
    request.url = str_print(&bench->arena,
                            "http://127.0.0.1:%d/redirect?status=307&to=http://localhost:%d/echo",
                            server.port, server.port);
    Response response = get(bench, request);
    echo = parsed(bench, response.body);
    assert_true(value_is(value_get(echo, "method"), "POST"));
    assert_true(value_is(value_get(echo, "body"), "b"));
    seen = value_get(echo, "headers");
    assert_true(value_is_undefined(value_get(seen, "authorization")));
    assert_true(value_is_undefined(value_get(seen, "x-api-key")));
    assert_true(value_is(value_get(seen, "x-plain"), "p"));
    assert_true(str_ends(response.url, STR("/echo")));
    assert_int_equal(response.tries, 1);
    request = (Request){.url = at(bench, "/redirect?key=loop&to=/redirect%3Fkey=loop%26to=/x")};
    request.url = at(bench, "/redirect?key=file&to=file:///etc/passwd");
    refused(bench, request, ERR_RUNTIME, "no http(s) URL");
    bench_close(bench);
}

/* ---- who we are ---- */

static void test_fixed_auth(void **state)
{
    (void)state;
    static const struct {
        const char *config, *header, *value;
    } rows[] = {
        {"{\"type\": \"bearer\", \"token\": \"abc.def\"}", "authorization", "Bearer abc.def"},
        {"{\"type\": \"basic\", \"username\": \"me\", \"password\": \"open sesame\"}",
         "authorization", "Basic bWU6b3BlbiBzZXNhbWU="},
        {"{\"type\": \"api_key\", \"name\": \"X-Key\", \"value\": \"kkk-key\"}", "x-key",
         "kkk-key"},
    };
    Bench *bench = bench_open();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Auth *auth = auth_of(bench, NULL, rows[i].config);
        Response response = get(bench, (Request){.url = at(bench, "/echo"), .auth = auth});
        Value seen = value_get(parsed(bench, response.body), "headers");
        assert_true(value_is(value_get(seen, rows[i].header), rows[i].value));
    }
    Auth *auth = auth_of(bench, NULL, "{\"type\": \"api_key\", \"name\": \"kk\", \"value\": "
                                      "\"a very/secret\", \"in\": \"query\"}");
    Response response = get(bench, (Request){.url = at(bench, "/echo?a=1"), .auth = auth});
    assert_true(value_is(value_get(parsed(bench, response.body), "path"),
                         "/echo?a=1&kk=a%20very%2Fsecret"));
    assert_true(str_find(response.url, STR("secret")) < 0);
    bench_close(bench);
}

static void test_auth_errors(void **state)
{
    (void)state;
    static const struct {
        const char *config, *part;
    } rows[] = {
        {"[]", "must be a mapping"},
        {"{\"token\": \"a\"}", "needs a type"},
        {"{\"type\": \"baerer\", \"token\": \"a\"}", "did you mean 'bearer'?"},
        {"{\"type\": \"bearer\"}", "needs 'token'"},
        {"{\"type\": \"bearer\", \"token\": \"\"}", "needs 'token'"},
        {"{\"type\": \"basic\", \"username\": \"a\", \"passwort\": \"b\", \"password\": \"b\"}",
         "no key 'passwort'; did you mean 'password'?"},
        {"{\"type\": \"api_key\", \"name\": \"a\", \"value\": \"b\", \"in\": \"body\"}",
         "in is header or query, not 'body'"},
        {"{\"type\": \"oauth2_client_credentials\", \"token_url\": \"u\", \"client_id\": \"a\", "
         "\"client_secret\": \"b\", \"expires_in\": \"soon\"}", "expires_in is seconds"},
    };
    Bench *bench = bench_open();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Auth *auth;
        Value config = parsed(bench, str_of(rows[i].config));
        assert_false(auth_make(&bench->arena, bench->http, config, NULL, &auth, &bench->err));
        assert_int_equal(bench->err.kind, ERR_PARSING);
        if (!strstr(bench->err.text, rows[i].part))
            fail_msg("'%s' is not in '%s'", rows[i].part, bench->err.text);
    }
    Auth *none = (Auth *)1;
    assert_true(auth_make(&bench->arena, bench->http, NONE, NULL, &none, &bench->err));
    assert_null(none);
    bench_close(bench);
}

static Auth *oauth(Bench *bench, const char *path, const char *more)
{
    Str config = str_print(&bench->arena,
                           "{\"type\": \"oauth2_client_credentials\", \"token_url\": \"" STR_FMT
                           "\", \"client_id\": \"weir\", \"client_secret\": "
                           "\"s3cret-of-client\"%s}",
                           STR_ARG(at(bench, path)), more);
    return auth_of(bench, NULL, config.at);
}

static void get_many(Bench *bench, const Request *request, uint32_t count)
{
    HttpCall *calls[64];
    assert_true(count <= COUNT_OF(calls));
    for (uint32_t i = 0; i < count; i++)
        calls[i] = http_send(bench->http, request);
    for (uint32_t i = 0; i < count; i++) {
        Response response;
        if (!http_wait(calls[i], &bench->arena, &response, &bench->err))
            fail_msg("%s", bench->err.text);
        assert_true(str_is(response.body, "come in"));
    }
}

static void test_token(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Auth *auth = oauth(bench, "/token?key=t1", "");
    Request request = {.url = at(bench, "/guarded"), .auth = auth};
    get_many(bench, &request, 20);
    assert_int_equal(counted(bench, "t1"), 1);
    get(bench, (Request){.url = at(bench, "/expire")});
    get_many(bench, &request, 20); /* twenty times 401, one new token */
    assert_int_equal(counted(bench, "t1"), 2);
    assert_int_equal(http_stats(bench->http).tokens_fetched, 2);
    request.url = at(bench, "/status/401?key=t2"); /* renewed once, then an error */
    refused(bench, request, ERR_RUNTIME, "401 Unauthorized from GET ");
    assert_non_null(strstr(bench->err.text, "(check the connection's auth)"));
    assert_in_range(counted(bench, "t2"), 2, 6);
    /* a token that is good for seven requests only, and others in between */
    auth = oauth(bench, "/token?key=t3", "");
    request = (Request){.url = at(bench, "/guarded?uses=7&ms=5"), .auth = auth,
                        .limit = limit_make(&bench->arena, 0, 1, 4)};
    get_many(bench, &request, 60);
    assert_in_range(counted(bench, "t3"), 9, 20);
    bench_close(bench);
}

static void test_token_renewed_early(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Auth *auth = oauth(bench, "/token?life=2&key=e1", "");
    Request request = {.url = at(bench, "/guarded?key=e2"), .auth = auth};
    get_many(bench, &request, 2);
    usleep(1850000); /* a tenth of its life is left */
    get_many(bench, &request, 2);
    assert_int_equal(counted(bench, "e1"), 2);
    assert_int_equal(counted(bench, "e2"), 4); /* no 401 in between */
    auth = oauth(bench, "/token?key=e3", ", \"expires_in\": 1");
    request.auth = auth;
    get_many(bench, &request, 1);
    usleep(950000);
    get_many(bench, &request, 1);
    assert_int_equal(counted(bench, "e3"), 2);
    bench_close(bench);
}

static void test_refresh_token(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Str config = str_print(&bench->arena,
                           "{\"type\": \"oauth2_refresh_token\", \"token_url\": \"" STR_FMT
                           "\", \"client_id\": \"weir\", \"client_secret\": \"s3cret-of-client\", "
                           "\"refresh_token\": \"first-refresh-token\"}",
                           STR_ARG(at(bench, "/token")));
    Auth *auth = auth_of(bench, NULL, config.at);
    Request request = {.url = at(bench, "/guarded"), .auth = auth};
    for (int i = 0; i < 4; i++) { /* the server gives another refresh token each time */
        get_many(bench, &request, 3);
        get(bench, (Request){.url = at(bench, "/expire")});
    }
    auth = auth_of(bench, NULL, config.at); /* whose refresh token was used up */
    request.auth = auth;
    refused(bench, request, ERR_RUNTIME, "no token: 400 Bad Request from POST ");
    bench_close(bench);
}

static void test_token_errors(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    /* which the server does not know */
    Auth *auth = oauth(bench, "/token", ", \"client_auth\": \"basic\"");
    Request request = {.url = at(bench, "/guarded"), .auth = auth};
    HttpCall *calls[5];
    for (int i = 0; i < 5; i++)
        calls[i] = http_send(bench->http, &request);
    for (int i = 0; i < 5; i++) {
        Response response;
        assert_false(http_wait(calls[i], &bench->arena, &response, &bench->err));
        assert_int_equal(bench->err.kind, ERR_RUNTIME);
        assert_non_null(strstr(bench->err.text, "no token: 401 Unauthorized from POST"));
        assert_non_null(strstr(bench->err.text, "invalid_client"));
    }
    request.auth = oauth(bench, "/echo", "");
    refused(bench, request, ERR_RUNTIME, "holds no access_token");
    request.auth = oauth(bench, "/slow?ms=3000", ""); /* all who wait for it are cancelled */
    for (int i = 0; i < 5; i++)
        calls[i] = http_send(bench->http, &request);
    usleep(50000);
    for (int i = 0; i < 5; i++)
        http_cancel(calls[i]);
    int64_t before_us = clock_steady_us();
    for (int i = 0; i < 5; i++) {
        Response response;
        assert_false(http_wait(calls[i], &bench->arena, &response, &bench->err));
        assert_int_equal(bench->err.kind, ERR_CANCELLED);
    }
    assert_true(clock_steady_us() - before_us < 1000000);
    bench_close(bench);
}

static void test_secrets(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Auth *auth = auth_of(bench, NULL, "{\"type\": \"api_key\", \"name\": \"who\", \"value\": "
                                      "\"hush/hush\", \"in\": \"query\"}");
    refused(bench,
            (Request){.url = at(bench, "/status/400?text=you+sent+hush%2Fhush"), .auth = auth},
            ERR_RUNTIME, "you sent *****");
    assert_null(strstr(bench->err.text, "hush"));
    refused(bench, (Request){.url = str_print(&bench->arena,
                "http://user:pw-in-url@127.0.0.1:%d/status/400?access_token=tok1&x=2",
                server.port)}, ERR_RUNTIME, "access_token=*****&x=2");
    assert_null(strstr(bench->err.text, "pw-in-url"));
    assert_null(strstr(bench->err.text, "tok1"));
    /* a token that the server invented, echoed in its answer */
    auth = oauth(bench, "/token", "");
    refused(bench, (Request){.url = at(bench, "/guarded?uses=0"), .auth = auth}, ERR_RUNTIME,
            "token ***** is not good");
    auth = auth_of(bench, NULL, "{\"type\": \"basic\", \"username\": \"u\", "
                                "\"password\": \"basic-pass\"}");
    refused(bench, (Request){.url = at(bench, "/status/400?text=dTpiYXNpYy1wYXNz"), .auth = auth},
            ERR_RUNTIME, "*****");
    assert_null(strstr(bench->err.text, "dTpi"));
    bench_close(bench);
}

/* ---- limits ---- */

static void test_rate(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Limit *limit = limit_make(&bench->arena, 40, 1, 8);
    Request request = {.url = at(bench, "/slow?ms=50&key=rate"), .limit = limit};
    HttpCall *calls[140];
    int64_t before_us = clock_steady_us();
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        calls[i] = http_send(bench->http, &request);
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        Response response;
        assert_true(http_wait(calls[i], &bench->arena, &response, &bench->err));
    }
    double seconds = (double)(clock_steady_us() - before_us) / 1e6;
    double rate = (COUNT_OF(calls) - 1) / (seconds - 0.05);
    if (rate < 36) /* 39 where nothing else runs */
        fail_msg("%.2f a second", rate);
    Value times = parsed(bench, get(bench, (Request){.url = at(bench, "/times?key=rate")}).body);
    assert_int_equal(times.list->len, COUNT_OF(calls));
    for (uint32_t i = 40; i < times.list->len; i++)
        assert_true(times.list->at[i].real - times.list->at[i - 40].real >= 0.98);
    bench_close(bench);
}

/* Retries, dead connections and a burst keep the promise too: 9.5 a second, at most 10 in any. The
 * server's clock sees them after its threads have started: a little is allowed for that. */
static void test_rate_with_faults(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Limit *limit = limit_make(&bench->arena, 9.5, 10, 0);
    HttpCall *calls[24];
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        calls[i] = http_send(bench->http, &(Request){
            .url = at(bench, i % 2 ? "/drop?times=4&key=faults" : "/status/500?times=6&key=faults"),
            .limit = limit, .retry = {.first_wait_ms = 1}});
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        Response response;
        assert_true(http_wait(calls[i], &bench->arena, &response, &bench->err));
    }
    Value times = parsed(bench, get(bench, (Request){.url = at(bench, "/times?key=faults")}).body);
    assert_true(times.list->len > COUNT_OF(calls));
    assert_int_equal(times.list->len, http_stats(bench->http).requests - 1);
    for (uint32_t i = 10; i < times.list->len; i++)
        assert_true(times.list->at[i].real - times.list->at[i - 10].real >= 0.97);
    bench_close(bench);
}

static void test_in_flight(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Limit *limit = limit_make(&bench->arena, 0, 1, 3);
    HttpCall *calls[9];
    int64_t before_us = clock_steady_us();
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        calls[i] = http_send(bench->http, &(Request){.url = at(bench, "/slow?ms=100"),
                                                     .limit = limit});
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        Response response;
        assert_true(http_wait(calls[i], &bench->arena, &response, &bench->err));
    }
    assert_in_range(clock_steady_us() - before_us, 300000, 900000);
    bench_close(bench);
}

static void test_rates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double per_second;
    } rows[] = {{"4/s", 4},       {"100/min", 100.0 / 60}, {"1000/h", 1000.0 / 3600},
                {"40", 40},       {" 2.5 / sec ", 2.5},    {"1/day", 1.0 / 86400},
                {"60/Minute", 1}, {"x", 0},                {"", 0},
                {"4/", 0},        {"4/w", 0},              {"0/s", 0},
                {"-1/s", 0},      {"4 s", 0},              {"4/s/s", 0},
                {"1e9", 0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Err err = {0};
        double got = 0;
        bool is_fine = rate_parse(str_of(rows[i].text), &got, &err);
        if (is_fine != (rows[i].per_second > 0) || got < rows[i].per_second - 1e-9 ||
            got > rows[i].per_second + 1e-9)
            fail_msg("'%s' gives %f", rows[i].text, got);
        assert_true(is_fine || err.kind == ERR_PARSING);
        err_drop(&err);
    }
}

/* ---- ends ---- */

/* A port whose queue is full: who connects waits. Gives the port. */
static int deaf_server(int sockets[4])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    for (int i = 0; i < 4; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_true(sockets[i] >= 0);
        if (i == 0) {
            assert_int_equal(bind(sockets[0], (struct sockaddr *)&address, size), 0);
            assert_int_equal(listen(sockets[0], 0), 0);
            assert_int_equal(getsockname(sockets[0], (struct sockaddr *)&address, &size), 0);
        } else {
            int result = connect(sockets[i], (struct sockaddr *)&address, size);
            assert_true(result == 0 || result == -1);
        }
    }
    usleep(50000);
    return ntohs(address.sin_port);
}

static void test_time_outs(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    int64_t before_us = clock_steady_us();
    Request request = {.url = at(bench, "/stall"), .idle_timeout_ms = 300, .retry = {.most = 1}};
    refused(bench, request, ERR_UNAVAILABLE, "nothing came for 300 ms");
    assert_in_range(clock_steady_us() - before_us, 290000, 1500000);
    request.url = at(bench, "/slow?ms=3000");
    refused(bench, request, ERR_UNAVAILABLE, "nothing came for 300 ms");
    request = (Request){.url = at(bench, "/numbers?count=1000000&ms=10"), .total_timeout_ms = 300,
                        .retry = {.most = 1}};
    refused(bench, request, ERR_UNAVAILABLE, "cannot reach GET");
    before_us = clock_steady_us();
    int sockets[4];
    request = (Request){.url = str_print(&bench->arena, "http://127.0.0.1:%d/",
                                         deaf_server(sockets)),
                        .connect_timeout_ms = 200, .retry = {.most = 1}};
    refused(bench, request, ERR_UNAVAILABLE, "cannot reach GET http://127.0.0.1:");
    assert_in_range(clock_steady_us() - before_us, 190000, 1500000);
    for (size_t i = 0; i < COUNT_OF(sockets); i++)
        close(sockets[i]);
    bench_close(bench);
}

static void test_cancel(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    Limit *slow = limit_make(&bench->arena, 0.001, 1, 0);
    Request running = {.url = at(bench, "/slow?ms=5000")};
    Request queued = {.url = at(bench, "/echo"), .limit = slow};
    Request sleeping = {.url = at(bench, "/status/503?retry_after=100")};
    const Request *const requests[] = {&running, &queued, &queued, &sleeping};
    HttpCall *calls[COUNT_OF(requests)];
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        calls[i] = http_send(bench->http, requests[i]);
    usleep(200000);
    assert_false(http_is_done(calls[0]));
    int64_t before_us = clock_steady_us();
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        http_cancel(calls[i]);
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        Response response;
        bool is_fine = http_wait(calls[i], &bench->arena, &response, &bench->err);
        assert_int_equal(is_fine, i == 1); /* the first of the limit had its turn */
        assert_true(is_fine || bench->err.kind == ERR_CANCELLED);
    }
    assert_true(clock_steady_us() - before_us < 1000000);
    bench_close(bench);
}

static void test_stop(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    HttpCall *calls[20];
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        calls[i] = http_send(bench->http, &(Request){.url = at(bench, "/slow?ms=5000")});
    usleep(50000);
    int64_t before_us = clock_steady_us();
    http_stop(bench->http);
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        Response response;
        assert_false(http_wait(calls[i], &bench->arena, &response, &bench->err));
        assert_int_equal(bench->err.kind, ERR_CANCELLED);
    }
    assert_true(clock_steady_us() - before_us < 1000000);
    refused(bench, (Request){.url = at(bench, "/echo")}, ERR_CANCELLED, "cancelled");
    bench_close(bench);
}

/* Many threads, one client. */
static void ask_often(void *context, unsigned worker, uint32_t i)
{
    Bench *bench = context;
    (void)worker;
    Arena arena = {0};
    Err err = {0};
    Response response;
    Request request = {.url = str_print(&arena, "http://127.0.0.1:%d/numbers?count=%u", server.port,
                                        i)};
    bool is_fine = http_do(bench->http, &request, &arena, &response, &err);
    assert(is_fine);
    Str last = i ? str_print(&arena, "%u\n", i - 1) : STR("");
    assert(str_ends(response.body, last));
    arena_drop(&arena);
}

static void test_threads(void **state)
{
    (void)state;
    Bench *bench = bench_open();
    parallel_for(6, 300, 1, ask_often, bench);
    assert_int_equal(http_stats(bench->http).requests, 300);
    bench_close(bench);
}

static int start_server(void **state)
{
    (void)state;
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    const char *const argv[] = {"python3", "tests/cases/net/server.py", NULL};
    test_server_start(&server, argv);
    return server.port ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    test_server_stop(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_limits_of_bodies),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_upload),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_fixed_auth),
        cmocka_unit_test(test_auth_errors),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_token_renewed_early),
        cmocka_unit_test(test_refresh_token),
        cmocka_unit_test(test_token_errors),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_rate_with_faults),
        cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_time_outs),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
