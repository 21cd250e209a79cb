/* window.c: from where to where a load with a cursor reads, and which cursor it leaves.
 *
 *   committed cursor - lag <= rows              the usual run
 *   start <= rows                               the first run, --full-refresh
 *   --from <= rows < --to                       by hand: moves the cursor on only if it joins it
 *
 * Cursor values are texts as the source writes them: whole numbers (ids, epoch seconds or
 * milliseconds), dates, times. Bounds are inclusive below: rows on a bound come again, and
 * merging or the append's comparison keeps them single.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/event.h"
#include "ingest/ingest_base.h"

#define MOST_ZONE_US (14 * (int64_t)3600000000) /* the zone furthest ahead of UTC */

typedef enum CursorKind {
    CURSOR_TEXT, CURSOR_NUMBER, CURSOR_DATE, CURSOR_TIME,
} CursorKind;

/* A cursor value taken apart. */
typedef struct CursorValue {
    CursorKind kind;
    int64_t number;              /* NUMBER: less its fraction                                     */
    double real;                 /* NUMBER: with it                                               */
    bool has_fraction;
    int64_t us;                  /* DATE, TIME                                                    */
    /* TIME: "Z", "+00:00" or empty, as written */
    Str zone;
    char between;                /* TIME: 'T' or ' '                                              */
    unsigned digits;             /* TIME: of the fraction                                         */
} CursorValue;

static bool read_digits(Str s, size_t *at, unsigned count, unsigned *out)
{
    *out = 0;
    for (unsigned i = 0; i < count; i++, (*at)++) {
        if (*at >= s.len || s.at[*at] < '0' || s.at[*at] > '9')
            return false;
        *out = *out * 10 + (unsigned)(s.at[*at] - '0');
    }
    return true;
}

static bool read_char(Str s, size_t *at, char c)
{
    return *at < s.len && s.at[*at] == c && ++*at;
}

/* ".123456" -> microseconds; more digits are dropped. */
static void read_fraction(Str s, size_t *at, CursorValue *out)
{
    if (*at >= s.len || s.at[*at] != '.')
        return;
    int64_t scale = 100000;
    for (++*at; *at < s.len && s.at[*at] >= '0' && s.at[*at] <= '9'; ++*at, scale /= 10) {
        out->us += (s.at[*at] - '0') * scale;
        out->digits++;
    }
}

static bool read_zone(Str s, size_t *at, CursorValue *out)
{
    size_t from = *at;
    unsigned hour = 0, minute = 0;
    if (*at == s.len)
        return true;
    if (s.at[*at] == 'Z' || s.at[*at] == 'z') {
        ++*at;
    } else if (s.at[*at] == '+' || s.at[*at] == '-') {
        int sign = s.at[(*at)++] == '+' ? -1 : 1;
        if (!read_digits(s, at, 2, &hour))
            return false;
        read_char(s, at, ':');
        if (*at < s.len && !read_digits(s, at, 2, &minute))
            return false;
        out->us += sign * (int64_t)(hour * 60 + minute) * 60000000;
    }
    out->zone = str_slice(s, from, *at);
    return *at == s.len;
}

static bool read_time(Str s, CursorValue *out)
{
    unsigned year, month, day, hour = 0, minute = 0, second = 0;
    size_t at = 0;
    if (!read_digits(s, &at, 4, &year) || !read_char(s, &at, '-') ||
        !read_digits(s, &at, 2, &month) || !read_char(s, &at, '-') || !read_digits(s, &at, 2, &day))
        return false;
    out->kind = CURSOR_DATE;
    out->us = days_of_civil(year, month, day) * 86400000000;
    if (at == s.len)
        return true;
    if (s.at[at] != 'T' && s.at[at] != ' ')
        return false;
    out->between = s.at[at++];
    if (!read_digits(s, &at, 2, &hour) || !read_char(s, &at, ':') ||
        !read_digits(s, &at, 2, &minute))
        return false;
    if (read_char(s, &at, ':') && !read_digits(s, &at, 2, &second))
        return false;
    out->kind = CURSOR_TIME;
    out->us += ((int64_t)(hour * 60 + minute) * 60 + second) * 1000000;
    read_fraction(s, &at, out);
    return read_zone(s, &at, out);
}

/* "1700000000.25", "1e9" */
static bool read_real(Str s, CursorValue *out)
{
    char text[64], *end;
    if (!s.len || s.len >= sizeof text || !strchr("-0123456789", s.at[0]))
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    out->real = strtod(text, &end);
    if (*end || out->real > 9e18 || out->real < -9e18)
        return false;
    out->number = (int64_t)out->real - (out->real < (double)(int64_t)out->real);
    out->has_fraction = true;
    return true;
}

static CursorValue cursor_read(Str s)
{
    CursorValue value = {0};
    if (str_to_int(s, &value.number))
        value.kind = CURSOR_NUMBER;
    else if (!read_time(s, &value))
        value = (CursorValue){0};
    if (value.kind == CURSOR_TEXT && read_real(s, &value))
        value.kind = CURSOR_NUMBER;
    return value;
}

static Str cursor_print(Arena *arena, const CursorValue *value)
{
    int64_t us = value->us;
    Str zone = value->zone;
    Civil civil = civil_of_us(us);
    if (value->kind == CURSOR_NUMBER)
        return str_print(arena, "%lld", (long long)value->number);
    if (value->kind == CURSOR_DATE)
        return str_print(arena, "%04d-%02u-%02u", (int)civil.year, civil.month, civil.day);
    if (zone.len > 1) /* printed as UTC */
        zone = STR("+00:00");
    Str text = str_print(arena, "%04d-%02u-%02u%c%02u:%02u:%02u", (int)civil.year, civil.month,
                         civil.day, value->between, civil.hour, civil.minute, civil.second);
    if (civil.microsecond)
        text = str_print(arena, STR_FMT ".%06u", STR_ARG(text), civil.microsecond);
    return str_print(arena, STR_FMT STR_FMT, STR_ARG(text), STR_ARG(zone));
}

/* Seconds or milliseconds since 1970, by its size unless it was said; 0: a plain number. */
static int64_t ticks_a_second(CursorForm form, int64_t number)
{
    if (form != FORM_AUTO)
        return form == FORM_NUMBER ? 0 : form == FORM_EPOCH ? 1 : 1000;
    if (number >= 100000000 && number < 100000000000)
        return 1;
    return number >= 100000000000 && number < 100000000000000 ? 1000 : 0;
}

Str cursor_less(Arena *arena, CursorForm form, Str text, int64_t lag_us)
{
    CursorValue value = cursor_read(text);
    if (!lag_us || value.kind == CURSOR_TEXT)
        return text;
    if (value.kind == CURSOR_NUMBER) {
        int64_t ticks = ticks_a_second(form, value.number);
        value.number -= ticks ? lag_us / 1000000 * ticks + lag_us % 1000000 * ticks / 1000000
                              : lag_us / 1000000;
    } else {
        int64_t day = 86400000000;
        value.us -= value.kind == CURSOR_DATE ? (lag_us + day - 1) / day * day : lag_us;
    }
    return cursor_print(arena, &value);
}

int cursor_compare(Str a, Str b)
{
    CursorValue x = cursor_read(a), y = cursor_read(b);
    bool has_times = x.kind >= CURSOR_DATE && y.kind >= CURSOR_DATE;
    if (x.kind == CURSOR_NUMBER && y.kind == CURSOR_NUMBER && (x.has_fraction || y.has_fraction)) {
        double left = x.has_fraction ? x.real : (double)x.number;
        double right = y.has_fraction ? y.real : (double)y.number;
        return (left > right) - (left < right);
    }
    if (x.kind == CURSOR_NUMBER && y.kind == CURSOR_NUMBER)
        return (x.number > y.number) - (x.number < y.number);
    if (has_times)
        return (x.us > y.us) - (x.us < y.us);
    return str_compare(a, b);
}

/* The later of a value and the run's start is the start: a clock that runs ahead must not make
 * the next run pass over what is written meanwhile. */
static Str capped(const Load *load, Str text)
{
    CursorValue value = cursor_read(text);
    int64_t now_us = load->ingest->started_at_us;
    if (value.kind == CURSOR_NUMBER) {
        int64_t ticks = ticks_a_second(load->window.form, value.number);
        if (!ticks || value.number <= now_us / 1000000 * ticks + ticks)
            return text;
        value.number = now_us / 1000000 * ticks;
    } else if (value.kind >= CURSOR_DATE) {
        /* without a zone it may be local time of anywhere */
        int64_t slack_us = value.zone.len ? 1000000 : MOST_ZONE_US;
        if (value.us <= now_us + slack_us)
            return text;
        value.us = now_us - now_us % 1000000;
    } else {
        return text;
    }
    return cursor_print(load->arena, &value);
}

/* ---- the window of a load ---- */

static Str text_of(Arena *arena, Value v)
{
    if (value_is_undefined(v) || value_is_none(v))
        return STR_NONE;
    AUTO(text) Text text = {0};
    value_print(v, &text);
    return text_copy(arena, &text);
}

static bool read_cursor(Load *load, Value cursor, int64_t *lag_us, Str *start, Str *end, Err *err)
{
    Window *window = &load->window;
    bool is_append = load->spec.disposition == WRITE_APPEND;
    *lag_us = 0;
    window->takes_nulls = !is_append;
    window->fails_on_nulls = is_append;
    if (cursor.kind != VALUE_DICT) {
        window->field = text_of(load->arena, cursor);
        return true;
    }
    window->field = text_of(load->arena, value_get(cursor, "field"));
    if (!window->field.len)
        return load_fail(load, "cursor", err, "`cursor` lacks its `field`");
    Value lag = value_get(cursor, "lag");
    if (value_is_undefined(lag))
        lag = value_get(cursor, "lookback");
    if (!value_is_undefined(lag) && !value_is_none(lag) && !duration_read(lag, lag_us))
        return load_fail(load, "cursor", err, "`lag` must be a duration such as 10m, 1h or 7d");
    *start = text_of(load->arena, value_get(cursor, "start"));
    *end = text_of(load->arena, value_get(cursor, "end"));
    Value nulls = value_get(cursor, "nulls");
    window->has_own_nulls = nulls.kind == VALUE_TEXT;
    if (window->has_own_nulls) {
        window->takes_nulls = value_is(nulls, "include");
        window->fails_on_nulls = value_is(nulls, "fail");
    }
    Value form = value_get(cursor, "format");
    window->form = value_is(form, "epoch")      ? FORM_EPOCH
                   : value_is(form, "epoch_ms") ? FORM_EPOCH_MS
                   : value_is(form, "number")   ? FORM_NUMBER
                                                : FORM_AUTO;
    window->is_sorted = value_is(value_get(cursor, "row_order"), "asc");
    return true;
}

static void put_names(Load *load)
{
    const Window *window = &load->window;
    Value cursor = value_dict(load->arena);
    const struct {
        const char *name;
        Str text;
    } rows[] = {{"start", window->from}, {"end", window->to}, {"last", window->last},
                {"field", window->field}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t number;
        bool is_int = str_to_int(rows[i].text, &number);
        dict_put(cursor.dict, str_of(rows[i].name), !rows[i].text.at ? NONE
                                                    : is_int ? value_int(number)
                                                             : value_text(rows[i].text));
    }
    dict_put(load->names, STR("cursor"), cursor);
}

/* A bound that came by hand, in the form of the source: a day becomes seconds where these count. */
static bool fit(Load *load, const char *option, Str given, Str like, Str *out, Err *err)
{
    CursorValue value = cursor_read(given), other = cursor_read(like);
    CursorForm form = load->window.form;
    bool counts = form != FORM_AUTO || (like.len && other.kind == CURSOR_NUMBER);
    bool has_time = value.kind >= CURSOR_DATE;
    *out = given;
    if (!like.len && !counts)
        return true;
    if (counts && has_time && form != FORM_NUMBER) {
        int64_t ticks = ticks_a_second(form, other.number) == 1000 ? 1000 : 1;
        *out = str_print(load->arena, "%lld", (long long)(value.us / (1000000 / ticks)));
        return true;
    }
    bool fits = counts ? value.kind == CURSOR_NUMBER : other.kind < CURSOR_DATE || has_time;
    return fits || load_fail(load, "cursor", err,
                             "%s '" STR_FMT "' is no %s, as the values of the cursor '" STR_FMT
                             "' are", option, STR_ARG(given),
                             counts ? "number" : "date or time", STR_ARG(load->window.field));
}

/* --from and --to. */
static bool read_hand(Load *load, Str start, Err *err)
{
    const IngestOptions *options = &load->ingest->options;
    Window *window = &load->window;
    Str like = window->last.at ? window->last : start;
    if (load->spec.disposition == WRITE_REPLACE)
        return load_fail(load, "write_disposition", err,
                         "--from and --to would leave nothing but that piece in a table that is "
                         "written by `replace`: merge or append, or load it whole");
    window->is_by_hand = true;
    window->from = start;
    window->to = STR_NONE;
    if (options->from.len)
        TRY(fit(load, "--from", options->from, like, &window->from, err));
    if (options->to.len)
        TRY(fit(load, "--to", options->to, like, &window->to, err));
    bool is_turned = options->from.len && options->to.len &&
                     cursor_compare(window->from, window->to) > 0;
    return !is_turned || load_fail(load, "cursor", err, "--from '" STR_FMT "' lies after --to '"
                                   STR_FMT "'", STR_ARG(options->from), STR_ARG(options->to));
}

bool window_make(Load *load, Err *err)
{
    const IngestOptions *options = &load->ingest->options;
    Window *window = &load->window;
    Value cursor;
    Str start = STR_NONE, end = STR_NONE;
    int64_t lag_us;
    TRY(load_setting(load, "cursor", &cursor, err));
    bool has_hand = options->from.len || options->to.len;
    window->committed = NONE;
    if (value_is_undefined(cursor)) {
        if (has_hand)
            event_print(LEVEL_WARN, "IntervalIgnored", "W103",
                        STR_FMT " has no cursor: --from and --to mean nothing to it",
                        STR_ARG(load->node->unique_id));
        put_names(load);
        return true;
    }
    window->is_on = true;
    TRY(read_cursor(load, cursor, &lag_us, &start, &end, err));
    load->spec.cursor_column = window->field;
    TRY(lake_cursor(load->ingest->lake, load->session, &load->spec, load->arena,
                    &window->committed, err));
    window->last = options->is_full_refresh ? STR_NONE
                                            : text_of(load->arena, value_get(window->committed,
                                                                       "value"));
    if (window->last.at && !window->last.len)
        window->last = STR_NONE;
    bool goes_on = window->last.at && load->spec.disposition != WRITE_REPLACE;
    window->from = goes_on ? cursor_less(load->arena, window->form, window->last, lag_us) : start;
    window->to = end;
    if (has_hand)
        TRY(read_hand(load, start, err));
    load->spec.interval_from = window->from;
    put_names(load);
    return true;
}

Value window_cursor(const Load *load, Value reached)
{
    const Window *window = &load->window;
    if (!window->is_on || reached.kind != VALUE_TEXT)
        return NONE;
    Str value = capped(load, value_str(reached));
    /* a piece taken out by hand, with a hole between it and what is loaded, moves nothing */
    bool has_hole = window->is_by_hand &&
                    (!window->last.at || (window->from.at &&
                                          cursor_compare(window->from, window->last) > 0));
    if (has_hole || (window->last.at && cursor_compare(value, window->last) <= 0))
        return NONE;
    Value cursor = value_dict(load->arena);
    dict_put(cursor.dict, STR("value"), value_text(value));
    dict_put(cursor.dict, STR("field"), value_text(window->field));
    return cursor;
}

Value window_cursor_of(void *load, Value reached)
{
    return window_cursor(load, reached);
}
