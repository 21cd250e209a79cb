/* object_test.c: functions as values, and sorting a call's arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/object.h"

static Arena arena;

static int drop(void **state)
{
    (void)state;
    arena_drop(&arena);
    return 0;
}

static bool add(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"a", "b"};
    Value slots[2] = {UNDEFINED, value_int(10)};
    TRY(call_bind(call, "add", names, 2, 1, slots, err));
    *out = value_int(slots[0].number + slots[1].number);
    return true;
}

static void expect_sum(Call call, int64_t wanted)
{
    Err err = {0};
    Value out;
    assert_true(value_call(value_function(&arena, "add", add, NULL), &call, &out, &err));
    assert_int_equal(out.number, wanted);
}

static void expect_failure(Call call, const char *wanted)
{
    Err err = {0};
    Value out;
    assert_false(value_call(value_function(&arena, "add", add, NULL), &call, &out, &err));
    assert_string_equal(err.text, wanted);
    err_drop(&err);
}

static void arguments_find_their_slots(void **state)
{
    (void)state;
    Value args[] = {value_int(1), value_int(2), value_int(3)};
    Str b = STR("b"), a = STR("a"), x = STR("x");
    expect_sum((Call){.arena = &arena, .args = args, .arg_count = 1}, 11);
    expect_sum((Call){.arena = &arena, .args = args, .arg_count = 2}, 3);
    expect_sum((Call){.arena = &arena, .args = args, .arg_count = 1, .names = &b, .named = args,
                      .named_count = 1}, 2);
    expect_failure((Call){.arena = &arena}, "add() missing 1 required positional argument: 'a'");
    expect_failure((Call){.arena = &arena, .args = args, .arg_count = 3},
                   "add() takes at most 2 positional arguments but 3 were given");
    expect_failure((Call){.arena = &arena, .args = args, .arg_count = 1, .names = &a, .named = args,
                          .named_count = 1}, "add() got multiple values for argument 'a'");
    expect_failure((Call){.arena = &arena, .args = args, .arg_count = 1, .names = &x, .named = args,
                          .named_count = 1}, "add() got an unexpected keyword argument 'x'");
}

static void what_is_no_function_cannot_be_called(void **state)
{
    (void)state;
    Err err = {0};
    Value out;
    Call call = {.arena = &arena};
    Undefined nope = {.name = STR("nope")};
    assert_false(value_call(value_int(1), &call, &out, &err));
    assert_string_equal(err.text, "'int' object is not callable");
    Value undefined = {.kind = VALUE_UNDEFINED, .undefined = &nope};
    assert_false(value_call(undefined, &call, &out, &err));
    assert_string_equal(err.text, "'nope' is undefined");
    err_drop(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(arguments_find_their_slots, drop),
        cmocka_unit_test_teardown(what_is_no_function_cannot_be_called, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
