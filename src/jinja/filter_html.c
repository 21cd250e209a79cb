/* filter_html.c: filters that write or read HTML and addresses. */
#include "jinja/filter.h"

Str text_escape(Arena *arena, Str s)
{
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < s.len; i++) {
        switch (s.at[i]) {
        case '&': text_add_c(&out, "&amp;"); break;
        case '<': text_add_c(&out, "&lt;"); break;
        case '>': text_add_c(&out, "&gt;"); break;
        case '\'': text_add_c(&out, "&#39;"); break;
        case '"': text_add_c(&out, "&#34;"); break;
        default: text_add_char(&out, s.at[i]);
        }
    }
    return text_copy(arena, &out);
}

bool filter_escape(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "escape", 0, 0, err));
    TRY(check_defined(call, input, err));
    *out = value_text(text_escape(call->arena, input_text(call, input)));
    return true;
}

bool filter_xmlattr(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"autospace"};
    Value has_space = value_bool(true);
    TRY(call_bind(call, "xmlattr", names, 1, 0, &has_space, err));
    if (input.kind != VALUE_DICT)
        return FAIL(err, "'%s' object has no attribute 'items'", value_type_name(input));
    AUTO(text) Text text = {0};
    Value key, value;
    for (uint32_t at = 0; dict_next(input.dict, &at, &key, &value);) {
        if (value.kind == VALUE_NONE || value.kind == VALUE_UNDEFINED)
            continue;
        Str name = input_text(call, key);
        for (size_t i = 0; i < name.len; i++)
            if (code_is_space((unsigned char)name.at[i]) || strchr("/>=", name.at[i]))
                return FAIL(err, "Invalid character in attribute name: '" STR_FMT "'",
                            STR_ARG(name));
        if (text.len || value_truth(has_space))
            text_add_char(&text, ' ');
        text_add(&text, text_escape(call->arena, name));
        text_add_c(&text, "=\"");
        text_add(&text, text_escape(call->arena, input_text(call, value)));
        text_add_char(&text, '"');
    }
    *out = text_value(call->arena, &text);
    return true;
}

/* ---- striptags ---- */

/* &name; and &#number; of the entities in daily use. */
static void add_unescaped(Str s, Text *out)
{
    static const struct {
        const char *name;
        uint32_t code;
    } entities[] = {{"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},
                    {"apos", '\''},    {"nbsp", 0xa0},    {"copy", 0xa9},    {"reg", 0xae},
                    {"laquo", 0xab},   {"raquo", 0xbb},   {"ndash", 0x2013}, {"mdash", 0x2014},
                    {"hellip", 0x2026}, {"euro", 0x20ac}, {"deg", 0xb0},     {"middot", 0xb7}};
    for (size_t at = 0; at < s.len;) {
        ptrdiff_t end = s.at[at] == '&' ? str_find_char(str_slice(s, at, at + 12), ';') : -1;
        Str name = end > 1 ? str_slice(s, at + 1, at + (size_t)end) : STR_NONE;
        int64_t number = 0;
        if (name.len > 1 && name.at[0] == '#') {
            Arena scratch = {0};
            Value parsed = NONE;
            bool is_hex = name.at[1] == 'x' || name.at[1] == 'X';
            if (text_to_int(&scratch, str_slice(name, 1 + is_hex, name.len), is_hex ? 16 : 10,
                            &parsed) &&
                is_whole(parsed) && parsed.number <= 0x10ffff)
                number = parsed.number;
            arena_drop(&scratch);
        }
        for (size_t i = 0; i < COUNT_OF(entities) && name.len && !number; i++)
            if (str_is(name, entities[i].name))
                number = entities[i].code;
        if (number > 0) {
            text_add_code_point(out, (uint32_t)number);
            at += (size_t)end + 1;
        } else {
            text_add_char(out, s.at[at++]);
        }
    }
}

bool filter_striptags(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "striptags", 0, 0, err));
    TRY(check_defined(call, input, err));
    AUTO(text) Text plain = {0};
    Str rest = input_text(call, input);
    for (ptrdiff_t start; (start = str_find_char(rest, '<')) >= 0;) {
        Str tag = str_slice(rest, (size_t)start, rest.len);
        bool is_comment = str_starts(tag, STR("<!--"));
        ptrdiff_t end = is_comment ? str_find(str_slice(tag, 4, tag.len), STR("-->"))
                                   : str_find_char(tag, '>');
        if (end < 0)
            break;
        text_add(&plain, str_slice(rest, 0, (size_t)start));
        rest = str_slice(tag, (size_t)end + (is_comment ? 7 : 1), tag.len);
    }
    text_add(&plain, rest);
    AUTO(text) Text joined = {0};
    Array *words = text_split_space(call->arena, text_str(&plain), -1);
    for (uint32_t i = 0; i < words->len; i++) {
        if (i)
            text_add_char(&joined, ' ');
        text_add(&joined, value_str(words->at[i]));
    }
    AUTO(text) Text text = {0};
    add_unescaped(text_str(&joined), &text);
    *out = text_value(call->arena, &text);
    return true;
}

/* ---- urlencode ---- */

static void add_quoted(Str s, bool is_query, Text *out)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || (c && strchr("_.-~", c)) ||
                        (c == '/' && !is_query);
        if (is_plain)
            text_add_char(out, (char)c);
        else if (c == ' ' && is_query)
            text_add_char(out, '+');
        else
            text_print(out, "%%%02X", c);
    }
}

bool filter_urlencode(Call *call, Value input, Value *out, Err *err)
{
    TRY(check_counts(call, "urlencode", 0, 0, err));
    TRY(check_defined(call, input, err));
    AUTO(text) Text text = {0};
    bool is_iterable;
    Call none = *call;
    TRY(test_iterable(&none, input, &is_iterable, err));
    if (input.kind == VALUE_TEXT || !is_iterable) {
        add_quoted(input_text(call, input), false, &text);
        *out = text_value(call->arena, &text);
        return true;
    }
    Array *pairs;
    Value from = input.kind == VALUE_DICT ? dict_view(call->arena, input, VIEW_ITEMS) : input;
    TRY(items_of(call, from, &pairs, err));
    for (uint32_t i = 0; i < pairs->len; i++) {
        Array *pair;
        TRY(items_of(call, pairs->at[i], &pair, err));
        if (pair->len != 2)
            return FAIL(err, "%s values to unpack (expected 2%s)",
                        pair->len > 2 ? "too many" : "not enough", pair->len > 2 ? "" : ", got 1");
        if (i)
            text_add_char(&text, '&');
        add_quoted(input_text(call, pair->at[0]), true, &text);
        text_add_char(&text, '=');
        add_quoted(input_text(call, pair->at[1]), true, &text);
    }
    *out = text_value(call->arena, &text);
    return true;
}

/* ---- urlize ---- */

typedef struct Links {
    Arena *arena;
    int64_t limit;      /* characters shown of an address; < 0: all */
    Str attributes;     /* ` rel="..." target="..."` */
    const Array *schemes;
} Links;

static bool is_host_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
           c == '%' || c == '-' || (c & 0x80);
}

static bool is_number_host(Str host)
{
    int dots = 0, digits = 0;
    for (size_t i = 0; i < host.len; i++) {
        if (host.at[i] == '.' && digits && dots < 3)
            dots++, digits = 0;
        else if (host.at[i] >= '0' && host.at[i] <= '9' && digits < 3)
            digits++;
        else
            return false;
    }
    return dots == 3 && digits;
}

static bool is_top_domain(Str name)
{
    if (name.len > 4 && str_eq_fold(str_slice(name, 0, 4), STR("xn--")))
        return true;
    for (size_t i = 0; i < name.len; i++)
        if ((name.at[i] | 0x20) < 'a' || (name.at[i] | 0x20) > 'z')
            return false;
    return name.len >= 2 && name.len <= 63;
}

/* scheme://host, www.host or host.com, then a port and a path. */
static bool is_address(Str s)
{
    static const char *const known[] = {"com", "net", "int", "edu", "gov", "org", "info", "mil"};
    bool has_scheme = false, has_front = false;
    if (str_eq_fold(str_slice(s, 0, 7), STR("http://")))
        s = str_slice(s, 7, s.len), has_scheme = has_front = true;
    else if (str_eq_fold(str_slice(s, 0, 8), STR("https://")))
        s = str_slice(s, 8, s.len), has_scheme = has_front = true;
    else if (str_eq_fold(str_slice(s, 0, 4), STR("www.")))
        s = str_slice(s, 4, s.len), has_front = true;
    size_t end = 0, last = 0;
    for (; end < s.len && (is_host_char(s.at[end]) || s.at[end] == '.'); end++) {
        if (s.at[end] != '.')
            continue;
        if (end == last)
            return false;
        last = end + 1;
    }
    Str host = str_slice(s, 0, end), top = str_slice(s, last, end), rest = str_slice(s, end, s.len);
    bool is_host = has_front && is_top_domain(top);
    for (size_t i = 0; i < COUNT_OF(known) && !is_host && last; i++)
        is_host = str_eq_fold(top, str_of(known[i]));
    if (!is_host && !(has_scheme && is_number_host(host)))
        return false;
    if (rest.len && rest.at[0] == ':') {
        size_t digits = 1;
        while (digits < rest.len && rest.at[digits] >= '0' && rest.at[digits] <= '9')
            digits++;
        if (digits == 1 || digits > 6)
            return false;
        rest = str_slice(rest, digits, rest.len);
    }
    return !rest.len || strchr("/?#", rest.at[0]);
}

/* something@word.word */
static bool is_email(Str s)
{
    ptrdiff_t at = str_find_last(s, STR("@")), dot = str_find_last(s, STR("."));
    if (at < 1 || dot < at + 2 || (size_t)dot + 1 >= s.len)
        return false;
    for (size_t i = (size_t)at + 1, point; i < s.len; i = point) {
        point = i;
        uint32_t c = utf8_next(s, &point);
        bool is_fit = code_is_word(c) ||
                      (i > (size_t)at + 1 && i <= (size_t)dot && (c == '.' || c == '-'));
        if (!is_fit)
            return false;
    }
    return true;
}

static void add_link(const Links *links, const char *prefix, Str address, Str shown,
                     bool has_attributes, Text *out)
{
    text_print(out, "<a href=\"%s", prefix);
    text_add(out, address);
    text_add_char(out, '"');
    if (has_attributes)
        text_add(out, links->attributes);
    text_add_char(out, '>');
    size_t end = shown.len;
    if (has_attributes && links->limit >= 0)
        end = text_offset(shown, links->limit);
    text_add(out, str_slice(shown, 0, end));
    if (end < shown.len)
        text_add_c(out, "...");
    text_add_c(out, "</a>");
}

static void add_linked(const Links *links, Str word, Text *out)
{
    if (is_address(word)) {
        bool has_scheme = str_starts(word, STR("http://")) || str_starts(word, STR("https://"));
        add_link(links, has_scheme ? "" : "https://", word, word, true, out);
        return;
    }
    Str mail = str_slice(word, 7, word.len);
    if (str_starts(word, STR("mailto:")) && is_email(mail)) {
        add_link(links, "", word, mail, false, out);
        return;
    }
    if (word.len && word.at[0] != '@' && !str_starts(word, STR("www.")) &&
        str_find_char(word, ':') < 0 && is_email(word)) {
        add_link(links, "mailto:", word, word, false, out);
        return;
    }
    for (uint32_t i = 0; links->schemes && i < links->schemes->len; i++) {
        Str scheme = value_str(links->schemes->at[i]);
        if (word.len > scheme.len && str_starts(word, scheme)) {
            Links whole = *links;
            whole.limit = -1;
            add_link(&whole, "", word, word, true, out);
            return;
        }
    }
    text_add(out, word);
}

static size_t count_of(Str s, Str needle)
{
    size_t count = 0;
    for (ptrdiff_t found; (found = str_find(s, needle)) >= 0; count++)
        s = str_slice(s, (size_t)found + needle.len, s.len);
    return count;
}

/* Length of the bracket or stop at the end (or start) of s, 0 if there is none. */
static size_t bracket_length(Str s, bool is_end)
{
    Str entity = is_end ? STR("&gt;") : STR("&lt;");
    if (is_end ? str_ends(s, entity) : str_starts(s, entity))
        return entity.len;
    return s.len && strchr(is_end ? ")>.,\n" : "(<", s.at[is_end ? s.len - 1 : 0]) ? 1 : 0;
}

/* Brackets around the word stay outside the link, but for those that it opens itself. */
static void add_word(const Links *links, Str word, Text *out)
{
    static const Str pairs[][2] = {{STR_INIT("("), STR_INIT(")")},
                                   {STR_INIT("<"), STR_INIT(">")},
                                   {STR_INIT("&lt;"), STR_INIT("&gt;")}};
    Str middle = word, tail;
    for (size_t len; (len = bracket_length(middle, false)) > 0;)
        middle = str_slice(middle, len, middle.len);
    text_add(out, str_slice(word, 0, word.len - middle.len));
    Str whole = middle;
    for (size_t len; (len = bracket_length(middle, true)) > 0;)
        middle.len -= len;
    tail = str_slice(whole, middle.len, whole.len);
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        size_t opened = count_of(middle, pairs[i][0]);
        if (opened <= count_of(middle, pairs[i][1]))
            continue;
        size_t moves = count_of(tail, pairs[i][1]);
        for (moves = opened < moves ? opened : moves; moves > 0; moves--) {
            size_t end = (size_t)str_find(tail, pairs[i][1]) + pairs[i][1].len;
            middle.len += end;
            tail = str_slice(tail, end, tail.len);
        }
    }
    add_linked(links, middle, out);
    text_add(out, tail);
}

/* The words of rel, sorted, once each. */
static bool link_relations(Call *call, Value rel, bool no_follow, Array **out, Err *err)
{
    Array *words = rel.kind == VALUE_TEXT ? text_split_space(call->arena, value_str(rel), -1)
                                          : array_make(call->arena, 0);
    array_add(words, value_lit("noopener"));
    if (no_follow)
        array_add(words, value_lit("nofollow"));
    TRY(array_sort(call->arena, words, NULL, false, err));
    *out = array_make(call->arena, words->len);
    for (uint32_t i = 0; i < words->len; i++)
        if (!i || !value_equal(words->at[i], words->at[i - 1]))
            array_add(*out, words->at[i]);
    return true;
}

bool filter_urlize(Call *call, Value input, Value *out, Err *err)
{
    static const char *const names[] = {"trim_url_limit", "nofollow", "target", "rel",
                                        "extra_schemes"};
    Value slots[] = {NONE, value_bool(false), NONE, NONE, NONE}, rel;
    TRY(call_bind(call, "urlize", names, 5, 0, slots, err));
    TRY(check_defined(call, input, err));
    Links links = {.arena = call->arena, .limit = -1};
    if (slots[0].kind != VALUE_NONE)
        TRY(index_of(slots[0], &links.limit, err));
    Array *words;
    TRY(link_relations(call, slots[3], value_truth(slots[1]), &words, err));
    TRY(text_join(call->arena, STR(" "), words, &rel, err));
    Str shown = text_escape(call->arena, value_str(rel));
    links.attributes = str_print(call->arena, " rel=\"" STR_FMT "\"", STR_ARG(shown));
    if (slots[2].kind == VALUE_TEXT && slots[2].len) {
        Str target = text_escape(call->arena, value_str(slots[2]));
        links.attributes = str_print(call->arena, STR_FMT " target=\"" STR_FMT "\"",
                                     STR_ARG(links.attributes), STR_ARG(target));
    }
    Array *schemes = NULL;
    if (slots[4].kind != VALUE_NONE)
        TRY(items_of(call, slots[4], &schemes, err));
    links.schemes = schemes;
    AUTO(text) Text text = {.limit = LARGEST_TEXT_BYTES};
    Str s = text_escape(call->arena, input_text(call, input));
    for (size_t at = 0; at < s.len;) {
        size_t start = at, end = at;
        while (at < s.len && !code_is_space(utf8_next(s, &at)))
            end = at;
        add_word(&links, str_slice(s, start, end), &text);
        text_add(&text, str_slice(s, end, at));
    }
    *out = text_value(call->arena, &text);
    return true;
}
