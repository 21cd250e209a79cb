/* mysql_plan.c: what a read comes down to: columns and keys from the catalogue, types from the
 * statement's own description, the cursor's condition. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/mysql_base.h"

/* A row of relation.sql. */
typedef struct CatalogueColumn {
    Str name, data_type, column_type;
    bool is_required, is_invisible;
    int64_t key_place;           /* 0: no part of the primary key                                */
} CatalogueColumn;

typedef struct Catalogue {
    CatalogueColumn *columns;
    uint32_t count;
    Str schema, table;
    bool is_innodb;              /* its snapshots hold                                           */
    int64_t rows_estimated;
} Catalogue;

/* ---- the catalogue ---- */

static bool fail_missing(MysqlLink *link, Arena *arena, const Catalogue *catalogue, Err *err)
{
    DatabaseTables tables;
    TRY(mysql_tables_of(link, arena, catalogue->schema, &tables, err));
    return err_set(err, ERR_DATABASE, NOWHERE,
                   STR_FMT ": there is no table " STR_FMT "." STR_FMT " that the user may read"
                   STR_FMT, STR_ARG(link->mysql->where), STR_ARG(catalogue->schema),
                   STR_ARG(catalogue->table),
                   STR_ARG(database_nearest_table(arena, catalogue->table, &tables)));
}

static bool load_catalogue(MysqlLink *link, Arena *arena, const DatabaseRead *read, Catalogue *out,
                           Err *err)
{
    enum { NAME, DATA_TYPE, COLUMN_TYPE, IS_REQUIRED, EXTRA, KEY_PLACE, ENGINE, ROWS };
    Result rows;
    *out = (Catalogue){.schema = read->schema, .table = read->table, .rows_estimated = -1};
    if (!out->schema.len)
        out->schema = str_of(link->mysql->database);
    if (!out->schema.len)
        return err_set(err, ERR_DATABASE, NOWHERE,
                       STR_FMT ": name the schema of table " STR_FMT
                       ", or a `database` in the connection",
                       STR_ARG(link->mysql->where), STR_ARG(out->table));
    TRY(mysql_ask(link, arena, "relation", out->schema, out->table, &rows, err));
    if (!rows.row_count)
        return fail_missing(link, arena, out, err);
    out->count = (uint32_t)rows.row_count;
    out->columns = NEW_N(arena, CatalogueColumn, out->count);
    out->is_innodb = str_eq_fold(mysql_cell(&rows, 0, ENGINE), STR("InnoDB"));
    if (!str_to_int(mysql_cell(&rows, 0, ROWS), &out->rows_estimated))
        out->rows_estimated = -1;
    for (uint32_t i = 0; i < out->count; i++) {
        CatalogueColumn *column = &out->columns[i];
        *column = (CatalogueColumn){
            .name = mysql_cell(&rows, i, NAME),
            .data_type = str_lower(arena, mysql_cell(&rows, i, DATA_TYPE)),
            .column_type = mysql_cell(&rows, i, COLUMN_TYPE),
            .is_required = str_is(mysql_cell(&rows, i, IS_REQUIRED), "1"),
            .is_invisible = str_find(str_upper(arena, mysql_cell(&rows, i, EXTRA)),
                                     STR("INVISIBLE")) >= 0,
        };
        if (!str_to_int(mysql_cell(&rows, i, KEY_PLACE), &column->key_place))
            column->key_place = 0;
    }
    return true;
}

static const CatalogueColumn *find_column(const Catalogue *catalogue, Str name)
{
    for (uint32_t i = 0; i < catalogue->count; i++)
        if (str_eq_fold(catalogue->columns[i].name, name))
            return &catalogue->columns[i];
    return NULL;
}

static bool get_column(const Catalogue *catalogue, Arena *arena, Str name,
                       const CatalogueColumn **out, Err *err)
{
    *out = find_column(catalogue, name);
    if (*out)
        return true;
    Str *names = NEW_N(arena, Str, catalogue->count);
    for (uint32_t i = 0; i < catalogue->count; i++)
        names[i] = catalogue->columns[i].name;
    return err_set(err, ERR_DATABASE, NOWHERE, "table " STR_FMT " has no column " STR_FMT STR_FMT,
                   STR_ARG(catalogue->table), STR_ARG(name),
                   STR_ARG(database_nearest(arena, name, names, catalogue->count)));
}

static bool is_geometry(Str data_type)
{
    static const char *const names[] = {
        "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring",
        "multipolygon", "geometrycollection", "geomcollection",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(data_type, names[i]))
            return true;
    return false;
}

static bool is_integer(Str data_type)
{
    static const char *const names[] = {"tinyint", "smallint", "mediumint", "int", "bigint"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(data_type, names[i]))
            return true;
    return false;
}

static MysqlColumn column_of(Arena *arena, const CatalogueColumn *from)
{
    Str quoted = mysql_quote_name(arena, from->name);
    MysqlColumn column = {.name = from->name, .source_type = from->column_type,
                          .expression = quoted};
    column.natural.is_required = from->is_required;
    if (is_geometry(from->data_type))
        column.expression = str_print(arena, "st_asbinary(" STR_FMT ")", STR_ARG(quoted));
    return column;
}

static bool choose_columns(const Catalogue *catalogue, Arena *arena, const DatabaseRead *read,
                           MysqlPlan *plan, Err *err)
{
    uint32_t most = read->column_count ? read->column_count : catalogue->count;
    plan->columns = NEW_N(arena, MysqlColumn, most);
    for (uint32_t i = 0; i < most; i++) {
        const CatalogueColumn *column = &catalogue->columns[read->column_count ? 0 : i];
        if (read->column_count)
            TRY(get_column(catalogue, arena, read->columns[i], &column, err));
        else if (column->is_invisible)
            continue;
        plan->columns[plan->count++] = column_of(arena, column);
    }
    return true;
}

static void choose_keys(const Catalogue *catalogue, MysqlPlan *plan)
{
    const CatalogueColumn *first = NULL;
    bool has_more = true;
    for (int64_t place = 1; has_more; place++) {
        has_more = false;
        for (uint32_t i = 0; i < catalogue->count; i++)
            if (catalogue->columns[i].key_place == place) {
                array_add(plan->primary_key.list, value_text(catalogue->columns[i].name));
                first = place == 1 ? &catalogue->columns[i] : first;
                has_more = true;
            }
    }
    for (uint32_t i = 0; first && i < plan->count; i++)
        if (str_eq(plan->columns[i].name, first->name))
            plan->key = i;
}

static bool choose_split(const Catalogue *catalogue, Arena *arena, const DatabaseRead *read,
                         MysqlPlan *plan, Err *err)
{
    Value first = plan->primary_key.list->len ? plan->primary_key.list->at[0] : NONE;
    Str name = read->split_column.len ? read->split_column : value_str(first);
    const CatalogueColumn *column;
    if (!name.len)
        return true;
    TRY(get_column(catalogue, arena, name, &column, err));
    if (is_integer(column->data_type) && catalogue->is_innodb) {
        plan->split = mysql_quote_name(arena, column->name);
        plan->split_takes_nulls = !column->is_required;
    }
    return true;
}

/* ---- types, from the statement's description ---- */

/* Prepares `sql` and maps its columns; names are taken where they are not known yet. */
static bool map_fields(MysqlLink *link, Arena *arena, MYSQL_STMT *statement, MysqlColumn **columns,
                       uint32_t *count, Err *err)
{
    const Libmariadb *lib = link->mysql->lib;
    const MYSQL_FIELD *fields = lib->mariadb_stmt_fetch_fields(statement);
    uint32_t found = lib->mysql_stmt_field_count(statement);
    if (lib->mysql_stmt_param_count(statement))
        return err_set(err, ERR_RUNTIME, NOWHERE, "the query has a parameter (?) in it");
    if (!found)
        return err_set(err, ERR_RUNTIME, NOWHERE, "the query gives no rows: it must be a select");
    bool is_new = !*columns;
    if (is_new) {
        *columns = NEW_N(arena, MysqlColumn, found);
        *count = found;
    }
    if (found != *count)
        return err_set(err, ERR_DATABASE, NOWHERE, "%u columns came, %u were asked for", found,
                       *count);
    for (uint32_t i = 0; i < found; i++) {
        MysqlColumn *column = &(*columns)[i];
        if (is_new) {
            column->name = str_copy(arena, (Str){fields[i].name, fields[i].name_length});
            column->expression = mysql_quote_name(arena, column->name);
        }
        TRY(mysql_map_type(link->mysql->lib, arena, &fields[i], column, err));
    }
    return true;
}

static bool describe_sql(MysqlLink *link, Arena *arena, Str sql, MysqlColumn **columns,
                         uint32_t *count, Err *err)
{
    const Libmariadb *lib = link->mysql->lib;
    TRY(mysql_begin(link, err));
    MYSQL_STMT *statement = lib->mysql_stmt_init(link->handle);
    assert(statement);
    bool ok = lib->mysql_stmt_prepare(statement, sql.at, sql.len) == 0;
    ok = ok ? map_fields(link, arena, statement, columns, count, err)
            : mysql_fail(link, statement, err);
    lib->mysql_stmt_close(statement);
    mysql_end(link);
    return ok;
}

static Str list_of(Arena *arena, const MysqlColumn *columns, uint32_t count)
{
    AUTO(text) Text out = {0};
    for (uint32_t i = 0; i < count; i++)
        text_print(&out, "%s" STR_FMT " as " STR_FMT, i ? ", " : "", STR_ARG(columns[i].expression),
                   STR_ARG(mysql_quote_name(arena, columns[i].name)));
    return text_copy(arena, &out);
}

static bool plan_table(MysqlLink *link, Arena *arena, const DatabaseRead *read, MysqlPlan *plan,
                       Err *err)
{
    Catalogue catalogue;
    TRY(load_catalogue(link, arena, read, &catalogue, err));
    plan->rows_estimated = catalogue.rows_estimated;
    plan->relation = str_print(arena, STR_FMT "." STR_FMT,
                               STR_ARG(mysql_quote_name(arena, catalogue.schema)),
                               STR_ARG(mysql_quote_name(arena, catalogue.table)));
    plan->from = plan->relation;
    TRY(choose_columns(&catalogue, arena, read, plan, err));
    choose_keys(&catalogue, plan);
    TRY(choose_split(&catalogue, arena, read, plan, err));
    plan->list = list_of(arena, plan->columns, plan->count);
    TRY(describe_sql(link, arena, mysql_select(arena, plan, plan->list, STR_NONE), &plan->columns,
                     &plan->count, err));
    if (!read->cursor_column.len)
        return true;
    const CatalogueColumn *cursor;
    TRY(get_column(&catalogue, arena, read->cursor_column, &cursor, err));
    plan->cursor = column_of(arena, cursor);
    MysqlColumn *one = &plan->cursor;
    uint32_t count = 1;
    return describe_sql(link, arena, mysql_select(arena, plan, list_of(arena, one, 1), STR_NONE),
                        &one, &count, err);
}

/* ---- queries ---- */

static bool find_among(Arena *arena, const MysqlColumn *columns, uint32_t count, Str name,
                       uint32_t *out, Err *err)
{
    Str *names = NEW_N(arena, Str, count);
    for (*out = 0; *out < count; ++*out) {
        names[*out] = columns[*out].name;
        if (str_eq_fold(columns[*out].name, name))
            return true;
    }
    return err_set(err, ERR_DATABASE, NOWHERE, "the query has no column " STR_FMT STR_FMT,
                   STR_ARG(name), STR_ARG(database_nearest(arena, name, names, count)));
}

static bool plan_query(MysqlLink *link, Arena *arena, const DatabaseRead *read, MysqlPlan *plan,
                       Err *err)
{
    Str query = str_trim(read->query);
    while (str_ends(query, STR(";")))
        query = str_trim(str_slice(query, 0, query.len - 1));
    MysqlColumn *all = NULL;
    uint32_t count = 0, number;
    TRY(describe_sql(link, arena, query, &all, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        TRY(find_among(arena, all, count, all[i].name, &number, err));
        if (number != i)
            return err_set(err, ERR_DATABASE, NOWHERE,
                           "the query has two columns " STR_FMT ": name one of them differently",
                           STR_ARG(all[i].name));
    }
    plan->columns = all;
    plan->count = count;
    plan->from = str_print(arena, "(" STR_FMT "\n) as weir_rows", STR_ARG(query));
    if (read->column_count) {
        plan->count = read->column_count;
        plan->columns = NEW_N(arena, MysqlColumn, plan->count);
        for (uint32_t i = 0; i < plan->count; i++) {
            TRY(find_among(arena, all, count, read->columns[i], &number, err));
            plan->columns[i] = all[number];
        }
    } else if (!read->cursor_column.len) {
        plan->query = query;
    }
    plan->list = list_of(arena, plan->columns, plan->count);
    if (!read->cursor_column.len)
        return true;
    TRY(find_among(arena, all, count, read->cursor_column, &number, err));
    plan->cursor = all[number];
    return true;
}

/* ---- the cursor ---- */

static bool literal_time(Arena *arena, Str text, Str *out)
{
    int64_t us;
    if (!mysql_parse_timestamp(text, &us))
        return false;
    Civil at = civil_of_us(us);
    *out = str_print(arena, "'%04d-%02u-%02u %02u:%02u:%02u.%06u'", (int)at.year, at.month, at.day,
                     at.hour, at.minute, at.second, at.microsecond);
    return true;
}

static bool is_made_of(Str text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++)
        if (!text.at[i] || !strchr(allowed, text.at[i]))
            return false;
    return text.len > 0;
}

static bool literal_number(Arena *arena, const MysqlColumn *column, Str text, Str *out)
{
    bool is_real = column->wire == MYSQL_WIRE_FLOAT || column->wire == MYSQL_WIRE_DOUBLE;
    char *end;
    if (!is_made_of(text, is_real ? "0123456789+-.eE" : "0123456789+-."))
        return false;
    const char *c = str_c(arena, text);
    double real = strtod(c, &end);
    bool has_exponent = str_find_char(text, 'e') >= 0 || str_find_char(text, 'E') >= 0;
    *out = str_print(arena, "%s%s", c, is_real && !has_exponent ? "e0" : "");
    return *end == '\0' && isfinite(real);
}

static Str literal_bytes(Arena *arena, Str text)
{
    Str hex = str_starts(text, STR("0x")) ? str_slice(text, 2, text.len) : STR_NONE;
    if (hex.len % 2 == 0 && is_made_of(hex, "0123456789abcdefABCDEF"))
        return str_print(arena, "X'" STR_FMT "'", STR_ARG(hex));
    Str quoted = mysql_quote_text(arena, text);
    return str_slice(quoted, strlen("_utf8mb4 "), quoted.len);
}

bool mysql_literal(Arena *arena, const MysqlColumn *column, Str text, Str *out, Err *err)
{
    bool ok = true;
    text = str_trim(text);
    switch (column->natural.type) {
    case ARROW_DATE: case ARROW_TIMESTAMP: case ARROW_TIMESTAMP_TZ:
        ok = literal_time(arena, text, out);
        break;
    case ARROW_INTERVAL:
        ok = is_made_of(text, "0123456789:.-");
        *out = str_print(arena, "'" STR_FMT "'", STR_ARG(text));
        break;
    case ARROW_TEXT: case ARROW_JSON: case ARROW_UUID:
        *out = mysql_quote_text(arena, text);
        break;
    case ARROW_BINARY:
        *out = literal_bytes(arena, text);
        break;
    default:
        ok = literal_number(arena, column, text, out);
    }
    return ok || err_set(err, ERR_RUNTIME, NOWHERE,
                         "\"" STR_FMT "\" is no value of the cursor " STR_FMT " (" STR_FMT ")",
                         STR_ARG(text), STR_ARG(column->name), STR_ARG(column->source_type));
}

/* "c >= 7 and c < 9", or with what has no cursor. */
static bool make_condition(Arena *arena, const DatabaseRead *read, MysqlPlan *plan, Err *err)
{
    AUTO(text) Text out = {0};
    Str name = plan->cursor.expression, literal;
    if (!name.len)
        return true;
    if (read->from.at) {
        TRY(mysql_literal(arena, &plan->cursor, read->from, &literal, err));
        text_print(&out, STR_FMT " >= " STR_FMT, STR_ARG(name), STR_ARG(literal));
    }
    if (read->to.at) {
        TRY(mysql_literal(arena, &plan->cursor, read->to, &literal, err));
        text_print(&out, "%s" STR_FMT " < " STR_FMT, out.len ? " and " : "", STR_ARG(name),
                   STR_ARG(literal));
    }
    if (out.len && read->takes_nulls)
        plan->condition = str_print(arena, "(" STR_FMT " or " STR_FMT " is null)",
                                    STR_ARG(text_str(&out)), STR_ARG(name));
    else if (!out.len && !read->takes_nulls)
        plan->condition = str_print(arena, STR_FMT " is not null", STR_ARG(name));
    else
        plan->condition = text_copy(arena, &out);
    return true;
}

/* ---- the door ---- */

Str mysql_select(Arena *arena, const MysqlPlan *plan, Str list, Str extra)
{
    bool has_both = plan->condition.len && extra.len;
    if (plan->query.len && list.at == plan->list.at && !extra.len)
        return plan->query;
    return str_print(arena, "select " STR_FMT " from " STR_FMT "%s" STR_FMT "%s" STR_FMT,
                     STR_ARG(list), STR_ARG(plan->from),
                     plan->condition.len || extra.len ? " where " : "", STR_ARG(plan->condition),
                     has_both ? " and " : "", STR_ARG(extra));
}

bool mysql_plan(MysqlLink *link, Arena *arena, const DatabaseRead *read, MysqlPlan *out, Err *err)
{
    *out = (MysqlPlan){.primary_key = value_list(arena), .key = UINT32_MAX, .rows_estimated = -1};
    if (read->query.len)
        TRY(plan_query(link, arena, read, out, err));
    else
        TRY(plan_table(link, arena, read, out, err));
    TRY(make_condition(arena, read, out, err));
    out->schema = (Schema){NEW_N(arena, Field, out->count), out->count};
    for (uint32_t i = 0; i < out->count; i++) {
        TRY(mysql_apply_hints(link->mysql, arena, read->hints, &out->columns[i], err));
        out->schema.fields[i] = out->columns[i].field;
    }
    return true;
}
