/* Units: many threads, several processes on one place, workers that fail, stall and die; a local
 * folder and a real S3 server (versitygw: $WEIR_TEST_VERSITYGW, .deps/bin/versitygw or one on PATH;
 * else skipped). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/process.h"
#include "drops/drops_base.h"

#define MUST_WORK(call)                                  \
    do {                                                 \
        if (!(call))                                     \
            fail_msg("%s: %s", #call, err.text);         \
    } while (0)

/* ---- a day in a scratch folder ---- */

typedef struct Day {
    Arena arena;
    Str folder;
    Drop drop;
    bool cancel;
} Day;

static Str scratch_folder(Arena *arena)
{
    Str parent = environment_get("TMPDIR");
    Str path = str_print(arena, STR_FMT "/weir-units-XXXXXX",
                         STR_ARG(parent.len ? parent : STR("/tmp")));
    assert_non_null(mkdtemp((char *)(uintptr_t)path.at));
    return path;
}

static void day_init(Day *day, Str folder)
{
    Err err = {0};
    day->folder = folder;
    day->drop = (Drop){.arena = &day->arena, .cancel = &day->cancel, .run_id = STR("run-1"),
                       .folder = STR("2026-11-20/"), .workers = 2};
    day->drop.spec.name = STR("partner_a");
    day->drop.spec.date = STR("2026-11-20");
    MUST_WORK(store_open(&day->arena, folder, NONE, NULL, &day->drop.spec.work, &err));
}

static int set_up(void **state)
{
    Arena arena = {0};
    Day *day = NEW(&arena, Day);
    Str folder = scratch_folder(&arena);
    day->arena = arena;
    day_init(day, folder);
    *state = day;
    return 0;
}

static int tear_down(void **state)
{
    Day *day = *state;
    Err err = {0};
    MUST_WORK(folder_remove(day->folder, &err));
    Arena arena = day->arena;
    arena_drop(&arena);
    return 0;
}

static Unit *make_units(Arena *arena, uint32_t count)
{
    Unit *units = NEW_N(arena, Unit, count);
    for (uint32_t i = 0; i < count; i++) {
        units[i].name = str_print(arena, "groups/%05u", i);
        units[i].marker = str_print(arena, "groups/%05u.json", i);
    }
    return units;
}

/* ---- what the units do ---- */

enum { MOST_UNITS = 256 };

typedef struct TestWork {
    Drop *drop;
    const Unit *units;
    const char *who;
    int64_t nap_us;              /* a unit takes so long                                          */
    int64_t fail_at;             /* this unit fails; -1: none                                     */
    int64_t cancel_at;           /* this one sets the cancel flag; -1: none                       */
    bool *cancel;
    Str foreign_marker;          /* another's marker that appears while the unit runs             */
    const char *hold_file;       /* made when a unit begins                                       */
    _Atomic uint32_t runs[MOST_UNITS];
    _Atomic uint32_t stopped;
} TestWork;

static void nap(int64_t us)
{
    nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

static bool test_run(void *context, const Unit *unit, unsigned worker, Arena *arena, Str attempt,
                     Value *marker, Err *err)
{
    TestWork *work = context;
    int64_t number = unit - work->units;
    assert_true(attempt.len == 8);
    if (number < MOST_UNITS)
        work->runs[number]++;
    if (work->hold_file)
        TRY(file_write(str_of(work->hold_file), attempt, false, err));
    if (number == work->fail_at)
        return err_set(err, ERR_DATABASE, NOWHERE, "unit %d is bad", (int)number);
    if (number == work->cancel_at)
        __atomic_store_n(work->cancel, true, __ATOMIC_RELAXED);
    for (int64_t left_us = work->nap_us; left_us > 0; left_us -= 5000) {
        if (drop_is_cancelled(work->drop)) {
            work->stopped++;
            return err_set(err, ERR_CANCELLED, NOWHERE, "stopped");
        }
        nap(left_us < 5000 ? left_us : 5000);
    }
    if (work->foreign_marker.len)
        TRY(store_put(work->drop->spec.work, work->foreign_marker, STR("{\"who\": \"other\"}"),
                      NULL, arena, NULL, err));
    *marker = value_dict(arena);
    dict_put(marker->dict, STR("who"), value_text(str_of(work->who)));
    dict_put(marker->dict, STR("attempt"), value_text(attempt));
    dict_put(marker->dict, STR("worker"), value_int(worker));
    return true;
}

static TestWork work_on(Drop *drop, const Unit *units, const char *who)
{
    return (TestWork){.drop = drop, .units = units, .who = who, .fail_at = -1, .cancel_at = -1};
}

static bool run_all(TestWork *work, uint32_t count, unsigned workers, uint32_t *done, Err *err)
{
    UnitWork unit_work = {.run = test_run, .context = work, .workers = workers};
    return units_run(work->drop, work->units, count, &unit_work, done, err);
}

static uint32_t count_files(const Day *day, const char *folder)
{
    AUTO(arena) Arena arena = {0};
    Err err = {0};
    FileList files = {0};
    MUST_WORK(folder_walk(&arena, path_join(&arena, day->folder, str_of(folder)), &files, &err));
    return files.len;
}

/* ---- one process ---- */

static void test_threads(void **state)
{
    Day *day = *state;
    Err err = {0};
    Unit *units = make_units(&day->arena, 120);
    TestWork work = work_on(&day->drop, units, "a");
    uint32_t done;
    MUST_WORK(run_all(&work, 100, 4, &done, &err));
    assert_int_equal(done, 100);
    for (uint32_t i = 0; i < 100; i++) {
        Value marker;
        assert_int_equal(work.runs[i], 1);
        MUST_WORK(marker_get(&day->drop, units[i].marker, &day->arena, &marker, &err));
        assert_true(value_is(value_get(marker, "who"), "a"));
    }
    Value marker;
    MUST_WORK(marker_get(&day->drop, units[100].marker, &day->arena, &marker, &err));
    assert_true(value_is_none(marker));
    MUST_WORK(run_all(&work, 120, 3, &done, &err));
    assert_int_equal(done, 20);
    assert_int_equal(work.runs[0], 1);
    assert_int_equal(work.runs[119], 1);
    MUST_WORK(run_all(&work, 120, 3, &done, &err));
    assert_int_equal(done, 0);
    MUST_WORK(run_all(&work, 1, 8, &done, &err));
    assert_int_equal(done, 0);
    MUST_WORK(run_all(&work, 0, 8, &done, &err));
    assert_int_equal(count_files(day, "2026-11-20/claims"), 0);
}

static void test_first_failure(void **state)
{
    Day *day = *state;
    Err err = {0};
    Unit *units = make_units(&day->arena, 50);
    TestWork work = work_on(&day->drop, units, "a");
    work.nap_us = 3000000;
    work.fail_at = 2;
    uint32_t done;
    int64_t begun_us = clock_steady_us();
    assert_false(run_all(&work, 50, 4, &done, &err));
    assert_true(clock_steady_us() - begun_us < 2500000);
    assert_int_equal(err.kind, ERR_DATABASE);
    assert_string_equal(err.text, "unit 2 is bad");
    err_drop(&err);
    assert_int_equal(done, 0);
    assert_true(work.stopped <= 3);
    assert_int_equal(work.runs[49], 0);
    assert_false(drop_is_cancelled(&day->drop));
    work.nap_us = 0;
    work.fail_at = -1;
    MUST_WORK(run_all(&work, 50, 4, &done, &err));
    assert_int_equal(done, 50);
}

static void test_cancel(void **state)
{
    Day *day = *state;
    Err err = {0};
    Unit *units = make_units(&day->arena, 50);
    TestWork work = work_on(&day->drop, units, "a");
    work.nap_us = 10000;
    work.cancel_at = 5;
    work.cancel = &day->cancel;
    uint32_t done;
    assert_false(run_all(&work, 50, 2, &done, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    err_drop(&err);
    assert_true(done >= 1 && done <= 6);
    assert_int_equal(count_files(day, "2026-11-20/groups"), done);
}

static void test_marker_is_there_first(void **state)
{
    Day *day = *state;
    Err err = {0};
    Unit *units = make_units(&day->arena, 1);
    TestWork work = work_on(&day->drop, units, "a");
    work.foreign_marker = STR("2026-11-20/groups/00000.json");
    uint32_t done = 7;
    MUST_WORK(run_all(&work, 1, 1, &done, &err));
    assert_int_equal(done, 0);
    assert_int_equal(work.runs[0], 1);
    Value marker;
    MUST_WORK(marker_get(&day->drop, units[0].marker, &day->arena, &marker, &err));
    assert_true(value_is(value_get(marker, "who"), "other"));
}

static void touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void test_many_done(void **state)
{
    Day *day = *state;
    Err err = {0};
    enum { MANY = 4000 };
    Unit *units = make_units(&day->arena, MANY);
    AUTO(arena) Arena arena = {0};
    MUST_WORK(folder_make(path_join(&arena, day->folder, STR("2026-11-20/groups")), &err));
    for (uint32_t i = 0; i < MANY; i++)
        if (i % 200 != 7)
            touch(str_print(&arena, STR_FMT "/2026-11-20/groups/%05u.json", STR_ARG(day->folder),
                            i).at);
    TestWork work = work_on(&day->drop, units, "a");
    uint32_t done;
    for (uint32_t shards = 0; shards < 2; shards++) {
        day->drop.spec.shards = day->drop.spec.shard = shards;
        int64_t begun_us = clock_steady_us();
        MUST_WORK(run_all(&work, MANY, 2, &done, &err));
        print_message("4,000 units, %u to do: %lld ms\n", done,
                      (long long)(clock_steady_us() - begun_us) / 1000);
        assert_int_equal(done, shards ? 0 : 20);
        assert_true(clock_steady_us() - begun_us < 10000000);
    }
}

/* ---- several processes ---- */

typedef struct Child {
    Str place;                   /* folder, or s3:// with `options`                               */
    Value options;
    uint32_t shard, shards, count;
    int64_t claim_us, nap_us, fail_at;
    unsigned workers;
    const char *who, *hold_file;
    bool may_fail;
} Child;

/* In a process of its own: exits with the number of units done here, 255 on failure. */
static void child_work(const Child *child)
{
    Arena arena = {0};
    Day day = {0};
    Err err = {0};
    Http *http = NULL;
    day.arena = (Arena){0};
    day.drop = (Drop){.arena = &day.arena, .cancel = &day.cancel, .run_id = STR("run-1"),
                      .folder = STR("2026-11-20/"), .workers = child->workers};
    day.drop.spec.name = STR("partner_a");
    day.drop.spec.date = STR("2026-11-20");
    day.drop.spec.shard = child->shard;
    day.drop.spec.shards = child->shards;
    day.drop.spec.claim_us = child->claim_us;
    bool ok = !value_is_dict(child->options) || http_open(&arena, &http, &err);
    ok = ok && store_open(&arena, child->place, child->options, http, &day.drop.spec.work, &err);
    TestWork work = work_on(&day.drop, make_units(&arena, child->count), child->who);
    work.nap_us = child->nap_us;
    work.fail_at = child->fail_at;
    work.hold_file = child->hold_file;
    uint32_t done = 0;
    ok = ok && run_all(&work, child->count, child->workers, &done, &err);
    if (!ok && !child->may_fail)
        fprintf(stderr, "child %s: %s\n", child->who, err.text ? err.text : "");
    _exit(ok ? (int)done : 255);
}

static pid_t child_start(const Child *child)
{
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child_work(child);
    return pid;
}

static int child_end(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void await_file(const char *path)
{
    for (int i = 0; i < 2000 && !file_exists(str_of(path)); i++)
        nap(5000);
    assert_true(file_exists(str_of(path)));
}

/* Two workers: each unit counts once, no claim stays. */
static void race(const Child *like, const Day *day, const char *root)
{
    AUTO(arena) Arena arena = {0};
    Child a = *like, b = *like;
    a.shard = 1;
    b.shard = 2;
    a.who = "a";
    b.who = "b";
    pid_t first = child_start(&a), second = child_start(&b);
    int done_first = child_end(first), done_second = child_end(second);
    assert_int_equal(done_first + done_second, like->count);
    print_message("of %u units: %d and %d\n", like->count, done_first, done_second);
    assert_int_equal(count_files(day, str_print(&arena, "%s2026-11-20/groups", root).at),
                     like->count);
    assert_int_equal(count_files(day, str_print(&arena, "%s2026-11-20/claims", root).at), 0);
}

static void test_two_processes(void **state)
{
    Day *day = *state;
    Child like = {.place = day->folder, .options = NONE, .shards = 2, .count = 60,
                  .claim_us = 5000000, .nap_us = 20000, .fail_at = -1, .workers = 3};
    race(&like, day, "");
}

/* A killed worker's unit is taken over when its claim was silent for claim_us, not before. */
static void take_over(const Child *like, const Day *day, const char *root, const char *hold_file)
{
    AUTO(arena) Arena arena = {0};
    Child lost = *like, heir = *like;
    lost.shard = 1;
    lost.who = "lost";
    lost.nap_us = 60000000;
    lost.workers = 1;
    lost.hold_file = hold_file;
    heir.shard = 2;
    heir.who = "heir";
    pid_t pid = child_start(&lost);
    await_file(hold_file);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    int64_t begun_us = clock_steady_us();
    assert_int_equal(child_end(child_start(&heir)), like->count);
    int64_t took_us = clock_steady_us() - begun_us;
    print_message("taken over within %lld ms\n", (long long)took_us / 1000);
    assert_true(took_us >= like->claim_us && took_us < like->claim_us + 15000000);
    assert_int_equal(count_files(day, str_print(&arena, "%s2026-11-20/claims", root).at), 0);
}

static void test_takeover(void **state)
{
    Day *day = *state;
    Child like = {.place = day->folder, .options = NONE, .shards = 2, .count = 8,
                  .claim_us = 300000, .nap_us = 1000, .fail_at = -1, .workers = 2};
    take_over(&like, day, "", path_join(&day->arena, day->folder, STR("held")).at);
}

/* Who shows that he lives keeps his unit, however long it takes. */
static void test_slow_is_not_lost(void **state)
{
    Day *day = *state;
    Err err = {0};
    const char *hold_file = path_join(&day->arena, day->folder, STR("held")).at;
    Child slow = {.place = day->folder, .options = NONE, .shard = 1, .shards = 2, .count = 1,
                  .claim_us = 1500000, .nap_us = 4000000, .fail_at = -1, .workers = 1,
                  .who = "slow", .hold_file = hold_file};
    pid_t pid = child_start(&slow);
    await_file(hold_file);
    Child other = slow;
    other.shard = 2;
    other.who = "other";
    other.nap_us = 0;
    other.hold_file = NULL;
    assert_int_equal(child_end(child_start(&other)), 0);
    assert_int_equal(child_end(pid), 1);
    Value marker;
    MUST_WORK(marker_get(&day->drop, STR("groups/00000.json"), &day->arena, &marker, &err));
    assert_true(value_is(value_get(marker, "who"), "slow"));
}

/* A stopped process is silent: taken over; when it goes on its marker comes too late. */
static void test_stalled(void **state)
{
    Day *day = *state;
    Err err = {0};
    const char *hold_file = path_join(&day->arena, day->folder, STR("held")).at;
    Child stalled = {.place = day->folder, .options = NONE, .shard = 1, .shards = 2, .count = 1,
                     .claim_us = 300000, .nap_us = 200000, .fail_at = -1, .workers = 1,
                     .who = "stalled", .hold_file = hold_file};
    pid_t pid = child_start(&stalled);
    await_file(hold_file);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    Child heir = stalled;
    heir.shard = 2;
    heir.who = "heir";
    heir.nap_us = 0;
    heir.hold_file = NULL;
    assert_int_equal(child_end(child_start(&heir)), 1);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(child_end(pid), 0);
    Value marker;
    MUST_WORK(marker_get(&day->drop, STR("groups/00000.json"), &day->arena, &marker, &err));
    assert_true(value_is(value_get(marker, "who"), "heir"));
    assert_int_equal(count_files(day, "2026-11-20/claims"), 0);
}

/* A worker that fails gives its unit back: no waiting for claim_us. */
static void test_failed_is_given_back(void **state)
{
    Day *day = *state;
    Child bad = {.place = day->folder, .options = NONE, .shard = 1, .shards = 2, .count = 10,
                 .claim_us = 60000000, .fail_at = 4, .workers = 2, .who = "bad",
                 .may_fail = true};
    assert_int_equal(child_end(child_start(&bad)), 255);
    assert_int_equal(count_files(day, "2026-11-20/claims"), 0);
    uint32_t left = 10 - count_files(day, "2026-11-20/groups");
    assert_true(left >= 1);
    Child good = bad;
    good.shard = 2;
    good.fail_at = -1;
    good.who = "good";
    good.may_fail = false;
    int64_t begun_us = clock_steady_us();
    assert_int_equal(child_end(child_start(&good)), left);
    assert_true(clock_steady_us() - begun_us < 20000000);
}

/* Waiting for another's unit ends soon after the cancel. */
static void test_cancel_while_waiting(void **state)
{
    Day *day = *state;
    Err err = {0};
    Unit *units = make_units(&day->arena, 2);
    MUST_WORK(store_put(day->drop.spec.work, STR("2026-11-20/claims/groups-00000.json"),
                        STR("{\"worker\": 2}"), NULL, &day->arena, NULL, &err));
    day->drop.spec.shard = 1;
    day->drop.spec.shards = 2;
    TestWork work = work_on(&day->drop, units, "a");
    work.cancel_at = 1;
    work.cancel = &day->cancel;
    uint32_t done;
    int64_t begun_us = clock_steady_us();
    assert_false(run_all(&work, 2, 2, &done, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    err_drop(&err);
    assert_int_equal(done, 1);
    assert_int_equal(work.runs[0], 0);
    assert_true(clock_steady_us() - begun_us < 3000000);
}

/* ---- S3 ---- */

static int socket_to(int port, bool is_server)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int done = is_server ? bind(fd, (struct sockaddr *)&at, sizeof at)
                         : connect(fd, (struct sockaddr *)&at, sizeof at);
    if (done == 0)
        return fd;
    close(fd);
    return -1;
}

static int free_port(void)
{
    int fd = socket_to(0, true);
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    assert_true(fd >= 0 && getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    close(fd);
    return ntohs(at.sin_port);
}

static Str find_server(Arena *arena)
{
    Str given = environment_get("WEIR_TEST_VERSITYGW");
    if (given.len)
        return str_copy(arena, given);
    if (file_exists(STR(".deps/bin/versitygw")))
        return path_absolute(arena, STR(".deps/bin/versitygw"));
    Str rest = environment_get("PATH"), folder;
    while (rest.at && str_next_part(&rest, ':', &folder)) {
        Str found = path_join(arena, folder, STR("versitygw"));
        if (access(found.at, X_OK) == 0)
            return found;
    }
    return STR("");
}

static pid_t start_server(const char *const *argv, int port)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    for (int i = 0; i < 200; i++) {
        int fd = socket_to(port, false);
        if (fd >= 0) {
            close(fd);
            return pid;
        }
        if (waitpid(pid, NULL, WNOHANG) == pid)
            return 0;
        nap(50000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}

static Value s3_options(Arena *arena, int port)
{
    Value options = value_dict(arena);
    dict_put(options.dict, STR("endpoint"),
             value_text(str_print(arena, "http://127.0.0.1:%d", port)));
    dict_put(options.dict, STR("access_key_id"), value_lit("tester"));
    dict_put(options.dict, STR("secret_access_key"), value_lit("test-secret-key"));
    dict_put(options.dict, STR("region"), value_lit("us-east-1"));
    return options;
}

/* Plan, registry and tidying up in an object store. */
static void bookkeeping_on_s3(Day *day, Value options)
{
    Err err = {0};
    Arena *arena = &day->arena;
    Http *http;
    MUST_WORK(http_open(arena, &http, &err));
    MUST_WORK(store_open(arena, STR("s3://bucket/three"), options, http, &day->drop.spec.work,
                         &err));
    static const char *const old[] = {"2026-11-01/summary.json", "2026-11-01/groups/00000.json",
                                      "2026-11-01/parts/00000/orders-x-0.parquet",
                                      "2026-11-01/claims/merge-orders.json",
                                      "2026-11-19/parts/00000/orders-x-0.parquet"};
    for (size_t i = 0; i < COUNT_OF(old); i++)
        MUST_WORK(store_put(day->drop.spec.work, str_of(old[i]), STR("{}"), NULL, arena, NULL,
                            &err));
    DropReport report = {0};
    MUST_WORK(stage_set_date(&day->drop, &report, &err));
    assert_int_equal(value_get(report.response, "days_cleaned").number, 1);
    MUST_WORK(stage_set_date(&day->drop, &report, &err));
    assert_int_equal(value_get(report.response, "days_cleaned").number, 0);
    StoreEntries files = {0};
    MUST_WORK(store_list(day->drop.spec.work, STR("2026-11-*/**"), arena, &files, &err));
    static const char *const left[] = {"2026-11-01/cleaned.json", "2026-11-01/groups/00000.json",
                                       "2026-11-01/summary.json",
                                       "2026-11-19/parts/00000/orders-x-0.parquet",
                                       "2026-11-20/begun.json"};
    assert_int_equal(files.len, COUNT_OF(left));
    for (uint32_t i = 0; i < files.len; i++)
        assert_true(str_is(files.at[i].name, left[i]));
    StoreEntries entries = {0};
    for (uint32_t i = 0; i < 3; i++) {
        Plan plan;
        list_add(arena, &entries, (StoreEntry){.name = str_print(arena, "%u.tar.gz", i)});
        MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
        assert_int_equal(plan.archive_count, i + 1);
        Field field = {.name = str_print(arena, "c%u", i), .type = ARROW_INT64};
        uint32_t version;
        Value changes;
        MUST_WORK(registry_put(&day->drop, STR("orders"), &(Schema){&field, 1}, arena, &version,
                               &changes, &err));
        assert_int_equal(version, i + 1);
    }
    day->drop.spec.is_full_refresh = true;
    day->drop.run_id = STR("run-2");
    Plan plan;
    MUST_WORK(plan_extend(&day->drop, &entries, arena, &plan, &err));
    assert_int_equal(plan.group_count, 1);
}

static void test_s3(void **state)
{
    Day *day = *state;
    Err err = {0};
    Str program = find_server(&day->arena);
    if (!program.len) {
        print_message("no versitygw (WEIR_TEST_VERSITYGW names one)\n");
        skip();
    }
    MUST_WORK(folder_make(path_join(&day->arena, day->folder, STR("data/bucket")), &err));
    int port = free_port();
    const char *argv[] = {program.at, "--port", str_print(&day->arena, "127.0.0.1:%d", port).at,
                          "--access", "tester", "--secret", "test-secret-key", "--quiet", "posix",
                          path_join(&day->arena, day->folder, STR("data")).at, NULL};
    pid_t server = start_server(argv, port);
    if (!server) {
        print_message("%s does not start\n", program.at);
        skip();
    }
    Child like = {.place = STR("s3://bucket/one"), .options = s3_options(&day->arena, port),
                  .shards = 2, .count = 24, .claim_us = 5000000, .nap_us = 50000, .fail_at = -1,
                  .workers = 2};
    race(&like, day, "data/bucket/one/");
    like.place = STR("s3://bucket/two");
    like.claim_us = 600000;
    like.count = 6;
    take_over(&like, day, "data/bucket/two/",
              path_join(&day->arena, day->folder, STR("held")).at);
    bookkeeping_on_s3(day, like.options);
    kill(server, SIGTERM);
    assert_int_equal(waitpid(server, NULL, 0), server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_first_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_marker_is_there_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_processes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_takeover, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_is_not_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stalled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failed_is_given_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel_while_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_s3, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
