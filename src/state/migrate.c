/* migrate.c: from the version a file has to the one this program wants; copies of the file. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "state/state_base.h"

#define STATE_APPLICATION 2003134834   /* "weir", as migrations/001_first.sql writes it */

/* The number that a migration's file name begins with. */
static int64_t migration_number(Str name)
{
    Str file = path_name(name), digits;
    int64_t number = 0;
    bool is_number = str_next_part(&file, '_', &digits) && str_to_int(digits, &number);
    assert(is_number && number > 0);
    return number;
}

static bool read_version(StateDb *db, Arena *arena, int64_t *version, Err *err)
{
    Value rows;
    TRY(state_once(db, "file_version", NULL, 0, arena, &rows, err));
    Value row = rows.list->at[0];
    *version = value_get(row, "version").number;
    int64_t application = value_get(row, "application").number;
    bool is_new = *version == 0 && application == 0 && value_get(row, "objects").number == 0;
    if (!is_new && application != STATE_APPLICATION)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is a database of another program",
                       STR_ARG(db->path));
    return true;
}

/* One migration and its number, seen whole or not at all. */
static bool migrate_once(StateDb *db, Arena *arena, const AssetFile *file, Err *err)
{
    Str number = str_print(arena, "pragma user_version = %lld",
                           (long long)migration_number(file->name));
    TRY(state_begin(db, err));
    bool ok = state_script(db, str_c(arena, file->text), err) && state_script(db, number.at, err);
    return state_end(db, ok, err)
        || err_wrap(err, "migration " STR_FMT, STR_ARG(path_name(file->name)));
}

static bool migrate(StateDb *db, Arena *arena, const AssetFile *migrations, uint32_t count,
                    Err *err)
{
    int64_t version, last = count ? migration_number(migrations[count - 1].name) : 0;
    TRY(read_version(db, arena, &version, err));
    if (version > last)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       STR_FMT " was made by a newer weir (state version %lld, this one knows "
                       "up to %lld): update weir, or use another state file",
                       STR_ARG(db->path), (long long)version, (long long)last);
    if (version > 0 && version < last)
        TRY(state_copy(db, str_print(arena, STR_FMT ".v%lld", STR_ARG(db->path),
                                     (long long)version), err));
    for (uint32_t i = 0; i < count; i++)
        if (migration_number(migrations[i].name) > version)
            TRY(migrate_once(db, arena, &migrations[i], err));
    return true;
}

bool state_migrate(StateDb *db, const AssetFile *migrations, uint32_t count, Err *err)
{
    AUTO(arena) Arena arena = {0};
    return migrate(db, &arena, migrations, count, err);
}

bool state_copy(StateDb *db, Str path, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Str temp = str_print(&arena, STR_FMT ".%d.weir-tmp", STR_ARG(path), (int)getpid());
    Str target = str_copy(&arena, path);
    TRY(file_remove(temp, err));
    bool ok = state_once(db, "file_copy", STATE_ARGS(value_text(temp)), NULL, NULL, err);
    if (ok && rename(temp.at, target.at) != 0)
        ok = err_set(err, ERR_IO, NOWHERE, STR_FMT " cannot be replaced", STR_ARG(path));
    Err second = {0};
    if (!ok && !file_remove(temp, &second))
        err_drop(&second);
    return ok;
}
