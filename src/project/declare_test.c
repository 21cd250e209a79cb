/* declare_test.c: what ingest/ and publish/ files may say: every row of declare.def is taken with a
 * fitting value and with Jinja, and refused with one that does not fit; durations and sizes. Whole
 * files are cases: tests/cases/project/declare/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "project/declare.h"

/* ---- every key ---- */

/* A value as YAML of each kind that is taken, and one that is not (NULL: everything is). */
#define GOOD_TEXT "some text"
#define GOOD_INT "12"
#define GOOD_NUMBER "0.5"
#define GOOD_SHARE "0.25"
#define GOOD_BOOL "false"
#define GOOD_ANY "{a: [1, x]}"
#define GOOD_NAMES "[a, b]"
#define GOOD_LIST "[a, 1]"
#define GOOD_DICT "{a: 1}"
#define GOOD_DURATION "1h 30m"
#define GOOD_BYTES "64MB"
#define GOOD_OBJECT "{}"
#define GOOD_LIST_OF "[{name: a}]"
#define GOOD_MAP_OF "{}"
#define GOOD_TEXT_OR "{}"
#define GOOD_MAP_TEXT_OR "{a: text, b: {}}"
#define GOOD_WORDS "[]"
#define GOOD_WORD NULL
#define GOOD_WORD_OR NULL
#define BAD_TEXT "[a]"
#define BAD_INT "some"
#define BAD_NUMBER "-1"
#define BAD_SHARE "2"
#define BAD_BOOL "12"
#define BAD_ANY NULL
#define BAD_NAMES "{a: 1}"
#define BAD_LIST "a"
#define BAD_DICT "[a]"
#define BAD_DURATION "soon"
#define BAD_BYTES "much"
#define BAD_OBJECT "a"
#define BAD_LIST_OF "{a: 1}"
#define BAD_MAP_OF "[a]"
#define BAD_TEXT_OR "{no_such_key: 1}"
#define BAD_MAP_TEXT_OR "[a]"
#define BAD_WORDS "[no_such_word]"
#define BAD_WORD "no_such_word"
#define BAD_WORD_OR "no_such_word"

static const struct Row {
    const char *object, *key, *kind, *good, *bad, *words;
} rows[] = {
#define KEY(object, key, kind, detail) {#object, key, #kind, GOOD_##kind, BAD_##kind, detail},
#include "project/declare.def"
#undef KEY
};

static const char *const types[] = {"http", "postgres", "mysql", "s3", "sftp", "ftp", "file"};

static bool is_type(const char *object)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(types[i], object) == 0)
            return true;
    return false;
}

/* Is `key: value` taken where the row's object stands? */
static bool is_taken(const struct Row *row, const char *key, Str value, Err *err)
{
    Arena arena = {0};
    YamlDoc doc = {0};
    const char *object = is_type(row->object) ? "connection" : row->object;
    bool needs_type = strcmp(object, "connection") == 0 && strcmp(key, "type") != 0;
    Str text = str_print(&arena, "%s%s%s\"%s\": " STR_FMT "\n", needs_type ? "type: " : "",
                         !needs_type              ? ""
                         : is_type(row->object) ? row->object
                                                : "file",
                         needs_type ? "\n" : "", key, STR_ARG(value));
    assert_true(yaml_parse(&arena, text, STR("ingest/a.yml"), &doc, err));
    bool ok = declare_check_object(object, doc.root, STR("ingest/a.yml"), text, err);
    if (!ok) {
        assert_int_equal(err->kind, ERR_PARSING);
        assert_int_equal(err->place.line, needs_type ? 2 : 1);
        assert_true(str_is(err->place.file, "ingest/a.yml"));
    }
    arena_drop(&arena);
    return ok;
}

static void must_take(const struct Row *row, Str value)
{
    Err err = {0};
    if (!is_taken(row, row->key, value, &err))
        fail_msg("%s: `%s: " STR_FMT "` is refused: %s", row->object, row->key, STR_ARG(value),
                 err.text);
}

static void must_refuse(const struct Row *row, const char *key, const char *value,
                        const char *words)
{
    Err err = {0};
    if (is_taken(row, key, str_of(value), &err))
        fail_msg("%s: `%s: %s` is taken", row->object, key, value);
    if (!strstr(err.text, words))
        fail_msg("%s: `%s: %s`: no \"%s\" in: %s", row->object, key, value, words, err.text);
    err_drop(&err);
}

static void test_every_key(void **state)
{
    (void)state;
    assert_true(COUNT_OF(rows) > 150);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct Row *row = &rows[i];
        if (row->good)
            must_take(row, str_of(row->good));
        if (row->bad)
            must_refuse(row, row->key, row->bad, row->bad[0] == '{' ? "" : row->key);
        must_take(row, STR("\"{{ env_var('ANY') }}\""));
        if (strcmp(row->key, "type") != 0)
            must_take(row, STR("~"));
    }
}

static void test_every_word(void **state)
{
    (void)state;
    Arena arena = {0};
    uint32_t count = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_list = strcmp(rows[i].kind, "WORDS") == 0;
        if (rows[i].good && !is_list)
            continue;
        Str words = str_of(rows[i].words), word;
        ptrdiff_t bar = str_find_char(words, '|');
        words = bar < 0 ? words : str_slice(words, 0, (size_t)bar);
        for (; str_next_part(&words, ' ', &word); count++)
            must_take(&rows[i],
                      is_list ? str_print(&arena, "[" STR_FMT "]", STR_ARG(word)) : word);
        if (bar >= 0)
            must_take(&rows[i], STR("{}"));
    }
    assert_true(count > 100);
    arena_drop(&arena);
}

/* One letter wrong, for each key of six letters and more: the right one is named. */
static void test_nearest_key(void **state)
{
    (void)state;
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Str key = str_of(rows[i].key);
        if (key.len < 6)
            continue;
        Str wrong = str_print(&arena, STR_FMT "q", STR_ARG(str_slice(key, 0, key.len - 1)));
        must_refuse(&rows[i], wrong.at, "1", "Did you mean '");
    }
    arena_drop(&arena);
}

static void test_nearest_word(void **state)
{
    (void)state;
    const struct Row resource = {.object = "resource"}, http = {.object = "http"};
    must_refuse(&resource, "write_disposition", "marge", "Did you mean 'merge'?");
    must_refuse(&resource, "write_disposition", "[merge]", "it is one of append replace merge");
    must_refuse(&http, "paginator", "{type: ofset}", "Did you mean 'offset'?");
    must_refuse(&http, "auth", "{typ: bearer}", "Did you mean 'type'?");
    must_refuse(&http, "host", "db", "'host' is no key of a connection of type http");
    must_refuse(&resource, "parmas", "{}", "'parmas' is no key of a resource. Did you mean "
                                           "'params'?");
    must_refuse(&resource, "xyzzyxyzzy", "1", "it has name, description");
}

/* ---- durations and sizes ---- */

static void check_duration(Value v, int64_t wanted)
{
    int64_t us = -1;
    bool ok = duration_read(v, &us);
    AUTO(text) Text shown = {0};
    value_repr(v, &shown);
    if (ok != (wanted >= 0) || (ok && us != wanted))
        fail_msg("%s: %d %lld", shown.at, ok, (long long)us);
}

static void test_durations(void **state)
{
    (void)state;
    const int64_t second = 1000000;
    check_duration(value_int(30), 30 * second);
    check_duration(value_float(0.5), second / 2);
    check_duration(value_lit("250ms"), second / 4);
    check_duration(value_lit("15m"), 900 * second);
    check_duration(value_lit("1h30m"), 5400 * second);
    check_duration(value_lit("1h 30 min"), 5400 * second);
    check_duration(value_lit("1.5d"), 129600 * second);
    check_duration(value_lit("2w"), 1209600 * second);
    static const char *const bad[] = {"", "h", "1x", "1h30", "-1h", "soon", "1 fortnight", " "};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        check_duration(value_text(str_of(bad[i])), -1);
    check_duration(value_int(-1), -1);
    check_duration(value_bool(true), -1);
    check_duration(NONE, -1);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0}, {"12", 12}, {"12b", 12}, {"64MB", 64000000}, {"64 mb", 64000000},
                {"1KiB", 1024}, {"2gib", (uint64_t)2 << 30}, {"3k", 3000}};
    static const char *const bad[] = {"", "MB", "1.5MB", "-1", "1 TB", "many"};
    uint64_t bytes;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(bytes_read(value_text(str_of(good[i].text)), &bytes));
        assert_int_equal(bytes, good[i].bytes);
    }
    assert_true(bytes_read(value_int(5), &bytes) && bytes == 5);
    assert_false(bytes_read(value_int(-5), &bytes));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (bytes_read(value_text(str_of(bad[i])), &bytes))
            fail_msg("'%s' is %llu bytes", bad[i], (unsigned long long)bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),    cmocka_unit_test(test_every_word),
        cmocka_unit_test(test_nearest_key),  cmocka_unit_test(test_nearest_word),
        cmocka_unit_test(test_durations),    cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
