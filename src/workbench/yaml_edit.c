/* yaml_edit.c: adding to a YAML file without touching what is there. */
#include "workbench/yaml_edit.h"

#include <assert.h>

static size_t line_start(Str text, size_t at)
{
    while (at && text.at[at - 1] != '\n')
        at--;
    return at;
}

/* The offset behind a line's end. */
static size_t line_end(Str text, size_t at)
{
    while (at < text.len && text.at[at] != '\n')
        at++;
    return at < text.len ? at + 1 : at;
}

static size_t indent_of(Str text, size_t start)
{
    size_t at = start;
    while (at < text.len && text.at[at] == ' ')
        at++;
    return at - start;
}

/* Nothing but space, or a comment. */
static bool is_empty_line(Str text, size_t start)
{
    size_t at = start + indent_of(text, start);
    return at >= text.len || text.at[at] == '\n' || text.at[at] == '\r' || text.at[at] == '#';
}

/* Column of the dash in front of an item's value. */
static size_t dash_column(Str text, size_t at)
{
    return indent_of(text, line_start(text, at));
}

/* Where the block of an item with its dash in that column ends: behind its last line of content. */
static size_t block_end(Str text, size_t at, size_t column)
{
    size_t next = line_end(text, at), end = next;
    while (next < text.len) {
        bool is_empty = is_empty_line(text, next);
        if (!is_empty && indent_of(text, next) <= column)
            break;
        next = line_end(text, next);
        if (!is_empty)
            end = next;
    }
    return end;
}

static void add(YamlEdit *edit, size_t at, Text *lines)
{
    bool is_cut = at == edit->source.len && at && edit->source.at[at - 1] != '\n';
    Str text = str_print(edit->arena, "%s" STR_FMT, is_cut ? "\n" : "", STR_ARG(text_str(lines)));
    list_add(edit->arena, &edit->inserts, (YamlInsert){at, text});
}

static void add_lines(Text *out, Str lines, size_t indent, const char *first)
{
    Str rest = lines, line;
    bool is_first = true;
    while (rest.len && str_next_part(&rest, '\n', &line)) {
        if (!line.len)
            continue;
        text_add_repeat(out, ' ', indent);
        text_print(out, "%s" STR_FMT "\n", is_first ? first : *first ? "  " : "", STR_ARG(line));
        is_first = false;
    }
}

/* Values count their places from 1; 0 is none. */
static size_t offset_of(Value v)
{
    assert(v.at);
    return v.at - 1;
}

static bool is_flow(Str text, Value v)
{
    char c = text.at[offset_of(v)];
    return c == '[' || c == '{';
}

bool yaml_add_item(YamlEdit *edit, Value list, Str lines)
{
    if (list.kind != VALUE_LIST || !list.list->len || is_flow(edit->source, list))
        return false;
    Value last = list.list->at[list.list->len - 1];
    size_t column = dash_column(edit->source, offset_of(list.list->at[0]));
    size_t end = block_end(edit->source, offset_of(last), column);
    AUTO(text) Text out = {0};
    add_lines(&out, lines, column, "- ");
    add(edit, end, &out);
    return true;
}

bool yaml_add_key(YamlEdit *edit, Value dict, Str key, Str lines)
{
    if (dict.kind != VALUE_DICT || is_flow(edit->source, dict))
        return false;
    size_t at = offset_of(dict), dash = dash_column(edit->source, at);
    size_t column = at - line_start(edit->source, at);
    AUTO(text) Text out = {0};
    text_add_repeat(&out, ' ', column);
    text_print(&out, STR_FMT ":\n", STR_ARG(key));
    add_lines(&out, lines, column + 2, "");
    add(edit, block_end(edit->source, at, dash), &out);
    return true;
}

void yaml_add_end(YamlEdit *edit, Str lines)
{
    AUTO(text) Text out = {0};
    text_add(&out, lines);
    add(edit, edit->source.len, &out);
}

Str yaml_edited(YamlEdit *edit)
{
    AUTO(text) Text out = {0};
    size_t at = 0;
    /* by place; those of one place stay in their order */
    YamlInsert *sorted = NEW_N(edit->arena, YamlInsert, edit->inserts.len + 1);
    uint32_t count = edit->inserts.len;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = i;
        while (place && sorted[place - 1].at > edit->inserts.at[i].at) {
            sorted[place] = sorted[place - 1];
            place--;
        }
        sorted[place] = edit->inserts.at[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        text_add(&out, str_slice(edit->source, at, sorted[i].at));
        text_add(&out, sorted[i].text);
        at = sorted[i].at;
    }
    text_add(&out, str_slice(edit->source, at, edit->source.len));
    return text_copy(edit->arena, &out);
}
