/* Rows of texts into tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/engine_help_test.h"

/* Rows from a table of C strings, NULL for NULL; or `count` made ones of two columns. */
typedef struct Rows {
    const char *const *cells;
    uint32_t width;
    uint64_t at, count, bad_row, fail_at;
    char text[32];
} Rows;

static bool next_row(void *context, Str *fields, Err *err)
{
    Rows *rows = context;
    if (rows->fail_at && rows->at + 1 == rows->fail_at)
        return err_set(err, ERR_IO, NOWHERE, "the file broke off");
    if (rows->at == rows->count)
        return false;
    if (rows->cells) {
        for (uint32_t i = 0; i < rows->width; i++)
            fields[i] = str_of(rows->cells[rows->at * rows->width + i]);
    } else {
        snprintf(rows->text, sizeof rows->text, "%llu", (unsigned long long)rows->at);
        fields[0] = rows->at + 1 == rows->bad_row ? STR("12x") : str_of(rows->text);
        fields[1] = STR("some text that is long enough");
    }
    rows->at++;
    return true;
}

static bool append(Help *help, Rows *rows, const char *table, uint64_t *done, Err *err)
{
    return session_append(help->session, STR_NONE, STR("main"), str_of(table), rows->width,
                          next_row, rows, done, err);
}

static void test_types(void **state)
{
    (void)state;
    static const char *const cells[] = {
        "1",    "1.25", "2020-01-31", "2020-01-31 10:00:00",
        "true", "a'b",  "[1, 2]",     "1e3",
        NULL,   NULL,   NULL,         NULL,
        NULL,   NULL,   NULL,         NULL,
        "-7",   "-0.5", "1969-12-31", "2020-01-31",
        "f",    "",     "[]",         "-inf",
    };
    Help help;
    Rows rows = {.cells = cells, .width = 8, .count = 3};
    uint64_t done = 0;
    help_open(&help, NULL);
    help_run(&help, help.session,
             "create table t (a int, b decimal(9,2), c date, d timestamp, e bool, f text, g int[], "
             "h double)");
    if (!append(&help, &rows, "t", &done, &help.err))
        fail_msg("%s", help.err.text);
    assert_int_equal(done, 3);
    assert_string_equal(help_rows(&help, help.session, "from t"),
                        "1|1.25|2020-01-31|2020-01-31 10:00:00|True|a'b|[1, 2]|1000.0\n"
                        "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n"
                        "-7|-0.50|1969-12-31|2020-01-31 00:00:00|False||[]|-inf");
    help_close(&help);
}

/* A bad text far behind the engine's own batches: nothing stays, row and column are named. */
static void test_bad_cell(void **state)
{
    (void)state;
    Help help;
    Rows rows = {.width = 2, .count = 500000, .bad_row = 450000};
    Err err = {0};
    help_open(&help, "append.duckdb");
    help_run(&help, help.session, "create table t (number int, words text)");
    assert_false(append(&help, &rows, "t", NULL, &err));
    assert_int_equal(err.kind, ERR_DATABASE);
    assert_non_null(strstr(err.text, "row 450000, column 1 (number): "));
    assert_non_null(strstr(err.text, "12x"));
    assert_string_equal(help_rows(&help, help.session, "select count(*) from t"), "0");
    /* the session goes on, and the same rows without the fault come in */
    rows = (Rows){.width = 2, .count = 500000};
    assert_true(append(&help, &rows, "t", NULL, &help.err));
    assert_string_equal(help_rows(&help, help.session, "select count(*), sum(number) from t"),
                        "500000|124999750000");
    /* the source fails: its error, no rows */
    rows = (Rows){.width = 2, .count = 500000, .fail_at = 300000};
    assert_false(append(&help, &rows, "t", NULL, &err));
    assert_int_equal(err.kind, ERR_IO);
    err_drop(&err);
    assert_string_equal(help_rows(&help, help.session, "select count(*) from t"), "500000");
    help_close(&help);
}

/* Inside of the caller's transaction the caller decides. */
static void test_transaction(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    help_run(&help, help.session, "create table t (a int, b text)");
    help_run(&help, help.session, "begin transaction");
    Rows rows = {.width = 2, .count = 10};
    assert_true(append(&help, &rows, "t", NULL, &help.err));
    assert_string_equal(help_rows(&help, help.session, "select count(*) from t"), "10");
    help_run(&help, help.session, "ROLLBACK");
    assert_string_equal(help_rows(&help, help.session, "select count(*) from t"), "0");
    help_run(&help, help.session, "select 1; begin; select 2");
    rows = (Rows){.width = 2, .count = 10};
    assert_true(append(&help, &rows, "t", NULL, &help.err));
    help_run(&help, help.session, "commit");
    assert_string_equal(help_rows(&help, help.session, "select count(*) from t"), "10");
    help_close(&help);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const invalid[] = {"1", "\xff\xfe"};
    static const char *const empty[] = {NULL, "x"};
    static const struct {
        Rows rows;
        const char *table, *expected;
    } cases[] = {
        {{.width = 3, .count = 1}, "t", "has 2 columns, the rows have 3"},
        {{.width = 2, .count = 1}, "nope", "nope"},
        {{.width = 2, .count = 1, .cells = invalid}, "t", "row 1, column 2 (b): not valid UTF-8"},
        {{.width = 2, .count = 1, .cells = empty}, "t", "NOT NULL"},
    };
    Help help;
    help_open(&help, NULL);
    help_run(&help, help.session, "create table t (a int not null, b text)");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Rows rows = cases[i].rows;
        Err err = {0};
        assert_false(append(&help, &rows, cases[i].table, NULL, &err));
        if (!strstr(err.text, cases[i].expected))
            fail_msg("%s: %s", cases[i].expected, err.text);
        err_drop(&err);
        assert_string_equal(help_rows(&help, help.session, "select count(*) from t"), "0");
    }
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_bad_cell),
        cmocka_unit_test(test_transaction),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
