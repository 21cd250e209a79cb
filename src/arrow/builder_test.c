/* Builders, batches, and their values as texts. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arrow/arrow.h"

/* A builder of columns with these types. */
static Builder *make(Arena *arena, Schema *schema, const char *const *types, uint32_t count)
{
    AUTO(err) Err err = {0};
    *schema = (Schema){NEW_N(arena, Field, count), count};
    for (uint32_t i = 0; i < count; i++) {
        schema->fields[i].name = str_print(arena, "c%u", i);
        if (!field_parse_type(arena, str_of(types[i]), &schema->fields[i], &err))
            fail_msg("%s", err.text);
    }
    return builder_make(arena, schema);
}

/* All rows of a batch: cells with | between, NULL as ~. */
static const char *rows_of(Arena *arena, const Schema *schema, const Batch *batch, bool is_json)
{
    Text out = {0};
    text_add_c(&out, "");
    for (uint64_t row = 0; row < batch_rows(batch); row++) {
        text_add_c(&out, row ? "\n" : "");
        for (uint32_t i = 0; i < schema->count; i++) {
            text_add_c(&out, i ? "|" : "");
            const struct ArrowArray *column = batch->array.children[i];
            if (is_json)
                array_print_json(&schema->fields[i], column, row, &out);
            else if (array_is_null(column, row))
                text_add_c(&out, "~");
            else
                array_print(&schema->fields[i], column, row, &out);
        }
    }
    return text_give(arena, &out).at;
}

static void test_integers(void **state)
{
    (void)state;
    static const char *const types[] = {"tinyint",  "smallint",  "int",      "bigint",
                                        "utinyint", "usmallint", "uinteger", "ubigint"};
    static const int64_t least[] = {INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN, 0, 0, 0, 0};
    static const uint64_t most[] = {INT8_MAX,  INT16_MAX,  INT32_MAX,  INT64_MAX,
                                    UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX};
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, types, 8);
    for (uint32_t i = 0; i < 8; i++) {
        ColumnBuilder *column = builder_column(builder, i);
        column_add_int(column, least[i]);
        column_add_null(column);
        column_add_uint(column, most[i]);
        column_add_int(column, i < 4 ? -1 : 7);
    }
    Batch batch;
    builder_finish(builder, &batch);
    assert_string_equal(rows_of(&arena, &schema, &batch, false),
                        "-128|-32768|-2147483648|-9223372036854775808|0|0|0|0\n"
                        "~|~|~|~|~|~|~|~\n"
                        "127|32767|2147483647|9223372036854775807|255|65535|4294967295|"
                        "18446744073709551615\n"
                        "-1|-1|-1|-1|7|7|7|7");
    for (int64_t i = 0; i < batch.array.n_children; i++)
        for (int64_t k = 0; k < batch.array.children[i]->n_buffers; k++)
            assert_int_equal((uintptr_t)batch.array.children[i]->buffers[k] % 64, 0);
    batch_drop(&batch);
    arena_drop(&arena);
}

static void test_others(void **state)
{
    (void)state;
    static const char *const types[] = {"bool", "float", "double", "decimal(38,2)", "uuid", "null"};
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, types, 6);
    static const double reals[] = {0.1, -FLT_MAX, INFINITY, NAN};
    __int128 end = 1;
    for (int i = 0; i < 38; i++)
        end *= 10;
    const __int128 decimals[] = {end - 1, 1 - end, -5, 0};
    for (uint32_t i = 0; i < 4; i++) {
        column_add_bool(builder_column(builder, 0), i % 2);
        column_add_double(builder_column(builder, 1), reals[i]);
        column_add_double(builder_column(builder, 2), i == 1 ? -DBL_MAX : reals[i]);
        column_add_decimal(builder_column(builder, 3), decimals[i]);
        column_add_bytes(builder_column(builder, 4), STR("\x00\x11\x22\x33\x44\x55\x66\x77"
                                                         "\x88\x99\xaa\xbb\xcc\xdd\xee\xff"));
        column_add_null(builder_column(builder, 5));
    }
    Batch batch;
    builder_finish(builder, &batch);
    assert_string_equal(rows_of(&arena, &schema, &batch, true),
                        "false|0.1|0.1|999999999999999999999999999999999999.99|"
                        "\"00112233-4455-6677-8899-aabbccddeeff\"|null\n"
                        "true|-3.4028235e+38|-1.7976931348623157e+308|"
                        "-999999999999999999999999999999999999.99|"
                        "\"00112233-4455-6677-8899-aabbccddeeff\"|null\n"
                        "false|\"Infinity\"|\"Infinity\"|-0.05|"
                        "\"00112233-4455-6677-8899-aabbccddeeff\"|null\n"
                        "true|\"NaN\"|\"NaN\"|0.00|\"00112233-4455-6677-8899-aabbccddeeff\"|null");
    batch_drop(&batch);
    arena_drop(&arena);
}

static void test_moments(void **state)
{
    (void)state;
    static const char *const types[] = {"date", "time", "timestamp", "timestamptz", "interval"};
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, types, 5);
    static const int64_t moments[][4] = {
        {0, 0, 0, 0},
        {-1, 86399999999, -1, 1577836800500000},
        {INT32_MAX, 86400000000, INT64_MAX, -INT64_MAX},
        {-719163, 1, -62135596800000001, 253402300800000000},
    };
    static const struct {
        int32_t months, days;
        int64_t ns;
    } intervals[] = {{0, 0, 0}, {14, -3, -1500000000}, {-12, 1, 3600000000001}, {1, 0, 0}};
    for (size_t i = 0; i < COUNT_OF(moments); i++) {
        for (uint32_t k = 0; k < 4; k++)
            column_add_int(builder_column(builder, k), moments[i][k]);
        column_add_interval(builder_column(builder, 4), intervals[i].months, intervals[i].days,
                            intervals[i].ns);
    }
    Batch batch;
    builder_finish(builder, &batch);
    assert_string_equal(
        rows_of(&arena, &schema, &batch, false),
        "1970-01-01|00:00:00|1970-01-01 00:00:00|1970-01-01 00:00:00+00|00:00:00\n"
        "1969-12-31|23:59:59.999999|1969-12-31 23:59:59.999999|2020-01-01 00:00:00.5+00|"
        "1 year 2 months -3 days -00:00:01.5\n"
        "infinity|24:00:00|infinity|-infinity|-1 year 1 day 01:00:00.000000001\n"
        "0001-12-31 (BC)|00:00:00.000001|0001-12-31 23:59:59.999999 (BC)|"
        "10000-01-01 00:00:00+00|1 month");
    AUTO(text) Text json = {0};
    array_print_json(&schema.fields[3], batch.array.children[3], 1, &json);
    assert_string_equal(json.at, "\"2020-01-01T00:00:00.5Z\"");
    batch_drop(&batch);
    arena_drop(&arena);
}

/* Row i of: a list of structs of a text and a list. */
static void add_nested(ColumnBuilder *list, unsigned i)
{
    if (i % 5 == 0) {
        column_add_null(list);
        return;
    }
    ColumnBuilder *item = column_child(list, 0);
    for (unsigned k = 0; k < i % 3; k++) {
        if (k == 1) {
            column_add_null(item);
            continue;
        }
        column_add_bytes(column_child(item, 0), i % 2 ? STR("tex\"t") : STR(""));
        ColumnBuilder *inner = column_child(item, 1);
        for (unsigned n = 0; n < i % 4; n++)
            column_add_int(column_child(inner, 0), n);
        column_end_list(inner);
        column_end_struct(item);
    }
    column_end_list(list);
}

static const char *const nested_types[] = {"struct(t text, n int[])[]", "json", "blob", "bool"};

static void test_nested(void **state)
{
    (void)state;
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, nested_types, 4);
    for (unsigned i = 0; i < 6; i++) {
        add_nested(builder_column(builder, 0), i);
        column_add_bytes(builder_column(builder, 1), STR("{\"a\": 1}"));
        column_add_bytes(builder_column(builder, 2), STR("\0\xff"));
        column_add_bool(builder_column(builder, 3), i == 3);
    }
    Batch batch;
    builder_finish(builder, &batch);
    assert_string_equal(rows_of(&arena, &schema, &batch, true),
                        "null|{\"a\": 1}|\"\\\\x00ff\"|false\n"
                        "[{\"t\":\"tex\\\"t\",\"n\":[0]}]|{\"a\": 1}|\"\\\\x00ff\"|false\n"
                        "[{\"t\":\"\",\"n\":[0,1]},null]|{\"a\": 1}|\"\\\\x00ff\"|false\n"
                        "[]|{\"a\": 1}|\"\\\\x00ff\"|true\n"
                        "[{\"t\":\"\",\"n\":[]}]|{\"a\": 1}|\"\\\\x00ff\"|false\n"
                        "null|{\"a\": 1}|\"\\\\x00ff\"|false");
    AUTO(text) Text plain = {0};
    array_print(&schema.fields[2], batch.array.children[2], 0, &plain);
    assert_string_equal(plain.at, "\\x00ff");
    batch_drop(&batch);
    arena_drop(&arena);
}

/* Rows are taken back, whole ones and half-added ones; what is added later is the same as in a
 * builder that never had them. */
static void test_truncate(void **state)
{
    (void)state;
    Arena arena = {0};
    Schema schema;
    Builder *a = make(&arena, &schema, nested_types, 4), *b = builder_make(&arena, &schema);
    for (unsigned i = 0; i < 5000; i++) {
        for (unsigned k = 0; k < 2; k++) {
            Builder *builder = k ? b : a;
            unsigned bad = 1 + i % 7;
            for (unsigned n = 0; k && n < bad && i % 3 == 0; n++) {
                add_nested(builder_column(builder, 0), i + n);
                if (n + 1 == bad && i % 2) { /* a row that breaks off inside of its list */
                    column_add_null(column_child(builder_column(builder, 0), 0));
                    break;
                }
                column_add_null(builder_column(builder, 1));
                column_add_bytes(builder_column(builder, 2), STR("gone"));
                column_add_bool(builder_column(builder, 3), true);
            }
            builder_truncate(builder, i);
            assert_int_equal(builder_rows(builder), i);
            add_nested(builder_column(builder, 0), i);
            column_add_bytes(builder_column(builder, 1), STR("1"));
            if (i % 11)
                column_add_bytes(builder_column(builder, 2), STR("kept"));
            else
                column_add_null(builder_column(builder, 2));
            column_add_bool(builder_column(builder, 3), i % 2);
        }
    }
    Batch batches[2];
    builder_finish(a, &batches[0]);
    builder_finish(b, &batches[1]);
    assert_string_equal(rows_of(&arena, &schema, &batches[0], true),
                        rows_of(&arena, &schema, &batches[1], true));
    for (int i = 0; i < 4; i++)
        assert_int_equal(batches[0].array.children[i]->null_count,
                         batches[1].array.children[i]->null_count);
    batch_drop(&batches[0]);
    batch_drop(&batches[1]);
    arena_drop(&arena);
}

static void test_reserve(void **state)
{
    (void)state;
    static const char *const types[] = {"int", "double"};
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, types, 2);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned k = 0; k < 7; k++) {
            int32_t *ints = column_reserve(builder_column(builder, 0), 1000);
            double *reals = column_reserve(builder_column(builder, 1), 1000);
            for (int i = 0; i < 1000; i++) {
                ints[i] = i;
                reals[i] = i / 2.0;
            }
            column_filled(builder_column(builder, 0), 1000);
            column_filled(builder_column(builder, 1), 1000);
            column_set_null(builder_column(builder, 1), k * 1000);
        }
        Batch batch;
        builder_finish(builder, &batch);
        assert_int_equal(batch_rows(&batch), 7000);
        assert_int_equal(batch.array.children[1]->null_count, 7);
        AUTO(text) Text text = {0};
        array_print(&schema.fields[0], batch.array.children[0], 6999, &text);
        text_add_char(&text, ' ');
        array_print(&schema.fields[1], batch.array.children[1], 6999, &text);
        assert_string_equal(text.at, "999 499.5");
        assert_true(array_is_null(batch.array.children[1], 3000));
        batch_drop(&batch);
    }
    arena_drop(&arena);
}

/* A batch is full at its bytes or at its rows, whatever the rows look like; nothing stays alive. */
static void test_full(void **state)
{
    (void)state;
    static const char *const types[] = {"bigint", "text"};
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, types, 2);
    Str big = {NEW_N(&arena, char, 1 << 20), 1 << 20};
    assert_int_equal(batch_bytes_alive(), 0);
    uint64_t sizes[3] = {0};
    for (unsigned kind = 0; kind < 3; kind++) {
        for (uint64_t i = 0;; i++) {
            column_add_int(builder_column(builder, 0), 1);
            Str text = kind == 1 ? str_slice(big, 0, 1000) : STR("x");
            column_add_bytes(builder_column(builder, 1), kind == 2 && i > 20000 ? big : text);
            if (builder_is_full(builder))
                break;
        }
        Batch batch;
        sizes[kind] = builder_bytes(builder);
        assert_true(batch_bytes_alive() >= sizes[kind]);
        builder_finish(builder, &batch);
        if (kind == 0)
            assert_int_equal(batch_rows(&batch), BATCH_ROWS);
        assert_true(batch.bytes >= sizes[kind]);
        batch_drop(&batch);
    }
    assert_in_range(sizes[1], BATCH_BYTES, BATCH_BYTES * 1.1);
    assert_in_range(sizes[2], BATCH_BYTES, BATCH_BYTES + (2 << 20));
    assert_int_equal(batch_bytes_alive(), 0);
    arena_drop(&arena);
}

/* A consumer may take a column out of its batch and keep it. */
static void test_move_out(void **state)
{
    (void)state;
    static const char *const types[] = {"bigint", "text[]"};
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, types, 2);
    column_add_int(builder_column(builder, 0), 5);
    column_add_bytes(column_child(builder_column(builder, 1), 0), STR("kept"));
    column_end_list(builder_column(builder, 1));
    Batch batch;
    builder_finish(builder, &batch);
    struct ArrowArray kept = *batch.array.children[1];
    batch.array.children[1]->release = NULL;
    batch_drop(&batch);
    AUTO(text) Text text = {0};
    array_print(&schema.fields[1], &kept, 0, &text);
    assert_string_equal(text.at, "[\"kept\"]");
    kept.release(&kept);
    builder_finish(builder, &batch); /* nothing in it */
    assert_int_equal(batch_rows(&batch), 0);
    batch_drop(&batch);
    arena_drop(&arena);
}

/* Runs of NULLs, in every type and at every place of a byte. */
static void test_nulls(void **state)
{
    (void)state;
    static const char *const types[] = {"int", "boolean", "text", "decimal(20,2)", "struct(a int)",
                                        "int[]"};
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, types, COUNT_OF(types));
    for (uint32_t i = 0; i < COUNT_OF(types); i++) {
        ColumnBuilder *column = builder_column(builder, i);
        column_add_nulls(column, 0);
        column_add_null(column);
        column_add_nulls(column, 3000);
        column_add_nulls(column, 7);
        column_add_null(column);
        assert_int_equal(column->count, 3009);
        assert_int_equal(column->null_count, 3009);
    }
    builder_truncate(builder, 5);
    column_add_int(builder_column(builder, 0), 7);
    column_add_bool(builder_column(builder, 1), true);
    column_add_bytes(builder_column(builder, 2), STR("x"));
    column_add_decimal(builder_column(builder, 3), 125);
    column_add_int(column_child(builder_column(builder, 4), 0), 8);
    column_end_struct(builder_column(builder, 4));
    column_add_int(column_child(builder_column(builder, 5), 0), 9);
    column_end_list(builder_column(builder, 5));
    for (uint32_t i = 0; i < COUNT_OF(types); i++)
        column_add_nulls(builder_column(builder, i), 1);
    Batch batch;
    builder_finish(builder, &batch);
    assert_int_equal(batch_rows(&batch), 7);
    for (uint32_t i = 0; i < COUNT_OF(types); i++)
        assert_int_equal(batch.array.children[i]->null_count, 6);
    const char *rows = rows_of(&arena, &schema, &batch, false);
    assert_non_null(strstr(rows, "\n7|t|x|1.25|{\"a\":8}|[9]\n~|~|~|~|~|~"));
    batch_drop(&batch);
    arena_drop(&arena);
}

/* Many texts and booleans at once, and which of them are NULL. */
static void test_many_at_once(void **state)
{
    (void)state;
    static const char *const types[] = {"text", "boolean", "bigint"};
    Arena arena = {0};
    Schema schema;
    Builder *builder = make(&arena, &schema, types, COUNT_OF(types));
    ColumnBuilder *texts = builder_column(builder, 0), *bools = builder_column(builder, 1),
                  *numbers = builder_column(builder, 2);
    column_add_bytes(texts, STR("first"));
    column_add_bool(bools, false);
    column_add_int(numbers, -1);
    for (uint32_t run = 0; run < 2; run++) {
        const uint64_t bits[] = {5, 1}, nulls[] = {2, (uint64_t)1 << 6 | 1 << 5};
        char *values;
        int32_t *ends, begin;
        column_reserve_texts(texts, 70, 70, &values, &ends, &begin);
        int64_t *out = column_reserve(numbers, 70);
        memset(values, 'a', 70 + TEXTS_SLACK);
        for (int32_t i = 0; i < 70; i++) {
            ends[i] = begin + i + 1;
            out[i] = i;
        }
        column_filled_texts(texts, 70);
        column_filled(numbers, 70);
        column_add_bits(bools, bits, 70);
        for (uint32_t i = 0; i < COUNT_OF(types); i++)
            column_set_nulls(builder_column(builder, i), 1 + 70 * run, nulls, 70);
    }
    column_set_nulls(numbers, 2, (const uint64_t[]){1}, 1); /* it is NULL already */
    column_add_bytes(texts, STR("last"));
    column_add_bool(bools, true);
    column_add_int(numbers, -2);
    Batch batch;
    builder_finish(builder, &batch);
    for (uint32_t i = 0; i < COUNT_OF(types); i++)
        assert_int_equal(batch.array.children[i]->null_count, 4);
    const char *rows = rows_of(&arena, &schema, &batch, false);
    assert_non_null(strstr(rows, "first|f|-1\na|t|0\n~|~|~\na|t|2\na|f|3\n"));
    assert_non_null(strstr(rows, "a|f|68\n~|~|~\na|t|0\n~|~|~\na|t|2\n"));
    assert_true(str_ends(str_of(rows), STR("a|f|68\n~|~|~\nlast|t|-2")));
    batch_drop(&batch);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers), cmocka_unit_test(test_others),
        cmocka_unit_test(test_moments),  cmocka_unit_test(test_nested),
        cmocka_unit_test(test_truncate), cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_full),     cmocka_unit_test(test_move_out),
        cmocka_unit_test(test_nulls),    cmocka_unit_test(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
