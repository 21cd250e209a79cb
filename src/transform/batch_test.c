/* batch_test.c: windows of event time: borders of hours to years, lookback, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "jinja/jinja.h"
#include "transform/microbatch.h"

static int64_t at(const char *text)
{
    Arena arena = {0};
    int64_t us = 0;
    assert_true(jinja_datetime_read(&arena, value_text(str_of(text)), &us, NULL));
    arena_drop(&arena);
    return us;
}

static void check_plan(BatchPlan plan, const char *wanted)
{
    Arena arena = {0};
    Windows windows;
    AUTO(text) Text text = {0};
    batch_plan(&plan, &arena, &windows);
    for (uint32_t i = 0; i < windows.len; i++) {
        Str start = batch_time(&arena, windows.at[i].start_us);
        Str end = batch_time(&arena, windows.at[i].end_us);
        text_print(&text, "%s" STR_FMT "|" STR_FMT, i ? " " : "", STR_ARG(str_slice(start, 0, 13)),
                   STR_ARG(str_slice(end, 0, 13)));
    }
    assert_string_equal(text.at, wanted);
    arena_drop(&arena);
}

/* Values of dbt 1.12.6's own examples. */
static void test_borders(void **state)
{
    (void)state;
    static const struct {
        BatchSize size;
        const char *floor, *back, *on, *ceiling;
    } rows[] = {
        {BATCH_HOUR, "2024-09-17 16:00:00", "2024-09-17 15:00:00", "2024-09-17 17:00:00",
         "2024-09-17 17:00:00"},
        {BATCH_DAY, "2024-09-17 00:00:00", "2024-09-16 00:00:00", "2024-09-18 00:00:00",
         "2024-09-18 00:00:00"},
        {BATCH_MONTH, "2024-09-01 00:00:00", "2024-08-01 00:00:00", "2024-10-01 00:00:00",
         "2024-10-01 00:00:00"},
        {BATCH_YEAR, "2024-01-01 00:00:00", "2023-01-01 00:00:00", "2025-01-01 00:00:00",
         "2025-01-01 00:00:00"},
    };
    int64_t now = at("2024-09-17 16:06:00");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(batch_floor(now, rows[i].size), at(rows[i].floor));
        assert_int_equal(batch_move(now, rows[i].size, -1), at(rows[i].back));
        assert_int_equal(batch_move(now, rows[i].size, 1), at(rows[i].on));
        assert_int_equal(batch_ceiling(now, rows[i].size), at(rows[i].ceiling));
        assert_int_equal(batch_ceiling(at(rows[i].floor), rows[i].size), at(rows[i].floor));
    }
    assert_int_equal(batch_move(at("2024-01-31"), BATCH_MONTH, -13), at("2022-12-01"));
    assert_int_equal(batch_floor(at("1969-12-31 23:30:00"), BATCH_DAY), at("1969-12-31"));
}

static void test_names(void **state)
{
    (void)state;
    Arena arena = {0};
    static const char *const names[] = {"2024-09-17T16", "2024-09-17", "2024-09", "2024"};
    for (int size = BATCH_HOUR; size <= BATCH_YEAR; size++) {
        Str name = batch_name(&arena, at("2024-09-17 16:06:00"), (BatchSize)size);
        assert_true(str_is(name, names[size]));
    }
    assert_true(str_is(batch_time(&arena, at("2024-09-17 16:06:00.5")),
                       "2024-09-17 16:06:00.500000+00:00"));
    BatchSize size;
    assert_true(batch_size_find(STR("month"), &size) && size == BATCH_MONTH);
    assert_false(batch_size_find(STR("week"), &size));
    arena_drop(&arena);
}

static void test_plans(void **state)
{
    (void)state;
    BatchPlan plan = {.size = BATCH_DAY, .begin_us = at("2024-01-01 12:00:00"), .lookback = 1,
                      .now_us = at("2024-01-03 06:00:00")};
    /* the first run: from the begin's day to the end of today */
    check_plan(plan, "2024-01-01 00|2024-01-02 00 2024-01-02 00|2024-01-03 00 "
                     "2024-01-03 00|2024-01-04 00");
    /* later: the current batch and one before it */
    plan.is_incremental = true;
    check_plan(plan, "2024-01-02 00|2024-01-03 00 2024-01-03 00|2024-01-04 00");
    /* on a border nothing has begun yet: the batch that ends there is the current one */
    plan.now_us = at("2024-01-03");
    check_plan(plan, "2024-01-01 00|2024-01-02 00 2024-01-02 00|2024-01-03 00");
    plan.lookback = 0;
    check_plan(plan, "2024-01-02 00|2024-01-03 00");
    /* what is asked for, widened to whole batches */
    plan.asked = (EventWindow){{at("2024-02-01 05:00:00"), at("2024-02-02 07:30:00")}, true, true};
    check_plan(plan, "2024-02-01 00|2024-02-02 00 2024-02-02 00|2024-02-03 00");
    plan.size = BATCH_HOUR;
    plan.asked.window.end_us = at("2024-02-01 06:59:00");
    check_plan(plan, "2024-02-01 05|2024-02-01 06 2024-02-01 06|2024-02-01 07");
    /* a begin in the future: one batch that ends before it begins, as dbt makes it */
    plan = (BatchPlan){.size = BATCH_YEAR, .begin_us = at("2026-01-01"),
                       .now_us = at("2024-05-05")};
    check_plan(plan, "2026-01-01 00|2025-01-01 00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_borders),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
