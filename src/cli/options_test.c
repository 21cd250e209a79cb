/* options_test.c: command lines of tests/cases/cli/options.txt, and where flags come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/options.h"

/* "run --vars '{a: 1}'" into words; quotes group. */
static int split(Arena *arena, Str line, char **argv, int room)
{
    int argc = 0;
    argv[argc++] = (char *)str_c(arena, STR("weir"));
    for (size_t i = 0; i < line.len && argc < room;) {
        AUTO(text) Text word = {0};
        char quote = 0;
        while (i < line.len && line.at[i] == ' ')
            i++;
        if (i == line.len)
            break;
        for (; i < line.len && (quote || line.at[i] != ' '); i++) {
            if (line.at[i] == '\'' && (!quote || quote == '\''))
                quote = quote ? 0 : '\'';
            else
                text_add_char(&word, line.at[i]);
        }
        argv[argc++] = (char *)str_c(arena, text_str(&word));
    }
    return argc;
}

/* What a command line means: command, argument and the options given, or the message. */
static void answer(Str line, Text *out)
{
    Arena arena = {0};
    char *argv[64];
    Parsed parsed;
    Err err = {0};
    int argc = split(&arena, line, argv, 64);
    if (!options_parse(&arena, argc, argv, &parsed, &err)) {
        text_print(out, "error: %s", err.text);
        assert_int_equal(err.kind, ERR_USAGE);
    } else {
        text_add_c(out, parsed.command ? commands[parsed.command].name : "none");
        if (parsed.argument.len)
            text_print(out, " " STR_FMT, STR_ARG(parsed.argument));
        if (parsed.wants_help)
            text_add_c(out, " help");
        if (parsed.wants_version)
            text_add_c(out, " version");
        text_add_char(out, ' ');
        json_print(value_of_dict(parsed.given), (JsonStyle){0}, out);
    }
    err_drop(&err);
    arena_drop(&arena);
}

static void test_cases(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str text, line, command = STR_NONE;
    unsigned count = 0, failed = 0;
    assert_true(file_read(&arena, STR("tests/cases/cli/options.txt"), &text, &err));
    Str rest = text;
    while (str_next_part(&rest, '\n', &line)) {
        if (str_starts(line, STR("$ "))) {
            command = str_slice(line, 2, line.len);
            continue;
        }
        if (!command.at || !line.len || line.at[0] == '#')
            continue;
        AUTO(text) Text got = {0};
        answer(command, &got);
        count++;
        if (!str_eq(text_str(&got), line)) {
            failed++;
            printf("$ " STR_FMT "\n  want " STR_FMT "\n  got  " STR_FMT "\n", STR_ARG(command),
                   STR_ARG(line), STR_ARG(text_str(&got)));
        }
        command = STR_NONE;
    }
    assert_true(count >= 40);
    assert_int_equal(failed, 0);
    arena_drop(&arena);
}

static Value flags_of(Arena *arena, const char *line, Value project)
{
    char *argv[64];
    Parsed parsed;
    Value flags;
    Err err = {0};
    int argc = split(arena, str_of(line), argv, 64);
    assert_true(options_parse(arena, argc, argv, &parsed, &err));
    assert_true(flags_make(arena, &parsed, project, &flags, &err));
    return flags;
}

static void test_precedence(void **state)
{
    (void)state;
    Arena arena = {0};
    Value project = value_dict(&arena);
    dict_put(project.dict, STR("fail_fast"), value_bool(true));
    dict_put(project.dict, STR("printer_width"), value_int(120));
    dict_put(project.dict, STR("log_format"), value_int(5)); /* of the wrong type: passed over */
    Value flags = flags_of(&arena, "run", project);
    assert_true(flag_is(flags, "fail_fast"));
    assert_int_equal(value_get(flags, "printer_width").number, 120);
    assert_true(value_is(value_get(flags, "log_format"), "default"));
    assert_int_equal(setenv("DBT_FAIL_FAST", "off", 1), 0);
    assert_false(flag_is(flags_of(&arena, "run", project), "fail_fast"));
    assert_int_equal(setenv("DBT_ENGINE_FAIL_FAST", "1", 1), 0);
    assert_true(flag_is(flags_of(&arena, "run", project), "fail_fast"));
    assert_false(flag_is(flags_of(&arena, "run --no-fail-fast", project), "fail_fast"));
    unsetenv("DBT_FAIL_FAST");
    unsetenv("DBT_ENGINE_FAIL_FAST");
    arena_drop(&arena);
}

static void test_defaults(void **state)
{
    (void)state;
    Arena arena = {0};
    Value flags = flags_of(&arena, "build", UNDEFINED);
    assert_true(flag_is(flags, "use_colors"));
    assert_true(flag_is(flags, "write_json"));
    assert_false(flag_is(flags, "full_refresh"));
    assert_true(value_is_bool(value_get(flags, "full_refresh")));
    assert_true(value_is_list(value_get(flags, "select")));
    assert_true(value_is_undefined(value_get(flags, "threads")));
    assert_true(value_is_undefined(value_get(flags, "output_keys"))); /* of ls only */
    assert_true(flag_is(flags, "require_generic_test_arguments_property"));
    assert_true(value_is(value_get(flags_of(&arena, "ls", UNDEFINED), "output"), "selector"));
    assert_true(value_is(value_get(flags_of(&arena, "show", UNDEFINED), "output"), "text"));
    arena_drop(&arena);
}

static void test_bad_environment(void **state)
{
    (void)state;
    Arena arena = {0};
    char *argv[] = {(char *)(uintptr_t) "weir", (char *)(uintptr_t) "run"};
    Parsed parsed;
    Value flags;
    Err err = {0};
    assert_true(options_parse(&arena, 2, argv, &parsed, &err));
    assert_int_equal(setenv("DBT_FAIL_FAST", "perhaps", 1), 0);
    assert_false(flags_make(&arena, &parsed, UNDEFINED, &flags, &err));
    unsetenv("DBT_FAIL_FAST");
    assert_non_null(strstr(err.text, "'--fail-fast' / '-x': 'perhaps' is not a valid boolean"));
    AUTO(text) Text text = {0};
    help_print_error("dbt", parsed.command, &err, &text);
    assert_true(str_starts(text_str(&text),
                           STR("Usage: dbt run [OPTIONS]\nTry 'dbt run --help' for help.\n\n"
                               "Error: Invalid value for ")));
    err_drop(&err);
    arena_drop(&arena);
}

static void test_help(void **state)
{
    (void)state;
    for (CommandId id = 0; id < COMMAND_COUNT; id++) {
        AUTO(text) Text text = {0};
        help_print("weir", id, &text);
        assert_true(str_starts(text_str(&text), STR("Usage: weir ")));
        Str rest = text_str(&text), line;
        while (str_next_part(&rest, '\n', &line))
            assert_true(line.len < 240);
    }
    AUTO(text) Text version = {0};
    help_print_version("dbt", &version);
    assert_true(str_find(text_str(&version), STR("installed: 1.12.6")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),       cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_bad_environment),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
