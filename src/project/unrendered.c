/* unrendered.c: the arguments of a config() call as source text, for unrendered_config.
 *
 * dbt compares these texts between two states, so that a config whose value comes from the
 * environment is no change. A string literal stands without quotes; everything else is printed from
 * its tokens the way Python would write it: `['a', env_var('B')]`.
 */
#include <ctype.h>

#include "project/load.h"

enum { GROUPS_MAX = 32 };

typedef struct Cursor {
    Str text;
    size_t at;
} Cursor;

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Behind "config(" of the first call inside a tag, or -1. */
static ptrdiff_t find_call(Str source)
{
    size_t at = 0;
    for (;;) {
        ptrdiff_t found = str_find(str_slice(source, at, source.len), STR("config"));
        if (found < 0)
            return -1;
        size_t begin = at + (size_t)found, end = begin + 6;
        at = end;
        if (begin && (is_word(source.at[begin - 1]) || source.at[begin - 1] == '.'))
            continue;
        while (end < source.len && isspace((unsigned char)source.at[end]))
            end++;
        if (end >= source.len || source.at[end] != '(')
            continue;
        Str before = str_slice(source, 0, begin);
        ptrdiff_t open = str_find_last(before, STR("{{")), close = str_find_last(before, STR("}}"));
        ptrdiff_t block = str_find_last(before, STR("{%")), done = str_find_last(before, STR("%}"));
        if (open > close || block > done)
            return (ptrdiff_t)end + 1;
    }
}

typedef enum TokenKind { TOKEN_END, TOKEN_STRING, TOKEN_NUMBER, TOKEN_WORD, TOKEN_SIGN } TokenKind;

typedef struct Token {
    TokenKind kind;
    Str text;           /* a string's without quotes */
} Token;

static Token next_token(Cursor *cursor)
{
    Str text = cursor->text;
    while (cursor->at < text.len && isspace((unsigned char)text.at[cursor->at]))
        cursor->at++;
    if (cursor->at >= text.len)
        return (Token){TOKEN_END, STR_NONE};
    size_t from = cursor->at;
    char c = text.at[from];
    if (c == '\'' || c == '"') {
        cursor->at++;
        while (cursor->at < text.len && text.at[cursor->at] != c)
            cursor->at += text.at[cursor->at] == '\\' ? 2 : 1;
        Str inner = str_slice(text, from + 1, cursor->at);
        cursor->at++;
        return (Token){TOKEN_STRING, inner};
    }
    if (is_word(c)) {
        bool is_number = isdigit((unsigned char)c);
        while (cursor->at < text.len &&
               (is_word(text.at[cursor->at]) || (is_number && text.at[cursor->at] == '.')))
            cursor->at++;
        return (Token){is_number ? TOKEN_NUMBER : TOKEN_WORD, str_slice(text, from, cursor->at)};
    }
    static const char *const doubles[] = {"==", "!=", "<=", ">=", "//", "**"};
    size_t len = 1;
    for (uint32_t i = 0; i < COUNT_OF(doubles); i++)
        if (str_starts(str_slice(text, from, text.len), str_of(doubles[i])))
            len = 2;
    cursor->at += len;
    return (Token){TOKEN_SIGN, str_slice(text, from, from + len)};
}

/* The text between quotes with its escapes resolved. */
static Str unescape(Arena *arena, Str raw)
{
    if (str_find_char(raw, '\\') < 0)
        return raw;
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.at[i];
        if (c == '\\' && i + 1 < raw.len) {
            c = raw.at[++i];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        text_add_char(&out, c);
    }
    return text_copy(arena, &out);
}

/* The argument from the cursor up to a comma or the closing bracket of the call. */
static Str take_argument(Cursor *cursor)
{
    size_t from = cursor->at;
    int depth = 0;
    for (;;) {
        Token token = next_token(cursor);
        if (token.kind == TOKEN_END)
            return str_slice(cursor->text, from, cursor->text.len);
        if (token.kind != TOKEN_SIGN)
            continue;
        char c = token.text.at[0];
        if (depth == 0 && (c == ',' || c == ')')) {
            cursor->at -= 1; /* stays on it */
            return str_trim(str_slice(cursor->text, from, cursor->at));
        }
        depth += c == '(' || c == '[' || c == '{';
        depth -= c == ')' || c == ']' || c == '}';
    }
}

static void print_word(Str word, Text *out)
{
    static const char *const pairs[][2] = {
        {"true", "True"}, {"false", "False"}, {"none", "None"}};
    for (uint32_t i = 0; i < COUNT_OF(pairs); i++)
        if (str_is(word, pairs[i][0])) {
            text_add_c(out, pairs[i][1]);
            return;
        }
    text_add(out, word);
}

static bool is_operator_word(Token token)
{
    static const char *const words[] = {"and", "or", "not", "in", "if", "else", "is"};
    for (uint32_t i = 0; token.kind == TOKEN_WORD && i < COUNT_OF(words); i++)
        if (str_is(token.text, words[i]))
            return true;
    return false;
}

/* Is there room for a sign to stand before a value, as in -1 and not x? */
static bool opens_value(Token before)
{
    return before.kind == TOKEN_END || is_operator_word(before) ||
           (before.kind == TOKEN_SIGN && !strchr(")]}", before.text.at[0]));
}

/* Does the bracket just read hold nothing but one expression? dbt prints from the syntax tree,
 * which has lost it. At its end, *end is behind the closing bracket. */
static bool only_groups(const Cursor *behind, size_t *end)
{
    Cursor ahead = *behind;
    int depth = 1;
    bool has_comma = false, is_empty = true;
    for (Token token; depth && (token = next_token(&ahead)).kind != TOKEN_END;) {
        if (token.kind == TOKEN_SIGN) {
            char c = token.text.at[0];
            has_comma |= depth == 1 && c == ',';
            depth += c == '(' || c == '[' || c == '{';
            depth -= c == ')' || c == ']' || c == '}';
        }
        is_empty &= depth == 0;
        *end = ahead.at;
    }
    return !has_comma && !is_empty;
}

static void print_sign(Str sign, Token before, Cursor *rest, Text *out)
{
    char c = sign.at[0];
    Cursor ahead = *rest;
    Token next = next_token(&ahead);
    bool closes = next.kind == TOKEN_SIGN && strchr(")]}", next.text.at[0]);
    if (c == ',') {
        if (!closes)
            text_add_c(out, ", ");
    } else if (c == ':') {
        text_add_c(out, ": ");
    } else if (strchr("()[]{}.", c) || str_is(sign, "=") || (c == '-' && opens_value(before))) {
        text_add(out, sign);
    } else {
        text_print(out, " " STR_FMT " ", STR_ARG(sign));
    }
}

static Str print_argument(Arena *arena, Str argument)
{
    Cursor cursor = {argument, 0};
    Token first = next_token(&cursor);
    Cursor behind = cursor;
    if (first.kind == TOKEN_STRING && next_token(&behind).kind == TOKEN_END)
        return unescape(arena, first.text);
    AUTO(text) Text out = {0};
    Token before = {TOKEN_END, STR_NONE};
    size_t dropped[GROUPS_MAX], end, open = 0;
    cursor.at = 0;
    for (Token token; (token = next_token(&cursor)).kind != TOKEN_END; before = token) {
        if (open && cursor.at == dropped[open - 1]) {
            open--;
        } else if (str_is(token.text, "(") && token.kind == TOKEN_SIGN && opens_value(before) &&
                   open < GROUPS_MAX && only_groups(&cursor, &end)) {
            dropped[open++] = end;
        } else if (token.kind == TOKEN_STRING) {
            value_repr(value_text(unescape(arena, token.text)), &out);
        } else if (is_operator_word(token)) {
            bool is_first = opens_value(before);
            text_print(&out, "%s" STR_FMT " ", is_first ? "" : " ", STR_ARG(token.text));
        } else if (token.kind == TOKEN_SIGN) {
            print_sign(token.text, before, &cursor, &out);
        } else {
            print_word(token.text, &out);
        }
    }
    return text_copy(arena, &out);
}

Dict *unrendered_config_call(Arena *arena, Str source)
{
    ptrdiff_t begin = find_call(source);
    if (begin < 0)
        return NULL;
    Dict *made = dict_make(arena, 4);
    Cursor cursor = {source, (size_t)begin};
    for (;;) {
        Cursor start = cursor;
        Token name = next_token(&cursor);
        if (name.kind == TOKEN_SIGN && str_is(name.text, ","))
            continue;
        if (name.kind == TOKEN_END || (name.kind == TOKEN_SIGN && str_is(name.text, ")")))
            return made;
        Token equals = next_token(&cursor);
        bool is_named = name.kind == TOKEN_WORD && equals.kind == TOKEN_SIGN &&
                        str_is(equals.text, "=");
        if (!is_named)
            cursor = start;
        Str argument = take_argument(&cursor);
        if (is_named)
            dict_put(made, name.text, value_text(print_argument(arena, argument)));
    }
}
