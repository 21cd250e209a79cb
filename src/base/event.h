/* event.h: the one stream of what happens.
 *
 * A room says what happened as a name with fields; sinks (console, JSON lines, log file, later the
 * state database and live pages) decide how it looks. Saying is
 * thread-safe; sinks are called one at a time.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include "base/value.h"

typedef enum Level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR } Level;

/* One event: dbt's name and code, a message already put together, and its data as a dict. */
typedef struct Event {
    const char *name;      /* "LogModelResult"                                          */
    const char *code;      /* "Q012"                                                    */
    Level level;
    Str message;           /* the line(s) for a person, without stamp and colour        */
    Value data;            /* dict for --log-format json; NONE = {}                     */
    int64_t at_us;         /* set by event_say() when 0                                 */
    const char *thread;    /* "MainThread", "Thread-1": set by event_say() when NULL    */
    bool is_payload;       /* ls/show/compile output: no stamp on the console           */
} Event;

typedef struct EventSink {
    void *context;
    void (*take)(void *context, const Event *event);
} EventSink;

/* Sinks are added at start, before threads. */
void event_add_sink(EventSink sink);
void event_clear_sinks(void);

void event_say(Event event);

/* Shorthand for events without data. */
void event_print(Level level, const char *name, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The name of the calling thread, as dbt's logs name it. */
void event_set_thread_name(const char *name);
const char *event_thread_name(void);

#endif
