/* statement.c: the statements of sql/ with the names and values of one call; how numbers read. */
#include "base/assets.h"
#include "drops/merge.h"
#include "jinja/jinja.h"
#include "sql/sql.h"

/* Scope: the call's dict, then the two functions that quote. */
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

bool statement_render(Arena *arena, const char *name, Value vars, Str *out, Err *err)
{
    Str file = str_print(arena, "src/drops/sql/%s.sql", name), text;
    JinjaSyntax syntax = {.trim_blocks = true, .lstrip_blocks = true};
    Template *template;
    TRY(asset_read(arena, file, &text, err));
    TRY(jinja_compile(arena, text, file, &syntax, &template, err));
    Names names = {vars.dict, value_function(arena, "ident", quote_ident, NULL),
                   value_function(arena, "literal", quote_literal, NULL)};
    RenderOptions options = {.scope = {find_name, &names}, .undefined = UNDEFINED_STRICT};
    AUTO(text) Text sql = {0};
    TRY(jinja_render(template, arena, &options, &sql, err));
    *out = text_copy(arena, &sql);
    return true;
}

bool statement_run(Drop *drop, Arena *arena, const char *name, Value vars,
                   const NamedStream *streams, uint32_t stream_count, Result *result, Err *err)
{
    Str sql;
    TRY(statement_render(arena, name, vars, &sql, err));
    uint64_t limit = result ? UINT64_MAX : 0;
    if (stream_count)
        return session_query_over(drop->session, arena, sql, streams, stream_count, limit, result,
                                  err);
    return session_query(drop->session, arena, sql, limit, result, err);
}

Str counted(Arena *arena, uint64_t count, const char *one, const char *many)
{
    return str_print(arena, STR_FMT " %s", STR_ARG(drop_print_count(arena, count)),
                     count == 1 ? one : many);
}
