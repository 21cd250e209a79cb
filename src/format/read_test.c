/* Records into columns: tests/cases/format/csv.json and jsonl.json, each in pieces of several
 * sizes; batches, limits, encodings. Runs in the project's root. */
#include "base/json.h"
#include "format/format_help_test.h"

static const size_t steps[] = {1, 2, 5, 64, 1u << 20};

typedef struct Told {
    Text text;
    Verdict verdict;
} Told;

static Verdict on_bad(void *context, const BadValue *bad)
{
    Told *told = context;
    text_print(&told->text, "! %llu " STR_FMT " " STR_FMT " %s\n", (unsigned long long)bad->line,
               STR_ARG(bad->column), STR_ARG(bad->value), bad->reason);
    assert_true(bad->record.len || bad->value.len);
    return told->verdict;
}

/* Every row as a line of JSON. */
static bool read_rows(Arena *arena, RecordOptions *options, Str input, size_t step, Text *out,
                      Err *err)
{
    Pieces pieces = {.data = input, .step = step};
    options->read = pieces_read;
    options->source = &pieces;
    Stream stream;
    bool is_done = records_stream(arena, options, &stream, err);
    while (is_done) {
        Batch batch = {0};
        is_done = stream.next(stream.self, &batch, err);
        if (!is_done || !batch.array.length)
            break;
        for (int64_t row = 0; row < batch.array.length; row++) {
            for (uint32_t i = 0; i < options->schema.count; i++) {
                text_add_char(out, i ? ' ' : '[');
                array_print_json(&options->schema.fields[i], batch.array.children[i], (uint64_t)row,
                                 out);
            }
            text_add(out, STR("]\n"));
        }
        batch_drop(&batch);
    }
    if (is_done)
        stream_close(&stream);
    pieces_drop(&pieces);
    return is_done;
}

static char first_char(Value one, const char *key)
{
    Str text = value_get_text(one, key, STR_NONE);
    return text.len ? text.at[0] : '\0';
}

static CsvOptions csv_options(Value one)
{
    Value header = value_get(one, "header");
    return (CsvOptions){.delimiter = first_char(one, "delimiter"),
                        .quote = first_char(one, "quote"),
                        .escape = first_char(one, "escape"),
                        .has_header = value_is_int(header) ? (int)header.number : 1,
                        .encoding = value_get_text(one, "encoding", STR_NONE),
                        .null_text = value_get_text(one, "null", STR_NONE),
                        .decimal_mark = value_get_text(one, "mark", STR_NONE),
                        .date_format = value_get_text(one, "date", STR_NONE),
                        .timestamp_format = value_get_text(one, "timestamp", STR_NONE)};
}

static void run_case(Arena *arena, Value one, RecordFormat format, size_t step, Text *out)
{
    AUTO(err) Err err = {0};
    Told told = {.verdict = VERDICT_DROP_ROW};
    Str verdict = value_get_text(one, "verdict", STR("drop"));
    if (str_is(verdict, "null"))
        told.verdict = VERDICT_NULL;
    RecordOptions options = {.format = format,
                             .csv = csv_options(one),
                             .file = STR("x"),
                             .schema = parse_schema(arena, value_get_text(one, "schema", STR_NONE)),
                             .context = &told,
                             .line_column = -1,
                             .tells_unknown = value_truth(value_get(one, "tells"))};
    options.on_bad = str_is(verdict, "fail") ? NULL : on_bad;
    if (value_is_int(value_get(one, "line_column")))
        options.line_column = (int)value_get(one, "line_column").number;
    AUTO(text) Text rows = {0};
    if (!read_rows(arena, &options, case_bytes(arena, one, "input"), step, &rows, &err))
        text_print(out, "%d %s", err.place.line, err.text);
    else
        text_print(out, STR_FMT STR_FMT, STR_ARG(text_str(&told.text)), STR_ARG(text_str(&rows)));
    text_drop(&told.text);
}

static void expected_rows(Value one, Text *out)
{
    static const char *const keys[] = {"bad", "rows"};
    text_add(out, value_str(value_get(one, "fails")));
    for (size_t k = 0; k < COUNT_OF(keys); k++) {
        Value lines = value_get(one, keys[k]);
        for (uint32_t i = 0; value_is_list(lines) && i < lines.list->len; i++)
            text_print(out, k ? "[" STR_FMT "]\n" : "! " STR_FMT "\n",
                       STR_ARG(value_str(lines.list->at[i])));
    }
}

static void run_cases(const char *name, RecordFormat format)
{
    Arena arena = {0};
    Array *cases = load_cases(&arena, name);
    int wrong = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        AUTO(text) Text expected = {0};
        expected_rows(cases->at[i], &expected);
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            AUTO(text) Text found = {0};
            run_case(&arena, cases->at[i], format, steps[k], &found);
            wrong += !same_text(cases->at[i], text_str(&found), text_str(&expected));
        }
    }
    assert_true(cases->len > 20);
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

static void test_csv(void **state)
{
    (void)state;
    run_cases("csv", FORMAT_CSV);
}

static void test_jsonl(void **state)
{
    (void)state;
    run_cases("jsonl", FORMAT_JSONL);
}

/* 5,000 columns, the last one read; and a field of 3 MB with newlines and quotes. */
static void test_wide_and_long(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text csv = {0};
    AUTO(text) Text rows = {0};
    for (int i = 0; i < 5000; i++)
        text_print(&csv, "%sc%d", i ? "," : "", i);
    for (int row = 0; row < 200; row++)
        for (int i = 0; i < 5000; i++)
            text_print(&csv, "%s%d", i ? "," : "\n", row * i);
    RecordOptions options = {.format = FORMAT_CSV,
                             .csv.has_header = 1,
                             .line_column = -1,
                             .schema = parse_schema(&arena, STR("c0 INTEGER, c4999 BIGINT"))};
    assert_true(read_rows(&arena, &options, text_str(&csv), 4096, &rows, &err));
    assert_true(str_ends(text_str(&rows), STR("[0 994801]\n")));

    text_clear(&csv);
    text_clear(&rows);
    text_add(&csv, STR("a,b\n\""));
    for (int i = 0; i < 500000; i++)
        text_add(&csv, STR("x\n\"\",y"));
    text_add(&csv, STR("\",7\nz,8\n"));
    options.schema = parse_schema(&arena, STR("a VARCHAR, b BIGINT, line BIGINT"));
    options.line_column = 2;
    assert_true(read_rows(&arena, &options, text_str(&csv), 100000, &rows, &err));
    assert_int_equal(rows.len, 500000 * 7 + strlen("[\"\" 7 2]\n[\"z\" 8 500003]\n"));
    assert_true(str_ends(text_str(&rows), STR("[\"z\" 8 500003]\n")));
    arena_drop(&arena);
}

/* Batches end at their rows and bytes, and hold all. */
static void test_batches(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text lines = {0};
    for (int i = 0; i < 1000; i++)
        text_print(&lines, "{\"i\":%d}\n", i);
    Pieces pieces = {.data = text_str(&lines), .step = 100};
    RecordOptions options = {.format = FORMAT_JSONL,
                             .schema = parse_schema(&arena, STR("i SMALLINT")),
                             .batch_rows = 300,
                             .read = pieces_read,
                             .source = &pieces,
                             .line_column = -1};
    Stream stream;
    assert_true(records_stream(&arena, &options, &stream, &err));
    static const int64_t expected[] = {300, 300, 300, 100, 0, 0};
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        Batch batch = {0};
        assert_true(stream.next(stream.self, &batch, &err));
        assert_int_equal(batch.array.length, expected[i]);
        if (batch.array.length)
            batch_drop(&batch);
    }
    stream_close(&stream);
    pieces_drop(&pieces);
    arena_drop(&arena);
}

/* Invalid UTF-8 and NULs spoil their field alone, wherever the pieces are cut. */
static void test_bad_bytes(void **state)
{
    (void)state;
    Arena arena = {0};
    static const char csv[] =
        "a,b\n1,\xea\xb9\x80\n2,caf\xe9\n3,x\0y\n4,\xea\xb9\x80\n5,\xea\xb9\n";
    for (size_t step = 1; step < sizeof(csv); step++) {
        AUTO(err) Err err = {0};
        AUTO(text) Text rows = {0};
        Told told = {.verdict = VERDICT_NULL};
        RecordOptions options = {.format = FORMAT_CSV,
                                 .csv.has_header = 1,
                                 .line_column = -1,
                                 .on_bad = on_bad,
                                 .schema = parse_schema(&arena, STR("a BIGINT, b VARCHAR")),
                                 .context = &told};
        assert_true(read_rows(&arena, &options, (Str){csv, sizeof(csv) - 1}, step, &rows, &err));
        assert_string_equal(
            rows.at, "[1 \"\xea\xb9\x80\"]\n[2 null]\n[3 null]\n[4 \"\xea\xb9\x80\"]\n[5 null]\n");
        assert_non_null(strstr(told.text.at, "! 3 b caf\xe9 invalid UTF-8\n"));
        assert_non_null(strstr(told.text.at, "a NUL byte\n"));
        assert_non_null(strstr(told.text.at, "! 6 b \xea\xb9 invalid UTF-8\n"));
        text_drop(&told.text);
    }
    arena_drop(&arena);
}

static void test_recoder(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Recoder *recoder;
    AUTO(text) Text out = {0};
    assert_false(recoder_make(&arena, STR("cp494"), &recoder, &err));
    assert_non_null(strstr(err.text, "did you mean 'cp949'"));
    err_drop(&err);
    static const struct {
        Str encoding, bytes, text;
    } cases[] = {
        {STR_INIT("Latin-1"), STR_INIT("caf\xe9"), STR_INIT("caf\xc3\xa9")},
        {STR_INIT("cp949"), STR_INIT("\xb1\xe8\xb9\xce\xc1\xd8\x8c\x63"),
         STR_INIT("\xea\xb9\x80\xeb\xaf\xbc\xec\xa4\x80\xeb\x98\xa0")},
        {STR_INIT("euc-kr"), STR_INIT("\xb1\xe8"), STR_INIT("\xea\xb9\x80")},
        {STR_INIT("utf-16"), STR_INIT("\xff\xfe\x61\x00\x3d\xd8\x00\xde"),
         STR_INIT("a\xf0\x9f\x98\x80")},
        {STR_INIT("utf-16le"), STR_INIT("a\x00\xff\xfe\x61\x00"), STR_INIT("a\xef\xbb\xbf\x61")},
        {STR_INIT("utf-16le"), STR_INIT("\xff\xfe\x61\x00"), STR_INIT("a")},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t step = 1; step < 9; step++) {
            text_clear(&out);
            assert_true(recoder_make(&arena, cases[i].encoding, &recoder, &err));
            for (size_t at = 0; at < cases[i].bytes.len; at += step)
                assert_true(
                    recoder_feed(recoder, str_slice(cases[i].bytes, at, at + step), &out, &err));
            assert_true(recoder_end(recoder, &err));
            assert_true(str_eq(text_str(&out), cases[i].text));
        }
    assert_true(recoder_make(&arena, STR("euc-kr"), &recoder, &err));
    assert_false(recoder_feed(recoder, STR("ab\xff\xff"), &out, &err));
    assert_string_equal(err.text, "byte 2 is no valid euc-kr");
    err_drop(&err);
    assert_true(recoder_make(&arena, STR("euc-kr"), &recoder, &err));
    assert_true(recoder_feed(recoder, STR("ab\xb1"), &out, &err));
    assert_false(recoder_end(recoder, &err));
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv),           cmocka_unit_test(test_jsonl),
        cmocka_unit_test(test_wide_and_long), cmocka_unit_test(test_batches),
        cmocka_unit_test(test_bad_bytes),     cmocka_unit_test(test_recoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
