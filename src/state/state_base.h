/* state_base.h: the database behind state.h: statements by name, transactions. private to state/
 *
 * Every statement stands in a .sql file below a line "-- name: gap_add". Arguments and cells are
 * Values: a list or dict is bound as JSON, and a column named x_json is read as JSON under "x".
 */
#ifndef STATE_STATE_BASE_H
#define STATE_STATE_BASE_H

#include "base/assets.h"
#include "base/pool.h"
#include "state/state.h"

#define STATE_MAGIC 0x57535444u
#define STATE_LOCK_RANK 300

struct StateDb {
    uint32_t magic;
    Lock lock;                   /* held by every call into the library */
    Arena arena;                 /* names and texts of the statements */
    Map statements;              /* name -> Statement */
    Str path;
    void *handle;                /* struct sqlite3 */
    bool is_damaged;             /* the library said so */
};

/* ---- sqlite.c: the library ---- */

/* Loads the library, reads the embedded statements, opens the file. The lock is not needed yet.
 * Fails as statedb_open(); db->is_damaged tells a file that is no database. */
MUST bool state_connect(StateDb *db, Str path, Err *err);
void state_disconnect(StateDb *db);

/* Runs a named statement; the caller holds the lock.
 * rows     NULL, or gets a list of dicts, in `arena` */
MUST bool state_run(StateDb *db, const char *name, const Value *args, uint32_t count, Arena *arena,
                    Value *rows, Err *err);
/* Runs a script (a migration, "begin immediate"). */
MUST bool state_script(StateDb *db, const char *sql, Err *err);

/* state_run() under the lock, for one statement that stands alone. */
MUST bool state_once(StateDb *db, const char *name, const Value *args, uint32_t count, Arena *arena,
                     Value *rows, Err *err);

/* A transaction that writes: takes the lock. */
MUST bool state_begin(StateDb *db, Err *err);
/* Commits if `ok`, else rolls back; gives the lock back either way. Gives `ok` and the commit's. */
MUST bool state_end(StateDb *db, bool ok, Err *err);

/* Arguments in place: STATE_ARGS(value_text(a), value_int(1)), as args and count. */
#define STATE_ARGS(...)                                                                           \
    ((const Value[]){__VA_ARGS__}), (uint32_t)COUNT_OF(((const Value[]){__VA_ARGS__}))

/* ---- migrate.c ---- */

/* Brings the open file to the last of the migrations: assets named ".../NNN_what.sql", in order.
 * The caller is the only one to open the file (state.c holds a lock file).
 * Fails ERR_RUNTIME: it is newer than the last, or another program's. */
MUST bool state_migrate(StateDb *db, const AssetFile *migrations, uint32_t count, Err *err);

/* A copy of the database at `path`, by way of a temp name beside it. The lock is not held. */
MUST bool state_copy(StateDb *db, Str path, Err *err);

#endif
