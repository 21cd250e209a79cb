/* Reading from a real Postgres: types, ranges, snapshots, cursors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "engine/postgres_help_test.h"

/* ---- types ---- */

/* A type, what it becomes, and values as the server reads them. */
static const struct {
    const char *type, *ours;
    const char *values[8];
} types[] = {
    {"bool", "BOOLEAN", {"true", "false"}},
    {"int2", "SMALLINT", {"-32768", "32767", "0"}},
    {"int4", "INTEGER", {"-2147483648", "2147483647"}},
    {"int8", "BIGINT", {"-9223372036854775808", "9223372036854775807"}},
    {"oid", "UINTEGER", {"0", "4294967295"}},
    {"xid", "UINTEGER", {"4294967295"}},
    {"xid8", "UBIGINT", {"18446744073709551615"}},
    {"float4", "FLOAT", {"NaN", "Infinity", "-Infinity", "3.4028235e38", "1e-45", "0.1", "-0"}},
    {"float8", "DOUBLE", {"NaN", "-Infinity", "1.7976931348623157e308", "5e-324", "0.1", "-0"}},
    {"numeric(12,2)",
     "DECIMAL(12,2)",
     {"9999999999.99", "-9999999999.99", "0", "0.01", "-0.10", "100"}},
    {"numeric(4,1)", "DECIMAL(4,1)", {"999.9", "-0.1", "10"}},
    {"numeric(20,6)", "DECIMAL(20,6)", {"99999999999999.999999", "0.000001", "123456.5", "10000"}},
    {"numeric(18,3)", "DECIMAL(18,3)", {"999999999999999.999", "-1.5", "100000000000"}},
    {"numeric(38,0)",
     "DECIMAL(38,0)",
     {"99999999999999999999999999999999999999", "-99999999999999999999999999999999999999",
      "10000000000000000000000000000000000000"}},
    {"numeric(38,38)",
     "DECIMAL(38,38)",
     {"0.99999999999999999999999999999999999999", "-0.00000000000000000000000000000000000001"}},
    {"numeric(38,9)", "DECIMAL(38,9)", {"12345678901234567890123456789.123456789"}},
    {"numeric(5,-2)", "DECIMAL(7,0)", {"1234500", "-9999900", "0"}},
    {"numeric(2,4)", "DECIMAL(4,4)", {"0.0012", "-0.0099"}},
    {"numeric(50,10)", "VARCHAR", {"1234567890123456789012345678901234567890.1234567890", "NaN"}},
    {"numeric",
     "DECIMAL(38,9)",
     {"1.5", "0.000000001", "1.50000000000000000000", "-7", "0",
      "99999999999999999999999999999.999999999"}},
    {"date", "DATE", {"4713-01-01 BC", "5874897-12-31", "1970-01-01", "2000-02-29", "0001-01-01"}},
    {"time", "TIME", {"00:00", "24:00", "23:59:59.999999"}},
    {"timetz", "VARCHAR", {"00:00+14", "23:59:59.5-03:30"}},
    {"timestamp",
     "TIMESTAMP",
     {"4713-01-01 00:00:00 BC", "294246-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999",
      "2020-01-31 10:00:00.5"}},
    {"timestamptz",
     "TIMESTAMP WITH TIME ZONE",
     {"4713-06-01 00:00:00 BC", "294246-12-31 23:59:59+00", "2020-01-31 10:00:00.123456+09"}},
    {"interval",
     "INTERVAL",
     {"1 year 2 mons -3 days 04:05:06.789", "-1 mons", "0", "178956970 years 7 mons",
      "-00:00:00.000001"}},
    {"text",
     "VARCHAR",
     {"", "a\tb\nc\\N", "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4 \xf0\x9f\x98\x80", "it's"}},
    {"varchar(8)", "VARCHAR", {"12345678", ""}},
    {"char(5)", "VARCHAR", {"ab", "abcde"}},
    {"name", "VARCHAR", {"a_name"}},
    {"\"char\"", "VARCHAR", {"x"}},
    {"citext", "VARCHAR", {"MiXed"}},
    {"bytea", "BLOB", {"", "\\x00ff10", "\\x5c"}},
    {"uuid",
     "UUID",
     {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"}},
    {"json", "JSON", {"{\"a\":  1, \"a\": 2}", "null", "[1, \"x\"]"}},
    {"jsonb", "JSON", {"{\"b\": [1, 2.50], \"a\": null}", "\"text\"", "12345678901234567890.5"}},
    {"hstore", "JSON", {"a=>1, b=>NULL"}},
    {"xml", "VARCHAR", {"<a b=\"c\">d</a>"}},
    {"inet", "VARCHAR", {"192.168.0.1/24", "::1"}},
    {"cidr", "VARCHAR", {"10.0.0.0/8"}},
    {"macaddr", "VARCHAR", {"08:00:2b:01:02:03"}},
    {"bit(5)", "VARCHAR", {"10101"}},
    {"varbit", "VARCHAR", {"", "101"}},
    {"point", "VARCHAR", {"(1.5,-2)"}},
    {"tsvector", "VARCHAR", {"'a':1 'b':2"}},
    {"int4range", "VARCHAR", {"[1,10)", "empty"}},
    {"pg_lsn", "VARCHAR", {"16/B374D848"}},
    {"mood", "VARCHAR", {"sad", "so so"}},
    {"pair", "VARCHAR", {"(1,\"a b\")"}},
    {"price", "DECIMAL(10,2)", {"12.50"}},
    {"int4[]", "INTEGER[]", {"{1,NULL,3}", "{}", "{-2147483648}"}},
    {"text[]", "VARCHAR[]", {"{\"a,b\",\"c\\\"d\",NULL,\"\",\"NULL\"}"}},
    {"numeric(10,2)[]", "DECIMAL(10,2)[]", {"{1.50,-0.01}"}},
    {"float8[]", "DOUBLE[]", {"{0.1,1e300}"}},
    {"bool[]", "BOOLEAN[]", {"{t,f,NULL}"}},
    {"timestamptz[]", "TIMESTAMP WITH TIME ZONE[]", {"{\"2020-01-31 10:00:00.5+00\"}"}},
    {"uuid[]", "UUID[]", {"{ffffffff-ffff-4fff-bfff-ffffffffffff}"}},
    {"mood[]", "VARCHAR[]", {"{sad,\"so so\"}"}},
    {"price[]", "DECIMAL(10,2)[]", {"{1.25,2}"}},
    {"varchar(3)[]", "VARCHAR[]", {"{abc}"}},
};

/* How the server is asked whether our text means its value. */
static const char *check_form(const char *type, const char *ours)
{
    if (strstr(ours, "[]"))
        return "select array(select e from jsonb_array_elements_text(%s::jsonb) "
               "e)::text[]::%s::text"
               " is not distinct from x::text from t where id = %d";
    if (strcmp(type, "hstore") == 0)
        return "select %s is not distinct from x::json::text or '' = '%s' from t where id = %d";
    if (strcmp(type, "json") == 0 || strcmp(type, "jsonb") == 0)
        return "select %s is not distinct from x::%s::text from t where id = %d";
    if (strcmp(type, "numeric") == 0) /* the same number; zeros at the end come and go */
        return "select %s::%s = x from t where id = %d";
    return "select %s::%s::text is not distinct from x::text from t where id = %d";
}

/* The text of our value as a literal; eras are written as the server reads them. */
static const char *literal(Pg *pg, Str ours)
{
    Str text = str_replace(&pg->arena, ours, STR(" (BC)"), STR(" BC"));
    text = str_replace(&pg->arena, text, STR("'"), STR("''"));
    return str_print(&pg->arena, "'" STR_FMT "'", STR_ARG(text)).at;
}

/* One value: written by the server's own input, read, and compared on the server. */
static void check_value(Pg *pg, size_t at, int id)
{
    const char *type = types[at].type;
    Str only = STR("x");
    char query[64];
    snprintf(query, sizeof query, "select x from t where id = %d", id);
    DatabaseRead read = {.query = str_of(query), .columns = &only, .column_count = 1};
    PgTaken taken = pg_read(pg, &read);
    AUTO(text) Text printed = {0};
    field_print_type(&taken.schema.fields[0], &printed);
    if (strcmp(printed.at, types[at].ours) != 0)
        fail_msg("%s became %s", type, printed.at);
    Str ours = {taken.text.at, taken.text.len - 1};
    const char *sql =
        str_print(&pg->arena, check_form(type, types[at].ours), literal(pg, ours), type, id).at;
    const char *answer = pg_rows(pg, sql);
    if (strcmp(answer, "t") != 0)
        fail_msg("%s: " STR_FMT " for %s: %s", type, STR_ARG(ours),
                 pg_rows(pg, str_print(&pg->arena, "select x from t where id = %d", id).at),
                 answer);
}

static void test_types(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    pg_run(&pg, "create extension citext; create extension hstore;"
                "create type mood as enum ('sad', 'so so');"
                "create type pair as (a int, b text);"
                "create domain price as numeric(10,2) check (value > 0)");
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        pg_run(&pg, str_print(&pg.arena, "drop table if exists t; create table t (id int, x %s)",
                              types[i].type)
                        .at);
        int id = 0;
        for (; types[i].values[id]; id++) {
            Str value = str_replace(&pg.arena, str_of(types[i].values[id]), STR("'"), STR("''"));
            pg_run(&pg, str_print(&pg.arena, "insert into t values (%d, '" STR_FMT "')", id,
                                  STR_ARG(value))
                            .at);
            check_value(&pg, i, id);
        }
        /* and NULLs between values, by table */
        pg_run(&pg, "delete from t where id > 0; insert into t values (-1, null), (-2, null)");
        Str columns[] = {STR("x"), STR("id")};
        DatabaseRead read = {.table = STR("t"), .columns = columns, .column_count = 2};
        PgTaken taken = pg_read(&pg, &read);
        assert_int_equal(taken.rows, 3);
        assert_non_null(strstr(taken.text.at, "NULL|-1\nNULL|-2\n"));
    }
    pg_close(&pg);
}

static void test_padding(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    DatabaseRead read = {.query = STR("select 'ab'::char(5) as a, '\\x61'::bytea as b -- end;\n;")};
    PgTaken taken = pg_read(&pg, &read);
    assert_string_equal(taken.text.at, "ab   |\\x61\n");
    pg_close(&pg);
}

/* A type named geometry with the function that PostGIS has. */
static void test_geometry(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    pg_run(&pg, "create schema \"Gis\"; create type \"Gis\".geometry as (hex text);"
                "create function \"Gis\".st_asbinary(\"Gis\".geometry) returns bytea language sql"
                " as $$ select decode(($1).hex, 'hex') $$;"
                "create table shapes (id int primary key, \"Shape\" \"Gis\".geometry);"
                "insert into shapes values (1, row('0101')), (2, null)");
    DatabaseRead read = {.table = STR("shapes")};
    assert_string_equal(pg_read(&pg, &read).text.at, "1|\\x0101\n2|NULL\n");
    pg_close(&pg);
}

/* Values that our types cannot hold fail by name, and go with a hint. */
static void test_refused_values(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *words;
    } cases[] = {
        {"'NaN'::numeric(10,2)", "is NaN"},
        {"'NaN'::numeric", "is NaN"},
        {"'Infinity'::numeric", "is infinite"},
        {"1.0000000001::numeric", "digits"},
        {"1e29::numeric", "digits"},
        {"1e-10::numeric", "digits"},
        {"'infinity'::date", "is infinite"},
        {"'-infinity'::timestamp", "is infinite"},
        {"'infinity'::timestamptz", "is infinite"},
        {"'294276-12-31'::timestamp", "beyond"},
        {"'2562048 hours'::interval", "hours"},
        {"'{{1,2},{3,4}}'::int[]", "dimension"},
        {"'[2:3]={1,2}'::int[]", "begin at 1"},
        {"array[1.00000000001]", "digits"},
    };
    pg_need();
    Pg pg;
    pg_open(&pg);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Str query = str_print(&pg.arena, "select %s as bad", cases[i].expression);
        DatabaseRead read = {.query = query};
        pg_read_fails(&pg, &read, ERR_DATABASE, cases[i].words);
        pg_read_fails(&pg, &read, ERR_DATABASE, "columns: {bad: {type: varchar}}");
        Value hint = value_dict(&pg.arena);
        read.hints = value_dict(&pg.arena);
        dict_put(hint.dict, STR("type"), value_lit("varchar"));
        dict_put(read.hints.dict, STR("BAD"), hint);
        PgTaken taken = pg_read(&pg, &read);
        Str ours = {taken.text.at, taken.text.len - 1};
        const char *theirs =
            pg_rows(&pg, str_print(&pg.arena, "select (%s)::text", cases[i].expression).at);
        assert_string_equal(str_c(&pg.arena, ours), theirs);
    }
    pg_run(&pg, "create table keyed (id int8, code text, n numeric, primary key (id, code));"
                "insert into keyed select g, 'c' || g, g from generate_series(1, 99) g;"
                "insert into keyed values (100, 'it', 'NaN')");
    DatabaseRead read = {.table = STR("keyed")};
    pg_read_fails(&pg, &read, ERR_DATABASE,
                  "column n: a value of the type numeric is NaN "
                  "(row with id 100, code it)");
    pg_close(&pg);
}

static Value hint_of(Arena *arena, const char *column, const char *type)
{
    Value hints = value_dict(arena);
    dict_put(hints.dict, str_of(column), value_text(str_of(type)));
    return hints;
}

static void test_hints(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *type, *expected; /* expected NULL: fails with `words` */
        const char *words;
    } cases[] = {
        {"5.00::numeric(10,2)", "bigint", "5\n", ""},
        {"5.50::numeric(10,2)", "bigint", NULL, "behind the point"},
        {"18446744073709551615::numeric", "ubigint", "18446744073709551615\n", ""},
        {"-1::numeric", "ubigint", NULL, "range"},
        {"7::float8", "integer", "7\n", ""},
        {"7.5::float8", "integer", NULL, "point"},
        {"300::int4", "tinyint", NULL, "range"},
        {"-1::int4", "uinteger", NULL, "range"},
        {"12.345::numeric", "decimal(20,4)", "12.3450\n", ""},
        {"12.34567::numeric", "decimal(20,4)", NULL, "point"},
        {"'$1,234.50'::money", "decimal(20,2)", "1234.50\n", ""},
        {"'2020-01-31'::text", "date", "2020-01-31\n", ""},
        {"'2020-01-31 10:00'::timestamp", "timestamptz", "2020-01-31 10:00:00+00\n", ""},
        {"1::int4", "varchar", "1\n", ""},
        {"'{1,2}'::int4[]", "bigint[]", "[1,2]\n", ""},
        {"'{1,2}'::int4[]", "varchar", "{1,2}\n", ""},
        {"'{1}'::int4", "nosuch", NULL, "nosuch"},
    };
    pg_need();
    Pg pg;
    pg_open(&pg);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        DatabaseRead read = {
            .query = str_print(&pg.arena, "select %s as a", cases[i].expression),
            .hints = hint_of(&pg.arena, "a", cases[i].type),
        };
        if (cases[i].expected) {
            assert_string_equal(pg_read(&pg, &read).text.at, cases[i].expected);
        } else {
            Stream stream;
            PgTaken taken;
            Err err = {0};
            bool ok = database_read(pg.database, &pg.arena, &read, &stream, &err) &&
                      pg_take(&pg, &stream, true, &taken, &err);
            if (ok || (!strstr(err.text, cases[i].words) && !strstr(err.text, "invalid input")))
                fail_msg("%s as %s: %s", cases[i].expression, cases[i].type, ok ? "" : err.text);
            err_drop(&err);
        }
    }
    DatabaseRead money = {.query = STR("select '1'::money as m")};
    pg_read_fails(&pg, &money, ERR_RUNTIME, "columns: {m: {type: decimal(20,2)}}");
    pg_close(&pg);
}

/* ---- what is there ---- */

static void test_describe(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    DatabaseShape shape;
    DatabaseTables tables;
    pg_open(&pg);
    pg_run(&pg,
           "create schema shop; create table shop.orders (amount numeric(12,2) not null, line int,"
           " id int8, \"Odd name\" text, primary key (id, line));"
           "create view shop.order_view as select * from shop.orders;"
           "create table shop.empty_one (id int); analyze shop.empty_one");
    DatabaseRead read = {.schema = STR("shop"), .table = STR("orders")};
    assert_true(database_describe(pg.database, &pg.arena, &read, &shape, &pg.err));
    assert_int_equal(shape.schema.count, 4);
    assert_true(shape.schema.fields[0].is_required);
    assert_false(shape.schema.fields[3].is_required);
    assert_int_equal(shape.primary_key.list->len, 2);
    assert_true(value_is(shape.primary_key.list->at[0], "id"));
    assert_true(value_is(shape.primary_key.list->at[1], "line"));
    assert_true(value_is(shape.source_types.list->at[0], "numeric(12,2)"));
    assert_true(value_is(shape.source_types.list->at[2], "bigint"));
    assert_true(database_tables(pg.database, &pg.arena, STR("shop"), &tables, &pg.err));
    assert_int_equal(tables.len, 3);
    assert_true(str_is(tables.at[0].name, "empty_one") && str_is(tables.at[1].name, "order_view"));
    assert_true(tables.at[1].is_view && !tables.at[2].is_view);
    assert_int_equal(tables.at[0].rows_estimated, 0);
    assert_int_equal(tables.at[2].rows_estimated, -1);
    pg_close(&pg);
}

static void test_missing(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Str column = STR("amout");
    pg_open(&pg);
    DatabaseRead table = {.schema = STR("shop"), .table = STR("order")},
                 columns = {.schema = STR("shop"),
                            .table = STR("orders"),
                            .columns = &column,
                            .column_count = 1},
                 cursor = {.schema = STR("shop"),
                           .table = STR("orders"),
                           .cursor_column = STR("updated")},
                 wrong = {.query = STR("select nothing from shop.orders")},
                 script = {.query = STR("select 1; select 2")},
                 twice = {.query = STR("select 1 as a, 2 as a")};
    pg_read_fails(&pg, &table, ERR_DATABASE, "no table \"shop\".\"order\" (nearest: orders)");
    pg_read_fails(&pg, &columns, ERR_DATABASE, "no column amout (nearest: amount)");
    pg_read_fails(&pg, &cursor, ERR_DATABASE, "no column updated for the cursor");
    pg_read_fails(&pg, &wrong, ERR_DATABASE, "nothing");
    pg_read_fails(&pg, &script, ERR_RUNTIME, "one select");
    pg_read_fails(&pg, &twice, ERR_DATABASE, "two columns");
    assert_string_equal(pg_rows(&pg, "select 1"), "1"); /* the connection is as before */
    pg_close(&pg);
}

/* ---- cursors ---- */

static const char *ids(Pg *pg, Str from, Str to, bool takes_nulls)
{
    Str column = STR("id");
    DatabaseRead read = {.table = STR("events"),
                         .columns = &column,
                         .column_count = 1,
                         .cursor_column = STR("at"),
                         .from = from,
                         .to = to,
                         .takes_nulls = takes_nulls};
    PgTaken taken = pg_read(pg, &read);
    return str_replace(&pg->arena, (Str){taken.text.at, taken.text.len}, STR("\n"), STR(" ")).at;
}

static void test_cursor(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Str most;
    pg_open(&pg);
    pg_run(
        &pg,
        "create table events (id int, at timestamptz);"
        "insert into events values (1, '2020-01-01 00:00:00+00'), (2, '2020-01-02 00:00:00.5+00'),"
        "(3, '2020-01-03 00:00:00+00'), (4, null)");
    Str second = STR("2020-01-02 00:00:00.5+00"), third = STR("2020-01-03 00:00:00+00");
    assert_string_equal(ids(&pg, STR_NONE, STR_NONE, false), "1 2 3 ");
    assert_string_equal(ids(&pg, STR_NONE, STR_NONE, true), "1 2 3 4 ");
    assert_string_equal(ids(&pg, second, STR_NONE, false), "2 3 ");
    assert_string_equal(ids(&pg, second, STR_NONE, true), "2 3 4 ");
    assert_string_equal(ids(&pg, STR_NONE, third, false), "1 2 ");
    assert_string_equal(ids(&pg, second, third, false), "2 ");
    assert_string_equal(ids(&pg, third, third, true), "4 ");
    DatabaseRead read = {.table = STR("events"), .cursor_column = STR("at")};
    assert_true(database_cursor_max(pg.database, &pg.arena, &read, &most, &pg.err));
    assert_true(str_eq(most, third));
    read.to = third;
    assert_true(database_cursor_max(pg.database, &pg.arena, &read, &most, &pg.err));
    assert_true(str_eq(most, second));
    read.to = STR("2019-01-01");
    assert_true(database_cursor_max(pg.database, &pg.arena, &read, &most, &pg.err));
    assert_null(most.at);
    read.to = STR("it's no date");
    assert_false(database_cursor_max(pg.database, &pg.arena, &read, &most, &pg.err));
    assert_int_equal(pg.err.kind, ERR_DATABASE);
    pg_close(&pg);
}

/* ---- ranges ---- */

/* The number at *at; *at moves behind it and the letter after it. */
static uint64_t next_number(const char **at)
{
    uint64_t number = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++)
        number = number * 10 + (uint64_t)(**at - '0');
    (*at)++;
    return number;
}

/* Every id of 1..count comes exactly once. */
static void check_ids(Pg *pg, DatabaseRead read, uint64_t count)
{
    Str column = STR("id");
    read.columns = &column;
    read.column_count = 1;
    PgTaken taken = pg_read(pg, &read);
    assert_int_equal(taken.rows, count);
    unsigned char *seen = NEW_N(&pg->arena, unsigned char, count + 1);
    const char *at = taken.text.at;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t id = next_number(&at);
        assert_true(id >= 1 && id <= count && !seen[id]);
        seen[id] = 1;
    }
}

static void test_ranges(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    pg_run(&pg, "create table wide (id int primary key, filler text);"
                "insert into wide select g, repeat('x', g % 300) from generate_series(1, 120000) g;"
                "analyze wide; create view wide_view as select * from wide;"
                "create table parts (id int, filler text) partition by range (id);"
                "create table parts_1 partition of parts for values from (1) to (30000);"
                "create table parts_2 partition of parts for values from (30000) to (200000);"
                "insert into parts select * from wide; analyze parts;"
                "create table few (id int8 primary key); insert into few values (1), (2)");
    for (unsigned streams = 0; streams <= 4; streams++) {
        check_ids(&pg, (DatabaseRead){.table = STR("wide"), .streams = streams}, 120000);
        check_ids(&pg, (DatabaseRead){.table = STR("parts"), .streams = streams}, 120000);
        check_ids(&pg,
                  (DatabaseRead){.table = STR("wide_view"),
                                 .streams = streams,
                                 .split_column = STR("id")},
                  120000);
        check_ids(&pg,
                  (DatabaseRead){.query = STR("select id from wide"),
                                 .streams = streams,
                                 .split_column = STR("id"),
                                 .budget_bytes = 4096},
                  120000);
        check_ids(&pg, (DatabaseRead){.table = STR("few"), .streams = streams}, 2);
    }
    /* the whole span of 64 bits, and NULLs */
    pg_run(&pg, "create table span (k int8, id int); insert into span values"
                "(-9223372036854775808, 1), (9223372036854775807, 2), (0, 3), (null, 4)");
    check_ids(&pg,
              (DatabaseRead){.query = STR("select * from span"),
                             .streams = 3,
                             .split_column = STR("k")},
              4);
    DatabaseRead text = {.query = STR("select filler as id from wide"),
                         .streams = 2,
                         .split_column = STR("id")};
    pg_read_fails(&pg, &text, ERR_RUNTIME, "whole numbers");
    pg_close(&pg);
}

/* Another session changes everything once the read has begun. */
static void test_snapshot(void **state)
{
    (void)state;
    pg_need();
    Pg pg, other;
    Stream stream;
    PgTaken taken;
    pg_open(&pg);
    pg_open(&other);
    const char *sum = pg_rows(&pg, "select count(*), sum(id) from wide");
    Str only = STR("id");
    DatabaseRead read = {.table = STR("wide"),
                         .columns = &only,
                         .column_count = 1,
                         .streams = 2,
                         .budget_bytes = 65536};
    assert_true(database_read(pg.database, &pg.arena, &read, &stream, &pg.err));
    pg_run(&other, "update wide set id = id + 1000000; delete from wide where id % 2 = 0;"
                   "insert into wide select g, 'new' from generate_series(1, 50000) g");
    assert_true(pg_take(&pg, &stream, true, &taken, &pg.err));
    uint64_t total = 0;
    for (const char *at = taken.text.at; *at;)
        total += next_number(&at);
    Str ours = str_print(&pg.arena, "%llu|%llu", (unsigned long long)taken.rows,
                         (unsigned long long)total);
    assert_string_equal(ours.at, sum);
    pg_run(&pg, "truncate wide; insert into wide select g, repeat('x', g % 300)"
                " from generate_series(1, 120000) g; analyze wide");
    pg_close(&other);
    pg_close(&pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),    cmocka_unit_test(test_padding),
        cmocka_unit_test(test_geometry), cmocka_unit_test(test_refused_values),
        cmocka_unit_test(test_hints),    cmocka_unit_test(test_describe),
        cmocka_unit_test(test_missing),  cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_ranges),   cmocka_unit_test(test_snapshot),
    };
    return cmocka_run_group_tests(tests, pg_set_up, pg_tear_down);
}
