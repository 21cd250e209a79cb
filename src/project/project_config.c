/* project_config.c: dbt_project.yml of the root project and of packages. */
#include <ctype.h>

#include "project/load.h"

static const char *const known_keys[] = {
    "name", "config-version", "version", "project-root", "profile", "source-paths", "model-paths",
    "macro-paths", "data-paths", "seed-paths", "test-paths", "analysis-paths", "docs-paths",
    "asset-paths", "target-path", "snapshot-paths", "function-paths", "osi-paths", "clean-targets",
    "log-path", "packages-install-path", "quoting", "on-run-start", "on-run-end",
    "require-dbt-version", "dispatch", "models", "seeds", "snapshots", "analyses", "sources",
    "tests", "data_tests", "unit_tests", "metrics", "semantic-models", "semantic_models",
    "saved-queries", "saved_queries", "exposures", "functions", "vars", "packages",
    "query-comment", "restrict-access", "dbt-cloud", "flags", "sl-validation",
};

/* One dbt_project.yml as it stands on disk. */
typedef struct RawProject {
    Str folder, path, text;
    Str label;      /* the path as messages show it */
    Value tree;
} RawProject;

static bool fail_at(Err *err, const RawProject *raw, Value at, const char *text, Str detail)
{
    return err_set_in(err, ERR_RUNTIME, value_place(at, raw->label, raw->text), raw->text,
                      "%s" STR_FMT, text, STR_ARG(detail));
}

static bool raw_read(Loader *loader, Str folder, RawProject *raw, Err *err)
{
    Arena *arena = loader->arena;
    *raw = (RawProject){.folder = folder, .path = path_join(arena, folder, STR("dbt_project.yml"))};
    raw->label = path_relative(arena, raw->path, loader->project->project_dir);
    if (file_info(raw->path).kind == FILE_ABSENT)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "No dbt_project.yml found at expected path " STR_FMT
                       "\nVerify that each entry within packages.yml (and their transitive "
                       "dependencies) contains a file named dbt_project.yml",
                       STR_ARG(raw->path));
    TRY(file_read(arena, raw->path, &raw->text, err));
    YamlDoc doc = {0};
    if (!yaml_parse(arena, raw->text, raw->label, &doc, err)) {
        if (err->kind == ERR_PARSING)
            err->kind = ERR_RUNTIME; /* as dbt calls it for this file */
        return false;
    }
    raw->tree = doc.root;
    if (raw->tree.kind != VALUE_DICT)
        return err_set(err, ERR_RUNTIME, (Place){raw->label, 1, 1},
                       "dbt_project.yml does not parse to a dictionary");
    Value tests = value_get(raw->tree, "tests");
    if (!value_is_undefined(tests) && value_is_undefined(value_get(raw->tree, "data_tests"))) {
        dict_put(raw->tree.dict, STR("data_tests"), tests);
        dict_remove(raw->tree.dict, value_lit("tests"));
    }
    return true;
}

/* ---- rendering ---- */

static Context *bare_context(Loader *loader)
{
    Context *context = NEW(loader->arena, Context);
    *context = (Context){
        .arena = loader->arena,
        .invocation = loader->invocation,
        .phase = &phase_bare,
        .node_label = STR("dbt_project.yml"),
        .target = loader->target,
        .allows_secrets = false,
    };
    return context;
}

static Str without_plus(Str key)
{
    while (key.len && (key.at[0] == '+' || key.at[0] == ' '))
        key = str_slice(key, 1, key.len);
    return key;
}

static bool is_hook_key(Str key)
{
    key = without_plus(key);
    return str_is(key, "pre-hook") || str_is(key, "post-hook") || str_is(key, "pre_hook") ||
           str_is(key, "post_hook");
}

/* Renders a tree of configs; hooks stay as they are: they are rendered when they run. */
static bool render_configs(Context *context, const RawProject *raw, Value tree, int depth,
                           Value *out, Err *err)
{
    *out = tree;
    if (depth > 100)
        return err_set(err, ERR_TOO_DEEP, (Place){raw->label, 0, 0}, "configs nest too deep");
    if (tree.kind != VALUE_DICT) {
        TRY(context_render_tree(context, tree, raw->label, out, err));
        return true;
    }
    Dict *dict = dict_make(context->arena, tree.dict->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(tree.dict, &at, &key, &value);) {
        Value rendered = value;
        if (!is_hook_key(value_str(key)))
            TRY(render_configs(context, raw, value, depth + 1, &rendered, err));
        dict_put_keyed(dict, key, rendered);
    }
    out->dict = dict;
    return true;
}

static bool is_config_tree(Str key)
{
    static const char *const trees[] = {"models", "seeds", "snapshots", "tests", "data_tests"};
    for (uint32_t i = 0; i < COUNT_OF(trees); i++)
        if (str_is(key, trees[i]))
            return true;
    return false;
}

static bool render_project(Loader *loader, const RawProject *raw, Value *out, Err *err)
{
    static const char *const late[] = {"on-run-start", "on-run-end", "query-comment", "vars"};
    Context *context = bare_context(loader);
    Dict *rendered = dict_make(loader->arena, raw->tree.dict->len);
    Value key, value;
    for (uint32_t at = 0; dict_next(raw->tree.dict, &at, &key, &value);) {
        bool is_late = !value_has_tags(value);
        for (uint32_t i = 0; i < COUNT_OF(late) && !is_late; i++)
            is_late = value_is(key, late[i]);
        Value made = value;
        Err problem = {0};
        bool ok = is_late ||
                  (is_config_tree(value_str(key))
                       ? render_configs(context, raw, value, 0, &made, &problem)
                       : context_render_tree(context, value, raw->label, &made, &problem));
        if (!ok) {
            err_move(err, &problem);
            err_within(err, raw->text);
            if (!err->place.line)
                err_locate(err, value_place(value, raw->label, raw->text), raw->text);
            return err_wrap(err, "could not render '" STR_FMT "'", STR_ARG(value_str(key)));
        }
        dict_put_keyed(rendered, key, made);
    }
    *out = value_of_dict(rendered);
    return true;
}

/* ---- checks ---- */

static bool is_name(Str name)
{
    if (!name.len || isdigit((unsigned char)name.at[0]))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (!isalnum(c) && c != '_' && c < 0x80)
            return false;
    }
    return true;
}

static bool check_keys(const RawProject *raw, Err *err)
{
    Value key, value;
    for (uint32_t at = 0; dict_next(raw->tree.dict, &at, &key, &value);) {
        bool is_known = false;
        for (uint32_t i = 0; i < COUNT_OF(known_keys) && !is_known; i++)
            is_known = value_is(key, known_keys[i]);
        if (is_known)
            continue;
        Str names[COUNT_OF(known_keys)];
        for (uint32_t i = 0; i < COUNT_OF(known_keys); i++)
            names[i] = str_of(known_keys[i]);
        Str near = str_nearest(value_str(key), names, COUNT_OF(known_keys));
        return err_set_in(err, ERR_RUNTIME, value_place(key, raw->label, raw->text), raw->text,
                          "at path []: Additional properties are not allowed ('" STR_FMT
                          "' was unexpected)%s" STR_FMT "%s",
                          STR_ARG(value_str(key)), near.len ? "\nDid you mean '" : "",
                          STR_ARG(near), near.len ? "'?" : "");
    }
    return true;
}

static bool check_shapes(const RawProject *raw, Value config, Err *err)
{
    static const char *const lists[] = {
        "model-paths", "macro-paths", "seed-paths", "test-paths", "analysis-paths", "docs-paths",
        "asset-paths", "snapshot-paths", "function-paths", "clean-targets", "dispatch"};
    static const char *const dicts[] = {"quoting", "vars", "flags"};
    for (uint32_t i = 0; i < COUNT_OF(lists); i++) {
        Value v = value_get(config, lists[i]);
        if (!value_is_undefined(v) && !value_is_none(v) && v.kind != VALUE_LIST)
            return fail_at(err, raw, v, "", str_of("a list is expected here"));
        for (uint32_t j = 0; v.kind == VALUE_LIST && j < v.list->len; j++)
            if (v.list->at[j].kind != VALUE_TEXT && !str_is(str_of(lists[i]), "dispatch"))
                return fail_at(err, raw, v.list->at[j], "", str_of("a text is expected here"));
    }
    Value dispatch = value_get(config, "dispatch");
    for (uint32_t i = 0; dispatch.kind == VALUE_LIST && i < dispatch.list->len; i++) {
        Value entry = dispatch.list->at[i];
        if (value_is_undefined(value_get(entry, "macro_namespace")) ||
            value_is_undefined(value_get(entry, "search_order")))
            return fail_at(err, raw, entry, "at path []: Invalid project dispatch config: ",
                           str_of("each entry needs `macro_namespace` and `search_order`"));
    }
    for (uint32_t i = 0; i < COUNT_OF(dicts); i++) {
        Value v = value_get(config, dicts[i]);
        if (!value_is_undefined(v) && !value_is_none(v) && v.kind != VALUE_DICT)
            return fail_at(err, raw, v, "", str_of("a mapping is expected here"));
    }
    return true;
}

/* ---- require-dbt-version ---- */

static int compare_versions(const int64_t a[3], const int64_t b[3])
{
    for (int i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* ">=1.3.0": false when it cannot be read. */
static bool version_matches(Str spec, bool *matches)
{
    spec = str_trim(spec);
    size_t op_len = 0;
    while (op_len < spec.len && strchr("<>=", spec.at[op_len]))
        op_len++;
    Str op = str_slice(spec, 0, op_len), rest = str_trim(str_slice(spec, op_len, spec.len));
    int64_t wanted[3] = {0, 0, 0}, ours[3] = {0, 0, 0};
    Str part, ours_text = STR(DBT_VERSION);
    for (int i = 0; i < 3; i++) {
        if (!str_next_part(&rest, '.', &part))
            return false;
        size_t digits = 0;
        while (digits < part.len && isdigit((unsigned char)part.at[digits]))
            digits++;
        if (!digits || !str_to_int(str_slice(part, 0, digits), &wanted[i]))
            return false;
        if (!str_next_part(&ours_text, '.', &part) || !str_to_int(part, &ours[i]))
            return false;
    }
    int order = compare_versions(ours, wanted);
    if (!op.len || str_is(op, "="))
        *matches = order == 0;
    else if (str_is(op, ">="))
        *matches = order >= 0;
    else if (str_is(op, ">"))
        *matches = order > 0;
    else if (str_is(op, "<="))
        *matches = order <= 0;
    else if (str_is(op, "<"))
        *matches = order < 0;
    else
        return false;
    return true;
}

static bool check_version(Loader *loader, const RawProject *raw, Value config, Str name, Err *err)
{
    Value required = value_get(config, "require-dbt-version");
    Value wants_check = value_get(loader->invocation->args, "version_check");
    if (value_is_undefined(required) || value_is_none(required) ||
        (value_is_bool(wants_check) && !wants_check.is_true))
        return true;
    List(Str) specs = {0};
    Str text = value_str(required), part;
    if (required.kind == VALUE_TEXT)
        while (str_next_part(&text, ',', &part))
            list_add(loader->arena, &specs, part);
    for (uint32_t i = 0; required.kind == VALUE_LIST && i < required.list->len; i++)
        list_add(loader->arena, &specs, value_str(required.list->at[i]));
    bool fits = true;
    AUTO(text) Text shown = {0};
    for (uint32_t i = 0; i < specs.len; i++) {
        bool matches = false;
        if (!version_matches(specs.at[i], &matches))
            return err_set_in(err, ERR_RUNTIME, value_place(required, raw->label, raw->text),
                              raw->text, "\"" STR_FMT "\" is not a valid semantic version.",
                              STR_ARG(specs.at[i]));
        fits &= matches;
        text_print(&shown, "%s'" STR_FMT "'", i ? ", " : "", STR_ARG(str_trim(specs.at[i])));
    }
    if (fits)
        return true;
    return err_set_in(err, ERR_RUNTIME, value_place(required, raw->label, raw->text), raw->text,
                      "This version of dbt is not supported with the '" STR_FMT
                      "' package.\n  Installed version of dbt: =" DBT_VERSION
                      "\n  Required version of dbt for '" STR_FMT "': [" STR_FMT
                      "]\nCheck for a different version of the '" STR_FMT
                      "' package, or run dbt again with --no-version-check",
                      STR_ARG(name), STR_ARG(name), STR_ARG(text_str(&shown)), STR_ARG(name));
}

/* ---- a Package of it ---- */

static Value paths_of(Loader *loader, Value config, const char *key, const char *old,
                      const char *otherwise)
{
    Value found = value_get(config, key);
    if (value_is_undefined(found) && old)
        found = value_get(config, old);
    if (found.kind == VALUE_LIST)
        return found;
    Array *list = array_make(loader->arena, 1);
    if (otherwise)
        array_add(list, value_text(str_of(otherwise)));
    return value_of_array(list);
}

static void add_paths(Array *into, Value paths)
{
    for (uint32_t i = 0; i < paths.list->len; i++) {
        Str path = value_str(paths.list->at[i]);
        while (path.len > 1 && path.at[path.len - 1] == '/')
            path.len--;
        bool is_there = false;
        for (uint32_t j = 0; j < into->len && !is_there; j++)
            is_there = str_eq(value_str(into->at[j]), path);
        if (!is_there)
            array_add(into, value_text(path));
    }
}

static void set_paths(Loader *loader, Package *package, Value config)
{
    package->model_paths = paths_of(loader, config, "model-paths", "source-paths", "models");
    package->seed_paths = paths_of(loader, config, "seed-paths", "data-paths", "seeds");
    package->test_paths = paths_of(loader, config, "test-paths", NULL, "tests");
    package->snapshot_paths = paths_of(loader, config, "snapshot-paths", NULL, "snapshots");
    package->analysis_paths = paths_of(loader, config, "analysis-paths", NULL, "analyses");
    package->macro_paths = paths_of(loader, config, "macro-paths", NULL, "macros");
    package->function_paths = paths_of(loader, config, "function-paths", NULL, "functions");
    package->asset_paths = paths_of(loader, config, "asset-paths", NULL, NULL);
    package->source_paths = value_list(loader->arena);
    add_paths(package->source_paths.list, package->model_paths);
    add_paths(package->source_paths.list, package->seed_paths);
    add_paths(package->source_paths.list, package->snapshot_paths);
    add_paths(package->source_paths.list, package->analysis_paths);
    add_paths(package->source_paths.list, package->macro_paths);
    add_paths(package->source_paths.list, package->test_paths);
    add_paths(package->source_paths.list, package->function_paths);
    Value docs = value_get(config, "docs-paths");
    package->docs_paths = docs.kind == VALUE_LIST ? docs : package->source_paths;
    package->packages_path =
        value_get_text(config, "packages-install-path", STR("dbt_packages"));
    package->target_path = value_get_text(config, "target-path", STR("target"));
}

/* vars.yml beside dbt_project.yml holds the vars instead. */
static bool set_vars(Loader *loader, const RawProject *raw, Package *package, Err *err)
{
    package->vars = value_get(raw->tree, "vars");
    if (package->vars.kind != VALUE_DICT)
        package->vars = loader->empty_dict;
    Str path = path_join(loader->arena, raw->folder, STR("vars.yml"));
    if (!file_exists(path))
        return true;
    Str text;
    YamlDoc doc = {0};
    TRY(file_read(loader->arena, path, &text, err));
    TRY(yaml_parse(loader->arena, text, path, &doc, err));
    Value vars = value_get(doc.root, "vars");
    if (vars.kind != VALUE_DICT || !vars.dict->len)
        return true;
    if (package->vars.dict->len)
        return err_set(err, ERR_RUNTIME, (Place){path, 1, 1},
                       "Variables cannot be defined in both vars.yml and dbt_project.yml.");
    package->vars = vars;
    return true;
}

static bool package_make(Loader *loader, const RawProject *raw, bool is_root, Package **out,
                         Err *err)
{
    Value config;
    TRY(render_project(loader, raw, &config, err));
    Value name = value_get(config, "name");
    if (value_is_undefined(name))
        return err_set(err, ERR_RUNTIME, (Place){raw->label, 1, 1},
                       "Required \"name\" field not present in project\nError encountered in "
                       STR_FMT, STR_ARG(raw->path));
    TRY(check_version(loader, raw, config, value_str(name), err));
    TRY(check_keys(raw, err));
    if (!is_name(value_str(name))) {
        AUTO(text) Text shown = {0};
        value_repr(name, &shown);
        text_add_c(&shown, " does not match '^[^\\\\d\\\\W]\\\\w*$'\nA project's name is made of "
                           "letters, digits and underscores and does not begin with a digit.");
        return fail_at(err, raw, value_get(raw->tree, "name"), "at path ['name']: ",
                       text_str(&shown));
    }
    TRY(check_shapes(raw, config, err));
    Value version = value_get(config, "config-version");
    if (value_is_int(version) && version.number != 2)
        return err_set_in(err, ERR_INTERNAL, value_place(version, raw->label, raw->text), raw->text,
                          "Got an unexpected project version=%lld, expected 2",
                          (long long)version.number);
    Package *package = NEW(loader->arena, Package);
    *package = (Package){.name = value_str(name), .root = raw->folder, .is_root = is_root,
                         .config = config, .unrendered = raw->tree, .config_text = raw->text,
                         .config_file = raw->label};
    AUTO(text) Text version_text = {0};
    Value own_version = value_get(config, "version");
    if (!value_is_undefined(own_version) && !value_is_none(own_version))
        value_print(own_version, &version_text);
    package->version = text_copy(loader->arena, &version_text);
    set_paths(loader, package, config);
    TRY(set_vars(loader, raw, package, err));
    value_freeze(package->config);
    value_freeze(package->unrendered);
    value_freeze(package->vars);
    *out = package;
    return true;
}

bool package_read(Loader *loader, Str folder, bool is_root, Package **out, Err *err)
{
    RawProject raw;
    TRY(raw_read(loader, folder, &raw, err));
    return package_make(loader, &raw, is_root, out, err);
}

/* ---- the root project ---- */

bool loader_read_yaml(Loader *loader, Str folder, const char *name, YamlDoc *out, Err *err)
{
    Str text, path = path_join(loader->arena, folder, str_of(name));
    *out = (YamlDoc){.root = NONE};
    if (!file_exists(path))
        return true;
    TRY(file_read(loader->arena, path, &text, err));
    if (yaml_parse(loader->arena, text, path, out, err))
        return true;
    if (err->kind == ERR_PARSING)
        err->kind = ERR_RUNTIME;
    return false;
}

/* Every `method` below a selector's definition must be one of dbt's, asked for or not. */
static bool check_methods(const YamlDoc *doc, Value definition, int depth, Err *err)
{
    static const char *const methods[] = {
        "fqn", "tag", "group", "access", "source", "path", "file", "package", "config", "metric",
        "test_name", "test_type", "resource_type", "state", "exposure", "result", "source_status",
        "wildcard", "version", "semantic_model", "saved_query", "unit_test", "selector",
        "function"};
    Value key, value;
    for (uint32_t i = 0; definition.kind == VALUE_LIST && depth < 60 && i < definition.list->len;
         i++)
        TRY(check_methods(doc, definition.list->at[i], depth + 1, err));
    for (uint32_t at = 0; definition.kind == VALUE_DICT && depth < 60 &&
                          dict_next(definition.dict, &at, &key, &value);)
        TRY(check_methods(doc, value, depth + 1, err));
    Value method = definition.kind == VALUE_DICT ? value_get(definition, "method") : UNDEFINED;
    Str given = value_str(method), name = given;
    if (method.kind != VALUE_TEXT || !str_next_part(&given, '.', &name))
        return true;
    Str names[COUNT_OF(methods)];
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        names[i] = str_of(methods[i]);
        if (str_eq(name, names[i]))
            return true;
    }
    Str near = str_nearest(name, names, COUNT_OF(methods));
    return err_set_in(err, ERR_RUNTIME, value_place(method, doc->file, doc->source), doc->source,
                      "Could not read selector file data: Runtime Error\n  '" STR_FMT
                      "' is not a valid method name%s" STR_FMT "%s",
                      STR_ARG(value_str(method)), near.len ? "\nDid you mean '" : "",
                      STR_ARG(near), near.len ? "'?" : "");
}

static bool read_selectors(Loader *loader, Str folder, Err *err)
{
    Project *project = loader->project;
    project->selectors = NONE;
    YamlDoc doc;
    TRY(loader_read_yaml(loader, folder, "selectors.yml", &doc, err));
    Value list = value_get(doc.root, "selectors");
    if (list.kind != VALUE_LIST)
        return true;
    TRY(context_render_tree(bare_context(loader), list, doc.file, &list, err));
    project->selectors = value_dict(loader->arena);
    for (uint32_t i = 0; i < list.list->len; i++) {
        Str name = value_get_text(list.list->at[i], "name", STR(""));
        if (!name.len)
            return err_set_in(err, ERR_RUNTIME, value_place(list.list->at[i], doc.file, doc.source),
                              doc.source, "A selector needs a name");
        Value definition = value_get(list.list->at[i], "definition");
        if (value_is_undefined(definition))
            return err_set_in(err, ERR_RUNTIME,
                              value_place(list.list->at[i], doc.file, doc.source), doc.source,
                              "Could not parse selector file data:\nselector '" STR_FMT
                              "' has no `definition`: a text, a dictionary, or one with `union` or "
                              "`intersection`", STR_ARG(name));
        TRY(check_methods(&doc, definition, 0, err));
        dict_put(project->selectors.dict, name, list.list->at[i]);
    }
    return true;
}

/* The profile: --profile, else what dbt_project.yml names. */
static bool load_profile_of(Loader *loader, const RawProject *raw, Err *err)
{
    Str name = loader->options->profile;
    if (!name.len) {
        Value wanted = value_get(raw->tree, "profile");
        if (value_is_undefined(wanted) || value_is_none(wanted))
            return err_set(err, ERR_RUNTIME, (Place){raw->label, 1, 1},
                           "dbt cannot run because no profile was specified for this dbt project.\n"
                           "To specify a profile for this project, add a line like this to "
                           "dbt_project.yml:\n\nprofile: [profile name]\n\nwhere [profile name] is "
                           "one that profiles.yml defines.");
        TRY(context_render_value(bare_context(loader), value_str(wanted), raw->label, &wanted,
                                 err));
        name = value_str(wanted);
    }
    return profile_load(loader, name, err);
}

bool config_load(Loader *loader, Err *err)
{
    const ProjectOptions *options = loader->options;
    Project *project = loader->project;
    Str folder = path_absolute(loader->arena,
                               options->project_dir.len ? options->project_dir : STR("."));
    project->project_dir = folder;
    RawProject raw;
    TRY(raw_read(loader, folder, &raw, err));
    loader->target = profile_unset_target(loader);
    if (options->needs_profile)
        TRY(load_profile_of(loader, &raw, err));
    Package *root;
    TRY(package_make(loader, &raw, true, &root, err));
    if (options->packages_path.len)
        root->packages_path = options->packages_path;
    list_add(loader->arena, &project->packages, root);
    project->target_path = options->target_path.len ? options->target_path : root->target_path;
    project->flags = value_get(root->config, "flags");
    if (project->flags.kind != VALUE_DICT)
        project->flags = loader->empty_dict;
    Value corrected = value_get(project->flags, "require_corrected_analysis_fqns");
    loader->has_corrected_analysis = value_is_bool(corrected) && corrected.is_true;
    Value unrendered = value_get(project->flags, "state_modified_compare_more_unrendered_values");
    loader->has_rendered_raw = value_is_bool(unrendered) && !unrendered.is_true;
    return read_selectors(loader, folder, err);
}
