/* parser.c: tokens and names for the parser, and whole templates. */
#include "jinja/parser.h"

#include <stdarg.h>

#include "jinja/interp.h"

Place template_place(const Template *template, uint32_t at)
{
    if (template->offset != SIZE_MAX)
        return place_at(template->name, template->file_source, template->offset + at);
    Place place = place_at(template->name, template->source, at);
    place.line += template->first_line - 1;
    return place;
}

Str template_excerpt_source(const Template *template)
{
    return template->file_source;
}

bool parser_fail(Parser *parser, uint32_t at, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    return err_set_in(parser->err, ERR_COMPILATION, template_place(parser->template, at),
                      template_excerpt_source(parser->template), "%s", text.at ? text.at : "");
}

/* ---- tokens ---- */

static bool read_token(Parser *parser, Token *out)
{
    if (lexer_next(&parser->lexer, out, parser->err))
        return true;
    return err_locate(parser->err, template_place(parser->template, parser->lexer.fail_at),
                      template_excerpt_source(parser->template));
}

bool parser_next(Parser *parser)
{
    if (parser->has_ahead) {
        parser->token = parser->ahead;
        parser->has_ahead = false;
        return true;
    }
    return read_token(parser, &parser->token);
}

bool parser_look(Parser *parser, const Token **out)
{
    if (!parser->has_ahead)
        TRY(read_token(parser, &parser->ahead));
    parser->has_ahead = true;
    *out = &parser->ahead;
    return true;
}

/* The token as a message calls it. */
static Str token_text(const Token *token)
{
    return token->kind == TOKEN_NAME ? token->text : str_of(token_kind_name(token->kind));
}

bool parser_expected(Parser *parser, const char *what)
{
    if (parser_at(parser, TOKEN_END))
        return parser_fail(parser, parser->token.at, "unexpected end of template, expected %s",
                           what);
    return parser_fail(parser, parser->token.at, "expected %s, got '" STR_FMT "'", what,
                       STR_ARG(token_text(&parser->token)));
}

bool parser_expect(Parser *parser, TokenKind kind)
{
    if (parser->token.kind != kind)
        return parser_expected(parser, token_kind_name(kind));
    return parser_next(parser);
}

bool parser_skip(Parser *parser, TokenKind kind, bool *out)
{
    *out = parser->token.kind == kind;
    return *out ? parser_next(parser) : true;
}

bool parser_skip_keyword(Parser *parser, Keyword keyword, bool *out)
{
    *out = parser_at_keyword(parser, keyword);
    return *out ? parser_next(parser) : true;
}

bool parser_deeper(Parser *parser)
{
    if (++parser->depth <= DEEPEST_NESTING)
        return true;
    parser_fail(parser, parser->token.at, "more than %d nested constructs", DEEPEST_NESTING);
    parser->err->kind = ERR_TOO_DEEP;
    return false;
}

/* Line and column of an offset. Offsets come mostly in order: newlines are counted once. */
void parser_place(Parser *parser, uint32_t at, int *line, int *column)
{
    const char *source = parser->template->source.at;
    if (at < parser->marked_start) {
        Place place = template_place(parser->template, at);
        *line = place.line;
        *column = place.column;
        return;
    }
    while (parser->marked_at < at) {
        const char *newline = memchr(source + parser->marked_at, '\n', at - parser->marked_at);
        if (!newline) {
            parser->marked_at = at;
            break;
        }
        parser->marked_at = parser->marked_start = (uint32_t)(newline - source) + 1;
        parser->marked_line++;
        parser->marked_column = 0;
    }
    int points = 0;
    for (uint32_t i = parser->marked_start; i < at; i++)
        points += (source[i] & 0xc0) != 0x80;
    *line = parser->marked_line;
    *column = parser->marked_column + points + 1;
}

/* ---- names ---- */

static void names_grow(Parser *parser)
{
    uint32_t cap = parser->name_cap ? parser->name_cap * 4 : 64;
    Name **names = NEW_N(parser->arena, Name *, cap);
    for (uint32_t i = 0; i < parser->name_cap; i++) {
        Name *name = parser->names[i];
        if (!name)
            continue;
        uint32_t at = name->hash & (cap - 1);
        while (names[at])
            at = (at + 1) & (cap - 1);
        names[at] = name;
    }
    parser->names = names;
    parser->name_cap = cap;
}

Name *parser_name(Parser *parser, Str text)
{
    if (parser->name_count * 2 >= parser->name_cap)
        names_grow(parser);
    uint32_t hash = str_hash(text), at = hash & (parser->name_cap - 1);
    for (; parser->names[at]; at = (at + 1) & (parser->name_cap - 1))
        if (parser->names[at]->hash == hash && str_eq(parser->names[at]->text, text))
            return parser->names[at];
    Name *name = NEW(parser->arena, Name);
    name->text = text;
    name->hash = hash;
    name->undefined.name = text;
    parser->names[at] = name;
    parser->name_count++;
    return name;
}

/* ---- templates ---- */

/* With \r\n and \r as \n, as Python reads texts. */
static Str normalize_newlines(Arena *arena, Str source)
{
    char *at = arena_take(arena, source.len + 1, 1), *end = at;
    for (size_t i = 0; i < source.len; i++) {
        if (source.at[i] != '\r') {
            *end++ = source.at[i];
            continue;
        }
        *end++ = '\n';
        if (i + 1 < source.len && source.at[i + 1] == '\n')
            i++;
    }
    return (Str){at, (size_t)(end - at)};
}

/* A parser over `source`, which is part of `file_source` or all of it. */
static bool parser_init(Parser *parser, Arena *arena, Str source, Str name, Str file_source,
                        const JinjaSyntax *syntax, Err *err)
{
    static const JinjaSyntax plain = {0};
    if (source.len >= UINT32_MAX)
        return err_set(err, ERR_TOO_BIG, (Place){name, 0, 0}, "a template of more than 4 GiB");
    Template *template = NEW(arena, Template);
    *parser = (Parser){.arena = arena, .template = template, .err = err};
    template->name = name;
    template->file_source = file_source;
    template->offset = source.len ? (size_t)(source.at - file_source.at) : 0;
    Place begin = template->offset ? place_at(name, file_source, template->offset)
                                   : (Place){name, 1, 1};
    template->first_line = parser->marked_line = begin.line;
    parser->marked_column = begin.column - 1;
    if (source.len && memchr(source.at, '\r', source.len)) {
        source = normalize_newlines(arena, source);
        template->offset = SIZE_MAX;
    }
    parser->lexer.syntax = syntax ? *syntax : plain;
    if (!parser->lexer.syntax.keep_trailing_newline && str_ends(source, STR("\n")))
        source.len--;
    template->source = source;
    parser->lexer.arena = arena;
    parser->lexer.source = source;
    parser->lexer.is_line_start = true;
    parser->mangles_macros = parser->lexer.syntax.is_dbt;
    return true;
}

static const Node *empty_body(Parser *parser)
{
    return &NODE(parser, DataNode, NODE_DATA, 0)->base;
}

bool jinja_compile(Arena *arena, Str source, Str name, const JinjaSyntax *syntax, Template **out,
                   Err *err)
{
    Parser parser;
    TRY(parser_init(&parser, arena, source, name, source, syntax, err));
    TRY(parser_next(&parser));
    CompileScope *scope;
    Function *root = function_begin(&parser, &scope, 0);
    TRY(parse_until(&parser, 0, &root->body));
    if (!root->body)
        root->body = empty_body(&parser);
    function_end(&parser, scope, NULL);
    TRY(scope_resolve(&parser, scope));
    parser.template->root = root;
    *out = parser.template;
    return true;
}

bool jinja_compile_macro(Arena *arena, const Block *block, Str file, Str source, Macro **out,
                         Err *err)
{
    Parser parser;
    TRY(parser_init(&parser, arena, block->full, file, source, NULL, err));
    TRY(parser_next(&parser));
    Macro *macro = NEW(arena, Macro);
    macro->base.type = &macro_type;
    macro->kind = block->kind;
    macro->file = file;
    macro->source = source;
    macro->offset = block->offset;
    macro->block = block->full;
    macro->template = parser.template;
    Function *function;
    CompileScope *scope;
    Function *root = function_begin(&parser, &scope, 0);
    TRY(parse_dbt_block(&parser, macro, &function));
    function_end(&parser, scope, NULL);
    function->is_dbt = true;
    TRY(scope_resolve(&parser, scope));
    parser.template->root = root;
    MacroNode *node = NODE(&parser, MacroNode, NODE_MACRO, 0);
    node->function = function;
    macro->node = node;
    *out = macro;
    return true;
}
