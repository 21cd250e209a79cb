/* aliases.c: AL01 to AL10. */
#include "lint/scope.h"

/* ---- AL01, AL02 ---- */

static void check_style(LintFile *file, RuleId rule, const Node *alias, bool wants_implicit,
                        const char *what)
{
    bool has_as = token_is(&file->tokens[alias->first], "as");
    const Token *name = &file->tokens[alias->extra];
    if (has_as != wants_implicit || name->role != ROLE_ALIAS)
        return;
    bool is_fixable = !wants_implicit;
    if (file_report(file, rule, file->tokens[alias->first].offset, is_fixable,
                    "Implicit/explicit aliasing of %s.", what) && is_fixable)
        file_edit(file, rule, name->offset, name->offset, STR("as "));
}

void check_alias_style(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        NodeKind around = file_node(file, node->parent)->kind;
        if (node->kind == NODE_ALIAS && around == NODE_TABLE)
            check_style(file, RULE_AL01, node, file->config->aliases_tables_implicitly, "table");
        else if (node->kind == NODE_ALIAS && around == NODE_TARGET)
            check_style(file, RULE_AL02, node, file->config->aliases_columns_implicitly,
                        "columns");
    }
}

/* ---- AL03, AL08, AL09: columns ---- */

/* The only inner node of an expression that is nothing else, or UINT32_MAX. */
static uint32_t only_child(const LintFile *file, uint32_t expr)
{
    const Node *node = file_node(file, expr);
    uint32_t child = expr + 1;
    if (child >= node->after || file_node(file, child)->first != node->first ||
        file_node(file, child)->end != node->end || file_node(file, child)->parent != expr)
        return UINT32_MAX;
    return child;
}

/* Is a target nothing but a column, a star, or brackets around one? */
static bool is_plain(const LintFile *file, uint32_t target)
{
    uint32_t expr = node_child(file, target, NODE_EXPR, 0);
    if (expr != UINT32_MAX) {
        const Node *node = file_node(file, expr);
        if (node->first == node->end || file->tokens[node->first].role == ROLE_STAR)
            return true;
        uint32_t child = only_child(file, expr);
        if (child == UINT32_MAX)
            return false;
        if (file_node(file, child)->kind == NODE_COLUMN)
            return true;
        return file_node(file, child)->kind == NODE_BRACKET;
    }
    return true;
}

/* A cast by :: of a column or a literal, without a call: sqlfluff lets it pass. */
static bool is_cast(const LintFile *file, uint32_t target)
{
    const Node *node = file_node(file, target);
    bool has_cast = false;
    for (uint32_t i = node->first; i < node->end; i++)
        has_cast = has_cast || file->tokens[i].role == ROLE_CAST;
    for (uint32_t n = target + 1; n < node->after && has_cast; n++)
        has_cast = file_node(file, n)->kind != NODE_FUNCTION;
    return has_cast;
}

static bool is_templated_target(const LintFile *file, uint32_t target)
{
    const Node *node = file_node(file, target);
    for (uint32_t i = node->first; i < node->end; i++)
        if (file->tokens[i].is_templated && file->tokens[i].kind != TOKEN_STRING)
            return true;
    return false;
}

static bool has_column_list(const LintFile *file, uint32_t target)
{
    uint32_t cte = file_above(file, target, NODE_CTE);
    return cte != UINT32_MAX && node_count(file, cte, NODE_BRACKET) > 1;
}

void check_expressions_aliased(LintFile *file)
{
    uint32_t clause = 0, count = 0;
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        if (node->kind != NODE_TARGET || node->first == node->end ||
            node_child(file, i, NODE_ALIAS, 0) != UINT32_MAX || is_plain(file, i) ||
            is_cast(file, i) || is_templated_target(file, i) || has_column_list(file, i))
            continue;
        if (node->parent != clause)
            count = node_count(file, node->parent, NODE_TARGET);
        clause = node->parent;
        if (count < 2 && file->config->allows_scalar)
            continue;
        file_report(file, RULE_AL03, file->tokens[node->first].offset, false,
                    "Column expression without alias. Use explicit `AS` clause.");
    }
}

/* The name that a target gives its column. */
static Str target_name(const LintFile *file, uint32_t target, uint32_t *token)
{
    *token = target_alias(file, target);
    if (!*token) {
        uint32_t expr = node_child(file, target, NODE_EXPR, 0);
        uint32_t column = expr == UINT32_MAX ? UINT32_MAX : only_child(file, expr);
        if (column == UINT32_MAX || file_node(file, column)->kind != NODE_COLUMN ||
            file_node(file, column)->end != file_node(file, target)->end)
            return STR_NONE;
        *token = file_node(file, column)->end - 1;
    }
    const Token *at = &file->tokens[*token];
    return at->role == ROLE_STAR || at->is_templated ? STR_NONE : scope_plain_name(at);
}

static void check_duplicates(LintFile *file, uint32_t clause)
{
    uint32_t count = node_count(file, clause, NODE_TARGET), filled = 0, token;
    uint32_t *tokens = NEW_N(file->arena, uint32_t, count + 1);
    Map seen;
    map_init(&seen, file->arena);
    uint32_t end = file_node(file, clause)->after;
    for (uint32_t n = clause + 1; n < end; n = file_node(file, n)->after) {
        if (file_node(file, n)->kind != NODE_TARGET)
            continue;
        Str name = target_name(file, n, &token);
        if (!name.len)
            continue;
        Str key = str_lower(file->arena, name);
        const uint32_t *other = map_find(&seen, key);
        if (other)
            file_report(file, RULE_AL08, file->tokens[token].offset, false,
                        "Reuse of column alias '" STR_FMT "' from line %u.", STR_ARG(name),
                        file_line(file, file->tokens[*other].offset));
        tokens[filled] = token;
        if (!other)
            map_put(&seen, key, &tokens[filled++]);
    }
}

static void check_self_alias(LintFile *file, uint32_t target)
{
    uint32_t token = target_alias(file, target), expr = node_child(file, target, NODE_EXPR, 0);
    uint32_t column = expr == UINT32_MAX ? UINT32_MAX : only_child(file, expr);
    if (!token || column == UINT32_MAX || file_node(file, column)->kind != NODE_COLUMN)
        return;
    const Token *name = &file->tokens[file_node(file, column)->end - 1];
    if (!name->is_templated && str_eq_fold(name->text, file->tokens[token].text))
        file_report(file, RULE_AL09, file->tokens[file_node(file, column)->first].offset, false,
                    "Column should not be self-aliased.");
}

/* ---- AL04 to AL07, AL10: tables ---- */

static bool is_used(const LintFile *file, uint32_t select, const Table *table)
{
    const Node *node = file_node(file, select), *own = file_node(file, table->node);
    for (uint32_t n = select + 1; n < node->after; n++) {
        const Node *column = file_node(file, n);
        bool is_known;
        if (column->kind != NODE_COLUMN && column->kind != NODE_TABLE_NAME)
            continue;
        if (n > table->node && n < own->after && column->kind == NODE_TABLE_NAME)
            continue;
        Str qualifier = scope_qualifier(file, column, &is_known);
        if (qualifier.len ? str_eq_fold(qualifier, table->name)
                          : column->kind == NODE_COLUMN && column->end == column->first + 1 &&
                                str_eq_fold(scope_plain_name(&file->tokens[column->first]),
                                            table->name))
            return true;
    }
    for (uint32_t i = node->first; i < node->end; i++)
        if (file->tokens[i].role == ROLE_FUNCTION && file->tokens[i + 1].kind == TOKEN_DOT &&
            str_eq_fold(file->tokens[i].text, table->name))
            return true;
    return scope_mentions(file, select, table->name);
}

static bool is_derived(const LintFile *file, const Table *table)
{
    uint32_t bracket = node_child(file, table->node, NODE_BRACKET, 0);
    uint32_t set = bracket == UINT32_MAX ? bracket : node_child(file, bracket, NODE_SET, 0);
    return set != UINT32_MAX && node_child(file, set, NODE_SELECT, 0) != UINT32_MAX;
}

static void check_table_alias(LintFile *file, const Scope *scope, uint32_t i)
{
    const Table *table = &scope->tables.at[i];
    const Token *name = &file->tokens[table->name_token];
    int64_t least = 0, most = INT64_MAX;
    Str text = config_text(file->config, "rules:aliasing.length", "min_alias_length");
    if (text.len && !str_to_int(text, &least))
        least = 0;
    text = config_text(file->config, "rules:aliasing.length", "max_alias_length");
    if (text.len && !str_to_int(text, &most))
        most = INT64_MAX;
    for (uint32_t j = 0; j < i; j++)
        if (table->name.len && str_eq_fold(scope->tables.at[j].name, table->name)) {
            file_report(file, RULE_AL04, name->offset, false, "Duplicate table alias '" STR_FMT
                        "'. Table aliases should be unique.", STR_ARG(table->name));
            break;
        }
    if (!table->alias || name->is_templated)
        return;
    if ((int64_t)table->name.len < least || (int64_t)table->name.len > most)
        file_report(file, RULE_AL06, name->offset, false, "Aliases should be %s character(s) long.",
                    (int64_t)table->name.len < least ? "more" : "fewer");
    bool is_self = false;
    for (uint32_t j = 0; j < scope->tables.len; j++)
        is_self = is_self || (j != i && scope->tables.at[j].full.len &&
                              str_eq_fold(scope->tables.at[j].full, table->full));
    if (table->full.len && !is_self)
        file_report(file, RULE_AL07, name->offset, false,
                    "Avoid aliases in from clauses and join conditions.");
    bool needs_alias = is_derived(file, table) || table->is_call;
    if (!needs_alias && !is_used(file, scope->select, table))
        file_report(file, RULE_AL05, name->offset, false,
                    "Alias '" STR_FMT "' is not used in SELECT statement.", STR_ARG(table->name));
}

void check_alias_names(LintFile *file)
{
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        const Node *node = file_node(file, i);
        if (node->kind == NODE_SELECT_CLAUSE)
            check_duplicates(file, i);
        else if (node->kind == NODE_TARGET)
            check_self_alias(file, i);
        if (node->kind != NODE_SELECT)
            continue;
        Scope scope = scope_make(file, i);
        for (uint32_t t = 0; t < scope.tables.len; t++) {
            const Table *table = &scope.tables.at[t];
            check_table_alias(file, &scope, t);
            if (!table->alias && is_derived(file, table) &&
                node_child(file, table->node, NODE_ALIAS, 0) == UINT32_MAX)
                file_report(file, RULE_AL10,
                            file->tokens[file_node(file, table->node)->first].offset, false,
                            "Derived tables must have an alias.");
        }
    }
}
