/* results.c: run_results.json (v6). */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "transform/microbatch.h"

static Value timing_value(const char *name, int64_t from_us, int64_t to_us, Arena *arena)
{
    Value row = value_dict(arena);
    dict_put(row.dict, STR("name"), value_text(str_of(name)));
    dict_put(row.dict, STR("started_at"), value_text(clock_print_iso(arena, from_us)));
    dict_put(row.dict, STR("completed_at"), value_text(clock_print_iso(arena, to_us)));
    return row;
}

Value timings_value(const NodeResult *result, Arena *arena)
{
    Value list = value_list(arena);
    if (result->compile_start_us)
        array_add(list.list, timing_value("compile", result->compile_start_us,
                                          result->compile_end_us, arena));
    if (result->execute_start_us)
        array_add(list.list, timing_value("execute", result->execute_start_us,
                                          result->execute_end_us, arena));
    return list;
}

/* [["2024-01-01T00:00:00+00:00", ...], ...], for templates pairs of datetimes. */
static Value windows_value(const Windows *windows, bool has_times, Arena *arena)
{
    Value list = value_list(arena);
    for (uint32_t i = 0; i < windows->len; i++) {
        const Window *window = &windows->at[i];
        Value pair = value_list(arena);
        const int64_t ends[] = {window->start_us, window->end_us};
        for (int k = 0; k < 2; k++)
            array_add(pair.list,
                      has_times ? jinja_datetime(arena, ends[k], true)
                                : value_text(str_replace(arena, batch_time(arena, ends[k]),
                                                         STR(" "), STR("T"))));
        array_add(list.list, has_times ? value_of_tuple(pair.list) : pair);
    }
    return list;
}

Value batches_value(const NodeResult *result, bool has_times, Arena *arena)
{
    if (!result->has_batches)
        return NONE;
    Value out = value_dict(arena);
    dict_put(out.dict, STR("successful"), windows_value(&result->good, has_times, arena));
    dict_put(out.dict, STR("failed"), windows_value(&result->bad, has_times, arena));
    return out;
}

void result_facts(const NodeResult *result, Value timing, Dict *row, Arena *arena)
{
    Value response = result->adapter_response;
    dict_put(row, STR("status"), value_text(str_of(status_name(result->status))));
    dict_put(row, STR("timing"), timing);
    dict_put(row, STR("thread_id"), value_text(result->thread));
    dict_put(row, STR("execution_time"), value_float((double)result->execution_us / 1e6));
    dict_put(row, STR("adapter_response"),
             response.kind == VALUE_DICT ? response : value_dict(arena));
    dict_put(row, STR("message"), result->message.at ? value_text(result->message) : NONE);
    dict_put(row, STR("failures"), result->failures < 0 ? NONE : value_int(result->failures));
}

static Value result_value(const NodeResult *result, Arena *arena)
{
    const Node *node = result->node;
    const Compiled *compiled = result->is_compiled ? node->compiled : NULL;
    Value row = value_dict(arena);
    result_facts(result, timings_value(result, arena), row.dict, arena);
    dict_put(row.dict, STR("unique_id"), value_text(node->unique_id));
    bool has_code = node_has_code(node) || compiled;
    dict_put(row.dict, STR("compiled"), has_code ? value_bool(compiled != NULL) : NONE);
    dict_put(row.dict, STR("compiled_code"), compiled ? value_text(compiled->code) : NONE);
    bool shows_relation = node_has_code(node) && node->relation_name.len;
    dict_put(row.dict, STR("relation_name"),
             shows_relation ? value_text(node->relation_name) : NONE);
    dict_put(row.dict, STR("batch_results"), batches_value(result, false, arena));
    return row;
}

bool results_write(const Project *project, const NodeResults *results, int64_t elapsed_us, Str path,
                   Err *err)
{
    Arena arena = {0};
    AUTO(text) Text text = {0};
    text_add_c(&text, "{\"metadata\": ");
    json_print(artifact_metadata(project, "run-results/v6", &arena), (JsonStyle){0}, &text);
    text_add_c(&text, ", \"results\": [");
    for (uint32_t i = 0; i < results->len; i++) {
        if (i)
            text_add_c(&text, ", ");
        json_print(result_value(&results->at[i], &arena), (JsonStyle){0}, &text);
        arena_reset(&arena);
    }
    text_print(&text, "], \"elapsed_time\": ");
    float_print((double)elapsed_us / 1e6, &text);
    text_add_c(&text, ", \"args\": ");
    json_print(project->invocation->args, (JsonStyle){0}, &text);
    text_add_char(&text, '}');
    arena_drop(&arena);
    return file_write(path, text_str(&text), false, err);
}
