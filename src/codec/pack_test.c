/* Whole blocks to zstd frames and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

static Packer *make(Arena *arena, int level)
{
    AUTO(err) Err err = {0};
    Packer *packer;
    if (!packer_make(arena, level, &packer, &err))
        fail_msg("%s", err.text);
    return packer;
}

static void test_blocks(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    Arena arena = {0};
    const size_t sizes[] = {0, 1, 5000, 1 << 20};
    for (int level = 0; level <= 9; level += 9) {
        Packer *packer = make(&arena, level);
        AUTO(text) Text out = {0};
        text_add_c(&out, "head"); /* frames are added behind what is there */
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            char *plain = arena_take(&arena, sizes[i] + 1, 1);
            char *back = arena_take(&arena, sizes[i] + 1, 1);
            for (size_t j = 0; j < sizes[i]; j++)
                plain[j] = (char)(j * j >> 9 & 15);
            size_t before = out.len;
            assert_true(packer_pack(packer, (Str){plain, sizes[i]}, &out, &err));
            Str frame = str_slice(text_str(&out), before, out.len);
            assert_int_equal(codec_of_bytes(frame), CODEC_ZSTD);
            assert_true(sizes[i] < 5000 || frame.len < sizes[i]);
            assert_true(packer_unpack(packer, frame, back, sizes[i], &err));
            assert_memory_equal(plain, back, sizes[i] + 1);
        }
        assert_memory_equal(out.at, "head", 4);
    }
    arena_drop(&arena);
}

static void test_broken(void **state)
{
    (void)state;
    Arena arena = {0};
    Packer *packer = make(&arena, 3);
    AUTO(text) Text out = {0};
    char back[2000];
    AUTO(err) Err err = {0};
    char plain[1000] = "a block of a page";
    assert_true(packer_pack(packer, (Str){plain, sizeof(plain)}, &out, &err));
    assert_false(packer_unpack(packer, text_str(&out), back, 999, &err));
    assert_int_equal(err.kind, ERR_RUNTIME);
    assert_false(packer_unpack(packer, text_str(&out), back, 1001, &err));
    assert_string_equal(err.text, "corrupt zstd: 1000 bytes where 1001 were expected");
    for (size_t cut = 1; cut < out.len; cut++)
        assert_false(packer_unpack(packer, str_slice(text_str(&out), 0, cut), back, 1000, &err));
    assert_false(packer_unpack(packer, STR("no frame"), back, 1000, &err));
    assert_true(packer_unpack(packer, text_str(&out), back, 1000, &err));
    assert_memory_equal(plain, back, 1000);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
