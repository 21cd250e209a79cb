/* err_test.c: messages with place, excerpt, context and trail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/err.h"

static void expect(const Err *err, const char *wanted)
{
    AUTO(text) Text out = {0};
    err_print(err, &out);
    assert_string_equal(out.at, wanted);
}

static void a_located_message_shows_the_line(void **state)
{
    (void)state;
    Str source = STR("select 1\nfrom {{ x }}\n");
    Err err = {0};
    Place place = place_at(STR("models/a.sql"), source, 17);
    assert_false(err_set_in(&err, ERR_UNDEFINED, place, source, "'%s' is undefined", "x"));
    expect(&err, "'x' is undefined\n  --> models/a.sql:2:9\n     |\n   2 | from {{ x }}\n"
                 "     |         ^");
    err_drop(&err);
    assert_int_equal(err.kind, ERR_NONE);
}

static void columns_count_characters(void **state)
{
    (void)state;
    Place place = place_at(STR("a"), STR("\xc3\xa9\xc3\xa9x"), 4);
    assert_int_equal(place.line, 1);
    assert_int_equal(place.column, 3);
    place = place_at(STR("a"), STR("ab\n"), 99);
    assert_int_equal(place.line, 2);
    assert_int_equal(place.column, 1);
}

static void the_innermost_place_stays(void **state)
{
    (void)state;
    Err err = {0};
    err_set(&err, ERR_TYPE, NOWHERE, "no");
    err_locate(&err, (Place){STR("in.sql"), 1, 1}, STR("in"));
    err_locate(&err, (Place){STR("out.sql"), 1, 1}, STR("out"));
    err_trail(&err, "in macro m (in.sql)");
    err_trail(&err, "called by model a (out.sql)");
    err_wrap(&err, "building %s", "a");
    expect(&err, "building a: no\n  --> in.sql:1:1\n     |\n   1 | in\n     | ^\n"
                 "> in macro m (in.sql)\n"
                 "> called by model a (out.sql)");
    err_drop(&err);
}

static void setting_again_may_use_the_old_text(void **state)
{
    (void)state;
    Err err = {0}, moved = {0};
    err_set(&err, ERR_IO, (Place){STR("f"), 0, 0}, "first");
    err_set(&err, ERR_RUNTIME, err.place, "%s, then second", err.text);
    err_move(&moved, &err);
    assert_null(err.text);
    expect(&moved, "first, then second\n  --> f");
    assert_string_equal(err_title(moved.kind), "Runtime Error");
    assert_int_equal(err_exit_code(ERR_CANCELLED), 1);
    assert_true(err_can_retry(ERR_CONFLICT));
    err_drop(&moved);
}

static void long_lines_are_cut_around_the_column(void **state)
{
    (void)state;
    char line[2000];
    memset(line, 'x', sizeof(line));
    line[1500] = '!';
    Str source = {line, sizeof(line)};
    Err err = {0};
    err_set_in(&err, ERR_PARSING, place_at(STR("f"), source, 1500), source, "bad");
    Str excerpt = str_of(err.excerpt);
    assert_true(excerpt.len < 500);
    ptrdiff_t shown = str_find_char(excerpt, '!'), caret = str_find_char(excerpt, '^');
    assert_true(shown > 0 && caret > 0);
    ptrdiff_t second = str_find(excerpt, STR("1 | ")), last = str_find_last(excerpt, STR("  | "));
    assert_int_equal(shown - second, caret - last);
    err_drop(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_located_message_shows_the_line),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(the_innermost_place_stays),
        cmocka_unit_test(setting_again_may_use_the_old_text),
        cmocka_unit_test(long_lines_are_cut_around_the_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
