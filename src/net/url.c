/* url.c: URLs taken apart, put together, encoded and shown (RFC 3986). */
#include "net/url.h"

#include "base/process.h"

/* ---- parts ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Offset of the ':' behind a scheme, or -1. */
static ptrdiff_t scheme_end(Str url)
{
    for (size_t i = 0; i < url.len; i++) {
        char c = url.at[i];
        if (c == ':')
            return i ? (ptrdiff_t)i : -1;
        if (!is_letter(c) && (i == 0 || !(is_digit(c) || c == '+' || c == '-' || c == '.')))
            return -1;
    }
    return -1;
}

static size_t find_any(Str s, const char *stops)
{
    size_t at = 0;
    while (at < s.len && !strchr(stops, s.at[at] ? s.at[at] : ' '))
        at++;
    return at;
}

static void split_authority(UrlParts *out)
{
    Str rest = out->authority;
    ptrdiff_t at_sign = str_find_last(rest, STR("@"));
    if (at_sign >= 0) {
        out->user = str_slice(rest, 0, (size_t)at_sign);
        rest = str_slice(rest, (size_t)at_sign + 1, rest.len);
    }
    ptrdiff_t bracket = str_find_last(rest, STR("]"));
    ptrdiff_t colon = str_find_last(rest, STR(":"));
    if (colon > bracket) {
        out->port = str_slice(rest, (size_t)colon + 1, rest.len);
        rest = str_slice(rest, 0, (size_t)colon);
    }
    out->host = rest;
}

void url_split(Str url, UrlParts *out)
{
    *out = (UrlParts){0};
    Str rest = url;
    ptrdiff_t colon = scheme_end(rest);
    if (colon >= 0) {
        out->scheme = str_slice(rest, 0, (size_t)colon);
        rest = str_slice(rest, (size_t)colon + 1, rest.len);
    }
    if (str_starts(rest, STR("//"))) {
        rest = str_slice(rest, 2, rest.len);
        size_t end = find_any(rest, "/?#");
        out->authority = (Str){rest.at, end};
        split_authority(out);
        rest = str_slice(rest, end, rest.len);
    }
    ptrdiff_t hash = str_find_char(rest, '#');
    if (hash >= 0) {
        out->fragment = str_slice(rest, (size_t)hash + 1, rest.len);
        rest = str_slice(rest, 0, (size_t)hash);
    }
    ptrdiff_t question = str_find_char(rest, '?');
    if (question >= 0) {
        out->query = str_slice(rest, (size_t)question + 1, rest.len);
        rest = str_slice(rest, 0, (size_t)question);
    }
    out->path = rest;
}

static Str known_port(const UrlParts *parts)
{
    if (parts->port.len)
        return parts->port;
    return str_eq_fold(parts->scheme, STR("https")) ? STR("443")
           : str_eq_fold(parts->scheme, STR("http")) ? STR("80")
                                                     : STR_NONE;
}

bool url_same_origin(Str a, Str b)
{
    UrlParts one, other;
    url_split(a, &one);
    url_split(b, &other);
    return str_eq_fold(one.scheme, other.scheme) && str_eq_fold(one.host, other.host) &&
           str_eq(known_port(&one), known_port(&other));
}

/* ---- putting together ---- */

Str url_remove_dots(Arena *arena, Str path)
{
    AUTO(text) Text out = {0};
    bool is_absolute = path.len && path.at[0] == '/';
    Str rest = is_absolute ? str_slice(path, 1, path.len) : path;
    if (is_absolute)
        text_add_char(&out, '/');
    size_t floor = out.len;
    while (rest.at) {
        Str part;
        if (!str_next_part(&rest, '/', &part))
            break;
        bool is_last = !rest.at;
        if (str_is(part, "..")) {
            if (out.len > floor)
                text_truncate(&out, out.len - 1);
            while (out.len > floor && out.at[out.len - 1] != '/')
                text_truncate(&out, out.len - 1);
        } else if (!str_is(part, ".")) {
            text_add(&out, part);
            if (!is_last)
                text_add_char(&out, '/');
        }
    }
    return text_copy(arena, &out);
}

/* A relative path seen from the base's (RFC 3986, 5.2.3). */
static Str merge_paths(Arena *arena, const UrlParts *base, Str path)
{
    if (base->authority.at && !base->path.len)
        return str_print(arena, "/" STR_FMT, STR_ARG(path));
    ptrdiff_t slash = str_find_last(base->path, STR("/"));
    Str folder = str_slice(base->path, 0, (size_t)(slash + 1));
    return str_print(arena, STR_FMT STR_FMT, STR_ARG(folder), STR_ARG(path));
}

static Str put_together(Arena *arena, const UrlParts *parts)
{
    AUTO(text) Text out = {0};
    if (parts->scheme.at) {
        text_add(&out, parts->scheme);
        text_add_char(&out, ':');
    }
    if (parts->authority.at) {
        text_add_c(&out, "//");
        text_add(&out, parts->authority);
    }
    text_add(&out, parts->path);
    if (parts->query.at) {
        text_add_char(&out, '?');
        text_add(&out, parts->query);
    }
    if (parts->fragment.at) {
        text_add_char(&out, '#');
        text_add(&out, parts->fragment);
    }
    return text_copy(arena, &out);
}

Str url_resolve(Arena *arena, Str base_url, Str reference)
{
    UrlParts base, to;
    url_split(base_url, &base);
    url_split(reference, &to);
    if (!to.scheme.at) {
        to.scheme = base.scheme;
        if (!to.authority.at) {
            to.authority = base.authority;
            if (!to.path.len) {
                to.path = base.path;
                if (!to.query.at)
                    to.query = base.query;
            } else if (to.path.at[0] != '/') {
                to.path = merge_paths(arena, &base, to.path);
            }
        }
    }
    to.path = url_remove_dots(arena, to.path);
    return put_together(arena, &to);
}

static bool is_unreserved(char c)
{
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void add_encoded(Text *out, Str text, bool keeps_slash)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (is_unreserved(c) || (keeps_slash && c == '/')) {
            text_add_char(out, c);
        } else {
            const char escape[3] = {'%', hex[(uint8_t)c >> 4], hex[(uint8_t)c & 15]};
            text_add_bytes(out, escape, 3);
        }
    }
}

Str url_encode(Arena *arena, Str text, bool keeps_slash)
{
    AUTO(text) Text out = {0};
    add_encoded(&out, text, keeps_slash);
    return text_copy(arena, &out);
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    char low = (char)(c | 32);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

Str url_decode(Arena *arena, Str text)
{
    char *out = arena_take(arena, text.len + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool is_escape = text.at[i] == '%' && i + 2 < text.len && hex_digit(text.at[i + 1]) >= 0 &&
                         hex_digit(text.at[i + 2]) >= 0;
        if (is_escape) {
            out[len++] = (char)(hex_digit(text.at[i + 1]) * 16 + hex_digit(text.at[i + 2]));
            i += 2;
        } else {
            out[len++] = text.at[i];
        }
    }
    return (Str){out, len};
}

Str url_with(Arena *arena, Str url, Str name, Str value)
{
    AUTO(text) Text out = {0};
    ptrdiff_t hash = str_find_char(url, '#');
    Str front = hash >= 0 ? str_slice(url, 0, (size_t)hash) : url;
    text_add(&out, front);
    ptrdiff_t question = str_find_char(front, '?');
    if (question < 0)
        text_add_char(&out, '?');
    else if (front.len && front.at[front.len - 1] != '?' && front.at[front.len - 1] != '&')
        text_add_char(&out, '&');
    add_encoded(&out, name, false);
    text_add_char(&out, '=');
    add_encoded(&out, value, false);
    text_add(&out, str_slice(url, front.len, url.len));
    return text_copy(arena, &out);
}

Str base64_print(Arena *arena, Str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = arena_take(arena, (bytes.len + 2) / 3 * 4 + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t three = (uint32_t)(uint8_t)bytes.at[i] << 16;
        three |= left > 1 ? (uint32_t)(uint8_t)bytes.at[i + 1] << 8 : 0;
        three |= left > 2 ? (uint32_t)(uint8_t)bytes.at[i + 2] : 0;
        out[len++] = digits[three >> 18];
        out[len++] = digits[three >> 12 & 63];
        out[len++] = left > 1 ? digits[three >> 6 & 63] : '=';
        out[len++] = left > 2 ? digits[three & 63] : '=';
    }
    return (Str){out, len};
}

/* ---- showing ---- */

bool url_name_is_secret(Str name)
{
    static const char *const parts[] = {"token",   "secret",    "passw",      "apikey",
                                        "api_key", "api-key",   "access_key", "access-key",
                                        "signature", "credential", "cookie",  "authorization"};
    static const char *const whole[] = {"key", "sig", "auth", "pwd", "code", "x-key"};
    __attribute__((cleanup(arena_drop))) Arena arena = {0};
    Str low = str_lower(&arena, name);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (str_find(low, str_of(parts[i])) >= 0)
            return true;
    for (size_t i = 0; i < COUNT_OF(whole); i++)
        if (str_is(low, whole[i]))
            return true;
    return false;
}

static void show_query(Text *out, Str query)
{
    Str part;
    for (bool is_first = true; query.at && str_next_part(&query, '&', &part); is_first = false) {
        text_add_char(out, is_first ? '?' : '&');
        ptrdiff_t equals = str_find_char(part, '=');
        if (equals >= 0 && url_name_is_secret(str_slice(part, 0, (size_t)equals))) {
            text_add(out, str_slice(part, 0, (size_t)equals + 1));
            text_add_c(out, "*****");
        } else {
            text_add(out, part);
        }
    }
}

Str url_shown(Arena *arena, Str url)
{
    AUTO(text) Text out = {0};
    UrlParts parts;
    url_split(url, &parts);
    if (parts.scheme.at) {
        text_add(&out, parts.scheme);
        text_add_char(&out, ':');
    }
    if (parts.authority.at) {
        text_add_c(&out, parts.user.at ? "//*****@" : "//");
        text_add(&out, parts.user.at ? str_slice(parts.authority, parts.user.len + 1,
                                                 parts.authority.len)
                                     : parts.authority);
    }
    text_add(&out, parts.path);
    show_query(&out, parts.query);
    secret_hide(&out);
    return text_copy(arena, &out);
}
