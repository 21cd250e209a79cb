/* xml.c: see xml.h. */
#include "base/json.h"
#include "format/scan.h"
#include "format/xml.h"

/* ---- faults ---- */

static void bad(XmlToken *token, const char *at, const char *message)
{
    token->kind = XML_BAD;
    token->end = at;
    token->message = message;
}

static void more(XmlToken *token, const char *end, bool is_whole, const char *message)
{
    token->kind = XML_MORE;
    if (is_whole)
        bad(token, end, message);
}

/* ---- texts ---- */

/* What stands in a text: bits of what needs a second look. */
enum { HAS_REFERENCE = 1, HAS_RETURN = 2, HAS_BREAK = 4, HAS_CONTROL = 8, HAS_HIGH = 16 };

static inline unsigned class_of(unsigned char c)
{
    if (c >= 0x80)
        return HAS_HIGH;
    if (c >= 0x20)
        return c == '&' ? HAS_REFERENCE : 0;
    return c == '\r' ? HAS_RETURN : c == '\n' || c == '\t' ? HAS_BREAK : HAS_CONTROL;
}

static unsigned classes_of(Str s)
{
    unsigned classes = 0;
    for (size_t i = 0; i < s.len; i++)
        classes |= class_of((unsigned char)s.at[i]);
    return classes;
}

/* Bytes that XML forbids; NULL: none. */
static const char *find_forbidden(Str s, unsigned classes)
{
    ptrdiff_t invalid = classes & HAS_HIGH ? scan_invalid_utf8(s) : -1;
    size_t end = invalid < 0 ? s.len : (size_t)invalid;
    for (size_t i = 0; (classes & HAS_CONTROL) && i < end; i++)
        if (class_of((unsigned char)s.at[i]) == HAS_CONTROL)
            return s.at + i;
    return invalid < 0 ? NULL : s.at + invalid;
}

/* "#65", "#x41" between & and ;. 0: no character. */
static uint32_t reference_value(Str name)
{
    uint32_t value = 0;
    bool is_hex = name.len > 1 && name.at[1] == 'x';
    if (name.len < (is_hex ? 3u : 2u))
        return 0;
    for (size_t i = is_hex ? 2 : 1; i < name.len && value < 0x110000; i++) {
        unsigned char c = (unsigned char)name.at[i], low = c | 0x20;
        bool is_digit = c >= '0' && c <= '9', is_letter = is_hex && low >= 'a' && low <= 'f';
        if (!is_digit && !is_letter)
            return 0;
        value = value * (is_hex ? 16 : 10) + (is_digit ? c - 48u : low - 87u);
    }
    bool is_text = value >= 0x20 || value == '\n' || value == '\r' || value == '\t';
    return is_text && value < 0x110000 && (value < 0xd800 || value > 0xdfff) ? value : 0;
}

/* Decodes the reference at *at (its &) and moves behind it. */
static bool add_reference(const char **at, const char *end, Text *out)
{
    static const struct {
        Str name;
        char c;
    } known[] = {
        {STR_INIT("lt"), '<'},    {STR_INIT("gt"), '>'},   {STR_INIT("amp"), '&'},
        {STR_INIT("apos"), '\''}, {STR_INIT("quot"), '"'},
    };
    size_t left = (size_t)(end - *at);
    const char *semicolon = memchr(*at, ';', left < 64 ? left : 64);
    if (!semicolon)
        return false;
    Str name = {*at + 1, (size_t)(semicolon - *at) - 1};
    *at = semicolon + 1;
    if (name.len && name.at[0] == '#') {
        uint32_t value = reference_value(name);
        if (value)
            text_add_code_point(out, value);
        return value != 0;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!str_eq(known[i].name, name))
            continue;
        text_add_char(out, known[i].c);
        return true;
    }
    return false;
}

/* References decoded, line ends \n; in attributes white space is a space. A view where nothing
 * changes. */
static bool decode(Arena *arena, Str raw, bool is_attribute, Str *out, XmlToken *token)
{
    const char *at = raw.at, *end = raw.at + raw.len;
    unsigned classes = classes_of(raw);
    const char *forbidden = find_forbidden(raw, classes);
    if (forbidden) {
        bad(token, forbidden,
            (signed char)*forbidden < 0 ? "invalid UTF-8" : "a control character");
        return false;
    }
    *out = raw;
    if (!(classes & (HAS_REFERENCE | HAS_RETURN | (is_attribute ? HAS_BREAK : 0u))))
        return true;
    AUTO(text) Text made = {0};
    while (at < end) {
        char c = *at;
        if (c == '&') {
            const char *begin = at;
            if (add_reference(&at, end, &made))
                continue;
            bad(token, begin,
                "an entity that is not known (only &lt; &gt; &amp; &apos; &quot; and &#...; are)");
            return false;
        }
        at++;
        if (c == '\r') {
            at += at < end && *at == '\n';
            c = '\n';
        }
        text_add_char(&made, is_attribute && (c == '\n' || c == '\t') ? ' ' : c);
    }
    *out = text_copy(arena, &made);
    return true;
}

/* ---- tags ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_name_byte(char c, bool is_first)
{
    char low = c | 0x20;
    if ((low >= 'a' && low <= 'z') || c == '_' || c == ':' || (signed char)c < 0)
        return true;
    return !is_first && ((c >= '0' && c <= '9') || c == '-' || c == '.');
}

static const char *scan_name(const char *at, const char *end)
{
    const char *begin = at;
    while (at < end && is_name_byte(*at, at == begin))
        at++;
    return at;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

/* name="value" at `at`; the place behind, NULL: bad. */
static const char *take_attribute(Arena *arena, const char *at, const char *end, XmlToken *token)
{
    XmlAttribute attribute = {{at, 0}, STR_NONE};
    const char *behind = scan_name(at, end);
    attribute.name.len = (size_t)(behind - at);
    at = skip_space(behind, end);
    if (!attribute.name.len || at == end || *at != '=' || scan_invalid_utf8(attribute.name) >= 0) {
        bad(token, at, "expected an attribute: name=\"value\"");
        return NULL;
    }
    at = skip_space(at + 1, end);
    const char *close = at < end && (*at == '"' || *at == '\'')
                            ? memchr(at + 1, *at, (size_t)(end - at - 1))
                            : NULL;
    if (!close) {
        bad(token, at, "expected an attribute's value in quotes");
        return NULL;
    }
    Str raw = {at + 1, (size_t)(close - at) - 1};
    if (memchr(raw.at, '<', raw.len)) {
        bad(token, at, "'<' in an attribute's value");
        return NULL;
    }
    if (!decode(arena, raw, true, &attribute.value, token))
        return NULL;
    for (uint32_t i = 0; i < token->attributes.len; i++)
        if (str_eq(token->attributes.at[i].name, attribute.name)) {
            bad(token, attribute.name.at, "an attribute that is there twice");
            return NULL;
        }
    list_add(arena, &token->attributes, attribute);
    return close + 1;
}

/* Where the tag that begins at `at` ends: its '>', quotes passed; NULL: not there. */
static const char *find_tag_end(const char *at, const char *end)
{
    char quote = 0;
    for (; at < end; at++) {
        if (quote)
            quote = *at == quote ? 0 : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '>')
            return at;
    }
    return NULL;
}

static void take_tag(Arena *arena, const char *at, const char *end, bool is_whole, XmlToken *token)
{
    bool is_close = end - at > 1 && at[1] == '/';
    const char *close = find_tag_end(at, end);
    if (!close) {
        more(token, end, is_whole, "a tag that does not end");
        return;
    }
    token->kind = is_close ? XML_CLOSE : XML_OPEN;
    token->end = close + 1;
    if (!is_close && close[-1] == '/' && close - at > 1) {
        token->is_empty = true;
        close--;
    }
    const char *name = at + 1 + is_close;
    at = scan_name(name, close);
    token->name = (Str){name, (size_t)(at - name)};
    if (!token->name.len || scan_invalid_utf8(token->name) >= 0) {
        bad(token, name, "expected the name of an element");
        return;
    }
    while (at < close) {
        const char *next = skip_space(at, close);
        if (next == close)
            return;
        if (is_close || next == at) {
            bad(token, next, "expected the end of the tag");
            return;
        }
        const char *behind = take_attribute(arena, next, close, token);
        if (!behind)
            return;
        at = behind;
    }
}

/* ---- other tokens ---- */

/* A token that begins with `open` and ends with `close`. */
static void take_until(const char *at, const char *end, bool is_whole, Str open, Str close,
                       XmlToken *token)
{
    Str rest = {at + open.len, (size_t)(end - at) - open.len};
    const char *found = memmem(rest.at, rest.len, close.at, close.len);
    if (!found) {
        more(token, end, is_whole, "a comment, CDATA or instruction that does not end");
        return;
    }
    token->text = (Str){rest.at, (size_t)(found - rest.at)};
    token->end = found + close.len;
}

/* <!DOCTYPE ... [ ... ]>: passed. */
static void take_doctype(const char *at, const char *end, bool is_whole, XmlToken *token)
{
    char quote = 0;
    int depth = 0;
    for (const char *c = at + 2; c < end; c++) {
        if (quote)
            quote = *c == quote ? 0 : quote;
        else if (*c == '"' || *c == '\'')
            quote = *c;
        else if (*c == '[' || *c == ']')
            depth += *c == '[' ? 1 : -1;
        else if (*c == '>' && depth <= 0) {
            token->end = c + 1;
            return;
        }
    }
    more(token, end, is_whole, "a DOCTYPE that does not end");
}

static void take_text(Arena *arena, const char *at, const char *end, bool is_whole, XmlToken *token)
{
    const char *open = memchr(at, '<', (size_t)(end - at));
    token->kind = XML_TEXT;
    if (!open && !is_whole) {
        token->kind = XML_MORE;
        return;
    }
    token->end = open ? open : end;
    decode(arena, (Str){at, (size_t)(token->end - at)}, false, &token->text, token);
}

void xml_next(Arena *arena, const char *at, const char *end, bool is_whole, XmlToken *token)
{
    static const struct {
        Str open, close;
        XmlKind kind;
    } spans[] = {
        {STR_INIT("<!--"), STR_INIT("-->"), XML_OTHER},
        {STR_INIT("<![CDATA["), STR_INIT("]]>"), XML_CDATA},
        {STR_INIT("<?"), STR_INIT("?>"), XML_OTHER},
        {STR_INIT("<!DOCTYPE"), STR_INIT(""), XML_OTHER},
    };
    Str rest = {at, (size_t)(end - at)};
    *token = (XmlToken){0};
    if (*at != '<') {
        take_text(arena, at, end, is_whole, token);
        return;
    }
    bool is_span = rest.len < 2 || at[1] == '!' || at[1] == '?';
    for (size_t i = 0; is_span && i < COUNT_OF(spans); i++) {
        if (!is_whole && rest.len < spans[i].open.len && str_starts(spans[i].open, rest)) {
            token->kind = XML_MORE;
            return;
        }
        if (!str_starts(rest, spans[i].open))
            continue;
        token->kind = spans[i].kind;
        if (spans[i].close.len)
            take_until(at, end, is_whole, spans[i].open, spans[i].close, token);
        else
            take_doctype(at, end, is_whole, token);
        const char *forbidden =
            token->kind == XML_CDATA ? find_forbidden(token->text, classes_of(token->text)) : NULL;
        if (forbidden)
            bad(token, forbidden, "invalid UTF-8 or a control character");
        return;
    }
    take_tag(arena, at, end, is_whole, token);
}

/* ---- elements as JSON ---- */

struct XmlNode {
    Str name, text;
    size_t text_room;
    XmlNode *parent;
    XmlAttribute *attributes;
    uint32_t attribute_count;
    Map groups;           /* name -> the first child of it                                 */
    XmlNode *next, *last; /* of the same name; of a group's first: its last                */
    bool has_children, has_cdata;
};

XmlNode *xml_node_make(Arena *arena, const XmlToken *open, XmlNode *parent)
{
    XmlNode *node = NEW(arena, XmlNode);
    node->name = str_copy(arena, open->name);
    node->parent = parent;
    node->attribute_count = open->attributes.len;
    node->attributes = NEW_N(arena, XmlAttribute, open->attributes.len);
    for (uint32_t i = 0; i < node->attribute_count; i++) {
        node->attributes[i].name = str_copy(arena, open->attributes.at[i].name);
        node->attributes[i].value = str_copy(arena, open->attributes.at[i].value);
    }
    if (!parent)
        return node;
    if (!parent->has_children)
        map_init(&parent->groups, arena);
    parent->has_children = true;
    XmlNode *first = map_find(&parent->groups, node->name);
    if (!first) {
        map_put(&parent->groups, node->name, node);
        node->last = node;
    } else {
        first->last->next = node;
        first->last = node;
    }
    return node;
}

XmlNode *xml_node_parent(const XmlNode *node)
{
    return node->parent;
}

void xml_node_add_text(Arena *arena, XmlNode *node, Str text, bool is_cdata)
{
    node->has_cdata |= is_cdata;
    size_t length = node->text.len + text.len;
    char *at = (char *)(uintptr_t)node->text.at;
    if (length > node->text_room) {
        size_t room = 2 * length;
        at = arena_grow(arena, at, node->text_room, room, 1);
        node->text_room = room;
    }
    if (text.len)
        memcpy(at + node->text.len, text.at, text.len);
    node->text = (Str){at, length};
}

static void print_group(const XmlNode *first, Text *out)
{
    if (!first->next) {
        xml_node_print(first, out);
        return;
    }
    text_add_char(out, '[');
    for (const XmlNode *node = first; node; node = node->next) {
        if (node != first)
            text_add_char(out, ',');
        xml_node_print(node, out);
    }
    text_add_char(out, ']');
}

void xml_node_print(const XmlNode *node, Text *out)
{
    Str bare = str_trim(node->text);
    if (!node->attribute_count && !node->has_children) {
        if (bare.len || node->has_cdata)
            json_print_text(node->text, true, out);
        else
            text_add(out, STR("null"));
        return;
    }
    const char *separator = "{";
    for (uint32_t i = 0; i < node->attribute_count; i++, separator = ",") {
        text_add_c(out, separator);
        text_add(out, STR("\"@"));
        text_add(out, node->attributes[i].name);
        text_add(out, STR("\":"));
        json_print_text(node->attributes[i].value, true, out);
    }
    uint32_t at = 0;
    Str name;
    void *first;
    while (node->has_children && map_next(&node->groups, &at, &name, &first)) {
        text_add_c(out, separator);
        json_print_text(name, true, out);
        text_add_char(out, ':');
        print_group(first, out);
        separator = ",";
    }
    if (bare.len) {
        text_add_c(out, separator);
        text_add(out, STR("\"#text\":"));
        json_print_text(node->has_children ? bare : node->text, true, out);
    }
    text_add_char(out, '}');
}
