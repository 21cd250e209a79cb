/* scan.c: a .py file of a model: its function `model`, and what it says to dbt.
 *
 * dbt parses the file with Python's ast and walks over it twice: once to check the function, once
 * for calls. That walk stops at calls: of their arguments it looks at those that are calls
 * themselves, or lists, tuples, dicts and f-strings of calls. The same is done here.
 */
#include "python/scan_base.h"

typedef struct Walk {
    const Source *source;
    PythonModel *model;
} Walk;

/* A logical line: tokens [from, to). */
typedef struct Line {
    const Token *from, *to;
    uint32_t indent;
} Line;
typedef List(Line) LineList;

/* ---- the function `model` ---- */

static const Token *skip_bracket(const Token *open, const Token *to)
{
    unsigned depth = 0;
    for (; open < to; open++) {
        depth += token_is(open, '(') || token_is(open, '[') || token_is(open, '{');
        depth -= token_is(open, ')') || token_is(open, ']') || token_is(open, '}');
        if (!depth)
            return open + 1;
    }
    return to;
}

/* The next token outside brackets that is `op`; `to` if there is none. */
static const Token *find_outside(const Token *from, const Token *to, char op)
{
    while (from < to && !token_is(from, op)) {
        if (token_is(from, '(') || token_is(from, '[') || token_is(from, '{'))
            from = skip_bracket(from, to);
        else
            from++;
    }
    return from;
}

/* Names of arguments that may be given by position and by name; *first is the first one. */
static uint32_t count_arguments(const Token *from, const Token *to, Str *first)
{
    uint32_t count = 0;
    while (from < to) {
        const Token *end = find_outside(from, to, ',');
        if (token_is(from, '*') || token_is(from, OP_POWER))
            break;
        if (token_is(from, '/'))
            count = 0;
        else if (from->kind == TOKEN_NAME && count++ == 0)
            *first = from->text;
        from = end < to ? end + 1 : to;
    }
    return count;
}

/* Is what is returned several things? */
static bool is_tuple(const Token *from, const Token *to)
{
    if (from < to && token_is(from, '(') && skip_bracket(from, to) == to)
        return from + 1 == to - 1 || is_tuple(from + 1, to - 1);
    if (from < to && token_is_name(from, "lambda"))
        from = find_outside(from, to, ':');
    return find_outside(from, to, ',') < to;
}

static bool begins_compound(const Token *token)
{
    static const char *const words[] = {"if",   "elif",  "else",  "for",   "while",   "try",
                                        "with", "async", "def",   "class", "finally", "except"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (token_is_name(token, words[i]))
            return true;
    return token_is(token, '@');
}

/* Does the last statement of [from, to) return one thing? */
static bool ends_in_return(const Token *from, const Token *to)
{
    if (from == to || begins_compound(from))
        return false;
    for (;;) {
        const Token *end = find_outside(from, to, ';');
        if (end + 1 >= to) {
            to = end;
            break;
        }
        from = end + 1;
    }
    return token_is_name(from, "return") && !is_tuple(from + 1, to);
}

/* The line that begins the last statement of the body of the function on lines.at[number]. */
static bool body_returns(const LineList *lines, uint32_t number)
{
    const Line *head = &lines->at[number];
    const Token *colon = find_outside(head->from, head->to, ':');
    if (colon + 1 < head->to)
        return ends_in_return(colon + 1, head->to);
    const Line *last = NULL;
    for (uint32_t i = number + 1; i < lines->len && lines->at[i].indent > head->indent; i++)
        if (!last || lines->at[i].indent == last->indent)
            last = &lines->at[i];
    return last && ends_in_return(last->from, last->to);
}

static bool check_model(const Source *source, const LineList *lines, uint32_t number, Err *err)
{
    const Line *line = &lines->at[number];
    const Token *open = line->from + 2;
    if (open < line->to && token_is(open, '['))
        open = skip_bracket(open, line->to);
    if (open >= line->to || !token_is(open, '('))
        return python_fail(source, line->from->text.at, err, "invalid syntax");
    Str first = {0};
    uint32_t count = count_arguments(open + 1, skip_bracket(open, line->to) - 1, &first);
    const char *problems[3] = {0};
    uint32_t problem_count = 0;
    if (count && !str_is(first, "dbt"))
        problems[problem_count++] = "'dbt' not provided for model as the first argument";
    if (count != 2)
        problems[problem_count++] =
            "model function should have two args, `dbt` and a session to current warehouse";
    if (!body_returns(lines, number))
        problems[problem_count++] =
            "In current version, model function should return only one dataframe object";
    if (!problem_count)
        return true;
    return python_fail(source, line->from->text.at, err, "%s%s%s%s%s", problems[0],
                       problems[1] ? "\n" : "", problems[1] ? problems[1] : "",
                       problems[2] ? "\n" : "", problems[2] ? problems[2] : "");
}

/* Functions in functions are passed over, those in classes and branches count. */
static bool check_models(const Source *source, const LineList *lines, Err *err)
{
    uint32_t found = 0, place = 0, inside = 0;
    bool is_inside = false;
    for (uint32_t i = 0; i < lines->len; i++) {
        const Line *line = &lines->at[i];
        is_inside &= line->indent > inside;
        if (is_inside || !token_is_name(line->from, "def") || line->to - line->from < 2)
            continue;
        is_inside = true;
        inside = line->indent;
        if (token_is_name(line->from + 1, "model") && found++ == 0)
            place = i;
    }
    if (found != 1)
        return python_fail(source, source->text.at, err,
                           "dbt allows exactly one model defined per python file, found %u\n"
                           "A model is a function `def model(dbt, session)` that returns its rows.",
                           found);
    return check_model(source, lines, place, err);
}

/* ---- calls ---- */

/* "dbt.config.get" of a chain of names; empty for others. */
static Str chain_of(Arena *arena, const Expr *expr)
{
    if (expr->kind == EXPR_NAME)
        return expr->name;
    if (expr->kind != EXPR_ATTRIBUTE)
        return STR_NONE;
    Str base = chain_of(arena, expr->base);
    return base.len ? str_print(arena, STR_FMT "." STR_FMT, STR_ARG(base), STR_ARG(expr->name))
                    : STR_NONE;
}

static bool function_of(Arena *arena, const Expr *call, PythonFunction *out)
{
    static const char *const names[] = {[PYTHON_REF] = "dbt.ref", [PYTHON_SOURCE] = "dbt.source",
                                        [PYTHON_CONFIG] = "dbt.config",
                                        [PYTHON_CONFIG_GET] = "dbt.config.get",
                                        [PYTHON_CONFIG_META_GET] = "dbt.config.meta_get"};
    if (call->base->kind != EXPR_ATTRIBUTE)
        return false;
    Str name = chain_of(arena, call->base);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i])) {
            *out = (PythonFunction)i;
            return true;
        }
    return false;
}

static bool note_call(Walk *walk, const Expr *call, PythonFunction function, Err *err)
{
    const Source *source = walk->source;
    PythonCall note = {.function = function,
                       .arguments = value_list(source->arena),
                       .named = value_dict(source->arena),
                       .place = place_at(source->file, source->text,
                                         (size_t)(call->token->text.at - source->text.at))};
    note.place.line += source->first_line - 1;
    for (uint32_t i = 0; i < call->items.len; i++) {
        Value value;
        TRY(python_literal(source, &call->items.at[i], &value, err));
        if (call->items.at[i].name.len)
            dict_put(note.named.dict, call->items.at[i].name, value);
        else
            array_add(note.arguments.list, value);
    }
    list_add(source->arena, &walk->model->calls, note);
    return true;
}

static bool visit_call(Walk *walk, const Expr *call, Err *err);

static bool visit_if_call(Walk *walk, const Expr *expr, Err *err)
{
    return !expr || expr->kind != EXPR_CALL || visit_call(walk, expr, err);
}

/* An argument of a call. */
static bool visit_argument(Walk *walk, const Item *item, Err *err)
{
    const Expr *expr = item->exact;
    if (!expr || item->is_starred)
        return true;
    if (expr->kind == EXPR_LIST || expr->kind == EXPR_TUPLE || expr->kind == EXPR_DICT ||
        expr->kind == EXPR_FORMAT)
        for (uint32_t i = 0; i < expr->items.len; i++)
            if (!expr->items.at[i].is_starred)
                TRY(visit_if_call(walk, expr->items.at[i].exact, err));
    return visit_if_call(walk, expr, err);
}

static bool visit_call(Walk *walk, const Expr *call, Err *err)
{
    PythonFunction function;
    if (function_of(walk->source->arena, call, &function))
        TRY(note_call(walk, call, function, err));
    for (int named = 0; named < 2; named++) /* those by position first */
        for (uint32_t i = 0; i < call->items.len; i++) {
            const Item *item = &call->items.at[i];
            if ((item->name.len || item->is_double_starred) == (named == 1))
                TRY(visit_argument(walk, item, err));
        }
    const Expr *base = call->base;
    if (base->kind != EXPR_ATTRIBUTE)
        return true;
    while (base->kind == EXPR_ATTRIBUTE)
        base = base->base;
    return visit_if_call(walk, base, err);
}

/* Anything outside a call. */
static bool visit(Walk *walk, const Expr *expr, Err *err)
{
    if (expr->kind == EXPR_CALL)
        return visit_call(walk, expr, err);
    if (expr->base)
        TRY(visit(walk, expr->base, err));
    for (uint32_t i = 0; i < expr->items.len; i++)
        for (uint32_t p = 0; p < expr->items.at[i].primaries.len; p++)
            TRY(visit(walk, expr->items.at[i].primaries.at[p], err));
    return true;
}

/* ---- the file ---- */

static void split_lines(Arena *arena, const Tokens *tokens, LineList *out)
{
    for (uint32_t i = 0; i < tokens->len; i++) {
        const Token *token = &tokens->at[i];
        if (token->kind == TOKEN_LINE)
            list_add(arena, out, (Line){token + 1, token + 1, token->indent});
        else if (token->kind != TOKEN_END)
            out->at[out->len - 1].to = token + 1;
    }
}

bool python_scan(Arena *arena, Str file, Str text, int first_line, PythonModel *out, Err *err)
{
    Source source = {arena, file, text, first_line};
    Tokens tokens = {0};
    LineList lines = {0};
    TRY(python_tokens(&source, &tokens, err));
    split_lines(arena, &tokens, &lines);
    if (!lines.len)
        return true;
    TRY(check_models(&source, &lines, err));
    Walk walk = {&source, out};
    for (uint32_t i = 0; i < lines.len; i++) {
        ExprList primaries = {0};
        TRY(python_primaries(&source, lines.at[i].from, lines.at[i].to, 0, &primaries, err));
        for (uint32_t p = 0; p < primaries.len; p++)
            TRY(visit(&walk, primaries.at[p], err));
    }
    return true;
}
