/* pool.h: threads, the only place that starts them.
 *
 * Locks have ranks: a thread takes them in rising order only (asserted). base itself has the
 * highest, so that everyone may call it under a lock: events 900, secrets 950, the pool 980; so
 * have the buffers of arrow, 970.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/macros.h"

typedef struct Lock {
    pthread_mutex_t mutex;
    int rank;
    const char *name;
    int outer;          /* rank to restore; written by the holder only */
} Lock;

#define LOCK_INIT(rank_, name_) {PTHREAD_MUTEX_INITIALIZER, (rank_), (name_), 0}

void lock_init(Lock *lock, int rank, const char *name);
void lock_drop(Lock *lock);
void lock_take(Lock *lock);
void lock_give(Lock *lock);

typedef struct Signal {         /* a condition, waited for under a Lock */
    pthread_cond_t cond;
} Signal;
void signal_init(Signal *signal);
void signal_drop(Signal *signal);
/* Waits until told, or `timeout_ms` (< 0: for ever) is over: then false. */
bool signal_wait(Signal *signal, Lock *lock, int64_t timeout_ms);
void signal_tell_one(Signal *signal);
void signal_tell_all(Signal *signal);

/* How many cores this process may use. */
unsigned cpu_count(void);

/* Runs work(context, worker, i) for i in [0, count) on up to `workers` threads (the caller is one
 * of them); i are given out in rising order, `chunk` at a time. Returns when all are done.
 * `worker` is 0..workers-1: index of per-worker arenas. The helpers are kept asleep between calls;
 * a call within a call, or while another thread's runs, does all its work on the calling thread. */
void parallel_for(unsigned workers, uint32_t count, uint32_t chunk,
                  void (*work)(void *context, unsigned worker, uint32_t i), void *context);

/* Named threads that run until they return. 8 MiB of stack. */
typedef struct Thread {
    pthread_t handle;
    bool is_started;
} Thread;
void thread_start(Thread *thread, const char *name, void (*run)(void *context), void *context);
void thread_join(Thread *thread);

#endif
