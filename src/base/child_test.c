/* child_test.c: a child that answers, one that hangs, one that leaves, one that does not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/child.h"
#include "base/clock.h"

static const char *const echo_argv[] = {"sh", "-c", "exec cat <&0 >&0", NULL};
static const char *const sleep_argv[] = {"sh", "-c", "sleep 100 & sleep 100", NULL};

static void test_talk(void **state)
{
    (void)state;
    Child child;
    Err err = {0};
    char answer[6] = {0};
    assert_true(child_start(echo_argv, STR("/tmp"), NULL, &child, &err));
    assert_true(child_write(&child, "hello", 5, &err));
    assert_true(child_read(&child, answer, 5, &err));
    assert_string_equal(answer, "hello");
    assert_int_equal(child_end(&child, 5000), 0);
    assert_int_equal(child.pid, 0);
    child_drop(&child);
}

/* Ends at once, its own children with it. */
static void test_kill(void **state)
{
    (void)state;
    Child child;
    Err err = {0};
    int64_t began_us = clock_steady_us();
    assert_true(child_start(sleep_argv, STR(""), NULL, &child, &err));
    assert_int_equal(child_end(&child, 0), 128 + 9);
    assert_true(clock_steady_us() - began_us < 20000000);
}

static void test_cancel(void **state)
{
    (void)state;
    static volatile bool cancel = true;
    Child child;
    Err err = {0};
    char byte;
    assert_true(child_start(sleep_argv, STR(""), &cancel, &child, &err));
    assert_false(child_read(&child, &byte, 1, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    err_drop(&err);
    child_drop(&child);
}

static void test_gone(void **state)
{
    (void)state;
    static const char *const argv[] = {"sh", "-c", "exit 7", NULL};
    static const char *const missing[] = {"/nonexistent/python", NULL};
    Child child;
    Err err = {0};
    char byte;
    assert_true(child_start(argv, STR(""), NULL, &child, &err));
    assert_false(child_read(&child, &byte, 1, &err));
    assert_int_equal(err.kind, ERR_IO);
    err_drop(&err);
    assert_int_equal(child_end(&child, 5000), 7);
    assert_false(child_start(missing, STR(""), NULL, &child, &err));
    assert_non_null(strstr(err.text, "/nonexistent/python: No such file"));
    err_drop(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_talk),
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
