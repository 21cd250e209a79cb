/* Globs: what matches, what a walk may skip, which prefixes remain. */
#include "store/store_test_help.h"

static void test_matches(void **state)
{
    (void)state;
    static const struct {
        const char *glob, *name;
        bool matches;
    } cases[] = {
        {"a.csv", "a.csv", true},
        {"a.csv", "b.csv", false},
        {"*.csv", "a.csv", true},
        {"*.csv", "x/a.csv", false},
        {"*/a.csv", "x/a.csv", true},
        {"**/*.csv", "a.csv", true},
        {"**/*.csv", "x/y/z/a.csv", true},
        {"**/*.csv", "x/y/z/a.txt", false},
        {"raw/**/*.csv", "raw/a.csv", true},
        {"raw/**/*.csv", "raw2/a.csv", false},
        {"raw/**", "raw/a/b", true},
        {"raw/**", "raw", false},
        {"raw/**/x/**/*.gz", "raw/1/x/2/3/a.gz", true},
        {"raw/**/x/**/*.gz", "raw/x/a.gz", true},
        {"raw/**/x/**/*.gz", "raw/y/a.gz", false},
        {"dt=2026-01-0[1-3]/*", "dt=2026-01-02/a", true},
        {"dt=2026-01-0[1-3]/*", "dt=2026-01-04/a", false},
        {"[!a]*", "b", true},
        {"[!a]*", "a", false},
        {"?.csv", "a.csv", true},
        {"?.csv", "ab.csv", false},
        {"{a,b}/*.{csv,json}", "b/x.json", true},
        {"{a,b}/*.{csv,json}", "c/x.json", false},
        {"x{1,{2,3}y}z", "x3yz", true},
        {"x{1,{2,3}y}z", "x1z", true},
        {"x{1,{2,3}y}z", "x2z", false},
        {"{a,}b", "b", true},
        {"{table}.csv", "{table}.csv", true},
        {"a{b", "a{b", true},
        {"*", ".hidden", false},
        {".*", ".hidden", true},
        {"**/*.csv", ".git/a.csv", false},
        {".git/*.csv", ".git/a.csv", true},
        {"*", "a.weir-tmp", false},
        {"a.weir-tmp", "a.weir-tmp", false},
        {"./a//b/*", "a/b/c", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena) Arena arena = {0};
        AUTO(err) Err err = {0};
        Patterns patterns;
        MUST_WORK(patterns_make(&arena, str_of(cases[i].glob), &patterns, &err));
        if (patterns_match(&patterns, str_of(cases[i].name)) != cases[i].matches)
            fail_msg("%s against %s", cases[i].glob, cases[i].name);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *glob, *prefixes, *folders;
    } cases[] = {
        {"raw/games/*.csv", "raw/games/", "raw/games"},
        {"raw/ga*/x.csv", "raw/ga", "raw"},
        {"*.csv", "", ""},
        {"{a,b}/*", "a/ b/", "a b"},
        {"{ab,a}*", "a", ""},
        {"{x/a,x}/*", "x/", "x"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int by_folder = 0; by_folder < 2; by_folder++) {
            AUTO(arena) Arena arena = {0};
            AUTO(err) Err err = {0};
            Patterns patterns;
            StrList list = {0};
            MUST_WORK(patterns_make(&arena, str_of(cases[i].glob), &patterns, &err));
            patterns_prefixes(&patterns, by_folder, &arena, &list);
            AUTO(text) Text text = {0};
            for (uint32_t k = 0; k < list.len; k++)
                text_print(&text, "%s" STR_FMT, k ? " " : "", STR_ARG(list.at[k]));
            const char *expected = by_folder ? cases[i].folders : cases[i].prefixes;
            assert_string_equal(text_str(&text).at, expected);
        }
}

static void test_limits(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Patterns patterns;
    MUST_FAIL(patterns_make(&arena, STR("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"), &patterns, &err),
              ERR_RUNTIME, "alternatives");
    AUTO(text) Text deep = {0};
    for (int i = 0; i < 70; i++)
        text_add_c(&deep, "a/");
    MUST_FAIL(patterns_make(&arena, text_str(&deep), &patterns, &err), ERR_RUNTIME, "parts");
    PatternState begin, next;
    MUST_WORK(patterns_make(&arena, STR("raw/*/x"), &patterns, &err));
    patterns_begin(&patterns, &begin);
    assert_false(patterns_step(&patterns, &begin, STR("other"), &next));
    assert_true(patterns_step(&patterns, &begin, STR("raw"), &next));
    assert_false(patterns_accept(&patterns, &next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
