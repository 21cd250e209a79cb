/* convert_test.c: plain SQL as models, over a graph made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "workbench/workbench.h"

typedef struct Fixture {
    Arena arena;
    Project project;
    Graph graph;
} Fixture;

static void add(Fixture *fixture, NodeKind kind, const char *schema, const char *source,
                const char *name)
{
    Node *node = NEW(&fixture->arena, Node);
    *node = (Node){.kind = kind, .name = str_of(name), .alias = str_of(name), .database = STR("db"),
                   .schema = str_of(schema), .source_name = str_of(source), .is_enabled = true,
                   .version = NONE, .index = fixture->graph.count++};
    list_add(&fixture->arena, &fixture->project.nodes, node);
}

static int set_up(void **state)
{
    Fixture *fixture = memory_take(sizeof *fixture);
    *fixture = (Fixture){0};
    fixture->graph.project = &fixture->project;
    add(fixture, NODE_MODEL, "main", "", "orders");
    add(fixture, NODE_MODEL, "main", "", "customers");
    add(fixture, NODE_SEED, "main", "", "states");
    add(fixture, NODE_SOURCE, "raw_data", "raw", "events");
    add(fixture, NODE_SOURCE, "other", "other", "customers");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    arena_drop(&fixture->arena);
    memory_give(fixture);
    return 0;
}

static const struct {
    const char *sql, *want;
} cases[] = {
    {"select * from orders;", "select * from {{ ref('orders') }}\n"},
    {"select * from DB.Main.\"orders\" o\njoin states s on o.id = s.id",
     "select * from {{ ref('orders') }} o\njoin {{ ref('states') }} s on o.id = s.id\n"},
    {"select 1 from raw.events, raw_data.events e",
     "select 1 from {{ source('raw', 'events') }}, {{ source('raw', 'events') }} e\n"},
    /* two nodes are called customers: nobody can tell; with a schema one can */
    {"select * from customers", "select * from customers\n"},
    {"select * from main.customers", "select * from {{ ref('customers') }}\n"},
    /* names of CTEs, functions and subqueries are no tables */
    {"with orders as (select * from main.orders) select * from orders",
     "with orders as (select * from {{ ref('orders') }}) select * from orders\n"},
    {"with a as (select 1), states (x) as (select 2) select * from a, states",
     "with a as (select 1), states (x) as (select 2) select * from a, states\n"},
    {"select * from read_csv('orders') where x in (select id from orders)",
     "select * from read_csv('orders') where x in (select id from {{ ref('orders') }})\n"},
    {"select extract(year from orders.d), 'from orders' -- from orders\nfrom orders",
     "select extract(year from orders.d), 'from orders' -- from orders\n"
     "from {{ ref('orders') }}\n"},
    {"select a, states from orders order by states",
     "select a, states from {{ ref('orders') }} order by states\n"},
    /* Jinja that is there stays */
    {"select * from {{ ref('orders') }} join orders on true {# from orders #}",
     "select * from {{ ref('orders') }} join {{ ref('orders') }} on true {# from orders #}\n"},
    {"create or replace table db.x as\nselect * from states;\n",
     "{{ config(materialized='table') }}\nselect * from {{ ref('states') }}\n"},
    {"create view if not exists x as select * from states",
     "{{ config(materialized='view') }}\nselect * from {{ ref('states') }}\n"},
    {"create materialized view x as select 1",
     "{{ config(materialized='materialized_view') }}\nselect 1\n"},
    {"select * from nowhere.things", "select * from nowhere.things\n"},
};

static void test_cases(void **state)
{
    Fixture *fixture = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Converted got;
        Err err = {0};
        assert_true(convert_sql(&fixture->graph, STR("mine"), STR("mine.sql"),
                                str_of(cases[i].sql), &fixture->arena, &got, &err));
        assert_string_equal(str_c(&fixture->arena, got.sql), cases[i].want);
    }
}

static void test_own_name(void **state)
{
    Fixture *fixture = *state;
    Converted got;
    Err err = {0};
    assert_true(convert_sql(&fixture->graph, STR("orders"), STR("orders.sql"),
                            STR("select * from orders, nowhere"), &fixture->arena, &got, &err));
    assert_int_equal(got.replaced.len, 0);
    assert_int_equal(got.left.len, 2);
}

static void test_two_statements(void **state)
{
    Fixture *fixture = *state;
    Converted got;
    Err err = {0};
    assert_false(convert_sql(&fixture->graph, STR("x"), STR("x.sql"),
                             STR("select 1;\nselect 2"), &fixture->arena, &got, &err));
    assert_int_equal(err.kind, ERR_COMPILATION);
    assert_int_equal(err.place.line, 2);
    err_drop(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_two_statements, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
