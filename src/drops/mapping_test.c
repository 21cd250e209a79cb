/* mapping_test.c: mapping files that are taken, and what they come to; files that are refused, and
 * what is said; headers bound to them. Cases: tests/cases/drops/mapping/{good,bad}/NAME.yml with
 * NAME.expected; WEIR_RECORD=1 writes the latter anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/process.h"
#include "drops/mapping.h"

#define CASES "tests/cases/drops/mapping/"

static void print_names(const char *label, const Str *names, uint32_t count, Text *out)
{
    text_print(out, " %s [", label);
    for (uint32_t i = 0; i < count; i++)
        text_print(out, "%s" STR_FMT, i ? ", " : "", STR_ARG(names[i]));
    text_add_char(out, ']');
}

static void print_column(const MapColumn *column, Text *out)
{
    text_print(out, "  " STR_FMT " ", STR_ARG(column->name));
    field_print_type(&column->type, out);
    print_names("from", column->from, column->from_count, out);
    if (column->is_required)
        text_add_c(out, " required");
    if (column->multiply.len)
        text_print(out, " multiply " STR_FMT, STR_ARG(column->multiply));
    if (column->values.kind == VALUE_DICT) {
        text_add_c(out, " values ");
        value_repr(column->values, out);
    }
    if (column->values_are_all)
        text_add_c(out, " values_are_all");
    if (!value_is_undefined(column->other_word)) {
        text_add_c(out, " otherwise ");
        value_repr(column->other_word, out);
    }
    if (!value_is_undefined(column->otherwise)) {
        text_add_c(out, " default ");
        value_repr(column->otherwise, out);
    }
    if (column->date_format.len || column->timestamp_format.len)
        text_print(out, " format " STR_FMT STR_FMT, STR_ARG(column->date_format),
                   STR_ARG(column->timestamp_format));
    text_print(out, "%s\n", column->has_steps ? " steps" : "");
}

static void print_mapping(const Mapping *mapping, Text *out)
{
    static const char *const rules[] = {"keep", "last", "fail"};
    static const char *const others[] = {"keep", "drop", "fail"};
    const Str *names;
    uint32_t count = mapping_tables(mapping, &names);
    text_print(out, "partner " STR_FMT "\n", STR_ARG(mapping_partner(mapping)));
    for (uint32_t i = 0; i < count; i++) {
        const MapTable *table = mapping_table_named(mapping, names[i]);
        assert_non_null(table);
        text_print(out, STR_FMT, STR_ARG(table->name));
        print_names("from", table->from, table->from_count, out);
        text_add_c(out, " key ");
        value_repr(table->primary_key, out);
        text_print(out, " duplicates %s others %s\n", rules[table->duplicates],
                   others[table->others]);
        for (uint32_t c = 0; c < table->column_count; c++)
            print_column(&table->columns[c], out);
    }
}

/* What loading a file gives: the mapping, or the error. */
static void print_load(Arena *arena, Str path, Text *out)
{
    AUTO(err) Err err = {0};
    Mapping *mapping;
    if (mapping_load(arena, path, &mapping, &err)) {
        print_mapping(mapping, out);
        return;
    }
    text_print(out, "%s: ", err_title(err.kind));
    err_print(&err, out);
    text_add_char(out, '\n');
}

static void compare_cases(const char *folder, const char *begins)
{
    Arena arena = {0};
    AUTO(err) Err err = {0};
    FileList files = {0};
    uint32_t count = 0;
    bool records = environment_get("WEIR_RECORD").len > 0;
    assert_true(folder_walk(&arena, str_of(folder), &files, &err));
    for (uint32_t i = 0; i < files.len; i++) {
        AUTO(text) Text got = {0};
        Str path = path_join(&arena, str_of(folder), files.at[i].path), want;
        if (!str_ends(path, STR(".yml")))
            continue;
        count++;
        print_load(&arena, path, &got);
        Str beside = str_replace(&arena, path, STR(".yml"), STR(".expected"));
        if (records)
            assert_true(file_write(beside, text_str(&got), false, &err));
        assert_true(file_read(&arena, beside, &want, &err));
        if (!str_starts(text_str(&got), str_of(begins)) || !str_eq(text_str(&got), want))
            fail_msg(STR_FMT "\n--- got\n%s--- expected\n" STR_FMT, STR_ARG(path), got.at,
                     STR_ARG(want));
    }
    assert_true(count > 3);
    arena_drop(&arena);
}

static void test_good(void **state)
{
    (void)state;
    compare_cases(CASES "good", "partner ");
}

static void test_bad(void **state)
{
    (void)state;
    compare_cases(CASES "bad", "Parsing Error: ");
}

static void test_absent(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Mapping *mapping;
    assert_false(mapping_load(&arena, STR(CASES "good/nothing.yml"), &mapping, &err));
    assert_int_equal(err.kind, ERR_IO);
    arena_drop(&arena);
}

static Mapping *load(Arena *arena, const char *name)
{
    AUTO(err) Err err = {0};
    Mapping *mapping;
    if (!mapping_load(arena, str_print(arena, CASES "good/%s.yml", name), &mapping, &err))
        fail_msg("%s: %s", name, err.text);
    return mapping;
}

static void test_tables(void **state)
{
    (void)state;
    Arena arena = {0};
    const Mapping *mapping = load(&arena, "readme");
    Str near;
    assert_string_equal(str_c(&arena, mapping_table(mapping, STR("order_header"), &near)->name),
                        "orders");
    assert_non_null(mapping_table(mapping, STR("ORDERS"), &near));
    assert_null(near.at);
    assert_null(mapping_table(mapping, STR("order_heade"), &near));
    assert_true(str_is(near, "order_header"));
    assert_null(mapping_table(mapping, STR("xyz"), &near));
    assert_int_equal(near.len, 0);
    assert_null(mapping_table_named(mapping, STR("order_header")));
    arena_drop(&arena);
}

/* header: fields between commas; want: "name type" of each field, "-" passed over; missing;
 * unknown; or "!" and a part of the message. */
static const struct {
    const char *mapping, *table, *header, *want;
} bindings[] = {
    {"readme", "orders", "OrderID,amount_cents,st,customer_id",
     "order_id BIGINT,amount DECIMAL(38,0),status VARCHAR,customer_id BIGINT"
     " | channel,ordered_on,changed_at,anything | "},
    {"readme", "orders", "order_no,OrderID,ordered_on,changed_at,channel,anything,extra",
     "-,order_id BIGINT,ordered_on VARCHAR,changed_at VARCHAR,channel VARCHAR,anything \"NULL\","
     "extra \"NULL\" | amount,status,customer_id | extra"},
    {"readme", "orders", " orderid ,ST", "order_id BIGINT,status VARCHAR | "
     "amount,channel,ordered_on,changed_at,customer_id,anything | "},
    {"readme", "orders", "orderID,ORDERID", "!two fields for one column: 'orderID' and 'ORDERID'"},
    {"readme", "orders", "OrderID,ORDERID,x",
     "order_id BIGINT,ORDERID \"NULL\",x \"NULL\" | "
     "amount,status,channel,ordered_on,changed_at,customer_id,anything | ORDERID,x"},
    {"readme", "orders", "amount_cents,amount", "!'amount' has the name of column 'amount'"},
    {"readme", "orders", "x,X", "!'x' and 'X' of table orders differ in case only"},
    {"short", "orders", "a,b", "a \"NULL\",b \"NULL\" |  | "},
    {"unified", "orders", "order_id,amount_cents,cust,remark,zzz",
     "order_id BIGINT,amount DECIMAL(38,0),customer_id INTEGER,note \"NULL\",- | "
     "status,ordered_on,paid | zzz"},
    {"words_as_written", "t", "f,n,no", "f DOUBLE,n VARCHAR,yes VARCHAR | flag,code,d | "},
};

static void print_binding(const MapBinding *binding, Text *out)
{
    for (uint32_t i = 0; i < binding->count; i++) {
        text_print(out, "%s" STR_FMT, i ? "," : "",
                   STR_ARG(binding->names[i].at ? binding->names[i] : STR("-")));
        if (binding->names[i].at) {
            text_add_char(out, ' ');
            field_print_type(&binding->types[i], out);
        }
    }
    for (int list = 0; list < 2; list++) {
        Value names = list ? binding->unknown : binding->missing;
        text_add_c(out, " | ");
        for (uint32_t i = 0; i < names.list->len; i++)
            text_print(out, "%s" STR_FMT, i ? "," : "", STR_ARG(value_str(names.list->at[i])));
    }
}

static void test_bind(void **state)
{
    (void)state;
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(bindings); i++) {
        AUTO(err) Err err = {0};
        AUTO(text) Text got = {0};
        Str fields[16], rest = str_of(bindings[i].header);
        uint32_t count = 0;
        MapBinding binding;
        while (str_next_part(&rest, ',', &fields[count]))
            count++;
        const MapTable *table = mapping_table_named(load(&arena, bindings[i].mapping),
                                                    str_of(bindings[i].table));
        if (map_bind(table, fields, count, &arena, &binding, &err)) {
            print_binding(&binding, &got);
            assert_string_equal(got.at, bindings[i].want);
        } else if (bindings[i].want[0] != '!' || !strstr(err.text, bindings[i].want + 1)) {
            fail_msg("%s: %s", bindings[i].header, err.text);
        }
    }
    arena_drop(&arena);
}

static void test_bind_fail(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    MapBinding binding;
    Str fields[] = {STR("OrderId"), STR("oder_no"), STR("b")};
    MapTable table = *mapping_table_named(load(&arena, "readme"), STR("orders"));
    table.others = OTHERS_FAIL;
    assert_false(map_bind(&table, fields, 3, &arena, &binding, &err));
    assert_string_equal(err.text, "the mapping of table orders (others: fail) does not name "
                                  "'oder_no', 'b'");
    assert_int_equal(err.kind, ERR_PARSING);
    arena_drop(&arena);
}

static void test_factor(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t mantissa;
        int exponent;
    } rows[] = {
        {"0.01", 1, -2}, {"100", 1, 2}, {"-1.50", -15, -1}, {"2.5e3", 25, 2}, {"1e-18", 1, -18},
        {".5", 5, -1}, {"123456789012345678", 123456789012345678, 0}, {"0", 0, 0}, {"", 0, 0},
        {"-", 0, 0}, {"1e-19", 0, 0}, {"1.2.3", 0, 0}, {"1234567890123456789", 0, 0},
        {"1e", 0, 0}, {"abc", 0, 0}, {"1e99", 0, 0}, {"0.000000000000000000000", 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        MapFactor factor = {0};
        assert_int_equal(map_factor(str_of(rows[i].text), &factor), rows[i].mantissa != 0);
        assert_int_equal(factor.mantissa, rows[i].mantissa);
        assert_int_equal(factor.exponent, rows[i].exponent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_bind),
        cmocka_unit_test(test_bind_fail),
        cmocka_unit_test(test_factor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
