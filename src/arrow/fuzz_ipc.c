/* fuzz_ipc.c: bytes as a stream of Arrow's IPC format; what is read is written again. */
#include "arrow/arrow.h"

typedef struct Input {
    const uint8_t *at;
    size_t left;
} Input;

static bool input_get(void *self, void *into, uint64_t size, Err *err)
{
    Input *input = self;
    if (size > input->left)
        return err_set(err, ERR_IO, NOWHERE, "the bytes end");
    if (size)
        memcpy(into, input->at, size);
    input->at += size;
    input->left -= size;
    return true;
}

static bool sink_put(void *self, const void *bytes, uint64_t size, Err *err)
{
    (void)err, (void)bytes;
    *(uint64_t *)self += size;
    return true;
}

static bool read_all(Arena *arena, const IpcSource *source, Err *err)
{
    uint64_t written = 0;
    IpcSink sink = {sink_put, &written};
    Stream stream;
    TRY(ipc_open(source, 1 << 20, arena, &stream, err));
    TRY(ipc_write_schema(&stream.schema, &sink, err));
    for (;;) {
        Batch batch = {0};
        TRY(stream.next(stream.self, &batch, err));
        uint64_t rows = batch_rows(&batch);
        bool ok = !rows || ipc_write_batch(&stream.schema, &batch, &sink, err);
        batch_drop(&batch);
        TRY(ok);
        if (!rows)
            return true;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Input input = {data, size};
    IpcSource source = {input_get, &input};
    Err err = {0};
    bool ok = read_all(&arena, &source, &err);
    assert(ok || err.kind != ERR_NONE);
    err_drop(&err);
    return 0;
}
