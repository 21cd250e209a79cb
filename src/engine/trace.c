/* trace.c: every statement into the file that WEIR_TRACE_SQL names, for benchmarks and for looking.
 *
 *   record = THREAD ' ' BEGAN_US ' ' TOOK_US '\n' SQL NUL
 *
 * THREAD counts from 0 in order of first statement (a session belongs to one thread); BEGAN_US is
 * the steady clock. A record is one write() at the statement's end, so records of threads do not
 * mix and stand in order of completion. Read by bench/replay.c.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/process.h"
#include "engine/engine_base.h"

static int trace_file = -1;

static unsigned thread_number(void)
{
    static atomic_uint next;
    static _Thread_local unsigned number;  /* 0: not given yet */
    if (!number)
        number = atomic_fetch_add(&next, 1) + 1;
    return number - 1;
}

static void write_record(void *context, Str sql, int64_t us)
{
    AUTO(text) Text record = {0};
    text_print(&record, "%u %lld %lld\n", thread_number(), (long long)(clock_steady_us() - us),
               (long long)us);
    text_add(&record, sql);
    text_add_char(&record, '\0');
    if (write(*(const int *)context, record.at, record.len) != (ssize_t)record.len)
        engine_trace(NULL, NULL);
}

static void open_file(void)
{
    Str path = environment_get("WEIR_TRACE_SQL");
    if (!path.len)
        return;
    trace_file = open(path.at, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (trace_file >= 0)
        engine_trace(write_record, &trace_file);
    else
        event_print(LEVEL_WARN, "TraceNotOpened", "E039", "WEIR_TRACE_SQL: cannot write %s",
                    path.at);
}

void engine_trace_from_environment(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_file);
}
