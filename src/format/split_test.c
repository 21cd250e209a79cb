/* Splitting: tests/cases/format/split.json and json.json, each document cut in pieces of several
 * sizes; looking into records. Runs in the project's root. */
#include "base/json.h"
#include "format/format_help_test.h"

static const size_t steps[] = {1, 2, 3, 7, 64, 1u << 20};

static bool keep_record(void *context, Str record, Err *err)
{
    (void)err;
    Text *out = context;
    text_add(out, record);
    text_add_char(out, '\n');
    return true;
}

static RecordFormat format_named(Str name)
{
    static const struct {
        const char *name;
        RecordFormat format;
    } formats[] = {{"json", FORMAT_JSON},
                   {"jsonl", FORMAT_JSONL},
                   {"xml", FORMAT_XML},
                   {"csv", FORMAT_CSV}};
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (str_is(name, formats[i].name))
            return formats[i].format;
    return FORMAT_AUTO;
}

/* What came out: the records, a line each, then the wanted values, or the message with its place.
 */
static void split(Arena *arena, Value one, Str input, size_t step, Text *out)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text records = {0};
    Str wanted[8];
    uint32_t count = 0;
    Value names = value_get(one, "wanted");
    for (; value_is_list(names) && count < names.list->len; count++)
        wanted[count] = value_str(names.list->at[count]);
    SplitOptions options = {.format = format_named(value_get_text(one, "format", STR("json"))),
                            .path = value_get_text(one, "path", STR_NONE),
                            .wanted = wanted,
                            .wanted_count = count,
                            .on_record = keep_record,
                            .context = &records,
                            .name = STR("x")};
    Value limit = value_get(one, "limit");
    options.record_limit_bytes = value_is_int(limit) ? (uint64_t)limit.number : 0;
    Splitter *splitter;
    bool is_done = splitter_make(arena, &options, &splitter, &err);
    Pieces pieces = {.data = input, .step = step};
    Str piece;
    while (is_done && pieces_read(&pieces, &piece, &err) && piece.len)
        is_done = splitter_feed(splitter, piece, &err);
    pieces_drop(&pieces);
    if (!is_done || !splitter_end(splitter, &err)) {
        assert_true(err.kind != ERR_NONE);
        text_print(out, "%d:%d %s", err.place.line, err.place.column, err.text);
        return;
    }
    text_add(out, text_str(&records));
    for (uint32_t i = 0; i < count; i++) {
        text_add_c(out, i ? " " : "= ");
        if (value_is_undefined(splitter_wanted(splitter, i)))
            text_add_c(out, "-");
        else
            json_print(splitter_wanted(splitter, i),
                       (JsonStyle){.is_compact = true, .keeps_unicode = true}, out);
    }
}

static void expected_split(Value one, Text *out)
{
    Value fails = value_get(one, "fails"), records = value_get(one, "records");
    text_add(out, value_str(fails));
    for (uint32_t i = 0; value_is_list(records) && i < records.list->len; i++) {
        text_add(out, value_str(records.list->at[i]));
        text_add_char(out, '\n');
    }
    Value met = value_get(one, "met");
    if (value_is_text(met))
        text_print(out, "= " STR_FMT, STR_ARG(value_str(met)));
}

static void test_cases(void **state)
{
    (void)state;
    Arena arena = {0};
    Array *cases = load_cases(&arena, "split");
    int wrong = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        Value one = cases->at[i];
        Str input = case_bytes(&arena, one, "input");
        AUTO(text) Text expected = {0};
        expected_split(one, &expected);
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            AUTO(text) Text found = {0};
            split(&arena, one, input, steps[k], &found);
            wrong += !same_text(one, text_str(&found), text_str(&expected));
        }
    }
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

/* What JSON is and what it is not: as a document and as a line, in pieces of several sizes. */
static void test_json_table(void **state)
{
    (void)state;
    Arena arena = {0};
    Array *cases = load_cases(&arena, "json");
    int wrong = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        Value one = cases->at[i];
        Str value = case_bytes(&arena, one, "json");
        bool is_json = value_truth(value_get(one, "is_json"));
        AUTO(text) Text inside = {0};
        text_print(&inside, "[");
        text_add(&inside, value);
        text_add_c(&inside, "]");
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            AUTO(text) Text found = {0};
            split(&arena, one, text_str(&inside), steps[k], &found);
            bool is_taken = found.len && found.at[found.len - 1] == '\n';
            if (is_taken != is_json) {
                same_text(one, text_str(&found), is_json ? STR("accepted") : STR("refused"));
                wrong++;
            }
        }
    }
    assert_true(cases->len > 100);
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

static void test_stop(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Splitter *splitter;
    AUTO(text) Text records = {0};
    SplitOptions options = {.format = FORMAT_JSON,
                            .path = STR("a["),
                            .on_record = keep_record,
                            .context = &records};
    assert_false(splitter_make(&arena, &options, &splitter, &err));
    assert_non_null(strstr(err.text, "column 2"));
    arena_drop(&arena);
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *record, *path, *found;
    } cases[] = {
        {"{\"id\":17}", "id", "17"},
        {"{\"id\":17,\"id\":18}", "id", "18"},
        {"{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}", "a.b[1].c", "\"x\""},
        {"{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}", "$.a.b", "[1,{\"c\":\"x\"}]"},
        {"{\"a.b\":{\"c d\":null}}", "['a.b'][\"c d\"]", "null"},
        {"{\"\\u0061\":true}", "a", "true"},
        {"{\"x\":\"\\\"a\\\":1\",\"a\":2}", "a", "2"},
        {"{\"a\":[]}", "a[0]", NULL},
        {"{\"a\":1}", "a.b", NULL},
        {"{\"b\":1}", "a", NULL},
        {"[1,2]", "[1]", "2"},
        {"{\"a\":[{\"k\":1},{\"k\":2}]}", "a[*].k", "1"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Str found = record_find(str_of(cases[i].record), str_of(cases[i].path));
        assert_true(str_eq(found, str_of(cases[i].found)) && !found.at == !cases[i].found);
    }
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Value value;
    assert_true(record_value(&arena, STR("{\"t\":\"a\\u00e9\"}"), STR("t"), &value, &err));
    assert_true(value_is(value, "a\xc3\xa9"));
    assert_true(record_value(&arena, STR("{}"), STR("t"), &value, &err));
    assert_true(value_is_undefined(value));
    arena_drop(&arena);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(format_of_name(STR("s3://b/dt=1/Batch-001.JSONL.zst")), FORMAT_JSONL);
    assert_int_equal(format_of_name(STR("a.csv.gz")), FORMAT_CSV);
    assert_int_equal(format_of_name(STR("a.parquet")), FORMAT_PARQUET);
    assert_int_equal(format_of_name(STR("a.bin")), FORMAT_AUTO);
    assert_int_equal(format_of_content_type(STR("application/vnd.api+json; charset=utf-8")),
                     FORMAT_JSON);
    assert_int_equal(format_of_content_type(STR(" Text/CSV")), FORMAT_CSV);
    assert_int_equal(format_of_content_type(STR("text/html")), FORMAT_AUTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_json_table),
        cmocka_unit_test(test_stop),  cmocka_unit_test(test_find),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
