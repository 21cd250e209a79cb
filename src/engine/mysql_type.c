/* mysql_type.c: the types of MySQL and MariaDB and what becomes of them.
 *
 *   tinyint .. bigint [unsigned]  INT8 .. INT64, UINT8 .. UINT64 (mediumint 32 bits); tinyint(1)
 * INT8 year                          INT16 bit(n)                        UINT64 decimal(p,s)
 * DECIMAL up to 38 digits, TEXT of all digits above float, double                 FLOAT, DOUBLE
 *   date, datetime, timestamp     DATE, TIMESTAMP, TIMESTAMP_TZ
 *   time                          INTERVAL: it reaches from -838 to 838 hours
 *   char .. longtext, enum, set   TEXT; JSON where the server says that it is; MariaDB's uuid UUID
 *   binary .. longblob            BINARY
 *   geometry                      BINARY, as WKB (mysql_plan.c selects it so)
 */
#include "engine/mysql_base.h"

enum { CHARSET_BINARY = 63 };

/* ---- from the metadata ---- */

/* MariaDB tells of json, uuid, inet6 beside the type of the wire. */
static bool has_attribute(const Libmariadb *lib, const MYSQL_FIELD *field,
                          enum mariadb_field_attr_t kind, const char *word)
{
    MARIADB_CONST_STRING name = {0};
    return lib->mariadb_field_attr(&name, field, kind) == 0 && name.str &&
           str_is((Str){name.str, name.length}, word);
}

static void map_integer(const MYSQL_FIELD *field, MysqlColumn *column, const char **word)
{
    static const struct {
        enum enum_field_types type;
        const char *word;
        MysqlWire signed_wire, unsigned_wire;
        TypeId signed_id, unsigned_id;
    } rows[] = {
        {MYSQL_TYPE_TINY, "tinyint", MYSQL_WIRE_INT8, MYSQL_WIRE_UINT8, ARROW_INT8, ARROW_UINT8},
        {MYSQL_TYPE_SHORT, "smallint", MYSQL_WIRE_INT16, MYSQL_WIRE_UINT16, ARROW_INT16,
         ARROW_UINT16},
        {MYSQL_TYPE_INT24, "mediumint", MYSQL_WIRE_INT32, MYSQL_WIRE_UINT32, ARROW_INT32,
         ARROW_UINT32},
        {MYSQL_TYPE_LONG, "int", MYSQL_WIRE_INT32, MYSQL_WIRE_UINT32, ARROW_INT32, ARROW_UINT32},
        {MYSQL_TYPE_LONGLONG, "bigint", MYSQL_WIRE_INT64, MYSQL_WIRE_UINT64, ARROW_INT64,
         ARROW_UINT64},
        {MYSQL_TYPE_YEAR, "year", MYSQL_WIRE_UINT16, MYSQL_WIRE_UINT16, ARROW_INT16, ARROW_INT16},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].type == field->type) {
            bool is_unsigned = field->flags & UNSIGNED_FLAG;
            *word = rows[i].word;
            column->wire = is_unsigned ? rows[i].unsigned_wire : rows[i].signed_wire;
            column->natural.type = is_unsigned ? rows[i].unsigned_id : rows[i].signed_id;
        }
}

static void map_decimal(Arena *arena, const MYSQL_FIELD *field, MysqlColumn *column)
{
    enum { PRECISION_MOST = 38 };
    unsigned scale = field->decimals;
    unsigned others = (scale ? 1 : 0) + (field->flags & UNSIGNED_FLAG ? 0 : 1);
    unsigned precision = field->length > others ? (unsigned)field->length - others : 1;
    precision = precision < scale ? scale : precision;
    bool fits = precision <= PRECISION_MOST;
    column->wire = fits ? MYSQL_WIRE_DECIMAL : MYSQL_WIRE_TEXT;
    column->natural.type = fits ? ARROW_DECIMAL : ARROW_TEXT;
    column->natural.precision = fits ? (uint8_t)precision : 0;
    column->natural.scale = fits ? (uint8_t)scale : 0;
    if (!column->source_type.len)
        column->source_type = str_print(arena, "decimal(%u,%u)%s", precision, scale,
                                        field->flags & UNSIGNED_FLAG ? " unsigned" : "");
}

static void map_string(const Libmariadb *lib, const MYSQL_FIELD *field, MysqlColumn *column,
                       const char **word)
{
    bool is_json = field->type == MYSQL_TYPE_JSON ||
                   has_attribute(lib, field, MARIADB_FIELD_ATTR_FORMAT_NAME, "json");
    bool is_uuid = has_attribute(lib, field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME, "uuid");
    bool is_bytes = field->charsetnr == CHARSET_BINARY && !is_json && !is_uuid &&
                    field->type != MYSQL_TYPE_NULL;
    bool is_blob = field->flags & BLOB_FLAG;
    column->wire = is_bytes ? MYSQL_WIRE_BYTES : MYSQL_WIRE_TEXT;
    column->natural.type = is_json    ? ARROW_JSON
                           : is_uuid  ? ARROW_UUID
                           : is_bytes ? ARROW_BINARY
                                      : ARROW_TEXT;
    *word = is_json                        ? "json"
            : is_uuid                      ? "uuid"
            : field->flags & ENUM_FLAG     ? "enum"
            : field->flags & SET_FLAG      ? "set"
            : is_bytes                     ? (is_blob ? "blob" : "varbinary")
            : is_blob                      ? "text"
            : field->type == MYSQL_TYPE_STRING ? "char"
                                               : "varchar";
}

bool mysql_map_type(const Libmariadb *lib, Arena *arena, const MYSQL_FIELD *field,
                    MysqlColumn *column, Err *err)
{
    static const struct {
        enum enum_field_types type;
        const char *word;
        MysqlWire wire;
        TypeId id;
    } rows[] = {
        {MYSQL_TYPE_FLOAT, "float", MYSQL_WIRE_FLOAT, ARROW_FLOAT},
        {MYSQL_TYPE_DOUBLE, "double", MYSQL_WIRE_DOUBLE, ARROW_DOUBLE},
        {MYSQL_TYPE_DATE, "date", MYSQL_WIRE_DATE, ARROW_DATE},
        {MYSQL_TYPE_NEWDATE, "date", MYSQL_WIRE_DATE, ARROW_DATE},
        {MYSQL_TYPE_DATETIME, "datetime", MYSQL_WIRE_DATETIME, ARROW_TIMESTAMP},
        {MYSQL_TYPE_TIMESTAMP, "timestamp", MYSQL_WIRE_DATETIME, ARROW_TIMESTAMP_TZ},
        {MYSQL_TYPE_TIME, "time", MYSQL_WIRE_TIME, ARROW_INTERVAL},
        {MYSQL_TYPE_BIT, "bit", MYSQL_WIRE_BIT, ARROW_UINT64},
    };
    const char *word = NULL;
    column->natural = (Field){.name = column->name, .is_required = column->natural.is_required};
    map_integer(field, column, &word);
    for (size_t i = 0; i < COUNT_OF(rows) && !word; i++)
        if (rows[i].type == field->type) {
            word = rows[i].word;
            column->wire = rows[i].wire;
            column->natural.type = rows[i].id;
        }
    if (field->type == MYSQL_TYPE_DECIMAL || field->type == MYSQL_TYPE_NEWDECIMAL)
        map_decimal(arena, field, column);
    else if (field->type == MYSQL_TYPE_GEOMETRY)
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "column " STR_FMT
                       " of the query is a geometry: select st_asbinary(...) of it",
                       STR_ARG(column->name));
    else if (!word)
        map_string(lib, field, column, &word);
    if (!column->source_type.len) {
        bool is_unsigned = column->wire == MYSQL_WIRE_UINT8 || column->wire == MYSQL_WIRE_UINT16 ||
                           column->wire == MYSQL_WIRE_UINT32 || column->wire == MYSQL_WIRE_UINT64;
        column->source_type = str_print(
            arena, "%s%s", word, is_unsigned && field->type != MYSQL_TYPE_YEAR ? " unsigned" : "");
    }
    return true;
}

/* ---- hints ---- */

/* {zero_dates: null} of a column: YAML's null, or the word. */
static bool hint_nulls(Value hints, Str name, bool otherwise)
{
    Value key, value;
    for (uint32_t at = 0; value_is_dict(hints) && dict_next(hints.dict, &at, &key, &value);) {
        Value *word = str_eq_fold(value_str(key), name) && value_is_dict(value)
                          ? dict_find(value.dict, STR("zero_dates"))
                          : NULL;
        if (word)
            return value_is_none(*word) || str_eq_fold(value_str(*word), STR("null"));
    }
    return otherwise;
}

bool mysql_apply_hints(const Mysql *mysql, Arena *arena, Value hints, MysqlColumn *column,
                       Err *err)
{
    bool is_hinted;
    Field hinted = {0};
    TRY(database_hint(arena, hints, column->name, &is_hinted, &hinted, err));
    column->field = is_hinted ? hinted : column->natural;
    column->field.name = column->name;
    column->field.is_required = column->natural.is_required;
    if (is_hinted && (hinted.type == ARROW_LIST || hinted.type == ARROW_STRUCT ||
                      hinted.type == ARROW_NULL))
        return err_set(err, ERR_RUNTIME, NOWHERE,
                       "column " STR_FMT " (" STR_FMT ") cannot become a list or a struct here: "
                       "read it as it is and convert it in a model",
                       STR_ARG(column->name), STR_ARG(column->source_type));
    column->nulls_zero_dates = hint_nulls(hints, column->name, mysql->nulls_zero_dates);
    if (column->nulls_zero_dates &&
        (column->wire == MYSQL_WIRE_DATE || column->wire == MYSQL_WIRE_DATETIME))
        column->field.is_required = false;
    return true;
}
