/* python_model.c: models in Python. python/ runs them; here is what they ask of the database.
 *
 * Rows are read on connections of their own, as many as are read at once: the node's is needed for
 * the rows that the model returns, and those may come out of rows that are still being read. Only
 * where hooks stand before the model it reads on the node's own connection first, so that it sees
 * what they did in the transaction.
 */
#include "transform/python_model.h"

#include "base/process.h"
#include "python/python.h"

/* A connection and whether somebody reads on it. */
typedef struct Reader {
    Session *session;
    bool is_busy;
} Reader;

typedef struct PythonRun {
    NodeRun *run;
    Arena arena;                 /* of what the model asks for: perhaps on another thread         */
    List(Reader *) readers;      /* the first one is the node's own                               */
} PythonRun;

static void python_run_drop(PythonRun *python)
{
    arena_drop(&python->arena);
}

/* ---- reading ---- */

static bool take_reader(PythonRun *python, Reader **out, Err *err)
{
    Value hooks = node_config(python->run->node, "pre-hook");
    bool has_hooks = value_is_list(hooks) && hooks.list->len;
    for (uint32_t i = has_hooks ? 0 : 1; i < python->readers.len; i++)
        if (!python->readers.at[i]->is_busy) {
            *out = python->readers.at[i];
            return true;
        }
    Reader *reader = NEW(&python->arena, Reader);
    TRY(session_open(python->run->runner->warehouse, &python->arena, &reader->session, err));
    list_add(&python->arena, &python->readers, reader);
    *out = reader;
    return true;
}

static bool describe(void *self, Arena *arena, Str sql, Schema *schema, Value *types, Err *err)
{
    Reader *reader;
    Result result = {0};
    TRY(take_reader(self, &reader, err));
    TRY(session_schema(reader->session, arena, sql, schema, err));
    TRY(session_describe(reader->session, arena, sql, &result, err));
    *types = value_list(arena);
    for (uint32_t i = 0; i < result.column_count; i++)
        array_add(types->list, value_text(result.columns[i].type));
    return true;
}

/* A stream that gives its connection back. */
typedef struct Reading {
    Reader *reader;
    Stream rows;
} Reading;

static bool reading_next(void *self, Batch *out, Err *err)
{
    Reading *reading = self;
    return reading->rows.next(reading->rows.self, out, err);
}

static void reading_close(void *self)
{
    Reading *reading = self;
    stream_close(&reading->rows);
    reading->reader->is_busy = false;
}

static bool open_rows(void *self, Arena *arena, Str sql, Stream *out, Err *err)
{
    Reading *reading = NEW(arena, Reading);
    TRY(take_reader(self, &reading->reader, err));
    TRY(session_stream(reading->reader->session, arena, sql, &reading->rows, err));
    reading->reader->is_busy = true;
    *out = (Stream){reading->rows.schema, reading_next, reading_close, reading};
    return true;
}

/* ---- writing ---- */

static bool write_rows(void *self, Value statements, Str name, Stream *rows, Err *err)
{
    PythonRun *python = self;
    NodeRun *run = python->run;
    NamedStream named = {name, rows};
    AUTO(text) Text sql = {0};
    for (uint32_t i = 0; value_is_list(statements) && i < statements.list->len; i++) {
        text_add(&sql, value_str(statements.list->at[i]));
        text_add_c(&sql, ";\n");
    }
    Reader *own = python->readers.at[0];
    if (own->is_busy)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Python model failed:\nthe model has pre-hooks, so it reads on the "
                       "connection that writes, and what it returned was not read to its "
                       "end: return a table of it (`.arrow()`, `.df()`)");
    own->is_busy = true;
    bool ok = session_query_over(own->session, run->arena, text_str(&sql), &named, 1, 0, NULL, err);
    own->is_busy = false;
    return ok;
}

/* ---- the model ---- */

bool python_model_compile(NodeRun *run, Text *out, Err *err)
{
    Value model = run_model(run), postfix;
    TRY(run_macro(run, "py_script_postfix", &model, 1, &postfix, err));
    text_add(out, run->node->raw_code);
    text_add_c(out, "\n\n");
    value_print(postfix, out);
    return true;
}

static Str python_of(const NodeRun *run)
{
    Str python = environment_get("WEIR_PYTHON");
    if (!python.len)
        python = value_str(node_config(run->node, "python"));
    if (!python.len)
        python = value_str(value_get(run->runner->project->profile.credentials, "python"));
    return python_choose(run->arena, python);
}

static Value settings_of(const NodeRun *run)
{
    const Project *project = run->runner->project;
    Value settings = value_dict(run->arena);
    Value paths = value_get(project->profile.credentials, "module_paths");
    dict_put(settings.dict, STR("database"),
             value_text(warehouse_database(run->runner->warehouse)));
    dict_put(settings.dict, STR("schema"), value_lit("main"));
    if (value_is_list(paths))
        dict_put(settings.dict, STR("module_paths"), paths);
    dict_put(settings.dict, STR("scratch"),
             value_text(str_print(run->arena, STR_FMT "/python_scratch",
                                  STR_ARG(run->runner->target_folder))));
    return settings;
}

static int count_lines(Str text)
{
    int count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '\n';
    return count;
}

/* What an ephemeral model selects is part of a query, and there is no query here. */
static bool check_parents(const Node *node, Err *err)
{
    for (uint32_t i = 0; i < node->ref_nodes.len; i++) {
        const Node *parent = node->ref_nodes.at[i];
        if (parent && node_is_ephemeral(parent))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "Python model failed:\nmodel '" STR_FMT "' is ephemeral: there is no "
                           "table that dbt.ref() could read. Make it a view or a table.",
                           STR_ARG(parent->name));
    }
    return true;
}

bool python_model_run(NodeRun *run, Str code, Err *err)
{
    const Node *node = run->node;
    TRY(check_parents(node, err));
    __attribute__((cleanup(python_run_drop))) PythonRun python = {.run = run};
    Reader own = {0};
    TRY(conn_session(run, &own.session, err));
    list_add(&python.arena, &python.readers, &own);
    int first_line = node->line ? (int)node->line : 1;
    PythonJob job = {.python = python_of(run),
                     .folder = run->runner->project->project_dir,
                     .file = node->file,
                     .code = str_trim(code),
                     .first_line = first_line,
                     .last_line = first_line - 1 + count_lines(node->raw_code),
                     .name = node->alias,
                     .settings = settings_of(run),
                     .host = {&python, describe, open_rows, write_rows},
                     .cancel = run->cancel};
    return python_run(&job, run->arena, err);
}

bool python_model_explain(Err *err)
{
    if (!str_starts(str_of(err->text), STR("Python model failed:")))
        return false;
    Err own = {0};
    err_set(&own, err->kind, NOWHERE, "%s", err->text);
    err_move(err, &own);
    return false;
}
