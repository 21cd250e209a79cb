/* Macros of files, as dbt has them: blocks, arguments, return, the stack, calls found in them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "jinja/jinja.h"

static const char *const all_kinds[] = {"macro", "test", "data_test", "materialization", "docs",
                                        "snapshot", NULL};

typedef struct World {
    Arena arena;
    Dict *names;
    RenderOptions options;
    uint32_t calls, deepest;
} World;

static bool find_name(void *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)err;
    const Value *found = dict_find_hashed(((World *)context)->names, name, hash);
    *out = found ? *found : UNDEFINED;
    return true;
}

static bool give_back(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)out;
    return jinja_return(call, call->arg_count ? call->args[0] : NONE, err);
}

/* The name of the macro that is running `depth` calls out. */
static bool name_at(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    const Macro *macro = jinja_macro_at(call->interp, (uint32_t)call->args[0].number);
    *out = macro ? value_text(macro->name) : NONE;
    return true;
}

static void note_macro(void *user, const Macro *macro, uint32_t depth)
{
    World *world = user;
    (void)macro;
    world->calls++;
    world->deepest = depth > world->deepest ? depth : world->deepest;
}

static World *world_make(void)
{
    static World world;
    world = (World){0};
    world.names = dict_make(&world.arena, 8);
    dict_put(world.names, STR("return"), value_function(&world.arena, "return", give_back, NULL));
    dict_put(world.names, STR("name_at"), value_function(&world.arena, "name_at", name_at, NULL));
    world.options = (RenderOptions){
        .scope = {find_name, &world}, .on_macro = note_macro, .user = &world};
    return &world;
}

/* Compiles all macros of a file into the world's names. */
static void load(World *world, const char *source)
{
    Err err = {0};
    BlockList blocks = {0};
    Str text = str_of(source);
    assert_true(jinja_blocks(&world->arena, text, STR("macros/m.sql"), all_kinds, &blocks, &err));
    for (uint32_t i = 0; i < blocks.len; i++) {
        Macro *macro;
        assert_true(jinja_compile_macro(&world->arena, &blocks.at[i], STR("macros/m.sql"), text,
                                        &macro, &err));
        dict_put(world->names, macro->name, value_of_object(&macro->base));
    }
}

static void check(World *world, const char *source, const char *expected)
{
    Err err = {0};
    Text out = {0};
    Template *template;
    assert_true(jinja_compile(&world->arena, str_of(source), STR("models/a.sql"), NULL, &template,
                              &err));
    if (!jinja_render(template, &world->arena, &world->options, &out, &err))
        fail_msg("%s", err.text);
    assert_string_equal(out.at ? out.at : "", expected);
    text_drop(&out);
}

static void check_fails(World *world, const char *source, const char *part, const char *trail)
{
    Err err = {0};
    Text out = {0};
    Template *template;
    assert_true(jinja_compile(&world->arena, str_of(source), STR("models/a.sql"), NULL, &template,
                              &err));
    assert_false(jinja_render(template, &world->arena, &world->options, &out, &err));
    assert_non_null(strstr(err.text, part));
    assert_true(err.place.line > 0);
    if (trail)
        assert_non_null(strstr(err.trail, trail));
    err_drop(&err);
    text_drop(&out);
}

static void returns(void **state)
{
    (void)state;
    World *world = world_make();
    load(world,
         "{% macro five() %} lost {{ return(5) }} lost {% endmacro %}\n"
         "{% macro deep(xs) %}{% for x in xs %}{% if x > 1 %}{% set y %}{{ return([x]) }}"
         "{% endset %}{% endif %}{% endfor %}none{% endmacro %}\n"
         "{% macro nothing() %}{{ return() }}{% endmacro %}\n"
         "{% macro outer() %}<{{ five() + 1 }}>{% endmacro %}\n"
         "{% macro takes_caller() %}[{{ caller() }}]{% endmacro %}");
    check(world, "{{ five() + 1 }}{{ five() }}", "65");
    check(world, "{{ deep([1, 2, 3]) }}{{ deep([1]) }}{{ deep([4])[0] * 2 }}", "[2]none8");
    check(world, "{{ nothing() is none }}", "True");
    check(world, "{{ outer() }}", "<6>");
    check(world, "{% call takes_caller() %}{{ return('x') }}lost{% endcall %}", "x");
    check_fails(world, "{% call takes_caller() %}{{ return(1) }}{% endcall %}", "must give text",
                NULL);
    check_fails(world, "{{ return(1) }}", "outside of a macro", NULL);
    arena_drop(&world->arena);
}

static void names(void **state)
{
    (void)state;
    World *world = world_make();
    load(world,
         "{% set lost = 1 %}\n"
         "{% macro sees() %}{{ lost is defined }}{% endmacro %}\n"
         "{% test unique(model, column_name) %}select {{ column_name }}{% endtest %}\n"
         "{% data_test positive(model) %}p{% enddata_test %}\n"
         "{% materialization view, default %}v{{ supported_languages }}{% endmaterialization %}\n"
         "{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}t"
         "{{ supported_languages }}{% endmaterialization %}\n"
         "{%- macro typed(a: str, b: list[int] = [1]) -%}  {{ a }}{{ b }}  {%- endmacro -%}");
    check(world, "{{ sees() }} {{ test_unique('m', 'c') }} {{ test_positive(1) }}",
          "False select c p");
    check(world, "{{ materialization_view_default() }} {{ materialization_table_duckdb() }}",
          "v['sql'] t['sql', 'python']");
    check(world, "{{ typed('x') }}", "x[1]");
    const Macro *typed = (const Macro *)dict_find(world->names, STR("typed"))->object;
    assert_int_equal(typed->parameter_count, 2);
    assert_true(str_is(typed->parameters[1].annotation, "list[int]"));
    assert_true(typed->parameters[1].has_default && !typed->parameters[0].has_default);
    arena_drop(&world->arena);
}

static void stack(void **state)
{
    (void)state;
    World *world = world_make();
    load(world,
         "{% macro inner() %}{{ name_at(0) }}<{{ name_at(1) }}<{{ name_at(2) }}{% endmacro %}\n"
         "{% macro outer() %}{{ inner() }}{% endmacro %}\n"
         "\n"
         "{% macro broken(x) %}\n"
         "  {{ x.y.z }}\n"
         "{% endmacro %}\n"
         "{% macro calls_broken() %}{{ broken({}) }}{% endmacro %}\n"
         "{% macro endless() %}{{ endless() }}{% endmacro %}");
    check(world, "{{ outer() }}", "inner<outer<None");
    assert_int_equal(world->calls, 2);
    assert_int_equal(world->deepest, 2);
    Err err = {0};
    Text out = {0}, message = {0};
    Template *template;
    assert_true(jinja_compile(&world->arena, STR("a\n{{ calls_broken() }}"), STR("models/a.sql"),
                              NULL, &template, &err));
    assert_false(jinja_render(template, &world->arena, &world->options, &out, &err));
    err_print(&err, &message);
    assert_string_equal(message.at, "'dict object' has no attribute 'y'\n"
                                    "  --> macros/m.sql:5:10\n"
                                    "     |\n"
                                    "   5 |   {{ x.y.z }}\n"
                                    "     |          ^\n"
                                    "> in macro broken (macros/m.sql)\n"
                                    "> in macro calls_broken (macros/m.sql)");
    err_drop(&err);
    text_drop(&out);
    text_drop(&message);
    check_fails(world, "{{ endless() }}", "more than 200 nested calls", "in macro endless");
    arena_drop(&world->arena);
}

static void from_c(void **state)
{
    (void)state;
    World *world = world_make();
    load(world, "{% macro add(a, b=10) %}{{ return(a + b) }}{% endmacro %}\n"
                "{% macro text(a) %} {{ a }} {% endmacro %}");
    const Macro *add = (const Macro *)dict_find(world->names, STR("add"))->object;
    const Macro *text = (const Macro *)dict_find(world->names, STR("text"))->object;
    Value args[] = {value_int(1)}, named[] = {value_int(5)}, v;
    Str named_names[] = {STR("b")};
    Err err = {0};
    assert_true(jinja_call_macro(add, &world->arena, &world->options, args, 1, NULL, NULL, 0, &v,
                                 &err));
    assert_int_equal(v.number, 11);
    assert_true(jinja_call_macro(add, &world->arena, &world->options, args, 1, named_names, named,
                                 1, &v, &err));
    assert_int_equal(v.number, 6);
    assert_true(jinja_call_macro(text, &world->arena, &world->options, args, 1, NULL, NULL, 0, &v,
                                 &err));
    assert_true(value_is(v, " 1 "));
    assert_false(jinja_call_macro(text, &world->arena, &world->options, NULL, 0, named_names,
                                  named, 1, &v, &err));
    assert_non_null(strstr(err.text, "takes no keyword argument 'b'"));
    err_drop(&err);
    arena_drop(&world->arena);
}

static void mangled(void **state)
{
    (void)state;
    World *world = world_make();
    JinjaSyntax syntax = {.is_dbt = true};
    Template *template;
    Err err = {0};
    Text out = {0};
    assert_true(jinja_compile(&world->arena,
                              STR("{% macro m() %}x{% endmacro %}{{ m is defined }}"),
                              STR("a"), &syntax, &template, &err));
    assert_true(jinja_render(template, &world->arena, &world->options, &out, &err));
    assert_string_equal(out.at, "False");
    text_drop(&out);
    arena_drop(&world->arena);
}

static void other_blocks_are_no_macros(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Macro *macro;
    Str source = STR("{% docs a %}x{% enddocs %}");
    Block block = {.kind = STR("docs"), .name = STR("a"), .full = source};
    assert_false(jinja_compile_macro(&arena, &block, STR("f"), source, &macro, &err));
    assert_non_null(strstr(err.text, "expected a macro"));
    err_drop(&err);
    arena_drop(&arena);
}

/* ---- blocks ---- */

static void cuts_blocks(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    BlockList blocks = {0};
    Str source = STR("{# {% macro no() %} #}{% raw %}{% macro no() %}{% endraw %}"
                     "{{ \"{% macro no() %}\" }}{% if x %}y{% endif %}\n"
                     "{% docs a %} it's {{ x }} {% enddocs %}"
                     "text {%- macro b(x='%}') -%} body {%- endmacro -%} text"
                     "{% snapshot s %}{% if 1 %}{% endif %}{% endsnapshot %}{% endmacro %}");
    assert_true(jinja_blocks(&arena, source, STR("f"), all_kinds, &blocks, &err));
    assert_int_equal(blocks.len, 3);
    assert_true(str_is(blocks.at[0].kind, "docs") && str_is(blocks.at[0].name, "a"));
    assert_true(str_is(blocks.at[0].body, " it's {{ x }} "));
    assert_true(str_is(blocks.at[1].full, "{%- macro b(x='%}') -%} body {%- endmacro -%}"));
    assert_true(str_is(blocks.at[1].body, "body"));
    assert_true(str_is(blocks.at[2].name, "s"));
    assert_true(source.at + blocks.at[2].offset == blocks.at[2].full.at);
    arena_drop(&arena);
}

static void refuses_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *source, *part;
        int line;
    } cases[] = {
        {"a\n{% macro x() %}", "not closed", 2},
        {"{% macro x() %}\n{% macro y() %}{% endmacro %}", "inside another", 2},
        {"{% if 1 %}{% macro x() %}{% endmacro %}{% endif %}", "outside of if", 1},
        {"\n\n{% endif %}", "nothing is open", 3},
        {"{% if 1 %}{% endfor %}", "does not end", 1},
        {"{# a", "comment", 1},
        {"{% macro x('", "text that is not closed", 1},
        {"{{ a", "expected }}", 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena arena = {0};
        Err err = {0};
        BlockList blocks = {0};
        assert_false(jinja_blocks(&arena, str_of(cases[i].source), STR("f"), all_kinds, &blocks,
                                  &err));
        if (!strstr(err.text, cases[i].part))
            fail_msg("%s: %s", cases[i].source, err.text);
        assert_int_equal(err.place.line, cases[i].line);
        err_drop(&err);
        arena_drop(&arena);
    }
}

/* ---- calls ---- */

static void print_call(void *context, const TemplateCall *call)
{
    Text *out = context;
    text_print(out, STR_FMT "%s" STR_FMT "(", STR_ARG(call->package), call->package.len ? "." : "",
               STR_ARG(call->name));
    for (uint32_t i = 0; i < call->arg_count; i++) {
        value_repr(call->args[i], out);
        text_add_char(out, ',');
    }
    for (uint32_t i = 0; i < call->named_count; i++) {
        text_print(out, STR_FMT "=", STR_ARG(call->names[i]));
        value_repr(call->named[i], out);
    }
    text_add_char(out, ')');
}

static void visits_calls(void **state)
{
    (void)state;
    Arena arena = {0};
    Err err = {0};
    Text out = {0};
    Template *template;
    Str source = STR("{{ config(tags=['a', -1]) }}{% if x %}{{ ref('a', b()) }}{% endif %}"
                     "{{ adapter.dispatch('m', 'p')(y) }}{% macro z() %}{{ p.q(1.5, *c, **d) }}"
                     "{% endmacro %}");
    assert_true(jinja_compile(&arena, source, STR("f"), NULL, &template, &err));
    jinja_visit_calls(template, NULL, &arena, print_call, &out);
    assert_string_equal(out.at, "config(tags=['a', -1])ref('a',Undefined,)b()"
                                "adapter.dispatch('m','p',)p.q(1.5,Undefined,**=Undefined)");
    text_drop(&out);
    arena_drop(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns),     cmocka_unit_test(names),
        cmocka_unit_test(stack),       cmocka_unit_test(from_c),
        cmocka_unit_test(mangled),     cmocka_unit_test(cuts_blocks),
        cmocka_unit_test(other_blocks_are_no_macros),
        cmocka_unit_test(refuses_blocks), cmocka_unit_test(visits_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
