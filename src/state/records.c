/* records.c: runs, attempts, landed files, gaps. */
#include "state/state_base.h"

bool statedb_run_begin(StateDb *db, Str run_id, Str command, int64_t now_us, Err *err)
{
    return state_once(db, "run_begin",
                      STATE_ARGS(value_text(run_id), value_text(command), value_int(now_us)), NULL,
                      NULL, err);
}

bool statedb_run_end(StateDb *db, Str run_id, Str status, int64_t now_us, Err *err)
{
    return state_once(db, "run_end",
                      STATE_ARGS(value_text(run_id), value_text(status), value_int(now_us)), NULL,
                      NULL, err);
}

bool statedb_record(StateDb *db, Str run_id, Value row, Err *err)
{
    Str resource = value_get_text(row, "resource", STR(""));
    return state_once(db, "attempt_add",
                      STATE_ARGS(value_text(run_id), value_text(resource), row), NULL, NULL, err);
}

bool statedb_history(StateDb *db, Str resource, uint32_t most, Arena *arena, Value *out, Err *err)
{
    bool is_one = !str_is_empty(resource);
    const Value args[] = {value_int(most), value_text(resource)};
    Value found;
    TRY(state_once(db, is_one ? "attempt_list_of" : "attempt_list", args, is_one ? 2 : 1, arena,
                   &found, err));
    Value rows = value_list(arena);
    for (uint32_t i = 0; i < found.list->len; i++) {
        Value row = value_get(found.list->at[i], "row");
        dict_put(row.dict, STR("run_id"), value_get(found.list->at[i], "run_id"));
        array_add(rows.list, row);
    }
    *out = rows;
    return true;
}

bool statedb_landing(StateDb *db, Str resource, Str load_id, Str uri, Err *err)
{
    return state_once(db, "landing_add",
                      STATE_ARGS(value_text(resource), value_text(load_id), value_text(uri)), NULL,
                      NULL, err);
}

/* A load's files are no longer waiting for its commit, one way or the other. */
static bool landing_remove(StateDb *db, Str resource, Str load_id, Err *err)
{
    return state_once(db, "landing_remove", STATE_ARGS(value_text(resource), value_text(load_id)),
                      NULL, NULL, err);
}

bool statedb_landed(StateDb *db, Str resource, Str load_id, Err *err)
{
    return landing_remove(db, resource, load_id, err);
}

bool statedb_unlanded(StateDb *db, Str resource, Str load_id, Err *err)
{
    return landing_remove(db, resource, load_id, err);
}

bool statedb_stray(StateDb *db, Str resource, Arena *arena, Value *out, Err *err)
{
    return state_once(db, "landing_list", STATE_ARGS(value_text(resource)), arena, out, err);
}

bool statedb_gap_add(StateDb *db, Str resource, Str from, Str to, Str reason, int64_t now_us,
                     Err *err)
{
    return state_once(db, "gap_add",
                      STATE_ARGS(value_text(resource), value_text(from), value_text(to),
                                 value_text(reason), value_int(now_us)),
                      NULL, NULL, err);
}

bool statedb_gaps(StateDb *db, Str resource, Arena *arena, Value *out, Err *err)
{
    return state_once(db, "gap_list", STATE_ARGS(value_text(resource)), arena, out, err);
}

bool statedb_gaps_clear(StateDb *db, Str resource, Err *err)
{
    return state_once(db, "gap_clear", STATE_ARGS(value_text(resource)), NULL, NULL, err);
}
