/* remote.c: SFTP and FTP(S), on the caller's thread: one handle of libcurl a call. Handles are kept
 * for the next call to the same place, as a new SSH session costs more than most files.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/process.h"
#include "net/http.h"
#include "net/listing.h"

#define BUFFER_BYTES (256 * 1024L)
#define LISTING_LIMIT_BYTES ((size_t)256 << 20)
#define CONNECT_MS 10000
#define IDLE_MS 60000
#define LONGEST_MS (20 * 86400000L)
#define TRIES_MOST 3
#define FIRST_WAIT_MS 500

/* One call. */
typedef struct Remote {
    Arena arena;
    Http *http;
    CURL *easy;
    uint64_t who;                /* place and user: whose handles are alike                       */
    Str url;                     /* as libcurl gets it                                            */
    Str shown;                   /* as it was given, for messages                                 */
    UrlParts parts;
    const RemoteLogin *login;
    bool is_ssh;
    char reason[CURL_ERROR_SIZE];
    struct curl_slist *quotes;
    bool is_key_unknown, is_key_other, is_silent, was_ended, read_failed;
    uint64_t moved_bytes;
    int64_t active_at_us;
    uint64_t received_bytes;     /* told so far, all tries                                        */
    bool (*on_data)(void *context, Str piece);
    size_t (*read_body)(void *context, char *at, size_t room, bool *failed);
    void *context;
} Remote;

/* ---- what libcurl calls back ---- */

static size_t on_body(char *at, size_t size, size_t count, void *context)
{
    Remote *remote = context;
    if (atomic_load(&remote->http->is_stopping))
        return 0; /* much may come between two calls of on_progress() */
    remote->received_bytes += size * count;
    remote->was_ended = !remote->on_data(remote->context, (Str){at, size * count});
    return remote->was_ended ? 0 : size * count;
}

static size_t on_read(char *at, size_t size, size_t count, void *context)
{
    Remote *remote = context;
    size_t got = remote->read_body(remote->context, at, size * count, &remote->read_failed);
    return remote->read_failed ? CURL_READFUNC_ABORT : got;
}

/* Called often: ends the transfer when asked to stop, or when nothing moves. */
static int on_progress(void *context, curl_off_t all_in, curl_off_t in, curl_off_t all_out,
                       curl_off_t sent)
{
    (void)all_in, (void)all_out;
    Remote *remote = context;
    int64_t now_us = clock_steady_us();
    uint64_t moved = (uint64_t)in + (uint64_t)sent;
    if (moved != remote->moved_bytes) {
        remote->moved_bytes = moved;
        remote->active_at_us = now_us;
    }
    uint32_t idle_ms = remote->login->idle_timeout_ms ? remote->login->idle_timeout_ms : IDLE_MS;
    remote->is_silent = now_us - remote->active_at_us >= (int64_t)idle_ms * 1000;
    return atomic_load(&remote->http->is_stopping) || remote->is_silent;
}

static int on_host_key(CURL *easy, const struct curl_khkey *known, const struct curl_khkey *found,
                       enum curl_khmatch match, void *context)
{
    (void)easy, (void)known, (void)found;
    Remote *remote = context;
    remote->is_key_unknown = match == CURLKHMATCH_MISSING;
    remote->is_key_other = match == CURLKHMATCH_MISMATCH;
    return match == CURLKHMATCH_OK ? CURLKHSTAT_FINE : CURLKHSTAT_REJECT;
}

/* ---- handles ---- */

static CURL *handle_take(Http *http, uint64_t who)
{
    CURL *easy = NULL;
    lock_take(&http->lock);
    for (uint32_t i = 0; i < http->remote_count && !easy; i++)
        if (http->remotes[i].who == who) {
            easy = http->remotes[i].easy;
            http->remotes[i] = http->remotes[--http->remote_count];
        }
    lock_give(&http->lock);
    return easy ? easy : http->curl->curl_easy_init();
}

/* Kept for the next call; the oldest makes room. */
static void handle_give(Http *http, CURL *easy, uint64_t who)
{
    CURL *closed = NULL;
    http->curl->curl_easy_reset(easy);
    lock_take(&http->lock);
    if (http->remote_count == COUNT_OF(http->remotes)) {
        closed = http->remotes[0].easy;
        memmove(http->remotes, http->remotes + 1,
                (COUNT_OF(http->remotes) - 1) * sizeof(http->remotes[0]));
        http->remote_count--;
    }
    http->remotes[http->remote_count].easy = easy;
    http->remotes[http->remote_count++].who = who;
    lock_give(&http->lock);
    if (closed)
        http->curl->curl_easy_cleanup(closed);
}

/* ---- one call ---- */

/* Options that this library has; `remote` and `curl` are of the function around. */
#define SET(option, value) (void)curl->curl_easy_setopt(remote->easy, option, value)

static bool is_scheme(Str url, const char *scheme)
{
    return str_starts(url, str_of(scheme)) && str_starts(str_slice(url, strlen(scheme), url.len),
                                                         STR("://"));
}

/* ftpes:// is ftp:// that must turn to TLS before it says who it is. */
static bool remote_init(Remote *remote, Http *http, Str url, const RemoteLogin *login, Err *err)
{
    *remote = (Remote){.http = http, .login = login};
    bool is_ftpes = is_scheme(url, "ftpes");
    remote->is_ssh = is_scheme(url, "sftp");
    if (!remote->is_ssh && !is_ftpes && !is_scheme(url, "ftp") && !is_scheme(url, "ftps"))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "expected a URL that begins with sftp://, ftp://, ftps:// or ftpes://, "
                       "found " STR_FMT,
                       STR_ARG(url_shown(&remote->arena, url)));
    remote->url = is_ftpes ? str_print(&remote->arena, "ftp" STR_FMT,
                                       STR_ARG(str_slice(url, 5, url.len)))
                           : url;
    url_split(remote->url, &remote->parts);
    secret_add(login->password);
    secret_add(login->key_pass);
    remote->shown = url_shown(&remote->arena, url);
    Str who = str_print(&remote->arena, "%d" STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT, is_ftpes,
                        STR_ARG(remote->parts.scheme), STR_ARG(remote->parts.authority),
                        STR_ARG(login->user), STR_ARG(login->key_file));
    remote->who = hash64(who, is_ftpes);
    remote->easy = handle_take(http, remote->who);
    assert(remote->easy);
    const CurlCalls *curl = http->curl;
    if (is_ftpes)
        SET(CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    return true;
}

static void remote_drop(Remote *remote)
{
    if (remote->easy)
        handle_give(remote->http, remote->easy, remote->who);
    if (remote->http)
        remote->http->curl->curl_slist_free_all(remote->quotes);
    arena_drop(&remote->arena);
}

static void set_login(Remote *remote)
{
    const CurlCalls *curl = remote->http->curl;
    const RemoteLogin *login = remote->login;
    Arena *arena = &remote->arena;
    if (login->user.len)
        SET(CURLOPT_USERNAME, str_c(arena, login->user));
    if (login->password.len)
        SET(CURLOPT_PASSWORD, str_c(arena, login->password));
    if (remote->is_ssh) {
        long kinds = login->key_file.len ? CURLSSH_AUTH_PUBLICKEY : 0;
        if (login->password.len)
            kinds |= CURLSSH_AUTH_PASSWORD | CURLSSH_AUTH_KEYBOARD;
        SET(CURLOPT_SSH_AUTH_TYPES, kinds ? kinds : (long)CURLSSH_AUTH_ANY);
        if (login->key_file.len)
            SET(CURLOPT_SSH_PRIVATE_KEYFILE,
                str_c(arena, path_expand_home(arena, login->key_file)));
        if (login->key_pass.len)
            SET(CURLOPT_KEYPASSWD, str_c(arena, login->key_pass));
        if (!login->trusts_anyone) {
            Str known = login->known_hosts.len ? login->known_hosts : STR("~/.ssh/known_hosts");
            SET(CURLOPT_SSH_KNOWNHOSTS, str_c(arena, path_expand_home(arena, known)));
            SET(CURLOPT_SSH_KEYFUNCTION, on_host_key);
            SET(CURLOPT_SSH_KEYDATA, remote);
        }
    } else if (login->trusts_anyone) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void set_wire(Remote *remote)
{
    const CurlCalls *curl = remote->http->curl;
    uint32_t connect_ms = remote->login->connect_timeout_ms;
    SET(CURLOPT_URL, str_c(&remote->arena, remote->url));
    SET(CURLOPT_PROTOCOLS_STR, "sftp,ftp,ftps");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(connect_ms ? connect_ms : CONNECT_MS));
    /* Without any limit libcurl 7.88 does not sleep while it waits for a server to close a file: it
     * spins, at a round trip of 20 ms for 9 ms of CPU a file. */
    SET(CURLOPT_TIMEOUT_MS, LONGEST_MS);
    SET(CURLOPT_ERRORBUFFER, remote->reason);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, remote);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, remote);
    set_login(remote);
}

/* TLS may write to a socket that is closed: the signal is kept from the caller's thread and taken
 * away. */
static CURLcode perform(Remote *remote)
{
    sigset_t pipe_only, before;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    remote->active_at_us = clock_steady_us();
    remote->moved_bytes = 0;
    remote->reason[0] = '\0';
    CURLcode code = remote->http->curl->curl_easy_perform(remote->easy);
    if (!sigismember(&before, SIGPIPE))
        sigtimedwait(&pipe_only, NULL, &(struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    curl_off_t received = 0, sent = 0;
    remote->http->curl->curl_easy_getinfo(remote->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    remote->http->curl->curl_easy_getinfo(remote->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    atomic_fetch_add(&remote->http->bytes_in, (uint64_t)received);
    atomic_fetch_add(&remote->http->bytes_out, (uint64_t)sent);
    atomic_fetch_add(&remote->http->requests, 1);
    return code;
}

/* ---- failures ---- */

static bool is_passing(const Remote *remote, CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_FTP_ACCEPT_TIMEOUT:
    case CURLE_FTP_WEIRD_SERVER_REPLY:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_FAILED_INIT: /* of an SSH session that the server cut */
    case CURLE_SSH: return true;
    case CURLE_ABORTED_BY_CALLBACK: return remote->is_silent;
    default: return false;
    }
}

static ErrKind kind_of(const Remote *remote, CURLcode code)
{
    if (atomic_load(&remote->http->is_stopping) || remote->was_ended || remote->read_failed)
        return ERR_CANCELLED;
    if (code == CURLE_REMOTE_FILE_NOT_FOUND)
        return ERR_IO;
    return is_passing(remote, code) ? ERR_UNAVAILABLE : ERR_RUNTIME;
}

static void add_key_reason(Text *text, const Remote *remote)
{
    const UrlParts *parts = &remote->parts;
    Str port = parts->port.len ? parts->port : STR("22");
    Str known = remote->login->known_hosts.len ? remote->login->known_hosts
                                               : STR("~/.ssh/known_hosts");
    text_print(text,
               remote->is_key_unknown
                   ? "the host's key is not known. If you trust it: ssh-keyscan -p " STR_FMT
                     " " STR_FMT " >> " STR_FMT " (or host_key_check: false)"
                   : "the host's key is not the one it had (port " STR_FMT " of " STR_FMT
                     "): somebody may be listening in. If it was replaced, correct " STR_FMT,
               STR_ARG(port), STR_ARG(parts->host), STR_ARG(known));
}

static bool remote_fail(Remote *remote, CURLcode code, Err *err)
{
    AUTO(text) Text text = {0};
    ErrKind kind = kind_of(remote, code);
    text_print(&text, "%s" STR_FMT ": ", kind == ERR_UNAVAILABLE ? "cannot reach " : "",
               STR_ARG(remote->shown));
    if (remote->is_key_unknown || remote->is_key_other)
        add_key_reason(&text, remote);
    else if (remote->is_silent)
        text_add_c(&text, "nothing came for too long");
    else if (kind == ERR_CANCELLED)
        text_add_c(&text, remote->read_failed ? "what to write could not be read" : "cancelled");
    else if (code == CURLE_REMOTE_FILE_NOT_FOUND)
        text_add_c(&text, "no such file or folder");
    else if (code == CURLE_LOGIN_DENIED)
        text_add_c(&text, "login refused (check user, password or key_file of the connection)");
    else
        text_add_c(&text, remote->reason[0] ? remote->reason
                                            : remote->http->curl->curl_easy_strerror(code));
    secret_hide(&text);
    return err_set(err, kind, NOWHERE, "%s", text.at);
}

/* Sleeps before another try; false when asked to stop. */
static bool wait_for_next(const Remote *remote, int try)
{
    int64_t until_us = clock_steady_us() + ((int64_t)FIRST_WAIT_MS << try) * 1000;
    while (!atomic_load(&remote->http->is_stopping) && clock_steady_us() < until_us)
        usleep(20000);
    return !atomic_load(&remote->http->is_stopping);
}

/* Performs; what breaks in between goes on at the byte where it broke (has_offset), or begins anew
 * if nothing had come yet. */
static bool remote_run(Remote *remote, uint64_t offset, bool has_offset, Err *err)
{
    const CurlCalls *curl = remote->http->curl;
    for (int try = 0;; try++) {
        SET(CURLOPT_RESUME_FROM_LARGE, (curl_off_t)(offset + remote->received_bytes));
        CURLcode code = perform(remote);
        if (code == CURLE_OK)
            return true;
        bool may_again = is_passing(remote, code) && kind_of(remote, code) == ERR_UNAVAILABLE &&
                         try + 1 < TRIES_MOST && (has_offset || !remote->received_bytes);
        if (!may_again || !wait_for_next(remote, try))
            return remote_fail(remote, code, err);
        atomic_fetch_add(&remote->http->retries, 1);
        remote->is_silent = false;
    }
}

/* ---- the calls ---- */

static bool text_collect(void *context, Str piece)
{
    Text *text = context;
    text_add(text, piece);
    return !text->is_cut;
}

bool remote_list(Http *http, Str url, const RemoteLogin *login, Arena *arena, RemoteEntries *out,
                 Err *err)
{
    AUTO(remote) Remote remote;
    AUTO(text) Text listing = {.limit = LISTING_LIMIT_BYTES};
    TRY(remote_init(&remote, http, url, login, err));
    if (!str_ends(remote.url, STR("/")))
        remote.url = str_print(&remote.arena, STR_FMT "/", STR_ARG(remote.url));
    remote.on_data = text_collect;
    remote.context = &listing;
    set_wire(&remote);
    if (!remote_run(&remote, 0, false, err))
        return listing.is_cut ? err_set(err, ERR_TOO_BIG, NOWHERE, STR_FMT ": too many files",
                                        STR_ARG(remote.shown))
                              : false;
    if (!listing_parse(arena, text_str(&listing), clock_now_us(), out, err))
        return err_wrap(err, STR_FMT, STR_ARG(remote.shown));
    return true;
}

bool remote_read(Http *http, Str url, const RemoteLogin *login, uint64_t offset,
                 bool (*on_data)(void *context, Str piece), void *context, Err *err)
{
    AUTO(remote) Remote remote;
    TRY(remote_init(&remote, http, url, login, err));
    remote.on_data = on_data;
    remote.context = context;
    set_wire(&remote);
    return remote_run(&remote, offset, true, err);
}

static void add_quote(Remote *remote, const char *format, Str name)
{
    AUTO(text) Text line = {0};
    text_print(&line, format, STR_ARG(name));
    remote->quotes = remote->http->curl->curl_slist_append(remote->quotes, line.at);
    assert(remote->quotes);
}

/* The path as commands take it: SFTP's in quotes, FTP's seen from the folder of the login. */
static Str command_path(Remote *remote, Str path)
{
    Arena *arena = &remote->arena;
    Str plain = url_decode(arena, path);
    if (!remote->is_ssh)
        return str_slice(plain, plain.len && plain.at[0] == '/', plain.len);
    if (str_starts(plain, STR("/~/")))
        plain = str_slice(plain, 3, plain.len);
    plain = str_replace(arena, plain, STR("\\"), STR("\\\\"));
    return str_replace(arena, plain, STR("\""), STR("\\\""));
}

static bool check_path(Remote *remote, Err *err)
{
    Str path = url_decode(&remote->arena, remote->parts.path);
    if (path.len > 1 && path.at[path.len - 1] != '/' && str_find_char(path, '\n') < 0 &&
        str_find_char(path, '\r') < 0)
        return true;
    return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " names no file",
                   STR_ARG(remote->shown));
}

static bool ignore(void *context, Str piece)
{
    (void)context, (void)piece;
    return true;
}

/* The URL up to its path. */
static Str url_front(const Remote *remote)
{
    return str_slice(remote->url, 0, (size_t)(remote->parts.path.at - remote->url.at));
}

/* By a command before a transfer of nothing. */
bool remote_remove(Http *http, Str url, const RemoteLogin *login, Err *err)
{
    AUTO(remote) Remote call;
    Remote *remote = &call;
    TRY(remote_init(remote, http, url, login, err));
    TRY(check_path(remote, err));
    const CurlCalls *curl = http->curl;
    add_quote(remote, remote->is_ssh ? "rm \"" STR_FMT "\"" : "DELE " STR_FMT,
              command_path(remote, remote->parts.path));
    remote->url = str_print(&remote->arena, STR_FMT "/", STR_ARG(url_front(remote)));
    remote->on_data = ignore;
    set_wire(remote);
    SET(CURLOPT_QUOTE, remote->quotes);
    SET(CURLOPT_NOBODY, 1L);
    return remote_run(remote, 0, false, err);
}

/* What puts the finished file in its place. SFTP's rename does not replace: the old file goes
 * first. */
static void add_publish(Remote *remote, Str temp_path, Str path)
{
    if (remote->is_ssh) {
        Str to = command_path(remote, path);
        add_quote(remote, "*rm \"" STR_FMT "\"", to);
        Str both = str_print(&remote->arena, "\"" STR_FMT "\" \"" STR_FMT "\"",
                             STR_ARG(command_path(remote, temp_path)), STR_ARG(to));
        add_quote(remote, "rename " STR_FMT, both);
    } else { /* libcurl stands in the file's folder */
        add_quote(remote, "RNFR " STR_FMT, path_name(command_path(remote, temp_path)));
        add_quote(remote, "RNTO " STR_FMT, path_name(command_path(remote, path)));
    }
}

bool remote_write(Http *http, Str url, const RemoteLogin *login,
                  size_t (*read_body)(void *context, char *at, size_t room, bool *failed),
                  void *context, Err *err)
{
    AUTO(remote) Remote call;
    Remote *remote = &call;
    TRY(remote_init(remote, http, url, login, err));
    TRY(check_path(remote, err));
    const CurlCalls *curl = http->curl;
    Str path = remote->parts.path;
    Str temp_path = str_print(&remote->arena, STR_FMT ".weir-tmp", STR_ARG(path));
    remote->url = str_print(&remote->arena, STR_FMT STR_FMT, STR_ARG(url_front(remote)),
                            STR_ARG(temp_path));
    remote->read_body = read_body;
    remote->context = context;
    add_publish(remote, temp_path, path);
    set_wire(remote);
    SET(CURLOPT_POSTQUOTE, remote->quotes);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, remote);
    SET(CURLOPT_FTP_CREATE_MISSING_DIRS, (long)CURLFTP_CREATE_DIR_RETRY);
    CURLcode code = perform(remote);
    if (code == CURLE_OK)
        return true;
    remote_fail(remote, code, err);
    if (err->kind != ERR_UNAVAILABLE && !atomic_load(&http->is_stopping)) {
        Err ignored = {0}; /* the first failure is the one to tell */
        if (!remote_remove(http, remote->url, login, &ignored))
            err_drop(&ignored);
    }
    return false;
}
