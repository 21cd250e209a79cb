/* cache_test.c: the relation cache: names without case, and what goes with a relation that goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "transform/run.h"

static Relation *place(Arena *arena, const char *name, const char *type)
{
    return relation_make(arena, STR("shop"), STR("main"), str_of(name), str_of(type));
}

static bool has(Cache *cache, Arena *arena, const char *name)
{
    return cache_find(cache, arena, STR("SHOP"), STR("Main"), str_of(name)) != NULL;
}

/* table <- view <- above, table <- other */
static Cache *make(Arena *arena)
{
    Cache *cache = cache_make(arena);
    cache_add(cache, place(arena, "Table", "table"));
    cache_add(cache, place(arena, "view", "view"));
    cache_add(cache, place(arena, "above", "view"));
    cache_add(cache, place(arena, "other", "view"));
    cache_add(cache, place(arena, "apart", "table"));
    cache_link(cache, place(arena, "table", ""), place(arena, "VIEW", ""));
    cache_link(cache, place(arena, "table", ""), place(arena, "other", ""));
    cache_link(cache, place(arena, "view", ""), place(arena, "above", ""));
    return cache;
}

static void what_stands_on_a_relation_goes_with_it(void **state)
{
    (void)state;
    Arena arena = {0};
    Cache *cache = make(&arena);
    cache_remove(cache, place(&arena, "view", ""));
    assert_true(has(cache, &arena, "table") && has(cache, &arena, "other"));
    assert_false(has(cache, &arena, "view") || has(cache, &arena, "above"));
    cache_remove(cache, place(&arena, "TABLE", ""));
    assert_false(has(cache, &arena, "table") || has(cache, &arena, "other"));
    assert_true(has(cache, &arena, "apart"));
    arena_drop(&arena);
}

static void a_new_name_keeps_what_stands_on_it(void **state)
{
    (void)state;
    Arena arena = {0};
    Cache *cache = make(&arena);
    cache_rename(cache, place(&arena, "table", ""), place(&arena, "backup", ""));
    cache_rename(cache, place(&arena, "view", ""), place(&arena, "seen", ""));
    assert_true(has(cache, &arena, "backup") && has(cache, &arena, "seen"));
    assert_false(has(cache, &arena, "table") || has(cache, &arena, "view"));
    assert_string_equal(cache_find(cache, &arena, STR("shop"), STR("main"), STR("seen"))->type.at,
                        "view");
    cache_add(cache, place(&arena, "table", "table")); /* the one that takes its place */
    cache_remove(cache, place(&arena, "backup", ""));
    assert_false(has(cache, &arena, "seen") || has(cache, &arena, "above"));
    assert_false(has(cache, &arena, "other"));
    assert_true(has(cache, &arena, "table"));
    arena_drop(&arena);
}

/* Two relations on each other (a recursive rule) end all the same. */
static void circles_end(void **state)
{
    (void)state;
    Arena arena = {0};
    Cache *cache = make(&arena);
    cache_link(cache, place(&arena, "above", ""), place(&arena, "table", ""));
    cache_remove(cache, place(&arena, "view", ""));
    assert_false(has(cache, &arena, "table") || has(cache, &arena, "other"));
    assert_true(has(cache, &arena, "apart"));
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_on_a_relation_goes_with_it),
        cmocka_unit_test(a_new_name_keeps_what_stands_on_it),
        cmocka_unit_test(circles_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
