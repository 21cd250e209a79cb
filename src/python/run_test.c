/* run_test.c: models run by the machine's python3, whatever modules it has, against a database that
 * is a few lines of C: what they read, what they return, how they fail, hang and die. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>

#include "base/clock.h"
#include "base/pool.h"
#include "python/python.h"

/* What stands behind every model here: as the macros write it, but shorter. */
#define POSTFIX                                                                                    \
    "\n\nclass dbtObj:\n"                                                                          \
    "    def __init__(self, load):\n"                                                              \
    "        self.ref = load\n"                                                                    \
    "\n"                                                                                           \
    "def materialize(df, con):\n"                                                                  \
    "    con.write(df, ['create table x as select * from __weir_rows__'])\n"

/* Two columns, three rows; what was written, as JSON lines. */
typedef struct World {
    Arena arena;
    Schema schema;
    Text written, sql;
    uint32_t opened, closed;
    bool refuses_write;
} World;

static void world_drop(World *world)
{
    text_drop(&world->written);
    text_drop(&world->sql);
    arena_drop(&world->arena);
}

static void world_init(World *world)
{
    Field *fields = NEW_N(&world->arena, Field, 2);
    fields[0] = (Field){.name = STR("a"), .type = ARROW_INT64};
    fields[1] = (Field){.name = STR("t"), .type = ARROW_TEXT};
    world->schema = (Schema){fields, 2};
}

static bool describe(void *self, Arena *arena, Str sql, Schema *schema, Value *types, Err *err)
{
    World *world = self;
    if (str_find(sql, STR("three")) < 0)
        return err_set(err, ERR_DATABASE, NOWHERE, "no such table");
    *schema = world->schema;
    *types = value_list(arena);
    array_add(types->list, value_lit("BIGINT"));
    array_add(types->list, value_lit("VARCHAR"));
    return true;
}

typedef struct Rows {
    World *world;
    Builder *builder;
    bool is_over;
} Rows;

static bool rows_next(void *self, Batch *out, Err *err)
{
    Rows *rows = self;
    (void)err;
    *out = (Batch){0};
    if (rows->is_over)
        return true;
    for (int64_t i = 1; i <= 3; i++) {
        column_add_int(builder_column(rows->builder, 0), i);
        column_add_bytes(builder_column(rows->builder, 1), i == 2 ? STR("zwölf") : STR("x"));
    }
    column_set_null(builder_column(rows->builder, 1), 2);
    builder_finish(rows->builder, out);
    rows->is_over = true;
    return true;
}

static void rows_close(void *self)
{
    ((Rows *)self)->world->closed++;
}

static bool open_rows(void *self, Arena *arena, Str sql, Stream *out, Err *err)
{
    World *world = self;
    (void)sql, (void)err;
    Rows *rows = NEW(arena, Rows);
    *rows = (Rows){world, builder_make(arena, &world->schema), false};
    *out = (Stream){world->schema, rows_next, rows_close, rows};
    world->opened++;
    return true;
}

static bool write_rows(void *self, Value statements, Str name, Stream *rows, Err *err)
{
    World *world = self;
    assert_true(name.len > 0);
    value_print(statements.list->at[0], &world->sql);
    if (world->refuses_write)
        return err_set(err, ERR_DATABASE, NOWHERE, "Constraint Error: no");
    for (;;) {
        Batch batch = {0};
        TRY(rows->next(rows->self, &batch, err));
        uint64_t count = batch_rows(&batch);
        for (uint64_t row = 0; row < count; row++)
            for (uint32_t i = 0; i < rows->schema.count; i++) {
                text_add_char(&world->written, i ? ' ' : '|');
                array_print_json(&rows->schema.fields[i], batch.array.children[i], row,
                                 &world->written);
            }
        batch_drop(&batch);
        if (!count)
            return true;
    }
}

static bool run(World *world, const char *code, const volatile bool *cancel, Err *err)
{
    Value settings = value_dict(&world->arena);
    dict_put(settings.dict, STR("database"), value_lit("memory"));
    dict_put(settings.dict, STR("schema"), value_lit("main"));
    dict_put(settings.dict, STR("scratch"), value_lit("/tmp/weir-python-test"));
    int lines = 1;
    Str user = str_of(code);
    user.len -= strlen(POSTFIX);
    for (size_t i = 0; i < user.len; i++)
        lines += user.at[i] == '\n';
    PythonJob job = {.python = python_choose(&world->arena, STR_NONE), .folder = STR("/tmp"),
                     .file = STR("models/m.py"), .code = str_of(code), .first_line = 3,
                     .last_line = lines + 2, .name = STR("m"), .settings = settings,
                     .host = {world, describe, open_rows, write_rows}, .cancel = cancel};
    return python_run(&job, &world->arena, err);
}

static void check(const char *code, const char *written)
{
    AUTO(world) World world = {0};
    Err err = {0};
    world_init(&world);
    if (!run(&world, code, NULL, &err))
        fail_msg("%s", err.text);
    assert_string_equal(world.written.at ? world.written.at : "", written);
    assert_int_equal(world.opened, world.closed);
}

static void check_failure(const char *code, const char *text)
{
    AUTO(world) World world = {0};
    Err err = {0};
    world_init(&world);
    assert_false(run(&world, code, NULL, &err));
    if (!strstr(err.text, text))
        fail_msg("%s\nlacks\n%s", err.text, text);
    err_drop(&err);
    assert_int_equal(world.opened, world.closed);
    assert_int_equal(batch_bytes_alive(), 0);
}

static void test_returns(void **state)
{
    (void)state;
    check("def model(dbt, session):\n    return dbt.ref('three')" POSTFIX,
          "|1 \"x\"|2 \"zwölf\"|3 null");
    check("def model(dbt, session):\n"
          "    rows = dbt.ref('three').fetchall()\n"
          "    assert rows == [(1, 'x'), (2, 'zwölf'), (3, None)], rows\n"
          "    again = session.sql('select * from three').fetchall()\n"
          "    assert rows == again\n"
          "    return dbt.ref('three')" POSTFIX,
          "|1 \"x\"|2 \"zwölf\"|3 null");
}

/* Without duckdb these are all there is; with it DuckDB says what it cannot read. */
static void test_plain_returns(void **state)
{
    (void)state;
    check("import sys\nsys.modules['duckdb'] = None\n"
          "def model(dbt, session):\n    return dbt.ref('three')" POSTFIX,
          "|1 \"x\"|2 \"zwölf\"|3 null");
}

static void test_traceback(void **state)
{
    (void)state;
    check_failure("def model(dbt, session):\n    return helper(0)\n\n"
                  "def helper(x):\n    return 1 / x" POSTFIX,
                  "Python model failed:\n"
                  "Traceback (most recent call last):\n"
                  "  File \"models/m.py\", line 4, in model\n"
                  "    return helper(0)\n");
    check_failure("def model(dbt, session):\n    return (1" POSTFIX, "models/m.py\", line 4");
    check_failure("def model(dbt, session):\n    raise SystemExit(3)" POSTFIX, "SystemExit: 3");
}

static void test_ends(void **state)
{
    (void)state;
    check_failure("import os\ndef model(dbt, session):\n    os._exit(3)" POSTFIX,
                  "ended with code 3");
    check_failure("import os\ndef model(dbt, session):\n    os.kill(os.getpid(), 9)" POSTFIX,
                  "was ended by signal 9");
    check_failure("def model(dbt, session):\n    return dbt.ref('nowhere')" POSTFIX,
                  "Python model failed:");
}

/* The database's own refusal is the error, not Python's. */
static void test_refused_write(void **state)
{
    (void)state;
    AUTO(world) World world = {.refuses_write = true};
    Err err = {0};
    world_init(&world);
    assert_false(run(&world, "def model(dbt, session):\n    return dbt.ref('three')" POSTFIX, NULL,
                     &err));
    assert_string_equal(err.text, "Constraint Error: no");
    assert_non_null(strstr(world.sql.at, "create table x as select * from (select"));
    err_drop(&err);
}

static volatile bool cancel;

static void cancel_soon(void *context)
{
    (void)context;
    poll(NULL, 0, 300);
    __atomic_store_n(&cancel, true, __ATOMIC_RELAXED);
}

static void test_cancel(void **state)
{
    (void)state;
    AUTO(world) World world = {0};
    Err err = {0};
    Thread thread = {0};
    int64_t began_us = clock_steady_us();
    world_init(&world);
    thread_start(&thread, "canceller", cancel_soon, NULL);
    assert_false(run(&world, "import time\ndef model(dbt, session):\n    time.sleep(600)" POSTFIX,
                     &cancel, &err));
    thread_join(&thread);
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_true(clock_steady_us() - began_us < 60000000);
    err_drop(&err);
}

static void test_no_python(void **state)
{
    (void)state;
    AUTO(world) World world = {0};
    Err err = {0};
    world_init(&world);
    PythonJob job = {.python = STR("/nonexistent/python"), .settings = value_dict(&world.arena)};
    assert_false(python_run(&job, &world.arena, &err));
    assert_non_null(strstr(err.text, "cannot start \"/nonexistent/python\"\nWhich Python"));
    err_drop(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_returns),       cmocka_unit_test(test_plain_returns),
        cmocka_unit_test(test_traceback),     cmocka_unit_test(test_ends),
        cmocka_unit_test(test_refused_write), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_no_python),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
