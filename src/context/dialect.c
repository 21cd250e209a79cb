/* dialect.c: what is known of each adapter as data: one row an adapter. */
#include "context/context.h"
#include "context/objects.h"

static const Dialect dialects[] = {
    {
        .type = STR_INIT("duckdb"),
        .package = STR_INIT("dbt_duckdb"),
        .version = STR_INIT("1.11.1"),
        .relation_class = "DuckDBRelation",
        .column_class = "DuckDBColumn",
        .binding = STR_INIT("?"),
        .ignores_case = true,
        .has_structs = true,
        .has_concurrent_batches = true,
    },
    {
        .type = STR_INIT("postgres"),
        .package = STR_INIT("dbt_postgres"),
        .version = STR_INIT("1.11.0"),
        .relation_class = "PostgresRelation",
        .column_class = "PostgresColumn",
        .binding = STR_INIT("%s"),
        .identifier_limit = 63,
        .limits_need_alias = true,
        .keeps_text_types = true,
        .has_one_database = true,
        .has_dependents = true,
        .has_implicit_transactions = true,
        .tells_rows = true,
        .tells_database_errors = true,
        .lists_are_json = true,
        .copies_rows = true,
        .has_text_lengths = true,
        .has_index_types = true,
    },
};

/* Set by the profile before anything is parsed, read ever after. */
static const Dialect *current = &dialects[0];

const Dialect *dialect_find(Str type)
{
    for (uint32_t i = 0; i < COUNT_OF(dialects); i++)
        if (str_eq(dialects[i].type, type))
            return &dialects[i];
    return NULL;
}

const Dialect *dialect_at(uint32_t number)
{
    return number < COUNT_OF(dialects) ? &dialects[number] : NULL;
}

void dialect_use(const Dialect *dialect)
{
    assert(dialect);
    current = dialect;
    relation_type.name = dialect->relation_class;
    column_type.name = dialect->column_class;
}

const Dialect *dialect_now(void)
{
    return current;
}
