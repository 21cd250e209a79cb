/* child.h: a child process that is talked with while it runs.
 *
 *   child_start() -> socket <-> the child's standard input, read and written by both
 *
 * Its output and errors are ours. It stands in a process group of its own, so that Ctrl-C at the
 * terminal is for us to act upon: child_end() kills the group.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include "base/err.h"

/* Owner: whoever started it; child_drop() ends it. A zeroed Child is none. */
typedef struct Child {
    int pid;                     /* 0: none                                                      */
    int socket;
    const volatile bool *cancel; /* true: reading and writing fail soon; may be NULL             */
} Child;

/* Starts argv (ends with NULL; argv[0] is searched on PATH) in `folder` (empty: where we are).
 * Fails ERR_IO when it cannot be started. */
MUST bool child_start(const char *const *argv, Str folder, const volatile bool *cancel, Child *out,
                      Err *err);

/* Exactly `size` bytes. Fail ERR_IO when the child has closed its end, ERR_CANCELLED. */
MUST bool child_read(Child *child, void *bytes, uint64_t size, Err *err);
MUST bool child_write(Child *child, const void *bytes, uint64_t size, Err *err);

/* Closes the socket and waits up to `patience_ms` for the child to end, then kills it and its
 * children. Gives its exit code, 128 and the signal's number for one that was killed. */
int child_end(Child *child, int64_t patience_ms);
void child_drop(Child *child);

#endif
