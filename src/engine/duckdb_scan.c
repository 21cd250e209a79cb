/* duckdb_scan.c: streams that statements read as tables.
 *
 *   "from NAME" --> no table --> replacement --> weir_stream(number) --> bind: columns
 *                                                                 '-> threads: next() to vectors
 *
 * A table function of our own, not the library's arrow_scan: that one is deprecated and creates a
 * view in the user's database. The streams of a statement are known to the thread that runs it:
 * statements are bound on the thread that calls the engine.
 */
#include "engine/duckdb_base.h"
#include "sql/sql.h"

#define FUNCTION "weir_stream"
#define LOOK_MS 50

/* The engine hands our objects from thread to thread; ThreadSanitizer does not see how, for the
 * library is not built with it: a callback tells it when it ends, and when it begins. */
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
static char handover;
#define GIVE_OVER() __tsan_release(&handover)
#define TAKE_OVER() __tsan_acquire(&handover)
#else
#define GIVE_OVER() ((void)0)
#define TAKE_OVER() ((void)0)
#endif

/* A stream while its statement runs. */
typedef struct Scan {
    const DuckAbi *duck;
    Str name;
    Stream *stream;
    const atomic_bool *is_interrupted;
    bool is_bound;               /* a statement has found it (only the statement's thread looks)  */
    Lock lock;                   /* over the following                                            */
    Signal is_free;
    bool is_read;                /* a statement reads or has read it                              */
    bool is_busy;                /* some thread is in next()                                      */
    bool is_over;                /* at its end, or failed                                         */
    Err failure;
} Scan;

typedef struct Scans {
    Scan *at;
    uint32_t count;
} Scans;

/* For callbacks that are handed nothing of ours. */
static _Atomic(const DuckAbi *) library;

/* Those of the statement that this thread runs. */
static _Thread_local Scans *current;

/* Which columns of the stream the statement wants, by place in the output. */
typedef struct Wanted {
    uint64_t count;
    uint64_t columns[];
} Wanted;

/* What one reading thread holds: the batch that it hands out, some rows at a time. */
typedef struct Reader {
    Batch batch;
    uint64_t row;
} Reader;

/* ---- taking batches ---- */

/* A copy of the failure for this thread; under the lock. */
static bool fail_as(const Scan *scan, Err *err)
{
    return err_set(err, scan->failure.kind, NOWHERE, "%s", scan->failure.text);
}

/* The next batch, empty at the end; one thread at a time is in next(), without the lock. */
static bool scan_take(Scan *scan, Batch *out, Err *err)
{
    bool ok = true;
    lock_take(&scan->lock);
    while (scan->is_busy && !atomic_load(scan->is_interrupted))
        signal_wait(&scan->is_free, &scan->lock, LOOK_MS);
    if (scan->failure.kind != ERR_NONE) {
        ok = fail_as(scan, err);
    } else if (scan->is_busy || (!scan->is_over && atomic_load(scan->is_interrupted))) {
        ok = err_set(err, ERR_CANCELLED, NOWHERE, "the statement was cancelled");
    } else if (!scan->is_over) {
        scan->is_busy = true;
        lock_give(&scan->lock);
        Err failure = {0};
        ok = scan->stream->next(scan->stream->self, out, &failure);
        lock_take(&scan->lock);
        scan->is_busy = false;
        scan->is_over = !ok || out->array.length == 0;
        if (!ok) {
            err_move(&scan->failure, &failure);
            fail_as(scan, err);
        }
        signal_tell_all(&scan->is_free);
    }
    lock_give(&scan->lock);
    return ok;
}

/* ---- the engine's callbacks ---- */

static void reader_drop(void *what)
{
    Reader *reader = what;
    TAKE_OVER();
    batch_drop(&reader->batch);
    memory_give(reader);
}

static void wanted_drop(void *what)
{
    TAKE_OVER();
    memory_give(what);
}

static void on_bind(DuckBind bind)
{
    const DuckAbi *duck = atomic_load(&library);
    DuckValue number = duck->bind_get_parameter(bind, 0);
    uint64_t i = duck->get_uint64(number);
    duck->destroy_value(&number);
    if (!current || i >= current->count) {
        duck->bind_set_error(bind, FUNCTION "() reads streams of the running statement only");
        return;
    }
    Scan *scan = &current->at[i];
    const Schema *schema = &scan->stream->schema;
    Arena arena = {0};
    for (uint32_t k = 0; k < schema->count; k++) {
        DuckType type = duckdb_fill_type(duck, &schema->fields[k]);
        duck->bind_add_result_column(bind, str_c(&arena, schema->fields[k].name), type);
        duck->destroy_logical_type(&type);
    }
    arena_drop(&arena);
    duck->bind_set_bind_data(bind, scan, NULL);
    scan->is_bound = true;
}

static void on_init(DuckInit init)
{
    const DuckAbi *duck = atomic_load(&library);
    TAKE_OVER();
    Scan *scan = duck->init_get_bind_data(init);
    lock_take(&scan->lock);
    bool is_second = scan->is_read;
    scan->is_read = true;
    lock_give(&scan->lock);
    if (is_second) {
        AUTO(text) Text text = {0};
        text_print(&text, "the stream '" STR_FMT "' can be read once only", STR_ARG(scan->name));
        duck->init_set_error(init, text.at);
        GIVE_OVER();
        return;
    }
    uint64_t count = duck->init_get_column_count(init);
    Wanted *wanted = memory_take(sizeof *wanted + count * sizeof *wanted->columns);
    wanted->count = count;
    for (uint64_t i = 0; i < count; i++)
        wanted->columns[i] = duck->init_get_column_index(init, i);
    duck->init_set_init_data(init, wanted, wanted_drop);
    duck->init_set_max_threads(init, cpu_count());
    GIVE_OVER();
}

static void on_local_init(DuckInit init)
{
    const DuckAbi *duck = atomic_load(&library);
    Reader *reader = memory_take(sizeof *reader);
    *reader = (Reader){0};
    duck->init_set_init_data(init, reader, reader_drop);
    GIVE_OVER();
}

static bool hand_out(Scan *scan, Reader *reader, const Wanted *wanted, DuckChunk output, Err *err)
{
    const DuckAbi *duck = scan->duck;
    if (reader->row >= batch_rows(&reader->batch)) {
        batch_drop(&reader->batch);
        reader->row = 0;
        TRY(scan_take(scan, &reader->batch, err));
    }
    uint64_t most = duck->vector_size(), count = batch_rows(&reader->batch) - reader->row;
    count = count < most ? count : most;
    for (uint64_t i = 0; count && i < wanted->count; i++) {
        uint64_t column = wanted->columns[i];
        if (column < scan->stream->schema.count) /* else a count of rows alone */
            TRY(duckdb_fill(duck, &scan->stream->schema.fields[column],
                            reader->batch.array.children[column], reader->row, count,
                            duck->data_chunk_get_vector(output, i), err));
    }
    reader->row += count;
    duck->data_chunk_set_size(output, count);
    return true;
}

static void on_call(DuckCall call, DuckChunk output)
{
    const DuckAbi *duck = atomic_load(&library);
    Err err = {0};
    TAKE_OVER();
    Scan *scan = duck->function_get_bind_data(call);
    Reader *reader = duck->function_get_local_init_data(call);
    if (!hand_out(scan, reader, duck->function_get_init_data(call), output, &err)) {
        lock_take(&scan->lock);
        duck->function_set_error(call, err.text);
        scan->is_over = true;
        if (scan->failure.kind == ERR_NONE)
            err_move(&scan->failure, &err);
        lock_give(&scan->lock);
    }
    err_drop(&err);
    GIVE_OVER();
}

/* A name without a table: one of the statement's streams? */
static void on_name(DuckReplacement replacement, const char *name, void *data)
{
    const DuckAbi *duck = ((DuckInstance *)data)->duck;
    for (uint32_t i = 0; current && i < current->count; i++)
        if (str_eq_fold(current->at[i].name, str_of(name))) {
            DuckValue number = duck->create_uint64(i);
            duck->replacement_scan_set_function_name(replacement, FUNCTION);
            duck->replacement_scan_add_parameter(replacement, number);
            duck->destroy_value(&number);
            return;
        }
}

bool duckdb_scan_register(DuckInstance *instance, Err *err)
{
    const DuckAbi *duck = instance->duck;
    atomic_store(&library, duck);
    DuckFunction function = duck->create_table_function();
    DuckType number = duck->create_logical_type(DUCK_UBIGINT);
    duck->table_function_set_name(function, FUNCTION);
    duck->table_function_add_parameter(function, number);
    duck->table_function_set_bind(function, on_bind);
    duck->table_function_set_init(function, on_init);
    duck->table_function_set_local_init(function, on_local_init);
    duck->table_function_set_function(function, on_call);
    duck->table_function_supports_projection_pushdown(function, true);
    int failed = duck->register_table_function(instance->side, function);
    duck->destroy_logical_type(&number);
    duck->destroy_table_function(&function);
    if (failed)
        return err_set(err, ERR_DATABASE, NOWHERE, "DuckDB did not take the function " FUNCTION);
    duck->add_replacement_scan(instance->database, on_name, instance, NULL);
    return true;
}

/* ---- statements ---- */

/* A table of that name would be read instead: refused. */
static bool check_name(DuckSession *session, Arena *arena, Scan *scan, Err *err)
{
    AUTO(err) Err ignored = {0};
    DuckPrepared prepared = NULL;
    uint64_t statements;
    Str name = sql_quote_name(arena, scan->name);
    TRY(duckdb_hold_sql(session, str_print(arena, "from " STR_FMT, STR_ARG(name)), err));
    bool ok = duckdb_prepare(session, &statements, &prepared, &ignored);
    session->instance->duck->destroy_prepare(&prepared);
    if (ok && !scan->is_bound)
        return err_set(err, ERR_DATABASE, NOWHERE,
                       "a table or view is named '" STR_FMT "': the stream needs another name",
                       STR_ARG(scan->name));
    return true; /* what else is wrong, the statement itself will tell */
}

/* A result that was not read to its end leaves its threads at work until the connection's next
 * statement: they must be done before the scans go. Preparing is enough. */
static void end_readers(DuckSession *session, Scans *scans)
{
    AUTO(err) Err ignored = {0};
    DuckPrepared prepared = NULL;
    uint64_t statements;
    for (uint32_t i = 0; i < scans->count; i++) {
        lock_take(&scans->at[i].lock);
        scans->at[i].is_over = true;
        lock_give(&scans->at[i].lock);
    }
    if (duckdb_hold_sql(session, STR("select 1"), &ignored))
        (void)!duckdb_prepare(session, &statements, &prepared, &ignored);
    session->instance->duck->destroy_prepare(&prepared);
}

bool duckdb_query_over(Session *base, Arena *arena, Str sql, const NamedStream *streams,
                       uint32_t count, uint64_t row_limit, Result *out, Err *err)
{
    DuckSession *session = (DuckSession *)base;
    Scans *outer = current, scans = {NEW_N(arena, Scan, count), count};
    for (uint32_t i = 0; i < count; i++) {
        Scan *scan = &scans.at[i];
        *scan = (Scan){.duck = session->instance->duck, .name = streams[i].name,
                       .stream = streams[i].stream, .is_interrupted = &session->is_interrupted};
        lock_init(&scan->lock, DUCK_RANK_SCAN, "duckdb scan");
        signal_init(&scan->is_free);
    }
    current = &scans;
    bool ok = true;
    atomic_store(&session->is_interrupted, false);
    for (uint32_t i = 0; i < count && ok; i++)
        ok = check_name(session, arena, &scans.at[i], err);
    GIVE_OVER();
    bool outer_reads = session->reads_streams;
    session->reads_streams = true;
    ok = ok && duckdb_query(base, arena, sql, row_limit, out, err);
    session->reads_streams = outer_reads;
    end_readers(session, &scans);
    TAKE_OVER();
    current = outer;
    bool is_told = false;
    for (uint32_t i = 0; i < count; i++) {
        Scan *scan = &scans.at[i];
        if (!ok && !is_told && scan->failure.kind != ERR_NONE) {
            err_move(err, &scan->failure);
            is_told = true;
        }
        err_drop(&scan->failure);
        signal_drop(&scan->is_free);
        lock_drop(&scan->lock);
    }
    return ok;
}
