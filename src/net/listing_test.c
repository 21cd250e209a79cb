/* Lines of servers' listings, and what they mean: tests/cases/net/listing.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/listing.h"

/* 2026-03-05T12:00:00Z */
#define NOW_US 1772712000000000

/* What a line gave, in the words of the case file. */
static Str shown(Arena *arena, Str line)
{
    Err err = {0};
    RemoteEntries entries;
    if (!listing_parse(arena, line, NOW_US, &entries, &err)) {
        assert_int_equal(err.kind, ERR_RUNTIME);
        err_drop(&err);
        return STR("refused");
    }
    if (!entries.len)
        return STR("nothing");
    const RemoteEntry *entry = &entries.at[0];
    return str_print(arena, "%s|%llu|" STR_FMT "|" STR_FMT, entry->is_folder ? "folder" : "file",
                     (unsigned long long)entry->size_bytes,
                     STR_ARG(str_slice(clock_print_iso(arena, entry->modified_at_us), 0, 19)),
                     STR_ARG(entry->name));
}

static void test_lines(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str text, line, expected;
    assert_true(file_read(&arena, STR("tests/cases/net/listing.txt"), &text, &err));
    int count = 0;
    while (text.at && str_next_part(&text, '\n', &line)) {
        if (!line.len || line.at[0] == '#')
            continue;
        assert_true(str_next_part(&text, '\n', &expected));
        assert_true(str_starts(expected, STR("  = ")));
        Str got = shown(&arena, line);
        if (!str_eq(got, str_slice(expected, 4, expected.len)))
            fail_msg("'" STR_FMT "' gives " STR_FMT, STR_ARG(line), STR_ARG(got));
        count++;
    }
    assert_true(count >= 20);
    arena_drop(&arena);
}

static void test_many(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    RemoteEntries entries;
    assert_true(listing_parse(&arena, STR("total 8\r\n"
                                          "drwxr-xr-x 2 a b 4096 Mar 01 10:00 .\r\n"
                                          "-rw-r--r-- 1 a b 5 Mar 01 10:00 one\r\n"
                                          "-rw-r--r-- 1 a b 6 Mar 01 10:00 two\r\n"),
                              NOW_US, &entries, &err));
    assert_int_equal(entries.len, 2);
    assert_true(str_is(entries.at[1].name, "two"));
    assert_true(listing_parse(&arena, STR_NONE, NOW_US, &entries, &err));
    assert_int_equal(entries.len, 0);
    assert_false(listing_parse(&arena, STR("-rw-r--r-- 1 a b 5 Mar 01 10:00 one\nwhat?\n"), NOW_US,
                               &entries, &err));
    assert_non_null(strstr(err.text, "'what?'"));
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
