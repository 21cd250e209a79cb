/* watch.c: tells of each piece that passes, for hashing, counting and timing. */
#include "base/clock.h"
#include "store/inner.h"

typedef struct WatchReader {
    Reader reader;
    void (*seen)(void *context, Str piece, int64_t us);
    void *context;
} WatchReader;

static bool watch_next(Reader *reader, Str *piece, Err *err)
{
    WatchReader *self = (WatchReader *)reader;
    int64_t began_us = clock_steady_us();
    TRY(reader_next(reader->below, piece, err));
    if (piece->len)
        self->seen(self->context, *piece, clock_steady_us() - began_us);
    return true;
}

static const ReaderKind watch_reader = {watch_next, NULL};

bool reader_watch(Reader *below, void (*seen)(void *context, Str piece, int64_t us),
                  void *context, Reader **out, Err *err)
{
    CHECK(below, READER_MAGIC);
    (void)err;
    WatchReader *self =
        (WatchReader *)reader_make(sizeof(WatchReader), &watch_reader, below->name, below);
    self->seen = seen;
    self->context = context;
    *out = &self->reader;
    return true;
}
