/* var.c: var() and env_var(): who sets a variable, and the context of property files. */
#include "project/load.h"

/* Looks in a package's vars: those under the node's package, then the general ones. */
static const Value *find_in(const Package *package, Str node_package, Str name)
{
    const Value *scoped = dict_find(package->vars.dict, node_package);
    if (scoped && scoped->kind == VALUE_DICT) {
        const Value *found = dict_find(scoped->dict, name);
        if (found)
            return found;
    }
    return dict_find(package->vars.dict, name);
}

const Value *project_var(const Project *project, Str package, Str name)
{
    if (project->invocation->cli_vars.kind == VALUE_DICT) {
        const Value *found = dict_find(project->invocation->cli_vars.dict, name);
        if (found)
            return found;
    }
    const Value *found = find_in(project->packages.at[0], package, name);
    for (uint32_t i = 1; !found && i < project->packages.len; i++)
        if (str_eq(project->packages.at[i]->name, package))
            found = find_in(project->packages.at[i], package, name);
    return found;
}

bool loader_var(const Loader *loader, Context *context, Str name, Value *out, bool *is_found,
                Err *err)
{
    const Value *found = project_var(loader->project, context->package, name);
    *is_found = found != NULL;
    if (!found)
        return true;
    if (found->kind == VALUE_TEXT && jinja_has_tags(value_str(*found))) {
        Str rendered;
        TRY(context_render(context, value_str(*found), STR("vars"), &rendered, err));
        *out = value_text(rendered);
        return true;
    }
    *out = value_copy_shallow_text(context->arena, *found);
    return true;
}

/* In property files a var is taken as it stands. */
static bool yaml_var(Context *context, Str name, Value *out, bool *is_found, Err *err)
{
    (void)err;
    const Loader *loader = context->owner;
    const Value *found = project_var(loader->project, context->package, name);
    *is_found = found != NULL;
    if (found)
        *out = value_copy_shallow_text(context->arena, *found);
    return true;
}

const Phase phase_yaml = {.is_executing = true, .var = yaml_var};
