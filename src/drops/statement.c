/* statement.c: the statements of sql/ with the names and values of one call; how numbers read. */
#include "base/assets.h"
#include "drops/merge.h"
#include "jinja/jinja.h"

bool statement_render(Arena *arena, const char *name, Value vars, Str *out, Err *err)
{
    Str file = str_print(arena, "src/drops/sql/%s.sql", name), text;
    JinjaSyntax syntax = {.trim_blocks = true, .lstrip_blocks = true};
    Template *template;
    TRY(asset_read(arena, file, &text, err));
    TRY(jinja_compile(arena, text, file, &syntax, &template, err));
    return lake_render_template(template, arena, vars, out, err);
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
