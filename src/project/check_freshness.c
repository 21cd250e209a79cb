/* check_freshness.c: how fresh sources and models are to be: counts and periods. */
#include "project/load.h"

static bool is_missing(Value v)
{
    return value_is_undefined(v) || value_is_none(v);
}

static Place place_of(const Node *node)
{
    return (Place){node->file, (int)node->line, node->line ? 1 : 0};
}

static bool is_period(Value v)
{
    return is_missing(v) || value_is(v, "minute") || value_is(v, "hour") || value_is(v, "day");
}

/* {count: 12, period: hour}: a whole number of minutes, hours or days. */
static bool check_span(const Node *node, const char *key, const char *type, const char *owner,
                       Value span, Err *err)
{
    Value count = value_get(span, "count"), updates = value_get(span, "updates_on");
    bool is_good = is_missing(span) ||
                   (value_is_dict(span) && (is_missing(count) || value_is_int(count)) &&
                    is_period(value_get(span, "period")) &&
                    (is_missing(updates) || value_is(updates, "any") || value_is(updates, "all")));
    if (is_good)
        return true;
    AUTO(text) Text shown = {0};
    value_repr(span, &shown);
    return err_set(err, ERR_PARSING, place_of(node),
                   "Field \"%s\" of type %s in %s has invalid value " STR_FMT
                   "\n(of " STR_FMT "; count is a whole number, period one of minute, hour, day)",
                   key, type, owner, STR_ARG(text_str(&shown)), STR_ARG(node->unique_id));
}

static bool check_source(const Node *node, Err *err)
{
    Value freshness = value_get(node->extra, "freshness");
    return check_span(node, "warn_after", "Optional[Time]", "FreshnessThreshold",
                      value_get(freshness, "warn_after"), err) &&
           check_span(node, "error_after", "Optional[Time]", "FreshnessThreshold",
                      value_get(freshness, "error_after"), err);
}

static bool check_model(const Node *node, Err *err)
{
    Value after = value_get(node_config(node, "freshness"), "build_after");
    TRY(check_span(node, "build_after", "ModelBuildAfter", "ModelFreshness", after, err));
    bool has_count = !is_missing(value_get(after, "count"));
    bool has_period = !is_missing(value_get(after, "period"));
    if (has_count == has_period)
        return true;
    return err_set(err, ERR_PARSING, place_of(node),
                   "`freshness.build_after` must have a value for `%s` if a `%s` is provided",
                   has_count ? "period" : "count", has_count ? "count" : "period");
}

bool check_freshness(const Loader *loader, Err *err)
{
    const Project *project = loader->project;
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        if (node->kind == NODE_SOURCE)
            TRY(check_source(node, err));
        else if (node->kind == NODE_MODEL)
            TRY(check_model(node, err));
    }
    return true;
}
