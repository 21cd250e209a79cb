/* s3_xml.c: a tolerant reader of flat XML: finds elements by name, decodes entities, knows no
 * more. */
#include "store/s3_xml.h"

/* Is a tag of this name at `at` (behind '<' or "</")? *end: behind its name. */
static bool is_tag(Str xml, size_t at, Str tag, size_t *end)
{
    size_t stop = at;
    while (stop < xml.len && !strchr(" \t\r\n/>", xml.at[stop]))
        stop++;
    Str name = str_slice(xml, at, stop);
    ptrdiff_t colon = str_find_char(name, ':');
    *end = stop;
    return str_eq(str_slice(name, (size_t)(colon + 1), name.len), tag);
}

bool s3_xml_next(Str *rest, const char *tag, Str *inner)
{
    Str xml = *rest, name = str_of(tag);
    for (size_t at = 0; at < xml.len; at++) {
        size_t end;
        if (xml.at[at] != '<' || !is_tag(xml, at + 1, name, &end))
            continue;
        ptrdiff_t close = str_find_char(str_slice(xml, end, xml.len), '>');
        if (close < 0)
            return false;
        size_t begin = end + (size_t)close + 1;
        if (xml.at[begin - 2] == '/') { /* <tag/> */
            *inner = STR("");
            *rest = str_slice(xml, begin, xml.len);
            return true;
        }
        for (size_t stop = begin; stop + 1 < xml.len; stop++) {
            if (xml.at[stop] != '<' || xml.at[stop + 1] != '/' ||
                !is_tag(xml, stop + 2, name, &end))
                continue;
            *inner = str_slice(xml, begin, stop);
            *rest = str_slice(xml, end, xml.len);
            return true;
        }
        return false;
    }
    return false;
}

/* One entity at `text.at[at]` ('&'); gives the bytes it takes, 0 if it is none. */
static size_t entity(Str text, size_t at, Text *out)
{
    static const struct {
        Str name;
        char is;
    } named[] = {{STR_INIT("&amp;"), '&'},   {STR_INIT("&lt;"), '<'},    {STR_INIT("&gt;"), '>'},
                 {STR_INIT("&quot;"), '"'}, {STR_INIT("&apos;"), '\''}};
    Str rest = str_slice(text, at, at + 12);
    for (size_t i = 0; i < COUNT_OF(named); i++)
        if (str_starts(rest, named[i].name)) {
            text_add_char(out, named[i].is);
            return named[i].name.len;
        }
    if (!str_starts(rest, STR("&#")))
        return 0;
    bool is_hex = rest.len > 2 && (rest.at[2] == 'x' || rest.at[2] == 'X');
    uint32_t code = 0;
    size_t first = is_hex ? 3 : 2;
    for (size_t i = first; i < rest.len; i++) {
        char c = rest.at[i];
        if (c == ';' && i > first && code > 0 && code < 0x110000) {
            text_add_code_point(out, code);
            return i + 1;
        }
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 99;
        if (digit >= (is_hex ? 16u : 10u) || code > 0x110000)
            return 0;
        code = code * (is_hex ? 16 : 10) + digit;
    }
    return 0;
}

static Str decode(Arena *arena, Str inner)
{
    if (str_find_char(inner, '&') < 0)
        return str_copy(arena, inner);
    AUTO(text) Text out = {0};
    for (size_t at = 0; at < inner.len;) {
        size_t taken = inner.at[at] == '&' ? entity(inner, at, &out) : 0;
        if (!taken) {
            text_add_char(&out, inner.at[at]);
            taken = 1;
        }
        at += taken;
    }
    return text_copy(arena, &out);
}

Str xml_text(Arena *arena, Str xml, const char *tag)
{
    Str inner;
    return s3_xml_next(&xml, tag, &inner) ? decode(arena, inner) : STR("");
}

Str etag_bare(Str etag)
{
    if (etag.len >= 2 && etag.at[0] == '"' && etag.at[etag.len - 1] == '"')
        return str_slice(etag, 1, etag.len - 1);
    return etag;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As EncodingType url means it: '+' is a space. */
static Str url_decoded(Arena *arena, Str text)
{
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '%' && i + 2 < text.len && hex_digit(text.at[i + 1]) >= 0 &&
            hex_digit(text.at[i + 2]) >= 0) {
            c = (char)(hex_digit(text.at[i + 1]) * 16 + hex_digit(text.at[i + 2]));
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        text_add_char(&out, c);
    }
    return text_copy(arena, &out);
}

bool s3_page_parse(Arena *arena, Str xml, S3Page *out, Err *err)
{
    Str list, entry, rest = xml;
    S3Page page = {0};
    if (!s3_xml_next(&rest, "ListBucketResult", &list))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the answer is no list of objects: is that an S3 server?");
    bool is_encoded = str_is(xml_text(arena, list, "EncodingType"), "url");
    page.is_truncated = str_is(xml_text(arena, list, "IsTruncated"), "true");
    page.next = xml_text(arena, list, "NextContinuationToken");
    if (page.is_truncated && !page.next.len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "the list of objects goes on, but the server does not say where");
    rest = list;
    while (s3_xml_next(&rest, "Contents", &entry)) {
        Str key = xml_text(arena, entry, "Key");
        int64_t size = 0;
        if (!str_to_int(xml_text(arena, entry, "Size"), &size) || size < 0)
            return err_set(err, ERR_RUNTIME, NOWHERE, "the list of objects holds no size of \""
                           STR_FMT "\"", STR_ARG(key));
        list_add(arena, &page.entries,
                 (StoreEntry){
                     .name = is_encoded ? url_decoded(arena, key) : key,
                     .size_bytes = (uint64_t)size,
                     .modified_at_us = when_iso(xml_text(arena, entry, "LastModified")),
                     .etag = etag_bare(xml_text(arena, entry, "ETag")),
                 });
    }
    *out = page;
    return true;
}
