/* open.c: the file: who may open it first, what is damaged, what it is copied to.
 *
 * Opening (migrations, moving a damaged file aside) is done by one process at a time: it holds a
 * lock on "state.db.lock", which the kernel gives back when the process dies.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/file.h"
#include "state/state_base.h"

#define OPEN_WAIT_US (10 * 1000000LL)

/* ---- the lock file ---- */

static void descriptor_drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static bool lock_file(Str path, int *fd, Err *err)
{
    *fd = open(path.at, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (*fd < 0)
        return err_set(err, ERR_IO, NOWHERE, STR_FMT " cannot be written", STR_ARG(path));
    int64_t end = clock_steady_us() + OPEN_WAIT_US;
    while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        if (clock_steady_us() > end)
            return err_set(err, ERR_CONFLICT, NOWHERE,
                           STR_FMT " is held by another process for 10 seconds", STR_ARG(path));
        nanosleep(&(struct timespec){0, 20 * 1000000}, NULL);
    }
    return true;
}

/* ---- damage ---- */

/* Renames the file and what SQLite keeps beside it; a warning says where it is. */
static bool move_aside(Arena *arena, Str path, Err *err)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    Civil now = civil_of_us(clock_now_us());
    Str stamp = str_print(arena, "%04lld%02u%02u-%02u%02u%02u-%06u", (long long)now.year, now.month,
                          now.day, now.hour, now.minute, now.second, now.microsecond);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        Str from = str_print(arena, STR_FMT "%s", STR_ARG(path), parts[i]);
        Str to = str_print(arena, STR_FMT ".damaged-" STR_FMT "%s", STR_ARG(path), STR_ARG(stamp),
                           parts[i]);
        if (file_exists(from) && rename(from.at, to.at) != 0)
            return err_set(err, ERR_IO, NOWHERE, STR_FMT " is damaged and cannot be moved aside",
                           STR_ARG(from));
    }
    event_print(LEVEL_WARN, "StateDamaged", "W001",
                STR_FMT " was damaged: it is now " STR_FMT ".damaged-" STR_FMT
                " and a new one was begun. History is lost, no rows are",
                STR_ARG(path), STR_ARG(path), STR_ARG(stamp));
    return file_remove(str_print(arena, STR_FMT ".damaged", STR_ARG(path)), err);
}

/* ---- opening ---- */

static bool set_up(StateDb *db, Str path, Err *err)
{
    AUTO(arena) Arena arena = {0};
    TRY(state_connect(db, path, err));
    TRY(state_once(db, "file_settings", NULL, 0, NULL, NULL, err));
    TRY(state_once(db, "file_sync", NULL, 0, NULL, NULL, err));
    AssetList migrations;
    TRY(assets_list(&arena, STR("src/state/sql/migrations"), &migrations, err));
    return state_migrate(db, migrations.at, migrations.len, err);
}

static bool open_locked(StateDb *db, Arena *arena, Str path, Err *err)
{
    if (file_exists(str_print(arena, STR_FMT ".damaged", STR_ARG(path))))
        TRY(move_aside(arena, path, err));
    if (set_up(db, path, err))
        return true;
    bool was_damaged = db->is_damaged;
    state_disconnect(db);
    db->is_damaged = false;
    if (!was_damaged)
        return false;
    err_drop(err);
    TRY(move_aside(arena, path, err));
    return set_up(db, path, err);
}

static void statedb_close(void *what)
{
    StateDb *db = what;
    CHECK(db, STATE_MAGIC);
    state_disconnect(db);
    lock_drop(&db->lock);
    db->magic = 0;
}

bool statedb_open(Arena *arena, Str path, StateDb **out, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    AUTO(descriptor) int fd = -1;
    Str whole = path_absolute(&scratch, path);
    StateDb *db = NEW(arena, StateDb);
    db->magic = STATE_MAGIC;
    lock_init(&db->lock, STATE_LOCK_RANK, "state");
    arena_on_drop(arena, statedb_close, db);
    TRY(folder_make(path_folder(whole), err));
    TRY(lock_file(str_print(&scratch, STR_FMT ".lock", STR_ARG(whole)), &fd, err));
    TRY(open_locked(db, &scratch, whole, err));
    *out = db;
    return true;
}

bool statedb_copy(StateDb *db, Str path, Err *err)
{
    return state_copy(db, path, err);
}
