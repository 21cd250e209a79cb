/* pipe.c: a queue of batches between threads, bounded by their bytes.
 *
 *   pipe_put() --> [batch][batch][batch] --> next()        bytes <= budget, or one batch alone
 *   producers       under one lock            consumer
 */
#include "arrow/arrow_base.h"
#include "base/pool.h"

#define PIPE_MAGIC 0x70697065u
#define PIPE_RANK 120

typedef struct Link {
    struct Link *next;
    Batch batch;
} Link;

struct Pipe {
    uint32_t magic;
    Lock lock;
    Signal has_room, has_batch;
    Schema schema;
    Link *first, **last;         /* the queue                                     */
    Link *spare;                 /* links of batches that were taken              */
    uint64_t bytes, budget;      /* of the queue                                  */
    unsigned running;            /* producers that have not ended                 */
    bool is_closed;
    Err failure;                 /* of the producer that failed first             */
};

static void links_drop(Link *link)
{
    while (link) {
        Link *next = link->next;
        batch_drop(&link->batch);
        memory_give(link);
        link = next;
    }
}

static void pipe_drop(void *what)
{
    Pipe *pipe = what;
    CHECK(pipe, PIPE_MAGIC);
    pipe->magic = 0;
    links_drop(pipe->first);
    links_drop(pipe->spare);
    err_drop(&pipe->failure);
    signal_drop(&pipe->has_room);
    signal_drop(&pipe->has_batch);
    lock_drop(&pipe->lock);
}

Pipe *pipe_make(Arena *arena, const Schema *schema, unsigned producers, uint64_t budget_bytes)
{
    Pipe *pipe = NEW(arena, Pipe);
    pipe->magic = PIPE_MAGIC;
    lock_init(&pipe->lock, PIPE_RANK, "arrow pipe");
    signal_init(&pipe->has_room);
    signal_init(&pipe->has_batch);
    pipe->schema = schema_copy(arena, schema);
    pipe->last = &pipe->first;
    pipe->budget = budget_bytes;
    pipe->running = producers;
    arena_on_drop(arena, pipe_drop, pipe);
    return pipe;
}

static bool is_over(const Pipe *pipe)
{
    return pipe->is_closed || pipe->failure.kind != ERR_NONE;
}

/* Links are kept: a pipe of a million batches takes memory for a few. */
static Link *link_take(Pipe *pipe)
{
    Link *link = pipe->spare;
    if (link)
        pipe->spare = link->next;
    else
        link = memory_take(sizeof *link);
    *link = (Link){0};
    return link;
}

bool pipe_put(Pipe *pipe, Batch *batch)
{
    CHECK(pipe, PIPE_MAGIC);
    bool ok = true;
    if (batch->array.length == 0) { /* would read as the end */
        batch_drop(batch);
        return true;
    }
    lock_take(&pipe->lock);
    while (!is_over(pipe) && pipe->first && pipe->bytes + batch->bytes > pipe->budget)
        signal_wait(&pipe->has_room, &pipe->lock, -1);
    if (is_over(pipe)) {
        ok = false;
    } else {
        Link *link = link_take(pipe);
        link->batch = *batch;
        *batch = (Batch){0};
        *pipe->last = link;
        pipe->last = &link->next;
        pipe->bytes += link->batch.bytes;
        signal_tell_one(&pipe->has_batch);
    }
    lock_give(&pipe->lock);
    batch_drop(batch);
    return ok;
}

void pipe_end(Pipe *pipe, Err *err)
{
    CHECK(pipe, PIPE_MAGIC);
    lock_take(&pipe->lock);
    assert(pipe->running);
    pipe->running--;
    if (err && err->kind != ERR_NONE) {
        if (is_over(pipe))
            err_drop(err);
        else
            err_move(&pipe->failure, err);
    }
    signal_tell_all(&pipe->has_batch);
    if (is_over(pipe))
        signal_tell_all(&pipe->has_room);
    lock_give(&pipe->lock);
}

static bool pipe_next(void *self, Batch *out, Err *err)
{
    Pipe *pipe = self;
    CHECK(pipe, PIPE_MAGIC);
    bool ok = true;
    Batch batch = {0};
    lock_take(&pipe->lock);
    while (!is_over(pipe) && !pipe->first && pipe->running)
        signal_wait(&pipe->has_batch, &pipe->lock, -1);
    if (pipe->failure.kind != ERR_NONE) {
        ok = false; /* asked again, it fails again */
        err_set(err, pipe->failure.kind, pipe->failure.place, "%s", pipe->failure.text);
    } else if (pipe->is_closed) {
        ok = err_set(err, ERR_CANCELLED, NOWHERE, "the stream was closed");
    } else if (pipe->first) {
        Link *link = pipe->first;
        pipe->first = link->next;
        if (!pipe->first)
            pipe->last = &pipe->first;
        batch = link->batch;
        link->batch = (Batch){0};
        link->next = pipe->spare;
        pipe->spare = link;
        pipe->bytes -= batch.bytes;
        signal_tell_all(&pipe->has_room);
    }
    lock_give(&pipe->lock);
    if (ok)
        *out = batch;
    return ok;
}

static void pipe_close(void *self)
{
    Pipe *pipe = self;
    CHECK(pipe, PIPE_MAGIC);
    lock_take(&pipe->lock);
    pipe->is_closed = true;
    Link *left = pipe->first;
    pipe->first = NULL;
    pipe->last = &pipe->first;
    pipe->bytes = 0;
    signal_tell_all(&pipe->has_room);
    signal_tell_all(&pipe->has_batch);
    lock_give(&pipe->lock);
    links_drop(left);
}

Stream pipe_stream(Pipe *pipe)
{
    CHECK(pipe, PIPE_MAGIC);
    return (Stream){pipe->schema, pipe_next, pipe_close, pipe};
}
