/* version_test.c: order and ranges; the answers are dbt's semver's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deps/deps_base.h"

static Version parsed(Arena *arena, const char *text)
{
    AUTO(err) Err err = {0};
    Version version;
    if (!version_parse(arena, str_of(text), &version, &err))
        fail_msg("%s: %s", text, err.text);
    return version;
}

static void reads_and_prints(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    static const char *const good[][2] = {
        {"1.2.3", "=1.2.3"},          {"=1.2.3", "=1.2.3"},
        {">=0.0.1", ">=0.0.1"},       {"<=1.0.0-b1", "<=1.0.0-b1"},
        {">1.0.0+5", ">1.0.0+5"},     {"<1.0.0-a.b.3+x.007", "<1.0.0-a.b.3+x.007"},
        {"1.0.0a1", "=1.0.0-a1"},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        AUTO(text) Text out = {0};
        Version version = parsed(&arena, good[i][0]);
        version_print(&version, &out);
        assert_string_equal(out.at, good[i][1]);
    }
    static const char *const bad[] = {"", "1", "1.0", "01.0.0", "1.0.0-01", "1.0.0-", "~1.0.0",
                                      "1.0.0 ", ">=1.0.0,<2.0.0", "1.0.x", "1.0.0-a..b",
                                      "v1.0.0"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO(err) Err err = {0};
        Version version;
        if (version_parse(&arena, str_of(bad[i]), &version, &err))
            fail_msg("%s is no version", bad[i]);
        assert_int_equal(err.kind, ERR_RUNTIME);
    }
}

static void orders(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    static const char *const rising[] = {
        "0.9.9", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-a", "1.0.0-a.1", "1.0.0-a.b",
        "1.0.0-b10", "1.0.0-b2", "1.0.0", "1.0.1", "1.10.0", "2.0.0"};
    for (size_t i = 0; i < COUNT_OF(rising); i++)
        for (size_t j = 0; j < COUNT_OF(rising); j++) {
            Version a = parsed(&arena, rising[i]), b = parsed(&arena, rising[j]);
            int order = version_compare(&a, &b);
            if ((order > 0) != (i > j) || (order < 0) != (i < j))
                fail_msg("%s against %s: %d", rising[i], rising[j], order);
        }
    Version below = parsed(&arena, "<2.0.0"), pre = parsed(&arena, "2.0.0-b1");
    assert_true(version_compare(&below, &pre) < 0);
}

static bool join(Arena *arena, const char *list, VersionRange *out)
{
    Str rest = str_of(list), part;
    VersionList all = {0};
    while (str_next_part(&rest, ' ', &part))
        list_add(arena, &all, parsed(arena, str_c(arena, part)));
    return range_of(all.at, all.len, out);
}

static void joins_ranges(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    static const char *const table[][2] = {
        {">=1.0.0 <2.0.0", ">=1.0.0, <2.0.0"}, {"1.0.0", "=1.0.0, =1.0.0"}, {">=1.0.0", ">=1.0.0"},
        {">=1.0.0 >1.0.0", ">1.0.0"}, {">=1.0.0 <=1.0.0", ">=1.0.0, <=1.0.0"},
        {"<2.0.0 <3.0.0", "<2.0.0"}, {">1.0.0 <1.0.0", NULL}, {"1.0.0 2.0.0", NULL},
        {">=2.0.0 1.0.0", NULL}, {">=2.0.0 <1.2.0", NULL}, {">1.0.0 1.0.0", NULL},
        {">=1.0.0 1.0.0", "=1.0.0, =1.0.0"}, {"<=1.0.0 1.0.0", "=1.0.0, =1.0.0"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        VersionRange range;
        AUTO(text) Text out = {0};
        bool fits = join(&arena, table[i][0], &range);
        if (fits)
            range_print(&range, &out);
        if (fits != (table[i][1] != NULL) || (fits && strcmp(out.at, table[i][1]) != 0))
            fail_msg("%s: %s", table[i][0], fits ? out.at : "conflict");
    }
}

static void picks_the_highest(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    static const char *const offers[] = {"0.9.0", "1.0.0",    "1.2.0-b1",
                                         "1.1.0", "2.0.0-b1", "2.0.0"};
    static const struct {
        const char *range;
        int best;
    } table[] = {{">=1.0.0 <2.0.0", 2}, {"<=1.1.0", 3}, {">=2.0.0", 5}, {"<1.0.0", 0},
                 {">2.0.0", -1}, {"1.2.0-b1", 2}, {">0.9.0 <1.0.0", -1}};
    VersionList all = {0};
    for (size_t i = 0; i < COUNT_OF(offers); i++)
        list_add(&arena, &all, parsed(&arena, offers[i]));
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        VersionRange range;
        assert_true(join(&arena, table[i].range, &range));
        int best = range_pick(&range, &all);
        if (best != table[i].best)
            fail_msg("%s: %d", table[i].range, best);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints),
        cmocka_unit_test(orders),
        cmocka_unit_test(joins_ranges),
        cmocka_unit_test(picks_the_highest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
