/* Mending: what it makes of texts, that it ends, and that it leaves the code alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "lint/lint.h"

static LintConfig *config_of(Arena *arena, Str dialect, bool formats)
{
    Err err = {0};
    LintConfig *config;
    LintOverrides overrides = {.dialect = dialect, .formats = formats};
    assert_true(lint_config_load(arena, STR("/nowhere"), &overrides, &config, &err));
    return config;
}

/* The properties of every mended text; how many layout faults are left is given back. */
static uint32_t check(Arena *arena, const LintConfig *config, Str name, Str source)
{
    Str fixed = lint_fix(config, arena, source);
    LintReport report;
    uint32_t left = 0;
    if (!lint_same_code(arena, source, fixed) || !str_eq(lint_fix(config, arena, fixed), fixed)) {
        printf("of " STR_FMT ":\n" STR_FMT "became:\n" STR_FMT, STR_ARG(name), STR_ARG(source),
               STR_ARG(fixed));
        fail();
    }
    lint_text(config, arena, fixed, &report);
    for (uint32_t i = 0; i < report.violations.len; i++)
        left += report.violations.at[i].is_fixable;
    return left;
}

static Str with_crlf(Arena *arena, Str text)
{
    return str_replace(arena, text, STR("\n"), STR("\r\n"));
}

static void check_case(Str name, Str sql, uint32_t *left)
{
    Arena arena = {0};
    ptrdiff_t bar = str_find(name, STR(" | "));
    Str dialect = bar < 0 ? STR("duckdb") : str_slice(name, (size_t)bar + 3, name.len);
    const LintConfig *lints = config_of(&arena, dialect, false);
    *left += check(&arena, lints, name, sql);
    check(&arena, config_of(&arena, dialect, true), name, sql);
    Str crlf = with_crlf(&arena, sql), fixed = lint_fix(lints, &arena, crlf);
    check(&arena, lints, name, crlf);
    Str plain = str_replace(&arena, fixed, STR("\r\n"), STR("\n"));
    assert_true(str_eq(with_crlf(&arena, plain), fixed));
    arena_drop(&arena);
}

static void test_cases(void **state)
{
    (void)state;
    static const char *const groups[] = {"layout", "rules", "jinja"};
    Arena arena = {0};
    Err err = {0};
    uint32_t left = 0, count = 0;
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        Str text, path = str_print(&arena, "tests/cases/lint/%s.txt", groups[i]);
        assert_true(file_read(&arena, path, &text, &err));
        while (str_starts(text, STR("== "))) {
            size_t line = (size_t)str_find_char(text, '\n');
            ptrdiff_t next = str_find(text, STR("\n== "));
            size_t end = next < 0 ? text.len : (size_t)next + 1;
            check_case(str_slice(text, 3, line), str_slice(text, line + 1, end), &left);
            text = str_slice(text, end, text.len);
            count++;
        }
    }
    assert_true(count >= 250);
    assert_true(left <= 8);       /* where a tag stands between a comma and its column */
    arena_drop(&arena);
}

/* fix.txt: "== name", a text, "-- gives", what `weir format` makes of it. */
static void test_formatted(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str text;
    uint32_t count = 0;
    const LintConfig *config = config_of(&arena, STR("duckdb"), true);
    assert_true(file_read(&arena, STR("tests/cases/lint/fix.txt"), &text, &err));
    while (str_starts(text, STR("== "))) {
        ptrdiff_t next = str_find(text, STR("\n== "));
        Str whole = str_slice(text, 0, next < 0 ? text.len : (size_t)next + 1);
        size_t line = (size_t)str_find_char(whole, '\n') + 1;
        ptrdiff_t gives = str_find(whole, STR("-- gives\n"));
        assert_true(gives > 0);
        Str source = str_slice(whole, line, (size_t)gives);
        Str expected = str_slice(whole, (size_t)gives + 9, whole.len);
        Str fixed = lint_fix(config, &arena, source);
        if (!str_eq(fixed, expected)) {
            printf(STR_FMT "expected:\n" STR_FMT "got:\n" STR_FMT "---\n",
                   STR_ARG(str_slice(whole, 0, line)), STR_ARG(expected), STR_ARG(fixed));
            fail();
        }
        text = str_slice(text, whole.len, text.len);
        count++;
    }
    assert_true(count >= 8);
    arena_drop(&arena);
}

/* Nothing that changes the code passes as the same code. */
static void test_same_code(void **state)
{
    (void)state;
    Arena arena = {0};
    assert_true(lint_same_code(&arena, STR("select a b"), STR("SELECT\n  a AS b")));
    assert_true(lint_same_code(&arena, STR("a -- x\n, b"), STR("a, -- x\nb")));
    assert_true(lint_same_code(&arena, STR("{{x}}"), STR("{{ x }}")));
    assert_false(lint_same_code(&arena, STR("select 'a'"), STR("select 'A'")));
    assert_false(lint_same_code(&arena, STR("select \"a\""), STR("select \"A\"")));
    assert_false(lint_same_code(&arena, STR("select a as b"), STR("select a b")));
    assert_false(lint_same_code(&arena, STR("a b"), STR("ab")));
    assert_false(lint_same_code(&arena, STR("a, b"), STR("b, a")));
    assert_false(lint_same_code(&arena, STR("-- a\n-- b\n"), STR("-- b\n-- a\n")));
    assert_false(lint_same_code(&arena, STR("{{ x }}"), STR("{{ X }}")));
    assert_false(lint_same_code(&arena, STR("a < = b"), STR("a <= b")));
    arena_drop(&arena);
}

static void test_noqa(void **state)
{
    (void)state;
    Arena arena = {0};
    const LintConfig *config = config_of(&arena, STR("duckdb"), false);
    Str kept = STR("select  a -- noqa\nfrom t\n");
    assert_true(str_eq(lint_fix(config, &arena, kept), kept));
    Str fixed = lint_fix(config, &arena, STR("select  a -- noqa: LT01\nFROM t\n"));
    assert_true(str_eq(fixed, STR("select  a -- noqa: LT01\nfrom t\n")));
    arena_drop(&arena);
}

static void test_diff(void **state)
{
    (void)state;
    Text out = {0};
    lint_print_diff(STR("m.sql"), STR("a\nb\nc\nd\ne\nf\n"), STR("a\nb\nc\nd\nE\nf\n"), &out);
    assert_string_equal(out.at, "--- m.sql\n+++ m.sql\n@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+E\n f\n");
    text_clear(&out);
    lint_print_diff(STR("m.sql"), STR("a\nb\n"), STR("a\nb\n"), &out);
    assert_int_equal(out.len, 0);
    text_drop(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),     cmocka_unit_test(test_formatted),
        cmocka_unit_test(test_same_code), cmocka_unit_test(test_noqa),
        cmocka_unit_test(test_diff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
