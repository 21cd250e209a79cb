/* Patterns against what fnmatch, pathlib and pathspec answered (tests/cases/base/glob.json). Runs
 * in the project's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/glob.h"
#include "base/json.h"

static Value load_cases(Arena *arena, const char *group, uint32_t least)
{
    Err err = {0};
    Str source;
    Value file;
    assert_true(file_read(arena, STR("tests/cases/base/glob.json"), &source, &err));
    assert_true(json_parse(arena, source, STR("glob.json"), &file, &err));
    Value cases = value_get(file, group);
    assert_true(value_is_list(cases) && cases.list->len >= least);
    return cases;
}

static int report(Str pattern, Str text, bool wanted)
{
    print_message("'" STR_FMT "' on '" STR_FMT "' should be %d\n", STR_ARG(pattern), STR_ARG(text),
                  wanted);
    return 1;
}

static void test_names(void **state)
{
    (void)state;
    Arena arena = {0};
    Value cases = load_cases(&arena, "names", 1000);
    int count = 0;
    for (uint32_t i = 0; i < cases.list->len; i++) {
        Str pattern = value_str(value_get(cases.list->at[i], "pattern"));
        Str text = value_str(value_get(cases.list->at[i], "text"));
        bool wanted = value_get(cases.list->at[i], "gives").is_true;
        if (glob_match(pattern, text) != wanted)
            count += report(pattern, text, wanted);
    }
    assert_int_equal(count, 0);
    arena_drop(&arena);
}

static void test_paths(void **state)
{
    (void)state;
    Arena arena = {0};
    Value cases = load_cases(&arena, "paths", 20), path, wanted;
    int count = 0;
    for (uint32_t i = 0; i < cases.list->len; i++) {
        Str pattern = value_str(value_get(cases.list->at[i], "pattern"));
        Dict *paths = value_get(cases.list->at[i], "paths").dict;
        for (uint32_t at = 0; dict_next(paths, &at, &path, &wanted);)
            if (glob_match_path(pattern, value_str(path)) != wanted.is_true)
                count += report(pattern, value_str(path), wanted.is_true);
    }
    assert_int_equal(count, 0);
    assert_true(glob_match_path(STR("models/**"), STR("models/a/b.sql")));
    arena_drop(&arena);
}

static void test_ignores(void **state)
{
    (void)state;
    Arena arena = {0};
    Value cases = load_cases(&arena, "ignores", 300), path, wanted;
    int count = 0;
    for (uint32_t i = 0; i < cases.list->len; i++) {
        Str content = value_str(value_get(cases.list->at[i], "rules"));
        const IgnoreRules *rules = ignore_make(&arena, content);
        Dict *paths = value_get(cases.list->at[i], "paths").dict;
        for (uint32_t at = 0; dict_next(paths, &at, &path, &wanted);)
            if (ignore_matches(rules, value_str(path)) != wanted.is_true)
                count += report(content, value_str(path), wanted.is_true);
    }
    assert_int_equal(count, 0);
    arena_drop(&arena);
}

/* One remembered star: a hostile pattern costs its length times the text's. */
static void test_hostile(void **state)
{
    (void)state;
    AUTO(text) Text pattern = {0}, text = {0};
    for (int i = 0; i < 50; i++)
        text_add_c(&pattern, "*a");
    text_add_repeat(&text, 'a', 2000);
    text_add_char(&text, 'b');
    assert_false(glob_match(text_str(&pattern), text_str(&text)));
    assert_true(glob_is_pattern(STR("a?")));
    assert_false(glob_is_pattern(STR("a.b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_ignores),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
