/* phase.c: what a template sees while nodes run. */
#include "base/event.h"
#include "base/file.h"
#include "transform/python_model.h"
#include "transform/refs.h"
#include "transform/run.h"
#include "transform/unit_test.h"

NodeRun *node_run_of(const Call *call)
{
    return context_of(call)->owner;
}

/* ---- results of statements ---- */

typedef struct Stored {
    Object base;
    Value response, data, table;
} Stored;

static bool stored_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)err;
    Stored *stored = (Stored *)self;
    *out = UNDEFINED;
    if (str_is(name, "response")) {
        *out = stored->response;
    } else if (str_is(name, "table")) {
        *out = stored->table;
    } else if (str_is(name, "data")) { /* rows as lists, made when asked for */
        Value rows = value_list(arena);
        uint64_t count = value_is_none(stored->table) ? 0 : table_row_count(stored->table);
        for (uint64_t r = 0; r < count; r++) {
            Array *row = array_make(arena, table_column_count(stored->table));
            for (uint32_t c = 0; c < table_column_count(stored->table); c++)
                array_add(row, table_cell(stored->table, r, c));
            array_add(rows.list, value_of_array(row));
        }
        *out = rows;
    }
    return true;
}

static bool stored_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    return stored_get(self, arena, value_str(key), out, err);
}

static bool stored_method_get(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"key", "default"};
    Value slots[2] = {UNDEFINED, NONE};
    TRY(call_bind(call, "get", names, 2, 1, slots, err));
    TRY(stored_get(self, call->arena, value_str(slots[0]), out, err));
    if (value_is_undefined(*out))
        *out = slots[1];
    return true;
}

static bool stored_method_keys(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)err;
    *out = value_list(call->arena);
    array_add(out->list, value_lit("response"));
    array_add(out->list, value_lit("data"));
    array_add(out->list, value_lit("table"));
    return true;
}

static const Method stored_methods[] = {
    {"get", stored_method_get}, {"keys", stored_method_keys}, {NULL, NULL}};
static const ObjectType stored_type = {.name = "AttrDict",
                                       .methods = stored_methods,
                                       .get = stored_get,
                                       .item = stored_item,
                                       .is_mapping = true};

static void store(NodeRun *run, Value name, Value response, Value table)
{
    Stored *stored = NEW(run->arena, Stored);
    *stored = (Stored){{&stored_type}, response, NONE, table};
    dict_put_keyed(run->stored, name, value_of_object(&stored->base));
}

static bool call_store_result(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name", "response", "agate_table"};
    Value slots[3] = {UNDEFINED, NONE, NONE};
    TRY(call_bind(call, "store_result", names, 3, 2, slots, err));
    NodeRun *run = node_run_of(call);
    if (value_is_none(slots[2]))
        slots[2] = table_make(run->arena, NULL, NULL, 0, NULL, 0);
    store(run, slots[0], slots[1], slots[2]);
    *out = value_text(STR(""));
    return true;
}

static bool call_store_raw_result(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name", "message", "code", "rows_affected", "agate_table"};
    Value slots[5] = {UNDEFINED, NONE, NONE, NONE, NONE};
    TRY(call_bind(call, "store_raw_result", names, 5, 1, slots, err));
    NodeRun *run = node_run_of(call);
    Value response = value_dict(run->arena);
    dict_put(response.dict, STR("_message"), slots[1]);
    if (!value_is_none(slots[2]))
        dict_put(response.dict, STR("code"), slots[2]);
    if (!value_is_none(slots[3]))
        dict_put(response.dict, STR("rows_affected"), slots[3]);
    if (value_is_none(slots[4]))
        slots[4] = table_make(run->arena, NULL, NULL, 0, NULL, 0);
    store(run, slots[0], response, slots[4]);
    *out = value_text(STR(""));
    return true;
}

static bool call_load_result(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"name"};
    Value slots[1];
    TRY(call_bind(call, "load_result", names, 1, 1, slots, err));
    Value *found = dict_find_value(node_run_of(call)->stored, slots[0]);
    *out = found ? *found : NONE;
    if (found && value_is_none(*found))
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "The 'statement' result named '" STR_FMT
                       "' has already been loaded into a variable", STR_ARG(value_str(slots[0])));
    if (found && !value_is(slots[0], "main"))
        *found = NONE;
    return true;
}

/* ---- files ---- */

/* write(text): the statement that builds the node, into target/run/. */
static bool call_write(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    static const char *const names[] = {"payload"};
    Value slots[1];
    TRY(call_bind(call, "write", names, 1, 1, slots, err));
    NodeRun *run = node_run_of(call);
    *out = value_text(STR(""));
    if (!run->runner->options.writes_json || run->node->kind == NODE_OPERATION)
        return true;
    Str path = path_join(run->arena, run->runner->project->project_dir,
                         node_target_path(run, "run"));
    AUTO(text) Text text = {0};
    value_print(slots[0], &text);
    return file_update(path, text_str(&text), err);
}

static bool call_load_agate_table(Object *self, Call *call, Value *out, Err *err)
{
    (void)self;
    NodeRun *run = node_run_of(call);
    if (run->node->kind != NODE_SEED)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "can only load_agate_table for seeds (got a %s)",
                       node_kind_name(run->node->kind));
    (void)call;
    Str path = seed_path(run->runner, run->node, run->arena);
    uint64_t most = run->runner->options.is_empty ? 0 : UINT64_MAX;
    return seed_table_load(run->arena, run->node, path, most, out, err);
}

static bool call_submit_python_job(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"parsed_model", "compiled_code"};
    (void)self;
    NodeRun *run = node_run_of(call);
    Value slots[2];
    TRY(call_bind(call, "submit_python_job", names, 2, 2, slots, err));
    AUTO(text) Text code = {0};
    value_print(slots[1], &code);
    TRY(python_model_run(run, text_str(&code), err));
    *out = value_dict(run->arena);
    dict_put(out->dict, STR("_message"), value_lit("OK"));
    return true;
}

static bool call_doc(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_text(STR(""));
    return true;
}

/* ---- validation.any[...] ---- */

static bool validate_call(Object *self, Call *call, Value *out, Err *err);

typedef struct Validator {
    Object base;
    Value allowed;   /* a value or a tuple of them */
} Validator;

static const ObjectType validator_type = {.name = "validator", .call = validate_call};

static bool is_class_of(Value allowed, Value value)
{
    return allowed.kind == VALUE_OBJECT && value.kind == VALUE_TEXT; /* basestring */
}

static bool validate_call(Object *self, Call *call, Value *out, Err *err)
{
    static const char *const names[] = {"value"};
    Value slots[1];
    TRY(call_bind(call, "validator", names, 1, 1, slots, err));
    Value allowed = ((Validator *)self)->allowed;
    *out = NONE;
    if (allowed.kind != VALUE_TUPLE && allowed.kind != VALUE_LIST) {
        if (value_equal(allowed, slots[0]) || is_class_of(allowed, slots[0]))
            return true;
    } else {
        for (uint32_t i = 0; i < allowed.list->len; i++)
            if (value_equal(allowed.list->at[i], slots[0]) ||
                is_class_of(allowed.list->at[i], slots[0]))
                return true;
    }
    AUTO(text) Text shown = {0};
    value_repr(slots[0], &shown);
    text_add_c(&shown, "; expected one of ");
    value_repr(allowed, &shown);
    return err_set(err, ERR_RUNTIME, NOWHERE, "Expected value not found: got " STR_FMT,
                   STR_ARG(text_str(&shown)));
}

static bool any_item(Object *self, Arena *arena, Value key, Value *out, Err *err)
{
    (void)self, (void)err;
    Validator *validator = NEW(arena, Validator);
    *validator = (Validator){{&validator_type}, key};
    *out = value_of_object(&validator->base);
    return true;
}
static const ObjectType any_type = {.name = "validation.any", .item = any_item};
static Object any_object = {&any_type};

/* ---- the table of names ---- */

static const Method functions[] = {
    {"store_result", call_store_result},
    {"store_raw_result", call_store_raw_result},
    {"load_result", call_load_result},
    {"load_agate_table", call_load_agate_table},
    {"write", call_write},
    {"submit_python_job", call_submit_python_job},
    {"doc", call_doc},
};

static Arena table_arena; /* lives as long as the process */
static Dict *table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_build(void)
{
    table = dict_make(&table_arena, 32);
    for (uint32_t i = 0; i < COUNT_OF(functions); i++)
        dict_put(table, str_of(functions[i].name),
                 value_function(&table_arena, functions[i].name, functions[i].call, NULL));
    Value validation = value_dict(&table_arena);
    dict_put(validation.dict, STR("any"), value_of_object(&any_object));
    dict_put(table, STR("validation"), validation);
    value_freeze(value_of_dict(table));
}

static Value hooks_of(NodeRun *run, const char *key)
{
    Value hooks = value_get(run->node->config, key);
    return hooks.kind == VALUE_LIST ? value_copy_shallow_text(run->arena, hooks)
                                    : value_list(run->arena);
}

static Value selected_ids(NodeRun *run)
{
    Value ids = value_list(run->arena);
    uint32_t at = 0, number;
    while (bits_next(run->runner->selected, &at, &number))
        array_add(ids.list, value_text(run->runner->project->nodes.at[number]->unique_id));
    return ids;
}

/* The relation that --defer gives the node itself, for clones. */
static Value own_defer_relation(NodeRun *run)
{
    const State *state = run->runner->options.state;
    Value earlier = state ? value_get_str(value_get(state->manifest, "nodes"), run->node->unique_id)
                          : UNDEFINED;
    if (earlier.kind != VALUE_DICT)
        return NONE;
    return relation_value(relation_make(run->arena, value_get_text(earlier, "database", STR_NONE),
                                        value_get_text(earlier, "schema", STR_NONE),
                                        value_get_text(earlier, "alias", STR_NONE), STR("")));
}

/* What a clone selects from: the state's relation of the node. NONE: nothing is cloned. */
static Value sql_of_clone(NodeRun *run)
{
    if (run->runner->options.mode != RUN_CLONE)
        return NONE;
    Value other = own_defer_relation(run);
    const Relation *relation = relation_of(other);
    if (!relation)
        return NONE;
    return value_text(str_print(run->arena, "select * from " STR_FMT,
                                STR_ARG(relation_render(run->arena, relation))));
}

/* `model.batch`: what the batch is called, without dashes, and its window. */
static Value batch_context(NodeRun *run)
{
    Value batch = value_dict(run->arena);
    Str id = str_replace(run->arena, run->batch_name, STR("-"), STR(""));
    dict_put(batch.dict, STR("id"), value_text(id));
    dict_put(batch.dict, STR("event_time_start"),
             jinja_datetime(run->arena, run->batch->start_us, true));
    dict_put(batch.dict, STR("event_time_end"),
             jinja_datetime(run->arena, run->batch->end_us, true));
    return batch;
}

/* dbt's only alias: what is declared as "string" is a text. The manifest keeps the word. */
static void alias_types(NodeRun *run)
{
    Value columns = value_get(run->model, "columns"), name, column;
    bool is_copy = false;
    uint32_t at = 0;
    while (columns.kind == VALUE_DICT && dict_next(columns.dict, &at, &name, &column)) {
        if (!str_eq_fold(value_get_text(column, "data_type", STR("")), STR("string")))
            continue;
        if (!is_copy)
            columns = value_copy(run->arena, columns);
        is_copy = true;
        dict_put(dict_find_value(columns.dict, name)->dict, STR("data_type"), value_lit("TEXT"));
    }
    if (is_copy)
        dict_put(run->model.dict, STR("columns"), columns);
}

Value run_model(NodeRun *run)
{
    if (value_is_undefined(run->model)) {
        run->model = value_copy_shallow_text(run->arena, node_value(run->node, run->arena));
        const Compiled *compiled = __atomic_load_n(&run->node->compiled, __ATOMIC_ACQUIRE);
        if (compiled && run->model.kind == VALUE_DICT) {
            dict_put(run->model.dict, STR("compiled_code"), value_text(compiled->code));
            dict_put(run->model.dict, STR("compiled"), value_bool(true));
        }
        if (run->batch && run->model.kind == VALUE_DICT)
            dict_put(run->model.dict, STR("batch"), batch_context(run));
        if (value_truth(value_get(run->node->contract, "alias_types")))
            alias_types(run);
    }
    return run->model;
}

static Value text_or_none(Str text)
{
    return text.len ? value_text(text) : NONE;
}

/* Names that depend on the node. */
static Value fact(NodeRun *run, Str name)
{
    const Compiled *compiled = __atomic_load_n(&run->node->compiled, __ATOMIC_ACQUIRE);
    if (str_is(name, "config"))
        return run->config;
    if (str_is(name, "adapter"))
        return run->adapter;
    if (str_is(name, "this") && run->context.phase == &phase_unit)
        return unit_test_this(run);
    if (str_is(name, "this"))
        return run->relation ? relation_value(run->relation) : NONE;
    if (str_is(name, "model"))
        return run_model(run);
    if (str_is(name, "sql") || str_is(name, "compiled_code"))
        return compiled ? value_text(compiled->code) : sql_of_clone(run);
    if (str_is(name, "pre_hooks"))
        return hooks_of(run, "pre-hook");
    if (str_is(name, "post_hooks"))
        return hooks_of(run, "post-hook");
    if (str_is(name, "database"))
        return text_or_none(run->node->database.len ? run->node->database
                                                    : run->runner->project->profile.database);
    if (str_is(name, "schema"))
        return text_or_none(run->node->schema.len ? run->node->schema
                                                  : run->runner->project->profile.schema);
    if (str_is(name, "graph"))
        return graph_of(run);
    if (str_is(name, "selected_resources"))
        return selected_ids(run);
    if (str_is(name, "schemas") && !value_is_undefined(run->runner->schemas))
        return value_copy_shallow_text(run->arena, run->runner->schemas);
    if (str_is(name, "database_schemas") && !value_is_undefined(run->runner->database_schemas))
        return value_copy_shallow_text(run->arena, run->runner->database_schemas);
    if (str_is(name, "results") && !value_is_undefined(run->runner->results_value))
        return run->runner->results_value;
    if (str_is(name, "defer_relation"))
        return own_defer_relation(run);
    return UNDEFINED;
}

static bool phase_find(Context *context, Str name, uint32_t hash, Value *out, Err *err)
{
    NodeRun *run = context->owner;
    pthread_once(&table_once, table_build);
    const Value *found = dict_find_hashed(table, name, hash);
    if (found) {
        *out = *found;
        return true;
    }
    if (str_is(name, "ref") || str_is(name, "source")) {
        *out = run_resolver(run, str_is(name, "source"));
        return true;
    }
    Value own = value_get_str(run->node->template_context, name);
    if (!value_is_undefined(own)) /* arguments of a generic test: rendered here and now */
        return context_render_tree(context, own, run->node->file, out, err);
    *out = fact(run, name);
    return true;
}

static bool phase_var(Context *context, Str name, Value *out, bool *is_found, Err *err)
{
    (void)err;
    NodeRun *run = context->owner;
    const Value *found = project_var(run->runner->project, context->package, name);
    *is_found = found != NULL;
    if (found && found->kind == VALUE_TEXT && jinja_has_tags(value_str(*found))) {
        Str rendered;
        TRY(context_render(context, value_str(*found), STR("vars"), &rendered, err));
        *out = value_text(rendered);
    } else if (found) {
        *out = value_copy_shallow_text(context->arena, *found);
    }
    return true;
}

const Phase phase_run = {.is_executing = true, .find = phase_find, .var = phase_var};
const Phase phase_batch = {
    .is_executing = true, .has_extra_first = true, .find = phase_find, .var = phase_var};
const Phase phase_unit = {
    .is_executing = true, .has_extra_first = true, .find = phase_find, .var = unit_test_var};

void node_run_init(NodeRun *run, Runner *runner, Node *node, Conn *conn, Arena *arena)
{
    const Project *project = runner->project;
    run->runner = runner;
    run->node = node;
    run->conn = conn;
    run->arena = arena;
    run->stored = dict_make(arena, 0);
    run->model = UNDEFINED;
    run->graph = UNDEFINED;
    run->context = (Context){
        .arena = arena,
        .library = project->library,
        .invocation = project->invocation,
        .phase = &phase_run,
        .package = node->package,
        .project_name = project->packages.at[0]->name,
        .node_label = node_label(node, arena),
        .target = value_copy_shallow_text(arena, project->profile.shown),
        .node = UNDEFINED,
        .owner = run,
    };
    run->config = run_config_object(run);
    run->adapter = run_adapter_object(run);
    run->relation = node->schema.len || node->alias.len ? node_relation(node, arena) : NULL;
}

bool run_macro(NodeRun *run, const char *name, const Value *args, uint32_t count, Value *out,
               Err *err)
{
    Str wanted = str_of(name);
    const Library *library = run->runner->project->library;
    MacroEntry *entry = library_resolve(library, run->node->package, wanted, str_hash(wanted));
    if (!entry)
        return err_set(err, ERR_COMPILATION, NOWHERE, "dbt could not find a macro with the name "
                       "\"%s\" in any package", name);
    return context_call(&run->context, entry, args, count, out, err);
}
