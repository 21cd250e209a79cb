/* render.c: the statements of sql/ with the names and values of one load. */
#include "base/assets.h"
#include "lake/lake_base.h"

/* Scope: the load's dict, then the two functions that quote. */
typedef struct Names {
    const Dict *vars;
    Value ident, literal;
} Names;

static bool find_name(void *context, Str name, uint32_t hash, Value *out, Err *err)
{
    const Names *names = context;
    (void)err;
    const Value *found = dict_find_hashed(names->vars, name, hash);
    *out = found                     ? *found
           : str_is(name, "ident")   ? names->ident
           : str_is(name, "literal") ? names->literal
                                     : UNDEFINED;
    return true;
}

static bool quote(Call *call, Str (*how)(Arena *, Str), Value *out, Err *err)
{
    if (call->arg_count != 1 || !value_is_text(call->args[0]))
        return err_set(err, ERR_TYPE, call->place, "one text is wanted");
    *out = value_text(how(call->arena, value_str(call->args[0])));
    return true;
}

static bool quote_ident(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return quote(call, sql_quote_name, out, err);
}

static bool quote_literal(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    return quote(call, sql_quote_text, out, err);
}

bool lake_render_template(const Template *template, Arena *arena, Value vars, Str *out, Err *err)
{
    Names names = {vars.dict, value_function(arena, "ident", quote_ident, NULL),
                   value_function(arena, "literal", quote_literal, NULL)};
    RenderOptions options = {.scope = {find_name, &names}, .undefined = UNDEFINED_STRICT};
    AUTO(text) Text sql = {0};
    TRY(jinja_render(template, arena, &options, &sql, err));
    *out = text_copy(arena, &sql);
    return true;
}

/* The compiled template; made when it is first asked for. The macros stand in front of each. */
static bool find_template(Lake *lake, const char *name, Template **out, Err *err)
{
    lock_take(&lake->template_lock);
    Arena *arena = &lake->template_arena;
    Template *found = map_find(&lake->templates, str_of(name));
    bool ok = true;
    if (!found) {
        Str file = str_print(arena, "src/lake/sql/%s.sql", name), macros, text;
        JinjaSyntax syntax = {.trim_blocks = true, .lstrip_blocks = true};
        ok = asset_read(arena, STR("src/lake/sql/macros.sql"), &macros, err) &&
             asset_read(arena, file, &text, err) &&
             jinja_compile(arena,
                           str_print(arena, STR_FMT STR_FMT, STR_ARG(macros), STR_ARG(text)), file,
                           &syntax, &found, err);
        if (ok)
            map_put(&lake->templates, str_copy(arena, str_of(name)), found);
    }
    lock_give(&lake->template_lock);
    *out = found;
    return ok;
}

bool lake_render(Lake *lake, Arena *arena, const char *name, Value vars, Str *out, Err *err)
{
    Template *template;
    TRY(find_template(lake, name, &template, err));
    return lake_render_template(template, arena, vars, out, err) ||
           err_wrap(err, "sql/%s.sql", name);
}

bool lake_run(Lake *lake, Session *session, Arena *arena, const char *name, Value vars,
              const NamedStream *streams, uint32_t stream_count, Result *result, uint64_t *changed,
              Err *err)
{
    Result own;
    Str sql;
    uint64_t limit = result ? UINT64_MAX : 1;
    result = result ? result : &own;
    TRY(lake_render(lake, arena, name, vars, &sql, err));
    if (stream_count)
        TRY(session_query_over(session, arena, sql, streams, stream_count, limit, result, err));
    else
        TRY(session_query(session, arena, sql, limit, result, err));
    if (!changed)
        return true;
    *changed = result->changed > 0 ? (uint64_t)result->changed : 0;
    if (result->changed < 0 && result->row_count == 1 && value_is_int(result->cells[0]))
        *changed = (uint64_t)result->cells[0].number; /* create table as */
    return true;
}

Str lake_relation(Arena *arena, Str database, Str schema, Str name)
{
    const Str parts[] = {database, schema, name};
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (str_is_empty(parts[i]))
            continue;
        if (out.len)
            text_add_char(&out, '.');
        text_add(&out, sql_quote_name(arena, parts[i]));
    }
    return text_copy(arena, &out);
}
