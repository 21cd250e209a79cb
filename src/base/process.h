/* process.h: the process itself and its children. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/err.h"

/* An environment variable, or STR_NONE with at == NULL when unset. A view. */
Str environment_get(const char *name);

/* Every "NAME=value"; ends with NULL. */
char **environment_all(void);

/* Loads KEY=value lines of a .env file; variables that exist win. Absent is no error. */
MUST bool environment_load(Str path, Err *err);

/* Texts whose every occurrence is printed as ***** : values of DBT_ENV_SECRET_*.
 * secret_hide() replaces them in place in `text`. */
void secret_add(Str value);
/* Takes back one secret_add() of it: for tokens that are replaced again and again. */
void secret_remove(Str value);
void secrets_from_environment(void);
bool secret_any(void);
void secret_hide(Text *text);

#define INTERRUPTED_EXIT 130

/* SIGINT and SIGTERM: the first sets the flag and calls `cancel` from a thread that may take
 * locks; the second ends the process with 130. Once a process. */
void interrupt_watch(void (*cancel)(void *context), void *context);
bool interrupt_seen(void);

/* A child process: argv (ends with NULL), its stdin from `input`, stdout and stderr collected.
 * Fails when it cannot be started or runs longer than timeout_ms; its exit code is no failure. */
typedef struct ProcessResult {
    int exit_code;
    Text out, errors;
} ProcessResult;
MUST bool process_run(const char *const *argv, Str folder, Str input, int64_t timeout_ms,
                      ProcessResult *result, Err *err);
void process_result_drop(ProcessResult *result);

/* Peak resident memory so far, in bytes. */
uint64_t process_peak_bytes(void);

#endif
