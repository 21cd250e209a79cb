/* literal.c: arguments as values: what Python's ast.literal_eval() takes. */
#include "python/scan_base.h"

#include <ctype.h>
#include <stdlib.h>

static bool read_expr(const Source *source, const Expr *expr, Value *out);

/* ---- strings ---- */

static unsigned digit_of(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0')
           : isxdigit((unsigned char)c) ? (unsigned)(tolower((unsigned char)c) - 'a' + 10) : 99;
}

/* Up to `most` digits of a base from *at on. */
static uint32_t take_digits(Str body, size_t *at, unsigned base, size_t most)
{
    uint32_t number = 0;
    for (size_t i = 0; i < most && *at < body.len && digit_of(body.at[*at]) < base; i++)
        number = number * base + digit_of(body.at[(*at)++]);
    return number;
}

/* What follows a backslash; *at stands on it. */
static void take_escape(Str body, size_t *at, Text *out)
{
    static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
    char c = body.at[*at];
    const char *known = strchr(letters, c);
    if (c == '\n') {
        (*at)++;
    } else if (c && known) {
        text_add_char(out, meanings[known - letters]);
        (*at)++;
    } else if (digit_of(c) < 8) {
        text_add_code_point(out, take_digits(body, at, 8, 3));
    } else if (c == 'x' || c == 'u' || c == 'U') {
        (*at)++;
        text_add_code_point(out, take_digits(body, at, 16, c == 'x' ? 2 : c == 'u' ? 4 : 8));
    } else {
        text_add_char(out, '\\'); /* Python keeps what it does not know */
    }
}

static void add_string(Str body, bool is_raw, Text *out)
{
    for (size_t at = 0; at < body.len;) {
        char c = body.at[at++];
        if (c == '\\' && !is_raw && at < body.len)
            take_escape(body, &at, out);
        else if (c != '\r')
            text_add_char(out, c);
    }
}

static bool read_string(const Source *source, const Expr *expr, Value *out)
{
    AUTO(text) Text text = {0};
    for (uint32_t i = 0; i < expr->token_count; i++) {
        StringParts parts = python_string_parts(expr->token[i].text);
        if (parts.is_bytes)
            return false;
        add_string(parts.body, parts.is_raw, &text);
    }
    *out = value_text(text_copy(source->arena, &text));
    return true;
}

/* ---- numbers ---- */

static bool read_number(Str written, bool is_negative, Value *out)
{
    char digits[64];
    size_t length = 0;
    for (size_t i = 0; i < written.len; i++) {
        if (length + 1 >= sizeof digits)
            return false;
        if (written.at[i] != '_')
            digits[length++] = (char)tolower((unsigned char)written.at[i]);
    }
    digits[length] = '\0';
    char *end;
    bool is_based = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'o' || digits[1] == 'b');
    if (is_based) {
        int base = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : 2;
        *out = value_int(strtoll(digits + 2, &end, base));
        out->number = is_negative ? -out->number : out->number;
        return !*end;
    }
    if (str_to_int((Str){digits, length}, &out->number)) {
        *out = value_int(is_negative ? -out->number : out->number);
        return true;
    }
    double real = strtod(digits, &end);
    *out = value_float(is_negative ? -real : real);
    return !*end; /* not so "1j" */
}

/* ---- the rest ---- */

static bool read_item(const Source *source, const Token *from, const Token *to, const Expr *exact,
                      Value *out)
{
    if (exact)
        return read_expr(source, exact, out);
    bool has_sign = to - from == 2 && (token_is(from, '-') || token_is(from, '+'));
    return has_sign && from[1].kind == TOKEN_NUMBER &&
           read_number(from[1].text, token_is(from, '-'), out);
}

static bool read_list(const Source *source, const Expr *expr, Value *out)
{
    Array *array = array_make(source->arena, expr->items.len);
    for (uint32_t i = 0; i < expr->items.len; i++) {
        const Item *item = &expr->items.at[i];
        Value value;
        if (item->is_starred || !read_item(source, item->from, item->to, item->exact, &value))
            return false;
        array_add(array, value);
    }
    *out = expr->kind == EXPR_TUPLE ? value_of_tuple(array) : value_of_array(array);
    return true;
}

static bool read_dict(const Source *source, const Expr *expr, Value *out)
{
    Dict *dict = dict_make(source->arena, expr->items.len + 1);
    for (uint32_t i = 0; i < expr->items.len; i++) {
        const Item *item = &expr->items.at[i];
        Value key, value = NONE;
        uint32_t hash;
        bool is_set = expr->kind == EXPR_SET;
        const Token *from = is_set ? item->from : item->key_from;
        const Token *to = is_set ? item->to : item->key_to;
        if (!from || item->is_starred || item->is_double_starred ||
            !read_item(source, from, to, is_set ? item->exact : item->key, &key) ||
            !value_hash(key, &hash))
            return false;
        if (!is_set && !read_item(source, item->from, item->to, item->exact, &value))
            return false;
        dict_put_keyed(dict, key, value);
    }
    *out = expr->kind == EXPR_SET ? value_of_set(dict) : value_of_dict(dict);
    return true;
}

static bool read_expr(const Source *source, const Expr *expr, Value *out)
{
    switch (expr->kind) {
    case EXPR_NUMBER: return read_number(expr->token->text, false, out);
    case EXPR_STRING: return read_string(source, expr, out);
    case EXPR_LIST:
    case EXPR_TUPLE: return read_list(source, expr, out);
    case EXPR_SET:
    case EXPR_DICT: return read_dict(source, expr, out);
    case EXPR_NAME:
        *out = str_is(expr->name, "None") ? NONE : value_bool(str_is(expr->name, "True"));
        return str_is(expr->name, "None") || str_is(expr->name, "True") ||
               str_is(expr->name, "False");
    default: return false;
    }
}

bool python_literal(const Source *source, const Item *item, Value *out, Err *err)
{
    bool is_whole = !item->is_starred && !item->is_double_starred;
    if (is_whole && read_item(source, item->from, item->to, item->exact, out))
        return true;
    const char *begin = item->from->text.at;
    const Token *last = item->to > item->from ? item->to - 1 : item->from;
    Str shown = {begin, (size_t)(last->text.at + last->text.len - begin)};
    Place place = place_at(source->file, source->text, (size_t)(begin - source->text.at));
    return python_fail(source, begin, err,
                       "Error when trying to literal_eval an arg to dbt.ref(), dbt.source(), "
                       "dbt.config() or dbt.config.get()\n"
                       "malformed node or string on line %d: " STR_FMT " is no literal: a text, "
                       "a number, True, False, None, or a list, tuple, set or dict of them",
                       place.line + source->first_line - 1, STR_ARG(shown));
}
