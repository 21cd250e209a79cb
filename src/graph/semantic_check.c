/* semantic_check.c: the validation of the semantic layer as a whole: order of the rules, messages.
 * Which rules there are and how their messages begin: dbt-core 1.12.6, by running it. */
#include "graph/semantic.h"

static const char *const granularities[] = {"nanosecond", "microsecond", "millisecond", "second",
                                            "minute", "hour", "day", "week", "month", "quarter",
                                            "year"};

int granularity_rank(Str name)
{
    for (int i = 0; i < (int)COUNT_OF(granularities); i++)
        if (str_is(name, granularities[i]))
            return i;
    return -1;
}

bool granularity_is_custom(const Graph *graph, Str name)
{
    const Node *node;
    for (uint32_t at = 0; (node = semantic_next(graph, NODE_MODEL, &at));) {
        Value list = value_get(value_get(node->extra, "time_spine"), "custom_granularities");
        for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++)
            if (str_eq(value_get_text(list.list->at[i], "name", STR("")), name))
                return true;
    }
    return false;
}

/* ---- messages ---- */

void semantic_fail(SemanticCheck *check, const Node *node, Value where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Place place = value_place(where, node->file, node->raw_code);
    if (!place.line)
        place = (Place){node->file, (int)node->line, 1};
    if (!check->error_count++) {
        check->place = place;
        check->source = node->raw_code;
    }
    text_add_c(&check->errors, "\n- ");
    text_vprint(&check->errors, format, args);
    text_print(&check->errors, " (" STR_FMT ":%d)", STR_ARG(place.file), place.line);
    va_end(args);
}

void semantic_warn(const char *format, ...)
{
    AUTO(text) Text message = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&message, format, args);
    va_end(args);
    event_say((Event){.name = "SemanticValidationFailure", .code = "I070", .level = LEVEL_WARN,
                      .message = text_str(&message)});
}

/* ---- the whole ---- */

static void run_rules(SemanticCheck *check)
{
    check_semantic_models(check);
    check_metrics(check);
    check_filters(check);
    check_saved_queries(check);
    check_time_spines(check);
}

static bool has_day_spine(const Graph *graph)
{
    const Node *node;
    for (uint32_t at = 0; (node = semantic_next(graph, NODE_MODEL, &at));) {
        Value spine = value_get(node->extra, "time_spine");
        Str column = value_get_text(spine, "standard_granularity_column", STR(""));
        if (str_is(node->name, "metricflow_time_spine"))
            return true;
        if (!value_is_dict(spine))
            continue;
        int rank = granularity_rank(value_get_text(value_get_str(node->columns, column),
                                                   "granularity", STR("")));
        if (rank >= 0 && rank <= granularity_rank(STR("day")))
            return true;
    }
    return false;
}

bool semantic_check(Graph *graph, Err *err)
{
    uint32_t at = 0;
    const Node *model = semantic_next(graph, NODE_SEMANTIC_MODEL, &at);
    if (!model)
        return true;
    if (!has_day_spine(graph))
        return err_set_in(err, ERR_PARSING, (Place){model->file, (int)model->line, 1},
                          model->raw_code,
                          "The semantic layer requires a time spine model with granularity DAY or "
                          "smaller in the project, but none was found. Add `time_spine:` to a "
                          "model that has one row a day, and `granularity: day` to its column.");
    at = 0;
    if (!semantic_next(graph, NODE_METRIC, &at))
        return true;
    Arena arena = {0};
    SemanticCheck check = {.graph = graph, .arena = &arena};
    run_rules(&check);
    if (check.error_count)
        err_set_in(err, ERR_PARSING, check.place, check.source,
                   "Semantic Manifest validation failed." STR_FMT,
                   STR_ARG(text_str(&check.errors)));
    text_drop(&check.errors);
    arena_drop(&arena);
    return !check.error_count;
}
