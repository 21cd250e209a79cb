/* fuzz_csv_records.c: any bytes as a CSV: what the sniffer says of it is what the reader takes,
 * without a bad value other than ragged records; in any pieces the same. */
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Source {
    Str data;
    size_t step;
} Source;

static bool give_piece(void *context, Str *piece, Err *err)
{
    (void)err;
    Source *source = context;
    size_t length = source->data.len < source->step ? source->data.len : source->step;
    *piece = (Str){source->data.at, length};
    source->data = (Str){length ? source->data.at + length : NULL, source->data.len - length};
    return true;
}

/* Broken and ragged records have no say in the types: their values need not fit. */
typedef struct Told {
    uint64_t broken_line;        /* of the last record that is one                                */
    uint64_t open_line;          /* of a record with a value that does not fit; 0: it was broken  */
} Told;

static Verdict take_verdict(void *context, const BadValue *bad)
{
    Told *told = context;
    assert(!told->open_line || told->open_line == bad->line);
    static const char *const allowed[] = {"too few fields",
                                          "too many fields",
                                          "text behind a closing quote",
                                          "a quote that does not close",
                                          "a NUL byte",
                                          "invalid UTF-8"};
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        if (strcmp(bad->reason, allowed[i]) == 0) {
            told->broken_line = bad->line;
            told->open_line = 0;
        }
    if (bad->line != told->broken_line)
        told->open_line = bad->line;
    return VERDICT_NULL;
}

static void print_rows(const Schema *schema, const Batch *batch, Text *out)
{
    for (int64_t row = 0; row < batch->array.length; row++)
        for (uint32_t i = 0; i < schema->count; i++) {
            array_print(&schema->fields[i], batch->array.children[i], (uint64_t)row, out);
            text_add_char(out, i + 1 < schema->count ? '\t' : '\n');
        }
}

static void read_records(const CsvOptions *csv, Schema schema, Str input, size_t step, Text *out)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Source source = {input, step};
    Told told = {0};
    RecordOptions options = {.format = FORMAT_CSV,
                             .csv = *csv,
                             .schema = schema,
                             .read = give_piece,
                             .source = &source,
                             .on_bad = take_verdict,
                             .context = &told,
                             .line_column = -1};
    Stream stream;
    Batch batch = {0};
    assert(records_stream(&arena, &options, &stream, &err));
    do {
        batch = (Batch){0};
        assert(stream.next(stream.self, &batch, &err));
        print_rows(&schema, &batch, out);
        if (batch.array.release)
            batch_drop(&batch);
    } while (batch.array.length);
    assert(!told.open_line);     /* the sniffed type takes the value                              */
    stream_close(&stream);
    arena_drop(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    static const Str encodings[] = {STR_INIT(""), STR_INIT(""), STR_INIT("latin-1"),
                                    STR_INIT("cp949")};
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str input = {(const char *)data + 2, size - 2};
    CsvOptions csv = {.has_header = -1,
                      .encoding = encodings[data[0] % 4],
                      .escape = data[0] & 4 ? '\\' : '\0'};
    CsvSniffer *sniffer = csv_sniffer_make(&arena, &csv);
    Schema schema;
    bool is_done = true;
    for (size_t at = 0, step = data[1] + 1u; at < input.len && is_done; at += step)
        is_done = csv_sniffer_feed(sniffer, str_slice(input, at, at + step), &err);
    if (is_done && csv_sniffer_end(sniffer, &csv, &schema, &err) && schema.count) {
        AUTO(text) Text whole = {0};
        AUTO(text) Text cut = {0};
        read_records(&csv, schema, input, input.len + 1, &whole);
        read_records(&csv, schema, input, data[1] % 16 + 1u, &cut);
        assert(str_eq(text_str(&whole), text_str(&cut)));
    }
    arena_drop(&arena);
    return 0;
}
