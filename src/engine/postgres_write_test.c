/* Publishing to a real Postgres: swap, rows in place, upsert; and that failures leave nothing. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/pool.h"
#include "engine/postgres_help_test.h"

/* ---- a stream of made rows: (id, name) ---- */

typedef struct Made {
    Schema schema;
    Field fields[2];
    Builder *builder;
    int64_t from, to, batch; /* ids still to come, rows a batch */
    int64_t fail_at, die_at; /* id at which the stream fails, or the process dies; 0: never */
    const char *name;
    Database *interrupts; /* told at fail_at instead of failing */
} Made;

static bool made_next(void *self, Batch *out, Err *err)
{
    Made *made = self;
    for (int64_t i = 0; i < made->batch && made->from <= made->to; i++, made->from++) {
        if (made->from == made->die_at)
            raise(SIGKILL);
        if (made->from == made->fail_at && !made->interrupts) {
            builder_truncate(made->builder, 0);
            return err_set(err, ERR_IO, NOWHERE, "the stream broke off");
        }
        if (made->from == made->fail_at)
            database_interrupt(made->interrupts);
        column_add_int(builder_column(made->builder, 0), made->from);
        column_add_bytes(builder_column(made->builder, 1), str_of(made->name));
    }
    builder_finish(made->builder, out);
    return true;
}

static Stream made_stream(Arena *arena, Made *made)
{
    made->fields[0] = (Field){.name = STR("id"), .type = ARROW_INT64};
    made->fields[1] = (Field){.name = STR("name"), .type = ARROW_TEXT};
    made->schema = (Schema){made->fields, 2};
    made->builder = builder_make(arena, &made->schema);
    made->batch = made->batch ? made->batch : 1000;
    return (Stream){made->schema, made_next, NULL, made};
}

static Value list_of(Arena *arena, const char *one, const char *two)
{
    Value list = value_list(arena);
    array_add(list.list, value_text(str_of(one)));
    if (two)
        array_add(list.list, value_text(str_of(two)));
    return list;
}

/* Publishes ids from..to with `name` into table `t` with the key id. */
static bool publish(Pg *pg, Made made, DatabaseWrite write, Err *err)
{
    uint64_t rows = 0;
    int64_t count = made.to - made.from + 1;
    Stream stream = made_stream(&pg->arena, &made);
    write.table = write.table.len ? write.table : STR("t");
    write.primary_key = list_of(&pg->arena, "id", NULL);
    bool ok = database_write(pg->database, &pg->arena, &write, &stream, &rows, err);
    assert_true(!ok || (int64_t)rows == count);
    return ok;
}

static void must_publish(Pg *pg, Made made, DatabaseWrite write)
{
    if (!publish(pg, made, write, &pg->err))
        fail_msg("%s", pg->err.text);
}

/* Nothing of ours is left in the catalogue. */
static void check_clean(Pg *pg)
{
    assert_string_equal(pg_rows(pg, "select relname from pg_class where relname like 'weir_stage%'"
                                    " and relpersistence <> 't'"),
                        "");
    assert_string_equal(pg_rows(pg, "select count(*) from pg_locks where locktype = 'advisory'"),
                        "0");
}

static const char *content(Pg *pg, const char *table)
{
    return pg_rows(pg, str_print(&pg->arena,
                                 "select count(*), min(id), max(id), min(name), max(name)"
                                 " from %s",
                                 table)
                           .at);
}

/* ---- values ---- */

static void test_values(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Stream stream;
    uint64_t rows;
    pg_open(&pg);
    pg_run(
        &pg,
        "create table source (id int8, b bool, i2 int2, i4 int4, f4 float4, f8 float8,"
        " n numeric(12,2), big numeric(38,10), t text, c varchar(9), j jsonb, by bytea,"
        " u uuid, d date, tm time, ts timestamp, tz timestamptz, iv interval, ai int[],"
        " at text[], az timestamptz[]);"
        "insert into source values"
        " (1, true, -32768, 2147483647, 'NaN', '-Infinity', 12.30, -1234567890123456789012345678.5,"
        "  E'a\\tb\\nc\\\\d\\r\\\\N', '', '{\"a\": [1, \"x\\\\ny\"]}', '\\x00ff5c0a', "
        "gen_random_uuid(),"
        "  '0044-03-15 BC', '23:59:59.999999', '1969-12-31 23:59:59.5', '0001-01-01 00:00:00+00 "
        "BC',"
        "  '1 year 2 mons -3 days -04:05:06.7', '{1,NULL,3}',"
        "  array['a,b', 'c\"d', null, '', E'e\\\\f\\n', 'NULL'], array['2020-01-01 "
        "00:00:00+00'::timestamptz]),"
        " (2, false, 0, 0, 1e-45, 5e-324, -0.01, 0, '', null, 'null', '', null, '5874897-12-31',"
        "  '24:00', '294246-01-01', 'epoch', '0', '{}', '{}', null),"
        " (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null,"
        "  null, null, null, null, null, null)");
    DatabaseRead read = {.table = STR("source")};
    assert_true(database_read(pg.database, &pg.arena, &read, &stream, &pg.err));
    DatabaseWrite write = {.schema = STR("New schema"),
                           .table = STR("Copy \"of\" it"),
                           .primary_key = list_of(&pg.arena, "id", NULL)};
    if (!database_write(pg.database, &pg.arena, &write, &stream, &rows, &pg.err))
        fail_msg("%s", pg.err.text);
    stream_close(&stream);
    assert_int_equal(rows, 3);
    assert_string_equal(
        pg_rows(&pg, "(select source::text from source except select w::text from \"New schema\"."
                     "\"Copy \"\"of\"\" it\" w) union all (select w::text from \"New schema\"."
                     "\"Copy \"\"of\"\" it\" w except select source::text from source)"),
        "");
    check_clean(&pg);
    pg_close(&pg);
}

/* The user's own types; a value that does not fit says where it stands. */
static void test_given_types(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Err err = {0};
    pg_open(&pg);
    DatabaseWrite write = {.table = STR("typed"), .types = value_dict(&pg.arena)};
    dict_put(write.types.dict, STR("id"), value_lit("numeric(10,1)"));
    dict_put(write.types.dict, STR("name"), value_lit("varchar(3)"));
    must_publish(&pg, (Made){.from = 1, .to = 5, .name = "abc"}, write);
    assert_string_equal(pg_rows(&pg, "select format_type(atttypid, atttypmod) from pg_attribute"
                                     " where attrelid = 'typed'::regclass and attnum > 0"),
                        "numeric(10,1)\ncharacter varying(3)");
    assert_false(publish(&pg, (Made){.from = 1, .to = 5, .name = "abcd"}, write, &err));
    assert_int_equal(err.kind, ERR_DATABASE);
    assert_non_null(strstr(err.text, "line 1, column name"));
    assert_string_equal(content(&pg, "typed"), "5|1.0|5.0|abc|abc");
    err_drop(&err);
    check_clean(&pg);
    pg_close(&pg);
}

/* ---- swap ---- */

static void test_swap(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    Value index = value_dict(&pg.arena);
    dict_put(index.dict, STR("columns"), list_of(&pg.arena, "name", "id"));
    dict_put(index.dict, STR("unique"), value_bool(true));
    DatabaseWrite write = {.indexes = value_list(&pg.arena)};
    array_add(write.indexes.list, index);
    must_publish(&pg, (Made){.from = 1, .to = 2500, .name = "old"}, write);
    pg_run(&pg, "create role reader; create role boss; create role clerk; grant create on schema "
                "public to boss;"
                "grant select on t to reader; grant select, update on t to clerk with grant option;"
                "grant update (name) on t to reader; comment on table t is 'it''s ours';"
                "comment on column t.name is 'who'; alter table t set (fillfactor = 70);"
                "alter table t owner to boss");
    static const char look[] =
        "select relowner::regrole, (select array_agg(a::text order by a::text) from"
        " unnest(relacl) a), reloptions::text, obj_description(oid, 'pg_class'),"
        " col_description(oid, 2), (select attacl::text from pg_attribute where attrelid = c.oid "
        "and"
        " attname = 'name') from pg_class c where oid = 't'::regclass";
    const char *before = pg_rows(&pg, look);
    const char *oid = pg_rows(&pg, "select 't'::regclass::oid");
    for (int i = 0; i < 2; i++) {
        must_publish(&pg, (Made){.from = 5, .to = 3004, .name = "new"}, write);
        assert_string_equal(content(&pg, "t"), "3000|5|3004|new|new");
        assert_string_equal(pg_rows(&pg, look), before);
        assert_string_equal(pg_rows(&pg, "select string_agg(indexname, ' ' order by indexname)"
                                         " from pg_indexes where tablename = 't'"),
                            "t_name_id_unique_idx t_pkey");
    }
    assert_string_not_equal(pg_rows(&pg, "select 't'::regclass::oid"), oid);
    assert_string_equal(pg_rows(&pg, "select reltuples from pg_class where oid = 't'::regclass"),
                        "3000");
    check_clean(&pg);
    pg_close(&pg);
}

/* Views stay, see the new rows, and a reader in the middle of its transaction the old ones. */
static void test_views(void **state)
{
    (void)state;
    pg_need();
    Pg pg, reader;
    pg_open(&pg);
    pg_open(&reader);
    DatabaseWrite write = {.table = STR("viewed")};
    must_publish(&pg, (Made){.from = 1, .to = 10, .name = "old"}, write);
    pg_run(&pg, "create view over_it as select * from viewed");
    pg_run(&reader, "begin isolation level repeatable read");
    assert_string_equal(content(&reader, "over_it"), "10|1|10|old|old");
    must_publish(&pg, (Made){.from = 3, .to = 2000, .name = "new"}, write);
    assert_string_equal(content(&reader, "over_it"), "10|1|10|old|old");
    pg_run(&reader, "commit");
    assert_string_equal(content(&reader, "over_it"), "1998|3|2000|new|new");
    pg_run(&pg, "create view plain as select 1 as id");
    Err err = {0};
    assert_false(publish(&pg, (Made){.from = 1, .to = 1, .name = "x"},
                         (DatabaseWrite){.table = STR("plain")}, &err));
    assert_non_null(strstr(err.text, "is no table"));
    err_drop(&err);
    pg_close(&reader);
    pg_close(&pg);
}

/* Rows that others refer to stay, those that are gone go, and deletes are not handed down. */
static void test_references(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Err err = {0};
    pg_open(&pg);
    DatabaseWrite write = {.table = STR("parent")};
    must_publish(&pg, (Made){.from = 1, .to = 10, .name = "old"}, write);
    pg_run(&pg, "create table child (id int8 references parent on delete cascade);"
                "insert into child values (5)");
    must_publish(&pg, (Made){.from = 4, .to = 20, .name = "new"}, write);
    assert_string_equal(content(&pg, "parent"), "17|4|20|new|new");
    assert_string_equal(pg_rows(&pg, "select * from child"), "5");
    Made made = {.from = 4, .to = 20, .name = "new"};
    Stream stream = made_stream(&pg.arena, &made);
    uint64_t rows;
    assert_false(database_write(pg.database, &pg.arena, &write, &stream, &rows, &err));
    assert_non_null(strstr(err.text, "foreign keys"));
    err_drop(&err);
    pg_close(&pg);
}

/* ---- upsert ---- */

static void test_upsert(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Err err = {0};
    pg_open(&pg);
    DatabaseWrite write = {.table = STR("u"), .upserts = true};
    must_publish(&pg, (Made){.from = 1, .to = 3000, .name = "old"}, write);
    must_publish(&pg, (Made){.from = 2900, .to = 3100, .name = "new"}, write);
    assert_string_equal(
        pg_rows(&pg, "select name, count(*), min(id), max(id) from u group by 1 order by 1"),
        "new|201|2900|3100\nold|2899|1|2899");
    /* a table of the user's, without a key and without one of our columns, with one more of its own
     */
    pg_run(&pg,
           "create table own (id int4, kept text default 'k'); insert into own values (1, 'mine')");
    write.table = STR("own");
    must_publish(&pg, (Made){.from = 1, .to = 2, .name = "n"}, write);
    assert_string_equal(pg_rows(&pg, "select * from own order by id"), "1|mine|n\n2|k|n");
    pg_run(&pg, "create table twice (id int4); insert into twice values (1), (1)");
    write.table = STR("twice");
    assert_false(publish(&pg, (Made){.from = 1, .to = 2, .name = "n"}, write, &err));
    assert_non_null(strstr(err.text, "unique index over the primary_key"));
    assert_string_equal(pg_rows(&pg, "select * from twice"), "1\n1"); /* no new column either */
    /* the same key twice in the stream */
    DatabaseRead read = {
        .query = STR("select 1::int8 as id, g::text as name from generate_series(1, 2) g")};
    Stream stream;
    uint64_t rows;
    assert_true(database_read(pg.database, &pg.arena, &read, &stream, &pg.err));
    write.table = STR("u");
    write.primary_key = list_of(&pg.arena, "id", NULL);
    assert_false(database_write(pg.database, &pg.arena, &write, &stream, &rows, &err));
    stream_close(&stream);
    assert_non_null(strstr(err.text, "the same primary_key"));
    err_drop(&err);
    check_clean(&pg);
    pg_close(&pg);
}

/* ---- failures ---- */

static void test_failures(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    Err err = {0};
    pg_open(&pg);
    static const char *const tables[] = {"f_swap", "f_rows", "f_upsert", "f_new"};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        DatabaseWrite write = {.table = str_of(tables[i])};
        if (i < 3)
            must_publish(&pg, (Made){.from = 1, .to = 100, .name = "old"}, write);
        if (i == 1)
            pg_run(&pg, "create view f_view as select * from f_rows");
        write.upserts = i == 2;
        assert_false(publish(&pg, (Made){.from = 1, .to = 90000, .name = "new", .fail_at = 80000},
                             write, &err));
        assert_int_equal(err.kind, ERR_IO);
        assert_non_null(strstr(err.text, "the stream broke off"));
        assert_false(publish(&pg,
                             (Made){.from = 1,
                                    .to = 90000,
                                    .name = "new",
                                    .fail_at = 5000,
                                    .interrupts = pg.database},
                             write, &err));
        assert_int_equal(err.kind, ERR_CANCELLED);
        assert_string_equal(i < 3 ? content(&pg, tables[i]) : "100|1|100|old|old",
                            "100|1|100|old|old");
        check_clean(&pg);
    }
    assert_string_equal(pg_rows(&pg, "select to_regclass('f_new') is null"), "t");
    Value absent = list_of(&pg.arena, "nmae", NULL), index = value_dict(&pg.arena);
    dict_put(index.dict, STR("columns"), absent);
    DatabaseWrite write = {.table = STR("f_new"), .indexes = value_list(&pg.arena)};
    array_add(write.indexes.list, index);
    assert_false(publish(&pg, (Made){.from = 1, .to = 2, .name = "n"}, write, &err));
    assert_non_null(strstr(err.text, "nmae is no column of what is published (nearest: name)"));
    err_drop(&err);
    pg_close(&pg);
}

/* A process that dies in the middle leaves the old rows and nothing else. */
static void test_kill(void **state)
{
    (void)state;
    pg_need();
    Pg pg;
    pg_open(&pg);
    DatabaseWrite write = {.table = STR("killed")};
    must_publish(&pg, (Made){.from = 1, .to = 100, .name = "old"}, write);
    pid_t child = fork();
    if (child == 0) {
        Pg own;
        pg_open(&own);
        Err err = {0};
        publish(&own, (Made){.from = 1, .to = 90000, .name = "new", .die_at = 70000}, write, &err);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    for (int i = 0; i < 50 && strcmp(pg_rows(&pg, "select count(*) from pg_locks where locktype ="
                                                  " 'advisory'"),
                                     "0") != 0;
         i++)
        usleep(100000);
    assert_string_equal(content(&pg, "killed"), "100|1|100|old|old");
    check_clean(&pg);
    must_publish(&pg, (Made){.from = 1, .to = 50, .name = "new"}, write);
    pg_close(&pg);
}

/* Somebody else holds the table: wait, then say so. */
static void test_lock(void **state)
{
    (void)state;
    pg_need();
    Pg other, pg = {0};
    Err err = {0};
    pg_open(&other);
    Value config = pg_config(&pg.arena, "etl", NULL);
    dict_put(config.dict, STR("lock_timeout"), value_lit("300ms"));
    assert_true(database_open(STR("postgres"), &pg.arena, config, &pg.database, &pg.err));
    must_publish(&pg, (Made){.from = 1, .to = 10, .name = "old"},
                 (DatabaseWrite){.table = STR("held")});
    pg_run(&other, "begin; lock table held in access share mode");
    assert_false(publish(&pg, (Made){.from = 1, .to = 10, .name = "new"},
                         (DatabaseWrite){.table = STR("held")}, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    pg_run(&other, "commit");
    must_publish(&pg, (Made){.from = 1, .to = 10, .name = "new"},
                 (DatabaseWrite){.table = STR("held")});
    assert_string_equal(content(&other, "held"), "10|1|10|new|new");
    err_drop(&err);
    pg_close(&other);
    pg_close(&pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),     cmocka_unit_test(test_given_types),
        cmocka_unit_test(test_swap),       cmocka_unit_test(test_views),
        cmocka_unit_test(test_references), cmocka_unit_test(test_upsert),
        cmocka_unit_test(test_failures),   cmocka_unit_test(test_kill),
        cmocka_unit_test(test_lock),
    };
    return cmocka_run_group_tests(tests, pg_set_up, pg_tear_down);
}
