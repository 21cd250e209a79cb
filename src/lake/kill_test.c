/* Kills at any moment, and many writers at once: the table is what the committed loads make of it.
 *
 * The program runs itself with "load FOLDER": a child that loads one batch after the other into
 * tables of every disposition, and is killed.
 */
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/process.h"
#include "lake/lake_help_test.h"

enum { KILLS = 12, LOAD_ROWS = 3000 };

static const char *program;

/* ---- the child ---- */

/* Batch n: keys n * 1000 ... + 3000: two thirds of them were there before. Odd batches bring a
 * column more, some a wider type. */
static void load_batch(Help *help, int64_t n)
{
    const char *extra = n % 2 ? ", 'x' || range as more" : "";
    const char *value = n > 20 ? "range + 0.5" : "range";
    help->spec.cursor = value_dict(&help->arena);
    dict_put(help->spec.cursor.dict, STR("value"), value_int(n));
    static const struct {
        const char *table;
        Disposition disposition;
    } targets[] = {{"merged", WRITE_MERGE}, {"appended", WRITE_APPEND}, {"replaced", WRITE_REPLACE},
                   {"history", WRITE_SCD2}};
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        Value cursor;
        help->spec.table = help->spec.resource = str_of(targets[i].table);
        help->spec.disposition = targets[i].disposition;
        if (!lake_cursor(help->lake, help->session, &help->spec, &help->arena, &cursor, &help->err))
            fail_msg("%s", help->err.text);
        if (value_is_dict(cursor) && value_get(cursor, "value").number >= n)
            continue; /* this one was committed before the kill */
        Str select = str_print(&help->arena, "select range as id, %lld as batch, %s as v%s "
                               "from range(%lld, %lld)", (long long)n, value, extra,
                               (long long)n * 1000, (long long)n * 1000 + LOAD_ROWS);
        help_select(help, select.at);
    }
}

static int64_t next_batch(Help *help)
{
    int64_t least = INT64_MAX;
    static const char *const tables[] = {"merged", "appended", "replaced", "history"};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        Value cursor;
        help->spec.resource = str_of(tables[i]);
        if (!lake_cursor(help->lake, help->session, &help->spec, &help->arena, &cursor, &help->err))
            fail_msg("%s", help->err.text);
        int64_t at = value_is_dict(cursor) ? value_get(cursor, "value").number : 0;
        least = at < least ? at : least;
    }
    return least + 1;
}

_Noreturn static void child_main(const char *folder)
{
    Help help;
    help_start(&help, str_of(folder));
    help.spec.primary_key = help_list(&help, "id");
    for (int64_t n = next_batch(&help);; n++)
        load_batch(&help, n);
}

/* ---- the parent ---- */

static void run_and_kill(const char *folder, unsigned wait_ms)
{
    char word[] = "load";
    char *argv[] = {(char *)(uintptr_t)program, word, (char *)(uintptr_t)folder, NULL};
    pid_t child; /* spawned, not forked: libraries with threads do not like the latter */
    assert_int_equal(posix_spawn(&child, program, NULL, NULL, argv, environment_all()), 0);
    nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000L}, NULL);
    int status;
    assert_int_equal(waitpid(child, &status, WNOHANG), 0); /* still at work: it never ends */
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* What every table must be, by the number of its last committed batch. */
static void check_tables(Help *help)
{
    int64_t last[4];
    static const char *const tables[] = {"merged", "appended", "replaced", "history"};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        Value cursor;
        help->spec.resource = str_of(tables[i]);
        assert_true(lake_cursor(help->lake, help->session, &help->spec, &help->arena, &cursor,
                                &help->err));
        last[i] = value_is_dict(cursor) ? value_get(cursor, "value").number : 0;
        AUTO(text) Text sql = {0}, rows = {0};
        text_print(&sql, "select count(*) from w.s._weir_loads where resource = '%s'", tables[i]);
        text_print(&rows, "%lld", (long long)last[i]);
        help_expect(help, sql.at, rows.at);
        if (last[i] == 0)
            continue;
        long long n = last[i], keys = (n - 1) * 1000 + LOAD_ROWS;
        text_clear(&sql), text_clear(&rows);
        text_print(&sql, "select count(*), count(distinct id), max(batch) from w.s.%s", tables[i]);
        text_print(&rows, "%lld|%lld|%lld", i == 0 ? keys : i == 2 ? LOAD_ROWS : n * LOAD_ROWS,
                   i == 2 ? LOAD_ROWS : keys, n);
        help_expect(help, sql.at, rows.at);
    }
    if (last[3]) /* one version is valid of each key */
        help_expect(help, "select count(*) - count(distinct id) from w.s.history where "
                          "_weir_valid_to is null", "0");
    help_expect(help, "select count(*) from duckdb_tables() where table_name like '_weir_stage%'",
                "0");
}

static void test_kills(void **state)
{
    (void)state;
    Help help, seen;
    unsigned seed = (unsigned)clock_now_us();
    print_message("seed %u\n", seed);
    help_folder(&help);
    for (int i = 0; i < KILLS; i++) {
        run_and_kill(str_c(&help.arena, help.folder), 200 + (unsigned)(rand_r(&seed) % 1500));
        help_start(&seen, help.folder);
        check_tables(&seen);
        arena_drop(&seen.arena);
    }
    help_close(&help);
}

/* ---- many at once ---- */

typedef struct Worker {
    Help *help;
    Session *session;
    unsigned number;
    Thread thread;
    Err err;
} Worker;

/* Each loads its own table four times, and all of them into one schema. */
static void work(void *context)
{
    Worker *worker = context;
    for (int i = 0; i < 4 && worker->err.kind == ERR_NONE; i++) {
        Arena arena = {0};
        LoadReport report;
        LoadSpec spec = worker->help->spec;
        spec.disposition = WRITE_MERGE;
        spec.table = spec.resource = str_print(&arena, "t%u", worker->number);
        spec.primary_key = value_list(&arena);
        array_add(spec.primary_key.list, value_lit("id"));
        spec.cursor = value_dict(&arena);
        dict_put(spec.cursor.dict, STR("value"), value_int(i));
        Input input = {.kind = INPUT_SELECT,
                       .select = str_print(&arena, "select range as id, %d as i%s from "
                                           "range(%d)", i, i == 2 ? ", 'x' as more" : "",
                                           1000 * (i + 1))};
        if (lake_prepare(worker->help->lake, worker->session, spec.database, spec.schema,
                         &worker->err) &&
            !lake_load(worker->help->lake, worker->session, &spec, &input, &arena, &report,
                       &worker->err))
            assert(worker->err.kind != ERR_NONE);
        arena_drop(&arena);
    }
}

static void concurrent_steps(Help *help)
{
    Worker workers[4];
    help->spec.schema = STR("many");
    for (unsigned i = 0; i < COUNT_OF(workers); i++) {
        workers[i] = (Worker){.help = help, .number = i};
        assert_true(session_open(help->warehouse, &help->arena, &workers[i].session, &help->err));
    }
    for (unsigned i = 0; i < COUNT_OF(workers); i++)
        thread_start(&workers[i].thread, "loader", work, &workers[i]);
    for (unsigned i = 0; i < COUNT_OF(workers); i++)
        thread_join(&workers[i].thread);
    for (unsigned i = 0; i < COUNT_OF(workers); i++) {
        if (workers[i].err.kind)
            fail_msg("worker %u: %s", i, workers[i].err.text);
        AUTO(text) Text sql = {0};
        text_print(&sql, "select count(*), min(i), count(more) from w.many.t%u", i);
        help_expect(help, sql.at, "4000|3|0");
    }
    help_expect(help, "select count(*), count(distinct resource) from w.many._weir_loads", "16|4");
    help_expect(help, "select count(distinct resource), max(cursor) from w.many._weir_state",
                "4|{\"value\":3}");
}

static void test_concurrent(void **state)
{
    (void)state;
    Help help;
    help_open(&help);
    concurrent_steps(&help);
    help_close(&help);
    if (!help_open_ducklake(&help))
        return;
    concurrent_steps(&help);
    help_close(&help);
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc == 3 && strcmp(argv[1], "load") == 0)
        child_main(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concurrent),
        cmocka_unit_test(test_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
