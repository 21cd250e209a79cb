/* Every type of the engine: its name, its kind, and the text of its cells, which is compared both
 * with a written one and with the engine's own cast to VARCHAR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/engine_help_test.h"

typedef struct Case {
    const char *sql, *type;
    ColumnKind kind;
    const char *text; /* as value_print() gives it */
} Case;

static const Case cases[] = {
    {"true", "BOOLEAN", COLUMN_BOOL, "True"},
    {"(-128)::tinyint", "TINYINT", COLUMN_INT, "-128"},
    {"(-32768)::smallint", "SMALLINT", COLUMN_INT, "-32768"},
    {"(-2147483648)::integer", "INTEGER", COLUMN_INT, "-2147483648"},
    {"(-9223372036854775808)::bigint", "BIGINT", COLUMN_INT, "-9223372036854775808"},
    {"255::utinyint", "UTINYINT", COLUMN_INT, "255"},
    {"65535::usmallint", "USMALLINT", COLUMN_INT, "65535"},
    {"4294967295::uinteger", "UINTEGER", COLUMN_INT, "4294967295"},
    {"9223372036854775807::ubigint", "UBIGINT", COLUMN_INT, "9223372036854775807"},
    {"18446744073709551615::ubigint", "UBIGINT", COLUMN_INT, "18446744073709551615"},
    {"(-1)::hugeint", "HUGEINT", COLUMN_INT, "-1"},
    {"(-9223372036854775809)::hugeint", "HUGEINT", COLUMN_INT, "-9223372036854775809"},
    {"'-170141183460469231731687303715884105728'::hugeint", "HUGEINT", COLUMN_INT,
     "-170141183460469231731687303715884105728"},
    {"'340282366920938463463374607431768211455'::uhugeint", "UHUGEINT", COLUMN_INT,
     "340282366920938463463374607431768211455"},
    {"'12345678901234567890123456789012345678901234567890'::bignum", "BIGNUM", COLUMN_INT,
     "12345678901234567890123456789012345678901234567890"},
    {"1.5::double", "DOUBLE", COLUMN_FLOAT, "1.5"},
    {"1e300::double", "DOUBLE", COLUMN_FLOAT, "1e+300"},
    {"'nan'::double", "DOUBLE", COLUMN_FLOAT, "nan"},
    {"0.25::float", "FLOAT", COLUMN_FLOAT, "0.25"},
    {"1.5::decimal(4,1)", "DECIMAL(4,1)", COLUMN_DECIMAL, "1.5"},
    {"(-0.05)::decimal(9,2)", "DECIMAL(9,2)", COLUMN_DECIMAL, "-0.05"},
    {"12345678901234.50::decimal(18,2)", "DECIMAL(18,2)", COLUMN_DECIMAL, "12345678901234.50"},
    {"'-99999999999999999999999999999999999.999'::decimal(38,3)", "DECIMAL(38,3)", COLUMN_DECIMAL,
     "-99999999999999999999999999999999999.999"},
    {"7::decimal(3,0)", "DECIMAL(3,0)", COLUMN_DECIMAL, "7"},
    {"0.5::decimal(2,2)", "DECIMAL(2,2)", COLUMN_DECIMAL, "0.50"},
    {"'na\xc3\xafve'", "VARCHAR", COLUMN_TEXT, "na\xc3\xafve"},
    {"repeat('abcdef', 5)", "VARCHAR", COLUMN_TEXT, "abcdefabcdefabcdefabcdefabcdef"},
    {"''", "VARCHAR", COLUMN_TEXT, ""},
    {"'{\"a\": 1}'::json", "JSON", COLUMN_TEXT, "{\"a\": 1}"},
    {"'b'::enum('a', 'b', 'it''s')", "ENUM('a', 'b', 'it''s')", COLUMN_TEXT, "b"},
    {"date '2020-01-31'", "DATE", COLUMN_DATE, "2020-01-31"},
    {"'0044-03-15 (BC)'::date", "DATE", COLUMN_DATE, "0044-03-15 (BC)"},
    {"'10000-02-28'::date", "DATE", COLUMN_DATE, "10000-02-28"},
    {"'-infinity'::date", "DATE", COLUMN_DATE, "-infinity"},
    {"'5877642-06-25 (BC)'::date", "DATE", COLUMN_DATE, "5877642-06-25 (BC)"},
    {"time '10:00:00'", "TIME", COLUMN_TIME, "10:00:00"},
    {"time '23:59:59.000120'", "TIME", COLUMN_TIME, "23:59:59.00012"},
    {"'12:00:00.123456789'::time_ns", "TIME_NS", COLUMN_TIME, "12:00:00.123456789"},
    {"timestamp '2020-01-31 10:00:00'", "TIMESTAMP", COLUMN_TIMESTAMP, "2020-01-31 10:00:00"},
    {"timestamp '1969-12-31 23:59:59.999999'", "TIMESTAMP", COLUMN_TIMESTAMP,
     "1969-12-31 23:59:59.999999"},
    {"'infinity'::timestamp", "TIMESTAMP", COLUMN_TIMESTAMP, "infinity"},
    {"'0044-03-15 (BC) 12:00:00'::timestamp", "TIMESTAMP", COLUMN_TIMESTAMP,
     "0044-03-15 (BC) 12:00:00"},
    {"'1992-01-01 00:00:01'::timestamp_s", "TIMESTAMP_S", COLUMN_TIMESTAMP, "1992-01-01 00:00:01"},
    {"'1992-01-01 00:00:00.12'::timestamp_ms", "TIMESTAMP_MS", COLUMN_TIMESTAMP,
     "1992-01-01 00:00:00.12"},
    {"'2020-01-01 10:00:00.123456789'::timestamp_ns", "TIMESTAMP_NS", COLUMN_TIMESTAMP,
     "2020-01-01 10:00:00.123456789"},
    {"'2020-01-31 10:00:00.5+02'::timestamptz", "TIMESTAMP WITH TIME ZONE", COLUMN_TIMESTAMP_TZ,
     "2020-01-31 08:00:00.5+00"},
    {"'12:00:00.5+05:30'::timetz", "TIME WITH TIME ZONE", COLUMN_OTHER, "12:00:00.5+05:30"},
    {"interval '1 year 2 months -3 days 04:05:06.7'", "INTERVAL", COLUMN_OTHER,
     "1 year 2 months -3 days 04:05:06.7"},
    {"'2b88899f-2369-454b-83c3-b0543dd0538c'::uuid", "UUID", COLUMN_OTHER,
     "2b88899f-2369-454b-83c3-b0543dd0538c"},
    {"'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid", "UUID", COLUMN_OTHER,
     "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    {"'\\xAA\\x00ab'::blob", "BLOB", COLUMN_OTHER, "\\xAA\\x00ab"},
    {"'0101100111'::bit", "BIT", COLUMN_OTHER, "0101100111"},
    {"['a b', 'c,d', '', null]", "VARCHAR[]", COLUMN_OTHER, "[a b, 'c,d', '', NULL]"},
    {"[[1], [], null]", "INTEGER[][]", COLUMN_OTHER, "[[1], [], NULL]"},
    {"array_value(1, 2)", "INTEGER[2]", COLUMN_OTHER, "[1, 2]"},
    {"{'a': 1, 'b c': 'x y', 'select': null::integer}",
     "STRUCT(a INTEGER, \"b c\" VARCHAR, \"select\" INTEGER)", COLUMN_OTHER,
     "{'a': 1, 'b c': x y, 'select': NULL}"},
    {"row(1, 'x')", "STRUCT(INTEGER, VARCHAR)", COLUMN_OTHER, "(1, x)"},
    {"map {'k': 1.5}", "MAP(VARCHAR, DECIMAL(2,1))", COLUMN_OTHER, "{k=1.5}"},
    {"union_value(n := 1)", "UNION(n INTEGER)", COLUMN_OTHER, "1"},
    {"{'a': [1, 2]}::variant", "VARIANT", COLUMN_OTHER, "{'a': [1, 2]}"},
    {"'POINT(1 2)'::geometry", "GEOMETRY", COLUMN_OTHER, "POINT (1 2)"},
};

static void test_table(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    help_run(&help, help.session, "set timezone = 'UTC'");
    unsigned wrong = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Result result;
        AUTO(text) Text text = {0};
        Str sql = str_print(&help.arena,
                            "select x, x::varchar, typeof(x) from (select %s as x) union all "
                            "select null, null, null order by 2 nulls last",
                            cases[i].sql);
        if (!session_query(help.session, &help.arena, sql, 10, &result, &help.err))
            fail_msg("%s: %s", cases[i].sql, help.err.text);
        assert_int_equal(result.row_count, 2);
        assert_true(value_is_none(result.cells[3]));
        value_print(result.cells[0], &text);
        Str cast = value_str(result.cells[1]), type = value_str(result.cells[2]);
        bool is_right = str_is(text_str(&text), cases[i].text) &&
                        str_eq(type, result.columns[0].type) && str_is(type, cases[i].type) &&
                        result.columns[0].kind == cases[i].kind &&
                        (cases[i].kind == COLUMN_BOOL || str_is(cast, cases[i].text) ||
                         /* the engine writes .50 where Python and we write 0.50 */
                         (cast.len && cast.at[0] == '.' && str_is(cast, cases[i].text + 1)));
        if (!is_right) {
            wrong++;
            printf("%s: \"%s\" expected \"%s\", cast \"" STR_FMT "\"; type " STR_FMT
                   " typeof " STR_FMT " kind %d\n",
                   cases[i].sql, text.at ? text.at : "", cases[i].text, STR_ARG(cast),
                   STR_ARG(result.columns[0].type), STR_ARG(type), (int)result.columns[0].kind);
        }
    }
    assert_int_equal(wrong, 0);
    help_close(&help);
}

/* Ints come as ints, whatever their width, while 64 bits hold them. */
static void test_value_kinds(void **state)
{
    (void)state;
    Help help;
    Result result;
    help_open(&help, NULL);
    Str sql = STR("select 1::hugeint, 1::ubigint, 'x', 1.5, 1.5::double, null, [1], true, "
                  "'18446744073709551615'::ubigint");
    static const ValueKind kinds[] = {VALUE_INT,  VALUE_INT,  VALUE_TEXT, VALUE_TEXT, VALUE_FLOAT,
                                      VALUE_NONE, VALUE_TEXT, VALUE_BOOL, VALUE_TEXT};
    assert_true(session_query(help.session, &help.arena, sql, 10, &result, &help.err));
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        assert_int_equal(result.cells[i].kind, kinds[i]);
    help_close(&help);
}

/* Columns cast by the engine, over several vectors, in order and beside others. */
static void test_cast_order(void **state)
{
    (void)state;
    Help help;
    Result result;
    help_open(&help, NULL);
    Str sql = STR("select i, case when i % 7 = 0 then null else [i, i + 1] end, interval (i) day "
                  "from range(10000) t(i) order by i");
    assert_true(session_query(help.session, &help.arena, sql, 20000, &result, &help.err));
    assert_int_equal(result.row_count, 10000);
    for (uint64_t row = 0; row < result.row_count; row++) {
        const Value *cells = result.cells + row * 3;
        assert_int_equal(cells[0].number, row);
        if (row % 7 == 0) {
            assert_true(value_is_none(cells[1]));
        } else {
            char expected[64];
            snprintf(expected, sizeof expected, "[%d, %d]", (int)row, (int)row + 1);
            assert_true(value_is(cells[1], expected));
        }
    }
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_value_kinds),
        cmocka_unit_test(test_cast_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
