/* database.c: the door to servers as sources and targets: finds the kind and hands calls on. */
#include "engine/database_base.h"

static const DatabaseKind *const kinds[] = {&database_postgres, &database_mysql};

static bool is_named(const DatabaseKind *kind, Str type)
{
    bool is_it = str_eq_fold(type, str_of(kind->name));
    for (const char *const *alias = kind->aliases; *alias && !is_it; alias++)
        is_it = str_eq_fold(type, str_of(*alias));
    return is_it;
}

/* All names that a `type` may have, for the message. */
static Str nearest_kind(Str type)
{
    Str names[16];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        names[count++] = str_of(kinds[i]->name);
        for (const char *const *alias = kinds[i]->aliases; *alias && count < 16; alias++)
            names[count++] = str_of(*alias);
    }
    return str_nearest(type, names, count);
}

static bool find_kind(Str type, const DatabaseKind **out, Err *err)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (is_named(kinds[i], type)) {
            *out = kinds[i];
            return true;
        }
    Str nearest = nearest_kind(type);
    err_set(err, ERR_RUNTIME, NOWHERE,
            "there is no kind of database \"" STR_FMT "\": postgres and mysql (mariadb) are known",
            STR_ARG(type));
    if (nearest.len)
        err_add(err, "; did you mean " STR_FMT "?", STR_ARG(nearest));
    return false;
}

bool database_open(Str type, Arena *arena, Value config, Database **out, Err *err)
{
    const DatabaseKind *kind;
    Value normal;
    engine_trace_from_environment();
    TRY(find_kind(type, &kind, err));
    TRY(database_config_read(arena, config, &normal, err));
    return kind->open(arena, normal, out, err);
}

void database_interrupt(Database *database)
{
    CHECK(database, DATABASE_MAGIC);
    database->kind->interrupt(database);
}

bool database_query(Database *database, Arena *arena, Str sql, uint64_t row_limit, Result *out,
                    Err *err)
{
    CHECK(database, DATABASE_MAGIC);
    return database->kind->query(database, arena, sql, row_limit, out, err);
}

bool database_tables(Database *database, Arena *arena, Str schema, DatabaseTables *out, Err *err)
{
    CHECK(database, DATABASE_MAGIC);
    return database->kind->tables(database, arena, schema, out, err);
}

bool database_describe(Database *database, Arena *arena, const DatabaseRead *read,
                       DatabaseShape *out, Err *err)
{
    CHECK(database, DATABASE_MAGIC);
    return database->kind->describe(database, arena, read, out, err);
}

bool database_cursor_max(Database *database, Arena *arena, const DatabaseRead *read, Str *out,
                         Err *err)
{
    CHECK(database, DATABASE_MAGIC);
    if (!read->cursor_column.len)
        return err_set(err, ERR_INTERNAL, NOWHERE, "a cursor's maximum was asked without a cursor");
    return database->kind->cursor_max(database, arena, read, out, err);
}

bool database_read(Database *database, Arena *arena, const DatabaseRead *read, Stream *out,
                   Err *err)
{
    CHECK(database, DATABASE_MAGIC);
    return database->kind->read(database, arena, read, out, err);
}

bool database_write(Database *database, Arena *arena, const DatabaseWrite *write, Stream *take,
                    uint64_t *rows, Err *err)
{
    CHECK(database, DATABASE_MAGIC);
    if (!database->kind->write)
        return err_set(err, ERR_RUNTIME, NOWHERE, "publishing to %s is not supported: postgres is",
                       database->kind->name);
    return database->kind->write(database, arena, write, take, rows, err);
}
