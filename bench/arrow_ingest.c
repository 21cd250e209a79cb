/* arrow_ingest.c: rows from memory into DuckDB, by way of the builder, the pipe and the engine's scan.
 *
 *   arrow_ingest WAY FOLDER ROWS [SQL;...]
 *
 * WAY  build    the builder alone
 *      table    builder -> pipe -> create table
 *      parquet  builder -> pipe -> copy to Parquet (zstd)
 *      range    DuckDB makes the same rows itself: create table; the physical limit
 *      rangepq  the same to Parquet
 *      stream   builder -> table, then the table -> batches
 * SQL  settings to run before. Prints one line of JSON: rows, seconds, CPU seconds, peak memory in MB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/pool.h"
#include "engine/engine.h"

static const char *const columns[][2] = {
    {"id", "bigint"},          {"customer", "int"},      {"quantity", "smallint"},
    {"price", "decimal(12,2)"}, {"score", "double"},      {"is_paid", "bool"},
    {"day", "date"},           {"created", "timestamp"}, {"updated", "timestamptz"},
    {"status", "varchar"},     {"note", "varchar"},      {"code", "uuid"},
};

/* The same rows by the engine. */
static const char rows_sql[] =
    "select i as id, (i * 7919 % 100003)::int as customer, (i % 37)::smallint as quantity, "
    "(i * 31 % 1000000)::decimal(12,2) as price, i * 0.25 as score, i % 3 = 0 as is_paid, "
    "date '2020-01-01' + (i % 1500)::int as day, make_timestamp(1577836800000000 + i * 1000003) as "
    "created, make_timestamptz(1577836800000000 + i * 1000003) as updated, "
    "case i % 8 when 0 then 'new' when 1 then 'paid' when 2 then 'packed' when 3 then 'sent' when 4 "
    "then 'delivered' when 5 then 'returned' when 6 then 'lost' else 'closed' end as status, "
    "case when i % 10 > 0 then 'a note of order number ' || i end as note, uuid() as code "
    "from range(ROWS) r(i)";

typedef struct Producer {
    Schema schema;
    uint64_t rows;
    Pipe *pipe;                  /* NULL: batches are dropped */
} Producer;

static void add_row(Builder *builder, uint64_t i)
{
    static const char *const statuses[] = {"new",       "paid",     "packed", "sent",
                                           "delivered", "returned", "lost",   "closed"};
    static ColumnBuilder *c[12];
    if (!i)
        for (uint32_t k = 0; k < 12; k++)
            c[k] = builder_column(builder, k);
    char note[48] = "a note of order number ";
    size_t end = sizeof note, at = 23;
    for (uint64_t rest = i; rest || end == sizeof note; rest /= 10)
        note[--end] = (char)('0' + rest % 10);
    for (; end < sizeof note; end++)
        note[at++] = note[end];
    int64_t made = 1577836800000000 + (int64_t)i * 1000003;
    uint64_t code[2] = {i * 2654435761, i};
    column_add_int(c[0], (int64_t)i);
    column_add_int(c[1], (int64_t)(i * 7919 % 100003));
    column_add_int(c[2], (int64_t)(i % 37));
    column_add_decimal(c[3], i * 31 % 1000000);
    column_add_double(c[4], (double)i * 0.25);
    column_add_bool(c[5], i % 3 == 0);
    column_add_int(c[6], 18262 + (int64_t)(i % 1500));
    column_add_int(c[7], made);
    column_add_int(c[8], made);
    column_add_bytes(c[9], str_of(statuses[i % 8]));
    if (i % 10)
        column_add_bytes(c[10], (Str){note, at});
    else
        column_add_null(c[10]);
    column_add_bytes(c[11], (Str){(const char *)code, 16});
}

static void produce(void *context)
{
    Producer *producer = context;
    Arena arena = {0};
    Builder *builder = builder_make(&arena, &producer->schema);
    Batch batch;
    for (uint64_t i = 0; i < producer->rows; i++) {
        add_row(builder, i);
        if (!builder_is_full(builder) && i + 1 < producer->rows)
            continue;
        builder_finish(builder, &batch);
        if (!producer->pipe)
            batch_drop(&batch);
        else if (!pipe_put(producer->pipe, &batch))
            break;
    }
    if (producer->pipe)
        pipe_end(producer->pipe, NULL);
    arena_drop(&arena);
}

static void need(bool ok, const Err *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void run_over(Session *session, Arena *arena, Producer *producer, Str sql)
{
    Err err = {0};
    Thread thread;
    producer->pipe = pipe_make(arena, &producer->schema, 1, 8 << 20);
    Stream stream = pipe_stream(producer->pipe);
    thread_start(&thread, "producer", produce, producer);
    NamedStream named = {STR("incoming"), &stream};
    need(session_query_over(session, arena, sql, &named, 1, 0, NULL, &err), &err);
    stream_close(&stream);
    thread_join(&thread);
}

static void run_out(Session *session, Arena *arena, uint64_t *rows)
{
    Err err = {0};
    Stream stream;
    Batch batch = {0};
    need(session_stream(session, arena, STR("from t"), &stream, &err), &err);
    *rows = 0;
    do {
        batch_drop(&batch);
        need(stream.next(stream.self, &batch, &err), &err);
        *rows += batch_rows(&batch);
    } while (batch_rows(&batch));
    batch_drop(&batch);
    stream_close(&stream);
}

static void run(Str way, Session *session, Arena *arena, const char *folder, Producer *producer)
{
    Err err = {0};
    Str file = str_print(arena, "%s/rows.parquet", folder);
    Str count = str_print(arena, "%llu", (unsigned long long)producer->rows);
    Str select = str_replace(arena, str_of(rows_sql), STR("ROWS"), count);
    if (str_is(way, "build"))
        produce(producer);
    else if (str_is(way, "table") || str_is(way, "stream"))
        run_over(session, arena, producer, STR("create table t as from incoming"));
    else if (str_is(way, "parquet"))
        run_over(session, arena, producer,
                 str_print(arena, "copy (from incoming) to '" STR_FMT "' (format parquet, compression "
                           "zstd, row_group_size 65536)", STR_ARG(file)));
    else if (str_is(way, "range"))
        need(session_query(session, arena, str_print(arena, "create table t as " STR_FMT,
                           STR_ARG(select)), 0, NULL, &err), &err);
    else
        need(session_query(session, arena, str_print(arena, "copy (" STR_FMT ") to '" STR_FMT "' (format "
                           "parquet, compression zstd, row_group_size 65536)", STR_ARG(select),
                           STR_ARG(file)), 0, NULL, &err), &err);
}

int main(int count, char **arguments)
{
    if (count < 4) {
        fprintf(stderr, "arrow_ingest WAY FOLDER ROWS [SQL]\n");
        return 2;
    }
    Arena arena = {0}, database = {0};
    Err err = {0};
    Str way = str_of(arguments[1]);
    Producer producer = {.rows = strtoull(arguments[3], NULL, 10)};
    producer.schema = (Schema){NEW_N(&arena, Field, COUNT_OF(columns)), COUNT_OF(columns)};
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        producer.schema.fields[i].name = str_of(columns[i][0]);
        need(field_parse_type(&arena, str_of(columns[i][1]), &producer.schema.fields[i], &err), &err);
    }
    Value config = value_dict(&arena);
    dict_put(config.dict, STR("path"),
             value_text(str_print(&arena, "%s/ingest.duckdb", arguments[2])));
    Warehouse *warehouse;
    Session *session;
    need(warehouse_open(engine_find(STR("duckdb"), NULL), &database, config, &warehouse, &err), &err);
    need(session_open(warehouse, &database, &session, &err), &err);
    if (count > 4)
        need(session_query(session, &arena, str_of(arguments[4]), 0, NULL, &err), &err);
    int64_t wall_us = clock_steady_us(), cpu_us = clock_cpu_us();
    run(way, session, &arena, arguments[2], &producer);
    if (str_is(way, "stream")) {
        wall_us = clock_steady_us();
        cpu_us = clock_cpu_us();
        run_out(session, &arena, &producer.rows);
    }
    int64_t ran_us = clock_steady_us() - wall_us;
    arena_drop(&database); /* the table is in its file now */
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double seconds = (double)(clock_steady_us() - wall_us) / 1e6;
    printf("{\"way\": \"%s\", \"rows\": %llu, \"seconds\": %.3f, \"closed\": %.3f, \"cpu\": %.3f, "
           "\"rows_per_s\": %.0f, \"peak_mb\": %.0f}\n",
           arguments[1], (unsigned long long)producer.rows, (double)ran_us / 1e6, seconds,
           (double)(clock_cpu_us() - cpu_us) / 1e6, (double)producer.rows / seconds,
           (double)usage.ru_maxrss / 1024);
    arena_drop(&arena);
    return 0;
}
