/* ahead.c: a reader that is read ahead of in a thread of its own. */
#include "store/ring.h"

typedef struct AheadReader {
    Reader reader;
    Ring ring;
    Thread thread;
} AheadReader;

static void read_ahead(void *context)
{
    AheadReader *self = context;
    AUTO(err) Err err = {0};
    Str piece = STR(" ");
    bool goes_on = true;
    while (goes_on && piece.len)
        goes_on = reader_next(self->reader.below, &piece, &err) &&
                  (!piece.len || ring_put(&self->ring, piece));
    ring_end(&self->ring, &err);
}

static bool ahead_next(Reader *reader, Str *piece, Err *err)
{
    AheadReader *self = (AheadReader *)reader;
    if (ring_take(&self->ring, piece))
        return true;
    err_move(err, &self->ring.failure);
    return false;
}

static void ahead_close(Reader *reader)
{
    AheadReader *self = (AheadReader *)reader;
    ring_stop(&self->ring);
    thread_join(&self->thread);
    ring_drop(&self->ring);
}

static const ReaderKind ahead_reader = {ahead_next, ahead_close};

bool reader_ahead(Reader *below, size_t budget_bytes, Reader **out, Err *err)
{
    CHECK(below, READER_MAGIC);
    (void)err;
    AheadReader *self =
        (AheadReader *)reader_make(sizeof(AheadReader), &ahead_reader, below->name, below);
    ring_init(&self->ring, budget_bytes);
    thread_start(&self->thread, "read ahead", read_ahead, self);
    *out = &self->reader;
    return true;
}
