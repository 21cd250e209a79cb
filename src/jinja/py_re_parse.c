/* py_re_parse.c: a pattern as a tree. */
#include "jinja/py_re.h"

enum { DEEPEST_PATTERN = 150, MOST_GROUPS = 500 };

typedef struct Parser {
    Arena *arena;
    Regex *regex;
    Str text;
    size_t at;
    uint32_t flags;
    int depth;
    size_t flags_end;            /* before it stand global flags only                           */
    Err *err;
    bool closed[MOST_GROUPS + 1];
} Parser;

static size_t point_at(const Parser *parser, size_t at)
{
    return utf8_length(str_slice(parser->text, 0, at));
}

static bool re_fail(Parser *parser, size_t at, const char *what)
{
    return FAIL(parser->err, "%s at position %zu", what, point_at(parser, at));
}

static ReNode *node_make(Parser *parser, ReKind kind)
{
    ReNode *node = NEW(parser->arena, ReNode);
    node->kind = kind;
    node->flags = parser->flags;
    return node;
}

static bool is_at(const Parser *parser, const char *what)
{
    return str_starts(str_slice(parser->text, parser->at, parser->text.len), str_of(what));
}

static bool take(Parser *parser, const char *what)
{
    if (!is_at(parser, what))
        return false;
    parser->at += strlen(what);
    return true;
}

static bool has_more(const Parser *parser)
{
    return parser->at < parser->text.len;
}

static void add_span(Parser *parser, CodeSet *set, uint32_t first, uint32_t last)
{
    list_add(parser->arena, &set->spans, (CodeSpan){first, last});
}

/* ---- escapes ---- */

static bool take_hex(Parser *parser, int digits, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++) {
        char c = has_more(parser) ? parser->text.at[parser->at] : '\0';
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
                                                   ? (c | 0x20) - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        *out = *out * 16 + (uint32_t)digit;
        parser->at++;
    }
    return true;
}

static bool is_octal(const Parser *parser, size_t at)
{
    return at < parser->text.len && parser->text.at[at] >= '0' && parser->text.at[at] <= '7';
}

/* An escape that is one character, behind the backslash. */
static bool take_code_escape(Parser *parser, uint32_t *out)
{
    size_t start = parser->at;
    char c = parser->text.at[parser->at];
    const char *letters = "abfnrtv", *codes = "\a\b\f\n\r\t\v";
    const char *letter = strchr(letters, c);
    if (letter && c && c != 'b') {
        parser->at++;
        *out = (uint32_t)codes[letter - letters];
        return true;
    }
    if (c == 'x' || c == 'u' || c == 'U') {
        parser->at++;
        if (!take_hex(parser, c == 'x' ? 2 : c == 'u' ? 4 : 8, out) || *out > 0x10ffff)
            return re_fail(parser, start - 1, "incomplete escape");
        return true;
    }
    if (c == '0') {
        *out = 0;
        for (int i = 0; i < 3 && is_octal(parser, parser->at); i++)
            *out = *out * 8 + (uint32_t)(parser->text.at[parser->at++] - '0');
        return true;
    }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        AUTO(text) Text what = {0};
        text_print(&what, "bad escape \\%c", c);
        return re_fail(parser, start - 1, what.at);
    }
    *out = utf8_next(parser->text, &parser->at);
    return true;
}

static bool parse_number_escape(Parser *parser, ReNode **out)
{
    size_t start = parser->at;
    uint32_t number = 0;
    if (is_octal(parser, start) && is_octal(parser, start + 1) && is_octal(parser, start + 2)) {
        for (int i = 0; i < 3; i++)
            number = number * 8 + (uint32_t)(parser->text.at[parser->at++] - '0');
        *out = node_make(parser, RE_CHAR);
        (*out)->code = number;
        return true;
    }
    for (int i = 0; i < 2 && has_more(parser); i++) {
        char c = parser->text.at[parser->at];
        if (c < '0' || c > '9')
            break;
        number = number * 10 + (uint32_t)(c - '0');
        parser->at++;
    }
    *out = node_make(parser, RE_BACKREF);
    (*out)->group = number;
    if (number > parser->regex->group_count) {
        AUTO(text) Text what = {0};
        text_print(&what, "invalid group reference %u", number);
        return re_fail(parser, start, what.at);
    }
    if (!parser->closed[number])
        return re_fail(parser, start - 1, "cannot refer to an open group");
    return true;
}

static bool parse_escape(Parser *parser, ReNode **out)
{
    size_t start = parser->at++;
    if (!has_more(parser))
        return re_fail(parser, start, "bad escape (end of pattern)");
    char c = parser->text.at[parser->at];
    ReKind edge = c == 'A' ? RE_TEXT_START : c == 'Z' ? RE_TEXT_END : c == 'b' ? RE_WORD_EDGE
                  : c == 'B' ? RE_NO_WORD_EDGE : RE_EMPTY;
    if (edge != RE_EMPTY) {
        parser->at++;
        *out = node_make(parser, edge);
        return true;
    }
    if (c && strchr("dDwWsS", c)) {
        parser->at++;
        *out = node_make(parser, RE_SET);
        (*out)->set = NEW(parser->arena, CodeSet);
        (*out)->set->classes[0] = c;
        return true;
    }
    if (c >= '1' && c <= '9')
        return parse_number_escape(parser, out);
    *out = node_make(parser, RE_CHAR);
    return take_code_escape(parser, &(*out)->code);
}

/* ---- [sets] ---- */

/* One end of a range, or a class. */
static bool take_set_item(Parser *parser, CodeSet *set, uint32_t *code, bool *is_class)
{
    *is_class = false;
    if (parser->text.at[parser->at] != '\\') {
        *code = utf8_next(parser->text, &parser->at);
        return true;
    }
    parser->at++;
    if (!has_more(parser))
        return re_fail(parser, parser->at - 1, "bad escape (end of pattern)");
    char c = parser->text.at[parser->at];
    if (c && strchr("dDwWsS", c)) {
        *is_class = true;
        parser->at++;
        if (!strchr(set->classes, c))
            set->classes[strlen(set->classes)] = c;
        return true;
    }
    if (c == 'b') {
        parser->at++;
        *code = '\b';
        return true;
    }
    if (c >= '1' && c <= '7') {
        *code = 0;
        for (int i = 0; i < 3 && is_octal(parser, parser->at); i++)
            *code = *code * 8 + (uint32_t)(parser->text.at[parser->at++] - '0');
        return true;
    }
    return take_code_escape(parser, code);
}

static bool parse_set(Parser *parser, ReNode **out)
{
    size_t start = parser->at++;
    *out = node_make(parser, RE_SET);
    CodeSet *set = (*out)->set = NEW(parser->arena, CodeSet);
    set->is_negated = take(parser, "^");
    for (bool is_first = true;; is_first = false) {
        if (!has_more(parser))
            return re_fail(parser, start, "unterminated character set");
        if (!is_first && take(parser, "]"))
            return true;
        uint32_t first, last;
        bool is_class, is_end_class;
        size_t item = parser->at;
        TRY(take_set_item(parser, set, &first, &is_class));
        bool is_range = is_at(parser, "-") && parser->at + 1 < parser->text.len &&
                        parser->text.at[parser->at + 1] != ']';
        if (!is_range) {
            if (!is_class)
                add_span(parser, set, first, first);
            continue;
        }
        parser->at++;
        TRY(take_set_item(parser, set, &last, &is_end_class));
        if (is_class || is_end_class || last < first) {
            AUTO(text) Text what = {0};
            text_add_c(&what, "bad character range ");
            text_add(&what, str_slice(parser->text, item, parser->at));
            return re_fail(parser, item, what.at);
        }
        add_span(parser, set, first, last);
    }
}

/* ---- (groups) ---- */

static bool parse_choice(Parser *parser, ReNode **out);

static bool take_group_name(Parser *parser, char end, Str *out)
{
    size_t start = parser->at;
    while (has_more(parser) && parser->text.at[parser->at] != end)
        parser->at++;
    *out = str_slice(parser->text, start, parser->at);
    if (!has_more(parser))
        return re_fail(parser, start, end == '>' ? "missing >, unterminated name"
                                                 : "missing ), unterminated name");
    if (!out->len)
        return re_fail(parser, start, "missing group name");
    parser->at++;
    return true;
}

static bool is_identifier(Str name)
{
    for (size_t at = 0; at < name.len;)
        if (!code_is_word(utf8_next(name, &at)))
            return false;
    return name.len && !(name.at[0] >= '0' && name.at[0] <= '9');
}

static uint32_t flag_of(char c)
{
    switch (c) {
    case 'i': return RE_IGNORECASE;
    case 'm': return RE_MULTILINE;
    case 's': return RE_DOTALL;
    case 'x': return RE_VERBOSE;
    case 'a': return RE_ASCII;
    case 'u': return RE_UNICODE;
    case 'L': return RE_LOCALE;
    default: return 0;
    }
}

/* Blanks and comments of the verbose form. */
static void skip_blanks(Parser *parser)
{
    while ((parser->flags & RE_VERBOSE) && has_more(parser)) {
        char c = parser->text.at[parser->at];
        if (c == '#') {
            while (has_more(parser) && parser->text.at[parser->at] != '\n')
                parser->at++;
        } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
            parser->at++;
        } else {
            return;
        }
    }
}

/* (?ims) for the whole pattern, (?im-s:...) for a part. */
static bool parse_flags(Parser *parser, size_t start, ReNode **out)
{
    uint32_t on = 0, off = 0, *to = &on;
    for (; has_more(parser) && !is_at(parser, ")") && !is_at(parser, ":"); parser->at++) {
        char c = parser->text.at[parser->at];
        if (c == '-' && to == &on) {
            to = &off;
            continue;
        }
        if (!flag_of(c))
            return re_fail(parser, parser->at, "unknown flag");
        *to |= flag_of(c);
    }
    *out = node_make(parser, RE_EMPTY);
    if (take(parser, ")")) {
        if (start != parser->flags_end)
            return re_fail(parser, start, "global flags not at the start of the expression");
        parser->flags |= on;
        parser->regex->flags |= on;
        skip_blanks(parser);
        parser->flags_end = parser->at;
        return true;
    }
    uint32_t before = parser->flags;
    if (!take(parser, ":"))
        return re_fail(parser, parser->at, "missing -, : or )");
    parser->flags = (parser->flags | on) & ~off;
    TRY(parse_choice(parser, out));
    parser->flags = before;
    return take(parser, ")") ||
           re_fail(parser, start, "missing ), unterminated subpattern");
}

/* (?(1)then|else) */
static bool parse_condition(Parser *parser, size_t start, ReNode **out)
{
    Str name;
    TRY(take_group_name(parser, ')', &name));
    *out = node_make(parser, RE_CONDITION);
    int64_t number;
    const Value *known = dict_find(parser->regex->names, name);
    if (known)
        number = known->number;
    else if (!str_to_int(name, &number) || number < 1)
        return re_fail(parser, start + 3, "bad character in group name");
    if (number > MOST_GROUPS)
        return re_fail(parser, start + 3, "invalid group reference");
    (*out)->group = (uint32_t)number;
    ReNode *choice;
    TRY(parse_choice(parser, &choice));
    ReNode *first = choice, *second = NULL;
    if (choice->kind == RE_CHOICE) {
        first = choice->first;
        second = first->next;
        if (second && second->next)
            return re_fail(parser, start, "conditional backref with more than two branches");
    }
    first->next = second ? second : node_make(parser, RE_EMPTY);
    (*out)->first = first;
    return true;
}

static bool parse_capture(Parser *parser, Str name, size_t start, ReNode **out)
{
    Regex *regex = parser->regex;
    *out = node_make(parser, RE_GROUP);
    if (regex->group_count >= MOST_GROUPS)
        return re_fail(parser, start, "too many groups");
    uint32_t number = (*out)->group = ++regex->group_count;
    if (name.len) {
        if (dict_find(regex->names, name)) {
            AUTO(text) Text what = {0};
            text_print(&what, "redefinition of group name '" STR_FMT "' as group %u",
                       STR_ARG(name), number);
            return re_fail(parser, start + 4, what.at);
        }
        dict_put(regex->names, name, value_int(number));
    }
    TRY(parse_choice(parser, &(*out)->first));
    parser->closed[number] = true;
    return true;
}

static bool parse_look(Parser *parser, bool is_behind, bool is_negated, ReNode **out)
{
    *out = node_make(parser, RE_LOOK);
    (*out)->is_behind = is_behind;
    (*out)->is_negated = is_negated;
    return parse_choice(parser, &(*out)->first);
}

static bool unknown_extension(Parser *parser, size_t start, const char *letters)
{
    AUTO(text) Text what = {0};
    size_t end = parser->at;
    if (has_more(parser))
        utf8_next(parser->text, &end);
    text_print(&what, "unknown extension ?%s", letters);
    text_add(&what, str_slice(parser->text, parser->at, end));
    return re_fail(parser, start + 1, what.at);
}

static bool parse_named(Parser *parser, size_t start, ReNode **out, bool *is_closed)
{
    Str name;
    *is_closed = false;
    if (take(parser, "<")) {
        TRY(take_group_name(parser, '>', &name));
        if (!is_identifier(name))
            return re_fail(parser, start + 4, "bad character in group name");
        return parse_capture(parser, name, start, out);
    }
    if (!take(parser, "="))
        return unknown_extension(parser, start, "P");
    TRY(take_group_name(parser, ')', &name));
    const Value *group = dict_find(parser->regex->names, name);
    if (!group)
        return re_fail(parser, start + 4, "unknown group name");
    *out = node_make(parser, RE_BACKREF);
    (*out)->group = (uint32_t)group->number;
    *is_closed = true;
    return true;
}

static bool parse_group(Parser *parser, ReNode **out)
{
    size_t start = parser->at++;
    uint32_t before = parser->flags;
    bool ok = false, is_closed = false;
    if (!take(parser, "?")) {
        ok = parse_capture(parser, STR_NONE, start, out);
    } else if (take(parser, ":")) {
        ok = parse_choice(parser, out);
    } else if (take(parser, "P")) {
        ok = parse_named(parser, start, out, &is_closed);
    } else if (take(parser, "=")) {
        ok = parse_look(parser, false, false, out);
    } else if (take(parser, "!")) {
        ok = parse_look(parser, false, true, out);
    } else if (take(parser, "<=")) {
        ok = parse_look(parser, true, false, out);
    } else if (take(parser, "<!")) {
        ok = parse_look(parser, true, true, out);
    } else if (take(parser, ">")) {
        *out = node_make(parser, RE_ATOMIC);
        ok = parse_choice(parser, &(*out)->first);
    } else if (take(parser, "(")) {
        ok = parse_condition(parser, start, out);
    } else if (take(parser, "#")) {
        while (has_more(parser) && !is_at(parser, ")"))
            parser->at++;
        *out = node_make(parser, RE_EMPTY);
        ok = true;
    } else if (has_more(parser) && (flag_of(parser->text.at[parser->at]) || is_at(parser, "-"))) {
        return parse_flags(parser, start, out);
    } else {
        return unknown_extension(parser, start, "");
    }
    TRY(ok);
    parser->flags = before;
    if (is_closed || take(parser, ")"))
        return true;
    return re_fail(parser, start, "missing ), unterminated subpattern");
}

/* ---- sequences ---- */

/* * + ? {m,n} behind an item. */
static bool take_counts(Parser *parser, uint32_t *least, uint32_t *most)
{
    *least = 0;
    *most = UINT32_MAX;
    if (take(parser, "*"))
        return true;
    if (take(parser, "+")) {
        *least = 1;
        return true;
    }
    if (take(parser, "?")) {
        *most = 1;
        return true;
    }
    size_t start = parser->at;
    if (!take(parser, "{"))
        return false;
    uint32_t counts[2] = {0};
    bool has[2] = {false};
    bool has_comma = false;
    for (int i = 0; i < 2; i++) {
        for (; has_more(parser) && parser->text.at[parser->at] >= '0' &&
               parser->text.at[parser->at] <= '9' && counts[i] < 100000000; has[i] = true)
            counts[i] = counts[i] * 10 + (uint32_t)(parser->text.at[parser->at++] - '0');
        if (i == 0 && !(has_comma = take(parser, ",")))
            break;
    }
    if (!take(parser, "}") || (!has[0] && !has_comma)) {
        parser->at = start;
        return false;
    }
    *least = counts[0];
    *most = !has_comma ? counts[0] : has[1] ? counts[1] : UINT32_MAX;
    return true;
}

static bool parse_repeats(Parser *parser, ReNode **item)
{
    skip_blanks(parser);
    size_t start = parser->at;
    uint32_t least, most;
    if (!take_counts(parser, &least, &most))
        return true;
    if (least > most)
        return re_fail(parser, start, "min repeat greater than max repeat");
    if ((*item)->kind == RE_EMPTY || (*item)->kind >= RE_START)
        return re_fail(parser, start, "nothing to repeat");
    ReNode *repeat = node_make(parser, RE_REPEAT);
    repeat->first = *item;
    repeat->least = least;
    repeat->most = most;
    repeat->mode = take(parser, "?")   ? REPEAT_LAZY
                   : take(parser, "+") ? REPEAT_POSSESSIVE
                                       : REPEAT_GREEDY;
    *item = repeat;
    size_t behind = parser->at;
    skip_blanks(parser);
    if (take_counts(parser, &least, &most))
        return re_fail(parser, behind, "multiple repeat");
    return true;
}

static bool parse_item(Parser *parser, ReNode **out)
{
    char c = parser->text.at[parser->at];
    switch (c) {
    case '\\': return parse_escape(parser, out);
    case '[': return parse_set(parser, out);
    case '(': return parse_group(parser, out);
    case '*':
    case '+':
    case '?': return re_fail(parser, parser->at, "nothing to repeat");
    case '.':
    case '^':
    case '$':
        parser->at++;
        *out = node_make(parser, c == '.' ? RE_ANY : c == '^' ? RE_START : RE_END);
        return true;
    default: break;
    }
    uint32_t least, most;
    size_t start = parser->at;
    if (c == '{' && take_counts(parser, &least, &most))
        return re_fail(parser, start, "nothing to repeat");
    *out = node_make(parser, RE_CHAR);
    (*out)->code = utf8_next(parser->text, &parser->at);
    return true;
}

static bool parse_sequence(Parser *parser, ReNode **out)
{
    ReNode *sequence = node_make(parser, RE_SEQUENCE), **tail = &sequence->first;
    for (;;) {
        skip_blanks(parser);
        if (!has_more(parser) || is_at(parser, "|") || is_at(parser, ")"))
            break;
        TRY(parse_item(parser, tail));
        TRY(parse_repeats(parser, tail));
        tail = &(*tail)->next;
    }
    *out = sequence;
    return true;
}

static bool parse_choice(Parser *parser, ReNode **out)
{
    if (++parser->depth > DEEPEST_PATTERN)
        return err_set(parser->err, ERR_TOO_DEEP, NOWHERE, "the pattern nests too deep");
    ReNode *first;
    TRY(parse_sequence(parser, &first));
    *out = first;
    if (is_at(parser, "|")) {
        *out = node_make(parser, RE_CHOICE);
        (*out)->first = first;
        for (ReNode *last = first; take(parser, "|"); last = last->next)
            TRY(parse_sequence(parser, &last->next));
    }
    parser->depth--;
    return true;
}

bool regex_parse(Arena *arena, Regex *regex, ReNode **out, Err *err)
{
    Parser parser = {.arena = arena, .regex = regex, .text = regex->pattern,
                     .flags = regex->flags, .err = err};
    TRY(parse_choice(&parser, out));
    if (has_more(&parser))
        return re_fail(&parser, parser.at, "unbalanced parenthesis");
    return true;
}
