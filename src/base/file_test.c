/* Files and folders in a scratch folder of their own, and the text of paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char scratch[] = "/tmp/weir-file-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(scratch) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    return folder_remove(str_of(scratch), &err) && !file_exists(str_of(scratch)) ? 0 : -1;
}

static Str in_scratch(Arena *arena, const char *name)
{
    return path_join(arena, str_of(scratch), str_of(name));
}

static void test_write_and_read(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str path = in_scratch(&arena, "new/deep/a.txt"), got;
    assert_true(file_write(path, STR("hello"), true, &err));
    assert_true(file_read(&arena, path, &got, &err));
    assert_string_equal(got.at, "hello");
    assert_true(file_write(path, STR_NONE, false, &err));
    assert_true(file_read(&arena, path, &got, &err));
    assert_int_equal(got.len, 0);
    FileInfo info = file_info(path);
    assert_int_equal(info.kind, FILE_REGULAR);
    assert_int_equal(info.size_bytes, 0);
    assert_true(info.modified_at_us > 0);
    assert_int_equal(file_info(path_folder(path)).kind, FILE_FOLDER);
    FileList left; /* no temporary file stays behind */
    assert_true(folder_walk(&arena, path_folder(path), &left, &err));
    assert_int_equal(left.len, 1);
    arena_drop(&arena);
}

/* The inode tells whether a file was made anew. */
static void test_update(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str path = in_scratch(&arena, "updated.txt"), got;
    struct stat first, second, third;
    Str large = str_print(&arena, "%040000d", 1), other = str_print(&arena, "%040000d", 2);
    assert_true(file_update(path, large, &err));
    assert_int_equal(stat(path.at, &first), 0);
    assert_true(file_update(path, large, &err));
    assert_int_equal(stat(path.at, &second), 0);
    assert_true(first.st_ino == second.st_ino && first.st_mtim.tv_nsec == second.st_mtim.tv_nsec);
    assert_true(file_update(path, other, &err)); /* as long, but different at its end */
    assert_int_equal(stat(path.at, &third), 0);
    assert_true(third.st_mtim.tv_nsec != second.st_mtim.tv_nsec ||
                third.st_ino != second.st_ino);
    assert_true(file_read(&arena, path, &got, &err));
    assert_true(str_eq(got, other));
    arena_drop(&arena);
}

static void test_failures(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str got = STR("untouched");
    assert_false(file_read(&arena, in_scratch(&arena, "absent"), &got, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_true(strstr(err.text, "absent: No such file") != NULL);
    assert_true(str_is(got, "untouched"));
    assert_false(file_read(&arena, str_of(scratch), &got, &err));
    assert_true(strstr(err.text, "directory") != NULL);
    assert_false(file_read(&arena, (Str){"a\0b", 3}, &got, &err));
    assert_true(file_write(in_scratch(&arena, "plain"), STR("x"), false, &err));
    assert_false(file_write(in_scratch(&arena, "plain/below"), STR("x"), false, &err));
    assert_false(folder_make(in_scratch(&arena, "plain/below"), &err));
    assert_false(folder_remove(in_scratch(&arena, "plain"), &err));
    assert_true(file_remove(in_scratch(&arena, "plain"), &err));
    assert_true(file_remove(in_scratch(&arena, "plain"), &err));
    assert_true(folder_remove(in_scratch(&arena, "absent"), &err));
    arena_drop(&arena);
}

static void test_writer(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str path = in_scratch(&arena, "streamed"), got;
    FileWriter writer;
    assert_true(file_writer_open(&writer, path, &err));
    assert_true(file_writer_add(&writer, STR("lost"), &err));
    file_writer_drop(&writer);
    assert_false(file_exists(path)); /* dropped: nothing is left, not even the temporary file */
    FileList left;
    assert_true(folder_walk(&arena, str_of(scratch), &left, &err));
    for (uint32_t i = 0; i < left.len; i++)
        assert_false(str_ends(left.at[i].path, STR(".tmp")));

    assert_true(file_writer_open(&writer, path, &err));
    AUTO(text) Text piece = {0};
    text_add_repeat(&piece, 'x', 700000);
    for (int i = 0; i < 3; i++)
        assert_true(file_writer_add(&writer, text_str(&piece), &err));
    text_add_repeat(&piece, 'y', 700000); /* beyond the buffer: written at once, in order */
    assert_true(file_writer_add(&writer, text_str(&piece), &err));
    assert_true(file_writer_add(&writer, STR("end"), &err));
    assert_int_equal(writer.size_bytes, 3500003);
    assert_false(file_exists(path));
    assert_true(file_writer_commit(&writer, false, &err));
    file_writer_drop(&writer);
    assert_true(file_read(&arena, path, &got, &err));
    assert_int_equal(got.len, 3500003);
    assert_true(got.at[2799999] == 'x' && got.at[2800000] == 'y' && str_ends(got, STR("yend")));
    arena_drop(&arena);
}

/* What a killed process left is gone after the next write; two writers at once do not meet. */
static void test_writers_of_one_file(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    Str path = in_scratch(&arena, "shared"), got;
    assert_true(file_write(in_scratch(&arena, "shared.tmp"), STR("left by the dead"), false, &err));
    FileWriter one, two;
    assert_true(file_writer_open(&one, path, &err));
    assert_true(file_writer_open(&two, path, &err));
    assert_false(str_eq(one.temp, two.temp));
    assert_true(file_writer_add(&one, STR("1"), &err));
    assert_true(file_writer_add(&two, STR("2"), &err));
    assert_true(file_writer_commit(&one, false, &err));
    assert_true(file_read(&arena, path, &got, &err));
    assert_true(str_is(got, "1"));
    assert_true(file_writer_commit(&two, false, &err));
    assert_true(file_read(&arena, path, &got, &err));
    assert_true(str_is(got, "2"));
    file_writer_drop(&one);
    file_writer_drop(&two);
    FileList left;
    assert_true(folder_walk(&arena, str_of(scratch), &left, &err));
    for (uint32_t i = 0; i < left.len; i++)
        assert_false(str_ends(left.at[i].path, STR(".tmp")));
    arena_drop(&arena);
}

static void test_walk(void **state)
{
    (void)state;
    Arena arena = {0};
    AUTO(err) Err err = {0};
    static const char *const names[] = {"b", "a/y", "a/x", "a.b", ".hidden/z", "a/deep/er/f"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Str path = path_join(&arena, in_scratch(&arena, "walk"), str_of(names[i]));
        assert_true(file_write(path, STR("12"), false, &err));
    }
    Str root = in_scratch(&arena, "walk");
    assert_int_equal(symlink("..", path_join(&arena, root, STR("a/loop")).at), 0);
    assert_int_equal(symlink("nowhere", path_join(&arena, root, STR("dangling")).at), 0);
    assert_int_equal(symlink("a/deep", path_join(&arena, root, STR("linked")).at), 0);
    FileList list;
    assert_true(folder_walk(&arena, root, &list, &err));
    static const char *const wanted[] = {".hidden/z", "a.b",      "a/deep/er/f",
                                         "a/x",       "a/y",      "b",
                                         "dangling",  "linked/er/f"};
    assert_int_equal(list.len, COUNT_OF(wanted));
    for (uint32_t i = 0; i < list.len; i++)
        assert_string_equal(list.at[i].path.at, wanted[i]);
    assert_int_equal(list.at[1].size_bytes, 2);
    assert_true(list.at[1].modified_at_us > 0);
    assert_true(folder_walk(&arena, in_scratch(&arena, "absent"), &list, &err));
    assert_int_equal(list.len, 0);
    assert_false(folder_walk(&arena, in_scratch(&arena, "walk/b"), &list, &err));
    arena_drop(&arena);
}

/* As Python's os.path. */
static void test_path_text(void **state)
{
    (void)state;
    Arena arena = {0};
#define SAME(call, wanted)                             \
    do {                                               \
        Str got_ = (call);                             \
        assert_string_equal(str_c(&arena, got_), wanted); \
    } while (0)
    SAME(path_join(&arena, STR("a"), STR("b")), "a/b");
    SAME(path_join(&arena, STR("a/"), STR("b")), "a/b");
    SAME(path_join(&arena, STR("a"), STR("/b")), "/b");
    SAME(path_join(&arena, STR(""), STR("b")), "b");
    SAME(path_join(&arena, STR("a"), STR("")), "a");
    SAME(path_folder(STR("a/b.c")), "a");
    SAME(path_folder(STR("b")), "");
    SAME(path_folder(STR("/b")), "/");
    SAME(path_folder(STR("a//b")), "a");
    SAME(path_name(STR("a/b.c")), "b.c");
    SAME(path_name(STR("a/")), "");
    SAME(path_stem(STR("a.b/c.d.e")), "c.d");
    SAME(path_stem(STR(".bashrc")), ".bashrc");
    SAME(path_extension(STR("a/b.c")), ".c");
    SAME(path_extension(STR("a.b/c")), "");
    SAME(path_extension(STR(".bashrc")), "");
    SAME(path_extension(STR("x.")), ".");
    SAME(path_clean(&arena, STR("a/./b/../c")), "a/c");
    SAME(path_clean(&arena, STR("../../a/..")), "../..");
    SAME(path_clean(&arena, STR("a/../../b")), "../b");
    SAME(path_clean(&arena, STR("/../a//b/")), "/a/b");
    SAME(path_clean(&arena, STR("")), ".");
    SAME(path_clean(&arena, STR("a/..")), ".");
    SAME(path_clean(&arena, STR("/")), "/");
    SAME(path_relative(&arena, STR("/a/b/c"), STR("/a/b")), "c");
    SAME(path_relative(&arena, STR("/a/b"), STR("/a/b")), ".");
    SAME(path_relative(&arena, STR("/a/bc"), STR("/a/b")), "../bc");
    SAME(path_relative(&arena, STR("/x"), STR("/a/b")), "../../x");
    SAME(path_relative(&arena, STR("/"), STR("/a")), "..");
    SAME(path_relative(&arena, STR("/a"), STR("/")), "a");
    setenv("HOME", "/home/x/", 1);
    SAME(path_expand_home(&arena, STR("~/y")), "/home/x/y");
    SAME(path_expand_home(&arena, STR("~")), "/home/x");
    SAME(path_expand_home(&arena, STR("~other/y")), "~other/y");
    SAME(path_absolute(&arena, STR("/a/../b")), "/b");
    SAME(path_absolute(&arena, STR("b")), path_join(&arena, path_working(&arena), STR("b")).at);
#undef SAME
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_and_read), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_writers_of_one_file),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_path_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
