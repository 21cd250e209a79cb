/* scope.c: which tables a select reads, by which names. */
#include "lint/scope.h"

uint32_t scope_owner(const LintFile *file, uint32_t node)
{
    uint32_t above = file_above(file, node, NODE_SELECT);
    return above == UINT32_MAX ? 0 : above;
}

bool scope_owns(const LintFile *file, uint32_t select, uint32_t node)
{
    return scope_owner(file, node) == select;
}

uint32_t node_child(const LintFile *file, uint32_t parent, NodeKind kind, uint32_t i)
{
    for (uint32_t n = parent + 1; n < file_node(file, parent)->after;
         n = file_node(file, n)->after)
        if (file_node(file, n)->kind == kind && !i--)
            return n;
    return UINT32_MAX;
}

uint32_t node_count(const LintFile *file, uint32_t parent, NodeKind kind)
{
    uint32_t count = 0;
    for (uint32_t n = parent + 1; n < file_node(file, parent)->after;
         n = file_node(file, n)->after)
        count += file_node(file, n)->kind == kind;
    return count;
}

uint32_t target_alias(const LintFile *file, uint32_t target)
{
    uint32_t alias = node_child(file, target, NODE_ALIAS, 0);
    return alias == UINT32_MAX ? 0 : file_node(file, alias)->extra;
}

/* The last text in quotes within {{ ref('pkg', 'name') }}. */
static Str name_in_call(Str text)
{
    Str inner = str_trim(str_slice(text, 2, text.len > 2 ? text.len - 2 : 2));
    if (!str_starts(inner, STR("ref")) && !str_starts(inner, STR("source")))
        return STR_NONE;
    size_t end = inner.len;
    while (end && inner.at[end - 1] != '\'' && inner.at[end - 1] != '"')
        end--;
    if (end < 2)
        return STR_NONE;
    size_t from = end - 1;
    while (from && inner.at[from - 1] != inner.at[end - 1])
        from--;
    return str_slice(inner, from, end - 1);
}

Str scope_plain_name(const Token *token)
{
    Str text = token->text;
    if (token->kind == TOKEN_EXPR)
        return name_in_call(text);
    if (token->is_templated)
        return STR_NONE;
    return token->kind == TOKEN_QUOTED && text.len >= 2 ? str_slice(text, 1, text.len - 1) : text;
}

Str scope_qualifier(const LintFile *file, const Node *column, bool *is_known)
{
    const Token *first = &file->tokens[column->first];
    *is_known = true;
    for (uint32_t i = column->first; i < column->end; i++)
        *is_known = *is_known && !file->tokens[i].is_templated;
    bool has_dot = column->end > column->first + 2 &&
                   file->tokens[file_next_code(file, column->first + 1)].kind == TOKEN_DOT;
    return has_dot ? scope_plain_name(first) : STR_NONE;
}

static Table table_make(LintFile *file, uint32_t number)
{
    Table table = {.node = number};
    uint32_t name = node_child(file, number, NODE_TABLE_NAME, 0);
    uint32_t alias = node_child(file, number, NODE_ALIAS, 0);
    table.is_joined = file_node(file, file_node(file, number)->parent)->kind == NODE_JOIN;
    table.is_query = node_child(file, number, NODE_BRACKET, 0) != UINT32_MAX ||
                     node_child(file, number, NODE_SET, 0) != UINT32_MAX;
    table.is_call = node_child(file, number, NODE_EXPR, 0) != UINT32_MAX;
    if (name != UINT32_MAX) {
        table.name_token = file_node(file, name)->end - 1;
        table.full = scope_plain_name(&file->tokens[table.name_token]);
        table.name = table.full;
    }
    if (alias != UINT32_MAX && file->tokens[file_node(file, alias)->extra].role == ROLE_ALIAS) {
        table.alias = alias;
        table.name_token = file_node(file, alias)->extra;
        table.name = scope_plain_name(&file->tokens[table.name_token]);
    }
    bool is_opaque = false;
    for (uint32_t i = file_node(file, number)->first; i < file_node(file, number)->end; i++)
        is_opaque =
            is_opaque || (file->tokens[i].role == ROLE_OPAQUE && file->tokens[i].node == number);
    table.is_unknown = !table.name.len || is_opaque;
    return table;
}

Scope scope_make(LintFile *file, uint32_t select)
{
    Scope scope = {.select = select};
    for (uint32_t n = select + 1; n < file_node(file, select)->after; n++) {
        const Node *node = file_node(file, n);
        if (node->kind == NODE_SELECT) {
            n = node->after - 1;
            continue;
        }
        if (node->kind != NODE_TABLE || node->end == node->first)
            continue;
        Table table = table_make(file, n);
        scope.has_unknown = scope.has_unknown || table.is_unknown;
        list_add(file->arena, &scope.tables, table);
    }
    for (uint32_t i = file_node(file, select)->first; i < file_node(file, select)->end; i++)
        scope.has_unknown = scope.has_unknown ||
                            (file->tokens[i].role == ROLE_OPAQUE && file->tokens[i].is_templated);
    return scope;
}

const Table *scope_find(const Scope *scope, Str name)
{
    for (uint32_t i = 0; i < scope->tables.len; i++)
        if (str_eq_fold(scope->tables.at[i].name, name) ||
            (!scope->tables.at[i].alias && str_eq_fold(scope->tables.at[i].full, name)))
            return &scope->tables.at[i];
    return NULL;
}

bool scope_mentions(const LintFile *file, uint32_t select, Str word)
{
    const Node *node = file_node(file, select);
    for (uint32_t i = node->first; i < node->end && word.len; i++)
        if (file->tokens[i].is_templated && str_find(file->tokens[i].text, word) >= 0)
            return true;
    return false;
}
