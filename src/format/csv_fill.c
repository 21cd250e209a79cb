/* csv_fill.c: the columns of a run into those of a builder, a loop a type. What a loop does not
 * know at a glance goes to convert_text(), which alone decides what fits.
 */
#include <ctype.h>

#include "format/csv_run.h"
#include "format/digits.h"
#include "format/times.h"

#define NULL_WORDS (CSV_RUN_ROWS / 64)

/* One column of a run on its way. */
typedef struct Filling {
    const CsvRun *run;
    CsvSpan span;
    const Conversion *conversion;
    const Field *field;
    ColumnBuilder *column;
    Text *scratch;
    uint64_t row;     /* of the builder: the run's first                               */
    uint32_t counted; /* rows that the column knows of                                 */
    uint64_t nulls[NULL_WORDS];
} Filling;

static inline void note_null(Filling *filling, uint32_t row)
{
    filling->nulls[row / 64] |= (uint64_t)1 << (row % 64);
}

/* The text of a cell: doubled quotes are taken out into the scratch. */
static Str plain_text(const Filling *filling, const CsvCell *cell)
{
    Str text = {cell->at, cell->len};
    if (!cell->is_quoted || !filling->span.has_doubled ||
        !memchr(text.at, filling->span.quote, text.len))
        return text;
    CsvField field = {text.at, (uint32_t)text.len, true, true};
    return csv_field_text(filling->run->dialect, &field, filling->scratch);
}

/* The careful way, for the value of `row`: those before it are in their places. */
static __attribute__((noinline)) bool convert_cell(Filling *filling, const CsvCell *cell,
                                                   uint32_t row)
{
    column_filled(filling->column, row - filling->counted);
    filling->counted = row;
    Str text = plain_text(filling, cell);
    if (convert_text(filling->conversion, filling->field, filling->column, text))
        return false;
    filling->counted = row + 1;
    return true;
}

static inline bool is_null(const Filling *filling, const CsvCell *cell)
{
    return csv_cell_is_null(cell, filling->run->null_text, false);
}

/* The rows up to `row` are in their places. */
static uint32_t end_filling(Filling *filling, uint32_t row)
{
    column_filled(filling->column, row - filling->counted);
    column_set_nulls(filling->column, filling->row, filling->nulls, row);
    return row;
}

/* ---- integers ---- */

static inline __attribute__((always_inline)) uint32_t fill_ints(Filling *filling, unsigned width)
{
    char *out = column_reserve(filling->column, filling->run->rows);
    const int64_t least = filling->column->least;
    const uint64_t span = filling->column->span;
    uint32_t row = 0;
    for (; row < filling->run->rows; row++, out += width) {
        CsvCell cell = csv_cell(&filling->span, row);
        int64_t value;
        if (digits_int(cell.at, cell.len, &value) && (uint64_t)value - (uint64_t)least <= span) {
            memcpy(out, &value, width);
        } else if (is_null(filling, &cell)) {
            memset(out, 0, width);
            note_null(filling, row);
        } else if (!convert_cell(filling, &cell, row)) {
            break;
        }
    }
    return end_filling(filling, row);
}

static uint32_t fill_int64(Filling *filling)
{
    return fill_ints(filling, 8);
}

static uint32_t fill_int32(Filling *filling)
{
    return fill_ints(filling, 4);
}

static uint32_t fill_int16(Filling *filling)
{
    return fill_ints(filling, 2);
}

static uint32_t fill_int8(Filling *filling)
{
    return fill_ints(filling, 1);
}

/* ---- numbers with a point ---- */

static uint32_t fill_doubles(Filling *filling)
{
    static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    double *out = column_reserve(filling->column, filling->run->rows);
    const char mark = filling->conversion->decimal_mark;
    uint32_t row = 0;
    for (; row < filling->run->rows; row++) {
        CsvCell cell = csv_cell(&filling->span, row);
        Digits digits;
        if (digits_number(cell.at, cell.len, mark, &digits)) {
            /* up to 15 digits, and a power of ten that is a double: rounded once */
            double real = (double)(int64_t)digits.mantissa / tens[digits.scale];
            out[row] = digits.is_negative ? -real : real;
        } else if (is_null(filling, &cell)) {
            out[row] = 0;
            note_null(filling, row);
        } else if (!convert_cell(filling, &cell, row)) {
            break;
        }
    }
    return end_filling(filling, row);
}

/* A number as the column's decimal; false: for convert_cell(). */
static inline bool as_decimal(const Digits *digits, const Field *field, int64_t *out)
{
    static const int64_t tens[] = {1,         10,         100,         1000,
                                   10000,     100000,     1000000,     10000000,
                                   100000000, 1000000000, 10000000000, 100000000000};
    unsigned missing = (unsigned)field->scale - digits->scale;
    if (digits->whole + digits->scale + missing > 18 || missing >= COUNT_OF(tens))
        return false;
    int64_t value = (int64_t)digits->mantissa * tens[missing];
    *out = digits->is_negative ? -value : value;
    return true;
}

static uint32_t fill_decimals(Filling *filling)
{
    __int128 *out = column_reserve(filling->column, filling->run->rows);
    const char mark = filling->conversion->decimal_mark;
    const __int128 end = filling->column->decimal_end;
    const int64_t beyond = end > INT64_MAX ? INT64_MAX : (int64_t)end;
    const Field *field = filling->field;
    uint32_t row = 0;
    for (; row < filling->run->rows; row++) {
        CsvCell cell = csv_cell(&filling->span, row);
        Digits digits;
        int64_t value;
        if (digits_number(cell.at, cell.len, mark, &digits) && digits.scale <= field->scale &&
            as_decimal(&digits, field, &value) && value < beyond && value > -beyond) {
            out[row] = value;
        } else if (is_null(filling, &cell)) {
            out[row] = 0;
            note_null(filling, row);
        } else if (!convert_cell(filling, &cell, row)) {
            break;
        }
    }
    return end_filling(filling, row);
}

/* ---- times ---- */

static uint32_t fill_dates(Filling *filling)
{
    int32_t *out = column_reserve(filling->column, filling->run->rows);
    uint32_t row = 0;
    for (; row < filling->run->rows; row++) {
        CsvCell cell = csv_cell(&filling->span, row);
        int64_t days;
        if (cell.len == 10 && time_parse_day(cell.at, &days)) {
            out[row] = (int32_t)days;
        } else if (is_null(filling, &cell)) {
            out[row] = 0;
            note_null(filling, row);
        } else if (!convert_cell(filling, &cell, row)) {
            break;
        }
    }
    return end_filling(filling, row);
}

static inline __attribute__((always_inline)) uint32_t fill_stamps(Filling *filling, bool has_zone)
{
    int64_t *out = column_reserve(filling->column, filling->run->rows);
    uint32_t row = 0;
    for (; row < filling->run->rows; row++) {
        CsvCell cell = csv_cell(&filling->span, row);
        int64_t micros;
        if (time_parse_stamp(cell.at, cell.len, has_zone, &micros)) {
            out[row] = micros;
        } else if (is_null(filling, &cell)) {
            out[row] = 0;
            note_null(filling, row);
        } else if (!convert_cell(filling, &cell, row)) {
            break;
        }
    }
    return end_filling(filling, row);
}

static uint32_t fill_naive_stamps(Filling *filling)
{
    return fill_stamps(filling, false);
}

static uint32_t fill_zoned_stamps(Filling *filling)
{
    return fill_stamps(filling, true);
}

/* ---- booleans ---- */

/* "true" is 1, "false" 0; -1: anything else. */
static inline int usual_bool(const CsvCell *cell)
{
    uint32_t word;
    memcpy(&word, cell->at, sizeof word);
    bool is_true = cell->len == 4 && word == UINT32_C(0x65757274);
    bool is_false = cell->len == 5 && word == UINT32_C(0x736c6166) && cell->at[4] == 'e';
    return is_true || is_false ? is_true : -1;
}

static uint32_t fill_bools(Filling *filling)
{
    uint64_t bits[NULL_WORDS] = {0};
    uint32_t row = 0;
    for (; row < filling->run->rows; row++) {
        CsvCell cell = csv_cell(&filling->span, row);
        int is_true = usual_bool(&cell);
        if (is_true < 0 && is_null(filling, &cell)) {
            note_null(filling, row);
            continue;
        }
        if (is_true < 0)
            is_true = convert_bool_word(plain_text(filling, &cell));
        if (is_true < 0)
            break;
        bits[row / 64] |= (uint64_t)is_true << (row % 64);
    }
    column_add_bits(filling->column, bits, row);
    column_set_nulls(filling->column, filling->row, filling->nulls, row);
    return row;
}

/* ---- texts ---- */

/* Without its doubled quotes; behind the last byte written. */
static char *put_unescaped(char *to, const CsvCell *cell, char quote)
{
    const char *at = cell->at, *end = cell->at + cell->len;
    for (;;) {
        const char *found = memchr(at, quote, (size_t)(end - at));
        size_t len = (size_t)((found ? found + 1 : end) - at);
        memcpy(to, at, len);
        to += len;
        if (!found)
            return to;
        at = found + 2;
    }
}

/* Short ones are copied as 32 bytes: there is room behind both. */
static inline char *put_text(char *to, const CsvCell *cell)
{
    memcpy(to, cell->at, 32);
    if (cell->len > 32)
        memcpy(to + 32, cell->at + 32, cell->len - 32);
    return to + cell->len;
}

static uint32_t fill_texts(Filling *filling)
{
    const CsvRun *run = filling->run;
    uint64_t bytes = 0;
    for (uint32_t row = 0; row < run->rows; row++)
        bytes += csv_cell(&filling->span, row).len;
    char *values, *to;
    int32_t *ends, begin;
    column_reserve_texts(filling->column, run->rows, bytes, &values, &ends, &begin);
    to = values;
    for (uint32_t row = 0; row < run->rows; row++) {
        CsvCell cell = csv_cell(&filling->span, row);
        if (csv_cell_is_null(&cell, run->null_text, true))
            note_null(filling, row);
        else if (cell.is_quoted && filling->span.has_doubled)
            to = put_unescaped(to, &cell, filling->span.quote);
        else
            to = put_text(to, &cell);
        ends[row] = begin + (int32_t)(to - values);
    }
    column_filled_texts(filling->column, run->rows);
    column_set_nulls(filling->column, filling->row, filling->nulls, run->rows);
    return run->rows;
}

/* ---- the others ---- */

static uint32_t fill_others(Filling *filling)
{
    bool is_text = filling->field->type == ARROW_BINARY;
    for (uint32_t row = 0; row < filling->run->rows; row++) {
        CsvCell cell = csv_cell(&filling->span, row);
        if (csv_cell_is_null(&cell, filling->run->null_text, is_text))
            column_add_null(filling->column);
        else if (convert_text(filling->conversion, filling->field, filling->column,
                              plain_text(filling, &cell)))
            return row;
    }
    return filling->run->rows;
}

typedef uint32_t (*Fill)(Filling *filling);

/* The loops look for NULL last, but for texts: a number or a boolean as null_text is not theirs. */
static Fill find_fill(const Field *field, const Conversion *conversion, Str null_text)
{
    bool has_iso_stamps = !conversion->timestamp_format.len;
    char first = null_text.len ? null_text.at[0] : 'x';
    bool is_value = first == '-' || first == 't' || first == 'f' || isdigit((uint8_t)first);
    if (is_value && field->type != ARROW_TEXT)
        return fill_others;
    switch (field->type) {
    case ARROW_INT64:
        return fill_int64;
    case ARROW_INT32:
    case ARROW_UINT32:
        return fill_int32;
    case ARROW_INT16:
    case ARROW_UINT16:
        return fill_int16;
    case ARROW_INT8:
    case ARROW_UINT8:
        return fill_int8;
    case ARROW_DOUBLE:
        return fill_doubles;
    case ARROW_DECIMAL:
        return fill_decimals;
    case ARROW_DATE:
        return conversion->date_format.len ? fill_others : fill_dates;
    case ARROW_TIMESTAMP:
        return has_iso_stamps ? fill_naive_stamps : fill_others;
    case ARROW_TIMESTAMP_TZ:
        return has_iso_stamps ? fill_zoned_stamps : fill_others;
    case ARROW_BOOL:
        return fill_bools;
    case ARROW_TEXT:
        return fill_texts;
    default:
        return fill_others;
    }
}

uint32_t csv_fill_column(const CsvRun *run, uint32_t column, const Conversion *conversion,
                         const Field *field, ColumnBuilder *into, Text *scratch)
{
    Filling filling = {.run = run,
                       .span = csv_span(run, column),
                       .conversion = conversion,
                       .field = field,
                       .column = into,
                       .scratch = scratch,
                       .row = into->count};
    assert(run->rows <= CSV_RUN_ROWS);
    return find_fill(field, conversion, run->null_text)(&filling);
}
