/* lock_test.c: the lock file, byte for byte as dbt writes it; other trees of packages.yml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/process.h"
#include "deps/deps_base.h"

static void prints_the_lock(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(text) Text out = {0};
    secret_add(STR("hunter2hunter2"));
    const Spec specs[] = {
        {.kind = SPEC_REGISTRY, .at = STR("acme/tools")},
        {.kind = SPEC_LOCAL, .at = STR("../loc")},
        {.kind = SPEC_GIT,
         .unrendered = STR("https://{{ env_var('DBT_ENV_SECRET_X') }}@h/a.git"),
         .subdirectory = STR("b")},
        {.kind = SPEC_GIT, .unrendered = STR("https://hunter2hunter2@h/a.git")},
        {.kind = SPEC_TARBALL, .unrendered = STR("https://h/t.tar.gz")},
        {.kind = SPEC_PRIVATE, .unrendered = STR("o/r"), .provider = STR("gitlab")},
    };
    static const char *const names[] = {"tools", "loc", "mono", "gitp", "tarp", "r"};
    PinnedList all = {0};
    for (size_t i = 0; i < COUNT_OF(specs); i++)
        list_add(&arena, &all, (Pinned){.spec = &specs[i], .project_name = str_of(names[i]),
                                        .version = i ? STR("0123456") : STR("1.10.0")});
    lock_print(&arena, &all, STR("4d219fdae6944846b855ac0e3c73180df1be947b"), &out);
    assert_string_equal(out.at,
        "packages:\n"
        "  - name: tools\n    package: acme/tools\n    version: 1.10.0\n"
        "  - local: ../loc\n    name: loc\n"
        "  - git: https://{{ env_var('DBT_ENV_SECRET_X') }}@h/a.git\n    name: mono\n"
        "    revision: '0123456'\n"
        "    subdirectory: b\n"
        "  - git: https://*****@h/a.git\n    name: gitp\n    revision: '0123456'\n"
        "  - name: tarp\n    tarball: https://h/t.tar.gz\n"
        "  - name: r\n    private: o/r\n    provider: gitlab\n    revision: '0123456'\n"
        "sha1_hash: 4d219fdae6944846b855ac0e3c73180df1be947b\n");
    secret_remove(STR("hunter2hunter2"));
}

static void prints_trees(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    AUTO(text) Text out = {0};
    YamlDoc doc;
    Str text = STR("packages: [{version: ['>=1.0.0', <2.0.0], package: a/b}, {git: g, "
                   "warn-unpinned: false, revision: '1.0'}, {local: l, name: null}]\nempty: []\n");
    assert_true(yaml_parse(&arena, text, STR("p.yml"), &doc, &err));
    lock_print_tree(doc.root, &out);
    assert_string_equal(out.at,
        "empty: []\npackages:\n  - package: a/b\n    version:\n      - '>=1.0.0'\n      - <2.0.0\n"
        "  - git: g\n    revision: '1.0'\n    warn-unpinned: false\n"
        "  - local: l\n    name: null\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_the_lock),
        cmocka_unit_test(prints_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
