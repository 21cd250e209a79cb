/* batch.c: windows of event time: where they begin and end, how they are called. */
#include "base/clock.h"
#include "transform/microbatch.h"

#define HOUR_US (INT64_C(3600) * 1000000)
#define DAY_US (INT64_C(24) * HOUR_US)

bool batch_size_find(Str name, BatchSize *out)
{
    static const char *const names[] = {"hour", "day", "month", "year"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i])) {
            *out = (BatchSize)i;
            return true;
        }
    return false;
}

static int64_t floor_to(int64_t at_us, int64_t unit_us)
{
    int64_t rest = at_us % unit_us;
    return at_us - (rest < 0 ? rest + unit_us : rest);
}

int64_t batch_floor(int64_t at_us, BatchSize size)
{
    if (size == BATCH_HOUR || size == BATCH_DAY)
        return floor_to(at_us, size == BATCH_HOUR ? HOUR_US : DAY_US);
    Civil civil = civil_of_us(at_us);
    return days_of_civil(civil.year, size == BATCH_YEAR ? 1 : civil.month, 1) * DAY_US;
}

int64_t batch_move(int64_t at_us, BatchSize size, int64_t count)
{
    int64_t floor_us = batch_floor(at_us, size);
    if (size == BATCH_HOUR || size == BATCH_DAY)
        return floor_us + count * (size == BATCH_HOUR ? HOUR_US : DAY_US);
    Civil civil = civil_of_us(floor_us);
    int64_t months = civil.year * 12 + (civil.month - 1) + count * (size == BATCH_YEAR ? 12 : 1);
    int64_t year = months >= 0 ? months / 12 : (months - 11) / 12;
    return days_of_civil(year, (unsigned)(months - year * 12) + 1, 1) * DAY_US;
}

int64_t batch_ceiling(int64_t at_us, BatchSize size)
{
    return batch_floor(at_us, size) == at_us ? at_us : batch_move(at_us, size, 1);
}

Str batch_name(Arena *arena, int64_t start_us, BatchSize size)
{
    Civil civil = civil_of_us(start_us);
    long long year = (long long)civil.year;
    switch (size) {
    case BATCH_YEAR: return str_print(arena, "%04lld", year);
    case BATCH_MONTH: return str_print(arena, "%04lld-%02u", year, civil.month);
    case BATCH_DAY: return str_print(arena, "%04lld-%02u-%02u", year, civil.month, civil.day);
    case BATCH_HOUR: break;
    }
    return str_print(arena, "%04lld-%02u-%02uT%02u", year, civil.month, civil.day, civil.hour);
}

Str batch_time(Arena *arena, int64_t at_us)
{
    AUTO(text) Text text = {0};
    Civil civil = civil_of_us(at_us);
    text_print(&text, "%04lld-%02u-%02u %02u:%02u:%02u", (long long)civil.year, civil.month,
               civil.day, civil.hour, civil.minute, civil.second);
    if (civil.microsecond)
        text_print(&text, ".%06u", civil.microsecond);
    text_add_c(&text, "+00:00");
    return text_copy(arena, &text);
}

/* Where the first batch begins. */
static int64_t plan_start(const BatchPlan *plan, int64_t end_us)
{
    if (plan->asked.has_start)
        return batch_floor(plan->asked.window.start_us, plan->size);
    if (!plan->is_incremental)
        return batch_floor(plan->begin_us, plan->size);
    /* an end on a border: the batch before it is the current one */
    bool is_border = batch_floor(end_us, plan->size) == end_us;
    return batch_move(end_us, plan->size, -(plan->lookback + is_border));
}

void batch_plan(const BatchPlan *plan, Arena *arena, Windows *out)
{
    int64_t last_us = plan->asked.has_end ? plan->asked.window.end_us : plan->now_us;
    int64_t end_us = batch_ceiling(last_us, plan->size);
    int64_t start_us = plan_start(plan, end_us);
    *out = (Windows){0};
    do {
        int64_t next_us = batch_move(start_us, plan->size, 1);
        list_add(arena, out, (Window){start_us, next_us});
        start_us = next_us;
    } while (start_us < end_us);
    out->at[out->len - 1].end_us = end_us;
}
