/* spec_test.c: entries of packages.yml: the hash, what is refused, what is joined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deps/deps_base.h"

static bool read(Arena *arena, const char *yaml, PackagesFile *file, SpecList *specs, Err *err)
{
    YamlDoc doc;
    TRY(yaml_parse(arena, str_of(yaml), STR("packages.yml"), &doc, err));
    *file = (PackagesFile){.name = "packages.yml", .file = doc.file, .source = doc.source};
    TRY(packages_check(arena, NULL, doc.root, file, err));
    return specs_of(arena, file, specs, err);
}

/* Recorded from dbt 1.12.6's package-lock.yml. */
static void hashes_as_dbt(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"- {local: ../loc}", "5e90532ad8b3b0364c71e2635292fd716cb6a4a6"},
        {"- {package: acme/tools, version: 1.0.0}", "4d219fdae6944846b855ac0e3c73180df1be947b"},
        {"- {package: acme/tools, version: ['>=1.0.0', '<2.0.0']}",
         "10e9024ad59f10075eedabafce8d7ca4eb872bbf"},
        {"- {package: acme/tools, version: ['>=1.0.0', '<2.0.0'], install_prerelease: true}",
         "e136a3e717e2ccbc4ec58f0a8414f04ca39ab148"},
        {"- {package: acme/tools, version: 3.0.0}", "38a629fa8eccdb09f6627407ea3dcaf5b996942a"},
        /* git, private, tarball: dbt's serialized entries, by its own function */
        {"- {git: 'https://x.test/a.git'}",
         "c4204b1bd97ff8ed987b9b07e27d66e09605c4c7"},
        {"- {git: 'https://x.test/a.git', revision: 1, warn-unpinned: false, subdirectory: s}",
         "066444c2eb76646387f1b72ba9d173a41789b1da"},
        {"- {git: g, revision: 1.0}",
         "8bc6c4aad26854d13708bddf92886387cf714862"},
        {"- {private: o/r, provider: gitlab}",
         "410c88840f85975d2b4139926e8e4eddeb87b2ca"},
        {"- {tarball: 'https://x.test/a.tar.gz', name: n}\n- {local: b, name: y}",
         "80a1816a952ba1eab67658e5f45877ac50da6d37"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(arena) Arena arena = {0};
        AUTO(err) Err err = {0};
        PackagesFile file;
        SpecList specs;
        if (!read(&arena, table[i][0], &file, &specs, &err))
            fail_msg("%s: %s", table[i][0], err.text);
        Str hash = specs_hash(&arena, &file);
        if (!str_is(hash, table[i][1]))
            fail_msg("%s: " STR_FMT, table[i][0], STR_ARG(hash));
    }
}

static void refuses(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"5", "must be a list"},
        {"- foo", "a package is a mapping"},
        {"- {pakage: x/y, version: 1.0.0}", "none of `package`"},
        {"- {package: x/y, version: 1.0.0, foo: 1}", "'foo' was unexpected"},
        {"- {package: x/y, version: 1.0.0, install-prerelease: true}",
         "Did you mean 'install_prerelease'?"},
        {"- {package: x/y}", "x/y is missing the version"},
        {"- {package: tools, version: 1.0.0}", "require a namespace"},
        {"- {package: x/y, version: 1.0}", "\"1.0\" is not a valid semantic version"},
        {"- {package: x/y, version: '>=1.0.0,<2.0.0'}", "of two bounds make a list"},
        {"- {package: x/y, version: {a: 1}}", "a version is a text"},
        {"- {git: ''}", "A git package is missing the value"},
        {"- {git: g, revision: true}", "a revision is a tag"},
        {"- {git: g, warn_unpinned: false}", "Did you mean 'warn-unpinned'?"},
        {"- {git: g, warn-unpinned: maybe}", "true or false is expected"},
        {"- {local: a, git: b}", "'git' was unexpected"},
        {"- {tarball: u}", "a tarball needs a `name`"},
        {"- {private: org/repo, provider: ado}", "org/project/repo"},
        {"- {private: org/repo, provider: bitbucket}", "Valid providers are"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        AUTO(arena) Arena arena = {0};
        AUTO(err) Err err = {0};
        PackagesFile file;
        SpecList specs;
        if (read(&arena, table[i][0], &file, &specs, &err))
            fail_msg("%s went well", table[i][0]);
        assert_int_equal(err.kind, ERR_RUNTIME);
        if (!strstr(err.text, table[i][1]))
            fail_msg("%s: %s", table[i][0], err.text);
        assert_int_equal(err.place.line, 1);
    }
}

static void joins_what_is_one(void **state)
{
    (void)state;
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0};
    PackagesFile file;
    SpecList specs;
    Listing listing = {0};
    const char *yaml = "- {git: 'https://h/a.git', revision: v1}\n"
                       "- {git: 'https://h/a', revision: v2}\n"
                       "- {git: 'https://h/a', subdirectory: s}\n"
                       "- {package: a/b, version: '>=1.0.0'}\n"
                       "- {package: a/b, version: '<2.0.0'}\n"
                       "- {local: 'https://h/a.git'}\n"
                       "- {private: o/r}";
    assert_true(read(&arena, yaml, &file, &specs, &err));
    for (uint32_t i = 0; i < 5; i++)
        assert_true(listing_add(&arena, &listing, &specs.at[i], NULL, &err));
    assert_int_equal(listing.specs.len, 3);
    assert_int_equal(listing.specs.at[0].revisions.len, 2);
    assert_int_equal(listing.specs.at[2].versions.len, 2);
    assert_false(listing_add(&arena, &listing, &specs.at[5], NULL, &err));
    assert_non_null(strstr(err.text, "mismatched types"));
    assert_true(str_is(specs.at[6].at, "git@github.com:o/r.git"));
    assert_true(str_is(specs.at[6].unrendered, "o/r"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_dbt),
        cmocka_unit_test(refuses),
        cmocka_unit_test(joins_what_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
