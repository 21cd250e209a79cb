/* event.c: hands every event to every sink, one event at a time. */
#include "base/event.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pool.h"

#define SINKS_MOST 8
#define EVENT_RANK 900

static struct {
    Lock lock;
    EventSink sinks[SINKS_MOST];
    uint32_t count;
} stream = {.lock = LOCK_INIT(EVENT_RANK, "events")};

static _Thread_local char thread_name[32];

void event_add_sink(EventSink sink)
{
    lock_take(&stream.lock);
    assert(stream.count < SINKS_MOST);
    stream.sinks[stream.count++] = sink;
    lock_give(&stream.lock);
}

void event_clear_sinks(void)
{
    lock_take(&stream.lock);
    stream.count = 0;
    lock_give(&stream.lock);
}

/* The lock is held over the sinks on purpose: it is what keeps lines of two threads apart. A sink
 * that says something itself runs into the rank's assertion. */
void event_say(Event event)
{
    if (!event.at_us)
        event.at_us = clock_now_us();
    if (!event.thread)
        event.thread = event_thread_name();
    lock_take(&stream.lock);
    for (uint32_t i = 0; i < stream.count; i++)
        stream.sinks[i].take(stream.sinks[i].context, &event);
    lock_give(&stream.lock);
}

void event_print(Level level, const char *name, const char *code, const char *format, ...)
{
    AUTO(text) Text message = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&message, format, args);
    va_end(args);
    event_say((Event){.name = name, .code = code, .level = level, .message = text_str(&message),
                      .data = NONE});
}

void event_set_thread_name(const char *name)
{
    snprintf(thread_name, sizeof(thread_name), "%s", name);
}

const char *event_thread_name(void)
{
    if (!thread_name[0])
        event_set_thread_name(gettid() == getpid() ? "MainThread" : "Thread");
    return thread_name;
}
