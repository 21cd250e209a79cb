/* cmd_schema.c: schema list, show, diff: what loads have seen of their tables' columns. */
#include "base/clock.h"
#include "cli/cli.h"
#include "state/state.h"

/* "2026-01-31 10:00" of microseconds since 1970; UTC. */
static Str shown_time(Arena *arena, Value at)
{
    if (at.kind != VALUE_INT)
        return STR("");
    Str iso = clock_print_iso(arena, at.number);
    return str_slice(str_replace(arena, iso, STR("T"), STR(" ")), 0, 16);
}

static Str text_at(Value row, const char *key)
{
    return value_get_text(row, key, STR(""));
}

static bool list_tables(Cli *cli, StateDb *state, Err *err)
{
    Value tables;
    AUTO(text) Text out = {0};
    TRY(statedb_schema_list(state, &cli->arena, &tables, err));
    for (uint32_t i = 0; i < tables.list->len; i++) {
        Value row = tables.list->at[i], columns = value_get(row, "columns");
        text_print(&out, "%s" STR_FMT "  version %lld, %lld columns, last seen " STR_FMT,
                   i ? "\n" : "", STR_ARG(text_at(row, "table")),
                   (long long)value_get(row, "version").number,
                   (long long)(columns.kind == VALUE_INT ? columns.number : 0),
                   STR_ARG(shown_time(&cli->arena, value_get(row, "last_seen_us"))));
    }
    cli_payload(out.len ? text_str(&out) : STR("No table has been loaded yet."));
    return true;
}

/* One version of a table, or an error that names the nearest table. */
static bool find_table(Cli *cli, StateDb *state, Str name, uint32_t version, Value *out, Err *err)
{
    Value tables;
    TRY(statedb_schema_get(state, name, version, &cli->arena, out, err));
    if (out->kind == VALUE_DICT)
        return true;
    TRY(statedb_schema_list(state, &cli->arena, &tables, err));
    Str *names = NEW_N(&cli->arena, Str, (size_t)tables.list->len + 1);
    for (uint32_t i = 0; i < tables.list->len; i++) {
        names[i] = text_at(tables.list->at[i], "table");
        bool is_tail = str_ends(names[i], str_print(&cli->arena, "." STR_FMT, STR_ARG(name)));
        if (is_tail && !version)
            return statedb_schema_get(state, names[i], version, &cli->arena, out, err);
        if (is_tail)
            return find_table(cli, state, names[i], version, out, err);
    }
    Str near = str_nearest(name, names, tables.list->len);
    for (uint32_t i = 0; !near.len && i < tables.list->len; i++) { /* without the database */
        Str tail = str_slice(names[i], (size_t)(str_find_char(names[i], '.') + 1), names[i].len);
        near = str_nearest(name, &tail, 1);
    }
    if (version)
        return err_set(err, ERR_RUNTIME, NOWHERE, "the table '" STR_FMT "' has no version %u",
                       STR_ARG(name), version);
    return err_set(err, ERR_RUNTIME, NOWHERE, "no load has filled a table '" STR_FMT "'%s" STR_FMT
                   "%s",
                   STR_ARG(name), near.len ? ". Did you mean '" : ": see `weir schema list`",
                   STR_ARG(near), near.len ? "'?" : "");
}

static bool show_table(Cli *cli, StateDb *state, Str name, Err *err)
{
    Value table;
    AUTO(text) Text out = {0};
    TRY(find_table(cli, state, name, 0, &table, err));
    Value columns = value_get(table, "columns");
    text_print(&out, STR_FMT "  version %lld", STR_ARG(text_at(table, "table")),
               (long long)value_get(table, "version").number);
    for (uint32_t i = 0; columns.kind == VALUE_LIST && i < columns.list->len; i++) {
        Value column = columns.list->at[i];
        text_print(&out, "\n  %-30.*s %-28.*s since " STR_FMT " (run " STR_FMT ")",
                   STR_ARG(text_at(column, "name")), STR_ARG(text_at(column, "type")),
                   STR_ARG(shown_time(&cli->arena, value_get(column, "first_seen_us"))),
                   STR_ARG(str_slice(text_at(column, "run_id"), 0, 8)));
    }
    cli_payload(text_str(&out));
    return true;
}

static Str type_in(Value table, Str name)
{
    Value columns = value_get(table, "columns");
    for (uint32_t i = 0; columns.kind == VALUE_LIST && i < columns.list->len; i++)
        if (str_eq(text_at(columns.list->at[i], "name"), name))
            return text_at(columns.list->at[i], "type");
    return STR_NONE;
}

static void add_differences(Value from, Value to, Text *out)
{
    Value old = value_get(from, "columns"), now = value_get(to, "columns");
    for (uint32_t i = 0; now.kind == VALUE_LIST && i < now.list->len; i++) {
        Str name = text_at(now.list->at[i], "name"), type = text_at(now.list->at[i], "type");
        Str former = type_in(from, name);
        if (!former.at)
            text_print(out, "\n  + " STR_FMT " " STR_FMT, STR_ARG(name), STR_ARG(type));
        else if (!str_eq(former, type))
            text_print(out, "\n  ~ " STR_FMT " " STR_FMT " -> " STR_FMT, STR_ARG(name),
                       STR_ARG(former), STR_ARG(type));
    }
    for (uint32_t i = 0; old.kind == VALUE_LIST && i < old.list->len; i++) {
        Str name = text_at(old.list->at[i], "name");
        if (!type_in(to, name).at)
            text_print(out, "\n  - " STR_FMT " " STR_FMT, STR_ARG(name),
                       STR_ARG(text_at(old.list->at[i], "type")));
    }
}

static bool diff_table(Cli *cli, StateDb *state, Str name, Err *err)
{
    Value from, to, older = value_get(cli->flags, "from_version");
    Value newer = value_get(cli->flags, "to_version");
    TRY(find_table(cli, state, name, newer.kind == VALUE_INT ? (uint32_t)newer.number : 0, &to,
                   err));
    int64_t version = value_get(to, "version").number;
    int64_t before = older.kind == VALUE_INT ? older.number : version - 1;
    AUTO(text) Text out = {0};
    if (before < 1) {
        cli_payload(str_print(&cli->arena, STR_FMT " has one version only: nothing has changed",
                              STR_ARG(text_at(to, "table"))));
        return true;
    }
    TRY(find_table(cli, state, text_at(to, "table"), (uint32_t)before, &from, err));
    text_print(&out, STR_FMT "  version %lld -> %lld", STR_ARG(text_at(to, "table")),
               (long long)before, (long long)version);
    add_differences(from, to, &out);
    cli_payload(text_str(&out));
    return true;
}

bool cmd_schema(Cli *cli, int *exit_code, Err *err)
{
    (void)exit_code;
    StateDb *state;
    TRY(cli_load_config(cli, false, err));
    TRY(ingest_state(cli->project, &cli->arena, &state, err));
    if (!state) { /* it may be kept elsewhere: the declarations know */
        TRY(cli_load(cli, STR_NONE, NULL, err));
        TRY(ingest_state(cli->project, &cli->arena, &state, err));
    }
    if (!state) {
        cli_payload(STR("No table has been loaded yet."));
        return true;
    }
    Str table = cli->parsed.argument;
    if (cli->parsed.command == COMMAND_SCHEMA_LIST)
        return list_tables(cli, state, err);
    if (!table.len)
        return err_set(err, ERR_USAGE, NOWHERE, "which table? `weir schema list` names them");
    return cli->parsed.command == COMMAND_SCHEMA_SHOW ? show_table(cli, state, table, err)
                                                      : diff_table(cli, state, table, err);
}
