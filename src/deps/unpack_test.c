/* unpack_test.c: archives made here byte by byte: one top folder, links, names that climb out,
 * damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "deps/deps_base.h"

/* A tar member; '0' file, '1' hard link, '2' link, '5' folder. */
static void add_member(Text *tar, char type, const char *name, const char *content)
{
    char block[512] = {0};
    size_t len = type == '0' ? strlen(content) : 0;
    snprintf(block, 100, "%s", name);
    snprintf(block + 100, 8, "%07o", type == '5' ? 0755 : 0644);
    snprintf(block + 108, 8, "%07o", 0);
    snprintf(block + 116, 8, "%07o", 0);
    snprintf(block + 124, 12, "%011o", (unsigned)(len & 0xffff));
    snprintf(block + 136, 12, "%011o", 1700000000);
    block[156] = type;
    if (type == '1' || type == '2')
        snprintf(block + 157, 100, "%s", content);
    memcpy(block + 257, "ustar\00000", 8);
    memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof(block); i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum);
    text_add_bytes(tar, block, sizeof(block));
    text_add_bytes(tar, content, len);
    text_add_repeat(tar, '\0', (512 - len % 512) % 512);
}

static Str folder;

static int set_up(void **state)
{
    (void)state;
    static char path[] = "/tmp/weir-unpack-XXXXXX";
    memcpy(path, "/tmp/weir-unpack-XXXXXX", sizeof(path));
    if (!mkdtemp(path))
        return -1;
    folder = str_of(path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    AUTO(err) Err err = {0};
    return folder_remove(folder, &err) ? 0 : -1;
}

static bool unpack(Arena *arena, Text *tar, Err *err)
{
    Str file = path_join(arena, folder, STR("a.tar")), into = path_join(arena, folder, STR("out"));
    text_add_repeat(tar, '\0', 1024);
    AUTO(err) Err problem = {0};
    assert_true(file_write(file, text_str(tar), false, &problem));
    assert_true(folder_remove(into, &problem));
    return unpack_package(file, STR("http://h/a.tar.gz"), into, err);
}

static void unpacks(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text tar = {0};
    add_member(&tar, '5', "pkg-1.0/", "");
    add_member(&tar, '0', "pkg-1.0/dbt_project.yml", "name: p\n");
    add_member(&tar, '0', "./pkg-1.0/macros/a.sql", "x");
    add_member(&tar, '2', "pkg-1.0/macros/b.sql", "a.sql");
    add_member(&tar, '2', "pkg-1.0/macros/readme", "../dbt_project.yml");
    if (!unpack(&arena, &tar, &err))
        fail_msg("%s", err.text);
    Str text;
    assert_true(file_read(&arena, path_join(&arena, folder, STR("out/macros/b.sql")), &text, &err));
    assert_true(str_is(text, "x"));
    Str readme = path_join(&arena, folder, STR("out/macros/readme"));
    assert_true(file_read(&arena, readme, &text, &err));
    assert_true(str_is(text, "name: p\n"));
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        char type;
        const char *name, *content, *words;
    } table[] = {
        {'0', "../evil", "x", "outside the destination"},
        {'0', "/tmp/evil", "x", "outside the destination"},
        {'0', "pkg/../../evil", "x", "outside the destination"},
        {'0', "other/x", "x", "Incorrect structure"},
        {'0', "plain", "x", "Incorrect structure"},
        {'2', "pkg/l", "/etc/passwd", "leads out of the package"},
        {'2', "pkg/l", "../x", "leads out of the package"},
        {'2', "pkg/a/l", "../../x", "leads out of the package"},
        {'2', "pkg/l", "in/../../x", "leads out of the package"},
        {'2', "pkg/l", "", "neither file, folder nor link"},
        {'0', "pkg/link/x", "x", "lies behind a link"},
        {'0', "pkg/link", "x", "lies behind a link"},
        {'1', "pkg/hard", "pkg/a", "neither file, folder nor link"},
        {'6', "pkg/pipe", "", "neither file, folder nor link"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(arena) Arena arena = {0};
        AUTO(err) Err err = {0};
        AUTO(text) Text tar = {0};
        add_member(&tar, '0', "pkg/a", "a");
        add_member(&tar, '2', "pkg/link", ".");
        add_member(&tar, table[i].type, table[i].name, table[i].content);
        if (unpack(&arena, &tar, &err))
            fail_msg("%s went well", table[i].name);
        if (!strstr(err.text, table[i].words))
            fail_msg("%s -> %s: %s", table[i].name, table[i].content, err.text);
    }
    assert_false(file_exists(STR("/tmp/evil")));
}

static void refuses_damage(void **state)
{
    (void)state;
    static const char *const contents[] = {"", "not an archive at all", "\x1f\x8b\x08 broken"};
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        AUTO(arena) Arena arena = {0};
        AUTO(err) Err err = {0}, problem = {0};
        Str file = path_join(&arena, folder, STR("a.tar"));
        assert_true(file_write(file, str_of(contents[i]), false, &problem));
        assert_false(unpack_package(file, STR("u"), path_join(&arena, folder, STR("out")), &err));
        assert_int_equal(err.kind, ERR_RUNTIME);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unpacks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
