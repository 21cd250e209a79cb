/* format_bench.c: MB a CPU second of room format, beside what memory allows.
 *
 *     ninja -C build src/format/format-bench && build/src/format/format-bench [MB [WHAT]]
 *
 * Everything is made in memory: 12 columns of mixed types, as issue trackers and shops have them.
 * Each figure is the best of three runs, in pieces of 64 KiB as a network gives them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "format/format.h"

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static const char *const names[] = {"Anna Kim", "Bernd Maier", "Chloe de la Cruz",
                                    "\xea\xb9\x80\xeb\xaf\xbc\xec\xa4\x80", "D. O'Neil"};
static const char *const states[] = {"new", "paid", "shipped", "returned"};

static void add_json(Text *out, uint64_t i, const char *colon, const char *comma)
{
    uint64_t r = next_random();
    text_print(
        out,
        "{\"id\"%s%llu%s\"user_id\"%s%llu%s\"name\"%s\"%s\"%s\"state\"%s\"%s\"%s\"amount\"%s%llu.%"
        "02llu%s"
        "\"rate\"%s0.%05llu%s\"is_new\"%s%s%s\"created_at\"%s\"2026-%02u-%02uT%02u:%02u:%02uZ\"%s"
        "\"day\"%s\"2026-%02u-%02u\"%s\"note\"%s%s%s\"tags\"%s[\"a%u\"%s\"b\"]%s\"geo\"%s{\"lat\"%"
        "s%u.%04u%s\"lon\"%s%u.%04u}}",
        colon, (unsigned long long)i, comma, colon, (unsigned long long)(r % 1000000), comma, colon,
        names[r % 5], comma, colon, states[r / 8 % 4], comma, colon,
        (unsigned long long)(r / 32 % 5000), (unsigned long long)(r / 64 % 100), comma, colon,
        (unsigned long long)(r / 128 % 100000), comma, colon, r & 256 ? "true" : "false", comma,
        colon, (unsigned)(r / 512 % 12 + 1), (unsigned)(r / 7 % 28 + 1), (unsigned)(r / 11 % 24),
        (unsigned)(r / 13 % 60), (unsigned)(r / 17 % 60), comma, colon, (unsigned)(r / 19 % 12 + 1),
        (unsigned)(r / 23 % 28 + 1), comma, colon,
        r & 512 ? "null" : "\"please ring the bell twice, the dog is friendly\"", comma, colon,
        (unsigned)(r / 29 % 50), comma, comma, colon, colon, (unsigned)(r / 31 % 90),
        (unsigned)(r / 37 % 10000), comma, colon, (unsigned)(r / 41 % 180),
        (unsigned)(r / 43 % 10000));
}

static void add_csv(Text *out, uint64_t i)
{
    uint64_t r = next_random();
    text_print(out,
               "%llu,%llu,%s,%s,%llu.%02llu,0.%05llu,%s,2026-%02u-%02u "
               "%02u:%02u:%02u,2026-%02u-%02u,%s,a%u,%u.%04u\n",
               (unsigned long long)i, (unsigned long long)(r % 1000000), names[r % 5],
               states[r / 8 % 4], (unsigned long long)(r / 32 % 5000),
               (unsigned long long)(r / 64 % 100), (unsigned long long)(r / 128 % 100000),
               r & 256 ? "true" : "false", (unsigned)(r / 512 % 12 + 1), (unsigned)(r / 7 % 28 + 1),
               (unsigned)(r / 11 % 24), (unsigned)(r / 13 % 60), (unsigned)(r / 17 % 60),
               (unsigned)(r / 19 % 12 + 1), (unsigned)(r / 23 % 28 + 1),
               r & 512 ? "" : "\"please ring the bell twice, the dog is friendly\"",
               (unsigned)(r / 29 % 50), (unsigned)(r / 31 % 90), (unsigned)(r / 37 % 10000));
}

/* ---- what is measured ---- */

typedef struct Source {
    Str data;
    size_t at;
} Source;

static bool read_source(void *what, Str *piece, Err *err)
{
    (void)err;
    Source *source = what;
    *piece = str_slice(source->data, source->at, source->at + 65536);
    source->at += piece->len;
    return true;
}

static bool ignore_record(void *context, Str record, Err *err)
{
    (void)err;
    *(uint64_t *)context += record.len;
    return true;
}

static bool add_to_shape(void *context, Str record, Err *err)
{
    return shape_add(context, record, err);
}

static void check(bool is_done, const Err *err)
{
    if (is_done)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void split_all(Str data, RecordFormat format, bool (*on_record)(void *, Str, Err *),
                      void *context, Str path)
{
    Arena arena = {0};
    Err err = {0};
    Splitter *splitter;
    SplitOptions options = {.format = format,
                            .path = path,
                            .on_record = on_record,
                            .context = context};
    check(splitter_make(&arena, &options, &splitter, &err), &err);
    for (size_t at = 0; at < data.len; at += 65536)
        check(splitter_feed(splitter, str_slice(data, at, at + 65536), &err), &err);
    check(splitter_end(splitter, &err), &err);
    arena_drop(&arena);
}

static void bench_newlines(Str data)
{
    volatile uint64_t count = 0;
    const char *at = data.at, *end = data.at + data.len;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        count++;
        at++;
    }
}

static char *copy_target;

static void bench_copy(Str data)
{
    memcpy(copy_target, data.at, data.len);
}

static void bench_split_jsonl(Str data)
{
    uint64_t bytes = 0;
    split_all(data, FORMAT_JSONL, ignore_record, &bytes, STR_NONE);
}

static void bench_split_json(Str data)
{
    uint64_t bytes = 0;
    split_all(data, FORMAT_JSON, ignore_record, &bytes, STR("data.items"));
}

static void bench_split_xml(Str data)
{
    uint64_t bytes = 0;
    split_all(data, FORMAT_XML, ignore_record, &bytes, STR("feed/entry"));
}

static void bench_shape(Str data)
{
    Arena arena = {0};
    Shape *shape = shape_make(&arena, &(ShapeOptions){.finds_times = true});
    Err err = {0};
    for (const char *at = data.at, *end = data.at + data.len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        check(add_to_shape(shape, (Str){at, (size_t)(newline - at)}, &err), &err);
        at = newline + 1;
    }
    arena_drop(&arena);
}

static void bench_find(Str data)
{
    volatile uint64_t bytes = 0;
    for (const char *at = data.at, *end = data.at + data.len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        bytes += record_find((Str){at, (size_t)(newline - at)}, STR("created_at")).len;
        at = newline + 1;
    }
}

static void read_all(Str data, RecordFormat format, Schema schema)
{
    Arena arena = {0};
    Err err = {0};
    Source source = {data, 0};
    RecordOptions options = {.format = format,
                             .csv = {.has_header = 1},
                             .schema = schema,
                             .read = read_source,
                             .source = &source,
                             .line_column = -1};
    Stream stream;
    check(records_stream(&arena, &options, &stream, &err), &err);
    for (;;) {
        Batch batch = {0};
        check(stream.next(stream.self, &batch, &err), &err);
        if (!batch.array.length)
            break;
        batch_drop(&batch);
    }
    stream_close(&stream);
    arena_drop(&arena);
}

static void bench_read_jsonl(Str data)
{
    Arena arena = {0};
    Shape *shape = shape_make(&arena, &(ShapeOptions){.finds_times = true});
    split_all(str_slice(data, 0,
                        (size_t)((const char *)memrchr(data.at, '\n', 100000) - data.at) + 1),
              FORMAT_JSONL, add_to_shape, shape, STR_NONE);
    read_all(data, FORMAT_JSONL, shape_schema(shape, &arena));
    arena_drop(&arena);
}

static Schema csv_schema(Arena *arena, Str data, bool all)
{
    Err err = {0};
    CsvOptions csv = {.has_header = -1};
    Schema schema;
    CsvSniffer *sniffer = csv_sniffer_make(arena, &csv);
    size_t end =
        all ? data.len : (size_t)((const char *)memrchr(data.at, '\n', 100000) - data.at) + 1;
    for (size_t at = 0; at < end; at += 65536)
        check(csv_sniffer_feed(sniffer, str_slice(data, at, at + 65536 < end ? at + 65536 : end),
                               &err),
              &err);
    check(csv_sniffer_end(sniffer, &csv, &schema, &err), &err);
    return schema;
}

static void bench_sniff(Str data)
{
    Arena arena = {0};
    csv_schema(&arena, data, true);
    arena_drop(&arena);
}

static void bench_read_csv(Str data)
{
    Arena arena = {0};
    read_all(data, FORMAT_CSV, csv_schema(&arena, data, false));
    arena_drop(&arena);
}

static void bench_read_csv_text(Str data)
{
    Arena arena = {0};
    Schema schema = csv_schema(&arena, data, false);
    for (uint32_t i = 0; i < schema.count; i++)
        schema.fields[i].type = ARROW_TEXT;
    read_all(data, FORMAT_CSV, schema);
    arena_drop(&arena);
}

/* ---- partner drops: CsvReader ---- */

/* id, int, timestamp, two short texts, one of 30 bytes, decimal, double, date, boolean. */
static void add_mix(Text *out, uint64_t i)
{
    uint64_t r = next_random();
    text_print(out, "%llu,%llu,2026-%02u-%02u %02u:%02u:%02u,%s,", (unsigned long long)(i * 7919),
               (unsigned long long)(r % 100000), (unsigned)(r / 512 % 12 + 1),
               (unsigned)(r / 7 % 28 + 1), (unsigned)(r / 11 % 24), (unsigned)(r / 13 % 60),
               (unsigned)(r / 17 % 60), states[r / 8 % 4]);
    if (r % 7 == 0)
        text_print(out, ",\"Maier, Bernd & S\xc3\xb6hne number %03u\"", (unsigned)(r / 64 % 1000));
    else
        text_print(out, "%c%c,a text of about thirty bytes %c", (char)('A' + r / 32 % 26),
                   (char)('A' + r / 64 % 26), (char)('a' + r / 128 % 26));
    text_print(out, ",%llu.%02llu,%u.%04u,", (unsigned long long)(r / 32 % 500000),
               (unsigned long long)(r / 64 % 100), (unsigned)(r / 31 % 90),
               (unsigned)(r / 37 % 10000));
    if (r % 11)
        text_print(out, "2026-%02u-%02u", (unsigned)(r / 19 % 12 + 1), (unsigned)(r / 23 % 28 + 1));
    text_print(out, ",%s\n", r & 256 ? "true" : "false");
}

static const char mix_header[] = "id,count,created_at,state,code,name,amount,rate,day,is_new\n";

static Schema mix_schema(Arena *arena)
{
    Err err = {0};
    Field all = {0};
    check(field_parse_type(arena,
                           STR("STRUCT(id BIGINT, count INTEGER, created_at TIMESTAMP, state "
                               "VARCHAR, code VARCHAR, name VARCHAR, amount DECIMAL(12,2), rate "
                               "DOUBLE, day DATE, is_new BOOLEAN)"),
                           &all, &err),
          &err);
    return (Schema){all.children, all.child_count};
}

/* One file into a builder whose columns stand in the file's order. */
static void read_file(CsvReader *reader, Builder *builder, Str data, bool gives_dialect)
{
    Err err = {0};
    Source source = {data, 0};
    CsvFile file = {.name = STR("x"),
                    .csv = {.has_header = 1},
                    .read = read_source,
                    .source = &source};
    if (gives_dialect)
        file.csv.delimiter = ',', file.csv.quote = '"';
    check(csv_reader_begin(reader, &file, &err), &err);
    const Str *header;
    int32_t target[4096];
    uint32_t count = csv_reader_header(reader, &header);
    for (uint32_t i = 0; i < count; i++)
        target[i] = (int32_t)i;
    csv_reader_bind(reader, builder, target, -1);
    CsvStop stop = CSV_FULL;
    BadValue bad;
    while (stop != CSV_END) {
        check(csv_reader_fill(reader, &stop, &bad, &err), &err);
        Batch batch;
        assert(stop != CSV_MISFIT);
        if (stop == CSV_END && !builder_rows(builder))
            return;
        builder_finish(builder, &batch);
        batch_drop(&batch);
    }
}

static void read_with_schema(Str data, bool as_text)
{
    Arena arena = {0};
    Schema schema = as_text ? csv_schema(&arena, data, false) : mix_schema(&arena);
    for (uint32_t i = 0; as_text && i < schema.count; i++)
        schema.fields[i].type = ARROW_TEXT;
    read_file(csv_reader_make(&arena), builder_make(&arena, &schema), data, true);
    arena_drop(&arena);
}

static void bench_drop_typed(Str data)
{
    read_with_schema(data, false);
}

static void bench_drop_text(Str data)
{
    read_with_schema(data, true);
}

/* All columns of a wide file as the sample says. */
static void bench_drop_wide(Str data)
{
    Arena arena = {0};
    Schema schema = csv_schema(&arena, data, false);
    read_file(csv_reader_make(&arena), builder_make(&arena, &schema), data, true);
    arena_drop(&arena);
}

/* The same 2 kB, again and again. */
static void read_small(Str data, bool gives_dialect)
{
    Arena arena = {0};
    Schema schema = mix_schema(&arena);
    CsvReader *reader = csv_reader_make(&arena);
    Builder *builder = builder_make(&arena, &schema);
    size_t size = (size_t)((const char *)memrchr(data.at, '\n', 2000) - data.at) + 1;
    for (size_t at = 0; at < data.len; at += size)
        read_file(reader, builder, str_slice(data, 0, size), gives_dialect);
    arena_drop(&arena);
}

static void bench_drop_small(Str data)
{
    read_small(data, true);
}

static void bench_drop_small_found_out(Str data)
{
    read_small(data, false);
}

/* A sniffer a file. */
static void bench_sniff_small(Str data)
{
    size_t size = (size_t)((const char *)memrchr(data.at, '\n', 2000) - data.at) + 1;
    Arena arena = {0};
    for (size_t at = 0; at < data.len; at += size) {
        csv_schema(&arena, str_slice(data, 0, size), true);
        arena_reset(&arena);
    }
    arena_drop(&arena);
}

static void measure(const char *name, void (*run)(Str), Str data, const char *only)
{
    int64_t best = INT64_MAX;
    if (only && !strstr(name, only))
        return;
    for (int i = 0; i < 3; i++) {
        int64_t began = clock_cpu_us();
        run(data);
        int64_t took = clock_cpu_us() - began;
        best = took < best ? took : best;
    }
    printf("%-28s %7.0f MB/s\n", name, (double)data.len / (double)(best ? best : 1));
}

int main(int count, char **args)
{
    int64_t megabytes = 50;
    if (count > 1)
        str_to_int(str_of(args[1]), &megabytes);
    const char *only = count > 2 ? args[2] : NULL;
    size_t size = (size_t)megabytes * 1000000;
    Text jsonl = {0}, json = {0}, spaced = {0}, csv = {0}, xml = {0};
    text_add(&json, STR("{\"meta\":{\"total\":5},\"data\":{\"items\":["));
    text_add(&csv, STR("id,user_id,name,state,amount,rate,is_new,created_at,day,note,tag,lat\n"));
    text_add(&xml, STR("<feed>"));
    for (uint64_t i = 0; csv.len < size; i++)
        add_csv(&csv, i);
    for (uint64_t i = 0; jsonl.len < size; i++) {
        add_json(&jsonl, i, ":", ",");
        text_add_char(&jsonl, '\n');
        if (i)
            text_add_char(&json, ',');
        add_json(&json, i, ":", ",");
        add_json(&spaced, i, ": ", ", ");
        text_add_char(&spaced, '\n');
        text_print(
            &xml, "<entry id=\"%llu\"><title>An entry &amp; its title</title><n>%llu</n></entry>\n",
            (unsigned long long)i, (unsigned long long)i * 7);
    }
    text_add(&json, STR("]},\"next\":null}"));
    text_add(&xml, STR("</feed>"));
    Text mix = {0}, wide = {0}, texts = {0}, korean = {0};
    text_add_c(&mix, mix_header);
    for (uint64_t i = 0; mix.len < size; i++)
        add_mix(&mix, i);
    for (uint64_t i = 0; i < 2000; i++)
        text_print(&wide, "%sc%u", i ? "," : "", (unsigned)i);
    while (wide.len < size)
        for (uint64_t i = 0; i < 2000; i++)
            text_print(&wide, i ? ",%u" : "\n%u", (unsigned)(next_random() % 1000000 * (i % 3)));
    text_add_char(&wide, '\n');
    text_add(&texts, STR("a,b,c,d,e,f\n"));
    while (texts.len < size)
        text_add(&texts,
                 STR("a wide text of about forty bytes in a row,another one that is as wide as "
                     "the first,\"a quoted one, for it holds a comma\",short,a text of thirty "
                     "bytes or so,and the last of this row\n"));
    text_add(&korean, STR("a,b,c\n"));
    while (korean.len < size)
        text_add(&korean,
                 STR("\xec\x84\x9c\xec\x9a\xb8\xed\x8a\xb9\xeb\xb3\x84\xec\x8b\x9c \xea\xb0\x95"
                     "\xeb\x82\xa8\xea\xb5\xac,12345,\xea\xb9\x80\xeb\xaf\xbc\xec\xa4\x80 caf\xc3\xa9\n"));
    copy_target = NEW_N(&(Arena){0}, char, jsonl.len + 1);
    measure("memcpy", bench_copy, text_str(&jsonl), only);
    measure("newlines of JSONL", bench_newlines, text_str(&jsonl), only);
    measure("newlines of CSV", bench_newlines, text_str(&csv), only);
    measure("split JSONL", bench_split_jsonl, text_str(&jsonl), only);
    measure("split JSONL with spaces", bench_split_jsonl, text_str(&spaced), only);
    measure("split JSON data.items", bench_split_json, text_str(&json), only);
    measure("split XML", bench_split_xml, text_str(&xml), only);
    measure("record_find", bench_find, text_str(&jsonl), only);
    measure("shape", bench_shape, text_str(&jsonl), only);
    measure("read JSONL typed", bench_read_jsonl, text_str(&jsonl), only);
    measure("sniff CSV", bench_sniff, text_str(&csv), only);
    measure("read CSV typed", bench_read_csv, text_str(&csv), only);
    measure("read CSV as text", bench_read_csv_text, text_str(&csv), only);
    measure("sniff drop", bench_sniff, text_str(&mix), only);
    measure("read drop typed", bench_drop_typed, text_str(&mix), only);
    measure("read drop as text", bench_drop_text, text_str(&mix), only);
    measure("sniff wide texts", bench_sniff, text_str(&texts), only);
    measure("read wide texts", bench_drop_text, text_str(&texts), only);
    measure("read Korean texts", bench_drop_text, text_str(&korean), only);
    measure("read 2,000 columns", bench_drop_wide, text_str(&wide), only);
    measure("read drop in files of 2 kB", bench_drop_small, text_str(&mix), only);
    measure("read drop in 2 kB, found out", bench_drop_small_found_out, text_str(&mix), only);
    measure("sniff drop in files of 2 kB", bench_sniff_small, text_str(&mix), only);
    return 0;
}
