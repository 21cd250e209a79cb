/* net_test_help.h: the servers of this room's tests. private to net/ */
#ifndef NET_NET_TEST_HELP_H
#define NET_NET_TEST_HELP_H

#include <sys/types.h>

#include "net/net.h"

/* A child that prints its port and runs until its standard input is closed. */
typedef struct TestServer {
    pid_t pid;
    int in;
    int port;
} TestServer;

void test_server_start(TestServer *server, const char *const *argv);
void test_server_stop(TestServer *server);

#endif
