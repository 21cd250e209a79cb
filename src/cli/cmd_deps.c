/* cmd_deps.c: deps: local packages are linked into the folder of packages; a lock file is written.
 *
 *   packages.yml: - local: ../utils  ->  dbt_packages/utils -> ../utils, package-lock.yml
 */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/yaml.h"
#include "cli/cli.h"

typedef struct Local {
    Str path, name;                /* as written; of its dbt_project.yml */
} Local;
typedef List(Local) LocalList;

/* packages.yml or dependencies.yml: its `packages` list, or none. */
static bool read_packages(Cli *cli, YamlDoc *doc, Str *file, Value *out, Err *err)
{
    static const char *const names[] = {"packages.yml", "dependencies.yml"};
    *out = NONE;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Str path = path_join(&cli->arena, cli->project_dir, str_of(names[i])), text;
        if (!file_exists(path))
            continue;
        *file = str_of(names[i]);
        TRY(file_read(&cli->arena, path, &text, err));
        TRY(yaml_parse(&cli->arena, text, *file, doc, err));
        Value packages = value_get(doc->root, "packages");
        if (value_is_undefined(packages))
            continue;
        if (!value_is_list(packages) && !value_is_none(packages)) {
            Place place = value_place(packages, *file, doc->source);
            return err_set_in(err, ERR_RUNTIME, place, doc->source,
                              "`packages` must be a list, this is %s", value_type_name(packages));
        }
        *out = packages;
        return true;
    }
    return true;
}

/* Only what lies on this machine can be installed so far. */
static bool check_local(const YamlDoc *doc, Str file, Value package, Str *path, Err *err)
{
    *path = value_get_text(package, "local", STR_NONE);
    if (path->len)
        return true;
    static const char *const others[] = {"package", "git", "tarball", "private"};
    Place place = value_place(package, file, doc->source);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        Str name = value_get_text(package, others[i], STR_NONE);
        if (name.len)
            return err_set_in(err, ERR_DEPENDENCY, place, doc->source,
                              "packages from %s cannot be fetched yet: put " STR_FMT
                              " into a folder and name it as `local:`",
                              i == 0   ? "the hub"
                              : i == 2 ? "archives"
                                       : "git", STR_ARG(name));
    }
    return err_set_in(err, ERR_DEPENDENCY, place, doc->source,
                      "a package is one of `local`, `package`, `git`, `tarball`");
}

/* The name in the package's own dbt_project.yml. */
static bool read_name(Cli *cli, Str path, const Place *place, Str *name, Err *err)
{
    Arena *arena = &cli->arena;
    Str folder = path_clean(arena, path_join(arena, cli->project_dir, path)), text;
    Str file = path_join(arena, folder, STR("dbt_project.yml"));
    YamlDoc doc = {0};
    if (!file_exists(file))
        return err_set(err, ERR_RUNTIME, *place,
                       "No dbt_project.yml found at expected path " STR_FMT, STR_ARG(file));
    TRY(file_read(arena, file, &text, err));
    TRY(yaml_parse(arena, text, file, &doc, err));
    *name = value_get_text(doc.root, "name", STR_NONE);
    if (!name->len)
        return err_set(err, ERR_RUNTIME, (Place){.file = file}, "the package has no name");
    return true;
}

static bool make_link(Cli *cli, Str install, const Local *local, Err *err)
{
    Arena *arena = &cli->arena;
    event_print(LEVEL_INFO, "DepsStartPackageInstall", "M014", "Installing " STR_FMT,
                STR_ARG(local->path));
    TRY(folder_make(install, err));
    Str link = path_join(arena, install, local->name);
    Str target = path_clean(arena, path_join(arena, cli->project_dir, local->path));
    Str shown = path_relative(arena, target, install);
    char known[8];
    if (readlink(link.at, known, sizeof(known)) < 0 && file_exists(link))
        TRY(folder_remove(link, err));
    else
        unlink(str_c(arena, link));
    if (symlink(str_c(arena, shown), str_c(arena, link)) != 0)
        return err_set(err, ERR_IO, NOWHERE, "cannot make the link " STR_FMT ": %s", STR_ARG(link),
                       strerror(errno));
    event_print(LEVEL_INFO, "DepsInstallInfo", "M015", "Installed from <local @ " STR_FMT ">",
                STR_ARG(local->path));
    return true;
}

static bool write_lock(Cli *cli, Value packages, const LocalList *locals, Err *err)
{
    AUTO(text) Text text = {0}, source = {0};
    json_print(packages, (JsonStyle){.sorts_keys = true}, &source);
    text_add_c(&text, "packages:\n");
    for (uint32_t i = 0; i < locals->len; i++)
        text_print(&text, "  - local: " STR_FMT "\n    name: " STR_FMT "\n",
                   STR_ARG(locals->at[i].path), STR_ARG(locals->at[i].name));
    text_print(&text, "sha1_hash: " STR_FMT "\n",
               STR_ARG(sha1_hex(&cli->arena, text_str(&source))));
    Str path = path_join(&cli->arena, cli->project_dir, STR("package-lock.yml"));
    event_print(LEVEL_INFO, "DepsLockUpdating", "M032", "Updating lock file in file path: " STR_FMT,
                STR_ARG(path));
    return file_write(path, text_str(&text), false, err);
}

bool cmd_deps(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    Arena *arena = &cli->arena;
    YamlDoc doc = {0};
    Str file = STR_NONE;
    Value packages;
    LocalList locals = {0};
    if (flag_text(cli->flags, "add_package").len)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "--add-package is not there yet: write the package into packages.yml");
    TRY(cli_load_config(cli, false, err));
    TRY(read_packages(cli, &doc, &file, &packages, err));
    for (uint32_t i = 0; value_is_list(packages) && i < packages.list->len; i++) {
        Local local;
        Place place = value_place(packages.list->at[i], file, doc.source);
        TRY(check_local(&doc, file, packages.list->at[i], &local.path, err));
        TRY(read_name(cli, local.path, &place, &local.name, err));
        list_add(arena, &locals, local);
    }
    if (!locals.len) {
        event_print(LEVEL_INFO, "DepsNoPackagesFound", "M013",
                    "Warning: No packages were found in packages.yml");
        return true;
    }
    TRY(write_lock(cli, packages, &locals, err));
    if (flag_is(cli->flags, "lock"))
        return true;
    Str install = path_clean(arena, path_join(arena, cli->project_dir,
                                              cli->project->packages.at[0]->packages_path));
    for (uint32_t i = 0; i < locals.len; i++)
        TRY(make_link(cli, install, &locals.at[i], err));
    return true;
}
