/* py_datetime.h: private to jinja/: date, time, datetime, timedelta and time zones.
 *
 * Wall-clock times are microseconds since 1970-01-01 00:00 of their own clock ("local_us");
 * the offset of the zone leads to UTC: utc_us = local_us - offset_us.
 */
#ifndef JINJA_PY_DATETIME_H
#define JINJA_PY_DATETIME_H

#include "base/clock.h"
#include "jinja/python.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (INT64_C(86400) * SECOND_US)

typedef struct Zone Zone;

/* A tzinfo. One of pytz's stands for one offset of its zone, as pytz does it. */
typedef struct Tz {
    Object base;
    int64_t offset_us, dst_us;
    Str name;               /* tzname(): "CET", "UTC", "UTC+02:00"                            */
    const Zone *zone;       /* NULL: a fixed offset                                           */
    bool is_pytz;           /* pytz.utc and zones; else datetime.timezone                     */
} Tz;

typedef struct Date {
    Object base;
    int64_t days;           /* since 1970-01-01                                               */
} Date;

typedef struct Time {
    Object base;
    int64_t us;             /* of the day                                                     */
    Tz *tz;                 /* NULL: naive                                                    */
    bool fold;
} Time;

typedef struct DateTime {
    Object base;
    int64_t local_us;
    Tz *tz;
    bool fold;
} DateTime;

typedef struct Timedelta {
    Object base;
    int64_t us;
} Timedelta;

extern const ObjectType date_type, time_type, datetime_type, timedelta_type, timezone_type,
    pytz_type;

/* strftime(format) of a date, a time or a datetime. */
MUST bool temporal_strftime(Object *self, Call *call, Value *out, Err *err);

/* ---- makers ---- */
Value date_make(Arena *arena, int64_t days);
Value time_make(Arena *arena, int64_t us, Tz *tz);
Value datetime_make(Arena *arena, int64_t local_us, Tz *tz);
Value timedelta_make(Arena *arena, int64_t us);
/* Fails outside of the years 1 to 9999: "date value out of range". */
MUST bool datetime_make_checked(Arena *arena, int64_t local_us, Tz *tz, Value *out, Err *err);
MUST bool days_checked(int64_t year, int64_t month, int64_t day, int64_t *out, Err *err);
MUST bool clock_checked(const int64_t parts[4], int64_t *out, Err *err);

/* ---- zones ---- */
Tz *tz_utc(void);           /* pytz.utc */
/* datetime.timezone of an offset. */
Tz *tz_fixed(Arena *arena, int64_t offset_us);
/* The zone's own Tz at an instant of UTC: tz itself for fixed ones. */
Tz *tz_at(Arena *arena, Tz *tz, int64_t utc_us);
/* NULL for none; fails unless a tzinfo or none. */
MUST bool tz_argument(Value v, Tz **out, Err *err);
Value tz_value(Tz *tz);
/* The process's own zone: offset at an instant, and the instant of a wall-clock time. */
int64_t local_offset_us(int64_t utc_us);
int64_t local_to_utc(int64_t local_us);

/* ---- texts ---- */
/* What strftime() can print of a value. */
typedef struct Moment {
    int64_t local_us;       /* dates at midnight, times on 1900-01-01 */
    Tz *tz;
} Moment;
Str moment_format(Arena *arena, Moment moment, Str format);
/* "HH:MM[:SS[.ffffff]]" by timespec "auto", "hours", "minutes", ... */
MUST bool clock_format(Text *out, int64_t us, Str timespec, Err *err);
/* "+02:00" with seconds only where they are not 0. */
void offset_format(Text *out, int64_t offset_us, bool has_colon);
MUST bool moment_parse(Arena *arena, Str text, Str format, Value *out, Err *err);
/* date.fromisoformat(), time.fromisoformat(), datetime.fromisoformat() */
MUST bool iso_parse_date(Str text, int64_t *days, Err *err);
MUST bool iso_parse_time(Arena *arena, Str text, int64_t *us, Tz **tz, Err *err);
MUST bool iso_parse_datetime(Arena *arena, Str text, Value *out, Err *err);

/* Shared by date and datetime. */
int64_t weekday_of(int64_t days);                          /* Monday is 0 */
void iso_week_of(int64_t days, int64_t *year, int *week, int *weekday);

/* A class: callable, with class methods and constants. */
typedef struct Class {
    Object base;
    const char *shown;                /* "<class 'datetime.date'>" */
    NativeFn make;
    const Method *methods;            /* ends with a NULL name */
    bool (*constant)(Arena *arena, Str name, Value *out);  /* or NULL */
} Class;
extern const ObjectType class_type;
extern Class date_class, time_class, datetime_class, timedelta_class, timezone_class;

#endif
