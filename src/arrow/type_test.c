/* Types: their names both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arrow/arrow.h"

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *printed;
    } cases[] = {
        {"integer", "INTEGER"},
        {" INT4 ", "INTEGER"},
        {"int8", "BIGINT"},
        {"int1", "TINYINT"},
        {"Double  Precision", "DOUBLE"},
        {"varchar(20)", "VARCHAR"},
        {"character varying", "VARCHAR"},
        {"string", "VARCHAR"},
        {"numeric(38,38)", "DECIMAL(38,38)"},
        {"decimal", "DECIMAL(18,3)"},
        {"decimal( 5 )", "DECIMAL(5,0)"},
        {"timestamptz", "TIMESTAMP WITH TIME ZONE"},
        {"timestamp\n with time zone", "TIMESTAMP WITH TIME ZONE"},
        {"timestamp without time zone", "TIMESTAMP"},
        {"bytea", "BLOB"},
        {"json", "JSON"},
        {"uuid[][]", "UUID[][]"},
        {"null", "\"NULL\""},
        {"\"NULL\"", "\"NULL\""},
        {"struct(a int, \"b c\" text, \"q\"\"t\" decimal(4,1)[], \"order\" date)[]",
         "STRUCT(a INTEGER, \"b c\" VARCHAR, \"q\"\"t\" DECIMAL(4,1)[], \"order\" DATE)[]"},
        {"row(x struct(y int[]))", "STRUCT(x STRUCT(y INTEGER[]))"},
        {"struct(\"\xc3\xa4\" interval, B1 ubigint)",
         "STRUCT(\"\xc3\xa4\" INTERVAL, \"B1\" UBIGINT)"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena = {0};
        AUTO(err) Err err = {0};
        AUTO(text) Text text = {0};
        Field field = {.name = STR("kept"), .is_required = true}, again = {0};
        if (!field_parse_type(&arena, str_of(cases[i].sql), &field, &err))
            fail_msg("%s: %s", cases[i].sql, err.text);
        field_print_type(&field, &text);
        assert_string_equal(text.at, cases[i].printed);
        assert_true(str_is(field.name, "kept") && field.is_required);
        assert_true(field_parse_type(&arena, text_str(&text), &again, &err));
        assert_true(field_same_type(&field, &again));
        arena_drop(&arena);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *expected;
    } cases[] = {
        {"", "expected a type"},
        {"integre", "Did you mean INTEGER?"},
        {"VARCHR", "Did you mean VARCHAR?"},
        {"hugeint", "use DECIMAL(38,0)"},
        {"timestamp_ns", "use TIMESTAMP or VARCHAR"},
        {"decimal(39,0)", "smaller number"},
        {"decimal(0,0)", "from 1 to 38"},
        {"decimal(4,5)", "smaller number"},
        {"decimal(4", "expected ')'"},
        {"decimal(99999999999999999999)", "smaller number"},
        {"int x", "expected the end"},
        {"int[3]", "fixed length"},
        {"int[", "fixed length"},
        {"struct", "the fields"},
        {"struct()", "a field's name"},
        {"struct(a)", "expected a type"},
        {"struct(a int", "',' or ')'"},
        {"struct(\"a int)", "a field's name"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena = {0};
        AUTO(err) Err err = {0};
        Field field = {.type = ARROW_DATE};
        assert_false(field_parse_type(&arena, str_of(cases[i].sql), &field, &err));
        assert_int_equal(err.kind, ERR_PARSING);
        assert_int_equal(field.type, ARROW_DATE);
        if (!strstr(err.text, cases[i].expected))
            fail_msg("%s: %s", cases[i].sql, err.text);
        arena_drop(&arena);
    }
}

static void test_depth(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text lists = {0};
    AUTO(text) Text structs = {0};
    Field field = {0};
    text_add_c(&lists, "int");
    for (int i = 0; i < 300; i++) {
        text_add_c(&lists, "[]");
        text_add_c(&structs, "struct(a ");
    }
    assert_false(field_parse_type(&arena, text_str(&lists), &field, &err));
    assert_int_equal(err.kind, ERR_TOO_DEEP);
    assert_false(field_parse_type(&arena, text_str(&structs), &field, &err));
    assert_int_equal(err.kind, ERR_TOO_DEEP);
    arena_drop(&arena);
}

static void test_schema(void **state)
{
    (void)state;
    Arena arena = {0}, longer = {0};
    AUTO(err) Err err = {0};
    char name[] = "Id";
    Field *fields = NEW_N(&arena, Field, 2);
    fields[0] = (Field){.name = str_of(name), .type = ARROW_INT64, .is_required = true};
    fields[1].name = STR("items");
    assert_true(field_parse_type(&arena, STR("struct(a int, b decimal(9,2))[]"), &fields[1], &err));
    Schema schema = {fields, 2}, copy = schema_copy(&longer, &schema);
    assert_int_equal(schema_find(&copy, STR("ID")), 0);
    assert_int_equal(schema_find(&copy, STR("items")), 1);
    assert_true(schema_find(&copy, STR("item")) == UINT32_MAX);
    Field other = {0};
    static const char *const others[] = {"struct(a int, b decimal(9,3))[]",
                                         "struct(a int, c decimal(9,2))[]", "struct(a int)[]",
                                         "struct(a bigint, b decimal(9,2))[]", "int[]"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_true(field_parse_type(&arena, str_of(others[i]), &other, &err));
        assert_false(field_same_type(&fields[1], &other));
    }
    name[0] = 'x';
    arena_drop(&arena); /* the copy stands alone */
    assert_true(str_is(copy.fields[0].name, "Id") && copy.fields[0].is_required);
    assert_int_equal(copy.fields[1].children[0].children[1].scale, 2);
    arena_drop(&longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
