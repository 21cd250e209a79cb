/* queries.c: AM01 to AM09, CV08, CV12, ST05, ST07, ST09, ST11: selects, their tables and joins. */
#include "lint/scope.h"

static bool has_word(const LintFile *file, const Node *node, const char *word)
{
    for (uint32_t i = node->first; i < node->end; i++)
        if (token_is(&file->tokens[i], word))
            return true;
    return false;
}

static uint32_t offset_of(const LintFile *file, uint32_t node)
{
    return file->tokens[file_node(file, node)->first].offset;
}

/* ---- AM01, AM02, AM09 ---- */

static void check_distinct(LintFile *file, uint32_t select)
{
    uint32_t clause = node_child(file, select, NODE_SELECT_CLAUSE, 0);
    uint32_t group = node_child(file, select, NODE_GROUP, 0);
    uint32_t modifier = clause == UINT32_MAX ? clause : node_child(file, clause, NODE_MODIFIER, 0);
    if (group != UINT32_MAX && modifier != UINT32_MAX &&
        token_is(&file->tokens[file_node(file, modifier)->first], "distinct"))
        file_report(file, RULE_AM01, offset_of(file, modifier), false,
                    "Ambiguous use of 'DISTINCT' in a 'SELECT' statement with 'GROUP BY'.");
}

static void check_union(LintFile *file, uint32_t number)
{
    const Node *node = file_node(file, number);
    Dialect dialect = file->config->dialect;
    bool is_meant = dialect != DIALECT_DUCKDB && dialect != DIALECT_POSTGRES;
    if (is_meant && token_is(&file->tokens[node->first], "union") && !has_word(file, node, "all") &&
        !has_word(file, node, "distinct"))
        file_report(file, RULE_AM02, file->tokens[node->first].offset, false,
                    "'UNION [DISTINCT|ALL]' is preferred over just 'UNION'.");
}

static void check_limit(LintFile *file, uint32_t select)
{
    uint32_t limit = node_child(file, select, NODE_LIMIT, 0);
    if (limit != UINT32_MAX && node_child(file, select, NODE_ORDER, 0) == UINT32_MAX)
        file_report(file, RULE_AM09, offset_of(file, limit), false,
                    "LIMIT and OFFSET are used without ORDER BY, which may lead to "
                    "non-deterministic results.");
}

/* ---- AM03, AM06 ---- */

static void check_directions(LintFile *file, uint32_t number)
{
    const Node *node = file_node(file, number);
    uint32_t plain = 0, directed = 0;
    for (uint32_t n = number + 1; n < node->after; n = file_node(file, n)->after) {
        const Token *next = &file->tokens[file_next_code(file, file_node(file, n)->end)];
        if (token_is(next, "asc") || token_is(next, "desc"))
            directed++;
        else
            plain++;
    }
    if (plain && directed)
        file_report(file, RULE_AM03, file->tokens[node->first].offset, false,
                    "Ambiguous order by clause. Order by clauses should specify order direction "
                    "for ALL columns or NO columns.");
}

/* 1 = by number, 2 = by name, 0 = neither. */
static unsigned reference_style(const LintFile *file, uint32_t expr)
{
    const Node *node = file_node(file, expr);
    if (node->end == node->first + 1 && file->tokens[node->first].kind == TOKEN_NUMBER)
        return 1;
    for (uint32_t n = expr; n < node->after; n++)
        if (file_node(file, n)->kind == NODE_COLUMN &&
            file->tokens[file_node(file, n)->first].kind != TOKEN_EXPR)
            return 2;
    return 0;
}

static void check_reference_style(LintFile *file, uint32_t number)
{
    const Node *node = file_node(file, number);
    Str policy = config_text(file->config, "rules:ambiguous.column_references",
                             "group_by_and_order_by_style");
    unsigned styles = 0;
    for (uint32_t n = number + 1; n < node->after; n = file_node(file, n)->after)
        if (file_node(file, n)->kind == NODE_EXPR)
            styles |= reference_style(file, n);
    if (!styles || file_has_kind_above(file, number, NODE_OVER))
        return;
    unsigned wanted = str_is(policy, "explicit") ? 2 : str_is(policy, "implicit") ? 1 : 0;
    if (!wanted && styles != 3 && !file->consistent[3].len)
        file->consistent[3] = styles == 1 ? STR("number") : STR("name");
    if (!wanted)
        wanted = styles == 3 ? 0 : str_is(file->consistent[3], "number") ? 1 : 2;
    if (styles != wanted)
        file_report(file, RULE_AM06, file->tokens[node->first].offset, false,
                    "Inconsistent column references in 'GROUP BY/ORDER BY' clauses.");
}

/* ---- AM04, AM07: numbers of columns ---- */

/* The CTE that a name means at this place, or UINT32_MAX. */
static uint32_t find_cte(const LintFile *file, uint32_t from, Str name)
{
    for (uint32_t with = file_above(file, from, NODE_WITH); with != UINT32_MAX;
         with = file_above(file, with, NODE_WITH))
        for (uint32_t n = with + 1; n < file_node(file, with)->after; n = file_node(file, n)->after)
            if (file_node(file, n)->kind == NODE_CTE && file_node(file, n)->after <= from &&
                str_eq_fold(scope_plain_name(&file->tokens[file_node(file, n)->extra]), name))
                return n;
    return UINT32_MAX;
}

static int query_columns(LintFile *file, uint32_t node, unsigned depth);

/* Columns of what a star means: of one table, or of all; -1 if nobody knows. */
static int star_columns(LintFile *file, uint32_t select, const Token *qualifier, unsigned depth)
{
    Scope scope = scope_make(file, select);
    int sum = 0;
    for (uint32_t i = 0; i < scope.tables.len; i++) {
        const Table *table = &scope.tables.at[i];
        if (qualifier && !str_eq_fold(table->name, scope_plain_name(qualifier)))
            continue;
        uint32_t query = node_child(file, table->node, NODE_BRACKET, 0);
        if (query == UINT32_MAX && table->full.len)
            query = find_cte(file, table->node, table->full);
        int count = query == UINT32_MAX ? -1 : query_columns(file, query, depth + 1);
        if (count < 0)
            return -1;
        sum += count;
    }
    return scope.tables.len ? sum : -1;
}

/* *star is the token that nobody knows the columns of. */
static int select_columns(LintFile *file, uint32_t select, unsigned depth, uint32_t *star)
{
    uint32_t clause = node_child(file, select, NODE_SELECT_CLAUSE, 0);
    int sum = 0;
    if (clause == UINT32_MAX)
        return -1;
    uint32_t end = file_node(file, clause)->after;
    for (uint32_t n = clause + 1; n < end; n = file_node(file, n)->after) {
        const Node *target = file_node(file, n);
        if (target->kind != NODE_TARGET || target->first == target->end)
            continue;
        const Token *last = &file->tokens[target->end - 1], *first = &file->tokens[target->first];
        bool has_star = last->role == ROLE_STAR || first->role == ROLE_STAR;
        int count = !has_star ? 1
                    : star_columns(file, select, first->role == ROLE_STAR ? NULL : first, depth);
        if (count < 0) {
            *star = target->first;
            return -1;
        }
        sum += count;
    }
    return sum;
}

/* Columns of the first select within a bracket, CTE, query or set. */
static int query_columns(LintFile *file, uint32_t number, unsigned depth)
{
    const Node *node = file_node(file, number);
    uint32_t star;
    if (depth > 20)
        return -1;
    if (node->kind == NODE_SELECT)
        return select_columns(file, number, depth, &star);
    if (node->kind == NODE_VALUES)
        return 1;
    static const NodeKind inner[] = {NODE_WITH, NODE_SET, NODE_SELECT, NODE_VALUES, NODE_BRACKET};
    for (size_t i = 0; i < COUNT_OF(inner); i++) {
        uint32_t last = node_count(file, number, inner[i]);
        uint32_t child = last ? node_child(file, number, inner[i],
                                           node->kind == NODE_CTE ? last - 1 : 0) : UINT32_MAX;
        if (child != UINT32_MAX)
            return query_columns(file, child, depth + 1);
    }
    return -1;
}

static bool holds_opaque(const LintFile *file, uint32_t number)
{
    const Node *node = file_node(file, number);
    for (uint32_t i = node->first; i < node->end; i++)
        if (file->tokens[i].role == ROLE_OPAQUE || file->tokens[i].kind == TOKEN_TAG)
            return true;
    return false;
}

static void check_column_count(LintFile *file, uint32_t statement)
{
    uint32_t query = node_child(file, statement, NODE_WITH, 0);
    if (query == UINT32_MAX)
        query = node_child(file, statement, NODE_SET, 0);
    uint32_t set = query;
    if (query != UINT32_MAX && file_node(file, query)->kind == NODE_WITH)
        set = node_child(file, query, NODE_SET, 0);
    for (uint32_t i = 0; set != UINT32_MAX; i++) {
        uint32_t select = node_child(file, set, NODE_SELECT, i);
        if (select == UINT32_MAX)
            return;
        uint32_t star;
        if (node_child(file, select, NODE_SELECT_CLAUSE, 0) != UINT32_MAX &&
            select_columns(file, select, 0, &star) < 0) {
            file_report(file, RULE_AM04, file->tokens[star].offset, false,
                        "Query produces an unknown number of result columns.");
            return;
        }
    }
}

static void check_set_columns(LintFile *file, uint32_t set)
{
    int first = -1;
    for (uint32_t n = set + 1; n < file_node(file, set)->after; n = file_node(file, n)->after) {
        NodeKind kind = file_node(file, n)->kind;
        if (kind != NODE_SELECT && kind != NODE_BRACKET)
            continue;
        int count = holds_opaque(file, n) ? -1 : query_columns(file, n, 0);
        if (count < 0)
            return;
        if (first >= 0 && count != first) {
            file_report(file, RULE_AM07, offset_of(file, set), false,
                        "Set expressions should have the same number of columns in each query.");
            return;
        }
        first = count;
    }
}

/* ---- joins ---- */

static void check_join(LintFile *file, uint32_t number)
{
    const Node *node = file_node(file, number);
    const Token *first = &file->tokens[node->first];
    Str policy = config_text(file->config, "rules:ambiguous.join", "fully_qualify_join_types");
    uint32_t table = node_child(file, number, NODE_TABLE, 0);
    bool checks_outer = str_is(policy, "outer") || str_is(policy, "both");
    if (token_is(first, "join") && !str_is(policy, "outer"))
        file_report(file, RULE_AM05, first->offset, false,
                    "Join clauses should be fully qualified.");
    else if (checks_outer && (token_is(first, "left") || token_is(first, "right") ||
                              token_is(first, "full")) &&
             token_is(&file->tokens[file_next_code(file, node->first + 1)], "join"))
        file_report(file, RULE_AM05, first->offset, false,
                    "Join clauses should be fully qualified.");
    if (token_is(first, "right"))
        file_report(file, RULE_CV08, first->offset, false,
                    "Use 'LEFT JOIN' instead of 'RIGHT JOIN'.");
    bool has_condition = node_child(file, number, NODE_ON, 0) != UINT32_MAX ||
                         node_child(file, number, NODE_USING, 0) != UINT32_MAX;
    bool is_free = has_word(file, node, "cross") || has_word(file, node, "natural") ||
                   has_word(file, node, "positional") || has_word(file, node, "lateral") ||
                   (table != UINT32_MAX && node_child(file, table, NODE_EXPR, 0) != UINT32_MAX);
    uint32_t select = scope_owner(file, number);
    bool has_where = select && node_child(file, select, NODE_WHERE, 0) != UINT32_MAX;
    if (!has_condition && !is_free && !has_where && !holds_opaque(file, number))
        file_report(file, RULE_AM08, first->offset, false, "Implicit cross join detected.");
    uint32_t using = node_child(file, number, NODE_USING, 0);
    if (using != UINT32_MAX)
        file_report(file, RULE_ST07, offset_of(file, using), false,
                    "Found USING statement. Expected only ON statements.");
}

/* ---- ST05 ---- */

static void check_subquery(LintFile *file, uint32_t number)
{
    const Node *node = file_node(file, number);
    Str where = config_text(file->config, "rules:structure.subquery", "forbid_subquery_in");
    bool is_join = file_node(file, node->parent)->kind == NODE_JOIN;
    uint32_t bracket = node_child(file, number, NODE_BRACKET, 0);
    bool is_forbidden = !where.len || str_is(where, "join") ? is_join
                        : str_is(where, "from")             ? !is_join
                                                            : true;
    if (!is_forbidden || bracket == UINT32_MAX ||
        (node_child(file, bracket, NODE_SET, 0) == UINT32_MAX &&
         node_child(file, bracket, NODE_WITH, 0) == UINT32_MAX))
        return;
    file_report(file, RULE_ST05, offset_of(file, number), false,
                "%s clauses should not contain subqueries. Use CTEs instead.",
                is_join ? "join" : "from");
}

/* ---- ST09 ---- */

static uint32_t table_order(const Scope *scope, Str name)
{
    for (uint32_t i = 0; i < scope->tables.len; i++)
        if (str_eq_fold(scope->tables.at[i].name, name))
            return i;
    return UINT32_MAX;
}

/* a.x = b.y where b stands before a. */
static bool check_condition_order(LintFile *file, const Scope *scope, uint32_t on)
{
    uint32_t expr = node_child(file, on, NODE_EXPR, 0);
    bool wants_later = str_is(config_text(file->config, "rules:structure.join_condition_order",
                                          "preferred_first_table_in_join_clause"), "later");
    for (uint32_t n = expr + 1; expr != UINT32_MAX && n < file_node(file, expr)->after; n++) {
        const Node *left = file_node(file, n);
        uint32_t operator = file_next_code(file, left->end);
        if (left->kind != NODE_COLUMN || file->tokens[operator].role != ROLE_COMPARE ||
            n + 1 >= file->nodes.len || left->parent != file_node(file, n + 1)->parent)
            continue;
        const Node *right = file_node(file, n + 1);
        bool is_known, is_right_known;
        Str a = scope_qualifier(file, left, &is_known);
        Str b = scope_qualifier(file, right, &is_right_known);
        const Token *next = &file->tokens[file_next_code(file, right->end)];
        uint32_t prior_at = file_prior_code(file, left->first);
        const Token *prior = &file->tokens[prior_at];
        bool is_alone = (token_is(prior, "on") || token_is(prior, "and") || token_is(prior, "or") ||
                         prior->kind == TOKEN_OPEN) &&
                        (next->role != ROLE_OPERATOR || token_is(next, "and") ||
                         token_is(next, "or"));
        if (right->kind != NODE_COLUMN || right->first != file_next_code(file, operator + 1) ||
            !is_known || !is_right_known || !a.len || !b.len || !is_alone)
            continue;
        uint32_t first = table_order(scope, a), second = table_order(scope, b);
        if (first == UINT32_MAX || second == UINT32_MAX || first == second ||
            (first > second) == wants_later)
            continue;
        file_report(file, RULE_ST09, file->tokens[left->first].offset, false,
                    "Joins should list the table referenced %s first.",
                    wants_later ? "later" : "earlier");
        return true;
    }
    return false;
}

/* ---- CV12 ---- */

/* A join without a condition whose tables WHERE compares. */
static void check_where_join(LintFile *file, const Scope *scope, uint32_t select)
{
    uint32_t where = node_child(file, select, NODE_WHERE, 0);
    uint32_t expr = where == UINT32_MAX ? where : node_child(file, where, NODE_EXPR, 0);
    for (uint32_t i = 0; expr != UINT32_MAX && i < scope->tables.len; i++) {
        uint32_t join = file_node(file, scope->tables.at[i].node)->parent;
        const Node *node = file_node(file, join);
        if (node->kind != NODE_JOIN || node_child(file, join, NODE_ON, 0) != UINT32_MAX ||
            node_child(file, join, NODE_USING, 0) != UINT32_MAX || has_word(file, node, "cross") ||
            has_word(file, node, "natural"))
            continue;
        for (uint32_t n = expr + 1; n < file_node(file, expr)->after; n++) {
            const Node *left = file_node(file, n);
            uint32_t operator = file_next_code(file, left->end);
            if (left->kind != NODE_COLUMN || n + 1 >= file->nodes.len ||
                file_node(file, n + 1)->kind != NODE_COLUMN ||
                file->tokens[operator].role != ROLE_COMPARE ||
                file_node(file, n + 1)->first != file_next_code(file, operator + 1))
                continue;
            bool is_known;
            Str a = scope_qualifier(file, left, &is_known);
            Str b = scope_qualifier(file, file_node(file, n + 1), &is_known);
            Str name = scope->tables.at[i].name;
            if (a.len && b.len && (str_eq_fold(a, name) || str_eq_fold(b, name))) {
                file_report(file, RULE_CV12, offset_of(file, where), false,
                            "Use `JOIN ... ON ...` instead of `WHERE ...` for join conditions.");
                break;
            }
        }
    }
}

/* ---- ST11 ---- */

static bool is_in_from(const LintFile *file, uint32_t node, uint32_t select)
{
    for (; node != select && node; node = file_node(file, node)->parent)
        if (file_node(file, node)->kind == NODE_FROM || file_node(file, node)->kind == NODE_TABLE)
            return true;
    return false;
}

static bool is_joined_by_name(const LintFile *file, const Table *table)
{
    const Node *join = file_node(file, file_node(file, table->node)->parent);
    return join->kind == NODE_JOIN && !has_word(file, join, "cross") &&
           !has_word(file, join, "inner") && !token_is(&file->tokens[join->first], "join");
}

static void check_unused_joins(LintFile *file, const Scope *scope, uint32_t select)
{
    const Node *node = file_node(file, select);
    bool *used = NEW_N(file->arena, bool, scope->tables.len + 1);
    if (scope->tables.len < 2 || holds_opaque(file, select))
        return;
    for (uint32_t n = select + 1; n < node->after; n++) {
        const Node *column = file_node(file, n);
        bool is_known;
        if (column->kind != NODE_COLUMN || is_in_from(file, n, select))
            continue;
        bool is_star = file->tokens[column->first].role == ROLE_STAR;
        Str qualifier = scope_qualifier(file, column, &is_known);
        if (!qualifier.len || !is_known || is_star)
            return;
        uint32_t order = table_order(scope, qualifier);
        if (order != UINT32_MAX)
            used[order] = true;
    }
    for (uint32_t i = node->first; i < node->end; i++)
        if (file->tokens[i].role == ROLE_STAR && file->tokens[i - 1].kind != TOKEN_DOT &&
            file->tokens[i - 1].kind != TOKEN_OPEN)
            return;
    for (uint32_t i = 1; i < scope->tables.len; i++) {
        const Table *table = &scope->tables.at[i];
        bool is_used_on = false;
        for (uint32_t j = i + 1; j < scope->tables.len && !is_used_on; j++) {
            const Node *join = file_node(file, file_node(file, scope->tables.at[j].node)->parent);
            for (uint32_t t = join->first; t < join->end; t++)
                is_used_on = is_used_on || (file->tokens[t + 1].kind == TOKEN_DOT &&
                                            str_eq_fold(file->tokens[t].text, table->name));
        }
        if (!used[i] && !is_used_on && table->name.len && is_joined_by_name(file, table))
            file_report(file, RULE_ST11, offset_of(file, table->node), false,
                        "Joined table '" STR_FMT "' not referenced elsewhere in query.",
                        STR_ARG(table->name));
    }
}

/* ---- all of them ---- */

void check_ambiguous(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        switch (file_node(file, i)->kind) {
        case NODE_SELECT:
            check_distinct(file, i);
            check_limit(file, i);
            break;
        case NODE_SET_OPERATOR: check_union(file, i); break;
        case NODE_ORDER:
            check_directions(file, i);
            check_reference_style(file, i);
            break;
        case NODE_GROUP: check_reference_style(file, i); break;
        case NODE_STATEMENT: check_column_count(file, i); break;
        case NODE_SET:
            if (file_node(file, i)->extra)
                check_set_columns(file, i);
            break;
        default: break;
        }
    }
}

void check_joins(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        NodeKind kind = file_node(file, i)->kind;
        if (kind == NODE_JOIN)
            check_join(file, i);
        else if (kind == NODE_TABLE)
            check_subquery(file, i);
        if (kind != NODE_SELECT)
            continue;
        Scope scope = scope_make(file, i);
        check_where_join(file, &scope, i);
        check_unused_joins(file, &scope, i);
        for (uint32_t n = i + 1; n < file_node(file, i)->after; n++)
            if (file_node(file, n)->kind == NODE_ON && scope_owns(file, i, n) &&
                check_condition_order(file, &scope, n))
                break;
    }
}
