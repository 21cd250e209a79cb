/* token.c: Python's tokens, by the rules of its language reference, chapter 2. */
#include "python/scan_base.h"

#include <ctype.h>
#include <stdarg.h>

#define TAB_WIDTH 8

typedef struct Tokenizer {
    const Source *source;
    Str text;
    size_t at;
    Tokens *tokens;
    struct {
        char open;
        size_t at;
    } brackets[PYTHON_DEEPEST];
    uint32_t depth;              /* open brackets                                                */
    List(uint32_t) indents;      /* of the blocks that are open                                  */
} Tokenizer;

bool python_fail(const Source *source, const char *at, Err *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    AUTO(text) Text message = {0};
    text_vprint(&message, format, arguments);
    va_end(arguments);
    Place place = place_at(source->file, source->text, (size_t)(at - source->text.at));
    err_set_in(err, ERR_PARSING, place, source->text, "%s", message.at);
    err->place.line += source->first_line - 1;
    return false;
}

static bool fail(const Tokenizer *reader, size_t at, Err *err, const char *message)
{
    return python_fail(reader->source, reader->text.at + at, err, "%s", message);
}

static char peek(const Tokenizer *reader, size_t more)
{
    return reader->at + more < reader->text.len ? reader->text.at[reader->at + more] : '\0';
}

static void add(Tokenizer *reader, TokenKind kind, char op, size_t from)
{
    list_add(reader->source->arena, reader->tokens,
             (Token){.kind = kind, .op = op, .text = str_slice(reader->text, from, reader->at)});
}

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name_part(char c)
{
    return is_name_start(c) || isdigit((unsigned char)c);
}

/* ---- strings ---- */

/* Letters before a quote that make it a string of their kind; 0: no string begins here. */
static size_t prefix_length(const Tokenizer *reader)
{
    size_t length = 0;
    while (length < 3 && peek(reader, length) && strchr("rRbBuUfFtT", peek(reader, length)))
        length++;
    char quote = peek(reader, length);
    return quote == '"' || quote == '\'' ? length : SIZE_MAX;
}

static bool is_quote(const Tokenizer *reader, char quote, size_t width)
{
    for (size_t i = 0; i < width; i++)
        if (peek(reader, i) != quote)
            return false;
    return true;
}

static bool take_string(Tokenizer *reader, size_t prefix, Err *err);

/* {...} in an f-string: strings in it may hold any quote (Python 3.12). */
static bool take_braces(Tokenizer *reader, char quote, size_t width, Err *err)
{
    size_t begin = reader->at;
    unsigned depth = 0;
    do {
        char c = peek(reader, 0);
        size_t prefix = prefix_length(reader);
        if (reader->at >= reader->text.len || (c == '\n' && width == 1) ||
            (is_quote(reader, quote, width) && c == quote && width == 3))
            return fail(reader, begin, err, "f-string: expecting '}'");
        bool opens = prefix != SIZE_MAX && !(prefix == 0 && c == quote && width == 1);
        if (opens) {
            if (reader->depth + 1 >= PYTHON_DEEPEST)
                return fail(reader, begin, err, "f-string: too many nested strings");
            reader->depth++;
            TRY(take_string(reader, prefix, err));
            reader->depth--;
            continue;
        }
        depth += c == '{';
        depth -= c == '}';
        reader->at++;
    } while (depth);
    return true;
}

static bool take_string(Tokenizer *reader, size_t prefix, Err *err)
{
    size_t begin = reader->at;
    bool is_format = false;
    for (size_t i = 0; i < prefix; i++)
        is_format |= strchr("fFtT", peek(reader, i)) != NULL;
    reader->at += prefix;
    char quote = peek(reader, 0);
    size_t width = is_quote(reader, quote, 3) ? 3 : 1;
    reader->at += width;
    while (!is_quote(reader, quote, width)) {
        char c = peek(reader, 0);
        if (reader->at >= reader->text.len || (c == '\n' && width == 1))
            return fail(reader, begin, err,
                        width == 3 ? "unterminated triple-quoted string literal"
                                   : "unterminated string literal");
        if (c == '\\')
            reader->at += 2;
        else if (is_format && c == '{' && peek(reader, 1) == '{')
            reader->at += 2;
        else if (is_format && c == '{')
            TRY(take_braces(reader, quote, width, err));
        else
            reader->at++;
    }
    reader->at += width;
    return true;
}

StringParts python_string_parts(Str token)
{
    StringParts parts = {0};
    size_t at = 0;
    for (; at < token.len && token.at[at] != '"' && token.at[at] != '\''; at++) {
        char letter = (char)tolower((unsigned char)token.at[at]);
        parts.is_raw |= letter == 'r';
        parts.is_bytes |= letter == 'b';
        parts.is_format |= letter == 'f' || letter == 't';
    }
    char quote = token.at[at];
    size_t width = token.len - at >= 6 && token.at[at + 1] == quote && token.at[at + 2] == quote
                       ? 3 : 1;
    parts.body = str_slice(token, at + width, token.len - width);
    return parts;
}

/* ---- the rest ---- */

static void take_number(Tokenizer *reader)
{
    bool is_hex = peek(reader, 0) == '0' && (peek(reader, 1) == 'x' || peek(reader, 1) == 'X');
    for (;;) {
        char c = peek(reader, 0);
        bool is_sign = (c == '+' || c == '-') && !is_hex &&
                       (reader->text.at[reader->at - 1] == 'e' ||
                        reader->text.at[reader->at - 1] == 'E');
        if (!is_name_part(c) && c != '.' && !is_sign)
            return;
        reader->at++;
    }
}

static bool open_bracket(Tokenizer *reader, Err *err)
{
    if (reader->depth + 1 >= PYTHON_DEEPEST)
        return fail(reader, reader->at, err, "too many nested parentheses");
    reader->brackets[reader->depth].open = peek(reader, 0);
    reader->brackets[reader->depth++].at = reader->at;
    return true;
}

static bool close_bracket(Tokenizer *reader, Err *err)
{
    static const char pairs[] = "()[]{}";
    char close = peek(reader, 0);
    if (!reader->depth)
        return python_fail(reader->source, reader->text.at + reader->at, err, "unmatched '%c'",
                           close);
    char open = reader->brackets[--reader->depth].open;
    if (strchr(pairs, open)[1] != close)
        return python_fail(reader->source, reader->text.at + reader->at, err,
                           "closing parenthesis '%c' does not match opening parenthesis '%c'",
                           close, open);
    return true;
}

static bool take_operator(Tokenizer *reader, Err *err)
{
    static const struct {
        const char *text;
        char op;
    } longer[] = {{"...", OP_ELLIPSIS}, {"**=", OP_OTHER}, {"//=", OP_OTHER}, {">>=", OP_OTHER},
                  {"<<=", OP_OTHER},    {":=", OP_WALRUS}, {"**", OP_POWER},  {"==", OP_OTHER},
                  {"!=", OP_OTHER},     {"<=", OP_OTHER},  {">=", OP_OTHER},  {"->", OP_OTHER},
                  {"+=", OP_OTHER},     {"-=", OP_OTHER},  {"*=", OP_OTHER},  {"/=", OP_OTHER},
                  {"%=", OP_OTHER},     {"&=", OP_OTHER},  {"|=", OP_OTHER},  {"^=", OP_OTHER},
                  {"@=", OP_OTHER},     {"//", OP_OTHER},  {"<<", OP_OTHER},  {">>", OP_OTHER}};
    size_t from = reader->at;
    Str rest = str_slice(reader->text, from, reader->text.len);
    for (size_t i = 0; i < COUNT_OF(longer); i++)
        if (str_starts(rest, str_of(longer[i].text))) {
            reader->at += strlen(longer[i].text);
            add(reader, TOKEN_OPERATOR, longer[i].op, from);
            return true;
        }
    char c = peek(reader, 0);
    if (!c || !strchr("()[]{},:;.=@*+-/%&|^~<>", c))
        return fail(reader, from, err, c == '\\' ? "unexpected character after line continuation "
                                                   "character" : "invalid syntax");
    if (strchr("([{", c))
        TRY(open_bracket(reader, err));
    if (strchr(")]}", c))
        TRY(close_bracket(reader, err));
    reader->at++;
    add(reader, TOKEN_OPERATOR, c, from);
    return true;
}

/* Passes blanks, comments and joined lines; inside brackets line ends too. */
static void skip_blanks(Tokenizer *reader)
{
    for (;;) {
        char c = peek(reader, 0);
        if (c == ' ' || c == '\t' || c == '\f' || c == '\r' || (c == '\n' && reader->depth))
            reader->at++;
        else if (c == '\\' && peek(reader, 1) == '\n')
            reader->at += 2;
        else if (c == '\\' && peek(reader, 1) == '\r' && peek(reader, 2) == '\n')
            reader->at += 3;
        else if (c == '#')
            while (reader->at < reader->text.len && peek(reader, 0) != '\n')
                reader->at++;
        else
            return;
    }
}

/* ---- lines ---- */

static uint32_t take_indent(Tokenizer *reader)
{
    uint32_t column = 0;
    for (;; reader->at++) {
        char c = peek(reader, 0);
        if (c == ' ')
            column++;
        else if (c == '\t')
            column = (column / TAB_WIDTH + 1) * TAB_WIDTH;
        else if (c == '\f')
            column = 0;
        else
            return column;
    }
}

/* Compares a line's column with the blocks that are open. */
static bool check_indent(Tokenizer *reader, uint32_t column, bool begins_block, Err *err)
{
    uint32_t current = reader->indents.at[reader->indents.len - 1];
    if (begins_block) {
        if (column <= current)
            return fail(reader, reader->at, err, "expected an indented block");
        list_add(reader->source->arena, &reader->indents, column);
        return true;
    }
    if (column > current)
        return fail(reader, reader->at, err, "unexpected indent");
    while (column < reader->indents.at[reader->indents.len - 1])
        reader->indents.len--;
    if (column != reader->indents.at[reader->indents.len - 1])
        return fail(reader, reader->at, err,
                    "unindent does not match any outer indentation level");
    return true;
}

static bool take_token(Tokenizer *reader, Err *err)
{
    size_t from = reader->at, prefix = prefix_length(reader);
    char c = peek(reader, 0);
    if (prefix != SIZE_MAX) {
        TRY(take_string(reader, prefix, err));
        add(reader, TOKEN_STRING, 0, from);
    } else if (is_name_start(c)) {
        while (is_name_part(peek(reader, 0)))
            reader->at++;
        add(reader, TOKEN_NAME, 0, from);
    } else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)peek(reader, 1)))) {
        take_number(reader);
        add(reader, TOKEN_NUMBER, 0, from);
    } else {
        return take_operator(reader, err);
    }
    return true;
}

/* One logical line; nothing for a blank one. */
static bool take_line(Tokenizer *reader, Err *err)
{
    uint32_t column = take_indent(reader);
    skip_blanks(reader);
    const Tokens *tokens = reader->tokens;
    if (reader->at >= reader->text.len || peek(reader, 0) == '\n') {
        reader->at++;
        return true;
    }
    bool begins_block = tokens->len && token_is(&tokens->at[tokens->len - 1], ':');
    TRY(check_indent(reader, column, begins_block, err));
    list_add(reader->source->arena, reader->tokens,
             (Token){.kind = TOKEN_LINE, .indent = column,
                     .text = str_slice(reader->text, reader->at, reader->at)});
    while (reader->at < reader->text.len && peek(reader, 0) != '\n') {
        TRY(take_token(reader, err));
        skip_blanks(reader);
    }
    if (reader->depth)
        return python_fail(reader->source,
                           reader->text.at + reader->brackets[reader->depth - 1].at, err,
                           "'%c' was never closed", reader->brackets[reader->depth - 1].open);
    reader->at++;
    return true;
}

bool python_tokens(const Source *source, Tokens *out, Err *err)
{
    Tokenizer reader = {.source = source, .text = source->text, .tokens = out};
    if (str_starts(source->text, STR("\xef\xbb\xbf")))
        reader.at = 3;
    list_add(source->arena, &reader.indents, 0);
    while (reader.at < reader.text.len)
        TRY(take_line(&reader, err));
    if (out->len && token_is(&out->at[out->len - 1], ':'))
        return fail(&reader, (size_t)(out->at[out->len - 1].text.at - reader.text.at), err,
                    "expected an indented block");
    list_add(source->arena, out,
             (Token){.kind = TOKEN_END,
                     .text = str_slice(reader.text, reader.text.len, reader.text.len)});
    return true;
}
