/* lint.c: one text: variants, rules, what is silenced; and mending it in rounds. */
#include <stdlib.h>

#include "lint/lint_base.h"

enum { MOST_ROUNDS = 24 };

typedef struct Lines {
    uint32_t *starts, count;
} Lines;

static Lines find_lines(Arena *arena, Str source)
{
    uint32_t count = 1, at = 1;
    for (size_t i = 0; i < source.len; i++)
        count += source.at[i] == '\n';
    Lines lines = {NEW_N(arena, uint32_t, count), count};
    for (size_t i = 0; i < source.len; i++)
        if (source.at[i] == '\n')
            lines.starts[at++] = (uint32_t)i + 1;
    return lines;
}

static const struct Check {
    void (*run)(LintFile *file);
} checks[] = {
#define AS_ROW(name) {name},
    CHECKS(AS_ROW)
#undef AS_ROW
};

/* Runs all rules over one variant. */
static void run_checks(LintFile *file)
{
    file_parse(file);
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        checks[i].run(file);
}

static LintFile file_make(const LintConfig *config, Arena *arena, Str source, Lines lines)
{
    return (LintFile){.arena = arena, .config = config, .source = source,
                      .line_starts = lines.starts, .line_count = lines.count,
                      .has_crlf = str_find(source, STR("\r\n")) >= 0};
}

static int compare_places(const void *a, const void *b)
{
    const Violation *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Sorts; what several variants found is told once. */
static void sort_unique(Violations *violations)
{
    if (!violations->len)
        return;
    qsort(violations->at, violations->len, sizeof(*violations->at), compare_places);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < violations->len; i++)
        if (compare_places(&violations->at[kept - 1], &violations->at[i]) != 0)
            violations->at[kept++] = violations->at[i];
    violations->len = kept;
}

void lint_text(const LintConfig *config, Arena *arena, Str source, LintReport *out)
{
    *out = (LintReport){0};
    if (source.len > SOURCE_LIMIT_BYTES)
        return;
    Tokens all = {0};
    tokens_read(arena, config->dialect, source, &all);
    Lines lines = find_lines(arena, source);
    uint32_t variants = tokens_variants(&all);
    for (uint32_t i = 0; i < variants; i++) {
        Tokens chosen;
        tokens_choose(arena, &all, i, &chosen);
        LintFile file = file_make(config, arena, source, lines);
        file.tokens = chosen.at;
        file.count = chosen.len;
        file.violations = &out->violations;
        run_checks(&file);
        if (!out->unparsed)
            out->unparsed_line = file.unparsed_line;
        out->unparsed += file.unparsed;
    }
    sort_unique(&out->violations);
    noqa_apply(config, arena, source, &all, &out->violations);
}

/* ---- the same code? ---- */

/* The tag's text without the white space inside of its ends. */
static void add_tag_text(Str text, Text *out)
{
    size_t from = 2, end = text.len >= 4 ? text.len - 2 : text.len;
    bool has_minus = from < end && (text.at[from] == '-' || text.at[from] == '+');
    bool has_end_minus = end > from + 1 && (text.at[end - 1] == '-' || text.at[end - 1] == '+');
    text_add(out, str_slice(text, 0, from + has_minus));
    text_add(out, str_trim(str_slice(text, from + has_minus, end - has_end_minus)));
    text_add(out, str_slice(text, end - has_end_minus, text.len));
}

/* Behind the tag that begins at `at`: texts within it may hold its end. */
static size_t tag_end(Str text, size_t at)
{
    char kind = text.at[at + 1], close = kind == '{' ? '}' : kind, quote = '\0';
    for (at += 2; at + 1 < text.len; at++) {
        char c = text.at[at];
        if (quote && c == '\\')
            at++;
        else if (quote)
            quote = c == quote ? '\0' : quote;
        else if (kind != '#' && (c == '\'' || c == '"'))
            quote = c;
        else if (c == close && text.at[at + 1] == '}')
            return at + 2;
    }
    return text.len;
}

/* A text with tags in it, each without the white space inside of its ends. */
static void add_templated(Str text, Text *out)
{
    for (size_t at = 0; at < text.len;) {
        char next = at + 1 < text.len ? text.at[at + 1] : '\0';
        if (text.at[at] != '{' || (next != '{' && next != '%' && next != '#')) {
            text_add_char(out, text.at[at++]);
            continue;
        }
        size_t end = tag_end(text, at);
        add_tag_text(str_slice(text, at, end), out);
        at = end;
    }
}

/* Code in one text, comments in another: comments may pass commas and operators. */
static void print_code(const Tokens *tokens, Text *code, Text *comments)
{
    for (uint32_t i = 0; i < tokens->len; i++) {
        const Token *token = &tokens->at[i];
        bool is_comment = token->kind == TOKEN_COMMENT || token->kind == TOKEN_BLOCK_COMMENT;
        Text *out = is_comment ? comments : code;
        if (token_is(token, "as"))
            continue;
        if (token->is_templated || token->kind == TOKEN_NOTE)
            add_templated(token->text, out);
        else if (token->kind == TOKEN_WORD)
            for (size_t j = 0; j < token->text.len; j++) {
                char c = token->text.at[j];
                text_add_char(out, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
            }
        else
            text_add(out, token->text);
        text_add_char(out, '\0');
    }
}

static uint32_t count_word(const Tokens *tokens, const char *word)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < tokens->len; i++)
        count += token_is(&tokens->at[i], word);
    return count;
}

static bool same_code(Arena *arena, Dialect dialect, Str a, Str b)
{
    Tokens of_a = {0}, of_b = {0};
    AUTO(text) Text code_a = {0};
    AUTO(text) Text code_b = {0};
    AUTO(text) Text comments_a = {0};
    AUTO(text) Text comments_b = {0};
    tokens_read(arena, dialect, a, &of_a);
    tokens_read(arena, dialect, b, &of_b);
    print_code(&of_a, &code_a, &comments_a);
    print_code(&of_b, &code_b, &comments_b);
    return str_eq(text_str(&code_a), text_str(&code_b)) &&
           str_eq(text_str(&comments_a), text_str(&comments_b)) &&
           count_word(&of_a, "as") <= count_word(&of_b, "as");
}

bool lint_same_code(Arena *arena, Str a, Str b)
{
    return same_code(arena, DIALECT_DUCKDB, a, b);
}

/* ---- mending ---- */

static Str apply(Arena *arena, Str source, const Edits *edits)
{
    AUTO(text) Text out = {0};
    uint32_t at = 0;
    for (uint32_t i = 0; i < edits->len; i++) {
        const Edit *edit = &edits->at[i];
        text_add(&out, str_slice(source, at, edit->offset));
        text_add(&out, edit->text);
        at = edit->end;
    }
    text_add(&out, str_slice(source, at, source.len));
    return text_copy(arena, &out);
}

/* Takes out the edits of rules that are silenced where they would change something. */
static void keep_wanted(const LintReport *report, const LintFile *file, Edits *edits)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < edits->len; i++) {
        uint32_t line = file_line(file, edits->at[i].offset);
        uint32_t last = file_line(file, edits->at[i].end);
        bool is_wanted = false;
        for (uint32_t j = 0; j < report->violations.len && !is_wanted; j++) {
            const Violation *violation = &report->violations.at[j];
            is_wanted = violation->rule == edits->at[i].rule && violation->line + 1 >= line &&
                        violation->line <= last + 1;
        }
        if (is_wanted)
            edits->at[kept++] = edits->at[i];
    }
    edits->len = kept;
}

/* The text with one variant's changes. */
static Str mend_variant(const LintConfig *config, Arena *arena, Str source, uint32_t variant,
                        bool has_noqa)
{
    Tokens all = {0}, chosen;
    Edits edits = {0};
    tokens_read(arena, config->dialect, source, &all);
    if (variant >= tokens_variants(&all))
        return source;
    tokens_choose(arena, &all, variant, &chosen);
    Lines lines = find_lines(arena, source);
    LintFile file = file_make(config, arena, source, lines);
    file.tokens = chosen.at;
    file.count = chosen.len;
    file.edits = &edits;
    run_checks(&file);
    if (has_noqa && edits.len) {
        LintReport report;
        lint_text(config, arena, source, &report);
        keep_wanted(&report, &file, &edits);
    }
    return edits.len ? apply(arena, source, &edits) : source;
}

Str lint_fix(const LintConfig *config, Arena *arena, Str source)
{
    if (source.len > SOURCE_LIMIT_BYTES)
        return source;
    bool has_noqa = str_find(source, STR("noqa")) >= 0;
    Str now = str_copy(arena, source);
    for (unsigned round = 0; round < MOST_ROUNDS; round++) {
        Arena scratch = {0};
        Str next = now;
        for (uint32_t variant = 0; variant < 5; variant++)
            next = mend_variant(config, &scratch, next, variant, has_noqa);
        bool is_done = str_eq(next, now) || !same_code(&scratch, config->dialect, now, next);
        if (!is_done)
            now = str_copy(arena, next);
        arena_drop(&scratch);
        if (is_done)
            return str_eq(now, source) ? source : now;
    }
    return source;                /* rules that undo one another: what was there is better */
}
