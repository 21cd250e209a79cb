/* JSON against what Python's json answered (tests/cases/base/json.json), and what is our own:
 * messages, views, places, limits. Runs in the project's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/object.h"

/* Is `v` in `style` what the case has under `name`? */
static int prints_otherwise(Value one, const char *name, Value v, JsonStyle style)
{
    AUTO(text) Text got = {0};
    json_print(v, style, &got);
    if (str_eq(text_str(&got), value_get_text(one, name, STR_NONE)))
        return 0;
    Str source = value_get_text(one, "json", STR_NONE);
    print_message("%s of " STR_FMT "\n got %s\n", name, STR_ARG(source), got.at);
    return 1;
}

static int differs(Arena *arena, Value one)
{
    AUTO(err) Err err = {0};
    Str source = value_get_text(one, "json", STR_NONE);
    Value v, line = value_get(one, "fails");
    AUTO(text) Text got = {0};
    if (!json_parse(arena, source, STR("x.json"), &v, &err)) {
        if (value_is_int(line) && line.number == err.place.line)
            return 0;
        print_message("case " STR_FMT "\n line %d: %s\n", STR_ARG(source), err.place.line,
                      err.text);
        return 1;
    }
    value_repr(v, &got);
    if (!str_eq(text_str(&got), value_get_text(one, "gives", STR_NONE))) {
        print_message("case " STR_FMT "\n got %s\n", STR_ARG(source), got.at);
        return 1;
    }
    return prints_otherwise(one, "default", v, (JsonStyle){0}) +
           prints_otherwise(one, "compact", v, (JsonStyle){.is_compact = true}) +
           prints_otherwise(one, "indent", v, (JsonStyle){.indent = 2}) +
           prints_otherwise(one, "sorted", v, (JsonStyle){.indent = 4, .sorts_keys = true}) +
           prints_otherwise(one, "unicode", v, (JsonStyle){.keeps_unicode = true});
}

static void test_as_python(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Str source;
    Value file;
    assert_true(file_read(&arena, STR("tests/cases/base/json.json"), &source, &err));
    assert_true(json_parse(&arena, source, STR("json.json"), &file, &err));
    Value cases = value_get(file, "cases");
    assert_true(value_is_list(cases) && cases.list->len > 500);
    int count = 0;
    for (uint32_t i = 0; i < cases.list->len; i++)
        count += differs(&arena, cases.list->at[i]);
    assert_int_equal(count, 0);
    arena_drop(&arena);
}

static void refuse(Str source, ErrKind kind, int line, int column, const char *text)
{
    Arena arena = {0};
    Err err = {0};
    Value v = value_int(7);
    assert_false(json_parse(&arena, source, STR("x.json"), &v, &err));
    if (err.kind != kind || err.place.line != line || err.place.column != column)
        fail_msg("%d:%d kind %d: %s", err.place.line, err.place.column, (int)err.kind, err.text);
    assert_string_equal(err.text, text);
    assert_int_equal(v.number, 7); /* untouched */
    err_drop(&err);
    arena_drop(&arena);
}

static void test_messages(void **state)
{
    (void)state;
    refuse(STR("[1,\n 2 é]"), ERR_PARSING, 2, 4, "expected ',' or ']', found 'é'");
    refuse(STR("{\"a\": tru}"), ERR_PARSING, 1, 7, "expected a value, found 't'");
    refuse(STR("[\"a"), ERR_PARSING, 1, 2, "this text has no closing quote");
    refuse(STR("[\"a\\"), ERR_PARSING, 1, 2, "this text has no closing quote");
    refuse(STR("[1"), ERR_PARSING, 1, 3, "expected ',' or ']', found the end of the text");
    refuse(STR("{a:1}"), ERR_PARSING, 1, 2, "expected a key in double quotes, found 'a'");
    refuse(STR("\"\\q\""), ERR_PARSING, 1, 2, "this is no escape that JSON knows");
    refuse(STR("\"a\xff\""), ERR_PARSING, 1, 3, "this byte is not valid UTF-8");
    refuse(STR_NONE, ERR_PARSING, 1, 1, "expected a value, found the end of the text");
}

static void test_depth(void **state)
{
    (void)state;
    AUTO(text) Text deep = {0};
    text_add_repeat(&deep, '[', 201);
    refuse(text_str(&deep), ERR_TOO_DEEP, 1, 201, "lists and objects nest deeper than 200 levels");
    text_truncate(&deep, 200);
    text_add_repeat(&deep, ']', 200);
    Arena arena = {0};
    Err err = {0};
    Value v;
    assert_true(json_parse(&arena, text_str(&deep), STR("x"), &v, &err));
    arena_drop(&arena);
}

/* The text ends where it ends, also when what follows in memory would go on. */
static void test_bounds(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Value v;
    assert_true(json_parse(&arena, str_slice(STR("12345"), 0, 2), STR("x"), &v, &err));
    assert_int_equal(v.number, 12);
    assert_true(json_parse(&arena, str_slice(STR("\"ab\"cd\""), 0, 4), STR("x"), &v, &err));
    assert_true(value_is(v, "ab"));
    for (size_t len = 0; len < 40; len++) { /* every tail length of the 16-byte scan */
        Text text = {0};
        text_add_char(&text, '"');
        text_add_repeat(&text, 'x', len);
        text_add_char(&text, '"');
        char *exact = memory_take(text.len);
        memcpy(exact, text.at, text.len);
        assert_true(json_parse(&arena, (Str){exact, text.len}, STR("x"), &v, &err));
        assert_int_equal(v.len, len);
        AUTO(text) Text out = {0};
        json_print(v, (JsonStyle){0}, &out);
        assert_string_equal(out.at, text.at);
        memory_give(exact);
        text_drop(&text);
    }
    arena_drop(&arena);
}

static void test_views_and_places(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Value v;
    Str source = STR("{\"a\":\n  [\"plain\"]}");
    assert_true(json_parse(&arena, source, STR("x.json"), &v, &err));
    Value item = value_get(v, "a").list->at[0];
    assert_ptr_equal(item.text, source.at + 10);
    Place place = value_place(item, STR("x.json"), source);
    assert_int_equal(place.line, 2);
    assert_int_equal(place.column, 4);
    arena_drop(&arena);
}

/* What JSON texts cannot give but our trees can. */
static void test_other_values(void **state)
{
    (void)state;
    Arena arena = {0};
    Value dict = value_dict(&arena);
    dict_put_keyed(dict.dict, value_bool(true), value_float(1.0 / 0.0));
    dict_put_keyed(dict.dict, NONE, UNDEFINED);
    dict_put_keyed(dict.dict, value_float(1.5), value_float(-1.0 / 0.0));
    dict_put_keyed(dict.dict, value_int(7), value_float(0.0 / 0.0));
    Value set = value_of_set(dict_make(&arena, 0));
    dict_put(set.dict, STR("x"), NONE);
    dict_put(dict.dict, STR("s"), set);
    AUTO(text) Text out = {0};
    json_print(dict, (JsonStyle){0}, &out);
    assert_string_equal(out.at, "{\"true\": Infinity, \"null\": null, \"1.5\": -Infinity, "
                                "\"7\": NaN, \"s\": [\"x\"]}");
    text_clear(&out);
    json_print(dict, (JsonStyle){.sorts_keys = true, .is_compact = true}, &out);
    assert_string_equal(out.at, "{\"null\":null,\"true\":Infinity,\"1.5\":-Infinity,\"7\":NaN,"
                                "\"s\":[\"x\"]}");
    text_clear(&out);
    json_print_text(STR("a\xff\x62"), false, &out); /* no UTF-8: as Python's surrogateescape */
    assert_string_equal(out.at, "\"a\\udcffb\"");

    Value cycle = value_list(&arena);
    array_add(cycle.list, cycle);
    text_clear(&out);
    json_print(cycle, (JsonStyle){0}, &out); /* ends */
    assert_true(str_find(text_str(&out), STR("null")) > 0);

    Text limited = {.limit = 10};
    json_print_text(STR("0123456789abcdef"), false, &limited);
    assert_true(limited.is_cut);
    assert_true(limited.len <= 10);
    text_drop(&limited);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_python),        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_depth),            cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_views_and_places), cmocka_unit_test(test_other_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
