/* engine_help_test.h: what the tests of this room share. private to engine/ */
#ifndef ENGINE_ENGINE_HELP_TEST_H
#define ENGINE_ENGINE_HELP_TEST_H

#include "engine/engine.h"

/* One warehouse with a session, and a scratch folder; all goes with help_close(). */
typedef struct Help {
    Arena arena;
    Err err;
    Str folder;            /* empty, removed at the end */
    Warehouse *warehouse;
    Session *session;
} Help;

/* Sets WEIR_DUCKDB_LIB if it is unset: from WEIR_TEST_DUCKDB_LIB, else from .deps. */
void help_find_library(void);

/* Makes the folder; opens `path` (NULL: in memory; relative to the folder). */
void help_open(Help *help, const char *path);
void help_close(Help *help);
/* A profile's output with that path in the folder. */
Value help_config(Help *help, const char *path);

/* Runs; a failure fails the test. */
void help_run(Help *help, Session *session, const char *sql);
/* Rows as "a|b\nc|d", NULL as "NULL"; a failure gives its message. Owner: help's arena. */
const char *help_rows(Help *help, Session *session, const char *sql);
/* Runs and expects a failure of that kind, with that text in its message. */
void help_fails(Help *help, Session *session, const char *sql, ErrKind kind, const char *text);

#endif
