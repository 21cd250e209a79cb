/* compile.c: a node's text becomes SQL: rendered in the run phase, with the CTEs of its ephemeral
 * parents in front, written to target/compiled/. */
#include "base/file.h"
#include "transform/python_model.h"
#include "transform/run.h"

Str node_target_path(NodeRun *run, const char *part)
{
    const Node *node = run->node;
    if (run->batch_name.len) {
        Str stem = path_stem(node->original_file_path);
        return str_print(run->arena, STR_FMT "/%s/" STR_FMT "/" STR_FMT "/" STR_FMT "_" STR_FMT
                         STR_FMT, STR_ARG(run->runner->project->target_path), part,
                         STR_ARG(node->package), STR_ARG(stem), STR_ARG(path_name(stem)),
                         STR_ARG(run->batch_name),
                         STR_ARG(str_slice(node->original_file_path, stem.len,
                                           node->original_file_path.len)));
    }
    /* what a property file declares has a folder of that file's name */
    bool is_inside = !str_eq(path_name(node->path), path_name(node->original_file_path));
    Str folder = str_print(run->arena, STR_FMT "/%s/" STR_FMT "/" STR_FMT,
                           STR_ARG(run->runner->project->target_path), part,
                           STR_ARG(node->package), STR_ARG(node->original_file_path));
    return is_inside ? str_print(run->arena, STR_FMT "/" STR_FMT, STR_ARG(folder),
                                 STR_ARG(node->path))
                     : folder;
}

static Value ctes_value(const NodeRun *run, Arena *arena)
{
    Value list = value_list(arena);
    for (uint32_t i = 0; i < run->ctes.len; i++) {
        Value row = value_dict(arena);
        dict_put(row.dict, STR("id"), value_text(str_copy(arena, run->cte_ids.at[i])));
        dict_put(row.dict, STR("sql"), value_text(str_copy(arena, run->ctes.at[i].sql)));
        array_add(list.list, row);
    }
    return list;
}

/* Makes the result visible to all threads. Two may have compiled the same ephemeral model: the
 * first one counts. */
static void publish(NodeRun *run, Str bare, Str code, Str path)
{
    Arena *arena = &run->conn->arena; /* lives as long as the run */
    Compiled *compiled = NEW(arena, Compiled);
    compiled->bare = str_copy(arena, bare);
    compiled->code = str_copy(arena, code);
    compiled->path = path.len ? str_copy(arena, path) : STR_NONE;
    compiled->extra_ctes = ctes_value(run, arena);
    RunMode mode = run->runner->options.mode;
    bool is_built = mode != RUN_COMPILE && mode != RUN_SHOW && !node_is_ephemeral(run->node);
    if (is_built)
        compiled->build_path = str_copy(arena, node_target_path(run, "run"));
    Compiled *none = NULL;
    __atomic_compare_exchange_n(&run->node->compiled, &none, compiled, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
}

/* The macro or name of the context that is nearest to `name`, or STR_NONE. */
static Str nearest_macro(const NodeRun *run, Str name)
{
    static const char *const context[] = {"ref", "source", "config", "var", "env_var", "this",
                                          "target", "adapter", "execute", "run_query", "statement",
                                          "log", "return", "is_incremental", "exceptions", "model"};
    const Library *library = run->runner->project->library;
    Str *names = NEW_N(run->arena, Str, library_len(library) + COUNT_OF(context) + 1);
    uint32_t count = 0, at = 0;
    for (; count < COUNT_OF(context); count++)
        names[count] = str_of(context[count]);
    MacroEntry *entry;
    while (library_next(library, &at, &entry))
        names[count++] = entry->name;
    return str_nearest(name, names, count);
}

bool node_explain(NodeRun *run, Err *err)
{
    node_locate(run, err);
    Str text = str_of(err->text);
    if (err->kind != ERR_UNDEFINED || !str_ends(text, STR("' is undefined")))
        return false;
    Str name = str_copy(run->arena, str_slice(text, 1, text.len - strlen("' is undefined")));
    err_add(err, ". This can happen when calling a macro that does not exist. Check for typos "
                 "and/or install package dependencies with \"dbt deps\".");
    Str nearest = nearest_macro(run, name);
    if (nearest.len)
        err_add(err, "\nDid you mean '" STR_FMT "'?", STR_ARG(nearest));
    return false;
}

static bool fail_with_kind(NodeRun *run, Err *err)
{
    node_explain(run, err);
    if (err->kind == ERR_RETURN)
        return err_set(err, ERR_COMPILATION, err->place,
                       "`return` can only be used in macros, not in the body of a model");
    return false;
}

/* Nodes with a file of their own under target/compiled/; what compiles to nothing has none. */
static bool write_compiled(const NodeRun *run, Str path, Str code, Err *err)
{
    if (!run->writes_file || !run->runner->options.writes_json || !path.len ||
        run->node->kind == NODE_SQL_OPERATION)
        return true;
    Str disk = path_join(run->arena, run->runner->project->project_dir, path);
    return file_update(disk, code, err);
}

/* Seeds, sources, exposures have nothing to compile. */
bool node_has_code(const Node *node)
{
    switch (node->kind) {
    case NODE_MODEL:
    case NODE_TEST:
    case NODE_SNAPSHOT:
    case NODE_ANALYSIS:
    case NODE_FUNCTION:
    case NODE_OPERATION:
    case NODE_SQL_OPERATION: return node->raw_code.at != NULL;
    default: return false;
    }
}

static bool render_code(NodeRun *run, Text *out, Err *err)
{
    Template *template;
    TRY(node_template(run->node, run->arena, &template, err));
    RenderOptions options = context_options(&run->context, false);
    options.cancel = run->cancel;
    run->is_compiling = true;
    bool ok = jinja_render(template, run->arena, &options, out, err);
    run->is_compiling = false;
    if (!ok)
        return fail_with_kind(run, err);
    return true;
}

bool node_compile(NodeRun *run, Err *err)
{
    Node *node = run->node;
    const Compiled *done = __atomic_load_n(&node->compiled, __ATOMIC_ACQUIRE);
    if (done) /* an ephemeral model that a child has compiled already */
        return write_compiled(run, done->path, done->code, err);
    if (!node_has_code(node))
        return true;
    AUTO(text) Text rendered = {0};
    if (str_is(node->language, "python")) {
        TRY(python_model_compile(run, &rendered, err));
    } else {
        TRY(render_code(run, &rendered, err));
    }
    Str bare = text_str(&rendered);
    Str code = run->ctes.len ? sql_add_ctes(run->arena, bare, run->ctes.at, run->ctes.len) : bare;
    Str path = code.len ? node_target_path(run, "compiled") : STR_NONE;
    TRY(write_compiled(run, path, code, err));
    publish(run, bare, code, path);
    run->model = UNDEFINED; /* `model` is made anew, with its compiled_code */
    return true;
}
