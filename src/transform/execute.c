/* execute.c: what running a node means, by its kind. */
#include "base/event.h"
#include "transform/python_model.h"
#include "transform/run.h"
#include "transform/unit_test.h"

/* ---- materializations ---- */

static bool fail_language(const Node *node, const MacroEntry *entry, Err *err)
{
    AUTO(text) Text languages = {0};
    value_repr(entry->macro->supported_languages, &languages);
    return err_set(err, ERR_RUNTIME, NOWHERE,
                   "Materialization \"" STR_FMT "\" only supports languages %s; got \"" STR_FMT
                   "\"%s",
                   STR_ARG(entry->name), languages.at, STR_ARG(node->language),
                   str_is(node->language, "python") ? "\nA Python model is a table or incremental"
                                                    : "");
}

static bool supports(const MacroEntry *entry, Str language)
{
    Value languages = entry->macro->supported_languages;
    if (languages.kind != VALUE_LIST)
        return true;
    for (uint32_t i = 0; i < languages.list->len; i++)
        if (str_eq(value_str(languages.list->at[i]), language))
            return true;
    return false;
}

static Str nearest_materialization(const NodeRun *run, Str name)
{
    const Library *library = run->runner->project->library;
    Str *names = NEW_N(run->arena, Str, library_len(library) + 1);
    uint32_t count = 0, at = 0;
    MacroEntry *entry;
    while (library_next(library, &at, &entry))
        if (entry->macro->materialization.len)
            names[count++] = entry->macro->materialization;
    return str_nearest(name, names, count);
}

static bool find_materialization(NodeRun *run, Str name, MacroEntry **out, Err *err)
{
    *out = library_find_materialization(run->runner->project->library, name);
    if (!*out) {
        Str type = run->runner->project->profile.type, nearest = nearest_materialization(run, name);
        return err_set(err, ERR_COMPILATION, (Place){run->node->original_file_path, 0, 0},
                       "No materialization '" STR_FMT "' was found for adapter " STR_FMT
                       "! (searched types 'default' and '" STR_FMT "')%s" STR_FMT "%s",
                       STR_ARG(name), STR_ARG(type), STR_ARG(type),
                       nearest.len ? "\nDid you mean '" : "", STR_ARG(nearest),
                       nearest.len ? "'?" : "");
    }
    return supports(*out, run->node->language) || fail_language(run->node, *out, err);
}

/* What a materialization returned: {'relations': [...]}, to be noted as existing. */
static bool take_relations(NodeRun *run, Value returned, Str materialization, Err *err)
{
    if (returned.kind == VALUE_TEXT)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "The materialization (\"" STR_FMT
                       "\") did not explicitly return a list of relations to add to the cache.",
                       STR_ARG(materialization));
    Value relations = value_get(returned, "relations");
    if (relations.kind != VALUE_LIST)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "Invalid return value from materialization, expected a dict with key "
                       "\"relations\", got a %s",
                       value_type_name(returned));
    for (uint32_t i = 0; i < relations.list->len; i++) {
        const Relation *relation = relation_of(relations.list->at[i]);
        if (!relation)
            return err_set(err, ERR_COMPILATION, NOWHERE,
                           "Invalid return value from materialization, expected relations, got a "
                           "%s",
                           value_type_name(relations.list->at[i]));
        cache_add(run->runner->cache, relation);
    }
    return true;
}

/* ---- batches that add to a table ---- */

static bool call_true(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_bool(true);
    return true;
}

static bool call_false(Object *self, Call *call, Value *out, Err *err)
{
    (void)self, (void)call, (void)err;
    *out = value_bool(false);
    return true;
}

/* For a batch that adds, is_incremental() holds and should_full_refresh() does not, whatever the
 * flags say: the first batch has done that. */
static void batched_begin(NodeRun *run)
{
    if (!run->adds_to_table)
        return;
    Dict *names = dict_make(run->arena, 2);
    dict_put(names, STR("is_incremental"),
             value_function(run->arena, "is_incremental", call_true, NULL));
    dict_put(names, STR("should_full_refresh"),
             value_function(run->arena, "should_full_refresh", call_false, NULL));
    run->context.extra = names;
    run->context.phase = &phase_batch;
}

bool run_materialization(NodeRun *run, Str name, Err *err)
{
    MacroEntry *entry;
    Value returned;
    TRY(find_materialization(run, name, &entry, err));
    batched_begin(run);
    if (!context_call(&run->context, entry, NULL, 0, &returned, err))
        return python_model_explain(err);
    return take_relations(run, returned, name, err);
}

/* The `response` that statement('main') stored, or UNDEFINED. */
bool run_main_result(NodeRun *run, const char *part, Value *out, Err *err)
{
    Value *stored = dict_find(run->stored, STR("main"));
    *out = UNDEFINED;
    if (!stored || stored->kind != VALUE_OBJECT)
        return true;
    return stored->object->type->get(stored->object, run->arena, str_of(part), out, err);
}

static bool has_items(Value list)
{
    return list.kind == VALUE_LIST && list.list->len;
}

/* Only a contract or a hook can give a table a key. */
static bool may_change_keys(const Node *node)
{
    return value_truth(value_get(node->contract, "enforced")) ||
           has_items(value_get(node->config, "pre-hook")) ||
           has_items(value_get(node->config, "post-hook"));
}

static bool execute_materialized(NodeRun *run, NodeResult *result, Err *err)
{
    TRY(run_materialization(run, node_materialized(run->node), err));
    if (may_change_keys(run->node))
        cache_forget_key_kinds(run->runner->cache);
    Value response;
    TRY(run_main_result(run, "response", &response, err));
    if (value_is_undefined(response))
        return err_set(err, ERR_RUNTIME, NOWHERE, "main is not being called during running model");
    AUTO(text) Text message = {0};
    Value said = response.kind == VALUE_DICT ? value_get(response, "_message") : response;
    value_print(said, &message);
    TRY(pointer_make(run, err));
    result->status = STATUS_SUCCESS;
    result->message = text_copy(run->arena, &message);
    result->adapter_response = response.kind == VALUE_DICT ? response : value_dict(run->arena);
    return true;
}

/* ---- tests ---- */

typedef struct TestAnswer {
    int64_t failures;
    bool should_warn, should_error;
} TestAnswer;

static bool truth_of_cell(Value cell)
{
    return cell.kind == VALUE_TEXT ? str_eq_fold(value_str(cell), STR("true")) : value_truth(cell);
}

static bool read_answer(NodeRun *run, TestAnswer *answer, Err *err)
{
    Value table;
    TRY(run_main_result(run, "table", &table, err));
    if (!value_is_a(table, &table_type) || table_row_count(table) != 1 ||
        table_column_count(table) != 3) {
        uint64_t rows = value_is_a(table, &table_type) ? table_row_count(table) : 0;
        return err_set(err, ERR_INTERNAL, NOWHERE,
                       "dbt internally failed to execute " STR_FMT
                       ": Returned %llu rows, but expected 1 row",
                       STR_ARG(run->node->unique_id), (unsigned long long)rows);
    }
    Value failures = table_cell(table, 0, 0);
    AUTO(text) Text shown = {0};
    value_print(failures, &shown);
    if (failures.kind == VALUE_INT)
        answer->failures = failures.number;
    else if (!str_to_int(text_str(&shown), &answer->failures))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "dbt test failed: fail_calc gave " STR_FMT ", which is no whole number",
                       STR_ARG(text_str(&shown)));
    answer->should_warn = truth_of_cell(table_cell(table, 0, 1));
    answer->should_error = truth_of_cell(table_cell(table, 0, 2));
    return true;
}

static Str got_message(NodeRun *run, int64_t failures, const char *verb, const char *condition)
{
    Str wanted = value_get_text(run->node->config, condition, STR("!= 0"));
    return str_print(run->arena, "Got %lld result%s, configured to %s if " STR_FMT,
                     (long long)failures, failures == 1 ? "" : "s", verb, STR_ARG(wanted));
}

static bool execute_test(NodeRun *run, NodeResult *result, Err *err)
{
    TRY(run_materialization(run, STR("test"), err));
    TestAnswer answer;
    TRY(read_answer(run, &answer, err));
    Str severity = value_get_text(run->node->config, "severity", STR("ERROR"));
    result->failures = 0;
    result->status = STATUS_PASS;
    Value response;
    TRY(run_main_result(run, "response", &response, err));
    result->adapter_response = response;
    if (str_eq_fold(severity, STR("error")) && answer.should_error) {
        result->status = STATUS_FAIL;
        result->failures = answer.failures;
        result->message = got_message(run, answer.failures, "fail", "error_if");
    } else if (answer.should_warn) {
        bool is_fatal = run->runner->options.warns_are_errors;
        result->status = is_fatal ? STATUS_FAIL : STATUS_WARN;
        result->failures = answer.failures;
        result->message = got_message(run, answer.failures, is_fatal ? "fail" : "warn", "warn_if");
    }
    return true;
}

/* ---- the rest ---- */

Str hook_label(const Node *node, Arena *arena)
{
    const char *when = "on-run-start";
    for (uint32_t i = 0; node->tags.kind == VALUE_LIST && i < node->tags.list->len; i++)
        if (value_is(node->tags.list->at[i], "on-run-end"))
            when = "on-run-end";
    return str_print(arena, STR_FMT ".%s.%lld", STR_ARG(node->package), when,
                     (long long)node->hook_index);
}

/* Hooks of the project and inline SQL: the text itself is run. */
static bool execute_sql(NodeRun *run, NodeResult *result, Err *err)
{
    const Compiled *compiled = __atomic_load_n(&run->node->compiled, __ATOMIC_ACQUIRE);
    result->status = STATUS_SUCCESS;
    result->message = STR("OK");
    result->adapter_response = value_dict(run->arena);
    if (run->node->kind == NODE_OPERATION) {
        result->failures = 0;
        result->message = str_print(run->arena, STR_FMT " passed",
                                    STR_ARG(hook_label(run->node, run->arena)));
    }
    if (!compiled || sql_is_blank(compiled->code))
        return true;
    Answer answer;
    return conn_execute(run, compiled->code, false, false, 0, &answer, err);
}

/* The rows of `show`. */
static bool execute_show(NodeRun *run, NodeResult *result, Err *err)
{
    const Compiled *compiled = __atomic_load_n(&run->node->compiled, __ATOMIC_ACQUIRE);
    Str code = compiled ? compiled->code : STR("");
    int64_t limit = run->runner->options.show_limit;
    Value header = run_config_get(run, STR("sql_header"));
    Value args[3] = {value_text(code), header, limit < 0 ? NONE : value_int(limit)}, limited;
    TRY(run_macro(run, "get_show_sql", args, 3, &limited, err));
    AUTO(text) Text sql = {0};
    value_print(limited, &sql);
    Answer answer;
    TRY(conn_execute(run, text_str(&sql), false, true, -1, &answer, err));
    result->status = STATUS_SUCCESS;
    result->message = STR("OK");
    result->adapter_response = answer.response;
    result->table = answer.table;
    return true;
}

bool node_is_never_run(const Node *node)
{
    return node->kind == NODE_EXPOSURE || node->kind == NODE_SAVED_QUERY ||
           node->kind == NODE_METRIC || node->kind == NODE_SEMANTIC_MODEL;
}

bool node_execute(NodeRun *run, NodeResult *result, Err *err)
{
    bool is_shown = run->runner->options.mode == RUN_SHOW;
    if (is_shown && run->node->kind == NODE_SEED) /* as dbt: loaded, then shown whole */
        return execute_materialized(run, result, err) &&
               seed_table_load(run->arena, run->node, seed_path(run->runner, run->node, run->arena),
                               UINT64_MAX, &result->table, err);
    if (is_shown)
        return execute_show(run, result, err);
    if (node_is_never_run(run->node)) {
        result->status = STATUS_NO_OP;
        result->failures = 0;
        result->message = STR("NO-OP");
        result->adapter_response = value_dict(run->arena);
        return true;
    }
    if (run->node->kind == NODE_OPERATION || run->node->kind == NODE_SQL_OPERATION)
        return execute_sql(run, result, err);
    if (run->node->kind == NODE_UNIT_TEST)
        return unit_test_execute(run, result, err);
    if (run->node->kind == NODE_TEST)
        return execute_test(run, result, err);
    return execute_materialized(run, result, err);
}
