/* fuzz_jinja.c: any bytes as a template: compiled, rendered, rendered natively, cut into blocks. */
#include "jinja/jinja.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool find(void *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)err;
    const Value *found = dict_find_hashed(context, name, hash);
    *out = found ? *found : UNDEFINED;
    return true;
}

static bool give_back(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)out;
    return jinja_return(call, call->arg_count ? call->args[0] : NONE, err);
}

static Dict *names_make(Arena *arena)
{
    Dict *names = dict_make(arena, 8), *d = dict_make(arena, 2);
    Value xs = value_list(arena);
    for (int i = 3; i > 0; i--)
        array_add(xs.list, value_int(i));
    dict_put(d, STR("k"), value_lit("v"));
    dict_put(d, STR("xs"), xs);
    dict_put(names, STR("a"), value_int(1));
    dict_put(names, STR("s"), value_lit("H\xc3\xa9llo"));
    dict_put(names, STR("xs"), xs);
    dict_put(names, STR("d"), value_of_dict(d));
    dict_put(names, STR("n"), NONE);
    dict_put(names, STR("return"), value_function(arena, "return", give_back, NULL));
    return names;
}

static void run_macros(Arena *arena, Str source, const RenderOptions *options)
{
    static const char *const kinds[] = {"macro", "test", "data_test", "materialization", "docs",
                                        "snapshot", NULL};
    AUTO(err) Err err = {0};
    BlockList blocks = {0};
    if (!jinja_blocks(arena, source, STR("fuzz"), kinds, &blocks, &err))
        return;
    for (uint32_t i = 0; i < blocks.len; i++) {
        AUTO(err) Err macro_err = {0};
        Macro *macro;
        Value v;
        if (jinja_compile_macro(arena, &blocks.at[i], STR("fuzz"), source, &macro, &macro_err) &&
            !jinja_call_macro(macro, arena, options, NULL, 0, NULL, NULL, 0, &v, &macro_err))
            assert(macro_err.text);
    }
}

static void ignore_call(void *context, const TemplateCall *call)
{
    (void)context, (void)call;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) Arena arena = {0};
    AUTO(err) Err err = {0}, render_err = {0};
    AUTO(text) Text out = {0};
    if (!size)
        return 0;
    JinjaSyntax syntax = {data[0] & 1, data[0] & 2, data[0] & 4, data[0] & 8};
    Str source = str_copy(&arena, (Str){(const char *)data + 1, size - 1});
    RenderOptions options = {.scope = {find, names_make(&arena)}, .undefined = (data[0] >> 4) % 3,
                             .output_limit_bytes = 1 << 16, .step_limit = 20000};
    Template *template;
    Value v;
    if (!jinja_compile(&arena, source, STR("fuzz"), &syntax, &template, &err)) {
        assert(err.text && err.place.line > 0);
    } else {
        jinja_visit_calls(template, NULL, &arena, ignore_call, NULL);
        if (!jinja_render(template, &arena, &options, &out, &render_err))
            assert(render_err.text);
        options.is_native = true;
        if (!jinja_render_value(template, &arena, &options, &v, &render_err))
            assert(render_err.text);
    }
    run_macros(&arena, source, &options);
    return 0;
}
