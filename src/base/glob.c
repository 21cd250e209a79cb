/* glob.c: shell patterns, over whole texts, over the parts of paths, and as gitignore rules.
 *
 * Every matcher here is the same loop: go on until something differs, then return to the last
 * star and let it take one more. One remembered star is enough, so no pattern takes longer than
 * pattern * text steps.
 */
#include "base/glob.h"

#include "base/text.h"

/* ---- one bracket expression ---- */

typedef struct Bracket {
    size_t from, to;    /* between the brackets, without ! */
    size_t after;       /* behind the closing one          */
    bool is_negated;
} Bracket;

/* Reads the expression whose '[' stands at `at`; false if it is not closed: then '[' is itself. */
static bool bracket_read(Str pattern, size_t at, bool knows_caret, Bracket *out)
{
    size_t from = at + 1;
    bool is_negated = from < pattern.len &&
                      (pattern.at[from] == '!' || (knows_caret && pattern.at[from] == '^'));
    if (is_negated)
        from++;
    size_t to = from;
    if (to < pattern.len && pattern.at[to] == ']') /* the first one is a member */
        to++;
    while (to < pattern.len && pattern.at[to] != ']')
        to++;
    if (to >= pattern.len)
        return false;
    *out = (Bracket){from, to, to + 1, is_negated};
    return true;
}

static bool bracket_has(Str pattern, Bracket bracket, uint32_t c)
{
    Str members = str_slice(pattern, bracket.from, bracket.to);
    size_t at = 0;
    while (at < members.len) {
        uint32_t low = utf8_next(members, &at), high = low;
        if (at + 1 < members.len && members.at[at] == '-') {
            at++;
            high = utf8_next(members, &at);
        }
        if (c >= low && c <= high)
            return !bracket.is_negated;
    }
    return bracket.is_negated;
}

/* ---- texts ---- */

/* Matches what stands at pattern[*p] (no star) with the next character of text at *t. */
static bool step(Str pattern, size_t *p, Str text, size_t *t, bool is_git)
{
    uint32_t c = utf8_next(text, t);
    Bracket bracket;
    char special = pattern.at[*p];
    if (special == '?') {
        ++*p;
        return true;
    }
    if (special == '[' && bracket_read(pattern, *p, is_git, &bracket)) {
        *p = bracket.after;
        return bracket_has(pattern, bracket, c);
    }
    if (special == '\\' && is_git && *p + 1 < pattern.len)
        ++*p;
    return utf8_next(pattern, p) == c;
}

static bool match(Str pattern, Str text, bool is_git)
{
    size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0;
    for (;;) {
        if (p < pattern.len && pattern.at[p] == '*') {
            star = ++p;
            star_text = t;
            continue;
        }
        if (t == text.len && p == pattern.len)
            return true;
        if (t < text.len && p < pattern.len && step(pattern, &p, text, &t, is_git))
            continue;
        if (star == SIZE_MAX || star_text >= text.len)
            return false;
        utf8_next(text, &star_text); /* the star takes one more */
        p = star;
        t = star_text;
    }
}

bool glob_match(Str pattern, Str text)
{
    return match(pattern, text, false);
}

bool glob_is_pattern(Str pattern)
{
    return str_find_char(pattern, '*') >= 0 || str_find_char(pattern, '?') >= 0 ||
           str_find_char(pattern, '[') >= 0;
}

/* ---- paths ---- */

/* Takes the next non-empty part of a path at *at, "." ones left out; false at its end. */
static bool next_part(Str path, size_t *at, Str *part)
{
    while (*at < path.len) {
        size_t from = *at, to = from;
        while (to < path.len && path.at[to] != '/')
            to++;
        *at = to < path.len ? to + 1 : to;
        *part = str_slice(path, from, to);
        if (part->len && !str_eq(*part, STR(".")))
            return true;
    }
    return false;
}

typedef struct PathMatch {
    bool is_git;          /* escapes and [^...]                                          */
    bool takes_below;     /* what lies below a match is matched too                      */
    bool needs_below;     /* only what lies below is: the pattern means folders          */
} PathMatch;

/* The loop of match(), with parts for characters and ** for *. */
static bool match_parts(Str pattern, Str path, PathMatch how)
{
    size_t p = 0, t = 0, star = SIZE_MAX, star_path = 0;
    for (;;) {
        size_t p_after = p, t_after = t;
        Str wanted, part;
        bool has_wanted = next_part(pattern, &p_after, &wanted);
        if (has_wanted && str_eq(wanted, STR("**"))) {
            p = star = p_after;
            star_path = t;
            continue;
        }
        bool has_part = next_part(path, &t_after, &part);
        if (!has_wanted && (how.needs_below ? has_part : !has_part || how.takes_below))
            return true;
        if (has_wanted && has_part && match(wanted, part, how.is_git)) {
            p = p_after;
            t = t_after;
            continue;
        }
        if (star == SIZE_MAX || !next_part(path, &star_path, &part))
            return false;
        p = star;
        t = star_path;
    }
}

bool glob_match_path(Str pattern, Str path)
{
    return match_parts(pattern, path, (PathMatch){0});
}

/* ---- gitignore ---- */

typedef struct IgnoreRule {
    Str pattern;          /* "**" / in front where it matches at any depth   */
    bool is_negated;
    bool is_folder;
} IgnoreRule;

struct IgnoreRules {
    List(IgnoreRule) rules;
};

/* Without white space at the end, except where a backslash keeps it. */
static Str trim_end(Str line)
{
    if (str_ends(line, STR("\\ ")))
        return line;
    while (line.len && strchr(" \t\r\n\f\v", line.at[line.len - 1]))
        line.len--;
    return line;
}

/* A backslash at the very end escapes nothing: git and pathspec both refuse such a line. */
static bool ends_in_escape(Str line)
{
    size_t count = 0;
    while (count < line.len && line.at[line.len - 1 - count] == '\\')
        count++;
    return count % 2 == 1;
}

static void rule_add(Arena *arena, IgnoreRules *rules, Str line)
{
    line = trim_end(line);
    if (!line.len || line.at[0] == '#' || str_eq(line, STR("/")) || ends_in_escape(line))
        return;
    IgnoreRule rule = {.is_negated = line.at[0] == '!'};
    if (rule.is_negated)
        line = str_slice(line, 1, line.len);
    if (!line.len || str_eq(line, STR("/")))
        return;
    rule.is_folder = line.at[line.len - 1] == '/';
    if (rule.is_folder)
        line.len--;
    bool is_everywhere = str_find_char(line, '/') < 0, had_slash = rule.is_folder;
    if (str_ends(line, STR("/**"))) { /* all below, not itself */
        rule.is_folder = true;
        line.len -= 3;
    }
    if (had_slash && (!line.len || str_eq(line, STR("**")))) /* any folder */
        line = STR("*");
    rule.pattern = is_everywhere ? str_print(arena, "**/" STR_FMT, STR_ARG(line))
                                 : str_copy(arena, line);
    list_add(arena, &rules->rules, rule);
}

IgnoreRules *ignore_make(Arena *arena, Str content)
{
    IgnoreRules *rules = NEW(arena, IgnoreRules);
    Str line;
    while (str_next_part(&content, '\n', &line))
        rule_add(arena, rules, line);
    return rules;
}

bool ignore_matches(const IgnoreRules *rules, Str path)
{
    for (uint32_t i = rules->rules.len; i-- > 0;) { /* the last rule that speaks decides */
        const IgnoreRule *rule = &rules->rules.at[i];
        PathMatch how = {.is_git = true, .takes_below = true, .needs_below = rule->is_folder};
        if (match_parts(rule->pattern, path, how))
            return !rule->is_negated;
    }
    return false;
}
