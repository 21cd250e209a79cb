/* postgres_help_test.c: starts and stops a Postgres of the machine's own; reads streams as texts.
 */
#include "engine/postgres_help_test.h"

#include <arpa/inet.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/process.h"

bool pg_is_there;
int pg_port;
static char folder[64], programs[256];
static const char *why_not = "";

/* ---- the server ---- */

/* Runs `program` of the server's own user, since it refuses root. */
static bool run_program(const char *const *arguments, Text *output)
{
    const char *argv[24];
    size_t count = 0;
    ProcessResult result = {0};
    Err err = {0};
    if (geteuid() == 0) {
        argv[count++] = "runuser";
        argv[count++] = "-u";
        argv[count++] = "postgres";
        argv[count++] = "--";
    }
    for (; *arguments; arguments++)
        argv[count++] = *arguments;
    argv[count] = NULL;
    bool ok = process_run(argv, str_of("/tmp"), STR_NONE, 60000, &result, &err);
    ok = ok && result.exit_code == 0;
    if (!ok)
        text_print(output, "%s%s%s", result.errors.at ? result.errors.at : "",
                   result.out.at ? result.out.at : "", err.text ? err.text : "");
    process_result_drop(&result);
    err_drop(&err);
    return ok;
}

static bool find_programs(void)
{
    glob_t found;
    bool ok = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0 && found.gl_pathc;
    if (ok) {
        const char *last = found.gl_pathv[found.gl_pathc - 1];
        snprintf(programs, sizeof programs, "%.*s", (int)(strlen(last) - strlen("/initdb")), last);
    }
    globfree(&found);
    return ok;
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0), port = 0;
    if (bind(fd, (struct sockaddr *)&address, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0)
        port = ntohs(address.sin_port);
    close(fd);
    return port;
}

static bool make_cluster(Text *output)
{
    char initdb[300], data[128], file[160];
    Err err = {0};
    snprintf(initdb, sizeof initdb, "%s/initdb", programs);
    snprintf(data, sizeof data, "%s/data", folder);
    const char *arguments[] = {initdb, "-D",    data, "-U",   "etl",
                               "-A",   "trust", "-E", "UTF8", "--locale=C.UTF-8",
                               "-N",   NULL};
    if (!run_program(arguments, output))
        return false;
    AUTO(text) Text settings = {0};
    text_print(&settings,
               "port = %d\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
               "fsync = off\nmax_connections = 30\nshared_buffers = 32MB\n",
               pg_port);
    snprintf(file, sizeof file, "%s/postgresql.auto.conf", data);
    bool ok = file_write(str_of(file), text_str(&settings), false, &err) && chmod(file, 0644) == 0;
    snprintf(file, sizeof file, "%s/pg_hba.conf", data);
    ok = ok &&
         file_write(str_of(file),
                    STR("host all guarded 127.0.0.1/32 scram-sha-256\n"
                        "host all all 127.0.0.1/32 trust\n"),
                    false, &err) &&
         chmod(file, 0644) == 0;
    err_drop(&err);
    return ok;
}

static bool control(const char *action, const char *mode, Text *output)
{
    char pg_ctl[300], data[128], log[128];
    snprintf(pg_ctl, sizeof pg_ctl, "%s/pg_ctl", programs);
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(log, sizeof log, "%s/log", folder);
    const char *arguments[] = {pg_ctl, "-D", data, "-l", log, "-w", "-m", mode, action, NULL};
    return run_program(arguments, output);
}

void pg_start(void)
{
    AUTO(text) Text output = {0};
    if (!control("start", "fast", &output))
        fail_msg("the server does not start: %s", output.at);
}

void pg_stop(const char *mode)
{
    AUTO(text) Text output = {0};
    if (!control("stop", mode, &output))
        fail_msg("the server does not stop: %s", output.at);
}

int pg_set_up(void **state)
{
    (void)state;
    AUTO(text) Text output = {0};
    snprintf(folder, sizeof folder, "/tmp/weir-pg-XXXXXX");
    if (!find_programs()) {
        why_not = "no Postgres server is installed (/usr/lib/postgresql/*/bin/initdb)";
        return 0;
    }
    if (!mkdtemp(folder) || chmod(folder, 0777) != 0)
        return 1;
    pg_port = free_port();
    if (!make_cluster(&output)) {
        why_not = "initdb failed";
        print_message("%s\n", output.at ? output.at : "");
        return 0;
    }
    pg_start();
    pg_is_there = true;
    Pg pg;
    pg_open(&pg);
    pg_run(&pg, "create user guarded password 's3cret''x'");
    pg_close(&pg);
    return 0;
}

int pg_tear_down(void **state)
{
    (void)state;
    AUTO(text) Text output = {0};
    if (pg_is_there)
        control("stop", "immediate", &output);
    const char *arguments[] = {"rm", "-rf", folder, NULL};
    run_program(arguments, &output);
    rmdir(folder);
    return 0;
}

int pg_silent_listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

void pg_need(void)
{
    if (!pg_is_there) {
        print_message("skipped: %s\n", why_not);
        skip();
    }
}

/* ---- connections ---- */

Value pg_config(Arena *arena, const char *user, const char *password)
{
    Value config = value_dict(arena);
    dict_put(config.dict, STR("host"), value_lit("127.0.0.1"));
    dict_put(config.dict, STR("port"), value_int(pg_port));
    dict_put(config.dict, STR("user"), value_text(str_of(user)));
    dict_put(config.dict, STR("database"), value_lit("postgres"));
    if (password)
        dict_put(config.dict, STR("password"), value_text(str_of(password)));
    return config;
}

void pg_open(Pg *pg)
{
    *pg = (Pg){0};
    if (!database_open(STR("postgres"), &pg->arena, pg_config(&pg->arena, "etl", NULL),
                       &pg->database, &pg->err))
        fail_msg("open: %s", pg->err.text);
}

void pg_close(Pg *pg)
{
    arena_drop(&pg->arena);
    err_drop(&pg->err);
}

void pg_run(Pg *pg, const char *sql)
{
    if (!database_query(pg->database, &pg->arena, str_of(sql), 0, NULL, &pg->err))
        fail_msg("%.300s: %s", sql, pg->err.text);
}

const char *pg_rows(Pg *pg, const char *sql)
{
    Result result;
    Err err = {0};
    Text out = {0};
    if (!database_query(pg->database, &pg->arena, str_of(sql), 100000, &result, &err)) {
        text_add_c(&out, err.text);
        err_drop(&err);
        return text_give(&pg->arena, &out).at;
    }
    for (uint64_t row = 0; row < result.row_count; row++)
        for (uint32_t i = 0; i < result.column_count; i++) {
            Value cell = result.cells[row * result.column_count + i];
            text_add_c(&out, i ? "|" : row ? "\n" : "");
            text_add(&out, value_is_none(cell) ? STR("NULL") : value_str(cell));
        }
    text_add_c(&out, "");
    return text_give(&pg->arena, &out).at;
}

/* ---- streams ---- */

bool pg_take(Pg *pg, Stream *stream, bool is_printed, PgTaken *out, Err *err)
{
    *out = (PgTaken){.schema = schema_copy(&pg->arena, &stream->schema)};
    Text text = {0};
    bool ok = true;
    for (uint64_t rows = 1; ok && rows;) {
        Batch batch;
        ok = stream->next(stream->self, &batch, err);
        if (!ok)
            break;
        rows = batch_rows(&batch);
        for (uint64_t row = 0; is_printed && row < rows; row++)
            for (uint32_t i = 0; i < out->schema.count; i++) {
                const struct ArrowArray *array = batch.array.children[i];
                if (array_is_null(array, row))
                    text_add_c(&text, "NULL");
                else
                    array_print(&out->schema.fields[i], array, row, &text);
                text_add_char(&text, i + 1 == out->schema.count ? '\n' : '|');
            }
        out->rows += rows;
        out->batches += rows > 0;
        batch_drop(&batch);
    }
    stream_close(stream);
    text_add_c(&text, "");
    Str given = text_give(&pg->arena, &text);
    out->text = (Text){.at = (char *)(uintptr_t)given.at, .len = given.len};
    return ok;
}

PgTaken pg_read(Pg *pg, const DatabaseRead *read)
{
    Stream stream;
    PgTaken taken = {0};
    if (!database_read(pg->database, &pg->arena, read, &stream, &pg->err) ||
        !pg_take(pg, &stream, true, &taken, &pg->err))
        fail_msg("read: %s", pg->err.text);
    return taken;
}

void pg_read_fails(Pg *pg, const DatabaseRead *read, ErrKind kind, const char *words)
{
    Stream stream;
    PgTaken taken;
    Err err = {0};
    if (database_read(pg->database, &pg->arena, read, &stream, &err) &&
        pg_take(pg, &stream, true, &taken, &err))
        fail_msg("should fail with \"%s\", gave %s", words, taken.text.at);
    if (err.kind != kind || !strstr(err.text, words))
        fail_msg("kind %d, expected %d with \"%s\": %s", (int)err.kind, (int)kind, words, err.text);
    err_drop(&err);
}
