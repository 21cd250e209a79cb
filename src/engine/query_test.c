/* Statements: scripts, streams, errors, transactions, interrupts, conflicts, the trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/pool.h"
#include "base/process.h"
#include "engine/engine_help_test.h"

static void test_scripts(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    Session *session = help.session;
    assert_string_equal(help_rows(&help, session,
                                  "select 1 as a, 'x' union all select 2, null order by 1"),
                        "1|x\n2|NULL");
    assert_string_equal(help_rows(&help, session,
                                  "create table t (a int); insert into t values (1), (2); -- ;\n"
                                  "select sum(a), ';' from t;"),
                        "3|;");
    assert_string_equal(help_rows(&help, session, ""), "");
    assert_string_equal(help_rows(&help, session, " ; -- nothing\n /* ; */"), "");
    assert_string_equal(help_rows(&help, session, "(select 5)"), "5");
    assert_string_equal(help_rows(&help, session, "with x as (select 7 as a) from x"), "7");
    assert_string_equal(help_rows(&help, session, "values (1), (2)"), "1\n2");
    assert_string_equal(help_rows(&help, session, "pragma table_info('t')"),
                        "0|a|INTEGER|False|NULL|False");
    assert_string_equal(help_rows(&help, session, "insert into t values (9) returning a + 1"),
                        "10");
    assert_string_equal(
        help_rows(&help, session,
                  "create table p as from (values (1, 'x', 3), (1, 'y', 4)) p(k, n, v); "
                  "pivot p on n using sum(v) group by k"),
        "1|3|4");
    help_fails(&help, session, "select 1; select * from nope; select 2", ERR_DATABASE,
               "nope does not exist");
    help_fails(&help, session, "selec 1", ERR_DATABASE, "syntax error");
    help_fails(&help, session, "create table t (a int)", ERR_DATABASE, "already exists");
    help_fails(&help, session, "select error('one ' || range) from range(3)", ERR_DATABASE,
               "one 0");
    help_fails(&help, session, "select ?", ERR_DATABASE, "prepared statement parameter");
    Err err = {0};
    assert_false(session_query(session, &help.arena, (Str){"select 1\0;", 10}, 1, NULL, &err));
    assert_non_null(strstr(err.text, "NUL"));
    err_drop(&err);
    assert_string_equal(help_rows(&help, session, "select count(*) from t"), "3");
    help_close(&help);
}

static void test_limits_and_changes(void **state)
{
    (void)state;
    Help help;
    Result result;
    help_open(&help, NULL);
    help_run(&help, help.session, "create table t as from range(10) t(a)");
    static const struct {
        const char *sql;
        uint64_t limit, rows;
        bool is_cut;
        int64_t changed;
    } cases[] = {
        {"from t", 10, 10, false, -1},
        {"from t", 9, 9, true, -1},
        {"from t", 0, 0, true, -1},
        {"from t where a > 99", 0, 0, false, -1},
        {"from range(5000)", 4096, 4096, true, -1},
        {"from range(4096)", 4096, 4096, false, -1},
        {"delete from t where a < 3", 1, 1, false, 3},
        {"update t set a = a + 1", 0, 0, true, 7},
        {"insert into t from range(5)", 1, 1, false, 5},
        {"create or replace view v as from t", 1, 0, false, -1},
        {"drop view v", 1, 0, false, -1},
        {"create table u as from t", 1, 1, false, -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(session_query(help.session, &help.arena, str_of(cases[i].sql), cases[i].limit,
                                  &result, &help.err));
        if (result.row_count != cases[i].rows || result.is_cut != cases[i].is_cut ||
            result.changed != cases[i].changed)
            fail_msg("%s: %d rows, cut %d, changed %d", cases[i].sql, (int)result.row_count,
                     result.is_cut, (int)result.changed);
    }
    help_close(&help);
}

/* Forty million rows pass by while memory stays where it was. */
static void test_streams(void **state)
{
    (void)state;
    Help help;
    Result result;
    help_open(&help, NULL);
    Str sql = STR("select range as a, range * 2 as b from range(40000000)");
    assert_true(session_query(help.session, &help.arena, sql, 10, &result, &help.err)); /* warm */
    uint64_t before = process_peak_bytes();
    assert_true(session_query(help.session, &help.arena, sql, 5000, &result, &help.err));
    assert_int_equal(result.row_count, 5000);
    assert_true(result.is_cut);
    assert_true(session_query(help.session, &help.arena, sql, 0, NULL, &help.err)); /* all of it */
    assert_true(process_peak_bytes() - before < (uint64_t)100 << 20);
    /* an error far behind the start of the stream comes through */
    help_fails(
        &help, help.session,
        "select case when range = 3000000 then error('late') else range end from range(4000000)",
        ERR_DATABASE, "late");
    help_close(&help);
}

static void test_describe(void **state)
{
    (void)state;
    Help help;
    Result result;
    help_open(&help, NULL);
    help_run(&help, help.session, "create table t (a integer, b decimal(9,2), \"c d\" varchar[])");
    assert_true(session_describe(help.session, &help.arena,
                                 STR("select *, error('not run') as e, 1 as a from t"), &result,
                                 &help.err));
    static const char *const expected[][2] = {{"a", "INTEGER"},
                                              {"b", "DECIMAL(9,2)"},
                                              {"c d", "VARCHAR[]"},
                                              {"e", "INTEGER"},
                                              {"a", "INTEGER"}};
    assert_int_equal(result.column_count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_string_equal(str_c(&help.arena, result.columns[i].name), expected[i][0]);
        assert_string_equal(str_c(&help.arena, result.columns[i].type), expected[i][1]);
    }
    assert_false(
        session_describe(help.session, &help.arena, STR("select * from nope"), &result, &help.err));
    err_drop(&help.err);
    assert_false(
        session_describe(help.session, &help.arena, STR(" -- nothing"), &result, &help.err));
    assert_int_equal(help.err.kind, ERR_DATABASE);
    help_close(&help);
}

/* ---- interrupts ---- */

typedef struct Stopper {
    Session *session;
    atomic_bool is_done;
    unsigned times;
} Stopper;

/* Interrupts until the statement has ended, as a canceller has to. */
static void stop_later(void *context)
{
    Stopper *stopper = context;
    struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    do {
        nanosleep(&pause, NULL);
        session_interrupt(stopper->session);
        stopper->times++;
    } while (!atomic_load(&stopper->is_done));
}

static void test_interrupt(void **state)
{
    (void)state;
    static const char *const slow[] = {
        "select sum(a.range * b.range) from range(1000000) a, range(1000000) b",
        "create table big as select a.range from range(1000000) a, range(1000000) b where a.range "
        "= -b.range - 1",
        "select 1; select sum(a.range * b.range) from range(1000000) a, range(1000000) b; select 2",
    };
    Help help;
    help_open(&help, NULL);
    session_interrupt(help.session); /* of nothing: harms nothing */
    assert_string_equal(help_rows(&help, help.session, "select 1"), "1");
    for (size_t i = 0; i < COUNT_OF(slow); i++) {
        Stopper stopper = {.session = help.session};
        Thread thread = {0};
        thread_start(&thread, "stopper", stop_later, &stopper);
        int64_t began_us = clock_steady_us();
        help_fails(&help, help.session, slow[i], ERR_CANCELLED, "cancelled");
        atomic_store(&stopper.is_done, true);
        thread_join(&thread);
        assert_true(clock_steady_us() - began_us < 20 * 1000000);
        assert_string_equal(help_rows(&help, help.session, "select 2"), "2");
    }
    help_fails(&help, help.session, "select * from big", ERR_DATABASE, "does not exist");
    help_close(&help);
}

/* ---- sessions side by side ---- */

static void test_two_sessions(void **state)
{
    (void)state;
    Help help;
    Session *other;
    help_open(&help, "two.duckdb");
    assert_true(session_open(help.warehouse, &help.arena, &other, &help.err));
    help_run(&help, help.session, "create table t as select 1 as a");
    help_run(&help, help.session, "begin");
    help_run(&help, help.session, "update t set a = 2");
    assert_string_equal(help_rows(&help, other, "from t"), "1");
    help_fails(&help, other, "update t set a = 3", ERR_CONFLICT, "onflict");
    help_run(&help, other, "begin; select 1; rollback");
    help_run(&help, help.session, "commit");
    assert_string_equal(help_rows(&help, other, "from t"), "2");
    help_fails(&help, other, "commit", ERR_DATABASE, "no transaction");
    help_close(&help);
}

typedef struct Writer {
    Help *help;
    Arena arena;
    unsigned number, failed;
} Writer;

static void write_tables(void *context)
{
    Writer *writer = context;
    Session *session;
    Err err = {0};
    if (!session_open(writer->help->warehouse, &writer->arena, &session, &err)) {
        writer->failed++;
        return;
    }
    for (unsigned i = 0; i < 20; i++) {
        Str sql = str_print(
            &writer->arena,
            "begin; create or replace table t%u as select %u as a, [range] from range(100);"
            " commit; select count(*), max(a) from t%u",
            writer->number, i, writer->number);
        Result result;
        writer->failed += !session_query(session, &writer->arena, sql, 9, &result, &err) ||
                          result.cells[1].number != i;
    }
    err_drop(&err);
}

static void test_threads(void **state)
{
    (void)state;
    Help help;
    Writer writers[4] = {0};
    Thread threads[4] = {0};
    help_open(&help, "threads.duckdb");
    for (unsigned i = 0; i < 4; i++) {
        writers[i] = (Writer){.help = &help, .number = i};
        thread_start(&threads[i], "writer", write_tables, &writers[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        thread_join(&threads[i]);
        assert_int_equal(writers[i].failed, 0);
        arena_drop(&writers[i].arena);
    }
    assert_string_equal(help_rows(&help, help.session, "select count(*) from duckdb_tables()"),
                        "4");
    help_close(&help);
}

/* ---- trace ---- */

static void note(void *context, Str sql, int64_t us)
{
    text_add(context, sql);
    text_add_c(context, us >= 0 ? "|" : "!");
}

static void test_trace(void **state)
{
    (void)state;
    Help help;
    AUTO(text) Text seen = {0};
    help_open(&help, NULL);
    engine_trace(note, &seen);
    help_run(&help, help.session, "select 1");
    help_fails(&help, help.session, "selec", ERR_DATABASE, "syntax");
    engine_trace(NULL, NULL);
    help_run(&help, help.session, "select 2");
    assert_string_equal(seen.at, "select 1|selec|");
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),   cmocka_unit_test(test_limits_and_changes),
        cmocka_unit_test(test_streams),   cmocka_unit_test(test_describe),
        cmocka_unit_test(test_interrupt), cmocka_unit_test(test_two_sessions),
        cmocka_unit_test(test_threads),   cmocka_unit_test(test_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
