/* pool.c: locks with ranks, conditions, threads, and loops that run on several of them.
 *
 * parallel_for() keeps its helpers: they sleep between calls. A call posts a job, wakes as many
 * helpers as it wants, works along, and closes the job; helpers that wake too late find nothing
 * and sleep again, so that a tiny job never waits for a thread to start.
 */
#include "base/pool.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/event.h"

#define STACK_BYTES ((size_t)8 << 20)
#define POOL_RANK 980
#define HELPERS_MOST 255

/* ---- locks ---- */

static _Thread_local int held_rank;

void lock_init(Lock *lock, int rank, const char *name)
{
    int failed = pthread_mutex_init(&lock->mutex, NULL);
    assert(!failed);
    lock->rank = rank;
    lock->name = name;
    lock->outer = 0;
}

void lock_drop(Lock *lock)
{
    int failed = pthread_mutex_destroy(&lock->mutex);
    assert(!failed); /* nobody holds it */
}

void lock_take(Lock *lock)
{
    assert(held_rank < lock->rank);
    int failed = pthread_mutex_lock(&lock->mutex);
    assert(!failed);
    lock->outer = held_rank;
    held_rank = lock->rank;
}

void lock_give(Lock *lock)
{
    assert(held_rank == lock->rank);
    held_rank = lock->outer;
    int failed = pthread_mutex_unlock(&lock->mutex);
    assert(!failed);
}

/* ---- conditions ---- */

void signal_init(Signal *signal)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    failed |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failed |= pthread_cond_init(&signal->cond, &attributes);
    assert(!failed);
    pthread_condattr_destroy(&attributes);
}

void signal_drop(Signal *signal)
{
    pthread_cond_destroy(&signal->cond);
}

bool signal_wait(Signal *signal, Lock *lock, int64_t timeout_ms)
{
    assert(held_rank == lock->rank);
    int outer = lock->outer; /* others hold the lock meanwhile */
    int result;
    if (timeout_ms < 0) {
        result = pthread_cond_wait(&signal->cond, &lock->mutex);
    } else {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)(timeout_ms / 1000);
        until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        result = pthread_cond_timedwait(&signal->cond, &lock->mutex, &until);
    }
    assert(result == 0 || result == ETIMEDOUT);
    lock->outer = outer;
    return result == 0;
}

void signal_tell_one(Signal *signal)
{
    pthread_cond_signal(&signal->cond);
}

void signal_tell_all(Signal *signal)
{
    pthread_cond_broadcast(&signal->cond);
}

/* ---- threads ---- */

unsigned cpu_count(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return 1;
    int count = CPU_COUNT(&allowed);
    return count > 0 ? (unsigned)count : 1;
}

typedef struct ThreadStart {
    void (*run)(void *context);
    void *context;
    char name[32];
} ThreadStart;

static void *thread_main(void *argument)
{
    ThreadStart start = *(ThreadStart *)argument;
    memory_give(argument);
    event_set_thread_name(start.name);
    start.name[15] = '\0'; /* the system's limit */
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.context);
    return NULL;
}

void thread_start(Thread *thread, const char *name, void (*run)(void *context), void *context)
{
    ThreadStart *start = memory_take(sizeof(*start));
    *start = (ThreadStart){.run = run, .context = context};
    snprintf(start->name, sizeof(start->name), "%s", name);
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    failed |= pthread_attr_setstacksize(&attributes, STACK_BYTES);
    failed |= pthread_create(&thread->handle, &attributes, thread_main, start);
    assert(!failed); /* no thread to be had is like no memory */
    pthread_attr_destroy(&attributes);
    thread->is_started = true;
}

void thread_join(Thread *thread)
{
    if (!thread->is_started)
        return;
    int failed = pthread_join(thread->handle, NULL);
    assert(!failed);
    thread->is_started = false;
}

/* ---- loops on several threads ---- */

typedef struct Job {
    void (*work)(void *context, unsigned worker, uint32_t i);
    void *context;
    uint32_t count, chunk;
    _Atomic uint64_t next;     /* first i that nobody has taken */
} Job;

static struct {
    Lock lock;
    Signal wake, done;
    Job *job;                  /* open job, or NULL                          */
    uint64_t job_number;       /* grows: a helper joins a job once only      */
    unsigned wanted, joined;   /* helpers that may join; that have joined    */
    unsigned active;           /* helpers inside the job                     */
    unsigned started;          /* helpers there are                          */
    bool is_busy;              /* between post and end of a call             */
} pool = {.lock = LOCK_INIT(POOL_RANK, "pool")};

static pthread_once_t pool_once = PTHREAD_ONCE_INIT;

static void pool_init(void)
{
    signal_init(&pool.wake);
    signal_init(&pool.done);
}

static void job_work(Job *job, unsigned worker)
{
    for (;;) {
        uint64_t from = atomic_fetch_add_explicit(&job->next, job->chunk, memory_order_relaxed);
        if (from >= job->count)
            return;
        uint64_t to = from + job->chunk < job->count ? from + job->chunk : job->count;
        for (uint64_t i = from; i < to; i++)
            job->work(job->context, worker, (uint32_t)i);
    }
}

/* A helper's life: sleep, join, work, tell. */
static void helper_run(void *context)
{
    (void)context;
    uint64_t last_job = 0;
    lock_take(&pool.lock);
    for (;;) {
        while (!pool.job || pool.job_number == last_job || pool.joined == pool.wanted)
            signal_wait(&pool.wake, &pool.lock, -1);
        Job *job = pool.job;
        last_job = pool.job_number;
        unsigned worker = ++pool.joined; /* the caller is worker 0 */
        pool.active++;
        lock_give(&pool.lock);
        job_work(job, worker);
        lock_take(&pool.lock);
        if (--pool.active == 0)
            signal_tell_one(&pool.done);
    }
}

/* Under the lock: sees to it that there are `wanted` helpers. They live as long as the process. */
static void pool_grow(unsigned wanted)
{
    while (pool.started < wanted) {
        char name[32];
        snprintf(name, sizeof(name), "Worker-%u", pool.started + 1);
        Thread helper;
        thread_start(&helper, name, helper_run, NULL);
        pthread_detach(helper.handle);
        pool.started++;
    }
}

/* Opens the job for helpers; false when another call has them. */
static bool pool_post(Job *job, unsigned wanted)
{
    pthread_once(&pool_once, pool_init);
    lock_take(&pool.lock);
    bool is_mine = !pool.is_busy;
    if (is_mine) {
        pool.is_busy = true;
        pool_grow(wanted);
        pool.job = job;
        pool.job_number++;
        pool.wanted = wanted;
        pool.joined = 0;
        if (wanted == 1)
            signal_tell_one(&pool.wake);
        else
            signal_tell_all(&pool.wake);
    }
    lock_give(&pool.lock);
    return is_mine;
}

static void pool_end(void)
{
    lock_take(&pool.lock);
    pool.job = NULL;
    while (pool.active)
        signal_wait(&pool.done, &pool.lock, -1);
    pool.is_busy = false;
    lock_give(&pool.lock);
}

void parallel_for(unsigned workers, uint32_t count, uint32_t chunk,
                  void (*work)(void *context, unsigned worker, uint32_t i), void *context)
{
    Job job = {.work = work, .context = context, .count = count, .chunk = chunk ? chunk : 1};
    uint64_t chunks = ((uint64_t)count + job.chunk - 1) / job.chunk;
    unsigned wanted = workers > 1 ? workers - 1 : 0;
    if (wanted > HELPERS_MOST)
        wanted = HELPERS_MOST;
    if (chunks && wanted > chunks - 1)
        wanted = (unsigned)(chunks - 1);
    bool has_helpers = wanted && pool_post(&job, wanted);
    job_work(&job, 0);
    if (has_helpers)
        pool_end();
}
