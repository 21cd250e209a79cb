/* Configuration: files, their order, what they mean; which files are linted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "lint/lint.h"

static Str folder_make_temp(Arena *arena)
{
    const char *base = getenv("TMPDIR");
    Str path = str_print(arena, "%s/weir-lint-%d", base ? base : "/tmp", (int)getpid());
    Err err = {0};
    assert_true(folder_remove(path, &err));
    assert_true(folder_make(path, &err));
    return path;
}

static void put(Arena *arena, Str folder, const char *name, const char *content)
{
    Err err = {0};
    assert_true(file_write(path_join(arena, folder, str_of(name)), str_of(content), false, &err));
}

static Str fix(Arena *arena, Str folder, const char *sql)
{
    Err err = {0};
    LintConfig *config;
    LintOverrides overrides = {0};
    bool ok = lint_config_load(arena, folder, &overrides, &config, &err);
    if (!ok)
        printf("%s\n", err.text);
    assert_true(ok);
    return lint_fix(config, arena, str_of(sql));
}

static void expect(Arena *arena, Str folder, const char *sql, const char *wanted)
{
    Str got = fix(arena, folder, sql);
    if (!str_is(got, wanted))
        printf("got:\n" STR_FMT, STR_ARG(got));
    assert_true(str_is(got, wanted));
}

static void test_ini(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str folder = folder_make_temp(&arena);
    put(&arena, folder, ".sqlfluff",
        "[sqlfluff]\ndialect = postgres\nexclude_rules = LT13, layout.spacing\n"
        "max_line_length = 40\n\n[sqlfluff:indentation]\ntab_space_size = 2\n\n"
        "[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = upper\n\n"
        "[sqlfluff:layout:type:comma]\nline_position = leading\n");
    expect(&arena, folder, "select\n    a,\n    b  as c\nfrom t\n",
           "SELECT\n  a\n  , b  AS c\nFROM t\n");
    expect(&arena, folder, "SELECT aaaaaaaaaaaaaaa\nFROM t WHERE aaaaaaaaa = 1 AND bbbbbbbbb = 2\n",
           "SELECT aaaaaaaaaaaaaaa\nFROM t\nWHERE aaaaaaaaa = 1 AND bbbbbbbbb = 2\n");
    assert_true(folder_remove(folder, &err));
    arena_drop(&arena);
}

static void test_toml(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str folder = folder_make_temp(&arena);
    put(&arena, folder, "pyproject.toml",
        "[project]\nname = \"x\"\n\n[tool.sqlfluff.core]\ndialect = \"bigquery\" # here\n"
        "rules = [\n  \"CP01\",\n  \"LT02\",\n]\n\n[tool.sqlfluff.indentation]\n"
        "indent_unit = \"tab\"\n\n[tool.sqlfluff.rules.capitalisation.keywords]\n"
        "capitalisation_policy = 'lower'\n");
    expect(&arena, folder, "SELECT\n    a,\n    b  AS c\nFROM t\n",
           "select\n\ta,\n\tb  as c\nfrom t\n");
    assert_true(folder_remove(folder, &err));
    arena_drop(&arena);
}

static void test_mistakes(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    LintConfig *config;
    LintOverrides dialect = {.dialect = STR("duckbd")}, rules = {.rules = STR("LT01,XX99x")};
    assert_false(lint_config_load(&arena, STR("/nowhere"), &dialect, &config, &err));
    assert_non_null(strstr(err.text, "Did you mean 'duckdb'?"));
    assert_false(lint_config_load(&arena, STR("/nowhere"), &rules, &config, &err));
    assert_non_null(strstr(err.text, "XX99x"));
    err_drop(&err);
    arena_drop(&arena);
}

static void test_selection(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    LintConfig *config;
    LintOverrides overrides = {.rules = STR("layout,CP*"), .exclude_rules = STR("LT05")};
    assert_true(lint_config_load(&arena, STR("/nowhere"), &overrides, &config, &err));
    assert_true(lint_config_has(config, "LT01"));
    assert_true(lint_config_has(config, "CP03"));
    assert_false(lint_config_has(config, "LT05"));
    assert_false(lint_config_has(config, "AL01"));
    arena_drop(&arena);
}

static void test_files(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str folder = folder_make_temp(&arena);
    LintFiles files = {0};
    LintOverrides overrides = {0};
    put(&arena, folder, "models/b.sql", "select  a\nfrom t\n");
    put(&arena, folder, "models/a.sql", "select a\nfrom t\n");
    put(&arena, folder, "models/skip/c.sql", "select  a\nfrom t\n");
    put(&arena, folder, "target/d.sql", "select  a\nfrom t\n");
    put(&arena, folder, "models/notes.md", "select  a\n");
    put(&arena, folder, ".sqlfluffignore", "models/skip/\n");
    put(&arena, folder, ".sqlfluff", "[sqlfluff]\nwarnings = LT01\n");
    assert_true(lint_files_find(&arena, &folder, 1, &overrides, &files, &err));
    assert_int_equal(files.len, 2);
    lint_files_run(&arena, &files, false, 2);
    assert_true(str_ends(files.at[0].path, STR("models/a.sql")));
    assert_int_equal(files.at[0].report.violations.len, 0);
    assert_int_equal(files.at[1].report.violations.len, 1);
    assert_true(lint_is_warning(files.at[1].config, &files.at[1].report.violations.at[0]));
    Text out = {0};
    lint_print(&files, LINT_HUMAN, true, &out);
    assert_non_null(strstr(out.at, "b.sql:1:7 LT01 Expected only single space before 'a'. "
                                   "(layout.spacing) [warning]\n      1 | select  a\n"
                                   "        |       ^\n"));
    text_clear(&out);
    lint_print(&files, LINT_JSON, false, &out);
    assert_non_null(
        strstr(out.at, "\"start_line_no\": 1, \"start_line_pos\": 7, \"code\": \"LT01\""));
    text_clear(&out);
    lint_print(&files, LINT_GITHUB_NATIVE, false, &out);
    assert_non_null(strstr(out.at, "::warning title=SQLFluff,file="));
    text_drop(&out);
    Str missing = STR("/nowhere/at/all.sql");
    assert_false(lint_files_find(&arena, &missing, 1, &overrides, &files, &err));
    err_drop(&err);
    assert_true(folder_remove(folder, &err));
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ini),      cmocka_unit_test(test_toml),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_selection),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
