/* exchange.c: a folder that was made aside takes the place of another, in one step. */
#include "store/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* A hidden name beside `path` that nobody else takes. */
static Str aside_of(Arena *arena, Str path)
{
    static _Atomic unsigned counter;
    Str name = str_print(arena, "." STR_FMT ".%ld-%u" TEMP_SUFFIX, STR_ARG(path_name(path)),
                         (long)getpid(), atomic_fetch_add(&counter, 1));
    return path_join(arena, path_folder(path), name);
}

static bool fail(Err *err, Str path)
{
    return io_fail(err, "cannot exchange folder", path);
}

/* Takes the folder at `path` out of sight, then removes it. */
static bool clear_away(Arena *arena, Str path, Err *err)
{
    Str aside = aside_of(arena, path);
    if (rename(path.at, aside.at) != 0)
        return fail(err, path);
    return folder_remove(aside, err);
}

/* Without an exchange in one step: for a moment there is nothing under the name. */
static bool exchange_by_steps(Arena *arena, Str made, Str name, Err *err)
{
    Str aside = aside_of(arena, name);
    if (rename(name.at, aside.at) != 0)
        return fail(err, name);
    if (rename(made.at, name.at) != 0) {
        fail(err, name);
        if (rename(aside.at, name.at) != 0)
            err_add(err, ". What it held is in " STR_FMT, STR_ARG(aside));
        return false;
    }
    return folder_remove(aside, err);
}

static bool check_folder(Str path, const struct stat *info, Err *err)
{
    return S_ISDIR(info->st_mode) ||
           err_set(err, ERR_IO, NOWHERE, "cannot exchange folder " STR_FMT ": it is no folder",
                   STR_ARG(path));
}

bool folders_exchange(Str made_path, Str name_path, bool can_exchange, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Str made = str_copy(&scratch, made_path), name = str_copy(&scratch, name_path);
    struct stat info;
    if (lstat(made.at, &info) != 0)
        return fail(err, made);
    TRY(check_folder(made, &info, err));
    if (lstat(name.at, &info) != 0) {
        if (errno != ENOENT)
            return fail(err, name);
        return folder_make(path_folder(name), err) &&
               (rename(made.at, name.at) == 0 || fail(err, name));
    }
    TRY(check_folder(name, &info, err));
    int code = -1;
    errno = ENOSYS;
    if (can_exchange)
        code = renameat2(AT_FDCWD, made.at, AT_FDCWD, name.at, RENAME_EXCHANGE);
    if (code == 0)
        return clear_away(&scratch, made, err);
    if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
        return exchange_by_steps(&scratch, made, name, err);
    return fail(err, name);
}

bool store_exchange_folder(Store *store, Str made, Str name, Err *err)
{
    CHECK(store, STORE_MAGIC);
    if (!store->is_local)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT
                       ": folders can be exchanged in local places only", STR_ARG(store->uri));
    assert(made.len && name.len && !str_eq(made, name));
    AUTO(arena) Arena scratch = {0};
    return folders_exchange(store_path(store, &scratch, made), store_path(store, &scratch, name),
                            true, err);
}
