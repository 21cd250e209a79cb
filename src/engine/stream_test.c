/* Streams into statements and out of queries. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/pool.h"
#include "engine/engine_help_test.h"

/* Batches made by add(), one row after the other; fails before the batch fail_at. */
typedef struct Source {
    Schema schema;
    Builder *builder;
    void (*add)(Builder *builder, uint64_t row);
    uint64_t rows, batch_rows, row, fail_at, batch;
    uint64_t alive_most;         /* bytes of all batches at once */
} Source;

static bool source_next(void *self, Batch *out, Err *err)
{
    Source *source = self;
    if (++source->batch == source->fail_at)
        return err_set(err, ERR_UNAVAILABLE, NOWHERE, "the server went away");
    for (uint64_t i = 0; i < source->batch_rows && source->row < source->rows; i++)
        source->add(source->builder, source->row++);
    builder_finish(source->builder, out);
    if (batch_bytes_alive() > source->alive_most)
        source->alive_most = batch_bytes_alive();
    return true;
}

static Stream source_open(Source *source, Arena *arena, const char *const (*columns)[2],
                          uint32_t count)
{
    AUTO(err) Err err = {0};
    source->schema = (Schema){NEW_N(arena, Field, count), count};
    for (uint32_t i = 0; i < count; i++) {
        source->schema.fields[i].name = str_of(columns[i][0]);
        if (!field_parse_type(arena, str_of(columns[i][1]), &source->schema.fields[i], &err))
            fail_msg("%s", err.text);
    }
    source->builder = builder_make(arena, &source->schema);
    return (Stream){source->schema, source_next, NULL, source};
}

static bool run_over(Help *help, const char *sql, const char *name, Stream *stream, Result *out)
{
    NamedStream named = {str_of(name), stream};
    err_drop(&help->err);
    return session_query_over(help->session, &help->arena, str_of(sql), &named, 1, 1000, out,
                              &help->err);
}

/* All cells of a stream as JSON. */
static void print_stream(Stream *stream, Text *out)
{
    AUTO(err) Err err = {0};
    for (;;) {
        Batch batch;
        if (!stream->next(stream->self, &batch, &err))
            fail_msg("%s", err.text);
        uint64_t rows = batch_rows(&batch);
        for (uint64_t row = 0; row < rows; row++)
            for (uint32_t i = 0; i < stream->schema.count; i++) {
                array_print_json(&stream->schema.fields[i], batch.array.children[i], row, out);
                text_add_char(out, i + 1 < stream->schema.count ? '|' : '\n');
            }
        batch_drop(&batch);
        if (!rows)
            return;
    }
}

/* ---- every type ---- */

static const char *const all_types[][2] = {
    {"a bool", "bool"},      {"i1", "tinyint"},         {"i2", "smallint"},
    {"i4", "int"},           {"i8", "bigint"},          {"u1", "utinyint"},
    {"u2", "usmallint"},     {"u4", "uinteger"},        {"u8", "ubigint"},
    {"f4", "float"},         {"f8", "double"},          {"d4", "decimal(4,1)"},
    {"d9", "decimal(9,9)"},  {"d18", "decimal(18,0)"},  {"d38", "decimal(38,10)"},
    {"text", "varchar"},     {"js", "json"},            {"bytes", "blob"},
    {"id", "uuid"},          {"day", "date"},           {"clock", "time"},
    {"at", "timestamp"},     {"at_utc", "timestamptz"}, {"span", "interval"},
    {"nothing", "\"NULL\""}, {"numbers", "int[]"},      {"flags", "bool[][]"},
    {"record", "struct(a int, \"b c\" varchar)"},
    {"items", "struct(name varchar, price decimal(9,2), tags varchar[])[]"},
};

static const char *const texts[] = {
    "", "x", "twelve bytes", "thirteen byte", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\xb2",
    "a text that is longer than what a vector keeps inside",
    "\xed\x95\x9c\xea\xb8\x80 and more of it, so that it lies outside",
};

static Str text_of(uint64_t n)
{
    if (n % 8 == 7)
        return STR("nul\0byte, and some more text behind");
    return str_of(texts[n % 8]);
}

static __int128 power_of_ten(unsigned n)
{
    __int128 power = 1;
    while (n--)
        power *= 10;
    return power;
}

/* The n-th value of a type: its ends first. */
static void add_value(ColumnBuilder *column, const Field *field, uint64_t n);

static void add_int(ColumnBuilder *column, uint64_t n)
{
    int64_t most = column->span == UINT64_MAX ? INT64_MAX
                                              : (int64_t)(column->span + (uint64_t)column->least);
    if (column->type == ARROW_UINT64 && n % 3 == 0)
        column_add_uint(column, UINT64_MAX);
    else if (column->type == ARROW_DATE) /* what DuckDB has: 5877642 BC to 5881580 */
        column_add_int(column, n % 3 == 0 ? 2147483646 : n % 3 == 1 ? -2147483646 : (int64_t)n - 9);
    else if (column->type == ARROW_TIMESTAMP || column->type == ARROW_TIMESTAMP_TZ)
        column_add_int(column, n % 3 == 0   ? 9223372036854775806
                               : n % 3 == 1 ? -9223372022400000000
                                            : (int64_t)n * -999983);
    else
        column_add_int(column, n % 3 == 0 ? most : n % 3 == 1 ? column->least : most / 2);
}

static void add_nested(ColumnBuilder *column, const Field *field, uint64_t n)
{
    if (field->type == ARROW_LIST) {
        for (uint64_t i = 0; i < n % 4; i++)
            add_value(column_child(column, 0), &field->children[0], n + i);
        column_end_list(column);
        return;
    }
    for (uint32_t i = 0; i < field->child_count; i++)
        add_value(column_child(column, i), &field->children[i], n + i);
    column_end_struct(column);
}

static void add_value(ColumnBuilder *column, const Field *field, uint64_t n)
{
    static const double reals[] = {0.1, -DBL_MAX, DBL_TRUE_MIN, INFINITY, -INFINITY, -0.0};
    static const float narrow[] = {0.1f, -FLT_MAX, FLT_TRUE_MIN, INFINITY, -INFINITY, -0.0f};
    uint64_t id[2] = {n * 0x9e3779b97f4a7c15, ~n};
    __int128 most = power_of_ten(field->precision) - 1;
    if (n % 5 == 4 || field->type == ARROW_NULL) {
        column_add_null(column);
        return;
    }
    switch (field->type) {
    case ARROW_BOOL:
        column_add_bool(column, n % 2);
        break;
    case ARROW_FLOAT:
        column_add_double(column, (double)narrow[n % 6]);
        break;
    case ARROW_DOUBLE:
        column_add_double(column, reals[n % 6]);
        break;
    case ARROW_DECIMAL:
        column_add_decimal(column, n % 3 == 0 ? most : n % 3 == 1 ? -most : -(__int128)n % 1000);
        break;
    case ARROW_JSON:
        column_add_bytes(column, n % 2 ? STR("{\"a\": [1, null, \"x y\"]}") : STR("7"));
        break;
    case ARROW_TEXT:
        column_add_bytes(column, text_of(n));
        break;
    case ARROW_BINARY:
        column_add_bytes(column, n % 2 ? STR("\xff\x00\xfe") : text_of(n));
        break;
    case ARROW_UUID:
        column_add_bytes(column, (Str){(const char *)id, 16});
        break;
    case ARROW_INTERVAL:
        column_add_interval(column, (int32_t)n - 20, n % 2 ? INT32_MAX : INT32_MIN,
                            n % 2 ? 9223372036854775000 : -1000);
        break;
    case ARROW_LIST:
    case ARROW_STRUCT:
        add_nested(column, field, n);
        break;
    default:
        add_int(column, n);
    }
}

static Source *adding;

static void add_all(Builder *builder, uint64_t row)
{
    for (uint32_t i = 0; i < COUNT_OF(all_types); i++)
        add_value(builder_column(builder, i), &adding->schema.fields[i], row + i);
}

/* Into a table and out again: every cell the same, in the order of the rows. */
static void test_round_trip(void **state)
{
    (void)state;
    Help help;
    AUTO(text) Text in = {0};
    AUTO(text) Text out = {0};
    help_open(&help, "types.duckdb");
    Source source = {.add = add_all, .rows = 7001, .batch_rows = 3000}, same = source;
    adding = &source;
    Stream stream = source_open(&source, &help.arena, all_types, COUNT_OF(all_types)), back;
    Stream plain = source_open(&same, &help.arena, all_types, COUNT_OF(all_types));
    if (!run_over(&help, "create table t as from incoming", "incoming", &stream, NULL))
        fail_msg("%s", help.err.text);
    Schema schema;
    assert_true(session_schema(help.session, &help.arena, STR("from t"), &schema, &help.err));
    if (!session_stream(help.session, &help.arena, STR("from t"), &back, &help.err))
        fail_msg("%s", help.err.text);
    for (uint32_t i = 0; i < COUNT_OF(all_types); i++) {
        if (all_types[i][1][0] == '"')
            continue; /* a table has no columns of that type: DuckDB makes another of it */
        if (!field_same_type(&schema.fields[i], &source.schema.fields[i]) ||
            !field_same_type(&back.schema.fields[i], &source.schema.fields[i]))
            fail_msg("%s became another type", all_types[i][0]);
        assert_string_equal(schema.fields[i].name.at, all_types[i][0]);
    }
    print_stream(&plain, &in);
    print_stream(&back, &out);
    stream_close(&back);
    assert_int_equal(in.len, out.len);
    assert_string_equal(in.at, out.at);
    assert_int_equal(batch_bytes_alive(), 0);
    help_close(&help);
}

/* The values as DuckDB itself prints them. */
static void test_values(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    Source source = {.add = add_all, .rows = 3, .batch_rows = 2};
    adding = &source;
    Stream stream = source_open(&source, &help.arena, all_types, COUNT_OF(all_types));
    assert_true(run_over(&help, "create table t as from incoming", "INCOMING", &stream, NULL));
    assert_string_equal(
        help_rows(&help, help.session, "select i1, i2, i4, u2, d4, d9, d18, d38 from t limit 2"),
        "-128|16383|2147483647|65535|-1.1|0.999999999|-999999999999999999|NULL\n"
        "63|32767|NULL|0|999.9|-0.999999999|NULL|9999999999999999999999999999.9999999999");
    assert_string_equal(
        help_rows(&help, help.session,
                  "select strlen(text), hex(bytes), id, day, clock, \"at\", span from t"),
        "35|FF00FE|7ab93cf3-0a8f-e61f-edff-ffffffffffff|NULL|12:00:00|"
        "294247-01-10 04:00:54.775806|3 months 2147483647 days 2562047:47:16.854775\n"
        "0|7477656C7665206279746573|NULL|1970-01-12|24:00:00|290309-12-22 (BC) 00:00:00|NULL\n"
        "1|NULL|a4b1d1f1-7d82-555c-ebff-ffffffffffff|5881580-07-10|00:00:00|"
        "1969-12-31 23:59:37.000391|5 months 2147483647 days 2562047:47:16.854775");
    assert_string_equal(help_rows(&help, help.session,
                                  "select typeof(js), js->>'$.a[2]', typeof(items) from t "
                                  "where js is not null limit 1"),
                        "JSON|NULL|STRUCT(\"name\" VARCHAR, price DECIMAL(9,2), tags VARCHAR[])[]");
    help_close(&help);
}

/* ---- statements ---- */

static const char *const pair[][2] = {{"n", "bigint"}, {"words", "varchar"}};

static void add_pair(Builder *builder, uint64_t row)
{
    column_add_int(builder_column(builder, 0), (int64_t)row);
    column_add_bytes(builder_column(builder, 1), text_of(row));
}

/* Only some columns, in another order, none at all; filters, joins, sorts over what is not
 * copied. */
static void test_projection(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *rows;
    } cases[] = {
        {"select count(*) from incoming", "200000"},
        {"select sum(strlen(words)), count(distinct words) from incoming", "4225000|8"},
        {"select max(n), min(n) from incoming where n % 1000 = 7", "199007|7"},
        {"select strlen(words), n from incoming order by n desc limit 2", "35|199999\n46|199998"},
        {"select a.n from incoming a join (select 5 as n union all select 77777) b using (n) "
         "order by 1",
         "5\n77777"},
        {"select strlen(min(words)), max(words), strlen(arg_max(words, n)) from incoming",
         "0|\xed\x95\x9c\xea\xb8\x80 and more of it, so that it lies outside|35"},
        {"with a as materialized (from incoming) select count(*) from a x join a y using (n)",
         "200000"},
        {"select string_agg(words, ',' order by n) from (from incoming where n < 5)",
         ",x,twelve bytes,thirteen byte,\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\xb2"},
        {"select count(*), sum(n) from (select n, row_number() over (partition by words order by "
         "n) r from incoming) where r > 24999", "8|1599964"},
    };
    Help help;
    help_open(&help, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Source source = {.add = add_pair, .rows = 200000, .batch_rows = 10000};
        Stream stream = source_open(&source, &help.arena, pair, 2);
        Result result;
        if (!run_over(&help, cases[i].sql, "incoming", &stream, &result))
            fail_msg("%s: %s", cases[i].sql, help.err.text);
        AUTO(text) Text out = {0};
        for (uint64_t k = 0; k < result.row_count * result.column_count; k++) {
            text_add_c(&out, k == 0 ? "" : k % result.column_count ? "|" : "\n");
            value_print(result.cells[k], &out);
        }
        if (strcmp(out.at, cases[i].rows) != 0)
            fail_msg("%s: %s", cases[i].sql, out.at);
    }
    assert_int_equal(batch_bytes_alive(), 0);
    help_close(&help);
}

/* Operators that keep rows: what they give from a stream and from a table is the same, on several
 * threads, although batches are freed as soon as they are read. */
static void test_keepers(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "select * from %s order by words desc, n limit 50000",
        "select words, n, lag(words, 3) over (order by n) from %s order by n",
        "select list(words order by n), n % 1000 as k from %s group by k order by k",
        "select first(words order by n desc), string_agg(distinct words, ',' order by words), "
        "n % 777 as k from %s group by k order by k",
        "select distinct on (words) words, n from %s order by words, n",
        "select a.words, b.k from %s a join range(0, 100000, 10) b(k) on a.n = b.k order by 2",
        "select a.words, b.k from %s a left join range(50) b(k) on a.n < b.k and a.n > 40 "
        "where a.n < 60 order by a.n, b.k",
        "select min(words || n), max(words || n), count(distinct words) from %s",
        "select unnest([words, words || 'x']) as w, n from %s order by n, w limit 300 offset 90000",
        "select words from %s where n % 5000 = 3 union all select 'end' order by 1",
    };
    Help help;
    help_open(&help, NULL);
    help_run(&help, help.session, "set threads = 3; set preserve_insertion_order = false");
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        Str query = str_replace(&help.arena, str_of(queries[i]), STR("%s"), STR("SOURCE"));
        Source source = {.add = add_pair, .rows = 100000, .batch_rows = 2500}, again = source;
        Stream stream = source_open(&source, &help.arena, pair, 2);
        Stream table = source_open(&again, &help.arena, pair, 2);
        query = str_print(&help.arena, "create or replace table RESULT as " STR_FMT,
                          STR_ARG(query));
        Str over = str_replace(&help.arena, query, STR("SOURCE"), STR("incoming"));
        Str plain = str_replace(&help.arena, query, STR("SOURCE"), STR("stored"));
        over = str_replace(&help.arena, over, STR("RESULT"), STR("a"));
        plain = str_replace(&help.arena, plain, STR("RESULT"), STR("b"));
        assert_true(run_over(&help, "create or replace table stored as from incoming", "incoming",
                             &table, NULL));
        if (!run_over(&help, over.at, "incoming", &stream, NULL))
            fail_msg("%s: %s", over.at, help.err.text);
        help_run(&help, help.session, plain.at);
        const char *same = help_rows(&help, help.session,
                                     "select (select count(*) from (from a except all from b)), "
                                     "(select count(*) from (from b except all from a)), "
                                     "(select count(*) > 0 from a)");
        if (strcmp(same, "0|0|True") != 0)
            fail_msg("%s: %s", queries[i], same);
    }
    assert_int_equal(batch_bytes_alive(), 0);
    help_close(&help);
}

/* A stream without an end, of which a few rows are wanted; another default database; a merge. */
static void test_ways(void **state)
{
    (void)state;
    Help help;
    Result result;
    help_open(&help, "ways.duckdb");
    Source endless = {.add = add_pair, .rows = UINT64_MAX, .batch_rows = 100}, same = endless;
    Stream stream = source_open(&endless, &help.arena, pair, 2);
    assert_true(run_over(&help, "select n from incoming limit 3", "incoming", &stream, &result));
    assert_int_equal(result.row_count, 3);
    stream = source_open(&same, &help.arena, pair, 2);
    assert_true(run_over(&help, "from incoming", "incoming", &stream, &result));
    assert_int_equal(result.row_count, 1000);
    assert_true(result.is_cut);
    assert_int_equal(batch_bytes_alive(), 0);

    help_run(&help, help.session,
             "create table t as select range as n, 'old' as words from range(10)");
    Source source = {.add = add_pair, .rows = 12, .batch_rows = 5}, other = source;
    stream = source_open(&source, &help.arena, pair, 2);
    if (!run_over(&help,
                  "merge into t using (from incoming where n > 7) s on t.n = s.n "
                  "when matched then update set words = s.words when not matched then insert",
                  "incoming", &stream, &result))
        fail_msg("%s", help.err.text);
    assert_string_equal(help_rows(&help, help.session, "from t where n > 6 order by n"),
                        "7|old\n8|\n9|x\n10|twelve bytes\n11|thirteen byte");

    help_run(&help, help.session, "attach ':memory:' as aside; use aside");
    stream = source_open(&other, &help.arena, pair, 2);
    assert_true(run_over(&help, "create table ways.main.u as from incoming; select 1", "incoming",
                         &stream, NULL));
    assert_string_equal(help_rows(&help, help.session, "select count(*) from ways.u"), "12");
    help_close(&help);
}

/* Two streams in one statement, in a transaction that is rolled back; qualified names of
 * columns. */
static void test_two_streams(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    Source a = {.add = add_pair, .rows = 5000, .batch_rows = 999}, b = a;
    b.rows = 100;
    Stream streams[] = {source_open(&a, &help.arena, pair, 2),
                        source_open(&b, &help.arena, pair, 2)};
    NamedStream named[] = {{STR("left side"), &streams[0]}, {STR("right_side"), &streams[1]}};
    help_run(&help, help.session, "begin; create table t (n bigint, words varchar)");
    Result result;
    assert_true(session_query_over(
        help.session, &help.arena,
        STR("insert into t select l.n, r.words from \"left side\" l join right_side r using (n)"),
        named, 2, 10, &result, &help.err));
    assert_string_equal(help_rows(&help, help.session, "select count(*), max(n) from t"), "100|99");
    help_run(&help, help.session, "rollback");
    assert_string_equal(help_rows(&help, help.session, "select count(*) from duckdb_tables()"),
                        "0");
    help_close(&help);
}

static void test_failures(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *name;
        uint64_t fail_at;
        ErrKind kind;
        const char *text;
    } cases[] = {
        {"create table x as from incoming", "incoming", 1, ERR_UNAVAILABLE, "the server went away"},
        {"create table x as from incoming", "incoming", 30, ERR_UNAVAILABLE,
         "the server went away"},
        {"insert into t select n from incoming", "incoming", 30, ERR_UNAVAILABLE,
         "the server went away"},
        {"create table x as select n::tinyint from incoming", "incoming", 0, ERR_DATABASE, "n"},
        {"select a.n from incoming a, incoming b", "incoming", 0, ERR_DATABASE,
         "the stream 'incoming' can be read once only"},
        {"select * from t", "t", 0, ERR_DATABASE, "the stream needs another name"},
        {"select * from outgoing", "incoming", 0, ERR_DATABASE, "outgoing"},
        {"select * from weir_stream(5::ubigint)", "incoming", 0, ERR_DATABASE,
         "running statement only"},
        {"selec", "incoming", 0, ERR_DATABASE, "syntax"},
    };
    Help help;
    help_open(&help, "fail.duckdb");
    help_run(&help, help.session, "create table t as select 1::bigint as n");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Source source = {.add = add_pair, .rows = 100000, .batch_rows = 3000,
                         .fail_at = cases[i].fail_at};
        Stream stream = source_open(&source, &help.arena, pair, 2);
        assert_false(run_over(&help, cases[i].sql, cases[i].name, &stream, NULL));
        if (help.err.kind != cases[i].kind || !strstr(help.err.text, cases[i].text))
            fail_msg("%s: kind %d: %s", cases[i].sql, help.err.kind, help.err.text);
        assert_string_equal(help_rows(&help, help.session, "select count(*) from t"), "1");
        assert_int_equal(batch_bytes_alive(), 0);
    }
    /* the session goes on; the stream's name is gone */
    assert_non_null(strstr(help_rows(&help, help.session, "select * from incoming"), "incoming"));
    err_drop(&help.err);
    help_close(&help);
}

static void add_bad(Builder *builder, uint64_t row)
{
    column_add_int(builder_column(builder, 0), (int64_t)row);
    column_add_bytes(builder_column(builder, 1), row == 5 ? STR("a\xff") : STR("fine"));
}

static void add_fine_interval(Builder *builder, uint64_t row)
{
    column_add_interval(builder_column(builder, 0), 0, 0, (int64_t)row);
}

static void test_bad_values(void **state)
{
    (void)state;
    static const char *const span[][2] = {{"span", "interval"}};
    Help help;
    help_open(&help, NULL);
    Source source = {.add = add_bad, .rows = 10, .batch_rows = 10};
    Stream stream = source_open(&source, &help.arena, pair, 2);
    assert_false(run_over(&help, "create table x as from incoming", "incoming", &stream, NULL));
    assert_string_equal(help.err.text, "column 'words': a text is not valid UTF-8");
    Source fine = {.add = add_fine_interval, .rows = 10, .batch_rows = 10};
    stream = source_open(&fine, &help.arena, span, 1);
    assert_false(run_over(&help, "create table x as from incoming", "incoming", &stream, NULL));
    assert_string_equal(help.err.text, "column 'span': an interval is finer than a microsecond");
    err_drop(&help.err);
    help_close(&help);
}

/* ---- interrupts ---- */

typedef struct Interrupter {
    Session *session;
    atomic_bool is_done;
} Interrupter;

static void interrupt_until_done(void *context)
{
    Interrupter *interrupter = context;
    Lock lock = LOCK_INIT(10, "test");
    Signal signal;
    signal_init(&signal);
    while (!atomic_load(&interrupter->is_done)) {
        lock_take(&lock);
        signal_wait(&signal, &lock, 20);
        lock_give(&lock);
        session_interrupt(interrupter->session);
    }
    signal_drop(&signal);
}

static void test_interrupt(void **state)
{
    (void)state;
    Help help;
    help_open(&help, NULL);
    Interrupter interrupter = {.session = help.session};
    Thread thread;
    thread_start(&thread, "interrupter", interrupt_until_done, &interrupter);
    Source endless = {.add = add_pair, .rows = UINT64_MAX, .batch_rows = 100};
    Stream stream = source_open(&endless, &help.arena, pair, 2), out;
    assert_false(run_over(&help, "select count(*) from incoming", "incoming", &stream, NULL));
    assert_int_equal(help.err.kind, ERR_CANCELLED);
    err_drop(&help.err);
    if (session_stream(help.session, &help.arena, STR("from range(100000000000)"), &out,
                       &help.err)) {
        Batch batch;
        while (out.next(out.self, &batch, &help.err))
            batch_drop(&batch);
        stream_close(&out);
    }
    assert_int_equal(help.err.kind, ERR_CANCELLED);
    atomic_store(&interrupter.is_done, true);
    thread_join(&thread);
    err_drop(&help.err);
    assert_string_equal(help_rows(&help, help.session, "select 42"), "42");
    assert_int_equal(batch_bytes_alive(), 0);
    help_close(&help);
}

/* ---- bounds ---- */

/* A million rows on several threads: what is alive at once is a few batches. */
static void test_bounded(void **state)
{
    (void)state;
    Help help;
    help_open(&help, "bounded.duckdb");
    help_run(&help, help.session, "set threads = 3; set preserve_insertion_order = false");
    Source source = {.add = add_pair, .rows = 1000000, .batch_rows = 4096};
    Stream stream = source_open(&source, &help.arena, pair, 2), out;
    assert_true(run_over(&help, "create table t as from incoming", "incoming", &stream, NULL));
    assert_string_equal(help_rows(&help, help.session,
                                  "select count(*), sum(n), sum(strlen(words)) from t"),
                        "1000000|499999500000|21125000");
    /* 4096 rows of 12 bytes and 21.1 of text; 3 threads hold one batch each, and one is new */
    assert_in_range(source.alive_most, 1, 5 * 4096 * 40);
    assert_true(session_stream(help.session, &help.arena, STR("from t"), &out, &help.err));
    uint64_t rows = 0, most = 0;
    for (;;) {
        Batch batch;
        assert_true(out.next(out.self, &batch, &help.err));
        uint64_t count = batch_rows(&batch);
        rows += count;
        most = batch_bytes_alive() > most ? batch_bytes_alive() : most;
        batch_drop(&batch);
        if (!count)
            break;
    }
    stream_close(&out);
    assert_int_equal(rows, 1000000);
    assert_in_range(most, 1, 2 * BATCH_BYTES + (1 << 20));
    help_close(&help);
}

/* ---- queries ---- */

static void test_kinless(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *types, *rows;
    } cases[] = {
        {"select 1::hugeint as h, 'x'::enum('x', 'y') as \"e \"\"e\", '101'::bit as b",
         "h VARCHAR, e \"e VARCHAR, b VARCHAR", "\"1\"|\"x\"|\"101\"\n"},
        {"select map {'a': 1} as m, [1, 2]::int[2] as a, ['x'::enum('x')] as l; ",
         "m VARCHAR, a INTEGER[], l VARCHAR[]", "\"{a=1}\"|[1,2]|[\"x\"]\n"},
        {"select timestamp_s '2020-01-01 00:00:01' as s, "
         "timestamp_ns '2020-01-01 00:00:00.123456789' as n, 'infinity'::timestamp as i "
         "-- a comment",
         "s TIMESTAMP, n VARCHAR, i TIMESTAMP",
         "\"2020-01-01T00:00:01\"|\"2020-01-01 00:00:00.123456789\"|\"infinity\"\n"},
        {"select {'a': 1::uhugeint, 'b': [{'c': time '10:00:00'}]} as s, row(1, 'x') as r, "
         "null as z",
         "s STRUCT(a VARCHAR, b STRUCT(c TIME)[]), r VARCHAR, z INTEGER",
         "{\"a\":\"1\",\"b\":[{\"c\":\"10:00:00\"}]}|\"(1, x)\"|null\n"},
        {"select 1 as x, 2::hugeint as x order by all", "x INTEGER, x VARCHAR", "1|\"2\"\n"},
        {"from (values (2::hugeint), (1), (3)) t(n) order by n desc", "n VARCHAR",
         "\"3\"\n\"2\"\n\"1\"\n"},
        {"with a as (select timetz '10:00:00+02' as t) from a", "t VARCHAR", "\"10:00:00+02\"\n"},
        {"select 1 where false", "1 INTEGER", ""},
    };
    Help help;
    help_open(&help, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(text) Text types = {0};
        AUTO(text) Text rows = {0};
        Stream stream;
        if (!session_stream(help.session, &help.arena, str_of(cases[i].sql), &stream, &help.err))
            fail_msg("%s: %s", cases[i].sql, help.err.text);
        for (uint32_t k = 0; k < stream.schema.count; k++) {
            text_print(&types, "%s" STR_FMT " ", k ? ", " : "",
                       STR_ARG(stream.schema.fields[k].name));
            field_print_type(&stream.schema.fields[k], &types);
        }
        text_add_c(&rows, "");
        print_stream(&stream, &rows);
        stream_close(&stream);
        assert_string_equal(types.at, cases[i].types);
        assert_string_equal(rows.at ? rows.at : "", cases[i].rows);
    }
    help_close(&help);
}

static void test_stream_failures(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *text;
    } cases[] = {
        {"select * from nowhere", "nowhere"},
        {"selec", "syntax"},
        {"", "no statement"},
        {"select 1; select 2", "one query"},
        {"select cast('x' || range as int) from range(100000)", "x0"},
        {"select interval '1 day' + to_hours(99999999) * 20 as far from range(3)", "far"},
    };
    Help help;
    help_open(&help, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Stream stream;
        AUTO(err) Err err = {0};
        bool ok = session_stream(help.session, &help.arena, str_of(cases[i].sql), &stream, &err);
        if (ok) {
            Batch batch;
            while ((ok = stream.next(stream.self, &batch, &err)) && batch_rows(&batch))
                batch_drop(&batch);
            stream_close(&stream);
        }
        if (ok)
            fail_msg("%s did not fail", cases[i].sql);
        assert_int_equal(err.kind, ERR_DATABASE);
        if (!strstr(err.text, cases[i].text))
            fail_msg("%s: %s", cases[i].sql, err.text);
    }
    /* half-read streams leave nothing behind */
    Stream stream;
    Batch batch;
    assert_true(session_stream(help.session, &help.arena, STR("from range(10000000)"), &stream,
                               &help.err));
    assert_true(stream.next(stream.self, &batch, &help.err));
    batch_drop(&batch);
    stream_close(&stream);
    assert_string_equal(help_rows(&help, help.session, "select 42"), "42");
    assert_int_equal(batch_bytes_alive(), 0);
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_values),
        cmocka_unit_test(test_projection), cmocka_unit_test(test_two_streams),
        cmocka_unit_test(test_keepers),    cmocka_unit_test(test_ways),
        cmocka_unit_test(test_failures),   cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_interrupt),  cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_kinless),    cmocka_unit_test(test_stream_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
