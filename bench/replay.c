/* replay.c: sends a statement log to DuckDB and does nothing else: the floor of `weir build`.
 *
 *   replay LIBDUCKDB DATABASE LOG
 *
 * The log is what weir writes with WEIR_TRACE_SQL (src/engine/trace.c):
 *
 *   record = THREAD ' ' BEGAN_US ' ' TOOK_US '\n' SQL NUL      in order of completion
 *
 * Each thread of the log becomes a thread with a connection here. A statement starts once every
 * statement that had ended before it began in the log has ended here, so that what depends on each
 * other keeps its order and what ran side by side may do so again. Prints a JSON line. Built by
 * bench/run with: cc -O2 replay.c -ldl -lpthread
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 64

/* ---- the library ---- */

typedef struct DuckResult {
    uint64_t counts[3];
    void *inside[3];
} DuckResult;

static struct {
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **connection);
    int (*query)(void *connection, const char *sql, DuckResult *result);
    const char *(*result_error)(DuckResult *result);
    void (*destroy_result)(DuckResult *result);
    void (*disconnect)(void **connection);
    void (*close)(void **database);
} duck;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "replay: %s: %s\n", what, why ? why : "no reason given");
    exit(1);
}

static void *symbol(void *library, const char *name)
{
    void *found = dlsym(library, name);
    if (!found)
        fail(name, dlerror());
    return found;
}

static void library_load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail(path, dlerror());
    *(void **)&duck.open = symbol(library, "duckdb_open");
    *(void **)&duck.connect = symbol(library, "duckdb_connect");
    *(void **)&duck.query = symbol(library, "duckdb_query");
    *(void **)&duck.result_error = symbol(library, "duckdb_result_error");
    *(void **)&duck.destroy_result = symbol(library, "duckdb_destroy_result");
    *(void **)&duck.disconnect = symbol(library, "duckdb_disconnect");
    *(void **)&duck.close = symbol(library, "duckdb_close");
}

/* ---- the log ---- */

typedef struct Record {
    unsigned thread;
    long long began_us, ended_us;
    size_t after;         /* how many records must have ended */
    const char *sql;
} Record;

static Record *records;
static size_t record_count;
static unsigned thread_count;

static char *file_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail(path, "cannot be read");
    *len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*len + 1);
    if (!text || fread(text, 1, *len, file) != *len)
        fail(path, "cannot be read");
    text[*len] = '\0';
    fclose(file);
    return text;
}

static void record_read(const char *at, Record *record)
{
    long long took_us;
    const char *sql = strchr(at, '\n');
    if (!sql || sscanf(at, "%u %lld %lld", &record->thread, &record->began_us, &took_us) != 3 ||
        record->thread >= THREADS_MAX)
        fail("log", "a record has no head as expected");
    record->sql = sql + 1;
    record->ended_us = record->began_us + took_us;
    if (record->thread >= thread_count)
        thread_count = record->thread + 1;
}

static void log_read(const char *path)
{
    size_t len, room = 0;
    char *text = file_read(path, &len);
    for (char *at = text; at < text + len; at += strlen(at) + 1) {
        if (record_count == room)
            records = realloc(records, (room = room ? room * 2 : 1024) * sizeof *records);
        record_read(at, &records[record_count]);
        Record *record = &records[record_count];
        record->after = record_count++;
        while (record->after > 0 && records[record->after - 1].ended_us > record->began_us)
            record->after--;
    }
}

/* ---- the threads ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static bool *is_done;
static size_t done_prefix, failed_count;

static void wait_for(size_t count)
{
    pthread_mutex_lock(&lock);
    while (done_prefix < count)
        pthread_cond_wait(&moved, &lock);
    pthread_mutex_unlock(&lock);
}

static void note_done(size_t i, bool failed)
{
    pthread_mutex_lock(&lock);
    is_done[i] = true;
    failed_count += failed;
    while (done_prefix < record_count && is_done[done_prefix])
        done_prefix++;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&lock);
}

typedef struct Worker {
    pthread_t thread;
    unsigned number;
    void *connection;
} Worker;

static void *work(void *what)
{
    Worker *worker = what;
    for (size_t i = 0; i < record_count; i++) {
        if (records[i].thread != worker->number)
            continue;
        DuckResult result;
        wait_for(records[i].after);
        bool failed = duck.query(worker->connection, records[i].sql, &result) != 0;
        if (failed && getenv("REPLAY_VERBOSE"))
            fprintf(stderr, "%s\n%s\n\n", records[i].sql, duck.result_error(&result));
        duck.destroy_result(&result);
        note_done(i, failed);
    }
    return NULL;
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: replay LIBDUCKDB DATABASE LOG\n", stderr);
        return 2;
    }
    void *database;
    Worker workers[THREADS_MAX];
    log_read(argv[3]);
    library_load(argv[1]);
    is_done = calloc(record_count + 1, sizeof *is_done);
    if (duck.open(argv[2], &database) != 0)
        fail(argv[2], "DuckDB cannot open it");
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < thread_count; i++) {
        workers[i].number = i;
        if (duck.connect(database, &workers[i].connection) != 0)
            fail(argv[2], "no connection");
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (unsigned i = 0; i < thread_count; i++) {
        pthread_join(workers[i].thread, NULL);
        duck.disconnect(&workers[i].connection);
    }
    printf("{\"statements\": %zu, \"failed\": %zu, \"threads\": %u, \"cpu_s\": %.3f, \"wall_s\": "
           "%.3f}\n",
           record_count, failed_count, thread_count, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           seconds(CLOCK_MONOTONIC) - wall);
    duck.close(&database);
    return 0;
}
