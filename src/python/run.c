/* run.c: a model at work in a process of its own; this side of the talk (see driver.py). */
#include "base/assets.h"
#include "base/child.h"
#include "base/json.h"
#include "base/process.h"
#include "python/python.h"

#define BATCH_LIMIT ((uint64_t)1 << 30)
enum { FRAME_LIMIT = 64 << 20, PATIENCE_MS = 2000 };

/* A query whose rows the model reads. */
typedef struct Remote {
    Arena arena;
    Stream stream;
    bool is_open;
} Remote;

typedef struct Run {
    const PythonJob *job;
    Arena arena;                 /* nobody else's: questions come while the host writes           */
    Child child;
    List(Remote *) remotes;      /* by number                                                    */
    uint64_t rows_left;          /* bytes of the piece of rows at hand                           */
    bool has_failed;             /* the model said so: `err` of the call that heard it is set    */
} Run;

static void remote_close(Remote *remote)
{
    if (remote->is_open)
        stream_close(&remote->stream);
    remote->is_open = false;
    arena_drop(&remote->arena);
}

static void run_drop(Run *run)
{
    child_drop(&run->child);
    for (uint32_t i = 0; i < run->remotes.len; i++)
        remote_close(run->remotes.at[i]);
    arena_drop(&run->arena);
}

/* ---- frames ---- */

typedef struct Frame {
    char letter;
    uint64_t size;
} Frame;

static bool send_frame(Run *run, char letter, Str payload, Err *err)
{
    char head[9] = {letter};
    uint64_t size = payload.len;
    memcpy(head + 1, &size, sizeof size);
    TRY(child_write(&run->child, head, sizeof head, err));
    return child_write(&run->child, payload.at, payload.len, err);
}

static bool take_frame(Run *run, Frame *out, Err *err)
{
    char head[9];
    TRY(child_read(&run->child, head, sizeof head, err));
    out->letter = head[0];
    memcpy(&out->size, head + 1, sizeof out->size);
    return true;
}

static bool take_payload(Run *run, Arena *arena, uint64_t size, Str *out, Err *err)
{
    if (size > FRAME_LIMIT)
        return err_set(err, ERR_RUNTIME, NOWHERE, "the model's Python says too much at once");
    char *bytes = arena_take(arena, size + 1, 1);
    TRY(child_read(&run->child, bytes, size, err));
    *out = (Str){bytes, size};
    return true;
}

static bool put_bytes(void *self, const void *bytes, uint64_t size, Err *err)
{
    return child_write(&((Run *)self)->child, bytes, size, err);
}

/* ---- questions of the model ---- */

/* Tells the model why its question has no answer. Being cancelled ends both sides. */
static bool send_failure(Run *run, Err *failure, Err *err)
{
    if (failure->kind == ERR_CANCELLED) {
        err_move(err, failure);
        return false;
    }
    bool ok = send_frame(run, 'E', str_of(failure->text), err);
    err_drop(failure);
    return ok;
}

static bool answer_describe(Run *run, Str sql, Err *err)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    AUTO(text) Text shown = {0};
    const PythonHost *host = &run->job->host;
    IpcSink sink = {put_bytes, run};
    Schema schema;
    Value types;
    Err failure = {0};
    if (!host->describe(host->self, &arena, sql, &schema, &types, &failure))
        return send_failure(run, &failure, err);
    json_print(types, (JsonStyle){.is_compact = true}, &shown);
    TRY(send_frame(run, 'T', text_str(&shown), err));
    return ipc_write_schema(&schema, &sink, err);
}

static bool answer_open(Run *run, Str sql, Err *err)
{
    const PythonHost *host = &run->job->host;
    Remote *remote = NEW(&run->arena, Remote);
    uint32_t number = run->remotes.len;
    Err failure = {0};
    list_add(&run->arena, &run->remotes, remote);
    if (!host->open(host->self, &remote->arena, sql, &remote->stream, &failure))
        return send_failure(run, &failure, err);
    remote->is_open = true;
    return send_frame(run, 'K', (Str){(const char *)&number, sizeof number}, err);
}

static bool answer_next(Run *run, Remote *remote, Err *err)
{
    IpcSink sink = {put_bytes, run};
    Batch batch = {0};
    Err failure = {0};
    if (!remote->is_open)
        return send_frame(run, 'Z', STR_NONE, err);
    if (!remote->stream.next(remote->stream.self, &batch, &failure))
        return send_failure(run, &failure, err);
    bool is_over = !batch_rows(&batch);
    bool ok = send_frame(run, is_over ? 'Z' : 'B', STR_NONE, err) &&
              (is_over || ipc_write_batch(&remote->stream.schema, &batch, &sink, err));
    batch_drop(&batch);
    return ok;
}

/* Any frame that may come at any time; else it is out of turn. */
static bool answer(Run *run, Frame frame, Err *err)
{
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Str payload;
    uint32_t number = 0;
    TRY(take_payload(run, &arena, frame.size, &payload, err));
    if (frame.letter == 'X') {
        run->has_failed = true;
        return err_set(err, ERR_RUNTIME, NOWHERE, "Python model failed:\n" STR_FMT,
                       STR_ARG(payload));
    }
    if (frame.letter == 'D')
        return answer_describe(run, payload, err);
    if (frame.letter == 'O')
        return answer_open(run, payload, err);
    if (payload.len == sizeof number)
        memcpy(&number, payload.at, sizeof number);
    if (payload.len != sizeof number || number >= run->remotes.len ||
        (frame.letter != 'N' && frame.letter != 'C'))
        return err_set(err, ERR_RUNTIME, NOWHERE, "the model's Python speaks out of turn");
    if (frame.letter == 'N')
        return answer_next(run, run->remotes.at[number], err);
    remote_close(run->remotes.at[number]);
    return true;
}

/* ---- the rows that it returns ---- */

static bool get_rows(void *self, void *bytes, uint64_t size, Err *err)
{
    Run *run = self;
    char *at = bytes;
    while (size) {
        while (!run->rows_left) {
            Frame frame;
            TRY(take_frame(run, &frame, err));
            if (frame.letter == 'A')
                run->rows_left = frame.size;
            else
                TRY(answer(run, frame, err));
        }
        uint64_t piece = size < run->rows_left ? size : run->rows_left;
        TRY(child_read(&run->child, at, piece, err));
        at += piece;
        size -= piece;
        run->rows_left -= piece;
    }
    return true;
}

static bool take_rows(Run *run, uint64_t size, Err *err)
{
    const PythonHost *host = &run->job->host;
    IpcSource source = {get_rows, run};
    Str payload;
    Value job;
    Stream rows;
    TRY(take_payload(run, &run->arena, size, &payload, err));
    TRY(json_parse(&run->arena, payload, STR("rows"), &job, err));
    TRY(ipc_open(&source, BATCH_LIMIT, &run->arena, &rows, err));
    TRY(host->write(host->self, value_get(job, "statements"),
                    value_get_text(job, "name", STR("rows")), &rows, err));
    return send_frame(run, 'K', STR_NONE, err);
}

/* ---- a run ---- */

static bool add_module(Arena *arena, Value list, const char *name, const char *asset, Err *err)
{
    Str text;
    Value row = value_list(arena);
    TRY(asset_read(arena, str_of(asset), &text, err));
    array_add(row.list, value_text(str_of(name)));
    array_add(row.list, value_text(text));
    array_add(list.list, row);
    return true;
}

static bool send_job(Run *run, Err *err)
{
    const PythonJob *job = run->job;
    Value all = value_dict(&run->arena), modules = value_list(&run->arena);
    TRY(add_module(&run->arena, modules, "weir_arrow", "src/python/arrow.py", err));
    TRY(add_module(&run->arena, modules, "weir_driver", "src/python/driver.py", err));
    dict_put(all.dict, STR("modules"), modules);
    dict_put(all.dict, STR("file"), value_text(job->file));
    dict_put(all.dict, STR("code"), value_text(job->code));
    dict_put(all.dict, STR("first_line"), value_int(job->first_line));
    dict_put(all.dict, STR("last_line"), value_int(job->last_line));
    dict_put(all.dict, STR("name"), value_text(job->name));
    dict_put(all.dict, STR("settings"), job->settings);
    AUTO(text) Text shown = {0};
    json_print(all, (JsonStyle){.is_compact = true}, &shown);
    return send_frame(run, 'J', text_str(&shown), err);
}

static bool talk(Run *run, Err *err)
{
    TRY(send_job(run, err));
    for (;;) {
        Frame frame;
        TRY(take_frame(run, &frame, err));
        if (frame.letter == 'Q')
            return true;
        if (frame.letter == 'W')
            TRY(take_rows(run, frame.size, err));
        else
            TRY(answer(run, frame, err));
    }
}

/* The model's process went without a word: what its end was is all there is to tell. */
static bool explain_end(Run *run, Err *err)
{
    if (err->kind != ERR_IO || run->has_failed)
        return false;
    int code = child_end(&run->child, PATIENCE_MS);
    if (code > 128)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Python model failed:\n" STR_FMT " was ended by signal %d%s",
                       STR_ARG(run->job->python), code - 128,
                       code - 128 == 9 ? ", as the kernel does when memory is short" : "");
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Python model failed:\n" STR_FMT " ended with code %d before the model did",
                   STR_ARG(run->job->python), code);
}

Str python_choose(Arena *arena, Str wanted)
{
    Str folder = environment_get("VIRTUAL_ENV");
    if (wanted.len)
        return wanted;
    return folder.len ? str_print(arena, STR_FMT "/bin/python", STR_ARG(folder)) : STR("python3");
}

bool python_run(const PythonJob *job, Arena *arena, Err *err)
{
    Str boot;
    TRY(asset_read(arena, STR("src/python/boot.py"), &boot, err));
    const char *argv[] = {str_c(arena, job->python), "-c", str_c(arena, boot), NULL};
    __attribute__((cleanup(run_drop))) Run run = {.job = job};
    if (!child_start(argv, job->folder, job->cancel, &run.child, err))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Python model failed:\ncannot start \"" STR_FMT "\"\nWhich Python runs the "
                       "models: `python: /path/to/python` in the profile's output or the model's "
                       "config, or WEIR_PYTHON; else that of VIRTUAL_ENV, or python3.",
                       STR_ARG(job->python));
    if (!talk(&run, err)) {
        explain_end(&run, err);
        return false;
    }
    child_end(&run.child, PATIENCE_MS);
    return true;
}
