/* limit.c: how many requests may begin, and when.
 *
 * Two rules stand side by side. The window is the promise: no request begins while as many as a
 * second may hold have begun within the last one, or were given leave and still connect. The bucket
 * spreads them evenly. A driver that wakes a millisecond late must not lose that time, or 40 a
 * second would become 38: while the queue waits for the bucket, it may hold a little more than its
 * burst.
 */
#include "net/http.h"

/* A little more than a second: what jitter on the way to the server may take away. */
#define WINDOW_US 1015000
/* What being late may save up. */
#define LATE_US 50000
#define WINDOW_MOST 1000000

static void limit_close(void *what)
{
    Limit *limit = what;
    assert(!limit->queue.len && !limit->is_active); /* whoever sent has waited */
}

Limit *limit_make(Arena *arena, double per_second, uint32_t burst, uint32_t in_flight)
{
    Limit *limit = NEW(arena, Limit);
    limit->queue.link = LINK_PLACE;
    limit->in_flight_most = in_flight;
    arena_on_drop(arena, limit_close, limit);
    if (!(per_second > 0) || per_second > WINDOW_MOST)
        return limit;
    limit->per_second = per_second;
    limit->burst = burst > 1 ? burst : 1;
    limit->tokens = limit->burst;
    uint32_t whole = (uint32_t)per_second;
    limit->window_most = whole + (per_second > whole);
    limit->begun_us = NEW_N(arena, int64_t, limit->window_most);
    return limit;
}

static void limit_fill(Limit *limit, int64_t now_us)
{
    double most = limit->burst;
    if (limit->waits_for_rate)
        most += limit->per_second * LATE_US / 1e6;
    if (limit->filled_at_us)
        limit->tokens += limit->per_second * (double)(now_us - limit->filled_at_us) / 1e6;
    if (limit->tokens > most)
        limit->tokens = most;
    limit->filled_at_us = now_us;
}

/* When the window lets one more in; 0: now; INT64_MAX: when a pending one has begun. */
static int64_t window_opens_at(const Limit *limit, int64_t now_us)
{
    if (limit->pending >= limit->window_most)
        return INT64_MAX;
    uint32_t back = limit->window_most - limit->pending; /* the one this many ago must be over */
    if (limit->begun_count < back)
        return 0;
    uint32_t at = (limit->begun_next + limit->window_most - back) % limit->window_most;
    int64_t over_us = limit->begun_us[at] + WINDOW_US;
    return over_us <= now_us ? 0 : over_us;
}

bool limit_may_begin(Limit *limit, int64_t now_us, int64_t *again_at_us)
{
    *again_at_us = INT64_MAX;
    if (limit->in_flight_most && limit->in_flight >= limit->in_flight_most) {
        limit->waits_for_rate = false;
        return false;
    }
    if (limit->paused_until_us > now_us) {
        *again_at_us = limit->paused_until_us;
        limit->waits_for_rate = false;
        return false;
    }
    if (!limit->per_second)
        return true;
    limit_fill(limit, now_us);
    int64_t opens_at_us = window_opens_at(limit, now_us);
    if (limit->tokens < 1) {
        int64_t full_at_us = now_us + (int64_t)((1 - limit->tokens) / limit->per_second * 1e6) + 1;
        opens_at_us = opens_at_us > full_at_us ? opens_at_us : full_at_us;
    }
    limit->waits_for_rate = opens_at_us != 0;
    *again_at_us = opens_at_us;
    return !opens_at_us;
}

void limit_take(Limit *limit)
{
    limit->in_flight++;
    limit->pending++;
    limit->tokens -= 1;
}

void limit_has_begun(Limit *limit, int64_t now_us)
{
    assert(limit->pending);
    limit->pending--;
    if (!limit->window_most)
        return;
    limit->begun_us[limit->begun_next] = now_us;
    limit->begun_next = (limit->begun_next + 1) % limit->window_most;
    if (limit->begun_count < limit->window_most)
        limit->begun_count++;
}

void limit_give(Limit *limit, bool has_begun)
{
    assert(limit->in_flight);
    limit->in_flight--;
    if (!has_begun) {
        assert(limit->pending);
        limit->pending--;
    }
}

/* ---- "4/s" ---- */

/* A decimal number without sign or exponent at the beginning; moves *at behind it. */
static bool number_at(Str text, size_t *at, double *out)
{
    double number = 0, scale = 1;
    bool has_digits = false, has_point = false;
    for (; *at < text.len; (*at)++) {
        char c = text.at[*at];
        if (c >= '0' && c <= '9') {
            number = number * 10 + (c - '0');
            scale *= has_point ? 10 : 1;
            has_digits = true;
        } else if (c == '.' && !has_point) {
            has_point = true;
        } else {
            break;
        }
    }
    *out = number / scale;
    return has_digits;
}

bool rate_parse(Str text, double *per_second, Err *err)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1},       {"s", 1},      {"sec", 1},   {"second", 1}, {"m", 60},
                 {"min", 60},   {"minute", 60}, {"h", 3600}, {"hour", 3600}, {"d", 86400},
                 {"day", 86400}};
    Str trimmed = str_trim(text);
    size_t at = 0;
    double number;
    if (number_at(trimmed, &at, &number) && number > 0) {
        Str unit = str_trim(str_slice(trimmed, at, trimmed.len));
        bool has_slash = str_starts(unit, STR("/"));
        if (has_slash)
            unit = str_trim(str_slice(unit, 1, unit.len));
        for (size_t i = 0; i < COUNT_OF(units); i++)
            if (has_slash == (i > 0) && str_eq_fold(unit, str_of(units[i].name))) {
                *per_second = number / units[i].seconds;
                return true;
            }
    }
    return err_set(err, ERR_PARSING, NOWHERE,
                   "expected a rate such as 4/s, 100/min or 1000/h, found '" STR_FMT "'",
                   STR_ARG(text));
}
