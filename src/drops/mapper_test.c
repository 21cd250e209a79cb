/* mapper_test.c: steps over batches: words, factors, formats, defaults, required; what is told; who
 * owns what. Every case also runs on batches cut out of the middle of longer arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "drops/mapping.h"

/* The table of a mapping with these columns. */
static const MapTable *table_of(Arena *arena, const char *columns)
{
    AUTO(err) Err err = {0};
    Mapping *mapping;
    Str path = str_print(arena, "/tmp/weir-mapper-test-%d.yml", (int)getpid());
    Str text = str_print(arena, "tables:\n  t:\n    columns: {%s}\n", columns);
    assert_true(file_write(path, text, false, &err));
    if (!mapping_load(arena, path, &mapping, &err))
        fail_msg("%s: %s", columns, err.text);
    assert_true(file_remove(path, &err));
    return mapping_table_named(mapping, STR("t"));
}

typedef struct Piece {
    Str text;
    bool is_done;
} Piece;

static bool give(void *self, Str *piece, Err *err)
{
    (void)err;
    Piece *source = self;
    *piece = source->is_done ? STR("") : source->text;
    source->is_done = true;
    return true;
}

/* Values between '|' as a batch of the schema: rows between ';'. A CSV of them, so an empty one is
 * NULL, and "" an empty text. */
static void batch_of(Arena *arena, const Schema *schema, const char *rows, Batch *out)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text csv = {0};
    Stream stream;
    for (uint32_t i = 0; i < schema->count; i++)
        text_print(&csv, "%s" STR_FMT, i ? "|" : "", STR_ARG(schema->fields[i].name));
    text_print(&csv, "|z\n%s", rows);
    for (size_t i = 0; i < csv.len; i++)
        if (csv.at[i] == ';')
            csv.at[i] = '\n';
    Piece piece = {text_str(&csv), false};
    RecordOptions options = {
        .format = FORMAT_CSV,
        .csv = {.delimiter = '|', .quote = '"', .has_header = 1},
        .schema = *schema,
        .read = give,
        .source = &piece,
        .line_column = -1,
    };
    if (!records_stream(arena, &options, &stream, &err) || !stream.next(stream.self, out, &err))
        fail_msg("%s: %s", csv.at, err.text);
    stream_close(&stream);
}

/* "a INTEGER, b DECIMAL(3,1)" split at ", ". */
static Schema schema_of(Arena *arena, const char *text)
{
    AUTO(err) Err err = {0};
    Schema schema = {NEW_N(arena, Field, 8), 0};
    Str rest = str_of(text);
    while (rest.len) {
        ptrdiff_t end = str_find(rest, STR(", "));
        Str part = end < 0 ? rest : str_slice(rest, 0, (size_t)end);
        rest = end < 0 ? STR_NONE : str_slice(rest, (size_t)end + 2, rest.len);
        size_t blank = (size_t)str_find_char(part, ' ');
        Field *field = &schema.fields[schema.count++];
        assert_true(field_parse_type(arena, str_slice(part, blank + 1, part.len), field, &err));
        field->name = str_slice(part, 0, blank);
    }
    return schema;
}

/* Rows as batch_of() takes them, NULL as "-". */
static void print_batch(const Schema *schema, const Batch *batch, Text *out)
{
    for (uint64_t row = 0; row < batch_rows(batch); row++)
        for (uint32_t i = 0; i < schema->count; i++) {
            const struct ArrowArray *array = batch->array.children[i];
            text_add_c(out, i ? "|" : row ? ";" : "");
            if (array_is_null(array, row))
                text_add_char(out, '-');
            else
                array_print(&schema->fields[i], array, row, out);
        }
}

static void add_violation(void *context, uint64_t row, Str column, Str value, const char *reason)
{
    Text *told = context;
    text_print(told, "%s%llu " STR_FMT " '" STR_FMT "' %s", told->len ? "; " : "",
               (unsigned long long)row, STR_ARG(column), STR_ARG(value), reason);
}

/* written at NULL: as read. want: rows, then what is told. */
static const struct {
    const char *columns, *read, *written, *rows, *want, *told;
} cases[] = {
    /* words to words */
    {"s: {values: {A: active, I: inactive}}", "s VARCHAR", NULL, "A;I;X;;\"\"",
     "active;inactive;X;-;", ""},
    {"s: {values: {A: active, \"\": none}, otherwise: unknown, default: missing}", "s VARCHAR",
     NULL, "A;X;;\"\"", "active;unknown;missing;none", ""},
    {"s: {values: {A: active}, otherwise: null}", "s VARCHAR", NULL, "A;X;A", "active;-;active",
     ""},
    {"s: {values: {A: active}, values_are_all: true}", "s VARCHAR", NULL, "X;A;X;;Y",
     "-;active;-;-;-",
     "0 s 'X' not among `values`; 2 s 'X' not among `values`; 4 s 'Y' not among `values`"},
    {"s: {values: {a long word of some bytes: l, a long word of some byteS: m, eightbyt: e}}",
     "s VARCHAR", NULL,
     "a long word of some bytes;a long word of some byteS;eightbyt;eightby;\303\251",
     "l;m;e;eightby;\303\251", ""},
    {"s: {values: {A: null}, default: d}", "s VARCHAR", NULL, "A;B", "d;B", ""},
    /* words to values, others parsed */
    {"b: {type: boolean, values: {J: true, N: false}}", "b VARCHAR", "b BOOLEAN",
     "J;N;true;x;;\"\"", "t;f;t;-;-;-", "3 b 'x' no BOOLEAN"},
    {"b: {type: boolean, values: {J: true}, otherwise: false}", "b VARCHAR", "b BOOLEAN", "J;q;",
     "t;f;-", ""},
    {"n: {type: int, values: {n/a: 0, k: 1000}, default: -1}", "n VARCHAR", "n INTEGER",
     "n/a;k;17;;3000000000;1.0;x", "0;1000;17;-1;-;1;-",
     "4 n '3000000000' no INTEGER; 6 n 'x' no INTEGER"},
    {"n: {type: \"decimal(5,2)\", values: {x: 1.5}}", "n VARCHAR", "n DECIMAL(5,2)",
     "x;2.25;2.255;1000", "1.50;2.25;-;-",
     "2 n '2.255' no DECIMAL(5,2); 3 n '1000' no DECIMAL(5,2)"},
    {"n: {type: double, values: {x: 1.5}}", "n VARCHAR", "n DOUBLE", "x;0.1", "1.5;0.1", ""},
    {"n: {type: utinyint, values: {x: 255}}", "n VARCHAR", "n UTINYINT", "x;256", "255;-",
     "1 n '256' no UTINYINT"},
    {"n: {type: bigint, values: {a: 1}}", "n VARCHAR", "n BIGINT", "7;\"\"\"\"", "7;-",
     "1 n '\"' no BIGINT"},
    /* formats */
    {"d: {date_format: \"%d.%m.%Y\"}", "d VARCHAR", "d DATE",
     "03.01.2024;;31.02.2024;2024-01-03;03.01.2024",
     "2024-01-03;-;-;-;2024-01-03", "2 d '31.02.2024' no DATE; 3 d '2024-01-03' no DATE"},
    {"d: {date_format: \"%Y%m%d\", values: {\"00000000\": null}, default: 1970-01-01}", "d VARCHAR",
     "d DATE", "20240103;00000000;", "2024-01-03;1970-01-01;1970-01-01", ""},
    {"d: {timestamp_format: \"%d/%m/%y %H:%M\"}", "d VARCHAR", "d TIMESTAMP", "03/01/24 10:30;x",
     "2024-01-03 10:30:00;-", "1 d 'x' no TIMESTAMP"},
    /* factors */
    {"a: {type: \"decimal(18,2)\", multiply: 0.01}", "a DECIMAL(38,0)", "a DECIMAL(18,2)",
     "1050;-1;0;;123456789012345678", "10.50;-0.01;0.00;-;1234567890123456.78", ""},
    {"a: {type: \"decimal(5,2)\", multiply: 0.01, default: 1}", "a DECIMAL(38,0)", "a DECIMAL(5,2)",
     "99999;100000;;-100000", "999.99;-;1.00;-",
     "1 a '100000' no DECIMAL(5,2); 3 a '-100000' no DECIMAL(5,2)"},
    {"a: {type: \"decimal(38,0)\", multiply: 10}", "a DECIMAL(38,0)", "a DECIMAL(38,0)",
     "99999999999999999999999999999999999999;9999999999999999999999999999999999999",
     "-;99999999999999999999999999999999999990",
     "0 a '99999999999999999999999999999999999999' no DECIMAL(38,0)"},
    {"a: {type: bigint, multiply: 1000}", "a DECIMAL(38,3)", "a BIGINT",
     "1.234;9223372036854775.807;9223372036854775.808;-9223372036854775.808",
     "1234;9223372036854775807;-;-9223372036854775808",
     "2 a '9223372036854775.808' no BIGINT"},
    {"a: {type: \"decimal(9,1)\", multiply: 0.5}", "a DECIMAL(38,1)", "a DECIMAL(9,1)",
     "1;0.2;0.3;3",
     "0.5;0.1;-;1.5", "2 a '0.3' no DECIMAL(9,1)"},
    {"a: {type: utinyint, multiply: -1}", "a DECIMAL(38,0)", "a UTINYINT", "-255;1;-256;0",
     "255;-;-;0", "1 a '1' no UTINYINT; 2 a '-256' no UTINYINT"},
    {"a: {type: smallint, multiply: 2}", "a BIGINT", "a SMALLINT", "16383;16384;-16384",
     "32766;-;-32768",
     "1 a '16384' no SMALLINT"},
    {"a: {type: double, multiply: 0.01}", "a DOUBLE", "a DOUBLE", "3;29;1250;",
     "0.03;0.29;12.5;-", ""},
    {"a: {type: double, multiply: 1000, default: 0.5}", "a DOUBLE", "a DOUBLE", "1.5;;1e308",
     "1500.0;0.5;-",
     "2 a '1e+308' no DOUBLE"},
    {"a: {type: \"decimal(38,18)\", multiply: 1e18}", "a UBIGINT", "a DECIMAL(38,18)", "0;1;100",
     "0.000000000000000000;1000000000000000000.000000000000000000;-",
     "2 a '100' no DECIMAL(38,18)"},
    /* defaults and what is required */
    {"a: {type: int, default: 7}", "a INTEGER", NULL, "1;;3", "1;7;3", ""},
    {"a: {type: boolean, default: true}", "a BOOLEAN", NULL, "false;;true", "f;t;t", ""},
    {"a: {type: uuid, default: 12345678-1234-5678-1234-567812345678}", "a UUID", NULL,
     ";00000000-0000-0000-0000-000000000001",
     "12345678-1234-5678-1234-567812345678;00000000-0000-0000-0000-000000000001", ""},
    {"a: {type: text, default: x}", "a VARCHAR", NULL, ";y;\"\"", "x;y;", ""},
    {"a: {type: int, required: true}", "a INTEGER", NULL, "1;;3", "1;-;3", "1 a '' required"},
    {"a: {type: int, required: true, values: {x: 1}}", "a VARCHAR", "a INTEGER", "x;;y", "1;-;-",
     "1 a '' required; 2 a 'y' no INTEGER"},
    {"a: {type: int, required: true, multiply: 2}", "a BIGINT", "a INTEGER", "1;", "2;-",
     "1 a '' required"},
    /* columns that are not there, another order, columns of no mapping */
    {"a: {type: int}, b: {type: text, default: shop}, c: {type: bigint}", "a INTEGER",
     "a INTEGER, b VARCHAR, c BIGINT", "1;2", "1|shop|-;2|shop|-", ""},
    {"a: {type: int}, s: {values: {A: x}}", "a INTEGER, s VARCHAR, o DOUBLE",
     "o DOUBLE, s VARCHAR, a INTEGER", "1|A|0.5;|B|", "0.5|x|1;-|B|-", ""},
    {"a: {type: int, required: true}", "o INTEGER", "o INTEGER, a INTEGER", "1;2", "1|-;2|-",
     "0 a '' required; 1 a '' required"},
    {"s: {values: {A: x}}", "S VARCHAR", "s VARCHAR", "A", "x", ""},
    {"s: {values: {A: x}}", "s VARCHAR", NULL, "", "", ""},
};

/* The same rows again, behind two others that an offset hides. */
static void hide_rows(struct ArrowArray *array, uint64_t rows)
{
    array->offset += (int64_t)rows;
    array->length -= (int64_t)rows;
    array->null_count = -1;
}

static void run_case(size_t number, bool is_cut)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text got = {0}, told = {0}, rows = {0};
    const MapTable *table = table_of(&arena, cases[number].columns);
    Schema read = schema_of(&arena, cases[number].read);
    Schema written = cases[number].written ? schema_of(&arena, cases[number].written) : read;
    Mapper *mapper;
    Batch in = {0}, out = {0};
    Str first = str_of(cases[number].rows);
    first = str_slice(first, 0, (size_t)(str_find(first, STR(";")) < 0 ? (ptrdiff_t)first.len
                                                                     : str_find(first, STR(";"))));
    if (is_cut)
        text_print(&rows, STR_FMT ";" STR_FMT ";" STR_FMT ";", STR_ARG(first), STR_ARG(first),
                   STR_ARG(first));
    text_add_c(&rows, cases[number].rows);
    /* the last column of every row is a filler, so that a row of NULL alone is no blank line */
    AUTO(text) Text filled = {0};
    Str rest = text_str(&rows), row;
    while (rows.len && str_next_part(&rest, ';', &row))
        text_print(&filled, STR_FMT "|.;", STR_ARG(row));
    batch_of(&arena, &read, filled.at ? filled.at : "", &in);
    if (!in.array.release) { /* no rows: an empty batch of the schema */
        Builder *builder = builder_make(&arena, &read);
        builder_finish(builder, &in);
    }
    if (is_cut && batch_rows(&in)) {
        for (uint32_t i = 0; i < read.count; i++)
            hide_rows(in.array.children[i], 3);
        in.array.length -= 3;
    }
    if (!mapper_make(&arena, table, &read, &written, &mapper, &err))
        fail_msg("%s: %s", cases[number].columns, err.text);
    assert_non_null(mapper);
    if (!mapper_apply(mapper, &in, &out, add_violation, &told, &err))
        fail_msg("%s: %s", cases[number].columns, err.text);
    assert_null(in.array.release);
    assert_int_equal(out.array.n_children, written.count);
    print_batch(&written, &out, &got);
    if (!str_is(text_str(&got), cases[number].want) || !str_is(text_str(&told), cases[number].told))
        fail_msg("%s, %s:\n%s\n%s\nwanted\n%s\n%s", cases[number].columns, cases[number].rows,
                 text_str(&got).at, text_str(&told).at, cases[number].want, cases[number].told);
    batch_drop(&out);
    arena_drop(&arena);
}

static void test_steps(void **state)
{
    (void)state;
    uint64_t before = batch_bytes_alive();
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int is_cut = 0; is_cut < 2; is_cut++)
            run_case(i, is_cut && cases[i].rows[0]);
    assert_int_equal(batch_bytes_alive(), before);
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    const MapTable *table = table_of(&arena, "a: {type: int, from: A}, b: bigint");
    Schema read = schema_of(&arena, "a INTEGER, b BIGINT, c VARCHAR");
    Schema turned = schema_of(&arena, "b BIGINT, a INTEGER, c VARCHAR");
    Schema wider = schema_of(&arena, "a BIGINT, b BIGINT, c VARCHAR");
    Mapper *mapper;
    assert_true(mapper_make(&arena, table, &read, &read, &mapper, &err));
    assert_null(mapper);
    assert_true(mapper_make(&arena, table, &read, &turned, &mapper, &err));
    assert_non_null(mapper);
    assert_false(mapper_make(&arena, table, &read, &wider, &mapper, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
    assert_string_equal(err.text, "column 'a' is read as INTEGER and should be written as BIGINT: "
                                  "no step leads there");
    arena_drop(&arena);
}

/* A default that does not fit what the column has become. */
static void test_default_fits(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    const MapTable *table = table_of(&arena, "a: {type: text, default: none}");
    Schema read = schema_of(&arena, "a INTEGER");
    Mapper *mapper;
    assert_false(mapper_make(&arena, table, &read, &read, &mapper, &err));
    assert_int_equal(err.kind, ERR_PARSING);
    assert_non_null(strstr(err.text, "'none' is no INTEGER"));
    arena_drop(&arena);
}

/* Moved, not copied: the same buffers; and children may outlive the batch. */
static void test_moves(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text told = {0};
    uint64_t before = batch_bytes_alive();
    const MapTable *table = table_of(&arena, "s: {values: {A: x}}");
    Schema read = schema_of(&arena, "gone INTEGER, a INTEGER, s VARCHAR");
    Schema written = schema_of(&arena, "s VARCHAR, a INTEGER");
    Mapper *mapper;
    Batch in = {0}, out = {0};
    batch_of(&arena, &read, "9|1|A|.;9|2|B|.;", &in);
    const void *values = in.array.children[1]->buffers[1];
    assert_true(mapper_make(&arena, table, &read, &written, &mapper, &err));
    assert_true(mapper_apply(mapper, &in, &out, add_violation, &told, &err));
    assert_ptr_equal(out.array.children[1]->buffers[1], values);
    struct ArrowArray taken = *out.array.children[0];
    out.array.children[0]->release = NULL;
    batch_drop(&out);
    assert_true(str_is(array_bytes(&taken, 1), "B"));
    taken.release(&taken);
    assert_int_equal(batch_bytes_alive(), before);
    arena_drop(&arena);
}

/* More distinct words than are remembered, over several batches. */
static void test_many_words(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text told = {0};
    const MapTable *table = table_of(&arena, "n: {type: bigint, values: {none: -1}}");
    Schema read = schema_of(&arena, "n VARCHAR"), written = schema_of(&arena, "n BIGINT");
    Mapper *mapper;
    Builder *builder = builder_make(&arena, &read);
    assert_true(mapper_make(&arena, table, &read, &written, &mapper, &err));
    int64_t next = 0, seen = 0;
    for (int round = 0; round < 5; round++) {
        Batch in = {0}, out = {0};
        for (int i = 0; i < 30000; i++, next++) {
            char text[32];
            int len = snprintf(text, sizeof text, "%lld", (long long)next);
            column_add_bytes(builder_column(builder, 0),
                             next % 100 ? (Str){text, (size_t)len} : STR("none"));
        }
        builder_finish(builder, &in);
        assert_true(mapper_apply(mapper, &in, &out, add_violation, &told, &err));
        const int64_t *numbers = out.array.children[0]->buffers[1];
        for (int i = 0; i < 30000; i++, seen++)
            if (numbers[i] != (seen % 100 ? seen : -1))
                fail_msg("%lld at %lld", (long long)numbers[i], (long long)seen);
        batch_drop(&out);
    }
    assert_int_equal(told.len, 0);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_default_fits),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_many_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
