/* Renders: places of errors, limits, the three kinds of Undefined, native values. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "jinja/jinja.h"

static bool find_name(void *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)err;
    const Value *found = dict_find_hashed(context, name, hash);
    *out = found ? *found : UNDEFINED;
    return true;
}

static RenderOptions options_of(Arena *arena, const char *json)
{
    Value vars;
    Err err = {0};
    assert_true(json_parse(arena, str_of(json), STR("vars"), &vars, &err));
    return (RenderOptions){.scope = {find_name, vars.dict}};
}

/* Renders; gives the text or, in *err, the failure. */
static bool render(const char *source, const RenderOptions *options, Arena *arena, Text *out,
                   Err *err)
{
    Template *template;
    return jinja_compile(arena, str_of(source), STR("t.sql"), NULL, &template, err) &&
           jinja_render(template, arena, options, out, err);
}

typedef struct FailCase {
    const char *source;
    ErrKind kind;
    int line, column;
    const char *part;
} FailCase;

static void errors_have_places(void **state)
{
    (void)state;
    static const FailCase cases[] = {
        {"a\n  {{ x.y }}", ERR_UNDEFINED, 2, 8, "'x' is undefined"},
        {"{{ 1 +\n 'a' }}", ERR_TYPE, 1, 6, "unsupported operand"},
        {"\xc3\xa9\xc3\xa9 {{ f() }}", ERR_UNDEFINED, 1, 7, "'f' is undefined"},
        {"{% if %}", ERR_COMPILATION, 1, 7, "expected an expression"},
        {"\n\n{{ 'x' }", ERR_COMPILATION, 3, 8, "unexpected '}'"},
        {"{% for x in 5 %}{% endfor %}", ERR_TYPE, 1, 13, "not iterable"},
        {"{{ 'abc' | replace }}", ERR_TYPE, 1, 12, "replace"},
        {"\r\n\r\n{{ x.y }}", ERR_UNDEFINED, 3, 6, "'x' is undefined"},
        {"{% macro m(a) %}{% endmacro %}\n{{ m(1, 2) }}", ERR_TYPE, 2, 4, "not more than 1"},
        {"{{ 1 | uper }}", ERR_COMPILATION, 1, 8, "Did you mean 'upper'?"},
        {"{{ 1 is defind }}", ERR_COMPILATION, 1, 9, "Did you mean 'defined'?"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena = {0};
        Err err = {0};
        Text out = {0};
        RenderOptions options = options_of(&arena, "{}");
        assert_false(render(cases[i].source, &options, &arena, &out, &err));
        if (!strstr(err.text, cases[i].part) || err.kind != cases[i].kind ||
            err.place.line != cases[i].line || err.place.column != cases[i].column ||
            !err.excerpt)
            fail_msg("%s: %s at %d:%d", cases[i].source, err.text, err.place.line,
                     err.place.column);
        text_drop(&out);
        err_drop(&err);
        arena_drop(&arena);
    }
}

static void limits_hold(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        ErrKind kind;
    } cases[] = {
        {"{% for x in range(1000) %}{{ 'aaaaaaaaaaaaaaaaaaaa' }}{% endfor %}", ERR_TOO_BIG},
        {"{% for x in range(1000) %}aaaaaaaaaaaaaaaaaaaa{% endfor %}", ERR_TOO_BIG},
        {"{% for x in range(9999) %}{% for y in range(9999) %}{% endfor %}{% endfor %}",
         ERR_TOO_BIG},
        {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", ERR_TOO_DEEP},
        {"{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{{ caller() }}{% endmacro %}"
         "{% call m() %}{% endcall %}", ERR_TOO_DEEP},
        {"{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", ERR_TOO_DEEP},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena = {0};
        Err err = {0};
        Text out = {0};
        RenderOptions options = options_of(&arena, "{}");
        options.output_limit_bytes = 10000;
        options.step_limit = 100000;
        assert_false(render(cases[i].source, &options, &arena, &out, &err));
        assert_int_equal(err.kind, cases[i].kind);
        assert_true(err.place.line == 1);
        text_drop(&out);
        err_drop(&err);
        arena_drop(&arena);
    }
}

static void nesting_is_limited(void **state)
{
    (void)state;
    static const char *const pieces[] = {"(", "[", "{{ -", "not ", "{% if 1 %}", "[x for", "{1:"};
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        Arena arena = {0};
        Err err = {0};
        Text source = {0};
        Template *template;
        bool is_tag = pieces[i][0] == '{' && pieces[i][1] == '%';
        text_add_c(&source, is_tag ? "" : "{{ ");
        for (int n = 0; n < 10000; n++)
            text_add_c(&source, pieces[i]);
        assert_false(jinja_compile(&arena, text_str(&source), STR("t"), NULL, &template, &err));
        assert_true(err.place.line == 1);
        text_drop(&source);
        err_drop(&err);
        arena_drop(&arena);
    }
}

static void long_is_not_deep(void **state)
{
    (void)state;
    static const struct {
        const char *begin, *piece, *end;
    } cases[] = {{"{{ 0", " + 1", " }}"},         {"{{ 1", " ~ 1", " }}"},
                 {"{{ 1", " and 1", " }}"},       {"{{ 1", " < 2 != 1", " }}"},
                 {"{% if 0 %}", "{% elif 0 %}", "{% endif %}"}, {"", "{% set x = 1 %}", ""},
                 {"{{ [", "1, ", "] }}"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena = {0};
        Err err = {0};
        Text source = {0}, out = {0};
        RenderOptions options = options_of(&arena, "{}");
        text_add_c(&source, cases[i].begin);
        for (int n = 0; n < 20000; n++)
            text_add_c(&source, cases[i].piece);
        text_add_c(&source, cases[i].end);
        if (!render(source.at, &options, &arena, &out, &err))
            fail_msg("%s: %s", cases[i].piece, err.text);
        text_drop(&source);
        text_drop(&out);
        arena_drop(&arena);
    }
}

static void cancels(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Text out = {0};
    bool cancel = true;
    RenderOptions options = options_of(&arena, "{}");
    options.cancel = &cancel;
    assert_false(render("{% for x in range(99999) %}{% endfor %}", &options, &arena, &out, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    err_drop(&err);
    arena_drop(&arena);
}

static void check_mode(UndefinedMode mode, const char *source, const char *expected)
{
    Arena arena = {0};
    Err err = {0};
    Text out = {0};
    RenderOptions options = options_of(&arena, "{\"d\": {}}");
    options.undefined = mode;
    bool is_fine = render(source, &options, &arena, &out, &err);
    if (is_fine != (expected != NULL))
        fail_msg("%s: %s", source, is_fine ? out.at : err.text);
    if (is_fine)
        assert_string_equal(out.at ? out.at : "", expected);
    text_drop(&out);
    err_drop(&err);
    arena_drop(&arena);
}

static void undefined_has_three_modes(void **state)
{
    (void)state;
    check_mode(UNDEFINED_LENIENT, "[{{ x }}{{ d.x }}]", "[]");
    check_mode(UNDEFINED_LENIENT, "{{ x.y }}", NULL);
    check_mode(UNDEFINED_LENIENT, "{{ x() }}", NULL);
    check_mode(UNDEFINED_STRICT, "{{ x }}", NULL);
    check_mode(UNDEFINED_STRICT, "{{ x is defined }}{{ x | default(1) }}", "False1");
    check_mode(UNDEFINED_STRICT, "{% if x %}{% endif %}", NULL);
    check_mode(UNDEFINED_PARSING, "[{{ x.y.z }}{{ x['y'] }}{{ x()(1).y[0] }}{{ d.x.y }}]", "[]");
    check_mode(UNDEFINED_PARSING, "{% for a in x.y() %}{{ a }}{% endfor %}[{{ x.y is defined }}]",
               "[False]");
    check_mode(UNDEFINED_PARSING, "{{ x.y + 1 }}", NULL);
    check_mode(UNDEFINED_PARSING, "{{ x < 1 }}", NULL);
}

/* repr() of what a template is worth; "!" for a failure. */
static void check_native(const char *source, const char *expected)
{
    Arena arena = {0};
    Err err = {0};
    Text out = {0};
    Template *template;
    Value v;
    RenderOptions options = options_of(
        &arena, "{\"n\": 5, \"f\": 1.5, \"s\": \"x\", \"num\": \"12\", \"t\": \"True\", "
                "\"xs\": [1, \"a\"], \"none\": null}");
    options.is_native = true;
    assert_true(jinja_compile(&arena, str_of(source), STR("t"), NULL, &template, &err));
    if (jinja_render_value(template, &arena, &options, &v, &err))
        value_repr(v, &out);
    else
        text_add_c(&out, "!");
    if (strcmp(out.at, expected) != 0)
        fail_msg("%s gives %s, expected %s", source, out.at, expected);
    text_drop(&out);
    err_drop(&err);
    arena_drop(&arena);
}

static void native_values(void **state)
{
    (void)state;
    check_native("{{ n }}", "5");
    check_native("{{ f }}", "1.5");
    check_native("{{ xs }}", "[1, 'a']");
    check_native("{{ nope }}", "Undefined");
    check_native("{{ n > 3 }}", "True");
    check_native("{{ 5 }}", "'5'");
    check_native("{{ [1, 2] }}", "'[1, 2]'");
    check_native("{{ 1 + 2 }}", "'3'");
    check_native("{{ none }}", "'None'");
    check_native("plain", "'plain'");
    check_native("", "''");
    check_native("{{ n }}{{ n }}", "'55'");
    check_native(" {{ n }}", "' 5'");
    check_native("{% if n %}{{ n }}{% endif %}", "5");
    check_native("{% set x = n %}{{ x }}", "5");
    check_native("{% for x in xs %}{{ x }}{% endfor %}", "'1a'");
    check_native("{{ num }}", "'12'");
    check_native("{{ num | as_number }}", "12");
    check_native("{{ num | as_native }}", "12");
    check_native("{{ num | as_text }}", "'12'");
    check_native("{{ t | as_bool }}", "True");
    check_native("{{ 'true' ~ '' if n else s | as_bool }}", "'true'");
    check_native("{{ '5' | as_number }}", "5");
    check_native("{{ '1' | int }}", "'1'");
    check_native("{{ num | as_number | int }}", "12");
    check_native("{{ [num | as_number] }}", "['12']");
    check_native("{{ (num | as_number) + 1 }}", "!");
    check_native("{{ '[1, -2.5, None]' | as_native if n else 1 }}", "[1, -2.5, None]");
    check_native("{{ {'a': 1} }}", "\"{'a': 1}\"");
    check_native("{{ {'a': n} }}", "{'a': 5}");
    check_native("{{ {'a': 1}['a'] }}", "'1'");
    check_native("{{ -n }}", "-5");
    check_native("{{ n }} ", "'5 '");
    check_native("{{ n }}{# c #}", "5");
    check_native("{{ 'x'.upper() }}", "'X'");
    check_native("{{ s | as_bool }}", "!");
    check_native("{{ s | as_number }}", "!");
    check_native("{{ t | as_number }}", "!");
    check_native("{{ s | as_native }}", "'x'");
    check_native("{% macro m() %}{{ n }}{% endmacro %}{{ m() }}", "'5'");
}

static void text_ignores_native_filters(void **state)
{
    (void)state;
    check_mode(UNDEFINED_LENIENT, "{{ '12' | as_number }}{{ 'x' | as_bool }}{{ 1 | as_text }}",
               "12x1");
}

static void finds_tags(void **state)
{
    (void)state;
    assert_true(jinja_has_tags(STR("a {{ b")));
    assert_true(jinja_has_tags(STR("a {# b")));
    assert_true(jinja_has_tags(STR("{%")));
    assert_false(jinja_has_tags(STR("a { { } } {")));
    assert_false(jinja_has_tags(STR("")));
}

/* One template, many renders: nothing of the one is seen in the next. */
static void templates_are_reused(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Template *template;
    assert_true(jinja_compile(&arena, STR("{% set x = x | default(0) + 1 %}{{ x }}"
                                          "{% macro m(a=[]) %}"
                                          "{% do a.append(1) %}{{ a }}{% endmacro %}{{ m() }}"),
                              STR("t"), NULL, &template, &err));
    for (int i = 0; i < 3; i++) {
        Arena work = {0};
        Text out = {0};
        RenderOptions options = options_of(&work, "{}");
        assert_true(jinja_render(template, &work, &options, &out, &err));
        assert_string_equal(out.at, "1[1]");
        text_drop(&out);
        arena_drop(&work);
    }
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_places),  cmocka_unit_test(limits_hold),
        cmocka_unit_test(nesting_is_limited),  cmocka_unit_test(long_is_not_deep),
        cmocka_unit_test(cancels),             cmocka_unit_test(undefined_has_three_modes),
        cmocka_unit_test(native_values),       cmocka_unit_test(text_ignores_native_filters),
        cmocka_unit_test(finds_tags),          cmocka_unit_test(templates_are_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
