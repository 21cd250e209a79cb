/* mysql_read.c: reading: connections side by side, one snapshot, rows into batches.
 *
 *   plan -> chunks of the key -> worker 0: link, thread, builder --.
 *                             -> worker 1: link, thread, builder ---'--> Pipe --> Stream
 *
 * Chunks are taken from one counter, so that a gap in the keys costs nobody's time. Rows are never
 * held by the client library: what has been decoded is in a builder, what has not is in the server.
 */
#include <stdio.h>

#include "base/assets.h"
#include "base/clock.h"
#include "engine/mysql_base.h"

enum { READER_MAGIC = 0x6d797264, CHUNKS_MOST = 64 };
enum { SPLIT_ROWS_LEAST = 200000, CHUNK_ROWS = 250000 };

typedef struct Reader Reader;

typedef struct Worker {
    Reader *reader;
    Arena arena;                 /* of its thread                                                */
    MysqlLink link;
    Thread thread;
    Builder *builder;
    MysqlDecoder decoder;
    uint64_t row;                /* of this worker, from 1                                       */
    bool is_stopped;             /* nobody takes its batches any more                            */
} Worker;

struct Reader {
    uint32_t magic;
    Mysql *mysql;
    MysqlPlan plan;
    unsigned interrupts_seen;
    Worker *workers;
    unsigned worker_count;
    Str *chunks;                 /* statements                                                   */
    uint32_t chunk_count;
    atomic_uint chunk_next;
    atomic_bool is_closing;
    bool is_closed;
    Stream pipe_end;             /* the consumer's side of the pipe                              */
    Pipe *pipe;
};

/* ---- one chunk ---- */

/* The table may have been altered since it was described. */
static bool check_fields(Worker *worker, MYSQL_STMT *statement, Err *err)
{
    const Libmariadb *lib = worker->link.mysql->lib;
    const MysqlPlan *plan = &worker->reader->plan;
    const MYSQL_FIELD *fields = lib->mariadb_stmt_fetch_fields(statement);
    bool is_same = lib->mysql_stmt_field_count(statement) == plan->count;
    for (uint32_t i = 0; is_same && i < plan->count; i++) {
        MysqlColumn now = {.name = plan->columns[i].name};
        TRY(mysql_map_type(lib, &worker->arena, &fields[i], &now, err));
        is_same = now.wire == plan->columns[i].wire &&
                  field_same_type(&now.natural, &plan->columns[i].natural);
    }
    return is_same || err_set(err, ERR_CONFLICT, NOWHERE,
                              "the columns were altered between their description and the reading");
}

/* Hands a batch over. */
static void put_batch(Worker *worker)
{
    Batch batch;
    builder_finish(worker->builder, &batch);
    worker->is_stopped = !pipe_put(worker->reader->pipe, &batch);
}

static bool fetch_rows(Worker *worker, MYSQL_STMT *statement, Err *err)
{
    const Libmariadb *lib = worker->link.mysql->lib;
    int (*fetch)(MYSQL_STMT *) = lib->mysql_stmt_fetch;
    for (;;) {
        int end = fetch(statement);
        if (end == MYSQL_NO_DATA)
            return true;
        if (end != 0)
            return mysql_fail(&worker->link, statement, err);
        worker->row++;
        if (worker->decoder.fault)
            return mysql_decode_fail(&worker->decoder, &worker->arena, worker->row, err);
        if (builder_is_full(worker->builder)) {
            put_batch(worker);
            if (worker->is_stopped)
                return true;
        }
    }
}

static bool run_statement(Worker *worker, MYSQL_STMT *statement, Str sql, Err *err)
{
    const Libmariadb *lib = worker->link.mysql->lib;
    lib->mysql_stmt_attr_set(statement, STMT_ATTR_CB_USER_DATA, &worker->decoder);
    lib->mysql_stmt_attr_set(statement, STMT_ATTR_CB_RESULT,
                             (const void *)(uintptr_t)mysql_decode);
    if (lib->mysql_stmt_prepare(statement, sql.at, sql.len) != 0)
        return mysql_fail(&worker->link, statement, err);
    TRY(check_fields(worker, statement, err));
    if (lib->mysql_stmt_execute(statement) != 0)
        return mysql_fail(&worker->link, statement, err);
    TRY(check_fields(worker, statement, err));
    return fetch_rows(worker, statement, err);
}

/* Whoever does not read to the end cuts the connection: the library would read the rest to drop it.
 */
static bool read_chunk(Worker *worker, Str sql, Err *err)
{
    const Libmariadb *lib = worker->link.mysql->lib;
    TRY(mysql_begin(&worker->link, err));
    int64_t began_us = engine_tell_from();
    MYSQL_STMT *statement = lib->mysql_stmt_init(worker->link.handle);
    assert(statement);
    bool ok = run_statement(worker, statement, sql, err);
    if (!ok || worker->is_stopped)
        mysql_link_cut(worker->link.mysql, &worker->link);
    lib->mysql_stmt_close(statement);
    engine_told(sql, began_us);
    if (ok && !worker->is_stopped)
        mysql_end(&worker->link);
    return ok;
}

static bool read_chunks(Worker *worker, Err *err)
{
    Reader *reader = worker->reader;
    worker->builder = builder_make(&worker->arena, &reader->plan.schema);
    mysql_decoder_make(&worker->arena, &reader->plan, worker->builder, &worker->decoder);
    while (!worker->is_stopped && !atomic_load(&reader->is_closing)) {
        unsigned number = atomic_fetch_add(&reader->chunk_next, 1);
        if (number >= reader->chunk_count)
            break;
        TRY(read_chunk(worker, reader->chunks[number], err));
    }
    if (!worker->is_stopped && builder_rows(worker->builder))
        put_batch(worker);
    return true;
}

static void run_worker(void *context)
{
    Worker *worker = context;
    Err err = {0};
    bool ok = read_chunks(worker, &err);
    mysql_link_close(&worker->link);
    text_drop(&worker->decoder.scratch);
    arena_drop(&worker->arena);
    pipe_end(worker->reader->pipe, ok ? NULL : &err);
    err_drop(&err);
}

/* ---- chunks ---- */

static void print_huge(__int128 number, Text *out)
{
    if (number < 0)
        text_print(out, "%lld", (long long)number);
    else
        text_print(out, "%llu", (unsigned long long)number);
}

/* "`id` >= 10 and `id` < 20"; the first and the last range are open. */
static Str range(Arena *arena, const MysqlPlan *plan, __int128 from, __int128 to, bool is_first,
                 bool is_last)
{
    AUTO(text) Text out = {0};
    if (!is_first) {
        text_print(&out, STR_FMT " >= ", STR_ARG(plan->split));
        print_huge(from, &out);
    }
    if (!is_last) {
        text_print(&out, "%s" STR_FMT " < ", out.len ? " and " : "", STR_ARG(plan->split));
        print_huge(to, &out);
    }
    if (is_first && plan->split_takes_nulls)
        return str_print(arena, "(" STR_FMT " or " STR_FMT " is null)", STR_ARG(text_str(&out)),
                         STR_ARG(plan->split));
    return text_copy(arena, &out);
}

static void one_chunk(Reader *reader, Arena *arena)
{
    reader->chunks = NEW_N(arena, Str, 1);
    reader->chunks[0] = mysql_select(arena, &reader->plan, reader->plan.list, STR_NONE);
    reader->chunk_count = 1;
}

static bool make_chunks(Reader *reader, Arena *arena, Err *err)
{
    const MysqlPlan *plan = &reader->plan;
    Result ends;
    __int128 low, high;
    Str sql = str_print(arena, "select min(" STR_FMT "), max(" STR_FMT ") from " STR_FMT,
                        STR_ARG(plan->split), STR_ARG(plan->split), STR_ARG(plan->from));
    one_chunk(reader, arena);
    if (reader->worker_count == 1)
        return true;
    TRY(mysql_run(&reader->workers[0].link, arena, sql, 1, &ends, err));
    if (!ends.row_count || !mysql_parse_decimal(mysql_cell(&ends, 0, 0), 20, 0, &low) ||
        !mysql_parse_decimal(mysql_cell(&ends, 0, 1), 20, 0, &high))
        return true;
    int64_t wanted = plan->rows_estimated / CHUNK_ROWS;
    wanted = wanted < reader->worker_count * 2 ? reader->worker_count * 2 : wanted;
    wanted = wanted > CHUNKS_MOST ? CHUNKS_MOST : wanted;
    if (high - low < wanted)
        return true;
    reader->chunks = NEW_N(arena, Str, (size_t)wanted);
    reader->chunk_count = (uint32_t)wanted;
    for (int64_t i = 0; i < wanted; i++) {
        __int128 from = low + (high - low) * i / wanted, to = low + (high - low) * (i + 1) / wanted;
        Str where = range(arena, plan, from, to, i == 0, i == wanted - 1);
        reader->chunks[i] = mysql_select(arena, plan, plan->list, where);
    }
    return true;
}

/* ---- one snapshot for all ---- */

/* Runs an embedded statement on a link. */
static bool run_asset(MysqlLink *link, Arena *arena, const char *name, Str relation, Err *err)
{
    Str sql;
    TRY(asset_read(arena, str_print(arena, "src/engine/mysql/%s.sql", name), &sql, err));
    return mysql_run(link, arena, str_replace(arena, sql, STR("{relation}"), relation), 0, NULL,
                     err);
}

/* Locks the one table, or where that is refused, everything; *is_locked false: neither is allowed,
 * or somebody writes for longer than we want to wait. */
static bool lock_writers(Reader *reader, MysqlLink *control, Arena *arena, bool *is_locked,
                         Err *err)
{
    static const char *const ways[] = {"lock_table", "lock_all"};
    *is_locked = false;
    for (size_t i = 0; i < COUNT_OF(ways) && !*is_locked; i++) {
        err_drop(err);
        *is_locked = run_asset(control, arena, ways[i], reader->plan.relation, err);
        if (!*is_locked && (err->kind == ERR_CANCELLED || err->kind == ERR_UNAVAILABLE))
            return false;
        if (!*is_locked && err->kind == ERR_CONFLICT)
            break;                       /* a long writer: not to be held up any more */
    }
    err_drop(err);
    return true;
}

/* Opens the workers' links; with several, their snapshots begin while nobody can write. */
static bool open_links(Reader *reader, Arena *arena, MysqlLink *control, Err *err)
{
    bool is_locked = false;
    if (reader->worker_count > 1) {
        TRY(mysql_link_open(reader->mysql, control, reader->interrupts_seen, err));
        TRY(lock_writers(reader, control, arena, &is_locked, err));
        reader->worker_count = is_locked ? reader->worker_count : 1;
    }
    for (unsigned i = 0; i < reader->worker_count; i++) {
        MysqlLink *link = &reader->workers[i].link;
        TRY(mysql_link_open(reader->mysql, link, reader->interrupts_seen, err));
        if (is_locked)
            TRY(run_asset(link, arena, "snapshot", STR(""), err));
    }
    return true;
}

/* ---- the stream ---- */

static bool next_batch(void *self, Batch *out, Err *err)
{
    Reader *reader = self;
    CHECK(reader, READER_MAGIC);
    if (atomic_load(&reader->mysql->interrupts) != reader->interrupts_seen)
        return err_set(err, ERR_CANCELLED, NOWHERE, "the reading was cancelled");
    return reader->pipe_end.next(reader->pipe_end.self, out, err);
}

/* Workers that wait for room are let go by the pipe, those that wait for the server by the cut. */
static void close_reader(void *self)
{
    Reader *reader = self;
    CHECK(reader, READER_MAGIC);
    if (reader->is_closed)
        return;
    reader->is_closed = true;
    atomic_store(&reader->is_closing, true);
    stream_close(&reader->pipe_end);
    for (unsigned i = 0; i < reader->worker_count; i++)
        mysql_link_cut(reader->mysql, &reader->workers[i].link);
    for (unsigned i = 0; i < reader->worker_count; i++)
        thread_join(&reader->workers[i].thread);
}

static void close_links(Reader *reader)
{
    for (unsigned i = 0; i < MYSQL_STREAMS_MOST; i++)
        mysql_link_close(&reader->workers[i].link);
}

static unsigned count_workers(const MysqlPlan *plan, const DatabaseRead *read)
{
    bool is_incremental = read->from.at && !read->split_column.len;
    if (read->streams < 2 || !plan->split.len || is_incremental ||
        plan->rows_estimated < SPLIT_ROWS_LEAST)
        return 1;
    return read->streams < MYSQL_STREAMS_MOST ? read->streams : MYSQL_STREAMS_MOST;
}

static void start(Reader *reader, Arena *arena, uint64_t budget_bytes)
{
    reader->pipe = pipe_make(arena, &reader->plan.schema, reader->worker_count,
                             budget_bytes ? budget_bytes : DATABASE_BUDGET_BYTES);
    reader->pipe_end = pipe_stream(reader->pipe);
    arena_on_drop(arena, close_reader, reader);
    for (unsigned i = 0; i < reader->worker_count; i++)
        thread_start(&reader->workers[i].thread, "mysql read", run_worker, &reader->workers[i]);
}

bool mysql_read(Database *database, Arena *arena, const DatabaseRead *read, Stream *out, Err *err)
{
    MysqlLink *main;
    Reader *reader = NEW(arena, Reader);
    TRY(mysql_main(database, &main, err));
    *reader = (Reader){.magic = READER_MAGIC, .mysql = main->mysql,
                       .interrupts_seen = main->interrupts_seen};
    TRY(mysql_plan(main, arena, read, &reader->plan, err));
    reader->workers = NEW_N(arena, Worker, MYSQL_STREAMS_MOST);
    for (unsigned i = 0; i < MYSQL_STREAMS_MOST; i++) {
        reader->workers[i].reader = reader;
        reader->workers[i].link.mysql = reader->mysql;
    }
    reader->worker_count = count_workers(&reader->plan, read);
    MysqlLink control = {.mysql = reader->mysql};
    bool ok = open_links(reader, arena, &control, err);
    mysql_link_close(&control);
    ok = ok && make_chunks(reader, arena, err);
    if (!ok) {
        close_links(reader);
        return false;
    }
    start(reader, arena, read->budget_bytes);
    *out = (Stream){reader->plan.schema, next_batch, close_reader, reader};
    return true;
}
