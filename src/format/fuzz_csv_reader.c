/* fuzz_csv_reader.c: any bytes as a partner's CSV, read in every way: row by row without an index,
 * with masks made plainly, by AVX2, by AVX-512; whole and in pieces; misfits skipped, taken as NULL
 * or met by wider types. Always the same rows, misfits, lines and faults. */
#include <stdio.h>
#include <stdlib.h>

#include "format/csv_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Source {
    Str data;
    size_t step;
} Source;

static bool give_piece(void *context, Str *piece, Err *err)
{
    (void)err;
    Source *source = context;
    *piece = str_slice(source->data, 0, source->step);
    source->data = str_slice(source->data, piece->len, source->data.len);
    return true;
}

/* What the columns are to be: some fit, some do not. */
static const Field types[] = {
    {.type = ARROW_TEXT},   {.type = ARROW_INT64},
    {.type = ARROW_DOUBLE}, {.type = ARROW_DECIMAL, .precision = 12, .scale = 2},
    {.type = ARROW_DATE},   {.type = ARROW_TIMESTAMP},
    {.type = ARROW_BOOL},   {.type = ARROW_NULL},
    {.type = ARROW_INT32},  {.type = ARROW_TIMESTAMP_TZ},
    {.type = ARROW_UINT8},  {.type = ARROW_JSON}};

typedef enum Manner { MANNER_SKIP, MANNER_NULL, MANNER_WIDEN } Manner;

typedef struct Reading {
    Arena arena;
    CsvReader *reader;
    Schema schema; /* the fields, and the line                                      */
    Builder *builder;
    int32_t *target;
    Manner manner;
    Text *out;
} Reading;

static void bind(Reading *reading)
{
    reading->builder = builder_make(&reading->arena, &reading->schema);
    csv_reader_bind(reading->reader, reading->builder, reading->target,
                    (int32_t)reading->schema.count - 1);
}

static void flush(Reading *reading)
{
    Batch batch;
    if (!builder_rows(reading->builder))
        return;
    builder_finish(reading->builder, &batch);
    for (int64_t row = 0; row < batch.array.length; row++)
        for (uint32_t i = 0; i < reading->schema.count; i++) {
            array_print_json(&reading->schema.fields[i], batch.array.children[i], (uint64_t)row,
                             reading->out);
            text_add_char(reading->out, i + 1 < reading->schema.count ? ',' : '\n');
        }
    batch_drop(&batch);
}

/* Another builder, whose column takes the value. False: it does so already. */
static bool widen(Reading *reading, const BadValue *bad)
{
    const Str *names;
    uint32_t count = csv_reader_header(reading->reader, &names), field = 0;
    while (field < count && !str_eq(names[field], bad->column))
        field++;
    assert(field < count);
    Field have = reading->schema.fields[field], wider;
    Str value = str_copy(&reading->arena, bad->value);
    csv_reader_widen(reading->reader, &reading->arena, &have, value, &wider);
    wider.name = have.name;
    if (field_same_type(&have, &wider))
        return false;
    flush(reading);
    reading->schema.fields[field] = wider;
    bind(reading);
    return true;
}

static bool read_rows(Reading *reading, Err *err)
{
    for (;;) {
        CsvStop stop;
        BadValue bad;
        TRY(csv_reader_fill(reading->reader, &stop, &bad, err));
        if (stop != CSV_MISFIT)
            flush(reading);
        if (stop == CSV_END)
            return true;
        if (stop == CSV_FULL)
            continue;
        text_print(reading->out, "! %llu " STR_FMT " " STR_FMT " " STR_FMT " %s\n",
                   (unsigned long long)bad.line, STR_ARG(bad.column), STR_ARG(bad.value),
                   STR_ARG(bad.record), bad.reason);
        if (reading->manner == MANNER_WIDEN && bad.column.len && widen(reading, &bad))
            continue;
        if (reading->manner == MANNER_NULL)
            csv_reader_null(reading->reader);
        else
            csv_reader_skip(reading->reader);
    }
}

static bool read_file(Reading *reading, const CsvFile *file, unsigned first_type, Err *err)
{
    const Str *names;
    Schema sniffed;
    TRY(csv_reader_begin(reading->reader, file, err));
    uint32_t count = csv_reader_header(reading->reader, &names);
    if (!count)
        return true;
    TRY(csv_reader_sniff(reading->reader, &reading->arena, &sniffed, err));
    reading->schema = (Schema){NEW_N(&reading->arena, Field, count + 1), count + 1};
    reading->target = NEW_N(&reading->arena, int32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        text_print(reading->out, STR_FMT " ", STR_ARG(names[i]));
        field_print_type(&sniffed.fields[i], reading->out);
        text_print(reading->out, " %u %u;", sniffed.fields[i].precision, sniffed.fields[i].scale);
        /* every third one as the rows ask for: they then fit */
        reading->schema.fields[i] =
            i % 3 == 2 ? sniffed.fields[i] : types[(first_type + i) % COUNT_OF(types)];
        reading->schema.fields[i].name = names[i];
        reading->target[i] = (int32_t)i;
    }
    reading->schema.fields[count] = (Field){.name = STR("line"), .type = ARROW_INT64};
    bind(reading);
    return read_rows(reading, err);
}

static void read_all(CsvForm form, const CsvOptions *csv, Str input, size_t step,
                     const uint8_t *how, Text *out)
{
    AUTO(err) Err err = {0};
    Reading reading = {.manner = how[0] % 3, .out = out};
    Source source = {input, step};
    CsvFile file = {.name = STR("f"),
                    .csv = *csv,
                    .read = give_piece,
                    .source = &source,
                    .record_limit_bytes = how[0] & 64 ? 300 : 0};
    if (!csv_index_force(form))
        return;
    reading.reader = csv_reader_make(&reading.arena);
    /* a file before: nothing of it may stay */
    Source former = {STR("x,\"y\"\"\n\"\n1,2\n3"), 5};
    CsvFile before = {.name = STR("b"), .read = give_piece, .source = &former};
    assert(csv_reader_begin(reading.reader, &before, &err));
    if (!read_file(&reading, &file, how[1], &err)) {
        text_clear(
            out); /* what was told before, and which of several faults, is the pieces' doing */
        text_add(out, STR("fails"));
    }
    arena_drop(&reading.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const CsvForm forms[] = {CSV_FORM_PLAIN, CSV_FORM_AVX2, CSV_FORM_AVX512};
    if (size < 3)
        return 0;
    CsvOptions csv = {.delimiter = data[0] & 4 ? ',' : '\0',
                      .quote = data[0] & 4 ? '"' : '\0',
                      .has_header = data[0] & 8 ? -1 : 1,
                      .encoding = data[0] & 16 ? STR("latin-1") : STR_NONE,
                      .null_text = data[0] & 32 ? STR("NULL") : STR_NONE};
    Str input = {(const char *)data + 3, size - 3};
    AUTO(text) Text expected = {0};
    read_all(CSV_FORM_NONE, &csv, input, input.len + 1, data, &expected);
    for (size_t i = 0; i < 2 * COUNT_OF(forms); i++) {
        AUTO(text) Text found = {0};
        size_t step = i % 2 ? data[2] + 1u : input.len + 1;
        if (!csv_index_force(forms[i / 2]))
            continue;
        read_all(forms[i / 2], &csv, input, step, data, &found);
        if (!str_eq(text_str(&expected), text_str(&found))) {
            fprintf(stderr, "walked\n%s\nform %d, step %zu\n%s\n", expected.at, forms[i / 2], step,
                    found.at);
            abort();
        }
    }
    return 0;
}
