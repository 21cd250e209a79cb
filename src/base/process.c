/* process.c: environment, secrets, interrupts and children. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/pool.h"

#define SECRET_RANK 950
#define SECRETS_MOST 256

/* ---- environment ---- */

Str environment_get(const char *name)
{
    return str_of(getenv(name));
}

char **environment_all(void)
{
    return environ;
}

/* The value of a line of a .env file: quotes taken off, or a comment behind it cut. */
static Str env_value(Str value)
{
    value = str_trim(value);
    if (value.len && (value.at[0] == '"' || value.at[0] == '\'')) {
        Str inside = str_slice(value, 1, value.len);
        ptrdiff_t end = str_find_char(inside, value.at[0]);
        if (end >= 0)
            return str_slice(inside, 0, (size_t)end);
    }
    ptrdiff_t comment = str_find(value, STR(" #"));
    return comment >= 0 ? str_trim(str_slice(value, 0, (size_t)comment)) : value;
}

bool environment_load(Str path, Err *err)
{
    if (file_info(path).kind != FILE_REGULAR) /* some projects keep a folder of that name */
        return true;
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Str rest, line;
    TRY(file_read(&arena, path, &rest, err));
    for (int number = 1; str_next_part(&rest, '\n', &line); number++) {
        line = str_trim(line);
        if (str_starts(line, STR("export ")))
            line = str_trim(str_slice(line, 7, line.len));
        if (!line.len || line.at[0] == '#')
            continue;
        ptrdiff_t equals = str_find_char(line, '=');
        Str name = str_trim(str_slice(line, 0, equals < 0 ? 0 : (size_t)equals));
        if (!name.len)
            return err_set(err, ERR_PARSING, (Place){path, number, 1},
                           "expected NAME=value, found '" STR_FMT "'", STR_ARG(line));
        Str value = env_value(str_slice(line, (size_t)equals + 1, line.len));
        setenv(str_c(&arena, name), str_c(&arena, value), 0);
    }
    return true;
}

/* ---- secrets ---- */

typedef struct SecretText {
    Text text;
    uint32_t uses; /* how often it was added and not removed */
} SecretText;

static struct {
    Lock lock;
    SecretText texts[SECRETS_MOST]; /* longest first: one may hold another */
    uint32_t count;
} secrets = {.lock = LOCK_INIT(SECRET_RANK, "secrets")};

/* Where the value stands, or would: behind all longer ones. Under the lock. */
static uint32_t secret_place(Str value)
{
    uint32_t at = 0;
    while (at < secrets.count && secrets.texts[at].text.len >= value.len &&
           !str_eq(text_str(&secrets.texts[at].text), value))
        at++;
    return at;
}

static bool secret_is_at(uint32_t at, Str value)
{
    return at < secrets.count && str_eq(text_str(&secrets.texts[at].text), value);
}

void secret_add(Str value)
{
    if (!str_trim(value).len)
        return;
    lock_take(&secrets.lock);
    uint32_t at = secret_place(value);
    if (!secret_is_at(at, value)) {
        assert(secrets.count < SECRETS_MOST);
        memmove(secrets.texts + at + 1, secrets.texts + at,
                (secrets.count - at) * sizeof(secrets.texts[0]));
        secrets.texts[at] = (SecretText){0};
        text_add(&secrets.texts[at].text, value);
        secrets.count++;
    }
    secrets.texts[at].uses++;
    lock_give(&secrets.lock);
}

void secret_remove(Str value)
{
    lock_take(&secrets.lock);
    uint32_t at = secret_place(value);
    if (secret_is_at(at, value) && --secrets.texts[at].uses == 0) {
        text_drop(&secrets.texts[at].text);
        secrets.count--;
        memmove(secrets.texts + at, secrets.texts + at + 1,
                (secrets.count - at) * sizeof(secrets.texts[0]));
    }
    lock_give(&secrets.lock);
}

void secrets_from_environment(void)
{
    for (char **line = environ; *line; line++) {
        Str entry = str_of(*line);
        ptrdiff_t equals = str_find_char(entry, '=');
        if (equals > 0 && str_starts(entry, STR("DBT_ENV_SECRET")))
            secret_add(str_slice(entry, (size_t)equals + 1, entry.len));
    }
}

bool secret_any(void)
{
    lock_take(&secrets.lock);
    bool has_some = secrets.count > 0;
    lock_give(&secrets.lock);
    return has_some;
}

static void hide_one(Text *text, Str secret)
{
    ptrdiff_t found = str_find(text_str(text), secret);
    if (found < 0)
        return;
    Text clean = {.limit = text->limit};
    Str rest = text_str(text);
    for (; found >= 0; found = str_find(rest, secret)) {
        text_add(&clean, str_slice(rest, 0, (size_t)found));
        text_add_c(&clean, "*****");
        rest = str_slice(rest, (size_t)found + secret.len, rest.len);
    }
    text_add(&clean, rest);
    clean.is_cut = clean.is_cut || text->is_cut;
    text_drop(text);
    *text = clean;
}

void secret_hide(Text *text)
{
    lock_take(&secrets.lock);
    for (uint32_t i = 0; i < secrets.count; i++)
        hide_one(text, text_str(&secrets.texts[i].text));
    lock_give(&secrets.lock);
}

/* ---- interrupts ---- */

/* The handler only sets a flag and writes a byte; a thread of ours reads it and calls back. */
static struct {
    Thread thread;
    int pipe[2];
    _Atomic bool is_seen;
    void (*cancel)(void *context);
    void *context;
} interrupt = {.pipe = {-1, -1}};

static void on_signal(int number)
{
    (void)number;
    int code = errno;
    if (atomic_exchange(&interrupt.is_seen, true))
        _exit(INTERRUPTED_EXIT);
    ssize_t written = write(interrupt.pipe[1], "!", 1);
    (void)written; /* nothing can be done about it here; the flag is set */
    errno = code;
}

static void interrupt_run(void *context)
{
    (void)context;
    char byte;
    ssize_t got;
    do {
        got = read(interrupt.pipe[0], &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1 && interrupt.cancel)
        interrupt.cancel(interrupt.context);
}

void interrupt_watch(void (*cancel)(void *context), void *context)
{
    assert(!interrupt.thread.is_started); /* once a process */
    interrupt.cancel = cancel;
    interrupt.context = context;
    int failed = pipe2(interrupt.pipe, O_CLOEXEC);
    assert(!failed);
    thread_start(&interrupt.thread, "Interrupt", interrupt_run, NULL);
    pthread_detach(interrupt.thread.handle); /* nobody waits for it */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool interrupt_seen(void)
{
    return atomic_load_explicit(&interrupt.is_seen, memory_order_relaxed);
}

/* ---- children ---- */

/* Our ends of the child's three channels; -1 = closed. */
typedef struct Channels {
    int in, out, errors;
} Channels;

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void channels_drop(Channels *channels)
{
    close_one(&channels->in);
    close_one(&channels->out);
    close_one(&channels->errors);
}

static bool fail(Err *err, const char *name, int code)
{
    char buffer[128];
    return err_set(err, ERR_IO, NOWHERE, "cannot run %s: %s", name,
                   strerror_r(code, buffer, sizeof(buffer)));
}

/* stdin is a socket, so that a child that does not read it is an error code, not SIGPIPE. */
static bool channels_open(Channels *mine, Channels *its, const char *name, Err *err)
{
    int in[2], out[2], errors[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0)
        return fail(err, name, errno);
    mine->in = in[0];
    its->in = in[1];
    if (pipe2(out, O_CLOEXEC) != 0)
        return fail(err, name, errno);
    mine->out = out[0];
    its->out = out[1];
    if (pipe2(errors, O_CLOEXEC) != 0)
        return fail(err, name, errno);
    mine->errors = errors[0];
    its->errors = errors[1];
    return true;
}

static int spawn(const char *const *argv, const char *folder, const Channels *its, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);
    if (code)
        return code;
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    if (folder[0])
        code = posix_spawn_file_actions_addchdir_np(&actions, folder);
    if (!code)
        code = posix_spawn_file_actions_adddup2(&actions, its->in, 0);
    if (!code)
        code = posix_spawn_file_actions_adddup2(&actions, its->out, 1);
    if (!code)
        code = posix_spawn_file_actions_adddup2(&actions, its->errors, 2);
    if (!code)
        code = posix_spawnp(pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
                            environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static void drain(int *fd, Text *into)
{
    char piece[16384];
    ssize_t got = read(*fd, piece, sizeof(piece));
    if (got > 0)
        text_add_bytes(into, piece, (size_t)got);
    else if (got == 0 || errno != EINTR)
        close_one(fd);
}

static void feed(int *fd, Str *input)
{
    ssize_t sent = input->len ? send(*fd, input->at, input->len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    if (sent > 0)
        *input = str_slice(*input, (size_t)sent, input->len);
    if (!input->len || (sent < 0 && errno != EINTR && errno != EAGAIN))
        close_one(fd);
}

/* Moves bytes until the child has closed its output; false when the time is over. */
static bool talk(Channels *mine, Str input, int64_t until_us, ProcessResult *result)
{
    while (mine->out >= 0 || mine->errors >= 0) {
        int64_t left_ms = (until_us - clock_steady_us() + 999) / 1000;
        if (left_ms <= 0)
            return false;
        struct pollfd waits[3] = {{mine->out, POLLIN, 0}, {mine->errors, POLLIN, 0},
                                  {mine->in, POLLOUT, 0}}; /* -1 is passed over */
        if (poll(waits, 3, left_ms > 60000 ? 60000 : (int)left_ms) <= 0)
            continue;
        if (waits[0].revents)
            drain(&mine->out, &result->out);
        if (waits[1].revents)
            drain(&mine->errors, &result->errors);
        if (waits[2].revents)
            feed(&mine->in, &input);
    }
    return true;
}

/* Waits for the end; until then looks every few milliseconds, as there is no wait with a limit. */
static bool wait_until(pid_t pid, int64_t until_us, int *status)
{
    for (int64_t pause_ms = 1;; pause_ms = pause_ms < 20 ? pause_ms * 2 : 20) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid)
            return true;
        if (ended < 0 && errno != EINTR)
            return false;
        if (clock_steady_us() >= until_us)
            return false;
        poll(NULL, 0, (int)pause_ms);
    }
}

bool process_run(const char *const *argv, Str folder, Str input, int64_t timeout_ms,
                 ProcessResult *result, Err *err)
{
    assert(argv[0] && timeout_ms > 0);
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    AUTO(channels) Channels mine = {-1, -1, -1}, its = {-1, -1, -1};
    TRY(channels_open(&mine, &its, argv[0], err));
    pid_t pid;
    int code = spawn(argv, str_c(&arena, folder), &its, &pid);
    if (code)
        return fail(err, argv[0], code);
    channels_drop(&its);
    int64_t until_us = clock_steady_us() + timeout_ms * 1000;
    ProcessResult got = {0};
    int status = 0;
    if (!talk(&mine, input, until_us, &got) || !wait_until(pid, until_us, &status)) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        process_result_drop(&got);
        return err_set(err, ERR_IO, NOWHERE, "%s did not end within %lld ms", argv[0],
                       (long long)timeout_ms);
    }
    got.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    *result = got;
    return true;
}

void process_result_drop(ProcessResult *result)
{
    text_drop(&result->out);
    text_drop(&result->errors);
    *result = (ProcessResult){0};
}

/* Of this program alone: getrusage() counts the memory of who called fork() for it, too. */
static uint64_t own_peak_bytes(void)
{
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0)
        close(file);
    text[length < 0 ? 0 : length] = '\0';
    const char *line = strstr(text, "VmHWM:");
    return line ? strtoull(line + strlen("VmHWM:"), NULL, 10) * 1024 : 0;
}

uint64_t process_peak_bytes(void)
{
    struct rusage usage;
    uint64_t own = own_peak_bytes();
    getrusage(RUSAGE_SELF, &usage);
    return own ? own : (uint64_t)usage.ru_maxrss * 1024;
}
