/* token.c: text into tokens: SQL of every dialect with Jinja in it, then the variants of it. */
#include "lint/lint_base.h"

typedef struct Reader {
    Arena *arena;
    Dialect dialect;
    Str source;
    size_t at;
    Tokens *out;
} Reader;

static char peek(const Reader *reader, size_t ahead)
{
    size_t at = reader->at + ahead;
    return at < reader->source.len ? reader->source.at[at] : '\0';
}

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_part(char c)
{
    return is_word_start(c) || is_digit(c) || c == '$';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool has_jinja(const Reader *reader)
{
    char next = peek(reader, 1);
    return peek(reader, 0) == '{' && (next == '{' || next == '%' || next == '#');
}

/* Moves behind the tag that begins here; texts within it may hold its end. */
static void pass_jinja(Reader *reader)
{
    char kind = peek(reader, 1), close = kind == '{' ? '}' : kind;
    char quote = '\0';
    reader->at += 2;
    while (reader->at < reader->source.len) {
        char c = peek(reader, 0);
        if (quote && c == '\\') {
            reader->at++;
        } else if (quote) {
            quote = c == quote ? '\0' : quote;
        } else if (kind != '#' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == close && peek(reader, 1) == '}') {
            reader->at += 2;
            return;
        }
        reader->at++;
    }
    reader->at = reader->source.len;
}

static Token *add(Reader *reader, TokenKind kind, size_t from)
{
    if (reader->at > reader->source.len)
        reader->at = reader->source.len;
    Token token = {.kind = kind, .offset = (uint32_t)from, .end = (uint32_t)reader->at,
                   .text = str_slice(reader->source, from, reader->at)};
    list_add(reader->arena, reader->out, token);
    return &reader->out->at[reader->out->len - 1];
}

/* ---- texts and names in quotes ---- */

static bool escapes_by_backslash(const Reader *reader)
{
    return reader->dialect == DIALECT_BIGQUERY || reader->dialect == DIALECT_SPARKSQL ||
           reader->dialect == DIALECT_SNOWFLAKE;
}

/* A quoted piece that begins here, doubled quotes in it; to the end of the text if unfinished. */
static void read_quoted(Reader *reader, size_t from, bool has_backslash)
{
    char quote = peek(reader, 0);
    bool is_templated = false, is_tripled = reader->dialect == DIALECT_BIGQUERY && quote != '`' &&
                                            peek(reader, 1) == quote && peek(reader, 2) == quote;
    reader->at += is_tripled ? 3 : 1;
    while (reader->at < reader->source.len) {
        if (has_jinja(reader)) {
            is_templated = true;
            pass_jinja(reader);
            continue;
        }
        char c = peek(reader, 0);
        bool ends = c == quote && (!is_tripled || (peek(reader, 1) == c && peek(reader, 2) == c));
        if (c == '\\' && has_backslash && reader->at + 1 < reader->source.len) {
            reader->at += 2;
        } else if (ends && !is_tripled && peek(reader, 1) == quote) {
            reader->at += 2;
        } else {
            reader->at += ends && is_tripled ? 3 : 1;
            if (ends)
                break;
        }
    }
    bool is_text = quote == '\'' || (quote == '"' && (reader->dialect == DIALECT_BIGQUERY ||
                                                      reader->dialect == DIALECT_SPARKSQL));
    add(reader, is_text ? TOKEN_STRING : TOKEN_QUOTED, from)->is_templated = is_templated;
}

/* $$ ... $$ or $tag$ ... $tag$; false where none begins. */
static bool read_dollar(Reader *reader)
{
    size_t from = reader->at, at = from + 1;
    while (at < reader->source.len && is_word_part(reader->source.at[at]) &&
           reader->source.at[at] != '$')
        at++;
    if (at >= reader->source.len || reader->source.at[at] != '$' || is_digit(peek(reader, 1)))
        return false;
    Str tag = str_slice(reader->source, from, at + 1);
    ptrdiff_t end = str_find(str_slice(reader->source, at + 1, reader->source.len), tag);
    if (end < 0)
        return false;
    reader->at = at + 1 + (size_t)end + tag.len;
    add(reader, TOKEN_STRING, from)->is_templated = true;
    return true;
}

/* ---- comments ---- */

static bool has_line_comment(const Reader *reader)
{
    char a = peek(reader, 0), b = peek(reader, 1);
    return (a == '-' && b == '-') || (a == '#' && reader->dialect == DIALECT_BIGQUERY) ||
           (a == '/' && b == '/' && reader->dialect == DIALECT_SNOWFLAKE);
}

static void read_line_comment(Reader *reader)
{
    size_t from = reader->at;
    bool is_templated = false;
    while (reader->at < reader->source.len && peek(reader, 0) != '\n' &&
           !(peek(reader, 0) == '\r' && peek(reader, 1) == '\n')) {
        if (has_jinja(reader)) {
            is_templated = true;
            pass_jinja(reader);
        } else {
            reader->at++;
        }
    }
    while (reader->at > from + 2 && is_space(reader->source.at[reader->at - 1]))
        reader->at--;
    add(reader, TOKEN_COMMENT, from)->is_templated = is_templated;
}

static void read_block_comment(Reader *reader)
{
    size_t from = reader->at;
    unsigned depth = 0;
    bool nests = reader->dialect == DIALECT_POSTGRES || reader->dialect == DIALECT_DUCKDB;
    while (reader->at < reader->source.len) {
        if (peek(reader, 0) == '/' && peek(reader, 1) == '*' && (nests || !depth)) {
            depth++;
            reader->at += 2;
        } else if (peek(reader, 0) == '*' && peek(reader, 1) == '/') {
            reader->at += 2;
            if (!--depth)
                break;
        } else {
            reader->at++;
        }
    }
    add(reader, TOKEN_BLOCK_COMMENT, from);
}

/* ---- words, numbers, symbols ---- */

/* Letters and {{ }} that touch one another are one word. */
static void read_word(Reader *reader)
{
    size_t from = reader->at, pieces = 0;
    bool is_templated = false;
    while (reader->at < reader->source.len) {
        if (peek(reader, 0) == '{' && peek(reader, 1) == '{') {
            is_templated = true;
            pass_jinja(reader);
        } else if (is_word_part(peek(reader, 0)) || (peek(reader, 0) == '@' && !pieces)) {
            while (is_word_part(peek(reader, 0)) || peek(reader, 0) == '@')
                reader->at++;
        } else {
            break;
        }
        pieces++;
    }
    bool is_expr = is_templated && pieces == 1;
    Token *token = add(reader, is_expr ? TOKEN_EXPR : TOKEN_WORD, from);
    token->is_templated = is_templated;
    if (!is_templated)
        token->key = keyword_bits(reader->dialect, token->text);
}

static void read_number(Reader *reader)
{
    size_t from = reader->at;
    while (is_word_part(peek(reader, 0)) || peek(reader, 0) == '.') {
        char c = peek(reader, 0), next = peek(reader, 1);
        reader->at++;
        if ((c == 'e' || c == 'E') && (next == '-' || next == '+') && is_digit(peek(reader, 1)))
            reader->at++;
    }
    add(reader, TOKEN_NUMBER, from);
}

static void read_symbol(Reader *reader)
{
    static const char *const symbols[] = {"<=>", "->>", "#>>", "!~~*", "!~~", "!~*", "~~*", "<->",
                                          "...", "::", "||", "<=", ">=", "<>", "!=", "==", "=>",
                                          ":=", "->", "#>", "<<", ">>", "!~", "~*", "~~", "@>",
                                          "<@", "&&", "//", "**", "^@", "?|", "?&", "|/"};
    size_t from = reader->at;
    Str rest = str_slice(reader->source, from, from + 4);
    for (size_t i = 0; i < COUNT_OF(symbols); i++)
        if (str_starts(rest, str_of(symbols[i]))) {
            reader->at += strlen(symbols[i]);
            add(reader, TOKEN_SYMBOL, from);
            return;
        }
    char c = peek(reader, 0);
    reader->at++;
    add(reader, c == ',' ? TOKEN_COMMA : c == '.' ? TOKEN_DOT : c == ';' ? TOKEN_SEMICOLON
                : c == '(' || c == '[' || c == '{' ? TOKEN_OPEN
                : c == ')' || c == ']' || c == '}' ? TOKEN_CLOSE : TOKEN_SYMBOL, from);
}

static void read_sql(Reader *reader)
{
    size_t from = reader->at;
    char c = peek(reader, 0), next = peek(reader, 1);
    bool is_prefixed = next == '\'' && (c == 'e' || c == 'E' || c == 'r' || c == 'R' || c == 'b' ||
                                        c == 'B' || c == 'x' || c == 'X' || c == 'N');
    if (has_line_comment(reader)) {
        read_line_comment(reader);
    } else if (c == '/' && next == '*') {
        read_block_comment(reader);
    } else if (is_prefixed) {
        reader->at++;
        read_quoted(reader, from, c == 'e' || c == 'E' || escapes_by_backslash(reader));
    } else if (c == '\'' || c == '"' || c == '`') {
        read_quoted(reader, from, escapes_by_backslash(reader) && c != '`' &&
                                      !(c == '"' && reader->dialect == DIALECT_SNOWFLAKE));
    } else if (c == '$' && read_dollar(reader)) {
        return;
    } else if (is_digit(c) || (c == '.' && is_digit(next) && !(from && reader->out->len &&
               reader->out->at[reader->out->len - 1].end == from &&
               reader->out->at[reader->out->len - 1].kind != TOKEN_OPEN))) {
        read_number(reader);
    } else if (is_word_start(c) || ((c == '@' || c == '$') && is_word_part(next))) {
        read_word(reader);
    } else {
        read_symbol(reader);
    }
}

/* ---- tags ---- */

/* The first word of a tag: "if", "endfor"; *rest what follows it. */
static Str tag_word(Str tag, Str *rest)
{
    size_t at = 2;
    while (at < tag.len && (is_space(tag.at[at]) || tag.at[at] == '-' || tag.at[at] == '+'))
        at++;
    size_t from = at;
    while (at < tag.len && is_word_part(tag.at[at]))
        at++;
    *rest = str_slice(tag, at, tag.len);
    return str_slice(tag, from, at);
}

/* {% set x = 1 %} ends with itself, {% set x %} does not. */
static bool assigns(Str rest)
{
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.at[i] == '=')
            return true;
        if (rest.at[i] == '%' || rest.at[i] == '|')
            return false;
    }
    return false;
}

/* Blocks whose bodies are no SQL of this file. */
static bool hides_body(Str word, Str rest)
{
    static const char *const words[] = {"macro", "test", "data_test", "materialization", "docs",
                                        "call", "raw", "filter"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(word, words[i]))
            return true;
    return str_is(word, "set") && !assigns(rest);
}

/* Moves behind the end tag of a hidden body; where there is none, stays. */
static void pass_body(Reader *reader, Str word)
{
    size_t begin = reader->at;
    unsigned depth = 1;
    while (reader->at < reader->source.len) {
        if (!has_jinja(reader)) {
            reader->at++;
            continue;
        }
        size_t from = reader->at;
        pass_jinja(reader);
        if (reader->source.at[from + 1] != '%')
            continue;
        Str rest, found = tag_word(str_slice(reader->source, from, reader->at), &rest);
        if (str_eq(found, word) && hides_body(found, rest) && !str_is(word, "raw"))
            depth++;
        if (str_starts(found, STR("end")) && str_eq(str_slice(found, 3, found.len), word) &&
            !--depth)
            return;
    }
    reader->at = begin;
}

static void read_tag(Reader *reader)
{
    size_t from = reader->at;
    char kind = peek(reader, 1);
    pass_jinja(reader);
    if (kind == '#') {
        add(reader, TOKEN_NOTE, from);
        return;
    }
    Str rest, word = tag_word(str_slice(reader->source, from, reader->at), &rest);
    if (hides_body(word, rest))
        pass_body(reader, word);
    Token *token = add(reader, TOKEN_TAG, from);
    token->is_templated = true;
    if (str_is(word, "if") || str_is(word, "for"))
        token->tag = TAG_OPEN;
    else if (str_is(word, "elif") || str_is(word, "else"))
        token->tag = TAG_MID;
    else if (str_is(word, "endif") || str_is(word, "endfor"))
        token->tag = TAG_CLOSE;
}

/* Numbers the blocks; tags that match nothing become plain ones. */
static void match_blocks(Arena *arena, Tokens *all)
{
    List(uint32_t) open = {0};
    for (uint32_t i = 0; i < all->len; i++) {
        Token *token = &all->at[i];
        token->in_block = open.len > 0;
        if (token->kind != TOKEN_TAG || token->tag == TAG_OTHER)
            continue;
        Str rest, word = tag_word(token->text, &rest);
        if (token->tag == TAG_OPEN) {
            token->block = all->blocks.len;
            list_add(arena, &open, i);
            list_add(arena, &all->blocks, (TokenBlock){1, str_is(word, "for")});
            continue;
        }
        if (!open.len) {
            token->tag = TAG_OTHER;
            continue;
        }
        token->block = all->at[open.at[open.len - 1]].block;
        if (token->tag == TAG_MID)
            all->blocks.at[token->block].branches++;
        else
            open.len--;
    }
    for (uint32_t i = 0; i < open.len; i++) {
        uint32_t block = all->at[open.at[i]].block;
        for (uint32_t j = 0; j < all->len; j++)
            if (all->at[j].tag != TAG_OTHER && all->at[j].block == block)
                all->at[j].tag = TAG_OTHER;
    }
}

void tokens_read(Arena *arena, Dialect dialect, Str source, Tokens *out)
{
    Reader reader = {arena, dialect, source, 0, out};
    while (reader.at < source.len && out->len < TOKEN_LIMIT) {
        if (is_space(peek(&reader, 0)))
            reader.at++;
        else if (has_jinja(&reader) && peek(&reader, 1) == '{')
            read_word(&reader);
        else if (has_jinja(&reader))
            read_tag(&reader);
        else
            read_sql(&reader);
    }
    reader.at = source.len;
    add(&reader, TOKEN_END, source.len);
    match_blocks(arena, out);
}

/* ---- variants ---- */

uint32_t tokens_variants(const Tokens *all)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < all->blocks.len; i++)
        if (!all->blocks.at[i].is_loop && all->blocks.at[i].branches > most)
            most = all->blocks.at[i].branches;
    return most < 5 ? most : 5;
}

/* Which branch of a block a variant takes. */
static uint32_t branch_of(const TokenBlock *block, uint32_t variant)
{
    return block->is_loop ? 0 : variant < block->branches ? variant : block->branches - 1;
}

/* What is not taken begins here; it ends where the next tag that counts begins, gaps included. */
static Token skip_at(uint32_t offset)
{
    return (Token){.kind = TOKEN_SKIP, .text = STR(""), .offset = offset, .end = offset,
                   .in_block = true};
}

void tokens_choose(Arena *arena, const Tokens *all, uint32_t variant, Tokens *out)
{
    uint32_t *branch = NEW_N(arena, uint32_t, all->blocks.len + 1), hidden = 0;
    *out = (Tokens){.at = NEW_N(arena, Token, 2 * (size_t)all->len), .cap = 2 * all->len};
    bool is_hiding = false;
    for (uint32_t i = 0; i < all->len; i++) {
        const Token *token = &all->at[i];
        bool is_tag = token->kind == TOKEN_TAG && token->tag != TAG_OTHER;
        const TokenBlock *block = is_tag ? &all->blocks.at[token->block] : NULL;
        bool is_own = is_hiding && is_tag && token->block == hidden;
        if (is_own && (token->tag == TAG_CLOSE ||
                       (token->tag == TAG_MID && ++branch[hidden] == branch_of(block, variant)))) {
            is_hiding = false;
            out->at[out->len - 1].end = token->offset;
        } else if (is_hiding) {
            out->at[out->len - 1].end = token->end;
            continue;
        } else if (is_tag && token->tag == TAG_MID) {
            is_hiding = ++branch[token->block] != branch_of(block, variant);
        } else if (is_tag && token->tag == TAG_OPEN) {
            is_hiding = branch_of(block, variant) != 0;
        }
        out->at[out->len++] = *token;
        if (is_hiding) {
            hidden = token->block;
            out->at[out->len++] = skip_at(token->end);
        }
    }
}
