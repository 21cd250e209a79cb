/* modules_test.c: modules.datetime, pytz, re, itertools and Decimal against what Python answered
 * (tests/cases/jinja/library_modules.json, written by record_modules.py beside it). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "jinja/jinja.h"

static bool make_decimal(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = jinja_decimal(call->arena, value_str(call->args[0]));
    return true;
}

static bool find_name(void *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)hash, (void)err;
    *out = value_get_str(*(Value *)context, name);
    return true;
}

static Value names_make(Arena *arena)
{
    static const char *const modules[] = {"datetime", "pytz", "re", "itertools"};
    Value names = value_dict(arena), table = value_dict(arena);
    for (size_t i = 0; i < COUNT_OF(modules); i++)
        dict_put(table.dict, str_of(modules[i]), jinja_module(modules[i]));
    dict_put(names.dict, STR("modules"), table);
    dict_put(names.dict, STR("decimal"), value_function(arena, "decimal", make_decimal, NULL));
    dict_put(names.dict, STR("started"),
             jinja_datetime(arena, INT64_C(1709211907089012), true));
    return names;
}

/* Loose comparison of messages: ours must hold the first words of Python's. */
static bool is_same_message(const char *ours, Str python)
{
    size_t words = 0, end = 0;
    while (end < python.len && words < 4)
        words += python.at[end++] == ' ';
    Str start = str_trim(str_slice(python, 0, end));
    return str_find(str_of(ours), start) >= 0;
}

/* Prints what is wrong; true when nothing is. */
static bool check_case(Arena *arena, Value each)
{
    Str source = value_get_text(each, "template", STR(""));
    Value fails = value_get(each, "fails"), gives = value_get(each, "gives");
    Value names = names_make(arena);
    RenderOptions options = {.scope = {find_name, &names}};
    Template *template;
    AUTO(text) Text out = {0};
    AUTO(err) Err err = {0};
    bool ok = jinja_compile(arena, source, STR("case"), &(JinjaSyntax){0}, &template, &err) &&
              jinja_render(template, arena, &options, &out, &err);
    bool is_right = fails.kind == VALUE_TEXT
                        ? !ok && is_same_message(err.text, value_str(fails))
                        : ok && str_eq(text_str(&out), value_str(gives));
    if (!is_right)
        printf("%.*s\n    gave     %s\n    expected %.*s\n", STR_ARG(source),
               ok ? out.at : err.text,
               STR_ARG(value_str(fails.kind == VALUE_TEXT ? fails : gives)));
    return is_right;
}

static void test_recorded(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    Str source;
    Value cases;
    Str path = STR("tests/cases/jinja/library_modules.json");
    assert_true(file_read(&arena, path, &source, &err));
    assert_true(json_parse(&arena, source, path, &cases, &err));
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < cases.list->len; i++)
        wrong += !check_case(&arena, cases.list->at[i]);
    assert_true(cases.list->len > 300);
    assert_int_equal(wrong, 0);
}

/* What never ends in Python ends here with an error. */
static void test_limits(void **state)
{
    (void)state;
    static const char *const templates[] = {
        "{{ modules.re.match('(a|aa)+$', 'a' * 60 ~ 'b') }}",
        "{{ modules.re.match('(x+x+)+y', 'x' * 200) }}",
        "{{ modules.re.match('(' * 1000, 'a') }}",
        "{{ modules.re.match('(((((a{1000}){1000}){1000}){1000}){1000})', 'a') }}",
        "{{ modules.itertools.product(range(1000), repeat=3)|list|length }}",
        "{{ modules.itertools.permutations(range(20))|list|length }}",
        "{{ modules.datetime.timedelta(days=10 ** 18) }}",
        "{{ 2 ** (2 ** 40) }}",
        "{{ 'a' * (2 ** 40) }}",
        "{{ '{:99999999}'.format(1) }}",
        "{{ '%999999999d' % 1 }}",
    };
    for (size_t i = 0; i < COUNT_OF(templates); i++) {
        AUTO(arena) Arena arena = {0};
        AUTO(text) Text out = {0};
        AUTO(err) Err err = {0};
        Template *template;
        Value names = names_make(&arena);
        RenderOptions options = {.scope = {find_name, &names}};
        assert_true(jinja_compile(&arena, str_of(templates[i]), STR("case"), &(JinjaSyntax){0},
                                  &template, &err));
        if (jinja_render(template, &arena, &options, &out, &err))
            printf("%s should fail\n", templates[i]);
        assert_true(err.kind != ERR_NONE);
    }
}

/* Microseconds of a wall-clock time, of UTC or another. */
static int64_t moment(unsigned month, unsigned day, unsigned hour, unsigned minute)
{
    return us_of_civil((Civil){.year = 2026, .month = month, .day = day, .hour = hour,
                               .minute = minute});
}

static void check_zone(const char *name, int64_t utc_us, int64_t local_us, bool is_back_the_same)
{
    AUTO(err) Err err = {0};
    int64_t local = -1, utc = -1;
    assert_true(jinja_zone_local(str_of(name), utc_us, &local, &err));
    assert_int_equal(local, local_us);
    assert_true(jinja_zone_utc(str_of(name), local_us, &utc, &err));
    assert_true(!is_back_the_same || utc == utc_us);
    assert_true(jinja_zone_local(str_of(name), utc, &local, &err));
    assert_int_equal(local, local_us);
}

/* As Python's zoneinfo has it. */
static void test_zones(void **state)
{
    (void)state;
    check_zone("Asia/Seoul", moment(11, 21, 20, 0), moment(11, 22, 5, 0), true);
    check_zone("America/New_York", moment(11, 1, 5, 59), moment(11, 1, 1, 59), false);
    check_zone("America/New_York", moment(11, 1, 7, 0), moment(11, 1, 2, 0), true);
    check_zone("Europe/Berlin", moment(3, 29, 0, 59), moment(3, 29, 1, 59), true);
    check_zone("Europe/Berlin", moment(3, 29, 1, 0), moment(3, 29, 3, 0), true);
    check_zone("Europe/Berlin", moment(7, 1, 22, 30), moment(7, 2, 0, 30), true);
    check_zone("Asia/Kathmandu", moment(1, 1, 0, 0), moment(1, 1, 5, 45), true);
    check_zone("UTC", moment(1, 1, 0, 0), moment(1, 1, 0, 0), true);
    int64_t utc_us = 0; /* an hour that is left out */
    AUTO(err) Err err = {0};
    assert_true(jinja_zone_utc(STR("Europe/Berlin"), moment(3, 29, 2, 30), &utc_us, &err));
    assert_int_equal(utc_us, moment(3, 29, 1, 30));
    static const char *const bad[] = {"", "Asia/Soul", "../etc/passwd", "/etc/passwd", "Asia"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        Err why = {0};
        assert_false(jinja_zone_local(str_of(bad[i]), 0, &utc_us, &why));
        assert_non_null(strstr(why.text, "UnknownTimeZone"));
        err_drop(&why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
