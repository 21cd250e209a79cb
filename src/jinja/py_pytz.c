/* py_pytz.c: the module pytz over the system's time zones (TZif files, RFC 8536).
 *
 * As pytz does: offsets are whole minutes, a zone before its first change has its first standard
 * time, and behind the last change written down (or 2037) it stays as it is.
 */
#include <stdlib.h>

#include "base/file.h"
#include "jinja/jinja.h"
#include "jinja/py_datetime.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"
enum { LAST_YEAR = 2037, MOST_CHANGES = 4000 };

typedef struct Change {
    int64_t at_us;      /* UTC; the first one is "since ever" */
    int64_t offset_us, dst_us;
    Str name;
} Change;

struct Zone {
    Str name;
    Change *changes;
    uint32_t count;
};

/* ---- reading TZif ---- */

typedef struct Kind {
    int32_t offset;     /* seconds */
    bool is_dst;
    Str name;
} Kind;

typedef struct Tzif {
    Kind *kinds;
    uint32_t kind_count, change_count;
    int64_t *times;
    uint8_t *indexes;
    Str footer;
} Tzif;

static int64_t read_big_endian(const char *at, int bytes)
{
    uint64_t number = (unsigned char)at[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < bytes; i++)
        number = number << 8 | (unsigned char)at[i];
    return (int64_t)number;
}

/* The block of 64-bit times, behind the one of 32-bit times. */
static bool tzif_parse(Arena *arena, Str file, Tzif *out)
{
    size_t at = 0;
    uint32_t counts[6];
    for (int block = 0; block < 2; block++) {
        if (file.len < at + 44 || memcmp(file.at + at, "TZif", 4) != 0 || file.at[at + 4] < '2')
            return false;
        for (int i = 0; i < 6; i++)
            counts[i] = (uint32_t)read_big_endian(file.at + at + 20 + 4 * i, 4);
        for (int i = 0; i < 6; i++)
            if (counts[i] > MOST_CHANGES)
                return false;
        at += 44;
        if (block == 0)
            at += counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0];
    }
    uint32_t leap_count = counts[2], times = counts[3], kinds = counts[4], letters = counts[5];
    size_t size = times * 9 + kinds * 6 + letters + leap_count * 12 + counts[1] + counts[0];
    if (file.len < at + size || !kinds)
        return false;
    out->change_count = times;
    out->kind_count = kinds;
    out->times = NEW_N(arena, int64_t, times + 1);
    out->indexes = NEW_N(arena, uint8_t, times + 1);
    out->kinds = NEW_N(arena, Kind, kinds);
    const char *names = file.at + at + times * 9 + kinds * 6;
    for (uint32_t i = 0; i < times; i++) {
        out->times[i] = read_big_endian(file.at + at + 8 * i, 8);
        out->indexes[i] = (uint8_t)file.at[at + 8 * times + i];
        if (out->indexes[i] >= kinds)
            return false;
    }
    for (uint32_t i = 0; i < kinds; i++) {
        const char *row = file.at + at + times * 9 + i * 6;
        uint32_t name = (uint8_t)row[5];
        if (name >= letters)
            return false;
        size_t length = strnlen(names + name, letters - name);
        out->kinds[i] = (Kind){(int32_t)read_big_endian(row, 4), row[4] != 0,
                               str_copy(arena, (Str){names + name, length})};
    }
    Str footer = str_slice(file, at + size + 1, file.len);
    out->footer = str_copy(arena, str_trim(footer));
    return true;
}

/* ---- the rule in the footer: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

typedef struct Rule {
    Str names[2];            /* standard, summer */
    int64_t offsets[2];      /* seconds east */
    int month[2], week[2], day[2];
    int64_t time[2];         /* seconds of the day, on the clock before the change */
    bool has_summer;
} Rule;

static int64_t take_int(Str *s)
{
    int64_t number = 0;
    bool is_negative = s->len && s->at[0] == '-';
    if (s->len && (s->at[0] == '-' || s->at[0] == '+'))
        *s = str_slice(*s, 1, s->len);
    while (s->len && s->at[0] >= '0' && s->at[0] <= '9' && number < 100000) {
        number = number * 10 + (s->at[0] - '0');
        *s = str_slice(*s, 1, s->len);
    }
    return is_negative ? -number : number;
}

/* h[:mm[:ss]] in seconds */
static int64_t take_clock(Str *s)
{
    bool is_negative = s->len && s->at[0] == '-';
    int64_t seconds = llabs(take_int(s)) * 3600;
    for (int64_t unit = 60; unit && s->len && s->at[0] == ':'; unit /= 60) {
        *s = str_slice(*s, 1, s->len);
        seconds += take_int(s) * unit;
    }
    return is_negative ? -seconds : seconds;
}

static Str take_zone_name(Str *s)
{
    size_t end = 0;
    bool is_quoted = s->len && s->at[0] == '<';
    while (end < s->len && (is_quoted ? s->at[end] != '>' : ((s->at[end] | 0x20) >= 'a' &&
                                                              (s->at[end] | 0x20) <= 'z')))
        end++;
    Str name = str_slice(*s, is_quoted, end);
    *s = str_slice(*s, end + is_quoted, s->len);
    return name;
}

static bool rule_parse(Str s, Rule *rule)
{
    rule->names[0] = take_zone_name(&s);
    rule->offsets[0] = -take_clock(&s);
    rule->has_summer = s.len > 0;
    if (!rule->has_summer)
        return true;
    rule->names[1] = take_zone_name(&s);
    rule->offsets[1] = rule->offsets[0] + 3600;
    if (s.len && s.at[0] != ',')
        rule->offsets[1] = -take_clock(&s);
    for (int i = 0; i < 2; i++) {
        if (!str_starts(s, STR(",M")))
            return false;
        s = str_slice(s, 2, s.len);
        int *parts[] = {&rule->month[i], &rule->week[i], &rule->day[i]};
        for (int part = 0; part < 3; part++) {
            *parts[part] = (int)take_int(&s);
            if (part < 2)
                s = str_slice(s, 1, s.len);
        }
        rule->time[i] = 2 * 3600;
        if (s.len && s.at[0] == '/') {
            s = str_slice(s, 1, s.len);
            rule->time[i] = take_clock(&s);
        }
        if (rule->month[i] < 1 || rule->month[i] > 12)
            return false;
    }
    return true;
}

/* UTC seconds of the change to summer (0) or back (1) in a year. */
static int64_t rule_change(const Rule *rule, int64_t year, int which)
{
    unsigned month = (unsigned)rule->month[which];
    int64_t first = days_of_civil(year, month, 1);
    int64_t next = month == 12 ? days_of_civil(year + 1, 1, 1) : days_of_civil(year, month + 1, 1);
    int64_t weekday = (weekday_of(first) + 1) % 7; /* Sunday is 0 */
    int64_t day = first + (rule->day[which] - weekday + 7) % 7 + 7 * (rule->week[which] - 1);
    while (day >= next)
        day -= 7;
    return day * 86400 + rule->time[which] - rule->offsets[which];
}

/* ---- the zone ---- */

static int64_t whole_minutes_us(int64_t seconds)
{
    int64_t shifted = seconds + 30;
    return (shifted / 60 - (shifted % 60 < 0)) * 60 * SECOND_US;
}

/* How much of the offset is summer time: against the standard time before, else behind. */
static int64_t dst_of(const Tzif *tzif, uint32_t at)
{
    const Kind *kind = &tzif->kinds[tzif->indexes[at]];
    if (!kind->is_dst)
        return 0;
    int64_t dst = 0;
    for (uint32_t i = at; i > 0; i--)
        if (!tzif->kinds[tzif->indexes[i - 1]].is_dst) {
            dst = kind->offset - tzif->kinds[tzif->indexes[i - 1]].offset;
            break;
        }
    for (uint32_t i = at + 1; (dst <= 0 || dst > 3 * 3600) && i < tzif->change_count; i++)
        if (!tzif->kinds[tzif->indexes[i]].is_dst)
            dst = kind->offset - tzif->kinds[tzif->indexes[i]].offset;
    return dst;
}

static void add_change(Zone *zone, int64_t at_us, int64_t offset, int64_t dst, Str name)
{
    zone->changes[zone->count++] =
        (Change){at_us, whole_minutes_us(offset), whole_minutes_us(dst), name};
}

static Zone *zone_build(Arena *arena, Str name, const Tzif *tzif)
{
    Zone *zone = NEW(arena, Zone);
    zone->name = str_copy(arena, name);
    zone->changes = NEW_N(arena, Change, tzif->change_count + 2 * (LAST_YEAR - 1900) + 2);
    uint32_t first = 0;
    while (first < tzif->kind_count && tzif->kinds[first].is_dst)
        first++;
    const Kind *kind = &tzif->kinds[first < tzif->kind_count ? first : 0];
    add_change(zone, INT64_MIN, kind->offset, 0, kind->name);
    for (uint32_t i = 0; i < tzif->change_count; i++) {
        kind = &tzif->kinds[tzif->indexes[i]];
        if (tzif->times[i] > INT64_MIN / SECOND_US)
            add_change(zone, tzif->times[i] * SECOND_US, kind->offset, dst_of(tzif, i),
                       kind->name);
    }
    Rule rule = {0};
    if (!rule_parse(tzif->footer, &rule) || !rule.has_summer)
        return zone;
    int64_t last = tzif->change_count ? tzif->times[tzif->change_count - 1] : 0, year;
    unsigned month, day;
    civil_of_days(last / 86400, &year, &month, &day);
    for (year = year < 1970 ? 1970 : year; year <= LAST_YEAR; year++) {
        bool is_southern = rule_change(&rule, year, 1) < rule_change(&rule, year, 0);
        for (int step = 0; step < 2; step++) {
            int which = is_southern ? 1 - step : step;
            int64_t at = rule_change(&rule, year, which), to = which == 0;
            if (at > last)
                add_change(zone, at * SECOND_US, rule.offsets[to],
                           to ? rule.offsets[1] - rule.offsets[0] : 0, rule.names[to]);
        }
    }
    return zone;
}

static Tz *tz_of_change(Arena *arena, const Zone *zone, const Change *change)
{
    Tz *tz = NEW(arena, Tz);
    *tz = (Tz){.base = {&pytz_type}, .offset_us = change->offset_us, .dst_us = change->dst_us,
               .name = change->name, .zone = zone, .is_pytz = true};
    return tz;
}

/* The change in force at an instant. */
static const Change *change_at(const Zone *zone, int64_t utc_us)
{
    uint32_t low = 0, high = zone->count;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (zone->changes[middle].at_us <= utc_us)
            low = middle;
        else
            high = middle;
    }
    return &zone->changes[low];
}

Tz *tz_at(Arena *arena, Tz *tz, int64_t utc_us)
{
    return tz->zone ? tz_of_change(arena, tz->zone, change_at(tz->zone, utc_us)) : tz;
}

static Tz utc = {.base = {&pytz_type}, .name = STR_INIT("UTC"), .is_pytz = true};

Tz *tz_utc(void)
{
    return &utc;
}

/* ---- localize, normalize ---- */

/* One reading of a wall-clock time: an offset by which it exists. */
typedef struct Reading {
    const Change *change;
    int64_t utc_us;
} Reading;

static int readings_of(const Zone *zone, int64_t local_us, Reading out[2])
{
    int count = 0;
    for (int side = -1; side <= 1; side += 2) {
        const Change *near = change_at(zone, local_us + side * DAY_US);
        int64_t utc_us = local_us - near->offset_us;
        const Change *real = change_at(zone, utc_us);
        utc_us = local_us - real->offset_us;
        if (change_at(zone, utc_us) != real)
            continue;
        if (!count || out[0].change->offset_us != real->offset_us)
            out[count++] = (Reading){real, utc_us};
    }
    return count;
}

typedef enum Wish { WISH_STANDARD, WISH_SUMMER, WISH_NONE } Wish;

static bool zone_localize(Arena *arena, const Zone *zone, int64_t local_us, Wish wish, Value *out,
                          Err *err)
{
    Reading readings[2];
    int count = readings_of(zone, local_us, readings);
    if (count != 1 && wish == WISH_NONE) {
        Value shown = value_to_text(arena, datetime_make(arena, local_us, NULL));
        return FAIL(err, "%s: " STR_FMT, count ? "AmbiguousTimeError" : "NonExistentTimeError",
                    STR_ARG(value_str(shown)));
    }
    if (count == 0) { /* a gap: as if the clock had been put later, or earlier */
        int64_t aside = wish == WISH_SUMMER ? 6 * 3600 * SECOND_US : -6 * 3600 * SECOND_US;
        TRY(zone_localize(arena, zone, local_us + aside, wish, out, err));
        ((DateTime *)out->object)->local_us -= aside;
        return true;
    }
    int chosen = 0;
    if (count == 2) {
        bool first = readings[0].change->dst_us != 0, second = readings[1].change->dst_us != 0;
        bool is_earlier = readings[0].utc_us < readings[1].utc_us;
        if (first != second)
            chosen = (wish == WISH_SUMMER) == first ? 0 : 1;
        else
            chosen = (wish == WISH_SUMMER) == is_earlier ? 0 : 1;
    }
    *out = datetime_make(arena, local_us, tz_of_change(arena, zone, readings[chosen].change));
    return true;
}

static bool pytz_localize(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"dt", "is_dst"};
    Value slots[] = {UNDEFINED, value_bool(false)};
    TRY(call_bind(call, "localize", names, 2, 1, slots, err));
    if (slots[0].kind == VALUE_UNDEFINED)
        return undefined_fail(slots[0], err);
    if (!value_is_a(slots[0], &datetime_type))
        return FAIL(err, "'%s' object has no attribute 'tzinfo'", value_type_name(slots[0]));
    const DateTime *when = (DateTime *)slots[0].object;
    if (when->tz)
        return FAIL(err, "Not naive datetime (tzinfo is already set)");
    Tz *tz = (Tz *)self;
    if (!tz->zone) {
        *out = datetime_make(call->arena, when->local_us, tz);
        return true;
    }
    Wish wish = slots[1].kind == VALUE_NONE ? WISH_NONE
                : value_truth(slots[1])     ? WISH_SUMMER
                                            : WISH_STANDARD;
    return zone_localize(call->arena, tz->zone, when->local_us, wish, out, err);
}

static bool pytz_normalize(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "normalize", 1, 1, err));
    if (!value_is_a(call->args[0], &datetime_type))
        return FAIL(err, "'%s' object has no attribute 'tzinfo'",
                    value_type_name(call->args[0]));
    const DateTime *when = (DateTime *)call->args[0].object;
    if (!when->tz)
        return FAIL(err, "Naive time - no tzinfo set");
    int64_t utc_us = when->local_us - when->tz->offset_us;
    Tz *tz = tz_at(call->arena, (Tz *)self, utc_us);
    return datetime_make_checked(call->arena, utc_us + tz->offset_us, tz, out, err);
}

/* utcoffset(dt), dst(dt), tzname(dt): dt is a wall-clock time of the zone. */
static bool zone_reading(Object *self, Call *call, const char *name, Tz **out, Err *err)
{
    static const char *const names[] = {"dt", "is_dst"};
    Value slots[] = {UNDEFINED, NONE}, when;
    TRY(call_bind(call, name, names, 2, 1, slots, err));
    *out = (Tz *)self;
    if (!(*out)->zone || !value_is_a(slots[0], &datetime_type))
        return true;
    Wish wish = value_truth(slots[1]) ? WISH_SUMMER : WISH_STANDARD;
    const DateTime *local = (DateTime *)slots[0].object;
    TRY(zone_localize(call->arena, (*out)->zone, local->local_us, wish, &when, err));
    *out = ((DateTime *)when.object)->tz;
    return true;
}

static bool pytz_utcoffset(Object *self, Call *call, Value *out, Err *err)
{
    Tz *tz;
    TRY(zone_reading(self, call, "utcoffset", &tz, err));
    *out = timedelta_make(call->arena, tz->offset_us);
    return true;
}

static bool pytz_dst(Object *self, Call *call, Value *out, Err *err)
{
    Tz *tz;
    TRY(zone_reading(self, call, "dst", &tz, err));
    *out = timedelta_make(call->arena, tz->dst_us);
    return true;
}

static bool pytz_tzname(Object *self, Call *call, Value *out, Err *err)
{
    Tz *tz;
    TRY(zone_reading(self, call, "tzname", &tz, err));
    *out = value_text(tz->name);
    return true;
}

static bool pytz_fromutc(Object *self, Call *call, Value *out, Err *err)
{
    TRY(check_counts(call, "fromutc", 1, 1, err));
    if (!value_is_a(call->args[0], &datetime_type))
        return FAIL(err, "fromutc() requires a datetime argument");
    int64_t utc_us = ((DateTime *)call->args[0].object)->local_us;
    Tz *tz = tz_at(call->arena, (Tz *)self, utc_us);
    return datetime_make_checked(call->arena, utc_us + tz->offset_us, tz, out, err);
}

/* ---- the type ---- */

static Str zone_name(const Tz *tz)
{
    return tz->zone ? tz->zone->name : tz->name;
}

static void pytz_print(Object *self, Text *out)
{
    text_add(out, zone_name((Tz *)self));
}

static void pytz_repr(Object *self, Text *out)
{
    const Tz *tz = (Tz *)self;
    if (!tz->zone) {
        text_print(out, tz->offset_us ? "pytz.FixedOffset(%lld)" : "<UTC>",
                   (long long)(tz->offset_us / SECOND_US / 60));
        return;
    }
    if (tz->zone->count == 1) {
        text_print(out, "<StaticTzInfo '" STR_FMT "'>", STR_ARG(tz->zone->name));
        return;
    }
    Arena scratch = {0};
    text_print(out, "<DstTzInfo '" STR_FMT "' " STR_FMT "%s", STR_ARG(tz->zone->name),
               STR_ARG(tz->name), tz->offset_us < 0 ? "" : "+");
    value_print(timedelta_make(&scratch, tz->offset_us), out);
    text_print(out, " %s>", tz->dst_us ? "DST" : "STD");
    arena_drop(&scratch);
}

static bool pytz_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    *out = str_is(name, "zone") ? value_text(zone_name((Tz *)self)) : UNDEFINED;
    return true;
}

static bool pytz_equal(Object *self, Value other)
{
    if (!value_is_a(other, &pytz_type))
        return false;
    const Tz *a = (Tz *)self, *b = (Tz *)other.object;
    return str_eq(zone_name(a), zone_name(b)) && a->offset_us == b->offset_us &&
           str_eq(a->name, b->name);
}

static uint32_t pytz_hash(Object *self)
{
    return str_hash(zone_name((Tz *)self));
}

static const Method pytz_methods[] = {
    {"dst", pytz_dst},           {"fromutc", pytz_fromutc}, {"localize", pytz_localize},
    {"normalize", pytz_normalize}, {"tzname", pytz_tzname}, {"utcoffset", pytz_utcoffset},
    {0},
};

const ObjectType pytz_type = {
    .name = "pytz.tzinfo", .methods = pytz_methods, .get = pytz_get, .print = pytz_print,
    .repr = pytz_repr, .equal = pytz_equal, .hash = pytz_hash,
};

/* ---- the module ---- */

/* Is it a name of the database, and no path out of its folder? */
static bool is_zone_name(Str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_fit = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                      (i && strchr("/_-+", c) && c);
        if (!is_fit)
            return false;
    }
    return name.len > 0;
}

static bool zone_open(Arena *arena, Str name, Zone **out, Err *err)
{
    if (!is_zone_name(name))
        return FAIL(err, "UnknownTimeZoneError: '" STR_FMT "'", STR_ARG(name));
    Str file, path = str_print(arena, ZONE_FOLDER STR_FMT, STR_ARG(name));
    if (!file_exists(STR(ZONE_FOLDER)))
        return FAIL(err, "no time zones in " ZONE_FOLDER ": install the package tzdata");
    if (file_info(path).kind != FILE_REGULAR)
        return FAIL(err, "UnknownTimeZoneError: '" STR_FMT "'", STR_ARG(name));
    TRY(file_read(arena, path, &file, err));
    Tzif tzif = {0};
    if (!tzif_parse(arena, file, &tzif))
        return FAIL(err, STR_FMT " is no time zone file", STR_ARG(path));
    *out = zone_build(arena, name, &tzif);
    return true;
}

static bool pytz_timezone(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"zone"};
    Value slot;
    Str name;
    TRY(call_bind(call, "timezone", names, 1, 1, &slot, err));
    if (slot.kind == VALUE_NONE)
        return FAIL(err, "UnknownTimeZoneError: None");
    TRY(text_argument(slot, "timezone() argument", &name, err));
    *out = tz_value(&utc);
    if (str_eq_fold(name, STR("UTC")))
        return true;
    Zone *zone;
    TRY(zone_open(call->arena, name, &zone, err));
    *out = tz_value(tz_of_change(call->arena, zone, &zone->changes[0]));
    return true;
}

bool jinja_zone_local(Str name, int64_t utc_us, int64_t *local_us, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Zone *zone;
    *local_us = utc_us;
    if (str_eq_fold(name, STR("UTC")))
        return true;
    TRY(zone_open(&arena, name, &zone, err));
    *local_us = utc_us + change_at(zone, utc_us)->offset_us;
    return true;
}

bool jinja_zone_utc(Str name, int64_t local_us, int64_t *utc_us, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Zone *zone;
    *utc_us = local_us;
    if (str_eq_fold(name, STR("UTC")))
        return true;
    TRY(zone_open(&arena, name, &zone, err));
    int64_t first = local_us - change_at(zone, local_us)->offset_us;
    *utc_us = local_us - change_at(zone, first)->offset_us;
    return true;
}

static bool pytz_fixed_offset(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    TRY(check_counts(call, "FixedOffset", 1, 1, err));
    int64_t minutes;
    TRY(index_of(call->args[0], &minutes, err));
    if (minutes <= -1440 || minutes >= 1440)
        return FAIL(err, "('absolute offset is too large', %lld)", (long long)minutes);
    Tz *tz = NEW(call->arena, Tz);
    *tz = (Tz){.base = {&pytz_type}, .offset_us = minutes * 60 * SECOND_US, .is_pytz = true};
    *out = tz_value(minutes ? tz : &utc);
    return true;
}

static bool pytz_module_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = UNDEFINED;
    if (str_is(name, "utc") || str_is(name, "UTC"))
        *out = tz_value(&utc);
    else if (str_is(name, "timezone"))
        *out = value_function(arena, "timezone", pytz_timezone, NULL);
    else if (str_is(name, "FixedOffset"))
        *out = value_function(arena, "FixedOffset", pytz_fixed_offset, NULL);
    return true;
}

static void pytz_module_print(Object *self, Text *out)
{
    (void)self;
    text_add_c(out, "<module 'pytz'>");
}

static const ObjectType pytz_module_type = {
    .name = "module", .get = pytz_module_get, .print = pytz_module_print};

Object pytz_module = {&pytz_module_type};
