/* lexer.c: text to tokens. Every byte belongs to exactly one token; nothing is an error. */
#include "base/hash.h"
#include "base/text.h"
#include "sql/sql.h"

/* What ends an unfinished comment, string or name: the end of the text. */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of names: letters, digits, _, $ and everything beyond ASCII. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static bool is_operator(char c)
{
    return c && strchr("+-*/<>=~!@#%^&|?:", c);
}

/* Length of the white space character at `at`, or 0. Knows Unicode's, as engines and Python do. */
static size_t space_length(Str sql, size_t at)
{
    unsigned char c = (unsigned char)sql.at[at];
    if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f))
        return 1;
    if (c < 0xc2)
        return 0;
    size_t end = at;
    uint32_t code = utf8_next(sql, &end);
    bool is_space = code == 0x85 || code == 0xa0 || code == 0x1680 ||
                    (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
                    code == 0x202f || code == 0x205f || code == 0x3000;
    return is_space ? end - at : 0;
}

/* The byte at `at`, or 0 behind the end. */
static char peek(Str sql, size_t at)
{
    return at < sql.len ? sql.at[at] : '\0';
}

/* Behind a comment that begins at `at`; block comments nest. */
static size_t comment_end(Str sql, size_t at)
{
    if (sql.at[at] == '-') {
        const char *end = memchr(sql.at + at, '\n', sql.len - at);
        return end ? (size_t)(end - sql.at) : sql.len;
    }
    unsigned depth = 0;
    while (at < sql.len) {
        if (sql.at[at] == '/' && peek(sql, at + 1) == '*') {
            depth++;
            at += 2;
        } else if (sql.at[at] == '*' && peek(sql, at + 1) == '/') {
            at += 2;
            if (--depth == 0)
                return at;
        } else {
            at++;
        }
    }
    return sql.len;
}

/* Behind a quoted piece whose opening quote is at `at`; doubled quotes stay inside, and with
 * `has_escapes` so does what follows a backslash. */
static size_t quoted_end(Str sql, size_t at, bool has_escapes)
{
    char quote = sql.at[at++];
    while (at < sql.len) {
        if (has_escapes && sql.at[at] == '\\') {
            at += 2;
        } else if (sql.at[at] != quote) {
            at++;
        } else if (peek(sql, at + 1) == quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    return sql.len;
}

/* Behind $tag$...$tag$ at `at`, or 0 if no such thing begins there. */
static size_t dollar_end(Str sql, size_t at)
{
    size_t tag_end = at + 1;
    while (tag_end < sql.len && sql.at[tag_end] != '$') {
        if (!is_word(sql.at[tag_end]) || (tag_end == at + 1 && is_digit(sql.at[tag_end])))
            return 0;
        tag_end++;
    }
    if (tag_end >= sql.len)
        return 0;
    Str tag = {sql.at + at, tag_end + 1 - at};
    ptrdiff_t close = str_find(str_slice(sql, tag_end + 1, sql.len), tag);
    return close < 0 ? sql.len : tag_end + 1 + (size_t)close + tag.len;
}

/* Behind a number: digits, point, exponent with sign, 0x1f, 1_000. */
static size_t number_end(Str sql, size_t at)
{
    bool is_plain = !(sql.at[at] == '0' && (peek(sql, at + 1) | 0x20) == 'x');
    while (at < sql.len) {
        char c = sql.at[at];
        if (is_plain && (c | 0x20) == 'e' &&
            (peek(sql, at + 1) == '-' || peek(sql, at + 1) == '+') && is_digit(peek(sql, at + 2)))
            at += 2;
        else if (!is_word(c) && !(c == '.' && peek(sql, at + 1) != '.'))
            break;
        else
            at++;
    }
    return at;
}

static bool is_comment(Str sql, size_t at)
{
    char next = peek(sql, at + 1);
    return (sql.at[at] == '-' && next == '-') || (sql.at[at] == '/' && next == '*');
}

/* Behind an operator: the longest run, but before a comment, and without a sign at its end
 * ("=-1" is = and -1) unless it has a character that arithmetic never has. */
static size_t operator_end(Str sql, size_t at)
{
    size_t end = at;
    bool is_special = false;
    while (end < sql.len && is_operator(sql.at[end]) && !is_comment(sql, end)) {
        is_special |= strchr("~!@#%^&|?", sql.at[end]) != NULL;
        end++;
    }
    while (end > at + 1 && !is_special && (sql.at[end - 1] == '-' || sql.at[end - 1] == '+'))
        end--;
    return end;
}

SqlToken sql_next(Str sql, size_t *at)
{
    size_t from = *at, end;
    SqlKind kind;
    if (from >= sql.len)
        return (SqlToken){SQL_END, {sql.at ? sql.at + sql.len : "", 0}};
    char c = sql.at[from], next = peek(sql, from + 1);
    size_t space = space_length(sql, from);
    if (space) {
        kind = SQL_SPACE;
        for (end = from; space && end < sql.len; space = end < sql.len ? space_length(sql, end) : 0)
            end += space;
    } else if (is_comment(sql, from)) {
        kind = SQL_COMMENT;
        end = comment_end(sql, from);
    } else if (c == '\'' || ((c | 0x20) == 'e' && next == '\'')) {
        kind = SQL_STRING;
        end = c == '\'' ? quoted_end(sql, from, false) : quoted_end(sql, from + 1, true);
    } else if (c == '"' || c == '`') {
        kind = SQL_NAME;
        end = quoted_end(sql, from, false);
    } else if (c == '$' && (end = dollar_end(sql, from)) > 0) {
        kind = SQL_STRING;
    } else if (is_digit(c) || (c == '.' && is_digit(next))) {
        kind = SQL_NUMBER;
        end = number_end(sql, from);
    } else if (is_word(c)) {
        kind = SQL_WORD;
        for (end = from + 1; end < sql.len && is_word(sql.at[end]) && !space_length(sql, end);)
            end++;
    } else {
        kind = SQL_SYMBOL;
        end = is_operator(c) ? operator_end(sql, from) : from + 1;
    }
    if (end > sql.len) /* a backslash was the last byte of an E'' string */
        end = sql.len;
    *at = end;
    return (SqlToken){kind, {sql.at + from, end - from}};
}

SqlToken sql_next_code(Str sql, size_t *at)
{
    SqlToken token;
    do
        token = sql_next(sql, at);
    while (token.kind == SQL_SPACE || token.kind == SQL_COMMENT);
    return token;
}

bool sql_is_blank(Str sql)
{
    size_t at = 0;
    for (;;) {
        SqlToken token = sql_next_code(sql, &at);
        if (token.kind == SQL_END)
            return true;
        if (!str_is(token.text, ";"))
            return false;
    }
}

bool sql_next_statement(Str sql, size_t *at, Str *statement)
{
    for (;;) {
        size_t from = *at, end = from;
        bool has_code = false;
        SqlToken token;
        while ((token = sql_next(sql, at)).kind != SQL_END && !str_is(token.text, ";")) {
            has_code |= token.kind != SQL_SPACE && token.kind != SQL_COMMENT;
            end = *at;
        }
        if (has_code) {
            *statement = str_slice(sql, from, end);
            return true;
        }
        if (token.kind == SQL_END)
            return false;
    }
}

SqlToken sql_first(Str sql)
{
    size_t at = 0;
    SqlToken token;
    do
        token = sql_next_code(sql, &at);
    while (str_is(token.text, ";") || str_is(token.text, "("));
    return token;
}

uint64_t sql_fingerprint(Str sql)
{
    AUTO(text) Text lower = {0};
    uint64_t hash = 0;
    size_t at = 0;
    for (;;) {
        SqlToken token = sql_next_code(sql, &at);
        if (token.kind == SQL_END)
            return hash;
        if (token.kind == SQL_WORD) {
            text_clear(&lower);
            text_add(&lower, token.text);
            for (size_t i = 0; i < lower.len; i++)
                if (lower.at[i] >= 'A' && lower.at[i] <= 'Z')
                    lower.at[i] |= 0x20;
            token.text = text_str(&lower);
        }
        hash = hash64(token.text, hash + 1);
    }
}
