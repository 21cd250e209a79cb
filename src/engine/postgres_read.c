/* postgres_read.c: reading: COPY in one or several connections into a pipe of batches.
 *
 *   link 0 --begin, exports its snapshot--> statements of ranges, taken one after the other
 *   link 1 --begin, takes that snapshot --> by the workers: thread, link, decoder each --> Pipe
 *
 * A whole table is cut by its pages (ctid ranges are scanned as such from Postgres 14 on), whatever
 * its key; what has no pages by a column of whole numbers. More ranges than workers: they end
 * together.
 */
#include <time.h>

#include "engine/postgres_base.h"
#include "sql/sql.h"

enum { WORKERS_MOST = 16, RANGES_A_WORKER = 4, PAGES_LEAST = 256, ROWS_FOR_TWO = 50000 };
enum { WAITS_SHORT = 64, NAP_NS = 200000 };

#define READ_MAGIC 0x70677264u

typedef struct Worker {
    struct PgRead *read;
    PgLink link;
    Thread thread;
    Arena arena;
} Worker;

typedef struct PgRead {
    uint32_t magic;
    PgPlan plan;
    Pipe *pipe;
    Stream batches; /* the pipe's other end */
    atomic_bool is_stopped;
    uint64_t batch_bytes;
    Str *statements;
    uint32_t statement_count;
    atomic_uint next; /* statement */
    Worker workers[WORKERS_MOST];
    unsigned worker_count;
} PgRead;

/* ---- a worker ---- */

/* Hands the batch on. False: the consumer wants no more (err untouched), or cancelled. */
static bool put_batch(Worker *worker, PgDecoder *decoder, Err *err)
{
    Batch batch;
    if (!postgres_decoder_rows(decoder))
        return true;
    if (atomic_load(&worker->link.postgres->interrupts) != worker->link.interrupts_seen)
        return err_set(err, ERR_CANCELLED, NOWHERE, "reading was cancelled");
    postgres_decoder_finish(decoder, &batch);
    return pipe_put(worker->read->pipe, &batch);
}

/* Reads one COPY to its end. The socket is asked first and waited for only when it is dry.
 *
 * The server sends 8 KiB at a time, and decoding is faster than it is: in a long COPY we would wake
 * up for each. A short sleep lets some gather, and saves a fifth of the CPU time at the same speed.
 */
static bool copy_rows(Worker *worker, PgDecoder *decoder, Err *err)
{
    const Libpq *pq = worker->link.postgres->pq;
    PGconn *connection = worker->link.connection;
    bool is_dry = false;
    uint64_t waits = 0;
    for (char *row = NULL;;) {
        int len = pq->PQgetCopyData(connection, &row, 1);
        if (len > 0) {
            is_dry = false;
            bool ok = postgres_decode(decoder, row, (size_t)len, err);
            pq->PQfreemem(row);
            TRY(ok);
            if (postgres_decoder_is_full(decoder))
                TRY(put_batch(worker, decoder, err));
        } else if (len == 0) {
            if (is_dry) {
                if (++waits > WAITS_SHORT)
                    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
                TRY(postgres_wait(&worker->link, false, err));
            }
            if (!pq->PQconsumeInput(connection))
                return postgres_fail_link(&worker->link, err);
            is_dry = true;
        } else {
            return postgres_end(&worker->link, err);
        }
    }
}

static bool read_ranges(Worker *worker, Err *err)
{
    PgRead *read = worker->read;
    PgDecoder *decoder = postgres_decoder_make(&worker->arena, &read->plan, read->batch_bytes,
                                               !worker->link.postgres->is_utf8);
    for (;;) {
        uint32_t at = atomic_fetch_add(&read->next, 1);
        if (at >= read->statement_count)
            break;
        postgres_decoder_begin(decoder);
        TRY(postgres_begin_copy(&worker->link, read->statements[at], PGRES_COPY_OUT, err));
        TRY(copy_rows(worker, decoder, err));
    }
    return put_batch(worker, decoder, err) && postgres_run(&worker->link, STR("commit"), err);
}

/* Every worker ends the pipe exactly once. */
static void work(void *context)
{
    Worker *worker = context;
    AUTO(err) Err err = {0};
    bool ok = read_ranges(worker, &err);
    postgres_give(&worker->link, ok);
    pipe_end(worker->read->pipe, err.kind == ERR_NONE ? NULL : &err);
}

/* ---- the stream ---- */

static bool read_next(void *self, Batch *out, Err *err)
{
    PgRead *read = self;
    CHECK(read, READ_MAGIC);
    return read->batches.next(read->batches.self, out, err);
}

static void read_close(void *self)
{
    PgRead *read = self;
    CHECK(read, READ_MAGIC);
    atomic_store(&read->is_stopped, true);
    stream_close(&read->batches);
    for (unsigned i = 0; i < read->worker_count; i++) {
        thread_join(&read->workers[i].thread);
        arena_drop(&read->workers[i].arena);
    }
    read->magic = 0;
}

/* ---- ranges ---- */

static void add_statement(PgRead *read, Arena *arena, const DatabaseRead *wanted, Str condition)
{
    Text sql = {0};
    text_add_c(&sql, "copy (select ");
    for (uint32_t i = 0; i < read->plan.count; i++) {
        text_add_c(&sql, i ? ", " : "");
        text_add(&sql, read->plan.columns[i].expression);
    }
    text_print(&sql, " from " STR_FMT STR_FMT ") to stdout (format binary)",
               STR_ARG(read->plan.from), STR_ARG(postgres_where(arena, wanted, condition)));
    read->statements[read->statement_count++] = text_give(arena, &sql);
}

/* The last range has no end: pages that are added meanwhile hold nothing of our snapshot, or all.
 */
static void split_pages(PgRead *read, Arena *arena, const DatabaseRead *wanted, unsigned ranges)
{
    int64_t pages = read->plan.pages;
    for (unsigned i = 0; i < ranges; i++) {
        long long from = pages * i / ranges, to = pages * (i + 1) / ranges;
        Str condition =
            i + 1 == ranges
                ? str_print(arena, "ctid >= '(%lld,0)'::tid", from)
                : str_print(arena, "ctid >= '(%lld,0)'::tid and ctid < '(%lld,0)'::tid", from, to);
        add_statement(read, arena, wanted, condition);
    }
}

/* Ranges of equal width between the column's least and largest value; NULLs go with the first. */
static bool split_column(PgRead *read, Arena *arena, const DatabaseRead *wanted, Str column,
                         unsigned ranges, Err *err)
{
    Result rows;
    Str name = sql_quote_name(arena, column);
    Str sql =
        str_print(arena,
                  "select min(" STR_FMT ")::text, max(" STR_FMT ")::text from " STR_FMT STR_FMT,
                  STR_ARG(name), STR_ARG(name), STR_ARG(read->plan.from),
                  STR_ARG(postgres_where(arena, wanted, STR_NONE)));
    int64_t least, most;
    TRY(postgres_rows(&read->workers[0].link, arena, sql, NULL, 0, &rows, err));
    if (rows.row_count != 1 || value_is_none(rows.cells[0])) {
        add_statement(read, arena, wanted, STR_NONE);
        return true;
    }
    if (!str_to_int(postgres_cell(&rows, 0, 0), &least) ||
        !str_to_int(postgres_cell(&rows, 0, 1), &most))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "column " STR_FMT " cannot be split by: it does not hold whole numbers",
                       STR_ARG(column));
    uint64_t width = ((uint64_t)most - (uint64_t)least) / ranges + 1;
    for (unsigned i = 0; i < ranges; i++) {
        int64_t from = (int64_t)((uint64_t)least + width * i);
        int64_t to = (int64_t)((uint64_t)from + width);
        bool is_last = i + 1 == ranges || to > most || to < from;
        Text condition = {0};
        if (i == 0)
            text_print(&condition, "(" STR_FMT " is null or ", STR_ARG(name));
        text_print(&condition, STR_FMT " >= %lld", STR_ARG(name), (long long)from);
        if (!is_last)
            text_print(&condition, " and " STR_FMT " < %lld", STR_ARG(name), (long long)to);
        text_add_c(&condition, i == 0 ? ")" : "");
        add_statement(read, arena, wanted, text_give(arena, &condition));
        if (is_last)
            break;
    }
    return true;
}

static bool is_whole_column(const PgPlan *plan, Str name)
{
    for (uint32_t i = 0; i < plan->count; i++)
        if (str_eq(plan->columns[i].name, name))
            return plan->columns[i].wire == WIRE_INT2 || plan->columns[i].wire == WIRE_INT4 ||
                   plan->columns[i].wire == WIRE_INT8;
    return false;
}

/* The column to split by, or empty. */
static Str splitting_column(const PgPlan *plan, const DatabaseRead *wanted)
{
    if (wanted->split_column.len)
        return wanted->split_column;
    bool has_key = plan->key_count && is_whole_column(plan, plan->key[0]);
    return has_key ? plan->key[0] : STR_NONE;
}

static bool is_cut_by_pages(const Postgres *postgres, const PgPlan *plan,
                            const DatabaseRead *wanted)
{
    return plan->is_table && postgres->version >= 140000 && !wanted->split_column.len &&
           !(wanted->cursor_column.len && (wanted->from.at || wanted->to.at));
}

/* How many connections are worth their while. */
static unsigned worker_count(const Postgres *postgres, const PgPlan *plan,
                             const DatabaseRead *wanted)
{
    unsigned wish = wanted->streams > WORKERS_MOST ? WORKERS_MOST : wanted->streams;
    bool is_small = plan->rows_estimated >= 0 && plan->rows_estimated < ROWS_FOR_TWO &&
                    (plan->is_table || plan->rows_estimated > 0);
    if (wish < 2 || is_small)
        return 1;
    if (is_cut_by_pages(postgres, plan, wanted))
        return wish;
    return splitting_column(plan, wanted).len ? wish : 1;
}

static bool make_statements(PgRead *read, Arena *arena, const DatabaseRead *wanted, Err *err)
{
    const Postgres *postgres = read->workers[0].link.postgres;
    unsigned ranges = read->worker_count * RANGES_A_WORKER;
    read->statements = NEW_N(arena, Str, ranges);
    if (read->worker_count == 1) {
        add_statement(read, arena, wanted, STR_NONE);
    } else if (is_cut_by_pages(postgres, &read->plan, wanted)) {
        int64_t most = read->plan.pages / PAGES_LEAST + 1;
        split_pages(read, arena, wanted, most < ranges ? (unsigned)most : ranges);
    } else {
        return split_column(read, arena, wanted, splitting_column(&read->plan, wanted), ranges,
                            err);
    }
    return true;
}

/* ---- one snapshot ---- */

/* Begins a worker's transaction; the first tells its snapshot, the others take it over. */
static bool begin_snapshot(PgLink *link, Arena *arena, Str *snapshot, Err *err)
{
    Result rows;
    TRY(postgres_run(link, STR("begin transaction isolation level repeatable read, read only"),
                     err));
    if (snapshot->len)
        return postgres_run(link,
                            str_print(arena, "set transaction snapshot " STR_FMT,
                                      STR_ARG(sql_quote_text(arena, *snapshot))),
                            err);
    TRY(postgres_rows(link, arena, STR("select pg_catalog.pg_export_snapshot()"), NULL, 0, &rows,
                      err));
    *snapshot = postgres_cell(&rows, 0, 0);
    return true;
}

static void give_links(PgRead *read, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        postgres_give(&read->workers[i].link, false);
}

/* Opens the links. Where the server has no more for us, those that there are must do. */
static bool open_workers(PgRead *read, Postgres *postgres, Arena *arena, unsigned wish, Err *err)
{
    Str snapshot = STR_NONE;
    for (unsigned i = 0; i < wish; i++) {
        Worker *worker = &read->workers[i];
        worker->read = read;
        bool ok = postgres_take(postgres, &worker->link, err);
        if (!ok && i > 0 && err->kind == ERR_UNAVAILABLE) {
            err_drop(err);
            break;
        }
        if (ok) {
            worker->link.is_stopped = &read->is_stopped;
            ok = wish == 1 ? postgres_run(&worker->link,
                                          STR("begin transaction isolation level "
                                              "repeatable read, read only"),
                                          err)
                           : begin_snapshot(&worker->link, arena, &snapshot, err);
        }
        if (!ok) {
            give_links(read, i + 1);
            return false;
        }
        read->worker_count++;
    }
    return true;
}

bool postgres_read(Database *database, Arena *arena, const DatabaseRead *wanted, Stream *out,
                   Err *err)
{
    Postgres *postgres = (Postgres *)database;
    PgRead *read = NEW(arena, PgRead);
    PgLink *link;
    uint64_t budget = wanted->budget_bytes ? wanted->budget_bytes : DATABASE_BUDGET_BYTES;
    read->magic = READ_MAGIC;
    TRY(postgres_main(database, &link, err));
    TRY(postgres_plan(link, arena, wanted, &read->plan, err));
    TRY(open_workers(read, postgres, arena, worker_count(postgres, &read->plan, wanted), err));
    if (!make_statements(read, arena, wanted, err)) {
        give_links(read, read->worker_count);
        return false;
    }
    uint64_t share = budget / (2 * read->worker_count + 2);
    read->batch_bytes = share < DATABASE_BATCH_BYTES ? share : DATABASE_BATCH_BYTES;
    read->pipe = pipe_make(arena, &read->plan.schema, read->worker_count, budget);
    read->batches = pipe_stream(read->pipe);
    for (unsigned i = 0; i < read->worker_count; i++)
        thread_start(&read->workers[i].thread, "postgres read", work, &read->workers[i]);
    *out = (Stream){read->plan.schema, read_next, read_close, read};
    return true;
}
