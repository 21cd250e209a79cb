/* mysql_help_test.h: a MariaDB of the tests' own on loopback. private to engine/ */
#ifndef ENGINE_MYSQL_HELP_TEST_H
#define ENGINE_MYSQL_HELP_TEST_H

#include "engine/engine.h"

/* What a test holds: one database open, one arena. */
typedef struct MysqlHelp {
    Arena arena;
    Err err;
    Database *database;
} MysqlHelp;

/* Starts a server (folder under /tmp, free port, user root without password, database "shop").
 * False: MariaDB is not installed; the reason was printed. */
bool server_start(void);
void server_stop(void);
/* Ends it without a farewell; server_again() starts it on the same folder and port. */
void server_kill(void);
void server_again(void);
/* {host, port, user, database}. */
Value server_config(Arena *arena);

void mysql_help_open(MysqlHelp *help);
void mysql_help_close(MysqlHelp *help);
/* Runs statements; a failure fails the test. */
void mysql_help_run(MysqlHelp *help, const char *sql);
/* The last statement's rows by database_query(): "a|b\nc|d". */
const char *mysql_help_rows(MysqlHelp *help, const char *sql);
/* All rows of a read, printed: "a|b\nc|d"; a failure gives its message. */
const char *mysql_help_read(MysqlHelp *help, const DatabaseRead *read);
/* The columns of a read: "id BIGINT, name VARCHAR". A failure gives its message. */
const char *mysql_help_describe(MysqlHelp *help, const DatabaseRead *read);

#endif
