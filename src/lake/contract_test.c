/* What the contract makes of data that does not fit, for records (JSONL, CSV) and typed rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "lake/lake_help_test.h"

static void test_parse(void **state)
{
    (void)state;
    Help help = {0};
    Contract contract;
    assert_true(contract_parse(NONE, &contract, &help.err));
    assert_int_equal(contract.columns, CONTRACT_EVOLVE);
    assert_true(contract_parse(value_lit("discard_row"), &contract, &help.err));
    assert_int_equal(contract.tables, CONTRACT_DISCARD_ROW);
    assert_int_equal(contract.data_type, CONTRACT_DISCARD_ROW);
    Value v = help_json(&help, "{\"columns\": \"freeze\", \"data_type\": \"discard_value\"}");
    assert_true(contract_parse(v, &contract, &help.err));
    assert_int_equal(contract.tables, CONTRACT_EVOLVE);
    assert_int_equal(contract.columns, CONTRACT_FREEZE);
    assert_int_equal(contract.data_type, CONTRACT_DISCARD_VALUE);
    assert_false(contract_parse(value_lit("freze"), &contract, &help.err));
    assert_int_equal(help.err.kind, ERR_PARSING);
    assert_non_null(strstr(help.err.text, "Did you mean freeze?"));
    assert_false(contract_parse(help_json(&help, "{\"column\": \"freeze\"}"), &contract,
                                &help.err));
    assert_non_null(strstr(help.err.text, "Did you mean columns?"));
    assert_false(contract_parse(value_int(5), &contract, &help.err));
    err_drop(&help.err);
    arena_drop(&help.arena);
}

static const char *types(Help *help)
{
    return help_rows(help, "select string_agg(column_name || ' ' || data_type, ', ' order by "
                           "column_index) from duckdb_columns() where database_name = 'w' and "
                           "table_name = 't'");
}

static void evolve_steps(Help *help)
{
    help_jsonl(help, "{\"id\":1,\"n\":\"a\",\"nothing\":null}\n");
    assert_string_equal(types(help), "id BIGINT, n VARCHAR");
    help_jsonl(help, "{\"id\":1.5,\"n\":7,\"nothing\":{\"a\":1},\"new\":true}\n");
    help_expect(help, "select id, n, nothing, new from w.s.t order by id",
                "1.0|a|NULL|NULL\n1.5|7|{'a': 1}|True");
    assert_non_null(strstr(help_changes(help), "column new added (BOOLEAN)"));
    assert_non_null(strstr(help_changes(help), "id widened from BIGINT to "));
    help_jsonl(help, "{\"id\":2,\"nothing\":{\"a\":1.5,\"b\":[1]}}\n"); /* structs grow */
    help_expect(help, "select nothing.a, nothing.b from w.s.t where id = 2", "1.5|[1]");
    help_expect(help, "select nothing.a from w.s.t where id = 1.5", "1.0");
    help_jsonl(help, "{\"id\":3,\"nothing\":\"text\"}\n"); /* an object, then a text */
    help_expect(help, "select nothing from w.s.t where id in (2, 3) order by id",
                "{\"a\":1.5,\"b\":[1]}\n\"text\"");
    help_jsonl(help, "{\"id\":\"k\",\"new\":\"no\"}\n"); /* a number, then a text */
    help_expect(help, "select id, new from w.s.t order by id",
                "1.0|NULL\n1.5|true\n2.0|NULL\n3.0|NULL\nk|no");
}

static void on_both(void (*steps)(Help *help))
{
    Help help;
    help_open(&help);
    steps(&help);
    help_close(&help);
    if (!help_open_ducklake(&help))
        return;
    steps(&help);
    help_close(&help);
}

static void test_evolve(void **state)
{
    (void)state;
    on_both(evolve_steps);
}

static void evolve_typed_steps(Help *help)
{
    help->spec.disposition = WRITE_MERGE;
    help->spec.primary_key = help_list(help, "id");
    help_select(help, "select 1::smallint as id, 1::integer as a, date '2020-01-31' as d, "
                      "1.50 as x");
    help_select(help, "select 2::bigint as id, 'x' as a, timestamp '2020-01-31 10:00:00' as d, "
                      "100000.125 as x, hugeint '5' as h");
    help_expect(help, "select id, a, x from w.s.t order by id", "1|1|1.500\n2|x|100000.125");
    help_select(help, "select 2::bigint as id, 'y' as a, hugeint '6' as h");
    help_expect(help, "select id, a, h from w.s.t order by id", "1|1|NULL\n2|y|6");
    /* a type that Arrow has no kin of is never widened silently: exact, or an error */
    help_select(help, "select 3 as id, 7::integer as h");
    help_expect(help, "select h from w.s.t where id = 3", "7");
    help_select_fails(help, "select 3 as id, 1.5::double as h", "does not fit HUGEINT");
    help_expect(help, "select count(*) from w.s.t", "3");
}

static void test_evolve_typed(void **state)
{
    (void)state;
    on_both(evolve_typed_steps);
}

static void freeze_steps(Help *help)
{
    help_jsonl(help, "{\"id\":1,\"n\":\"a\"}\n");
    assert_true(contract_parse(value_lit("freeze"), &help->spec.contract, &help->err));
    help_jsonl(help, "{\"id\":2,\"n\":null}\n{\"id\":3}\n");
    help_jsonl_fails(help, "{\"id\":4}\n{\"id\":\"x5\"}\n",
                     "t: column \"id\" is BIGINT, the source gives \"x5\"");
    help_jsonl_fails(help, "{\"id\":4}\n{\"id\":\"x5\"}\n", "in4.jsonl:2");
    help_jsonl_fails(help, "{\"id\":4}\n{\"id\":5,\"more\":1}\n",
                     "t: the source has a new column \"more\"");
    help_jsonl_fails(help, "{\"id\":4}\n{\"id\":5,\"more\":1}\n", "in6.jsonl:2");
    help_select_fails(help, "select 'x' as id",
                      "column \"id\" is BIGINT, the source gives VARCHAR");
    help_select_fails(help, "select 1 as id, 2 as more", "new column \"more\" (INTEGER)");
    help_expect(help, "select count(*), max(id) from w.s.t", "3|3");
    help->spec.table = STR("other");
    help_select_fails(help, "select 1 as id", "the contract freezes tables");
    help_expect(help, "select count(*) from duckdb_tables() where table_name = 'other'", "0");
}

static void test_freeze(void **state)
{
    (void)state;
    on_both(freeze_steps);
}

static void discard_row_steps(Help *help)
{
    static const char *const bad = "select reason, column_name, value, source_file, line from "
                                   "w.s.t__quarantine order by all";
    help_jsonl(help, "{\"id\":1,\"n\":\"a\"}\n");
    assert_true(contract_parse(value_lit("discard_row"), &help->spec.contract, &help->err));
    help_jsonl(help, "{\"id\":2}\n{\"id\":\"x\"}\n{\"id\":3,\"more\":1}\n{\"id\":4}\n");
    assert_int_equal(help->report.rows_in, 4);
    assert_int_equal(help->report.rows_inserted, 2);
    assert_int_equal(help->report.rows_quarantined, 2);
    help_expect(help, "select id from w.s.t order by id", "1\n2\n4");
    help_expect(help, "select column_name, source_file, line, record from w.s.t__quarantine "
                      "order by line",
                "id|in2.jsonl|2|{\"id\":\"x\"}\nmore|in2.jsonl|3|{\"id\":3,\"more\":1}");
    help_run(help, "delete from w.s.t__quarantine");
    help_select(help, "select * from (values ('5', null), ('y', null), ('6', 7)) v(id, more)");
    assert_int_equal(help->report.rows_in, 3);
    assert_int_equal(help->report.rows_inserted, 1);
    assert_int_equal(help->report.rows_quarantined, 2);
    help_expect(help, "select id from w.s.t order by id", "1\n2\n4\n5");
    help_expect(help, bad, "no BIGINT|id|y|NULL|NULL\nnot in the schema|more|7|NULL|NULL");
    help->spec.table = STR("other");
    help_select(help, "select 1 as id");
    assert_non_null(strstr(help_changes(help), "discards new tables"));
}

static void test_discard_row(void **state)
{
    (void)state;
    on_both(discard_row_steps);
}

static void discard_value_steps(Help *help)
{
    help_jsonl(help, "{\"id\":1,\"n\":5}\n");
    assert_true(contract_parse(value_lit("discard_value"), &help->spec.contract, &help->err));
    help_jsonl(help, "{\"id\":2,\"n\":\"x\"}\n{\"id\":3,\"more\":1,\"n\":6}\n");
    assert_int_equal(help->report.rows_inserted, 2);
    assert_int_equal(help->report.rows_quarantined, 0);
    assert_int_equal(help->report.values_dropped, 2);
    help_expect(help, "from w.s.t order by id", "1|5\n2|NULL\n3|6");
    help_select(help, "select 4 as id, 7.5::double as n, 1 as more union all select 5, 8, null");
    assert_int_equal(help->report.values_dropped, 2);
    help_expect(help, "from w.s.t where id > 3 order by id", "4|NULL\n5|8");
    help_expect(help, "select column_name, count(*) from w.s.t__quarantine group by all order by 1",
                "more|2\nn|2");
}

static void test_discard_value(void **state)
{
    (void)state;
    on_both(discard_value_steps);
}

static void hint_steps(Help *help)
{
    help->spec.columns = help_json(help, "{\"id\": {\"type\": \"INTEGER\"}, "
                                         "\"price\": \"DECIMAL(10,2)\", "
                                         "\"later\": {\"data_type\": \"date\"}}");
    help_jsonl(help, "{\"id\":1,\"price\":1.5}\n");
    assert_string_equal(types(help), "id INTEGER, price DECIMAL(10,2), later DATE");
    help_jsonl_fails(help, "{\"id\":3000000000}\n",
                     "column \"id\" is INTEGER, the source gives 3000000000");
    help_jsonl(help, "{\"id\":2,\"price\":\"2.25\",\"later\":\"2020-01-31\"}\n");
    help_expect(help, "from w.s.t order by id", "1|1.50|NULL\n2|2.25|2020-01-31");
    help_select(help, "select '3' as id, 2.5 as price");
    help_select_fails(help, "select '3.5' as id, 2.5 as price", "does not fit INTEGER");
    help_select_fails(help, "select 4 as id, 2.555 as price", "does not fit DECIMAL(10,2)");
    help_expect(help, "select max(id) from w.s.t", "3");
}

static void test_hints(void **state)
{
    (void)state;
    on_both(hint_steps);
}

static void names_steps(Help *help)
{
    help_jsonl(help, "{\"select\":1,\"a \\\"b\\\"\":2,\"Id\":3,\"id\":4,\"\":5,\"한국\":6,"
                     "\"o\":{\"x\":7,\"X\":8}}\n");
    help_jsonl(help, "{\"id\":14,\"Id\":13,\"o\":{\"X\":18}}\n");
    help_expect(help, "select * from w.s.t order by \"Id\"",
                "1|2|3|4|5|6|{\"x\":7,\"X\":8}\nNULL|NULL|13|14|NULL|NULL|{\"X\":18}");
    /* an object that gets such a field later */
    help_jsonl(help, "{\"Id\":23,\"p\":{\"y\":1}}\n");
    help_jsonl(help, "{\"Id\":33,\"p\":{\"Y\":2}}\n");
    help_expect(help, "select p from w.s.t where p is not null order by \"Id\"",
                "{\"y\":1}\n{\"Y\":2}");
}

static void test_names(void **state)
{
    (void)state;
    Help help;
    help_open(&help);
    names_steps(&help);
    help_expect(&help, "select string_agg(column_name, '/' order by column_index) from "
                       "duckdb_columns() where database_name = 'w' and table_name = 't'",
                "select/a \"b\"/Id/id_2/column_5/한국/o/p");
    help_close(&help);
}

static void test_wide(void **state)
{
    (void)state;
    Help help;
    AUTO(text) Text line = {0};
    help_open(&help);
    for (int i = 0; i < 2000; i++)
        text_print(&line, "%s\"c %d\":%d", i ? "," : "{", i, i);
    text_add_c(&line, "}\n");
    help.spec.disposition = WRITE_MERGE;
    help.spec.primary_key = help_list(&help, "c 7");
    help_jsonl(&help, line.at);
    help_jsonl(&help, line.at);
    help_expect(&help, "select count(*), max(\"c 1999\") from w.s.t", "1|1999");
    help_close(&help);
}

static void empty_steps(Help *help)
{
    help_jsonl(help, "");
    help_expect(help, "select count(*) from duckdb_tables() where table_name = 't'", "0");
    help_expect(help, "select rows_in from w.s._weir_loads", "0");
    help->spec.columns = help_json(help, "{\"id\": \"BIGINT\"}");
    help_jsonl(help, "");
    help_expect(help, "select count(*) from w.s.t", "0");
    help->spec.disposition = WRITE_MERGE;
    help->spec.primary_key = help_list(help, "id");
    help->spec.cursor_column = STR("id");
    help_jsonl(help, "{\"id\":1}\n");
    help_jsonl(help, "");
    help_select(help, "select 1 as id where false");
    assert_true(value_is_none(help->report.cursor_max));
    help_expect(help, "select count(*) from w.s.t", "1");
    help->spec.disposition = WRITE_REPLACE;
    help_jsonl(help, "");
    help_expect(help, "select count(*) from w.s.t", "0");
    help_jsonl(help, "{\"id\":1}\n");
    help->spec.disposition = WRITE_MERGE;
    help->spec.is_full_refresh = true;
    help->spec.columns = NONE;
    help_jsonl(help, ""); /* made anew of nothing: no rows, the same columns */
    help_expect(help, "select count(*), max(id) from w.s.t", "0|NULL");
}

static void test_empty(void **state)
{
    (void)state;
    on_both(empty_steps);
}

static void csv_steps(Help *help)
{
    help->spec.meta_columns = help_list(help, "_weir_source_file");
    help_csv(help, "id;name;price\n1;a;1,5\n2;\"b;c\";2,5\n");
    help_csv(help, "id,name,day\n3,x,2020-01-31\n");
    help_expect(help, "select id, name, day, _weir_source_file from w.s.t order by id",
                "1|a|NULL|in1.csv\n2|b;c|NULL|in1.csv\n3|x|2020-01-31|in2.csv");
}

static void test_csv(void **state)
{
    (void)state;
    on_both(csv_steps);
}

static void test_bad_input(void **state)
{
    (void)state;
    Help help;
    help_open(&help);
    help_jsonl(&help, "{\"id\":1}\n");
    help_jsonl_fails(&help, "{\"id\":2}\n<html>\n", "in2.jsonl");
    help_jsonl_fails(&help, "{\"id\":2}\n{\"id\":\"\xff\"}\n", "in3.jsonl");
    help_select_fails(&help, "select * from nowhere", "nowhere");
    help_run(&help, "create view w.s.v as select 1 as id");
    help.spec.table = STR("v");
    help_select_fails(&help, "select 1 as id", "is a view");
    help.spec.table = STR("t");
    help.spec.disposition = WRITE_MERGE;
    help_select_fails(&help, "select 1 as id", "merge needs a primary_key");
    help_expect(&help, "select count(*) from w.s.t", "1");
    help_expect(&help, "select count(*) from w.s._weir_loads", "1");
    help_expect(&help, "select count(*) from duckdb_tables() where table_name like "
                       "'_weir_stage%' or table_name like '_weir_bad%'", "0");
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),        cmocka_unit_test(test_evolve),
        cmocka_unit_test(test_evolve_typed), cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_discard_row),  cmocka_unit_test(test_discard_value),
        cmocka_unit_test(test_hints),        cmocka_unit_test(test_names),
        cmocka_unit_test(test_wide),         cmocka_unit_test(test_empty),
        cmocka_unit_test(test_csv),          cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
