/* parquet_bench.c: the same Arrow batches into Parquet, by our writer and by DuckDB's.
 *
 *   cc -std=gnu17 -D_GNU_SOURCE -O2 -Isrc bench/parquet_bench.c -o build/parquet_bench -Wl,--start-group \
 *      build/src/{parquet,engine,codec,arrow,sql,net,base}/lib*.a -Wl,--end-group -lyaml -lpthread -lm -ldl
 *   build/parquet_bench WAY FILE ROWS [PAGE_KIB]
 *
 * WAY  build    the batches alone: what is to be taken off
 *      weir     our writer
 *      duckdb   COPY ... (format parquet, compression zstd, compression_level 1, parquet_version v2)
 * Ten columns as an order system has them: a running number, a customer, a time, two texts of few
 * values, one of many, an amount, a rate, a day, a flag; a few NULLs. Prints one line of JSON: CPU
 * seconds, bytes of the file, bytes the same rows have as CSV, peak memory in MB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/file.h"
#include "engine/engine.h"
#include "parquet/parquet.h"

static const char *const columns[][2] = {
    {"id", "bigint"},        {"customer", "int"},   {"created", "timestamp"},
    {"status", "varchar"},   {"country", "varchar"}, {"note", "varchar"},
    {"amount", "decimal(12,2)"}, {"rate", "double"}, {"day", "date"},
    {"is_paid", "boolean"},
};

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

typedef struct Source {
    Schema schema;
    Builder *builder;
    uint64_t rows, row, csv_bytes;
} Source;

/* 20 to 40 bytes: words and digits. */
static Str make_note(char out[64])
{
    static const char *const words[] = {"order", "please", "ring", "twice", "box", "green", "north",
                                        "late", "gift", "return", "fragile", "street", "door"};
    size_t len = 0;
    uint64_t r = next_random();
    for (; len < 20; r /= 13) {
        const char *word = words[r % 13];
        memcpy(out + len, word, strlen(word));
        len += strlen(word);
        out[len++] = ' ';
    }
    return (Str){out, len + (size_t)snprintf(out + len, 16, "%06u", (unsigned)(r % 1000000))};
}

static void add_row(Source *source, uint64_t i)
{
    static const char *const statuses[] = {"new", "paid", "packed", "sent", "delivered", "returned"};
    static const char *const countries[] = {"DE", "FR", "KR", "US", "JP", "GB", "BR", "IN", "NL"};
    static ColumnBuilder *c[COUNT_OF(columns)];
    for (uint32_t k = 0; i == 0 && k < COUNT_OF(columns); k++)
        c[k] = builder_column(source->builder, k);
    uint64_t r = next_random();
    char note[64];
    int64_t created = 1577836800000000 + (int64_t)i * 1700000 + (int64_t)(r % 1000000);
    column_add_int(c[0], (int64_t)i + 1000000);
    column_add_int(c[1], (int64_t)(r >> 8) % 1000000);
    column_add_int(c[2], created);
    column_add_bytes(c[3], str_of(statuses[(r >> 30) % 6]));
    column_add_bytes(c[4], str_of(countries[(r >> 34) % 9]));
    if (r >> 40 & 15)
        column_add_bytes(c[5], make_note(note));
    else
        column_add_null(c[5]);
    column_add_decimal(c[6], (r >> 44) % 1000000);
    column_add_double(c[7], (double)(next_random() >> 11) / 9007199254740992.0);
    column_add_int(c[8], created / 86400000000);
    if (r >> 60)
        column_add_bool(c[9], r >> 63);
    else
        column_add_null(c[9]);
}

static uint64_t csv_size(const Source *source, const Batch *batch)
{
    AUTO(text) Text text = {0};
    for (uint64_t row = 0; row < batch_rows(batch); row++)
        for (uint32_t i = 0; i < source->schema.count; i++) {
            array_print(&source->schema.fields[i], batch->array.children[i], row, &text);
            text_add_char(&text, ',');
        }
    return text.len;
}

static bool source_next(void *self, Batch *out, Err *err)
{
    Source *source = self;
    (void)err;
    while (source->row < source->rows) {
        add_row(source, source->row++);
        if (builder_is_full(source->builder))
            break;
    }
    builder_finish(source->builder, out);
    if (!source->csv_bytes && batch_rows(out))
        source->csv_bytes = csv_size(source, out) * source->rows / batch_rows(out);
    return true;
}

static void need(bool ok, const Err *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static bool write_file(void *sink, Str bytes, Err *err)
{
    return file_writer_add(sink, bytes, err);
}

static void run_weir(Arena *arena, Source *source, Str path, uint64_t page_bytes, bool writes)
{
    Err err = {0};
    FileWriter file;
    ParquetWriter *writer;
    ParquetSummary summary;
    Batch batch;
    need(file_writer_open(&file, path, &err), &err);
    ParquetOptions options = {.schema = source->schema, .page_bytes = page_bytes,
                              .write = write_file, .sink = &file};
    need(parquet_writer_make(arena, &options, &writer, &err), &err);
    for (uint64_t rows = 1; rows;) {
        need(source_next(source, &batch, &err), &err);
        rows = batch_rows(&batch);
        if (writes)
            need(parquet_write(writer, &batch, NULL, &err), &err);
        batch_drop(&batch);
    }
    need(parquet_finish(writer, &summary, &err), &err);
    need(file_writer_commit(&file, false, &err), &err);
    file_writer_drop(&file);
}

static void run_duckdb(Arena *arena, Source *source, Str path)
{
    Err err = {0};
    Warehouse *warehouse;
    Session *session;
    Stream stream = {source->schema, source_next, NULL, source};
    NamedStream named = {STR("incoming"), &stream};
    need(warehouse_open(engine_find(STR("duckdb"), NULL), arena, value_dict(arena), &warehouse,
                        &err), &err);
    need(session_open(warehouse, arena, &session, &err), &err);
    Str sql = str_print(arena, "copy (from incoming) to '" STR_FMT "' (format parquet, compression "
                        "zstd, compression_level 1, parquet_version v2)", STR_ARG(path));
    need(session_query_over(session, arena, sql, &named, 1, 0, NULL, &err), &err);
}

int main(int count, char **arguments)
{
    if (count < 4) {
        fprintf(stderr, "parquet_bench build|weir|duckdb FILE ROWS [PAGE_KIB]\n");
        return 2;
    }
    Arena arena = {0};
    Err err = {0};
    Str way = str_of(arguments[1]), path = str_of(arguments[2]);
    Source source = {.rows = strtoull(arguments[3], NULL, 10)};
    source.schema = (Schema){NEW_N(&arena, Field, COUNT_OF(columns)), COUNT_OF(columns)};
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        source.schema.fields[i].name = str_of(columns[i][0]);
        need(field_parse_type(&arena, str_of(columns[i][1]), &source.schema.fields[i], &err), &err);
    }
    source.builder = builder_make(&arena, &source.schema);
    uint64_t page_bytes = count > 4 ? strtoull(arguments[4], NULL, 10) << 10 : 0;
    int64_t cpu_us = clock_cpu_us();
    if (str_is(way, "duckdb"))
        run_duckdb(&arena, &source, path);
    else
        run_weir(&arena, &source, path, page_bytes, str_is(way, "weir"));
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"way\": \"%s\", \"cpu\": %.3f, \"bytes\": %llu, \"csv_bytes\": %llu, \"peak_mb\": %.0f}\n",
           arguments[1], (double)(clock_cpu_us() - cpu_us) / 1e6,
           (unsigned long long)file_info(path).size_bytes, (unsigned long long)source.csv_bytes,
           (double)usage.ru_maxrss / 1024);
    arena_drop(&arena);
    return 0;
}
