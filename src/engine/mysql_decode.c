/* mysql_decode.c: rows on the wire to columns. The hot path of reading: called once a value.
 *
 *   [0 | one bit a column: NULL | value value ...]     a row of the binary protocol; libmariadb
 * walks it
 *
 * Source: "Binary Protocol Resultset", MariaDB knowledge base. Every value is taken where it lies
 * in the receive buffer, the column's way having been chosen once for the read.
 */
#include "base/clock.h"
#include "engine/mysql_base.h"

enum {
    HOW_INT8, HOW_UINT8, HOW_INT16, HOW_UINT16, HOW_INT32, HOW_UINT32, HOW_INT64, HOW_UINT64,
    HOW_FLOAT, HOW_DOUBLE, HOW_DECIMAL, HOW_TEXT, HOW_BYTES, HOW_DATE, HOW_DATETIME,
    HOW_CONVERT,                 /* print and read again                                         */
    HOW_SKIP,                    /* the row is lost already                                      */
};

/* ---- choosing ---- */

static int how_of(const MysqlColumn *column)
{
    static const unsigned char hows[] = {
        [MYSQL_WIRE_INT8] = HOW_INT8,       [MYSQL_WIRE_UINT8] = HOW_UINT8,
        [MYSQL_WIRE_INT16] = HOW_INT16,     [MYSQL_WIRE_UINT16] = HOW_UINT16,
        [MYSQL_WIRE_INT32] = HOW_INT32,     [MYSQL_WIRE_UINT32] = HOW_UINT32,
        [MYSQL_WIRE_INT64] = HOW_INT64,     [MYSQL_WIRE_UINT64] = HOW_UINT64,
        [MYSQL_WIRE_FLOAT] = HOW_FLOAT,     [MYSQL_WIRE_DOUBLE] = HOW_DOUBLE,
        [MYSQL_WIRE_DECIMAL] = HOW_DECIMAL, [MYSQL_WIRE_TEXT] = HOW_TEXT,
        [MYSQL_WIRE_BYTES] = HOW_BYTES,     [MYSQL_WIRE_BIT] = HOW_CONVERT,
        [MYSQL_WIRE_DATE] = HOW_DATE,       [MYSQL_WIRE_DATETIME] = HOW_DATETIME,
        [MYSQL_WIRE_TIME] = HOW_CONVERT,
    };
    if (column->natural.type == ARROW_UUID || !field_same_type(&column->natural, &column->field))
        return HOW_CONVERT;
    return hows[column->wire];
}

void mysql_decoder_make(Arena *arena, const MysqlPlan *plan, Builder *builder, MysqlDecoder *out)
{
    *out = (MysqlDecoder){.cells = NEW_N(arena, MysqlCell, plan->count), .columns = plan->columns,
                          .count = plan->count, .key = plan->key};
    for (uint32_t i = 0; i < plan->count; i++)
        out->cells[i] = (MysqlCell){.how = how_of(&plan->columns[i]),
                                    .precision = plan->columns[i].field.precision,
                                    .scale = plan->columns[i].field.scale,
                                    .to = builder_column(builder, i),
                                    .column = &plan->columns[i]};
}

/* ---- pieces ---- */

/* The first fault of a row stands; its other values are walked over. */
static void fault(MysqlDecoder *decoder, unsigned column, const unsigned char *at, MysqlFault kind)
{
    decoder->fault = kind;
    decoder->bad = column;
    decoder->bad_at = at;
    for (uint32_t i = 0; i < decoder->count; i++)
        decoder->cells[i].how = HOW_SKIP;
}

/* A value with its length before it. */
static inline Str bytes_at(const unsigned char **at)
{
    const unsigned char *from = *at;
    uint32_t len = *from;
    if (len < 251) {
        *at = from + 1 + len;
        return (Str){(const char *)from + 1, len};
    }
    return mysql_wire_bytes(MYSQL_WIRE_BYTES, at);
}

static inline bool is_utf8(Str s)
{
    uint64_t seen = 0, word;
    size_t at = 0;
    for (; at + sizeof word <= s.len; at += sizeof word) {
        memcpy(&word, s.at + at, sizeof word);
        seen |= word;
    }
    if (s.len >= sizeof word) {
        memcpy(&word, s.at + s.len - sizeof word, sizeof word);
        seen |= word;
    } else {
        for (; at < s.len; at++)
            seen |= (unsigned char)s.at[at];
    }
    return !(seen & 0x8080808080808080u) || utf8_find_invalid(s) < 0;
}

/* "-123.45" with the column's own scale: up to 18 digits without a thought of overflow. */
static inline bool add_decimal(MysqlCell *cell, Str digits)
{
    enum { SAFE = 19 };          /* digits, sign or dot: less than 2^63 */
    size_t at = digits.len && digits.at[0] == '-';
    size_t dot = digits.len - cell->scale - (cell->scale > 0);
    uint64_t sum = 0;
    bool is_odd = digits.len > SAFE || digits.len < at + 1 + cell->scale + (cell->scale > 0);
    if (!is_odd) {
        for (size_t i = at; i < dot; i++) {
            unsigned digit = (unsigned)digits.at[i] - '0';
            is_odd |= digit > 9;
            sum = sum * 10 + digit;
        }
        is_odd |= cell->scale && digits.at[dot] != '.';
        for (size_t i = dot + 1; i < digits.len; i++) {
            unsigned digit = (unsigned)digits.at[i] - '0';
            is_odd |= digit > 9;
            sum = sum * 10 + digit;
        }
    }
    __int128 number = at ? -(__int128)sum : (__int128)sum;
    if (is_odd && !mysql_parse_decimal(digits, cell->precision, cell->scale, &number))
        return false;
    if (number >= cell->to->decimal_end || -number >= cell->to->decimal_end)
        return false;
    column_add_decimal(cell->to, number);
    return true;
}

/* Days of [year:2 month day]; false: no day of the calendar. The same day often comes again. */
static inline bool day_of(MysqlCell *cell, const unsigned char *at, int64_t *day)
{
    static const unsigned char lengths[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t date;
    memcpy(&date, at, sizeof date);
    if (date != cell->last_date) {
        unsigned year = at[0] | (unsigned)at[1] << 8, month = at[2], number = at[3];
        bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (month < 1 || month > 12 || number < 1 || number > lengths[month] ||
            (month == 2 && number == 29 && !is_leap))
            return false;
        cell->last_day = days_of_civil(year, month, number);
        cell->last_date = date;
    }
    *day = cell->last_day;
    return true;
}

/* DATE (4 bytes or none) and DATETIME (4, 7 or 11 bytes, or none). */
static inline bool add_date(MysqlCell *cell, const unsigned char *at, bool has_time)
{
    unsigned len = *at++;
    int64_t day;
    uint32_t fraction = 0;
    if (len < 4 || !day_of(cell, at, &day))
        return false;
    if (!has_time) {
        column_add_int(cell->to, day);
        return true;
    }
    int64_t seconds = day * 86400;
    if (len >= 7)
        seconds += at[4] * 3600 + at[5] * 60 + at[6];
    if (len >= 11)
        memcpy(&fraction, at + 7, sizeof fraction);
    column_add_int(cell->to, seconds * 1000000 + fraction);
    return true;
}

static bool is_zero_date(const MysqlColumn *column, const unsigned char *at)
{
    MysqlCell cell = {0};
    int64_t day;
    return (column->wire == MYSQL_WIRE_DATE || column->wire == MYSQL_WIRE_DATETIME) &&
           (*at < 4 || !day_of(&cell, at + 1, &day));
}

/* Another type than its own. Zero dates may become texts, nothing else. */
static bool add_converted(MysqlDecoder *decoder, unsigned number, const unsigned char *at)
{
    MysqlCell *cell = &decoder->cells[number];
    const MysqlColumn *column = cell->column;
    if (column->field.type != ARROW_TEXT && is_zero_date(column, at)) {
        if (column->nulls_zero_dates)
            column_add_null(cell->to);
        else
            fault(decoder, number, at, MYSQL_FAULT_ZERO_DATE);
        return true;
    }
    text_clear(&decoder->scratch);
    mysql_wire_print(column->wire, at, &decoder->scratch);
    return mysql_parse_into(&column->field, text_str(&decoder->scratch), cell->to);
}

/* ---- the door ---- */

#define FIXED(type, add)                     \
    do {                                     \
        type number_;                        \
        memcpy(&number_, at, sizeof number_); \
        add(cell->to, number_);              \
        *row += sizeof number_;              \
    } while (0)

void mysql_decode(void *self, unsigned column, unsigned char **row)
{
    MysqlDecoder *decoder = self;
    MysqlCell *cell = &decoder->cells[column];
    if (column == decoder->key)
        decoder->key_at = row ? *row : NULL;
    if (!row) {
        if (cell->how != HOW_SKIP)
            column_add_null(cell->to);
        return;
    }
    const unsigned char *at = *row, *end = at;
    Str bytes;
    bool is_nulled;
    switch (cell->how) {
    case HOW_INT8: FIXED(int8_t, column_add_int); break;
    case HOW_UINT8: FIXED(uint8_t, column_add_int); break;
    case HOW_INT16: FIXED(int16_t, column_add_int); break;
    case HOW_UINT16: FIXED(uint16_t, column_add_int); break;
    case HOW_INT32: FIXED(int32_t, column_add_int); break;
    case HOW_UINT32: FIXED(uint32_t, column_add_int); break;
    case HOW_INT64: FIXED(int64_t, column_add_int); break;
    case HOW_UINT64: FIXED(uint64_t, column_add_uint); break;
    case HOW_FLOAT: FIXED(float, column_add_double); break;
    case HOW_DOUBLE: FIXED(double, column_add_double); break;
    case HOW_DECIMAL:
        bytes = bytes_at(&end);
        *row = (unsigned char *)(uintptr_t)end;
        if (!add_decimal(cell, bytes))
            fault(decoder, column, at, MYSQL_FAULT_TYPE);
        break;
    case HOW_TEXT:
        bytes = bytes_at(&end);
        *row = (unsigned char *)(uintptr_t)end;
        if (is_utf8(bytes))
            column_add_bytes(cell->to, bytes);
        else
            fault(decoder, column, at, MYSQL_FAULT_UTF8);
        break;
    case HOW_BYTES:
        column_add_bytes(cell->to, bytes_at(&end));
        *row = (unsigned char *)(uintptr_t)end;
        break;
    case HOW_DATE: case HOW_DATETIME:
        *row += 1 + *at;
        is_nulled = cell->column->nulls_zero_dates;
        if (add_date(cell, at, cell->how == HOW_DATETIME))
            break;
        if (is_nulled)
            column_add_null(cell->to);
        else
            fault(decoder, column, at, MYSQL_FAULT_ZERO_DATE);
        break;
    case HOW_CONVERT:
        mysql_wire_bytes(cell->column->wire, &end);
        *row = (unsigned char *)(uintptr_t)end;
        if (!add_converted(decoder, column, at))
            fault(decoder, column, at, MYSQL_FAULT_TYPE);
        break;
    default:
        mysql_wire_bytes(cell->column->wire, &end);
        *row = (unsigned char *)(uintptr_t)end;
    }
}

/* ---- messages ---- */

/* "row 12 (id = 7)" */
static Str name_row(MysqlDecoder *decoder, Arena *arena, uint64_t row)
{
    AUTO(text) Text out = {0};
    text_print(&out, "row %llu", (unsigned long long)row);
    if (decoder->key < decoder->count && decoder->key_at) {
        const MysqlColumn *key = &decoder->columns[decoder->key];
        text_print(&out, " (" STR_FMT " = ", STR_ARG(key->name));
        if (key->wire == MYSQL_WIRE_BYTES)
            text_add_c(&out, "bytes");
        else
            mysql_wire_print(key->wire, decoder->key_at, &out);
        text_add_char(&out, ')');
    }
    return text_copy(arena, &out);
}

bool mysql_decode_fail(MysqlDecoder *decoder, Arena *arena, uint64_t row, Err *err)
{
    enum { SHOWN = 60 };
    const MysqlColumn *column = &decoder->columns[decoder->bad];
    AUTO(text) Text value = {0}, type = {0};
    Str where = name_row(decoder, arena, row);
    field_print_type(&column->field, &type);
    if (decoder->fault == MYSQL_FAULT_UTF8)
        return err_set(err, ERR_DATABASE, NOWHERE,
                       "column " STR_FMT " (" STR_FMT "), " STR_FMT
                       ": the text is not valid UTF-8; " STR_FMT " reads its bytes",
                       STR_ARG(column->name), STR_ARG(column->source_type), STR_ARG(where),
                       STR_ARG(database_hint_text(arena, column->name, "blob")));
    mysql_wire_print(column->wire, decoder->bad_at, &value);
    Str shown = str_slice(text_str(&value), 0, SHOWN);
    if (utf8_find_invalid(shown) >= 0)
        shown = STR("bytes");
    if (decoder->fault == MYSQL_FAULT_ZERO_DATE)
        return err_set(err, ERR_DATABASE, NOWHERE,
                       "column " STR_FMT " (" STR_FMT "), " STR_FMT ": " STR_FMT
                       " is no day of the "
                       "calendar; `zero_dates: null` reads such as NULL, " STR_FMT " as they are",
                       STR_ARG(column->name), STR_ARG(column->source_type), STR_ARG(where),
                       STR_ARG(shown), STR_ARG(database_hint_text(arena, column->name, "varchar")));
    return err_set(err, ERR_DATABASE, NOWHERE,
                   "column " STR_FMT " (" STR_FMT "), " STR_FMT ": \"" STR_FMT "\" cannot become "
                   STR_FMT " exactly; another type for it: " STR_FMT,
                   STR_ARG(column->name), STR_ARG(column->source_type), STR_ARG(where),
                   STR_ARG(shown), STR_ARG(text_str(&type)),
                   STR_ARG(database_hint_text(arena, column->name, "varchar")));
}
