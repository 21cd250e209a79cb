/* postgres_catalog.c: what there is to read: tables, columns, keys; a read as a plan. */
#include "engine/postgres_base.h"
#include "sql/sql.h"

Str postgres_table_name(Arena *arena, Str schema, Str table)
{
    Str name = sql_quote_name(arena, table);
    return schema.len ? str_print(arena, STR_FMT "." STR_FMT,
                                  STR_ARG(sql_quote_name(arena, schema)), STR_ARG(name))
                      : name;
}

/* ---- tables ---- */

static bool list_tables(PgLink *link, Arena *arena, Str schema, DatabaseTables *out, Err *err)
{
    Result rows;
    Str wanted = {schema.at ? schema.at : "", schema.len};
    TRY(postgres_ask(link, arena, "tables", &wanted, 1, &rows, err));
    *out = (DatabaseTables){NEW_N(arena, DatabaseTable, rows.row_count + 1),
                            (uint32_t)rows.row_count, (uint32_t)rows.row_count + 1};
    for (uint32_t i = 0; i < out->len; i++)
        out->at[i] = (DatabaseTable){
            .schema = postgres_cell(&rows, i, 0),
            .name = postgres_cell(&rows, i, 1),
            .is_view = postgres_cell_int(&rows, i, 2) == 1,
            .rows_estimated = postgres_cell_int(&rows, i, 3),
        };
    return true;
}

bool postgres_tables(Database *database, Arena *arena, Str schema, DatabaseTables *out, Err *err)
{
    PgLink *link;
    TRY(postgres_main(database, &link, err));
    return list_tables(link, arena, schema, out, err);
}

static bool fail_no_table(PgLink *link, Arena *arena, const DatabaseRead *read, Err *err)
{
    DatabaseTables tables;
    TRY(list_tables(link, arena, read->schema, &tables, err));
    Str nearest = database_nearest_table(arena, read->table, &tables);
    return err_set(err, ERR_DATABASE, NOWHERE, STR_FMT ": there is no table " STR_FMT "%s" STR_FMT,
                   STR_ARG(link->postgres->where),
                   STR_ARG(postgres_table_name(arena, read->schema, read->table)),
                   tables.len || !read->schema.len ? "" : " (and nothing else in that schema)",
                   STR_ARG(nearest));
}

/* ---- columns of a table ---- */

/* "{23,25}" of the columns' types or modifiers. */
static Str column_numbers(Arena *arena, const PgColumn *columns, uint32_t count, bool is_modifier)
{
    Text text = {0};
    text_add_char(&text, '{');
    for (uint32_t i = 0; i < count; i++)
        text_print(&text, "%s%lld", i ? "," : "",
                   is_modifier ? (long long)columns[i].modifier : (long long)columns[i].oid);
    text_add_char(&text, '}');
    return text_give(arena, &text);
}

bool postgres_load_source_types(PgLink *link, Arena *arena, PgColumn *columns, uint32_t count,
                                Err *err)
{
    Result rows;
    Str parameters[] = {column_numbers(arena, columns, count, false),
                        column_numbers(arena, columns, count, true)};
    TRY(postgres_ask(link, arena, "formats", parameters, 2, &rows, err));
    for (uint32_t i = 0; i < count && i < rows.row_count; i++)
        columns[i].source_type = postgres_cell(&rows, i, 0);
    return true;
}

static bool load_table(PgLink *link, Arena *arena, const DatabaseRead *read, PgPlan *plan, Err *err)
{
    Result found, rows;
    Str names[] = {{read->schema.at ? read->schema.at : "", read->schema.len}, read->table};
    TRY(postgres_ask(link, arena, "relation", names, 2, &found, err));
    if (!found.row_count)
        return fail_no_table(link, arena, read, err);
    Str oid = postgres_cell(&found, 0, 0);
    plan->from = postgres_table_name(arena, read->schema, read->table);
    plan->is_table = postgres_cell_int(&found, 0, 2) == 1;
    plan->pages = postgres_cell_int(&found, 0, 3);
    plan->rows_estimated = postgres_cell_int(&found, 0, 4);
    TRY(postgres_ask(link, arena, "columns", &oid, 1, &rows, err));
    plan->count = (uint32_t)rows.row_count;
    plan->columns = NEW_N(arena, PgColumn, plan->count + 1);
    for (uint32_t i = 0; i < plan->count; i++) {
        plan->columns[i] = (PgColumn){
            .name = postgres_cell(&rows, i, 0),
            .oid = (uint32_t)postgres_cell_int(&rows, i, 1),
            .modifier = (int)postgres_cell_int(&rows, i, 2),
            .is_required = postgres_cell_int(&rows, i, 3) == 1,
            .key = (int)postgres_cell_int(&rows, i, 4),
        };
        plan->key_count += plan->columns[i].key >= 0;
    }
    plan->key = NEW_N(arena, Str, plan->key_count + 1);
    for (uint32_t i = 0; i < plan->count; i++)
        if (plan->columns[i].key >= 0)
            plan->key[plan->columns[i].key] = plan->columns[i].name;
    return true;
}

/* ---- columns of a query ---- */

/* The one statement of the user's text, without its semicolon. */
static bool single_statement(Str sql, Str *out, Err *err)
{
    size_t at = 0;
    Str more;
    if (!sql_next_statement(sql, &at, out))
        return err_set(err, ERR_RUNTIME, NOWHERE, "the query is empty");
    if (sql_next_statement(sql, &at, &more))
        return err_set(err, ERR_RUNTIME, NOWHERE, "the query must be one select, this is a script");
    return true;
}

/* Prepares and describes without running. */
bool postgres_describe_statement(PgLink *link, Arena *arena, Str sql, PgPlan *plan, Err *err)
{
    const Libpq *pq = link->postgres->pq;
    PGresult *result;
    if (!pq->PQsendPrepare(link->connection, "", str_c(arena, sql), 0, NULL))
        return postgres_fail_link(link, err);
    TRY(postgres_flush(link, err));
    TRY(postgres_end(link, err));
    if (!pq->PQsendDescribePrepared(link->connection, ""))
        return postgres_fail_link(link, err);
    TRY(postgres_flush(link, err));
    TRY(postgres_next_result(link, &result, err));
    if (!result || pq->PQresultStatus(result) != PGRES_COMMAND_OK) {
        if (result)
            postgres_fail_result(link, result, err);
        pq->PQclear(result);
        return result ? false : postgres_fail_link(link, err);
    }
    plan->count = (uint32_t)pq->PQnfields(result);
    plan->columns = NEW_N(arena, PgColumn, plan->count + 1);
    for (uint32_t i = 0; i < plan->count; i++)
        plan->columns[i] = (PgColumn){
            .name = str_copy(arena, str_of(pq->PQfname(result, (int)i))),
            .oid = pq->PQftype(result, (int)i),
            .modifier = pq->PQfmod(result, (int)i),
            .key = -1,
        };
    pq->PQclear(result);
    return postgres_end(link, err);
}

static bool load_query(PgLink *link, Arena *arena, const DatabaseRead *read, PgPlan *plan, Err *err)
{
    Str statement;
    TRY(single_statement(read->query, &statement, err));
    plan->from = str_print(arena, "(" STR_FMT "\n) as weir_query", STR_ARG(statement));
    plan->rows_estimated = -1;
    Str sql = str_print(arena, "select * from " STR_FMT, STR_ARG(plan->from));
    if (!postgres_describe_statement(link, arena, sql, plan, err))
        return err_wrap(err, "the query");
    for (uint32_t i = 0; i < plan->count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (str_eq(plan->columns[i].name, plan->columns[j].name))
                return err_set(err, ERR_DATABASE, NOWHERE,
                               "the query gives two columns the name " STR_FMT
                               "; name one with `as`",
                               STR_ARG(plan->columns[i].name));
    return true;
}

/* ---- plans ---- */

static uint32_t find_column(const PgPlan *plan, Str name)
{
    for (uint32_t i = 0; i < plan->count; i++)
        if (str_eq(plan->columns[i].name, name))
            return i;
    return UINT32_MAX;
}

/* A column that was named must be there; *out is its name as the database has it. */
static bool need_column(Arena *arena, const PgPlan *plan, Str name, const char *what, uint32_t *out,
                        Err *err)
{
    uint32_t found = find_column(plan, name);
    if (found == UINT32_MAX) {
        Str *names = NEW_N(arena, Str, plan->count + 1);
        for (uint32_t i = 0; i < plan->count; i++)
            names[i] = plan->columns[i].name;
        return err_set(err, ERR_DATABASE, NOWHERE, STR_FMT " has no column " STR_FMT "%s" STR_FMT,
                       STR_ARG(plan->is_table || !str_starts(plan->from, STR("("))
                                   ? plan->from
                                   : STR("the query")),
                       STR_ARG(name), what,
                       STR_ARG(database_nearest(arena, name, names, plan->count)));
    }
    *out = found;
    return true;
}

/* Keeps the columns that are asked for, in their order. */
static bool choose_columns(Arena *arena, const DatabaseRead *read, PgPlan *plan, Err *err)
{
    if (!read->column_count)
        return true;
    PgColumn *chosen = NEW_N(arena, PgColumn, read->column_count);
    for (uint32_t i = 0; i < read->column_count; i++) {
        uint32_t at;
        TRY(need_column(arena, plan, read->columns[i], "", &at, err));
        chosen[i] = plan->columns[at];
    }
    plan->columns = chosen;
    plan->count = read->column_count;
    return true;
}

static bool map_columns(PgLink *link, Arena *arena, const DatabaseRead *read, PgPlan *plan,
                        Err *err)
{
    PgTypes types;
    TRY(postgres_load_source_types(link, arena, plan->columns, plan->count, err));
    TRY(postgres_load_types(link, arena, plan->columns, plan->count, &types, err));
    plan->schema = (Schema){NEW_N(arena, Field, plan->count + 1), plan->count};
    for (uint32_t i = 0; i < plan->count; i++) {
        TRY(postgres_map_type(arena, &types, read->hints, &plan->columns[i], err));
        plan->schema.fields[i] = plan->columns[i].field;
    }
    return true;
}

bool postgres_plan(PgLink *link, Arena *arena, const DatabaseRead *read, PgPlan *out, Err *err)
{
    PgPlan plan = {0};
    uint32_t at;
    if (read->query.len)
        TRY(load_query(link, arena, read, &plan, err));
    else
        TRY(load_table(link, arena, read, &plan, err));
    if (read->cursor_column.len)
        TRY(need_column(arena, &plan, read->cursor_column, " for the cursor", &at, err));
    if (read->split_column.len)
        TRY(need_column(arena, &plan, read->split_column, " to split by", &at, err));
    TRY(choose_columns(arena, read, &plan, err));
    if (!plan.count)
        return err_set(err, ERR_DATABASE, NOWHERE, STR_FMT " has no columns", STR_ARG(plan.from));
    TRY(map_columns(link, arena, read, &plan, err));
    *out = plan;
    return true;
}

Str postgres_where(Arena *arena, const DatabaseRead *read, Str more)
{
    Text text = {0};
    Str cursor = sql_quote_name(arena, read->cursor_column);
    bool has_bound = read->cursor_column.len && (read->from.at || read->to.at);
    if (has_bound) {
        text_add_c(&text, read->takes_nulls ? "((" : "(");
        if (read->from.at)
            text_print(&text, STR_FMT " >= " STR_FMT, STR_ARG(cursor),
                       STR_ARG(sql_quote_text(arena, read->from)));
        if (read->to.at)
            text_print(&text, "%s" STR_FMT " < " STR_FMT, read->from.at ? " and " : "",
                       STR_ARG(cursor), STR_ARG(sql_quote_text(arena, read->to)));
        text_add_c(&text, ")");
        if (read->takes_nulls)
            text_print(&text, " or " STR_FMT " is null)", STR_ARG(cursor));
    } else if (read->cursor_column.len && !read->takes_nulls) {
        text_print(&text, STR_FMT " is not null", STR_ARG(cursor));
    }
    if (more.len)
        text_print(&text, "%s" STR_FMT, text.len ? " and " : "", STR_ARG(more));
    Str condition = text_give(arena, &text);
    return condition.len ? str_print(arena, " where " STR_FMT, STR_ARG(condition)) : STR("");
}

/* ---- describing ---- */

bool postgres_describe(Database *database, Arena *arena, const DatabaseRead *read,
                       DatabaseShape *out, Err *err)
{
    PgLink *link;
    PgPlan plan;
    TRY(postgres_main(database, &link, err));
    TRY(postgres_plan(link, arena, read, &plan, err));
    DatabaseShape shape = {plan.schema, value_list(arena), value_list(arena)};
    for (uint32_t i = 0; i < plan.key_count; i++)
        array_add(shape.primary_key.list, value_text(plan.key[i]));
    for (uint32_t i = 0; i < plan.count; i++)
        array_add(shape.source_types.list, value_text(plan.columns[i].source_type));
    *out = shape;
    return true;
}

bool postgres_cursor_max(Database *database, Arena *arena, const DatabaseRead *read, Str *out,
                         Err *err)
{
    PgLink *link;
    PgPlan plan;
    Result rows;
    TRY(postgres_main(database, &link, err));
    TRY(postgres_plan(link, arena, read, &plan, err));
    DatabaseRead bounded = *read;
    bounded.takes_nulls = false;
    Str cursor = sql_quote_name(arena, read->cursor_column);
    Str where =
        postgres_where(arena, &bounded, str_print(arena, STR_FMT " is not null", STR_ARG(cursor)));
    Str sql = str_print(arena,
                        "select " STR_FMT "::text from " STR_FMT STR_FMT " order by " STR_FMT
                        " desc limit 1",
                        STR_ARG(cursor), STR_ARG(plan.from), STR_ARG(where), STR_ARG(cursor));
    if (!postgres_rows(link, arena, sql, NULL, 0, &rows, err))
        return err_wrap(err, "the largest value of the cursor column " STR_FMT,
                        STR_ARG(read->cursor_column));
    *out = rows.row_count ? postgres_cell(&rows, 0, 0) : STR_NONE;
    return true;
}
