/* clock.h: time. Instants are int64_t microseconds since 1970-01-01 UTC ("_us").
 *
 * "Now" comes from libc's clock, linked dynamically, so that libfaketime can set it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

int64_t clock_now_us(void);          /* wall clock       */
int64_t clock_steady_us(void);       /* for durations    */
int64_t clock_cpu_us(void);          /* CPU time of the process, all threads */
int64_t clock_thread_cpu_us(void);   /* of the calling thread */

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. */
int64_t days_of_civil(int64_t year, unsigned month, unsigned day);
void civil_of_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

typedef struct Civil {
    int64_t year;
    unsigned month, day, hour, minute, second, microsecond;
} Civil;
Civil civil_of_us(int64_t at_us);                 /* UTC  */
Civil civil_local(int64_t at_us);                 /* TZ   */
int64_t us_of_civil(Civil civil);

/* "2026-01-31T23:59:59.123456Z": dbt's form in artifacts. Owner: the arena. */
Str clock_print_iso(Arena *arena, int64_t at_us);

/* "23:59:59": the stamp of console lines, local time. `out` holds 9 bytes. */
void clock_print_stamp(int64_t at_us, char out[9]);

/* A random version-4 UUID, 36 characters. Owner: the arena. */
Str uuid_make(Arena *arena);

#endif
