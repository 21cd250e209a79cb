/* Environment, secrets, interrupts and children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"

static void test_environment(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    setenv("WEIR_TEST_SET", "before", 1);
    unsetenv("WEIR_TEST_A");
    char path[] = "/tmp/weir-env-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    Str content = STR("# c\n\nWEIR_TEST_SET=after\nexport WEIR_TEST_A = 'x # y' # c\n"
                      "WEIR_TEST_B=plain # c\r\nWEIR_TEST_C=\"q\"\nWEIR_TEST_D=\n");
    assert_true(file_write(str_of(path), content, false, &err));
    assert_true(environment_load(str_of(path), &err));
    assert_string_equal(environment_get("WEIR_TEST_SET").at, "before");
    assert_string_equal(environment_get("WEIR_TEST_A").at, "x # y");
    assert_string_equal(environment_get("WEIR_TEST_B").at, "plain");
    assert_string_equal(environment_get("WEIR_TEST_C").at, "q");
    assert_string_equal(environment_get("WEIR_TEST_D").at, "");
    assert_null(environment_get("WEIR_TEST_UNSET").at);
    assert_true(file_write(str_of(path), STR("A=1\nnonsense\n"), false, &err));
    assert_false(environment_load(str_of(path), &err));
    assert_int_equal(err.place.line, 2);
    assert_true(file_remove(str_of(path), &err));
    assert_true(environment_load(str_of(path), &err)); /* absent */
    assert_true(environment_load(STR("/tmp"), &err));  /* a folder is none */
    bool is_listed = false;
    for (char **line = environment_all(); *line; line++)
        is_listed = is_listed || strcmp(*line, "WEIR_TEST_SET=before") == 0;
    assert_true(is_listed);
}

static void test_secrets(void **state)
{
    (void)state;
    AUTO(text) Text text = {0};
    text_add_c(&text, "key=abc pass=abcdef");
    secret_hide(&text);
    assert_string_equal(text.at, "key=abc pass=abcdef");
    assert_false(secret_any());
    setenv("DBT_ENV_SECRET_A", "abc", 1);
    setenv("DBT_ENV_SECRET_B", "abcdef", 1);
    setenv("DBT_ENV_SECRET_EMPTY", " ", 1);
    secrets_from_environment();
    secrets_from_environment(); /* again: no doubles */
    assert_true(secret_any());
    secret_hide(&text);
    assert_string_equal(text.at, "key=***** pass=*****");
    text_clear(&text);
    text_add_c(&text, "abcabc ab");
    secret_hide(&text);
    assert_string_equal(text.at, "********** ab");
    secret_add(STR("xyz"));
    secret_add(STR("xyz"));
    secret_remove(STR("xyz"));
    secret_remove(STR("never added"));
    text_clear(&text);
    text_add_c(&text, "xyz abc");
    secret_hide(&text);
    assert_string_equal(text.at, "***** *****");
    secret_remove(STR("xyz"));
    text_clear(&text);
    text_add_c(&text, "xyz abc");
    secret_hide(&text);
    assert_string_equal(text.at, "xyz *****");
}

static void test_run(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    ProcessResult result;
    const char *const talk[] = {"sh", "-c", "cat; pwd; echo bad >&2; exit 3", NULL};
    assert_true(process_run(talk, STR("/"), STR("in\n"), 60000, &result, &err));
    assert_string_equal(result.out.at, "in\n/\n");
    assert_string_equal(result.errors.at, "bad\n");
    assert_int_equal(result.exit_code, 3);
    process_result_drop(&result);

    AUTO(text) Text large = {0}; /* more than any pipe holds, both ways */
    text_add_repeat(&large, 'x', 3000000);
    const char *const copy[] = {"cat", NULL};
    assert_true(process_run(copy, STR_NONE, text_str(&large), 60000, &result, &err));
    assert_int_equal(result.out.len, 3000000);
    process_result_drop(&result);
    const char *const deaf[] = {"true", NULL}; /* does not read: no SIGPIPE */
    assert_true(process_run(deaf, STR_NONE, text_str(&large), 60000, &result, &err));
    assert_int_equal(result.exit_code, 0);
    process_result_drop(&result);
    const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    assert_true(process_run(killed, STR_NONE, STR_NONE, 60000, &result, &err));
    assert_int_equal(result.exit_code, 137);
    process_result_drop(&result);
}

static void test_run_failures(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    ProcessResult result;
    const char *const absent[] = {"weir-no-such-program", NULL};
    assert_false(process_run(absent, STR_NONE, STR_NONE, 60000, &result, &err));
    assert_true(strstr(err.text, "weir-no-such-program: No such file") != NULL);
    const char *const slow[] = {"sleep", "600", NULL};
    assert_false(process_run(slow, STR_NONE, STR_NONE, 20, &result, &err));
    assert_true(strstr(err.text, "did not end") != NULL);
    const char *const closes[] = {"sh", "-c", "exec >&- 2>&-; exec sleep 600", NULL};
    assert_false(process_run(closes, STR_NONE, STR_NONE, 200, &result, &err));
}

static void tell(void *context)
{
    ssize_t written = write(*(int *)context, "c", 1);
    (void)written;
}

/* In a child: the first signal calls back, the second ends the process with 130. */
static void test_interrupt(void **state)
{
    (void)state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        interrupt_watch(tell, &pipes[1]);
        if (interrupt_seen())
            _exit(1);
        kill(getpid(), SIGTERM);
        char byte;
        if (read(pipes[0], &byte, 1) != 1 || byte != 'c' || !interrupt_seen())
            _exit(2);
        kill(getpid(), SIGINT);
        _exit(3);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 130);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_peak(void **state)
{
    (void)state;
    assert_true(process_peak_bytes() > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupt), cmocka_unit_test(test_environment),
        cmocka_unit_test(test_secrets),   cmocka_unit_test(test_run),
        cmocka_unit_test(test_run_failures), cmocka_unit_test(test_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
