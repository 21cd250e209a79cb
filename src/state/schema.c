/* schema.c: the registry of tables: versions of their columns, and when each column was seen. */
#include "state/state_base.h"

/* Same names with the same types in the same order? */
static bool same_columns(Value a, Value b)
{
    if (!value_is_list(a) || !value_is_list(b) || a.list->len != b.list->len)
        return false;
    for (uint32_t i = 0; i < a.list->len; i++)
        if (!value_equal(value_get(a.list->at[i], "name"), value_get(b.list->at[i], "name")) ||
            !value_equal(value_get(a.list->at[i], "type"), value_get(b.list->at[i], "type")))
            return false;
    return true;
}

/* Only name and type of what the caller gave: that is what a version is made of. */
static Value bare_columns(Arena *arena, Value columns)
{
    Value bare = value_list(arena);
    for (uint32_t i = 0; i < columns.list->len; i++) {
        Value column = value_dict(arena);
        dict_put(column.dict, STR("name"), value_get(columns.list->at[i], "name"));
        dict_put(column.dict, STR("type"), value_get(columns.list->at[i], "type"));
        array_add(bare.list, column);
    }
    return bare;
}

static bool put_version(StateDb *db, Arena *arena, Str table, Value columns, Str run_id,
                        int64_t now_us, uint32_t *version, Err *err)
{
    Value found, name = value_text(table), run = value_text(run_id), now = value_int(now_us);
    TRY(state_run(db, "schema_newest", STATE_ARGS(name), arena, &found, err));
    int64_t newest = found.list->len ? value_get(found.list->at[0], "version").number : 0;
    if (newest && same_columns(value_get(found.list->at[0], "columns"), columns))
        TRY(state_run(db, "schema_seen", STATE_ARGS(name, value_int(newest), now), NULL, NULL,
                      err));
    else
        TRY(state_run(db, "schema_add", STATE_ARGS(name, value_int(++newest), columns, now, run),
                      NULL, NULL, err));
    for (uint32_t i = 0; i < columns.list->len; i++) {
        Value column = columns.list->at[i];
        TRY(state_run(db, "schema_column_seen",
                      STATE_ARGS(name, value_get(column, "name"), value_get(column, "type"), now,
                                 run),
                      NULL, NULL, err));
    }
    *version = (uint32_t)newest;
    return true;
}

bool statedb_schema_put(StateDb *db, Str table, Value columns, Str run_id, int64_t now_us,
                        uint32_t *version, Err *err)
{
    AUTO(arena) Arena arena = {0};
    Value bare = bare_columns(&arena, columns);
    uint32_t number;
    TRY(state_begin(db, err));
    TRY(state_end(db, put_version(db, &arena, table, bare, run_id, now_us, &number, err), err));
    *version = number;
    return true;
}

bool statedb_schema_list(StateDb *db, Arena *arena, Value *out, Err *err)
{
    return state_once(db, "schema_list", NULL, 0, arena, out, err);
}

/* Adds to the columns of a version when each was seen. */
static void add_sightings(Arena *arena, Value columns, Value seen)
{
    static const char *const keys[] = {"first_seen_us", "last_seen_us", "run_id"};
    Map by_name;
    map_init(&by_name, arena);
    for (uint32_t i = 0; i < seen.list->len; i++)
        map_put(&by_name, value_str(value_get(seen.list->at[i], "column_name")),
                seen.list->at[i].dict);
    for (uint32_t i = 0; i < columns.list->len; i++) {
        Value column = columns.list->at[i];
        Dict *row = map_find(&by_name, value_str(value_get(column, "name")));
        for (size_t k = 0; row && k < COUNT_OF(keys); k++)
            dict_put(column.dict, str_of(keys[k]), value_get(value_of_dict(row), keys[k]));
    }
}

bool statedb_schema_get(StateDb *db, Str table, uint32_t version, Arena *arena, Value *out,
                        Err *err)
{
    const Value args[] = {value_text(table), value_int(version)};
    Value found, seen;
    TRY(state_once(db, version ? "schema_one" : "schema_newest", args, version ? 2 : 1, arena,
                   &found, err));
    if (found.list->len == 0) {
        *out = NONE;
        return true;
    }
    TRY(state_once(db, "schema_columns", args, 1, arena, &seen, err));
    Value row = found.list->at[0], answer = value_dict(arena);
    add_sightings(arena, value_get(row, "columns"), seen);
    dict_put(answer.dict, STR("table"), value_text(str_copy(arena, table)));
    dict_put(answer.dict, STR("version"), value_get(row, "version"));
    dict_put(answer.dict, STR("seen_at_us"), value_get(row, "first_seen_us"));
    dict_put(answer.dict, STR("run_id"), value_get(row, "run_id"));
    dict_put(answer.dict, STR("columns"), value_get(row, "columns"));
    *out = answer;
    return true;
}
