/* The embedded files equal the files on disk, by both ways in. Runs in the project's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/assets.h"
#include "base/file.h"

/* The table is sorted and every row is the file's bytes. */
static void test_table_equals_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < assets_count; i++) {
        if (i > 0)
            assert_true(str_compare(str_of(assets[i - 1].name), str_of(assets[i].name)) < 0);
        Arena arena = {0};
        Err err = {0};
        Str text;
        assert_true(file_read(&arena, str_of(assets[i].name), &text, &err));
        assert_int_equal(text.len, assets[i].len);
        assert_memory_equal(text.at, assets[i].at, text.len);
        assert_int_equal(assets[i].at[assets[i].len], 0);
        arena_drop(&arena);
    }
}

/* Embedded and WEIR_ASSETS=. give the same list, in the same order, with the same texts. */
static void test_list_equals_disk(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    AssetList inside, outside;
    assert_true(assets_list(&arena, STR("macros"), &inside, &err));
    assert_true(inside.len > 0);
    setenv("WEIR_ASSETS", ".", 1);
    bool ok = assets_list(&arena, STR("macros"), &outside, &err);
    unsetenv("WEIR_ASSETS");
    assert_true(ok);
    assert_int_equal(inside.len, outside.len);
    for (uint32_t i = 0; i < inside.len; i++) {
        assert_true(str_eq(inside.at[i].name, outside.at[i].name));
        assert_true(str_eq(inside.at[i].text, outside.at[i].text));
    }
    arena_drop(&arena);
}

/* Every listed name can be read; a folder's name is no asset; a prefix of a name is no folder. */
static void test_read_and_miss(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    AssetList all, none;
    assert_true(assets_list(&arena, STR("macros"), &all, &err));
    for (uint32_t i = 0; i < all.len; i++) {
        Str text;
        assert_true(asset_read(&arena, all.at[i].name, &text, &err));
        assert_ptr_equal(text.at, all.at[i].text.at);
    }
    Str text = STR("untouched");
    assert_false(asset_read(&arena, STR("macros"), &text, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
    assert_true(str_is(text, "untouched"));
    err_drop(&err);
    assert_true(assets_list(&arena, STR("macro"), &none, &err));
    assert_int_equal(none.len, 0);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_equals_files),
        cmocka_unit_test(test_list_equals_disk),
        cmocka_unit_test(test_read_and_miss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
