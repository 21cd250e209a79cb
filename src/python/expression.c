/* expression.c: names, calls, literals and what stands in brackets. Operators only separate. */
#include "python/scan_base.h"

/* Words that no call begins with: "return (x)" is none. */
static bool is_keyword(Str word)
{
    static const char *const words[] = {
        "and",    "as",     "assert", "async",  "await",    "break",  "class", "continue", "def",
        "del",    "elif",   "else",   "except", "finally",  "for",    "from",  "global",   "if",
        "import", "in",     "is",     "lambda", "nonlocal", "not",    "or",    "pass",     "raise",
        "return", "try",    "while",  "with",   "yield"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i]))
            return true;
    return false;
}

/* Where the bracket that opens at `from` is closed. The tokenizer has paired them. */
static const Token *find_close(const Token *from, const Token *to)
{
    unsigned depth = 0;
    for (; from < to; from++) {
        depth += token_is(from, '(') || token_is(from, '[') || token_is(from, '{');
        if (token_is(from, ')') || token_is(from, ']') || token_is(from, '}'))
            if (--depth == 0)
                return from;
    }
    return to;
}

static bool take_primary(const Source *source, const Token **at, const Token *to, unsigned depth,
                         Expr **out, Err *err);

bool python_primaries(const Source *source, const Token *from, const Token *to, unsigned depth,
                    ExprList *out, Err *err)
{
    while (from < to) {
        Expr *expr = NULL;
        const Token *before = from;
        TRY(take_primary(source, &from, to, depth, &expr, err));
        if (expr)
            list_add(source->arena, out, expr);
        if (from == before)
            from++;
    }
    return true;
}

/* ---- members of brackets ---- */

/* The item's primaries, and whether it is just one of them. */
static bool fill_item(const Source *source, Item *item, unsigned depth, Err *err)
{
    ExprList primaries = {0};
    TRY(python_primaries(source, item->from, item->to, depth, &primaries, err));
    bool is_one = primaries.len == 1 && primaries.at[0]->from == item->from &&
                  primaries.at[0]->to == item->to && !item->is_starred;
    item->exact = is_one ? primaries.at[0] : NULL;
    for (uint32_t i = 0; i < primaries.len; i++)
        list_add(source->arena, &item->primaries, primaries.at[i]);
    return true;
}

/* "key: value" of a dict. */
static bool fill_pair(const Source *source, Item *item, unsigned depth, Err *err)
{
    const Token *colon = item->from;
    while (colon < item->to && !token_is(colon, ':')) {
        if (token_is(colon, '(') || token_is(colon, '[') || token_is(colon, '{'))
            colon = find_close(colon, item->to);
        if (colon < item->to)
            colon++;
    }
    if (colon == item->to)
        return fill_item(source, item, depth, err);
    Item key = {.from = item->from, .to = colon};
    TRY(fill_item(source, &key, depth, err));
    *item = (Item){.from = colon + 1, .to = item->to, .key = key.exact, .key_from = key.from,
                   .key_to = colon};
    item->primaries.at = key.primaries.at;
    item->primaries.len = key.primaries.len;
    item->primaries.cap = key.primaries.cap;
    return fill_item(source, item, depth, err);
}

static bool add_item(const Source *source, Expr *group, const Token *from, const Token *to,
                     unsigned depth, Err *err)
{
    Item item = {.from = from, .to = to};
    if (group->kind == EXPR_CALL && to - from >= 2 && from->kind == TOKEN_NAME &&
        token_is(from + 1, '=')) {
        item.name = from->text;
        item.from += 2;
    } else if (token_is(from, '*') || token_is(from, OP_POWER)) {
        item.is_starred = token_is(from, '*');
        item.is_double_starred = !item.is_starred;
        item.from++;
    }
    if (group->kind == EXPR_DICT && !item.is_double_starred)
        TRY(fill_pair(source, &item, depth, err));
    else
        TRY(fill_item(source, &item, depth, err));
    list_add(source->arena, &group->items, item);
    return true;
}

typedef struct Inside {
    bool has_comma, has_colon, is_comprehension;
} Inside;

static Inside look_inside(const Token *from, const Token *to)
{
    Inside inside = {0};
    for (; from < to; from++) {
        if (token_is(from, '(') || token_is(from, '[') || token_is(from, '{')) {
            from = find_close(from, to);
            if (from == to)
                break;
            continue;
        }
        inside.has_comma |= token_is(from, ',');
        inside.has_colon |= token_is(from, ':') || token_is(from, OP_POWER);
        inside.is_comprehension |= token_is_name(from, "for");
    }
    return inside;
}

static bool fill_group(const Source *source, Expr *group, const Token *from, const Token *to,
                       unsigned depth, Err *err)
{
    const Token *begin = from;
    for (; from < to; from++) {
        if (token_is(from, '(') || token_is(from, '[') || token_is(from, '{'))
            from = find_close(from, to);
        else if (token_is(from, ',')) {
            if (from > begin)
                TRY(add_item(source, group, begin, from, depth, err));
            begin = from + 1;
        }
        if (from == to)
            break;
    }
    if (begin < to)
        TRY(add_item(source, group, begin, to, depth, err));
    return true;
}

/* (...), [...], {...} that stand alone. */
static bool take_group(const Source *source, const Token **at, const Token *to, unsigned depth,
                       Expr **out, Err *err)
{
    const Token *open = *at, *close = find_close(open, to);
    Inside inside = look_inside(open + 1, close);
    Expr *group = NEW(source->arena, Expr);
    group->token = open;
    group->kind = token_is(open, '[') ? EXPR_LIST
                  : token_is(open, '(') ? EXPR_TUPLE
                  : inside.has_colon || close == open + 1 ? EXPR_DICT : EXPR_SET;
    if (inside.is_comprehension || (group->kind == EXPR_TUPLE && !inside.has_comma &&
                                    close > open + 1))
        group->kind = EXPR_OTHER;
    TRY(fill_group(source, group, open + 1, close, depth + 1, err));
    *at = close < to ? close + 1 : to;
    *out = group;
    bool is_wrapped = group->kind == EXPR_OTHER && token_is(open, '(') && group->items.len == 1 &&
                      !inside.is_comprehension;
    if (is_wrapped && group->items.at[0].exact)
        *out = group->items.at[0].exact;
    (*out)->from = open;
    (*out)->to = *at;
    return true;
}

/* ---- strings ---- */

/* The expressions in the braces of an f-string, as items. */
static bool read_format(const Source *source, Expr *expr, Str body, unsigned depth, Err *err)
{
    for (size_t i = 0; i < body.len; i++) {
        if (body.at[i] != '{')
            continue;
        if (i + 1 < body.len && body.at[i + 1] == '{') {
            i++;
            continue;
        }
        size_t from = i + 1;
        for (unsigned open = 1; open && ++i < body.len;)
            open += (body.at[i] == '{') - (body.at[i] == '}');
        Source inner = *source;
        /* brackets around it, so that line ends and blanks count for nothing */
        inner.text = str_print(source->arena, "(" STR_FMT ")",
                               STR_ARG(str_slice(body, from, i < body.len ? i : body.len)));
        Tokens tokens = {0};
        Err ignored = {0};
        bool ok = python_tokens(&inner, &tokens, &ignored); /* its format may be no Python */
        err_drop(&ignored);
        if (!ok)
            continue;
        const Token *begin = tokens.at + 2, *end = find_close(tokens.at + 1,
                                                              tokens.at + tokens.len - 1);
        for (const Token *t = begin; t < end; t++) /* "!r" is no token; ":>10" is a format */
            if (token_is(t, '(') || token_is(t, '[') || token_is(t, '{'))
                t = find_close(t, end);
            else if (token_is(t, ':'))
                end = t;
        Item item = {.from = begin, .to = end};
        TRY(fill_item(&inner, &item, depth + 1, err));
        list_add(source->arena, &expr->items, item);
    }
    return true;
}

static bool take_strings(const Source *source, const Token **at, const Token *to, unsigned depth,
                         Expr **out, Err *err)
{
    Expr *expr = NEW(source->arena, Expr);
    expr->kind = EXPR_STRING;
    expr->token = *at;
    for (; *at < to && (*at)->kind == TOKEN_STRING; (*at)++) {
        StringParts parts = python_string_parts((*at)->text);
        expr->token_count++;
        if (parts.is_format) {
            expr->kind = EXPR_FORMAT;
            TRY(read_format(source, expr, parts.body, depth, err));
        }
    }
    *out = expr;
    return true;
}

/* ---- primaries ---- */

static bool take_atom(const Source *source, const Token **at, const Token *to, unsigned depth,
                      Expr **out, Err *err)
{
    const Token *token = *at;
    if (token->kind == TOKEN_STRING)
        return take_strings(source, at, to, depth, out, err);
    if (token_is(token, '(') || token_is(token, '[') || token_is(token, '{'))
        return take_group(source, at, to, depth, out, err);
    if (token->kind != TOKEN_NUMBER && (token->kind != TOKEN_NAME || is_keyword(token->text)))
        return true;
    Expr *expr = NEW(source->arena, Expr);
    *expr = (Expr){.kind = token->kind == TOKEN_NUMBER ? EXPR_NUMBER : EXPR_NAME, .token = token,
                   .name = token->text};
    *out = expr;
    (*at)++;
    return true;
}

static Expr *over(const Source *source, Expr *base, ExprKind kind)
{
    Expr *expr = NEW(source->arena, Expr);
    *expr = (Expr){.kind = kind, .token = base->token, .base = base};
    return expr;
}

/* An atom and what follows it: .name (arguments) [index]. *out stays NULL for anything else. */
static bool take_primary(const Source *source, const Token **at, const Token *to, unsigned depth,
                         Expr **out, Err *err)
{
    if (depth > PYTHON_DEEPEST)
        return python_fail(source, (*at)->text.at, err, "too many nested parentheses");
    const Token *begin = *at;
    TRY(take_atom(source, at, to, depth, out, err));
    if (*out) {
        (*out)->from = begin;
        (*out)->to = *at;
    }
    while (*out && *at < to) {
        const Token *token = *at;
        if (token_is(token, '.') && token + 1 < to && token[1].kind == TOKEN_NAME) {
            *out = over(source, *out, EXPR_ATTRIBUTE);
            (*out)->name = token[1].text;
            *at += 2;
        } else if (token_is(token, '(') || token_is(token, '[')) {
            const Token *close = find_close(token, to);
            *out = over(source, *out, token_is(token, '(') ? EXPR_CALL : EXPR_SUBSCRIPT);
            TRY(fill_group(source, *out, token + 1, close, depth + 1, err));
            *at = close < to ? close + 1 : to;
        } else {
            break;
        }
        (*out)->from = begin;
        (*out)->to = *at;
    }
    return true;
}
