/* mysql_help_test.c: starting and stopping a MariaDB for tests. */
#include "engine/mysql_help_test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/process.h"

static struct {
    char folder[64], port[8];
    pid_t pid;
} server;

static void pick_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(probe, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(probe, (struct sockaddr *)&at, &len), 0);
    close(probe);
    snprintf(server.port, sizeof server.port, "%u", ntohs(at.sin_port));
}

static bool is_root(void)
{
    return geteuid() == 0;
}

/* The server refuses to be root: its folder belongs to the user that its package made. */
static bool make_folder(void)
{
    snprintf(server.folder, sizeof server.folder, "/tmp/weir-mysql-XXXXXX");
    if (!mkdtemp(server.folder))
        return false;
    const struct passwd *user = getpwnam("mysql");
    return !is_root() || (user && chown(server.folder, user->pw_uid, user->pw_gid) == 0);
}

static void start_daemon(void)
{
    char data[96], socket_at[96], port[32], pid_at[96], scratch[96];
    snprintf(data, sizeof data, "--datadir=%s/data", server.folder);
    snprintf(socket_at, sizeof socket_at, "--socket=%s/s", server.folder);
    snprintf(pid_at, sizeof pid_at, "--pid-file=%s/pid", server.folder);
    snprintf(port, sizeof port, "--port=%s", server.port);
    snprintf(scratch, sizeof scratch, "--tmpdir=%s", server.folder);
    const char *argv[] = {"mariadbd", "--no-defaults", data, scratch, socket_at, pid_at, port,
                          "--bind-address=127.0.0.1", "--skip-log-bin", "--skip-name-resolve",
                          "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0",
                          "--max-allowed-packet=64M", is_root() ? "--user=mysql" : NULL, NULL};
    server.pid = fork();
    if (server.pid == 0) {
        char log[96];
        snprintf(log, sizeof log, "%s/log", server.folder);
        int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(out, 1);
        dup2(out, 2);
        execvp("mariadbd", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
}

static void wait_until_up(void)
{
    for (int i = 0; i < 300; i++) {
        Arena arena = {0};
        Err err = {0};
        Database *database;
        Value config = server_config(&arena);
        dict_remove(config.dict, value_lit("database"));
        bool ok = database_open(STR("mysql"), &arena, config, &database, &err);
        arena_drop(&arena);
        err_drop(&err);
        if (ok)
            return;
        usleep(100000);
    }
    fail_msg("the server in %s does not come up", server.folder);
}

bool server_start(void)
{
    ProcessResult result = {0};
    Err err = {0};
    char data[96], scratch[96];
    if (!make_folder()) {
        printf("skipped: no user mysql\n");
        return false;
    }
    snprintf(data, sizeof data, "--datadir=%s/data", server.folder);
    snprintf(scratch, sizeof scratch, "--tmpdir=%s", server.folder);
    const char *argv[] = {"mariadb-install-db",
                          "--no-defaults",
                          data,
                          scratch,
                          "--skip-test-db",
                          "--auth-root-authentication-method=normal",
                          is_root() ? "--user=mysql" : NULL,
                          NULL};
    bool ok = process_run(argv, STR("/tmp"), STR(""), 120000, &result, &err);
    if (!ok) {
        printf("skipped: Debian's package mariadb-server is not installed: %s\n", err.text);
        rmdir(server.folder);
        err_drop(&err);
        return false;
    }
    if (result.exit_code != 0) {
        printf("mariadb-install-db: %s\n", text_str(&result.errors).at);
        exit(1);
    }
    process_result_drop(&result);
    pick_port();
    server_again();
    return true;
}

void server_again(void)
{
    start_daemon();
    wait_until_up();
    Arena arena = {0};
    Err err = {0};
    Database *database;
    Value config = server_config(&arena);
    dict_remove(config.dict, value_lit("database"));
    if (!database_open(STR("mysql"), &arena, config, &database, &err) ||
        !database_query(database, &arena, STR("create database if not exists shop"), 0, NULL, &err))
        fail_msg("%s", err.text);
    arena_drop(&arena);
}

static void end_with(int signal_number)
{
    if (server.pid > 0) {
        kill(server.pid, signal_number);
        waitpid(server.pid, NULL, 0);
    }
    server.pid = 0;
}

void server_kill(void)
{
    end_with(SIGKILL);
}

void server_stop(void)
{
    Err err = {0};
    end_with(SIGTERM);
    if (!folder_remove(str_of(server.folder), &err))
        printf("%s\n", err.text);
    err_drop(&err);
}

Value server_config(Arena *arena)
{
    Value config = value_dict(arena);
    dict_put(config.dict, STR("host"), value_lit("127.0.0.1"));
    dict_put(config.dict, STR("port"), value_text(str_of(server.port)));
    dict_put(config.dict, STR("user"), value_lit("root"));
    dict_put(config.dict, STR("database"), value_lit("shop"));
    return config;
}

void mysql_help_open(MysqlHelp *help)
{
    *help = (MysqlHelp){0};
    if (!database_open(STR("mariadb"), &help->arena, server_config(&help->arena), &help->database,
                       &help->err))
        fail_msg("%s", help->err.text);
}

void mysql_help_close(MysqlHelp *help)
{
    arena_drop(&help->arena);
    err_drop(&help->err);
}

void mysql_help_run(MysqlHelp *help, const char *sql)
{
    if (!database_query(help->database, &help->arena, str_of(sql), 0, NULL, &help->err))
        fail_msg("%s: %s", sql, help->err.text);
}

const char *mysql_help_rows(MysqlHelp *help, const char *sql)
{
    Result rows;
    Text out = {0};
    if (!database_query(help->database, &help->arena, str_of(sql), UINT64_MAX, &rows, &help->err))
        fail_msg("%s: %s", sql, help->err.text);
    for (uint64_t i = 0; i < rows.row_count * rows.column_count; i++) {
        if (i)
            text_add_char(&out, i % rows.column_count ? '|' : '\n');
        if (value_is_none(rows.cells[i]))
            text_add_c(&out, "NULL");
        else
            text_add(&out, value_str(rows.cells[i]));
    }
    return text_give(&help->arena, &out).at;
}

static void print_batch(const Schema *schema, const Batch *batch, Text *out)
{
    for (uint64_t row = 0; row < batch_rows(batch); row++)
        for (uint32_t i = 0; i < schema->count; i++) {
            if (out->len || i)
                text_add_char(out, i ? '|' : '\n');
            if (array_is_null(batch->array.children[i], row))
                text_add_c(out, "NULL");
            else
                array_print(&schema->fields[i], batch->array.children[i], row, out);
        }
}

const char *mysql_help_read(MysqlHelp *help, const DatabaseRead *read)
{
    Stream stream;
    Text out = {0};
    err_drop(&help->err);
    if (!database_read(help->database, &help->arena, read, &stream, &help->err))
        return help->err.text;
    for (;;) {
        Batch batch;
        if (!stream.next(stream.self, &batch, &help->err)) {
            stream_close(&stream);
            text_drop(&out);
            return help->err.text;
        }
        uint64_t rows = batch_rows(&batch);
        print_batch(&stream.schema, &batch, &out);
        batch_drop(&batch);
        if (!rows)
            break;
    }
    stream_close(&stream);
    return text_give(&help->arena, &out).at;
}

const char *mysql_help_describe(MysqlHelp *help, const DatabaseRead *read)
{
    DatabaseShape shape;
    Text out = {0};
    err_drop(&help->err);
    if (!database_describe(help->database, &help->arena, read, &shape, &help->err))
        return help->err.text;
    for (uint32_t i = 0; i < shape.schema.count; i++) {
        text_print(&out, "%s" STR_FMT " ", i ? ", " : "", STR_ARG(shape.schema.fields[i].name));
        field_print_type(&shape.schema.fields[i], &out);
    }
    return text_give(&help->arena, &out).at;
}
