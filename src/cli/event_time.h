/* event_time.h: private to cli/: --event-time-start, --event-time-end, --sample.
 *
 * As flags: times as ISO text, a sample as {start: ISO text, end: ISO text}. Clocks are UTC.
 */
#ifndef CLI_EVENT_TIME_H
#define CLI_EVENT_TIME_H

#include "transform/transform.h"

/* "2024-01-31", "2024-01-31 23:59:59" as ISO text. False: there is no such time. */
bool event_time_read(Arena *arena, Str text, Value *out);

/* "3 days" up to now, or "{start: ..., end: ...}".
 * Fails ERR_USAGE as dbt words it */
MUST bool event_time_sample(Arena *arena, Str text, int64_t now_us, Value *out, Err *err);

/* Both ends or none, in order. Fails ERR_USAGE as dbt words it. */
MUST bool event_time_check(Value flags, Err *err);

/* The windows that the flags ask for. */
void event_time_windows(Value flags, EventWindow *asked, EventWindow *sample);

#endif
