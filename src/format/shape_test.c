/* The types that records and CSVs need: tests/cases/format/shape.json and sniff.json. Runs in the
 * project's root. */
#include "base/json.h"
#include "format/format_help_test.h"

static void test_shapes(void **state)
{
    (void)state;
    Arena arena = {0};
    Array *cases = load_cases(&arena, "shape");
    int wrong = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        Value one = cases->at[i], records = value_get(one, "records"),
              depth = value_get(one, "depth");
        ShapeOptions options = {.finds_times = !value_truth(value_get(one, "no_times")),
                                .depth = value_is_int(depth) ? (uint32_t)depth.number : 0};
        /* Once in one shape, once in two that are merged. */
        for (uint32_t split = 0; split <= 1; split++) {
            AUTO(err) Err err = {0};
            Shape *whole = shape_make(&arena, &options), *other = shape_make(&arena, &options);
            for (uint32_t k = 0; k < records.list->len; k++)
                if (!shape_add(split && k >= records.list->len / 2 ? other : whole,
                               value_str(records.list->at[k]), &err))
                    fail_msg("%s", err.text);
            shape_merge(whole, other);
            assert_int_equal(shape_records(whole), records.list->len);
            Schema schema = shape_schema(whole, &arena);
            AUTO(text) Text found = {0};
            print_schema(&schema, &found);
            wrong += !same_text(one, text_str(&found), value_str(value_get(one, "schema")));
        }
    }
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

static void test_shape_faults(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          "{",          "{\"a\"",      "{\"a\":", "{\"a\":1",
        "{\"a\":1,", "{\"a\":01}", "{\"a\":tru}", "{a:1}",   "{\"a\":1}x",
        "[1",        "{\"a\":[1}", "{\"a\":\"x}", "nul"};
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO(err) Err err = {0};
        Shape *shape = shape_make(&arena, &(ShapeOptions){0});
        assert_false(shape_add(shape, str_of(bad[i]), &err));
        assert_int_equal(err.kind, ERR_PARSING);
    }
    arena_drop(&arena);
}

/* Keys that are data: 201 of them in a nested object make it JSON; columns may be many. */
static void test_many_keys(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Shape *shape = shape_make(&arena, &(ShapeOptions){0});
    for (int i = 0; i < 300; i++) {
        Str record =
            str_print(&arena, "{\"c%d\":1,\"o\":{\"k%d\":1},\"p\":{\"k%d\":1}}", i, i, i % 200);
        assert_true(shape_add(shape, record, &err));
    }
    Shape *left = shape_make(&arena, &(ShapeOptions){0}),
          *right = shape_make(&arena, &(ShapeOptions){0});
    for (int i = 0; i < 300; i++) {
        Str record = str_print(&arena, "{\"o\":{\"k%d\":1}}", i);
        assert_true(shape_add(i < 150 ? left : right, record, &err));
    }
    Schema halves = shape_schema(left, &arena);
    assert_int_equal(halves.fields[0].type, ARROW_STRUCT);
    shape_merge(left, right);
    halves = shape_schema(left, &arena);
    assert_int_equal(halves.fields[0].type, ARROW_JSON);
    Schema schema = shape_schema(shape, &arena);
    assert_int_equal(schema.count, 302);
    assert_int_equal(schema.fields[1].type, ARROW_JSON);
    assert_int_equal(schema.fields[2].type, ARROW_STRUCT);
    assert_int_equal(schema.fields[2].child_count, 200);
    arena_drop(&arena);
}

static void test_sniffing(void **state)
{
    (void)state;
    Arena arena = {0};
    Array *cases = load_cases(&arena, "sniff");
    static const size_t steps[] = {1, 3, 1u << 20};
    int wrong = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        Value one = cases->at[i];
        Str input = case_bytes(&arena, one, "input");
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            AUTO(err) Err err = {0};
            AUTO(text) Text found = {0};
            CsvOptions csv = {.has_header = -1,
                              .encoding = value_get_text(one, "encoding", STR_NONE)};
            Schema schema;
            CsvSniffer *sniffer = csv_sniffer_make(&arena, &csv);
            bool is_done = true;
            for (size_t at = 0; at < input.len && is_done; at += steps[k])
                is_done = csv_sniffer_feed(sniffer, str_slice(input, at, at + steps[k]), &err);
            if (is_done && csv_sniffer_end(sniffer, &csv, &schema, &err)) {
                text_print(&found, "%c%c%d ", csv.delimiter, csv.quote, csv.has_header);
                print_schema(&schema, &found);
            } else {
                text_add_c(&found, err.text);
            }
            wrong += !same_text(one, text_str(&found), value_str(value_get(one, "schema")));
        }
    }
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

/* One sniffer for all files says what a fresh one says of each. */
static void test_sniffing_again(void **state)
{
    (void)state;
    Arena arena = {0};
    CsvSniffer *again = csv_sniffer_make(&arena, &(CsvOptions){.has_header = -1});
    Array *cases = load_cases(&arena, "sniff");
    int wrong = 0;
    for (uint32_t i = 0; i < cases->len; i++) {
        Arena file = {0};
        AUTO(err) Err err = {0};
        AUTO(text) Text found = {0};
        Value one = cases->at[i];
        Schema schema;
        CsvOptions csv = {.has_header = -1, .encoding = value_get_text(one, "encoding", STR_NONE)};
        csv_sniffer_restart(again, &file, &csv, 0);
        if (csv_sniffer_feed(again, case_bytes(&file, one, "input"), &err) &&
            csv_sniffer_end(again, &csv, &schema, &err)) {
            text_print(&found, "%c%c%d ", csv.delimiter, csv.quote, csv.has_header);
            print_schema(&schema, &found);
        } else {
            text_add_c(&found, err.text);
        }
        wrong += !same_text(one, text_str(&found), value_str(value_get(one, "schema")));
        csv_sniffer_relax(again);
        assert_int_equal(csv_sniffer_held(again), 0);
        arena_drop(&file);
    }
    assert_int_equal(wrong, 0);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_shape_faults),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_sniffing),
        cmocka_unit_test(test_sniffing_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
