/* access.c: who may refer to whom: groups, private and protected models. */
#include <stdlib.h>

#include "graph/graph_base.h"

/* Does the package's dbt_project.yml say restrict-access: true? */
static bool package_restricts(const Project *project, Str name)
{
    for (uint32_t i = 0; i < project->packages.len; i++)
        if (str_eq(project->packages.at[i]->name, name))
            return !project->packages.at[i]->is_root &&
                   value_truth(value_get(project->packages.at[i]->config, "restrict-access"));
    return false;
}

static bool refuse(const Node *node, const Node *target, Str scope, const char *scope_type,
                   Err *err)
{
    Place place = {node->original_file_path, 0, 0};
    for (uint32_t i = 0; i < node->refs.len; i++)
        if (str_eq(node->refs.at[i].name, target->name) && node->refs.at[i].place.line)
            place = node->refs.at[i].place;
    return err_set(err, ERR_PARSING, place,
                   "Node " STR_FMT " attempted to reference node " STR_FMT
                   ", which is not allowed because the referenced node is " STR_FMT
                   " to the '" STR_FMT "' %s.",
                   STR_ARG(node->unique_id), STR_ARG(target->unique_id), STR_ARG(target->access),
                   STR_ARG(scope), scope_type);
}

bool access_check_ref(const Project *project, const Node *node, const Node *target, Err *err)
{
    if (target->kind != NODE_MODEL || node->kind == NODE_SQL_OPERATION)
        return true;
    bool is_private = str_is(target->access, "private");
    if (!is_private && !str_is(target->access, "protected"))
        return true;
    bool is_foreign = !str_eq(node->package, target->package) &&
                      package_restricts(project, target->package);
    if (is_private && (!node->group.len || !str_eq(node->group, target->group) || is_foreign))
        return refuse(node, target, target->group, "group", err);
    if (!is_private && is_foreign)
        return refuse(node, target, target->package, "package", err);
    return true;
}

/* ---- checks of single nodes ---- */

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

static bool fail_group(const Project *project, const Node *node, Err *err)
{
    uint32_t count = project->groups.len;
    Str *names = NEW_N(project->arena, Str, count + 1);
    for (uint32_t i = 0; i < count; i++)
        names[i] = project->groups.at[i]->name;
    qsort(names, count, sizeof *names, compare_names);
    AUTO(text) Text list = {0};
    for (uint32_t i = 0; i < count; i++)
        text_print(&list, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(names[i]));
    return err_set(err, ERR_PARSING, (Place){node->original_file_path, 0, 0},
                   "Invalid group '" STR_FMT "', expected one of [" STR_FMT "]",
                   STR_ARG(node->group), STR_ARG(text_str(&list)));
}

static bool has_group(const Project *project, Str name)
{
    for (uint32_t i = 0; i < project->groups.len; i++)
        if (str_eq(project->groups.at[i]->name, name))
            return true;
    return false;
}

bool access_check_nodes(const Project *project, Err *err)
{
    for (uint32_t i = 0; i < project->nodes.len; i++) {
        const Node *node = project->nodes.at[i];
        if (node->group.len && !has_group(project, node->group))
            return fail_group(project, node, err);
        if (node->kind == NODE_MODEL && str_is(node->access, "public") && node_is_ephemeral(node))
            return err_set(err, ERR_PARSING, (Place){node->original_file_path, 0, 0},
                           "Node " STR_FMT " with 'ephemeral' materialization has an invalid value "
                           "(public) for the access field",
                           STR_ARG(node->unique_id));
    }
    return true;
}
