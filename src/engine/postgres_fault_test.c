/* What goes wrong with a Postgres: refused, absent, silent, stopped in the middle, interrupted. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/pool.h"
#include "engine/postgres_help_test.h"

/* ---- opening ---- */

static void open_fails(Value config, ErrKind kind, const char *words)
{
    Arena arena = {0};
    Err err = {0};
    Database *database;
    int64_t began_us = clock_steady_us();
    if (database_open(STR("postgresql"), &arena, config, &database, &err))
        fail_msg("should fail with %s", words);
    if (err.kind != kind || !strstr(err.text, words) || strstr(err.text, "s3cret"))
        fail_msg("kind %d, expected %d with \"%s\": %s", (int)err.kind, (int)kind, words, err.text);
    assert_true(clock_steady_us() - began_us < 15000000);
    err_drop(&err);
    arena_drop(&arena);
}

static void put(Value config, const char *key, const char *value)
{
    dict_put(config.dict, str_of(key), value_text(str_of(value)));
}

static void test_refused(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    Value wrong = pg_config(&pg.arena, "guarded", "s3cret wrong");
    open_fails(wrong, ERR_DATABASE, "28P01");
    open_fails(pg_config(&pg.arena, "guarded", NULL), ERR_DATABASE, "password");
    open_fails(pg_config(&pg.arena, "nobody_here", NULL), ERR_DATABASE, "28000");
    Value absent = pg_config(&pg.arena, "etl", NULL);
    put(absent, "dbname", "no_such_db");
    open_fails(absent, ERR_DATABASE, "no_such_db");
    Value encrypted = pg_config(&pg.arena, "etl", NULL);
    put(encrypted, "sslmode", "require");
    open_fails(encrypted, ERR_DATABASE, "SSL");
    pg_run(&pg, "create user few connection limit 0");
    open_fails(pg_config(&pg.arena, "few", NULL), ERR_UNAVAILABLE, "53300");
    pg_close(&pg);
}

static void test_right_password(void **state)
{
    (void)state;
    pg_need();
    Pg pg = {0};
    Str url = str_print(&pg.arena,
                        "postgres://guarded:s3cret%%27x@127.0.0.1:%d/postgres"
                        "?application_name=my%%20name&search_path=pg_catalog",
                        pg_port);
    Value config = value_dict(&pg.arena);
    dict_put(config.dict, STR("url"), value_text(url));
    if (!database_open(STR("postgres"), &pg.arena, config, &pg.database, &pg.err))
        fail_msg("%s", pg.err.text);
    assert_string_equal(pg_rows(&pg, "select current_user, current_setting('application_name'),"
                                     " current_setting('search_path')"),
                        "guarded|my name|pg_catalog");
    pg_close(&pg);
}

/* A listener that takes connections and never says a word. */
static void test_silent_server(void **state)
{
    (void)state;
    Arena arena = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    Value config = value_dict(&arena);
    put(config, "host", "127.0.0.1");
    put(config, "user", "etl");
    put(config, "connect_timeout", "1");
    dict_put(config.dict, STR("port"), value_int(ntohs(address.sin_port)));
    open_fails(config, ERR_UNAVAILABLE, "no answer within 1 s");
    close(fd);
    open_fails(config, ERR_UNAVAILABLE, "refused");
    put(config, "host", "no.such.host.invalid");
    open_fails(config, ERR_UNAVAILABLE, "no.such.host.invalid");
    put(config, "port", "70000");
    open_fails(config, ERR_RUNTIME, "port");
    arena_drop(&arena);
}

static void test_kinds(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Database *database;
    assert_false(database_open(STR("postgre"), &arena, value_dict(&arena), &database, &err));
    assert_int_equal(err.kind, ERR_RUNTIME);
    assert_non_null(strstr(err.text, "did you mean postgres?"));
    assert_false(database_open(STR("postgres"), &arena, NONE, &database, &err));
    assert_non_null(strstr(err.text, "must be a mapping"));
    Value config = value_dict(&arena);
    put(config, "url", "somewhere:s3cret@else");
    assert_false(database_open(STR("postgres"), &arena, config, &database, &err));
    assert_null(strstr(err.text, "s3cret"));
    err_drop(&err);
    arena_drop(&arena);
}

/* ---- in the middle ---- */

/* Does `what` after a while, on a thread of its own. */
typedef struct Later {
    Thread thread;
    Database *database;
    bool stops_server;
} Later;

static void do_later(void *context)
{
    Later *later = context;
    usleep(300000);
    if (later->stops_server) {
        pg_stop("immediate");
        return;
    }
    database_interrupt(later->database);
}

static void fill(Pg *pg)
{
    pg_run(pg, "create table if not exists long_one as select g as id, repeat('y', 200) as filler"
               " from generate_series(1, 400000) g; analyze long_one");
}

/* Takes one batch, waits until the other thread has done its work, takes the rest. */
static void check_broken(Pg *pg, Later *later, ErrKind kind)
{
    Stream stream;
    PgTaken taken;
    Batch batch;
    Err err = {0};
    DatabaseRead read = {.table = STR("long_one"), .streams = 2, .budget_bytes = 1 << 16};
    assert_true(database_read(pg->database, &pg->arena, &read, &stream, &pg->err));
    assert_true(stream.next(stream.self, &batch, &pg->err));
    batch_drop(&batch);
    thread_start(&later->thread, "later", do_later, later);
    thread_join(&later->thread);
    assert_false(pg_take(pg, &stream, false, &taken, &err));
    if (err.kind != kind)
        fail_msg("kind %d, expected %d: %s", (int)err.kind, (int)kind, err.text);
    err_drop(&err);
}

static void test_stopped_in_the_middle(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    fill(&pg);
    Later later = {.stops_server = true};
    check_broken(&pg, &later, ERR_UNAVAILABLE);
    assert_false(database_query(pg.database, &pg.arena, STR("select 1"), 1, NULL, &pg.err));
    assert_int_equal(pg.err.kind, ERR_UNAVAILABLE);
    assert_false(database_query(pg.database, &pg.arena, STR("select 1"), 1, NULL, &pg.err));
    assert_int_equal(pg.err.kind, ERR_UNAVAILABLE);
    pg_start();
    assert_string_equal(pg_rows(&pg, "select 1"), "1"); /* the same Database, connected again */
    pg_close(&pg);
}

static void test_interrupt(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    fill(&pg);
    Later later = {.database = pg.database};
    check_broken(&pg, &later, ERR_CANCELLED);
    int64_t began_us = clock_steady_us();
    thread_start(&later.thread, "later", do_later, &later);
    assert_false(
        database_query(pg.database, &pg.arena, STR("select pg_sleep(60)"), 1, NULL, &pg.err));
    thread_join(&later.thread);
    assert_int_equal(pg.err.kind, ERR_CANCELLED);
    assert_true(clock_steady_us() - began_us < 5000000);
    assert_string_equal(pg_rows(&pg, "select count(*) from pg_stat_activity where query like"
                                     " '%pg_sleep(60)' and state = 'active'"),
                        "0");
    pg_close(&pg);
}

/* The consumer goes away after one batch. */
static void test_closed_early(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Stream stream;
    Batch batch;
    pg_open(&pg);
    fill(&pg);
    DatabaseRead slow = {.query = STR("select id, pg_sleep(0.001)::text as s from long_one")};
    DatabaseRead reads[] = {{.table = STR("long_one"), .streams = 3, .budget_bytes = 1 << 16},
                            slow};
    for (size_t i = 0; i < COUNT_OF(reads); i++) {
        int64_t began_us = clock_steady_us();
        assert_true(database_read(pg.database, &pg.arena, &reads[i], &stream, &pg.err));
        if (i == 0) {
            assert_true(stream.next(stream.self, &batch, &pg.err));
            batch_drop(&batch);
        }
        stream_close(&stream);
        assert_true(clock_steady_us() - began_us < 3000000);
    }
    assert_int_equal(batch_bytes_alive(), 0);
    pg_close(&pg);
}

static void test_queries(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Result result;
    pg_open(&pg);
    assert_string_equal(pg_rows(&pg, "create temp table q (a int, b text);"
                                     "insert into q values (1, 'x'), (2, null); select * from q"),
                        "1|x\n2|NULL");
    assert_true(database_query(pg.database, &pg.arena, STR("delete from q"), 5, &result, &pg.err));
    assert_int_equal(result.changed, 2);
    assert_true(database_query(pg.database, &pg.arena,
                               STR("select generate_series(1, 100000) as n"), 3, &result, &pg.err));
    assert_true(result.row_count == 3 && result.is_cut);
    assert_true(str_is(result.columns[0].name, "n"));
    assert_true(database_query(pg.database, &pg.arena, STR("-- nothing"), 3, &result, &pg.err));
    assert_int_equal(result.column_count, 0);
    assert_non_null(strstr(pg_rows(&pg, "select 1; select nothing"), "SQLSTATE 42703"));
    assert_string_equal(pg_rows(&pg, "select 1"), "1");
    assert_non_null(strstr(pg_rows(&pg, "copy q to stdout"), "COPY"));
    assert_string_equal(pg_rows(&pg, "select 2"), "2");
    pg_close(&pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_right_password),
        cmocka_unit_test(test_silent_server),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_stopped_in_the_middle),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_closed_early),
        cmocka_unit_test(test_queries),
    };
    return cmocka_run_group_tests(tests, pg_set_up, pg_tear_down);
}
