/* render_file.c: one template over one dict of names: the engine of `weir render`. */
#include "jinja/interp.h"

static bool find_in_dict(void *context, Str name, uint32_t hash, Value *out, Err *err)
{
    (void)err;
    const Value *found = dict_find_hashed(context, name, hash);
    *out = found ? *found : UNDEFINED;
    return true;
}

bool jinja_render_file(Str template_source, Str name, Value vars, const JinjaSyntax *syntax,
                       UndefinedMode undefined, Text *out, Err *err)
{
    if (!value_is_dict(vars))
        return err_set(err, ERR_USAGE, NOWHERE,
                       "the variables must be a mapping of names to values, this is %s",
                       value_type_name(vars));
    AUTO(arena) Arena arena = {0};
    Template *template;
    RenderOptions options = {.scope = {find_in_dict, vars.dict}, .undefined = undefined};
    TRY(jinja_compile(&arena, template_source, name, syntax, &template, err));
    return jinja_render(template, &arena, &options, out, err);
}
