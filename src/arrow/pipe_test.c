/* Pipes: several producers, ends, failures, and consumers that leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arrow/arrow.h"
#include "base/pool.h"

static Field field = {.name = STR_INIT("n"), .type = ARROW_INT64};
static const Schema schema = {&field, 1};

enum { PRODUCERS = 4, BATCHES = 200, ROWS = 100 };

typedef struct Producer {
    Pipe *pipe;
    unsigned number, put, fail_at;
    Thread thread;
} Producer;

static void produce(void *context)
{
    Producer *producer = context;
    Arena arena = {0};
    Err err = {0};
    Builder *builder = builder_make(&arena, &schema);
    for (; producer->put < BATCHES; producer->put++) {
        if (producer->fail_at && producer->put + 1 == producer->fail_at) {
            err_set(&err, ERR_UNAVAILABLE, NOWHERE, "number %u is down", producer->number);
            break;
        }
        for (int64_t i = 0; i < ROWS; i++)
            column_add_int(builder_column(builder, 0), producer->put);
        Batch batch;
        builder_finish(builder, &batch);
        bool goes_on = pipe_put(producer->pipe, &batch);
        assert_null(batch.array.release);
        if (!goes_on)
            break;
    }
    pipe_end(producer->pipe, &err);
    assert_null(err.text);
    arena_drop(&arena);
}

static void start(Producer *producers, Pipe *pipe, unsigned fails, unsigned fail_at)
{
    for (unsigned i = 0; i < PRODUCERS; i++) {
        producers[i] = (Producer){.pipe = pipe, .number = i, .fail_at = i == fails ? fail_at : 0};
        thread_start(&producers[i].thread, "producer", produce, &producers[i]);
    }
}

static void join(Producer *producers)
{
    for (unsigned i = 0; i < PRODUCERS; i++)
        thread_join(&producers[i].thread);
}

static void test_all_comes(void **state)
{
    (void)state;
    static const uint64_t budgets[] = {1, 5000, 1 << 20};
    for (size_t k = 0; k < COUNT_OF(budgets); k++) {
        Arena arena = {0};
        AUTO(err) Err err = {0};
        Producer producers[PRODUCERS];
        Pipe *pipe = pipe_make(&arena, &schema, PRODUCERS, budgets[k]);
        Stream stream = pipe_stream(pipe);
        start(producers, pipe, PRODUCERS, 0);
        uint64_t sum = 0, rows = 0, most = 0, batch_bytes = 0;
        for (;;) {
            Batch batch;
            assert_true(stream.next(stream.self, &batch, &err));
            if (!batch_rows(&batch))
                break;
            const int64_t *numbers = batch.array.children[0]->buffers[1];
            rows += batch_rows(&batch);
            sum += (uint64_t)numbers[0] * batch_rows(&batch);
            if (batch.bytes > batch_bytes)
                batch_bytes = batch.bytes;
            if (batch_bytes_alive() > most)
                most = batch_bytes_alive();
            batch_drop(&batch);
        }
        join(producers);
        assert_int_equal(rows, PRODUCERS * BATCHES * ROWS);
        assert_int_equal(sum, (uint64_t)PRODUCERS * ROWS * BATCHES * (BATCHES - 1) / 2);
        /* in flight: the queue, one batch a producer and its next, one at the consumer */
        assert_in_range(most, 1, budgets[k] + batch_bytes * (2 * PRODUCERS + 2) * 2);
        Batch batch;
        assert_true(stream.next(stream.self, &batch, &err)); /* still the end */
        assert_int_equal(batch_rows(&batch), 0);
        stream_close(&stream);
        arena_drop(&arena);
        assert_int_equal(batch_bytes_alive(), 0);
    }
}

static void test_consumer_leaves(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Producer producers[PRODUCERS];
    Pipe *pipe = pipe_make(&arena, &schema, PRODUCERS, 3000);
    Stream stream = pipe_stream(pipe);
    start(producers, pipe, PRODUCERS, 0);
    for (int i = 0; i < 5; i++) {
        Batch batch;
        assert_true(stream.next(stream.self, &batch, &err));
        batch_drop(&batch);
    }
    stream_close(&stream);
    join(producers); /* they ended although nobody took the rest */
    for (unsigned i = 0; i < PRODUCERS; i++)
        assert_in_range(producers[i].put, 0, BATCHES - 1);
    arena_drop(&arena);
    assert_int_equal(batch_bytes_alive(), 0);
}

static void test_producer_fails(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Producer producers[PRODUCERS];
    Pipe *pipe = pipe_make(&arena, &schema, PRODUCERS, 3000);
    Stream stream = pipe_stream(pipe);
    start(producers, pipe, 2, 20);
    Batch batch;
    while (stream.next(stream.self, &batch, &err)) {
        assert_true(batch_rows(&batch) > 0);
        batch_drop(&batch);
    }
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_string_equal(err.text, "number 2 is down");
    join(producers); /* the others were told to stop */
    assert_false(stream.next(stream.self, &batch, &err));
    assert_string_equal(err.text, "number 2 is down");
    stream_close(&stream);
    arena_drop(&arena);
    assert_int_equal(batch_bytes_alive(), 0);
}

/* A pipe that is dropped with batches in it, without a consumer. */
static void test_dropped(void **state)
{
    (void)state;
    Arena arena = {0};
    Pipe *pipe = pipe_make(&arena, &schema, 1, 1 << 20);
    Builder *builder = builder_make(&arena, &schema);
    column_add_int(builder_column(builder, 0), 1);
    Batch batch;
    builder_finish(builder, &batch);
    assert_true(pipe_put(pipe, &batch));
    builder_finish(builder, &batch); /* empty: passes as nothing, not as the end */
    assert_true(pipe_put(pipe, &batch));
    pipe_end(pipe, NULL);
    arena_drop(&arena);
    assert_int_equal(batch_bytes_alive(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_comes),
        cmocka_unit_test(test_consumer_leaves),
        cmocka_unit_test(test_producer_fails),
        cmocka_unit_test(test_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
