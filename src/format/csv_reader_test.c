/* Nasty CSV: tests/cases/format/nasty/nasty.json, each case in pieces of several sizes and with
 * masks made in every way that the processor has; then what csv_reader_*() promise besides. Runs in
 * the project's root.
 *
 * A case: input (a text, or parts: [text, how often], in which # is the running number), options,
 * schema (columns that are read, by name), header, verdict on misfits (skip or null), misfits
 * ("line column value reason"), rows (or rows_text, in parts), or: fails.
 */
#include "base/json.h"
#include "format/csv_index.h"
#include "format/format_help_test.h"

static const CsvForm forms[] = {CSV_FORM_PLAIN, CSV_FORM_AVX2, CSV_FORM_AVX512, CSV_FORM_BEST};

/* What one reading told. */
typedef struct Outcome {
    Text header, misfits, rows;
} Outcome;

static void outcome_drop(Outcome *outcome)
{
    text_drop(&outcome->header);
    text_drop(&outcome->misfits);
    text_drop(&outcome->rows);
}

/* Bytes that are no text as \xNN. */
static void add_bytes(Str bytes, Text *out)
{
    bool is_text = utf8_find_invalid(bytes) < 0;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        if (!c || (c >= 0x80 && !is_text))
            text_print(out, "\\x%02x", c);
        else
            text_add_char(out, bytes.at[i]);
    }
}

static void add_rows(const Schema *schema, const Batch *batch, Text *out)
{
    for (int64_t row = 0; row < batch->array.length; row++) {
        for (uint32_t i = 0; i < schema->count; i++) {
            text_add_char(out, i ? ',' : '[');
            array_print_json(&schema->fields[i], batch->array.children[i], (uint64_t)row, out);
        }
        text_add(out, STR("]\n"));
    }
}

static void take_batch(Builder *builder, const Schema *schema, Text *out)
{
    Batch batch;
    if (!builder_rows(builder))
        return;
    builder_finish(builder, &batch);
    add_rows(schema, &batch, out);
    batch_drop(&batch);
}

static void find_targets(const Schema *schema, int line_column, const Str *names, uint32_t count,
                         int32_t *target)
{
    for (uint32_t i = 0; i < count; i++) {
        target[i] = -1;
        for (uint32_t k = 0; k < schema->count; k++)
            if ((int)k != line_column && str_eq(schema->fields[k].name, names[i]))
                target[i] = (int32_t)k;
    }
}

/* Reads a file to its end; misfits are skipped or taken as NULL. */
static bool read_file(CsvReader *reader, Arena *arena, const CsvFile *file, const Schema *schema,
                      int line_column, bool as_null, Outcome *out, Err *err)
{
    TRY(csv_reader_begin(reader, file, err));
    const Str *names;
    uint32_t count = csv_reader_header(reader, &names);
    for (uint32_t i = 0; i < count; i++)
        text_print(&out->header, "%s" STR_FMT, i ? "|" : "", STR_ARG(names[i]));
    Builder *builder = builder_make(arena, schema);
    int32_t *target = NEW_N(arena, int32_t, count);
    find_targets(schema, line_column, names, count, target);
    csv_reader_bind(reader, builder, target, line_column);
    for (;;) {
        CsvStop stop;
        BadValue bad;
        TRY(csv_reader_fill(reader, &stop, &bad, err));
        if (stop != CSV_MISFIT)
            take_batch(builder, schema, &out->rows);
        if (stop == CSV_END)
            return true;
        if (stop == CSV_FULL)
            continue;
        assert_true(bad.record.len > 0);
        assert_true(str_eq(bad.file, file->name));
        text_print(&out->misfits, "! %llu " STR_FMT " ", (unsigned long long)bad.line,
                   STR_ARG(bad.column));
        add_bytes(bad.value, &out->misfits);
        text_print(&out->misfits, " %s\n", bad.reason);
        if (as_null)
            csv_reader_null(reader);
        else
            csv_reader_skip(reader);
    }
}

/* ---- cases ---- */

/* A text, or parts of it. */
static Str expand(Arena *arena, Value from)
{
    Text out = {0};
    if (!value_is_list(from))
        return value_str(from);
    for (uint32_t i = 0; i < from.list->len; i++) {
        Array *part = from.list->at[i].list;
        Str text = value_str(part->at[0]);
        ptrdiff_t number = str_find_char(text, '#');
        for (int64_t k = 1; k <= part->at[1].number; k++) {
            text_add(&out, number < 0 ? text : str_slice(text, 0, (size_t)number));
            if (number < 0)
                continue;
            text_add_int(&out, k);
            text_add(&out, str_slice(text, (size_t)number + 1, text.len));
        }
    }
    return text_give(arena, &out);
}

static char first_char(Value one, const char *key)
{
    Str text = value_get_text(one, key, STR_NONE);
    return text.len ? text.at[0] : '\0';
}

static CsvFile file_of(Value one, Pieces *pieces)
{
    Value options = value_get(one, "options");
    if (!value_is_dict(options))
        options = one;
    Value header = value_get(options, "header"), limit = value_get(options, "limit");
    return (CsvFile){.name = STR("nasty.csv"),
                     .csv = {.delimiter = first_char(options, "delimiter"),
                             .quote = first_char(options, "quote"),
                             .escape = first_char(options, "escape"),
                             .has_header = value_is_int(header) ? (int)header.number : 1,
                             .encoding = value_get_text(options, "encoding", STR_NONE),
                             .null_text = value_get_text(options, "null", STR_NONE),
                             .decimal_mark = value_get_text(options, "mark", STR_NONE),
                             .date_format = value_get_text(options, "date", STR_NONE),
                             .timestamp_format = value_get_text(options, "timestamp", STR_NONE)},
                     .read = pieces_read,
                     .source = pieces,
                     .record_limit_bytes = value_is_int(limit) ? (uint64_t)limit.number : 0};
}

static void add_expected(Arena *arena, Value one, Text *out)
{
    Value misfits = value_get(one, "misfits"), rows = value_get(one, "rows");
    for (uint32_t i = 0; value_is_list(misfits) && i < misfits.list->len; i++)
        text_print(out, "! " STR_FMT "\n", STR_ARG(value_str(misfits.list->at[i])));
    for (uint32_t i = 0; value_is_list(rows) && i < rows.list->len; i++) {
        Value row = rows.list->at[i];
        if (value_is_list(row))
            json_print(row, (JsonStyle){.is_compact = true, .keeps_unicode = true}, out);
        else
            text_add(out, value_str(row));
        text_add_char(out, '\n');
    }
    text_add(out, expand(arena, value_get(one, "rows_text")));
}

static void check_header(Value one, Str found)
{
    Value header = value_get(one, "header"), count = value_get(one, "header_count");
    AUTO(text) Text expected = {0};
    if (value_is_int(count)) {
        uint64_t bars = 0;
        for (size_t i = 0; i < found.len; i++)
            bars += found.at[i] == '|';
        assert_int_equal(bars + 1, count.number);
        return;
    }
    for (uint32_t i = 0; i < header.list->len; i++)
        text_print(&expected, "%s" STR_FMT, i ? "|" : "", STR_ARG(value_str(header.list->at[i])));
    assert_true(same_text(one, found, text_str(&expected)));
}

/* False: something else was found. */
static bool run_case(CsvReader *reader, Value one, Str input, Str expected, size_t step)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Outcome found = {0};
    Pieces pieces = {.data = input, .step = step};
    CsvFile file = file_of(one, &pieces);
    Schema schema = parse_schema(&arena, value_get_text(one, "schema", STR_NONE));
    Value line_column = value_get(one, "line_column");
    bool as_null = str_is(value_get_text(one, "verdict", STR_NONE), "null"), is_same;
    Str fails = value_get_text(one, "fails", STR_NONE);
    if (read_file(reader, &arena, &file, &schema,
                  value_is_int(line_column) ? (int)line_column.number : -1, as_null, &found,
                  &err)) {
        check_header(one, text_str(&found.header));
        text_add(&found.misfits, text_str(&found.rows));
        is_same = !fails.len && same_text(one, text_str(&found.misfits), expected);
    } else {
        is_same = same_text(one, str_of(err.text), fails);
    }
    outcome_drop(&found);
    pieces_drop(&pieces);
    arena_drop(&arena);
    return is_same;
}

static void test_nasty(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 64, 4096, 1u << 30};
    Arena arena = {0};
    Array *cases = load_cases(&arena, "nasty/nasty");
    CsvReader *reader = csv_reader_make(&arena); /* one for all: files must not touch each other */
    int wrong = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        Value one = cases->at[i];
        AUTO(text) Text expected = {0};
        Str input = value_is_list(value_get(one, "input")) ? expand(&arena, value_get(one, "input"))
                                                           : case_bytes(&arena, one, "input");
        add_expected(&arena, one, &expected);
        for (size_t form = 0; form < COUNT_OF(forms); form++)
            for (size_t k = input.len > 100000 ? 2 : 0; k < COUNT_OF(steps); k++)
                if (csv_index_force(forms[form]))
                    wrong += !run_case(reader, one, input, text_str(&expected), steps[k]);
    }
    assert_true(cases->len > 100);
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

/* ---- walked and indexed rows are the same ---- */

static uint64_t seed = 88172645463325252u;

static uint32_t next_random(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % below;
}

static void add_random_field(Text *out)
{
    static const char *const words[] = {
        "",
        "\"\"",
        "7",
        "-12",
        "1234567890123456789",
        "0.5",
        "12.25",
        "-0.125",
        "1e3",
        "2024-02-29",
        "true",
        "FALSE",
        "x",
        "a text of some length, no: one without",
        "\"q,\"",
        "\"a\"\"b\"",
        "\"n\nl\"",
        "5\" pipe",
        "2024-02-29 10:20:30",
        "\"1\"",
        "\"2.50\"",
        "007",
        "\xc3\xa9",
        "abcdefghijklmnopqrstuvwxyzabcdefghi",
        "\"open",
        "\"x\"y",
        "\xe9",
        " 1",
        "12345678901234567.25",
    };
    /* the last ones, which break something, are rare */
    uint32_t count = next_random(40) ? COUNT_OF(words) - 7 : COUNT_OF(words);
    text_add_c(out, words[next_random(count)]);
}

static void make_random(Text *out, uint32_t columns)
{
    static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n"};
    uint32_t usual = next_random(3), rows = next_random(400);
    for (uint32_t i = 0; i < columns; i++)
        text_print(out, "%sc%u", i ? "," : "", i);
    for (uint32_t row = 0; row < rows; row++) {
        text_add_c(out, ends[next_random(30) ? usual : next_random(COUNT_OF(ends))]);
        uint32_t count = next_random(60) ? columns : next_random(columns + 2);
        for (uint32_t i = 0; i < count; i++) {
            text_add_c(out, i ? "," : "");
            add_random_field(out);
        }
    }
}

/* Reads it in one way; the outcome as one text. */
static void read_as(CsvForm form, Str input, size_t step, const Schema *schema, bool as_null,
                    Text *out)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Outcome found = {0};
    Pieces pieces = {.data = input, .step = step};
    CsvFile file = {.name = STR("x"),
                    .csv = {.delimiter = ',', .quote = '"', .has_header = 1},
                    .read = pieces_read,
                    .source = &pieces};
    assert_true(csv_index_force(form));
    assert_true(read_file(csv_reader_make(&arena), &arena, &file, schema, (int)schema->count - 1,
                          as_null, &found, &err));
    text_add(out, text_str(&found.misfits));
    text_add(out, text_str(&found.rows));
    outcome_drop(&found);
    pieces_drop(&pieces);
    arena_drop(&arena);
}

static void test_walked_and_indexed(void **state)
{
    (void)state;
    Arena arena = {0};
    Schema schema = parse_schema(&arena, STR("c0 BIGINT, c1 VARCHAR, c2 DOUBLE, c3 DECIMAL(9,2), "
                                             "c4 DATE, c5 BOOLEAN, c6 TIMESTAMP, c7 INTEGER, "
                                             "line BIGINT"));
    for (int i = 0; i < 200; i++) {
        AUTO(text) Text input = {0};
        AUTO(text) Text expected = {0};
        make_random(&input, 1 + next_random(9));
        bool as_null = next_random(2);
        read_as(CSV_FORM_NONE, text_str(&input), input.len + 1, &schema, as_null, &expected);
        for (size_t k = 0; k < COUNT_OF(forms); k++) {
            AUTO(text) Text found = {0};
            if (!csv_index_force(forms[k]))
                continue;
            read_as(forms[k], text_str(&input), 1 + next_random(3000), &schema, as_null, &found);
            assert_string_equal(text_str(&found).at, text_str(&expected).at);
        }
    }
    arena_drop(&arena);
}

/* ---- what else is promised ---- */

typedef struct Begun {
    Arena arena;
    Err err;
    Pieces pieces;
    CsvReader *reader;
} Begun;

static void begin_text(Begun *begun, const char *text)
{
    begun->pieces = (Pieces){.data = str_of(text), .step = 3};
    CsvFile file = {.name = STR("f.csv"),
                    .csv = {.has_header = 1},
                    .read = pieces_read,
                    .source = &begun->pieces};
    if (!begun->reader)
        begun->reader = csv_reader_make(&begun->arena);
    assert_true(csv_reader_begin(begun->reader, &file, &begun->err));
}

static void end_text(Begun *begun)
{
    pieces_drop(&begun->pieces);
    arena_drop(&begun->arena);
}

static CsvStop fill(Begun *begun, BadValue *bad)
{
    CsvStop stop;
    assert_true(csv_reader_fill(begun->reader, &stop, bad, &begun->err));
    return stop;
}

/* A misfit leaves whole rows; the row is read anew into a builder of wider types. */
static void test_wider_types(void **state)
{
    (void)state;
    Begun begun = {0};
    BadValue bad;
    AUTO(text) Text rows = {0};
    begin_text(&begun, "a,b\n1,x\n2,y\n3.5,z\n4,w\n");
    Schema narrow = parse_schema(&begun.arena, STR("a BIGINT, b VARCHAR"));
    Schema wide = parse_schema(&begun.arena, STR("b VARCHAR, c DATE, a DOUBLE"));
    Builder *builder = builder_make(&begun.arena, &narrow);
    csv_reader_bind(begun.reader, builder, (const int32_t[]){0, 1}, -1);
    assert_int_equal(fill(&begun, &bad), CSV_MISFIT);
    assert_int_equal(builder_rows(builder), 2);
    assert_int_equal(csv_reader_rows(begun.reader), 2);
    assert_int_equal(bad.line, 4);
    assert_true(str_is(bad.column, "a") && str_is(bad.value, "3.5") && str_is(bad.record, "3.5,z"));
    take_batch(builder, &narrow, &rows);
    builder = builder_make(&begun.arena, &wide);
    csv_reader_bind(begun.reader, builder, (const int32_t[]){2, 0}, -1);
    assert_int_equal(fill(&begun, &bad), CSV_END);
    assert_int_equal(csv_reader_rows(begun.reader), 4);
    take_batch(builder, &wide, &rows);
    assert_string_equal(rows.at, "[1,\"x\"]\n[2,\"y\"]\n[\"z\",null,3.5]\n[\"w\",null,4.0]\n");
    assert_int_equal(fill(&begun, &bad), CSV_END); /* again, the same */
    end_text(&begun);
}

/* A value that is to be NULL stays so for the other builder; the row's next fault is told. */
static void test_null_and_wider(void **state)
{
    (void)state;
    Begun begun = {0};
    BadValue bad;
    AUTO(text) Text rows = {0};
    begin_text(&begun, "a,b\nx,y\n1,2\n");
    Schema narrow = parse_schema(&begun.arena, STR("a BIGINT, b BIGINT"));
    Schema wide = parse_schema(&begun.arena, STR("a BIGINT, b VARCHAR"));
    csv_reader_bind(begun.reader, builder_make(&begun.arena, &narrow), (const int32_t[]){0, 1}, -1);
    assert_int_equal(fill(&begun, &bad), CSV_MISFIT);
    assert_true(str_is(bad.column, "a"));
    csv_reader_null(begun.reader);
    assert_int_equal(fill(&begun, &bad), CSV_MISFIT);
    assert_true(str_is(bad.column, "b") && bad.line == 2);
    Builder *builder = builder_make(&begun.arena, &wide);
    csv_reader_bind(begun.reader, builder, (const int32_t[]){0, 1}, -1);
    assert_int_equal(fill(&begun, &bad), CSV_END);
    take_batch(builder, &wide, &rows);
    assert_string_equal(rows.at, "[null,\"y\"]\n[1,\"2\"]\n");
    end_text(&begun);
}

/* CSV_FULL comes when the builder is full, with no row more or less. */
static void test_full(void **state)
{
    (void)state;
    Begun begun = {0};
    BadValue bad;
    AUTO(text) Text csv = {0};
    text_add(&csv, STR("a,b\n"));
    for (int i = 0; i < BATCH_ROWS + 10; i++)
        text_print(&csv, "%d,t\n", i);
    begin_text(&begun, csv.at);
    begun.pieces.step = 5000;
    Schema schema = parse_schema(&begun.arena, STR("a SMALLINT, n BIGINT"));
    schema.fields[0].type = ARROW_INT32;
    Builder *builder = builder_make(&begun.arena, &schema);
    csv_reader_bind(begun.reader, builder, (const int32_t[]){0, -1}, 1);
    assert_int_equal(fill(&begun, &bad), CSV_FULL);
    assert_int_equal(builder_rows(builder), BATCH_ROWS);
    assert_int_equal(fill(&begun, &bad), CSV_FULL);
    assert_int_equal(builder_rows(builder), BATCH_ROWS);
    Batch batch;
    builder_finish(builder, &batch);
    batch_drop(&batch);
    assert_int_equal(fill(&begun, &bad), CSV_END);
    AUTO(text) Text rows = {0};
    take_batch(builder, &schema, &rows);
    assert_true(str_starts(text_str(&rows), STR("[65536,65538]\n[65537,65539]\n")));
    end_text(&begun);
}

/* The types of a sample; reading goes on from the first row. */
static void test_sniff(void **state)
{
    (void)state;
    Begun begun = {0};
    BadValue bad;
    Schema found;
    AUTO(text) Text shown = {0};
    begin_text(&begun, "i,r,d,t,b,x,e,z\n1,2,2024-01-01,2024-01-01 10:00:00,true,007,,1\n"
                       "-22,3.25,2024-01-02,2024-01-01,FALSE,8,,\"\"\n,,,,,,,9223372036854775808");
    assert_true(csv_reader_sniff(begun.reader, &begun.arena, &found, &begun.err));
    print_schema(&found, &shown);
    assert_string_equal(shown.at, "i BIGINT, r DOUBLE, d DATE, t TIMESTAMP, b BOOLEAN, x VARCHAR, "
                                  "e \"NULL\", z UBIGINT");
    assert_int_equal(found.fields[0].precision, 2);
    assert_true(found.fields[6].type == ARROW_NULL);
    Builder *builder = builder_make(&begun.arena, &found);
    csv_reader_bind(begun.reader, builder, (const int32_t[]){0, 1, 2, 3, 4, 5, 6, 7}, -1);
    assert_int_equal(fill(&begun, &bad), CSV_END);
    assert_int_equal(builder_rows(builder), 3);
    assert_true(str_is(csv_reader_options(begun.reader)->encoding, "utf-8"));
    assert_int_equal(csv_reader_options(begun.reader)->delimiter, ',');
    end_text(&begun);
}

static void test_widen(void **state)
{
    (void)state;
    static const struct {
        const char *have, *value, *wider;
        uint8_t digits; /* of `have`, 0: unknown */
    } cases[] = {
        {"BIGINT", "1.5", "DECIMAL(20,1)", 0},
        {"BIGINT", "1.5", "DOUBLE", 9},
        {"BIGINT", "1.5", "DECIMAL(18,1)", 17},
        {"BIGINT", "7", "BIGINT", 0},
        {"BIGINT", "007", "VARCHAR", 0},
        {"BIGINT", "9223372036854775808", "DECIMAL(20,0)", 0},
        {"INTEGER", "3000000000", "BIGINT", 0},
        {"INTEGER", "0.5", "DOUBLE", 0},
        {"DATE", "n/a", "VARCHAR", 0},
        {"DATE", "2024-01-01 10:00:00", "TIMESTAMP", 0},
        {"BOOLEAN", "2", "VARCHAR", 0},
        {"DECIMAL(4,2)", "1.234", "DECIMAL(5,3)", 0},
        {"VARCHAR", "x", "VARCHAR", 0},
        {"DOUBLE", "x", "VARCHAR", 0},
        {"TIMESTAMP", "2024-01-01T10:00:00Z", "VARCHAR", 0},
        {"BIGINT", "", "BIGINT", 0},
    };
    Arena arena = {0};
    AUTO(err) Err err = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(text) Text shown = {0};
        Field have = {0}, wider;
        assert_true(field_parse_type(&arena, str_of(cases[i].have), &have, &err));
        have.precision = cases[i].digits ? cases[i].digits : have.precision;
        csv_widen(&arena, &have, str_of(cases[i].value), &wider);
        field_print_type(&wider, &shown);
        assert_string_equal(shown.at, cases[i].wider);
    }
    Field none = {.type = ARROW_NULL}, wider;
    csv_widen(&arena, &none, STR("7"), &wider);
    assert_true(wider.type == ARROW_INT64);
    arena_drop(&arena);
}

/* By the file's own mark and forms. */
static void test_widen_by_file(void **state)
{
    (void)state;
    Begun begun = {.pieces = {.data = STR("a;b\n1;2\n"), .step = 100}};
    CsvFile file = {.csv = {.delimiter = ';',
                            .quote = '"',
                            .has_header = 1,
                            .decimal_mark = STR(","),
                            .date_format = STR("%d.%m.%Y")},
                    .read = pieces_read,
                    .source = &begun.pieces};
    Field have = {.type = ARROW_INT32}, none = {.type = ARROW_NULL}, wider;
    begun.reader = csv_reader_make(&begun.arena);
    assert_true(csv_reader_begin(begun.reader, &file, &begun.err));
    csv_reader_widen(begun.reader, &begun.arena, &have, STR("1,5"), &wider);
    assert_true(wider.type == ARROW_DOUBLE);
    csv_reader_widen(begun.reader, &begun.arena, &none, STR("31.12.2024"), &wider);
    assert_true(wider.type == ARROW_DATE);
    end_text(&begun);
}

/* A reader that is used again and again takes no more memory, and little time. */
static void test_many_files(void **state)
{
    (void)state;
    Begun begun = {0};
    Schema schema = parse_schema(&begun.arena, STR("a BIGINT, b VARCHAR, c BIGINT"));
    Builder *builder = builder_make(&begun.arena, &schema);
    size_t taken = 0;
    for (int i = 0; i < 3000; i++) {
        BadValue bad;
        Batch batch;
        begin_text(&begun, i % 3 ? "a,b\n1,\"x\"\"\n\"\n2,y\n" : "b,c,a\nx,1,2\ny,3,4");
        csv_reader_bind(begun.reader, builder,
                        i % 3 ? (const int32_t[]){0, 1} : (const int32_t[]){1, 2, 0}, -1);
        assert_int_equal(fill(&begun, &bad), CSV_END);
        assert_int_equal(builder_rows(builder), 2);
        builder_finish(builder, &batch);
        batch_drop(&batch);
        pieces_drop(&begun.pieces);
        if (i == 10)
            taken = begun.arena.taken_bytes;
    }
    assert_int_equal(begun.arena.taken_bytes, taken);
    end_text(&begun);
}

/* A giant record among others: what it took is given back while the file is read on. */
static void test_giant(void **state)
{
    (void)state;
    Begun begun = {0};
    BadValue bad;
    Batch batch;
    AUTO(text) Text csv = {0}, rows = {0};
    enum { GIANT = 9 << 20 };
    text_add(&csv, STR("a,b\n1,x\n2,"));
    text_add_repeat(&csv, 'g', GIANT);
    text_add(&csv, STR("\n3,y\n\"4\",\"z\n\"\n5,w\n"));
    begin_text(&begun, csv.at);
    begun.pieces.step = 100000;
    Schema schema = parse_schema(&begun.arena, STR("a BIGINT, b VARCHAR, n BIGINT"));
    Builder *builder = builder_make(&begun.arena, &schema);
    csv_reader_bind(begun.reader, builder, (const int32_t[]){0, 1}, 2);
    assert_int_equal(fill(&begun, &bad), CSV_FULL);
    assert_int_equal(builder_rows(builder), 2);
    builder_finish(builder, &batch);
    assert_int_equal(array_bytes(batch.array.children[1], 1).len, GIANT);
    batch_drop(&batch);
    uint64_t held = csv_reader_held(begun.reader);
    csv_reader_relax(begun.reader, false);
    assert_int_equal(csv_reader_held(begun.reader), held);
    assert_int_equal(fill(&begun, &bad), CSV_END);
    take_batch(builder, &schema, &rows);
    assert_string_equal(rows.at, "[3,\"y\",4]\n[4,\"z\\n\",5]\n[5,\"w\",7]\n");
    csv_reader_relax(begun.reader, true);
    assert_int_equal(csv_reader_held(begun.reader), 0);
    end_text(&begun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nasty),       cmocka_unit_test(test_walked_and_indexed),
        cmocka_unit_test(test_wider_types), cmocka_unit_test(test_null_and_wider),
        cmocka_unit_test(test_full),        cmocka_unit_test(test_sniff),
        cmocka_unit_test(test_widen),       cmocka_unit_test(test_widen_by_file),
        cmocka_unit_test(test_many_files),  cmocka_unit_test(test_giant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
