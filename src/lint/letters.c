/* letters.c: the case of key words, names, functions, constants and types: CP01 to CP05. */
#include "lint/lint_base.h"

enum { BIT_UPPER = 1 << CASE_UPPER, BIT_LOWER = 1 << CASE_LOWER,
       BIT_CAPITALISE = 1 << CASE_CAPITALISE, BIT_PASCAL = 1 << CASE_PASCAL,
       BIT_SNAKE = 1 << CASE_SNAKE, BIT_CAMEL = 1 << CASE_CAMEL };

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alphanumeric(Str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!is_upper(word.at[i]) && !is_lower(word.at[i]) &&
            !(word.at[i] >= '0' && word.at[i] <= '9') && (unsigned char)word.at[i] < 0x80)
            return false;
    return true;
}

static Str capitalised(Arena *arena, Str word)
{
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < word.len; i++) {
        char c = word.at[i];
        text_add_char(&out, i == 0 && is_lower(c) ? (char)(c - 32)
                            : i && is_upper(c)    ? (char)(c + 32)
                                                  : c);
    }
    return text_copy(arena, &out);
}

/* The cases that a word rules out. */
static uint32_t refuted_by(Arena *arena, Str word)
{
    size_t first = 0;
    uint32_t refuted = 0;
    while (first < word.len && !is_upper(word.at[first]) && !is_lower(word.at[first]))
        first++;
    if (first == word.len)
        return 0;
    bool has_upper = !str_eq(word, str_lower(arena, word));
    bool has_lower = !str_eq(word, str_upper(arena, word));
    if (is_lower(word.at[first])) {
        refuted = BIT_UPPER | BIT_CAPITALISE | BIT_PASCAL;
        if (has_upper)
            refuted |= BIT_LOWER | BIT_SNAKE;
        if (!is_alphanumeric(word))
            refuted |= BIT_CAMEL;
        return refuted;
    }
    refuted = BIT_LOWER | BIT_CAMEL | BIT_SNAKE;
    if (has_lower)
        refuted |= BIT_UPPER;
    if (!str_eq(word, capitalised(arena, word)))
        refuted |= BIT_CAPITALISE;
    if (!is_alphanumeric(word))
        refuted |= BIT_PASCAL;
    return refuted;
}

/* The word in a case; camel, pascal and snake cannot be made by case alone: then itself. */
static Str in_case(Arena *arena, Str word, CasePolicy policy)
{
    switch (policy) {
    case CASE_UPPER: return str_upper(arena, word);
    case CASE_LOWER: return str_lower(arena, word);
    case CASE_CAPITALISE: return capitalised(arena, word);
    case CASE_SNAKE: return str_eq(word, str_upper(arena, word)) ? str_lower(arena, word) : word;
    case CASE_PASCAL:
    case CASE_CAMEL: {
        Str copy = str_copy(arena, word);
        char *at = (char *)(uintptr_t)copy.at;
        for (size_t i = 0; i < copy.len; i++) {
            bool begins = !i || copy.at[i - 1] == '_';
            if (begins && (i || policy == CASE_PASCAL) && is_lower(copy.at[i]))
                at[i] = (char)(copy.at[i] - 32);
        }
        return copy;
    }
    case CASE_CONSISTENT: break;
    }
    return word;
}

/* Without a policy: the first case that all words so far allow; once there is none, the last one
 * that there was. */
static CasePolicy policy_for(LintFile *file, Str word, CasePolicy policy, bool is_extended,
                             struct LetterState *state)
{
    if (policy != CASE_CONSISTENT)
        return policy;
    state->refuted |= refuted_by(file->arena, word);
    for (CasePolicy p = CASE_UPPER; p <= (is_extended ? CASE_CAMEL : CASE_CAPITALISE); p++)
        if (!(state->refuted & 1u << p)) {
            state->latest = p;
            return CASE_CONSISTENT;
        }
    return state->latest ? (CasePolicy)state->latest : CASE_UPPER;
}

static const char *const policy_names[] = {"consistently", "upper case", "lower case",
                                           "capitalised", "pascal case", "snake case",
                                           "camel case"};

static void check_word(LintFile *file, RuleId rule, const Token *token, CasePolicy policy,
                       struct LetterState *state, const char *kind)
{
    bool is_extended = rule == RULE_CP02 || rule == RULE_CP03 || rule == RULE_CP05;
    CasePolicy wanted = policy_for(file, token->text, policy, is_extended, state);
    Str fixed = in_case(file->arena, token->text, wanted);
    const char *section = lint_rules[rule].name;
    char name[64] = "rules:";
    memcpy(name + 6, section, strlen(section) + 1);
    if (str_eq(fixed, token->text) || config_lists(file->config, name, "ignore_words", token->text))
        return;
    if (file_report(file, rule, token->offset, true, "%s must be %s%s.", kind,
                    policy == CASE_CONSISTENT ? "consistently " : "", policy_names[wanted]))
        file_edit(file, rule, token->offset, token->end, fixed);
}

/* Which names CP02 is about. */
static bool is_wanted_name(const LintFile *file, const Token *token)
{
    bool is_alias = token->role == ROLE_ALIAS;
    const Node *around = file_node(file, file_node(file, token->node)->parent);
    switch (file->config->case_names) {
    case NAMES_ALL: return true;
    case NAMES_ALIASES: return is_alias;
    case NAMES_COLUMN_ALIASES: return is_alias && around->kind == NODE_TARGET;
    case NAMES_TABLE_ALIASES: return is_alias && around->kind != NODE_TARGET;
    case NAMES_NONE: break;
    }
    return false;
}

void check_letters(LintFile *file)
{
    const LintConfig *config = file->config;
    for (uint32_t i = 0; i < file->count; i++) {
        const Token *token = &file->tokens[i];
        if (token->kind != TOKEN_WORD || token->is_templated || token->text.at[0] == '@' ||
            token->text.at[0] == '$')
            continue;
        switch (token->role) {
        case ROLE_KEYWORD:
        case ROLE_OPERATOR:
        case ROLE_PART:
            check_word(file, RULE_CP01, token, config->keywords, &file->letters[0], "Keywords");
            break;
        case ROLE_NAME:
        case ROLE_ALIAS:
            if (is_wanted_name(file, token))
                check_word(file, RULE_CP02, token, config->names, &file->letters[1],
                           "Unquoted identifiers");
            break;
        case ROLE_FUNCTION:
            check_word(file, RULE_CP03, token, config->functions, &file->letters[2],
                       "Function names");
            break;
        case ROLE_CONSTANT:
            check_word(file, RULE_CP04, token, config->constants, &file->letters[3],
                       "Boolean/null literals");
            break;
        case ROLE_TYPE:
            check_word(file, RULE_CP05, token, config->types, &file->letters[4], "Datatypes");
            break;
        default: break;
        }
    }
}
