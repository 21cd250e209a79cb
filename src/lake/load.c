/* load.c: one load from its input to the registry. */
#include "base/clock.h"
#include "base/event.h"
#include "lake/lake_base.h"

static bool find_target(Load *load, Err *err)
{
    const LoadSpec *spec = load->spec;
    TableLoad *table = &load->table;
    table->name = spec->table;
    table->relation = lake_relation(load->arena, load->database, spec->schema, spec->table);
    table->quarantine =
        lake_relation(load->arena, load->database, spec->schema,
                      str_print(load->arena, STR_FMT "__quarantine", STR_ARG(spec->table)));
    TRY(columns_read(load->lake, load->session, load->arena, load->database, spec->schema,
                     spec->table, &table->have, &table->exists, err));
    table->exists = table->exists && !spec->is_full_refresh;
    return true;
}

/* May the rows go straight into the table, within the transaction? Only where nothing has to be
 * compared with them before they are there. */
static bool goes_directly(const Load *load)
{
    const LoadSpec *spec = load->spec;
    if (spec->splits_nested || load->table.plan.has_discards)
        return false;
    if (!load->table.exists || spec->disposition == WRITE_REPLACE)
        return true;
    return spec->disposition == WRITE_APPEND && str_is_empty(spec->cursor_column) &&
           !spec->interval_from.at;
}

/* The contract about tables that are not there. *goes_on false: nothing is to be loaded. */
static bool admit_table(Load *load, bool *goes_on, Err *err)
{
    ContractMode mode = load->spec->contract.tables;
    *goes_on = load->table.exists || load->spec->is_full_refresh || mode == CONTRACT_EVOLVE;
    if (*goes_on)
        return true;
    if (mode == CONTRACT_FREEZE)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "there is no table %s, and the contract freezes tables: make it, or set "
                       "schema_contract: {tables: evolve}",
                       load->table.relation.at);
    array_add(load->report.changes.list,
              value_text(str_print(load->arena, "table " STR_FMT
                                   " is not made: the contract discards new tables",
                                   STR_ARG(load->table.name))));
    return true;
}

/* The columns as they are now, into the registry. The rows are committed: a state file that cannot
 * be written is a warning. */
static void tell_state(Load *load, Arena *arena)
{
    StateDb *state = load->lake->state;
    const LoadSpec *spec = load->spec;
    LakeColumns columns;
    bool exists;
    Err err = {0};
    if (!state)
        return;
    Str name = str_print(arena, STR_FMT "." STR_FMT "." STR_FMT, STR_ARG(load->database),
                         STR_ARG(spec->schema), STR_ARG(spec->table));
    bool ok = columns_read(load->lake, load->session, arena, load->database, spec->schema,
                           spec->table, &columns, &exists, &err);
    if (ok && exists) {
        Value list = value_list(arena);
        for (uint32_t i = 0; i < columns.len; i++) {
            Value column = value_dict(arena);
            put_text(column, STR("name"), columns.at[i].name);
            put_text(column, STR("type"), columns.at[i].type);
            array_add(list.list, column);
        }
        ok = statedb_schema_put(state, name, list, spec->run_id, spec->loaded_at_us,
                                &load->report.schema_version, &err);
    }
    ok = ok && statedb_landed(state, spec->resource, load->load_id, &err);
    if (!ok)
        event_print(LEVEL_WARN, "LakeState", "W002",
                    STR_FMT " is loaded, but .weir's state does not know it: %s", STR_ARG(name),
                    err.text);
    err_drop(&err);
}

static bool run_load(Load *load, Err *err)
{
    bool goes_on;
    TRY(find_target(load, err));
    TRY(admit_table(load, &goes_on, err));
    if (!goes_on)
        return true;
    TRY(source_columns(load, err));
    if (load->spec->is_full_refresh && load->table.input.len > 0)
        load->table.have = (LakeColumns){0}; /* else it keeps its columns, and no rows */
    TRY(nested_find(load, err));
    for (TableLoad *table = &load->table; table; table = table->next)
        TRY(plan_make(load, table, err));
    load->is_staged = !goes_directly(load);
    if (load->is_staged)
        TRY(stage_make(load, err));
    return write_all(load, err);
}

/* A load of a database that was found. */
static bool begin_load(Load *load, Err *err)
{
    Catalogue catalogue;
    TRY(catalogue_find(load->lake, load->session, load->arena, load->spec->database, &catalogue,
                       err));
    load->database = catalogue.database;
    load->is_ducklake = catalogue.is_ducklake;
    load->is_fragile = catalogue.is_fragile;
    if (load->is_fragile)
        catalogue_take(load->lake);
    return true;
}

static void end_load(Load *load)
{
    if (load->is_fragile)
        catalogue_give(load->lake);
}

bool lake_load(Lake *lake, Session *session, const LoadSpec *spec, Input *input, Arena *arena,
               LoadReport *out, Err *err)
{
    CHECK(lake, LAKE_MAGIC);
    AUTO(arena) Arena scratch = {0};
    Load load = {.lake = lake, .session = session, .spec = spec, .input = input,
                 .arena = &scratch, .source_sql = STR("weir_in")};
    load.load_id = str_is_empty(spec->load_id) ? uuid_make(&scratch) : spec->load_id;
    load.report.changes = value_list(&scratch);
    load.report.cursor_max = NONE;
    TRY(begin_load(&load, err));
    bool ok = run_load(&load, err);
    stage_drop(&load);
    source_drop(&load);
    if (ok)
        tell_state(&load, &scratch);
    end_load(&load);
    if (!ok)
        return false;
    load.report.load_id = load.load_id;
    *out = load.report;
    out->load_id = str_copy(arena, load.load_id);
    out->changes = value_copy(arena, load.report.changes);
    out->cursor_max = value_copy(arena, load.report.cursor_max);
    return true;
}

bool lake_delete_missing(Lake *lake, Session *session, const LoadSpec *spec, Stream *keys,
                         Arena *arena, uint64_t *deleted, Err *err)
{
    CHECK(lake, LAKE_MAGIC);
    AUTO(arena) Arena scratch = {0};
    Load load = {.lake = lake, .session = session, .spec = spec, .arena = &scratch,
                 .load_id = uuid_make(&scratch)};
    LakeColumns have;
    bool exists;
    (void)arena;
    *deleted = 0;
    TRY(begin_load(&load, err));
    bool ok = columns_read(lake, session, &scratch, spec->database, spec->schema, spec->table,
                           &have, &exists, err);
    ok = ok && (!exists || write_missing(&load, keys, deleted, err));
    end_load(&load);
    return ok;
}
