/* context_test.c: precedence of names, dispatch, relations, columns, tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "context/context.h"

typedef struct Fixture {
    Arena arena;
    Library *library;
    Invocation invocation;
    Context context;
} Fixture;

static MacroEntry *add(Fixture *f, const char *package, const char *source, bool is_builtin)
{
    static const char *const kinds[] = {"macro", NULL};
    Err err = {0};
    BlockList blocks = {0};
    Str text = str_of(source);
    assert_true(jinja_blocks(&f->arena, text, STR("m.sql"), kinds, &blocks, &err));
    assert_int_equal(blocks.len, 1);
    MacroEntry *entry = NEW(&f->arena, MacroEntry), *twin = NULL;
    assert_true(jinja_compile_macro(&f->arena, &blocks.at[0], STR("m.sql"), text, &entry->macro,
                                    &err));
    entry->name = entry->macro->name;
    entry->package = str_of(package);
    entry->is_builtin = is_builtin;
    entry->unique_id = str_print(&f->arena, "macro.%s." STR_FMT, package, STR_ARG(entry->name));
    assert_true(library_add(f->library, entry, &twin));
    return entry;
}

static int setup(void **state)
{
    static const Str chain[] = {STR_INIT("duckdb"), STR_INIT("default")};
    Fixture *f = calloc(1, sizeof(*f));
    f->library = library_make(&f->arena, STR("shop"), chain, 2);
    add(f, "dbt", "{% macro greet() %}dbt{% endmacro %}", true);
    add(f, "dbt", "{% macro default__shape(a) %}default {{ a }}{% endmacro %}", true);
    add(f, "dbt",
        "{% macro shape(a) %}{{ a }}{% endmacro %}",
        true);
    add(f, "dbt_duckdb", "{% macro only_duckdb() %}duck{% endmacro %}", true);
    add(f, "shop", "{% macro local() %}shop{% endmacro %}", false);
    add(f, "utils", "{% macro local() %}utils{% endmacro %}", false);
    add(f, "utils", "{% macro greet() %}utils{% endmacro %}", false);
    add(f, "utils", "{% macro default__size() %}utils size{% endmacro %}", false);
    f->invocation.args = value_dict(&f->arena);
    f->invocation.cli_vars = value_dict(&f->arena);
    dict_put(f->invocation.args.dict, STR("full_refresh"), value_bool(true));
    dict_put(f->invocation.cli_vars.dict, STR("n"), value_int(5));
    f->context = (Context){.arena = &f->arena,
                           .library = f->library,
                           .invocation = &f->invocation,
                           .phase = &phase_bare,
                           .package = STR("shop"),
                           .project_name = STR("shop"),
                           .node_label = STR("model a (models/a.sql)")};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    Fixture *f = *state;
    arena_drop(&f->arena);
    free(f);
    return 0;
}

static void freeze(Fixture *f)
{
    static const Str packages[] = {STR_INIT("shop"), STR_INIT("utils")};
    library_freeze(f->library, packages, 2);
}

static void expect_text(Fixture *f, const char *template, const char *wanted)
{
    Err err = {0};
    Str out;
    bool ok = context_render(&f->context, str_of(template), STR("t.sql"), &out, &err);
    if (!ok)
        print_error("%s: %s\n", template, err.text);
    assert_true(ok);
    assert_string_equal(str_c(&f->arena, out), wanted);
}

static void expect_failure(Fixture *f, const char *template, const char *part)
{
    Err err = {0};
    Str out;
    assert_false(context_render(&f->context, str_of(template), STR("t.sql"), &out, &err));
    if (!strstr(err.text, part))
        print_error("wanted '%s' in '%s'\n", part, err.text);
    assert_non_null(strstr(err.text, part));
    err_drop(&err);
}

static void own_package_comes_first(void **state)
{
    Fixture *f = *state;
    freeze(f);
    expect_text(f, "{{ local() }} {{ greet() }} {{ utils.greet() }} {{ dbt.greet() }}",
                "shop dbt utils dbt");
    f->context.package = STR("utils");
    expect_text(f, "{{ local() }} {{ greet() }} {{ only_duckdb() }}", "utils utils duck");
}

static void root_overrides_built_in(void **state)
{
    Fixture *f = *state;
    add(f, "shop", "{% macro greet() %}mine{% endmacro %}", false);
    freeze(f);
    expect_text(f, "{{ greet() }} {{ dbt.greet() }}", "mine dbt");
}

static void dispatch_looks_in_root_then_namespace(void **state)
{
    Fixture *f = *state;
    freeze(f);
    AUTO(text) Text tried = {0};
    MacroEntry *found =
        library_dispatch(f->library, STR("shop"), STR("shape"), STR("dbt"), &tried);
    assert_non_null(found);
    assert_string_equal(str_c(&f->arena, found->unique_id), "macro.dbt.default__shape");
    assert_string_equal(text_str(&tried).at,
                        "'shop.duckdb__shape', 'shop.default__shape', 'dbt.duckdb__shape'");
    assert_null(library_dispatch(f->library, STR("shop"), STR("size"), STR(""), NULL));
    assert_non_null(library_dispatch(f->library, STR("shop"), STR("size"), STR("utils"), NULL));
}

static void a_root_default_beats_the_packages_adapter(void **state)
{
    Fixture *f = *state;
    add(f, "shop", "{% macro default__size() %}root{% endmacro %}", false);
    add(f, "utils", "{% macro duckdb__size() %}utils duck{% endmacro %}", false);
    freeze(f);
    MacroEntry *found = library_dispatch(f->library, STR("shop"), STR("size"), STR("utils"), NULL);
    assert_string_equal(str_c(&f->arena, found->package), "shop");
}

static void facts_and_functions(void **state)
{
    Fixture *f = *state;
    freeze(f);
    expect_text(f, "{{ var('n') + 1 }} {{ var('m', 'x') }} {{ flags.FULL_REFRESH }}", "6 x True");
    expect_text(f, "{{ tojson({'b': 1, 'a': [none, true]}) }}", "{\"b\": 1, \"a\": [null, true]}");
    expect_text(f, "{{ fromjson('{\"a\": 2}').a }} {{ fromyaml('a: [1, 2]').a }}", "2 [1, 2]");
    expect_text(f, "{{ zip([1, 2], 'ab') | list }} {{ set([1, 1]) | length }}",
                "[(1, 'a'), (2, 'b')] 1");
    expect_text(f, "{{ local_md5('a') }}", "0cc175b9c0f1b6a831c399e269772661");
    expect_text(f, "{{ context['greet']() }} {{ context.get('nope', 'no') }}", "dbt no");
    expect_failure(f, "{{ var('m') }}", "Required var 'm' not found");
    expect_failure(f, "{{ env_var('WEIR_TEST_NOT_THERE') }}",
                   "Env var required but not provided: 'WEIR_TEST_NOT_THERE'");
    expect_failure(f, "{{ env_var('DBT_ENV_SECRET_X', '') }}", "Secret env vars are allowed only");
    expect_failure(f, "{{ exceptions.raise_compiler_error('no ' ~ 1) }}", "no 1");
}

static void relations_print_as_dbts(void **state)
{
    Fixture *f = *state;
    freeze(f);
    expect_text(f,
                "{% set r = api.Relation.create(database='d', schema='s', identifier='i', "
                "type='table') %}{{ r }} {{ r.include(database=false) }} "
                "{{ r.quote(identifier=false) }} {{ r.without_identifier() }} "
                "{{ r.information_schema('tables') }} {{ r.is_table }} {{ r.name }} "
                "{{ r.incorporate(path={'identifier': 'j'}).render() }}",
                "\"d\".\"s\".\"i\" \"s\".\"i\" \"d\".\"s\".i \"d\".\"s\" "
                "\"d\".INFORMATION_SCHEMA.tables True i \"d\".\"s\".\"j\"");
    expect_text(f, "{{ api.Relation.create(schema='s', identifier='x') }}", "\"s\".\"x\"");
    expect_text(f, "{% set r = api.Relation.create(identifier='x') %}{{ r is mapping }} "
                   "{{ r.get('metadata', {}).get('type', '') }}", "True DuckDBRelation");
}

static void columns_know_their_type(void **state)
{
    Fixture *f = *state;
    freeze(f);
    expect_text(f, "{% set c = api.Column('a', 'varchar') %}{{ c.is_string() }} {{ c.quoted }} "
                   "{{ c.string_size() }} {{ c.is_numeric() }} {{ c }}",
                "True \"a\" 256 False DuckDBColumn(column='a', dtype='varchar', char_size=None, "
                "numeric_precision=None, numeric_scale=None, fields=[])");
    expect_text(f, "{% for t in ['STRING', 'timestamp', 'integer', 'Float'] %}"
                   "{{ api.Column.translate_type(t) }} {% endfor %}",
                "TEXT timestamp integer Float ");
    expect_text(f, "{{ api.Column.translate_type('string') }} {{ api.Column.from_description('a', "
                   "'numeric(10,2)').data_type }} {{ api.Column('a', 'text', 10).data_type }}",
                "TEXT numeric(10,2) character varying(256)");
}

/* The same objects in the words of dbt-postgres 1.11. */
static void postgres_has_its_own_words(void **state)
{
    Fixture *f = *state;
    freeze(f);
    dialect_use(dialect_find(STR("postgres")));
    expect_text(f, "{% set r = api.Relation.create(identifier='x', type='view') %}"
                   "{{ r.get('metadata', {}).get('type', '') }} {{ r.relation_max_name_length() }}",
                "PostgresRelation 63");
    expect_text(f, "{{ api.Column('a', 'text').data_type }} "
                   "{{ api.Column('a', 'character varying').data_type }} "
                   "{{ api.Column('a', 'varchar').data_type }} "
                   "{{ api.Column('a', 'character varying', 9).data_type }} "
                   "{{ api.Column('a', 'int').literal(3) }} "
                   "{{ api.Column('a', 'tinyint').is_integer() }}",
                "text character varying character varying(256) character varying(9) 3::int False");
    expect_text(f, "{{ api.Column('a', 'text') }}",
                "PostgresColumn(column='a', dtype='text', char_size=None, numeric_precision=None, "
                "numeric_scale=None)");
    expect_text(f, "{% set n = 'x' * 64 %}{{ api.Relation.create(identifier=n) }}",
                "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"");
    expect_failure(f, "{{ api.Relation.create(identifier='x' * 64, type='table') }}",
                   "is longer than 63 characters");
    dialect_use(dialect_find(STR("duckdb")));
    assert_null(dialect_find(STR("postgress")));
}

/* Indexes that are there and indexes that are wanted: only the difference is changed. */
static void index_changes_are_differences(void **state)
{
    Fixture *f = *state;
    freeze(f);
    static const Str names[] = {STR_INIT("name"), STR_INIT("method"), STR_INIT("unique"),
                                STR_INIT("column_names")};
    static const Str types[] = {STR_INIT("Text"), STR_INIT("Text"), STR_INIT("Boolean"),
                                STR_INIT("Text")};
    Value cells[] = {value_lit("one"), value_lit("btree"), value_bool(false), value_lit("b,a"),
                     value_lit("two"), value_lit("hash"),  value_bool(false), value_lit("c")};
    f->context.extra = dict_make(&f->arena, 0);
    dict_put(f->context.extra, STR("t"), table_make(&f->arena, names, types, 4, cells, 2));
    const char *show = "{% set r = api.Relation.create(identifier='x') %}"
                       "{% set c = r.get_materialized_view_config_change_collection({'indexes': t},"
                       " {'config': {'indexes': wanted}}) %}"
                       "{{ c.requires_full_refresh }}{% for i in c.indexes or [] %} {{ i.action }} "
                       "{{ i.context.name }} {{ i.context.as_node_config }}{% endfor %}";
    expect_text(f,
                str_c(&f->arena, str_print(&f->arena,
                                           "{%% set wanted = [{'columns': ['A', 'b']}, {'columns': "
                                           "['c'], 'unique': true}] %%}%s",
                                           show)),
                "False drop two {'columns': ['c'], 'unique': False, 'type': 'hash'} "
                "create None {'columns': ['c'], 'unique': True, 'type': 'btree'}");
    expect_text(f,
                "{{ api.Relation.create(identifier='x').get_materialized_view_config_change_"
                "collection({'indexes': t}, {'config': {'indexes': [{'columns': ['c'], 'type': "
                "'hash'}, {'columns': ['a', 'b'], 'unique': false}]}}) }}",
                "None");
}

static void tables_are_read_by_name_and_number(void **state)
{
    Fixture *f = *state;
    freeze(f);
    static const Str names[] = {STR_INIT("a"), STR_INIT("b")};
    static const Str types[] = {STR_INIT("Integer"), STR_INIT("Text")};
    Value cells[] = {value_int(1), value_lit("x"), value_int(2), NONE};
    f->context.extra = dict_make(&f->arena, 0);
    dict_put(f->context.extra, STR("t"), table_make(&f->arena, names, types, 2, cells, 2));
    expect_text(f, "{{ t.columns[0].values() }} {{ t.columns['b'].values() }} "
                   "{{ t.rows | length }} "
                   "{% for r in t.rows %}{{ r[0] }}{{ r['b'] }}{{ r.a }};{% endfor %} "
                   "{{ t.column_names }} {{ t.rows[-1].get('z', 9) }}",
                "(1, 2) ('x', None) 2 1x1;2None2; ('a', 'b') 9");
}

/* A declaration's own names, such as the day of a drop, are not hidden by macros. */
static void own_names_may_come_first(void **state)
{
    Fixture *f = *state;
    freeze(f);
    f->context.extra = dict_make(&f->arena, 2);
    dict_put(f->context.extra, STR("greet"), value_lit("hello"));
    dict_put(f->context.extra, STR("day"), value_lit("monday"));
    expect_text(f, "{{ greet() }} {{ day }}", "dbt monday");
    Phase phase = phase_bare;
    phase.has_extra_first = true;
    f->context.phase = &phase;
    expect_text(f, "{{ greet }} {{ day }} {{ local() }}", "hello monday shop");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(own_package_comes_first),
        CASE(root_overrides_built_in),
        CASE(dispatch_looks_in_root_then_namespace),
        CASE(a_root_default_beats_the_packages_adapter),
        CASE(facts_and_functions),
        CASE(relations_print_as_dbts),
        CASE(columns_know_their_type),
        CASE(postgres_has_its_own_words),
        CASE(index_changes_are_differences),
        CASE(tables_are_read_by_name_and_number),
        CASE(own_names_may_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
