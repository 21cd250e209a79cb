/* lake_help_test.h: what the tests of this room share. private to lake/ */
#ifndef LAKE_LAKE_HELP_TEST_H
#define LAKE_LAKE_HELP_TEST_H

#include "lake/lake_base.h"

/* A warehouse with a session, a state file and a scratch folder; all goes with help_close(). */
typedef struct Help {
    Arena arena;
    Err err;
    Str folder;
    Warehouse *warehouse;
    Session *session;
    StateDb *state;
    Lake *lake;
    LoadSpec spec;          /* resource r, table s.t of the warehouse, APPEND, run "run" */
    LoadReport report;      /* of the last load */
    unsigned file_count;
} Help;

void help_find_library(void);
/* A scratch folder and nothing else. */
void help_folder(Help *help);
/* The database "w.duckdb" in the folder, which is made if it is not given. */
void help_start(Help *help, Str folder);
void help_open(Help *help);
/* The same with a DuckLake catalogue attached as "w"; false: the extension is not there. */
bool help_open_ducklake(Help *help);
void help_close(Help *help);

/* A text with "%s" replaced by the folder. */
const char *help_path(Help *help, const char *name);
void help_run(Help *help, const char *sql);
/* Rows as "a|b\nc|d", NULL as "NULL"; a failure gives its message. Owner: help's arena. */
const char *help_rows(Help *help, const char *sql);
void help_expect(Help *help, const char *sql, const char *rows);

/* help->spec with these inputs; a failure fails the test. */
void help_select(Help *help, const char *select);
void help_jsonl(Help *help, const char *lines);
void help_csv(Help *help, const char *lines);
/* The same; expects a failure with that text. */
void help_select_fails(Help *help, const char *select, const char *text);
void help_jsonl_fails(Help *help, const char *lines, const char *text);
bool help_try(Help *help, InputKind kind, const char *text);
/* A list of texts, split at commas. */
Value help_list(Help *help, const char *words);
Value help_json(Help *help, const char *text);
/* The changes of the last load, one a line. */
const char *help_changes(Help *help);

#endif
