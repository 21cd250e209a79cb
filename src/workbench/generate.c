/* generate.c: YAML and staging models from the database's catalogue; what is there grows. */
#include "workbench/workbench.h"
#include "workbench/yaml_edit.h"

typedef struct Generate {
    Compiler *compiler;
    Graph *graph;
    Arena *arena;
    Generated *out;
    YamlDoc doc;
    YamlEdit edit;
    Str file;
} Generate;

/* ---- the catalogue ---- */

static bool columns_of(const Generate *generate, Str relation, Result *out, Err *err)
{
    Str sql = str_print(generate->arena, "select * from " STR_FMT, STR_ARG(relation));
    return session_describe(compiler_session(generate->compiler), generate->arena, sql, out, err);
}

static Str relation_of_table(const Generate *generate, Str database, Str schema, Str table)
{
    Relation *relation = relation_make(generate->arena, database, schema, table, STR("table"));
    return relation_render(generate->arena, relation);
}

/* "integer"; types with names in them stay as they are. */
static Str shown_type(Arena *arena, Str type)
{
    return str_find_char(type, '"') >= 0 ? type : str_lower(arena, type);
}

/* A name as YAML: in quotes if a plain one would be something else. */
static void add_scalar(Text *out, Str name)
{
    bool is_plain = name.len > 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        is_plain &= is_letter || (i && ((c >= '0' && c <= '9') || c == '-'));
    }
    Arena arena = {0};
    is_plain &= yaml_scalar(&arena, name).kind == VALUE_TEXT; /* yes, null, on */
    arena_drop(&arena);
    if (is_plain) {
        text_add(out, name);
        return;
    }
    text_add_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '"' || name.at[i] == '\\')
            text_add_char(out, '\\');
        text_add_char(out, name.at[i]);
    }
    text_add_char(out, '"');
}

static void add_column(const Generate *generate, Text *out, const ResultColumn *column,
                       const char *first, const char *rest)
{
    text_add_c(out, first);
    text_add_c(out, "name: ");
    add_scalar(out, column->name);
    Str type = shown_type(generate->arena, column->type);
    bool needs_quotes = str_find_char(type, '"') >= 0 || str_find_char(type, ':') >= 0 ||
                        str_find_char(type, ',') >= 0 || str_find_char(type, '[') >= 0;
    text_print(out, "\n%sdata_type: %s" STR_FMT "%s\n", rest, needs_quotes ? "'" : "",
               STR_ARG(str_replace(generate->arena, type, STR("'"), STR("''"))),
               needs_quotes ? "'" : "");
}

static Str columns_text(const Generate *generate, const Result *columns)
{
    AUTO(text) Text out = {0};
    for (uint32_t i = 0; i < columns->column_count; i++)
        add_column(generate, &out, &columns->columns[i], "- ", "  ");
    return text_copy(generate->arena, &out);
}

static void note(const Generate *generate, const char *format, Str a, Str b)
{
    Str first = str_replace(generate->arena, str_of(format), STR("@1"), a);
    list_add(generate->arena, &generate->out->notes,
             str_replace(generate->arena, first, STR("@2"), b));
}

/* ---- what is there ---- */

static Value named_item(Value list, const char *key, Str name)
{
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
        if (str_eq_fold(value_get_text(list.list->at[i], key, STR("")), name))
            return list.list->at[i];
    return UNDEFINED;
}

static bool fail_flow(const Generate *generate, Value at, const char *what, Str name, Err *err)
{
    return err_set_in(err, ERR_RUNTIME, value_place(at, generate->file, generate->doc.source),
                      generate->doc.source,
                      "%s of '" STR_FMT "' cannot be added to: write them as a list with dashes, "
                      "one a line", what, STR_ARG(name));
}

/* Columns that `entry` lacks are added to it; those that are gone are told of. */
static bool grow_columns(Generate *generate, Value entry, Str name, const Result *found, Err *err)
{
    Value list = value_get(entry, "columns");
    if (list.kind != VALUE_LIST || !list.list->len) {
        if (!yaml_add_key(&generate->edit, entry, STR("columns"), columns_text(generate, found)))
            return fail_flow(generate, entry, "the columns", name, err);
        note(generate, "@1: all columns added", name, STR(""));
        return true;
    }
    for (uint32_t i = 0; i < found->column_count; i++) {
        const ResultColumn *column = &found->columns[i];
        if (!value_is_undefined(named_item(list, "name", column->name)))
            continue;
        AUTO(text) Text lines = {0};
        add_column(generate, &lines, column, "", "");
        if (!yaml_add_item(&generate->edit, list, text_str(&lines)))
            return fail_flow(generate, list, "the columns", name, err);
        note(generate, "@1: column @2 added", name, column->name);
    }
    for (uint32_t i = 0; i < list.list->len; i++) {
        Str described = value_get_text(list.list->at[i], "name", STR(""));
        bool is_there = false;
        for (uint32_t c = 0; c < found->column_count; c++)
            is_there |= str_eq_fold(found->columns[c].name, described);
        if (!is_there)
            note(generate, "@1: column @2 is described, but is not in the database", name,
                 described);
    }
    return true;
}

static bool begin(Generate *generate, Str before, Err *err)
{
    TRY(yaml_parse(generate->arena, before, generate->file, &generate->doc, err));
    generate->edit = (YamlEdit){.arena = generate->arena, .source = before};
    return true;
}

/* What was made is read again: a file is not written that could not be. */
static bool finish(Generate *generate, Err *err)
{
    YamlDoc check;
    generate->out->text = yaml_edited(&generate->edit);
    return yaml_parse(generate->arena, generate->out->text, generate->file, &check, err) ||
           err_wrap(err, "what was made is no YAML");
}

/* Indents every line. */
static Str indented(Arena *arena, Str lines, int by)
{
    AUTO(text) Text out = {0};
    Str rest = lines, line;
    while (rest.len && str_next_part(&rest, '\n', &line))
        if (line.len) {
            text_add_repeat(&out, ' ', (size_t)by);
            text_print(&out, STR_FMT "\n", STR_ARG(line));
        }
    return text_copy(arena, &out);
}

/* ---- sources ---- */

static bool table_text(const Generate *generate, Str database, Str schema, Str table, Str *out,
                       Err *err)
{
    Result columns;
    Str relation = relation_of_table(generate, database, schema, table);
    TRY(columns_of(generate, relation, &columns, err));
    AUTO(text) Text text = {0};
    text_add_c(&text, "name: ");
    add_scalar(&text, table);
    text_add_c(&text, "\ncolumns:\n");
    text_add(&text, indented(generate->arena, columns_text(generate, &columns), 2));
    *out = text_copy(generate->arena, &text);
    return true;
}

/* Lines as an item of a list: a dash in front of the first. */
static Str as_item(Arena *arena, Str lines)
{
    AUTO(text) Text out = {0};
    Str rest = lines, line;
    for (bool is_first = true; rest.len && str_next_part(&rest, '\n', &line); is_first = false)
        if (line.len)
            text_print(&out, "%s" STR_FMT "\n", is_first ? "- " : "  ", STR_ARG(line));
    return text_copy(arena, &out);
}

static bool new_source(Generate *generate, Str database, Str schema, Value tables, Err *err)
{
    AUTO(text) Text text = {0}, items = {0};
    for (uint64_t i = 0; i < table_row_count(tables); i++) {
        Str table = value_str(table_cell(tables, i, 0)), one;
        TRY(table_text(generate, database, schema, table, &one, err));
        text_add(&items, as_item(generate->arena, one));
    }
    text_add_c(&text, "name: ");
    add_scalar(&text, schema);
    text_add_c(&text, "\nschema: ");
    add_scalar(&text, schema);
    text_add_c(&text, "\ntables:\n");
    text_add(&text, indented(generate->arena, text_str(&items), 2));
    Value sources = value_get(generate->doc.root, "sources");
    if (sources.kind != VALUE_LIST || !sources.list->len) {
        Str item = as_item(generate->arena, text_str(&text));
        yaml_add_end(&generate->edit,
                     str_print(generate->arena, "sources:\n" STR_FMT,
                               STR_ARG(indented(generate->arena, item, 2))));
    } else if (!yaml_add_item(&generate->edit, sources, text_str(&text))) {
        return fail_flow(generate, sources, "the sources", STR("sources"), err);
    }
    note(generate, "source @1 added", schema, STR(""));
    return true;
}

static bool grow_source(Generate *generate, Value source, Str database, Str schema, Value tables,
                        Err *err)
{
    Value list = value_get(source, "tables");
    Str name = value_get_text(source, "name", schema);
    for (uint64_t i = 0; i < table_row_count(tables); i++) {
        Str table = value_str(table_cell(tables, i, 0)), lines;
        Value entry = named_item(list, "identifier", table);
        if (value_is_undefined(entry))
            entry = named_item(list, "name", table);
        if (value_is_undefined(entry)) {
            TRY(table_text(generate, database, schema, table, &lines, err));
            bool ok = list.kind == VALUE_LIST && list.list->len
                          ? yaml_add_item(&generate->edit, list, lines)
                          : yaml_add_key(&generate->edit, source, STR("tables"),
                                         as_item(generate->arena, lines));
            if (!ok)
                return fail_flow(generate, source, "the tables", name, err);
            note(generate, "source @1: table @2 added", name, table);
            continue;
        }
        Result columns;
        TRY(columns_of(generate, relation_of_table(generate, database, schema, table), &columns,
                       err));
        TRY(grow_columns(generate, entry, table, &columns, err));
    }
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++) {
        Str described = value_get_text(list.list->at[i], "identifier",
                                       value_get_text(list.list->at[i], "name", STR("")));
        bool is_there = false;
        for (uint64_t t = 0; t < table_row_count(tables); t++)
            is_there |= str_eq_fold(value_str(table_cell(tables, t, 0)), described);
        if (!is_there)
            note(generate, "source @1: table @2 is described, but is not in the database", name,
                 described);
    }
    return true;
}

/* The source that stands for a schema: by `schema`, else by its name. */
static Value source_of_schema(const Generate *generate, Str schema)
{
    Value sources = value_get(generate->doc.root, "sources");
    Value by_schema = named_item(sources, "schema", schema);
    return value_is_undefined(by_schema) ? named_item(sources, "name", schema) : by_schema;
}

bool generate_sources(Compiler *compiler, Graph *graph, const Str *schemas, uint32_t count,
                      Str before, Str file, Arena *arena, Generated *out, Err *err)
{
    *out = (Generated){0};
    Generate generate = {.compiler = compiler, .graph = graph, .arena = arena, .out = out,
                         .file = file};
    TRY(begin(&generate, before, err));
    Node *any = graph->project->nodes.at[0];
    for (uint32_t i = 0; i < count; i++) {
        Str database = graph->project->profile.database, schema = schemas[i];
        ptrdiff_t dot = str_find_char(schema, '.'); /* database.schema */
        if (dot > 0) {
            database = str_slice(schema, 0, (size_t)dot);
            schema = str_slice(schema, (size_t)dot + 1, schema.len);
        }
        Value args[2] = {value_text(database), value_text(schema)}, tables;
        TRY(compiler_macro(compiler, any, "weir__catalog_tables", args, 2, arena, &tables, err));
        if (!value_is_a(tables, &table_type) || !table_row_count(tables))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "no table stands in schema '" STR_FMT "' of database '" STR_FMT "'",
                           STR_ARG(schema), STR_ARG(database));
        Value source = source_of_schema(&generate, schema);
        TRY(value_is_undefined(source)
                ? new_source(&generate, database, schema, tables, err)
                : grow_source(&generate, source, database, schema, tables, err));
    }
    return finish(&generate, err);
}

/* ---- properties of models ---- */

static Node *find_model(const Generate *generate, Str name, Err *err)
{
    const Graph *graph = generate->graph;
    Str *names = NEW_N(generate->arena, Str, graph->count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        Node *node = graph->project->nodes.at[i];
        if (node->kind != NODE_MODEL || !node->is_enabled)
            continue;
        if (str_eq(node->name, name))
            return node;
        names[count++] = node->name;
    }
    Str nearest = str_nearest(name, names, count);
    err_set(err, ERR_RUNTIME, NOWHERE, "no model is called '" STR_FMT "'%s" STR_FMT "%s",
            STR_ARG(name), nearest.len ? "; did you mean '" : "", STR_ARG(nearest),
            nearest.len ? "'?" : "");
    return NULL;
}

static bool new_model(Generate *generate, const Node *node, const Result *columns, Err *err)
{
    AUTO(text) Text text = {0};
    text_add_c(&text, "name: ");
    add_scalar(&text, node->name);
    text_add_c(&text, "\ncolumns:\n");
    text_add(&text, indented(generate->arena, columns_text(generate, columns), 2));
    Value models = value_get(generate->doc.root, "models");
    if (models.kind == VALUE_LIST && models.list->len) {
        if (!yaml_add_item(&generate->edit, models, text_str(&text)))
            return fail_flow(generate, models, "the models", STR("models"), err);
    } else {
        bool is_first = !generate->edit.inserts.len;
        Str item = indented(generate->arena, as_item(generate->arena, text_str(&text)), 2);
        yaml_add_end(&generate->edit, str_print(generate->arena, "%s" STR_FMT,
                                                is_first ? "models:\n" : "", STR_ARG(item)));
    }
    note(generate, "model @1 added", node->name, STR(""));
    return true;
}

bool generate_schema(Compiler *compiler, Graph *graph, const Str *models, uint32_t count,
                     Str before, Str file, Arena *arena, Generated *out, Err *err)
{
    *out = (Generated){0};
    Generate generate = {.compiler = compiler, .graph = graph, .arena = arena, .out = out,
                         .file = file};
    TRY(begin(&generate, before, err));
    for (uint32_t i = 0; i < count; i++) {
        Node *node = find_model(&generate, models[i], err);
        if (!node)
            return false;
        Result columns;
        if (!columns_of(&generate, node->relation_name, &columns, err))
            return err_wrap(err, "model '" STR_FMT "' is not in the database: run it first",
                            STR_ARG(node->name));
        Value entry = named_item(value_get(generate.doc.root, "models"), "name", node->name);
        TRY(value_is_undefined(entry) ? new_model(&generate, node, &columns, err)
                                      : grow_columns(&generate, entry, node->name, &columns, err));
    }
    return finish(&generate, err);
}

/* ---- staging models ---- */

/* "OrderID" -> "order_id", "First name" -> "first_name" */
static Str snake_case(Arena *arena, Str name)
{
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i], before = i ? name.at[i - 1] : '\0';
        char after = i + 1 < name.len ? name.at[i + 1] : '\0';
        bool is_upper = c >= 'A' && c <= 'Z';
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || is_upper ||
                       (unsigned char)c >= 0x80;
        bool after_lower = (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9');
        bool begins_word = is_upper && (after_lower || (before >= 'A' && before <= 'Z' &&
                                                        after >= 'a' && after <= 'z'));
        if ((begins_word || !is_word) && out.len && out.at[out.len - 1] != '_')
            text_add_char(&out, '_');
        if (is_word)
            text_add_char(&out, is_upper ? (char)(c - 'A' + 'a') : c);
    }
    while (out.len && out.at[out.len - 1] == '_')
        text_truncate(&out, out.len - 1);
    bool needs_letter = !out.len || (out.at[0] >= '0' && out.at[0] <= '9');
    return str_print(arena, "%s" STR_FMT, needs_letter ? "_" : "", STR_ARG(text_str(&out)));
}

static bool is_reserved(Str name)
{
    static const char *const words[] = {
#define RESERVED(word) word,
#include "workbench/reserved.def"
#undef RESERVED
    };
    for (uint32_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_fold(name, str_of(words[i])))
            return true;
    return false;
}

Str staging_name(Arena *arena, Str source)
{
    ptrdiff_t dot = str_find_char(source, '.');
    size_t end = dot < 0 ? source.len : (size_t)dot;
    Str table = dot < 0 ? STR("") : str_slice(source, end + 1, source.len);
    return str_print(arena, "stg_" STR_FMT "%s" STR_FMT,
                     STR_ARG(snake_case(arena, str_slice(source, 0, end))), dot < 0 ? "" : "__",
                     STR_ARG(snake_case(arena, table)));
}

static void add_selected(const Generate *generate, Text *out, Str name)
{
    Str clean = snake_case(generate->arena, name);
    if (str_eq(clean, name))
        text_print(out, is_reserved(name) ? "        \"" STR_FMT "\"" : "        " STR_FMT,
                   STR_ARG(name));
    else
        text_print(out, "        \"" STR_FMT "\" as " STR_FMT,
                   STR_ARG(str_replace(generate->arena, name, STR("\""), STR("\"\""))),
                   STR_ARG(clean));
}

static bool has_word(Str text, Str word)
{
    for (size_t from = 0; from + word.len <= text.len;) {
        ptrdiff_t at = str_find(str_slice(text, from, text.len), word);
        if (at < 0)
            return false;
        size_t start = from + (size_t)at, end = start + word.len;
        bool joins_left = start && (text.at[start - 1] == '_' || (text.at[start - 1] | 32) >= 'a');
        bool joins_right = end < text.len && (text.at[end] == '_' || (text.at[end] | 32) >= 'a' ||
                                              (text.at[end] >= '0' && text.at[end] <= '9'));
        if (!joins_left && !joins_right)
            return true;
        from = start + 1;
    }
    return false;
}

/* Columns that a staging model lacks go behind its last one: before the line "from source". */
static bool grow_model(Generate *generate, Str before, const Result *columns, Err *err)
{
    AUTO(text) Text added = {0}, out = {0};
    for (uint32_t i = 0; i < columns->column_count; i++) {
        Str name = columns->columns[i].name;
        if (has_word(before, name) || has_word(before, snake_case(generate->arena, name)))
            continue;
        text_add_c(&added, ",\n");
        add_selected(generate, &added, name);
        note(generate, "column @1 added", name, STR(""));
    }
    generate->out->text = before;
    if (!added.len)
        return true;
    size_t last = SIZE_MAX, at = 0;
    Str rest = before, line;
    while (rest.len && str_next_part(&rest, '\n', &line)) {
        if (str_is(str_trim(line), "from source"))
            last = at;
        at += line.len + 1;
    }
    if (last == SIZE_MAX)
        return err_set(err, ERR_RUNTIME, (Place){.file = generate->file},
                       "columns are missing, but there is no line `from source` to put them "
                       "before");
    size_t end = last;
    while (end && (before.at[end - 1] == '\n' || before.at[end - 1] == ' ' ||
                   before.at[end - 1] == ','))
        end--;
    text_add(&out, str_slice(before, 0, end));
    text_add(&out, text_str(&added));
    text_add_char(&out, '\n');
    bool has_blank = last >= 2 && before.at[last - 2] == '\n';
    text_print(&out, "%s" STR_FMT, has_blank ? "\n" : "",
               STR_ARG(str_slice(before, last, before.len)));
    generate->out->text = text_copy(generate->arena, &out);
    return true;
}

static Node *find_source(const Generate *generate, Str word, Err *err)
{
    const Graph *graph = generate->graph;
    Str *names = NEW_N(generate->arena, Str, graph->count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        Node *node = graph->project->nodes.at[i];
        if (node->kind != NODE_SOURCE || !node->is_enabled)
            continue;
        names[count] = str_print(generate->arena, STR_FMT "." STR_FMT, STR_ARG(node->source_name),
                                 STR_ARG(node->name));
        if (str_eq(names[count++], word))
            return node;
    }
    Str nearest = str_nearest(word, names, count);
    err_set(err, ERR_RUNTIME, NOWHERE,
            "no source is called '" STR_FMT "' (SOURCE.TABLE is expected)%s" STR_FMT "%s",
            STR_ARG(word), nearest.len ? "; did you mean '" : "", STR_ARG(nearest),
            nearest.len ? "'?" : "");
    return NULL;
}

bool generate_model(Compiler *compiler, Graph *graph, Str source, Str before, Str file,
                    Arena *arena, Generated *out, Err *err)
{
    *out = (Generated){0};
    Generate generate = {.compiler = compiler, .graph = graph, .arena = arena, .out = out,
                         .file = file};
    Node *node = find_source(&generate, source, err);
    Result columns;
    if (!node)
        return false;
    TRY(columns_of(&generate, relation_render(arena, node_relation(node, arena)), &columns, err));
    if (before.len)
        return grow_model(&generate, before, &columns, err);
    AUTO(text) Text text = {0};
    text_print(&text, "with source as (\n\n    select * from {{ source('" STR_FMT "', '" STR_FMT
               "') }}\n\n),\n\nrenamed as (\n\n    select\n", STR_ARG(node->source_name),
               STR_ARG(node->name));
    for (uint32_t i = 0; i < columns.column_count; i++) {
        text_add_c(&text, i ? ",\n" : "");
        add_selected(&generate, &text, columns.columns[i].name);
    }
    text_add_c(&text, "\n\n    from source\n\n)\n\nselect * from renamed\n");
    out->text = text_copy(arena, &text);
    return true;
}
