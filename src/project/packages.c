/* packages.c: the installed packages of a project. */
#include <dirent.h>
#include <stdlib.h>

#include "project/load.h"

typedef List(Str) StrList;

static uint32_t count_of(Value packages)
{
    Value list = value_get(packages, "packages");
    return list.kind == VALUE_LIST ? list.list->len : 0;
}

/* Names of the locked packages that are not installed, for the message. */
static Str missing_names(Loader *loader, Value lock, const StrList *found)
{
    AUTO(text) Text names = {0};
    Value list = value_get(lock, "packages");
    for (uint32_t i = 0; list.kind == VALUE_LIST && i < list.list->len; i++) {
        Str name = value_get_text(list.list->at[i], "name", STR(""));
        bool is_there = !name.len;
        for (uint32_t j = 0; j < found->len && !is_there; j++)
            is_there = str_eq(found->at[j], name);
        if (!is_there)
            text_print(&names, "%s" STR_FMT,
                       names.len ? ", " : "Following packages were not found: ", STR_ARG(name));
    }
    if (names.len)
        text_add_c(&names, ". ");
    return text_copy(loader->arena, &names);
}

/* How many packages the project asks for, and which file says so. */
static bool count_specified(Loader *loader, uint32_t *count, const char **where, Value *locked,
                            Err *err)
{
    YamlDoc lock;
    PackagesFile file;
    Str folder = loader->project->project_dir;
    TRY(packages_file_read(loader->arena, loader->invocation, folder, STR(""), &file, err));
    TRY(loader_read_yaml(loader, folder, "package-lock.yml", &lock, err));
    *locked = lock.root;
    *where = file.name;
    *count = count_of(lock.root) ? count_of(lock.root) : file.packages.list->len;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

/* Folders in the install path, sorted. */
static void installed_folders(Loader *loader, Str root, StrList *out)
{
    DIR *folder = opendir(str_c(loader->arena, root));
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        Str name = str_of(entry->d_name);
        if (str_is(name, ".") || str_is(name, "..") || str_starts(name, STR("__")))
            continue;
        name = str_copy(loader->arena, name);
        if (file_info(path_join(loader->arena, root, name)).kind == FILE_FOLDER)
            list_add(loader->arena, out, name);
    }
    closedir(folder);
    if (out->len)
        qsort(out->at, out->len, sizeof(Str), compare_names);
}

bool packages_load(Loader *loader, Err *err)
{
    Project *project = loader->project;
    Package *root = project->packages.at[0];
    uint32_t specified = 0;
    const char *where = "";
    Value locked = NONE;
    TRY(count_specified(loader, &specified, &where, &locked, err));
    Str folder = path_join(loader->arena, root->root, root->packages_path);
    StrList found = {0};
    installed_folders(loader, folder, &found);
    if (found.len != specified)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "dbt expects %u package(s) based on packages specified in %s, but found "
                       "only %u package(s) installed in " STR_FMT
                       ". " STR_FMT "Run \"dbt deps\" to install package dependencies.",
                       specified, where, found.len, STR_ARG(root->packages_path),
                       STR_ARG(missing_names(loader, locked, &found)));
    for (uint32_t i = 0; i < found.len; i++) {
        Package *package;
        if (!package_read(loader, path_join(loader->arena, folder, found.at[i]), false, &package,
                          err))
            return err_wrap(err, "Failed to read package");
        if (loader_package(loader, package->name) || str_is(package->name, "dbt") ||
            str_eq(package->name, dialect_now()->package))
            return err_set(err, ERR_COMPILATION, (Place){package->config_file, 1, 1},
                           "dbt found more than one package with the name \"" STR_FMT
                           "\" included in this project. Package names must be unique in a "
                           "project. Please rename one of these packages.",
                           STR_ARG(package->name));
        list_add(loader->arena, &project->packages, package);
    }
    return true;
}
