/* Events reach every sink, whole and one at a time, from many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/event.h"
#include "base/pool.h"

typedef struct Log {
    int count, inside;   /* no lock of their own: event_say() promises one at a time */
    Text lines;
} Log;

static void take(void *context, const Event *event)
{
    Log *log = context;
    assert_int_equal(log->inside++, 0);
    log->count++;
    text_print(&log->lines, "%s %s %d " STR_FMT " [%s]\n", event->name, event->code,
               (int)event->level, STR_ARG(event->message), event->thread);
    assert_true(event->at_us > 0);
    log->inside--;
}

static void test_fields(void **state)
{
    (void)state;
    Log one = {0}, two = {0};
    event_add_sink((EventSink){&one, take});
    event_add_sink((EventSink){&two, take});
    event_print(LEVEL_WARN, "Name", "Z001", "%d of %s", 3, "x");
    event_say((Event){.name = "B", .code = "C", .level = LEVEL_ERROR, .message = STR("m"),
                      .thread = "Thread-9", .at_us = 5});
    assert_string_equal(one.lines.at, "Name Z001 2 3 of x [MainThread]\nB C 3 m [Thread-9]\n");
    assert_string_equal(two.lines.at, one.lines.at);
    event_clear_sinks();
    event_print(LEVEL_INFO, "Name", "Z001", "nobody hears");
    assert_int_equal(one.count, 2);
    text_drop(&one.lines);
    text_drop(&two.lines);
}

static void say(void *context, unsigned worker, uint32_t i)
{
    (void)context;
    event_print(LEVEL_INFO, "N", "C", "%u %u", worker, i);
}

static void test_threads(void **state)
{
    (void)state;
    Log log = {0};
    event_add_sink((EventSink){&log, take});
    parallel_for(4, 2000, 1, say, NULL);
    event_clear_sinks();
    assert_int_equal(log.count, 2000);
    text_drop(&log.lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
