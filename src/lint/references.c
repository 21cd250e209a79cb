/* references.c: RF01 to RF06: what columns and names refer to, and how they are written. */
#include "lint/scope.h"

/* ---- RF01, RF02, RF03 ---- */

static bool has_dot_access(Dialect dialect)
{
    return dialect == DIALECT_BIGQUERY || dialect == DIALECT_DUCKDB ||
           dialect == DIALECT_REDSHIFT || dialect == DIALECT_SPARKSQL || dialect == DIALECT_TRINO;
}

/* Is a name a table of this select or of one around it? Unknown tables may be anything. */
static bool is_table_in_reach(LintFile *file, const Scope *own, Str name)
{
    Dialect dialect = file->config->dialect;
    if (own->has_unknown || scope_find(own, name) ||
        (has_dot_access(dialect) && (own->tables.len == 1 || dialect == DIALECT_BIGQUERY ||
                                     dialect == DIALECT_SPARKSQL)))
        return true;
    for (uint32_t at = scope_owner(file, own->select); at; at = scope_owner(file, at)) {
        Scope scope = scope_make(file, at);
        if (scope.has_unknown || scope_find(&scope, name))
            return true;
    }
    return false;
}

static bool is_target_alias(const LintFile *file, uint32_t select, Str name, uint32_t column)
{
    uint32_t clause = node_child(file, select, NODE_SELECT_CLAUSE, 0);
    if (clause == UINT32_MAX)
        return false;
    uint32_t end = file_node(file, clause)->after;
    for (uint32_t n = clause + 1; n < end; n = file_node(file, n)->after) {
        uint32_t alias = file_node(file, n)->kind == NODE_TARGET ? target_alias(file, n) : 0;
        bool is_inside = column > n && column < file_node(file, n)->after;
        if (alias && !is_inside && str_eq_fold(scope_plain_name(&file->tokens[alias]), name))
            return true;
    }
    return false;
}

static bool is_using_column(const LintFile *file, uint32_t select, Str name)
{
    const Node *node = file_node(file, select);
    for (uint32_t n = select + 1; n < node->after; n++) {
        const Node *using = file_node(file, n);
        for (uint32_t i = using->first; using->kind == NODE_USING && i < using->end; i++)
            if (str_eq_fold(scope_plain_name(&file->tokens[i]), name))
                return true;
    }
    return false;
}

/* Columns within USING, aliases' column lists, names of arguments, parameters of lambdas. */
static bool is_reference(const LintFile *file, uint32_t number)
{
    const Node *node = file_node(file, number);
    const Token *next = &file->tokens[file_next_code(file, node->end)];
    for (uint32_t n = node->parent; n; n = file_node(file, n)->parent) {
        NodeKind kind = file_node(file, n)->kind;
        if (kind == NODE_USING || kind == NODE_ALIAS || kind == NODE_TYPE || kind == NODE_OPAQUE)
            return false;
        if (kind == NODE_SELECT)
            break;
    }
    return next->role != ROLE_ASSIGN && !str_is(next->text, "->") && next->kind != TOKEN_STRING;
}

typedef struct Styles {
    bool is_qualified, is_set, is_told;
    List(uint32_t) bare;          /* columns without a qualifier, to be told once one has some */
} Styles;

static void tell_style(LintFile *file, const Token *first, bool is_qualified)
{
    file_report(file, RULE_RF03, first->offset, false,
                "%s reference '" STR_FMT "' found in single table select which is inconsistent "
                "with previous references.", is_qualified ? "Qualified" : "Unqualified",
                STR_ARG(first->text));
}

/* RF03: the first column says how the others must be. */
static void check_consistent(LintFile *file, const Scope *scope, const Node *column, Str qualifier,
                             Styles *styles)
{
    const Token *first = &file->tokens[column->first];
    Str policy = config_text(file->config, "rules:references.consistent",
                             "single_table_references");
    if (!policy.len)
        policy = config_text(file->config, "rules", "single_table_references");
    bool is_struct = qualifier.len && !scope_find(scope, qualifier);
    if (is_struct)
        return;
    if (str_is(policy, "qualified") || str_is(policy, "unqualified")) {
        if (!qualifier.len == str_is(policy, "qualified"))
            file_report(file, RULE_RF03, first->offset, false,
                        "%s reference '" STR_FMT "' found in single table select.",
                        qualifier.len ? "Qualified" : "Unqualified", STR_ARG(first->text));
        return;
    }
    bool is_qualified = qualifier.len > 0;
    if (!styles->is_set) {
        styles->is_qualified = is_qualified;
        styles->is_set = true;
    } else if (is_qualified != styles->is_qualified && !styles->is_told) {
        styles->is_told = true;
        tell_style(file, first, is_qualified);
        for (uint32_t i = 0; i < styles->bare.len; i++)
            tell_style(file, &file->tokens[styles->bare.at[i]], false);
        return;
    }
    if (!is_qualified && styles->is_told)
        tell_style(file, first, false);
    else if (!is_qualified)
        list_add(file->arena, &styles->bare, column->first);
}

/* How many tables a column of this select may mean: those of selects around it count too, unless
 * it is a table itself or a CTE. */
static uint32_t tables_in_sight(LintFile *file, const Scope *scope)
{
    uint32_t count = scope->tables.len;
    uint32_t outer = scope_owner(file, scope->select);
    if (!outer || file_has_kind_above(file, scope->select, NODE_CTE))
        return count;
    for (uint32_t n = scope->select; n != outer && n; n = file_node(file, n)->parent)
        if (file_node(file, n)->kind == NODE_FROM || file_node(file, n)->kind == NODE_TABLE)
            return count;
    return count + scope_make(file, outer).tables.len;
}

static void check_column(LintFile *file, const Scope *scope, uint32_t number, uint32_t tables,
                         Styles *styles)
{
    const Node *column = file_node(file, number);
    const Token *first = &file->tokens[column->first];
    bool is_known;
    Str qualifier = scope_qualifier(file, column, &is_known);
    if (first->kind == TOKEN_EXPR || first->is_templated || !is_reference(file, number))
        return;
    if (qualifier.len && !is_table_in_reach(file, scope, qualifier))
        file_report(file, RULE_RF01, first->offset, false,
                    "Reference '" STR_FMT "' refers to table/view not found in the FROM clause or "
                    "found in ancestor statement.",
                    STR_ARG(str_slice(file->source, first->offset,
                                      file->tokens[column->end - 1].end)));
    Str name = scope_plain_name(first);
    if (first->role == ROLE_STAR || first->text.at[0] == '@' || first->text.at[0] == '$')
        return;
    if (!qualifier.len && tables > 1 && !is_target_alias(file, scope->select, name, number) &&
        !is_using_column(file, scope->select, name) && !scope_find(scope, name) &&
        !config_lists(file->config, "rules:references.qualification", "ignore_words", name))
        file_report(file, RULE_RF02, first->offset, false,
                    "Unqualified reference '" STR_FMT "' found in select with more than one "
                    "referenced table/view.", STR_ARG(name));
    Dialect dialect = file->config->dialect;
    if (scope->tables.len == 1 && dialect != DIALECT_BIGQUERY && dialect != DIALECT_REDSHIFT &&
        !(!qualifier.len && is_target_alias(file, scope->select, name, number)))
        check_consistent(file, scope, column, qualifier, styles);
}

/* An alias that is used as a value of its own: select t from (...) as t. */
void check_columns_known(LintFile *file)
{
    const LintConfig *config = file->config;
    if (!config->is_on[RULE_RF01] && !config->is_on[RULE_RF02] && !config->is_on[RULE_RF03])
        return;
    for (uint32_t i = 0; i < file->nodes.len; i++) {
        if (file_node(file, i)->kind != NODE_SELECT)
            continue;
        Scope scope = scope_make(file, i);
        uint32_t tables = tables_in_sight(file, &scope);
        Styles styles = {0};
        if (!scope.tables.len && !scope_owner(file, i))
            continue;
        for (uint32_t n = i + 1; n < file_node(file, i)->after; n++) {
            if (file_node(file, n)->kind == NODE_SELECT)
                n = file_node(file, n)->after - 1;
            else if (file_node(file, n)->kind == NODE_COLUMN)
                check_column(file, &scope, n, tables, &styles);
        }
    }
}

/* ---- RF04, RF05, RF06: names ---- */

static NamePolicy policy_of(const LintFile *file, const char *section, const char *key,
                            NamePolicy otherwise)
{
    Str text = config_text(file->config, section, key);
    bool is_none = str_eq_fold(value_str(value_get_str(file->config->settings,
                                                       str_print(file->arena, "%s:%s", section,
                                                                 key))), STR("none"));
    return is_none                         ? NAMES_NONE
           : str_is(text, "all")           ? NAMES_ALL
           : str_is(text, "aliases")       ? NAMES_ALIASES
           : str_is(text, "column_aliases") ? NAMES_COLUMN_ALIASES
           : str_is(text, "table_aliases") ? NAMES_TABLE_ALIASES
                                           : otherwise;
}

static bool is_meant(const LintFile *file, const Token *token, NamePolicy policy)
{
    const Node *alias = file_node(file, token->node);
    bool is_alias = token->role == ROLE_ALIAS && alias->kind != NODE_CTE;
    bool is_column = is_alias && file_node(file, alias->parent)->kind == NODE_TARGET;
    return policy == NAMES_ALL || (policy == NAMES_ALIASES && is_alias) ||
           (policy == NAMES_COLUMN_ALIASES && is_column) ||
           (policy == NAMES_TABLE_ALIASES && is_alias && !is_column);
}

static void check_keyword_name(LintFile *file, const Token *token, NamePolicy bare,
                               NamePolicy quoted)
{
    Str name = scope_plain_name(token);
    bool is_quoted = token->kind == TOKEN_QUOTED;
    uint8_t bits = keyword_bits(file->config->dialect, name);
    bool is_keyword = is_quoted ? bits != 0 : (bits & KEY_UNRESERVED) != 0;
    if (is_keyword && name.len > 1 && is_meant(file, token, is_quoted ? quoted : bare) &&
        !config_lists(file->config, "rules:references.keywords", "ignore_words", name))
        file_report(file, RULE_RF04, token->offset, false,
                    "Keywords should not be used as identifiers.");
}

static void check_characters(LintFile *file, const Token *token, NamePolicy bare, NamePolicy quoted)
{
    Str name = scope_plain_name(token);
    bool allows_space = config_flag(file->config, "rules:references.special_chars",
                                    "allow_space_in_identifier", false);
    Str allowed = config_text(file->config, "rules:references.special_chars",
                              "additional_allowed_characters");
    bool is_path = file->config->dialect == DIALECT_BIGQUERY && token->text.at[0] == '`';
    if (!is_meant(file, token, token->kind == TOKEN_QUOTED ? quoted : bare))
        return;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80 ||
                        (c == ' ' && allows_space) || str_find_char(allowed, c) >= 0 ||
                        (is_path && (c == '-' || c == '.' || c == '*')) ||
                        (c == '$' && token->kind == TOKEN_WORD);
        if (is_plain)
            continue;
        file_report(file, RULE_RF05, token->offset, false,
                    "Do not use special characters in identifiers.");
        return;
    }
}

static void check_quotes(LintFile *file, const Token *token)
{
    Str name = scope_plain_name(token);
    Dialect dialect = file->config->dialect;
    bool is_sensitive = config_flag(file->config, "rules:references.quoting", "case_sensitive",
                                    true);
    bool folds_up = dialect == DIALECT_SNOWFLAKE || dialect == DIALECT_ANSI;
    bool folds_none = dialect == DIALECT_DUCKDB || dialect == DIALECT_SPARKSQL ||
                      dialect == DIALECT_BIGQUERY;
    if (config_flag(file->config, "rules:references.quoting", "prefer_quoted_identifiers", false)) {
        if (token->kind == TOKEN_WORD)
            file_report(file, RULE_RF06, token->offset, false,
                        "Missing quoted identifier " STR_FMT ".", STR_ARG(name));
        return;
    }
    if (token->kind != TOKEN_QUOTED || !name.len || keyword_bits(dialect, name) & KEY_RESERVED)
        return;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_upper = c >= 'A' && c <= 'Z', is_lower = c >= 'a' && c <= 'z';
        bool is_letter = is_upper || is_lower;
        if (is_sensitive && !folds_none && ((is_upper && !folds_up) || (is_lower && folds_up)))
            return;
        if (!is_letter && c != '_' && !(i && c >= '0' && c <= '9'))
            return;
    }
    file_report(file, RULE_RF06, token->offset, false,
                "Unnecessary quoted identifier " STR_FMT ".", STR_ARG(token->text));
}

void check_names(LintFile *file)
{
    NamePolicy bare = policy_of(file, "rules:references.keywords", "unquoted_identifiers_policy",
                                NAMES_ALIASES);
    NamePolicy quoted = policy_of(file, "rules:references.keywords", "quoted_identifiers_policy",
                                  NAMES_NONE);
    NamePolicy bare_special = policy_of(file, "rules:references.special_chars",
                                        "unquoted_identifiers_policy", NAMES_ALL);
    NamePolicy quoted_special = policy_of(file, "rules:references.special_chars",
                                          "quoted_identifiers_policy", NAMES_ALL);
    for (uint32_t i = 0; i < file->count; i++) {
        const Token *token = &file->tokens[i];
        if ((token->role != ROLE_NAME && token->role != ROLE_ALIAS) || token->is_templated ||
            (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED))
            continue;
        check_keyword_name(file, token, bare, quoted);
        check_characters(file, token, bare_special, quoted_special);
        check_quotes(file, token);
    }
}

void check_references(LintFile *file)
{
    Str words = config_text(file->config, "rules:convention.blocked_words", "blocked_words");
    for (uint32_t i = 0; words.len && i < file->count; i++)
        if (file->tokens[i].kind == TOKEN_WORD && !file->tokens[i].is_templated &&
            config_lists(file->config, "rules:convention.blocked_words", "blocked_words",
                         file->tokens[i].text))
            file_report(file, RULE_CV09, file->tokens[i].offset, false,
                        "Use of blocked word '" STR_FMT "'.", STR_ARG(file->tokens[i].text));
}
