/* Starts and stops the servers of the tests. */
#include "net/net_test_help.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void test_server_start(TestServer *server, const char *const *argv)
{
    int in[2], out[2];
    /* closed in children, or one server would keep another's input open */
    assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    server->pid = fork();
    assert(server->pid >= 0);
    if (server->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    server->in = in[1];
    char line[32] = {0};
    for (size_t len = 0; len + 1 < sizeof(line) && !strchr(line, '\n'); len++)
        if (read(out[0], line + len, 1) != 1)
            break;
    close(out[0]);
    server->port = (int)strtol(line, NULL, 10);
}

void test_server_stop(TestServer *server)
{
    close(server->in);
    for (int i = 0; i < 200 && waitpid(server->pid, NULL, WNOHANG) == 0; i++)
        usleep(10000);
    if (kill(server->pid, SIGKILL) == 0)
        waitpid(server->pid, NULL, 0);
    *server = (TestServer){0};
}
