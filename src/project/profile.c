/* profile.c: profiles.yml: which database, with which credentials, under which name. */
#include "base/file.h"
#include "base/process.h"
#include "base/yaml.h"
#include "project/load.h"

/* ---- finding the file ---- */

/* --profiles-dir, DBT_PROFILES_DIR, the working folder if it has the file, then the project's
 * folder, then ~/.dbt. */
static Str profiles_folder(Loader *loader)
{
    Arena *arena = loader->arena;
    if (loader->options->profiles_dir.len)
        return path_expand_home(arena, loader->options->profiles_dir);
    static const char *const variables[] = {"DBT_PROFILES_DIR", "DBT_ENGINE_PROFILES_DIR"};
    for (uint32_t i = 0; i < COUNT_OF(variables); i++) {
        Str folder = environment_get(variables[i]);
        if (folder.len)
            return path_expand_home(arena, str_copy(arena, folder));
    }
    if (file_exists(STR("profiles.yml")))
        return STR(".");
    if (file_exists(path_join(arena, loader->project->project_dir, STR("profiles.yml"))))
        return loader->project->project_dir;
    return path_expand_home(arena, STR("~/.dbt"));
}

static bool read_profiles(Loader *loader, Str profile, Str *path, Str *text, Value *tree,
                          Err *err)
{
    *path = path_join(loader->arena, profiles_folder(loader), STR("profiles.yml"));
    *tree = loader->empty_dict;
    *text = STR("");
    if (file_info(*path).kind != FILE_REGULAR)
        return true;
    TRY(file_read(loader->arena, *path, text, err));
    YamlDoc doc = {0};
    if (!yaml_parse(loader->arena, *text, *path, &doc, err)) {
        if (err->kind == ERR_PARSING)
            err->kind = ERR_RUNTIME;
        return err_wrap(err, "dbt encountered an error while trying to read your profiles.yml "
                             "file");
    }
    if (!value_truth(doc.root))
        return err_set(err, ERR_RUNTIME, (Place){*path, 1, 1},
                       "dbt encountered an error while trying to read your profiles.yml file.\n\n"
                       "The profiles.yml file at " STR_FMT " is empty: profile '" STR_FMT
                       "' is not in it", STR_ARG(*path), STR_ARG(profile));
    *tree = doc.root;
    return true;
}

/* ---- names that are offered ---- */

static void list_keys(Value dict, const char *before, const char *between, Text *out)
{
    Value key, value;
    for (uint32_t at = 0, i = 0; dict.kind == VALUE_DICT && dict_next(dict.dict, &at, &key, &value);
         i++) {
        text_print(out, "%s%s", i ? between : "", before);
        value_print(key, out);
    }
}

static Str nearest_key(Loader *loader, Value dict, Str name)
{
    List(Str) names = {0};
    Value key, value;
    for (uint32_t at = 0; dict.kind == VALUE_DICT && dict_next(dict.dict, &at, &key, &value);)
        list_add(loader->arena, &names, value_str(key));
    return str_nearest(name, names.at, names.len);
}

/* What templates see as `target`: connection keys, never passwords or secrets. */
static Value shown_target(Loader *loader, Dict *credentials)
{
    const Profile *profile = &loader->project->profile;
    Dict *shown = dict_make(loader->arena, 24);
    adapter_show(loader, profile->adapter, credentials, shown);
    dict_put(shown, STR("type"), value_text(profile->type));
    dict_put(shown, STR("threads"), value_int(profile->threads));
    dict_put(shown, STR("name"), value_text(profile->target));
    dict_put(shown, STR("target_name"), value_text(profile->target));
    dict_put(shown, STR("profile_name"), value_text(profile->name));
    return value_of_dict(shown);
}

/* As dbt has it: every key there is gives the empty text. */
Value profile_unset_target(Loader *loader)
{
    loader->project->profile.adapter = adapter_find(STR("duckdb"));
    Value target = shown_target(loader, loader->empty_dict.dict);
    Value key, value;
    for (uint32_t at = 0; dict_next(target.dict, &at, &key, &value);)
        dict_put_keyed(target.dict, key, value_lit(""));
    return target;
}

/* ---- choosing the output ---- */

static bool choose_output(Loader *loader, Context *context, Value raw, Str text, Value *out,
                          Err *err)
{
    Profile *profile = &loader->project->profile;
    Value target = value_get(raw, "target");
    profile->target = loader->options->target;
    if (!profile->target.len && !value_is_undefined(target) && !value_is_none(target)) {
        TRY(context_render_value(context, value_str(target), profile->file, &target, err));
        profile->target = value_str(target);
    }
    if (!profile->target.len)
        profile->target = STR("default");
    Value outputs = value_get(raw, "outputs");
    if (outputs.kind != VALUE_DICT)
        return err_set_in(err, ERR_RUNTIME, value_place(raw, profile->file, text), text,
                          "outputs not specified in profile '" STR_FMT "'", STR_ARG(profile->name));
    *out = value_get_str(outputs, profile->target);
    if (value_is_undefined(*out)) {
        AUTO(text) Text names = {0};
        list_keys(outputs, " - ", "\n", &names);
        Str near = nearest_key(loader, outputs, profile->target);
        Value named = value_get(raw, "target");
        bool is_option = loader->options->target.len || named.kind != VALUE_TEXT;
        Place place = is_option ? value_place(outputs, profile->file, text)
                                : value_place(named, profile->file, text);
        return err_set(err, ERR_RUNTIME, place,
                       "The profile '" STR_FMT "' does not have a target named '" STR_FMT
                       "'. The valid target names for this profile are:\n" STR_FMT "%s" STR_FMT
                       "%s",
                       STR_ARG(profile->name), STR_ARG(profile->target), STR_ARG(text_str(&names)),
                       near.len ? "\nDid you mean '" : "", STR_ARG(near), near.len ? "'?" : "");
    }
    if (out->kind != VALUE_DICT)
        return err_set_in(err, ERR_RUNTIME, value_place(*out, profile->file, text), text,
                          "output '" STR_FMT "' of profile '" STR_FMT
                          "' is misconfigured in profiles.yml",
                          STR_ARG(profile->target), STR_ARG(profile->name));
    return true;
}

static bool choose_adapter(Loader *loader, Value type, Str text, Err *err)
{
    Profile *profile = &loader->project->profile;
    profile->type = value_str(type);
    profile->adapter = adapter_find(profile->type);
    if (profile->adapter) {
        dialect_use(dialect_find(profile->type));
        return true;
    }
    List(Str) known = {0};
    AUTO(text) Text names = {0};
    for (uint32_t i = 0; dialect_at(i); i++) {
        list_add(loader->arena, &known, dialect_at(i)->type);
        text_print(&names, "%s" STR_FMT, i ? ", " : "", STR_ARG(dialect_at(i)->type));
    }
    Str near = str_nearest(profile->type, known.at, known.len);
    return err_set_in(err, ERR_RUNTIME, value_place(type, profile->file, text), text,
                      "Credentials in profile \"" STR_FMT "\", target \"" STR_FMT
                      "\" invalid: Runtime Error\n  Could not find adapter type " STR_FMT
                      "!\nThe types known here: " STR_FMT "%s" STR_FMT "%s",
                      STR_ARG(profile->name), STR_ARG(profile->target), STR_ARG(profile->type),
                      STR_ARG(text_str(&names)), near.len ? "\nDid you mean '" : "", STR_ARG(near),
                      near.len ? "'?" : "");
}

static bool set_threads(Loader *loader, Value threads, Str text, Err *err)
{
    Profile *profile = &loader->project->profile;
    profile->threads = 1;
    if (value_is_int(threads)) {
        profile->threads = threads.number;
    } else if (!value_is_undefined(threads) && !value_is_none(threads)) {
        AUTO(text) Text shown = {0};
        value_repr(threads, &shown);
        return err_set(err, ERR_RUNTIME, value_place(threads, profile->file, text),
                       "at path ['threads']: " STR_FMT " is not of type 'integer'",
                       STR_ARG(text_str(&shown)));
    }
    if (loader->options->threads > 0)
        profile->threads = loader->options->threads;
    return true;
}

static bool says(const char *message, Arena *arena, Str key)
{
    static const char *const forms[] = {"`" STR_FMT "`", "(" STR_FMT ")", "'" STR_FMT "'",
                                        "profile's " STR_FMT, "setting " STR_FMT,
                                        "\"" STR_FMT "\""};
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (strstr(message, str_c(arena, str_replace(arena, str_of(forms[i]), STR("%.*s"), key))))
            return true;
    return false;
}

void profile_locate(const Profile *profile, Err *err)
{
    if (err->place.line || !profile->file.len)
        return;
    Arena arena = {0};
    Err ignored = {0};
    Str text;
    YamlDoc doc;
    if (file_read(&arena, profile->file, &text, &ignored) &&
        yaml_parse(&arena, text, profile->file, &doc, &ignored)) {
        Value raw = value_get_str(doc.root, profile->name);
        Value output = value_get_str(value_get(raw, "outputs"), profile->target), key, value;
        Value found = output, inner;
        for (uint32_t at = 0; output.kind == VALUE_DICT &&
                              dict_next(output.dict, &at, &key, &value);) {
            if (found.at == output.at && says(err->text, &arena, value_str(key)))
                found = value;
            for (uint32_t in = 0; value.kind == VALUE_DICT &&
                                  dict_next(value.dict, &in, &key, &inner);)
                if (says(err->text, &arena, value_str(key)))
                    found = inner;
        }
        if (!value_is_undefined(found)) {
            Err moved = {0};
            (void)err_set(&moved, err->kind, value_place(found, profile->file, text), "%s",
                          err->text);
            moved.trail = err->trail;
            err->trail = NULL;
            err_move(err, &moved);
        }
    }
    err_drop(&ignored);
    arena_drop(&arena);
}

bool profile_load(Loader *loader, Str name, Err *err)
{
    Profile *profile = &loader->project->profile;
    Str text;
    Value tree;
    TRY(read_profiles(loader, name, &profile->file, &text, &tree, err));
    profile->name = name;
    Value raw = value_get_str(tree, name);
    if (value_is_undefined(raw)) {
        Str near = nearest_key(loader, tree, name);
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "Could not find profile named '" STR_FMT "'\nlooked in " STR_FMT
                       "%s" STR_FMT "%s",
                       STR_ARG(name), STR_ARG(profile->file), near.len ? "\nDid you mean '" : "",
                       STR_ARG(near), near.len ? "'?" : "");
    }
    if (raw.kind != VALUE_DICT)
        return err_set(err, ERR_RUNTIME, (Place){profile->file, 0, 0},
                       "dbt encountered an error while trying to read your profiles.yml file.\n\n"
                       "Profile " STR_FMT " in profiles.yml is empty", STR_ARG(name));
    Context context = {.arena = loader->arena, .invocation = loader->invocation,
                       .phase = &phase_bare, .node_label = STR("profiles.yml"),
                       .target = UNDEFINED, .allows_secrets = true};
    Value output;
    TRY(choose_output(loader, &context, raw, text, &output, err));
    if (!context_render_tree(&context, output, profile->file, &output, err)) {
        err_within(err, text);
        memory_give(err->excerpt); /* the line may hold a password */
        err->excerpt = NULL;
        return false;
    }
    Value type = value_get(output, "type");
    if (type.kind != VALUE_TEXT)
        return err_set_in(err, ERR_RUNTIME, value_place(output, profile->file, text), text,
                          "required field \"type\" not found in profile " STR_FMT
                          " and target " STR_FMT,
                          STR_ARG(name), STR_ARG(profile->target));
    TRY(choose_adapter(loader, type, text, err));
    TRY(set_threads(loader, value_get(output, "threads"), text, err));
    Value credentials = value_copy_shallow_text(loader->arena, output);
    dict_remove(credentials.dict, value_lit("type"));
    dict_remove(credentials.dict, value_lit("threads"));
    TRY(adapter_finish(loader, profile->adapter, credentials.dict, err));
    profile->credentials = credentials;
    profile->database = value_get_text(credentials, "database", STR("memory"));
    profile->schema = value_get_text(credentials, "schema", STR("main"));
    profile->shown = shown_target(loader, credentials.dict);
    value_freeze(profile->credentials);
    value_freeze(profile->shown);
    loader->target = profile->shown;
    return true;
}
