/* database_base.h: what a kind of database server fills in, and what all kinds share.
 * private to engine/
 *
 * The functions are those of engine.h without the prefix. A Database of a kind begins with the
 * struct here. What every kind does alike (look-up by name, reading the configuration, hints) is
 * in database.c and database_config.c.
 */
#ifndef ENGINE_DATABASE_BASE_H
#define ENGINE_DATABASE_BASE_H

#include "engine/engine_base.h"

#define DATABASE_MAGIC 0x64617461u

/* Stream budget where a read names none. */
#define DATABASE_BUDGET_BYTES ((uint64_t)32 << 20)
/* A batch is closed at this many rows or bytes, whichever comes first. */
#define DATABASE_BATCH_ROWS  ((uint64_t)16384)
#define DATABASE_BATCH_BYTES ((uint64_t)4 << 20)

/* A kind of server. `config` of open() comes from database_config_read(). */
typedef struct DatabaseKind {
    const char *name;            /* "postgres"                                                    */
    const char *const *aliases;  /* ends with NULL                                                */
    MUST bool (*open)(Arena *arena, Value config, Database **out, Err *err);
    void (*interrupt)(Database *database);
    MUST bool (*query)(Database *database, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                       Err *err);
    MUST bool (*tables)(Database *database, Arena *arena, Str schema, DatabaseTables *out,
                        Err *err);
    MUST bool (*describe)(Database *database, Arena *arena, const DatabaseRead *read,
                          DatabaseShape *out, Err *err);
    MUST bool (*cursor_max)(Database *database, Arena *arena, const DatabaseRead *read, Str *out,
                            Err *err);
    MUST bool (*read)(Database *database, Arena *arena, const DatabaseRead *read, Stream *out,
                      Err *err);
    MUST bool (*write)(Database *database, Arena *arena, const DatabaseWrite *write, Stream *take,
                       uint64_t *rows, Err *err); /* NULL: publishing there is refused            */
} DatabaseKind;

struct Database {
    uint32_t magic;
    const DatabaseKind *kind;
};

extern const DatabaseKind database_postgres; /* postgres_open.c */
extern const DatabaseKind database_mysql;    /* mysql_open.c    */

/* The configuration in one form: `url` taken apart (scheme://user:password@host:port/database with
 * ?key=value behind it, percent signs decoded; keys given beside it win), dbname/db -> database,
 * username -> user, pass -> password, hostname -> host, unix_socket -> socket; every value a text,
 * empty and none ones left out. The password is registered as a secret.
 *
 * Fails ERR_RUNTIME: no dict, a url that cannot be taken apart, a port that is no number
 * Owner the arena */
MUST bool database_config_read(Arena *arena, Value config, Value *out, Err *err);
/* A whole number of that normal form, or `otherwise`. Fails ERR_RUNTIME outside of least..most. */
MUST bool database_config_int(Value config, const char *key, int64_t least, int64_t most,
                              int64_t otherwise, int64_t *out, Err *err);

/* The user's word on a column's type: hints is a dict column -> {type: "varchar"} (or -> "varchar")
 * found without case. *out has the parsed type under the column's name; false in *is_hinted: none.
 * Fails ERR_RUNTIME: no type that we know. Owner: the arena */
MUST bool database_hint(Arena *arena, Value hints, Str column, bool *is_hinted, Field *out,
                        Err *err);

/* "columns: {NAME: {type: varchar}}": how a message shows the way out. Owner: the arena. */
Str database_hint_text(Arena *arena, Str column, const char *type);

/* " (nearest: a)" or "": for a name that was not found. Owner: the arena. */
Str database_nearest(Arena *arena, Str name, const Str *candidates, size_t count);
Str database_nearest_table(Arena *arena, Str name, const DatabaseTables *tables);

#endif
