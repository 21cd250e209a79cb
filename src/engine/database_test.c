/* What all kinds of servers share: configuration, hints. No server is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/database_base.h"

static void put(Value config, const char *key, const char *value)
{
    dict_put(config.dict, str_of(key), value_text(str_of(value)));
}

static void check(Value config, const char *key, const char *expected)
{
    Str found = value_get_text(config, key, STR("(none)"));
    if (!str_is(found, expected))
        fail_msg("%s: " STR_FMT ", expected %s", key, STR_ARG(found), expected);
}

static void test_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host, *port, *user, *password, *database;
    } cases[] = {
        {"postgres://a:b@h:1/d", "h", "1", "a", "b", "d"},
        {"postgresql://a:p%40ss%3A%2F@h/d?sslmode=require", "h", "(none)", "a", "p@ss:/", "d"},
        {"mysql://a:p@ss@h/d", "h", "(none)", "a", "p@ss", "d"},
        {"postgres://[::1]:5433/d", "::1", "5433", "(none)", "(none)", "d"},
        {"postgres://[fe80::1%25eth0]", "fe80::1%eth0", "(none)", "(none)", "(none)", "(none)"},
        {"postgres://h", "h", "(none)", "(none)", "(none)", "(none)"},
        {"postgres://a@h/", "h", "(none)", "a", "(none)", "(none)"},
        {"postgres:///d", "(none)", "(none)", "(none)", "(none)", "d"},
        {"postgres://a:100%@h", "h", "(none)", "a", "100%", "(none)"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena = {0};
        Err err = {0};
        Value config = value_dict(&arena), out;
        put(config, "url", cases[i].url);
        if (!database_config_read(&arena, config, &out, &err))
            fail_msg("%s: %s", cases[i].url, err.text);
        check(out, "host", cases[i].host);
        check(out, "port", cases[i].port);
        check(out, "user", cases[i].user);
        check(out, "password", cases[i].password);
        check(out, "database", cases[i].database);
        check(out, "sslmode", i == 1 ? "require" : "(none)");
        arena_drop(&arena);
    }
}

static void test_keys(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Value config = value_dict(&arena), out;
    int64_t number;
    put(config, "url", "postgres://a:b@h:1/d");
    put(config, "username", "other");
    put(config, "dbname", "mine");
    put(config, "search_path", "");
    dict_put(config.dict, STR("password"), NONE);
    dict_put(config.dict, STR("port"), value_int(99));
    dict_put(config.dict, STR("compress"), value_bool(true));
    assert_true(database_config_read(&arena, config, &out, &err));
    check(out, "user", "other");
    check(out, "database", "mine");
    check(out, "password", "b");
    check(out, "port", "99");
    check(out, "search_path", "(none)");
    check(out, "compress", "true");
    assert_true(database_config_int(out, "port", 1, 100, 7, &number, &err) && number == 99);
    assert_true(database_config_int(out, "absent", 1, 100, 7, &number, &err) && number == 7);
    assert_false(database_config_int(out, "port", 1, 98, 7, &number, &err));
    assert_int_equal(err.kind, ERR_RUNTIME);
    put(config, "port", "54a");
    assert_false(database_config_read(&arena, config, &out, &err));
    assert_non_null(strstr(err.text, "`port` must be a whole number"));
    put(config, "url", "h:5432/d");
    assert_false(database_config_read(&arena, config, &out, &err));
    err_drop(&err);
    arena_drop(&arena);
}

static void test_hints(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Field field;
    bool is_hinted;
    Value hints = value_dict(&arena), one = value_dict(&arena), other = value_dict(&arena);
    put(one, "type", "decimal(20,4)");
    put(other, "description", "no type");
    dict_put(hints.dict, STR("Price"), one);
    dict_put(hints.dict, STR("note"), other);
    put(hints, "plain", "varchar");
    put(hints, "wrong", "varchr");
    assert_true(database_hint(&arena, hints, STR("price"), &is_hinted, &field, &err));
    assert_true(is_hinted && field.type == ARROW_DECIMAL && field.precision == 20);
    assert_true(str_is(field.name, "price"));
    assert_true(database_hint(&arena, hints, STR("plain"), &is_hinted, &field, &err));
    assert_true(is_hinted && field.type == ARROW_TEXT);
    assert_true(database_hint(&arena, hints, STR("note"), &is_hinted, &field, &err) && !is_hinted);
    assert_true(database_hint(&arena, hints, STR("x"), &is_hinted, &field, &err) && !is_hinted);
    assert_true(database_hint(&arena, NONE, STR("x"), &is_hinted, &field, &err) && !is_hinted);
    assert_false(database_hint(&arena, hints, STR("wrong"), &is_hinted, &field, &err));
    assert_non_null(strstr(err.text, "column wrong"));
    err_drop(&err);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
