/* runtime_config.c: `ref.config`: the project's settings as an object, which some packages read.
 *
 *   builtins.ref.config.project_name, .vars.to_dict(), .dependencies['elementary'].version
 */
#include "transform/refs.h"
#include "transform/run.h"

typedef struct Settings {
    Object base;
    Value fields;                /* dict: attributes and items                                    */
    Value shown;                 /* what to_dict() gives; UNDEFINED: there is no such method      */
} Settings;

static bool settings_to_dict(Object *self, Call *call, Value *out, Err *err)
{
    TRY(call_bind(call, "to_dict", NULL, 0, 0, NULL, err));
    *out = value_copy_shallow_text(call->arena, ((Settings *)self)->shown);
    return true;
}

static bool settings_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    *out = value_get_str(((Settings *)self)->fields, name);
    return true;
}

static void settings_print(Object *self, Text *out)
{
    text_print(out, "<%s>", self->type->name);
}

static const Method settings_methods[] = {{"to_dict", settings_to_dict}, {NULL, NULL}};
static const ObjectType config_type = {.name = "RuntimeConfig", .methods = settings_methods,
                                       .get = settings_get, .print = settings_print};
static const ObjectType vars_type = {.name = "VarProvider", .methods = settings_methods,
                                     .get = settings_get, .print = settings_print};
static const ObjectType project_type = {
    .name = "Project", .methods = settings_methods, .get = settings_get, .print = settings_print};

static Value settings_make(Arena *arena, const ObjectType *type, Value fields, Value shown)
{
    Settings *settings = NEW(arena, Settings);
    *settings = (Settings){{type}, fields, shown};
    return value_of_object(&settings->base);
}

/* What a package says of itself. */
static Value package_fields(const Package *package, Arena *arena)
{
    Value fields = value_dict(arena), vars = value_dict(arena);
    Value own = value_is_dict(package->vars) ? package->vars : value_dict(arena);
    dict_put(vars.dict, STR("vars"), own);
    dict_put(fields.dict, STR("project_name"), value_text(package->name));
    dict_put(fields.dict, STR("version"),
             package->version.len ? value_text(package->version) : NONE);
    dict_put(fields.dict, STR("project_root"), value_text(package->root));
    dict_put(fields.dict, STR("packages_install_path"), value_text(package->packages_path));
    dict_put(fields.dict, STR("model_paths"), package->model_paths);
    dict_put(fields.dict, STR("seed_paths"), package->seed_paths);
    dict_put(fields.dict, STR("macro_paths"), package->macro_paths);
    dict_put(fields.dict, STR("test_paths"), package->test_paths);
    dict_put(fields.dict, STR("snapshot_paths"), package->snapshot_paths);
    dict_put(fields.dict, STR("vars"), settings_make(arena, &vars_type, vars, own));
    return fields;
}

static Value config_make(const NodeRun *run)
{
    Arena *arena = run->arena;
    const Project *project = run->runner->project;
    const Invocation *invocation = project->invocation;
    Value fields = package_fields(project->packages.at[0], arena), all = value_dict(arena);
    for (uint32_t i = 0; i < project->packages.len; i++) {
        Value one = package_fields(project->packages.at[i], arena);
        dict_put(all.dict, project->packages.at[i]->name,
                 settings_make(arena, &project_type, one, one));
    }
    dict_put(fields.dict, STR("dependencies"), all);
    dict_put(fields.dict, STR("profile_name"), value_text(project->profile.name));
    dict_put(fields.dict, STR("target_name"), value_text(project->profile.target));
    dict_put(fields.dict, STR("threads"), value_int(project->profile.threads));
    dict_put(fields.dict, STR("args"), invocation->args);
    dict_put(fields.dict, STR("cli_vars"), invocation->cli_vars);
    return settings_make(arena, &config_type, fields, fields);
}

bool run_resolver_get(Object *self, Arena *arena, Str name, Value *out, Err *err)
{
    (void)arena, (void)err;
    *out = str_is(name, "config") ? config_make(((Resolver *)self)->run) : UNDEFINED;
    return true;
}
