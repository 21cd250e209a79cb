/* Postgres as a warehouse: sessions, values, failures, cancelling, rows in and out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/pool.h"
#include "engine/postgres_help_test.h"

/* A warehouse and a session as `user`; all goes with help_close(). */
typedef struct Help {
    Arena arena;
    Err err;
    Value config;
    Warehouse *warehouse;
    Session *session;
} Help;

static void help_config(Help *help, const char *user, const char *password)
{
    *help = (Help){0};
    help->config = pg_config(&help->arena, user, password);
}

static void put(Help *help, const char *key, const char *value)
{
    dict_put(help->config.dict, str_of(key), value_text(str_of(value)));
}

static void help_connect(Help *help)
{
    const Engine *engine = engine_find(STR("postgres"), NULL);
    if (!warehouse_open(engine, &help->arena, help->config, &help->warehouse, &help->err) ||
        !session_open(help->warehouse, &help->arena, &help->session, &help->err))
        fail_msg("open: %s", help->err.text);
}

static void help_open(Help *help)
{
    help_config(help, "etl", NULL);
    help_connect(help);
}

static void help_close(Help *help)
{
    arena_drop(&help->arena);
    err_drop(&help->err);
}

static void print_result(const Result *result, Text *out)
{
    for (uint64_t row = 0; row < result->row_count; row++)
        for (uint32_t i = 0; i < result->column_count; i++) {
            Value cell = result->cells[row * result->column_count + i];
            text_add_c(out, i ? "|" : row ? "\n" : "");
            if (value_is_none(cell))
                text_add_c(out, "NULL");
            else
                value_print(cell, out);
        }
    text_add_c(out, "");
}

/* Rows as "a|b\nc|d"; a failure gives its message. */
static const char *rows_of(Help *help, const char *sql)
{
    Result result;
    Err err = {0};
    Text out = {0};
    if (session_query(help->session, &help->arena, str_of(sql), UINT64_MAX, &result, &err))
        print_result(&result, &out);
    else
        text_add_c(&out, err.text);
    err_drop(&err);
    return text_give(&help->arena, &out).at;
}

static void run(Help *help, const char *sql)
{
    if (!session_query(help->session, &help->arena, str_of(sql), 0, NULL, &help->err))
        fail_msg("%.200s: %s", sql, help->err.text);
}

static void fails(Help *help, const char *sql, ErrKind kind, const char *words)
{
    Err err = {0};
    if (session_query(help->session, &help->arena, str_of(sql), 0, NULL, &err))
        fail_msg("%.200s should fail with \"%s\"", sql, words);
    if (err.kind != kind || !strstr(err.text, words) || strstr(err.text, "s3cret"))
        fail_msg("kind %d, expected %d with \"%s\": %s", (int)err.kind, (int)kind, words, err.text);
    err_drop(&err);
}

/* ---- opening ---- */

static void test_door(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str nearest = STR_NONE, version;
    const Engine *engine = engine_find(STR("postgres"), NULL);
    assert_non_null(engine);
    assert_true(str_is(engine_name(engine), "postgres"));
    assert_true(str_is(engine_adapter_version(engine), "1.11.0"));
    assert_true(engine_library_version(engine, &arena, &version, &err));
    assert_true(version.len >= 3 && memchr(version.at, '.', version.len));
    assert_null(engine_find(STR("postgresql"), &nearest));
    assert_true(str_is(nearest, "postgres"));
    arena_drop(&arena);
}

static void test_settings(void **state)
{
    (void)state;
    pg_need();
    Help help;
    help_open(&help);
    run(&help, "create role readers; create schema \"other one\";"
               "create table \"other one\".there as select 1 as a;"
               "grant usage on schema \"other one\" to readers");
    help_close(&help);
    help_config(&help, "etl", NULL);
    put(&help, "role", "Readers");
    put(&help, "search_path", "\"other one\", public");
    put(&help, "keepalives_idle", "0");
    put(&help, "sslmode", "prefer");
    put(&help, "threads", "4");
    help_connect(&help);
    assert_true(str_is(warehouse_database(help.warehouse), "postgres"));
    assert_string_equal(rows_of(&help, "select current_user, session_user, current_schema(),"
                                       " current_setting('application_name'),"
                                       " current_setting('datestyle')"),
                        "readers|etl|other one|weir|ISO, MDY");
    fails(&help, "select * from there", ERR_DATABASE, "permission denied");
    run(&help, "set search_path = pg_catalog");
    run(&help, "discard all");
    assert_string_equal(rows_of(&help, "select current_user, current_schema()"), "etl|other one");
    help_close(&help);
}

static void test_right_password(void **state)
{
    (void)state;
    pg_need();
    Help help;
    help_config(&help, "guarded", NULL);
    put(&help, "pass", "s3cret'x");
    put(&help, "application_name", "its own");
    help_connect(&help);
    assert_string_equal(
        rows_of(&help, "select current_user, current_setting('application_name')"),
        "guarded|its own");
    help_close(&help);
}

/* Connects late: the first statement fails. */
static void refused(const char *user, const char *key, const char *value, const char *words)
{
    Help help;
    help_config(&help, user, NULL);
    if (key)
        put(&help, key, value);
    help_connect(&help);
    fails(&help, "select 1", ERR_DATABASE, words);
    help_close(&help);
}

static void test_refused(void **state)
{
    (void)state;
    pg_need();
    refused("guarded", "password", "s3cret wrong",
            "failed: FATAL:  password authentication failed for user \"guarded\"");
    refused("nobody_here", NULL, NULL, "failed: FATAL:  role \"nobody_here\" does not exist");
    refused("etl", "dbname", "no_such_db", "database \"no_such_db\" does not exist");
    refused("etl", "sslmode", "require", "server does not support SSL, but SSL was required");
    refused("etl", "role", "no_such_role", "no_such_role");
    refused("etl", "port", "1", "Connection refused");
    refused("etl", "host", "no.such.host.invalid", "no.such.host.invalid");
}

static void test_retries(void **state)
{
    (void)state;
    pg_need();
    Help help;
    help_config(&help, "etl", NULL);
    put(&help, "port", "1");
    put(&help, "retries", "2");
    help_connect(&help);
    int64_t began_us = clock_steady_us();
    fails(&help, "select 1", ERR_DATABASE, "Connection refused");
    int64_t took_ms = (clock_steady_us() - began_us) / 1000;
    assert_true(took_ms >= 950 && took_ms < 8000); /* at once, after one second */
    help_close(&help);
}

/* ---- values ---- */

/* The column's type, code and kind, and its cell. */
static void check_value(Help *help, const char *expression, ColumnKind kind, const char *type,
                        const char *code, const char *value)
{
    Result result, described;
    Text sql = {0}, text = {0};
    text_print(&sql, "select %s as c", expression);
    Str statement = text_give(&help->arena, &sql);
    if (!session_query(help->session, &help->arena, statement, 10, &result, &help->err) ||
        !session_describe(help->session, &help->arena, statement, &described, &help->err))
        fail_msg("%s: %s", expression, help->err.text);
    print_result(&result, &text);
    ResultColumn column = result.columns[0];
    if (column.kind != kind || !str_is(column.type, type) || !str_is(column.code, code) ||
        strcmp(text.at, value) != 0)
        fail_msg("%s: kind %d type " STR_FMT " code " STR_FMT " value %s", expression,
                 (int)column.kind, STR_ARG(column.type), STR_ARG(column.code), text.at);
    assert_true(str_eq(described.columns[0].type, column.type) ||
                str_starts(described.columns[0].type, column.type));
    assert_true(str_eq(described.columns[0].code, column.code));
    assert_int_equal(described.columns[0].kind, kind);
    text_drop(&text);
}

static void test_types(void **state)
{
    (void)state;
    pg_need();
    static const struct {
        const char *expression;
        ColumnKind kind;
        const char *type, *code, *value;
    } cases[] = {
        {"true", COLUMN_BOOL, "boolean", "BOOLEAN", "True"},
        {"null::bool", COLUMN_BOOL, "boolean", "BOOLEAN", "NULL"},
        {"1::int2", COLUMN_INT, "smallint", "INTEGER", "1"},
        {"-2147483648", COLUMN_INT, "integer", "INTEGER", "-2147483648"},
        {"-9223372036854775808", COLUMN_INT, "bigint", "LONGINTEGER", "-9223372036854775808"},
        {"7::oid", COLUMN_INT, "oid", "ROWID", "7"},
        {"1.5::float4", COLUMN_FLOAT, "real", "FLOAT", "1.5"},
        {"0.1::float8", COLUMN_FLOAT, "double precision", "FLOAT", "0.1"},
        {"'-inf'::float8", COLUMN_FLOAT, "double precision", "FLOAT", "-inf"},
        {"'nan'::float8", COLUMN_FLOAT, "double precision", "FLOAT", "nan"},
        {"12.30", COLUMN_DECIMAL, "numeric", "DECIMAL", "12.30"},
        {"(-0.05)::numeric(12,2)", COLUMN_DECIMAL, "numeric(12,2)", "DECIMAL", "-0.05"},
        {"'NaN'::numeric", COLUMN_DECIMAL, "numeric", "DECIMAL", "NaN"},
        {"'x'", COLUMN_TEXT, "text", "STRING", "x"},
        {"'x'::varchar(20)", COLUMN_TEXT, "character varying(20)", "STRING", "x"},
        {"'x'::char(3)", COLUMN_TEXT, "character(3)", "STRING", "x  "},
        {"'x'::name", COLUMN_TEXT, "name", "STRING", "x"},
        {"'{\"a\":  1}'::json", COLUMN_TEXT, "json", "JSON", "{\"a\":  1}"},
        {"'{\"a\":  1}'::jsonb", COLUMN_TEXT, "jsonb", "JSONB", "{\"a\": 1}"},
        {"date '2020-01-31'", COLUMN_DATE, "date", "DATE", "2020-01-31"},
        {"date '0044-03-15 BC'", COLUMN_DATE, "date", "DATE", "0044-03-15 (BC)"},
        {"date 'infinity'", COLUMN_DATE, "date", "DATE", "infinity"},
        {"time '10:00:00.5'", COLUMN_TIME, "time without time zone", "TIME", "10:00:00.5"},
        {"timestamp '2020-01-31 10:00:00.120'", COLUMN_TIMESTAMP, "timestamp without time zone",
         "DATETIME", "2020-01-31 10:00:00.12"},
        {"timestamptz '2020-01-31 10:00:00.5+02'", COLUMN_TIMESTAMP_TZ, "timestamp with time zone",
         "DATETIMETZ", "2020-01-31 08:00:00.5+00"},
        {"timestamptz 'infinity'", COLUMN_TIMESTAMP_TZ, "timestamp with time zone", "DATETIMETZ",
         "infinity"},
        {"time with time zone '10:00:00+02'", COLUMN_OTHER, "time with time zone", "TIME",
         "10:00:00+02"},
        {"interval '1 day 02:00'", COLUMN_OTHER, "interval", "INTERVAL", "1 day 02:00:00"},
        {"'\\x00ff'::bytea", COLUMN_OTHER, "bytea", "BINARY", "\\x00ff"},
        {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", COLUMN_OTHER, "uuid",
         "unknown type_code 2950", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
        {"1234.5::money", COLUMN_OTHER, "money", "unknown type_code 790", "$1,234.50"},
        {"array[1,null,3]", COLUMN_OTHER, "integer[]", "INTEGERARRAY", "{1,NULL,3}"},
        {"array['a b','c\"d']", COLUMN_OTHER, "text[]", "STRINGARRAY", "{\"a b\",\"c\\\"d\"}"},
        {"int4range(1,5)", COLUMN_OTHER, "int4range", "type", "[1,5)"},
        {"B'101'::bit(3)", COLUMN_OTHER, "bit", "unknown type_code 1560", "101"},
        {"'10.0.0.1'::inet", COLUMN_OTHER, "inet", "unknown type_code 869", "10.0.0.1"},
        {"point(1,2)", COLUMN_OTHER, "point", "unknown type_code 600", "(1,2)"},
        {"'a:1'::tsvector", COLUMN_OTHER, "tsvector", "unknown type_code 3614", "'a':1"},
    };
    Help help;
    help_open(&help);
    run(&help, "set timezone = 'UTC'; set lc_monetary = 'C'; set intervalstyle = 'postgres'");
    rows_of(&help, "set lc_monetary = 'en_US.UTF-8'");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool is_money = strstr(cases[i].type, "money") != NULL;
        const char *value =
            is_money ? rows_of(&help, "select 1234.5::money::text") : cases[i].value;
        check_value(&help, cases[i].expression, cases[i].kind, cases[i].type, cases[i].code, value);
    }
    help_close(&help);
}

/* Moments come in UTC whatever the session's zone is. */
static void test_zones(void **state)
{
    (void)state;
    pg_need();
    static const char *const zones[] = {"Asia/Kolkata", "America/St_Johns", "Etc/UTC",
                                        "Pacific/Auckland", "Europe/Amsterdam"};
    static const char *const moments[][2] = {
        {"2020-01-31 10:00:00.000001+00", "2020-01-31 10:00:00.000001+00"},
        {"2020-12-31 23:59:59+00", "2020-12-31 23:59:59+00"},
        {"2020-02-29 00:00:00+00", "2020-02-29 00:00:00+00"},
        {"1890-06-01 12:30:15+00", "1890-06-01 12:30:15+00"},
        {"0001-01-01 00:00:00+00 BC", "0001-01-01 00:00:00+00 (BC)"},
        {"0001-12-31 23:30:00+00 BC", "0001-12-31 23:30:00+00 (BC)"},
        {"12020-01-01 00:10:00+00", "12020-01-01 00:10:00+00"},
        {"-infinity", "-infinity"},
    };
    Help help;
    help_open(&help);
    for (size_t i = 0; i < COUNT_OF(zones); i++) {
        char sql[160];
        snprintf(sql, sizeof sql, "set timezone = '%s'", zones[i]);
        run(&help, sql);
        for (size_t j = 0; j < COUNT_OF(moments); j++) {
            snprintf(sql, sizeof sql, "select timestamptz '%s'", moments[j][0]);
            assert_string_equal(rows_of(&help, sql), moments[j][1]);
        }
    }
    help_close(&help);
}

static void test_own_types(void **state)
{
    (void)state;
    pg_need();
    Help help;
    Result result;
    help_open(&help);
    run(&help, "create type mood as enum ('sad', 'glad'); create domain price as numeric(9,2);"
               "create type pair as (a int, b text)");
    assert_true(session_query(help.session, &help.arena,
                              STR("select 'glad'::mood as m, 1::price as p, row(1,'x')::pair as r,"
                                  " array['sad'::mood] as l"),
                              10, &result, &help.err));
    assert_true(str_is(result.columns[0].type, "mood"));
    assert_int_equal(result.columns[0].kind, COLUMN_OTHER);
    assert_true(str_is(result.columns[1].type, "numeric(9,2)"));
    assert_true(str_is(result.columns[2].type, "pair"));
    assert_true(str_is(result.columns[3].type, "mood[]"));
    assert_string_equal(rows_of(&help, "select 'glad'::mood, row(1,'x')::pair"), "glad|(1,x)");
    help_close(&help);
}

/* ---- statements ---- */

static void check_tag(Help *help, const char *sql, const char *tag, int64_t changed)
{
    Result result, executed;
    if (!session_query(help->session, &help->arena, str_of(sql), UINT64_MAX, &result, &help->err))
        fail_msg("%s: %s", sql, help->err.text);
    if (!str_is(result.tag, tag) || result.changed != changed)
        fail_msg("%s: tag " STR_FMT " changed %lld", sql, STR_ARG(result.tag),
                 (long long)result.changed);
    assert_true(
        session_execute(help->session, &help->arena, STR("select 1"), &executed, &help->err));
    assert_true(str_is(executed.tag, "SELECT 1") && executed.changed == 1 &&
                executed.column_count == 0 && executed.row_count == 0);
}

static void test_tags(void **state)
{
    (void)state;
    pg_need();
    Help help;
    help_open(&help);
    check_tag(&help, "create temp table tags (a int)", "CREATE TABLE", -1);
    check_tag(&help, "insert into tags select generate_series(1,5)", "INSERT 0 5", 5);
    check_tag(&help, "update tags set a = 0 where a > 3", "UPDATE 2", 2);
    check_tag(&help, "select * from tags", "SELECT 5", 5);
    check_tag(&help, "create temp table more as select * from tags", "SELECT 5", 5);
    check_tag(&help, "delete from more; delete from tags where a = 1", "DELETE 1", 1);
    check_tag(&help, "create temp view seen as select 1 as a;", "CREATE VIEW", -1);
    check_tag(&help, "begin", "BEGIN", -1);
    check_tag(&help, "commit", "COMMIT", -1);
    check_tag(&help, " -- nothing", "", -1);
    help_close(&help);
}

static void test_limits(void **state)
{
    (void)state;
    pg_need();
    Help help;
    Result result;
    help_open(&help);
    int64_t began_us = clock_steady_us();
    assert_true(session_query(help.session, &help.arena,
                              STR("select 1 / (n - 5) from (select generate_series(1, 2000000000)"
                                  " as n) s"),
                              3,
                              &result, &help.err));
    assert_true(result.row_count == 3 && result.is_cut);
    assert_true(str_is(result.tag, "SELECT 3"));
    assert_true(clock_steady_us() - began_us < 30000000);
    assert_true(session_query(help.session, &help.arena, STR("(select 1 union select 2);"), 2,
                              &result, &help.err));
    assert_true(result.row_count == 2 && !result.is_cut);
    run(&help, "begin; create table inside as select 1 as a");
    assert_true(session_query(help.session, &help.arena, STR("select * from inside"), 5, &result,
                              &help.err));
    assert_int_equal(result.row_count, 1);
    run(&help, "rollback");
    fails(&help, "select * from inside", ERR_DATABASE, "relation \"inside\" does not exist");
    /* What a cursor cannot be had for. */
    assert_true(session_query(help.session, &help.arena,
                              STR("with w as (select generate_series(1,9) a) select * from w"), 2,
                              &result, &help.err));
    assert_true(result.row_count == 2 && result.is_cut);
    assert_true(session_query(help.session, &help.arena,
                              STR("select 1 as a into temp aside; select * from aside"), 2, &result,
                              &help.err));
    assert_int_equal(result.row_count, 1);
    assert_true(session_query(help.session, &help.arena, STR("select 1 as a into temp aside2"), 2,
                              &result, &help.err));
    assert_true(session_query(help.session, &help.arena, STR("show server_version"), 1, &result,
                              &help.err));
    help_close(&help);
}

static void test_transactions(void **state)
{
    (void)state;
    pg_need();
    Help help, other;
    help_open(&help);
    help_open(&other);
    run(&help, "create table tx (a int)");
    run(&help, "begin");
    run(&help, "insert into tx values (1)");
    assert_string_equal(rows_of(&other, "select count(*) from tx"), "0");
    run(&help, "commit");
    assert_string_equal(rows_of(&other, "select count(*) from tx"), "1");
    run(&help, "insert into tx values (2)");
    assert_string_equal(rows_of(&other, "select count(*) from tx"), "2");
    run(&help, "begin");
    fails(&help, "select nothing", ERR_DATABASE, "column \"nothing\" does not exist");
    fails(&help, "select 1", ERR_DATABASE, "current transaction is aborted");
    run(&help, "rollback");
    run(&help, "vacuum tx"); /* allowed outside of transactions alone */
    fails(&help, "insert into tx values (3); select 1 / 0", ERR_DATABASE, "division by zero");
    assert_string_equal(rows_of(&other, "select count(*) from tx"), "2");
    help_close(&other);
    help_close(&help);
}

static void test_messages(void **state)
{
    (void)state;
    pg_need();
    Help help;
    Result result;
    help_open(&help);
    fails(&help, "select\n  1 as a,\n  missing\nfrom (select 2 as missin) x", ERR_DATABASE,
          "column \"missing\" does not exist\nLINE 3:   missing\n          ^\n"
          "HINT:  Perhaps you meant to reference the column \"x.missin\".");
    run(&help, "create table keyed (a int primary key)");
    fails(&help, "insert into keyed values (1), (1)", ERR_DATABASE,
          "duplicate key value violates unique constraint \"keyed_pkey\"\n"
          "DETAIL:  Key (a)=(1) already exists.");
    fails(&help, "selec 1", ERR_DATABASE, "syntax error at or near \"selec\"\nLINE 1: selec 1");
    fails(&help, "copy keyed to stdout", ERR_DATABASE, "COPY");
    assert_false(session_query(help.session, &help.arena, STR("select\n1,\nnope"), 5, &result,
                               &help.err));
    assert_non_null(strstr(help.err.text, "LINE 3: nope"));
    err_drop(&help.err);
    assert_false(
        session_query(help.session, &help.arena, (Str){"a\0b", 3}, 5, &result, &help.err));
    assert_non_null(strstr(help.err.text, "NUL"));
    run(&help, "select 1");
    help_close(&help);
}

static void test_describe(void **state)
{
    (void)state;
    pg_need();
    Help help;
    Result result;
    help_open(&help);
    run(&help, "begin; create temp table inner_one (a int, b numeric(9,2))");
    assert_false(session_describe(help.session, &help.arena, STR("select * from nowhere"), &result,
                                  &help.err));
    assert_non_null(strstr(help.err.text, "nowhere"));
    err_drop(&help.err);
    assert_true(session_describe(help.session, &help.arena,
                                 STR("select 1; select a, b, b * 2 as c, '' as d from inner_one"),
                                 &result, &help.err));
    assert_int_equal(result.column_count, 4);
    assert_true(str_is(result.columns[1].type, "numeric(9,2)"));
    assert_true(str_is(result.columns[2].type, "numeric"));
    assert_true(str_is(result.columns[3].name, "d") && str_is(result.columns[3].type, "text"));
    run(&help, "commit");
    assert_string_equal(rows_of(&help, "select count(*) from inner_one"), "0");
    assert_false(session_describe(help.session, &help.arena, STR("-- none"), &result, &help.err));
    help_close(&help);
}

/* ---- conflicts, interrupts, lost connections ---- */

typedef struct Later {
    Thread thread;
    Session *session;
    const char *sql;
    int64_t wait_ms;
    bool ok;
    Err err;
    Arena arena;
} Later;

/* Again and again, as who cancels does. */
static void interrupt_later(void *context)
{
    Later *later = context;
    usleep((useconds_t)later->wait_ms * 1000);
    for (int i = 0; i < 200; i++) {
        session_interrupt(later->session);
        usleep(1000);
    }
}

static void run_later(void *context)
{
    Later *later = context;
    later->ok = session_query(later->session, &later->arena, str_of(later->sql), 0, NULL,
                              &later->err);
}

static void test_deadlock(void **state)
{
    (void)state;
    pg_need();
    Help one, two;
    help_open(&one);
    help_open(&two);
    run(&one, "create table lock_a (a int); create table lock_b (a int)");
    run(&one, "set deadlock_timeout = '100ms'; begin; lock table lock_a");
    run(&two, "set deadlock_timeout = '100ms'; begin; lock table lock_b");
    Later later = {.session = one.session, .sql = "lock table lock_b"};
    thread_start(&later.thread, "deadlock", run_later, &later);
    usleep(50000);
    bool ok = session_query(two.session, &two.arena, STR("lock table lock_a"), 0, NULL, &two.err);
    if (!ok)
        run(&two, "rollback");
    thread_join(&later.thread);
    assert_true(ok != later.ok);
    assert_int_equal(ok ? later.err.kind : two.err.kind, ERR_CONFLICT);
    err_drop(&later.err);
    arena_drop(&later.arena);
    help_close(&one);
    help_close(&two);
}

static void test_serialization(void **state)
{
    (void)state;
    pg_need();
    Help one, two;
    help_open(&one);
    help_open(&two);
    run(&one, "create table counted (a int); insert into counted values (1)");
    run(&one, "begin isolation level repeatable read");
    assert_string_equal(rows_of(&one, "select a from counted"), "1");
    run(&two, "update counted set a = 2");
    fails(&one, "update counted set a = 3", ERR_CONFLICT, "could not serialize access");
    run(&one, "rollback");
    help_close(&one);
    help_close(&two);
}

static void test_interrupt(void **state)
{
    (void)state;
    pg_need();
    Help help;
    help_open(&help);
    session_interrupt(help.session); /* at rest: nothing */
    run(&help, "create temp table stays (a int)");
    run(&help, "begin");
    Later later = {.session = help.session, .wait_ms = 200};
    thread_start(&later.thread, "later", interrupt_later, &later);
    int64_t began_us = clock_steady_us();
    fails(&help, "select pg_sleep(60)", ERR_CANCELLED, "cancelled");
    assert_true(clock_steady_us() - began_us < 2500000); /* the server's word was not waited out */
    thread_join(&later.thread);
    run(&help, "rollback"); /* the same connection is used on */
    assert_string_equal(rows_of(&help, "select count(*) from stays"), "0");
    help_close(&help);
}

/* A server that takes connections and says nothing. */
static void test_interrupt_connecting(void **state)
{
    (void)state;
    Help help;
    int port = 0, fd = pg_silent_listener(&port);
    help_config(&help, "etl", NULL);
    dict_put(help.config.dict, STR("port"), value_int(port));
    help_connect(&help);
    Later later = {.session = help.session, .wait_ms = 300};
    thread_start(&later.thread, "later", interrupt_later, &later);
    int64_t began_us = clock_steady_us();
    fails(&help, "select 1", ERR_CANCELLED, "cancelled");
    assert_true(clock_steady_us() - began_us < 3000000);
    thread_join(&later.thread);
    dict_put(help.config.dict, STR("connect_timeout"), value_int(1));
    dict_put(help.config.dict, STR("retries"), value_int(0));
    help_connect(&help);
    fails(&help, "select 1", ERR_DATABASE, "no answer within 1 s");
    close(fd);
    help_close(&help);
}

static void test_lost(void **state)
{
    (void)state;
    pg_need();
    Help help, other;
    help_open(&help);
    help_open(&other);
    const char *kill = "select pg_terminate_backend(pid) from pg_stat_activity"
                       " where application_name = 'victim'";
    run(&help, "set application_name = 'victim'");
    run(&other, kill);
    usleep(100000);
    assert_string_equal(rows_of(&help, "select 1"), "1"); /* connected anew */
    run(&help, "create table if not exists kept (a int); set application_name = 'victim'");
    run(&help, "begin; insert into kept values (1)");
    run(&other, kill);
    usleep(100000);
    fails(&help, "insert into kept values (2)", ERR_DATABASE, "lost within a transaction");
    fails(&help, "commit", ERR_DATABASE, "lost within a transaction");
    run(&help, "rollback");
    assert_string_equal(rows_of(&help, "select count(*) from kept"), "0");
    Later later = {.session = other.session, .sql = "select pg_sleep(0.3); select"
                                                    " pg_terminate_backend(pid) from"
                                                    " pg_stat_activity where query like"
                                                    " '%pg_sleep(61)' and pid <> pg_backend_pid()"};
    thread_start(&later.thread, "later", run_later, &later);
    fails(&help, "select pg_sleep(61)", ERR_DATABASE, "terminating connection");
    thread_join(&later.thread);
    assert_true(later.ok);
    arena_drop(&later.arena);
    assert_string_equal(rows_of(&help, "select 1"), "1");
    help_close(&other);
    help_close(&help);
}

enum { THREADS = 4 };

static void work(void *context)
{
    Later *later = context;
    for (int i = 0; i < 50; i++) {
        Arena arena = {0};
        Result result;
        later->ok = session_query(later->session, &arena, STR("begin"), 0, NULL, &later->err) &&
                    session_query(later->session, &arena,
                                  STR("select 'a'::mood2, generate_series(1, 300)"), 200, &result,
                                  &later->err) &&
                    result.row_count == 200 &&
                    session_query(later->session, &arena, STR("commit"), 0, NULL, &later->err);
        arena_drop(&arena);
        if (!later->ok)
            return;
    }
}

static void test_threads(void **state)
{
    (void)state;
    pg_need();
    Help help;
    Later later[THREADS] = {0};
    help_open(&help);
    run(&help, "create type mood2 as enum ('a')");
    for (int i = 0; i < THREADS; i++) {
        assert_true(
            session_open(help.warehouse, &later[i].arena, &later[i].session, &help.err));
        thread_start(&later[i].thread, "session", work, &later[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        thread_join(&later[i].thread);
        if (!later[i].ok)
            fail_msg("%s", later[i].err.text);
        arena_drop(&later[i].arena);
    }
    help_close(&help);
}

/* ---- rows in ---- */

typedef struct Rows {
    const char *const *cells;
    uint32_t width;
    uint64_t at, count, fail_at;
    Session *interrupted;
    char text[32];
} Rows;

static bool next_row(void *context, Str *fields, Err *err)
{
    Rows *rows = context;
    if (rows->fail_at && rows->at + 1 == rows->fail_at)
        return err_set(err, ERR_IO, NOWHERE, "the file broke off");
    if (rows->at == rows->count)
        return false;
    if (rows->interrupted && rows->at == 5000)
        session_interrupt(rows->interrupted);
    for (uint32_t i = 0; i < rows->width; i++) {
        snprintf(rows->text, sizeof rows->text, "%llu", (unsigned long long)rows->at);
        fields[i] = rows->cells ? str_of(rows->cells[rows->at * rows->width + i])
                                : str_of(rows->text);
    }
    rows->at++;
    return true;
}

static void append_fails(Help *help, Rows rows, const char *table, ErrKind kind, const char *words)
{
    Err err = {0};
    if (session_append(help->session, STR_NONE, STR("public"), str_of(table), rows.width, next_row,
                       &rows, NULL, &err))
        fail_msg("should fail with %s", words);
    if (err.kind != kind || !strstr(err.text, words))
        fail_msg("kind %d, expected %d with \"%s\": %s", (int)err.kind, (int)kind, words, err.text);
    err_drop(&err);
}

static void test_append(void **state)
{
    (void)state;
    pg_need();
    static const char *const cells[] = {
        "1", "1.25", "2020-01-31", "true", "a\tb\\c\nd\r'e", "{1,2}",
        NULL, NULL, NULL, NULL, NULL, NULL,
        "-7", "-0.5", "0044-03-15 BC", "f", "", "{}",
    };
    Help help;
    uint64_t done = 0;
    Rows rows = {.cells = cells, .width = 6, .count = 3};
    help_open(&help);
    run(&help, "create table \"odd \"\"name\" (a int, b numeric(9,2), c date, d bool, e text,"
               " f int[])");
    assert_true(session_append(help.session, STR_NONE, STR_NONE, STR("odd \"name"), 6, next_row,
                               &rows, &done, &help.err));
    assert_int_equal(done, 3);
    assert_string_equal(rows_of(&help, "select * from \"odd \"\"name\" order by a nulls last"),
                        "-7|-0.50|0044-03-15 (BC)|False||{}\n"
                        "1|1.25|2020-01-31|True|a\tb\\c\nd\r'e|{1,2}\n"
                        "NULL|NULL|NULL|NULL|NULL|NULL");
    run(&help, "create table many (a bigint)");
    rows = (Rows){.width = 1, .count = 100000};
    assert_true(session_append(help.session, STR_NONE, STR("public"), STR("many"), 1, next_row,
                               &rows, &done, &help.err));
    assert_string_equal(rows_of(&help, "select count(*), sum(a) from many"), "100000|4999950000");
    run(&help, "begin; truncate many");
    rows = (Rows){.width = 1, .count = 7};
    assert_true(session_append(help.session, STR_NONE, STR("public"), STR("many"), 1, next_row,
                               &rows, &done, &help.err));
    run(&help, "rollback");
    assert_string_equal(rows_of(&help, "select count(*) from many"), "100000");
    help_close(&help);
}

static void test_append_fails(void **state)
{
    (void)state;
    pg_need();
    static const char *const bad[] = {"1", "x", "2", "y", "3q", "z"};
    static const char *const bytes[] = {"1", "x", "2", "\xff\xfe"};
    static const char *const null[] = {"1", NULL};
    Help help;
    help_open(&help);
    run(&help, "create table strict_one (id int, \"a name\" varchar(3) not null)");
    append_fails(&help, (Rows){.cells = bad, .width = 2, .count = 3}, "strict_one", ERR_DATABASE,
                 "row 3, column 1 (id): invalid input syntax for type integer: \"3q\"");
    append_fails(&help, (Rows){.cells = bytes, .width = 2, .count = 2}, "strict_one", ERR_DATABASE,
                 "row 2, column 2 (a name): not valid UTF-8");
    append_fails(&help, (Rows){.cells = null, .width = 2, .count = 1}, "strict_one", ERR_DATABASE,
                 "row 1: null value in column \"a name\"");
    append_fails(&help, (Rows){.width = 3, .count = 1}, "strict_one", ERR_DATABASE,
                 "has 2 columns, the rows have 3");
    append_fails(&help, (Rows){.width = 2, .count = 1}, "not_there", ERR_DATABASE, "not_there");
    append_fails(&help, (Rows){.width = 2, .count = 900, .fail_at = 500}, "strict_one", ERR_IO,
                 "broke off");
    run(&help, "create table wide (a bigint)");
    append_fails(&help,
                 (Rows){.width = 1, .count = 2000000, .interrupted = help.session}, "wide",
                 ERR_CANCELLED, "cancelled");
    assert_string_equal(rows_of(&help, "select (select count(*) from strict_one),"
                                       " (select count(*) from wide)"),
                        "0|0");
    help_close(&help);
}

/* ---- streams ---- */

static const char *stream_text(Help *help, const char *sql, uint64_t *rows)
{
    Stream stream;
    Pg pg = {0};
    PgTaken taken = {0};
    if (!session_stream(help->session, &help->arena, str_of(sql), &stream, &help->err) ||
        !pg_take(&pg, &stream, true, &taken, &help->err))
        fail_msg("%s: %s", sql, help->err.text);
    *rows = taken.rows;
    const char *text = str_c(&help->arena, text_str(&taken.text));
    pg_close(&pg);
    return text;
}

static void test_streams(void **state)
{
    (void)state;
    pg_need();
    Help help;
    uint64_t rows;
    Schema schema;
    Stream stream;
    Batch batch;
    help_open(&help);
    const char *sql = "select 1 as a, 1.50 as b, 2.25::numeric(9,3) as c, 'x' as d,"
                      " null::date as e, array[1,2] as f;";
    assert_string_equal(stream_text(&help, sql, &rows), "1|1.50|2.250|x|NULL|[1,2]\n");
    assert_true(session_schema(help.session, &help.arena, str_of(sql), &schema, &help.err));
    assert_int_equal(schema.count, 6);
    assert_int_equal(schema.fields[1].type, ARROW_TEXT);
    assert_int_equal(schema.fields[2].type, ARROW_DECIMAL);
    stream_text(&help, "select g, repeat('x', 100) from generate_series(1, 60000) g", &rows);
    assert_int_equal(rows, 60000);
    /* Closed early: the session is used on, within its transaction's end. */
    run(&help, "create temp table before (a int)");
    assert_true(session_stream(help.session, &help.arena,
                               STR("select g, repeat('x', 100) as t from"
                                   " (select generate_series(1, 50000000)) s (g)"),
                               &stream, &help.err));
    assert_true(stream.next(stream.self, &batch, &help.err));
    batch_drop(&batch);
    stream_close(&stream);
    assert_string_equal(rows_of(&help, "select count(*) from before"), "0");
    assert_false(session_stream(help.session, &help.arena, STR("select 1; select 2"), &stream,
                                &help.err));
    err_drop(&help.err);
    assert_false(
        session_stream(help.session, &help.arena, STR("select nope"), &stream, &help.err));
    err_drop(&help.err);
    assert_true(session_stream(help.session, &help.arena,
                               STR("select 1 / (g - 50) as x from generate_series(1, 100) g"),
                               &stream, &help.err));
    assert_false(stream.next(stream.self, &batch, &help.err));
    assert_non_null(strstr(help.err.text, "division by zero"));
    stream_close(&stream);
    assert_string_equal(rows_of(&help, "select 1"), "1");
    help_close(&help);
    assert_int_equal(batch_bytes_alive(), 0);
}

static void test_query_over(void **state)
{
    (void)state;
    pg_need();
    Help help, source;
    Stream stream;
    Result result;
    help_open(&help);
    help_open(&source);
    const char *select = "select g as id, g * 0.5::float8 as half, 'n' || g as name,"
                         " date '2020-01-01' + g as day from generate_series(1, 30000) g";
    assert_true(session_stream(source.session, &source.arena, str_of(select), &stream,
                               &source.err));
    NamedStream named = {STR("weir rows"), &stream};
    assert_true(session_query_over(
        help.session, &help.arena,
        STR("create table landed as select * from \"weir rows\"; select count(*), sum(id),"
            " max(day), max(half) from landed"),
        &named, 1, 10, &result, &help.err));
    stream_close(&stream);
    Text text = {0};
    print_result(&result, &text);
    assert_string_equal(text.at, "30000|450015000|2102-02-20|15000.0");
    text_drop(&text);
    fails(&help, "select * from \"weir rows\"", ERR_DATABASE, "does not exist");
    assert_true(session_stream(source.session, &source.arena, str_of(select), &stream,
                               &source.err));
    named.name = STR("landed");
    assert_false(session_query_over(help.session, &help.arena, STR("select 1"), &named, 1, 10,
                                    &result, &help.err));
    assert_non_null(strstr(help.err.text, "exists already"));
    stream_close(&stream);
    help_close(&source);
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_door),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_right_password),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_own_types),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_deadlock),
        cmocka_unit_test(test_serialization),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_interrupt_connecting),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_append_fails),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_query_over),
    };
    return cmocka_run_group_tests(tests, pg_set_up, pg_tear_down);
}
