/* yaml_edit_test.c: adding to YAML files: what is there stays, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "workbench/yaml_edit.h"

static const char file[] = "# ours\n"
                           "models:\n"
                           "  - name: a   # the first\n"
                           "    columns:\n"
                           "      - name: id\n"
                           "        description: >\n"
                           "          long\n"
                           "          text\n"
                           "      # of the next one\n"
                           "\n"
                           "  - name: b\n"
                           "    columns: [{name: id}]\n"
                           "  - {name: c}\n"
                           "# the end";

static YamlEdit begin(Arena *arena, YamlDoc *doc)
{
    Err err = {0};
    assert_true(yaml_parse(arena, str_of(file), STR("f.yml"), doc, &err));
    return (YamlEdit){.arena = arena, .source = str_of(file)};
}

static Value item(Value list, uint32_t i)
{
    return list.list->at[i];
}

static void test_add(void **state)
{
    (void)state;
    Arena arena = {0};
    YamlDoc doc;
    YamlEdit edit = begin(&arena, &doc);
    Value models = value_get(doc.root, "models"), a = item(models, 0);
    assert_true(yaml_add_item(&edit, value_get(a, "columns"), STR("name: x\ndata_type: int\n")));
    assert_true(yaml_add_item(&edit, value_get(a, "columns"), STR("name: y\n")));
    assert_true(yaml_add_key(&edit, a, STR("meta"), STR("one: 1\n")));
    yaml_add_end(&edit, STR("more: 1\n"));
    const char *want = "# ours\n"
                       "models:\n"
                       "  - name: a   # the first\n"
                       "    columns:\n"
                       "      - name: id\n"
                       "        description: >\n"
                       "          long\n"
                       "          text\n"
                       "      - name: x\n"
                       "        data_type: int\n"
                       "      - name: y\n"
                       "    meta:\n"
                       "      one: 1\n"
                       "      # of the next one\n"
                       "\n"
                       "  - name: b\n"
                       "    columns: [{name: id}]\n"
                       "  - {name: c}\n"
                       "# the end\n"
                       "more: 1\n";
    assert_string_equal(str_c(&arena, yaml_edited(&edit)), want);
    arena_drop(&arena);
}

static void test_braces(void **state)
{
    (void)state;
    Arena arena = {0};
    YamlDoc doc;
    YamlEdit edit = begin(&arena, &doc);
    Value models = value_get(doc.root, "models");
    assert_false(yaml_add_item(&edit, value_get(item(models, 1), "columns"), STR("name: x\n")));
    assert_false(yaml_add_key(&edit, item(models, 2), STR("columns"), STR("- name: x\n")));
    assert_true(yaml_add_item(&edit, models, STR("name: d\n")));
    Str made = yaml_edited(&edit);
    assert_true(str_ends(made, STR("  - {name: c}\n  - name: d\n# the end")));
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_add), cmocka_unit_test(test_braces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
