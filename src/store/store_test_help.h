/* store_test_help.h: scratch folders, readers of given bytes and servers for the tests.
 * private to store/
 */
#ifndef STORE_TEST_HELP_H
#define STORE_TEST_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/types.h>

#include "store/inner.h"

/* A new folder below $TMPDIR or /tmp. Owner: the arena. */
Str test_folder(Arena *arena);
void test_folder_remove(Str folder);

/* Fails the test with the error's text. */
#define MUST_WORK(call)                                                                          \
    do {                                                                                         \
        if (!(call))                                                                             \
            fail_msg("%s: %s", #call, err.text);                                                 \
    } while (0)
/* The call fails with this kind and this in its text; the error is dropped. */
#define MUST_FAIL(call, expected_kind, words)                                                    \
    do {                                                                                         \
        if (call)                                                                                \
            fail_msg("%s: went well", #call);                                                    \
        if (err.kind != (expected_kind) || !strstr(err.text, words))                             \
            fail_msg("%s: kind %d: %s", #call, (int)err.kind, err.text);                         \
        err_drop(&err);                                                                          \
    } while (0)

/* A scratch folder and its store: the state of a test that is set up and torn down with these. */
typedef struct FolderPlace {
    Arena arena;
    Str folder;
    Store *store;
} FolderPlace;

int folder_set_up(void **state);
int folder_tear_down(void **state);

/* A reader that gives `bytes` in pieces; behind `fail_at` bytes (if not 0) it fails with
 * ERR_UNAVAILABLE. */
Reader *test_reader(Str bytes, size_t piece_len, size_t fail_at);
/* Empties and closes a reader. */
MUST bool test_read_all(Reader *reader, Text *out, Err *err);
/* `len` bytes that compress a little; the same for the same seed. Owner: the arena. */
Str test_bytes(Arena *arena, size_t len, uint32_t seed);
/* The number of files and folders in a folder, hidden ones too. */
unsigned test_count(Str folder);

/* The first of these that is there: the value of an environment variable, a path, a program of
 * PATH. Empty: none. Owner: the arena. */
Str test_program(Arena *arena, const char *variable, const char *path, const char *name);
/* A port of 127.0.0.1 that is free now. */
int test_port(void);
/* Starts a server; waits until the port takes connections. 0: it ended or took none in 10
 * seconds. */
pid_t test_server(const char *const *argv, int port);
void test_server_stop(pid_t pid);

#endif
