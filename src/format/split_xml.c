/* split_xml.c: the elements at a path of an XML document that comes in pieces, as JSON objects.
 *
 * Paths: "feed/entry" (or with dots); "": the children of the document's element. Wanted:
 * "feed/total" is an element's text, "feed/@total" an attribute.
 */
#include "base/json.h"
#include "format/csv_scan.h"
#include "format/split.h"
#include "format/xml.h"

#define DEPTH_LIMIT 200
#define NAMES_SHOWN 40

typedef struct XmlPath {
    Str *names;
    uint32_t count;
    Str attribute; /* behind the last name; empty: the element's text               */
} XmlPath;

struct XmlSplit {
    XmlPath selector, *wanted;
    uint32_t depth;         /* of open elements                                              */
    Str names[DEPTH_LIMIT]; /* theirs                                                        */
    Text name_bytes[DEPTH_LIMIT]; /* what `names` views, one a depth: kept and used again */
    Arena scratch; /* one token, one record                                         */
    XmlNode *node; /* the innermost open element of the record at hand; or NULL     */
    uint32_t record_depth;
    size_t record_bytes;
    int32_t wanted_depth; /* of the element whose text is gathered for `gathered`          */
    uint32_t gathered;
    Text text, record;
    Recoder *recoder;
    Text head; /* while the encoding is open                                    */
    bool knows_encoding, has_root, is_found;
    bool has_parent; /* the element above the records was met                         */
    size_t needed;   /* bytes worth to look again at                                  */
    List(Str) seen;  /* names of elements where the path stopped                      */
    uint32_t seen_depth;
};

/* ---- paths ---- */

static void read_path(Arena *arena, Str text, XmlPath *out)
{
    char separator = str_find_char(text, '/') >= 0 ? '/' : '.';
    Str rest = text, part;
    List(Str) names = {0};
    *out = (XmlPath){0};
    while (str_next_part(&rest, separator, &part)) {
        part = str_trim(part);
        if (part.len && part.at[0] == '@')
            out->attribute = str_slice(part, 1, part.len);
        else if (part.len && !str_eq(part, STR("$")))
            list_add(arena, &names, part);
    }
    out->names = names.at;
    out->count = names.len;
}

static void xml_split_drop(void *what)
{
    XmlSplit *xml = what;
    for (size_t i = 0; i < DEPTH_LIMIT; i++)
        text_drop(&xml->name_bytes[i]);
    arena_drop(&xml->scratch);
    text_drop(&xml->text);
    text_drop(&xml->record);
    text_drop(&xml->head);
}

void split_xml_init(Splitter *splitter)
{
    XmlSplit *xml = NEW(splitter->arena, XmlSplit);
    splitter->xml = xml;
    xml->wanted_depth = -1;
    read_path(splitter->arena, splitter->path.text, &xml->selector);
    xml->wanted = NEW_N(splitter->arena, XmlPath, splitter->options.wanted_count);
    for (uint32_t i = 0; i < splitter->options.wanted_count; i++)
        read_path(splitter->arena, splitter->wanted[i].text, &xml->wanted[i]);
    arena_on_drop(splitter->arena, xml_split_drop, xml);
}

/* Whether the open elements are the path's first `count` names; the whole path. */
static bool is_at_first(const XmlSplit *xml, const XmlPath *path, uint32_t count)
{
    if (xml->depth != count)
        return false;
    for (uint32_t i = count; i > 0; i--)
        if (!str_eq(xml->names[i - 1], path->names[i - 1]) && !str_eq(path->names[i - 1], STR("*")))
            return false;
    return true;
}

static bool is_at(const XmlSplit *xml, const XmlPath *path)
{
    if (!path->count && path == &xml->selector)
        return xml->depth == 2;
    return is_at_first(xml, path, path->count);
}

/* Keeps the element's name for the message that no records were met. */
static void note_name(Splitter *splitter, Str name)
{
    XmlSplit *xml = splitter->xml;
    uint32_t met = 0;
    while (met + 1 < xml->depth && met < xml->selector.count &&
           str_eq(xml->names[met], xml->selector.names[met]))
        met++;
    if (xml->is_found || met + 1 != xml->depth || met < xml->seen_depth)
        return;
    if (met > xml->seen_depth)
        xml->seen.len = 0;
    xml->seen_depth = met;
    for (uint32_t i = 0; i < xml->seen.len; i++)
        if (str_eq(xml->seen.at[i], name))
            return;
    if (xml->seen.len < NAMES_SHOWN)
        list_add(splitter->arena, &xml->seen, str_copy(splitter->arena, name));
}

/* ---- wanted values ---- */

static void keep_text(Splitter *splitter, uint32_t i, Str text)
{
    AUTO(text) Text json = {0};
    json_print_text(text, true, &json);
    split_keep_wanted(splitter, i, text_str(&json));
}

/* At an element's beginning: attributes are taken, a text begins to be gathered. */
static void begin_wanted(Splitter *splitter, const XmlToken *token)
{
    XmlSplit *xml = splitter->xml;
    for (uint32_t i = 0; i < splitter->options.wanted_count; i++) {
        const XmlPath *path = &xml->wanted[i];
        if (!is_at(xml, path))
            continue;
        for (uint32_t k = 0; path->attribute.len && k < token->attributes.len; k++)
            if (str_eq(token->attributes.at[k].name, path->attribute))
                keep_text(splitter, i, token->attributes.at[k].value);
        if (!path->attribute.len && xml->wanted_depth < 0) {
            xml->wanted_depth = (int32_t)xml->depth;
            xml->gathered = i;
            text_clear(&xml->text);
        }
    }
}

static void end_wanted(Splitter *splitter)
{
    XmlSplit *xml = splitter->xml;
    if (xml->wanted_depth != (int32_t)xml->depth)
        return;
    xml->wanted_depth = -1;
    keep_text(splitter, xml->gathered, str_trim(text_str(&xml->text)));
}

/* ---- tokens ---- */

static bool close_element(Splitter *splitter, Err *err)
{
    XmlSplit *xml = splitter->xml;
    end_wanted(splitter);
    if (xml->node && xml->depth == xml->record_depth) {
        text_clear(&xml->record);
        xml_node_print(xml->node, &xml->record);
        xml->node = NULL;
        TRY(split_emit(splitter, text_str(&xml->record), 0, err));
    } else if (xml->node) {
        xml->node = xml_node_parent(xml->node);
    }
    xml->depth--;
    return true;
}

static bool open_element(Splitter *splitter, const XmlToken *token, const char *at, Err *err)
{
    XmlSplit *xml = splitter->xml;
    if (xml->depth == DEPTH_LIMIT)
        return split_fail(splitter, at, err, "elements nest too deep");
    if (!xml->depth && xml->has_root)
        return split_fail(splitter, at, err, "expected nothing behind the document's element");
    xml->has_root = true;
    bool is_inside = xml->node != NULL;
    Text *bytes = &xml->name_bytes[xml->depth];
    text_clear(bytes);
    text_add(bytes, token->name);
    xml->names[xml->depth++] = text_str(bytes);
    if (!is_inside)
        note_name(splitter, token->name);
    if (is_inside || is_at(xml, &xml->selector)) {
        if (!is_inside) {
            xml->record_depth = xml->depth;
            xml->record_bytes = 0;
            xml->is_found = true;
        }
        xml->node = xml_node_make(&xml->scratch, token, xml->node);
    }
    uint32_t count = xml->selector.count;
    xml->has_parent |= !count || (count > 1 && is_at_first(xml, &xml->selector, count - 1));
    begin_wanted(splitter, token);
    return !token->is_empty || close_element(splitter, err);
}

static bool take_token(Splitter *splitter, const XmlToken *token, const char *at, Err *err)
{
    XmlSplit *xml = splitter->xml;
    bool is_text = token->kind == XML_TEXT || token->kind == XML_CDATA;
    if (is_text && !xml->depth && str_trim(token->text).len)
        return split_fail(splitter, at, err, "text outside the document's element");
    if (is_text && xml->node)
        xml_node_add_text(&xml->scratch, xml->node, token->text, token->kind == XML_CDATA);
    if (is_text && xml->wanted_depth == (int32_t)xml->depth)
        text_add(&xml->text, token->text);
    if (token->kind == XML_OPEN)
        return open_element(splitter, token, at, err);
    if (token->kind != XML_CLOSE)
        return true;
    if (!xml->depth || !str_eq(xml->names[xml->depth - 1], token->name))
        return split_fail(splitter, at, err, "</" STR_FMT "> closes nothing; open is <" STR_FMT ">",
                          STR_ARG(token->name),
                          STR_ARG(xml->depth ? xml->names[xml->depth - 1] : STR_NONE));
    return close_element(splitter, err);
}

/* Takes all whole tokens of what waits. */
static bool take_tokens(Splitter *splitter, bool is_whole, Err *err)
{
    XmlSplit *xml = splitter->xml;
    Text *pending = &splitter->pending;
    const char *at = text_str(pending).at, *end = at + pending->len;
    splitter->base = at;
    if (pending->len < xml->needed && !is_whole)
        return true;
    xml->needed = 0;
    while (at < end) {
        XmlToken token;
        xml_next(&xml->scratch, at, end, is_whole, &token);
        if (token.kind == XML_BAD)
            return split_fail(splitter, token.end, err, "%s", token.message);
        if (token.kind == XML_MORE) {
            xml->needed = 2 * (size_t)(end - at);
            TRY(split_check_size(splitter, at, (size_t)(end - at), err));
            break;
        }
        TRY(take_token(splitter, &token, at, err));
        xml->record_bytes += (size_t)(token.end - at);
        if (xml->node)
            TRY(split_check_size(splitter, NULL, xml->record_bytes, err));
        at = token.end;
        if (!xml->node && token.kind == XML_CLOSE)
            arena_reset(&xml->scratch);
    }
    split_advance(splitter, at);
    size_t left = (size_t)(end - at);
    if (left)
        memmove(pending->at, at, left);
    text_truncate(pending, left);
    return true;
}

/* ---- encodings ---- */

/* The value of encoding="..." in the declaration, or empty. */
static Str declared_encoding(Str head)
{
    ptrdiff_t end = str_find(head, STR("?>"));
    ptrdiff_t at = str_starts(head, STR("<?xml")) ? str_find(head, STR("encoding")) : -1;
    if (at < 0 || end < 0 || at > end)
        return STR_NONE;
    Str rest = str_trim(str_slice(head, (size_t)at + 8, (size_t)end));
    if (!rest.len || rest.at[0] != '=')
        return STR_NONE;
    rest = str_trim(str_slice(rest, 1, rest.len));
    ptrdiff_t close = rest.len ? str_find_char(str_slice(rest, 1, rest.len), rest.at[0]) : -1;
    return close < 0 ? STR_NONE : str_slice(rest, 1, (size_t)close + 1);
}

static bool add_bytes(Splitter *splitter, Str piece, Err *err)
{
    XmlSplit *xml = splitter->xml;
    if (xml->recoder)
        return recoder_feed(xml->recoder, piece, &splitter->pending, err);
    text_add(&splitter->pending, piece);
    return true;
}

static bool find_encoding(Splitter *splitter, Err *err)
{
    XmlSplit *xml = splitter->xml;
    Str head = text_str(&xml->head), marked = csv_marked_encoding(head), encoding = marked;
    bool has_mark = str_eq(marked, STR("utf-8"));
    if (has_mark)
        head = str_slice(head, 3, head.len);
    if (!marked.len)
        encoding = declared_encoding(head);
    xml->knows_encoding = true;
    if (encoding.len && !str_eq_fold(encoding, STR("utf-8")))
        TRY(recoder_make(splitter->arena, encoding, &xml->recoder, err));
    bool is_added = add_bytes(splitter, head, err);
    text_drop(&xml->head);
    return is_added;
}

MUST bool split_xml_feed(Splitter *splitter, Str piece, Err *err)
{
    XmlSplit *xml = splitter->xml;
    if (xml->knows_encoding) {
        TRY(add_bytes(splitter, piece, err));
        return take_tokens(splitter, false, err);
    }
    text_add(&xml->head, piece);
    bool is_enough = xml->head.len >= 1024 ||
                     (xml->head.len > 64 && str_find(text_str(&xml->head), STR("?>")) >= 0);
    if (!is_enough)
        return true;
    TRY(find_encoding(splitter, err));
    return take_tokens(splitter, false, err);
}

static bool fail_not_found(Splitter *splitter, Err *err)
{
    XmlSplit *xml = splitter->xml;
    uint32_t at = xml->seen_depth;
    Str missing = at < xml->selector.count ? xml->selector.names[at] : STR_NONE;
    err_set(err, ERR_PARSING, (Place){splitter->options.name, 0, 0}, "no elements at '" STR_FMT "'",
            STR_ARG(splitter->path.text));
    if (!xml->seen.len)
        return false;
    Str nearest = str_nearest(missing, xml->seen.at, xml->seen.len);
    if (nearest.at && !str_eq(nearest, missing))
        err_add(err, ": did you mean <" STR_FMT ">?", STR_ARG(nearest));
    err_add(err, " Elements there: ");
    for (uint32_t i = 0; i < xml->seen.len; i++)
        err_add(err, "%s" STR_FMT, i ? ", " : "", STR_ARG(xml->seen.at[i]));
    return false;
}

MUST bool split_xml_end(Splitter *splitter, Err *err)
{
    XmlSplit *xml = splitter->xml;
    if (!xml->knows_encoding)
        TRY(find_encoding(splitter, err));
    if (xml->recoder)
        TRY(recoder_end(xml->recoder, err));
    TRY(take_tokens(splitter, true, err));
    if (xml->depth)
        return split_fail(splitter, splitter->base, err, "<" STR_FMT "> is not closed",
                          STR_ARG(xml->names[xml->depth - 1]));
    if (!xml->has_root)
        return split_fail(splitter, splitter->base, err, "the document holds no element");
    /* The element above was there without such children: an empty list. */
    return xml->is_found || xml->has_parent || fail_not_found(splitter, err);
}
