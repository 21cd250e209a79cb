/* YAML against what PyYAML answered (tests/cases/base/yaml.json), and what is our own: places,
 * doubles, limits. Runs in the project's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"

static Value load_cases(Arena *arena)
{
    Err err = {0};
    Str source;
    Value cases;
    assert_true(file_read(arena, STR("tests/cases/base/yaml.json"), &source, &err));
    assert_true(json_parse(arena, source, STR("yaml.json"), &cases, &err));
    return cases;
}

/* One document: 1 if the answer differs from PyYAML's. */
static int differs(Arena *arena, Value one)
{
    Err err = {0};
    YamlDoc doc = {.root = NONE};
    AUTO(text) Text got = {0};
    Str source = value_get_text(one, "yaml", STR_NONE);
    Value line = value_get(one, "fails");
    bool is_read = yaml_parse(arena, source, STR("x.yml"), &doc, &err);
    if (is_read)
        value_repr(doc.root, &got);
    else
        text_print(&got, "line %d: %s", err.place.line, err.text);
    bool has_line = value_is_int(line) && (line.number == 0 || line.number == err.place.line);
    Str gives = value_get_text(one, "gives", STR_NONE);
    bool is_same = is_read ? str_eq(text_str(&got), gives) : has_line;
    if (!is_same) {
        AUTO(text) Text shown = {0};
        json_print(one, (JsonStyle){0}, &shown);
        print_message("case %s\n got %s\n", shown.at, got.at);
    }
    err_drop(&err);
    return !is_same;
}

static void test_loads_as_pyyaml(void **state)
{
    (void)state;
    Arena arena = {0};
    Value cases = value_get(load_cases(&arena), "loads");
    assert_true(value_is_list(cases) && cases.list->len > 1000);
    int count = 0;
    for (uint32_t i = 0; i < cases.list->len; i++)
        count += differs(&arena, cases.list->at[i]);
    assert_int_equal(count, 0);
    arena_drop(&arena);
}

static void test_dumps_as_pyyaml(void **state)
{
    (void)state;
    Arena arena = {0};
    Value cases = value_get(load_cases(&arena), "dumps");
    assert_true(value_is_list(cases) && cases.list->len > 100);
    int count = 0;
    for (uint32_t i = 0; i < cases.list->len; i++) {
        AUTO(text) Text got = {0};
        Value one = cases.list->at[i];
        yaml_print(value_get(one, "value"), value_get(one, "sorts").is_true, &got);
        if (!str_eq(text_str(&got), value_get_text(one, "gives", STR_NONE))) {
            AUTO(text) Text shown = {0};
            json_print(one, (JsonStyle){0}, &shown);
            print_message("case %s\n got %s\n", shown.at, got.at);
            count++;
        }
    }
    assert_int_equal(count, 0);
    arena_drop(&arena);
}

static YamlDoc parse(Arena *arena, const char *source)
{
    Err err = {0};
    YamlDoc doc = {0};
    bool is_read = yaml_parse(arena, str_of(source), STR("x.yml"), &doc, &err);
    if (!is_read)
        print_message("%s\n", err.text);
    assert_true(is_read);
    return doc;
}

/* Parses what must fail; the message must hold `wanted`. */
static void refuse(const char *source, ErrKind kind, int line, int column, const char *wanted)
{
    Arena arena = {0};
    Err err = {0};
    YamlDoc doc = {.root = value_int(7)};
    assert_false(yaml_parse(&arena, str_of(source), STR("x.yml"), &doc, &err));
    if (err.kind != kind || err.place.line != line || err.place.column != column)
        fail_msg("%d:%d kind %d: %s", err.place.line, err.place.column, (int)err.kind, err.text);
    if (!strstr(err.text, wanted))
        fail_msg("'%s' lacks '%s'", err.text, wanted);
    assert_int_equal(doc.root.number, 7); /* untouched */
    err_drop(&err);
    arena_drop(&arena);
}

static void test_places(void **state)
{
    (void)state;
    Arena arena = {0};
    YamlDoc doc = parse(&arena, "é: ü\nmodels:\n  - name: 'a'\n    x: 1\n");
    Value model = value_get(doc.root, "models").list->at[0];
    Place place = value_place(value_get(model, "x"), doc.file, doc.source);
    assert_int_equal(place.line, 4);
    assert_int_equal(place.column, 8);
    place = value_place(model, doc.file, doc.source);
    assert_int_equal(place.line, 3);
    assert_int_equal(place.column, 5);
    Value name = value_get(model, "name");
    assert_ptr_equal(name.text, strstr(doc.source.at, "a'")); /* a view */
    arena_drop(&arena);
}

/* As dbt's CheckedLoader: doubles are told, unless the mapping begins with <<. */
static void test_doubles(void **state)
{
    (void)state;
    Arena arena = {0};
    YamlDoc doc = parse(&arena, "a: 1\nb:\n  x: 1\n  x: 2\na: 3\n");
    assert_int_equal(doc.doubles.len, 2);
    assert_true(str_is(doc.doubles.at[0].key, "x"));
    assert_int_equal(doc.doubles.at[0].place.line, 4);
    assert_int_equal(doc.doubles.at[0].place.column, 3);
    assert_int_equal(doc.doubles.at[1].place.line, 5);
    assert_int_equal(value_get(doc.root, "a").number, 3);
    assert_int_equal(parse(&arena, "a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n").doubles.len, 0);
    assert_int_equal(parse(&arena, "a: &a {x: 1}\nb:\n  x: 2\n  <<: *a\n").doubles.len, 1);
    arena_drop(&arena);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("a: b: c\n", ERR_PARSING, 1, 5, "quote text that holds");
    refuse("a: 1\nb: [1, 2\nc: 3\n", ERR_PARSING, 3, 2, "line 2");
    refuse("a: &x [1, *x]\n", ERR_PARSING, 1, 11, "inside of what it repeats");
    refuse("a: 1\n---\nb: 1\n", ERR_PARSING, 2, 1, "one document");
    refuse("a: 1\nb: \xff\n", ERR_PARSING, 2, 4, "UTF-8");
    refuse("a: !!binary aGk=\n", ERR_PARSING, 1, 4, "tag");
    refuse("? [a]\n: b\n", ERR_PARSING, 1, 3, "cannot be a key");
}

static void test_limits(void **state)
{
    (void)state;
    AUTO(text) Text deep = {0};
    text_add_repeat(&deep, '[', 202);
    text_add_repeat(&deep, ']', 202);
    refuse(deep.at, ERR_TOO_DEEP, 1, 202, "nest");
    text_truncate(&deep, 0);
    text_add_repeat(&deep, '[', 200);
    text_add_repeat(&deep, ']', 200);
    Arena arena = {0};
    parse(&arena, deep.at);
    arena_drop(&arena);

    AUTO(text) Text laughs = {0};
    text_add_c(&laughs, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        text_print(&laughs, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            text_print(&laughs, "*a%d%s", i - 1, j < 9 ? ", " : "]\n");
    }
    refuse(laughs.at, ERR_TOO_BIG, 7, 55, "aliases");
}

static void test_aliases_share(void **state)
{
    (void)state;
    Arena arena = {0};
    YamlDoc doc = parse(&arena, "a: &x [1]\nb: *x\n");
    assert_ptr_equal(value_get(doc.root, "a").list, value_get(doc.root, "b").list);
    AUTO(text) Text out = {0};
    yaml_print(doc.root, false, &out);
    assert_string_equal(out.at, "a: &id001\n- 1\nb: *id001\n");
    arena_drop(&arena);
}

static void test_scalar(void **state)
{
    (void)state;
    Arena arena = {0};
    assert_int_equal(yaml_scalar(&arena, STR("017")).number, 15);
    assert_true(yaml_scalar(&arena, STR("on")).is_true);
    assert_true(value_is(yaml_scalar(&arena, STR("2020-99-99")), "2020-99-99"));
    assert_true(value_is(yaml_scalar(&arena, STR("<<")), "<<"));
    assert_true(value_is_none(yaml_scalar(&arena, STR(""))));
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loads_as_pyyaml), cmocka_unit_test(test_dumps_as_pyyaml),
        cmocka_unit_test(test_places),          cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_refusals),        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_aliases_share),   cmocka_unit_test(test_scalar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
