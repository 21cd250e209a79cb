/* quote.c: names and texts as an engine reads them. */
#include "base/text.h"
#include "sql/sql.h"

/* `s` between quotes, those inside doubled. */
static Str quoted(Arena *arena, Str s, char quote)
{
    size_t inner = 0;
    for (size_t i = 0; i < s.len; i++)
        inner += s.at[i] == quote;
    char *out = arena_take(arena, s.len + inner + 3, 1);
    size_t len = 0;
    out[len++] = quote;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == quote)
            out[len++] = quote;
        out[len++] = s.at[i];
    }
    out[len++] = quote;
    return (Str){out, len};
}

Str sql_quote_name(Arena *arena, Str name)
{
    return quoted(arena, name, '"');
}

Str sql_quote_text(Arena *arena, Str text)
{
    return quoted(arena, text, '\'');
}
