/* fault.c: a failure at run time is brought back to the line that the user wrote.
 *
 * The engine counts lines of the SQL it was given, and a macro of weir's own library stands where
 * it failed: neither helps. The line that the engine shows is looked for in the node's file, then
 * in the user's macros on the way; a line with Jinja fits when all of its plain parts stand in the
 * shown one. What is found nowhere gets the place of the node's declaration.
 */
#include "base/file.h"
#include "base/yaml.h"
#include "transform/run.h"

/* The line of SQL in an engine's message: "LINE 3: select nam\n               ^". */
typedef struct SqlLine {
    Str text;        /* trimmed, without the dots of a shortened line */
    size_t caret;    /* offset in text                                */
    int number;
} SqlLine;

/* Where in a source the line was found; a higher fit is better. */
typedef struct Found {
    size_t offset;
    int fit, away;
} Found;

enum { FIT_PATTERN = 1, FIT_PART = 2, FIT_EQUAL = 3, LEAST_PART = 4 };

static bool is_builtin(Str file)
{
    return str_starts(file, STR("macros/core/")) || str_starts(file, STR("macros/duckdb/")) ||
           str_starts(file, STR("macros/postgres/"));
}

static size_t blanks_before(Str text)
{
    size_t at = 0;
    while (at < text.len && (text.at[at] == ' ' || text.at[at] == '\t'))
        at++;
    return at;
}

static void drop_front(SqlLine *line, size_t count)
{
    line->text = str_slice(line->text, count, line->text.len);
    line->caret = line->caret > count ? line->caret - count : 0;
}

static bool read_sql_line(Str message, SqlLine *out)
{
    Str line;
    while (str_next_part(&message, '\n', &line)) {
        size_t indent = blanks_before(line), at = indent + strlen("LINE ");
        int64_t number;
        if (!str_starts(str_slice(line, indent, line.len), STR("LINE ")))
            continue;
        ptrdiff_t colon = str_find(str_slice(line, at, line.len), STR(": "));
        if (colon <= 0 || !str_to_int(str_slice(line, at, at + (size_t)colon), &number))
            continue;
        size_t start = at + (size_t)colon + 2;
        Str below = STR_NONE;
        str_next_part(&message, '\n', &below);
        ptrdiff_t caret = str_find_char(below, '^');
        *out = (SqlLine){.text = str_slice(line, start, line.len), .number = (int)number};
        out->caret = caret > (ptrdiff_t)start ? (size_t)caret - start : 0;
        if (str_starts(out->text, STR("...")))
            drop_front(out, 3);
        if (str_ends(out->text, STR("...")))
            out->text.len -= 3;
        drop_front(out, blanks_before(out->text));
        out->text = str_trim(out->text);
        return out->text.len > 0;
    }
    return false;
}

/* Do the plain parts of a line with Jinja stand in the SQL, in order, at both ends of it? Gives
 * the caret's offset in `raw`: exact in plain text, else the first tag. */
static bool fits_pattern(Str raw, const SqlLine *sql, size_t *caret)
{
    size_t plain = 0, in_sql = 0, at = 0, first_tag = raw.len, last_part = raw.len;
    for (bool is_first = true; at <= raw.len; is_first = false) {
        Str rest = str_slice(raw, at, raw.len);
        ptrdiff_t open = str_find(rest, STR("{{")), block = str_find(rest, STR("{%"));
        if (open < 0 || (block >= 0 && block < open))
            open = block;
        Str part = open < 0 ? rest : str_slice(rest, 0, (size_t)open);
        Str left = str_slice(sql->text, in_sql, sql->text.len);
        ptrdiff_t found = open < 0 && !is_first && str_ends(left, part)
                              ? (ptrdiff_t)(left.len - part.len) : str_find(left, part);
        if (found < 0 || (is_first && found != 0))
            return false;
        in_sql += (size_t)found + part.len;
        plain += part.len;
        last_part = at;
        if (open < 0)
            break;
        if (is_first)
            first_tag = (size_t)open;
        ptrdiff_t close = str_find(str_slice(rest, (size_t)open, rest.len), STR("}"));
        if (close < 0)
            return false;
        at += (size_t)open + (size_t)close + 2;
    }
    if (first_tag == raw.len || plain < LEAST_PART || in_sql != sql->text.len)
        return false;
    size_t tail = raw.len > last_part ? raw.len - last_part : 0;
    *caret = sql->caret < first_tag ? sql->caret
             : sql->text.len - sql->caret <= tail ? raw.len - (sql->text.len - sql->caret)
                                                  : first_tag;
    return true;
}

static int fit_line(Str raw, const SqlLine *sql, size_t *caret)
{
    ptrdiff_t part = str_find(raw, sql->text);
    *caret = sql->caret;
    if (raw.len == sql->text.len && part == 0)
        return FIT_EQUAL;
    if (part >= 0 && sql->text.len >= LEAST_PART) {
        *caret += (size_t)part;
        return FIT_PART;
    }
    part = raw.len >= LEAST_PART ? str_find(sql->text, raw) : -1;
    if (part >= 0) {
        *caret = sql->caret > (size_t)part ? sql->caret - (size_t)part : 0;
        *caret = *caret < raw.len ? *caret : raw.len;
        return FIT_PART;
    }
    return fits_pattern(raw, sql, caret) ? FIT_PATTERN : 0;
}

/* The line of `source` (from `from` on) that fits best; of equals the one nearest to the number. */
static bool find_line(Str source, size_t from, const SqlLine *sql, Found *best)
{
    *best = (Found){0};
    Str rest = str_slice(source, from, source.len), line;
    for (int number = 1; str_next_part(&rest, '\n', &line); number++) {
        size_t start = (size_t)(line.at - source.at) + blanks_before(line), caret = 0;
        Str raw = str_trim(line);
        int fit = raw.len ? fit_line(raw, sql, &caret) : 0;
        int away = number > sql->number ? number - sql->number : sql->number - number;
        if (fit && (fit > best->fit || (fit == best->fit && away < best->away)))
            *best = (Found){start + caret, fit, away};
    }
    return best->fit > 0;
}

static void move_to(Err *err, Place place, Str source)
{
    Err moved = {0};
    (void)err_set_in(&moved, err->kind, place, source, "%s", err->text);
    moved.trail = err->trail;
    err->trail = NULL;
    err_move(err, &moved);
}

static bool read_below(const NodeRun *run, Str file, Str *out)
{
    Err ignored = {0};
    Str path = path_join(run->arena, run->runner->project->project_dir, file);
    bool ok = file_read(run->arena, path, out, &ignored);
    err_drop(&ignored);
    return ok;
}

static bool move_into(Err *err, Str file, Str source, size_t from, const SqlLine *sql)
{
    Found found;
    if (!find_line(source, from, sql, &found))
        return false;
    move_to(err, place_at(file, source, found.offset), source);
    return true;
}

/* "in macro x (macros/x.sql)": the innermost of the user's own, and its file. */
static bool user_macro(Str trail, Str *name, Str *file)
{
    Str line;
    while (str_next_part(&trail, '\n', &line)) {
        ptrdiff_t open = str_find(line, STR(" ("));
        if (open < 0 || !str_starts(line, STR("in macro ")) || !str_ends(line, STR(")")))
            continue;
        *file = str_slice(line, (size_t)open + 2, line.len - 1);
        *name = str_slice(line, strlen("in macro "), (size_t)open);
        if (!is_builtin(*file) && !str_starts(*name, STR("materialization_")))
            return true;
    }
    return false;
}

static bool move_to_macro(NodeRun *run, Err *err, const SqlLine *sql)
{
    Str name, file, source;
    Str trail = str_copy(run->arena, str_of(err->trail));
    if (!user_macro(trail, &name, &file) || !read_below(run, file, &source))
        return false;
    if (sql->text.len && move_into(err, file, source, 0, sql))
        return true;
    Str needle = str_print(run->arena, "macro " STR_FMT, STR_ARG(name));
    ptrdiff_t at = str_find(source, needle);
    if (at < 0)
        return false;
    move_to(err, place_at(file, source, (size_t)at), source);
    return true;
}

static Value named(Value list, Str name)
{
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
        if (str_eq(value_str(value_get(list.list->at[i], "name")), name))
            return value_get(list.list->at[i], "name");
    return UNDEFINED;
}

static Value entry_of(Value list, Str name)
{
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
        if (str_eq(value_str(value_get(list.list->at[i], "name")), name))
            return list.list->at[i];
    return UNDEFINED;
}

/* The column that a contract's table names first: "| id | VARCHAR | ...", or that a broken
 * constraint does: "failed: orders.id". */
static Str column_in(Str message)
{
    Str line, all = message;
    while (str_next_part(&message, '\n', &line)) {
        Str row = str_trim(line);
        if (row.len < 2 || row.at[0] != '|' || str_starts(row, STR("| column_name")) ||
            str_starts(row, STR("| -")))
            continue;
        Str cell = str_slice(row, 1, row.len);
        ptrdiff_t bar = str_find_char(cell, '|');
        return bar > 0 ? str_trim(str_slice(cell, 0, (size_t)bar)) : STR_NONE;
    }
    ptrdiff_t failed = str_find(all, STR("constraint failed: "));
    if (failed < 0)
        return STR_NONE;
    all = str_slice(all, (size_t)failed + strlen("constraint failed: "), all.len);
    str_next_part(&all, '\n', &line);
    ptrdiff_t dot = str_find_last(line, STR("."));
    return str_trim(str_slice(line, (size_t)(dot + 1), line.len));
}

/* Its entry in the property file, and there the column that the message is about. */
static bool move_to_properties(NodeRun *run, Err *err)
{
    const Node *node = run->node;
    ptrdiff_t scheme = str_find(node->patch_path, STR("://"));
    Str source;
    if (scheme < 0)
        return false;
    Str file = str_slice(node->patch_path, (size_t)scheme + 3, node->patch_path.len);
    Err ignored = {0};
    YamlDoc doc = {0};
    if (!read_below(run, file, &source) ||
        !yaml_parse(run->arena, source, file, &doc, &ignored)) {
        err_drop(&ignored);
        return false;
    }
    const char *part = node->kind == NODE_SEED ? "seeds"
                       : node->kind == NODE_SNAPSHOT ? "snapshots" : "models";
    Value entry = entry_of(value_get(doc.root, part), node->name);
    Value column = named(value_get(entry, "columns"), column_in(str_of(err->text)));
    Value at = value_is_undefined(column) ? entry : column;
    if (value_is_undefined(at))
        return false;
    move_to(err, value_place(at, file, source), source);
    return true;
}

/* A file of data: its engine names the line. */
static bool move_into_seed(NodeRun *run, Err *err)
{
    Str text = str_of(err->text), rest, number;
    ptrdiff_t at = str_find(text, STR("Error on Line: "));
    int64_t line;
    if (run->node->kind != NODE_SEED || at < 0)
        return false;
    rest = str_slice(text, (size_t)at + strlen("Error on Line: "), text.len);
    if (!str_next_part(&rest, '\n', &number) || !str_to_int(str_trim(number), &line))
        return false;
    Str source = STR("");
    (void)read_below(run, run->node->file, &source);
    move_to(err, (Place){run->node->file, (int)line, 1}, source);
    return true;
}

static bool is_yaml(Str file)
{
    return str_ends(file, STR(".yml")) || str_ends(file, STR(".yaml"));
}

/* What is declared in YAML: where the column stands that the message names, else its own line. */
static void move_to_declaration(const Node *node, Err *err, Str file, Str source)
{
    static const char marker[] = "Invalid column name: '";
    Str text = str_of(err->text);
    size_t from = 0;
    for (uint32_t line = 1; line < node->line && from < source.len; from++)
        line += source.at[from] == '\n';
    ptrdiff_t at = str_find(text, str_of(marker)), found = -1;
    if (at >= 0) {
        Str name = str_slice(text, (size_t)at + strlen(marker), text.len);
        ptrdiff_t end = str_find_char(name, '\'');
        found = str_find(str_slice(source, from, source.len),
                         str_slice(name, 0, end > 0 ? (size_t)end : 0));
    }
    move_to(err, place_at(file, source, found > 0 ? from + (size_t)found : from), source);
}

/* A word of its config() call that the message names, the call itself, or the first line. */
static void move_to_config(NodeRun *run, Err *err, Str file, Str source, size_t from)
{
    ptrdiff_t call = str_find(str_slice(source, from, source.len), STR("config("));
    bool is_model = run->node->kind == NODE_MODEL || run->node->kind == NODE_SNAPSHOT;
    if (!is_model || !file.len)
        return;
    move_to(err, place_at(file, source, call < 0 ? from : from + (size_t)call), source);
}

void node_locate(NodeRun *run, Err *err)
{
    const Node *node = run->node;
    if (err->place.line > 0 && !is_builtin(err->place.file))
        return;
    bool is_hook = node->kind == NODE_OPERATION && str_ends(node->file, STR("dbt_project.yml"));
    Str file = is_hook ? STR("dbt_project.yml") : node->file, source = node->raw_code;
    Str disk;
    size_t from = 0;
    if (file.len && read_below(run, file, &disk)) {
        Str first = node->raw_code;
        if (is_hook)
            str_next_part(&first, '\n', &first);
        ptrdiff_t at = first.len ? str_find(disk, first) : 0;
        source = disk;
        from = at > 0 ? (size_t)at : 0;
    }
    SqlLine sql = {0};
    bool has_sql = read_sql_line(str_of(err->text), &sql);
    if (has_sql && file.len && node->kind != NODE_SEED && move_into(err, file, source, from, &sql))
        return;
    if (move_into_seed(run, err) || move_to_macro(run, err, &sql))
        return;
    bool is_contract = str_find(str_of(err->text), STR("ontract")) >= 0 ||
                       str_find(str_of(err->text), STR("onstraint")) >= 0;
    if (is_contract && move_to_properties(run, err))
        return;
    if (is_yaml(file) && !is_hook && node->kind != NODE_TEST)
        move_to_declaration(node, err, file, source);
    else if (node->kind == NODE_TEST && node->line)
        move_to(err, (Place){node->file, (int)node->line, 1}, source);
    else if (is_hook && from)
        move_to(err, place_at(file, source, from), source);
    else
        move_to_config(run, err, file, source, from);
}
