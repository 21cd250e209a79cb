/* freshness.c: how old is a source? Its field or its query is asked, the age compared with
 * warn_after and error_after. */
#include "base/clock.h"
#include "transform/run.h"

/* The macro's answer as a table of one row: max_loaded_at, snapshotted_at. */
static bool read_answer(const char *macro, Value answer, Value *table, Value *response, Err *err)
{
    Arena scratch = {0};
    bool ok = true;
    *table = answer;
    *response = NONE;
    if (!value_is_a(answer, &table_type) && answer.kind == VALUE_OBJECT &&
        answer.object->type->get)
        ok = answer.object->type->get(answer.object, &scratch, STR("table"), table, err) &&
             answer.object->type->get(answer.object, &scratch, STR("response"), response, err);
    arena_drop(&scratch);
    TRY(ok);
    if (!value_is_a(*table, &table_type) || table_row_count(*table) != 1 ||
        table_column_count(*table) != 2)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Got an invalid result from \"%s\" macro: expected one row with two "
                       "columns, max_loaded_at and snapshotted_at", macro);
    return true;
}

static bool read_instant(Value cell, const char *field, int64_t *at_us, Err *err)
{
    if (jinja_datetime_instant(cell, at_us))
        return true;
    return err_set(err, ERR_DATABASE, NOWHERE,
                   "Expected a timestamp value when querying field '%s' of table None but received "
                   "value of type '%s' instead", field, value_type_name(cell));
}

static bool read_freshness(Value table, Freshness *out, Err *err)
{
    Value loaded = table_cell(table, 0, 0), looked = table_cell(table, 0, 1);
    if (value_is_none(loaded)) /* no rows: as old as can be */
        out->loaded_at_us = us_of_civil((Civil){.year = 1, .month = 1, .day = 1});
    else
        TRY(read_instant(loaded, "last_modified", &out->loaded_at_us, err));
    TRY(read_instant(looked, "snapshotted_at", &out->looked_at_us, err));
    out->age_s = (double)(out->looked_at_us - out->loaded_at_us) / 1e6;
    return true;
}

/* Is it older than {count, period}? */
static bool is_beyond(Value limit, double age_s)
{
    static const struct {
        const char *period;
        double seconds;
    } units[] = {{"minute", 60}, {"hour", 3600}, {"day", 86400}};
    Value count = value_get(limit, "count");
    for (size_t i = 0; value_is_int(count) && i < COUNT_OF(units); i++)
        if (value_is(value_get(limit, "period"), units[i].period))
            return age_s > (double)count.number * units[i].seconds;
    return false;
}

static bool ask(NodeRun *run, Value source, Value *table, Value *response, Err *err)
{
    const Node *node = run->node;
    Value extra = node->extra, answer;
    Value query = value_get(extra, "loaded_at_query"), field = value_get(extra, "loaded_at_field");
    Value filter = value_get(value_get(extra, "freshness"), "filter");
    if (value_truth(query)) {
        Str sql;
        TRY(context_render(&run->context, value_str(query), node->file, &sql, err));
        Value args[] = {source, value_text(sql)};
        TRY(run_macro(run, "collect_freshness_custom_sql", args, 2, &answer, err));
        return read_answer("collect_freshness_custom_sql", answer, table, response, err);
    }
    if (!value_truth(field))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Could not compute freshness for source " STR_FMT
                       ": no 'loaded_at_field' provided and " STR_FMT
                       " adapter does not support metadata-based freshness checks.",
                       STR_ARG(node->name), STR_ARG(run->runner->project->profile.type));
    Value args[] = {source, field, value_is_undefined(filter) ? NONE : filter};
    TRY(run_macro(run, "collect_freshness", args, 3, &answer, err));
    return read_answer("collect_freshness", answer, table, response, err);
}

bool freshness_execute(NodeRun *run, NodeResult *result, Err *err)
{
    Value table, response, limits = value_get(run->node->extra, "freshness");
    TRY(ask(run, relation_value(run->relation), &table, &response, err) || node_explain(run, err));
    result->freshness = NEW(run->arena, Freshness);
    TRY(read_freshness(table, result->freshness, err));
    double age_s = result->freshness->age_s;
    result->status = is_beyond(value_get(limits, "error_after"), age_s)  ? STATUS_ERROR
                     : is_beyond(value_get(limits, "warn_after"), age_s) ? STATUS_WARN
                                                                         : STATUS_PASS;
    result->adapter_response = response.kind == VALUE_DICT ? response : value_dict(run->arena);
    return true;
}
