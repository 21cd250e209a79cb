/* semantic_filter.c: filters of metrics and saved queries: Jinja that names dimensions, entities,
 * time dimensions and metrics. */
#include "graph/semantic.h"

static Str text_of(Value dict, const char *key)
{
    return value_get_text(dict, key, STR_NONE);
}

/* ---- calls in a filter ---- */

typedef struct Calls {
    SemanticCheck *check;
    const Node *node;
    Value where;
    uint32_t count;               /* known calls                                                */
    Str element;                  /* of the last one: behind the last "__"                      */
} Calls;

static bool is_known(Str name)
{
    return str_is(name, "Dimension") || str_is(name, "TimeDimension") || str_is(name, "Entity") ||
           str_is(name, "Metric");
}

/* "order__channel" -> "channel"; a granularity at the end belongs to the element before it. */
static Str element_of(const Graph *graph, Str name)
{
    Str element = name;
    for (size_t i = 0; i + 1 < name.len; i++)
        if (name.at[i] == '_' && name.at[i + 1] == '_') {
            Str rest = str_slice(name, i + 2, name.len);
            if (granularity_rank(rest) >= 0 || granularity_is_custom(graph, rest))
                return element.len == name.len ? str_slice(name, 0, i)
                                               : str_slice(element, 0, element.len - rest.len - 2);
            element = rest;
        }
    return element;
}

static void check_granularity(const Calls *calls, const TemplateCall *call)
{
    Str grain = call->arg_count > 1 ? value_str(call->args[1]) : STR_NONE;
    Str lower = str_lower(calls->check->arena, grain);
    if (str_is(call->name, "TimeDimension") && grain.len && granularity_rank(lower) < 0 &&
        !granularity_is_custom(calls->check->graph, lower))
        semantic_warn("Filter for %s `" STR_FMT "` is not valid. `" STR_FMT
                      "` is not a valid granularity name.",
                      calls->node->kind == NODE_METRIC ? "metric" : "saved query",
                      STR_ARG(calls->node->name), STR_ARG(grain));
}

static void visit(void *context, const TemplateCall *call)
{
    Calls *calls = context;
    if (call->package.len)
        return;
    if (!is_known(call->name)) {
        static const Str names[] = {STR_INIT("Dimension"), STR_INIT("TimeDimension"),
                                    STR_INIT("Entity"), STR_INIT("Metric")};
        Str near = str_nearest(call->name, names, COUNT_OF(names));
        semantic_fail(calls->check, calls->node, calls->where,
                      "Error while parsing a filter of %s `" STR_FMT "`: '" STR_FMT
                      "' is undefined; expected Dimension, TimeDimension, Entity or "
                      "Metric%s" STR_FMT "%s",
                      node_kind_name(calls->node->kind), STR_ARG(calls->node->name),
                      STR_ARG(call->name), near.len ? ". Did you mean '" : "", STR_ARG(near),
                      near.len ? "'?" : "");
        return;
    }
    calls->count++;
    Str name = call->arg_count ? value_str(call->args[0]) : STR_NONE;
    calls->element = element_of(calls->check->graph, name);
    check_granularity(calls, call);
}

/* False: the text is no Jinja; that was noted. */
static bool read_calls(Calls *calls, Str source)
{
    JinjaSyntax syntax = {0};
    Template *template;
    Err problem = {0};
    bool is_read = jinja_compile(calls->check->arena, source, calls->node->file, &syntax, &template,
                                 &problem);
    if (is_read)
        jinja_visit_calls(template, NULL, calls->check->arena, visit, calls);
    else
        semantic_fail(calls->check, calls->node, calls->where,
                      "Error while parsing a filter of %s `" STR_FMT "`: %s",
                      node_kind_name(calls->node->kind), STR_ARG(calls->node->name), problem.text);
    err_drop(&problem);
    return is_read;
}

static void check_filter(SemanticCheck *check, const Node *node, Value filter)
{
    EACH(value_get(filter, "where_filters"), one) {
        Calls calls = {.check = check, .node = node,
                       .where = value_get(one, "where_sql_template")};
        (void)read_calls(&calls, value_str(calls.where));
    }
}

void check_filters(SemanticCheck *check)
{
    static const char *const inputs[] = {"measure", "numerator", "denominator"};
    const Node *node;
    for (uint32_t at = 0; (node = semantic_next(check->graph, NODE_METRIC, &at));) {
        Value params = value_get(node->extra, "type_params");
        check_filter(check, node, value_get(node->extra, "filter"));
        for (size_t i = 0; i < COUNT_OF(inputs); i++)
            check_filter(check, node, value_get(value_get(params, inputs[i]), "filter"));
        EACH(value_get(params, "metrics"), input)
            check_filter(check, node, value_get(input, "filter"));
    }
    for (uint32_t at = 0; (node = semantic_next(check->graph, NODE_SAVED_QUERY, &at));)
        check_filter(check, node, value_get(value_get(node->extra, "query_params"), "where"));
}

/* ---- saved queries ---- */

static bool has_element(const Graph *graph, Str name)
{
    static const char *const lists[] = {"dimensions", "entities"};
    const Node *model;
    if (str_is(name, "metric_time") || semantic_find(graph, NODE_METRIC, name))
        return true;
    for (uint32_t at = 0; (model = semantic_next(graph, NODE_SEMANTIC_MODEL, &at));)
        for (size_t i = 0; i < COUNT_OF(lists); i++)
            EACH(value_get(model->extra, lists[i]), one)
                if (str_eq(text_of(one, "name"), name))
                    return true;
    return false;
}

static void check_group_by(SemanticCheck *check, const Node *query, Value item)
{
    Calls calls = {.check = check, .node = query, .where = item};
    Str source = str_print(check->arena, "{{" STR_FMT "}}", STR_ARG(value_str(item)));
    if (read_calls(&calls, source) &&
        (calls.count != 1 || !has_element(check->graph, calls.element)))
        semantic_fail(check, query, item,
                      "`" STR_FMT "` is not a valid group-by name. Name it as "
                      "Dimension('entity__name') or TimeDimension('metric_time', 'day')",
                      STR_ARG(value_str(item)));
}

/* Without .descending(...) at its end. */
static Str bare_order(Str item)
{
    ptrdiff_t at = str_find(item, STR(".descending("));
    return str_trim(at >= 0 ? str_slice(item, 0, (size_t)at) : item);
}

static Str without_blanks(Arena *arena, Str text)
{
    AUTO(text) Text out = {0};
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != ' ' && text.at[i] != '"')
            text_add_char(&out, text.at[i]);
        else if (text.at[i] == '"')
            text_add_char(&out, '\'');
    return text_copy(arena, &out);
}

static void check_order_by(SemanticCheck *check, const Node *query, Value params, Value item)
{
    Str wanted = without_blanks(check->arena, bare_order(value_str(item)));
    bool is_known_item = false;
    EACH(value_get(params, "metrics"), metric) {
        Str shown = str_print(check->arena, "Metric('" STR_FMT "')", STR_ARG(value_str(metric)));
        is_known_item |= str_eq(shown, wanted);
    }
    EACH(value_get(params, "group_by"), group)
        is_known_item |= str_eq(without_blanks(check->arena, value_str(group)), wanted);
    if (!is_known_item)
        semantic_fail(check, query, item,
                      STR_FMT " does not match any of the listed metrics or group-by items. A "
                      "metric is named as Metric('name')",
                      STR_ARG(value_str(item)));
}

void check_saved_queries(SemanticCheck *check)
{
    const Node *query;
    for (uint32_t at = 0; (query = semantic_next(check->graph, NODE_SAVED_QUERY, &at));) {
        Value params = value_get(query->extra, "query_params"), limit = value_get(params, "limit");
        check_semantic_name(check, query, value_text(query->name));
        EACH(value_get(params, "metrics"), metric)
            if (!semantic_find(check->graph, NODE_METRIC, value_str(metric)))
                semantic_fail(check, query, metric, "`" STR_FMT "` is not a valid metric name.",
                              STR_ARG(value_str(metric)));
        EACH(value_get(params, "group_by"), group)
            check_group_by(check, query, group);
        EACH(value_get(params, "order_by"), order)
            check_order_by(check, query, params, order);
        if (limit.kind == VALUE_INT && limit.number < 0)
            semantic_fail(check, query, limit, "Invalid limit value: %lld (should be >= 0)",
                          (long long)limit.number);
    }
}
