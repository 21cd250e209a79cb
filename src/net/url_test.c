/* URLs: RFC 3986's own examples, encoding, showing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/process.h"
#include "net/url.h"

static void check(Str got, const char *expected, const char *what)
{
    if (!str_is(got, expected))
        fail_msg("%s gives '" STR_FMT "', not '%s'", what, STR_ARG(got), expected);
}

/* RFC 3986, 5.4.1 and 5.4.2, and next links as servers send them. */
static void test_resolve(void **state)
{
    (void)state;
    static const struct {
        const char *base, *reference, *expected;
    } rows[] = {
        {"http://a/b/c/d;p?q", "g:h", "g:h"},
        {"http://a/b/c/d;p?q", "g", "http://a/b/c/g"},
        {"http://a/b/c/d;p?q", "./g", "http://a/b/c/g"},
        {"http://a/b/c/d;p?q", "g/", "http://a/b/c/g/"},
        {"http://a/b/c/d;p?q", "/g", "http://a/g"},
        {"http://a/b/c/d;p?q", "//g", "http://g"},
        {"http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y"},
        {"http://a/b/c/d;p?q", "g?y", "http://a/b/c/g?y"},
        {"http://a/b/c/d;p?q", "#s", "http://a/b/c/d;p?q#s"},
        {"http://a/b/c/d;p?q", "g#s", "http://a/b/c/g#s"},
        {"http://a/b/c/d;p?q", "g?y#s", "http://a/b/c/g?y#s"},
        {"http://a/b/c/d;p?q", ";x", "http://a/b/c/;x"},
        {"http://a/b/c/d;p?q", "", "http://a/b/c/d;p?q"},
        {"http://a/b/c/d;p?q", ".", "http://a/b/c/"},
        {"http://a/b/c/d;p?q", "./", "http://a/b/c/"},
        {"http://a/b/c/d;p?q", "..", "http://a/b/"},
        {"http://a/b/c/d;p?q", "../", "http://a/b/"},
        {"http://a/b/c/d;p?q", "../g", "http://a/b/g"},
        {"http://a/b/c/d;p?q", "../..", "http://a/"},
        {"http://a/b/c/d;p?q", "../../g", "http://a/g"},
        {"http://a/b/c/d;p?q", "../../../g", "http://a/g"},
        {"http://a/b/c/d;p?q", "/./g", "http://a/g"},
        {"http://a/b/c/d;p?q", "/../g", "http://a/g"},
        {"http://a/b/c/d;p?q", "g.", "http://a/b/c/g."},
        {"http://a/b/c/d;p?q", "..g", "http://a/b/c/..g"},
        {"http://a/b/c/d;p?q", "./../g", "http://a/b/g"},
        {"http://a/b/c/d;p?q", "./g/.", "http://a/b/c/g/"},
        {"http://a/b/c/d;p?q", "g/../h", "http://a/b/c/h"},
        {"http://a/b/c/d;p?q", "g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"http://a/b/c/d;p?q", "g?y/../x", "http://a/b/c/g?y/../x"},
        {"https://api.x.io:8443/v1/items?page=1", "/v1/items?page=2",
         "https://api.x.io:8443/v1/items?page=2"},
        {"https://api.x.io", "items?page=2", "https://api.x.io/items?page=2"},
        {"https://api.x.io/a", "https://other.io/b?c=d", "https://other.io/b?c=d"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(url_resolve(&arena, str_of(rows[i].base), str_of(rows[i].reference)),
              rows[i].expected, rows[i].reference);
    arena_drop(&arena);
}

static void test_encode(void **state)
{
    (void)state;
    Arena arena = {0};
    check(url_encode(&arena, STR("a b/c+d~e%\xc3\xa9"), false), "a%20b%2Fc%2Bd~e%25%C3%A9",
          "encode");
    check(url_encode(&arena, STR("a b/c"), true), "a%20b/c", "encode");
    check(url_decode(&arena, STR("a%20b%2fc%zz%4")), "a b/c%zz%4", "decode");
    check(url_with(&arena, STR("http://a/b"), STR("q r"), STR("1&2")), "http://a/b?q%20r=1%262",
          "with");
    check(url_with(&arena, STR("http://a/b?x=1#f"), STR("q"), STR("")), "http://a/b?x=1&q=#f",
          "with");
    check(url_with(&arena, STR("http://a/b?"), STR("q"), STR("1")), "http://a/b?q=1", "with");
    static const char *const base64[] = {"", "", "f", "Zg==", "fo", "Zm8=", "foo", "Zm9v",
                                         "foob", "Zm9vYg==", "fooba", "Zm9vYmE=", "foobar",
                                         "Zm9vYmFy"};
    for (size_t i = 0; i < COUNT_OF(base64); i += 2)
        check(base64_print(&arena, str_of(base64[i])), base64[i + 1], base64[i]);
    check(base64_print(&arena, STR("\xff\xfe\xfd")), "//79", "high bytes");
    arena_drop(&arena);
}

static void test_shown(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"http://a/b?c=d&e#f", "http://a/b?c=d&e"},
        {"https://me:pw@host:8/x", "https://*****@host:8/x"},
        {"https://me@host/x", "https://*****@host/x"},
        {"https://h/?api_key=1&Token=2&page=3&X-Amz-Signature=4&sig=5",
         "https://h/?api_key=*****&Token=*****&page=3&X-Amz-Signature=*****&sig=*****"},
        {"https://h/known-secret/x?y=known-secret", "https://h/*****/x?y=*****"},
        {"nonsense", "nonsense"},
        {"", ""},
    };
    Arena arena = {0};
    secret_add(STR("known-secret"));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(url_shown(&arena, str_of(rows[i][0])), rows[i][1], rows[i][0]);
    arena_drop(&arena);
}

static void test_parts(void **state)
{
    (void)state;
    UrlParts parts;
    url_split(STR("https://u:p@[::1]:8443/a/b?c#d"), &parts);
    check(parts.scheme, "https", "scheme");
    check(parts.user, "u:p", "user");
    check(parts.host, "[::1]", "host");
    check(parts.port, "8443", "port");
    check(parts.path, "/a/b", "path");
    check(parts.query, "c", "query");
    check(parts.fragment, "d", "fragment");
    url_split(STR("a/b:c"), &parts);
    assert_null(parts.scheme.at);
    check(parts.path, "a/b:c", "path");
    assert_true(url_same_origin(STR("https://A.x/1"), STR("https://a.x:443/2")));
    assert_false(url_same_origin(STR("https://a.x/1"), STR("http://a.x/1")));
    assert_false(url_same_origin(STR("https://a.x/1"), STR("https://a.x:444/1")));
    assert_false(url_same_origin(STR("https://a.x/1"), STR("https://a.x.evil/1")));
    assert_false(url_same_origin(STR("https://a.x/1"), STR("https://a.x@evil/1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
