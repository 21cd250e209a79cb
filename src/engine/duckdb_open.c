/* duckdb_open.c: databases: one instance per real path and process.
 *
 * A file opened twice in a process gives two instances that overwrite each other without an error.
 * Hence the table: a second warehouse_open() of the same file joins the first's instance.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "engine/duckdb_base.h"

/* The open instances. Its lock is held while a database is opened or closed: a second opener of
 * the same file has to wait for the first. */
static struct {
    Lock lock;
    DuckInstance *open, *spare;
    Arena arena;
} instances = {.lock = LOCK_INIT(DUCK_RANK_INSTANCES, "duckdb instances")};

/* ---- which file ---- */

/* What a path means on this machine. */
typedef struct Target {
    Str path;               /* for the engine                                     */
    Str file;               /* absolute, links resolved; empty = no file          */
    uint64_t device, inode; /* of a file that exists, else 0                      */
} Target;

/* "s3:...", "md:...", "ducklake:...": for the engine to understand. */
static bool has_scheme(Str path)
{
    ptrdiff_t colon = str_find_char(path, ':'), slash = str_find_char(path, '/');
    return colon > 0 && (slash < 0 || colon < slash);
}

/* Follows links as far as the file exists. */
static bool find_target(Arena *arena, Str path, Target *out, Err *err)
{
    *out = (Target){.path = path};
    if (str_starts(path, STR(":memory:")) || has_scheme(path))
        return true;
    Str absolute = path_absolute(arena, path_expand_home(arena, path));
    char real[PATH_MAX];
    struct stat info;
    if (file_info(absolute).kind == FILE_FOLDER)
        return err_set(err, ERR_DATABASE, NOWHERE,
                       "the profile's path " STR_FMT " is a folder, not a database file",
                       STR_ARG(absolute));
    if (realpath(str_c(arena, absolute), real)) {
        out->file = str_copy(arena, str_of(real));
        if (stat(real, &info) == 0) {
            out->device = info.st_dev;
            out->inode = info.st_ino;
        }
    } else {
        Str folder = path_folder(absolute);
        if (!realpath(str_c(arena, folder), real))
            return err_set(err, ERR_RUNTIME, NOWHERE,
                           "the profile's path " STR_FMT ": the folder " STR_FMT
                           " does not exist or cannot be entered; make it, or correct `path`",
                           STR_ARG(path), STR_ARG(folder));
        out->file = path_join(arena, str_copy(arena, str_of(real)), path_name(absolute));
    }
    out->path = out->file;
    return true;
}

/* The open instance of that file, or NULL. */
static DuckInstance *find_open(const Target *target)
{
    if (!target->file.len)
        return NULL;
    for (DuckInstance *at = instances.open; at; at = at->next)
        if (str_eq(at->key, target->file) ||
            (target->inode && at->inode == target->inode && at->device == target->device))
            return at;
    return NULL;
}

/* ---- opening ---- */

/* Turns the engine's reason into an error, with what to do about it. */
static bool fail_to_open(const Target *target, const char *reason, Err *err)
{
    if (strstr(reason, "Could not set lock"))
        return err_set(
            err, ERR_DATABASE, NOWHERE,
            "%s\nAnother process has the database open, and DuckDB lets in one at a time. "
            "Close that process (or wait until it is done) and try again, or give `path` "
            "in profiles.yml another file.",
            reason);
    if (strstr(reason, "Permission denied") || strstr(reason, "Read-only file system"))
        return err_set(err, ERR_RUNTIME, NOWHERE, "the database " STR_FMT " cannot be written: %s",
                       STR_ARG(target->path), reason);
    return err_set(err, ERR_DATABASE, NOWHERE, "%s", reason);
}

/* Waits 1, 2, 4, ... seconds between attempts, as dbt-duckdb's retries.connect_attempts. */
static bool open_database(DuckInstance *instance, Arena *arena, Value config, const Target *target,
                          Err *err)
{
    const DuckAbi *duck = instance->duck;
    Value attempts = value_get(value_get(config, "retries"), "connect_attempts");
    int64_t most = value_is_int(attempts) ? attempts.number : 1;
    for (int64_t attempt = 1;; attempt++) {
        DuckConfig options;
        char *reason = NULL;
        TRY(duckdb_config_options(duck, arena, config, target->file, &options, err));
        int failed =
            duck->open_ext(str_c(arena, target->path), &instance->database, options, &reason);
        duck->destroy_config(&options);
        if (!failed)
            return true;
        bool is_passing = reason && strncmp(reason, "IO Error", 8) == 0;
        if (!is_passing || attempt >= most)
            fail_to_open(target, reason ? reason : "DuckDB could not open it and gave no reason",
                         err);
        duck->free(reason);
        if (!is_passing || attempt >= most)
            return false;
        struct timespec pause = {.tv_sec = 1 << (attempt < 7 ? attempt - 1 : 6)};
        nanosleep(&pause, NULL);
    }
}

/* Opens, connects, and does what the profile asks for once. */
static bool instance_open(DuckInstance *instance, Value config, const Target *target, Err *err)
{
    const DuckAbi *duck = instance->duck;
    Arena *arena = &instance->arena;
    struct stat info;
    TRY(open_database(instance, arena, config, target, err));
    if (duck->connect(instance->database, &instance->side) != DUCK_OK)
        return err_set(err, ERR_RUNTIME, NOWHERE, "DuckDB gave no connection");
    TRY(duckdb_scan_register(instance, err));
    TRY(duckdb_config_setup(duck, arena, config, instance->side, err));
    TRY(duckdb_run(duck, instance->side, "set timezone = 'UTC'", err));
    instance->key = str_copy(arena, target->file);
    if (instance->key.len && stat(str_c(arena, target->file), &info) == 0) {
        instance->device = info.st_dev;
        instance->inode = info.st_ino;
    }
    return true;
}

/* Closes what is open; the last closing writes the log into the file. */
static void instance_close(DuckInstance *instance)
{
    instance->duck->disconnect(&instance->side);
    instance->duck->close(&instance->database);
    lock_drop(&instance->side_lock);
    arena_drop(&instance->arena);
    *instance = (DuckInstance){.next = instances.spare};
    instances.spare = instance;
}

/* Joins or opens. Under the table's lock. */
static bool instance_take(const DuckAbi *duck, Value config, const Target *target,
                          DuckInstance **out, Err *err)
{
    DuckInstance *instance = find_open(target);
    if (!instance) {
        instance = instances.spare;
        if (instance)
            instances.spare = instance->next;
        else
            instance = NEW(&instances.arena, DuckInstance);
        *instance = (DuckInstance){.duck = duck};
        lock_init(&instance->side_lock, DUCK_RANK_SIDE, "duckdb side connection");
        if (!instance_open(instance, config, target, err)) {
            instance_close(instance);
            return false;
        }
        instance->next = instances.open;
        instances.open = instance;
    }
    instance->users++;
    *out = instance;
    return true;
}

/* A warehouse goes; with the last one its instance. */
static void warehouse_close(void *what)
{
    DuckWarehouse *warehouse = what;
    CHECK(&warehouse->base, WAREHOUSE_MAGIC);
    DuckInstance *instance = warehouse->instance;
    warehouse->base.magic = 0;
    lock_take(&instances.lock);
    if (--instance->users == 0) {
        DuckInstance **at = &instances.open;
        while (*at != instance)
            at = &(*at)->next;
        *at = instance->next;
        instance_close(instance);
    }
    lock_give(&instances.lock);
}

bool duckdb_warehouse_open(Arena *arena, Value config, Warehouse **out, Err *err)
{
    const DuckAbi *duck;
    Str path, database;
    Target target;
    DuckInstance *instance;
    TRY(duckdb_load(&duck, err));
    TRY(duckdb_config_check(arena, config, &path, &database, err));
    TRY(find_target(arena, path, &target, err));
    lock_take(&instances.lock);
    bool ok = instance_take(duck, config, &target, &instance, err);
    lock_give(&instances.lock);
    TRY(ok);
    DuckWarehouse *warehouse = NEW(arena, DuckWarehouse);
    *warehouse = (DuckWarehouse){
        .base = {WAREHOUSE_MAGIC, &engine_duckdb, database},
        .instance = instance,
        .settings = duckdb_config_settings(arena, config),
    };
    arena_on_drop(arena, warehouse_close, warehouse);
    *out = &warehouse->base;
    return true;
}
