/* progress.c: what runs just now, how much is done, how long it may take.
 *
 *   | 12 of 40  [=========>                ]  0:07, about 0:15 left
 *   |   model dim_orders  3.2s
 *   |   model fct_sales   1.1s
 */
#include "base/clock.h"
#include "cli/sinks.h"

enum { SHOWN_MOST = 8, BAR_WIDTH = 26, ID_MOST = 256 };

typedef struct Running {
    char id[ID_MOST], label[ID_MOST];
    int64_t started_us;
} Running;

static struct {
    bool is_on;
    uint32_t total, done;
    unsigned threads;
    int64_t started_us;
    Value durations;
    int64_t expected_us, spent_us;     /* of earlier runs: of all nodes, of those done */
    Running *running;
    uint32_t running_count, running_room;
    Arena arena;
} progress;

void progress_begin(uint32_t total, unsigned threads, Value durations)
{
    progress.is_on = true;
    progress.total = total;
    progress.done = 0;
    progress.threads = threads ? threads : 1;
    progress.started_us = clock_steady_us();
    progress.durations = durations;
    progress.expected_us = progress.spent_us = 0;
    uint32_t at = 0;
    Value key, us;
    while (value_is_dict(durations) && dict_next(durations.dict, &at, &key, &us))
        progress.expected_us += us.number;
}

bool progress_is_on(void)
{
    return progress.is_on;
}

void progress_end(void)
{
    progress.is_on = false;
}

static void copy_text(char *out, Str text)
{
    size_t len = text.len < ID_MOST - 1 ? text.len : ID_MOST - 1;
    memcpy(out, text.at, len);
    out[len] = '\0';
}

static void add_running(Str id, Str label)
{
    if (progress.running_count == progress.running_room) {
        uint32_t room = progress.running_room ? progress.running_room * 2 : 16;
        progress.running = arena_grow(&progress.arena, progress.running,
                                      progress.running_room * sizeof(Running),
                                      room * sizeof(Running), _Alignof(Running));
        progress.running_room = room;
    }
    Running *running = &progress.running[progress.running_count++];
    copy_text(running->id, id);
    copy_text(running->label, label);
    running->started_us = clock_steady_us();
}

/* False if it was not running: a node that was skipped. */
static bool remove_running(Str id)
{
    for (uint32_t i = 0; i < progress.running_count; i++)
        if (str_is(id, progress.running[i].id)) {
            memmove(&progress.running[i], &progress.running[i + 1],
                    (progress.running_count - i - 1) * sizeof(Running));
            progress.running_count--;
            return true;
        }
    return false;
}

void progress_take(const Event *event)
{
    Value info = value_get(event->data, "node_info");
    Str id = value_get_text(info, "unique_id", STR_NONE);
    if (!id.len || event->level == LEVEL_DEBUG)
        return;
    Str name = value_get_text(info, "node_name", id);
    Str kind = value_get_text(info, "resource_type", STR("node"));
    if (strcmp(event->name, "LogStartLine") == 0 || strcmp(event->name, "LogHookStartLine") == 0) {
        AUTO(text) Text label = {0};
        text_print(&label, STR_FMT " " STR_FMT, STR_ARG(kind), STR_ARG(name));
        add_running(id, text_str(&label));
        return;
    }
    bool is_end = strncmp(event->name, "Log", 3) == 0 ||
                  strcmp(event->name, "SkippingDetails") == 0;
    if (!is_end || strcmp(event->name, "LogCancelLine") == 0)
        return;
    remove_running(id);
    if (str_is(kind, "operation"))
        return;
    progress.done++;
    progress.spent_us += value_get_str(progress.durations, id).number;
}

void progress_each_running(void (*visit)(void *context, Str unique_id, Str label), void *context)
{
    for (uint32_t i = 0; i < progress.running_count; i++)
        visit(context, str_of(progress.running[i].id), str_of(progress.running[i].label));
}

static void add_clock(Text *out, int64_t us)
{
    int64_t seconds = us / 1000000;
    text_print(out, "%lld:%02lld", (long long)(seconds / 60), (long long)(seconds % 60));
}

/* What is left: by the durations of the run before, else by the pace so far; -1: unknown. */
static int64_t left_us(int64_t now_us)
{
    if (progress.expected_us > 0) {
        int64_t rest = progress.expected_us - progress.spent_us;
        return rest > 0 ? rest / progress.threads : 0;
    }
    if (!progress.done || !progress.total)
        return -1;
    return (now_us - progress.started_us) / progress.done * (progress.total - progress.done);
}

static void add_bar(Text *out)
{
    uint32_t full = progress.total ? progress.done * BAR_WIDTH / progress.total : BAR_WIDTH;
    text_add_char(out, '[');
    text_add_repeat(out, '=', full);
    if (full < BAR_WIDTH)
        text_add_char(out, '>');
    text_add_repeat(out, ' ', full < BAR_WIDTH ? BAR_WIDTH - full - 1 : 0);
    text_add_char(out, ']');
}

/* Cuts to the width, so that a line stays one line. */
static void add_cut(Text *out, Str line, unsigned columns)
{
    size_t at = 0;
    for (unsigned i = 0; i + 1 < columns && at < line.len; i++)
        utf8_next(line, &at);
    text_add(out, str_slice(line, 0, at));
    text_add_char(out, '\n');
}

unsigned progress_draw(Text *out, int64_t now_us, unsigned columns, bool is_coloured)
{
    if (!progress.is_on)
        return 0;
    AUTO(text) Text line = {0};
    text_print(&line, "%u of %u  ", progress.done, progress.total);
    add_bar(&line);
    text_add_c(&line, "  ");
    add_clock(&line, now_us - progress.started_us);
    int64_t left = left_us(now_us);
    if (left >= 0) {
        text_add_c(&line, ", about ");
        add_clock(&line, left);
        text_add_c(&line, " left");
    }
    if (is_coloured)
        text_add_c(out, "\x1b[0m");
    add_cut(out, text_str(&line), columns);
    unsigned lines = 1;
    for (uint32_t i = 0; i < progress.running_count && i < SHOWN_MOST; i++, lines++) {
        const Running *running = &progress.running[i];
        text_clear(&line);
        text_print(&line, "  %-48s %6.1fs", running->label,
                   (double)(now_us - running->started_us) / 1e6);
        add_cut(out, text_str(&line), columns);
    }
    if (progress.running_count > SHOWN_MOST) {
        text_print(out, "  and %u more\n", progress.running_count - SHOWN_MOST);
        lines++;
    }
    return lines;
}
