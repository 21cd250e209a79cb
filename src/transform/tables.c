/* tables.c: results of queries and seed files as agate tables. */
#include <math.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/event.h"
#include "base/file.h"
#include "base/json.h"
#include "transform/run.h"

/* ---- texts that are dates and times ---- */

static bool digits(Str s, size_t *at, unsigned fewest, unsigned most, unsigned *out)
{
    unsigned count = 0, number = 0;
    while (*at < s.len && count < most && s.at[*at] >= '0' && s.at[*at] <= '9') {
        number = number * 10 + (unsigned)(s.at[(*at)++] - '0');
        count++;
    }
    *out = number;
    return count >= fewest;
}

static bool passes(Str s, size_t *at, char c)
{
    if (*at >= s.len || s.at[*at] != c)
        return false;
    (*at)++;
    return true;
}

static bool date_at(Str s, size_t *at, unsigned fewest, Civil *civil)
{
    static const unsigned char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year;
    if (!digits(s, at, 4, 4, &year) || !passes(s, at, '-') ||
        !digits(s, at, fewest, 2, &civil->month) || !passes(s, at, '-') ||
        !digits(s, at, fewest, 2, &civil->day))
        return false;
    civil->year = year;
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1 || civil->month < 1 || civil->month > 12 || civil->day < 1)
        return false;
    return civil->day <= lengths[civil->month - 1] &&
           (civil->month != 2 || civil->day < 29 || is_leap);
}

static bool time_at(Str s, size_t *at, unsigned fewest, Civil *civil)
{
    if (!digits(s, at, fewest, 2, &civil->hour) || !passes(s, at, ':') ||
        !digits(s, at, fewest, 2, &civil->minute) || !passes(s, at, ':') ||
        !digits(s, at, fewest, 2, &civil->second))
        return false;
    return civil->hour < 24 && civil->minute < 60 && civil->second < 60;
}

/* ".5" as microseconds; nothing there is fine. */
static bool fraction_at(Str s, size_t *at, Civil *civil)
{
    if (!passes(s, at, '.'))
        return true;
    unsigned scale = 100000, count = 0;
    while (*at < s.len && s.at[*at] >= '0' && s.at[*at] <= '9') {
        civil->microsecond += (unsigned)(s.at[(*at)++] - '0') * scale;
        scale /= 10;
        count++;
    }
    return count > 0;
}

/* ---- results ---- */

static const char *agate_type(ColumnKind kind)
{
    switch (kind) {
    case COLUMN_BOOL: return "Boolean";
    case COLUMN_INT: return "Integer";
    case COLUMN_FLOAT:
    case COLUMN_DECIMAL: return "Number";
    case COLUMN_DATE: return "Date";
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMP_TZ: return "DateTime";
    default: return "Text";
    }
}

/* An element of an array: numbers and truth values as they are, all else quoted. */
static void print_element(Str text, Str type, bool is_quoted, Text *out)
{
    static const char *const numbers[] = {"smallint", "integer", "bigint", "real",
                                          "double precision", "numeric"};
    bool is_number = false;
    for (uint32_t i = 0; i < COUNT_OF(numbers); i++)
        is_number |= str_starts(type, str_of(numbers[i]));
    if (!is_quoted && str_is(text, "NULL"))
        text_add_c(out, "null");
    else if (str_is(type, "boolean"))
        text_add_c(out, str_is(text, "t") ? "true" : "false");
    else if (is_number)
        text_add(out, text);
    else
        json_print_text(text, false, out);
}

/* Postgres' "{1,NULL,\"a b\"}" as what dbt makes of a list, which is JSON; as it is where it is no
 * array. */
static Value array_value(Arena *arena, Str text, Str type)
{
    AUTO(text) Text out = {0}, element = {0};
    type = str_slice(type, 0, (size_t)str_find(type, STR("[]")));
    bool is_quoted = false, was_quoted = false, has_element = false;
    if (!text.len || text.at[0] != '{')
        return value_text(text);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool is_end = !is_quoted && (c == ',' || c == '}');
        if (is_quoted && c == '\\' && i + 1 < text.len) {
            text_add_char(&element, text.at[++i]);
        } else if (c == '"') {
            is_quoted = !is_quoted;
            was_quoted = has_element = true;
        } else if (!is_quoted && c == '{') {
            text_add_char(&out, '[');
        } else if (is_end) {
            if (has_element)
                print_element(text_str(&element), type, was_quoted, &out);
            text_add_c(&out, c == ',' ? ", " : "]");
            text_clear(&element);
            was_quoted = has_element = false;
        } else {
            text_add_char(&element, c);
            has_element = true;
        }
    }
    return value_text(text_copy(arena, &out));
}

/* Python's float is agate's Decimal; what has no digits stays a float. */
static Value float_value(Arena *arena, double number)
{
    AUTO(text) Text text = {0};
    float_print(number, &text);
    return isfinite(number) ? jinja_decimal(arena, text_str(&text)) : value_float(number);
}

/* A cell in the form that templates see: dates as dates, decimals as Decimals. What Python cannot
 * hold (infinity, years beyond 9999) stays text. */
static Value cell_value(Arena *arena, Value cell, const ResultColumn *column)
{
    ColumnKind kind = column->kind;
    if (kind == COLUMN_FLOAT && cell.kind == VALUE_FLOAT)
        return float_value(arena, cell.real);
    if (cell.kind != VALUE_TEXT)
        return cell;
    Str text = value_str(cell);
    Civil civil = {0};
    size_t at = 0;
    if (kind == COLUMN_DECIMAL || kind == COLUMN_INT)
        return jinja_decimal(arena, text);
    if (kind == COLUMN_DATE && date_at(text, &at, 2, &civil) && at == text.len)
        return jinja_date(arena, days_of_civil(civil.year, civil.month, civil.day));
    bool has_zone = kind == COLUMN_TIMESTAMP_TZ;
    if ((kind == COLUMN_TIMESTAMP || has_zone) && date_at(text, &at, 2, &civil) &&
        passes(text, &at, ' ') && time_at(text, &at, 2, &civil) && fraction_at(text, &at, &civil) &&
        (at == text.len || has_zone))
        return jinja_datetime(arena, us_of_civil(civil), has_zone);
    if (kind == COLUMN_OTHER && dialect_now()->lists_are_json && str_ends(column->type, STR("[]")))
        return array_value(arena, text, column->type);
    return cell;
}

/* A name that was there before gets a number: a, a_2, a_3. */
static Str column_label(Arena *arena, Dict *seen, Str name)
{
    Value *count = dict_find(seen, name);
    if (!count) {
        dict_put(seen, name, value_int(1));
        return name;
    }
    count->number++;
    return str_print(arena, STR_FMT "_%lld", STR_ARG(name), (long long)count->number);
}

Value run_result_table(Arena *arena, const Result *result)
{
    uint32_t columns = result->column_count;
    Str *names = NEW_N(arena, Str, columns + 1), *types = NEW_N(arena, Str, columns + 1);
    Dict *seen = dict_make(arena, columns);
    for (uint32_t i = 0; i < columns; i++) {
        names[i] = column_label(arena, seen, result->columns[i].name);
        types[i] = str_of(agate_type(result->columns[i].kind));
    }
    uint64_t count = result->row_count * columns;
    for (uint64_t i = 0; i < count; i++)
        result->cells[i] = cell_value(arena, result->cells[i], &result->columns[i % columns]);
    return table_make(arena, names, types, columns, result->cells, result->row_count);
}

/* ---- seeds: types as agate infers them, in this order ---- */

typedef enum SeedType { SEED_NUMBER, SEED_DATE, SEED_DATETIME, SEED_BOOLEAN, SEED_TEXT } SeedType;

static bool is_null(Str text)
{
    Str trimmed = str_trim(text);
    return !trimmed.len || str_eq_fold(trimmed, STR("null"));
}

static bool is_currency(Str s, size_t at, size_t *len)
{
    static const char *const signs[] = {"$", "\u00a3", "\u20ac", "\u00a5", "\u00a2", "\u20a9",
                                        "\u20b9", "\u20bd", "\u20ba", "\u20aa", "\u20ab"};
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (str_starts(str_slice(s, at, s.len), str_of(signs[i]))) {
            *len = strlen(signs[i]);
            return true;
        }
    return false;
}

/* The digits of a number as agate reads it: without sign of currency, per cent and groups. */
static Str number_text(Arena *arena, Str text)
{
    AUTO(text) Text out = {0};
    text = str_trim(text);
    bool is_negative = text.len && text.at[0] == '-';
    if (is_negative)
        text_add_char(&out, '-');
    size_t len;
    for (size_t at = is_negative; at < text.len; at++) {
        if (is_currency(text, at, &len))
            at += len - 1;
        else if (text.at[at] != ',' && text.at[at] != '%')
            text_add_char(&out, text.at[at]);
    }
    return text_copy(arena, &out);
}

/* [+-]digits[.digits][e[+-]digits], inf, nan: what Decimal() takes. */
static bool is_decimal(Str s)
{
    size_t at = 0, count = 0;
    if (at < s.len && (s.at[at] == '+' || s.at[at] == '-'))
        at++;
    Str rest = str_slice(s, at, s.len);
    if (str_eq_fold(rest, STR("inf")) || str_eq_fold(rest, STR("infinity")) ||
        str_eq_fold(rest, STR("nan")))
        return true;
    for (; at < s.len && ((s.at[at] >= '0' && s.at[at] <= '9') || s.at[at] == '_'); at++)
        count++;
    if (at < s.len && s.at[at] == '.')
        for (at++; at < s.len && s.at[at] >= '0' && s.at[at] <= '9'; at++)
            count++;
    if (!count)
        return false;
    if (at < s.len && (s.at[at] == 'e' || s.at[at] == 'E')) {
        at++;
        if (at < s.len && (s.at[at] == '+' || s.at[at] == '-'))
            at++;
        unsigned exponent;
        if (!digits(s, &at, 1, 9, &exponent))
            return false;
    }
    return at == s.len;
}

static bool is_iso_datetime(Str s, Civil *civil)
{
    size_t at = 0;
    *civil = (Civil){0};
    if (!date_at(s, &at, 2, civil) || !passes(s, &at, 'T') || !time_at(s, &at, 2, civil) ||
        !fraction_at(s, &at, civil))
        return false;
    unsigned hours, minutes = 0;
    if (passes(s, &at, 'Z') || at == s.len)
        return at == s.len;
    if (s.at[at] != '+' && s.at[at] != '-')
        return false;
    int sign = s.at[at++] == '+' ? -1 : 1;
    if (!digits(s, &at, 2, 2, &hours))
        return false;
    passes(s, &at, ':');
    if (at < s.len && !digits(s, &at, 2, 2, &minutes))
        return false;
    *civil = civil_of_us(us_of_civil(*civil) + sign * (int64_t)(hours * 60 + minutes) * 60000000);
    return at == s.len;
}

static bool fits(SeedType type, Str text, Arena *scratch)
{
    Civil civil = {0};
    size_t at = 0;
    Str s = str_trim(text);
    switch (type) {
    case SEED_NUMBER: return is_decimal(number_text(scratch, s));
    case SEED_DATE: return date_at(s, &at, 1, &civil) && at == s.len;
    case SEED_DATETIME:
        if (date_at(s, &at, 1, &civil) && passes(s, &at, ' ') && time_at(s, &at, 1, &civil) &&
            at == s.len)
            return true;
        return is_iso_datetime(s, &civil);
    case SEED_BOOLEAN: return str_eq_fold(s, STR("true")) || str_eq_fold(s, STR("false"));
    case SEED_TEXT: return true;
    }
    return false;
}

static Value seed_cell(SeedType type, Str text, Arena *arena)
{
    Civil civil = {0};
    size_t at = 0;
    if (is_null(text))
        return NONE;
    Str s = str_trim(text);
    switch (type) {
    case SEED_NUMBER: return jinja_decimal(arena, number_text(arena, s));
    case SEED_DATE:
        date_at(s, &at, 1, &civil);
        return jinja_date(arena, days_of_civil(civil.year, civil.month, civil.day));
    case SEED_DATETIME:
        if (!is_iso_datetime(s, &civil)) {
            civil = (Civil){0};
            date_at(s, &at, 1, &civil);
            passes(s, &at, ' ');
            time_at(s, &at, 1, &civil);
        }
        return jinja_datetime(arena, us_of_civil(civil), false);
    case SEED_BOOLEAN: return value_bool(str_eq_fold(s, STR("true")));
    case SEED_TEXT: return value_text(text);
    }
    return NONE;
}

/* Names of the header: empty ones become letters, doubled ones get a number, as agate does. */
static void name_columns(Arena *arena, const Str *header, Str *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        Str base = header[i].len ? header[i] : str_print(arena, "%c", (char)('a' + i % 26));
        names[i] = base;
        for (unsigned number = 2, is_taken = 1; is_taken; number++) {
            is_taken = 0;
            for (uint32_t j = 0; j < i; j++)
                is_taken |= str_eq(names[j], names[i]);
            if (is_taken)
                names[i] = str_print(arena, STR_FMT "_%u", STR_ARG(base), number);
        }
    }
}

typedef struct SeedRows {
    Str *names;
    uint32_t columns;
    List(Str *) rows;   /* of `columns` fields each */
} SeedRows;

static void warn_of(Err *err)
{
    AUTO(text) Text why = {0};
    err_print(err, &why);
    event_print(LEVEL_WARN, "SeedMalformed", "Z099", STR_FMT, STR_ARG(text_str(&why)));
    err_drop(err);
}

/* The fields of a last record whose quote is never closed: that field is all the rest. */
static Str *open_record(Arena *arena, Str record, char delimiter, uint32_t columns)
{
    Str *row = NEW_N(arena, Str, columns + 1);
    for (uint32_t i = 0; i < columns && record.at; i++) {
        if (record.len && record.at[0] == '"') {
            row[i] = str_slice(record, 1, record.len);
            break;
        }
        str_next_part(&record, delimiter, &row[i]);
    }
    return row;
}

static bool read_rows(Arena *arena, Str source, Str file, char delimiter, SeedRows *out, Err *err)
{
    CsvReader reader;
    csv_init(&reader, source, file, delimiter);
    Str *fields;
    uint32_t count;
    bool has_more = true, ok = csv_next(&reader, arena, &fields, &count, &has_more, err);
    if (ok && has_more) {
        out->columns = count;
        out->names = NEW_N(arena, Str, count + 1);
        name_columns(arena, fields, out->names, count);
    }
    while (ok && has_more) {
        size_t start = reader.at;
        ok = csv_next(&reader, arena, &fields, &count, &has_more, err);
        if (!ok && err->kind == ERR_PARSING) { /* an open quote: dbt goes on, and so does COPY */
            warn_of(err);
            list_add(arena, &out->rows,
                     open_record(arena, str_slice(source, start, source.len), delimiter,
                                 out->columns));
            ok = true;
            break;
        }
        if (!ok || !has_more)
            break;
        if (count > out->columns) {
            ok = err_set(err, ERR_RUNTIME, (Place){file, (int)reader.line, 0},
                         "Row has %u values, but Table only has %u columns.", count, out->columns);
            break;
        }
        Str *row = NEW_N(arena, Str, out->columns + 1);
        memcpy(row, fields, count * sizeof(Str));
        list_add(arena, &out->rows, row);
    }
    csv_drop(&reader);
    return ok;
}

static SeedType infer(const SeedRows *rows, uint32_t column, bool is_forced_text)
{
    if (is_forced_text)
        return SEED_TEXT;
    Arena scratch = {0};
    SeedType type = SEED_NUMBER;
    for (uint32_t r = 0; r < rows->rows.len && type != SEED_TEXT; r++) {
        Str cell = rows->rows.at[r][column];
        if (is_null(cell))
            continue;
        while (!fits(type, cell, &scratch)) {
            type++;
            for (uint32_t before = 0; before < r && type != SEED_TEXT; before++)
                while (!is_null(rows->rows.at[before][column]) &&
                       !fits(type, rows->rows.at[before][column], &scratch))
                    type++;
        }
        arena_reset(&scratch);
    }
    arena_drop(&scratch);
    return type;
}

/* agate's first candidate, Integer, fits only a column without any value. */
static bool is_all_null(const SeedRows *rows, uint32_t column)
{
    for (uint32_t r = 0; r < rows->rows.len; r++)
        if (!is_null(rows->rows.at[r][column]))
            return false;
    return true;
}

bool seed_table_load(Arena *arena, const Node *node, Str disk_path, uint64_t most_rows, Value *out,
                     Err *err)
{
    static const char *const type_names[] = {"Number", "Date", "DateTime", "Boolean", "Text"};
    Str source;
    TRY(file_read(arena, disk_path, &source, err));
    ptrdiff_t invalid = utf8_find_invalid(source);
    if (invalid >= 0)
        return err_set(err, ERR_RUNTIME,
                       place_at(node->original_file_path, source, (size_t)invalid),
                       "the seed is not UTF-8: byte 0x%02x cannot be read; save the file as UTF-8",
                       (unsigned char)source.at[invalid]);
    Str delimiter = value_get_text(node->config, "delimiter", STR(","));
    if (delimiter.len != 1)
        return err_set(err, ERR_COMPILATION, NOWHERE,
                       "\"delimiter\" must be a 1-character string, this is '" STR_FMT "'",
                       STR_ARG(delimiter));
    SeedRows rows = {0};
    TRY(read_rows(arena, source, node->original_file_path, delimiter.at[0], &rows, err));
    Value forced = value_get(node->config, "column_types");
    Str *types = NEW_N(arena, Str, rows.columns + 1);
    Value *cells = NEW_N(arena, Value, (size_t)rows.columns * rows.rows.len + 1);
    for (uint32_t c = 0; c < rows.columns; c++) {
        bool is_forced = !value_is_undefined(value_get_str(forced, rows.names[c]));
        SeedType type = infer(&rows, c, is_forced);
        types[c] = !is_forced && is_all_null(&rows, c) ? STR("Integer") : str_of(type_names[type]);
        for (uint32_t r = 0; r < rows.rows.len; r++)
            cells[(size_t)r * rows.columns + c] = seed_cell(type, rows.rows.at[r][c], arena);
    }
    *out = table_make(arena, rows.names, types, rows.columns, cells,
                      rows.rows.len < most_rows ? rows.rows.len : most_rows);
    return true;
}
