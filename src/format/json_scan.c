/* json_scan.c: see json_scan.h. One function a kind of value; each takes the place and gives the
 * place behind, NULL on failure. */
#include <string.h>

#include "format/json_scan.h"

static const char *check_any(JsonCheck *check, const char *at);

/* ---- failing ---- */

static const char *fail(JsonCheck *check, const char *at, const char *message)
{
    check->at = at;
    check->message = message;
    check->is_more = false;
    return NULL;
}

/* The bytes end where more must come. */
static const char *want_more(JsonCheck *check, const char *message)
{
    check->at = check->end;
    check->message = message;
    check->is_more = true;
    return NULL;
}

void json_print_fault(const JsonCheck *check, Text *out)
{
    text_add_c(out, check->message);
    if (check->at == check->end) {
        text_add_c(out, ", found the end");
        return;
    }
    if (strncmp(check->message, "expected", 8) != 0)
        return;
    unsigned char c = (unsigned char)*check->at;
    if (c > ' ' && c < 0x7f)
        text_print(out, ", found '%c'", c);
    else
        text_print(out, ", found byte 0x%02x", c);
    if (c == '<')
        text_add_c(out, ": is this a web page (a login, an error)?");
}

/* ---- checking ---- */

/* "\n", "\u00e9": the escape at `at` (its backslash). */
static const char *check_escape(JsonCheck *check, const char *at)
{
    if (check->end - at < 2)
        return want_more(check, "expected the rest of a string");
    if (at[1] != 'u')
        return at[1] && strchr("\"\\/bfnrt", at[1])
                   ? at + 2
                   : fail(check, at, "an unknown escape in a string");
    for (int i = 2; i < 6; i++) {
        if (at + i == check->end)
            return want_more(check, "expected the rest of a string");
        char c = at[i];
        bool is_hex = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
        if (!is_hex)
            return fail(check, at, "\\u needs four hexadecimal digits");
    }
    return at + 6;
}

/* A string, from behind its opening quote to behind its closing one. */
static const char *check_text(JsonCheck *check, const char *at)
{
    const char *end = check->end;
    for (;;) {
        at = scan_plain(at, end);
        if (at == end)
            return want_more(check, "expected the rest of a string");
        if (*at == '"')
            return at + 1;
        if (*at == '\\') {
            at = check_escape(check, at);
            if (!at)
                return NULL;
        } else if ((signed char)*at >= 0) {
            return fail(check, at, "a control character in a string");
        }
        while (at < end && (signed char)*at < 0) {
            bool is_cut;
            unsigned length = scan_sequence(at, end, &is_cut);
            if (!length && is_cut)
                return want_more(check, "expected the rest of a string");
            if (!length)
                return fail(check, at, "invalid UTF-8");
            at += length;
        }
    }
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && (unsigned char)(*at - '0') < 10)
        at++;
    return at;
}

static const char *check_number(JsonCheck *check, const char *at)
{
    const char *end = check->end, *begin = at;
    at += *at == '-';
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits && at < end)
        return fail(check, at, *begin == '-' ? "expected a digit" : "expected a value");
    if (at - digits > 1 && *digits == '0')
        return fail(check, digits + 1, "a number begins with 0");
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits && at < end)
            return fail(check, at, "expected a digit");
    }
    if (at < end && at > digits && (*at | 0x20) == 'e') {
        at++;
        at += at < end && (*at == '-' || *at == '+');
        digits = at;
        at = skip_digits(at, end);
        if (at == digits && at < end)
            return fail(check, at, "expected a digit");
    }
    if (at == end && (!check->is_whole || at == digits))
        return want_more(check, "expected the rest of a number");
    return at;
}

static const char *check_word(JsonCheck *check, const char *at, const char *word, size_t length)
{
    size_t have = (size_t)(check->end - at);
    if (memcmp(at, word, have < length ? have : length) != 0)
        return fail(check, at, "expected a value");
    return have < length ? want_more(check, "expected a value") : at + length;
}

/* Passes white space; NULL if nothing stands behind it. */
static inline const char *pass_spaces(JsonCheck *check, const char *at, const char *message)
{
    if (at < check->end && (unsigned char)*at > ' ')
        return at;
    const char *behind = json_skip_spaces(at, check->end);
    check->spaces += (uint64_t)(behind - at);
    return behind == check->end ? want_more(check, message) : behind;
}

static const char *check_array(JsonCheck *check, const char *at)
{
    if (++check->depth > JSON_DEPTH_LIMIT)
        return fail(check, at, "arrays and objects nest too deep");
    at = pass_spaces(check, at + 1, "expected a value or ']'");
    bool is_first = true;
    while (at) {
        if (is_first && *at == ']')
            break;
        is_first = false;
        at = check_any(check, at);
        if (!at || !(at = pass_spaces(check, at, "expected ',' or ']'")))
            return NULL;
        if (*at == ']')
            break;
        if (*at != ',')
            return fail(check, at, "expected ',' or ']'");
        at = pass_spaces(check, at + 1, "expected a value");
    }
    check->depth--;
    return at ? at + 1 : NULL;
}

static const char *check_object(JsonCheck *check, const char *at)
{
    if (++check->depth > JSON_DEPTH_LIMIT)
        return fail(check, at, "arrays and objects nest too deep");
    at = pass_spaces(check, at + 1, "expected a key or '}'");
    bool is_first = true;
    while (at) {
        if (is_first && *at == '}')
            break;
        if (*at != '"')
            return fail(check, at, is_first ? "expected a key or '}'" : "expected a key");
        is_first = false;
        at = check_text(check, at + 1);
        if (!at || !(at = pass_spaces(check, at, "expected ':'")))
            return NULL;
        if (*at != ':')
            return fail(check, at, "expected ':'");
        at = pass_spaces(check, at + 1, "expected a value");
        if (!at || !(at = check_any(check, at)) ||
            !(at = pass_spaces(check, at, "expected ',' or '}'")))
            return NULL;
        if (*at == '}')
            break;
        if (*at != ',')
            return fail(check, at, "expected ',' or '}'");
        at = pass_spaces(check, at + 1, "expected a key");
    }
    check->depth--;
    return at ? at + 1 : NULL;
}

static const char *check_any(JsonCheck *check, const char *at)
{
    switch (*at) {
    case '"':
        return check_text(check, at + 1);
    case '{':
        return check_object(check, at);
    case '[':
        return check_array(check, at);
    case 't':
        return check_word(check, at, "true", 4);
    case 'f':
        return check_word(check, at, "false", 5);
    case 'n':
        return check_word(check, at, "null", 4);
    default:
        return check_number(check, at);
    }
}

static JsonState conclude(JsonCheck *check, const char *at)
{
    if (at) {
        check->at = at;
        return JSON_COMPLETE;
    }
    return check->is_more && !check->is_whole ? JSON_MORE : JSON_BAD;
}

JsonState json_check_value(JsonCheck *check)
{
    if (check->at == check->end)
        return conclude(check, want_more(check, "expected a value"));
    return conclude(check, check_any(check, check->at));
}

JsonState json_check_string(JsonCheck *check)
{
    if (check->at == check->end)
        return conclude(check, want_more(check, "expected a key"));
    if (*check->at != '"')
        return conclude(check, fail(check, check->at, "expected a key"));
    return conclude(check, check_text(check, check->at + 1));
}

/* ---- the end of a value in pieces ---- */

/* Within a string: behind its closing quote, or the end. */
static const char *seek_quote(JsonSeeker *seeker, const char *at, const char *end)
{
    while (at < end) {
        if (seeker->is_escaped) {
            seeker->is_escaped = false;
            at++;
            continue;
        }
        at = scan_quote(at, end);
        if (at == end)
            break;
        if (*at++ == '\\') {
            seeker->is_escaped = true;
        } else {
            seeker->in_string = false;
            break;
        }
    }
    return at;
}

ptrdiff_t json_seek_end(JsonSeeker *seeker, Str piece)
{
    const char *at = piece.at, *end = piece.at + piece.len;
    while (at < end) {
        if (seeker->in_string) {
            at = seek_quote(seeker, at, end);
            if (!seeker->in_string && !seeker->depth)
                return at - piece.at;
            continue;
        }
        char c = *at;
        if (seeker->is_scalar) {
            if (c == ',' || c == ']' || c == '}' || c == ':' || json_is_space(c))
                return at - piece.at;
            at++;
            continue;
        }
        at++;
        if (c == '"')
            seeker->in_string = true;
        else if (c == '{' || c == '[')
            seeker->depth++;
        else if ((c == '}' || c == ']') && seeker->depth && --seeker->depth == 0)
            return at - piece.at;
        else if (!seeker->has_begun)
            seeker->is_scalar = true;
        seeker->has_begun = true;
    }
    return -1;
}

/* ---- compacting ---- */

/* What stands between two texts is a few bytes: taken one by one, without a branch. */
void json_add_compact(Str value, Text *out)
{
    text_reserve(out, value.len + 1);
    const char *at = value.at, *end = value.at + value.len;
    char *to = out->at + out->len;
    while (at < end) {
        if (*at == '"') {
            const char *behind = scan_string_end(at + 1, end);
            size_t len = (size_t)((behind ? behind : end) - at);
            memcpy(to, at, len);
            to += len;
            at += len;
            continue;
        }
        *to = *at++;
        to += !json_is_space(*to);
    }
    *to = '\0';
    out->len = (size_t)(to - out->at);
}

/* ---- skipping ---- */

const char *json_skip_value(const char *at, const char *end)
{
    if (at == end)
        return NULL;
    if (*at == '"')
        return scan_string_end(at + 1, end);
    unsigned depth = 0;
    while (at < end) {
        char c = *at;
        if (c == '"') {
            at = scan_string_end(at + 1, end);
            if (!at)
                return NULL;
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (!depth)
                return at;
            if (--depth == 0)
                return at + 1;
        } else if (!depth && (c == ',' || json_is_space(c))) {
            return at;
        }
        at++;
    }
    return depth ? NULL : at;
}

/* ---- unescaping ---- */

static uint32_t hex_at(const char *at, const char *end)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = at + i < end ? (unsigned char)at[i] : '0';
        value = value * 16 + (c <= '9' ? c - 48u : (c | 0x20u) - 'a' + 10);
    }
    return value & 0xffff;
}

/* "\uXXXX" at `at`: adds the character, with the second half of a pair; gives what is behind. */
static const char *add_code_point(const char *at, const char *end, Text *out)
{
    uint32_t code = hex_at(at + 2, end);
    at += 6;
    bool is_high = code >= 0xd800 && code < 0xdc00;
    if (is_high && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        uint32_t low = hex_at(at + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            text_add_code_point(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
            return at + 6;
        }
    }
    text_add_code_point(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
    return at > end ? end : at;
}

Str json_unescape(Str inside, Text *scratch)
{
    const char *end = inside.at + inside.len;
    const char *at = inside.len ? memchr(inside.at, '\\', inside.len) : NULL;
    if (!at)
        return inside;
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    text_clear(scratch);
    text_reserve(scratch, inside.len + 4);
    const char *begin = inside.at;
    while (at && end - at >= 2) {
        text_add_bytes(scratch, begin, (size_t)(at - begin));
        if (at[1] == 'u') {
            at = add_code_point(at, end, scratch);
        } else {
            const char *known = at[1] ? strchr(from, at[1]) : NULL;
            text_add_char(scratch, known ? to[known - from] : at[1]);
            at += 2;
        }
        begin = at;
        at = at < end ? memchr(at, '\\', (size_t)(end - at)) : NULL;
    }
    text_add_bytes(scratch, begin, (size_t)(end - begin));
    return text_str(scratch);
}
