/* lines.c: what begins and ends lines: LT03, LT04, LT05, LT07 to LT11, LT14. */
#include "lint/lint_base.h"

static bool is_tag(const Token *token)
{
    return token->kind == TOKEN_TAG || token->kind == TOKEN_SKIP || token->kind == TOKEN_NOTE;
}

/* Is there a line end in the gaps (from, to]? */
static bool breaks_between(const LintFile *file, uint32_t from, uint32_t to)
{
    for (uint32_t gap = from + 1; gap <= to; gap++)
        if (file_gap_breaks(file, gap))
            return true;
    return false;
}

static bool has_tags_between(const LintFile *file, uint32_t from, uint32_t to)
{
    for (uint32_t i = from + 1; i < to; i++)
        if (is_tag(&file->tokens[i]))
            return true;
    return false;
}

static bool is_near_code(const LintFile *file, uint32_t token, uint32_t *prior, uint32_t *next)
{
    *prior = file_prior_code(file, token);
    *next = file_next_code(file, token + 1);
    return *prior != UINT32_MAX && file->tokens[*next].kind != TOKEN_END;
}

/* ---- LT03, LT04: words that lead or trail ---- */

/* Moves a token from the start of a line to the end of the one above. */
static void move_up(LintFile *file, RuleId rule, uint32_t token, uint32_t prior, uint32_t next,
                    Str space)
{
    const Token *at = &file->tokens[token];
    if (prior + 1 == token && next == token + 1) {
        Str gap = file_gap(file, token);
        file_edit_gap(file, rule, token, space);
        file_edit_gap(file, rule, next, gap);
    } else if (next == token + 1) {
        file_edit(file, rule, file->tokens[prior].end, file->tokens[prior].end,
                  str_print(file->arena, STR_FMT STR_FMT, STR_ARG(space), STR_ARG(at->text)));
        file_edit(file, rule, at->offset, file->tokens[next].offset, STR(""));
    }
}

/* Moves a token from the end of a line to the start of the next one. */
static void move_down(LintFile *file, RuleId rule, uint32_t token, uint32_t prior, uint32_t next)
{
    const Token *at = &file->tokens[token];
    if (prior + 1 == token && next == token + 1) {
        Str gap = file_gap(file, next);
        file_edit_gap(file, rule, token, gap);
        file_edit_gap(file, rule, next, STR(" "));
    } else if (prior + 1 == token) {
        file_edit(file, rule, file->tokens[prior].end, at->end, STR(""));
        file_edit(file, rule, file->tokens[next].offset, file->tokens[next].offset,
                  str_print(file->arena, STR_FMT " ", STR_ARG(at->text)));
    }
}

static void check_position(LintFile *file, RuleId rule, uint32_t token, LinePosition wanted,
                           const char *kind)
{
    uint32_t prior, next;
    if (wanted == POSITION_ANY || !is_near_code(file, token, &prior, &next))
        return;
    bool before = breaks_between(file, prior, token), behind = breaks_between(file, token, next);
    bool is_wrong = wanted == POSITION_TRAILING ? before && !behind : behind && !before;
    if (!is_wrong ||
        !file_report(file, rule, file->tokens[token].offset, true,
                     wanted == POSITION_TRAILING
                         ? "Found leading %s. Expected only trailing near line breaks."
                         : "Found trailing %s. Expected only leading near line breaks.", kind) ||
        has_tags_between(file, prior, next))
        return;
    if (wanted == POSITION_TRAILING)
        move_up(file, rule, token, prior, next, rule == RULE_LT04 ? STR("") : STR(" "));
    else
        move_down(file, rule, token, prior, next);
}

void check_commas(LintFile *file)
{
    for (uint32_t i = 0; i < file->count; i++)
        if (file->tokens[i].kind == TOKEN_COMMA)
            check_position(file, RULE_LT04, i, file->config->comma, "comma");
}

void check_operators(LintFile *file)
{
    for (uint32_t i = 0; i < file->count; i++) {
        const Token *token = &file->tokens[i];
        if (!token->is_operator)
            continue;
        bool is_compare = token->role == ROLE_COMPARE;
        check_position(file, RULE_LT03, i, is_compare ? file->config->comparison
                                                      : file->config->operator,
                       is_compare ? "comparison operator" : "binary operator");
    }
}

/* ---- LT11 ---- */

void check_set_operators(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        if (node->kind != NODE_SET_OPERATOR || node->end >= file->count)
            continue;
        uint32_t prior = file_prior_code(file, node->first), next = file_next_code(file, node->end);
        if (prior == UINT32_MAX || file->tokens[next].kind == TOKEN_END)
            continue;
        bool before = breaks_between(file, prior, node->first);
        bool behind = breaks_between(file, node->end - 1, next);
        if ((before && behind) ||
            !file_report(file, RULE_LT11, file->tokens[node->first].offset, true,
                         "Set operators should be surrounded by newlines."))
            continue;
        Str line = file_line_break(file, file_line_indent(file, node->first));
        if (!before && !has_tags_between(file, prior, node->first))
            file_edit_gap(file, RULE_LT11, node->first, line);
        if (!behind && !has_tags_between(file, node->end - 1, next))
            file_edit_gap(file, RULE_LT11, node->end, line);
    }
}

/* ---- LT09, LT10 ---- */

/* {{ dbt_utils.star(...) }} may become any number of columns. */
static bool is_unknown(const LintFile *file, const Node *target)
{
    return target->end == target->first + 1 && file->tokens[target->first].kind == TOKEN_EXPR;
}

/* One target: on the line of SELECT. */
static void check_single_target(LintFile *file, const Node *clause, const Node *target)
{
    for (uint32_t i = clause->first; i < target->end; i++)
        if (!token_is_code(&file->tokens[i]) || file->tokens[i].role == ROLE_OPAQUE)
            return;
    if (!breaks_between(file, clause->first, target->first) ||
        breaks_between(file, target->first, target->end - 1) || is_unknown(file, target) ||
        !file_report(file, RULE_LT09, file->tokens[clause->first].offset, true,
                     "Select targets should be on a new line unless there is only one select "
                     "target."))
        return;
    file_edit_gap(file, RULE_LT09, target->first, STR(" "));
}

static bool is_star_target(const LintFile *file, const Node *target)
{
    return target->end > target->first && file->tokens[target->end - 1].role == ROLE_STAR;
}

static void check_targets(LintFile *file, uint32_t number)
{
    const Node *clause = file_node(file, number), *single = NULL;
    uint32_t count = 0, ends_at = clause->first;
    bool is_wrong = false, has_star = false;
    Str line = file_line_break(file, file_line_indent(file, clause->first) +
                                         file->config->tab_size);
    for (uint32_t i = number + 1; i < clause->after; i++) {
        const Node *node = file_node(file, i);
        if (node->kind != NODE_TARGET || node->parent != number || node->end == node->first)
            continue;
        count++;
        single = node;
        has_star = is_star_target(file, node);
    }
    if (!count)
        return;
    if (count == 1 && !(has_star && str_is(config_text(file->config, "rules:layout.select_targets",
                                                       "wildcard_policy"), "multiple"))) {
        check_single_target(file, clause, single);
        return;
    }
    for (uint32_t i = number + 1; i < clause->after; i++) {
        const Node *node = file_node(file, i);
        if (node->kind != NODE_TARGET || node->parent != number || node->end == node->first)
            continue;
        if (!breaks_between(file, ends_at, node->first)) {
            is_wrong = true;
            if (!has_tags_between(file, ends_at, node->first))
                file_edit_gap(file, RULE_LT09, node->first, line);
        }
        ends_at = node->end - 1;
    }
    if (is_wrong)
        file_report(file, RULE_LT09, file->tokens[clause->first].offset, true,
                    "Select targets should be on a new line unless there is only one select "
                    "target.");
}

void check_select_targets(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++)
        if (file_node(file, i)->kind == NODE_SELECT_CLAUSE)
            check_targets(file, i);
}

void check_select_modifiers(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        if (node->kind != NODE_MODIFIER || node->end >= file->count)
            continue;
        uint32_t keyword = file_prior_code(file, node->first);
        if (!breaks_between(file, keyword, node->first) ||
            !file_report(file, RULE_LT10, file->tokens[keyword].offset, true,
                         "'SELECT' modifiers (e.g. 'DISTINCT') must be on the same line as "
                         "'SELECT'.") ||
            keyword + 1 != node->first)
            continue;
        Str gap = file_gap(file, node->first);
        bool breaks = file_gap_breaks(file, node->end);
        file_edit_gap(file, RULE_LT10, node->first, STR(" "));
        if (!breaks)
            file_edit_gap(file, RULE_LT10, node->end, gap);
    }
}

/* ---- LT07, LT08 ---- */

/* Blank lines between two tokens. */
static uint32_t blank_lines(const LintFile *file, uint32_t from, uint32_t to)
{
    uint32_t blank = 0;
    for (uint32_t gap = from + 1; gap <= to; gap++) {
        Str text = file_gap(file, gap);
        uint32_t breaks = 0;
        for (size_t i = 0; i < text.len; i++)
            breaks += text.at[i] == '\n';
        blank += breaks > 1 ? breaks - 1 : 0;
    }
    return blank;
}

static void check_cte_end(LintFile *file, uint32_t close)
{
    uint32_t next = file_next_code(file, close + 1);
    uint32_t comma = file->tokens[next].kind == TOKEN_COMMA ? next : close;
    uint32_t to = comma == close ? next : file_next_code(file, comma + 1);
    if (file->tokens[to].kind == TOKEN_END || blank_lines(file, close, to))
        return;
    bool is_leading = comma != close && breaks_between(file, close, comma);
    if (has_tags_between(file, close, to) ||
        !file_report(file, RULE_LT08, file->tokens[to].offset, true,
                     "Blank line expected but not found after CTE closing bracket."))
        return;
    uint32_t gap = is_leading || comma == close ? close + 1 : comma + 1;
    while (gap < to && !file_gap_breaks(file, gap))
        gap++;
    Str text = file_gap(file, gap), line = file_line_break(file, 0);
    Str more = str_find_char(text, '\n') >= 0 ? line : STR_NONE;
    if (!more.len)
        file_edit_gap(file, RULE_LT08, gap, str_print(file->arena, STR_FMT STR_FMT, STR_ARG(line),
                                                      STR_ARG(line)));
    else
        file_edit_gap(file, RULE_LT08, gap, str_print(file->arena, STR_FMT STR_FMT, STR_ARG(line),
                                                      STR_ARG(str_slice(text, (size_t)str_find(
                                                          text, more), text.len))));
}

void check_cte_lines(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        uint32_t close = node->end ? node->end - 1 : 0;
        if (node->kind != NODE_CTE || file->tokens[close].kind != TOKEN_CLOSE)
            continue;
        uint32_t open = close;
        for (uint32_t j = i + 1; j < node->after; j++)
            if (file_node(file, j)->kind == NODE_BRACKET && file_node(file, j)->parent == i)
                open = file_node(file, j)->first;
        uint32_t prior = close - 1;
        if (breaks_between(file, open, close) && !file_gap_breaks(file, close) &&
            !is_tag(&file->tokens[prior]) &&
            file_report(file, RULE_LT07, file->tokens[close].offset, true,
                        "'WITH' clause closing bracket should be on a new line."))
            file_edit_gap(file, RULE_LT07, close,
                          file_line_break(file, file_line_indent(file, open)));
        check_cte_end(file, close);
    }
}

/* ---- LT14 ---- */

void check_keyword_lines(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        bool is_order = node->kind == NODE_ORDER &&
                        file_node(file, node->parent)->kind != NODE_BRACKET;
        bool is_clause = node->kind == NODE_WHERE || node->kind == NODE_GROUP ||
                         node->kind == NODE_HAVING || is_order;
        if (!is_clause)
            continue;
        uint32_t last = node->first;
        if (node->kind == NODE_GROUP || node->kind == NODE_ORDER)
            last = file_next_code(file, last + 1);
        uint32_t prior = file_prior_code(file, node->first), next = file_next_code(file, last + 1);
        if (prior == UINT32_MAX || breaks_between(file, prior, node->first) ||
            (is_order && !breaks_between(file, last, next)))
            continue;
        Str word = file->tokens[node->first].text;
        if (file_report(file, RULE_LT14, file->tokens[node->first].offset, true,
                        "The '" STR_FMT "' clause should start a new line.", STR_ARG(word)))
            file_edit_gap(file, RULE_LT14, node->first,
                          file_line_break(file, file_line_indent(file, node->first)));
    }
}

/* ---- LT05 ---- */

typedef struct Breaks {
    uint32_t *gaps, count;
    int balance;                  /* in hundredths: 100 = one indent in  */
} Breaks;

static void add_break(Breaks *breaks, int balance, uint32_t gap)
{
    if (balance > breaks->balance)
        return;
    if (balance < breaks->balance) {
        breaks->balance = balance;
        breaks->count = 0;
    }
    if (!breaks->count || breaks->gaps[breaks->count - 1] != gap)
        breaks->gaps[breaks->count++] = gap;
}

static int priority_of(const Token *token)
{
    return token->kind == TOKEN_COMMA    ? 1
           : token->role == ROLE_ASSIGN  ? 2
           : token_is(token, "or")       ? 3
           : token_is(token, "and")      ? 4
           : token->role == ROLE_COMPARE ? 5
           : str_is(token->text, "*") || str_is(token->text, "/") || str_is(token->text, "%") ? 7
                                                                                              : 6;
}

/* Does a clause that likes its own lines begin or end at this gap? */
static bool is_clause_edge(const LintFile *file, uint32_t gap)
{
    for (uint32_t n = file->tokens[gap].node; n; n = file_node(file, n)->parent) {
        const Node *node = file_node(file, n);
        if (node->first != gap)
            return false;
        if (node->kind == NODE_SELECT_CLAUSE || node->kind == NODE_WHERE ||
            node->kind == NODE_FROM || node->kind == NODE_JOIN || node->kind == NODE_GROUP ||
            node->kind == NODE_ORDER || node->kind == NODE_HAVING || node->kind == NODE_LIMIT)
            return true;
    }
    return false;
}

/* The outermost places of a line (tokens [first, end)) where it can be broken. */
static void find_breaks(const LintFile *file, uint32_t first, uint32_t end, Breaks *breaks)
{
    int balance = 0;
    for (uint32_t gap = first + 1; gap <= end && gap < file->count; gap++) {
        const Gap *at = &file->gaps[gap];
        const Token *token = &file->tokens[gap], *prior = &file->tokens[gap - 1];
        bool is_free = gap < end && !str_trim(file_gap(file, gap)).len;
        for (int b = 0; b > at->trough && is_free; b--)
            add_break(breaks, (balance + b) * 100, gap);
        for (int b = 0; !at->trough && b < at->sum && is_free; b++)
            add_break(breaks, (balance + b + 1) * 100, gap);
        balance += at->sum;
        if (!is_free)
            continue;
        const Token *operator = token->is_operator ? token : prior->is_operator ? prior : NULL;
        bool leads = operator == token;
        LinePosition position = operator && operator->role == ROLE_COMPARE
                                    ? file->config->comparison : file->config->operator;
        if (operator && leads == (position == POSITION_LEADING))
            add_break(breaks, balance * 100 + 50 + priority_of(operator), gap);
        else if (file->config->comma == POSITION_LEADING ? token->kind == TOKEN_COMMA
                                                         : prior->kind == TOKEN_COMMA)
            add_break(breaks, balance * 100 + 51, gap);
        else if (is_clause_edge(file, gap))
            add_break(breaks, balance * 100 + 56, gap);
    }
}

/* A comment behind code goes to a line of its own above. */
static bool move_comment(LintFile *file, uint32_t first, uint32_t last)
{
    const Token *comment = &file->tokens[last];
    uint32_t width = file_line_indent(file, first);
    if (comment->kind != TOKEN_COMMENT)
        return false;
    bool fits = width + utf8_length(comment->text) <= file->config->max_line_length;
    if (last == first || !fits || str_find(comment->text, STR("noqa")) >= 0 ||
        str_find_char(str_slice(file->source, file->tokens[first].offset, comment->end), '\n') >= 0)
        return true;
    file_edit(file, RULE_LT05, file->tokens[last - 1].end, comment->end, STR(""));
    file_edit(file, RULE_LT05, file->tokens[first].offset, file->tokens[first].offset,
              str_print(file->arena, STR_FMT STR_FMT, STR_ARG(comment->text),
                        STR_ARG(file_line_break(file, width))));
    return true;
}

/* The first break that is needed: the last raise that stands within the limit. */
static uint32_t last_raise(const LintFile *file, const Breaks *breaks)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < breaks->count; i++) {
        uint32_t offset = file->tokens[breaks->gaps[i]].offset;
        uint32_t start = file->line_starts[file_line(file, offset) - 1];
        if (offset - start >= file->config->max_line_length)
            break;
        if (file->gaps[breaks->gaps[i]].trough >= 0)
            found = i;
    }
    return found;
}

/* Breaks the line of tokens [first, end). */
static void break_line(LintFile *file, uint32_t first, uint32_t end)
{
    if (end == first || move_comment(file, first, end - 1))
        return;
    Breaks breaks = {NEW_N(file->arena, uint32_t, end - first + 1), 0, INT32_MAX};
    find_breaks(file, first, end, &breaks);
    uint32_t width = file_line_indent(file, first), step = file->config->tab_size;
    if (breaks.balance % 100) {
        for (uint32_t i = 0; i < breaks.count; i++)
            file_edit_gap(file, RULE_LT05, breaks.gaps[i],
                          file_line_break(file, width + (breaks.balance >= 100 ? step : 0)));
        return;
    }
    for (uint32_t i = last_raise(file, &breaks); i < breaks.count; i++) {
        const Gap *gap = &file->gaps[breaks.gaps[i]];
        TokenKind next = file->tokens[breaks.gaps[i]].kind;
        if (gap->sum < 0 && (next == TOKEN_COMMA || next == TOKEN_SEMICOLON))
            return;
        file_edit_gap(file, RULE_LT05, breaks.gaps[i],
                      file_line_break(file, gap->sum < 0 ? width : width + step));
        if (gap->trough < 0)
            return;
    }
}

static Str line_text(const LintFile *file, uint32_t line)
{
    uint32_t from = file->line_starts[line];
    uint32_t to = line + 1 < file->line_count ? file->line_starts[line + 1]
                                              : (uint32_t)file->source.len;
    while (to > from && (file->source.at[to - 1] == '\n' || file->source.at[to - 1] == '\r'))
        to--;
    return str_slice(file->source, from, to);
}

static bool is_comment_line(const LintFile *file, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++)
        if (file->tokens[i].kind != TOKEN_COMMENT && file->tokens[i].kind != TOKEN_BLOCK_COMMENT)
            return false;
    return end > first;
}

void check_long_lines(LintFile *file)
{
    uint32_t limit = file->config->max_line_length, at = 0;
    bool ignores = config_flag(file->config, "rules:layout.long_lines", "ignore_comment_lines",
                               false);
    for (uint32_t line = 0; limit && line < file->line_count; line++) {
        Str text = line_text(file, line);
        if (text.len <= limit || utf8_length(text) <= limit)
            continue;
        uint32_t from = file->line_starts[line], to = from + (uint32_t)text.len;
        while (file->tokens[at].kind != TOKEN_END && file->tokens[at].end <= from)
            at++;
        if (file->tokens[at].offset < from || file->tokens[at].offset >= to)
            continue;
        uint32_t end = at;
        while (file->tokens[end].kind != TOKEN_END && file->tokens[end].offset < to)
            end++;
        if ((ignores && is_comment_line(file, at, end)) ||
            !file_report(file, RULE_LT05, file->tokens[at].offset, true,
                         "Line is too long (%u > %u).", (unsigned)utf8_length(text), limit))
            continue;
        break_line(file, at, end);
    }
}
