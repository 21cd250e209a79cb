/* install.c: what the lock file names goes into the folder of packages, each in one step.
 *
 *   dbt_packages/
 *     dbt_utils/                   a package
 *     __weir-4711/                 staging of one run: whole packages are renamed out of it
 *     .weir-installed.json         what lies here: {"dbt_utils": {"is": ..., "files": ...}}
 *
 * dbt passes over folders that begin with "__" and over files. A package is left alone when the
 * note says that it is the one wanted and its files are those that were written.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "deps/deps_base.h"

#define STAGING "__weir-"
#define NOTE ".weir-installed.json"

/* ---- staging ---- */

/* Removes staging folders whose process is gone. */
static void clear_stale(Deps *deps)
{
    DIR *folder = opendir(str_c(deps->arena, deps->install_path));
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        Str name = str_of(entry->d_name);
        int64_t pid = 0;
        if (!str_starts(name, STR(STAGING)) ||
            !str_to_int(str_slice(name, strlen(STAGING), name.len), &pid) || pid <= 0 ||
            kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            continue;
        AUTO(err) Err ignored = {0};
        if (!folder_remove(path_join(deps->arena, deps->install_path, name), &ignored))
            event_print(LEVEL_DEBUG, "DepsStale", "M028", "%s", ignored.text);
    }
    closedir(folder);
}

bool deps_stage(Deps *deps, Str *path, Err *err)
{
    if (!deps->staging.len) {
        Str staging = path_join(deps->arena, deps->install_path,
                                str_print(deps->arena, STAGING "%ld", (long)getpid()));
        TRY(folder_remove(staging, err));
        TRY(folder_make(staging, err));
        deps->staging = staging;
        event_print(LEVEL_DEBUG, "DepsSetDownloadDirectory", "M028",
                    "Set downloads directory='" STR_FMT "'", STR_ARG(staging));
    }
    *path = path_join(deps->arena, deps->staging, str_print(deps->arena, "%u", deps->made_count++));
    return folder_make(*path, err);
}

void install_clean(Deps *deps)
{
    AUTO(err) Err ignored = {0};
    if (deps->staging.len && !folder_remove(deps->staging, &ignored))
        event_print(LEVEL_DEBUG, "DepsStale", "M028", "%s", ignored.text);
    deps->staging = STR_NONE;
    rmdir(str_c(deps->arena, deps->install_path)); /* only an empty one goes */
}

/* ---- what lies there ---- */

/* A digest of paths, sizes and times of all files below. */
static bool files_stamp(Deps *deps, Str folder, Str *out, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    AUTO(text) Text all = {0};
    FileList files = {0};
    TRY(folder_walk(&scratch, folder, &files, err));
    for (uint32_t i = 0; i < files.len; i++)
        if (!str_starts(files.at[i].path, STR(".git/")))
            text_print(&all, STR_FMT " %llu %lld\n", STR_ARG(files.at[i].path),
                       (unsigned long long)files.at[i].size_bytes,
                       (long long)files.at[i].modified_at_us);
    *out = sha1_hex(deps->arena, text_str(&all));
    return true;
}

/* What a package is, beyond its name; empty: never the same twice. */
static Str identity_of(Deps *deps, const Pinned *pinned)
{
    const Spec *spec = pinned->spec;
    AUTO(text) Text all = {0};
    if (spec->kind == SPEC_REGISTRY)
        text_print(&all, "hub " STR_FMT " " STR_FMT, STR_ARG(spec->at), STR_ARG(pinned->version));
    else if (spec->kind == SPEC_GIT || spec->kind == SPEC_PRIVATE)
        text_print(&all, "git " STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(spec->at),
                   STR_ARG(spec->subdirectory), STR_ARG(pinned->revision));
    return all.len ? sha1_hex(deps->arena, text_str(&all)) : STR("");
}

static Str note_path(Deps *deps)
{
    return path_join(deps->arena, deps->install_path, STR(NOTE));
}

static Value note_read(Deps *deps)
{
    AUTO(err) Err ignored = {0};
    Str text;
    Value note;
    if (!file_exists(note_path(deps)) ||
        !file_read(deps->arena, note_path(deps), &text, &ignored) ||
        !json_parse(deps->arena, text, STR(NOTE), &note, &ignored) || !value_is_dict(note))
        return value_dict(deps->arena);
    return note;
}

static bool note_write(Deps *deps, Value note, Err *err)
{
    AUTO(text) Text text = {0};
    json_print(note, (JsonStyle){.indent = 1, .sorts_keys = true}, &text);
    text_add_char(&text, '\n');
    return file_update(note_path(deps), text_str(&text), err);
}

/* Is the package there, as it was installed? */
static bool lies_there(Deps *deps, Value note, Str name, Str identity)
{
    AUTO(err) Err ignored = {0};
    Value entry = value_get_str(note, name);
    Str path = path_join(deps->arena, deps->install_path, name), stamp;
    struct stat info;
    return name.len && identity.len && str_eq(value_get_text(entry, "is", STR_NONE), identity) &&
           lstat(str_c(deps->arena, path), &info) == 0 && S_ISDIR(info.st_mode) &&
           files_stamp(deps, path, &stamp, &ignored) &&
           str_eq(value_get_text(entry, "files", STR_NONE), stamp);
}

/* ---- putting into place ---- */

/* `made` takes the place of `name`, whatever that is. */
static bool put_into_place(Deps *deps, Str made, Str name, Err *err)
{
    const char *from = str_c(deps->arena, made), *to = str_c(deps->arena, name);
    struct stat info;
    if (lstat(to, &info) != 0) {
        if (rename(from, to) == 0)
            return true;
    } else if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0) {
        return true; /* the former one goes with the staging folder */
    } else if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
        Str aside;
        TRY(deps_stage(deps, &aside, err));
        const char *away = str_c(deps->arena, path_join(deps->arena, aside, STR("former")));
        if (rename(to, away) == 0) {
            if (rename(from, to) == 0)
                return true;
            int code = errno;
            if (rename(away, to) != 0)
                return err_set(err, ERR_IO, NOWHERE, "cannot put " STR_FMT " into its place: %s",
                               STR_ARG(name), strerror(code));
            errno = code;
        }
    }
    return err_set(err, ERR_IO, NOWHERE, "cannot put " STR_FMT " into its place: %s", STR_ARG(name),
                   strerror(errno));
}

/* A local package is a link to its folder. */
static bool install_link(Deps *deps, const Pinned *pinned, Str path, Err *err)
{
    Arena *arena = deps->arena;
    Str target = path_clean(arena, path_join(arena, deps->options->project_dir, pinned->spec->at));
    Str shown = path_relative(arena, target, deps->install_path), folder;
    char *known = NEW_N(arena, char, shown.len + 2);
    ssize_t len = readlink(str_c(arena, path), known, shown.len + 1);
    if (len >= 0 && str_eq((Str){known, (size_t)len}, shown))
        return true;
    TRY(deps_stage(deps, &folder, err));
    Str made = path_join(arena, folder, STR("package"));
    if (symlink(str_c(arena, shown), str_c(arena, made)) != 0)
        return err_set(err, ERR_IO, NOWHERE, "cannot make the link " STR_FMT ": %s", STR_ARG(made),
                       strerror(errno));
    return put_into_place(deps, made, path, err);
}

static bool fetch(Deps *deps, Pinned *pinned, Err *err)
{
    if (pinned->spec->kind == SPEC_REGISTRY)
        return registry_fetch(deps, pinned, err);
    return true; /* pin_metadata() has fetched it */
}

static bool install_one(Deps *deps, Pinned *pinned, Value note, Err *err)
{
    Str identity = identity_of(deps, pinned), stamp;
    if (!pinned->project_name.len && lies_there(deps, note, pinned->spec->name, identity)) {
        pinned->project_name = pinned->spec->name;
        return true;
    }
    TRY(pin_metadata(deps, pinned, err));
    Str path = path_join(deps->arena, deps->install_path, pinned->project_name);
    TRY(folder_make(deps->install_path, err));
    if (pinned->spec->kind == SPEC_LOCAL)
        return install_link(deps, pinned, path, err);
    if (lies_there(deps, note, pinned->project_name, identity))
        return true;
    TRY(fetch(deps, pinned, err));
    TRY(put_into_place(deps, pinned->folder, path, err));
    TRY(files_stamp(deps, path, &stamp, err));
    Dict *entry = dict_make(deps->arena, 2);
    dict_put(entry, STR("is"), value_text(identity));
    dict_put(entry, STR("files"), value_text(stamp));
    dict_put(note.dict, pinned->project_name, value_of_dict(entry));
    return note_write(deps, note, err);
}

/* ---- what is said ---- */

static void say_installed(Deps *deps, const Pinned *pinned)
{
    const Spec *spec = pinned->spec;
    AUTO(text) Text from = {0};
    if (spec->kind == SPEC_LOCAL)
        text_print(&from, "<local @ " STR_FMT ">", STR_ARG(spec->at));
    else if (spec->kind == SPEC_TARBALL)
        text_print(&from, "tarball (url: " STR_FMT ")", STR_ARG(spec->at));
    else if (spec->kind == SPEC_REGISTRY)
        text_print(&from, "version " STR_FMT, STR_ARG(pinned->version));
    else if (str_is(pinned->revision, "HEAD") && !pinned->version.len)
        text_add_c(&from, "HEAD (default revision)");
    else
        text_print(&from, "revision " STR_FMT,
                   STR_ARG(pinned->version.len ? pinned->version : pinned->revision));
    event_print(LEVEL_INFO, "DepsInstallInfo", "M015", "Installed from %s", from.at);
    if (spec->kind == SPEC_REGISTRY && pinned->latest.len) {
        if (str_eq(pinned->latest, pinned->version))
            event_print(LEVEL_INFO, "DepsUpToDate", "M017", "Up to date!");
        else
            event_print(LEVEL_INFO, "DepsUpdateAvailable", "M016",
                        "Updated version available: " STR_FMT, STR_ARG(pinned->latest));
    }
    if (spec->subdirectory.len)
        event_print(LEVEL_INFO, "DepsListSubdirectory", "M018", "and subdirectory " STR_FMT,
                    STR_ARG(spec->subdirectory));
    (void)deps;
}

static void say_updates(const PinnedList *all)
{
    AUTO(text) Text names = {0};
    for (uint32_t i = 0; i < all->len; i++)
        if (all->at[i].latest.len && !str_eq(all->at[i].latest, all->at[i].version))
            text_print(&names, "%s'" STR_FMT "'", names.len ? ", " : "",
                       STR_ARG(all->at[i].spec->at));
    if (!names.len)
        return;
    event_print(LEVEL_INFO, "Formatting", "Z017", "%s", "");
    event_print(LEVEL_INFO, "DepsNotifyUpdatesAvailable", "M019",
                "Updates available for packages: [%s]                 \nUpdate your versions in "
                "packages.yml, then run dbt deps", names.at);
}

/* ---- what else lies there ---- */

static bool is_wanted(const PinnedList *all, Str name)
{
    for (uint32_t i = 0; i < all->len; i++)
        if (str_eq(all->at[i].project_name, name))
            return true;
    return false;
}

/* Packages that nobody asks for any more. */
static bool remove_strays(Deps *deps, const PinnedList *all, Value note, Err *err)
{
    StrList strays = {0};
    DIR *folder = opendir(str_c(deps->arena, deps->install_path));
    if (!folder)
        return true;
    for (struct dirent *entry; (entry = readdir(folder));) {
        Str name = str_of(entry->d_name);
        if (!str_is(name, ".") && !str_is(name, "..") && !str_is(name, NOTE) &&
            !str_starts(name, STR(STAGING)) && !is_wanted(all, name))
            list_add(deps->arena, &strays, str_copy(deps->arena, name));
    }
    closedir(folder);
    for (uint32_t i = 0; i < strays.len; i++) {
        Str path = path_join(deps->arena, deps->install_path, strays.at[i]);
        struct stat info;
        bool is_folder = lstat(str_c(deps->arena, path), &info) == 0 && S_ISDIR(info.st_mode);
        TRY(is_folder ? folder_remove(path, err) : file_remove(path, err));
        dict_remove(note.dict, value_text(strays.at[i]));
    }
    if (!all->len)
        return file_remove(note_path(deps), err);
    return !strays.len || note_write(deps, note, err);
}

/* A locked version of a package that lies there already needs no registry. */
static bool pin_locked(Deps *deps, const Spec *spec, Value note, Pinned *out, Err *err)
{
    if (pin(deps, spec, out, err))
        return true;
    if (spec->kind != SPEC_REGISTRY || spec->versions.len != 1)
        return false;
    AUTO(text) Text version = {0};
    version_print(&spec->versions.at[0], &version);
    Pinned known = {.spec = spec,
                    .version = text_copy(deps->arena, &version)};
    known.version = str_slice(known.version, 1, known.version.len);
    if (!lies_there(deps, note, spec->name, identity_of(deps, &known)) ||
        !strstr(err->text, "External connection"))
        return false;
    event_print(LEVEL_DEBUG, "DepsOffline", "M009", "%s", err->text);
    err_drop(err);
    known.project_name = spec->name;
    *out = known;
    return true;
}

bool install_all(Deps *deps, const SpecList *locked, Err *err)
{
    PinnedList all = {0};
    clear_stale(deps);
    Value note = note_read(deps);
    for (uint32_t i = 0; i < locked->len; i++) {
        Pinned pinned;
        TRY(pin_locked(deps, &locked->at[i], note, &pinned, err));
        list_add(deps->arena, &all, pinned);
    }
    for (uint32_t i = 0; i < all.len; i++) {
        event_print(LEVEL_INFO, "DepsStartPackageInstall", "M014", "Installing " STR_FMT,
                    STR_ARG(spec_shown(deps->arena, all.at[i].spec)));
        TRY(install_one(deps, &all.at[i], note, err));
        say_installed(deps, &all.at[i]);
    }
    TRY(remove_strays(deps, &all, note, err));
    say_updates(&all);
    return true;
}
