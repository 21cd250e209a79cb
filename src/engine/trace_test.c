/* The statement log that WEIR_TRACE_SQL asks for: its records, read back. A process of its own,
 * since the variable is looked at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "engine/engine_help_test.h"

/* Checks the record at `*at`: its head and its statement; moves behind it. */
static void expect_record(Str log, size_t *at, const char *sql)
{
    unsigned thread = 99;
    long long began_us = 0, took_us = -1;
    assert_true(*at < log.len);
    assert_int_equal(sscanf(log.at + *at, "%u %lld %lld\n", &thread, &began_us, &took_us), 3);
    assert_int_equal(thread, 0);
    assert_true(began_us > 0 && took_us >= 0);
    const char *text = strchr(log.at + *at, '\n');
    assert_non_null(text);
    assert_string_equal(text + 1, sql);
    *at = (size_t)(text + 1 - log.at) + strlen(sql) + 1;
}

static void test_log(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-trace-XXXXXX";
    int made = mkstemp(path);
    assert_true(made >= 0);
    close(made);
    setenv("WEIR_TRACE_SQL", path, 1);

    Help help;
    Str log;
    help_open(&help, NULL);
    help_run(&help, help.session, "create table t (a int)");
    help_fails(&help, help.session, "select * from nope", ERR_DATABASE, "nope does not exist");
    help_run(&help, help.session, "insert into t\nvalues (1)");
    if (!file_read(&help.arena, str_of(path), &log, &help.err))
        fail_msg("%s", help.err.text);
    size_t at = strlen(log.at) + 1;  /* a setting that belongs to opening the session */
    assert_non_null(strstr(log.at, "\nset timezone"));
    expect_record(log, &at, "create table t (a int)");
    expect_record(log, &at, "select * from nope");
    expect_record(log, &at, "insert into t\nvalues (1)");
    assert_int_equal(at, log.len);
    help_close(&help);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_log)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
