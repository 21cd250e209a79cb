/* shapes.c: CV01 to CV07, CV10, CV11, ST01 to ST04, ST06, ST08, ST10, ST12. */
#include "lint/scope.h"

static Str setting(const LintFile *file, const char *rule, const char *key)
{
    char section[64] = "rules:";
    memcpy(section + 6, rule, strlen(rule) + 1);
    return config_text(file->config, section, key);
}

static uint32_t offset_of(const LintFile *file, uint32_t node)
{
    return file->tokens[file_node(file, node)->first].offset;
}

/* ---- words and symbols ---- */

static void check_not_equal(LintFile *file, const Token *token)
{
    Str policy = setting(file, "convention.not_equal", "preferred_not_equal_style");
    Str wanted = str_is(policy, "c_style") ? STR("!=") : str_is(policy, "ansi") ? STR("<>")
                                                                                 : STR_NONE;
    if (!str_is(token->text, "!=") && !str_is(token->text, "<>"))
        return;
    if (!wanted.len && !file->consistent[0].len)
        file->consistent[0] = token->text;
    if (!wanted.len)
        wanted = file->consistent[0];
    if (!str_eq(token->text, wanted))
        file_report(file, RULE_CV01, token->offset, false,
                    "Consistent usage of '!=' or '<>' for \"not equal to\" operator.");
}

/* a = null; SET and arguments' defaults assign. */
static void check_null_comparison(LintFile *file, uint32_t i)
{
    const Token *token = &file->tokens[i], *next = &file->tokens[file_next_code(file, i + 1)];
    bool is_meant = str_is(token->text, "=") || str_is(token->text, "!=") ||
                    str_is(token->text, "<>");
    if (is_meant && token->role == ROLE_COMPARE && token_is(next, "null") &&
        !file_has_kind_above(file, token->node, NODE_OTHER))
        file_report(file, RULE_CV05, token->offset, false,
                    "Comparisons with NULL should use \"IS\" or \"IS NOT\".");
}

static void check_quoted(LintFile *file, const Token *token)
{
    Dialect dialect = file->config->dialect;
    bool is_on = dialect == DIALECT_BIGQUERY || dialect == DIALECT_SPARKSQL ||
                 str_eq_fold(setting(file, "convention.quoted_literals", "force_enable"),
                             STR("true"));
    Str policy = setting(file, "convention.quoted_literals", "preferred_quoted_literal_style");
    char last = token->text.at[token->text.len - 1];
    char first = token->text.at[0];
    if (!is_on || token->kind != TOKEN_STRING || (first != '\'' && first != '"') || last != first ||
        token->text.len < 2)
        return;
    if (!policy.len || str_is(policy, "consistent")) {
        if (!file->consistent[1].len)
            file->consistent[1] = str_slice(token->text, 0, 1);
        policy = str_is(file->consistent[1], "'") ? STR("single_quotes") : STR("double_quotes");
    }
    char wanted = str_is(policy, "single_quotes") ? '\'' : '"';
    Str inside = str_slice(token->text, 1, token->text.len - 1);
    if (first != wanted && str_find_char(inside, wanted) < 0)
        file_report(file, RULE_CV10, token->offset, false,
                    "Inconsistent use of preferred quote style '%s'.",
                    wanted == '"' ? "double quotes" : "single quotes");
}

static void check_terminator(LintFile *file, uint32_t i)
{
    const Token *token = &file->tokens[i];
    uint32_t prior = file_prior_code(file, i);
    bool is_alone = config_flag(file->config, "rules:convention.terminator", "multiline_newline",
                                false);
    if (prior == UINT32_MAX || file->tokens[prior].kind == TOKEN_SEMICOLON) {
        file_report(file, RULE_ST12, token->offset, false, "Consecutive semicolons detected.");
        return;
    }
    bool is_apart = file->tokens[prior].end != token->offset;
    if (is_apart && !is_alone)
        file_report(file, RULE_CV06, file->tokens[prior].end, false,
                    "Statements must end with a semi-colon.");
}

static void check_final_terminator(LintFile *file)
{
    uint32_t last = file_prior_code(file, file->count - 1);
    if (config_flag(file->config, "rules:convention.terminator", "require_final_semicolon",
                    false) &&
        last != UINT32_MAX && file->tokens[last].kind != TOKEN_SEMICOLON)
        file_report(file, RULE_CV06, file->tokens[last].offset, false,
                    "Statements must end with a semi-colon.");
}

/* ---- CV02, CV04, CV11: calls ---- */

static void check_count(LintFile *file, uint32_t function)
{
    uint32_t bracket = node_child(file, function, NODE_BRACKET, 0);
    const Node *node = bracket == UINT32_MAX ? NULL : file_node(file, bracket);
    if (!node || node->end != node->first + 3)
        return;
    const Token *inside = &file->tokens[node->first + 1];
    bool wants_one = config_flag(file->config, "rules:convention.count_rows", "prefer_count_1",
                                 false);
    bool wants_zero = config_flag(file->config, "rules:convention.count_rows", "prefer_count_0",
                                  false);
    const char *wanted = wants_one ? "1" : wants_zero ? "0" : "*";
    bool counts = str_is(inside->text, "*") || str_is(inside->text, "0") ||
                  str_is(inside->text, "1");
    if (counts && !str_is(inside->text, wanted))
        file_report(file, RULE_CV04, offset_of(file, function), false,
                    "Use consistent syntax to express \"count number of rows\".");
}

static void tell_cast(LintFile *file, uint32_t offset, Str style)
{
    Str wanted = setting(file, "convention.casting_style", "preferred_type_casting_style");
    if (!wanted.len || str_is(wanted, "consistent")) {
        if (!file->consistent[2].len)
            file->consistent[2] = style;
        wanted = file->consistent[2];
    }
    if (!str_eq(style, wanted))
        file_report(file, RULE_CV11, offset, false, str_is(wanted, "cast")
                    ? "Used type casting style is different from the preferred type casting style."
                    : "Used type casting style is different from the preferred casting style.");
}

static void check_call(LintFile *file, uint32_t function)
{
    const Node *node = file_node(file, function);
    const Token *name = &file->tokens[node->extra];
    if (node->extra != node->first)
        return;
    if (token_is(name, "ifnull") || token_is(name, "nvl"))
        file_report(file, RULE_CV02, name->offset, false, "Use 'COALESCE' instead of '" STR_FMT
                    "'.", STR_ARG(str_upper(file->arena, name->text)));
    else if (token_is(name, "count"))
        check_count(file, function);
    else if (token_is(name, "cast"))
        tell_cast(file, name->offset, STR("cast"));
    else if (token_is(name, "convert"))
        tell_cast(file, name->offset, STR("convert"));
}

/* The first token of what :: casts. */
static uint32_t cast_operand(const LintFile *file, uint32_t cast)
{
    uint32_t prior = file_prior_code(file, cast);
    uint32_t n = prior == UINT32_MAX ? 0 : file->tokens[prior].node;
    while (n && file_node(file, n)->end == cast && file_node(file, n)->kind != NODE_EXPR &&
           file_node(file, file_node(file, n)->parent)->end == cast &&
           file_node(file, file_node(file, n)->parent)->kind != NODE_EXPR)
        n = file_node(file, n)->parent;
    return n && file_node(file, n)->end == cast && file_node(file, n)->kind != NODE_EXPR
               ? file_node(file, n)->first : prior;
}

/* ---- CV03 ---- */

static void check_trailing_comma(LintFile *file, uint32_t clause)
{
    const Node *node = file_node(file, clause);
    const Token *last = &file->tokens[node->end - 1];
    bool requires = str_is(setting(file, "convention.select_trailing_comma",
                                   "select_clause_trailing_comma"), "require");
    if (last->kind == TOKEN_COMMA && !requires && !last->in_block)
        file_report(file, RULE_CV03, last->offset, false,
                    "Trailing comma in select statement forbidden");
    else if (last->kind != TOKEN_COMMA && requires)
        file_report(file, RULE_CV03, last->offset, false,
                    "Trailing comma in select statement required");
}

/* ---- CV07 ---- */

static void check_statement_bracket(LintFile *file, uint32_t statement)
{
    const Node *node = file_node(file, statement);
    uint32_t set = node_child(file, statement, NODE_SET, 0);
    uint32_t bracket = set == UINT32_MAX ? set : node_child(file, set, NODE_BRACKET, 0);
    if (bracket != UINT32_MAX && file_node(file, bracket)->first == node->first &&
        file_node(file, bracket)->end == node->end)
        file_report(file, RULE_CV07, file->tokens[node->first].offset, false,
                    "Top-level statements should not be wrapped in brackets.");
}

void check_conventions(LintFile *file)
{
    for (uint32_t i = 0; i < file->count; i++) {
        const Token *token = &file->tokens[i];
        if (token->kind == TOKEN_STRING && token->text.len)
            check_quoted(file, token);
        else if (token->kind == TOKEN_SEMICOLON)
            check_terminator(file, i);
        if (token->role == ROLE_FUNCTION && file_node(file, token->node)->kind == NODE_FUNCTION &&
            file_node(file, token->node)->extra == i)
            check_call(file, token->node);
        if (token->kind != TOKEN_SYMBOL)
            continue;
        check_not_equal(file, token);
        check_null_comparison(file, i);
        if (token->role == ROLE_CAST)
            tell_cast(file, file->tokens[cast_operand(file, i)].offset, STR("shorthand"));
    }
    check_final_terminator(file);
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        if (node->kind == NODE_SELECT_CLAUSE && node->end > node->first)
            check_trailing_comma(file, i);
        else if (node->kind == NODE_STATEMENT)
            check_statement_bracket(file, i);
    }
}

/* ---- ST01, ST02, ST04 ---- */

/* Are two runs of tokens the same code? */
static bool is_same(const LintFile *file, const Node *a, const Node *b)
{
    uint32_t i = a->first, j = b->first;
    while (i < a->end && j < b->end) {
        if (!str_eq_fold(file->tokens[i].text, file->tokens[j].text))
            return false;
        i = file_next_code(file, i + 1);
        j = file_next_code(file, j + 1);
    }
    return i >= a->end && j >= b->end;
}

static bool is_word_expr(const LintFile *file, const Node *expr, const char *word)
{
    return expr->end == expr->first + 1 && token_is(&file->tokens[expr->first], word);
}

/* "x is null" and "x is not null": *column is x. */
static bool is_null_test(const LintFile *file, uint32_t condition, const Node **column,
                         bool *is_not)
{
    const Node *node = file_node(file, condition);
    uint32_t child = condition + 1, last = node->end ? node->end - 1 : 0;
    if (child >= node->after || file_node(file, child)->kind != NODE_COLUMN ||
        file_node(file, child)->first != node->first || !token_is(&file->tokens[last], "null"))
        return false;
    *column = file_node(file, child);
    uint32_t is = file_next_code(file, (*column)->end), then = file_next_code(file, is + 1);
    *is_not = token_is(&file->tokens[then], "not");
    return token_is(&file->tokens[is], "is") && (then == last || (*is_not &&
           file_next_code(file, then + 1) == last));
}

static bool is_bool(const LintFile *file, const Node *expr, bool *is_true)
{
    *is_true = is_word_expr(file, expr, "true");
    return *is_true || is_word_expr(file, expr, "false");
}

static void check_simple_case(LintFile *file, uint32_t number)
{
    uint32_t when = node_child(file, number, NODE_WHEN, 0);
    uint32_t otherwise = node_child(file, number, NODE_ELSE, 0);
    if (when == UINT32_MAX || node_count(file, number, NODE_WHEN) != 1 ||
        node_child(file, number, NODE_EXPR, 0) != UINT32_MAX)
        return;
    uint32_t condition = node_child(file, when, NODE_EXPR, 0);
    uint32_t then = node_child(file, when, NODE_EXPR, 1);
    uint32_t other = otherwise == UINT32_MAX ? otherwise
                                             : node_child(file, otherwise, NODE_EXPR, 0);
    const Node *column = NULL;
    bool is_not, a, b;
    if (then == UINT32_MAX)
        return;
    if (other != UINT32_MAX && is_bool(file, file_node(file, then), &a) &&
        is_bool(file, file_node(file, other), &b) && a != b) {
        file_report(file, RULE_ST02, offset_of(file, condition), false,
                    "Unnecessary CASE statement. Use COALESCE function instead.");
        return;
    }
    if (!is_null_test(file, condition, &column, &is_not))
        return;
    const Node *value = is_not ? file_node(file, then)
                               : other == UINT32_MAX ? NULL : file_node(file, other);
    bool is_coalesce = other != UINT32_MAX && value && is_same(file, value, column);
    bool is_column = is_not && is_same(file, file_node(file, then), column) &&
                     (other == UINT32_MAX || is_word_expr(file, file_node(file, other), "null"));
    if (is_coalesce || is_column)
        file_report(file, RULE_ST02, offset_of(file, condition), false,
                    is_column ? "Unnecessary CASE statement. Just use column '" STR_FMT "'."
                              : "Unnecessary CASE statement. Use COALESCE function instead of '"
                                STR_FMT "'.",
                    STR_ARG(str_slice(file->source, file->tokens[column->first].offset,
                                      file->tokens[column->end - 1].end)));
}

static void check_case(LintFile *file, uint32_t number)
{
    uint32_t otherwise = node_child(file, number, NODE_ELSE, 0);
    uint32_t expr = otherwise == UINT32_MAX ? otherwise : node_child(file, otherwise, NODE_EXPR, 0);
    check_simple_case(file, number);
    if (expr == UINT32_MAX)
        return;
    const Node *node = file_node(file, expr);
    if (is_word_expr(file, node, "null"))
        file_report(file, RULE_ST01, offset_of(file, otherwise), false,
                    "Do not specify 'else null' in a case when statement (redundant).");
    uint32_t inner = node_child(file, expr, NODE_CASE, 0);
    if (inner == UINT32_MAX || file_node(file, inner)->first != node->first ||
        file_node(file, inner)->end != node->end)
        return;
    uint32_t a = node_child(file, number, NODE_EXPR, 0), b = node_child(file, inner, NODE_EXPR, 0);
    bool is_alike = (a == UINT32_MAX) == (b == UINT32_MAX) &&
                    (a == UINT32_MAX || is_same(file, file_node(file, a), file_node(file, b)));
    if (is_alike)
        file_report(file, RULE_ST04, offset_of(file, inner), false,
                    "Nested CASE statement in ELSE clause could be flattened.");
}

/* ---- ST10 ---- */

static bool is_edge(const Token *token)
{
    return token->role != ROLE_OPERATOR || token_is(token, "and") || token_is(token, "or");
}

static void check_constant(LintFile *file, uint32_t i)
{
    const Token *token = &file->tokens[i];
    bool is_meant = str_is(token->text, "=") || str_is(token->text, "!=") ||
                    str_is(token->text, "<>");
    uint32_t left_at = file_prior_code(file, i), right_at = file_next_code(file, i + 1);
    if (!is_meant || token->role != ROLE_COMPARE || left_at == UINT32_MAX)
        return;
    const Node *left = file_node(file, file->tokens[left_at].node);
    const Node *right = file_node(file, file->tokens[right_at].node);
    bool is_literal = file->tokens[left_at].role == ROLE_LITERAL &&
                      file->tokens[right_at].role == ROLE_LITERAL;
    if (file->tokens[left_at].is_templated || file->tokens[right_at].is_templated)
        return;
    uint32_t from = is_literal ? left_at : left->first, to = is_literal ? right_at + 1 : right->end;
    uint32_t before = file_prior_code(file, from), behind = file_next_code(file, to);
    if ((before != UINT32_MAX && !is_edge(&file->tokens[before])) ||
        !is_edge(&file->tokens[behind]))
        return;
    if (is_literal) {
        bool is_allowed = str_is(file->tokens[left_at].text, "1") && str_is(token->text, "=") &&
                          (str_is(file->tokens[right_at].text, "1") ||
                           str_is(file->tokens[right_at].text, "0"));
        if (!is_allowed)
            file_report(file, RULE_ST10, token->offset, false, "Redundant constant expression.");
        return;
    }
    if (left->kind == NODE_COLUMN && right->kind == NODE_COLUMN && left->end == left_at + 1 &&
        right->first == right_at && is_same(file, left, right))
        file_report(file, RULE_ST10, token->offset, false, "Redundant constant expression.");
}

void check_null_and_case(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++)
        if (file_node(file, i)->kind == NODE_CASE)
            check_case(file, i);
    for (uint32_t i = 0; i < file->count; i++)
        if (file->tokens[i].kind == TOKEN_SYMBOL)
            check_constant(file, i);
}

/* ---- ST03 ---- */

static bool is_read(const LintFile *file, uint32_t with, uint32_t cte, Str name)
{
    for (uint32_t n = with + 1; n < file_node(file, with)->after; n++) {
        const Node *node = file_node(file, n);
        bool is_inside = n > cte && n < file_node(file, cte)->after;
        if (node->kind == NODE_TABLE_NAME && !is_inside &&
            str_eq_fold(scope_plain_name(&file->tokens[node->first]), name))
            return true;
    }
    for (uint32_t i = file_node(file, with)->first; i < file_node(file, with)->end; i++) {
        const Token *token = &file->tokens[i];
        bool is_opaque = token->role == ROLE_OPAQUE || token->is_templated;
        if (is_opaque && (token->is_templated ? str_find(token->text, name) >= 0
                                              : str_eq_fold(token->text, name)))
            return true;
    }
    return false;
}

void check_ctes(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *cte = file_node(file, i);
        if (cte->kind != NODE_CTE || file_node(file, cte->parent)->kind != NODE_WITH)
            continue;
        const Token *name = &file->tokens[cte->extra];
        Str plain = scope_plain_name(name);
        if (plain.len && !name->is_templated && !is_read(file, cte->parent, i, plain))
            file_report(file, RULE_ST03, name->offset, false,
                        "Query defines CTE \"" STR_FMT "\" but does not use it.", STR_ARG(plain));
    }
}

/* ---- ST06, ST08 ---- */

/* 0 = a star, 1 = plain, 2 = calculated. */
static int band_of(const LintFile *file, uint32_t target)
{
    uint32_t expr = node_child(file, target, NODE_EXPR, 0);
    const Node *node = expr == UINT32_MAX ? file_node(file, target) : file_node(file, expr);
    const Token *first = &file->tokens[node->first];
    if (first->role == ROLE_STAR || file->tokens[node->end - 1].role == ROLE_STAR)
        return 0;
    uint32_t end = node->end;
    for (uint32_t i = node->first; i < node->end; i++)
        if (file->tokens[i].role == ROLE_CAST && end == node->end)
            end = i;
    if (end == node->first + 1)
        return first->role == ROLE_FUNCTION ? 2 : 1;
    uint32_t child = expr + 1;
    if (child >= node->after || file_node(file, child)->first != node->first)
        return 2;
    if (file_node(file, child)->kind == NODE_COLUMN && file_node(file, child)->end == end)
        return 1;
    if (file_node(file, child)->kind != NODE_FUNCTION || file_node(file, child)->end != node->end ||
        !token_is(first, "cast"))
        return 2;
    uint32_t bracket = node_child(file, child, NODE_BRACKET, 0);
    uint32_t operand = bracket == UINT32_MAX ? bracket : node_child(file, bracket, NODE_EXPR, 0);
    if (operand == UINT32_MAX)
        return 2;
    const Node *inner = file_node(file, operand);
    bool is_plain = inner->end == inner->first + 1 ||
                    (operand + 1 < inner->after &&
                     file_node(file, operand + 1)->kind == NODE_COLUMN &&
                     file_node(file, operand + 1)->end == inner->end);
    return is_plain ? 1 : 2;
}

static void check_target_order(LintFile *file, uint32_t clause)
{
    int band = 0;
    uint32_t set = file_above(file, clause, NODE_SET);
    for (uint32_t i = file_node(file, clause)->first; i < file_node(file, clause)->end; i++)
        if (file->tokens[i].kind == TOKEN_TAG)
            return;
    if (file_has_kind_above(file, clause, NODE_OTHER) ||
        (set != UINT32_MAX && file_node(file, set)->extra))
        return;
    uint32_t end = file_node(file, clause)->after;
    for (uint32_t n = clause + 1; n < end; n = file_node(file, n)->after) {
        if (file_node(file, n)->kind != NODE_TARGET || file_node(file, n)->first ==
            file_node(file, n)->end)
            continue;
        const Token *first = &file->tokens[file_node(file, n)->first];
        if (first->is_templated)
            continue;
        int own = band_of(file, n);
        if (own < band) {
            file_report(file, RULE_ST06, offset_of(file, clause), false,
                        "Select wildcards then simple targets before calculations and "
                        "aggregates.");
            return;
        }
        band = own;
    }
}

static void check_distinct_bracket(LintFile *file, uint32_t modifier)
{
    const Node *node = file_node(file, modifier);
    uint32_t next = file_next_code(file, node->end);
    const Node *bracket = file_node(file, file->tokens[next].node);
    if (!token_is(&file->tokens[node->first], "distinct") || node->end != node->first + 1 ||
        file->tokens[next].kind != TOKEN_OPEN || bracket->kind != NODE_BRACKET)
        return;
    const Node *target = file_node(file, file_node(file, bracket->parent)->parent);
    const Token *behind = &file->tokens[file_next_code(file, bracket->end)];
    bool has_comma = false;
    for (uint32_t n = file->tokens[next].node + 1; n < bracket->after; n++)
        has_comma = has_comma || file_node(file, n)->kind == NODE_SET;
    if (!has_comma && target->kind == NODE_TARGET && behind->kind != TOKEN_COMMA &&
        (bracket->end == target->end || token_is(behind, "as")))
        file_report(file, RULE_ST08, file->tokens[node->first].offset, false,
                    "'DISTINCT' used with parentheses.");
}

void check_structure(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        NodeKind kind = file_node(file, i)->kind;
        if (kind == NODE_SELECT_CLAUSE)
            check_target_order(file, i);
        else if (kind == NODE_MODIFIER)
            check_distinct_bracket(file, i);
    }
}
