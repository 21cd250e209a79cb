/* Locks, conditions, threads and parallel loops. Worth most under ThreadSanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/event.h"
#include "base/pool.h"

#define COUNT 5000

typedef struct Seen {
    _Atomic int times[COUNT];
    uint32_t last_of_worker[8];   /* i + 1; each worker writes its own */
    _Atomic bool is_rising_broken;
} Seen;

static void note(void *context, unsigned worker, uint32_t i)
{
    Seen *seen = context;
    assert_true(worker < 8);
    atomic_fetch_add(&seen->times[i], 1);
    if (seen->last_of_worker[worker] > i)
        atomic_store(&seen->is_rising_broken, true);
    seen->last_of_worker[worker] = i + 1;
}

/* Every number once, rising on each worker, for many sizes. */
static void test_parallel_for(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 7, 64, COUNT};
    for (size_t c = 0; c < COUNT_OF(counts); c++)
        for (unsigned workers = 1; workers <= 8; workers++)
            for (uint32_t chunk = 1; chunk <= 10; chunk += 9) {
                Seen seen = {0};
                parallel_for(workers, counts[c], chunk, note, &seen);
                for (uint32_t i = 0; i < COUNT; i++)
                    assert_int_equal(seen.times[i], i < counts[c]);
                assert_false(seen.is_rising_broken);
            }
}

static void nest(void *context, unsigned worker, uint32_t i)
{
    (void)worker, (void)i;
    Seen seen = {0};
    parallel_for(4, 100, 1, note, &seen);
    atomic_fetch_add((_Atomic int *)context, seen.times[99]);
}

/* A loop within a loop runs too, on the calling thread. */
static void test_nested(void **state)
{
    (void)state;
    _Atomic int count = 0;
    parallel_for(4, 20, 1, nest, &count);
    assert_int_equal(count, 20);
}

/* Many tiny calls from two threads at once: nothing hangs or is lost. */
static void call_often(void *context)
{
    for (int i = 0; i < 500; i++) {
        Seen seen = {0};
        parallel_for(3, 3, 1, note, &seen);
        for (int j = 0; j < 3; j++)
            atomic_fetch_add((_Atomic int *)context, seen.times[j]);
    }
}

static void test_two_callers(void **state)
{
    (void)state;
    _Atomic int count = 0;
    Thread other;
    thread_start(&other, "other", call_often, &count);
    call_often(&count);
    thread_join(&other);
    assert_int_equal(count, 3000);
}

typedef struct Box {
    Lock lock;
    Signal changed;
    int value;
} Box;

static void answer(void *context)
{
    Box *box = context;
    lock_take(&box->lock);
    while (box->value != 1)
        signal_wait(&box->changed, &box->lock, -1);
    box->value = 2;
    signal_tell_all(&box->changed);
    lock_give(&box->lock);
}

static void test_signal(void **state)
{
    (void)state;
    Box box = {0};
    lock_init(&box.lock, 10, "box");
    signal_init(&box.changed);
    Thread thread;
    thread_start(&thread, "answer", answer, &box);
    lock_take(&box.lock);
    box.value = 1;
    signal_tell_one(&box.changed);
    while (box.value != 2)
        assert_true(signal_wait(&box.changed, &box.lock, 60000));
    assert_false(signal_wait(&box.changed, &box.lock, 1)); /* nobody tells any more */
    lock_give(&box.lock);
    thread_join(&thread);
    thread_join(&thread); /* joined before: nothing */
    signal_drop(&box.changed);
    lock_drop(&box.lock);
}

/* Ranks rise; after giving, the outer rank holds again. */
static void test_ranks(void **state)
{
    (void)state;
    Lock low, high;
    lock_init(&low, 1, "low");
    lock_init(&high, 2, "high");
    for (int i = 0; i < 2; i++) {
        lock_take(&low);
        lock_take(&high);
        lock_give(&high);
        lock_take(&high);
        lock_give(&high);
        lock_give(&low);
    }
    pid_t child = fork();
    if (child == 0) { /* the wrong order ends the process */
        fclose(stderr);
        signal(SIGABRT, SIG_DFL);
        lock_take(&high);
        lock_take(&low);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    lock_drop(&low);
    lock_drop(&high);
}

static void read_name(void *context)
{
    snprintf(context, 32, "%s", event_thread_name());
}

static void test_names(void **state)
{
    (void)state;
    char name[32];
    Thread thread;
    thread_start(&thread, "Thread-1 (worker)", read_name, name);
    thread_join(&thread);
    assert_string_equal(name, "Thread-1 (worker)");
    assert_string_equal(event_thread_name(), "MainThread");
    assert_true(cpu_count() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),       cmocka_unit_test(test_parallel_for),
        cmocka_unit_test(test_nested),      cmocka_unit_test(test_two_callers),
        cmocka_unit_test(test_signal),      cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
