/* times.h: dates and times as texts write them; private to format/. */
#ifndef FORMAT_TIMES_H
#define FORMAT_TIMES_H

#include "base/str.h"

typedef enum TimeKind { TIME_NONE, TIME_DATE, TIME_CLOCK, TIME_STAMP, TIME_STAMP_TZ } TimeKind;

/* What an ISO 8601 text is, strictly: "2020-01-31"; "10:20:30.5"; "2020-01-31T10:20:30.123456"
 * (also with a space, seconds may be left out); the same with "Z", "+09", "+0900", "+09:00".
 * Calendar days only; no more than microseconds (further digits must be 0). out  days, or
 * microseconds since midnight or 1970 (UTC with a zone) */
TimeKind time_parse_iso(Str text, int64_t *out);

/* By a strptime form: %Y %y %m %d %e %H %I %M %S %f %p %b %B %j %z %%; other characters stand for
 * themselves, a space for any white space. *has_zone: the text named its offset; *out is
 * microseconds UTC. */
bool time_parse_form(Str text, Str form, int64_t *out, bool *has_zone);

#endif
