/* metadata.c: the block at the head of every artifact. */
#include "base/clock.h"
#include "base/hash.h"
#include "graph/graph_base.h"

/* As Python's isoformat() of a time in UTC: no fraction when it is 0. */
static Str print_python_time(Arena *arena, int64_t at_us)
{
    Str iso = clock_print_iso(arena, at_us);
    Str head = str_slice(iso, 0, at_us % 1000000 ? iso.len - 1 : 19);
    return str_print(arena, STR_FMT "+00:00", STR_ARG(head));
}

static Value quoting_value(const Project *project, Arena *arena)
{
    static const char *const keys[] = {"database", "schema", "identifier"};
    Value set = project->packages.len ? value_get(project->packages.at[0]->config, "quoting")
                                      : UNDEFINED;
    Dict *quoting = dict_make(arena, 4);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        Value own = value_get(set, keys[i]);
        dict_put(quoting, str_of(keys[i]), own.kind == VALUE_BOOL ? own : value_bool(true));
    }
    dict_put(quoting, STR("column"), NONE);
    return value_of_dict(quoting);
}

/* What only the manifest says. */
static void add_project(const Project *project, Dict *dict, Arena *arena)
{
    const Invocation *invocation = project->invocation;
    Str name = project->packages.len ? project->packages.at[0]->name : STR("");
    Value sends = value_get(invocation->args, "send_anonymous_usage_stats");
    dict_put(dict, STR("project_name"), value_text(name));
    dict_put(dict, STR("project_id"), value_text(md5_hex(arena, name)));
    dict_put(dict, STR("user_id"), NONE);
    dict_put(dict, STR("send_anonymous_usage_stats"),
             sends.kind == VALUE_BOOL ? sends : value_bool(false));
    dict_put(dict, STR("adapter_type"),
             project->profile.type.len ? value_text(project->profile.type) : NONE);
    dict_put(dict, STR("quoting"), quoting_value(project, arena));
    dict_put(dict, STR("run_started_at"),
             value_text(print_python_time(arena, invocation->started_at_us)));
}

Value artifact_metadata(const Project *project, const char *schema, Arena *arena)
{
    const Invocation *invocation = project->invocation;
    Dict *dict = dict_make(arena, 13);
    dict_put(dict, STR("dbt_schema_version"),
             value_text(str_print(arena, "https://schemas.getdbt.com/dbt/%s.json", schema)));
    dict_put(dict, STR("dbt_version"), value_lit(DBT_VERSION));
    dict_put(dict, STR("generated_at"), value_text(clock_print_iso(arena, clock_now_us())));
    dict_put(dict, STR("invocation_id"), value_text(invocation->id));
    dict_put(dict, STR("invocation_started_at"),
             value_text(clock_print_iso(arena, invocation->started_at_us)));
    dict_put(dict, STR("env"), invocation->metadata_env.kind == VALUE_DICT
                                   ? invocation->metadata_env
                                   : value_dict(arena));
    if (str_starts(str_of(schema), STR("manifest/")))
        add_project(project, dict, arena);
    return value_of_dict(dict);
}
