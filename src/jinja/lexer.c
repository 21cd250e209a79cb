/* lexer.c: from bytes to tokens, with the white space rules of jinja2 3.1.
 *
 * What a '-' or a trimmed newline takes away is decided here once; the parser sees clean DATA.
 */
#include "jinja/lexer.h"

#include <stdlib.h>

#include "jinja/python.h"

enum { PENDING_COMMENT = 254, PENDING_RAW = 255 };

static const char *const kind_names[] = {
    [TOKEN_END] = "end of template", [TOKEN_DATA] = "template data",
    [TOKEN_PRINT_BEGIN] = "begin of print statement", [TOKEN_PRINT_END] = "end of print statement",
    [TOKEN_BLOCK_BEGIN] = "begin of statement block", [TOKEN_BLOCK_END] = "end of statement block",
    [TOKEN_NAME] = "name", [TOKEN_TEXT] = "string", [TOKEN_INT] = "integer",
    [TOKEN_FLOAT] = "float", [TOKEN_PLUS] = "'+'", [TOKEN_MINUS] = "'-'", [TOKEN_STAR] = "'*'",
    [TOKEN_SLASH] = "'/'", [TOKEN_FLOOR_SLASH] = "'//'", [TOKEN_PERCENT] = "'%'",
    [TOKEN_STAR_STAR] = "'**'", [TOKEN_TILDE] = "'~'", [TOKEN_EQ] = "'=='", [TOKEN_NE] = "'!='",
    [TOKEN_LT] = "'<'", [TOKEN_LE] = "'<='", [TOKEN_GT] = "'>'", [TOKEN_GE] = "'>='",
    [TOKEN_ASSIGN] = "'='", [TOKEN_DOT] = "'.'", [TOKEN_COLON] = "':'", [TOKEN_PIPE] = "'|'",
    [TOKEN_COMMA] = "','", [TOKEN_SEMICOLON] = "';'", [TOKEN_LEFT_PAREN] = "'('",
    [TOKEN_RIGHT_PAREN] = "')'", [TOKEN_LEFT_BRACKET] = "'['", [TOKEN_RIGHT_BRACKET] = "']'",
    [TOKEN_LEFT_BRACE] = "'{'", [TOKEN_RIGHT_BRACE] = "'}'",
};

const char *token_kind_name(TokenKind kind)
{
    return kind_names[kind];
}

typedef struct KeywordRow {
    const char *text;
    uint8_t len, keyword;
} KeywordRow;

static const KeywordRow keyword_rows[] = {
#define AS_ROW(id, text) {text, sizeof(text) - 1, KEYWORD_##id},
    KEYWORDS(AS_ROW)
#undef AS_ROW
};

const char *keyword_text(Keyword keyword)
{
    return keyword ? keyword_rows[keyword - 1].text : "";
}

static Keyword keyword_of(Str name)
{
    enum { SHORTEST = 2, LONGEST = 18 };
    /* rows of length n are [first[n], first[n + 1]) */
    static const uint8_t first[LONGEST + 2] = {
#define IS_SHORTER(id, text) +(sizeof(text) - 1 < LENGTH)
#define LENGTH 2
        [2] = 0 KEYWORDS(IS_SHORTER),
#undef LENGTH
#define LENGTH 3
        [3] = 0 KEYWORDS(IS_SHORTER),
#undef LENGTH
#define LENGTH 4
        [4] = 0 KEYWORDS(IS_SHORTER),
#undef LENGTH
#define LENGTH 5
        [5] = 0 KEYWORDS(IS_SHORTER),
#undef LENGTH
#define LENGTH 6
        [6] = 0 KEYWORDS(IS_SHORTER),
#undef LENGTH
#define LENGTH 7
        [7] = 0 KEYWORDS(IS_SHORTER),
#undef LENGTH
#define LENGTH 8
        [8] = 0 KEYWORDS(IS_SHORTER),
#undef LENGTH
#define LENGTH 9
        [9] = 0 KEYWORDS(IS_SHORTER),
#undef LENGTH
#define LENGTH 10
        /* the few long ones are one group */
        [10] = 0 KEYWORDS(IS_SHORTER), [11] = COUNT_OF(keyword_rows),
#undef LENGTH
#undef IS_SHORTER
    };
    if (name.len < SHORTEST || name.len > LONGEST)
        return KEYWORD_NO;
    size_t group = name.len < 10 ? name.len : 10;
    for (size_t i = first[group]; i < first[group + 1]; i++)
        if (keyword_rows[i].text[0] == name.at[0] && keyword_rows[i].len == name.len &&
            memcmp(keyword_rows[i].text, name.at, name.len) == 0)
            return keyword_rows[i].keyword;
    return KEYWORD_NO;
}

/* ---- white space ---- */

static inline bool is_ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

size_t space_length(Str s, size_t at)
{
    if (at >= s.len)
        return 0;
    if ((signed char)s.at[at] >= 0)
        return is_ascii_space(s.at[at]);
    size_t next = at;
    return code_is_space(utf8_next(s, &next)) ? next - at : 0;
}

static size_t skip_space(Str s, size_t at)
{
    for (size_t len; (len = space_length(s, at));)
        at += len;
    return at;
}

/* End of source[from, to) without its trailing white space. */
static size_t strip_right(Str s, size_t from, size_t to)
{
    while (to > from) {
        size_t last = to - 1;
        while (last > from && ((unsigned char)s.at[last] & 0xc0) == 0x80)
            last--;
        if (space_length(str_slice(s, 0, to), last) != to - last)
            break;
        to = last;
    }
    return to;
}

static bool fail(Lexer *lexer, size_t at, Err *err, const char *text)
{
    lexer->fail_at = (uint32_t)at;
    return err_set(err, ERR_COMPILATION, NOWHERE, "%s", text);
}

static inline char char_at(const Lexer *lexer, size_t at)
{
    return at < lexer->source.len ? lexer->source.at[at] : '\0';
}

/* ---- data ---- */

/* Offset of the next "{{", "{%" or "{#" at or behind `at`, or the length. */
static size_t find_tag(Str source, size_t at)
{
    while (at + 1 < source.len) {
        const char *brace = memchr(source.at + at, '{', source.len - at - 1);
        if (!brace)
            break;
        if (brace[1] == '{' || brace[1] == '%' || brace[1] == '#')
            return (size_t)(brace - source.at);
        at = (size_t)(brace - source.at) + 1;
    }
    return source.len;
}

bool jinja_has_tags(Str source)
{
    return find_tag(source, 0) < source.len;
}

/* Where the data [from, tag) ends before a tag with that sign. */
static size_t data_end(const Lexer *lexer, size_t from, size_t tag, char sign, bool is_print)
{
    if (sign == '-')
        return strip_right(lexer->source, from, tag);
    if (sign == '+' || !lexer->syntax.lstrip_blocks || is_print)
        return tag;
    const char *newline = tag > from ? memrchr(lexer->source.at + from, '\n', tag - from) : NULL;
    if (!newline && !lexer->is_line_start)
        return tag;
    size_t line = newline ? (size_t)(newline - lexer->source.at) + 1 : from;
    return skip_space(str_slice(lexer->source, 0, tag), line) == tag ? line : tag;
}

/* Is there, at `at`, one of "+%}", "-%}", "%}" (or with '#')? Gives the end of it and of what it
 * takes with it, else 0. */
static size_t closing_end(Lexer *lexer, size_t at, char mark)
{
    Str source = lexer->source;
    char sign = char_at(lexer, at);
    size_t bare = at + (sign == '-' || sign == '+');
    if (char_at(lexer, bare) != mark || char_at(lexer, bare + 1) != '}')
        return 0;
    size_t end = bare + 2;
    if (sign == '-')
        end = skip_space(source, end);
    else if (sign != '+' && lexer->syntax.trim_blocks && char_at(lexer, end) == '\n')
        end++;
    return end;
}

static void end_piece(Lexer *lexer, size_t end)
{
    lexer->at = (uint32_t)end;
    lexer->is_line_start = end > 0 && lexer->source.at[end - 1] == '\n';
}

/* "{%- raw -%}" at `tag`? Gives the end, else 0. */
static size_t raw_begin_end(const Lexer *lexer, size_t tag)
{
    Str source = lexer->source;
    size_t at = tag + 2;
    at += char_at(lexer, at) == '-' || char_at(lexer, at) == '+';
    at = skip_space(source, at);
    if (!str_eq(str_slice(source, at, at + 3), STR("raw")))
        return 0;
    at = skip_space(source, at + 3);
    bool strips = char_at(lexer, at) == '-';
    at += strips;
    if (char_at(lexer, at) != '%' || char_at(lexer, at + 1) != '}')
        return 0;
    return strips ? skip_space(source, at + 2) : at + 2;
}

static bool lex_comment(Lexer *lexer, Err *err)
{
    size_t at = lexer->at;
    for (;; at++) {
        const char *mark = at < lexer->source.len
            ? memchr(lexer->source.at + at, '#', lexer->source.len - at) : NULL;
        if (!mark)
            return fail(lexer, lexer->pending_at, err, "missing end of comment tag ('#}')");
        at = (size_t)(mark - lexer->source.at);
        if (char_at(lexer, at + 1) != '}')
            continue;
        char before = at > lexer->at ? lexer->source.at[at - 1] : '\0';
        end_piece(lexer, closing_end(lexer, at - (before == '-' || before == '+'), '#'));
        return true;
    }
}

static bool lex_raw(Lexer *lexer, Token *out, Err *err)
{
    Str source = lexer->source;
    size_t from = lexer->at;
    for (size_t tag = from;; tag += 2) {
        tag = find_tag(source, tag);
        if (tag >= source.len)
            return fail(lexer, lexer->pending_at, err,
                        "missing end of raw directive ('{% endraw %}')");
        if (source.at[tag + 1] != '%') {
            tag--; /* "{{%" may hold the tag at its second brace */
            continue;
        }
        char sign = char_at(lexer, tag + 2);
        size_t at = skip_space(source, tag + 2 + (sign == '-' || sign == '+'));
        if (!str_eq(str_slice(source, at, at + 6), STR("endraw")))
            continue;
        size_t end = closing_end(lexer, skip_space(source, at + 6), '%');
        if (!end)
            continue;
        size_t data = data_end(lexer, from, tag, sign, false);
        *out = (Token){.kind = TOKEN_DATA, .at = (uint32_t)from, .end = (uint32_t)data,
                       .text = str_slice(source, from, data)};
        end_piece(lexer, end);
        return true;
    }
}

/* Everything up to the next tag whose inside the parser must see. */
static bool lex_data(Lexer *lexer, Token *out, Err *err)
{
    Str source = lexer->source;
    for (;;) {
        if (lexer->pending) {
            uint8_t pending = lexer->pending;
            lexer->pending = 0;
            if (pending == PENDING_COMMENT) {
                TRY(lex_comment(lexer, err));
                continue;
            }
            if (pending == PENDING_RAW) {
                TRY(lex_raw(lexer, out, err));
                if (out->text.len)
                    return true;
                continue;
            }
            lexer->inside = pending;
            *out = (Token){.kind = pending, .at = lexer->pending_at, .end = lexer->at};
            return true;
        }
        size_t from = lexer->at;
        if (from >= source.len) {
            *out = (Token){.kind = TOKEN_END, .at = (uint32_t)source.len,
                           .end = (uint32_t)source.len};
            return true;
        }
        size_t tag = find_tag(source, from), end = tag;
        if (tag < source.len) {
            char mark = source.at[tag + 1], sign = char_at(lexer, tag + 2);
            size_t raw = mark == '%' ? raw_begin_end(lexer, tag) : 0;
            end = data_end(lexer, from, tag, sign, mark == '{');
            lexer->pending = raw            ? PENDING_RAW
                             : mark == '#' ? PENDING_COMMENT
                             : mark == '%' ? TOKEN_BLOCK_BEGIN : TOKEN_PRINT_BEGIN;
            lexer->pending_at = (uint32_t)tag;
            end_piece(lexer, raw ? raw : tag + 2 + (sign == '-' || sign == '+'));
        } else {
            lexer->at = (uint32_t)source.len;
        }
        if (end > from) {
            *out = (Token){.kind = TOKEN_DATA, .at = (uint32_t)from, .end = (uint32_t)end,
                           .text = str_slice(source, from, end)};
            return true;
        }
    }
}

/* ---- inside tags ---- */

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_digit_of(char c, unsigned base)
{
    if (base == 16)
        return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
    return c >= '0' && c < (char)('0' + base);
}

/* Digits with single underscores between them; gives the end, `at` if there is no digit. */
static size_t digits_end(const Lexer *lexer, size_t at, unsigned base)
{
    size_t end = at;
    while (is_digit_of(char_at(lexer, end), base) ||
           (end > at && char_at(lexer, end) == '_' && is_digit_of(char_at(lexer, end + 1), base)))
        end++;
    return end;
}

/* End of a float at `at`, or 0. */
static size_t float_end(const Lexer *lexer, size_t at)
{
    if (at > 0 && lexer->source.at[at - 1] == '.')
        return 0;
    size_t whole = digits_end(lexer, at, 10), end = whole;
    if (char_at(lexer, end) == '.' && is_digit(char_at(lexer, end + 1)))
        end = digits_end(lexer, end + 1, 10);
    if ((char_at(lexer, end) | 32) == 'e') {
        size_t power = end + 1;
        power += char_at(lexer, power) == '+' || char_at(lexer, power) == '-';
        if (is_digit(char_at(lexer, power)))
            return digits_end(lexer, power, 10);
    }
    return end > whole ? end : 0;
}

static Str without_underscores(Arena *arena, Str s)
{
    return str_find_char(s, '_') < 0 ? s : str_replace(arena, s, STR("_"), STR(""));
}

static void lex_number(Lexer *lexer, Token *out)
{
    size_t at = lexer->at, end = float_end(lexer, at);
    if (end) {
        Str digits = without_underscores(lexer->arena, str_slice(lexer->source, at, end));
        out->kind = TOKEN_FLOAT;
        out->value = value_float(strtod(str_c(lexer->arena, digits), NULL));
        lexer->at = (uint32_t)end;
        return;
    }
    unsigned base = 10;
    if (char_at(lexer, at) == '0') {
        char mark = (char)(char_at(lexer, at + 1) | 32);
        base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
        size_t digits = at + 2 + (char_at(lexer, at + 2) == '_');
        if (base != 10 && digits_end(lexer, digits, base) == digits)
            base = 10;
        if (base != 10) {
            at = digits;
            end = digits_end(lexer, digits, base);
        } else { /* 0 and 00, but 01 is two numbers */
            end = at + 1;
            while (char_at(lexer, end) == '0' ||
                   (char_at(lexer, end) == '_' && char_at(lexer, end + 1) == '0'))
                end++;
        }
    } else {
        end = digits_end(lexer, at, 10);
    }
    Str digits = without_underscores(lexer->arena, str_slice(lexer->source, at, end));
    int64_t number;
    out->kind = TOKEN_INT;
    out->value = base == 10 && str_to_int(digits, &number)
        ? value_int(number) : bigint_parse(lexer->arena, digits, base, false);
    lexer->at = (uint32_t)end;
}

static bool lex_text(Lexer *lexer, Token *out, Err *err)
{
    size_t from = lexer->at + 1, at = from;
    char quote = lexer->source.at[lexer->at];
    bool has_escapes = false;
    for (;; at++) {
        if (at >= lexer->source.len)
            return fail(lexer, lexer->at, err, "a text that is not closed");
        char c = lexer->source.at[at];
        if (c == quote)
            break;
        if (c == '\\') {
            has_escapes = true;
            at++;
        }
    }
    out->kind = TOKEN_TEXT;
    out->text = str_slice(lexer->source, from, at);
    if (has_escapes && !unescape(lexer->arena, out->text, &out->text, err)) {
        lexer->fail_at = lexer->at;
        return false;
    }
    lexer->at = (uint32_t)at + 1;
    return true;
}

/* End of the name that begins at `at`, `at` if none does. */
static size_t name_end(Str s, size_t at)
{
    while (at < s.len) {
        char c = s.at[at];
        if (((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || is_digit(c)) {
            at++;
            continue;
        }
        if ((signed char)c >= 0)
            break;
        size_t next = at;
        if (!code_is_word(utf8_next(s, &next)))
            break;
        at = next;
    }
    return at;
}

static bool open_bracket(Lexer *lexer, char closer, Err *err)
{
    if (lexer->depth == DEEPEST_BRACKETS) {
        lexer->fail_at = lexer->at;
        return err_set(err, ERR_TOO_DEEP, NOWHERE, "more than %d nested brackets",
                       DEEPEST_BRACKETS);
    }
    lexer->closers[lexer->depth++] = closer;
    return true;
}

static bool close_bracket(Lexer *lexer, char closer, Err *err)
{
    char expected = lexer->depth ? lexer->closers[lexer->depth - 1] : '\0';
    if (expected != closer) {
        lexer->fail_at = lexer->at;
        if (!expected)
            return err_set(err, ERR_COMPILATION, NOWHERE, "unexpected '%c'", closer);
        return err_set(err, ERR_COMPILATION, NOWHERE, "unexpected '%c', expected '%c'", closer,
                       expected);
    }
    lexer->depth--;
    return true;
}

static bool unexpected(Lexer *lexer, Err *err)
{
    size_t next = lexer->at;
    lexer->fail_at = lexer->at;
    utf8_next(lexer->source, &next);
    return err_set(err, ERR_COMPILATION, NOWHERE, "unexpected char '" STR_FMT "'",
                   STR_ARG(str_slice(lexer->source, lexer->at, next)));
}

static bool lex_operator(Lexer *lexer, Token *out, Err *err)
{
    char c = lexer->source.at[lexer->at], d = char_at(lexer, lexer->at + 1);
    TokenKind kind = TOKEN_END, two = TOKEN_END;
    switch (c) {
    case '+': kind = TOKEN_PLUS; break;
    case '-': kind = TOKEN_MINUS; break;
    case '*': kind = TOKEN_STAR; two = d == '*' ? TOKEN_STAR_STAR : TOKEN_END; break;
    case '/': kind = TOKEN_SLASH; two = d == '/' ? TOKEN_FLOOR_SLASH : TOKEN_END; break;
    case '%': kind = TOKEN_PERCENT; break;
    case '~': kind = TOKEN_TILDE; break;
    case '=': kind = TOKEN_ASSIGN; two = d == '=' ? TOKEN_EQ : TOKEN_END; break;
    case '!': two = d == '=' ? TOKEN_NE : TOKEN_END; break;
    case '<': kind = TOKEN_LT; two = d == '=' ? TOKEN_LE : TOKEN_END; break;
    case '>': kind = TOKEN_GT; two = d == '=' ? TOKEN_GE : TOKEN_END; break;
    case '.': kind = TOKEN_DOT; break;
    case ':': kind = TOKEN_COLON; break;
    case '|': kind = TOKEN_PIPE; break;
    case ',': kind = TOKEN_COMMA; break;
    case ';': kind = TOKEN_SEMICOLON; break;
    case '(': kind = TOKEN_LEFT_PAREN; TRY(open_bracket(lexer, ')', err)); break;
    case '[': kind = TOKEN_LEFT_BRACKET; TRY(open_bracket(lexer, ']', err)); break;
    case '{': kind = TOKEN_LEFT_BRACE; TRY(open_bracket(lexer, '}', err)); break;
    case ')': kind = TOKEN_RIGHT_PAREN; TRY(close_bracket(lexer, c, err)); break;
    case ']': kind = TOKEN_RIGHT_BRACKET; TRY(close_bracket(lexer, c, err)); break;
    case '}': kind = TOKEN_RIGHT_BRACE; TRY(close_bracket(lexer, c, err)); break;
    default: break;
    }
    if (kind == TOKEN_END && two == TOKEN_END)
        return unexpected(lexer, err);
    out->kind = two ? two : kind;
    lexer->at += two ? 2 : 1;
    return true;
}

/* The end of the tag at this point? */
static bool lex_tag_end(Lexer *lexer, Token *out)
{
    if (lexer->depth)
        return false;
    size_t at = lexer->at, end = 0;
    char c = lexer->source.at[at];
    if (lexer->inside == TOKEN_BLOCK_BEGIN) {
        if (c == '%' || c == '-' || c == '+')
            end = closing_end(lexer, at, '%');
    } else if (c == '}' && char_at(lexer, at + 1) == '}') {
        end = at + 2;
    } else if (c == '-' && char_at(lexer, at + 1) == '}' && char_at(lexer, at + 2) == '}') {
        end = skip_space(lexer->source, at + 3);
    }
    if (!end)
        return false;
    *out = (Token){.kind = lexer->inside + 1, .at = (uint32_t)at, .end = (uint32_t)end};
    end_piece(lexer, end);
    lexer->inside = 0;
    return true;
}

static bool lex_inside(Lexer *lexer, Token *out, Err *err)
{
    lexer->at = (uint32_t)skip_space(lexer->source, lexer->at);
    size_t at = lexer->at;
    if (at >= lexer->source.len) {
        *out = (Token){.kind = TOKEN_END, .at = (uint32_t)at, .end = (uint32_t)at};
        return true;
    }
    if (lex_tag_end(lexer, out))
        return true;
    *out = (Token){.at = (uint32_t)at};
    char c = lexer->source.at[at];
    if (is_digit(c)) {
        lex_number(lexer, out);
    } else if (c == '\'' || c == '"') {
        TRY(lex_text(lexer, out, err));
    } else {
        size_t end = name_end(lexer->source, at);
        if (end > at) {
            out->kind = TOKEN_NAME;
            out->text = (Str){lexer->source.at + at, end - at};
            out->keyword = keyword_of(out->text);
            lexer->at = (uint32_t)end;
        } else {
            TRY(lex_operator(lexer, out, err));
        }
    }
    out->end = lexer->at;
    return true;
}

bool lexer_next(Lexer *lexer, Token *out, Err *err)
{
    return lexer->inside ? lex_inside(lexer, out, err) : lex_data(lexer, out, err);
}

/* ---- escapes ---- */

/* `count` hexadecimal digits. */
static bool read_hex(Str raw, size_t at, size_t count, uint32_t *out)
{
    *out = 0;
    for (size_t i = at; i < at + count; i++) {
        if (i >= raw.len || !is_digit_of(raw.at[i], 16))
            return false;
        char c = raw.at[i];
        *out = *out << 4 | (uint32_t)(is_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return true;
}

static char simple_escape(char c)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    const char *found = c ? strchr(from, c) : NULL;
    return found ? to[found - from] : '\0';
}

bool unescape(Arena *arena, Str raw, Str *out, Err *err)
{
    AUTO(text) Text text = {0};
    for (size_t at = 0; at < raw.len;) {
        char c = raw.at[at];
        if (c != '\\' || at + 1 == raw.len) {
            text_add_char(&text, c);
            at++;
            continue;
        }
        char mark = raw.at[at + 1], plain = simple_escape(mark);
        uint32_t code = 0;
        at += 2;
        if (plain) {
            text_add_char(&text, plain);
        } else if (mark == '\n') {
            continue;
        } else if (mark == 'x' || mark == 'u' || mark == 'U') {
            size_t count = mark == 'x' ? 2 : mark == 'u' ? 4 : 8;
            if (!read_hex(raw, at, count, &code) || code > 0x10ffff)
                return err_set(err, ERR_COMPILATION, NOWHERE, "malformed escape '\\%c' in a text",
                               mark);
            text_add_code_point(&text, code);
            at += count;
        } else if (mark >= '0' && mark <= '7') {
            size_t end = at - 1;
            while (end < at + 2 && end < raw.len && raw.at[end] >= '0' && raw.at[end] <= '7')
                code = code << 3 | (uint32_t)(raw.at[end++] - '0');
            text_add_code_point(&text, code);
            at = end;
        } else if (mark == 'N') {
            return err_set(err, ERR_COMPILATION, NOWHERE,
                           "characters by name ('\\N{...}') are not supported: write '\\uXXXX'");
        } else { /* Python keeps what it does not know */
            text_add_char(&text, '\\');
            text_add_char(&text, mark);
        }
    }
    *out = text_copy(arena, &text);
    return true;
}
