/* prop_macros.c: what property files say of macros. */
#include "project/prop.h"

static bool fail_double(const Entry *entry, const MacroEntry *macro, Err *err)
{
    const SourceFile *file = entry->document->file;
    ptrdiff_t at = str_find(macro->patch_path, STR("://"));
    Str other = str_slice(macro->patch_path, (size_t)at + 3, macro->patch_path.len);
    return err_set_in(err, ERR_COMPILATION, document_place(entry->document, entry->raw),
                      file->text,
                      "dbt found two schema.yml entries for the same macro in package " STR_FMT
                      " named " STR_FMT ". Macros may only be described a single time. To fix "
                      "this, remove the macros entry for " STR_FMT " in one of these files:\n - "
                      STR_FMT "\n - " STR_FMT,
                      STR_ARG(file->package->name), STR_ARG(entry->name), STR_ARG(entry->name),
                      STR_ARG(file->original_file_path), STR_ARG(other));
}

static bool make_arguments(Loader *loader, const Entry *entry, Value list, Value *out, Err *err)
{
    Arena *arena = loader->arena;
    *out = value_list(arena);
    for (uint32_t i = 0; i < list.list->len; i++) {
        Value given = list.list->at[i], made = value_dict(arena), blocks;
        Str description;
        TRY(description_render(loader, &loader->workers[0], entry->document->file->package->name,
                               value_get(given, "description"), entry->document, &description,
                               &blocks, err));
        dict_put(made.dict, STR("name"), value_get(given, "name"));
        dict_put(made.dict, STR("type"), prop_get(given, "type"));
        dict_put(made.dict, STR("description"), value_text(description));
        array_add(out->list, made);
    }
    return true;
}

static void put_all(Dict *into, Value from)
{
    Value key, value;
    for (uint32_t at = 0; from.kind == VALUE_DICT && dict_next(from.dict, &at, &key, &value);)
        dict_put_keyed(into, key, value);
}

static Value docs_of(Loader *loader, Value given)
{
    if (given.kind != VALUE_DICT)
        return loader->default_docs;
    Value made = value_dict(loader->arena), show = value_get(given, "show");
    dict_put(made.dict, STR("show"), value_is_bool(show) ? show : value_bool(true));
    dict_put(made.dict, STR("node_color"), prop_get(given, "node_color"));
    put_all(made.dict, given);
    return made;
}

/* Arguments that the macro does not have are worth a word. */
static void check_arguments(Loader *loader, const Entry *entry, const MacroEntry *macro, Value list)
{
    const Macro *code = macro->macro;
    const SourceFile *file = entry->document->file;
    for (uint32_t i = 0; i < list.list->len && i < code->parameter_count; i++) {
        Str name = value_get_text(list.list->at[i], "name", STR(""));
        if (!str_eq(name, code->parameters[i].name))
            loader_warn(&loader->workers[0], file->order, "InvalidMacroAnnotation", "I076",
                        "Argument " STR_FMT " in yaml for macro " STR_FMT
                        " does not match the jinja definition.",
                        STR_ARG(name), STR_ARG(macro->name));
    }
    if (list.list->len != code->parameter_count)
        loader_warn(&loader->workers[0], file->order, "InvalidMacroAnnotation", "I076",
                    "The number of arguments in the yaml for macro " STR_FMT
                    " does not match the jinja definition.",
                    STR_ARG(macro->name));
}

bool macro_patch_apply(Loader *loader, const Entry *entry, Err *err)
{
    Arena *arena = loader->arena;
    const SourceFile *file = entry->document->file;
    Str package = file->package->name;
    MacroEntry *macro = library_find_id(loader->project->library,
                                        str_print(arena, "macro." STR_FMT "." STR_FMT,
                                                  STR_ARG(package), STR_ARG(entry->name)));
    if (!macro) {
        loader_warn(&loader->workers[0], file->order, "MacroNotFoundForPatch", "I059",
                    "Found patch for macro \"" STR_FMT "\" which was not found",
                    STR_ARG(entry->name));
        return true;
    }
    if (macro->patch_path.len)
        return fail_double(entry, macro, err);
    Value config = value_get(entry->tree, "config"), docs = value_get(config, "docs"), blocks;
    Value arguments = value_get(entry->tree, "arguments");
    TRY(description_render(loader, &loader->workers[0], package,
                           value_get(entry->tree, "description"), entry->document,
                           &macro->description, &blocks, err));
    macro->patch_path = str_print(arena, STR_FMT "://" STR_FMT, STR_ARG(package),
                                  STR_ARG(file->original_file_path));
    macro->meta = value_dict(arena);
    put_all(macro->meta.dict, value_get(entry->tree, "meta"));
    put_all(macro->meta.dict, value_get(config, "meta"));
    macro->docs = docs_of(loader, value_truth(docs) ? docs : value_get(entry->tree, "docs"));
    if (arguments.kind == VALUE_LIST && arguments.list->len) {
        Value flag = value_get(loader->project->flags, "validate_macro_args");
        if (value_is_bool(flag) && flag.is_true)
            check_arguments(loader, entry, macro, arguments);
        TRY(make_arguments(loader, entry, arguments, &macro->arguments, err));
    }
    return true;
}
