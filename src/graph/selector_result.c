/* selector_result.c: result:error and source_status:fresher, from artifacts of earlier runs. */
#include "base/json.h"
#include "graph/selector.h"

/* results of FOLDER/file; *out is UNDEFINED when there is no such file. */
static bool read_results(Arena *arena, Str folder, const char *file, Value *out, Err *err)
{
    Str path = path_join(arena, folder, str_of(file)), text;
    *out = UNDEFINED;
    if (file_info(path).kind != FILE_REGULAR)
        return true;
    Value tree;
    TRY(file_read(arena, path, &text, err));
    if (!json_parse(arena, text, path, &tree, err)) {
        err->kind = ERR_RUNTIME;
        return false;
    }
    *out = value_get(tree, "results");
    if (out->kind == VALUE_LIST)
        return true;
    return err_set(err, ERR_RUNTIME, (Place){path, 0, 0}, "The file \"" STR_FMT "\" has no results",
                   STR_ARG(path));
}

static Str state_folder(const Selecting *selecting)
{
    return path_join(selecting->arena, selecting->graph->project->project_dir,
                     selecting->selection->state_path);
}

static void add_by_id(const Selecting *selecting, Str id, Bits *out)
{
    const Node *node = map_find(&selecting->graph->project->by_id, id);
    if (node && bits_has(selecting->members, node->index))
        bits_add(*out, node->index);
}

bool result_search(Selecting *selecting, Str status, Bits *out, Err *err)
{
    if (selecting->run_results.kind == VALUE_UNDEFINED && selecting->selection->state_path.len)
        TRY(read_results(selecting->arena, state_folder(selecting), "run_results.json",
                         &selecting->run_results, err));
    if (selecting->run_results.kind != VALUE_LIST)
        return err_set(err, ERR_INTERNAL, NOWHERE,
                       "No comparison run_results\n"
                       "Name the folder of an earlier run_results.json with --state");
    const Array *results = selecting->run_results.list;
    for (uint32_t i = 0; i < results->len; i++)
        if (str_eq(value_get_text(results->at[i], "status", STR_NONE), status))
            add_by_id(selecting, value_get_text(results->at[i], "unique_id", STR_NONE), out);
    return true;
}

/* The result of a source among results, UNDEFINED if none. */
static Value result_of(const Array *results, Str id)
{
    for (uint32_t i = 0; i < results->len; i++)
        if (str_eq(value_get_text(results->at[i], "unique_id", STR_NONE), id))
            return results->at[i];
    return UNDEFINED;
}

bool source_status_search(Selecting *selecting, Str status, Bits *out, Err *err)
{
    const Project *project = selecting->graph->project;
    Arena *arena = selecting->arena;
    Value before = UNDEFINED, now = UNDEFINED;
    if (selecting->selection->state_path.len)
        TRY(read_results(arena, state_folder(selecting), "sources.json", &before, err));
    if (before.kind != VALUE_LIST)
        return err_set(err, ERR_INTERNAL, NOWHERE,
                       "No previous state comparison freshness results in sources.json");
    TRY(read_results(arena, path_join(arena, project->project_dir, project->target_path),
                     "sources.json", &now, err));
    if (now.kind != VALUE_LIST)
        return err_set(err, ERR_INTERNAL, NOWHERE,
                       "No current state comparison freshness results in sources.json");
    for (uint32_t i = 0; i < now.list->len && str_is(status, "fresher"); i++) {
        Str id = value_get_text(now.list->at[i], "unique_id", STR_NONE);
        Str loaded = value_get_text(now.list->at[i], "max_loaded_at", STR_NONE);
        Str earlier = value_get_text(result_of(before.list, id), "max_loaded_at", STR_NONE);
        if (loaded.len && str_compare(loaded, earlier) > 0)
            add_by_id(selecting, id, out);
    }
    return true;
}
