/* Rows written, read back by the tests' own reader, compared one by one: every type, every pattern
 * of NULLs, pages and row groups of all sizes; files joined. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "parquet/pack.h"
#include "parquet/pages_help_test.h"

static uint64_t seed = 1;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static uint64_t below(uint64_t most)
{
    return most ? (next_random() >> 11) % most : 0;
}

/* ---- made-up columns ---- */

/* How the values of a column come, and its NULLs. */
typedef struct Pattern {
    enum { ONE, FEW, SOME, MANY, RISING, RUNS, EXTREME, PATTERNS } values;
    enum { NEVER, ALWAYS, RARELY, OFTEN, IN_RUNS, NULL_PATTERNS } nulls;
    uint64_t number;             /* of RISING and RUNS                                           */
    bool is_null_run;
} Pattern;

static uint64_t next_number(Pattern *pattern)
{
    switch (pattern->values) {
    case ONE: return 42;
    case FEW: return below(7) * 0x9e3779b97f4a7c15u;
    case SOME: return below(1500) * 0x9e3779b97f4a7c15u;
    case RISING: return pattern->number += below(3);
    case RUNS: return pattern->number = below(40) ? pattern->number : next_random();
    case EXTREME: return (uint64_t[]){0, 1, UINT64_MAX, (uint64_t)INT64_MIN, INT64_MAX, 127, 128,
                                      255, 32768, 0x7fffffff, 0x80000000, 0xffffffff}[below(12)];
    default: return next_random();
    }
}

static bool next_is_null(Pattern *pattern)
{
    switch (pattern->nulls) {
    case NEVER: return false;
    case ALWAYS: return true;
    case RARELY: return below(50) == 0;
    case OFTEN: return below(3) > 0;
    default:
        if (below(100) == 0)
            pattern->is_null_run = !pattern->is_null_run;
        return pattern->is_null_run;
    }
}

static void add_text(ColumnBuilder *column, Pattern *pattern, uint64_t number)
{
    char text[200];
    int len = snprintf(text, sizeof text, "%llx", (unsigned long long)number);
    if (number % 5 == 0)
        len = 0;
    else if (number % 7 == 1)
        len = snprintf(text, sizeof text,
                       "a text of more than sixty-four bytes, which no bound keeps as a whole: "
                       "\xea\xb9\x80 %llu", (unsigned long long)number);
    if (number % 7 == 2 && column->type == ARROW_BINARY) {
        len = 200 - (int)(number % 150);
        memset(text, 0xff, sizeof text);
    }
    if (pattern->values == EXTREME && below(200) == 0) {
        AUTO(text) Text large = {0};
        text_add_repeat(&large, (char)('a' + below(26)), 1 << 20);
        column_add_bytes(column, text_str(&large));
        return;
    }
    column_add_bytes(column, (Str){text, (size_t)len});
}

static void add_real(ColumnBuilder *column, const Pattern *pattern, uint64_t number)
{
    static const double extremes[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 5e-324, -1e300, 1e-38};
    double real = pattern->values == EXTREME ? extremes[below(8)]
                  : pattern->values == MANY  ? (double)(int64_t)number / 7
                                             : (double)(number % 1000) / 8;
    column_add_double(column, real);
}

static void add_value(ColumnBuilder *column, const Field *field, Pattern *pattern)
{
    if (field->type == ARROW_NULL || next_is_null(pattern)) {
        column_add_null(column);
        return;
    }
    uint64_t number = next_number(pattern), words[2] = {number, ~number * 3};
    __extension__ __int128 wide = (__int128)(int64_t)number * (int64_t)(number >> 7 | 1), end = 1;
    switch (field->type) {
    case ARROW_BOOL: column_add_bool(column, number & 1); break;
    case ARROW_FLOAT:
    case ARROW_DOUBLE: add_real(column, pattern, number); break;
    case ARROW_UUID: column_add_bytes(column, (Str){(const char *)words, 16}); break;
    case ARROW_TEXT:
    case ARROW_JSON:
    case ARROW_BINARY: add_text(column, pattern, number); break;
    case ARROW_DECIMAL:
        for (int i = 0; i < field->precision; i++)
            end *= 10;
        column_add_decimal(column, wide % end);
        break;
    case ARROW_UINT64: column_add_uint(column, number); break;
    default:
        if (column->span + 1)
            number %= column->span + 1;
        column_add_int(column, (int64_t)((uint64_t)column->least + number));
    }
}

/* ---- rows kept as cells ---- */

typedef struct Sink {
    FileWriter file;
    uint64_t fails_at, bytes;
} Sink;

static bool write_sink(void *context, Str bytes, Err *err)
{
    Sink *sink = context;
    sink->bytes += bytes.len;
    if (sink->fails_at && sink->bytes >= sink->fails_at)
        return err_set(err, ERR_IO, NOWHERE, "the disk is full");
    return file_writer_add(&sink->file, bytes, err);
}

typedef struct Made {
    Arena arena;
    Err err;
    Str folder, path;
    Schema schema;
    uint32_t constant_count;
    Pattern *patterns;
    Cells *expected;
    uint64_t rows;
    Builder *builder;
    Sink sink;
    ParquetWriter *writer;
    ParquetSummary summary;
} Made;

static void must(Made *made, bool ok)
{
    if (!ok)
        fail_msg("%s", made->err.text);
}

static void expect(Made *made, uint32_t column, Str cell)
{
    Cells *cells = &made->expected[column];
    if (cells->count == cells->room) {
        uint64_t room = cells->room ? cells->room * 2 : 64;
        cells->at = arena_grow(&made->arena, cells->at, cells->room * sizeof(Str),
                               room * sizeof(Str), _Alignof(Str));
        cells->room = room;
    }
    cells->at[cells->count++] = cell;
}

static void make_folder(Made *made)
{
    const char *root = getenv("TMPDIR");
    char name[200];
    snprintf(name, sizeof name, "%s/weir-parquet-XXXXXX", root ? root : "/tmp");
    assert_non_null(mkdtemp(name));
    made->folder = str_copy(&made->arena, str_of(name));
    made->path = path_join(&made->arena, made->folder, STR("rows.parquet"));
}

static void begin(Made *made, const char *const (*columns)[2], uint32_t count,
                  ParquetOptions options)
{
    *made = (Made){0};
    made->schema = (Schema){NEW_N(&made->arena, Field, count), count};
    for (uint32_t i = 0; i < count; i++) {
        must(made, field_parse_type(&made->arena, str_of(columns[i][1]), &made->schema.fields[i],
                                    &made->err));
        made->schema.fields[i].name = str_of(columns[i][0]);
    }
    made->patterns = NEW_N(&made->arena, Pattern, count);
    made->expected = NEW_N(&made->arena, Cells, count);
    made->constant_count = options.constant_count;
    Schema own = {made->schema.fields, count - options.constant_count};
    made->builder = builder_make(&made->arena, &own);
    make_folder(made);
    must(made, file_writer_open(&made->sink.file, made->path, &made->err));
    options.schema = made->schema;
    options.write = write_sink;
    options.sink = &made->sink;
    must(made, parquet_writer_make(&made->arena, &options, &made->writer, &made->err));
}

/* The first rows of a batch are hidden by an offset: in every column, or in the batch itself. */
static void hide(Batch *batch, uint64_t hidden, bool is_whole)
{
    batch->array.length -= (int64_t)hidden;
    if (is_whole) {
        batch->array.offset = (int64_t)hidden;
        return;
    }
    for (int64_t i = 0; i < batch->array.n_children; i++) {
        batch->array.children[i]->offset = (int64_t)hidden;
        batch->array.children[i]->length -= (int64_t)hidden;
        batch->array.children[i]->null_count = -1;
    }
}

static void write_rows(Made *made, uint64_t rows, const Str *constants)
{
    uint32_t own = made->schema.count - made->constant_count;
    for (uint64_t row = 0; row < rows; row++)
        for (uint32_t i = 0; i < own; i++)
            add_value(builder_column(made->builder, i), &made->schema.fields[i],
                      &made->patterns[i]);
    Batch batch;
    builder_finish(made->builder, &batch);
    uint64_t hidden = below(4) == 0 ? below(rows + 1) : 0;
    bool is_whole = below(2);
    for (uint64_t row = hidden; row < rows; row++) {
        for (uint32_t i = 0; i < own; i++)
            expect(made, i, cell_of(&made->arena, &made->schema.fields[i],
                                    batch.array.children[i], row));
        for (uint32_t i = own; i < made->schema.count; i++) {
            Str constant = constants[i - own];
            expect(made, i, constant.at ? str_copy(&made->arena, constant) : STR_NONE);
        }
    }
    if (own && hidden)
        hide(&batch, hidden, is_whole);
    made->rows += rows - hidden;
    must(made, parquet_write(made->writer, &batch, constants, &made->err));
    if (own && hidden && is_whole)
        batch.array.offset = 0;
    batch_drop(&batch);
}

static void finish(Made *made)
{
    assert_int_equal(parquet_rows(made->writer), made->rows);
    must(made, parquet_finish(made->writer, &made->summary, &made->err));
    must(made, file_writer_commit(&made->sink.file, false, &made->err));
    assert_int_equal(made->summary.bytes, made->sink.bytes);
    assert_int_equal(made->summary.rows, made->rows);
}

/* Reads the file and compares; the cells are given for more questions. */
static Cells *check(Made *made, const ParquetFile **file)
{
    Cells *cells;
    read_cells(&made->arena, made->path, file, &cells);
    assert_int_equal((*file)->rows, made->rows);
    assert_int_equal((*file)->group_count, made->summary.groups);
    for (uint32_t i = 0; i < made->schema.count; i++) {
        uint64_t nulls = 0, bytes = 0;
        assert_true(str_eq((*file)->schema.fields[i].name, made->schema.fields[i].name));
        assert_true(field_same_type(&(*file)->schema.fields[i], &made->schema.fields[i]));
        assert_int_equal(cells[i].count, made->rows);
        for (uint64_t row = 0; row < made->rows; row++) {
            Str found = cells[i].at[row], wanted = made->expected[i].at[row];
            nulls += !wanted.at;
            if (!!found.at != !!wanted.at || !str_eq(found, wanted))
                fail_msg("column %u (" STR_FMT "), row %llu: '" STR_FMT "', not '" STR_FMT "'", i,
                         STR_ARG(made->schema.fields[i].name), (unsigned long long)row,
                         STR_ARG(found), STR_ARG(wanted));
        }
        for (uint32_t group = 0; group < (*file)->group_count; group++)
            bytes += (*file)->groups[group].chunks[i].packed_bytes;
        assert_int_equal(made->summary.columns[i].null_count, nulls);
        assert_int_equal(made->summary.columns[i].bytes, bytes);
    }
    return cells;
}

static void end(Made *made)
{
    file_writer_drop(&made->sink.file);
    must(made, folder_remove(made->folder, &made->err));
    err_drop(&made->err);
    arena_drop(&made->arena);
}

/* ---- every type, every pattern ---- */

static const char *const all_types[][2] = {
    {"nothing", "\"NULL\""},    {"flag", "boolean"},      {"i8", "tinyint"},
    {"i16", "smallint"},        {"i32", "integer"},       {"i64", "bigint"},
    {"u8", "utinyint"},         {"u16", "usmallint"},     {"u32", "uinteger"},
    {"u64", "ubigint"},         {"real", "float"},        {"wide", "double"},
    {"d4", "decimal(4,1)"},     {"d9", "decimal(9,9)"},   {"d18", "decimal(18,0)"},
    {"d38", "decimal(38,10)"},  {"text", "varchar"},      {"json", "json"},
    {"bytes", "blob"},          {"code", "uuid"},         {"day", "date"},
    {"clock", "time"},          {"moment", "timestamp"},  {"instant", "timestamp with time zone"},
};
enum { TYPES = sizeof all_types / sizeof all_types[0] };

/* All columns with the same pattern; the next time the next one. */
static void test_types(void **state)
{
    (void)state;
    for (int values = 0; values < PATTERNS; values++)
        for (int nulls = 0; nulls < NULL_PATTERNS; nulls++) {
            Made made;
            const ParquetFile *file;
            seed = (uint64_t)(values * 31 + nulls + 7);
            begin(&made, all_types, TYPES, (ParquetOptions){.page_bytes = 4096});
            for (uint32_t i = 0; i < TYPES; i++)
                made.patterns[i] = (Pattern){.values = values, .nulls = nulls};
            for (int i = 0; i < 4; i++)
                write_rows(&made, 700, NULL);
            finish(&made);
            check(&made, &file);
            end(&made);
        }
}

/* Buffers may go at any time: the rows stay; behind a row group hardly any memory does. */
static void test_relaxed(void **state)
{
    (void)state;
    Made made;
    const ParquetFile *file;
    seed = 11;
    begin(&made, all_types, TYPES, (ParquetOptions){.page_bytes = 4096});
    for (uint32_t i = 0; i < TYPES; i++)
        made.patterns[i] = (Pattern){.values = i % PATTERNS, .nulls = i % NULL_PATTERNS};
    for (int i = 0; i < 6; i++) {
        write_rows(&made, 900, NULL);
        uint64_t full = parquet_memory(made.writer);
        if (i % 2)
            must(&made, parquet_end_group(made.writer, &made.err));
        uint64_t ended = parquet_memory(made.writer);
        parquet_relax(made.writer);
        uint64_t relaxed = parquet_memory(made.writer);
        assert_true(relaxed <= ended);
        if (i % 2 && relaxed >= (1 << 20) + (full - (1 << 20)) / 4) /* 1 MiB is the packer's */
            fail_msg("%llu of %llu bytes", (unsigned long long)relaxed, (unsigned long long)full);
    }
    finish(&made);
    check(&made, &file);
    end(&made);
}

static void test_random(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 150; round++) {
        seed = round * 0x9e3779b97f4a7c15u;
        uint32_t count = 1 + (uint32_t)below(8), constants = (uint32_t)below(3);
        const char *columns[12][2];
        char names[12][16];
        for (uint32_t i = 0; i < count + constants; i++) {
            snprintf(names[i], sizeof names[i], "c%u", i);
            columns[i][0] = names[i];
            columns[i][1] = i < count ? all_types[below(TYPES)][1] : "varchar";
        }
        Made made;
        begin(&made, (const char *const(*)[2])columns, count + constants,
              (ParquetOptions){.constant_count = constants,
                               .page_bytes = below(3) ? 64 + below(20000) : 0,
                               .group_rows = below(3) ? 1 + below(4000) : 0,
                               .group_bytes = below(3) ? 0 : 1 + below(50000)});
        for (uint32_t i = 0; i < count; i++)
            made.patterns[i] = (Pattern){.values = below(PATTERNS), .nulls = below(NULL_PATTERNS)};
        pack_use_plain(below(2));
        for (uint64_t batch = below(8); batch > 0; batch--) {
            char archive[32];
            snprintf(archive, sizeof archive, "archive %llu", (unsigned long long)below(3));
            Str values[2] = {below(4) ? str_of(archive) : STR_NONE,
                             below(4) ? STR("") : str_of("file.csv")};
            write_rows(&made, below(6) ? below(30) : below(3000), values);
            if (below(8) == 0)
                must(&made, parquet_end_group(made.writer, &made.err));
        }
        pack_use_plain(false);
        const ParquetFile *file;
        finish(&made);
        check(&made, &file);
        end(&made);
    }
}

/* ---- single claims ---- */

static void test_empty(void **state)
{
    (void)state;
    Made made;
    const ParquetFile *file;
    begin(&made, all_types, TYPES, (ParquetOptions){0});
    write_rows(&made, 0, NULL);
    finish(&made);
    check(&made, &file);
    assert_int_equal(file->group_count, 0);
    end(&made);
}

static void test_group_rows(void **state)
{
    (void)state;
    Made made;
    const ParquetFile *file;
    seed = 3;
    begin(&made, all_types + 5, 1, (ParquetOptions){.group_rows = 1000});
    while (made.rows < 4500)
        write_rows(&made, 700, NULL);
    finish(&made);
    check(&made, &file);
    for (uint32_t i = 0; i + 1 < file->group_count; i++)
        assert_int_equal(parquet_group_rows(file, i), 1000);
    end(&made);
}

/* What a column becomes: the encodings met, bytes of 100,000 rows at most. */
static void check_column(const char *type, int values, int nulls, uint32_t encoding,
                         uint64_t bytes_most)
{
    Made made;
    const ParquetFile *file;
    const char *const columns[][2] = {{"c", type}};
    seed = 5;
    begin(&made, columns, 1, (ParquetOptions){0});
    made.patterns[0] = (Pattern){.values = values, .nulls = nulls};
    while (made.rows < 100000)
        write_rows(&made, 20000, NULL);
    finish(&made);
    Cells *cells = check(&made, &file);
    assert_int_equal(cells[0].encodings, 1u << encoding);
    if (made.summary.columns[0].bytes > bytes_most * made.rows / 100000)
        fail_msg("%s: %llu bytes", type, (unsigned long long)made.summary.columns[0].bytes);
    end(&made);
}

static void test_encodings(void **state)
{
    (void)state;
    check_column("bigint", RISING, NEVER, ENCODING_DELTA, 30000);
    check_column("bigint", ONE, NEVER, ENCODING_DELTA, 400);
    check_column("bigint", FEW, NEVER, ENCODING_DICTIONARY, 40000);
    check_column("bigint", SOME, OFTEN, ENCODING_DICTIONARY, 90000);
    check_column("integer", MANY, NEVER, ENCODING_DELTA, 410000);
    check_column("double", SOME, NEVER, ENCODING_DICTIONARY, 150000);
    check_column("double", MANY, NEVER, ENCODING_PLAIN, 810000);
    check_column("varchar", FEW, NEVER, ENCODING_DICTIONARY, 40000);
    check_column("varchar", MANY, NEVER, ENCODING_DELTA_LENGTH, 2000000);
    check_column("uuid", SOME, NEVER, ENCODING_DICTIONARY, 170000);
    check_column("uuid", MANY, NEVER, ENCODING_PLAIN, 1700000);
    check_column("varchar", MANY, ALWAYS, ENCODING_PLAIN, 100);
    check_column("\"NULL\"", MANY, ALWAYS, ENCODING_PLAIN, 100);
}

/* A dictionary that stops paying is left within the chunk: its pages stay, later ones are direct */
static void test_abandoned(void **state)
{
    (void)state;
    static const char *const columns[][2] = {{"text", "varchar"}, {"number", "bigint"},
                                             {"real", "double"},  {"code", "uuid"},
                                             {"small", "integer"}};
    Made made;
    const ParquetFile *file;
    seed = 15;
    begin(&made, columns, 5, (ParquetOptions){.page_bytes = 20000});
    static const int turns[] = {FEW, SOME, MANY, FEW};
    for (size_t turn = 0; turn < COUNT_OF(turns); turn++) {
        for (uint32_t i = 0; i < 5; i++)
            made.patterns[i] = (Pattern){.values = turns[turn], .nulls = i == 2 ? RARELY : NEVER};
        for (int i = 0; i < 5; i++)
            write_rows(&made, 6000, NULL);
    }
    finish(&made);
    Cells *cells = check(&made, &file);
    static const uint32_t direct[] = {ENCODING_DELTA_LENGTH, ENCODING_DELTA, ENCODING_PLAIN,
                                      ENCODING_PLAIN, ENCODING_DELTA};
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(cells[i].encodings, 1u << ENCODING_DICTIONARY | 1u << direct[i]);
    assert_int_equal(cells[2].page_kinds, 1u << PAGE_DATA | 1u << PAGE_DATA_V2);
    assert_int_equal(file->group_count, 1);
    end(&made);
}

/* More constants than a dictionary may hold: the row group ends. */
static void test_many_constants(void **state)
{
    (void)state;
    static const char *const columns[][2] = {{"id", "bigint"}, {"line", "varchar"}};
    Made made;
    const ParquetFile *file;
    seed = 19;
    begin(&made, columns, 2, (ParquetOptions){.constant_count = 1});
    AUTO(text) Text line = {0};
    for (int i = 0; i < 300; i++) {
        text_clear(&line);
        text_add_repeat(&line, (char)('a' + i % 26), 60000 + (size_t)i);
        write_rows(&made, 3, (Str[]){text_str(&line)});
    }
    finish(&made);
    check(&made, &file);
    assert_true(file->group_count > 1);
    end(&made);
}

/* A constant column costs its dictionary and a run a batch. */
static void test_constants(void **state)
{
    (void)state;
    static const char *const columns[][2] = {{"id", "bigint"}, {"archive", "varchar"}};
    Made made;
    const ParquetFile *file;
    seed = 9;
    begin(&made, columns, 2, (ParquetOptions){.constant_count = 1});
    made.patterns[0].values = RISING;
    for (int i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof name, "orders_%04d.tar.gz", i / 2);
        write_rows(&made, 2000, (Str[]){str_of(name)});
    }
    finish(&made);
    Cells *cells = check(&made, &file);
    assert_int_equal(cells[1].encodings, 1u << ENCODING_DICTIONARY);
    assert_true(made.summary.columns[1].bytes < 600);
    end(&made);
}

static Str file_of(Made *made)
{
    Str content;
    must(made, file_read(&made->arena, made->path, &content, &made->err));
    return content;
}

/* The same rows give the same bytes, by whatever instructions. */
static void test_bytes(void **state)
{
    (void)state;
    Made first, second;
    for (int plain = 0; plain < 2; plain++) {
        Made *made = plain ? &second : &first;
        begin(made, all_types, TYPES, (ParquetOptions){.page_bytes = 3000});
        for (uint32_t i = 0; i < TYPES; i++)
            made->patterns[i] = (Pattern){.values = i % PATTERNS, .nulls = i % NULL_PATTERNS};
        pack_use_plain(plain);
        seed = 77;
        for (int i = 0; i < 5; i++)
            write_rows(made, 999, NULL);
        finish(made);
    }
    pack_use_plain(false);
    assert_true(str_eq(file_of(&first), file_of(&second)));
    end(&first);
    end(&second);
}

/* Held memory: bounded by the row group's limit, and all given back. */
static void test_memory(void **state)
{
    (void)state;
    enum { COLUMNS = 400 };
    static char names[COLUMNS][16];
    static const char *columns[COLUMNS][2];
    for (int i = 0; i < COLUMNS; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        columns[i][0] = names[i];
        columns[i][1] = i % 2 ? "varchar" : "bigint";
    }
    Made made;
    seed = 13;
    begin(&made, (const char *const(*)[2])columns, COLUMNS,
          (ParquetOptions){.group_bytes = 2 << 20});
    for (uint32_t i = 0; i < COLUMNS; i++)
        made.patterns[i] = (Pattern){.values = i % 4 ? MANY : SOME, .nulls = i % NULL_PATTERNS};
    uint64_t most = 0;
    for (int i = 0; i < 40; i++) {
        write_rows(&made, 250, NULL);
        uint64_t held = parquet_memory(made.writer);
        most = held > most ? held : most;
    }
    if (most < 2 << 20 || most > 30 << 20)
        fail_msg("%llu bytes held", (unsigned long long)most);
    finish(&made);
    assert_true(made.summary.groups > 1);
    assert_true(parquet_memory(made.writer) < 2 << 20);
    end(&made);
}

/* A sink that fails: at every call the error comes through, nothing leaks. */
static void test_sink_fails(void **state)
{
    (void)state;
    bool ok = false;
    uint64_t at = 1;
    for (; !ok; at = at * 3 / 2 + 1) {
        Made made;
        seed = 21;
        begin(&made, all_types, TYPES, (ParquetOptions){.group_rows = 500, .page_bytes = 2000});
        made.sink.fails_at = at;
        for (uint32_t i = 0; i < TYPES; i++)
            for (uint64_t row = 0; row < 600; row++)
                add_value(builder_column(made.builder, i), &made.schema.fields[i],
                          &made.patterns[i]);
        Batch batch;
        builder_finish(made.builder, &batch);
        ok = parquet_write(made.writer, &batch, NULL, &made.err);
        batch_drop(&batch);
        if (ok)
            ok = parquet_finish(made.writer, NULL, &made.err);
        else
            parquet_drop(made.writer);
        if (!ok)
            assert_string_equal(made.err.text, "the disk is full");
        end(&made);
    }
    assert_true(at > 5000);
}

static void test_refused_types(void **state)
{
    (void)state;
    static const char *const types[] = {"integer[]", "struct(a integer)", "interval"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        Arena arena = {0};
        Err err = {0};
        Field field;
        ParquetWriter *writer;
        assert_true(field_parse_type(&arena, str_of(types[i]), &field, &err));
        field.name = STR("tags");
        ParquetOptions options = {.schema = {&field, 1}, .write = write_sink};
        assert_false(parquet_writer_make(&arena, &options, &writer, &err));
        assert_int_equal(err.kind, ERR_RUNTIME);
        assert_non_null(strstr(err.text, "column tags"));
        err_drop(&err);
        arena_drop(&arena);
    }
}

/* ---- joining ---- */

/* A file of some of the columns of all_types, in an order of its own. */
static void make_part(Made *made, uint64_t round)
{
    const char *columns[TYPES][2];
    uint32_t count = 0, from = (uint32_t)below(TYPES);
    for (uint32_t i = 0; i < TYPES; i++) {
        const char *const *column = all_types[(from + i) % TYPES];
        if (below(5) == 0 && (count || i + 1 < TYPES))
            continue;
        columns[count][0] = column[0];
        columns[count++][1] = round % 3 == 2 && below(6) == 0 ? "\"NULL\"" : column[1];
    }
    begin(made, (const char *const(*)[2])columns, count,
          (ParquetOptions){.group_rows = 1 + below(2000), .page_bytes = 500 + below(9000)});
    for (uint32_t i = 0; i < count; i++)
        made->patterns[i] = (Pattern){.values = below(PATTERNS), .nulls = below(NULL_PATTERNS)};
    for (uint64_t batch = below(4); batch > 0; batch--)
        write_rows(made, below(1500), NULL);
    finish(made);
}

/* Copies all of a part, and expects its rows behind the others. */
static void join_part(Made *made, const Made *part)
{
    ParquetFile *file;
    must(made, parquet_open(&made->arena, part->path, &file, &made->err));
    assert_int_equal(parquet_file_rows(file), part->rows);
    uint64_t rows = 0;
    for (uint32_t group = 0; group < parquet_groups(file); group++) {
        rows += parquet_group_rows(file, group);
        must(made, parquet_copy_group(made->writer, file, group, &made->err));
    }
    assert_int_equal(rows, part->rows);
    for (uint32_t i = 0; i < made->schema.count; i++) {
        uint32_t at = schema_find(&part->schema, made->schema.fields[i].name);
        for (uint64_t row = 0; row < part->rows; row++) {
            Str cell = at == UINT32_MAX ? STR_NONE : part->expected[at].at[row];
            expect(made, i, cell.at ? str_copy(&made->arena, cell) : STR_NONE);
        }
    }
    made->rows += part->rows;
}

static void test_join(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 12; round++) {
        Made made, part;
        const ParquetFile *file;
        seed = round * 0x9e3779b97f4a7c15u;
        begin(&made, all_types, TYPES, (ParquetOptions){0});
        for (uint64_t i = 0; i < 4; i++) {
            if (below(3) == 0)
                write_rows(&made, below(900), NULL);
            make_part(&part, round);
            join_part(&made, &part);
            end(&part);
        }
        finish(&made);
        check(&made, &file);
        end(&made);
    }
}

/* Pages are moved as they are: a file of one row group, joined alone, has the same bytes. */
static void test_join_same(void **state)
{
    (void)state;
    Made part, made;
    seed = 99;
    begin(&part, all_types, TYPES, (ParquetOptions){.page_bytes = 2000});
    for (uint32_t i = 0; i < TYPES; i++)
        part.patterns[i] = (Pattern){.values = i % PATTERNS, .nulls = i % NULL_PATTERNS};
    write_rows(&part, 3000, NULL);
    finish(&part);
    begin(&made, all_types, TYPES, (ParquetOptions){0});
    join_part(&made, &part);
    finish(&made);
    assert_true(str_eq(file_of(&made), file_of(&part)));
    end(&part);
    end(&made);
}

static void check_refused(const char *here, const char *there, const char *name, const char *text)
{
    Made part, made;
    ParquetFile *file;
    const char *const from[][2] = {{"id", "bigint"}, {"amount", here}};
    const char *const to[][2] = {{"id", "bigint"}, {name, there}};
    seed = 4;
    begin(&part, from, 2, (ParquetOptions){0});
    write_rows(&part, 10, NULL);
    finish(&part);
    begin(&made, to, 2, (ParquetOptions){0});
    must(&made, parquet_open(&made.arena, part.path, &file, &made.err));
    assert_false(parquet_copy_group(made.writer, file, 0, &made.err));
    assert_int_equal(made.err.kind, ERR_RUNTIME);
    if (!strstr(made.err.text, text))
        fail_msg("%s", made.err.text);
    parquet_drop(made.writer);
    end(&part);
    end(&made);
}

static void test_join_refused(void **state)
{
    (void)state;
    check_refused("integer", "bigint", "amount",
                  "column amount is INTEGER here, and BIGINT in the file that is written");
    check_refused("decimal(9,2)", "decimal(9,3)", "amount", "DECIMAL(9,2) here, and DECIMAL(9,3)");
    check_refused("varchar", "\"NULL\"", "amount", "column amount is VARCHAR here");
    check_refused("varchar", "varchar", "other", "column amount has no place");
}

/* ---- damaged files ---- */

static void test_damaged(void **state)
{
    (void)state;
    Made made;
    seed = 17;
    begin(&made, all_types, TYPES, (ParquetOptions){.group_rows = 40});
    write_rows(&made, 100, NULL);
    finish(&made);
    Str whole = file_of(&made);
    uint32_t len;
    memcpy(&len, whole.at + whole.len - 8, 4);
    uint32_t opened = 0, refused = 0;
    for (size_t i = 0; i < 800; i++) {
        Arena arena = {0};
        Err err = {0};
        ParquetFile *file;
        Str copy = str_copy(&arena, whole);
        char *bytes = (char *)(uintptr_t)copy.at;
        if (i < whole.len / 64)
            copy.len = i * 64;
        else
            for (uint64_t k = below(3) + 1; k > 0; k--)
                bytes[whole.len - 1 - below(len + 8)] = (char)next_random();
        must(&made, file_write(made.path, copy, false, &made.err));
        if (parquet_open(&arena, made.path, &file, &err)) {
            opened++;
            for (uint32_t k = 0; k < file->group_count; k++)
                assert_true(parquet_group_bytes(file, k) < UINT32_MAX);
        } else {
            assert_true(err.kind == ERR_RUNTIME);
            refused++;
        }
        err_drop(&err);
        arena_drop(&arena);
    }
    assert_true(opened > 30 && refused > 100);
    end(&made);
}

static void test_no_file(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    ParquetFile *file;
    assert_false(parquet_open(&arena, STR("/nowhere/x.parquet"), &file, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_false(parquet_open(&arena, STR("/tmp"), &file, &err));
    assert_false(parquet_open(&arena, STR("src/parquet/parquet.h"), &file, &err));
    assert_non_null(strstr(err.text, "is no Parquet file"));
    err_drop(&err);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),         cmocka_unit_test(test_random),
        cmocka_unit_test(test_empty),         cmocka_unit_test(test_group_rows),
        cmocka_unit_test(test_encodings),     cmocka_unit_test(test_constants),
        cmocka_unit_test(test_bytes),         cmocka_unit_test(test_memory),
        cmocka_unit_test(test_sink_fails),    cmocka_unit_test(test_refused_types),
        cmocka_unit_test(test_join),          cmocka_unit_test(test_join_same),
        cmocka_unit_test(test_join_refused),  cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_no_file),       cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_many_constants), cmocka_unit_test(test_relaxed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
