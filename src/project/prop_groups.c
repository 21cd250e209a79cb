/* prop_groups.c: groups. */
#include "project/prop.h"

static Value owner_of(Arena *arena, Value given)
{
    Value made = value_dict(arena), key, value;
    dict_put(made.dict, STR("email"), prop_get(given, "email"));
    dict_put(made.dict, STR("name"), prop_get(given, "name"));
    for (uint32_t at = 0; dict_next(given.dict, &at, &key, &value);)
        dict_put_keyed(made.dict, key, value);
    return made;
}

static bool check_double(const Loader *loader, const Entry *entry, Str unique_id, Err *err)
{
    const Project *project = loader->project;
    const SourceFile *file = entry->document->file;
    for (uint32_t i = 0; i < project->groups.len; i++)
        if (str_eq(project->groups.at[i]->unique_id, unique_id))
            return err_set_in(err, ERR_COMPILATION, document_place(entry->document, entry->raw),
                              file->text,
                              "dbt found two groups with the name \"" STR_FMT
                              "\".\n\nTo fix this, change the name of one of these resources:\n- "
                              STR_FMT " (" STR_FMT ")\n- " STR_FMT " (" STR_FMT ")",
                              STR_ARG(entry->name), STR_ARG(unique_id),
                              STR_ARG(project->groups.at[i]->original_file_path),
                              STR_ARG(unique_id), STR_ARG(file->original_file_path));
    return true;
}

bool group_make(Loader *loader, const Entry *entry, Err *err)
{
    Arena *arena = loader->arena;
    Worker *worker = &loader->workers[0];
    const SourceFile *file = entry->document->file;
    Value owner = value_get(entry->tree, "owner"), unrendered, blocks;
    if (value_is_none(prop_get(owner, "name")) && value_is_none(prop_get(owner, "email")))
        return entry_fail(entry, owner, err,
                          "Group owner must have at least one of 'name' or 'email'.");
    Group *group = NEW(arena, Group);
    group->name = entry->name;
    group->package = file->package->name;
    group->path = file->path;
    group->original_file_path = file->original_file_path;
    group->unique_id = str_print(arena, "group." STR_FMT "." STR_FMT, STR_ARG(group->package),
                                 STR_ARG(group->name));
    TRY(check_double(loader, entry, group->unique_id, err));
    group->owner = owner_of(arena, owner);
    TRY(description_render(loader, worker, group->package, value_get(entry->tree, "description"),
                           entry->document, &group->description, &blocks, err));
    Value config = value_get(entry->tree, "config");
    ConfigInput input = {.patch = value_is_dict(config) ? config : NONE, .unrendered_patch = NONE};
    Value fqn = node_fqn(arena, group->package, file->path, group->name);
    if (!config_compute(loader, worker, NODE_KIND_COUNT, group->package, fqn, &input,
                        &group->config, &unrendered, err))
        return document_relocate(entry->document, entry->raw, err);
    list_add(arena, &loader->project->groups, group);
    return true;
}
