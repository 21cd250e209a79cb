/* report.c: violations as lines, JSON, YAML and annotations; changes as a diff. */
#include "base/json.h"
#include "base/yaml.h"
#include "lint/lint_base.h"

static Str line_of(Str source, uint32_t offset)
{
    size_t from = offset < source.len ? offset : source.len, to = from;
    while (from && source.at[from - 1] != '\n')
        from--;
    while (to < source.len && source.at[to] != '\n' && source.at[to] != '\r')
        to++;
    return str_slice(source, from, to);
}

/* "   3 | select a ,b" and a caret below; a line that is too long is cut. */
static void add_excerpt(Str source, const Violation *violation, Text *out)
{
    enum { WIDEST = 160 };
    Str line = line_of(source, violation->offset);
    size_t before = violation->column - 1;
    text_print(out, "  %5u | " STR_FMT "\n        | ", violation->line,
               STR_ARG(str_slice(line, 0, WIDEST)));
    for (size_t i = 0; i < before && i < WIDEST && i < line.len; i++)
        text_add_char(out, line.at[i] == '\t' ? '\t' : ' ');
    text_add_c(out, "^\n");
}

static void add_human(const LintFileEntry *entry, bool shows_lines, Text *out)
{
    Str source = entry->fixed.at ? entry->fixed : entry->source;
    if (entry->failure.len)
        text_print(out, STR_FMT ": " STR_FMT "\n", STR_ARG(entry->path), STR_ARG(entry->failure));
    for (uint32_t i = 0; i < entry->report.violations.len; i++) {
        const Violation *violation = &entry->report.violations.at[i];
        const LintRule *rule = &lint_rules[violation->rule];
        text_print(out, STR_FMT ":%u:%u %s " STR_FMT " (%s)%s\n", STR_ARG(entry->path),
                   violation->line, violation->column, rule->code, STR_ARG(violation->text),
                   rule->name, lint_is_warning(entry->config, violation) ? " [warning]" : "");
        if (shows_lines)
            add_excerpt(source, violation, out);
    }
}

static Value violation_value(Arena *arena, const LintFileEntry *entry, const Violation *violation)
{
    const LintRule *rule = &lint_rules[violation->rule];
    Value row = value_dict(arena);
    dict_put(row.dict, STR("start_line_no"), value_int(violation->line));
    dict_put(row.dict, STR("start_line_pos"), value_int(violation->column));
    dict_put(row.dict, STR("code"), value_text(str_of(rule->code)));
    dict_put(row.dict, STR("description"), value_text(violation->text));
    dict_put(row.dict, STR("name"), value_text(str_of(rule->name)));
    dict_put(row.dict, STR("warning"), value_bool(lint_is_warning(entry->config, violation)));
    dict_put(row.dict, STR("fixable"), value_bool(violation->is_fixable));
    return row;
}

static Value files_value(Arena *arena, const LintFiles *files)
{
    Value all = value_list(arena);
    for (uint32_t i = 0; i < files->len; i++) {
        const LintFileEntry *entry = &files->at[i];
        Value row = value_dict(arena), list = value_list(arena);
        for (uint32_t v = 0; v < entry->report.violations.len; v++)
            array_add(list.list, violation_value(arena, entry, &entry->report.violations.at[v]));
        dict_put(row.dict, STR("filepath"), value_text(entry->path));
        dict_put(row.dict, STR("violations"), list);
        if (entry->failure.len)
            dict_put(row.dict, STR("failure"), value_text(entry->failure));
        array_add(all.list, row);
    }
    return all;
}

static Value annotations_value(Arena *arena, const LintFiles *files)
{
    Value all = value_list(arena);
    for (uint32_t i = 0; i < files->len; i++)
        for (uint32_t v = 0; v < files->at[i].report.violations.len; v++) {
            const Violation *violation = &files->at[i].report.violations.at[v];
            Value row = value_dict(arena);
            bool is_warning = lint_is_warning(files->at[i].config, violation);
            dict_put(row.dict, STR("file"), value_text(files->at[i].path));
            dict_put(row.dict, STR("title"), value_lit("SQLFluff"));
            dict_put(row.dict, STR("message"),
                     value_text(str_print(arena, "%s: " STR_FMT, lint_rules[violation->rule].code,
                                          STR_ARG(violation->text))));
            dict_put(row.dict, STR("start_line"), value_int(violation->line));
            dict_put(row.dict, STR("end_line"), value_int(violation->line));
            dict_put(row.dict, STR("start_column"), value_int(violation->column));
            dict_put(row.dict, STR("end_column"), value_int(violation->column));
            dict_put(row.dict, STR("annotation_level"),
                     is_warning ? value_lit("warning") : value_lit("failure"));
            array_add(all.list, row);
        }
    return all;
}

static void add_native(const LintFileEntry *entry, Text *out)
{
    for (uint32_t v = 0; v < entry->report.violations.len; v++) {
        const Violation *violation = &entry->report.violations.at[v];
        const LintRule *rule = &lint_rules[violation->rule];
        text_print(out, "::%s title=SQLFluff,file=" STR_FMT ",line=%u,col=%u::%s: " STR_FMT
                        " [%s]\n",
                   lint_is_warning(entry->config, violation) ? "warning" : "error",
                   STR_ARG(entry->path), violation->line, violation->column, rule->code,
                   STR_ARG(violation->text), rule->name);
    }
}

void lint_print(const LintFiles *files, LintForm form, bool shows_lines, Text *out)
{
    Arena arena = {0};
    if (form == LINT_JSON || form == LINT_GITHUB) {
        json_print(form == LINT_JSON ? files_value(&arena, files)
                                     : annotations_value(&arena, files),
                   (JsonStyle){.keeps_unicode = true}, out);
        text_add_char(out, '\n');
    } else if (form == LINT_YAML) {
        yaml_print(files_value(&arena, files), false, out);
    }
    for (uint32_t i = 0; i < files->len; i++) {
        if (form == LINT_HUMAN)
            add_human(&files->at[i], shows_lines, out);
        else if (form == LINT_GITHUB_NATIVE)
            add_native(&files->at[i], out);
    }
    arena_drop(&arena);
}

/* ---- diff ---- */

enum { CONTEXT = 3, MOST_STEPS = 4000000 };

typedef struct Rows {
    Str *at;
    uint32_t len;
} Rows;

static Rows rows_of(Arena *arena, Str text)
{
    Rows rows = {0};
    for (size_t i = 0; i < text.len; i++)
        rows.len += text.at[i] == '\n' || i + 1 == text.len;
    rows.at = NEW_N(arena, Str, rows.len + 1);
    uint32_t row = 0;
    for (size_t i = 0, from = 0; i < text.len; i++)
        if (text.at[i] == '\n' || i + 1 == text.len) {
            rows.at[row++] = str_slice(text, from, i + 1);
            from = i + 1;
        }
    return rows;
}

/* Marks the rows that both texts keep, by the longest common subsequence; nothing is marked where
 * that would cost too much. */
static void mark_kept(Arena *arena, Rows a, Rows b, bool *a_kept, bool *b_kept)
{
    uint32_t start = 0, ends = 0;
    while (start < a.len && start < b.len && str_eq(a.at[start], b.at[start])) {
        a_kept[start] = b_kept[start] = true;
        start++;
    }
    while (ends < a.len - start && ends < b.len - start &&
           str_eq(a.at[a.len - 1 - ends], b.at[b.len - 1 - ends])) {
        a_kept[a.len - 1 - ends] = b_kept[b.len - 1 - ends] = true;
        ends++;
    }
    uint64_t n = a.len - start - ends, m = b.len - start - ends;
    if (!n || !m || n * m > MOST_STEPS)
        return;
    uint32_t *length = NEW_N(arena, uint32_t, (n + 1) * (m + 1));
    for (uint64_t i = n; i-- > 0;)
        for (uint64_t j = m; j-- > 0;) {
            uint32_t down = length[(i + 1) * (m + 1) + j], right = length[i * (m + 1) + j + 1];
            length[i * (m + 1) + j] = str_eq(a.at[start + i], b.at[start + j])
                                          ? length[(i + 1) * (m + 1) + j + 1] + 1
                                          : down > right ? down : right;
        }
    for (uint64_t i = 0, j = 0; i < n && j < m;) {
        if (str_eq(a.at[start + i], b.at[start + j])) {
            a_kept[start + i++] = b_kept[start + j++] = true;
        } else if (length[(i + 1) * (m + 1) + j] >= length[i * (m + 1) + j + 1]) {
            i++;
        } else {
            j++;
        }
    }
}

static void add_row(char sign, Str row, Text *out)
{
    text_add_char(out, sign);
    text_add(out, row);
    if (!row.len || row.at[row.len - 1] != '\n')
        text_add_c(out, "\n\\ No newline at end of file\n");
}

/* One hunk from rows i of a and j of b; moves both behind it. */
static void add_hunk(Rows a, Rows b, const bool *a_kept, const bool *b_kept, uint32_t *i,
                     uint32_t *j, Text *out)
{
    AUTO(text) Text body = {0};
    uint32_t lead = *i < CONTEXT ? *i : CONTEXT, quiet = 0;
    uint32_t a_from = *i - lead, b_from = *j - lead;
    for (uint32_t k = a_from; k < *i; k++)
        add_row(' ', a.at[k], &body);
    while (*i < a.len || *j < b.len) {
        if (*i < a.len && !a_kept[*i]) {
            add_row('-', a.at[(*i)++], &body);
            quiet = 0;
        } else if (*j < b.len && !b_kept[*j]) {
            add_row('+', b.at[(*j)++], &body);
            quiet = 0;
        } else {
            uint32_t ahead = 0;
            while (*i + ahead < a.len && a_kept[*i + ahead] && *j + ahead < b.len &&
                   b_kept[*j + ahead] && ahead <= 2 * CONTEXT)
                ahead++;
            bool ends = ahead > 2 * CONTEXT || (*i + ahead >= a.len && *j + ahead >= b.len);
            if (ends && (quiet == CONTEXT || quiet == ahead))
                break;
            if (ends && ahead + quiet > 2 * CONTEXT && quiet >= CONTEXT)
                break;
            add_row(' ', a.at[*i], &body);
            (*i)++, (*j)++, quiet++;
            if (quiet == CONTEXT && ends)
                break;
        }
    }
    text_print(out, "@@ -%u,%u +%u,%u @@\n", a_from + 1, *i - a_from, b_from + 1, *j - b_from);
    text_add(out, text_str(&body));
}

void lint_print_diff(Str path, Str before, Str after, Text *out)
{
    Arena arena = {0};
    Rows a = rows_of(&arena, before), b = rows_of(&arena, after);
    bool *a_kept = NEW_N(&arena, bool, a.len + 1), *b_kept = NEW_N(&arena, bool, b.len + 1);
    if (!str_eq(before, after)) {
        mark_kept(&arena, a, b, a_kept, b_kept);
        text_print(out, "--- " STR_FMT "\n+++ " STR_FMT "\n", STR_ARG(path), STR_ARG(path));
    }
    for (uint32_t i = 0, j = 0; !str_eq(before, after) && (i < a.len || j < b.len);) {
        if (i < a.len && j < b.len && a_kept[i] && b_kept[j])
            i++, j++;
        else
            add_hunk(a, b, a_kept, b_kept, &i, &j, out);
    }
    arena_drop(&arena);
}
