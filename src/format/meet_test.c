/* How types meet: a table, and the promise behind it: a column of the type they meet in takes the
 * values of both. */
#include "format/format_help_test.h"

static const char *meet_name(TypeMeet meet)
{
    static const char *const names[] = {"same", "narrower", "widen", "clash"};
    return names[meet];
}

static Field parse_type(Arena *arena, const char *sql)
{
    AUTO(err) Err err = {0};
    Field field = {.name = STR("c")};
    if (!field_parse_type(arena, str_of(sql), &field, &err))
        fail_msg("%s: %s", sql, err.text);
    field.name = STR("c");
    return field;
}

static void test_table(void **state)
{
    (void)state;
    static const struct {
        const char *have, *seen, *expected;
    } cases[] = {
        {"BIGINT", "BIGINT", "same BIGINT"},
        {"BIGINT", "INTEGER", "narrower BIGINT"},
        {"INTEGER", "BIGINT", "widen BIGINT"},
        {"INTEGER", "UINTEGER", "widen BIGINT"},
        {"BIGINT", "UBIGINT", "widen DECIMAL(20,0)"},
        {"UTINYINT", "TINYINT", "widen SMALLINT"},
        {"BIGINT", "DECIMAL(10,2)", "widen DECIMAL(21,2)"},
        {"BIGINT", "DECIMAL(10,0)", "narrower BIGINT"},
        {"BIGINT", "DECIMAL(38,0)", "widen DECIMAL(38,0)"},
        {"BIGINT", "DECIMAL(38,30)", "clash BIGINT"},
        {"DECIMAL(10,2)", "DECIMAL(8,4)", "widen DECIMAL(12,4)"},
        {"DECIMAL(10,2)", "DECIMAL(5,1)", "narrower DECIMAL(10,2)"},
        {"DECIMAL(10,2)", "INTEGER", "widen DECIMAL(12,2)"},
        {"DECIMAL(12,2)", "INTEGER", "narrower DECIMAL(12,2)"},
        {"INTEGER", "DOUBLE", "widen DOUBLE"},
        {"DOUBLE", "INTEGER", "narrower DOUBLE"},
        {"DOUBLE", "BIGINT", "clash DOUBLE"},
        {"BIGINT", "DOUBLE", "clash BIGINT"},
        {"FLOAT", "DOUBLE", "widen DOUBLE"},
        {"DOUBLE", "FLOAT", "narrower DOUBLE"},
        {"FLOAT", "INTEGER", "widen DOUBLE"},
        {"FLOAT", "SMALLINT", "narrower FLOAT"},
        {"DOUBLE", "DECIMAL(15,3)", "narrower DOUBLE"},
        {"DOUBLE", "DECIMAL(16,3)", "clash DOUBLE"},
        {"DATE", "TIMESTAMP", "widen TIMESTAMP"},
        {"TIMESTAMP", "DATE", "narrower TIMESTAMP"},
        {"TIMESTAMP", "TIMESTAMPTZ", "clash TIMESTAMP"},
        {"VARCHAR", "BIGINT", "narrower VARCHAR"},
        {"VARCHAR", "TIMESTAMPTZ", "narrower VARCHAR"},
        {"BIGINT", "VARCHAR", "clash BIGINT"},
        {"BOOLEAN", "BIGINT", "clash BOOLEAN"},
        {"JSON", "STRUCT(a BIGINT)", "narrower JSON"},
        {"STRUCT(a BIGINT)", "JSON", "widen JSON"},
        {"VARCHAR", "STRUCT(a BIGINT)", "clash VARCHAR"},
        {"BIGINT", "JSON", "clash BIGINT"},
        {"STRUCT(a BIGINT, b VARCHAR)", "STRUCT(b VARCHAR)",
         "narrower STRUCT(a BIGINT, b VARCHAR)"},
        {"STRUCT(a BIGINT)", "STRUCT(b VARCHAR, a BIGINT)", "widen STRUCT(a BIGINT, b VARCHAR)"},
        {"STRUCT(a INTEGER)", "STRUCT(a BIGINT)", "widen STRUCT(a BIGINT)"},
        {"STRUCT(a BIGINT)", "STRUCT(a VARCHAR)", "clash STRUCT(a BIGINT)"},
        {"INTEGER[]", "BIGINT[]", "widen BIGINT[]"},
        {"BIGINT[]", "INTEGER[]", "narrower BIGINT[]"},
        {"BIGINT[]", "BIGINT", "clash BIGINT[]"},
        {"UUID", "VARCHAR", "clash UUID"},
        {"VARCHAR", "UUID", "narrower VARCHAR"},
        {"VARCHAR", "BLOB", "clash VARCHAR"},
    };
    Arena arena = {0};
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Field have = parse_type(&arena, cases[i].have), seen = parse_type(&arena, cases[i].seen),
              out;
        TypeMeet meet = types_meet(&arena, &have, &seen, &out);
        AUTO(text) Text found = {0};
        text_print(&found, "%s ", meet_name(meet));
        field_print_type(&out, &found);
        wrong += !same_text(value_text(str_print(&arena, "%s + %s", cases[i].have, cases[i].seen)),
                            text_str(&found), str_of(cases[i].expected));
    }
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

/* ---- the promise ---- */

/* Types and values at their limits, as texts. */
static const struct {
    const char *type, *values[4];
} samples[] = {
    {"BOOLEAN", {"true", "false"}},
    {"TINYINT", {"-128", "127"}},
    {"SMALLINT", {"-32768", "32767"}},
    {"INTEGER", {"-2147483648", "2147483647"}},
    {"BIGINT", {"-9223372036854775808", "9223372036854775807"}},
    {"UTINYINT", {"0", "255"}},
    {"USMALLINT", {"0", "65535"}},
    {"UINTEGER", {"0", "4294967295"}},
    {"UBIGINT", {"0", "18446744073709551615"}},
    {"FLOAT", {"0.1", "-3.4028235e38", "16777216"}},
    {"DOUBLE", {"0.1", "-1.7976931348623157e308", "0.30000000000000004"}},
    {"DECIMAL(4,2)", {"-99.99", "0.01"}},
    {"DECIMAL(18,0)", {"999999999999999999", "-1"}},
    {"DECIMAL(15,5)", {"9999999999.99999", "0.00001"}},
    {"DECIMAL(38,10)", {"9999999999999999999999999999.9999999999", "0.0000000001"}},
    {"VARCHAR", {"abc", "007"}},
    {"UUID", {"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}},
    {"DATE", {"2024-02-29", "0001-01-01"}},
    {"TIME", {"23:59:59.999999"}},
    {"TIMESTAMP", {"2024-02-29 10:20:30.123456"}},
    {"TIMESTAMPTZ", {"2024-02-29 10:20:30.123456+00"}},
};

/* Whether a column of the type takes the text exactly: as CSV or, for numbers, as JSON. */
static bool takes(Arena *arena, const Field *field, const char *text, bool as_json)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text input = {0};
    text_print(&input, as_json ? "{\"c\":%s}\n" : "c\n\"%s\"\n", text);
    Pieces pieces = {.data = text_str(&input), .step = 1000};
    Field column = *field;
    RecordOptions options = {.format = as_json ? FORMAT_JSONL : FORMAT_CSV,
                             .csv.has_header = 1,
                             .schema = {&column, 1},
                             .read = pieces_read,
                             .source = &pieces,
                             .line_column = -1};
    Stream stream;
    Batch batch = {0};
    assert_true(records_stream(arena, &options, &stream, &err));
    bool is_read = stream.next(stream.self, &batch, &err);
    if (is_read) {
        assert_int_equal(batch.array.length, 1);
        batch_drop(&batch);
    }
    stream_close(&stream);
    pieces_drop(&pieces);
    return is_read;
}

static void test_promise(void **state)
{
    (void)state;
    Arena arena = {0};
    int met = 0;
    for (size_t a = 0; a < COUNT_OF(samples); a++)
        for (size_t b = 0; b < COUNT_OF(samples); b++) {
            Field have = parse_type(&arena, samples[a].type),
                  seen = parse_type(&arena, samples[b].type), out;
            TypeMeet meet = types_meet(&arena, &have, &seen, &out);
            if (meet == TYPES_CLASH)
                continue;
            met++;
            if (meet != TYPES_WIDEN)
                assert_true(field_same_type(&have, &out));
            for (int k = 0; k < 4 && samples[a].values[k]; k++)
                if (!takes(&arena, &out, samples[a].values[k], false))
                    fail_msg("%s + %s does not take %s", samples[a].type, samples[b].type,
                             samples[a].values[k]);
            for (int k = 0; k < 4 && samples[b].values[k]; k++)
                if (!takes(&arena, &out, samples[b].values[k], false))
                    fail_msg("%s + %s does not take %s", samples[a].type, samples[b].type,
                             samples[b].values[k]);
            /* Both ways round they end in the same type, or one of them clashes. */
            Field back;
            if (types_meet(&arena, &seen, &have, &back) != TYPES_CLASH)
                assert_true(field_same_type(&out, &back) || out.type == ARROW_INT64 ||
                            back.type == ARROW_INT64 || out.type == ARROW_DECIMAL);
        }
    assert_true(met > 150);
    arena_drop(&arena);
}

/* What Shape says of numbers lets tables meet them although integers are BIGINT and fractions
 * DOUBLE. */
static void test_digits(void **state)
{
    (void)state;
    static const struct {
        const char *table, *record, *expected;
    } cases[] = {
        {"DOUBLE", "{\"c\":10}", "narrower DOUBLE"},
        {"DOUBLE", "{\"c\":1234567890123456}", "clash DOUBLE"},
        {"BIGINT", "{\"c\":10.25}", "widen DECIMAL(21,2)"},
        {"DECIMAL(21,2)", "{\"c\":10.5}", "narrower DECIMAL(21,2)"},
        {"DECIMAL(10,2)", "{\"c\":17}", "narrower DECIMAL(10,2)"},
        {"BIGINT", "{\"c\":1e300}", "clash BIGINT"},
        {"BIGINT", "{\"c\":null}", "narrower BIGINT"},
    };
    Arena arena = {0};
    AUTO(err) Err err = {0};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Shape *shape = shape_make(&arena, &(ShapeOptions){0});
        assert_true(shape_add(shape, str_of(cases[i].record), &err));
        Schema schema = shape_schema(shape, &arena);
        Field have = parse_type(&arena, cases[i].table), out;
        AUTO(text) Text found = {0};
        text_print(&found, "%s ", meet_name(types_meet(&arena, &have, &schema.fields[0], &out)));
        field_print_type(&out, &found);
        assert_string_equal(found.at, cases[i].expected);
        if (strncmp(cases[i].expected, "clash", 5) != 0 && !strstr(cases[i].record, "null"))
            assert_true(takes(&arena, &out,
                              str_c(&arena, record_find(str_of(cases[i].record), STR("c"))), true));
    }
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_promise),
        cmocka_unit_test(test_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
