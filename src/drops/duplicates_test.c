/* Double keys against a plain count, with budgets from plenty to far too little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "drops/duplicates.h"

enum { FILES = 3 };

typedef struct Help {
    Arena arena;
    Err err;
    Str folder;
    Store *store;
    KeyFile files[FILES];
    uint64_t *hashes;
    uint32_t rows;
    volatile bool is_cancelled;
} Help;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void help_open(Help *help, uint32_t rows)
{
    *help = (Help){0};
    char folder[] = "/tmp/weir-duplicates-XXXXXX";
    assert_non_null(mkdtemp(folder));
    help->folder = str_copy(&help->arena, str_of(folder));
    assert_true(store_open(&help->arena, help->folder, NONE, NULL, &help->store, &help->err));
    help->rows = rows;
    help->hashes = NEW_N(&help->arena, uint64_t, rows);
}

/* The hashes as files: a third, an empty one, the rest. */
static void help_write(Help *help)
{
    uint32_t cut[FILES + 1] = {0, help->rows / 3, help->rows / 3, help->rows};
    for (uint32_t i = 0; i < FILES; i++) {
        uint32_t count = cut[i + 1] - cut[i];
        Str name = str_print(&help->arena, "%u.keys", i);
        Str bytes = {(const char *)(help->hashes + cut[i]), (size_t)count * 8};
        assert_true(file_write(path_join(&help->arena, help->folder, name), bytes, false,
                               &help->err));
        help->files[i] = (KeyFile){help->store, name, count};
    }
}

static void help_close(Help *help)
{
    AUTO(text) Text folder = {0};
    text_add(&folder, help->folder);
    arena_drop(&help->arena);
    assert_true(folder_remove(text_str(&folder), &help->err));
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static void expect(Help *help, Bits gone, uint64_t budget)
{
    AUTO(arena) Arena arena = {0};
    Bits out = bits_make(&arena, help->rows);
    uint64_t found, wanted = 0;
    uint64_t *sorted = NEW_N(&arena, uint64_t, help->rows);
    uint32_t count = 0;
    for (uint32_t i = 0; i < help->rows; i++)
        if (!gone.words || !bits_has(gone, i))
            sorted[count++] = help->hashes[i];
    qsort(sorted, count, 8, compare);
    if (!duplicates_find(help->files, FILES, gone, budget, &help->is_cancelled, out, &found,
                         &help->err))
        fail_msg("%s", help->err.text);
    for (uint32_t i = 0; i < help->rows; i++) {
        uint64_t *at = bsearch(&help->hashes[i], sorted, count, 8, compare);
        bool is_double = at && ((at > sorted && at[-1] == *at) ||
                                (at + 1 < sorted + count && at[1] == *at));
        if (gone.words && bits_has(gone, i))
            is_double = false;
        wanted += is_double;
        if (bits_has(out, i) != is_double)
            fail_msg("row %u of %u, budget %llu: %d", i, help->rows, (unsigned long long)budget,
                     is_double);
    }
    assert_int_equal(found, wanted);
}

static void test_few(void **state)
{
    (void)state;
    Help help;
    uint64_t seed = 7;
    help_open(&help, 200000);
    for (uint32_t i = 0; i < help.rows; i++)
        help.hashes[i] = next_random(&seed);
    for (uint32_t i = 0; i < 100; i++)
        help.hashes[next_random(&seed) % help.rows] = help.hashes[next_random(&seed) % help.rows];
    help.hashes[5] = help.hashes[6] = 0;
    help.hashes[7] = help.hashes[help.rows - 1] = UINT64_MAX;
    help_write(&help);
    Bits none = {0}, gone = bits_make(&help.arena, help.rows);
    bits_add(gone, 7);
    for (uint32_t i = 1000; i < 3000; i++)
        bits_add(gone, i);
    expect(&help, none, 16 << 20);
    expect(&help, none, 1 << 16);      /* some thirty passes */
    expect(&help, gone, 1 << 20);
    help_close(&help);
}

static void test_many(void **state)
{
    (void)state;
    Help help;
    uint64_t seed = 11;
    help_open(&help, 60000);
    for (uint32_t i = 0; i < help.rows; i++)   /* each some six times: there is no room for all */
        help.hashes[i] = (next_random(&seed) % 10000 + 1) * 0x9e3779b97f4a7c15ull;
    help_write(&help);
    expect(&help, (Bits){0}, 1 << 16);
    expect(&help, (Bits){0}, 8 << 20);
    help_close(&help);
}

static void test_one_key(void **state)
{
    (void)state;
    Help help;
    help_open(&help, 50000);
    for (uint32_t i = 0; i < help.rows; i++)
        help.hashes[i] = i % 1000 == 1 ? i : 42;
    help_write(&help);
    expect(&help, (Bits){0}, 1 << 16);
    help_close(&help);
}

static void test_damaged(void **state)
{
    (void)state;
    Help help;
    help_open(&help, 1000);
    help_write(&help);
    Bits out = bits_make(&help.arena, help.rows + 1);
    uint64_t found;
    help.files[2].rows++;
    assert_false(duplicates_find(help.files, FILES, (Bits){0}, 1 << 20, &help.is_cancelled, out,
                                 &found, &help.err));
    assert_non_null(strstr(help.err.text, "2.keys does not hold the 668 hashes"));
    err_drop(&help.err);
    help.files[2].rows -= 2;
    assert_false(duplicates_find(help.files, FILES, (Bits){0}, 1 << 20, &help.is_cancelled, out,
                                 &found, &help.err));
    err_drop(&help.err);
    help.files[2].rows++;
    help.is_cancelled = true;
    assert_false(duplicates_find(help.files, FILES, (Bits){0}, 1 << 20, &help.is_cancelled, out,
                                 &found, &help.err));
    assert_int_equal(help.err.kind, ERR_CANCELLED);
    err_drop(&help.err);
    help_close(&help);
}

/* WEIR_TEST_ROWS=10000000 tells what it costs. */
static void test_cost(void **state)
{
    (void)state;
    const char *asked = getenv("WEIR_TEST_ROWS");
    Help help;
    uint64_t seed = 3, found;
    help_open(&help, asked ? (uint32_t)atol(asked) : 100000);
    for (uint32_t i = 0; i < help.rows; i++)
        help.hashes[i] = next_random(&seed);
    help.hashes[help.rows - 1] = help.hashes[0];
    help_write(&help);
    Bits out = bits_make(&help.arena, help.rows);
    int64_t began_us = clock_cpu_us();
    assert_true(duplicates_find(help.files, FILES, (Bits){0}, 64 << 20, &help.is_cancelled, out,
                                &found, &help.err));
    if (asked)
        print_message("%u rows: %.3f CPU s\n", help.rows,
                      (double)(clock_cpu_us() - began_us) / 1e6);
    assert_int_equal(found, 2);
    help_close(&help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few),     cmocka_unit_test(test_many), cmocka_unit_test(test_one_key),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
