/* dump.c: prints what a project loads to: counts, or with --nodes every node as JSON. For comparing
 * with the manifests of dbt. */
#include <stdio.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "project/project.h"

static void print_json(Value v)
{
    AUTO(text) Text text = {0};
    json_print(v, (JsonStyle){.indent = 1, .keeps_unicode = true}, &text);
    fwrite(text.at, 1, text.len, stdout);
    fputc('\n', stdout);
}

static Value all_values(const Project *project, Arena *arena)
{
    Value out = value_dict(arena), nodes = value_dict(arena), macros = value_dict(arena);
    Value docs = value_dict(arena), groups = value_dict(arena), disabled = value_dict(arena);
    for (uint32_t i = 0; i < project->nodes.len; i++)
        dict_put(nodes.dict, project->nodes.at[i]->unique_id,
                 node_value(project->nodes.at[i], arena));
    for (uint32_t i = 0; i < project->disabled.len; i++)
        dict_put(disabled.dict, project->disabled.at[i]->unique_id,
                 node_value(project->disabled.at[i], arena));
    MacroEntry *entry;
    for (uint32_t at = 0; library_next(project->library, &at, &entry);)
        dict_put(macros.dict, entry->unique_id, macro_entry_value(entry, arena));
    for (uint32_t i = 0; i < project->docs.len; i++)
        dict_put(docs.dict, project->docs.at[i]->unique_id, doc_value(project->docs.at[i], arena));
    for (uint32_t i = 0; i < project->groups.len; i++)
        dict_put(groups.dict, project->groups.at[i]->unique_id,
                 group_value(project->groups.at[i], arena));
    dict_put(out.dict, STR("nodes"), nodes);
    dict_put(out.dict, STR("disabled"), disabled);
    dict_put(out.dict, STR("macros"), macros);
    dict_put(out.dict, STR("docs"), docs);
    dict_put(out.dict, STR("groups"), groups);
    return out;
}

static void print_event(void *context, const Event *event)
{
    (void)context;
    if (event->level >= LEVEL_WARN)
        fprintf(stderr, "[%s] " STR_FMT "\n", event->name, STR_ARG(event->message));
}

static int fail(Err *err)
{
    AUTO(text) Text text = {0};
    err_print(err, &text);
    printf("%s\n  " STR_FMT "\n", err_title(err->kind), STR_ARG(text_str(&text)));
    int code = err_exit_code(err->kind);
    err_drop(err);
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: project_dump DIR [--nodes | --times] [--workers=N]\n");
        return 2;
    }
    bool wants_nodes = false, wants_times = false;
    int64_t workers = 0;
    for (int i = 2; i < argc; i++) {
        wants_nodes |= str_is(str_of(argv[i]), "--nodes");
        wants_times |= str_is(str_of(argv[i]), "--times");
        if (str_starts(str_of(argv[i]), STR("--workers=")) &&
            !str_to_int(str_of(argv[i] + 10), &workers))
            return 2;
    }
    event_add_sink((EventSink){NULL, print_event});
    Arena arena = {0};
    Invocation invocation = {.id = STR("test"), .started_at_us = clock_now_us(),
                             .which = STR("parse"), .args = value_dict(&arena),
                             .cli_vars = value_dict(&arena), .metadata_env = value_dict(&arena),
                             .is_introspecting = true};
    ProjectOptions options = {.project_dir = str_of(argv[1]), .needs_profile = true,
                              .workers = (unsigned)workers};
    Err err = {0};
    Project *project;
    int64_t begin = clock_steady_us();
    bool ok = project_load(&invocation, &options, &arena, &project, &err);
    int64_t took = clock_steady_us() - begin;
    int code = 0;
    if (!ok)
        code = fail(&err);
    else if (wants_nodes)
        print_json(all_values(project, &arena));
    else
        printf("%u nodes, %u disabled, %u macros, %u docs, %u groups\n", project->nodes.len,
               project->disabled.len, library_len(project->library), project->docs.len,
               project->groups.len);
    if (wants_times)
        fprintf(stderr, "loaded in %.2f ms, cpu %.2f ms\n", (double)took / 1e3,
                (double)clock_cpu_us() / 1e3);
    arena_drop(&arena);
    return code;
}
