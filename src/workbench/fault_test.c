/* fault_test.c: what engines say of compiled SQL, and the place in the file it came from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "workbench/check.h"

static const char said[] = "Binder Error: Referenced column \"amout\" not found in FROM clause!\n"
                           "Candidate bindings: \"amount\"\n\n"
                           "LINE 4:     amout\n"
                           "            ^";

static void test_duckdb(void **state)
{
    (void)state;
    Arena arena = {0};
    Fault fault = fault_read(&arena, str_of(said), 2);
    assert_int_equal(fault.line, 3);
    assert_int_equal(fault.column, 5);
    assert_true(str_is(fault.token, "amout"));
    assert_true(str_ends(fault.message, STR("Candidate bindings: \"amount\"")));
    arena_drop(&arena);
}

static void test_postgres(void **state)
{
    (void)state;
    Arena arena = {0};
    Str text = STR("column \"amout\" does not exist\nLINE 2: select amout\n"
                   "               ^\nHINT:  Perhaps you meant x.");
    Fault fault = fault_read(&arena, text, 2);
    assert_int_equal(fault.line, 1);
    assert_int_equal(fault.column, 8);
    assert_true(str_ends(fault.message, STR("exist\nHINT:  Perhaps you meant x.")));
    arena_drop(&arena);
}

static void test_no_line(void **state)
{
    (void)state;
    Arena arena = {0};
    Fault fault = fault_read(&arena, STR("Catalog Error: \"x\" is not there"), 2);
    assert_int_equal(fault.line, 0);
    assert_true(str_is(fault.token, "x"));
    arena_drop(&arena);
}

/* The compiled text has a CTE in front: the line is found by its words. */
static void test_place(void **state)
{
    (void)state;
    Arena arena = {0};
    Node node = {.file = STR_INIT("models/a.sql"),
                 .raw_code = STR_INIT("{{ config() }}\nselect\n  id,\n  amout\n"
                                      "from {{ ref('b') }}\n")};
    Fault fault = {.line = 4, .column = 3, .token = STR_INIT("amout")};
    Finding finding = {0};
    Str code = STR("with x as (\n)\nselect id,\n  amout\nfrom b\n");
    fault_place(&arena, &node, code, &fault, &finding);
    assert_true(str_is(finding.place.file, "models/a.sql"));
    assert_int_equal(finding.place.line, 4);
    assert_int_equal(finding.place.column, 3);
    assert_true(str_is(finding.line, "  amout"));
    arena_drop(&arena);
}

/* A line that a macro made: the compiled text is shown. */
static void test_place_of_macro(void **state)
{
    (void)state;
    Arena arena = {0};
    Node node = {.file = STR_INIT("models/a.sql"), .raw_code = STR_INIT("{{ all_of_it() }}")};
    Fault fault = {.line = 2, .column = 8, .token = STR_INIT("amout")};
    Finding finding = {0};
    fault_place(&arena, &node, STR("select 1\nselect amout"), &fault, &finding);
    assert_true(str_is(finding.place.file, "models/a.sql (compiled)"));
    assert_int_equal(finding.place.line, 2);
    assert_int_equal(finding.place.column, 8);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duckdb), cmocka_unit_test(test_postgres),
        cmocka_unit_test(test_no_line), cmocka_unit_test(test_place),
        cmocka_unit_test(test_place_of_macro)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
