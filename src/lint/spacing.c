/* spacing.c: what stands between words on a line and at the ends of lines and files: LT01, LT06,
 * LT12, LT13, LT15, and JJ01 within tags. */
#include "lint/lint_base.h"

typedef enum Space { SPACE_SINGLE, SPACE_TOUCH, SPACE_INLINE /* touch; line ends too */,
                     SPACE_ANY } Space;

/* Brackets of calls, types, indexes touch what is before them. */
static Space before_bracket(const LintFile *file, uint32_t gap)
{
    const Token *prior = &file->tokens[gap - 1], *open = &file->tokens[gap];
    if (prior->role == ROLE_FUNCTION || prior->role == ROLE_TYPE)
        return prior->role == ROLE_TYPE && open->text.at[0] == '(' ? SPACE_TOUCH : SPACE_INLINE;
    const Node *node = file_node(file, open->node);
    bool is_alias = node->kind == NODE_BRACKET && file_node(file, node->parent)->kind == NODE_ALIAS;
    if (is_alias && prior->role == ROLE_ALIAS)
        return SPACE_ANY;
    bool ends_operand = prior->role == ROLE_NAME || prior->kind == TOKEN_CLOSE ||
                        prior->kind == TOKEN_QUOTED;
    return open->text.at[0] == '[' && ends_operand ? SPACE_INLINE : SPACE_SINGLE;
}

static Space stronger(Space a, Space b)
{
    return a == SPACE_ANY || b == SPACE_ANY ? SPACE_ANY : a > b ? a : b;
}

static Space space_before(const LintFile *file, uint32_t gap)
{
    const Token *token = &file->tokens[gap];
    switch (token->kind) {
    case TOKEN_COMMA:
    case TOKEN_SEMICOLON:
    case TOKEN_CLOSE:
    case TOKEN_DOT: return SPACE_TOUCH;
    case TOKEN_OPEN: return before_bracket(file, gap);
    case TOKEN_SYMBOL:
        return token->role == ROLE_CAST || token->role == ROLE_TOUCH ? SPACE_TOUCH : SPACE_SINGLE;
    case TOKEN_COMMENT:
    case TOKEN_BLOCK_COMMENT:
    case TOKEN_TAG:
    case TOKEN_NOTE:
    case TOKEN_SKIP:
    case TOKEN_END: return SPACE_ANY;
    default: return token->role == ROLE_EMPTY ? SPACE_ANY : SPACE_SINGLE;
    }
}

static Space space_after(const Token *token)
{
    switch (token->kind) {
    case TOKEN_OPEN:
    case TOKEN_DOT: return SPACE_TOUCH;
    case TOKEN_SYMBOL:
        return token->role == ROLE_CAST || token->role == ROLE_SIGN ? SPACE_INLINE
               : token->role == ROLE_TOUCH                         ? SPACE_TOUCH
                                                                    : SPACE_SINGLE;
    case TOKEN_COMMENT:
    case TOKEN_BLOCK_COMMENT:
    case TOKEN_TAG:
    case TOKEN_NOTE:
    case TOKEN_SKIP: return SPACE_ANY;
    default: return token->role == ROLE_EMPTY ? SPACE_ANY : SPACE_SINGLE;
    }
}

static Space wanted_space(const LintFile *file, uint32_t gap)
{
    const Token *prior = &file->tokens[gap - 1], *next = &file->tokens[gap];
    bool is_unknown = prior->role == ROLE_OPAQUE || next->role == ROLE_OPAQUE ||
                      (prior->kind == TOKEN_SYMBOL && prior->role == ROLE_NONE) ||
                      (next->kind == TOKEN_SYMBOL && next->role == ROLE_NONE);
    if (is_unknown)
        return SPACE_ANY;
    return stronger(space_before(file, gap), space_after(prior));
}

/* White space before the ends of lines within a gap. */
static void check_trailing(LintFile *file, uint32_t gap)
{
    Str text = file_gap(file, gap);
    if (str_trim(text).len)
        return;
    uint32_t from = file->tokens[gap].offset - (uint32_t)text.len;
    size_t begin = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '\n')
            continue;
        size_t end = i && text.at[i - 1] == '\r' ? i - 1 : i;
        bool is_at_start = begin || !gap;
        if (end > begin && file_report(file, RULE_LT01, from + (uint32_t)begin, true,
                                       "Unnecessary trailing whitespace%s.",
                                       is_at_start ? " on a blank line" : ""))
            file_edit(file, RULE_LT01, from + (uint32_t)begin, from + (uint32_t)end, STR(""));
        begin = i + 1;
    }
    if (file->tokens[gap].kind == TOKEN_END && gap && text.len > begin &&
        file_report(file, RULE_LT01, from + (uint32_t)begin, true,
                    "Unnecessary trailing whitespace at end of file."))
        file_edit(file, RULE_LT01, from + (uint32_t)begin, from + (uint32_t)text.len, STR(""));
}

static void tell_space(LintFile *file, uint32_t gap, Space wanted)
{
    const Token *prior = &file->tokens[gap - 1], *next = &file->tokens[gap];
    Str found = file_gap(file, gap);
    Str name = str_slice(next->text, 0, 40), before = str_slice(prior->text, 0, 40);
    bool is_told;
    if (wanted != SPACE_SINGLE)
        is_told = file_report(file, RULE_LT01, prior->end, true,
                              "Unexpected whitespace before '" STR_FMT "'.", STR_ARG(name));
    else if (found.len)
        is_told = file_report(file, RULE_LT01, prior->end, true,
                              "Expected only single space before '" STR_FMT "'.", STR_ARG(name));
    else
        is_told = file_report(file, RULE_LT01, prior->offset, true,
                              "Expected single whitespace between '" STR_FMT "' and '" STR_FMT
                              "'.", STR_ARG(before), STR_ARG(name));
    if (is_told && str_find_char(found, '\n') >= 0)
        file_report(file, RULE_LT01, next->offset, true, "Unexpected line break before '" STR_FMT
                    "'.", STR_ARG(name));
    if (is_told)
        file_edit_gap(file, RULE_LT01, gap, wanted == SPACE_SINGLE ? STR(" ") : STR(""));
}

/* WITH a AS (: on one line where it can be. */
static bool is_cte_head(const LintFile *file, uint32_t gap)
{
    const Token *next = &file->tokens[gap], *prior = &file->tokens[gap - 1];
    return file_node(file, prior->node)->kind == NODE_CTE &&
           (file_node(file, next->node)->kind == NODE_CTE ||
            (next->kind == TOKEN_OPEN && token_is(prior, "as"))) &&
           next->kind != TOKEN_CLOSE;
}

void check_spacing(LintFile *file)
{
    if (!file->config->is_on[RULE_LT01])
        return;
    for (uint32_t gap = 0; gap < file->count; gap++) {
        Str text = file_gap(file, gap);
        bool breaks = str_find_char(text, '\n') >= 0;
        check_trailing(file, gap);
        if (!gap || file->tokens[gap].kind == TOKEN_END || str_trim(text).len)
            continue;
        Space wanted = wanted_space(file, gap);
        if (wanted == SPACE_ANY || (breaks && wanted != SPACE_INLINE &&
                                    !(wanted == SPACE_SINGLE && is_cte_head(file, gap))))
            continue;
        bool is_joined = !text.len && (file->tokens[gap].is_templated ||
                                       file->tokens[gap - 1].is_templated);
        if (wanted == SPACE_SINGLE ? !str_is(text, " ") && !is_joined : text.len > 0)
            tell_space(file, gap, wanted);
    }
}

/* ---- LT06 ---- */

void check_functions(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        uint32_t gap = node->extra + 1;
        if (node->kind == NODE_FUNCTION && gap < file->count &&
            file->tokens[gap].kind == TOKEN_OPEN && file_gap(file, gap).len &&
            file_report(file, RULE_LT06, file->tokens[node->first].offset, true,
                        "Function name not immediately followed by parenthesis."))
            file_edit_gap(file, RULE_LT06, gap, STR(""));
    }
}

/* ---- ends of the file, blank lines ---- */

void check_file_ends(LintFile *file)
{
    uint32_t last = file->count - 1;
    Str end = file_gap(file, last), start = file_gap(file, 0);
    if (last && file->tokens[last - 1].kind != TOKEN_SKIP && file->source.len &&
        !str_is(end, "\n") && !str_is(end, "\r\n")) {
        size_t lines = 0;
        for (size_t i = 0; i < end.len; i++)
            lines += end.at[i] == '\n';
        bool is_bad = lines != 1;
        uint32_t place = (uint32_t)file->source.len - (lines > 1);
        if (is_bad && file_report(file, RULE_LT12, place, true,
                                  "Files must end with a single trailing newline."))
            file_edit_gap(file, RULE_LT12, last, file_line_break(file, 0));
    }
    if (start.len && str_find_char(start, '\n') < 0 && last &&
        file_report(file, RULE_LT01, 0, true, "Unnecessary whitespace at the start of the file."))
        file_edit_gap(file, RULE_LT01, 0, STR(""));
    if (start.len && last &&
        file_report(file, RULE_LT13, 0, true,
                    "Files must not begin with newlines or whitespace."))
        file_edit_gap(file, RULE_LT13, 0, STR(""));
}

static uint32_t setting(const LintFile *file, const char *key, uint32_t otherwise)
{
    int64_t number;
    Str text = config_text(file->config, "rules:layout.newlines", key);
    return text.len && str_to_int(text, &number) && number >= 0 ? (uint32_t)number : otherwise;
}

/* Within a statement, other than between CTEs? */
static bool is_inside(const LintFile *file, uint32_t gap)
{
    uint32_t prior = file_prior_code(file, gap);
    uint32_t n = prior == UINT32_MAX ? 0 : file->tokens[prior].node;
    while (n && (file_node(file, n)->first >= gap || file_node(file, n)->end <= gap))
        n = file_node(file, n)->parent;
    return n && file_node(file, n)->kind != NODE_WITH;
}

void check_blank_lines(LintFile *file)
{
    uint32_t between = setting(file, "maximum_empty_lines_between_statements", 2);
    uint32_t inside = setting(file, "maximum_empty_lines_inside_statements", 1);
    for (uint32_t gap = 1; gap + 1 < file->count; gap++) {
        Str text = file_gap(file, gap);
        size_t breaks = 0, kept = 0;
        for (size_t i = 0; i < text.len; i++)
            breaks += text.at[i] == '\n';
        if (breaks < 2)
            continue;
        uint32_t most = (is_inside(file, gap) ? inside : between) + 1;
        if (breaks <= most || str_trim(text).len || !file->config->is_on[RULE_LT15])
            continue;
        uint32_t from = file->tokens[gap].offset - (uint32_t)text.len;
        for (size_t i = 0, seen = 0; i < text.len; i++)
            if (text.at[i] == '\n' && ++seen > most)
                file_report(file, RULE_LT15, from + (uint32_t)i, true,
                            "Too many blank lines: %u, at most %u are allowed.",
                            (unsigned)breaks - 1, most - 1);
        AUTO(text) Text fixed = {0};
        for (size_t i = 0; i < text.len; i++)
            if (text.at[i] != '\n' || kept++ < most)
                text_add_char(&fixed, text.at[i]);
        file_edit_gap(file, RULE_LT15, gap, text_copy(file->arena, &fixed));
    }
}

/* ---- JJ01 ---- */

/* One side of a tag's inside: exactly one space, or a line end. */
static bool is_padded(Str inside, bool at_start)
{
    size_t count = 0;
    bool has_break = false;
    for (size_t i = 0; i < inside.len; i++) {
        char c = inside.at[at_start ? i : inside.len - 1 - i];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            break;
        has_break = has_break || c == '\n';
        count++;
    }
    return has_break || count == 1;
}

static void check_tag(LintFile *file, uint32_t offset, Str tag)
{
    size_t from = 2, end = tag.len - 2;
    from += tag.at[from] == '-' || tag.at[from] == '+';
    end -= end > from && (tag.at[end - 1] == '-' || tag.at[end - 1] == '+');
    Str inside = str_slice(tag, from, end), inner = str_trim(inside);
    if (!inner.len || (is_padded(inside, true) && is_padded(inside, false)) ||
        !file_report(file, RULE_JJ01, offset, true,
                     "Jinja tags should have a single whitespace on either side: '" STR_FMT "'.",
                     STR_ARG(str_slice(tag, 0, 40))))
        return;
    size_t start = (size_t)(inner.at - inside.at);
    if (!is_padded(inside, true))
        file_edit(file, RULE_JJ01, offset + (uint32_t)from, offset + (uint32_t)(from + start),
                  STR(" "));
    if (!is_padded(inside, false))
        file_edit(file, RULE_JJ01, offset + (uint32_t)(from + start + inner.len),
                  offset + (uint32_t)end, STR(" "));
}

/* Tags of any depth, also those within words, texts and hidden bodies. */
static void check_tags_of(LintFile *file, const Token *token)
{
    Str text = token->text;
    for (size_t at = 0; at + 3 < text.len; at++) {
        char kind = text.at[at + 1], close = kind == '{' ? '}' : kind, quote = '\0';
        if (text.at[at] != '{' || (kind != '{' && kind != '%'))
            continue;
        size_t end = at + 2;
        for (; end + 1 < text.len; end++) {
            char c = text.at[end];
            if (quote && c == '\\')
                end++;
            else if (quote)
                quote = c == quote ? '\0' : quote;
            else if (c == '\'' || c == '"')
                quote = c;
            else if (c == close && text.at[end + 1] == '}')
                break;
        }
        if (end + 1 >= text.len)
            return;
        if (end > at + 2)
            check_tag(file, token->offset + (uint32_t)at, str_slice(text, at, end + 2));
        at = end + 1;
    }
}

void check_jinja(LintFile *file)
{
    if (!file->config->is_on[RULE_JJ01])
        return;
    for (uint32_t i = 0; i < file->count; i++)
        if (file->tokens[i].is_templated)
            check_tags_of(file, &file->tokens[i]);
}
