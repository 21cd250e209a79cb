/* What is found in the cases of tests/cases/lint, against what sqlfluff found there (NAME.json).
 * differs.txt lists where both differ, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "lint/lint.h"

typedef struct Suite {
    Arena arena;
    Str differs;
    uint32_t count, wrong;
} Suite;

/* Is "+LT01:3" (ours only) or "-LT01:3" (sqlfluff's only) listed for the case? */
static bool is_listed(const Suite *suite, Str name, char sign, const char *code, int64_t line)
{
    Str rest = suite->differs, row;
    char what[32];
    snprintf(what, sizeof(what), " %c%s:%d ", sign, code, (int)line);
    while (str_next_part(&rest, '\n', &row)) {
        ptrdiff_t colon = str_find(row, STR(" :: "));
        if (colon >= 0 && str_eq(str_slice(row, 0, (size_t)colon), name))
            return str_find(row, str_of(what)) >= 0;
    }
    return false;
}

static void tell(Suite *suite, Str name, char sign, const char *code, int64_t line)
{
    if (is_listed(suite, name, sign, code, line))
        return;
    suite->wrong++;
    printf(STR_FMT ": %c%s:%d\n", STR_ARG(name), sign, code, (int)line);
}

static bool is_known_rule(Str code)
{
    for (uint32_t i = 0; i < lint_rule_count; i++)
        if (str_is(code, lint_rules[i].code))
            return true;
    return false;
}

static bool was_found(const LintReport *report, Str code, int64_t line)
{
    for (uint32_t i = 0; i < report->violations.len; i++)
        if (report->violations.at[i].line == line &&
            str_is(code, lint_rules[report->violations.at[i].rule].code))
            return true;
    return false;
}

static bool was_recorded(Value recorded, const char *code, int64_t line)
{
    for (uint32_t i = 0; i < recorded.list->len; i++) {
        Value pair = recorded.list->at[i];
        if (pair.list->at[0].number == line && value_is(pair.list->at[1], code))
            return true;
    }
    return false;
}

static void run_case(Suite *suite, Str name, Str sql, Value recorded)
{
    Arena arena = {0};
    Err err = {0};
    LintConfig *config;
    LintReport report;
    ptrdiff_t bar = str_find(name, STR(" | "));
    LintOverrides overrides = {.dialect = bar < 0 ? STR("duckdb")
                                                  : str_slice(name, (size_t)bar + 3, name.len)};
    assert_true(value_is_list(recorded));
    assert_true(lint_config_load(&arena, STR("/nowhere"), &overrides, &config, &err));
    lint_text(config, &arena, sql, &report);
    for (uint32_t i = 0; i < recorded.list->len; i++) {
        Value pair = recorded.list->at[i];
        Str code = value_str(pair.list->at[1]);
        int64_t line = pair.list->at[0].number;
        if (is_known_rule(code) && !was_found(&report, code, line))
            tell(suite, name, '-', str_c(&arena, code), line);
    }
    for (uint32_t i = 0; i < report.violations.len; i++) {
        const Violation *violation = &report.violations.at[i];
        const char *code = lint_rules[violation->rule].code;
        if (!was_recorded(recorded, code, violation->line))
            tell(suite, name, '+', code, violation->line);
    }
    suite->count++;
    arena_drop(&arena);
}

/* Cases begin with "== name". */
static void run_file(Suite *suite, const char *group)
{
    Err err = {0};
    Str text, json;
    Value recorded;
    Str path = str_print(&suite->arena, "tests/cases/lint/%s.txt", group);
    Str json_path = str_print(&suite->arena, "tests/cases/lint/%s.json", group);
    assert_true(file_read(&suite->arena, path, &text, &err));
    assert_true(file_read(&suite->arena, json_path, &json, &err));
    assert_true(json_parse(&suite->arena, json, json_path, &recorded, &err));
    recorded = value_get(recorded, "cases");
    while (str_starts(text, STR("== "))) {
        size_t line = (size_t)str_find_char(text, '\n');
        Str name = str_slice(text, 3, line);
        ptrdiff_t next = str_find(text, STR("\n== "));
        size_t end = next < 0 ? text.len : (size_t)next + 1;
        run_case(suite, name, str_slice(text, line + 1, end), value_get_str(recorded, name));
        text = str_slice(text, end, text.len);
    }
}

static void test_recorded(void **state)
{
    (void)state;
    Suite suite = {.differs = STR("")};
    Err err = {0};
    assert_true(file_read(&suite.arena, STR("tests/cases/lint/differs.txt"), &suite.differs, &err));
    run_file(&suite, "layout");
    run_file(&suite, "rules");
    run_file(&suite, "jinja");
    assert_true(suite.count >= 250);
    assert_int_equal(suite.wrong, 0);
    arena_drop(&suite.arena);
}

static LintReport lint(Arena *arena, Str sql)
{
    Err err = {0};
    LintConfig *config;
    LintReport report;
    LintOverrides overrides = {.dialect = STR("duckdb")};
    assert_true(lint_config_load(arena, STR("/nowhere"), &overrides, &config, &err));
    lint_text(config, arena, sql, &report);
    return report;
}

static void test_places(void **state)
{
    (void)state;
    Arena arena = {0};
    LintReport report = lint(&arena, STR("select\n    '\xc3\xa9\xc3\xa9' as x ,\n    b\nfrom t\n"));
    assert_int_equal(report.violations.len, 1);
    assert_int_equal(report.violations.at[0].line, 2);
    assert_int_equal(report.violations.at[0].column, 14);
    assert_string_equal(lint_rules[report.violations.at[0].rule].code, "LT01");
    arena_drop(&arena);
}

/* What is not understood is counted and left alone. */
static void test_odd(void **state)
{
    (void)state;
    Arena arena = {0};
    assert_int_equal(lint(&arena, STR("")).violations.len, 0);
    assert_int_equal(lint(&arena, STR("\n")).violations.len, 0);
    assert_true(lint(&arena, STR("select ) ( from ]\n")).unparsed > 0);
    assert_int_equal(lint(&arena, STR("pragma x = 1;\n")).unparsed, 0);
    assert_true(lint(&arena, STR("select a from t where {% if x %} a")).violations.len > 0);
    Text deep = {0};
    text_add_repeat(&deep, '(', 100000);
    text_add_c(&deep, "select 1");
    lint(&arena, text_str(&deep));
    text_clear(&deep);
    for (int i = 0; i < 20000; i++)
        text_add_c(&deep, "with a as ");
    lint(&arena, text_str(&deep));
    text_drop(&deep);
    arena_drop(&arena);
}

/* Faults of every branch are found, and once only. */
static void test_branches(void **state)
{
    (void)state;
    Arena arena = {0};
    LintReport report =
        lint(&arena, STR("select\n    {% if a %}\n        b  as c\n    {% elif d %}\n"
                         "        e  as c\n    {% else %}\n        f  as c\n"
                         "    {% endif %}\nfrom  t\n"));
    assert_int_equal(report.violations.len, 4);
    assert_int_equal(report.violations.at[1].line, 5);
    assert_int_equal(report.violations.at[2].line, 7);
    assert_int_equal(report.violations.at[3].line, 9);
    arena_drop(&arena);
}

static void test_rules(void **state)
{
    (void)state;
    assert_true(lint_rule_count >= 65);
    for (uint32_t i = 1; i < lint_rule_count; i++)
        assert_true(strcmp(lint_rules[i - 1].code, lint_rules[i].code) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded), cmocka_unit_test(test_places),
        cmocka_unit_test(test_odd),      cmocka_unit_test(test_branches),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
