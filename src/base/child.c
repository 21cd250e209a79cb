/* child.c: a child process at the other end of a socket. */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* How long a look for `cancel` may be late. */
#define LOOK_EVERY_MS 50

static bool fail(Err *err, const char *what, int code)
{
    char buffer[128];
    return err_set(err, ERR_IO, NOWHERE, "%s: %s", what,
                   strerror_r(code, buffer, sizeof(buffer)));
}

/* ---- starting ---- */

static int spawn(const char *const *argv, const char *folder, int socket, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = posix_spawn_file_actions_init(&actions);
    if (code)
        return code;
    posix_spawnattr_init(&attributes);
    sigset_t defaults, none;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETPGROUP);
    if (folder[0])
        code = posix_spawn_file_actions_addchdir_np(&actions, folder);
    if (!code)
        code = posix_spawn_file_actions_adddup2(&actions, socket, 0);
    if (!code)
        code = posix_spawnp(pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
                            environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

bool child_start(const char *const *argv, Str folder, const volatile bool *cancel, Child *out,
                 Err *err)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fail(err, argv[0], errno);
    pid_t pid;
    int code = spawn(argv, str_c(&arena, folder), ends[1], &pid);
    close(ends[1]);
    if (code) {
        close(ends[0]);
        return fail(err, argv[0], code);
    }
    *out = (Child){.pid = pid, .socket = ends[0], .cancel = cancel};
    return true;
}

/* ---- talking ---- */

/* Waits until the socket is ready. */
static bool wait_ready(const Child *child, short events, Err *err)
{
    for (;;) {
        if (child->cancel && __atomic_load_n(child->cancel, __ATOMIC_RELAXED))
            return err_set(err, ERR_CANCELLED, NOWHERE, "cancelled");
        struct pollfd wait = {child->socket, events, 0};
        int ready = poll(&wait, 1, LOOK_EVERY_MS);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return fail(err, "waiting for a child process", errno);
    }
}

bool child_read(Child *child, void *bytes, uint64_t size, Err *err)
{
    char *at = bytes;
    while (size) {
        ssize_t got = recv(child->socket, at, size, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return err_set(err, ERR_IO, NOWHERE, "the child process has ended");
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return fail(err, "reading from a child process", errno);
        if (got < 0)
            TRY(wait_ready(child, POLLIN, err));
        at += got > 0 ? got : 0;
        size -= got > 0 ? (uint64_t)got : 0;
    }
    return true;
}

bool child_write(Child *child, const void *bytes, uint64_t size, Err *err)
{
    const char *at = bytes;
    while (size) {
        ssize_t sent = send(child->socket, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return err_set(err, ERR_IO, NOWHERE, "the child process has ended");
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return fail(err, "writing to a child process", errno);
        if (sent < 0)
            TRY(wait_ready(child, POLLOUT, err));
        at += sent > 0 ? sent : 0;
        size -= sent > 0 ? (uint64_t)sent : 0;
    }
    return true;
}

/* ---- ending ---- */

int child_end(Child *child, int64_t patience_ms)
{
    if (!child->pid)
        return 0;
    close(child->socket);
    int status = 0;
    int64_t until_us = clock_steady_us() + patience_ms * 1000;
    pid_t ended = waitpid(child->pid, &status, WNOHANG);
    for (int pause_ms = 1; ended == 0 && clock_steady_us() < until_us; pause_ms *= 2) {
        poll(NULL, 0, pause_ms < 20 ? pause_ms : 20);
        ended = waitpid(child->pid, &status, WNOHANG);
    }
    kill(-child->pid, SIGKILL); /* whatever it started, too */
    while (ended == 0 || (ended < 0 && errno == EINTR))
        ended = waitpid(child->pid, &status, 0);
    *child = (Child){0};
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_drop(Child *child)
{
    child_end(child, 0);
}
