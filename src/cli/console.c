/* console.c: stdout. Lines with stamps, payload without, and on a terminal the progress below.
 *
 * Payload is gathered and written in large pieces; every other line is written at once, so that
 * whoever reads the pipe sees it when it happens.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "cli/sinks.h"

enum { BUFFER_BYTES = 64 * 1024, CONSOLE_RANK = 920, REDRAW_US = 100000 };

static struct {
    Lock lock;
    SinkOptions options;
    Text buffer;
    bool is_broken;            /* the reader has left: nothing is written any more */
    bool is_terminal;
    unsigned drawn;            /* lines of progress on the terminal                */
    int64_t drawn_at_us;
} console = {.lock = LOCK_INIT(CONSOLE_RANK, "console")};

void console_open(const SinkOptions *options)
{
    console.options = *options;
    console.is_terminal = isatty(STDOUT_FILENO) == 1;
}

bool console_is_terminal(void)
{
    return console.is_terminal && console.options.form != FORM_JSON && !console.options.is_quiet;
}

static void flush(void)
{
    size_t at = 0;
    while (!console.is_broken && at < console.buffer.len) {
        ssize_t wrote = write(STDOUT_FILENO, console.buffer.at + at, console.buffer.len - at);
        if (wrote > 0)
            at += (size_t)wrote;
        else if (wrote < 0 && errno != EINTR && errno != EAGAIN)
            console.is_broken = true;
    }
    text_clear(&console.buffer);
}

void console_flush(void)
{
    lock_take(&console.lock);
    flush();
    lock_give(&console.lock);
}

void console_write(Str bytes)
{
    lock_take(&console.lock);
    text_add(&console.buffer, bytes);
    if (console.buffer.len >= BUFFER_BYTES)
        flush();
    lock_give(&console.lock);
}

static void wipe_progress(void)
{
    if (console.drawn)
        text_print(&console.buffer, "\x1b[%uA\r\x1b[J", console.drawn);
    console.drawn = 0;
}

static void draw_progress(int64_t now_us)
{
    struct winsize size = {0};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    unsigned columns = size.ws_col ? size.ws_col : 80;
    wipe_progress();
    console.drawn = progress_draw(&console.buffer, now_us, columns, console.options.uses_colors);
    console.drawn_at_us = now_us;
}

void console_tick(void)
{
    lock_take(&console.lock);
    int64_t now_us = clock_steady_us();
    if (progress_is_on() && now_us - console.drawn_at_us >= REDRAW_US) {
        draw_progress(now_us);
        flush();
    }
    lock_give(&console.lock);
}

void console_end_progress(void)
{
    lock_take(&console.lock);
    wipe_progress();
    progress_end();
    flush();
    lock_give(&console.lock);
}

void console_each_running(void (*visit)(void *context, Str unique_id, Str label), void *context)
{
    lock_take(&console.lock);
    progress_each_running(visit, context);
    lock_give(&console.lock);
}

/* Quiet lets errors and what was asked for through. */
static bool is_wanted(const Event *event)
{
    if (event->is_payload)
        return !(console.options.hides_prints && strcmp(event->name, "PrintEvent") == 0 &&
                 strcmp(event->code, "Z052") == 0);
    if (console.options.is_quiet)
        return event->level == LEVEL_ERROR;
    return (int)event->level >= console.options.level;
}

static void add_line(const Event *event, Text *out)
{
    bool is_coloured = console.options.uses_colors;
    char stamp[9];
    if (console.options.form == FORM_JSON) {
        line_add_json(event, console.options.invocation_id, out);
    } else if (event->is_payload) {
        text_add(out, event->message);
    } else if (console.options.form == FORM_DEBUG) {
        line_add_debug(event, is_coloured, out);
    } else {
        clock_print_stamp(event->at_us, stamp);
        text_print(out, "%s%s  ", is_coloured ? "\x1b[0m" : "", stamp);
        line_add_message(event, is_coloured, out);
    }
    text_add_char(out, '\n');
}

void console_take(const Event *event)
{
    lock_take(&console.lock);
    progress_take(event);
    if (is_wanted(event)) {
        bool was_drawn = console.drawn > 0;
        wipe_progress();
        if (secret_any()) {
            AUTO(text) Text line = {0};
            add_line(event, &line);
            secret_hide(&line);
            text_add(&console.buffer, text_str(&line));
        } else {
            add_line(event, &console.buffer);
        }
        if (was_drawn)
            draw_progress(clock_steady_us());
        if (!event->is_payload || console.buffer.len >= BUFFER_BYTES)
            flush();
    }
    lock_give(&console.lock);
}
