/* freshness_file.c: sources.json (v3). */
#include "base/file.h"
#include "base/json.h"
#include "transform/microbatch.h"

static Value instant_value(int64_t at_us, Arena *arena)
{
    return value_text(str_replace(arena, batch_time(arena, at_us), STR(" "), STR("T")));
}

static Value source_value(const NodeResult *result, Arena *arena)
{
    Value row = value_dict(arena);
    const Freshness *freshness = result->freshness;
    dict_put(row.dict, STR("unique_id"), value_text(result->node->unique_id));
    dict_put(row.dict, STR("max_loaded_at"), instant_value(freshness->loaded_at_us, arena));
    dict_put(row.dict, STR("snapshotted_at"), instant_value(freshness->looked_at_us, arena));
    dict_put(row.dict, STR("max_loaded_at_time_ago_in_s"), value_float(freshness->age_s));
    dict_put(row.dict, STR("status"), value_text(str_of(status_name(result->status))));
    dict_put(row.dict, STR("criteria"), value_get(result->node->extra, "freshness"));
    dict_put(row.dict, STR("adapter_response"), result->adapter_response);
    dict_put(row.dict, STR("timing"), timings_value(result, arena));
    dict_put(row.dict, STR("thread_id"), value_text(result->thread));
    dict_put(row.dict, STR("execution_time"), value_float((double)result->execution_us / 1e6));
    return row;
}

bool freshness_write(const Project *project, const NodeResults *results, int64_t elapsed_us,
                     Str path, Err *err)
{
    Arena arena = {0};
    AUTO(text) Text text = {0};
    Value whole = value_dict(&arena), rows = value_list(&arena);
    for (uint32_t i = 0; i < results->len; i++)
        if (results->at[i].freshness && results->at[i].status != STATUS_RUNTIME_ERROR)
            array_add(rows.list, source_value(&results->at[i], &arena));
    dict_put(whole.dict, STR("metadata"), artifact_metadata(project, "sources/v3", &arena));
    dict_put(whole.dict, STR("results"), rows);
    dict_put(whole.dict, STR("elapsed_time"), value_float((double)elapsed_us / 1e6));
    json_print(whole, (JsonStyle){0}, &text);
    arena_drop(&arena);
    return file_write(path, text_str(&text), false, err);
}
