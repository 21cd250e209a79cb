/* arena_test.c: zeroed, aligned, growing in place, hooks in reverse order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    Arena arena = {0};
    char *last = NULL;
    for (size_t size = 1; size < 5000; size += 37) {
        size_t align = (size_t)1 << (size % 5);
        char *at = arena_take(&arena, size, align);
        assert_int_equal((uintptr_t)at % align, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(at[i], 0);
        memset(at, 0x5a, size);
        assert_ptr_not_equal(at, last);
        last = at;
    }
    arena_drop(&arena);
    assert_int_equal(arena.taken_bytes, 0);
}

static void a_large_piece_keeps_the_room_of_the_newest_chunk(void **state)
{
    (void)state;
    Arena arena = {0};
    char *a = arena_take(&arena, 16, 1);
    char *large = arena_take(&arena, 10 << 20, 1);
    char *b = arena_take(&arena, 16, 1);
    assert_ptr_equal(b, a + 16);
    large[(10 << 20) - 1] = 1;
    arena_drop(&arena);
}

static void the_newest_piece_grows_in_place(void **state)
{
    (void)state;
    Arena arena = {0};
    char *a = arena_take(&arena, 8, 8);
    memcpy(a, "1234567", 8);
    assert_ptr_equal(arena_grow(&arena, a, 8, 64, 8), a);
    assert_int_equal(a[63], 0);
    arena_take(&arena, 1, 1);
    char *moved = arena_grow(&arena, a, 64, 128, 8);
    assert_ptr_not_equal(moved, a);
    assert_string_equal(moved, "1234567");
    arena_drop(&arena);
}

static void lists_keep_their_items(void **state)
{
    (void)state;
    Arena arena = {0};
    List(int) list = {0};
    for (int i = 0; i < 1000; i++) {
        list_add(&arena, &list, i);
        arena_take(&arena, 3, 1);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list.at[i], i);
    arena_drop(&arena);
}

static char order[8];

static char a_name[] = "a", b_name[] = "b", c_name[] = "c";

static void note(void *what)
{
    strcat(order, what);
}

static void hooks_run_newest_first_on_drop_and_reset(void **state)
{
    (void)state;
    Arena arena = {0};
    order[0] = '\0';
    arena_on_drop(&arena, note, a_name);
    arena_on_drop(&arena, note, b_name);
    arena_reset(&arena);
    assert_string_equal(order, "ba");
    arena_on_drop(&arena, note, c_name);
    arena_drop(&arena);
    assert_string_equal(order, "bac");
}

static void reset_keeps_one_chunk(void **state)
{
    (void)state;
    Arena arena = {0};
    for (int i = 0; i < 100; i++)
        arena_take(&arena, 10000, 8);
    arena_reset(&arena);
    size_t kept = arena.taken_bytes;
    assert_true(kept > 0 && kept < 100 * 10000);
    char *again = arena_take(&arena, 100, 8);
    for (int i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
    assert_int_equal(arena.taken_bytes, kept);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(a_large_piece_keeps_the_room_of_the_newest_chunk),
        cmocka_unit_test(the_newest_piece_grows_in_place),
        cmocka_unit_test(lists_keep_their_items),
        cmocka_unit_test(hooks_run_newest_first_on_drop_and_reset),
        cmocka_unit_test(reset_keeps_one_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
