/* postgres_help_test.h: a real Postgres for the tests. private to engine/ */
#ifndef ENGINE_POSTGRES_HELP_TEST_H
#define ENGINE_POSTGRES_HELP_TEST_H

#include "engine/engine.h"

/* cmocka's group fixtures: a cluster under /tmp on a free port, gone at the end. Where there is no
 * server to start, `pg_is_there` stays false and every test is skipped. Users: etl (superuser,
 * trusted), guarded (password "s3cret'x"). */
int pg_set_up(void **state);
int pg_tear_down(void **state);
extern bool pg_is_there;
extern int pg_port;
/* Skips the running test where there is no server. */
void pg_need(void);

void pg_start(void);
void pg_stop(const char *mode);  /* "fast", "immediate" */

/* A listener on loopback that takes connections and never says a word: its socket. */
int pg_silent_listener(int *port);

/* One database connection and an arena; goes with pg_close(). */
typedef struct Pg {
    Arena arena;
    Err err;
    Database *database;
} Pg;

Value pg_config(Arena *arena, const char *user, const char *password);
void pg_open(Pg *pg);
void pg_close(Pg *pg);
/* Runs; a failure fails the test. */
void pg_run(Pg *pg, const char *sql);
/* The rows as "a|b\nc|d", NULL as "NULL"; a failure gives its message. */
const char *pg_rows(Pg *pg, const char *sql);

/* What a stream gave. */
typedef struct PgTaken {
    Schema schema;
    uint64_t rows, batches;
    Text text;                   /* rows of values between '|' and with '\n' at their end        */
} PgTaken;

/* Reads a stream to its end and closes it; is_printed: its values too, as a text of the arena's. */
bool pg_take(Pg *pg, Stream *stream, bool is_printed, PgTaken *out, Err *err);
/* database_read() and pg_take(); a failure fails the test. */
PgTaken pg_read(Pg *pg, const DatabaseRead *read);
/* The same, and it must fail: with that kind and these words. */
void pg_read_fails(Pg *pg, const DatabaseRead *read, ErrKind kind, const char *words);

#endif
