/* check_microbatch.c: configs of microbatch models, and what they read. */
#include "project/load.h"

bool node_is_microbatch(const Project *project, const Node *node)
{
    if (node->kind != NODE_MODEL || !str_is(node_materialized(node), "incremental") ||
        !value_is(node_config(node, "incremental_strategy"), "microbatch"))
        return false;
    if (value_truth(value_get(project->invocation->args,
                              "require_batched_execution_for_custom_microbatch_strategy")))
        return true;
    const MacroEntry *entry = library_find(project->library, STR_NONE,
                                           STR("get_incremental_microbatch_sql"));
    return entry && entry->is_builtin;
}

static bool is_missing(Value v)
{
    return value_is_undefined(v) || value_is_none(v);
}

static bool fail(const Node *node, Err *err, const char *format, ...) PRINTF_LIKE(3, 4);
static bool fail(const Node *node, Err *err, const char *format, ...)
{
    AUTO(text) Text text = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&text, format, args);
    va_end(args);
    ptrdiff_t call = str_find(node->raw_code, STR("config("));
    Place place = call < 0 ? (Place){node->file, 1, 1}
                           : place_at(node->file, node->raw_code, (size_t)call);
    return err_set_in(err, ERR_PARSING, place, node->raw_code,
                   "Microbatch model '" STR_FMT "' " STR_FMT, STR_ARG(node->name),
                   STR_ARG(text_str(&text)));
}

/* begin is kept in ISO form: "2024-01-01T00:00:00". */
static bool check_begin(Arena *arena, Node *node, Err *err)
{
    Value begin = node_config(node, "begin");
    int64_t at_us;
    Str iso;
    if (is_missing(begin))
        return fail(node, err, "must provide a 'begin' (datetime) config that indicates the "
                               "earliest timestamp the microbatch model should be built from.");
    if (!jinja_datetime_read(arena, begin, &at_us, &iso)) {
        if (value_is_text(begin))
            return fail(node, err, "must provide a 'begin' config of valid datetime (ISO format), "
                                   "but got: " STR_FMT ".", STR_ARG(value_str(begin)));
        return fail(node, err, "must provide a 'begin' config of type datetime, but got: "
                               "<class '%s'>.", value_type_name(begin));
    }
    if (!value_equal(begin, value_text(iso))) {
        node->config = value_copy_shallow_text(arena, node->config);
        dict_put(node->config.dict, STR("begin"), value_text(iso));
    }
    bool is_yaml = value_is_undefined(value_get(node->unrendered_config_call_dict, "begin"));
    Value unrendered = value_get(node->unrendered_config, "begin");
    if (is_yaml && value_is_text(unrendered) && str_find_char(value_str(unrendered), ' ') >= 0 &&
        jinja_datetime_read(arena, unrendered, &at_us, &iso)) { /* a timestamp of YAML */
        node->unrendered_config = value_copy_shallow_text(arena, node->unrendered_config);
        dict_put(node->unrendered_config.dict, STR("begin"), value_text(iso));
    }
    return true;
}

static bool check_batch_size(const Node *node, Err *err)
{
    static const char *const sizes[] = {"hour", "day", "month", "year"};
    Value size = node_config(node, "batch_size");
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        if (value_is(size, sizes[i]))
            return true;
    AUTO(text) Text shown = {0};
    value_print(is_missing(size) ? NONE : size, &shown);
    return fail(node, err, "must provide a 'batch_size' config that is one of ['hour', 'day', "
                           "'month', 'year'], but got: " STR_FMT ".", STR_ARG(text_str(&shown)));
}

static bool check_model(Arena *arena, Node *node, Err *err)
{
    Value event_time = node_config(node, "event_time"), lookback = node_config(node, "lookback");
    Value concurrent = node_config(node, "concurrent_batches");
    if (is_missing(event_time))
        return fail(node, err, "must provide an 'event_time' (string) config that indicates the "
                               "name of the event time column.");
    if (!value_is_text(event_time))
        return fail(node, err, "must provide an 'event_time' config of type string, but got: "
                               "<class '%s'>.", value_type_name(event_time));
    TRY(check_begin(arena, node, err));
    TRY(check_batch_size(node, err));
    if (!is_missing(lookback) && !value_is_int(lookback) && !value_is_bool(lookback))
        return fail(node, err, "must provide the optional 'lookback' config as type int, but got: "
                               "<class '%s'>).", value_type_name(lookback));
    if (!is_missing(concurrent) && !value_is_bool(concurrent))
        return fail(node, err, "optional 'concurrent_batches' config must be of type `bool` if "
                               "specified, but got: <class '%s'>).", value_type_name(concurrent));
    return true;
}

bool check_microbatch(Loader *loader, Err *err)
{
    Project *project = loader->project;
    uint32_t forced = 0;
    bool has_model = false;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        Node *node = project->nodes.at[i];
        has_model |= node->kind == NODE_MODEL &&
                     value_is(node_config(node, "incremental_strategy"), "microbatch");
        if (!node_is_microbatch(project, node))
            continue;
        TRY(check_model(project->arena, node, err));
        forced += value_truth(node_config(node, "concurrent_batches"));
    }
    if (!has_model)
        return true;
    const MacroEntry *entry = library_find(project->library, STR_NONE,
                                           STR("get_incremental_microbatch_sql"));
    bool has_flag = value_truth(value_get(project->invocation->args,
                        "require_batched_execution_for_custom_microbatch_strategy"));
    if (!has_flag && entry && !entry->is_builtin)
        loader_warn(&loader->workers[0], UINT32_MAX, "MicrobatchMacroOutsideOfBatchesDeprecation",
                    "D020",
                    "The use of a custom microbatch macro outside of batched execution is "
                    "deprecated. To use it with batched execution, set "
                    "`flags.require_batched_execution_for_custom_microbatch_strategy` to `True` in "
                    "`dbt_project.yml`. In the future this will be the default behavior.");
    if (forced && !dialect_now()->has_concurrent_batches)
        loader_warn(&loader->workers[0], UINT32_MAX, "InvalidConcurrentBatchesConfig", "I075",
                    "Found %u microbatch model%s with the `concurrent_batches` config set to true, "
                    "but the " STR_FMT " adapter does not support running batches concurrently. "
                    "Batches will be run sequentially.", forced, forced == 1 ? "" : "s",
                    STR_ARG(project->profile.type));
    return true;
}

bool project_check_inputs(const Project *project, Err *err)
{
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        if (!node_is_microbatch(project, node))
            continue;
        bool has_input = false;
        for (uint32_t k = 0; k < node->parents.len; k++) {
            Value event_time = node_config(node->parents.at[k], "event_time");
            if (!is_missing(event_time) && value_truth(event_time) && !value_is_text(event_time))
                return fail(node, err, "depends on an input node '" STR_FMT "' with an "
                                       "'event_time' config of invalid (non-string) type: "
                                       "<class '%s'>.", STR_ARG(node->parents.at[k]->name),
                            value_type_name(event_time));
            has_input |= value_truth(event_time);
        }
        if (!has_input)
            event_print(LEVEL_WARN, "MicrobatchModelNoEventTimeInputs", "I074",
                        "The microbatch model '" STR_FMT "' has no 'ref' or 'source' input with an "
                        "'event_time' configuration. \nThis means no filtering can be applied and "
                        "can result in unexpected duplicate records in the resulting microbatch "
                        "model.", STR_ARG(node->name));
    }
    return true;
}
