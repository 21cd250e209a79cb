/* file.c: what rules ask about a variant, and how they report and mend. */
#include "lint/lint_base.h"

uint32_t file_line(const LintFile *file, uint32_t offset)
{
    uint32_t low = 0, high = file->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (file->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

Str file_gap(const LintFile *file, uint32_t gap)
{
    uint32_t from = gap ? file->tokens[gap - 1].end : 0;
    return str_slice(file->source, from, file->tokens[gap].offset);
}

bool file_gap_breaks(const LintFile *file, uint32_t gap)
{
    return str_find_char(file_gap(file, gap), '\n') >= 0;
}

bool token_is_code(const Token *token)
{
    return token->kind <= TOKEN_CLOSE || (token->kind == TOKEN_EXPR && token->role != ROLE_EMPTY);
}

bool token_is(const Token *token, const char *lower)
{
    return token->kind == TOKEN_WORD && str_eq_fold(token->text, str_of(lower));
}

uint32_t file_next_code(const LintFile *file, uint32_t token)
{
    while (token + 1 < file->count && !token_is_code(&file->tokens[token]))
        token++;
    return token < file->count ? token : file->count - 1;
}

uint32_t file_prior_code(const LintFile *file, uint32_t token)
{
    while (token > 0)
        if (token_is_code(&file->tokens[--token]))
            return token;
    return UINT32_MAX;
}

uint32_t file_above(const LintFile *file, uint32_t node, NodeKind kind)
{
    while (node) {
        node = file->nodes.at[node].parent;
        if (file->nodes.at[node].kind == kind)
            return node;
    }
    return UINT32_MAX;
}

bool file_has_kind_above(const LintFile *file, uint32_t node, NodeKind kind)
{
    return file_above(file, node, kind) != UINT32_MAX;
}

bool file_report(LintFile *file, RuleId rule, uint32_t offset, bool is_fixable, const char *format,
                 ...)
{
    if (!file->config->is_on[rule])
        return false;
    if (file->edits)
        return true;
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    uint32_t line = file_line(file, offset), start = file->line_starts[line - 1];
    Str before = str_slice(file->source, start, offset);
    Violation violation = {.rule = rule, .offset = offset, .line = line,
                           .column = (uint32_t)utf8_length(before) + 1, .is_fixable = is_fixable,
                           .text = text_copy(file->arena, &text)};
    list_add(file->arena, file->violations, violation);
    return true;
}

/* The number of edits that begin before an offset. */
static uint32_t edit_place(const Edits *edits, uint32_t offset)
{
    uint32_t low = 0, high = edits->len;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (edits->at[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Do an edit and a place neither overlap nor, where one is an insertion, touch? */
static bool is_apart(const Edit *other, uint32_t offset, uint32_t end)
{
    bool is_insertion = offset == end || other->offset == other->end;
    return end < other->offset || other->end < offset ||
           (!is_insertion && (end == other->offset || other->end == offset));
}

void file_edit(LintFile *file, RuleId rule, uint32_t offset, uint32_t end, Str text)
{
    if (!file->edits || !file->config->is_on[rule] ||
        str_eq(str_slice(file->source, offset, end), text))
        return;
    Edits *edits = file->edits;
    uint32_t at = edit_place(edits, offset);
    if ((at && !is_apart(&edits->at[at - 1], offset, end)) ||
        (at < edits->len && !is_apart(&edits->at[at], offset, end)))
        return;
    Edit edit = {offset, end, text, rule};
    list_add(file->arena, edits, edit);
    memmove(&edits->at[at + 1], &edits->at[at], (edits->len - 1 - at) * sizeof(edit));
    edits->at[at] = edit;
}

void file_edit_gap(LintFile *file, RuleId rule, uint32_t gap, Str text)
{
    Str old = file_gap(file, gap);
    if (str_trim(old).len)
        return;
    uint32_t end = file->tokens[gap].offset;
    file_edit(file, rule, end - (uint32_t)old.len, end, text);
}

Str file_line_break(LintFile *file, uint32_t width)
{
    AUTO(text) Text out = {0};
    text_add_c(&out, file->has_crlf ? "\r\n" : "\n");
    uint32_t tabs = file->config->uses_tabs ? width / file->config->tab_size : 0;
    text_add_repeat(&out, '\t', tabs);
    text_add_repeat(&out, ' ', width - tabs * file->config->tab_size);
    return text_copy(file->arena, &out);
}

uint32_t file_line_indent(const LintFile *file, uint32_t token)
{
    uint32_t offset = file->tokens[token].offset;
    uint32_t at = file->line_starts[file_line(file, offset) - 1], width = 0;
    for (; at < file->source.len && (file->source.at[at] == ' ' || file->source.at[at] == '\t');
         at++)
        width += file->source.at[at] == '\t' ? file->config->tab_size : 1;
    return width;
}
