/* pattern_test.c: names with holes: what matches, what is refused, how long it takes; layouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "drops/pattern.h"

/* want: "table|date|name=text,..." or NULL for no match */
static const struct {
    const char *pattern, *name, *want;
} matches[] = {
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "orders_20240103_7.csv",
     "orders|2024-01-03|batch_id=7"},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "order_items_20240103_b_7.csv",
     "order_items|2024-01-03|batch_id=b_7"},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "a/b/orders_20240103_7.csv",
     "orders|2024-01-03|batch_id=7"},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "./orders_20240103_7.csv",
     "orders|2024-01-03|batch_id=7"},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "o_20240103_20240104_7.csv",
     "o_20240103|2024-01-04|batch_id=7"},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "orders_20240103_.csv", NULL},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "_20240103_7.csv", NULL},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "orders_20241303_7.csv", NULL},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "orders_20230229_7.csv", NULL},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "orders_20240229_7.csv",
     "orders|2024-02-29|batch_id=7"},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "orders_20240103_7.csv.bak", NULL},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "ORDERS_20240103_7.CSV", NULL},
    {"{table}_{date:%Y%m%d}_{batch_id}.csv", "", NULL},
    {"{table}.csv", "x.y.csv", "x.y||"},
    {"{table}.csv", "d/x.csv", "x||"},
    {"{table}", "x", "x||"},
    {"{table}-{date}.csv", "orders-2024-01-03.csv", "orders|2024-01-03|"},
    {"{date:%y%j}{table}", "24060orders", "orders|2024-02-29|"},
    {"{date:%y%j}{table}", "23366orders", NULL},
    {"{table}_{date:%d.%m.%Y %H%M%S}.csv", "o_03.01.2024 235960.csv", "o|2024-01-03|"},
    {"{table}_{date:%d.%m.%Y %H%M%S}.csv", "o_03.01.2024 245900.csv", NULL},
    {"{table}_{sent:%H%M}_{n}.csv", "a_b_1200_3.csv", "a_b||sent=1200,n=3"},
    {"{year}/{month}/{day}/{table}.csv", "2024/01/03/orders.csv",
     "orders|2024-01-03|year=2024,month=01,day=03"},
    {"{year}/{month}/{day}/{table}.csv", "x/2024/01/03/orders.csv", NULL},
    {"{year}/{month}/{day}/{table}.csv", "2023/02/29/orders.csv",
     "orders||year=2023,month=02,day=29"},
    {"out/{table}/{batch_id}.csv", "out/orders/1.csv", "orders||batch_id=1"},
    {"out/{table}/{batch_id}.csv", "out/a/b/1.csv", NULL},
    {"{table}__{n}.csv", "a___b__c.csv", "a___b||n=c"},
    {"{table}_{n}.csv", "a___.csv", "a_||n=_"},
    {"{table}aa{n}", "aaaaaa", "aaa||n=a"},
};

static void test_match(void **state)
{
    (void)state;
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(matches); i++) {
        AUTO(err) Err err = {0};
        AUTO(text) Text got = {0};
        Pattern *pattern;
        PatternMatch match;
        if (!pattern_make(&arena, str_of(matches[i].pattern), &pattern, &err))
            fail_msg("%s: %s", matches[i].pattern, err.text);
        if (!pattern_match(pattern, str_of(matches[i].name), &arena, &match)) {
            if (matches[i].want)
                fail_msg("%s does not match %s", matches[i].name, matches[i].pattern);
            continue;
        }
        text_print(&got, STR_FMT "|" STR_FMT "|", STR_ARG(match.table), STR_ARG(match.date));
        Value key, value;
        for (uint32_t at = 0; dict_next(match.others.dict, &at, &key, &value);)
            text_print(&got, "%s" STR_FMT "=" STR_FMT, at > 1 ? "," : "", STR_ARG(value_str(key)),
                       STR_ARG(value_str(value)));
        if (!matches[i].want)
            fail_msg("%s matches %s: %s", matches[i].name, matches[i].pattern, got.at);
        assert_string_equal(got.at, matches[i].want);
    }
    arena_drop(&arena);
}

/* What pattern_make() refuses, with the column and a part of what it says. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        int column;
        const char *says;
    } rows[] = {
        {"orders_{date:%Y%m%d}.csv", 1, "lacks {table}"},
        {"{table}_{batch", 9, "does not close"},
        {"{table}_batch}", 14, "without its '{'"},
        {"{table}_{}", 10, "expected a name"},
        {"{table}_{batch id}", 10, "expected a name"},
        {"{table}_{table}", 9, "{table} stands twice"},
        {"{table}{batch_id}", 8, "nothing stands between {table} and {batch_id}"},
        {"{table}_{date:%Y%b%d}", 17, "unknown letter"},
        {"{table}_{date:%Y%}", 17, "unknown letter"},
        {"{table}_{date:}", 15, "expected a format"},
        {"{table}_{date:%Y%m}", 9, "needs year, month and day"},
        {"", 1, "lacks {table}"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(err) Err err = {0};
        Pattern *pattern;
        if (pattern_make(&arena, str_of(rows[i].pattern), &pattern, &err))
            fail_msg("%s is taken", rows[i].pattern);
        assert_int_equal(err.kind, ERR_PARSING);
        if (!strstr(err.text, rows[i].says) || err.place.column != rows[i].column)
            fail_msg("%s: column %d: %s", rows[i].pattern, err.place.column, err.text);
    }
    arena_drop(&arena);
}

/* The worst that backtracking could meet: many holes, one letter, no match at the very end. */
static void test_no_blow_up(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text name = {0};
    Pattern *pattern;
    PatternMatch match;
    assert_true(pattern_make(&arena, STR("{table}a{b}a{c}a{d}a{e}a{f}a{g}a{h}a{i}a{j}a{k}a{l}x"),
                             &pattern, &err));
    text_add_repeat(&name, 'a', PATTERN_MOST_BYTES);
    int64_t began = clock_steady_us();
    for (int i = 0; i < 20; i++)
        assert_false(pattern_match(pattern, text_str(&name), &arena, &match));
    assert_true(clock_steady_us() - began < 10000000); /* a blow-up would take for ever */
    name.at[PATTERN_MOST_BYTES - 1] = 'x';
    assert_true(pattern_match(pattern, text_str(&name), &arena, &match));
    assert_int_equal(match.table.len, PATTERN_MOST_BYTES - 23);
    text_add_char(&name, 'x');
    assert_false(pattern_match(pattern, text_str(&name), &arena, &match));
    arena_drop(&arena);
}

static void test_layout(void **state)
{
    (void)state;
    static const struct {
        const char *layout, *want, *glob; /* want: a path, or "!" and a part of the message */
    } rows[] = {
        {"{table}/year={year}/month={month}/day={day}", "orders/year=2024/month=01/day=03",
         "orders/year=*/month=*/day=*"},
        {"raw/{partner}/{date}/", "raw/a[1]/2024-01-03/", "raw/a[[]1]/*/"},
        {"{date:%Y%m%d}_{date:%j}_{table}", "20240103_003_orders", "*_*_orders"},
        {"{batch}/x", "7/x", "7/x"},
        {"plain", "plain", "plain"},
        {"{tabel}", "!Did you mean {table}?", "!Did you mean {table}?"},
        {"{something_else}", "!there are {date}, {year}", "!there are {date}, {year}"},
        {"{up}/x", "!cannot be part of a path", "!cannot be part of a path"},
        {"{slash}/x", "!cannot be part of a path", "!cannot be part of a path"},
        {"{date:%H}", "!unknown letter", "*"},
        {"{table", "!does not close", "!does not close"},
    };
    Arena arena = {0};
    Value names = value_dict(&arena);
    dict_put(names.dict, STR("table"), value_lit("orders"));
    dict_put(names.dict, STR("partner"), value_lit("a[1]"));
    dict_put(names.dict, STR("batch"), value_int(7));
    dict_put(names.dict, STR("up"), value_lit(".."));
    dict_put(names.dict, STR("slash"), value_lit("a/b"));
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        AUTO(err) Err err = {0};
        Str layout = str_of(rows[i / 2].layout), out;
        const char *want = i % 2 ? rows[i / 2].glob : rows[i / 2].want;
        bool ok = i % 2 ? layout_glob(&arena, layout, names, &out, &err)
                        : layout_print(&arena, layout, STR("2024-01-03"), names, &out, &err);
        if (ok)
            assert_string_equal(str_c(&arena, out), want);
        else if (want[0] != '!' || !strstr(err.text, want + 1))
            fail_msg(STR_FMT ": %s", STR_ARG(layout), err.text);
    }
    AUTO(err) Err err = {0};
    Str out;
    assert_false(layout_print(&arena, STR("{date}"), STR("today"), names, &out, &err));
    assert_non_null(strstr(err.text, "needs a date"));
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_blow_up),
        cmocka_unit_test(test_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
