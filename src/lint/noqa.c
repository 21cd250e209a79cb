/* noqa.c: "-- noqa", "-- noqa: LT01,CP02", "-- noqa: disable=all", "-- noqa: enable=LT01". */
#include "base/glob.h"
#include "lint/lint_base.h"

typedef struct Silence {
    uint32_t line;
    bool is_range, disables;
    Str rules;                    /* empty = all; only PRS and TMP are not meant by "noqa" alone */
} Silence;

/* The text behind "noqa" of a comment; false if it says nothing of the kind. */
static bool find_noqa(Str comment, Str *rest)
{
    Str text = str_trim(comment);
    if (str_starts(text, STR("--")) || str_starts(text, STR("//")) || str_starts(text, STR("/*")) ||
        str_starts(text, STR("{#")))
        text = str_slice(text, 2, text.len);
    else if (str_starts(text, STR("#")))
        text = str_slice(text, 1, text.len);
    if (str_ends(text, STR("*/")) || str_ends(text, STR("#}")))
        text = str_slice(text, 0, text.len - 2);
    text = str_trim(text);
    ptrdiff_t dashes = str_find_last(text, STR("--"));
    if (!str_starts(text, STR("noqa")) && dashes >= 0)
        text = str_trim(str_slice(text, (size_t)dashes + 2, text.len));
    if (!str_starts(text, STR("noqa")))
        return false;
    *rest = str_trim(str_slice(text, 4, text.len));
    return rest->len == 0 || rest->at[0] == ':' || rest->at[0] == ' ';
}

static Silence read_noqa(uint32_t line, Str rest)
{
    Silence silence = {.line = line};
    if (!rest.len || rest.at[0] != ':')
        return silence;
    rest = str_trim(str_slice(rest, 1, rest.len));
    if (str_starts(rest, STR("disable")) || str_starts(rest, STR("enable"))) {
        ptrdiff_t equals = str_find_char(rest, '=');
        silence.is_range = true;
        silence.disables = rest.at[0] == 'd';
        rest = equals < 0 ? STR_NONE : str_trim(str_slice(rest, (size_t)equals + 1, rest.len));
        silence.rules = str_is(rest, "all") ? STR_NONE : rest;
        return silence;
    }
    silence.rules = rest;
    return silence;
}

/* Does a list of codes, names, groups or patterns mean this rule? */
static bool means(Arena *arena, Str list, const LintRule *rule)
{
    if (!list.len)
        return true;
    Str rest = list, part, name = str_of(rule->name);
    Str group = str_slice(name, 0, (size_t)str_find_char(name, '.'));
    while (str_next_part(&rest, ',', &part)) {
        part = str_trim(part);
        Str upper = str_upper(arena, part);
        if (glob_match(upper, str_of(rule->code)) || glob_match(part, name) ||
            str_eq(part, group) || (str_is(part, "core") && rule->is_core))
            return true;
    }
    return false;
}

/* Is a violation silenced by a line's own noqa or by the range it stands in? */
static bool is_silenced(Arena *arena, const Silence *silences, uint32_t count,
                        const Violation *violation)
{
    const LintRule *rule = &lint_rules[violation->rule];
    bool is_disabled = false;
    for (uint32_t i = 0; i < count; i++) {
        const Silence *silence = &silences[i];
        if (!means(arena, silence->rules, rule))
            continue;
        if (!silence->is_range && silence->line == violation->line)
            return true;
        if (silence->is_range && silence->line <= violation->line)
            is_disabled = silence->disables;
    }
    return is_disabled;
}

void noqa_apply(const LintConfig *config, Arena *arena, Str source, const Tokens *all,
                Violations *violations)
{
    List(Silence) silences = {0};
    uint32_t line = 1;
    size_t passed = 0;
    for (uint32_t i = 0; i < all->len && !config->disables_noqa; i++) {
        const Token *token = &all->at[i];
        Str rest;
        bool is_comment = token->kind == TOKEN_COMMENT || token->kind == TOKEN_BLOCK_COMMENT ||
                          token->kind == TOKEN_NOTE;
        if (!is_comment || !find_noqa(token->text, &rest))
            continue;
        for (; passed < token->offset; passed++)
            line += source.at[passed] == '\n';
        list_add(arena, &silences, read_noqa(line, rest));
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < violations->len; i++)
        if (!silences.len || !is_silenced(arena, silences.at, silences.len, &violations->at[i]))
            violations->at[kept++] = violations->at[i];
    violations->len = kept;
}
