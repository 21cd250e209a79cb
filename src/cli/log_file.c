/* log_file.c: logs/dbt.log: every event down to debug, gathered and written in large pieces. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "cli/sinks.h"

enum { BUFFER_BYTES = 256 * 1024, OLD_FILES = 5 };

static struct {
    SinkOptions options;
    Arena arena;
    const char *path;
    int fd;
    int64_t size_bytes;
    Text buffer;
} file = {.fd = -1};

/* dbt.log.4 -> dbt.log.5, ..., dbt.log -> dbt.log.1 */
static void rotate(void)
{
    for (int i = OLD_FILES - 1; i >= 0; i--) {
        Str from = i ? str_print(&file.arena, "%s.%d", file.path, i) : str_of(file.path);
        rename(from.at, str_print(&file.arena, "%s.%d", file.path, i + 1).at);
    }
}

static bool reopen(void)
{
    if (file.fd >= 0)
        close(file.fd);
    file.fd = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return file.fd >= 0;
}

static void flush(void)
{
    size_t at = 0;
    while (file.fd >= 0 && at < file.buffer.len) {
        ssize_t wrote = write(file.fd, file.buffer.at + at, file.buffer.len - at);
        if (wrote > 0)
            at += (size_t)wrote;
        else if (wrote < 0 && errno != EINTR)
            break; /* a full disk must not end the run */
    }
    file.size_bytes += (int64_t)file.buffer.len;
    text_clear(&file.buffer);
    if (file.fd >= 0 && file.options.log_most_bytes > 0 &&
        file.size_bytes > file.options.log_most_bytes) {
        rotate();
        file.size_bytes = 0;
        reopen();
    }
}

/* "============ 2026-01-31 12:30:00.123456 | id ============" between two runs */
static void add_header(void)
{
    int64_t now_us = clock_now_us();
    Civil civil = civil_local(now_us);
    text_print(&file.buffer,
               "\n\n============================== %04d-%02u-%02u %02u:%02u:%02u.%06u | " STR_FMT
               " ==============================\n",
               (int)civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second,
               civil.microsecond, STR_ARG(file.options.invocation_id));
}

bool log_file_open(const SinkOptions *options, Err *err)
{
    file.options = *options;
    if (!options->log_folder.len || options->level_file == LEVEL_NOTHING)
        return true;
    TRY(folder_make(options->log_folder, err));
    Str path = path_join(&file.arena, options->log_folder, STR("dbt.log"));
    file.path = str_c(&file.arena, path);
    FileInfo info = file_info(path);
    file.size_bytes = (int64_t)info.size_bytes;
    if (!reopen())
        return err_set(err, ERR_IO, NOWHERE, "cannot write the log file %s: %s", file.path,
                       strerror(errno));
    if (options->form_file != FORM_JSON)
        add_header();
    return true;
}

void log_file_take(const Event *event)
{
    if (file.fd < 0 || (int)event->level < file.options.level_file)
        return;
    size_t start = file.buffer.len;
    if (file.options.form_file == FORM_JSON)
        line_add_json(event, file.options.invocation_id, &file.buffer);
    else
        line_add_debug(event, file.options.uses_colors_file, &file.buffer);
    text_add_char(&file.buffer, '\n');
    if (secret_any()) {
        AUTO(text) Text line = {0};
        text_add_bytes(&line, file.buffer.at + start, file.buffer.len - start);
        secret_hide(&line);
        text_truncate(&file.buffer, start);
        text_add(&file.buffer, text_str(&line));
    }
    if (event->level >= LEVEL_WARN || file.buffer.len >= BUFFER_BYTES)
        flush();
}

void log_file_close(void)
{
    flush();
    if (file.fd >= 0)
        close(file.fd);
    file.fd = -1;
    text_drop(&file.buffer);
    arena_drop(&file.arena);
}
