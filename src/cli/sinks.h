/* sinks.h: private to cli/: what becomes of events: console, JSON lines, log file, progress.
 *
 *   event_say() -> hub_take() --+-> console.c  (text, or json_line.c)      -> stdout
 *                               +-> log_file.c (debug lines, or JSON)      -> logs/dbt.log
 *                               +-> progress.c (a terminal's last lines)
 *
 * The hub drops what the levels leave out, shows each kind of deprecation once, and remembers
 * warnings that are to be errors. Forms of lines: dbt-core 1.12.6.
 */
#ifndef CLI_SINKS_H
#define CLI_SINKS_H

#include "base/event.h"
#include "base/pool.h"

enum { LEVEL_NOTHING = LEVEL_ERROR + 1 };      /* --log-level none */

typedef enum LineForm { FORM_TEXT, FORM_DEBUG, FORM_JSON } LineForm;

typedef struct SinkOptions {
    LineForm form, form_file;
    int level, level_file;                     /* least Level, or LEVEL_NOTHING                */
    bool is_quiet;                             /* errors and payload only                      */
    bool uses_colors, uses_colors_file;
    bool hides_prints;                         /* --no-print                                   */
    bool shows_all_deprecations;
    bool warns_are_errors;                     /* --warn-error                                 */
    Value errors, warns, silenced;             /* of --warn-error-options: list, "all" or none */
    Str invocation_id;
    Str log_folder;                            /* empty: no log file                           */
    int64_t log_most_bytes;                    /* then the file is rotated                     */
} SinkOptions;

/* ---- hub.c ---- */

/* Opens the sinks and puts the hub on the event stream. Once a process.
 * Fails ERR_IO: the log file cannot be written. The console works all the same.
 * Owner: options' texts must live as long as the process. */
MUST bool sinks_open(const SinkOptions *options, Err *err);

/* Flushes and closes all. Says the summary of deprecations first. */
void sinks_close(void);

/* Fails ERR_COMPILATION with the first warning that --warn-error(-options) makes an error. */
MUST bool sinks_check(Err *err);

/* Do --warn-error and its options make a warning of that name an error? */
bool sinks_promote(const char *event);

/* "Concurrency: ..." is printed before the first node that is no hook: kept until then. */
void sinks_hold_concurrency(int64_t threads, Str target, uint32_t node_count);
void sinks_give_concurrency(void);

/* A blank line, as dbt's Formatting event. */
void say_blank(void);

/* Does --warn-error-options name the event? names: list, "all", "*" or none. */
bool names_event(Value names, const char *event);

/* ---- lines (line.c): shared by console and log file ---- */

/* The event's text with "[WARNING]: " in front where dbt has it, words coloured. */
void line_add_message(const Event *event, bool is_coloured, Text *out);
/* "12:30:00.123456 [info ] [MainThread]: text" */
void line_add_debug(const Event *event, bool is_coloured, Text *out);
/* {"data": {...}, "info": {...}}, keys sorted */
void line_add_json(const Event *event, Str invocation_id, Text *out);
const char *level_name(int level);

/* ---- console.c ---- */

void console_open(const SinkOptions *options);
void console_take(const Event *event);
/* Writes bytes to stdout as they are, buffered. */
void console_write(Str bytes);
void console_flush(void);
bool console_is_terminal(void);
/* Draws the progress again if it is due. Any thread. */
void console_tick(void);
/* The nodes that run, with unique id and label. `visit` must not say events. */
void console_each_running(void (*visit)(void *context, Str unique_id, Str label), void *context);
/* The progress is wiped from the terminal and not drawn again. */
void console_end_progress(void);

/* ---- log_file.c ---- */

MUST bool log_file_open(const SinkOptions *options, Err *err);
void log_file_take(const Event *event);
void log_file_close(void);

/* ---- progress.c: all called under the console's lock ---- */

/* durations  unique id -> microseconds of an earlier run, as VALUE_INT; NONE: unknown */
void progress_begin(uint32_t total, unsigned threads, Value durations);
void progress_take(const Event *event);
/* Lines for the bottom of the terminal, each ending in \n; returns how many. */
unsigned progress_draw(Text *out, int64_t now_us, unsigned columns, bool is_coloured);
bool progress_is_on(void);
void progress_end(void);
void progress_each_running(void (*visit)(void *context, Str unique_id, Str label), void *context);

#endif
