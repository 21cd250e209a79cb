/* fault.c: from what an engine says of compiled SQL to a place in the file that a person wrote. */
#include "base/file.h"
#include "sql/sql.h"
#include "workbench/check.h"

/* ---- what the engine says ---- */

/* The text in the first pair of double quotes. */
static Str quoted_word(Str text)
{
    ptrdiff_t from = str_find_char(text, '"');
    if (from < 0)
        return STR("");
    Str rest = str_slice(text, (size_t)from + 1, text.len);
    ptrdiff_t to = str_find_char(rest, '"');
    return to < 0 ? STR("") : str_slice(rest, 0, (size_t)to);
}

/* Where the caret line below "LINE 3: ..." points, as a word of that line. */
static Str word_at_caret(Str line, Str caret_line)
{
    ptrdiff_t caret = str_find_char(caret_line, '^');
    if (caret < 0 || (size_t)caret >= line.len)
        return STR("");
    size_t at = 0;
    SqlToken token = sql_next(str_slice(line, (size_t)caret, line.len), &at);
    bool is_word = token.kind == SQL_WORD || token.kind == SQL_NAME;
    return is_word ? token.text : STR("");
}

Fault fault_read(Arena *arena, Str text, uint32_t first_line)
{
    Fault out = {.message = str_trim(text), .token = STR("")};
    ptrdiff_t start = str_find(text, STR("LINE "));
    if (start < 0 || (start > 0 && text.at[start - 1] != '\n')) {
        out.token = quoted_word(text);
        return out;
    }
    Str rest = str_slice(text, (size_t)start, text.len), line, caret = STR(""), part;
    str_next_part(&rest, '\n', &line);
    if (rest.len)
        str_next_part(&rest, '\n', &caret);
    Str head = str_trim(str_slice(text, 0, (size_t)start));
    AUTO(text) Text message = {0};
    text_add(&message, head);
    while (rest.len && str_next_part(&rest, '\n', &part)) /* HINT: and the like */
        if (str_trim(part).len)
            text_print(&message, "\n" STR_FMT, STR_ARG(str_trim(part)));
    out.message = text_copy(arena, &message);
    out.token = word_at_caret(line, caret);
    Str after = str_slice(line, strlen("LINE "), line.len);
    ptrdiff_t colon = str_find_char(after, ':');
    int64_t number = 0;
    bool is_number = colon > 0 && str_to_int(str_slice(after, 0, (size_t)colon), &number);
    if (is_number && number >= first_line)
        out.line = (uint32_t)(number - first_line + 1);
    Str shown = colon > 0 ? str_slice(after, (size_t)colon + 1, after.len) : STR("");
    ptrdiff_t at = str_find_char(caret, '^');
    size_t margin = line.len - shown.len + 1; /* behind "LINE 3: " */
    bool is_cut = str_starts(str_trim(shown), STR("..."));
    if (out.line && at >= 0 && (size_t)at >= margin && !is_cut)
        out.column = (uint32_t)((size_t)at - margin + 1);
    return out;
}

/* ---- where that is ---- */

static Str line_of(Str text, uint32_t number)
{
    Str rest = text, line = STR("");
    for (uint32_t i = 0; i < number; i++)
        if (!str_next_part(&rest, '\n', &line))
            return STR("");
    return line;
}

static uint32_t line_count(Str text)
{
    uint32_t count = 0;
    Str rest = text, line;
    while (str_next_part(&rest, '\n', &line))
        count++;
    return count;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Offset of a word in a line, or -1. */
static ptrdiff_t find_word(Str line, Str word)
{
    for (size_t from = 0; word.len && from + word.len <= line.len;) {
        ptrdiff_t at = str_find(str_slice(line, from, line.len), word);
        if (at < 0)
            return -1;
        size_t start = from + (size_t)at, end = start + word.len;
        bool begins = !start || !is_word_char(line.at[start - 1]) || !is_word_char(word.at[0]);
        if (begins && (end == line.len || !is_word_char(line.at[end])))
            return (ptrdiff_t)start;
        from = start + 1;
    }
    return -1;
}

/* The line of `source` that a compiled line comes from, or 0. */
static uint32_t find_line(Str source, Str compiled_line, uint32_t number, Str token)
{
    Str wanted = str_trim(compiled_line), rest = source, line;
    uint32_t best = 0, distance = UINT32_MAX, with_token = 0, token_lines = 0;
    for (uint32_t i = 1; str_next_part(&rest, '\n', &line); i++) {
        uint32_t away = i > number ? i - number : number - i;
        if (wanted.len && str_eq(str_trim(line), wanted) && away < distance) {
            best = i;
            distance = away;
        }
        if (find_word(line, token) >= 0) {
            with_token = i;
            token_lines++;
        }
    }
    if (best)
        return best;
    if (number && find_word(line_of(source, number), token) >= 0)
        return number;
    return token_lines == 1 ? with_token : number;
}

void fault_place(Arena *arena, const Node *node, Str code, const Fault *fault, Finding *finding)
{
    Str compiled_line = fault->line ? line_of(code, fault->line) : STR("");
    Str token = fault->token.len ? fault->token : STR("");
    uint32_t number = fault->line;
    if (number && line_count(code) != line_count(node->raw_code) && fault->line > 1)
        number = 0;
    uint32_t line = find_line(node->raw_code, compiled_line, number, token);
    finding->place = (Place){.file = node->file};
    finding->line = STR("");
    if (line) {
        finding->line = str_copy(arena, line_of(node->raw_code, line));
        ptrdiff_t at = find_word(finding->line, token);
        finding->place.line = (int)line;
        finding->place.column = at >= 0 ? (int)at + 1 : 1;
    } else if (fault->line && fault->line <= line_count(code)) {
        finding->line = str_copy(arena, compiled_line);
        finding->place.line = (int)fault->line;
        finding->place.column = fault->column ? (int)fault->column : 1;
        finding->place.file = str_print(arena, STR_FMT " (compiled)", STR_ARG(node->file));
    }
}

/* ---- property files ---- */

static bool has_name(Str line, Str name)
{
    Str trimmed = str_trim(line);
    if (str_starts(trimmed, STR("- ")))
        trimmed = str_trim(str_slice(trimmed, 2, trimmed.len));
    if (!str_starts(trimmed, STR("name:")))
        return false;
    Str value = str_trim(str_slice(trimmed, strlen("name:"), trimmed.len));
    if (value.len >= 2 && (value.at[0] == '"' || value.at[0] == '\''))
        value = str_slice(value, 1, value.len - 1);
    return str_eq(value, name);
}

void column_place(Arena *arena, const Project *project, const Node *node, Str column,
                  Finding *finding)
{
    ptrdiff_t scheme = str_find(node->patch_path, STR("://"));
    Str file = scheme < 0 ? node->patch_path
                          : str_slice(node->patch_path, (size_t)scheme + 3, node->patch_path.len);
    finding->place = (Place){.file = file};
    finding->line = STR("");
    Str text;
    Err ignored = {0};
    bool ok = file_read(arena, path_join(arena, project->project_dir, file), &text, &ignored);
    err_drop(&ignored);
    if (!ok)
        return;
    Str rest = text, line;
    bool is_inside = false;
    for (int i = 1; str_next_part(&rest, '\n', &line); i++) {
        if (!is_inside) {
            is_inside = has_name(line, node->name);
        } else if (has_name(line, column)) {
            ptrdiff_t at = str_find(line, column);
            finding->place.line = i;
            finding->place.column = (int)at + 1;
            finding->line = str_copy(arena, line);
            return;
        }
    }
}
