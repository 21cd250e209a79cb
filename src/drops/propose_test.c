/* propose_test.c: mappings proposed from sample files: what is found in them, and that every
 * proposal is taken by mapping_load(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "drops/mapping.h"
#include "drops/sample.h"

static Str folder_of_test(Arena *arena)
{
    return str_print(arena, "/tmp/weir-propose-test-%d", (int)getpid());
}

static Str put_file(Arena *arena, const char *name, Str content)
{
    AUTO(err) Err err = {0};
    Str path = path_join(arena, folder_of_test(arena), str_of(name));
    if (!file_write(path, content, false, &err))
        fail_msg("%s", err.text);
    return path;
}

static int remove_files(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    bool ok = folder_remove(folder_of_test(&arena), &err);
    arena_drop(&arena);
    return ok ? 0 : 1;
}

/* A member of a ustar archive. */
static void add_member(Text *tar, const char *name, Str content)
{
    char head[512] = {0};
    unsigned sum = 0;
    snprintf(head, 100, "%s", name);
    snprintf(head + 100, 8, "%07o", 0644);
    snprintf(head + 124, 12, "%011o", (unsigned)content.len);
    snprintf(head + 136, 12, "%011o", 0);
    memset(head + 148, ' ', 8);
    head[156] = '0';
    memcpy(head + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof head; i++)
        sum += (unsigned char)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    text_add_bytes(tar, head, sizeof head);
    text_add(tar, content);
    while (tar->len % 512)
        text_add_char(tar, '\0');
}

static const char orders[] = "OrderID,Order Date,Status,Total,amount_cents,Customer-No\n"
                             "1,03.01.2024,A,10.50,1050,C007\n2,31.01.2024,I,3,300,C008\n"
                             "3,01.02.2024,A,0.25,25,C007\n4,02.02.2024,A,1,100,\n"
                             "5,03.02.2024,A,2,200,C009\n6,04.02.2024,I,2,200,C009\n";

/* The proposal, which must be loaded back. */
static Str propose(Arena *arena, const ProposeOptions *options, Text *notes)
{
    AUTO(err) Err err = {0};
    AUTO(text) Text out = {0};
    Mapping *mapping;
    if (!mapping_propose(arena, options, &out, notes, &err))
        fail_msg("%s", err.text);
    Str path = put_file(arena, "partners/proposed.yml", text_str(&out));
    if (!mapping_load(arena, path, &mapping, &err)) {
        AUTO(text) Text shown = {0};
        err_print(&err, &shown);
        fail_msg("%s\n%s", out.at, shown.at);
    }
    return text_copy(arena, &out);
}

static void test_one_file(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(text) Text notes = {0};
    Str path = put_file(&arena, "Orders_20240103_b7.csv", str_of(orders));
    ProposeOptions options = {.partner = STR("acme"), .paths = &path, .count = 1};
    Str got = propose(&arena, &options, &notes);
    assert_string_equal(
        got.at,
        "# A proposal from 1 sample file: 1 CSV, 6 rows. Look at names, types and keys;\n"
        "# what is commented out is a suggestion. Members: {table}_{date:%Y%m%d}_{batch_id}.csv\n"
        "version: 1\n"
        "partner: acme\n"
        "tables:\n"
        "  orders:  # 1 file, 6 rows\n"
        "    from: Orders\n"
        "    primary_key: [order_id]  # unique in the sample, as order_date\n"
        "    # duplicates: last  # or keep (all rows), fail\n"
        "    columns:\n"
        "      order_id: {from: OrderID, type: bigint}\n"
        "      order_date: {from: Order Date, type: date, date_format: \"%d.%m.%Y\"}\n"
        "      status: {from: Status, type: varchar}  # words: A (4), I (2)\n"
        "      total: {from: Total, type: \"decimal(18,2)\"}\n"
        "      amount_cents: bigint  # multiply: 0.01 makes it the whole unit\n"
        "      customer_no: {from: Customer-No, type: varchar}  # 1 of 6 empty\n");
    assert_non_null(strstr(notes.at, "(guessed)"));
    assert_non_null(strstr(notes.at, "table Orders, 6 columns, 6 rows"));
    arena_drop(&arena);
}

/* Files of a table in an archive: columns of all, types that hold all; what is no CSV is told. */
static void test_archive(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(text) Text tar = {0}, notes = {0};
    add_member(&tar, "out/orders-2024-01-03-1.csv", STR("id,n\n1,1\n2,\n"));
    add_member(&tar, "out/orders-2024-01-03-2.csv", STR("id;n;more\n3;1.5;x\n3;2;y\n"));
    add_member(&tar, "out/order_items-2024-01-04-1.csv", STR("a,b\n1,true\n"));
    add_member(&tar, "out/lines-2024-01-04-1.csv",
               STR("OrderID,LineNo,sku,qty\n1,1,a,5\n1,2,a,5\n2,1,b,5\n"));
    add_member(&tar, "README.md", STR("hello"));
    add_member(&tar, "../evil-2024-01-04-1.csv", STR("a,b\n1,true\n"));
    text_add_repeat(&tar, '\0', 1024);
    Str path = put_file(&arena, "acme_drop.tar", text_str(&tar));
    ProposeOptions options = {.paths = &path, .count = 1};
    Str got = propose(&arena, &options, &notes);
    static const char *const parts[] = {
        "partner: acme\n", "4 CSV, 8 rows", "Members: {table}-{date:%Y-%m-%d}-{batch_id}.csv",
        "  orders:  # 2 files, 4 rows\n    # primary_key: [...]  # no single column is unique",
        "      id: bigint\n", "      n: double  # 1 of 4 empty\n", "      more: varchar\n",
        "  lines:  # 1 file, 3 rows\n    primary_key: [order_id, line_no]  # unique together in "
        "the sample\n",
        "  order_items:  # 1 file, 1 row\n    columns:\n      a: bigint\n      b: boolean\n"};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (!strstr(got.at, parts[i]))
            fail_msg("%s\nlacks %s", got.at, parts[i]);
    assert_null(strstr(got.at, "evil"));
    assert_non_null(strstr(notes.at, "passed over 2, no CSV by their names: README.md"));
    arena_drop(&arena);
}

static void test_packed(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text notes = {0};
    Store *store;
    Writer *raw, *writer;
    WriteOptions write = {0};
    put_file(&arena, "x", STR(""));
    assert_true(store_open(&arena, folder_of_test(&arena), NONE, NULL, &store, &err));
    assert_true(store_write(store, STR("t.csv.gz"), &write, &raw, &err));
    assert_true(writer_pack(raw, STR("gz"), &writer, &err));
    assert_true(writer_add(writer, STR("k\tv\n1\ta\n2\tb\n"), &err));
    assert_true(writer_commit(writer, &arena, NULL, &err));
    Str path = path_join(&arena, folder_of_test(&arena), STR("t.csv.gz"));
    ProposeOptions options = {.paths = &path, .count = 1};
    Str got = propose(&arena, &options, &notes);
    assert_non_null(strstr(got.at, "Members: {table}.csv.gz\n"));
    assert_non_null(strstr(got.at, "      k: bigint\n      v: varchar\n"));
    arena_drop(&arena);
}

/* Names and words that YAML would take for something else. */
static void test_awkward(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(text) Text notes = {0};
    Str path = put_file(&arena, "2024.csv",
                        STR("no,\"a: b\",\"#x\",2nd,\"say \"\"hi\"\"\",caf\303\251,,A B,a_b\n"
                            "1,2,3,4,5,6,7,8,9\n2,2,3,4,5,6,7,8,9\n"));
    ProposeOptions options = {.partner = STR("yes"), .paths = &path, .count = 1};
    Str got = propose(&arena, &options, &notes);
    assert_non_null(strstr(got.at, "partner: \"yes\"\n"));
    AUTO(err) Err err = {0};
    Mapping *mapping;
    const Str *names;
    assert_true(mapping_load(&arena, path_join(&arena, folder_of_test(&arena),
                                               STR("partners/proposed.yml")), &mapping, &err));
    assert_int_equal(mapping_tables(mapping, &names), 1);
    const MapTable *table = mapping_table_named(mapping, names[0]);
    static const char *const want[][2] = {
        {"no", "no"}, {"a_b", "a: b"}, {"x", "#x"}, {"column_2nd", "2nd"},
        {"say_hi", "say \"hi\""}, {"caf\303\251", "caf\303\251"}, {NULL, NULL}, {"a_b_2", "A B"},
        {"a_b_3", "a_b"}};
    assert_true(str_is(table->name, "column_2024"));
    assert_int_equal(table->column_count, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++)
        if (want[i][0]) {
            assert_string_equal(str_c(&arena, table->columns[i].name), want[i][0]);
            assert_string_equal(str_c(&arena, table->columns[i].from[0]), want[i][1]);
        }
    arena_drop(&arena);
}

static void test_unified(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(text) Text notes = {0};
    Str path = put_file(&arena, "orders_20240103_7.csv", str_of(orders));
    Str unified = put_file(&arena, "partners/all/unified.yml",
                           STR("tables:\n  customers: {columns: {id: bigint}}\n  orders:\n"
                               "    primary_key: id\n    columns:\n      id: bigint\n"
                               "      ordered_on: date\n      order_date: date\n"
                               "      order_status: bigint\n"
                               "      total: {type: \"decimal(18,2)\"}\n"
                               "      channel: varchar\n"));
    ProposeOptions options = {.paths = &path, .count = 1, .unified = unified,
                              .folder = path_join(&arena, folder_of_test(&arena), STR("partners"))};
    Str got = propose(&arena, &options, &notes);
    assert_non_null(strstr(got.at, "schema: all/unified.yml\n"));
    assert_non_null(strstr(got.at,
        "  orders:  # 1 file, 6 rows\n"
        "    columns:\n"
        "      id: {from: OrderID}\n"
        "      order_date: {from: Order Date, date_format: \"%d.%m.%Y\"}\n"
        "      order_status: {from: Status}  # the sample holds varchar, the schema wants bigint"
        "; words: A (4), I (2)\n"
        "      total: {from: Total}\n"
        "      # ordered_on: no field looks like it; `{from: FIELD}`, or `{default: VALUE}`\n"
        "      # channel: no field looks like it; `{from: FIELD}`, or `{default: VALUE}`\n"
        "      # not in the unified schema, left out: amount_cents, Customer-No\n"));
    arena_drop(&arena);
}

static void test_guess(void **state)
{
    (void)state;
    static const struct {
        const char *names, *want;
    } rows[] = {
        {"orders_20240103_1.csv order_items_20240103_1.csv",
         "{table}_{date:%Y%m%d}_{batch_id}.csv"},
        {"orders_20240103.csv items_20240104.csv", "{table}_{date:%Y%m%d}.csv"},
        {"2024-01-03_orders.csv 2024-01-03_order_items.csv", "{date:%Y-%m-%d}_{table}.csv"},
        {"20240103-orders-0001.txt", "{date:%Y%m%d}-{table}-{batch_id}.txt"},
        {"orders.20240103101500.7.csv", "{table}.{date:%Y%m%d%H%M%S}.{batch_id}.csv"},
        {"orders20240103.csv", "{table}{date:%Y%m%d}.csv"},
        {"orders_03012024_x.csv orders_31012024_x.csv", "{table}_{date:%d%m%Y}_{batch_id}.csv"},
        {"orders_1.csv items_2.csv", "{table}_{batch_id}.csv"},
        {"order_items.csv customers.csv", "{table}.csv"},
        {"a_20240103_1.csv b_20240103_1.csv c.csv", "{table}_{date:%Y%m%d}_{batch_id}.csv"},
        {"a.csv.gz", "{table}.csv.gz"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Str names[8], rest = str_of(rows[i].names);
        uint32_t count = 0;
        while (str_next_part(&rest, ' ', &names[count]))
            count++;
        assert_string_equal(str_c(&arena, sample_guess(&arena, names, count)), rows[i].want);
    }
    arena_drop(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *content, *asked, *members, *says;
    } rows[] = {
        {"orders.csv", "a,b\n1,2\n", "ordrs.csv", "", "Did you mean '"},
        {"orders.csv", "a,b\n1,2\n", "", "", "is a folder: name the files in it"},
        {"j.csv", "{\"a\": 1}\n", "j.csv", "", "is no CSV but JSON"},
        {"h.csv", "<!doctype html>\n", "h.csv", "", "is no CSV but XML or a web page"},
        {"p.csv", "PAR1xxxx", "p.csv", "", "is no CSV but a Parquet file"},
        {"orders.csv", "a,b\n1,2\n", "orders.csv", "{tabel}.csv", "lacks {table}"},
        {"orders.csv", "a,b\n1,2\n", "orders.csv", "x_{table}.csv",
         "no file's name is of the pattern"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(err) Err err = {0};
        AUTO(text) Text out = {0}, notes = {0};
        put_file(&arena, rows[i].name, str_of(rows[i].content));
        Str path = path_join(&arena, folder_of_test(&arena), str_of(rows[i].asked));
        ProposeOptions options = {.paths = &path, .count = 1, .members = str_of(rows[i].members)};
        if (mapping_propose(&arena, &options, &out, &notes, &err))
            fail_msg("%s is taken", rows[i].asked);
        if (!strstr(err.text, rows[i].says))
            fail_msg("%s: %s", rows[i].asked, err.text);
    }
    AUTO(err) Err err = {0};
    AUTO(text) Text out = {0}, notes = {0}, tar = {0};
    add_member(&tar, "README.md", STR("hello"));
    text_add_repeat(&tar, '\0', 1024);
    Str path = put_file(&arena, "docs.tar", text_str(&tar));
    ProposeOptions options = {.paths = &path, .count = 1};
    assert_false(mapping_propose(&arena, &options, &out, &notes, &err));
    assert_non_null(strstr(err.text, "holds no CSV file: there are README.md"));
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_file),
        cmocka_unit_test(test_archive),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_awkward),
        cmocka_unit_test(test_unified),
        cmocka_unit_test(test_guess),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, remove_files);
}
