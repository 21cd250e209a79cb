/* sample.c: which rows of an input a node may see: those of its batch, those of --sample. */
#include "transform/sample.h"

#include "transform/microbatch.h"

/* Is the column's name to be in quotes? The column says so, else the source's `quoting`. */
static bool is_quoted(const Node *target, Str name)
{
    Value column = value_get_str(target->columns, name);
    Value own = value_get(column, "quote");
    if (value_is_bool(own))
        return own.is_true;
    return value_truth(value_get(value_get(target->extra, "quoting"), "column"));
}

static bool is_input(const Node *target)
{
    return target->kind == NODE_MODEL || target->kind == NODE_SEED ||
           target->kind == NODE_SNAPSHOT || target->kind == NODE_SOURCE;
}

Str sample_filter(NodeRun *run, const Node *target)
{
    const RunOptions *options = &run->runner->options;
    bool is_sampled = options->sample.has_end;
    bool is_builder = run->node->kind == NODE_MODEL || run->node->kind == NODE_SNAPSHOT;
    Value event_time = node_config(target, "event_time");
    if (!is_builder || !is_input(target) || !value_is_text(event_time) ||
        !value_truth(event_time) || (!run->batch && !is_sampled))
        return STR_NONE;
    Window window = run->batch ? *run->batch : options->sample.window;
    if (run->batch && is_sampled) {
        const Window *sample = &options->sample.window;
        if (sample->start_us > window.start_us)
            window.start_us = sample->start_us;
        if (sample->end_us < window.end_us)
            window.end_us = sample->end_us;
    }
    Str name = value_str(event_time);
    if (is_quoted(target, name))
        name = sql_quote_name(run->arena, name);
    return str_print(run->arena, STR_FMT " >= '" STR_FMT "' and " STR_FMT " < '" STR_FMT "'",
                     STR_ARG(name), STR_ARG(batch_time(run->arena, window.start_us)),
                     STR_ARG(name), STR_ARG(batch_time(run->arena, window.end_us)));
}
