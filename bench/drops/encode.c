/* encode.c: our Parquet encoder alone: CPU seconds for tables that lie in memory as Arrow batches.
 *
 *   encode GLOB...        files of one table each; their columns but _archive and _file
 *
 * Prints one line of JSON: CPU seconds, rows, bytes written (nowhere).
 */
#include <stdio.h>

#include "base/clock.h"
#include "engine/engine.h"
#include "parquet/parquet.h"

typedef List(Batch) Batches;

static void need(bool ok, const Err *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", err->text ? err->text : "failed");
    exit(1);
}

static bool count_bytes(void *sink, Str bytes, Err *err)
{
    (void)err;
    *(uint64_t *)sink += bytes.len;
    return true;
}

static void load(Arena *arena, Session *session, const char *glob, Schema *schema, Batches *out)
{
    Err err = {0};
    Stream stream;
    Str sql = str_print(arena, "select * exclude (_archive, _file) from read_parquet('%s', "
                        "hive_partitioning = false)", glob);
    need(session_stream(session, arena, sql, &stream, &err), &err);
    for (uint64_t rows = 1; rows;) {
        Batch batch;
        need(stream.next(stream.self, &batch, &err), &err);
        rows = batch_rows(&batch);
        if (rows)
            list_add(arena, out, batch);
        else
            batch_drop(&batch);
    }
    *schema = stream.schema;             /* lives as long as the arena's stream */
}

static void encode(Arena *arena, const Schema *schema, const Batches *batches, uint64_t *bytes)
{
    Err err = {0};
    ParquetWriter *writer;
    ParquetSummary summary;
    ParquetOptions options = {.schema = *schema, .write = count_bytes, .sink = bytes};
    need(parquet_writer_make(arena, &options, &writer, &err), &err);
    for (uint32_t i = 0; i < batches->len; i++)
        need(parquet_write(writer, &batches->at[i], NULL, &err), &err);
    need(parquet_finish(writer, &summary, &err), &err);
}

int main(int count, char **globs)
{
    Arena arena = {0};
    Err err = {0};
    Warehouse *warehouse;
    Session *session;
    uint64_t bytes = 0, rows = 0;
    int64_t cpu_us = 0;
    need(warehouse_open(engine_find(STR("duckdb"), NULL), &arena, value_dict(&arena), &warehouse,
                        &err), &err);
    need(session_open(warehouse, &arena, &session, &err), &err);
    for (int i = 1; i < count; i++) {
        AUTO(arena) Arena scratch = {0};
        Schema schema;
        Batches batches = {0};
        load(&scratch, session, globs[i], &schema, &batches);
        int64_t began_us = clock_cpu_us();
        encode(&scratch, &schema, &batches, &bytes);
        cpu_us += clock_cpu_us() - began_us;
        for (uint32_t k = 0; k < batches.len; k++) {
            rows += batch_rows(&batches.at[k]);
            batch_drop(&batches.at[k]);
        }
    }
    printf("{\"cpu\": %.3f, \"rows\": %llu, \"bytes\": %llu}\n", (double)cpu_us / 1e6,
           (unsigned long long)rows, (unsigned long long)bytes);
    arena_drop(&arena);
    return 0;
}
