/* packages_file.c: packages.yml and dependencies.yml: what they may say, rendered. */
#include "project/load.h"

/* The kinds of packages and the keys that each takes, its own first. */
static const struct {
    const char *keys[7];
} kinds[] = {
    {{"local", "name"}},
    {{"tarball", "name"}},
    {{"git", "revision", "warn-unpinned", "subdirectory", "name"}},
    {{"package", "version", "install_prerelease", "name"}},
    {{"private", "provider", "revision", "warn-unpinned", "subdirectory", "name"}},
};

static bool read_yaml(Arena *arena, Str folder, Str label, const char *name, YamlDoc *out, Err *err)
{
    Str path = path_join(arena, folder, str_of(name)), text;
    *out = (YamlDoc){.root = NONE};
    if (!file_exists(path))
        return true;
    TRY(file_read(arena, path, &text, err));
    if (yaml_parse(arena, text, path_join(arena, label, str_of(name)), out, err))
        return true;
    if (err->kind == ERR_PARSING)
        err->kind = ERR_RUNTIME;
    return false;
}

static bool fail_malformed(const PackagesFile *file, Value at, Str reason, Err *err)
{
    Place place = {.file = file->file};
    if (file->source.len)
        place = value_place(at, file->file, file->source);
    return err_set_in(err, ERR_RUNTIME, place, file->source,
                      "The %s file in this project is malformed.\nValidator Error:\n" STR_FMT,
                      file->name, STR_ARG(reason));
}

static bool is_known_key(size_t kind, Value key)
{
    for (size_t i = 0; i < COUNT_OF(kinds[kind].keys) && kinds[kind].keys[i]; i++)
        if (value_is(key, kinds[kind].keys[i]))
            return true;
    return false;
}

static Str list_keys(Arena *arena, size_t kind)
{
    AUTO(text) Text names = {0};
    for (size_t i = 0; i < COUNT_OF(kinds[kind].keys) && kinds[kind].keys[i]; i++)
        text_print(&names, "%s%s", i ? ", " : "", kinds[kind].keys[i]);
    return text_copy(arena, &names);
}

static bool is_version(Value v)
{
    return v.kind == VALUE_TEXT || v.kind == VALUE_INT || v.kind == VALUE_FLOAT;
}

static bool is_absent(Value v)
{
    return value_is_undefined(v) || value_is_none(v);
}

/* What a package of the registry must say. */
static bool check_registry(Arena *arena, const PackagesFile *file, Value entry, Err *err)
{
    Str name = value_get_text(entry, "package", STR_NONE);
    Value version = value_get(entry, "version");
    if (!value_truth(version))
        return fail_malformed(file, entry, str_print(arena, STR_FMT
            " is missing the version. When installing from the Hub package index, version is a "
            "required property", STR_ARG(name)), err);
    if (str_find_char(name, '/') < 0)
        return fail_malformed(file, entry, str_print(arena, STR_FMT
            " was not found in the package index. Packages on the index require a namespace, e.g "
            "dbt-labs/dbt_utils", STR_ARG(name)), err);
    bool is_good = is_version(version);
    if (version.kind == VALUE_LIST) {
        is_good = true;
        for (uint32_t i = 0; i < version.list->len; i++)
            is_good &= is_version(version.list->at[i]);
    }
    return is_good || fail_malformed(file, version, STR("a version is a text such as \">=1.0.0\" "
                                                        "or a list of them"), err);
}

static bool check_types(const PackagesFile *file, Value entry, Err *err)
{
    static const char *const texts[] = {"name", "subdirectory", "provider"};
    static const char *const flags[] = {"warn-unpinned", "install_prerelease"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        Value v = value_get(entry, texts[i]);
        if (!is_absent(v) && v.kind != VALUE_TEXT)
            return fail_malformed(file, v, STR("a text is expected here"), err);
    }
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        Value v = value_get(entry, flags[i]);
        if (!is_absent(v) && v.kind != VALUE_BOOL)
            return fail_malformed(file, v, STR("true or false is expected here"), err);
    }
    Value revision = value_get(entry, "revision");
    return is_absent(revision) || is_version(revision) ||
           fail_malformed(file, revision, STR("a revision is a tag, a branch or a commit"), err);
}

static bool check_keys(Arena *arena, const PackagesFile *file, Value entry, size_t kind, Err *err)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(entry.dict, &at, &key, &value);) {
        if (is_known_key(kind, key))
            continue;
        Str names[COUNT_OF(kinds[kind].keys)];
        size_t count = 0;
        for (; count < COUNT_OF(names) && kinds[kind].keys[count]; count++)
            names[count] = str_of(kinds[kind].keys[count]);
        Str near = str_nearest(value_str(key), names, count);
        return fail_malformed(file, key, str_print(arena,
            "Additional properties are not allowed ('" STR_FMT "' was unexpected)%s" STR_FMT
            "%s\nA package with `%s` takes: " STR_FMT,
            STR_ARG(value_str(key)), near.len ? ". Did you mean '" : "", STR_ARG(near),
            near.len ? "'?" : "", kinds[kind].keys[0], STR_ARG(list_keys(arena, kind))), err);
    }
    return true;
}

static bool check_entry(Arena *arena, const PackagesFile *file, Value entry, Err *err)
{
    if (entry.kind != VALUE_DICT)
        return fail_malformed(file, entry, STR("a package is a mapping such as `- package: "
                                               "dbt-labs/dbt_utils` with `version:`"), err);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const char *own = kinds[i].keys[0];
        Value v = value_get(entry, own);
        if (value_is_undefined(v))
            continue;
        if (v.kind != VALUE_TEXT)
            return fail_malformed(file, v, str_print(arena, "`%s` must be a text", own), err);
        if (!v.len)
            return fail_malformed(file, entry, str_print(arena,
                "A %s package is missing the value. It is a required property.",
                i == 3 ? "hub" : own), err);
        TRY(check_keys(arena, file, entry, i, err));
        TRY(check_types(file, entry, err));
        if (i == 1 && !value_get_text(entry, "name", STR_NONE).len)
            return fail_malformed(file, entry, STR("a tarball needs a `name`: that of the package "
                                                   "in it"), err);
        return i != 3 || check_registry(arena, file, entry, err);
    }
    return fail_malformed(file, entry, STR("none of `package` (with `version`), `git`, `local`, "
                                           "`tarball` (with `name`), `private` is here"), err);
}

bool packages_check(Arena *arena, const Invocation *invocation, Value packages, PackagesFile *file,
                    Err *err)
{
    file->packages = file->unrendered = value_list(arena);
    if (is_absent(packages))
        return true;
    if (packages.kind != VALUE_LIST)
        return fail_malformed(file, packages, STR("`packages` must be a list"), err);
    file->unrendered = file->packages = packages;
    if (invocation && value_has_tags(packages)) {
        Context context = {.arena = arena, .invocation = invocation, .phase = &phase_bare,
                           .node_label = str_of(file->name), .target = UNDEFINED,
                           .allows_secrets = true};
        if (!context_render_tree(&context, packages, file->file, &file->packages, err))
            return err_wrap(err, "could not render %s", file->name);
    }
    for (uint32_t i = 0; i < packages.list->len; i++)
        TRY(check_entry(arena, file, file->packages.list->at[i], err));
    return true;
}

/* packages.yml holds `packages` only. */
static bool check_top(const PackagesFile *file, Value root, Err *err)
{
    Value key, value;
    if (root.kind != VALUE_DICT)
        return value_is_none(root) || fail_malformed(file, root, STR("a mapping with `packages:` "
                                                                     "is expected"), err);
    for (uint32_t at = 0; dict_next(root.dict, &at, &key, &value);)
        if (!value_is(key, "packages")) {
            AUTO(text) Text why = {0};
            text_add_c(&why, "Additional properties are not allowed ('");
            value_print(key, &why);
            text_add_c(&why, "' was unexpected)");
            return fail_malformed(file, key, text_str(&why), err);
        }
    return true;
}

bool packages_file_read(Arena *arena, const Invocation *invocation, Str folder, Str label,
                        PackagesFile *out, Err *err)
{
    YamlDoc packages, dependencies;
    TRY(read_yaml(arena, folder, label, "packages.yml", &packages, err));
    TRY(read_yaml(arena, folder, label, "dependencies.yml", &dependencies, err));
    Value ours = value_get(packages.root, "packages");
    Value theirs = value_get(dependencies.root, "packages");
    bool in_dependencies = !value_is_undefined(theirs);
    if (!value_is_undefined(ours) && in_dependencies)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "The 'packages' key cannot be specified in both packages.yml and "
                       "dependencies.yml");
    if (!value_is_undefined(value_get(packages.root, "projects")))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "The 'projects' key cannot be specified in packages.yml");
    const YamlDoc *doc = in_dependencies ? &dependencies : &packages;
    *out = (PackagesFile){
        .name = in_dependencies ? "dependencies.yml" : "packages.yml",
        .file = doc->file, .source = doc->source,
        .has_projects = !is_absent(value_get(dependencies.root, "projects")),
    };
    if (!in_dependencies)
        TRY(check_top(out, packages.root, err));
    return packages_check(arena, invocation, in_dependencies ? theirs : ours, out, err);
}
